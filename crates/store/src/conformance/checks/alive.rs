//! Telling people that she lives after a release that was false: to whom it may be said, once, after an hour's rest, and never to who has said no.

use super::lives::{for_her_end, let_go, sign, with_keepers};
use super::{missing, ok};
use crate::alive::*;
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::Fact;
use unsaid_delivery::accept;
use unsaid_delivery::id::{MessageId, PersonId};
use unsaid_delivery::life::Strength;
use unsaid_delivery::life::alive::NotTold;
use unsaid_delivery::message::{Kind, Message, MessageState, Notice};
use unsaid_delivery::record::Answer;
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::state::State;

const RETURNS: i64 = 42 * DAY;

/// Letters to so many people have left because she was thought gone, and she is back. One more waits for her.
async fn returned(scene: &Scene<'_>, many: usize) -> (Author, Vec<(PersonId, Letter)>) {
    let (author, _) = with_keepers(scene, 2).await;
    let mut letters = Vec::new();
    for _ in 0..many {
        let letter = for_her_end(scene, &author).await;
        letters.push((letter.delivery.as_ref().expect("a promise").person, letter));
    }
    scene.turn(now(DAY), Answer::Accepted).await;
    let_go(scene, author.account(), now(40 * DAY)).await;
    let sent = scene.turn(now(40 * DAY), Answer::Accepted).await;
    assert_eq!(sent.iter().filter(|m| m.kind == Kind::Knock).count(), many);
    letters.sort_by_key(|(person, _)| *person);
    (author, letters)
}

async fn lives_again(scene: &Scene<'_>, author: &Author) {
    sign(scene, author.account(), Strength::Strong, now(RETURNS)).await;
}

async fn tell(
    scene: &Scene<'_>,
    author: &Author,
    whom: &[PersonId],
    at: i64,
) -> (Result<(), NotTold>, Vec<MessageId>) {
    let names: Vec<MessageId> = whom.iter().map(|_| scene.message_id()).collect();
    (ok!(scene.store.tell_alive(author, whom, &names, now(at))), names)
}

fn told(sent: &[Message]) -> Vec<MessageId> {
    sent.iter().filter(|m| m.kind == Kind::Notice(Notice::SheLives)).map(|m| m.id).collect()
}

/// Hers alone, in their order, and what she has asked for.
pub async fn reached(scene: &Scene<'_>) {
    let (author, letters) = returned(scene, 2).await;
    lives_again(scene, &author).await;
    let waits = for_her_end(scene, &author).await;
    scene.turn(now(RETURNS + DAY), Answer::Accepted).await;
    assert_eq!(scene.promised(&author, waits.id).await.state, State::Waiting);
    let people = |reached: Vec<Reached>| reached.into_iter().map(|one| one.person).collect::<Vec<_>>();
    let both: Vec<PersonId> = letters.iter().map(|(person, _)| *person).collect();
    assert_eq!(people(ok!(scene.store.reached(&author))), both);
    let stranger = scene.author().await;
    assert_eq!(ok!(scene.store.reached(&stranger)), []);
    // Taken back since, it has left all the same; taken back while it waited, it has not.
    for letter in [letters[0].1.id, waits.id] {
        let promise = scene.promised(&author, letter).await;
        let granted = accept::withdraw(&promise).expect("granted");
        ok!(scene.store.commit_author(&author, &promise, &granted, now(RETURNS + DAY)));
    }
    assert_eq!(people(ok!(scene.store.reached(&author))), both);
    let (done, _) = tell(scene, &author, &both[..1], RETURNS + 2 * DAY).await;
    assert_eq!(done, Ok(()));
    let reached = ok!(scene.store.reached(&author));
    let leaves = observed(RETURNS + 2 * DAY + HOUR);
    assert_eq!(reached[0].asked, Some(AliveAsked { leaves, at: trusted(RETURNS + 2 * DAY) }));
    assert_eq!(reached[1].asked, None);
}

/// One mail to each where the knock went, after an hour, and never a second.
pub async fn tell_alive(scene: &Scene<'_>) {
    let (author, letters) = returned(scene, 3).await;
    let people: Vec<PersonId> = letters.iter().map(|(person, _)| *person).collect();
    assert_eq!(tell(scene, &author, &people[..1], 41 * DAY).await.0, Err(NotTold::NotWell));
    lives_again(scene, &author).await;
    let other = scene.person(&author, &[scene.keyed()]).await.0;
    assert_eq!(tell(scene, &author, &[people[0], other], RETURNS).await.0, Err(NotTold::NothingLeft));
    let stranger = scene.author().await;
    assert!(tell(scene, &stranger, &people[..1], RETURNS).await.0.is_err());
    // An address that the knock never went to is no address for this.
    ok!(scene.store.add_address(&author, people[0], scene.address(scene.keyed()), now(RETURNS)));
    // The second says no to everything of hers, before; the third while it rests.
    let knock = |letter: &Letter| letter.delivery.as_ref().expect("a promise").id;
    let readers = [knock(&letters[1].1), knock(&letters[2].1)];
    let mut who = Vec::new();
    for delivery in readers {
        let message = scene.view(delivery).await.pair.knocks.last().expect("a knock").id;
        who.push(scene.reader(message).await);
    }
    ok!(scene.store.refuse(&who[0], Scope::Author, now(RETURNS)));
    let (done, names) = tell(scene, &author, &people, RETURNS).await;
    assert_eq!(done, Ok(()));
    let facts = scene.facts();
    for (person, message) in people.iter().zip(&names) {
        assert!(facts.contains(&Fact::SheLives { person: *person, message: *message, tell: true }));
    }
    assert!(ok!(scene.store.message(names[1])).is_none(), "nothing is written to who has said no");
    let asked = ok!(scene.store.reached(&author));
    assert!(asked.iter().all(|one| one.asked == asked[0].asked), "and she is shown no difference");
    let view = ok!(scene.store.message(names[0])).expect("a message");
    let knocked = scene.view(knock(&letters[0].1)).await.pair.knocks[0].address;
    assert_eq!((view.message.address, view.message.state), (knocked, MessageState::Waiting));
    assert_eq!((view.message.expires, view.name.is_some(), view.deliveries.len()), (None, false, 1));
    ok!(scene.store.refuse(&who[1], Scope::NotMe, now(RETURNS + MINUTE)));
    assert_eq!(told(&scene.turn(now(RETURNS + HOUR - 1), Answer::Accepted).await), []);
    assert_eq!(told(&scene.turn(now(RETURNS + HOUR), Answer::Accepted).await), [names[0]]);
    assert_eq!(scene.row(names[2]).await.state, MessageState::Dropped);
    // Asked for again, it stays one.
    let (done, again) = tell(scene, &author, &people, RETURNS + DAY).await;
    assert_eq!(done, Ok(()));
    assert!(ok!(scene.store.message(again[0])).is_none());
    assert_eq!(told(&scene.turn(now(RETURNS + 3 * DAY), Answer::Accepted).await), []);
}

/// Who has opened a letter of hers is told her name; what she took back is not there any more; and while she is thought gone again nothing says that she lives.
pub async fn what_says_that_she_lives_knows_what_they_know(scene: &Scene<'_>) {
    let (author, letters) = returned(scene, 2).await;
    let (opens, other) = (letters[0].0, letters[1].0);
    let delivery = letters[0].1.delivery.as_ref().expect("a promise").id;
    let view = scene.view(delivery).await;
    let reader = scene.reader(view.pair.knocks.last().expect("a knock").id).await;
    let granted = accept::open(&view.delivery).expect("granted").expect("a first time");
    ok!(scene.store.open(&reader, &view.delivery, &granted, now(41 * DAY)));
    lives_again(scene, &author).await;
    let promise = scene.promised(&author, letters[1].1.id).await;
    let granted = accept::withdraw(&promise).expect("granted");
    ok!(scene.store.commit_author(&author, &promise, &granted, now(RETURNS)));
    let (done, names) = tell(scene, &author, &[opens, other], RETURNS).await;
    assert_eq!(done, Ok(()));
    let view = ok!(scene.store.message(names[0])).expect("a message");
    assert!(view.name.is_some());
    assert_eq!(view.deliveries.iter().map(|(.., state)| *state).collect::<Vec<_>>(), [State::Opened]);
    let view = ok!(scene.store.message(names[1])).expect("a message");
    assert!(view.name.is_none(), "they were never told");
    let states: Vec<State> = view.deliveries.iter().map(|(.., state)| *state).collect();
    assert_eq!(states, [State::Withdrawn { undone: false }]);
    let_go(scene, author.account(), now(RETURNS)).await;
    assert_eq!(told(&scene.turn(now(RETURNS + HOUR), Answer::Accepted).await), []);
    assert_eq!(scene.row(names[0]).await.state, MessageState::Dropped);
}

/// Within the hour, and then never; taken back it may be asked for again.
pub async fn untell_alive(scene: &Scene<'_>) {
    let (author, letters) = returned(scene, 1).await;
    lives_again(scene, &author).await;
    let person = letters[0].0;
    assert!(!ok!(scene.store.untell_alive(&author, person, now(RETURNS))), "nothing was asked for");
    let (_, names) = tell(scene, &author, &[person], RETURNS).await;
    let stranger = scene.author().await;
    missing!(scene.store.untell_alive(&stranger, person, now(RETURNS)));
    missing!(scene.store.untell_alive(&author, scene.person_id(), now(RETURNS)));
    assert!(ok!(scene.store.untell_alive(&author, person, now(RETURNS + HOUR - 1))));
    assert_eq!(scene.facts().last(), Some(&Fact::SheLives { person, message: names[0], tell: false }));
    assert!(!ok!(scene.store.untell_alive(&author, person, now(RETURNS + HOUR - 1))));
    assert_eq!(ok!(scene.store.reached(&author))[0].asked, None);
    assert_eq!(told(&scene.turn(now(RETURNS + DAY), Answer::Accepted).await), []);
    let (_, again) = tell(scene, &author, &[person], RETURNS + DAY).await;
    assert!(!ok!(scene.store.untell_alive(&author, person, now(RETURNS + DAY + HOUR))), "the hour is over");
    assert_eq!(told(&scene.turn(now(RETURNS + DAY + HOUR), Answer::Accepted).await), again);
}
