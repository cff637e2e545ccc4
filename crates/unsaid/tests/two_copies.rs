//! Two copies of one house, both open: the one that does not answer at the public address holds its letters as long as the other one lives. Loopback only, with the real program.

#![expect(clippy::disallowed_methods, reason = "a real process is waited for")]

#[path = "support/door.rs"]
mod door;
#[path = "support/folder.rs"]
mod folder;

use door::{free_port, get};
use folder::copy;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// An open house that is killed when the test ends.
struct House {
    process: Child,
    log: PathBuf,
}

impl House {
    fn open(folder: &Path, port: u16, public: u16, log: &str) -> Self {
        let log = folder.join(log);
        let process = Command::new(env!("CARGO_BIN_EXE_unsaid"))
            .env_clear()
            .env("UNSAID_DATA", folder.join("data"))
            .env("UNSAID_LISTEN", format!("127.0.0.1:{port}"))
            .env("UNSAID_PUBLIC_URL", format!("http://localhost:{public}"))
            .arg("serve")
            .stdout(File::create(folder.join("printed")).unwrap())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { process, log }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    #[track_caller]
    fn wait_until_it_says(&self, words: &str) {
        for _ in 0..600 {
            if self.said().contains(words) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("{words:?} was not said within a minute: {}", self.said());
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _killed = self.process.kill();
        let _waited = self.process.wait();
    }
}

#[track_caller]
fn wait_until_open(port: u16) {
    for _ in 0..600 {
        if get(port, "/healthz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the house did not open within a minute");
}

const ANOTHER: &str = "Another house answers at this house's public address";

#[test]
fn a_copy_holds_its_letters_while_the_original_answers_at_their_address() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (port, other) = (free_port(), free_port());
    {
        let _first = House::open(one.path(), port, port, "log-0");
        wait_until_open(port);
    }
    copy(&one.path().join("data"), &two.path().join("data"));
    let original = House::open(one.path(), port, port, "log");
    wait_until_open(port);
    // A stranger learns that this is a house, and nothing else.
    let answer = get(port, &format!("/house/nonce/{}", "A".repeat(43))).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("unsaid: not mine\n"), "{answer}");
    let answer = get(port, "/house/nonce/what").unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");

    let clone = House::open(two.path(), other, port, "log");
    clone.wait_until_it_says(ANOTHER);
    assert!(!original.said().contains(ANOTHER), "it found itself: {}", original.said());
    drop(clone);
    drop(original);

    // Nobody else answers any more: the copy is the house.
    let clone = House::open(two.path(), other, port, "log-2");
    clone.wait_until_it_says("what stood in the way of this house's letters is over");
}
