//! What PostgreSQL asks to be tried again (a deadlock, a serialization failure, at a statement or only at the commit) is tried again inside the store: nobody sees it, nothing is done twice, and
//! no fact of what was taken back is known. Whoever is never let through is told so, and has changed nothing. Real conflicts on a real server; for tests alone.

use super::tests::{database, dropped, server};
use super::tx::Mode;
use super::{SqlStore, TRIES, transaction};
use crate::journal::{Journal, MemoryJournal};
use crate::{Result, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Barrier;
use unsaid_delivery::Fact;
use unsaid_delivery::id::LetterId;

/// A store with two rows over which people can fall.
struct Crossing {
    store: SqlStore,
    journal: Arc<MemoryJournal>,
    server: String,
    url: String,
    /// How often anybody began.
    tries: AtomicUsize,
    both: Barrier,
}

const LEFT: &str = "update crossing set n = n + 1 where id = 1";
const RIGHT: &str = "update crossing set n = n + 1 where id = 2";

impl Crossing {
    async fn open(name: &str) -> Option<Self> {
        let server = server()?;
        let url = database(&server, name).await;
        let journal = Arc::new(MemoryJournal::new());
        let store = SqlStore::postgres(&url, journal.clone()).await.unwrap();
        let made: Result<()> = transaction!(&store, Mode::Write, |tx| {
            tx.batch("create table crossing (id bigint primary key, n bigint not null); insert into crossing values (1, 0), (2, 0)")
                .await
        });
        made.unwrap();
        Some(Self { store, journal, server, url, tries: AtomicUsize::new(0), both: Barrier::new(2) })
    }

    /// Takes one row, then the other, and says so. Whoever does it for the first time waits until two have begun.
    async fn cross(&self, first: &'static str, then: &'static str, who: u8) -> Result<()> {
        let begun = AtomicUsize::new(0);
        transaction!(&self.store, Mode::Write, |tx| {
            self.tries.fetch_add(1, Ordering::SeqCst);
            tx.exec(first, &[]).await?;
            if begun.fetch_add(1, Ordering::SeqCst) == 0 {
                self.both.wait().await;
            }
            tx.exec(then, &[]).await?;
            tx.fact(who, 1, fact(who));
            Ok(())
        })
    }

    /// Reads both rows and changes one, so that two who do it at once cannot both have been first.
    async fn count(&self, mine: &'static str, who: u8) -> Result<i64> {
        let begun = AtomicUsize::new(0);
        transaction!(&self.store, Mode::Serial, |tx| {
            self.tries.fetch_add(1, Ordering::SeqCst);
            let seen: i64 = tx.need("select cast(sum(n) as bigint) from crossing", &[]).await?.next()?;
            if begun.fetch_add(1, Ordering::SeqCst) == 0 {
                self.both.wait().await;
            }
            tx.exec(mine, &[]).await?;
            tx.fact(who, 1, fact(who));
            Ok(seen)
        })
    }

    async fn rows(&self) -> Vec<i64> {
        let rows: Result<Vec<i64>> = transaction!(&self.store, Mode::Read, |tx| {
            let rows = tx.query("select n from crossing order by id", &[]).await?;
            rows.into_iter().map(|mut row| row.next()).collect()
        });
        rows.unwrap()
    }

    /// What a start would know.
    fn known(&self) -> Vec<Fact> {
        let mut known: Vec<Fact> =
            self.journal.replay(0).unwrap().into_iter().map(|record| record.entry.fact).collect();
        known.sort_by_key(|fact| format!("{fact:?}"));
        known
    }

    async fn end(self) {
        drop(self.store);
        dropped(&self.server, &self.url).await;
    }
}

fn fact(who: u8) -> Fact {
    Fact::Undone { letter: LetterId([who; 16]) }
}

#[tokio::test]
async fn of_two_in_a_deadlock_both_are_done_once_and_nobody_sees_it() {
    let Some(crossing) = Crossing::open("deadlock").await else { return };
    let (one, other) = tokio::join!(crossing.cross(LEFT, RIGHT, 1), crossing.cross(RIGHT, LEFT, 2));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    // How often they meet again is PostgreSQL's affair.
    assert!(crossing.tries.load(Ordering::SeqCst) >= 3, "one of them was tried again");
    assert_eq!(crossing.rows().await, [2, 2]);
    assert_eq!(crossing.known(), [fact(1), fact(2)]);
    crossing.end().await;
}

#[tokio::test]
async fn of_two_who_read_what_the_other_changes_one_is_tried_again_and_sees_it() {
    let Some(crossing) = Crossing::open("serial").await else { return };
    let (one, other) = tokio::join!(crossing.count(LEFT, 1), crossing.count(RIGHT, 2));
    let mut seen = [one.unwrap(), other.unwrap()];
    seen.sort_unstable();
    assert_eq!(seen, [0, 1], "as if one had come after the other");
    assert!(crossing.tries.load(Ordering::SeqCst) >= 3);
    assert_eq!(crossing.rows().await, [1, 1]);
    assert_eq!(crossing.known(), [fact(1), fact(2)], "what was taken back is known to nobody");
    crossing.end().await;
}

#[tokio::test]
async fn who_is_never_let_through_is_told_so_and_has_changed_nothing() {
    let Some(crossing) = Crossing::open("never").await else { return };
    let (others, connection) = tokio_postgres::connect(&crossing.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let said: Result<()> = transaction!(&crossing.store, Mode::Serial, |tx| {
        tx.query("select n from crossing", &[]).await?;
        // Somebody is always first.
        others.batch_execute(LEFT).await.unwrap();
        tx.exec(LEFT, &[]).await?;
        tx.exec(RIGHT, &[]).await?;
        tx.fact(1, 1, fact(1));
        Ok(())
    });
    assert!(matches!(said, Err(StoreError::Unavailable(_))), "{said:?}");
    assert_eq!(crossing.rows().await, [i64::from(TRIES), 0], "theirs alone");
    assert_eq!(crossing.known(), []);
    drop(others);
    crossing.end().await;
}
