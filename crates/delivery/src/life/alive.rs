//! After a release that was false: to whom of those whom a letter of hers has reached it may be said that she lives. Only where she asks for it, once to each of them for good, and it rests for an
//! hour in which she can take it back. It says nothing to her of what anybody did with a letter: who has refused her is asked for like everybody else, and is only never written to.

use super::{Life, Stage};
use crate::clock::Observed;
use crate::decide::Address;
use crate::id::PersonId;
use crate::message::MessageState;
use crate::permit::Permit;
use crate::refusal::Scope;
use crate::state::{Shown, State, shown};

/// For so many observed hours it can be taken back before it leaves.
pub const REST_HOURS: i64 = 1;

/// A letter of hers that waited for her end, as it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited {
    /// For whom.
    pub person: PersonId,
    /// Where it is.
    pub state: State,
    /// She has taken it back.
    pub withdrew: bool,
}

/// Somebody to whom it was to be said, whatever has become of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Whom.
    pub person: PersonId,
    /// Where the message is; she took it back where it was dropped before it had begun to leave.
    pub state: MessageState,
    /// It was she who took it back: then it can be asked for again.
    pub taken_back: bool,
}

/// Why it is not said. Its words stand under the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTold {
    /// She is not believed to be well: a sign of life comes first.
    NotPresent,
    /// Nothing that waited for her end has left to that person.
    NothingLeft,
}

impl NotTold {
    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::NotPresent => "alive-not-present",
            Self::NothingLeft => "alive-nothing-left",
        }
    }
}

/// `told-that-she-lives`: the people of whom she is shown that a letter has left, each once, in their order. What they did with it has no part in it, and neither has whether there is an address: she would
/// learn it from who is missing. A letter that she has taken back since has left all the same, but is not shown as that.
pub fn reached(letters: &[Waited]) -> Vec<PersonId> {
    let mut people: Vec<PersonId> = Vec::new();
    for letter in letters {
        if shown(letter.state, letter.withdrew) == Shown::Left && !people.contains(&letter.person) {
            people.push(letter.person);
        }
    }
    people
}

/// Whom a press of hers has it said to: of those whom she names, who was not told before. Naming somebody again changes nothing.
pub fn tell(
    life: &Life,
    letters: &[Waited],
    told: &[Told],
    whom: &[PersonId],
) -> Result<Vec<PersonId>, NotTold> {
    if life.stage != Stage::Present {
        return Err(NotTold::NotPresent);
    }
    let reached = reached(letters);
    if !whom.iter().all(|person| reached.contains(person)) {
        return Err(NotTold::NothingLeft);
    }
    let before = |person: PersonId| told.iter().any(|one| one.person == person && !one.taken_back);
    Ok(reached.into_iter().filter(|person| whom.contains(person) && !before(*person)).collect())
}

/// When it leaves, if she does not take it back.
pub fn leaves(now: Observed) -> Observed {
    now.plus_hours(REST_HOURS)
}

/// Whether she can still take it back: until it has begun to leave.
pub fn can_be_taken_back(told: &Told) -> bool {
    told.state == MessageState::Waiting
}

/// Right before DATA, with everything read anew: only while she is believed to be well, and to nobody who has said no to her or to this house. A no to one letter is no such no; one by which an address is
/// not theirs, or wants nothing more from her, is.
pub fn still_allowed(life: Option<&Life>, address: Option<&Address>) -> Permit {
    if life.is_none_or(|life| life.stage != Stage::Present) {
        return Permit::Drop("alive-while-present");
    }
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
