//! What an author asks for when she lets letters wait for her end: who is asked, how often, and how long everybody has to object. Bounds, and what
//! of a new plan counts only later. Knows no rows, no messages and no clock.

use crate::clock::Observed;

/// Who says that she has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// Her own silence through the whole ladder, and then her keepers.
    Both,
    /// Her keepers alone, asked or not; she is not asked how she is.
    KeepersOnly,
    /// Whichever is first.
    Either,
    /// Her own silence alone.
    CheckIns,
}

impl Policy {
    /// Whether keepers have a part in it.
    pub fn has_keepers(self) -> bool {
        self != Self::CheckIns
    }
}

/// What becomes of a silence about which no quorum of keepers says anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fallback {
    /// After so many further observed days the grace begins without them.
    After(u16),
    /// Then never: her letters wait for her keepers' word for ever.
    Never,
}

/// Her numbers. All days are observed days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Who says that she has gone.
    pub policy: Policy,
    /// She is asked when nothing was heard of her for so many days.
    pub every_days: u16,
    /// Between the question, the reminders, and the end of the ladder.
    pub pause_days: u16,
    /// So many keepers must agree, or all of them where they are fewer.
    pub quorum: u8,
    /// Between the three warnings of the grace, and after the last.
    pub warning_days: u16,
    /// Where no quorum of keepers ever answers.
    pub fallback: Fallback,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            policy: Policy::Both,
            every_days: 60,
            pause_days: 7,
            quorum: 2,
            warning_days: 10,
            fallback: Fallback::After(FALLBACK_DAYS),
        }
    }
}

/// Why a plan is not taken. Its words stand under the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanRefused {
    /// Asked more often than every thirty days, or less often than once a year.
    Every,
    /// Fewer than seven days between two messages of the ladder, or more than thirty.
    Pause,
    /// Fewer than ten days between two warnings, or more than sixty.
    Warning,
    /// No keeper, or more than five.
    Quorum,
    /// A fallback of fewer than 180 days, or more than ten years.
    Fallback,
}

impl PlanRefused {
    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::Every => "life-every",
            Self::Pause => "life-pause",
            Self::Warning => "life-warning",
            Self::Quorum => "life-quorum",
            Self::Fallback => "life-fallback",
        }
    }
}

/// After the question, so many reminders go.
pub const REMINDERS: u8 = 4;
/// Warnings of a grace that a quorum has opened.
pub const WARNINGS: u8 = 3;
/// Where one keeper alone has spoken, warnings are at least so many days apart: ninety in all.
pub const ONE_KEEPER_WARNING_DAYS: u16 = 30;
/// Where nobody has spoken there are so many warnings, likewise thirty days apart: 180 in all.
pub const ALONE_WARNINGS: u8 = 6;
/// When no keeper ever answers: so many further days.
pub const FALLBACK_DAYS: u16 = 180;
/// Nothing is released before so many observed days after arming began.
pub const ARMING_DAYS: i64 = 30;
/// Between the end of the grace and the release, in observed hours.
pub const HOLD_OFF_HOURS: i64 = 24;
/// A stop holds everything for so many observed days.
pub const STOP_DAYS: i64 = 365;
/// A quorum of keepers that asks for it ends a stop after so many observed days' notice.
pub const RESUME_NOTICE_DAYS: i64 = 30;
/// A pause ends within so many days of trusted time.
pub const PAUSE_DAYS: i64 = 366;
/// From a session that is locked, within so many.
pub const LOCKED_PAUSE_DAYS: i64 = 60;

/// What opened the grace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opened {
    /// Enough keepers.
    Quorum,
    /// Her silence, after keepers were asked and did not come to a quorum.
    NoAnswer,
    /// Her silence alone.
    Alone,
}

/// How a grace goes: so many warnings, each waited for so many observed days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pace {
    /// Warnings.
    pub warnings: u8,
    /// Days after each.
    pub days: u16,
}

impl Plan {
    /// `no-fast-mode`: what she may choose. There is no way to be quick.
    pub fn check(&self) -> Result<(), PlanRefused> {
        let within = |n: u16, least: u16, most: u16| (least..=most).contains(&n);
        if !within(self.every_days, 30, 366) {
            return Err(PlanRefused::Every);
        }
        if !within(self.pause_days, 7, 30) {
            return Err(PlanRefused::Pause);
        }
        if !within(self.warning_days, 10, 60) {
            return Err(PlanRefused::Warning);
        }
        if !(1..=5).contains(&self.quorum) {
            return Err(PlanRefused::Quorum);
        }
        match self.fallback {
            Fallback::After(days) if !within(days, FALLBACK_DAYS, 3_660) => Err(PlanRefused::Fallback),
            _ => Ok(()),
        }
    }

    /// How many keepers must agree, of so many who stand. None: there is nobody to agree.
    pub fn quorum_of(&self, keepers: usize) -> Option<u8> {
        let all = u8::try_from(keepers).unwrap_or(u8::MAX);
        (all > 0).then(|| self.quorum.clamp(1, all))
    }

    /// `grace-as-promised`: how long everybody has to object.
    pub fn grace(&self, opened: Opened, keepers: usize) -> Pace {
        let alone = self.quorum_of(keepers).is_none();
        let slow = self.warning_days.max(ONE_KEEPER_WARNING_DAYS);
        match opened {
            Opened::Alone => Pace { warnings: ALONE_WARNINGS, days: slow },
            _ if alone => Pace { warnings: ALONE_WARNINGS, days: slow },
            _ if self.quorum_of(keepers) == Some(1) => Pace { warnings: WARNINGS, days: slow },
            _ => Pace { warnings: WARNINGS, days: self.warning_days },
        }
    }

    /// Whether she is asked how she is: always, but where her keepers alone are to speak and there are any. Where they have all gone she is asked again, unless she
    /// wants it never without them.
    pub fn has_ladder(&self, keepers: usize) -> bool {
        self.policy != Policy::KeepersOnly || (keepers == 0 && self.fallback != Fallback::Never)
    }

    /// The observed days that pass at least between a sign of life and the release, hold-off included, where nobody speaks before the ladder has ended.
    pub fn longest_days(&self) -> i64 {
        let ladder = i64::from(self.every_days) + i64::from(self.pause_days) * (i64::from(REMINDERS) + 1);
        let pace = self.grace(Opened::Alone, 0);
        ladder + i64::from(pace.warnings) * i64::from(pace.days) + 1
    }

    /// `faster-after-the-old-period`: whether anything in `next` could let letters go sooner than this plan would.
    pub fn is_faster(&self, next: &Self) -> bool {
        let fallback = match (self.fallback, next.fallback) {
            (Fallback::Never, Fallback::After(_)) => true,
            (Fallback::After(old), Fallback::After(new)) => new < old,
            (_, Fallback::Never) => false,
        };
        // 'Both' asks for everything that 'keepers only' and 'either' ask for.
        let policy = next.policy != self.policy
            && !(next.policy == Policy::Both && matches!(self.policy, Policy::KeepersOnly | Policy::Either));
        policy
            || fallback
            || next.every_days < self.every_days
            || next.pause_days < self.pause_days
            || next.warning_days < self.warning_days
            || next.quorum < self.quorum
    }

    /// When a faster plan begins to count, if it is asked for now: after the whole time that the old one would have taken.
    pub fn next_counts_from(&self, now: Observed) -> Observed {
        now.plus_days(self.longest_days())
    }
}
