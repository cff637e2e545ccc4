//! What a person may do besides opening and refusing: keep it for later, answer, come with eight digits; and mail that comes back.

use super::readers::open_it;
use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::accept;
use unsaid_delivery::clock::Now;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::message::{Kind, MessageState, Notice};
use unsaid_delivery::record::{Answer, Bounce, CameBack};
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::state::State;

/// A knock is found by its name as by its link; a message that is no knock is not.
pub async fn knock_named(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let by_name = ok!(scene.store.knock_named(arrived.message)).expect("a knock");
    assert_eq!(Some(by_name), ok!(scene.store.knock(link_of(arrived.message))));
    assert_eq!(ok!(scene.store.knock_named(scene.message_id())), None);
    let notice = scene.message_id();
    ok!(scene.store.notify(&author, Notice::Trial, notice, now(DAY)));
    assert_eq!(ok!(scene.store.knock_named(notice)), None);
    assert!(ok!(scene.store.nobody_reads(arrived.message, scene.message_id(), now(DAY))));
    let told = scene.turn(now(DAY), Answer::Accepted).await;
    let told = told.iter().find(|m| m.kind == Kind::Notice(Notice::NobodyReads)).expect("it was sent");
    assert_eq!(ok!(scene.store.knock_named(told.id)), None, "a notice to the same address opens nothing");
}

/// Kept for a day: nothing is sent until then, whatever else waits is knocked for anew, and on the day a new series begins.
pub async fn keep_for_later(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let elsewhere = scene.arrived(&author, other, 0).await;
    let zone = ok!(scene.store.sender(&arrived.reader)).zone;
    let at = now(2 * DAY);
    let today = unsaid_delivery::calendar::day_in(at.trusted, &zone).expect("a zone");
    let day = today.checked_add(jiff::Span::new().days(100)).expect("a day");
    let read = scene.view(arrived.delivery).await.delivery;
    let granted = accept::later(&read, Some(day), &zone, at).expect("it waits");
    missing!(scene.store.keep_for_later(&elsewhere.reader, &read, &granted, at));
    let before = scene.facts().len();
    ok!(scene.store.keep_for_later(&arrived.reader, &read, &granted, at));
    conflict!(scene.store.keep_for_later(&arrived.reader, &read, &granted, at));
    let view = scene.view(arrived.delivery).await;
    assert_eq!(view.delivery.state, State::Later(day));
    assert_eq!((view.pair.knocks.len(), view.pair.last_accepted), (0, None), "a new series");
    let fact = Fact::KeptForLater { delivery: arrived.delivery, day };
    assert_eq!(scene.facts()[before..], [fact]);
    assert_eq!(ok!(scene.store.waiting(&arrived.reader)).len(), 1, "it can be opened all the while");

    // Quiet until the day, whatever time has passed; then one knock, the first of a series.
    let theirs = |sent: Vec<unsaid_delivery::message::Message>| {
        sent.into_iter().filter(|m| m.subject == unsaid_delivery::Subject::Person(person)).collect::<Vec<_>>()
    };
    assert_eq!(theirs(scene.turn(now(101 * DAY), Answer::Accepted).await), []);
    let sent = theirs(scene.turn(now(103 * DAY), Answer::Accepted).await);
    assert_eq!(sent.iter().map(|m| m.nth).collect::<Vec<_>>(), [1]);
    let view = scene.view(arrived.delivery).await;
    assert_eq!((view.delivery.state, view.pair.knocks.len()), (State::Knocked(1), 1));

    // While 'this is not for me' stands, that address keeps nothing either.
    let granted = accept::later(&view.delivery, None, &zone, now(104 * DAY)).expect("it waits");
    ok!(scene.store.refuse(&arrived.reader, Scope::NotMe, now(104 * DAY)));
    let read = scene.view(arrived.delivery).await.delivery;
    missing!(scene.store.keep_for_later(&arrived.reader, &read, &granted, now(104 * DAY)));
}

fn answer_to(scene: &Scene<'_>, arrived: &Arrived) -> NewReply {
    let (id, blob, notice) = (scene.reply_id(), scene.blob_id(), scene.message_id());
    NewReply { id, delivery: arrived.delivery, blob, size: 4_096, sha256: [7; 32], notice }
}

/// Answered once, however often it is sent; only to what they have opened; twenty a day at most.
pub async fn reply(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let elsewhere = scene.arrived(&author, other, 0).await;
    let first = answer_to(scene, &arrived);
    missing!(scene.store.reply(&arrived.reader, first.clone(), now(DAY)));
    open_it(scene, &arrived, DAY).await;
    missing!(scene.store.reply(&elsewhere.reader, first.clone(), now(DAY)));
    let before = scene.facts().len();
    assert_eq!(ok!(scene.store.reply(&arrived.reader, first.clone(), now(DAY))), Replied::Kept);
    let seen_from = match &scene.facts()[before..] {
        [Fact::Answered { reply, delivery, blob, size: 4_096, sha256: [7, ..], seen_from }] => {
            assert_eq!((*reply, *delivery, *blob), (first.id, arrived.delivery, first.blob));
            *seen_from
        }
        other => panic!("{other:?}"),
    };
    let zone = ok!(scene.store.account(&author)).zone;
    assert_eq!(Ok(seen_from), accept::answer_is_seen(&zone, now(DAY)));

    // Again, with the bytes stored a second time: those are nobody's.
    let again = NewReply { blob: scene.blob_id(), notice: scene.message_id(), ..first.clone() };
    assert_eq!(ok!(scene.store.reply(&arrived.reader, again.clone(), now(DAY + HOUR))), Replied::Kept);
    assert_eq!(ok!(scene.store.orphans(9)), [again.blob]);
    assert_eq!(scene.facts().len(), before + 1);
    let taken = NewReply { sha256: [8; 32], ..answer_to(scene, &arrived) };
    conflict!(scene.store.reply(&arrived.reader, NewReply { id: first.id, ..taken }, now(DAY)));

    for _ in 1..REPLIES_A_DAY {
        let kept = scene.store.reply(&arrived.reader, answer_to(scene, &arrived), now(DAY + HOUR));
        assert_eq!(ok!(kept), Replied::Kept);
    }
    let late = answer_to(scene, &arrived);
    assert_eq!(ok!(scene.store.reply(&arrived.reader, late.clone(), now(DAY + 2 * HOUR))), Replied::TooMany);
    assert!(ok!(scene.store.orphans(9)).contains(&late.blob));
    let late = answer_to(scene, &arrived);
    assert_eq!(ok!(scene.store.reply(&arrived.reader, late, now(3 * DAY))), Replied::Kept);
}

/// An answer that she may see, and its name.
async fn answered(scene: &Scene<'_>) -> (Author, Arrived, NewReply, Now) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    open_it(scene, &arrived, DAY).await;
    let reply = answer_to(scene, &arrived);
    ok!(scene.store.reply(&arrived.reader, reply.clone(), now(DAY)));
    let zone = ok!(scene.store.account(&author)).zone;
    let from = accept::answer_is_seen(&zone, now(DAY)).expect("a zone");
    (author, arrived, reply, Now { trusted: from, ..now(2 * DAY) })
}

/// Hers alone, from the morning on, the newest first; the notice leaves with it.
pub async fn replies(scene: &Scene<'_>) {
    let (author, arrived, first, seen_from) = answered(scene).await;
    let a_moment = jiff::SignedDuration::from_secs(1);
    let before = Now { trusted: seen_from.trusted - a_moment, ..seen_from };
    assert_eq!(ok!(scene.store.replies(&author, before)), []);
    let quiet = scene.turn(before, Answer::Accepted).await;
    assert!(quiet.iter().all(|m| m.id != first.notice));
    let reply = Reply {
        id: first.id,
        letter: arrived.letter.id,
        person: arrived.reader.person(),
        seen_from: seen_from.trusted,
        seen: false,
        blob: first.blob,
        size: first.size,
        sha256: first.sha256,
    };
    assert_eq!(ok!(scene.store.replies(&author, seen_from)), [reply]);
    let told = scene.turn(seen_from, Answer::Accepted).await;
    assert!(told.iter().any(|m| m.id == first.notice && m.kind == Kind::Notice(Notice::Answered)));
    let stranger = scene.author().await;
    assert_eq!(ok!(scene.store.replies(&stranger, seen_from)), []);
    let second = answer_to(scene, &arrived);
    ok!(scene.store.reply(&arrived.reader, second.clone(), now(5 * DAY)));
    let ids: Vec<_> = ok!(scene.store.replies(&author, now(7 * DAY))).iter().map(|r| r.id).collect();
    assert_eq!(ids, [second.id, first.id]);
}

/// One of them, under the same conditions.
pub async fn reply_named(scene: &Scene<'_>) {
    let (author, _, reply, seen_from) = answered(scene).await;
    missing!(scene.store.reply_named(&author, reply.id, now(DAY)));
    assert_eq!(ok!(scene.store.reply_named(&author, reply.id, seen_from)).blob, reply.blob);
    let stranger = scene.author().await;
    missing!(scene.store.reply_named(&stranger, reply.id, seen_from));
    missing!(scene.store.reply_named(&author, scene.reply_id(), seen_from));
}

/// Opened by her; again is no error.
pub async fn reply_seen(scene: &Scene<'_>) {
    let (author, _, reply, seen_from) = answered(scene).await;
    missing!(scene.store.reply_seen(&author, reply.id, now(DAY)));
    let stranger = scene.author().await;
    missing!(scene.store.reply_seen(&stranger, reply.id, seen_from));
    assert!(!ok!(scene.store.reply_named(&author, reply.id, seen_from)).seen);
    for _ in 0..2 {
        ok!(scene.store.reply_seen(&author, reply.id, seen_from));
        assert!(ok!(scene.store.reply_named(&author, reply.id, seen_from)).seen);
    }
}

/// Five tries a day for each address, known or not; only knocks that left for it are compared.
pub async fn try_digits(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (here, there) = (scene.keyed(), scene.keyed());
    let (person, _) = scene.person(&author, &[here]).await;
    let (theirs, _) = scene.person(&stranger, &[here]).await;
    let (other, _) = scene.person(&author, &[there]).await;
    let first = scene.arrived(&author, person, 0).await;
    let second = scene.arrived(&stranger, theirs, DAY).await;
    scene.arrived(&author, other, 0).await;
    let at = now(3 * DAY);
    let compared = DigitsTried::Knocks(vec![second.message, first.message]);
    assert_eq!(ok!(scene.store.try_digits(here, at)), compared);
    let unknown = scene.keyed();
    for _ in 0..DIGITS_A_DAY {
        assert_eq!(ok!(scene.store.try_digits(unknown, at)), DigitsTried::Knocks(vec![]));
    }
    for _ in 1..DIGITS_A_DAY {
        assert_eq!(ok!(scene.store.try_digits(here, at)), compared);
    }
    for address in [here, unknown] {
        assert_eq!(ok!(scene.store.try_digits(address, now(4 * DAY - 1))), DigitsTried::TooMany);
    }
    assert!(matches!(ok!(scene.store.try_digits(there, at)), DigitsTried::Knocks(k) if k.len() == 1));
    assert_eq!(ok!(scene.store.try_digits(here, now(4 * DAY))), compared, "and the next day again");
}

/// What came back for good: the next address is tried at once; the last one gone, it ends as unreachable. An opened letter stays opened, and what is not a
/// knock, or came back for another reason, changes nothing.
pub async fn bounced(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, addresses) = scene.person(&author, &[scene.keyed(), scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    missing!(scene.store.bounced(scene.message_id(), Bounce::Dead, now(DAY)));
    for (bounce, became) in [(Bounce::Lost, CameBack::Noted), (Bounce::Blocked, CameBack::CallHost)] {
        assert_eq!(ok!(scene.store.bounced(arrived.message, bounce, now(DAY))), became);
        assert_eq!(scene.row(arrived.message).await.state, MessageState::Accepted);
    }
    let before = scene.facts().len();
    assert_eq!(ok!(scene.store.bounced(arrived.message, Bounce::Dead, now(DAY))), CameBack::AddressIsDead);
    assert_eq!(scene.facts()[before..], [Fact::Bounced { message: arrived.message }]);
    assert_eq!(scene.row(arrived.message).await.state, MessageState::Refused);
    assert_eq!(ok!(scene.store.bounced(arrived.message, Bounce::Dead, now(DAY))), CameBack::Noted, "once");
    let good: Vec<bool> = ok!(scene.store.persons(&author))[0].addresses.iter().map(|a| a.good).collect();
    assert_eq!(good, [false, true]);
    let sent = scene.turn(now(DAY), Answer::Accepted).await;
    assert_eq!(sent.iter().map(|m| (m.address, m.nth)).collect::<Vec<_>>(), [(Some(addresses[1]), 1)]);
    assert_eq!(ok!(scene.store.bounced(sent[0].id, Bounce::Dead, now(2 * DAY))), CameBack::AddressIsDead);
    scene.turn(now(2 * DAY), Answer::Accepted).await;
    assert_eq!(scene.view(arrived.delivery).await.delivery.state, State::Unreachable);

    // What was read stays read.
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    open_it(scene, &arrived, DAY).await;
    assert_eq!(ok!(scene.store.bounced(arrived.message, Bounce::Dead, now(DAY))), CameBack::AddressIsDead);
    assert_eq!(scene.view(arrived.delivery).await.delivery.state, State::Opened);

    // A notice to her has no address that could die.
    let notice = scene.message_id();
    ok!(scene.store.notify(&author, Notice::Trial, notice, now(DAY)));
    scene.turn(now(DAY), Answer::Accepted).await;
    assert_eq!(ok!(scene.store.bounced(notice, Bounce::Dead, now(DAY))), CameBack::Noted);

    // Unanswered for ten years, and then the last knock comes back: it is owed again.
    let (person, _) = scene.person(&author, &[scene.keyed(), scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let mut last = arrived.message;
    let mut day = 20;
    while scene.view(arrived.delivery).await.delivery.state != State::Unanswered {
        for sent in scene.turn(now(day * DAY), Answer::Accepted).await {
            if sent.subject == unsaid_delivery::Subject::Person(person) {
                last = sent.id;
            }
        }
        day += 60;
        assert!(day < 365 * 14, "it ends");
    }
    assert_eq!(ok!(scene.store.bounced(last, Bounce::Dead, now(day * DAY))), CameBack::AddressIsDead);
    assert_eq!(scene.view(arrived.delivery).await.delivery.state, State::Sending);
    let sent = scene.turn(now(day * DAY), Answer::Accepted).await;
    assert!(sent.iter().any(|m| m.subject == unsaid_delivery::Subject::Person(person)), "{sent:?}");
}

/// Who answers a knock by mail is told once a week at most, at the address that the knock went to, and nowhere once that was taken away.
pub async fn nobody_reads(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, addresses) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    assert!(!ok!(scene.store.nobody_reads(scene.message_id(), scene.message_id(), now(DAY))));
    let notice = scene.message_id();
    assert!(ok!(scene.store.nobody_reads(arrived.message, notice, now(DAY))));
    assert!(!ok!(scene.store.nobody_reads(arrived.message, scene.message_id(), now(8 * DAY - 1))));
    let view = ok!(scene.store.message(notice)).expect("a message");
    assert_eq!(
        (view.message.kind, view.message.address),
        (Kind::Notice(Notice::NobodyReads), Some(addresses[0]))
    );
    assert_eq!((view.to_bound_to, view.language.as_str()), (addresses[0].to_string(), "fr"));
    let sent = scene.turn(now(DAY), Answer::Accepted).await;
    assert_eq!(sent.iter().map(|m| m.id).collect::<Vec<_>>(), [notice]);
    let state = scene.view(arrived.delivery).await.delivery.state;
    assert_eq!(state, State::Knocked(1), "a notice is no knock");
    assert!(ok!(scene.store.nobody_reads(arrived.message, scene.message_id(), now(8 * DAY))));
    ok!(scene.store.remove_address(&author, person, addresses[0], now(20 * DAY)));
    assert!(!ok!(scene.store.nobody_reads(arrived.message, scene.message_id(), now(40 * DAY))));
}
