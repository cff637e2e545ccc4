//! The unit of sending: one table of messages, four kinds. A body is made when it is sent and never stored.

use crate::clock::Observed;
use crate::id::{AccountId, AddressId, ChannelId, KeeperId, MessageId, PersonId};
use jiff::Timestamp;

/// What kind of message it is; each has rules of its own (delivery.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A sign-in code: made at send time, ten minutes, no journal, never held.
    Code,
    /// A confirmation or a test message: three days.
    Notice(Notice),
    /// A question, reminder or warning of the ladder, or what is told about it.
    Ladder(Ladder),
    /// Tells a person that something waits.
    Knock,
}

/// The `nth` of what a person would be told, in a rehearsal: it has no place in the order of the others.
pub const REHEARSED_KNOCK: u8 = u8::MAX;

/// The same of what somebody would be told who looks after a person.
pub const REHEARSED_KNOCK_GUARDIAN: u8 = u8::MAX - 1;

/// Which notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notice {
    /// Somebody changed where letters go: to the author herself, as all of these but one.
    AddressesChanged,
    /// The account was made.
    Welcome,
    /// Somebody came in with the paper kit.
    KitUsed,
    /// A paper kit was made, or made anew: the one before lets nobody in any more.
    KitMade,
    /// The six words were made anew.
    WordsReplaced,
    /// The sign-in address was changed: to the old address, with a link that undoes it.
    SignInChanged,
    /// A card with words was shown for printing.
    CardPrinted,
    /// The words of a card were made anew.
    CardReplaced,
    /// The cards of her keepers were made, made anew, or shown for printing.
    KeepersCards,
    /// A letter was taken out as a folder.
    Exported,
    /// What a knock looks like: she asked for it.
    Trial,
    /// Somebody has answered a letter of hers.
    Answered,
    /// Sealed bytes of a letter of hers are not there any more, and it is held.
    BytesMissing,
    /// To a person who answered a knock by mail: nobody reads that mailbox, and this is where to answer.
    NobodyReads,
    /// To somebody who asked at the door whether something waits for this address: something does, and this leads there.
    AtTheDoor,
    /// To an address of a person: something goes to another one from now on, which keepers have given.
    GoesElsewhere,
    /// Somebody whom she trusts may be asked about her.
    KeeperAccepted,
    /// Somebody whom she trusts would rather not be asked.
    KeeperDeclined,
    /// A keeper of hers has another address now.
    KeeperMoved,
    /// A keeper of hers has given a newer address of somebody whom her letters could not reach.
    KeeperGaveAddress,
    /// A keeper of hers knows a newer address of somebody to whom she has written. It counts when she takes it.
    KeeperKnowsAddress,
    /// From now on she is written to at one address more.
    ChannelAdded,
    /// From now on she is not written to at an address of hers any more.
    ChannelRemoved,
    /// A browser of hers takes no notices any more: its push service says so, and that channel is over.
    BrowserOver,
    /// What would be written if nothing more were heard of her, sent to herself: its place in the rehearsal is `nth`, or [`REHEARSED_KNOCK`]. She asked for it.
    Rehearsal,
    /// To a keeper: somebody reads a letter that keepers' cards open, and theirs is asked for.
    CardAsked,
    /// To a keeper: another one has said whether something has happened that a letter waits for, and they are asked too.
    EventAsked,
    /// A keeper of hers has said whether something has happened that a letter of hers waits for.
    EventSaid,
    /// Enough of them have said that it has: the letter goes after a while, unless she stops it.
    EventOpens,
    /// To a person whom a letter of hers has reached because she was thought gone: she lives. She asked for it.
    SheLives,
    /// To a host: something waits until they have looked. Leaves whatever stands in the way of the house.
    HostCalled(Call),
}

impl Notice {
    /// Whether each address at which she is written to is told: whatever is done to her account, and whatever her keepers do. What only answers her, and what is not hers, goes to one.
    pub fn is_for_every_channel(self) -> bool {
        match self {
            Self::AddressesChanged
            | Self::KitUsed
            | Self::KitMade
            | Self::WordsReplaced
            | Self::SignInChanged
            | Self::CardPrinted
            | Self::CardReplaced
            | Self::KeepersCards
            | Self::Exported
            | Self::KeeperAccepted
            | Self::KeeperDeclined
            | Self::KeeperMoved
            | Self::KeeperGaveAddress
            | Self::KeeperKnowsAddress
            | Self::EventSaid
            | Self::EventOpens
            | Self::ChannelAdded
            | Self::ChannelRemoved
            | Self::BrowserOver => true,
            Self::Welcome
            | Self::Trial
            | Self::Answered
            | Self::BytesMissing
            | Self::NobodyReads
            | Self::AtTheDoor
            | Self::GoesElsewhere
            | Self::CardAsked
            | Self::EventAsked
            | Self::SheLives
            | Self::Rehearsal
            | Self::HostCalled(_) => false,
        }
    }
}

/// For what a host is called: once a day at most for each, and once a week for a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// Something stands in the way of the whole house.
    Holds,
    /// Many letters would have left that nobody foresaw.
    Unforeseen,
    /// The relay refuses us.
    Relay,
    /// Something that is stored is damaged or does not add up, or a letter is held because of what it says.
    Found,
    /// Its clocks cannot be believed without a human.
    Clock,
    /// The disk is nearly full.
    Disk,
    /// No backup was made for longer than the host wished.
    Backup,
    /// It ended again and again by a fault.
    Crashes,
}

impl Call {
    /// Every one there is.
    pub const ALL: [Self; 8] = [
        Self::Holds,
        Self::Unforeseen,
        Self::Relay,
        Self::Found,
        Self::Clock,
        Self::Disk,
        Self::Backup,
        Self::Crashes,
    ];

    /// Its short name, in the store and the log.
    pub fn key(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Unforeseen => "unforeseen",
            Self::Relay => "relay",
            Self::Found => "found",
            Self::Clock => "clock",
            Self::Disk => "disk",
            Self::Backup => "backup",
            Self::Crashes => "crashes",
        }
    }

    /// A host is called again for the same reason after so many hours at the earliest: each day for what holds letters up, each week for what only may one day.
    pub fn pause_hours(self) -> i64 {
        if self == Self::Backup { 7 * 24 } else { 24 }
    }
}

/// A message about an author's life, and which writing it belongs to: it leaves only while that is the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ladder {
    /// What it says.
    pub says: Says,
    /// Of which episode.
    pub episode: u32,
    /// The writing to her that was the newest when it was written.
    pub rung: u32,
}

/// What a message about an author's life says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Says {
    /// To her: are you well?
    Question,
    /// To her: the same again.
    Reminder,
    /// To her: this is what will happen, and how it is stopped.
    Warning,
    /// To her: a keeper has said that she has died.
    SaidDied,
    /// To her: a keeper has said that she is well.
    SaidWell,
    /// To her: a keeper has said that they do not know.
    SaidUnknown,
    /// To a keeper: is she well?
    KeeperAsked,
    /// To a keeper, when they were named: may we turn to you one day?
    Invited,
    /// To a keeper, once a year while nothing is asked: is this still right?
    StillRight,
    /// To a keeper, after she was let go: somebody cannot be reached, do you know a newer address?
    AddressAsked,
    /// To a keeper who was asked, or had spoken: she is well, nothing is asked of you any more.
    IsWell,
    /// To everybody: everything is stopped.
    Stopped,
    /// To everybody: keepers have asked for it to begin anew, in thirty days.
    Resumes,
    /// To her: a stop is over.
    GoesOn,
    /// To the host: somebody's mailboxes are closed.
    OutOfReach,
    /// To the host or a keeper: this finds out whether mail leaves; nothing is asked.
    Probe,
    /// To a keeper: her letters are on their way.
    Released,
}

/// By which way a message leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Way {
    /// By mail.
    #[default]
    Mail,
    /// By the webhook that the host has set, to a handle that the host understands.
    Hook,
    /// By the push service of a browser of hers.
    Push,
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A person: everything that waits from one author to them.
    Person(PersonId),
    /// An account.
    Account(AccountId),
    /// Another channel of an author.
    Channel(ChannelId),
    /// A keeper.
    Keeper(KeeperId),
    /// Somebody who is signing in, known by the message alone.
    SigningIn,
}

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// To be sent at its wake.
    Waiting,
    /// Stored right before DATA: from here to the result a crash may repeat it.
    Started,
    /// The relay said 250 after DATA.
    Accepted,
    /// End: refused for good by the other side.
    Refused,
    /// End: no longer wanted (refused, withdrawn, opened, quiet, or its time is over).
    Dropped,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Message {
    /// Its name; the Message-ID and the link are made from it.
    pub id: MessageId,
    /// What kind.
    pub kind: Kind,
    /// What it is about.
    pub subject: Subject,
    /// The how-manieth of its series, from 1.
    pub nth: u8,
    /// To which address of a person; none for messages to accounts and to people signing in.
    pub address: Option<AddressId>,
    /// Where it is.
    pub state: MessageState,
    /// How often it was tried.
    pub tries: u16,
    /// When it was written, in observed time: budgets count from here.
    pub since: Observed,
    /// The Date header, fixed at the first attempt, so that the same message can be built again.
    pub date: Option<Timestamp>,
    /// After this it is pointless.
    pub expires: Option<Timestamp>,
    /// It was in the forecast, or came from a recorded human act.
    pub foreseen: bool,
    /// Goes up by one at every commit.
    pub rev: i64,
}
