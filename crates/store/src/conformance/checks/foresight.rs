//! The forecast as it is stored: who wrote it, when time adds to it, and that nothing else moves it.

use super::lives::for_her_end;
use super::ok;
use crate::conformance::scene::*;
use crate::rows::*;
use jiff::ToSpan;
use unsaid_delivery::accept;
use unsaid_delivery::clock::Now;
use unsaid_delivery::decide::Decision;
use unsaid_delivery::forecast::{By, FORECAST_DAYS, Forecast};
use unsaid_delivery::id::PersonId;
use unsaid_delivery::record::Answer;
use unsaid_delivery::rule::{Birthday, LeapDay, Moment};
use unsaid_delivery::state::{Delivery, State, Wake};

/// A letter for a civil day so many days after the beginning, at noon in UTC. `due` is what its page says of it.
pub(super) async fn for_day(
    scene: &Scene<'_>,
    author: &Author,
    person: PersonId,
    days: i64,
    due: i64,
    now: Now,
) -> Delivery {
    let mut seal = scene.ready_to_seal(author, person, now).await;
    let noon = trusted(days * DAY + 4 * HOUR);
    let date = unsaid_delivery::calendar::day_in(noon, "UTC").expect("a zone");
    if let Some(promise) = &mut seal.promise {
        promise.rule.moment = Moment::On { date, time: jiff::civil::time(12, 0, 0, 0), zone: "UTC".into() };
        promise.due = trusted(due * DAY + 4 * HOUR);
    }
    ok!(scene.store.seal(author, seal, now)).delivery.expect("a promise")
}

/// Sealed and corrected by a human; brought in by time once its day is near, and only then; and never moved.
pub async fn foresee(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let noon = |days: i64| trusted(days * DAY + 4 * HOUR);
    let by_act = |leaves, at: i64| Some(Forecast { leaves, since: trusted(at), by: By::Act });
    assert_eq!(ok!(scene.store.foresee(now(0), 100)), 0);

    // By sealing: what leaves at the end of its rest, and what is due before that.
    let at_once = scene.sealed(&author, person, now(5)).await.delivery.expect("a promise");
    assert_eq!(at_once.forecast, by_act(at_once.rest.until, 5));
    let past = for_day(scene, &author, person, -40, -40, now(5)).await;
    assert_eq!(past.forecast, by_act(past.rest.until, 5));
    let near = for_day(scene, &author, person, 30, 30, now(6)).await;
    assert_eq!(near.forecast, by_act(noon(30), 6));
    let far = for_day(scene, &author, person, 700, 700, now(6)).await;
    let farther = for_day(scene, &author, person, 705, 705, now(6)).await;
    assert_eq!((&far.forecast, &farther.forecast), (&None, &None), "too far away");
    assert_eq!(ok!(scene.store.foresee(now(DAY), 100)), 0, "nothing has come near");

    // By time: at the horizon, and not a second before; the earliest first; as derived from what was meant.
    let comes = (700 - FORECAST_DAYS) * DAY + 4 * HOUR;
    assert_eq!(ok!(scene.store.foresee(now(comes - 1), 100)), 0);
    let late = now(comes + 6 * DAY);
    assert_eq!(ok!(scene.store.foresee(late, 1)), 1);
    let stored = scene.view(far.id).await.delivery;
    let brought = |days| Some(Forecast { leaves: noon(days), since: late.trusted, by: By::Time });
    assert_eq!(stored, Delivery { forecast: brought(700), ..far.clone() }, "the rev stays");
    assert_eq!(scene.view(farther.id).await.delivery.forecast, None);
    assert_eq!(ok!(scene.store.foresee(late, 100)), 1);
    assert_eq!(ok!(scene.store.foresee(late, 100)), 0, "once");
    assert_eq!(scene.view(farther.id).await.delivery.forecast, brought(705));
    assert_eq!(scene.view(near.id).await.delivery.forecast, near.forecast, "what stands is not moved");

    // What leaves takes its forecast along, and its knock says that it was foreseen.
    scene.turn(now(9 * HOUR), Answer::Accepted).await;
    let left = scene.view(at_once.id).await;
    assert_eq!((left.delivery.state, left.delivery.forecast), (State::Knocked(1), at_once.forecast));
    assert!(left.pair.knocks[0].foreseen);

    // By correcting a birthday; and the next one by the one before it.
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let birthday = |month, day| Birthday { month, day, leap: LeapDay::February28 };
    let mut seal = scene.ready_to_seal(&author, other, now(0)).await;
    if let Some(promise) = &mut seal.promise {
        let (zone, nine) = ("UTC".into(), jiff::civil::time(9, 0, 0, 0));
        promise.rule.moment =
            Moment::EachBirthday { until: 2040, birthday: birthday(6, 1), time: nine, zone };
        promise.occurrence = 2026;
        promise.due = "2026-06-01T09:00:00Z".parse().expect("an instant");
    }
    let yearly = ok!(scene.store.seal(&author, seal, now(0))).delivery.expect("a promise");
    scene.turn(now(DAY), Answer::Accepted).await;
    let read = scene.view(yearly.id).await.delivery;
    let corrected = accept::correct_birthday(&read, None, birthday(4, 1), now(2 * DAY));
    let corrected = corrected.expect("it may be").expect("another day");
    ok!(scene.store.correct_rule(&author, &read, &corrected, now(2 * DAY)));
    let first = scene.view(yearly.id).await.delivery;
    let april: jiff::Timestamp = "2026-04-01T09:00:00Z".parse().expect("an instant");
    assert_eq!(first.forecast, by_act(april, 2 * DAY));
    scene.turn(Now { trusted: april, observed: observed(31 * DAY) }, Answer::Accepted).await;
    let next = occurrence_id(yearly.letter, 2027);
    let next = scene.view(next).await.delivery;
    let leaves = "2027-04-01T09:00:00Z".parse().expect("an instant");
    assert_eq!(next.forecast, Some(Forecast { leaves, since: april, by: By::Time }));
}

/// What was derived with other zone data comes when its civil day comes by this data, earlier or later than its cached instant; its forecast, its rev and its day stay.
pub async fn rederive(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let noon = |days: i64| trusted(days * DAY + 4 * HOUR);
    assert_eq!(ok!(scene.store.rederive(100)), Rederived::default());
    // By the data of then one comes an hour too late, one two days too early, one as ever; and one is resting.
    let late = for_day(scene, &author, person, 30, 30, now(0)).await;
    let early = for_day(scene, &author, person, 60, 60, now(1)).await;
    let same = for_day(scene, &author, person, 90, 90, now(2)).await;
    for (delivery, cached) in
        [(&late, noon(30) + 1.hour()), (&early, noon(60) - 48.hours()), (&same, noon(90))]
    {
        let at = now(9 * HOUR);
        let taken =
            scene.take(scene.boot_id(), WakeOf::Delivery(delivery.id), at).await.expect("its rest ends");
        let (read, decision) = scene.decision(delivery.id, at).await;
        let decision = Decision {
            due: Some(cached),
            tzdb: "1999z".into(),
            wake: Some(Wake::Trusted(cached)),
            ..decision
        };
        ok!(scene.store.decided(&taken, &read, &decision, None, at));
    }
    let resting = for_day(scene, &author, person, 120, 121, now(9 * HOUR)).await;
    let before = [scene.view(late.id).await.delivery, scene.view(early.id).await.delivery];
    assert_eq!(before.each_ref().map(|d| d.state), [State::Waiting; 2]);

    // At most so many; those of one version by their moment; none twice.
    assert_eq!(ok!(scene.store.rederive(1)), Rederived { looked: 1, shifted: 1 });
    assert_eq!(ok!(scene.store.rederive(100)), Rederived { looked: 3, shifted: 2 });
    assert_eq!(ok!(scene.store.rederive(100)), Rederived::default());
    let version = unsaid_delivery::calendar::tzdb_version();
    for (before, due) in before.into_iter().zip([noon(30), noon(60)]) {
        let after = scene.view(before.id).await.delivery;
        assert_eq!(after, Delivery { due: Some(due), tzdb: version.into(), ..before });
    }
    let rests = scene.view(resting.id).await.delivery;
    assert_eq!((rests.due, rests.tzdb.as_str()), (Some(noon(120)), version));

    // And it is woken then: an hour before the old wake, and not at the one that was too early.
    let at = |due| Now { trusted: due, observed: observed(100 * DAY) };
    let takes = async |when, of| scene.take(scene.boot_id(), WakeOf::Delivery(of), at(when)).await.is_some();
    assert!(!takes(noon(30) - 1.second(), late.id).await);
    assert!(takes(noon(30), late.id).await);
    assert!(!takes(noon(60) - 1.hour(), early.id).await);
    assert!(takes(noon(60), early.id).await);
    // Its rest wakes the one that rests, as ever.
    assert!(takes(resting.rest.until, resting.id).await);
}

/// What leaves within a week, and how much of it nobody foresaw.
pub async fn forecast(scene: &Scene<'_>) {
    let author = scene.author().await;
    let nothing = ok!(scene.store.forecast(now(0)));
    assert_eq!((nothing.within_a_week, nothing.within_horizon), (0, 0));
    assert!((14..=15).contains(&nothing.months.len()) && nothing.months.iter().all(|(_, many)| *many == 0));
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    for days in [3, 6, 8, 399, 401] {
        for_day(scene, &author, person, days, days, now(0)).await;
    }
    let said = |within_a_week, unforeseen, within_horizon| (within_a_week, unforeseen, within_horizon);
    let forecast = async |at: Now| {
        let seen = ok!(scene.store.forecast(at));
        let in_months: u64 = seen.months.iter().map(|(_, many)| many).sum();
        assert_eq!(in_months, seen.within_horizon, "no letter is in two months or in none");
        (seen.within_a_week, seen.unforeseen, seen.within_horizon)
    };
    assert_eq!(forecast(now(4 * HOUR)).await, said(2, 0, 4));
    // What waits for its author's end has no day until she is let go.
    for_her_end(scene, &author).await;
    assert_eq!(forecast(now(4 * HOUR)).await, said(2, 0, 4));
    // The last one is of the month that its day is of.
    let (last, many) = ok!(scene.store.forecast(now(4 * HOUR))).months.pop().expect("a month");
    let day = trusted(399 * DAY).to_zoned(jiff::tz::TimeZone::UTC).date();
    assert_eq!((last, many), (day.first_of_month(), 1));
    // A fault: what was to leave in years leaves in days, and nothing had said so for a week.
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let slipped = for_day(scene, &author, other, 5, 2_000, now(0)).await;
    assert_eq!(forecast(now(4 * HOUR)).await, said(2, 0, 4), "nobody has derived it yet");
    let taken = scene
        .take(scene.boot_id(), WakeOf::Delivery(slipped.id), now(9 * HOUR))
        .await
        .expect("its rest ends");
    let (read, decision) = scene.decision(slipped.id, now(9 * HOUR)).await;
    ok!(scene.store.decided(&taken, &read, &decision, None, now(9 * HOUR)));
    assert_eq!(forecast(now(9 * HOUR)).await, said(3, 1, 5));
    assert_eq!(ok!(scene.store.foresee(now(9 * HOUR), 100)), 1);
    assert_eq!(forecast(now(9 * HOUR)).await, said(3, 1, 5), "to be seen late is not to be foreseen");
    let sent = scene.turn(now(6 * DAY), Answer::Accepted).await;
    let foreseen: Vec<bool> = sent.iter().map(|m| m.foreseen).collect();
    assert_eq!(foreseen.iter().filter(|f| !**f).count(), 1, "{foreseen:?}");
    let knock = &scene.view(slipped.id).await.pair.knocks[0];
    assert!(!knock.foreseen && sent.iter().any(|m| m.id == knock.id));
    // What has left is not waited for.
    assert_eq!(forecast(now(6 * DAY)).await, said(2, 0, 4));
}
