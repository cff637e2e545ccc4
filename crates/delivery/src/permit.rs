//! Whether a message may still leave. Asked right before DATA, and again before the content, with everything read anew: between the decision
//! and the deed a person may have refused, an author withdrawn, a lease run out.

use crate::clock::Now;
use crate::decide::{Address, speaks_for};
use crate::hold::{self, Hold};
use crate::id::{DeliveryId, LetterId};
use crate::life::{Life, alive};
use crate::message::{Kind, Message, MessageState, Notice};
use crate::planted::{self, Planted};
use crate::refusal::{self, Refused};
use crate::state::State;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// It may go.
    Go,
    /// It is not wanted any more, and never will be.
    Drop(&'static str),
    /// Not now: the house holds it back. It stays as it is.
    Wait(&'static str),
}

/// What is read again before DATA.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The address of a knock, of who asked at the door, or of who is told that she lives, with what has been refused there; none for other kinds.
    pub address: Option<&'a Address>,
    /// Everything of the pair: delivery, letter, state.
    pub deliveries: &'a [(DeliveryId, LetterId, State)],
    /// What stands in the way of the whole house.
    pub holds: &'a [Hold],
    /// Of a message of the ladder, and of what says that she lives, the author's row; none for other kinds.
    pub life: Option<&'a Life>,
}

/// Decides. `message` is the row as it stands now.
pub fn still_allowed(message: &Message, facts: Facts<'_>, now: Now) -> Permit {
    if !matches!(message.state, MessageState::Waiting | MessageState::Started) {
        return Permit::Drop("already-ended");
    }
    if message.expires.is_some_and(|e| now.trusted >= e) {
        return Permit::Drop("pointless-now");
    }
    if !hold::all_let(facts.holds, message.kind) {
        return Permit::Wait("house-holds");
    }
    match message.kind {
        // `asked-at-the-door`: also while it waits to leave somebody may say no, or take back what was there.
        Kind::Notice(Notice::AtTheDoor) => match facts.address {
            None => Permit::Drop("address-removed"),
            Some(address) if !leads_somewhere(address, facts.deliveries) => {
                Permit::Drop("nothing-waits-any-more")
            }
            Some(_) => Permit::Go,
        },
        // `old-addresses-are-told-once`: whoever has said no to anything there is not written to about anything.
        Kind::Notice(Notice::GoesElsewhere) => match facts.address {
            None => Permit::Drop("address-removed"),
            Some(address) if !address.good => Permit::Drop("address-is-dead"),
            Some(address) if !address.refused.is_empty() => Permit::Drop("old-addresses-are-told-once"),
            Some(_) => Permit::Go,
        },
        // `told-that-she-lives`
        Kind::Notice(Notice::SheLives) => alive::still_allowed(facts.life, facts.address),
        Kind::Code | Kind::Notice(_) => Permit::Go,
        Kind::Ladder(ladder) => crate::life::permit::still_allowed(ladder, facts.life),
        Kind::Knock => match facts.address {
            None => Permit::Drop("address-removed"),
            Some(address) if !address.good => Permit::Drop("address-is-dead"),
            Some(address) => {
                // `stop-always-stops`, `refused-is-not-contacted`: something must still be waiting that was not refused here.
                if speaks_for(address, facts.deliveries.iter().copied()).next().is_some()
                    || spoilt(address, facts)
                {
                    Permit::Go
                } else {
                    Permit::Drop("nothing-waits-any-more")
                }
            }
        },
    }
}

/// `asked-at-the-door`: whether somebody who asks at the door for this address is written to: something may be opened of which nobody there has said no. An address whose mail came back before is
/// written to again: somebody has just asked.
pub fn leads_somewhere(address: &Address, deliveries: &[(DeliveryId, LetterId, State)]) -> bool {
    let there = deliveries.iter().filter(|(.., state)| state.may_be_opened());
    refusal::remaining(&address.refused, there.map(|(delivery, letter, _)| (*delivery, *letter)))
        .next()
        .is_some()
}

/// What is planted here takes what was taken back, or what was refused, for something that waits.
fn spoilt(address: &Address, facts: Facts<'_>) -> bool {
    let any = |refused: &[Refused], which: fn(State) -> bool| {
        let those = facts.deliveries.iter().filter(|(.., state)| which(*state));
        refusal::remaining(refused, those.map(|(delivery, letter, _)| (*delivery, *letter))).next().is_some()
    };
    let taken_back = |state| matches!(state, State::Withdrawn { .. });
    let refused = |state: State| state.is_knocking() || state == State::Refused;
    (planted::is(Planted::StopNotRechecked) && any(&address.refused, taken_back))
        || (planted::is(Planted::RefuseAtScheduleOnly) && any(&[], refused))
}
