//! Reads letter.eml back, in either format. Tolerant of other mail programs' folding, encodings and parts; strict about the
//! Message-ID, about headers that stand twice and about what it does not understand. Whatever the bytes are, it ends soon and
//! takes little memory. web/src/seal/letter-parse.ts says the same of every file (tests/alike.rs).

use super::{
    LAST_SECOND, Letter, MAX_HTML_BYTES, MAX_LETTER_BYTES, MAX_PICTURES, MAX_TEXT_BYTES, MONTHS, Medium,
    OpenedPicture, PictureKind, civil_from_days, clean_name, days_from_civil, message_id, normalise_text,
    rich::{is_media_type, is_picture_name, looks_like_recipient},
};
use crate::{errors::SealError, quoted_printable};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::collections::HashMap;

/// How deep parts may lie in parts: ours never do.
const MAX_DEPTH: usize = 5;

/// How many parts a file may have: ours have sixty pictures and two texts at most.
const MAX_PARTS: usize = 200;

/// The headers of one part: ours stay far below, and a hostile file must not cost memory.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Only these two: what else is blank in some alphabet is a letter's byte in another.
const BLANKS: [char; 2] = [' ', '\t'];

type Headers = HashMap<String, String>;

/// Reads the file.
pub fn parse_letter(file: &[u8]) -> Result<Letter, SealError> {
    if file.len() > MAX_LETTER_BYTES {
        return Err(SealError::Damaged);
    }
    let (headers, body) = split_entity(file)?;
    let field = |name: &str| headers.get(name).map(String::as_str).ok_or(SealError::Damaged);
    let (letter_id, version) = read_message_id(field("message-id")?).ok_or(SealError::Damaged)?;
    let mut found = Found::default();
    found.collect(&headers, body, 0)?;
    Ok(Letter {
        letter_id,
        version,
        from: display_name(field("from")?)?,
        to: display_name(field("to")?)?,
        unix_seconds: read_date(field("date")?).ok_or(SealError::Damaged)?,
        text: words(found.text.ok_or(SealError::Damaged)?, MAX_TEXT_BYTES)?,
        html: found.html.map(|html| words(html, MAX_HTML_BYTES)).transpose()?,
        reply_to: field("unsaid-reply-to").ok().map(read_reply_to).transpose()?,
        media: field("unsaid-media").map_or(Ok(Vec::new()), read_media)?,
        pictures: found.pictures,
    })
}

/// What a letter may not hold when it is written is not read either: a page would have to draw it.
fn words(bytes: Vec<u8>, most: usize) -> Result<String, SealError> {
    let text = String::from_utf8(bytes).map_err(|_| SealError::Damaged)?;
    let text = normalise_text(&text);
    if text.len() <= most { Ok(text) } else { Err(SealError::Damaged) }
}

/// The recipient was cut into pieces to keep lines short; no white space belongs to it.
fn read_reply_to(value: &str) -> Result<String, SealError> {
    let whole: String = value.chars().filter(|c| !BLANKS.contains(c)).collect();
    if looks_like_recipient(&whole) { Ok(whole) } else { Err(SealError::Damaged) }
}

/// `name type size hash`, with commas between.
fn read_media(value: &str) -> Result<Vec<Medium>, SealError> {
    let mut media: Vec<Medium> = Vec::new();
    for entry in value.split(',') {
        let words: Vec<&str> = entry.split(BLANKS).filter(|word| !word.is_empty()).take(5).collect();
        let [name, media_type, size, sha256] = words[..] else { return Err(SealError::Damaged) };
        let whole = is_picture_name(name)
            && is_media_type(media_type)
            && media.len() < MAX_PICTURES
            && media.iter().all(|other| other.name != name);
        let digits = size.len() <= 15 && size.bytes().all(|b| b.is_ascii_digit());
        let size = size.parse().ok().filter(|_| digits);
        let (true, Some(size), Some(sha256)) = (whole, size, unhex(sha256)) else {
            return Err(SealError::Damaged);
        };
        media.push(Medium { name: name.to_owned(), media_type: media_type.to_owned(), size, sha256 });
    }
    Ok(media)
}

/// 64 lower-case hexadecimal digits.
fn unhex(digits: &str) -> Option<[u8; 32]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let digits: &[u8; 64] = digits.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? * 16 + value(pair[1])?;
    }
    Some(bytes)
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
        if entity.len() - rest.len() + end >= MAX_HEADER_BYTES {
            return Err(SealError::Damaged);
        }
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        if line.is_empty() {
            break;
        }
        // Neither half of an old line end nor anything else that a terminal or a page would take for a command.
        if line.iter().any(|b| b.is_ascii_control() && *b != b'\t') {
            return Err(SealError::Damaged);
        }
        let line = std::str::from_utf8(line).map_err(|_| SealError::Damaged)?;
        if line.starts_with(BLANKS) {
            let folded = last.as_ref().and_then(|name| headers.get_mut(name)).ok_or(SealError::Damaged)?;
            folded.push_str(line);
            continue;
        }
        let plain = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
        let (name, value) = line.split_once(':').filter(|(name, _)| plain(name)).ok_or(SealError::Damaged)?;
        let name = name.to_ascii_lowercase();
        if headers.insert(name.clone(), value.to_owned()).is_some() {
            return Err(SealError::Damaged);
        }
        last = Some(name);
    }
    for value in headers.values_mut() {
        *value = value.trim_matches(BLANKS).to_owned();
    }
    Ok((headers, rest))
}

/// What was found in the parts so far.
#[derive(Default)]
struct Found {
    text: Option<Vec<u8>>,
    html: Option<Vec<u8>>,
    pictures: Vec<OpenedPicture>,
    parts: usize,
}

impl Found {
    /// The first text and the first HTML in UTF-8, and every picture that has a name of ours; other parts are passed over.
    fn collect(&mut self, headers: &Headers, body: &[u8], depth: usize) -> Result<(), SealError> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(SealError::Damaged);
        }
        let kind_and_more = headers.get("content-type").map_or("text/plain", String::as_str);
        let kind = kind_and_more.split([';', ' ', '\t']).next().unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("multipart/") {
            let boundary = parameter(kind_and_more, "boundary").ok_or(SealError::Damaged)?;
            if boundary.is_empty() || boundary.trim_matches(BLANKS) != boundary || depth + 1 >= MAX_DEPTH {
                return Err(SealError::Damaged);
            }
            for part in parts(body, &boundary)? {
                let (headers, body) = split_entity(part)?;
                self.collect(&headers, body, depth + 1)?;
            }
            return Ok(());
        }
        let place = match kind.as_str() {
            "text/plain" => &mut self.text,
            "text/html" => &mut self.html,
            _ => return self.picture(&kind, headers, body),
        };
        if place.is_some() {
            return Ok(());
        }
        let charset = parameter(kind_and_more, "charset").unwrap_or_else(|| "us-ascii".to_owned());
        if !charset.eq_ignore_ascii_case("utf-8") && !charset.eq_ignore_ascii_case("us-ascii") {
            return Err(SealError::Damaged);
        }
        *place = Some(decode(headers, body)?);
        Ok(())
    }

    fn picture(&mut self, kind: &str, headers: &Headers, body: &[u8]) -> Result<(), SealError> {
        let name = headers
            .get("content-id")
            .and_then(|id| id.strip_prefix('<')?.strip_suffix('>'))
            .filter(|name| is_picture_name(name));
        let (Some(kind), Some(name)) = (PictureKind::of(kind), name) else { return Ok(()) };
        if self.pictures.len() >= MAX_PICTURES || self.pictures.iter().any(|other| other.name == name) {
            return Err(SealError::Damaged);
        }
        let bytes = decode(headers, body)?;
        self.pictures.push(OpenedPicture { name: name.to_owned(), kind, bytes });
        Ok(())
    }
}

fn decode(headers: &Headers, body: &[u8]) -> Result<Vec<u8>, SealError> {
    let encoding =
        headers.get("content-transfer-encoding").map_or("7bit".to_owned(), |e| e.to_ascii_lowercase());
    match encoding.as_str() {
        "base64" => unbase64(body),
        "quoted-printable" => Ok(quoted_printable::decode(body)),
        "7bit" | "8bit" | "binary" => Ok(body.to_vec()),
        _ => Err(SealError::Damaged),
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
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let mut bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        while let [before @ .., b' ' | b'\t'] = bare {
            bare = before;
        }
        let Some(after) = bare.strip_prefix(b"--").and_then(|l| l.strip_prefix(boundary.as_bytes())) else {
            continue;
        };
        if !after.is_empty() && after != b"--" {
            continue;
        }
        if found.len() > MAX_PARTS {
            return Err(SealError::Damaged);
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
        let value = value.trim_matches(BLANKS);
        let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
        found.trim_matches(BLANKS).eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

fn unbase64(text: &[u8]) -> Result<Vec<u8>, SealError> {
    let bare: Vec<u8> = text.iter().copied().filter(|b| !b" \t\r\n".contains(b)).collect();
    BASE64_STANDARD.decode(bare).map_err(|_| SealError::Damaged)
}

/// The name before an address, with its encoded words (RFC 2047) and quotes undone, and cleaned like one that is written.
fn display_name(header: &str) -> Result<String, SealError> {
    clean_name(&phrase(header)?).map_err(|_| SealError::Damaged)
}

fn phrase(header: &str) -> Result<String, SealError> {
    let phrase = match header.rfind('<') {
        Some(at) if header.ends_with('>') => header[..at].trim_matches(BLANKS),
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
        let between_two = rest.len() != phrase.len() && before.trim_matches(BLANKS).is_empty();
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
        if !charset.eq_ignore_ascii_case("utf-8") || coded.contains(BLANKS) {
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
    let words: Vec<&str> = text.split(BLANKS).filter(|word| !word.is_empty()).take(6).collect();
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
    if clock.next().is_some() {
        return None;
    }
    let offset = match zone.as_bytes() {
        b"GMT" | b"UT" => 0,
        [sign @ (b'+' | b'-'), ..] if zone.len() == 5 => {
            let minutes = number(zone.get(1..3)?, 0, 23)? * 60 + number(zone.get(3..5)?, 0, 59)?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let civil = (number(year, 1900, 9999)?, month, number(day, 1, 31)?);
    let days = days_from_civil(civil.0, civil.1, civil.2);
    let seconds = days * 86_400 + hour * 3600 + (minute - offset) * 60 + second;
    // 30 February is no day, and civil_from_days counts from 1970 on.
    let is_day = days < 0 || civil_from_days(days) == civil;
    (is_day && (0..=LAST_SECOND).contains(&seconds)).then_some(seconds)
}
