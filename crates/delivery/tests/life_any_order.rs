//! Lives in any order: signs, words of keepers, closed mailboxes, relays that are down, houses that are off, pauses, stops, other plans, and backups that are restored. Whatever comes, a sign of
//! life sets back, a stop stops, nobody skips the grace, nothing is let go before the sum that the policy demands, and an old copy that has learnt from the journal lets nobody go whom the
//! house would have kept.

mod lives;

use lives::*;
use proptest::prelude::*;
use unsaid_delivery::clock::DAY;
use unsaid_delivery::life::accept;
use unsaid_delivery::life::{Doubt, Heard, Opened, Plan, Policy, Stage, Strength, Word};
use unsaid_delivery::message::Says;
use unsaid_delivery::{Fact, Observed};

#[derive(Debug, Clone, Copy)]
enum Act {
    Serve(i64),
    Off(i64),
    Sign(Strength),
    Vote(u8, Word),
    Pause(i64),
    Stop,
    Plan(Plan),
    Relay(Relay),
    BackUp,
    Restore,
}

fn act() -> impl Strategy<Value = Act> {
    let word = prop_oneof![3 => Just(Word::Died), 1 => Just(Word::Well), 1 => Just(Word::Unknown)];
    let relay = prop_oneof![
        3 => Just(Relay::Takes),
        1 => Just(Relay::HersRefuse),
        1 => Just(Relay::Down),
        1 => Just(Relay::HersRefuseAndDown),
    ];
    prop_oneof![
        10 => (1..90i64).prop_map(Act::Serve),
        1 => (1..2_000i64).prop_map(Act::Off),
        1 => prop_oneof![3 => Just(Strength::Weak), 1 => Just(Strength::Strong)].prop_map(Act::Sign),
        5 => (1..=3u8, word).prop_map(|(keeper, word)| Act::Vote(keeper, word)),
        1 => (1..300i64).prop_map(Act::Pause),
        1 => Just(Act::Stop),
        1 => plans().prop_map(Act::Plan),
        2 => relay.prop_map(Act::Relay),
        2 => Just(Act::BackUp),
        2 => Just(Act::Restore),
    ]
}

fn plans() -> impl Strategy<Value = Plan> {
    let policy = prop_oneof![
        Just(Policy::Both),
        Just(Policy::KeepersOnly),
        Just(Policy::Either),
        Just(Policy::CheckIns)
    ];
    (policy, prop_oneof![Just(30u16), Just(60)])
        .prop_map(|(policy, every_days)| Plan { every_days, ..plan(policy) })
}

/// What no relay took comes to something when it is well again.
fn mended(world: &mut World) {
    let now = world.now.observed;
    for written in world.written.iter_mut().filter(|written| written.heard == Heard::NotYet) {
        written.heard = Heard::Accepted(now);
    }
}

/// What was really done: her last sign, and what opened the grace that runs, and when.
#[derive(Clone)]
struct Seen {
    sign: Observed,
    grace: Option<(Observed, Opened)>,
    /// A quorum has spoken since, taken back or not: she was asked before her time.
    spoken: bool,
}

impl Seen {
    fn sign(world: &World) -> Self {
        Self { sign: world.now.observed, grace: None, spoken: false }
    }
}

fn look(world: &World, seen: &mut Seen) -> Result<(), TestCaseError> {
    match world.life.stage {
        Stage::Grace(grace) => {
            if grace.warning == 1 || seen.grace.is_none_or(|(_, opened)| opened != grace.opened) {
                let first =
                    world.written.iter().filter(|w| w.write.says == Says::Warning && w.write.nth == 1);
                let at = first.map(|w| w.at).min_by_key(|at| world.now.observed.0 - at.0);
                seen.grace = at.map(|at| (at, grace.opened));
            }
        }
        Stage::Gone { .. } | Stage::Released => {}
        _ => seen.grace = None,
    }
    prop_assert_eq!(world.gate_open, world.life.is_released());
    if !world.gate_open {
        return Ok(());
    }
    let now = world.now.observed;
    prop_assert!(now >= world.life.armed.plus_days(30), "nothing within thirty days of arming");
    let Some((began, opened)) = seen.grace else { return Err(TestCaseError::fail("nobody skips the grace")) };
    let plan = world.life.plan;
    let pace = plan.grace(opened, world.keepers.len());
    let grace = i64::from(pace.warnings) * i64::from(pace.days) * DAY;
    prop_assert!(now.0 - began.0 >= grace + DAY, "the whole grace and the hold-off");
    let ladder = i64::from(plan.pause_days) * 5 * DAY;
    let interval = if seen.spoken { 0 } else { i64::from(plan.every_days) * DAY };
    let least = match opened {
        Opened::NoAnswer => interval + ladder + 180 * DAY + grace,
        Opened::Alone => interval + ladder + grace,
        Opened::Quorum if plan.policy == Policy::Both => ladder + grace,
        Opened::Quorum => grace,
    };
    prop_assert!(now.0 - seen.sign.0 >= least + DAY, "the sum that the policy demands: {opened:?}");
    Ok(())
}

/// An old copy that has learnt what the journal knows, beside the house as it was.
fn compare(world: &World, restored: &World) -> Result<(), TestCaseError> {
    prop_assert!(world.gate_open || !restored.gate_open, "nobody is let go because something was forgotten");
    if matches!(world.life.stage, Stage::Stopped { .. }) {
        let stopped = matches!(restored.life.stage, Stage::Stopped { .. });
        prop_assert!(stopped, "a stop is never forgotten: {:?}", restored.life.stage);
    }
    if world.life.paused.is_some() {
        prop_assert_eq!(restored.life.paused, world.life.paused);
    }
    let newest = |world: &World| world.life.coming.map_or(world.life.plan, |(plan, _)| plan);
    prop_assert_eq!(newest(restored), newest(world));
    if !world.votes.is_empty() && restored.life.plan.policy == world.life.plan.policy {
        prop_assert_eq!(restored.life.episode, world.life.episode);
        let said = |world: &World| {
            let mut votes = world.votes.clone();
            votes.sort_by_key(|vote| vote.keeper);
            votes
        };
        prop_assert_eq!(said(restored), said(world));
    }
    Ok(())
}

proptest! {
    #[test]
    fn whatever_comes_in_any_order(plan in plans(), keepers in 0..=3u8, acts in proptest::collection::vec(act(), 1..30)) {
        let mut world = World::new(plan, keepers);
        let mut seen = Seen::sign(&world);
        let mut backup = (world.clone(), seen.clone());
        for act in acts {
            match act {
                Act::Serve(days) => for _ in 0..days {
                    world.serve_days(1);
                    look(&world, &mut seen)?;
                },
                Act::Off(days) => {
                    let before = (world.life.stage, world.gate_open);
                    let paused = world.life.paused.is_some();
                    world.off_days(days);
                    prop_assert!(paused || (world.life.stage, world.gate_open) == before, "downtime is nothing");
                }
                Act::Sign(strength) => {
                    let counts = strength == Strength::Strong || world.life.weak.doubt != Doubt::Confirmed;
                    world.sign(strength);
                    if counts {
                        seen = Seen::sign(&world);
                        let back = matches!(world.life.stage, Stage::Present | Stage::Stopped { .. });
                        let by_keepers = world.life.weak.doubt != Doubt::None;
                        prop_assert!(back || by_keepers, "a sign of life always sets back: {:?}", world.life.stage);
                        prop_assert!(!world.gate_open, "what has not left waits again");
                    }
                }
                Act::Vote(n, word) => {
                    let before = world.life.is_released();
                    let _refused = world.vote(n, word);
                    let died = world.votes.iter().filter(|vote| vote.word == Word::Died).count();
                    seen.spoken |= died > 0 && died >= usize::from(keepers.min(plan.quorum));
                    prop_assert_eq!(world.life.is_released(), before, "a word releases nothing");
                }
                Act::Pause(days) => {
                    let until = world.now.trusted + jiff::SignedDuration::from_hours(24 * days);
                    if let Ok(change) = accept::pause(&world.life, until, false, &world.facts(), world.now) {
                        world.commit(change);
                        world.settle();
                        seen = Seen::sign(&world);
                        prop_assert!(!world.gate_open);
                    }
                }
                Act::Stop => {
                    world.stop();
                    seen = Seen::sign(&world);
                    let stopped = matches!(world.life.stage, Stage::Stopped { .. });
                    prop_assert!(stopped && !world.gate_open, "stop always stops");
                }
                Act::Plan(plan) => {
                    let change = accept::change_plan(&world.life, plan, &world.facts(), world.now).unwrap();
                    world.commit(change);
                    world.settle();
                    seen = Seen::sign(&world);
                    prop_assert!(!world.gate_open);
                }
                Act::Relay(relay) => {
                    world.relay = relay;
                    if relay == Relay::Takes {
                        mended(&mut world);
                        world.settle();
                    }
                }
                Act::BackUp => backup = (world.clone(), seen.clone()),
                Act::Restore => {
                    let hers = |fact: &Fact| !matches!(fact, Fact::Voted { .. });
                    let signed = world.journal[backup.0.journal.len()..].iter().any(hers);
                    let restored = world.restored(&backup.0);
                    compare(&world, &restored)?;
                    // The mail server is as it is by now.
                    world = World { relay: world.relay, ..restored };
                    seen = backup.1.clone();
                    if signed {
                        seen = Seen::sign(&world);
                    }
                    backup = (world.clone(), seen.clone());
                    world.settle();
                }
            }
            look(&world, &mut seen)?;
        }
    }
}
