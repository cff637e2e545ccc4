//! After a release that was false: to whom her letters have left, and what she has asked us to tell them. The rule is the core's ([`unsaid_delivery::life::alive`]); here it is remembered.

use crate::Result;
use crate::rows::Author;
use async_trait::async_trait;
use jiff::Timestamp;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::{MessageId, PersonId};
use unsaid_delivery::life::alive::{NotTold, Told};

/// Somebody whom a letter of hers has reached because she was thought gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Who.
    pub person: PersonId,
    /// She has asked that they be told that she lives, and has not taken it back.
    pub asked: Option<AliveAsked>,
}

/// What she has asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliveAsked {
    /// Before this it does not leave.
    pub leaves: Observed,
    /// When she asked, by trusted time.
    pub at: Timestamp,
}

impl Reached {
    /// Whether she can take it back.
    pub fn can_be_taken_back(&self, now: Observed) -> bool {
        self.asked.as_ref().is_some_and(|asked| {
            let told = Told { person: self.person, leaves: asked.leaves, taken_back: false };
            unsaid_delivery::life::alive::can_be_taken_back(&told, now)
        })
    }
}

/// Telling people that she lives.
#[async_trait]
pub trait AliveStore: Send + Sync {
    /// To whom her letters have left because she was thought gone, in the order of their names here. The same whatever they did with them, and also where she has taken the letter back since.
    async fn reached(&self, author: &Author) -> Result<Vec<Reached>>;
    /// She asks that these be told: for each of them to whom that was not said before the fact SheLives, and the notice SheLives under the name that stands in the same place of `names`, to leave after an hour of
    /// observed time, if there is an address at which a knock was accepted and nobody has said no. Nothing shows whether there was.
    async fn tell_alive(
        &self,
        author: &Author,
        whom: &[PersonId],
        names: &[MessageId],
        now: Now,
    ) -> Result<std::result::Result<(), NotTold>>;
    /// She takes it back for one of them: fact SheLives. False: there was nothing to take back, or the hour is over. Missing: not hers.
    async fn untell_alive(&self, author: &Author, person: PersonId, now: Now) -> Result<bool>;
}
