//! Keepers' cards after the release: who may ask and give, what a new key erases, what is over, and that nothing opens before enough cards came.

use super::lives::with_keepers;
use super::{missing, ok};
use crate::asks::*;
use crate::conformance::scene::*;
use crate::keeper_sets::NewKeeperSet;
use crate::lives::*;
use crate::rows::*;
use unsaid_delivery::accept;
use unsaid_delivery::id::{DeliveryId, KeeperId, KeeperSetId, PersonId};
use unsaid_delivery::message::{Kind, Notice, Subject};
use unsaid_delivery::record::Answer;

/// When a letter of `kept` has arrived.
const ARRIVED: i64 = 10 * HOUR;

/// A letter that two of three keepers open, which has arrived: its author, her keepers, and who reads it.
async fn kept(scene: &Scene<'_>) -> (Author, Vec<KeeperId>, Reader, DeliveryId) {
    let (author, keepers) = with_keepers(scene, 3).await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (reader, delivery) = arrived(scene, &author, person).await;
    (author, keepers, reader, delivery)
}

async fn arrived(scene: &Scene<'_>, author: &Author, person: PersonId) -> (Reader, DeliveryId) {
    let id = KeeperSetId(scene.letter_id().0);
    let set = NewKeeperSet { id, person: None, needed: 2, of: 3, file: b"keeper-set".to_vec() };
    ok!(scene.store.put_keeper_set(author, set, now(0)));
    let letter = scene.letter_id();
    ok!(scene.store.reserve_letter(author, letter, now(0)));
    scene.part(author, letter, 1, "letter.age", 1_000).await;
    ok!(scene.store.put_wrap(author, letter, 1, WrapKind::Author, b"author".to_vec(), 1));
    ok!(scene.store.put_keepers_wrap(author, letter, 1, id, b"host{ set{ K } }".to_vec(), 1));
    let promise = Some(scene.promise(person, now(0)));
    let seal = Seal { letter, version: 1, manifest: scene.keyed().0, promise };
    let delivery = ok!(scene.store.seal(author, seal, now(0))).delivery.expect("a promise").id;
    scene.turn(now(9 * HOUR), Answer::Accepted).await;
    let message = scene.view(delivery).await.pair.knocks.last().expect("a knock").id;
    (scene.reader(message).await, delivery)
}

fn names(scene: &Scene<'_>) -> Names {
    (0..KEEPERS).map(|_| scene.message_id()).map(|id| (id, link_of(id))).collect()
}

async fn ask(scene: &Scene<'_>, reader: &Reader, delivery: DeliveryId, key: &str, at: i64) -> AskedKeepers {
    ok!(scene.store.ask_keepers(reader, delivery, key, &names(scene), now(at)))
}

async fn give(scene: &Scene<'_>, keeper: KeeperId, delivery: DeliveryId, key: &str, at: i64) -> Gave {
    let share = NewShare { delivery, recipient: key.into(), bytes: keeper.0.to_vec(), set: 7 };
    ok!(scene.store.give_share(keeper, share, now(at)))
}

fn written(sent: &[unsaid_delivery::Message]) -> usize {
    sent.iter().filter(|m| m.kind == Kind::Notice(Notice::CardAsked)).count()
}

/// How many are needed, who may have one, and who has given theirs; of a letter that is theirs and kept so.
pub async fn gathering(scene: &Scene<'_>) {
    let (author, keepers, reader, delivery) = kept(scene).await;
    let before = ok!(scene.store.gathering(&reader, delivery, now(ARRIVED)));
    let holders: Vec<_> = before.holders.iter().map(|holder| (holder.keeper, holder.gave)).collect();
    assert_eq!((before.needed, before.ask.clone()), (2, None));
    assert_eq!(holders, keepers.iter().map(|keeper| (*keeper, false)).collect::<Vec<_>>());
    assert!(!before.is_enough());
    // One kept by the house, one of somebody else, and one that is not there.
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let by_house = scene.arrived(&author, other, 0).await;
    missing!(scene.store.gathering(&by_house.reader, by_house.delivery, now(ARRIVED)));
    missing!(scene.store.gathering(&by_house.reader, delivery, now(ARRIVED)));
    missing!(scene.store.gathering(&reader, scene.delivery_id(), now(ARRIVED)));
    ask(scene, &reader, delivery, "age1pq1a", ARRIVED).await;
    give(scene, keepers[1], delivery, "age1pq1a", ARRIVED).await;
    // Who declined is asked no more; who is removed is nobody, and what they gave counts no more.
    ok!(scene.store.keeper_answers(keepers[0], false, scene.message_id(), now(ARRIVED)));
    ok!(scene.store.remove_keeper(&author, keepers[1], now(ARRIVED)));
    let after = ok!(scene.store.gathering(&reader, delivery, now(ARRIVED)));
    let holders: Vec<_> = after.holders.iter().map(|holder| (holder.keeper, holder.gave)).collect();
    assert_eq!(holders, [(keepers[2], false)]);
    // Over after ninety days.
    assert!(after.ask.is_some());
    let later = ok!(scene.store.gathering(&reader, delivery, now(ARRIVED + ASK_DAYS * DAY)));
    assert_eq!(later.ask, None);
}

/// The same key again changes nothing, another erases what was given; keepers are written to once a week.
pub async fn ask_keepers(scene: &Scene<'_>) {
    let (_, keepers, reader, delivery) = kept(scene).await;
    let facts = scene.facts().len();
    assert_eq!(ask(scene, &reader, delivery, "age1pq1a", ARRIVED).await, AskedKeepers::Asked);
    let asked = ok!(scene.store.gathering(&reader, delivery, now(ARRIVED))).ask.expect("an ask");
    assert_eq!(
        (asked.recipient.as_str(), asked.until, asked.rev),
        ("age1pq1a", trusted(ARRIVED + ASK_DAYS * DAY), 1)
    );
    assert_eq!(scene.facts().len(), facts, "nothing of it is for the journal");
    let sent = scene.turn(now(ARRIVED + MINUTE), Answer::Accepted).await;
    assert_eq!(written(&sent), 3, "{sent:?}");
    give(scene, keepers[0], delivery, "age1pq1a", ARRIVED + HOUR).await;
    ask(scene, &reader, delivery, "age1pq1a", ARRIVED + HOUR).await;
    assert_eq!(ok!(scene.store.shares(&reader, delivery, now(ARRIVED + HOUR))).len(), 1);
    assert_eq!(written(&scene.turn(now(ARRIVED + HOUR), Answer::Accepted).await), 0);
    ask(scene, &reader, delivery, "age1pq1b", ARRIVED + 2 * HOUR).await;
    let anew = ok!(scene.store.gathering(&reader, delivery, now(ARRIVED + 2 * HOUR)));
    assert_eq!(anew.ask.map(|ask| (ask.recipient, ask.rev)), Some(("age1pq1b".into(), 2)));
    assert!(anew.holders.iter().all(|holder| !holder.gave));
    assert_eq!(ok!(scene.store.shares(&reader, delivery, now(ARRIVED + 2 * HOUR))), []);
    assert_eq!(written(&scene.turn(now(ARRIVED + 2 * HOUR), Answer::Accepted).await), 0);
    // So many new keys a day, and then tomorrow.
    for n in 2..ASKS_A_DAY {
        assert_eq!(
            ask(scene, &reader, delivery, &format!("age1pq1{n}"), ARRIVED + 3 * HOUR).await,
            AskedKeepers::Asked
        );
    }
    assert_eq!(ask(scene, &reader, delivery, "age1pq1c", ARRIVED + 3 * HOUR).await, AskedKeepers::TooOften);
    let stands = ok!(scene.store.gathering(&reader, delivery, now(ARRIVED + 3 * HOUR))).ask.expect("an ask");
    assert_eq!(stands.recipient, format!("age1pq1{}", ASKS_A_DAY - 1));
    assert_eq!(
        ask(scene, &reader, delivery, &stands.recipient, ARRIVED + 3 * HOUR).await,
        AskedKeepers::Asked
    );
    let next = ARRIVED + 8 * DAY;
    assert_eq!(ask(scene, &reader, delivery, "age1pq1d", next).await, AskedKeepers::Asked);
    assert_eq!(written(&scene.turn(now(next), Answer::Accepted).await), 3, "a week has passed");
    missing!(scene.store.ask_keepers(&reader, scene.delivery_id(), "age1pq1a", &names(scene), now(next)));
}

/// As they were given, in the order of the keepers, until they are over.
pub async fn shares(scene: &Scene<'_>) {
    let (_, keepers, reader, delivery) = kept(scene).await;
    assert_eq!(ok!(scene.store.shares(&reader, delivery, now(ARRIVED))), []);
    ask(scene, &reader, delivery, "age1pq1a", ARRIVED).await;
    for keeper in [keepers[2], keepers[0]] {
        give(scene, keeper, delivery, "age1pq1a", ARRIVED).await;
    }
    let given = ok!(scene.store.shares(&reader, delivery, now(ARRIVED)));
    let given: Vec<_> = given.into_iter().map(|share| (share.keeper, share.bytes)).collect();
    assert_eq!(given, [(keepers[0], keepers[0].0.to_vec()), (keepers[2], keepers[2].0.to_vec())]);
    missing!(scene.store.shares(&reader, scene.delivery_id(), now(ARRIVED)));
    assert_eq!(ok!(scene.store.shares(&reader, delivery, now(ARRIVED + ASK_DAYS * DAY))), []);
    // The night forgets what is over, and nothing else.
    ok!(scene.store.prune(now(ARRIVED + ASK_DAYS * DAY - 1)));
    assert_eq!(ok!(scene.store.shares(&reader, delivery, now(ARRIVED))).len(), 2);
    ok!(scene.store.prune(now(ARRIVED + ASK_DAYS * DAY)));
    assert_eq!(ok!(scene.store.shares(&reader, delivery, now(ARRIVED))), []);
}

/// To every keeper of hers, with the name that she lets them be told; by the link of a message, too. What was taken back is asked of nobody.
pub async fn cards_asked(scene: &Scene<'_>) {
    let (author, keepers, reader, delivery) = kept(scene).await;
    assert_eq!(ok!(scene.store.cards_asked(keepers[0], now(ARRIVED))), []);
    let names = names(scene);
    ok!(scene.store.ask_keepers(&reader, delivery, "age1pq1a", &names, now(ARRIVED)));
    give(scene, keepers[1], delivery, "age1pq1a", ARRIVED).await;
    let told = Some(scene.sealed_text());
    ok!(scene.store.tell_of_person(&author, reader.person(), told.clone()));
    let expected = |gave: bool| CardAsked {
        delivery,
        person: reader.person(),
        told: told.clone(),
        recipient: "age1pq1a".into(),
        needed: 2,
        given: 1,
        gave,
        sets: if gave { vec![] } else { vec![7] },
    };
    assert_eq!(ok!(scene.store.cards_asked(keepers[0], now(ARRIVED))), [expected(false)]);
    assert_eq!(ok!(scene.store.cards_asked(keepers[1], now(ARRIVED))), [expected(true)]);
    let sent = scene.turn(now(ARRIVED + MINUTE), Answer::Accepted).await;
    for message in sent.iter().filter(|m| m.kind == Kind::Notice(Notice::CardAsked)) {
        let Subject::Keeper(keeper) = message.subject else { panic!("{message:?}") };
        let found = ok!(scene.store.keeper_of(link_of(message.id))).expect("a keeper");
        assert_eq!(found.id, keeper, "by the link of the message");
    }
    assert_eq!(ok!(scene.store.cards_asked(KeeperId([1; 16]), now(ARRIVED))), []);
    assert_eq!(ok!(scene.store.cards_asked(keepers[0], now(ARRIVED + ASK_DAYS * DAY))), []);
    ok!(scene.store.remove_keeper(&author, keepers[2], now(ARRIVED)));
    assert_eq!(ok!(scene.store.cards_asked(keepers[2], now(ARRIVED))), []);
    let read = scene.view(delivery).await.delivery;
    let withdrawn = accept::withdraw(&read).expect("always accepted");
    ok!(scene.store.commit_author(&author, &read, &withdrawn, now(ARRIVED)));
    assert_eq!(ok!(scene.store.cards_asked(keepers[0], now(ARRIVED))), []);
    assert_eq!(give(scene, keepers[0], delivery, "age1pq1a", ARRIVED).await, Gave::NotAsked);
}

/// To the present key alone; twice is once; a stranger, somebody removed and another author's keeper give nothing. Nobody hears of it.
pub async fn give_share(scene: &Scene<'_>) {
    let (author, keepers, reader, delivery) = kept(scene).await;
    let (_, others) = with_keepers(scene, 1).await;
    assert_eq!(give(scene, keepers[0], delivery, "age1pq1a", ARRIVED).await, Gave::NotAsked);
    ask(scene, &reader, delivery, "age1pq1a", ARRIVED).await;
    let before = ok!(scene.store.keepers(author.account()));
    assert_eq!(give(scene, keepers[0], delivery, "age1pq1b", ARRIVED).await, Gave::Replaced);
    for _ in 0..2 {
        assert_eq!(
            give(scene, keepers[0], delivery, "age1pq1a", ARRIVED).await,
            Gave::Kept { given: 1, needed: 2 }
        );
    }
    assert_eq!(
        give(scene, keepers[2], delivery, "age1pq1a", ARRIVED).await,
        Gave::Kept { given: 2, needed: 2 }
    );
    assert!(ok!(scene.store.gathering(&reader, delivery, now(ARRIVED))).is_enough());
    assert_eq!(give(scene, others[0], delivery, "age1pq1a", ARRIVED).await, Gave::NotAsked);
    assert_eq!(ok!(scene.store.keepers(author.account())), before, "not even when they were last heard of");
    assert_eq!(give(scene, keepers[1], delivery, "age1pq1a", ARRIVED + ASK_DAYS * DAY).await, Gave::NotAsked);
    ok!(scene.store.remove_keeper(&author, keepers[2], now(ARRIVED)));
    let share = NewShare { delivery, recipient: "age1pq1a".into(), bytes: vec![1], set: 7 };
    missing!(scene.store.give_share(keepers[2], share.clone(), now(ARRIVED)));
    missing!(scene.store.give_share(KeeperId([1; 16]), share, now(ARRIVED)));
    assert!(!ok!(scene.store.gathering(&reader, delivery, now(ARRIVED))).is_enough());
}

/// Neither pinned nor handed out with one card of two, whatever is asked of the store.
pub async fn nothing_opens_before_enough_cards_came(scene: &Scene<'_>) {
    let (_, keepers, reader, delivery) = kept(scene).await;
    ask(scene, &reader, delivery, "age1pq1a", ARRIVED).await;
    give(scene, keepers[0], delivery, "age1pq1a", ARRIVED).await;
    let read = scene.view(delivery).await.delivery;
    let granted = accept::open(&read).expect("it waits").expect("not opened before");
    missing!(scene.store.open(&reader, &read, &granted, now(ARRIVED)));
    missing!(scene.store.release(&reader, delivery));
    assert!(!scene.view(delivery).await.delivery.pinned);
    give(scene, keepers[1], delivery, "age1pq1a", ARRIVED).await;
    missing!(scene.store.open(&reader, &read, &granted, now(ARRIVED + ASK_DAYS * DAY)));
    ok!(scene.store.open(&reader, &read, &granted, now(ARRIVED)));
    let released = ok!(scene.store.release(&reader, delivery));
    assert_eq!(released.kind(), WrapKind::Keepers);
    // Another key: what was opened stays pinned, and opens again with cards alone.
    ask(scene, &reader, delivery, "age1pq1b", ARRIVED + HOUR).await;
    missing!(scene.store.release(&reader, delivery));
}
