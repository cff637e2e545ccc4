//! What is stored rots, vanishes or says what cannot be, and everybody else's letters arrive all the same: what is damaged is held, named to the host and never sent, and comes back with
//! good bytes. Knows the worker and its ports; the rows are damaged from outside, as a disk would. It is one thing because all of it needs one house with real bytes.

#[path = "support/tools.rs"]
mod tools;

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tools::tools;
use unsaid::chance::SeededChance;
use unsaid::mail::{Answer, Mail, Outgoing, Permission, Reach};
use unsaid::peel::{NotPeeled, Peel};
use unsaid::secrets::HouseKeys;
use unsaid::worker::{Keeping, NextWake, Worker};
use unsaid_delivery::id::{BlobId, DeliveryId, LetterId};
use unsaid_delivery::rule::{Gate, Moment, Proof, Reach as Reaches, Rule};
use unsaid_delivery::state::{Parked, State};
use unsaid_delivery::{BootId, Now};
use unsaid_store::Store;
use unsaid_store::blobs::Blobs;
use unsaid_store::care::{Finding, Place, Thing, Wrong};
use unsaid_store::conformance::scene::{DAY, HOUR, Scene, now};
use unsaid_store::journal::MemoryJournal;
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::{Author, Lane, NewAddress, NewPerson, Promise, Released, Seal, UploadAsk, WrapKind};
use unsaid_store::sql::SqlStore;
use zeroize::Zeroizing;

/// What every wrap of a letter holds here.
fn wrap_of(subject: &str, version: u32) -> Vec<u8> {
    format!("host {subject} {version}").into_bytes()
}

/// A peel port that knows a whole wrap by looking at it.
struct Looks;

impl Peel for Looks {
    fn recipient(&self) -> String {
        String::new()
    }
    fn generation(&self) -> u32 {
        1
    }
    fn made_for(&self, _: &[u8]) -> Option<u32> {
        Some(1)
    }
    fn give(&self, _: &Released) -> Result<Zeroizing<Vec<u8>>, NotPeeled> {
        Err(NotPeeled::NotOurs)
    }
    fn inspect(
        &self,
        wrap: &[u8],
        subject: &str,
        version: u32,
        kind: WrapKind,
        letter: Option<&[u8]>,
    ) -> Result<u32, NotPeeled> {
        match (kind, letter) {
            (WrapKind::Unlock, _) => Ok(1),
            (WrapKind::Host, None) => Err(NotPeeled::Damaged),
            _ if wrap == wrap_of(subject, version) => Ok(1),
            _ if wrap.starts_with(b"host") => Err(NotPeeled::WrongBinding),
            _ => Err(NotPeeled::Damaged),
        }
    }
    fn rewrap(&self, _: &[u8], _: &str, _: u32, _: WrapKind) -> Result<(Vec<u8>, u32), NotPeeled> {
        Err(NotPeeled::NotOurs)
    }
}

/// Takes everything, and remembers to whom; or, as long as it is told to, says 'later', or falls over one address.
#[derive(Default)]
struct Relay {
    to: Mutex<Vec<String>>,
    later: AtomicBool,
    falls_over: Mutex<Option<String>>,
}

#[async_trait]
impl Mail for Relay {
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        if !permission.still_allowed().await || !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        assert!(self.falls_over.lock().unwrap().as_deref() != Some(&message.to), "planted");
        if self.later.load(Ordering::Relaxed) {
            return Answer::Later { reply: unsaid::mail::Reply { code: 451, enhanced: None } };
        }
        self.to.lock().unwrap().push(message.to.clone());
        Answer::Accepted
    }

    async fn check(&self) -> Result<Reach, String> {
        Ok(Reach::Everybody)
    }
}

struct OneLetter {
    address: String,
    letter: LetterId,
    delivery: DeliveryId,
    blob: BlobId,
}

/// A house on a disk.
struct House {
    folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    /// Where its rows are; none in memory.
    database: Option<PathBuf>,
    blobs: Arc<Blobs>,
    relay: Arc<Relay>,
    keys: Arc<HouseKeys>,
    chance: Arc<SeededChance>,
    worker: Worker,
    letters: Vec<OneLetter>,
}

const WORDS: &[u8] = b"the sealed bytes of one letter";

impl House {
    async fn in_memory(letters: usize) -> Self {
        Self::of(Arc::new(MemoryStore::new()), None, tempfile::tempdir().unwrap(), letters).await
    }

    async fn in_a_file(letters: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unsaid.sqlite");
        let store = SqlStore::sqlite(&path, Arc::new(MemoryJournal::new())).await.unwrap();
        Self::of(Arc::new(store), Some(path), folder, letters).await
    }

    async fn of(
        store: Arc<dyn Store>,
        database: Option<PathBuf>,
        folder: tempfile::TempDir,
        letters: usize,
    ) -> Self {
        let chance = Arc::new(SeededChance::new(7));
        let keys = Arc::new(HouseKeys::open(&folder.path().join("keys"), &*chance).unwrap().0);
        let blobs = Arc::new(Blobs::local(&folder.path().join("blobs")).unwrap());
        let relay = Arc::new(Relay::default());
        let facts = Vec::new;
        let scene = Scene::new(&*store, &facts);
        let author = scene.author().await;
        let mut sealed = Vec::new();
        for nth in 0..letters {
            let address = format!("n{nth}@example.org");
            sealed.push(seal(&scene, &author, &keys, &chance, &blobs, address).await);
        }
        let worker = worker(&store, &relay, &keys, &chance, &blobs, 9);
        Self { folder, store, database, blobs, relay, keys, chance, worker, letters: sealed }
    }

    /// Another start.
    fn restart(&mut self) {
        self.worker = worker(&self.store, &self.relay, &self.keys, &self.chance, &self.blobs, 10);
    }

    fn file(&self, nth: usize) -> PathBuf {
        let name = self.letters[nth].blob.to_string();
        self.folder.path().join("blobs").join("sealed").join(&name[..2]).join(name)
    }

    /// Works until nothing is left for now.
    async fn work(&mut self, at: Now) -> NextWake {
        for _ in 0..200 {
            let next = self.worker.turn(at).await.expect("the store answers");
            if !next.again {
                return next;
            }
        }
        panic!("there is no end to it")
    }

    async fn state(&self, nth: usize) -> State {
        self.store.delivery(self.letters[nth].delivery).await.unwrap().unwrap().delivery.state
    }

    async fn findings(&self) -> Vec<Finding> {
        self.store.findings().await.unwrap()
    }

    fn to(&self) -> Vec<String> {
        let mut to = self.relay.to.lock().unwrap().clone();
        to.sort();
        to
    }

    fn to_all_but(&self, nth: usize) -> Vec<String> {
        let mut all: Vec<String> = self.letters.iter().map(|one| one.address.clone()).collect();
        all.remove(nth);
        all.sort();
        all
    }

    /// What a disk would do to the rows.
    fn damage(&self, sql: &str) {
        let rows = rusqlite::Connection::open(self.database.as_ref().expect("a file")).unwrap();
        rows.execute_batch("pragma foreign_keys = off; pragma ignore_check_constraints = on;").unwrap();
        assert!(rows.execute(sql, []).unwrap_or_else(|e| panic!("{e}: {sql}")) > 0, "{sql}");
    }
}

fn worker(
    store: &Arc<dyn Store>,
    relay: &Arc<Relay>,
    keys: &Arc<HouseKeys>,
    chance: &Arc<SeededChance>,
    blobs: &Arc<Blobs>,
    boot: u8,
) -> Worker {
    worker_with(store, relay.clone(), keys, chance, blobs, boot)
}

fn worker_with(
    store: &Arc<dyn Store>,
    mail: Arc<dyn Mail>,
    keys: &Arc<HouseKeys>,
    chance: &Arc<SeededChance>,
    blobs: &Arc<Blobs>,
    boot: u8,
) -> Worker {
    let tools = tools(store.clone(), mail, keys.clone(), chance.clone());
    let ports = Keeping { peel: Arc::new(Looks), blobs: blobs.clone() };
    Worker::new(tools, BootId([boot; 16]), Lane::Letters).keeping(ports)
}

/// A letter to one address, with bytes that are there; it goes at ten.
async fn seal(
    scene: &Scene<'_>,
    author: &Author,
    keys: &HouseKeys,
    chance: &SeededChance,
    blobs: &Blobs,
    address: String,
) -> OneLetter {
    let named = scene.address(scene.keyed());
    let sealed = keys.seal_text(&named.id.to_string(), &address, chance);
    let person = scene.person_id();
    let there = Some(NewAddress { sealed, ..named });
    let new = NewPerson { id: person, zone: None, language: "en".into(), address: there };
    scene.store.add_person(author, new, now(0)).await.unwrap();
    let letter = scene.letter_id();
    scene.store.reserve_letter(author, letter, now(0)).await.unwrap();
    let (size, sha256) = (WORDS.len() as u64, Sha256::digest(WORDS).into());
    let ask = UploadAsk { size, sha256, ..scene.ask(letter, 1, "letter.age", size) };
    let blob = scene.store.begin_upload(author, ask, now(0)).await.unwrap().blob;
    blobs.append(blob, 0, Bytes::from_static(WORDS)).await.unwrap();
    assert!(blobs.finish(blob, size, sha256).await.unwrap());
    scene.store.upload_grew(author, blob, size).await.unwrap();
    scene.store.upload_ended(author, blob, true).await.unwrap();
    let host = wrap_of(&letter.to_string(), 1);
    scene.store.put_wrap(author, letter, 1, WrapKind::Host, host, 1).await.unwrap();
    scene.store.put_wrap(author, letter, 1, WrapKind::Author, vec![1], 1).await.unwrap();
    let promise = Promise {
        rule: Rule { gate: Gate::None, moment: Moment::AtOnce, reach: Reaches::Send, proof: Proof::None },
        ..scene.promise(person, now(0))
    };
    let delivery = promise.delivery;
    let seal = Seal { letter, version: 1, manifest: scene.keyed().0, promise: Some(promise) };
    scene.store.seal(author, seal, now(0)).await.unwrap();
    OneLetter { address, letter, delivery, blob }
}

const DAMAGED: State = State::Parked { why: Parked::Damaged, left: false };

fn flipped(at: usize) -> Vec<u8> {
    let mut bytes = WORDS.to_vec();
    bytes[at] ^= 1;
    bytes
}

/// Fault 69: whichever byte it is.
#[tokio::test]
async fn no_letter_leaves_with_a_byte_that_is_not_its_own_and_all_leave_when_their_bytes_are_back() {
    let mut house = House::in_memory(WORDS.len() + 2).await;
    for at in 0..WORDS.len() {
        std::fs::write(house.file(at), flipped(at)).unwrap();
    }
    let missing = WORDS.len();
    std::fs::remove_file(house.file(missing)).unwrap();
    house.work(now(10 * HOUR)).await;
    let whole = house.letters.len() - 1;
    assert_eq!(house.to(), [house.letters[whole].address.clone()]);
    for nth in 0..whole {
        assert_eq!(house.state(nth).await, DAMAGED, "{nth}");
    }
    assert_eq!(house.findings().await.len(), whole);
    assert!(house.file(0).exists(), "what is damaged is never deleted");

    // Nothing moves as long as they are damaged; an hour after the backup was put back everything goes.
    house.work(now(30 * HOUR)).await;
    assert_eq!(house.to().len(), 1);
    for nth in 0..whole {
        std::fs::write(house.file(nth), WORDS).unwrap();
    }
    house.work(now(31 * HOUR)).await;
    house.work(now(31 * HOUR + 60)).await;
    assert_eq!(house.to().len(), house.letters.len());
    assert_eq!(house.findings().await, []);
}

/// The house's layer belongs to what is looked at.
#[tokio::test]
async fn a_wrap_that_is_damaged_or_another_letters_holds_that_letter_alone() {
    let mut house = House::in_a_file(3).await;
    let (damaged, foreign) = (house.letters[0].letter, house.letters[1].letter);
    house.damage(&format!("update wraps set bytes = x'00' where subject = '{damaged}' and kind = 'host'"));
    house.damage(&format!(
        "update wraps set bytes = (select bytes from wraps where subject = '{}' and kind = 'host') where subject = '{foreign}' and kind = 'host'",
        house.letters[2].letter
    ));
    house.work(now(10 * HOUR)).await;
    assert_eq!(house.to(), [house.letters[2].address.clone()]);
    let wrong: Vec<(Thing, Wrong)> = house.findings().await.iter().map(|f| (f.thing, f.wrong)).collect();
    assert_eq!(wrong.len(), 2);
    assert!(
        wrong.contains(&(Thing::Wrap, Wrong::Damaged)) && wrong.contains(&(Thing::Wrap, Wrong::WrongBinding))
    );
    // The rows came back from a backup.
    for nth in [0, 1] {
        let letter = house.letters[nth].letter;
        let bytes: String = wrap_of(&letter.to_string(), 1).iter().map(|b| format!("{b:02x}")).collect();
        house.damage(&format!(
            "update wraps set bytes = x'{bytes}' where subject = '{letter}' and kind = 'host'"
        ));
    }
    house.work(now(12 * HOUR)).await;
    house.work(now(12 * HOUR + 60)).await;
    assert_eq!((house.to().len(), house.findings().await), (3, Vec::new()));
}

/// Far from any day on which it would leave.
#[tokio::test]
async fn everything_is_looked_at_within_thirty_days_and_a_restart_goes_on_where_it_was() {
    let mut house = House::in_a_file(9).await;
    // They left long ago: nothing but the round looks at them.
    house.work(now(10 * HOUR)).await;
    assert_eq!(house.to().len(), 9);
    for nth in [0, 4, 8] {
        std::fs::write(house.file(nth), flipped(nth)).unwrap();
    }
    let mut done = 0;
    for day in 1..=16 {
        house.work(now(10 * HOUR + day * DAY)).await;
        let round = house.store.round().await.unwrap().unwrap();
        assert!(round.done >= done, "it never goes back");
        done = round.done;
    }
    assert!(
        done > 5 && house.store.round().await.unwrap().unwrap().place != Place::Through,
        "at its pace: {done}"
    );
    house.restart();
    house.work(now(10 * HOUR + 16 * DAY + 60)).await;
    assert!(house.store.round().await.unwrap().unwrap().done >= done, "and goes on");
    for day in 17..=62 {
        house.work(now(10 * HOUR + day * DAY)).await;
    }
    let found = house.findings().await;
    assert_eq!(found.len(), 3);
    for nth in [0, 4, 8] {
        assert!(found.contains(&Finding::of_blob(house.letters[nth].blob)));
        assert!(
            matches!(house.state(nth).await, State::Knocked(_)),
            "what has left goes its way; whoever opens it is told"
        );
    }
}

/// Faults 6 and 10: each time the same, and everybody else's arrives.
#[tokio::test]
async fn what_the_program_falls_over_again_and_again_is_held_for_the_host() {
    for mut house in [House::in_memory(3).await, House::in_a_file(3).await] {
        *house.relay.falls_over.lock().unwrap() = Some(house.letters[1].address.clone());
        for hour in 10..20 {
            house.work(now(hour * HOUR)).await;
        }
        assert_eq!(house.to(), house.to_all_but(1));
        assert_eq!(house.state(1).await, State::Parked { why: Parked::Internal, left: true });
        let found = house.findings().await;
        assert!(found.contains(&Finding::of_delivery(house.letters[1].delivery, Wrong::Fault)), "{found:?}");
        // It is not tried for ever.
        *house.relay.falls_over.lock().unwrap() = None;
        house.work(now(100 * HOUR)).await;
        assert_eq!(house.to(), house.to_all_but(1));
    }
}

/// What a row of a promise, of its wake, or of what it needs may come to say.
const CANNOT_BE: &[&str] = &[
    "update deliveries set state = 'nonsense' where id = '{id}'",
    "update deliveries set state = 'knocked', state_number = 0 where id = '{id}'",
    "update deliveries set state = 'knocked', state_number = 700 where id = '{id}'",
    "update deliveries set state = 'later', state_word = 'some day' where id = '{id}'",
    "update deliveries set pinned = 7 where id = '{id}'",
    "update deliveries set pinned = 1 where id = '{id}'",
    "update deliveries set version = 99 where id = '{id}'",
    "update deliveries set version = -1 where id = '{id}'",
    "update deliveries set letter = 'x' where id = '{id}'",
    "update deliveries set person = 'x' where id = '{id}'",
    "update deliveries set account = '' where id = '{id}'",
    "update deliveries set id = 'x' where id = '{id}'",
    "update deliveries set occurrence = 99999 where id = '{id}'",
    "update deliveries set gate = 'x' where id = '{id}'",
    "update deliveries set gate = 'word' where id = '{id}'",
    "update deliveries set moment = 'on' where id = '{id}'",
    "update deliveries set moment = 'on', moment_date = 'tomorrow', moment_time = '09:00:00', moment_zone = 'UTC' where id = '{id}'",
    "update deliveries set reach = 'x' where id = '{id}'",
    "update deliveries set proof = '' where id = '{id}'",
    "update deliveries set rest_until = 9223372036854775807 where id = '{id}'",
    "update deliveries set due = 9223372036854775807 where id = '{id}'",
    "update deliveries set foreseen_by = 'x' where id = '{id}'",
    "delete from deliveries where id = '{id}'",
    "delete from parts where letter = '{letter}'",
    "update parts set size = -1 where letter = '{letter}'",
    "update versions set sealed = null where letter = '{letter}'",
    "delete from versions where letter = '{letter}'",
    "update letters set withdrew = 1 where id = '{letter}'",
    "update addresses set good = 7 where person = (select person from deliveries where id = '{id}')",
];

#[tokio::test]
async fn a_row_that_says_what_cannot_be_is_held_and_named_and_all_others_arrive() {
    for sql in CANNOT_BE {
        let mut house = House::in_a_file(3).await;
        let one = &house.letters[1];
        let sql = sql.replace("{id}", &one.delivery.to_string()).replace("{letter}", &one.letter.to_string());
        house.damage(&sql);
        for hours in [10, 11, 12, 40, 70] {
            house.work(now(hours * HOUR)).await;
        }
        assert_eq!(house.to(), house.to_all_but(1), "{sql}");
        assert_ne!(house.findings().await, [], "{sql}");
        assert!(
            house.store.counts().await.is_ok() && house.store.forecast(now(70 * HOUR)).await.is_ok(),
            "{sql}"
        );
        for nth in [0, 2] {
            assert_eq!(house.state(nth).await, State::Knocked(1), "{sql}");
        }
    }
}

/// What may come to stand in a wake, or in a message that waits.
const CANNOT_WAKE: &[&str] = &[
    "update wakes set at = -9223372036854775807 where what = 'm'",
    "update wakes set what = 'x' where rowid = (select min(rowid) from wakes where what = 'm')",
    "update messages set kind = 'x' where person = '{person}'",
    "update messages set subject = 'x' where person = '{person}'",
    "update messages set nth = 1000 where person = '{person}'",
    "update messages set tries = -1 where person = '{person}'",
    "update messages set state = 'x' where person = '{person}'",
    "update messages set address = null where person = '{person}'",
    "update messages set foreseen = 9 where person = '{person}'",
    "update messages set person = null where person = '{person}'",
    "delete from addresses where person = '{person}'",
];

#[tokio::test]
async fn a_message_that_says_what_cannot_be_is_not_sent_and_all_others_are() {
    for sql in CANNOT_WAKE {
        let mut house = House::in_a_file(3).await;
        house.relay.later.store(true, Ordering::Relaxed);
        house.work(now(10 * HOUR)).await;
        house.relay.later.store(false, Ordering::Relaxed);
        let person: String = rusqlite::Connection::open(house.database.as_ref().unwrap())
            .unwrap()
            .query_row(
                "select person from deliveries where id = ?1",
                [house.letters[1].delivery.to_string()],
                |row| row.get(0),
            )
            .unwrap();
        house.damage(&sql.replace("{person}", &person));
        for hours in [11, 12, 13, 40, 70] {
            house.work(now(hours * HOUR)).await;
        }
        let all: Vec<String> = house.letters.iter().map(|one| one.address.clone()).collect();
        let to = house.to();
        if sql.contains("wakes") || sql.contains("person = null") {
            assert_eq!(to, all, "every letter is more than its wake, and than its first knock: {sql}");
        } else {
            assert_eq!(to, house.to_all_but(1), "{sql}");
            assert_ne!(house.findings().await, [], "{sql}");
        }
    }
}

#[tokio::test]
async fn a_letter_without_a_wake_is_woken_in_the_next_night_and_said() {
    let mut house = House::in_a_file(2).await;
    house.work(now(1)).await;
    house.damage("delete from wakes where what = 'd'");
    house.work(now(10 * HOUR)).await;
    assert_eq!(house.to(), Vec::<String>::new(), "nothing wakes them");
    house.worker.turn(now(25 * HOUR)).await.unwrap();
    assert!(house.findings().await.contains(&Finding::of_delivery(house.letters[0].delivery, Wrong::NoWake)));
    house.work(now(25 * HOUR + 60)).await;
    assert_eq!(house.to().len(), 2);
    house.work(now(50 * HOUR)).await;
    assert_eq!(house.findings().await, [], "it was mended, and said for a day");
}

#[tokio::test]
async fn a_letter_that_vanishes_between_two_nights_is_missed() {
    let mut house = House::in_a_file(3).await;
    house.work(now(10 * HOUR)).await;
    house.work(now(35 * HOUR)).await;
    assert_eq!(house.findings().await, []);
    let gone = house.letters[1].delivery;
    house.damage(&format!("delete from deliveries where id = '{gone}'"));
    house.work(now(60 * HOUR)).await;
    let found = house.findings().await;
    assert!(found.iter().any(|f| f.wrong == Wrong::Fewer), "{found:?}");
    assert!(found.contains(&Finding::of_delivery(gone, Wrong::RowGone)), "{found:?}");
}

#[tokio::test]
async fn a_state_that_was_set_back_is_noticed_and_nothing_leaves_by_it() {
    let mut house = House::in_a_file(3).await;
    house.work(now(10 * HOUR)).await;
    assert_eq!(house.to().len(), 3);
    let (opened, withdrawn) = (house.letters[0].delivery, house.letters[1].delivery);
    house.damage(&format!(
        "update deliveries set state = 'waiting', state_number = null, pinned = 1 where id = '{opened}'"
    ));
    house.damage(&format!("update letters set withdrew = 1 where id = '{}'", house.letters[1].letter));
    house.damage(&format!(
        "update deliveries set state = 'waiting', state_number = null where id = '{withdrawn}'"
    ));
    house.damage("update wakes set clock = 'o', at = 999999999 where what = 'd'");
    house.work(now(35 * HOUR)).await;
    let found = house.findings().await;
    assert!(found.contains(&Finding::of_delivery(opened, Wrong::OpenedButWaits)), "{found:?}");
    assert!(found.contains(&Finding::of_delivery(withdrawn, Wrong::WithdrawnButWaits)), "{found:?}");
    for nth in [0, 1] {
        assert!(matches!(house.state(nth).await, State::Parked { why: Parked::Internal, .. }));
    }
    house.work(now(900 * HOUR)).await;
    assert_eq!(house.to().len(), 4, "the third one's second knock, and nothing else");
}

#[tokio::test]
async fn what_the_journal_says_and_no_row_shows_is_noticed() {
    let mut house = House::in_a_file(2).await;
    house.work(now(1)).await;
    house.work(now(10 * HOUR)).await;
    house.damage("update messages set state = 'dropped' where id = (select min(id) from messages)");
    house.work(now(35 * HOUR)).await;
    let found = house.findings().await;
    assert!(found.iter().any(|f| f.wrong == Wrong::FactWithoutRow && f.thing == Thing::House), "{found:?}");
}

/// Dies over one address, as a process does: in the middle of it, and nothing after that is done.
struct Dies(String);

#[async_trait]
impl Mail for Dies {
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        if message.to == self.0 {
            std::future::pending::<()>().await;
        }
        if permission.still_allowed().await && permission.still_allowed().await {
            return Answer::Accepted;
        }
        Answer::Forbidden
    }

    async fn check(&self) -> Result<Reach, String> {
        Ok(Reach::Everybody)
    }
}

/// Fault 10: a start dies over a letter each time it works on it.
#[tokio::test]
async fn what_three_starts_died_over_is_held_and_everything_else_arrives() {
    for house in [House::in_memory(4).await, House::in_a_file(4).await] {
        let dies_over = house.letters[2].address.clone();
        let mut hours = 10;
        let mut deaths = 0;
        for boot in 20..40 {
            let boot_id = BootId([boot; 16]);
            let crashes = house.store.begun(boot_id, now(hours * HOUR)).await.unwrap();
            let relay = Arc::new(Dies(dies_over.clone()));
            let mut worker = worker_with(&house.store, relay, &house.keys, &house.chance, &house.blobs, boot)
                .after_crashes(crashes);
            // Long enough for leases of the dead to end, twice.
            let mut died = false;
            for minutes in [0, 80, 160] {
                let at = now(hours * HOUR + minutes * 60);
                died = tokio::time::timeout(std::time::Duration::from_millis(400), worker.turn(at))
                    .await
                    .is_err();
                if died {
                    break;
                }
            }
            hours += 4;
            if !died {
                break;
            }
            deaths += 1;
        }
        assert!((3..=6).contains(&deaths), "it was held after {deaths} deaths");
        assert_eq!(house.state(2).await, State::Parked { why: Parked::Internal, left: true });
        assert!(
            house.findings().await.contains(&Finding::of_delivery(house.letters[2].delivery, Wrong::Fault))
        );
        for nth in [0, 1, 3] {
            assert_eq!(house.state(nth).await, State::Knocked(1), "{nth}");
        }
    }
}
