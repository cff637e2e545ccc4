//! SIGKILL at every point of what a program does before a house is open: it steps an older house forward (museum/), or adopts one that came back from a backup, or stands in
//! another database. Then the same is done again on a sound machine: everything is there, what was sent is not sent again, and what is owed leaves once. A few points in every
//! run of the tests; all of them with `make kills`.

use crate::every_kill::chosen;
use crate::museum::{exhibits, look_around, unpacked};
use crate::postgres;
use crate::support::author::{Author, at_once};
use crate::support::falls::How;
use crate::support::relay::Relay;
use crate::support::{DAY, Place};
use std::fs;
use std::path::Path;

/// What is done to a place, and falls at this point; 0: never. Gives the points that it came by.
fn falling(
    place: Place,
    at: usize,
    relay: &Relay,
    what: impl FnOnce(&Place) -> bool,
) -> (Place, Vec<String>) {
    let place = place.falls(at, How::Kill, relay.port);
    place.arm();
    let went_well = what(&place);
    let points = place.points();
    // What it does once it is open is not the same each time; whoever did not come by the point is none the worse.
    let as_told = if went_well { at == 0 || points.len() <= at } else { at > 0 && points.len() == at };
    assert!(as_told, "{at}: {points:?}");
    (place.without_more(), points)
}

fn opens(place: &Place) -> bool {
    place.start_if_it_can().map(|town| town.kill()).is_ok()
}

/// A house of the museum, whose first start falls at this point.
fn open_again(exhibit: &Path, at: usize) -> usize {
    let relay = Relay::open();
    let (place, points) = falling(unpacked(exhibit, &relay), at, &relay, opens);
    look_around(exhibit, &place, &relay);
    // Up to its first answer.
    points.iter().position(|point| point.starts_with("answer ")).map_or(points.len(), |open| open + 1)
}

#[test]
fn killed_anywhere_while_it_steps_an_older_house_forward_everything_is_there() {
    let everything = std::env::var("UNSAID_KILLS").is_ok_and(|which| which == "all");
    for exhibit in exhibits() {
        let many = open_again(&exhibit, 0);
        let name = exhibit.file_name().unwrap().display();
        eprintln!("{name}: killed at its first start, {many} points");
        for at in chosen(many) {
            open_again(&exhibit, at);
        }
        if !everything {
            // The oldest alone: it has the most steps before it.
            break;
        }
    }
}

const SENT: [&str; 2] = ["dan@example.org", "eva@example.org"];
const OWED: &str = "mia@example.org";

/// A house that is not the one that people trust until it is adopted.
struct Moved {
    place: Place,
    database: Option<postgres::Fresh>,
}

impl Moved {
    /// Two letters were sent and one was sealed since its backup.
    fn from_a_backup() -> Self {
        let relay = Relay::open();
        let place = Place::new(relay.setting(), None);
        let backup = place.folder().join("backup").display().to_string();
        let town = place.start();
        let mut helen = Author::begin(&place, &relay);
        for to in SENT {
            let person = helen.person(&[to]);
            helen.seal(&person, &at_once(), "morning");
        }
        let mia = helen.person(&[OWED]);
        let (code, said) = place.command(&["backup", &backup], "");
        assert_eq!(code, Some(0), "{said}");
        town.live(2 * DAY);
        let mut helen = helen.back(&relay);
        helen.seal(&mia, &at_once(), "morning");
        SENT.iter().for_each(|to| assert_eq!(relay.taken_for(to).len(), 1, "{to}"));
        town.kill();
        let (store, kept) = (place.data().join("store"), place.folder().join("kept"));
        fs::rename(&store, &kept).unwrap();
        let (code, said) = place.command(&["restore", &backup], "");
        assert_eq!(code, Some(0), "{said}");
        // Most sealed bytes stood on another disk.
        let blobs = (kept.join("blobs/sealed/."), store.join("blobs/sealed"));
        let copied = std::process::Command::new("cp").arg("-a").args([blobs.0, blobs.1]).status().unwrap();
        assert!(copied.success());
        Self { place, database: None }
    }

    /// Two letters were sent and one was sealed; then its database is another one.
    fn in_another_database(database: postgres::Fresh) -> Self {
        let relay = Relay::open();
        let place = Place::new(relay.setting(), Some(database.url.clone()));
        let town = place.start();
        let mut helen = Author::begin(&place, &relay);
        for to in SENT {
            let person = helen.person(&[to]);
            helen.seal(&person, &at_once(), "none");
            relay.wait_for(to, 1);
        }
        let mia = helen.person(&[OWED]);
        helen.seal(&mia, &at_once(), "morning");
        town.live(1);
        town.kill();
        Self { place, database: Some(database) }
    }

    /// Adopts a copy of it, which falls at this point, and adopts it once more.
    fn adopted(&self, at: usize) -> Vec<String> {
        let relay = Relay::open();
        let database = self.database.as_ref().map(|base| base.copied(&format!("at{at}")));
        let url = database.as_ref().map(|copy| copy.url.clone());
        let place = self.place.copied(relay.setting(), url);
        let (place, points) = falling(place, at, &relay, |place| {
            let (code, said) = place.command(&["adopt"], "");
            assert!(at > 0 || code.is_some_and(|code| code != 1), "{said}");
            code.is_some()
        });
        let (code, said) = place.command(&["adopt"], "");
        assert!(code.is_some_and(|code| code != 1), "{at} {points:?}: {said}");
        let town = place.start();
        town.live(3 * DAY);
        for to in SENT {
            assert_eq!(relay.taken_for(to).len(), 0, "{at} {points:?}: sent again to {to}");
        }
        assert_eq!(relay.taken_for(OWED).len(), 1, "{at} {points:?}: it is owed");
        town.kill();
        points
    }

    fn adopted_at_every_point(&self, what: &str) {
        let many = self.adopted(0).len();
        eprintln!("{what}: killed while it was adopted, {many} points");
        for at in chosen(many) {
            self.adopted(at);
        }
    }
}

#[test]
fn killed_anywhere_while_a_house_from_a_backup_is_adopted_nothing_is_lost_or_sent_again() {
    Moved::from_a_backup().adopted_at_every_point("A house from a backup, over SQLite");
}

#[test]
fn killed_anywhere_while_a_house_in_another_database_is_adopted_nothing_is_lost_or_sent_again() {
    let Some(database) = postgres::Fresh::make("adopted") else { return };
    Moved::in_another_database(database).adopted_at_every_point("A house in another database of PostgreSQL");
}
