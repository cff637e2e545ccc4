//! What is true in the simulated world, whatever the engine believes: true time, what mail servers accepted, what people did and were told. The checkers compare
//! with this and never with the engine's tables.

use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use unsaid_delivery::id::{AddressId, LetterId, PersonId};
use unsaid_delivery::refusal::Scope;
use unsaid_store::rows::Keyed;

/// Between an acceptance and its record the engine draws breath once, so that others can join its group.
const BREATHS: u32 = 1;

/// How a mail server treats an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It takes mail.
    Good,
    /// It refuses for good (5.1.1).
    Dead,
    /// It says 'later' three times in four.
    Slow,
    /// It takes mail and sends it back days later: nobody is there (5.1.1).
    Returns,
}

/// One letter, as it was promised.
#[derive(Debug, Clone)]
pub(crate) struct Promised {
    /// To whom.
    pub(crate) person: PersonId,
    /// Not before this, by true time: the later of rest and moment.
    pub(crate) not_before: Timestamp,
    /// What opens it, where it asks something first.
    pub(crate) answer: Option<Keyed>,
    /// The author has been told that it is taken back.
    pub(crate) stopped: bool,
    /// The person has opened it.
    pub(crate) opened: bool,
    /// When the engine had said that it would leave, as it was first seen to stand in its rows.
    pub(crate) foreseen: Option<Timestamp>,
    /// The person keeps it for later: nothing is sent about it before this, by true time.
    pub(crate) quiet_until: Option<Timestamp>,
}

/// One refusal that was acknowledged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    /// Who.
    pub(crate) person: PersonId,
    /// At which address.
    pub(crate) address: AddressId,
    /// How wide.
    pub(crate) scope: Scope,
}

/// One copy that a mail server took.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    /// The Message-ID.
    pub(crate) message_id: String,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// Whether the engine may not know of it: a crash or a lost answer fell between DATA and the record.
    pub(crate) in_window: bool,
    /// When it was taken, by true time.
    pub(crate) at: Timestamp,
    /// To whom.
    pub(crate) person: PersonId,
    /// It has been held against the forecast.
    pub(crate) compared: bool,
    /// It will be sent back, and has not been yet.
    pub(crate) returns: bool,
}

/// Everything that is true.
#[derive(Default)]
pub(crate) struct Truth {
    /// By its address as text.
    pub(crate) addresses: BTreeMap<String, (AddressId, PersonId, Fate)>,
    /// All promises.
    pub(crate) letters: BTreeMap<LetterId, Promised>,
    /// All refusals.
    pub(crate) refusals: Vec<Refusal>,
    /// All copies, oldest first.
    pub(crate) copies: Vec<Copy>,
    /// Persons for whom a copy arrived since their last opening.
    pub(crate) knocked: BTreeSet<PersonId>,
    /// Message-IDs whose acceptance the engine has certainly recorded.
    pub(crate) recorded: BTreeSet<String>,
    /// Message-IDs that were accepted, each with how many breaths ago. After [`BREATHS`] the engine has certainly recorded it.
    pub(crate) answered: Vec<(String, u32)>,
    /// What was broken. The run fails when this is not empty.
    pub(crate) violations: Vec<String>,
}

impl Truth {
    /// Notes a broken property.
    pub(crate) fn broken(&mut self, property: &str, what: impl std::fmt::Display) {
        // The first hundred say enough.
        if self.violations.len() < 100 {
            self.violations.push(format!("{property}: {what}"));
        }
    }

    /// The engine draws breath in the middle of its turn, and lives on or not.
    pub(crate) fn breathes(&mut self, lives: bool) {
        for (message, breaths) in std::mem::take(&mut self.answered) {
            if breaths >= BREATHS {
                self.recorded.insert(message);
            } else if lives {
                self.answered.push((message, breaths + 1));
            } else if let Some(copy) = self.copies.iter_mut().rev().find(|c| c.message_id == message) {
                copy.in_window = true;
            }
        }
    }

    /// A turn of the engine's has ended: everything that was answered in it is recorded.
    pub(crate) fn rests(&mut self) {
        self.recorded.extend(self.answered.drain(..).map(|(message, _)| message));
    }

    /// Whether this address has said no to this letter.
    pub(crate) fn refused(&self, address: AddressId, person: PersonId, letter: LetterId) -> bool {
        self.refusals.iter().any(|r| match r.scope {
            Scope::House => r.address == address,
            Scope::NotMe | Scope::Quiet => r.address == address && r.person == person,
            Scope::Author => r.person == person,
            Scope::Letter(refused) => r.person == person && refused == letter,
        })
    }

    /// Letters about which a knock to this address may leave at this time.
    pub(crate) fn wanted(&self, address: AddressId, person: PersonId, at: Timestamp) -> usize {
        self.letters
            .iter()
            .filter(|(letter, p)| {
                p.person == person
                    && !p.stopped
                    && !p.opened
                    && p.not_before <= at
                    && p.quiet_until.is_none_or(|until| until <= at)
                    && !self.refused(address, person, **letter)
            })
            .count()
    }
}
