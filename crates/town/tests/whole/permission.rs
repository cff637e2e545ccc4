//! Somebody says no while the relay has not yet answered: whatever was acknowledged before the content is asked for does not leave.

use crate::support::author::{Author, at_once};
use crate::support::relay::{Relay, Step};
use crate::support::{DAY, Place};
use crate::{link_in, refuses_the_author};
use serde_json::json;

const DAN: &str = "dan@example.org";

/// Withdrawn while the relay holds back the answer to this command.
fn withdrawn_before(step: Step) {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let dan = helen.person(&[DAN]);
    relay.hold(step, DAN);
    let letter = helen.seal(&dan, &at_once(), "none");
    relay.wait_until_held();
    helen.browser.post(&format!("/api/letters/{letter}/withdraw"), &json!({})).is(200);
    relay.let_go();
    relay.wait_until_ended();
    town.live(80 * DAY);
    assert_eq!(relay.taken_for(DAN), []);
    assert_eq!(relay.named(DAN), 1, "nor was it tried again");
}

#[test]
fn withdrawn_before_the_answer_to_rcpt_the_knock_never_becomes_whole() {
    withdrawn_before(Step::Rcpt);
}

#[test]
fn withdrawn_before_the_answer_to_data_the_knock_never_becomes_whole() {
    withdrawn_before(Step::Data);
}

/// The second knock is held up, and the no comes by the link of the first.
fn refused_before(step: Step) {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let dan = helen.person(&[DAN]);
    helen.seal(&dan, &at_once(), "none");
    let knock = relay.wait_for(DAN, 1).remove(0);
    relay.hold(step, DAN);
    let living = town.live_beside(20 * DAY);
    relay.wait_until_held();
    refuses_the_author(place.browser(), &link_in(&knock.text));
    relay.let_go();
    relay.wait_until_ended();
    living.join().unwrap();
    town.live(80 * DAY);
    // And what she writes to him now stays silent.
    let mut helen = helen.back(&relay);
    helen.seal(&dan, &at_once(), "none");
    town.live(80 * DAY);
    assert_eq!(relay.taken_for(DAN), [knock]);
    assert_eq!(relay.named(DAN), 2);
}

#[test]
fn refused_before_the_answer_to_rcpt_the_knock_never_becomes_whole() {
    refused_before(Step::Rcpt);
}

#[test]
fn refused_before_the_answer_to_data_the_knock_never_becomes_whole() {
    refused_before(Step::Data);
}
