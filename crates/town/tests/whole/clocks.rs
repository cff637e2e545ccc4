//! Two clocks, neither of them the wall clock: time that the house was off is made up for, and a clock that jumps while it runs is not believed.

use crate::postgres::Fresh;
use crate::support::author::Author;
use crate::support::relay::Relay;
use crate::support::{DAY, Place, Town};
use serde_json::{Value, json};

const HOUR: u64 = 3_600;
const DAN: &str = "dan@example.org";

fn seconds(now: &Value) -> i64 {
    now["trusted"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second()
}

fn now(town: &Town) -> i64 {
    seconds(&town.pass(0, "lived"))
}

/// A letter for the day that is so many days from now.
fn for_a_day(helen: &mut Author, town: &Town, days: i64) {
    let dan = helen.person(&[DAN]);
    let day = jiff::Timestamp::from_second(now(town) + days * 86_400)
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let moment = json!({ "kind": "on", "date": day.to_string(), "time": "09:00", "zone": "Europe/London" });
    helen.seal(&dan, &moment, "none");
}

#[test]
fn three_days_without_power_are_made_up_for_after_six_observed_hours() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    for_a_day(&mut helen, &town, 2);
    let before = now(&town);
    let off = town.pass(3 * DAY, "off");
    assert!(seconds(&off) - before < 300, "not believed at once");
    town.live(5 * HOUR);
    assert!(now(&town) - before < 6 * 3_600 - 300);
    assert_eq!(relay.taken_for(DAN), [], "what is not believed sends nothing");
    town.live(2 * HOUR);
    let made_up = now(&town) - before;
    assert!((3 * 86_400 + 7 * 3_600 - 300..=3 * 86_400 + 7 * 3_600 + 300).contains(&made_up), "{made_up} s");
    assert_eq!(relay.wait_for(DAN, 1).len(), 1, "and what fell due meanwhile goes");
}

#[test]
fn a_wall_clock_fifty_years_ahead_sends_nothing() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    for_a_day(&mut helen, &town, 10);
    let before = now(&town);
    for _ in 0..5 {
        town.pass(3_652 * DAY, "wall-only");
    }
    town.live(2 * DAY);
    let later = now(&town) - before;
    assert!((2 * 86_400..2 * 86_400 + 300).contains(&later), "{later} s");
    assert_eq!(relay.taken_for(DAN), []);
    // It goes on its own day, by the time that was lived.
    town.live(9 * DAY);
    assert_eq!(relay.taken_for(DAN).len(), 1);
}

/// A town that asks two hosts what time it is, beside its own wall clock.
fn of_three_sources(relay: &Relay) -> Place {
    Place::new(relay.setting(), None).with("UNSAID_TIME_HOSTS", "one.example,two.example")
}

/// What the house says of its clock to whoever watches it.
fn clock_of(place: &Place) -> String {
    let said = place.browser().get("/readyz").text();
    let (_, clock) = said.split_once("clock: ").expect("a word for the clock");
    clock.lines().next().unwrap_or_default().to_owned()
}

/// A host that the town asks is from now on so many seconds away from the truth, or silent.
fn set_host(place: &Place, host: &str, away: Option<i64>) {
    place.browser().post("/town/host", &json!({ "host": host, "away": away })).is(204);
}

#[test]
fn a_wall_clock_a_day_forward_or_a_day_back_moves_no_letter() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    for_a_day(&mut helen, &town, 2);
    let before = now(&town);
    // Past the hour in which a machine without a battery is told the time.
    town.live(2 * HOUR);
    for how in ["wall-only", "wall-back", "wall-back", "wall-back", "wall-only"] {
        town.pass(DAY, how);
        town.live(2 * HOUR);
        assert_eq!(relay.taken_for(DAN), [], "{how}");
    }
    let lived = now(&town) - before;
    assert!((12 * 3_600..12 * 3_600 + 300).contains(&lived), "{lived} s");
    town.live(2 * DAY);
    assert_eq!(relay.taken_for(DAN).len(), 1, "it goes on its own day");
}

#[test]
fn with_three_sources_a_long_time_without_power_is_made_up_for_at_once() {
    let relay = Relay::open();
    let place = of_three_sources(&relay);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    for_a_day(&mut helen, &town, 60);
    let before = now(&town);
    // More than forty days, which a single clock would need a human for.
    let after = town.pass(90 * DAY, "off");
    let made_up = seconds(&after) - before;
    assert!((90 * 86_400 - 60..90 * 86_400 + 300).contains(&made_up), "{made_up} s");
    assert_eq!(relay.wait_for(DAN, 1).len(), 1, "what fell due meanwhile goes, late and not lost");
    assert!(after["observed"].as_i64().unwrap() < 86_400, "downtime is not service");
    assert_eq!(clock_of(&place), "ok");
}

#[test]
fn of_three_sources_one_that_lies_moves_nothing_whichever_it_is() {
    let relay = Relay::open();
    let place = of_three_sources(&relay);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    for_a_day(&mut helen, &town, 20);
    let before = now(&town);
    // The wall clock, fifty years ahead, through a power cut too.
    for _ in 0..5 {
        town.pass(3_652 * DAY, "wall-only");
    }
    town.live(DAY);
    town.pass(DAY, "off");
    town.live(DAY);
    // A host, while the wall clock is wrong no more.
    for _ in 0..5 {
        town.pass(3_652 * DAY, "wall-back");
    }
    for away in [50 * 365 * 86_400, 30 * 86_400, -86_400] {
        set_host(&place, "one.example", Some(away));
        town.live(DAY);
        assert_eq!(clock_of(&place), "ok", "two of three agree");
    }
    let passed = now(&town) - before;
    assert!((6 * 86_400 - 60..6 * 86_400 + 300).contains(&passed), "{passed} s");
    assert_eq!(relay.taken_for(DAN), []);
    // With the other host silent the liar and the wall clock are alone: nobody is believed, time goes on as it is lived, and it is shown.
    set_host(&place, "two.example", None);
    town.live(6 * HOUR);
    assert_eq!(clock_of(&place), "apart");
    set_host(&place, "one.example", Some(0));
    town.live(HOUR);
    assert_eq!(clock_of(&place), "ok");
    town.live(15 * DAY);
    assert_eq!(relay.taken_for(DAN).len(), 1, "it goes on its own day");
}

#[test]
fn two_nodes_of_one_house_credit_the_time_of_service_once() {
    let Some(database) = Fresh::make("clocks") else { return };
    let relay = Relay::open();
    let node = || Place::new(relay.setting(), Some(database.url.clone()));
    let (one, other) = (node(), node());
    let first = one.start();
    let second = other.start();
    let observed = |town: &Town| town.pass(0, "lived")["observed"].as_i64().unwrap();
    // Both live, side by side, so that each sees the other beat.
    let live = |towns: &[&Town], minutes: u64| {
        for _ in 0..minutes / 5 {
            for town in towns {
                town.live(300);
            }
        }
    };
    // The one that came first credits; what the other lives meanwhile is the same time, and no more of it.
    let begun = observed(&first);
    live(&[&first, &second], 120);
    let both = [observed(&first) - begun, observed(&second) - begun];
    assert!(both.iter().all(|served| (7_200..7_320).contains(served)), "{both:?}");
    // It falls silent for ever. The other takes over when it has seen that for ten minutes that it has lived itself, and goes on from where the house was.
    first.kill();
    live(&[&second], 60);
    let taken_over = observed(&second) - begun;
    assert!((7_200 + 3_600 - 900..7_200 + 3_600 - 200).contains(&taken_over), "{taken_over} s");
    // It comes back, and credits nothing beside the one that does now.
    let first = one.start();
    live(&[&first, &second], 60);
    let back = [observed(&first) - begun - taken_over, observed(&second) - begun - taken_over];
    // It goes by what was stored when it beat last.
    assert!((3_300..3_720).contains(&back[0]) && (3_600..3_720).contains(&back[1]), "{back:?}");
}
