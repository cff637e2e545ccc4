//! An open house with a letter in it, put together as `serve` does it but with a clock that is moved by hand; and the program `unsaid receive`, called
//! as a mail server calls it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use unsaid::assemble::{Assembled, assemble};
use unsaid::chance::{Chance, MachineChance};
use unsaid::clock::{Clock, Source, WALL};
use unsaid::outward::Told;
use unsaid::secrets::{HouseKeys, ReturnKind};
use unsaid::settings::Settings;
use unsaid::worker::Worker;
use unsaid_delivery::Now;
use unsaid_delivery::id::{AccountId, AddressId, DeliveryId, MessageId, PersonId};
use unsaid_delivery::state::State;
use unsaid_store::conformance::scene::Scene;
use unsaid_store::rows::{Author, Keyed, Lane, NewAddress, NewPerson};

pub(super) const DOMAIN: &str = "letters.example.org";

/// Begins where a scene does.
#[derive(Default)]
pub(super) struct HandClock(Mutex<Duration>);

impl Clock for HandClock {
    fn wall(&self) -> jiff::Timestamp {
        let begin: jiff::Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        begin + *self.0.lock().unwrap()
    }
    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    fn sources(&self) -> Vec<Source> {
        vec![Source { name: WALL.to_owned(), at: self.wall() }]
    }
}

/// An open house, and one letter in it.
pub(super) struct House {
    folder: PathBuf,
    clock: Arc<HandClock>,
    pub(super) assembled: Assembled,
    worker: Worker,
    mail: String,
}

impl House {
    pub(super) async fn open(folder: &Path, clock: Arc<HandClock>, mail: &str) -> Self {
        Self::open_with(folder, clock, mail, "pipe").await
    }

    pub(super) async fn open_with(folder: &Path, clock: Arc<HandClock>, mail: &str, bounces: &str) -> Self {
        let more = [("UNSAID_MAIL", mail), ("UNSAID_BOUNCES", bounces)];
        let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let pairs = environment(folder).into_iter().chain(more);
        let settings = Settings::from_env(pairs).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let (chance, nobody) = (Arc::new(MachineChance), Arc::new(Told::default()));
        let assembled = assemble(settings, clock.clone(), chance, nobody, false).await.unwrap();
        let worker = assembled.worker(Lane::Letters).sending_alone();
        Self { folder: folder.to_owned(), clock, assembled, worker, mail: mail.to_owned() }
    }

    /// Closes it and opens it again; `meanwhile` is done to the closed one.
    pub(super) async fn again(self, meanwhile: impl FnOnce(&Path)) -> Self {
        let Self { folder, clock, assembled, worker, mail } = self;
        drop((assembled, worker));
        meanwhile(&folder);
        Self::open(&folder, clock, &mail).await
    }

    pub(super) fn keys(&self) -> &HouseKeys {
        &self.assembled.app.keys
    }

    pub(super) fn now(&self) -> Now {
        self.assembled.app.time.now()
    }

    pub(super) async fn pass(&mut self, hours: u64) {
        for _ in 0..hours * 6 {
            *self.clock.0.lock().unwrap() += Duration::from_secs(600);
            self.assembled.app.time.read(!self.assembled.app.holds.any());
        }
        self.turn().await;
    }

    pub(super) async fn turn(&mut self) {
        for _ in 0..20 {
            if !self.worker.turn(self.now()).await.unwrap().again {
                return;
            }
        }
        panic!("the worker does not come to rest");
    }

    /// Somebody with these addresses, and a letter to them that has knocked at the first. Gives the author, the knock and the delivery.
    pub(super) async fn knocked(&mut self, addresses: &[&str]) -> (Author, MessageId, DeliveryId) {
        let store = self.assembled.app.store.clone();
        let none = Vec::new;
        let scene = Scene::new(&*store, &none);
        let account = AccountId(MachineChance.id_bytes());
        // As `Scene::author`, but with names by chance: a house of these tests has more than one scene.
        let (token, key) = (keyed(), keyed());
        let sealed = self.keys().seal_text("nobody", "nobody", &MachineChance);
        store.open_newcomer(token, account, key, sealed, None, self.now()).await.unwrap();
        let author =
            store.create_account(token, scene.new_account(account, key), false, self.now()).await.unwrap();
        let person = PersonId(MachineChance.id_bytes());
        let address = |text: &str| {
            let id = AddressId(MachineChance.id_bytes());
            NewAddress {
                id,
                sealed: self.keys().seal_text(&id.to_string(), text, &MachineChance),
                key: keyed(),
            }
        };
        let first = Some(address(addresses[0]));
        let new = NewPerson { id: person, zone: None, language: "en".into(), address: first };
        store.add_person(&author, new, self.now()).await.unwrap();
        for more in &addresses[1..] {
            store.add_address(&author, person, address(more), self.now()).await.unwrap();
        }
        let letter = scene.sealed(&author, person, self.now()).await;
        let delivery = letter.delivery.unwrap().id;
        self.pass(9).await;
        let knocks = store.delivery(delivery).await.unwrap().unwrap().pair.knocks;
        assert_eq!(knocks.len(), 1);
        (author, knocks[0].id, delivery)
    }

    pub(super) async fn state(&self, delivery: DeliveryId) -> State {
        self.assembled.app.store.delivery(delivery).await.unwrap().unwrap().delivery.state
    }

    /// Which addresses of hers are good.
    pub(super) async fn good(&self, author: &Author) -> Vec<bool> {
        let persons = self.assembled.app.store.persons(author).await.unwrap();
        persons[0].addresses.iter().map(|address| address.good).collect()
    }

    pub(super) fn address(&self, message: MessageId, kind: ReturnKind) -> String {
        self.keys().return_address(&message.to_string(), kind, DOMAIN)
    }

    /// Every message that was caught.
    pub(super) fn outbox(&self) -> Vec<String> {
        let there = std::fs::read_dir(self.folder.join("data/outbox/new")).into_iter().flatten();
        there.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }

    pub(super) fn sent_to(&self, address: &str) -> usize {
        self.outbox().iter().filter(|mail| mail.contains(&format!("\r\nTo: {address}\r\n"))).count()
    }
}

pub(super) fn keyed() -> Keyed {
    Keyed(MachineChance.token())
}

/// What the house and the program beside it are told. A house in PostgreSQL has a file that says where.
pub(super) fn environment(folder: &Path) -> Vec<(String, String)> {
    let database = folder.join("database");
    let elsewhere = database.exists().then(|| ("UNSAID_DATABASE_FILE", database.display().to_string()));
    [
        ("UNSAID_DATA", folder.join("data").display().to_string()),
        ("UNSAID_MAIL_FROM", format!("unsaid@{DOMAIN}")),
        ("UNSAID_BOUNCES", "pipe".to_owned()),
    ]
    .into_iter()
    .chain(elsewhere)
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

pub(super) fn begin(folder: &Path, arguments: &[&str], message: &[u8]) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_unsaid"))
        .env_clear()
        .envs(environment(folder))
        .arg("receive")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let message = message.to_owned();
    // To the last byte, as a mail server does it: a pipe that is closed before is a failure to it.
    let wrote = std::thread::spawn(move || pipe.write_all(&message));
    assert!(wrote.join().unwrap().is_ok() || !arguments.contains(&"--to"));
    child
}

pub(super) fn receive(folder: &Path, to: &str, message: &[u8]) -> Output {
    begin(folder, &["--to", to], message).wait_with_output().unwrap()
}

/// Exit 0, and one line that names nothing but ids and words of ours.
#[track_caller]
pub(super) fn line(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert_eq!(out.lines().count(), 1, "{out}");
    for secret in ["@", "anna", "example", "nobody of that name", "Papa", "sesame"] {
        assert!(!format!("{out}{err}").contains(secret), "{secret}: {out}{err}");
    }
    out.trim_end().to_owned()
}

pub(super) fn report(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/bounces/{name}.eml"))).unwrap()
}

pub(super) fn answer(headers: &str) -> Vec<u8> {
    format!("Return-Path: <anna@example.net>\nFrom: Anna <anna@example.net>\nSubject: Re: sesame\n{headers}\nIs it really from Papa?\n")
        .into_bytes()
}
