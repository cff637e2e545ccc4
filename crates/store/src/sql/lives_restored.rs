//! What was said about a life after a backup, and in the moment of a crash: it is known again, on both databases. Nobody is let go because a sign of hers was forgotten, a stop stays a stop,
//! and a keeper who is none any more has no word. One thing because every story is of the same author, in a house whose backup comes back.

use super::adopt::Adopting;
use super::tests::{ACCOUNT, DELIVERY, Place, author, database, delivery, entry, now, sealed, server};
use super::tx::{Mode, values};
use super::*;
use crate::journal::FileJournal;
use crate::lives::*;
use crate::rows::*;
use crate::{HouseStore, PersonStore};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::*;
use unsaid_delivery::life::accept::{self, Armed};
use unsaid_delivery::life::{
    Change, Doubt, Fallback, Life, Opened, Plan, Policy, Stage, Strength, Vote, WeakSigns, Word, decide,
};
use unsaid_delivery::message::Way;
use unsaid_delivery::state::State;

/// A house whose database can be put back to what it was, beside a journal that stays.
enum House {
    Files(Place),
    Server { server: String, name: String, folder: tempfile::TempDir },
}

impl House {
    /// One over SQLite, and one over PostgreSQL where there is a server.
    async fn both(name: &str) -> Vec<Self> {
        let mut both = vec![Self::Files(Place::new())];
        if let Some(server) = server() {
            let url = database(&server, name).await;
            let name = url.rsplit('/').next().unwrap().to_owned();
            both.push(Self::Server { server, name, folder: tempfile::tempdir().unwrap() });
        }
        both
    }

    fn journal(&self) -> FileJournal {
        match self {
            Self::Files(place) => place.journal(),
            Self::Server { folder, .. } => FileJournal::open(folder.path(), "one").unwrap(),
        }
    }

    async fn open(&self) -> SqlStore {
        match self {
            Self::Files(place) => place.open().await,
            Self::Server { server, name, .. } => {
                let url = format!("{}/{name}", &server[..server.rfind('/').unwrap()]);
                let store = SqlStore::postgres(&url, Arc::new(self.journal())).await.unwrap();
                store.begins().await.unwrap();
                store
            }
        }
    }

    /// The database as it is now, kept beside. Nobody has it open.
    async fn back_up(&self) {
        match self {
            Self::Files(place) => {
                backup::copy(&place.database(), &Self::beside(place), &mut |_, _| {}).unwrap();
            }
            Self::Server { server, name, .. } => {
                let (client, connection) =
                    tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(connection);
                client.batch_execute(&format!("drop database if exists {name}_old")).await.unwrap();
                let copy = format!("create database {name}_old template {name}");
                // The pool's connections end a moment after it.
                for _ in 0..100 {
                    if client.batch_execute(&copy).await.is_ok() {
                        return;
                    }
                    client.batch_execute("select pg_sleep(0.1)").await.unwrap();
                }
                panic!("the database could not be copied");
            }
        }
    }

    /// The backup is all there is.
    fn restore(&mut self) {
        match self {
            Self::Files(place) => {
                for ending in ["", "-wal", "-shm"] {
                    let _gone = std::fs::remove_file(format!("{}{ending}", place.database().display()));
                }
                std::fs::copy(Self::beside(place), place.database()).unwrap();
            }
            Self::Server { name, .. } => name.push_str("_old"),
        }
    }

    /// A journal that never heard of a life.
    fn forgets_lives(&self) {
        let records = self.journal().replay(0).unwrap();
        let folder = match self {
            Self::Files(place) => place.database().parent().unwrap().join("journal"),
            Self::Server { folder, .. } => folder.path().to_owned(),
        };
        std::fs::remove_file(folder.join("one.log")).unwrap();
        let journal = self.journal();
        for record in records {
            if !record.entry.fact.is_about_a_life() {
                journal.append(record.generation, &[record.entry]).unwrap();
            }
        }
    }

    fn beside(place: &Place) -> PathBuf {
        place.database().with_extension("backup")
    }

    /// Flushes a fact and dies before its commit.
    fn dies_before_the_commit_of(&self, entry: Entry) {
        self.journal().append(1, &[entry]).unwrap();
    }
}

const KEEPERS: [KeeperId; 4] =
    [KeeperId([31; 16]), KeeperId([32; 16]), KeeperId([33; 16]), KeeperId([34; 16])];

fn keeper(id: KeeperId) -> NewKeeper {
    NewKeeper {
        id,
        name: SealedText(vec![id.0[0], 1]),
        address: (id != KEEPERS[1]).then(|| SealedText(vec![id.0[0], 2])),
        language: "es".into(),
        link: Keyed([id.0[0]; 32]),
    }
}

fn plan(policy: Policy) -> Plan {
    Plan { policy, ..Plan::default() }
}

/// An author with a letter that waits for her end, three keepers, and this plan.
async fn armed(store: &SqlStore, plan: Plan) {
    sealed(store).await;
    transaction!(store, Mode::Write, |tx| {
        tx.exec("update deliveries set gate = 'gone', state = 'waiting' where id = $1", values![DELIVERY])
            .await
    })
    .unwrap();
    for id in &KEEPERS[..3] {
        store.add_keeper(&author(), keeper(*id), now()).await.unwrap();
    }
    let change = accept::arm(ACCOUNT, None, plan, now()).unwrap();
    store.commit_life(None, &change, &Names::new(), now()).await.unwrap();
}

async fn view(store: &SqlStore) -> LifeView {
    store.life(ACCOUNT).await.unwrap().unwrap()
}

async fn commit(store: &SqlStore, at: Now, act: impl FnOnce(&LifeView) -> Change) {
    static NEXT: AtomicU8 = AtomicU8::new(100);
    let view = view(store).await;
    let change = act(&view);
    let name = || {
        let n = NEXT.fetch_add(1, Ordering::SeqCst);
        (MessageId([n; 16]), Keyed([n; 32]))
    };
    let names = change.write.iter().map(|_| name()).collect();
    store.commit_life(Some(&view.life), &change, &names, at).await.unwrap();
}

async fn sign(store: &SqlStore, strength: Strength, at: Now) {
    commit(store, at, |view| match accept::sign(&view.life, strength, &view.facts, at) {
        Armed::Recorded(change) => *change,
        other => panic!("{other:?}"),
    })
    .await;
}

async fn votes(store: &SqlStore, keeper: KeeperId, word: Word, at: Now) {
    commit(store, at, |view| accept::vote(&view.life, keeper, word, &view.facts, at).unwrap()).await;
}

/// Time has brought her here.
async fn stands_at(store: &SqlStore, stage: Stage) {
    commit(store, now(), |view| {
        let released = (stage == Stage::Released).then_some(now().trusted);
        let life = Life { stage, open: true, released, ..view.life.clone() };
        let gate = released.map(|_| unsaid_delivery::life::GateMoves::Opens);
        Change { life, wake: None, write: Vec::new(), gate, fact: None, why: "a test" }
    })
    .await;
}

fn days_later(days: i64) -> Now {
    Now { observed: now().observed.plus_days(days), ..now() }
}

const GONE: Stage = Stage::Gone { until: Observed(10_000), opened: Opened::Quorum };

#[tokio::test]
async fn a_sign_of_life_of_after_the_backup_keeps_what_an_old_copy_would_let_go() {
    let stories =
        [(Strength::Weak, GONE), (Strength::Strong, Stage::Released), (Strength::Weak, Stage::Asked)];
    for (strength, stage) in stories {
        for mut house in House::both("life_signs").await {
            {
                let store = house.open().await;
                armed(&store, plan(Policy::Both)).await;
                stands_at(&store, stage).await;
                // A knock of it was about to be written.
                transaction!(&store, Mode::Write, |tx| {
                    tx.exec("update deliveries set state = 'due' where id = $1", values![DELIVERY]).await
                })
                .unwrap();
            }
            house.back_up().await;
            {
                let store = house.open().await;
                sign(&store, strength, days_later(2)).await;
            }
            house.restore();
            for start in 1..=2 {
                let store = house.open().await;
                let LifeView { life, facts } = view(&store).await;
                assert_eq!((life.stage, life.episode), (Stage::Present, 2), "{stage:?}, start {start}");
                let next = decide(&life, &facts, days_later(30));
                assert_ne!(next.gate, Some(unsaid_delivery::life::GateMoves::Opens));
                if stage == Stage::Released {
                    assert_eq!(delivery(&store).await.state, State::Waiting, "what had not left waits");
                }
            }
        }
    }
}

/// The rows of the backup say that a weak sign counts no more: what was granted after it was granted.
#[tokio::test]
async fn a_sign_that_was_granted_is_not_judged_again() {
    for mut house in House::both("life_granted").await {
        {
            let store = house.open().await;
            armed(&store, plan(Policy::Both)).await;
            commit(&store, now(), |view| {
                let weak = WeakSigns { in_a_row: 3, doubt: Doubt::Confirmed, ..WeakSigns::default() };
                let life = Life { stage: GONE, open: true, weak, ..view.life.clone() };
                Change { life, wake: None, write: Vec::new(), gate: None, fact: None, why: "a test" }
            })
            .await;
        }
        house.back_up().await;
        let rev = view(&house.open().await).await.life.rev;
        let fact = Fact::CheckedIn { account: ACCOUNT, strength: Strength::Weak };
        for n in 1..=9 {
            // Signs of many days, more than a crash leaves behind.
            house.dies_before_the_commit_of(entry(ACCOUNT, rev + n, fact.clone()));
        }
        house.restore();
        let life = view(&house.open().await).await.life;
        assert_eq!((life.stage, life.rev), (Stage::Present, rev + 9));
    }
}

#[tokio::test]
async fn stops_pauses_and_ends_of_after_the_backup_stand() {
    for mut house in House::both("life_stops").await {
        {
            let store = house.open().await;
            armed(&store, plan(Policy::Both)).await;
            stands_at(&store, GONE).await;
        }
        house.back_up().await;
        // A year away, and said so long after the backup that its clock thinks it too far.
        let until = now().trusted + jiff::SignedDuration::from_hours(24 * 360);
        {
            let store = house.open().await;
            commit(&store, now(), |view| {
                let longest = view.life.clone();
                accept::pause(&longest, until, false, &view.facts, now()).unwrap()
            })
            .await;
        }
        house.restore();
        {
            let store = house.open().await;
            let life = view(&store).await.life;
            assert_eq!((life.stage, life.paused), (Stage::Present, Some(until)));
            store.begins().await.unwrap();
        }
        // Stopped, and for good ended; the backup is of before.
        house.back_up().await;
        {
            let store = house.open().await;
            commit(&store, now(), |view| accept::stop(&view.life, &view.facts, now())).await;
        }
        house.restore();
        for start in 1..=2 {
            let life = view(&house.open().await).await.life;
            assert!(matches!(life.stage, Stage::Stopped { resumes: None, .. }), "{start}: {:?}", life.stage);
        }
        house.back_up().await;
        {
            let store = house.open().await;
            commit(&store, now(), |view| accept::resume(&view.life, &view.facts, now()).unwrap()).await;
            commit(&store, now(), |view| accept::end(&view.life, &view.facts, now())).await;
        }
        house.restore();
        let store = house.open().await;
        assert_eq!(view(&store).await.life.stage, Stage::Ended);
    }
}

#[tokio::test]
async fn keepers_who_came_left_said_no_and_voted_stand_as_they_stood() {
    for mut house in House::both("life_keepers").await {
        {
            let store = house.open().await;
            armed(&store, plan(Policy::KeepersOnly)).await;
            votes(&store, KEEPERS[0], Word::Died, now()).await;
        }
        house.back_up().await;
        {
            let store = house.open().await;
            // What was said before she pressed the button is void.
            sign(&store, Strength::Strong, days_later(3)).await;
            store.add_keeper(&author(), keeper(KEEPERS[3]), days_later(4)).await.unwrap();
            store.keeper_answers(KEEPERS[0], false, MessageId([91; 16]), days_later(5)).await.unwrap();
            store.remove_keeper(&author(), KEEPERS[1], days_later(5)).await.unwrap();
            votes(&store, KEEPERS[2], Word::Died, days_later(6)).await;
            votes(&store, KEEPERS[3], Word::Well, days_later(6)).await;
        }
        let expected = {
            let store = house.open().await;
            (view(&store).await, store.keepers(ACCOUNT).await.unwrap())
        };
        house.restore();
        let store = house.open().await;
        let (found, keepers) = (view(&store).await, store.keepers(ACCOUNT).await.unwrap());
        let standing = |rows: &[KeeperRow]| -> Vec<_> {
            rows.iter().map(|k| (k.id, k.standing, k.name.clone(), k.address.clone())).collect()
        };
        assert_eq!(standing(&keepers), standing(&expected.1));
        assert_eq!(found.facts.votes, expected.0.facts.votes);
        assert_eq!(
            found.facts.votes,
            [Vote { keeper: KEEPERS[2], word: Word::Died }, Vote { keeper: KEEPERS[3], word: Word::Well }]
        );
        assert_eq!((found.life.episode, found.life.open), (expected.0.life.episode, true));
        assert!(found.life.held.is_some(), "sixty days were promised to whoever said that she is well");
        assert!(store.keeper_of(Keyed([34; 32])).await.unwrap().is_some(), "the paper opens their page");
    }
}

/// Keepers, channels, papers, and a plan with another one to come.
async fn everything(store: &SqlStore) {
    armed(store, Plan { quorum: 1, fallback: Fallback::Never, ..plan(Policy::Both) }).await;
    let one = ChannelId([51; 16]);
    for (id, way) in [(one, Way::Mail), (ChannelId([52; 16]), Way::Hook), (ChannelId([53; 16]), Way::Push)] {
        store.add_channel(&author(), id, way, SealedText(vec![id.0[0]]), now()).await.unwrap();
    }
    store.remove_channel(&author(), one, now()).await.unwrap();
    store.remove_keeper(&author(), KEEPERS[0], now()).await.unwrap();
    store.keeper_answers(KEEPERS[2], true, MessageId([92; 16]), now()).await.unwrap();
    store.put_stop_code(&author(), Keyed([60; 32])).await.unwrap();
    store.put_stop_code(&author(), Keyed([61; 32])).await.unwrap();
    commit(store, now(), |view| {
        let faster = Plan { quorum: 2, every_days: 30, ..view.life.plan };
        accept::change_plan(&view.life, faster, &view.facts, now()).unwrap()
    })
    .await;
}

/// What of a life does not depend on when it was learnt.
#[derive(Debug, PartialEq)]
struct Known {
    plans: (Plan, Option<Plan>),
    ended: (bool, bool),
    keepers: Vec<(KeeperId, SealedText, Option<SealedText>, String, KeeperStanding)>,
    channels: Vec<(ChannelId, Way, SealedText)>,
    papers: [Option<AccountId>; 2],
    links: [bool; 3],
}

async fn known(store: &SqlStore) -> Known {
    let life = view(store).await.life;
    let keepers = store.keepers(ACCOUNT).await.unwrap().into_iter();
    let channels = store.channels(ACCOUNT).await.unwrap().into_iter();
    let mut links = [false; 3];
    for (found, n) in links.iter_mut().zip(31..) {
        *found = store.keeper_of(Keyed([n; 32])).await.unwrap().is_some();
    }
    Known {
        plans: (life.plan, life.coming.map(|(plan, _)| plan)),
        ended: (matches!(life.stage, Stage::Stopped { .. }), life.stage == Stage::Ended),
        keepers: keepers.map(|k| (k.id, k.name, k.address, k.language, k.standing)).collect(),
        channels: channels.map(|c| (c.id, c.way, c.sealed)).collect(),
        papers: [
            store.account_of_stop_code(Keyed([60; 32])).await.unwrap(),
            store.account_of_stop_code(Keyed([61; 32])).await.unwrap(),
        ],
        links,
    }
}

/// A house of which nothing is left but its journal folder.
#[tokio::test]
async fn a_life_is_made_again_from_the_journal_alone() {
    for mut house in House::both("life_alone").await {
        drop(house.open().await);
        house.back_up().await;
        let expected = {
            let store = house.open().await;
            everything(&store).await;
            known(&store).await
        };
        house.restore();
        let found = known(&house.open().await).await;
        assert_eq!(found, expected);
        assert_eq!((found.papers, found.channels.len()), ([None, Some(ACCOUNT)], 2));
    }
}

/// What the journal knew of her life is gone, and her manifest is not.
#[tokio::test]
async fn a_life_is_made_again_from_its_manifest_where_its_facts_are_gone() {
    for last in ["nothing", "stop", "end"] {
        for mut house in House::both("life_manifest").await {
            drop(house.open().await);
            house.back_up().await;
            let expected = {
                let store = house.open().await;
                everything(&store).await;
                match last {
                    "stop" => {
                        commit(&store, now(), |view| accept::stop(&view.life, &view.facts, now())).await;
                    }
                    "end" => commit(&store, now(), |view| accept::end(&view.life, &view.facts, now())).await,
                    _ => {}
                }
                known(&store).await
            };
            house.forgets_lives();
            house.restore();
            let store = house.open().await;
            let mut found = known(&store).await;
            // Who was removed comes back as one who was removed; a plan that was ended has none to come.
            found.keepers.sort_by_key(|k| k.0);
            assert_eq!(found, expected, "{last}");
            drop(store);
            assert_eq!(known(&house.open().await).await, expected, "and once");
        }
    }
}

#[tokio::test]
async fn what_was_flushed_about_a_life_is_made_true_after_a_crash_and_once() {
    let account = ACCOUNT;
    let until = now().trusted + jiff::SignedDuration::from_hours(24 * 50);
    let voted = Fact::Voted { account, keeper: KEEPERS[0], episode: 1, word: Word::Died };
    type Holds = fn(&Life) -> bool;
    let acts: [(Fact, Holds); 5] = [
        (voted, |life| life.open && life.stage == GONE),
        (Fact::CheckedIn { account, strength: Strength::Weak }, |life| life.stage == Stage::Present),
        (Fact::Stopped { account }, |life| matches!(life.stage, Stage::Stopped { .. })),
        (Fact::Paused { account, until, strength: Strength::Weak }, |life| {
            life.paused.is_some() && life.weak.in_a_row == 1
        }),
        (Fact::LifeEnded { account }, |life| life.stage == Stage::Ended),
    ];
    for house in House::both("life_crash").await {
        armed(&house.open().await, plan(Policy::KeepersOnly)).await;
        for (fact, holds) in &acts {
            let before = {
                let store = house.open().await;
                stands_at(&store, GONE).await;
                view(&store).await.life
            };
            let (subject, rev) = (ACCOUNT, before.rev + 1);
            house.dies_before_the_commit_of(entry(subject, rev, fact.clone()));
            for start in 1..=2 {
                let store = house.open().await;
                let life = view(&store).await.life;
                assert!(holds(&life), "{fact:?}, start {start}: {life:?}");
                assert_eq!(life.rev, rev, "once");
                assert!(store.holds().await.unwrap().is_empty(), "a crash is no restore");
            }
            assert!(house.journal().replay(0).unwrap().iter().any(|r| r.entry.fact == *fact), "not voided");
        }
    }
}

/// Whoever asked for a new paper and got no answer has the old one in her hands.
#[tokio::test]
async fn a_new_stop_paper_that_nobody_was_told_of_leaves_the_old_one_in_force() {
    for house in House::both("life_paper").await {
        {
            let store = house.open().await;
            armed(&store, plan(Policy::Both)).await;
        }
        let made = |n| Fact::StopCodeMade { account: ACCOUNT, code: [n; 32] };
        house.dies_before_the_commit_of(entry(ACCOUNT, 0, made(60)));
        let store = house.open().await;
        assert_eq!(store.account_of_stop_code(Keyed([60; 32])).await.unwrap(), Some(ACCOUNT), "the first");
        drop(store);
        house.dies_before_the_commit_of(entry(ACCOUNT, 0, made(61)));
        let store = house.open().await;
        assert_eq!(store.account_of_stop_code(Keyed([60; 32])).await.unwrap(), Some(ACCOUNT));
        assert_eq!(store.account_of_stop_code(Keyed([61; 32])).await.unwrap(), None);
        drop(store);
        assert!(!house.journal().replay(0).unwrap().iter().any(|r| r.entry.fact == made(61)), "it is voided");
    }
}

/// Two machines that did not know of each other: what one of them was told last, and the rows went on beside.
#[tokio::test]
async fn a_stop_and_a_removal_are_not_undone_by_what_was_done_beside_them() {
    let account = ACCOUNT;
    for house in House::both("life_beside").await {
        {
            let store = house.open().await;
            armed(&store, plan(Policy::KeepersOnly)).await;
            for days in 1..=3 {
                sign(&store, Strength::Strong, days_later(2 * days)).await;
            }
            votes(&store, KEEPERS[0], Word::Died, days_later(7)).await;
            stands_at(&store, GONE).await;
        }
        let rev = view(&house.open().await).await.life.rev;
        house.dies_before_the_commit_of(entry(
            KEEPERS[0],
            2,
            Fact::KeeperRemoved { account, keeper: KEEPERS[0] },
        ));
        house.dies_before_the_commit_of(entry(account, 2, Fact::Stopped { account }));
        let store = house.open().await;
        let LifeView { life, facts } = view(&store).await;
        assert!(matches!(life.stage, Stage::Stopped { .. }), "{:?}", life.stage);
        assert!(life.rev > rev, "whoever has read the older row is told");
        assert!(!facts.keepers.contains(&KEEPERS[0]) && facts.votes.is_empty());
        drop(store);
        // A word that would move it on, and one that takes the stop back, are asked for again.
        let died = Fact::Voted { account, keeper: KEEPERS[1], episode: life.episode, word: Word::Died };
        house.dies_before_the_commit_of(entry(account, 2, died));
        house.dies_before_the_commit_of(entry(account, 2, Fact::Resumed { account }));
        let LifeView { life, facts } = view(&house.open().await).await;
        assert!(matches!(life.stage, Stage::Stopped { .. }), "{:?}", life.stage);
        assert!(facts.votes.is_empty());
    }
}

/// A journal that was gone, given up, and is found again undoes nothing of what came after it.
#[tokio::test]
async fn a_journal_of_a_generation_that_was_given_up_ends_nobodys_life_again() {
    for house in House::both("life_given_up").await {
        {
            let mut store = house.open().await;
            armed(&store, plan(Policy::Both)).await;
            let how = Adopting { beside: 0, without_journal: None };
            assert_eq!(store.adopt(how).await.unwrap().generation, 2);
        }
        house.dies_before_the_commit_of(entry(ACCOUNT, 1, Fact::LifeEnded { account: ACCOUNT }));
        assert_eq!(view(&house.open().await).await.life.stage, Stage::Present);
    }
}

#[tokio::test]
async fn without_a_journal_nobody_is_let_go_for_what_she_may_have_said() {
    for house in House::both("life_unknown").await {
        for (stage, expected) in
            [(GONE, Stage::Present), (Stage::Released, Stage::Present), (Stage::Ended, Stage::Ended)]
        {
            let mut store = house.open().await;
            if store.life(ACCOUNT).await.unwrap().is_none() {
                armed(&store, plan(Policy::Both)).await;
            }
            stands_at(&store, stage).await;
            let how = Adopting { beside: 0, without_journal: Some(now().trusted) };
            let done = store.adopt(how).await.unwrap();
            assert_eq!(done.lives, u64::from(stage != Stage::Ended));
            assert_eq!(view(&store).await.life.stage, expected);
        }
    }
}

/// Without keeper-set.age no card opens anything: the newest one is known again after a restore, from the journal, and from the manifest where that is gone; and so is what was sealed to it.
#[tokio::test]
async fn keepers_cards_that_were_made_after_the_backup_open_what_was_sealed_to_them() {
    use crate::LetterStore;
    use crate::keeper_sets::{KeeperSetStore, NewKeeperSet};
    let set = |id: u8, file: u8| NewKeeperSet {
        id: KeeperSetId([id; 16]),
        person: None,
        needed: 2,
        of: 3,
        file: vec![file; 300],
    };
    for without_lives in [false, true] {
        for mut house in House::both("life_cards").await {
            {
                let store = house.open().await;
                // A backup that is older than all of it, where the manifest alone is left.
                if !without_lives {
                    armed(&store, plan(Policy::KeepersOnly)).await;
                    store.put_keeper_set(&author(), set(71, 1), now()).await.unwrap();
                }
            }
            house.back_up().await;
            let (letter, expected) = {
                let store = house.open().await;
                if without_lives {
                    armed(&store, plan(Policy::KeepersOnly)).await;
                    store.put_keeper_set(&author(), set(71, 1), now()).await.unwrap();
                }
                // A keeper left, so that the first set has another file; and there is a second set, with a letter.
                store.put_keeper_set(&author(), set(71, 2), days_later(1)).await.unwrap();
                store.put_keeper_set(&author(), set(72, 3), days_later(1)).await.unwrap();
                let letter = LetterId([73; 16]);
                store.reserve_letter(&author(), letter, days_later(1)).await.unwrap();
                store.put_wrap(&author(), letter, 1, WrapKind::Author, vec![1], 1).await.unwrap();
                store
                    .put_keepers_wrap(&author(), letter, 1, KeeperSetId([72; 16]), vec![2], 1)
                    .await
                    .unwrap();
                let seal = Seal { letter, version: 1, manifest: [9; 32], promise: None };
                store.seal(&author(), seal, days_later(1)).await.unwrap();
                (letter, store.keeper_sets(ACCOUNT).await.unwrap())
            };
            if without_lives {
                house.forgets_lives();
            }
            house.restore();
            for start in 1..=2 {
                let store = house.open().await;
                let found = store.keeper_sets(ACCOUNT).await.unwrap();
                assert_eq!(found, expected, "start {start}, without the facts of lives: {without_lives}");
                assert_eq!(store.keeper_set_of(letter, 1).await.unwrap(), Some(KeeperSetId([72; 16])));
                let shown = store.letter(&author(), letter).await.unwrap();
                assert_eq!(shown.kept, Kept::Keepers);
            }
            // And what a crash left behind of the newest is not lost either.
            let newest = Fact::KeeperSetMade {
                account: ACCOUNT,
                set: KeeperSetId([71; 16]),
                person: None,
                needed: 3,
                of: 4,
                file: vec![4; 300],
                made: days_later(2).trusted,
            };
            house.dies_before_the_commit_of(entry(KeeperSetId([71; 16]), 3, newest));
            let found = house.open().await.keeper_set(KeeperSetId([71; 16])).await.unwrap().unwrap();
            assert_eq!((found.file, found.needed, found.of, found.rev), (vec![4; 300], 3, 4, 3));
        }
    }
}

/// What keepers said of an event after the backup is known again, and what she stopped stays stopped; her days begin anew, since she may have been told by nobody.
#[tokio::test]
async fn the_word_of_keepers_of_after_the_backup_is_known_again_and_opens_nothing_by_itself() {
    use super::tests::LETTER;
    use crate::events::{EventStore, NewWord};
    for stopped in [false, true] {
        for mut house in House::both("life_events").await {
            {
                let store = house.open().await;
                armed(&store, plan(Policy::KeepersOnly)).await;
                transaction!(&store, Mode::Write, |tx| {
                    tx.exec(
                        "update deliveries set gate = 'word', gate_event = 'sealed', gate_keepers = '', gate_quorum = 2 where id = $1",
                        values![DELIVERY],
                    )
                    .await
                })
                .unwrap();
            }
            house.back_up().await;
            {
                let store = house.open().await;
                for n in [0_u8, 2] {
                    let name = |of: u8| MessageId([200 + n * 2 + of; 16]);
                    let word = NewWord { letter: LETTER, happened: true, told: name(0), opens: name(1) };
                    let keeper = KEEPERS[usize::from(n)];
                    let said = store.say_event(keeper, word, &Names::new(), now()).await.unwrap();
                    assert!(said.is_ok());
                }
                if stopped {
                    assert!(store.stop_event(&author(), LETTER, now()).await.unwrap());
                }
            }
            house.restore();
            for start in 1..=2 {
                let store = house.open().await;
                let known = store.event(&author(), LETTER).await.unwrap().unwrap();
                let many = if stopped { 0 } else { 2 };
                assert_eq!((known.heard.len(), known.spoken.is_some()), (many, !stopped), "start {start}");
                assert!(known.spoken.is_none_or(|spoken| spoken.grace));
                assert_eq!(delivery(&store).await.state, State::Waiting);
            }
        }
    }
}

/// She had asked that somebody be told that she lives, and a backup comes back that never heard of it: it rests anew and leaves once. Where the relay had taken it, it does not leave again; what she took back stays
/// back; and so it is after a crash between the journal and the rows.
#[tokio::test]
async fn what_she_asked_to_be_said_after_the_backup_is_said_once() {
    use crate::EngineStore;
    use crate::alive::{AliveStore, Reached};
    use unsaid_delivery::message::MessageState;
    let name = MessageId([210; 16]);
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Since {
        Waits,
        Left,
        TakenBack,
        Crashed,
    }
    for since in [Since::Waits, Since::Left, Since::TakenBack, Since::Crashed] {
        for mut house in House::both("life_alive").await {
            {
                let store = house.open().await;
                armed(&store, plan(Policy::Both)).await;
                // A knock was accepted while she was thought gone.
                transaction!(&store, Mode::Write, |tx| {
                    tx.exec(
                        "insert into messages (id, kind, subject, person, series, nr, nth, address, state, tries, since, foreseen, rev, ended)
                         values ($1, 'knock', 'person', $2, 0, 1, 1, $3, 'accepted', 1, 1, 1, 3, 2)",
                        values![super::tests::MESSAGE, super::tests::PERSON, super::tests::ADDRESS],
                    )
                    .await?;
                    tx.exec(
                        "update deliveries set state = 'knocked', state_number = 1 where id = $1",
                        values![DELIVERY],
                    )
                    .await
                })
                .unwrap();
            }
            house.back_up().await;
            let person = super::tests::PERSON;
            if since == Since::Crashed {
                let fact = Fact::SheLives { person, message: name, tell: true };
                house.dies_before_the_commit_of(entry(format!("{person} alive"), 1, fact));
            } else {
                let store = house.open().await;
                store.tell_alive(&author(), &[person], &[name], now()).await.unwrap().unwrap();
                if since == Since::TakenBack {
                    assert!(store.untell_alive(&author(), person, now()).await.unwrap());
                }
                drop(store);
                if since == Since::Left {
                    let fact = Fact::Accepted { message: name, knock: None };
                    house.dies_before_the_commit_of(entry(name, 3, fact));
                }
                house.restore();
            }
            for start in 1..=2 {
                let store = house.open().await;
                let reached = store.reached(&author()).await.unwrap();
                let [Reached { asked, .. }] = reached.as_slice() else { panic!("{reached:?}") };
                assert_eq!(asked.is_some(), since != Since::TakenBack, "{since:?}, start {start}");
                let row = store.message(name).await.unwrap().expect("a message").message;
                let state = match since {
                    Since::Waits | Since::Crashed => MessageState::Waiting,
                    Since::Left => MessageState::Accepted,
                    Since::TakenBack => MessageState::Dropped,
                };
                assert_eq!(row.state, state, "{since:?}, start {start}");
                let again = MessageId([211; 16]);
                if since != Since::TakenBack {
                    store.tell_alive(&author(), &[person], &[again], now()).await.unwrap().unwrap();
                    assert!(store.message(again).await.unwrap().is_none(), "never a second");
                }
                // It rests before it leaves, by the time of the house as it was found: here nobody had written down any.
                let early = Now { observed: Observed(3_599), ..now() };
                let taken = store.take(BootId([9; 16]), Lane::Letters, early, 100).await.unwrap();
                assert!(!taken.iter().any(|taken| taken.of == WakeOf::Message(name)));
            }
        }
    }
}

/// What keepers gave after the backup, while she was asked after, is known again; what she took is tried first, as before, and what she left counts no more.
#[tokio::test]
async fn what_she_made_of_her_keepers_addresses_after_the_backup_stands() {
    use super::tests::{ADDRESS, PERSON};
    for mut house in House::both("life_offers").await {
        {
            let store = house.open().await;
            armed(&store, plan(Policy::Both)).await;
            store.tell_of_person(&author(), PERSON, Some(SealedText(vec![7; 60]))).await.unwrap();
            let before = view(&store).await.life;
            let life = Life { keepers_asked: Some(now().observed), ..before.clone() };
            let change = Change { life, wake: None, write: vec![], gate: None, fact: None, why: "" };
            store.commit_life(Some(&before), &change, &Names::new(), now()).await.unwrap();
        }
        house.back_up().await;
        let given = |n: u8| NewAddress {
            id: AddressId([120 + n; 16]),
            sealed: SealedText(vec![n; 60]),
            key: Keyed([120 + n; 32]),
        };
        {
            let store = house.open().await;
            for n in [0_u8, 2] {
                let keeper = KEEPERS[usize::from(n)];
                let told = MessageId([220 + n; 16]);
                store.offer_address(keeper, PERSON, given(n), told, now()).await.unwrap();
            }
            store.answer_offer(&author(), PERSON, given(0).id, true, now()).await.unwrap();
            store.answer_offer(&author(), PERSON, given(2).id, false, now()).await.unwrap();
        }
        house.restore();
        for start in 1..=2 {
            let store = house.open().await;
            assert_eq!(store.offered_addresses(&author(), PERSON).await.unwrap(), [], "start {start}");
            let hers = store.persons(&author()).await.unwrap();
            let person = hers.iter().find(|person| person.id == PERSON).unwrap();
            let order: Vec<AddressId> = person.addresses.iter().map(|address| address.id).collect();
            assert_eq!(order, [given(0).id, ADDRESS], "start {start}");
        }
    }
}

/// Whom somebody looks after, as it was chosen last after the backup, is known again: the mail says so, and the name is the newest.
#[tokio::test]
async fn who_is_looked_after_is_known_again() {
    use super::tests::PERSON;
    let later = PersonId([131; 16]);
    let name = |n: u8| Some(SealedText(vec![n; 60]));
    for mut house in House::both("looked_after").await {
        {
            let store = house.open().await;
            armed(&store, plan(Policy::Both)).await;
            store.look_after(&author(), PERSON, name(1)).await.unwrap();
        }
        house.back_up().await;
        {
            let store = house.open().await;
            store.look_after(&author(), PERSON, None).await.unwrap();
            store.look_after(&author(), PERSON, name(2)).await.unwrap();
            let new = NewPerson { id: later, zone: None, language: "en".into(), address: None };
            store.add_person(&author(), new, now()).await.unwrap();
            store.look_after(&author(), later, name(3)).await.unwrap();
            store.look_after(&author(), later, None).await.unwrap();
            store.look_after(&author(), later, name(4)).await.unwrap();
        }
        house.restore();
        for start in 1..=2 {
            let store = house.open().await;
            let hers = store.persons(&author()).await.unwrap();
            let of = |id| hers.iter().find(|person| person.id == id).and_then(|one| one.looked_after.clone());
            assert_eq!((of(PERSON), of(later)), (name(2), name(4)), "start {start}");
        }
    }
}
