//! What the world answered, and what follows from it. The relay's reply comes in as one of a few kinds; out comes the message's next state
//! and what its address and its deliveries become. Budgets of trying count in observed time and tries, never in elapsed time.

use crate::clock::{DAY, HOUR, Now, Observed};
use crate::message::{Kind, Message, MessageState};
use crate::planted::{self, Planted};
use crate::state::Wake;
use jiff::{SignedDuration, Timestamp};

/// The relay's answer, without its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 250 after DATA.
    Accepted,
    /// Not now: a 4xx about this address or message.
    Later,
    /// The relay itself was not there for us: no connection, no TLS, silence before DATA, a 4xx before an address was named.
    NotReached,
    /// 5xx about this address.
    Refused,
    /// 5.7.x about this recipient: their domain does not want this house, as far as one message can tell ([`Welcome`] tells more).
    Unwelcome,
    /// No at connection, AUTH or MAIL FROM, or 5.7.x at three unrelated domains: our own reputation or credentials.
    Blocked,
    /// The address is in another script, and our own relay takes no such addresses (RFC 6531): nobody was asked about it.
    OtherScript,
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
/// One that has been silent for long is tried after a twelfth of the time for which the message has waited, and at least so often, in seconds.
pub const NOT_REACHED_MOST_SECONDS: i64 = 60 * 60;
/// A domain that does not want this house is left alone for so long, in observed seconds.
pub const UNWELCOME_WAIT_SECONDS: i64 = DAY;
/// After so many observed days of that the host is called.
pub const UNWELCOME_CALLS_HOST_DAYS: i64 = 7;
/// And after so many, and [`FEWEST_TRIES`], the next address is tried: until then the host could mend it.
pub const UNWELCOME_DAYS: i64 = 90;
/// Of so many unrelated domains that said no within a day none is the reason: we are.
pub const UNRELATED_DOMAINS: usize = 3;
/// Where we are the reason, every knock waits so long before one is tried again, in observed seconds.
pub const BLOCKED_WAIT_SECONDS: i64 = HOUR;
/// A notice is pointless after three days.
pub const NOTICE_DAYS: i64 = 3;
/// A code is pointless after ten minutes.
pub const CODE_MINUTES: i64 = 10;

/// `growing-pauses`: the pause before the next try, in seconds: a minute, five, a quarter of an hour, an hour, four, then a day.
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
        wake: Some(pause(message.kind, seconds, now)),
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
    // A full mailbox says 'not now' for years after a death: whoever is asked how they are is refused for good by the same budget as a knock.
    let has_budget = is_knock || matches!(message.kind, Kind::Ladder(_));
    match answer {
        Answer::Accepted if planted::is(Planted::AcceptedGoesAgain) && message.tries == 0 => {
            again(UNKNOWN_WAIT_SECONDS, true, "planted")
        }
        Answer::Later if planted::is(Planted::TempGivesUp) => end(MessageState::Refused, is_knock, "planted"),
        Answer::Accepted => end(MessageState::Accepted, false, "accepted-by-the-relay"),
        _ if expired => end(MessageState::Dropped, false, "pointless-now"),
        Answer::Later
            if has_budget
                && tries >= FEWEST_TRIES
                && now.observed >= message.since.plus_days(FEWEST_DAYS) =>
        {
            end(MessageState::Refused, is_knock, "tried-long-enough")
        }
        Answer::Later => again(pause_seconds(message.kind, tries), true, "growing-pauses"),
        // A relay that is down says nothing about the address, and uses up none of its budget.
        Answer::NotReached => {
            let wait = if message.kind == Kind::Code {
                pause_seconds(message.kind, tries)
            } else {
                silent_wait(message.since, now.observed)
            };
            again(wait, false, "a-silent-relay-counts-against-nobody")
        }
        Answer::Refused => end(MessageState::Refused, is_knock, "refused-for-good"),
        Answer::Unwelcome
            if has_budget
                && tries >= FEWEST_TRIES
                && now.observed >= message.since.plus_days(UNWELCOME_DAYS) =>
        {
            Recorded { call_host: true, ..end(MessageState::Refused, is_knock, "unwelcome-long-enough") }
        }
        Answer::Unwelcome => {
            let wait = if is_knock || (has_budget && tries > FEWEST_TRIES) {
                UNWELCOME_WAIT_SECONDS
            } else {
                blocked_wait(message.kind)
            };
            Recorded {
                call_host: now.observed >= message.since.plus_days(UNWELCOME_CALLS_HOST_DAYS),
                ..again(wait, true, "unwelcome-waits-a-day")
            }
        }
        // Our own fault says nothing about the address, and uses up none of its budget.
        Answer::Blocked => {
            Recorded { call_host: true, ..again(blocked_wait(message.kind), false, "blocked-calls-the-host") }
        }
        // A relay that cannot write the address is the host's to mend, who is called each day. Only many such answers end it, never the age of the
        // knock alone: a relay that was down for weeks has said nothing of the kind.
        Answer::OtherScript
            if is_knock && tries >= FEWEST_TRIES && now.observed >= message.since.plus_days(FEWEST_DAYS) =>
        {
            Recorded { call_host: true, ..end(MessageState::Refused, true, "other-script-long-enough") }
        }
        Answer::OtherScript => {
            let wait = if is_knock { DAY } else { blocked_wait(message.kind) };
            Recorded { call_host: true, ..again(wait, is_knock, "other-script-calls-the-host") }
        }
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

/// Until the next try. What leaves however the house holds its letters back, and is pointless after a while by trusted time, waits by trusted time: service does not count meanwhile.
fn pause(kind: Kind, seconds: i64, now: Now) -> Wake {
    let later = now.trusted.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    match kind {
        Kind::Code | Kind::Notice(_) => Wake::Trusted(later),
        Kind::Ladder(_) | Kind::Knock => Wake::Observed(now.observed.plus_seconds(seconds)),
    }
}

/// Somebody waits in front of the page for a code.
fn blocked_wait(kind: Kind) -> i64 {
    if kind == Kind::Code { 30 } else { BLOCKED_WAIT_SECONDS }
}

/// `knocks-wait`: a knock that is not begun now, because of what was answered to others. Nothing changes but its wake.
pub fn waits(message: &Message, until: Observed) -> Recorded {
    put_off(message, Wake::Observed(until), "knocks-wait")
}

/// `a-silent-relay-is-asked-by-few`: a message that is not begun now, because the relay answers nobody. Nothing changes but its wake.
pub fn waits_for_the_relay(message: &Message, seconds: i64, now: Now) -> Recorded {
    put_off(message, pause(message.kind, seconds, now), "a-silent-relay-is-asked-by-few")
}

fn put_off(message: &Message, wake: Wake, why: &'static str) -> Recorded {
    let state = message.state;
    Recorded { state, wake: Some(wake), counts: false, address_is_dead: false, call_host: false, why }
}

/// So many messages in a row have to find nobody there before the others wait with them: one may have met a relay that has no more hands just now.
pub const SILENT_IN_A_ROW: u32 = 8;

/// Whether the relay answers at all. A thousand letters need not each find out for themselves, one connection that nobody takes after the other, that it does not. Remembered by whoever sends, in
/// memory alone: each message keeps its own wake, and a restart asks again.
#[derive(Debug, Default)]
pub struct Silence {
    /// So many found nobody there, with no answer between them.
    unreached: u32,
    /// When the first of them did.
    since: Option<Observed>,
    /// Nothing is begun before, but for what cannot wait.
    until: Option<Observed>,
}

impl Silence {
    /// Hears what came of one message.
    pub fn heard(&mut self, answer: Answer, now: Observed) {
        if answer != Answer::NotReached {
            *self = Self::default();
            return;
        }
        let since = *self.since.get_or_insert(now);
        self.unreached = self.unreached.saturating_add(1);
        let asked_lately = self.until.is_some_and(|until| now < until);
        if self.unreached >= SILENT_IN_A_ROW && !asked_lately {
            self.until = Some(now.plus_seconds(silent_wait(since, now)));
        }
    }

    /// `a-silent-relay-is-asked-by-few`: for how many seconds this message is not begun, if it is not. A code is asked for by somebody who sits in front of the page, and what is pointless by now is
    /// let end.
    pub fn waits(&self, message: &Message, now: Now) -> Option<i64> {
        let until = self.until.filter(|until| now.observed < *until)?;
        let pointless = message.expires.is_some_and(|expires| now.trusted >= expires);
        (message.kind != Kind::Code && !pointless).then(|| until.0 - now.observed.0)
    }
}

/// A twelfth of the time for which nobody has answered, within bounds.
fn silent_wait(since: Observed, now: Observed) -> i64 {
    (now.0.saturating_sub(since.0) / 12).clamp(NOT_REACHED_WAIT_SECONDS, NOT_REACHED_MOST_SECONDS)
}

/// Where this house was not wanted within the last day. It is remembered by whoever sends, in memory alone: names of people's domains are not
/// written down for it, and what a restart forgets is learnt again from three answers, while each knock that was answered keeps its own wake.
#[derive(Debug, Default)]
pub struct Welcome {
    /// No knock leaves before.
    all: Option<Observed>,
    /// The domains that said no, each with when it last did.
    noes: Vec<(String, Observed)>,
}

impl Welcome {
    /// `knocks-wait`: until when a knock to this domain is not begun, if it is not. Codes, check-ins and confirmations are never held, and are
    /// not asked about here.
    pub fn knock_waits(&self, domain: &str, now: Observed) -> Option<Observed> {
        let domain = domain.to_ascii_lowercase();
        let here = self.noes.iter().find(|(name, _)| *name == domain);
        let here = here.map(|(_, said)| said.plus_seconds(UNWELCOME_WAIT_SECONDS));
        here.max(self.all).filter(|until| now < *until)
    }

    /// Hears what was answered about mail to a domain, and says what it means beside what others have answered: `three-domains-mean-us`.
    pub fn heard(&mut self, domain: &str, answer: Answer, now: Observed) -> Answer {
        let domain = domain.to_ascii_lowercase();
        self.noes.retain(|(name, said)| {
            now < said.plus_seconds(UNWELCOME_WAIT_SECONDS)
                && !(answer == Answer::Accepted && related(name, &domain))
        });
        let means = match answer {
            Answer::Unwelcome => {
                self.noes.retain(|(name, _)| *name != domain);
                self.noes.push((domain, now));
                if self.unrelated() < UNRELATED_DOMAINS {
                    return answer;
                }
                Answer::Blocked
            }
            other => other,
        };
        match means {
            // Whoever takes a message takes us.
            Answer::Accepted => self.all = None,
            Answer::Blocked => self.all = Some(now.plus_seconds(BLOCKED_WAIT_SECONDS)),
            _ => {}
        }
        means
    }

    /// How many of them have nothing to do with each other.
    fn unrelated(&self) -> usize {
        let mut found: Vec<&str> = Vec::new();
        for (name, _) in &self.noes {
            if !found.iter().any(|other| related(name, other)) {
                found.push(name);
            }
        }
        found.len()
    }
}

/// Whether two domains are one house's, as far as their names tell: one within the other, or both within the same name that somebody can register.
fn related(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_suffix(outer).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    within(one, other) || within(other, one) || registered(one) == registered(other)
}

/// The last two labels, or three where the last but one is as short as `co` in `co.uk`. No list of public suffixes is kept for this: the worst
/// that a wrong guess does is that knocks wait an hour, or that the host is called a domain later.
fn registered(domain: &str) -> &str {
    let mut dots = domain.rmatch_indices('.').map(|(at, _)| at);
    let Some(last) = dots.next() else { return domain };
    match (dots.next(), dots.next()) {
        (None, _) => domain,
        (Some(second), third) if last - second <= 4 => third.map_or(domain, |third| &domain[third + 1..]),
        (Some(second), _) => &domain[second + 1..],
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
        Bounce::Dead if planted::is(Planted::BounceIgnored) => CameBack::Noted,
        Bounce::Dead if left && matches!(message.kind, Kind::Knock | Kind::Ladder(_)) => {
            CameBack::AddressIsDead
        }
        Bounce::Dead | Bounce::Lost => CameBack::Noted,
    }
}
