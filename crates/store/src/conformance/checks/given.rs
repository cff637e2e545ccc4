//! What keepers give beside their word: a newer address of their own, and one of somebody whom letters cannot reach; and what they may be told of that person.

use super::lives::{asking, let_go, view, with_keepers};
use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::lives::*;
use crate::rows::*;
use unsaid_delivery::Fact;
use unsaid_delivery::id::{AddressId, KeeperId, PersonId};
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
    let lost = LostPerson { person, told: name, given: None, unreachable: true };
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

/// Something waits for her end and for somebody who can be reached, and her three keepers are asked how she is: whom it is for, and at which address.
async fn asked_of(scene: &Scene<'_>) -> (Author, Vec<KeeperId>, Letter, PersonId, AddressId) {
    let (author, keepers) = with_keepers(scene, 3).await;
    let (person, addresses) = scene.person(&author, &[scene.keyed()]).await;
    let mut seal = scene.ready_to_seal(&author, person, now(0)).await;
    if let Some(promise) = &mut seal.promise {
        promise.rule = Rule { gate: Gate::Gone, ..promise.rule.clone() };
    }
    let letter = ok!(scene.store.seal(&author, seal, now(0)));
    let name = scene.sealed_text();
    ok!(scene.store.tell_of_person(&author, person, Some(name.clone())));
    // The rest after sealing is over, and it waits.
    scene.turn(now(10 * DAY), Answer::Accepted).await;
    assert_eq!(ok!(scene.store.lost_persons(keepers[0])), [], "nobody asks");
    missing!(scene.store.offer_address(
        keepers[0],
        person,
        scene.address(scene.keyed()),
        scene.message_id(),
        now(10 * DAY)
    ));
    asking(scene, author.account(), now(11 * DAY)).await;
    let known = LostPerson { person, told: name, given: None, unreachable: false };
    assert_eq!(ok!(scene.store.lost_persons(keepers[0])), [known]);
    (author, keepers, letter, person, addresses[0])
}

async fn addresses_of(scene: &Scene<'_>, author: &Author, person: PersonId) -> Vec<AddressId> {
    let hers = ok!(scene.store.persons(author));
    let one = hers.into_iter().find(|p| p.id == person).expect("a person");
    one.addresses.into_iter().map(|address| address.id).collect()
}

/// While she is asked after, what keepers know does not count, however many give the same: she is told of each once, and sees them.
pub async fn offered_addresses(scene: &Scene<'_>) {
    let (author, keepers, _, person, old) = asked_of(scene).await;
    let at = now(12 * DAY);
    let key = scene.keyed();
    let (first, second) = (scene.address(key), scene.address(key));
    let told = [scene.message_id(), scene.message_id(), scene.message_id()];
    let offer = |keeper: usize, address: &NewAddress, told| {
        scene.store.offer_address(keepers[keeper], person, address.clone(), told, at)
    };
    assert_eq!(ok!(offer(0, &first, told[0])), Offered::Noted);
    assert_eq!(ok!(offer(0, &first, told[1])), Offered::Noted, "the same again");
    assert_eq!(ok!(offer(1, &second, told[2])), Offered::Noted);
    let (keeper, address) = (keepers[0], first.id);
    let offers = ok!(scene.store.offered_addresses(&author, person));
    assert_eq!(offers[0], OfferedAddress { person, keeper, address, sealed: first.sealed });
    assert_eq!(offers.iter().map(|offer| offer.keeper).collect::<Vec<_>>(), keepers[..2]);
    assert_eq!(addresses_of(scene, &author, person).await, [old]);
    let sent = scene.turn(now(12 * DAY + HOUR), Answer::Accepted).await;
    let knows = |m: &&unsaid_delivery::Message| m.kind == Kind::Notice(Notice::KeeperKnowsAddress);
    let ids: Vec<_> = sent.iter().filter(knows).map(|m| m.id).collect();
    assert_eq!(ids.len(), 2, "{sent:?}");
    assert!(ids.contains(&told[0]) && ids.contains(&told[2]));
    // What she has already is no news, for her or for them.
    let stranger = scene.author().await;
    missing!(scene.store.offered_addresses(&stranger, person));
    ok!(scene.store.remove_keeper(&author, keepers[1], at));
    assert_eq!(ok!(scene.store.offered_addresses(&author, person)).len(), 1, "of those who stand");
}

/// She takes it, and it is tried first; or she does not, and it counts no more.
pub async fn answer_offer(scene: &Scene<'_>) {
    let (author, keepers, _, person, old) = asked_of(scene).await;
    let at = now(12 * DAY);
    let (key, wrong) = (scene.keyed(), scene.keyed());
    let given = [scene.address(key), scene.address(key), scene.address(wrong)];
    for (keeper, address) in keepers.iter().zip(&given) {
        ok!(scene.store.offer_address(*keeper, person, address.clone(), scene.message_id(), at));
    }
    let stranger = scene.author().await;
    missing!(scene.store.answer_offer(&stranger, person, given[0].id, true, at));
    missing!(scene.store.answer_offer(&author, person, old, true, at));
    ok!(scene.store.answer_offer(&author, person, given[2].id, false, at));
    let declined = Fact::AddressDeclined { person, keeper: keepers[2], address: given[2].id };
    assert_eq!(scene.facts().last(), Some(&declined));
    missing!(scene.store.answer_offer(&author, person, given[2].id, true, at));
    ok!(scene.store.answer_offer(&author, person, given[1].id, true, at));
    assert!(
        matches!(scene.facts().last(), Some(Fact::AddressGiven { address, .. }) if *address == given[1].id)
    );
    assert_eq!(addresses_of(scene, &author, person).await, [given[1].id, old]);
    assert_eq!(ok!(scene.store.offered_addresses(&author, person)), [], "both had given it");
    // Five are enough, and what was offered stays where it is.
    for _ in 0..3 {
        ok!(scene.store.add_address(&author, person, scene.address(scene.keyed()), at));
    }
    let more = scene.address(scene.keyed());
    ok!(scene.store.offer_address(keepers[0], person, more.clone(), scene.message_id(), at));
    conflict!(scene.store.answer_offer(&author, person, more.id, true, at));
    assert_eq!(ok!(scene.store.offered_addresses(&author, person)).len(), 1);
}

/// She did not answer any more. What two of three had given is where it goes, and the address before is told, once; what one alone had given is not.
pub async fn what_keepers_agree_on_counts_when_she_is_let_go(scene: &Scene<'_>) {
    for agree in [false, true] {
        let (author, keepers, letter, person, old) = asked_of(scene).await;
        let (key, other) = (scene.keyed(), scene.keyed());
        let given = [scene.address(key), scene.address(if agree { key } else { other })];
        for (keeper, address) in keepers.iter().zip(&given) {
            let told = scene.message_id();
            ok!(scene.store.offer_address(*keeper, person, address.clone(), told, now(12 * DAY)));
        }
        let_go(scene, author.account(), now(40 * DAY)).await;
        let sent = scene.turn(now(40 * DAY + HOUR), Answer::Accepted).await;
        let to = |kind: Kind| {
            let of_kind = sent.iter().filter(|m| m.kind == kind && m.subject == Subject::Person(person));
            of_kind.filter_map(|m| m.address).collect::<Vec<_>>()
        };
        let elsewhere = Kind::Notice(Notice::GoesElsewhere);
        if agree {
            assert_eq!((to(Kind::Knock), to(elsewhere)), (vec![given[0].id], vec![old]), "{sent:?}");
            assert_eq!(addresses_of(scene, &author, person).await, [given[0].id, old]);
        } else {
            assert_eq!((to(Kind::Knock), to(elsewhere)), (vec![old], vec![]), "{sent:?}");
        }
        let delivery = letter.delivery.expect("a promise").id;
        assert_eq!(scene.view(delivery).await.delivery.state, State::Knocked(1));
    }
}
