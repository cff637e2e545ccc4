//! A clock that can be moved: the machine's own, plus what the town has lived, slept or been told. What was moved is kept in a file, so that a town that is
//! switched off and on again goes on where it was. Knows nothing of letters.

use jiff::{SignedDuration, Timestamp};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use unsaid::clock::{Clock, MachineClock, Source, WALL};

/// How far the town is from the machine, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Moved {
    /// What the wall clock shows more than the machine's.
    wall: i64,
    /// What true time is more than the machine's: all that was lived, or slept.
    truth: i64,
    /// What was lived in this process beyond real time.
    lived: u64,
}

/// The town's clock.
pub(crate) struct TownClock {
    moved: Mutex<Moved>,
    file: PathBuf,
}

impl TownClock {
    /// The clock of a town that keeps its distance from the machine in `file`.
    ///
    /// # Errors
    /// When the file is there and is not a number of seconds.
    pub(crate) fn open(file: PathBuf) -> io::Result<Self> {
        let moved: Vec<i64> = match std::fs::read_to_string(&file) {
            Ok(text) => text
                .split_whitespace()
                .map(str::parse)
                .collect::<Result<_, _>>()
                .map_err(|_| io::Error::other("the town's clock file holds no number of seconds"))?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => vec![0],
            Err(e) => return Err(e),
        };
        // A town of an earlier time has kept its wall clock alone.
        let wall = moved.first().copied().unwrap_or(0);
        let truth = moved.get(1).copied().unwrap_or(wall);
        Ok(Self { moved: Mutex::new(Moved { wall, truth, lived: 0 }), file })
    }

    /// Time passes while everything runs. It is kept with [`Self::keep`], once for many short steps.
    pub(crate) fn live(&self, seconds: u64) {
        let mut m = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        m.wall = m.wall.saturating_add_unsigned(seconds);
        m.truth = m.truth.saturating_add_unsigned(seconds);
        m.lived = m.lived.saturating_add(seconds);
    }

    /// Writes down how far the town is.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub(crate) fn keep(&self) -> io::Result<()> {
        self.change(|_| ())
    }

    /// The power was off.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub(crate) fn sleep(&self, seconds: u64) -> io::Result<()> {
        self.change(|m| {
            m.wall = m.wall.saturating_add_unsigned(seconds);
            m.truth = m.truth.saturating_add_unsigned(seconds);
        })
    }

    /// What time it truly is, which no part of the house is told but by its sources.
    pub(crate) fn truth(&self) -> Timestamp {
        let moved = SignedDuration::from_secs(self.moved().truth);
        MachineClock.wall().checked_add(moved).unwrap_or(Timestamp::MAX)
    }

    /// Only the wall clock moves: somebody set it.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub(crate) fn set_wall_ahead(&self, seconds: i64) -> io::Result<()> {
        self.change(|m| m.wall = m.wall.saturating_add(seconds))
    }

    fn change(&self, change: impl FnOnce(&mut Moved)) -> io::Result<()> {
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut moved);
        let part = self.file.with_extension("new");
        let mut file = std::fs::File::create(&part)?;
        writeln!(file, "{} {}", moved.wall, moved.truth)?;
        std::fs::rename(part, &self.file)
    }

    fn moved(&self) -> Moved {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for TownClock {
    fn wall(&self) -> Timestamp {
        let moved = SignedDuration::from_secs(self.moved().wall);
        MachineClock.wall().checked_add(moved).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        MachineClock.monotonic() + Duration::from_secs(self.moved().lived)
    }

    fn sources(&self) -> Vec<Source> {
        vec![Source { name: WALL.to_owned(), at: self.wall() }]
    }
}
