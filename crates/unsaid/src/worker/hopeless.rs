//! What cannot be worked on: its row says what cannot be, it points at nothing, or the program fell over it again and again. It is held alone, so that everything else goes on, it is
//! named to the host, and it is not tried for ever. What is held with it is the store's business.

use super::{AFTER_FAULT_SECONDS, AFTER_TROUBLE_SECONDS, Worker};
use std::collections::BTreeMap;
use unsaid_delivery::Now;
use unsaid_store::StoreError;
use unsaid_store::care::Wrong;
use unsaid_store::rows::{Taken, WakeOf};

/// The program may fall over one piece of work so often before it is held for the host.
const FALLS: u8 = 3;

/// What is to be held back.
#[derive(Default)]
pub(super) struct Hopeless {
    /// How often the program fell over each, since it was last worked on well.
    falls: BTreeMap<WakeOf, u8>,
    to_hold: Vec<(Taken, Wrong)>,
}

impl Hopeless {
    /// It was worked on well.
    pub(super) fn forget(&mut self, of: WakeOf) {
        self.falls.remove(&of);
    }

    /// It is to be held back.
    pub(super) fn add(&mut self, taken: Taken, wrong: Wrong) {
        self.to_hold.push((taken, wrong));
    }
}

impl Worker {
    /// `held-after-three-faults`: the program fell over it. It is tried again an hour later, and held after the third time.
    pub(super) fn fell(&mut self, taken: Taken, now: Now) {
        let falls = self.hopeless.falls.entry(taken.of).or_default();
        *falls += 1;
        if *falls >= FALLS {
            self.hopeless.add(taken, Wrong::Fault);
        } else {
            self.troubled.push((now.observed.plus_seconds(AFTER_FAULT_SECONDS), taken));
        }
    }

    /// Holds back what cannot be worked on.
    pub(super) async fn hold_back(&mut self, now: Now) {
        for (taken, wrong) in std::mem::take(&mut self.hopeless.to_hold) {
            match self.tools.store.hold_back(&taken, wrong, now).await {
                Ok(()) => {
                    self.hopeless.forget(taken.of);
                    tracing::error!(of = ?taken.of, wrong = wrong.name(), "it is held, and everything else goes on; the host has to look: {}", wrong.says());
                }
                // Somebody else has it, or took its wake away.
                Err(StoreError::Conflict) => self.hopeless.forget(taken.of),
                Err(error) => {
                    tracing::error!(of = ?taken.of, %error, "it could not be held; it is not worked on meanwhile");
                    self.troubled.push((now.observed.plus_seconds(AFTER_TROUBLE_SECONDS), taken));
                }
            }
        }
    }
}
