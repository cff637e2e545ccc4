//! What must always hold (delivery.md), each by its number, held against what is true.
//!
//! * [`knocks`]: 1, 2, 3, 4, 5, 10, 13 at each copy that a mail server takes.
//! * [`opening`]: 1, 2, 4, 10, 15 at each opening.
//! * [`rows`]: 11, 14, 18, by looking at the house from outside.
//! * [`worlds`]: 15, by two worlds that differ only in what those do who are written to.
//! * [`owed`]: 17, when nothing breaks any more.
//!
//! 12 is looked at with each reading of a clock, in node.rs.

pub(crate) mod knocks;
pub(crate) mod opening;
pub(crate) mod owed;
pub(crate) mod rows;
pub(crate) mod worlds;

/// The name of a property.
pub fn name(property: u8) -> &'static str {
    match property {
        1 => "never early",
        2 => "never to the wrong person",
        3 => "at most one copy outside the window",
        4 => "stop always stops",
        5 => "refused is never contacted",
        6 => "no release before the sum that the policy demands",
        7 => "downtime and clock errors never count",
        8 => "no release without the accepted messages",
        9 => "a quorum of distinct keepers, and nobody skips the grace",
        10 => "only sealed words leave, and what was pinned stays",
        11 => "facts stay true",
        12 => "the trusted clock is never ahead, and never goes back",
        13 => "nothing leaves unforeseen in numbers",
        14 => "one state a delivery, and the counts balance",
        15 => "silence about people",
        16 => "an author who is dead is released in time",
        17 => "all that is owed leaves, or ends in a state that says why",
        18 => "no row without a wake",
        _ => "no property",
    }
}
