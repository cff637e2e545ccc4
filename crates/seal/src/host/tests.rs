//! The house peels for exactly the letter that it serves, tells why not, and gives no key to anybody who only looks.

use super::*;
use crate::{
    letter::LetterToCompose,
    read::read_letter,
    seal::{SealedLetter, seal_letter},
    tests::repeatable,
    wrap::{MAX_WRAP_BYTES, wrap},
};

const ID: &str = "abcdefghijklmnopqrstuvwxyz";
const OTHER: &str = "bbcdefghijklmnopqrstuvwxyz";

fn binding(id: &str, version: u32, kind: Kind) -> Binding {
    Binding::new(id, version, kind).unwrap()
}

fn house() -> HostKey {
    HostKey::from_opening_root(&[1; 32])
}

fn sealed_with(text: &str) -> SealedLetter {
    let mut chance = repeatable(5);
    let author = pq::Identity::generate(&mut chance).to_recipient();
    let letter =
        LetterToCompose { letter_id: ID, version: 1, from: "Ana", to: "Mara", unix_seconds: 0, text };
    seal_letter(&letter, &author, Some(&house().recipient()), &mut chance).unwrap()
}

fn host_wrap(sealed: &SealedLetter) -> &[u8] {
    sealed.host_wrap.as_deref().unwrap()
}

#[test]
fn the_peeled_key_opens_the_letter() {
    let sealed = sealed_with("Dear Mara");
    let key = house().peel(host_wrap(&sealed), &binding(ID, 1, Kind::Host)).unwrap();
    assert_eq!(read_letter(&key, &sealed.letter_age, ID, 1).ok().unwrap().text, "Dear Mara");
}

#[test]
fn a_stolen_wrap_is_not_peeled_for_another_letter_version_or_kind() {
    let sealed = sealed_with("x");
    for wrong in [
        binding(OTHER, 1, Kind::Host),
        binding(ID, 2, Kind::Host),
        binding(ID, 11, Kind::Host),
        binding(ID, 1, Kind::Words),
        binding(ID, 1, Kind::Unlock),
    ] {
        let wrap = host_wrap(&sealed);
        assert_eq!(house().peel(wrap, &wrong).err(), Some(PeelError::WrongBinding));
        let inspected = house().inspect(wrap, &wrong, Some(&sealed.letter_age));
        assert_eq!(inspected, Err(InspectError::Peel(PeelError::WrongBinding)));
        assert_eq!(house().rewrap(wrap, &wrong, &house().recipient()), Err(PeelError::WrongBinding));
    }
}

#[test]
fn a_wrap_without_a_binding_line_is_not_peeled() {
    let bare = wrap(&house().recipient(), b"AGE-SECRET-KEY-1...").unwrap();
    assert_eq!(house().peel(&bare, &binding(ID, 1, Kind::Host)).err(), Some(PeelError::WrongBinding));
}

#[test]
fn a_wrap_to_another_key_is_told_apart_from_a_damaged_one() {
    let sealed = sealed_with("x");
    let this = binding(ID, 1, Kind::Host);
    let other = HostKey::from_opening_root(&[2; 32]);
    assert_eq!(other.peel(host_wrap(&sealed), &this).err(), Some(PeelError::NotOurs));
    let file = host_wrap(&sealed);
    for cut in [0, 1, 20, 1000, file.len() - 17, file.len() - 1] {
        assert_eq!(house().peel(&file[..cut], &this).err(), Some(PeelError::Damaged), "{cut}");
    }
    assert_eq!(house().peel(&[b'x'; MAX_WRAP_BYTES + 1], &this).err(), Some(PeelError::Damaged));
}

#[test]
fn every_changed_bit_is_noticed() {
    let sealed = sealed_with("x");
    let this = binding(ID, 1, Kind::Host);
    for at in 0..host_wrap(&sealed).len() {
        let mut changed = host_wrap(&sealed).to_vec();
        changed[at] ^= 1;
        assert!(house().peel(&changed, &this).is_err(), "{at}");
    }
}

#[test]
fn the_inspection_proves_that_the_key_opens_the_letter() {
    let this = binding(ID, 1, Kind::Host);
    let (one, two) = (sealed_with("one"), {
        let mut chance = repeatable(6);
        let author = pq::Identity::generate(&mut chance).to_recipient();
        let letter =
            LetterToCompose { letter_id: ID, version: 1, from: "A", to: "B", unix_seconds: 0, text: "two" };
        seal_letter(&letter, &author, Some(&house().recipient()), &mut chance).unwrap()
    });
    let look = |wrap, head| house().inspect(wrap, &this, head);
    assert_eq!(look(host_wrap(&one), Some(&one.letter_age[..])), Ok(()));
    assert_eq!(look(host_wrap(&two), Some(&one.letter_age[..])), Err(InspectError::KeyDoesNotOpen));
    assert_eq!(look(host_wrap(&one), None), Err(InspectError::LetterMissing));
    assert_eq!(look(host_wrap(&one), Some(b"")), Err(InspectError::LetterDamaged));
    let short = &one.letter_age[..one.letter_age.len() - 1];
    assert_eq!(look(host_wrap(&one), Some(short)), Err(InspectError::LetterDamaged));
    let mut changed = one.letter_age.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(look(host_wrap(&one), Some(&changed)), Err(InspectError::LetterDamaged));
}

#[test]
fn the_head_of_a_letter_is_enough_at_every_size_around_a_chunk() {
    let this = binding(ID, 1, Kind::Host);
    // Texts whose padded files are just below, exactly at and above one chunk of 64 KiB, and of several.
    for (letters, size) in [(60_000, 63_488), (61_000, 65_536), (63_000, 67_584), (190_000, 200_704)] {
        let sealed = sealed_with(&"x".repeat(letters));
        let plain = sealed.letter_age.len();
        assert!((size..size + 1200).contains(&plain), "{letters} letters make {plain} bytes");
        let head = &sealed.letter_age[..plain.min(LETTER_HEAD_BYTES)];
        assert_eq!(house().inspect(host_wrap(&sealed), &this, Some(head)), Ok(()), "{letters}");
    }
}

#[test]
fn a_wrap_that_holds_no_key_is_found_out_when_it_is_uploaded() {
    let this = binding(ID, 1, Kind::Host);
    let empty = wrap_bound(&house().recipient(), &this, b"hello").unwrap();
    let sealed = sealed_with("x");
    assert_eq!(house().inspect(&empty, &this, Some(&sealed.letter_age)), Err(InspectError::NoKey));
    let words = binding(ID, 1, Kind::Words);
    let empty = wrap_bound(&house().recipient(), &words, b"hello").unwrap();
    assert_eq!(house().inspect(&empty, &words, None), Err(InspectError::NoKey));
}

#[test]
fn after_a_rotation_the_new_key_opens_and_the_old_one_does_not() {
    let sealed = sealed_with("x");
    let this = binding(ID, 1, Kind::Host);
    let new = HostKey::from_opening_root(&[2; 32]);
    let renewed = house().rewrap(host_wrap(&sealed), &this, &new.recipient()).unwrap();
    assert_eq!(house().peel(&renewed, &this).err(), Some(PeelError::NotOurs));
    let key = new.peel(&renewed, &this).unwrap();
    assert!(read_letter(&key, &sealed.letter_age, ID, 1).is_ok());
    assert_eq!(new.peel(&renewed, &binding(OTHER, 1, Kind::Host)).err(), Some(PeelError::WrongBinding));
}

#[test]
fn a_key_comes_from_its_root_alone() {
    assert_eq!(house().recipient(), house().recipient());
    assert_ne!(house().recipient(), HostKey::from_opening_root(&[2; 32]).recipient());
    assert_ne!(house().recipient(), HostKey::from_seed(&[1; 32]).recipient());
}
