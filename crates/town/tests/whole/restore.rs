//! The restore drill: seal, send, refuse, back up, go on; the store is destroyed, and the old backup is all there is of it. It is inert until it is adopted; nothing is sent twice, no
//! refusal and no withdrawal is forgotten, and a letter of after the backup stands again, or is known to be lost. Over SQLite on a disk, with the real program.

use crate::lives::{AMIR, JOAN, Story};
use crate::support::author::{Author, at_once, base64url};
use crate::support::relay::Relay;
use crate::support::{DAY, Place};
use crate::{link_in, refuses_the_author};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use unsaid_seal::claim::claim_words;
use unsaid_seal::stop::stop_token;

const DAN: &str = "dan@example.org";
const MIA: &str = "mia@example.org";
const LEO: &str = "leo@example.org";
const ZOE: &str = "zoe@example.org";
const EVA: &str = "eva@example.org";

/// A copy of all files of a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Where the sealed bytes of a letter stand in a folder of blobs, as its manifest of recovery says.
fn files_of(data: &Path, letter: &str) -> Vec<String> {
    let text = fs::read_to_string(data.join(format!("journal/manifests/{letter}-1.txt"))).unwrap();
    let parts = text.lines().filter_map(|line| line.strip_prefix("part "));
    let files: Vec<String> = parts
        .map(|part| part.split(' ').nth(2).unwrap())
        .map(|blob| format!("{}/{blob}", &blob[..2]))
        .collect();
    assert!(!files.is_empty());
    files
}

#[test]
fn an_old_backup_is_inert_until_it_is_adopted_and_then_nothing_is_sent_twice_forgotten_or_passed_over() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let data = place.folder().join("data");
    let backup = place.folder().join("backup");
    let backup = backup.to_str().unwrap();
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let (dan, mia) = (helen.person(&[DAN]), helen.person(&[MIA]));
    helen.seal(&dan, &at_once(), "none");
    let knock = relay.wait_for(DAN, 1).remove(0);
    let to_mia = helen.seal(&mia, &at_once(), "morning");
    let eva = helen.person(&[EVA]);
    let to_eva = helen.seal(&eva, &at_once(), "morning");
    let (code, said) = place.command(&["backup", backup], "");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Keys and journal are not in it"), "{said}");

    // After it: one is sent, one refused, one taken back, two are sealed.
    helen.browser.post(&format!("/api/letters/{to_eva}/undo"), &json!({})).is(200);
    let leo = helen.person(&[LEO]);
    let to_leo = helen.seal(&leo, &at_once(), "morning");
    let zoe = helen.person(&[ZOE]);
    let to_zoe = helen.seal(&zoe, &at_once(), "morning");
    town.live(2 * DAY);
    for (who, many) in [(DAN, 1), (MIA, 1), (LEO, 1), (ZOE, 1), (EVA, 0)] {
        assert_eq!(relay.taken_for(who).len(), many, "{who}");
    }
    refuses_the_author(place.browser(), &link_in(&knock.text));
    let mut helen = helen.back(&relay);
    let late = helen.person(&["late@example.org"]);
    let to_late = helen.seal(&late, &at_once(), "morning");
    let lost = helen.person(&["lost@example.org"]);
    let to_lost = helen.seal(&lost, &at_once(), "morning");
    town.kill();

    // The disk of the store is gone.
    let (kept, of_lost) = (place.folder().join("kept"), files_of(&data, &to_lost));
    copy(&data.join("store/blobs/sealed"), &kept);
    fs::remove_dir_all(data.join("store")).unwrap();
    let (code, said) = place.command(&["restore", backup], "");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = place.command(&["restore", backup], "");
    assert_eq!(code, Some(1), "a second one would write over the first: {said}");
    // Most sealed bytes stood on another disk.
    copy(&kept, &data.join("store/blobs/sealed"));
    for file in &of_lost {
        fs::remove_file(data.join("store/blobs/sealed").join(file)).unwrap();
    }

    let everybody = [DAN, MIA, LEO, ZOE, EVA, "late@example.org", "lost@example.org"];
    let sent = |relay: &Relay| everybody.map(|who| relay.taken_for(who).len());
    let before = sent(&relay);
    let town = place.start();
    town.live(20 * DAY);
    assert_eq!(sent(&relay), before, "inert: no letter leaves");
    town.kill();

    let (code, said) = place.command(&["adopt"], "");
    assert_eq!(code, Some(2), "something is missing, and it says so: {said}");
    assert!(said.contains("generation 2"), "{said}");
    assert!(said.contains(&format!("rebuilt   letter {to_leo}, version 1")), "{said}");
    assert!(said.contains(&format!("MISSING   the bytes of letter {to_lost}, version 1")), "{said}");
    assert!(!said.contains(&format!("MISSING   the bytes of letter {to_late}")), "{said}");

    let town = place.start();
    town.live(3 * DAY);
    let after = sent(&relay);
    let ids: BTreeSet<String> = everybody
        .iter()
        .flat_map(|who| relay.taken_for(who))
        .filter_map(|taken| taken.text.lines().find(|line| line.starts_with("Message-ID")).map(str::to_owned))
        .collect();
    assert_eq!(ids.len(), after.iter().sum::<usize>(), "nothing was sent twice");
    assert_eq!(after, [1, 1, 1, 1, 0, 1, 0], "what was owed left, and nothing else");
    let mut helen = helen.back(&relay);
    for (letter, state) in
        [(&to_mia, "left"), (&to_leo, "left"), (&to_zoe, "left"), (&to_late, "left"), (&to_lost, "held")]
    {
        assert_eq!(helen.state(letter), state, "{letter}");
    }
    // The link of a knock of which the backup had never heard leads to its letter.
    let knock = relay.taken_for(LEO).remove(0);
    crate::who_has_written(place.browser(), &link_in(&knock.text));
    // Years of it: who refused hears nothing more, and what was taken back stays so.
    town.live(70 * DAY);
    let later = sent(&relay);
    assert_eq!((later[0], later[4], later[6]), (1, 0, 0), "{later:?}");
}

#[test]
fn a_house_comes_back_from_its_backup_and_the_paper_alone() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let data = place.folder().join("data");
    let backup = place.folder().join("backup");
    let backup = backup.to_str().unwrap();
    let town = place.start();
    let mut helen = Author::begin(&place, &relay);
    let dan = helen.person(&[DAN]);
    let letter = helen.seal(&dan, &at_once(), "morning");
    let (code, said) = place.command(&["backup", backup], "");
    assert_eq!(code, Some(0), "{said}");
    town.kill();
    let paper = fs::read_to_string(data.join("keys/host.secrets")).unwrap();
    // Everything burns but the backup and the paper.
    for gone in ["store", "journal", "keys"] {
        fs::remove_dir_all(data.join(gone)).unwrap();
    }
    let (code, said) = place.command(&["restore", backup], "");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Write the lines of words from the paper"), "{said}");
    fs::create_dir_all(data.join("keys")).unwrap();
    fs::write(data.join("keys/host.secrets"), &paper).unwrap();
    let (code, said) = place.command(&["adopt"], "");
    assert_eq!(code, Some(1), "without its journal nobody can know, and it says so: {said}");
    assert!(said.contains("--without-journal"), "{said}");
    let (code, said) = place.command(&["adopt", "--without-journal"], "yes\n");
    assert_eq!(code, Some(1), "plain words have to be typed: {said}");
    let (code, said) = place.command(&["adopt", "--without-journal"], "without the journal\n");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = place.command(&["verify"], "");
    assert!(code.is_some() && said.contains("well   sealed bytes"), "{said}");
    let town = place.start();
    town.live(2 * DAY);
    let mut helen = helen.back(&relay);
    helen.reads_her_own(&letter);
    drop(town);
}

impl Story {
    fn backs_up(&self, name: &str) {
        let to = self.place.folder().join(name);
        let (code, said) = self.place.command(&["backup", to.to_str().unwrap()], "");
        assert_eq!(code, Some(0), "{said}");
    }

    /// The disk of the store is lost, and this backup is all there is of it. It is inert, and then adopted.
    fn lives_on_from(&mut self, name: &str) -> String {
        self.town.take().unwrap().kill();
        fs::remove_dir_all(self.place.folder().join("data/store")).unwrap();
        let from = self.place.folder().join(name);
        let (code, said) = self.place.command(&["restore", from.to_str().unwrap()], "");
        assert_eq!(code, Some(0), "{said}");
        let before = self.to_dan();
        self.town = Some(self.place.start());
        self.days(5);
        assert_eq!(self.to_dan(), before, "inert");
        self.town.take().unwrap().kill();
        let (code, said) = self.place.command(&["adopt"], "");
        assert_eq!(code, Some(0), "{said}");
        self.town = Some(self.place.start());
        said
    }

    fn both_say_that_she_has_died(&self, keepers: &[String]) {
        for keeper in keepers {
            self.says(keeper, "died");
        }
    }
}

/// Each backup was made when the letter was about to be let go.
#[test]
fn a_sign_and_a_stop_of_after_the_backup_are_not_forgotten_and_nothing_is_released_twice() {
    let mut story = Story::begin("keepers-only");
    let words = claim_words(&[9; 10]);
    let token = base64url(&*stop_token(&words));
    story.helen.browser.post("/api/life/stop-code", &json!({ "token": token })).is(200);
    let keepers = [story.keeper("Joan Pryce", JOAN), story.keeper("Amir Haddad", AMIR)];
    story.days(35);
    story.both_say_that_she_has_died(&keepers);
    story.days(25);
    story.backs_up("sign");
    story.helen_presses();
    let said = story.lives_on_from("sign");
    assert!(said.contains("sign of life 1"), "{said}");
    story.days(40);
    assert_eq!(story.to_dan(), 0, "she lives");

    story.both_say_that_she_has_died(&keepers);
    story.days(25);
    story.backs_up("stop");
    let stopped = story.place.browser().form("/stop", &format!("words={}", words.replace(' ', "+")));
    assert_eq!(stopped.status, 200);
    let said = story.lives_on_from("stop");
    assert!(said.contains("stopped 1"), "{said}");
    story.days(80);
    assert_eq!(story.to_dan(), 0, "a stop always stops");

    // She begins again; then she dies.
    story.helen.browser.forget_everything();
    story.helen.browser = story.helen.signs_in(story.helen.browser.clone(), &story.relay);
    story.helen.unlocks(story.helen.browser.clone());
    story.helen.browser.post("/api/life/resume", &json!({})).is(200);
    story.both_say_that_she_has_died(&keepers);
    story.days(25);
    assert_eq!(story.to_dan(), 0);
    story.backs_up("release");
    story.days(10);
    assert_eq!(story.to_dan(), 1);
    let said = story.lives_on_from("release");
    assert!(said.contains("accepted"), "{said}");
    // The grace of the backup ends once more, and the second knock is two weeks after the first.
    story.days(12);
    assert_eq!(story.to_dan(), 1, "nothing that was released is released twice");
}
