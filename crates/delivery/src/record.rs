//! What the world answered, and what follows from it. The relay's reply comes in as one of a few kinds; out comes the message's next state
//! and what its address and its deliveries become. Budgets of trying count in observed time and tries, never in elapsed time.

use crate::clock::{DAY, HOUR, Now};
use crate::message::{Kind, Message, MessageState};
use crate::state::Wake;

/// The relay's answer, without its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 250 after DATA.
    Accepted,
    /// Not now: a 4xx.
    Later,
    /// The relay itself could not be reached: no connection, no TLS, silence before DATA.
    NotReached,
    /// 5xx about this address.
    Refused,
    /// 5.7.x, or no at connection, AUTH or MAIL FROM: our own reputation or credentials.
    Blocked,
    /// After the content began to be written, no readable answer.
    Unknown,
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its next state.
    pub state: MessageState,
    /// When it is tried again.
    pub wake: Option<Wake>,
    /// Whether this counts as a try.
    pub counts: bool,
    /// Its address is dead: the next one is tried, or the deliveries end as unreachable.
    pub address_is_dead: bool,
    /// The host has to look at the relay.
    pub call_host: bool,
    /// The name of the rule.
    pub why: &'static str,
}

/// A knock is tried at least this often before its address counts as dead.
pub const FEWEST_TRIES: u16 = 20;
/// And for at least this many observed days.
pub const FEWEST_DAYS: i64 = 30;
/// After an unreadable answer the same message goes again after this long, in observed seconds.
pub const UNKNOWN_WAIT_SECONDS: i64 = HOUR;
/// A relay that cannot be reached is tried again after this long, in observed seconds.
pub const NOT_REACHED_WAIT_SECONDS: i64 = 10 * 60;
/// A notice is pointless after three days.
pub const NOTICE_DAYS: i64 = 3;
/// A code is pointless after ten minutes.
pub const CODE_MINUTES: i64 = 10;

/// `growing-pauses`: the pause before the next try, in observed seconds: a minute, five, a quarter of an hour, an hour, four, then a day.
pub fn pause_seconds(kind: Kind, tries: u16) -> i64 {
    match (kind, tries) {
        // A person waits in front of the page.
        (Kind::Code, 0..=2) => 5,
        (Kind::Code, _) => 30,
        (_, 0..=1) => 60,
        (_, 2) => 5 * 60,
        (_, 3) => 15 * 60,
        (_, 4) => HOUR,
        (_, 5..=9) => 4 * HOUR,
        _ => DAY,
    }
}

/// What follows from an answer. `message.tries` does not count this one yet.
pub fn answered(message: &Message, answer: Answer, now: Now) -> Recorded {
    let tries = message.tries.saturating_add(1);
    let again = |seconds, counts, why| Recorded {
        state: MessageState::Waiting,
        wake: Some(Wake::Observed(now.observed.plus_seconds(seconds))),
        counts,
        address_is_dead: false,
        call_host: false,
        why,
    };
    let end = |state, dead, why| Recorded {
        state,
        wake: None,
        counts: true,
        address_is_dead: dead,
        call_host: false,
        why,
    };
    let expired = message.expires.is_some_and(|e| now.trusted >= e);
    let is_knock = message.kind == Kind::Knock;
    match answer {
        Answer::Accepted => end(MessageState::Accepted, false, "accepted-by-the-relay"),
        _ if expired => end(MessageState::Dropped, false, "pointless-now"),
        Answer::Later
            if is_knock && tries >= FEWEST_TRIES && now.observed >= message.since.plus_days(FEWEST_DAYS) =>
        {
            end(MessageState::Refused, true, "tried-long-enough")
        }
        Answer::Later => again(pause_seconds(message.kind, tries), true, "growing-pauses"),
        // A relay that is down says nothing about the address, and uses up none of its budget.
        Answer::NotReached => {
            let wait = if message.kind == Kind::Code {
                pause_seconds(message.kind, tries)
            } else {
                NOT_REACHED_WAIT_SECONDS
            };
            again(wait, false, "a-silent-relay-counts-against-nobody")
        }
        Answer::Refused => end(MessageState::Refused, is_knock, "refused-for-good"),
        // Our own fault says nothing about the address, and uses up none of its budget.
        Answer::Blocked => Recorded {
            call_host: true,
            ..again(if message.kind == Kind::Code { 30 } else { HOUR }, false, "blocked-calls-the-host")
        },
        Answer::Unknown => Recorded {
            state: MessageState::Started,
            ..again(
                if message.kind == Kind::Code { 60 } else { UNKNOWN_WAIT_SECONDS },
                true,
                "unknown-goes-again",
            )
        },
    }
}

/// What came back after the relay had accepted a message (RFC 3464), without its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounce {
    /// 5.x.x about this address: nobody will ever read it there.
    Dead,
    /// Given up after days of trying, or full, or too large: this message is lost, the address may live.
    Lost,
    /// 5.7.x: it is us that they do not want.
    Blocked,
}

/// What becomes of a message that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameBack {
    /// Its address is dead: the message ends as refused for good, and what waits is looked at again.
    AddressIsDead,
    /// Nothing changes; the next knock comes in its time.
    Noted,
    /// Nothing changes, and the host has to look at the relay.
    CallHost,
}

/// `late-bounce-reopens`: only a knock that was accepted, or whose answer could not be read, can come back. A forged one can do no more than have
/// another address tried.
pub fn bounced(message: &Message, bounce: Bounce) -> CameBack {
    let left = matches!(message.state, MessageState::Accepted | MessageState::Started);
    match bounce {
        Bounce::Blocked => CameBack::CallHost,
        Bounce::Dead if left && message.kind == Kind::Knock => CameBack::AddressIsDead,
        Bounce::Dead | Bounce::Lost => CameBack::Noted,
    }
}
