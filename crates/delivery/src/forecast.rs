//! What is foreseen to leave. Beside each delivery that has not left stands the instant at which it will, long before: because a human just asked for it, or since time brought it within
//! four hundred days. What leaves is held against that. A letter that nobody foresaw has come by a fault: of a clock, of zone data, of this program. Here is only what is
//! foreseen and what was not; what is done about it is not decided here.

use crate::calendar;
use crate::clock::Now;
use crate::decide::Gone;
use crate::rule::Gate;
use crate::state::{Delivery, State};
use jiff::{SignedDuration, Timestamp};

/// So many days ahead the forecast looks.
pub const FORECAST_DAYS: i64 = 400;
/// What time brings into the forecast has to stand there for so many days before it leaves.
pub const SETTLED_DAYS: i64 = 7;
/// A zone may move its clocks, or skip a day: so many hours earlier than foreseen is as foreseen. Later always is: a house that was off is late with everything.
pub const SHIFT_HOURS: i64 = 24;

/// Trusted time may run ahead of service by so many days between two looks. What a longer leap brings near was in nobody's coming week.
pub const PAUSE_DAYS: i64 = 7;
/// Looked ahead is at least once in so many hours of either clock, and at each start.
pub const LOOK_HOURS: i64 = 24;

/// What brought a delivery into the forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A human act that is recorded: it was sealed, or its birthday corrected.
    Act,
    /// Time: its day has come within [`FORECAST_DAYS`], or the occurrence before it fell due.
    Time,
}

/// What is stored beside a delivery. It is never moved by what is derived anew, or a fault that moves a day a little each night would go unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// When it leaves: its moment, and not before its rest has ended.
    pub leaves: Timestamp,
    /// By trusted time, when that was first foreseen.
    pub since: Timestamp,
    /// What brought it in.
    pub by: By,
}

impl Forecast {
    /// What stands beside a delivery that leaves at `leaves`. None: that is too far away, and time will bring it.
    pub fn of(leaves: Timestamp, by: By, now: Now) -> Option<Self> {
        (leaves <= horizon(now)).then_some(Self { leaves, since: now.trusted, by })
    }

    /// `by-the-forecast`: whether it leaves as was foreseen, should it leave at `at`.
    pub fn expects(&self, at: Timestamp) -> bool {
        let settled = self.leaves.duration_since(self.since) >= SignedDuration::from_hours(SETTLED_DAYS * 24);
        let in_time = self.leaves.duration_since(at) <= SignedDuration::from_hours(SHIFT_HOURS);
        in_time && (self.by == By::Act || settled)
    }
}

/// Leaps of trusted time take out of the forecast what they bring near: more than [`PAUSE_DAYS`] that nobody served, since somebody looked ahead last. Such a leap is right when the house was
/// off, and wrong when its sources of time lie; nothing here can tell. A host who confirms the clock has looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leap {
    /// What leaves after this was not in the coming week when somebody looked last,
    pub after: Timestamp,
    /// and what leaves until here is in it now.
    pub until: Timestamp,
    /// But for what a human asked for since this.
    pub asked: Timestamp,
}

impl Leap {
    /// The leap since somebody looked, if there was one.
    pub fn since(looked: Now, now: Now) -> Option<Self> {
        let served = SignedDuration::from_secs(now.observed.0.saturating_sub(looked.observed.0).max(0));
        let week = SignedDuration::from_hours(PAUSE_DAYS * 24);
        if now.trusted.duration_since(looked.trusted) <= served.saturating_add(week) {
            return None;
        }
        let later = |at: Timestamp| at.checked_add(week).unwrap_or(Timestamp::MAX);
        let asked = now.trusted.checked_sub(served).unwrap_or(Timestamp::MIN);
        Some(Self { after: later(looked.trusted), until: later(now.trusted), asked })
    }

    /// Whether this forecast does not hold any more.
    pub fn undoes(&self, forecast: &Forecast) -> bool {
        let brought = forecast.leaves > self.after && forecast.leaves <= self.until;
        brought && !(forecast.by == By::Act && forecast.since >= self.asked)
    }
}

/// How far the forecast reaches.
pub fn horizon(now: Now) -> Timestamp {
    now.trusted.checked_add(SignedDuration::from_hours(FORECAST_DAYS * 24)).unwrap_or(Timestamp::MAX)
}

/// What is to be stored beside a delivery by the passing of time. None: it stands there already, it has left, or nobody can say when it will.
pub fn foresee(delivery: &Delivery, now: Now) -> Option<Forecast> {
    if delivery.forecast.is_some() || !matches!(delivery.state, State::Resting | State::Waiting) {
        return None;
    }
    let rest = delivery.rest.until;
    // Where the zone means nothing now it is parked when its time comes; until then, what was derived last.
    let derived =
        calendar::comes_at(&delivery.rule.moment, delivery.occurrence, rest).unwrap_or(delivery.due);
    Some(Forecast { leaves: derived?.max(rest), since: now.trusted, by: By::Time })
}

/// `by-the-forecast`: whether a first knock for this delivery may be called foreseen now. `gone`: its gate, of letters that wait for their author's end or for keepers' word.
pub fn was_foreseen(delivery: &Delivery, gone: Option<Gone>, now: Now) -> bool {
    delivery.forecast.is_some_and(|forecast| {
        forecast.expects(now.trusted)
            && (delivery.rule.gate == Gate::None || gate_as_foreseen(&forecast, gone))
    })
}

/// `gate-and-moment`: what waits for its author's end is as foreseen as that: her grace had begun a week before, or a host has let it go since.
pub fn gate_as_foreseen(forecast: &Forecast, gone: Option<Gone>) -> bool {
    gone.is_some_and(|gone| gone.foreseen || (forecast.by == By::Act && forecast.since >= gone.at))
}
