//! Has it happened? The gate of a letter that waits for the word of keepers: what each of them says, when it opens, and what takes that back. Nothing opens because of silence. Knows no rows, no
//! messages and no addresses.

use crate::clock::{Now, Observed};
use crate::decide::Gone;
use crate::id::KeeperId;
use crate::state::Wake;
use jiff::{SignedDuration, Timestamp};

/// While the author lives a word opens the gate so many observed days after she was told of it.
pub const GRACE_DAYS: i64 = 14;
/// Where two or more keepers stand, so many must say it at least.
pub const LEAST: u8 = 2;
/// An author describes what must have happened in so many letters at most.
pub const LONGEST: usize = 120;

/// What a keeper has said about one event: the last word of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Heard {
    /// Who.
    pub keeper: KeeperId,
    /// It has happened; else not yet.
    pub happened: bool,
}

/// Enough keepers have said that it has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spoken {
    /// When, in observed time.
    pub since: Observed,
    /// When, by trusted time.
    pub at: Timestamp,
    /// The author was there to be told, and may stop it.
    pub grace: bool,
}

/// Whether the author was told that enough keepers have spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Told {
    /// It waits to leave.
    Waits,
    /// The relay took it then, or her mailbox refused it for good.
    Since(Observed),
}

/// What decisions read of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Enough keepers have said it.
    pub spoken: Spoken,
    /// Whether she knows.
    pub told: Option<Told>,
}

/// What is known of one event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// How many keepers must say it, as the rule has it.
    pub quorum: u8,
    /// Those who stand.
    pub keepers: Vec<KeeperId>,
    /// Their words.
    pub heard: Vec<Heard>,
    /// Enough of them have said it.
    pub spoken: Option<Spoken>,
    /// Whether she knows.
    pub told: Option<Told>,
    /// A letter waits for it: its rest is over, and it was neither taken back nor let go.
    pub waits: bool,
    /// The author was let go: there is nobody to be told.
    pub released: bool,
}

/// The gate of one letter, as decisions read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// Shut. Looked at again then; none: nobody has said enough.
    Shut(Option<Wake>),
    /// Open.
    Open(Gone),
}

/// What a word has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Enough of them have said it, from now on or still.
    pub spoken: Option<Spoken>,
    /// It was not so before: she is told that it opens.
    pub begins: bool,
    /// The name of the rule.
    pub why: &'static str,
}

/// Why a keeper's word about an event is not taken. Its words stand under the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoWord {
    /// This is no keeper of hers, or not any more.
    NotAKeeper,
    /// Nothing waits for it: the gate has opened, or the letter was taken back.
    Over,
    /// They have said the same before.
    Same,
}

/// `at-least-two`: how many keepers must say it, of so many who stand. None: there is nobody to say it.
pub fn needed(quorum: u8, keepers: usize) -> Option<u8> {
    let all = u8::try_from(keepers).unwrap_or(u8::MAX);
    (all > 0).then(|| quorum.max(LEAST).min(all))
}

fn after_grace(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(24 * GRACE_DAYS)).unwrap_or(Timestamp::MAX)
}

/// `nothing-by-silence`, `word-grace`: whether the gate stands open.
pub fn gateway(opening: Option<Opening>, now: Now) -> Gateway {
    let Some(Opening { spoken, told }) = opening else { return Gateway::Shut(None) };
    if !spoken.grace {
        return Gateway::Open(Gone { at: spoken.at, foreseen: false });
    }
    let Some(Told::Since(since)) = told else {
        // What only waits to leave has told her nothing, however long it waits.
        return Gateway::Shut(Some(Wake::Observed(now.observed.plus_hours(24))));
    };
    let opens = since.max(spoken.since).plus_days(GRACE_DAYS);
    let at = after_grace(spoken.at);
    if now.observed < opens {
        return Gateway::Shut(Some(Wake::Observed(opens)));
    }
    if now.trusted < at {
        return Gateway::Shut(Some(Wake::Trusted(at)));
    }
    Gateway::Open(Gone { at, foreseen: true })
}

impl Event {
    /// How many keepers who stand say that it has happened, and how many say not yet.
    pub fn count(&self) -> (usize, usize) {
        let of = |happened| {
            let saying: std::collections::BTreeSet<KeeperId> = self
                .heard
                .iter()
                .filter(|heard| heard.happened == happened && self.keepers.contains(&heard.keeper))
                .map(|heard| heard.keeper)
                .collect();
            saying.len()
        };
        (of(true), of(false))
    }

    /// Whether as many say it as must.
    pub fn is_said(&self) -> bool {
        needed(self.quorum, self.keepers.len()).is_some_and(|needed| self.count().0 >= usize::from(needed))
    }

    /// What decisions read of it. None: nobody has said enough.
    pub fn opening(&self) -> Option<Opening> {
        self.spoken.map(|spoken| Opening { spoken, told: self.told })
    }

    /// Whether the gate stands open.
    pub fn gateway(&self, now: Now) -> Gateway {
        gateway(self.opening(), now)
    }

    /// The earliest day on which it opens, while she may still stop it.
    pub fn opens(&self) -> Option<Timestamp> {
        self.spoken.filter(|spoken| spoken.grace).map(|spoken| after_grace(spoken.at))
    }

    fn is_open(&self, now: Now) -> bool {
        matches!(self.gateway(now), Gateway::Open(_))
    }

    /// A keeper's own word. It counts until the gate opens, and may be taken back as long.
    pub fn say(&self, keeper: KeeperId, happened: bool, now: Now) -> Result<(Self, Said), NoWord> {
        if !self.keepers.contains(&keeper) {
            return Err(NoWord::NotAKeeper);
        }
        if !self.waits || self.is_open(now) {
            return Err(NoWord::Over);
        }
        let word = Heard { keeper, happened };
        if self.heard.contains(&word) {
            return Err(NoWord::Same);
        }
        let others = self.heard.iter().copied().filter(|heard| heard.keeper != keeper);
        let next = Self { heard: others.chain([word]).collect(), ..self.clone() };
        Ok(next.counted(now))
    }

    /// What the words come to, as they stand now: also after a keeper was removed, or has declined.
    pub fn counted(mut self, now: Now) -> (Self, Said) {
        let before = self.spoken;
        let why = match (before, self.is_said()) {
            (Some(_), false) if !self.is_open(now) => {
                (self.spoken, self.told) = (None, None);
                "word-of-keepers-taken-back"
            }
            (None, true) => {
                let grace = !self.released;
                self.spoken = Some(Spoken { since: now.observed, at: now.trusted, grace });
                self.told = grace.then_some(Told::Waits);
                "word-of-keepers"
            }
            _ => "word-of-keepers",
        };
        let said = Said { spoken: self.spoken, begins: before.is_none() && self.spoken.is_some(), why };
        (self, said)
    }

    /// `word-stopped`: the author says no, until the gate opens. What was said is void, and they would have to say it anew. None: there was nothing to stop.
    pub fn stop(&self, now: Now) -> Option<Self> {
        let something = self.spoken.is_some() || !self.heard.is_empty();
        (something && self.waits && !self.is_open(now)).then(|| Self {
            heard: Vec::new(),
            spoken: None,
            told: None,
            ..self.clone()
        })
    }
}
