//! The two clocks of the running house, shared by those who serve and those who work. Holds the one `Timekeeper`; only the worker's loop moves it
//! on, everybody else looks. Never tells the wall clock's time to a rule. Who else knows the time is asked by [`others`]; what the host should know is put together
//! by [`standing`].

pub mod others;
pub mod standing;

use crate::clock::{Clock, Reading};
use others::Others;
use standing::Clocks;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use unsaid_delivery::Observed;
use unsaid_delivery::clock::{AGREEMENT_SLACK_SECONDS, Doubt, Mark, Now, Timekeeper};
use unsaid_store::rows::Beaten;

/// The house's time.
pub struct HouseTime {
    clock: Arc<dyn Clock>,
    others: Others,
    keeper: Mutex<Timekeeper>,
    /// This node holds the ticker: it credits service. A node that has not been told otherwise is the only one.
    ticks: AtomicBool,
}

impl HouseTime {
    /// Begins with what was stored; in a house that begins today, with what its sources say, the only time that one of them alone is taken at its word.
    pub fn start(clock: Arc<dyn Clock>, mark: Option<Mark>) -> Option<Self> {
        Self::start_with(clock, Others::none(), mark)
    }

    /// The same with sources beyond this machine. In a house that begins today they have been asked before.
    pub fn start_with(clock: Arc<dyn Clock>, others: Others, mark: Option<Mark>) -> Option<Self> {
        let reading = reading(&*clock, &others);
        let mark = mark.or_else(|| Timekeeper::first_mark(&reading))?;
        let keeper = Mutex::new(keeper(mark, &reading, &others));
        Some(Self { keeper, clock, others, ticks: AtomicBool::new(true) })
    }

    /// As if the house had been switched off and on again: begins anew with its own mark.
    pub fn restart(&self) {
        self.others.forget();
        let reading = reading(&*self.clock, &self.others);
        let mut now = self.keeper();
        *now = keeper(now.mark(), &reading, &self.others);
    }

    /// What time it is, for those who only look.
    pub fn now(&self) -> Now {
        let at = self.clock.monotonic();
        self.keeper().at(at)
    }

    /// Moves both clocks on. `served`: the engine ran and could send since the last call; it counts if this node is the one that credits it.
    pub fn read(&self, served: bool) -> Now {
        let reading = reading(&*self.clock, &self.others);
        let credits = served && self.ticks();
        let mut keeper = self.keeper();
        let before = keeper.now().trusted;
        let lived = keeper.lived().0;
        let now = keeper.read(&reading, credits);
        let stepped = now.trusted.as_second() - before.as_second() - (keeper.lived().0 - lived);
        drop(keeper);
        if stepped > AGREEMENT_SLACK_SECONDS {
            tracing::info!(seconds = stepped, to = %now.trusted, "time that was not lived was made up for");
        }
        now
    }

    /// What a beat told: whether this node credits service, and the time of the house.
    pub fn heard(&self, beaten: Beaten) {
        if self.ticks.swap(beaten.ticks, Ordering::Relaxed) != beaten.ticks {
            let who = if beaten.ticks {
                "this node credits the time of service from now on"
            } else {
                "another node credits the time of service"
            };
            tracing::info!("{who}");
        }
        self.keeper().follow(beaten.mark);
    }

    /// The store did not answer: nothing is credited until a beat is heard again.
    pub fn unheard(&self) {
        self.ticks.store(false, Ordering::Relaxed);
    }

    /// Whether this node credits service.
    pub fn ticks(&self) -> bool {
        self.ticks.load(Ordering::Relaxed)
    }

    /// What this process has lived since its start.
    pub fn lived(&self) -> Observed {
        self.keeper().lived()
    }

    /// What is to be stored.
    pub fn mark(&self) -> Mark {
        self.keeper().mark()
    }

    /// What the host should know about the clocks.
    pub fn doubt(&self) -> Option<Doubt> {
        let reading = reading(&*self.clock, &self.others);
        self.keeper().doubt(&reading)
    }

    /// Two sources agree that it is earlier than this house believes, by more than clocks may differ: letters wait, because their day may not have come.
    pub fn is_ahead(&self) -> bool {
        matches!(self.doubt(), Some(Doubt::Ahead { ahead_seconds }) if ahead_seconds > AGREEMENT_SLACK_SECONDS)
    }

    /// Nothing is in doubt, and where several sources are known two of them agree: no letter need wait for the time.
    pub fn is_certain(&self) -> bool {
        let reading = reading(&*self.clock, &self.others);
        let vouched = !self.others.any() || unsaid_delivery::clock::agreed(&reading.sources).is_some();
        vouched && self.keeper().doubt(&reading).is_none()
    }

    /// The sources beyond this machine.
    pub fn others(&self) -> &Others {
        &self.others
    }

    /// Asks them, if it is time to.
    pub async fn ask_if_due(&self, outward: &dyn crate::outward::Outward, store: &dyn unsaid_store::Store) {
        if self.others.due(self.clock.monotonic(), self.doubt().is_some()) {
            self.others.ask(&*self.clock, outward, store).await;
        }
    }

    /// Asks them now.
    pub async fn ask(&self, outward: &dyn crate::outward::Outward, store: &dyn unsaid_store::Store) {
        self.others.ask(&*self.clock, outward, store).await;
    }

    /// Everything about the clocks that a host may want to see.
    pub fn standing(&self) -> Clocks {
        let reading = reading(&*self.clock, &self.others);
        let keeper = self.keeper();
        Clocks::of(&keeper, &reading, &self.others.silent(reading.monotonic))
    }

    fn keeper(&self) -> MutexGuard<'_, Timekeeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The machine's own sources and what was heard from others, carried on to this moment.
pub(crate) fn reading(clock: &dyn Clock, others: &Others) -> Reading {
    let mut reading = clock.reading();
    reading.sources.extend(others.sources(reading.monotonic));
    reading
}

/// Begins at `mark`.
pub(crate) fn keeper(mark: Mark, reading: &Reading, others: &Others) -> Timekeeper {
    let keeper = Timekeeper::start(mark, reading);
    if others.any() { keeper.knowing_several() } else { keeper }
}
