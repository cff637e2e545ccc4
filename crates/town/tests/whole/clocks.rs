//! Two clocks, neither of them the wall clock: time that the house was off is made up for, and a clock that jumps while it runs is not believed.

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
