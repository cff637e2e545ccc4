//! letter.eml: what she wrote, as an e-mail file (RFC 5322, RFC 2045 to 2047) that any mail program can show, padded so
//! that its length tells little. Knows no key and nobody's address. Reading it back stands in `letter/parse.rs`.

mod parse;
mod rich;

use crate::{
    binding::{check_id, check_version},
    errors::SealError,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

pub use parse::parse_letter;
pub use rich::{
    MAX_HTML_BYTES, MAX_INSIDE_BYTES, MAX_PICTURE_BYTES, MAX_PICTURES, Medium, OpenedPicture, Picture,
    PictureKind, RichLetter, compose_rich, extension_of, how_many_inside,
};

/// What goes into a file of text alone, which is format 1; [`RichLetter`] adds what format 2 has.
#[derive(Clone, Copy)]
pub struct LetterToCompose<'a> {
    /// 26 letters of base32.
    pub letter_id: &'a str,
    /// From 1.
    pub version: u32,
    /// The name under which she writes.
    pub from: &'a str,
    /// The name of the person, as she wrote it.
    pub to: &'a str,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix_seconds: i64,
    /// What she wrote.
    pub text: &'a str,
}

/// What stood in the file.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// From the Message-ID.
    pub letter_id: String,
    /// From the Message-ID.
    pub version: u32,
    /// The name under which she wrote.
    pub from: String,
    /// The name of the person.
    pub to: String,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix_seconds: i64,
    /// What she wrote, with \n line ends.
    pub text: String,
    /// The same with its headings, lists and pictures, when she used any. It is to be read into the closed schema and never
    /// shown as it is.
    pub html: Option<String>,
    /// `age1pq1…`: where an answer is encrypted to. Its form was looked at, its checksum not.
    pub reply_to: Option<String>,
    /// The pictures that lie inside.
    pub pictures: Vec<OpenedPicture>,
    /// The files that lie beside the letter, each with the hash that it must have.
    pub media: Vec<Medium>,
}

/// The largest text, in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// A shorter file than this is padded to it: 'I forgive you' must not show in a list of sizes.
const LEAST_BYTES: usize = 4096;

/// 9999-12-31T23:59:59Z, the last second that RFC 5322 can write.
const LAST_SECOND: i64 = 253_402_300_799;

/// Line ends become \n: the form in which two texts are compared.
pub fn normalise_text(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// The largest file that is composed or read.
pub const MAX_LETTER_BYTES: usize = 16 * 1024 * 1024;

/// Composes a file of text alone. The same input gives the same bytes, here and in the browser.
pub fn compose_letter(letter: &LetterToCompose<'_>) -> Result<Zeroizing<Vec<u8>>, SealError> {
    compose_rich(&RichLetter { letter: *letter, html: None, reply_to: None, pictures: &[], media: &[] })
}

/// `<letter.version@unsaid>`
pub fn message_id(letter_id: &str, version: u32) -> Result<String, SealError> {
    check_id(letter_id)?;
    check_version(version)?;
    Ok(format!("<{letter_id}.{version}@unsaid>"))
}

/// Padmé (Nikitin et al., PURBs, 2019): at most 12 % more, and sizes of O(log log n) kinds. At least 4,096.
pub fn padded_size(size: usize) -> usize {
    if size <= LEAST_BYTES {
        return LEAST_BYTES;
    }
    let exponent = size.ilog2();
    let free = exponent - (exponent.ilog2() + 1);
    size.next_multiple_of(1 << free)
}

/// Text after the last boundary, which every mail program passes over (RFC 2046, 5.1.1).
fn epilogue(size: usize) -> impl Iterator<Item = u8> {
    (0..size).map(move |at| match at % 72 {
        70 if at + 1 < size => b'\r',
        71 => b'\n',
        _ => b'~',
    })
}

/// A name as one line: control and direction characters become spaces, spaces are single.
pub fn clean_name(name: &str) -> Result<String, SealError> {
    let gap = |c: char| {
        c <= ' ' || matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let clean = name.split(gap).filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(" ");
    if clean.is_empty() || clean.chars().count() > 200 {
        return Err(SealError::BadName);
    }
    Ok(clean)
}

/// Plain words stay as they are; everything else becomes encoded words of RFC 2047, so no name can add a header.
fn name_header(name: &str) -> Result<String, SealError> {
    let clean = clean_name(name)?;
    if clean.len() <= 40 && clean.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ') {
        return Ok(clean);
    }
    let mut pieces = vec![String::new()];
    for letter in clean.chars() {
        let full = pieces.last().is_some_and(|piece| piece.len() + letter.len_utf8() > 39);
        if full {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(letter);
        }
    }
    let words: Vec<_> =
        pieces.iter().map(|piece| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(piece))).collect();
    Ok(words.join("\r\n ") + "\r\n")
}

/// RFC 5322 date and time, in UTC.
fn date_header(unix_seconds: i64) -> Result<String, SealError> {
    if !(0..=LAST_SECOND).contains(&unix_seconds) {
        return Err(SealError::BadInput("a date lies between 1970 and 9999"));
    }
    let (days, second) = (unix_seconds / 86_400, unix_seconds % 86_400);
    let (year, month, day) = civil_from_days(days);
    Ok(format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} +0000",
        ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(days % 7) as usize],
        MONTHS[(month - 1) as usize],
        second / 3600,
        second / 60 % 60,
        second % 60,
    ))
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Year, month and day of a day after 1970-01-01 (H. Hinnant, chrono-compatible low-level date algorithms).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Days after 1970-01-01 of a civil date; the other way round.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests;
