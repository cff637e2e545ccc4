//! What a house learns of a life from its journal, because its rows are older: nobody is let go because a sign of life was forgotten, and a stop stays a stop.

mod lives;

use jiff::SignedDuration;
use lives::*;
use unsaid_delivery::Fact;
use unsaid_delivery::life::accept;
use unsaid_delivery::life::learn::{forgotten, learn};
use unsaid_delivery::life::{Doubt, GateMoves, Plan, Policy, Stage, Strength, Word};

/// She has been let go, and the backup is of that day.
fn released(policy: Policy) -> World {
    let mut world = World::new(plan(policy), 0);
    assert!(world.days_until_released(600).is_some() && world.gate_open);
    world
}

#[test]
fn what_was_said_stays_said() {
    let old = released(Policy::CheckIns);
    let mut world = old.clone();
    world.serve_days(3);
    assert!(world.sign(Strength::Weak));
    let restored = world.restored(&old);
    assert!(restored.life.stage == Stage::Present && !restored.gate_open, "what has not left waits for her");
    // And the whole time passes anew.
    assert!(restored.clone().days_until_released(60 + 35 + 180).is_none());

    // A stop, and what took it back.
    let mut stopped = old.clone();
    stopped.stop();
    let mut restored = stopped.restored(&old);
    assert!(matches!(restored.life.stage, Stage::Stopped { resumes: None, .. }) && !restored.gate_open);
    assert_eq!(restored.said(unsaid_delivery::message::Says::Stopped), 0, "who was told is not told again");
    restored.serve_days(360);
    assert!(matches!(restored.life.stage, Stage::Stopped { .. }));
    let again = accept::resume(&stopped.life, &stopped.facts(), stopped.now).unwrap();
    stopped.commit(again);
    assert_eq!(stopped.restored(&old).life.stage, Stage::Present);
}

/// The clock of an old copy is years behind, and its rows know nothing of what she was allowed since.
#[test]
fn what_was_granted_is_granted_whatever_the_old_rows_would_say() {
    let mut old = World::new(plan(Policy::Both), 3);
    old.life.weak.doubt = Doubt::Confirmed;
    old.life.open = true;
    let account = old.life.account;
    let until = old.now.trusted + SignedDuration::from_hours(24 * 1_500);
    let mut world = old.clone();
    world.journal.push(Fact::CheckedIn { account, strength: Strength::Weak });
    let restored = world.restored(&old);
    assert_eq!((restored.life.stage, restored.life.open), (Stage::Present, false));
    world.journal.push(Fact::Paused { account, until, strength: Strength::Weak });
    let restored = world.restored(&old);
    assert_eq!(restored.life.paused, Some(until));
    assert!(restored.life.weak.in_a_row > 0, "it was a weak one, and is");
    // Plans that this program would refuse were taken by another one.
    let slow = Plan { every_days: 400, ..plan(Policy::Both) };
    assert!(slow.check().is_err());
    world.journal.push(Fact::PolicyChanged { account, plan: slow });
    assert_eq!(world.restored(&old).life.plan, slow);
    assert!(
        learn(None, &Fact::PolicyChanged { account, plan: slow }, false, &old.facts(), old.now).is_some()
    );
    assert!(
        learn(None, &Fact::Stopped { account }, false, &old.facts(), old.now).is_none(),
        "nothing to stop"
    );
}

#[test]
fn words_of_keepers_belong_to_the_episode_in_which_they_were_said() {
    let mut old = World::new(plan(Policy::KeepersOnly), 3);
    assert_eq!(old.vote(1, Word::Died), Ok(()));
    let mut world = old.clone();
    world.serve_days(2);
    assert!(world.sign(Strength::Strong));
    for n in 2..=3 {
        assert_eq!(world.vote(n, Word::Died), Ok(()));
    }
    // The sign alone says that the first word is void; so does a word of the next episode, should the sign be lost.
    let whole = world.restored(&old);
    assert_eq!((&whole.votes, whole.life.episode), (&world.votes, world.life.episode));
    let mut torn = world.clone();
    torn.journal.retain(|fact| !matches!(fact, Fact::CheckedIn { .. }));
    let torn = torn.restored(&old);
    assert_eq!((&torn.votes, torn.life.episode), (&world.votes, world.life.episode));
    // One of an episode that is over counts for nothing.
    let account = world.life.account;
    let early = Fact::Voted { account, keeper: keeper(1), episode: 1, word: Word::Died };
    assert!(learn(Some(&world.life), &early, false, &world.facts(), world.now).is_none());
    // Sixty days are kept to whoever was promised them, though the old rows had asked nobody.
    let well = Fact::Voted { account, keeper: keeper(1), episode: 9, word: Word::Well };
    let old = World::new(plan(Policy::Both), 3);
    let change = learn(Some(&old.life), &well, false, &old.facts(), old.now).unwrap();
    assert_eq!(change.life.held, Some(old.now.observed.plus_days(60)));
}

/// The rows went on beside it: what protects her is done, and what would move things on is asked for again.
#[test]
fn what_two_machines_did_beside_each_other_protects_her() {
    let world = released(Policy::CheckIns);
    let account = world.life.account;
    let beside = |fact: &Fact| learn(Some(&world.life), fact, true, &world.facts(), world.now);
    for fact in [
        Fact::CheckedIn { account, strength: Strength::Weak },
        Fact::Resumed { account },
        Fact::PolicyChanged { account, plan: plan(Policy::Either) },
        Fact::Stopped { account },
        Fact::LifeEnded { account },
    ] {
        assert_eq!(beside(&fact).unwrap().gate, Some(GateMoves::Shuts), "{fact:?}");
    }
    let kept = beside(&Fact::PolicyChanged { account, plan: plan(Policy::Either) }).unwrap();
    assert_eq!(kept.life.plan, world.life.plan);
    let mut stopped = World::new(plan(Policy::KeepersOnly), 3);
    stopped.stop();
    let change = learn(Some(&stopped.life), &Fact::Resumed { account }, true, &stopped.facts(), stopped.now);
    assert!(matches!(change.unwrap().life.stage, Stage::Stopped { .. }), "a stop is not taken back by it");
    let died = Fact::Voted { account, keeper: keeper(1), episode: stopped.life.episode, word: Word::Died };
    assert!(learn(Some(&stopped.life), &died, true, &stopped.facts(), stopped.now).is_none());
}

#[test]
fn nobody_knows_what_she_said() {
    let world = released(Policy::CheckIns);
    let change = forgotten(&world.life, &world.facts(), world.now).unwrap();
    assert_eq!((change.life.stage, change.gate), (Stage::Present, Some(GateMoves::Shuts)));
    let mut stopped = world.clone();
    stopped.stop();
    let change = forgotten(&stopped.life, &stopped.facts(), stopped.now).unwrap();
    assert!(matches!(change.life.stage, Stage::Stopped { .. }));
    stopped.life.stage = Stage::Ended;
    assert!(forgotten(&stopped.life, &stopped.facts(), stopped.now).is_none());
}
