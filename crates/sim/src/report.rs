//! What a run says: a dense line an event with a legend, the last two hundred of them for whoever reads a failure, and what it came to in the end.

use crate::Secs;
use std::collections::VecDeque;
use std::fmt;

/// So many lines are kept.
const KEPT: usize = 200;

/// What the letters in a line mean.
pub const LEGEND: &str = "\
each line: time by the sun | what happened | whose
  S  a letter is sealed             A  new words for it            N  one that is never sent
  T  taken back                     U  new words taken back        W  it could not be taken back
  m  a mail server took a copy      b  it came back                d  it came back and was dropped by the planted fault
  o  somebody opens what waits      x  a wrong answer              l  kept for later
  r  a no                           q  a no is taken back          g  a scanner looks at the link
  !  a node dies                    ^  a node starts               P  the power is off
  z  a node is paused               Z  and goes on                 R  the relay is down       O  and up again
  c  a clock is wrong               C  and right again             t  new zone data
  H  nothing breaks any more
  B  a backup is taken              Y  restored (1: to be adopted)    a  and adopted
  k  letters wait for an author's end   +  a sign of hers (1: strong)   w  she is away
  D  she dies                       M  a mail about her was taken   v  a keeper speaks
  u  a keeper is one no more        p  the stop paper is used       L  she is let go (1: she is dead)";

/// One event.
#[derive(Debug, Clone, Copy)]
struct Line {
    at: Secs,
    what: char,
    who: u64,
    more: i64,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", crate::stamp(self.at), self.what, self.who)?;
        if self.more != 0 {
            write!(f, " {}", self.more)?;
        }
        Ok(())
    }
}

/// The events of a run.
#[derive(Default)]
pub(crate) struct Log {
    lines: VecDeque<Line>,
    count: u64,
    aloud: bool,
}

impl Log {
    /// One that also says each line as it comes.
    pub(crate) fn new(aloud: bool) -> Self {
        Self { aloud, ..Self::default() }
    }

    /// Notes an event.
    #[expect(clippy::print_stdout, reason = "a program for the terminal, which was asked to speak")]
    pub(crate) fn note(&mut self, at: Secs, what: char, who: u64, more: i64) {
        let line = Line { at, what, who, more };
        self.count += 1;
        if self.aloud {
            println!("{line}");
        }
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The last of them, oldest first.
    pub(crate) fn last(&self) -> Vec<String> {
        self.lines.iter().map(ToString::to_string).collect()
    }
}

/// What one run came to.
#[derive(Debug, Default, Clone)]
pub struct Outcome {
    /// Human and engine events.
    pub events: u64,
    /// How often a process was ended.
    pub crashes: u64,
    /// How often an old backup was restored.
    pub restores: u64,
    /// How many authors' letters were let go after their end.
    pub let_go: u64,
    /// Copies that repeat an earlier one.
    pub duplicates: u64,
    /// What was broken.
    pub violations: Vec<String>,
    /// The last events, for reading a failure.
    pub log: Vec<String>,
}

impl Outcome {
    /// Takes another one's numbers.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.crashes += other.crashes;
        self.restores += other.restores;
        self.let_go += other.let_go;
        self.duplicates += other.duplicates;
        self.violations.extend(other.violations.iter().cloned());
    }
}
