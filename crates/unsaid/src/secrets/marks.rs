//! What a message carries so that whoever holds it can prove it: the number in 'no more of these', the eight digits for coming without the link, and the
//! mark in the addresses that mail comes back to. All are made from the message's name and the link key (RFC 2104), so that nothing of them is
//! stored and a message can be written again. It refuses to know whether there is such a message: that is the store's.

use super::{HouseKeys, mac};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;
use unsaid_delivery::MessageId;
use zeroize::Zeroizing;

/// How many letters of base32 a return mark has: 100 bits, in an address that stays under the 64 letters before the @
/// (RFC 5321, 4.5.3.1.1).
const MARK: usize = 20;

/// What comes back to an address with a mark in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnKind {
    /// To the return path: a mail server says what became of the message.
    Bounce,
    /// To the Reply-To: a human answered.
    Reply,
}

impl ReturnKind {
    /// The word that stands before the `+` of such an address, and under the mark.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Reply => "reply",
        }
    }
}

impl HouseKeys {
    /// What stands after the dot in `/quiet/{message}.{token}`: 43 letters of base64url.
    pub fn quiet_token(&self, message: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.said_of(message, "quiet"))
    }

    /// The eight digits in a knock, by which somebody comes without its link. Every one of the hundred million is as likely as any other,
    /// to within 2^-100.
    pub fn knock_digits(&self, message: &str) -> Zeroizing<String> {
        let tag = Zeroizing::new(self.said_of(message, "digits"));
        let mut first = [0; 16];
        first.copy_from_slice(&tag[..16]);
        Zeroizing::new(format!("{:08}", u128::from_be_bytes(first) % 100_000_000))
    }

    /// What stands after the dot in `bounce+{message}.{mark}@domain`: letters of lower-case base32, because servers on the way
    /// may change the case of what stands before the @.
    pub fn return_mark(&self, message: &str, kind: ReturnKind) -> String {
        let tag = self.said_of(message, kind.word());
        let mut first = [0; 16];
        first.copy_from_slice(&tag[..16]);
        let mut mark = MessageId(first).to_string();
        mark.truncate(MARK);
        mark
    }

    fn said_of(&self, message: &str, what: &str) -> [u8; 32] {
        mac(&self.link, &[message.as_bytes(), b"|", what.as_bytes()])
    }
}

/// Is what was given the mark, the token or the digits that we would have written? Takes the same time wherever they differ.
pub fn same(given: &str, ours: &str) -> bool {
    given.as_bytes().ct_eq(ours.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::{Chance as _, SeededChance};

    const MESSAGE: &str = "mzxw6ytboi4dsmzrgq2tinzwga";

    /// The house whose index root is 32 zero bytes (`abbey` 23 times, then `attend`).
    fn zeros() -> HouseKeys {
        let root = format!("{}attend", "abbey ".repeat(23));
        let text = format!("unsaid host.secrets 1\nindex {root}\nopening 1 {root}\n");
        HouseKeys::parse(&text).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Made with Python's hmac and hashlib: HKDF-SHA256 without salt of 32 zero bytes, info `unsaid link key v1`; then HMAC-SHA256 of
    /// `message|what`. They are in mail that has been sent: they never change.
    #[test]
    fn the_marks_of_a_message_stay_what_they_are() {
        let keys = zeros();
        assert_eq!(keys.quiet_token(MESSAGE), "QntmBLsjGSusv03EC2HY6Y4FTVohhXsNtkrx8-v53vg");
        assert_eq!(*keys.knock_digits(MESSAGE), "86239565");
        assert_eq!(keys.return_mark(MESSAGE, ReturnKind::Bounce), "qcjttkko6a7nlv45jgp5");
        assert_eq!(keys.return_mark(MESSAGE, ReturnKind::Reply), "me46gl75vfhrru6qshxb");
        assert_eq!(
            *keys.knock_digits("aaaaaaaaaaaaaaaaaaaaaaaaay"),
            "00558773",
            "zeros at the front are digits too"
        );
    }

    #[test]
    fn each_mark_belongs_to_one_message_one_use_and_one_house() {
        let (keys, other) = (HouseKeys::new(&SeededChance::new(1)), HouseKeys::new(&SeededChance::new(2)));
        let marks = |keys: &HouseKeys, message: &str| {
            vec![
                keys.quiet_token(message),
                keys.knock_digits(message).to_string(),
                keys.return_mark(message, ReturnKind::Bounce),
                keys.return_mark(message, ReturnKind::Reply),
                keys.message_id(message),
                BASE64_URL_SAFE_NO_PAD.encode(*keys.link_token(message)),
            ]
        };
        let mut all = marks(&keys, MESSAGE);
        all.extend(marks(&keys, "aaaaaaaaaaaaaaaaaaaaaaaaaa"));
        all.extend(marks(&other, MESSAGE));
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(marks(&keys, MESSAGE), marks(&keys, MESSAGE));
    }

    #[test]
    fn a_marked_address_can_be_written() {
        let keys = zeros();
        for kind in [ReturnKind::Bounce, ReturnKind::Reply] {
            let mark = keys.return_mark(MESSAGE, kind);
            assert_eq!(mark.len(), MARK);
            assert!(mark.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)));
            assert!(format!("{}+{MESSAGE}.{mark}", kind.word()).len() <= 64);
        }
    }

    /// Each digit stands in each place about as often as any other: 4,000 messages, 400 of each, and never 100 off (five deviations).
    #[test]
    fn no_digit_is_likelier_than_another() {
        let (keys, chance) = (zeros(), SeededChance::new(8));
        let mut seen = [[0_i32; 10]; 8];
        for _ in 0..4_000 {
            let digits = keys.knock_digits(&chance.id());
            assert_eq!(digits.len(), 8);
            for (place, digit) in digits.bytes().enumerate() {
                seen[place][usize::from(digit - b'0')] += 1;
            }
        }
        assert!(seen.as_flattened().iter().all(|count| (count - 400).abs() < 100), "{seen:?}");
    }

    #[test]
    fn what_differs_anywhere_is_not_the_same() {
        assert!(same("27182818", "27182818"));
        for wrong in ["", "2718281", "271828180", "27182819", "17182818", "２７１８２８１８"] {
            assert!(!same(wrong, "27182818"), "{wrong}");
        }
    }
}
