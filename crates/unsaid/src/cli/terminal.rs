//! Asking a human at the terminal, whatever standard input and output are used for. What is typed unseen is shown nowhere, and
//! the terminal is as it was afterwards, also after Ctrl-C. It knows no keys and no files.

use super::Said;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// As long as a line at a terminal can be.
const LONGEST_LINE: usize = 4096;
/// What Ctrl-C sends when the terminal does not make a signal of it.
const CTRL_C: u8 = 3;

/// Asks without showing what is typed.
pub(super) fn ask_unseen(question: &str) -> Result<Zeroizing<String>, Said> {
    ask(question, false)
}

/// Asks and shows what is typed: words from a card are hard enough to type.
pub(super) fn ask_seen(question: &str) -> Result<Zeroizing<String>, Said> {
    ask(question, true)
}

/// Says something to whoever sits at the terminal, or on standard error when nobody does.
pub(super) fn tell(line: &str) {
    let told = terminal().and_then(|mut terminal| writeln!(terminal, "{line}"));
    if told.is_err() {
        super::complain(line);
    }
}

/// The first line of a file, for scripts that have no terminal. A passphrase on the command line would be seen by everybody on
/// the machine, so there is no flag that takes one.
pub(super) fn first_line(path: &Path) -> Result<Zeroizing<String>, Said> {
    let unread = |e: std::io::Error| {
        format!("{} cannot be read: {e}. Check the name after --passphrase-file.", path.display())
    };
    let mut text = Zeroizing::new(String::with_capacity(LONGEST_LINE));
    File::open(path).map_err(unread)?.take(LONGEST_LINE as u64).read_to_string(&mut text).map_err(unread)?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(format!(
            "The first line of {} is empty. Write the passphrase or the words there, and nothing else.",
            path.display()
        ));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// The lines of a file that are not empty: the words of a card on each, for scripts that have no terminal.
pub(super) fn lines(path: &Path, most: usize) -> Result<Vec<Zeroizing<String>>, Said> {
    let unread = |e: std::io::Error| {
        format!("{} cannot be read: {e}. Check the name after --passphrase-file.", path.display())
    };
    let longest = LONGEST_LINE * most;
    let mut text = Zeroizing::new(String::with_capacity(longest));
    File::open(path).map_err(unread)?.take(longest as u64).read_to_string(&mut text).map_err(unread)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty()).take(most);
    Ok(lines.map(|line| Zeroizing::new(line.to_owned())).collect())
}

fn terminal() -> std::io::Result<File> {
    File::options().read(true).write(true).open("/dev/tty")
}

fn ask(question: &str, seen: bool) -> Result<Zeroizing<String>, Said> {
    let nobody = |_| {
        "There is no terminal to ask at. Run this where somebody can type, or give the words in a file with --passphrase-file."
            .to_owned()
    };
    let broken = |e: std::io::Error| format!("The terminal does not answer: {e}. Run this in another one.");
    let mut terminal = terminal().map_err(nobody)?;
    let before = tcgetattr(&terminal).map_err(|e| broken(e.into()))?;
    let line = {
        // First quiet, then the question: whoever answers at once is not shown either.
        let _quiet = Quiet::make(&terminal, before, seen).map_err(broken)?;
        write!(&terminal, "{question} ").map_err(broken)?;
        read_line(&terminal).map_err(broken)?
    };
    if !seen {
        writeln!(terminal).map_err(broken)?;
    }
    line.ok_or_else(|| "Nothing was done, because it was broken off. Run it again when you like.".to_owned())
}

/// While this lives, typing is not shown, and Ctrl-C ends the line instead of the process: the process would leave a terminal
/// behind that shows nothing any more.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn make(terminal: &'a File, before: Termios, seen: bool) -> std::io::Result<Self> {
        let mut quiet = before.clone();
        if !seen {
            quiet.local_modes.remove(LocalModes::ECHO);
        }
        quiet.local_modes.remove(LocalModes::ISIG);
        quiet.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(terminal, OptionalActions::Now, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // Nothing better can be done with a terminal that does not take its own settings back.
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

/// A line without its end; None after Ctrl-C, or at the end of input.
fn read_line(mut terminal: &File) -> std::io::Result<Option<Zeroizing<String>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_LINE));
    let mut byte = Zeroizing::new([0u8; 1]);
    while bytes.len() < LONGEST_LINE {
        if terminal.read(&mut *byte)? == 0 || byte[0] == CTRL_C {
            return Ok(None);
        }
        if byte[0] == b'\n' {
            break;
        }
        bytes.push(byte[0]);
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| std::io::Error::other("it does not speak UTF-8"))?;
    Ok(Some(Zeroizing::new(text.trim_end_matches('\r').to_owned())))
}
