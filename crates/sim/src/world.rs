//! One simulated house: authors, people, letters, a server for mail, a clock with faults, and the production worker over the memory store. Runs through faults first,
//! then heals the world and asks that everything that is owed gets done.
//!
//! One thing because every draw comes from one seed: people, faults and time are steps of the same run.

use crate::chance::Draw;
use crate::post::{Planted, Post};
use crate::truth::{Fate, Promised, Refusal, Truth};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use unsaid::chance::SeededChance;
use unsaid::mail::compose::Letterhead;
use unsaid::secrets::{HouseKeys, hashed};
use unsaid::worker::{NextWake, Tools, Worker};
use unsaid_delivery::accept;
use unsaid_delivery::calendar::{self, NINE};
use unsaid_delivery::clock::{self, Mark, Reading, Source, Timekeeper};
use unsaid_delivery::id::{AccountId, AddressId, BlobId, BootId, DeliveryId, LetterId, PersonId};
use unsaid_delivery::record::Bounce;
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::rule::{Birthday, Gate, LeapDay, Moment, Proof, Reach, RestAsked, Rule};
use unsaid_delivery::{Now, Observed};
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::*;
use unsaid_store::{
    AccountStore, EngineStore, HouseStore, LetterStore, PersonStore, ReaderStore, Store, StoreError,
};

const BEGIN: &str = "2026-11-21T12:00:00Z";
const ZONES: [&str; 5] =
    ["Europe/London", "Europe/Madrid", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"];
/// A step of simulated time, in seconds.
const STEP: i64 = 3 * 3_600;
/// A turn draws breath less often than this, whatever it has to do.
const MOST_BREATHS: u32 = 100_000;
/// Time is credited in pieces no longer than the engine allows.
const PIECE: i64 = 600;

/// What one run came to.
#[derive(Debug, Default, Clone)]
pub struct Outcome {
    /// Human and engine events.
    pub events: u64,
    /// How often the process was killed.
    pub crashes: u64,
    /// Copies that repeat an earlier one.
    pub duplicates: u64,
    /// What was broken.
    pub violations: Vec<String>,
    /// The last events, for reading a failure.
    pub log: Vec<String>,
}

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Everything is drawn from it.
    pub seed: u64,
    /// How many write.
    pub authors: u64,
    /// How long the faulty part is.
    pub years: u64,
    /// A fault planted on purpose.
    pub planted: Planted,
}

struct AuthorHere {
    author: Author,
    zone: &'static str,
    people: Vec<PersonId>,
}

struct World {
    options: Options,
    store: Arc<MemoryStore>,
    truth: Arc<Mutex<Truth>>,
    post: Arc<Post>,
    keys: Arc<HouseKeys>,
    people: Draw,
    faults: Draw,
    keeper: Timekeeper,
    worker: Worker,
    true_now: Timestamp,
    monotonic: i64,
    /// By how much the wall clock is wrong, in seconds.
    wall_wrong: i64,
    authors: Vec<AuthorHere>,
    letters: Vec<(LetterId, usize)>,
    /// Of each letter its delivery.
    deliveries: Vec<(LetterId, DeliveryId)>,
    last_trusted: Timestamp,
    /// The engine's time, for people who act in the middle of its turn.
    shown_now: Arc<Mutex<Now>>,
    outcome: Outcome,
}

/// Runs one seed.
pub fn run(options: Options) -> Outcome {
    let mut world = World::new(options);
    let steps = options.years * 365 * 86_400 / STEP.unsigned_abs();
    for step in 0..steps {
        world.step(step * 10 < steps * 9);
        if !truth_of(&world.truth).violations.is_empty() {
            break;
        }
    }
    world.heal();
    world.finish()
}

fn truth_of(truth: &Mutex<Truth>) -> MutexGuard<'_, Truth> {
    truth.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A future of the memory store is ready at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the memory store answers at once"),
    }
}

fn sure<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|e| unreachable!("the simulated house refused what it must take: {e}"))
}

impl World {
    fn new(options: Options) -> Self {
        let true_now: Timestamp = BEGIN.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let store = Arc::new(MemoryStore::new());
        let truth = Arc::new(Mutex::new(Truth::default()));
        let engine = SeededChance::stream(options.seed, 3);
        let keys = Arc::new(HouseKeys::new(&engine));
        let post = Arc::new(Post {
            truth: truth.clone(),
            faults: Draw::new(options.seed, 2),
            now: Mutex::new(true_now),
            outage: AtomicBool::new(false),
            healed: AtomicBool::new(false),
            killed: AtomicBool::new(false),
            kills: Mutex::new(0),
            planted: options.planted,
            meddle: Mutex::new(None),
        });
        let mark = Mark { trusted: true_now, observed: Observed(0) };
        let reading = Reading {
            monotonic: Duration::ZERO,
            sources: vec![Source { name: "wall".to_owned(), at: true_now }],
        };
        let people = Draw::new(options.seed, 1);
        let worker = worker(&store, &post, &keys, &people, options.seed);
        let mut world = Self {
            options,
            store,
            truth,
            post,
            keys,
            people,
            faults: Draw::new(options.seed, 4),
            keeper: Timekeeper::start(mark, &reading),
            worker,
            true_now,
            monotonic: 0,
            wall_wrong: 0,
            authors: Vec::new(),
            letters: Vec::new(),
            deliveries: Vec::new(),
            last_trusted: true_now,
            shown_now: Arc::new(Mutex::new(Now { trusted: true_now, observed: Observed(0) })),
            outcome: Outcome::default(),
        };
        for _ in 0..options.authors {
            world.move_in();
        }
        world.let_people_meddle();
        world
    }

    fn note(&mut self, what: std::fmt::Arguments<'_>) {
        self.outcome.events += 1;
        self.outcome.log.push(format!("{} {what}", self.true_now));
        if self.outcome.log.len() > 200 {
            self.outcome.log.remove(0);
        }
    }

    fn now(&self) -> Now {
        self.keeper.now()
    }

    // ---- people ------------------------------------------------------------------------------------------------------------------

    fn move_in(&mut self) {
        let id = AccountId(self.people.id());
        let now = self.now();
        let (token, key) = (Keyed(self.people.bytes()), Keyed(self.people.bytes()));
        sure(ready(self.store.open_newcomer(token, id, key, SealedText(vec![1]), None, now)));
        let zone = ZONES[self.people.below(ZONES.len() as u64) as usize];
        let author =
            sure(ready(self.store.create_account(token, account(id, key, zone, &self.people), true, now)));
        let mut people = Vec::new();
        for _ in 0..1 + self.people.below(3) {
            let person = PersonId(self.people.id());
            sure(ready(self.store.add_person(
                &author,
                NewPerson { id: person, zone: None, language: "en".to_owned(), address: None },
                now,
            )));
            for _ in 0..1 + self.people.below(2) {
                self.add_address(&author, person);
            }
            people.push(person);
        }
        self.authors.push(AuthorHere { author, zone, people });
    }

    fn add_address(&mut self, author: &Author, person: PersonId) {
        let id = AddressId(self.people.id());
        let text = format!("p{}@example.org", id.to_string().get(..12).unwrap_or_default());
        let fate = match self.people.below(10) {
            0..=1 => Fate::Dead,
            2 => Fate::Slow,
            3 => Fate::Returns,
            _ => Fate::Good,
        };
        let sealed =
            self.keys.seal_text(&id.to_string(), &text, &SeededChance::new(self.people.below(u64::MAX)));
        let address = NewAddress { id, sealed, key: self.keys.address_index(&text) };
        sure(ready(self.store.add_address(author, person, address, self.now())));
        truth_of(&self.truth).addresses.insert(text, (id, person, fate));
    }

    /// Seals a letter under a rule, as the page would: through `accept` and the store.
    fn seal(&mut self) {
        let who = self.people.below(self.authors.len() as u64) as usize;
        let now = self.now();
        let (author, zone, person) = {
            let here = &self.authors[who];
            (here.author, here.zone, here.people[self.people.below(here.people.len() as u64) as usize])
        };
        let moment = if self.people.once_in(2) {
            Moment::AtOnce
        } else if self.people.once_in(3) {
            self.birthday(now, zone)
        } else {
            let day = now.trusted
                + SignedDuration::from_hours(24 * i64::try_from(self.people.below(900)).unwrap_or(0));
            let date = calendar::day_in(day, zone).unwrap_or_default();
            Moment::On { date, time: NINE, zone: zone.to_owned() }
        };
        let unforeseen = self.options.planted == Planted::Unforeseen && self.people.once_in(4);
        let moment = if unforeseen {
            let soon = now.trusted + SignedDuration::from_hours(24 * 4);
            let date = calendar::day_in(soon, zone).unwrap_or_default();
            Moment::On { date, time: NINE, zone: zone.to_owned() }
        } else {
            moment
        };
        // One letter in four asks something first.
        let answer = self.people.once_in(4).then(|| Keyed(self.people.bytes()));
        let forgotten = self.options.planted == Planted::NotAskedFirst;
        let asked = answer.filter(|_| !forgotten);
        let proof = if asked.is_some() { Proof::Birthday } else { Proof::None };
        let rule = Rule { gate: Gate::None, moment: moment.clone(), reach: Reach::Send, proof };
        let rest = match self.people.below(4) {
            0 => RestAsked::None,
            1 => RestAsked::Mornings(3),
            _ => RestAsked::Morning,
        };
        let Ok(plan) = accept::plan(&rule, rest, zone, now) else { return };
        let letter = LetterId(self.people.id());
        self.upload(&author, letter);
        let delivery = DeliveryId(self.people.id());
        let years_away = now.trusted + SignedDuration::from_hours(24 * 2_000);
        let promise = Promise {
            delivery,
            person,
            rule,
            occurrence: plan.occurrence,
            rest: plan.rest,
            due: if unforeseen { years_away } else { plan.due },
            tzdb: calendar::tzdb_version().to_owned(),
            proof: asked.map(|answer| NewProof { asks: Asks { question: None, with_year: true }, answer }),
        };
        sure(ready(self.store.seal(
            &author,
            Seal { letter, version: 1, manifest: [7; 32], promise: Some(promise) },
            now,
        )));
        // What was promised, worked out here from the civil day and not taken from the engine's cache.
        let moment = match &moment {
            Moment::On { date, time, zone } => {
                calendar::instant(*date, *time, zone).unwrap_or(Timestamp::MAX)
            }
            Moment::Birthday { age, year, birthday, time, zone } => {
                // 29 February is the day before or after in a year without one.
                let year = year + i16::try_from(*age).unwrap_or(0);
                let day =
                    Date::new(year, birthday.month, birthday.day).unwrap_or_else(|_| match birthday.leap {
                        LeapDay::February28 => date(year, 2, 28),
                        LeapDay::March1 => date(year, 3, 1),
                    });
                calendar::instant(day, *time, zone).unwrap_or(Timestamp::MAX)
            }
            _ => Timestamp::MIN,
        };
        let not_before = plan.rest.until.max(moment);
        truth_of(&self.truth).letters.insert(
            letter,
            Promised {
                person,
                not_before,
                answer,
                stopped: false,
                opened: false,
                foreseen: None,
                quiet_until: None,
            },
        );
        self.letters.push((letter, who));
        self.deliveries.push((letter, delivery));
        self.look_at_the_forecast();
        self.note(format_args!("{letter} sealed, not before {not_before}"));
    }

    /// The birthday on which somebody comes of an age, within three years; now and then 29 February.
    fn birthday(&self, now: Now, zone: &str) -> Moment {
        let this_year = calendar::day_in(now.trusted, zone).unwrap_or_default().year();
        let (month, day) = if self.people.once_in(3) {
            (2, 29)
        } else {
            let some = |below: u64| i8::try_from(1 + self.people.below(below)).unwrap_or(1);
            (some(12), some(28))
        };
        let leap = if self.people.once_in(2) { LeapDay::February28 } else { LeapDay::March1 };
        let age = 1 + u16::try_from(self.people.below(90)).unwrap_or(0);
        let in_years = i16::try_from(self.people.below(3)).unwrap_or(0);
        let year = this_year + in_years - i16::try_from(age).unwrap_or(0);
        let birthday = Birthday { month, day, leap };
        Moment::Birthday { age, year, birthday, time: NINE, zone: zone.to_owned() }
    }

    fn upload(&self, author: &Author, letter: LetterId) {
        let now = self.now();
        sure(ready(self.store.reserve_letter(author, letter, now)));
        let ask = UploadAsk {
            blob: BlobId(self.people.id()),
            letter,
            version: 1,
            name: "letter.age".to_owned(),
            kind: "letter".to_owned(),
            size: 10,
            sha256: [1; 32],
        };
        let blob = sure(ready(self.store.begin_upload(author, ask, now))).blob;
        sure(ready(self.store.upload_grew(author, blob, 10)));
        sure(ready(self.store.upload_ended(author, blob, true)));
        for kind in [WrapKind::Author, WrapKind::Host] {
            sure(ready(self.store.put_wrap(author, letter, 1, kind, vec![1, 2, 3], 1)));
        }
    }

    /// Takes a letter back, by whichever way is open. The moment of the acknowledgement is the truth.
    fn take_back(&mut self, which: usize) {
        let (letter, who) = self.letters[which];
        let author = self.authors[who].author;
        let said = take_back(&*self.store, &self.truth, &author, letter, self.now());
        self.note(format_args!("{letter} {said}"));
    }

    /// A person who was knocked at does something, or nothing.
    fn answer(&mut self) {
        let mut waiting: Vec<PersonId> = truth_of(&self.truth).knocked.iter().copied().collect();
        if waiting.is_empty() {
            return;
        }
        let person = waiting.swap_remove(self.people.below(waiting.len() as u64) as usize);
        let token = Keyed(self.people.bytes());
        let now = self.now();
        let Some(link) = self.any_link(person) else { return };
        let Some(knock) = sure(ready(self.store.knock(link))) else { return };
        sure(ready(self.store.open_reader(token, knock.message, now)));
        let Some(reader) = sure(ready(self.store.reader(token, now))) else { return };
        match self.people.below(8) {
            // Mailboxes change hands: one in four who opens is somebody else.
            0..=2 => {
                let themselves = !self.people.once_in(4);
                self.open_all(&reader, themselves);
            }
            3..=4 => self.keep_for_later(&reader),
            5 => self.refuse(&reader, Scope::NotMe),
            6 => {
                let letters = sure(ready(self.store.waiting(&reader)));
                if let Some(one) = letters.first() {
                    self.refuse(&reader, Scope::Letter(one.delivery.letter));
                }
            }
            _ => self.refuse(&reader, if self.people.once_in(2) { Scope::Author } else { Scope::House }),
        }
    }

    /// A link from a copy that really arrived: the simulated person has nothing else.
    fn any_link(&self, person: PersonId) -> Option<Keyed> {
        let truth = truth_of(&self.truth);
        let own: Vec<&str> = truth
            .addresses
            .iter()
            .filter(|(_, (_, p, fate))| *p == person && *fate != Fate::Returns)
            .map(|(text, _)| text.as_str())
            .collect();
        let copy = truth.copies.iter().rev().find(|c| {
            let text = String::from_utf8_lossy(&c.bytes);
            own.iter().any(|address| text.contains(address))
        })?;
        link_in(&String::from_utf8_lossy(&copy.bytes)).map(|token| hashed(&token))
    }

    /// Answers what is asked, rightly or not; whether it was right. Who is not the person does not know.
    fn say_answer(&mut self, reader: &Reader, waiting: &Waiting, themselves: bool) -> bool {
        let known = truth_of(&self.truth).letters.get(&waiting.delivery.letter).and_then(|l| l.answer);
        let slips = self.people.once_in(4);
        let answer = match known {
            Some(answer) if themselves && !slips => answer,
            _ => Keyed(self.people.bytes()),
        };
        let answer = Answered { plain: Keyed([0; 32]), with_year: Some(answer) };
        let tried = self.store.try_proof(reader, waiting.delivery.id, answer, self.now());
        sure(ready(tried)) == ProofTried::Right && themselves && !slips
    }

    fn open_all(&mut self, reader: &Reader, themselves: bool) {
        for waiting in sure(ready(self.store.waiting(reader))) {
            let proved = waiting.asks.is_some() && self.say_answer(reader, &waiting, themselves);
            let Ok(Some(granted)) = accept::open(&waiting.delivery) else { continue };
            // They press whatever the page said.
            match ready(self.store.open(reader, &waiting.delivery, &granted, self.now())) {
                Err(StoreError::Missing) if waiting.asks.is_some() && !proved => continue,
                opened => sure(opened),
            }
            let mut truth = truth_of(&self.truth);
            let asks = truth.letters.get(&waiting.delivery.letter).is_some_and(|l| l.answer.is_some());
            if asks && !proved {
                truth.broken(
                    "2 the wrong person",
                    format_args!("{} opened without its answer", waiting.delivery.letter),
                );
            }
            let stopped = truth.letters.get(&waiting.delivery.letter).is_some_and(|l| l.stopped);
            if stopped {
                truth.broken(
                    "4 stop",
                    format_args!("{} opened after it was taken back", waiting.delivery.letter),
                );
            }
            let early =
                truth.letters.get(&waiting.delivery.letter).is_some_and(|l| l.not_before > self.true_now);
            if early {
                truth.broken(
                    "1 never early",
                    format_args!("{} opened before its time", waiting.delivery.letter),
                );
            }
            if let Some(letter) = truth.letters.get_mut(&waiting.delivery.letter) {
                letter.opened = true;
            }
            truth.knocked.remove(&reader.person());
        }
        self.note(format_args!("{} opened what waited", reader.person()));
    }

    /// Everything that waits is kept for a day of theirs, or 'not today'.
    fn keep_for_later(&mut self, reader: &Reader) {
        let now = self.now();
        let zone = sure(ready(self.store.sender(reader))).zone;
        let today = calendar::day_in(now.trusted, &zone).unwrap_or_default();
        let days = i64::try_from(1 + self.people.below(200)).unwrap_or(1);
        let not_today = self.people.once_in(4);
        let day = today.checked_add(if not_today { 14 } else { days }.days()).unwrap_or(today);
        for waiting in sure(ready(self.store.waiting(reader))) {
            // As it stands: what was kept before it has moved the rows of the pair.
            let Some(view) = sure(ready(self.store.delivery(waiting.delivery.id))) else { continue };
            let chosen = (!not_today).then_some(day);
            let Ok(granted) = accept::later(&view.delivery, chosen, &zone, now) else { continue };
            if self.options.planted != Planted::NotKept {
                sure(ready(self.store.keep_for_later(reader, &view.delivery, &granted, now)));
            }
            let until = calendar::instant(day, NINE, &zone).unwrap_or(Timestamp::MAX);
            if let Some(letter) = truth_of(&self.truth).letters.get_mut(&waiting.delivery.letter) {
                letter.quiet_until = Some(until);
            }
        }
        truth_of(&self.truth).knocked.remove(&reader.person());
        self.note(format_args!("{} keeps what waits until {day}", reader.person()));
    }

    /// Mail that was taken comes back, days later: the report is handed to the engine as `unsaid receive` would.
    fn send_back(&mut self) {
        let found = truth_of(&self.truth).copies.iter().position(|copy| copy.returns);
        let Some(place) = found else { return };
        let link = {
            let mut truth = truth_of(&self.truth);
            let Some(copy) = truth.copies.get_mut(place) else { return };
            copy.returns = false;
            link_in(&String::from_utf8_lossy(&copy.bytes)).map(|token| hashed(&token))
        };
        let Some(knock) = link.and_then(|link| sure(ready(self.store.knock(link)))) else { return };
        if self.options.planted == Planted::NotHeard {
            return;
        }
        let became = sure(ready(self.store.bounced(knock.message, Bounce::Dead, self.now())));
        self.note(format_args!("mail to {} came back: {became:?}", knock.reader.person()));
    }

    fn refuse(&mut self, reader: &Reader, scope: Scope) {
        sure(ready(self.store.refuse(reader, scope, self.now())));
        truth_of(&self.truth).refusals.push(Refusal {
            person: reader.person(),
            address: reader.address().expect("whoever is imagined comes with a link"),
            scope,
        });
        self.note(format_args!("{} refused {scope:?}", reader.person()));
    }

    /// Between the two questions the author takes back everything that waits for the person who is being written to.
    fn let_people_meddle(&mut self) {
        let (store, truth) = (self.store.clone(), self.truth.clone());
        let authors: Vec<(Author, Vec<PersonId>)> =
            self.authors.iter().map(|a| (a.author, a.people.clone())).collect();
        let time = self.shown_now.clone();
        *self.post.meddle.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(move |to| {
            let Some(person) = truth_of(&truth).addresses.get(to).map(|(_, person, _)| *person) else {
                return;
            };
            let Some((author, _)) = authors.iter().find(|(_, people)| people.contains(&person)) else {
                return;
            };
            let waiting: Vec<LetterId> = truth_of(&truth)
                .letters
                .iter()
                .filter(|(_, l)| l.person == person && !l.opened && !l.stopped)
                .map(|(id, _)| *id)
                .collect();
            let now = *time.lock().unwrap_or_else(PoisonError::into_inner);
            for letter in waiting {
                take_back(&*store, &truth, author, letter, now);
            }
        }));
    }

    // ---- time and faults ---------------------------------------------------------------------------------------------------------

    fn step(&mut self, sealing: bool) {
        if sealing && self.people.once_in(12) {
            self.seal();
        }
        if self.people.once_in(20) && !self.letters.is_empty() {
            let which = self.people.below(self.letters.len() as u64) as usize;
            self.take_back(which);
        }
        if self.people.once_in(8) {
            self.answer();
        }
        if self.people.once_in(30) {
            self.send_back();
        }
        self.break_something();
        self.pass(STEP);
        self.turn();
        self.hold_against_the_forecast();
    }

    /// What stands beside each delivery that has not left: it is remembered as it was first seen, for the day on which it leaves.
    fn look_at_the_forecast(&self) {
        for (letter, delivery) in &self.deliveries {
            let unknown = |l: &Promised| l.foreseen.is_none() && !l.stopped && !l.opened;
            if !truth_of(&self.truth).letters.get(letter).is_some_and(unknown) {
                continue;
            }
            let Some(view) = sure(ready(self.store.delivery(*delivery))) else { continue };
            if let Some(promised) = truth_of(&self.truth).letters.get_mut(letter) {
                promised.foreseen = view.delivery.forecast.map(|forecast| forecast.leaves);
            }
        }
    }

    /// 13: a knock that came by no act, no retry, no later knock and no next address was foreseen, in the engine's own words and as it was seen from outside days before.
    fn hold_against_the_forecast(&self) {
        let new: Vec<(PersonId, Timestamp, Option<Vec<u8>>)> = truth_of(&self.truth)
            .copies
            .iter_mut()
            .filter_map(|copy| (!std::mem::replace(&mut copy.compared, true)).then_some(copy))
            .map(|copy| (copy.person, copy.at, link_in(&String::from_utf8_lossy(&copy.bytes))))
            .collect();
        for (person, at, link) in new {
            let Some(knock) = link.and_then(|link| sure(ready(self.store.knock(hashed(&link))))) else {
                continue;
            };
            let Some(view) = sure(ready(self.store.message(knock.message))) else { continue };
            let mut truth = truth_of(&self.truth);
            if !view.message.foreseen {
                truth.broken(
                    "13 nothing unforeseen",
                    format_args!("a knock to {person} at {at} was not foreseen"),
                );
            }
            let waited = || {
                let of_person = truth.letters.values().filter(|l| l.person == person);
                of_person.filter(|l| !l.stopped && !l.opened && l.not_before <= at)
            };
            let foreseen = waited()
                .any(|l| l.foreseen.is_some_and(|leaves| leaves <= at + SignedDuration::from_hours(24)));
            if waited().next().is_some() && !foreseen {
                truth.broken(
                    "13 nothing unforeseen",
                    format_args!("nothing had said that {person} would be knocked at by {at}"),
                );
            }
        }
        self.look_at_the_forecast();
    }

    fn break_something(&mut self) {
        if self.faults.once_in(400) {
            let down = !self.post.outage.load(Ordering::Relaxed);
            self.post.outage.store(down, Ordering::Relaxed);
            self.note(format_args!("the relay is {}", if down { "down" } else { "up" }));
        } else if self.post.outage.load(Ordering::Relaxed) && self.faults.once_in(40) {
            self.post.outage.store(false, Ordering::Relaxed);
            self.note(format_args!("the relay is up"));
        }
        if self.faults.once_in(1_500) && self.monotonic > clock::LEAP_BEGINS_WITHIN_HOURS * clock::HOUR {
            // One fault a year: the wall clock leaps while the engine runs, and comes back some day.
            const LEAPS: [i64; 6] =
                [50 * 365 * 86_400, 3 * 365 * 86_400, 86_400, 2_400, -10_800, -365 * 86_400];
            self.wall_wrong = if self.wall_wrong == 0 { LEAPS[self.faults.below(6) as usize] } else { 0 };
            let wrong = self.wall_wrong;
            self.note(format_args!("the wall clock is wrong by {wrong} s"));
        }
        if self.faults.once_in(500) {
            // The power is off for hours to three weeks.
            let hours = 1 + i64::try_from(self.faults.below(500)).unwrap_or(1);
            self.note(format_args!("switched off for {hours} h"));
            self.move_true_time(hours * 3_600);
            self.start_again();
        }
    }

    fn move_true_time(&mut self, seconds: i64) {
        self.true_now =
            self.true_now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
        *self.post.now.lock().unwrap_or_else(PoisonError::into_inner) = self.true_now;
    }

    fn reading(&self) -> Reading {
        let wall =
            self.true_now.checked_add(SignedDuration::from_secs(self.wall_wrong)).unwrap_or(Timestamp::MAX);
        Reading {
            monotonic: Duration::from_secs(self.monotonic.unsigned_abs()),
            sources: vec![Source { name: "wall".to_owned(), at: wall }],
        }
    }

    /// A new process: another boot, clocks from the stored mark, nothing else remembered. The wall clock is right at a start: one single source that
    /// lies across a start, or in the hour after it, is outside the model (delivery.md).
    fn start_again(&mut self) {
        self.wall_wrong = 0;
        let mark = sure(ready(self.store.house())).mark.unwrap_or_else(|| self.keeper.mark());
        self.monotonic = 0;
        self.keeper = Timekeeper::start(mark, &self.reading());
        self.last_trusted = self.keeper.now().trusted;
        self.worker = worker(&self.store, &self.post, &self.keys, &self.people, self.people.below(u64::MAX));
    }

    fn pass(&mut self, seconds: i64) {
        let mut left = seconds;
        while left > 0 {
            let piece = left.min(PIECE);
            self.monotonic += piece;
            self.move_true_time(piece);
            let reading = self.reading();
            let now = self.keeper.read(&reading, true);
            if now.trusted > self.true_now {
                truth_of(&self.truth)
                    .broken("12 trusted time", format_args!("{} is ahead of {}", now.trusted, self.true_now));
            }
            if now.trusted < self.last_trusted {
                truth_of(&self.truth).broken("12 trusted time", "it went back");
            }
            self.last_trusted = now.trusted;
            left -= piece;
        }
    }

    /// One turn of the worker, polled until it is done or killed.
    fn turn(&mut self) -> NextWake {
        let mut now = self.now();
        if self.options.planted == Planted::ClockAhead {
            now.trusted += SignedDuration::from_hours(24);
        }
        self.post.killed.store(false, Ordering::Relaxed);
        *self.shown_now.lock().unwrap_or_else(PoisonError::into_inner) = now;
        for _ in 0..50 {
            let polled = {
                let mut turn = std::pin::pin!(self.worker.turn(now));
                let mut breaths = 0;
                loop {
                    let polled = turn.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                    let killed = self.post.killed.load(Ordering::Relaxed);
                    let mut truth = truth_of(&self.truth);
                    match polled {
                        Poll::Ready(next) => {
                            truth.rests();
                            break Some(sure(next));
                        }
                        Poll::Pending => truth.breathes(!killed),
                    }
                    breaths += 1;
                    if killed {
                        break None;
                    }
                    if breaths > MOST_BREATHS {
                        truth.broken("18 no rest", "a turn waits for something that never comes");
                        break None;
                    }
                }
            };
            match polled {
                Some(next) if next.again => {}
                Some(next) => return next,
                None => {
                    self.outcome.crashes += 1;
                    self.note(format_args!("killed"));
                    self.start_again();
                    return NextWake::default();
                }
            }
        }
        truth_of(&self.truth).broken("18 no rest", "the worker always has more to do");
        NextWake::default()
    }

    // ---- the end -----------------------------------------------------------------------------------------------------------------

    /// Nothing breaks any more: everything that is owed gets done.
    fn heal(&mut self) {
        self.post.healed.store(true, Ordering::Relaxed);
        self.post.outage.store(false, Ordering::Relaxed);
        self.wall_wrong = 0;
        self.start_again();
        // Longer than the longest rest, moment (900 days) and pause before a joined knock.
        for _ in 0..1_200 * 86_400 / STEP {
            self.send_back();
            self.pass(STEP);
            self.turn();
        }
    }

    fn finish(mut self) -> Outcome {
        self.check_everything_is_done();
        let truth = truth_of(&self.truth);
        let mut seen = std::collections::BTreeSet::new();
        self.outcome.duplicates =
            truth.copies.iter().filter(|c| !seen.insert(c.message_id.clone())).count() as u64;
        self.outcome.events += truth.copies.len() as u64;
        self.outcome.violations.clone_from(&truth.violations);
        drop(truth);
        self.outcome
    }

    /// 16, 17: what was promised and neither stopped nor refused was knocked for at some good address, or has none. An address that says 'later' again and
    /// again counts as dead after thirty days and twenty tries, so it is not asked about.
    fn check_everything_is_done(&self) {
        let mut truth = truth_of(&self.truth);
        let texts: Vec<(String, Timestamp)> =
            truth.copies.iter().map(|c| (String::from_utf8_lossy(&c.bytes).into_owned(), c.at)).collect();
        let mut undone = Vec::new();
        for (letter, promised) in &truth.letters {
            if promised.stopped || promised.opened {
                continue;
            }
            let open: Vec<&String> = truth
                .addresses
                .iter()
                .filter(|(_, (id, person, fate))| {
                    *person == promised.person && *fate == Fate::Good && !truth.refused(*id, *person, *letter)
                })
                .map(|(text, _)| text)
                .collect();
            let refused_somewhere = truth.refusals.iter().any(|r| {
                r.person == promised.person
                    || truth.addresses.values().any(|(a, p, _)| *p == promised.person && *a == r.address)
            });
            if !open.is_empty()
                && !refused_somewhere
                && !texts.iter().any(|(text, at)| {
                    // What was kept for later is owed a knock on its day or after it.
                    let in_time = promised.quiet_until.is_none_or(|until| *at >= until);
                    in_time && open.iter().any(|address| text.contains(address.as_str()))
                })
            {
                let kept = promised.quiet_until.map_or(String::new(), |until| format!(" after {until}"));
                undone.push(format!("{letter} to {} was never knocked for{kept}", promised.person));
            }
        }
        for what in undone {
            truth.broken("17 all that is owed leaves", what);
        }
        drop(truth);
        // 14, 18: no message still waits, nothing is half-way, after three quiet years.
        for (name, count) in sure(ready(self.store.counts())) {
            let half_way = name.ends_with("resting") || name.ends_with("started");
            if half_way && count > 0 && name.contains("deliver") {
                truth_of(&self.truth).broken("18 no row without a wake", format_args!("{count} are {name}"));
            }
        }
    }
}

/// Through `accept`, as the page does. The truth changes when the author has been told.
fn take_back(
    store: &dyn Store,
    truth: &Mutex<Truth>,
    author: &Author,
    letter: LetterId,
    now: Now,
) -> &'static str {
    let Some(delivery) = sure(ready(store.letter(author, letter))).delivery else { return "is unsent" };
    let granted = match accept::undo(&delivery, now) {
        Ok(granted) => granted,
        Err(accept::Refusal::Rested) => match accept::withdraw(&delivery) {
            Ok(granted) => granted,
            Err(_) => return "cannot be taken back",
        },
        Err(_) => return "cannot be taken back",
    };
    sure(ready(store.commit_author(author, &delivery, &granted, now)));
    if let Some(promised) = truth_of(truth).letters.get_mut(&letter) {
        // What was opened stays the reader's; it is not contacted about again either way.
        promised.stopped = !promised.opened;
    }
    "was taken back"
}

fn worker(
    store: &Arc<MemoryStore>,
    post: &Arc<Post>,
    keys: &Arc<HouseKeys>,
    people: &Draw,
    seed: u64,
) -> Worker {
    let tools = Tools {
        store: store.clone(),
        mail: post.clone(),
        keys: keys.clone(),
        chance: Arc::new(SeededChance::stream(seed, 5)),
        letterhead: Letterhead {
            from_name: "this house".to_owned(),
            from_address: "unsaid@example.net".to_owned(),
            house_name: "this house".to_owned(),
            host_contact: None,
            public_origin: "https://example.net".to_owned(),
        },
        return_path: "unsaid@example.net".to_owned(),
        hears_bounces: false,
        domain: "example.net".to_owned(),
        hourly: 200,
    };
    Worker::new(tools, BootId(people.id()), Lane::Letters)
}

fn account(id: AccountId, key: Keyed, zone: &str, people: &Draw) -> NewAccount {
    NewAccount {
        id,
        email: SealedText(vec![1]),
        email_key: key,
        name: SealedText(vec![2]),
        language: "en".to_owned(),
        zone: zone.to_owned(),
        recipient: "age1pq1".to_owned(),
        salt: vec![0; 16],
        unlock_key: Keyed(people.bytes()),
        unlock_wrap: vec![3],
        vault: vec![4],
        host_generation: 1,
    }
}

/// The token of the link in a message, as a person's mail program would find it: quoted-printable, soft breaks taken out.
fn link_in(message: &str) -> Option<Vec<u8>> {
    let text = message.replace("=\r\n", "").replace("=3D", "=");
    let (_, rest) = text.split_once("https://example.net/k/")?;
    let token: String =
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect();
    decode_base64url(&token)
}

fn decode_base64url(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits: u32 = 0;
    let mut held = 0;
    let mut bytes = Vec::new();
    for c in text.bytes() {
        bits = (bits << 6) | u32::try_from(ALPHABET.iter().position(|a| *a == c)?).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 255).ok()?);
        }
    }
    Some(bytes)
}
