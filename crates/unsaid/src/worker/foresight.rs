//! What leaves is held against what was foreseen. Once a day, at each start and whenever trusted time has leapt, the worker looks ahead before it decides anything: what time brings within four
//! hundred days is written down, what was derived with other zone data is derived again, and what a leap brought near is not foreseen any more. A letter that nobody foresaw is weighed with all others of its kind. What is foreseen and what is many
//! is said by `forecast` and `breaker`; here is only when they are asked.

use super::{NextWake, Worker};
use std::sync::PoisonError;
use unsaid_delivery::breaker::{Weighed, hold_back};
use unsaid_delivery::calendar::tzdb_version;
use unsaid_delivery::clock::HOUR;
use unsaid_delivery::decide::Decision;
use unsaid_delivery::forecast::{LOOK_HOURS, Leap};
use unsaid_delivery::message::Call;
use unsaid_delivery::{Delivery, Now, Observed};
use unsaid_store::StoreError;
use unsaid_store::rows::{Lane, Rederived};

/// So many deliveries are looked at in one transaction.
const BATCH: usize = 500;
/// And so many transactions in one turn.
const BATCHES: usize = 20;
/// That they are many is believed for so many observed seconds before the house is weighed anew: a hundred thousand letters are not counted a hundred thousand times.
const MANY_SECONDS: i64 = 60;

/// What this worker knows of looking ahead.
#[derive(Default)]
pub(super) struct Ahead {
    /// When it looked last.
    looked: Option<Now>,
    /// Not everything that was derived with other zone data is derived again yet.
    old: bool,
    /// What new zone data has changed so far.
    anew: Rederived,
    /// Not everything that time brought near is written down yet.
    more: bool,
    /// When they were many.
    many: std::sync::Mutex<Option<(Observed, Weighed)>>,
}

impl Ahead {
    fn is_time(&self, now: Now) -> bool {
        self.looked.is_none_or(|looked| {
            now.observed >= looked.observed.plus_hours(LOOK_HOURS)
                || now.trusted.duration_since(looked.trusted).as_secs() >= LOOK_HOURS * HOUR
                || Leap::since(looked, now).is_some()
        })
    }
}

impl Worker {
    /// Looks whether trusted time has leapt, if it is time to look. Before anything else is decided in a turn.
    pub(super) async fn look(&mut self, now: Now) -> Result<(), StoreError> {
        if self.lane == Lane::Letters && self.ahead.is_time(now) {
            let undone = self.tools.store.look(now).await?;
            if undone > 0 {
                tracing::error!(
                    letters = undone,
                    "the house's time has leapt further than it served, and these letters came near by that; if they are many, they wait until somebody has looked"
                );
            }
            self.ahead.looked = Some(now);
            (self.ahead.old, self.ahead.more) = (true, true);
        }
        Ok(())
    }

    /// Derives anew what zone data has moved, and writes down what time has brought near. Says in `next` when to come again.
    pub(super) async fn look_ahead(&mut self, now: Now, next: &mut NextWake) -> Result<(), StoreError> {
        self.derive_anew(next).await?;
        for _ in 0..BATCHES {
            if !self.ahead.more {
                break;
            }
            self.ahead.more = self.tools.store.foresee(now, BATCH).await? == BATCH as u64;
        }
        next.again |= self.ahead.more;
        let again = self.ahead.looked.map(|looked| looked.observed.plus_hours(LOOK_HOURS));
        next.observed = [next.observed, again].into_iter().flatten().min();
        Ok(())
    }

    /// `many-wait-for-a-look`: what nobody foresaw is held against what the rest of the house does.
    pub(super) async fn weigh(
        &self,
        delivery: &Delivery,
        decision: Decision,
        now: Now,
    ) -> Result<Decision, StoreError> {
        if !decision.unforeseen {
            return Ok(decision);
        }
        let known = *self.ahead.many.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.filter(|(at, _)| now.observed < at.plus_seconds(MANY_SECONDS));
        let weighed = match known {
            Some((_, weighed)) => weighed,
            None => self.tools.store.weigh(now).await?,
        };
        if known.is_none() && weighed.are_many() {
            *self.ahead.many.lock().unwrap_or_else(PoisonError::into_inner) = Some((now.observed, weighed));
            self.calls.want(Call::Unforeseen, now);
            tracing::error!(
                unforeseen = weighed.unforeseen,
                waiting = weighed.waiting,
                "many letters would leave that nobody foresaw; they wait for three days of service, and the host has to look: unsaid parked"
            );
        }
        let decision = hold_back(delivery, decision, weighed, now.observed);
        if decision.unforeseen {
            tracing::warn!(
                delivery = %delivery.id,
                unforeseen = weighed.unforeseen,
                "leaves although nobody foresaw it; there are few of these"
            );
        }
        Ok(decision)
    }

    /// `zones-derived-anew`: in bounded batches, the soonest first.
    async fn derive_anew(&mut self, next: &mut NextWake) -> Result<(), StoreError> {
        for _ in 0..BATCHES {
            if !self.ahead.old {
                break;
            }
            let done = self.tools.store.rederive(BATCH).await?;
            self.ahead.anew.looked += done.looked;
            self.ahead.anew.shifted += done.shifted;
            // What comes earlier now may have come already.
            next.again |= done.shifted > 0;
            self.ahead.old = done.looked >= BATCH as u64;
        }
        next.again |= self.ahead.old;
        if !self.ahead.old {
            let Rederived { looked, shifted } = std::mem::take(&mut self.ahead.anew);
            if looked > 0 {
                tracing::info!(
                    version = tzdb_version(),
                    looked,
                    shifted,
                    "new zone data: what waits for a civil day was derived again"
                );
            }
        }
        Ok(())
    }
}
