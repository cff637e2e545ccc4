//! Keepers' cards after the release: a reader asks with a key made in their browser for this once, and each keeper gives their card, sealed to that key. Each method is one transaction, and reads as
//! the others do ([`crate`]).
//!
//! What lies here is not in the journal: sealed to a key that one browser holds for ninety days, it is worth nothing without that browser. Where it is lost, the reader asks again. The store
//! reads no card, and nothing of this is ever shown to an author.

use crate::Result;
use crate::lives::Names;
use crate::rows::{Reader, SealedText};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{DeliveryId, KeeperId, PersonId};

/// For so long the key of an ask is kept in its browser, and what was given for it here.
pub const ASK_DAYS: i64 = 90;
/// So many new keys a day for one letter: each makes everybody type again.
pub const ASKS_A_DAY: i64 = 6;
/// Keepers are written to again for the same letter after so many days at the earliest, however often it is asked.
pub const WRITTEN_AGAIN_DAYS: i64 = 7;
/// The most bytes of one sealed card.
pub const SHARE_BYTES: usize = 4 * 1024;

/// What a reader's browser asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its age1pq recipient.
    pub recipient: String,
    /// Until when it stands (trusted time).
    pub until: Timestamp,
    /// Goes up by one with each new key.
    pub rev: i64,
}

/// A keeper, as a reader sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub keeper: KeeperId,
    /// What the author calls them, under the address key, bound to `keeper`.
    pub name: SealedText,
    /// They have given a card for the present ask.
    pub gave: bool,
}

/// How far the cards for a letter have come together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathering {
    /// So many different cards are needed.
    pub needed: u8,
    /// The keepers of its author who stand, oldest first: who of them holds a card is known to her alone.
    pub holders: Vec<Holder>,
    /// What stands; none where nobody has asked, or it is over.
    pub ask: Option<Ask>,
}

impl Gathering {
    /// Whether as many were given as are needed. Whether they fit together only the reader's browser can tell.
    pub fn is_enough(&self) -> bool {
        self.ask.is_some()
            && self.holders.iter().filter(|holder| holder.gave).count() >= usize::from(self.needed)
    }
}

/// What became of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedKeepers {
    /// It stands.
    Asked,
    /// There were too many new keys today. Nothing was changed.
    TooOften,
}

/// A card that was given, sealed to the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// By whom.
    pub keeper: KeeperId,
    /// What the author calls them, under the address key, bound to `keeper`.
    pub name: SealedText,
    /// An age file.
    pub bytes: Vec<u8>,
}

/// What a keeper is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardAsked {
    /// For which letter.
    pub delivery: DeliveryId,
    /// To whom it is.
    pub person: PersonId,
    /// What the author lets her keepers be told of that person, under the address key, bound to `person`.
    pub told: Option<SealedText>,
    /// The age1pq recipient of the reader's browser.
    pub recipient: String,
    /// How many cards are needed.
    pub needed: u8,
    /// How many keepers have given one.
    pub given: u8,
    /// This one has.
    pub gave: bool,
    /// To which sets the cards belong that others have given (SLIP-39's number, which says nothing of the secret).
    pub sets: Vec<u16>,
}

/// A card that a keeper gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewShare {
    /// For which letter.
    pub delivery: DeliveryId,
    /// To whom it is sealed: the present ask's, or nothing is kept.
    pub recipient: String,
    /// The age file.
    pub bytes: Vec<u8>,
    /// To which set the card belongs.
    pub set: u16,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gave {
    /// Kept, in place of what they gave before for this ask; so many of so many have.
    Kept {
        /// How many keepers have given one.
        given: u8,
        /// How many are needed.
        needed: u8,
    },
    /// Nothing is asked of them: nobody asked, it is over, the letter was taken back or refused, or it is none of theirs.
    NotAsked,
    /// Another key stands by now.
    Replaced,
}

/// Keepers' cards.
#[async_trait]
pub trait AskStore: Send + Sync {
    /// How far it has come. Missing: not theirs, not to be opened, or not kept by keepers.
    async fn gathering(&self, reader: &Reader, delivery: DeliveryId, now: Now) -> Result<Gathering>;
    /// Asks the keepers with this key, for [`ASK_DAYS`]. Another key than the present one replaces it and erases what was given for that; the same again changes nothing of it. Keepers who stand
    /// and have an address are written to (notice CardAsked, with a link), once in [`WRITTEN_AGAIN_DAYS`] for a letter. Missing as [`Self::gathering`].
    async fn ask_keepers(
        &self,
        reader: &Reader,
        delivery: DeliveryId,
        recipient: &str,
        names: &Names,
        now: Now,
    ) -> Result<AskedKeepers>;
    /// What was given for the present ask, in the order of the keepers. Missing as [`Self::gathering`].
    async fn shares(&self, reader: &Reader, delivery: DeliveryId, now: Now) -> Result<Vec<Share>>;
    /// What a keeper is asked for at present, oldest first. Empty for who was removed.
    async fn cards_asked(&self, keeper: KeeperId, now: Now) -> Result<Vec<CardAsked>>;
    /// A keeper gives their card. Missing: unknown, or removed.
    async fn give_share(&self, keeper: KeeperId, share: NewShare, now: Now) -> Result<Gave>;
}

/// So many days of trusted time later.
pub(crate) fn days_after(at: Timestamp, days: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX)
}
