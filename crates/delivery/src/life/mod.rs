//! Is the author alive? The ladder of questions, her keepers' word, the grace, the hold-off, and the release; and everything that sets it back.
//!
//! * [`plan`]: what she asked for, and its bounds.
//! * [`decide`]: what the passing of observed time demands.
//! * [`rungs`]: whether a message to her counts: as accepted, as refused for good, or not at all.
//! * [`votes`]: what her keepers have said.
//! * [`soonest`]: before which day nothing can leave, whoever says what.
//! * [`accept`]: what a human may ask: a sign of life, a keeper's word, pause, stop, resume, end, another plan.
//! * [`learn`]: what a journal knows and the rows do not.
//! * [`ahead`]: what would come if nothing more were heard of her.
//! * [`permit`]: whether a message of this file may still leave.
//! * [`alive`]: whom a letter has reached after a release that was false, and who may be told that she lives.
//!
//! Values in, values out. Silence, grace and pauses are observed time, so that no downtime is held against anybody; what was asked for a civil day
//! (a pause) is trusted time. Nothing here sends, stores, draws a number, or knows what any of it is called on a page.

pub mod accept;
pub mod ahead;
pub mod alive;
pub mod decide;
pub mod learn;
pub mod permit;
pub mod plan;
pub mod rungs;
pub mod soonest;
pub mod votes;

pub use accept::{Armed, LifeRefused, NoVote};
pub use decide::decide;
pub use plan::{Fallback, Opened, Pace, Plan, PlanRefused, Policy};
pub use rungs::{Heard, Rung};

use crate::clock::Observed;
use crate::fact::Fact;
use crate::id::{AccountId, ChannelId, KeeperId};
use crate::message::Says;
use crate::state::Wake;
use jiff::Timestamp;

/// Where she stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// She is believed to be well.
    Present,
    /// The question went.
    Asked,
    /// So many reminders went, 1 to 4.
    Reminded(u8),
    /// She has not answered the ladder, or a keeper has spoken: her keepers are asked.
    Silent,
    /// Everybody is warned, and anything of hers ends it.
    Grace(Grace),
    /// The grace is over. The hold-off: until then nothing has left, and she can still stop it.
    Gone {
        /// Its end.
        until: Observed,
        /// What had opened the grace.
        opened: Opened,
    },
    /// What waited for her end is let go.
    Released,
    /// Somebody with her stop code, or she herself, has stopped everything.
    Stopped {
        /// It begins anew then, by itself.
        until: Observed,
        /// A quorum of keepers has asked for it to begin anew already then.
        resumes: Option<Observed>,
    },
    /// She has ended it for good. Only she can begin anew.
    Ended,
}

/// A grace on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grace {
    /// What opened it.
    pub opened: Opened,
    /// The warning that was written last, from 1.
    pub warning: u8,
    /// How many there are.
    pub of: u8,
    /// Observed days after each.
    pub days: u16,
    /// She was out of reach, or her weak signs do not count any more: it has been made twice as long, once.
    pub doubled: bool,
}

/// How strong a sign of life is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strength {
    /// The button behind a link, or a session by mail code: whoever reads her mail can do that.
    Weak,
    /// Words, kit or passkey, given by hand; the stop code.
    Strong,
}

/// What a keeper says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// She is well.
    Well,
    /// I do not know.
    Unknown,
    /// She has died.
    Died,
}

/// The word of one keeper that stands in the present episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Vote {
    /// Whose.
    pub keeper: KeeperId,
    /// What.
    pub word: Word,
}

/// Whether her keepers were asked because nothing but weak signs came of her.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Doubt {
    /// No.
    #[default]
    None,
    /// They are asked.
    Open,
    /// A quorum has said that she has died: weak signs do not set back any more.
    Confirmed,
}

/// Her weak signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WeakSigns {
    /// So many in a row, each of its own episode or interval.
    pub in_a_row: u8,
    /// When the last one was counted.
    pub counted: Option<Observed>,
    /// When she was first asked for an unlock, by a message that was accepted.
    pub unlock_asked: Option<Observed>,
    /// What her keepers were asked for that.
    pub doubt: Doubt,
}

/// The row of one author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Whose.
    pub account: AccountId,
    /// What counts now.
    pub plan: Plan,
    /// A faster plan, and from when it counts.
    pub coming: Option<(Plan, Observed)>,
    /// Where she stands.
    pub stage: Stage,
    /// Goes up by one with each sign of life that ends anything: votes and messages of an earlier one do not count.
    pub episode: u32,
    /// The episode has begun: with a question, or with a keeper's word.
    pub open: bool,
    /// When arming began.
    pub armed: Observed,
    /// The last sign of life that was recorded and counts.
    pub sign: Observed,
    /// When a weak one was recorded last.
    pub weak_at: Option<Observed>,
    /// When a strong one was recorded last.
    pub strong_at: Option<Observed>,
    /// When the next question goes, if nothing is heard of her.
    pub asks: Observed,
    /// She said that she is away until then.
    pub paused: Option<Timestamp>,
    /// The number of the newest writing to her: question, reminder or warning.
    pub rung: u32,
    /// When it was written.
    pub written: Observed,
    /// What its refusal means has been reckoned.
    pub judged: bool,
    /// A notice was written to find out whether other mail leaves.
    pub probed: bool,
    /// Refusals running, 2 for each while other mail left, 1 for each that nobody could check; at 4 she is out of reach.
    pub refusals: u8,
    /// All her channels refuse for good, while other mail leaves.
    pub out_of_reach: bool,
    /// When her keepers were first asked in this episode.
    pub keepers_asked: Option<Observed>,
    /// How often they have been asked in it.
    pub rounds: u8,
    /// When the whole ladder was climbed in this episode.
    pub climbed: Option<Observed>,
    /// How often a keeper has said in it that she is well, and been given days for that.
    pub wells: u8,
    /// Nothing moves before, because a keeper says that she is well.
    pub held: Option<Observed>,
    /// Her weak signs.
    pub weak: WeakSigns,
    /// When the present grace began, by trusted time.
    pub confirmed: Option<Timestamp>,
    /// When she was let go, by trusted time.
    pub released: Option<Timestamp>,
    /// Goes up by one at every commit.
    pub rev: i64,
}

/// To whom something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum To {
    /// Her sign-in address.
    SignIn,
    /// Another verified channel of hers.
    Channel(ChannelId),
    /// A keeper of hers.
    Keeper(KeeperId),
    /// The host, at their sign-in address.
    Host(AccountId),
}

/// Something to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    /// What it says.
    pub says: Says,
    /// The how-manieth of its kind.
    pub nth: u8,
    /// To whom.
    pub to: To,
}

/// What decisions may know beside the row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Her verified channels, the sign-in address first.
    pub channels: Vec<To>,
    /// Keepers who were invited or have enrolled, and have neither declined nor been removed.
    pub keepers: Vec<KeeperId>,
    /// Since when each of them has not been heard of, nor asked whether this is still right (trusted time).
    pub quiet: Vec<(KeeperId, Timestamp)>,
    /// Those of them who can be written to, and have not been yet.
    pub invited: Vec<KeeperId>,
    /// So many people her letters cannot reach, of whom her keepers may be told.
    pub lost: u64,
    /// What they have said in the present episode, one word each.
    pub votes: Vec<Vote>,
    /// What became of the messages of the newest writing.
    pub rung: Vec<Heard>,
    /// When the relay last accepted a message to anybody else.
    pub mail_left: Option<Observed>,
    /// Somebody else to whom a notice can be written, to find out whether mail leaves: the host, or a keeper.
    pub somebody_else: Option<To>,
    /// What comes back is heard of (UNSAID_BOUNCES).
    pub hears_bounces: bool,
}

/// What becomes of the letters that wait for her end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateMoves {
    /// They are owed from now on, each at its moment.
    Opens,
    /// What has not left waits again.
    Shuts,
}

/// What is to be committed, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The row as it is then; the store raises `rev`.
    pub life: Life,
    /// When to look again. None: nothing moves it but a human.
    pub wake: Option<Wake>,
    /// What is written.
    pub write: Vec<Write>,
    /// What becomes of her letters.
    pub gate: Option<GateMoves>,
    /// What goes into the journal first.
    pub fact: Option<Fact>,
    /// The name of the rule (docs/delivery.md).
    pub why: &'static str,
}

impl Life {
    /// Whether she has been let go.
    pub fn is_released(&self) -> bool {
        self.stage == Stage::Released
    }

    /// The same, and where it was released, whether that was to be foreseen: the grace had begun a week before.
    pub fn gate(&self) -> Option<crate::decide::Gone> {
        let at = self.released.filter(|_| self.is_released())?;
        let settled = jiff::SignedDuration::from_hours(crate::forecast::SETTLED_DAYS * 24);
        let foreseen = self.confirmed.is_some_and(|confirmed| at.duration_since(confirmed) >= settled);
        Some(crate::decide::Gone { at, foreseen })
    }

    /// Whether her keepers are asked how she is.
    pub fn is_asking_keepers(&self) -> bool {
        let asked = matches!(self.stage, Stage::Silent | Stage::Grace(_) | Stage::Gone { .. });
        let over = matches!(self.stage, Stage::Released | Stage::Stopped { .. } | Stage::Ended);
        self.plan.policy.has_keepers() && !over && (asked || self.keepers_asked.is_some())
    }

    /// Whether each question asks her for an unlock too.
    pub fn wants_unlock(&self) -> bool {
        self.weak.in_a_row >= accept::WEAK_IN_A_ROW
    }
}
