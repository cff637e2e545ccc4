//! Reads a message back: what it was to whom, its text, and its page. For the outbox page and for the tests of encode.rs.
//!
//! It reads what compose.rs writes and stays calm with anything else, because a folder can hold what somebody put
//! there. It refuses to know attachments, parts within parts, what the page says, and every charset but UTF-8.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// A message's headers, unfolded and decoded, and its text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    headers: Vec<(String, String)>,
    /// The text, decoded, with plain line ends.
    pub(super) text: String,
    /// The same as HTML, decoded, where it is there.
    pub(super) page: Option<String>,
}

impl Parsed {
    /// The first header of this name, or an empty text.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// How many headers there are, and their names in order: a test's proof that none was smuggled in.
    #[cfg(test)]
    pub(super) fn names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// Reads a whole message.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let whole = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let (headers, body) = entity(&whole);
    let mut parsed = Parsed { headers, text: String::new(), page: None };
    match between(parsed.header("Content-Type")) {
        Some(between) => {
            for (headers, body) in parts(body, &between).map(entity) {
                let part = Parsed { headers, ..Parsed::default() };
                let (kind, said) = (part.header("Content-Type").to_ascii_lowercase(), decoded(&part, body));
                if kind.starts_with("text/html") {
                    parsed.page = Some(said);
                } else if kind.starts_with("text/plain") {
                    parsed.text = said;
                }
            }
        }
        None => parsed.text = decoded(&parsed, body),
    }
    parsed
}

/// Headers, unfolded and decoded, and what follows them.
fn entity(whole: &str) -> (Vec<(String, String)>, &str) {
    // A part without headers begins with its empty line.
    let (head, body) = match whole.strip_prefix('\n') {
        Some(body) => ("", body),
        None => whole.split_once("\n\n").unwrap_or((whole, "")),
    };
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.split('\n') {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim_start());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim_start().to_owned()));
        }
    }
    for (_, value) in &mut headers {
        *value = words(value);
    }
    (headers, body)
}

/// What separates the parts of a message that says the same in several ways (RFC 2046, 5.1.1).
fn between(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    let multiple = kind.trim().eq_ignore_ascii_case("multipart/alternative");
    let (_, quoted) = parameters.split_once("boundary=\"").filter(|_| multiple)?;
    quoted.split_once('"').map(|(between, _)| between.to_owned()).filter(|between| !between.is_empty())
}

/// The parts, without the line end that belongs to what separates them.
fn parts<'a>(body: &'a str, between: &str) -> impl Iterator<Item = &'a str> {
    let line = format!("--{between}");
    let (mut parts, mut began) = (Vec::new(), None);
    let mut at = 0;
    for whole_line in body.split_inclusive('\n') {
        let bare = whole_line.trim_end();
        if bare == line || bare.strip_prefix(&line) == Some("--") {
            if let Some(began) = began {
                parts.push(body[began..at.max(began)].strip_suffix('\n').unwrap_or_default());
            }
            began = (bare == line).then_some(at + whole_line.len());
        }
        at += whole_line.len();
    }
    parts.into_iter()
}

fn decoded(part: &Parsed, body: &str) -> String {
    if part.header("Content-Transfer-Encoding").eq_ignore_ascii_case("quoted-printable") {
        String::from_utf8_lossy(&unquote(body)).into_owned()
    } else {
        body.to_owned()
    }
}

/// A header's value with its encoded words read (RFC 2047); space between two of them is not part of the text.
fn words(value: &str) -> String {
    let mut read = String::new();
    let mut rest = value;
    let mut after_word = false;
    while let Some(at) = rest.find("=?") {
        let (before, word) = rest.split_at(at);
        let Some((text, length)) = word_at(word) else {
            read.push_str(before);
            read.push_str("=?");
            rest = &word[2..];
            after_word = false;
            continue;
        };
        if !(after_word && before.trim().is_empty()) {
            read.push_str(before);
        }
        read.push_str(&text);
        rest = &word[length..];
        after_word = true;
    }
    read + rest
}

/// The encoded word that begins here, and its length in bytes.
fn word_at(text: &str) -> Option<(String, usize)> {
    let mut parts = text.strip_prefix("=?")?.splitn(4, '?');
    let (charset, coding, data, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if !charset.eq_ignore_ascii_case("utf-8") || !rest.starts_with('=') {
        return None;
    }
    let bytes = match coding {
        "B" | "b" => BASE64_STANDARD.decode(data).ok()?,
        "Q" | "q" => unquote(&data.replace('_', " ")),
        _ => return None,
    };
    let length = 2 + charset.len() + 1 + coding.len() + 1 + data.len() + 2;
    Some((String::from_utf8_lossy(&bytes).into_owned(), length))
}

/// Quoted-printable, read leniently: what is no escape stays.
fn unquote(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (bytes[at], bytes.get(at + 1), bytes.get(at + 2)) {
            (b'=', Some(b'\n'), _) => at += 2,
            (b'=', Some(&high), Some(&low)) if hex(high).is_some() && hex(low).is_some() => {
                out.push(hex(high).unwrap_or(0) * 16 + hex(low).unwrap_or(0));
                at += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse;
    use crate::mail::encode::{WIDTH, alternatives, mailbox, one_line, part, unstructured, wrap};

    fn lines_are_short(bytes: &str) -> bool {
        bytes.split("\r\n").all(|line| line.len() < 78 && !line.contains(['\r', '\n']))
    }

    /// What a quoted string says (RFC 5322, 3.2.4).
    fn without_escapes(quoted: &str) -> String {
        let mut said = String::new();
        let mut letters = quoted.chars();
        while let Some(letter) = letters.next() {
            said.push(if letter == '\\' { letters.next().unwrap_or(letter) } else { letter });
        }
        said
    }

    /// The name before `<house@example.org>`, or nothing where the address stands alone.
    fn name_before_address(from: &str) -> Option<&str> {
        match from.strip_suffix("<house@example.org>") {
            Some(name) => Some(name.trim_end()),
            None => (from == "house@example.org").then_some(""),
        }
    }

    fn plain(text: &str) -> String {
        let mut out = String::new();
        part(&mut out, "plain", text);
        out
    }

    proptest! {
        /// faults.md 28: whatever somebody is called, the header says exactly that and nothing else.
        #[test]
        fn what_is_written_is_read_back(name in any::<String>(), text in any::<String>()) {
            let message = format!(
                "{}{}{}",
                mailbox("From", &name, "house@example.org"),
                unstructured("Subject", &name),
                plain(&wrap(&text.replace('\r', ""))),
            );
            prop_assert!(message.is_ascii());
            prop_assert!(lines_are_short(&message), "{message}");
            let parsed = parse(message.as_bytes());
            prop_assert_eq!(
                parsed.names(),
                ["From", "Subject", "Content-Type", "Content-Transfer-Encoding"]
            );
            prop_assert_eq!(parsed.header("Subject"), one_line(&name));
            // A phrase of ASCII is a quoted string; any other is encoded words, whose quotes are the name's own.
            let shown = name_before_address(parsed.header("From")).unwrap();
            if message.starts_with("From: \"") {
                let inner = shown.strip_prefix('"').and_then(|s| s.strip_suffix('"'));
                prop_assert_eq!(inner.map(without_escapes), Some(one_line(&name)));
            } else {
                prop_assert_eq!(shown.to_owned(), one_line(&name));
            }
            prop_assert_eq!(parsed.text, wrap(&text.replace('\r', "")));
        }

        /// Neither text can end its part early, or begin one.
        #[test]
        fn what_is_said_twice_is_read_back_twice(
            text in "([-=_a-c\n é]|--=_abc|--=_abc--){0,60}",
            page in any::<String>(),
        ) {
            let (text, page) = (wrap(&text), page.replace('\r', ""));
            let message = alternatives(&text, &page, "a.b-c@house");
            prop_assert!(message.is_ascii() && lines_are_short(&message), "{message}");
            let parsed = parse(message.as_bytes());
            prop_assert_eq!(parsed.names(), ["Content-Type"]);
            prop_assert_eq!(parsed.text, text);
            prop_assert_eq!(parsed.page, Some(page));
        }

        /// Long ASCII names, and words of one letter only, at every length.
        #[test]
        fn any_length_fits(length in 0_usize..300, spaces in any::<bool>()) {
            let name = if spaces { "ab ".repeat(length / 3) } else { "a".repeat(length) };
            let header = unstructured("Subject", &name) + &mailbox("From", &name, "house@example.org");
            prop_assert!(lines_are_short(&header), "{}", header);
            let parsed = parse(header.as_bytes());
            prop_assert_eq!(parsed.header("Subject"), name.trim());
            prop_assert_eq!(parsed.names().len(), 2);
        }

        #[test]
        fn anything_can_be_read(bytes in any::<Vec<u8>>()) {
            let _ = parse(&bytes);
        }
    }

    #[test]
    fn a_long_link_stays_whole() {
        let link = format!("https://letters.example.org/k/{}", "a".repeat(80));
        let text = wrap(&format!("Look here: {link} and decide."));
        assert_eq!(text, format!("Look here:\n{link}\nand decide.\n"));
        let body = plain(&text);
        assert!(body.contains("quoted-printable"));
        assert!(body.split("\r\n").all(|line| line.len() <= WIDTH));
        assert_eq!(parse(body.as_bytes()).text, text);
    }

    #[test]
    fn what_separates_parts_and_what_does_not() {
        let kind = "Content-Type: multipart/alternative; boundary=\"x\"\n\n";
        for (body, text, page) in [
            ("--x\n\n\n--x--\n", "", None),
            ("before\n--x\nContent-Type: text/plain\n\na\n--xy\n--x--\nafter", "a\n--xy", None),
            ("--x\nContent-Type: text/html\n\n<p>\n--x--", "", Some("<p>")),
            ("--x\nContent-Type: text/plain\n\nnever ended", "", None),
            ("--x\n--x\n--x--\n--x--\n", "", None),
            ("", "", None),
        ] {
            let parsed = parse(format!("{kind}{body}").as_bytes());
            assert_eq!((parsed.text.as_str(), parsed.page.as_deref()), (text, page), "{body:?}");
        }
        let parsed = parse(b"Content-Type: multipart/alternative\n\nbody");
        assert_eq!(parsed.text, "body");
    }

    #[test]
    fn what_is_no_encoded_word_stays() {
        let parsed = parse(b"Subject: =?utf-8?B?!!?= =?x =?utf-8?Q?a_=C3=A9?=  =?UTF-8?q?b?= c\n\nbody");
        assert_eq!(parsed.header("subject"), "=?utf-8?B?!!?= =?x a éb c");
        assert_eq!(parsed.text, "body");
    }
}
