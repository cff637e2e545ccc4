//! After a release that was false: to whom of those whom a letter of hers has reached it may be said that she lives. Only where she asks for it, once to each of them for good, and it rests for an
//! hour in which she can take it back. Nothing here depends on what anybody did with a letter: who has refused her is asked for like everybody else, and is only never written to.

use super::{Life, Stage};
use crate::clock::Observed;
use crate::decide::Address;
use crate::id::{AddressId, PersonId};
use crate::permit::Permit;
use crate::refusal::Scope;
use crate::rule::{Gate, Reach};
use crate::state::{Delivery, State};

/// For so many observed hours it can be taken back before it leaves.
pub const REST_HOURS: i64 = 1;

/// What has become of a letter that waited for her end, and was to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited {
    /// For whom.
    pub person: PersonId,
    /// Where it is.
    pub state: State,
    /// She took it back when it had left already.
    pub late: bool,
}

/// Somebody to whom it was to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Whom.
    pub person: PersonId,
    /// Before this it does not leave.
    pub leaves: Observed,
    /// She took it back meanwhile: then it can be asked for again.
    pub taken_back: bool,
}

/// Why it is not said. Its words stand under the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTold {
    /// She is not believed to be well: a sign of life comes first.
    NotWell,
    /// Nothing that waited for her end has left to that person.
    NothingLeft,
}

impl NotTold {
    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::NotWell => "alive-not-well",
            Self::NothingLeft => "alive-nothing-left",
        }
    }
}

/// Whether this promise was to be sent when she is gone. What is only held until it is asked for was told to nobody.
pub fn concerns(delivery: &Delivery) -> bool {
    delivery.rule.gate == Gate::Gone && delivery.rule.reach == Reach::Send
}

/// Whether it has left because she was thought gone, as she is shown it. What is still on its way is called back by her sign of life.
pub fn has_left(state: State) -> bool {
    state.has_left() && !matches!(state, State::Sending | State::Askable)
}

/// Whether a knock may have spoken of it: only then is there anything to be put right at that person's. What was held before its knock left was told to nobody, although she is shown it as left.
pub fn was_told_of(delivery: &Delivery, late: bool) -> bool {
    match delivery.state {
        State::Parked { .. } => {
            delivery.parked.is_some_and(|parking| parking.was != State::Sending && has_left(parking.was))
        }
        state => late || has_left(state),
    }
}

/// `told-that-she-lives`: the people to whom one has left, each once, in the order given. Also where she has taken it back since: they were knocked for. What they did with it has no part in it, and
/// neither has whether there is an address: she would learn it from who is missing.
pub fn reached(letters: &[Waited]) -> Vec<PersonId> {
    let mut people: Vec<PersonId> = Vec::new();
    for letter in letters {
        if (letter.late || has_left(letter.state)) && !people.contains(&letter.person) {
            people.push(letter.person);
        }
    }
    people
}

/// Whom a press of hers has it said to: of those whom she names, who was not told before. Naming somebody again changes nothing.
pub fn tell(
    life: Option<&Life>,
    letters: &[Waited],
    told: &[Told],
    whom: &[PersonId],
) -> Result<Vec<PersonId>, NotTold> {
    if !life.is_some_and(may_ask) {
        return Err(NotTold::NotWell);
    }
    let reached = reached(letters);
    if !whom.iter().all(|person| reached.contains(person)) {
        return Err(NotTold::NothingLeft);
    }
    let before = |person: PersonId| told.iter().any(|one| one.person == person && !one.taken_back);
    Ok(reached.into_iter().filter(|person| whom.contains(person) && !before(*person)).collect())
}

/// Whether she may have it said now: while nothing is open about her, or after she has ended all of it herself.
pub fn may_ask(life: &Life) -> bool {
    matches!(life.stage, Stage::Present | Stage::Ended | Stage::Stopped { resumes: None, .. })
}

/// When it leaves, if she does not take it back.
pub fn leaves(now: Observed) -> Observed {
    now.plus_hours(REST_HOURS)
}

/// Whether she can still take it back: while it rests, whether or not there is anybody to write to.
pub fn can_be_taken_back(told: &Told, now: Observed) -> bool {
    !told.taken_back && now < told.leaves
}

/// Where it goes: of the addresses at which a knock was accepted, the newest first, the one that still stands and has not said no. To no other: nobody was told anything there.
pub fn goes_to(addresses: &[Address], knocked: &[AddressId]) -> Option<AddressId> {
    let open = |id: &AddressId| addresses.iter().any(|a| a.id == *id && allowed_at(Some(a)) == Permit::Go);
    knocked.iter().copied().find(open)
}

/// Right before DATA, with everything read anew: not while she is thought gone again, and to nobody who has said no to her or to this house. What has waited for the relay meanwhile may go while she is only
/// asked how she is.
pub fn still_allowed(life: Option<&Life>, address: Option<&Address>) -> Permit {
    let gone = |life: &Life| {
        matches!(life.stage, Stage::Silent | Stage::Grace(_) | Stage::Gone { .. } | Stage::Released)
    };
    if life.is_none_or(gone) { Permit::Drop("told-while-well") } else { allowed_at(address) }
}

/// A no to one letter is no such no; one by which an address is not theirs, or wants nothing more from her, is.
fn allowed_at(address: Option<&Address>) -> Permit {
    match address {
        None => Permit::Drop("address-removed"),
        Some(address) if !address.good => Permit::Drop("address-is-dead"),
        Some(address) if address.refused.iter().any(|no| is_for_ever(no.scope)) => {
            Permit::Drop("refused-is-not-contacted")
        }
        Some(_) => Permit::Go,
    }
}

fn is_for_ever(scope: Scope) -> bool {
    match scope {
        Scope::NotMe | Scope::Author | Scope::House | Scope::Quiet => true,
        Scope::Letter(_) => false,
    }
}
