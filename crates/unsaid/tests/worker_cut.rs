//! The connection to the database ends at a COMMIT: before it arrived, or after, so that nobody hears what became of it. Whichever commit it is, every letter arrives, and
//! none twice: what an answer of the relay's was recorded by is asked for again, and what was handed out and never heard of is taken over. Needs PostgreSQL
//! (UNSAID_TEST_POSTGRES).

#![expect(clippy::disallowed_methods, reason = "which server to use is told by the environment")]

#[path = "support/tools.rs"]
mod tools;

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tools::tools;
use unsaid::chance::SeededChance;
use unsaid::mail::{Answer, Mail, Outgoing, Permission, Reach};
use unsaid::secrets::HouseKeys;
use unsaid::worker::Worker;
use unsaid_delivery::state::State;
use unsaid_delivery::{BootId, DeliveryId, Fact};
use unsaid_store::conformance::scene::{HOUR, Scene, now};
use unsaid_store::journal::MemoryJournal;
use unsaid_store::rows::{Lane, NewAddress, NewPerson};
use unsaid_store::sql::SqlStore;
use unsaid_store::{EngineStore, PersonStore, Store};

/// What stands between the house and its database.
struct Wire {
    port: u16,
    /// How many commits came by, and which one is cut.
    commits: AtomicUsize,
    at: AtomicUsize,
    /// It is let through first, and only its answer is lost.
    arrives: bool,
}

impl Wire {
    fn open(server: (String, u16), arrives: bool) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let wire = Arc::new(Self { port, commits: AtomicUsize::new(0), at: AtomicUsize::new(0), arrives });
        let theirs = wire.clone();
        std::thread::spawn(move || {
            for house in listener.incoming().map_while(Result::ok) {
                let Ok(base) = TcpStream::connect((server.0.as_str(), server.1)) else { continue };
                let wire = theirs.clone();
                std::thread::spawn(move || wire.carry(house, base));
            }
        });
        wire
    }

    fn carry(&self, mut house: TcpStream, mut base: TcpStream) {
        let (mut from_base, mut to_house) = (base.try_clone().unwrap(), house.try_clone().unwrap());
        let back = std::thread::spawn(move || {
            let _ended = std::io::copy(&mut from_base, &mut to_house);
            let _shut = to_house.shutdown(Shutdown::Both);
        });
        let mut bytes = [0; 16 << 10];
        while let Ok(length @ 1..) = house.read(&mut bytes) {
            let said = &bytes[..length];
            // A simple question, as tokio-postgres asks for the end of a transaction.
            let commits = said.windows(7).any(|seven| seven == b"commit\0");
            if commits && self.commits.fetch_add(1, Ordering::SeqCst) + 1 == self.at.load(Ordering::SeqCst) {
                // First the house hears nothing more, then the server is told, so that the answer cannot slip through.
                let _shut = house.shutdown(Shutdown::Both);
                if self.arrives {
                    let _told = base.write_all(said);
                    // The server reads what was written before it sees the end.
                    let _ended = base.shutdown(Shutdown::Write);
                    let _back = back.join();
                    return;
                }
                break;
            }
            if base.write_all(said).is_err() {
                break;
            }
        }
        let _shut = base.shutdown(Shutdown::Both);
        let _back = back.join();
    }
}

/// Accepts everything, and remembers each copy.
#[derive(Default)]
struct Counts {
    copies: Mutex<BTreeMap<String, usize>>,
    /// The program falls when the copy for this address has left.
    falls_over: Option<String>,
}

impl Counts {
    fn copies(&self, to: &str) -> usize {
        self.copies.lock().unwrap().get(to).copied().unwrap_or(0)
    }
}

#[async_trait]
impl Mail for Counts {
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        if !permission.still_allowed().await || !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        *self.copies.lock().unwrap().entry(message.to.clone()).or_default() += 1;
        assert_ne!(Some(&message.to), self.falls_over.as_ref(), "planted");
        Answer::Accepted
    }

    async fn check(&self) -> Result<Reach, String> {
        Ok(Reach::Everybody)
    }
}

/// How many letters leave each time.
const LETTERS: usize = 3;

/// A database of its own on the server that the environment names.
struct Fresh {
    server: String,
    name: String,
}

impl Fresh {
    async fn make(server: &str, name: &str) -> Self {
        let name = format!("unsaid_cut_{}_{name}", std::process::id());
        command(server, &format!("drop database if exists {name} with (force)")).await;
        command(server, &format!("create database {name}")).await;
        Self { server: server.to_owned(), name }
    }

    async fn end(self) {
        command(&self.server, &format!("drop database {} with (force)", self.name)).await;
    }
}

async fn command(server: &str, text: &str) {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(text).await.unwrap();
}

/// One house behind a wire. Each time other letters leave, at the same hour, with a worker of another start.
struct House {
    wire: Arc<Wire>,
    journal: Arc<MemoryJournal>,
    store: Arc<SqlStore>,
    keys: Arc<HouseKeys>,
    chance: Arc<SeededChance>,
    fresh: Fresh,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open(server: &str, name: &str, arrives: bool) -> Self {
        let fresh = Fresh::make(server, name).await;
        let config: tokio_postgres::Config = server.parse().unwrap();
        let tokio_postgres::config::Host::Tcp(host) = &config.get_hosts()[0] else {
            panic!("a server by TCP")
        };
        let wire = Wire::open((host.clone(), config.get_ports()[0]), arrives);
        let user = config.get_user().unwrap();
        let url = format!("postgres://{user}@127.0.0.1:{}/{}", wire.port, fresh.name);
        let journal = Arc::new(MemoryJournal::new());
        let store = Arc::new(SqlStore::postgres(&url, journal.clone()).await.unwrap());
        let folder = tempfile::tempdir().unwrap();
        let chance = Arc::new(SeededChance::new(7));
        let keys = Arc::new(HouseKeys::open(folder.path(), &*chance).unwrap().0);
        Self { wire, journal, store, keys, chance, fresh, _folder: folder }
    }

    fn accepted(&self) -> usize {
        let records = self.journal.records();
        records.iter().filter(|record| matches!(record.entry.fact, Fact::Accepted { .. })).count()
    }

    fn worker(&self, mail: Arc<Counts>, boot: u8) -> Worker {
        let tools = tools(self.store.clone() as Arc<dyn Store>, mail, self.keys.clone(), self.chance.clone());
        Worker::new(tools, BootId([boot; 16]), Lane::Letters)
    }

    /// Letters to addresses of this time.
    async fn letters(&self, scene: &Scene<'_>, at: usize) -> Vec<(String, DeliveryId)> {
        let author = scene.author().await;
        let mut letters = Vec::new();
        for nth in 0..LETTERS {
            let to = format!("to{nth}at{at}@example.org");
            let named = scene.address(scene.keyed());
            let sealed = self.keys.seal_text(&named.id.to_string(), &to, &*self.chance);
            let id = scene.person_id();
            let address = Some(NewAddress { sealed, ..named });
            let person = NewPerson { id, zone: None, language: "en".into(), address };
            self.store.add_person(&author, person, now(0)).await.unwrap();
            letters.push((to, scene.sealed(&author, id, now(0)).await.delivery.unwrap().id));
        }
        letters
    }

    /// Letters leave while the wire is cut at this commit; 0: never. Gives how many commits there were.
    async fn leave(&self, scene: &Scene<'_>, at: usize) -> usize {
        let (wire, store) = (&self.wire, &self.store);
        let letters = self.letters(scene, at).await;
        let accepted = self.accepted();
        let mail = Arc::new(Counts::default());
        let mut worker = self.worker(mail.clone(), 100 + u8::try_from(at).unwrap());
        wire.commits.store(0, Ordering::SeqCst);
        wire.at.store(at, Ordering::SeqCst);
        // Longer than a lease, without a start in between.
        for quarter in 0..16 {
            let _said = worker.turn(now(9 * HOUR + quarter * HOUR / 4)).await;
        }
        wire.at.store(0, Ordering::SeqCst);
        let commits = wire.commits.load(Ordering::SeqCst);
        for (to, delivery) in &letters {
            assert_eq!(mail.copies(to), 1, "{to}, cut at commit {at} (arrives: {})", wire.arrives);
            let state = store.delivery(*delivery).await.unwrap().unwrap().delivery.state;
            assert_eq!(state, State::Knocked(1), "{to}, cut at commit {at} (arrives: {})", wire.arrives);
        }
        assert_eq!(self.accepted() - accepted, LETTERS, "cut at commit {at} (arrives: {})", wire.arrives);
        commits
    }
}

/// The server that the environment names.
fn server() -> Option<String> {
    let server = std::env::var("UNSAID_TEST_POSTGRES").ok();
    let required = std::env::var("UNSAID_TEST_REQUIRE").is_ok_and(|value| value == "1");
    assert!(server.is_some() || !required, "UNSAID_TEST_REQUIRE=1, but UNSAID_TEST_POSTGRES names no server");
    if server.is_none() {
        eprintln!("not run: UNSAID_TEST_POSTGRES names no server");
    }
    server
}

async fn cut_at_every_commit(arrives: bool) {
    let Some(server) = server() else { return };
    let house = House::open(&server, if arrives { "after" } else { "before" }, arrives).await;
    {
        let journal = house.journal.clone();
        let facts = || journal.records().into_iter().map(|record| record.entry.fact).collect();
        let scene = Scene::new(&*house.store, &facts);
        house.leave(&scene, 0).await;
        // Behind the last thing that has to do with the letters a turn only beats.
        for at in 1..=14 {
            let commits = house.leave(&scene, at).await;
            assert!(commits >= at, "commit {at} never came");
        }
    }
    let House { fresh, .. } = house;
    fresh.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_before_a_commit_arrives_every_letter_goes_once() {
    cut_at_every_commit(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_after_a_commit_arrived_every_letter_goes_once() {
    cut_at_every_commit(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_hand_is_not_taken_up_a_second_time() {
    let Some(server) = server() else { return };
    let house = House::open(&server, "in_hand", true).await;
    {
        let journal = house.journal.clone();
        let facts = || journal.records().into_iter().map(|record| record.entry.fact).collect();
        let scene = Scene::new(&*house.store, &facts);
        let letters = house.letters(&scene, 0).await;
        let fell = letters[1].0.clone();
        let mail = Arc::new(Counts { falls_over: Some(fell.clone()), ..Counts::default() });
        let mut worker = house.worker(mail.clone(), 100);
        worker.turn(now(9 * HOUR)).await.unwrap();
        // It is put off for an hour and stays in hand, whatever is not heard of meanwhile.
        let mut unheard = 0;
        for at in 1..=8 {
            house.wire.commits.store(0, Ordering::SeqCst);
            house.wire.at.store(at, Ordering::SeqCst);
            let minutes = i64::try_from(at).unwrap() * 5;
            unheard += usize::from(worker.turn(now(9 * HOUR + minutes * 60)).await.is_err());
        }
        house.wire.at.store(0, Ordering::SeqCst);
        assert!(unheard > 3, "{unheard} turns were cut off");
        worker.turn(now(9 * HOUR + 50 * 60)).await.unwrap();
        let copies: Vec<usize> = letters.iter().map(|(to, _)| mail.copies(to)).collect();
        assert_eq!(copies, [1; LETTERS]);
        worker.turn(now(10 * HOUR + 60)).await.unwrap();
        assert_eq!(mail.copies(&fell), 2, "after its hour it is tried again");
    }
    let House { fresh, .. } = house;
    fresh.end().await;
}
