//! Keepers' cards: every official vector of the standard, sets that others have made, any two of three, and every mistake of a
//! hand that copies twenty words.

use super::*;
use crate::tests::repeatable;
use proptest::prelude::*;
use serde_json::Value;

const MASTER: [u8; 16] = [0, 17, 34, 51, 68, 85, 102, 119, 136, 153, 170, 187, 204, 221, 238, 255];

fn frozen(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn cards_of(case: &Value) -> Vec<&str> {
    case["cards"].as_array().unwrap().iter().map(|card| card.as_str().unwrap()).collect()
}

fn join(cards: &[&str], passphrase: &str) -> Result<String, SealError> {
    let cards = cards.iter().map(|card| Card::read(card)).collect::<Result<Vec<_>, _>>()?;
    let master = join_cards(&cards, passphrase)?;
    Ok(master.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn set(needed: u8, of: u8, seed: u64) -> Vec<Zeroizing<String>> {
    make_cards(&MASTER, needed, of, &mut repeatable(seed)).unwrap()
}

fn with(card: &str, index: usize, word: &str) -> String {
    let mut words: Vec<&str> = card.split(' ').collect();
    words[index] = word;
    words.join(" ")
}

#[test]
fn the_list_is_that_of_the_standard() {
    let text = include_str!("../../../../vectors/slip39/words.txt");
    assert_eq!(
        crate::manifest::sha256_hex(text.as_bytes()),
        "bcc4555340332d169718aed8bf31dd9d5248cb7da6e5d355140ef4f1e601eec3"
    );
    assert!(list().len() == 1024 && list().is_sorted());
    assert!(list().windows(2).all(|pair| pair[0][..4] != pair[1][..4]));
}

#[test]
fn all_official_vectors_pass() {
    let cases = frozen(include_str!("../../../../vectors/slip39/official.json"));
    assert_eq!(cases.len(), 45);
    for case in &cases {
        let joined = join(&cards_of(case), "TREZOR");
        match case["master"].as_str() {
            Some(master) => assert_eq!(joined.as_deref(), Ok(master), "{}", case["name"]),
            None => assert!(joined.is_err(), "{}", case["name"]),
        }
        if joined.is_ok() {
            for card in cards_of(case) {
                assert_eq!(*Card::read(card).unwrap().words(), card, "is written again as it was");
            }
        }
    }
}

#[test]
fn sets_that_were_made_once_open_for_ever() {
    for case in frozen(include_str!("../../../../vectors/slip39/ours.json")) {
        let (cards, needed) = (cards_of(&case), case["needed"].as_u64().unwrap() as usize);
        for some in [&cards[..needed], &cards[cards.len() - needed..]] {
            assert_eq!(join(some, "").as_deref(), Ok(case["master"].as_str().unwrap()), "{}", case["madeBy"]);
        }
    }
}

#[test]
fn any_enough_cards_give_the_master_and_one_fewer_says_how_many_are_missing() {
    for of in 2..=5u8 {
        for needed in 2..=of {
            let cards = set(needed, of, u64::from(of * 7 + needed));
            let cards: Vec<&str> = cards.iter().map(|card| card.as_str()).collect();
            assert!(cards.iter().all(|card| card.split(' ').count() == CARD_WORDS));
            let last = &cards[usize::from(of - needed)..];
            assert_eq!(join(last, ""), Ok(hex(&MASTER)));
            assert_eq!(join(&cards, ""), Ok(hex(&MASTER)), "more than enough do no harm");
            assert_eq!(join(&last[1..], ""), Err(SealError::CardsTooFew { more: 1 }));
        }
    }
    assert_eq!(join(&[], ""), Err(SealError::CardsTooFew { more: 1 }));
}

#[test]
fn sets_that_cannot_be_are_not_made() {
    assert_eq!(join(&[&set(1, 1, 3)[0]], ""), Ok(hex(&MASTER)));
    for (needed, of) in [(1, 3), (0, 0), (4, 3), (2, 17)] {
        let refused = make_cards(&MASTER, needed, of, &mut repeatable(3)).err();
        assert!(matches!(refused, Some(SealError::BadInput(_))), "{needed} of {of}");
    }
    assert!(make_cards(&MASTER[1..], 2, 3, &mut repeatable(3)).is_err());
}

#[test]
fn cards_of_two_sets_and_forged_ones_are_told_apart() {
    let (ours, others) = (set(2, 3, 1), set(2, 3, 2));
    assert_eq!(join(&[&ours[0], &others[1]], ""), Err(SealError::CardsDiffer));
    assert_eq!(join(&[&ours[0], &ours[0]], ""), Err(SealError::CardsTooFew { more: 1 }));
    let forged = || Card { value: Zeroizing::new(vec![0; 16]), ..Card::read(&ours[1]).unwrap() };
    let joined = |card: &str| join_cards(&[Card::read(card).unwrap(), forged()], "").err();
    assert_eq!(joined(&ours[1]), Some(SealError::CardTwice));
    assert_eq!(joined(&ours[0]), Some(SealError::CardsWrong));
}

#[test]
fn one_wrong_word_is_always_noticed_and_always_named() {
    let cards = set(2, 3, 1);
    let words: Vec<&str> = cards[2].split(' ').collect();
    for (index, word) in words.iter().enumerate() {
        let place = list().iter().position(|listed| listed == word).unwrap();
        for by in [1, 16, 500] {
            let typed = with(&cards[2], index, list()[(place + by) % 1024]);
            assert!(
                Card::read(&typed).err() == Some(SealError::WordsChecksum { index: Some(index) }),
                "{index}"
            );
        }
    }
    let unknown = Card::read(&with(&cards[0], 4, "xylophone")).err();
    assert_eq!(unknown, Some(SealError::WordUnknown { index: 4 }));
}

#[test]
fn how_a_hand_copies_does_not_matter_and_what_it_leaves_out_does() {
    let card = &set(2, 3, 1)[0];
    let words: Vec<&str> = card.split(' ').collect();
    let copied: String = words
        .iter()
        .enumerate()
        .map(|(at, word)| format!("{}. {}\n", at + 1, word[..4].to_uppercase()))
        .collect();
    assert_eq!(Card::read(&copied).unwrap().words(), *card);
    let turned = [words[1], words[0], &words[2..].join(" ")].join(" ");
    assert!(matches!(Card::read(&turned).err(), Some(SealError::WordsChecksum { .. })));
    for (typed, count) in
        [(words[1..].join(" "), 19), (format!("{} zero", card.as_str()), 21), (String::new(), 0)]
    {
        let refused = Card::read(&typed).err();
        assert_eq!(refused, Some(SealError::WordCount { typed: count, needed: CARD_WORDS }));
    }
    let hours = Card { exponent: 15, ..Card::read(card).unwrap() };
    assert_eq!(Card::read(&hours.words()).err(), Some(SealError::Damaged), "nobody works for hours");
}

#[test]
fn fewer_cards_than_are_needed_say_nothing() {
    // One card of two of three is as random as chance itself: for every master there is a second card that fits it.
    let (mut seen, rounds) = ([0u32; 256], 400);
    for seed in 0..rounds {
        seen[usize::from(Card::read(&set(3, 3, seed)[0]).unwrap().value[0])] += 1;
    }
    assert!(seen.iter().filter(|count| **count > 0).count() > 150, "of a single master");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(typed in "\\PC*") {
        let _ = Card::read(&typed);
    }

    #[test]
    fn no_words_make_it_panic(places in prop::collection::vec(0usize..1024, 0..64)) {
        let typed: Vec<&str> = places.iter().map(|place| list()[*place]).collect();
        let _ = Card::read(&typed.join(" "));
    }

    #[test]
    fn products_and_inverses_are_those_of_a_field(a: u8, b: u8, c: u8) {
        prop_assert_eq!(times(a, b), times(b, a));
        prop_assert_eq!(times(a, b ^ c), times(a, b) ^ times(a, c));
        prop_assert_eq!(times(a, inverse(a)), u8::from(a != 0));
    }
}
