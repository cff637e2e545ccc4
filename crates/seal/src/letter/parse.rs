//! Reads letter.eml back. Tolerant of other mail programs' folding, encodings and parts; strict about the Message-ID
//! and about headers that stand twice.

use super::{Letter, MONTHS, days_from_civil, message_id, normalise_text};
use crate::{errors::SealError, quoted_printable};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::collections::HashMap;

/// How deep parts may lie in parts: ours never do.
const MAX_DEPTH: usize = 4;

type Headers = HashMap<String, String>;

/// Reads the file.
pub fn parse_letter(file: &[u8]) -> Result<Letter, SealError> {
    let (headers, body) = split_entity(file)?;
    let field = |name: &str| headers.get(name).map(String::as_str).ok_or(SealError::Damaged);
    let (letter_id, version) = read_message_id(field("message-id")?).ok_or(SealError::Damaged)?;
    let text = plain_text(&headers, body, 0)?.ok_or(SealError::Damaged)?;
    Ok(Letter {
        letter_id,
        version,
        from: display_name(field("from")?)?,
        to: display_name(field("to")?)?,
        unix_seconds: read_date(field("date")?).ok_or(SealError::Damaged)?,
        text: normalise_text(&String::from_utf8(text).map_err(|_| SealError::Damaged)?),
    })
}

fn read_message_id(text: &str) -> Option<(String, u32)> {
    let inner = text.strip_prefix('<')?.strip_suffix("@unsaid>")?;
    let (id, version) = inner.split_once('.')?;
    let version = version.parse().ok()?;
    (message_id(id, version).ok()? == text).then(|| (id.to_owned(), version))
}

/// Headers, unfolded and by lower-case name, and what follows the empty line.
fn split_entity(entity: &[u8]) -> Result<(Headers, &[u8]), SealError> {
    let mut headers = Headers::new();
    let mut last: Option<String> = None;
    let mut rest = entity;
    loop {
        let end = rest.iter().position(|b| *b == b'\n').ok_or(SealError::Damaged)?;
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        if line.is_empty() {
            break;
        }
        let line = std::str::from_utf8(line).map_err(|_| SealError::Damaged)?;
        if line.starts_with([' ', '\t']) {
            let folded = last.as_ref().and_then(|name| headers.get_mut(name)).ok_or(SealError::Damaged)?;
            folded.push_str(line);
            continue;
        }
        let (name, value) =
            line.split_once(':').filter(|(name, _)| !name.is_empty()).ok_or(SealError::Damaged)?;
        let name = name.to_ascii_lowercase();
        if headers.insert(name.clone(), value.to_owned()).is_some() {
            return Err(SealError::Damaged);
        }
        last = Some(name);
    }
    for value in headers.values_mut() {
        *value = value.trim().to_owned();
    }
    Ok((headers, rest))
}

/// The first text/plain part, decoded; None when there is none.
fn plain_text(headers: &Headers, body: &[u8], depth: usize) -> Result<Option<Vec<u8>>, SealError> {
    let kind_and_more = headers.get("content-type").map_or("text/plain", String::as_str);
    let kind = kind_and_more.split([';', ' ', '\t']).next().unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("multipart/") {
        let boundary =
            parameter(kind_and_more, "boundary").filter(|b| !b.is_empty()).ok_or(SealError::Damaged)?;
        if depth >= MAX_DEPTH {
            return Err(SealError::Damaged);
        }
        for part in parts(body, &boundary)? {
            let (headers, body) = split_entity(part)?;
            if let Some(text) = plain_text(&headers, body, depth + 1)? {
                return Ok(Some(text));
            }
        }
        return Ok(None);
    }
    if kind != "text/plain" {
        return Ok(None);
    }
    let charset = parameter(kind_and_more, "charset").unwrap_or_else(|| "us-ascii".to_owned());
    if !charset.eq_ignore_ascii_case("utf-8") && !charset.eq_ignore_ascii_case("us-ascii") {
        return Err(SealError::Damaged);
    }
    let encoding =
        headers.get("content-transfer-encoding").map_or("7bit".to_owned(), |e| e.to_ascii_lowercase());
    match encoding.as_str() {
        "base64" => unbase64(body).map(Some),
        "quoted-printable" => Ok(Some(quoted_printable::decode(body))),
        _ => Ok(Some(body.to_vec())),
    }
}

/// What lies between the boundary lines; the line end before a boundary belongs to the boundary.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<&'a [u8]>, SealError> {
    let mut found = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|b| *b == b'\n') {
        let line_start = at;
        at += line.len();
        let bare = line.trim_ascii_end();
        let Some(after) = bare.strip_prefix(b"--").and_then(|l| l.strip_prefix(boundary.as_bytes())) else {
            continue;
        };
        if !after.is_empty() && after != b"--" {
            continue;
        }
        if let Some(start) = start {
            let part = body.get(start..line_start).ok_or(SealError::Damaged)?;
            let part = part.strip_suffix(b"\n").unwrap_or(part);
            found.push(part.strip_suffix(b"\r").unwrap_or(part));
        }
        if after == b"--" {
            return Ok(found);
        }
        start = Some(at);
    }
    Err(SealError::Damaged) // No closing boundary: something is missing.
}

fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|piece| {
        let (found, value) = piece.split_once('=')?;
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
        found.trim().eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

fn unbase64(text: &[u8]) -> Result<Vec<u8>, SealError> {
    let bare: Vec<u8> = text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    BASE64_STANDARD.decode(bare).map_err(|_| SealError::Damaged)
}

/// The name before an address, with its encoded words (RFC 2047) and quotes undone.
fn display_name(header: &str) -> Result<String, SealError> {
    let phrase = match header.rfind('<') {
        Some(at) if header.ends_with('>') => header[..at].trim(),
        _ => header,
    };
    if let Some(quoted) = phrase.strip_prefix('"').and_then(|p| p.strip_suffix('"')) {
        let mut name = String::new();
        let mut letters = quoted.chars();
        while let Some(letter) = letters.next() {
            name.push(if letter == '\\' { letters.next().ok_or(SealError::Damaged)? } else { letter });
        }
        return Ok(name);
    }
    let mut name = Vec::new();
    let mut rest = phrase;
    while let Some(EncodedWord { before, bytes, after }) = next_encoded_word(rest)? {
        // White space between two encoded words belongs to the encoding, not to the name.
        let between_two = rest.len() != phrase.len() && before.trim().is_empty();
        if !between_two {
            name.extend_from_slice(before.as_bytes());
        }
        name.extend(bytes);
        rest = after;
    }
    name.extend_from_slice(rest.as_bytes());
    String::from_utf8(name).map_err(|_| SealError::Damaged)
}

/// One encoded word, with what stands before and after it.
struct EncodedWord<'a> {
    before: &'a str,
    bytes: Vec<u8>,
    after: &'a str,
}

fn next_encoded_word(text: &str) -> Result<Option<EncodedWord<'_>>, SealError> {
    let mut from = 0;
    while let Some(found) = text[from..].find("=?") {
        let start = from + found;
        from = start + 2;
        let mut fields = text[start + 2..].splitn(4, '?');
        let (Some(charset), Some(how), Some(coded), Some(end)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Ok(None);
        };
        let Some(after) = end.strip_prefix('=') else { continue };
        if !charset.eq_ignore_ascii_case("utf-8") || coded.contains(char::is_whitespace) {
            continue;
        }
        let bytes = match how {
            "B" | "b" => unbase64(coded.as_bytes())?,
            "Q" | "q" => quoted_printable::unquote(coded.replace('_', " ").as_bytes()),
            _ => continue,
        };
        return Ok(Some(EncodedWord { before: &text[..start], bytes, after }));
    }
    Ok(None)
}

/// RFC 5322, 3.3: `[day-of-week,] day month year hour:minute[:second] zone`, with numeric zones and GMT.
fn read_date(text: &str) -> Option<i64> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [day, month, year, time, zone] = words[..] else { return None };
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? as i64 + 1;
    let number = |text: &str, from: i64, to: i64| {
        let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|n: &i64| digits && (from..=to).contains(n))
    };
    let mut clock = time.split(':');
    let hour = number(clock.next()?, 0, 23)?;
    let minute = number(clock.next()?, 0, 59)?;
    let second = clock.next().map_or(Some(0), |s| number(s, 0, 60))?;
    let offset = match zone.as_bytes() {
        b"GMT" | b"UT" => 0,
        [sign @ (b'+' | b'-'), ..] if zone.len() == 5 => {
            let minutes = number(zone.get(1..3)?, 0, 23)? * 60 + number(zone.get(3..5)?, 0, 59)?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let days = days_from_civil(number(year, 1900, 9999)?, month, number(day, 1, 31)?);
    Some(days * 86_400 + hour * 3600 + (minute - offset) * 60 + second)
}
