//! Houses as older programs left them (`museum/`): each is opened by this one, which shows her letters as they were, lets her read them, brings what waits, and
//! remembers who opened and who said no. `make exhibit` puts the house of this version beside them; making one is tried here each time, too.

use crate::support::author::Author;
use crate::support::author::at_once;
use crate::support::browser::Browser;
use crate::support::relay::Relay;
use crate::support::{DAY, Place};
use crate::{link_in, refuses_the_author, who_has_written};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a letter had come to when its house was closed for good.
const WENT: [&str; 6] = ["waits", "rests", "knocked", "opened", "refused", "taken back"];

fn museum() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../museum")
}

/// Runs a tool that every machine has.
fn run(command: &mut Command) {
    let status = command.status().expect("it runs");
    assert!(status.success(), "{command:?}: {status}");
}

/// Makes a house with a letter of every kind, and packs it: its folder, and beside it what a visitor has to know.
fn exhibit(into: &Path) {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let today: jiff::civil::Date =
        town.pass(1, "lived")["trusted"].as_str().expect("a time")[..10].parse().unwrap();
    let day = today.checked_add(jiff::Span::new().days(30)).unwrap();
    let far = json!({ "kind": "on", "date": day.to_string(), "time": "09:00", "zone": "Europe/London" });
    let (mut letters, mut links) = (serde_json::Map::new(), serde_json::Map::new());
    for went in WENT {
        let to = address(went);
        let person = helen.person(&[&to]);
        let (moment, rest) = match went {
            "waits" => (&far, "none"),
            "rests" => (&at_once(), "morning"),
            _ => (&at_once(), "none"),
        };
        let letter = helen.seal(&person, moment, rest);
        letters.insert(went.into(), letter.clone().into());
        if matches!(went, "waits" | "rests") {
            continue;
        }
        let knock = relay.wait_for(&to, 1).remove(0).text;
        links.insert(went.into(), link_in(&knock).into());
        match went {
            "opened" => {
                let (mut reader, path) = who_has_written(place.browser(), &link_in(&knock));
                assert_eq!(reader.press(&format!("{path}/open"), ""), path);
            }
            "refused" => refuses_the_author(place.browser(), &link_in(&knock)),
            "taken back" => {
                helen.browser.post(&format!("/api/letters/{letter}/withdraw"), &json!({})).is(200);
            }
            _ => {}
        }
    }
    // What the relay answered is recorded.
    town.live(1);
    town.kill();
    fs::create_dir_all(into).unwrap();
    let notes = json!({ "program": env!("CARGO_PKG_VERSION"), "letters": letters, "links": links });
    fs::write(into.join("notes.json"), format!("{notes:#}\n")).unwrap();
    run(Command::new("tar")
        .arg("-C")
        .arg(place.folder())
        .arg("-czf")
        .arg(into.join("house.tar.gz"))
        .arg("data"));
}

fn address(went: &str) -> String {
    format!("{}@example.org", went.replace(' ', "."))
}

/// Every house of the museum, the oldest first.
pub(crate) fn exhibits() -> Vec<PathBuf> {
    let there = fs::read_dir(museum()).unwrap().map(|entry| entry.unwrap().path());
    let mut houses: Vec<PathBuf> = there.filter(|path| path.is_dir()).collect();
    // What came on the way to a version (`0.1.0-step-9`) is older than it.
    houses.sort_by_key(|path| format!("{}~", path.display()));
    assert!(!houses.is_empty(), "the museum is empty");
    houses
}

/// The house of an exhibit, as it was left.
pub(crate) fn unpacked(exhibit: &Path, relay: &Relay) -> Place {
    let place = Place::new(relay.setting(), None);
    run(Command::new("tar").arg("-C").arg(place.folder()).arg("-xzf").arg(exhibit.join("house.tar.gz")));
    place
}

/// Opens an exhibit with the program of today.
fn visit(exhibit: &Path) {
    let relay = Relay::open();
    let place = unpacked(exhibit, &relay);
    look_around(exhibit, &place, &relay);
}

/// The house of this exhibit opens in this place, and all of it is as it was.
pub(crate) fn look_around(exhibit: &Path, place: &Place, relay: &Relay) {
    let notes: Value = serde_json::from_slice(&fs::read(exhibit.join("notes.json")).unwrap()).unwrap();
    let said = |table: &str, went: &str| notes[table][went].as_str().expect("it is noted").to_owned();
    let town = place.start();
    let mut helen = Author::who_was_here(place, relay);

    for (went, state) in [
        ("waits", "waiting"),
        ("rests", "resting"),
        ("knocked", "left"),
        ("opened", "left"),
        ("refused", "left"),
        ("taken back", "withdrawn"),
    ] {
        let letter = said("letters", went);
        // A rest may have ended while it was opened.
        let now = helen.state(&letter);
        assert!(now == state || (went == "rests" && now == "left"), "{went}: {now}");
        helen.reads_her_own(&letter);
    }

    // Whoever was knocked for opens it, whoever opened it reads it again.
    let (mut reader, path) = who_has_written(place.browser(), &said("links", "knocked"));
    assert_eq!(reader.press(&format!("{path}/open"), ""), path);
    reads(&mut reader, &path, &said("letters", "knocked"));
    let mut reader = place.browser();
    assert_eq!(reader.press(&format!("/k/{}", said("links", "opened")), "do=who"), "/waiting");
    let page = reader.get("/waiting").text();
    let at = page.find("href=\"/waiting/").expect("a letter to read again") + 6;
    let path = page[at..].split('"').next().unwrap().to_owned();
    reads(&mut reader, &path, &said("letters", "opened"));

    // What waits arrives, and nobody is written to who opened, refused, or from whom it was taken back.
    town.live(45 * DAY);
    for went in ["waits", "rests"] {
        let came = relay.taken_for(&address(went));
        assert!(!came.is_empty(), "{went} has not come");
        let (mut reader, path) = who_has_written(place.browser(), &link_in(&came[0].text));
        assert_eq!(reader.press(&format!("{path}/open"), ""), path);
        reads(&mut reader, &path, &said("letters", went));
    }
    for went in ["knocked", "opened", "refused", "taken back"] {
        assert_eq!(relay.taken_for(&address(went)), [], "{went}");
    }
}

fn reads(reader: &mut Browser, path: &str, letter: &str) {
    let given = reader.post(&format!("{path}/key"), &json!({})).is(200);
    assert_eq!(given["letter"], letter);
    let bytes = reader.get(&format!("{path}/letter.age")).body;
    let read = unsaid_seal::read::read_letter(given["key"].as_str().unwrap().as_bytes(), &bytes, letter, 1);
    assert_eq!(read.unwrap().text, crate::support::author::WORDS);
}

#[test]
fn every_house_of_the_museum_opens_and_what_waits_in_it_arrives() {
    exhibits().iter().for_each(|exhibit| visit(exhibit));
}

/// With UNSAID_EXHIBIT=1 it is put into the museum, under the version of this program; a house that is there already stays as it was.
#[test]
fn a_house_of_this_version_can_be_put_into_the_museum() {
    if std::env::var("UNSAID_EXHIBIT").is_ok_and(|value| value == "1") {
        let place = museum().join(env!("CARGO_PKG_VERSION"));
        assert!(!place.exists(), "{} is there already: an exhibit is never made anew", place.display());
        exhibit(&place);
        visit(&place);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    exhibit(folder.path());
    visit(folder.path());
}
