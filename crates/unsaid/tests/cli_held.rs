//! A house that is set up wrongly, or was continued in two places, with the real program: it opens, holds its letters where it must, and says what to do, in the terminal in the words of the host's
//! page. And what a host is told when everything is well. Loopback only.

#![expect(clippy::disallowed_methods, reason = "a real process is waited for")]

#[path = "support/door.rs"]
mod door;
#[path = "support/folder.rs"]
mod folder;

use door::{free_port, get};
use folder::copy;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use unsaid::words::Words;

/// The program on a folder, with these settings beside what every house has.
struct Place<'a> {
    folder: &'a Path,
    port: u16,
    settings: &'a [(&'a str, &'a str)],
}

impl Place<'_> {
    fn unsaid(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unsaid"));
        command
            .env_clear()
            .env("UNSAID_DATA", self.folder.join("data"))
            .env("UNSAID_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("UNSAID_PUBLIC_URL", format!("http://localhost:{}", self.port))
            .env("UNSAID_LEAST_FREE", "0")
            .envs(self.settings.iter().copied());
        command
    }

    /// What a command said, and whether it was content.
    fn run(&self, words: &[&str]) -> (bool, String) {
        let output = self.unsaid().args(words).output().unwrap();
        (output.status.success(), said(&output))
    }

    fn open(&self) -> Open {
        let process =
            self.unsaid().arg("serve").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let open = Open(process);
        for _ in 0..300 {
            if get(self.port, "/healthz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                return open;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the house did not open within thirty seconds");
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// An open house.
struct Open(Child);

impl Open {
    /// SIGTERM; gives what it logged.
    fn close(mut self) -> String {
        let asked = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let mut log = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(self.0.wait().unwrap().success(), "{log}");
        log
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _waited = self.0.wait();
    }
}

/// The words of the host's page under this key, as a terminal shows them.
fn words(key: &str, values: &[(&str, &str)]) -> String {
    unsaid::matters::plain(&Words::english().say(key, values))
}

/// doctor's line about this: whether it asks for a look, and what it says.
#[track_caller]
fn line(doctor: &str, about: &str) -> String {
    let lines: Vec<&str> =
        doctor.lines().filter(|line| line.split_whitespace().nth(1) == Some(about)).collect();
    assert!(!lines.is_empty(), "nothing about {about}: {doctor}");
    lines.join("\n")
}

#[test]
fn a_house_that_was_continued_in_two_places_opens_sends_no_letter_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { folder: folder.path(), port: free_port(), settings: &[] };
    place.open().close();
    let (well, doctor) = place.run(&["doctor"]);
    assert!(!well, "its keys are not on paper yet: {doctor}");
    assert!(line(&doctor, "holds").starts_with("well"), "{doctor}");
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    let (well, said) = place.run(&["backup", backup.to_str().unwrap()]);
    assert!(well, "{said}");
    copy(&data.join("store"), &folder.path().join("older"));
    // The disk is lost, the backup is adopted: this is the one that lives.
    fs::remove_dir_all(data.join("store")).unwrap();
    assert!(place.run(&["restore", backup.to_str().unwrap()]).0);
    let (well, doctor) = place.run(&["doctor"]);
    let restored =
        format!("{} {}", words("host.hold.not_adopted", &[]), words("host.hold.not_adopted_do", &[]));
    assert!(!well && line(&doctor, "holds").contains(&restored), "{doctor}");
    let (well, said) = place.run(&["adopt"]);
    assert!(well, "{said}");
    place.open().close();
    assert!(line(&place.run(&["doctor"]).1, "holds").starts_with("well"));

    // Somebody finds the old disk, and puts it back.
    fs::remove_dir_all(data.join("store")).unwrap();
    copy(&folder.path().join("older"), &data.join("store"));
    let log = place.open().close();
    let two = words("host.hold.two_generations", &[]);
    assert!(log.contains(&two), "{log}");
    let (well, doctor) = place.run(&["doctor"]);
    assert!(!well && line(&doctor, "holds").contains(&two), "{doctor}");
    assert!(line(&doctor, "holds").contains("on that one run: unsaid adopt"), "{doctor}");
    let (_, parked) = place.run(&["parked"]);
    assert!(parked.contains(&two), "{parked}");
    let (_, said) = place.run(&["go-on"]);
    assert!(
        said.contains("No host holds this house back.") && said.contains(&two),
        "not by a word alone: {said}"
    );
}

#[test]
fn a_house_whose_sources_of_time_all_fail_opens_by_its_own_clock_is_never_moved_by_it_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("UNSAID_TIME_HOSTS", "time.invalid,other.invalid")];
    let place = Place { folder: folder.path(), port: free_port(), settings: &settings };
    let house = place.open();
    let ready = get(place.port, "/readyz").unwrap();
    assert!(ready.contains("clock:"), "{ready}");
    house.close();
    let (well, doctor) = place.run(&["doctor"]);
    let silent = format!("{} {}", words("host.clock.silent", &[]), words("host.clock.silent_do", &[]));
    let clock = line(&doctor, "clock");
    assert!(!well && clock.starts_with("LOOK") && clock.contains(&silent), "{doctor}");
    let (_, shown) = place.run(&["clock", "show"]);
    assert!(shown.contains("time.invalid: ") && shown.contains(&silent), "{shown}");

    // A clock that is two months ahead moves nothing, and a human's word does.
    let rows = rusqlite::Connection::open(folder.path().join("data/store/unsaid.sqlite")).unwrap();
    let two_months = 61 * 86_400 * 1_000_000_i64;
    rows.execute("update clock set trusted = trusted - ?1", [two_months]).unwrap();
    drop(rows);
    place.open().close();
    let (_, doctor) = place.run(&["doctor"]);
    let alone = words("host.clock.alone", &[("away", "61 days ahead of")]);
    assert!(line(&doctor, "clock").contains(&alone), "{doctor}");
    let confirm = |typed: &str| {
        let mut process = place
            .unsaid()
            .args(["clock", "confirm"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        (output.status.success(), said(&output))
    };
    let (well, said) = confirm("1970\n");
    assert!(!well && said.contains("nothing was changed"), "{said}");
    let at = said.find("This machine's clock says").unwrap();
    let year = said[at..].split([' ', ',']).find(|word| word.len() == 4 && word.starts_with("20")).unwrap();
    let (well, said) = confirm(&format!("{year}\n"));
    assert!(well, "{said}");
    place.open().close();
    let (_, doctor) = place.run(&["doctor"]);
    assert!(!line(&doctor, "clock").contains("61 days"), "{doctor}");
}

#[test]
fn a_house_without_a_mail_server_opens_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    // Nothing listens on the port of `discard` here.
    let settings = [("UNSAID_MAIL", "smtp://127.0.0.1:9?tls=none")];
    let place = Place { folder: folder.path(), port: free_port(), settings: &settings };
    let house = place.open();
    assert!(
        get(place.port, "/readyz").unwrap().starts_with("HTTP/1.1 200"),
        "letters can be written and sealed"
    );
    house.close();
    let (well, doctor) = place.run(&["doctor"]);
    let mail = line(&doctor, "mail");
    assert!(!well && mail.contains("LOOK   mail"), "{doctor}");
    assert!(mail.contains("127.0.0.1") || mail.contains("UNSAID_MAIL"), "it says where to look: {mail}");
    assert!(line(&doctor, "waits").contains("no message waits to leave"), "{doctor}");
    // A public house that would catch its mail instead of sending it is not opened at all.
    let caught = [("UNSAID_PUBLIC_URL", "https://letters.example.org")];
    let place = Place { folder: folder.path(), port: place.port, settings: &caught };
    let (well, said) = place.run(&["serve"]);
    assert!(!well && said.contains("UNSAID_MAIL") && said.matches('.').count() >= 2, "{said}");
}

#[test]
fn a_backup_is_noted_and_its_age_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { folder: folder.path(), port: free_port(), settings: &[] };
    place.open().close();
    let backup = folder.path().join("backup");
    assert!(line(&place.run(&["doctor"]).1, "backup").contains("none yet: unsaid backup FOLDER"));
    assert!(place.run(&["backup", backup.to_str().unwrap()]).0);
    assert!(line(&place.run(&["doctor"]).1, "backup").contains("made within the last day"));
    // The backup itself does not know of itself: brought back, the house is as old as the one before it.
    let rows = rusqlite::Connection::open(folder.path().join("data/store/unsaid.sqlite")).unwrap();
    rows.execute("update house set backed_up = backed_up - ?1", [12 * 86_400 * 1_000_000_i64]).unwrap();
    drop(rows);
    let (_, doctor) = place.run(&["doctor"]);
    assert!(line(&doctor, "backup").contains("made 12 days ago"), "nobody has an account here: {doctor}");
}
