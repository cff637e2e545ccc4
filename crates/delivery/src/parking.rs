//! Parking one delivery, and letting it go again: what a host may ask. Whatever parked it, the state that it was in is kept beside it, and is what releasing returns to; from there time
//! decides anew. Whether many letters are parked because nobody foresaw them is the breaker's business.

use crate::accept::Granted;
use crate::breaker;
use crate::clock::{Now, Observed};
use crate::fact::Fact;
use crate::forecast::Forecast;
use crate::state::{Delivery, Parked, State, Wake};
use jiff::Timestamp;

/// Who parked it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParkedBy {
    /// The engine, for the reason that stands with it.
    Engine,
    /// A host.
    Host,
}

/// What is kept beside a delivery as long as it is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parking {
    /// Where it was. Never parked itself.
    pub was: State,
    /// Who parked it, last.
    pub by: ParkedBy,
    /// Since when, by trusted time.
    pub since: Timestamp,
    /// And by observed time.
    pub observed: Observed,
}

/// Why a host's word about a delivery changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// It is at an end.
    Ended,
    /// It is parked already, and that reason comes first.
    Parked,
    /// It is not parked.
    NotParked,
}

/// `parked-by-the-host`: a host holds one delivery, until a host lets it go. One that waits for a look because nobody foresaw it does not leave by itself any more.
pub fn park(delivery: &Delivery) -> Result<Granted, NotNow> {
    let left = match delivery.state {
        State::Parked { why: Parked::Unforeseen, left } => left,
        State::Parked { .. } => return Err(NotNow::Parked),
        state if state.is_end() => return Err(NotNow::Ended),
        state => state.has_left(),
    };
    Ok(Granted {
        state: State::Parked { why: Parked::ByHost, left },
        wake: None,
        fact: Fact::Parked { delivery: delivery.id },
        why: "parked-by-the-host",
    })
}

/// `released-where-it-was`: a host lets one go, and it is where it was. What made it wait is looked at again at its turn, and parks it again if it was not mended. What has not left, leaves as foreseen.
pub fn release(delivery: &Delivery, now: Now) -> Result<(Granted, Option<Forecast>), NotNow> {
    let State::Parked { left, .. } = delivery.state else { return Err(NotNow::NotParked) };
    let state = returns_to(delivery, left);
    let wake = (!state.is_end()).then_some(match state {
        State::Resting => Wake::Trusted(delivery.rest.until),
        _ => Wake::Trusted(now.trusted),
    });
    let forecast = (!state.has_left()).then(|| breaker::looked_at(delivery, now));
    let fact = Fact::Released { delivery: delivery.id };
    Ok((Granted { state, wake, fact, why: "released-where-it-was" }, forecast))
}

/// Where it was. What an older program parked did not keep that.
pub fn returns_to(delivery: &Delivery, left: bool) -> State {
    match delivery.parked {
        Some(parking) => parking.was,
        None if delivery.pinned => State::Opened,
        None if left => State::Sending,
        None => State::Waiting,
    }
}
