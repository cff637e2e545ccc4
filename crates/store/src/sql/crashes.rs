//! A crash between the journal's flush and the commit, for the facts of new words, birthdays, cards and keys: what protects is applied at the
//! next start, what only makes something possible was never acknowledged. And that manifests of recovery say what can still be opened.

use super::tests::{DELIVERY, LETTER, MESSAGE, PERSON, Place, author, delivery, entry, now, sealed};
use super::*;
use crate::journal::MemoryJournal;
use crate::rows::*;
use crate::{AccountStore, EngineStore, KeyStore, LetterStore, PersonStore, ReaderStore};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::{BlobId, BootId, ReplyId};
use unsaid_delivery::rule::{Birthday, LeapDay, Moment};
use unsaid_delivery::state::{Rest, State, Wake};

/// The sealed letter waits for a day far away, and new words of it rest.
async fn with_new_words(store: &SqlStore) {
    let as_read = sealed(store).await;
    wait(store, &as_read).await;
    assert_eq!(store.reserve_version(&author(), LETTER, now()).await.unwrap(), 2);
    for (kind, bytes) in
        [(WrapKind::Author, vec![0xa3]), (WrapKind::Host, vec![0xb3]), (WrapKind::Words, vec![0xc3])]
    {
        store.put_wrap(&author(), LETTER, 2, kind, bytes, 1).await.unwrap();
    }
    let rest = Rest { until: now().trusted, observed: Observed(20_000) };
    let amend = Amend { letter: LETTER, version: 2, manifest: [2; 32], rest };
    store.amend(&author(), amend, now()).await.unwrap();
}

/// It has rested, and waits.
async fn wait(store: &SqlStore, as_read: &unsaid_delivery::state::Delivery) {
    let wake = Some(Wake::Observed(Observed(90_000_000)));
    let fact = Fact::Undone { letter: LETTER };
    let granted = unsaid_delivery::accept::Granted { state: State::Waiting, wake, fact, why: "a test" };
    store.commit_author(&author(), as_read, &granted, now()).await.unwrap();
}

/// The revision of the letter, which the next fact about it goes beyond.
async fn rev(store: &SqlStore) -> i64 {
    let found = transaction!(store, Mode::Read, |tx| {
        tx.need("select rev from letters where id = $1", values![LETTER]).await?.next()
    });
    found.unwrap()
}

use super::tx::{Mode, values};

fn facts(place: &Place) -> Vec<Fact> {
    place.journal().replay(0).unwrap().into_iter().map(|r| r.entry.fact).collect()
}

#[tokio::test]
async fn new_words_that_were_taken_back_never_count_whatever_crashed() {
    let place = Place::new();
    let next = {
        let store = place.open().await;
        with_new_words(&store).await;
        rev(&store).await + 1
    };
    let fact = Fact::AmendUndone { letter: LETTER, version: 2 };
    place.dies_before_the_commit_of(entry(LETTER, next, fact.clone()));
    for start in 1..=2 {
        let store = place.open().await;
        assert_eq!(store.amending(LETTER).await.unwrap(), None, "start {start}");
        assert_eq!(rev(&store).await, next, "applied once");
        let held = store.unproven(&author(), LETTER, 2).await.unwrap();
        assert!(held.has_author_wrap && held.host_wrap.is_none() && held.words_wrap.is_none());
        let held = store.unproven(&author(), LETTER, 1).await.unwrap();
        assert_eq!(held.host_wrap, Some(vec![0xb0, 0xb1]), "what was before counts");
        assert_eq!(delivery(&store).await.version, 1);
        let late = Now { observed: Observed(30_000), ..now() };
        assert!(store.take(BootId([8; 16]), Lane::Letters, late, 9).await.unwrap().is_empty());
    }
    assert!(facts(&place).contains(&fact), "it is not voided");
}

#[tokio::test]
async fn new_words_that_were_told_to_count_count_after_a_crash() {
    let place = Place::new();
    let next = {
        let store = place.open().await;
        with_new_words(&store).await;
        rev(&store).await + 1
    };
    place.dies_before_the_commit_of(entry(LETTER, next, Fact::Unwrapped { letter: LETTER, version: 2 }));
    for start in 1..=2 {
        let store = place.open().await;
        assert_eq!(delivery(&store).await.version, 2, "start {start}");
        assert_eq!(store.amending(LETTER).await.unwrap(), None);
        let held = store.unproven(&author(), LETTER, 1).await.unwrap();
        assert!(held.has_author_wrap && held.host_wrap.is_none());
        let held = store.unproven(&author(), LETTER, 2).await.unwrap();
        assert_eq!((held.host_wrap, held.words_wrap), (Some(vec![0xb3]), Some(vec![0xc3])));
        let late = Now { observed: Observed(30_000), ..now() };
        assert!(store.take(BootId([8; 16]), Lane::Letters, late, 9).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_withdrawal_that_was_flushed_ends_new_words_too() {
    let place = Place::new();
    let next = {
        let store = place.open().await;
        with_new_words(&store).await;
        rev(&store).await + 1
    };
    place.dies_before_the_commit_of(entry(LETTER, next, Fact::Withdrawn { letter: LETTER }));
    let store = place.open().await;
    assert_eq!(delivery(&store).await.state, State::Withdrawn { undone: false });
    assert_eq!(store.amending(LETTER).await.unwrap(), None);
    for version in [1, 2] {
        let held = store.unproven(&author(), LETTER, version).await.unwrap();
        assert!(held.host_wrap.is_none() && held.words_wrap.is_none(), "{version} opens to nobody");
    }
}

#[tokio::test]
async fn a_corrected_birthday_that_was_flushed_is_the_birthday() {
    let place = Place::new();
    let wrong = Birthday { month: 5, day: 10, leap: LeapDay::February28 };
    let right = Birthday { month: 2, day: 29, leap: LeapDay::March1 };
    let moment = |birthday| Moment::EachBirthday {
        until: 2040,
        birthday,
        time: jiff::civil::time(9, 0, 0, 0),
        zone: "UTC".into(),
    };
    let as_read = {
        let store = place.open().await;
        let as_read = sealed(&store).await;
        wait(&store, &as_read).await;
        let mut rule = as_read.rule.clone();
        rule.moment = moment(wrong);
        transaction!(&store, Mode::Write, |tx| letters::set_rule(&mut tx, DELIVERY, &rule, 2027).await)
            .unwrap();
        delivery(&store).await
    };
    assert_eq!(as_read.rule.moment, moment(wrong));
    let fact = Fact::RuleChanged { delivery: DELIVERY, year: None, birthday: right };
    place.dies_before_the_commit_of(entry(DELIVERY, as_read.rev + 1, fact));
    for start in 1..=2 {
        let store = place.open().await;
        let stored = delivery(&store).await;
        assert_eq!(stored.rule.moment, moment(right), "start {start}");
        assert_eq!((stored.rev, stored.occurrence), (as_read.rev + 1, 2027));
        assert_eq!(stored.due.unwrap().to_string(), "2027-03-01T09:00:00Z");
    }
}

/// The first knock has left for the person's address, and was accepted.
async fn arrived(store: &SqlStore) -> unsaid_delivery::state::Delivery {
    let as_read = sealed(store).await;
    super::tests::knock(store, &as_read).await;
    let taken = store.take(BootId([8; 16]), Lane::Letters, now(), 9).await.unwrap();
    let taken = taken.into_iter().find(|t| t.of == WakeOf::Message(MESSAGE)).unwrap();
    let row = store.message(MESSAGE).await.unwrap().unwrap().message;
    let StartAnswer::Started(row) = store.start(&taken, &row, now().trusted, now()).await.unwrap() else {
        panic!("it may leave")
    };
    let recorded = unsaid_delivery::record::answered(&row, unsaid_delivery::record::Answer::Accepted, now());
    store.recorded(&taken, &row, &recorded, now()).await.unwrap();
    let delivery = delivery(store).await;
    assert_eq!(delivery.state, State::Knocked(1));
    delivery
}

#[tokio::test]
async fn what_was_kept_for_later_stays_quiet_after_a_crash() {
    let place = Place::new();
    let as_read = {
        let store = place.open().await;
        arrived(&store).await
    };
    let day = jiff::civil::date(2027, 6, 1);
    let fact = Fact::KeptForLater { delivery: DELIVERY, day };
    place.dies_before_the_commit_of(entry(DELIVERY, as_read.rev + 1, fact.clone()));
    for start in 1..=2 {
        let store = place.open().await;
        let view = store.delivery(DELIVERY).await.unwrap().unwrap();
        assert_eq!((view.delivery.state, view.delivery.rev), (State::Later(day), as_read.rev + 1), "{start}");
        assert!(view.pair.knocks.is_empty(), "the series began anew");
        // It is looked at once, and finds that its day is far.
        let taken = store.take(BootId([start; 16]), Lane::Letters, now(), 9).await.unwrap();
        let decision = unsaid_delivery::decide::decide(&view.delivery, &view.pair, now()).unwrap();
        assert_eq!((taken.len(), decision.state, decision.knock), (1, State::Later(day), None));
        store.give_back(&taken[0]).await.unwrap();
    }
    assert!(facts(&place).contains(&fact), "it is not voided");
}

#[tokio::test]
async fn an_answer_that_was_flushed_is_there_after_a_crash() {
    let place = Place::new();
    {
        let store = place.open().await;
        let as_read = arrived(&store).await;
        let granted = unsaid_delivery::accept::open(&as_read).unwrap().unwrap();
        let reader = store.knock_named(MESSAGE).await.unwrap().unwrap().reader;
        store.open(&reader, &as_read, &granted, now()).await.unwrap();
    }
    let (reply, blob, seen_from) = (ReplyId([70; 16]), BlobId([71; 16]), now().trusted);
    let fact = Fact::Answered { reply, delivery: DELIVERY, blob, size: 9, sha256: [72; 32], seen_from };
    place.dies_before_the_commit_of(entry(reply, 1, fact));
    for start in 1..=2 {
        let store = place.open().await;
        let replies = store.replies(&author(), now()).await.unwrap();
        assert_eq!(replies.len(), 1, "start {start}");
        assert_eq!((replies[0].id, replies[0].blob, replies[0].letter), (reply, blob, LETTER));
    }
}

#[tokio::test]
async fn mail_that_came_back_is_known_after_a_crash() {
    let place = Place::new();
    {
        let store = place.open().await;
        arrived(&store).await;
    }
    place.dies_before_the_commit_of(entry(MESSAGE, 9, Fact::Bounced { message: MESSAGE }));
    for start in 1..=2 {
        let store = place.open().await;
        let row = store.message(MESSAGE).await.unwrap().unwrap().message;
        assert_eq!(row.state, unsaid_delivery::MessageState::Refused, "start {start}");
        assert!(!store.persons(&author()).await.unwrap()[0].addresses[0].good);
        let view = store.delivery(DELIVERY).await.unwrap().unwrap();
        let decision = unsaid_delivery::decide::decide(&view.delivery, &view.pair, now()).unwrap();
        assert_eq!(decision.state, State::Unreachable, "it was the only address");
    }
}

const NOTICE: unsaid_delivery::MessageId = unsaid_delivery::MessageId([40; 16]);

/// A knock and a notice, both started in one group; what would be recorded if the relay took both.
async fn two_started(store: &SqlStore) -> Vec<Recording> {
    let as_read = sealed(store).await;
    super::tests::knock(store, &as_read).await;
    store.notify(&author(), unsaid_delivery::message::Notice::Trial, NOTICE, now()).await.unwrap();
    let mut group = Vec::new();
    for taken in store.take(BootId([8; 16]), Lane::Letters, now(), 9).await.unwrap() {
        let WakeOf::Message(id) = taken.of else { continue };
        let message = store.message(id).await.unwrap().unwrap().message;
        group.push(Starting { taken, message, date: now().trusted });
    }
    assert_eq!(group.len(), 2);
    let started = store.start_many(&group, now()).await;
    group
        .into_iter()
        .zip(started)
        .map(|(one, started)| {
            let StartAnswer::Started(message) = started.unwrap() else { panic!("it may leave") };
            let accepted = unsaid_delivery::record::Answer::Accepted;
            let recorded = unsaid_delivery::record::answered(&message, accepted, now());
            Recording { taken: one.taken, message, recorded }
        })
        .collect()
}

#[tokio::test]
async fn a_group_is_one_flush_and_none_of_it_is_sent_again_after_a_crash() {
    let place = Place::new();
    let facts_of_group: Vec<Entry> = {
        let store = place.open().await;
        let group = two_started(&store).await;
        group
            .iter()
            .map(|one| {
                let message = one.message.id;
                entry(message, one.message.rev + 1, Fact::Accepted { message, knock: None })
            })
            .collect()
    };
    place.journal().append(1, &facts_of_group).unwrap();
    for start in 1..=2 {
        let store = place.open().await;
        for id in [MESSAGE, NOTICE] {
            let row = store.message(id).await.unwrap().unwrap().message;
            assert_eq!(row.state, unsaid_delivery::MessageState::Accepted, "start {start}");
        }
        assert_eq!(delivery(&store).await.state, State::Knocked(1));
        let late = Now { observed: Observed(90_000), ..now() };
        let living = BootId([9; 16]);
        assert!(store.take(living, Lane::Letters, late, 9).await.unwrap().is_empty());
        let held = store.held(living, Lane::Letters, late, 9).await.unwrap();
        assert!(!held.iter().any(|h| matches!(h.of, WakeOf::Message(_))), "nothing of it wakes again");
    }
    for one in facts_of_group {
        assert!(facts(&place).contains(&one.fact), "it is not voided");
    }

    // And a group that is committed is one append.
    let place = Place::new();
    let store = place.open().await;
    let group = two_started(&store).await;
    assert!(store.recorded_many(&group, now()).await.iter().all(Result::is_ok));
    drop(store);
    let records = place.journal().replay(0).unwrap();
    let accepted: Vec<_> = records.iter().filter(|r| matches!(r.entry.fact, Fact::Accepted { .. })).collect();
    assert_eq!(accepted.len(), 2);
    assert_eq!(accepted[0].group, accepted[1].group, "they stand or fall together");
    let store = place.open().await;
    assert_eq!(delivery(&store).await.rev, 3, "nothing was replayed");
}

#[tokio::test]
async fn one_of_a_group_that_cannot_be_committed_is_found_and_the_others_are_recorded() {
    let journal = Arc::new(MemoryJournal::new());
    let store = SqlStore::sqlite_in_memory(journal.clone()).await.unwrap();
    let group = two_started(&store).await;
    // What it breaks is looked at when it is committed: after the append, and long after its own statements.
    transaction!(&store, Mode::Write, |tx| {
        tx.batch("create table trap (n bigint references house (id) deferrable initially deferred)").await?;
        let notice = NOTICE.to_string();
        tx.batch(&format!(
            "create trigger falls after update on messages when new.id = '{notice}' begin insert into trap (n) values (2); end"
        ))
        .await
    })
    .unwrap();
    let answers = store.recorded_many(&group, now()).await;
    for (one, answer) in group.iter().zip(answers) {
        match one.message.id {
            NOTICE => assert!(matches!(answer, Err(StoreError::Conflict)), "{answer:?}"),
            _ => assert!(answer.is_ok(), "{answer:?}"),
        }
    }
    let facts: Vec<Fact> = journal.records().into_iter().map(|r| r.entry.fact).collect();
    let accepted = |facts: &[Fact], of| {
        facts.iter().any(|f| matches!(f, Fact::Accepted { message, .. } if *message == of))
    };
    assert!(accepted(&facts[facts.len() - 1..], MESSAGE));
    assert!(!accepted(&facts, NOTICE), "what was flushed for it is void");
    let row = store.message(NOTICE).await.unwrap().unwrap().message;
    assert_eq!(row.state, unsaid_delivery::MessageState::Started);
    assert_eq!(delivery(&store).await.state, State::Knocked(1));
}

#[tokio::test]
async fn what_only_makes_something_possible_is_voided_and_what_stood_before_still_opens() {
    let place = Place::new();
    let before = {
        let store = place.open().await;
        sealed(&store).await;
        store.reserve_version(&author(), LETTER, now()).await.unwrap();
        store.account(&author()).await.unwrap()
    };
    let account = author().account();
    for fact in [
        Fact::CardReplaced { person: PERSON, claim: [60; 32] },
        Fact::SignInChanged { account, email_key: [61; 32], email: vec![9] },
        Fact::Rewrapped { subject: LETTER.to_string(), version: 1, generation: 2 },
        Fact::UnlockReplaced { account, number: 2 },
        Fact::Sealed { letter: LETTER, version: 2, manifest: [9; 32] },
    ] {
        place.dies_before_the_commit_of(entry("what was asked for", 1, fact.clone()));
        let store = place.open().await;
        assert_eq!(store.account(&author()).await.unwrap(), before);
        assert!(!store.has_card(&author(), PERSON).await.unwrap());
        assert_eq!(store.wraps_by_generation().await.unwrap(), [(1, 2)]);
        drop(store);
        assert!(!facts(&place).contains(&fact), "{fact:?} is voided");
    }
}

#[tokio::test]
async fn facts_of_what_was_committed_are_known_at_the_next_start() {
    let place = Place::new();
    {
        let store = place.open().await;
        with_new_words(&store).await;
        store.put_card(&author(), PERSON, Keyed([60; 32]), now()).await.unwrap();
        for old in store.wraps_to_rewrap(2, 9).await.unwrap() {
            store.rewrapped(&old, vec![0xdd], 2).await.unwrap();
        }
        let new = NewUnlock {
            salt: vec![1; 16],
            key: Keyed([61; 32]),
            wrap: vec![1],
            number: 2,
            host_generation: 2,
            session: Keyed([14; 32]),
        };
        store.replace_unlock(&author(), new, unsaid_delivery::MessageId([62; 16]), now()).await.unwrap();
    }
    let written = facts(&place);
    // The rows forget which records they have, as after a start whose replay was cut off: every fact is looked at again.
    {
        let store = place.open().await;
        transaction!(&store, Mode::Write, |tx| {
            tx.exec("delete from facts", &[]).await?;
            tx.exec("delete from replayed", &[]).await.map(drop)
        })
        .unwrap();
    }
    let store = place.open().await;
    assert!(store.has_card(&author(), PERSON).await.unwrap());
    assert_eq!(store.wraps_by_generation().await.unwrap(), [(2, 4)]);
    assert_eq!(store.amending(LETTER).await.unwrap().unwrap().version, 2);
    assert_eq!(store.account(&author()).await.unwrap().unlock_number, 2);
    drop(store);
    assert_eq!(facts(&place), written);
}

#[tokio::test]
async fn manifests_of_recovery_say_what_new_words_renewed_wraps_and_new_cards_left() {
    let journal = Arc::new(MemoryJournal::new());
    let store = SqlStore::sqlite_in_memory(journal.clone()).await.unwrap();
    with_new_words(&store).await;
    let manifest = |version: u32| journal.manifest(&format!("{LETTER}-{version}")).unwrap();
    let has = |version: u32, line: &str| manifest(version).lines().any(|l| l == line);
    for line in [
        format!("amends {} 20000", now().trusted),
        format!("delivery {DELIVERY} 0"),
        "wrap host 1 b3".into(),
        "wrap words 1 c3".into(),
    ] {
        assert!(has(2, &line), "{line:?} is missing in\n{}", manifest(2));
    }
    assert!(has(1, "wrap host 1 b0b1"));

    // Another card, and another host key.
    store.put_card(&author(), PERSON, Keyed([60; 32]), now()).await.unwrap();
    let wraps = vec![NewWordsWrap { letter: LETTER, version: 2, bytes: vec![0xc4], generation: 1 }];
    store.replace_card(&author(), PERSON, Keyed([61; 32]), wraps, now()).await.unwrap();
    assert!(has(2, "wrap words 1 c4") && !has(2, "wrap words 1 c3"));
    for old in store.wraps_to_rewrap(2, 9).await.unwrap() {
        let bytes = [&old.bytes[..], &[0xff]].concat();
        store.rewrapped(&old, bytes, 2).await.unwrap();
    }
    assert!(has(1, "wrap host 2 b0b1ff") && has(2, "wrap words 2 c4ff") && has(2, "wrap host 2 b3ff"));

    // They count: what was before opens to nobody but her, on paper too.
    let late = Now { observed: Observed(30_000), ..now() };
    let taken = store.take(BootId([8; 16]), Lane::Letters, late, 9).await.unwrap();
    let taken = taken.into_iter().find(|t| t.of == WakeOf::Letter(LETTER)).unwrap();
    let new = store.amending(LETTER).await.unwrap().unwrap();
    let decision = unsaid_delivery::decide::amended(&new, late);
    store.amended(&taken, &new, decision, late).await.unwrap();
    assert!(!manifest(1).contains("wrap host") && manifest(1).contains("wrap author"));
    assert!(has(2, "wrap host 2 b3ff") && !manifest(2).contains("amends"));
    assert!(has(2, &format!("delivery {DELIVERY} 0")));
}

#[tokio::test]
async fn a_corrected_answer_that_was_flushed_is_the_answer() {
    let place = Place::new();
    let asks = |with_year| Asks { question: None, with_year };
    let next = {
        let store = place.open().await;
        sealed(&store).await;
        transaction!(&store, Mode::Write, |tx| {
            let proof = NewProof { asks: asks(false), answer: Keyed([1; 32]) };
            super::proofs::begin(&mut tx, LETTER, DELIVERY, Some(&proof)).await
        })
        .unwrap();
        rev(&store).await + 1
    };
    let fact = Fact::ProofChanged { letter: LETTER, with_year: true, answer: [2; 32] };
    place.dies_before_the_commit_of(entry(LETTER, next, fact));
    for start in 1..=2 {
        let store = place.open().await;
        let stands = transaction!(&store, Mode::Read, |tx| super::proofs::newest(&mut tx, LETTER).await);
        let expected = NewProof { asks: asks(true), answer: Keyed([2; 32]) };
        assert_eq!(stands.unwrap(), Some(expected), "start {start}");
        assert_eq!(rev(&store).await, next);
    }
}
