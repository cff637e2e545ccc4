//! Stories of whole lives, each named for the rule that it defends (docs/delivery.md). The pure rules alone.
//!
//! One thing because the rules are read against each other: what one story allows, the next forbids.

mod lives;

use lives::*;
use unsaid_delivery::life::accept::{self, Armed, LifeRefused, WELLS};
use unsaid_delivery::life::{Fallback, Heard, NoVote, Plan, PlanRefused, Policy, Stage, Strength, To, Word};
use unsaid_delivery::message::{Ladder, Says};
use unsaid_delivery::permit::Permit;
use unsaid_delivery::{Observed, life};

fn is_grace(stage: Stage) -> bool {
    matches!(stage, Stage::Grace(_))
}

// ---- the ladder ------------------------------------------------------------------------------------------------------------------------

#[test]
fn asked_after_silence() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(60);
    assert_eq!((world.life.stage, world.said(Says::Question)), (Stage::Present, 0));
    world.serve_days(1);
    assert_eq!((world.life.stage, world.said(Says::Question)), (Stage::Asked, 1));
}

#[test]
fn climbed_when_accepted() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(61);
    for rung in 1..=4 {
        world.serve_days(6);
        assert_ne!(world.life.stage, Stage::Reminded(rung));
        world.serve_days(1);
        assert_eq!(world.life.stage, Stage::Reminded(rung));
    }
    world.serve_days(7);
    assert_eq!(world.life.stage, Stage::Silent);
    assert_eq!((world.said(Says::Question), world.said(Says::Reminder)), (1, 4));
    assert_eq!(world.said(Says::KeeperAsked), 3);
}

#[test]
fn rungs_that_never_left() {
    // Mail is down for two years: nothing is climbed, and when it is mended the ladder goes on from there.
    let mut world = World::new(plan(Policy::CheckIns), 0);
    world.relay = Relay::Down;
    world.serve_days(800);
    assert_eq!(world.life.stage, Stage::Asked);
    assert_eq!(world.said(Says::Question), 1, "what never left is not written again and again");
    world.relay = Relay::Takes;
    let now = world.now.observed;
    for written in &mut world.written {
        written.heard = Heard::Accepted(now);
    }
    world.serve_days(7);
    assert_eq!(world.life.stage, Stage::Reminded(1));
    assert!(world.days_until_released(27).is_none());
}

#[test]
fn both_needs_her_silence_and_their_word() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(61 + 35);
    assert_eq!(world.life.stage, Stage::Silent);
    assert_eq!(world.vote(1, Word::Died), Ok(()));
    world.serve_days(20);
    assert_eq!(world.life.stage, Stage::Silent, "one of three is no quorum");
    assert_eq!(world.vote(2, Word::Died), Ok(()));
    assert!(is_grace(world.life.stage));
    assert_eq!(world.days_until_released(60), Some(31));
    assert_eq!(world.said(Says::Warning), 3);
    assert_eq!(world.said(Says::Released), 3);
}

#[test]
fn both_needs_her_silence() {
    // A quorum that speaks unasked starts the ladder that day, and skips nothing of it.
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(5);
    assert_eq!(world.vote(1, Word::Died), Ok(()));
    assert_eq!(world.life.stage, Stage::Present);
    assert_eq!(world.vote(2, Word::Died), Ok(()));
    assert_eq!(world.life.stage, Stage::Asked);
    assert_eq!(world.days_until_released(200), Some(35 + 30 + 1));
    assert_eq!((world.said(Says::Reminder), world.said(Says::Warning)), (4, 3));
}

#[test]
fn keepers_alone_speak() {
    let mut world = World::new(plan(Policy::KeepersOnly), 3);
    world.serve_days(400);
    assert_eq!(world.life.stage, Stage::Present);
    assert_eq!(world.written.len(), world.said(Says::StillRight), "she is asked nothing");
    assert_eq!(world.vote(1, Word::Died), Ok(()));
    assert_eq!(world.said(Says::KeeperAsked), 2, "the others are asked");
    assert_eq!(world.said(Says::SaidDied), 1, "and she is told");
    assert_eq!(world.vote(3, Word::Died), Ok(()));
    assert!(is_grace(world.life.stage));
    assert_eq!(world.days_until_released(60), Some(31));
}

#[test]
fn one_speaks_the_others_are_asked() {
    for policy in [Policy::Both, Policy::Either, Policy::KeepersOnly] {
        let mut world = World::new(plan(policy), 3);
        assert_eq!(world.vote(2, Word::Died), Ok(()));
        let asked: Vec<To> =
            world.written.iter().filter(|w| w.write.says == Says::KeeperAsked).map(|w| w.write.to).collect();
        assert_eq!(asked, [To::Keeper(keeper(1)), To::Keeper(keeper(3))]);
        assert_eq!(world.life.stage, Stage::Present);
    }
}

#[test]
fn either_whichever_is_first() {
    let mut world = World::new(plan(Policy::Either), 3);
    assert_eq!(world.vote(1, Word::Died), Ok(()));
    assert_eq!(world.vote(2, Word::Died), Ok(()));
    assert_eq!(world.days_until_released(60), Some(31), "the quorum first");

    let mut world = World::new(plan(Policy::Either), 3);
    world.serve_days(61 + 35);
    assert!(is_grace(world.life.stage));
    assert_eq!(world.days_until_released(400), Some(181), "the ladder alone");
    assert_eq!(world.said(Says::Warning), 6);

    // The quorum comes during the long grace: it begins one of its own, and skips nothing of that.
    let mut world = World::new(plan(Policy::Either), 3);
    world.serve_days(61 + 35 + 20);
    assert_eq!(world.vote(1, Word::Died), Ok(()));
    assert_eq!(world.vote(2, Word::Died), Ok(()));
    assert_eq!(world.days_until_released(400), Some(31));

    // And at the end of the long one it does not make it longer.
    let mut world = World::new(plan(Policy::Either), 3);
    world.serve_days(61 + 35 + 170);
    assert_eq!(world.vote(1, Word::Died), Ok(()));
    assert_eq!(world.vote(2, Word::Died), Ok(()));
    assert_eq!(world.days_until_released(400), Some(11));
}

#[test]
fn grace_as_promised() {
    // (keepers, who says it, days from the grace's first warning to the release)
    for (policy, keepers, votes, days) in [
        (Policy::KeepersOnly, 3, 2, 30),
        (Policy::KeepersOnly, 2, 2, 30),
        (Policy::KeepersOnly, 1, 1, 90),
        (Policy::Both, 1, 1, 90),
        (Policy::Both, 0, 0, 180),
        (Policy::CheckIns, 3, 0, 180),
        (Policy::CheckIns, 0, 0, 180),
        (Policy::Either, 0, 0, 180),
    ] {
        let mut world = World::new(plan(policy), keepers);
        if policy != Policy::KeepersOnly {
            world.serve_days(61 + 35);
        }
        for n in 1..=votes {
            assert_eq!(world.vote(n, Word::Died), Ok(()), "{policy:?}");
        }
        assert!(is_grace(world.life.stage), "{policy:?} {keepers} {:?}", world.life.stage);
        assert_eq!(world.days_until_released(400), Some(days + 1), "{policy:?} with {keepers}");
    }
}

#[test]
fn hold_off() {
    let mut world = World::new(plan(Policy::KeepersOnly), 2);
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    assert!(world.days_until(60, |s| matches!(s, Stage::Gone { .. })).is_some());
    world.serve_hours(23);
    assert!(!world.gate_open, "nothing leaves within a day of the end of the grace");
    assert!(world.sign(Strength::Weak), "and she can still stop it");
    assert_eq!(world.life.stage, Stage::Present);
    world.serve_days(30);
    assert!(!world.gate_open);
}

#[test]
fn arming_is_a_lower_bound() {
    // She dies on day three, her keepers know on day five.
    for day in [3, 10, 29] {
        let mut world = World::new(plan(Policy::KeepersOnly), 3);
        world.serve_days(day);
        let (armed, _) = (world.life.armed, day);
        for n in 1..=2 {
            assert_eq!(world.vote(n, Word::Died), Ok(()));
        }
        assert_eq!(world.days_until_released(100), Some(31));
        assert!(world.days(armed) >= 30);
    }
    // Whatever the numbers become: thirty observed days.
    let mut world = World::new(plan(Policy::KeepersOnly), 3);
    world.life.stage = Stage::Gone { until: world.now.observed, opened: life::Opened::Quorum };
    world.life.open = true;
    world.votes = (1..=2).map(|n| life::Vote { keeper: keeper(n), word: Word::Died }).collect();
    assert_eq!(world.days_until_released(100), Some(30));
}

// ---- keepers ---------------------------------------------------------------------------------------------------------------------------

#[test]
fn quorum_of_distinct_keepers() {
    let mut world = World::new(plan(Policy::KeepersOnly), 3);
    for _ in 0..5 {
        assert_eq!(world.vote(1, Word::Died), Ok(()));
        world.serve_days(10);
    }
    assert_eq!(world.life.stage, Stage::Present, "the same keeper five times is one");
    assert_eq!(world.said(Says::SaidDied), 1, "and she is told of it once");
    assert_eq!(world.vote(7, Word::Died), Err(NoVote::NotAKeeper));
    // The word of one who was removed does not count.
    assert_eq!(world.vote(2, Word::Died), Ok(()));
    assert!(is_grace(world.life.stage));
    world.keepers.retain(|k| *k != keeper(2));
    world.keepers.push(keeper(4));
    world.settle();
    assert_eq!(world.life.stage, Stage::Present);
    assert_eq!(World::new(plan(Policy::CheckIns), 3).vote(1, Word::Died), Err(NoVote::NotAsked));
}

#[test]
fn votes_of_an_earlier_episode_are_void() {
    let mut world = World::new(plan(Policy::KeepersOnly), 3);
    assert_eq!(world.vote(1, Word::Died), Ok(()));
    let episode = world.life.episode;
    assert!(world.sign(Strength::Weak), "a sign is recorded whenever it ends anything");
    assert_eq!(world.life.episode, episode + 1);
    assert_eq!(world.said(Says::IsWell), 3, "her keepers are told");
    assert_eq!(world.vote(2, Word::Died), Ok(()));
    world.serve_days(100);
    assert_eq!(world.life.stage, Stage::Present);
}

#[test]
fn word_taken_back() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(96);
    assert_eq!(world.vote(1, Word::Died), Ok(()));
    assert_eq!(world.vote(2, Word::Died), Ok(()));
    world.serve_days(25);
    assert_eq!(world.vote(2, Word::Unknown), Ok(()));
    assert_eq!(world.life.stage, Stage::Silent);
    world.serve_days(20);
    assert_eq!(world.life.stage, Stage::Silent);
    assert_eq!(world.vote(3, Word::Died), Ok(()));
    assert_eq!(world.days_until_released(60), Some(31), "a grace that was broken off begins anew");
}

#[test]
fn well_buys_sixty_days() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(96);
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    assert_eq!(world.vote(3, Word::Well), Ok(()));
    world.serve_days(20);
    let Stage::Grace(grace) = world.life.stage else { panic!("{:?}", world.life.stage) };
    assert_eq!(grace.warning, 1, "nothing moves");
    for _ in 0..6 {
        assert_eq!(world.vote(3, Word::Well), Ok(()));
    }
    assert_eq!(world.life.wells, WELLS);
    let left = world.days_until_released(400);
    assert_eq!(left, Some(60 + 20 + 1), "three in one episode, however often it is said");
}

#[test]
fn when_no_keeper_answers() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(96);
    assert_eq!(world.days_until(400, is_grace), Some(180));
    assert_eq!(world.days_until_released(60), Some(31));
    // Or never, as she chose.
    let never = Plan { fallback: Fallback::Never, ..plan(Policy::Both) };
    for keepers in [0, 3] {
        let mut world = World::new(never, keepers);
        assert_eq!(world.days_until_released(2_000), None, "never without keepers");
        assert_eq!(world.life.stage, Stage::Silent);
    }
}

#[test]
fn keepers_are_asked_again() {
    let mut world = World::new(plan(Policy::Both), 2);
    world.serve_days(96);
    let asked = |world: &World| world.said(Says::KeeperAsked);
    assert_eq!(asked(&world), 2);
    world.serve_days(7);
    assert_eq!(asked(&world), 4);
    assert_eq!(world.vote(1, Word::Died), Ok(()));
    world.serve_days(14);
    assert_eq!(asked(&world), 5, "whoever has said it is not asked again");
}

#[test]
fn nobody_left_to_speak() {
    // Keepers only, and all have declined: she is asked how she is, as without keepers; or never, if she wants it so.
    let mut world = World::new(plan(Policy::KeepersOnly), 0);
    assert_eq!(world.days_until_released(1_000), Some(61 + 35 + 180 + 1));
    let never = Plan { fallback: Fallback::Never, ..plan(Policy::KeepersOnly) };
    assert_eq!(World::new(never, 0).days_until_released(2_000), None);
}

// ---- out of reach ----------------------------------------------------------------------------------------------------------------------

#[test]
fn out_of_reach() {
    // Her mailbox was closed after her death. Other mail leaves.
    let mut world = World::new(plan(Policy::Both), 3);
    world.relay = Relay::HersRefuse;
    world.serve_days(61);
    assert_eq!(world.said(Says::KeeperAsked), 0);
    world.serve_days(7);
    assert!(world.life.out_of_reach, "two rungs running");
    assert_eq!(world.said(Says::KeeperAsked), 3, "her keepers are asked at once");
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    let days = world.days_until_released(400);
    // What is left of the ladder, and a grace that is twice as long.
    assert_eq!(days, Some(35 + 60 + 1));
    assert_eq!(world.said(Says::Warning), 6);
}

#[test]
fn refused_while_no_mail_left() {
    // Her addresses refuse, and nothing else leaves: it is the relay that lies. Nothing is climbed.
    let mut world = World::new(plan(Policy::CheckIns), 0);
    world.relay = Relay::HersRefuseAndDown;
    world.serve_days(500);
    assert!(!world.life.out_of_reach);
    assert_eq!(world.life.stage, Stage::Asked);
    assert!(world.said(Says::Probe) > 10, "and each time somebody else is written to, to find out");
}

#[test]
fn four_where_nobody_else_can_be_written_to() {
    let mut world = World::new(plan(Policy::CheckIns), 0);
    world.relay = Relay::HersRefuseAndDown;
    world.somebody_else = None;
    world.serve_days(61 + 20);
    assert!(!world.life.out_of_reach);
    world.serve_days(1);
    assert!(world.life.out_of_reach, "four rungs, a week apart");
    assert!(world.days_until_released(1_000).is_some());
}

#[test]
fn every_channel_is_asked_and_one_that_takes_it_is_enough() {
    // One of her two mailboxes is closed: nothing is refused for good.
    let mut world = World::new(plan(Policy::CheckIns), 0);
    world.second = true;
    world.serve_days(61);
    for written in world.written.iter_mut().filter(|w| w.write.to == To::SignIn) {
        written.heard = Heard::Refused(written.at);
    }
    world.serve_days(7);
    assert_eq!((world.life.stage, world.life.refusals), (Stage::Reminded(1), 0));
}

#[test]
fn a_webhook_alone_never_counts() {
    // No mail leaves for two years, and the webhook takes everything: nothing is climbed, and nothing is written again and again.
    let mut world = World::new(plan(Policy::CheckIns), 0);
    (world.hook, world.relay) = (Some(Heard::Beside), Relay::Down);
    world.serve_days(800);
    assert_eq!((world.life.stage, world.said(Says::Question)), (Stage::Asked, 1));
    // Mail that was dropped leaves a rung of the webhook alone: it is written again, and not climbed.
    let lone = life::Facts { rung: vec![Heard::Beside], ..world.facts() };
    let stands = life::rungs::stands(&world.life, &lone, 7, world.now);
    assert_eq!(stands, life::rungs::Rung::Again("rungs-that-never-left"));
    // Neither does it keep her within reach, nor hold up what mail has done.
    let mut closed = World::new(plan(Policy::Both), 3);
    (closed.hook, closed.relay) = (Some(Heard::Beside), Relay::HersRefuse);
    closed.serve_days(61 + 7);
    assert!(closed.life.out_of_reach);
    let mut well = World::new(plan(Policy::CheckIns), 0);
    well.hook = Some(Heard::Beside);
    well.serve_days(61 + 7);
    assert_eq!(well.life.stage, Stage::Reminded(1));
}

#[test]
fn a_mailbox_that_lives_again() {
    let mut world = World::new(plan(Policy::CheckIns), 0);
    world.relay = Relay::HersRefuse;
    world.serve_days(61);
    world.relay = Relay::Takes;
    world.serve_days(7);
    assert_eq!((world.life.stage, world.life.refusals), (Stage::Asked, 2), "the same rung once more");
    world.serve_days(7);
    assert_eq!(
        (world.life.stage, world.life.refusals, world.life.out_of_reach),
        (Stage::Reminded(1), 0, false)
    );
}

#[test]
fn what_comes_back_does_not_count() {
    // The relay took it, and it came back on the third day.
    let mut world = World::new(plan(Policy::CheckIns), 0);
    world.serve_days(61);
    world.serve_days(3);
    let now = world.now.observed;
    for written in &mut world.written {
        written.heard = Heard::Refused(now);
    }
    world.settle();
    world.serve_days(6);
    assert_eq!(world.life.stage, Stage::Asked);
    // Where nothing that comes back is heard of, a rung waits a week at least: the same here, as the pause is a week.
    let mut deaf = World::new(plan(Policy::CheckIns), 0);
    deaf.hears_bounces = false;
    deaf.serve_days(61 + 6);
    assert_eq!(deaf.life.stage, Stage::Asked);
    deaf.serve_days(1);
    assert_eq!(deaf.life.stage, Stage::Reminded(1));
}

// ---- signs of life ---------------------------------------------------------------------------------------------------------------------

/// Every state that a life can be in, with its world.
fn everywhere() -> Vec<(&'static str, World)> {
    let mut all = Vec::new();
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(61);
    all.push(("asked", world.clone()));
    for name in ["reminded 1", "reminded 2", "reminded 3", "reminded 4", "silent"] {
        world.serve_days(7);
        all.push((name, world.clone()));
    }
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    for name in ["grace 1", "grace 2", "grace 3"] {
        all.push((name, world.clone()));
        world.serve_days(10);
    }
    all.push(("gone", world.clone()));
    world.serve_days(1);
    all.push(("released", world.clone()));
    let mut closed = World::new(plan(Policy::Both), 3);
    closed.relay = Relay::HersRefuse;
    closed.serve_days(75);
    all.push(("out of reach", closed));
    all
}

#[test]
fn a_sign_always_sets_back() {
    for (name, world) in everywhere() {
        for strength in [Strength::Weak, Strength::Strong] {
            let mut world = world.clone();
            let rung = world.life.rung;
            assert!(world.sign(strength), "{name}");
            assert_eq!(world.life.stage, Stage::Present, "{name}");
            assert!(!world.gate_open && !world.life.out_of_reach && world.votes.is_empty(), "{name}");
            // Nothing that speaks of her silence leaves any more.
            for says in [Says::Question, Says::Reminder, Says::Warning, Says::KeeperAsked, Says::SaidDied] {
                let ladder = Ladder { says, episode: world.life.episode - 1, rung };
                let permit = life::permit::still_allowed(ladder, Some(&world.life));
                assert_eq!(permit, Permit::Drop("a-sign-stops-what-asks"), "{name}");
            }
            world.serve_days(60);
            assert_eq!(world.life.stage, Stage::Present, "{name}: the whole interval begins anew");
        }
    }
}

#[test]
fn a_sign_stops_what_asks() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(61);
    let ladder = Ladder { says: Says::Question, episode: world.life.episode, rung: world.life.rung };
    assert_eq!(life::permit::still_allowed(ladder, Some(&world.life)), Permit::Go);
    world.serve_days(7);
    let why = life::permit::still_allowed(ladder, Some(&world.life));
    assert_eq!(why, Permit::Drop("a-sign-stops-what-asks"), "an older rung does not go either");
    let stopped = Ladder { says: Says::Stopped, ..ladder };
    assert_eq!(life::permit::still_allowed(stopped, Some(&world.life)), Permit::Go, "never held");
}

#[test]
fn a_sign_after_the_release() {
    let mut world = World::new(plan(Policy::KeepersOnly), 3);
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    assert!(world.days_until_released(60).is_some());
    assert!(world.gate_open && world.life.gate().is_some_and(|gone| gone.foreseen));
    assert_eq!(world.vote(3, Word::Well), Err(NoVote::Over));
    assert!(world.sign(Strength::Weak));
    assert!(!world.gate_open && world.life.gate().is_none());
    assert_eq!(world.whys.iter().filter(|why| **why == "a-sign-after-the-release").count(), 1);
}

#[test]
fn once_a_day() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(2);
    assert!(world.sign(Strength::Weak));
    let at = world.now.observed;
    world.serve_hours(23);
    assert!(!world.sign(Strength::Weak), "a second one on that day is not written down");
    assert!(world.sign(Strength::Strong), "each strength once");
    world.serve_hours(2);
    assert!(world.sign(Strength::Weak));
    // What was not written down is covered by the one before: it stands for the whole day.
    assert!(world.life.asks >= at.plus_days(61));
}

/// She was well on the day before the question, and cannot answer anybody for two months. Whoever looks after her can say so; nobody lies about her.
#[test]
fn two_months_in_hospital() {
    for (policy, keepers) in [
        (Policy::Both, 3),
        (Policy::Both, 1),
        (Policy::Both, 0),
        (Policy::KeepersOnly, 3),
        (Policy::Either, 3),
        (Policy::Either, 0),
        (Policy::CheckIns, 0),
    ] {
        let mut world = World::new(plan(policy), keepers);
        world.serve_days(60);
        let mut one_worries = world.clone();
        for days in 1..=61 {
            world.serve_days(1);
            assert!(!world.gate_open, "{policy:?} with {keepers}, day {days}");
        }
        assert!(world.sign(Strength::Weak) && world.life.stage == Stage::Present);
        // A month longer, where one keeper fears the worst and another one has been to see her.
        if keepers == 3 {
            one_worries.serve_days(10);
            assert_eq!(one_worries.vote(1, Word::Died), Ok(()));
            one_worries.serve_days(30);
            assert_eq!(one_worries.vote(2, Word::Well), Ok(()));
            one_worries.serve_days(52);
            assert!(!one_worries.gate_open, "{policy:?}");
        }
    }
}

/// One of three has died before her: the other two are enough. Two have: the one who is left is no quorum, and what she chose for that comes.
#[test]
fn keepers_who_have_died_themselves() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(96);
    for n in 2..=3 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    assert_eq!(world.days_until_released(60), Some(31));
    let mut world = World::new(plan(Policy::Both), 3);
    world.serve_days(96);
    assert_eq!(world.vote(3, Word::Died), Ok(()));
    assert_eq!(world.days_until(400, is_grace), Some(180));
    let mut world = World::new(Plan { fallback: Fallback::Never, ..plan(Policy::Both) }, 3);
    world.serve_days(96);
    assert_eq!(world.vote(3, Word::Died), Ok(()));
    assert_eq!(world.days_until_released(1_000), None, "or never, as she chose");
    // As soon as she has named another one in their place, two are there to agree.
    world.keepers = vec![keeper(3), keeper(4)];
    assert_eq!(world.vote(4, Word::Died), Ok(()));
    assert_eq!(world.days_until_released(60), Some(31));
}

#[test]
fn unlock_wanted() {
    let mut world = World::new(plan(Policy::Both), 3);
    let press = |world: &mut World| {
        world.serve_days(62);
        assert_eq!(world.life.stage, Stage::Asked);
        assert!(world.sign(Strength::Weak));
    };
    for _ in 0..3 {
        press(&mut world);
    }
    assert!(world.life.wants_unlock(), "three in a row");
    press(&mut world);
    assert_eq!(world.said(Says::KeeperAsked), 0);
    world.serve_days(29);
    assert_eq!(world.said(Says::KeeperAsked), 3, "thirty days without an unlock");
    // The button goes on counting while nobody has said anything.
    world.serve_days(1);
    assert!(world.sign(Strength::Weak));
    assert_eq!(world.vote(1, Word::Died), Ok(()));
    world.serve_days(1);
    assert!(world.sign(Strength::Weak));
    assert_eq!(world.votes.len(), 1, "and does not silence her keepers");
    assert_eq!(world.vote(2, Word::Died), Ok(()));
    assert_eq!(world.life.weak.doubt, life::Doubt::Confirmed);
    // From now on it does not.
    let facts = world.facts();
    assert_eq!(accept::sign(&world.life, Strength::Weak, &facts, world.now), Armed::UnlockWanted);
    let mut hers = world.clone();
    assert_eq!(world.days_until_released(400), Some(35 + 60 + 1), "the grace doubles");
    // Strong ones and the stop code do.
    let mut stopped = hers.clone();
    stopped.stop();
    assert!(matches!(stopped.life.stage, Stage::Stopped { .. }));
    assert!(hers.sign(Strength::Strong));
    assert_eq!((hers.life.stage, hers.life.weak), (Stage::Present, life::WeakSigns::default()));
}

#[test]
fn weak_signs_count_for_ever_without_keepers() {
    for policy in [Policy::CheckIns, Policy::Both] {
        let mut world = World::new(plan(policy), 0);
        for _ in 0..20 {
            world.serve_days(65);
            assert!(world.sign(Strength::Weak));
        }
        world.serve_days(60);
        assert_eq!(world.life.stage, Stage::Present);
    }
}

#[test]
fn keepers_who_say_that_she_is_well_close_the_doubt() {
    let mut world = World::new(plan(Policy::Both), 3);
    for _ in 0..4 {
        world.serve_days(62);
        assert!(world.sign(Strength::Weak));
    }
    world.serve_days(31);
    assert_eq!(world.life.weak.doubt, life::Doubt::Open);
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Well), Ok(()));
    }
    assert_eq!(world.life.weak, life::WeakSigns::default());
    assert!(!world.life.open);
}

// ---- pause, stop, end ------------------------------------------------------------------------------------------------------------------

#[test]
fn a_pause_is_no_silence() {
    let mut world = World::new(plan(Policy::Both), 3);
    let until = world.now.trusted + jiff::SignedDuration::from_hours(24 * 300);
    let facts = world.facts();
    let refused = accept::pause(&world.life, until, true, &facts, world.now);
    assert_eq!(refused.map(drop), Err(LifeRefused::PauseTooLong), "sixty days from a locked session");
    let Ok(change) = accept::pause(&world.life, until, false, &facts, world.now) else { panic!() };
    world.commit(change);
    world.serve_days(299);
    assert_eq!(world.written.len(), 0);
    world.serve_days(1);
    world.serve_days(60);
    assert_eq!(world.life.stage, Stage::Present, "the interval begins when she is back");
    world.serve_days(2);
    assert_eq!(world.life.stage, Stage::Asked);
    let year = world.now.trusted + jiff::SignedDuration::from_hours(24 * 367);
    assert_eq!(
        accept::pause(&world.life, year, false, &facts, world.now).map(drop),
        Err(LifeRefused::PauseTooLong)
    );
    let past = world.now.trusted;
    assert_eq!(
        accept::pause(&world.life, past, false, &facts, world.now).map(drop),
        Err(LifeRefused::PausePassed)
    );
}

#[test]
fn keepers_are_heard_during_a_pause_and_nothing_leaves_before_its_end() {
    let mut world = World::new(plan(Policy::KeepersOnly), 3);
    let until = world.now.trusted + jiff::SignedDuration::from_hours(24 * 200);
    let Ok(change) = accept::pause(&world.life, until, false, &world.facts(), world.now) else { panic!() };
    world.commit(change);
    world.serve_days(10);
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    assert!(is_grace(world.life.stage));
    assert_eq!(world.days_until_released(300), Some(190));
}

#[test]
fn stop_always_stops() {
    for (name, world) in everywhere() {
        let mut world = world.clone();
        world.second = true;
        world.stop();
        assert!(matches!(world.life.stage, Stage::Stopped { .. }), "{name}");
        assert!(!world.gate_open, "{name}");
        assert_eq!(world.said(Says::Stopped), 2 + 3, "{name}: every channel and every keeper");
        world.serve_days(364);
        assert!(matches!(world.life.stage, Stage::Stopped { .. }), "{name}");
        world.serve_days(2);
        assert_eq!(world.life.stage, Stage::Present, "{name}: a stop ends by itself");
        assert_eq!(world.said(Says::GoesOn), 2);
        world.serve_days(59);
        assert_eq!(world.life.stage, Stage::Present);
    }
}

#[test]
fn a_stop_ends_by_itself() {
    let mut world = World::new(plan(Policy::CheckIns), 0);
    world.stop();
    world.stop();
    assert_eq!(world.said(Says::Stopped), 1, "twice is told once");
    assert!(world.days_until_released(365 + 60 + 35 + 180 + 10).is_some());
}

#[test]
fn resume_by_keepers() {
    let mut world = World::new(plan(Policy::KeepersOnly), 3);
    world.stop();
    world.serve_days(10);
    assert_eq!(world.vote(1, Word::Died), Ok(()));
    world.serve_days(40);
    assert!(matches!(world.life.stage, Stage::Stopped { resumes: None, .. }));
    assert_eq!(world.vote(2, Word::Died), Ok(()));
    assert!(matches!(world.life.stage, Stage::Stopped { resumes: Some(_), .. }));
    assert_eq!(world.said(Says::Resumes), 1 + 3, "thirty days' notice to everybody");
    let mut hers = world.clone();
    assert!(hers.sign(Strength::Weak), "her sign takes it back");
    hers.serve_days(40);
    assert!(matches!(hers.life.stage, Stage::Stopped { resumes: None, .. }));
    world.serve_days(29);
    assert!(matches!(world.life.stage, Stage::Stopped { .. }));
    world.serve_days(2);
    assert_eq!(world.life.stage, Stage::Present, "their words have to be said anew");
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    assert_eq!(world.days_until_released(60), Some(31));
}

#[test]
fn ended_for_good() {
    for (name, mut world) in everywhere() {
        let change = accept::end(&world.life, &world.facts(), world.now);
        assert!(change.wake.is_none());
        world.commit(change);
        assert_eq!(world.days_until_released(1_000), None, "{name}");
        assert_eq!(world.vote(1, Word::Died), Err(NoVote::Over));
        assert_eq!(accept::sign(&world.life, Strength::Strong, &world.facts(), world.now), Armed::Ended);
        let Ok(anew) = accept::arm(HER, Some(&world.life), Plan::default(), world.now) else { panic!() };
        assert!(anew.life.episode > world.life.episode && anew.life.armed == world.now.observed);
    }
}

// ---- downtime, and her numbers ---------------------------------------------------------------------------------------------------------

#[test]
fn downtime_is_no_silence() {
    for (name, world) in everywhere().into_iter().filter(|(name, _)| *name != "released") {
        let mut off = world.clone();
        off.off_days(3_650);
        assert_eq!(off.life.stage, world.life.stage, "{name}: ten years switched off count for nothing");
        assert!(!off.gate_open);
    }
}

#[test]
fn no_fast_mode() {
    let good = Plan::default();
    assert_eq!(good.check(), Ok(()));
    for (plan, why) in [
        (Plan { every_days: 29, ..good }, PlanRefused::Every),
        (Plan { every_days: 367, ..good }, PlanRefused::Every),
        (Plan { pause_days: 6, ..good }, PlanRefused::Pause),
        (Plan { warning_days: 9, ..good }, PlanRefused::Warning),
        (Plan { quorum: 0, ..good }, PlanRefused::Quorum),
        (Plan { quorum: 6, ..good }, PlanRefused::Quorum),
        (Plan { fallback: Fallback::After(179), ..good }, PlanRefused::Fallback),
    ] {
        assert_eq!(plan.check(), Err(why));
        assert!(accept::arm(HER, None, plan, start()).is_err());
    }
    // The fastest that can be asked for: four weeks of ladder and thirty days of grace, after thirty of silence.
    let fastest = Plan { every_days: 30, ..good };
    let mut world = World::new(fastest, 2);
    world.serve_days(31 + 35);
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    assert_eq!(world.days_until_released(60), Some(31));
}

#[test]
fn faster_after_the_old_period() {
    let slow = Plan { every_days: 180, ..plan(Policy::CheckIns) };
    let mut world = World::new(slow, 2);
    let fast = Plan { every_days: 30, ..slow };
    let Ok(change) = accept::change_plan(&world.life, fast, &world.facts(), world.now) else { panic!() };
    world.commit(change);
    assert_eq!(world.life.plan, slow);
    // Silent from now on: not a day sooner than the old plan would have it.
    assert_eq!(world.clone().days_until_released(1_000), Some(181 + 35 + 180 + 1));
    // She lives on, and it counts when the old period is over.
    for _ in 0..5 {
        world.serve_days(100);
        world.sign(Strength::Strong);
    }
    assert_eq!(world.life.plan, fast);
    // What is slower counts at once.
    let Ok(change) = accept::change_plan(&world.life, slow, &world.facts(), world.now) else { panic!() };
    assert_eq!((change.life.plan, change.life.coming), (slow, None));
    for (from, to, faster) in [
        (Policy::Either, Policy::Both, false),
        (Policy::KeepersOnly, Policy::Both, false),
        (Policy::Both, Policy::KeepersOnly, true),
        (Policy::CheckIns, Policy::Both, true),
        (Policy::Both, Policy::CheckIns, true),
    ] {
        assert_eq!(plan(from).is_faster(&plan(to)), faster, "{from:?} to {to:?}");
    }
    assert_eq!(Observed(0).plus_days(slow.longest_days()), slow.next_counts_from(Observed(0)));
}

// ---- her letters -----------------------------------------------------------------------------------------------------------------------

#[test]
fn never_without_keepers() {
    let never = Plan { fallback: Fallback::Never, ..plan(Policy::Both) };
    let mut world = World::new(never, 2);
    world.serve_days(96 + 1_000);
    assert_eq!(world.life.stage, Stage::Silent);
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    assert_eq!(world.days_until_released(60), Some(31), "with them it goes, however late");
}

#[test]
fn released() {
    let mut world = World::new(plan(Policy::KeepersOnly), 2);
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    assert!(world.days_until_released(60).is_some());
    let written = world.written.len();
    world.serve_days(1_000);
    assert_eq!((world.life.stage, world.written.len()), (Stage::Released, written), "nothing more is asked");
}

// ---- what else is asked of keepers -----------------------------------------------------------------------------------------------------

#[test]
fn a_keeper_is_invited_once() {
    let mut world = World::new(plan(Policy::Both), 2);
    world.invited = vec![keeper(1)];
    world.serve_days(40);
    assert_eq!(world.said(Says::Invited), 1, "at once, and once");
    assert_eq!(world.written.len(), 1);
    // Somebody who is named while she is away is asked all the same.
    world.life.paused =
        Some(world.now.trusted.checked_add(jiff::SignedDuration::from_hours(24 * 300)).unwrap());
    world.invited = vec![keeper(2)];
    world.serve_days(2);
    assert_eq!(world.said(Says::Invited), 2);
    // Where nobody is ever asked, nobody is invited.
    let mut alone = World::new(plan(Policy::CheckIns), 2);
    alone.invited = vec![keeper(1), keeper(2)];
    alone.serve_days(40);
    assert_eq!(alone.said(Says::Invited), 0);
}

#[test]
fn still_right_once_a_year() {
    let mut world = World::new(plan(Policy::Both), 2);
    // She presses every month.
    for _ in 0..12 {
        world.serve_days(30);
        world.sign(Strength::Weak);
    }
    world.serve_days(4);
    assert_eq!(world.said(Says::StillRight), 0);
    world.serve_days(1);
    assert_eq!(world.said(Says::StillRight), 2, "each of them, on the day");
    for _ in 0..11 {
        world.serve_days(30);
        world.sign(Strength::Strong);
    }
    assert_eq!(world.said(Says::StillRight), 2, "and once");
    assert_eq!(world.life.stage, Stage::Present, "and nothing follows from their silence");
    let mut alone = World::new(plan(Policy::CheckIns), 2);
    for _ in 0..14 {
        alone.serve_days(30);
        alone.sign(Strength::Strong);
    }
    assert_eq!(alone.said(Says::StillRight), 0, "whoever is never asked is not asked that either");
}

#[test]
fn still_right_is_not_asked_while_they_are_asked_how_she_is() {
    let mut world = World::new(plan(Policy::Both), 2);
    world.serve_days(90);
    assert!(world.life.open);
    world.serve_days(60);
    let asked = world.said(Says::KeeperAsked);
    assert!(asked > 0);
    let never = Plan { fallback: Fallback::Never, ..plan(Policy::Both) };
    let mut world = World::new(never, 2);
    world.serve_days(800);
    assert_eq!(world.said(Says::StillRight), 0);
}

#[test]
fn keepers_give_addresses() {
    let mut world = World::new(plan(Policy::KeepersOnly), 2);
    for n in 1..=2 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    world.lost = 1;
    assert!(world.days_until_released(60).is_some());
    assert_eq!(world.said(Says::AddressAsked), 2, "at once");
    world.serve_days(200);
    assert_eq!(world.said(Says::AddressAsked), 8, "after three weeks, three months, half a year");
    world.serve_days(3 * 365);
    assert_eq!(world.said(Says::AddressAsked), 14, "and then once a year, for as long as it takes");
    world.lost = 0;
    world.serve_days(400);
    assert_eq!(world.said(Says::AddressAsked), 14);
    // Another one, years later, is asked about at once.
    world.lost = 1;
    world.settle();
    assert_eq!(world.said(Says::AddressAsked), 16);
    // She lives after all: they are told, and nothing more is asked.
    let told = world.said(Says::IsWell);
    assert!(world.sign(Strength::Strong));
    assert_eq!(world.said(Says::IsWell), told + 2);
    world.serve_days(60);
    assert_eq!(world.said(Says::AddressAsked), 16);
}

#[test]
fn told_what_keepers_say() {
    let mut world = World::new(plan(Policy::Both), 3);
    world.second = true;
    world.serve_days(97);
    for (word, says) in
        [(Word::Unknown, Says::SaidUnknown), (Word::Well, Says::SaidWell), (Word::Died, Says::SaidDied)]
    {
        for n in 1..=2 {
            for _ in 0..2 {
                assert_eq!(world.vote(n, word), Ok(()));
            }
        }
        assert_eq!(world.said(says), 4, "{word:?}: of each of them once, on each channel");
    }
}
