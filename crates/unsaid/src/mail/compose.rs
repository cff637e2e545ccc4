//! Whole messages, from a letterhead and the words in web/src/words.
//!
//! It knows how each kind of message is worded and set. It refuses to know the store, the clock and chance: what it is
//! given decides every byte, so that the same message can be built again after a crash. No kind has a place for
//! anything that an author typed.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Outgoing;
use super::address::{is_hidden, is_plain};
use super::encode::{mailbox, one_line, text_body, unstructured, wrap};
use crate::words::Words;

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
    /// Somebody came in with the paper kit.
    KitUsed,
    /// The six words were made anew.
    WordsReplaced,
    /// A card with words was shown for printing.
    CardPrinted,
    /// A letter was taken out as a folder.
    Exported,
    /// An address was changed: the author's own, or that of somebody she writes to. Told to the author.
    AddressesChanged,
    /// Somebody has answered a letter of hers.
    Answered,
    /// To somebody who answered a knock by mail: nobody reads that, and this is where to answer.
    NobodyReads,
    /// To oneself, to see that mail arrives.
    Test,
    /// Something waits for you.
    Knock {
        /// The whole link.
        link: &'a str,
        /// The eight digits for the way without the link, once there is a page that takes them.
        digits: Option<&'a str>,
    },
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
    {
        return Err(Unfit::Address);
    }
    if !is_plain(&particulars.message_id) || !particulars.message_id.is_ascii() {
        return Err(Unfit::MessageId);
    }
    let (subject, text) = write(words, head, message)?;
    let date =
        jiff::fmt::rfc2822::to_string(&particulars.date.to_zoned(TimeZone::UTC)).map_err(|_| Unfit::Date)?;
    let mut whole = mailbox("From", &head.from_name, &head.from_address);
    whole.push_str(&mailbox("To", "", &particulars.to));
    whole.push_str(&unstructured("Subject", &subject));
    whole.push_str(&format!("Date: {date}\r\n"));
    whole.push_str(&format!("Message-ID: <{}>\r\n", particulars.message_id));
    // RFC 3834: nobody's holiday notice answers it.
    whole.push_str("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
    whole.push_str(&text_body(&wrap(&text)));
    Ok(Outgoing {
        to: particulars.to.clone(),
        return_path: particulars.return_path.clone(),
        message_id: particulars.message_id.clone(),
        bytes: whole.into_bytes(),
    })
}

/// Subject and text of one message.
fn write(words: &Words, head: &Letterhead, message: &Message<'_>) -> Result<(String, String), Unfit> {
    let house = &one_line(&head.house_name);
    let origin = &head.public_origin;
    let contact = head.host_contact.as_deref().map(one_line).filter(|contact| !contact.is_empty());
    let ask = match &contact {
        Some(contact) => words.say("mail.ask.contact", &[("contact", contact), ("house", house)]),
        None => words.say("mail.ask.house", &[("house", house)]),
    };
    let (subject, mut paragraphs) = match message {
        Message::Code { digits } => {
            let code = &grouped(digits)?;
            (
                words.say("mail.code.subject", &[("code", code)]),
                vec![
                    words.say("mail.code.what", &[("code", code), ("house", house)]),
                    words.say("mail.code.how", &[]),
                    words.say("mail.code.not_you", &[]),
                ],
            )
        }
        Message::Invitation { link } => (
            words.say("mail.invitation.subject", &[("house", house)]),
            vec![
                words.say("mail.invitation.what", &[("house", house)]),
                words.say("mail.invitation.link", &[]),
                whole_link(link, head)?,
                words.say("mail.invitation.no", &[]),
                ask,
            ],
        ),
        Message::AccountMade => (
            words.say("mail.account_made.subject", &[("house", house)]),
            vec![
                words.say("mail.account_made.what", &[("house", house), ("origin", origin)]),
                words.say("mail.account_made.not_you", &[]),
                ask,
            ],
        ),
        Message::SignInAddressChanged { undo } => (
            words.say("mail.address_changed.subject", &[("house", house)]),
            vec![
                words.say("mail.address_changed.what", &[("house", house)]),
                words.say("mail.address_changed.undo", &[]),
                whole_link(undo, head)?,
                words.say("mail.address_changed.not_you", &[]),
                ask,
            ],
        ),
        Message::KitUsed => (
            words.say("mail.kit_used.subject", &[("house", house)]),
            vec![
                words.say("mail.kit_used.what", &[("house", house)]),
                words.say("mail.kit_used.not_you", &[]),
                ask,
            ],
        ),
        Message::WordsReplaced => (
            words.say("mail.words_replaced.subject", &[("house", house)]),
            vec![
                words.say("mail.words_replaced.what", &[("house", house)]),
                words.say("mail.words_replaced.not_you", &[]),
                ask,
            ],
        ),
        Message::CardPrinted => (
            words.say("mail.card_printed.subject", &[("house", house)]),
            vec![
                words.say("mail.card_printed.what", &[("house", house)]),
                words.say("mail.card_printed.not_you", &[]),
                ask,
            ],
        ),
        Message::Exported => (
            words.say("mail.exported.subject", &[("house", house)]),
            vec![
                words.say("mail.exported.what", &[("house", house)]),
                words.say("mail.exported.not_you", &[]),
                ask,
            ],
        ),
        Message::AddressesChanged => (
            words.say("mail.addresses_changed.subject", &[("house", house)]),
            vec![
                words.say("mail.addresses_changed.what", &[("house", house)]),
                words.say("mail.addresses_changed.not_you", &[]),
                ask,
            ],
        ),
        Message::Answered => (
            words.say("mail.answered.subject", &[]),
            vec![
                words.say("mail.answered.what", &[("house", house)]),
                words.say("mail.answered.how", &[("origin", origin)]),
                ask,
            ],
        ),
        Message::NobodyReads => (
            words.say("mail.nobody_reads.subject", &[]),
            vec![
                words.say("mail.nobody_reads.what", &[("house", house)]),
                words.say("mail.nobody_reads.how", &[("origin", origin)]),
                ask,
            ],
        ),
        Message::Test => (
            words.say("mail.test.subject", &[("house", house)]),
            vec![words.say("mail.test.what", &[("house", house)])],
        ),
        Message::Knock { link, digits } => {
            let without_link = match digits {
                Some(digits) => {
                    words.say("mail.knock.by_hand", &[("digits", &grouped(digits)?), ("origin", origin)])
                }
                None => words.say("mail.knock.look_first", &[("origin", origin)]),
            };
            (
                words.say("mail.knock.subject", &[]),
                vec![
                    words.say("mail.knock.what", &[("house", house)]),
                    words.say("mail.knock.link", &[]),
                    whole_link(link, head)?,
                    words.say("mail.knock.seeing", &[]),
                    words.say("mail.knock.no", &[]),
                    without_link,
                    words.say("mail.knock.never", &[]),
                    words.say("mail.knock.often", &[]),
                    ask,
                ],
            )
        }
    };
    paragraphs.push(words.say("mail.foot", &[("house", house), ("origin", origin)]));
    Ok((subject, paragraphs.join("\n\n")))
}

/// `12345678` as `1234 5678`: two groups can be kept in mind. The page that takes them ignores the space.
fn grouped(digits: &str) -> Result<String, Unfit> {
    if digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(format!("{} {}", &digits[..4], &digits[4..]))
    } else {
        Err(Unfit::Digits)
    }
}

/// The link, if it leads to this house and nowhere else.
fn whole_link(link: &str, head: &Letterhead) -> Result<String, Unfit> {
    let inside = link.strip_prefix(head.public_origin.as_str());
    let safe = inside.is_some_and(|path| path.starts_with('/'))
        && link.starts_with("http")
        && !link.chars().any(|c| c.is_whitespace() || c.is_control() || is_hidden(c));
    if safe { Ok(link.to_owned()) } else { Err(Unfit::Link) }
}
