//! What stands in the way of the whole house: set, taken back, and asked about before a message begins.

use super::ok;
use super::sending::{LATE, code, started, written};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::hold::Hold;
use unsaid_delivery::message::MessageState;
use unsaid_delivery::record::{self, Answer};

/// Each reason stands for itself; standing again begins no new time.
pub async fn hold(scene: &Scene<'_>) {
    assert!(ok!(scene.store.hold(Hold::ByHost, now(10))));
    assert!(ok!(scene.store.hold(Hold::NotAdopted, now(20))));
    assert!(!ok!(scene.store.hold(Hold::ByHost, now(30))), "it stands already");
    let standing = [
        Standing { what: Hold::NotAdopted, since: trusted(20) },
        Standing { what: Hold::ByHost, since: trusted(10) },
    ];
    assert_eq!(ok!(scene.store.holds()), standing);
}

/// Taking one back leaves the others.
pub async fn unhold(scene: &Scene<'_>) {
    assert!(!ok!(scene.store.unhold(Hold::ByHost)), "nothing stands");
    for what in Hold::ALL {
        ok!(scene.store.hold(what, now(1)));
    }
    assert!(ok!(scene.store.unhold(Hold::AnotherHouse)));
    assert!(!ok!(scene.store.unhold(Hold::AnotherHouse)));
    let left: Vec<Hold> = ok!(scene.store.holds()).into_iter().map(|one| one.what).collect();
    assert_eq!(left.len(), Hold::ALL.len() - 1);
    assert!(!left.contains(&Hold::AnotherHouse));
}

/// Read with the question before DATA: a knock waits and nothing of it changes, a code goes, what has begun ends, and afterwards everything goes on where it was.
pub async fn holds(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.holds()), []);
    let (waits, began) = (written(scene).await, written(scene).await);
    let row = started(scene, &began, LATE).await;
    ok!(scene.store.hold(Hold::ByHost, now(LATE)));

    let answer = ok!(scene.store.start(&waits.taken, &waits.message, trusted(LATE), now(LATE)));
    assert_eq!(answer, StartAnswer::Held);
    assert_eq!(scene.row(waits.message.id).await, waits.message);
    let group = [Starting { taken: waits.taken, message: waits.message.clone(), date: trusted(LATE) }];
    let answers = scene.store.start_many(&group, now(LATE)).await;
    assert!(matches!(answers[..], [Ok(StartAnswer::Held)]), "{answers:?}");

    let (taken, message) = code(scene, scene.keyed(), None).await;
    let answer = ok!(scene.store.start(&taken, &message, trusted(1), now(1)));
    assert!(matches!(answer, StartAnswer::Started(_)), "{answer:?}");

    assert!(ok!(scene.store.still_allowed(&began.taken, &row, now(LATE))), "what has begun ends");
    let recorded = record::answered(&row, Answer::Accepted, now(LATE));
    ok!(scene.store.recorded(&began.taken, &row, &recorded, now(LATE)));
    assert_eq!(scene.row(row.id).await.state, MessageState::Accepted);

    ok!(scene.store.unhold(Hold::ByHost));
    started(scene, &waits, LATE + HOUR).await;
}

/// Messages alone, in their order; what else has come is left for whoever may take it.
pub async fn take_messages(scene: &Scene<'_>) {
    let waits = written(scene).await;
    ok!(scene.store.give_back(&waits.taken));
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let delivery = scene.sealed(&author, person, now(0)).await.delivery.expect("a promise").id;
    let (boot, at) = (scene.boot_id(), now(LATE));
    assert_eq!(ok!(scene.store.take_messages(boot, Lane::Codes, at, 9)), []);
    assert_eq!(ok!(scene.store.take_messages(boot, Lane::Letters, at, 0)), []);
    let taken = ok!(scene.store.take_messages(boot, Lane::Letters, at, 9));
    let of: Vec<WakeOf> = taken.iter().map(|one| one.of).collect();
    assert_eq!(of, [WakeOf::Message(waits.message.id)]);
    assert_eq!(taken[0].fence, waits.taken.fence + 1);
    assert_eq!(ok!(scene.store.take_messages(boot, Lane::Letters, at, 9)), []);
    let rest = ok!(scene.store.take(boot, Lane::Letters, at, 9));
    assert!(rest.iter().any(|one| one.of == WakeOf::Delivery(delivery)), "{rest:?}");
}
