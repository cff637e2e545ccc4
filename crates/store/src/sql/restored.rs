//! An old copy of the database beside a journal that knows more: what happened since is in the rows again, nothing that was accepted is sent twice, and the copy sends
//! nothing until it is adopted. And the ways in which a store is found out not to be the living one.

use super::adopt::Adopting;
use super::tests::{
    ACCOUNT, ADDRESS, DELIVERY, LETTER, LINK, MESSAGE, PERSON, Place, author, delivery, knock, now, sealed,
};
use super::tx::{Mode, values};
use super::*;
use crate::journal::FileJournal;
use crate::rows::*;
use crate::{AccountStore, CareStore, EngineStore, HouseStore, LetterStore, PersonStore, ReaderStore};
use std::path::PathBuf;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::*;
use unsaid_delivery::record::{Answer, answered};
use unsaid_delivery::rule::{Birthday, Gate, LeapDay, Moment, Proof, Reach, Rule};
use unsaid_delivery::state::{Rest, State};
use unsaid_delivery::{Fact, MessageState, Scope, accept};

const SECOND: LetterId = LetterId([44; 16]);
const SECOND_DELIVERY: DeliveryId = DeliveryId([45; 16]);
const OTHER: PersonId = PersonId([46; 16]);

const PLAIN: Adopting = Adopting { beside: 0, without_journal: None };

async fn holds(store: &SqlStore) -> Vec<Hold> {
    store.holds().await.unwrap().into_iter().map(|one| one.what).collect()
}

/// The database as it is now, kept beside.
fn back_up(place: &Place) -> PathBuf {
    let to = place.database().with_extension("backup");
    backup::copy(&place.database(), &to, &mut |_, _| {}).unwrap();
    to
}

/// The disk is lost, and the backup is all there is of the store.
fn restore(place: &Place, from: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let _gone = std::fs::remove_file(format!("{}{ending}", place.database().display()));
    }
    std::fs::copy(from, place.database()).unwrap();
}

async fn seal_second(store: &SqlStore, moment: Moment, occurrence: i16) {
    let address = NewAddress { id: AddressId([47; 16]), sealed: SealedText(vec![5]), key: Keyed([48; 32]) };
    let person =
        NewPerson { id: OTHER, zone: Some("UTC".into()), language: "es".into(), address: Some(address) };
    store.add_person(&author(), person, now()).await.unwrap();
    store.reserve_letter(&author(), SECOND, now()).await.unwrap();
    for (kind, bytes) in [(WrapKind::Author, vec![0xc1]), (WrapKind::Host, vec![0xd1])] {
        store.put_wrap(&author(), SECOND, 1, kind, bytes, 1).await.unwrap();
    }
    let promise = Promise {
        delivery: SECOND_DELIVERY,
        person: OTHER,
        rule: Rule { gate: Gate::None, moment, reach: Reach::Send, proof: Proof::None },
        occurrence,
        rest: Rest { until: now().trusted, observed: now().observed },
        due: now().trusted,
        tzdb: "test".into(),
        proof: None,
    };
    let seal = Seal { letter: SECOND, version: 1, manifest: [77; 32], promise: Some(promise) };
    store.seal(&author(), seal, now()).await.unwrap();
}

/// The knock to the first person leaves and is accepted.
async fn accepted(store: &SqlStore) {
    let as_read = delivery(store).await;
    knock(store, &as_read).await;
    let taken = store.take(BootId([8; 16]), Lane::Letters, now(), 9).await.unwrap();
    let taken = taken.into_iter().find(|t| t.of == WakeOf::Message(MESSAGE)).unwrap();
    let row = store.message(MESSAGE).await.unwrap().unwrap().message;
    let StartAnswer::Started(row) = store.start(&taken, &row, now().trusted, now()).await.unwrap() else {
        panic!("it may leave")
    };
    store.recorded(&taken, &row, &answered(&row, Answer::Accepted, now()), now()).await.unwrap();
}

#[tokio::test]
async fn an_old_copy_learns_what_happened_since_and_sends_nothing_until_it_is_adopted() {
    let place = Place::new();
    let backup = {
        let store = place.open().await;
        sealed(&store).await;
        back_up(&place)
    };
    {
        let store = place.open().await;
        accepted(&store).await;
        seal_second(&store, Moment::AtOnce, 0).await;
        let reader = store.knock(LINK).await.unwrap().unwrap().reader;
        store.refuse(&reader, Scope::Quiet, now()).await.unwrap();
    }
    restore(&place, &backup);
    let mut store = place.open().await;
    store.begins().await.unwrap();
    assert_eq!(holds(&store).await, [Hold::NotAdopted]);
    // What was accepted is not sent again, and its link works.
    let row = store.message(MESSAGE).await.unwrap().unwrap().message;
    assert_eq!((row.state, row.nth, row.address), (MessageState::Accepted, 1, Some(ADDRESS)));
    assert_eq!(delivery(&store).await.state, State::Knocked(1));
    let reader = store.knock(LINK).await.unwrap().unwrap().reader;
    assert_eq!(store.refusals(&reader).await.unwrap().len(), 1, "their no stands");
    // The letter that was sealed after the backup stands as it was sealed.
    let letter = store.letter(&author(), SECOND).await.unwrap();
    assert_eq!((letter.version, letter.kept), (1, Kept::House));
    let promised = letter.delivery.unwrap();
    assert_eq!((promised.id, promised.person, promised.state), (SECOND_DELIVERY, OTHER, State::Resting));
    let held = store.unproven(&author(), SECOND, 1).await.unwrap();
    assert_eq!((held.has_author_wrap, held.host_wrap), (true, Some(vec![0xd1])));
    let persons = store.persons(&author()).await.unwrap();
    let other = persons.iter().find(|p| p.id == OTHER).unwrap();
    assert_eq!((other.language.as_str(), other.addresses.len()), ("es", 1));
    // Another start finds nothing new, and still holds.
    drop(store);
    store = place.open().await;
    store.begins().await.unwrap();
    assert_eq!(holds(&store).await, [Hold::NotAdopted]);

    let session = Keyed([99; 32]);
    store.open_session(session, ACCOUNT, now()).await.unwrap();
    let done = store.adopt(PLAIN).await.unwrap();
    assert_eq!((done.generation, done.released), (2, vec![Hold::NotAdopted]));
    assert_eq!((done.rebuilt, done.unmade.len()), (vec![(SECOND, 1)], 0));
    assert!(
        done.found.iter().any(|(kind, became, _)| kind == "accepted" && became == "rebuilt"),
        "{:?}",
        done.found
    );
    assert!(store.session(session, now()).await.unwrap().is_none(), "who was signed out stays signed out");
    assert!(holds(&store).await.is_empty());
    assert_eq!(store.house().await.unwrap().generation, 2);
    drop(store);
    let store = place.open().await;
    store.begins().await.unwrap();
    assert!(holds(&store).await.is_empty(), "a start after it is a start like any other");
    let fact = place_facts(&store);
    assert!(fact.contains(&Fact::Adopted { generation: 2 }));
    drop(store);

    // The old copy comes alive once more.
    restore(&place, &backup);
    let store = place.open().await;
    store.begins().await.unwrap();
    assert!(holds(&store).await.contains(&Hold::TwoGenerations), "{:?}", holds(&store).await);
}

fn place_facts(store: &SqlStore) -> Vec<Fact> {
    store.journal.replay(0).unwrap().into_iter().map(|record| record.entry.fact).collect()
}

#[tokio::test]
async fn what_was_taken_back_and_opened_since_is_taken_back_and_opened() {
    let place = Place::new();
    let backup = {
        let store = place.open().await;
        sealed(&store).await;
        seal_second(&store, Moment::AtOnce, 0).await;
        back_up(&place)
    };
    {
        let store = place.open().await;
        accepted(&store).await;
        let reader = store.knock(LINK).await.unwrap().unwrap().reader;
        let as_read = delivery(&store).await;
        let granted = accept::open(&as_read).unwrap().unwrap();
        store.open(&reader, &as_read, &granted, now()).await.unwrap();
        let second = store.letter(&author(), SECOND).await.unwrap().delivery.unwrap();
        let granted = accept::Granted {
            state: State::Withdrawn { undone: false },
            wake: None,
            fact: Fact::Withdrawn { letter: SECOND },
            why: "a test",
        };
        store.commit_author(&author(), &second, &granted, now()).await.unwrap();
    }
    restore(&place, &backup);
    let store = place.open().await;
    store.begins().await.unwrap();
    assert_eq!(holds(&store).await, [Hold::NotAdopted]);
    let opened = delivery(&store).await;
    assert_eq!((opened.state, opened.pinned), (State::Opened, true));
    let letter = store.letter(&author(), SECOND).await.unwrap();
    assert!(letter.withdrew);
    assert_eq!(letter.delivery.unwrap().state, State::Withdrawn { undone: false });
    assert!(store.unproven(&author(), SECOND, 1).await.unwrap().host_wrap.is_none(), "nothing opens it");
    let late = Now { observed: Observed(9_000_000), ..now() };
    assert!(store.take(BootId([9; 16]), Lane::Letters, late, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_birthday_that_was_knocked_for_since_is_not_knocked_for_again_and_the_next_is_foreseen() {
    let place = Place::new();
    let moment = || Moment::EachBirthday {
        until: 2040,
        birthday: Birthday { month: 5, day: 10, leap: LeapDay::February28 },
        time: jiff::civil::time(9, 0, 0, 0),
        zone: "UTC".into(),
    };
    let backup = {
        let store = place.open().await;
        sealed(&store).await;
        seal_second(&store, moment(), 2027).await;
        back_up(&place)
    };
    let told = unsaid_delivery::fact::ToldOf {
        delivery: occurrence_id(SECOND, 2028),
        letter: SECOND,
        occurrence: 2028,
    };
    let knocked = |n: u8, told| {
        let knock = unsaid_delivery::fact::Knocked {
            person: OTHER,
            series: 1,
            nth: 1,
            address: AddressId([47; 16]),
            link: [n; 32],
            told: vec![told],
        };
        let message = MessageId([n; 16]);
        super::tests::entry(message, 3, Fact::Accepted { message, knock: Some(knock) })
    };
    // And a question that was no knock: its row does not come back, and nobody is called for that.
    let question = MessageId([92; 16]);
    let asked = super::tests::entry(question, 3, Fact::Accepted { message: question, knock: None });
    place.journal().append(1, &[knocked(90, told), asked]).unwrap();
    restore(&place, &backup);
    let mut store = place.open().await;
    assert_eq!(holds(&store).await, [Hold::NotAdopted], "no crash explains a message that nobody knows");
    let letter = store.letter(&author(), SECOND).await.unwrap();
    let mut states: Vec<(i16, State)> = letter.deliveries.iter().map(|d| (d.occurrence, d.state)).collect();
    states.sort_by_key(|(year, _)| *year);
    assert_eq!(
        states,
        [(2027, State::Unreachable), (2028, State::Knocked(1)), (2029, State::Waiting)],
        "what was missed is over, what was told is told, and the next waits"
    );
    store.adopt(PLAIN).await.unwrap();
    store.balance(now()).await.unwrap();
    assert_eq!(store.findings().await.unwrap(), [], "everything that has to be in the rows is there");
    // The knock that was rebuilt is looked for, and missed.
    transaction!(&store, Mode::Write, |tx| {
        tx.exec("update messages set state = 'dropped' where id = $1", values![MessageId([90; 16])]).await?;
        tx.exec("delete from balanced", &[]).await
    })
    .unwrap();
    store.balance(now()).await.unwrap();
    let found: Vec<_> = store.findings().await.unwrap().into_iter().map(|finding| finding.wrong).collect();
    assert_eq!(found, [crate::care::Wrong::FactWithoutRow]);
}

#[tokio::test]
async fn a_journal_that_is_gone_or_older_holds_the_house_until_its_host_says_so() {
    let place = Place::new();
    {
        let store = place.open().await;
        sealed(&store).await;
        let as_read = delivery(&store).await;
        knock(&store, &as_read).await;
    }
    // A start notes how far the journal was compared.
    drop(place.open().await);
    let folder = place.database().parent().unwrap().join("journal");
    std::fs::rename(folder.join("one.log"), folder.join("one.old")).unwrap();
    let other = Arc::new(FileJournal::open(&folder, "two").unwrap());
    let mut store = SqlStore::sqlite(&place.database(), other).await.unwrap();
    store.begins().await.unwrap();
    assert_eq!(holds(&store).await, [Hold::JournalMissing]);
    let how = Adopting { beside: 0, without_journal: Some(now().trusted) };
    let done = store.adopt(how).await.unwrap();
    assert_eq!((done.parked, done.released), (1, vec![Hold::JournalMissing]));
    assert!(matches!(delivery(&store).await.state, State::Parked { left: true, .. }));
    store.begins().await.unwrap();
    assert!(holds(&store).await.is_empty(), "what is gone for good is not missed for ever");
    drop(store);

    // The old journal again, beside a store that has gone on: it ends before what the store knows.
    let place = Place::new();
    sealed(&place.open().await).await;
    let log = place.database().parent().unwrap().join("journal/one.log");
    let old = std::fs::read(&log).unwrap();
    {
        let store = place.open().await;
        let as_read = delivery(&store).await;
        let granted = accept::Granted {
            state: State::Withdrawn { undone: true },
            wake: None,
            fact: Fact::Undone { letter: LETTER },
            why: "a test",
        };
        store.commit_author(&author(), &as_read, &granted, now()).await.unwrap();
    }
    let whole = std::fs::read(&log).unwrap();
    std::fs::write(&log, &old).unwrap();
    let store = place.open().await;
    assert!(store.begins().await.unwrap().journal_is_older);
    assert_eq!(holds(&store).await, [Hold::JournalMissing]);
    drop(store);
    std::fs::write(&log, &whole).unwrap();
    let store = place.open().await;
    assert!(!store.begins().await.unwrap().journal_is_older);
    assert!(holds(&store).await.is_empty(), "it was brought back");
}

#[tokio::test]
async fn a_crash_is_no_restore() {
    let place = Place::new();
    let next = {
        let store = place.open().await;
        sealed(&store).await.rev + 1
    };
    let fact = Fact::Opened { delivery: DELIVERY, version: 1 };
    place.dies_before_the_commit_of(super::tests::entry(DELIVERY, next, fact));
    let store = place.open().await;
    store.begins().await.unwrap();
    assert!(holds(&store).await.is_empty());
    assert_eq!(delivery(&store).await.state, State::Opened);
}

#[tokio::test]
async fn an_account_with_everything_is_made_again_and_a_seal_that_never_was_leaves_no_manifest() {
    let place = Place::new();
    let empty = {
        drop(place.open().await);
        back_up(&place)
    };
    {
        let store = place.open().await;
        sealed(&store).await;
        assert_eq!(store.put_vault(&author(), 1, vec![8, 9]).await.unwrap(), 2);
        seal_second(&store, Moment::AtOnce, 0).await;
        // Conflict at the end of the transaction, after its manifest was written.
        store.reserve_version(&author(), SECOND, now()).await.unwrap();
    }
    restore(&place, &empty);
    let mut store = place.open().await;
    store.begins().await.unwrap();
    assert_eq!(holds(&store).await, [Hold::NotAdopted]);
    let account = store.account(&author()).await.unwrap();
    assert_eq!((account.zone.as_str(), account.unlock_number), ("UTC", 1));
    assert_eq!(store.vault(&author()).await.unwrap(), (vec![8, 9], 2), "titles and names, too");
    let UnlockTried::Right(released) = store.try_unlock(&author(), Keyed([22; 32]), now()).await.unwrap()
    else {
        panic!("her words open")
    };
    assert_eq!(released.wrap(), [3]);
    assert_eq!(store.letters(&author()).await.unwrap().len(), 2);
    assert_eq!(store.adopt(PLAIN).await.unwrap().rebuilt.len(), 2);
    let person: i64 = transaction!(&store, Mode::Read, |tx| {
        tx.need("select count(*) from persons where id = $1", values![PERSON]).await?.next()
    })
    .unwrap();
    assert_eq!(person, 1);
}

#[tokio::test]
async fn a_version_without_its_bytes_is_held() {
    let place = Place::new();
    let store = place.open().await;
    sealed(&store).await;
    assert!(store.bytes_are_missing(LETTER, 1, MessageId([91; 16])).await.unwrap());
    assert!(!store.bytes_are_missing(LETTER, 1, MessageId([92; 16])).await.unwrap(), "said once");
    let told = store.message(MessageId([91; 16])).await.unwrap().unwrap().message;
    assert_eq!(
        told.kind,
        unsaid_delivery::message::Kind::Notice(unsaid_delivery::message::Notice::BytesMissing)
    );
    let held = delivery(&store).await.state;
    assert_eq!(held, State::Parked { why: unsaid_delivery::state::Parked::Damaged, left: false });
}

/// A house over PostgreSQL whose database was copied to another name: it is not where it was.
#[tokio::test]
async fn a_copied_database_of_postgres_is_found_out_by_where_it_stands() {
    #[expect(clippy::disallowed_methods, reason = "a test is told by the environment where PostgreSQL is")]
    let server = std::env::var("UNSAID_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
    let Some(server) = server else { return };
    let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let names = [0, 1].map(|n| format!("unsaid_place_{}_{n}", std::process::id()));
    let at = |name: &str| {
        let (before, options) =
            server.split_once('?').map_or((server.as_str(), String::new()), |(b, o)| (b, format!("?{o}")));
        format!("{}/{name}{options}", &before[..before.rfind('/').unwrap()])
    };
    client.batch_execute(&format!("create database {}", names[0])).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let journal = || Arc::new(FileJournal::open(folder.path(), "one").unwrap());
    {
        let store = SqlStore::postgres(&at(&names[0]), journal()).await.unwrap();
        store.begins().await.unwrap();
        sealed(&store).await;
        store.begins().await.unwrap();
        assert!(holds(&store).await.is_empty());
    }
    let mut copied = Err(String::new());
    for _ in 0..100 {
        // The pool's connections end a moment after it.
        copied = client
            .batch_execute(&format!("create database {} template {}", names[1], names[0]))
            .await
            .map_err(|e| e.to_string());
        if copied.is_ok() {
            break;
        }
        client.batch_execute("select pg_sleep(0.1)").await.unwrap();
    }
    copied.unwrap();
    {
        let mut store = SqlStore::postgres(&at(&names[1]), journal()).await.unwrap();
        store.begins().await.unwrap();
        assert_eq!(holds(&store).await, [Hold::NotAdopted]);
        assert_eq!(store.adopt(PLAIN).await.unwrap().generation, 2);
        store.begins().await.unwrap();
        assert!(holds(&store).await.is_empty());
    }
    {
        // And the one it was copied from is behind the journal now.
        let store = SqlStore::postgres(&at(&names[0]), journal()).await.unwrap();
        store.begins().await.unwrap();
        assert_eq!(holds(&store).await, [Hold::TwoGenerations]);
    }
    for name in &names {
        client.batch_execute(&format!("drop database if exists {name} with (force)")).await.unwrap();
    }
}
