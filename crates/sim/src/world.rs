//! One simulated house and its world: events in the order of true time, each of them a human act, a fault, or a node's turn. Time jumps to the next one. Safety while things break, then
//! healing, then liveness. Who acts is in `people`, what breaks is in `faults`. One thing because whatever happens happens in one order of time, to nodes, people and faults alike.

use crate::chance::Draw;
use crate::check::{owed, rows, worlds};
use crate::faults;
use crate::hand::{Backup, Hand};
use crate::mortals::{Act, check};
use crate::node::{Came, Lies, Node, Shared};
use crate::options::Options;
use crate::post::{Moment, Weather, held};
use crate::report::{Log, Outcome};
use crate::truth::{Leap, Truth};
use crate::{DAY, Secs};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard};
use unsaid::chance::SeededChance;
use unsaid::secrets::HouseKeys;
use unsaid_delivery::calendar::overlay::{self, Rules};
use unsaid_delivery::clock::LONGEST_STEP_DAYS;
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::{Now, planted};
use unsaid_store::rows::{Author, Keyed};

/// When the house begins, in seconds: 2026-11-21T12:00:00Z.
const BEGINS: Secs = 1_795_262_400;
/// A node is called at least this often. A real one is called every twenty seconds; what it would do then is done when somebody looks.
const LONGEST_PAUSE: Secs = DAY;
/// A real one looks every twenty seconds at what another has in hand; here it looks so often while there is anything, or while nobody credits the time of service.
const WATCH: Secs = 620;
/// A node notices within so many seconds what others do.
pub(crate) const NOTICED: Secs = 20;
/// So long after the faults everything must be done that was owed when they ended.
const HEALING: Secs = 500 * DAY;
/// A turn goes on no more often than this, whatever it has to do.
const MOST_STRETCHES: u32 = 100_000;

/// What happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// A node takes its turn.
    Call(usize),
    /// It starts.
    Boot(usize),
    /// An author seals a letter.
    Seals(usize),
    /// She takes it back.
    TakesBack(usize),
    /// She gives it new words.
    Amends(usize),
    /// She takes the newest of them back.
    UndoesAmend(usize),
    /// Somebody comes with a link that arrived at a mailbox.
    Comes(usize, Keyed),
    /// A program looks at it.
    Scans(Keyed),
    /// Mail comes back.
    Returns(usize, Keyed),
    /// The power is off for so long.
    PowerOff(Secs),
    /// The relay is not there for so long.
    RelayDown(Secs),
    /// The wall clock of a node is wrong by the first, for the second.
    WallWrong(usize, Secs, Secs),
    /// And right again.
    WallRight(usize),
    /// Two sources of time lie by the first, on all nodes alike, for the second.
    TwoLie(Secs, Secs),
    /// They are right again.
    TwoRight,
    /// True time has come to where the house believed to be.
    CaughtUp,
    /// New zone data.
    NewZones,
    /// A node stands still for so long.
    Pauses(usize, Secs),
    /// And goes on.
    GoesOn(usize),
    /// An author whose letters wait for her end, or one of her keepers, does something.
    Mortal(Act),
    /// Somebody looks at the house from outside.
    Look,
    /// A backup is taken.
    BacksUp,
    /// The house is restored to the oldest backup that is kept.
    Restores,
    /// Its host adopts it.
    Adopts,
    /// Nothing breaks any more.
    Heals,
}

struct Item(Secs, u64, Event);

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}
impl Eq for Item {}
impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Item {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

/// An author, as the house knows her.
pub(crate) struct Writer {
    pub(crate) author: Author,
    pub(crate) zone: &'static str,
    pub(crate) persons: Vec<usize>,
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) hand: Hand,
    pub(crate) shared: Shared,
    queue: BinaryHeap<Reverse<Item>>,
    sequence: u64,
    /// Chance for what authors do of themselves, for what those do whom they write to, for what anybody does at the worst moment, and for what breaks.
    pub(crate) people: Draw,
    pub(crate) readers: Draw,
    pub(crate) acts: Draw,
    pub(crate) faults: Draw,
    /// For names, those that come with whoever is written to on their own.
    pub(crate) ids: Draw,
    pub(crate) reader_ids: Draw,
    /// The same for authors who die and their keepers, so that they reshuffle nobody else.
    pub(crate) lives: Draw,
    pub(crate) life_ids: Draw,
    pub(crate) writers: Vec<Writer>,
    pub(crate) nodes: [Option<Node>; 2],
    /// Of each letter its first delivery.
    pub(crate) deliveries: Vec<Option<DeliveryId>>,
    /// Of each mailbox the newest link that somebody there has read.
    pub(crate) links: Vec<Option<Keyed>>,
    /// Three sources of time are known, and not one.
    pub(crate) several: bool,
    /// By how much each of them is wrong for each node.
    pub(crate) lies: [Lies; 2],
    /// Once in its life two of them lie together.
    pub(crate) liars: bool,
    /// The power is off since then, until then.
    pub(crate) off: (Secs, Secs),
    pub(crate) heals_at: Secs,
    pub(crate) ends_at: Secs,
    pub(crate) crashes: u64,
    pub(crate) restores: u64,
    pub(crate) backups: Vec<Backup>,
    /// What authors saw, for the comparison of two worlds.
    pub(crate) seen: Vec<worlds::Seen>,
}

/// Runs one seed.
///
/// # Errors
/// The store cannot be opened.
pub fn run(options: Options) -> Result<Outcome, String> {
    told(options).map(|(outcome, _)| outcome)
}

/// The same, with what authors saw.
pub(crate) fn told(options: Options) -> Result<(Outcome, Vec<worlds::Seen>), String> {
    planted::plant(options.planted);
    overlay::put(Rules::default());
    let told = World::new(options).map(World::live_and_tell);
    overlay::put(Rules::default());
    planted::plant(None);
    told
}

impl World {
    fn new(options: Options) -> Result<Self, String> {
        let years = i64::try_from(options.years).unwrap_or(1);
        let heals_at = BEGINS + years * 365 * DAY;
        let seed = options.seed;
        let truth = Truth { now: BEGINS, log: Log::new(options.aloud), ..Truth::default() };
        let weather = Weather { faults: Draw::new(seed, 2), down_until: 0, healed: options.calm };
        let shared = Shared {
            truth: Arc::new(Mutex::new(truth)),
            weather: Arc::new(Mutex::new(weather)),
            keys: Arc::new(HouseKeys::new(&SeededChance::stream(seed, 3))),
        };
        let mut world = Self {
            options,
            hand: Hand::open(options.over, seed)?,
            shared,
            queue: BinaryHeap::new(),
            sequence: 0,
            people: Draw::new(seed, 1),
            readers: Draw::new(seed, 8),
            acts: Draw::new(seed, 6),
            faults: Draw::new(seed, 4),
            ids: Draw::new(seed, 7),
            reader_ids: Draw::new(seed, 9),
            seen: Vec::new(),
            lives: Draw::new(seed, 10),
            life_ids: Draw::new(seed, 11),
            writers: Vec::new(),
            nodes: [None, None],
            deliveries: Vec::new(),
            links: Vec::new(),
            several: seed % 5 >= 3,
            lies: [[0; 3]; 2],
            liars: seed % 10 == 8 && years >= 3,
            off: (0, 0),
            heals_at,
            ends_at: heals_at + HEALING,
            crashes: 0,
            restores: 0,
            backups: Vec::new(),
        };
        world.boot(0);
        for _ in 0..options.authors {
            world.moves_in();
        }
        world.at(BEGINS + DAY, Event::Look);
        if !options.calm {
            world.at(BEGINS + 1_800, Event::Boot(1));
            faults::foresee(&mut world);
            world.at(heals_at, Event::Heals);
        }
        Ok(world)
    }

    /// What is true.
    pub(crate) fn truth(&self) -> MutexGuard<'_, Truth> {
        held(&self.shared.truth)
    }

    /// True time.
    pub(crate) fn now(&self) -> Secs {
        self.truth().now
    }

    /// When it begins.
    pub(crate) fn begins(&self) -> Secs {
        BEGINS
    }

    /// Something will happen.
    pub(crate) fn at(&mut self, at: Secs, event: Event) {
        self.sequence += 1;
        self.queue.push(Reverse(Item(at, self.sequence, event)));
    }

    /// Something will happen after so many seconds.
    pub(crate) fn after(&mut self, seconds: Secs, event: Event) {
        let now = self.now();
        self.at(now + seconds, event);
    }

    /// Notes an event.
    pub(crate) fn note(&self, what: char, who: usize, more: i64) {
        self.truth().note(what, who, more);
    }

    /// Lives to its end; what authors saw meanwhile.
    fn live_and_tell(mut self) -> (Outcome, Vec<worlds::Seen>) {
        let outcome = self.lives();
        (outcome, self.seen)
    }

    fn lives(&mut self) -> Outcome {
        while let Some(Reverse(Item(at, _, event))) = self.queue.pop() {
            if at > self.ends_at || !self.truth().violations.is_empty() {
                break;
            }
            self.passes(at);
            self.happens(event);
            self.arrivals();
        }
        if self.truth().violations.is_empty() {
            let end = self.ends_at;
            self.truth().now = end;
            rows::look(self, true);
            owed::look(self);
            check::everybody_is_released(self);
        }
        let truth = self.truth();
        Outcome {
            events: truth.log.count(),
            crashes: self.crashes,
            restores: self.restores,
            let_go: truth.mortals.releases,
            duplicates: truth.duplicates,
            violations: truth.violations.clone(),
            log: truth.log.last(),
        }
    }

    /// Time goes on to this instant. What the house serves meanwhile counts, where a node runs and it is no restored copy.
    fn passes(&mut self, at: Secs) {
        let serves = self.nodes.iter().flatten().any(|node| node.paused_until.is_none());
        let mut truth = self.truth();
        let now = at.max(truth.now);
        if serves && !truth.inert {
            truth.mortals.service += now - truth.now;
        }
        truth.now = now;
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Call(node) => self.call(node),
            Event::Boot(node) => self.boot(node),
            Event::Seals(author) => self.seals(author),
            Event::TakesBack(letter) => self.takes_back(letter),
            Event::Amends(letter) => self.amends(letter),
            Event::UndoesAmend(letter) => self.undoes_amend(letter),
            Event::Comes(mailbox, link) => self.comes(mailbox, link),
            Event::Scans(link) => self.scans(link),
            Event::Returns(mailbox, link) => self.returns(mailbox, link),
            Event::Mortal(act) => self.act(act),
            Event::Look => {
                rows::look(self, false);
                if self.options.calm {
                    worlds::look(self);
                }
                let pause = if self.options.authors > 100 { 180 * DAY } else { 10 * DAY };
                self.after(pause, Event::Look);
            }
            broken => faults::strikes(self, broken),
        }
    }

    // ---- nodes -------------------------------------------------------------------------------------------------------------------

    /// A node starts, if it is not running.
    pub(crate) fn boot(&mut self, which: usize) {
        if self.nodes[which].is_some() {
            return;
        }
        if self.now() < self.off.1 {
            let apart = self.faults.between(0, 1_800);
            return self.at(self.off.1 + apart, Event::Boot(which));
        }
        self.confirms_clock();
        let (boot, chance) = (self.ids.id(), self.ids.below(u64::MAX));
        // A single source is right at a start (delivery.md: what it could do there is outside the model); of three any one may lie whenever it likes.
        let (sources, lie) = match self.several {
            true => (&["wall", "one.example", "other.example"][..], self.lies[which]),
            false => (&["wall"][..], [0; 3]),
        };
        self.nodes[which] = Some(Node::start(&self.hand, &self.shared, boot, chance, sources, lie));
        self.note('^', which, 0);
        self.call_soon(which);
        self.call_soon(1 - which);
    }

    /// Where a house was off for longer than one source may say, its host says what time it is: `unsaid clock confirm`, before it starts.
    fn confirms_clock(&mut self) {
        let now = self.now();
        let mark = self.hand.ask(self.hand.store.house()).ok().and_then(|house| house.mark);
        let behind = mark.is_some_and(|mark| now - mark.trusted.as_second() > LONGEST_STEP_DAYS * DAY);
        if behind && self.nodes.iter().all(Option::is_none) && self.people.percent(70) {
            // Somebody has looked: what comes near by this step was brought by no leap.
            if self.hand.ask(self.hand.store.confirm_clock(crate::stamp(now))).is_ok() {
                self.truth().leap = Leap::default();
            }
        }
    }

    /// A node dies where it stands.
    pub(crate) fn dies(&mut self, which: usize, back_in: Secs) {
        let Some(mut node) = self.nodes[which].take() else { return };
        node.leaves_a_window(&mut self.truth());
        drop(node);
        self.crashes += 1;
        self.note('!', which, back_in);
        self.after(back_in, Event::Boot(which));
        self.call_soon(1 - which);
    }

    /// A node is called within seconds: somebody has done something.
    pub(crate) fn call_soon(&mut self, which: usize) {
        let soon = if self.options.calm { NOTICED } else { self.faults.between(1, NOTICED) };
        let soon = self.now() + soon;
        self.call_at(which, soon);
    }

    fn call_at(&mut self, which: usize, at: Secs) {
        let now = self.now();
        let Some(node) = &mut self.nodes[which] else { return };
        if node.is_busy() || (node.next_at > now && node.next_at <= at) {
            return;
        }
        node.next_at = at;
        self.at(at, Event::Call(which));
    }

    /// A node takes its turn, or goes on with it.
    fn call(&mut self, which: usize) {
        let now = self.now();
        let Some(node) = &mut self.nodes[which] else { return };
        if node.next_at != now || node.paused_until.is_some() {
            return;
        }
        if !node.is_busy() {
            node.read_on(&mut held(&self.shared.truth));
            // Another one that rests has beaten meanwhile, as it does twice a minute.
            let other = self.nodes[1 - which].as_mut().filter(|other| other.paused_until.is_none());
            if let Some(other) = other {
                other.read_on(&mut held(&self.shared.truth));
                other.beat(&self.hand, now);
            }
            let breaks = !held(&self.shared.weather).healed && self.faults.once_in(150);
            let steps = u32::try_from(self.faults.below(40)).unwrap_or(0);
            let several = self.several;
            let Some(node) = &mut self.nodes[which] else { return };
            node.steps_left = breaks.then_some(steps);
            node.beat(&self.hand, now);
            if several {
                node.looks_at_the_time(&self.hand);
            }
            node.begin();
        }
        self.goes_on(which);
    }

    /// Drives a node's turn, with everybody who acts in the middle of it.
    pub(crate) fn goes_on(&mut self, which: usize) {
        for _ in 0..MOST_STRETCHES {
            let now = self.now();
            let Some(node) = &mut self.nodes[which] else { return };
            if node.paused_until.is_some() {
                return;
            }
            let came = node.go_on(&self.hand, &self.shared.truth);
            self.lives_moved();
            match came {
                Came::Done(next) => return self.rests(which, next.ok()),
                Came::Died => {
                    let back_in = self.back_in();
                    return self.dies(which, back_in);
                }
                Came::People => {
                    let Some(node) = &self.nodes[which] else { return };
                    let moments = std::mem::take(&mut held(&node.gate).moments);
                    for moment in moments {
                        self.moment(which, moment);
                    }
                    self.arrivals();
                }
                Came::Waits => {
                    let Some(node) = &mut self.nodes[which] else { return };
                    let Some(until) = node.waits_until() else {
                        held(&self.shared.truth).broken(18, "a turn waits for something that never comes");
                        return;
                    };
                    node.next_at = until.max(now + 1);
                    let at = node.next_at;
                    return self.at(at, Event::Call(which));
                }
            }
            if !self.truth().violations.is_empty() {
                return;
            }
        }
        self.truth().broken(18, "a turn goes on for ever");
    }

    /// Between two turns.
    fn rests(&mut self, which: usize, next: Option<unsaid::worker::NextWake>) {
        let now = self.now();
        let Some(node) = &self.nodes[which] else { return };
        let wake = match next {
            Some(next) => node.comes(next, now).unwrap_or(now + LONGEST_PAUSE),
            None => now + 5,
        };
        let other_runs = self.nodes[1 - which].as_ref().is_some_and(|other| other.paused_until.is_none());
        let watch = (!node.ticks() && !other_runs) || node.watches(&self.hand);
        let longest = if watch { WATCH } else { LONGEST_PAUSE };
        // While the house is held no service counts, and what waits for service comes no nearer.
        let shortest = if node.is_held() { WATCH } else { 1 };
        self.call_at(which, wake.clamp(now + shortest, now + longest));
    }

    /// How long a process that died is away: minutes, now and then days.
    pub(crate) fn back_in(&self) -> Secs {
        if self.faults.once_in(50) {
            self.faults.between(DAY, 6 * DAY)
        } else {
            self.faults.between(5, 1_200)
        }
    }

    /// A node that answers requests, with its time; none while the house is down.
    pub(crate) fn door(&mut self) -> Option<(usize, Now)> {
        for which in 0..self.nodes.len() {
            if let Some(node) = self.nodes[which].as_mut().filter(|node| node.paused_until.is_none()) {
                let now = node.read_on(&mut held(&self.shared.truth));
                return Some((which, now));
            }
        }
        None
    }

    /// Somebody who finds the house down comes again within a day.
    pub(crate) fn door_or_later(&mut self, event: Event) -> Option<Now> {
        match self.door() {
            Some((which, now)) => {
                self.call_soon(which);
                Some(now)
            }
            None => {
                let later = self.acts.between(3_600, DAY);
                self.after(later, event);
                None
            }
        }
    }

    /// People act at the worst moment.
    fn moment(&mut self, which: usize, moment: Moment) {
        faults::moment(self, which, moment);
    }
}
