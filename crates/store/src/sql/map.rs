//! How values of the core are written down in columns, and read back. What a column says that no word here means is damage. Knows no tables
//! but by the names of their columns. One thing because every word that a column may hold is written and read here, side by side.

use super::tx::{FromValue, Row, Value, not_before};
use crate::rows::{Early, Kept, Role, WrapKind};
use crate::{Result, StoreError};
use jiff::Timestamp;
use unsaid_delivery::clock::Observed;
use unsaid_delivery::forecast::{By, Forecast};
use unsaid_delivery::id::KeeperId;
use unsaid_delivery::message::{Call, Kind, Ladder, Message, MessageState, Notice, Says, Subject, Way};
use unsaid_delivery::parking::{ParkedBy, Parking};
use unsaid_delivery::rule::{Birthday, Gate, LeapDay, Moment, Proof, Reach, Rule};
use unsaid_delivery::state::{Delivery, Parked, Rest, State};
use unsaid_delivery::{LetterId, Scope};

/// Words of an enumeration in a column.
macro_rules! words {
    ($($type:ty { $($word:literal = $value:path),* $(,)? })*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::from(match value { $($value => $word),* })
            }
        }
        impl FromValue for $type {
            fn from_value(value: Value) -> Option<Self> {
                match String::from_value(value)?.as_str() { $($word => Some($value),)* _ => None }
            }
        }
    )*};
}

words! {
    Role { "author" = Role::Author, "host" = Role::Host }
    WrapKind {
        "author" = WrapKind::Author,
        "host" = WrapKind::Host,
        "words" = WrapKind::Words,
        "keepers" = WrapKind::Keepers,
        "unlock" = WrapKind::Unlock,
    }
    Kept { "nobody" = Kept::Nobody, "house" = Kept::House, "words" = Kept::Words, "keepers" = Kept::Keepers }
    Reach { "send" = Reach::Send, "claim" = Reach::Claim }
    Proof { "none" = Proof::None, "birthday" = Proof::Birthday, "question" = Proof::Question }
    Parked {
        "rule-unknown" = Parked::RuleUnknown,
        "wrong-binding" = Parked::WrongBinding,
        "damaged" = Parked::Damaged,
        "zone-unknown" = Parked::ZoneUnknown,
        "by-host" = Parked::ByHost,
        "unforeseen" = Parked::Unforeseen,
        "internal" = Parked::Internal,
    }
    Early { "nothing" = Early::Nothing, "waits" = Early::Waits, "day" = Early::Day }
    ParkedBy { "engine" = ParkedBy::Engine, "host" = ParkedBy::Host }
    MessageState {
        "waiting" = MessageState::Waiting,
        "started" = MessageState::Started,
        "accepted" = MessageState::Accepted,
        "refused" = MessageState::Refused,
        "dropped" = MessageState::Dropped,
    }
}

/// What goes by mail has no word.
impl From<Way> for Value {
    fn from(way: Way) -> Self {
        match way {
            Way::Mail => Self::Null,
            Way::Hook => Self::from("hook"),
            Way::Push => Self::from("push"),
        }
    }
}

impl FromValue for Way {
    fn from_value(value: Value) -> Option<Self> {
        match Option::<String>::from_value(value)?.as_deref() {
            None => Some(Self::Mail),
            Some("hook") => Some(Self::Hook),
            Some("push") => Some(Self::Push),
            Some(_) => None,
        }
    }
}

impl From<Kind> for Value {
    fn from(kind: Kind) -> Self {
        Self::from(match kind {
            Kind::Code => "code",
            Kind::Notice(Notice::AddressesChanged) => "notice-addresses-changed",
            Kind::Notice(Notice::Welcome) => "notice-welcome",
            Kind::Notice(Notice::KitUsed) => "notice-kit-used",
            Kind::Notice(Notice::KitMade) => "notice-kit-made",
            Kind::Notice(Notice::CardReplaced) => "notice-card-replaced",
            Kind::Notice(Notice::WordsReplaced) => "notice-words-replaced",
            Kind::Notice(Notice::SignInChanged) => "notice-sign-in-changed",
            Kind::Notice(Notice::CardPrinted) => "notice-card-printed",
            Kind::Notice(Notice::KeepersCards) => "notice-keepers-cards",
            Kind::Notice(Notice::Exported) => "notice-exported",
            Kind::Notice(Notice::Trial) => "notice-trial",
            Kind::Notice(Notice::Answered) => "notice-answered",
            Kind::Notice(Notice::BytesMissing) => "notice-bytes-missing",
            Kind::Notice(Notice::NobodyReads) => "notice-nobody-reads",
            Kind::Notice(Notice::AtTheDoor) => "notice-at-the-door",
            Kind::Notice(Notice::GoesElsewhere) => "notice-goes-elsewhere",
            Kind::Notice(Notice::KeeperAccepted) => "notice-keeper-accepted",
            Kind::Notice(Notice::KeeperDeclined) => "notice-keeper-declined",
            Kind::Notice(Notice::KeeperMoved) => "notice-keeper-moved",
            Kind::Notice(Notice::KeeperGaveAddress) => "notice-keeper-gave-address",
            Kind::Notice(Notice::KeeperKnowsAddress) => "notice-keeper-knows-address",
            Kind::Notice(Notice::ChannelAdded) => "notice-channel-added",
            Kind::Notice(Notice::ChannelRemoved) => "notice-channel-removed",
            Kind::Notice(Notice::BrowserOver) => "notice-browser-over",
            Kind::Notice(Notice::Rehearsal) => "notice-rehearsal",
            Kind::Notice(Notice::CardAsked) => "notice-card-asked",
            Kind::Notice(Notice::EventAsked) => "notice-event-asked",
            Kind::Notice(Notice::EventSaid) => "notice-event-said",
            Kind::Notice(Notice::EventOpens) => "notice-event-opens",
            Kind::Notice(Notice::SheLives) => "notice-she-lives",
            Kind::Notice(Notice::HostCalled(Call::Holds)) => "notice-host-called-holds",
            Kind::Notice(Notice::HostCalled(Call::Unforeseen)) => "notice-host-called-unforeseen",
            Kind::Notice(Notice::HostCalled(Call::Relay)) => "notice-host-called-relay",
            Kind::Notice(Notice::HostCalled(Call::Found)) => "notice-host-called-found",
            Kind::Notice(Notice::HostCalled(Call::Clock)) => "notice-host-called-clock",
            Kind::Notice(Notice::HostCalled(Call::Disk)) => "notice-host-called-disk",
            Kind::Notice(Notice::HostCalled(Call::Backup)) => "notice-host-called-backup",
            Kind::Notice(Notice::HostCalled(Call::Crashes)) => "notice-host-called-crashes",
            Kind::Ladder(Ladder { says, .. }) => match says {
                Says::Question => "ladder-question",
                Says::Reminder => "ladder-reminder",
                Says::Warning => "ladder-warning",
                Says::SaidDied => "ladder-said-died",
                Says::SaidWell => "ladder-said-well",
                Says::SaidUnknown => "ladder-said-unknown",
                Says::Invited => "ladder-invited",
                Says::StillRight => "ladder-still-right",
                Says::AddressAsked => "ladder-address-asked",
                Says::KeeperAsked => "ladder-keeper-asked",
                Says::IsWell => "ladder-is-well",
                Says::Stopped => "ladder-stopped",
                Says::Resumes => "ladder-resumes",
                Says::GoesOn => "ladder-goes-on",
                Says::OutOfReach => "ladder-out-of-reach",
                Says::Probe => "ladder-probe",
                Says::Released => "ladder-released",
            },
            Kind::Knock => "knock",
        })
    }
}

impl FromValue for Kind {
    fn from_value(value: Value) -> Option<Self> {
        Some(match String::from_value(value)?.as_str() {
            "code" => Self::Code,
            "notice-addresses-changed" => Self::Notice(Notice::AddressesChanged),
            "notice-welcome" => Self::Notice(Notice::Welcome),
            "notice-kit-used" => Self::Notice(Notice::KitUsed),
            "notice-kit-made" => Self::Notice(Notice::KitMade),
            "notice-card-replaced" => Self::Notice(Notice::CardReplaced),
            "notice-words-replaced" => Self::Notice(Notice::WordsReplaced),
            "notice-sign-in-changed" => Self::Notice(Notice::SignInChanged),
            "notice-card-printed" => Self::Notice(Notice::CardPrinted),
            "notice-keepers-cards" => Self::Notice(Notice::KeepersCards),
            "notice-exported" => Self::Notice(Notice::Exported),
            "notice-trial" => Self::Notice(Notice::Trial),
            "notice-answered" => Self::Notice(Notice::Answered),
            "notice-bytes-missing" => Self::Notice(Notice::BytesMissing),
            "notice-nobody-reads" => Self::Notice(Notice::NobodyReads),
            "notice-at-the-door" => Self::Notice(Notice::AtTheDoor),
            "notice-goes-elsewhere" => Self::Notice(Notice::GoesElsewhere),
            "notice-keeper-accepted" => Self::Notice(Notice::KeeperAccepted),
            "notice-keeper-declined" => Self::Notice(Notice::KeeperDeclined),
            "notice-keeper-moved" => Self::Notice(Notice::KeeperMoved),
            "notice-keeper-gave-address" => Self::Notice(Notice::KeeperGaveAddress),
            "notice-keeper-knows-address" => Self::Notice(Notice::KeeperKnowsAddress),
            "notice-channel-added" => Self::Notice(Notice::ChannelAdded),
            "notice-channel-removed" => Self::Notice(Notice::ChannelRemoved),
            "notice-browser-over" => Self::Notice(Notice::BrowserOver),
            "notice-rehearsal" => Self::Notice(Notice::Rehearsal),
            "notice-card-asked" => Self::Notice(Notice::CardAsked),
            "notice-event-asked" => Self::Notice(Notice::EventAsked),
            "notice-event-said" => Self::Notice(Notice::EventSaid),
            "notice-event-opens" => Self::Notice(Notice::EventOpens),
            "notice-she-lives" => Self::Notice(Notice::SheLives),
            "notice-host-called-holds" => Self::Notice(Notice::HostCalled(Call::Holds)),
            "notice-host-called-unforeseen" => Self::Notice(Notice::HostCalled(Call::Unforeseen)),
            "notice-host-called-relay" => Self::Notice(Notice::HostCalled(Call::Relay)),
            "notice-host-called-found" => Self::Notice(Notice::HostCalled(Call::Found)),
            "notice-host-called-clock" => Self::Notice(Notice::HostCalled(Call::Clock)),
            "notice-host-called-disk" => Self::Notice(Notice::HostCalled(Call::Disk)),
            "notice-host-called-backup" => Self::Notice(Notice::HostCalled(Call::Backup)),
            "notice-host-called-crashes" => Self::Notice(Notice::HostCalled(Call::Crashes)),
            "knock" => Self::Knock,
            // Episode and rung stand in columns of their own.
            other => {
                Self::Ladder(Ladder { says: says(other.strip_prefix("ladder-")?)?, episode: 0, rung: 0 })
            }
        })
    }
}

fn says(word: &str) -> Option<Says> {
    Some(match word {
        "question" => Says::Question,
        "reminder" => Says::Reminder,
        "warning" => Says::Warning,
        "said-died" => Says::SaidDied,
        "said-well" => Says::SaidWell,
        "said-unknown" => Says::SaidUnknown,
        "invited" => Says::Invited,
        "still-right" => Says::StillRight,
        "address-asked" => Says::AddressAsked,
        "keeper-asked" => Says::KeeperAsked,
        "is-well" => Says::IsWell,
        "stopped" => Says::Stopped,
        "resumes" => Says::Resumes,
        "goes-on" => Says::GoesOn,
        "out-of-reach" => Says::OutOfReach,
        "probe" => Says::Probe,
        "released" => Says::Released,
        _ => return None,
    })
}

/// The columns of a delivery `d`, in the order in which [`delivery`] reads them.
macro_rules! delivery_columns {
    () => {
        "d.id, d.letter, d.account, d.person, d.occurrence, d.gate, d.gate_event, d.gate_keepers, d.gate_quorum, \
         d.moment, d.moment_date, d.moment_time, d.moment_zone, d.moment_number, d.reach, d.proof, d.version, d.pinned, \
         d.state, d.state_number, d.state_word, d.rest_until, d.rest_observed, d.due, d.tzdb, d.foreseen, d.foreseen_since, d.foreseen_by, \
         d.parked_state, d.parked_number, d.parked_word, d.parked_by, d.parked_since, d.parked_observed, d.rev"
    };
}
pub(crate) use delivery_columns;

/// How many columns a rule has.
const RULE: usize = 11;
/// And a forecast.
const FORECAST: usize = 3;
/// And where it was while it is parked.
const PARKING: usize = 6;

/// Reads a delivery. One whose row says what cannot be is read as held ([`Parked::Internal`]): it is shown as held everywhere, nothing of it is sent or opened, the
/// worker writes that down at its next wake, and no list stops at it. Damaged: not even whose it is can be read.
pub(crate) fn delivery(row: &mut Row) -> Result<Delivery> {
    let (id, letter, account, person, occurrence) =
        (row.next(), row.next(), row.next(), row.next(), row.next());
    let rule = row.read(RULE, rule);
    let (version, pinned) = (row.next::<u32>(), row.next::<bool>());
    let name: Result<String> = row.next();
    let (number, word) = (row.next(), row.next());
    let held_after_it_left = matches!((&name, &number), (Ok(name), Ok(Some(1))) if name == "parked");
    let state = state(name.as_ref().map_or("", String::as_str), number, word);
    let rest = row.read(2, |row| Ok(Rest { until: row.next()?, observed: row.next()? }));
    let (due, tzdb) = (row.next(), row.next());
    let forecast = row.read(FORECAST, forecast);
    // Where it was is looked for again when it is let go; what does not read is not known.
    let parked = row.read(PARKING, parking).unwrap_or_default();
    let rev = row.next();
    let (id, letter, account, person, rev) = (id?, letter?, account?, person?, rev?);
    let says_what_can_be = |state: &State, pinned: bool| {
        let closed = matches!(state, State::Resting | State::Waiting | State::Due);
        !(pinned && closed)
    };
    match (occurrence, rule, version, pinned, state, rest, due, tzdb, forecast) {
        (
            Ok(occurrence),
            Ok(rule),
            Ok(version),
            Ok(pinned),
            Ok(state),
            Ok(rest),
            Ok(due),
            Ok(tzdb),
            Ok(forecast),
        ) if says_what_can_be(&state, pinned) => Ok(Delivery {
            id,
            letter,
            account,
            person,
            occurrence,
            rule,
            version,
            pinned,
            state,
            rest,
            due,
            tzdb,
            forecast,
            parked,
            rev,
        }),
        (occurrence, rule, version, pinned, state, rest, due, tzdb, forecast) => {
            tracing::error!(delivery = %id, "the row of a promise says what cannot be; it is held, and the others go on. Restore it from a backup");
            let by_name = name.is_ok_and(|name| named_as_left(&name));
            let left = by_name || held_after_it_left || matches!(pinned, Ok(true));
            let held = State::Parked { why: Parked::Internal, left };
            Ok(Delivery {
                id,
                letter,
                account,
                person,
                occurrence: occurrence.unwrap_or_default(),
                rule: rule.unwrap_or(Rule {
                    gate: Gate::None,
                    moment: Moment::AtOnce,
                    reach: Reach::Claim,
                    proof: Proof::Question,
                }),
                version: version.unwrap_or_default(),
                pinned: pinned.unwrap_or_default(),
                // What has ended, or is held already, stays so.
                state: state.ok().filter(|s| s.is_end() || matches!(s, State::Parked { .. })).unwrap_or(held),
                rest: rest.unwrap_or(Rest { until: Timestamp::MAX, observed: Observed(i64::MAX) }),
                due: due.unwrap_or_default(),
                tzdb: tzdb.unwrap_or_default(),
                forecast: forecast.unwrap_or_default(),
                parked,
                rev,
            })
        }
    }
}

/// Whether a state of this name has left, as far as its name alone tells.
fn named_as_left(name: &str) -> bool {
    matches!(
        name,
        "sending" | "knocked" | "askable" | "later" | "opened" | "refused" | "unanswered" | "unreachable"
    )
}

/// Three columns: all of them, or none.
pub(crate) fn forecast(row: &mut Row) -> Result<Option<Forecast>> {
    let leaves: Option<Timestamp> = row.next()?;
    let (since, by): (Option<Timestamp>, Option<String>) = (row.next()?, row.next()?);
    let Some(leaves) = leaves else { return Ok(None) };
    let by = match must(by)?.as_str() {
        "act" => By::Act,
        "time" => By::Time,
        _ => return Err(StoreError::Damaged),
    };
    Ok(Some(Forecast { leaves, since: must(since)?, by }))
}

/// Six columns: where it was, and who parked it when; all of them, or none.
fn parking(row: &mut Row) -> Result<Option<Parking>> {
    let (name, number, word): (Option<String>, Option<i64>, Option<String>) =
        (row.next()?, row.next()?, row.next()?);
    let (by, since, observed) = (row.next()?, row.next()?, row.next()?);
    let Some(name) = name else { return Ok(None) };
    let was = state_of(&name, number, word)?;
    Ok(Some(Parking { was, by: must(by)?, since: must(since)?, observed: must(observed)? }))
}

fn rule(row: &mut Row) -> Result<Rule> {
    let gate: String = row.next()?;
    let (event, keepers, quorum): (Option<String>, Option<String>, Option<u8>) =
        (row.next()?, row.next()?, row.next()?);
    let gate = match gate.as_str() {
        "none" => Gate::None,
        "gone" => Gate::Gone,
        "word" => Gate::Word {
            event: must(event)?,
            keepers: must(keepers)?
                .split_ascii_whitespace()
                .map(|id| id.parse::<KeeperId>().map_err(|_| StoreError::Damaged))
                .collect::<Result<_>>()?,
            quorum: must(quorum)?,
        },
        _ => return Err(StoreError::Damaged),
    };
    let moment: String = row.next()?;
    let (date, time, zone, number): (Option<String>, Option<String>, Option<String>, Option<i64>) =
        (row.next()?, row.next()?, row.next()?, row.next()?);
    let moment = match moment.as_str() {
        "at-once" => Moment::AtOnce,
        "on" => Moment::On { date: read(date)?, time: read(time)?, zone: must(zone)? },
        "birthday" => {
            let (year, birthday) = birthday(date)?;
            let (time, zone) = (read(time)?, must(zone)?);
            Moment::Birthday { age: narrow(number)?, year: must(year)?, birthday, time, zone }
        }
        "each-birthday" => {
            let (_, birthday) = birthday(date)?;
            let (time, zone) = (read(time)?, must(zone)?);
            Moment::EachBirthday { until: narrow(number)?, birthday, time, zone }
        }
        "after" => Moment::After { days: narrow(number)? },
        _ => return Err(StoreError::Damaged),
    };
    Ok(Rule { gate, moment, reach: row.next()?, proof: row.next()? })
}

/// The columns of a rule, in the order of the table: gate (4), moment (5), reach, proof.
pub(crate) fn rule_values(rule: &Rule) -> [Value; 11] {
    const NO: Value = Value::Null;
    let [gate, event, keepers, quorum] = match &rule.gate {
        Gate::None => ["none".into(), NO, NO, NO],
        Gate::Gone => ["gone".into(), NO, NO, NO],
        Gate::Word { event, keepers, quorum } => {
            let keepers: Vec<String> = keepers.iter().map(ToString::to_string).collect();
            ["word".into(), event.as_str().into(), keepers.join(" ").into(), i64::from(*quorum).into()]
        }
    };
    let [moment, date, time, zone, number] = match &rule.moment {
        Moment::AtOnce => ["at-once".into(), NO, NO, NO, NO],
        Moment::On { date, time, zone } => {
            ["on".into(), date.to_string().into(), time.to_string().into(), zone.as_str().into(), NO]
        }
        Moment::Birthday { age, year, birthday, time, zone } => [
            "birthday".into(),
            birthday_text(Some(*year), *birthday).into(),
            time.to_string().into(),
            zone.as_str().into(),
            i64::from(*age).into(),
        ],
        Moment::EachBirthday { until, birthday, time, zone } => [
            "each-birthday".into(),
            birthday_text(None, *birthday).into(),
            time.to_string().into(),
            zone.as_str().into(),
            i64::from(*until).into(),
        ],
        Moment::After { days } => ["after".into(), NO, NO, NO, i64::from(*days).into()],
    };
    let (reach, proof) = (rule.reach.into(), rule.proof.into());
    [gate, event, keepers, quorum, moment, date, time, zone, number, reach, proof]
}

/// A birthday in a column: `1990-05-04`, without a year `--05-04`, and for 29 February with the day of the other years, `--02-29/03-01`.
pub(crate) fn birthday_text(year: Option<i16>, birthday: Birthday) -> String {
    let year = year.map_or_else(|| "-".to_owned(), |year| format!("{year:04}"));
    let other = match (birthday.month, birthday.day, birthday.leap) {
        (2, 29, LeapDay::February28) => "/02-28",
        (2, 29, LeapDay::March1) => "/03-01",
        _ => "",
    };
    format!("{year}-{:02}-{:02}{other}", birthday.month, birthday.day)
}

pub(crate) fn birthday(text: Option<String>) -> Result<(Option<i16>, Birthday)> {
    let text = must(text)?;
    let (day, other) = text.split_once('/').map_or((text.as_str(), None), |(day, other)| (day, Some(other)));
    let damaged = |_| StoreError::Damaged;
    let (year, rest) = match day.strip_prefix("--") {
        Some(rest) => (None, rest),
        None => {
            let (year, rest) = day.split_once('-').ok_or(StoreError::Damaged)?;
            (Some(year.parse::<i16>().map_err(damaged)?), rest)
        }
    };
    let (month, day) = rest.split_once('-').ok_or(StoreError::Damaged)?;
    let leap = match other {
        Some("03-01") => LeapDay::March1,
        Some("02-28") | None => LeapDay::February28,
        Some(_) => return Err(StoreError::Damaged),
    };
    let (month, day) = (month.parse().map_err(damaged)?, day.parse().map_err(damaged)?);
    Ok((year, Birthday { month, day, leap }))
}

fn state(name: &str, number: Result<Option<i64>>, word: Result<Option<String>>) -> Result<State> {
    state_of(name, number?, word?)
}

fn state_of(name: &str, number: Option<i64>, word: Option<String>) -> Result<State> {
    Ok(match name {
        "resting" => State::Resting,
        "waiting" => State::Waiting,
        "due" => State::Due,
        "sending" => State::Sending,
        "knocked" => State::Knocked(narrow(number.filter(|nth| *nth > 0))?),
        "askable" => State::Askable,
        "later" => State::Later(read(word)?),
        "parked" => State::Parked {
            why: Parked::from_value(Value::from(must(word)?)).ok_or(StoreError::Damaged)?,
            left: must(number)? != 0,
        },
        "opened" => State::Opened,
        "withdrawn" => State::Withdrawn { undone: must(number)? != 0 },
        "refused" => State::Refused,
        "unanswered" => State::Unanswered,
        "unreachable" => State::Unreachable,
        _ => return Err(StoreError::Damaged),
    })
}

/// The columns of a state: its name, a number, a word.
pub(crate) fn state_values(state: State) -> [Value; 3] {
    let (number, word) = match state {
        State::Knocked(nth) => (i64::from(nth).into(), Value::Null),
        State::Later(day) => (Value::Null, day.to_string().into()),
        State::Parked { why, left } => (left.into(), why.into()),
        State::Withdrawn { undone } => (undone.into(), Value::Null),
        _ => (Value::Null, Value::Null),
    };
    [state_name(state).into(), number, word]
}

/// The names of those states in which the person who is here may open ([`State::may_be_opened`]), for a question that asks about many rows at once.
macro_rules! openable_states {
    () => {
        "'sending', 'knocked', 'later', 'askable', 'opened', 'refused', 'unanswered', 'unreachable'"
    };
}
pub(crate) use openable_states;

/// Every name of a state.
pub(crate) const STATES: [&str; 13] = [
    "resting",
    "waiting",
    "due",
    "sending",
    "knocked",
    "askable",
    "later",
    "parked",
    "opened",
    "withdrawn",
    "refused",
    "unanswered",
    "unreachable",
];

/// What a state is called.
pub(crate) fn state_name(state: State) -> &'static str {
    match state {
        State::Resting => "resting",
        State::Waiting => "waiting",
        State::Due => "due",
        State::Sending => "sending",
        State::Knocked(_) => "knocked",
        State::Askable => "askable",
        State::Later(_) => "later",
        State::Parked { .. } => "parked",
        State::Opened => "opened",
        State::Withdrawn { .. } => "withdrawn",
        State::Refused => "refused",
        State::Unanswered => "unanswered",
        State::Unreachable => "unreachable",
    }
}

/// The end of a rest: the columns rest_until and rest_observed.
pub(crate) fn rest_values(rest: Rest) -> [Value; 2] {
    [not_before(rest.until), rest.observed.into()]
}

/// The columns of a message `m`, in the order in which [`message`] reads them.
macro_rules! message_columns {
    () => {
        "m.id, m.kind, m.subject, m.account, m.person, m.nth, m.address, m.state, m.tries, m.since, m.date, m.expires, \
         m.foreseen, m.rev, m.episode, m.rung, m.whom"
    };
}
pub(crate) use message_columns;

/// Reads a message.
pub(crate) fn message(row: &mut Row) -> Result<Message> {
    let (id, kind) = (row.next()?, row.next()?);
    let subject: String = row.next()?;
    let (account, person) = (row.next()?, row.next()?);
    let mut message = Message {
        id,
        kind,
        subject: Subject::SigningIn,
        nth: row.next()?,
        address: row.next()?,
        state: row.next()?,
        tries: row.next()?,
        since: row.next()?,
        date: row.next()?,
        expires: row.next()?,
        foreseen: row.next()?,
        rev: row.next()?,
    };
    let (episode, rung, whom): (Option<u32>, Option<u32>, Option<String>) =
        (row.next()?, row.next()?, row.next()?);
    message.subject = match subject.as_str() {
        "person" => Subject::Person(must(person)?),
        // A message of the ladder may go to another account than the one that it is about: to the host.
        "account" => match whom {
            Some(whom) => Subject::Account(read(Some(whom))?),
            None => Subject::Account(must(account)?),
        },
        "channel" => Subject::Channel(read(whom)?),
        "keeper" => Subject::Keeper(read(whom)?),
        "signing-in" => Subject::SigningIn,
        _ => return Err(StoreError::Damaged),
    };
    if let Kind::Ladder(ladder) = &mut message.kind {
        (ladder.episode, ladder.rung) = (must(episode)?, must(rung)?);
    }
    Ok(message)
}

/// The columns of a scope: its word, and the letter or nothing.
pub(crate) fn scope_values(scope: Scope) -> [Value; 2] {
    match scope {
        Scope::NotMe => ["not-me".into(), "".into()],
        Scope::Letter(letter) => ["letter".into(), letter.into()],
        Scope::Author => ["author".into(), "".into()],
        Scope::House => ["house".into(), "".into()],
        Scope::Quiet => ["quiet".into(), "".into()],
    }
}

/// Reads a scope.
pub(crate) fn scope(row: &mut Row) -> Result<Scope> {
    let (word, letter): (String, String) = (row.next()?, row.next()?);
    Ok(match word.as_str() {
        "not-me" => Scope::NotMe,
        "letter" => Scope::Letter(letter.parse::<LetterId>().map_err(|_| StoreError::Damaged)?),
        "author" => Scope::Author,
        "house" => Scope::House,
        "quiet" => Scope::Quiet,
        _ => return Err(StoreError::Damaged),
    })
}

fn must<T>(value: Option<T>) -> Result<T> {
    value.ok_or(StoreError::Damaged)
}

fn narrow<T: TryFrom<i64>>(value: Option<i64>) -> Result<T> {
    must(value)?.try_into().map_err(|_| StoreError::Damaged)
}

fn read<T: std::str::FromStr>(value: Option<String>) -> Result<T> {
    must(value)?.parse().map_err(|_| StoreError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unsaid_delivery::state::Parked;

    #[test]
    fn a_question_about_what_may_be_opened_names_the_states_of_the_rule() {
        let day = jiff::civil::date(2031, 5, 4);
        let states = [
            State::Resting,
            State::Waiting,
            State::Due,
            State::Sending,
            State::Knocked(1),
            State::Askable,
            State::Later(day),
            State::Parked { why: Parked::ByHost, left: true },
            State::Opened,
            State::Withdrawn { undone: false },
            State::Refused,
            State::Unanswered,
            State::Unreachable,
        ];
        assert_eq!(states.map(state_name), STATES);
        for state in states {
            let named = openable_states!().split(", ").any(|name| name == format!("'{}'", state_name(state)));
            assert_eq!(named, state.may_be_opened(), "{state:?}");
        }
    }
}
