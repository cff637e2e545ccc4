//! One SMTP connection: lines out, replies in, each within its time and its size.
//!
//! It knows how a reply is written (RFC 5321, 4.2) and how content is made transparent (4.5.2). It refuses to know
//! what a reply means (judge.rs) or which command comes next (relay.rs). Nothing that the other side sends can make
//! it hold more than a few kilobytes, and what was said before we had asked is never taken for an answer.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use super::Reply;

/// Longest reply line that is read, its end included. RFC 5321 asks for 512; some relays say more.
pub(super) const LONGEST_LINE: usize = 2048;
/// Most lines of one reply.
pub(super) const MOST_LINES: usize = 100;

/// What a connection runs over: TCP, or TLS over it.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A whole reply.
pub(super) struct Said {
    /// Its code, the same on every line.
    pub(super) code: u16,
    /// The text of each line, kept only for EHLO's key words and AUTH's questions. Never logged.
    pub(super) lines: Vec<String>,
}

impl Said {
    /// The numbers alone.
    pub(super) fn reply(&self) -> Reply {
        Reply { code: self.code, enhanced: self.lines.iter().find_map(|line| enhanced(self.code, line)) }
    }

    /// Does EHLO's answer offer this key word? Returns its parameters.
    pub(super) fn offers(&self, keyword: &str) -> Option<Vec<String>> {
        self.lines.iter().skip(1).find_map(|line| {
            let mut words = line.split_ascii_whitespace();
            words.next()?.eq_ignore_ascii_case(keyword).then(|| words.map(str::to_ascii_uppercase).collect())
        })
    }
}

/// The enhanced status code at the start of a reply's text (RFC 3463), if its class is that of the code.
fn enhanced(code: u16, text: &str) -> Option<String> {
    let word = text.split_ascii_whitespace().next()?;
    let mut parts = word.split('.');
    let class = parts.next()?;
    let is_number = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit())
    };
    let (subject, detail) = (parts.next()?, parts.next()?);
    let fits = parts.next().is_none()
        && is_number(class, 1)
        && class.parse() == Ok(code / 100)
        && is_number(subject, 3)
        && is_number(detail, 3);
    fits.then(|| word.to_owned())
}

/// One connection.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    /// What was received and not yet read; at most a line and one read more.
    heard: Vec<u8>,
}

/// Why nothing could be read or written, in words for a log.
pub(super) type Trouble = &'static str;

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, heard: Vec::new() }
    }

    /// The stream below, to put TLS around it. Refuses when something was said after 'go ahead' and before TLS:
    /// it would be believed as if it had come through TLS (CVE-2011-0411).
    pub(super) fn into_stream(mut self) -> Result<Box<dyn Stream>, Trouble> {
        self.must_be_quiet()?;
        Ok(self.stream)
    }

    /// Writes one command line and reads its reply; `within` is for both together.
    pub(super) async fn ask(&mut self, line: &str, within: Duration) -> Result<Said, Trouble> {
        let both = async {
            self.say(&[line]).await?;
            self.reply().await
        };
        match timeout(within, both).await {
            Ok(said) => said,
            Err(_) => Err("no whole reply came in time"),
        }
    }

    /// Writes several command lines at once (RFC 2920). Their replies are heard afterwards, one by one.
    pub(super) async fn ask_at_once(&mut self, lines: &[&str], within: Duration) -> Result<(), Trouble> {
        match timeout(within, self.say(lines)).await {
            Ok(written) => written,
            Err(_) => Err("the commands could not be written in time"),
        }
    }

    async fn say(&mut self, lines: &[&str]) -> Result<(), Trouble> {
        self.must_be_quiet()?;
        // As long as it will be, so that no half of a password is left behind by growing.
        let length = lines.iter().map(|line| line.len() + 2).sum();
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(length));
        for line in lines {
            bytes.extend_from_slice(line.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        self.write(&bytes).await
    }

    /// Reads one whole reply; `within` is for all of its lines together.
    pub(super) async fn hear(&mut self, within: Duration) -> Result<Said, Trouble> {
        match timeout(within, self.reply()).await {
            Ok(said) => said,
            Err(_) => Err("no whole reply came in time"),
        }
    }

    /// Writes the content, made transparent, with its final dot. A caller who asked for permission does so before.
    pub(super) async fn tell(&mut self, content: &[u8], within: Duration) -> Result<(), Trouble> {
        let bytes = transparent(content);
        match timeout(within, self.write(&bytes)).await {
            Ok(written) => written,
            Err(_) => Err("the content could not be written in time"),
        }
    }

    /// Refuses when the other side has spoken though it was our turn: its words would be taken for the answer to
    /// what we say next, and the worst of that is a false 'accepted'.
    pub(super) fn must_be_quiet(&mut self) -> Result<(), Trouble> {
        if self.heard.is_empty() {
            let mut space = [0_u8; 1];
            let mut space = ReadBuf::new(&mut space);
            let stream = &mut self.stream;
            match futures_util::FutureExt::now_or_never(poll_fn(|cx| {
                Pin::new(&mut *stream).poll_read(cx, &mut space)
            })) {
                None => return Ok(()),
                Some(Err(_)) => return Err("the connection broke"),
                Some(Ok(())) if space.filled().is_empty() => {
                    return Err("the connection was closed");
                }
                Some(Ok(())) => {}
            }
        }
        Err("the relay spoke out of turn")
    }

    /// Says QUIT if it can be said at once, and hangs up. Nothing waits for good manners.
    pub(super) fn leave(mut self) {
        let mut bytes: &[u8] = b"QUIT\r\n";
        let stream = &mut self.stream;
        let _ = futures_util::FutureExt::now_or_never(poll_fn(|cx| {
            let _ = Pin::new(&mut *stream).poll_write(cx, bytes).map(|written| {
                bytes = &bytes[written.unwrap_or(0)..];
            });
            let _ = Pin::new(&mut *stream).poll_flush(cx);
            Poll::Ready(())
        }));
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let all = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        all.await.map_err(|_| "the connection broke while writing")
    }

    async fn reply(&mut self) -> Result<Said, Trouble> {
        let mut said: Option<Said> = None;
        loop {
            let line = self.line().await?;
            let (code, more, text) = parts(&line).ok_or("the reply is not SMTP")?;
            let said = said.get_or_insert(Said { code, lines: Vec::new() });
            if said.code != code {
                return Err("the reply has two codes");
            }
            if said.lines.len() == MOST_LINES {
                return Err("the reply has too many lines");
            }
            said.lines.push(text);
            if !more {
                return Ok(Said { code, lines: std::mem::take(&mut said.lines) });
            }
        }
    }

    /// One line without its end.
    async fn line(&mut self) -> Result<Vec<u8>, Trouble> {
        loop {
            if let Some(end) = self.heard.iter().position(|&byte| byte == b'\n') {
                if end >= LONGEST_LINE {
                    return Err("a line of the reply is too long");
                }
                let mut line: Vec<u8> = self.heard.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            if self.heard.len() >= LONGEST_LINE {
                return Err("a line of the reply is too long");
            }
            let mut space = [0_u8; LONGEST_LINE];
            match self.stream.read(&mut space).await {
                Ok(0) => return Err("the connection was closed"),
                Ok(read) => self.heard.extend_from_slice(&space[..read]),
                Err(_) => return Err("the connection broke while reading"),
            }
        }
    }
}

/// The code, whether more lines follow, and the text of one reply line.
fn parts(line: &[u8]) -> Option<(u16, bool, String)> {
    let (code, rest) = line.split_at_checked(3)?;
    let is_code = matches!(code[0], b'2'..=b'5') && code.iter().all(u8::is_ascii_digit);
    let (more, text) = match rest.split_first() {
        None => (false, rest),
        Some((b' ', text)) => (false, text),
        Some((b'-', text)) => (true, text),
        Some(_) => return None,
    };
    let code = std::str::from_utf8(code).ok()?.parse().ok()?;
    is_code.then(|| (code, more, String::from_utf8_lossy(text).into_owned()))
}

/// Doubles the dot at the start of a line and ends with the line that is a dot alone (RFC 5321, 4.5.2).
fn transparent(content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(content.len() + content.len() / 64 + 5);
    let mut at_start = true;
    for &byte in content {
        if at_start && byte == b'.' {
            bytes.push(b'.');
        }
        bytes.push(byte);
        at_start = byte == b'\n';
    }
    if !at_start {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b".\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;

    use super::{LONGEST_LINE, MOST_LINES, Wire, enhanced, parts, transparent};

    #[tokio::test]
    async fn a_reply_has_an_end() {
        for (lines, whole) in [(MOST_LINES, true), (MOST_LINES + 1, false)] {
            let (ours, mut theirs) = tokio::io::duplex(10_000);
            let reply = "250-ok\r\n".repeat(lines - 1) + "250 ok\r\n";
            theirs.write_all(reply.as_bytes()).await.unwrap();
            let said = Wire::new(Box::new(ours)).hear(Duration::from_secs(60)).await;
            assert_eq!(said.is_ok(), whole, "{lines}");
        }
    }

    #[tokio::test]
    async fn a_line_without_end_is_an_error_and_not_memory() {
        let (ours, mut theirs) = tokio::io::duplex(1000);
        let mut wire = Wire::new(Box::new(ours));
        let flood = async {
            let mut sent = 0;
            while theirs.write_all(&[b'2'; 500]).await.is_ok() {
                sent += 500;
            }
            sent
        };
        let read = async {
            let said = wire.hear(Duration::from_secs(60)).await;
            assert_eq!(said.err(), Some("a line of the reply is too long"));
            assert!(wire.heard.len() < 2 * LONGEST_LINE);
            drop(wire);
        };
        let (sent, ()) = tokio::join!(flood, read);
        assert!(sent < 3 * LONGEST_LINE, "{sent} bytes were taken");
    }

    #[test]
    fn a_dot_in_the_content_does_not_end_it() {
        assert_eq!(transparent(b""), b".\r\n");
        assert_eq!(transparent(b"a"), b"a\r\n.\r\n");
        assert_eq!(transparent(b".\r\n..\r\na.\r\n.b\r\n"), b"..\r\n...\r\na.\r\n..b\r\n.\r\n");
    }

    #[test]
    fn what_is_not_a_reply_is_not_read_as_one() {
        for bad in ["", "25", "25x ok", "950 ok", "150 ok", "250ok", "250\u{a0}ok", "\u{662}50 ok"] {
            assert!(parts(bad.as_bytes()).is_none(), "{bad:?}");
        }
        assert_eq!(parts(b"250"), Some((250, false, String::new())));
        assert_eq!(parts(b"250-PIPELINING"), Some((250, true, "PIPELINING".into())));
        assert_eq!(parts(b"250 \xff"), Some((250, false, "\u{fffd}".into())));
    }

    #[test]
    fn an_enhanced_code_counts_only_in_its_own_class() {
        assert_eq!(enhanced(550, "5.1.1 no such mailbox"), Some("5.1.1".into()));
        assert_eq!(enhanced(550, "5.7.26 no"), Some("5.7.26".into()));
        for (code, text) in [
            (550, "4.1.1 no"),
            (550, "5.1 no"),
            (550, "5.1.1.1 no"),
            (550, "5.1.1: no"),
            (550, "5..1 no"),
            (550, "5.1.1000 no"),
            (550, "<anna@example.org> 5.1.1"),
            (550, ""),
        ] {
            assert_eq!(enhanced(code, text), None, "{code} {text:?}");
        }
    }
}
