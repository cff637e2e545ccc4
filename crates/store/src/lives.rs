//! Whether an author is alive: what is remembered of it. Her row, her other channels, her keepers and their words; messages of the ladder stand in the one table of
//! messages. Each method is one transaction, and reads as the others do ([`crate`]).
//!
//! The race between a sign of life and the release is decided here: both change her one row and say which `rev` they expect; the release moves
//! her letters in the same transaction, and so does what takes it back. Whoever commits first wins.

use crate::Result;
use crate::rows::{Author, CodeAsked, EmailChangeAsk, Keyed, NewAddress, SealedText, Taken};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, AddressId, ChannelId, KeeperId, MessageId, PersonId};
use unsaid_delivery::life::{Change, Facts, Life, To, Word};
use unsaid_delivery::message::{Ladder, Notice, Says, Way};
use unsaid_delivery::record::NOTICE_DAYS;

/// Her row with what decisions may know. `facts.hears_bounces` is false here: the store does not know it, and whoever decides sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeView {
    /// The row.
    pub life: Life,
    /// What is known beside it: her channels (the sign-in address first, then the others, oldest first), keepers who stand (oldest first), the votes of the present
    /// episode, what became of the messages of the newest writing (dropped ones are left out), when the relay last accepted anything that was not for her, and to
    /// whom else a notice can be written (the host who has been here longest and is not she; else her first keeper that has an address).
    pub facts: Facts,
}

/// So many keepers stand at most.
pub const KEEPERS: usize = 5;
/// So many channels an author has beside the address she signs in with.
pub const CHANNELS: usize = 3;

/// The names of what a change writes, one for each of [`Change::write`], in that order: the message, and the hash of its link.
pub type Names = Vec<(MessageId, Keyed)>;

/// Where a keeper stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeeperStanding {
    /// Named, and has not answered.
    Invited,
    /// Has accepted, or spoken.
    Enrolled,
    /// Does not want to.
    Declined,
    /// Is one no more, by the author's act.
    Removed,
}

impl KeeperStanding {
    /// Whether their word counts.
    pub fn counts(self) -> bool {
        matches!(self, Self::Invited | Self::Enrolled)
    }
}

/// Somebody whom an author trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeeperRow {
    /// Their name here.
    pub id: KeeperId,
    /// Whose.
    pub account: AccountId,
    /// What she calls them, under the address key, bound to `id`.
    pub name: SealedText,
    /// Their address, likewise; none for one who was told on paper.
    pub address: Option<SealedText>,
    /// BCP 47.
    pub language: String,
    /// Where they stand.
    pub standing: KeeperStanding,
    /// Since when (trusted time).
    pub added: Timestamp,
    /// When they last did anything here (trusted time).
    pub heard: Option<Timestamp>,
    /// Their last word, and in which episode they said it.
    pub said: Option<(u32, Word)>,
}

/// Somebody whom an author's letters cannot reach, as a keeper of hers is asked for a newer address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostPerson {
    /// Who.
    pub person: PersonId,
    /// What the author lets her keepers be told of them, under the address key, bound to `person`.
    pub told: SealedText,
    /// What this keeper has given, under the address key, bound to its own name.
    pub given: Option<(AddressId, SealedText)>,
    /// Nothing can be brought to them. Otherwise letters wait for them, and the keeper is asked how she is.
    pub unreachable: bool,
}

/// An address that a keeper has given, before it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedAddress {
    /// Whose it is said to be.
    pub person: PersonId,
    /// Who gave it.
    pub keeper: KeeperId,
    /// The name that it has if it counts.
    pub address: AddressId,
    /// The address, under the address key, bound to `address`.
    pub sealed: SealedText,
}

/// What became of an address that a keeper has given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// Noted. Others have to give the same.
    Noted,
    /// Enough of them have given it: letters go there.
    Counts,
}

/// A keeper who is named now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKeeper {
    /// Their name here.
    pub id: KeeperId,
    /// What she calls them, under the address key, bound to `id`.
    pub name: SealedText,
    /// Their address, likewise; none for one who is told on paper.
    pub address: Option<SealedText>,
    /// BCP 47.
    pub language: String,
    /// SHA-256 of the token that is their way in for good: of their paper, or of the link of their invitation.
    pub link: Keyed,
}

/// Another verified channel of an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRow {
    /// Its name.
    pub id: ChannelId,
    /// The address or handle, under the address key, bound to `id`.
    pub sealed: SealedText,
    /// By which way it is reached.
    pub way: Way,
    /// Since when (trusted time).
    pub added: Timestamp,
}

/// Another address of hers, as the right code has proved it.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Its name.
    pub id: ChannelId,
    /// By which way it is reached: the one that the code went.
    pub way: Way,
    /// The address, under the address key, bound to `id`.
    pub sealed: SealedText,
    /// Keyed hash of its sign-in form: it must be the one that the code went to.
    pub key: Keyed,
    /// The notice of it.
    pub told: MessageId,
}

/// What became of a code to another address of hers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelTried {
    /// She is written to there from now on.
    Proved,
    /// Not this code.
    Wrong,
    /// There is no code (any more).
    Over,
    /// She has as many already.
    Full,
}

/// One message of a rehearsal, to herself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToSend {
    /// Its name.
    pub id: MessageId,
    /// To which other channel of hers; none for the address that she signs in with.
    pub channel: Option<ChannelId>,
    /// Its place in the rehearsal.
    pub nth: u8,
}

/// How far the newest rehearsal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RehearsalSent {
    /// What has not left by then does not leave: three days after she asked for it.
    pub expires: Timestamp,
    /// So many messages it has.
    pub of: u64,
    /// So many the relay has taken.
    pub accepted: u64,
    /// So many are still to leave.
    pub waiting: u64,
}

/// A message of the ladder, as found by its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedBy {
    /// The message.
    pub message: MessageId,
    /// About whom.
    pub account: AccountId,
    /// What it said.
    pub ladder: Ladder,
    /// To whom it went.
    pub to: To,
}

/// Her letters that wait for her end, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GoneLetters {
    /// They wait, and nothing of them has left.
    pub wait: u64,
    /// They have left our hands: a knock was accepted, or the person said no before.
    pub left: u64,
}

/// Whether an author is alive.
#[async_trait]
pub trait LifeStore: Send + Sync {
    /// Her row with what decisions may know; none if she never armed it.
    async fn life(&self, account: AccountId) -> Result<Option<LifeView>>;
    /// Commits what a human asked for: the row, its wake (in the lane of letters), the fact, what is written, and what becomes of her letters. `before` is the row as it was read, none where she has
    /// none yet; Conflict if it is not that any more. A fact Voted also keeps the keeper's word in place of an earlier one of that episode, and enrols who was
    /// invited; Conflict if they do not stand.
    ///
    /// Each message gets its name, its link, the episode and rung of the row as it is then, a wake at once, `since` now, is foreseen, and expires never (a rung) or after three days of trusted time
    /// (Stopped, Resumes, GoesOn, IsWell, SaidDied, OutOfReach, Probe). One to a keeper without an address is not written. The gate: Opens wakes every delivery
    /// of hers with gate gone that is waiting, at once. Shuts makes those of hers with gate gone that are due or sending waiting again (wake at once), whether or not a knock of theirs waits: what may not leave any more is dropped
    /// when it asks.
    async fn commit_life(
        &self,
        before: Option<&Life>,
        change: &Change,
        names: &Names,
        now: Now,
    ) -> Result<()>;
    /// Commits what time demands of her taken wake (fence and rev must still stand, else Conflict): as [`Self::commit_life`], and the wake is given back, or removed where there is
    /// none.
    async fn decided_life(
        &self,
        taken: &Taken,
        before: &Life,
        change: &Change,
        names: &Names,
        now: Now,
    ) -> Result<()>;
    /// The message of the ladder that this link came with; none if it is unknown.
    async fn asked_by(&self, link: Keyed) -> Result<Option<AskedBy>>;
    /// How many of her letters wait for her end, and how many have left.
    async fn gone_letters(&self, account: AccountId) -> Result<GoneLetters>;
    /// All her keepers, removed ones too, oldest first.
    async fn keepers(&self, account: AccountId) -> Result<Vec<KeeperRow>>;
    /// Names a keeper: fact KeeperAdded; her life is looked at again at once, if she has one. Conflict: the name or link is taken, or five stand already.
    async fn add_keeper(&self, author: &Author, keeper: NewKeeper, now: Now) -> Result<()>;
    /// The keeper of this paper or invitation, or of a message that asked for their card; none if it is unknown.
    async fn keeper_of(&self, link: Keyed) -> Result<Option<KeeperRow>>;
    /// A keeper accepts (`enrolled`) or declines: fact KeeperAnswered; the notice of it is written to her under the name `told`, and her life is looked at again at once. Missing: unknown,
    /// or removed. The same again changes nothing but when they were last heard of.
    async fn keeper_answers(&self, keeper: KeeperId, enrolled: bool, told: MessageId, now: Now)
    -> Result<()>;
    /// A keeper has another address: fact KeeperMoved; the notice KeeperMoved is written to her under the name `told`. Missing: unknown, or removed.
    async fn keeper_moves(
        &self,
        keeper: KeeperId,
        address: SealedText,
        told: MessageId,
        now: Now,
    ) -> Result<()>;
    /// Of whom this keeper of hers who stands may give an address; only of those whom her keepers may be told of. Whom her letters cannot reach (a promise to them is unreachable), where she was let go, or
    /// where a letter to somebody without a good address waits for their word; and while keepers are asked how she is, for whom something waits for her end. Oldest first; empty for everybody else.
    async fn lost_persons(&self, keeper: KeeperId) -> Result<Vec<LostPerson>>;
    /// A keeper gives an address of somebody: fact AddressOffered, in place of what they gave before. While nobody is unreachable it is noted, and she is asked by the notice KeeperKnowsAddress, once for each address; it
    /// counts when she takes it, or when she is let go and enough have given the same. Where her letters cannot reach them: when as many as must agree on her death (two at least where two stand, while she was not let go) give the same, it counts:
    /// fact AddressGiven, all that could not be brought goes there, the notice KeeperGaveAddress is written to her under the name `told`, and her life is looked at again. Missing: that person is
    /// not among [`Self::lost_persons`].
    async fn offer_address(
        &self,
        keeper: KeeperId,
        person: PersonId,
        address: NewAddress,
        told: MessageId,
        now: Now,
    ) -> Result<Offered>;
    /// What her keepers have given of this person and does not count yet, without what is an address of theirs already; oldest keeper first. Missing: not hers.
    async fn offered_addresses(&self, author: &Author, person: PersonId) -> Result<Vec<OfferedAddress>>;
    /// She takes an address that a keeper has given: fact AddressGiven, as where she adds it herself (Conflict where there are five), and whoever has given the same has been heard. Or she does not: fact AddressDeclined, and
    /// it counts no more. Missing: not hers, or not given.
    async fn answer_offer(
        &self,
        author: &Author,
        person: PersonId,
        address: AddressId,
        takes: bool,
        now: Now,
    ) -> Result<()>;
    /// What her keepers may be told of a person who cannot be reached; none: nothing. Fact PersonTold. Missing: not hers.
    async fn tell_of_person(&self, author: &Author, person: PersonId, name: Option<SealedText>)
    -> Result<()>;
    /// The same, as it stands. Missing: not hers.
    async fn told_of_person(&self, author: &Author, person: PersonId) -> Result<Option<SealedText>>;
    /// A keeper is one no more: fact KeeperRemoved; her life is looked at again at once. Missing: not hers, or removed already.
    async fn remove_keeper(&self, author: &Author, keeper: KeeperId, now: Now) -> Result<()>;
    /// Her other channels, oldest first.
    async fn channels(&self, account: AccountId) -> Result<Vec<ChannelRow>>;
    /// Sends a code to another address or handle of hers, as [`crate::KeyStore::ask_email_change`] does and counted with those. The code is good for [`Self::prove_channel`] alone, and for this way.
    async fn ask_channel(
        &self,
        author: &Author,
        ask: EmailChangeAsk,
        way: Way,
        now: Now,
    ) -> Result<CodeAsked>;
    /// The code to another address was typed. Right: [`Self::add_channel`], and the notice ChannelAdded goes to every channel, the new one too. A code that was right is used up, also where there is no
    /// room any more.
    async fn prove_channel(
        &self,
        author: &Author,
        browser: Keyed,
        code: Keyed,
        channel: NewChannel,
        now: Now,
    ) -> Result<ChannelTried>;
    /// Another channel of hers that was verified: fact ChannelAdded, or HandleAdded for one by the webhook, or BrowserAdded for one by a push service. Conflict: she has three already, or the name is taken.
    async fn add_channel(
        &self,
        author: &Author,
        channel: ChannelId,
        way: Way,
        sealed: SealedText,
        now: Now,
    ) -> Result<()>;
    /// Does not want it any more: fact ChannelRemoved. Nothing is sent there again. Missing if it is not there.
    async fn remove_channel(&self, author: &Author, channel: ChannelId, now: Now) -> Result<()>;
    /// A browser takes nothing any more: as [`Self::remove_channel`], and the notice BrowserOver goes to every other channel of hers under the name `told`. False, and nothing changes: it is none any more.
    async fn browser_over(&self, channel: ChannelId, told: MessageId, now: Now) -> Result<bool>;
    /// Writes a rehearsal to herself: the notice Rehearsal for each, to leave at once. False, and nothing is written: the one before was asked for less than an hour of trusted time ago. Conflict: a name is taken, or a
    /// channel is not hers.
    async fn send_rehearsal(&self, author: &Author, messages: &[ToSend], now: Now) -> Result<bool>;
    /// How far the newest has come.
    async fn rehearsal_sent(&self, account: AccountId) -> Result<Option<RehearsalSent>>;
    /// What has not begun to leave of her rehearsals is dropped. Gives how many.
    async fn stop_rehearsal(&self, author: &Author) -> Result<u64>;
    /// The paper with her stop code was made (keyed hash): fact StopCodeMade; an earlier one stops nothing any more. Conflict: another account has it.
    async fn put_stop_code(&self, author: &Author, code: Keyed) -> Result<()>;
    /// Whose stop code this is.
    async fn account_of_stop_code(&self, code: Keyed) -> Result<Option<AccountId>>;
}

/// A rung waits as long as it takes; what only tells is pointless after three days.
pub(crate) fn expires(says: Says, now: Now) -> Option<Timestamp> {
    match says {
        Says::Question
        | Says::Reminder
        | Says::Warning
        | Says::KeeperAsked
        | Says::Invited
        | Says::StillRight
        | Says::AddressAsked
        | Says::Released => None,
        _ => Some(
            now.trusted.checked_add(SignedDuration::from_hours(NOTICE_DAYS * 24)).unwrap_or(Timestamp::MAX),
        ),
    }
}

/// The name of a notice as it goes to another channel: nobody who does not know the first can know it.
pub(crate) fn copy_for(message: MessageId, channel: ChannelId) -> MessageId {
    name_of(message.0, channel.0)
}

/// The name of what an old address is told when this new one counts: there is one for the two, and so it is told once.
pub(crate) fn elsewhere(old: AddressId, new: AddressId) -> MessageId {
    name_of(new.0, old.0)
}

fn name_of(one: [u8; 16], other: [u8; 16]) -> MessageId {
    let digest = Sha256::new().chain_update(one).chain_update(other).finalize();
    let mut name = [0; 16];
    name.copy_from_slice(&digest[..16]);
    MessageId(name)
}

/// Whether the hour after a rehearsal that expires then is not over.
pub(crate) fn just_rehearsed(expires: Timestamp, now: Now) -> bool {
    let over = now.trusted.checked_add(SignedDuration::from_hours(NOTICE_DAYS * 24 - 1));
    over.is_ok_and(|over| over < expires)
}

/// What she is told when a keeper accepts or declines.
pub(crate) fn told_of(enrolled: bool) -> Notice {
    if enrolled { Notice::KeeperAccepted } else { Notice::KeeperDeclined }
}

/// What the journal holds of a new channel.
pub(crate) fn channel_added(account: AccountId, channel: ChannelId, way: Way, sealed: &SealedText) -> Fact {
    let sealed = sealed.0.clone();
    match way {
        Way::Mail => Fact::ChannelAdded { account, channel, sealed },
        Way::Hook => Fact::HandleAdded { account, channel, sealed },
        Way::Push => Fact::BrowserAdded { account, channel, sealed },
    }
}

/// What the journal holds of a new keeper.
pub(crate) fn keeper_added(account: AccountId, keeper: &NewKeeper) -> Fact {
    Fact::KeeperAdded {
        account,
        keeper: keeper.id,
        name: keeper.name.0.clone(),
        address: keeper.address.clone().map(|address| address.0).unwrap_or_default(),
        language: keeper.language.clone(),
        link: keeper.link.0,
    }
}
