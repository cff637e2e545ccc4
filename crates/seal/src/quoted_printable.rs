//! Quoted-printable (RFC 2045, 6.7): it keeps an English letter readable in a bare text editor. Knows only bytes.

/// Encodes a text with \n line ends to lines of at most 76 characters with \r\n between them.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            out.push_str("\r\n");
        }
        encode_line(line.as_bytes(), &mut out);
    }
    out
}

fn encode_line(line: &[u8], out: &mut String) {
    let mut width = 0;
    for (i, byte) in line.iter().enumerate() {
        // White space at a line's end would be lost on the way, so it is spelled out there.
        let literal = match byte {
            b' ' | b'\t' => i + 1 < line.len(),
            b'=' => false,
            other => other.is_ascii_graphic(),
        };
        let needed = if literal { 1 } else { 3 };
        if width + needed > 75 {
            out.push_str("=\r\n");
            width = 0;
        }
        if literal {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("={byte:02X}"));
        }
        width += needed;
    }
}

/// Undoes `=XX`; what is not of that form stays.
pub(crate) fn unquote(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let digit = |at: usize| tail.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'=', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                rest = &tail[2..];
            }
            _ => out.push(*first),
        }
    }
    out
}

/// Decodes a whole body: padding at line ends and soft line breaks go first.
pub(crate) fn decode(body: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|b| *b == b'\n') {
        let end = if line.ends_with(b"\r\n") { 2 } else { usize::from(line.ends_with(b"\n")) };
        let (text, line_end) = line.split_at(line.len() - end);
        let kept = text.iter().rposition(|b| *b != b' ' && *b != b'\t').map_or(0, |at| at + 1);
        match text[..kept].strip_suffix(b"=") {
            Some(soft) if end > 0 => joined.extend_from_slice(soft),
            _ => {
                joined.extend_from_slice(&text[..kept]);
                joined.extend_from_slice(line_end);
            }
        }
    }
    unquote(&joined)
}
