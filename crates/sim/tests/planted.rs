//! The simulator finds nothing in the engine as it is, and everything that is planted: a check that cannot fail checks nothing.

use unsaid_sim::{Options, Outcome, Planted, run};

fn seeds(planted: Planted, seeds: std::ops::Range<u64>) -> impl Iterator<Item = Outcome> {
    seeds.map(move |seed| run(Options { seed, authors: 6, years: 2, planted }))
}

/// Lives through one seed after the other until one of them shows it: some faults need a rare turn of events.
fn caught(planted: Planted, property: &str) {
    let mut others = Vec::new();
    for violation in seeds(planted, 0..32).flat_map(|o| o.violations) {
        if violation.contains(property) {
            return;
        }
        others.push(violation);
    }
    panic!("{planted:?} was not caught as {property}; found {:?}", others.first());
}

#[test]
fn the_engine_keeps_what_must_always_hold() {
    let (mut events, mut crashes, mut duplicates) = (0, 0, 0);
    for outcome in seeds(Planted::Nothing, 0..8) {
        assert!(outcome.violations.is_empty(), "{:?}\n{}", outcome.violations, outcome.log.join("\n"));
        events += outcome.events;
        crashes += outcome.crashes;
        duplicates += outcome.duplicates;
    }
    assert!(
        events > 500 && crashes > 10,
        "something happened: {events} events, {crashes} crashes, {duplicates} repeats in the window"
    );
}

#[test]
fn a_run_repeats_itself() {
    let one = run(Options { seed: 5, authors: 4, years: 1, planted: Planted::Nothing });
    let two = run(Options { seed: 5, authors: 4, years: 1, planted: Planted::Nothing });
    assert_eq!((one.events, one.crashes, one.log), (two.events, two.crashes, two.log));
}

#[test]
fn a_question_that_is_not_asked_again_is_caught() {
    caught(Planted::AskedOnce, "4 stop");
}

#[test]
fn a_server_that_asks_nothing_is_caught() {
    caught(Planted::NotAsked, "4 stop");
}

#[test]
fn a_clock_that_is_ahead_is_caught() {
    caught(Planted::ClockAhead, "1 never early");
}

#[test]
fn a_day_of_theirs_that_is_not_kept_is_caught() {
    caught(Planted::NotKept, "their day");
}

#[test]
fn a_letter_that_forgets_what_it_asks_is_caught() {
    caught(Planted::NotAskedFirst, "2 the wrong person");
}

#[test]
fn mail_that_comes_back_unheard_is_caught() {
    caught(Planted::NotHeard, "17 all that is owed");
}

#[test]
fn a_letter_that_nobody_foresaw_is_caught() {
    caught(Planted::Unforeseen, "13 nothing unforeseen");
}

#[test]
fn a_letter_that_is_lost_is_caught() {
    caught(Planted::Dropped, "17 all that is owed");
}
