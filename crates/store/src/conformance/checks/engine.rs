//! What wakes: taking, holding, taking over, giving back; and what is decided about deliveries.

use super::{conflict, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::accept::Granted;
use unsaid_delivery::clock::{Mark, Now};
use unsaid_delivery::decide::{Decision, NewKnock};
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::message::{Kind, MessageState, Subject};
use unsaid_delivery::record::Answer;
use unsaid_delivery::state::{Delivery, Parked, State, Wake};

/// A delivery that rests from `at`, to a person of its own.
async fn resting(scene: &Scene<'_>, author: &Author, at: i64) -> DeliveryId {
    let (person, _) = scene.person(author, &[scene.keyed()]).await;
    scene.sealed(author, person, now(at)).await.delivery.expect("a promise").id
}

/// Moves the wake of a delivery.
async fn wakes_at(scene: &Scene<'_>, author: &Author, delivery: DeliveryId, wake: Wake) {
    let read = scene.view(delivery).await.delivery;
    let fact = Fact::Undone { letter: read.letter };
    let granted = Granted { state: State::Waiting, wake: Some(wake), fact, why: "a test" };
    ok!(scene.store.commit_author(author, &read, &granted, now(0)));
}

fn of(taken: &[Taken]) -> Vec<WakeOf> {
    taken.iter().map(|t| t.of).collect()
}

fn mark(seconds: i64) -> Mark {
    Mark { trusted: trusted(seconds), observed: observed(seconds) }
}

/// What has come and nobody holds, in the order of its wake, no more than asked for; each taking has a higher fence.
pub async fn take(scene: &Scene<'_>) {
    let (author, boot, other) = (scene.author().await, scene.boot_id(), scene.boot_id());
    assert_eq!(ok!(scene.store.take(boot, Lane::Letters, now(0), 10)), []);
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(resting(scene, &author, 0).await);
    }
    let wakes = [
        Wake::Observed(observed(50)),
        Wake::Trusted(trusted(300)),
        Wake::Trusted(trusted(100)),
        Wake::Observed(observed(10)),
        Wake::Trusted(trusted(200)),
        Wake::Trusted(trusted(201)),
    ];
    for (id, wake) in ids.iter().zip(wakes) {
        wakes_at(scene, &author, *id, wake).await;
    }
    let names = |which: &[usize]| which.iter().map(|i| WakeOf::Delivery(ids[*i])).collect::<Vec<_>>();
    let early = Now { trusted: trusted(200), observed: observed(9) };
    let first = ok!(scene.store.take(boot, Lane::Letters, early, 1));
    assert_eq!(of(&first), names(&[2]), "one was asked for");
    assert_eq!(first[0].boot, boot);
    let second = ok!(scene.store.take(other, Lane::Letters, early, 10));
    assert_eq!(of(&second), names(&[4]), "the other is held, the rest has not come");
    let observed_only = Now { trusted: trusted(0), observed: observed(50) };
    let third = ok!(scene.store.take(boot, Lane::Letters, observed_only, 10));
    assert_eq!(of(&third), names(&[3, 0]));
    assert_eq!(of(&ok!(scene.store.take(boot, Lane::Letters, now(300), 10))), names(&[5, 1]));
    assert_eq!(ok!(scene.store.take(boot, Lane::Letters, now(9_000 * DAY), 10)), []);
    for taken in first.iter().chain(&second).chain(&third) {
        ok!(scene.store.give_back(taken));
    }
    let again = ok!(scene.store.take(other, Lane::Letters, now(300), 10));
    assert_eq!(of(&again), names(&[2, 4, 3, 0]), "by trusted time, then by observed time");
    assert_eq!(again[0].fence, first[0].fence + 1);
    assert_eq!(ok!(scene.store.take(boot, Lane::Codes, now(300), 10)), []);
}

/// What others hold and has come, with their beats; never one's own.
pub async fn held(scene: &Scene<'_>) {
    let (author, dead, living) = (scene.author().await, scene.boot_id(), scene.boot_id());
    let first = resting(scene, &author, 0).await;
    let second = resting(scene, &author, 1).await;
    let late = now(7 * HOUR);
    assert_eq!(ok!(scene.store.held(living, Lane::Letters, late, 10)), []);
    let taken = ok!(scene.store.take(dead, Lane::Letters, late, 10));
    assert_eq!(of(&taken), [WakeOf::Delivery(first), WakeOf::Delivery(second)]);
    let as_held = |taken: &Taken, beat| Held { of: taken.of, holder: dead, fence: taken.fence, beat };
    let seen = ok!(scene.store.held(living, Lane::Letters, late, 10));
    assert_eq!(seen, [as_held(&taken[0], 0), as_held(&taken[1], 0)], "no beat yet");
    ok!(scene.store.beat(dead, mark(0)));
    assert_eq!(ok!(scene.store.held(living, Lane::Letters, late, 1)), [as_held(&taken[0], 1)]);
    assert_eq!(ok!(scene.store.held(dead, Lane::Letters, late, 10)), []);
    assert_eq!(ok!(scene.store.held(living, Lane::Codes, late, 10)), []);
    assert_eq!(ok!(scene.store.held(living, Lane::Letters, now(6 * HOUR), 10)), [as_held(&taken[0], 1)]);
    ok!(scene.store.give_back(&taken[0]));
    assert_eq!(ok!(scene.store.held(living, Lane::Letters, late, 10)), [as_held(&taken[1], 1)]);
}

/// Only what is exactly as it was seen; from then on the earlier holder commits nothing.
pub async fn take_over(scene: &Scene<'_>) {
    let (author, dead, living) = (scene.author().await, scene.boot_id(), scene.boot_id());
    let delivery = resting(scene, &author, 0).await;
    let late = now(9 * HOUR);
    ok!(scene.store.beat(dead, mark(0)));
    let lost = ok!(scene.store.take(dead, Lane::Letters, late, 10))[0];
    let seen = ok!(scene.store.held(living, Lane::Letters, late, 10))[0];
    ok!(scene.store.beat(dead, mark(1)));
    assert_eq!(ok!(scene.store.take_over(living, &seen)), None, "it lives");
    let seen = ok!(scene.store.held(living, Lane::Letters, late, 10))[0];
    ok!(scene.store.beat(living, mark(2)));
    for wrong in [
        Held { fence: seen.fence + 1, ..seen },
        Held { holder: living, ..seen },
        Held { beat: seen.beat + 1, ..seen },
        Held { of: WakeOf::Delivery(scene.delivery_id()), ..seen },
    ] {
        assert_eq!(ok!(scene.store.take_over(living, &wrong)), None);
    }
    let taken = ok!(scene.store.take_over(living, &seen)).expect("as it was seen");
    assert_eq!((taken.of, taken.fence, taken.boot), (lost.of, lost.fence + 1, living));
    assert_eq!(ok!(scene.store.take_over(living, &seen)), None, "once");

    // The dead one comes back to life: what it had taken is not its own any more.
    let (read, decision) = scene.decision(delivery, late).await;
    let knock = || Some((scene.message_id(), scene.keyed()));
    conflict!(scene.store.decided(&lost, &read, &decision, knock(), late));
    ok!(scene.store.give_back(&lost));
    assert_eq!(ok!(scene.store.take(dead, Lane::Letters, late, 10)), [], "it is still held");
    ok!(scene.store.decided(&taken, &read, &decision, knock(), late));

    // Given back and taken again by the same node: the old sight of it is worth nothing.
    let again = resting(scene, &author, 0).await;
    let first = scene.take(dead, WakeOf::Delivery(again), late).await.expect("it has come");
    let sights = ok!(scene.store.held(living, Lane::Letters, late, 10));
    let seen = *sights.iter().find(|h| h.of == first.of).expect("it is held");
    ok!(scene.store.give_back(&first));
    assert_eq!(ok!(scene.store.take_over(living, &seen)), None, "nobody holds it");
    scene.take(dead, WakeOf::Delivery(again), late).await.expect("it has come");
    assert_eq!(ok!(scene.store.take_over(living, &seen)), None, "another fence");
}

/// What is given back is taken again at its time, unchanged; twice, or by another, is nothing.
pub async fn give_back(scene: &Scene<'_>) {
    let (author, one, other) = (scene.author().await, scene.boot_id(), scene.boot_id());
    let delivery = resting(scene, &author, 0).await;
    let late = now(7 * HOUR);
    let before = scene.view(delivery).await;
    let taken = ok!(scene.store.take(one, Lane::Letters, late, 10))[0];
    ok!(scene.store.give_back(&taken));
    ok!(scene.store.give_back(&taken));
    assert_eq!(scene.view(delivery).await, before);
    assert!(!scene.has_come(taken.of, now(6 * HOUR - 1)).await);
    let again = scene.take(other, taken.of, now(6 * HOUR)).await.expect("it has come");
    assert!(again.fence > taken.fence);
    ok!(scene.store.give_back(&taken));
    ok!(scene.store.give_back(&Taken { boot: one, ..again }));
    assert_eq!(ok!(scene.store.take(one, Lane::Letters, late, 10)), [], "the other still holds it");
    ok!(scene.store.give_back(&Taken { of: WakeOf::Message(scene.message_id()), ..again }));
}

/// The earliest of each clock in each lane, of those that nobody holds.
pub async fn next_wakes(scene: &Scene<'_>) {
    let (author, boot) = (scene.author().await, scene.boot_id());
    assert_eq!(ok!(scene.store.next_wakes(Lane::Letters)), NextWakes::default());
    let mut ids = Vec::new();
    for at in [30, 10, 20] {
        ids.push(resting(scene, &author, at).await);
    }
    let next = ok!(scene.store.next_wakes(Lane::Letters));
    assert_eq!(next, NextWakes { trusted: Some(trusted(6 * HOUR + 10)), observed: None });
    wakes_at(scene, &author, ids[1], Wake::Observed(observed(500))).await;
    wakes_at(scene, &author, ids[0], Wake::Observed(observed(400))).await;
    let next = ok!(scene.store.next_wakes(Lane::Letters));
    let both = NextWakes { trusted: Some(trusted(6 * HOUR + 20)), observed: Some(observed(400)) };
    assert_eq!(next, both);
    let taken = ok!(scene.store.take(boot, Lane::Letters, now(450), 10));
    assert_eq!(of(&taken), [WakeOf::Delivery(ids[0])]);
    let next = ok!(scene.store.next_wakes(Lane::Letters));
    assert_eq!(next, NextWakes { observed: Some(observed(500)), ..both });
    assert_eq!(ok!(scene.store.next_wakes(Lane::Codes)), NextWakes::default());
    ok!(scene.store.give_back(&taken[0]));
    assert_eq!(ok!(scene.store.next_wakes(Lane::Letters)), both);
}

/// A delivery with its addresses in their order, and the knocks of its series.
pub async fn delivery(scene: &Scene<'_>) {
    let author = scene.author().await;
    assert!(ok!(scene.store.delivery(scene.delivery_id())).is_none());
    let (person, addresses) = scene.person(&author, &[scene.keyed(), scene.keyed()]).await;
    let letter = scene.sealed(&author, person, now(0)).await;
    let promised = letter.delivery.expect("a promise");
    let view = scene.view(promised.id).await;
    assert_eq!(view.delivery, promised);
    assert!(view.pair.addresses.iter().all(|a| a.good && a.refused.is_empty()));
    assert_eq!(view.pair.addresses.iter().map(|a| a.id).collect::<Vec<_>>(), addresses);
    assert!(view.pair.knocks.is_empty() && view.pair.last_accepted.is_none());
    // The first address dies, the second takes the knock.
    scene.turn(now(9 * HOUR), Answer::Refused).await;
    let third = scene.address(scene.keyed());
    ok!(scene.store.add_address(&author, person, third.clone(), now(10 * HOUR)));
    scene.turn(now(10 * HOUR), Answer::Accepted).await;
    let pair = scene.view(promised.id).await.pair;
    assert_eq!(pair.addresses.iter().map(|a| a.good).collect::<Vec<_>>(), [false, false, true]);
    let mut knocks: Vec<_> = pair.knocks.iter().map(|k| (k.address, k.state)).collect();
    // Oldest first; two were written at the same moment.
    knocks[..2].sort_by_key(|(address, _)| *address != Some(addresses[0]));
    let expected = [
        (Some(addresses[0]), MessageState::Refused),
        (Some(addresses[1]), MessageState::Refused),
        (Some(third.id), MessageState::Accepted),
    ];
    assert_eq!(knocks, expected);
    assert_eq!(pair.last_accepted, Some(observed(10 * HOUR)));
}

/// State, moment, wake and knock in one; only under the fence and the rev that were read; each knock once.
pub async fn decided(scene: &Scene<'_>) {
    let (author, boot, other) = (scene.author().await, scene.boot_id(), scene.boot_id());
    let (person, addresses) = scene.person(&author, &[scene.keyed(), scene.keyed()]).await;
    let id = scene.sealed(&author, person, now(0)).await.delivery.expect("a promise").id;
    let late = now(9 * HOUR);
    let taken = scene.take(boot, WakeOf::Delivery(id), late).await.expect("it has come");
    let (read, decision) = scene.decision(id, late).await;
    assert_eq!(decision.knock, Some(NewKnock { address: addresses[0], nth: 1, foreseen: true }));
    let (message, link) = (scene.message_id(), scene.keyed());
    let knock = Some((message, link));
    // Not without the fence, the hand, the rev, the knock.
    for wrong in [
        Taken { fence: taken.fence + 1, ..taken },
        Taken { boot: other, ..taken },
        Taken { of: WakeOf::Delivery(scene.delivery_id()), ..taken },
    ] {
        conflict!(scene.store.decided(&wrong, &read, &decision, knock, late));
    }
    let stale = Delivery { rev: read.rev - 1, ..read.clone() };
    conflict!(scene.store.decided(&taken, &stale, &decision, knock, late));
    conflict!(scene.store.decided(&taken, &read, &decision, None, late));
    assert_eq!(scene.view(id).await.delivery, read);
    assert_eq!(ok!(scene.store.message(message)), None);

    let meant = trusted(9 * HOUR - 1);
    let decision = Decision { due: Some(meant), tzdb: "2031b".into(), ..decision };
    ok!(scene.store.decided(&taken, &read, &decision, knock, late));
    let stored = scene.view(id).await.delivery;
    let expected = Delivery {
        state: State::Sending,
        due: Some(meant),
        tzdb: "2031b".into(),
        rev: stored.rev,
        ..read.clone()
    };
    assert_eq!(stored, expected);
    assert!(stored.rev > read.rev);
    conflict!(scene.store.decided(&taken, &stored, &decision, knock, late));
    let row = scene.row(message).await;
    assert_eq!((row.kind, row.subject, row.nth), (Kind::Knock, Subject::Person(person), 1));
    assert_eq!((row.address, row.state, row.tries), (Some(addresses[0]), MessageState::Waiting, 0));
    assert_eq!((row.since, row.date, row.expires), (observed(9 * HOUR), None, None));
    assert!(row.foreseen);
    assert!(ok!(scene.store.knock(link)).is_some_and(|k| k.message == message && k.waits));
    // The message wakes at once; the delivery was given back and looks again in a day of service.
    assert!(scene.has_come(WakeOf::Message(message), late).await);
    assert!(!scene.has_come(WakeOf::Delivery(id), now(33 * HOUR - 1)).await);
    assert!(scene.has_come(WakeOf::Delivery(id), now(33 * HOUR)).await);

    // Another letter to this person wants the same knock: there is one.
    let second = scene.sealed(&author, person, now(0)).await.delivery.expect("a promise").id;
    let taken = scene.take(boot, WakeOf::Delivery(second), late).await.expect("it has come");
    let read = scene.view(second).await.delivery;
    let twice = Decision { knock: decision.knock, ..decision.clone() };
    let next = || Some((scene.message_id(), scene.keyed()));
    conflict!(scene.store.decided(&taken, &read, &twice, next(), late));
    assert_eq!(scene.view(second).await.delivery, read);
    // At another address, or the next of the series, it is another one. Its name and its link are its own.
    let elsewhere = Decision {
        knock: Some(NewKnock { address: addresses[1], nth: 1, foreseen: true }),
        ..decision.clone()
    };
    conflict!(scene.store.decided(&taken, &read, &elsewhere, Some((message, scene.keyed())), late));
    conflict!(scene.store.decided(&taken, &read, &elsewhere, Some((scene.message_id(), link)), late));
    ok!(scene.store.decided(&taken, &read, &elsewhere, next(), late));
    assert_eq!(scene.view(second).await.pair.knocks.len(), 2);

    // An end has no wake; without a knock the id is not used; unreachable is a fact.
    let third = resting(scene, &author, 0).await;
    let taken = scene.take(boot, WakeOf::Delivery(third), late).await.expect("it has come");
    let read = scene.view(third).await.delivery;
    let unused = next().expect("some");
    let end = Decision { state: State::Unreachable, wake: None, knock: None, ..decision.clone() };
    let before = scene.facts().len();
    ok!(scene.store.decided(&taken, &read, &end, Some(unused), late));
    assert_eq!(scene.facts()[before..], [Fact::Unreachable { delivery: third }]);
    assert_eq!(ok!(scene.store.message(unused.0)), None);
    assert_eq!(ok!(scene.store.knock(unused.1)), None);
    assert!(!scene.has_come(WakeOf::Delivery(third), now(9_000 * DAY)).await);

    // Every state is read as it was written.
    let day = jiff::civil::date(2040, 2, 29);
    let mut states = vec![State::Waiting, State::Due, State::Knocked(13), State::Askable, State::Later(day)];
    for why in [
        Parked::RuleUnknown,
        Parked::WrongBinding,
        Parked::Damaged,
        Parked::ZoneUnknown,
        Parked::ByHost,
        Parked::Unforeseen,
    ] {
        states.extend([State::Parked { why, left: true }, State::Parked { why, left: false }]);
    }
    states.extend([State::Opened, State::Refused, State::Unanswered]);
    let before = scene.facts().len();
    for state in states {
        let id = resting(scene, &author, 0).await;
        let taken = scene.take(boot, WakeOf::Delivery(id), late).await.expect("it has come");
        let read = scene.view(id).await.delivery;
        let none = Decision { state, knock: None, due: None, ..decision.clone() };
        ok!(scene.store.decided(&taken, &read, &none, None, late));
        let stored = scene.view(id).await.delivery;
        assert_eq!((stored.state, stored.due), (state, None));
    }
    let sealings = scene.facts()[before..]
        .iter()
        .filter(|f| !matches!(f, Fact::Sealed { .. } | Fact::AddressGiven { .. }))
        .count();
    assert_eq!(sealings, 0, "no other decision is a fact");
}

/// Each delivery is counted once, by the word of its state.
pub async fn counts(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.counts()), []);
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let undone = scene.sealed(&author, person, now(0)).await.delivery.expect("a promise");
    let granted = unsaid_delivery::accept::undo(&undone, now(1)).expect("it rests");
    ok!(scene.store.commit_author(&author, &undone, &granted, now(1)));
    scene.arrived(&author, person, 0).await;
    scene.arrived(&author, person, 0).await;
    scene.sealed(&author, person, now(DAY)).await;
    let gone = scene.arrived(&author, scene.person(&author, &[scene.keyed()]).await.0, 0).await;
    super::readers::withdraw_it(scene, &author, &gone, DAY).await;
    let expected = [("knocked", 1), ("resting", 1), ("sending", 1), ("withdrawn", 2)];
    assert_eq!(ok!(scene.store.counts()), expected.map(|(name, count)| (name.to_owned(), count)));
}
