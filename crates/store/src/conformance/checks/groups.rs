//! Sending in groups: each message has its own answer, nobody's trouble is another's, and what stands afterwards is what would stand if each had been
//! asked alone, one after the other.

use super::ok;
use super::sending::{LATE, Written, code, started, withdraw, written};
use crate::StoreError;
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::message::{Message, MessageState};
use unsaid_delivery::record::{self, Answer};
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::state::State;

fn starting(taken: Taken, message: &Message) -> Starting {
    Starting { taken, message: message.clone(), date: trusted(LATE) }
}

fn recording(taken: Taken, message: &Message, answer: Answer) -> Recording {
    Recording { taken, message: message.clone(), recorded: record::answered(message, answer, now(LATE)) }
}

/// Right before DATA, for many: what may leave is started, whoever stands beside it.
pub async fn start_many(scene: &Scene<'_>) {
    assert!(scene.store.start_many(&[], now(LATE)).await.is_empty());
    let (one, lost, stopped, two) =
        (written(scene).await, written(scene).await, written(scene).await, written(scene).await);
    withdraw(scene, &stopped, LATE).await;
    let (code_taken, code) = code(scene, scene.keyed(), None).await;
    let stale = Message { rev: two.message.rev + 1, ..two.message.clone() };
    let group = [
        starting(one.taken, &one.message),
        starting(Taken { fence: lost.taken.fence - 1, ..lost.taken }, &lost.message),
        starting(Taken { of: WakeOf::Message(scene.message_id()), ..lost.taken }, &lost.message),
        starting(stopped.taken, &stopped.message),
        starting(two.taken, &stale),
        starting(two.taken, &two.message),
        // Of the same message twice, the second finds what the first has left.
        starting(two.taken, &two.message),
        Starting { date: trusted(0), ..starting(code_taken, &code) },
    ];
    let before = scene.facts().len();
    let answers: Vec<StartAnswer> =
        scene.store.start_many(&group, now(0)).await.into_iter().map(|a| a.expect("an answer")).collect();
    let began = |answer: &StartAnswer| match answer {
        StartAnswer::Started(row) => row.clone(),
        other => panic!("{other:?}"),
    };
    for (at, whose) in [(0, &one), (5, &two)] {
        let row = began(&answers[at]);
        let expected = Message {
            state: MessageState::Started,
            date: Some(trusted(LATE)),
            rev: row.rev,
            ..whose.message.clone()
        };
        assert_eq!(row, expected);
        assert!(row.rev > whose.message.rev);
        assert_eq!(scene.row(row.id).await, row, "it is stored");
        assert!(ok!(scene.store.still_allowed(&whose.taken, &row, now(LATE))));
    }
    for at in [1, 2, 4, 6] {
        assert_eq!(answers[at], StartAnswer::NotOurs, "{at}");
    }
    assert!(matches!(answers[3], StartAnswer::NotAllowed(_)), "{:?}", answers[3]);
    assert_eq!(scene.row(lost.message.id).await, lost.message, "a no changes nothing");
    assert_eq!(scene.row(stopped.message.id).await, stopped.message);
    assert_eq!(began(&answers[7]).date, Some(trusted(0)));
    assert_eq!(scene.facts().len(), before, "to begin is no fact");
    // Whoever stops after that is heard by the second question.
    withdraw(scene, &one, LATE).await;
    let row = scene.row(one.message.id).await;
    assert!(!ok!(scene.store.still_allowed(&one.taken, &row, now(LATE))));
}

/// Answers, for many: one that has moved leaves no fact and spoils nothing.
pub async fn recorded_many(scene: &Scene<'_>) {
    assert!(scene.store.recorded_many(&[], now(LATE)).await.is_empty());
    let (one, lost, two, three) =
        (written(scene).await, written(scene).await, written(scene).await, written(scene).await);
    let mut rows = Vec::new();
    for whose in [&one, &lost, &two, &three] {
        rows.push(started(scene, whose, LATE).await);
    }
    // Taken over by another node meanwhile.
    let living = scene.boot_id();
    let held = ok!(scene.store.held(living, Lane::Letters, now(LATE), 100));
    let seen = held.iter().find(|h| h.of == lost.taken.of).expect("it is held");
    ok!(scene.store.take_over(living, seen)).expect("as it was seen");
    let before = scene.facts().len();
    let group = [
        recording(one.taken, &rows[0], Answer::Accepted),
        recording(lost.taken, &rows[1], Answer::Accepted),
        recording(two.taken, &two.message, Answer::Accepted),
        recording(two.taken, &rows[2], Answer::Refused),
        recording(three.taken, &rows[3], Answer::Accepted),
        recording(three.taken, &rows[3], Answer::Accepted),
    ];
    let answers = scene.store.recorded_many(&group, now(LATE)).await;
    let stands: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(stands, [true, false, false, true, true, false], "{answers:?}");
    assert!(answers.iter().all(|a| matches!(a, Ok(()) | Err(StoreError::Conflict))), "{answers:?}");
    let accepted: Vec<unsaid_delivery::MessageId> = scene.facts()[before..]
        .iter()
        .map(|fact| match fact {
            Fact::Accepted { message, knock: Some(_) } => *message,
            other => panic!("{other:?}"),
        })
        .collect();
    let each = [one.message.id, three.message.id];
    assert_eq!(accepted, each, "each once, in their order, and none for what moved");
    assert_eq!(scene.row(lost.message.id).await, rows[1], "nothing of it was written");
    for (whose, state, delivery) in [
        (&one, MessageState::Accepted, State::Knocked(1)),
        (&two, MessageState::Refused, State::Sending),
        (&three, MessageState::Accepted, State::Knocked(1)),
    ] {
        assert_eq!(scene.row(whose.message.id).await.state, state);
        assert_eq!(scene.view(whose.delivery).await.delivery.state, delivery);
        assert!(!scene.has_come(whose.taken.of, now(9_000 * DAY)).await);
    }
    assert!(scene.has_come(WakeOf::Delivery(two.delivery), now(LATE)).await, "the next address");
    // And a group of which nothing stands.
    let answers = scene.store.recorded_many(&group[..1], now(LATE)).await;
    assert!(matches!(answers[..], [Err(StoreError::Conflict)]), "{answers:?}");
    assert_eq!(scene.facts().len(), before + 2);
}

/// Chance that is the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// What has happened to a message between its taking and its beginning, and between its beginning and its record.
async fn meddle(scene: &Scene<'_>, whose: &Written, what: u64) {
    match what {
        0 => withdraw(scene, whose, LATE).await,
        1 => {
            let reader = scene.reader(whose.message.id).await;
            ok!(scene.store.refuse(&reader, Scope::Quiet, now(LATE)));
        }
        2 => ok!(scene.store.remove_address(&whose.author, whose.person, whose.addresses[0], now(LATE))),
        3 => {
            let living = scene.boot_id();
            let held = ok!(scene.store.held(living, Lane::Letters, now(LATE + HOUR), 1_000));
            let seen = held.iter().find(|h| h.of == whose.taken.of).expect("it is held");
            ok!(scene.store.take_over(living, seen)).expect("as it was seen");
        }
        _ => {}
    }
}

/// Two messages of one pair that are under way at once: an earlier knock that is tried again after its letter was opened, and the first for another letter.
async fn two_of_one_pair(scene: &Scene<'_>) -> [Written; 2] {
    let mut one = written(scene).await;
    let row = started(scene, &one, LATE).await;
    let later = record::answered(&row, Answer::Later, now(LATE));
    ok!(scene.store.recorded(&one.taken, &row, &later, now(LATE)));
    let reader = scene.reader(one.message.id).await;
    let read = scene.view(one.delivery).await.delivery;
    let granted =
        unsaid_delivery::accept::open(&read).expect("it may be opened").expect("for the first time");
    ok!(scene.store.open(&reader, &read, &granted, now(LATE)));
    let letter = scene.sealed(&one.author, one.person, now(0)).await;
    let delivery = letter.delivery.as_ref().expect("a promise").id;
    let boot = scene.boot_id();
    let soon = now(LATE + HOUR);
    let taken = scene.take(boot, WakeOf::Delivery(delivery), soon).await.expect("it has come");
    let (read, decision) = scene.decision(delivery, soon).await;
    let id = scene.message_id();
    ok!(scene.store.decided(&taken, &read, &decision, Some((id, link_of(id))), soon));
    one.taken = scene.take(boot, one.taken.of, soon).await.expect("its pause is over");
    one.message = scene.row(one.message.id).await;
    let taken = scene.take(boot, WakeOf::Message(id), soon).await.expect("it has come");
    let message = scene.row(id).await;
    let (author, person, addresses) = (one.author, one.person, one.addresses.clone());
    let two = Written { author, person, addresses, letter, delivery, taken, message };
    [one, two]
}

/// What stands of a message and its pair, without names.
async fn stands(scene: &Scene<'_>, whose: &Written) -> String {
    let Message { state, tries, date, rev, nth, .. } = scene.row(whose.message.id).await;
    let view = scene.view(whose.delivery).await;
    let goods: Vec<bool> = view.pair.addresses.iter().map(|a| a.good).collect();
    let knocks: Vec<MessageState> = view.pair.knocks.iter().map(|k| k.state).collect();
    let (delivery, at_rev, accepted) = (view.delivery.state, view.delivery.rev, view.pair.last_accepted);
    let mut come = Vec::new();
    for of in [WakeOf::Message(whose.message.id), WakeOf::Delivery(whose.delivery)] {
        for at in [LATE, LATE + HOUR, LATE + DAY, LATE + 400 * DAY] {
            come.push(scene.has_come(of, now(at)).await);
        }
    }
    format!(
        "{state:?} {tries} {date:?} {rev} {nth} {goods:?} {knocks:?} {delivery:?} {at_rev} {accepted:?} {come:?}"
    )
}

/// Twins live through the same, one of each alone, the other in a group: at the end nobody can tell them apart.
pub async fn a_group_is_as_if_one_after_the_other(scene: &Scene<'_>) {
    let mut draw = Draw(0x0075_6e73_6169_6401);
    for _ in 0..4 {
        let (mut alone, mut grouped) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            alone.push(written(scene).await);
            grouped.push(written(scene).await);
        }
        alone.extend(two_of_one_pair(scene).await);
        grouped.extend(two_of_one_pair(scene).await);
        for (one, twin) in alone.iter().zip(&grouped) {
            let what = draw.below(9);
            meddle(scene, one, what).await;
            meddle(scene, twin, what).await;
        }
        let at = now(LATE + HOUR);

        let group: Vec<Starting> = grouped.iter().map(|w| starting(w.taken, &w.message)).collect();
        let together = scene.store.start_many(&group, at).await;
        assert_eq!(together.len(), group.len());
        let (mut each, mut group) = (Vec::new(), Vec::new());
        for ((one, twin), of_group) in alone.iter().zip(&grouped).zip(together) {
            let single = ok!(scene.store.start(&one.taken, &one.message, trusted(LATE), at));
            let of_group = of_group.expect("an answer");
            let what = draw.below(9);
            let answer = [Answer::Accepted, Answer::Refused, Answer::Later, Answer::Unknown, Answer::Blocked]
                [draw.below(5) as usize];
            match (single, of_group) {
                (StartAnswer::Started(one_row), StartAnswer::Started(twin_row)) => {
                    assert_eq!(
                        Message {
                            id: twin_row.id,
                            subject: twin_row.subject,
                            address: twin_row.address,
                            ..one_row.clone()
                        },
                        twin_row
                    );
                    meddle(scene, one, what).await;
                    meddle(scene, twin, what).await;
                    each.push((one, recording(one.taken, &one_row, answer)));
                    group.push(recording(twin.taken, &twin_row, answer));
                }
                (StartAnswer::NotAllowed(one_why), StartAnswer::NotAllowed(twin_why)) => {
                    assert_eq!(one_why, twin_why);
                }
                (StartAnswer::NotOurs, StartAnswer::NotOurs) => {}
                other => panic!("{other:?}"),
            }
        }
        // One is told of twice: the second time it has moved.
        each.extend(each.first().cloned());
        group.extend(group.first().cloned());

        let before = scene.facts().len();
        let together = scene.store.recorded_many(&group, at).await;
        let of_group = scene.facts()[before..].len();
        assert_eq!(together.len(), each.len());
        for ((_, one), twin) in each.iter().zip(together) {
            let single = scene.store.recorded(&one.taken, &one.message, &one.recorded, at).await;
            assert_eq!(format!("{single:?}"), format!("{twin:?}"));
        }
        assert_eq!(scene.facts()[before..].len(), of_group * 2, "as many facts");
        for (one, twin) in alone.iter().zip(&grouped) {
            assert_eq!(stands(scene, one).await, stands(scene, twin).await);
        }
    }
}
