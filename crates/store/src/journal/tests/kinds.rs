//! The kinds of facts, each with an example: what one program writes, it and every later one reads, and an earlier one does not take for damage.

use super::*;
use jiff::Timestamp;
use std::collections::BTreeSet;
use unsaid_delivery::life::{Fallback, Plan, Policy, Strength, Word};

/// Facts about a life, in the order of their kinds; every word of every enumeration is among them.
pub(super) fn of_a_life() -> Vec<Fact> {
    let (account, keeper, channel) = (AccountId([6; 16]), KeeperId([7; 16]), ChannelId([8; 16]));
    let until = Timestamp::from_second(1_900_000_000).unwrap();
    let mut facts = Vec::new();
    for strength in [Strength::Weak, Strength::Strong] {
        facts.push(Fact::CheckedIn { account, strength });
    }
    for word in [Word::Well, Word::Unknown, Word::Died] {
        facts.push(Fact::Voted { account, keeper, episode: 3, word });
    }
    facts.extend([Fact::Stopped { account }, Fact::Resumed { account }]);
    for strength in [Strength::Weak, Strength::Strong] {
        facts.push(Fact::Paused { account, until, strength });
    }
    facts.push(Fact::LifeEnded { account });
    for policy in [Policy::Both, Policy::KeepersOnly, Policy::Either, Policy::CheckIns] {
        facts.push(Fact::PolicyChanged { account, plan: Plan { policy, ..Plan::default() } });
    }
    facts.push(Fact::PolicyChanged { account, plan: Plan { fallback: Fallback::Never, ..Plan::default() } });
    let (name, language, link) = (vec![1, 2], "es".to_owned(), [5; 32]);
    let on_paper = Fact::KeeperAdded { account, keeper, name, address: Vec::new(), language, link };
    let (name, language) = (vec![1, 2], "en".to_owned());
    facts.extend([
        on_paper,
        Fact::KeeperAdded { account, keeper, name, address: vec![3; 90], language, link },
    ]);
    for enrolled in [false, true] {
        facts.push(Fact::KeeperAnswered { keeper, enrolled });
    }
    facts.extend([
        Fact::KeeperRemoved { account, keeper },
        Fact::KeeperMoved { keeper, address: vec![2; 90] },
        Fact::AddressOffered {
            person: PersonId([9; 16]),
            keeper,
            address: AddressId([10; 16]),
            sealed: vec![3; 90],
            key: [4; 32],
        },
        Fact::AddressDeclined { person: PersonId([9; 16]), keeper, address: AddressId([10; 16]) },
        Fact::PersonTold { person: PersonId([9; 16]), name: vec![5; 60] },
        Fact::PersonTold { person: PersonId([9; 16]), name: Vec::new() },
        Fact::ChannelAdded { account, channel, sealed: vec![4; 80] },
        Fact::ChannelRemoved { account, channel },
        Fact::StopCodeMade { account, code: [9; 32] },
    ]);
    let letter = LetterId([12; 16]);
    for happened in [false, true] {
        facts.push(Fact::EventSaid { letter, keeper, happened });
    }
    facts.push(Fact::EventStopped { letter });
    for tell in [false, true] {
        facts.push(Fact::SheLives { person: PersonId([9; 16]), message: MessageId([13; 16]), tell });
    }
    for person in [None, Some(PersonId([9; 16]))] {
        let (set, file) = (KeeperSetId([11; 16]), vec![6; 400]);
        facts.push(Fact::KeeperSetMade { account, set, person, needed: 2, of: 3, file, made: until });
    }
    for name in [vec![7; 60], Vec::new()] {
        facts.push(Fact::LookedAfter { account, person: PersonId([9; 16]), name });
    }
    facts.push(Fact::HandleAdded { account, channel, sealed: vec![4; 80] });
    facts.push(Fact::BrowserAdded { account, channel, sealed: vec![4; 300] });
    facts
}

/// The kind with which this one is written.
fn kind_of(entry: &Entry) -> u8 {
    let said = vec![code::Said::Kept(entry.clone())];
    let frame = code::Frame { seq: 1, before: [0; 32], generation: 1, node: "n".into(), said };
    let bytes = code::write(&frame).unwrap();
    assert_eq!(code::read(&bytes[code::HEADER..]).as_ref(), Some(&frame), "{entry:?}");
    // Behind place, hash, generation, node and count.
    bytes[code::HEADER + 8 + 32 + 4 + 2 + 2]
}

/// A new kind has to have an example here, and a line in the table above the code.
#[test]
fn every_kind_has_an_example_and_a_line_and_reads_as_it_was_written() {
    let written: BTreeSet<u8> = every_fact().iter().map(kind_of).collect();
    let all: BTreeSet<u8> = (1..=code::NEWEST).collect();
    assert_eq!(written, all);
    let table = include_str!("../code.rs").lines().filter_map(|line| line.strip_prefix("//! "));
    let listed: Vec<u8> = table.filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    assert_eq!(listed, all.into_iter().chain([255]).collect::<Vec<u8>>());
}

/// A fact for which there is no place yet does not compile here, and has to be given an example above.
#[test]
fn every_fact_has_an_example() {
    fn number(fact: &Fact) -> u8 {
        match fact {
            Fact::Sealed { .. } => 0,
            Fact::Undone { .. } => 1,
            Fact::Withdrawn { .. } => 2,
            Fact::Accepted { .. } => 3,
            Fact::Opened { .. } => 4,
            Fact::Refused { .. } => 5,
            Fact::Lifted { .. } => 6,
            Fact::KeptForLater { .. } => 7,
            Fact::Answered { .. } => 8,
            Fact::Bounced { .. } => 9,
            Fact::Parked { .. } => 10,
            Fact::Released { .. } => 11,
            Fact::Unreachable { .. } => 12,
            Fact::AddressGiven { .. } => 13,
            Fact::AddressRemoved { .. } => 14,
            Fact::AmendUndone { .. } => 15,
            Fact::Unwrapped { .. } => 16,
            Fact::RuleChanged { .. } => 17,
            Fact::ProofChanged { .. } => 18,
            Fact::CardReplaced { .. } => 19,
            Fact::Rewrapped { .. } => 20,
            Fact::SignInChanged { .. } => 21,
            Fact::UnlockReplaced { .. } => 22,
            Fact::Adopted { .. } => 23,
            Fact::CheckedIn { .. } => 24,
            Fact::Voted { .. } => 25,
            Fact::Stopped { .. } => 26,
            Fact::Resumed { .. } => 27,
            Fact::Paused { .. } => 28,
            Fact::LifeEnded { .. } => 29,
            Fact::PolicyChanged { .. } => 30,
            Fact::KeeperAdded { .. } => 31,
            Fact::KeeperAnswered { .. } => 32,
            Fact::KeeperRemoved { .. } => 33,
            Fact::ChannelAdded { .. } => 34,
            Fact::ChannelRemoved { .. } => 35,
            Fact::StopCodeMade { .. } => 36,
            Fact::KeeperMoved { .. } => 37,
            Fact::AddressOffered { .. } => 38,
            Fact::PersonTold { .. } => 39,
            Fact::KeeperSetMade { .. } => 40,
            Fact::HandleAdded { .. } => 41,
            Fact::EventSaid { .. } => 42,
            Fact::EventStopped { .. } => 43,
            Fact::AddressDeclined { .. } => 44,
            Fact::BrowserAdded { .. } => 45,
            Fact::SheLives { .. } => 46,
            Fact::LookedAfter { .. } => 47,
        }
    }
    let shown: BTreeSet<u8> = every_fact().iter().map(|entry| number(&entry.fact)).collect();
    assert_eq!(shown.len(), 48);
}

#[test]
fn facts_of_a_life_survive_a_tail_that_is_torn_at_any_byte() {
    // In memory where there is such a place: at each byte of some thousand it is opened and flushed anew.
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = made.unwrap();
    let entries: Vec<Entry> =
        of_a_life().into_iter().map(|fact| Entry { subject: "her".into(), rev: 1, fact }).collect();
    let groups = three_of(folder.path(), &entries);
    torn_anywhere(folder.path(), &groups);
}

/// A journal of this version in front of a program that is older: it says so, and touches nothing. Neither is it torn, nor damaged.
#[test]
fn a_kind_that_is_not_known_was_written_by_a_newer_program() {
    let folder = tempfile::tempdir().unwrap();
    three(folder.path());
    let path = folder.path().join("one.log");
    let whole = fs::read(&path).unwrap();
    let first = code::MAGIC.len();
    let length = code::header(&whole[first..]).unwrap().0;
    let mut body = whole[first + code::HEADER..first + code::HEADER + length].to_vec();
    let kind = 8 + 32 + 4 + 1 + "one".len() + 2;
    for (unknown, newer) in [(code::NEWEST + 1, true), (200, true), (254, true), (0, false)] {
        body[kind] = unknown;
        assert!(code::read(&body).is_none());
        let (size, sum) = ((length as u32).to_le_bytes(), crc32c::crc32c(&body).to_le_bytes());
        let frame = [&size[..], &crc32c::crc32c(&size).to_le_bytes(), &sum, &body].concat();
        let bytes = [code::MAGIC.as_slice(), &frame].concat();
        fs::write(&path, &bytes).unwrap();
        match FileJournal::open(folder.path(), "one").map(drop) {
            Err(JournalError::Newer { .. }) => assert!(newer, "kind {unknown}"),
            Err(JournalError::Damaged { at, .. }) => assert!(!newer && at == first as u64, "kind {unknown}"),
            other => panic!("kind {unknown}: {other:?}"),
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "it is not touched");
    }
}

/// Every kind up to 39 as it was written when that was the newest, byte for byte.
#[test]
fn a_journal_with_the_kinds_up_to_39_reads_as_it_was_written() {
    let frozen = include_bytes!("../frozen/kinds-39.journal");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.log");
    fs::write(&path, frozen).unwrap();
    let journal = FileJournal::open(folder.path(), "one").unwrap();
    assert_eq!(journal.cut(), None);
    let found = entries(&journal);
    assert_eq!(found.len(), 59);
    assert_eq!(found.iter().map(kind_of).collect::<BTreeSet<u8>>(), (1..=39).collect());
    // And this version would write the same.
    drop(journal);
    fs::remove_file(&path).unwrap();
    let journal = FileJournal::open(folder.path(), "one").unwrap();
    for chunk in found.chunks(7) {
        journal.append(3, chunk).unwrap();
    }
    drop(journal);
    assert_eq!(fs::read(&path).unwrap(), frozen);
}
