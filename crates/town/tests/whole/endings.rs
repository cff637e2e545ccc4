//! How the process ends: asked to, while a message is in the middle of its content; and killed over the same work again and again, which is then put aside while everything else goes on.

use crate::support::author::{Author, at_once};
use crate::support::relay::{Relay, Step};
use crate::support::{DAY, Place};
use crate::{link_in, who_has_written};
use std::time::Duration;

const DAN: &str = "dan@example.org";
const MIA: &str = "mia@example.org";

/// `unsaid serve` itself, with SIGTERM. What has been begun is brought to its end, and what is not begun yet is not.
fn asked_to_stop_at(step: Step) {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let mut house = place.serve();
    let mut helen = Author::begin(&place, &relay);
    let (dan, mia) = (helen.person(&[DAN]), helen.person(&[MIA]));
    relay.hold(step, DAN);
    let letter = helen.seal(&dan, &at_once(), "none");
    relay.wait_until_held();
    house.is_asked_to_stop();
    std::thread::sleep(Duration::from_secs(3));
    assert!(house.is_open(), "what the relay was given is waited for");
    assert!(place.browser().try_get("/healthz").is_none(), "and nobody else is let in");
    relay.let_go();
    assert_eq!(house.closed(), Some(0), "it closes by itself");
    let taken = relay.taken_for(DAN);
    assert_eq!(taken.len(), 1, "what was begun was brought to its end");

    let town = place.start();
    assert_eq!(helen.state(&letter), "left", "and that is known");
    helen.seal(&mia, &at_once(), "none");
    relay.wait_for(MIA, 1);
    town.live(10 * DAY);
    assert_eq!(relay.taken_for(DAN).len(), 1, "so it never goes again");
    who_has_written(place.browser(), &link_in(&taken[0].text));
}

#[test]
fn asked_to_stop_before_the_answer_to_data_it_brings_the_message_to_its_end() {
    asked_to_stop_at(Step::Data);
}

#[test]
fn asked_to_stop_before_the_answer_to_the_content_it_waits_for_that_and_remembers_it() {
    asked_to_stop_at(Step::Content);
}

/// One message ends the process each time that it is sent.
#[test]
fn a_house_that_dies_over_one_letter_again_and_again_puts_it_aside_and_sends_all_others() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let mut town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let (dan, mia) = (helen.person(&[DAN]), helen.person(&[MIA]));
    relay.hold(Step::Data, DAN);
    helen.seal(&dan, &at_once(), "none");
    relay.wait_until_held();
    let other = helen.seal(&mia, &at_once(), "none");
    let mut deaths = 0;
    // A lease of the dead lasts 75 observed minutes from when it is first seen; after each death the next start comes to it again.
    while deaths < 8 {
        town.kill();
        deaths += 1;
        let before = relay.held();
        town = place.start();
        let time = town.live_beside(DAY);
        while !time.is_finished() && relay.held() == before {
            std::thread::sleep(Duration::from_millis(50));
        }
        if relay.held() == before {
            time.join().unwrap();
            break;
        }
    }
    assert!((3..=6).contains(&deaths), "it was put aside after {deaths} deaths");
    assert_eq!(helen.state(&other), "left", "the other one left meanwhile");
    assert_eq!(relay.taken_for(MIA).len(), 1);
    assert!(relay.taken_for(DAN).is_empty());
    let (_, said) = place.command(&["parked"], "");
    assert!(!said.contains("No letter is held by itself"), "the host is told: {said}");
    // The house is open, and goes on.
    town.live(2 * DAY);
    assert_eq!(relay.held(), deaths, "it is left alone");
}
