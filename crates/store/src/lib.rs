//! Remembered here: the only room with SQL and buckets. One [`Store`] in three shapes (memory, SQLite, PostgreSQL) that one conformance
//! suite holds to the same answers; [`blobs`] for sealed bytes; [`journal`] for facts. The store is given `now`; it has no clock. It
//! knows nothing of http, mail or keys: what it must not read comes in sealed or hashed. One thing because the promises of all methods are read together.
//!
//! Each method is one transaction. Where a fact is committed: lock the row and check `rev`, append to the journal and flush, commit
//! (data.md, "The journal"). Futures of the memory and SQLite stores are ready at once, so that the simulator polls them once.
//!
//! Four readings that hold for all methods. *Missing* comes before *Conflict*: whoever may not see a row learns nothing of its state. A name
//! (id, token, link) that is to be new and is taken already is Conflict. *At once* is `Wake::Trusted(now.trusted)`. A wake whose row is held
//! keeps its holder and fence when it is moved, and is gone when it is removed; where times are stored coarser than given, a wake, the end of
//! a rest and a moment are rounded up: never early.

pub mod alive;
pub mod asks;
pub mod blobs;
pub mod care;
pub mod conformance;
pub mod events;
pub mod journal;
pub mod keeper_sets;
pub mod limits;
pub mod lives;
pub mod memory;
pub mod notes;
pub mod rows;
pub mod sql;

use async_trait::async_trait;
use jiff::Timestamp;
use unsaid_delivery::accept::Corrected;
use unsaid_delivery::accept::Granted;
use unsaid_delivery::breaker::Weighed;
use unsaid_delivery::clock::{Mark, Now, Observed};
use unsaid_delivery::decide::{AmendDecision, Decision};
use unsaid_delivery::forecast::Forecast;
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::{
    AccountId, AddressId, BlobId, BootId, ChannelId, DeliveryId, DraftId, LetterId, MessageId, PersonId,
    ReplyId,
};
use unsaid_delivery::message::{Call, Message, Notice};
use unsaid_delivery::record::{Bounce, CameBack, Recorded};
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::state::{Amending, Delivery};

use care::{Balanced, Finding, Health, Piece, Round, StoredBlob, ToLookAt, WrapName, WrapToLookAt, Wrong};
use limits::{Limit, Limits};
use rows::*;

/// Why the store could not.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not there, or not yours: one answer for both.
    #[error("This is not here. Look at where the link came from.")]
    Missing,
    /// Somebody else changed it first, or it is not in a state in which this can be done. Read it again.
    #[error("This has changed meanwhile. Load it again and look.")]
    Conflict,
    /// The disk is full.
    #[error("The house has no room left. Nothing was changed; its host has to make room.")]
    Full,
    /// A number of the house's was reached. Nothing was changed.
    #[error("There is no room for more of these in this house. Nothing was lost; ask its host.")]
    Limit(Limit),
    /// Stored bytes are not what they were.
    #[error("Stored bytes are damaged. The host has to restore them from a backup.")]
    Damaged,
    /// The database or the disk does not answer. `0` is for the log: it holds no values of rows.
    #[error("The store does not answer. Try again in a minute.")]
    Unavailable(String),
    /// The database was written by a newer program. Nothing was read or changed.
    #[error(
        "This house was kept by a newer version of the program (its tables are step {found}, this one knows {known}). Start that version or a newer one."
    )]
    Newer {
        /// The step its tables are at.
        found: i64,
        /// The newest step that this program knows.
        known: i64,
    },
}

/// What the store answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The house: its clock, its keys, the signs of life of its nodes.
#[async_trait]
pub trait HouseStore: Send + Sync {
    /// The house as it is.
    async fn house(&self) -> Result<House>;
    /// The host has typed the words of the keys back.
    async fn confirm_keys(&self) -> Result<()>;
    /// The keys are about to be others than those that were typed back: until that is done again they are not known to be on paper.
    async fn unconfirm_keys(&self) -> Result<()>;
    /// Stores the mark (neither clock ever goes back: the greater of stored and given stays) and raises the beat of this boot by one
    /// (its row is made at the first beat). Observed time is taken from the boot that holds the ticker alone, or time of service would run once for each node; a ticker that nobody
    /// holds is this boot's from now on.
    async fn beat(&self, boot: BootId, mark: Mark) -> Result<Beaten>;
    /// Who holds the ticker; none: nobody.
    async fn ticker(&self) -> Result<Option<Ticker>>;
    /// Takes the ticker over from a holder that is still exactly as it was seen, beat and all. False: it is not.
    async fn take_ticker(&self, boot: BootId, seen: Ticker) -> Result<bool>;
    /// This boot closes: whoever beats next holds the ticker. Somebody else's stays theirs.
    async fn leave_ticker(&self, boot: BootId) -> Result<()>;
    /// What time it is by a database server on another machine, which is a source of time beside this machine's clock. None: the database is on this machine, where it would be the same
    /// clock by another door. The one question of the store about time: no other statement asks for it.
    async fn server_time(&self) -> Result<Option<Timestamp>>;
    /// `unsaid clock confirm`: trusted time steps forward to `to`. Conflict if that would be backwards (the same instant
    /// again is no step, and no conflict). What comes near by this step stays foreseen ([`EngineStore::look`]).
    async fn confirm_clock(&self, to: Timestamp) -> Result<()>;
    /// From now on this stands in the way of every letter of the house, on every node. False: it stood already, and its beginning stays.
    async fn hold(&self, what: Hold, now: Now) -> Result<bool>;
    /// It does not stand any more. False: it did not.
    async fn unhold(&self, what: Hold) -> Result<bool>;
    /// What stands in the way of the whole house, the gravest first.
    async fn holds(&self) -> Result<Vec<Standing>>;
    /// Keeps what a node of this house asks for at its public address, until `expires`; what is over is forgotten. Conflict: it is known already.
    async fn keep_nonce(&self, nonce: Keyed, expires: Timestamp, now: Now) -> Result<()>;
    /// Whether a node of this house asks for this. Changes nothing.
    async fn knows_nonce(&self, nonce: Keyed, now: Now) -> Result<bool>;
    /// From now on nothing goes beyond these numbers, by this process; a store that was just opened has none. What is there already stays, and whatever would go beyond is
    /// [`StoreError::Limit`], and changes nothing.
    async fn keep_within(&self, limits: Limits) -> Result<()>;
}

/// Coming in: invitations, codes, sessions, accounts, unlocking, the vault.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Keeps an invitation until `expires`; with the keyed hash of a name, knocks may hold that exact name of whoever takes it.
    async fn invite(
        &self,
        token: Keyed,
        role: Role,
        expires: Timestamp,
        approved_name: Option<Keyed>,
    ) -> Result<()>;
    /// Everybody who has an account, the oldest first.
    async fn named(&self) -> Result<Vec<NamedAccount>>;
    /// The host approves the exact name of this hash for knocks, or none any more. Missing: there is no such account.
    async fn approve_name(&self, account: AccountId, name: Option<Keyed>) -> Result<()>;
    /// What an invitation is good for; none if unknown, used or over.
    async fn invitation(&self, token: Keyed, now: Now) -> Result<Option<Role>>;
    /// Takes a request for a code. An earlier one of the same browser ends; its message, if it still waits, is dropped. When `ask.write`, a message (kind Code, subject SigningIn,
    /// expires `ask.expires`, foreseen) is written with a wake at once in the lane of codes. Ten a day (24 h of trusted time) for each address,
    /// counted alike whether or not it is known; `TooMany` changes nothing and is not counted. `Held`: taken, and the mail is not written, because the house has written as many
    /// codes as it may in an hour ([`Limits::codes_an_hour`]), or as many for this invitation as it may in a day ([`limits::CODES_OF_AN_INVITATION`]; an account is never held for that).
    async fn ask_code(&self, ask: CodeAsk, now: Now) -> Result<CodeAsked>;
    /// The account of an address (sign-in form).
    async fn account_of(&self, email_key: Keyed) -> Result<Option<AccountId>>;
    /// Stores the hash of the code that this message is about to carry; replaces an earlier try's. Missing if its request
    /// has ended.
    async fn set_code(&self, message: MessageId, code: Keyed) -> Result<()>;
    /// Tries a code: five tries for each request, then it is over (the fifth wrong one is still `Wrong`; a right fifth is right). While no code is
    /// set, or none was written, each is `Wrong` and counts alike.
    async fn try_code(&self, browser: Keyed, code: Keyed, now: Now) -> Result<CodeTried>;
    /// Opens a session for an account that exists (else Missing): locked, not fresh. Beyond [`limits::SESSIONS_OF_AN_ACCOUNT`] the one that was silent longest ends.
    async fn open_session(&self, token: Keyed, account: AccountId, now: Now) -> Result<()>;
    /// Opens a session that may only make an account, for one hour that no act makes longer. Limit: without an invitation, and enough accounts were made today.
    async fn open_newcomer(
        &self,
        token: Keyed,
        account: AccountId,
        email_key: Keyed,
        email: SealedText,
        invitation: Option<Keyed>,
        now: Now,
    ) -> Result<()>;
    /// The session of a token; none if unknown or over (90 days of trusted time without an act, or [`Limits::session_days`] after it was made).
    async fn session(&self, token: Keyed, now: Now) -> Result<Option<Session>>;
    /// A request that follows a human act: moves `last_act` (at most once a minute is written; never back). Missing if unknown or over.
    async fn act(&self, token: Keyed, now: Now) -> Result<()>;
    /// The unlock token was right: unlocked and fresh from now, which is an act too. Missing if unknown, over or a newcomer's.
    async fn unlock_session(&self, token: Keyed, mine: bool, now: Now) -> Result<()>;
    /// Locked again, and no longer fresh. An unknown token is no error.
    async fn lock_session(&self, token: Keyed) -> Result<()>;
    /// Signed out. An unknown token is no error.
    async fn end_session(&self, token: Keyed) -> Result<()>;
    /// Where she is signed in, whoever acted last first.
    async fn sessions(&self, author: &Author, now: Now) -> Result<Vec<SignedInOn>>;
    /// Signs her out there. Missing if there is no such session (any more), or it is not hers.
    async fn end_session_named(&self, author: &Author, name: SessionName) -> Result<()>;
    /// Signs her out everywhere but in this session. Gives in how many.
    async fn end_other_sessions(&self, author: &Author, session: Keyed) -> Result<u64>;
    /// Signs out one account, or everybody with those who are about to make one. Gives how many sessions ended.
    async fn end_all_sessions(&self, of: Option<AccountId>) -> Result<u64>;
    /// Makes the account of a newcomer's session, which becomes hers, unlocked and fresh. The invitation (whose role she gets; Author without one) is used up in the
    /// same transaction. Fact UnlockReplaced. Conflict: the address or id already has an account, the invitation is gone, or
    /// id and address are not those of the session. Missing: there is no newcomer's session (any more). The vault begins at revision 1.
    async fn create_account(&self, token: Keyed, account: NewAccount, mine: bool, now: Now)
    -> Result<Author>;
    /// Her account.
    async fn account(&self, author: &Author) -> Result<Account>;
    /// Tries an unlock token (five wrong ones in a quarter of an hour of trusted time, then `TooMany` for right and wrong alike, which is
    /// not counted, until the first of the five is a quarter of an hour old). A right one does not forgive the wrong ones.
    async fn try_unlock(&self, author: &Author, token: Keyed, now: Now) -> Result<UnlockTried>;
    /// vault.age and its revision.
    async fn vault(&self, author: &Author) -> Result<(Vec<u8>, i64)>;
    /// Replaces vault.age if its revision is still `rev`. Gives the new one. Conflict otherwise.
    async fn put_vault(&self, author: &Author, rev: i64, vault: Vec<u8>) -> Result<i64>;
    /// In which language and zone her pages and mails speak.
    async fn put_language(&self, author: &Author, language: String, zone: String) -> Result<()>;
}

/// The ways back in: the paper kit, new words, another sign-in address; and what the author is told when one of them was used.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Keeps HMAC of the kit's token; replaces an earlier one. Conflict if another account has it. The notice KitMade in the same transaction, unless it is the same again.
    async fn put_kit(&self, author: &Author, kit: Keyed, notice: MessageId, now: Now) -> Result<()>;
    /// Whether a kit's token is known for her.
    async fn has_kit(&self, author: &Author) -> Result<bool>;
    /// The account of a kit's token.
    async fn account_of_kit(&self, kit: Keyed) -> Result<Option<AccountId>>;
    /// The kit was shown by hand: a session that is unlocked and fresh, and the notice KitUsed in the same transaction. Conflict: the token is taken.
    async fn open_kit_session(
        &self,
        token: Keyed,
        account: AccountId,
        mine: bool,
        notice: MessageId,
        now: Now,
    ) -> Result<()>;
    /// New six words. Conflict unless its number follows the present one. Fact UnlockReplaced; notice WordsReplaced; wrong tries are forgiven; the wrap of the old words is
    /// erased; every other session of hers ends.
    async fn replace_unlock(
        &self,
        author: &Author,
        new: NewUnlock,
        notice: MessageId,
        now: Now,
    ) -> Result<()>;
    /// Writes a notice to the account's address, to leave at once and to be pointless after three days of trusted time.
    async fn notify(&self, author: &Author, notice: Notice, message: MessageId, now: Now) -> Result<()>;
    /// The same to an address that was hers until now, and to it alone: `to` is under the address key and bound to `message`.
    async fn notify_at(
        &self,
        author: &Author,
        notice: Notice,
        message: MessageId,
        to: SealedText,
        now: Now,
    ) -> Result<()>;
    /// Writes the notice Trial in the same way, to the account's address or to one of her channels, at most [`rows::TRIALS_A_DAY`] within a day of trusted time. Missing: no channel of hers.
    async fn ask_trial(
        &self,
        author: &Author,
        channel: Option<ChannelId>,
        message: MessageId,
        now: Now,
    ) -> Result<CodeAsked>;
    /// Sends a code to the new address, as [`AccountStore::ask_code`] does and counted with those, and [`limits::CODES_OF_AN_ACCOUNT`] of one account in a day. The code is good for [`Self::change_email`] alone. `set_code` takes it.
    async fn ask_email_change(&self, author: &Author, ask: EmailChangeAsk, now: Now) -> Result<CodeAsked>;
    /// The code to the new address was typed. Right: the account signs in with the new address from now on (fact SignInChanged), the notice SignInChanged goes to the old one, whose link undoes it for
    /// [`EMAIL_UNDO_DAYS`]. Every other session of hers ends.
    async fn change_email(
        &self,
        author: &Author,
        browser: Keyed,
        code: Keyed,
        change: EmailChange,
        now: Now,
    ) -> Result<EmailChanged>;
    /// Whether this link may still undo a change of address. Changes nothing.
    async fn email_undo(&self, undo: Keyed, now: Now) -> Result<bool>;
    /// Puts the old address back (fact SignInChanged) and ends all sessions of the account. False: the link is unknown, used or over, or the old
    /// address has another account by now. The links of later changes of this account are over with it.
    async fn undo_email(&self, undo: Keyed, now: Now) -> Result<bool>;
}

/// Letters that are not sealed yet, as her browser keeps them here: bytes that are sealed to her.
#[async_trait]
pub trait DraftStore: Send + Sync {
    /// Saves a draft if its revision is still `rev` (0: it is new). Gives the new one. What was saved before goes into its history ([`rows::thinned`]). One that was thrown away is
    /// back by that. Missing: the name is another author's. Limit: there are too many already, or too many bytes.
    async fn put_draft(
        &self,
        author: &Author,
        draft: DraftId,
        rev: i64,
        bytes: Vec<u8>,
        now: Now,
    ) -> Result<i64>;
    /// All of hers, the newest saving first.
    async fn drafts(&self, author: &Author) -> Result<Vec<DraftRow>>;
    /// One, with its revision.
    async fn draft(&self, author: &Author, draft: DraftId) -> Result<(Vec<u8>, i64)>;
    /// Its earlier savings: revision and time, the newest first.
    async fn draft_history(&self, author: &Author, draft: DraftId) -> Result<Vec<(i64, Timestamp)>>;
    /// An earlier saving.
    async fn draft_at(&self, author: &Author, draft: DraftId, rev: i64) -> Result<Vec<u8>>;
    /// Throws it away, to be gone after [`DISCARDED_DAYS`]. Again is no error, and begins no new time.
    async fn discard_draft(&self, author: &Author, draft: DraftId, now: Now) -> Result<()>;
    /// Brings it back.
    async fn restore_draft(&self, author: &Author, draft: DraftId) -> Result<()>;
    /// A photo of a draft: `part.blob` holds its sealed bytes, which are durable. One of the same name is replaced, and its bytes are in [`Self::orphans`]. Limit: it has too many, or the account too many bytes.
    async fn put_draft_part(&self, author: &Author, draft: DraftId, part: Part) -> Result<()>;
    /// A photo of a draft.
    async fn draft_part(&self, author: &Author, draft: DraftId, name: &str) -> Result<Part>;
    /// Forgets drafts that were thrown away long enough ago, sessions that are over, and nodes that were not heard of for 90 days and hold
    /// nothing. Gives how many drafts are gone.
    async fn prune(&self, now: Now) -> Result<u64>;
    /// Names of blobs that no row has any more, at most `limit`: their bytes may be erased.
    async fn orphans(&self, limit: usize) -> Result<Vec<BlobId>>;
    /// The bytes of an orphan are erased.
    async fn orphan_erased(&self, blob: BlobId) -> Result<()>;
}

/// The people an author writes to.
#[async_trait]
pub trait PersonStore: Send + Sync {
    /// Adds a person. Fact AddressGiven where an address is given. Limit: there are too many, or too many in a month.
    async fn add_person(&self, author: &Author, person: NewPerson, now: Now) -> Result<()>;
    /// All of them, oldest first.
    async fn persons(&self, author: &Author) -> Result<Vec<Person>>;
    /// One more address (five at most: Conflict). Fact AddressGiven. The person's knocking deliveries wake at once, and those
    /// ended as unreachable are Sending again and wake at once.
    async fn add_address(
        &self,
        author: &Author,
        person: PersonId,
        address: NewAddress,
        now: Now,
    ) -> Result<()>;
    /// Takes an address away. Fact AddressRemoved. Nothing is sent there again; what was refused there stays refused, should the same address be
    /// given anew. A link that went there already still works: what was sent is sent. What waits to be knocked for is looked at again at once. Missing if it is not there (any more).
    async fn remove_address(
        &self,
        author: &Author,
        person: PersonId,
        address: AddressId,
        now: Now,
    ) -> Result<()>;
    /// Changes zone and language.
    async fn update_person(
        &self,
        author: &Author,
        person: PersonId,
        zone: Option<String>,
        language: String,
    ) -> Result<()>;
    /// What somebody who comes with this person's card before the time may be told from now on.
    async fn tell_early(&self, author: &Author, person: PersonId, early: Early) -> Result<()>;
    /// Whether somebody who looks after this person reads their mail, and by which name they are told of them; none: nobody does. Fact LookedAfter. Missing: not hers.
    async fn look_after(&self, author: &Author, person: PersonId, name: Option<SealedText>) -> Result<()>;
    /// The person has a card with words; `claim` is HMAC of its token. Conflict if they have another one already ([`Self::replace_card`]), or the claim is taken; the same again
    /// changes nothing. Fact CardReplaced.
    async fn put_card(&self, author: &Author, person: PersonId, claim: Keyed, now: Now) -> Result<()>;
    /// Whether the person has a card.
    async fn has_card(&self, author: &Author, person: PersonId) -> Result<bool>;
    /// A card that somebody has seen: another claim, and new words wraps for everything of this person that is kept by words and that nobody has opened, in one transaction.
    /// Wraps of what is opened are passed over in silence. Conflict if one that is kept by words and that counts, or will, is missing among them, whether it was opened or not (so that the answer
    /// tells nothing), or the claim is taken. What she has brought under words and not sealed yet loses that wrap: it cannot be sealed with words that nobody has. The old card goes on opening
    /// what was opened with it, and nothing else; of a letter that comes every year, and of which one more is to come, the words are new for what was opened too. Fact CardReplaced.
    async fn replace_card(
        &self,
        author: &Author,
        person: PersonId,
        claim: Keyed,
        wraps: Vec<NewWordsWrap>,
        now: Now,
    ) -> Result<()>;
}

/// Letters, from the first reserved id to the seal, and what their author may see and take back.
#[async_trait]
pub trait LetterStore: Send + Sync {
    /// Reserves a letter with version 1. Limit: too many are sealed, or too many were reserved within a day and are not.
    async fn reserve_letter(&self, author: &Author, letter: LetterId, now: Now) -> Result<()>;
    /// Reserves the next version. Gives its number. An unsealed newest version is given again, emptied of its wraps and parts. Limit: it has too many.
    async fn reserve_version(&self, author: &Author, letter: LetterId, now: Now) -> Result<u32>;
    /// Begins an upload, or finds the one with the same letter, version, name and hash. Another one of the same name is replaced.
    /// Conflict when the version is sealed. Missing when it is not reserved. Limit: too many are on their way, or the account has too many bytes.
    async fn begin_upload(&self, author: &Author, ask: UploadAsk, now: Now) -> Result<Upload>;
    /// An upload as it stands.
    async fn upload(&self, author: &Author, blob: BlobId) -> Result<Upload>;
    /// So many bytes of it are durable in the blob store. Conflict if that is less than before or more than its size, or
    /// if it would change a sealed version.
    async fn upload_grew(&self, author: &Author, blob: BlobId, offset: u64) -> Result<()>;
    /// All bytes are there and the hash was right (`complete`), or it was wrong and the upload is empty again. Conflict if `complete` and
    /// bytes are missing, or if it would change a sealed version.
    async fn upload_ended(&self, author: &Author, blob: BlobId, complete: bool) -> Result<()>;
    /// A complete part of a version of hers.
    async fn part(&self, author: &Author, letter: LetterId, version: u32, name: &str) -> Result<Part>;
    /// Keeps a wrap (author, host or words; another kind is Conflict) of a version that is not sealed yet (else Conflict). An earlier one of the same
    /// kind is replaced.
    async fn put_wrap(
        &self,
        author: &Author,
        letter: LetterId,
        version: u32,
        kind: WrapKind,
        bytes: Vec<u8>,
        host_generation: u32,
    ) -> Result<()>;
    /// The author's own wrap.
    async fn author_wrap(&self, author: &Author, letter: LetterId, version: u32) -> Result<Vec<u8>>;
    /// What a reserved version holds, sealed or not.
    async fn unproven(&self, author: &Author, letter: LetterId, version: u32) -> Result<Unproven>;
    /// Seals: fact Sealed (with its manifest of recovery), the version becomes immutable, and with a promise its delivery rests (wake: end of the
    /// rest by trusted time). A delivery that was undone takes the new rule, version and rest. Conflict: another is sealed and living, or the
    /// version is sealed already with something else; sealing the same again with the same manifest answers as the first time, as long
    /// as it has not been taken back (then Conflict). Missing: the person of the promise is not hers.
    async fn seal(&self, author: &Author, seal: Seal, now: Now) -> Result<Letter>;
    /// All of hers with at least one sealed version, newest sealing first. What was undone is among them: its state says so.
    async fn letters(&self, author: &Author) -> Result<Vec<Letter>>;
    /// One of hers, sealed or reserved.
    async fn letter(&self, author: &Author, letter: LetterId) -> Result<Letter>;
    /// What is remembered of its way ([`notes`]), the newest first. Whether she may be shown it is decided elsewhere. Missing: not hers.
    async fn history(&self, author: &Author, letter: LetterId) -> Result<Vec<notes::Note>>;
    /// Commits what `accept` granted on `delivery` (as it was read; Conflict if its rev has moved): state, wake, fact. A fact Withdrawn also marks the
    /// letter as withdrawn by her, whatever the state. A new state Withdrawn (undone or not) removes the wraps of
    /// all versions but the author's.
    async fn commit_author(
        &self,
        author: &Author,
        delivery: &Delivery,
        granted: &Granted,
        now: Now,
    ) -> Result<Letter>;
    /// Keeps new words of a sealed letter: fact Sealed (with its manifest of recovery), and the version rests (wake of the letter: end of the rest by trusted time). What rested before is taken back by it. A letter
    /// that is never delivered takes the version at once. Conflict: nothing is sealed, its first version rests, it was taken back, or the version is sealed already with something else; the
    /// same again answers as the first time.
    async fn amend(&self, author: &Author, amend: Amend, now: Now) -> Result<Letter>;
    /// Takes new words back in their rest: fact AmendUndone, the wraps but the author's are erased. Conflict if that version does not rest (any more).
    async fn undo_amend(&self, author: &Author, letter: LetterId, version: u32, now: Now) -> Result<Letter>;
    /// What was answered to her letters and may be seen by now, the newest first.
    async fn replies(&self, author: &Author, now: Now) -> Result<Vec<Reply>>;
    /// One of them.
    async fn reply_named(&self, author: &Author, reply: ReplyId, now: Now) -> Result<Reply>;
    /// She has opened it. Again is no error.
    async fn reply_seen(&self, author: &Author, reply: ReplyId, now: Now) -> Result<()>;
    /// The birthday that is asked for before a letter of hers opens is another one: fact ProofChanged. What was opened already opens with the one of before, too. The same again changes nothing.
    /// Conflict where no birthday is asked for.
    async fn correct_proof(&self, author: &Author, letter: LetterId, proof: NewProof, now: Now)
    -> Result<()>;
    /// Commits a corrected birthday (rev as in `delivery`, else Conflict): rule, occurrence, due, wake, fact.
    async fn correct_rule(
        &self,
        author: &Author,
        delivery: &Delivery,
        corrected: &Corrected,
        now: Now,
    ) -> Result<Letter>;
}

/// The person's side. While NotMe stands for a reader's address and person, that address proves nothing for that person: nothing waits, nothing
/// is opened or released there (Missing); they may see what stands refused, and lift it. Where a proof is asked and was not given in the reader's session,
/// nothing is opened, released or answered (Missing either); refusing and keeping for later need none.
#[async_trait]
pub trait ReaderStore: Send + Sync {
    /// The knock that this link came with; none if it is unknown.
    async fn knock(&self, link: Keyed) -> Result<Option<Knock>>;
    /// Opens a reader's session (30 days of trusted time) for a knock. Nobody is turned away: beyond [`limits::READERS_OF_A_LINK`] the oldest of that knock ends.
    async fn open_reader(&self, token: Keyed, message: MessageId, now: Now) -> Result<()>;
    /// The reader of a session.
    async fn reader(&self, token: Keyed, now: Now) -> Result<Option<Reader>>;
    /// Ends a reader's session ('leave this page at once').
    async fn end_reader(&self, token: Keyed) -> Result<()>;
    /// Everything from this author to this person that may be opened or was (`State::may_be_opened`), newest sealing first.
    async fn waiting(&self, reader: &Reader) -> Result<Vec<Waiting>>;
    /// Who has written.
    async fn sender(&self, reader: &Reader) -> Result<Sender>;
    /// The address at which they came, under the address key and bound to its id; none for whoever came with words, or when its author took it away since.
    async fn own_address(&self, reader: &Reader) -> Result<Option<SealedText>>;
    /// Commits an opening that `accept::open` granted (rev as in `delivery`): pins the version, fact Opened, and the pair's series of
    /// knocks begins anew: earlier messages are not in `Pair.knocks` any more. Missing: not of this reader's pair, or nothing
    /// that may be opened; or something is asked that this session has not answered. Wakes of its other deliveries stay.
    async fn open(&self, reader: &Reader, delivery: &Delivery, granted: &Granted, now: Now) -> Result<()>;
    /// An answer to what is asked before this delivery opens. Wrong ones are counted, with a limit for a day and one for ever; a right one is kept for this session, and
    /// forgets the wrong ones of the same session. Missing: not of this reader's pair, not there for them, or they came without a session.
    async fn try_proof(
        &self,
        reader: &Reader,
        delivery: DeliveryId,
        answer: Answered,
        now: Now,
    ) -> Result<ProofTried>;
    /// The person says that knocks may hold the exact name of this hash, or none any more. Missing while NotMe stands.
    async fn allow_name(&self, reader: &Reader, name: Option<Keyed>) -> Result<()>;
    /// Opens a reader's session (30 days of trusted time) for the words of a card, if something of that person may be opened with it now. False: nothing is there for these words, whatever
    /// the reason. Who came so refuses for the person (scopes Letter and Author; others are Conflict). From the moment the card is replaced its sessions, too, lead only to what was opened
    /// with words, and refuse and lift nothing (Conflict).
    async fn open_reader_by_claim(&self, token: Keyed, claim: Keyed, now: Now) -> Result<bool>;
    /// Of words that open nothing now: what waits for its time, where these are a person's present card and their author allowed to say so, and how much may be said. None in any other case.
    /// What rests is not among it: it may be undone, and then nobody is to know that it was.
    async fn early_by_claim(&self, claim: Keyed) -> Result<Option<(Early, Vec<Delivery>)>>;
    /// Somebody asks whether something waits for an address of theirs, of this keyed hash. The same work whether anybody writes there or not, and no answer: that goes to the address, by
    /// [`EngineStore::answer_at_door`]. More than three within a day of trusted time are not kept.
    async fn ask_at_door(&self, address: Keyed, now: Now) -> Result<()>;
    /// Whether these words open this delivery of theirs: the person's present card, or for what was opened with words already any card of theirs.
    async fn claim_opens(&self, reader: &Reader, delivery: DeliveryId, claim: Keyed) -> Result<bool>;
    /// Whether these are the words of a card of theirs that another one has replaced.
    async fn card_is_older(&self, reader: &Reader, claim: Keyed) -> Result<bool>;
    /// The host wrap (or, where the letter is kept by words, the words wrap) of an opened (pinned) delivery of theirs that may be opened still; else Missing.
    async fn release(&self, reader: &Reader, delivery: DeliveryId) -> Result<Released>;
    /// A part of the pinned version of an opened delivery of theirs.
    async fn reader_part(&self, reader: &Reader, delivery: DeliveryId, name: &str) -> Result<Part>;
    /// Keeps a refusal: fact Refused, the deliveries that `accept::refuse` ends, and waiting messages to be looked at again: they wake at once
    /// (started ones are asked when their time comes). House and NotMe are kept for the address, NotMe for this person alone; Quiet for the address
    /// and the author, whichever person of hers has that address; Author likewise, and for the person with all addresses; Letter for the person
    /// with all addresses. The knocking deliveries that remain wake at once. Messages and deliveries are those of the pair, and of every other
    /// person whose address the refusal touches. Refusing again what stands writes no second fact. Missing: a letter that is not of this pair.
    async fn refuse(&self, reader: &Reader, scope: Scope, now: Now) -> Result<()>;
    /// Takes it back: fact Lifted, and what `accept::lift` says; what is Knocked by that wakes after `pause_days(1)` observed days, as
    /// the person is here today. House: of every person with that address. Lifting what does not stand changes nothing.
    async fn lift(&self, reader: &Reader, scope: Scope, now: Now) -> Result<()>;
    /// The knock of this name, as [`Self::knock`] finds it by its link; none if it is unknown, or no knock.
    async fn knock_named(&self, message: MessageId) -> Result<Option<Knock>>;
    /// Commits what `accept::later` granted (rev as in `delivery`): fact KeptForLater, and the pair's series of knocks begins anew; knocks that wait are looked at again at once. Missing
    /// as with [`Self::open`].
    async fn keep_for_later(
        &self,
        reader: &Reader,
        delivery: &Delivery,
        granted: &Granted,
        now: Now,
    ) -> Result<()>;
    /// Keeps an answer to an opened delivery of theirs (else Missing): fact Answered, and the notice Answered to its author, which leaves when she may see it
    /// (`accept::answer_is_seen` in her zone). The same again is kept once; another one of the same name is Conflict.
    async fn reply(&self, reader: &Reader, reply: NewReply, now: Now) -> Result<Replied>;
    /// Counts a try of the eight digits at this address (keyed hash of its normal form), known or not, and gives the knocks that went there. `TooMany` is not counted.
    async fn try_digits(&self, address: Keyed, now: Now) -> Result<DigitsTried>;
    /// What stands refused for this address and person, each scope once, oldest first.
    async fn refusals(&self, reader: &Reader) -> Result<Vec<StandingRefusal>>;
    /// The reader found the wrap wrongly bound or damaged: the delivery is parked (`left` as `State::has_left` says; a parked one keeps
    /// its first reason), wakes no more, and the host is called (`counts`). What was withdrawn stays withdrawn.
    async fn park(&self, delivery: DeliveryId, why: unsaid_delivery::state::Parked) -> Result<()>;
}

/// The engine's side: what wakes, and what becomes of it.
#[async_trait]
pub trait EngineStore: Send + Sync {
    /// Takes up to `limit` wakes of a lane that have come and that nobody holds: holder becomes `boot`, fence + 1. In order of their wake:
    /// those by trusted time, then those by observed time, the earliest first.
    async fn take(&self, boot: BootId, lane: Lane, now: Now, limit: usize) -> Result<Vec<Taken>>;
    /// The same among messages alone: deliveries, and new words in their rest, stay where they are. For a house that holds its letters back, and goes on with what is never held.
    async fn take_messages(&self, boot: BootId, lane: Lane, now: Now, limit: usize) -> Result<Vec<Taken>>;
    /// Wakes of a lane that have come and that other boots hold, with the holders' beats (0 before the first).
    /// Ordered as `take`.
    async fn held(&self, boot: BootId, lane: Lane, now: Now, limit: usize) -> Result<Vec<Held>>;
    /// Takes over what is exactly as it was seen (holder, fence, beat); none if anything moved. Fence + 1.
    async fn take_over(&self, boot: BootId, held: &Held) -> Result<Option<Taken>>;
    /// Gives a wake back untouched, to be taken again at its time. If somebody else holds it by now, or it is gone, nothing happens.
    async fn give_back(&self, taken: &Taken) -> Result<()>;
    /// When the next one comes that nobody holds.
    async fn next_wakes(&self, lane: Lane) -> Result<NextWakes>;
    /// A delivery with its pair; none if it is gone.
    async fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryView>>;
    /// The occurrence that a decision foresees is a row of its own (waiting, named by [`rows::occurrence_id`], with the letter's version that counts), written in
    /// the same transaction; one that is there already stays.
    ///
    /// Commits a decision about a taken delivery (fence and rev must still stand, else Conflict): state, due, tzdb, wake (given back; removed at an end), and the
    /// forecast, where the decision holds one; what leaves unforeseen is counted by [`Self::weigh`] from then on; what is parked keeps beside it where it was. The
    /// knock, whose message gets `knock` as its id, `link` as its link's hash, a wake at once, and is foreseen. One that already exists for the same person, series, nth and
    /// address is Conflict; one that was dropped does not count, or a letter sealed after another was taken back would never be told of. A decision
    /// with a knock needs `knock` (else Conflict); without one `knock` is not used. Fact Unreachable at that end.
    async fn decided(
        &self,
        taken: &Taken,
        delivery: &Delivery,
        decision: &Decision,
        knock: Option<(MessageId, Keyed)>,
        now: Now,
    ) -> Result<()>;
    /// A message with what sending it needs; none if it is gone. The language of a code is its account's, for a newcomer their browser's (`en` if that is not known).
    async fn message(&self, id: MessageId) -> Result<Option<MessageView>>;
    /// Right before DATA: reads fence, lease, rev and everything that `permit::still_allowed` asks for, and stores `started` with the Date of the first
    /// attempt (kept if there is one already). What stands in the way of the whole house is read with it.
    async fn start(&self, taken: &Taken, message: &Message, date: Timestamp, now: Now)
    -> Result<StartAnswer>;
    /// [`Self::start`] for a group (at most [`rows::GROUP`]) in one transaction, as if one after the other; an answer for each, in their order. One that is not ours, or may not leave,
    /// spoils nothing. What concerns the transaction itself (Unavailable, Full) is every one's answer.
    async fn start_many(&self, group: &[Starting], now: Now) -> Vec<Result<StartAnswer>>;
    /// The same question once more before the content, changing nothing. `message` is the row that `start` gave.
    async fn still_allowed(&self, taken: &Taken, message: &Message, now: Now) -> Result<bool>;
    /// Records an answer (fence, holder and rev must still stand, else Conflict). Fact Accepted first, where it was accepted (codes are no facts). Then the message's state, tries, wake; a dead address; and for an ended knock the
    /// knocking deliveries of the pair: accepted makes them Knocked(nth) with a wake after the pause, anything else wakes them at once.
    async fn recorded(&self, taken: &Taken, message: &Message, recorded: &Recorded, now: Now) -> Result<()>;
    /// [`Self::recorded`] for a group (at most [`rows::GROUP`]) in one transaction with one flush of the journal, as if one after the other; an answer for each, in their order. One that
    /// is Conflict spoils nothing and leaves no fact. What concerns the transaction itself (Unavailable, Full) is every one's answer, and nothing of the group was recorded.
    async fn recorded_many(&self, group: &[Recording], now: Now) -> Vec<Result<()>>;
    /// Ends a message that may not leave (Conflict as above); its pair's knocking deliveries wake at once (if any is left).
    async fn dropped(&self, taken: &Taken, message: &Message, now: Now) -> Result<()>;
    /// What came back for a message that had left (`record::bounced`); what became of it. A dead address: fact Bounced, the message ends as refused, its address is no longer good, the knocking
    /// deliveries of the pair wake at once, and those that ended as unanswered are Sending again. Missing: there is no such message.
    async fn bounced(&self, message: MessageId, bounce: Bounce, now: Now) -> Result<CameBack>;
    /// Somebody answered this knock by mail: writes the notice NobodyReads to the address that the knock went to, at once, pointless after three days. False: one was written to that address within a
    /// week of observed time, or it is no knock, or its address was taken away.
    async fn nobody_reads(&self, knock: MessageId, notice: MessageId, now: Now) -> Result<bool>;
    /// The addresses for which somebody has asked at the door and nobody has looked since, at most `limit`.
    async fn asked_at_door(&self, limit: usize) -> Result<Vec<Keyed>>;
    /// Looks for an address for which somebody asked: writes the notice AtTheDoor, at once and pointless after three days, for each person who has it and for whom
    /// `permit::leads_somewhere` says so, one name and hash of a link for each, as far as there are some. Gives how many were written; none if somebody else has looked meanwhile.
    async fn answer_at_door(&self, address: Keyed, notices: &[(MessageId, Keyed)], now: Now) -> Result<u64>;
    /// Counts of deliveries by state, for the host, the balance, and tests: (name of the state as in delivery.md, how many), sorted by name,
    /// none that is zero; undone and withdrawn are both `withdrawn`.
    async fn counts(&self) -> Result<Vec<(String, u64)>>;
    /// Stores beside deliveries that have not left and have no forecast yet when they will (`forecast::foresee`), where that is within its horizon: at most `limit`, the earliest first. Gives
    /// how many. Where a human act says when, [`LetterStore::seal`] and [`LetterStore::correct_rule`] have stored it (`By::Act`); the occurrence after one that fell due has it from its beginning
    /// (`By::Time`). No rev moves by it.
    async fn foresee(&self, now: Now, limit: usize) -> Result<u64>;
    /// Deliveries that wait for a civil day and were derived with other zone data than this program's ([`unsaid_delivery::anew`]), at most `limit`, those of one version by their moment: moment and wake
    /// are derived again. No rev moves by it, and no forecast.
    async fn rederive(&self, limit: usize) -> Result<Rederived>;
    /// What leaves within a week, how much of that nobody foresaw, and what leaves within the forecast's horizon.
    async fn forecast(&self, now: Now) -> Result<Foreseen>;
    /// Calls every host, by a notice in the lane of codes with the next of these names each: once a day of trusted time at most for each reason. Gives how many were called; hosts beyond the
    /// names are not.
    async fn call_host(&self, call: Call, notices: &[MessageId], now: Now) -> Result<u64>;
    /// When they were called for that last.
    async fn called(&self, call: Call) -> Result<Option<Timestamp>>;
    /// When knocks were accepted after this, by any node, at most `limit`, the newest first.
    async fn knocks_left(&self, since: Observed, limit: usize) -> Result<Vec<Observed>>;
    /// Somebody looks ahead, before anything else is decided at this time: what a leap of trusted time since the last look brought near (`forecast::Leap`) is taken out of the forecast, in which
    /// [`Self::foresee`] finds it again as something that time brought in just now. Gives how many. Nothing before the first beat.
    async fn look(&self, now: Now) -> Result<u64>;
    /// The numbers of the house that decide whether what nobody foresaw is much.
    async fn weigh(&self, now: Now) -> Result<Weighed>;
    /// What is parked, at most `limit`, the longest parked first.
    async fn parked(&self, limit: usize) -> Result<Vec<Delivery>>;
    /// Commits what a host decided about one delivery (`parking`; rev as in `delivery`, else Conflict): fact, state, wake, and with `forecast` what stands beside it from now on.
    async fn commit_parking(
        &self,
        delivery: &Delivery,
        granted: &Granted,
        forecast: Option<Forecast>,
        now: Now,
    ) -> Result<()>;
    /// New words of a letter in their rest; none if there are none (any more).
    async fn amending(&self, letter: LetterId) -> Result<Option<Amending>>;
    /// Commits what time says of new words (fence and version must still stand, else Conflict). Rests: the wake is given back. Counts: fact Unwrapped, every delivery that is not
    /// pinned takes the version, and all other versions lose every wrap but the author's, except those that a delivery is pinned to.
    async fn amended(
        &self,
        taken: &Taken,
        amending: &Amending,
        decision: AmendDecision,
        now: Now,
    ) -> Result<()>;
    /// Wraps under a host key older than this generation, at most `limit`, always in the same order.
    async fn wraps_to_rewrap(&self, below: u32, limit: usize) -> Result<Vec<StoredWrap>>;
    /// A wrap under a newer host key takes its place. Fact Rewrapped. Conflict if it is not as it was read.
    async fn rewrapped(&self, old: &StoredWrap, bytes: Vec<u8>, generation: u32) -> Result<()>;
    /// How many wraps there are under each generation of the host key, the oldest first.
    async fn wraps_by_generation(&self) -> Result<Vec<(u32, u64)>>;
}

/// Looking after what is stored: bytes that may rot, rows that have to balance, and what was found wrong.
#[async_trait]
pub trait CareStore: Send + Sync {
    /// Sealed bytes that a row names and that are whole by the rows, behind `after`, at most `limit`, always in the same order (each store has its own).
    async fn blobs_after(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<StoredBlob>>;
    /// Wraps under the house's layer, of sealed versions and of accounts, likewise.
    async fn wraps_after(&self, after: Option<&WrapName>, limit: usize) -> Result<Vec<WrapToLookAt>>;
    /// What a finding about bytes or a wrap is about, as it is stored now; none: no row names it any more.
    async fn looked_for(&self, finding: &Finding) -> Result<Option<ToLookAt>>;
    /// How far the scrubber has come; none before its first round.
    async fn round(&self) -> Result<Option<Round>>;
    /// Begins a round at its beginning, with everything counted.
    async fn begin_round(&self, now: Now) -> Result<Round>;
    /// It came so far.
    async fn keep_round(&self, round: &Round) -> Result<()>;
    /// What goes with a version, by its letter: its parts and its wraps under the house's layer. Nothing, where it was never sealed or its letter was taken back.
    async fn to_be_sent(&self, letter: LetterId, version: u32) -> Result<(Vec<Part>, Vec<WrapToLookAt>)>;
    /// This was found wrong. It stands from now on (again is no second one), and every delivery of its version that has not left is parked ([`Parked::Damaged`](unsaid_delivery::state::Parked::Damaged),
    /// `left` as `State::has_left` says) and wakes no more. Gives those that were parked by it.
    async fn found(&self, finding: &Finding, now: Now) -> Result<Vec<DeliveryId>>;
    /// It is right again: it stands no more. Where nothing else of the version is found wrong, what was parked as Damaged or WrongBinding
    /// is where it was (`parking::release`), and what has not ended is looked at again. Gives those that were released.
    async fn right_again(&self, finding: &Finding, now: Now) -> Result<Vec<DeliveryId>>;
    /// Everything that stands, by thing, name and what is wrong.
    async fn findings(&self) -> Result<Vec<Finding>>;
    /// Holds what is ours to work on and cannot be worked on, without reading more of it than its name: a delivery is parked as Internal; a message is dropped, and with a knock everything that knocks in its
    /// pair is parked; new words wake no more. What points at no row wakes no more. The finding stands (RowGone where there was no row). Conflict: it is not ours (any more).
    async fn hold_back(&self, taken: &Taken, wrong: Wrong, now: Now) -> Result<()>;
    /// Looks at every living row of this piece: each has its wake, each wake its row, each promise its version, and none waits that was opened or taken back. What has no wake, or sleeps long beyond its time, is
    /// woken at once; what must not leave is parked as Internal. All of it stands as found; what stood and is right again stands no more. Gives what was found now.
    async fn unbalanced(&self, piece: Piece, now: Now) -> Result<Vec<Finding>>;
    /// A start begins. What earlier starts of the same node were working on ([`Self::working_on`]) when they died is counted, and what [`care::DEATHS`] of them died over is held as by
    /// [`Self::hold_back`] (Fault). Gives how many starts of this node, the last ones in a row, ended without [`Self::closed`] and began within [`care::LOOP_SECONDS`] of observed time.
    async fn begun(&self, boot: BootId, now: Now) -> Result<u32>;
    /// This start works on this from now on; or on nothing any more: then it was worked on well, and no death over it counts.
    async fn working_on(&self, boot: BootId, of: Option<rows::WakeOf>) -> Result<()>;
    /// This start closes by itself.
    async fn closed(&self, boot: BootId) -> Result<()>;
    /// Counts, holds the journal's newer facts against the rows, compares with the time before and keeps it as this day's. What is not as it must be stands as found.
    async fn balance(&self, now: Now) -> Result<Balanced>;
    /// How it does, beside [`Self::findings`].
    async fn health(&self) -> Result<Health>;
    /// A backup was made at this time of the house.
    async fn backed_up(&self, at: Timestamp) -> Result<()>;
}

/// Everything that is remembered.
pub trait Store:
    HouseStore
    + AccountStore
    + KeyStore
    + DraftStore
    + PersonStore
    + LetterStore
    + ReaderStore
    + EngineStore
    + lives::LifeStore
    + keeper_sets::KeeperSetStore
    + asks::AskStore
    + events::EventStore
    + alive::AliveStore
    + CareStore
{
}

impl<T> Store for T where
    T: HouseStore
        + AccountStore
        + KeyStore
        + DraftStore
        + PersonStore
        + LetterStore
        + ReaderStore
        + EngineStore
        + lives::LifeStore
        + keeper_sets::KeeperSetStore
        + asks::AskStore
        + events::EventStore
        + alive::AliveStore
        + CareStore
{
}
