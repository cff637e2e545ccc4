//! Has it happened? What keepers say of what a letter waits for, and what they are asked. The rule is the core's ([`unsaid_delivery::event`]); here it is remembered, and whoever has to know of a word is
//! told of it in its transaction. It knows neither what must have happened nor any name: both come in sealed.

use crate::Result;
use crate::lives::Names;
use crate::rows::{Author, SealedText};
use async_trait::async_trait;
use unsaid_delivery::clock::Now;
use unsaid_delivery::event::{Event, NoWord, Said};
use unsaid_delivery::id::{AddressId, KeeperId, LetterId, MessageId, PersonId};

/// The other keepers are asked once in so many days of trusted time for one letter.
pub const ASKED_AGAIN_DAYS: i64 = 7;

/// What a keeper is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventAsked {
    /// Which letter waits for it.
    pub letter: LetterId,
    /// To whom it is.
    pub person: PersonId,
    /// What must have happened, as the rule has it.
    pub event: String,
    /// What the author lets her keepers be told of that person, under the address key, bound to `person`.
    pub told: Option<SealedText>,
    /// That person has no address to which a letter could go.
    pub wants_address: bool,
    /// The address that this keeper has given, under the address key, bound to its own name.
    pub given: Option<(AddressId, SealedText)>,
    /// What this keeper has said.
    pub own: Option<bool>,
    /// The rest of it, with the words of all.
    pub known: Event,
}

/// A word that was said.
#[derive(Debug, Clone, Copy)]
pub struct NewWord {
    /// Of which letter.
    pub letter: LetterId,
    /// It has happened; else not yet.
    pub happened: bool,
    /// The name of the notice of it, to the author.
    pub told: MessageId,
    /// The name of the notice that the gate opens, to the author.
    pub opens: MessageId,
}

/// What keepers say of events.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// What is known of what this letter waits for, and until which day it waits at least; none where it does not wait for keepers' word. Missing: not hers.
    async fn event(&self, author: &Author, letter: LetterId) -> Result<Option<Event>>;
    /// What this keeper who stands is asked, oldest first: letters whose rest is over and whose gate has not opened. Empty for everybody else.
    async fn events_asked(&self, keeper: KeeperId, now: Now) -> Result<Vec<EventAsked>>;
    /// A keeper says whether it has happened: fact EventSaid. The notice EventSaid is written to the author, EventOpens with the word that is enough (it never expires), and where it has happened EventAsked, with
    /// a link, to the other keepers who stand, have an address and have not said so, once in [`ASKED_AGAIN_DAYS`]. Missing: no such keeper or letter of the same author.
    async fn say_event(
        &self,
        keeper: KeeperId,
        word: NewWord,
        names: &Names,
        now: Now,
    ) -> Result<std::result::Result<Said, NoWord>>;
    /// The author stops what was said: fact EventStopped. False: nothing was there to stop, or it has opened. Missing: not hers.
    async fn stop_event(&self, author: &Author, letter: LetterId, now: Now) -> Result<bool>;
}
