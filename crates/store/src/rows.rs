//! What goes into the store and what comes out of it: rows as typed values, and authority as a value that one holds. `Author`, `Reader` and
//! `Released` are made by the store alone, so that a query for somebody else's letters does not type-check.
//!
//! One thing because it is the store's vocabulary: whoever reads a method's signature finds every word of it here.

use bytes::Bytes;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use unsaid_delivery::clock::{Mark, Now, Observed};
use unsaid_delivery::decide::{Address, Pair};
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::{
    AccountId, AddressId, BlobId, BootId, DeliveryId, DraftId, LetterId, MessageId, PersonId, ReplyId,
};
use unsaid_delivery::message::{Message, Way};
use unsaid_delivery::record::Recorded;
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::rule::Rule;
use unsaid_delivery::state::{Amending, Delivery, Rest, State};

/// 32 bytes that stand for something that the store must not know: SHA-256 of a token, HMAC of an address, a code or a password's token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Keyed(pub [u8; 32]);

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyed(…)")
    }
}

/// Bytes under the address key, bound to the id of the row that holds them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SealedText(pub Vec<u8>);

impl std::fmt::Debug for SealedText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedText({} bytes)", self.0.len())
    }
}

/// An author who is signed in. Only a session in the store makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    pub(crate) account: AccountId,
}

impl Author {
    /// Whose account.
    pub fn account(&self) -> AccountId {
        self.account
    }
}

/// A person who came with a good link, and so at one address; or with the words of their card, and then at none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    pub(crate) account: AccountId,
    pub(crate) person: PersonId,
    pub(crate) at: Option<(AddressId, Keyed)>,
    pub(crate) older_card: bool,
    /// In which session they ask; none for whoever has only shown a link.
    pub(crate) session: Option<Keyed>,
}

impl Reader {
    /// They came with a card that was replaced since: it leads to what was opened with words, and to nothing else.
    pub fn has_older_card(&self) -> bool {
        self.older_card
    }
    /// Which person of the author's.
    pub fn person(&self) -> PersonId {
        self.person
    }
    /// They came with the words of a card, and so to no address.
    pub fn came_with_words(&self) -> bool {
        self.at.is_none()
    }
    /// At which address the link arrived; none for whoever came with the words of a card.
    pub fn address(&self) -> Option<AddressId> {
        self.at.map(|(address, _)| address)
    }
    /// Whose person.
    pub fn account(&self) -> AccountId {
        self.account
    }
    /// The keyed hash of the address's normal form. Who came without an address has a key of their own, which is no address's: what they say no to
    /// is kept for the person.
    pub fn address_key(&self) -> Keyed {
        self.at.map_or_else(
            || {
                let mut key = [0xC1; 32];
                key[..16].copy_from_slice(&self.person.0);
                Keyed(key)
            },
            |(_, key)| key,
        )
    }
}

/// A wrap that the host may peel now, and whom it must name. Made by the store alone, for an opening, an opening again, a download, or a
/// right unlock token. The peel port takes nothing else.
pub struct Released {
    pub(crate) wrap: Vec<u8>,
    pub(crate) subject: String,
    pub(crate) version: u32,
    pub(crate) kind: WrapKind,
}

impl Released {
    /// The outer file, as stored.
    pub fn wrap(&self) -> &[u8] {
        &self.wrap
    }
    /// The id that the binding line must name: a letter's, or an account's for `unlock`.
    pub fn subject(&self) -> &str {
        &self.subject
    }
    /// The version (or the unlock number) that the binding line must name.
    pub fn version(&self) -> u32 {
        self.version
    }
    /// The kind that the binding line must name.
    pub fn kind(&self) -> WrapKind {
        self.kind
    }
}

/// What opens a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WrapKind {
    /// author{ K }
    Author,
    /// host{ line, K }: kept by this house.
    Host,
    /// host{ line, words{ K } }: words that only the two know.
    Words,
    /// host{ line, set{ K } }: the keepers together. Beside it stands which set.
    Keepers,
    /// host{ line, passphrase.age }: belongs to an account, not to a letter.
    Unlock,
}

impl WrapKind {
    /// The ways in which a letter opens to somebody beside its author: a version has one of them.
    pub const OF_LETTERS: [Self; 3] = [Self::Host, Self::Words, Self::Keepers];

    /// The word in the binding line, the column and the route.
    pub fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Host => "host",
            Self::Words => "words",
            Self::Keepers => "keepers",
            Self::Unlock => "unlock",
        }
    }
}

/// What an account may do beside writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Writes letters.
    Author,
    /// Runs the house, and writes letters.
    Host,
}

/// The house itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    /// Goes up by one at every adoption of a restored store. 1 in a house that was never moved.
    pub generation: u32,
    /// The keys were written down and two of their words typed back.
    pub keys_confirmed: bool,
    /// How many accounts there are.
    pub accounts: u64,
    /// The clock as it was stored last.
    pub mark: Option<Mark>,
}

/// Who credits the time of service, for the whole house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticker {
    /// Which start of which node.
    pub holder: BootId,
    /// Goes up by one each time that it changes hands.
    pub fence: i64,
    /// The holder's beat; 0 before its first.
    pub beat: i64,
}

/// What a beat tells the node that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beaten {
    /// The clock as it is stored now: every node goes by it.
    pub mark: Mark,
    /// This node holds the ticker.
    pub ticks: bool,
}

/// What new zone data made of a batch of deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rederived {
    /// How many were derived again.
    pub looked: u64,
    /// How many of them come at another instant than before.
    pub shifted: u64,
}

/// An account that is to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Reserved when the newcomer's code was right.
    pub id: AccountId,
    /// Her address under the address key.
    pub email: SealedText,
    /// Keyed hash of the sign-in form of her address; unique.
    pub email_key: Keyed,
    /// The name that people see, under the address key.
    pub name: SealedText,
    /// BCP 47.
    pub language: String,
    /// IANA.
    pub zone: String,
    /// Her age1pq recipient.
    pub recipient: String,
    /// 16 bytes for scrypt, given out after signing in.
    pub salt: Vec<u8>,
    /// HMAC of the unlock token.
    pub unlock_key: Keyed,
    /// host{ line, passphrase.age }, number 1.
    pub unlock_wrap: Vec<u8>,
    /// vault.age
    pub vault: Vec<u8>,
    /// Which of the host's keys the unlock wrap is for.
    pub host_generation: u32,
}

/// An account as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub id: AccountId,
    /// Her address under the address key.
    pub email: SealedText,
    /// The name that people see, under the address key.
    pub name: SealedText,
    /// Host or not.
    pub role: Role,
    /// BCP 47.
    pub language: String,
    /// IANA.
    pub zone: String,
    /// Her age1pq recipient.
    pub recipient: String,
    /// For scrypt.
    pub salt: Vec<u8>,
    /// The number in the unlock wrap's line.
    pub unlock_number: u32,
    /// Keyed hash of the exact name that the host, or whoever invited her, approved for knocks.
    pub approved_name: Option<Keyed>,
}

/// An account among all, by the name that people see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedAccount {
    /// Whose; the sealed name is bound to this.
    pub account: AccountId,
    /// Under the address key.
    pub name: SealedText,
    /// As in [`Account`].
    pub approved: Option<Keyed>,
}

/// A session as found by its token's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who it is.
    pub who: SessionOf,
    /// Trusted time of the last request that followed a human act.
    pub last_act: Timestamp,
    /// Since when it is unlocked.
    pub unlocked_at: Option<Timestamp>,
    /// When words, kit or passkey were last given by hand.
    pub fresh_at: Option<Timestamp>,
    /// She said that the device is hers.
    pub mine: bool,
}

/// What a session is called where its token must not be seen: the beginning of the token's hash, hashed once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionName(pub [u8; 16]);

impl SessionName {
    /// The name of the session with this token (its hash, as it is stored).
    pub fn of(token: Keyed) -> Self {
        use sha2::{Digest, Sha256};
        let hash = Sha256::new().chain_update(b"unsaid session").chain_update(token.0).finalize();
        let mut name = [0; 16];
        name.copy_from_slice(&hash[..16]);
        Self(name)
    }
}

/// A browser in which an author is signed in, as she may see it. No address and no name of a program is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedInOn {
    /// What to call it when it is to end.
    pub name: SessionName,
    /// When she came in there. Shown as a day.
    pub made: Timestamp,
    /// When she did something there last. Shown as a day.
    pub last_act: Timestamp,
    /// She said that the device is hers.
    pub mine: bool,
}

/// Whose session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionOf {
    /// Somebody with an account.
    Author(Author, Role),
    /// Somebody whose code was right, and who may make the account with this id and address and nothing else.
    Newcomer {
        /// Reserved for them.
        account: AccountId,
        /// Keyed hash of the sign-in form of their address.
        email_key: Keyed,
        /// The address under the address key, bound to `account`.
        email: SealedText,
        /// The invitation that let them in; none in open registration.
        invitation: Option<Keyed>,
    },
}

/// A request for a sign-in code.
#[derive(Debug, Clone)]
pub struct CodeAsk {
    /// The message that would carry it.
    pub message: MessageId,
    /// SHA-256 of the browser's cookie: the code works there alone.
    pub browser: Keyed,
    /// Keyed hash of the address.
    pub email_key: Keyed,
    /// The address, bound to `message`.
    pub to: SealedText,
    /// The invitation it came with, if any.
    pub invitation: Option<Keyed>,
    /// Whether a mail goes out at all: the address has an account, or the newcomer may come in.
    pub write: bool,
    /// The address has an account, or its owner is signed in to one. Only the house-wide number of codes asks for this.
    pub known: bool,
    /// When the code ends.
    pub expires: Timestamp,
    /// The language of the browser, BCP 47: in it the message speaks to whoever has no account.
    pub language: String,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeAsked {
    /// Taken (said alike whether or not a mail goes out).
    Taken,
    /// Taken and said alike, and no mail is written: the house has written as many as it may for now. For the log alone.
    Held,
    /// Ten were asked for this address within a day.
    TooMany,
}

/// What became of a code that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeTried {
    /// Right. The code is used up.
    Right {
        /// Keyed hash of the address that it went to.
        email_key: Keyed,
        /// The address, bound to `message`.
        to: SealedText,
        /// The message that carried it.
        message: MessageId,
        /// The account of that address.
        account: Option<AccountId>,
        /// The invitation that it was asked with.
        invitation: Option<Keyed>,
    },
    /// Not this one.
    Wrong,
    /// There is none (any more): too old, used, five tries, or another browser.
    Over,
}

/// What became of an unlock token.
pub enum UnlockTried {
    /// Right: the host may peel this.
    Right(Released),
    /// Wrong.
    Wrong,
    /// Five wrong ones in a quarter of an hour.
    TooMany {
        /// When the next may be tried.
        until: Timestamp,
    },
}

/// Somebody to write to, to be added.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Its name.
    pub id: PersonId,
    /// IANA; none if it is not known.
    pub zone: Option<String>,
    /// BCP 47.
    pub language: String,
    /// The first address.
    pub address: Option<NewAddress>,
}

/// An address to be added.
#[derive(Debug, Clone)]
pub struct NewAddress {
    /// Its name.
    pub id: AddressId,
    /// Under the address key, bound to `id`.
    pub sealed: SealedText,
    /// Keyed hash of its normal form (case, IDNA, +tag).
    pub key: Keyed,
}

/// Somebody to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its name.
    pub id: PersonId,
    /// IANA.
    pub zone: Option<String>,
    /// BCP 47.
    pub language: String,
    /// In the order in which they are tried.
    pub addresses: Vec<PersonAddress>,
    /// What somebody who comes with their card before the time may be told.
    pub early: Early,
    /// The name that whoever looks after them, and reads their mail, is told; none: they read it themselves.
    pub looked_after: Option<SealedText>,
}

/// What somebody who comes with a card before its letters' time may be told, as their author chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Early {
    /// Nothing, as if the words were nobody's.
    #[default]
    Nothing,
    /// That something waits, and no day.
    Waits,
    /// And from which day on, where there is one.
    Day,
}

/// One address, as its author may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonAddress {
    /// Its name.
    pub id: AddressId,
    /// Under the address key.
    pub sealed: SealedText,
    /// Not refused for good by its mail server. (Never says what its reader has refused.)
    pub good: bool,
    /// Since when the house has it (trusted time, shown as a day); none if it was there before that was written down.
    pub given: Option<Timestamp>,
}

/// One part of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `letter.age`, `sig.age`, `media/001.age`
    pub name: String,
    /// `letter`, `signature`, `media`
    pub kind: String,
    /// Where its bytes are.
    pub blob: BlobId,
    /// In bytes.
    pub size: u64,
    /// Of the sealed bytes.
    pub sha256: [u8; 32],
}

/// An upload that is to begin, or to go on.
#[derive(Debug, Clone)]
pub struct UploadAsk {
    /// Used if none with the same letter, version, name and hash is there already; becomes the blob's name.
    pub blob: BlobId,
    /// For which letter.
    pub letter: LetterId,
    /// And which version; not yet sealed.
    pub version: u32,
    /// The part's name.
    pub name: String,
    /// The part's kind.
    pub kind: String,
    /// In bytes.
    pub size: u64,
    /// Of the whole.
    pub sha256: [u8; 32],
}

/// An upload as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its name, and the blob's.
    pub blob: BlobId,
    /// So many bytes are durable.
    pub offset: u64,
    /// Of so many.
    pub size: u64,
    /// Of the whole.
    pub sha256: [u8; 32],
    /// All of them are there and the hash is right.
    pub complete: bool,
}

/// What a version holds before it is sealed, for the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproven {
    /// Its complete parts, sorted by name.
    pub parts: Vec<Part>,
    /// An author wrap is there.
    pub has_author_wrap: bool,
    /// The host wrap, if there is one.
    pub host_wrap: Option<Vec<u8>>,
    /// The words wrap, if there is one.
    pub words_wrap: Option<Vec<u8>>,
    /// The keepers wrap, if there is one.
    pub keepers_wrap: Option<Vec<u8>>,
}

/// A version to be sealed.
#[derive(Debug, Clone)]
pub struct Seal {
    /// Which letter.
    pub letter: LetterId,
    /// Which version.
    pub version: u32,
    /// SHA-256 of its parts' manifest.
    pub manifest: [u8; 32],
    /// The promise; none for an unsent letter.
    pub promise: Option<Promise>,
}

/// What is promised when sealing.
#[derive(Debug, Clone)]
pub struct Promise {
    /// Used for a new delivery; one that was undone keeps its name.
    pub delivery: DeliveryId,
    /// To whom.
    pub person: PersonId,
    /// The rule.
    pub rule: Rule,
    /// The first occurrence: a year for birthdays that recur, else 0.
    pub occurrence: i16,
    /// When the rest ends.
    pub rest: Rest,
    /// The instant of the moment.
    pub due: Timestamp,
    /// The version of the zone data it was derived with.
    pub tzdb: String,
    /// What is asked before it opens: there exactly when the rule asks.
    pub proof: Option<NewProof>,
}

/// What is asked before a letter opens, to be kept. The answer itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProof {
    /// What is asked, and how.
    pub asks: Asks,
    /// Keyed hash of the letter's name and the normalised answer.
    pub answer: Keyed,
}

/// What is asked before a letter opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asks {
    /// The author's question, under the address key and bound to the letter; none: their birthday.
    pub question: Option<SealedText>,
    /// Of a birthday: the year is asked for too.
    pub with_year: bool,
}

/// An answer to what is asked, as keyed hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// Of a question; of a birthday its day and month.
    pub plain: Keyed,
    /// Of a birthday with its year, where it was typed.
    pub with_year: Option<Keyed>,
}

impl Answered {
    /// Whether this is what is kept.
    pub(crate) fn is(self, with_year: bool, kept: Keyed) -> bool {
        if with_year { self.with_year == Some(kept) } else { self.plain == kept }
    }
}

/// What became of an answer to what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofTried {
    /// It is right, and remembered for this session. What was wrong in the same session is forgotten.
    Right,
    /// It is not.
    Wrong,
    /// As many wrong ones within a day as `accept::may_answer` takes; not looked at.
    TooManyToday,
    /// As many in all as it takes; not looked at. Words still open it.
    NoMore,
}

/// A letter, as its author may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its name.
    pub id: LetterId,
    /// The newest sealed version that was not taken back in its rest; 0 if none is.
    pub version: u32,
    /// Number and trusted time of each sealing, but for new words that were taken back in their rest.
    pub versions: Vec<(u32, Timestamp)>,
    /// She has taken it back after its rest.
    pub withdrew: bool,
    /// The promise, if there is one. Of several occurrences the earliest that has not left; if all have, the last.
    pub delivery: Option<Delivery>,
    /// All occurrences, the earliest first.
    pub deliveries: Vec<Delivery>,
    /// New words in their rest.
    pub amending: Option<Amending>,
    /// Who keeps the key of the newest version, as it was when it was sealed.
    pub kept: Kept,
    /// What is asked before it opens.
    pub asks: Option<Asks>,
}

/// Who keeps the key of a version, as the author chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// The author alone.
    Nobody,
    /// This house.
    House,
    /// Words that only the two know.
    Words,
    /// Her keepers together.
    Keepers,
}

impl Kept {
    /// The word in the column and on the person's page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::House => "house",
            Self::Words => "words",
            Self::Keepers => "keepers",
        }
    }
}

/// New words for a sealed letter, to be kept.
#[derive(Debug, Clone)]
pub struct Amend {
    /// Which letter.
    pub letter: LetterId,
    /// Its reserved version.
    pub version: u32,
    /// SHA-256 of its parts' manifest.
    pub manifest: [u8; 32],
    /// When they begin to count.
    pub rest: Rest,
}

/// A draft at the house. Its bytes are sealed to the author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// Its name, given by the browser.
    pub id: DraftId,
    /// Goes up by one with each saving.
    pub rev: i64,
    /// When it was saved last.
    pub saved: Timestamp,
    /// In bytes.
    pub size: u64,
    /// Since when it is thrown away; after [`DISCARDED_DAYS`] it is gone.
    pub discarded: Option<Timestamp>,
}

/// A draft that was thrown away can be brought back for so many days of trusted time.
pub const DISCARDED_DAYS: i64 = 30;

/// New six words for an account.
#[derive(Debug, Clone)]
pub struct NewUnlock {
    /// 16 bytes for scrypt.
    pub salt: Vec<u8>,
    /// HMAC of the unlock token.
    pub key: Keyed,
    /// host{ line, passphrase.age } with this number.
    pub wrap: Vec<u8>,
    /// One more than the present.
    pub number: u32,
    /// Which of the host's keys it is for.
    pub host_generation: u32,
    /// The session in which it was asked. Every other one of the account ends: it may be somebody else's.
    pub session: Keyed,
}

/// A request to sign in with another address from now on.
#[derive(Debug, Clone)]
pub struct EmailChangeAsk {
    /// The message that carries the code.
    pub message: MessageId,
    /// SHA-256 of the browser's cookie: the code works there alone.
    pub browser: Keyed,
    /// Keyed hash of the sign-in form of the new address.
    pub new_key: Keyed,
    /// The new address, bound to `message`.
    pub to: SealedText,
    /// When the code ends.
    pub expires: Timestamp,
}

/// What is kept when the code to the new address was right.
#[derive(Debug, Clone)]
pub struct EmailChange {
    /// The new address, bound to the account.
    pub email: SealedText,
    /// Keyed hash of the sign-in form of the new address: it must be the one that the code went to.
    pub new_key: Keyed,
    /// The notice to the old address.
    pub notice: MessageId,
    /// The old address, bound to `notice`.
    pub notice_to: SealedText,
    /// SHA-256 of the token of the link in that notice.
    pub undo: Keyed,
    /// The session in which it was asked. Every other one of the account ends: it may be somebody else's.
    pub session: Keyed,
}

/// What became of a change of address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailChanged {
    /// Changed; the old address is told.
    Changed,
    /// Not this code.
    Wrong,
    /// There is no code (any more).
    Over,
    /// Another account has this address. (Said only to whoever proved that it is theirs.)
    Taken,
}

/// So many test messages an author may send to herself within a day.
pub const TRIALS_A_DAY: usize = 10;

/// The link in the notice to the old address works for so many days of trusted time.
pub const EMAIL_UNDO_DAYS: i64 = 14;

/// A wrap under the host's layer, for the job that renews it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWrap {
    /// A letter's id, or an account's for `unlock`.
    pub subject: String,
    /// Which version, or number.
    pub version: u32,
    /// Which kind.
    pub kind: WrapKind,
    /// The outer file.
    pub bytes: Vec<u8>,
    /// Which of the host's keys it is for.
    pub generation: u32,
}

/// A words wrap that takes the place of another one.
#[derive(Debug, Clone)]
pub struct NewWordsWrap {
    /// Of which letter.
    pub letter: LetterId,
    /// And which version.
    pub version: u32,
    /// The outer file.
    pub bytes: Vec<u8>,
    /// Which of the host's keys it is for.
    pub generation: u32,
}

/// The name of an occurrence that is foreseen: made from its letter and its year, so that it is the same however often it is foreseen.
pub fn occurrence_id(letter: LetterId, occurrence: i16) -> DeliveryId {
    use sha2::{Digest, Sha256};
    let hash = Sha256::new()
        .chain_update(b"unsaid occurrence")
        .chain_update(letter.0)
        .chain_update(occurrence.to_be_bytes())
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    DeliveryId(id)
}

/// Which earlier savings of a draft are not kept, of `saved` (newest first), by how old they are now: of each day the last one stays (twenty days with
/// a saving at most), of two days the last one of each hour (twenty likewise), of the last hour the last one of each minute; sixty in all. Days are
/// chosen first, so that an hour of writing without a pause never washes away what was written before.
pub fn thinned(saved: &[(i64, Timestamp)], now: Timestamp) -> Vec<i64> {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 86_400;
    const MOST: usize = 60;
    let mut kept = std::collections::BTreeSet::new();
    for (length, young, most) in [(DAY, i64::MAX, 20), (HOUR, 2 * DAY, 40), (60, HOUR, MOST)] {
        let mut last = None;
        for (rev, at) in saved {
            let place = at.as_second().div_euclid(length);
            if now.duration_since(*at).as_secs() < young && last != Some(place) && kept.len() < most {
                last = Some(place);
                kept.insert(*rev);
            }
        }
    }
    saved.iter().map(|(rev, _)| *rev).filter(|rev| !kept.contains(rev)).collect()
}

/// A knock, as found by its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knock {
    /// The message.
    pub message: MessageId,
    /// Whom it is for.
    pub reader: Reader,
    /// Something of it can still be opened.
    pub waits: bool,
    /// It went to somebody who looks after whom it is for.
    pub looked_after: bool,
}

/// A letter, as the person it is for may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The promise.
    pub delivery: Delivery,
    /// When the version was sealed (trusted time; shown as a day).
    pub sealed_at: Timestamp,
    /// The size of letter.age in bytes.
    pub size: u64,
    /// Who keeps its key: this house, or the words on the person's card.
    pub kept: Kept,
    /// A signature lies beside it.
    pub signed: bool,
    /// What has to be answered first; none where nothing is asked, where this session has answered, and for whoever came with words.
    pub asks: Option<Asks>,
}

/// What the person's pages need to know of the author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Whose name it is; the sealed name is bound to this.
    pub account: AccountId,
    /// The name that people see, under the address key.
    pub name: SealedText,
    /// The zone in which the person's days fall: theirs, or the author's where theirs is not known. Shown to nobody.
    pub zone: String,
    /// Whether they may be told the name: not while everything that came to them asks for an answer that they have not given.
    pub may_be_named: bool,
    /// Keyed hash of the exact name that they allowed in knocks.
    pub allowed_name: Option<Keyed>,
    /// For whoever came by mail and looks after somebody: that person's name, bound to the person. None for everybody else, and for whoever came with words.
    pub looks_after: Option<(PersonId, SealedText)>,
}

/// What a person answers, to be kept. Its bytes are durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReply {
    /// Its name, given by the browser, so that the same sent twice is kept once.
    pub id: ReplyId,
    /// To which delivery.
    pub delivery: DeliveryId,
    /// Where its sealed bytes are.
    pub blob: BlobId,
    /// How many they are.
    pub size: u64,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
    /// The notice to the author, which leaves when she may see it.
    pub notice: MessageId,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replied {
    /// It is kept. The same again is no second one.
    Kept,
    /// This person has answered [`REPLIES_A_DAY`] times within a day of trusted time.
    TooMany,
}

/// So many answers of one person are taken in a day.
pub const REPLIES_A_DAY: usize = 20;

/// What a person answered, as its author may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its name.
    pub id: ReplyId,
    /// To which letter.
    pub letter: LetterId,
    /// Who answered.
    pub person: PersonId,
    /// When she may see it: nine in the morning of her day after it came. Shown as a day.
    pub seen_from: Timestamp,
    /// She has opened it.
    pub seen: bool,
    /// Where its sealed bytes are.
    pub blob: BlobId,
    /// How many they are.
    pub size: u64,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
}

/// What a mail address and eight digits may be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigitsTried {
    /// Knocks that went to this address, the newest first, [`KNOCKS_COMPARED`] at most; none for an address that is not known.
    Knocks(Vec<MessageId>),
    /// [`DIGITS_A_DAY`] tries within a day.
    TooMany,
}

/// So many tries of an address's digits are taken in a day of trusted time.
pub const DIGITS_A_DAY: usize = 5;
/// With so many knocks digits are compared at most.
pub const KNOCKS_COMPARED: usize = 16;

/// Whoever answers a knock by mail is told that nobody reads it, and told again after so many observed days.
pub const TOLD_AGAIN_DAYS: i64 = 7;

/// Who works on a wake. Codes have a lane of their own, so that nothing slow stands in their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Codes.
    Codes,
    /// Everything else.
    Letters,
}

/// What wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WakeOf {
    /// A delivery.
    Delivery(DeliveryId),
    /// A message.
    Message(MessageId),
    /// New words of a letter, whose rest ends.
    Letter(LetterId),
    /// Whether an author is alive.
    Life(AccountId),
}

/// A wake that is ours to work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Taken {
    /// What.
    pub of: WakeOf,
    /// Goes up by one each time it is taken.
    pub fence: i64,
    /// By whom.
    pub boot: BootId,
}

/// A wake that another node (or an earlier start of this one) has taken and not given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Held {
    /// What.
    pub of: WakeOf,
    /// By whom.
    pub holder: BootId,
    /// As it stands.
    pub fence: i64,
    /// The holder's beat, as it stands.
    pub beat: i64,
}

/// The earliest wakes of a lane that nobody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NextWakes {
    /// By trusted time.
    pub trusted: Option<Timestamp>,
    /// By observed time.
    pub observed: Option<Observed>,
}

/// A delivery with what decisions may know of its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryView {
    /// The promise.
    pub delivery: Delivery,
    /// The pair.
    pub pair: Pair,
}

/// A message with what sending it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageView {
    /// The row.
    pub message: Message,
    /// Where it goes, under the address key.
    pub to: SealedText,
    /// The id that `to` is bound to: an address's, an account's or the message's, as text.
    pub to_bound_to: String,
    /// For knocks: the address with what was refused there.
    pub address: Option<Address>,
    /// For knocks: everything of the pair.
    pub deliveries: Vec<(DeliveryId, LetterId, State)>,
    /// By which way it leaves.
    pub way: Way,
    /// The language of whoever gets it, BCP 47.
    pub language: String,
    /// For codes: it came with an invitation, so it greets a newcomer.
    pub newcomer: bool,
    /// For knocks: whose name may perhaps be said; none where something that waits asks for a proof.
    pub name: Option<NameToSay>,
    /// For knocks: they go to somebody who looks after whom they are for.
    pub looked_after: bool,
    /// For messages of the ladder: about whom.
    pub about: Option<About>,
}

/// About whom a message of the ladder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Whose; the sealed name is bound to this.
    pub account: AccountId,
    /// Her row as it stands; none if she has none.
    pub life: Option<unsaid_delivery::life::Life>,
    /// The name that people see, under the address key: for a keeper who has enrolled.
    pub name: Option<SealedText>,
}

/// An author's name with those who said that a knock may hold it. It may if either hash is that of the name as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameToSay {
    /// Whose; the sealed name is bound to this.
    pub account: AccountId,
    /// The name that people see, under the address key.
    pub name: SealedText,
    /// What the host, or whoever invited her, approved.
    pub approved: Option<Keyed>,
    /// What the person allowed.
    pub allowed: Option<Keyed>,
}

/// The answer to the question before DATA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartAnswer {
    /// `started` is stored: DATA may be written. The row as it stands now.
    Started(Message),
    /// It may not leave, and never will; why.
    NotAllowed(&'static str),
    /// The house holds it back. Nothing was changed.
    Held,
    /// Somebody else holds it, or has changed it.
    NotOurs,
}

/// What stands in the way of a whole house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The reason.
    pub what: Hold,
    /// Since when, by trusted time.
    pub since: Timestamp,
}

/// What is foreseen to leave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Foreseen {
    /// Deliveries whose moment comes within a week.
    pub within_a_week: u64,
    /// Of these, how many would leave unforeseen.
    pub unforeseen: u64,
    /// Deliveries whose moment comes within the horizon of the forecast. What waits for its author's end has none, until she is let go.
    pub within_horizon: u64,
    /// The same by months (UTC), named by their first day: every month up to the horizon, the present one with whatever is late.
    pub months: Vec<(Date, u64)>,
}

/// A month of the forecast: its first day, and between which instants its deliveries leave (the end is not of it).
pub(crate) struct Month {
    pub(crate) first: Date,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// The months of the forecast, each up to the next, from the beginning of time to its horizon.
pub(crate) fn months(now: Now) -> Vec<Month> {
    let horizon = unsaid_delivery::forecast::horizon(now);
    let end = horizon.checked_add(SignedDuration::from_micros(1)).unwrap_or(Timestamp::MAX);
    let mut first = now.trusted.to_zoned(TimeZone::UTC).date().first_of_month();
    let mut from = Timestamp::MIN;
    let mut months = Vec::new();
    while from < end {
        let next = first.checked_add(Span::new().months(1)).ok();
        let begins = next.and_then(|next| next.to_zoned(TimeZone::UTC).ok()).map(|zoned| zoned.timestamp());
        let to = begins.map_or(end, |begins| begins.min(end));
        months.push(Month { first, from, to });
        let Some(next) = next else { break };
        (first, from) = (next, to);
    }
    months
}

impl Foreseen {
    /// Counts one that leaves within a week.
    pub(crate) fn count(&mut self, delivery: &Delivery) {
        let leaves = delivery.due.map(|due| due.max(delivery.rest.until));
        let foreseen = delivery.forecast.zip(leaves).is_some_and(|(forecast, at)| forecast.expects(at));
        self.within_a_week += 1;
        self.unforeseen += u64::from(!foreseen);
    }
}

/// The end of the coming week.
pub(crate) fn in_a_week(now: Now) -> Timestamp {
    now.trusted.checked_add(SignedDuration::from_hours(7 * 24)).unwrap_or(Timestamp::MAX)
}

/// At most so many messages begin, or are recorded, in one transaction.
pub const GROUP: usize = 64;

/// One of a group that is to begin: what [`crate::EngineStore::start`] is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starting {
    /// Whose turn it is.
    pub taken: Taken,
    /// As it was read.
    pub message: Message,
    /// The Date of a first attempt.
    pub date: Timestamp,
}

/// One of a group whose answers are to be recorded: what [`crate::EngineStore::recorded`] is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Whose turn it is.
    pub taken: Taken,
    /// The row that `start` gave.
    pub message: Message,
    /// What follows from the answer.
    pub recorded: Recorded,
}

/// What the person said no to, as they may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandingRefusal {
    /// How wide.
    pub scope: Scope,
}

/// A range of a part's bytes.
pub type PartBytes = Bytes;
