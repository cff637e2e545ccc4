//! Eight words on a card, that only the author and her person know: 80 random bits and eight that notice a wrong word before
//! anything is asked of anybody. From them follow a token, which the house knows as an HMAC alone, and the passphrase of the
//! file that holds K. It never sends a word, and does not know which letters a card opens.

use crate::{
    container,
    errors::SealError,
    header::parse_header,
    unlock::derive,
    words::{english, normalise_words},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// How many words stand on a card.
pub const CLAIM_WORDS: usize = 8;

/// log2 of scrypt's N (RFC 7914), with r = 8 and p = 1: 64 MiB, for the token and for the file.
const WORK_FACTOR: u8 = 16;

/// The words need no salt of their own to be safe, because they are random; a fixed one lets a card outlive its house.
const SALT: &[u8] = b"unsaid-claim-v1";

/// The eight words of ten random bytes, in their canonical form: whole words, single spaces.
pub fn claim_words(random: &[u8; 10]) -> Zeroizing<String> {
    let bits = random.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte)) << 8
        | u128::from(checksum(random));
    let mut text = Zeroizing::new(String::with_capacity(CLAIM_WORDS * 9));
    for i in 1..=CLAIM_WORDS {
        if i > 1 {
            text.push(' ');
        }
        text.push_str(english()[(bits >> (88 - 11 * i) & 2047) as usize]);
    }
    text
}

/// The canonical form of typed words, when they are a card's. Otherwise it says which word is not on the list, or which one
/// is likely to be misread.
pub fn read_claim_words(typed: &str) -> Result<Zeroizing<String>, SealError> {
    let words = normalise_words(typed, CLAIM_WORDS)?;
    let places: Vec<usize> =
        words.split(' ').map(|word| english().partition_point(|listed| *listed < word)).collect();
    if is_whole(&places) { Ok(words) } else { Err(SealError::WordsChecksum { index: likely_wrong(&places) }) }
}

/// The first byte of SHA-256 of the ten bytes.
fn checksum(random: &[u8; 10]) -> u8 {
    Sha256::digest(random)[0]
}

fn is_whole(places: &[usize]) -> bool {
    let bits = places.iter().fold(0u128, |bits, place| bits << 11 | *place as u128);
    let bytes = bits.to_be_bytes(); // 16 of them, of which the last eleven count.
    let mut random = [0; 10];
    random.copy_from_slice(&bytes[5..15]);
    checksum(&random) == bytes[15]
}

/// The one word that would make the card whole if it were a word that looks alike; None where there is no such word, or
/// more than one.
fn likely_wrong(places: &[usize]) -> Option<usize> {
    let mut found = None;
    let mut tried = places.to_vec();
    for index in 0..places.len() {
        let typed = english()[places[index]];
        for (place, word) in english().iter().enumerate() {
            if place == places[index] || !looks_like(typed, word) {
                continue;
            }
            tried[index] = place;
            if is_whole(&tried) {
                if found.is_some() {
                    return None;
                }
                found = Some(index);
            }
        }
        tried[index] = places[index];
    }
    found
}

/// The same first three letters, or one letter more, less or different. The list is ASCII.
fn looks_like(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() >= 3 && b.len() >= 3 && a[..3] == b[..3] {
        return true;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 => short[(same + 1).min(short.len())..] == long[(same + 1).min(long.len())..],
        1 => short[same..] == long[same + 1..],
        _ => false,
    }
}

/// What the person's page shows instead of the words: 32 bytes that lead neither to the words nor to K. Takes about half a
/// second and 64 MiB. `canonical` comes from [`read_claim_words`].
pub fn claim_token(canonical: &str) -> Zeroizing<[u8; 32]> {
    let params = scrypt::Params::new(WORK_FACTOR, 8, 1, 32).expect("parameters of RFC 7914");
    let mut root = Zeroizing::new([0u8; 32]);
    scrypt::scrypt(canonical.as_bytes(), SALT, &params, &mut *root).expect("32 bytes are a valid length");
    derive(&root, b"unsaid claim token v1")
}

/// A token as it travels: base64url without padding, 43 characters.
pub fn expose_token_text(token: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(token))
}

/// `words{ K }`: the key file under the words. It goes under the host's layer ([`crate::wrap::wrap_bound`], kind `words`), and
/// into an exported folder as it is.
pub fn seal_words_file(canonical: &str, key_file: &[u8]) -> Result<Vec<u8>, SealError> {
    seal_passphrase(canonical, key_file, WORK_FACTOR)
}

/// The key file in `words{ K }`. Refuses a file that asks for more work than ours do.
pub fn open_words_file(file: &[u8], canonical: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    if !is_words_file(file) {
        return Err(SealError::Damaged);
    }
    open_passphrase(file, canonical, WORK_FACTOR)
}

/// Whether the head is that of a passphrase file with our work factor and nothing else: all that can be seen without the words.
pub(crate) fn is_words_file(file: &[u8]) -> bool {
    is_passphrase_file(file, WORK_FACTOR)
}

/// An age file under a passphrase, with this work factor: never left to age, which would measure the machine.
pub(crate) fn seal_passphrase(passphrase: &str, plain: &[u8], work: u8) -> Result<Vec<u8>, SealError> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(work);
    container::encrypt(&recipient, plain)
}

/// Opens such a file, which was looked at with [`is_passphrase_file`].
pub(crate) fn open_passphrase(
    file: &[u8],
    passphrase: &str,
    work: u8,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
    identity.set_max_work_factor(work);
    container::decrypt(&identity, file)
}

/// Whether the head is that of a passphrase file with exactly this work factor and nothing else.
pub(crate) fn is_passphrase_file(file: &[u8], work: u8) -> bool {
    parse_header(file).is_ok_and(|(stanzas, _)| {
        matches!(&stanzas[..], [only] if only.kind == "scrypt"
            && matches!(only.args[..], [_, given] if given == work.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words() -> Zeroizing<String> {
        claim_words(&[0x5a; 10])
    }

    fn with(index: usize, word: &str) -> String {
        let words = words();
        let mut list: Vec<&str> = words.split(' ').collect();
        list[index] = word;
        list.join(" ")
    }

    #[test]
    fn ten_bytes_and_their_checksum_are_eight_words() {
        let zeros = claim_words(&[0; 10]);
        // SHA-256 of ten zeros begins with 01.
        assert_eq!(*zeros, "abbey abbey abbey abbey abbey abbey abbey ability");
        assert_eq!(*read_claim_words(&zeros.to_uppercase()).unwrap(), *zeros);
    }

    #[test]
    fn a_word_that_is_not_on_the_list_is_named() {
        assert_eq!(read_claim_words(&with(4, "qqqqq")).err(), Some(SealError::WordUnknown { index: 4 }));
        assert_eq!(
            read_claim_words("abbey ability").err(),
            Some(SealError::WordCount { typed: 2, needed: 8 })
        );
    }

    #[test]
    fn a_misread_word_is_named_when_one_alone_can_be_meant() {
        let words = words();
        let mut named = 0;
        for (index, word) in words.split(' ').enumerate() {
            for other in english().iter().filter(|other| **other != word && looks_like(word, other)) {
                match read_claim_words(&with(index, other)).err() {
                    Some(SealError::WordsChecksum { index: Some(found) }) if found == index => named += 1,
                    // Another word could as well be the wrong one, or the checksum happens to fit: one time in 256.
                    Some(SealError::WordsChecksum { .. }) | None => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(named > 20, "{named}");
    }

    #[test]
    fn words_that_changed_places_are_noticed() {
        let words = words();
        let mut list: Vec<&str> = words.split(' ').collect();
        list.reverse();
        assert!(matches!(read_claim_words(&list.join(" ")), Err(SealError::WordsChecksum { .. })));
    }

    #[test]
    fn words_look_alike_at_one_letter_or_by_their_beginning() {
        for (a, b) in [("cat", "cut"), ("cat", "cart"), ("cart", "cat"), ("cat", "at"), ("abbey", "abbot")] {
            assert!(looks_like(a, b) && looks_like(b, a), "{a} {b}");
        }
        for (a, b) in [("cat", "dog"), ("cat", "tac"), ("horn", "hornets"), ("lamb", "limp")] {
            assert!(looks_like(a, b) == (a.as_bytes()[..3] == b.as_bytes()[..3]), "{a} {b}");
        }
    }

    #[test]
    fn the_file_opens_with_the_words_and_with_no_others() {
        let words = words();
        let file = seal_words_file(&words, b"K").unwrap();
        assert_eq!(*open_words_file(&file, &words).unwrap(), b"K");
        assert_eq!(open_words_file(&file, &claim_words(&[1; 10])).err(), Some(SealError::WrongKey));
        assert_eq!(open_words_file(&file[..file.len() - 1], &words).err(), Some(SealError::Damaged));
        let mut recipient = age::scrypt::Recipient::new(SecretString::from("x".to_owned()));
        recipient.set_work_factor(2);
        let other = container::encrypt(&recipient, b"K").unwrap();
        assert_eq!(open_words_file(&other, "x").err(), Some(SealError::Damaged), "the work is not ours");
    }

    proptest! {
        #[test]
        fn every_card_reads_back(random: [u8; 10]) {
            let words = claim_words(&random);
            prop_assert_eq!(words.split(' ').count(), CLAIM_WORDS);
            prop_assert_eq!(&*read_claim_words(&words).unwrap(), &*words);
        }

        #[test]
        fn no_text_makes_it_panic(typed in "\\PC*") {
            let _ = read_claim_words(&typed);
        }
    }
}
