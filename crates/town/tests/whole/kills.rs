//! Killed after the seal, between DATA and its answer, and after the opening: what was acknowledged is true in the next process. Over SQLite here, and over
//! PostgreSQL where there is one.

use crate::support::author::{Author, WORDS, at_once};
use crate::support::relay::{Relay, Step};
use crate::support::{DAY, Place};
use crate::{link_in, postgres, who_has_written};
use serde_json::json;

const DAN: &str = "dan@example.org";

fn after_the_seal(database: Option<String>) {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), database);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let dan = helen.person(&[DAN]);
    let letter = helen.seal(&dan, &at_once(), "morning");
    town.kill();
    let town = place.start();
    assert_eq!(helen.state(&letter), "resting");
    helen.reads_her_own(&letter);
    town.live(2 * DAY);
    assert_eq!(relay.taken_for(DAN).len(), 1);
    assert_eq!(helen.state(&letter), "left");
}

fn before_the_answer_to_the_content(database: Option<String>) {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), database);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let dan = helen.person(&[DAN]);
    relay.hold(Step::Content, DAN);
    let letter = helen.seal(&dan, &at_once(), "none");
    relay.wait_until_held();
    town.kill();
    relay.let_go();
    relay.wait_until_ended();
    let town = place.start();
    helen.reads_her_own(&letter);
    // A lease lasts 75 observed minutes, and an unknown answer is waited for an hour.
    town.live(DAY);
    town.live(9 * DAY);
    let taken = relay.taken_for(DAN);
    assert_eq!(
        taken.len(),
        2,
        "the relay took it and could not say so: it goes once more, and not a third time"
    );
    assert_eq!(taken[0], taken[1], "the same to the byte, Message-ID and date included");
    assert!(taken[0].text.contains("Message-ID: "));
    // The link in both is one link, and it works.
    who_has_written(place.browser(), &link_in(&taken[1].text));
}

fn after_the_opening(database: Option<String>) {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), database);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let dan = helen.person(&[DAN]);
    let letter = helen.seal(&dan, &at_once(), "none");
    let knock = relay.wait_for(DAN, 1).remove(0);
    let (mut reader, path) = who_has_written(place.browser(), &link_in(&knock.text));
    assert_eq!(reader.press(&format!("{path}/open"), ""), path);
    town.kill();
    let town = place.start();
    for _ in 0..2 {
        let given = reader.post(&format!("{path}/key"), &json!({})).is(200);
        assert_eq!(given["letter"], letter.as_str());
        let bytes = reader.get(&format!("{path}/letter.age")).body;
        let read =
            unsaid_seal::read::read_letter(given["key"].as_str().unwrap().as_bytes(), &bytes, &letter, 1);
        assert_eq!(read.unwrap().text, WORDS);
    }
    // Opened stays opened: nothing knocks again, but what a kill may have repeated, and taking it back comes too late without saying so.
    town.live(2 * DAY);
    let taken = relay.taken_for(DAN);
    assert!(taken.len() <= 2 && taken.iter().all(|one| *one == knock), "{} messages", taken.len());
    town.live(70 * DAY);
    assert_eq!(relay.taken_for(DAN).len(), taken.len());
    let mut helen = helen.back(&relay);
    assert_eq!(helen.state(&letter), "left");
    helen.browser.post(&format!("/api/letters/{letter}/withdraw"), &json!({})).is(200);
    let (mut again, path) = read_again(&place, &knock.text);
    again.post(&format!("{path}/key"), &json!({})).is(200);
}

/// Whoever has opened a letter comes back by the link.
fn read_again(place: &Place, knock: &str) -> (crate::support::browser::Browser, String) {
    let mut browser = place.browser();
    assert_eq!(browser.press(&format!("/k/{}", link_in(knock)), "do=who"), "/waiting");
    let page = browser.get("/waiting").text();
    let at = page.find("href=\"/waiting/").expect("a letter to read again") + 6;
    let path = page[at..].split('"').next().unwrap().to_owned();
    (browser, path)
}

#[test]
fn killed_after_the_seal_the_letter_stays_sealed_and_goes() {
    after_the_seal(None);
}

#[test]
fn killed_before_the_answer_to_the_content_the_knock_goes_once_more_the_same_to_the_byte() {
    before_the_answer_to_the_content(None);
}

#[test]
fn killed_after_the_opening_the_letter_stays_open() {
    after_the_opening(None);
}

#[test]
fn killed_over_postgres_nothing_is_lost() {
    for (name, story) in [
        ("seal", after_the_seal as fn(Option<String>)),
        ("content", before_the_answer_to_the_content),
        ("opening", after_the_opening),
    ] {
        let Some(database) = postgres::Fresh::make(name) else { return };
        story(Some(database.url.clone()));
    }
}
