//! The paper kit: the account's identity as text, to be printed, and read back from a scan or from somebody's typing. It
//! is the whole key; it asks nobody for leave.

use crate::{errors::SealError, pq, unlock::derive};
use zeroize::Zeroizing;

const PREFIX: &str = "AGE-SECRET-KEY-PQ-1";
/// 32 bytes are 52 letters, and the checksum is six.
const LETTERS: usize = 58;

/// The kit as an age identity file. `house` is the address of the house and `date` the civil day, both for the person who
/// finds the paper; neither may break a line.
pub fn kit_text(identity: &pq::Identity, house: &str, date: &str) -> Zeroizing<String> {
    let line = |text: &str| {
        let breaks = |c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}';
        text.split(breaks).filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
    };
    Zeroizing::new(format!(
        "# Unsaid paper kit\n# {}\n# {}\n{}\n",
        line(house),
        line(date),
        *identity.expose_text()
    ))
}

/// The identity in a scanned, pasted or typed kit. Spaces, line ends and case do not matter, nor does anything before or
/// after the key; letters that the key's alphabet lacks are read as those they look like.
pub fn read_kit(text: &str) -> Result<pq::Identity, SealError> {
    let upper = Zeroizing::new(text.to_uppercase());
    let bare: Zeroizing<String> = Zeroizing::new(upper.chars().filter(char::is_ascii_alphanumeric).collect());
    let typed = match bare.rfind("AGESECRETKEYPQ1") {
        Some(start) => bare[start + 15..].get(..LETTERS).ok_or(SealError::KitMissing)?,
        None if bare.len() == LETTERS => &bare,
        None => return Err(SealError::KitMissing),
    };
    let mut identity = Zeroizing::new(String::with_capacity(PREFIX.len() + LETTERS));
    identity.push_str(PREFIX);
    identity.extend(typed.chars().map(|letter| match letter {
        'O' => '0',
        'B' => '8',
        'I' | '1' => 'L',
        other => other,
    }));
    identity.parse().map_err(|_| SealError::KitMisread)
}

/// What the house is shown by somebody who has the paper and no mailbox any more: HKDF-SHA-256 of the identity's secret
/// bytes. The house keeps only an HMAC of it ([`crate::unlock::token_row`]), and cannot come to the identity from either.
pub fn kit_token(identity: &pq::Identity) -> Zeroizing<[u8; 32]> {
    derive(identity.secret_bytes(), b"unsaid kit token v1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> pq::Identity {
        pq::Identity::from_seed(&[9; 32])
    }

    fn reads_back(text: &str) {
        assert_eq!(*read_kit(text).unwrap().expose_text(), *identity().expose_text(), "{text:?}");
    }

    #[test]
    fn a_kit_reads_back_however_it_was_typed() {
        let text = kit_text(&identity(), "https://letters.example.org", "2026-11-20");
        reads_back(&text);
        reads_back(&text.to_lowercase());
        reads_back(&identity().expose_text());
        reads_back(&identity().expose_text()[PREFIX.len()..]);
        let spaced: String = identity().expose_text().chars().flat_map(|c| [c, ' ', '\n']).collect();
        reads_back(&spaced);
        reads_back(&format!("{} and more that stood on the page", *text));
    }

    #[test]
    fn letters_that_look_alike_are_forgiven() {
        let text = identity().expose_text().clone();
        let (head, tail) = text.split_at(PREFIX.len());
        reads_back(&format!("{head}{}", tail.replace('0', "O").replace('8', "B").replace('L', "I")));
    }

    #[test]
    fn every_single_wrong_letter_is_noticed() {
        let text = identity().expose_text().clone();
        for at in PREFIX.len()..text.len() {
            let other = if &text[at..=at] == "Q" { "P" } else { "Q" };
            let wrong = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(read_kit(&wrong).err(), Some(SealError::KitMisread), "{at}");
        }
        for missing in ["", "AGE-SECRET-KEY-PQ-1", "hello", &text[..70]] {
            assert_eq!(read_kit(missing).err(), Some(SealError::KitMissing));
        }
    }

    #[test]
    fn the_token_belongs_to_the_identity_and_tells_nothing_of_it() {
        let token = kit_token(&identity());
        assert!(token == kit_token(&read_kit(&identity().expose_text()).unwrap()));
        assert!(token != kit_token(&pq::Identity::from_seed(&[8; 32])));
        assert_ne!(*token, [9; 32]);
    }

    #[test]
    fn no_house_name_breaks_the_file() {
        let text = kit_text(&identity(), "evil\nAGE-SECRET-KEY-PQ-1X\r\n", "\u{2028}d");
        assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), 1);
        reads_back(&text);
    }
}
