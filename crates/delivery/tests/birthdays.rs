//! Stories of birthdays and of new words, each named for the rule that it defends (docs/delivery.md), and a table of days to 2150 that
//! another calendar has reckoned (calendar-to-2150.csv).

use jiff::Timestamp;
use jiff::civil::{Date, date, time};
use unsaid_delivery::accept::{self, Refusal};
use unsaid_delivery::calendar;
use unsaid_delivery::decide::{Address, AmendDecision, Decision, Pair, amended, decide};
use unsaid_delivery::forecast::{By, Forecast};
use unsaid_delivery::refusal::{Refused, Scope};
use unsaid_delivery::rule::{Birthday, Gate, LeapDay, Moment, Proof, Reach, RestAsked, Rule};
use unsaid_delivery::state::{Amending, Delivery, Rest, Shown, State, Wake, shown};
use unsaid_delivery::*;

const HOUR: i64 = 3_600;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn now(trusted: &str) -> Now {
    Now { trusted: at(trusted), observed: Observed(100_000 * HOUR) }
}

fn day(month: i8, day: i8) -> Birthday {
    Birthday { month, day, leap: LeapDay::February28 }
}

fn each(birthday: Birthday, until: i16) -> Moment {
    Moment::EachBirthday { until, birthday, time: time(9, 0, 0, 0), zone: "Europe/Lisbon".into() }
}

fn aged(age: u16, year: i16, birthday: Birthday) -> Moment {
    Moment::Birthday { age, year, birthday, time: time(9, 0, 0, 0), zone: "Europe/Lisbon".into() }
}

fn rule(moment: Moment) -> Rule {
    Rule { gate: Gate::None, moment, reach: Reach::Send, proof: Proof::None }
}

const LETTER: LetterId = LetterId([1; 16]);
const ADDRESS: AddressId = AddressId([3; 16]);

fn delivery(state: State, moment: Moment, occurrence: i16) -> Delivery {
    Delivery {
        id: DeliveryId([5; 16]),
        letter: LETTER,
        account: AccountId([6; 16]),
        person: PersonId([2; 16]),
        occurrence,
        rule: rule(moment),
        version: 1,
        pinned: false,
        state,
        rest: Rest { until: at("2026-11-22T09:00:00Z"), observed: Observed(HOUR) },
        due: None,
        tzdb: calendar::tzdb_version().to_owned(),
        forecast: Some(Forecast {
            leaves: at("2026-11-22T09:00:00Z"),
            since: Timestamp::UNIX_EPOCH,
            by: By::Act,
        }),
        parked: None,
        rev: 1,
    }
}

fn pair(refused: Vec<Refused>) -> Pair {
    Pair { addresses: vec![Address { id: ADDRESS, good: true, refused }], ..Pair::default() }
}

fn decided(delivery: &Delivery, pair: &Pair, at: &str) -> Decision {
    decide(delivery, pair, now(at))
        .unwrap_or_else(|| panic!("nothing was decided about {:?}", delivery.state))
}

fn plan(moment: Moment, at: &str) -> Result<accept::Plan, Refusal> {
    accept::plan(&rule(moment), RestAsked::Morning, "Europe/Lisbon", now(at))
}

#[test]
fn leap_day_as_chosen() {
    let on = |leap| Birthday { month: 2, day: 29, leap };
    for (year, february, march) in [
        (2027, date(2027, 2, 28), date(2027, 3, 1)),
        (2028, date(2028, 2, 29), date(2028, 2, 29)),
        (2100, date(2100, 2, 28), date(2100, 3, 1)),
        (2000, date(2000, 2, 29), date(2000, 2, 29)),
    ] {
        assert_eq!(calendar::birthday_in(year, on(LeapDay::February28)), Some(february));
        assert_eq!(calendar::birthday_in(year, on(LeapDay::March1)), Some(march));
    }
    // The choice is of no meaning for any other day.
    let plain = Birthday { leap: LeapDay::March1, ..day(12, 5) };
    assert_eq!(calendar::birthday_in(2027, plain), Some(date(2027, 12, 5)));
    assert_eq!(calendar::birthday_in(2027, day(4, 31)), None);
    assert_eq!(calendar::birthday_in(2027, day(2, 30)), None);
}

#[test]
fn a_birthday_by_age_is_one_day() {
    let plan = plan(aged(18, 2019, day(3, 12)), "2026-11-21T12:00:00Z").unwrap();
    assert_eq!((plan.due, plan.occurrence, plan.early), (at("2037-03-12T09:00:00Z"), 0, false));
    let letter = delivery(State::Waiting, aged(18, 2019, day(3, 12)), 0);
    assert_eq!(decided(&letter, &pair(vec![]), "2037-03-12T08:59:59Z").state, State::Waiting);
    let due = decided(&letter, &pair(vec![]), "2037-03-12T09:00:00Z");
    assert_eq!((due.state, due.next, due.occurrence), (State::Sending, None, 0));
}

#[test]
fn what_cannot_be_is_refused_before_it_is_promised() {
    let today = "2026-11-21T12:00:00Z";
    for (moment, why) in [
        (aged(18, 2000, day(3, 12)), Refusal::DayPassed),
        (aged(18, 2019, day(4, 31)), Refusal::BirthdayUnknown),
        (aged(18, 2019, day(13, 1)), Refusal::BirthdayUnknown),
        (aged(160, 2019, day(3, 12)), Refusal::DayTooFar),
        (aged(40_000, 2019, day(3, 12)), Refusal::DayTooFar),
        (each(day(3, 12), 2026), Refusal::DayPassed),
        (each(day(2, 30), 2060), Refusal::BirthdayUnknown),
        (each(day(3, 12), 2300), Refusal::DayTooFar),
        (each(day(3, 12), i16::MAX), Refusal::DayTooFar),
    ] {
        assert_eq!(plan(moment.clone(), today), Err(why), "{moment:?}");
    }
    let nowhere = Moment::EachBirthday {
        until: 2060,
        birthday: day(3, 12),
        time: time(9, 0, 0, 0),
        zone: "Nowhere/Atall".into(),
    };
    assert_eq!(plan(nowhere, today), Err(Refusal::ZoneUnknown));
}

#[test]
fn the_first_of_many_birthdays_is_the_next_one() {
    let first = |birthday, at: &str| plan(each(birthday, 2060), at).map(|p| (p.occurrence, p.due, p.early));
    assert_eq!(first(day(12, 5), "2026-11-21T12:00:00Z"), Ok((2026, at("2026-12-05T09:00:00Z"), false)));
    assert_eq!(first(day(11, 20), "2026-11-21T12:00:00Z"), Ok((2027, at("2027-11-20T09:00:00Z"), false)));
    // Today counts, and goes when it has rested; that is said before it is sealed.
    assert_eq!(first(day(11, 21), "2026-11-21T12:00:00Z"), Ok((2026, at("2026-11-21T09:00:00Z"), true)));
    // Today is what it is where the person is: in Auckland the day has begun.
    let there = Moment::EachBirthday {
        until: 2060,
        birthday: day(11, 21),
        time: time(9, 0, 0, 0),
        zone: "Pacific/Auckland".into(),
    };
    assert_eq!(plan(there, "2026-11-21T12:00:00Z").map(|p| p.occurrence), Ok(2027));
    let days: Vec<Date> = calendar::days(&each(day(2, 29), 2029), 2027).collect();
    assert_eq!(days, [date(2027, 2, 28), date(2028, 2, 29), date(2029, 2, 28)]);
}

#[test]
fn one_future_row() {
    let letter = delivery(State::Waiting, each(day(12, 5), 2028), 2026);
    let early = decided(&letter, &pair(vec![]), "2026-12-05T08:59:59Z");
    assert_eq!((early.state, early.next), (State::Waiting, None));
    assert_eq!(early.wake, Some(Wake::Trusted(at("2026-12-05T09:00:00Z"))));
    let due = decided(&letter, &pair(vec![]), "2026-12-05T09:00:00Z");
    let next = due.next.expect("the next one is foreseen");
    assert_eq!((due.state, due.occurrence), (State::Sending, 2026));
    assert_eq!((next.occurrence, next.due), (2027, at("2027-12-05T09:00:00Z")));
    // Once it has fallen due nothing is foreseen again, whatever becomes of it.
    for state in [State::Sending, State::Knocked(1)] {
        let left = Delivery { state, ..letter.clone() };
        assert_eq!(decided(&left, &pair(vec![]), "2026-12-06T09:00:00Z").next, None);
    }
    // The last year foresees none.
    let last = delivery(State::Waiting, each(day(12, 5), 2028), 2028);
    assert_eq!(decided(&last, &pair(vec![]), "2028-12-05T09:00:00Z").next, None);
}

#[test]
fn a_birthday_that_is_a_row_of_its_own_is_never_told_of_by_two() {
    // It had fallen due in 2029, and 2030 was foreseen; then it waited again, for two years.
    let letter = delivery(State::Waiting, each(day(3, 12), 2060), 2029);
    let beside = Pair { later: Some(2030), ..pair(vec![]) };
    assert_eq!(decided(&letter, &beside, "2031-06-01T12:00:00Z").occurrence, 2029);
    let later = delivery(State::Waiting, each(day(3, 12), 2060), 2030);
    assert_eq!(decided(&later, &pair(vec![]), "2031-06-01T12:00:00Z").occurrence, 2031);
    // Alone it would be the newest that was missed.
    assert_eq!(decided(&letter, &pair(vec![]), "2031-06-01T12:00:00Z").occurrence, 2031);
}

#[test]
fn newest_missed_alone() {
    // Off from 2027 to June 2031: of the birthdays of 2027 to 2030 the newest goes, once, and knows its day.
    let letter = delivery(State::Waiting, each(day(12, 5), 2040), 2027);
    let late = decided(&letter, &pair(vec![]), "2031-06-01T00:00:00Z");
    assert_eq!((late.state, late.occurrence), (State::Sending, 2030));
    assert_eq!(late.due, Some(at("2030-12-05T09:00:00Z")));
    assert_eq!(late.next.map(|next| next.occurrence), Some(2031));
    assert_eq!(calendar::day_of(&letter.rule.moment, late.occurrence), Some(date(2030, 12, 5)));
    // After the last year the last one goes, and nothing follows.
    let over = decided(&letter, &pair(vec![]), "2077-06-01T00:00:00Z");
    assert_eq!((over.occurrence, over.next), (2040, None));
    // On the very instant the new year's is the newest.
    assert_eq!(decided(&letter, &pair(vec![]), "2030-12-05T09:00:00Z").occurrence, 2030);
    assert_eq!(decided(&letter, &pair(vec![]), "2030-12-05T08:59:59Z").occurrence, 2029);
}

#[test]
fn what_was_refused_runs_silently_through_all_its_years() {
    let no = pair(vec![Refused { scope: Scope::Letter(LETTER) }]);
    let letter = delivery(State::Waiting, each(day(12, 5), 2030), 2026);
    let (silent, open) = (
        decided(&letter, &no, "2026-12-05T09:00:00Z"),
        decided(&letter, &pair(vec![]), "2026-12-05T09:00:00Z"),
    );
    assert_eq!((silent.state, silent.knock), (State::Refused, None));
    // What follows, and what its author is shown, does not depend on what the person did.
    assert_eq!(silent.next, open.next);
    assert_eq!(shown(silent.state, false), shown(open.state, false));
    assert_eq!(shown(silent.state, false), Shown::Left);
}

#[test]
fn amend_rests_too() {
    let opened = Delivery { pinned: true, ..delivery(State::Opened, each(day(12, 5), 2030), 2026) };
    let waiting = delivery(State::Waiting, each(day(12, 5), 2030), 2027);
    assert_eq!(accept::amend(&[opened, waiting.clone()], false), Ok(()));
    assert_eq!(accept::amend(&[], false), Ok(()));
    for state in [State::Knocked(2), State::Refused, State::Unanswered, State::Sending] {
        // What the person did is no reason, in either direction.
        assert_eq!(accept::amend(&[Delivery { state, ..waiting.clone() }], false), Ok(()));
    }
    let resting = Delivery { state: State::Resting, ..waiting.clone() };
    assert_eq!(accept::amend(&[resting], false), Err(Refusal::StillResting));
    assert_eq!(accept::amend(&[waiting], true), Err(Refusal::NothingSealed));

    let rest = Rest { until: at("2026-11-22T09:00:00Z"), observed: Observed(100_001 * HOUR) };
    let new = Amending { letter: LETTER, version: 2, rest };
    assert_eq!(amended(&new, now("2026-11-22T08:59:59Z")), AmendDecision::Rests(Wake::Trusted(rest.until)));
    // A clock that leaps over the night does not make new words count before an hour of service.
    assert_eq!(
        amended(&new, now("2026-11-23T09:00:00Z")),
        AmendDecision::Rests(Wake::Observed(rest.observed))
    );
    let served = Now { observed: rest.observed, ..now("2026-11-22T09:00:00Z") };
    assert_eq!(amended(&new, served), AmendDecision::Counts);

    let fact = accept::undo_amend(Some(&new), now("2026-11-22T08:59:59Z"));
    assert_eq!(fact, Ok(Fact::AmendUndone { letter: LETTER, version: 2 }));
    assert_eq!(accept::undo_amend(Some(&new), served), Err(Refusal::Rested));
    assert_eq!(accept::undo_amend(None, served), Err(Refusal::Rested));
}

#[test]
fn corrected_if_meant() {
    let correct = |delivery: &Delivery, year, birthday| {
        accept::correct_birthday(delivery, year, birthday, now("2027-06-01T12:00:00Z"))
    };
    // This year's day is still to come: it is the same year's letter.
    let letter = delivery(State::Waiting, each(day(12, 5), 2030), 2027);
    let moved = correct(&letter, None, day(9, 3)).unwrap().unwrap();
    assert_eq!((moved.occurrence, moved.due), (2027, at("2027-09-03T08:00:00Z")));
    assert_eq!(moved.wake, Wake::Trusted(moved.due));
    // This year's day is over: the next one is next year's, and never two in one year.
    assert_eq!(correct(&letter, None, day(3, 3)).unwrap().unwrap().occurrence, 2028);
    let sent = delivery(State::Waiting, each(day(2, 5), 2030), 2028);
    assert_eq!(correct(&sent, None, day(9, 3)).unwrap().unwrap().occurrence, 2028);
    // What has left is not moved, and nothing is said of it.
    for state in [State::Sending, State::Knocked(1), State::Opened, State::Refused, State::Unanswered] {
        assert_eq!(correct(&Delivery { state, ..letter.clone() }, None, day(9, 3)), Ok(None));
    }
    assert_eq!(correct(&letter, None, day(4, 31)), Err(Refusal::BirthdayUnknown));
    let last = delivery(State::Waiting, each(day(12, 5), 2027), 2027);
    assert_eq!(correct(&last, None, day(3, 3)), Err(Refusal::DayPassed));
    let aged_letter = delivery(State::Waiting, aged(18, 2019, day(3, 12)), 0);
    let moved = correct(&aged_letter, Some(2020), day(3, 13)).unwrap().unwrap();
    assert_eq!(moved.due, at("2038-03-13T09:00:00Z"));
    assert_eq!(correct(&aged_letter, None, day(3, 13)), Err(Refusal::BirthdayUnknown));
    assert_eq!(correct(&aged_letter, Some(2000), day(3, 13)), Err(Refusal::DayPassed));
}

/// Each row: zone, month, day, which day stands for 29 February, year, time, the instant that Python's zoneinfo gives.
#[test]
fn another_calendar_reckons_the_same_days_to_2150() {
    let mut rows = 0;
    for line in include_str!("calendar-to-2150.csv").lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split(',').collect();
        let [zone, month, of_month, leap, year, clock, instant] = cells[..] else { panic!("{line}") };
        let leap = if leap == "mar1" { LeapDay::March1 } else { LeapDay::February28 };
        let birthday = Birthday { month: month.parse().unwrap(), day: of_month.parse().unwrap(), leap };
        let moment = Moment::EachBirthday {
            until: 2150,
            birthday,
            time: clock.parse().unwrap(),
            zone: zone.to_owned(),
        };
        let due = calendar::comes_at(&moment, year.parse().unwrap(), Timestamp::MIN).unwrap();
        assert_eq!(due, Some(at(instant)), "{line}");
        rows += 1;
    }
    assert!(rows > 2_000, "only {rows} rows");
}
