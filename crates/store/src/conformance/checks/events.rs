//! What keepers say of what a letter waits for: who is asked, who is told, when the gate opens, and what takes it back.

use super::lives::{let_go, with_keepers};
use super::{missing, ok};
use crate::conformance::scene::*;
use crate::events::*;
use crate::lives::*;
use crate::rows::*;
use unsaid_delivery::Fact;
use unsaid_delivery::event::{Heard, NoWord, Said};
use unsaid_delivery::id::{DeliveryId, KeeperId, LetterId, PersonId};
use unsaid_delivery::message::{Kind, Message, Notice, Subject};
use unsaid_delivery::record::Answer;
use unsaid_delivery::rule::{Gate, Rule};
use unsaid_delivery::state::State;

const DAY: i64 = 24 * HOUR;

/// A letter that waits for the word of her keepers, to somebody who is only a name.
async fn waiting(scene: &Scene<'_>, many: usize) -> (Author, Vec<KeeperId>, LetterId, DeliveryId, PersonId) {
    let (author, keepers) = with_keepers(scene, many).await;
    let (person, _) = scene.person(&author, &[]).await;
    ok!(scene.store.tell_of_person(&author, person, Some(scene.sealed_text())));
    let mut seal = scene.ready_to_seal(&author, person, now(0)).await;
    if let Some(promise) = &mut seal.promise {
        let gate = Gate::Word { event: "sealed".into(), keepers: Vec::new(), quorum: 2 };
        promise.rule = Rule { gate, ..promise.rule.clone() };
    }
    let letter = ok!(scene.store.seal(&author, seal, now(0)));
    let delivery = letter.delivery.expect("a promise").id;
    assert_eq!(ok!(scene.store.events_asked(keepers[0], now(0))), [], "it rests");
    scene.turn(now(DAY), Answer::Accepted).await;
    assert_eq!(scene.view(delivery).await.delivery.state, State::Waiting);
    (author, keepers, letter.id, delivery, person)
}

async fn say(
    scene: &Scene<'_>,
    keeper: KeeperId,
    letter: LetterId,
    happened: bool,
    at: i64,
) -> Result<Said, NoWord> {
    let word = NewWord { letter, happened, told: scene.message_id(), opens: scene.message_id() };
    let names = (0..KEEPERS).map(|_| scene.message_id()).map(|id| (id, link_of(id))).collect();
    ok!(scene.store.say_event(keeper, word, &names, now(at)))
}

fn written(sent: &[Message], notice: Notice) -> usize {
    sent.iter().filter(|m| m.kind == Kind::Notice(notice)).count()
}

/// Hers alone; of a letter that waits for something else there is none.
pub async fn event(scene: &Scene<'_>) {
    let (author, keepers, letter, ..) = waiting(scene, 3).await;
    let known = ok!(scene.store.event(&author, letter)).expect("an event");
    assert_eq!((known.quorum, known.keepers.clone(), known.waits), (2, keepers.clone(), true));
    assert_eq!((known.heard.len(), known.spoken, known.released), (0, None, false));
    assert!(say(scene, keepers[1], letter, false, 2 * DAY).await.is_ok());
    let known = ok!(scene.store.event(&author, letter)).expect("an event");
    assert_eq!(known.heard, [Heard { keeper: keepers[1], happened: false }]);
    let stranger = scene.author().await;
    missing!(scene.store.event(&stranger, letter));
    missing!(scene.store.event(&author, LetterId([1; 16])));
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let seal = scene.ready_to_seal(&author, person, now(0)).await;
    let other = ok!(scene.store.seal(&author, seal, now(0)));
    assert!(ok!(scene.store.event(&author, other.id)).is_none());
}

/// Keepers who stand, of what waits; with what they have said and given themselves.
pub async fn events_asked(scene: &Scene<'_>) {
    let (author, keepers, letter, _, person) = waiting(scene, 3).await;
    let asked = ok!(scene.store.events_asked(keepers[0], now(2 * DAY)));
    assert_eq!(asked.len(), 1);
    let one = &asked[0];
    assert_eq!((one.letter, one.person, one.event.as_str()), (letter, person, "sealed"));
    assert!(one.told.is_some() && one.wants_address && one.own.is_none() && one.given.is_none());
    let given = scene.address(scene.keyed());
    let offered =
        ok!(scene.store.offer_address(keepers[0], person, given.clone(), scene.message_id(), now(2 * DAY)));
    assert_eq!(offered, Offered::Noted);
    assert!(say(scene, keepers[0], letter, true, 2 * DAY).await.is_ok());
    let mine = ok!(scene.store.events_asked(keepers[0], now(2 * DAY))).remove(0);
    assert_eq!((mine.own, mine.given), (Some(true), Some((given.id, given.sealed.clone()))));
    let theirs = ok!(scene.store.events_asked(keepers[1], now(2 * DAY))).remove(0);
    assert_eq!((theirs.own, theirs.given), (None, None));
    // A second one gives the same: it counts, while she lives.
    let same = scene.address(given.key);
    let offered = ok!(scene.store.offer_address(keepers[1], person, same, scene.message_id(), now(2 * DAY)));
    assert_eq!(offered, Offered::Counts);
    assert!(!ok!(scene.store.events_asked(keepers[1], now(2 * DAY))).remove(0).wants_address);
    ok!(scene.store.remove_keeper(&author, keepers[2], now(3 * DAY)));
    assert_eq!(ok!(scene.store.events_asked(keepers[2], now(3 * DAY))), []);
    assert_eq!(ok!(scene.store.events_asked(KeeperId([1; 16]), now(3 * DAY))), []);
}

/// One is noted and asks the others; with the second she is told that it goes, and it does when she has had her days.
pub async fn say_event(scene: &Scene<'_>) {
    let (author, keepers, letter, delivery, person) = waiting(scene, 3).await;
    let key = scene.keyed();
    ok!(scene.store.add_address(&author, person, scene.address(key), now(DAY)));
    scene.turn(now(2 * DAY), Answer::Accepted).await;
    let first = say(scene, keepers[0], letter, true, 2 * DAY).await.expect("a word");
    assert_eq!((first.spoken, first.begins), (None, false));
    assert_eq!(scene.facts().last(), Some(&Fact::EventSaid { letter, keeper: keepers[0], happened: true }));
    let sent = scene.turn(now(2 * DAY + HOUR), Answer::Accepted).await;
    assert_eq!((written(&sent, Notice::EventSaid), written(&sent, Notice::EventAsked)), (1, 2));
    let asked = sent.iter().find(|m| m.kind == Kind::Notice(Notice::EventAsked)).expect("a notice");
    let Subject::Keeper(whom) = asked.subject else { panic!("to a keeper") };
    assert_eq!(ok!(scene.store.keeper_of(link_of(asked.id))).map(|row| row.id), Some(whom));
    assert_eq!(say(scene, keepers[0], letter, true, 3 * DAY).await, Err(NoWord::Same));
    let second = say(scene, keepers[1], letter, true, 3 * DAY).await.expect("a word");
    assert!(second.begins);
    let sent = scene.turn(now(3 * DAY + HOUR), Answer::Accepted).await;
    assert_eq!((written(&sent, Notice::EventOpens), written(&sent, Notice::EventAsked)), (1, 0));
    assert_eq!(scene.view(delivery).await.delivery.state, State::Waiting);
    scene.turn(now(17 * DAY), Answer::Accepted).await;
    assert_eq!(scene.view(delivery).await.delivery.state, State::Waiting, "never early");
    let sent = scene.turn(now(18 * DAY), Answer::Accepted).await;
    assert!(sent.iter().any(|m| m.kind == Kind::Knock && m.foreseen), "{sent:?}");
    assert_eq!(say(scene, keepers[1], letter, false, 18 * DAY).await, Err(NoWord::Over));
    assert_eq!(ok!(scene.store.events_asked(keepers[2], now(18 * DAY))), []);
    // Whoever is none of hers is told nothing.
    let (_, others) = with_keepers(scene, 1).await;
    let word = || NewWord { letter, happened: true, told: scene.message_id(), opens: scene.message_id() };
    missing!(scene.store.say_event(others[0], word(), &Names::new(), now(19 * DAY)));
    missing!(scene.store.say_event(KeeperId([1; 16]), word(), &Names::new(), now(19 * DAY)));
    // After her release it opens at once, and a removed keeper says nothing.
    let (author, keepers, letter, delivery, _) = waiting(scene, 3).await;
    let_go(scene, author.account(), now(40 * DAY)).await;
    ok!(scene.store.remove_keeper(&author, keepers[2], now(40 * DAY)));
    assert_eq!(say(scene, keepers[2], letter, true, 41 * DAY).await, Err(NoWord::NotAKeeper));
    assert!(say(scene, keepers[0], letter, true, 41 * DAY).await.is_ok());
    assert!(say(scene, keepers[1], letter, true, 41 * DAY).await.is_ok());
    scene.turn(now(41 * DAY + HOUR), Answer::Accepted).await;
    assert_eq!(scene.view(delivery).await.delivery.state, State::Unreachable, "they gave no address");
    assert_eq!(ok!(scene.store.lost_persons(keepers[0])).len(), 1, "and are asked for one");
}

/// What was said is void, and she is asked of nobody else's letter; a keeper who is none any more takes their word along.
pub async fn stop_event(scene: &Scene<'_>) {
    let (author, keepers, letter, delivery, _) = waiting(scene, 3).await;
    assert!(!ok!(scene.store.stop_event(&author, letter, now(DAY))), "nothing was said");
    for keeper in &keepers[..2] {
        assert!(say(scene, *keeper, letter, true, 2 * DAY).await.is_ok());
    }
    let stranger = scene.author().await;
    missing!(scene.store.stop_event(&stranger, letter, now(3 * DAY)));
    assert!(ok!(scene.store.stop_event(&author, letter, now(3 * DAY))));
    assert_eq!(scene.facts().last(), Some(&Fact::EventStopped { letter }));
    scene.turn(now(30 * DAY), Answer::Accepted).await;
    assert_eq!(scene.view(delivery).await.delivery.state, State::Waiting);
    let known = ok!(scene.store.event(&author, letter)).expect("an event");
    assert_eq!((known.heard.len(), known.spoken), (0, None));
    // Anew; and one of the two is a keeper no more.
    for keeper in &keepers[..2] {
        assert!(say(scene, *keeper, letter, true, 31 * DAY).await.is_ok());
    }
    assert!(ok!(scene.store.event(&author, letter)).expect("an event").spoken.is_some());
    ok!(scene.store.remove_keeper(&author, keepers[0], now(32 * DAY)));
    assert!(ok!(scene.store.event(&author, letter)).expect("an event").spoken.is_none());
    scene.turn(now(60 * DAY), Answer::Accepted).await;
    assert_eq!(scene.view(delivery).await.delivery.state, State::Waiting);
}
