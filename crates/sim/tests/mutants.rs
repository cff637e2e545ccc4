//! Everything that is planted in the engine is found by the property that is there for it: a check that cannot fail checks nothing.

use unsaid_sim::mutants::{Ended, MUTANTS, hunt};
use unsaid_sim::{Options, name};

#[test]
fn everything_that_is_planted_is_found_by_its_own_property() {
    let options = Options { authors: 8, years: 6, ..Options::default() };
    let mut missed = Vec::new();
    for mutant in MUTANTS {
        match hunt(*mutant, options, 40).expect("memory opens") {
            Ended::Found(_) => {}
            other => missed.push(format!("{:?} (property {}): {other:?}", mutant.planted, mutant.property)),
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn each_property_that_is_checked_has_one_that_it_alone_finds() {
    for property in 1..=18 {
        assert!(MUTANTS.iter().any(|m| m.property == property), "nothing is planted for: {}", name(property));
    }
}
