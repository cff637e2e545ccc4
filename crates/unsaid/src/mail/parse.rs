//! Reads a message back: what it was to whom, and its text. For the outbox page and for the tests of encode.rs.
//!
//! It reads what compose.rs writes and stays calm with anything else, because a folder can hold what somebody put
//! there. It refuses to know attachments, HTML and every charset but UTF-8.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// A message's headers, unfolded and decoded, and its text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    headers: Vec<(String, String)>,
    /// The text, decoded, with plain line ends.
    pub(super) text: String,
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
    let (head, body) = whole.split_once("\n\n").unwrap_or((&whole, ""));
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
    let mut parsed = Parsed { headers, text: String::new() };
    let coding = parsed.header("Content-Transfer-Encoding");
    parsed.text = if coding.eq_ignore_ascii_case("quoted-printable") {
        String::from_utf8_lossy(&unquote(body)).into_owned()
    } else {
        body.to_owned()
    };
    parsed
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
    use crate::mail::encode::{WIDTH, mailbox, one_line, text_body, unstructured, wrap};

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

    proptest! {
        /// faults.md 28: whatever somebody is called, the header says exactly that and nothing else.
        #[test]
        fn what_is_written_is_read_back(name in any::<String>(), text in any::<String>()) {
            let message = format!(
                "{}{}{}",
                mailbox("From", &name, "house@example.org"),
                unstructured("Subject", &name),
                text_body(&wrap(&text.replace('\r', ""))),
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
        let body = text_body(&text);
        assert!(body.contains("quoted-printable"));
        assert!(body.split("\r\n").all(|line| line.len() <= WIDTH));
        assert_eq!(parse(body.as_bytes()).text, text);
    }

    #[test]
    fn what_is_no_encoded_word_stays() {
        let parsed = parse(b"Subject: =?utf-8?B?!!?= =?x =?utf-8?Q?a_=C3=A9?=  =?UTF-8?q?b?= c\n\nbody");
        assert_eq!(parsed.header("subject"), "=?utf-8?B?!!?= =?x a éb c");
        assert_eq!(parsed.text, "body");
    }
}
