//! What a human may ask, and what becomes of it. http asks here and commits the answer; it decides nothing itself.
//! This file does not know refusals by the person: a refused delivery runs its course silently, and its author cannot tell.

use crate::calendar::{self, ZoneUnknown};
use crate::clock::Now;
use crate::fact::Fact;
use crate::refusal::Scope;
use crate::rule::{Gate, Moment, Proof, Reach, RestAsked, Rule};
use crate::state::{Delivery, Rest, State, Wake};
use jiff::{Timestamp, ToSpan};

/// Why something that was asked cannot be. Each has two sentences in the words of the pages, under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The rule asks for something that this version does not yet do.
    NotYet,
    /// The day has passed.
    DayPassed,
    /// The day is more than 150 years away.
    DayTooFar,
    /// The zone's name means nothing to us.
    ZoneUnknown,
    /// The person has no address, and the letter is to be sent.
    NoAddress,
    /// The rest is over, so there is nothing to undo; withdrawing is what is left.
    Rested,
    /// It still rests: undoing is simpler and says more.
    StillResting,
    /// A letter that is already sealed cannot be sealed again before it is taken back.
    AlreadySealed,
    /// There is nothing there to take back.
    NothingSealed,
    /// It cannot be opened: it was taken back, or is held.
    NotHere,
}

impl Refusal {
    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::NotYet => "not-yet",
            Self::DayPassed => "day-passed",
            Self::DayTooFar => "day-too-far",
            Self::ZoneUnknown => "zone-unknown",
            Self::NoAddress => "no-address",
            Self::Rested => "rested",
            Self::StillResting => "still-resting",
            Self::AlreadySealed => "already-sealed",
            Self::NothingSealed => "nothing-sealed",
            Self::NotHere => "not-here",
        }
    }
}

impl From<ZoneUnknown> for Refusal {
    fn from(_: ZoneUnknown) -> Self {
        Self::ZoneUnknown
    }
}

/// What sealing under a rule would mean, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// When the rest ends.
    pub rest: Rest,
    /// The instant of the moment; the end of the rest for a letter that goes at once.
    pub due: Timestamp,
    /// When it goes: the later of both.
    pub leaves: Timestamp,
    /// The day that was chosen lies before the end of the rest, so it goes at that end.
    pub early: bool,
}

/// `rest-first`, `kinds-we-keep`: what a rule would mean if it were sealed now. `author_zone` is an IANA name.
pub fn plan(rule: &Rule, rest: RestAsked, author_zone: &str, now: Now) -> Result<Plan, Refusal> {
    if !kept_by_this_version(rule) {
        return Err(Refusal::NotYet);
    }
    let rest = calendar::rest(rest, author_zone, now)?;
    let due = match &rule.moment {
        Moment::On { date, time, zone } => {
            let today = calendar::day_in(now.trusted, zone)?;
            if *date < today {
                return Err(Refusal::DayPassed);
            }
            if today.checked_add(calendar::FARTHEST_YEARS.years()).is_ok_and(|last| *date > last) {
                return Err(Refusal::DayTooFar);
            }
            calendar::instant(*date, *time, zone)?
        }
        _ => rest.until,
    };
    Ok(Plan { rest, due, leaves: due.max(rest.until), early: due < rest.until })
}

/// What this version can keep. Anything else is refused before it is promised, and parked should it stand in a row.
pub fn kept_by_this_version(rule: &Rule) -> bool {
    matches!(rule.gate, Gate::None)
        && matches!(rule.moment, Moment::AtOnce | Moment::On { .. })
        && rule.reach == Reach::Send
        && rule.proof == Proof::None
}

/// What changes in a delivery when something is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Its new state.
    pub state: State,
    /// When it wants to be looked at again; none for an end.
    pub wake: Option<Wake>,
    /// What goes into the journal first.
    pub fact: Fact,
    /// The name of the rule that allowed it.
    pub why: &'static str,
}

/// `seal-once`: a letter with a living delivery is not sealed over. What was undone in its rest is a draft, and may be.
pub fn may_seal(existing: Option<&Delivery>, has_address: bool) -> Result<(), Refusal> {
    match existing {
        Some(d) if d.state != (State::Withdrawn { undone: true }) => Err(Refusal::AlreadySealed),
        _ if !has_address => Err(Refusal::NoAddress),
        _ => Ok(()),
    }
}

/// `undo-in-rest`: one click while it rests makes it a draft again, and nobody will know that it was ever sealed. A rest that is
/// over by the clock but not yet noticed by the worker is over.
pub fn undo(delivery: &Delivery, now: Now) -> Result<Granted, Refusal> {
    match delivery.state {
        State::Resting if !delivery.rest.has_ended(now) => Ok(Granted {
            state: State::Withdrawn { undone: true },
            wake: None,
            fact: Fact::Undone { letter: delivery.letter },
            why: "undo-in-rest",
        }),
        State::Withdrawn { undone: true } => Err(Refusal::NothingSealed),
        _ => Err(Refusal::Rested),
    }
}

/// `withdraw-until-opened`: after the rest, until it is opened. What comes of it is not said: the answer is one and the same. None: nothing
/// changes in the delivery, but the fact that she asked is kept, and she is shown 'withdrawn' all the same.
pub fn withdraw(delivery: &Delivery) -> Result<Granted, Refusal> {
    let fact = Fact::Withdrawn { letter: delivery.letter };
    let stays = |state| Granted { state, wake: None, fact: fact.clone(), why: "withdraw-says-nothing" };
    match delivery.state {
        State::Withdrawn { undone: true } => Err(Refusal::NothingSealed),
        // What was read stays the reader's, whatever the delivery's state became since.
        state if delivery.pinned || state == State::Opened => Ok(stays(state)),
        _ => Ok(Granted {
            state: State::Withdrawn { undone: false },
            wake: None,
            fact,
            why: "withdraw-until-opened",
        }),
    }
}

/// `open-by-hand`: the person's own act opens, and pins the version. Opening again changes nothing.
pub fn open(delivery: &Delivery) -> Result<Option<Granted>, Refusal> {
    if !delivery.state.may_be_opened() {
        return Err(Refusal::NotHere);
    }
    if delivery.pinned && delivery.state == State::Opened {
        return Ok(None);
    }
    Ok(Some(Granted {
        state: State::Opened,
        wake: None,
        fact: Fact::Opened { delivery: delivery.id, version: delivery.version },
        why: "open-by-hand",
    }))
}

/// `refuse-ends-contact`: which state a delivery takes when the person says no. None: it stays as it is.
pub fn refuse(delivery: &Delivery, scope: Scope) -> Option<State> {
    let covered = match scope {
        Scope::Letter(letter) => delivery.letter == letter,
        Scope::Author => true,
        // One address said no: another may still be knocked at; `decide` finds out at the next wake.
        Scope::NotMe | Scope::House | Scope::Quiet => false,
    };
    (covered && (delivery.state.is_knocking() || matches!(delivery.state, State::Later(_))))
        .then_some(State::Refused)
}

/// `lift-reopens`: taking a no back makes what was refused waiting again: it may be opened, and one knock may follow.
pub fn lift(delivery: &Delivery, scope: Scope) -> Option<State> {
    let covered = match scope {
        Scope::Letter(letter) => delivery.letter == letter,
        Scope::NotMe | Scope::Author | Scope::House => true,
        Scope::Quiet => false,
    };
    (covered && delivery.state == State::Refused).then_some(if delivery.pinned {
        State::Opened
    } else {
        // The person is here and looking at it: no knock is owed to them today.
        State::Knocked(1)
    })
}
