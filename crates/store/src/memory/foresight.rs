//! What is foreseen, in memory: the row of the occurrence after this one, another day for a promise, and what stands beside those that have not left.
//! What is foreseen and what was not is `forecast`'s; here are only rows.

use super::*;
use crate::notes::{About, Noted};
use unsaid_delivery::accept::Corrected;
use unsaid_delivery::anew::{self, Anew};
use unsaid_delivery::breaker::{self, Weighed};
use unsaid_delivery::calendar;
use unsaid_delivery::decide::NextOccurrence;
use unsaid_delivery::forecast::{self, By, Forecast, Leap};
use unsaid_delivery::life::Life;
use unsaid_delivery::planted::{self, Planted};
use unsaid_delivery::rule::Gate;
use unsaid_delivery::state::{Parked, State};

impl World {
    /// The row of the next occurrence. One that is there already stays.
    pub(super) fn foresee(&mut self, from: DeliveryId, next: NextOccurrence, tzdb: &str, now: Now) {
        let Some(before) = self.deliveries.get(&from).cloned() else { return };
        if self.of_letter(before.letter).any(|d| d.occurrence == next.occurrence) {
            return;
        }
        let before_letter = before.letter;
        let id = occurrence_id(before_letter, next.occurrence);
        let delivery = Delivery {
            id,
            occurrence: next.occurrence,
            pinned: false,
            state: State::Waiting,
            due: Some(next.due),
            tzdb: tzdb.to_owned(),
            forecast: Forecast::of(next.due.max(before.rest.until), By::Time, now),
            parked: None,
            rev: 1,
            ..before
        };
        self.deliveries_to.entry(delivery.person).or_default().insert(id);
        if let Some(letter) = self.letters.get_mut(&delivery.letter) {
            letter.deliveries.insert(id);
        }
        self.wakes.set(WakeOf::Delivery(id), Lane::Letters, Wake::Trusted(next.due));
        if planted::is(Planted::TwoStates) {
            let twice = Delivery { id: occurrence_id(before_letter, -next.occurrence), ..delivery.clone() };
            if let Some(letter) = self.letters.get_mut(&before_letter) {
                letter.deliveries.insert(twice.id);
            }
            self.wakes.set(WakeOf::Delivery(twice.id), Lane::Letters, Wake::Trusted(next.due));
            self.deliveries.insert(twice.id, twice);
        }
        self.deliveries.insert(id, delivery);
        self.care.made.insert(id, now.trusted);
    }

    /// Another day, as its author corrected it.
    pub(super) fn correct(&mut self, id: DeliveryId, corrected: &Corrected, now: Now) {
        if let Some(row) = self.deliveries.get_mut(&id) {
            row.rule = corrected.rule.clone();
            row.occurrence = corrected.occurrence;
            row.due = Some(corrected.due);
            row.forecast = Forecast::of(corrected.due.max(row.rest.until), By::Act, now);
            calendar::tzdb_version().clone_into(&mut row.tzdb);
        }
    }

    /// Brings into the forecast what time has brought near, the earliest first. How many.
    pub(super) fn look_ahead(&mut self, now: Now, limit: usize) -> u64 {
        let horizon = forecast::horizon(now);
        let near = self.deliveries.unforeseen(horizon);
        let near = near.filter_map(|(_, d)| forecast::foresee(d, now).map(|forecast| (d.id, forecast)));
        let near: Vec<(DeliveryId, Forecast)> = near.take(limit).collect();
        for (id, forecast) in &near {
            if let Some(row) = self.deliveries.get_mut(id) {
                row.forecast = Some(*forecast);
            }
        }
        near.len() as u64
    }

    /// Somebody looks ahead now: what a leap since the last look brought near is not foreseen any more. How many those are.
    pub(super) fn look(&mut self, now: Now) -> u64 {
        if self.mark.is_none() {
            return 0;
        }
        let before = self.looked.unwrap_or(now);
        let mut undone = 0;
        if let Some(leap) = Leap::since(before, now) {
            let brought_near = |row: &&Delivery| {
                let waits = matches!(row.state, State::Resting | State::Waiting);
                let near = waits && row.due.is_some_and(|due| due <= leap.until);
                near && row.forecast.is_some_and(|forecast| leap.undoes(&forecast))
            };
            let near: Vec<DeliveryId> = self.deliveries.values().filter(brought_near).map(|d| d.id).collect();
            undone = near.len() as u64;
            for id in near {
                if let Some(row) = self.deliveries.get_mut(&id) {
                    row.forecast = None;
                }
            }
        }
        self.looked = Some(Now {
            trusted: before.trusted.max(now.trusted),
            observed: before.observed.max(now.observed),
        });
        undone
    }

    /// The numbers that decide whether what nobody foresaw is much.
    pub(super) fn weigh(&self, now: Now) -> Weighed {
        let mut weighed = Weighed::default();
        let week = in_a_week(now);
        for row in self.deliveries.values() {
            match row.state {
                State::Resting | State::Waiting => {
                    weighed.waiting += 1;
                    let Some(due) = row.due.filter(|due| *due <= week) else { continue };
                    let leaves = due.max(row.rest.until).max(now.trusted);
                    let waits_for_an_end = row.rule.gate != Gate::None;
                    let gone = match row.rule.gate {
                        Gate::None => None,
                        Gate::Gone => self.lives.get(&row.account).and_then(Life::gate),
                        Gate::Word { .. } => {
                            let spoken = self.opening(row).map(|opening| opening.spoken);
                            spoken.map(|spoken| unsaid_delivery::decide::Gone {
                                at: spoken.at,
                                foreseen: spoken.grace,
                            })
                        }
                    };
                    if waits_for_an_end && gone.is_none() {
                        continue;
                    }
                    let foreseen = row.forecast.is_some_and(|forecast| {
                        let gate = !waits_for_an_end || forecast::gate_as_foreseen(&forecast, gone);
                        gate && forecast.expects(leaves)
                    });
                    weighed.unforeseen += u64::from(!foreseen);
                }
                State::Parked { why, left } => {
                    weighed.waiting += u64::from(!left);
                    weighed.unforeseen += u64::from(why == Parked::Unforeseen);
                }
                _ => {}
            }
        }
        let since = breaker::counted_since(now.observed);
        weighed.unforeseen += self.left_unforeseen.values().filter(|at| **at > since).count() as u64;
        weighed
    }

    /// Derives again what was derived with other zone data, at most `limit`, those of one version by their moment.
    pub(super) fn rederive(&mut self, limit: usize) -> Rederived {
        let otherwise: Vec<Delivery> =
            self.deliveries.derived_otherwise(calendar::tzdb_version()).cloned().collect();
        let mut old: Vec<(String, Option<Timestamp>, DeliveryId, Anew)> = otherwise
            .into_iter()
            .filter_map(|d| {
                let anew = anew::derived(&d, &self.zone(d.person).unwrap_or_default())?;
                Some((d.tzdb, d.due, d.id, anew))
            })
            .collect();
        old.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        old.truncate(limit);
        for (.., id, anew) in &old {
            if let Some(row) = self.deliveries.get_mut(id) {
                row.due = anew.due;
                calendar::tzdb_version().clone_into(&mut row.tzdb);
            }
            if anew.shifted {
                self.note(About::Delivery(*id), Noted::DayMoved);
            }
            if let Some(at) = anew.wake {
                self.wakes.set(WakeOf::Delivery(*id), Lane::Letters, Wake::Trusted(at));
            }
        }
        let shifted = old.iter().filter(|(.., anew)| anew.shifted).count() as u64;
        Rederived { looked: old.len() as u64, shifted }
    }

    /// What leaves next, counted.
    pub(super) fn forecast(&self, now: Now) -> Foreseen {
        let (week, horizon) = (in_a_week(now), forecast::horizon(now));
        let months = months(now);
        let named = months.iter().map(|month| (month.first, 0)).collect();
        let mut foreseen = Foreseen { months: named, ..Foreseen::default() };
        for delivery in self.deliveries.values() {
            let waits = matches!(delivery.state, State::Resting | State::Waiting);
            let Some(due) = delivery.due.filter(|due| waits && *due <= horizon) else { continue };
            let shut = match delivery.rule.gate {
                Gate::None => false,
                Gate::Gone => !self.lives.get(&delivery.account).is_some_and(|life| life.is_released()),
                Gate::Word { .. } => self.opening(delivery).is_none(),
            };
            if shut {
                continue;
            }
            foreseen.within_horizon += 1;
            let of = months.iter().position(|month| month.from <= due && due < month.to);
            if let Some((_, many)) = of.and_then(|nth| foreseen.months.get_mut(nth)) {
                *many += 1;
            }
            if due <= week {
                foreseen.count(delivery);
            }
        }
        foreseen
    }
}
