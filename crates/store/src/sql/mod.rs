//! The store in a database: SQLite in a file or in memory, or PostgreSQL. Each question's text is written once, beside its function, for
//! both ([`tx`]). This file opens a store and commits transactions; it knows no table but those of its own book-keeping.
//!
//! A transaction that carries facts commits in this order: its rows are locked, their revs checked and everything written; the manifests of
//! recovery are put in place; the facts are appended to the journal and flushed; their places are noted in `facts`; commit. If that
//! fails after the append, the records are voided, and if they cannot be voided, the process ends (a new start finds the records without
//! their places in `facts`, and replays them: [`replay`]).

mod accounts;
pub mod adopt;
mod alive;
mod amends;
mod apply;
mod asks;
pub mod backup;
mod balance;
mod boots;
mod breaker;
mod calls;
mod cards;
mod care;
mod codes;
#[cfg(test)]
mod conflicts;
#[cfg(test)]
mod crashes;
mod door;
mod drafts;
mod engine;
mod events;
#[cfg(test)]
mod full;
mod given;
mod groups;
mod holds;
mod house;
mod keeper_sets;
mod keys;
mod letters;
pub mod life_manifest;
mod limits;
mod lives;
mod lives_map;
mod lives_replay;
#[cfg(test)]
mod lives_restored;
mod map;
mod messages;
mod notes;
mod pair;
mod persons;
mod postgres;
mod proofs;
mod readers;
mod rebuild;
pub mod recovery;
mod rederive;
mod refusals;
#[cfg(test)]
mod rehearsal;
mod rehearsed;
mod replay;
mod replies;
#[cfg(test)]
mod restored;
mod schema;
mod seal;
mod server_time;
mod sessions;
mod sqlite;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod tests;
mod ticker;
mod tx;
mod uploads;
mod wakes;

use crate::journal::{Entry, Journal, JournalError};
use crate::limits::Limits;
use crate::{Result, StoreError};
use postgres::{Committed, Postgres};
use sqlite::Sqlite;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use tx::{Engine, Fault, Mode, Tx, values};

/// A transaction that the engine wants tried again is tried so often before somebody is told that the store does not answer.
const TRIES: u8 = 20;

/// The store in a database.
pub struct SqlStore {
    base: Base,
    journal: Arc<dyn Journal>,
    /// Ends the process. Called when the journal holds what the rows do not and cannot be told so; without it, this process would go on
    /// with rows that contradict facts.
    broken: Arc<dyn Fn() + Send + Sync>,
    /// Of the house, as it was at the start; it changes at an adoption alone, which is a start.
    generation: u32,
    /// None until somebody sets them ([`crate::HouseStore::keep_within`]).
    limits: RwLock<Limits>,
}

/// Rows of an earlier moment.
pub struct Snapshot(Sqlite);

#[derive(Clone)]
enum Base {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl SqlStore {
    /// In a file, which is made at the first start; its folder must be there. Steps forward and replays the journal before it answers.
    pub async fn sqlite(path: &Path, journal: Arc<dyn Journal>) -> Result<Self> {
        Self::open(Base::Sqlite(Sqlite::open(path)?), journal, &[], Arc::new(end)).await
    }

    /// The rows as they are now, kept in memory: for the simulator, which restores old ones ([`Self::from_snapshot`]).
    ///
    /// # Errors
    /// Unavailable in the middle of a transaction, and over PostgreSQL.
    pub fn snapshot(&self) -> Result<Snapshot> {
        match &self.base {
            Base::Sqlite(base) => base.copy().map(Snapshot),
            Base::Postgres(_) => Err(StoreError::Unavailable("PostgreSQL makes its own copies".into())),
        }
    }

    /// A house whose store is this old one: what its journal knows is replayed, and where that is more than a crash explains, it holds its letters ([`adopt`]). A snapshot can be
    /// used any number of times.
    pub async fn from_snapshot(snapshot: &Snapshot, journal: Arc<dyn Journal>) -> Result<Self> {
        Self::open(Base::Sqlite(snapshot.0.copy()?), journal, &[], Arc::new(end)).await
    }

    /// As [`Self::sqlite`], for the house itself: what other journals that stand beside this one know is replayed with it.
    pub async fn sqlite_with(
        path: &Path,
        journal: Arc<dyn Journal>,
        others: &[Arc<dyn Journal>],
    ) -> Result<Self> {
        Self::open(Base::Sqlite(Sqlite::open(path)?), journal, others, Arc::new(end)).await
    }

    /// As [`Self::postgres`], likewise.
    pub async fn postgres_with(
        url: &str,
        journal: Arc<dyn Journal>,
        others: &[Arc<dyn Journal>],
    ) -> Result<Self> {
        Self::open(Base::Postgres(Postgres::open(url)?), journal, others, Arc::new(end)).await
    }

    /// In memory, for tests and the simulator.
    pub async fn sqlite_in_memory(journal: Arc<dyn Journal>) -> Result<Self> {
        Self::open(Base::Sqlite(Sqlite::in_memory()?), journal, &[], Arc::new(end)).await
    }

    /// In PostgreSQL (`postgres://…` as tokio-postgres reads it; without TLS: see [`postgres`]). Needs a tokio runtime.
    pub async fn postgres(url: &str, journal: Arc<dyn Journal>) -> Result<Self> {
        Self::open(Base::Postgres(Postgres::open(url)?), journal, &[], Arc::new(end)).await
    }

    /// The same file, for a program that a mail server calls while a house may be open on it. It takes no step of the schema: a house that an older
    /// program keeps open goes on with the tables that it knows, and is waited for (Unavailable).
    pub async fn sqlite_beside(path: &Path, journal: Arc<dyn Journal>) -> Result<Self> {
        Self::beside(Base::Sqlite(Sqlite::open(path)?), journal).await
    }

    /// The same for PostgreSQL.
    pub async fn postgres_beside(url: &str, journal: Arc<dyn Journal>) -> Result<Self> {
        Self::beside(Base::Postgres(Postgres::open(url)?), journal).await
    }

    async fn beside(base: Base, journal: Arc<dyn Journal>) -> Result<Self> {
        let store = Self { base, journal, broken: Arc::new(end), generation: 1, limits: RwLock::default() };
        schema::needs_no_step(&store).await?;
        store.begun(&[]).await
    }

    async fn open(
        base: Base,
        journal: Arc<dyn Journal>,
        others: &[Arc<dyn Journal>],
        broken: Arc<dyn Fn() + Send + Sync>,
    ) -> Result<Self> {
        let store = Self { base, journal, broken, generation: 1, limits: RwLock::default() };
        schema::step_forward(&store).await?;
        store.begun(others).await
    }

    async fn begun(self, others: &[Arc<dyn Journal>]) -> Result<Self> {
        let mut store = self;
        store.generation = house::generation(&store).await?;
        replay::replay(&store, others).await?;
        Ok(store)
    }

    /// How many appends may stand in the journal without their commit when a process dies.
    fn in_flight(&self) -> usize {
        match self.base {
            Base::Sqlite(_) => 1,
            Base::Postgres(_) => postgres::CONNECTIONS,
        }
    }

    async fn begin(&self, mode: Mode) -> std::result::Result<Tx, Fault> {
        unsaid_delivery::planted::step();
        let limits = *self.limits.read().unwrap_or_else(PoisonError::into_inner);
        let engine = match &self.base {
            Base::Sqlite(base) => Engine::Sqlite(base.begin(mode == Mode::Read).await?),
            Base::Postgres(base) => Engine::Postgres(base.begin(mode).await?),
        };
        Ok(Tx::new(engine, limits))
    }

    /// Commits what went well and takes back the rest. None: the engine wants it tried again.
    async fn finish<T>(&self, mut tx: Tx, answer: Result<T>) -> Option<Result<T>> {
        if tx.again {
            return None;
        }
        let value = match answer {
            Ok(value) => value,
            Err(error) => return Some(Err(error)),
        };
        if let Err(error) = notes::of_facts(&mut tx).await {
            return if tx.again { None } else { Some(Err(error)) };
        }
        match self.commit(tx).await {
            Ok(()) => Some(Ok(value)),
            Err(Fault::Again) => None,
            Err(Fault::Cannot(error)) => Some(Err(error)),
        }
    }

    async fn commit(&self, tx: Tx) -> std::result::Result<(), Fault> {
        unsaid_delivery::planted::step();
        let commit = Commit {
            base: self.base.clone(),
            journal: Arc::clone(&self.journal),
            broken: Arc::clone(&self.broken),
            generation: self.generation,
        };
        if matches!(self.base, Base::Postgres(_)) && !tx.entries.is_empty() {
            // In a task of its own: whoever waits for it may go away between the append and the commit.
            let committed = tokio::spawn(commit.run(tx)).await;
            return committed.unwrap_or_else(|_| {
                (self.broken)();
                Err(unavailable("a commit was broken off"))
            });
        }
        commit.run(tx).await
    }
}

/// Runs a transaction, again where the engine asks for it: `transaction!(store, Mode, |tx| { … Ok(answer) })`. The block runs from its
/// beginning each time, so it must not use up what it is given.
macro_rules! transaction {
    ($store:expr, $mode:expr, |$tx:ident| $body:expr) => {{
        let store: &$crate::sql::SqlStore = $store;
        let mut tries = 0;
        #[cfg(test)]
        let mut rehearsal = $crate::sql::rehearsal::Rehearsal::of(store, $mode).await;
        loop {
            tries += 1;
            let finished = match store.begin($mode).await {
                Ok(mut $tx) => {
                    #[cfg(test)]
                    rehearsal.begins(&mut $tx);
                    let answer: $crate::Result<_> = async { $body }.await;
                    store.finish($tx, answer).await
                }
                Err($crate::sql::tx::Fault::Again) => None,
                Err($crate::sql::tx::Fault::Cannot(error)) => Some(Err(error)),
            };
            #[cfg(test)]
            if rehearsal.fell(store, finished.as_ref()).await {
                tries = 0;
                continue;
            }
            match finished {
                Some(answer) => break answer,
                None if tries < $crate::sql::TRIES => {}
                None => break Err($crate::StoreError::Unavailable("others were always first".into())),
            }
        }
    }};
}
pub(crate) use transaction;

/// What a commit needs; it can run without the store that began it.
struct Commit {
    base: Base,
    journal: Arc<dyn Journal>,
    broken: Arc<dyn Fn() + Send + Sync>,
    generation: u32,
}

impl Commit {
    async fn run(self, mut tx: Tx) -> std::result::Result<(), Fault> {
        let mut before = Vec::new();
        for (name, text) in std::mem::take(&mut tx.manifests) {
            // Nothing was appended yet, so nothing has to be voided if this cannot be.
            let stood = self.journaled(move |journal| {
                let stood = journal.manifest(&name)?;
                journal.keep_manifest(&name, &text)?;
                Ok((name, stood))
            });
            before.push(stood.await.map_err(cannot)?);
        }
        let entries = std::mem::take(&mut tx.entries);
        let thinned = std::mem::take(&mut tx.thinned);
        let committed = if entries.is_empty() {
            match self.end(&mut tx, None).await {
                Committed::Yes => Ok(()),
                Committed::No(fault) => Err(fault),
                Committed::Unknown => return Err(unavailable("nobody knows whether it was committed")),
            }
        } else {
            self.with_facts(tx, entries).await
        };
        if let Err(fault) = committed {
            self.put_back(before).await;
            return Err(fault);
        }
        for (name, text) in thinned {
            // The rows stand already, and the fact that took the wraps is in the journal: whoever adopts goes by that.
            if self.journaled(move |journal| journal.keep_manifest(&name, &text)).await.is_err() {
                tracing::error!("a manifest of recovery could not be written anew");
            }
        }
        Ok(())
    }

    /// What was never committed needs no manifest, and what stood before stands on.
    async fn put_back(&self, before: Vec<(String, Option<String>)>) {
        for (name, stood) in before {
            let put = self.journaled(move |journal| match stood {
                Some(text) => journal.keep_manifest(&name, &text),
                None => journal.drop_manifest(&name),
            });
            if put.await.is_err() {
                tracing::error!("a manifest of recovery could not be put back");
            }
        }
    }

    async fn with_facts(&self, mut tx: Tx, entries: Vec<Entry>) -> std::result::Result<(), Fault> {
        let name = match &mut tx.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(tx) => Some(tx.name().await?),
        };
        let generation = self.generation;
        let places =
            self.journaled(move |journal| journal.append(generation, &entries)).await.map_err(|error| {
                if matches!(error, JournalError::Broken(_)) {
                    // It may have been flushed or not; only the next start can find out.
                    (self.broken)();
                }
                cannot(error)
            })?;
        let mut committed = Committed::Yes;
        let (node, first, last) = (self.journal.node(), *places.start(), *places.end());
        let noted = tx
            .exec(
                "with recursive places (node, seq) as (
                     select cast($1 as text), cast($2 as bigint)
                     union all select node, seq + 1 from places where seq < $3)
                 insert into facts (node, seq) select node, seq from places",
                values![node, first, last],
            )
            .await;
        if let Err(error) = noted {
            committed = Committed::No(if tx.again { Fault::Again } else { Fault::Cannot(error) });
        }
        if matches!(committed, Committed::Yes) {
            committed = self.end(&mut tx, name.as_deref()).await;
        }
        match committed {
            Committed::Yes => Ok(()),
            Committed::No(fault) => {
                // Before the lock is let go: `tx` is still alive here.
                let voided = self.journaled(move |journal| journal.void(generation, places)).await;
                drop(tx);
                if let Err(error) = voided {
                    (self.broken)();
                    return Err(cannot(error));
                }
                Err(fault)
            }
            Committed::Unknown => {
                // Neither voiding nor going on would be true; the next start compares journal and rows.
                (self.broken)();
                Err(unavailable("nobody knows whether it was committed"))
            }
        }
    }

    async fn end(&self, tx: &mut Tx, name: Option<&str>) -> Committed {
        match (&mut tx.engine, &self.base) {
            (Engine::Sqlite(tx), _) => tx.commit().map_or_else(Committed::No, |()| Committed::Yes),
            (Engine::Postgres(tx), Base::Postgres(base)) => match (tx.commit().await, name) {
                (Committed::Unknown, Some(name)) => base.became_of(name).await,
                (committed, _) => committed,
            },
            (Engine::Postgres(_), Base::Sqlite(_)) => Committed::No(unavailable("two bases in one store")),
        }
    }

    /// Asks the journal: in-line beside SQLite, whose futures are ready at once; on a thread that may wait for a disk beside PostgreSQL.
    async fn journaled<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Journal) -> std::result::Result<T, JournalError> + Send + 'static,
    ) -> std::result::Result<T, JournalError> {
        match &self.base {
            Base::Sqlite(_) => ask(&*self.journal),
            Base::Postgres(_) => {
                let journal = Arc::clone(&self.journal);
                tokio::task::spawn_blocking(move || ask(&*journal))
                    .await
                    .unwrap_or_else(|_| Err(JournalError::Broken("its thread ended".into())))
            }
        }
    }
}

fn cannot(error: JournalError) -> Fault {
    if matches!(error, JournalError::Full) {
        return Fault::Cannot(StoreError::Full);
    }
    tracing::error!(%error, "the journal does not answer");
    unavailable("the journal does not answer")
}

fn unavailable(why: &str) -> Fault {
    Fault::Cannot(StoreError::Unavailable(why.into()))
}

/// What is acknowledged and what is stored can no longer be kept together by this process; the next one begins with a replay.
fn end() {
    tracing::error!(
        "the journal cannot be trusted any further in this process; it ends, and the next start compares"
    );
    std::process::abort();
}
