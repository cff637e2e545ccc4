//! A set as it is made, locked, opened and locked anew; every wrong way to open it; and the Python reference of the standard, which reads our
//! cards as we read its own.

use super::*;
use crate::{
    binding::{Binding, Kind},
    host::{HostKey, InspectError, PeelError},
    letter::LetterToCompose,
    read::read_letter,
    seal::{Kept, LetterToSeal, open_sealed, seal_whole_letter},
    slip39::{Card, join_cards, make_cards},
    tests::repeatable,
};
use std::process::Command;

const ID: &str = "abcdefghijklmnopqrstuvwxyz";
const MASTER: [u8; 16] = [7; 16];

fn joined(cards: &[&str]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let cards = cards.iter().map(|card| Card::read(card)).collect::<Result<Vec<_>, _>>()?;
    join_cards(&cards, "")
}

#[test]
fn any_two_of_three_cards_open_the_set_and_the_letter() {
    let mut chance = repeatable(1);
    let (house, ana) = (HostKey::from_seed(&[6; 32]), pq::Identity::generate(&mut chance));
    let set = make_keeper_set(&mut chance);
    let file = lock_keeper_set(&set.identity, &MASTER).unwrap();
    let cards = make_cards(&MASTER, 2, 3, &mut chance).unwrap();
    let (author, host) = (ana.to_recipient(), house.recipient());
    let letter = LetterToCompose {
        letter_id: ID,
        version: 1,
        from: "Ana",
        to: "Leo",
        unix_seconds: 0,
        text: "Dear Leo",
    };
    let kept = Kept::ByKeepers { host: &host, set: &set.recipient };
    let whole =
        LetterToSeal { letter, html: None, reply_to: None, pictures: &[], hand: None, author: &author, kept };
    let sealed = seal_whole_letter(&whole, &mut chance).unwrap();
    assert!(sealed.host_wrap.is_none() && sealed.words_wrap.is_none(), "the house alone must not open it");
    let wrap = sealed.keepers_wrap.unwrap();
    let binding = Binding::new(ID, 1, Kind::Keepers).unwrap();
    assert_eq!(house.inspect(&wrap, &binding, None), Ok(()));
    for other in [Binding::new(ID, 2, Kind::Keepers), Binding::new(ID, 1, Kind::Host)] {
        assert_eq!(house.peel(&wrap, &other.unwrap()).err(), Some(PeelError::WrongBinding));
    }
    // The house's key is rotated, and what lies under its layer stays.
    let new = HostKey::from_seed(&[9; 32]);
    let inner = new.peel(&house.rewrap(&wrap, &binding, &new.recipient()).unwrap(), &binding).unwrap();
    for two in [[0, 1], [2, 0], [1, 2]] {
        let master = joined(&two.map(|at| cards[at].as_str())).unwrap();
        let key = open_keepers_file(&open_keeper_set(&file, &master).unwrap(), &inner).unwrap();
        assert_eq!(read_letter(&key, &sealed.letter_age, ID, 1).unwrap().text, "Dear Leo");
    }
    assert_eq!(
        open_sealed(&ana, &sealed.author_wrap, &sealed.letter_age, ID, 1).ok().unwrap().text,
        "Dear Leo"
    );
}

#[test]
fn what_the_house_would_not_open_later_is_refused_when_it_is_inspected() {
    let mut chance = repeatable(2);
    let house = HostKey::from_seed(&[6; 32]);
    let binding = Binding::new(ID, 1, Kind::Keepers).unwrap();
    let clear = crate::key::key_file(ID, 1, &crate::key::fresh_key(&mut chance)).unwrap();
    let words = crate::claim::seal_words_file("x", clear.as_bytes()).unwrap();
    for inner in [clear.as_bytes(), &words, b""] {
        let wrap = crate::wrap::wrap_bound(&house.recipient(), &binding, inner).unwrap();
        assert_eq!(house.inspect(&wrap, &binding, None), Err(InspectError::NoKey));
    }
}

#[test]
fn a_set_that_is_locked_anew_keeps_its_recipient_and_its_old_cards_open_it_no_more() {
    let mut chance = repeatable(3);
    let set = make_keeper_set(&mut chance);
    let old = lock_keeper_set(&set.identity, &MASTER).unwrap();
    let again = open_keeper_set(&old, &MASTER).unwrap();
    let new = lock_keeper_set(&again, &[8; 16]).unwrap();
    assert_eq!(open_keeper_set(&new, &[8; 16]).unwrap().to_recipient(), set.recipient);
    assert_eq!(open_keeper_set(&new, &MASTER).err(), Some(SealError::CardsOther));
}

#[test]
fn every_wrong_way_is_refused_by_its_name() {
    let mut chance = repeatable(4);
    let set = make_keeper_set(&mut chance);
    let file = lock_keeper_set(&set.identity, &MASTER).unwrap();
    let cards = make_cards(&MASTER, 2, 3, &mut chance).unwrap();
    let others = make_cards(&MASTER, 2, 3, &mut chance).unwrap();
    assert_eq!(joined(&[&cards[0]]).err(), Some(SealError::CardsTooFew { more: 1 }));
    assert_eq!(joined(&[&cards[0], &others[1]]).err(), Some(SealError::CardsDiffer));
    let word = cards[0].split(' ').nth(9).unwrap();
    let mistyped = cards[0].replacen(word, if word == "academic" { "acid" } else { "academic" }, 1);
    assert_eq!(joined(&[&mistyped, &cards[1]]).err(), Some(SealError::WordsChecksum { index: Some(9) }));
    let unknown = cards[0].replacen(word, "xylophone", 1);
    assert_eq!(joined(&[&unknown, &cards[1]]).err(), Some(SealError::WordUnknown { index: 9 }));

    assert!(matches!(lock_keeper_set(&set.identity, &[1; 32]), Err(SealError::BadInput(_))));
    assert!(matches!(open_keeper_set(&file, &[1; 15]), Err(SealError::BadInput(_))));
    assert_eq!(open_keeper_set(&file, &[1; 16]).err(), Some(SealError::CardsOther));
    let mut flipped = file.clone();
    let at = flipped.len() - 3;
    flipped[at] ^= 1;
    for damaged in [&file[..file.len() - 1], &flipped, b"", &vec![b'x'; 5000]] {
        assert_eq!(open_keeper_set(damaged, &MASTER).err(), Some(SealError::Damaged));
    }
    let passphrase = hex(&MASTER);
    let dear = seal_passphrase(&passphrase, b"x", 12).unwrap();
    assert_eq!(open_keeper_set(&dear, &MASTER).err(), Some(SealError::Damaged), "the work is not ours");
    let no_set = seal_passphrase(&passphrase, b"# Unsaid keepers\nhello\n", WORK_FACTOR).unwrap();
    assert_eq!(open_keeper_set(&no_set, &MASTER).err(), Some(SealError::Damaged));
    assert!(is_keeper_set_file(&file) && !is_keeper_set_file(&dear));

    assert_eq!(seal_keepers_file(&set.recipient, b"no key").err(), Some(SealError::Damaged));
    let other = make_keeper_set(&mut chance);
    let key = crate::key::key_file(ID, 1, &crate::key::fresh_key(&mut chance)).unwrap();
    let inner = seal_keepers_file(&set.recipient, key.as_bytes()).unwrap();
    assert_eq!(open_keepers_file(&other.identity, &inner).err(), Some(SealError::WrongKey));
}

/// What it prints, or None where it is not here. `scripts/with-shamir` brings it and names it in UNSAID_TEST_SHAMIR; UNSAID_TEST_REQUIRE=1 says that it
/// has to be here.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their reference is")]
fn reference(script: &str, words: &[&str]) -> Option<String> {
    let python = std::env::var_os("UNSAID_TEST_SHAMIR");
    let must = std::env::var_os("UNSAID_TEST_REQUIRE").is_some_and(|it| it == "1");
    assert!(
        python.is_some() || !must,
        "UNSAID_TEST_REQUIRE=1, but UNSAID_TEST_SHAMIR does not say where the reference is"
    );
    let python = python?;
    let ran = Command::new(python).args(["-c", script]).args(words).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(String::from_utf8(ran.stdout).unwrap())
}

#[test]
fn the_python_reference_reads_our_cards_and_we_read_its_own() {
    const READS: &str = "import sys; from shamir_mnemonic import combine_mnemonics; print(combine_mnemonics(sys.argv[1:]).hex())";
    const MAKES: &str = "import sys; from shamir_mnemonic import generate_mnemonics; \
        [print(card) for card in generate_mnemonics(1, [(int(sys.argv[2]), int(sys.argv[3]))], bytes.fromhex(sys.argv[1]))[0]]";
    let mut chance = repeatable(5);
    for (needed, of) in [(2, 3), (3, 3), (3, 5)] {
        let mut master = [0; 16];
        rand_core::RngCore::fill_bytes(&mut chance, &mut master);
        let cards = make_cards(&master, needed, of, &mut chance).unwrap();
        let last: Vec<&str> = cards[usize::from(of - needed)..].iter().map(|card| card.as_str()).collect();
        let Some(theirs) = reference(READS, &last) else {
            eprintln!("skipped: run it by scripts/with-shamir");
            return;
        };
        assert_eq!(theirs.trim(), hex(&master));
        let made = reference(MAKES, &[&hex(&master), &needed.to_string(), &of.to_string()]).unwrap();
        let made: Vec<&str> = made.lines().collect();
        assert_eq!(made.len(), usize::from(of));
        assert_eq!(*joined(&made[..usize::from(needed)]).unwrap(), master);
        assert_eq!(*joined(&made[usize::from(of - needed)..]).unwrap(), master);
    }
}
