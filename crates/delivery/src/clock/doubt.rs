//! What may be in doubt about the time. Shown to the host, and never a reason to believe anything; what each means in words is not known here.

/// What the host is shown when the clocks do not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The wall clock is ahead by this many seconds; six observed hours of agreement will settle it.
    Settling {
        /// How far the wall clock is ahead, in seconds.
        ahead_seconds: i64,
    },
    /// The wall clock is ahead by more than may be believed without a word from the host (`unsaid clock confirm`).
    NeedsConfirming {
        /// How far the wall clock is ahead, in seconds.
        ahead_seconds: i64,
    },
    /// The wall clock is behind what has certainly passed. It is not believed; please set it right.
    Behind {
        /// How far the wall clock is behind, in seconds.
        behind_seconds: i64,
    },
    /// Several sources are known, one alone answers, and it is not where trusted time is. It is not believed alone.
    Alone {
        /// How far it is ahead, in seconds; behind where that is negative.
        ahead_seconds: i64,
    },
    /// Several sources answer, and no two of them agree. None is believed.
    Apart {
        /// What lies between the earliest and the latest, in seconds.
        between_seconds: i64,
    },
    /// Trusted time is ahead of what two sources agree on. It stands still until they have reached it, and no letter leaves meanwhile.
    Ahead {
        /// How far it is ahead of the latest of those that agree, in seconds.
        ahead_seconds: i64,
    },
}

impl Doubt {
    /// The word for it, which scripts may read (readyz).
    pub fn word(&self) -> &'static str {
        match self {
            Self::Settling { .. } => "settling",
            Self::NeedsConfirming { .. } => "needs-confirming",
            Self::Behind { .. } => "behind",
            Self::Alone { .. } => "alone",
            Self::Apart { .. } => "apart",
            Self::Ahead { .. } => "ahead",
        }
    }
}
