//! Six words on a card: made from chance, read back from whatever was typed. The list is frozen
//! (vectors/words/en.txt). It never stores or sends a word.

use crate::errors::SealError;
use std::sync::OnceLock;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// How many words unlock an account: 66 random bits.
pub const UNLOCK_WORDS: usize = 6;

/// All 2,048 English words, sorted, each known by its first four letters.
pub fn english() -> &'static [&'static str] {
    static LIST: OnceLock<Vec<&'static str>> = OnceLock::new();
    LIST.get_or_init(|| include_str!("../../../vectors/words/en.txt").lines().collect())
}

/// Six words from nine random bytes, of which the first 66 bits count.
pub fn six_words(random: &[u8; 9]) -> Zeroizing<String> {
    let bits = random.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    let mut text = Zeroizing::new(String::with_capacity(64));
    for i in 1..=UNLOCK_WORDS {
        if i > 1 {
            text.push(' ');
        }
        text.push_str(english()[(bits >> (72 - 11 * i) & 2047) as usize]);
    }
    text
}

/// The canonical form of typed words: lower case, single spaces, whole words; four letters of a word are enough. A word
/// that is not on the list is refused with its place.
pub fn normalise_words(typed: &str, count: usize) -> Result<Zeroizing<String>, SealError> {
    let parts = split_words(typed);
    let mut text = Zeroizing::new(String::with_capacity(parts.len() * 9));
    for (index, part) in parts.iter().enumerate() {
        let word = expand_word(part).ok_or(SealError::WordUnknown { index })?;
        if index > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
    if parts.len() == count {
        Ok(text)
    } else {
        Err(SealError::WordCount { typed: parts.len(), needed: count })
    }
}

/// Where each typed word stands in a sorted list, from 0. A word that is not on it is refused with its place.
pub(crate) fn places_of(typed: &str, list: &[&str]) -> Result<Zeroizing<Vec<usize>>, SealError> {
    let parts = split_words(typed);
    let found = parts
        .iter()
        .enumerate()
        .map(|(index, part)| place_of(part, list).ok_or(SealError::WordUnknown { index }));
    found.collect::<Result<_, _>>().map(Zeroizing::new)
}

/// The listed word that `part` is or, from four letters on, begins.
pub fn expand_word(part: &str) -> Option<&'static str> {
    place_of(part, english()).map(|at| english()[at])
}

fn place_of(part: &str, list: &[&str]) -> Option<usize> {
    let at = list.partition_point(|word| *word < part);
    let word = *list.get(at)?;
    (word == part || part.len() >= 4 && word.starts_with(part)).then_some(at)
}

/// People separate words by spaces, line ends, commas, full stops, hyphens, or number them: none of it counts. An accent
/// may come as a letter of its own (a Mac does so), and is put together with the letter that it stands on (NFC).
fn split_words(typed: &str) -> Zeroizing<Vec<String>> {
    let between = |c: char| c.is_whitespace() || c == '\u{feff}' || ",.;-".contains(c) || c.is_ascii_digit();
    let whole: Zeroizing<String> = Zeroizing::new(typed.nfc().collect());
    let small = Zeroizing::new(whole.to_lowercase());
    Zeroizing::new(small.split(between).filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_list_is_frozen() {
        let text = include_str!("../../../vectors/words/en.txt");
        assert_eq!(
            crate::manifest::sha256_hex(text.as_bytes()),
            "1de6de7e66d854b5ab4e7ca5c6e9acc6ddaed871cc346d24e834d64e91aee670"
        );
    }

    #[test]
    fn every_word_is_known_by_its_first_four_letters() {
        let list = english();
        assert_eq!(list.len(), 2048);
        assert!(list.is_sorted());
        for word in list {
            assert!((3..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
            let short = &word[..word.len().min(4)];
            assert_eq!(expand_word(short), Some(*word));
        }
    }

    #[test]
    fn sixty_six_bits_become_six_words_and_the_last_six_bits_do_not_count() {
        assert_eq!(*six_words(&[0; 9]), "abbey abbey abbey abbey abbey abbey");
        assert_eq!(*six_words(&[0xff; 9]), "zucchini zucchini zucchini zucchini zucchini zucchini");
        assert_eq!(*six_words(&[0, 0, 0, 0, 0, 0, 0, 0, 0x3f]), *six_words(&[0; 9]));
        assert_eq!(*six_words(&[0, 0x20, 0, 0, 0, 0, 0, 0, 0x40]), "ability abbey abbey abbey abbey ability");
    }

    #[test]
    fn whatever_people_type_around_the_words_does_not_count() {
        let words = "abbey zucchini act honey door lamb";
        for typed in [
            "abbey zucchini act honey door lamb",
            "  Abbey\tZUCCHINI\nact  honey\u{a0}door lamb ",
            "1. abbey 2. zucchini 3. act 4. honey 5. door 6. lamb",
            "abbe zucc act hone door lamb",
            "abbey, zucchini, act, honey, door, lamb.",
            "abbey-zucchini-act-honey-door-lamb",
        ] {
            assert_eq!(*normalise_words(typed, 6).unwrap(), words, "{typed:?}");
        }
    }

    #[test]
    fn an_accent_that_came_apart_is_one_letter_again() {
        // e and a combining acute, as a Mac may send it, is one letter that no English word has; K from the Kelvin sign is k.
        assert_eq!(*split_words("caf\u{65}\u{301} x"), ["caf\u{e9}", "x"]);
        assert_eq!(*split_words("\u{212a}iss"), ["kiss"]);
    }

    #[test]
    fn a_wrong_word_is_named_by_its_place() {
        let typed = |text| normalise_words(text, 6).err();
        assert_eq!(typed("abbey zucchini akt honey door lamb"), Some(SealError::WordUnknown { index: 2 }));
        assert_eq!(typed("abb zucchini act honey door lamb"), Some(SealError::WordUnknown { index: 0 }));
        assert_eq!(typed("abbeys zucchini act honey door lamb"), Some(SealError::WordUnknown { index: 0 }));
        assert_eq!(
            typed("abbey zucchini act honey door"),
            Some(SealError::WordCount { typed: 5, needed: 6 })
        );
        assert_eq!(typed(""), Some(SealError::WordCount { typed: 0, needed: 6 }));
        let text = SealError::WordUnknown { index: 2 }.to_string();
        assert!(text.starts_with("Word 3 is not"), "{text}");
    }

    proptest! {
        #[test]
        fn every_six_words_read_back(random: [u8; 9]) {
            let words = six_words(&random);
            prop_assert_eq!(&*normalise_words(&words, 6).unwrap(), &*words);
        }

        #[test]
        fn no_text_makes_it_panic(typed in "\\PC*") {
            let _ = normalise_words(&typed, 6);
        }
    }
}
