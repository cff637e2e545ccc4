//! What is done about letters that nobody foresaw. One or a few leave and are logged; many at once are a fault's doing until somebody has looked, and wait. How much is many is decided from
//! numbers of the whole house that do not change while its letters leave: so the first of a batch is held as surely as the last, by whichever node, before or after a restart.

use crate::clock::Observed;
use crate::decide::Decision;
use crate::forecast::{By, Forecast};
use crate::planted::{self, Planted};
use crate::state::{Delivery, Parked, State, Wake};

/// So many unforeseen letters within a week leave in any house.
pub const FEW: u64 = 5;
/// And in a large one, one in so many of all that wait.
pub const ONE_IN: u64 = 100;
/// What left unforeseen is counted for so many observed days, and what will, for as many days ahead: or a fault that lets a few go every hour would never be many.
pub const WEEK_DAYS: i64 = 7;
/// So long it waits, in observed hours, before it leaves by itself.
pub const WAITS_HOURS: i64 = 72;

/// The numbers of the house that decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weighed {
    /// What nobody foresaw of the coming week, what is parked for that, and what left so within the last week.
    pub unforeseen: u64,
    /// Everything that has not left.
    pub waiting: u64,
}

impl Weighed {
    /// `many-wait-for-a-look`: more than a few, and more than one in a hundred of all that wait.
    pub fn are_many(self) -> bool {
        self.unforeseen > FEW.max(self.waiting / ONE_IN)
    }
}

/// Since when what left unforeseen is counted.
pub fn counted_since(now: Observed) -> Observed {
    now.plus_days(-WEEK_DAYS)
}

/// `many-wait-for-a-look`: a delivery that would leave unforeseen, as one of many, is parked before it has, and looked at again after [`WAITS_HOURS`]. Anything else goes on as was decided.
pub fn hold_back(delivery: &Delivery, decision: Decision, weighed: Weighed, now: Observed) -> Decision {
    if !decision.unforeseen || !weighed.are_many() || planted::is(Planted::BreakerOff) {
        return decision;
    }
    Decision {
        state: State::Parked { why: Parked::Unforeseen, left: false },
        wake: Some(Wake::Observed(now.plus_hours(WAITS_HOURS))),
        due: delivery.due,
        tzdb: delivery.tzdb.clone(),
        knock: None,
        anew: false,
        occurrence: delivery.occurrence,
        next: None,
        unforeseen: false,
        forecast: None,
        why: "many-wait-for-a-look",
    }
}

/// `leaves-after-a-look`: until when a delivery that was parked for that waits.
pub fn waits_until(parked: Observed) -> Observed {
    parked.plus_hours(WAITS_HOURS)
}

/// What stands beside a delivery from the moment when it was looked at for long enough, or a host let it go: it leaves as foreseen, whenever that is.
pub fn looked_at(delivery: &Delivery, now: crate::clock::Now) -> Forecast {
    let leaves = delivery.due.unwrap_or(now.trusted).max(delivery.rest.until);
    Forecast { leaves, since: now.trusted, by: By::Act }
}
