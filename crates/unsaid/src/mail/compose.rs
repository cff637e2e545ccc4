//! Whole messages, from a letterhead and the words in web/src/words: their headers here, what they say in wording.rs, how it is set in layout.rs.
//!
//! It refuses to know the store, the clock and chance: what it is given decides every byte, so that the same message can be built again after a
//! crash. No kind has a place for anything that an author typed, but for
//! a name that somebody else has approved letter by letter.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::Outgoing;
use super::address::is_plain;
use super::encode::{alternatives, mailbox, unstructured, wrap};
use super::layout;
use super::lives::{About, News};
use super::wording::{Block, lead, write};
use crate::words::Words;
use unsaid_delivery::message::Call;

/// Bytes of a usual message: room for it is made once.
const ROOM: usize = 12 * 1024;

/// Whose paper it is written on. Texts that a host typed are put on one line before they are used.
pub struct Letterhead {
    /// The name shown as the sender's.
    pub from_name: String,
    /// The sender's bare address.
    pub from_address: String,
    /// What this house is called (UNSAID_HOUSE_NAME).
    pub house_name: String,
    /// How a human here is reached, such as a telephone number; said in every message that could be taken for fraud.
    pub host_contact: Option<String>,
    /// Scheme, name and port of the house, without a slash at its end.
    pub public_origin: String,
}

/// The part that a postman reads, and the day.
pub struct Particulars {
    /// The bare address it goes to.
    pub to: String,
    /// Where bounces go; empty for nowhere.
    pub return_path: String,
    /// Where an answer by mail goes, if not to the sender.
    pub reply_to: Option<String>,
    /// Without angle brackets: `base32@domain`.
    pub message_id: String,
    /// Fixed at the first attempt.
    pub date: Timestamp,
}

/// What is said.
pub enum Message<'a> {
    /// Eight digits to sign in with. They stand in the subject too: who is old or in a hurry reads them from the list,
    /// without opening anything. A log or a stranger's glance that sees them gains nothing, because a code works only
    /// in the browser that asked for it, once, for ten minutes.
    Code {
        /// The digits, without spaces.
        digits: &'a str,
    },
    /// A link that makes an account in this house.
    Invitation {
        /// The whole link.
        link: &'a str,
    },
    /// An account was made with this address.
    AccountMade,
    /// Another address signs in to this account from now on; told to the one before.
    SignInAddressChanged {
        /// The whole link that undoes it.
        undo: &'a str,
    },
    /// The same, as it is told at her other addresses: nothing is undone from there.
    SignInAddressMoved,
    /// She is written to at one address more.
    ChannelAdded,
    /// She is not written to at one of her addresses any more.
    ChannelRemoved,
    /// A browser of hers takes no notices any more.
    BrowserOver,
    /// Somebody came in with the paper kit.
    KitUsed,
    /// A paper kit was made, or made anew.
    KitMade,
    /// The six words were made anew.
    WordsReplaced,
    /// A card with words was shown for printing.
    CardPrinted,
    /// The words of a card were made anew.
    CardReplaced,
    /// The cards of her keepers were made, made anew, or shown for printing.
    KeepersCards,
    /// A letter was taken out as a folder.
    Exported,
    /// An address was changed: the author's own, or that of somebody she writes to. Told to the author.
    AddressesChanged,
    /// Somebody has answered a letter of hers.
    Answered,
    /// A part of a letter of hers is lost, and the letter is held.
    BytesMissing,
    /// To somebody who answered a knock by mail: nobody reads that, and this is where to answer.
    NobodyReads,
    /// To an address of a person: what is kept for them goes to another one that keepers have given.
    GoesElsewhere,
    /// To somebody who asked at the door whether something waits for this address: something does.
    AtTheDoor {
        /// The whole link.
        link: &'a str,
    },
    /// To a keeper: somebody has a letter that cards open, and theirs is asked for.
    CardAsked {
        /// The whole link.
        link: &'a str,
    },
    /// To a keeper: another one has said that something has happened, and they are asked too.
    EventAsked {
        /// The whole link.
        link: &'a str,
    },
    /// To somebody whom a letter has reached because its author was thought gone: she lives. It has no link: it asks for nothing.
    SheLives {
        /// Her name, where it may be said.
        from: Option<&'a str>,
        /// What is there of what they were told of.
        letters: StillThere,
    },
    /// To a host: something waits until they have looked.
    HostCalled {
        /// For what.
        call: Call,
    },
    /// To an author: what somebody whom she trusts has done.
    KeeperNews {
        /// What.
        news: News,
    },
    /// To oneself, to see that mail arrives.
    Test,
    /// To an author, who asked for it: what would be written if nothing more were heard of her, marked as a rehearsal before anything else.
    Rehearsed {
        /// What would be said.
        of: Box<Message<'a>>,
        /// The words of whoever it would go to.
        spoken: &'a Words,
        /// To whom it would go.
        to: Rehearsee,
        /// On which day, at the earliest; none where the page alone knows.
        day: Option<Date>,
    },
    /// Whether an author is alive, or what came of that.
    Life(About<'a>),
    /// Something waits for you.
    Knock {
        /// The whole link.
        link: &'a str,
        /// The eight digits for the way without the link.
        digits: &'a str,
        /// The whole link whose POST stores that no more knocks are wanted: mail programs show a button for it.
        quiet: &'a str,
        /// To whom, and who has written.
        to: KnockTo<'a>,
    },
}

/// To whom a knock goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnockTo<'a> {
    /// To whom it is for, with the name of who has written where the host or the person has approved that exact name.
    Person(Option<&'a str>),
    /// To somebody who looks after whom it is for. It names nobody: which child it is about stands behind the click.
    Guardian,
}

/// What is there of the letters that somebody was told of too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StillThere {
    /// All of them.
    All,
    /// Some; the others were taken back.
    Some,
    /// None: they were taken back.
    None,
}

/// To whom a message would go that is only rehearsed. No name: whom she means stands on her page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rehearsee {
    /// To herself.
    Author,
    /// To a keeper.
    Keeper,
    /// To somebody she has written to.
    Person,
}

impl Message<'_> {
    /// What kind it is, in a word for a header. It says no more than the subject does.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Code { .. } => "code",
            Self::Invitation { .. } => "invitation",
            Self::AccountMade => "account-made",
            Self::SignInAddressChanged { .. } => "address-changed",
            Self::SignInAddressMoved => "address-moved",
            Self::ChannelAdded => "channel-added",
            Self::ChannelRemoved => "channel-removed",
            Self::BrowserOver => "browser-over",
            Self::KitUsed => "kit-used",
            Self::KitMade => "kit-made",
            Self::WordsReplaced => "words-replaced",
            Self::CardPrinted => "card-printed",
            Self::CardReplaced => "card-replaced",
            Self::KeepersCards => "keepers-cards",
            Self::Exported => "exported",
            Self::AddressesChanged => "addresses-changed",
            Self::Answered => "answered",
            Self::BytesMissing => "bytes-missing",
            Self::NobodyReads => "nobody-reads",
            Self::GoesElsewhere => "goes-elsewhere",
            Self::AtTheDoor { .. } => "at-the-door",
            Self::CardAsked { .. } => "card-asked",
            Self::EventAsked { .. } => "event-asked",
            Self::SheLives { .. } => "she-lives",
            Self::HostCalled { .. } => "host-called",
            Self::KeeperNews { news } => news.kind(),
            Self::Test => "test",
            Self::Rehearsed { .. } => "rehearsal",
            Self::Life(about) => about.kind(),
            Self::Knock { .. } => "knock",
        }
    }
}

/// Why a message cannot be written. Each says what happened and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// One of the addresses would break a header.
    #[error(
        "An address cannot be written into a message. Look at the sender's address in the settings, then at the person's."
    )]
    Address,
    /// The Message-ID is not one.
    #[error("A message has no proper number of its own. Report it: this is a fault of the program.")]
    MessageId,
    /// The link does not lead to this house, or has a space or a line end in it.
    #[error("A link in a message does not lead to this house. Look at UNSAID_PUBLIC_URL.")]
    Link,
    /// The code is not eight digits.
    #[error("A code is not made of eight digits. Report it: this is a fault of the program.")]
    Digits,
    /// The name is none that may stand in a mail.
    #[error("A name cannot stand in a message. Take its approval back with: unsaid names withdraw")]
    Name,
    /// The day cannot be written.
    #[error("A message has a day that cannot be written. Look at this machine's clock.")]
    Date,
}

/// Writes one message, whole.
///
/// # Errors
/// [`Unfit`], when what is given would give a message that cannot be sent or must not be.
pub fn compose(
    words: &Words,
    head: &Letterhead,
    particulars: &Particulars,
    message: &Message<'_>,
) -> Result<Outgoing, Unfit> {
    if !is_plain(&head.from_address)
        || !is_plain(&particulars.to)
        || !(particulars.return_path.is_empty() || is_plain(&particulars.return_path))
        || !particulars.reply_to.as_deref().is_none_or(is_plain)
    {
        return Err(Unfit::Address);
    }
    if !is_plain(&particulars.message_id) || !particulars.message_id.is_ascii() {
        return Err(Unfit::MessageId);
    }
    let said = write(words, head, message)?;
    let date =
        jiff::fmt::rfc2822::to_string(&particulars.date.to_zoned(TimeZone::UTC)).map_err(|_| Unfit::Date)?;
    let mut whole = String::with_capacity(ROOM);
    whole.push_str(&mailbox("From", &head.from_name, &head.from_address));
    whole.push_str(&mailbox("To", "", &particulars.to));
    if let Some(reply_to) = &particulars.reply_to {
        whole.push_str(&mailbox("Reply-To", "", reply_to));
    }
    whole.push_str(&unstructured("Subject", &said.subject));
    whole.push_str(&format!("Date: {date}\r\n"));
    whole.push_str(&format!("Message-ID: <{}>\r\n", particulars.message_id));
    whole.push_str(&for_programs(head, message)?);
    whole.push_str(&format!("Content-Language: {}\r\nMIME-Version: 1.0\r\n", words.tag()));
    let text = wrap(&layout::text(&said.blocks));
    let page = layout::page(words, &said.subject, &said.blocks);
    whole.push_str(&alternatives(&text, &page, &particulars.message_id));
    Ok(Outgoing {
        to: particulars.to.clone(),
        return_path: particulars.return_path.clone(),
        message_id: particulars.message_id.clone(),
        bytes: whole.into_bytes(),
    })
}

/// What a message says and nothing else: its subject, and its paragraphs as text.
///
/// # Errors
/// [`Unfit`], as with [`compose`].
pub fn worded(words: &Words, head: &Letterhead, message: &Message<'_>) -> Result<(String, String), Unfit> {
    let said = write(words, head, message)?;
    Ok((said.subject, layout::text(&said.blocks)))
}

/// The same, with the one link that leads on, where there is one.
pub(super) fn worded_with_link(
    words: &Words,
    head: &Letterhead,
    message: &Message<'_>,
) -> Result<(String, String, Option<String>), Unfit> {
    let said = write(words, head, message)?;
    let link = said.blocks.iter().find_map(|block| match block {
        Block::Way { link, .. } => Some(link.clone()),
        _ => None,
    });
    Ok((said.subject, layout::text(&said.blocks), link))
}

/// The headers that programs read and nobody else.
///
/// There is no Precedence (RFC 2076, 3.9, calls it non-standard, controversial and discouraged): `bulk` and `list` put a knock among advertisements, and what it was good
/// for, keeping holiday notices quiet, the next two say.
fn for_programs(head: &Letterhead, message: &Message<'_>) -> Result<String, Unfit> {
    // RFC 3834: nobody's holiday notice answers it. An answer of ours says that it is one.
    let submitted = match message {
        Message::NobodyReads => "auto-replied",
        _ => "auto-generated",
    };
    let mut headers = format!("Auto-Submitted: {submitted}\r\n");
    // Exchange asks this instead ([MS-OXCMAIL]). Not `All`: reports that a message did not arrive are wanted.
    headers.push_str("X-Auto-Response-Suppress: OOF, AutoReply\r\n");
    // Only what comes unasked and repeats can be ended by a button; a code or a notice cannot.
    if let Message::Knock { quiet, .. } = message {
        let quiet = lead(quiet, head)?;
        // However long it is, it stays on one line: space inside the brackets is to be ignored (RFC 2369, 2), but not everybody does. 998 letters are
        // allowed (RFC 5322, 2.1.1).
        headers.push_str(&format!("List-Unsubscribe: <{quiet}>\r\n"));
        // RFC 8058, 3.1, wants HTTPS.
        if quiet.starts_with("https://") {
            headers.push_str("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
        }
    }
    // By which large providers tell a sender how many called a kind of message unwanted: the kind and the house, never a person. The last field is
    // the sender's own, 5 to 15 letters.
    let house: String =
        Sha256::digest(&head.public_origin).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    headers.push_str(&format!("Feedback-ID: {}:h{house}\r\n", message.kind()));
    Ok(headers)
}
