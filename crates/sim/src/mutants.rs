//! What is planted in the engine, one fault at a time, and which property must find it. A checker that cannot fail checks nothing.

use crate::{Options, Outcome, Over, name, run};
use unsaid_delivery::planted::Planted;

/// One fault, and the property that finds it.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// What is planted.
    pub planted: Planted,
    /// The number of the property.
    pub property: u8,
    /// How many must write for it to show, at least.
    pub authors: u64,
    /// Over which store.
    pub over: Over,
    /// The first world in which it is looked for: not every world has what it wants.
    pub from: u64,
    /// It is about whether an author is alive: all of them let letters wait for their end. Elsewhere nobody does.
    pub of_lives: bool,
}

const fn found_by(property: u8, planted: Planted) -> Mutant {
    Mutant { planted, property, authors: 0, over: Over::Memory, from: 0, of_lives: false }
}

const fn about_life(property: u8, planted: Planted) -> Mutant {
    Mutant { authors: 12, of_lives: true, ..found_by(property, planted) }
}

/// All of them, by property.
pub const MUTANTS: &[Mutant] = &[
    found_by(1, Planted::ZoneToUtc),
    found_by(1, Planted::FrozenUtc),
    found_by(1, Planted::LeapSkipped),
    found_by(2, Planted::ProofNotAsked),
    Mutant { authors: 40, ..found_by(3, Planted::NoFence) },
    found_by(3, Planted::AcceptedGoesAgain),
    found_by(4, Planted::StopNotRechecked),
    found_by(5, Planted::RefuseAtScheduleOnly),
    about_life(6, Planted::GraceIgnoresCheckin),
    about_life(7, Planted::DowntimeCounts),
    about_life(8, Planted::CountQueuedReminders),
    about_life(9, Planted::DupVotes),
    found_by(10, Planted::WrongVersion),
    Mutant { over: Over::Sqlite, ..found_by(11, Planted::RestoreNoJournal) },
    found_by(11, Planted::GetCheckin),
    found_by(12, Planted::WallClock),
    Mutant { authors: 50, from: 8, ..found_by(13, Planted::BreakerOff) },
    found_by(14, Planted::TwoStates),
    found_by(15, Planted::AuthorSeesOpened),
    about_life(16, Planted::ClosedWaitsForEver),
    found_by(17, Planted::TempGivesUp),
    found_by(17, Planted::BounceIgnored),
    found_by(18, Planted::WakeForgotten),
];

/// How a mutant ended.
#[derive(Debug, Clone)]
pub enum Ended {
    /// Its own property found it, at this seed.
    Found(u64),
    /// Another one did first.
    FoundByAnother(u64, String),
    /// Nobody did.
    Survived,
}

/// Lives through one seed after the other until something is broken.
///
/// # Errors
/// The store cannot be opened.
pub fn hunt(mutant: Mutant, options: Options, seeds: u64) -> Result<Ended, String> {
    let from = options.seed + mutant.from;
    for seed in from..from + seeds {
        let authors = options.authors.max(mutant.authors);
        let planted = Some(mutant.planted);
        let one_in = u64::from(mutant.of_lives);
        let options = Options { seed, authors, over: mutant.over, one_in, planted, ..options };
        let Outcome { violations, .. } = run(options)?;
        if let Some(first) = violations.first() {
            let own = first.starts_with(&format!("{} {}", mutant.property, name(mutant.property)));
            return Ok(if own { Ended::Found(seed) } else { Ended::FoundByAnother(seed, first.clone()) });
        }
    }
    Ok(Ended::Survived)
}
