//! The three stores, fresh and empty for one test each, and the facts that they have committed.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use unsaid_delivery::Fact;
use unsaid_store::Store;
use unsaid_store::journal::MemoryJournal;
use unsaid_store::memory::MemoryStore;
use unsaid_store::sql::SqlStore;

/// Gives all facts of a store.
pub(crate) type Facts<'a> = &'a dyn Fn() -> Vec<Fact>;

/// The answer of a future that is ready at once, as the simulator needs it: polled once, with nobody to wake it.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the future was not ready at once"),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

fn facts_of(journal: &MemoryJournal) -> Vec<Fact> {
    journal.records().into_iter().map(|record| record.entry.fact).collect()
}

/// In memory. Its facts are those of the journal, and its own list of them is the same.
pub(crate) fn memory(check: impl AsyncFnOnce(&dyn Store, Facts<'_>)) {
    let journal = Arc::new(MemoryJournal::new());
    let store = MemoryStore::with_journal(journal.clone());
    at_once(check(&store, &|| facts_of(&journal)));
    assert_eq!(store.facts(), facts_of(&journal));
}

/// SQLite in memory, polled once like the memory store.
pub(crate) fn sqlite_in_memory(check: impl AsyncFnOnce(&dyn Store, Facts<'_>)) {
    let journal = Arc::new(MemoryJournal::new());
    let store = at_once(SqlStore::sqlite_in_memory(journal.clone())).expect("a store");
    at_once(check(&store, &|| facts_of(&journal)));
}

/// SQLite in a file of a folder that vanishes.
pub(crate) fn sqlite_in_a_file(check: impl AsyncFnOnce(&dyn Store, Facts<'_>)) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Arc::new(MemoryJournal::new());
    runtime().block_on(async {
        let path = folder.path().join("unsaid.sqlite");
        let store = SqlStore::sqlite(&path, journal.clone()).await.expect("a store");
        check(&store, &|| facts_of(&journal)).await;
    });
}

/// PostgreSQL, in a database of its own on the server that the environment names. It is dropped at the end, and before, if an earlier run left it.
#[expect(
    clippy::disallowed_methods,
    reason = "which server to use is a setting of the tests, not of the program"
)]
pub(crate) fn postgres(name: &str, check: impl AsyncFnOnce(&dyn Store, Facts<'_>)) {
    let Ok(server) = std::env::var("UNSAID_TEST_POSTGRES") else {
        let required = std::env::var("UNSAID_TEST_REQUIRE").is_ok_and(|value| value == "1");
        assert!(!required, "UNSAID_TEST_REQUIRE=1, but UNSAID_TEST_POSTGRES names no server");
        eprintln!("not run: UNSAID_TEST_POSTGRES names no server");
        return;
    };
    // Names are at most 63 bytes, and this run's own: other runs may use the same server at the same time.
    let database = format!("unsaid_{}_{:.40}", std::process::id(), name);
    let journal = Arc::new(MemoryJournal::new());
    runtime().block_on(async {
        command(&server, &format!("drop database if exists {database} with (force)")).await;
        command(&server, &format!("create database {database}")).await;
        let url = with_database(&server, &database);
        let store = SqlStore::postgres(&url, journal.clone()).await.expect("a store");
        check(&store, &|| facts_of(&journal)).await;
        drop(store);
        command(&server, &format!("drop database {database} with (force)")).await;
    });
}

/// The same server, another database.
fn with_database(server: &str, database: &str) -> String {
    let (before, options) = match server.split_once('?') {
        Some((before, options)) => (before, format!("?{options}")),
        None => (server, String::new()),
    };
    let start = before.find("://").map_or(0, |at| at + 3);
    let base = before[start..].find('/').map_or(before, |at| &before[..start + at]);
    format!("{base}/{database}{options}")
}

/// One command to the server itself.
async fn command(server: &str, text: &str) {
    let (client, connection) =
        tokio_postgres::connect(server, tokio_postgres::NoTls).await.expect("the server");
    let driver = tokio::spawn(connection);
    client.batch_execute(text).await.expect("the command");
    drop(client);
    let _ = driver.await;
}

#[test]
fn the_database_is_named_in_the_url_and_its_options_stay() {
    assert_eq!(with_database("postgres://u@127.0.0.1:5/postgres", "x"), "postgres://u@127.0.0.1:5/x");
    assert_eq!(with_database("postgres://u@h", "x"), "postgres://u@h/x");
    assert_eq!(
        with_database("postgres://u:p@h/a?sslmode=disable", "x"),
        "postgres://u:p@h/x?sslmode=disable"
    );
}

#[test]
#[should_panic(expected = "not ready at once")]
fn a_future_that_waits_is_found() {
    at_once(std::future::pending::<()>());
}
