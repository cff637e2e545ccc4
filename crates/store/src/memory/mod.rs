//! The store in memory: for the simulator and for tests. It forgets everything when it is dropped, answers at once (no await inside), and keeps
//! all rows in ordered maps, so that a run repeats exactly. It is written to be read beside the trait docs: one file for each trait, each
//! method checks everything first, writes its fact, and only then changes rows. It knows no SQL and no disk.

mod accounts;
mod alive;
mod asks;
mod care;
mod deliveries;
mod door;
mod drafts;
mod engine;
mod events;
mod foresight;
mod given;
mod house;
mod keeper_sets;
mod keys;
mod letters;
mod limits;
mod lives;
#[cfg(feature = "planted")]
mod looked_at;
mod notes;
mod pair;
mod persons;
mod proofs;
mod readers;
mod refusals;
mod rehearsed;
mod replies;
mod wakes;

use crate::journal::{Entry, Journal, JournalError};
use crate::limits::Limits;
use crate::rows::*;
use crate::{Result, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use unsaid_delivery::clock::{Mark, Now, Observed};
use unsaid_delivery::fact::Fact;
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::{
    AccountId, AddressId, BlobId, BootId, ChannelId, DeliveryId, DraftId, KeeperId, LetterId, MessageId,
    PersonId, ReplyId,
};
use unsaid_delivery::life::{Life, Word};
use unsaid_delivery::message::{Call, Kind, Message, MessageState, Subject, Way};
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::state::{Delivery, Rest, Wake};
use wakes::Wakes;

/// A house in memory was never moved.
const GENERATION: u32 = 1;

/// Everything that is remembered, as long as the process lives.
pub struct MemoryStore {
    /// Held for one method at a time: each is one transaction.
    world: Mutex<World>,
}

impl MemoryStore {
    /// An empty house, whose facts are in [`Self::facts`] alone.
    pub fn new() -> Self {
        Self { world: Mutex::new(World::default()) }
    }

    /// An empty house that keeps its facts in this journal before they hold. What the journal held before is not replayed: there are no rows
    /// from before.
    pub fn with_journal(journal: Arc<dyn Journal>) -> Self {
        Self { world: Mutex::new(World { journal: Some(journal), ..World::default() }) }
    }

    /// All facts that were committed, oldest first.
    pub fn facts(&self) -> Vec<Fact> {
        self.world().facts.clone()
    }

    /// The rows. No method can panic half-way through a change, so a poisoned lock still guards whole rows.
    fn world(&self) -> MutexGuard<'_, World> {
        unsaid_delivery::planted::step();
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// All tables.
#[derive(Default)]
struct World {
    journal: Option<Arc<dyn Journal>>,
    facts: Vec<Fact>,
    /// Every no and every lifting has the next number.
    refusals_rev: i64,
    /// Orders what happened at the same instant.
    sequence: u64,
    keys_confirmed: bool,
    mark: Option<Mark>,
    ticker: house::TickerRow,
    /// What stands in the way of the whole house, each with when it began by trusted time.
    holds: BTreeMap<Hold, Timestamp>,
    /// The beat of each start, and the trusted time of the last.
    beats: BTreeMap<BootId, (i64, Timestamp)>,
    invitations: BTreeMap<Keyed, InvitationRow>,
    /// By the browser that asked: it has one request at a time.
    codes: BTreeMap<Keyed, CodeRow>,
    /// When codes were asked for each address within the last day.
    code_asks: BTreeMap<Keyed, Vec<Timestamp>>,
    /// Those of the last day, for the numbers of the whole house.
    code_counts: Vec<limits::CodeCount>,
    limits: Limits,
    sessions: BTreeMap<Keyed, SessionRow>,
    accounts: BTreeMap<AccountId, AccountRow>,
    account_of: BTreeMap<Keyed, AccountId>,
    persons: BTreeMap<PersonId, PersonRow>,
    addresses: BTreeMap<AddressId, AddressRow>,
    /// Who has, or had, an address of this key.
    persons_at: BTreeMap<Keyed, BTreeSet<PersonId>>,
    refusals: refusals::Refusals,
    letters: BTreeMap<LetterId, LetterRow>,
    uploads: BTreeMap<BlobId, UploadRow>,
    /// What is counted when an author brings more.
    letters_of: BTreeMap<AccountId, BTreeSet<LetterId>>,
    uploads_of: BTreeMap<AccountId, BTreeSet<BlobId>>,
    deliveries: deliveries::Deliveries,
    /// Observed time at which a delivery left although nobody foresaw it.
    left_unforeseen: BTreeMap<DeliveryId, Observed>,
    /// What is remembered of a letter's way: of a letter, a person or an account.
    notes: BTreeMap<String, Vec<crate::notes::Note>>,
    /// When hosts were called last, for what.
    calls: BTreeMap<Call, Timestamp>,
    /// When somebody looked ahead last.
    looked: Option<Now>,
    deliveries_to: BTreeMap<PersonId, BTreeSet<DeliveryId>>,
    messages: BTreeMap<MessageId, MessageRow>,
    /// The knocks that were accepted, by when.
    knocks_left: BTreeSet<(Observed, MessageId)>,
    /// The same of every message.
    left: BTreeSet<(Observed, MessageId)>,
    /// In the order in which they were written.
    knocks_to: BTreeMap<PersonId, Vec<MessageId>>,
    links: BTreeMap<Keyed, MessageId>,
    readers: BTreeMap<Keyed, ReaderRow>,
    readers_of: BTreeMap<ReaderOf, BTreeSet<Keyed>>,
    account_of_kit: BTreeMap<Keyed, AccountId>,
    email_undos: BTreeMap<Keyed, EmailUndoRow>,
    drafts: BTreeMap<DraftId, DraftContent>,
    orphans: BTreeSet<BlobId>,
    cards: BTreeMap<Keyed, CardRow>,
    replies: BTreeMap<ReplyId, ReplyRow>,
    /// What is asked of each letter, the newest last.
    proofs: BTreeMap<LetterId, Vec<NewProof>>,
    answers: BTreeMap<DeliveryId, proofs::Answers>,
    /// When the digits of each address were tried within the last day.
    digit_tries: BTreeMap<Keyed, Vec<Timestamp>>,
    /// Who asked at the door, when, and whether somebody has looked since.
    asked_at_door: BTreeMap<Keyed, Vec<(Timestamp, bool)>>,
    /// What the keepers of a letter are asked with, and what they gave for it.
    asked_with: BTreeMap<DeliveryId, asks::AskRow>,
    /// What nodes of this house ask for at its address, and until when.
    nonces: BTreeMap<Keyed, Timestamp>,
    lives: BTreeMap<AccountId, Life>,
    channels: BTreeMap<ChannelId, lives::Channel>,
    channels_by: BTreeMap<AccountId, Vec<ChannelId>>,
    keepers: BTreeMap<KeeperId, lives::Keeper>,
    keepers_by: BTreeMap<AccountId, Vec<KeeperId>>,
    /// Who has been here longest comes first.
    hosts: BTreeSet<(Timestamp, AccountId)>,
    /// The last word of a keeper in an episode.
    votes: BTreeMap<(AccountId, u32, KeeperId), Word>,
    stop_codes: BTreeMap<AccountId, Keyed>,
    /// In the order in which they were made.
    keeper_sets: Vec<crate::keeper_sets::KeeperSetRow>,
    /// What keepers may be told of a person.
    told: BTreeMap<PersonId, SealedText>,
    /// The address that a keeper gives of a person whom letters cannot reach.
    given: BTreeMap<(PersonId, KeeperId), NewAddress>,
    /// What keepers say of what a letter waits for.
    events: BTreeMap<LetterId, events::EventRow>,
    /// To whom she has it said that she lives.
    told_alive: BTreeMap<PersonId, alive::ToldRow>,
    /// Letters for her end that she took back when they had left already.
    taken_back_late: BTreeSet<LetterId>,
    /// Of messages of the ladder: about whom, and when they ended.
    ladder: BTreeMap<MessageId, (AccountId, Option<Observed>)>,
    /// Of each life the newest writing to her, by its number.
    rungs: BTreeMap<AccountId, (u32, Vec<MessageId>)>,
    wakes: Wakes,
    care: care::Care,
}

impl World {
    /// Writes a fact, after every check and before any row changes: if the journal cannot, nothing happens. `rev` is what the row of `subject` has
    /// once it did.
    fn record(&mut self, subject: impl ToString, rev: i64, fact: Fact) -> Result<()> {
        if let Some(journal) = &self.journal {
            let entry = Entry { subject: subject.to_string(), rev, fact: fact.clone() };
            journal.append(GENERATION, &[entry]).map_err(|error| match error {
                JournalError::Full => StoreError::Full,
                other => StoreError::Unavailable(other.to_string()),
            })?;
        }
        if let Some((about, what)) = crate::notes::of(&fact) {
            self.note(about, what);
        }
        self.facts.push(fact);
        Ok(())
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}

struct InvitationRow {
    role: Role,
    expires: Timestamp,
    approved_name: Option<Keyed>,
    used: bool,
}

impl InvitationRow {
    fn is_good(&self, now: Now) -> bool {
        !self.used && now.trusted < self.expires
    }
}

struct CodeRow {
    message: MessageId,
    email_key: Keyed,
    to: SealedText,
    invitation: Option<Keyed>,
    expires: Timestamp,
    /// None until the message is about to leave, and for ever where none was written.
    code: Option<Keyed>,
    tries: u8,
    written: bool,
    /// Whose address is to change; none for signing in.
    account: Option<AccountId>,
    /// It is for another address at which she is written to, by this way.
    channel: Option<Way>,
}

struct EmailUndoRow {
    account: AccountId,
    email: SealedText,
    email_key: Keyed,
    until: Timestamp,
    used: bool,
}

struct DraftContent {
    account: AccountId,
    rev: i64,
    bytes: Vec<u8>,
    saved: Timestamp,
    discarded: Option<Timestamp>,
    /// By revision.
    history: BTreeMap<i64, (Timestamp, Vec<u8>)>,
    parts: BTreeMap<String, Part>,
}

struct CardRow {
    person: PersonId,
    present: bool,
}

struct ReplyRow {
    account: AccountId,
    person: PersonId,
    reply: NewReply,
    at: Timestamp,
    seen_from: Timestamp,
    seen: bool,
}

struct SessionRow {
    who: SessionRowOf,
    opened: Timestamp,
    last_act: Timestamp,
    unlocked_at: Option<Timestamp>,
    fresh_at: Option<Timestamp>,
    mine: bool,
}

enum SessionRowOf {
    Account(AccountId),
    Newcomer { account: AccountId, email_key: Keyed, email: SealedText, invitation: Option<Keyed> },
}

struct AccountRow {
    account: Account,
    made: Timestamp,
    email_key: Keyed,
    kit: Option<Keyed>,
    unlock_key: Keyed,
    unlock_wrap: Wrap,
    /// When a wrong unlock token was tried.
    wrong: Vec<Timestamp>,
    vault: Vec<u8>,
    vault_rev: i64,
}

struct PersonRow {
    account: AccountId,
    made: Timestamp,
    order: u64,
    zone: Option<String>,
    language: String,
    /// In the order in which they are tried; those that were taken away are not among them.
    addresses: Vec<AddressId>,
    /// Keyed hash of the name that they allowed in knocks.
    allowed_name: Option<Keyed>,
    /// What somebody who comes with their card before the time may be told.
    early: Early,
    /// The name that whoever looks after them is told.
    looked_after: Option<SealedText>,
    /// How often that was chosen.
    looked_after_rev: i64,
    /// Goes up by one at each opening: the knocks of earlier series do not count any more.
    series: u32,
}

struct AddressRow {
    person: PersonId,
    sealed: SealedText,
    key: Keyed,
    good: bool,
    given: Timestamp,
    removed: bool,
}

struct RefusalRow {
    address_key: Keyed,
    account: AccountId,
    person: PersonId,
    scope: Scope,
}

struct LetterRow {
    account: AccountId,
    reserved: Timestamp,
    /// Goes up by one with each fact about it.
    rev: i64,
    withdrew: bool,
    versions: BTreeMap<u32, VersionRow>,
    /// Its occurrences.
    deliveries: BTreeSet<DeliveryId>,
}

/// A file under the host's layer or the author's, and which of the host's keys it is for.
#[derive(Clone)]
struct Wrap {
    bytes: Vec<u8>,
    generation: u32,
}

/// Where new words are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Amends {
    Resting(Rest),
    Counts,
    Undone,
}

#[derive(Default)]
struct VersionRow {
    sealed: Option<Sealing>,
    amends: Option<Amends>,
    wraps: BTreeMap<WrapKind, Wrap>,
    /// To which set the wrap of the kind keepers is.
    keeper_set: Option<unsaid_delivery::id::KeeperSetId>,
    /// By the part's name.
    uploads: BTreeMap<String, BlobId>,
}

#[derive(Clone, Copy)]
struct Sealing {
    at: Timestamp,
    order: u64,
    manifest: [u8; 32],
    kept: Kept,
}

struct UploadRow {
    account: AccountId,
    begun: Timestamp,
    letter: LetterId,
    version: u32,
    name: String,
    kind: String,
    upload: Upload,
}

struct MessageRow {
    message: Message,
    way: Way,
    /// Of knocks: which series of its person's.
    series: u32,
    /// Of codes: the address, bound to the message's id, and its key.
    to: Option<(SealedText, Keyed, String)>,
    /// Of notices to another address than the account's: the address, bound to the message's id.
    notice_to: Option<SealedText>,
    /// Of codes: it came with an invitation.
    newcomer: bool,
    accepted_at: Option<Observed>,
    /// Of knocks: the hash of its link's token.
    link: Option<Keyed>,
}

impl MessageRow {
    /// One that waits and was not tried yet: the first of its kind, foreseen, by mail, without a link.
    fn new(id: MessageId, kind: Kind, subject: Subject, expires: Option<Timestamp>, now: Now) -> Self {
        let message = Message {
            id,
            kind,
            subject,
            nth: 1,
            address: None,
            state: MessageState::Waiting,
            tries: 0,
            since: now.observed,
            date: None,
            expires,
            foreseen: true,
            rev: 1,
        };
        Self {
            message,
            way: Way::Mail,
            series: 0,
            to: None,
            notice_to: None,
            newcomer: false,
            accepted_at: None,
            link: None,
        }
    }
}

struct ReaderRow {
    who: ReaderOf,
    until: Timestamp,
}

/// How a reader came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ReaderOf {
    Knock(MessageId),
    /// With the words of this card.
    Card(Keyed),
}

/// At once, by trusted time.
fn at_once(now: Now) -> Wake {
    Wake::Trusted(now.trusted)
}

/// So many hours later.
fn hours_after(at: Timestamp, hours: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX)
}

/// So many minutes later.
fn minutes_after(at: Timestamp, minutes: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX)
}

/// Conflict unless it holds.
fn expect(holds: bool) -> Result<()> {
    if holds { Ok(()) } else { Err(StoreError::Conflict) }
}
