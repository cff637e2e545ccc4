//! Letters that nobody foresaw, and a house that holds its letters back, as the worker meets them: what leaves, what waits, what a host is told, through restarts and beside another worker.
//! Knows the worker and its ports; the store is memory, and the way out keeps what it is given.

#[path = "support/tools.rs"]
mod tools;

use async_trait::async_trait;
use jiff::SignedDuration;
use jiff::civil::time;
use std::sync::{Arc, Mutex};
use tools::tools;
use unsaid::chance::{Chance, SeededChance};
use unsaid::holding::{self, Held};
use unsaid::mail::{Answer, Mail, Outgoing, Permission, Reach};
use unsaid::secrets::HouseKeys;
use unsaid::worker::{Tools, Worker};
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::{AccountId, DeliveryId, PersonId};
use unsaid_delivery::life::{Change, GateMoves, Life, Plan, Stage, accept};
use unsaid_delivery::message::{Call, Notice};
use unsaid_delivery::rule::{Gate, Moment};
use unsaid_delivery::state::{Parked, State};
use unsaid_delivery::{BootId, Now, Observed, calendar};
use unsaid_store::conformance::scene::{DAY, HOUR, Scene, now, observed, trusted};
use unsaid_store::lives::LifeStore;
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::{Author, Lane, NewAddress, NewPerson, Role};
use unsaid_store::{AccountStore, EngineStore, HouseStore, KeyStore, LetterStore, PersonStore};

/// Takes everything, and keeps to whom it went.
#[derive(Default)]
struct Takes(Mutex<Vec<String>>);

#[async_trait]
impl Mail for Takes {
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

struct House {
    store: Arc<MemoryStore>,
    scene: Scene<'static>,
    keys: Arc<HouseKeys>,
    chance: Arc<SeededChance>,
    mail: Arc<Takes>,
    author: Author,
    hourly: u32,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chance = Arc::new(SeededChance::new(11));
        let keys = Arc::new(HouseKeys::open(folder.path(), &*chance).unwrap().0);
        let store = Arc::new(MemoryStore::new());
        // The scene counts the names that it gives, so it lives as long as the test.
        let kept: &'static Arc<MemoryStore> = Box::leak(Box::new(store.clone()));
        let facts: &'static dyn Fn() -> Vec<unsaid_delivery::Fact> = Box::leak(Box::new(|| kept.facts()));
        let scene = Scene::new(&**kept, facts);
        let author = scene.author().await;
        Self { store, scene, keys, chance, mail: Arc::default(), author, hourly: 10_000 }
    }

    /// A start of this house.
    fn worker(&self, lane: Lane) -> Worker {
        let tools = Tools {
            hourly: self.hourly,
            ..tools(self.store.clone(), self.mail.clone(), self.keys.clone(), self.chance.clone())
        };
        Worker::new(tools, BootId(self.chance.id_bytes()), lane)
    }

    /// A host with an account, whose address this is.
    async fn host(&self, address: &str) {
        let (invitation, token, key) = (self.scene.keyed(), self.scene.keyed(), self.scene.keyed());
        self.store.invite(invitation, Role::Host, trusted(DAY), None).await.unwrap();
        let id = self.scene.account_id();
        let email = self.keys.seal_text(&id.to_string(), address, &*self.chance);
        self.store.open_newcomer(token, id, key, email.clone(), Some(invitation), now(0)).await.unwrap();
        let account = unsaid_store::rows::NewAccount { email, ..self.scene.new_account(id, key) };
        self.store.create_account(token, account, false, now(0)).await.unwrap();
    }

    /// A letter to somebody of its own, for noon of a day. `foreseen`: its author's page said that day; otherwise a fault brings it near.
    async fn letter(&self, day: i64, foreseen: bool) -> DeliveryId {
        self.sealed(0, day, foreseen).await
    }

    /// A few that are sealed on one day, and brought near by a fault to another.
    async fn slice(&self, many: usize, sealed: i64, day: i64) -> Vec<DeliveryId> {
        let mut letters = Vec::new();
        for _ in 0..many {
            letters.push(self.sealed(sealed, day, false).await);
        }
        letters
    }

    async fn sealed(&self, sealed: i64, day: i64, foreseen: bool) -> DeliveryId {
        let at = now(sealed * DAY);
        let id = self.person(&self.author, at).await;
        let mut seal = self.scene.ready_to_seal(&self.author, id, at).await;
        let promise = seal.promise.as_mut().unwrap();
        let date = calendar::day_in(noon(day), "UTC").unwrap();
        promise.rule.moment = Moment::On { date, time: time(12, 0, 0, 0), zone: "UTC".into() };
        promise.due = noon(if foreseen { day } else { 3_000 });
        self.store.seal(&self.author, seal, at).await.unwrap().delivery.unwrap().id
    }

    /// Somebody of this author's, with an address that mail can be written to.
    async fn person(&self, author: &Author, at: Now) -> PersonId {
        let number = self.chance.id();
        let named = self.scene.address(self.scene.keyed());
        let sealed =
            self.keys.seal_text(&named.id.to_string(), &format!("{number}@example.org"), &*self.chance);
        let id = self.scene.person_id();
        let address = Some(NewAddress { sealed, ..named });
        let person = NewPerson { id, zone: None, language: "en".into(), address };
        self.store.add_person(author, person, at).await.unwrap();
        id
    }

    /// Another author, with so many letters that wait for her end.
    async fn for_her_end(&self, many: usize) -> (AccountId, Vec<DeliveryId>) {
        let author = self.scene.author().await;
        let plan = accept::arm(author.account(), None, Plan::default(), now(0)).unwrap();
        self.store.commit_life(None, &plan, &Vec::new(), now(0)).await.unwrap();
        let mut letters = Vec::new();
        for _ in 0..many {
            let person = self.person(&author, now(0)).await;
            let mut seal = self.scene.ready_to_seal(&author, person, now(0)).await;
            seal.promise.as_mut().unwrap().rule.gate = Gate::Gone;
            letters.push(self.store.seal(&author, seal, now(0)).await.unwrap().delivery.unwrap().id);
        }
        (author.account(), letters)
    }

    /// She is let go at this time, and her grace began so many days before.
    async fn let_go(&self, author: AccountId, grace_days: i64, at: Now) {
        let life = self.store.life(author).await.unwrap().unwrap().life;
        let confirmed = at.trusted.checked_sub(SignedDuration::from_hours(grace_days * 24)).unwrap();
        let gone = Life {
            stage: Stage::Released,
            confirmed: Some(confirmed),
            released: Some(at.trusted),
            ..life.clone()
        };
        let (gate, write) = (Some(GateMoves::Opens), Vec::new());
        let change = Change { life: gone, wake: None, write, gate, fact: None, why: "released" };
        self.store.commit_life(Some(&life), &change, &Vec::new(), at).await.unwrap();
    }

    /// Many of them.
    async fn letters(&self, many: usize, day: i64, foreseen: bool) -> Vec<DeliveryId> {
        let mut letters = Vec::new();
        for _ in 0..many {
            letters.push(self.letter(day, foreseen).await);
        }
        letters
    }

    async fn states(&self, of: &[DeliveryId]) -> Vec<State> {
        let mut states = Vec::new();
        for id in of {
            states.push(self.store.delivery(*id).await.unwrap().unwrap().delivery.state);
        }
        states
    }

    fn sent(&self) -> usize {
        self.mail.0.lock().unwrap().len()
    }
}

fn noon(day: i64) -> jiff::Timestamp {
    trusted(day * DAY + 4 * HOUR)
}

/// Turns until nothing is left to do at this time.
async fn turn(worker: &mut Worker, at: Now) {
    for _ in 0..100 {
        if !worker.turn(at).await.unwrap().again {
            return;
        }
    }
    panic!("the worker does not come to rest");
}

/// Every morning up to this day, served.
async fn live(worker: &mut Worker, from: i64, to: i64) {
    for day in from..=to {
        turn(worker, now(day * DAY + 5 * HOUR)).await;
    }
}

fn waits() -> State {
    State::Parked { why: Parked::Unforeseen, left: false }
}

#[tokio::test]
async fn six_unforeseen_of_a_hundred_wait_are_shown_and_leave_after_72_observed_hours() {
    let house = House::new().await;
    house.letters(94, 300, true).await;
    let batch = house.letters(6, 5, false).await;
    house.host("host@example.org").await;
    let (mut worker, mut codes) = (house.worker(Lane::Letters), house.worker(Lane::Codes));
    live(&mut worker, 1, 5).await;
    assert_eq!(house.states(&batch).await, [waits(); 6]);
    assert_eq!(house.sent(), 0, "not one of them has left");
    // Shown, and the host is called, once.
    assert_eq!(house.store.parked(99).await.unwrap().len(), 6);
    assert!(house.store.called(Call::Unforeseen).await.unwrap().is_some());
    turn(&mut codes, now(5 * DAY + 6 * HOUR)).await;
    assert_eq!(*house.mail.0.lock().unwrap(), ["host@example.org"]);

    // A restart forgets none of it.
    let mut worker = house.worker(Lane::Letters);
    turn(&mut worker, now(8 * DAY + 5 * HOUR - 1)).await;
    assert_eq!(house.states(&batch).await, [waits(); 6]);
    turn(&mut worker, now(8 * DAY + 5 * HOUR)).await;
    assert_eq!(house.states(&batch).await, [State::Knocked(1); 6]);
    assert_eq!(house.sent(), 7);
}

#[tokio::test]
async fn five_unforeseen_leave() {
    let house = House::new().await;
    house.letters(95, 300, true).await;
    let few = house.letters(5, 5, false).await;
    let mut worker = house.worker(Lane::Letters);
    live(&mut worker, 1, 5).await;
    assert_eq!(house.states(&few).await, [State::Knocked(1); 5]);
    assert_eq!(house.sent(), 5);
    assert_eq!(house.store.called(Call::Unforeseen).await.unwrap(), None);
}

#[tokio::test]
async fn many_authors_who_are_let_go_by_a_fault_wait_and_one_whose_grace_has_run_does_not() {
    let house = House::new().await;
    house.letters(60, 300, true).await;
    let (one, hers) = house.for_her_end(12).await;
    let mut others = Vec::new();
    for _ in 0..8 {
        others.push(house.for_her_end(2).await);
    }
    let mut worker = house.worker(Lane::Letters);
    live(&mut worker, 1, 40).await;
    assert_eq!(house.sent(), 0, "the gate is shut");
    // An ordinary end: the grace has run, and all that she has left goes.
    let at = now(41 * DAY);
    house.let_go(one, 32, at).await;
    turn(&mut worker, at).await;
    assert_eq!(house.states(&hers).await, vec![State::Knocked(1); 12]);
    assert_eq!((house.sent(), house.store.called(Call::Unforeseen).await.unwrap()), (12, None));

    // A fault that takes eight for dead, none of whose grace had begun a week ago.
    let at = now(50 * DAY);
    for (author, _) in &others {
        house.let_go(*author, 1, at).await;
    }
    turn(&mut worker, at).await;
    let theirs: Vec<DeliveryId> = others.iter().flat_map(|(_, letters)| letters.clone()).collect();
    assert_eq!(house.states(&theirs).await, vec![waits(); 16]);
    assert_eq!(house.sent(), 12, "not one of them has left");
    assert!(house.store.called(Call::Unforeseen).await.unwrap().is_some());

    // A host who has looked lets one author's go, and they are not held anew; the others leave after three days of service.
    for id in &theirs[..2] {
        assert_eq!(holding::release(&*house.store, *id, now(50 * DAY + HOUR)).await.unwrap(), Held::Done);
    }
    turn(&mut worker, now(50 * DAY + HOUR)).await;
    assert_eq!(house.states(&theirs[..2]).await, [State::Knocked(1); 2]);
    turn(&mut worker, now(53 * DAY - 1)).await;
    assert_eq!(house.sent(), 14);
    turn(&mut worker, now(53 * DAY)).await;
    assert_eq!(house.states(&theirs).await, vec![State::Knocked(1); 16]);
}

#[tokio::test]
async fn nothing_slips_out_in_slices() {
    let house = House::new().await;
    house.letters(85, 300, true).await;
    let first = house.letters(5, 5, false).await;
    let mut worker = house.worker(Lane::Letters);
    live(&mut worker, 1, 5).await;
    assert_eq!(house.states(&first).await, [State::Knocked(1); 5]);
    // A few more three days later, as though they were a matter of their own: within a week they are not.
    let second = house.slice(3, 6, 8).await;
    live(&mut worker, 6, 10).await;
    assert_eq!(house.states(&second).await, [waits(); 3]);
    live(&mut worker, 11, 11).await;
    assert_eq!(house.states(&second).await, [State::Knocked(1); 3], "after their look");
    // A week after the first ones, and none other waiting, a few leave again.
    let third = house.slice(3, 11, 13).await;
    live(&mut worker, 12, 13).await;
    assert_eq!(house.states(&third).await, [State::Knocked(1); 3]);
}

#[tokio::test]
async fn two_workers_hold_the_same_batch() {
    let house = House::new().await;
    let batch = house.letters(40, 5, false).await;
    let (mut one, mut other) = (house.worker(Lane::Letters), house.worker(Lane::Letters));
    for day in 1..=4 {
        turn(&mut one, now(day * DAY + 5 * HOUR)).await;
        turn(&mut other, now(day * DAY + 5 * HOUR)).await;
    }
    let at = now(5 * DAY + 5 * HOUR);
    let (left, right) = tokio::join!(one.turn(at), other.turn(at));
    assert!(left.is_ok() && right.is_ok());
    turn(&mut one, at).await;
    assert_eq!(house.states(&batch).await, [waits(); 40]);
    assert_eq!(house.sent(), 0);
}

#[tokio::test]
async fn a_host_stops_them_and_lets_them_go() {
    let house = House::new().await;
    let batch = house.letters(7, 5, false).await;
    let mut worker = house.worker(Lane::Letters);
    live(&mut worker, 1, 5).await;
    let at = now(6 * DAY);
    assert_eq!(holding::unforeseen(&*house.store).await.unwrap().len(), 7);
    for id in &batch[..6] {
        assert_eq!(holding::park(&*house.store, *id, at).await.unwrap(), Held::Done);
    }
    live(&mut worker, 6, 60).await;
    let kept = State::Parked { why: Parked::ByHost, left: false };
    assert_eq!(house.states(&batch[..6]).await, [kept; 6], "they do not leave by themselves any more");
    assert_eq!(house.states(&batch[6..]).await, [State::Knocked(2)]);
    for id in &batch[..6] {
        assert_eq!(holding::release(&*house.store, *id, now(60 * DAY)).await.unwrap(), Held::Done);
    }
    turn(&mut worker, now(60 * DAY + 6 * HOUR)).await;
    assert_eq!(house.states(&batch[..6]).await, [State::Knocked(1); 6]);
}

#[tokio::test]
async fn fault_43_a_clock_that_lies_by_two_sources_is_held() {
    let house = House::new().await;
    let mut year = Vec::new();
    for day in 20..120 {
        year.push(house.letter(day * 3, true).await);
    }
    let mut worker = house.worker(Lane::Letters);
    live(&mut worker, 1, 3).await;
    // Two sources agree on a lie: it is a year later, an hour after the last turn.
    let lie = |hours: i64| Now {
        trusted: trusted(3 * DAY + 365 * DAY + hours * HOUR),
        observed: observed(3 * DAY + 5 * HOUR + hours * HOUR),
    };
    turn(&mut worker, lie(1)).await;
    assert_eq!(house.sent(), 0, "nothing leaves before somebody could look");
    assert_eq!(house.states(&year).await, vec![waits(); 100]);
    assert!(house.store.called(Call::Unforeseen).await.unwrap().is_some());
    // Neither does anything for three days of service, through a restart.
    for hours in [2, 30, 50, 72] {
        let mut worker = house.worker(Lane::Letters);
        turn(&mut worker, lie(hours)).await;
        assert_eq!(house.sent(), 0, "after {hours} hours");
    }
    for id in &year {
        holding::park(&*house.store, *id, lie(72)).await.unwrap();
    }
    turn(&mut worker, lie(500)).await;
    assert_eq!(house.sent(), 0, "the host has stopped them");
}

#[tokio::test]
async fn a_host_who_confirms_the_clock_has_looked() {
    let house = House::new().await;
    let year = {
        let mut year = Vec::new();
        for day in 20..40 {
            year.push(house.letter(day, true).await);
        }
        year
    };
    let mut worker = house.worker(Lane::Letters);
    live(&mut worker, 1, 3).await;
    // Switched off for two months; the host says that the machine's clock is right.
    house.store.confirm_clock(trusted(63 * DAY)).await.unwrap();
    let mut worker = house.worker(Lane::Letters);
    turn(&mut worker, Now { trusted: trusted(63 * DAY), observed: observed(3 * DAY + 6 * HOUR) }).await;
    assert_eq!(house.states(&year).await, vec![State::Knocked(1); 20]);
}

#[tokio::test]
async fn while_the_house_holds_no_letter_moves_and_confirmations_leave() {
    let house = House::new().await;
    let letters = house.letters(3, 2, true).await;
    let before = house.states(&letters).await;
    let mut worker = house.worker(Lane::Letters);
    house.store.hold(Hold::ByHost, now(0)).await.unwrap();
    for day in 1..=4 {
        let next = worker.turn(Now { trusted: trusted(day * DAY), observed: observed(0) }).await.unwrap();
        assert!(!next.again && next.trusted.is_none(), "it is not woken for what it may not begin");
    }
    assert_eq!(house.states(&letters).await, before, "their author is shown what she was shown before");
    assert_eq!(
        (house.sent(), house.store.called(Call::Holds).await.unwrap()),
        (0, None),
        "a host brought it about"
    );

    // A house that may not be the one that people trust says nothing but to its host, whom it calls once a day.
    house.store.hold(Hold::AnotherHouse, now(0)).await.unwrap();
    house.host("host@example.org").await;
    let notice = house.scene.message_id();
    house.store.notify(&house.author, Notice::KitMade, notice, now(4 * DAY)).await.unwrap();
    let mut codes = house.worker(Lane::Codes);
    for hour in 0..30 {
        let at = Now { trusted: trusted(4 * DAY + hour * HOUR), observed: observed(0) };
        turn(&mut worker, at).await;
        turn(&mut codes, at).await;
    }
    assert_eq!(*house.mail.0.lock().unwrap(), ["host@example.org"; 2]);

    house.store.unhold(Hold::AnotherHouse).await.unwrap();
    house.store.unhold(Hold::ByHost).await.unwrap();
    turn(&mut worker, Now { trusted: trusted(6 * DAY), observed: observed(5 * HOUR) }).await;
    assert_eq!(house.states(&letters).await, [State::Knocked(1); 3]);
}

#[tokio::test]
async fn a_knock_that_was_written_before_waits_with_the_house() {
    let mut house = House::new().await;
    house.hourly = 1;
    let letters = house.letters(2, 2, true).await;
    let mut worker = house.worker(Lane::Letters);
    turn(&mut worker, now(2 * DAY + 5 * HOUR)).await;
    assert_eq!(house.sent(), 1, "one in an hour");
    house.store.hold(Hold::ByHost, now(2 * DAY + 5 * HOUR)).await.unwrap();
    turn(&mut worker, now(3 * DAY)).await;
    assert_eq!(house.sent(), 1);
    house.store.unhold(Hold::ByHost).await.unwrap();
    turn(&mut worker, now(3 * DAY + HOUR)).await;
    assert_eq!(house.states(&letters).await, [State::Knocked(1); 2]);
}

#[tokio::test]
async fn the_hourly_ceiling_holds_through_a_restart_and_for_two_workers() {
    let mut house = House::new().await;
    house.hourly = 4;
    house.letters(20, 2, true).await;
    let at = now(2 * DAY + 5 * HOUR);
    turn(&mut house.worker(Lane::Letters), at).await;
    assert_eq!(house.sent(), 4);
    // Switched off and on within the hour, and beside a second node.
    let later = Now {
        trusted: at.trusted + SignedDuration::from_mins(30),
        observed: Observed(at.observed.0 + 1_800),
    };
    let (mut one, mut other) = (house.worker(Lane::Letters), house.worker(Lane::Letters));
    turn(&mut one, later).await;
    turn(&mut other, later).await;
    assert_eq!(house.sent(), 4, "the hour is not over");
}
