//! Whole stories that go through several methods, for the rules that no single one holds.

use super::readers::{open_it, withdraw_it};
use super::{conflict, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::accept::{self, Granted};
use unsaid_delivery::clock::Now;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::message::MessageState;
use unsaid_delivery::record::Answer;
use unsaid_delivery::state::{Rest, State, Wake};

/// Three knocks at their pauses; an opening begins a new series, so that the next letter knocks on its own day, once, as a first.
pub async fn a_letter_arrives_and_the_next_series_begins(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let letter = scene.sealed(&author, person, now(0)).await;
    let delivery = letter.delivery.clone().expect("a promise").id;
    let mut knocks = Vec::new();
    for day in 0..70 {
        for message in scene.turn(now(day * DAY + 9 * HOUR), Answer::Accepted).await {
            knocks.push((day, message.nth));
        }
    }
    assert_eq!(knocks, [(0, 1), (14, 2), (60, 3)]);
    let view = scene.view(delivery).await;
    assert_eq!((view.delivery.state, view.pair.knocks.len()), (State::Knocked(3), 3));
    let message = view.pair.knocks[1].id;
    let reader = scene.reader(message).await;
    open_it(scene, &Arrived { letter, delivery, message, reader }, 70 * DAY).await;
    assert_eq!(scene.turn(now(500 * DAY), Answer::Accepted).await, []);
    let next = scene.sealed(&author, person, now(500 * DAY)).await.delivery.expect("a promise").id;
    let sent = scene.turn(now(501 * DAY), Answer::Accepted).await;
    assert_eq!(sent.iter().map(|m| m.nth).collect::<Vec<_>>(), [1]);
    let pair = scene.view(next).await.pair;
    assert_eq!(pair.knocks.iter().map(|k| k.id).collect::<Vec<_>>(), [sent[0].id]);
    assert_eq!(pair.last_accepted, Some(observed(501 * DAY)));
    assert!(
        ok!(scene.store.knock(link_of(message))).is_some_and(|k| k.waits),
        "the old link still leads here"
    );
}

/// A knock that was dropped because its letter was taken back does not stand in the way of the next letter's.
pub async fn a_dropped_knock_leaves_room_for_the_next(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, addresses) = scene.person(&author, &[scene.keyed()]).await;
    let letter = scene.sealed(&author, person, now(0)).await;
    let delivery = letter.delivery.clone().expect("a promise").id;
    let tried = scene.turn(now(9 * HOUR), Answer::Later).await;
    let message = tried[0].id;
    let reader = scene.reader(message).await;
    withdraw_it(scene, &author, &Arrived { letter, delivery, message, reader }, 10 * HOUR).await;
    assert_eq!(scene.turn(now(10 * HOUR), Answer::Accepted).await, []);
    assert_eq!(scene.row(message).await.state, MessageState::Dropped);
    let next = scene.sealed(&author, person, now(10 * HOUR)).await.delivery.expect("a promise").id;
    let sent = scene.turn(now(20 * HOUR), Answer::Accepted).await;
    assert_eq!(sent.iter().map(|m| (m.nth, m.address)).collect::<Vec<_>>(), [(1, Some(addresses[0]))]);
    assert_ne!(sent[0].id, message);
    assert_eq!(scene.view(next).await.delivery.state, State::Knocked(1));
}

/// However finely an instant was given and however coarsely it is kept: nothing is taken before it, nothing reads as earlier.
pub async fn what_was_promised_never_wakes_early(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    for nanos in [1, 499, 500, 999, 1_000, 1_001, 999_999_999] {
        let nano = |n: i64| jiff::SignedDuration::from_nanos(n);
        let until = trusted(6 * HOUR) + nano(nanos);
        let seal = scene.ready_to_seal(&author, person, now(0)).await;
        let mut promise = scene.promise(person, now(0));
        promise.rest = Rest { until, ..promise.rest };
        promise.due = until;
        let sealed = ok!(scene.store.seal(&author, Seal { promise: Some(promise), ..seal }, now(0)));
        let id = sealed.delivery.expect("a promise").id;
        let before = Now { trusted: until - nano(1), observed: observed(9 * HOUR) };
        let after = Now { trusted: until + nano(1_000_000), observed: observed(9 * HOUR) };
        assert!(!scene.has_come(WakeOf::Delivery(id), before).await, "{nanos}");
        assert!(scene.has_come(WakeOf::Delivery(id), after).await, "{nanos}");
        let read = scene.view(id).await.delivery;
        assert!(read.rest.until >= until && read.due.is_some_and(|due| due >= until), "{nanos}");
        assert!(!read.rest.has_ended(before), "{nanos}");
        // Moved by a decision, it is as careful.
        let wake = Some(Wake::Trusted(until + nano(7)));
        let fact = Fact::Undone { letter: read.letter };
        let granted = Granted { state: State::Waiting, wake, fact, why: "a test" };
        ok!(scene.store.commit_author(&author, &read, &granted, now(0)));
        let before = Now { trusted: until + nano(6), ..before };
        assert!(!scene.has_come(WakeOf::Delivery(id), before).await, "{nanos}");
        let next = ok!(scene.store.next_wakes(Lane::Letters)).trusted.expect("a wake");
        assert!(next >= trusted(6 * HOUR) + nano(8), "{nanos}: the loop would sleep too little and spin");
    }
}

/// Reader, author and worker read the same row and commit: the first one wins, the others are told to look again.
pub async fn of_two_who_commit_one_is_told(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    for first in ["reader", "author", "worker"] {
        let arrived = scene.arrived(&author, person, 0).await;
        let at = now(20 * DAY);
        let of = WakeOf::Delivery(arrived.delivery);
        let taken = scene.take(scene.boot_id(), of, at).await.expect("it has come");
        let (read, decision) = scene.decision(arrived.delivery, at).await;
        let open = accept::open(&read).expect("it waits").expect("not opened before");
        let withdraw = accept::withdraw(&read).expect("always accepted");
        let id = scene.message_id();
        let knock = || Some((id, link_of(id)));
        match first {
            "reader" => ok!(scene.store.open(&arrived.reader, &read, &open, at)),
            "author" => {
                ok!(scene.store.commit_author(&author, &read, &withdraw, at));
            }
            _ => ok!(scene.store.decided(&taken, &read, &decision, knock(), at)),
        }
        let facts = scene.facts().len();
        let stored = scene.view(arrived.delivery).await.delivery;
        if first != "reader" {
            assert!(scene.store.open(&arrived.reader, &read, &open, at).await.is_err(), "{first}");
        }
        if first != "author" {
            conflict!(scene.store.commit_author(&author, &read, &withdraw, at));
        }
        if first != "worker" {
            conflict!(scene.store.decided(&taken, &read, &decision, knock(), at));
            ok!(scene.store.give_back(&taken));
        }
        assert_eq!(scene.view(arrived.delivery).await.delivery, stored, "{first}");
        assert_eq!(scene.facts().len(), facts, "{first}");
        // Leaves an opened letter behind, so that the next one knocks anew.
        if first != "reader" {
            let again = scene.arrived(&author, person, 20 * DAY).await;
            open_it(scene, &again, 30 * DAY).await;
        }
    }
}
