//! The rule of a delivery: three independent parts (gate, moment, reach) and the proof that opening asks for.
//! The types hold the whole rule from the first day; what this version cannot yet keep is refused by `accept`, and
//! parked by `decide` should it ever meet it in a row. Knows no rows and no JSON.

use crate::id::KeeperId;
use jiff::civil::{Date, Time};

/// What must have happened first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// Nothing.
    None,
    /// The author has gone.
    Gone,
    /// Keepers have given their word for an event.
    Word {
        /// Which event, in the author's words, as the house keeps them.
        event: String,
        /// Who is asked; empty: all who stand then.
        keepers: Vec<KeeperId>,
        /// How many must agree, or all where they are fewer.
        quorum: u8,
    },
}

/// On which day somebody born on 29 February has their birthday in the other years: the author chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeapDay {
    /// The day before.
    February28,
    /// The day after.
    March1,
}

/// A birthday without its year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Birthday {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
    /// Which day it is in a year without 29 February. Of no meaning for any other birthday.
    pub leap: LeapDay,
}

/// When, once the gate is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// As soon as the letter has rested.
    AtOnce,
    /// On a civil day, at a time, in a zone: what the author meant, from which the instant is derived.
    On {
        /// The day.
        date: Date,
        /// The time of day; nine in the morning unless she chose another.
        time: Time,
        /// IANA name of the zone.
        zone: String,
    },
    /// On the birthday on which the person reaches an age.
    Birthday {
        /// In years.
        age: u16,
        /// The year of birth: without it no age can be reckoned.
        year: i16,
        /// The day, copied when the letter was sealed: a later correction of the person asks whether it is meant here too.
        birthday: Birthday,
        /// The time of day.
        time: Time,
        /// IANA name of the zone.
        zone: String,
    },
    /// On every birthday, up to and including a year. Each is a delivery of its own, whose occurrence is the year.
    EachBirthday {
        /// The last year, inclusive.
        until: i16,
        /// The day, copied when the letter was sealed.
        birthday: Birthday,
        /// The time of day.
        time: Time,
        /// IANA name of the zone.
        zone: String,
    },
    /// A time after the gate has opened.
    After {
        /// In days.
        days: u32,
    },
}

impl Moment {
    /// The zone in which it names its day; none where it names none.
    pub fn zone(&self) -> Option<&str> {
        match self {
            Self::On { zone, .. } | Self::Birthday { zone, .. } | Self::EachBirthday { zone, .. } => {
                Some(zone)
            }
            Self::AtOnce | Self::After { .. } => None,
        }
    }
}

/// How it gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A knock goes to the person's addresses.
    Send,
    /// It is held until it is asked for.
    Claim,
}

/// What the person is asked before the letter opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Nothing: whoever reads the mailbox can open it, and the page said so.
    None,
    /// Their birthday.
    Birthday,
    /// A question that the author set.
    Question,
}

/// What the author asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What must have happened.
    pub gate: Gate,
    /// When, once it has.
    pub moment: Moment,
    /// How it gets there.
    pub reach: Reach,
    /// What is asked before it opens.
    pub proof: Proof,
}

/// How long a sealing rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestAsked {
    /// Until the first nine in the morning, in the author's zone, that is at least six hours away.
    Morning,
    /// Until nine in the morning after this many nights, 1 to 30.
    Mornings(u8),
    /// Not at all, by her choice.
    None,
}
