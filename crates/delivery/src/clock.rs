//! The two clocks of delivery.md, neither of them the wall clock.
//!
//! *Trusted* time is a lower bound of true time: a stored mark plus monotonic time. It steps forward when two independent sources agree, at any time; where only
//! one is known, once after a start, to make up for time switched off, when wall and monotonic clock have agreed for six hours that the engine ran. It never goes back.
//! *Observed* time counts only what the engine really served: silence, grace and budgets of trying use it, so that downtime is
//! never held against anybody. This file is given readings; it never reads a clock.

mod doubt;
mod several;

pub use doubt::Doubt;
pub use several::{Agreed, SOURCES_AGREE_SECONDS, agreed, answered};

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
    /// Which source: `wall`, a host's name, `database`. Two sources of one name are one.
    pub name: String,
    /// What time it is by what it said: the earliest that its answer leaves open, carried on by the monotonic clock since it was heard.
    pub at: Timestamp,
}

/// What the clock port answered, all at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Time since an arbitrary start that never goes back; runs on while the machine sleeps.
    pub monotonic: std::time::Duration,
    /// The sources that answer; the wall clock is one of them, and the first.
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

/// Both clocks of one running engine.
#[derive(Debug, Clone)]
pub struct Timekeeper {
    trusted: Timestamp,
    observed: Observed,
    lived: Observed,
    started: std::time::Duration,
    last: std::time::Duration,
    /// Nanoseconds of service not yet worth a whole second.
    spare_nanos: i64,
    /// The same of what was lived.
    spare_lived_nanos: i64,
    agreement: Agreement,
    /// More than one source is known, though not all may answer.
    several: bool,
    /// Trusted time stands still: two sources agree that it is ahead.
    still: bool,
    /// The latest that anybody was told: not even those who only look see time go back.
    told: Timestamp,
}

#[derive(Debug, Clone, Copy)]
enum Agreement {
    /// Since so much was lived, the wall clock has kept this distance from trusted time, in seconds.
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
            lived: Observed(0),
            started: reading.monotonic,
            last: reading.monotonic,
            spare_nanos: 0,
            spare_lived_nanos: 0,
            agreement: Agreement::Over,
            several: answered(&reading.sources) > 1,
            still: false,
            told: mark.trusted,
        };
        if let Some(distance) = keeper.distance(reading) {
            keeper.agreement = Agreement::Since(keeper.lived, distance);
        }
        keeper
    }

    /// More than one source is known: no single one is believed, however few answer. Seeing two at once teaches it, too.
    #[must_use]
    pub fn knowing_several(self) -> Self {
        Self { several: true, ..self }
    }

    /// The mark of a house that begins today. Where two sources agree, what they say; else the earliest that any says: with one source this is the only time that it
    /// is taken at its word.
    pub fn first_mark(reading: &Reading) -> Option<Mark> {
        let trusted = match agreed(&reading.sources) {
            Some(agreed) => agreed.lowest,
            None => reading.sources.iter().map(|source| source.at).min()?,
        };
        Some(Mark { trusted, observed: Observed(0) })
    }

    /// Takes a reading and says what time it is. `served` tells whether the engine ran and could send since the last one.
    pub fn read(&mut self, reading: &Reading, served: bool) -> Now {
        let passed = reading.monotonic.saturating_sub(self.last);
        self.last = self.last.max(reading.monotonic);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        let credit = passed.min(SignedDuration::from_secs(LONGEST_CREDIT_SECONDS));
        self.lived = credited(self.lived, &mut self.spare_lived_nanos, credit);
        if served {
            self.observed = credited(self.observed, &mut self.spare_nanos, credit);
        }
        self.several |= answered(&reading.sources) > 1;
        let went_on = self.trusted.checked_add(passed).unwrap_or(Timestamp::MAX);
        self.go_on(went_on, agreed(&reading.sources));
        if !self.several {
            self.agree(reading);
        }
        if planted::is(Planted::WallClock)
            && let Some(wall) = reading.sources.first()
        {
            self.trusted = self.trusted.max(wall.at);
        }
        self.told = self.told.max(self.trusted);
        self.now()
    }

    /// `two-sources-agree`, `stands-still-when-ahead`: the monotonic clock carries trusted time on; what two sources agree on takes it forward, and keeps it from running ahead.
    fn go_on(&mut self, went_on: Timestamp, agreed: Option<Agreed>) {
        self.still = agreed.is_some_and(|agreed| ahead_of(went_on, agreed) > SOURCES_AGREE_SECONDS);
        self.trusted = match agreed {
            // Back it never goes: whoever was told a time is not told an earlier one.
            Some(agreed) if self.still => self.trusted.max(self.told).max(agreed.highest),
            Some(agreed) => went_on.max(agreed.lowest),
            None => went_on,
        };
    }

    /// `served-once`: what another node of this house, or its host by hand, has stored meanwhile. Only the node that holds the ticker credits service, all others go by this: time is the house's, and not one node's. Never back.
    pub fn follow(&mut self, stored: Mark) {
        self.observed = self.observed.max(stored.observed);
        // What the mark is ahead, the distance of the wall clock is shorter by.
        let by = stored.trusted.as_second() - self.trusted.as_second();
        if by > 0 && !self.still {
            self.trusted = stored.trusted;
            self.told = self.told.max(self.trusted);
            if let Agreement::Since(_, distance) = &mut self.agreement {
                *distance -= by;
            }
        }
    }

    /// The time as of the last reading.
    pub fn now(&self) -> Now {
        Now { trusted: self.trusted, observed: self.observed }
    }

    /// The time at `monotonic`, without taking a reading: for those who only look.
    pub fn at(&mut self, monotonic: std::time::Duration) -> Now {
        let passed = monotonic.saturating_sub(self.last);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::ZERO);
        if !self.still {
            self.told = self.told.max(self.trusted.checked_add(passed).unwrap_or(Timestamp::MAX));
        }
        Now { trusted: self.told.max(self.trusted), observed: self.observed }
    }

    /// Seconds that this process has run since its start, whatever it could do meanwhile; a pause counts as little as in observed time. Leases, beats and the pauses
    /// after trouble go by it, because they go on while observed time stands.
    pub fn lived(&self) -> Observed {
        self.lived
    }

    /// What is to be stored, so that the next start begins here.
    pub fn mark(&self) -> Mark {
        Mark { trusted: self.trusted, observed: self.observed }
    }

    /// Two sources agree that it is earlier than trusted time says: until they have reached it no letter may leave, because its day may not have come.
    pub fn stands_still(&self) -> bool {
        self.still
    }

    /// Whether the sources contradict trusted time, for doctor and the host's page.
    pub fn doubt(&self, reading: &Reading) -> Option<Doubt> {
        if self.several || answered(&reading.sources) > 1 {
            return self.doubt_of_several(reading);
        }
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

    /// `one-liar-moves-nothing`: what is shown where two do not agree, or agree that we are ahead.
    fn doubt_of_several(&self, reading: &Reading) -> Option<Doubt> {
        if let Some(agreed) = agreed(&reading.sources) {
            let ahead_seconds = ahead_of(self.trusted, agreed);
            return (ahead_seconds > SOURCES_AGREE_SECONDS).then_some(Doubt::Ahead { ahead_seconds });
        }
        let said = || reading.sources.iter().map(|source| source.at.as_second());
        if answered(&reading.sources) > 1 {
            let between_seconds = said().max()? - said().min()?;
            return Some(Doubt::Apart { between_seconds });
        }
        let ahead_seconds = self.distance(reading)?;
        (ahead_seconds.abs() > AGREEMENT_SLACK_SECONDS).then_some(Doubt::Alone { ahead_seconds })
    }

    /// Seconds by which the one source is ahead of trusted time.
    fn distance(&self, reading: &Reading) -> Option<i64> {
        let wall = reading.sources.first()?.at;
        Some(wall.as_second() - self.trusted.as_second())
    }

    /// The one-source rule: a step is taken once a start, forward only, and only after six hours lived in which the wall clock
    /// kept its distance, beginning within a day of the start.
    fn agree(&mut self, reading: &Reading) {
        let Agreement::Since(since, distance) = self.agreement else { return };
        let Some(seen) = self.distance(reading) else { return };
        let since_start = reading.monotonic.saturating_sub(self.started).as_secs();
        if (seen - distance).abs() > AGREEMENT_SLACK_SECONDS {
            // The wall clock was set while we ran: shown, never believed. A new agreement may begin within the first day if it was set back, and only
            // within the first hour if it was set forward: what is early cannot be taken back.
            let forward = seen > distance;
            let within = if forward { LEAP_BEGINS_WITHIN_HOURS } else { AGREEMENT_BEGINS_WITHIN_HOURS };
            self.agreement = if since_start <= (within * HOUR) as u64 {
                Agreement::Since(self.lived, seen)
            } else {
                Agreement::Over
            };
            return;
        }
        if self.lived < since.plus_hours(AGREEMENT_HOURS) {
            return;
        }
        // Small distances are drift between the two clocks, longer ones than forty days need a human.
        if seen > 0 && seen <= LONGEST_STEP_DAYS * DAY {
            self.trusted =
                self.trusted.checked_add(SignedDuration::from_secs(seen)).unwrap_or(Timestamp::MAX);
            if planted::is(Planted::DowntimeCounts) {
                self.observed = self.observed.plus_seconds(seen);
            }
        }
        self.agreement = Agreement::Over;
    }
}

/// Seconds by which a time is ahead of the latest of those that agree; negative where it is not.
fn ahead_of(time: Timestamp, agreed: Agreed) -> i64 {
    time.as_second() - agreed.highest.as_second()
}

/// Whole seconds on top of a count; what is left over is kept for the next.
fn credited(count: Observed, spare_nanos: &mut i64, credit: SignedDuration) -> Observed {
    // At most ten minutes in nanoseconds: far from the end of the type.
    let nanos = i64::try_from(credit.as_nanos()).unwrap_or(0) + *spare_nanos;
    *spare_nanos = nanos % 1_000_000_000;
    count.plus_seconds(nanos / 1_000_000_000)
}
