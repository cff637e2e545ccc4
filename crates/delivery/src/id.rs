//! Names of things: 128 random bits each, written as 26 lower-case base32 characters (RFC 4648, no padding).
//! A type for each kind of thing, so that a letter's name is never taken for a person's. Knows nothing of chance:
//! the bytes are given.

use std::{fmt, str::FromStr};

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The length of an id as text, in characters.
pub const TEXT_LEN: usize = 26;

/// The text is not 26 characters of lower-case base32 that spell exactly 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("This is not one of our ids. Copy all 26 characters of it.")
    }
}

impl std::error::Error for NotAnId {}

fn write_base32(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let n = u128::from_be_bytes(*bytes);
    let mut text = [0u8; TEXT_LEN];
    for (i, c) in text.iter_mut().enumerate() {
        // 26 groups of five bits are 130; the last one holds three bits and two zeros.
        let group = if i == TEXT_LEN - 1 { (n << 2) & 31 } else { (n >> (123 - 5 * i)) & 31 };
        *c = ALPHABET[group as usize];
    }
    f.write_str(std::str::from_utf8(&text).unwrap_or_default())
}

fn read_base32(text: &str) -> Result<[u8; 16], NotAnId> {
    let text = text.as_bytes();
    if text.len() != TEXT_LEN {
        return Err(NotAnId);
    }
    let mut n: u128 = 0;
    for (i, c) in text.iter().enumerate() {
        let group = match c {
            b'a'..=b'z' => c - b'a',
            b'2'..=b'7' => c - b'2' + 26,
            _ => return Err(NotAnId),
        };
        if i == TEXT_LEN - 1 {
            if group & 3 != 0 {
                return Err(NotAnId);
            }
            n = (n << 3) | u128::from(group >> 2);
        } else {
            n = (n << 5) | u128::from(group);
        }
    }
    Ok(n.to_be_bytes())
}

macro_rules! id {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_base32(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_base32(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                read_base32(text).map(Self)
            }
        }
    )*};
}

id! {
    /// An author's account.
    AccountId,
    /// Somebody an author writes to. Belongs to one author, so it also names the pair.
    PersonId,
    /// One address of a person.
    AddressId,
    /// A letter; its versions are numbered from 1.
    LetterId,
    /// The promise to bring one letter to one person, once.
    DeliveryId,
    /// The unit of sending.
    MessageId,
    /// Sealed bytes.
    BlobId,
    /// One start of one node.
    BootId,
    /// A letter that is not sealed yet, as her browser keeps it at the house.
    DraftId,
    /// What a person answered to a letter.
    ReplyId,
    /// A verified address of an author beside the one she signs in with.
    ChannelId,
    /// Somebody whom an author trusts to say what a server cannot know.
    KeeperId,
    /// The cards of an author's keepers that belong together.
    KeeperSetId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_reads_back_as_it_was_written(bytes in any::<[u8; 16]>()) {
            let text = LetterId(bytes).to_string();
            prop_assert_eq!(text.len(), TEXT_LEN);
            prop_assert_eq!(text.parse::<LetterId>(), Ok(LetterId(bytes)));
        }

        #[test]
        fn anything_else_is_refused_or_reads_back_the_same(text in "[a-z2-7]{20,30}|.{0,40}") {
            if let Ok(id) = text.parse::<LetterId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
