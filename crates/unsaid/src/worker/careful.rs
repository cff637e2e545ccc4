//! After a death. What an earlier holder left, died over perhaps, is worked on alone, and while it is, the store knows: should this start die too, it is known over what, and after the third
//! time that one is held and everything else goes on. After three deaths within ten minutes everything is worked on so for an hour, and nothing is kept in order beside it. Knows only that
//! starts died, not of what.

use super::Worker;
use unsaid_delivery::clock::HOUR;
use unsaid_delivery::{Now, Observed};
use unsaid_store::StoreError;
use unsaid_store::rows::{Lane, Taken};

/// So many deaths in a row are a loop.
const LOOP: u32 = 3;

/// How careful it is.
#[derive(Default)]
pub(super) struct Care {
    /// It began in a loop of deaths.
    in_a_loop: bool,
    /// Until when that counts.
    until: Option<Observed>,
}

impl Care {
    /// `crashes` starts died right before this one.
    pub(super) fn after(crashes: u32) -> Self {
        let in_a_loop = crashes >= LOOP;
        if in_a_loop {
            tracing::error!(
                crashes,
                "the house died again and again within ten minutes; for an hour each letter is worked on alone. The host has to look, and report it"
            );
        }
        Self { in_a_loop, until: None }
    }

    /// Whether everything is worked on alone.
    pub(super) fn takes_singly(&mut self, now: Now) -> bool {
        if self.in_a_loop {
            let until = *self.until.get_or_insert(now.observed.plus_seconds(HOUR));
            self.in_a_loop = now.observed < until;
        }
        self.in_a_loop
    }

    /// When it is over.
    pub(super) fn next(&self) -> Option<Observed> {
        self.until.filter(|_| self.in_a_loop)
    }
}

impl Worker {
    /// The same worker, after so many starts that died.
    pub fn after_crashes(self, crashes: u32) -> Self {
        Self { care: Care::after(crashes), ..self }
    }

    /// Works on one thing alone, and says so while it does.
    pub(super) async fn alone(&mut self, one: Taken, now: Now) -> Result<(), StoreError> {
        if self.lane == Lane::Codes {
            self.work(vec![one], now).await;
            return Ok(());
        }
        self.tools.store.working_on(self.boot, Some(one.of)).await?;
        self.work(vec![one], now).await;
        self.tools.store.working_on(self.boot, None).await
    }
}
