//! What is remembered of a letter's way.

use super::lives::{arm, for_her_end};
use super::{missing, ok};
use crate::conformance::scene::*;
use crate::notes::{Note, Noted};
use unsaid_delivery::clock::Mark;
use unsaid_delivery::life::Plan;
use unsaid_delivery::parking;

async fn time_is(scene: &Scene<'_>, at: i64) {
    let mark = Mark { trusted: trusted(at), observed: observed(at) };
    ok!(scene.store.beat(scene.boot_id(), mark));
}

/// What facts leave behind, the newest first; of her life only where it waits for her end, and of whom it is for only what came after it was sealed.
pub async fn history(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    time_is(scene, 0).await;
    arm(scene, author.account(), Plan::default(), now(0)).await;
    let (person, first) = scene.person(&author, &[scene.keyed()]).await;
    time_is(scene, 10).await;
    let letter = ok!(scene.store.seal(&author, scene.ready_to_seal(&author, person, now(10)).await, now(10)));
    assert_eq!(ok!(scene.store.history(&author, letter.id)), []);
    missing!(scene.store.history(&stranger, letter.id));
    let gone = for_her_end(scene, &author).await;
    let chosen = Note { at: trusted(0), what: Noted::PlanChosen };
    assert_eq!(ok!(scene.store.history(&author, gone.id)).last(), Some(&chosen));

    time_is(scene, DAY).await;
    let delivery = letter.delivery.expect("a promise");
    let held = parking::park(&delivery).expect("it waits");
    ok!(scene.store.commit_parking(&delivery, &held, None, now(DAY)));
    time_is(scene, 2 * DAY).await;
    let delivery = ok!(scene.store.letter(&author, letter.id)).delivery.expect("a promise");
    let (goes_on, forecast) = parking::release(&delivery, now(2 * DAY)).expect("it is held");
    ok!(scene.store.commit_parking(&delivery, &goes_on, forecast, now(2 * DAY)));
    time_is(scene, 3 * DAY).await;
    ok!(scene.store.remove_address(&author, person, first[0], now(3 * DAY)));
    let note = |days: i64, what| Note { at: trusted(days * DAY), what };
    let expected = [note(3, Noted::AddressRemoved), note(2, Noted::LetGo), note(1, Noted::HeldByHost)];
    assert_eq!(ok!(scene.store.history(&author, letter.id)), expected);
    assert!(
        !ok!(scene.store.history(&author, gone.id)).iter().any(|note| note.what == Noted::HeldByHost),
        "what happened to another letter"
    );
}
