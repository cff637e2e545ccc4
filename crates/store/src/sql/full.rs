//! No room at any moment: the database or the journal takes so much and no more, for every so much. What was acknowledged stands, what was refused left nothing behind, a fact and its row
//! agree, and when there is room again everything can be done. And others who write the same file meanwhile: they are waited for.

use super::tests::{Place, author, delivery, knock, now, sealed};
use super::tx::Mode;
use super::*;
use crate::care::Piece;
use crate::journal::{MemoryJournal, Record, Seq};
use crate::rows::*;
use crate::{CareStore, DraftStore, EngineStore, HouseStore, KeyStore, LetterStore, Result, StoreError};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use unsaid_delivery::clock::Mark;
use unsaid_delivery::id::{BootId, DraftId, LetterId, MessageId};
use unsaid_delivery::message::Notice;
use unsaid_delivery::state::{Delivery, State};

/// What people and time do, each of which writes. Gives how many of them were told yes, in their order; the first no ends it.
async fn a_day(store: &SqlStore, begun: &Delivery) -> (usize, Result<()>) {
    let mut done = 0;
    macro_rules! next {
        ($call:expr) => {
            match $call.await {
                Ok(answer) => {
                    done += 1;
                    answer
                }
                Err(error) => return (done, Err(error)),
            }
        };
    }
    let mark = Mark { trusted: now().trusted, observed: now().observed };
    next!(store.beat(BootId([3; 16]), mark));
    for nth in 0..6 {
        next!(store.put_draft(&author(), DraftId([nth; 16]), 0, vec![nth; 9_000], now()));
    }
    let letter = LetterId([60; 16]);
    next!(store.reserve_letter(&author(), letter, now()));
    next!(store.put_wrap(&author(), letter, 1, WrapKind::Author, vec![7; 6_000], 1));
    next!(store.seal(&author(), Seal { letter, version: 1, manifest: [6; 32], promise: None }, now()));
    next!(store.notify(&author(), Notice::Trial, MessageId([61; 16]), now()));
    let wait = unsaid_delivery::accept::Granted {
        state: State::Withdrawn { undone: false },
        wake: None,
        fact: unsaid_delivery::Fact::Withdrawn { letter: begun.letter },
        why: "a test",
    };
    next!(store.commit_author(&author(), begun, &wait, now()));
    (done, Ok(()))
}

/// How many things [`a_day`] does.
const DEEDS: usize = 12;

/// What of a day stands in the rows: each whole, or not at all.
async fn stands(store: &SqlStore, begun: &Delivery) -> usize {
    let drafts = store.drafts(&author()).await.unwrap();
    for draft in &drafts {
        assert_eq!(store.draft(&author(), draft.id).await.unwrap().0.len(), 9_000);
    }
    let mut stands = usize::from(store.house().await.unwrap().mark.is_some()) + drafts.len();
    let letter = LetterId([60; 16]);
    if store.letter(&author(), letter).await.is_ok() {
        let wrap = store.author_wrap(&author(), letter, 1).await;
        let is_sealed = store.letter(&author(), letter).await.unwrap().version == 1;
        stands += 1 + usize::from(wrap.is_ok_and(|wrap| wrap.len() == 6_000)) + usize::from(is_sealed);
    }
    stands += usize::from(store.message(MessageId([61; 16])).await.unwrap().is_some());
    let state = store.delivery(begun.id).await.unwrap().unwrap().delivery.state;
    stands + usize::from(state == State::Withdrawn { undone: false })
}

async fn pages(store: &SqlStore) -> i64 {
    transaction!(store, Mode::Read, |tx| tx.need("pragma page_count", &[]).await?.next()).unwrap()
}

async fn at_most(store: &SqlStore, pages: i64) {
    transaction!(store, Mode::Write, |tx| tx.batch(&format!("pragma max_page_count = {pages}")).await)
        .unwrap();
}

async fn balances(store: &SqlStore) {
    let night = store.balance(now()).await.unwrap();
    assert_eq!((night.lost, store.unbalanced(Piece::ALL, now()).await.unwrap()), (0, Vec::new()));
    assert_eq!(store.findings().await.unwrap(), []);
}

#[tokio::test]
async fn a_database_without_room_loses_nothing_that_was_acknowledged_and_keeps_nothing_that_was_not() {
    // As often as it was refused, so many pages there are to spare.
    for room in 0.. {
        let place = Place::new();
        let store = place.open().await;
        let begun = sealed(&store).await;
        let before = pages(&store).await;
        at_most(&store, before + room).await;
        let (done, ended) = a_day(&store, &begun).await;
        match &ended {
            Ok(()) => {
                assert!(room > 10, "it was full at many places: {room}");
                break;
            }
            Err(error) => assert!(matches!(error, StoreError::Full), "{error:?}"),
        }
        assert_eq!(stands(&store, &begun).await, done, "with room for {room}");
        // A start compares rows and journal; then there is room, and everything can be done.
        drop(store);
        let store = place.open().await;
        assert_eq!(stands(&store, &begun).await, done, "with room for {room}, after a start");
        balances(&store).await;
        store.put_draft(&author(), DraftId([99; 16]), 0, vec![9; 9_000], now()).await.unwrap();
        store.notify(&author(), Notice::Trial, MessageId([70; 16]), now()).await.unwrap();
    }
}

/// A journal that takes so many entries and no more.
struct Fills {
    journal: MemoryJournal,
    room: AtomicU64,
}

impl Journal for Fills {
    fn node(&self) -> &str {
        self.journal.node()
    }
    fn append(
        &self,
        generation: u32,
        entries: &[Entry],
    ) -> std::result::Result<RangeInclusive<Seq>, JournalError> {
        let many = entries.len() as u64;
        let took =
            self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| room.checked_sub(many));
        took.map_err(|_| JournalError::Full)?;
        self.journal.append(generation, entries)
    }
    fn void(&self, generation: u32, records: RangeInclusive<Seq>) -> std::result::Result<(), JournalError> {
        self.journal.void(generation, records)
    }
    fn replay(&self, after: Seq) -> std::result::Result<Vec<Record>, JournalError> {
        self.journal.replay(after)
    }
    fn keep_manifest(&self, name: &str, text: &str) -> std::result::Result<(), JournalError> {
        self.journal.keep_manifest(name, text)
    }
}

#[tokio::test]
async fn a_journal_without_room_leaves_no_row_behind_and_goes_on_when_there_is_room() {
    let all = {
        let journal = Arc::new(Fills { journal: MemoryJournal::new(), room: AtomicU64::new(1_000) });
        let store = SqlStore::sqlite_in_memory(journal.clone()).await.unwrap();
        let begun = sealed(&store).await;
        let before = journal.journal.records().len();
        assert_eq!(a_day(&store, &begun).await.0, DEEDS);
        (before, journal.journal.records().len())
    };
    assert!(all.1 > all.0 + 1);
    for room in all.0..all.1 {
        let journal = Arc::new(Fills { journal: MemoryJournal::new(), room: AtomicU64::new(room as u64) });
        let store = SqlStore::sqlite_in_memory(journal.clone()).await.unwrap();
        let begun = sealed(&store).await;
        let (done, ended) = a_day(&store, &begun).await;
        assert!(matches!(ended, Err(StoreError::Full)) && done < DEEDS, "{ended:?}");
        assert_eq!(stands(&store, &begun).await, done);
        assert_eq!(journal.journal.records().len(), room);
        balances(&store).await;
        // Codes, time and what carries no fact go on meanwhile.
        store.notify(&author(), Notice::Trial, MessageId([70; 16]), now()).await.unwrap();
        journal.room.store(10, Ordering::Relaxed);
        let as_read = delivery(&store).await;
        if as_read.state == begun.state {
            knock(&store, &as_read).await;
            assert_eq!(delivery(&store).await.state, State::Sending);
        }
        balances(&store).await;
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the other writer is a thread that holds on for a while")]
async fn whoever_else_writes_the_same_file_is_waited_for_and_nothing_is_lost() {
    let place = Place::new();
    let store = place.open().await;
    let begun = sealed(&store).await;
    let other = rusqlite::Connection::open(place.database()).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let waits = std::thread::spawn(move || {
        // Longer than the first deed takes to ask for its turn.
        std::thread::sleep(std::time::Duration::from_millis(700));
        other.execute_batch("commit").unwrap();
    });
    assert!(!waits.is_finished(), "it is held");
    assert_eq!(a_day(&store, &begun).await.0, DEEDS);
    waits.join().unwrap();
    assert_eq!(stands(&store, &begun).await, DEEDS);
    balances(&store).await;
}
