//! Sending: the question before DATA, the answer, and what it means for the pair.

use super::{conflict, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::{AddressId, DeliveryId, MessageId, PersonId};
use unsaid_delivery::message::{Kind, Message, MessageState};
use unsaid_delivery::record::{self, Answer};
use unsaid_delivery::refusal::{Refused, Scope};
use unsaid_delivery::state::State;

/// A knock that is written and taken, nine hours after the beginning.
pub(super) struct Written {
    pub(super) author: Author,
    pub(super) person: PersonId,
    pub(super) addresses: Vec<AddressId>,
    pub(super) letter: Letter,
    pub(super) delivery: DeliveryId,
    pub(super) taken: Taken,
    pub(super) message: Message,
}

pub(super) const LATE: i64 = 9 * HOUR;

pub(super) async fn written(scene: &Scene<'_>) -> Written {
    let author = scene.author().await;
    let (person, addresses) = scene.person(&author, &[scene.keyed(), scene.keyed()]).await;
    let letter = scene.sealed(&author, person, now(0)).await;
    let delivery = letter.delivery.as_ref().expect("a promise").id;
    let boot = scene.boot_id();
    let taken = scene.take(boot, WakeOf::Delivery(delivery), now(LATE)).await.expect("it has come");
    let (read, decision) = scene.decision(delivery, now(LATE)).await;
    let id = scene.message_id();
    ok!(scene.store.decided(&taken, &read, &decision, Some((id, link_of(id))), now(LATE)));
    let taken = scene.take(boot, WakeOf::Message(id), now(LATE)).await.expect("it has come");
    let message = scene.row(id).await;
    Written { author, person, addresses, letter, delivery, taken, message }
}

pub(super) async fn started(scene: &Scene<'_>, written: &Written, at: i64) -> Message {
    match ok!(scene.store.start(&written.taken, &written.message, trusted(at), now(at))) {
        StartAnswer::Started(message) => message,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn withdraw(scene: &Scene<'_>, written: &Written, at: i64) {
    let read = scene.promised(&written.author, written.letter.id).await;
    let granted = unsaid_delivery::accept::withdraw(&read).expect("always accepted");
    ok!(scene.store.commit_author(&written.author, &read, &granted, now(at)));
}

/// A message of codes that is taken.
pub(super) async fn code(scene: &Scene<'_>, email_key: Keyed, invitation: Option<Keyed>) -> (Taken, Message) {
    let ask = CodeAsk {
        message: scene.message_id(),
        browser: scene.keyed(),
        email_key,
        to: scene.sealed_text(),
        invitation,
        write: true,
        known: false,
        expires: trusted(600),
        language: "es".into(),
    };
    let id = ask.message;
    ok!(scene.store.ask_code(ask, now(0)));
    let taken = ok!(scene.store.take(scene.boot_id(), Lane::Codes, now(0), 10));
    let taken = taken.into_iter().find(|t| t.of == WakeOf::Message(id)).expect("it waits");
    (taken, scene.row(id).await)
}

/// What sending needs: where to, bound to what, in which language, and what was refused there.
pub async fn message(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.message(scene.message_id())), None);
    let written = written(scene).await;
    let view = ok!(scene.store.message(written.message.id)).expect("a message");
    let address = &ok!(scene.store.persons(&written.author))[0].addresses[0];
    assert_eq!((&view.to, view.to_bound_to), (&address.sealed, address.id.to_string()));
    assert_eq!((view.language.as_str(), view.newcomer), ("fr", false));
    assert_eq!(view.deliveries, [(written.delivery, written.letter.id, State::Sending)]);
    let here = view.address.expect("an address");
    assert_eq!((here.id, here.good, here.refused), (written.addresses[0], true, Vec::new()));
    // Everything of the pair, and nothing of others'.
    let second = scene.sealed(&written.author, written.person, now(LATE)).await;
    let (other, _) = scene.person(&written.author, &[scene.keyed()]).await;
    scene.sealed(&written.author, other, now(LATE)).await;
    let reader = scene.reader(written.message.id).await;
    ok!(scene.store.refuse(&reader, Scope::Letter(written.letter.id), now(LATE)));
    let view = ok!(scene.store.message(written.message.id)).expect("a message");
    let mut deliveries = view.deliveries;
    deliveries.sort_by_key(|(id, ..)| *id);
    let mut expected = vec![
        (written.delivery, written.letter.id, State::Refused),
        (second.delivery.expect("a promise").id, second.id, State::Resting),
    ];
    expected.sort_by_key(|(id, ..)| *id);
    assert_eq!(deliveries, expected);
    let scope = Scope::Letter(written.letter.id);
    assert_eq!(view.address.expect("an address").refused, [Refused { scope }]);
    ok!(scene.store.remove_address(&written.author, written.person, written.addresses[0], now(LATE)));
    let view = ok!(scene.store.message(written.message.id)).expect("a message");
    assert_eq!(view.address, None);

    // Codes: the account's language, else English; a newcomer is one who came with an invitation.
    let email = scene.keyed();
    scene.author_with(email, scene.keyed()).await;
    let (_, known) = code(scene, email, None).await;
    let view = ok!(scene.store.message(known.id)).expect("a message");
    assert_eq!((view.language.as_str(), view.newcomer), ("de", false));
    assert_eq!((view.to_bound_to, view.address, view.deliveries), (known.id.to_string(), None, Vec::new()));
    let (_, unknown) = code(scene, scene.keyed(), Some(scene.keyed())).await;
    let view = ok!(scene.store.message(unknown.id)).expect("a message");
    assert_eq!((view.language.as_str(), view.newcomer), ("es", true));
}

/// Before DATA: fence, hand and rev; then whether it may leave; and the Date stays that of the first attempt.
pub async fn start(scene: &Scene<'_>) {
    let written_one = written(scene).await;
    let (taken, message) = (written_one.taken, written_one.message.clone());
    let ask = |taken: Taken, message: Message| async move {
        ok!(scene.store.start(&taken, &message, trusted(LATE), now(LATE)))
    };
    for wrong in [
        Taken { fence: taken.fence - 1, ..taken },
        Taken { boot: scene.boot_id(), ..taken },
        Taken { of: WakeOf::Message(scene.message_id()), ..taken },
    ] {
        assert_eq!(ask(wrong, message.clone()).await, StartAnswer::NotOurs);
    }
    let stale = Message { rev: message.rev + 1, ..message.clone() };
    assert_eq!(ask(taken, stale).await, StartAnswer::NotOurs);
    assert_eq!(scene.row(message.id).await, message, "a no changes nothing");
    let first = started(scene, &written_one, LATE).await;
    let expected = Message {
        state: MessageState::Started,
        date: Some(trusted(LATE)),
        rev: first.rev,
        ..message.clone()
    };
    assert_eq!(first, expected);
    assert!(first.rev > message.rev);
    assert_eq!(scene.row(message.id).await, first);
    assert_eq!(ask(taken, message.clone()).await, StartAnswer::NotOurs, "it was read before");

    // No readable answer: the same message again, with the same Date.
    let unknown = record::answered(&first, Answer::Unknown, now(LATE));
    ok!(scene.store.recorded(&taken, &first, &unknown, now(LATE)));
    assert_eq!(ask(taken, scene.row(message.id).await).await, StartAnswer::NotOurs, "it was given back");
    let later = LATE + HOUR;
    let taken = scene.take(scene.boot_id(), taken.of, now(later)).await.expect("it has come");
    let row = scene.row(message.id).await;
    match ok!(scene.store.start(&taken, &row, trusted(later), now(later))) {
        StartAnswer::Started(again) => assert_eq!((again.date, again.tries), (Some(trusted(LATE)), 1)),
        other => panic!("{other:?}"),
    }

    // Taken over by another node: the first one may not begin.
    let lost = written(scene).await;
    let living = scene.boot_id();
    let held = ok!(scene.store.held(living, Lane::Letters, now(LATE), 100));
    let seen = held.iter().find(|h| h.of == lost.taken.of).expect("it is held");
    ok!(scene.store.take_over(living, seen)).expect("as it was seen");
    assert_eq!(ask(lost.taken, lost.message.clone()).await, StartAnswer::NotOurs);

    // Whatever came between the decision and the deed.
    let withdrawn = written(scene).await;
    withdraw(scene, &withdrawn, LATE).await;
    let refused = written(scene).await;
    let reader = scene.reader(refused.message.id).await;
    ok!(scene.store.refuse(&reader, Scope::Quiet, now(LATE)));
    let removed = written(scene).await;
    ok!(scene.store.remove_address(&removed.author, removed.person, removed.addresses[0], now(LATE)));
    for stopped in [withdrawn, refused, removed] {
        let answer = ask(stopped.taken, stopped.message.clone()).await;
        assert!(matches!(answer, StartAnswer::NotAllowed(_)), "{answer:?}");
        assert_eq!(scene.row(stopped.message.id).await, stopped.message);
    }
    // A code whose time is over.
    let (taken, message) = code(scene, scene.keyed(), None).await;
    let answer = ok!(scene.store.start(&taken, &message, trusted(600), now(600)));
    assert!(matches!(answer, StartAnswer::NotAllowed(_)), "{answer:?}");
    let answer = ok!(scene.store.start(&taken, &message, trusted(599), now(599)));
    assert!(matches!(answer, StartAnswer::Started(_)), "{answer:?}");
}

/// Once more before the content: the same question, and nothing changes.
pub async fn still_allowed(scene: &Scene<'_>) {
    let one = written(scene).await;
    let message = started(scene, &one, LATE).await;
    let asks =
        async |taken: &Taken, message: &Message| ok!(scene.store.still_allowed(taken, message, now(LATE)));
    assert!(asks(&one.taken, &message).await);
    assert!(asks(&one.taken, &message).await);
    assert_eq!(scene.row(message.id).await, message);
    assert!(!asks(&one.taken, &one.message).await, "an earlier rev");
    assert!(!asks(&Taken { fence: one.taken.fence + 1, ..one.taken }, &message).await);
    assert!(!asks(&Taken { boot: scene.boot_id(), ..one.taken }, &message).await);
    withdraw(scene, &one, LATE).await;
    assert!(!asks(&one.taken, &message).await, "stop always stops");
    let two = written(scene).await;
    let message = started(scene, &two, LATE).await;
    let reader = scene.reader(message.id).await;
    ok!(scene.store.refuse(&reader, Scope::NotMe, now(LATE)));
    assert!(!asks(&two.taken, &message).await, "refused is not contacted");
    ok!(scene.store.lift(&reader, Scope::NotMe, now(LATE)));
    assert!(asks(&two.taken, &message).await);
}

/// Records every kind of answer: the message, its address, and the deliveries that waited for it.
pub async fn recorded(scene: &Scene<'_>) {
    // Later: again after its pause, in observed time, given back.
    let one = written(scene).await;
    let first = started(scene, &one, LATE).await;
    let later = record::answered(&first, Answer::Later, now(LATE));
    let wrong = Taken { fence: one.taken.fence + 1, ..one.taken };
    conflict!(scene.store.recorded(&wrong, &first, &later, now(LATE)));
    conflict!(scene.store.recorded(&one.taken, &one.message, &later, now(LATE)));
    let before = scene.facts().len();
    ok!(scene.store.recorded(&one.taken, &first, &later, now(LATE)));
    conflict!(scene.store.recorded(&one.taken, &first, &later, now(LATE)));
    let row = scene.row(first.id).await;
    assert_eq!((row.state, row.tries, row.date), (MessageState::Waiting, 1, Some(trusted(LATE))));
    let of = WakeOf::Message(first.id);
    assert!(!scene.has_come(of, now(LATE + 59)).await);
    assert!(scene.has_come(of, now(LATE + 60)).await);
    assert_eq!(scene.view(one.delivery).await.delivery.state, State::Sending);
    assert_eq!(scene.facts().len(), before);

    // Blocked does not count as a try.
    let two = written(scene).await;
    let first = started(scene, &two, LATE).await;
    let blocked = record::answered(&first, Answer::Blocked, now(LATE));
    ok!(scene.store.recorded(&two.taken, &first, &blocked, now(LATE)));
    assert_eq!(scene.row(first.id).await.tries, 0);

    // Accepted: the fact first; everything that knocks for this person is Knocked, and sleeps for the pause.
    let three = written(scene).await;
    let beside = scene.sealed(&three.author, three.person, now(0)).await.delivery.expect("a promise").id;
    let taken = scene.take(scene.boot_id(), WakeOf::Delivery(beside), now(LATE)).await.expect("it has come");
    let (read, decision) = scene.decision(beside, now(LATE)).await;
    assert_eq!(decision.why, "one-knock-for-all");
    ok!(scene.store.decided(&taken, &read, &decision, None, now(LATE)));
    let rests = scene.sealed(&three.author, three.person, now(LATE)).await.delivery.expect("a promise");
    let first = started(scene, &three, LATE).await;
    let accepted = record::answered(&first, Answer::Accepted, now(LATE + 5));
    let before = scene.facts().len();
    ok!(scene.store.recorded(&three.taken, &first, &accepted, now(LATE + 5)));
    let [Fact::Accepted { message, knock: Some(knock) }] = &scene.facts()[before..] else {
        panic!("one fact, that says what a restored house needs: {:?}", &scene.facts()[before..])
    };
    assert_eq!(
        (*message, knock.person, knock.nth, Some(knock.address)),
        (first.id, three.person, 1, first.address)
    );
    let link = ok!(scene.store.knock(Keyed(knock.link))).expect("its link");
    assert_eq!(link.message, first.id);
    let mut told: Vec<_> = knock.told.iter().map(|one| (one.delivery, one.occurrence)).collect();
    told.sort_unstable();
    let mut both = vec![(three.delivery, 0), (beside, 0)];
    both.sort_unstable();
    assert_eq!(told, both, "everything that knocked, and nothing that still rests");
    let row = scene.row(first.id).await;
    assert_eq!((row.state, row.tries), (MessageState::Accepted, 1));
    assert!(!scene.has_come(WakeOf::Message(first.id), now(9_000 * DAY)).await);
    for id in [three.delivery, beside] {
        let view = scene.view(id).await;
        assert_eq!(view.delivery.state, State::Knocked(1));
        assert_eq!(view.pair.last_accepted, Some(observed(LATE + 5)));
        assert!(!scene.has_come(WakeOf::Delivery(id), now(LATE + 5 + 14 * DAY - 1)).await);
        assert!(scene.has_come(WakeOf::Delivery(id), now(LATE + 5 + 14 * DAY)).await);
    }
    assert_eq!(scene.view(rests.id).await.delivery, rests, "what rests is not concerned");
    conflict!(scene.store.recorded(&three.taken, &row, &accepted, now(LATE + 6)));
    assert_eq!(scene.facts().len(), before + 1);

    // Refused for good: the address is dead, the delivery wakes at once and takes the next address.
    let four = written(scene).await;
    let first = started(scene, &four, LATE).await;
    let refused = record::answered(&first, Answer::Refused, now(LATE));
    ok!(scene.store.recorded(&four.taken, &first, &refused, now(LATE)));
    assert_eq!(scene.row(first.id).await.state, MessageState::Refused);
    let persons = ok!(scene.store.persons(&four.author));
    let goods: Vec<_> = persons[0].addresses.iter().map(|a| a.good).collect();
    assert_eq!(goods, [false, true]);
    assert!(scene.has_come(WakeOf::Delivery(four.delivery), now(LATE)).await);
    let (_, decision) = scene.decision(four.delivery, now(LATE)).await;
    assert_eq!(decision.knock.map(|k| (k.address, k.nth)), Some((four.addresses[1], 1)));
    assert_eq!(scene.view(four.delivery).await.delivery.state, State::Sending);

    // A code is no fact and belongs to no pair.
    let (taken, message) = code(scene, scene.keyed(), None).await;
    let StartAnswer::Started(first) = ok!(scene.store.start(&taken, &message, trusted(1), now(1))) else {
        panic!("it may leave")
    };
    let accepted = record::answered(&first, Answer::Accepted, now(1));
    let before = scene.facts().len();
    ok!(scene.store.recorded(&taken, &first, &accepted, now(1)));
    assert_eq!(scene.facts().len(), before);
    assert_eq!((first.kind, scene.row(first.id).await.state), (Kind::Code, MessageState::Accepted));
    assert_eq!(ok!(scene.store.next_wakes(Lane::Codes)), NextWakes::default());

    // Every state of a message that ends wakes no more.
    let known: Vec<MessageId> = vec![three.message.id, four.message.id];
    for id in known {
        assert!(!scene.has_come(WakeOf::Message(id), now(9_000 * DAY)).await);
    }
}

/// What may not leave ends, and those that are left wake at once.
pub async fn dropped(scene: &Scene<'_>) {
    let one = written(scene).await;
    let beside = scene.sealed(&one.author, one.person, now(0)).await.delivery.expect("a promise").id;
    let taken = scene.take(scene.boot_id(), WakeOf::Delivery(beside), now(LATE)).await.expect("it has come");
    let (read, decision) = scene.decision(beside, now(LATE)).await;
    ok!(scene.store.decided(&taken, &read, &decision, None, now(LATE)));
    withdraw(scene, &one, LATE).await;
    assert!(!scene.has_come(WakeOf::Delivery(beside), now(LATE)).await, "it looks again in a day");
    let wrong = Taken { fence: one.taken.fence + 1, ..one.taken };
    conflict!(scene.store.dropped(&wrong, &one.message, now(LATE)));
    let stale = Message { rev: one.message.rev + 1, ..one.message.clone() };
    conflict!(scene.store.dropped(&one.taken, &stale, now(LATE)));
    let before = scene.facts().len();
    ok!(scene.store.dropped(&one.taken, &one.message, now(LATE)));
    conflict!(scene.store.dropped(&one.taken, &one.message, now(LATE)));
    let row = scene.row(one.message.id).await;
    assert_eq!((row.state, row.tries), (MessageState::Dropped, 0));
    assert!(row.rev > one.message.rev);
    assert_eq!(scene.facts().len(), before);
    assert!(scene.has_come(WakeOf::Delivery(beside), now(LATE)).await);
    assert!(!scene.has_come(WakeOf::Delivery(one.delivery), now(9_000 * DAY)).await, "it was withdrawn");
    assert!(!scene.has_come(WakeOf::Message(one.message.id), now(9_000 * DAY)).await);
}
