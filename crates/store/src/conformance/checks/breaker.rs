//! What leaves although nobody foresaw it, counted; what is parked, and by whom; and who looked ahead last.

use super::foresight::for_day;
use super::lives::for_her_end;
use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::lives::Names;
use crate::rows::*;
use unsaid_delivery::breaker::{self, Weighed};
use unsaid_delivery::clock::{Mark, Now};
use unsaid_delivery::decide::Decision;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::forecast::{By, Forecast};
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::life::{Change, GateMoves, Life, Plan, Stage, accept};
use unsaid_delivery::parking::{self, ParkedBy, Parking};
use unsaid_delivery::record::Answer;
use unsaid_delivery::state::{Delivery, Parked, State};

/// A letter that was for a day in years, and is for one in days by a fault: nobody foresaw it. It has been decided about once, when its rest ended.
async fn slipped(scene: &Scene<'_>, author: &Author, days: i64) -> DeliveryId {
    let (person, _) = scene.person(author, &[scene.keyed()]).await;
    let id = for_day(scene, author, person, days, 2_000, now(0)).await.id;
    let taken =
        scene.take(scene.boot_id(), WakeOf::Delivery(id), now(9 * HOUR)).await.expect("its rest ends");
    let (read, decision) = scene.decision(id, now(9 * HOUR)).await;
    ok!(scene.store.decided(&taken, &read, &decision, None, now(9 * HOUR)));
    id
}

/// Decides as a worker does, which asks what is many.
async fn decide(scene: &Scene<'_>, id: DeliveryId, at: Now) -> Decision {
    let taken = scene.take(scene.boot_id(), WakeOf::Delivery(id), at).await.expect("it has come");
    let (read, decision) = scene.decision(id, at).await;
    let decision = breaker::hold_back(&read, decision, ok!(scene.store.weigh(at)), at.observed);
    let message = scene.message_id();
    ok!(scene.store.decided(&taken, &read, &decision, Some((message, link_of(message))), at));
    decision
}

/// What is ahead, what is parked and what left within a week are one number, which does not change while letters leave.
pub async fn weigh(scene: &Scene<'_>) {
    let author = scene.author().await;
    assert_eq!(ok!(scene.store.weigh(now(0))), Weighed::default());
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    for days in [3, 30, 700] {
        for_day(scene, &author, person, days, days, now(0)).await;
    }
    let weighed = |unforeseen, waiting| Weighed { unforeseen, waiting };
    assert_eq!(ok!(scene.store.weigh(now(9 * HOUR))), weighed(0, 3));

    let mut batch = Vec::new();
    for _ in 0..6 {
        batch.push(slipped(scene, &author, 5).await);
    }
    assert_eq!(ok!(scene.store.weigh(now(9 * HOUR))), weighed(6, 9));
    assert_eq!(ok!(scene.store.weigh(now(-3 * DAY))), weighed(0, 9), "it is not of the coming week");

    // Its day comes. Whoever is first is held as surely as whoever is last, and a few who left before count on.
    let due = now(5 * DAY + 4 * HOUR);
    let let_out = &batch[..2];
    for id in let_out {
        let taken = scene.take(scene.boot_id(), WakeOf::Delivery(*id), due).await.expect("it has come");
        let (read, decision) = scene.decision(*id, due).await;
        assert!(decision.unforeseen);
        let message = scene.message_id();
        ok!(scene.store.decided(&taken, &read, &decision, Some((message, link_of(message))), due));
        assert_eq!(ok!(scene.store.weigh(due)).unforeseen, 6);
    }
    for id in &batch[2..] {
        let decision = decide(scene, *id, due).await;
        assert_eq!(decision.state, State::Parked { why: Parked::Unforeseen, left: false });
        assert_eq!(ok!(scene.store.weigh(due)), weighed(6, 7), "what is parked and has not left waits still");
    }
    // A week of service later those who left do not count any more; the calendar alone forgets nothing.
    let calendar = Now { trusted: trusted(90 * DAY), ..due };
    assert_eq!(ok!(scene.store.weigh(calendar)).unforeseen, 6);
    let served = Now { observed: observed(12 * DAY + 4 * HOUR), ..due };
    assert_eq!(ok!(scene.store.weigh(served)).unforeseen, 4);

    // After its look it leaves as foreseen, and counts as nothing.
    let later = now(8 * DAY + 4 * HOUR);
    let decision = decide(scene, batch[5], later).await;
    assert_eq!((decision.state, decision.why), (State::Sending, "leaves-after-a-look"));
    assert_eq!(ok!(scene.store.weigh(later)).unforeseen, 5);
    let stored = scene.view(batch[5]).await.delivery;
    assert_eq!((stored.parked, stored.forecast), (None, decision.forecast));
    of_a_gate(scene).await;
}

/// What waits for its author's end counts as nothing before that, and afterwards if her grace had not begun a week before.
async fn of_a_gate(scene: &Scene<'_>) {
    let before = ok!(scene.store.weigh(now(20 * DAY)));
    for (grace_days, counted) in [(30, 0), (6, 2)] {
        let author = scene.author().await;
        let plan = accept::arm(author.account(), None, Plan::default(), now(0)).expect("a plan");
        let names = Names::new();
        ok!(scene.store.commit_life(None, &plan, &names, now(0)));
        let mut hers = Vec::new();
        for _ in 0..2 {
            hers.push(for_her_end(scene, &author).await.delivery.expect("a promise").id);
        }
        let still = ok!(scene.store.weigh(now(20 * DAY))).unforeseen;
        let life = ok!(scene.store.life(author.account())).expect("a life").life;
        let gone = Life {
            stage: Stage::Released,
            confirmed: Some(trusted(20 * DAY - grace_days * DAY)),
            released: Some(trusted(20 * DAY)),
            ..life.clone()
        };
        let change = Change {
            life: gone,
            wake: None,
            write: Vec::new(),
            gate: Some(GateMoves::Opens),
            fact: None,
            why: "released",
        };
        ok!(scene.store.commit_life(Some(&life), &change, &names, now(20 * DAY)));
        let weighed = ok!(scene.store.weigh(now(20 * DAY))).unforeseen;
        assert_eq!(weighed - still, counted, "a grace of {grace_days} days");
        if counted == 0 {
            continue;
        }
        // What a host lets go of it is as foreseen as a human's word.
        let read = scene.view(hers[0]).await.delivery;
        let granted = parking::park(&read).expect("it may be");
        ok!(scene.store.commit_parking(&read, &granted, None, now(20 * DAY)));
        let read = scene.view(hers[0]).await.delivery;
        let (granted, forecast) = parking::release(&read, now(20 * DAY + 9)).expect("it may be");
        ok!(scene.store.commit_parking(&read, &granted, forecast, now(20 * DAY + 9)));
        assert_eq!(ok!(scene.store.weigh(now(20 * DAY + 9))).unforeseen - still, 1);
    }
    assert_eq!(ok!(scene.store.weigh(now(20 * DAY))).waiting, before.waiting + 4);
}

/// What is parked, the longest first, with where it was, who parked it and since when.
pub async fn parked(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.parked(9)), []);
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    ok!(scene.store.beat(scene.boot_id(), Mark { trusted: trusted(70), observed: observed(60) }));
    let (one, other) =
        (scene.sealed(&author, person, now(0)).await, scene.sealed(&author, person, now(0)).await);
    let (one, other) = (one.delivery.expect("a promise"), other.delivery.expect("a promise"));
    ok!(scene.store.park(one.id, Parked::Damaged));
    let granted = parking::park(&other).expect("it may be");
    ok!(scene.store.commit_parking(&other, &granted, None, now(90)));
    let parked = ok!(scene.store.parked(9));
    let seen: Vec<_> = parked.iter().map(|d| (d.id, d.parked)).collect();
    let beside = |by, seconds, served| {
        Some(Parking { was: State::Resting, by, since: trusted(seconds), observed: observed(served) })
    };
    assert_eq!(
        seen,
        [(one.id, beside(ParkedBy::Engine, 70, 60)), (other.id, beside(ParkedBy::Host, 90, 90))]
    );
    assert_eq!(ok!(scene.store.parked(1)).len(), 1);
    assert_eq!(parked[0], scene.view(one.id).await.delivery, "as it is read elsewhere");
}

/// A host's word is a fact; what is let go is where it was, and what was decided meanwhile is a conflict.
pub async fn commit_parking(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let read = scene.view(arrived.delivery).await.delivery;
    assert_eq!(read.state, State::Knocked(1));
    let granted = parking::park(&read).expect("it may be");
    missing!(scene.store.commit_parking(
        &Delivery { id: scene.delivery_id(), ..read.clone() },
        &granted,
        None,
        now(DAY)
    ));
    conflict!(scene.store.commit_parking(
        &Delivery { rev: read.rev - 1, ..read.clone() },
        &granted,
        None,
        now(DAY)
    ));
    let before = scene.facts().len();
    ok!(scene.store.commit_parking(&read, &granted, None, now(DAY)));
    let held = scene.view(arrived.delivery).await.delivery;
    assert_eq!(held.state, State::Parked { why: Parked::ByHost, left: true });
    assert!(held.rev > read.rev && !scene.has_come(WakeOf::Delivery(held.id), now(9_000 * DAY)).await);
    conflict!(scene.store.commit_parking(&read, &granted, None, now(DAY)));

    let (granted, forecast) = parking::release(&held, now(2 * DAY)).expect("it may be");
    ok!(scene.store.commit_parking(&held, &granted, forecast, now(2 * DAY)));
    let free = scene.view(arrived.delivery).await.delivery;
    assert_eq!(free, Delivery { rev: free.rev, ..read.clone() }, "as it was");
    assert!(scene.has_come(WakeOf::Delivery(free.id), now(2 * DAY)).await);
    let facts = [Fact::Parked { delivery: free.id }, Fact::Released { delivery: free.id }];
    assert_eq!(scene.facts()[before..], facts);

    // What waits for a look is stopped by a host: it keeps where it was and since when, and wakes no more.
    let mut batch = Vec::new();
    for _ in 0..6 {
        batch.push(slipped(scene, &author, 5).await);
    }
    let due = now(5 * DAY + 4 * HOUR);
    assert_eq!(decide(scene, batch[0], due).await.why, "many-wait-for-a-look");
    let held = scene.view(batch[0]).await.delivery;
    let since =
        Parking { was: State::Waiting, by: ParkedBy::Engine, since: due.trusted, observed: due.observed };
    assert_eq!(held.parked, Some(since));
    let granted = parking::park(&held).expect("it may be");
    ok!(scene.store.commit_parking(&held, &granted, None, now(6 * DAY)));
    let stopped = scene.view(batch[0]).await.delivery;
    assert_eq!(stopped.parked, Some(Parking { by: ParkedBy::Host, ..since }));
    assert!(!scene.has_come(WakeOf::Delivery(stopped.id), now(9_000 * DAY)).await);
    let (granted, forecast) = parking::release(&stopped, now(7 * DAY)).expect("it may be");
    ok!(scene.store.commit_parking(&stopped, &granted, forecast, now(7 * DAY)));
    let free = scene.view(batch[0]).await.delivery;
    assert_eq!((free.state, free.parked), (State::Waiting, None));
    assert_eq!(free.forecast.map(|f| (f.since, f.by)), Some((trusted(7 * DAY), By::Act)));
    let decision = decide(scene, batch[0], now(7 * DAY)).await;
    assert_eq!((decision.state, decision.unforeseen), (State::Sending, false));
}

/// A leap of trusted time takes out of the forecast what it brings near; what was served, a short pause and a confirmed step take nothing.
pub async fn look(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    assert_eq!(ok!(scene.store.look(now(0))), 0, "a house whose clock has not begun");
    let boot = scene.boot_id();
    ok!(scene.store.beat(boot, Mark { trusted: trusted(0), observed: observed(0) }));
    let mut days = Vec::new();
    for day in [5, 20, 100, 107, 120] {
        days.push(for_day(scene, &author, person, day, day, now(0)).await.id);
    }
    let late = trusted(100 * DAY);
    let asked = scene.sealed(&author, person, Now { trusted: late, observed: observed(HOUR) }).await;
    assert_eq!(ok!(scene.store.look(now(0))), 0, "the first look");
    assert_eq!(ok!(scene.store.look(Now { trusted: trusted(7 * DAY), observed: observed(0) })), 0, "a pause");
    assert_eq!(ok!(scene.store.look(now(7 * DAY))), 0);

    // It is the hundredth day, and nobody has served the days between.
    let leapt = Now { trusted: trusted(100 * DAY), observed: observed(7 * DAY + 2 * HOUR) };
    assert_eq!(ok!(scene.store.look(leapt)), 2, "20 and 100; 107 is a few hours beyond the week");
    assert_eq!(ok!(scene.store.look(leapt)), 0, "once");
    let forecast = |id: DeliveryId| async move { scene.view(id).await.delivery.forecast };
    assert!(forecast(days[0]).await.is_some() && forecast(days[4]).await.is_some());
    assert!(forecast(asked.delivery.expect("a promise").id).await.is_some(), "a human asked for it since");
    assert_eq!(forecast(days[1]).await, None);
    // Found again as something that time brought in just now: it has not stood there for a week.
    assert_eq!(ok!(scene.store.foresee(leapt, 9)), 2);
    let again = forecast(days[2]).await.expect("a forecast");
    assert_eq!((again.since, again.by), (leapt.trusted, By::Time));
    assert_eq!(ok!(scene.store.weigh(leapt)).unforeseen, 2);

    // A human confirms the clock: by that step nothing comes unforeseen. And a node that knows less of the time takes nothing back.
    ok!(scene.store.confirm_clock(trusted(119 * DAY)));
    assert_eq!(ok!(scene.store.look(Now { trusted: trusted(101 * DAY), ..leapt })), 0);
    assert_eq!(ok!(scene.store.look(Now { trusted: trusted(119 * DAY), ..leapt })), 0);
    assert!(forecast(days[4]).await.is_some_and(|f: Forecast| f.by == By::Act));
    let sent = scene.turn(Now { trusted: trusted(121 * DAY), ..leapt }, Answer::Accepted).await;
    assert!(!sent.is_empty());
}
