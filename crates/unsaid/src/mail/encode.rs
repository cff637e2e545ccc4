//! Words into the bytes of a message: headers (RFC 5322, RFC 2047) and text (RFC 2045).
//!
//! It knows how to write any text so that it can neither begin a header nor end a line early, and so that the same
//! text always gives the same bytes. It refuses to know what is written.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::address::is_hidden;

/// Longest line that is written, without its CRLF: under 78, and what quoted-printable allows.
pub(super) const WIDTH: usize = 76;

/// Text on one line: line ends, controls and letters that nobody sees become single spaces. A name that was typed
/// with a line end in it stays a name.
pub(super) fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() || is_hidden(c) { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A header with free text as its value, folded.
pub(super) fn unstructured(name: &str, text: &str) -> String {
    let text = one_line(text);
    let fits = |word: &str| word.len() < WIDTH - name.len() - 2;
    if is_printable(&text) && !text.contains("=?") && text.split(' ').all(fits) {
        let mut header = format!("{name}:");
        let mut column = header.len();
        for word in text.split(' ') {
            if column + 1 + word.len() > WIDTH {
                header.push_str("\r\n");
                column = 0;
            }
            header.push(' ');
            header.push_str(word);
            column += 1 + word.len();
        }
        header + "\r\n"
    } else {
        format!("{name}: {}\r\n", encoded_words(&text, name.len() + 2))
    }
}

/// A header with one address and the name that is shown for it. The address has been looked at by address.rs.
pub(super) fn mailbox(name: &str, shown: &str, address: &str) -> String {
    let shown = one_line(shown);
    if shown.is_empty() {
        // Bare, one in quotation marks is taken for a name by some readers.
        return if address.starts_with('"') {
            format!("{name}: <{address}>\r\n")
        } else {
            format!("{name}: {address}\r\n")
        };
    }
    let phrase = if is_printable(&shown) && !shown.contains("=?") && shown.len() <= 50 {
        format!("\"{}\"", shown.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        encoded_words(&shown, name.len() + 2)
    };
    let last = phrase.rsplit("\r\n").next().unwrap_or(&phrase);
    let before = if last.len() == phrase.len() { name.len() + 2 } else { 0 };
    let fold = if before + last.len() + address.len() + 3 > WIDTH { "\r\n " } else { " " };
    format!("{name}: {phrase}{fold}<{address}>\r\n")
}

/// Text as UTF-8 encoded words of at most 75 letters (RFC 2047), one a line; no letter is cut in two.
fn encoded_words(text: &str, column: usize) -> String {
    let mut words = Vec::new();
    let mut chunk = String::new();
    // Three bytes become four letters; `=?utf-8?B?` and `?=` are twelve.
    let room = |first: bool| (WIDTH - 12 - if first { column } else { 1 }) / 4 * 3;
    for letter in text.chars() {
        if chunk.len() + letter.len_utf8() > room(words.is_empty()) {
            words.push(std::mem::take(&mut chunk));
        }
        chunk.push(letter);
    }
    words.push(chunk);
    let words: Vec<String> =
        words.iter().map(|word| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(word))).collect();
    words.join("\r\n ")
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A text of paragraphs, each on one line or several, wrapped to [`WIDTH`]. A word that is longer, such as a link,
/// stays whole on a line of its own. Empty lines stay.
pub(super) fn wrap(text: &str) -> String {
    let mut wrapped = String::with_capacity(text.len() + text.len() / 32);
    for line in text.trim_end().split('\n') {
        let mut column = 0;
        for word in line.split_whitespace() {
            let width = word.chars().count();
            if column > 0 && column + 1 + width > WIDTH {
                wrapped.push('\n');
                column = 0;
            }
            if column > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += width;
        }
        wrapped.push('\n');
    }
    wrapped
}

/// The headers and bytes of a message that says the same twice, the plain text first: a program shows the last one that it can
/// (RFC 2046, 5.1.4). What separates them comes from the message's number, so that the same message has the same bytes.
pub(super) fn alternatives(text: &str, page: &str, message_id: &str) -> String {
    let name: String =
        message_id.chars().take_while(|c| *c != '@').filter(char::is_ascii_alphanumeric).take(40).collect();
    // No quoted-printable text holds `=_` (RFC 2045, 6.7), and text that is not encoded is looked at.
    let between = format!("=_{name}");
    // What is encoded grows by a few hundredths, seldom by more.
    let mut whole = String::with_capacity((text.len() + page.len()) * 5 / 4 + 512);
    whole.push_str("Content-Type: multipart/alternative;\r\n boundary=\"");
    whole.push_str(&between);
    whole.push_str("\"\r\n");
    for (kind, said) in [("plain", text), ("html", page)] {
        whole.push_str("\r\n--");
        whole.push_str(&between);
        whole.push_str("\r\n");
        part(&mut whole, kind, said);
    }
    whole.push_str("\r\n--");
    whole.push_str(&between);
    whole.push_str("--\r\n");
    whole
}

/// Writes the headers and bytes of one part: as it is where every line is short ASCII, else quoted-printable.
pub(super) fn part(out: &mut String, kind: &str, text: &str) {
    let as_it_is = |line: &str| {
        line.len() <= WIDTH && is_printable(line) && !line.starts_with("From ") && !line.contains("=_")
    };
    let plain = text.split('\n').all(as_it_is);
    let coding = if plain { "7bit" } else { "quoted-printable" };
    for piece in
        ["Content-Type: text/", kind, "; charset=utf-8\r\nContent-Transfer-Encoding: ", coding, "\r\n\r\n"]
    {
        out.push_str(piece);
    }
    if plain {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                out.push_str("\r\n");
            }
            out.push_str(line);
        }
    } else {
        quoted_printable(out, text);
    }
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// What stands for itself in quoted-printable.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = byte != b'=';
        byte += 1;
    }
    plain
};

/// RFC 2045, 6.7. No line is longer than [`WIDTH`], and no escape is cut in two.
fn quoted_printable(out: &mut String, text: &str) {
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push_str("\r\n");
        }
        let bytes = line.as_bytes();
        // A space at the end of a line is lost on its way.
        let end = bytes.len() - usize::from(bytes.ends_with(b" "));
        // 'From ' at the start of a line is changed on its way into some mailboxes.
        let from = line.starts_with("From ");
        let (mut at, mut column) = (0, 0);
        while at < bytes.len() {
            // As many as there are: what is plain is ASCII, and no letter is cut in two.
            let plain = if at == 0 && from {
                0
            } else {
                let rest = &bytes[at..end.max(at)];
                rest.iter().position(|byte| !PLAIN[usize::from(*byte)]).unwrap_or(rest.len())
            };
            let width = if plain > 0 { 1 } else { 3 };
            // The last column is kept for the '=' of a soft line end.
            let room = |to: usize| WIDTH - usize::from(to < bytes.len());
            if column + width > room(at + 1) {
                out.push_str("=\r\n");
                column = 0;
            }
            if plain > 0 {
                let fits =
                    if column + plain <= room(at + plain) { plain } else { plain.min(WIDTH - 1 - column) };
                out.push_str(&line[at..at + fits]);
                column += fits;
                at += fits;
            } else {
                let byte = bytes[at];
                let digit = |nibble: u8| char::from(HEX[usize::from(nibble)]);
                out.extend(['=', digit(byte >> 4), digit(byte & 15)]);
                column += width;
                at += 1;
            }
        }
    }
}
