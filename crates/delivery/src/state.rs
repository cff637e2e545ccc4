//! The states of a delivery: always exactly one. Each that is not an end has a wake, a lease, or somebody who has been asked.
//! The states of a table row are these and no others; how they are written down is the store's business.

use crate::clock::{Now, Observed};
use crate::forecast::Forecast;
use crate::id::{AccountId, DeliveryId, LetterId, PersonId};
use crate::parking::Parking;
use crate::planted::{self, Planted};
use crate::rule::Rule;
use jiff::Timestamp;
use jiff::civil::Date;

/// Why something is parked. Each has words on the host's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Parked {
    /// The rule asks for something that this version cannot keep.
    RuleUnknown,
    /// The wrap did not carry this letter's line (seal.md).
    WrongBinding,
    /// Its stored bytes are damaged or missing.
    Damaged,
    /// The zone's name means nothing to us.
    ZoneUnknown,
    /// The host asked for it.
    ByHost,
    /// One of many that nobody foresaw.
    Unforeseen,
    /// Its row says what cannot be, or the program fell over it again and again.
    Internal,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Sealed, and can be undone with one click.
    Resting,
    /// For its gate or its moment.
    Waiting,
    /// Owed now; the next turn writes the knock.
    Due,
    /// A first knock is written and has not been accepted yet.
    Sending,
    /// So many knocks have been accepted, 1 or more.
    Knocked(u8),
    /// Held until it is asked for.
    Askable,
    /// The person keeps it for a day that they chose.
    Later(Date),
    /// Held by the host or by doubt.
    Parked {
        /// Why.
        why: Parked,
        /// A first knock had been written before: the author is shown that it has left, and nothing finer.
        left: bool,
    },
    /// End: read by the person.
    Opened,
    /// End: taken back by its author (`undone` while it rested).
    Withdrawn {
        /// Taken back in its rest, so that the letter is a draft again.
        undone: bool,
    },
    /// End: refused by the person.
    Refused,
    /// End: knocked for ten years, never answered. A claim can still open it.
    Unanswered,
    /// End: no address is left. A claim can still open it.
    Unreachable,
}

impl State {
    /// Nothing more is done by itself.
    pub fn is_end(self) -> bool {
        matches!(
            self,
            Self::Opened | Self::Withdrawn { .. } | Self::Refused | Self::Unanswered | Self::Unreachable
        )
    }

    /// The first knock has been written, or would have been had the person not refused before. From here on the author is shown one
    /// state and no other, and the person may see and open it.
    pub fn has_left(self) -> bool {
        match self {
            Self::Sending
            | Self::Knocked(_)
            | Self::Later(_)
            | Self::Opened
            | Self::Refused
            | Self::Unanswered
            | Self::Unreachable
            | Self::Askable => true,
            Self::Parked { left, .. } => left,
            Self::Resting | Self::Waiting | Self::Due | Self::Withdrawn { .. } => false,
        }
    }

    /// The person sees that it is there: it may be opened, or it is held after it had been announced to them.
    pub fn is_there_for_person(self) -> bool {
        self.may_be_opened() || matches!(self, Self::Parked { left: true, .. })
    }

    /// A knock may be written about it: it waits for the person and they have not yet said anything.
    pub fn is_knocking(self) -> bool {
        matches!(self, Self::Sending | Self::Knocked(_))
    }

    /// Whether the person who is here with a good link may open it now. Refusing ends our contacting, never their coming.
    pub fn may_be_opened(self) -> bool {
        matches!(
            self,
            Self::Sending
                | Self::Knocked(_)
                | Self::Later(_)
                | Self::Askable
                | Self::Opened
                | Self::Refused
                | Self::Unanswered
                | Self::Unreachable
        )
    }
}

/// The end of a rest: both must have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// By trusted time.
    pub until: Timestamp,
    /// By observed time.
    pub observed: Observed,
}

impl Rest {
    /// Whether the rest is over.
    pub fn has_ended(&self, now: Now) -> bool {
        now.trusted >= self.until && now.observed >= self.observed
    }
}

/// When something wants to be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// At a trusted instant.
    Trusted(Timestamp),
    /// After so much service.
    Observed(Observed),
}

impl Wake {
    /// Whether it has come.
    pub fn has_come(self, now: Now) -> bool {
        match self {
            Self::Trusted(at) => now.trusted >= at,
            Self::Observed(at) => now.observed >= at,
        }
    }
}

/// The promise to bring one letter to one person, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its name.
    pub id: DeliveryId,
    /// Which letter; unique together with `occurrence`.
    pub letter: LetterId,
    /// Whose letter.
    pub account: AccountId,
    /// To whom.
    pub person: PersonId,
    /// Which time of a rule that recurs: the year; 0 for a rule that happens once.
    pub occurrence: i16,
    /// What the author asked for.
    pub rule: Rule,
    /// The version that goes. Pinned by the first opening.
    pub version: u32,
    /// Whether it has been opened once, so that the version can never change again.
    pub pinned: bool,
    /// Where it is.
    pub state: State,
    /// When its rest ends.
    pub rest: Rest,
    /// The instant derived from the moment: a cache.
    pub due: Option<Timestamp>,
    /// Which time-zone data it was derived with.
    pub tzdb: String,
    /// When it was foreseen to leave; none while that is too far away.
    pub forecast: Option<Forecast>,
    /// While it is parked: where it was, by whom, since when. None also where an older program parked it.
    pub parked: Option<Parking>,
    /// Goes up by one at every commit; every commit says which one it expects.
    pub rev: i64,
}

/// A new version of a sealed letter, in its own rest. Until that ends the version before counts, and is what taking it back returns to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amending {
    /// Which letter.
    pub letter: LetterId,
    /// The version that rests.
    pub version: u32,
    /// When it begins to count.
    pub rest: Rest,
}

/// What an author is shown of a letter. From the first knock on there is one answer, whatever the person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Can be undone with one click.
    Resting,
    /// Kept until its day.
    Waiting,
    /// Held by this house before it left.
    Held,
    /// It has left our hands.
    Left,
    /// She took it back. If it had not been opened, it cannot be any more; we do not say whether it was.
    Withdrawn,
}

/// What the author of this delivery is shown. `withdrew`: she has taken it back, whatever came of that.
pub fn shown(state: State, withdrew: bool) -> Shown {
    if withdrew {
        return Shown::Withdrawn;
    }
    if state == State::Opened && planted::is(Planted::AuthorSeesOpened) {
        return Shown::Held;
    }
    match state {
        State::Resting => Shown::Resting,
        State::Waiting | State::Due => Shown::Waiting,
        State::Withdrawn { .. } => Shown::Withdrawn,
        State::Parked { left: false, .. } => Shown::Held,
        _ => Shown::Left,
    }
}
