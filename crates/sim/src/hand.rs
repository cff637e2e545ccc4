//! One of the three stores, and how its futures are driven. Those of memory and of SQLite are ready at once; those of PostgreSQL want a runtime, which belongs to this thread alone, so
//! that what is planted and where a process ends is the same for all.

use crate::options::Over;
use crate::post::{Gate, held};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use unsaid_store::journal::{Journal, MemoryJournal, Seq};
use unsaid_store::memory::MemoryStore;
use unsaid_store::sql::adopt::Adopting;
use unsaid_store::sql::{Snapshot, SqlStore};
use unsaid_store::{Store, StoreError};

/// The store and what drives it.
pub(crate) struct Hand {
    pub(crate) store: Arc<dyn Store>,
    /// The same, where it is rows in memory.
    pub(crate) memory: Option<Arc<MemoryStore>>,
    /// The same, where it is SQLite: the one whose old copies are restored.
    sqlite: Option<Arc<SqlStore>>,
    /// The address of its database, where it is PostgreSQL, and how many copies were made of it.
    postgres: Option<(String, usize)>,
    journal: Arc<MemoryJournal>,
    runtime: Option<tokio::runtime::Runtime>,
    woken: Arc<Woken>,
}

/// All rows as they were, how many facts the journal held then, and whether the house was itself a copy that nobody had adopted.
pub(crate) struct Backup {
    rows: Rows,
    facts: Seq,
    inert: bool,
}

enum Rows {
    /// Of SQLite.
    Sqlite(Snapshot),
    /// Of PostgreSQL: the name of another database.
    Postgres(String),
}

/// Whether whoever is driven asked to be driven again.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How long PostgreSQL is given to answer before somebody looks whether anything else is to be done.
const A_MOMENT: Duration = Duration::from_millis(20);

impl Hand {
    /// An empty house.
    pub(crate) fn open(over: Over, seed: u64) -> Result<Self, String> {
        let cannot = |e: StoreError| format!("the store cannot be opened: {e}");
        let journal = Arc::new(MemoryJournal::new());
        let (mut memory, mut sqlite, mut postgres, mut runtime) = (None, None, None, None);
        let (kept, journal) = (Arc::clone(&journal), journal);
        let store: Arc<dyn Store> = match over {
            Over::Memory => {
                let store = Arc::new(MemoryStore::new());
                memory = Some(Arc::clone(&store));
                store
            }
            Over::Sqlite => {
                let store = Arc::new(now(SqlStore::sqlite_in_memory(journal)).map_err(cannot)?);
                sqlite = Some(Arc::clone(&store));
                store
            }
            Over::Postgres => {
                let rt = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|e| format!("no runtime: {e}"))?;
                let url = rt.block_on(database(seed))?;
                let store = rt.block_on(SqlStore::postgres(&url, journal)).map_err(cannot)?;
                runtime = Some(rt);
                postgres = Some((url, 0));
                Arc::new(store)
            }
        };
        Ok(Self { store, memory, sqlite, postgres, journal: kept, runtime, woken: Arc::default() })
    }

    /// A copy of all rows, as a backup takes it; none, where rows in memory are all that there is. The journal is kept elsewhere. No node may be running on PostgreSQL: there a copy is made of a
    /// database that nobody uses.
    pub(crate) fn backs_up(&mut self, inert: bool) -> Option<Backup> {
        let facts = self.journal.last().ok()?;
        if let Some(store) = &self.sqlite {
            return store.snapshot().ok().map(|rows| Backup { rows: Rows::Sqlite(rows), facts, inert });
        }
        let (url, copies) = self.postgres.as_mut()?;
        *copies += 1;
        let (url, copy) = (url.clone(), format!("{}_{copies}", name_in(url)));
        self.lets_go();
        let made = self.ask(copied(&url, name_in(&url), &copy));
        let again = self.ask(SqlStore::postgres(&url, self.journal())).map(Arc::new);
        self.store = again.unwrap_or_else(|e| unreachable!("the database was there a moment ago: {e}"));
        made.ok().map(|()| Backup { rows: Rows::Postgres(copy), facts, inert })
    }

    /// The rows of a backup take the place of the present ones; the journal is what it is. Says whether it has to be adopted: where nothing was written down since, the backup is no older than the house, and
    /// goes on as after any other start.
    pub(crate) fn restores(&mut self, backup: &Backup) -> Result<bool, StoreError> {
        let journal = self.journal();
        let last = journal.last().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let inert = backup.inert || last > backup.facts;
        let store = match &backup.rows {
            Rows::Sqlite(backup) => now(SqlStore::from_snapshot(backup, journal))?,
            Rows::Postgres(copy) => {
                let url = self.postgres.as_ref().map(|(url, _)| url.clone()).unwrap_or_default();
                self.lets_go();
                self.ask(copied(&url, copy, name_in(&url))).map_err(StoreError::Unavailable)?;
                self.ask(SqlStore::postgres(&url, journal))?
            }
        };
        self.ask(store.begins())?;
        self.takes(store);
        Ok(inert)
    }

    /// The host says that this is the living one.
    pub(crate) fn adopts(&mut self) -> Result<(), StoreError> {
        let journal = self.journal();
        let mut store = match (&self.sqlite, &self.postgres) {
            (Some(sqlite), _) => now(SqlStore::from_snapshot(&sqlite.snapshot()?, journal))?,
            (None, Some((url, _))) => self.ask(SqlStore::postgres(url, journal))?,
            (None, None) => return Ok(()),
        };
        self.ask(store.begins())?;
        self.ask(store.adopt(Adopting { beside: 0, without_journal: None }))?;
        self.takes(store);
        Ok(())
    }

    /// Nobody has the database open any more.
    fn lets_go(&mut self) {
        self.store = Arc::new(MemoryStore::new());
    }

    fn journal(&self) -> Arc<MemoryJournal> {
        Arc::clone(&self.journal)
    }

    fn takes(&mut self, store: SqlStore) {
        let store = Arc::new(store);
        if self.postgres.is_none() {
            self.sqlite = Some(Arc::clone(&store));
        }
        self.store = store;
    }

    /// Whether a transaction ends in the same breath in which it begins.
    pub(crate) fn answers_at_once(&self) -> bool {
        self.runtime.is_none()
    }

    /// Waits for an answer.
    pub(crate) fn ask<T>(&self, question: impl Future<Output = T>) -> T {
        match &self.runtime {
            Some(runtime) => runtime.block_on(question),
            None => now(question),
        }
    }

    /// Drives a node's turn until it is done, or nothing more happens in it by itself: it died, people want to act, or it waits for time.
    pub(crate) fn drive<T>(
        &self,
        turn: &mut Pin<Box<dyn Future<Output = T>>>,
        gate: &Mutex<Gate>,
        mut breath: impl FnMut(),
    ) -> Poll<T> {
        let stands = |gate: &Gate| gate.killed || !gate.moments.is_empty();
        match &self.runtime {
            None => {
                let waker = Waker::from(Arc::clone(&self.woken));
                loop {
                    self.woken.0.store(false, Ordering::Relaxed);
                    if let Poll::Ready(done) = turn.as_mut().poll(&mut Context::from_waker(&waker)) {
                        return Poll::Ready(done);
                    }
                    // Where the process ended between two steps its turn may go on for a moment, and draws no breath.
                    if held(gate).killed || unsaid_delivery::planted::steps_left() == Some(0) {
                        return Poll::Pending;
                    }
                    breath();
                    if stands(&held(gate)) || !self.woken.0.load(Ordering::Relaxed) {
                        return Poll::Pending;
                    }
                }
            }
            Some(runtime) => runtime.block_on(async {
                loop {
                    let done = std::future::poll_fn(|cx| match turn.as_mut().poll(cx) {
                        Poll::Ready(done) => Poll::Ready(Some(done)),
                        Poll::Pending if held(gate).killed => Poll::Ready(None),
                        Poll::Pending => Poll::Pending,
                    });
                    match tokio::time::timeout(A_MOMENT, done).await {
                        Ok(Some(done)) => return Poll::Ready(done),
                        Ok(None) => return Poll::Pending,
                        Err(_) => {}
                    }
                    // Rows that it has locked would be waited for in vain by whoever acts meanwhile.
                    let idle = unsaid_delivery::planted::open() == 0;
                    let waits = stands(&held(gate)) || !held(gate).sleepers.is_empty();
                    if idle && waits {
                        return Poll::Pending;
                    }
                }
            }),
        }
    }
}

/// A future that is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("this store answers at once"),
    }
}

/// The name of the database at this address.
fn name_in(url: &str) -> &str {
    url.rsplit_once('/').map_or("", |(_, name)| name)
}

/// One database becomes a copy of another, and nobody is asked who has either open.
async fn copied(url: &str, from: &str, to: &str) -> Result<(), String> {
    let said = |e: tokio_postgres::Error| format!("the database could not be copied: {e}");
    let (server, _) = url.rsplit_once('/').ok_or("the address of the server has no database's name")?;
    let (client, connection) =
        tokio_postgres::connect(&format!("{server}/postgres"), tokio_postgres::NoTls).await.map_err(said)?;
    let connection = tokio::spawn(connection);
    for open in [from, to] {
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
        client.execute(end, &[&open]).await.map_err(said)?;
    }
    client.batch_execute(&format!("drop database if exists {to} with (force)")).await.map_err(said)?;
    client.batch_execute(&format!("create database {to} template {from}")).await.map_err(said)?;
    drop(client);
    connection.abort();
    Ok(())
}

/// A database of its own on the server that scripts/with-postgres names.
#[expect(
    clippy::disallowed_methods,
    reason = "only the server under test is named there, as for every test that needs one"
)]
async fn database(seed: u64) -> Result<String, String> {
    let url = std::env::var("UNSAID_TEST_POSTGRES").map_err(|_| {
        "UNSAID_TEST_POSTGRES does not name a server. Run it as: scripts/with-postgres make sim STORE=postgres"
            .to_owned()
    })?;
    let said = |e: tokio_postgres::Error| format!("the server at UNSAID_TEST_POSTGRES does not answer: {e}");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.map_err(said)?;
    let connection = tokio::spawn(connection);
    let name = format!("sim_{}_{seed}", std::process::id());
    client.batch_execute(&format!("drop database if exists {name}; ")).await.map_err(said)?;
    client.batch_execute(&format!("create database {name}")).await.map_err(said)?;
    drop(client);
    connection.abort();
    let (server, _) = url.rsplit_once('/').ok_or("the address of the server has no database's name")?;
    Ok(format!("{server}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::Gate;
    use unsaid_delivery::planted;

    #[test]
    fn a_process_that_has_ended_draws_no_breath_though_its_turn_goes_on() {
        let hand = Hand::open(Over::Memory, 1).unwrap_or_else(|e| panic!("{e}"));
        let gate = Mutex::new(Gate::default());
        for (steps, breaths) in [(5, 3), (0, 0)] {
            // A turn that asks to be driven on three times, and then waits for ever.
            let mut left = 3;
            let mut turn: Pin<Box<dyn Future<Output = ()>>> = Box::pin(std::future::poll_fn(move |cx| {
                if left > 0 {
                    left -= 1;
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            }));
            planted::end_after(steps);
            let mut drawn = 0;
            assert!(hand.drive(&mut turn, &gate, || drawn += 1).is_pending());
            planted::lives();
            // Once more for the poll in which it asked for nothing.
            assert_eq!(drawn, if breaths > 0 { breaths + 1 } else { 0 });
        }
    }
}
