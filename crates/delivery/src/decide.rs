//! What the passing of time demands of one delivery. Given the delivery, what is known of its person, and the time; gives the state that
//! it should be in, the messages to write, and when to look again. The worker commits that in one transaction.

use crate::accept::kept_by_this_version;
use crate::breaker;
use crate::calendar;
use crate::clock::{Now, Observed};
use crate::event::{self, Gateway, Opening};
use crate::forecast::{self, Forecast};
use crate::id::{AddressId, DeliveryId, LetterId};
use crate::message::{Message, MessageState};
use crate::parking::Parking;
use crate::planted::{self, Planted};
use crate::refusal::{self, Refused};
use crate::rule::{Gate, Reach};
use crate::state::{Amending, Delivery, Parked, State, Wake};
use jiff::Timestamp;
use jiff::civil::Date;

/// What is known of one address of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its name.
    pub id: AddressId,
    /// It has not been refused for good by its mail server.
    pub good: bool,
    /// What whoever reads it has said no to.
    pub refused: Vec<Refused>,
}

/// What decisions may know of the person beside the one delivery: the pair of author and person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pair {
    /// Their addresses, in the order in which they are tried.
    pub addresses: Vec<Address>,
    /// The knocks of the present series, oldest first.
    pub knocks: Vec<Message>,
    /// When the last accepted knock of the series was accepted.
    pub last_accepted: Option<Observed>,
    /// IANA name of the person's zone, or of the author's where theirs is not known: in it falls the day that the person chooses.
    pub zone: String,
    /// The author has gone, and her letters were let go. None: nobody says so (any more).
    pub gone: Option<Gone>,
    /// Of a delivery that waits for keepers' word: that enough of them have said it.
    pub word: Option<Opening>,
    /// Of the delivery that is asked about: the next later occurrence of its letter that is a row of its own already. There is one where it had fallen due before, and waits again.
    pub later: Option<i16>,
}

/// The gate of letters that wait for their author's end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    /// Since when.
    pub at: Timestamp,
    /// It had been foreseen a week before: her grace had begun by then.
    pub foreseen: bool,
}

impl Pair {
    /// The gate of this rule, if it has one and it stands open.
    pub fn opened(&self, gate: &Gate, now: Now) -> Option<Gone> {
        match gate {
            Gate::None => None,
            Gate::Gone => self.gone,
            Gate::Word { .. } => match event::gateway(self.word, now) {
                Gateway::Open(open) => Some(open),
                Gateway::Shut(_) => None,
            },
        }
    }
}

/// A knock to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewKnock {
    /// To which address.
    pub address: AddressId,
    /// The how-manieth of the series.
    pub nth: u8,
    /// What it is written for was in the forecast, or has been knocked for before, or a human asked for it.
    pub foreseen: bool,
}

/// The occurrence after one that has fallen due: a delivery of its own, waiting, with the same letter, rule, rest and version that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextOccurrence {
    /// Its year.
    pub occurrence: i16,
    /// Its instant.
    pub due: Timestamp,
}

/// What is to be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The new state.
    pub state: State,
    /// When to look again; none for an end.
    pub wake: Option<Wake>,
    /// The instant of the moment, derived with `tzdb`.
    pub due: Option<Timestamp>,
    /// The version of the zone data.
    pub tzdb: String,
    /// A knock to write in the same transaction.
    pub knock: Option<NewKnock>,
    /// The series of knocks begins anew before that: earlier messages are not in `Pair.knocks` any more.
    pub anew: bool,
    /// The occurrence that this row is from now on: another than before when older ones were missed.
    pub occurrence: i16,
    /// The row to foresee in the same transaction. Set once for each occurrence: when it falls due, whatever the person did or does.
    pub next: Option<NextOccurrence>,
    /// It leaves, and nobody foresaw it.
    pub unforeseen: bool,
    /// What stands beside it from now on about when it leaves; none: what stood before.
    pub forecast: Option<Forecast>,
    /// The name of the rule that decided (docs/delivery.md).
    pub why: &'static str,
}

/// Pauses between knocks, in observed days, after the first, the second, and every later one.
pub const PAUSES_DAYS: [i64; 3] = [14, 46, 365];
/// Three knocks, then one a year for ten years.
pub const LAST_KNOCK: u8 = 13;
/// A letter that falls due in the yearly phase moves that year's knock to its own moment, at least this long after the last.
pub const JOINS_YEARLY_DAYS: i64 = 180;
/// While a knock is on its way its delivery is looked at again after this many observed hours, should all else fail.
pub const LOOK_AGAIN_HOURS: i64 = 24;
/// What waits for its author's end is looked at again after this many observed days, should all else fail.
pub const GATE_LOOK_AGAIN_DAYS: i64 = 30;

/// `three-knocks-then-yearly`: the pause after the nth accepted knock, in observed days.
pub fn pause_days(nth: u8) -> i64 {
    let i = usize::from(nth.max(1) - 1).min(PAUSES_DAYS.len() - 1);
    PAUSES_DAYS[i]
}

/// Decides about one delivery. None: nothing to do, it is at an end.
pub fn decide(delivery: &Delivery, pair: &Pair, now: Now) -> Option<Decision> {
    let decision = match (delivery.state, delivery.parked) {
        (State::Parked { why: Parked::Unforeseen, .. }, Some(parking)) => {
            after_a_look(delivery, parking, pair, now)?
        }
        (State::Parked { .. }, _) => return None,
        (state, _) if state.is_end() => return None,
        _ => by_state(delivery, pair, now)?,
    };
    let leaves = !delivery.state.has_left() && decision.state.has_left();
    let open = pair.opened(&delivery.rule.gate, now);
    let foreseen = decision.forecast.is_some() || forecast::was_foreseen(delivery, open, now);
    Some(Decision { unforeseen: leaves && !foreseen, ..decision })
}

/// `leaves-after-a-look`: one of many that nobody foresaw has waited for so long that whoever wanted to stop it could have. It goes on where it was.
fn after_a_look(delivery: &Delivery, parking: Parking, pair: &Pair, now: Now) -> Option<Decision> {
    let until = breaker::waits_until(parking.observed);
    if now.observed < until {
        return Some(stay(delivery, delivery.state, Some(Wake::Observed(until)), "many-wait-for-a-look"));
    }
    let forecast = breaker::looked_at(delivery, now);
    let freed = Delivery { state: parking.was, parked: None, forecast: Some(forecast), ..delivery.clone() };
    let decision = by_state(&freed, pair, now)?;
    Some(Decision { forecast: Some(forecast), why: "leaves-after-a-look", ..decision })
}

fn by_state(delivery: &Delivery, pair: &Pair, now: Now) -> Option<Decision> {
    if !kept_by_this_version(&delivery.rule) {
        return Some(stay(
            delivery,
            State::Parked { why: Parked::RuleUnknown, left: delivery.state.has_left() },
            None,
            "kinds-we-keep",
        ));
    }
    match delivery.state {
        State::Resting if !delivery.rest.has_ended(now) => {
            // Whichever of the two ends is still to come.
            let wake = if now.trusted < delivery.rest.until {
                Wake::Trusted(delivery.rest.until)
            } else {
                Wake::Observed(delivery.rest.observed)
            };
            Some(stay(delivery, State::Resting, Some(wake), "rest-first"))
        }
        State::Resting | State::Waiting => Some(wait(delivery, pair, now)),
        // `a-sign-after-the-release`: what has not left waits again.
        State::Due | State::Sending
            if delivery.rule.gate != Gate::None && pair.opened(&delivery.rule.gate, now).is_none() =>
        {
            Some(wait(delivery, pair, now))
        }
        // Also where a row says something else of it: what is held until it is asked for is never knocked for.
        State::Due | State::Sending | State::Knocked(_) | State::Later(_)
            if delivery.rule.reach == Reach::Claim =>
        {
            Some(stay(delivery, State::Askable, Some(far_look(now)), "held-until-asked"))
        }
        State::Due | State::Sending | State::Knocked(_) => Some(knock(delivery, delivery.due, pair, now)),
        State::Later(day) => Some(their_day(delivery, day, pair, now)),
        // Nothing but their coming moves this one.
        State::Askable => Some(stay(delivery, delivery.state, Some(far_look(now)), "their-coming")),
        _ => None,
    }
}

/// `never-early`: a moment is derived again from what the author meant, and only trusted time reaches it. `gate-and-moment`: of both the later one.
fn wait(delivery: &Delivery, pair: &Pair, now: Now) -> Decision {
    let moment = &delivery.rule.moment;
    let gone = pair.opened(&delivery.rule.gate, now);
    match &delivery.rule.gate {
        // Her own row wakes it, in the transaction that lets her letters go; this is for the case that all else fails.
        Gate::Gone if gone.is_none() => {
            return stay(delivery, State::Waiting, Some(far_look(now)), "gate-and-moment");
        }
        Gate::Word { .. } if gone.is_none() => {
            return match event::gateway(pair.word, now) {
                Gateway::Shut(Some(wake)) => stay(delivery, State::Waiting, Some(wake), "word-grace"),
                // A keeper's word wakes it.
                _ => stay(delivery, State::Waiting, Some(far_look(now)), "nothing-by-silence"),
            };
        }
        _ => {}
    }
    let derived = match delivery.due.filter(|_| planted::is(Planted::FrozenUtc)) {
        Some(cached) => Ok(Some(cached)),
        None => calendar::comes_at(moment, delivery.occurrence, delivery.rest.until),
    };
    let due = match derived {
        Ok(Some(due)) => gone.map_or(due, |gone| due.max(gone.at)),
        Ok(None) => {
            return stay(
                delivery,
                State::Parked { why: Parked::RuleUnknown, left: false },
                None,
                "kinds-we-keep",
            );
        }
        Err(calendar::ZoneUnknown) => {
            return stay(
                delivery,
                State::Parked { why: Parked::ZoneUnknown, left: false },
                None,
                "zone-unknown-holds",
            );
        }
    };
    if now.trusted < due {
        return Decision {
            due: Some(due),
            tzdb: calendar::tzdb_version().to_owned(),
            ..stay(delivery, State::Waiting, Some(Wake::Trusted(due)), "never-early")
        };
    }
    match falls_due(delivery, due, pair.later, now) {
        // `held-until-asked`: it is there for whoever comes, and nothing is written to anybody.
        Ok((occurrence, due, next)) if delivery.rule.reach == Reach::Claim => Decision {
            due: Some(due),
            tzdb: calendar::tzdb_version().to_owned(),
            occurrence,
            next,
            ..stay(delivery, State::Askable, Some(far_look(now)), "held-until-asked")
        },
        Ok((occurrence, due, next)) => Decision { occurrence, next, ..knock(delivery, Some(due), pair, now) },
        Err(calendar::ZoneUnknown) => stay(
            delivery,
            State::Parked { why: Parked::ZoneUnknown, left: false },
            None,
            "zone-unknown-holds",
        ),
    }
}

/// `their-day`: what a person keeps for later is spoken of again on the day that they chose, by a knock that begins a new series, and not before.
fn their_day(delivery: &Delivery, day: Date, pair: &Pair, now: Now) -> Decision {
    let Ok(comes) = calendar::instant(day, calendar::NINE, &pair.zone) else {
        let parked = State::Parked { why: Parked::ZoneUnknown, left: true };
        return stay(delivery, parked, None, "zone-unknown-holds");
    };
    if now.trusted < comes {
        return stay(delivery, delivery.state, Some(Wake::Trusted(comes)), "their-day");
    }
    let anew = Pair { knocks: Vec::new(), last_accepted: None, ..pair.clone() };
    let decision = knock(delivery, delivery.due, &anew, now);
    Decision { anew: decision.knock.is_some(), why: "their-day", ..decision }
}

/// `newest-missed-alone`, `one-future-row`: which occurrence it is that goes now, and which one is foreseen after it.
fn falls_due(
    delivery: &Delivery,
    due: Timestamp,
    later: Option<i16>,
    now: Now,
) -> Result<(i16, Timestamp, Option<NextOccurrence>), calendar::ZoneUnknown> {
    let moment = &delivery.rule.moment;
    let newest = calendar::newest_missed(moment, delivery.occurrence, now.trusted)?;
    // What is a row of its own goes by itself: no time is ever told of by two.
    let before = later.map_or(newest, |later| newest.min(later.saturating_sub(1)));
    let occurrence = before.max(delivery.occurrence);
    let due = calendar::comes_at(moment, occurrence, due)?.unwrap_or(due);
    let next = match calendar::next_occurrence(moment, occurrence) {
        Some(year) => {
            calendar::comes_at(moment, year, due)?.map(|due| NextOccurrence { occurrence: year, due })
        }
        None => None,
    };
    Ok((occurrence, due, next))
}

/// What time demands of a new version in its rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmendDecision {
    /// It rests on; when to look again.
    Rests(Wake),
    /// It counts: everything that is not pinned takes it, and older versions that nobody has opened keep the author's wrap alone.
    Counts,
}

/// `amend-rests-too`: a new version counts when its own rest has ended, and not before.
pub fn amended(amending: &Amending, now: Now) -> AmendDecision {
    if amending.rest.has_ended(now) {
        return AmendDecision::Counts;
    }
    AmendDecision::Rests(if now.trusted < amending.rest.until {
        Wake::Trusted(amending.rest.until)
    } else {
        Wake::Observed(amending.rest.observed)
    })
}

/// Which knock a due delivery calls for.
fn knock(delivery: &Delivery, due: Option<Timestamp>, pair: &Pair, now: Now) -> Decision {
    let base = |state, wake, why| Decision {
        due,
        tzdb: calendar::tzdb_version().to_owned(),
        ..stay(delivery, state, wake, why)
    };
    let nth_accepted = accepted(pair);
    // `one-knock-for-all`: a knock on its way speaks for everything that waits for this person.
    if pair.knocks.iter().any(|k| matches!(k.state, MessageState::Waiting | MessageState::Started)) {
        let announced = matches!(delivery.state, State::Knocked(_));
        // Of the series that the knock on its way begins none is accepted yet: what had been announced before stays so.
        let state = match announced {
            true if nth_accepted == 0 => delivery.state,
            true => State::Knocked(nth_accepted),
            false => State::Sending,
        };
        return base(state, Some(look_again(now)), "one-knock-for-all");
    }
    // `refused-runs-silently`: every living address has said no to this letter. Its author is shown what she would be shown anyway.
    let good: Vec<&Address> = pair.addresses.iter().filter(|a| a.good).collect();
    if good.is_empty() {
        let refused_somewhere = pair.addresses.iter().any(|a| refusal::covers(&a.refused, delivery.letter));
        let (state, why) = if refused_somewhere {
            (State::Refused, "refused-runs-silently")
        } else {
            (State::Unreachable, "no-address-left")
        };
        return base(state, None, why);
    }
    let Some(open) = good.iter().find(|a| !refusal::covers(&a.refused, delivery.letter)) else {
        return base(State::Refused, None, "refused-runs-silently");
    };
    // `by-the-forecast`: a later knock, and a day that the person chose, come by an act or by time served.
    let asked_for = matches!(delivery.state, State::Knocked(_) | State::Later(_));
    let foreseen = asked_for || forecast::was_foreseen(delivery, pair.opened(&delivery.rule.gate, now), now);
    if nth_accepted == 0 {
        let knock = NewKnock { address: open.id, nth: 1, foreseen };
        return Decision { knock: Some(knock), ..base(State::Sending, Some(look_again(now)), "first-knock") };
    }
    // No knock has spoken for this one yet: it fell due while an earlier letter was being knocked for.
    let announced = matches!(delivery.state, State::Knocked(_));
    let state = if announced { State::Knocked(nth_accepted) } else { State::Sending };
    if nth_accepted >= LAST_KNOCK && announced {
        let until = pair.last_accepted.unwrap_or(now.observed).plus_days(pause_days(nth_accepted));
        return if now.observed < until {
            base(state, Some(Wake::Observed(until)), "three-knocks-then-yearly")
        } else {
            base(State::Unanswered, None, "unanswered-after-ten-years")
        };
    }
    let (pause, why) = if announced {
        (pause_days(nth_accepted), "three-knocks-then-yearly")
    } else {
        (pause_days(nth_accepted).min(JOINS_YEARLY_DAYS), "joins-the-next-knock")
    };
    let next = pair.last_accepted.unwrap_or(now.observed).plus_days(pause);
    if now.observed < next {
        return base(state, Some(Wake::Observed(next)), why);
    }
    let knock = NewKnock { address: open.id, nth: nth_accepted.saturating_add(1), foreseen };
    Decision { knock: Some(knock), ..base(state, Some(look_again(now)), why) }
}

/// How many knocks of the series have been accepted.
pub fn accepted(pair: &Pair) -> u8 {
    pair.knocks.iter().filter(|k| k.state == MessageState::Accepted).map(|k| k.nth).max().unwrap_or(0)
}

/// The deliveries about which a knock to this address may still speak.
pub fn speaks_for<'a>(
    address: &'a Address,
    waiting: impl Iterator<Item = (DeliveryId, LetterId, State)> + 'a,
) -> impl Iterator<Item = DeliveryId> + 'a {
    refusal::remaining(
        &address.refused,
        waiting.filter(|(_, _, state)| state.is_knocking()).map(|(delivery, letter, _)| (delivery, letter)),
    )
}

/// Nothing but a human moves it; this is for the case that all else fails.
fn far_look(now: Now) -> Wake {
    Wake::Observed(now.observed.plus_days(GATE_LOOK_AGAIN_DAYS))
}

fn look_again(now: Now) -> Wake {
    Wake::Observed(now.observed.plus_hours(LOOK_AGAIN_HOURS))
}

fn stay(delivery: &Delivery, state: State, wake: Option<Wake>, why: &'static str) -> Decision {
    Decision {
        state,
        wake,
        due: delivery.due,
        tzdb: delivery.tzdb.clone(),
        knock: None,
        anew: false,
        occurrence: delivery.occurrence,
        next: None,
        unforeseen: false,
        forecast: None,
        why,
    }
}
