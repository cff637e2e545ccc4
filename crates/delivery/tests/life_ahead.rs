//! What an author is told of the days to come is what the engine then does: the walk of `ahead` beside whole lives that are lived step by step.

mod lives;

use jiff::{SignedDuration, Timestamp};
use lives::*;
use unsaid_delivery::Observed;
use unsaid_delivery::life::ahead::{Ahead, They, What, rehearse, released, walk};
use unsaid_delivery::life::{Fallback, Plan, Policy, Stage, Strength, Word, accept};

const POLICIES: [Policy; 4] = [Policy::Both, Policy::KeepersOnly, Policy::Either, Policy::CheckIns];

fn plans() -> impl Iterator<Item = Plan> {
    POLICIES.into_iter().flat_map(|policy| {
        [Fallback::After(180), Fallback::Never].into_iter().flat_map(move |fallback| {
            [(60, 7, 10), (30, 30, 40)].into_iter().map(move |(every_days, pause_days, warning_days)| Plan {
                policy,
                fallback,
                every_days,
                pause_days,
                warning_days,
                ..Plan::default()
            })
        })
    })
}

/// The same world, lived: keepers say what they are supposed to say.
fn lived(mut world: World, they: They, most_days: i64) -> Option<Timestamp> {
    let keepers = u8::try_from(world.keepers.len()).unwrap();
    let speak = |world: &mut World| {
        for n in 1..=keepers {
            // Whose policy listens to nobody is not asked.
            let _ = world.vote(n, Word::Died);
        }
    };
    if they == They::SpeakToday {
        speak(&mut world);
    }
    let mut spoken = they != They::SpeakWhenAsked;
    for _ in 0..most_days * 4 {
        if world.life.is_released() {
            break;
        }
        if !spoken && world.life.keepers_asked.is_some() {
            spoken = true;
            speak(&mut world);
        }
        world.now.observed = world.now.observed.plus_hours(6);
        world.now.trusted += SignedDuration::from_hours(6);
        world.settle();
    }
    world.life.released
}

fn days(world: &World, ahead: &[Ahead], which: impl Fn(What) -> bool) -> Vec<i64> {
    let days = |at: Timestamp| at.duration_since(world.now.trusted).as_hours() / 24;
    ahead.iter().filter(|one| which(one.what)).map(|one| days(one.at)).collect()
}

#[test]
fn what_is_said_of_the_days_to_come_is_what_comes() {
    for plan in plans() {
        for keepers in [0, 1, 3] {
            for served in [0, 20, 61 + 9, 61 + 40] {
                let mut world = World::new(plan, keepers);
                world.serve_days(served);
                if world.life.is_released() {
                    continue;
                }
                for they in [They::SpeakToday, They::SpeakWhenAsked, They::SayNothing] {
                    let said = released(&walk(&world.life, &world.facts(), they, world.now));
                    let came = lived(world.clone(), they, 900);
                    assert_eq!(said, came, "{plan:?} {keepers} keepers, day {served}, {they:?}");
                }
            }
        }
    }
}

#[test]
fn each_message_stands_on_its_day() {
    let world = World::new(plan(Policy::Both), 3);
    let ahead = walk(&world.life, &world.facts(), They::SpeakWhenAsked, world.now);
    let on = |which: fn(What) -> bool| days(&world, &ahead, which);
    assert_eq!(on(|what| what == What::Question), [61]);
    assert_eq!(on(|what| matches!(what, What::Reminder(_))), [68, 75, 82, 89]);
    assert_eq!(on(|what| what == What::KeepersAsked), [96]);
    assert_eq!(on(|what| matches!(what, What::Warning { of: 3, .. })), [96, 106, 116]);
    assert_eq!(on(|what| what == What::HoldOff), [126]);
    assert_eq!(on(|what| what == What::Released), [127]);
    // Nobody can make it sooner than this.
    let soonest = walk(&world.life, &world.facts(), They::SpeakToday, world.now);
    assert_eq!(days(&world, &soonest, |what| what == What::Released), [35 + 30 + 1]);
    // And where nobody answers: half a year more, and then the warnings.
    let silent = walk(&world.life, &world.facts(), They::SayNothing, world.now);
    assert_eq!(days(&world, &silent, |what| what == What::Released), [96 + 180 + 30 + 1]);
}

#[test]
fn what_is_rehearsed_is_what_is_written() {
    for plan in plans() {
        let world = World::new(plan, 3);
        let said: Vec<_> = rehearse(&world.life, &world.facts(), They::SayNothing, world.now)
            .into_iter()
            .map(|one| (one.at, one.write.says, one.write.nth, one.write.to))
            .collect();
        let mut lived = world.clone();
        lived.serve_days(400);
        let start = world.now.trusted;
        let at = |at: Observed| start + SignedDuration::from_secs(at.0 - world.now.observed.0);
        let came: Vec<_> = lived
            .written
            .iter()
            .filter(|one| one.write.says != unsaid_delivery::message::Says::StillRight)
            .map(|one| (at(one.at), one.write.says, one.write.nth, one.write.to))
            .collect();
        assert_eq!(said[..came.len().min(said.len())], came[..], "{plan:?}");
        assert_eq!(came.is_empty(), plan.policy == Policy::KeepersOnly);
    }
}

#[test]
fn what_never_comes_is_not_promised() {
    let never = Plan { fallback: Fallback::Never, ..plan(Policy::Both) };
    let world = World::new(never, 2);
    assert_eq!(released(&walk(&world.life, &world.facts(), They::SayNothing, world.now)), None);
    let world = World::new(plan(Policy::KeepersOnly), 2);
    assert_eq!(walk(&world.life, &world.facts(), They::SayNothing, world.now), []);
    let mut world = World::new(plan(Policy::Both), 3);
    let ended = accept::end(&world.life, &world.facts(), world.now);
    world.commit(ended);
    assert_eq!(walk(&world.life, &world.facts(), They::SpeakToday, world.now), []);
}

#[test]
fn a_stop_and_a_pause_stand_in_it() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.stop();
    let ahead = walk(&world.life, &world.facts(), They::SpeakWhenAsked, world.now);
    assert_eq!(days(&world, &ahead, |what| what == What::GoesOn), [365]);
    assert_eq!(days(&world, &ahead, |what| what == What::Question), [365 + 61]);
    // A quorum ends it with thirty days' notice, and speaks anew.
    let soonest = walk(&world.life, &world.facts(), They::SpeakToday, world.now);
    assert_eq!(days(&world, &soonest, |what| what == What::GoesOn), [30]);
    assert_eq!(days(&world, &soonest, |what| what == What::Released), [30 + 35 + 30 + 1]);
    let mut world = World::new(plan(Policy::Both), 3);
    let until = world.now.trusted + SignedDuration::from_hours(200 * 24);
    let paused = accept::pause(&world.life, until, false, &world.facts(), world.now).unwrap();
    world.commit(paused);
    let ahead = walk(&world.life, &world.facts(), They::SpeakWhenAsked, world.now);
    assert_eq!(days(&world, &ahead, |what| what == What::Question), [200 + 61]);
    let lived = lived(world.clone(), They::SpeakWhenAsked, 600);
    assert_eq!(released(&ahead), lived);
}

#[test]
fn a_sign_begins_the_walk_anew() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(100);
    assert_eq!(world.life.stage, Stage::Silent);
    let before = released(&walk(&world.life, &world.facts(), They::SpeakToday, world.now)).unwrap();
    assert!(world.sign(Strength::Strong));
    let after = released(&walk(&world.life, &world.facts(), They::SpeakToday, world.now)).unwrap();
    assert!(after > before);
    assert_eq!(
        days(&world, &walk(&world.life, &world.facts(), They::SayNothing, world.now), |w| w
            == What::Question),
        [61]
    );
}
