//! Facts: what was acknowledged to a human, or accepted by the other side, and cannot be undone. The store writes each to the
//! journal before it commits. A fact names its subject and holds only the values that replaying it needs. One thing because whoever adds a
//! fact reads beside which others it stands.

use crate::id::{
    AccountId, AddressId, BlobId, ChannelId, DeliveryId, KeeperId, KeeperSetId, LetterId, MessageId,
    PersonId, ReplyId,
};
use crate::life::{Plan, Strength, Word};
use crate::refusal::Scope;
use crate::rule::Birthday;
use jiff::Timestamp;
use jiff::civil::Date;

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A version was proved and sealed.
    Sealed {
        /// Which letter.
        letter: LetterId,
        /// Which version.
        version: u32,
        /// SHA-256 of its parts' manifest.
        manifest: [u8; 32],
    },
    /// Taken back in its rest.
    Undone {
        /// Which letter.
        letter: LetterId,
    },
    /// Taken back after its rest. Said of the letter, whether or not it had been opened.
    Withdrawn {
        /// Which letter.
        letter: LetterId,
    },
    /// The relay said 250 after DATA.
    Accepted {
        /// Which message.
        message: MessageId,
        /// Of a knock: what a store needs that has never heard of it. None in what older programs wrote, and for everything that is no knock.
        knock: Option<Knocked>,
    },
    /// Opened by the person for the first time; the version is pinned.
    Opened {
        /// Which delivery.
        delivery: DeliveryId,
        /// Which version.
        version: u32,
    },
    /// The person said no.
    Refused {
        /// Whose person, for all scopes but the house's.
        person: Option<PersonId>,
        /// Keyed hash of the address's normal form.
        address: [u8; 32],
        /// How wide.
        scope: Scope,
    },
    /// The person took their no back.
    Lifted {
        /// Whose person, for all scopes but the house's.
        person: Option<PersonId>,
        /// Keyed hash of the address's normal form.
        address: [u8; 32],
        /// How wide it had been.
        scope: Scope,
    },
    /// The person keeps it for a day of theirs.
    KeptForLater {
        /// Which delivery.
        delivery: DeliveryId,
        /// Their day, in their zone.
        day: Date,
    },
    /// The person answered.
    Answered {
        /// Its name.
        reply: ReplyId,
        /// To which delivery.
        delivery: DeliveryId,
        /// Where its sealed bytes are.
        blob: BlobId,
        /// How many they are.
        size: u64,
        /// SHA-256 of them.
        sha256: [u8; 32],
        /// When the author may see it.
        seen_from: Timestamp,
    },
    /// What the relay had accepted came back for good: its address is dead.
    Bounced {
        /// Which message.
        message: MessageId,
    },
    /// A host holds it.
    Parked {
        /// Which delivery.
        delivery: DeliveryId,
    },
    /// A host lets it go, where it was.
    Released {
        /// Which delivery.
        delivery: DeliveryId,
    },
    /// No address is left.
    Unreachable {
        /// Which delivery.
        delivery: DeliveryId,
    },
    /// An address was given.
    AddressGiven {
        /// Of whom.
        person: PersonId,
        /// Its name.
        address: AddressId,
        /// The address under the address key.
        sealed: Vec<u8>,
        /// Whose person that is, and the keyed hash of the address. None in what older programs wrote.
        of: Option<(AccountId, [u8; 32])>,
    },
    /// An address was taken away.
    AddressRemoved {
        /// Of whom.
        person: PersonId,
        /// Its name.
        address: AddressId,
    },
    /// A new version was taken back in its rest: the one before counts on.
    AmendUndone {
        /// Which letter.
        letter: LetterId,
        /// The version that never counted.
        version: u32,
    },
    /// The rest of a new version is over: it counts, and older ones that nobody has opened keep the author's wrap alone.
    Unwrapped {
        /// Which letter.
        letter: LetterId,
        /// The version that counts.
        version: u32,
    },
    /// A birthday was corrected for a sealed letter.
    RuleChanged {
        /// Which delivery.
        delivery: DeliveryId,
        /// The year of birth, where the rule has one.
        year: Option<i16>,
        /// The day.
        birthday: Birthday,
    },
    /// What is asked before a sealed letter opens is answered otherwise from now on: a birthday was corrected.
    ProofChanged {
        /// Which letter.
        letter: LetterId,
        /// The year of birth is asked for too.
        with_year: bool,
        /// Keyed hash of the answer.
        answer: [u8; 32],
    },
    /// A person has a card with words, or another one than before.
    CardReplaced {
        /// Whose card.
        person: PersonId,
        /// HMAC of the claim token.
        claim: [u8; 32],
    },
    /// A wrap was peeled and wrapped anew for another host key.
    Rewrapped {
        /// A letter, or an account for its unlock wrap.
        subject: String,
        /// Of which version, or number.
        version: u32,
        /// The generation of the key that it is for now.
        generation: u32,
    },
    /// The sign-in address of an account is another one.
    SignInChanged {
        /// Whose.
        account: AccountId,
        /// Keyed hash of its sign-in form.
        email_key: [u8; 32],
        /// The address under the address key, bound to the account.
        email: Vec<u8>,
    },
    /// The unlock wrap of an account was made or made anew.
    UnlockReplaced {
        /// Whose.
        account: AccountId,
        /// Which number it has now.
        number: u32,
    },
    /// A store that was restored or moved is the living one from now on, and no other is.
    Adopted {
        /// Its generation.
        generation: u32,
    },
    /// An author has shown that she lives.
    CheckedIn {
        /// Who.
        account: AccountId,
        /// How.
        strength: Strength,
    },
    /// A keeper has spoken.
    Voted {
        /// About whom.
        account: AccountId,
        /// Who.
        keeper: KeeperId,
        /// In which episode: in a later one it does not count.
        episode: u32,
        /// What.
        word: Word,
    },
    /// Everything of an author was stopped, with her code.
    Stopped {
        /// Whose.
        account: AccountId,
    },
    /// She has begun again before a pause or a stop was over.
    Resumed {
        /// Who.
        account: AccountId,
    },
    /// She is away until then.
    Paused {
        /// Who.
        account: AccountId,
        /// Until when.
        until: Timestamp,
        /// How she said so.
        strength: Strength,
    },
    /// She has ended it for good: nothing waits for her end any more.
    LifeEnded {
        /// Who.
        account: AccountId,
    },
    /// An author asks for this plan: her first one, or another. A faster one counts later.
    PolicyChanged {
        /// Who.
        account: AccountId,
        /// What she asks for.
        plan: Plan,
    },
    /// An author has named a keeper.
    KeeperAdded {
        /// Whose.
        account: AccountId,
        /// Their name here.
        keeper: KeeperId,
        /// What she calls them, under the address key.
        name: Vec<u8>,
        /// Their address, under the address key; empty for one who is told on paper alone.
        address: Vec<u8>,
        /// BCP 47.
        language: String,
        /// SHA-256 of the token of their link or paper.
        link: [u8; 32],
    },
    /// A keeper has accepted (`enrolled`) or declined.
    KeeperAnswered {
        /// Who.
        keeper: KeeperId,
        /// Accepted.
        enrolled: bool,
    },
    /// A keeper has another address.
    KeeperMoved {
        /// Who.
        keeper: KeeperId,
        /// The address, under the address key, bound to the keeper.
        address: Vec<u8>,
    },
    /// A keeper gives an address of somebody whom letters cannot reach. It counts when enough of them give the same.
    AddressOffered {
        /// Of whom.
        person: PersonId,
        /// Who gives it.
        keeper: KeeperId,
        /// The name that it has if it counts.
        address: AddressId,
        /// The address, under the address key, bound to `address`.
        sealed: Vec<u8>,
        /// Keyed hash of its normal form.
        key: [u8; 32],
    },
    /// She does not take an address that a keeper has given: it counts no more.
    AddressDeclined {
        /// Of whom.
        person: PersonId,
        /// Who has given it.
        keeper: KeeperId,
        /// Which.
        address: AddressId,
    },
    /// A keeper has said whether it has happened, what a letter waits for.
    EventSaid {
        /// Which letter.
        letter: LetterId,
        /// Who.
        keeper: KeeperId,
        /// It has; else not yet.
        happened: bool,
    },
    /// Its author has stopped what they said: they would have to say it anew.
    EventStopped {
        /// Which letter.
        letter: LetterId,
    },
    /// Somebody whom a letter of hers has reached because she was thought gone is to be told that she lives; or not, after all, while it rests.
    SheLives {
        /// Whom.
        person: PersonId,
        /// The message, whether or not there is an address to which it could go.
        message: MessageId,
        /// They are to be told; else she took it back.
        tell: bool,
    },
    /// What an author lets her keepers be told of a person who cannot be reached.
    PersonTold {
        /// Whose name.
        person: PersonId,
        /// The name, under the address key, bound to the person; empty for none.
        name: Vec<u8>,
    },
    /// An author has said that the mail of this person is read by somebody who looks after them; or that it is not.
    LookedAfter {
        /// Whose.
        account: AccountId,
        /// Who is looked after.
        person: PersonId,
        /// The name that whoever looks after them is told, under the address key; empty: they read their mail themselves.
        name: Vec<u8>,
    },
    /// A keeper is one no more, by the author's act.
    KeeperRemoved {
        /// Whose.
        account: AccountId,
        /// Who.
        keeper: KeeperId,
    },
    /// An author has verified another address of hers.
    ChannelAdded {
        /// Whose.
        account: AccountId,
        /// Its name.
        channel: ChannelId,
        /// The address under the address key, bound to the channel.
        sealed: Vec<u8>,
    },
    /// An author has verified a handle at which her host reaches her.
    HandleAdded {
        /// Whose.
        account: AccountId,
        /// Its name.
        channel: ChannelId,
        /// The handle under the address key, bound to the channel.
        sealed: Vec<u8>,
    },
    /// An author has shown that notices reach a browser of hers.
    BrowserAdded {
        /// Whose.
        account: AccountId,
        /// Its name.
        channel: ChannelId,
        /// What the browser gave (RFC 8030, 8291) under the address key, bound to the channel.
        sealed: Vec<u8>,
    },
    /// And does not want one of them any more.
    ChannelRemoved {
        /// Whose.
        account: AccountId,
        /// Its name.
        channel: ChannelId,
    },
    /// The cards of her keepers were made, or made anew: without this file no card opens anything.
    KeeperSetMade {
        /// Whose.
        account: AccountId,
        /// Its name.
        set: KeeperSetId,
        /// For whom alone it is; none: for all.
        person: Option<PersonId>,
        /// So many cards open it.
        needed: u8,
        /// So many there are.
        of: u8,
        /// keeper-set.age
        file: Vec<u8>,
        /// When, by trusted time.
        made: Timestamp,
    },
    /// The paper with her stop code was made, or made anew.
    StopCodeMade {
        /// Whose.
        account: AccountId,
        /// Keyed hash of the code.
        code: [u8; 32],
    },
}

impl Fact {
    /// Whether it is about an author's life: her row, her keepers and their cards, her channels, her stop code.
    pub fn is_about_a_life(&self) -> bool {
        matches!(
            self,
            Self::CheckedIn { .. }
                | Self::Voted { .. }
                | Self::Stopped { .. }
                | Self::Resumed { .. }
                | Self::Paused { .. }
                | Self::LifeEnded { .. }
                | Self::PolicyChanged { .. }
                | Self::KeeperAdded { .. }
                | Self::KeeperAnswered { .. }
                | Self::KeeperRemoved { .. }
                | Self::KeeperMoved { .. }
                | Self::AddressOffered { .. }
                | Self::AddressDeclined { .. }
                | Self::ChannelAdded { .. }
                | Self::HandleAdded { .. }
                | Self::BrowserAdded { .. }
                | Self::ChannelRemoved { .. }
                | Self::StopCodeMade { .. }
                | Self::KeeperSetMade { .. }
        )
    }

    /// What it is called where facts are counted and listed.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sealed { .. } => "sealed",
            Self::Undone { .. } => "undone",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Accepted { .. } => "accepted",
            Self::Opened { .. } => "opened",
            Self::Refused { .. } => "refused",
            Self::Lifted { .. } => "lifted",
            Self::KeptForLater { .. } => "kept for later",
            Self::Answered { .. } => "answered",
            Self::Bounced { .. } => "bounced",
            Self::Unreachable { .. } => "unreachable",
            Self::AddressGiven { .. } => "address given",
            Self::AddressRemoved { .. } => "address removed",
            Self::AmendUndone { .. } => "new words undone",
            Self::Unwrapped { .. } => "new words count",
            Self::RuleChanged { .. } => "rule changed",
            Self::ProofChanged { .. } => "proof changed",
            Self::CardReplaced { .. } => "card",
            Self::Rewrapped { .. } => "rewrapped",
            Self::SignInChanged { .. } => "sign-in changed",
            Self::UnlockReplaced { .. } => "words of an account",
            Self::Adopted { .. } => "adopted",
            Self::Parked { .. } => "parked",
            Self::Released { .. } => "let go",
            Self::CheckedIn { .. } => "sign of life",
            Self::Voted { .. } => "word of a keeper",
            Self::Stopped { .. } => "stopped",
            Self::Resumed { .. } => "begun again",
            Self::Paused { .. } => "paused",
            Self::LifeEnded { .. } => "ended",
            Self::PolicyChanged { .. } => "plan",
            Self::KeeperAdded { .. } => "keeper",
            Self::KeeperAnswered { .. } => "answer of a keeper",
            Self::KeeperRemoved { .. } => "keeper removed",
            Self::KeeperMoved { .. } => "keeper moved",
            Self::AddressOffered { .. } => "address of a keeper",
            Self::AddressDeclined { .. } => "address of a keeper declined",
            Self::EventSaid { .. } => "word of an event",
            Self::EventStopped { .. } => "event stopped",
            Self::SheLives { .. } => "that she lives",
            Self::PersonTold { .. } => "name for keepers",
            Self::LookedAfter { .. } => "who is looked after",
            Self::ChannelAdded { .. } => "channel",
            Self::HandleAdded { .. } => "handle",
            Self::BrowserAdded { .. } => "browser",
            Self::ChannelRemoved { .. } => "channel removed",
            Self::StopCodeMade { .. } => "stop code",
            Self::KeeperSetMade { .. } => "cards of keepers",
        }
    }
}

/// A knock that was accepted: enough to tell a restored house of it, so that it is not sent again and its link works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knocked {
    /// To whom.
    pub person: PersonId,
    /// In which series of knocks to that person.
    pub series: u32,
    /// The how-manieth of the series.
    pub nth: u8,
    /// Where it went.
    pub address: AddressId,
    /// SHA-256 of the token of its link.
    pub link: [u8; 32],
    /// For which promises it spoke, in the order of their names.
    pub told: Vec<ToldOf>,
}

/// A promise that a knock spoke for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldOf {
    /// Its name.
    pub delivery: DeliveryId,
    /// Of which letter.
    pub letter: LetterId,
    /// Which time of a rule that recurs; 0 for a rule that happens once.
    pub occurrence: i16,
}
