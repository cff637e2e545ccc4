//! SIGKILL at every point at which the real process does anything to the world (support/falls.c): while letters leave, and while people seal, take back, refuse, open,
//! put off and change addresses. Then it is started again, and nothing that was acknowledged is gone, no letter is lost, and what came twice came twice
//! within the window and is the same to the byte. A few points in every run of the tests; all of them, and the table of docs/faults.md, with `make kills`.

use crate::support::author::{Author, at_once};
use crate::support::browser::Browser;
use crate::support::falls::How;
use crate::support::relay::Relay;
use crate::support::{DAY, Place, Town};
use crate::{link_in, postgres, refuses_the_author, who_has_written};
use serde_json::json;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use unsaid_delivery::Fact;
use unsaid_store::journal::{FileJournal, Journal};

const PEOPLE: [&str; 3] = ["dan@example.org", "eva@example.org", "mia@example.org"];

/// A house before it is killed: copied for each point.
pub(crate) struct Base {
    place: Place,
    database: Option<postgres::Fresh>,
    helen: Author,
    letters: Vec<String>,
    /// Who came by the link of a knock, and the way to the letter.
    readers: Vec<(Browser, String)>,
    knocks: Vec<String>,
}

impl Base {
    /// Three letters to three people: resting until the morning, or knocked for.
    pub(crate) fn new(database: Option<postgres::Fresh>, rest: &str) -> Self {
        let relay = Relay::open();
        let place = Place::new(relay.setting(), database.as_ref().map(|base| base.url.clone()));
        let town = place.start();
        let mut helen = Author::begin(&place, &relay);
        let (mut letters, mut readers, mut knocks) = (Vec::new(), Vec::new(), Vec::new());
        for to in PEOPLE {
            let person = helen.person(&[to]);
            letters.push(helen.seal(&person, &at_once(), rest));
            if rest == "none" {
                let knock = relay.wait_for(to, 1).remove(0).text;
                readers.push(who_has_written(place.browser(), &link_in(&knock)));
                knocks.push(link_in(&knock));
            }
        }
        // Whatever was answered is recorded.
        town.live(1);
        town.kill();
        Self { place, database, helen, letters, readers, knocks }
    }

    /// A copy that falls at this point; 0: never.
    fn falling(&mut self, at: usize, how: How) -> Falling {
        let relay = Relay::open();
        let database = self.database.as_ref().map(|base| base.copied(&format!("at{at}")));
        let url = database.as_ref().map(|copy| copy.url.clone());
        let place = self.place.copied(relay.setting(), url);
        if database.is_some() {
            // Another database is a moved house, and sends nothing until it is adopted.
            let (code, said) = place.command(&["adopt"], "");
            assert_eq!(code, Some(0), "{said}");
        }
        let place = place.falls(at, how, relay.port);
        let town = place.start();
        let log = std::fs::read_to_string(place.log()).unwrap();
        assert!(!log.contains("not-adopted"), "a house that holds its letters loses none: {log}");
        self.helen.browser = self.helen.browser.clone().at_door(place.port());
        if database.is_some() {
            // Adopting has ended every session.
            self.helen.browser = self.helen.signs_in(place.browser(), &relay);
            self.helen.unlocks(self.helen.browser.clone());
            self.readers = self.knocks.iter().map(|knock| who_has_written(place.browser(), knock)).collect();
            // Whatever was answered is recorded.
            town.live(1);
        }
        place.arm();
        Falling { town, place, relay, _database: database, at, how }
    }
}

struct Falling {
    town: Town,
    place: Place,
    relay: Relay,
    _database: Option<postgres::Fresh>,
    at: usize,
    how: How,
}

/// What is known of the point at which it fell.
pub(crate) struct Fallen {
    pub(crate) point: String,
    pub(crate) points: Vec<String>,
    /// It died of it, or ended itself.
    pub(crate) died: bool,
}

impl Falling {
    /// What fell is started again, with a sound machine under it.
    fn again(self) -> (Fallen, Town, Place, Relay, Option<postgres::Fresh>) {
        let Self { mut town, place, relay, _database, at, how } = self;
        let died = town.ended().is_some();
        town.kill();
        relay.wait_until_quiet();
        let points = place.points();
        assert!(how != How::Kill || died == (at > 0 && points.len() == at), "{at}: {points:?}");
        let point = if at == 0 { "" } else { points.get(at - 1).map_or("", |point| point) }.to_owned();
        let place = place.without_more();
        let town = place.start();
        (Fallen { point, points, died }, town, place, relay, _database)
    }
}

/// What came of all points of one kind.
#[derive(Default)]
struct Row {
    killed: usize,
    letters: usize,
    lost: usize,
    repeated: usize,
    kept: usize,
}

#[derive(Default)]
pub(crate) struct Table {
    rows: BTreeMap<String, Row>,
}

/// Every point of a run, or a few of them.
pub(crate) fn chosen(many: usize) -> Vec<usize> {
    assert!(many > 5, "{many} points");
    if std::env::var("UNSAID_KILLS").is_ok_and(|which| which == "all") {
        (1..=many).collect()
    } else {
        (0..3).map(|i| 1 + (many * (2 * i + 1)) / 6).collect()
    }
}

/// How far the letter that had come farthest was, when the process died.
fn stage(points: &[String], taken: usize, recorded: usize) -> &'static str {
    let said = |word: &str| {
        points[..points.len().saturating_sub(1)].iter().any(|p| p.starts_with(&format!("relay {word}")))
    };
    match () {
        () if recorded == PEOPLE.len() => "5 all are recorded",
        () if recorded > 0 => "4 some are recorded, others on their way",
        () if taken > 0 => "3 the relay has taken it, and it is not recorded",
        () if said("DATA") => "2 after DATA, before the relay has it whole",
        () if said("EHLO") => "1 connected, before DATA",
        () => "0 decided, taken, before the relay is spoken to",
    }
}

/// How many knocks were accepted, as the journals of this place know. It is opened for that, so it has to be a copy.
fn accepted(place: &Place) -> usize {
    let folder = place.data().join("journal");
    let names =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let nodes: Vec<String> = names.filter_map(|name| name.strip_suffix(".log").map(str::to_owned)).collect();
    assert!(!nodes.is_empty(), "no journal");
    let records = nodes.iter().flat_map(|node| FileJournal::open(&folder, node).unwrap().replay(0).unwrap());
    records.filter(|record| matches!(record.entry.fact, Fact::Accepted { .. })).count()
}

/// Three letters leave, and the process falls on the way.
pub(crate) fn leave(base: &mut Base, at: usize, how: How, table: &mut Table) -> Fallen {
    let falling = base.falling(at, how);
    falling.town.live_if_it_can(2 * DAY);
    let Falling { mut town, place, relay, _database, .. } = falling;
    let died = town.ended().is_some();
    town.kill();
    relay.wait_until_quiet();
    let points = place.points();
    let taken: usize = PEOPLE.iter().map(|to| relay.taken_for(to).len()).sum();
    // Read from a copy: to look must not touch what the next start finds.
    let recorded = accepted(&place.copied(relay.setting(), None)) - base_accepted(base);
    let place = place.without_more();
    let town = place.start();
    base.helen.browser = base.helen.browser.clone().at_door(place.port());
    base.helen.unlocks(base.helen.browser.clone());
    for letter in &base.letters {
        base.helen.reads_her_own(letter);
    }
    town.live(3 * DAY);
    let row = table.rows.entry(stage(&points, taken, recorded).to_owned()).or_default();
    row.killed += 1;
    let mut repeated = 0;
    for (to, letter) in PEOPLE.iter().zip(&base.letters) {
        let copies = relay.taken_for(to);
        row.letters += 1;
        row.lost += usize::from(copies.is_empty());
        repeated += copies.len().saturating_sub(1);
        assert!(
            copies.iter().all(|copy| *copy == copies[0]),
            "{at} {points:?}: a repeat is the same to the byte"
        );
        assert!(copies.len() <= 2, "{at}: it comes a second time at most");
        assert_eq!(base.helen.state(letter), "left", "{at}");
    }
    row.repeated += repeated;
    assert_eq!(row.lost, 0, "{at} {points:?}");
    assert!(
        repeated <= taken - recorded.min(taken),
        "{at}: {repeated} repeated, {taken} taken, {recorded} recorded {points:?}"
    );
    let point = points.get(at.wrapping_sub(1)).cloned().unwrap_or_default();
    Fallen { point, points, died }
}

fn base_accepted(base: &Base) -> usize {
    accepted(&base.place.copied(String::new(), None))
}

impl Table {
    pub(crate) fn print(&self, what: &str) {
        eprintln!("\n{what}");
        eprintln!(
            "| where | killed | letters | lost | repeated | acknowledged and kept |\n| --- | --- | --- | --- | --- | --- |"
        );
        for (name, row) in &self.rows {
            eprintln!(
                "| {} | {} | {} | {} | {} | {} |",
                name, row.killed, row.letters, row.lost, row.repeated, row.kept
            );
        }
    }
}

fn all_leave(database: Option<postgres::Fresh>, what: &str) {
    let mut base = Base::new(database, "morning");
    let mut table = Table::default();
    let whole = leave(&mut base, 0, How::Kill, &mut Table::default());
    assert!(!whole.died);
    for at in chosen(whole.points.len()) {
        leave(&mut base, at, How::Kill, &mut table);
    }
    table.print(&format!("Killed while three letters leave, over {what}: {} points", whole.points.len()));
}

const ACTS: [&str; 6] = ["take back", "refuse", "open", "add an address", "seal", "undo"];

/// What a person does, up to its answer. A panic is an answer that did not come, or was a no.
fn acts(base: &mut Base, place: &Place) -> Vec<&'static str> {
    let mut letter = None;
    let mut done = Vec::new();
    for act in ACTS {
        let door = place.port();
        let reader = |n: usize| (base.readers[n].0.clone().at_door(door), base.readers[n].1.clone());
        let acknowledged = catch_unwind(AssertUnwindSafe(|| match act {
            "take back" => {
                let path = format!("/api/letters/{}/withdraw", base.letters[0]);
                base.helen.browser.post(&path, &json!({})).is(200);
            }
            "refuse" => refuses_the_author(place.browser(), &base.knocks[1]),
            "open" => {
                let (mut mia, path) = reader(2);
                assert_eq!(mia.press(&format!("{path}/open"), ""), path);
            }
            "add an address" => drop(base.helen.person(&["new@example.org"])),
            "seal" => {
                let person = base.helen.person(&["ida@example.org"]);
                letter = Some(base.helen.seal(&person, &at_once(), "morning"));
            }
            _ => {
                let path = format!("/api/letters/{}/undo", letter.as_ref().unwrap());
                base.helen.browser.post(&path, &json!({})).is(200);
            }
        }));
        if acknowledged.is_err() {
            break;
        }
        done.push(act);
    }
    done
}

/// People do what they do, and the process falls on the way.
pub(crate) fn act(base: &mut Base, at: usize, how: How, table: &mut Table) -> Fallen {
    let falling = base.falling(at, how);
    let done = acts(base, &falling.place);
    let (fallen, town, place, relay, _database) = falling.again();
    let next = ACTS.get(done.len()).copied().unwrap_or("at rest");
    let row = table.rows.entry(format!("{} {next}", done.len())).or_default();
    row.killed += 1;
    row.kept += done.len();
    base.helen.browser = base.helen.browser.clone().at_door(place.port());
    let at_point = format!("{at} {}: {done:?} were acknowledged", fallen.point);
    let has = |act: &str| done.contains(&act);
    if has("take back") {
        assert_eq!(base.helen.state(&base.letters[0]), "withdrawn", "{at_point}");
    }
    if has("open") {
        let (mut mia, path) = (base.readers[2].0.clone().at_door(place.port()), &base.readers[2].1);
        let given = mia.post(&format!("{path}/key"), &json!({})).is(200);
        assert_eq!(given["letter"], base.letters[2].as_str(), "{at_point}");
    }
    // Whatever it was killed in, what she sealed is whole or not there, and what she undid is a draft.
    let letters = base.helen.browser.get("/api/letters").is(200);
    let sealed: Vec<(String, String)> = letters["letters"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|letter| {
            (letter["id"].as_str().unwrap().to_owned(), letter["state"].as_str().unwrap_or("").to_owned())
        })
        .filter(|(id, _)| !base.letters.contains(id))
        .collect();
    let resting: Vec<&String> =
        sealed.iter().filter(|(_, state)| state == "resting").map(|(id, _)| id).collect();
    if has("seal") && how == How::Kill {
        // Undone or not is open until it is acknowledged.
        assert!(resting.len() == 1 || next != "undo" || sealed.len() <= 1, "{at_point}: {sealed:?}");
        assert!(!has("undo") || resting.is_empty(), "{at_point}: {sealed:?}");
    }
    for id in resting {
        base.helen.reads_her_own(id);
    }
    let persons = base.helen.browser.get("/api/persons").is(200).to_string();
    assert!(!has("add an address") || persons.contains("new@example.org"), "{at_point}");
    // Longer than the pause before a second knock.
    town.live(16 * DAY);
    let knocks = |to: &str| relay.taken_for(to).len();
    row.letters += 3;
    assert!(!has("take back") || knocks(PEOPLE[0]) == 0, "{at_point}: taken back, and knocked for");
    assert!(!has("refuse") || knocks(PEOPLE[1]) == 0, "{at_point}: refused, and knocked for");
    assert!(!has("open") || knocks(PEOPLE[2]) == 0, "{at_point}: opened, and knocked for");
    if !has("take back") && next != "take back" {
        assert_eq!(knocks(PEOPLE[0]), 1, "{at_point}");
    }
    if next != "refuse" && !has("refuse") {
        assert_eq!(knocks(PEOPLE[1]), 1, "{at_point}: what nobody refused goes on");
    }
    if has("seal") && !has("undo") && next != "undo" {
        assert_eq!(knocks("ida@example.org"), 2, "{at_point}: what was sealed leaves");
    }
    fallen
}

fn all_act(database: Option<postgres::Fresh>, what: &str) {
    let mut base = Base::new(database, "none");
    let mut table = Table::default();
    let whole = act(&mut base, 0, How::Kill, &mut Table::default());
    assert!(!whole.died);
    for at in chosen(whole.points.len()) {
        act(&mut base, at, How::Kill, &mut table);
    }
    table.print(&format!("Killed while people act, over {what}: {} points", whole.points.len()));
}

#[test]
fn killed_anywhere_while_letters_leave_none_is_lost_and_repeats_stay_in_the_window() {
    all_leave(None, "SQLite");
}

#[test]
fn killed_anywhere_while_letters_leave_over_postgres_none_is_lost() {
    let Some(database) = postgres::Fresh::make("leave") else { return };
    all_leave(Some(database), "PostgreSQL");
}

#[test]
fn killed_anywhere_while_people_act_what_was_acknowledged_stands() {
    all_act(None, "SQLite");
}

#[test]
fn killed_anywhere_while_people_act_over_postgres_what_was_acknowledged_stands() {
    let Some(database) = postgres::Fresh::make("act") else { return };
    all_act(Some(database), "PostgreSQL");
}
