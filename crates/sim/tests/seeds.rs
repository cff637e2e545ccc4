//! The engine keeps what must always hold: on a few fixed seeds, on everything that once failed, and over SQLite. A run repeats itself to the last event.

use unsaid_sim::{Options, Outcome, Over, run, seeds};

fn lives(options: Options) -> Outcome {
    let outcome = run(options).expect("the store opens");
    assert!(
        outcome.violations.is_empty(),
        "{options}\n{}\n{}",
        outcome.log.join("\n"),
        outcome.violations.join("\n")
    );
    outcome
}

#[test]
fn the_engine_keeps_what_must_always_hold() {
    let mut sum = Outcome::default();
    for seed in 0..6 {
        sum.add(&lives(Options { seed, authors: 8, years: 6, ..Options::default() }));
    }
    assert!(
        sum.events > 500 && sum.crashes > 50,
        "something happened: {} events, {} crashes",
        sum.events,
        sum.crashes
    );
}

#[test]
fn the_same_over_sqlite() {
    for seed in 0..2 {
        lives(Options { seed, authors: 4, years: 2, over: Over::Sqlite, ..Options::default() });
    }
}

#[test]
fn what_once_failed_does_not_fail_again() {
    for kept in seeds::kept().expect("seeds.txt reads") {
        println!("{}: {}", kept.options, kept.what);
        lives(kept.options);
    }
}

#[test]
fn a_run_repeats_itself() {
    let options = Options { seed: 5, authors: 6, years: 4, ..Options::default() };
    let (one, two) = (lives(options), lives(options));
    assert_eq!((one.events, one.crashes, one.log), (two.events, two.crashes, two.log));
}
