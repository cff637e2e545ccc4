//! What a host holds and lets go, on the real server: one letter, all letters, and a clock that a human has to confirm. A letter that is held does not leave although it is due; let go, it leaves
//! once; and its author reads why it waits.

use crate::support::author::{ADDRESS, Author, at_once};
use crate::support::relay::Relay;
use crate::support::{DAY, Place, Town};
use serde_json::json;

const HOUR: u64 = 3_600;
const DAN: &str = "dan@example.org";
const MIA: &str = "mia@example.org";

/// The names of the promises that the house has decided about, as its log has them.
fn decided(place: &Place) -> Vec<String> {
    let log = std::fs::read_to_string(place.log()).unwrap();
    let mut names: Vec<String> = Vec::new();
    for name in log.split("delivery=").skip(1).filter_map(|rest| rest.get(..26)) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// A command that has to work; gives what it said.
fn done(place: &Place, words: &[&str]) -> String {
    let (code, said) = place.command(words, "");
    assert_eq!(code, Some(0), "{words:?}: {said}");
    said
}

/// Why the house holds a letter, as its author is told.
fn held(helen: &mut Author, letter: &str) -> serde_json::Value {
    helen.browser.get(&format!("/api/letters/{letter}")).is(200)["letter"]["held"].clone()
}

/// The messages that call the host, who is Helen.
fn calls(relay: &Relay) -> usize {
    let asks =
        |text: &str| text.lines().any(|line| line.starts_with("Subject:") && line.contains("asks its host"));
    relay.taken_for(ADDRESS).iter().filter(|taken| asks(&taken.text)).count()
}

/// A letter for a civil day so many days from now.
fn for_a_day(helen: &mut Author, town: &Town, person: &str, days: i64) -> String {
    let now: jiff::Timestamp = town.pass(0, "lived")["trusted"].as_str().unwrap().parse().unwrap();
    let day = (now + jiff::SignedDuration::from_hours(days * 24)).to_zoned(jiff::tz::TimeZone::UTC).date();
    let moment = json!({ "kind": "on", "date": day.to_string(), "time": "09:00", "zone": "Europe/London" });
    helen.seal(person, &moment, "none")
}

#[test]
fn a_letter_that_a_host_holds_does_not_go_although_it_is_due_and_goes_once_when_it_is_let_go() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let dan = helen.person(&[DAN]);
    let to_dan = for_a_day(&mut helen, &town, &dan, 3);
    town.live(HOUR);
    let names = decided(&place);
    let [name] = names.as_slice() else { panic!("{names:?}") };

    let (code, said) = place.command(&["park", "nobody"], "");
    assert_eq!(code, Some(1));
    assert!(said.contains("neither the name of a delivery"), "{said}");
    let (code, said) = place.command(&["release", name], "");
    assert_eq!(code, Some(1));
    assert!(said.contains("It is not held. Nothing was changed"), "{said}");
    assert!(done(&place, &["park", name]).contains("Done for one letter."));
    let (code, said) = place.command(&["park", name], "");
    assert_eq!(code, Some(1));
    assert!(said.contains("held already"), "{said}");
    let list = done(&place, &["parked"]);
    assert!(list.contains(name.as_str()) && list.contains("A host holds it."), "{list}");
    assert!(list.contains("has not left"), "{list}");
    assert_eq!((helen.state(&to_dan), held(&mut helen, &to_dan)), ("held".into(), json!("by-host")));

    // Its day comes and goes, the power fails, and it stays.
    town.live(5 * DAY);
    town.kill();
    let town = place.start();
    town.live(2 * DAY);
    assert_eq!(relay.taken_for(DAN), []);
    let mut helen = helen.back(&relay);
    assert_eq!(helen.state(&to_dan), "held");

    assert!(done(&place, &["release", name]).contains("Done for one letter."));
    town.live(HOUR);
    assert_eq!(relay.wait_for(DAN, 1).len(), 1);
    assert_eq!((helen.state(&to_dan), held(&mut helen, &to_dan)), ("left".into(), json!(null)));
    town.kill();
    let town = place.start();
    town.live(5 * DAY);
    assert_eq!(relay.taken_for(DAN).len(), 1, "once");
    assert!(done(&place, &["parked"]).contains("No letter is held by itself."));
    // What was decided is in the journal: a store that forgot it learns it from there.
    drop(town);
    let (code, said) = place.command(&["verify"], "");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_house_that_its_host_holds_sends_codes_and_no_letter_until_it_goes_on() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let dan = helen.person(&[DAN]);
    let to_dan = for_a_day(&mut helen, &town, &dan, 2);
    assert!(done(&place, &["hold"]).contains("unsaid go-on"));
    assert!(done(&place, &["hold"]).contains("held already"));
    let before = town.pass(0, "lived")["observed"].as_i64().unwrap();
    town.live(4 * DAY);
    assert_eq!(relay.taken_for(DAN), []);
    let served = town.pass(0, "lived")["observed"].as_i64().unwrap() - before;
    assert!(served < 3_600, "no time of service counts: {served} s");
    // A code leaves, and so does what is sealed at once and would have left; its author sees no more than that it waits.
    let mut helen = helen.back(&relay);
    let mia = helen.person(&[MIA]);
    let to_mia = helen.seal(&mia, &at_once(), "none");
    town.live(HOUR);
    assert_eq!(relay.taken_for(MIA), []);
    assert_eq!((helen.state(&to_dan), helen.state(&to_mia)), ("waiting".into(), "resting".into()));
    let (code, said) = place.command(&["doctor"], "");
    assert_eq!(code, Some(1));
    assert!(said.contains("LOOK   holds     A host holds all letters of this house back."), "{said}");
    assert!(done(&place, &["parked"]).contains("run: unsaid go-on"));
    assert_eq!(calls(&relay), 0, "a host knows what a host has done");

    assert!(done(&place, &["go-on"]).contains("Letters leave again"));
    town.live(HOUR);
    assert_eq!((relay.wait_for(DAN, 1).len(), relay.wait_for(MIA, 1).len()), (1, 1));
    assert!(done(&place, &["go-on"]).contains("No host holds this house back."));
}

#[test]
fn after_two_months_without_power_the_host_is_called_and_what_fell_due_goes_when_a_human_confirms_the_clock()
{
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    // The town begins sixty-one days ago, so that this machine's clock is the true one when the power is back.
    let ago = format!("-{0} -{0}\n", 61 * DAY);
    std::fs::create_dir_all(place.folder().join("data")).unwrap();
    std::fs::write(place.folder().join("data/town.clock"), ago).unwrap();
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let dan = helen.person(&[DAN]);
    for_a_day(&mut helen, &town, &dan, 50);
    town.live(HOUR);
    town.pass(60 * DAY, "off");
    town.live(9 * HOUR);
    assert_eq!(relay.taken_for(DAN), [], "more than forty days are believed by no clock alone");
    assert_eq!(calls(&relay), 1, "and the host is told");
    let (code, said) = place.command(&["doctor"], "");
    assert_eq!(code, Some(1));
    let doubt = said.lines().find(|line| line.starts_with("LOOK   clock")).unwrap_or_default();
    assert!(doubt.contains("is not believed by itself. If it is right, run: unsaid clock confirm"), "{said}");

    let (code, said) = place.command(&["clock", "confirm"], "1999\n");
    assert_eq!(code, Some(1));
    assert!(said.contains("nothing was changed"), "{said}");
    town.live(HOUR);
    assert_eq!(relay.taken_for(DAN), []);
    let clock = said.lines().find(|line| line.starts_with("This machine's clock says")).unwrap();
    let year = clock.split([' ', ',']).find(|word| word.len() == 4 && word.starts_with("20")).unwrap();
    let (code, said) = place.command(&["clock", "confirm"], &format!("{year}\n"));
    assert_eq!(code, Some(0), "{said}");
    town.live(HOUR);
    assert_eq!(relay.wait_for(DAN, 1).len(), 1);
    town.live(5 * DAY);
    assert_eq!(relay.taken_for(DAN).len(), 1, "once");
}

#[test]
fn a_host_is_told_by_mail_that_no_backup_was_made_until_one_is() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None).with("UNSAID_BACKUP_DAYS", "10");
    let town = place.start();
    let helen = Author::begin(&place, &relay);
    town.live(9 * DAY);
    assert_eq!(calls(&relay), 0);
    town.live(2 * DAY);
    assert_eq!(calls(&relay), 1);
    let told = relay.taken_for(ADDRESS).pop().unwrap().text.replace("=\r\n", "");
    assert!(told.contains("unsaid backup"), "{told}");
    town.live(5 * DAY);
    assert_eq!(calls(&relay), 1, "once a week");
    town.live(3 * DAY);
    assert_eq!(calls(&relay), 2);
    let (code, said) = place.command(&["doctor"], "");
    assert_eq!(code, Some(1));
    assert!(said.contains("LOOK   backup    No backup of this house was ever made."), "{said}");
    let mut helen = helen.back(&relay);
    let page = helen.browser.get("/house").text();
    assert!(page.contains("No backup of this house was ever made."), "the same words: {page}");

    let backup = place.folder().join("backup");
    done(&place, &["backup", backup.to_str().unwrap()]);
    let page = helen.browser.get("/house").text();
    assert!(page.contains("Within the last day.") && !page.contains("No backup"), "{page}");
    town.live(9 * DAY);
    assert_eq!(calls(&relay), 2, "and now it is well");
}

#[test]
fn what_a_host_holds_is_a_fact_and_stays_held_in_a_house_that_comes_back_from_an_older_backup() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let data = place.folder().join("data");
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let (dan, mia) = (helen.person(&[DAN]), helen.person(&[MIA]));
    for_a_day(&mut helen, &town, &dan, 5);
    town.live(HOUR);
    let to_dan = decided(&place).remove(0);
    for_a_day(&mut helen, &town, &mia, 5);
    town.live(HOUR);
    let to_mia = decided(&place).into_iter().find(|name| *name != to_dan).unwrap();
    done(&place, &["park", &to_mia]);
    let backup = place.folder().join("backup");
    done(&place, &["backup", backup.to_str().unwrap()]);
    // Since the backup one was held, and another let go.
    done(&place, &["park", &to_dan]);
    done(&place, &["release", &to_mia]);
    town.live(HOUR);
    town.kill();
    std::fs::remove_dir_all(data.join("store")).unwrap();
    done(&place, &["restore", backup.to_str().unwrap()]);
    done(&place, &["adopt"]);
    let town = place.start();
    town.live(8 * DAY);
    assert_eq!(relay.taken_for(DAN), [], "held since the backup, and still");
    assert_eq!(relay.taken_for(MIA).len(), 1, "let go since the backup, and gone");
    let list = done(&place, &["parked"]);
    assert!(list.contains(&to_dan) && !list.contains(&to_mia), "{list}");
    done(&place, &["release", &to_dan]);
    town.live(HOUR);
    assert_eq!(relay.wait_for(DAN, 1).len(), 1);
}
