//! Stories of letters that nobody foresaw, and of hosts who hold and let go. The pure rules alone: the numbers of the house are given.

use jiff::civil::{date, time};
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::breaker::{self, Weighed, counted_since, hold_back};
use unsaid_delivery::clock::{DAY, HOUR};
use unsaid_delivery::decide::{Address, Decision, Gone, Pair, decide};
use unsaid_delivery::forecast::{By, Forecast, Leap};
use unsaid_delivery::parking::{NotNow, ParkedBy, Parking, park, release};
use unsaid_delivery::state::{Delivery, Parked, Rest, Shown, State, Wake, shown};
use unsaid_delivery::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn now(trusted: &str, observed_hours: i64) -> Now {
    Now { trusted: at(trusted), observed: Observed(observed_hours * HOUR) }
}

const DUE: &str = "2027-05-04T08:00:00Z";

/// A letter for the morning of 4 May 2027 in Lisbon.
fn letter(state: State, forecast: Option<Forecast>) -> Delivery {
    let moment = Moment::On { date: date(2027, 5, 4), time: time(9, 0, 0, 0), zone: "Europe/Lisbon".into() };
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
        rest: Rest { until: at("2026-11-22T09:00:00Z"), observed: Observed(HOUR) },
        due: Some(at(DUE)),
        tzdb: calendar::tzdb_version().to_owned(),
        forecast,
        parked: None,
        rev: 1,
    }
}

fn pair() -> Pair {
    let address = Address { id: AddressId([3; 16]), good: true, refused: Vec::new() };
    Pair { addresses: vec![address], zone: "Europe/Lisbon".into(), ..Pair::default() }
}

fn decided(delivery: &Delivery, now: Now) -> Decision {
    decide(delivery, &pair(), now).unwrap_or_else(|| panic!("nothing was decided about {:?}", delivery.state))
}

fn weighed(unforeseen: u64, waiting: u64) -> Weighed {
    Weighed { unforeseen, waiting }
}

/// As the store keeps it once this was decided.
fn committed(delivery: &Delivery, decision: &Decision, now: Now) -> Delivery {
    let parked = matches!(decision.state, State::Parked { .. }).then_some(Parking {
        was: delivery.state,
        by: ParkedBy::Engine,
        since: now.trusted,
        observed: now.observed,
    });
    let forecast = decision.forecast.or(delivery.forecast);
    Delivery { state: decision.state, parked, forecast, rev: delivery.rev + 1, ..delivery.clone() }
}

#[test]
fn many_wait_for_a_look() {
    // Five in any house, one in a hundred in a large one.
    for (unforeseen, waiting, many) in
        [(5, 0, false), (6, 0, true), (6, 100, true), (6, 599, true), (6, 600, false), (7, 600, true)]
    {
        assert_eq!(weighed(unforeseen, waiting).are_many(), many, "{unforeseen} of {waiting}");
    }
    let (delivery, n) = (letter(State::Waiting, None), now(DUE, 5_000));
    let leaves = decided(&delivery, n);
    assert!(leaves.unforeseen && leaves.knock.is_some_and(|knock| !knock.foreseen));

    let few = hold_back(&delivery, leaves.clone(), weighed(5, 100), n.observed);
    assert_eq!(few, leaves, "a few leave, and are counted");

    let held = hold_back(&delivery, leaves.clone(), weighed(6, 100), n.observed);
    assert_eq!((held.state, held.why), (parked(), "many-wait-for-a-look"));
    assert_eq!(held.wake, Some(Wake::Observed(Observed(5_072 * HOUR))));
    assert!(held.knock.is_none() && held.next.is_none() && !held.unforeseen, "nothing of it has left");
    assert_eq!(shown(held.state, false), Shown::Held);

    // What was foreseen leaves among however many that were not.
    let asked = Forecast { leaves: at(DUE), since: at("2026-11-21T12:00:00Z"), by: By::Act };
    let foreseen = letter(State::Waiting, Some(asked));
    let leaves = decided(&foreseen, n);
    assert!(!leaves.unforeseen);
    assert_eq!(hold_back(&foreseen, leaves.clone(), weighed(10_000, 100), n.observed), leaves);
    // A few in every hour would be many within the week.
    assert_eq!(counted_since(Observed(10 * DAY)), Observed(3 * DAY));
}

fn parked() -> State {
    State::Parked { why: Parked::Unforeseen, left: false }
}

#[test]
fn a_letter_that_ends_silently_is_held_like_one_that_is_sent() {
    // Their author is shown that it has left, knock or no knock: both are held, or she could tell.
    let mut nobody = pair();
    nobody.addresses.clear();
    let (delivery, n) = (letter(State::Waiting, None), now(DUE, 5_000));
    let ends = decide(&delivery, &nobody, n).unwrap();
    assert!(ends.state.is_end() && ends.unforeseen);
    assert_eq!(hold_back(&delivery, ends, weighed(6, 100), n.observed).state, parked());
}

#[test]
fn leaves_after_a_look() {
    let (delivery, n) = (letter(State::Waiting, None), now(DUE, 5_000));
    let held = hold_back(&delivery, decided(&delivery, n), weighed(6, 100), n.observed);
    let waits = committed(&delivery, &held, n);
    // Not a moment of service earlier, however the calendar runs.
    let early =
        decided(&waits, Now { trusted: at("2029-01-01T00:00:00Z"), observed: Observed(5_072 * HOUR - 1) });
    assert_eq!((early.state, early.wake), (parked(), Some(Wake::Observed(Observed(5_072 * HOUR)))));
    let leaves = decided(&waits, now("2027-05-07T08:00:00Z", 5_072));
    assert_eq!((leaves.state, leaves.why), (State::Sending, "leaves-after-a-look"));
    assert!(leaves.knock.is_some_and(|knock| knock.foreseen) && !leaves.unforeseen);
    // And is not held anew by how many there are.
    assert_eq!(hold_back(&waits, leaves.clone(), weighed(900, 100), Observed(5_072 * HOUR)), leaves);
    // Nothing of that goes for what is parked for another reason.
    let zone = Delivery { state: State::Parked { why: Parked::ZoneUnknown, left: false }, ..waits };
    assert_eq!(decide(&zone, &pair(), now("2030-01-01T00:00:00Z", 90_000)), None);
}

#[test]
fn a_leap_of_the_clock_is_nobodys_forecast() {
    // Looked ahead on 1 January; ten hours of service later the clock says that it is autumn.
    let looked = now("2027-01-01T12:00:00Z", 1_000);
    let leapt = now("2027-09-01T12:00:00Z", 1_010);
    let leap = Leap::since(looked, leapt).unwrap();
    let forecast = |leaves: &str, since: &str, by| Forecast { leaves: at(leaves), since: at(since), by };
    let asked_long_ago = forecast(DUE, "2026-11-21T12:00:00Z", By::Act);
    assert!(leap.undoes(&asked_long_ago));
    assert!(
        leap.undoes(&forecast("2027-09-08T11:00:00Z", "2026-11-21T12:00:00Z", By::Time)),
        "the week from there"
    );
    assert!(
        !leap.undoes(&forecast("2027-01-08T11:00:00Z", "2026-11-21T12:00:00Z", By::Act)),
        "it was in the coming week"
    );
    assert!(
        !leap.undoes(&forecast("2027-10-08T11:00:00Z", "2026-11-21T12:00:00Z", By::Act)),
        "it comes in its time"
    );
    assert!(
        !leap.undoes(&forecast("2027-09-02T09:00:00Z", "2027-09-01T03:00:00Z", By::Act)),
        "asked for since"
    );
    // What is foreseen anew by time alone has not stood there for a week.
    let anew = Forecast { since: leapt.trusted, by: By::Time, ..asked_long_ago };
    assert!(!anew.expects(leapt.trusted));

    // A house that is off for a week, or every night, or looked ahead a year ago and served it, has not leapt.
    let served = |trusted: &str, hours| Leap::since(looked, now(trusted, hours));
    assert_eq!(served("2027-01-08T12:00:00Z", 1_000), None);
    assert_eq!(served("2028-01-01T12:00:00Z", 1_000 + 365 * 24), None);
    assert!(served("2027-01-08T12:00:01Z", 1_000).is_some());
    // Nothing is asked of clocks that stood still.
    assert_eq!(Leap::since(looked, looked), None);
    assert_eq!(looked.trusted + SignedDuration::from_hours(7 * 24), leap.after);
}

/// A letter for its author's end, sealed years ago, and the pair of an author who was let go on the day that it would have left.
fn for_her_end(foreseen: bool) -> (Delivery, Pair) {
    let asked = Forecast { leaves: at(DUE), since: at("2026-11-21T12:00:00Z"), by: By::Act };
    let mut delivery = letter(State::Waiting, Some(asked));
    delivery.rule.gate = Gate::Gone;
    (delivery, Pair { gone: Some(Gone { at: at("2029-03-01T00:00:00Z"), foreseen }), ..pair() })
}

#[test]
fn many_authors_let_go_at_once_wait_for_a_look_and_one_whose_grace_has_run_does_not() {
    let n = now("2029-03-01T00:00:10Z", 9_000);
    // Her grace began a week before, as it does: however many letters she left, they go.
    let (delivery, pair) = for_her_end(true);
    let goes = decide(&delivery, &pair, n).unwrap();
    assert!(!goes.unforeseen && goes.knock.is_some_and(|knock| knock.foreseen));
    assert_eq!(hold_back(&delivery, goes.clone(), weighed(10_000, 100), n.observed), goes);

    // A gate that a fault has opened was in nobody's forecast, whatever stands beside the letter itself.
    let (delivery, pair) = for_her_end(false);
    let sudden = decide(&delivery, &pair, n).unwrap();
    assert!(sudden.unforeseen && sudden.knock.is_some_and(|knock| !knock.foreseen));
    assert_eq!(hold_back(&delivery, sudden.clone(), weighed(5, 100), n.observed), sudden, "a few leave");
    let held = hold_back(&delivery, sudden, weighed(6, 100), n.observed);
    assert_eq!((held.state, held.why), (parked(), "many-wait-for-a-look"));

    // A host who lets it go, and three days of service, have the last word: it is not parked again for the same gate.
    let waits = committed(&delivery, &held, n);
    let (granted, forecast) = release(&waits, now("2029-03-01T09:00:00Z", 9_009)).unwrap();
    let free = Delivery { state: granted.state, forecast, parked: None, ..waits.clone() };
    assert!(!decide(&free, &pair, now("2029-03-01T09:01:00Z", 9_009)).unwrap().unforeseen);
    let leaves = decide(&waits, &pair, now("2029-03-04T00:00:10Z", 9_072)).unwrap();
    assert_eq!((leaves.state, leaves.why, leaves.unforeseen), (State::Sending, "leaves-after-a-look", false));
    assert!(leaves.knock.is_some_and(|knock| knock.foreseen));

    // What was let go stands for that end alone: she came back, and is let go once more by a fault.
    let again = Pair { gone: Some(Gone { at: at("2030-01-01T00:00:00Z"), foreseen: false }), ..pair };
    assert!(decide(&free, &again, now("2030-01-01T00:00:10Z", 17_000)).unwrap().unforeseen);
}

#[test]
fn parked_by_the_host() {
    for state in [State::Resting, State::Waiting, State::Sending, State::Knocked(2), State::Askable] {
        let granted = park(&letter(state, None)).unwrap();
        assert_eq!(granted.state, State::Parked { why: Parked::ByHost, left: state.has_left() });
        assert_eq!((granted.wake, granted.why), (None, "parked-by-the-host"));
        assert_eq!(granted.fact, Fact::Parked { delivery: DeliveryId([5; 16]) });
        assert_eq!(shown(granted.state, false) == Shown::Left, state.has_left(), "no finer than before");
    }
    // What waited for a look does not leave by itself any more.
    assert_eq!(
        park(&letter(parked(), None)).unwrap().state,
        State::Parked { why: Parked::ByHost, left: false }
    );
    let held =
        Delivery { state: State::Parked { why: Parked::ByHost, left: false }, ..letter(parked(), None) };
    assert_eq!(decide(&held, &pair(), now("2099-01-01T00:00:00Z", 900_000)), None);
    let damaged = State::Parked { why: Parked::Damaged, left: true };
    assert_eq!(park(&letter(damaged, None)), Err(NotNow::Parked), "its own reason comes first");
    for end in [State::Opened, State::Withdrawn { undone: false }, State::Unanswered] {
        assert_eq!(park(&letter(end, None)), Err(NotNow::Ended));
    }
}

#[test]
fn released_where_it_was() {
    let n = now("2027-06-01T00:00:00Z", 6_000);
    let was = |was| {
        let parking = Parking { was, by: ParkedBy::Host, since: at(DUE), observed: Observed(1) };
        let state = State::Parked { why: Parked::ByHost, left: was.has_left() };
        Delivery { state, parked: Some(parking), ..letter(State::Waiting, None) }
    };
    let at_once = Some(Wake::Trusted(n.trusted));
    for (state, wake) in [
        (State::Resting, Some(Wake::Trusted(at("2026-11-22T09:00:00Z")))),
        (State::Waiting, at_once),
        (State::Sending, at_once),
        (State::Knocked(3), at_once),
        (State::Later(date(2030, 1, 1)), at_once),
        (State::Opened, None),
        (State::Refused, None),
        (State::Unreachable, None),
    ] {
        let (granted, forecast) = release(&was(state), n).unwrap();
        assert_eq!((granted.state, granted.wake, granted.why), (state, wake, "released-where-it-was"));
        assert_eq!(granted.fact, Fact::Released { delivery: DeliveryId([5; 16]) });
        assert_eq!(forecast.is_some(), !state.has_left(), "{state:?}: a human asked for it now");
    }
    // It leaves as foreseen then, among however many that were not.
    let held = was(State::Waiting);
    let (granted, forecast) = release(&held, n).unwrap();
    let free = Delivery { state: granted.state, forecast, parked: None, ..held };
    assert!(!decided(&free, n).unforeseen);
    // What was not mended is parked again at its turn.
    let nowhere = Moment::On { date: date(2027, 5, 4), time: time(9, 0, 0, 0), zone: "Atlantis/City".into() };
    let still = Delivery { rule: Rule { moment: nowhere, ..free.rule.clone() }, ..free };
    assert_eq!(decided(&still, n).state, State::Parked { why: Parked::ZoneUnknown, left: false });

    assert_eq!(release(&letter(State::Waiting, None), n).unwrap_err(), NotNow::NotParked);
    // An older program did not keep where it was.
    let old =
        |left, pinned| Delivery { pinned, ..letter(State::Parked { why: Parked::Damaged, left }, None) };
    let returns = |delivery: &Delivery| release(delivery, n).unwrap().0.state;
    assert_eq!(returns(&old(true, true)), State::Opened);
    assert_eq!(returns(&old(true, false)), State::Sending);
    assert_eq!(returns(&old(false, false)), State::Waiting);
    assert_eq!(breaker::WAITS_HOURS, 72);
}
