//! One node: a boot, a lane of monotonic time with its clock, a worker, and the turn that it is in. It dies at any step, is paused for longer than its lease, and begins anew from what
//! is stored. When it does what is the world's business.

use crate::hand::Hand;
use crate::post::{Gate, Post, Weather, held};
use crate::truth::Truth;
use crate::{Secs, stamp};
use jiff::Timestamp;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use unsaid::chance::SeededChance;
use unsaid::holds::Holds;
use unsaid::mail::compose::Letterhead;
use unsaid::secrets::HouseKeys;
use unsaid::worker::{NextWake, Tools, Worker};
use unsaid_delivery::clock::{AGREEMENT_SLACK_SECONDS, Doubt, Mark, Reading, Source, Timekeeper, agreed};
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::BootId;
use unsaid_delivery::{Now, planted};
use unsaid_store::StoreError;
use unsaid_store::rows::{Beaten, Lane};

/// Time is credited in pieces no longer than the engine allows.
const PIECE: Secs = 600;
/// It beats this often.
const BEAT: Secs = 30;
/// Between an acceptance and its record the engine draws breath once.
const BREATHS: u32 = 1;

/// By how much each source of time is wrong, in seconds; where there is only one, it is the first.
pub(crate) type Lies = [Secs; 3];

type Turn = Pin<Box<dyn Future<Output = (Box<Worker>, Result<NextWake, StoreError>)>>>;

/// How far a turn came.
pub(crate) enum Came {
    /// To its end.
    Done(Result<NextWake, StoreError>),
    /// The process ended.
    Died,
    /// People act now.
    People,
    /// It waits for time.
    Waits,
}

/// What all nodes work with.
pub(crate) struct Shared {
    pub(crate) truth: Arc<Mutex<Truth>>,
    pub(crate) weather: Arc<Mutex<Weather>>,
    pub(crate) keys: Arc<HouseKeys>,
}

/// A node.
pub(crate) struct Node {
    pub(crate) boot: BootId,
    pub(crate) gate: Arc<Mutex<Gate>>,
    worker: Option<Box<Worker>>,
    turn: Option<Turn>,
    keeper: Timekeeper,
    reading: Reading,
    started: Secs,
    read_until: Secs,
    /// By how much each of its sources of time is wrong.
    pub(crate) lies: Lies,
    beaten: Secs,
    /// Its last beat told it that it credits the time of service.
    ticks: bool,
    /// What stands in the way of the whole house, as its worker read it last.
    holds: Arc<Holds>,
    pub(crate) paused_until: Option<Secs>,
    /// When it is to be called again; an event that says another time is of the past.
    pub(crate) next_at: Secs,
    /// After so many further steps of the store in this turn it dies.
    pub(crate) steps_left: Option<u32>,
}

impl Node {
    /// Starts it, with the clocks from the stored mark and nothing else remembered.
    pub(crate) fn start(
        hand: &Hand,
        shared: &Shared,
        boot: [u8; 16],
        chance: u64,
        sources: &[&str],
        lies: Lies,
    ) -> Self {
        let now = held(&shared.truth).now;
        let gate = Arc::new(Mutex::new(Gate::default()));
        let post = Post {
            truth: Arc::clone(&shared.truth),
            weather: Arc::clone(&shared.weather),
            gate: Arc::clone(&gate),
        };
        let reading = Reading {
            monotonic: Duration::ZERO,
            sources: sources
                .iter()
                .zip(lies)
                .map(|(name, lie)| Source { name: (*name).to_owned(), at: stamp(now + lie) })
                .collect(),
        };
        let stored = hand.ask(hand.store.house()).ok().and_then(|house| house.mark);
        let mark = stored.unwrap_or(Mark { trusted: stamp(now), observed: unsaid_delivery::Observed(0) });
        let keeper = Timekeeper::start(mark, &reading);
        let boot = BootId(boot);
        // What an ended start credited, this one goes on crediting at once; one that still lives learns at its next beat that it does not.
        if let Ok(Some(ticker)) = hand.ask(hand.store.ticker()) {
            let _taken = hand.ask(hand.store.take_ticker(boot, ticker));
        }
        let holds = Arc::new(Holds::default());
        let worker = worker(hand, shared, post, boot, chance).sharing(Arc::clone(&holds));
        Self {
            boot,
            gate,
            worker: Some(Box::new(worker)),
            turn: None,
            keeper,
            reading,
            started: now,
            read_until: now,
            lies,
            beaten: now,
            ticks: true,
            holds,
            paused_until: None,
            next_at: now,
            steps_left: None,
        }
    }

    /// How long it has been running.
    pub(crate) fn age(&self) -> Secs {
        self.read_until - self.started
    }

    /// It is in the middle of a turn.
    pub(crate) fn is_busy(&self) -> bool {
        self.turn.is_some()
    }

    /// Takes all readings up to now, as the loop around the worker does. 12: what it trusts is never ahead of what is true, and never goes back.
    pub(crate) fn read_on(&mut self, truth: &mut Truth) -> Now {
        let mut before = self.keeper.now().trusted;
        let credits = self.ticks && !self.holds.any();
        while self.read_until < truth.now {
            let piece = PIECE.min(truth.now - self.read_until);
            self.read_until += piece;
            self.reading.monotonic += Duration::from_secs(piece.unsigned_abs());
            self.say(self.read_until);
            let now = self.keeper.read(&self.reading, credits);
            // Two that lie together are believed: nothing that a house has can tell them from two that do not.
            if now.trusted.as_second() > self.read_until + truth.slack && truth.believed.is_none() {
                truth.broken(12, format_args!("{} is trusted at {}", now.trusted, stamp(self.read_until)));
                break;
            }
            if now.trusted < before {
                truth.broken(12, format_args!("it went back from {before} to {}", now.trusted));
                break;
            }
            before = now.trusted;
        }
        self.keeper.now()
    }

    /// What its sources say at this time.
    fn say(&mut self, at: Secs) {
        for (source, lie) in self.reading.sources.iter_mut().zip(self.lies) {
            source.at = stamp(at + lie);
        }
    }

    /// What the program asks beside its turns: while two sources agree that it is earlier than this house believes, letters wait.
    pub(crate) fn looks_at_the_time(&self, hand: &Hand) {
        let doubt = self.keeper.doubt(&self.reading);
        let ahead = |by: Secs| by > AGREEMENT_SLACK_SECONDS;
        let is_ahead = matches!(doubt, Some(Doubt::Ahead { ahead_seconds }) if ahead(ahead_seconds));
        let stands = self.holds.standing().iter().any(|one| one.what == Hold::NoTrustedTime);
        if is_ahead && !stands {
            let _held = hand.ask(hand.store.hold(Hold::NoTrustedTime, self.keeper.now()));
        } else if stands && doubt.is_none() && agreed(&self.reading.sources).is_some() {
            let _over = hand.ask(hand.store.unhold(Hold::NoTrustedTime));
        }
    }

    /// Passes over a time in which the whole machine stood still: its monotonic clock ran on, and nobody read it.
    pub(crate) fn slept(&mut self, until: Secs) {
        let passed = (until - self.read_until).max(0);
        self.read_until += passed;
        self.reading.monotonic += Duration::from_secs(passed.unsigned_abs());
        self.say(self.read_until);
        self.keeper.read(&self.reading, self.ticks && !self.holds.any());
    }

    /// Stores the mark and raises the beat, as it does twice a minute whatever happens.
    pub(crate) fn beat(&mut self, hand: &Hand, at: Secs) {
        if at - self.beaten >= BEAT {
            self.beaten = at;
            match hand.ask(hand.store.beat(self.boot, self.keeper.mark())) {
                Ok(beaten) => self.heard(beaten),
                Err(_) => (self.ticks, self.beaten) = (false, 0),
            }
        }
    }

    /// What a beat told: whether this one credits service, and the time of the house.
    fn heard(&mut self, beaten: Beaten) {
        self.ticks = beaten.ticks;
        self.keeper.follow(beaten.mark);
    }

    /// The time, as it read it last.
    pub(crate) fn now(&self) -> Now {
        self.keeper.now()
    }

    /// It credits the time of service.
    pub(crate) fn ticks(&self) -> bool {
        self.ticks
    }

    /// Something stands in the way of the whole house.
    pub(crate) fn is_held(&self) -> bool {
        self.holds.any()
    }

    /// Another one that is gone, or stands still, has something in hand that has come: its lease is to be watched.
    pub(crate) fn watches(&self, hand: &Hand) -> bool {
        let held = hand.store.held(self.boot, Lane::Letters, self.keeper.now(), 1);
        hand.ask(held).is_ok_and(|held| !held.is_empty())
    }

    /// When a wake comes, by true time.
    pub(crate) fn comes(&self, next: NextWake, at: Secs) -> Option<Secs> {
        if next.again {
            return Some(at);
        }
        let now = self.keeper.now();
        let trusted = next.trusted.map(|t: Timestamp| t.as_second() - now.trusted.as_second());
        let observed = next.observed.map(|o| o.0 - now.observed.0);
        // Whoever does not credit service learns of it at a beat, and would turn for nothing before.
        let observed = observed.map(|wait| if self.ticks { wait } else { wait.max(BEAT) });
        trusted.into_iter().chain(observed).min().map(|wait| at.saturating_add(wait.max(1)))
    }

    /// Begins a turn if it is in none.
    pub(crate) fn begin(&mut self) {
        if let Some(mut worker) = self.worker.take() {
            let now = self.keeper.now();
            worker.lives(self.keeper.lived());
            self.turn = Some(Box::pin(async move {
                let next = worker.turn(now).await;
                (worker, next)
            }));
        }
    }

    /// Goes on with the turn as far as it goes.
    pub(crate) fn go_on(&mut self, hand: &Hand, truth: &Mutex<Truth>) -> Came {
        let Some(turn) = self.turn.as_mut() else { return Came::Died };
        {
            let now = held(truth).now;
            let mut gate = held(&self.gate);
            let (come, wait) = std::mem::take(&mut gate.sleepers).into_iter().partition(|(at, _)| *at <= now);
            gate.sleepers = wait;
            drop(gate);
            let come: Vec<(Secs, std::task::Waker)> = come;
            come.into_iter().for_each(|(_, waker)| waker.wake());
        }
        if let Some(steps) = self.steps_left {
            planted::end_after(steps);
        }
        let at_once = hand.answers_at_once();
        let breath = || {
            if at_once {
                breathe(&mut held(&self.gate), &mut held(truth));
            }
        };
        let polled = catch_unwind(AssertUnwindSafe(|| hand.drive(turn, &self.gate, breath)));
        // What is left of them is for the next stretch of the same turn.
        self.steps_left = planted::steps_left();
        let died = self.steps_left == Some(0);
        planted::lives();
        let killed = held(&self.gate).killed;
        match polled {
            _ if died || killed => Came::Died,
            Err(fell) => std::panic::resume_unwind(fell),
            Ok(Poll::Ready((worker, next))) => {
                self.worker = Some(worker);
                self.turn = None;
                self.steps_left = None;
                match &next {
                    Ok(next) => next.beaten.into_iter().for_each(|beaten| self.heard(beaten)),
                    Err(_) => self.ticks = false,
                }
                let mut gate = held(&self.gate);
                let mut truth = held(truth);
                for (message, _) in std::mem::take(&mut gate.uncertain) {
                    truth.copies.entry(message).or_default().recorded = true;
                }
                Came::Done(next)
            }
            Ok(Poll::Pending) if !held(&self.gate).moments.is_empty() => Came::People,
            Ok(Poll::Pending) => Came::Waits,
        }
    }

    /// Until when its messages wait, the first of them.
    pub(crate) fn waits_until(&self) -> Option<Secs> {
        held(&self.gate).sleepers.iter().map(|(at, _)| *at).min()
    }

    /// What it has in flight may go again: it died, or others will think so.
    pub(crate) fn leaves_a_window(&mut self, truth: &mut Truth) {
        for (message, _) in std::mem::take(&mut held(&self.gate).uncertain) {
            truth.copies.entry(message).or_default().in_window += 1;
        }
    }
}

/// The engine draws breath in the middle of its turn, and lives on.
fn breathe(gate: &mut Gate, truth: &mut Truth) {
    for (message, breaths) in std::mem::take(&mut gate.uncertain) {
        match breaths {
            Some(n) if n >= BREATHS => truth.copies.entry(message).or_default().recorded = true,
            Some(n) => gate.uncertain.push((message, Some(n + 1))),
            None => gate.uncertain.push((message, None)),
        }
    }
}

fn worker(hand: &Hand, shared: &Shared, post: Post, boot: BootId, chance: u64) -> Worker {
    let tools = Tools {
        store: Arc::clone(&hand.store),
        mail: Arc::new(post),
        hook: None,
        push: None,
        keys: Arc::clone(&shared.keys),
        chance: Arc::new(SeededChance::stream(chance, 5)),
        letterhead: Letterhead {
            from_name: "this house".to_owned(),
            from_address: "unsaid@example.net".to_owned(),
            house_name: "this house".to_owned(),
            host_contact: None,
            public_origin: "https://example.net".to_owned(),
        },
        return_path: "unsaid@example.net".to_owned(),
        hears_bounces: true,
        domain: "example.net".to_owned(),
        hourly: 200,
    };
    Worker::new(tools, boot, Lane::Letters)
}
