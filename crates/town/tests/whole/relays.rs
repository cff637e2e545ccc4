//! What a relay may answer: 'nobody here' leads to the next address, 'not from you' waits until it is over.

use crate::support::author::{Author, at_once};
use crate::support::relay::Relay;
use crate::support::{DAY, Place};

const HOUR: u64 = 3_600;

#[test]
fn refused_for_good_at_one_address_the_knock_goes_to_the_next() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let dan = helen.person(&["old@example.org", "new@example.org"]);
    relay.does_not_know("old@example.org");
    let letter = helen.seal(&dan, &at_once(), "none");
    relay.wait_for("new@example.org", 1);
    town.live(2 * DAY);
    assert_eq!(relay.named("old@example.org"), 1, "what is refused for good is not asked again");
    assert_eq!(relay.taken_for("old@example.org"), []);
    assert_eq!(relay.taken_for("new@example.org").len(), 1);
    assert_eq!(helen.state(&letter), "left");
}

#[test]
fn while_the_relay_refuses_this_house_nothing_is_lost_and_no_address_is_blamed() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let dan = helen.person(&["dan@example.org"]);
    relay.block(true);
    helen.seal(&dan, &at_once(), "none");
    // Longer than the days and tries after which an address would be given up.
    town.live(40 * DAY);
    assert_eq!(relay.taken_for("dan@example.org"), []);
    relay.block(false);
    town.live(2 * DAY);
    assert_eq!(relay.taken_for("dan@example.org").len(), 1);
}

#[test]
fn a_domain_that_does_not_want_this_house_is_left_alone_for_a_day() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let people = ["dan@one.example", "eva@one.example", "mia@two.example"].map(|to| helen.person(&[to]));
    relay.not_welcome_at(&["one.example"]);
    helen.seal(&people[0], &at_once(), "none");
    relay.wait_until_named("dan@one.example", 1);
    town.live(HOUR);
    for person in &people[1..] {
        helen.seal(person, &at_once(), "none");
    }
    // Others are not held for it, and nobody else there is asked.
    relay.wait_for("mia@two.example", 1);
    town.live(20 * HOUR);
    assert_eq!((relay.named("dan@one.example"), relay.named("eva@one.example")), (1, 0));
    relay.not_welcome_at(&[]);
    town.live(5 * HOUR);
    relay.wait_for("dan@one.example", 1);
    relay.wait_for("eva@one.example", 1);
    assert_eq!(relay.named("dan@one.example"), 2);
}

#[test]
fn where_three_domains_do_not_want_this_house_every_knock_waits() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let unwelcome = ["dan@one.example", "eva@two.example", "mia@three.example"];
    relay.not_welcome_at(&["one.example", "two.example", "three.example"]);
    for to in unwelcome {
        let person = helen.person(&[to]);
        helen.seal(&person, &at_once(), "none");
        relay.wait_until_named(to, 1);
        town.live(60);
    }
    let ben = helen.person(&["ben@four.example"]);
    helen.seal(&ben, &at_once(), "none");
    town.live(HOUR / 2);
    assert_eq!(relay.named("ben@four.example"), 0, "nobody is asked within the hour");
    // A code is never held.
    let _helen = helen.back(&relay);
    town.live(HOUR);
    relay.wait_for("ben@four.example", 1);
    for to in unwelcome {
        assert_eq!(relay.named(to), 1, "{to} has a day");
    }
    relay.not_welcome_at(&[]);
    town.live(2 * DAY);
    for to in unwelcome {
        relay.wait_for(to, 1);
    }
    let log = std::fs::read_to_string(place.log()).unwrap();
    assert!(log.contains("the relay refuses us; the host has to look"), "the host is called");
    assert!(!log.contains("one.example"), "no log names where anybody has an address");
}
