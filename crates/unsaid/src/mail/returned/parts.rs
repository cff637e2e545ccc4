//! A message in slices: its head, its body, and the parts of one level (RFC 2046, 5.1). mail-parser reads headers and undoes encodings, one part at
//! a time; which bytes are a part is found here, so that however deep somebody nests them, nothing goes deeper than it is asked to.

use mail_parser::{Message, MessageParser};

/// More parts than that are not looked at.
const MOST_PARTS: usize = 64;

/// The headers of a message or of a part, and what stands below them.
pub(super) struct Head<'x> {
    read: Message<'x>,
    whole: &'x [u8],
    body: &'x [u8],
}

/// One part of a multipart body.
pub(super) struct Part<'x> {
    /// Its own head and body.
    pub(super) head: Head<'x>,
    /// Another delimiter stands behind it: it was not cut off.
    pub(super) is_whole: bool,
}

impl<'x> Head<'x> {
    /// None: there are no headers.
    pub(super) fn of(bytes: &'x [u8]) -> Option<Self> {
        let (head, body) = split(without_envelope(bytes));
        let read = MessageParser::new().parse_headers(head)?;
        Some(Self { read, whole: without_envelope(bytes), body })
    }

    /// Every header with its value on one line, from the top.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, String)> {
        self.read.headers_raw().map(|(name, value)| (name, on_one_line(value)))
    }

    /// The first header of this name.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        self.fields().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The subject, decoded (RFC 2047).
    pub(super) fn subject(&self) -> &str {
        self.read.subject().unwrap_or_default()
    }

    /// Type and subtype in small letters, `text/plain` where none is said (RFC 2045, 5.2).
    pub(super) fn kind(&self) -> String {
        use mail_parser::MimeHeaders;
        let Some(kind) = self.read.content_type() else { return "text/plain".to_owned() };
        format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
    }

    /// A parameter of the type.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        use mail_parser::MimeHeaders;
        self.read.content_type()?.attribute(name)
    }

    /// The parts of this level; none where it is not made of parts.
    pub(super) fn parts(&self) -> Vec<Part<'x>> {
        let Some(boundary) = self.parameter("boundary").filter(|b| !b.is_empty() && b.len() <= 200) else {
            return Vec::new();
        };
        let delimiter = format!("--{boundary}");
        let last = format!("--{boundary}--");
        let mut parts = Vec::new();
        let (mut begins, mut at) = (None, 0);
        for line in self.body.split_inclusive(|byte| *byte == b'\n') {
            let bare = line.trim_ascii_end();
            let is_last = bare == last.as_bytes();
            if is_last || bare == delimiter.as_bytes() {
                parts.extend(begins.take().map(|from| (&self.body[from..at], true)));
                if is_last || parts.len() >= MOST_PARTS {
                    break;
                }
                begins = Some(at + line.len());
            }
            at += line.len();
        }
        parts.extend(begins.map(|from| (&self.body[from..], false)));
        parts
            .into_iter()
            .filter_map(|(bytes, is_whole)| Some(Part { head: Head::of_part(bytes)?, is_whole }))
            .collect()
    }

    /// The text of a part that is not made of parts, with its encoding undone; what is not UTF-8 is replaced.
    pub(super) fn text(&self) -> String {
        let encoding = self.field("Content-Transfer-Encoding").unwrap_or_default();
        if !["base64", "quoted-printable"].iter().any(|known| encoding.trim().eq_ignore_ascii_case(known)) {
            return String::from_utf8_lossy(self.body).into_owned();
        }
        let read = MessageParser::new().parse(self.whole);
        let contents = read.as_ref().and_then(|read| read.parts.first()).map(|part| part.contents());
        String::from_utf8_lossy(contents.unwrap_or_default()).into_owned()
    }

    /// A part may have no headers at all: then it begins with an empty line.
    fn of_part(bytes: &'x [u8]) -> Option<Self> {
        let (head, body) = split(bytes);
        let read = MessageParser::new()
            .parse_headers(head)
            .or_else(|| MessageParser::new().parse("X-No: headers\n"));
        Some(Self { read: read?, whole: bytes, body })
    }
}

/// Some servers write an envelope above the headers, as in a mailbox file: `From somebody Sat Nov 21 …`.
fn without_envelope(bytes: &[u8]) -> &[u8] {
    if !bytes.starts_with(b"From ") {
        return bytes;
    }
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    &bytes[end..]
}

/// Headers with the empty line that ends them, and the rest.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            break;
        }
    }
    bytes.split_at(at)
}

/// A folded value (RFC 5322, 2.2.3) on one line.
fn on_one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}
