//! Memory and SQLite are asked the same, call by call, in invented orders, and must answer the same: what no check thought of.

use crate::places;
use proptest::prelude::*;
use std::fmt::Debug;
use std::sync::Arc;
use unsaid_delivery::accept;
use unsaid_delivery::clock::Mark;
use unsaid_delivery::decide::{amended, decide};
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::PersonId;
use unsaid_delivery::record::{self, Answer};
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::state::Parked;
use unsaid_store::conformance::scene::{HOUR, Scene, link_of, now};
use unsaid_store::journal::MemoryJournal;
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::*;
use unsaid_store::sql::SqlStore;
use unsaid_store::{Result, Store};

/// One thing that somebody does. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Step {
    Seal { person: usize },
    SealAgain { letter: usize },
    Undo { letter: usize },
    Withdraw { letter: usize },
    Open { letter: usize, knock: usize },
    Refuse { knock: usize, scope: usize, letter: usize },
    Lift { knock: usize, scope: usize, letter: usize },
    Park { letter: usize },
    AddAddress { person: usize, key: usize },
    RemoveAddress { person: usize, nth: usize },
    Wait { hours: i64 },
    Work { most: usize, answer: Answer },
    TakeAndDie,
    TakeOver,
    AskCode { browser: usize, address: usize },
    TryCode { browser: usize, right: bool },
    Unlock { right: bool },
    PutVault { rev: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        4 => Just(Answer::Accepted),
        2 => Just(Answer::Later),
        1 => Just(Answer::Refused),
        1 => Just(Answer::Unknown),
        1 => Just(Answer::Blocked),
    ];
    let n = || 0..6usize;
    prop_oneof![
        4 => n().prop_map(|person| Step::Seal { person }),
        1 => n().prop_map(|letter| Step::SealAgain { letter }),
        1 => n().prop_map(|letter| Step::Undo { letter }),
        1 => n().prop_map(|letter| Step::Withdraw { letter }),
        2 => (n(), n()).prop_map(|(letter, knock)| Step::Open { letter, knock }),
        2 => (n(), n(), n()).prop_map(|(knock, scope, letter)| Step::Refuse { knock, scope, letter }),
        2 => (n(), n(), n()).prop_map(|(knock, scope, letter)| Step::Lift { knock, scope, letter }),
        1 => n().prop_map(|letter| Step::Park { letter }),
        2 => (n(), n()).prop_map(|(person, key)| Step::AddAddress { person, key }),
        1 => (n(), n()).prop_map(|(person, nth)| Step::RemoveAddress { person, nth }),
        3 => prop_oneof![0..30i64, Just(14 * 24), Just(400 * 24)].prop_map(|hours| Step::Wait { hours }),
        6 => (1..20usize, answer).prop_map(|(most, answer)| Step::Work { most, answer }),
        1 => Just(Step::TakeAndDie),
        1 => Just(Step::TakeOver),
        1 => (n(), n()).prop_map(|(browser, address)| Step::AskCode { browser: browser % 2, address: address % 2 }),
        2 => (n(), any::<bool>()).prop_map(|(browser, right)| Step::TryCode { browser: browser % 2, right }),
        1 => any::<bool>().prop_map(|right| Step::Unlock { right }),
        1 => (0..4i64).prop_map(|rev| Step::PutVault { rev }),
    ]
}

/// A house in which the steps are taken, and everything that it answered.
struct House<'a> {
    scene: Scene<'a>,
    author: Author,
    persons: Vec<PersonId>,
    keys: Vec<Keyed>,
    browsers: Vec<Keyed>,
    code: Keyed,
    letters: Vec<Letter>,
    knocks: Vec<unsaid_delivery::MessageId>,
    hours: i64,
    said: Vec<String>,
}

fn pick<T: Clone>(from: &[T], n: usize) -> Option<T> {
    (!from.is_empty()).then(|| from[n % from.len()].clone())
}

impl House<'_> {
    fn say(&mut self, what: impl Debug) {
        self.said.push(format!("{what:?}"));
    }

    /// What an error says is not compared, only which it is.
    fn answer<T: Debug>(&mut self, what: &str, answer: Result<T>) -> Option<T> {
        match answer {
            Ok(value) => {
                self.said.push(format!("{what}: {value:?}"));
                Some(value)
            }
            Err(error) => {
                self.said.push(format!("{what}: {error:?}"));
                None
            }
        }
    }

    fn store(&self) -> &dyn Store {
        self.scene.store
    }

    async fn reader(&self, knock: usize) -> Option<Reader> {
        let message = pick(&self.knocks, knock)?;
        self.store().knock(link_of(message)).await.expect("an answer").map(|k| k.reader)
    }

    fn scope(&self, scope: usize, letter: usize) -> Option<Scope> {
        Some(match scope % 5 {
            0 => Scope::NotMe,
            1 => Scope::Author,
            2 => Scope::House,
            3 => Scope::Quiet,
            _ => Scope::Letter(pick(&self.letters, letter)?.id),
        })
    }

    async fn take(&mut self, step: &Step) -> Option<()> {
        let at = now(self.hours * HOUR);
        match *step {
            Step::Seal { person } => {
                let person = pick(&self.persons, person)?;
                let letter = self.scene.sealed(&self.author, person, at).await;
                self.letters.push(letter);
            }
            Step::SealAgain { letter } => {
                let letter = pick(&self.letters, letter)?.id;
                let version = self.store().reserve_version(&self.author, letter, at).await;
                let version = self.answer("reserve", version)?;
                self.scene.fill(&self.author, letter, version).await;
                let person = pick(&self.persons, letter.0[0] as usize)?;
                let promise = Some(self.scene.promise(person, at));
                let seal = Seal { letter, version, manifest: [version as u8; 32], promise };
                let sealed = self.store().seal(&self.author, seal, at).await;
                self.answer("seal again", sealed);
            }
            Step::Undo { letter } | Step::Withdraw { letter } => {
                let letter = pick(&self.letters, letter)?.id;
                let delivery = self.scene.promised(&self.author, letter).await;
                let granted = match step {
                    Step::Undo { .. } => accept::undo(&delivery, at),
                    _ => accept::withdraw(&delivery),
                };
                let granted = granted.ok()?;
                let done = self.store().commit_author(&self.author, &delivery, &granted, at).await;
                self.answer("taken back", done);
            }
            Step::Open { letter, knock } => {
                let reader = self.reader(knock).await?;
                let delivery = pick(&self.letters, letter)?.delivery?.id;
                let delivery = self.scene.view(delivery).await.delivery;
                let granted = accept::open(&delivery).ok()??;
                let opened = self.store().open(&reader, &delivery, &granted, at).await;
                self.answer("open", opened);
                let released = self.store().release(&reader, delivery.id).await;
                let released = released.map(|r| (r.subject().to_owned(), r.version(), r.wrap().to_vec()));
                self.answer("release", released);
            }
            Step::Refuse { knock, scope, letter } => {
                let (reader, scope) = (self.reader(knock).await?, self.scope(scope, letter)?);
                let refused = self.store().refuse(&reader, scope, at).await;
                self.answer("refuse", refused);
            }
            Step::Lift { knock, scope, letter } => {
                let (reader, scope) = (self.reader(knock).await?, self.scope(scope, letter)?);
                let lifted = self.store().lift(&reader, scope, at).await;
                self.answer("lift", lifted);
            }
            Step::Park { letter } => {
                let delivery = pick(&self.letters, letter)?.delivery?.id;
                let parked = self.store().park(delivery, Parked::Damaged).await;
                self.answer("park", parked);
            }
            Step::AddAddress { person, key } => {
                let (person, key) = (pick(&self.persons, person)?, pick(&self.keys, key)?);
                let address = self.scene.address(key);
                let added = self.store().add_address(&self.author, person, address, at).await;
                self.answer("add", added);
            }
            Step::RemoveAddress { person, nth } => {
                let person = pick(&self.persons, person)?;
                let persons = self.store().persons(&self.author).await.expect("persons");
                let addresses = persons.into_iter().find(|p| p.id == person)?.addresses;
                let address = pick(&addresses, nth)?.id;
                let removed = self.store().remove_address(&self.author, person, address, at).await;
                self.answer("remove", removed);
            }
            Step::Wait { hours } => self.hours += hours,
            Step::Work { most, answer } => self.work(most, answer).await,
            Step::TakeAndDie => {
                let mut taken =
                    self.store().take(self.scene.boot_id(), Lane::Letters, at, 1_000).await.expect("wakes");
                taken.sort_by_key(|taken| taken.of);
                self.say(taken);
            }
            Step::TakeOver => {
                let boot = self.scene.boot_id();
                let mut held = self.store().held(boot, Lane::Letters, at, 1_000).await.expect("held ones");
                held.sort_by_key(|held| held.of);
                self.say(&held);
                for held in held {
                    let taken = self.store().take_over(boot, &held).await;
                    if let Some(taken) = self.answer("take over", taken).flatten() {
                        let back = self.store().give_back(&taken).await;
                        self.answer("give back", back);
                    }
                }
            }
            Step::AskCode { browser, address } => {
                let ask = CodeAsk {
                    message: self.scene.message_id(),
                    browser: self.browsers[browser],
                    email_key: self.keys[address],
                    to: self.scene.sealed_text(),
                    invitation: None,
                    write: address == 0,
                    expires: now(self.hours * HOUR + 600).trusted,
                };
                let message = ask.message;
                let asked = self.store().ask_code(ask, at).await;
                self.answer("ask", asked);
                let set = self.store().set_code(message, self.code).await;
                self.answer("set", set);
            }
            Step::TryCode { browser, right } => {
                let code = if right { self.code } else { self.keys[0] };
                let tried = self.store().try_code(self.browsers[browser], code, at).await;
                self.answer("try", tried);
            }
            Step::Unlock { right } => {
                // The right token is not known here: both are wrong, and differ.
                let token = if right { self.code } else { self.keys[0] };
                let tried = self.store().try_unlock(&self.author, token, at).await;
                let tried = tried.map(|t| match t {
                    UnlockTried::Right(_) => None,
                    UnlockTried::Wrong => Some(None),
                    UnlockTried::TooMany { until } => Some(Some(until)),
                });
                self.answer("unlock", tried);
            }
            Step::PutVault { rev } => {
                let put = self.store().put_vault(&self.author, rev, vec![rev as u8]).await;
                self.answer("vault", put);
            }
        }
        Some(())
    }

    /// The worker, as far as it comes, one wake at a time.
    async fn work(&mut self, most: usize, answer: Answer) {
        let at = now(self.hours * HOUR);
        let boot = self.scene.boot_id();
        let mark = Mark { trusted: at.trusted, observed: at.observed };
        self.store().beat(boot, mark).await.expect("a beat");
        for _ in 0..most {
            let mut come = self.store().take(boot, Lane::Letters, at, 1_000).await.expect("wakes");
            // Of wakes at the same instant no order is promised, so the order is ours.
            come.sort_by_key(|taken| taken.of);
            self.say(&come);
            for rest in come.iter().skip(1) {
                self.store().give_back(rest).await.expect("given back");
            }
            let Some(taken) = come.first().copied() else { return };
            match taken.of {
                WakeOf::Delivery(id) => {
                    let view = self.scene.view(id).await;
                    let Some(decision) = decide(&view.delivery, &view.pair, at) else {
                        panic!("an end has a wake: {view:?}")
                    };
                    let message = self.scene.message_id();
                    let knock = Some((message, link_of(message)));
                    let done = self.store().decided(&taken, &view.delivery, &decision, knock, at).await;
                    if self.answer(decision.why, done).is_none() {
                        self.store().give_back(&taken).await.expect("given back");
                    } else if decision.knock.is_some() {
                        self.knocks.push(message);
                    }
                }
                WakeOf::Message(id) => {
                    let row = self.scene.row(id).await;
                    let started = self.store().start(&taken, &row, at.trusted, at).await;
                    match self.answer("start", started).expect("an answer") {
                        StartAnswer::Started(started) => {
                            let recorded = record::answered(&started, answer, at);
                            let done = self.store().recorded(&taken, &started, &recorded, at).await;
                            self.answer("recorded", done);
                        }
                        StartAnswer::NotAllowed(_) => {
                            let done = self.store().dropped(&taken, &row, at).await;
                            self.answer("dropped", done);
                        }
                        StartAnswer::NotOurs => panic!("it was just taken"),
                    }
                }
                WakeOf::Letter(id) => {
                    let new = self.store().amending(id).await.expect("an answer").expect("new words");
                    let decision = amended(&new, at);
                    let done = self.store().amended(&taken, &new, decision, at).await;
                    self.answer("amended", done);
                }
            }
        }
    }

    /// Everything that can be seen.
    async fn look(&mut self) {
        let store = self.scene.store;
        let house = store.house().await;
        self.answer("house", house);
        let counts = store.counts().await;
        self.answer("counts", counts);
        for lane in [Lane::Letters, Lane::Codes] {
            let next = store.next_wakes(lane).await;
            self.answer("next", next);
        }
        let persons = store.persons(&self.author).await;
        self.answer("persons", persons);
        let vault = store.vault(&self.author).await;
        self.answer("vault", vault);
        let mut letters = store.letters(&self.author).await.expect("letters");
        // Of those that were sealed at the same instant no order is promised.
        letters.sort_by_key(|l| l.id);
        self.say(letters);
        for letter in self.letters.clone() {
            let Some(delivery) = letter.delivery else { continue };
            let mut view = self.scene.view(delivery.id).await;
            view.pair.knocks.sort_by_key(|k| k.id);
            self.say(view);
            let held = store.unproven(&self.author, letter.id, 1).await;
            self.answer("wraps", held);
        }
        for message in self.knocks.clone() {
            let mut view = store.message(message).await.expect("an answer").expect("a message");
            view.deliveries.sort_by_key(|(id, ..)| *id);
            self.say(view);
            let knock = store.knock(link_of(message)).await;
            let Some(Some(knock)) = self.answer("knock", knock) else { continue };
            let mut waiting = store.waiting(&knock.reader).await.expect("waiting");
            waiting.sort_by_key(|w| w.delivery.id);
            self.say(waiting);
            let refusals = store.refusals(&knock.reader).await;
            self.answer("refusals", refusals);
        }
    }
}

/// Everything that a store answers, and its facts.
async fn lived(store: &dyn Store, facts: &dyn Fn() -> Vec<Fact>, steps: &[Step]) -> Vec<String> {
    let scene = Scene::new(store, facts);
    let author = scene.author().await;
    let keys = vec![scene.keyed(), scene.keyed(), scene.keyed()];
    // Two persons share a mailbox.
    let persons = vec![
        scene.person(&author, &[keys[0], keys[1]]).await.0,
        scene.person(&author, &[keys[0]]).await.0,
        scene.person(&author, &[]).await.0,
    ];
    let browsers = vec![scene.keyed(), scene.keyed()];
    let code = scene.keyed();
    let (letters, knocks, said) = (Vec::new(), Vec::new(), Vec::new());
    let mut house = House { scene, author, persons, keys, browsers, code, letters, knocks, hours: 0, said };
    for step in steps {
        house.say(step);
        house.take(step).await;
        house.look().await;
    }
    let facts = house.scene.facts();
    house.say(facts);
    house.said
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        rng_seed: proptest::test_runner::RngSeed::Fixed(0x0075_6e73_6169_6400),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    })]

    #[test]
    fn memory_and_sqlite_answer_alike(steps in prop::collection::vec(step(), 1..40)) {
        let memory = MemoryStore::new();
        let expected = places::at_once(lived(&memory, &|| memory.facts(), &steps));
        let journal = Arc::new(MemoryJournal::new());
        let sqlite = places::at_once(SqlStore::sqlite_in_memory(journal.clone())).expect("a store");
        let facts = || journal.records().into_iter().map(|r| r.entry.fact).collect();
        let given = places::at_once(lived(&sqlite, &facts, &steps));
        let differs = expected.iter().zip(&given).position(|(a, b)| a != b);
        if let Some(at) = differs {
            let before = expected[..at].iter().rev().find(|s| !s.contains(": ")).cloned();
            prop_assert_eq!(&expected[at], &given[at], "answer {} after {:?}", at, before);
        }
        prop_assert_eq!(expected.len(), given.len());
    }
}
