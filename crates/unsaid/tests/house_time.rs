//! The house's time as a running house has it: whom it asks and how often, what an answer is worth, who credits service, and what its host is shown. The rules themselves
//! stand in crates/delivery.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use unsaid::clock::{Clock, Source, WALL};
use unsaid::outward::{NotHeard, Said, Told};
use unsaid::time::HouseTime;
use unsaid::time::others::Others;
use unsaid_delivery::Observed;
use unsaid_delivery::clock::{Doubt, Mark};
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::Beaten;

fn begin() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// True time that is moved by hand, and a wall clock that may be wrong.
#[derive(Default)]
struct Hand(Mutex<(u64, i64)>);

impl Hand {
    fn passes(&self, seconds: u64) {
        self.0.lock().unwrap().0 += seconds;
    }
    fn wall_is_off_by(&self, seconds: i64) {
        self.0.lock().unwrap().1 = seconds;
    }
    fn truth(&self) -> Timestamp {
        begin() + self.monotonic()
    }
}

impl Clock for Hand {
    fn wall(&self) -> Timestamp {
        self.truth() + SignedDuration::from_secs(self.0.lock().unwrap().1)
    }
    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.lock().unwrap().0)
    }
    fn sources(&self) -> Vec<Source> {
        vec![Source { name: WALL.to_owned(), at: self.wall() }]
    }
}

/// A house that was off for so many days, and two hosts that say so many seconds more than is true, after so many seconds.
struct House {
    clock: Arc<Hand>,
    told: Told,
    store: MemoryStore,
    time: HouseTime,
}

impl House {
    fn off_for(days: i64) -> Self {
        let (clock, told) = (Arc::new(Hand::default()), Told::default());
        for host in ["a.example", "b.example"] {
            says(&told, &clock, host, 0, 0);
        }
        let mark = Mark { trusted: begin() - SignedDuration::from_hours(24 * days), observed: Observed(100) };
        let others = Others::new(vec!["a.example".into(), "b.example".into()], false);
        let time = HouseTime::start_with(clock.clone(), others, Some(mark)).unwrap();
        Self { clock, told, store: MemoryStore::new(), time }
    }

    async fn look(&self) {
        self.time.ask_if_due(&self.told, &self.store).await;
    }

    fn asked(&self) -> usize {
        self.told.asked().len()
    }
}

fn says(told: &Told, clock: &Arc<Hand>, host: &str, away: i64, after: u64) {
    let clock = clock.clone();
    told.tell(&format!("https://{host}/"), move || {
        let date = clock.truth() + SignedDuration::from_secs(away);
        clock.passes(after);
        Ok(Said { status: 404, date: Some(date), body: Vec::new() })
    });
}

#[tokio::test]
async fn hosts_are_asked_at_the_start_and_hourly_and_sooner_while_something_is_in_doubt() {
    let house = House::off_for(0);
    house.look().await;
    assert_eq!(house.told.asked(), ["https://a.example/", "https://b.example/"]);
    for _ in 0..179 {
        house.clock.passes(20);
        house.time.read(true);
        house.look().await;
    }
    assert_eq!(house.asked(), 2, "not within the hour");
    house.clock.passes(20);
    house.look().await;
    assert_eq!(house.asked(), 4);
    // One host lies and the other is silent: no two agree. Every five minutes, for an hour; then as calmly as ever.
    says(&house.told, &house.clock, "a.example", 86_400, 0);
    house.told.hush("https://b.example/");
    house.time.ask(&house.told, &house.store).await;
    house.clock.passes(9_010);
    house.time.ask(&house.told, &house.store).await;
    house.time.read(true);
    assert_eq!(house.time.doubt(), Some(Doubt::Apart { between_seconds: 86_400 }));
    let before = house.asked();
    for _ in 0..360 {
        house.clock.passes(20);
        house.time.read(true);
        house.look().await;
    }
    let asked = (house.asked() - before) / 2;
    assert!((12..=14).contains(&asked), "{asked} times in two hours");
    // As soon as two agree nobody is asked sooner.
    says(&house.told, &house.clock, "b.example", 0, 0);
    house.time.ask(&house.told, &house.store).await;
    house.time.read(true);
    assert_eq!(house.time.doubt(), None);
}

#[tokio::test]
async fn nobody_is_asked_whom_the_host_has_not_named() {
    let (clock, told) = (Arc::new(Hand::default()), Told::default());
    let time = HouseTime::start(clock.clone(), None).unwrap();
    for _ in 0..100 {
        clock.passes(3_600);
        time.read(true);
        time.ask_if_due(&told, &MemoryStore::new()).await;
    }
    assert!(told.asked().is_empty());
}

#[tokio::test]
async fn an_answer_is_worth_the_earliest_that_its_round_trip_leaves_open() {
    let house = House::off_for(3);
    says(&house.told, &house.clock, "a.example", 0, 4);
    says(&house.told, &house.clock, "b.example", 0, 0);
    house.look().await;
    // Written when it was asked, four seconds ago; and four seconds were on the way.
    let a = house.time.others().sources(house.clock.monotonic()).remove(0);
    assert_eq!((a.name.as_str(), a.at), ("a.example", house.clock.truth() - SignedDuration::from_secs(8)));
    // It is carried on while nobody asks, and is silent when it was not heard for two hours and a half.
    house.clock.passes(9_000);
    assert_eq!(house.time.others().sources(house.clock.monotonic()).len(), 2);
    house.clock.passes(5);
    assert_eq!(house.time.others().sources(house.clock.monotonic()).len(), 0);
    let standing = house.time.standing();
    assert_eq!((standing.said.len(), standing.silent.len()), (1, 2));
}

#[tokio::test]
async fn two_sources_that_agree_step_and_the_host_is_shown_which_one_is_wrong() {
    let house = House::off_for(90);
    house.clock.wall_is_off_by(-50 * 86_400);
    house.clock.passes(20);
    assert!(house.time.read(true).trusted < begin());
    assert_eq!(house.time.standing().silent[0].why, None, "not asked yet");
    house.look().await;
    let now = house.time.read(true);
    assert_eq!((now.trusted, now.observed), (house.clock.truth(), Observed(120)));
    let standing = house.time.standing();
    assert_eq!(standing.doubt, None);
    let outvoted: Vec<bool> = standing.said.iter().map(|source| source.outvoted).collect();
    assert_eq!(outvoted, [true, false, false]);
    assert!(!standing.is_well() && !house.time.is_ahead() && house.time.is_certain());
    assert_eq!(
        standing.findings(),
        [
            "This machine's clock is 50 days behind what other sources agree on, and is not believed. Set it right, or name another in UNSAID_TIME_HOSTS; what each says is shown by: unsaid clock show"
        ]
    );
    assert_eq!(
        standing.lines(),
        [
            "this machine's clock: 2026-10-02 12:00:20 UTC, 50 days behind trusted time",
            "a.example: 2026-11-21 12:00:20 UTC, as trusted time",
            "b.example: 2026-11-21 12:00:20 UTC, as trusted time",
        ]
    );
    // A host that answers without a date is as good as silent.
    house.told.tell("https://b.example/", || Ok(Said { status: 200, ..Said::default() }));
    house.clock.passes(9_100);
    house.time.ask(&house.told, &house.store).await;
    let silent = house.time.standing().silent;
    assert_eq!((silent[0].name.as_str(), silent[0].why), ("b.example", Some(NotHeard::Garbled)));
}

#[tokio::test]
async fn a_house_that_is_ahead_stands_still_and_says_so() {
    let house = House::off_for(-3);
    house.look().await;
    for _ in 0..10 {
        house.clock.passes(20);
        house.time.read(true);
    }
    assert!(house.time.is_ahead() && !house.time.is_certain());
    assert_eq!(house.time.now().trusted, begin() + SignedDuration::from_hours(72));
    let said = house.time.standing().findings();
    assert!(said[0].starts_with("Trusted time is 2 days ahead of what two sources agree on"), "{said:?}");
    for _ in 0..72 {
        house.clock.passes(3_600);
        house.look().await;
        house.time.read(true);
    }
    assert!(!house.time.is_ahead() && house.time.is_certain());
}

#[tokio::test]
async fn service_is_credited_by_the_node_that_holds_the_ticker_alone() {
    let house = House::off_for(0);
    let stored = |observed| Mark { trusted: begin(), observed: Observed(observed) };
    let serve = |seconds| {
        house.clock.passes(seconds);
        house.time.read(true).observed
    };
    assert_eq!(serve(60), Observed(160), "a node that was told nothing is the only one");
    house.time.heard(Beaten { mark: stored(500), ticks: false });
    assert!(!house.time.ticks());
    assert_eq!(serve(60), Observed(500));
    assert_eq!(house.time.lived(), Observed(120), "its leases and beats go on");
    house.time.heard(Beaten { mark: stored(530), ticks: true });
    assert_eq!(serve(60), Observed(590));
    // The store does not answer: nothing could be sent, so nothing was served.
    house.time.unheard();
    assert_eq!(serve(60), Observed(590));
    house.time.heard(Beaten { mark: stored(590), ticks: true });
    assert_eq!(serve(60), Observed(650));
    // While a hold stands its loop says that nothing is served.
    house.clock.passes(60);
    assert_eq!(house.time.read(false).observed, Observed(650));
}
