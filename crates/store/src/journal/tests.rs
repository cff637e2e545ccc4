//! The journal on a disk: what a power cut, a flipped bit and a second process do to it.

mod kinds;

use super::*;
use std::fs;
use std::path::Path;
use unsaid_delivery::Scope;
use unsaid_delivery::fact::{Knocked, ToldOf};
use unsaid_delivery::id::*;
use unsaid_delivery::rule::{Birthday, LeapDay};

fn letter(n: u8) -> LetterId {
    LetterId([n; 16])
}

const LEAP: Birthday = Birthday { month: 2, day: 29, leap: LeapDay::March1 };

/// One entry for each kind of fact.
fn every_fact() -> Vec<Entry> {
    let (person, address) = (PersonId([2; 16]), [9; 32]);
    let scopes = [Scope::NotMe, Scope::Letter(letter(4)), Scope::Author, Scope::House, Scope::Quiet];
    let mut facts = vec![
        Fact::Sealed { letter: letter(1), version: 3, manifest: [8; 32] },
        Fact::Undone { letter: letter(1) },
        Fact::Withdrawn { letter: letter(1) },
        Fact::Accepted { message: MessageId([3; 16]), knock: None },
        Fact::Opened { delivery: DeliveryId([4; 16]), version: 3 },
        Fact::Unreachable { delivery: DeliveryId([4; 16]) },
        Fact::Parked { delivery: DeliveryId([5; 16]) },
        Fact::Released { delivery: DeliveryId([6; 16]) },
        Fact::AddressGiven { person, address: AddressId([5; 16]), sealed: vec![1, 2, 3], of: None },
        Fact::AddressRemoved { person, address: AddressId([5; 16]) },
        Fact::UnlockReplaced { account: AccountId([6; 16]), number: 2 },
        Fact::AmendUndone { letter: letter(1), version: 2 },
        Fact::Unwrapped { letter: letter(1), version: 2 },
        Fact::RuleChanged { delivery: DeliveryId([4; 16]), year: Some(-3), birthday: LEAP },
        Fact::RuleChanged { delivery: DeliveryId([4; 16]), year: None, birthday: LEAP },
        Fact::CardReplaced { person, claim: [9; 32] },
        Fact::Rewrapped { subject: "a".repeat(26), version: 3, generation: 2 },
        Fact::SignInChanged { account: AccountId([6; 16]), email_key: [7; 32], email: vec![4, 5] },
        Fact::KeptForLater { delivery: DeliveryId([4; 16]), day: jiff::civil::date(2031, 5, 4) },
        Fact::Answered {
            reply: ReplyId([7; 16]),
            delivery: DeliveryId([4; 16]),
            blob: BlobId([8; 16]),
            size: 4_096,
            sha256: [6; 32],
            seen_from: jiff::Timestamp::UNIX_EPOCH,
        },
        Fact::Bounced { message: MessageId([3; 16]) },
        Fact::ProofChanged { letter: letter(1), with_year: true, answer: [9; 32] },
        Fact::ProofChanged { letter: letter(1), with_year: false, answer: [9; 32] },
        Fact::Accepted { message: MessageId([3; 16]), knock: Some(a_knock(person)) },
        Fact::AddressGiven {
            person,
            address: AddressId([5; 16]),
            sealed: vec![1, 2, 3],
            of: Some((AccountId([6; 16]), [7; 32])),
        },
        Fact::Adopted { generation: 2 },
    ];
    facts.extend(kinds::of_a_life());
    for scope in scopes {
        facts.push(Fact::Refused { person: Some(person), address, scope });
        facts.push(Fact::Lifted { person: None, address, scope });
    }
    facts
        .into_iter()
        .zip(1..)
        .map(|(fact, rev)| Entry { subject: format!("subject {rev}"), rev, fact })
        .collect()
}

fn a_knock(person: PersonId) -> Knocked {
    let told = |n: u8, occurrence| ToldOf { delivery: DeliveryId([n; 16]), letter: letter(n), occurrence };
    let told = vec![told(4, 0), told(5, 2031)];
    Knocked { person, series: 3, nth: 2, address: AddressId([5; 16]), link: [1; 32], told }
}

fn entries(journal: &dyn Journal) -> Vec<Entry> {
    journal.replay(0).unwrap().into_iter().map(|record| record.entry).collect()
}

/// Three appends; gives the entries of each.
fn three(folder: &Path) -> Vec<Vec<Entry>> {
    three_of(folder, &every_fact()[..6])
}

/// These, in three appends.
fn three_of(folder: &Path, entries: &[Entry]) -> Vec<Vec<Entry>> {
    let journal = FileJournal::open(folder, "one").unwrap();
    let groups: Vec<Vec<Entry>> = entries.chunks(entries.len().div_ceil(3)).map(<[Entry]>::to_vec).collect();
    for group in &groups {
        journal.append(1, group).unwrap();
    }
    groups
}

#[test]
fn what_was_kept_is_replayed_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let facts = every_fact();
    {
        let journal = FileJournal::open(folder.path(), "one").unwrap();
        assert_eq!(journal.append(7, &facts[..5]).unwrap(), 1..=5);
        assert_eq!(journal.append(7, &facts[5..]).unwrap(), 6..=facts.len() as u64);
        assert!(matches!(FileJournal::open(folder.path(), "one"), Err(JournalError::InUse { .. })));
    }
    let journal = FileJournal::open(folder.path(), "one").unwrap();
    assert_eq!(journal.cut(), None);
    assert_eq!(entries(&journal), facts);
    let later = journal.replay(5).unwrap();
    assert_eq!((later[0].seq, later[0].group, later[0].generation), (6, 6, 7));
    assert_eq!(later.len(), facts.len() - 5);
}

#[test]
fn what_was_voided_is_not_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let facts = every_fact();
    let journal = FileJournal::open(folder.path(), "one").unwrap();
    journal.append(1, &facts[..2]).unwrap();
    let voided = journal.append(1, &facts[2..4]).unwrap();
    journal.void(1, voided).unwrap();
    assert_eq!(journal.append(1, &facts[4..5]).unwrap(), 6..=6);
    drop(journal);
    let journal = FileJournal::open(folder.path(), "one").unwrap();
    let expected: Vec<Entry> = facts[..2].iter().chain(&facts[4..5]).cloned().collect();
    assert_eq!(entries(&journal), expected);
}

#[test]
fn a_tail_torn_at_any_byte_is_put_aside_and_everything_before_it_stays() {
    let folder = tempfile::tempdir().unwrap();
    torn_anywhere(folder.path(), &three(folder.path()));
}

/// What becomes of this journal, whose frames these are, when its end is torn off at any byte.
fn torn_anywhere(folder: &Path, groups: &[Vec<Entry>]) {
    let path = folder.join("one.log");
    let whole = fs::read(&path).unwrap();
    let mut ends = vec![code::MAGIC.len()];
    while let Some((length, _)) = code::header(&whole[*ends.last().unwrap()..]) {
        ends.push(ends.last().unwrap() + code::HEADER + length);
    }
    assert_eq!(*ends.last().unwrap(), whole.len());
    for torn in 0..whole.len() {
        fs::write(&path, &whole[..torn]).unwrap();
        let journal = FileJournal::open(folder, "one").unwrap();
        let complete = ends.iter().filter(|end| **end <= torn).count().saturating_sub(1);
        assert_eq!(entries(&journal), groups[..complete].concat(), "torn at {torn}");
        let at_an_end = torn < code::MAGIC.len() || ends.contains(&torn);
        assert_eq!(journal.cut().is_none(), at_an_end, "torn at {torn}");
        if let Some(cut) = journal.cut() {
            assert_eq!(fs::read(&cut.kept).unwrap(), &whole[ends[complete]..torn], "a copy is kept");
        }
        // What comes next stands behind what stayed, and reads back.
        journal.append(1, &groups[0]).unwrap();
        drop(journal);
        let journal = FileJournal::open(folder, "one").unwrap();
        assert_eq!(journal.cut(), None);
        assert_eq!(entries(&journal).len(), groups[..complete].concat().len() + groups[0].len());
    }
}

#[test]
fn a_tail_of_zeros_is_torn_too() {
    let folder = tempfile::tempdir().unwrap();
    let groups = three(folder.path());
    let path = folder.path().join("one.log");
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend([0; 4_096]);
    fs::write(&path, bytes).unwrap();
    let journal = FileJournal::open(folder.path(), "one").unwrap();
    assert!(journal.cut().is_some());
    assert_eq!(entries(&journal), groups.concat());
}

#[test]
fn a_flipped_bit_before_the_last_frame_is_an_error_that_names_its_place() {
    let folder = tempfile::tempdir().unwrap();
    three(folder.path());
    let path = folder.path().join("one.log");
    let whole = fs::read(&path).unwrap();
    let first = code::MAGIC.len();
    let second = first + code::HEADER + code::header(&whole[first..]).unwrap().0;
    let third = second + code::HEADER + code::header(&whole[second..]).unwrap().0;
    for at in first..third {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(&path, &flipped).unwrap();
        let found = FileJournal::open(folder.path(), "one").map(drop);
        let place = if at < second { first } else { second } as u64;
        assert!(
            matches!(&found, Err(JournalError::Damaged { at, .. }) if *at == place),
            "flipped at {at}: {found:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), flipped, "a damaged journal is not touched");
    }
}

#[test]
fn a_missing_frame_and_a_foreign_file_are_not_taken_for_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    three(folder.path());
    let path = folder.path().join("one.log");
    let whole = fs::read(&path).unwrap();
    let first = code::MAGIC.len();
    let second = first + code::HEADER + code::header(&whole[first..]).unwrap().0;
    // The first frame is gone, as if somebody had edited the file: every sum holds, and the chain does not.
    fs::write(&path, [&whole[..first], &whole[second..]].concat()).unwrap();
    assert!(matches!(FileJournal::open(folder.path(), "one"), Err(JournalError::Damaged { .. })));
    fs::write(&path, b"unsaid-journal 2 and more").unwrap();
    assert!(matches!(FileJournal::open(folder.path(), "one"), Err(JournalError::Newer { .. })));
    fs::write(&path, b"Dear Anna, this is something else").unwrap();
    assert!(matches!(FileJournal::open(folder.path(), "one"), Err(JournalError::Damaged { at: 0, .. })));
    assert!(matches!(FileJournal::open(folder.path(), "../one"), Err(JournalError::Broken(_))));
}

#[test]
fn a_manifest_is_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileJournal::open(folder.path(), "one").unwrap();
    for text in ["first, and longer", "second"] {
        journal.keep_manifest("abc-1", text).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("manifests/abc-1.txt")).unwrap(), text);
    }
    assert_eq!(fs::read_dir(folder.path().join("manifests")).unwrap().count(), 1, "no half is left over");
}

/// A journal as it was written before new words, birthdays and cards had facts: it reads as it always did, and what comes next stands behind it.
#[test]
fn a_journal_of_the_first_step_reads_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.log");
    fs::write(&path, include_bytes!("frozen/step-1.journal")).unwrap();
    let (person, address) = (PersonId([2; 16]), [9; 32]);
    let mut facts = vec![
        Fact::Sealed { letter: letter(1), version: 3, manifest: [8; 32] },
        Fact::Undone { letter: letter(1) },
        Fact::Withdrawn { letter: letter(1) },
        Fact::Accepted { message: MessageId([3; 16]), knock: None },
        Fact::Opened { delivery: DeliveryId([4; 16]), version: 3 },
        Fact::Unreachable { delivery: DeliveryId([4; 16]) },
        Fact::AddressGiven { person, address: AddressId([5; 16]), sealed: vec![1, 2, 3], of: None },
        Fact::AddressRemoved { person, address: AddressId([5; 16]) },
        Fact::UnlockReplaced { account: AccountId([6; 16]), number: 2 },
    ];
    for scope in [Scope::NotMe, Scope::Letter(letter(4)), Scope::Author, Scope::House, Scope::Quiet] {
        facts.push(Fact::Refused { person: Some(person), address, scope });
        facts.push(Fact::Lifted { person: None, address, scope });
    }
    let expected: Vec<Entry> = facts
        .into_iter()
        .zip(1..)
        .map(|(fact, rev)| Entry { subject: format!("subject {rev}"), rev, fact })
        .collect();
    {
        let journal = FileJournal::open(folder.path(), "one").unwrap();
        assert_eq!(journal.cut(), None);
        assert_eq!(entries(&journal), expected);
        // Seven under the first generation, two that were voided, the rest under the second.
        let records = journal.replay(0).unwrap();
        assert_eq!((records[6].seq, records[6].generation), (7, 1));
        assert_eq!((records[7].seq, records[7].generation), (11, 2));
        let new =
            Entry { subject: "new".into(), rev: 1, fact: Fact::Unwrapped { letter: letter(1), version: 4 } };
        journal.append(2, &[new]).unwrap();
    }
    let journal = FileJournal::open(folder.path(), "one").unwrap();
    assert_eq!(entries(&journal).len(), expected.len() + 1);
}
