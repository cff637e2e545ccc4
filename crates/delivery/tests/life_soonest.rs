//! The earliest moment that is said to somebody who is about to give their word, held against what the rules then do, however quick everybody is.

mod lives;

use lives::{World, plan};
use unsaid_delivery::life::soonest::soonest_hours;
use unsaid_delivery::life::{Plan, Policy, Stage, Word};

fn said(world: &World) -> Option<i64> {
    soonest_hours(&world.life, &world.facts(), world.now)
}

/// Lives on until she is let go, and holds each day's earliest moment against the true one. Gives how far off the first was, in hours.
fn held_against_the_rules(world: &mut World) -> i64 {
    let mut all = vec![(world.now.observed, said(world).expect("something can leave"))];
    for _ in 0..1_200 {
        world.serve_days(1);
        if world.life.is_released() {
            let off = |(at, hours): &(unsaid_delivery::Observed, i64)| {
                (world.now.observed.0 - at.0) / 3_600 - hours
            };
            for told in &all {
                assert!(off(told) >= 0, "{} hours too late, told at {:?}", -off(told), told.0);
            }
            return off(&all[0]);
        }
        all.push((world.now.observed, said(world).expect("something can leave")));
    }
    panic!("never let go: {:?}", world.life.stage);
}

#[test]
fn never_later_than_the_rules_and_close_where_everybody_speaks_at_once() {
    for policy in [Policy::Both, Policy::KeepersOnly, Policy::Either, Policy::CheckIns] {
        for keepers in 0..=3 {
            for day in [0, 20, 63, 80, 97] {
                let mut world = World::new(plan(policy), keepers);
                world.serve_days(day);
                let before = said(&world);
                for n in 1..=keepers {
                    let _ = world.vote(n, Word::Died);
                }
                assert!(before <= said(&world) || before.is_none(), "{policy:?} {keepers} {day}");
                let off = held_against_the_rules(&mut world);
                assert!(off <= 48, "{policy:?}, {keepers} keepers, day {day}: {off} hours early");
            }
        }
    }
}

#[test]
fn nobody_speaks() {
    for policy in [Policy::Both, Policy::Either, Policy::CheckIns] {
        held_against_the_rules(&mut World::new(plan(policy), 2));
    }
}

#[test]
fn what_has_ended_or_was_stopped() {
    let mut world = World::new(plan(Policy::KeepersOnly), 2);
    world.serve_days(40);
    world.stop();
    assert_eq!(said(&world), Some((30 + 31) * 24));
    for n in 1..=2 {
        let _ = world.vote(n, Word::Died);
    }
    world.serve_days(29);
    assert!(matches!(world.life.stage, Stage::Stopped { resumes: Some(_), .. }));
    assert_eq!(said(&world), Some((1 + 31) * 24));
    let never = Plan { fallback: unsaid_delivery::life::Fallback::Never, ..plan(Policy::Both) };
    assert_eq!(said(&World::new(never, 0)), None);
}
