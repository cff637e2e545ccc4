//! What wakes, in one narrow table: when, by whose hand, and which fence. Deliveries and messages are only names here.

use crate::rows::{Lane, NextWakes, WakeOf};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::{AccountId, BootId, DeliveryId};
use unsaid_delivery::state::Wake;

/// A wake in the order in which wakes are taken: by trusted time, then by observed time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    Trusted(Timestamp),
    Observed(Observed),
}

impl From<Wake> for At {
    fn from(wake: Wake) -> Self {
        match wake {
            Wake::Trusted(at) => Self::Trusted(at),
            Wake::Observed(at) => Self::Observed(at),
        }
    }
}

/// One row.
#[derive(Clone, Copy)]
struct Row {
    lane: Lane,
    at: At,
    holder: Option<BootId>,
    fence: i64,
}

/// The table, ordered twice: by name, and by time.
#[derive(Default)]
pub(super) struct Wakes {
    rows: BTreeMap<WakeOf, Row>,
    by_time: BTreeSet<(Lane, At, WakeOf)>,
}

impl Wakes {
    /// Makes a row or moves it; a holder keeps it.
    pub(super) fn set(&mut self, of: WakeOf, lane: Lane, wake: Wake) {
        let at = At::from(wake);
        let (holder, fence) = match self.rows.get(&of) {
            Some(row) => (row.holder, row.fence),
            None => (None, 0),
        };
        self.remove(of);
        self.rows.insert(of, Row { lane, at, holder, fence });
        self.by_time.insert((lane, at, of));
    }

    /// Moves a row if there is one.
    pub(super) fn move_to(&mut self, of: WakeOf, wake: Wake) {
        if let Some(row) = self.rows.get(&of) {
            self.set(of, row.lane, wake);
        }
    }

    /// Removes a row if there is one.
    pub(super) fn remove(&mut self, of: WakeOf) {
        if let Some(row) = self.rows.remove(&of) {
            self.by_time.remove(&(row.lane, row.at, of));
        }
    }

    /// Whether it is woken some day.
    pub(super) fn has(&self, of: WakeOf) -> bool {
        self.rows.contains_key(&of)
    }

    /// Everything that wakes.
    pub(super) fn all(&self) -> Vec<WakeOf> {
        self.rows.keys().copied().collect()
    }

    /// When it wakes, if nobody holds it.
    pub(super) fn free(&self, of: WakeOf) -> Option<Wake> {
        self.rows.get(&of).filter(|row| row.holder.is_none()).map(|row| match row.at {
            At::Trusted(at) => Wake::Trusted(at),
            At::Observed(at) => Wake::Observed(at),
        })
    }

    /// Whether anybody holds it.
    pub(super) fn has_holder(&self, of: WakeOf) -> bool {
        self.rows.get(&of).is_some_and(|row| row.holder.is_some())
    }

    /// Whether this hold still stands.
    pub(super) fn is_held(&self, of: WakeOf, holder: BootId, fence: i64) -> bool {
        self.rows.get(&of).is_some_and(|row| row.holder == Some(holder) && row.fence == fence)
    }

    /// Those of a lane that have come, in their order, with holder and fence.
    pub(super) fn come(&self, lane: Lane, now: Now) -> impl Iterator<Item = (WakeOf, Option<BootId>, i64)> {
        let trusted = self.between(lane, At::Trusted(Timestamp::MIN), At::Trusted(now.trusted));
        let observed = self.between(lane, At::Observed(Observed(i64::MIN)), At::Observed(now.observed));
        trusted.chain(observed).map(|(_, of, row)| (of, row.holder, row.fence))
    }

    /// Gives a row to a holder; its new fence.
    pub(super) fn hold(&mut self, of: WakeOf, holder: BootId) -> Option<i64> {
        let row = self.rows.get_mut(&of)?;
        row.holder = Some(holder);
        row.fence += 1;
        Some(row.fence)
    }

    /// Lets go of a row.
    pub(super) fn let_go(&mut self, of: WakeOf) {
        if let Some(row) = self.rows.get_mut(&of) {
            row.holder = None;
        }
    }

    /// Everybody who holds something.
    pub(super) fn holders(&self) -> BTreeSet<BootId> {
        self.rows.values().filter_map(|row| row.holder).collect()
    }

    /// The earliest of a lane that nobody holds.
    pub(super) fn next(&self, lane: Lane) -> NextWakes {
        let first = |from, to| self.between(lane, from, to).find(|(.., row)| row.holder.is_none());
        let trusted = first(At::Trusted(Timestamp::MIN), At::Trusted(Timestamp::MAX));
        let observed = first(At::Observed(Observed(i64::MIN)), At::Observed(Observed(i64::MAX)));
        NextWakes {
            trusted: trusted.and_then(|(at, ..)| if let At::Trusted(at) = at { Some(at) } else { None }),
            observed: observed.and_then(|(at, ..)| if let At::Observed(at) = at { Some(at) } else { None }),
        }
    }

    /// Those of a lane from one time to another, both inclusive.
    fn between(&self, lane: Lane, from: At, to: At) -> impl Iterator<Item = (At, WakeOf, &Row)> {
        let least = WakeOf::Delivery(DeliveryId([0; 16]));
        let most = WakeOf::Life(AccountId([255; 16]));
        self.by_time
            .range((lane, from, least)..=(lane, to, most))
            .filter_map(|(_, at, of)| self.rows.get(of).map(|row| (*at, *of, row)))
    }
}
