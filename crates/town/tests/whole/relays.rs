//! What a relay may answer: 'nobody here' leads to the next address, 'not from you' waits until it is over.

use crate::support::author::{Author, at_once};
use crate::support::relay::Relay;
use crate::support::{DAY, Place};

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
