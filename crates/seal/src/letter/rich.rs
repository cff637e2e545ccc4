//! Composes letter.eml in format 2: text, the same as HTML, pictures inside, and the names and hashes of those that lie
//! beside it. A letter of text alone is format 1, from the same code. It knows no key, and does not look into HTML or pictures.

use super::{
    LetterToCompose, MAX_TEXT_BYTES, date_header, epilogue, message_id, name_header, normalise_text,
    padded_size,
};
use crate::{errors::SealError, manifest::hex, quoted_printable};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::fmt::Write;
use zeroize::Zeroizing;

/// The largest HTML, in bytes of UTF-8: as much as the closed schema's parser reads.
pub const MAX_HTML_BYTES: usize = 1024 * 1024;
/// How many pictures a letter may have, inside and beside it.
pub const MAX_PICTURES: usize = 60;
/// The largest picture, in bytes.
pub const MAX_PICTURE_BYTES: usize = 8 * 1024 * 1024;
/// How many bytes of pictures lie inside at most; the others become parts of their own, which can be fetched piece by piece.
pub const MAX_INSIDE_BYTES: usize = 1024 * 1024;
/// Letters of a recipient on one line: with its name it stays below the 78 that mail likes.
const RECIPIENT_PIECE: usize = 64;
/// Letters of base64 on a line (RFC 2045, 6.8).
const BASE64_LINE: usize = 76;

/// What goes into the file.
#[derive(Clone, Copy)]
pub struct RichLetter<'a> {
    /// Who writes to whom, when, and the words as plain text.
    pub letter: LetterToCompose<'a>,
    /// The words in the canonical HTML of the closed schema; None for a letter of text alone, which then has no pictures.
    pub html: Option<&'a str>,
    /// The recipient of answers, `age1pq1…`.
    pub reply_to: Option<&'a str>,
    /// The pictures inside.
    pub pictures: &'a [Picture<'a>],
    /// Those that are parts of their own.
    pub media: &'a [Medium],
}

/// A picture inside the file.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    /// Three digits, in the order of appearance: `001`. The HTML calls it `cid:001`.
    pub name: &'a str,
    /// Which of the kinds that every browser shows.
    pub kind: PictureKind,
    /// The file.
    pub bytes: &'a [u8],
}

/// A picture that was inside a file.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedPicture {
    /// Three digits.
    pub name: String,
    /// As its header says; the bytes were not looked at.
    pub kind: PictureKind,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A file that lies beside the letter, as `media/NNN.age`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    /// Three digits, from the same row as the pictures inside.
    pub name: String,
    /// Its media type, such as `image/jpeg`.
    pub media_type: String,
    /// Bytes of the plain file.
    pub size: u64,
    /// SHA-256 of the plain file.
    pub sha256: [u8; 32],
}

/// The kinds of pictures that a letter may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// image/jpeg
    Jpeg,
    /// image/png
    Png,
    /// image/webp
    Webp,
}

impl PictureKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Webp];

    /// `image/…`
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// The kind of a media type in small letters.
    pub fn of(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.media_type() == media_type)
    }

    /// The end of its file's name.
    pub fn extension(self) -> &'static str {
        extension_of(self.media_type())
    }
}

/// The end of a file's name for a media type; `bin` for those that a letter does not have today.
pub fn extension_of(media_type: &str) -> &'static str {
    match media_type {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        _ => "bin",
    }
}

/// How many of the pictures, in their order, lie inside; the others become parts of their own.
pub fn how_many_inside(sizes: impl IntoIterator<Item = usize>) -> usize {
    let mut sum = 0usize;
    sizes
        .into_iter()
        .take_while(|size| {
            sum = sum.saturating_add(*size);
            sum <= MAX_INSIDE_BYTES
        })
        .count()
}

/// Composes the file. The same input gives the same bytes, here and in the browser.
pub fn compose_rich(rich: &RichLetter<'_>) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let LetterToCompose { letter_id, version, unix_seconds, .. } = rich.letter;
    let id = message_id(letter_id, version)?;
    let text = Zeroizing::new(normalise_text(rich.letter.text));
    let html = rich.html.map(|html| Zeroizing::new(normalise_text(html)));
    if text.len() > MAX_TEXT_BYTES || html.as_ref().is_some_and(|html| html.len() > MAX_HTML_BYTES) {
        return Err(SealError::TextTooLong);
    }
    check_pictures(rich)?;
    let (from, to) = (name_header(rich.letter.from)?, name_header(rich.letter.to)?);
    let date = date_header(unix_seconds)?;
    // "=_" cannot occur in quoted-printable nor in base64, so nothing can end a part early (RFC 2045, 6.7).
    let boundary = format!("=_unsaid_{letter_id}_{version}");
    let inside: usize = rich.pictures.iter().map(|picture| picture.bytes.len()).sum();
    let mut file = Text(Zeroizing::new(Vec::with_capacity(padded_size(
        2 * text.len() + 2 * html.as_ref().map_or(0, |html| html.len()) + inside * 3 / 2 + 16 * 1024,
    ))));
    file.add(&[
        &format!("From: {from} <author@unsaid.invalid>\r\n"),
        &format!("To: {to} <reader@unsaid.invalid>\r\n"),
        &format!("Date: {date}\r\nMessage-ID: {id}\r\n"),
        &reply_header(rich.reply_to)?,
        &media_header(rich.media)?,
        "MIME-Version: 1.0\r\n",
        &format!("Content-Type: multipart/mixed;\r\n boundary=\"{boundary}\"\r\n\r\n"),
    ]);
    match html {
        None => {
            file.words(&boundary, "plain", &text);
        }
        Some(html) => {
            // None of the three is the beginning of another: a reader may compare beginnings alone (RFC 2046, 5.1.1).
            let (either, whole) =
                (format!("=_a_unsaid_{letter_id}_{version}"), format!("=_r_unsaid_{letter_id}_{version}"));
            file.opens(&boundary, "alternative", &either);
            file.words(&either, "plain", &text);
            file.add(&["\r\n"]);
            file.opens(&either, "related", &whole);
            file.words(&whole, "html", &html);
            for picture in rich.pictures {
                file.add(&["\r\n"]);
                file.picture(&whole, picture);
            }
            file.add(&[&format!("\r\n--{whole}--\r\n--{either}--")]);
        }
    }
    file.add(&[&format!("\r\n--{boundary}--\r\n")]);
    let mut file = file.0;
    let missing = padded_size(file.len()) - file.len();
    file.extend(epilogue(missing));
    Ok(file)
}

/// The file while it grows. Each part ends without a line end, because the one before a boundary belongs to the boundary.
struct Text(Zeroizing<Vec<u8>>);

impl Text {
    fn add(&mut self, pieces: &[&str]) {
        for piece in pieces {
            self.0.extend_from_slice(piece.as_bytes());
        }
    }

    /// A part that holds parts.
    fn opens(&mut self, outer: &str, kind: &str, inner: &str) {
        self.add(&[&format!(
            "--{outer}\r\nContent-Type: multipart/{kind};\r\n boundary=\"{inner}\"\r\n\r\n"
        )]);
    }

    fn words(&mut self, boundary: &str, kind: &str, text: &str) {
        self.add(&[
            &format!("--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"),
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
            &Zeroizing::new(quoted_printable::encode(text)),
        ]);
    }

    fn picture(&mut self, boundary: &str, picture: &Picture<'_>) {
        let (name, kind) = (picture.name, picture.kind);
        self.add(&[
            &format!("--{boundary}\r\nContent-Type: {}\r\nContent-ID: <{name}>\r\n", kind.media_type()),
            &format!("Content-Disposition: inline; filename=\"{name}.{}\"\r\n", kind.extension()),
            "Content-Transfer-Encoding: base64\r\n\r\n",
        ]);
        let text = Zeroizing::new(BASE64_STANDARD.encode(picture.bytes));
        for (at, line) in text.as_bytes().chunks(BASE64_LINE).enumerate() {
            if at > 0 {
                self.0.extend_from_slice(b"\r\n");
            }
            self.0.extend_from_slice(line);
        }
    }
}

/// Names of one row, each once; nothing empty, nothing too large, nothing without HTML that shows it.
fn check_pictures(rich: &RichLetter<'_>) -> Result<(), SealError> {
    let mut names: Vec<&str> = rich.pictures.iter().map(|picture| picture.name).collect();
    names.extend(rich.media.iter().map(|medium| medium.name.as_str()));
    let count = names.len();
    let well_named = names.iter().all(|name| is_picture_name(name));
    names.sort_unstable();
    names.dedup();
    if names.len() != count || !well_named || rich.html.is_none() && count > 0 {
        return Err(SealError::BadInput(
            "pictures are named 001, 002 and so on, each once, and stand in HTML",
        ));
    }
    let fits = |size: u64| (1..=MAX_PICTURE_BYTES as u64).contains(&size);
    let sizes = rich.pictures.iter().map(|picture| picture.bytes.len());
    let well = count <= MAX_PICTURES
        && sizes.clone().all(|size| fits(size as u64))
        && how_many_inside(sizes) == rich.pictures.len()
        && rich.media.iter().all(|medium| fits(medium.size) && is_media_type(&medium.media_type));
    if well { Ok(()) } else { Err(SealError::BadPicture) }
}

/// In pieces, because a post-quantum recipient has nearly two thousand letters.
fn reply_header(reply_to: Option<&str>) -> Result<String, SealError> {
    let Some(recipient) = reply_to else { return Ok(String::new()) };
    if !looks_like_recipient(recipient) {
        return Err(SealError::BadInput("an age1pq recipient is expected"));
    }
    let mut header = "Unsaid-Reply-To:".to_owned();
    for (at, letter) in recipient.chars().enumerate() {
        match at {
            0 => header.push(' '),
            _ if at % RECIPIENT_PIECE == 0 => header.push_str("\r\n "),
            _ => {}
        }
        header.push(letter);
    }
    Ok(header + "\r\n")
}

fn media_header(media: &[Medium]) -> Result<String, SealError> {
    if media.is_empty() {
        return Ok(String::new());
    }
    let mut header = "Unsaid-Media:".to_owned();
    for (at, Medium { name, media_type, size, sha256 }) in media.iter().enumerate() {
        let before = if at > 0 { ",\r\n" } else { "" };
        write!(header, "{before} {name} {media_type} {size} {}", hex(sha256))
            .map_err(|_| SealError::BadInput("a list of media"))?;
    }
    Ok(header + "\r\n")
}

/// Three digits, from 001.
pub(super) fn is_picture_name(name: &str) -> bool {
    name.len() == 3 && name.bytes().all(|b| b.is_ascii_digit()) && name != "000"
}

/// `type/subtype` in small letters (RFC 6838, 4.2), short.
pub(super) fn is_media_type(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".+-".contains(&b);
    let well = |word: &str| (1..=60).contains(&word.len()) && word.bytes().all(plain);
    text.split_once('/').is_some_and(|(kind, more)| well(kind) && well(more))
}

/// The form of `age1pq1…`; its checksum is looked at by whoever encrypts to it.
pub(super) fn looks_like_recipient(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.starts_with("age1pq1") && text.len() <= 4096 && text.bytes().all(plain)
}

#[cfg(test)]
mod tests;
