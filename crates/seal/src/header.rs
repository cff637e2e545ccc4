//! The head of an age file (C2SP age, "age-encryption.org/v1"): which stanzas stand in it. It holds no key, opens
//! nothing, and is stricter than age's own parser where that one forgives old files.

use crate::errors::SealError;
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

/// No header of ours comes near it; a hostile one must not cost memory.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// One stanza, without its body.
pub(crate) struct StanzaHead<'a> {
    pub(crate) kind: &'a str,
    pub(crate) args: Vec<&'a str>,
}

/// Reads the stanzas of an age file and where its payload begins.
pub(crate) fn parse_header(file: &[u8]) -> Result<(Vec<StanzaHead<'_>>, usize), SealError> {
    let mut lines = Lines { file: &file[..file.len().min(MAX_HEADER_BYTES)], at: 0 };
    if lines.next()? != "age-encryption.org/v1" {
        return Err(SealError::Damaged);
    }
    let mut stanzas = Vec::new();
    loop {
        let line = lines.next()?;
        if let Some(mac) = line.strip_prefix("--- ") {
            if decodes(mac) != Some(32) || stanzas.is_empty() {
                return Err(SealError::Damaged);
            }
            return Ok((stanzas, lines.at));
        }
        let mut words = line.strip_prefix("-> ").ok_or(SealError::Damaged)?.split(' ');
        let visible = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic());
        let kind = words.next().filter(visible).ok_or(SealError::Damaged)?;
        let args: Vec<&str> = words.collect();
        if !args.iter().all(visible) {
            return Err(SealError::Damaged);
        }
        let mut body = String::new();
        loop {
            let line = lines.next()?;
            if line.len() > 64 {
                return Err(SealError::Damaged);
            }
            body.push_str(line);
            if line.len() < 64 {
                break;
            }
        }
        decodes(&body).ok_or(SealError::Damaged)?;
        stanzas.push(StanzaHead { kind, args });
    }
}

/// How many bytes the text stands for, when it is canonical base64 without padding.
fn decodes(text: &str) -> Option<usize> {
    BASE64_STANDARD_NO_PAD.decode(text).ok().map(|bytes| bytes.len())
}

struct Lines<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a str, SealError> {
        let rest = &self.file[self.at..];
        let end = rest.iter().position(|b| *b == b'\n').ok_or(SealError::Damaged)?;
        self.at += end + 1;
        std::str::from_utf8(&rest[..end]).map_err(|_| SealError::Damaged)
    }
}
