//! Imagined here: the production worker on two nodes over one of the three stores, among simulated people, mail servers and clocks, with everything drawn from a seed. Safety while
//! things break, then healing, then liveness. It never touches the machine's clock, and no network or disk but PostgreSQL's where it is asked for, and is never shipped.
//!
//! * [`world`]: events in the order of true time.
//! * [`node`], [`post`], [`hand`]: a node, its way out, and the store.
//! * `people` and [`faults`]: who acts, and what breaks.
//! * `mortals`: authors who die, and their keepers, over the same engine.
//! * [`truth`] and [`check`]: what is true, and what must always hold (delivery.md, by its numbers).
//! * [`differ`]: two worlds that their authors must not be able to tell apart.
//! * [`mutants`]: what is planted in the engine, and which property must find it.
//! * [`seeds`]: what once failed, kept for ever.

mod chance;
mod check;
mod faults;
mod hand;
mod mortals;
pub mod mutants;
mod node;
mod options;
mod people;
mod post;
mod report;
pub mod seeds;
mod truth;
mod world;

pub use check::name;
pub use check::worlds::differ;
pub use options::{Options, Over};
pub use report::{LEGEND, Outcome};
pub use world::run;

use jiff::Timestamp;

/// Seconds by the sun.
pub(crate) type Secs = i64;
/// A day.
pub(crate) const DAY: Secs = 86_400;

/// The instant of these seconds.
pub(crate) fn stamp(at: Secs) -> Timestamp {
    Timestamp::from_second(at).unwrap_or(Timestamp::MAX)
}
