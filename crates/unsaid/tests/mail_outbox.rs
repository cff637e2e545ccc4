//! The folder that catches mail: a message is in it whole or not at all, a repeat can be seen, and no name leads out.

use std::path::Path;

use async_trait::async_trait;
use unsaid::mail::compose::{Letterhead, Message, Particulars, compose};
use unsaid::mail::outbox::Outbox;
use unsaid::mail::{Answer, Mail, Outgoing, Permission, Reach};
use unsaid::words::Words;

struct Yes(usize);

#[async_trait]
impl Permission for Yes {
    async fn still_allowed(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0
    }
}

fn message(id: &str, day: u8) -> Outgoing {
    let head = Letterhead {
        from_name: "Haus Lindenhof".into(),
        from_address: "letters@example.org".into(),
        house_name: "Haus Lindenhöfchen".into(),
        host_contact: None,
        public_origin: "http://127.0.0.1:8080".into(),
    };
    let particulars = Particulars {
        to: "anna@example.com".into(),
        return_path: String::new(),
        reply_to: None,
        message_id: format!("{id}@letters.example.org"),
        date: format!("2037-03-{day:02}T09:00:00Z").parse().unwrap(),
    };
    compose(Words::english(), &head, &particulars, &Message::Code { digits: "31415926" }).unwrap()
}

fn files(dir: &Path) -> usize {
    ["tmp", "new", "cur"].iter().filter_map(|place| std::fs::read_dir(dir.join(place)).ok()).flatten().count()
}

#[tokio::test]
async fn a_caught_message_is_read_as_its_reader_would() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(dir.path().join("outbox"));
    assert_eq!(outbox.list().await.unwrap(), []);
    let sent = message("first", 1);
    assert_eq!(outbox.send(&sent, &mut Yes(9)).await, Answer::Accepted);
    let caught = outbox.list().await.unwrap().remove(0);
    assert_eq!(caught.to, "anna@example.com");
    assert_eq!(caught.subject, "Your code is 3141 5926");
    assert_eq!(caught.message_id, "first@letters.example.org");
    assert_eq!(caught.date, "Sun, 1 Mar 2037 09:00:00 +0000");
    assert!(caught.text.starts_with("Your code for Haus Lindenhöfchen is 3141 5926\n"));
    let page = caught.page.as_deref().unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains(">3141 5926</strong>"), "{page}");
    assert_eq!(caught.copy, 1);
    let (again, bytes) = outbox.read(&caught.name).await.unwrap().unwrap();
    assert_eq!(again, caught);
    assert_eq!(bytes, sent.bytes);
    assert_eq!(outbox.check().await, Ok(Reach::Everybody));
    assert_eq!(files(&dir.path().join("outbox")), 1);
}

#[tokio::test]
async fn the_newest_is_first_by_its_own_day() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(dir.path());
    for day in [5, 9, 1, 7] {
        outbox.send(&message(&format!("day{day}"), day), &mut Yes(9)).await;
    }
    let ids: Vec<_> = outbox.list().await.unwrap().into_iter().map(|caught| caught.message_id).collect();
    assert_eq!(ids, ["day9", "day7", "day5", "day1"].map(|id| format!("{id}@letters.example.org")));
}

#[tokio::test]
async fn a_repeat_is_seen_as_one_also_when_the_first_was_read() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(dir.path());
    for _ in 0..2 {
        outbox.send(&message("same", 1), &mut Yes(9)).await;
    }
    // A mail reader moves what it has shown, and adds its flags.
    let first = outbox.list().await.unwrap().into_iter().find(|caught| caught.copy == 1).unwrap();
    let read = format!("{}:2,S", first.name);
    std::fs::rename(dir.path().join("new").join(&first.name), dir.path().join("cur").join(&read)).unwrap();
    outbox.send(&message("same", 1), &mut Yes(9)).await;
    let mut copies: Vec<_> = outbox.list().await.unwrap().iter().map(|caught| caught.copy).collect();
    copies.sort_unstable();
    assert_eq!(copies, [1, 2, 3]);
    assert_eq!(outbox.read(&read).await.unwrap().unwrap().0.copy, 1);
}

#[tokio::test]
async fn what_is_not_allowed_is_not_caught() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(dir.path());
    for yes in [1, 2] {
        assert_eq!(outbox.send(&message("no", 1), &mut Yes(yes)).await, Answer::Forbidden);
        assert_eq!(files(dir.path()), 0);
    }
    assert_eq!(outbox.send(&message("yes", 1), &mut Yes(3)).await, Answer::Accepted);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_later_and_doctor_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("outbox");
    std::fs::write(&place, b"a file, not a folder").unwrap();
    let outbox = Outbox::new(&place);
    assert!(matches!(outbox.send(&message("x", 1), &mut Yes(9)).await, Answer::NotReached { .. }));
    let said = outbox.check().await.unwrap_err();
    assert!(said.contains("cannot be written") && said.ends_with("whether the disk is full."), "{said}");
}

#[tokio::test]
async fn no_name_leads_out_of_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(dir.path().join("outbox"));
    outbox.send(&message("x", 1), &mut Yes(9)).await;
    std::fs::write(dir.path().join("secret"), b"words").unwrap();
    std::fs::write(dir.path().join("outbox/new/msecret"), b"Subject: not a link\r\n\r\n").unwrap();
    std::os::unix::fs::symlink(dir.path().join("secret"), dir.path().join("outbox/new/mlink")).unwrap();
    std::fs::write(dir.path().join("outbox/new/.hidden"), b"words").unwrap();
    assert!(outbox.read("msecret").await.unwrap().is_some());
    for name in [
        "",
        ".",
        "..",
        "../../secret",
        "m/../../../secret",
        "/etc/passwd",
        "..%2f..%2fsecret",
        ".hidden",
        "mlink",
        "m..",
        "m\0",
        "m\\x",
        "mx:2,../../secret",
        &"m".repeat(5000),
    ] {
        assert!(outbox.read(name).await.unwrap().is_none(), "{name:?}");
    }
    let listed: Vec<_> = outbox.list().await.unwrap().into_iter().map(|caught| caught.name).collect();
    assert_eq!(listed.len(), 2, "{listed:?}");
}

/// A Message-ID comes from us, but a name is made so that it would not matter.
#[tokio::test]
async fn a_strange_number_stays_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(dir.path());
    for id in ["../../x", "", ".", "a/b", "ü@ö", &"x".repeat(4000)] {
        let mut strange = message("x", 1);
        strange.message_id = id.to_owned();
        assert_eq!(outbox.send(&strange, &mut Yes(9)).await, Answer::Accepted, "{id}");
    }
    let all = outbox.list().await.unwrap();
    assert_eq!(all.len(), 6);
    for caught in all {
        assert!(outbox.read(&caught.name).await.unwrap().is_some(), "{}", caught.name);
    }
}
