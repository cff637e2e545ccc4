//! What every store answers about the people an author writes to, and their addresses.

use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::record::Answer;
use unsaid_delivery::refusal::{Refused, Scope};
use unsaid_delivery::state::State;

fn given(facts: &[Fact]) -> usize {
    facts.iter().filter(|f| matches!(f, Fact::AddressGiven { .. })).count()
}

/// A person is added with or without an address; the fact names the address as it is sealed; a name is given once.
pub async fn add_person(scene: &Scene<'_>) {
    let author = scene.author().await;
    let address = scene.address(scene.keyed());
    let new = NewPerson {
        id: scene.person_id(),
        zone: Some("Pacific/Auckland".into()),
        language: "mi".into(),
        address: Some(address.clone()),
    };
    ok!(scene.store.add_person(&author, new.clone(), now(0)));
    let (sealed, of) = (address.sealed.0.clone(), Some((author.account, address.key.0)));
    let fact = Fact::AddressGiven { person: new.id, address: address.id, sealed, of };
    assert_eq!(scene.facts().last(), Some(&fact));
    let expected = Person {
        id: new.id,
        zone: new.zone.clone(),
        language: "mi".into(),
        addresses: vec![PersonAddress {
            id: address.id,
            sealed: address.sealed.clone(),
            good: true,
            given: Some(trusted(0)),
        }],
        early: Early::Nothing,
        looked_after: None,
    };
    assert_eq!(ok!(scene.store.persons(&author)), std::slice::from_ref(&expected));
    let before = scene.facts().len();
    conflict!(scene.store.add_person(&author, new.clone(), now(1)));
    conflict!(scene.store.add_person(&scene.author().await, NewPerson { address: None, ..new }, now(1)));
    let unborn = NewPerson { id: scene.person_id(), zone: None, language: "de".into(), address: None };
    ok!(scene.store.add_person(&author, unborn, now(2)));
    let persons = ok!(scene.store.persons(&author));
    assert_eq!((persons.len(), &persons[0]), (2, &expected));
    assert!(persons[1].addresses.is_empty());
    assert_eq!(given(&scene.facts()), 1, "{before} facts before");
}

/// All of hers, oldest first, and nobody else's.
pub async fn persons(scene: &Scene<'_>) {
    let (one, other) = (scene.author().await, scene.author().await);
    assert_eq!(ok!(scene.store.persons(&one)), []);
    let mut added = Vec::new();
    for _ in 0..5 {
        added.push(scene.person(&one, &[scene.keyed()]).await.0);
        scene.person(&other, &[scene.keyed()]).await;
    }
    let listed: Vec<_> = ok!(scene.store.persons(&one)).iter().map(|p| p.id).collect();
    assert_eq!(listed, added);
    assert_eq!(ok!(scene.store.persons(&other)).len(), 5);
}

/// Five addresses at most, in the order in which they were given; who was unreachable is tried again, who is knocked at is looked at.
pub async fn add_address(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, addresses) = scene.person(&author, &[scene.keyed()]).await;
    missing!(scene.store.add_address(&stranger, person, scene.address(scene.keyed()), now(0)));
    missing!(scene.store.add_address(&author, scene.person_id(), scene.address(scene.keyed()), now(0)));
    let taken = NewAddress { id: addresses[0], ..scene.address(scene.keyed()) };
    conflict!(scene.store.add_address(&author, person, taken, now(0)));

    // Its only address dies: the letter ends unreachable, and a new address takes it up again at once.
    let letter = scene.sealed(&author, person, now(0)).await;
    let delivery = letter.delivery.expect("a promise").id;
    assert_eq!(scene.turn(now(9 * HOUR), Answer::Refused).await.len(), 1);
    assert_eq!(scene.view(delivery).await.delivery.state, State::Unreachable);
    assert!(!ok!(scene.store.persons(&author))[0].addresses[0].good);
    let second = scene.address(scene.keyed());
    ok!(scene.store.add_address(&author, person, second.clone(), now(10 * HOUR)));
    assert_eq!(scene.view(delivery).await.delivery.state, State::Sending);
    let sent = scene.turn(now(10 * HOUR), Answer::Accepted).await;
    assert_eq!(sent.iter().map(|m| m.address).collect::<Vec<_>>(), [Some(second.id)]);
    assert_eq!(scene.view(delivery).await.delivery.state, State::Knocked(1));

    // A knocking one wakes at once, but is not knocked at again for that.
    let third = scene.address(scene.keyed());
    ok!(scene.store.add_address(&author, person, third.clone(), now(11 * HOUR)));
    assert!(scene.has_come(WakeOf::Delivery(delivery), now(11 * HOUR)).await);
    assert_eq!(scene.turn(now(11 * HOUR), Answer::Accepted).await, []);

    let before = given(&scene.facts());
    for i in 3..5 {
        ok!(scene.store.add_address(&author, person, scene.address(scene.keyed()), now(12 * HOUR + i)));
    }
    conflict!(scene.store.add_address(&author, person, scene.address(scene.keyed()), now(13 * HOUR)));
    assert_eq!(given(&scene.facts()), before + 2);
    let listed = ok!(scene.store.persons(&author)).remove(0).addresses;
    assert_eq!(listed.len(), 5);
    assert_eq!([listed[0].id, listed[1].id, listed[2].id], [addresses[0], second.id, third.id]);
    let tried: Vec<_> = scene.view(delivery).await.pair.addresses.iter().map(|a| a.id).collect();
    assert_eq!(tried, listed.iter().map(|a| a.id).collect::<Vec<_>>(), "tried in the order shown");
}

/// Nothing is sent to an address that was taken away; what was refused there stays refused; there is room for another.
pub async fn remove_address(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let key = scene.keyed();
    let keys = [key, scene.keyed(), scene.keyed(), scene.keyed(), scene.keyed()];
    let (person, addresses) = scene.person(&author, &keys).await;
    missing!(scene.store.remove_address(&stranger, person, addresses[0], now(0)));
    missing!(scene.store.remove_address(&author, scene.person_id(), addresses[0], now(0)));
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    missing!(scene.store.remove_address(&author, other, addresses[0], now(0)));
    ok!(scene.store.remove_address(&author, person, addresses[4], now(0)));
    assert_eq!(scene.facts().last(), Some(&Fact::AddressRemoved { person, address: addresses[4] }));
    missing!(scene.store.remove_address(&author, person, addresses[4], now(0)));
    ok!(scene.store.add_address(&author, person, scene.address(scene.keyed()), now(0)));

    // A knock that waits does not go to an address that was taken away meanwhile.
    scene.sealed(&author, person, now(0)).await;
    assert_eq!(scene.turn(now(9 * HOUR), Answer::Later).await.len(), 1);
    ok!(scene.store.remove_address(&author, person, addresses[0], now(9 * HOUR + 1)));
    // It is looked at again at once, long before its pause is over, and the next address is taken.
    let sent = scene.turn(now(9 * HOUR + 1), Answer::Accepted).await;
    assert_eq!(sent.iter().map(|m| m.address).collect::<Vec<_>>(), [Some(addresses[1])]);

    // Given anew under another name, the address is still refused there.
    let reader = scene.reader(sent[0].id).await;
    ok!(scene.store.refuse(&reader, Scope::NotMe, now(10 * HOUR)));
    ok!(scene.store.remove_address(&author, person, addresses[1], now(10 * HOUR)));
    let again = scene.address(keys[1]);
    ok!(scene.store.add_address(&author, person, again.clone(), now(10 * HOUR)));
    let letters = ok!(scene.store.letters(&author));
    let view = scene.view(letters[0].delivery.as_ref().expect("a promise").id).await;
    let address = view.pair.addresses.iter().find(|a| a.id == again.id).expect("the address");
    assert_eq!(address.refused, [Refused { scope: Scope::NotMe }]);
    assert!(view.pair.addresses.iter().all(|a| a.id != addresses[1]));
    // What was sent is sent: the link still tells whom it reached.
    assert_eq!(scene.reader(sent[0].id).await, reader);
}
