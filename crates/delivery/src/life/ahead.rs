//! What would come if nothing more were heard of her: her own row, walked forward by [`super::decide`] itself, over a relay that takes everything at once. So each day that is said here is the earliest on
//! which it can be; whatever is late in the world makes it later. Moves nothing, writes nothing, and knows no calendar.

use super::{Change, Facts, Heard, Life, Stage, To, Vote, Word, Write, accept, decide};
use crate::clock::{Now, Observed};
use crate::message::Says;
use crate::state::Wake;
use jiff::{SignedDuration, Timestamp};

/// What her keepers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum They {
    /// All say today, unasked, that she has died, and say it again where that is wanted: nothing leaves sooner than then.
    SpeakToday,
    /// All say so on the day on which they are asked.
    SpeakWhenAsked,
    /// Nobody answers.
    SayNothing,
}

/// What comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// She is asked how she is.
    Question,
    /// She is reminded, 1 to 4.
    Reminder(u8),
    /// Her keepers are asked for the first time.
    KeepersAsked,
    /// She is warned.
    Warning {
        /// The how-manieth.
        nth: u8,
        /// Of how many.
        of: u8,
    },
    /// The day for which everything is held once more.
    HoldOff,
    /// A stop is over by itself.
    GoesOn,
    /// Her letters are let go.
    Released,
}

/// One of the days to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// When, at the earliest.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// Farther than this nobody is told: the longest that may be chosen is shorter by far (ten years of fallback, a year of a stop).
const FARTHEST_YEARS: i64 = 40;
/// A walk has no more steps than this.
const STEPS: usize = 20_000;

/// Something that would be written along the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// When, at the earliest.
    pub at: Timestamp,
    /// Her row as it would be then.
    pub life: Life,
    /// What, and to whom.
    pub write: Write,
}

/// All that would be written, in its order, but what keepers are asked every year. Nothing of it is.
pub fn rehearse(life: &Life, facts: &Facts, they: They, now: Now) -> Vec<Written> {
    go(life, facts, they, now).written
}

/// So many messages of a rehearsal are shown, or sent: keepers who never answer are asked for ever.
pub const REHEARSED: usize = 60;

/// All that would be written, with keepers who speak when they are asked, or, where they never are, today.
pub fn rehearsed(life: &Life, facts: &Facts, now: Now) -> Vec<Written> {
    let asked = They::SpeakWhenAsked;
    let spoken = released(&walk(life, facts, asked, now)).is_none() && !facts.keepers.is_empty();
    rehearse(life, facts, if spoken { They::SpeakToday } else { asked }, now)
}

/// Walks. The last of what comes is [`What::Released`], if her letters are ever let go.
pub fn walk(life: &Life, facts: &Facts, they: They, now: Now) -> Vec<Ahead> {
    go(life, facts, they, now).ahead
}

fn go(life: &Life, facts: &Facts, they: They, now: Now) -> Walk {
    let (ahead, written) = (Vec::new(), Vec::new());
    // For addresses her keepers are asked after the last of what is told here.
    let facts = Facts { lost: 0, ..facts.clone() };
    let mut walk = Walk { life: life.clone(), facts, now, ahead, written };
    for heard in walk.facts.rung.iter_mut().filter(|heard| **heard == Heard::NotYet) {
        *heard = Heard::Accepted(now.observed);
    }
    // Whoever has been asked already may answer today.
    let asked = life.keepers_asked.is_some();
    if they == They::SpeakToday || (they == They::SpeakWhenAsked && asked) {
        walk.they_speak();
    }
    let end = now.observed.plus_days(FARTHEST_YEARS * 366);
    for _ in 0..STEPS {
        let change = decide(&walk.life, &walk.facts, walk.now);
        let wake = change.wake;
        walk.takes(change, they);
        match wake {
            None => break,
            Some(wake) => walk.on_to(wake),
        }
        if walk.now.observed > end {
            break;
        }
    }
    walk
}

/// When her letters would be let go at the earliest.
pub fn released(ahead: &[Ahead]) -> Option<Timestamp> {
    ahead.last().filter(|last| last.what == What::Released).map(|last| last.at)
}

struct Walk {
    life: Life,
    facts: Facts,
    now: Now,
    ahead: Vec<Ahead>,
    written: Vec<Written>,
}

impl Walk {
    fn writes(&mut self, write: &[Write]) {
        let (at, life) = (self.now.trusted, &self.life);
        // That keepers are invited is of today, that they are asked once a year whether this is still right has no end, and nothing follows from either.
        let told = write.iter().filter(|write| !matches!(write.says, Says::Invited | Says::StillRight));
        self.written.extend(told.map(|write| Written { at, life: life.clone(), write: *write }));
    }

    fn says(&mut self, what: What) {
        self.ahead.push(Ahead { at: self.now.trusted, what });
    }

    /// Each says what they would say on their page.
    fn they_speak(&mut self) {
        for keeper in self.facts.keepers.clone() {
            let Ok(change) = accept::vote(&self.life, keeper, Word::Died, &self.facts, self.now) else {
                continue;
            };
            self.life = change.life;
            self.writes(&change.write);
            self.facts.votes = accept::voted(&self.facts.votes, Vote { keeper, word: Word::Died });
        }
    }

    /// One commit, as the worker would make it, and what the relay makes of its messages.
    fn takes(&mut self, change: Change, they: They) {
        let was = self.life.stage;
        let asked_before = self.life.keepers_asked.is_some();
        let rung = self.life.rung;
        let anew = change.life.episode != self.life.episode;
        if anew {
            self.facts.votes.clear();
        }
        self.life = change.life;
        self.writes(&change.write);
        if self.life.rung != rung {
            self.facts.rung = vec![Heard::Accepted(self.now.observed); self.facts.channels.len()];
            let what = match self.life.stage {
                Stage::Reminded(nth) => What::Reminder(nth),
                Stage::Grace(grace) => What::Warning { nth: grace.warning, of: grace.of },
                _ => What::Question,
            };
            self.says(what);
        }
        if self.life.keepers_asked.is_some() && !asked_before {
            self.says(What::KeepersAsked);
        }
        if change.write.iter().any(|write| matches!(write.to, To::Keeper(_) | To::Host(_))) {
            self.facts.mail_left = Some(self.now.observed);
        }
        if change.write.iter().any(|write| write.says == Says::Invited) {
            self.facts.invited.clear();
        }
        for (keeper, quiet) in &mut self.facts.quiet {
            let asked = |write: &Write| write.says == Says::StillRight && write.to == To::Keeper(*keeper);
            if change.write.iter().any(asked) {
                *quiet = self.now.trusted;
            }
        }
        let asks = change.write.iter().any(|write| write.says == Says::KeeperAsked);
        // Where a stop has ended, their words have to be said anew.
        if (asks && they == They::SpeakWhenAsked) || (anew && they == They::SpeakToday) {
            self.they_speak();
        }
        match (was, self.life.stage) {
            (Stage::Grace(_), Stage::Gone { .. }) => self.says(What::HoldOff),
            (Stage::Stopped { .. }, Stage::Present) => self.says(What::GoesOn),
            (before, Stage::Released) if before != Stage::Released => self.says(What::Released),
            _ => {}
        }
    }

    /// Both clocks go on alike: a house that is there all the time.
    fn on_to(&mut self, wake: Wake) {
        let Observed(here) = self.now.observed;
        let seconds = match wake {
            Wake::Observed(Observed(at)) => at - here,
            Wake::Trusted(at) => at.duration_since(self.now.trusted).as_secs(),
        };
        let seconds = seconds.max(0);
        let trusted = self.now.trusted.checked_add(SignedDuration::from_secs(seconds));
        self.now = Now { trusted: trusted.unwrap_or(Timestamp::MAX), observed: Observed(here + seconds) };
    }
}
