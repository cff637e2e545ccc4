//! Stories of zones and of their data: hours that do not exist, days that do not exist, rules that change after a letter was sealed, names that are gone, and the ends of the calendar.

use jiff::civil::{Date, Time, date, time};
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::anew::{self, Anew};
use unsaid_delivery::calendar;
use unsaid_delivery::clock::{Mark, Reading, Source, Timekeeper};
use unsaid_delivery::decide::{Address, Pair, decide};
use unsaid_delivery::forecast::{self, By, Forecast};
use unsaid_delivery::rule::{Birthday, Gate, LeapDay, Moment, Proof, Reach, RestAsked, Rule};
use unsaid_delivery::state::{Delivery, Parked, Rest, State};
use unsaid_delivery::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn on(date: Date, zone: &str) -> Moment {
    Moment::On { date, time: calendar::NINE, zone: zone.into() }
}

fn delivery(state: State, moment: Moment) -> Delivery {
    Delivery {
        id: DeliveryId([5; 16]),
        letter: LetterId([1; 16]),
        account: AccountId([6; 16]),
        person: PersonId([2; 16]),
        occurrence: 0,
        rule: Rule { gate: Gate::None, moment, reach: Reach::Send, proof: Proof::None },
        version: 1,
        pinned: false,
        state,
        rest: Rest { until: at("2026-11-22T09:00:00Z"), observed: Observed(0) },
        due: None,
        tzdb: "1999z".to_owned(),
        forecast: None,
        parked: None,
        rev: 1,
    }
}

#[test]
fn an_hour_that_is_left_out_moves_forward_and_one_that_comes_twice_is_the_first() {
    for (day, clock, zone, instant) in [
        // The change of clocks in Madrid: at two it is three, and at three it is two again.
        (date(2026, 3, 29), time(2, 30, 0, 0), "Europe/Madrid", "2026-03-29T01:30:00Z"),
        (date(2026, 10, 25), time(2, 30, 0, 0), "Europe/Madrid", "2026-10-25T00:30:00Z"),
        // Half an hour on Lord Howe Island.
        (date(2026, 10, 4), time(2, 15, 0, 0), "Australia/Lord_Howe", "2026-10-03T15:45:00Z"),
        // A midnight that there was not.
        (date(2018, 11, 4), time(0, 0, 0, 0), "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
        // Samoa went without a day, and so did Kwajalein: the next instant that there was.
        (date(2011, 12, 30), time(9, 0, 0, 0), "Pacific/Apia", "2011-12-30T19:00:00Z"),
        (date(1993, 8, 21), time(9, 0, 0, 0), "Pacific/Kwajalein", "1993-08-21T21:00:00Z"),
        // Summer time after 2100, which another library drops.
        (date(2100, 7, 1), time(9, 0, 0, 0), "Europe/Madrid", "2100-07-01T07:00:00Z"),
        (date(2150, 7, 1), time(9, 0, 0, 0), "America/New_York", "2150-07-01T13:00:00Z"),
    ] {
        assert_eq!(calendar::instant(day, clock, zone), Ok(at(instant)), "{day} {clock} {zone}");
    }
}

#[test]
fn a_leap_day_from_2096_to_2104() {
    let born = |leap| Birthday { month: 2, day: 29, leap };
    for (year, february, march) in [
        (2096, date(2096, 2, 29), date(2096, 2, 29)),
        (2097, date(2097, 2, 28), date(2097, 3, 1)),
        (2100, date(2100, 2, 28), date(2100, 3, 1)),
        (2103, date(2103, 2, 28), date(2103, 3, 1)),
        (2104, date(2104, 2, 29), date(2104, 2, 29)),
    ] {
        assert_eq!(calendar::birthday_in(year, born(LeapDay::February28)), Some(february));
        assert_eq!(calendar::birthday_in(year, born(LeapDay::March1)), Some(march));
    }
}

#[test]
fn an_old_name_of_a_zone_still_means_what_it_meant_and_an_unknown_one_is_never_utc() {
    for (old, new) in [
        ("Europe/Kiev", "Europe/Kyiv"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("US/Pacific", "America/Los_Angeles"),
        ("Asia/Saigon", "Asia/Ho_Chi_Minh"),
        ("America/Godthab", "America/Nuuk"),
    ] {
        for day in [date(2027, 1, 15), date(2027, 7, 15)] {
            let there = |zone| calendar::instant(day, calendar::NINE, zone);
            assert_eq!(there(old), there(new), "{old}");
            assert!(there(old).is_ok());
        }
    }
    for unknown in ["", "Nowhere/Here", "Etc/Unknown", "../Europe/Madrid"] {
        assert_eq!(calendar::instant(date(2027, 1, 15), calendar::NINE, unknown), Err(calendar::ZoneUnknown));
        let parked = decide(
            &delivery(State::Waiting, on(date(2026, 12, 1), unknown)),
            &Pair::default(),
            Now { trusted: at("2027-01-01T00:00:00Z"), observed: Observed(0) },
        );
        let state = State::Parked { why: Parked::ZoneUnknown, left: false };
        assert_eq!(parked.map(|decision| decision.state), Some(state), "{unknown}");
    }
}

#[test]
fn zones_derived_anew() {
    let day = date(2030, 6, 1);
    let noon = at("2030-06-01T07:00:00Z");
    let cached = |state, due| Delivery { due, ..delivery(state, on(day, "Europe/Madrid")) };
    // Cached too late and too early: the wake goes where the day is.
    for wrong in [noon + SignedDuration::from_hours(1), noon - SignedDuration::from_hours(1)] {
        let anew = anew::derived(&cached(State::Waiting, Some(wrong)), "UTC");
        assert_eq!(anew, Some(Anew { due: Some(noon), wake: Some(noon), shifted: true }));
    }
    let same = anew::derived(&cached(State::Waiting, Some(noon)), "UTC");
    assert_eq!(same, Some(Anew { due: Some(noon), wake: Some(noon), shifted: false }));
    // What rests is woken by the end of its rest.
    let rests = anew::derived(&cached(State::Resting, Some(noon)), "UTC");
    assert_eq!(rests, Some(Anew { due: Some(noon), wake: None, shifted: false }));
    // A day that a person chose falls in their zone, or their author's.
    let later = anew::derived(&cached(State::Later(day), Some(at("2027-01-01T08:00:00Z"))), "Asia/Tokyo");
    let chosen = Anew {
        due: Some(at("2027-01-01T08:00:00Z")),
        wake: Some(at("2030-06-01T00:00:00Z")),
        shifted: false,
    };
    assert_eq!(later, Some(chosen));
    // A zone that means nothing now keeps what was derived last, until its time comes.
    let nowhere = Delivery { due: Some(noon), ..delivery(State::Waiting, on(day, "Nowhere/Here")) };
    assert_eq!(anew::derived(&nowhere, "UTC"), Some(Anew { due: Some(noon), wake: None, shifted: false }));
    // With this program's data nothing is left to derive; nor of what waits for no day.
    let present = Delivery {
        tzdb: calendar::tzdb_version().to_owned(),
        ..cached(State::Waiting, Some(noon + SignedDuration::from_hours(1)))
    };
    assert_eq!(anew::derived(&present, "UTC"), None);
    for state in [State::Sending, State::Knocked(2), State::Opened, State::Askable, State::Unanswered] {
        assert_eq!(anew::derived(&cached(state, Some(noon)), "UTC"), None, "{state:?}");
    }
    // A shift of up to a day is as foreseen; the forecast itself is not moved.
    let since = at("2030-01-01T00:00:00Z");
    let foreseen = |hours: i64| {
        let leaves = noon + SignedDuration::from_hours(hours);
        Delivery {
            forecast: Some(Forecast { leaves, since, by: By::Time }),
            ..cached(State::Waiting, Some(noon))
        }
    };
    let now = Now { trusted: noon, observed: Observed(0) };
    let was = |hours| forecast::was_foreseen(&foreseen(hours), None, now);
    assert!(was(1) && was(24) && !was(25));
}

#[cfg(feature = "planted")]
#[test]
fn a_rule_that_is_abolished_moves_what_waits_and_never_makes_it_early() {
    use unsaid_delivery::calendar::overlay::{self, Rules};
    let summer = delivery(State::Waiting, on(date(2041, 7, 1), "Europe/Madrid"));
    let before = calendar::comes_at(&summer.rule.moment, 0, summer.rest.until).unwrap();
    let cached = Delivery { due: before, tzdb: calendar::tzdb_version().to_owned(), ..summer };
    assert_eq!(anew::derived(&cached, "UTC"), None);
    // Summer time is gone: nine in the morning comes an hour later than was cached.
    overlay::put(Rules::of("2040a").with("Europe/Madrid", "CET-1"));
    let anew = anew::derived(&cached, "UTC").expect("another version");
    assert_eq!(anew.due, Some(at("2041-07-01T08:00:00Z")));
    assert_eq!((before, anew.shifted), (Some(at("2041-07-01T07:00:00Z")), true));
    let now = Now { trusted: at("2041-07-01T07:30:00Z"), observed: Observed(0) };
    let early = decide(&cached, &Pair::default(), now).expect("a decision");
    assert_eq!((early.state, early.due), (State::Waiting, anew.due), "the cache is never believed");
    // All year summer: it comes an hour earlier than was cached in winter.
    overlay::put(Rules::of("2041a").with("Europe/Madrid", "CEST-2").without("Europe/Lisbon"));
    let winter = Delivery {
        due: Some(at("2042-01-10T08:00:00Z")),
        ..delivery(State::Waiting, on(date(2042, 1, 10), "Europe/Madrid"))
    };
    assert_eq!(anew::derived(&winter, "UTC").and_then(|anew| anew.wake), Some(at("2042-01-10T07:00:00Z")));
    assert_eq!(
        calendar::instant(date(2042, 1, 10), calendar::NINE, "Europe/Lisbon"),
        Err(calendar::ZoneUnknown)
    );
    overlay::put(Rules::default());
    assert!(calendar::instant(date(2042, 1, 10), calendar::NINE, "Europe/Lisbon").is_ok());
}

#[test]
fn the_ends_of_the_calendar_are_reached_without_a_fall() {
    let ends = [
        Timestamp::MIN,
        Timestamp::UNIX_EPOCH,
        at("2176-11-21T12:00:00Z"),
        at("9999-12-30T21:00:00Z"),
        Timestamp::MAX,
    ];
    let days = [Date::MIN, date(1970, 1, 1), date(2176, 11, 21), date(9999, 12, 31), Date::MAX];
    let born = Birthday { month: 2, day: 29, leap: LeapDay::March1 };
    let zone = || "Pacific/Kiritimati".to_owned();
    let mut moments = vec![Moment::AtOnce];
    for day in days {
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"] {
            assert!(
                calendar::instant(day, Time::MIN, zone).is_ok()
                    && calendar::instant(day, Time::MAX, zone).is_ok()
            );
            moments.push(on(day, zone));
        }
    }
    for year in [i16::MIN, -1, 1, 9_999, i16::MAX] {
        let time = calendar::NINE;
        moments.push(Moment::EachBirthday { until: year, birthday: born, time, zone: zone() });
        for age in [0, 150, u16::MAX] {
            moments.push(Moment::Birthday { age, year, birthday: born, time, zone: zone() });
        }
    }
    let pair = Pair {
        addresses: vec![Address { id: AddressId([3; 16]), good: true, refused: vec![] }],
        zone: zone(),
        ..Pair::default()
    };
    for trusted in ends {
        for observed in [Observed(i64::MIN), Observed(0), Observed(i64::MAX)] {
            let now = Now { trusted, observed };
            for asked in [RestAsked::None, RestAsked::Morning, RestAsked::Mornings(u8::MAX)] {
                let rest = calendar::rest(asked, "Pacific/Kiritimati", now).expect("a zone");
                assert!(rest.until >= trusted, "{trusted}");
            }
            let _far = forecast::horizon(now);
            for moment in &moments {
                for occurrence in [i16::MIN, 0, i16::MAX] {
                    let waiting = Delivery { occurrence, ..delivery(State::Waiting, moment.clone()) };
                    let _decided = decide(&waiting, &pair, now);
                    let _derived = anew::derived(&waiting, "UTC");
                    let _foreseen = forecast::foresee(&waiting, now);
                }
                let _asked = accept::plan(
                    &delivery(State::Waiting, moment.clone()).rule,
                    RestAsked::Morning,
                    "UTC",
                    now,
                );
            }
        }
        // And the clocks themselves.
        for wall in ends {
            let reading = |seconds| Reading {
                monotonic: std::time::Duration::from_secs(seconds),
                sources: ["wall", "a"].map(|name| Source { name: name.to_owned(), at: wall }).to_vec(),
            };
            let mut keeper =
                Timekeeper::start(Mark { trusted, observed: Observed(i64::MAX - 5) }, &reading(0));
            for seconds in [0, 1, u64::MAX / 2, u64::MAX] {
                let now = keeper.read(&reading(seconds), true);
                assert!(now.trusted >= trusted);
                let _doubt = keeper.doubt(&reading(seconds));
                assert!(keeper.at(std::time::Duration::MAX).trusted >= now.trusted);
            }
        }
    }
}
