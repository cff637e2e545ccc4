//! Once a day of service, time brings what leaves within four hundred days into the forecast: it is written beside each delivery when that will be, so that what
//! leaves can be held against what was foreseen. What is foreseen is `forecast`'s; here is only when it is looked at.

use super::{NextWake, Worker};
use unsaid_delivery::Now;
use unsaid_store::StoreError;
use unsaid_store::rows::Lane;

/// So many deliveries are looked at in one transaction.
const BATCH: usize = 500;
/// And so many transactions in one turn.
const BATCHES: usize = 20;

impl Worker {
    /// Looks as far ahead as the forecast goes, if a day has passed or this is the first turn. Says in `next` when to come again.
    pub(super) async fn look_ahead(&mut self, now: Now, next: &mut NextWake) -> Result<(), StoreError> {
        if self.lane != Lane::Letters {
            return Ok(());
        }
        if self.looks_ahead.is_none_or(|at| now.observed >= at) {
            let mut all = false;
            for _ in 0..BATCHES {
                if self.tools.store.foresee(now, BATCH).await? < BATCH as u64 {
                    all = true;
                    break;
                }
            }
            if !all {
                next.again = true;
                return Ok(());
            }
            self.looks_ahead = Some(now.observed.plus_days(1));
        }
        next.observed = [next.observed, self.looks_ahead].into_iter().flatten().min();
        Ok(())
    }
}
