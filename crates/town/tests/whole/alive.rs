//! A whole life on the real server: her keepers are in error, her letters leave, she comes back, and those whom they reached are told that she lives: once, if she asks, and never who has said no.

use crate::lives::{AMIR, DAN, JOAN, Story};
use crate::support::DAY;
use crate::support::author::at_once;
use crate::support::relay::{Relay, Taken};
use crate::{link_in, refuses_the_author, who_has_written};
use serde_json::{Value, json};

const LEO: &str = "leo@example.org";
const MARA: &str = "mara@example.org";
const SUBJECT: &str = "Subject: Nothing is wrong: something reached you too early";

fn told(relay: &Relay, address: &str) -> Vec<Taken> {
    let all = relay.taken_for(address);
    all.into_iter().filter(|taken| taken.text.contains(SUBJECT)).collect()
}

#[test]
fn she_comes_back_from_a_false_release_and_those_whom_it_reached_are_told_once_that_she_lives() {
    let mut story = Story::begin("keepers-only");
    let (leo, mara) = (story.helen.person(&[LEO]), story.helen.person(&[MARA]));
    story.helen.seal_for_her_end(&leo, &at_once());
    let back = story.helen.seal_for_her_end(&mara, &at_once());
    let joan = story.keeper("Joan Pryce", JOAN);
    let amir = story.keeper("Amir Haddad", AMIR);
    story.days(40);
    story.says(&joan, "died");
    story.says(&amir, "died");
    story.days(35);
    for address in [DAN, LEO, MARA] {
        assert_eq!(story.relay.taken_for(address).len(), 1, "{address}");
    }
    // Dan reads it; Leo wants nothing of hers.
    let (mut browser, path) =
        who_has_written(story.place.browser(), &link_in(&story.relay.taken_for(DAN)[0].text));
    browser.press(&format!("{path}/open"), "");
    refuses_the_author(story.place.browser(), &link_in(&story.relay.taken_for(LEO)[0].text));
    story.helen_presses();
    let Story { town, relay, helen, place } = story;
    let mut helen = helen.back(&relay);
    helen.browser.post(&format!("/api/letters/{back}/withdraw"), &json!({})).is(200);
    let people = |seen: &Value| seen["people"].as_array().unwrap().clone();
    let reached = people(&helen.browser.get("/api/life/alive").is(200));
    assert_eq!(reached.len(), 3);
    for one in &reached {
        assert_eq!((&one["asked"], &one["can"]), (&Value::Null, &json!(["tell"])), "all of them look alike");
        helen.browser.post("/api/life/alive", &json!({ "person": one["person"] })).is(200);
    }
    // The power fails while it rests.
    town.unwrap().kill();
    let town = place.start();
    for address in [DAN, LEO, MARA] {
        assert_eq!(told(&relay, address).len(), 0, "{address}: it rests");
    }
    town.live(DAY);
    assert_eq!((told(&relay, DAN).len(), told(&relay, MARA).len(), told(&relay, LEO).len()), (1, 1, 0));
    let text = |address: &str| told(&relay, address)[0].text.replace("=\r\n", "");
    assert!(text(DAN).contains("The letter stays yours"), "{}", text(DAN));
    assert!(text(MARA).contains("was taken back"), "{}", text(MARA));
    assert!(!text(MARA).contains("Larkspur"), "who has never looked is told no name");
    helen.unlocks(helen.browser.clone());
    let reached = people(&helen.browser.get("/api/life/alive").is(200));
    for one in &reached {
        assert!(one["asked"].is_string() && one["can"] == json!([]), "{one}");
        helen.browser.post("/api/life/alive", &json!({ "person": one["person"] })).is(200);
    }
    town.kill();
    let town = place.start();
    town.live(3 * DAY);
    assert_eq!((told(&relay, DAN).len(), told(&relay, MARA).len(), told(&relay, LEO).len()), (1, 1, 0));
}
