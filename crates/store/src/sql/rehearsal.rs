//! Every change of every transaction fails once before it is made: the first statement that changes something, then the second, and so on to the one that notes the
//! places of its facts. After each the tables, their rows, and what the journal gives back, are what they were, and nobody was told that it went well. Only then it is done for
//! good. The whole conformance suite is gone through like this, so a verb that the suite calls is a verb that is tried here; and every statement of every step of the schema
//! (steps.rs). In PostgreSQL it is the server that fails; there some verbs are tried in every run of the tests, and all of them with UNSAID_KILLS=all. For tests alone.

use super::tests::{database, dropped, server};
use super::tx::{Mode, Tx};
use super::{Base, SqlStore, transaction};
use crate::conformance::checks;
use crate::conformance::scene::Scene;
use crate::journal::{Entry, Journal, MemoryJournal};
use crate::{Result, StoreError};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use unsaid_delivery::Fact;
use unsaid_delivery::id::LetterId;

thread_local! {
    /// So many changes may still fail.
    static REHEARSES: Cell<u32> = const { Cell::new(0) };
    static FALLEN: Cell<u32> = const { Cell::new(0) };
    /// One change of each transaction fails, now the first, now a later one, instead of each.
    static ONCE: Cell<bool> = const { Cell::new(false) };
}

/// So many changes fail in one check; stories that do the same thing some hundred times are not longer for it.
const MOST: u32 = 120;
/// So many over PostgreSQL, where each takes longer, if it is not gone through whole.
const A_FEW: u32 = 30;

/// What a server of PostgreSQL cannot do.
pub(super) const FAILS: &str =
    "do $$ begin raise exception 'this statement was made to fail' using errcode = 'io_error'; end $$";

/// The statements of a step of the schema, without what it says about them.
pub(super) fn statements(sql: &str) -> Vec<String> {
    let said = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let text = said.collect::<Vec<_>>().join("\n");
    let all = text.split(';').map(|statement| statement.trim().to_owned());
    all.filter(|statement| !statement.is_empty()).collect()
}

/// What a transaction is told: at which of its changes it fails.
#[derive(Clone)]
pub(crate) struct Falls {
    at: u32,
    seen: Arc<AtomicU32>,
    fell: Arc<AtomicBool>,
}

impl Falls {
    /// Whether this statement fails.
    pub(super) fn at(&self, sql: &str) -> Option<StoreError> {
        let first = sql.split_whitespace().next().unwrap_or_default();
        if !matches!(first, "insert" | "update" | "delete" | "with" | "create" | "alter" | "drop") {
            return None;
        }
        let falls = self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.at;
        falls.then(|| {
            self.fell.store(true, Ordering::Relaxed);
            StoreError::Unavailable("this statement was made to fail".into())
        })
    }
}

/// One transaction, tried until no change of it fails any more.
pub(crate) struct Rehearsal {
    falls: Option<Falls>,
    before: String,
}

impl Rehearsal {
    pub(crate) async fn of(store: &SqlStore, mode: Mode) -> Self {
        if mode == Mode::Read || FALLEN.get() >= REHEARSES.get() {
            return Self { falls: None, before: String::new() };
        }
        let at = if ONCE.get() { 1 + FALLEN.get() % 4 } else { 1 };
        let falls = Falls { at, seen: Arc::default(), fell: Arc::default() };
        Self { falls: Some(falls), before: everything(store).await }
    }

    pub(crate) fn begins(&self, tx: &mut Tx) {
        if let Some(falls) = &self.falls {
            falls.seen.store(0, Ordering::Relaxed);
        }
        tx.falls = self.falls.clone();
    }

    /// Whether it failed because it was made to, and is to be tried again.
    pub(crate) async fn fell<T>(&mut self, store: &SqlStore, finished: Option<&Result<T>>) -> bool {
        let Some(falls) = &mut self.falls else { return false };
        if !falls.fell.swap(false, Ordering::Relaxed) {
            return false;
        }
        FALLEN.set(FALLEN.get() + 1);
        assert!(
            matches!(finished, Some(Err(StoreError::Unavailable(_)))),
            "change {} failed, and somebody was told that it went well, or something else",
            falls.at
        );
        assert_eq!(everything(store).await, self.before, "change {} failed and left something", falls.at);
        falls.at += 1;
        if ONCE.get() {
            self.falls = None;
        }
        true
    }
}

/// Every table, every row of it, and every fact that a start would find.
async fn everything(store: &SqlStore) -> String {
    let mut said = format!("{:?}", store.journal.replay(0).expect("the journal"));
    let Ok(mut tx) = store.begin(Mode::Read).await else { panic!("no transaction") };
    if let Base::Postgres(_) = store.base {
        let rows = "select cast(tablename as text),
                cast(query_to_xml('select * from ' || quote_ident(tablename), true, false, '') as text)
            from pg_tables where schemaname = 'public' order by 1";
        let made = "select indexdef from pg_indexes where schemaname = 'public' order by 1";
        for question in [rows, made] {
            for row in tx.query(question, &[]).await.expect("an answer") {
                said += &format!("\n{:?}", row.0.collect::<Vec<_>>());
            }
        }
        return said;
    }
    let made = "select coalesce(sql, '') from sqlite_master order by type, name";
    for mut row in tx.query(made, &[]).await.expect("what was made") {
        said += &format!("\n{}", row.next::<String>().expect("its statement"));
    }
    let tables = "select name from sqlite_master where type = 'table' order by name";
    for mut row in tx.query(tables, &[]).await.expect("the tables") {
        let table: String = row.next().expect("a name");
        // Statements are text that lives as long as the program; these live as long as the test.
        let question: &'static str = Box::leak(format!("select * from {table}").into_boxed_str());
        let mut rows: Vec<String> = tx
            .query(question, &[])
            .await
            .unwrap_or_else(|_| panic!("the rows of {table}"))
            .into_iter()
            .map(|row| format!("{:?}", row.0.collect::<Vec<_>>()))
            .collect();
        rows.sort();
        said += &format!("\n{table}: {rows:?}");
    }
    said
}

/// Runs this with every change failing first; gives how many did.
async fn rehearsed(check: impl Future<Output = ()>) -> u32 {
    rehearsed_upto(MOST, check).await
}

/// The same, with so many changes that fail.
pub(super) async fn rehearsed_upto(most: u32, check: impl Future<Output = ()>) -> u32 {
    REHEARSES.set(most);
    FALLEN.set(0);
    check.await;
    REHEARSES.set(0);
    FALLEN.get()
}

/// What a database server calls the time is read, and nothing else.
const READS_ALONE: &str = "server_time";

/// The verbs that are tried on PostgreSQL in every run of the tests, each transaction of them once.
const OFTEN: [&str; 8] =
    ["seal", "decided", "start_many", "recorded_many", "refuse", "open", "bounced", "amended"];

/// A check over PostgreSQL, every change of which fails on the server first.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment how much of them to run")]
async fn over_postgres(name: &str, check: impl AsyncFnOnce(&Scene<'_>)) {
    let all = std::env::var("UNSAID_KILLS").is_ok_and(|which| which == "all");
    if !all && !OFTEN.contains(&name) {
        return;
    }
    let Some(server) = server() else { return };
    let url = database(&server, &format!("rehearsed_{name:.40}")).await;
    let journal = Arc::new(MemoryJournal::new());
    let store = SqlStore::postgres(&url, journal.clone()).await.expect("a store");
    let facts = || journal.records().into_iter().map(|record| record.entry.fact).collect();
    let scene = Scene::new(&store, &facts);
    ONCE.set(!all);
    let fallen = rehearsed_upto(if all { MOST } else { A_FEW }, check(&scene)).await;
    assert!(fallen > 0 || name == READS_ALONE, "nothing was tried");
    drop(store);
    dropped(&server, &url).await;
}

macro_rules! every_change_of {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let (store, journal) = super::beside_a_journal().await;
                let facts = || journal.records().into_iter().map(|record| record.entry.fact).collect();
                let scene = super::Scene::new(&store, &facts);
                let fallen = super::rehearsed(super::checks::$name(&scene)).await;
                assert!(fallen > 0 || stringify!($name) == super::READS_ALONE, "nothing was tried");
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::over_postgres(stringify!($name), async |scene| super::checks::$name(scene).await).await;
            })*
        }
    };
}

crate::every_check!(every_change_of);

/// A store whose journal stands beside it.
async fn beside_a_journal() -> (SqlStore, Arc<MemoryJournal>) {
    let journal = Arc::new(MemoryJournal::new());
    let store = SqlStore::sqlite_in_memory(journal.clone()).await.expect("a store");
    (store, journal)
}

#[tokio::test]
async fn a_knock_its_link_its_wake_and_its_delivery_stand_or_fall_together() {
    let (store, journal) = beside_a_journal().await;
    let facts = || journal.records().into_iter().map(|record| record.entry.fact).collect();
    let scene = Scene::new(&store, &facts);
    let fallen = rehearsed(checks::decided(&scene)).await;
    assert!(fallen >= 20, "only {fallen} changes were made to fail");
}

#[tokio::test]
#[should_panic(expected = "somebody was told that it went well")]
async fn a_failure_that_nobody_hears_of_is_found() {
    let (store, _journal) = beside_a_journal().await;
    REHEARSES.set(MOST);
    let _said: Result<()> = transaction!(&store, Mode::Write, |tx| {
        let _nobody_hears = tx.exec("update house set refusals = refusals + 1 where id = 1", &[]).await;
        Ok(())
    });
}

#[tokio::test]
#[should_panic(expected = "and left something")]
async fn a_change_that_stays_behind_is_found() {
    let (store, journal) = beside_a_journal().await;
    REHEARSES.set(MOST);
    let _said: Result<()> = transaction!(&store, Mode::Write, |tx| {
        let undone = Fact::Undone { letter: LetterId([1; 16]) };
        let kept = Entry { subject: "kept".into(), rev: 1, fact: undone };
        journal.append(1, &[kept]).expect("it is kept, whatever becomes of the rows");
        tx.exec("update house set refusals = refusals + 1 where id = 1", &[]).await.map(drop)
    });
}

#[tokio::test]
async fn a_change_that_stays_behind_in_postgres_is_found() {
    let Some(server) = server() else { return };
    let url = database(&server, "stays_behind").await;
    let store = SqlStore::postgres(&url, Arc::new(MemoryJournal::new())).await.expect("a store");
    let before = everything(&store).await;
    let first: Result<u64> = transaction!(&store, Mode::Write, |tx| {
        tx.exec("update house set refusals = refusals + 1 where id = 1", &[]).await
    });
    assert_eq!(first.expect("a row"), 1);
    assert_ne!(everything(&store).await, before);
    drop(store);
    dropped(&server, &url).await;
}

#[test]
fn a_step_is_taken_apart_into_its_statements() {
    let step =
        "-- Why; and how.\ncreate table a (b bigint) /*strict*/; -- more; said\nupdate c set d = '';\n";
    assert_eq!(statements(step), ["create table a (b bigint) /*strict*/", "update c set d = ''"]);
}
