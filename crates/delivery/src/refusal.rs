//! Saying no. A refusal is kept for the address (as a keyed hash) and, where it is about an author, for the person with all
//! addresses. It ends our contacting, never their coming: whoever proves the address can open, and may lift it.

use crate::id::{DeliveryId, LetterId, PersonId};

/// How wide a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// 'This is not for me': this address only, for this person.
    NotMe,
    /// This letter, with all its occurrences.
    Letter(LetterId),
    /// Everything from this author to this person, at every address of theirs.
    Author,
    /// Everything here, to this address.
    House,
    /// No more knocks to this address from this author (List-Unsubscribe); the rest stays as it is.
    Quiet,
}

/// A refusal that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// How wide.
    pub scope: Scope,
}

/// Whether one of these refusals, all of them of one address or person, stops a knock about `letters`.
/// A knock is about everything that waits for a person, so it is stopped only if no letter remains.
pub fn remaining<'a>(
    refused: &'a [Refused],
    waiting: impl Iterator<Item = (DeliveryId, LetterId)> + 'a,
) -> impl Iterator<Item = DeliveryId> + 'a {
    waiting.filter_map(|(delivery, letter)| (!covers(refused, letter)).then_some(delivery))
}

/// Whether these refusals cover this letter.
pub fn covers(refused: &[Refused], letter: LetterId) -> bool {
    refused.iter().any(|r| match r.scope {
        Scope::NotMe | Scope::Author | Scope::House | Scope::Quiet => true,
        Scope::Letter(refused_letter) => refused_letter == letter,
    })
}

/// Whether the person as a whole, not only one address, has said no to this author.
pub fn is_about_person(scope: Scope) -> bool {
    matches!(scope, Scope::Author | Scope::Letter(_))
}

/// The person whom a refusal is about, for those scopes that are about a pair.
pub fn person_of(scope: Scope, person: PersonId) -> Option<PersonId> {
    match scope {
        Scope::House => None,
        Scope::NotMe | Scope::Letter(_) | Scope::Author | Scope::Quiet => Some(person),
    }
}
