//! Memory and SQLite are asked the same, call by call, in invented orders, and must answer the same: what no check thought of.
//! One thing because every verb of the store is a step here, and a step needs what the others made.

use crate::places;
use proptest::prelude::*;
use std::fmt::Debug;
use std::sync::Arc;
use unsaid_delivery::accept;
use unsaid_delivery::calendar;
use unsaid_delivery::clock::{Mark, Now};
use unsaid_delivery::decide::{amended, decide};
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::{AccountId, BlobId, DraftId, PersonId, ReplyId};
use unsaid_delivery::life;
use unsaid_delivery::message::Notice;
use unsaid_delivery::record::{self, Answer, Bounce};
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::rule::{Birthday, LeapDay, Moment};
use unsaid_delivery::state::{Parked, Rest};
use unsaid_store::conformance::scene::{HOUR, Scene, link_of, now};
use unsaid_store::journal::MemoryJournal;
use unsaid_store::limits::Limits;
use unsaid_store::lives::Names;
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::*;
use unsaid_store::sql::SqlStore;
use unsaid_store::{Result, Store};

/// One thing that somebody does. Numbers choose among what is there.
#[derive(Debug, Clone)]
pub(crate) enum Step {
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
    SealAs { person: usize, words: bool, until: i16 },
    Amend { letter: usize, hours: i64 },
    UndoAmend { letter: usize },
    Correct { letter: usize, month: i8 },
    PutCard { person: usize, card: usize },
    ReplaceCard { person: usize, card: usize, all: bool },
    ComeWithWords { card: usize },
    TryWords { knock: usize, letter: usize, card: usize },
    SaveDraft { draft: u8, rev: i64 },
    Discard { draft: u8 },
    Restore { draft: u8 },
    Photo { draft: u8, blob: u8 },
    Prune,
    Rewrap { most: usize, generation: u32 },
    NewWords { number: u32 },
    ChangeEmail { browser: usize, address: usize, right: bool },
    UndoEmail { change: usize },
    Kit { key: usize },
    Tell,
    Later { knock: usize, letter: usize, days: i32 },
    Reply { knock: usize, letter: usize, name: u8, blob: u8 },
    Seen { name: u8 },
    Digits { key: usize },
    Bounce { knock: usize, bounce: Bounce },
    ByMail { knock: usize },
    LookAhead,
    KeepWithin { most: u64 },
    Sessions { nth: usize },
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        4 => Just(Answer::Accepted),
        2 => Just(Answer::Later),
        1 => Just(Answer::Refused),
        1 => Just(Answer::Unknown),
        1 => Just(Answer::Unwelcome),
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
        12 => new_step(),
    ]
}

/// What can be done since letters can be amended, come every year, and are kept by words.
fn new_step() -> impl Strategy<Value = Step> {
    let n = || 0..6usize;
    prop_oneof![
        3 => (n(), any::<bool>(), 2026..2030i16)
            .prop_map(|(person, words, until)| Step::SealAs { person, words, until }),
        3 => (n(), 0..20i64).prop_map(|(letter, hours)| Step::Amend { letter, hours }),
        1 => n().prop_map(|letter| Step::UndoAmend { letter }),
        1 => (n(), 1..13i8).prop_map(|(letter, month)| Step::Correct { letter, month }),
        2 => (n(), n()).prop_map(|(person, card)| Step::PutCard { person, card }),
        1 => (n(), n(), any::<bool>()).prop_map(|(person, card, all)| Step::ReplaceCard { person, card, all }),
        2 => n().prop_map(|card| Step::ComeWithWords { card }),
        1 => (n(), n(), n()).prop_map(|(knock, letter, card)| Step::TryWords { knock, letter, card }),
        3 => (0..3u8, 0..4i64).prop_map(|(draft, rev)| Step::SaveDraft { draft, rev }),
        1 => (0..3u8).prop_map(|draft| Step::Discard { draft }),
        1 => (0..3u8).prop_map(|draft| Step::Restore { draft }),
        1 => (0..3u8, 0..4u8).prop_map(|(draft, blob)| Step::Photo { draft, blob: draft * 4 + blob }),
        1 => Just(Step::Prune),
        1 => (1..5usize, 1..4u32).prop_map(|(most, generation)| Step::Rewrap { most, generation }),
        1 => (1..4u32).prop_map(|number| Step::NewWords { number }),
        1 => (0..2usize, 0..3usize, any::<bool>())
            .prop_map(|(browser, address, right)| Step::ChangeEmail { browser, address, right }),
        1 => n().prop_map(|change| Step::UndoEmail { change }),
        1 => (0..3usize).prop_map(|key| Step::Kit { key }),
        1 => Just(Step::Tell),
        8 => answering_step(),
    ]
}

/// What can be done since people keep letters for later and answer them, and mail comes back.
fn answering_step() -> impl Strategy<Value = Step> {
    let n = || 0..6usize;
    let bounce = prop_oneof![3 => Just(Bounce::Dead), 1 => Just(Bounce::Lost), 1 => Just(Bounce::Blocked)];
    prop_oneof![
        3 => (n(), n(), 1..500i32).prop_map(|(knock, letter, days)| Step::Later { knock, letter, days }),
        3 => (n(), n(), 0..30u8, any::<u8>())
            .prop_map(|(knock, letter, name, blob)| Step::Reply { knock, letter, name, blob }),
        1 => (0..30u8).prop_map(|name| Step::Seen { name }),
        2 => n().prop_map(|key| Step::Digits { key }),
        2 => (n(), bounce).prop_map(|(knock, bounce)| Step::Bounce { knock, bounce }),
        1 => n().prop_map(|knock| Step::ByMail { knock }),
        2 => Just(Step::LookAhead),
        1 => prop_oneof![2 => Just(0), 1 => 1..8u64].prop_map(|most| Step::KeepWithin { most }),
        1 => n().prop_map(|nth| Step::Sessions { nth }),
    ]
}

/// A house in which the steps are taken, and everything that it answered.
pub(crate) struct House<'a> {
    pub(crate) scene: Scene<'a>,
    pub(crate) author: Author,
    persons: Vec<PersonId>,
    keys: Vec<Keyed>,
    browsers: Vec<Keyed>,
    code: Keyed,
    pub(crate) letters: Vec<Letter>,
    pub(crate) knocks: Vec<unsaid_delivery::MessageId>,
    pub(crate) hours: i64,
    pub(crate) said: Vec<String>,
    cards: Vec<Keyed>,
    pub(crate) came_with_words: Vec<Reader>,
    pub(crate) undos: Vec<Keyed>,
}

pub(crate) fn pick<T: Clone>(from: &[T], n: usize) -> Option<T> {
    (!from.is_empty()).then(|| from[n % from.len()].clone())
}

impl House<'_> {
    pub(crate) fn say(&mut self, what: impl Debug) {
        self.said.push(format!("{what:?}"));
    }

    /// What an error says is not compared, only which it is.
    pub(crate) fn answer<T: Debug>(&mut self, what: &str, answer: Result<T>) -> Option<T> {
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

    pub(crate) fn store(&self) -> &dyn Store {
        self.scene.store
    }

    async fn reader(&self, knock: usize) -> Option<Reader> {
        // Every other one came with words, once somebody did.
        if let (1, Some(reader)) = (knock % 2, pick(&self.came_with_words, knock)) {
            return Some(reader);
        }
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

    pub(crate) async fn take(&mut self, step: &Step) -> Option<()> {
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
                let letter = pick(&self.letters, letter)?.id;
                let all = self.store().letter(&self.author, letter).await.expect("a letter").deliveries;
                let delivery = pick(&all, knock)?;
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
                    known: browser == 0,
                    expires: now(self.hours * HOUR + 600).trusted,
                    language: ["en", "es"][browser % 2].into(),
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
            _ => self.take_new(step, at).await?,
        }
        Some(())
    }

    async fn take_new(&mut self, step: &Step, at: Now) -> Option<()> {
        match *step {
            Step::SealAs { person, words, until } => {
                let person = pick(&self.persons, person)?;
                let mut seal = self.scene.ready_to_seal(&self.author, person, at).await;
                if words {
                    let put =
                        self.store().put_wrap(&self.author, seal.letter, 1, WrapKind::Words, vec![1], 1);
                    put.await.expect("a wrap");
                }
                let birthday = Birthday { month: 5, day: 10, leap: LeapDay::February28 };
                let time = jiff::civil::time(9, 0, 0, 0);
                let moment = Moment::EachBirthday { until, birthday, time, zone: "Europe/Lisbon".into() };
                let first = calendar::first_occurrence(&moment, at.trusted).expect("a zone");
                if let (Some(first), Some(promise)) = (first, seal.promise.as_mut()) {
                    let due = calendar::comes_at(&moment, first, at.trusted).expect("a zone").expect("a day");
                    (promise.occurrence, promise.due) = (first, due);
                    promise.rule.moment = moment;
                }
                let sealed = self.store().seal(&self.author, seal, at).await;
                let letter = self.answer("seal as", sealed)?;
                self.letters.push(letter);
            }
            Step::Amend { letter, hours } => {
                let letter = pick(&self.letters, letter)?.id;
                let version = self.store().reserve_version(&self.author, letter, at).await;
                let version = self.answer("reserve", version)?;
                self.scene.fill(&self.author, letter, version).await;
                let until = at.trusted + jiff::SignedDuration::from_hours(hours);
                let rest = Rest { until, observed: at.observed.plus_seconds(hours * HOUR / 2) };
                let amend = Amend { letter, version, manifest: [version as u8; 32], rest };
                let done = self.store().amend(&self.author, amend, at).await;
                self.answer("amend", done);
            }
            Step::UndoAmend { letter } => {
                let letter = pick(&self.letters, letter)?.id;
                let new = self.store().amending(letter).await.expect("an answer");
                let version = new.map_or(2, |new| new.version);
                let done = self.store().undo_amend(&self.author, letter, version, at).await;
                self.answer("undo amend", done);
            }
            Step::Correct { letter, month } => {
                let letter = pick(&self.letters, letter)?.id;
                let delivery = self.scene.promised(&self.author, letter).await;
                let right = Birthday { month, day: 28, leap: LeapDay::February28 };
                let corrected = accept::correct_birthday(&delivery, None, right, at).ok()??;
                let done = self.store().correct_rule(&self.author, &delivery, &corrected, at).await;
                self.answer("correct", done);
            }
            Step::PutCard { person, card } => {
                let (person, card) = (pick(&self.persons, person)?, pick(&self.cards, card)?);
                let put = self.store().put_card(&self.author, person, card, at).await;
                self.answer("card", put);
            }
            Step::ReplaceCard { person, card, all } => {
                let (person, claim) = (pick(&self.persons, person)?, pick(&self.cards, card)?);
                let mut wraps = Vec::new();
                for letter in self.letters.iter().filter(|_| all) {
                    for version in 1..9 {
                        let bytes = vec![card as u8];
                        wraps.push(NewWordsWrap { letter: letter.id, version, bytes, generation: 2 });
                    }
                }
                let put = self.store().replace_card(&self.author, person, claim, wraps, at).await;
                self.answer("replace card", put);
            }
            Step::ComeWithWords { card } => {
                let token = self.scene.keyed();
                let claim = pick(&self.cards, card)?;
                let came = self.store().open_reader_by_claim(token, claim, at).await;
                self.answer("came", came);
                let reader = self.store().reader(token, at).await;
                let reader = self.answer("reader", reader)??;
                self.came_with_words.push(reader);
            }
            Step::TryWords { knock, letter, card } => {
                let reader = self.reader(knock).await?;
                let delivery = pick(&self.letters, letter)?.delivery?.id;
                let claim = pick(&self.cards, card)?;
                let opens = self.store().claim_opens(&reader, delivery, claim).await;
                self.answer("opens", opens);
            }
            Step::SaveDraft { draft, rev } => {
                let saved =
                    self.store().put_draft(&self.author, DraftId([draft; 16]), rev, vec![rev as u8; 5], at);
                let saved = saved.await;
                self.answer("draft", saved);
            }
            Step::Discard { draft } => {
                let done = self.store().discard_draft(&self.author, DraftId([draft; 16]), at).await;
                self.answer("discard", done);
            }
            Step::Restore { draft } => {
                let done = self.store().restore_draft(&self.author, DraftId([draft; 16])).await;
                self.answer("restore", done);
            }
            Step::Photo { draft, blob } => {
                let (name, kind, blob) = ("a".into(), "media".into(), BlobId([blob; 16]));
                let part = Part { name, kind, blob, size: 1, sha256: [0; 32] };
                let done = self.store().put_draft_part(&self.author, DraftId([draft; 16]), part).await;
                self.answer("photo", done);
            }
            Step::Prune => {
                let done = self.store().prune(at).await;
                self.answer("prune", done);
            }
            Step::Rewrap { most, generation } => {
                let old = self.store().wraps_to_rewrap(generation, most).await.expect("wraps");
                self.say(&old);
                for old in old {
                    let done = self.store().rewrapped(&old, vec![generation as u8; 3], generation).await;
                    self.answer("rewrapped", done);
                }
            }
            Step::NewWords { number } => {
                let (key, wrap) = (self.scene.keyed(), vec![number as u8]);
                let new = NewUnlock {
                    salt: vec![0; 16],
                    key,
                    wrap,
                    number,
                    host_generation: 1,
                    session: self.keys[0],
                };
                let notice = self.scene.message_id();
                let done = self.store().replace_unlock(&self.author, new, notice, at).await;
                self.answer("new words", done);
                self.told(notice).await;
            }
            Step::ChangeEmail { browser, address, right } => {
                let (browser, new_key) = (self.browsers[browser], self.keys[address]);
                let ask = EmailChangeAsk {
                    message: self.scene.message_id(),
                    browser,
                    new_key,
                    to: self.scene.sealed_text(),
                    expires: now(self.hours * HOUR + 600).trusted,
                };
                let message = ask.message;
                let asked = self.store().ask_email_change(&self.author, ask, at).await;
                self.answer("ask change", asked);
                let set = self.store().set_code(message, self.code).await;
                self.answer("set", set);
                let (notice, undo) = (self.scene.message_id(), self.scene.keyed());
                let (email, notice_to) = (self.scene.sealed_text(), self.scene.sealed_text());
                let session = self.keys[1];
                let change = EmailChange { email, new_key, notice, notice_to, undo, session };
                let code = if right { self.code } else { self.keys[0] };
                let changed = self.store().change_email(&self.author, browser, code, change, at).await;
                self.answer("change", changed);
                self.undos.push(undo);
                self.told(notice).await;
            }
            Step::UndoEmail { change } => {
                let undo = pick(&self.undos, change)?;
                let may = self.store().email_undo(undo, at).await;
                self.answer("may undo", may);
                let undone = self.store().undo_email(undo, at).await;
                self.answer("undo email", undone);
            }
            Step::Kit { key } => {
                let kit = self.keys[key];
                let made = self.scene.message_id();
                let put = self.store().put_kit(&self.author, kit, made, at).await;
                self.answer("kit", put);
                let (token, notice) = (self.scene.keyed(), self.scene.message_id());
                let account = self.author.account();
                let opened = self.store().open_kit_session(token, account, key == 0, notice, at).await;
                self.answer("kit session", opened);
                let session = self.store().session(token, at).await;
                self.answer("session", session);
                self.told(notice).await;
            }
            Step::KeepWithin { most } => {
                let limits = Limits {
                    codes_an_hour: most,
                    accounts_a_day: most,
                    session_days: most * 9,
                    persons: most * 4,
                    persons_a_month: most * 3,
                    cards: most,
                    drafts: most,
                    photos: most,
                    letters: most * 6,
                    reserved: most,
                    versions: most,
                    uploads: most,
                    bytes: most * 400,
                };
                self.store().keep_within(limits).await.expect("numbers");
            }
            Step::Sessions { nth } => {
                let found = self.store().sessions(&self.author, at).await;
                let found = self.answer("sessions", found).unwrap_or_default();
                if let Some(session) = found.get(nth) {
                    let ended = self.store().end_session_named(&self.author, session.name).await;
                    self.answer("end", ended);
                }
                if nth == 5 {
                    let ended = self.store().end_other_sessions(&self.author, self.keys[0]).await;
                    self.answer("end others", ended);
                }
            }
            Step::Tell => {
                let notice = self.scene.message_id();
                let told = self.store().notify(&self.author, Notice::Trial, notice, at).await;
                self.answer("tell", told);
                self.told(notice).await;
            }
            _ => self.take_answering(step, at).await?,
        }
        Some(())
    }

    async fn take_answering(&mut self, step: &Step, at: Now) -> Option<()> {
        match *step {
            Step::Later { knock, letter, days } => {
                let reader = self.reader(knock).await?;
                let letter = pick(&self.letters, letter)?.id;
                let all = self.store().letter(&self.author, letter).await.expect("a letter").deliveries;
                let delivery = pick(&all, knock)?;
                let zone = self.store().sender(&reader).await.expect("an author").zone;
                let today = calendar::day_in(at.trusted, &zone).expect("a zone");
                let day = today.checked_add(jiff::Span::new().days(days)).expect("a day");
                let granted = accept::later(&delivery, Some(day), &zone, at).ok()?;
                let kept = self.store().keep_for_later(&reader, &delivery, &granted, at).await;
                self.answer("later", kept);
            }
            Step::Reply { knock, letter, name, blob } => {
                let reader = self.reader(knock).await?;
                let delivery = pick(&self.letters, letter)?.delivery?.id;
                let (id, blob, notice) = (ReplyId([name; 16]), BlobId([blob; 16]), self.scene.message_id());
                let reply = NewReply { id, delivery, blob, size: 9, sha256: [name % 3; 32], notice };
                let replied = self.store().reply(&reader, reply, at).await;
                self.answer("reply", replied);
                self.told(notice).await;
            }
            Step::Seen { name } => {
                let seen = self.store().reply_seen(&self.author, ReplyId([name; 16]), at).await;
                self.answer("seen", seen);
                let reply = self.store().reply_named(&self.author, ReplyId([name; 16]), at).await;
                self.answer("reply named", reply);
            }
            Step::Digits { key } => {
                let tried = self.store().try_digits(pick(&self.keys, key)?, at).await;
                let tried = tried.map(|tried| match tried {
                    // Of those that left at the same instant no order is promised.
                    DigitsTried::Knocks(mut knocks) => {
                        knocks.sort();
                        DigitsTried::Knocks(knocks)
                    }
                    too_many => too_many,
                });
                self.answer("digits", tried);
            }
            Step::Bounce { knock, bounce } => {
                let message = pick(&self.knocks, knock)?;
                let became = self.store().bounced(message, bounce, at).await;
                self.answer("bounced", became);
                let named = self.store().knock_named(message).await;
                self.answer("knock", named);
            }
            Step::ByMail { knock } => {
                let (knock, notice) = (pick(&self.knocks, knock)?, self.scene.message_id());
                let told = self.store().nobody_reads(knock, notice, at).await;
                self.answer("nobody reads", told);
                self.told(notice).await;
                let named = self.store().knock_named(notice).await;
                self.answer("no knock", named);
            }
            Step::LookAhead => {
                let many = self.store().foresee(at, 1_000).await;
                self.answer("look ahead", many);
            }
            _ => unreachable!("an older step"),
        }
        Some(())
    }

    /// A notice, if it was written.
    async fn told(&mut self, notice: unsaid_delivery::MessageId) {
        let view = self.store().message(notice).await;
        self.answer("notice", view);
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
                        StartAnswer::Held => self.store().give_back(&taken).await.expect("given back"),
                        StartAnswer::NotOurs => panic!("it was just taken"),
                    }
                }
                WakeOf::Letter(id) => {
                    let new = self.store().amending(id).await.expect("an answer").expect("new words");
                    let decision = amended(&new, at);
                    let done = self.store().amended(&taken, &new, decision, at).await;
                    self.answer("amended", done);
                }
                WakeOf::Life(account) => self.live(&taken, account, at).await,
            }
        }
    }

    /// What time demands of her life.
    pub(crate) async fn live(&mut self, taken: &Taken, account: AccountId, at: Now) {
        let seen = self.store().life(account).await.expect("an answer").expect("a life");
        let change = life::decide(&seen.life, &seen.facts, at);
        let names = self.names_of(&change);
        let done = self.store().decided_life(taken, &seen.life, &change, &names, at).await;
        self.answer(change.why, done);
    }

    /// Names for what this change writes.
    pub(crate) fn names_of(&self, change: &life::Change) -> Names {
        change.write.iter().map(|_| self.scene.message_id()).map(|id| (id, link_of(id))).collect()
    }

    /// Everything that can be seen.
    pub(crate) async fn look(&mut self) {
        let store = self.scene.store;
        let house = store.house().await;
        self.answer("house", house);
        let life = store.life(self.author.account()).await;
        self.answer("life", life);
        let counts = store.counts().await;
        self.answer("counts", counts);
        let forecast = store.forecast(now(self.hours * HOUR)).await;
        self.answer("forecast", forecast);
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
            let stored = store.letter(&self.author, letter.id).await.expect("a letter");
            for delivery in stored.deliveries {
                let mut view = self.scene.view(delivery.id).await;
                view.pair.knocks.sort_by_key(|k| k.id);
                view.pair.addresses.iter_mut().for_each(in_order);
                self.say(view);
            }
            for version in 1..4 {
                let held = store.unproven(&self.author, letter.id, version).await;
                self.answer("wraps", held);
            }
            let new = store.amending(letter.id).await;
            self.answer("new words", new);
        }
        let account = store.account(&self.author).await;
        self.answer("account", account);
        let generations = store.wraps_by_generation().await;
        self.answer("generations", generations);
        let replies = store.replies(&self.author, now(self.hours * HOUR)).await;
        self.answer("replies", replies);
        let mut orphans = store.orphans(1_000).await.expect("orphans");
        // In which order is not promised.
        orphans.sort();
        self.say(orphans);
        let drafts = store.drafts(&self.author).await;
        for draft in self.answer("drafts", drafts).unwrap_or_default() {
            let history = store.draft_history(&self.author, draft.id).await;
            self.answer("history", history);
            let photo = store.draft_part(&self.author, draft.id, "a").await;
            self.answer("photo", photo);
        }
        for reader in self.came_with_words.clone() {
            let mut waiting = store.waiting(&reader).await.expect("waiting");
            waiting.sort_by_key(|w| w.delivery.id);
            self.say(waiting);
            let refusals = store.refusals(&reader).await;
            self.answer("refusals", refusals);
        }
        for message in self.knocks.clone() {
            let mut view = store.message(message).await.expect("an answer").expect("a message");
            view.deliveries.sort_by_key(|(id, ..)| *id);
            view.address.iter_mut().for_each(in_order);
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

/// Of what was refused at an address no order is promised.
fn in_order(address: &mut unsaid_delivery::decide::Address) {
    address.refused.sort_by_key(|refused| format!("{refused:?}"));
}

impl<'a> House<'a> {
    /// An author with three persons; two of them share a mailbox.
    pub(crate) async fn new(store: &'a dyn Store, facts: &'a dyn Fn() -> Vec<Fact>) -> Self {
        let scene = Scene::new(store, facts);
        let author = scene.author().await;
        let keys = vec![scene.keyed(), scene.keyed(), scene.keyed()];
        let persons = vec![
            scene.person(&author, &[keys[0], keys[1]]).await.0,
            scene.person(&author, &[keys[0]]).await.0,
            scene.person(&author, &[]).await.0,
        ];
        let browsers = vec![scene.keyed(), scene.keyed()];
        let code = scene.keyed();
        let cards = vec![scene.keyed(), scene.keyed(), scene.keyed()];
        Self {
            scene,
            author,
            persons,
            keys,
            browsers,
            code,
            letters: Vec::new(),
            knocks: Vec::new(),
            hours: 0,
            said: Vec::new(),
            cards,
            came_with_words: Vec::new(),
            undos: Vec::new(),
        }
    }
}

/// Everything that a store answers, and its facts.
async fn lived(store: &dyn Store, facts: &dyn Fn() -> Vec<Fact>, steps: &[Step]) -> Vec<String> {
    let mut house = House::new(store, facts).await;
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
