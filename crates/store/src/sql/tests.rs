//! What is of the SQL store alone: its steps, its commits beside a journal, and what a start makes of a crash between the two.

use super::tx::{Mode, values};
use super::*;
use crate::journal::{FileJournal, MemoryJournal, Record, Seq};
use crate::rows::*;
use crate::{AccountStore, EngineStore, HouseStore, LetterStore, PersonStore, ReaderStore};
use jiff::Timestamp;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::decide::{Decision, NewKnock};
use unsaid_delivery::id::*;
use unsaid_delivery::message::MessageState;
use unsaid_delivery::rule::{Gate, Moment, Proof, Reach, Rule};
use unsaid_delivery::state::{Delivery, Rest, State, Wake};
use unsaid_delivery::{Fact, Scope, accept};

pub(super) const ACCOUNT: AccountId = AccountId([1; 16]);
pub(super) const PERSON: PersonId = PersonId([2; 16]);
pub(super) const ADDRESS: AddressId = AddressId([3; 16]);
pub(super) const LETTER: LetterId = LetterId([4; 16]);
pub(super) const DELIVERY: DeliveryId = DeliveryId([5; 16]);
pub(super) const MESSAGE: MessageId = MessageId([6; 16]);
pub(super) const BOOT: BootId = BootId([7; 16]);
pub(super) const LINK: Keyed = Keyed([8; 32]);
const AT_KEY: Keyed = Keyed([9; 32]);

pub(super) fn now() -> Now {
    Now { trusted: Timestamp::from_second(1_800_000_000).unwrap(), observed: Observed(10_000) }
}

pub(super) fn author() -> Author {
    Author { account: ACCOUNT }
}

/// An author, a person with an address, and a sealed letter that has just fallen due.
pub(super) async fn sealed(store: &SqlStore) -> Delivery {
    let token = Keyed([20; 32]);
    let text = || SealedText(vec![1]);
    store.open_newcomer(token, ACCOUNT, Keyed([21; 32]), text(), None, now()).await.unwrap();
    let account = NewAccount {
        id: ACCOUNT,
        email: text(),
        email_key: Keyed([21; 32]),
        name: text(),
        language: "en".into(),
        zone: "UTC".into(),
        recipient: "age1pq".into(),
        salt: vec![0; 16],
        unlock_key: Keyed([22; 32]),
        unlock_wrap: vec![3],
        vault: vec![],
        host_generation: 1,
    };
    store.create_account(token, account, true, now()).await.unwrap();
    let address = NewAddress { id: ADDRESS, sealed: text(), key: AT_KEY };
    let person = NewPerson { id: PERSON, zone: None, language: "en".into(), address: Some(address) };
    store.add_person(&author(), person, now()).await.unwrap();
    store.reserve_letter(&author(), LETTER, now()).await.unwrap();
    for (kind, bytes) in [(WrapKind::Author, vec![0xa1, 0xa2]), (WrapKind::Host, vec![0xb0, 0xb1])] {
        store.put_wrap(&author(), LETTER, 1, kind, bytes, 1).await.unwrap();
    }
    store.seal(&author(), seal(), now()).await.unwrap().delivery.unwrap()
}

fn seal() -> Seal {
    let rule = Rule { gate: Gate::None, moment: Moment::AtOnce, reach: Reach::Send, proof: Proof::None };
    let promise = Promise {
        delivery: DELIVERY,
        person: PERSON,
        rule,
        occurrence: 0,
        rest: Rest { until: now().trusted, observed: now().observed },
        due: now().trusted,
        tzdb: "test".into(),
        proof: None,
    };
    Seal { letter: LETTER, version: 1, manifest: [7; 32], promise: Some(promise) }
}

pub(super) async fn delivery(store: &SqlStore) -> Delivery {
    store.delivery(DELIVERY).await.unwrap().unwrap().delivery
}

/// Takes the delivery and writes its first knock.
pub(super) async fn knock(store: &SqlStore, as_read: &Delivery) {
    let taken = store.take(BOOT, Lane::Letters, now(), 1).await.unwrap();
    let decision = Decision {
        state: State::Sending,
        wake: Some(Wake::Observed(Observed(20_000))),
        due: as_read.due,
        tzdb: "test".into(),
        anew: false,
        knock: Some(NewKnock { address: ADDRESS, nth: 1, foreseen: true }),
        occurrence: as_read.occurrence,
        next: None,
        unforeseen: false,
        forecast: None,
        why: "first-knock",
    };
    store.decided(&taken[0], as_read, &decision, Some((MESSAGE, LINK)), now()).await.unwrap();
}

pub(super) fn entry(subject: impl ToString, rev: i64, fact: Fact) -> Entry {
    Entry { subject: subject.to_string(), rev, fact }
}

/// A house on a disk whose process can die.
pub(super) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }
    pub(super) fn database(&self) -> PathBuf {
        self.folder.path().join("unsaid.db")
    }
    pub(super) fn journal(&self) -> FileJournal {
        FileJournal::open(&self.folder.path().join("journal"), "one").unwrap()
    }
    pub(super) async fn open(&self) -> SqlStore {
        SqlStore::sqlite(&self.database(), Arc::new(self.journal())).await.unwrap()
    }
    /// Flushes a fact and dies before its commit.
    pub(super) fn dies_before_the_commit_of(&self, entry: Entry) {
        self.journal().append(1, &[entry]).unwrap();
    }
}

#[tokio::test]
async fn steps_are_taken_once_and_a_newer_house_is_refused() {
    let place = Place::new();
    place.open().await.confirm_keys().await.unwrap();
    let store = place.open().await;
    assert!(store.house().await.unwrap().keys_confirmed, "the second start changes nothing");
    transaction!(&store, Mode::Write, |tx| {
        tx.exec("update schema_step set number = 999 where id = 1", &[]).await
    })
    .unwrap();
    drop(store);
    let refused = SqlStore::sqlite(&place.database(), Arc::new(place.journal())).await.map(drop);
    assert!(matches!(refused, Err(StoreError::Newer { found: 999, .. })), "{refused:?}");
}

/// A table whose check fails at the commit, and no sooner.
async fn commit_that_fails(store: &SqlStore) -> Result<()> {
    transaction!(store, Mode::Write, |tx| {
        tx.batch(
            "create table if not exists trap (n bigint references house (id) deferrable initially deferred)",
        )
        .await
    })?;
    transaction!(store, Mode::Write, |tx| {
        tx.exec("update house set keys_confirmed = 1 where id = 1", &[]).await?;
        tx.exec("insert into trap (n) values ($1)", values![2i64]).await?;
        tx.fact(LETTER, 1, Fact::Withdrawn { letter: LETTER });
        Ok(())
    })
}

async fn a_failed_commit_is_voided(store: SqlStore, journal: &MemoryJournal) {
    assert!(matches!(commit_that_fails(&store).await, Err(StoreError::Conflict)));
    assert_eq!(journal.records(), [], "what was appended is void");
    assert!(!store.house().await.unwrap().keys_confirmed);
    // And the next one goes through.
    sealed(&store).await;
    let facts: Vec<Fact> = journal.records().into_iter().map(|r| r.entry.fact).collect();
    assert!(matches!(
        facts[..],
        [Fact::UnlockReplaced { .. }, Fact::AddressGiven { .. }, Fact::Sealed { version: 1, .. }]
    ));
}

#[tokio::test]
async fn a_commit_that_fails_after_the_append_is_voided() {
    let journal = Arc::new(MemoryJournal::new());
    let store = SqlStore::sqlite_in_memory(journal.clone()).await.unwrap();
    a_failed_commit_is_voided(store, &journal).await;
}

/// The url of a server that can be thrown away.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their server is")]
pub(super) fn server() -> Option<String> {
    let url = std::env::var("UNSAID_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
    let required = std::env::var("UNSAID_TEST_REQUIRE").is_ok_and(|v| v == "1");
    assert!(url.is_some() || !required, "UNSAID_TEST_REQUIRE=1, and no UNSAID_TEST_POSTGRES");
    if url.is_none() {
        eprintln!("did not run: UNSAID_TEST_POSTGRES names no server");
    }
    url
}

/// A new database on it.
pub(super) async fn database(server: &str, name: &str) -> String {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let name = format!("{name}_{}", std::process::id());
    client.batch_execute(&format!("drop database if exists {name}")).await.unwrap();
    client.batch_execute(&format!("create database {name}")).await.unwrap();
    let at = server.rfind('/').unwrap();
    format!("{}/{name}", &server[..at])
}

/// Takes it away again.
pub(super) async fn dropped(server: &str, url: &str) {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let name = &url[url.rfind('/').unwrap() + 1..];
    client.batch_execute(&format!("drop database {name} with (force)")).await.unwrap();
}

#[tokio::test]
async fn a_commit_that_fails_after_the_append_is_voided_in_postgres() {
    let Some(server) = server() else { return };
    let url = database(&server, "voided").await;
    let journal = Arc::new(MemoryJournal::new());
    let store = SqlStore::postgres(&url, journal.clone()).await.unwrap();
    a_failed_commit_is_voided(store, &journal).await;
}

#[tokio::test]
async fn two_nodes_that_start_at_once_take_the_steps_once_and_share_the_work() {
    let Some(server) = server() else { return };
    let url = database(&server, "two_nodes").await;
    let (a, b) = tokio::join!(
        SqlStore::postgres(&url, Arc::new(MemoryJournal::new())),
        SqlStore::postgres(&url, Arc::new(MemoryJournal::new())),
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    // Twenty things wake; two nodes take them at once, and nobody takes one twice.
    transaction!(&a, Mode::Write, |tx| {
        for n in 0..20 {
            let of = WakeOf::Delivery(DeliveryId([n; 16]));
            wakes::at_once(&mut tx, of, Lane::Letters, now()).await?;
        }
        Ok(())
    })
    .unwrap();
    let other = BootId([99; 16]);
    let (x, y) =
        tokio::join!(a.take(BOOT, Lane::Letters, now(), 15), b.take(other, Lane::Letters, now(), 15));
    let mut taken: Vec<WakeOf> = x.unwrap().into_iter().chain(y.unwrap()).map(|t| t.of).collect();
    taken.extend(a.take(BOOT, Lane::Letters, now(), 20).await.unwrap().into_iter().map(|t| t.of));
    taken.sort();
    let count = taken.len();
    taken.dedup();
    assert_eq!((count, taken.len()), (20, 20));
}

#[tokio::test]
async fn postgres_elsewhere_without_tls_is_refused_unless_the_url_says_so() {
    let refused = SqlStore::postgres("postgres://u@db.example/x", Arc::new(MemoryJournal::new())).await;
    assert!(matches!(refused.map(drop), Err(StoreError::Unavailable(_))));
    for near in ["postgres://u@127.0.0.1/x", "postgres://u@localhost/x", "postgres://u@%2Frun%2Fpostgresql/x"]
    {
        assert!(Postgres::open(near).is_ok(), "{near}");
    }
    assert!(Postgres::open("postgres://u@db.example/x?sslmode=disable").is_ok());
}

/// Keeps, and cannot void.
struct CannotVoid(MemoryJournal);

impl Journal for CannotVoid {
    fn node(&self) -> &str {
        self.0.node()
    }
    fn append(
        &self,
        generation: u32,
        entries: &[Entry],
    ) -> std::result::Result<RangeInclusive<Seq>, JournalError> {
        self.0.append(generation, entries)
    }
    fn void(&self, _: u32, _: RangeInclusive<Seq>) -> std::result::Result<(), JournalError> {
        Err(JournalError::Broken("the disk is gone".into()))
    }
    fn replay(&self, after: Seq) -> std::result::Result<Vec<Record>, JournalError> {
        self.0.replay(after)
    }
    fn keep_manifest(&self, name: &str, text: &str) -> std::result::Result<(), JournalError> {
        self.0.keep_manifest(name, text)
    }
}

#[tokio::test]
async fn a_process_that_cannot_void_ends() {
    let mut store = SqlStore::sqlite_in_memory(Arc::new(CannotVoid(MemoryJournal::new()))).await.unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&ended);
    store.broken = Arc::new(move || flag.store(true, Ordering::SeqCst));
    assert!(commit_that_fails(&store).await.is_err());
    assert!(ended.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_withdrawal_that_was_flushed_and_not_committed_is_applied_at_the_start() {
    let place = Place::new();
    let as_read = sealed(&place.open().await).await;
    // The letter's rev is 1 since its sealing.
    place.dies_before_the_commit_of(entry(LETTER, 2, Fact::Withdrawn { letter: LETTER }));
    for start in 1..=2 {
        let store = place.open().await;
        let letter = store.letter(&author(), LETTER).await.unwrap();
        assert!(letter.withdrew, "start {start}");
        let now_stored = letter.delivery.unwrap();
        assert_eq!(now_stored.state, State::Withdrawn { undone: false });
        assert_eq!(now_stored.rev, as_read.rev + 1, "applied once");
        assert!(store.take(BOOT, Lane::Letters, now(), 10).await.unwrap().is_empty());
        assert!(store.unproven(&author(), LETTER, 1).await.unwrap().host_wrap.is_none());
    }
}

#[tokio::test]
async fn what_a_person_or_a_relay_said_before_a_crash_is_applied_at_the_start() {
    let place = Place::new();
    {
        let store = place.open().await;
        let as_read = sealed(&store).await;
        knock(&store, &as_read).await;
    }
    place.dies_before_the_commit_of(entry(MESSAGE, 2, Fact::Accepted { message: MESSAGE, knock: None }));
    {
        let store = place.open().await;
        let view = store.message(MESSAGE).await.unwrap().unwrap();
        assert_eq!(view.message.state, MessageState::Accepted);
        assert_eq!(delivery(&store).await.state, State::Knocked(1));
        assert!(
            store.take(BOOT, Lane::Letters, now(), 10).await.unwrap().is_empty(),
            "it never leaves again"
        );
    }
    let no = Fact::Refused { person: Some(PERSON), address: AT_KEY.0, scope: Scope::Author };
    place.dies_before_the_commit_of(entry("author", 1, no));
    {
        let store = place.open().await;
        assert_eq!(delivery(&store).await.state, State::Refused);
        let reader = store.knock(LINK).await.unwrap().unwrap().reader;
        assert_eq!(store.refusals(&reader).await.unwrap(), [StandingRefusal { scope: Scope::Author }]);
    }
    let lifted = Fact::Lifted { person: Some(PERSON), address: AT_KEY.0, scope: Scope::Author };
    place.dies_before_the_commit_of(entry("author", 2, lifted));
    let rev = {
        let store = place.open().await;
        let delivery = delivery(&store).await;
        assert_eq!(delivery.state, State::Knocked(1));
        delivery.rev
    };
    let opened = Fact::Opened { delivery: DELIVERY, version: 1 };
    place.dies_before_the_commit_of(entry(DELIVERY, rev + 1, opened));
    let store = place.open().await;
    let delivery = delivery(&store).await;
    assert!(delivery.pinned && delivery.state == State::Opened);
    let reader = store.knock(LINK).await.unwrap().unwrap().reader;
    assert_eq!(store.release(&reader, DELIVERY).await.unwrap().wrap(), [0xb0, 0xb1]);
}

#[tokio::test]
async fn addresses_taken_away_and_ends_are_applied_at_the_start() {
    let place = Place::new();
    let as_read = sealed(&place.open().await).await;
    let removed = Fact::AddressRemoved { person: PERSON, address: ADDRESS };
    place.dies_before_the_commit_of(entry(ADDRESS, 2, removed));
    assert!(place.open().await.persons(&author()).await.unwrap()[0].addresses.is_empty());
    let ended = Fact::Unreachable { delivery: DELIVERY };
    place.dies_before_the_commit_of(entry(DELIVERY, as_read.rev + 1, ended));
    let store = place.open().await;
    assert_eq!(delivery(&store).await.state, State::Unreachable);
    assert!(store.take(BOOT, Lane::Letters, now(), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_sealing_whose_rows_never_came_to_be_is_voided() {
    let place = Place::new();
    let other = LetterId([44; 16]);
    {
        let store = place.open().await;
        sealed(&store).await;
        store.reserve_letter(&author(), other, now()).await.unwrap();
    }
    let fact = Fact::Sealed { letter: other, version: 1, manifest: [1; 32] };
    place.dies_before_the_commit_of(entry(other, 1, fact));
    drop(place.open().await);
    let facts: Vec<Fact> = place.journal().replay(0).unwrap().into_iter().map(|r| r.entry.fact).collect();
    assert!(facts.iter().any(|f| matches!(f, Fact::Sealed { letter, .. } if *letter == LETTER)));
    assert!(!facts.iter().any(|f| matches!(f, Fact::Sealed { letter, .. } if *letter == other)));
}

#[tokio::test]
async fn a_restored_database_voids_nothing_and_keeps_what_was_taken_back() {
    let place = Place::new();
    drop(place.open().await);
    let store = place.open().await;
    sealed(&store).await;
    drop(store);
    let backup = std::fs::read(place.database()).unwrap();
    {
        let store = place.open().await;
        let as_read = delivery(&store).await;
        let withdrawn = accept::withdraw(&as_read).unwrap();
        store.commit_author(&author(), &as_read, &withdrawn, now()).await.unwrap();
        let later = LetterId([45; 16]);
        store.reserve_letter(&author(), later, now()).await.unwrap();
        store.put_wrap(&author(), later, 1, WrapKind::Author, vec![1], 1).await.unwrap();
        let unsent = Seal { letter: later, version: 1, manifest: [2; 32], promise: None };
        store.seal(&author(), unsent, now()).await.unwrap();
    }
    std::fs::write(place.database(), backup).unwrap();
    let store = place.open().await;
    assert!(store.letter(&author(), LETTER).await.unwrap().withdrew, "stop always stops");
    drop(store);
    let sealed = place.journal().replay(0).unwrap();
    let sealed = sealed.iter().filter(|r| matches!(r.entry.fact, Fact::Sealed { .. })).count();
    assert_eq!(sealed, 2, "what was acknowledged is not voided");
}

#[tokio::test]
async fn a_manifest_of_recovery_stands_before_the_seal_and_loses_the_wraps_that_the_letter_loses() {
    let journal = Arc::new(MemoryJournal::new());
    let store = SqlStore::sqlite_in_memory(journal.clone()).await.unwrap();
    let as_read = sealed(&store).await;
    let name = format!("{LETTER}-1");
    let text = journal.manifest(&name).unwrap();
    for line in [
        "unsaid-recovery 1".to_owned(),
        format!("letter {LETTER}"),
        "wrap author 1 a1a2".into(),
        "wrap host 1 b0b1".into(),
        format!("delivery {DELIVERY} 0"),
        format!("address {ADDRESS} {} 01", "09".repeat(32)),
        "moment at-once - - - -".into(),
    ] {
        assert!(text.lines().any(|l| l == line), "{line:?} is missing in\n{text}");
    }
    let withdrawn = accept::withdraw(&as_read).unwrap();
    store.commit_author(&author(), &as_read, &withdrawn, now()).await.unwrap();
    let text = journal.manifest(&name).unwrap();
    assert!(text.contains("wrap author") && !text.contains("wrap host"));
}

/// A server elsewhere says the time, and one on this machine is not asked: it would be this machine's clock by another door.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "what a server says is held against this machine's clock")]
async fn a_server_on_another_machine_says_what_time_it_is() {
    let Some(server) = server() else { return };
    let url = database(&server, "elsewhere").await;
    let store = SqlStore::postgres(&url, Arc::new(MemoryJournal::new())).await.unwrap();
    assert_eq!(store.server_time().await.unwrap(), None);
    let base = Postgres::open(&url).unwrap().moved_elsewhere();
    let store = SqlStore { base: Base::Postgres(base), ..store };
    let before = jiff::Timestamp::now();
    let said = store.server_time().await.unwrap().unwrap();
    let microsecond = jiff::SignedDuration::from_micros(1);
    assert!(before - microsecond <= said && said <= jiff::Timestamp::now(), "{before} {said}");
}
