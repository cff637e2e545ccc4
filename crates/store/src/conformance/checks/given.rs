//! What keepers give beside their word: a newer address of their own, and one of somebody whom letters cannot reach; and what they may be told of that person.

use super::lives::{let_go, view, with_keepers};
use super::{missing, ok};
use crate::conformance::scene::*;
use crate::lives::*;
use crate::rows::*;
use unsaid_delivery::Fact;
use unsaid_delivery::id::{KeeperId, PersonId};
use unsaid_delivery::message::{Kind, Notice, Says, Subject};
use unsaid_delivery::record::Answer;
use unsaid_delivery::rule::{Gate, Rule};
use unsaid_delivery::state::State;

const DAY: i64 = 24 * HOUR;

/// Another address of theirs, told to her; one who was removed gives none.
pub async fn keeper_moves(scene: &Scene<'_>) {
    let (author, keepers) = with_keepers(scene, 2).await;
    let (address, told) = (scene.sealed_text(), scene.message_id());
    ok!(scene.store.keeper_moves(keepers[0], address.clone(), told, now(5)));
    let fact = Fact::KeeperMoved { keeper: keepers[0], address: address.0.clone() };
    assert_eq!(scene.facts().last(), Some(&fact));
    let rows = ok!(scene.store.keepers(author.account()));
    assert_eq!((rows[0].address.clone(), rows[0].heard), (Some(address), Some(now(5).trusted)));
    assert_eq!((rows[1].heard, rows[1].said), (None, None));
    let sent = scene.turn(now(6), Answer::Accepted).await;
    assert!(sent.iter().any(|m| m.id == told && m.kind == Kind::Notice(Notice::KeeperMoved)), "{sent:?}");
    ok!(scene.store.remove_keeper(&author, keepers[0], now(7)));
    missing!(scene.store.keeper_moves(keepers[0], scene.sealed_text(), scene.message_id(), now(8)));
    missing!(scene.store.keeper_moves(KeeperId([3; 16]), scene.sealed_text(), scene.message_id(), now(8)));
}

/// Hers alone; the newest stands, and nothing is a choice, too.
pub async fn tell_of_person(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[]).await;
    for name in [Some(scene.sealed_text()), Some(scene.sealed_text()), None] {
        ok!(scene.store.tell_of_person(&author, person, name.clone()));
        assert_eq!(ok!(scene.store.told_of_person(&author, person)), name);
        let text = name.map(|name| name.0).unwrap_or_default();
        assert_eq!(scene.facts().last(), Some(&Fact::PersonTold { person, name: text }));
    }
    missing!(scene.store.tell_of_person(&stranger, person, None));
    missing!(scene.store.tell_of_person(&author, PersonId([1; 16]), None));
}

/// As it was told, to her.
pub async fn told_of_person(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[]).await;
    assert_eq!(ok!(scene.store.told_of_person(&author, person)), None);
    missing!(scene.store.told_of_person(&stranger, person));
}

/// A letter that waited for her end can be brought nowhere: the author, her keepers, whom it is for.
async fn nowhere(scene: &Scene<'_>) -> (Author, Vec<KeeperId>, Letter, PersonId) {
    let (author, keepers) = with_keepers(scene, 3).await;
    let (person, _) = scene.person(&author, &[]).await;
    let mut seal = scene.ready_to_seal(&author, person, now(0)).await;
    if let Some(promise) = &mut seal.promise {
        promise.rule = Rule { gate: Gate::Gone, ..promise.rule.clone() };
    }
    let letter = ok!(scene.store.seal(&author, seal, now(0)));
    // Of somebody whose name they may not be told nobody is asked: they could only guess.
    let (other, _) = scene.person(&author, &[]).await;
    let mut seal = scene.ready_to_seal(&author, other, now(0)).await;
    if let Some(promise) = &mut seal.promise {
        promise.rule = Rule { gate: Gate::Gone, ..promise.rule.clone() };
    }
    ok!(scene.store.seal(&author, seal, now(0)));
    ok!(scene.store.tell_of_person(&author, person, Some(scene.sealed_text())));
    assert_eq!(ok!(scene.store.lost_persons(keepers[0])), [], "she lives");
    let_go(scene, author.account(), now(40 * DAY)).await;
    (author, keepers, letter, person)
}

/// Once she was let go, to her keepers who stand, with the name that she lets them be told; they are asked at once.
pub async fn lost_persons(scene: &Scene<'_>) {
    let (author, keepers, letter, person) = nowhere(scene).await;
    let name = scene.sealed_text();
    ok!(scene.store.tell_of_person(&author, person, Some(name.clone())));
    let sent = scene.turn(now(41 * DAY), Answer::Accepted).await;
    let delivery = letter.delivery.expect("a promise").id;
    assert_eq!(scene.view(delivery).await.delivery.state, State::Unreachable);
    let asked = |m: &&unsaid_delivery::Message| matches!((m.kind, m.subject), (Kind::Ladder(l), Subject::Keeper(_)) if l.says == Says::AddressAsked);
    assert_eq!(sent.iter().filter(asked).count(), 3, "{sent:?}");
    assert_eq!(view(scene, author.account()).await.facts.lost, 1);
    let lost = LostPerson { person, told: name, given: None };
    for keeper in &keepers {
        assert_eq!(ok!(scene.store.lost_persons(*keeper)), std::slice::from_ref(&lost));
    }
    ok!(scene.store.remove_keeper(&author, keepers[2], now(42 * DAY)));
    assert_eq!(ok!(scene.store.lost_persons(keepers[2])), []);
    assert_eq!(ok!(scene.store.lost_persons(KeeperId([1; 16]))), []);
}

/// Two of three give the same: it counts, goes there, and she is told. One alone, two who differ, and the same one twice are noted.
pub async fn offer_address(scene: &Scene<'_>) {
    let (author, keepers, letter, person) = nowhere(scene).await;
    scene.turn(now(41 * DAY), Answer::Accepted).await;
    let (key, other) = (scene.keyed(), scene.keyed());
    let at = now(42 * DAY);
    let told = scene.message_id();
    let noted = |keeper: usize, address: NewAddress| {
        scene.store.offer_address(keepers[keeper], person, address, told, at)
    };
    let first = scene.address(key);
    assert_eq!(ok!(noted(0, first.clone())), Offered::Noted);
    let offered = Fact::AddressOffered {
        person,
        keeper: keepers[0],
        address: first.id,
        sealed: first.sealed.0.clone(),
        key: key.0,
    };
    assert_eq!(scene.facts().last(), Some(&offered));
    let given = ok!(scene.store.lost_persons(keepers[0])).remove(0).given;
    assert_eq!(given, Some((first.id, first.sealed)));
    assert_eq!(ok!(scene.store.lost_persons(keepers[1])).remove(0).given, None, "nobody sees another’s");
    assert_eq!(ok!(noted(0, scene.address(key))), Offered::Noted, "twice is once");
    assert_eq!(ok!(noted(1, scene.address(other))), Offered::Noted);
    assert_eq!(ok!(noted(1, scene.address(scene.keyed()))), Offered::Noted);
    let nobody = scene.person_id();
    missing!(scene.store.offer_address(keepers[2], nobody, scene.address(key), told, at));
    let last = scene.address(key);
    assert_eq!(ok!(noted(2, last.clone())), Offered::Counts);
    let delivery = letter.delivery.expect("a promise").id;
    assert_eq!(scene.view(delivery).await.delivery.state, State::Sending);
    let hers = ok!(scene.store.persons(&author));
    let hers = hers.iter().find(|p| p.id == person).expect("a person");
    assert_eq!(hers.addresses.iter().map(|a| a.id).collect::<Vec<_>>(), [last.id]);
    let sent = scene.turn(now(42 * DAY + HOUR), Answer::Accepted).await;
    assert!(sent.iter().any(|m| m.kind == Kind::Knock && m.address == Some(last.id)), "{sent:?}");
    assert!(sent.iter().any(|m| m.kind == Kind::Notice(Notice::KeeperGaveAddress)), "{sent:?}");
    missing!(scene.store.offer_address(keepers[0], person, scene.address(key), scene.message_id(), at));
}
