//! Faults planted on purpose, so that the simulator can show that it would find them. Each stands in the code as one question, `planted::is(…)`, beside what it spoils. Without the
//! feature `planted`, which the simulator alone turns on, the answer is a constant and nothing of it is left in the program. This file knows the names; what each spoils stands where
//! it is asked for.
//!
//! Beside it is the place where a simulated process ends: [`step`] is called at the beginning of each transaction, and after as many as the simulator has given, the process takes no
//! further step. It ends by unwinding, so that what was not committed is taken back on the way. And [`moved`] tells the simulator which author's row was just committed: what is true about her
//! it knows itself.

use crate::id::AccountId;
use crate::life::Stage;

/// What can be planted. The property that finds it is named in the simulator's own table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// Every zone is UTC.
    ZoneToUtc,
    /// What was derived with older zone data stays as it is.
    FrozenUtc,
    /// Whoever was born on 29 February has their birthday on the 28th, whatever the author chose.
    LeapSkipped,
    /// What is asked before a letter opens is not.
    ProofNotAsked,
    /// Nobody looks whether a message is still theirs before it begins.
    NoFence,
    /// What was accepted goes again.
    AcceptedGoesAgain,
    /// Whether a letter was taken back is not looked at right before its content.
    StopNotRechecked,
    /// A no is looked at when the knock is written, and not again.
    RefuseAtScheduleOnly,
    /// A sign of life in the grace is thanked for, and ends nothing.
    GraceIgnoresCheckin,
    /// Time in which the house was off counts as silence.
    DowntimeCounts,
    /// A rung is climbed when its message was written.
    CountQueuedReminders,
    /// A keeper counts as often as they speak.
    DupVotes,
    /// A mailbox that is closed is waited for without an end.
    ClosedWaitsForEver,
    /// Not the pinned version is released, but the newest.
    WrongVersion,
    /// Whoever looks at a link has come by it.
    GetCheckin,
    /// A restored house does not read its journal.
    RestoreNoJournal,
    /// The wall clock is taken at its word.
    WallClock,
    /// Many that nobody foresaw are as welcome as one.
    BreakerOff,
    /// An occurrence is written twice.
    TwoStates,
    /// The author is shown what the person did.
    AuthorSeesOpened,
    /// A `later` ends an address.
    TempGivesUp,
    /// Mail that comes back changes nothing.
    BounceIgnored,
    /// What was knocked for is never looked at again.
    WakeForgotten,
}

#[cfg(not(feature = "planted"))]
mod off {
    use super::{AccountId, Stage};

    /// Nothing is planted in a program that is shipped.
    #[inline(always)]
    pub const fn is(_: super::Planted) -> bool {
        false
    }

    /// Nobody listens in a shipped program.
    #[inline(always)]
    pub const fn moved(_account: AccountId, _stage: Stage) {}

    /// A shipped program is ended by others.
    #[inline(always)]
    pub const fn step() {}

    /// Nobody counts the transactions of a shipped program.
    #[derive(Default)]
    pub struct Opened(());

    impl Opened {
        /// One more.
        pub const fn new() -> Self {
            Self(())
        }
    }
}

#[cfg(feature = "planted")]
mod on {
    use super::{AccountId, Planted, Stage};
    use std::cell::{Cell, RefCell};

    thread_local! {
        static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
        static STEPS_LEFT: Cell<u32> = const { Cell::new(u32::MAX) };
        static OPEN: Cell<u32> = const { Cell::new(0) };
        static MOVES: RefCell<Vec<(AccountId, Stage)>> = const { RefCell::new(Vec::new()) };
    }

    /// Whether this is planted, on this thread.
    #[inline]
    pub fn is(planted: Planted) -> bool {
        PLANTED.get() == Some(planted)
    }

    /// Plants one, or none, on this thread.
    pub fn plant(planted: Option<Planted>) {
        PLANTED.set(planted);
    }

    /// After so many further steps on this thread the process takes no more.
    pub fn end_after(steps: u32) {
        STEPS_LEFT.set(steps);
    }

    /// How many steps are left on this thread, if it was said. 0: the process has ended.
    pub fn steps_left() -> Option<u32> {
        Some(STEPS_LEFT.get()).filter(|left| *left != u32::MAX)
    }

    /// The process does not end.
    pub fn lives() {
        STEPS_LEFT.set(u32::MAX);
    }

    /// An author's row was committed, and stands so.
    pub fn moved(account: AccountId, stage: Stage) {
        MOVES.with_borrow_mut(|moves| moves.push((account, stage)));
    }

    /// All that were, since this was asked last.
    pub fn moves() -> Vec<(AccountId, Stage)> {
        MOVES.take()
    }

    /// How many transactions are open on this thread.
    pub fn open() -> u32 {
        OPEN.get()
    }

    /// One open transaction, as long as this is held.
    pub struct Opened(());

    impl Opened {
        /// One more.
        #[expect(clippy::new_without_default, reason = "nobody has one without a transaction")]
        pub fn new() -> Self {
            OPEN.set(OPEN.get().saturating_add(1));
            Self(())
        }
    }

    impl Drop for Opened {
        fn drop(&mut self) {
            OPEN.set(OPEN.get().saturating_sub(1));
        }
    }

    /// A transaction begins, or the process has ended and nothing begins any more.
    pub fn step() {
        match STEPS_LEFT.get() {
            u32::MAX => {}
            0 => std::panic::resume_unwind(Box::new("this process has ended, as the simulator wanted")),
            left => STEPS_LEFT.set(left - 1),
        }
    }
}

#[cfg(not(feature = "planted"))]
pub use off::{Opened, is, moved, step};
#[cfg(feature = "planted")]
pub use on::{Opened, end_after, is, lives, moved, moves, open, plant, step, steps_left};
