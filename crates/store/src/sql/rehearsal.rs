//! Every change of every transaction fails once before it is made: the first statement that changes something, then the second, and so on to the one that notes the
//! places of its facts. After each the rows, and what the journal gives back, are what they were, and nobody was told that it went well. Only then it is done for
//! good. The whole conformance suite is gone through like this, so a verb that the suite calls is a verb that is tried here. For tests alone.

use super::tx::{Engine, Mode, Tx};
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
    static REHEARSES: Cell<bool> = const { Cell::new(false) };
    static FALLEN: Cell<u32> = const { Cell::new(0) };
}

/// So many changes fail in one check; stories that do the same thing some hundred times are not longer for it.
const MOST: u32 = 120;

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
        if !matches!(first, "insert" | "update" | "delete" | "with") {
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
        if mode == Mode::Read || !REHEARSES.get() || FALLEN.get() >= MOST {
            return Self { falls: None, before: String::new() };
        }
        let falls = Falls { at: 1, seen: Arc::default(), fell: Arc::default() };
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
        true
    }
}

/// Every row of every table, and every fact that a start would find.
async fn everything(store: &SqlStore) -> String {
    let mut said = format!("{:?}", store.journal.replay(0).expect("the journal"));
    let Ok(mut tx) = store.begin(Mode::Read).await else { panic!("no transaction") };
    let tables = match (&tx.engine, &store.base) {
        (Engine::Sqlite(_), Base::Sqlite(_)) => {
            "select name from sqlite_master where type = 'table' order by name"
        }
        _ => "select cast(tablename as text) from pg_tables where schemaname = 'public' order by 1",
    };
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
    REHEARSES.set(true);
    FALLEN.set(0);
    check.await;
    REHEARSES.set(false);
    FALLEN.get()
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
                // What a database server calls the time is read, and nothing else.
                let reads_alone = stringify!($name) == "server_time";
                assert!(fallen > 0 || reads_alone, "nothing was tried");
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
    REHEARSES.set(true);
    let _said: Result<()> = transaction!(&store, Mode::Write, |tx| {
        let _nobody_hears = tx.exec("update house set refusals = refusals + 1 where id = 1", &[]).await;
        Ok(())
    });
}

#[tokio::test]
#[should_panic(expected = "and left something")]
async fn a_change_that_stays_behind_is_found() {
    let (store, journal) = beside_a_journal().await;
    REHEARSES.set(true);
    let _said: Result<()> = transaction!(&store, Mode::Write, |tx| {
        let undone = Fact::Undone { letter: LetterId([1; 16]) };
        let kept = Entry { subject: "kept".into(), rev: 1, fact: undone };
        journal.append(1, &[kept]).expect("it is kept, whatever becomes of the rows");
        tx.exec("update house set refusals = refusals + 1 where id = 1", &[]).await.map(drop)
    });
}
