//! Sealing, looking, and what an author takes back.

use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::accept::{self, Granted};
use unsaid_delivery::clock::Now;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::record::Answer;
use unsaid_delivery::rule::{Moment, Proof, Reach, Rule};
use unsaid_delivery::state::{Delivery, Shown, State, Wake, shown};

/// Undoes a resting letter.
async fn undo(scene: &Scene<'_>, author: &Author, letter: &Letter, now: Now) -> Letter {
    let delivery = letter.delivery.clone().expect("a promise");
    let granted = accept::undo(&delivery, now).expect("it rests");
    ok!(scene.store.commit_author(author, &delivery, &granted, now))
}

/// Sealing is once, is a fact, rests until it may go, and takes a draft again after it was undone.
pub async fn seal(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (foreign, _) = scene.person(&stranger, &[scene.keyed()]).await;
    let mut seal = scene.ready_to_seal(&author, person, now(0)).await;
    let mut promise = scene.promise(person, now(0));
    promise.rule = Rule {
        moment: Moment::On {
            date: jiff::civil::date(2044, 2, 29),
            time: jiff::civil::time(7, 30, 0, 0),
            zone: "Asia/Kolkata".into(),
        },
        ..promise.rule
    };
    promise.due = trusted(6_000 * DAY);
    seal.promise = Some(promise.clone());
    missing!(scene.store.seal(&stranger, seal.clone(), now(0)));
    missing!(scene.store.seal(&author, Seal { version: 2, ..seal.clone() }, now(0)));
    let to_foreign = Promise { person: foreign, ..promise.clone() };
    missing!(scene.store.seal(&author, Seal { promise: Some(to_foreign), ..seal.clone() }, now(0)));
    let before = scene.facts().len();

    let sealed = ok!(scene.store.seal(&author, seal.clone(), now(3)));
    let delivery = Delivery {
        id: promise.delivery,
        letter: seal.letter,
        account: author.account(),
        person,
        occurrence: 0,
        rule: promise.rule.clone(),
        version: 1,
        pinned: false,
        state: State::Resting,
        rest: promise.rest,
        due: Some(promise.due),
        tzdb: promise.tzdb.clone(),
        forecast: None,
        parked: None,
        rev: sealed.delivery.as_ref().expect("a promise").rev,
    };
    let expected = Letter {
        id: seal.letter,
        version: 1,
        versions: vec![(1, trusted(3))],
        withdrew: false,
        delivery: Some(delivery.clone()),
        deliveries: vec![delivery],
        amending: None,
        kept: Kept::House,
        asks: None,
    };
    assert_eq!(sealed, expected);
    let fact = Fact::Sealed { letter: seal.letter, version: 1, manifest: seal.manifest };
    assert_eq!(scene.facts()[before..], [fact]);
    // It wakes at the end of its rest by trusted time, and not a second before.
    let of = WakeOf::Delivery(promise.delivery);
    assert!(!scene.has_come(of, now(6 * HOUR - 1)).await);
    assert!(scene.has_come(of, now(6 * HOUR)).await);

    // The answer was lost: the same again says the same and seals nothing. Something else is a conflict.
    let again = Promise { delivery: scene.delivery_id(), ..promise.clone() };
    let again = Seal { promise: Some(again), ..seal.clone() };
    assert_eq!(ok!(scene.store.seal(&author, again, now(9))), expected);
    conflict!(scene.store.seal(&author, Seal { manifest: [9; 32], ..seal.clone() }, now(9)));
    assert_eq!(scene.facts().len(), before + 1);

    // While it lives no other version is sealed, with or without a promise.
    assert_eq!(ok!(scene.store.reserve_version(&author, seal.letter, now(10))), 2);
    scene.fill(&author, seal.letter, 2).await;
    let second = Seal { version: 2, manifest: [2; 32], ..seal.clone() };
    conflict!(scene.store.seal(&author, second.clone(), now(10)));
    conflict!(scene.store.seal(&author, Seal { promise: None, ..second.clone() }, now(10)));

    // Undone, it is a draft: what was sealed is not sealed any more, the next version is, under the delivery's old name.
    let undone = undo(scene, &author, &expected, now(11)).await;
    conflict!(scene.store.seal(&author, seal.clone(), now(12)));
    let later = Promise { delivery: scene.delivery_id(), ..scene.promise(person, now(20)) };
    let second = Seal { promise: Some(later.clone()), ..second };
    // Taking back took every other way of opening with it: nothing is sealed that would open to nobody.
    conflict!(scene.store.seal(&author, second.clone(), now(20)));
    ok!(scene.store.put_wrap(&author, seal.letter, 2, WrapKind::Host, b"host 2".to_vec(), 1));
    let resealed = ok!(scene.store.seal(&author, second, now(20)));
    let delivery = resealed.delivery.clone().expect("a promise");
    assert_eq!((delivery.id, delivery.version, delivery.state), (promise.delivery, 2, State::Resting));
    assert_eq!((delivery.rest, delivery.rule, delivery.due), (later.rest, later.rule, Some(later.due)));
    assert!(delivery.rev > undone.delivery.expect("a promise").rev);
    assert_eq!((resealed.version, resealed.versions), (2, vec![(1, trusted(3)), (2, trusted(20))]));
    assert!(!scene.has_come(of, now(20 + 6 * HOUR - 1)).await);
    assert!(scene.has_come(of, now(20 + 6 * HOUR)).await);
    assert!(ok!(scene.store.delivery(later.delivery)).is_none());

    // What another window began anew since it was proved is proved again.
    let begun = scene.ready_to_seal(&author, person, now(30)).await;
    assert_eq!(ok!(scene.store.reserve_version(&author, begun.letter, now(30))), 1);
    conflict!(scene.store.seal(&author, begun.clone(), now(30)));
    conflict!(scene.store.seal(&author, Seal { promise: None, ..begun }, now(30)));

    // A delivery's name is given once.
    let other = scene.ready_to_seal(&author, person, now(30)).await;
    let stolen = Promise { delivery: promise.delivery, ..scene.promise(person, now(30)) };
    conflict!(scene.store.seal(&author, Seal { promise: Some(stolen), ..other.clone() }, now(30)));
    // An unsent letter is sealed with no promise, wakes nothing, and may be promised later by a new version.
    let unsent = ok!(scene.store.seal(&author, Seal { promise: None, ..other.clone() }, now(31)));
    assert_eq!((unsent.version, unsent.delivery), (1, None));
    assert_eq!(ok!(scene.store.reserve_version(&author, other.letter, now(32))), 2);
    scene.fill(&author, other.letter, 2).await;
    let promised = Seal { version: 2, manifest: [3; 32], ..other };
    assert!(ok!(scene.store.seal(&author, promised, now(33))).delivery.is_some());

    // All rules come back as they were meant, also those that this version does not keep.
    for rule in rules(person) {
        let letter = scene.ready_to_seal(&author, person, now(40)).await;
        let proof = (rule.proof != Proof::None).then(|| scene.proof(false));
        let promise = Promise { rule: rule.clone(), proof, ..scene.promise(person, now(40)) };
        let sealed = ok!(scene.store.seal(&author, Seal { promise: Some(promise), ..letter }, now(40)));
        assert_eq!(scene.promised(&author, sealed.id).await.rule, rule);
    }
}

/// One rule of every kind.
fn rules(person: unsaid_delivery::PersonId) -> Vec<Rule> {
    use unsaid_delivery::rule::{Birthday, Gate, LeapDay};
    let keeper = unsaid_delivery::KeeperId(person.0);
    let word = Gate::Word { event: "a 'wedding'\n".into(), keepers: vec![keeper, keeper], quorum: 2 };
    let gates = [Gate::None, Gate::Gone, word];
    let (time, zone) = (jiff::civil::time(7, 30, 0, 0), "Asia/Kathmandu".to_owned());
    let leap = Birthday { month: 2, day: 29, leap: LeapDay::March1 };
    let plain = Birthday { month: 12, day: 5, leap: LeapDay::February28 };
    let moments = [
        Moment::Birthday { age: 18, year: 2024, birthday: leap, time, zone: zone.clone() },
        Moment::EachBirthday { until: 2090, birthday: leap, time, zone: zone.clone() },
        Moment::EachBirthday { until: 2090, birthday: plain, time, zone },
        Moment::After { days: 40_000 },
        Moment::AtOnce,
    ];
    let ways = [(Reach::Send, Proof::None), (Reach::Claim, Proof::Birthday), (Reach::Send, Proof::Question)];
    let rule = |i: usize| Rule {
        gate: gates[i % gates.len()].clone(),
        moment: moments[i % moments.len()].clone(),
        reach: ways[i % ways.len()].0,
        proof: ways[i % ways.len()].1,
    };
    (0..12).map(rule).collect()
}

/// All sealed ones of hers, the newest sealing first; a letter sealed again moves up.
pub async fn letters(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let first = scene.sealed(&author, person, now(1)).await;
    let second = scene.sealed(&author, person, now(2)).await;
    let third = scene.sealed(&author, person, now(3)).await;
    ok!(scene.store.reserve_letter(&author, scene.letter_id(), now(4)));
    let listed = ok!(scene.store.letters(&author));
    assert_eq!(listed, [third.clone(), second.clone(), first.clone()]);
    assert_eq!(ok!(scene.store.letters(&stranger)), []);
    let undone = undo(scene, &author, &first, now(5)).await;
    assert_eq!(
        ok!(scene.store.letters(&author))[2],
        undone,
        "still there: its state says that it was undone"
    );
    assert_eq!(ok!(scene.store.reserve_version(&author, first.id, now(6))), 2);
    scene.fill(&author, first.id, 2).await;
    let seal = Seal {
        letter: first.id,
        version: 2,
        manifest: [1; 32],
        promise: Some(scene.promise(person, now(7))),
    };
    let resealed = ok!(scene.store.seal(&author, seal, now(7)));
    assert_eq!(ok!(scene.store.letters(&author)), [resealed, third, second]);
}

/// One of hers, as it stands; another's is missing.
pub async fn letter(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let sealed = scene.sealed(&author, person, now(1)).await;
    assert_eq!(ok!(scene.store.letter(&author, sealed.id)), sealed);
    missing!(scene.store.letter(&stranger, sealed.id));
    missing!(scene.store.letter(&author, scene.letter_id()));
    scene.turn(now(9 * HOUR), Answer::Later).await;
    assert_eq!(scene.promised(&author, sealed.id).await.state, State::Sending);
}

/// Undo and withdraw: of the delivery as it was read, with one answer whatever the person did, and nothing but her own wrap stays.
pub async fn commit_author(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;

    // Undone in its rest.
    let letter = scene.sealed(&author, person, now(0)).await;
    let delivery = letter.delivery.clone().expect("a promise");
    let granted = accept::undo(&delivery, now(1)).expect("it rests");
    missing!(scene.store.commit_author(&stranger, &delivery, &granted, now(1)));
    let unknown = Delivery { id: scene.delivery_id(), ..delivery.clone() };
    missing!(scene.store.commit_author(&author, &unknown, &granted, now(1)));
    let stale = Delivery { rev: delivery.rev - 1, ..delivery.clone() };
    conflict!(scene.store.commit_author(&author, &stale, &granted, now(1)));
    let before = scene.facts().len();
    let undone = ok!(scene.store.commit_author(&author, &delivery, &granted, now(1)));
    assert_eq!(scene.facts()[before..], [Fact::Undone { letter: letter.id }]);
    let now_stored = undone.delivery.clone().expect("a promise");
    assert_eq!((now_stored.state, undone.withdrew), (State::Withdrawn { undone: true }, false));
    assert!(now_stored.rev > delivery.rev);
    conflict!(scene.store.commit_author(&author, &delivery, &granted, now(2)));
    assert_eq!(scene.facts().len(), before + 1);
    assert_eq!(ok!(scene.store.author_wrap(&author, letter.id, 1)), b"author 1", "the draft stays readable");
    assert_eq!(ok!(scene.store.unproven(&author, letter.id, 1)).host_wrap, None);
    assert!(!scene.has_come(WakeOf::Delivery(delivery.id), now(9_000 * DAY)).await, "an end wakes no more");

    // Withdrawn after its knock, unopened; and one that was opened: the author is answered alike.
    let unopened = scene.arrived(&author, person, DAY).await;
    let opened = scene.arrived(&author, person, 2 * DAY).await;
    let as_read = scene.view(opened.delivery).await.delivery;
    let open = accept::open(&as_read).expect("it waits").expect("not opened before");
    ok!(scene.store.open(&opened.reader, &as_read, &open, now(3 * DAY)));
    let mut answers = Vec::new();
    for arrived in [&unopened, &opened] {
        let read = scene.promised(&author, arrived.letter.id).await;
        let granted = accept::withdraw(&read).expect("always accepted");
        let before = scene.facts().len();
        let letter = ok!(scene.store.commit_author(&author, &read, &granted, now(4 * DAY)));
        assert_eq!(scene.facts()[before..], [Fact::Withdrawn { letter: arrived.letter.id }]);
        assert!(letter.withdrew);
        let delivery = letter.delivery.expect("a promise");
        answers.push((shown(delivery.state, letter.withdrew), letter.version, delivery.rev - read.rev));
        assert_eq!(ok!(scene.store.author_wrap(&author, arrived.letter.id, 1)), b"author 1");
        // And again: the same.
        let read = scene.promised(&author, arrived.letter.id).await;
        let granted = accept::withdraw(&read).expect("always accepted");
        assert!(ok!(scene.store.commit_author(&author, &read, &granted, now(4 * DAY))).withdrew);
        conflict!(scene.store.commit_author(&author, &read, &granted, now(4 * DAY)));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, Shown::Withdrawn);
    // What was not opened cannot be any more; what was opened stays the reader's.
    assert_eq!(ok!(scene.store.unproven(&author, unopened.letter.id, 1)).host_wrap, None);
    let waiting = ok!(scene.store.waiting(&opened.reader));
    assert_eq!(waiting.iter().map(|w| w.delivery.id).collect::<Vec<_>>(), [opened.delivery]);
    assert!(scene.store.release(&opened.reader, opened.delivery).await.is_ok());
    missing!(scene.store.release(&opened.reader, unopened.delivery));
    assert!(!scene.has_come(WakeOf::Delivery(unopened.delivery), now(9_000 * DAY)).await);

    // What `accept` grants is what is stored, its wake too.
    let letter = scene.sealed(&author, person, now(5 * DAY)).await;
    let delivery = letter.delivery.expect("a promise");
    let wake = Wake::Observed(observed(6 * DAY));
    let granted = Granted {
        state: State::Waiting,
        wake: Some(wake),
        fact: Fact::Undone { letter: letter.id },
        why: "a test",
    };
    let waiting = ok!(scene.store.commit_author(&author, &delivery, &granted, now(5 * DAY)));
    let stored = waiting.delivery.expect("a promise");
    assert_eq!((stored.state, stored.rest), (State::Waiting, delivery.rest));
    let of = WakeOf::Delivery(delivery.id);
    assert!(!scene.has_come(of, Now { trusted: trusted(99 * DAY), observed: observed(6 * DAY - 1) }).await);
    assert!(scene.has_come(of, Now { trusted: trusted(0), observed: observed(6 * DAY) }).await);
    assert!(
        ok!(scene.store.unproven(&author, letter.id, 1)).host_wrap.is_some(),
        "no end, so nothing is lost"
    );
}
