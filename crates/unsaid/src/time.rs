//! The two clocks of the running house, shared by those who serve and those who work. Holds the one `Timekeeper`; only the worker moves it
//! on, everybody else looks. Never tells the wall clock's time to a rule.

use crate::clock::Clock;
use std::sync::{Arc, Mutex, PoisonError};
use unsaid_delivery::clock::{Doubt, Mark, Now, Timekeeper};

/// The house's time.
pub struct HouseTime {
    clock: Arc<dyn Clock>,
    keeper: Mutex<Timekeeper>,
}

impl HouseTime {
    /// Begins with what was stored; in a house that begins today, with the wall clock, the only time that it is taken at its word.
    pub fn start(clock: Arc<dyn Clock>, mark: Option<Mark>) -> Option<Self> {
        let reading = clock.reading();
        let mark = mark.or_else(|| Timekeeper::first_mark(&reading))?;
        Some(Self { keeper: Mutex::new(Timekeeper::start(mark, &reading)), clock })
    }

    /// As if the house had been switched off and on again: begins anew with its own mark.
    pub fn restart(&self) {
        let reading = self.clock.reading();
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        *keeper = Timekeeper::start(keeper.mark(), &reading);
    }

    /// What time it is, for those who only look.
    pub fn now(&self) -> Now {
        let at = self.clock.monotonic();
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).at(at)
    }

    /// Moves both clocks on. `served`: the engine ran and could send since the last call.
    pub fn read(&self, served: bool) -> Now {
        let reading = self.clock.reading();
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).read(&reading, served)
    }

    /// What is to be stored.
    pub fn mark(&self) -> Mark {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).mark()
    }

    /// What the host should know about the clocks.
    pub fn doubt(&self) -> Option<Doubt> {
        let reading = self.clock.reading();
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).doubt(&reading)
    }
}
