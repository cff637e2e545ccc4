//! New words of a sealed letter, birthdays that come every year, and wraps under a newer key: what is sealed already, and changes.

use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use jiff::civil::{Time, time};
use unsaid_delivery::accept;
use unsaid_delivery::calendar;
use unsaid_delivery::decide::amended as judge;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::{LetterId, PersonId};
use unsaid_delivery::record::Answer;
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::rule::{Birthday, LeapDay, Moment, Rule};
use unsaid_delivery::state::{Amending, Rest, State};

/// New words that are ready to be kept; they rest for six hours, one of them observed.
async fn ready(scene: &Scene<'_>, author: &Author, letter: LetterId, at: i64) -> Amend {
    let version = ok!(scene.store.reserve_version(author, letter, now(at)));
    scene.fill(author, letter, version).await;
    let rest = Rest { until: trusted(at + 6 * HOUR), observed: observed(at + HOUR) };
    Amend { letter, version, manifest: scene.keyed().0, rest }
}

/// New words that rest.
async fn new_words(scene: &Scene<'_>, author: &Author, letter: LetterId, at: i64) -> Amend {
    let amend = ready(scene, author, letter, at).await;
    ok!(scene.store.amend(author, amend.clone(), now(at)));
    amend
}

/// What wraps a version still has: the host's, the author's.
async fn wraps(scene: &Scene<'_>, author: &Author, letter: LetterId, version: u32) -> (bool, bool) {
    let held = ok!(scene.store.unproven(author, letter, version));
    (held.host_wrap.is_some(), held.has_author_wrap)
}

/// A letter that waits for a day far away.
async fn waits(scene: &Scene<'_>, author: &Author, person: PersonId) -> Letter {
    let seal = scene.ready_to_seal(author, person, now(0)).await;
    let mut promise = seal.promise.clone().expect("a promise");
    promise.rule = Rule { moment: far_away(), ..promise.rule };
    promise.due = trusted(300 * DAY);
    let letter = ok!(scene.store.seal(author, Seal { promise: Some(promise), ..seal }, now(0)));
    scene.turn(now(9 * HOUR), Answer::Accepted).await;
    assert_eq!(scene.promised(author, letter.id).await.state, State::Waiting);
    letter
}

fn far_away() -> Moment {
    let day = trusted(300 * DAY).to_zoned(jiff::tz::TimeZone::UTC).date();
    Moment::On { date: day, time: time(8, 0, 0, 0), zone: "UTC".into() }
}

/// New words rest, and until then the words before count; again gives the same answer, others take their place.
pub async fn amend(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let resting = scene.sealed(&author, person, now(0)).await;
    let second = ready(scene, &author, resting.id, 1).await;
    conflict!(scene.store.amend(&author, second, now(1)));
    let nothing = scene.letter_id();
    ok!(scene.store.reserve_letter(&author, nothing, now(0)));
    scene.fill(&author, nothing, 1).await;
    let rest = Rest { until: trusted(DAY), observed: observed(0) };
    let first = Amend { letter: nothing, version: 1, manifest: [1; 32], rest };
    conflict!(scene.store.amend(&author, first, now(1)));

    let letter = waits(scene, &author, person).await;
    let amend = ready(scene, &author, letter.id, DAY).await;
    missing!(scene.store.amend(&stranger, amend.clone(), now(DAY)));
    missing!(scene.store.amend(&author, Amend { version: 9, ..amend.clone() }, now(DAY)));
    let before = scene.promised(&author, letter.id).await;
    let shown = ok!(scene.store.amend(&author, amend.clone(), now(DAY)));
    let fact = Fact::Sealed { letter: letter.id, version: 2, manifest: amend.manifest };
    assert_eq!(scene.facts().last(), Some(&fact));
    let new = Amending { letter: letter.id, version: 2, rest: amend.rest };
    assert_eq!(shown.amending, Some(new));
    assert_eq!(shown.version, 2);
    assert_eq!(shown.versions, [(1, trusted(0)), (2, trusted(DAY))]);
    assert_eq!(scene.promised(&author, letter.id).await, before, "a later rest delays nothing");
    for version in [1, 2] {
        assert_eq!(wraps(scene, &author, letter.id, version).await, (true, true));
    }
    // The answer was lost, and she asks again.
    let facts = scene.facts().len();
    assert_eq!(ok!(scene.store.amend(&author, amend.clone(), now(DAY + 5))), shown);
    assert_eq!(scene.facts().len(), facts);
    conflict!(scene.store.amend(&author, Amend { manifest: [9; 32], ..amend.clone() }, now(DAY)));
    conflict!(scene.store.put_wrap(&author, letter.id, 2, WrapKind::Host, vec![1], 1));
    let of = WakeOf::Letter(letter.id);
    assert!(!scene.has_come(of, now(DAY + 6 * HOUR - 1)).await);
    assert!(scene.has_come(of, now(DAY + 6 * HOUR)).await);

    // Others, while these rest: they never count.
    let third = new_words(scene, &author, letter.id, DAY + HOUR).await;
    assert_eq!(third.version, 3);
    let stored = ok!(scene.store.letter(&author, letter.id));
    assert_eq!(stored.amending.map(|new| new.version), Some(3));
    assert_eq!(stored.versions.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(wraps(scene, &author, letter.id, 2).await, (false, true));
    conflict!(scene.store.amend(&author, amend, now(DAY)));
    assert!(!scene.has_come(of, now(DAY + 6 * HOUR)).await, "they have a rest of their own");

    // Taken back as a whole: nothing may be amended, and what rested never counts.
    let read = scene.promised(&author, letter.id).await;
    let withdrawn = accept::withdraw(&read).expect("always accepted");
    let shown = ok!(scene.store.commit_author(&author, &read, &withdrawn, now(2 * DAY)));
    assert_eq!(shown.amending, None);
    for version in [1, 2, 3] {
        assert_eq!(wraps(scene, &author, letter.id, version).await, (false, true), "{version}");
    }
    assert!(!scene.has_come(of, now(30 * DAY)).await);
    let fourth = ready(scene, &author, letter.id, 2 * DAY).await;
    conflict!(scene.store.amend(&author, fourth, now(2 * DAY)));

    // A letter that is never delivered takes new words at once.
    let unsent = scene.letter_id();
    ok!(scene.store.reserve_letter(&author, unsent, now(0)));
    scene.fill(&author, unsent, 1).await;
    let seal = Seal { letter: unsent, version: 1, manifest: [3; 32], promise: None };
    ok!(scene.store.seal(&author, seal, now(0)));
    new_words(scene, &author, unsent, DAY).await;
    let stored = ok!(scene.store.letter(&author, unsent));
    assert_eq!((stored.version, stored.amending), (2, None));
}

/// Taken back in their rest, new words leave nothing but the author's own wrap, and what was before counts.
pub async fn undo_amend(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let letter = waits(scene, &author, person).await.id;
    conflict!(scene.store.undo_amend(&author, letter, 1, now(DAY)));
    new_words(scene, &author, letter, DAY).await;
    missing!(scene.store.undo_amend(&stranger, letter, 2, now(DAY)));
    conflict!(scene.store.undo_amend(&author, letter, 1, now(DAY)));
    let shown = ok!(scene.store.undo_amend(&author, letter, 2, now(DAY + HOUR)));
    assert_eq!(scene.facts().last(), Some(&Fact::AmendUndone { letter, version: 2 }));
    assert_eq!((shown.version, shown.amending), (1, None));
    assert_eq!(shown.versions, [(1, trusted(0))]);
    assert_eq!(wraps(scene, &author, letter, 1).await, (true, true));
    assert_eq!(wraps(scene, &author, letter, 2).await, (false, true));
    conflict!(scene.store.undo_amend(&author, letter, 2, now(DAY + HOUR)));
    assert_eq!(ok!(scene.store.amending(letter)), None);
    assert!(!scene.has_come(WakeOf::Letter(letter), now(9 * DAY)).await);
    // And new ones can follow, under another number.
    assert_eq!(new_words(scene, &author, letter, 2 * DAY).await.version, 3);
}

/// What the worker asks: the words that rest, and none otherwise.
pub async fn amending(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    assert_eq!(ok!(scene.store.amending(scene.letter_id())), None);
    let letter = waits(scene, &author, person).await.id;
    assert_eq!(ok!(scene.store.amending(letter)), None, "first words are not new words");
    let amend = new_words(scene, &author, letter, DAY).await;
    let expected = Amending { letter, version: 2, rest: amend.rest };
    assert_eq!(ok!(scene.store.amending(letter)), Some(expected));
    scene.turn(now(2 * DAY), Answer::Accepted).await;
    assert_eq!(ok!(scene.store.amending(letter)), None, "they count");
}

/// When their rest is over new words count everywhere but where somebody has opened the letter; what nobody needs opens no more. Nothing that
/// the author is given differs by what the person did.
pub async fn amended(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let letter = waits(scene, &author, person).await.id;
    new_words(scene, &author, letter, DAY).await;
    let of = WakeOf::Letter(letter);
    let new = ok!(scene.store.amending(letter)).expect("new words");
    // The trusted clock is there, the observed hour is not.
    let powerless = unsaid_delivery::clock::Now { trusted: trusted(2 * DAY), observed: observed(DAY) };
    let taken = scene.take(scene.boot_id(), of, powerless).await.expect("it has come");
    let other = WakeOf::Delivery(scene.delivery_id());
    conflict!(scene.store.amended(&Taken { of: other, ..taken }, &new, judge(&new, powerless), powerless));
    ok!(scene.store.amended(&taken, &new, judge(&new, powerless), powerless));
    assert_eq!(ok!(scene.store.amending(letter)), Some(new), "it rests on");
    assert_eq!(wraps(scene, &author, letter, 1).await, (true, true));
    assert!(!scene.has_come(of, powerless).await);
    conflict!(scene.store.amended(&taken, &new, judge(&new, now(2 * DAY)), now(2 * DAY)));

    // Others are being written while these begin to count: they are left alone.
    assert_eq!(ok!(scene.store.reserve_version(&author, letter, now(2 * DAY))), 3);
    scene.fill(&author, letter, 3).await;
    let taken = scene.take(scene.boot_id(), of, now(2 * DAY)).await.expect("it has come");
    let stale = Amending { version: 9, ..new };
    conflict!(scene.store.amended(&taken, &stale, judge(&stale, now(2 * DAY)), now(2 * DAY)));
    let before = scene.promised(&author, letter).await;
    ok!(scene.store.amended(&taken, &new, judge(&new, now(2 * DAY)), now(2 * DAY)));
    assert_eq!(scene.facts().last(), Some(&Fact::Unwrapped { letter, version: 2 }));
    let after = scene.promised(&author, letter).await;
    assert_eq!((after.version, after.rev), (2, before.rev + 1));
    assert_eq!((after.state, after.due, after.pinned), (before.state, before.due, false));
    assert_eq!(wraps(scene, &author, letter, 1).await, (false, true));
    for version in [2, 3] {
        assert_eq!(wraps(scene, &author, letter, version).await, (true, true), "{version}");
    }
    assert!(!scene.has_come(of, now(90 * DAY)).await);

    // Two letters left; one of them was opened. Both get new words, and what is shown of them is alike.
    let (one, two) =
        (scene.arrived(&author, person, 3 * DAY).await, scene.arrived(&author, person, 3 * DAY).await);
    super::readers::open_it(scene, &one, 4 * DAY).await;
    for arrived in [&one, &two] {
        new_words(scene, &author, arrived.letter.id, 5 * DAY).await;
    }
    scene.turn(now(6 * DAY), Answer::Accepted).await;
    let shown = |letter: &Letter| (letter.version, letter.versions.clone(), letter.amending, letter.kept);
    let stored =
        [ok!(scene.store.letter(&author, one.letter.id)), ok!(scene.store.letter(&author, two.letter.id))];
    assert_eq!(shown(&stored[0]), shown(&stored[1]));
    // The one that was opened stays as it was read; the other one opens with the new words alone.
    assert_eq!(ok!(scene.store.release(&one.reader, one.delivery)).version(), 1);
    assert_eq!(ok!(scene.store.release(&one.reader, one.delivery)).wrap(), b"host 1");
    assert_eq!(wraps(scene, &author, two.letter.id, 1).await, (false, true));
    super::readers::open_it(scene, &two, 7 * DAY).await;
    assert_eq!(ok!(scene.store.release(&two.reader, two.delivery)).wrap(), b"host 2");
    assert_eq!(ok!(scene.store.reader_part(&two.reader, two.delivery, "letter.age")).size, 1_002);
}

const NINE: Time = time(9, 0, 0, 0);

/// A rule for every birthday on this day, from 2026 until `until`.
fn each(until: i16, month: i8, day: i8) -> Moment {
    let birthday = Birthday { month, day, leap: LeapDay::February28 };
    Moment::EachBirthday { until, birthday, time: NINE, zone: "Europe/Lisbon".into() }
}

/// A letter that comes on every 10 May from 2026 on.
async fn each_birthday(scene: &Scene<'_>, author: &Author, person: PersonId, until: i16) -> LetterId {
    let seal = scene.ready_to_seal(author, person, now(0)).await;
    let mut promise = seal.promise.clone().expect("a promise");
    promise.rule = Rule { moment: each(until, 5, 10), ..promise.rule };
    promise.occurrence = 2026;
    promise.due =
        calendar::comes_at(&promise.rule.moment, 2026, now(0).trusted).expect("a zone").expect("a day");
    ok!(scene.store.seal(author, Seal { promise: Some(promise), ..seal }, now(0))).id
}

/// 10 May at nine in Lisbon of a year, in seconds after the beginning.
fn birthday_in(year: i16) -> i64 {
    let due = calendar::comes_at(&each(2100, 5, 10), year, now(0).trusted).expect("a zone").expect("a day");
    due.duration_since(trusted(0)).as_secs()
}

/// A corrected birthday changes what has not left, once for whoever read it last, and never what has.
pub async fn correct_rule(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let letter = each_birthday(scene, &author, person, 2030).await;
    scene.turn(now(DAY), Answer::Accepted).await;
    let read = scene.promised(&author, letter).await;
    assert_eq!((read.state, read.occurrence), (State::Waiting, 2026));
    let right = Birthday { month: 6, day: 1, leap: LeapDay::February28 };
    let corrected =
        accept::correct_birthday(&read, None, right, now(2 * DAY)).expect("granted").expect("a change");
    missing!(scene.store.correct_rule(&stranger, &read, &corrected, now(2 * DAY)));
    let shown = ok!(scene.store.correct_rule(&author, &read, &corrected, now(2 * DAY)));
    let fact = Fact::RuleChanged { delivery: read.id, year: None, birthday: right };
    assert_eq!(scene.facts().last(), Some(&fact));
    let stored = shown.delivery.expect("a promise");
    assert_eq!((&stored.rule, stored.due, stored.occurrence), (&corrected.rule, Some(corrected.due), 2026));
    assert_eq!((stored.state, stored.rev), (State::Waiting, read.rev + 1));
    let of = WakeOf::Delivery(read.id);
    assert!(!scene.has_come(of, now(birthday_in(2026))).await, "not on the wrong day");
    let due = corrected.due.duration_since(trusted(0)).as_secs();
    assert!(!scene.has_come(of, now(due - 1)).await);
    assert!(scene.has_come(of, now(due)).await);
    let facts = scene.facts().len();
    conflict!(scene.store.correct_rule(&author, &read, &corrected, now(2 * DAY)));
    assert_eq!(scene.facts().len(), facts);
    // What comes next year comes on the right day too.
    scene.turn(now(due), Answer::Accepted).await;
    let next = ok!(scene.store.letter(&author, letter)).delivery.expect("the next one");
    assert_eq!((next.occurrence, next.state), (2027, State::Waiting));
    assert_eq!(next.rule, corrected.rule);
    // And 29 February is kept with the day that she chose for it.
    let leap = Birthday { month: 2, day: 29, leap: LeapDay::March1 };
    let corrected =
        accept::correct_birthday(&next, None, leap, now(due)).expect("granted").expect("a change");
    let stored = ok!(scene.store.correct_rule(&author, &next, &corrected, now(due))).delivery;
    let stored = stored.expect("a promise");
    assert_eq!((&stored.rule, stored.due), (&corrected.rule, Some(corrected.due)));
    assert_eq!(stored.due.map(|due| due.to_string()).as_deref(), Some("2027-03-01T09:00:00Z"));
}

/// Each birthday foresees the next, once; a restart or a second look makes no other row; the last one foresees none.
pub async fn every_birthday_comes_once(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let letter = each_birthday(scene, &author, person, 2028).await;
    let mut knocks = Vec::new();
    for year in 2026..=2028 {
        let day = birthday_in(year);
        assert_eq!(scene.turn(now(day - 1), Answer::Accepted).await, [], "never early: {year}");
        let delivery = scene.promised(&author, letter).await;
        assert_eq!((delivery.occurrence, delivery.state), (year, State::Waiting));
        let sent = scene.turn(now(day), Answer::Accepted).await;
        assert_eq!(sent.len(), 1, "{year}");
        knocks.push(sent[0].id);
        assert_eq!(scene.turn(now(day + 60), Answer::Accepted).await, [], "once: {year}");
        let all = ok!(scene.store.letter(&author, letter)).deliveries;
        let last = (year + 1).min(2028);
        assert_eq!(all.iter().map(|d| d.occurrence).collect::<Vec<_>>(), (2026..=last).collect::<Vec<_>>());
        let arrived = Arrived {
            letter: ok!(scene.store.letter(&author, letter)),
            delivery: delivery.id,
            message: sent[0].id,
            reader: scene.reader(sent[0].id).await,
        };
        super::readers::open_it(scene, &arrived, day + HOUR).await;
    }
    let all = ok!(scene.store.letter(&author, letter)).deliveries;
    assert!(all.iter().all(|d| d.state == State::Opened), "opening one ends none: {all:?}");
    assert_eq!(all[1].id, occurrence_id(letter, 2027));
    assert_eq!(scene.turn(now(birthday_in(2028) + 800 * DAY), Answer::Accepted).await, []);
}

/// Withdrawing and refusing a letter end every birthday that nobody has opened; new words reach those to come and not the one that was read.
pub async fn what_ends_a_letter_ends_all_its_birthdays(scene: &Scene<'_>) {
    let author = scene.author().await;
    for how in ["withdraw", "refuse"] {
        let (person, _) = scene.person(&author, &[scene.keyed()]).await;
        let letter = each_birthday(scene, &author, person, 2040).await;
        let day = birthday_in(2026);
        let sent: Vec<_> = scene.turn(now(day), Answer::Accepted).await;
        let first = occurrence_of(scene, &author, letter, 2026).await;
        let reader = scene.reader(sent.last().expect("a knock").id).await;
        let granted = accept::open(&first).expect("it waits").expect("not opened before");
        ok!(scene.store.open(&reader, &first, &granted, now(day)));
        new_words(scene, &author, letter, day + HOUR).await;
        scene.turn(now(day + DAY), Answer::Accepted).await;
        assert_eq!(occurrence_of(scene, &author, letter, 2026).await.version, 1, "as it was read");
        assert_eq!(occurrence_of(scene, &author, letter, 2027).await.version, 2);
        assert_eq!(ok!(scene.store.release(&reader, first.id)).wrap(), b"host 1");
        if how == "withdraw" {
            let next = scene.promised(&author, letter).await;
            let withdrawn = accept::withdraw(&next).expect("always accepted");
            ok!(scene.store.commit_author(&author, &next, &withdrawn, now(day + 2 * DAY)));
        } else {
            let next_day = birthday_in(2027);
            let sent = scene.turn(now(next_day), Answer::Accepted).await;
            assert_eq!(sent.len(), 1);
            ok!(scene.store.refuse(&reader, Scope::Letter(letter), now(next_day + 1)));
        }
        let all = ok!(scene.store.letter(&author, letter)).deliveries;
        assert_eq!(all[0].state, State::Opened, "{how}: what was read stays the reader's");
        assert!(ok!(scene.store.release(&reader, first.id)).wrap() == b"host 1");
        for year in 2027..2031 {
            let sent = scene.turn(now(birthday_in(year) + DAY), Answer::Accepted).await;
            assert_eq!(sent, [], "{how}: nothing leaves in {year}");
        }
    }
}

async fn occurrence_of(
    scene: &Scene<'_>,
    author: &Author,
    letter: LetterId,
    year: i16,
) -> unsaid_delivery::state::Delivery {
    let all = ok!(scene.store.letter(author, letter)).deliveries;
    all.into_iter().find(|d| d.occurrence == year).expect("this year")
}

/// Wraps under the host's layer and an older key, always in the same order; the author's own are nobody's to renew.
pub async fn wraps_to_rewrap(scene: &Scene<'_>) {
    let author = scene.author().await;
    let letter = scene.letter_id();
    ok!(scene.store.reserve_letter(&author, letter, now(0)));
    for (kind, generation) in [(WrapKind::Author, 1), (WrapKind::Host, 2), (WrapKind::Words, 3)] {
        let bytes = kind.name().as_bytes().to_vec();
        ok!(scene.store.put_wrap(&author, letter, 1, kind, bytes, generation));
    }
    assert_eq!(ok!(scene.store.wraps_to_rewrap(1, 10)), []);
    let unlock = StoredWrap {
        subject: author.account().to_string(),
        version: 1,
        kind: WrapKind::Unlock,
        bytes: b"host{line, passphrase}".to_vec(),
        generation: 1,
    };
    let host = StoredWrap {
        subject: letter.to_string(),
        version: 1,
        kind: WrapKind::Host,
        bytes: b"host".to_vec(),
        generation: 2,
    };
    let words = StoredWrap { kind: WrapKind::Words, bytes: b"words".to_vec(), generation: 3, ..host.clone() };
    assert_eq!(ok!(scene.store.wraps_to_rewrap(4, 10)), [unlock.clone(), host.clone(), words]);
    assert_eq!(ok!(scene.store.wraps_to_rewrap(3, 10)), [unlock.clone(), host]);
    assert_eq!(ok!(scene.store.wraps_to_rewrap(9, 1)), [unlock]);
}

/// A renewed wrap takes the place of exactly what was read, and opens as the one before.
pub async fn rewrapped(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    super::readers::open_it(scene, &arrived, DAY).await;
    let old = ok!(scene.store.wraps_to_rewrap(2, 10));
    assert_eq!(old.len(), 2);
    let host = old.iter().find(|w| w.kind == WrapKind::Host).expect("the letter's");
    let stale = StoredWrap { bytes: b"something else".to_vec(), ..host.clone() };
    conflict!(scene.store.rewrapped(&stale, b"new host".to_vec(), 2));
    conflict!(scene.store.rewrapped(&StoredWrap { generation: 7, ..host.clone() }, b"new host".to_vec(), 2));
    ok!(scene.store.rewrapped(host, b"new host".to_vec(), 2));
    let fact = Fact::Rewrapped { subject: arrived.letter.id.to_string(), version: 1, generation: 2 };
    assert_eq!(scene.facts().last(), Some(&fact));
    conflict!(scene.store.rewrapped(host, b"again".to_vec(), 2));
    assert_eq!(ok!(scene.store.release(&arrived.reader, arrived.delivery)).wrap(), b"new host");
    let unlock = old.iter().find(|w| w.kind == WrapKind::Unlock).expect("the account's");
    ok!(scene.store.rewrapped(unlock, b"new unlock".to_vec(), 2));
    assert_eq!(ok!(scene.store.wraps_to_rewrap(2, 10)), []);
}

/// The numbers by generation, the oldest first: when the oldest is gone, its key can go.
pub async fn wraps_by_generation(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.wraps_by_generation()), []);
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    for _ in 0..3 {
        scene.sealed(&author, person, now(0)).await;
    }
    assert_eq!(ok!(scene.store.wraps_by_generation()), [(1, 4)]);
    for (old, generation) in ok!(scene.store.wraps_to_rewrap(2, 2)).iter().zip([2, 5]) {
        ok!(scene.store.rewrapped(old, b"new".to_vec(), generation));
    }
    assert_eq!(ok!(scene.store.wraps_by_generation()), [(1, 2), (2, 1), (5, 1)]);
}
