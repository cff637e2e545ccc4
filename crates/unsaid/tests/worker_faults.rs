//! A fault of the program in the middle of one message: that one is put off and comes to no harm, and everybody else's mail leaves. Knows the worker
//! and its ports; the way out here is one that panics, and the journal one that is full.

#[path = "support/tools.rs"]
mod tools;

use async_trait::async_trait;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tools::tools;
use unsaid::chance::SeededChance;
use unsaid::mail::{Answer, Mail, Outgoing, Permission, Reach, Reply};
use unsaid::secrets::HouseKeys;
use unsaid::worker::Worker;
use unsaid_delivery::state::State;
use unsaid_delivery::{BootId, DeliveryId, Fact};
use unsaid_store::conformance::scene::{HOUR, Scene, now};
use unsaid_store::journal::{Entry, Journal, JournalError, MemoryJournal, Record, Seq};
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::{GROUP, Lane, NewAddress, NewPerson};
use unsaid_store::{EngineStore, PersonStore};

const MARKED: &str = "marked@example.org";

/// Accepts everything, but falls over the marked address as long as it is told to.
struct Falls {
    still: AtomicBool,
    after_the_question: bool,
}

#[async_trait]
impl Mail for Falls {
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        let falls = message.to == MARKED && self.still.load(Ordering::Relaxed);
        assert!(!falls || self.after_the_question, "planted");
        if !permission.still_allowed().await || !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        assert!(!falls, "planted");
        Answer::Accepted
    }

    async fn check(&self) -> Result<Reach, String> {
        Ok(Reach::Everybody)
    }
}

/// A journal whose disk is full, or over which the program falls at the marked message, as long as it is told to.
#[derive(Default)]
struct Troubled {
    journal: MemoryJournal,
    full: AtomicBool,
    /// It is full after so many more entries.
    fills: Mutex<Option<usize>>,
    falls_at: Mutex<Option<String>>,
}

impl Journal for Troubled {
    fn node(&self) -> &str {
        self.journal.node()
    }

    fn append(&self, generation: u32, entries: &[Entry]) -> Result<RangeInclusive<Seq>, JournalError> {
        if self.full.load(Ordering::Relaxed) {
            return Err(JournalError::Full);
        }
        if let Some(room) = &mut *self.fills.lock().unwrap() {
            *room = room.checked_sub(entries.len()).ok_or(JournalError::Full)?;
        }
        let marked = self.falls_at.lock().unwrap().clone();
        assert!(!entries.iter().any(|entry| Some(&entry.subject) == marked.as_ref()), "planted");
        self.journal.append(generation, entries)
    }

    fn void(&self, generation: u32, records: RangeInclusive<Seq>) -> Result<(), JournalError> {
        self.journal.void(generation, records)
    }

    fn replay(&self, after: Seq) -> Result<Vec<Record>, JournalError> {
        self.journal.replay(after)
    }

    fn keep_manifest(&self, name: &str, text: &str) -> Result<(), JournalError> {
        self.journal.keep_manifest(name, text)
    }
}

/// A house with sealed letters, one to each address. Mostly three, the second of which is the marked one.
struct Three {
    store: Arc<MemoryStore>,
    journal: Arc<Troubled>,
    worker: Worker,
    deliveries: Vec<DeliveryId>,
}

impl Three {
    async fn new(mail: Arc<dyn Mail>) -> Self {
        Self::of(mail, &["first@example.org", MARKED, "last@example.org"].map(str::to_owned)).await
    }

    async fn of(mail: Arc<dyn Mail>, addresses: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chance = Arc::new(SeededChance::new(7));
        let keys = Arc::new(HouseKeys::open(folder.path(), &*chance).unwrap().0);
        let journal = Arc::new(Troubled::default());
        let store = Arc::new(MemoryStore::with_journal(journal.clone()));
        let facts = || store.facts();
        let scene = Scene::new(&*store, &facts);
        let author = scene.author().await;
        let mut deliveries = Vec::new();
        for address in addresses {
            let named = scene.address(scene.keyed());
            let sealed = keys.seal_text(&named.id.to_string(), address, &*chance);
            let id = scene.person_id();
            let address = Some(NewAddress { sealed, ..named });
            let person = NewPerson { id, zone: None, language: "en".into(), address };
            store.add_person(&author, person, now(0)).await.unwrap();
            deliveries.push(scene.sealed(&author, id, now(0)).await.delivery.unwrap().id);
        }
        let tools = tools(store.clone(), mail, keys, chance);
        let worker = Worker::new(tools, BootId([9; 16]), Lane::Letters);
        Self { store, journal, worker, deliveries }
    }

    /// How many facts say that a knock was accepted.
    fn accepted(&self) -> usize {
        self.store.facts().iter().filter(|fact| matches!(fact, Fact::Accepted { .. })).count()
    }

    async fn states(&self) -> Vec<State> {
        let mut states = Vec::new();
        for delivery in &self.deliveries {
            states.push(self.store.delivery(*delivery).await.unwrap().unwrap().delivery.state);
        }
        states
    }
}

const ALL: [State; 3] = [State::Knocked(1); 3];
const BUT_THE_SECOND: [State; 3] = [State::Knocked(1), State::Sending, State::Knocked(1)];

async fn one_fault_holds_one(after_the_question: bool) {
    let mail = Arc::new(Falls { still: AtomicBool::new(true), after_the_question });
    let mut three = Three::new(mail.clone()).await;
    three.worker.turn(now(9 * HOUR)).await.unwrap();
    assert_eq!(three.states().await, BUT_THE_SECOND);

    // Put off, and not tried again at once; once the fault is mended, it arrives.
    mail.still.store(false, Ordering::Relaxed);
    three.worker.turn(now(9 * HOUR + 60)).await.unwrap();
    assert_eq!(three.states().await, BUT_THE_SECOND);
    three.worker.turn(now(10 * HOUR + 60)).await.unwrap();
    assert_eq!(three.states().await, ALL);
}

/// Accepts everything, and remembers each copy.
#[derive(Default)]
struct Counts(Mutex<Vec<String>>);

impl Counts {
    fn copies(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[async_trait]
impl Mail for Counts {
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        if !permission.still_allowed().await || !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        self.0.lock().unwrap().push(message.to.clone());
        Answer::Accepted
    }

    async fn check(&self) -> Result<Reach, String> {
        Ok(Reach::Everybody)
    }
}

#[tokio::test]
async fn what_was_accepted_while_the_disk_was_full_is_recorded_later_and_not_sent_again() {
    let mail = Arc::new(Counts::default());
    let mut three = Three::new(mail.clone()).await;
    three.journal.full.store(true, Ordering::Relaxed);
    let next = three.worker.turn(now(9 * HOUR)).await.unwrap();
    assert_eq!(three.states().await, [State::Sending; 3], "nothing is recorded without its fact");
    assert_eq!(mail.copies(), 3);
    // Still full; then there is room.
    let again = next.observed.expect("it comes again by itself");
    assert!(again <= now(9 * HOUR + 600).observed, "and soon");
    three.worker.turn(now(9 * HOUR + 600)).await.unwrap();
    assert_eq!(three.states().await, [State::Sending; 3]);
    three.journal.full.store(false, Ordering::Relaxed);
    three.worker.turn(now(9 * HOUR + 1_200)).await.unwrap();
    assert_eq!(three.states().await, ALL);
    three.worker.turn(now(33 * HOUR)).await.unwrap();
    assert_eq!(mail.copies(), 3, "each once");
    assert_eq!(three.accepted(), 3);
}

/// As many as one turn takes in its first two rounds, and within the hourly ceiling.
const MANY: usize = 150;
/// So many answers are recorded before the disk is full: two groups, and a part of the third.
const ROOM: usize = 20;

#[tokio::test]
async fn nothing_is_begun_while_an_answer_cannot_be_recorded() {
    let mail = Arc::new(Counts::default());
    let addresses: Vec<String> = (0..MANY).map(|nth| format!("n{nth}@example.org")).collect();
    let mut house = Three::of(mail.clone(), &addresses).await;
    *house.journal.fills.lock().unwrap() = Some(ROOM);
    let first = now(9 * HOUR);
    let next = house.worker.turn(first).await.unwrap();
    let sent = mail.copies();
    assert_eq!(house.accepted(), ROOM);
    assert!(sent > ROOM && sent <= ROOM + GROUP, "one group at most is known to the memory alone: {sent}");
    // It comes again by itself, soon, and not for what waits: that has come long since.
    assert!(!next.again && next.trusted.is_none());
    assert!(next.observed.is_some_and(|at| at > first.observed && at <= first.observed.plus_seconds(300)));
    // However often it comes, at once or later, and whatever has been put off: nothing is begun.
    for seconds in [0, 1, 60, 600, 4_000] {
        let next = house.worker.turn(now(9 * HOUR + seconds)).await.unwrap();
        assert_eq!((mail.copies(), house.accepted(), next.again), (sent, ROOM, false), "{seconds}");
    }
    // There is room: what was answered is recorded first, in a turn that comes before its time, and the rest goes.
    *house.journal.fills.lock().unwrap() = None;
    let later = 9 * HOUR + 4_001;
    while house.worker.turn(now(later)).await.unwrap().again {}
    assert_eq!(house.states().await, [State::Knocked(1); MANY]);
    house.worker.turn(now(later + 6 * HOUR)).await.unwrap();
    assert_eq!(house.accepted(), MANY);
    let mut got = mail.0.lock().unwrap().clone();
    got.sort();
    let mut each = addresses;
    each.sort();
    assert_eq!(got, each, "each once");
}

/// Nobody is there, until somebody is.
#[derive(Default)]
struct Silent {
    there: AtomicBool,
    asked: AtomicUsize,
    taken: Counts,
}

#[async_trait]
impl Mail for Silent {
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.there.load(Ordering::Relaxed) {
            return self.taken.send(message, permission).await;
        }
        Answer::NotReached { reply: Reply::silence() }
    }

    async fn check(&self) -> Result<Reach, String> {
        Ok(Reach::Everybody)
    }
}

/// `a-silent-relay-is-asked-by-few`, from the first turn without it to the last letter.
#[tokio::test]
async fn while_nobody_answers_a_few_ask_and_then_everybody_goes() {
    let mail = Arc::new(Silent::default());
    let addresses: Vec<String> = (0..MANY).map(|nth| format!("n{nth}@example.org")).collect();
    let mut house = Three::of(mail.clone(), &addresses).await;
    let mut at = 9 * HOUR;
    // Twelve hours, in which the house comes whenever it wants to: at most every ten minutes, and to few each time.
    let mut turns = 0;
    while at < 21 * HOUR {
        let asked = mail.asked.load(Ordering::Relaxed);
        let next = house.worker.turn(now(at)).await.unwrap();
        let asked = mail.asked.load(Ordering::Relaxed) - asked;
        assert!(asked <= 16, "{asked} of {MANY} knocked at a door that nobody opens");
        let wake = next.observed.map_or(HOUR, |next| next.0 - now(at).observed.0);
        at += if next.again { 1 } else { wake.clamp(1, HOUR) };
        turns += 1;
    }
    assert!(mail.asked.load(Ordering::Relaxed) >= 12, "and somebody asks at least once an hour");
    assert!(turns < 200, "{turns} turns");
    mail.there.store(true, Ordering::Relaxed);
    for _ in 0..12 {
        while house.worker.turn(now(at)).await.unwrap().again {}
        at += 600;
    }
    assert_eq!(house.states().await, [State::Knocked(1); MANY], "within two hours everybody is told");
    assert_eq!(mail.taken.copies(), MANY, "each once");
}

#[tokio::test]
async fn a_fault_over_one_answer_of_a_group_holds_that_one_alone() {
    let mail = Arc::new(Counts::default());
    let mut three = Three::new(mail.clone()).await;
    // The knock gets its name when it is decided: the worker's chance is counted, so it is looked for in another, equal house.
    let marked = {
        let mut twin = Three::new(mail.clone()).await;
        twin.worker.turn(now(9 * HOUR)).await.unwrap();
        twin.store.delivery(twin.deliveries[1]).await.unwrap().unwrap().pair.knocks[0].id
    };
    *three.journal.falls_at.lock().unwrap() = Some(marked.to_string());
    three.worker.turn(now(9 * HOUR)).await.unwrap();
    assert_eq!(three.states().await, BUT_THE_SECOND);
    *three.journal.falls_at.lock().unwrap() = None;
    three.worker.turn(now(10 * HOUR + 60)).await.unwrap();
    assert_eq!(three.states().await, ALL);
}

#[tokio::test]
async fn a_fault_in_one_message_holds_that_one_alone() {
    one_fault_holds_one(false).await;
}

#[tokio::test]
async fn a_fault_after_the_message_was_started_holds_that_one_alone() {
    one_fault_holds_one(true).await;
}
