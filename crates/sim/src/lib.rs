//! Imagined here: the production worker over the memory store, among simulated people, mail servers and clocks, with everything drawn from a seed. Safety while things
//! break, then healing, then liveness. It never touches a network, a disk or the machine's clock, and is never shipped.
//!
//! What it checks so far: never early (1), at most one copy outside the window and no attempt after a recorded acceptance (3), stop always stops (4), refused is never
//! contacted (5), trusted time is a lower bound and never goes back (12), all that is owed leaves (17), no row without a wake (18). Each of the checks is shown to fail
//! by a planted fault (tests/planted.rs).

mod chance;
mod post;
mod truth;
mod world;

pub use post::Planted;
pub use world::{Options, Outcome, run};
