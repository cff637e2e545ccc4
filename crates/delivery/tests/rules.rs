//! Stories, each named for the rule that it defends (docs/delivery.md). The pure rules alone: no store, no mail, no clock.
//!
//! One thing because the rules are read against each other: what one story allows, the next forbids.

use jiff::civil::{Date, date, time};
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::accept::{self, NoAnswer, Refusal};
use unsaid_delivery::clock::{DAY, HOUR, Mark, Reading, Source, Timekeeper};
use unsaid_delivery::decide::{Address, Decision, JOINS_YEARLY_DAYS, LAST_KNOCK, NewKnock, Pair, decide};
use unsaid_delivery::forecast::{By, Forecast};
use unsaid_delivery::message::{Kind, Message, MessageState, Notice, Subject};
use unsaid_delivery::permit::{self, Permit};
use unsaid_delivery::record::{self, Answer, Bounce, CameBack, Silence, Welcome};
use unsaid_delivery::refusal::{Refused, Scope};
use unsaid_delivery::rule::{Birthday, Gate, LeapDay, Moment, Proof, Reach, RestAsked, Rule};
use unsaid_delivery::state::{Delivery, Parked, Rest, Shown, State, Wake, shown};
use unsaid_delivery::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn now(trusted: &str, observed_hours: i64) -> Now {
    Now { trusted: at(trusted), observed: Observed(observed_hours * HOUR) }
}

fn rule(moment: Moment) -> Rule {
    Rule { gate: Gate::None, moment, reach: Reach::Send, proof: Proof::None }
}

fn on(day: Date, zone: &str) -> Moment {
    Moment::On { date: day, time: time(9, 0, 0, 0), zone: zone.to_owned() }
}

const LETTER: LetterId = LetterId([1; 16]);
const PERSON: PersonId = PersonId([2; 16]);
const FIRST: AddressId = AddressId([3; 16]);
const SECOND: AddressId = AddressId([4; 16]);

fn delivery(state: State, moment: Moment) -> Delivery {
    Delivery {
        id: DeliveryId([5; 16]),
        letter: LETTER,
        account: AccountId([6; 16]),
        person: PERSON,
        occurrence: 0,
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

fn address(id: AddressId) -> Address {
    Address { id, good: true, refused: Vec::new() }
}

fn knock(nth: u8, state: MessageState) -> Message {
    Message {
        id: MessageId([nth; 16]),
        kind: Kind::Knock,
        subject: Subject::Person(PERSON),
        nth,
        address: Some(FIRST),
        state,
        tries: 0,
        since: Observed(0),
        date: None,
        expires: None,
        foreseen: true,
        rev: 1,
    }
}

fn pair(knocks: Vec<Message>, last_accepted_hours: Option<i64>) -> Pair {
    Pair {
        addresses: vec![address(FIRST), address(SECOND)],
        knocks,
        last_accepted: last_accepted_hours.map(|h| Observed(h * HOUR)),
        zone: "Europe/Lisbon".into(),
        gone: None,
        word: None,
        later: None,
    }
}

fn decided(delivery: &Delivery, pair: &Pair, now: Now) -> Decision {
    decide(delivery, pair, now).unwrap_or_else(|| panic!("nothing was decided about {:?}", delivery.state))
}

// ---- rest and moment ------------------------------------------------------------------------------------------------------------------

#[test]
fn rest_first() {
    let d = delivery(State::Resting, Moment::AtOnce);
    let early = decided(&d, &pair(vec![], None), now("2026-11-22T08:59:59Z", 90));
    assert_eq!((early.state, early.wake), (State::Resting, Some(Wake::Trusted(d.rest.until))));
    // A clock that leapt over the night does not end the rest before an hour of service.
    let leapt = decided(&d, &pair(vec![], None), now("2026-11-23T09:00:00Z", 0));
    assert_eq!((leapt.state, leapt.wake), (State::Resting, Some(Wake::Observed(d.rest.observed))));
    assert_eq!(decided(&d, &pair(vec![], None), now("2026-11-22T09:00:00Z", 1)).state, State::Sending);
}

#[test]
fn rest_until_the_first_nine_that_is_six_hours_away() {
    let until =
        |zone: &str, from: &str| calendar::rest(RestAsked::Morning, zone, now(from, 0)).map(|r| r.until);
    assert_eq!(until("Europe/Lisbon", "2026-11-21T16:55:00Z"), Ok(at("2026-11-22T09:00:00Z")));
    assert_eq!(until("Europe/Lisbon", "2026-11-22T03:00:00Z"), Ok(at("2026-11-22T09:00:00Z")));
    assert_eq!(until("Europe/Lisbon", "2026-11-22T03:00:01Z"), Ok(at("2026-11-23T09:00:00Z")));
    assert_eq!(
        until("Asia/Kolkata", "2026-11-21T16:55:00Z"),
        Ok(at("2026-11-23T03:30:00Z") - jiff::SignedDuration::from_hours(24))
    );
    // The morning on which clocks went forward in Madrid.
    assert_eq!(until("Europe/Madrid", "2026-03-28T20:00:00Z"), Ok(at("2026-03-29T07:00:00Z")));
    assert_eq!(until("Nowhere/Atall", "2026-11-21T16:55:00Z"), Err(calendar::ZoneUnknown));
    let week = calendar::rest(RestAsked::Mornings(7), "Europe/Lisbon", now("2026-11-21T16:55:00Z", 0))
        .map(|r| r.until);
    assert_eq!(week, Ok(at("2026-11-28T09:00:00Z")));
    let none = calendar::rest(RestAsked::None, "Europe/Lisbon", now("2026-11-21T16:55:00Z", 5));
    assert_eq!(none, Ok(Rest { until: at("2026-11-21T16:55:00Z"), observed: Observed(5 * HOUR) }));
}

#[test]
fn never_early() {
    let d = delivery(State::Resting, on(date(2031, 5, 4), "Europe/Lisbon"));
    let waiting = decided(&d, &pair(vec![], None), now("2026-11-22T09:00:00Z", 20));
    assert_eq!(
        (waiting.state, waiting.wake),
        (State::Waiting, Some(Wake::Trusted(at("2031-05-04T08:00:00Z"))))
    );
    assert!(waiting.knock.is_none());
    let d = Delivery { state: State::Waiting, ..d };
    assert_eq!(decided(&d, &pair(vec![], None), now("2031-05-04T07:59:59Z", 40_000)).state, State::Waiting);
    assert_eq!(decided(&d, &pair(vec![], None), now("2031-05-04T08:00:00Z", 40_000)).state, State::Sending);
}

#[test]
fn a_cached_instant_is_never_believed() {
    // The cache says long ago; the rule says 2031. The rule counts.
    let d = Delivery {
        due: Some(at("2020-01-01T00:00:00Z")),
        tzdb: "1999a".to_owned(),
        ..delivery(State::Waiting, on(date(2031, 5, 4), "Europe/Lisbon"))
    };
    let decision = decided(&d, &pair(vec![], None), now("2027-01-01T00:00:00Z", 9_000));
    assert_eq!((decision.state, decision.due), (State::Waiting, Some(at("2031-05-04T08:00:00Z"))));
    assert_eq!(decision.tzdb, calendar::tzdb_version());
}

#[test]
fn zone_unknown_holds() {
    let d = delivery(State::Waiting, on(date(2031, 5, 4), "Europe/Atlantis"));
    let decision = decided(&d, &pair(vec![], None), now("2032-01-01T00:00:00Z", 9_000));
    assert_eq!(decision.state, State::Parked { why: Parked::ZoneUnknown, left: false });
    assert!(decision.knock.is_none());
}

#[test]
fn few_answers() {
    assert_eq!(accept::may_answer(0, 0), Ok(()));
    assert_eq!(accept::may_answer(4, 4), Ok(()));
    assert_eq!(accept::may_answer(5, 5), Err(NoAnswer::Today));
    assert_eq!(accept::may_answer(19, 4), Ok(()));
    assert_eq!(accept::may_answer(19, 5), Err(NoAnswer::Today));
    assert_eq!(accept::may_answer(20, 0), Err(NoAnswer::Ever));
    assert_eq!(accept::may_answer(20, 5), Err(NoAnswer::Ever));
}

/// What is asked of the person has no part in when it goes.
#[test]
fn asked_before_it_opens() {
    for proof in [Proof::None, Proof::Birthday, Proof::Question] {
        let rule = Rule { proof, ..rule(Moment::AtOnce) };
        let noon = now("2026-11-21T12:00:00Z", 0);
        assert!(accept::plan(&rule, RestAsked::Morning, "UTC", noon).is_ok(), "{proof:?}");
        let asks = Delivery { rule, ..delivery(State::Due, Moment::AtOnce) };
        let nothing = delivery(State::Due, Moment::AtOnce);
        let later = now("2090-01-01T00:00:00Z", 900_000);
        let pair = pair(vec![], None);
        assert_eq!(decided(&asks, &pair, later), decided(&nothing, &pair, later));
    }
}

#[test]
fn kinds_we_keep() {
    let others = [
        Rule {
            gate: Gate::Word { event: "a birth".to_owned(), keepers: vec![KeeperId([7; 16])], quorum: 1 },
            ..rule(Moment::AtOnce)
        },
        // Who comes by themselves waits for nobody's word.
        Rule {
            gate: Gate::Word { event: "a birth".to_owned(), keepers: Vec::new(), quorum: 2 },
            reach: Reach::Claim,
            ..rule(Moment::AtOnce)
        },
        rule(Moment::After { days: 3 }),
        // Whoever may never come is not promised a letter for each year.
        Rule {
            reach: Reach::Claim,
            ..rule(Moment::EachBirthday {
                until: 2060,
                birthday: Birthday { month: 5, day: 4, leap: LeapDay::March1 },
                time: time(9, 0, 0, 0),
                zone: "UTC".to_owned(),
            })
        },
    ];
    for other in others {
        assert_eq!(
            accept::plan(&other, RestAsked::Morning, "UTC", now("2026-11-21T12:00:00Z", 0)),
            Err(Refusal::NotYet),
            "{other:?}"
        );
        // And should it stand in a row all the same, it is parked, not sent.
        for state in [State::Resting, State::Waiting, State::Due, State::Sending] {
            let d = Delivery { rule: other.clone(), ..delivery(state, Moment::AtOnce) };
            let decision = decided(&d, &pair(vec![], None), now("2090-01-01T00:00:00Z", 900_000));
            assert!(
                matches!(decision.state, State::Parked { why: Parked::RuleUnknown, .. }),
                "{other:?} {state:?}"
            );
            assert!(decision.knock.is_none());
        }
    }
}

#[test]
fn a_day_is_said_before_it_is_promised() {
    let plan = |day, zone| {
        accept::plan(
            &rule(on(day, zone)),
            RestAsked::Morning,
            "Europe/Lisbon",
            now("2026-11-21T16:55:00Z", 0),
        )
    };
    let far = plan(date(2031, 5, 4), "Europe/Lisbon").unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!((far.leaves, far.early), (at("2031-05-04T08:00:00Z"), false));
    // Today's nine has passed: it goes at the end of the rest, and the page says so.
    let today = plan(date(2026, 11, 21), "Europe/Lisbon").unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!((today.leaves, today.early), (at("2026-11-22T09:00:00Z"), true));
    assert_eq!(plan(date(2026, 11, 20), "Europe/Lisbon"), Err(Refusal::DayPassed));
    assert_eq!(plan(date(2176, 11, 22), "Europe/Lisbon"), Err(Refusal::DayTooFar));
    assert_eq!(plan(date(2031, 5, 4), "Mars/Olympus"), Err(Refusal::ZoneUnknown));
    // In Auckland it is already the twenty-second.
    assert_eq!(plan(date(2026, 11, 21), "Pacific/Auckland"), Err(Refusal::DayPassed));
}

#[test]
fn days_that_do_not_exist_and_hours_that_come_twice() {
    let nine = time(9, 0, 0, 0);
    // Samoa left out 30 December 2011.
    assert_eq!(calendar::instant(date(2011, 12, 30), nine, "Pacific/Apia"), Ok(at("2011-12-30T19:00:00Z")));
    assert_eq!(
        calendar::instant(date(2026, 3, 29), time(2, 30, 0, 0), "Europe/Madrid"),
        Ok(at("2026-03-29T01:30:00Z"))
    );
    assert_eq!(
        calendar::instant(date(2026, 10, 25), time(2, 30, 0, 0), "Europe/Madrid"),
        Ok(at("2026-10-25T00:30:00Z"))
    );
    // Summer time after 2100, where other libraries lose it.
    assert_eq!(calendar::instant(date(2120, 7, 1), nine, "Europe/Madrid"), Ok(at("2120-07-01T07:00:00Z")));
}

// ---- knocks ---------------------------------------------------------------------------------------------------------------------------

#[test]
fn first_knock() {
    let d = delivery(State::Resting, Moment::AtOnce);
    let decision = decided(&d, &pair(vec![], None), now("2026-11-22T09:00:00Z", 30));
    assert_eq!(decision.knock.map(|k| (k.address, k.nth)), Some((FIRST, 1)));
    assert_eq!(decision.state, State::Sending);
    assert!(decision.wake.is_some());
}

#[test]
fn what_was_announced_stays_so_while_the_first_knock_of_another_series_is_on_its_way() {
    // Its own knock came back, or somebody's day began a series anew: none of this series is accepted yet.
    let announced = delivery(State::Knocked(2), Moment::AtOnce);
    for state in [MessageState::Waiting, MessageState::Started] {
        let decision =
            decided(&announced, &pair(vec![knock(1, state)], None), now("2026-11-25T09:00:00Z", 72));
        assert_eq!((decision.state, decision.why), (State::Knocked(2), "one-knock-for-all"));
    }
}

#[test]
fn one_knock_for_all() {
    for on_its_way in [MessageState::Waiting, MessageState::Started] {
        let d = delivery(State::Resting, Moment::AtOnce);
        let decision = decided(&d, &pair(vec![knock(1, on_its_way)], None), now("2026-11-22T09:00:00Z", 30));
        assert_eq!((decision.state, decision.knock), (State::Sending, None));
        assert!(decision.wake.is_some());
    }
}

#[test]
fn three_knocks_then_yearly() {
    let d = delivery(State::Knocked(1), Moment::AtOnce);
    let mut hours = 100;
    for (nth, days) in [(1u8, 14i64), (2, 46), (3, 365), (4, 365), (12, 365)] {
        let knocked = Delivery { state: State::Knocked(nth), ..d.clone() };
        let series = pair(vec![knock(nth, MessageState::Accepted)], Some(hours));
        let before = decided(&knocked, &series, now("2027-01-01T00:00:00Z", hours + days * 24 - 1));
        assert_eq!(
            (before.knock, before.wake),
            (None, Some(Wake::Observed(Observed((hours + days * 24) * HOUR))))
        );
        let then = decided(&knocked, &series, now("2027-01-01T00:00:00Z", hours + days * 24));
        assert_eq!(then.knock.map(|k| k.nth), Some(nth + 1), "after knock {nth}");
        hours += 1_000;
    }
}

#[test]
fn unanswered_after_ten_years() {
    let d = delivery(State::Knocked(LAST_KNOCK), Moment::AtOnce);
    let series = pair(vec![knock(LAST_KNOCK, MessageState::Accepted)], Some(0));
    assert_eq!(decided(&d, &series, now("2040-01-01T00:00:00Z", 364 * 24)).state, State::Knocked(LAST_KNOCK));
    let end = decided(&d, &series, now("2040-01-01T00:00:00Z", 365 * 24));
    assert_eq!((end.state, end.wake, end.knock), (State::Unanswered, None, None));
    // Whoever comes after that can still open it.
    assert!(State::Unanswered.may_be_opened());
}

#[test]
fn joins_the_next_knock() {
    // Due while the first letter is in its third pause: with the next knock, half a year after the last at the earliest.
    let d = delivery(State::Waiting, Moment::AtOnce);
    let series = pair(vec![knock(3, MessageState::Accepted)], Some(0));
    let soon = decided(&d, &series, now("2030-01-01T00:00:00Z", 24));
    assert_eq!(
        (soon.state, soon.wake),
        (State::Sending, Some(Wake::Observed(Observed(JOINS_YEARLY_DAYS * DAY))))
    );
    let then = decided(
        &Delivery { state: State::Sending, ..d.clone() },
        &series,
        now("2030-01-01T00:00:00Z", JOINS_YEARLY_DAYS * 24),
    );
    assert_eq!(then.knock.map(|k| k.nth), Some(4));
    // After ten unanswered years a newly due letter still gets one knock.
    let over = pair(vec![knock(LAST_KNOCK, MessageState::Accepted)], Some(0));
    let one = decided(&d, &over, now("2040-01-01T00:00:00Z", 400 * 24));
    assert_eq!(one.knock.map(|k| k.nth), Some(LAST_KNOCK + 1));
}

#[test]
fn no_address_left() {
    let d = delivery(State::Sending, Moment::AtOnce);
    let mut dead = pair(vec![knock(1, MessageState::Refused)], None);
    dead.addresses[0].good = false;
    assert_eq!(
        decided(&d, &dead, now("2027-01-01T00:00:00Z", 50)).knock.map(|k| k.address),
        Some(SECOND),
        "the next address is tried"
    );
    dead.addresses[1].good = false;
    let end = decided(&d, &dead, now("2027-01-01T00:00:00Z", 50));
    assert_eq!((end.state, end.wake), (State::Unreachable, None));
    assert!(State::Unreachable.may_be_opened(), "a letter is never dropped");
}

#[test]
fn their_day() {
    // Nothing moves it before nine in the morning of their day, in their zone; then one knock begins a new series.
    let day = date(2027, 6, 1);
    let d = delivery(State::Later(day), Moment::AtOnce);
    let knocked = pair(vec![knock(1, MessageState::Accepted)], Some(40));
    let before = decided(&d, &knocked, now("2027-06-01T07:59:59Z", 50));
    assert_eq!((before.state, before.knock, before.anew), (d.state, None, false));
    assert_eq!(before.wake, Some(Wake::Trusted("2027-06-01T08:00:00Z".parse().unwrap())));
    let on_it = decided(&d, &knocked, now("2027-06-01T08:00:00Z", 50));
    assert_eq!((on_it.state, on_it.anew, on_it.why), (State::Sending, true, "their-day"));
    assert_eq!(on_it.knock, Some(NewKnock { address: FIRST, nth: 1, foreseen: true }));

    // What was refused meanwhile is not spoken of, and a zone that means nothing holds it.
    let mut refused = knocked.clone();
    for address in &mut refused.addresses {
        address.refused.push(Refused { scope: Scope::Author });
    }
    let silent = decided(&d, &refused, now("2027-06-01T08:00:00Z", 50));
    assert_eq!((silent.state, silent.knock, silent.anew), (State::Refused, None, false));
    let nowhere = Pair { zone: "Atlantis/City".into(), ..knocked };
    let held = decided(&d, &nowhere, now("2027-06-01T08:00:00Z", 50));
    assert_eq!(held.state, State::Parked { why: Parked::ZoneUnknown, left: true });
}

#[test]
fn their_day_is_tomorrow_at_the_earliest_and_within_ten_years() {
    let at = now("2027-05-31T23:30:00Z", 50);
    let later = |state, day, zone: &str| accept::later(&delivery(state, Moment::AtOnce), day, zone, at);
    // Half past midnight in Lisbon, still the day before in New York.
    assert_eq!(later(State::Knocked(1), Some(date(2027, 6, 1)), "Europe/Lisbon"), Err(Refusal::DayPassed));
    let granted = later(State::Knocked(1), Some(date(2027, 6, 1)), "America/New_York").unwrap();
    assert_eq!(granted.state, State::Later(date(2027, 6, 1)));
    assert_eq!(granted.wake, Some(Wake::Trusted("2027-06-01T13:00:00Z".parse().unwrap())));
    assert!(later(State::Knocked(1), Some(date(2037, 6, 1)), "Europe/Lisbon").is_ok());
    let far = later(State::Knocked(1), Some(date(2037, 6, 2)), "Europe/Lisbon");
    assert_eq!(far, Err(Refusal::DayTooFar));
    // 'Not today', without choosing a day.
    let granted = later(State::Knocked(3), None, "Europe/Lisbon").unwrap();
    assert_eq!(granted.state, State::Later(date(2027, 6, 15)));
    // Another day may be chosen; what was opened, refused or taken back is not kept for later.
    assert!(later(State::Later(date(2028, 1, 1)), Some(date(2027, 7, 1)), "Europe/Lisbon").is_ok());
    for state in [State::Opened, State::Refused, State::Withdrawn { undone: false }, State::Waiting] {
        assert_eq!(later(state, None, "Europe/Lisbon"), Err(Refusal::NotHere), "{state:?}");
    }
    let pinned = Delivery { pinned: true, ..delivery(State::Knocked(1), Moment::AtOnce) };
    assert_eq!(accept::later(&pinned, None, "Europe/Lisbon", at), Err(Refusal::NotHere));
    assert_eq!(later(State::Knocked(1), None, "Atlantis/City"), Err(Refusal::ZoneUnknown));
}

/// Held until it is asked for.
fn held(state: State, moment: Moment) -> Delivery {
    let rule = Rule { reach: Reach::Claim, ..rule(moment.clone()) };
    Delivery { rule, ..delivery(state, moment) }
}

#[test]
fn held_until_asked() {
    let day = Moment::On { date: date(2036, 5, 4), time: time(9, 0, 0, 0), zone: "Europe/London".to_owned() };
    let waits = held(State::Waiting, day);
    let before = decided(&waits, &pair(vec![], None), now("2036-05-04T07:59:59Z", 900_000_000));
    assert_eq!((before.state, before.why), (State::Waiting, "never-early"));
    // On its day it is there, whether there is an address or not, and nothing is written to anybody: on no later day either.
    for addresses in [vec![], vec![address(AddressId([1; 16]))]] {
        let pair = Pair { addresses, ..pair(vec![], None) };
        let comes = decided(&waits, &pair, now("2036-05-04T08:00:00Z", 900_000_000));
        assert_eq!((comes.state, comes.why, comes.knock), (State::Askable, "held-until-asked", None));
        assert!(comes.wake.is_some());
        // Nor where a row says something else of it.
        for state in [State::Due, State::Sending, State::Knocked(2), State::Later(date(2037, 1, 1))] {
            let odd = held(state, Moment::AtOnce);
            let decision = decided(&odd, &pair, now("2045-01-01T00:00:00Z", 900_000_000));
            assert_eq!((decision.state, decision.knock), (State::Askable, None), "{state:?}");
        }
    }
    assert!(State::Askable.may_be_opened() && !State::Askable.is_knocking());
    assert_eq!(
        shown(State::Askable, false),
        shown(State::Opened, false),
        "whoever came is told of to nobody"
    );
    // A no to it, and the no taken back: it waits as it did. And there is no day for which it would be kept: nothing is sent of it anyway.
    let there = held(State::Askable, Moment::AtOnce);
    for scope in [Scope::Letter(there.letter), Scope::Author] {
        assert_eq!(accept::refuse(&there, scope), Some(State::Refused));
        let refused = Delivery { state: State::Refused, ..there.clone() };
        assert_eq!(accept::lift(&refused, scope), Some(State::Askable));
    }
    let at = now("2027-06-01T00:00:00Z", 50);
    assert_eq!(accept::later(&there, None, "UTC", at), Err(Refusal::NotHere));
    assert!(accept::plan(&there.rule, RestAsked::Morning, "UTC", at).is_ok());
}

#[test]
fn asked_at_the_door() {
    let message = Message { kind: Kind::Notice(Notice::AtTheDoor), ..knock(1, MessageState::Waiting) };
    let at = now("2036-01-01T00:00:00Z", 80_000);
    let waits = |state| vec![(DeliveryId([1; 16]), LetterId([1; 16]), state)];
    let permit = |address: Option<&Address>, deliveries: &[_]| {
        permit::still_allowed(&message, permit::Facts { address, deliveries, holds: &[], life: None }, at)
    };
    let there = address(AddressId([1; 16]));
    for state in [State::Askable, State::Knocked(2), State::Opened, State::Unanswered, State::Unreachable] {
        assert_eq!(permit(Some(&there), &waits(state)), Permit::Go, "{state:?}");
    }
    // Its time has not come, or it was taken back: nothing is written, as to somebody to whom nobody writes.
    for state in [State::Resting, State::Waiting, State::Due, State::Withdrawn { undone: false }] {
        assert_ne!(permit(Some(&there), &waits(state)), Permit::Go, "{state:?}");
    }
    // Somebody has asked: mail that came back years ago says nothing of today.
    let dead = Address { good: false, ..there.clone() };
    assert_eq!(permit(Some(&dead), &waits(State::Askable)), Permit::Go);
    // Who has said no is not written to because a stranger typed their address.
    for scope in [Scope::NotMe, Scope::Author, Scope::House, Scope::Quiet, Scope::Letter(LetterId([1; 16]))] {
        let refused = Address { refused: vec![Refused { scope }], ..there.clone() };
        assert_ne!(permit(Some(&refused), &waits(State::Askable)), Permit::Go, "{scope:?}");
    }
    assert_ne!(permit(None, &waits(State::Askable)), Permit::Go);
}

/// What goes to another address now is said to whoever may still read the old one, and to nobody who has said no to anything there.
#[test]
fn old_addresses_are_told_once() {
    let message = Message { kind: Kind::Notice(Notice::GoesElsewhere), ..knock(1, MessageState::Waiting) };
    let at = now("2036-01-01T00:00:00Z", 80_000);
    let permit = |address: Option<&Address>| {
        permit::still_allowed(
            &message,
            permit::Facts { address, deliveries: &[], holds: &[], life: None },
            at,
        )
    };
    let there = address(AddressId([1; 16]));
    assert_eq!(permit(Some(&there)), Permit::Go);
    for scope in [Scope::NotMe, Scope::Author, Scope::House, Scope::Quiet, Scope::Letter(LetterId([1; 16]))] {
        let refused = Address { refused: vec![Refused { scope }], ..there.clone() };
        assert_ne!(permit(Some(&refused)), Permit::Go, "{scope:?}");
    }
    assert_ne!(permit(Some(&Address { good: false, ..there })), Permit::Go);
    assert_ne!(permit(None), Permit::Go);
}

#[test]
fn their_coming() {
    // Held until it is asked for: no time moves it.
    let held = held(State::Askable, Moment::AtOnce);
    for at in ["2027-01-01T00:00:00Z", "2099-01-01T00:00:00Z"] {
        let decision = decided(&held, &pair(vec![], None), now(at, 50));
        assert_eq!((decision.state, decision.knock, decision.anew), (State::Askable, None, false));
    }
    assert!(accept::open(&held).unwrap().is_some());
}

#[test]
fn answered_next_morning() {
    let seen = |at: &str| accept::answer_is_seen("Europe/Lisbon", now(at, 50)).unwrap().to_string();
    assert_eq!(seen("2027-01-10T03:15:00Z"), "2027-01-10T09:00:00Z");
    assert_eq!(seen("2027-01-10T08:00:00Z"), "2027-01-10T09:00:00Z");
    assert_eq!(seen("2027-01-10T08:00:01Z"), "2027-01-11T09:00:00Z", "nobody learns at what hour");
    assert_eq!(seen("2027-01-10T23:59:59Z"), "2027-01-11T09:00:00Z");
    assert_eq!(seen("2027-03-27T20:00:00Z"), "2027-03-28T08:00:00Z", "summer time began that night");
    assert_eq!(
        accept::answer_is_seen("Atlantis/City", now("2027-01-10T00:00:00Z", 50)),
        Err(Refusal::ZoneUnknown)
    );
}

#[test]
fn late_bounce_reopens() {
    let left = knock(1, MessageState::Accepted);
    assert_eq!(record::bounced(&left, Bounce::Dead), CameBack::AddressIsDead);
    assert_eq!(record::bounced(&left, Bounce::Lost), CameBack::Noted);
    assert_eq!(record::bounced(&left, Bounce::Blocked), CameBack::CallHost);
    let unread = knock(1, MessageState::Started);
    assert_eq!(record::bounced(&unread, Bounce::Dead), CameBack::AddressIsDead, "its answer was never read");
    for state in [MessageState::Waiting, MessageState::Refused, MessageState::Dropped] {
        assert_eq!(record::bounced(&knock(1, state), Bounce::Dead), CameBack::Noted, "{state:?}");
    }
    let notice = Message { kind: Kind::Notice(Notice::Welcome), ..left };
    assert_eq!(record::bounced(&notice, Bounce::Dead), CameBack::Noted);

    // The other address is tried at once, although the present series had been knocked for.
    let mut pair = pair(vec![knock(1, MessageState::Refused)], None);
    pair.addresses[0].good = false;
    let d = delivery(State::Knocked(1), Moment::AtOnce);
    let decision = decided(&d, &pair, now("2027-01-01T00:00:00Z", 50));
    assert_eq!(decision.knock, Some(NewKnock { address: SECOND, nth: 1, foreseen: true }));
}

#[test]
fn ends_are_ends() {
    for state in [
        State::Opened,
        State::Withdrawn { undone: true },
        State::Withdrawn { undone: false },
        State::Refused,
        State::Unanswered,
        State::Unreachable,
        State::Parked { why: Parked::ByHost, left: true },
    ] {
        assert_eq!(
            decide(
                &delivery(state, Moment::AtOnce),
                &pair(vec![], None),
                now("2090-01-01T00:00:00Z", 900_000)
            ),
            None,
            "{state:?}"
        );
    }
}

// ---- refusals -------------------------------------------------------------------------------------------------------------------------

#[test]
fn refused_runs_silently() {
    for scope in [Scope::NotMe, Scope::Letter(LETTER), Scope::Author, Scope::House, Scope::Quiet] {
        let d = delivery(State::Waiting, Moment::AtOnce);
        let mut one_no = pair(vec![], None);
        one_no.addresses[0].refused.push(Refused { scope });
        assert_eq!(
            decided(&d, &one_no, now("2027-01-01T00:00:00Z", 50)).knock.map(|k| k.address),
            Some(SECOND),
            "{scope:?}"
        );
        one_no.addresses[1].refused.push(Refused { scope });
        let end = decided(&d, &one_no, now("2027-01-01T00:00:00Z", 50));
        assert_eq!((end.state, end.knock), (State::Refused, None), "{scope:?}");
        // Its author is shown what she is shown of a letter that was knocked for.
        assert_eq!(shown(State::Refused, false), shown(State::Sending, false));
    }
    let mut another = pair(vec![], None);
    another
        .addresses
        .iter_mut()
        .for_each(|a| a.refused.push(Refused { scope: Scope::Letter(LetterId([9; 16])) }));
    assert!(
        decided(&delivery(State::Waiting, Moment::AtOnce), &another, now("2027-01-01T00:00:00Z", 50))
            .knock
            .is_some()
    );
}

#[test]
fn refuse_ends_contact_and_lift_reopens() {
    let d = delivery(State::Knocked(2), Moment::AtOnce);
    assert_eq!(accept::refuse(&d, Scope::Letter(LETTER)), Some(State::Refused));
    assert_eq!(accept::refuse(&d, Scope::Letter(LetterId([9; 16]))), None);
    assert_eq!(accept::refuse(&d, Scope::Author), Some(State::Refused));
    assert_eq!(
        accept::refuse(&Delivery { state: State::Resting, ..d.clone() }, Scope::Author),
        None,
        "what has not left is not ended, or its author would see it"
    );
    let refused = Delivery { state: State::Refused, ..d.clone() };
    assert!(
        accept::open(&refused).is_ok_and(|g| g.is_some()),
        "refusing ends our contacting, never their coming"
    );
    assert_eq!(accept::lift(&refused, Scope::Author), Some(State::Knocked(1)));
    assert_eq!(
        accept::lift(&Delivery { pinned: true, ..refused.clone() }, Scope::Author),
        Some(State::Opened)
    );
    assert_eq!(accept::lift(&refused, Scope::Letter(LetterId([9; 16]))), None);
    assert_eq!(accept::lift(&d, Scope::Author), None);
}

// ---- taking back ----------------------------------------------------------------------------------------------------------------------

#[test]
fn undo_in_rest() {
    let d = delivery(State::Resting, Moment::AtOnce);
    let granted = accept::undo(&d, now("2026-11-22T08:59:59Z", 50)).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!((granted.state, granted.wake), (State::Withdrawn { undone: true }, None));
    assert_eq!(granted.fact, Fact::Undone { letter: LETTER });
    // The rest is over by the clock, although no worker has looked yet: the page does not promise what may be gone a moment later.
    assert_eq!(accept::undo(&d, now("2026-11-22T09:00:00Z", 50)), Err(Refusal::Rested));
    assert_eq!(
        accept::undo(&Delivery { state: State::Waiting, ..d.clone() }, now("2026-11-22T08:00:00Z", 0)),
        Err(Refusal::Rested)
    );
    let undone = Delivery { state: State::Withdrawn { undone: true }, ..d };
    assert_eq!(accept::undo(&undone, now("2026-11-22T08:00:00Z", 0)), Err(Refusal::NothingSealed));
    assert_eq!(
        accept::may_seal(Some(&undone), Reach::Send, true),
        Ok(()),
        "what was undone is a draft again"
    );
}

#[test]
fn seal_once() {
    for state in
        [State::Resting, State::Waiting, State::Sending, State::Opened, State::Withdrawn { undone: false }]
    {
        assert_eq!(
            accept::may_seal(Some(&delivery(state, Moment::AtOnce)), Reach::Send, true),
            Err(Refusal::AlreadySealed),
            "{state:?}"
        );
    }
    for reach in [Reach::Send, Reach::Claim] {
        assert_eq!(accept::may_seal(None, reach, true), Ok(()));
    }
    assert_eq!(accept::may_seal(None, Reach::Send, false), Err(Refusal::NoAddress));
    // Nobody could ever ask for it.
    assert_eq!(accept::may_seal(None, Reach::Claim, false), Err(Refusal::NoWay));
}

#[test]
fn withdraw_until_opened() {
    for state in [
        State::Resting,
        State::Waiting,
        State::Due,
        State::Sending,
        State::Knocked(2),
        State::Refused,
        State::Unanswered,
        State::Unreachable,
        State::Later(date(2027, 1, 1)),
    ] {
        let granted =
            accept::withdraw(&delivery(state, Moment::AtOnce)).unwrap_or_else(|e| panic!("{state:?} {e:?}"));
        assert_eq!(granted.state, State::Withdrawn { undone: false }, "{state:?}");
        assert!(
            accept::open(&delivery(granted.state, Moment::AtOnce)).is_err(),
            "it cannot be opened any more"
        );
    }
}

#[test]
fn withdraw_says_nothing() {
    let opened = Delivery { pinned: true, ..delivery(State::Opened, Moment::AtOnce) };
    let granted = accept::withdraw(&opened).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(granted.state, State::Opened, "what was read stays the reader's");
    let unopened =
        accept::withdraw(&delivery(State::Knocked(1), Moment::AtOnce)).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(granted.fact, unopened.fact);
    // Two worlds that differ only in what the person did: the author is shown the same before and after.
    assert_eq!(shown(State::Opened, true), shown(unopened.state, true));
    let worlds = [
        State::Sending,
        State::Knocked(1),
        State::Opened,
        State::Refused,
        State::Unanswered,
        State::Unreachable,
        State::Later(date(2027, 1, 1)),
        State::Parked { why: Parked::WrongBinding, left: true },
    ];
    assert!(worlds.iter().all(|s| shown(*s, false) == Shown::Left));
    assert!(worlds.iter().all(|s| shown(*s, true) == Shown::Withdrawn));
}

#[test]
fn open_by_hand() {
    let d = delivery(State::Knocked(1), Moment::AtOnce);
    let granted = accept::open(&d)
        .unwrap_or_else(|e| panic!("{e:?}"))
        .unwrap_or_else(|| panic!("the first opening is an act"));
    assert_eq!(granted.fact, Fact::Opened { delivery: d.id, version: 1 });
    assert_eq!(
        accept::open(&Delivery { state: State::Opened, pinned: true, ..d.clone() }),
        Ok(None),
        "again changes nothing"
    );
    for closed in [
        State::Resting,
        State::Waiting,
        State::Due,
        State::Withdrawn { undone: false },
        State::Withdrawn { undone: true },
        State::Parked { why: Parked::Damaged, left: true },
    ] {
        assert_eq!(
            accept::open(&Delivery { state: closed, ..d.clone() }),
            Err(Refusal::NotHere),
            "{closed:?}"
        );
    }
}

// ---- answers and permission -----------------------------------------------------------------------------------------------------------

#[test]
fn growing_pauses_and_tried_long_enough() {
    let mut message = knock(1, MessageState::Started);
    let mut observed = Observed(0);
    let mut tries = 0;
    loop {
        let said =
            record::answered(&message, Answer::Later, Now { trusted: at("2027-01-01T00:00:00Z"), observed });
        tries += 1;
        let Some(Wake::Observed(next)) = said.wake else {
            assert_eq!((said.why, said.address_is_dead), ("tried-long-enough", true));
            break;
        };
        assert!(next > observed && said.counts);
        message.tries += 1;
        observed = next;
    }
    assert!(tries >= 20, "{tries} tries");
    assert!(observed >= Observed(30 * DAY));
    // A relay that was down for a hundred days uses up nothing: only service and tries count.
    let young = Message { tries: 19, since: Observed(29 * DAY), ..knock(1, MessageState::Started) };
    let said = record::answered(
        &young,
        Answer::Later,
        Now { trusted: at("2099-01-01T00:00:00Z"), observed: Observed(31 * DAY) },
    );
    assert!(!said.address_is_dead);
}

#[test]
fn a_silent_relay_counts_against_nobody() {
    // After years of trying a relay that is down, the address is as good as on the first day.
    let message = Message { tries: 500, since: Observed(0), ..knock(1, MessageState::Waiting) };
    let said = record::answered(&message, Answer::NotReached, now("2037-01-01T00:00:00Z", 90_000));
    assert!(!said.counts && !said.address_is_dead && said.wake.is_some());
    assert_eq!(said.state, MessageState::Waiting);
    // Every ten minutes for two hours, then less often, and never less than once an hour.
    let waits = |waited: i64| {
        let n = Now { trusted: at("2037-01-01T00:00:00Z"), observed: Observed(waited) };
        match record::answered(&message, Answer::NotReached, n).wake {
            Some(Wake::Observed(wake)) => wake.0 - waited,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([0, 2 * HOUR, 6 * HOUR, 12 * HOUR, 90 * DAY].map(waits), [600, 600, 1_800, 3_600, 3_600]);
}

#[test]
fn unwelcome_waits_a_day_and_then_long_enough() {
    let day = |days: i64, tries| {
        let message = Message { tries, since: Observed(0), ..knock(1, MessageState::Started) };
        record::answered(&message, Answer::Unwelcome, now("2027-01-01T00:00:00Z", days * 24))
    };
    let first = day(0, 0);
    assert_eq!((first.why, first.state), ("unwelcome-waits-a-day", MessageState::Waiting));
    assert_eq!(first.wake, Some(Wake::Observed(Observed(DAY))));
    assert!(first.counts && !first.address_is_dead);
    // The host hears of it when a week did not mend it, and has the rest of three months.
    assert!(!day(6, 6).call_host && day(7, 7).call_host);
    assert!(day(89, 89).call_host && !day(89, 89).address_is_dead);
    let last = day(90, 90);
    assert_eq!((last.why, last.state), ("unwelcome-long-enough", MessageState::Refused));
    assert!(last.address_is_dead && last.call_host && last.wake.is_none());
    // Days alone, with a house that hardly ever tried, do not end an address.
    assert!(!day(4000, 18).address_is_dead && day(4000, 19).address_is_dead);
    // Nobody waits a day for a code, and no code or notice ever ends an address.
    for (kind, seconds) in [(Kind::Code, 30), (Kind::Notice(Notice::Welcome), HOUR)] {
        let message = Message { kind, tries: 500, since: Observed(0), ..knock(1, MessageState::Started) };
        let n = now("2027-01-01T00:00:00Z", 24 * 100);
        let said = record::answered(&message, Answer::Unwelcome, n);
        assert_eq!(said.wake, Some(Wake::Trusted(n.trusted + SignedDuration::from_secs(seconds))));
        assert!(!said.address_is_dead);
    }
}

#[test]
fn other_script_calls_the_host() {
    let day = |days: i64| {
        let tries = u16::try_from(days).unwrap();
        let message = Message { tries, since: Observed(0), ..knock(1, MessageState::Waiting) };
        record::answered(&message, Answer::OtherScript, now("2027-01-01T00:00:00Z", days * 24))
    };
    // At once, and again each day: it is the host alone who can mend it, and a month is there to do so.
    for days in 0..30 {
        let said = day(days);
        assert_eq!((said.why, said.state), ("other-script-calls-the-host", MessageState::Waiting));
        assert_eq!(said.wake, Some(Wake::Observed(Observed((days + 1) * DAY))));
        assert!(said.call_host && said.counts && !said.address_is_dead);
    }
    // Nobody waits a day for a code, and no code or notice ever ends an address.
    for (kind, seconds) in [(Kind::Code, 30), (Kind::Notice(Notice::Welcome), HOUR)] {
        let message = Message { kind, tries: 500, since: Observed(0), ..knock(1, MessageState::Waiting) };
        let n = now("2027-01-01T00:00:00Z", 24 * 100);
        let said = record::answered(&message, Answer::OtherScript, n);
        assert_eq!(said.wake, Some(Wake::Trusted(n.trusted + SignedDuration::from_secs(seconds))));
        assert!(said.call_host && !said.counts && !said.address_is_dead);
    }
}

#[test]
fn other_script_long_enough() {
    let said = |days: i64, tries| {
        let message = Message { tries, since: Observed(0), ..knock(1, MessageState::Waiting) };
        record::answered(&message, Answer::OtherScript, now("2027-01-01T00:00:00Z", days * 24))
    };
    let last = said(30, 30);
    assert_eq!((last.why, last.state), ("other-script-long-enough", MessageState::Refused));
    assert!(last.address_is_dead && last.call_host && last.wake.is_none());
    // Neither many answers within a few days nor many days with few answers end an address: both have to come together.
    assert!(!said(29, 500).address_is_dead);
    assert!(!said(4000, 18).address_is_dead && said(4000, 19).address_is_dead);
    // A relay that was silent or put us off for a month and then shows for the first time that it cannot write the address has ended nothing.
    let mut message = Message { tries: 0, since: Observed(0), ..knock(1, MessageState::Waiting) };
    let mut observed = Observed(0);
    while observed < Observed(40 * DAY) {
        let silent = Now { trusted: at("2027-01-01T00:00:00Z"), observed };
        let said = record::answered(&message, Answer::NotReached, silent);
        message.tries += u16::from(said.counts);
        let Some(Wake::Observed(next)) = said.wake else { panic!("{}", said.why) };
        observed = next;
    }
    let (mut answers, first) = (0, observed);
    loop {
        let here = Now { trusted: at("2027-01-01T00:00:00Z"), observed };
        let said = record::answered(&message, Answer::OtherScript, here);
        answers += 1;
        message.tries += u16::from(said.counts);
        let Some(Wake::Observed(next)) = said.wake else { break };
        observed = next;
    }
    assert_eq!(
        (answers, observed),
        (20, first.plus_days(19)),
        "nineteen days are the host's from the first such answer"
    );
}

#[test]
fn knocks_wait() {
    let mut welcome = Welcome::default();
    let at = |hours: i64| Observed(hours * HOUR);
    assert_eq!(welcome.knock_waits("example.org", at(0)), None);
    // One domain does not want us: it alone is left alone, for a day, however it is written.
    assert_eq!(welcome.heard("Example.org", Answer::Unwelcome, at(0)), Answer::Unwelcome);
    assert_eq!(welcome.knock_waits("EXAMPLE.ORG", at(23)), Some(at(24)));
    assert_eq!(welcome.knock_waits("example.com", at(0)), None);
    assert_eq!(welcome.knock_waits("example.org", at(24)), None);
    // The relay does not want us: everything waits an hour, and then one may try.
    assert_eq!(welcome.heard("example.com", Answer::Blocked, at(30)), Answer::Blocked);
    assert_eq!(welcome.knock_waits("anywhere.example", at(30)), Some(at(31)));
    assert_eq!(welcome.knock_waits("anywhere.example", at(31)), None);
    // Once something is taken, nothing waits any more but for the domains that said no.
    let _no = welcome.heard("no.example", Answer::Unwelcome, at(32));
    let _blocked = welcome.heard("example.com", Answer::Blocked, at(32));
    assert_eq!(welcome.heard("yes.example", Answer::Accepted, at(32)), Answer::Accepted);
    assert_eq!(welcome.knock_waits("example.com", at(32)), None);
    assert_eq!(welcome.knock_waits("no.example", at(32)), Some(at(56)));
    // And whoever takes one after all is asked again at once.
    let _yes = welcome.heard("no.example", Answer::Accepted, at(33));
    assert_eq!(welcome.knock_waits("no.example", at(33)), None);
    // A knock that waits is not tried, does not count, and stays what it was.
    let message = knock(2, MessageState::Started);
    let put_off = record::waits(&message, at(40));
    assert_eq!((put_off.why, put_off.state), ("knocks-wait", MessageState::Started));
    assert_eq!(put_off.wake, Some(Wake::Observed(at(40))));
    assert!(!put_off.counts && !put_off.address_is_dead && !put_off.call_host);
}

#[test]
fn a_silent_relay_is_asked_by_few() {
    let mut silence = Silence::default();
    let now = |seconds: i64| Now { trusted: at("2030-01-01T00:00:00Z"), observed: Observed(seconds) };
    let waiting = knock(1, MessageState::Waiting);
    // Seven in a row may have met a relay with no hands free; an answer among them, whatever it says, is an answer.
    for answer in [Answer::Accepted, Answer::Later, Answer::Refused, Answer::Unknown] {
        (0..7).for_each(|_| silence.heard(Answer::NotReached, Observed(0)));
        assert_eq!(silence.waits(&waiting, now(0)), None);
        silence.heard(answer, Observed(0));
    }
    // The eighth means everybody: ten minutes, and then some ask.
    (0..8).for_each(|_| silence.heard(Answer::NotReached, Observed(0)));
    assert_eq!(silence.waits(&waiting, now(1)), Some(599));
    assert_eq!(silence.waits(&waiting, now(600)), None);
    // Those that were on their way meanwhile put nothing further off.
    silence.heard(Answer::NotReached, Observed(30));
    assert_eq!(silence.waits(&waiting, now(30)), Some(570));
    // One that asks in vain is enough now; after a day of it, once an hour.
    silence.heard(Answer::NotReached, Observed(600));
    assert_eq!(silence.waits(&waiting, now(600)), Some(600));
    silence.heard(Answer::NotReached, Observed(24 * HOUR));
    assert_eq!(silence.waits(&waiting, now(24 * HOUR)), Some(HOUR));
    // Who sits in front of the page is not kept waiting, and what is pointless is let end.
    let code = Message { kind: Kind::Code, ..waiting.clone() };
    let late = Message { expires: Some(at("2029-12-31T00:00:00Z")), ..waiting.clone() };
    assert_eq!((silence.waits(&code, now(24 * HOUR)), silence.waits(&late, now(24 * HOUR))), (None, None));
    // It is not tried, does not count, stays what it was, and waits by the clock that is its own.
    let started = knock(2, MessageState::Started);
    let put_off = record::waits_for_the_relay(&started, HOUR, now(0));
    assert_eq!((put_off.state, put_off.wake), (MessageState::Started, Some(Wake::Observed(Observed(HOUR)))));
    assert!(!put_off.counts && !put_off.address_is_dead && !put_off.call_host);
    let notice = Message { kind: Kind::Notice(Notice::Welcome), ..waiting.clone() };
    let put_off = record::waits_for_the_relay(&notice, HOUR, now(0));
    assert_eq!(put_off.wake, Some(Wake::Trusted(at("2030-01-01T01:00:00Z"))));
    // And with the first answer nobody waits any more.
    silence.heard(Answer::Accepted, Observed(24 * HOUR + 1));
    assert_eq!(silence.waits(&waiting, now(24 * HOUR + 1)), None);
}

#[test]
fn three_domains_mean_us() {
    let at = |hours: i64| Observed(hours * HOUR);
    let said = |domains: &[(&str, i64)]| {
        let mut welcome = Welcome::default();
        let mut last = Answer::Accepted;
        for (domain, hours) in domains {
            last = welcome.heard(domain, Answer::Unwelcome, at(*hours));
        }
        (last, welcome.knock_waits("nobody.example", at(domains.last().unwrap().1)).is_some())
    };
    let us = (Answer::Blocked, true);
    let them = (Answer::Unwelcome, false);
    assert_eq!(said(&[("a.example", 0), ("b.example", 1)]), them);
    assert_eq!(said(&[("one.example", 0), ("two.example", 1), ("three.example", 23)]), us);
    // Not within a day of each other.
    assert_eq!(said(&[("one.example", 0), ("two.example", 1), ("three.example", 24)]), them);
    // The same again and again is one.
    assert_eq!(said(&[("one.example", 0), ("one.example", 1), ("one.example", 2), ("one.example", 3)]), them);
    // Related: one within the other, or within the same name that somebody has.
    assert_eq!(said(&[("example.org", 0), ("mail.example.org", 0), ("x.mail.example.org", 0)]), them);
    assert_eq!(said(&[("a.example.org", 0), ("b.example.org", 0), ("c.example.org", 0)]), them);
    assert_eq!(said(&[("a.shop.co.uk", 0), ("b.shop.co.uk", 0), ("shop.co.uk", 0)]), them);
    // Not related: what registers names for everybody is nobody's house, nor is an ending that only looks alike.
    assert_eq!(said(&[("one.co.uk", 0), ("two.co.uk", 0), ("three.co.uk", 0)]), us);
    assert_eq!(said(&[("example.org", 0), ("notexample.org", 0), ("nor-example.org", 0)]), us);
    // Each further one within the day calls again.
    assert_eq!(
        said(&[("one.example", 0), ("two.example", 0), ("three.example", 0), ("four.example", 5)]),
        us
    );
}

#[test]
fn every_answer_has_one_consequence() {
    let message = knock(1, MessageState::Started);
    let n = now("2027-01-01T00:00:00Z", 100);
    let said = |answer| record::answered(&message, answer, n);
    assert_eq!((said(Answer::Accepted).state, said(Answer::Accepted).wake), (MessageState::Accepted, None));
    assert_eq!(
        (said(Answer::Refused).state, said(Answer::Refused).address_is_dead),
        (MessageState::Refused, true)
    );
    let blocked = said(Answer::Blocked);
    assert!(blocked.call_host && !blocked.counts && !blocked.address_is_dead && blocked.wake.is_some());
    let unknown = said(Answer::Unknown);
    assert_eq!(
        (unknown.state, unknown.wake),
        (MessageState::Started, Some(Wake::Observed(n.observed.plus_hours(1))))
    );
}

#[test]
fn pointless_now() {
    let code = Message {
        kind: Kind::Code,
        expires: Some(at("2027-01-01T00:10:00Z")),
        ..knock(1, MessageState::Waiting)
    };
    let late = now("2027-01-01T00:10:00Z", 1);
    assert_eq!(record::answered(&code, Answer::Later, late).state, MessageState::Dropped);
    let facts = permit::Facts { address: None, deliveries: &[], holds: &[], life: None };
    assert_eq!(permit::still_allowed(&code, facts, late), Permit::Drop("pointless-now"));
    assert_eq!(permit::still_allowed(&code, facts, now("2027-01-01T00:09:59Z", 1)), Permit::Go);
}

#[test]
fn stop_always_stops() {
    let message = knock(1, MessageState::Waiting);
    let mut there = address(FIRST);
    let n = now("2027-01-01T00:00:00Z", 1);
    let ask = |address: Option<&Address>, state: State| {
        permit::still_allowed(
            &message,
            permit::Facts {
                address,
                deliveries: &[(DeliveryId([5; 16]), LETTER, state)],
                holds: &[],
                life: None,
            },
            n,
        )
    };
    assert_eq!(ask(Some(&there), State::Sending), Permit::Go);
    assert_eq!(ask(Some(&there), State::Knocked(1)), Permit::Go);
    for ended in [
        State::Withdrawn { undone: false },
        State::Opened,
        State::Refused,
        State::Resting,
        State::Waiting,
        State::Later(date(2027, 1, 1)),
        State::Parked { why: Parked::ByHost, left: true },
    ] {
        assert!(matches!(ask(Some(&there), ended), Permit::Drop(_)), "{ended:?}");
    }
    assert!(matches!(ask(None, State::Sending), Permit::Drop(_)), "the address was taken away");
    for scope in [Scope::NotMe, Scope::Letter(LETTER), Scope::Author, Scope::House, Scope::Quiet] {
        there.refused = vec![Refused { scope }];
        assert!(matches!(ask(Some(&there), State::Sending), Permit::Drop(_)), "{scope:?}");
    }
    there.refused.clear();
    there.good = false;
    assert!(matches!(ask(Some(&there), State::Sending), Permit::Drop(_)));
    for ended in [MessageState::Accepted, MessageState::Refused, MessageState::Dropped] {
        let facts = permit::Facts { address: None, deliveries: &[], holds: &[], life: None };
        assert_eq!(permit::still_allowed(&knock(1, ended), facts, n), Permit::Drop("already-ended"));
    }
}

// ---- the two clocks -------------------------------------------------------------------------------------------------------------------

fn reading(monotonic_seconds: u64, wall: &str) -> Reading {
    Reading {
        monotonic: std::time::Duration::from_secs(monotonic_seconds),
        sources: vec![Source { name: "wall".to_owned(), at: at(wall) }],
    }
}

fn wall_plus(wall: &str, seconds: i64) -> String {
    (at(wall) + jiff::SignedDuration::from_secs(seconds)).to_string()
}

/// Serves for `hours`, a turn every ten minutes, the wall clock keeping pace from `wall`.
fn serve(keeper: &mut Timekeeper, from_seconds: u64, hours: u64, wall: &str) -> Now {
    let mut last = keeper.now();
    for step in 1..=hours * 6 {
        let passed = step * 600;
        last = keeper.read(&reading(from_seconds + passed, &wall_plus(wall, passed as i64)), true);
    }
    last
}

#[test]
fn downtime_is_made_up_once_after_six_hours_of_agreement() {
    let mark = Mark { trusted: at("2026-11-21T12:00:00Z"), observed: Observed(0) };
    // Off for ten days.
    let mut keeper = Timekeeper::start(mark, &reading(0, "2026-12-01T12:00:00Z"));
    let before = serve(&mut keeper, 0, 5, "2026-12-01T12:00:00Z");
    assert_eq!(before.trusted, at("2026-11-21T17:00:00Z"));
    let after = serve(&mut keeper, 5 * 3600, 1, "2026-12-01T17:00:00Z");
    assert_eq!(after.trusted, at("2026-12-01T18:00:00Z"));
    assert_eq!(after.observed, Observed(6 * HOUR), "downtime is not service");
}

#[test]
fn a_jump_while_it_runs_is_never_believed() {
    let mark = Mark { trusted: at("2026-11-21T12:00:00Z"), observed: Observed(0) };
    let mut keeper = Timekeeper::start(mark, &reading(0, "2026-11-21T12:00:00Z"));
    serve(&mut keeper, 0, 30, "2026-11-21T12:00:00Z");
    // After thirty hours somebody sets the clock fifty years ahead, and it stays there.
    let now = serve(&mut keeper, 30 * 3600, 24 * 60, "2076-11-22T18:00:00Z");
    assert_eq!(now.trusted, at("2026-11-22T18:00:00Z") + jiff::SignedDuration::from_hours(24 * 60));
    assert!(keeper.doubt(&reading(90 * 24 * 3600, "2077-02-01T00:00:00Z")).is_some(), "but it is shown");
}

#[test]
fn a_clock_that_is_set_forward_is_believed_within_the_first_hour_alone() {
    let mark = Mark { trusted: at("2026-11-21T12:00:00Z"), observed: Observed(0) };
    // A machine without a battery wakes with the time at which it slept, and is told the time twenty minutes later.
    let mut keeper = Timekeeper::start(mark, &reading(0, "2026-11-21T12:00:00Z"));
    keeper.read(&reading(1_200, "2026-12-01T12:20:00Z"), true);
    let told = serve(&mut keeper, 1_200, 7, "2026-12-01T12:20:00Z");
    assert_eq!(told.trusted, at("2026-12-01T19:20:00Z"));

    // The clock was right; ten hours after the start it leaps by a day, and stays there.
    let mut keeper = Timekeeper::start(mark, &reading(0, "2026-11-21T12:00:00Z"));
    serve(&mut keeper, 0, 5, "2026-11-21T12:00:00Z");
    let leapt = serve(&mut keeper, 5 * 3600, 48, "2026-11-22T17:00:00Z");
    assert_eq!(leapt.trusted, at("2026-11-23T17:00:00Z"), "never early");
    assert!(keeper.doubt(&reading(53 * 3600, "2026-11-24T17:00:00Z")).is_some(), "but it is shown");

    // It was ahead at the start and is set back five hours later: the smaller distance is believed.
    let mut keeper = Timekeeper::start(mark, &reading(0, "2026-12-01T12:00:00Z"));
    serve(&mut keeper, 0, 5, "2026-12-01T12:00:00Z");
    let set_back = serve(&mut keeper, 5 * 3600, 7, "2026-11-23T17:00:00Z");
    assert_eq!(set_back.trusted, at("2026-11-24T00:00:00Z"));
}

#[test]
fn more_than_forty_days_need_a_human() {
    let mark = Mark { trusted: at("2026-11-21T12:00:00Z"), observed: Observed(0) };
    let mut keeper = Timekeeper::start(mark, &reading(0, "2027-01-21T12:00:00Z"));
    let now = serve(&mut keeper, 0, 48, "2027-01-21T12:00:00Z");
    assert_eq!(now.trusted, at("2026-11-23T12:00:00Z"));
}

#[test]
fn time_never_goes_back_and_a_second_step_is_not_taken() {
    let mark = Mark { trusted: at("2026-11-21T12:00:00Z"), observed: Observed(0) };
    let mut keeper = Timekeeper::start(mark, &reading(0, "2020-01-01T00:00:00Z"));
    let behind = serve(&mut keeper, 0, 10, "2020-01-01T00:00:00Z");
    assert_eq!(behind.trusted, at("2026-11-21T22:00:00Z"));
    let mut keeper = Timekeeper::start(mark, &reading(0, "2026-11-25T12:00:00Z"));
    let once = serve(&mut keeper, 0, 7, "2026-11-25T12:00:00Z");
    assert_eq!(once.trusted, at("2026-11-25T19:00:00Z"));
    let twice = serve(&mut keeper, 7 * 3600, 20, "2026-12-05T19:00:00Z");
    assert_eq!(twice.trusted, at("2026-11-26T15:00:00Z"));
}

#[test]
fn a_pause_is_not_service() {
    let mark = Mark { trusted: at("2026-11-21T12:00:00Z"), observed: Observed(0) };
    let mut keeper = Timekeeper::start(mark, &reading(0, "2026-11-21T12:00:00Z"));
    // The laptop sleeps for two days between two turns.
    let now = keeper.read(&reading(2 * 86_400, "2026-11-23T12:00:00Z"), true);
    assert_eq!(now.trusted, at("2026-11-23T12:00:00Z"));
    assert_eq!(now.observed, Observed(600));
    let unserved = keeper.read(&reading(2 * 86_400 + 60, "2026-11-23T12:01:00Z"), false);
    assert_eq!(unserved.observed, Observed(600));
}

#[test]
fn by_the_forecast() {
    let sealed = now("2026-11-21T12:00:00Z", 0);
    let days = |n: i64| SignedDuration::from_hours(24 * n);
    // What a human asks for is foreseen from that moment on, however near it is; what is too far away is not yet.
    let near = Forecast::of(sealed.trusted, By::Act, sealed).expect("within the horizon");
    assert!(near.expects(sealed.trusted));
    assert!(Forecast::of(sealed.trusted + days(400), By::Act, sealed).is_some());
    assert_eq!(Forecast::of(sealed.trusted + days(401), By::Act, sealed), None);
    // What time brings has to have stood there for a week.
    for (ahead, expected) in [(3, false), (6, false), (7, true), (400, true)] {
        let leaves = sealed.trusted + days(ahead);
        let brought = Forecast::of(leaves, By::Time, sealed).expect("within the horizon");
        assert_eq!(brought.expects(leaves), expected, "{ahead} days");
        // Late as after an outage, and a day early as by a zone; not two days early.
        assert_eq!(brought.expects(leaves + days(90)), expected);
        assert_eq!(brought.expects(leaves - days(1)), expected);
        assert!(!brought.expects(leaves - days(2)));
    }

    // The day comes within the horizon: it is derived from what the author meant, and written down once.
    let far = Delivery { forecast: None, ..delivery(State::Waiting, on(date(2028, 6, 1), "UTC")) };
    let seen = now("2027-05-01T00:00:00Z", 9_000);
    let brought = forecast::foresee(&far, seen).expect("a day");
    assert_eq!(brought, Forecast { leaves: at("2028-06-01T09:00:00Z"), since: seen.trusted, by: By::Time });
    let stored = Delivery { forecast: Some(brought), ..far.clone() };
    assert_eq!(forecast::foresee(&stored, seen), None, "it is never moved");
    for state in [State::Sending, State::Opened, State::Withdrawn { undone: false }] {
        assert_eq!(forecast::foresee(&Delivery { state, ..far.clone() }, seen), None);
    }
    // A moment that is over before the rest leaves at the end of the rest.
    let past = Delivery { forecast: None, ..delivery(State::Resting, on(date(2020, 6, 1), "UTC")) };
    assert_eq!(forecast::foresee(&past, sealed).map(|f| f.leaves), Some(at("2026-11-22T09:00:00Z")));
    // Of a zone that means nothing any more, what was derived last.
    let zoneless = Delivery {
        forecast: None,
        due: Some(at("2027-06-01T09:00:00Z")),
        ..delivery(State::Waiting, on(date(2027, 6, 1), "Nowhere/Here"))
    };
    assert_eq!(forecast::foresee(&zoneless, sealed).map(|f| f.leaves), zoneless.due);

    // And the knock says which it was: the first one, and the one to the next address after it.
    let knows = |delivery: &Delivery, pair: &Pair| {
        decide(delivery, pair, now("2028-06-01T09:00:00Z", 20_000)).unwrap().knock.unwrap().foreseen
    };
    let nobody_knocked = Pair { addresses: vec![address(FIRST)], ..Pair::default() };
    assert!(knows(&stored, &nobody_knocked));
    assert!(!knows(&far, &nobody_knocked));
    let sending = Delivery { state: State::Sending, ..far.clone() };
    assert!(!knows(&sending, &nobody_knocked));
    assert!(knows(&Delivery { state: State::Sending, ..stored }, &nobody_knocked));
    // A later knock, and a day that the person chose, need no forecast.
    assert!(knows(
        &Delivery { state: State::Later(date(2028, 6, 1)), ..far.clone() },
        &Pair { zone: "UTC".into(), ..nobody_knocked.clone() }
    ));
    let knocked = Pair {
        knocks: vec![knock(1, MessageState::Accepted)],
        last_accepted: Some(Observed(0)),
        ..nobody_knocked
    };
    assert!(knows(&Delivery { state: State::Knocked(1), ..far }, &knocked));
}

#[test]
fn gate_and_moment() {
    let gone = |moment, state| {
        let rule = Rule { gate: Gate::Gone, ..rule(moment) };
        Delivery { rule, ..delivery(state, Moment::AtOnce) }
    };
    let late = now("2090-01-01T00:00:00Z", 900_000);
    // Nobody says that she has gone: it waits, whatever the day, and what was being sent waits again.
    for state in [State::Resting, State::Waiting, State::Due, State::Sending] {
        for moment in [Moment::AtOnce, on(date(2031, 5, 4), "Europe/Lisbon")] {
            let decision = decided(&gone(moment, state), &pair(vec![], None), late);
            assert_eq!(
                (decision.state, decision.knock, decision.why),
                (State::Waiting, None, "gate-and-moment")
            );
            assert!(decision.wake.is_some());
        }
    }
    let open = |at_: &str, foreseen| Pair {
        gone: Some(unsaid_delivery::decide::Gone { at: at(at_), foreseen }),
        ..pair(vec![], None)
    };
    // The gate before the moment: the moment counts. The moment before the gate: at once.
    let dated = gone(on(date(2031, 5, 4), "Europe/Lisbon"), State::Waiting);
    let waits = decided(&dated, &open("2027-01-01T00:00:00Z", true), now("2027-01-02T00:00:00Z", 9_000));
    assert_eq!((waits.state, waits.wake), (State::Waiting, Some(Wake::Trusted(at("2031-05-04T08:00:00Z")))));
    let goes = decided(&dated, &open("2032-01-01T00:00:00Z", true), now("2032-01-01T00:00:01Z", 9_000));
    assert_eq!(goes.state, State::Sending);
    let at_once = gone(Moment::AtOnce, State::Waiting);
    let goes = decided(&at_once, &open("2032-01-01T00:00:00Z", true), now("2032-01-01T00:00:01Z", 9_000));
    assert!(goes.knock.is_some_and(|knock| knock.foreseen) && !goes.unforeseen);
    let sudden = decided(&at_once, &open("2032-01-01T00:00:00Z", false), now("2032-01-01T00:00:01Z", 9_000));
    assert!(sudden.knock.is_some_and(|knock| !knock.foreseen), "a gate that nobody saw coming");
    assert!(sudden.unforeseen, "and the breaker is told");
}
