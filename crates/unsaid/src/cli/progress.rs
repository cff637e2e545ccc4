//! How far long work has come, on standard error, where somebody watches: nothing for the first two seconds, and nothing at all
//! into a file or a pipe. It reads on behalf of whoever does the work.

use crate::clock::{Clock, MachineClock};
use std::io::{self, IsTerminal, Read, Write};
use std::time::Duration;

const QUIET: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(250);
const MEBIBYTE: u64 = 1024 * 1024;

/// Counts what is read and shows it.
pub(super) struct Progress<R> {
    from: R,
    read: u64,
    total: Option<u64>,
    began: Duration,
    next: Duration,
    shown: bool,
    watched: bool,
}

impl<R: Read> Progress<R> {
    /// `total` in bytes, where it is known; `on_screen` says that what comes out goes to the terminal itself, where this would
    /// only disturb.
    pub(super) fn of(from: R, total: Option<u64>, on_screen: bool) -> Self {
        let began = MachineClock.monotonic();
        let watched = io::stderr().is_terminal() && !on_screen;
        Self { from, read: 0, total, began, next: QUIET, shown: false, watched }
    }

    #[expect(clippy::print_stderr, reason = "the command line speaks")]
    fn show(&mut self) {
        let passed = MachineClock.monotonic().saturating_sub(self.began);
        if !self.watched || passed < self.next {
            return;
        }
        self.next = passed + STEP;
        self.shown = true;
        eprint!("\r{}\x1b[K", sentence(self.read, self.total, passed));
        let _flushed = io::stderr().flush();
    }
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.read += read as u64;
        self.show();
        Ok(read)
    }
}

impl<R> Drop for Progress<R> {
    #[expect(clippy::print_stderr, reason = "the command line speaks")]
    fn drop(&mut self) {
        if self.shown {
            eprint!("\r\x1b[K");
        }
    }
}

fn sentence(read: u64, total: Option<u64>, passed: Duration) -> String {
    let done = read / MEBIBYTE;
    let Some(total) = total.filter(|total| *total > 0) else { return format!("{done} MiB so far") };
    let left = passed.as_secs_f64() * (total.saturating_sub(read)) as f64 / read.max(1) as f64;
    format!(
        "{} of {} MiB, {} %, about {left:.0} s more",
        done,
        total.div_ceil(MEBIBYTE),
        u128::from(read) * 100 / u128::from(total)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_says_how_much_of_how_much_and_how_long() {
        let second = Duration::from_secs(10);
        assert_eq!(
            sentence(256 * MEBIBYTE, Some(1024 * MEBIBYTE), second),
            "256 of 1024 MiB, 25 %, about 30 s more"
        );
        assert_eq!(sentence(5 * MEBIBYTE, None, second), "5 MiB so far");
        assert_eq!(sentence(0, Some(0), second), "0 MiB so far");
    }
}
