//! Mail that comes back: what a report about one of our messages says ([`report`]), and whether a human wrote an answer to a knock ([`automatic`]).
//!
//! Everything in here was written by somebody else, and may be meant to hurt. One level of a message is looked at, or a few where its text is
//! sought, each a slice of the bytes; nothing is kept, and nothing that is read leaves this room but a word of ours. It refuses to know the
//! store, and to whom the message came: whoever calls has proved that by the mark in the address.

mod automatic;
mod parts;
mod report;
mod said;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// At most so many bytes of a message are read. A report stands before the message that it is about, so it is whole.
pub const MOST_BYTES: usize = 1 << 20;

pub use report::Report;

/// What came back, as far as it says: a report about one message of ours, or why it is none. Never panics, whatever it is given.
pub fn report(message: &[u8]) -> Report {
    calmly(|| report::read(message)).unwrap_or(Report::Nothing("cannot-be-read"))
}

/// Why nobody is told that nobody reads this: it was sent by a machine (RFC 3834), or goes to many. None: a human wrote it. `ours`: an address
/// that our own messages come from; mail from there is our own. Never panics, whatever it is given.
pub fn automatic(message: &[u8], ours: impl Fn(&str) -> bool) -> Option<&'static str> {
    calmly(|| automatic::read(message, ours)).unwrap_or(Some("cannot-be-read"))
}

/// To whom the headers say that it was delivered, the last server's word first; for mail servers that do not name the recipient when they call us.
pub fn delivered_to(message: &[u8]) -> Vec<String> {
    const HEADERS: [&str; 3] = ["X-Original-To", "Delivered-To", "Envelope-To"];
    /// More servers than that do not stand on the way.
    const MOST: usize = 16;
    let read = || {
        let Some(head) = parts::Head::of(message) else { return Vec::new() };
        let named = |name: &str| HEADERS.iter().any(|header| header.eq_ignore_ascii_case(name));
        head.fields().filter(|(name, _)| named(name)).map(|(_, value)| value).take(MOST).collect()
    };
    calmly(read).unwrap_or_default()
}

/// A fault in the reading of a stranger's bytes is a message that cannot be read, not a crash: that would send it back to whoever sent it.
fn calmly<T>(read: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()
}
