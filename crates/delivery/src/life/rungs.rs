//! Whether a message to her counts. A ladder is made of messages that the relay has taken for at least one of her channels, or that every channel of hers
//! has refused for good while other mail left. What only waits to leave counts for nothing, and neither does what went another way than by mail.

use super::{Facts, Life, To, Write};
use crate::clock::{Now, Observed};
use crate::message::Says;
use crate::planted::{self, Planted};
use crate::state::Wake;

/// What became of one message of a rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It has not left, or nobody knows.
    NotYet,
    /// The relay said 250 after DATA, and nothing has come back.
    Accepted(Observed),
    /// Refused for good by her own address, at once or by a message that came back.
    Refused(Observed),
    /// It goes by a way of the host's, of which nobody knows where it ends: whatever became of it, it says nothing.
    Beside,
}

/// How a rung stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// It is waited for, until then at the latest.
    Waits(Wake, &'static str),
    /// It is climbed: accepted, and the pause is over.
    Accepted,
    /// It is climbed: she is out of reach, refused for good, and the pause is over.
    Refused,
    /// It has to be written again.
    Again(&'static str),
    /// All channels have refused for good. What that means is now known: so much for what runs, or that it is not known whether other mail leaves.
    Judged {
        /// To be added to what runs.
        worth: u8,
    },
    /// It is not known whether any other mail leaves: this finds out.
    Probe(To),
}

/// A message counts as accepted when nothing has come back for so long, in observed hours.
pub const ACCEPTED_AFTER_HOURS: i64 = 72;
/// Where nothing that comes back is heard of, a rung waits at least so many observed days.
pub const UNHEARD_DAYS: i64 = 7;
/// Other mail left on the same day: within so many observed hours of the refusal.
pub const SAME_DAY_HOURS: i64 = 24;
/// Refusals running are worth this much together when she is out of reach.
pub const OUT_OF_REACH: u8 = 4;
/// A refusal while other mail left: two of them are enough.
pub const WHILE_MAIL_LEFT: u8 = 2;
/// A refusal that nobody can check, because there is nobody else to write to: four of them are enough.
pub const UNCHECKED: u8 = 1;

/// How the newest rung stands. `pause_days`: how long after it the next one goes.
pub fn stands(life: &Life, facts: &Facts, pause_days: u16, now: Now) -> Rung {
    if facts.channels.is_empty() {
        return Rung::Waits(look_again(now), "rungs-that-never-left");
    }
    if planted::is(Planted::CountQueuedReminders) {
        return after_acceptance(life, facts, life.written, pause_days, now);
    }
    // `a-webhook-alone-never-counts`
    let by_mail = || facts.rung.iter().filter(|heard| **heard != Heard::Beside);
    let accepted =
        by_mail().filter_map(|heard| if let Heard::Accepted(at) = heard { Some(*at) } else { None });
    if let Some(at) = accepted.min() {
        return after_acceptance(life, facts, at, pause_days, now);
    }
    if by_mail().next().is_none() {
        return Rung::Again("rungs-that-never-left");
    }
    let refused: Option<Vec<Observed>> =
        by_mail().map(|heard| if let Heard::Refused(at) = heard { Some(*at) } else { None }).collect();
    match refused.and_then(|all| all.into_iter().max()) {
        Some(at) => after_refusal(life, facts, at, pause_days, now),
        // `rungs-that-never-left`: however long it takes, and whatever the other channel says.
        None => Rung::Waits(look_again(now), "rungs-that-never-left"),
    }
}

/// `climbed-when-accepted`: the pause counts from the relay's 250, and is never shorter than the time in which a message may come back.
fn after_acceptance(life: &Life, facts: &Facts, at: Observed, pause_days: u16, now: Now) -> Rung {
    let settled =
        if facts.hears_bounces { at.plus_hours(ACCEPTED_AFTER_HOURS) } else { at.plus_days(UNHEARD_DAYS) };
    climbs(life, at.plus_days(pause_days.into()).max(settled), now, Rung::Accepted, "climbed-when-accepted")
}

/// `well-buys-sixty-days`: nothing moves while a keeper's word holds it.
fn climbs(life: &Life, ready: Observed, now: Now, how: Rung, why: &'static str) -> Rung {
    let ready = life.held.map_or(ready, |held| ready.max(held));
    if now.observed < ready { Rung::Waits(Wake::Observed(ready), why) } else { how }
}

/// `out-of-reach`: mailboxes are closed after a death. A refusal counts only if mail to somebody else left on the same day.
fn after_refusal(life: &Life, facts: &Facts, at: Observed, pause_days: u16, now: Now) -> Rung {
    if !life.judged {
        let (from, to) = (at.plus_hours(-SAME_DAY_HOURS), at.plus_hours(SAME_DAY_HOURS));
        if facts.mail_left.is_some_and(|left| from <= left && left <= to) {
            return Rung::Judged { worth: WHILE_MAIL_LEFT };
        }
        let Some(somebody) = facts.somebody_else else { return Rung::Judged { worth: UNCHECKED } };
        return if now.observed >= to {
            // Nothing left on that day: it says nothing about her.
            Rung::Again("refused-while-no-mail-left")
        } else if life.probed {
            Rung::Waits(Wake::Observed(to), "refused-while-no-mail-left")
        } else {
            Rung::Probe(somebody)
        };
    }
    let how = if life.out_of_reach { Rung::Refused } else { Rung::Again("out-of-reach") };
    climbs(life, at.plus_days(pause_days.into()), now, how, "out-of-reach")
}

/// While a message is on its way its life is looked at again after a day, should all else fail.
pub fn look_again(now: Now) -> Wake {
    Wake::Observed(now.observed.plus_hours(24))
}

/// `every-channel`: writes to each address at which she is reached: a rung of its own.
pub fn write(life: &mut Life, facts: &Facts, says: Says, nth: u8, now: Now) -> Vec<Write> {
    life.rung = life.rung.saturating_add(1);
    life.written = now.observed;
    life.judged = false;
    life.probed = false;
    life.open = true;
    facts.channels.iter().map(|to| Write { says, nth, to: *to }).collect()
}
