//! New zone data. What is stored is what a human meant, and every instant is a cache that was derived with one version of the data; when that changes, what waits is
//! derived again, because its moment may come earlier than the wake that stands beside it. Which rows there are, and when they are looked through, is not known here.

use crate::calendar::{self, NINE};
use crate::planted::{self, Planted};
use crate::state::{Delivery, State};
use jiff::Timestamp;

/// What one delivery is derived to be by the zone data of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anew {
    /// Its moment. As it was, where the zone means nothing now: it is parked when its time comes (`zone-unknown-holds`), and not before.
    pub due: Option<Timestamp>,
    /// When it is woken, by trusted time; none: its wake stays as it is.
    pub wake: Option<Timestamp>,
    /// Something came to another instant than before.
    pub shifted: bool,
}

/// Whether a delivery in this state waits for a civil day, so that its instant depends on zone data.
pub fn waits_for_a_day(state: State) -> bool {
    matches!(state, State::Resting | State::Waiting | State::Later(_))
}

/// `zones-derived-anew`: what waits for a civil day is derived again from that day. `zone` is that of its person (theirs, or their author's), in which a day that they chose falls.
/// What it was foreseen for is not moved: against that the shift is held. None: it waits for no day, or was derived with this data.
pub fn derived(delivery: &Delivery, zone: &str) -> Option<Anew> {
    if delivery.tzdb == calendar::tzdb_version() || !waits_for_a_day(delivery.state) {
        return None;
    }
    if planted::is(Planted::FrozenUtc) {
        return Some(Anew { due: delivery.due, wake: None, shifted: false });
    }
    if let State::Later(day) = delivery.state {
        let wake = calendar::instant(day, NINE, zone).ok();
        return Some(Anew { due: delivery.due, wake, shifted: false });
    }
    let rest = delivery.rest.until;
    let derived = calendar::comes_at(&delivery.rule.moment, delivery.occurrence, rest).ok().flatten();
    Some(Anew {
        due: derived.or(delivery.due),
        // While it rests it is woken by the end of its rest, and derived then.
        wake: derived.filter(|_| delivery.state == State::Waiting),
        shifted: derived.is_some() && derived != delivery.due,
    })
}
