//! The two clocks of delivery.md, neither of them the wall clock.
//!
//! *Trusted* time is a lower bound of true time: a stored mark plus monotonic time. It may step forward once after a start, to
//! make up for time switched off, when wall and monotonic clock have agreed for six observed hours. It never goes back.
//! *Observed* time counts only what the engine really served: silence, grace and budgets of trying use it, so that downtime is
//! never held against anybody. This file is given readings; it never reads a clock.

use crate::planted::{self, Planted};
use jiff::{SignedDuration, Timestamp};

/// Seconds in which the engine ran and could send, since the house began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Observed(pub i64);

impl Observed {
    /// This many seconds of service later.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
    /// This many hours of service later.
    pub fn plus_hours(self, hours: i64) -> Self {
        self.plus_seconds(hours * HOUR)
    }
    /// This many days of service later.
    pub fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days * DAY)
    }
}

/// What every decision is given instead of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// A lower bound of true time. Dated letters use it.
    pub trusted: Timestamp,
    /// Service time. Silence, grace and retries use it.
    pub observed: Observed,
}

/// An independent source of the time of day, as it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Which source: `wall`, a host's name.
    pub name: String,
    /// What it said.
    pub at: Timestamp,
}

/// What the clock port answered, all at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Time since an arbitrary start that never goes back; runs on while the machine sleeps.
    pub monotonic: std::time::Duration,
    /// The sources; the wall clock is one of them.
    pub sources: Vec<Source>,
}

/// What the table `clock` holds between two starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The trusted time that was stored last.
    pub trusted: Timestamp,
    /// The observed time that was stored last.
    pub observed: Observed,
}

/// Seconds in an hour.
pub const HOUR: i64 = 3_600;
/// Seconds in a day of twenty-four hours.
pub const DAY: i64 = 86_400;
/// The longest time between two turns that is credited as service, in seconds. Longer pauses (a sleeping laptop, a hung
/// disk) count as this much and no more.
pub const LONGEST_CREDIT_SECONDS: i64 = 600;
/// A step of trusted time with one source is at most this long.
pub const LONGEST_STEP_DAYS: i64 = 40;
/// So long must wall and monotonic clock agree before a step is believed.
pub const AGREEMENT_HOURS: i64 = 6;
/// The agreement must begin within this time of the start.
pub const AGREEMENT_BEGINS_WITHIN_HOURS: i64 = 24;
/// A wall clock that leaps forward may begin an agreement only within this time of the start: long enough for a machine without a battery to be told
/// the time, and no longer, because whatever leaps later is a clock that was set, rightly or wrongly, while the house ran.
pub const LEAP_BEGINS_WITHIN_HOURS: i64 = 1;
/// Two clocks agree while their distance changes by no more than this, in seconds.
pub const AGREEMENT_SLACK_SECONDS: i64 = 90;

/// What the host is shown when the clocks do not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The wall clock is ahead by this many seconds; six observed hours of agreement will settle it.
    Settling {
        /// How far the wall clock is ahead, in seconds.
        ahead_seconds: i64,
    },
    /// The wall clock is ahead by more than may be believed without a word from the host (`unsaid clock confirm`).
    NeedsConfirming {
        /// How far the wall clock is ahead, in seconds.
        ahead_seconds: i64,
    },
    /// The wall clock is behind what has certainly passed. It is not believed; please set it right.
    Behind {
        /// How far the wall clock is behind, in seconds.
        behind_seconds: i64,
    },
}

/// Both clocks of one running engine.
#[derive(Debug, Clone)]
pub struct Timekeeper {
    trusted: Timestamp,
    observed: Observed,
    started: std::time::Duration,
    last: std::time::Duration,
    /// Nanoseconds of service not yet worth a whole second.
    spare_nanos: i64,
    agreement: Agreement,
}

#[derive(Debug, Clone, Copy)]
enum Agreement {
    /// Since this observed time the wall clock has kept this distance from trusted time, in seconds.
    Since(Observed, i64),
    /// The one step that a start allows has been taken, or can no longer be.
    Over,
}

impl Timekeeper {
    /// Begins with what was stored. `reading` is the first one after the start.
    pub fn start(mark: Mark, reading: &Reading) -> Self {
        let mut keeper = Self {
            trusted: mark.trusted,
            observed: mark.observed,
            started: reading.monotonic,
            last: reading.monotonic,
            spare_nanos: 0,
            agreement: Agreement::Over,
        };
        if let Some(distance) = keeper.distance(reading) {
            keeper.agreement = Agreement::Since(mark.observed, distance);
        }
        keeper
    }

    /// The mark of a house that begins today: the only time that the wall clock is taken at its word.
    pub fn first_mark(reading: &Reading) -> Option<Mark> {
        let wall = reading.sources.first()?.at;
        Some(Mark { trusted: wall, observed: Observed(0) })
    }

    /// Takes a reading and says what time it is. `served` tells whether the engine ran and could send since the last one.
    pub fn read(&mut self, reading: &Reading, served: bool) -> Now {
        let passed = reading.monotonic.saturating_sub(self.last);
        self.last = self.last.max(reading.monotonic);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        self.trusted = self.trusted.checked_add(passed).unwrap_or(Timestamp::MAX);
        if served {
            let longest = SignedDuration::from_secs(LONGEST_CREDIT_SECONDS);
            let credit = passed.min(longest).as_nanos() as i64 + self.spare_nanos;
            self.observed = self.observed.plus_seconds(credit / 1_000_000_000);
            self.spare_nanos = credit % 1_000_000_000;
        }
        self.agree(reading);
        self.now()
    }

    /// The time as of the last reading.
    pub fn now(&self) -> Now {
        Now { trusted: self.trusted, observed: self.observed }
    }

    /// The time at `monotonic`, without taking a reading: for those who only look.
    pub fn at(&self, monotonic: std::time::Duration) -> Now {
        let passed =
            SignedDuration::try_from(monotonic.saturating_sub(self.last)).unwrap_or(SignedDuration::ZERO);
        Now { trusted: self.trusted.checked_add(passed).unwrap_or(Timestamp::MAX), observed: self.observed }
    }

    /// What is to be stored, so that the next start begins here.
    pub fn mark(&self) -> Mark {
        Mark { trusted: self.trusted, observed: self.observed }
    }

    /// Whether the sources contradict trusted time, for doctor and the host's page.
    pub fn doubt(&self, reading: &Reading) -> Option<Doubt> {
        let distance = self.distance(reading)?;
        if distance > LONGEST_STEP_DAYS * DAY {
            Some(Doubt::NeedsConfirming { ahead_seconds: distance })
        } else if distance > AGREEMENT_SLACK_SECONDS {
            Some(match self.agreement {
                Agreement::Since(..) => Doubt::Settling { ahead_seconds: distance },
                Agreement::Over => Doubt::NeedsConfirming { ahead_seconds: distance },
            })
        } else if distance < -AGREEMENT_SLACK_SECONDS {
            Some(Doubt::Behind { behind_seconds: -distance })
        } else {
            None
        }
    }

    /// Seconds by which the one source is ahead of trusted time.
    fn distance(&self, reading: &Reading) -> Option<i64> {
        let wall = reading.sources.first()?.at;
        Some(wall.as_second() - self.trusted.as_second())
    }

    /// The one-source rule: a step is taken once a start, forward only, and only after six observed hours in which the wall clock
    /// kept its distance, beginning within a day of the start.
    fn agree(&mut self, reading: &Reading) {
        if planted::is(Planted::WallClock)
            && let Some(wall) = reading.sources.first()
        {
            self.trusted = self.trusted.max(wall.at);
        }
        let Agreement::Since(since, distance) = self.agreement else { return };
        let Some(seen) = self.distance(reading) else { return };
        let since_start = reading.monotonic.saturating_sub(self.started).as_secs();
        if (seen - distance).abs() > AGREEMENT_SLACK_SECONDS {
            // The wall clock was set while we ran: shown, never believed. A new agreement may begin within the first day if it was set back, and only
            // within the first hour if it was set forward: what is early cannot be taken back.
            let forward = seen > distance;
            let within = if forward { LEAP_BEGINS_WITHIN_HOURS } else { AGREEMENT_BEGINS_WITHIN_HOURS };
            self.agreement = if since_start <= (within * HOUR) as u64 {
                Agreement::Since(self.observed, seen)
            } else {
                Agreement::Over
            };
            return;
        }
        if self.observed < since.plus_hours(AGREEMENT_HOURS) {
            return;
        }
        // Small distances are drift between the two clocks, longer ones than forty days need a human.
        if seen > 0 && seen <= LONGEST_STEP_DAYS * DAY {
            self.trusted =
                self.trusted.checked_add(SignedDuration::from_secs(seen)).unwrap_or(Timestamp::MAX);
        }
        self.agreement = Agreement::Over;
    }
}
