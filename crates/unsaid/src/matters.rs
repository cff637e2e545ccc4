//! What waits for a host: one list, from which the host's page, `unsaid doctor` and the mails that call a host are made, so that all three say the same. Each matter is two sentences, what happened
//! and what to do, with the command to type where there is one. Knows no letter's words and nobody's name or address; it decides nothing, and mends nothing.

use crate::app::App;
use crate::room::{self, DiskSeen};
use crate::settings::Settings;
use crate::time::standing::{Clocks, away, called, span};
use crate::words::Words;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use unsaid_delivery::clock::{DAY, Doubt, HOUR};
use unsaid_delivery::hold::Hold;
use unsaid_delivery::message::Call;
use unsaid_delivery::state::{Delivery, Parked, State};
use unsaid_delivery::{MessageId, Now};
use unsaid_store::care::{Finding, Health, Wrong};
use unsaid_store::rows::{House, Standing};
use unsaid_store::{Store, StoreError};

/// The relay counts as well when it has not called the host for so long, in seconds.
const WELL_AGAIN: i64 = 7 * DAY;
/// No mail for so long, while some waits, is a matter.
const NO_MAIL_SECONDS: i64 = 6 * HOUR;
/// What the webhook has not taken for so long is a matter.
const HOOK_SECONDS: i64 = DAY;
/// So many letters that are held are looked at.
const MOST: usize = 10_000;
/// That the program died again and again is said for so long after a start.
const CRASHES_SECONDS: i64 = DAY;
/// So many starts that died in a row are said.
const LOOP: u32 = 3;
/// Looked for is once in so many seconds of either clock.
const LOOK_SECONDS: i64 = HOUR;
/// At most so many hosts are called.
const HOSTS: usize = 16;

/// One thing that waits for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// Something stands in the way of the whole house.
    Holds(Hold),
    /// So many letters would have left that nobody foresaw.
    Unforeseen(u64),
    /// So many starts died in a row.
    Crashes(u32),
    /// The clocks are in doubt.
    Clock(Doubt),
    /// A source of time is so many seconds ahead of what others agree on; behind where that is negative.
    Outvoted(String, i64),
    /// Nobody who is asked for the time answers.
    Silent,
    /// These are wrong in the same way.
    Found(Wrong, Vec<String>),
    /// So many letters are held because of what they say.
    Parked(Parked, u64),
    /// The relay refused what this house sends.
    Relay,
    /// Nothing has left for so many seconds of service, and so many messages wait.
    NoMail(i64, u64),
    /// The webhook has not taken for so many seconds of service what waits for it.
    Hook(i64),
    /// Less of the disk is free than the host wished, in a hundred.
    Tight(u64),
    /// The reserve was given up.
    Full,
    /// The last backup is so many days old; none: there never was one.
    Backup(Option<i64>),
    /// The house's keys are not known to be on paper.
    Keys,
}

/// What happened, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// One sentence.
    pub what: String,
    /// One sentence. A command stands at its end, behind a colon.
    pub to_do: String,
}

impl Said {
    /// Both, for a terminal.
    pub fn plain(&self) -> String {
        plain(&format!("{} {}", self.what, self.to_do))
    }

    /// What to do, and the command on its own.
    pub fn command(&self) -> (&str, Option<&str>) {
        match self.to_do.rfind(": unsaid ") {
            Some(at) => (&self.to_do[..=at], Some(&self.to_do[at + 2..])),
            None => (&self.to_do, None),
        }
    }
}

/// So many letters are held for this.
pub fn held(words: &Words, why: Parked, many: u64) -> String {
    counted(words, &format!("host.held.{}", word_of(why)), many)
}

/// One is said apart from many.
pub fn counted(words: &Words, key: &str, many: u64) -> String {
    match many {
        1 => words.say(&format!("{key}.one"), &[]),
        _ => words.say(&format!("{key}.other"), &[("number", &many.to_string())]),
    }
}

/// The two keys of a hold's words.
fn of_hold(hold: Hold) -> String {
    format!("host.hold.{}", hold.key().replace('-', "_"))
}

/// The word of a reason for which a letter is held.
pub fn word_of(why: Parked) -> &'static str {
    match why {
        Parked::RuleUnknown => "rule_unknown",
        Parked::WrongBinding => "wrong_binding",
        Parked::Damaged => "damaged",
        Parked::ZoneUnknown => "zone_unknown",
        Parked::ByHost => "by_host",
        Parked::Unforeseen => "unforeseen",
        Parked::Internal => "internal",
    }
}

impl Matter {
    /// What is said of it.
    pub fn says(&self, words: &Words) -> Said {
        let with = |key: &str, values: &[(&str, &str)]| Said {
            what: words.say(key, values),
            to_do: words.say(&format!("{key}_do"), &[]),
        };
        match self {
            Self::Holds(hold) => with(&of_hold(*hold), &[]),
            Self::Unforeseen(many) => Said {
                what: held(words, Parked::Unforeseen, *many),
                to_do: words.say("host.matter.unforeseen_do", &[]),
            },
            Self::Crashes(many) => with("host.matter.crashes", &[("number", &many.to_string())]),
            Self::Clock(doubt) => of_doubt(words, *doubt),
            Self::Outvoted(source, ahead) => {
                let (source, away) = (called(words, source), away(words, *ahead));
                let what = words.say("host.clock.outvoted", &[("source", &source), ("away", &away)]);
                Said { what: capital(&what), to_do: words.say("host.clock.outvoted_do", &[]) }
            }
            Self::Silent => with("host.clock.silent", &[]),
            Self::Found(wrong, _) => with(&format!("host.wrong.{}", wrong.name()), &[]),
            Self::Parked(why, many) => Said {
                what: held(words, *why, *many),
                to_do: words.say(&format!("host.why.{}_do", word_of(*why)), &[]),
            },
            Self::Relay => with("host.matter.relay", &[]),
            Self::NoMail(seconds, many) => {
                let number = many.to_string();
                with("host.matter.no_mail", &[("span", &span(words, *seconds)), ("number", &number)])
            }
            Self::Hook(seconds) => with("host.matter.hook", &[("span", &span(words, *seconds))]),
            Self::Tight(percent) => with("host.matter.tight", &[("percent", &percent.to_string())]),
            Self::Full => with("host.matter.full", &[]),
            Self::Backup(None) => with("host.matter.backup_none", &[]),
            Self::Backup(Some(days)) => with("host.matter.backup", &[("days", &days.to_string())]),
            Self::Keys => with("host.matter.keys", &[]),
        }
    }

    /// For what the host is called by mail. None: it is on their page, or nothing can be written now.
    pub fn call(&self) -> Option<Call> {
        match self {
            Self::Holds(hold) => hold.calls_host().then_some(Call::Holds),
            Self::Unforeseen(_) => Some(Call::Unforeseen),
            Self::Crashes(_) => Some(Call::Crashes),
            // A clock that is about to be believed mends itself, and what holds the house calls for itself.
            Self::Clock(Doubt::Settling { .. } | Doubt::Ahead { .. }) => None,
            Self::Clock(_) | Self::Outvoted(..) | Self::Silent => Some(Call::Clock),
            Self::Found(..) | Self::Parked(..) => Some(Call::Found),
            Self::Relay => Some(Call::Relay),
            Self::Tight(_) | Self::Full => Some(Call::Disk),
            Self::Backup(_) => Some(Call::Backup),
            // While no mail leaves nobody can be written to; and keys are told to whoever signs in.
            Self::NoMail(..) | Self::Keys => None,
            // It is a second way, and counts for nothing: their page says it.
            Self::Hook(_) => None,
        }
    }

    /// The word under which `unsaid doctor` says it.
    pub fn about(&self) -> &'static str {
        match self {
            Self::Holds(_) => "holds",
            Self::Unforeseen(_) | Self::Parked(..) => "parked",
            Self::Crashes(_) => "crashes",
            Self::Clock(_) | Self::Outvoted(..) | Self::Silent => "clock",
            Self::Found(..) => "stored",
            Self::Relay | Self::NoMail(..) => "mail",
            Self::Hook(_) => "webhook",
            Self::Tight(_) | Self::Full => "disk",
            Self::Backup(_) => "backup",
            Self::Keys => "keys",
        }
    }
}

/// What the clocks want of the host.
pub fn of_clocks(clocks: &Clocks) -> Vec<Matter> {
    let outvoted = clocks.said.iter().filter(|source| source.outvoted);
    let mut matters: Vec<Matter> = clocks.doubt.map(Matter::Clock).into_iter().collect();
    matters.extend(outvoted.map(|source| Matter::Outvoted(source.name.clone(), source.ahead_seconds)));
    // Whoever was not asked yet is not silent.
    let tried = clocks.silent.iter().any(|silent| silent.why.is_some());
    if clocks.said.len() <= 1 && tried {
        matters.push(Matter::Silent);
    }
    matters
}

/// What is in doubt about the clocks.
pub fn of_doubt(words: &Words, doubt: Doubt) -> Said {
    let (seconds, place) = match doubt {
        Doubt::Settling { ahead_seconds }
        | Doubt::NeedsConfirming { ahead_seconds }
        | Doubt::Alone { ahead_seconds }
        | Doubt::Ahead { ahead_seconds } => (away(words, ahead_seconds), "away"),
        Doubt::Behind { behind_seconds } => (away(words, -behind_seconds), "away"),
        Doubt::Apart { between_seconds } => (span(words, between_seconds), "span"),
    };
    let key = format!("host.clock.{}", doubt.word().replace('-', "_"));
    Said { what: words.say(&key, &[(place, &seconds)]), to_do: words.say(&format!("{key}_do"), &[]) }
}

/// Words as a terminal shows them, whose fonts may have one apostrophe.
pub fn plain(text: &str) -> String {
    text.replace('’', "'")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What can be seen beside the store, by an open house or a command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Beside {
    /// The clocks.
    pub clocks: Option<Clocks>,
    /// The disk of the data folder.
    pub disk: Option<DiskSeen>,
    /// So many starts died right before this one.
    pub crashes: u32,
}

/// Everything that a host may want to see, read at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub now: Now,
    /// The house itself.
    pub house: House,
    /// What stands in its way.
    pub standing: Vec<Standing>,
    /// Letters that are held by themselves, the longest first.
    pub parked: Vec<Delivery>,
    /// What was found wrong.
    pub findings: Vec<Finding>,
    /// How it does otherwise.
    pub health: Health,
    /// When the relay last refused it.
    pub relay: Option<jiff::Timestamp>,
    /// What was seen beside the store.
    pub beside: Beside,
}

impl Seen {
    /// Reads it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(store: &dyn Store, beside: Beside, now: Now) -> Result<Self, StoreError> {
        let relay = store.called(Call::Relay).await?;
        Ok(Self {
            now,
            house: store.house().await?,
            standing: store.holds().await?,
            parked: store.parked(MOST).await?,
            findings: store.findings().await?,
            health: store.health().await?,
            relay: relay.filter(|at| now.trusted.duration_since(*at).as_secs() < WELL_AGAIN),
            beside,
        })
    }

    /// An open house's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(app: &App) -> Result<Self, StoreError> {
        let lately = app.time.lived().0 < CRASHES_SECONDS;
        let beside = Beside {
            clocks: Some(app.time.standing()),
            disk: app.room.seen(),
            crashes: if lately { app.crashes } else { 0 },
        };
        Self::read(&*app.store, beside, app.time.now()).await
    }

    /// What waits for the host, the gravest first.
    pub fn matters(&self, settings: &Settings) -> Vec<Matter> {
        let mut matters: Vec<Matter> = self.standing.iter().map(|one| Matter::Holds(one.what)).collect();
        let reasons = self.reasons();
        if let Some(many) = reasons.get(&Parked::Unforeseen) {
            matters.push(Matter::Unforeseen(*many));
        }
        if self.beside.crashes >= LOOP {
            matters.push(Matter::Crashes(self.beside.crashes));
        }
        matters.extend(self.beside.clocks.iter().flat_map(of_clocks));
        let mut found: BTreeMap<Wrong, Vec<String>> = BTreeMap::new();
        for one in &self.findings {
            found.entry(one.wrong).or_default().push(format!("{} {}", one.thing.name(), one.name));
        }
        let named: BTreeSet<Parked> = found.keys().filter_map(|wrong| held_for(*wrong)).collect();
        matters.extend(found.into_iter().map(|(wrong, names)| Matter::Found(wrong, names)));
        // A host knows what a host holds; and what is named above is not named again.
        let more = reasons
            .iter()
            .filter(|(why, _)| !matches!(why, Parked::ByHost | Parked::Unforeseen) && !named.contains(*why));
        matters.extend(more.map(|(why, many)| Matter::Parked(*why, *many)));
        matters.extend(self.relay.map(|_| Matter::Relay));
        matters.extend(self.no_mail());
        matters.extend(self.hook());
        match self.beside.disk.map(|disk| (disk.standing, disk.left.percent())) {
            Some((room::Standing::Full, _)) => matters.push(Matter::Full),
            Some((room::Standing::Tight, percent)) => matters.push(Matter::Tight(percent)),
            Some((room::Standing::Room, _)) | None => {}
        }
        matters.extend(self.backup(settings));
        if !self.house.keys_confirmed {
            matters.push(Matter::Keys);
        }
        matters
    }

    /// How many letters are held for each reason.
    pub fn reasons(&self) -> BTreeMap<Parked, u64> {
        let mut reasons = BTreeMap::new();
        for delivery in &self.parked {
            if let State::Parked { why, .. } = delivery.state {
                *reasons.entry(why).or_default() += 1;
            }
        }
        reasons
    }

    fn no_mail(&self) -> Option<Matter> {
        let Health { waiting, waits_since, accepted, .. } = self.health;
        let since = waits_since?.max(accepted.unwrap_or(waits_since?));
        let seconds = self.now.observed.0 - since.0;
        (seconds >= NO_MAIL_SECONDS).then_some(Matter::NoMail(seconds, waiting))
    }

    fn hook(&self) -> Option<Matter> {
        let seconds = self.now.observed.0 - self.health.hook_waits_since?.0;
        (seconds >= HOOK_SECONDS).then_some(Matter::Hook(seconds))
    }

    fn backup(&self, settings: &Settings) -> Option<Matter> {
        let days = i64::from(settings.backup_days);
        let old = match self.health.backed_up {
            Some(at) => self.now.trusted.duration_since(at).as_secs() / DAY,
            None => self.now.observed.0 / DAY,
        };
        let is_matter = days > 0 && old >= days && self.house.accounts > 0;
        is_matter.then_some(Matter::Backup(self.health.backed_up.map(|_| old)))
    }
}

/// Why a letter is held that has this wrong with it.
fn held_for(wrong: Wrong) -> Option<Parked> {
    match wrong {
        Wrong::Damaged => Some(Parked::Damaged),
        Wrong::WrongBinding => Some(Parked::WrongBinding),
        Wrong::Unreadable
        | Wrong::VersionMissing
        | Wrong::OpenedButWaits
        | Wrong::WithdrawnButWaits
        | Wrong::RowGone
        | Wrong::Fault => Some(Parked::Internal),
        Wrong::NoWake | Wrong::SleepsTooLong | Wrong::Fewer | Wrong::FactWithoutRow => None,
    }
}

/// When a house looked last for what waits for its host, and what was in doubt then.
#[derive(Debug, Default)]
pub struct Looked(Mutex<Option<(Now, bool)>>);

impl Looked {
    fn is_time(&self, now: Now) -> bool {
        let looked = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looked.is_none_or(|(at, _)| {
            now.observed.0 - at.observed.0 >= LOOK_SECONDS
                || now.trusted.duration_since(at.trusted).as_secs() >= LOOK_SECONDS
        })
    }

    /// Whether the clocks were in doubt the time before, too.
    fn now(&self, now: Now, doubt: bool) -> bool {
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace((now, doubt));
        before.is_some_and(|(_, before)| before)
    }
}

/// Once an hour: calls the hosts for what they alone can mend. A doubt about the clocks has to last from one look to the next, because a source that is away for a moment is nobody's business.
///
/// # Errors
/// [`StoreError`]; it is tried again with the next look.
pub async fn call_hosts(app: &App) -> Result<(), StoreError> {
    let now = app.time.now();
    if !app.looked.is_time(now) {
        return Ok(());
    }
    let matters = Seen::of(app).await?.matters(&app.settings);
    let calls: BTreeSet<Call> = matters.iter().filter_map(Matter::call).collect();
    let lasts = app.looked.now(now, calls.contains(&Call::Clock));
    for call in calls {
        // These three are called for by the workers, which meet them first.
        let by_worker = matches!(call, Call::Holds | Call::Unforeseen | Call::Relay);
        if by_worker || (call == Call::Clock && !lasts) {
            continue;
        }
        let notices: Vec<MessageId> = (0..HOSTS).map(|_| MessageId(app.chance.id_bytes())).collect();
        if app.store.call_host(call, &notices, now).await? > 0 {
            tracing::warn!(why = call.key(), "the host is called");
            app.nudge.nudge();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
