//! How many messages a second are begun, handed over and recorded, with a commit for each and in groups, and how long a message stands in the window in
//! which a crash would repeat it:
//!
//!     scripts/with-postgres cargo bench -p unsaid --bench groups
//!
//! Without UNSAID_TEST_POSTGRES on SQLite alone. Everything is as durable as in a house: SQLite with `synchronous=full` in a file, PostgreSQL as its server is
//! set, the journal in a file. The relay answers at once, or after a pause; figures are for comparing within one run.

#![expect(
    clippy::disallowed_methods,
    reason = "it measures real time, and which server to use is a setting of the tests"
)]

use async_trait::async_trait;
use futures_util::StreamExt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use unsaid::chance::MachineChance;
use unsaid::mail::compose::Letterhead;
use unsaid::mail::{Answer, Mail, Outgoing, Permission, Reach};
use unsaid::secrets::HouseKeys;
use unsaid::worker::{Tools, Worker};
use unsaid_delivery::{BootId, Message, Now, record};
use unsaid_store::conformance::scene::{HOUR, Scene, link_of, now};
use unsaid_store::journal::{Entry, FileJournal, Journal, JournalError, Record, Seq};
use unsaid_store::rows::*;
use unsaid_store::sql::SqlStore;
use unsaid_store::{EngineStore, PersonStore};

/// Messages in one measurement.
const MANY: usize = 320;
/// As many as the worker has in front of the relay.
const CONNECTIONS: usize = 8;
const LATE: i64 = 9 * HOUR;
const BOOT: BootId = BootId([9; 16]);

/// Where messages were handed over, and when each was recorded: what lies between is the window.
#[derive(Default)]
struct Window {
    handed: Mutex<Vec<Instant>>,
    took: Mutex<Vec<Duration>>,
}

impl Window {
    /// A message's content begins to be written.
    fn opens(&self) {
        self.handed.lock().unwrap().push(Instant::now());
    }

    /// So many of what was handed over are recorded, the first ones first.
    fn closes(&self, many: usize) {
        let now = Instant::now();
        let mut handed = self.handed.lock().unwrap();
        let many = many.min(handed.len());
        self.took.lock().unwrap().extend(handed.drain(..many).map(|at| now - at));
    }

    fn said(&self) -> String {
        let mut took = std::mem::take(&mut *self.took.lock().unwrap());
        took.sort();
        let at = |part: usize| took.get(took.len() * part / 100).map_or(0.0, |d| d.as_secs_f64() * 1e3);
        format!("window {:6.1} ms (median) {:6.1} ms (of a hundred the longest but one)", at(50), at(98))
    }
}

/// The journal on the disk. What is flushed here cannot be sent again, whatever becomes of the commit.
struct Noting {
    file: FileJournal,
    window: Arc<Window>,
}

impl Journal for Noting {
    fn node(&self) -> &str {
        self.file.node()
    }

    fn append(&self, generation: u32, entries: &[Entry]) -> Result<RangeInclusive<Seq>, JournalError> {
        let places = self.file.append(generation, entries)?;
        self.window.closes(entries.len());
        Ok(places)
    }

    fn void(&self, generation: u32, records: RangeInclusive<Seq>) -> Result<(), JournalError> {
        self.file.void(generation, records)
    }

    fn replay(&self, after: Seq) -> Result<Vec<Record>, JournalError> {
        self.file.replay(after)
    }

    fn keep_manifest(&self, name: &str, text: &str) -> Result<(), JournalError> {
        self.file.keep_manifest(name, text)
    }
}

/// A relay that takes everything after a pause.
struct Takes {
    pause: Duration,
    window: Arc<Window>,
}

#[async_trait]
impl Mail for Takes {
    async fn send(&self, _message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        self.answer(permission).await
    }

    async fn check(&self) -> Result<Reach, String> {
        Ok(Reach::Everybody)
    }
}

impl Takes {
    async fn answer(&self, permission: &mut dyn Permission) -> Answer {
        let pause = async || match self.pause {
            Duration::ZERO => tokio::task::yield_now().await,
            pause => tokio::time::sleep(pause).await,
        };
        pause().await;
        if !permission.still_allowed().await || !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        self.window.opens();
        pause().await;
        Answer::Accepted
    }
}

/// One commit for each beginning and one for each record, as many at a time as there are connections.
async fn singly(store: &SqlStore, mail: &Takes, messages: Vec<(Taken, Message)>, at: Now) {
    let mut all = futures_util::stream::iter(messages)
        .map(|(taken, message)| async move {
            let mut asks = Asks { store, taken, message, at };
            assert_eq!(mail.answer(&mut asks).await, Answer::Accepted);
            let recorded = record::answered(&asks.message, record::Answer::Accepted, at);
            store.recorded(&taken, &asks.message, &recorded, at).await.expect("recorded");
            mail.window.closes(1);
        })
        .buffer_unordered(CONNECTIONS);
    while all.next().await.is_some() {}
}

struct Asks<'a> {
    store: &'a SqlStore,
    taken: Taken,
    message: Message,
    at: Now,
}

#[async_trait]
impl Permission for Asks<'_> {
    async fn still_allowed(&mut self) -> bool {
        if self.message.date.is_some() {
            return self.store.still_allowed(&self.taken, &self.message, self.at).await.expect("an answer");
        }
        match self.store.start(&self.taken, &self.message, self.at.trusted, self.at).await {
            Ok(StartAnswer::Started(row)) => {
                self.message = row;
                true
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The store alone, in groups of so many: begun, asked again, recorded.
async fn in_groups(store: &SqlStore, window: &Window, messages: Vec<(Taken, Message)>, of: usize, at: Now) {
    for group in messages.chunks(of) {
        let group: Vec<Starting> = group
            .iter()
            .map(|(taken, message)| Starting { taken: *taken, message: message.clone(), date: at.trusted })
            .collect();
        let mut answers = Vec::new();
        for (one, started) in group.iter().zip(store.start_many(&group, at).await) {
            let Ok(StartAnswer::Started(message)) = started else { panic!("{started:?}") };
            assert!(store.still_allowed(&one.taken, &message, at).await.expect("an answer"));
            window.opens();
            let recorded = record::answered(&message, record::Answer::Accepted, at);
            answers.push(Recording { taken: one.taken, message, recorded });
        }
        assert!(store.recorded_many(&answers, at).await.iter().all(Result::is_ok));
        window.closes(answers.len());
    }
}

/// So many knocks that are written and due, to as many persons.
async fn fill(store: &SqlStore, keys: &HouseKeys, chance: &MachineChance, many: usize) {
    let facts = || Vec::new();
    let scene = Scene::new(store, &facts);
    let author = scene.author().await;
    for n in 0..many {
        let named = scene.address(scene.keyed());
        let sealed = keys.seal_text(&named.id.to_string(), &format!("p{n}@example.org"), chance);
        let id = scene.person_id();
        let address = Some(NewAddress { sealed, ..named });
        let person = NewPerson { id, zone: None, language: "en".into(), address };
        store.add_person(&author, person, now(0)).await.expect("a person");
        scene.sealed(&author, id, now(0)).await;
    }
    for taken in store.take(BOOT, Lane::Letters, now(LATE), many).await.expect("wakes") {
        let WakeOf::Delivery(id) = taken.of else { continue };
        let (read, decision) = scene.decision(id, now(LATE)).await;
        let message = scene.message_id();
        let knock = Some((message, link_of(message)));
        store.decided(&taken, &read, &decision, knock, now(LATE)).await.expect("decided");
    }
}

async fn taken(store: &SqlStore) -> Vec<(Taken, Message)> {
    let mut messages = Vec::new();
    for taken in store.take(BOOT, Lane::Letters, now(LATE), MANY).await.expect("wakes") {
        let WakeOf::Message(id) = taken.of else { continue };
        messages.push((taken, store.message(id).await.expect("an answer").expect("a message").message));
    }
    assert_eq!(messages.len(), MANY);
    messages
}

#[expect(clippy::print_stdout, reason = "figures for whoever runs this by hand")]
fn say(what: &str, begun: Instant, many: usize, window: &Window) {
    let rate = many as f64 / begun.elapsed().as_secs_f64();
    println!("{what:48} {rate:8.0} messages/s   {}", window.said());
}

async fn measure(name: &str, open: impl AsyncFn(usize, Noting) -> SqlStore) {
    let folder = tempfile::tempdir().expect("a folder");
    let chance = MachineChance;
    let keys = Arc::new(HouseKeys::open(folder.path(), &chance).expect("keys").0);
    let journals = folder.path().join("journal");
    let mut opened = 0;
    let mut fresh = async |window: &Arc<Window>| {
        opened += 1;
        let file = FileJournal::open(&journals, &format!("n{opened}")).expect("a journal");
        let store = open(opened, Noting { file, window: window.clone() }).await;
        fill(&store, &keys, &chance, MANY).await;
        store
    };
    for round in 1..=2 {
        for of in [1, 8, 64] {
            let window = Arc::new(Window::default());
            let store = fresh(&Arc::default()).await;
            let messages = taken(&store).await;
            let begun = Instant::now();
            in_groups(&store, &window, messages, of, now(LATE)).await;
            say(&format!("{name}, round {round}: the store alone, groups of {of}"), begun, MANY, &window);
        }
        for pause in [Duration::ZERO, Duration::from_millis(2)] {
            let window = Arc::new(Window::default());
            let store = fresh(&Arc::default()).await;
            let mail = Takes { pause, window: window.clone() };
            let messages = taken(&store).await;
            let begun = Instant::now();
            singly(&store, &mail, messages, now(LATE)).await;
            say(&format!("{name}, round {round}: singly, relay {pause:?}"), begun, MANY, &window);

            let window = Arc::new(Window::default());
            let store = Arc::new(fresh(&window).await);
            let mut worker = Worker::new(
                Tools {
                    store: store.clone(),
                    mail: Arc::new(Takes { pause, window: window.clone() }),
                    hook: None,
                    push: None,
                    keys: keys.clone(),
                    chance: Arc::new(MachineChance),
                    letterhead: Letterhead {
                        from_name: "this house".to_owned(),
                        from_address: "unsaid@example.net".to_owned(),
                        house_name: "this house".to_owned(),
                        host_contact: None,
                        public_origin: "https://example.net".to_owned(),
                    },
                    return_path: String::new(),
                    hears_bounces: false,
                    domain: "example.net".to_owned(),
                    hourly: u32::MAX,
                },
                BOOT,
                Lane::Letters,
            );
            let begun = Instant::now();
            worker.turn(now(LATE)).await.expect("a turn");
            let counts = store.counts().await.expect("counts");
            assert_eq!(counts, [("knocked".to_owned(), MANY as u64)]);
            say(
                &format!("{name}, round {round}: the worker, all of it, relay {pause:?}"),
                begun,
                MANY,
                &window,
            );
        }
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |n: usize| folder.path().join(format!("{n}.sqlite"));
        measure("SQLite", async |n, journal| {
            let path = path(n);
            SqlStore::sqlite(Path::new(&path), Arc::new(journal)).await.expect("a store")
        })
        .await;
        let Some(server) = server() else { return };
        measure("PostgreSQL", async |n, journal| {
            let url = database(&server, n).await;
            SqlStore::postgres(&url, Arc::new(journal)).await.expect("a store")
        })
        .await;
    });
}

fn server() -> Option<String> {
    std::env::var("UNSAID_TEST_POSTGRES").ok()
}

/// A new database on the server.
async fn database(server: &str, n: usize) -> String {
    let (client, connection) =
        tokio_postgres::connect(server, tokio_postgres::NoTls).await.expect("the server");
    tokio::spawn(connection);
    let name = format!("measured_{}_{n}", std::process::id());
    client.batch_execute(&format!("create database {name}")).await.expect("a database");
    let at = server.rfind('/').expect("a url");
    format!("{}/{name}", &server[..at])
}
