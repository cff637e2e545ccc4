//! How a life is written down in columns, and read back: words and numbers with spaces between. What a column says that nothing here means is damage.

use super::tx::{FromValue, Row, Value};
use crate::lives::KeeperStanding;
use crate::{Result, StoreError};
use unsaid_delivery::Observed;
use unsaid_delivery::id::AccountId;
use unsaid_delivery::life::{Doubt, Fallback, Grace, Life, Opened, Plan, Policy, Stage, WeakSigns, Word};

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
    KeeperStanding {
        "invited" = KeeperStanding::Invited,
        "enrolled" = KeeperStanding::Enrolled,
        "declined" = KeeperStanding::Declined,
        "removed" = KeeperStanding::Removed,
    }
    Word { "well" = Word::Well, "unknown" = Word::Unknown, "died" = Word::Died }
}

impl KeeperStanding {
    /// Its word in a column.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Enrolled => "enrolled",
            Self::Declined => "declined",
            Self::Removed => "removed",
        }
    }
}

/// The columns of a life, in the order in which [`life`] reads them.
macro_rules! life_columns {
    () => {
        "account, plan, coming, coming_at, stage, episode, open, armed, sign, weak_at, strong_at, asks, paused, rung, \
         written, judged, probed, refusals, out_of_reach, keepers_asked, rounds, climbed, wells, held, weak, confirmed, \
         released, rev"
    };
}
pub(super) use life_columns;

/// Reads a life.
pub(super) fn life(row: &mut Row) -> Result<Life> {
    let account: AccountId = row.next()?;
    let plan = plan(&row.next::<String>()?)?;
    let (coming, coming_at): (Option<String>, Option<Observed>) = (row.next()?, row.next()?);
    let coming = match coming {
        Some(text) => Some((self::plan(&text)?, coming_at.ok_or(StoreError::Damaged)?)),
        None => None,
    };
    Ok(Life {
        account,
        plan,
        coming,
        stage: stage(&row.next::<String>()?)?,
        episode: row.next()?,
        open: row.next()?,
        armed: row.next()?,
        sign: row.next()?,
        weak_at: row.next()?,
        strong_at: row.next()?,
        asks: row.next()?,
        paused: row.next()?,
        rung: row.next()?,
        written: row.next()?,
        judged: row.next()?,
        probed: row.next()?,
        refusals: row.next()?,
        out_of_reach: row.next()?,
        keepers_asked: row.next()?,
        rounds: row.next()?,
        climbed: row.next()?,
        wells: row.next()?,
        held: row.next()?,
        weak: weak(&row.next::<String>()?)?,
        confirmed: row.next()?,
        released: row.next()?,
        rev: row.next()?,
    })
}

/// The values of a life in that order.
pub(super) fn life_values(life: &Life) -> [Value; 28] {
    let (coming, coming_at) = match life.coming {
        Some((plan, at)) => (plan_text(plan).into(), at.into()),
        None => (Value::Null, Value::Null),
    };
    [
        life.account.into(),
        plan_text(life.plan).into(),
        coming,
        coming_at,
        stage_text(life.stage).into(),
        life.episode.into(),
        life.open.into(),
        life.armed.into(),
        life.sign.into(),
        life.weak_at.into(),
        life.strong_at.into(),
        life.asks.into(),
        life.paused.map_or(Value::Null, super::tx::not_before),
        life.rung.into(),
        life.written.into(),
        life.judged.into(),
        life.probed.into(),
        i64::from(life.refusals).into(),
        life.out_of_reach.into(),
        life.keepers_asked.into(),
        i64::from(life.rounds).into(),
        life.climbed.into(),
        i64::from(life.wells).into(),
        life.held.into(),
        weak_text(life.weak).into(),
        life.confirmed.into(),
        life.released.into(),
        life.rev.into(),
    ]
}

/// Words with spaces between, one after the other.
struct Words<'a>(std::str::SplitAsciiWhitespace<'a>);

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        Self(text.split_ascii_whitespace())
    }
    fn word(&mut self) -> Result<&'a str> {
        self.0.next().ok_or(StoreError::Damaged)
    }
    fn number<T: std::str::FromStr>(&mut self) -> Result<T> {
        self.word()?.parse().map_err(|_| StoreError::Damaged)
    }
    /// A number, or a dash.
    fn observed(&mut self) -> Result<Option<Observed>> {
        let word = self.word()?;
        if word == "-" {
            return Ok(None);
        }
        word.parse().map(|at| Some(Observed(at))).map_err(|_| StoreError::Damaged)
    }
    fn end<T>(mut self, value: T) -> Result<T> {
        if self.0.next().is_none() { Ok(value) } else { Err(StoreError::Damaged) }
    }
}

fn dash(at: Option<Observed>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.0.to_string())
}

pub(super) fn plan_text(plan: Plan) -> String {
    let policy = match plan.policy {
        Policy::Both => "both",
        Policy::KeepersOnly => "keepers-only",
        Policy::Either => "either",
        Policy::CheckIns => "check-ins",
    };
    let fallback = match plan.fallback {
        Fallback::After(days) => days.to_string(),
        Fallback::Never => "never".to_owned(),
    };
    let Plan { every_days, pause_days, quorum, warning_days, .. } = plan;
    format!("{policy} {every_days} {pause_days} {quorum} {warning_days} {fallback}")
}

pub(super) fn plan(text: &str) -> Result<Plan> {
    let mut words = Words::of(text);
    let policy = match words.word()? {
        "both" => Policy::Both,
        "keepers-only" => Policy::KeepersOnly,
        "either" => Policy::Either,
        "check-ins" => Policy::CheckIns,
        _ => return Err(StoreError::Damaged),
    };
    let (every_days, pause_days, quorum) = (words.number()?, words.number()?, words.number()?);
    let warning_days = words.number()?;
    let fallback = match words.word()? {
        "never" => Fallback::Never,
        days => Fallback::After(days.parse().map_err(|_| StoreError::Damaged)?),
    };
    words.end(Plan { policy, every_days, pause_days, quorum, warning_days, fallback })
}

fn opened_text(opened: Opened) -> &'static str {
    match opened {
        Opened::Quorum => "quorum",
        Opened::NoAnswer => "no-answer",
        Opened::Alone => "alone",
    }
}

fn opened(word: &str) -> Result<Opened> {
    match word {
        "quorum" => Ok(Opened::Quorum),
        "no-answer" => Ok(Opened::NoAnswer),
        "alone" => Ok(Opened::Alone),
        _ => Err(StoreError::Damaged),
    }
}

fn stage_text(stage: Stage) -> String {
    match stage {
        Stage::Present => "present".into(),
        Stage::Asked => "asked".into(),
        Stage::Reminded(n) => format!("reminded {n}"),
        Stage::Silent => "silent".into(),
        Stage::Grace(Grace { opened, warning, of, days, doubled }) => {
            format!("grace {} {warning} {of} {days} {}", opened_text(opened), u8::from(doubled))
        }
        Stage::Gone { until, opened } => format!("gone {} {}", until.0, opened_text(opened)),
        Stage::Released => "released".into(),
        Stage::Stopped { until, resumes } => format!("stopped {} {}", until.0, dash(resumes)),
        Stage::Ended => "ended".into(),
    }
}

fn stage(text: &str) -> Result<Stage> {
    let mut words = Words::of(text);
    let stage = match words.word()? {
        "present" => Stage::Present,
        "asked" => Stage::Asked,
        "reminded" => Stage::Reminded(words.number()?),
        "silent" => Stage::Silent,
        "grace" => Stage::Grace(Grace {
            opened: opened(words.word()?)?,
            warning: words.number()?,
            of: words.number()?,
            days: words.number()?,
            doubled: words.number::<u8>()? != 0,
        }),
        "gone" => Stage::Gone { until: Observed(words.number()?), opened: opened(words.word()?)? },
        "released" => Stage::Released,
        "stopped" => Stage::Stopped { until: Observed(words.number()?), resumes: words.observed()? },
        "ended" => Stage::Ended,
        _ => return Err(StoreError::Damaged),
    };
    words.end(stage)
}

fn weak_text(weak: WeakSigns) -> String {
    let doubt = match weak.doubt {
        Doubt::None => "none",
        Doubt::Open => "open",
        Doubt::Confirmed => "confirmed",
    };
    format!("{} {} {} {doubt}", weak.in_a_row, dash(weak.counted), dash(weak.unlock_asked))
}

fn weak(text: &str) -> Result<WeakSigns> {
    let mut words = Words::of(text);
    let (in_a_row, counted, unlock_asked) = (words.number()?, words.observed()?, words.observed()?);
    let doubt = match words.word()? {
        "none" => Doubt::None,
        "open" => Doubt::Open,
        "confirmed" => Doubt::Confirmed,
        _ => return Err(StoreError::Damaged),
    };
    words.end(WeakSigns { in_a_row, counted, unlock_asked, doubt })
}
