//! What an author's keepers open together: the sets of their cards, and which set a letter is sealed to. The cards themselves are never here, only keeper-set.age,
//! which opens with enough of them. Losing it loses letters: it is in the journal with all its bytes, and in the manifest of her life.

use crate::Result;
use crate::rows::Author;
use async_trait::async_trait;
use jiff::Timestamp;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, KeeperSetId, LetterId, PersonId};

/// keeper-set.age is never larger, in bytes.
pub const SET_BYTES: usize = 4096;
/// So many sets an author has at most: one for all, and one for each of many people.
pub const SETS: usize = 200;

/// A set as it was made now, or as its cards were made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKeeperSet {
    /// Its name, which stays when its cards are made anew.
    pub id: KeeperSetId,
    /// For whom alone it is; none: for all.
    pub person: Option<PersonId>,
    /// So many cards open it.
    pub needed: u8,
    /// So many there are.
    pub of: u8,
    /// keeper-set.age
    pub file: Vec<u8>,
}

/// A set as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeeperSetRow {
    /// Its name.
    pub id: KeeperSetId,
    /// Whose.
    pub account: AccountId,
    /// For whom alone it is; none: for all.
    pub person: Option<PersonId>,
    /// So many cards open it.
    pub needed: u8,
    /// So many there are.
    pub of: u8,
    /// keeper-set.age
    pub file: Vec<u8>,
    /// When this file was made (trusted time).
    pub made: Timestamp,
    /// How often its file was made.
    pub rev: i64,
}

impl KeeperSetRow {
    /// What the journal holds of it.
    pub(crate) fn fact(&self) -> Fact {
        Fact::KeeperSetMade {
            account: self.account,
            set: self.id,
            person: self.person,
            needed: self.needed,
            of: self.of,
            file: self.file.clone(),
            made: self.made,
        }
    }
}

/// Whether there can be such a set: of two cards or more all or fewer are needed, and its file is not empty and not too large.
pub(crate) fn can_be(set: &NewKeeperSet) -> bool {
    (2..=set.of).contains(&set.needed) && set.of <= 16 && (1..=SET_BYTES).contains(&set.file.len())
}

/// The sets of keepers' cards.
#[async_trait]
pub trait KeeperSetStore: Send + Sync {
    /// A set, or the newer file of one that is there (the old bytes are gone): fact KeeperSetMade. Missing: another author's, or a person who is not hers. Conflict: it is for
    /// somebody else, it cannot be, or she has too many.
    async fn put_keeper_set(&self, author: &Author, set: NewKeeperSet, now: Now) -> Result<KeeperSetRow>;
    /// Her sets, in the order in which she made them.
    async fn keeper_sets(&self, account: AccountId) -> Result<Vec<KeeperSetRow>>;
    /// A set by its name.
    async fn keeper_set(&self, id: KeeperSetId) -> Result<Option<KeeperSetRow>>;
    /// The wrap of an unsealed version that the keepers of this set open together. Missing: the version or the set is not hers. Conflict: it is sealed.
    async fn put_keepers_wrap(
        &self,
        author: &Author,
        letter: LetterId,
        version: u32,
        set: KeeperSetId,
        bytes: Vec<u8>,
        host_generation: u32,
    ) -> Result<()>;
    /// To which set a version's wrap is; none where it has no such wrap (any more).
    async fn keeper_set_of(&self, letter: LetterId, version: u32) -> Result<Option<KeeperSetId>>;
}
