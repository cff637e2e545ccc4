//! Coming too early with a card, and asking at the door for an address: what is said is what the author allowed, and what is found goes to the address alone.

use super::{missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::message::{Kind, MessageState, Notice};
use unsaid_delivery::record::Answer;
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::rule::Moment;

/// What may be told early is hers to choose, and nothing else of the person changes.
pub async fn tell_early(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let before = ok!(scene.store.persons(&author));
    assert_eq!(before[0].early, Early::Nothing);
    missing!(scene.store.tell_early(&stranger, person, Early::Day));
    missing!(scene.store.tell_early(&author, scene.person_id(), Early::Day));
    assert_eq!(ok!(scene.store.persons(&author)), before);
    for early in [Early::Day, Early::Waits, Early::Nothing] {
        ok!(scene.store.tell_early(&author, person, early));
        assert_eq!(ok!(scene.store.persons(&author)), [Person { early, ..before[0].clone() }]);
    }
}

/// Of what waits for its time something is said only to the present card, and only what was allowed; of what rests, of what is there, and of what nobody has, nothing.
pub async fn early_by_claim(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[]).await;
    let claim = scene.keyed();
    ok!(scene.store.put_card(&author, person, claim, now(0)));
    ok!(scene.store.tell_early(&author, person, Early::Waits));
    let told = async || ok!(scene.store.early_by_claim(claim));
    assert_eq!(told().await, None, "nothing is sealed");
    let mut seal = scene.ready_to_seal(&author, person, now(0)).await;
    let promise = seal.promise.as_mut().expect("it is to somebody");
    let day = jiff::civil::date(2060, 5, 4);
    promise.rule.moment = Moment::On { date: day, time: jiff::civil::time(9, 0, 0, 0), zone: "UTC".into() };
    promise.due = day.at(9, 0, 0, 0).in_tz("UTC").expect("a day").timestamp();
    let letter = ok!(scene.store.seal(&author, seal, now(0)));
    let delivery = letter.delivery.as_ref().expect("a promise").id;
    assert_eq!(told().await, None, "it rests, and may be undone");
    scene.turn(now(10 * HOUR), Answer::Accepted).await;
    let (early, waits) = told().await.expect("it waits");
    assert_eq!((early, waits.iter().map(|d| d.id).collect::<Vec<_>>()), (Early::Waits, vec![delivery]));
    assert_eq!(ok!(scene.store.early_by_claim(scene.keyed())), None, "words of nobody");
    ok!(scene.store.tell_early(&author, person, Early::Nothing));
    assert_eq!(told().await, None, "it was not allowed any more");
    ok!(scene.store.tell_early(&author, person, Early::Day));
    assert_eq!(told().await.map(|(early, _)| early), Some(Early::Day));
}

/// Somebody asks: it is kept whoever they are, three times a day.
pub async fn ask_at_door(scene: &Scene<'_>) {
    let (known, nobody) = (scene.keyed(), scene.keyed());
    let author = scene.author().await;
    scene.person(&author, &[known]).await;
    for address in [known, nobody] {
        for time in 0..5 {
            ok!(scene.store.ask_at_door(address, now(time)));
            let waits = ok!(scene.store.asked_at_door(10));
            assert_eq!(waits.contains(&address), time < 3, "{time}");
            ok!(scene.store.answer_at_door(address, &[], now(time)));
        }
        ok!(scene.store.ask_at_door(address, now(25 * HOUR)));
        assert!(ok!(scene.store.asked_at_door(10)).contains(&address), "on another day");
        ok!(scene.store.answer_at_door(address, &[], now(25 * HOUR)));
    }
}

/// Who has asked and was not answered, so many at most, each once.
pub async fn asked_at_door(scene: &Scene<'_>) {
    let addresses = [scene.keyed(), scene.keyed(), scene.keyed()];
    assert!(ok!(scene.store.asked_at_door(10)).is_empty());
    for address in addresses.into_iter().chain([addresses[0]]) {
        ok!(scene.store.ask_at_door(address, now(0)));
    }
    assert_eq!(ok!(scene.store.asked_at_door(10)).len(), 3);
    assert_eq!(ok!(scene.store.asked_at_door(2)).len(), 2);
    ok!(scene.store.answer_at_door(addresses[1], &[], now(0)));
    assert!(!ok!(scene.store.asked_at_door(10)).contains(&addresses[1]));
}

/// A notice with a link for each author who has left something there; none for whom nothing is there yet, and none to who has said no.
pub async fn answer_at_door(scene: &Scene<'_>) {
    let key = scene.keyed();
    let mut persons = Vec::new();
    for author in [scene.author().await, scene.author().await, scene.author().await] {
        let (person, addresses) = scene.person(&author, &[key]).await;
        persons.push((author, person, addresses[0]));
    }
    let ask = async |count: usize, at: i64| {
        let notices: Vec<_> = (0..count).map(|_| scene.message_id()).map(|id| (id, link_of(id))).collect();
        ok!(scene.store.ask_at_door(key, now(at)));
        (ok!(scene.store.answer_at_door(key, &notices, now(at))), notices)
    };
    let (none, _) = ask(4, 0).await;
    assert_eq!(none, 0, "nobody has left anything");
    // Two have, and of one its time has come.
    scene.arrived(&persons[0].0, persons[0].1, 0).await;
    scene.sealed(&persons[1].0, persons[1].1, now(30 * DAY)).await;
    let (written, notices) = ask(4, 30 * DAY).await;
    assert_eq!(written, 1);
    let view = ok!(scene.store.message(notices[0].0)).expect("a message");
    assert_eq!(
        (view.message.kind, view.message.address, view.message.state),
        (Kind::Notice(Notice::AtTheDoor), Some(persons[0].2), MessageState::Waiting)
    );
    assert_eq!(ok!(scene.store.answer_at_door(key, &notices[1..], now(30 * DAY))), 0, "it was answered");
    let sent = scene.turn(now(30 * DAY), Answer::Accepted).await;
    assert!(sent.iter().any(|m| m.id == notices[0].0), "{sent:?}");
    // Its link leads to that pair, as a knock's does.
    let knock = ok!(scene.store.knock(notices[0].1)).expect("a link");
    assert_eq!(
        (knock.reader.person(), knock.reader.address(), knock.waits),
        (persons[0].1, Some(persons[0].2), true)
    );
    let token = scene.keyed();
    ok!(scene.store.open_reader(token, notices[0].0, now(30 * DAY)));
    let reader = ok!(scene.store.reader(token, now(30 * DAY))).expect("they are here");
    assert_eq!(ok!(scene.store.waiting(&reader)).len(), 1);
    // Who says that it is not for them is not written to again because somebody types their address.
    ok!(scene.store.refuse(&reader, Scope::NotMe, now(30 * DAY)));
    scene.turn(now(60 * DAY), Answer::Accepted).await;
    let (written, _) = ask(4, 60 * DAY).await;
    assert_eq!(written, 1, "the other author's letter is there by now");
    assert!(ok!(scene.store.waiting(&reader)).is_empty());
}
