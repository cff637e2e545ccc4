//! The ladder, the keepers' quorum and a stop: one author, three keepers, a relay that is slow, and everything that any of them can do at any moment, while a worker has read the
//! row and not yet committed what follows. What is kept besides the row is the truth: who has really said what since her last sign, and what has really been accepted.

use jiff::{SignedDuration, Timestamp};
use stateright::{Checker, HasDiscoveries, Model, Property};
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use unsaid_delivery::clock::DAY;
use unsaid_delivery::id::KeeperId;
use unsaid_delivery::life::accept::{self, voted};
use unsaid_delivery::life::{
    Armed, Change, Facts, Heard, Life, Plan, Policy, Stage, Strength, To, Vote, Word, decide,
};
use unsaid_delivery::message::Says;
use unsaid_delivery::state::Wake;
use unsaid_delivery::{AccountId, Now, Observed};

const KEEPERS: u8 = 3;

/// An engine: ours, or one that leaves something out.
#[derive(Clone, Copy)]
struct Engine {
    policy: Policy,
    /// A worker's commit says which row it has read.
    compares_rev: bool,
    /// What was said in an episode ends with it.
    voids_votes: bool,
    /// What only waits to leave counts for nothing.
    waits_for_acceptance: bool,
    /// How often she may give a sign, and how many words her keepers may say.
    signs: u8,
    words: u8,
    /// How often time may pass while something waits to be accepted.
    slow: u8,
    /// Nothing is looked at that comes later than this.
    longest_days: i64,
}

const OURS: Engine = Engine {
    policy: Policy::Both,
    compares_rev: true,
    voids_votes: true,
    waits_for_acceptance: true,
    signs: 1,
    words: 2,
    slow: 0,
    longest_days: 140,
};

#[derive(Clone, Debug, PartialEq, Eq)]
struct World {
    life: Life,
    votes: Vec<Vote>,
    rung: Vec<Heard>,
    wake: Option<Wake>,
    now: Observed,
    /// A worker has read the row, and knows what follows.
    hand: Option<Box<Change>>,
    /// Somebody has committed since: the rev is another one.
    stale: bool,
    truth: Truth,
    wrong: Option<&'static str>,
}

/// What is so, whatever the row says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
struct Truth {
    /// Her last sign.
    sign: Observed,
    /// Who has said since that she has died, and nothing else since.
    died: BTreeSet<u8>,
    /// How many of these have been accepted since.
    questions: u8,
    warnings: u8,
    /// The first of those warnings.
    warned: Option<Observed>,
    /// The last question or reminder.
    climbed: Option<Observed>,
    /// The newest writing is a warning.
    newest_warns: bool,
    stopped: bool,
    signs: u8,
    words: u8,
    /// How often time has passed while nothing was accepted.
    slow: u8,
}

impl Hash for World {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hash(&self.life, hasher);
        if let Some(hand) = &self.hand {
            hash(&hand.life, hasher);
            (hand.write.len(), hand.why).hash(hasher);
        }
        self.votes.hash(hasher);
        for heard in &self.rung {
            matches!(heard, Heard::NotYet).hash(hasher);
            if let Heard::Accepted(at) | Heard::Refused(at) = heard {
                at.hash(hasher);
            }
        }
        (self.now, self.comes(), &self.truth, self.wrong, self.stale).hash(hasher);
    }
}

/// What moves in a row.
fn hash(life: &Life, hasher: &mut impl Hasher) {
    (life.stage, life.episode, life.open, life.sign, life.weak_at, life.strong_at, life.asks).hash(hasher);
    (life.rung, life.written, life.judged, life.probed, life.refusals, life.out_of_reach).hash(hasher);
    (life.keepers_asked, life.rounds, life.climbed, life.wells, life.held, life.weak).hash(hasher);
    (life.confirmed, life.released).hash(hasher);
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
    Passes,
    Reads,
    Commits,
    Accepted,
    Signs(Strength),
    Says(u8, Word),
    Stops,
}

fn at(now: Observed) -> Now {
    Now { trusted: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(now.0), observed: now }
}

impl World {
    fn facts(&self) -> Facts {
        Facts {
            channels: vec![To::SignIn],
            keepers: (1..=KEEPERS).map(|n| KeeperId([n; 16])).collect(),
            votes: self.votes.clone(),
            rung: self.rung.clone(),
            mail_left: None,
            somebody_else: None,
            hears_bounces: true,
            ..Facts::default()
        }
    }

    fn comes(&self) -> Option<Observed> {
        Some(match self.wake? {
            Wake::Observed(at) => at,
            Wake::Trusted(at) => Observed(at.as_second()),
        })
    }

    /// Commits, as a store does.
    fn commit(&mut self, engine: &Engine, change: &Change) {
        if change.life.episode != self.life.episode && engine.voids_votes {
            self.votes.clear();
        }
        self.life = change.life.clone();
        self.stale = self.hand.is_some();
        self.wake = change.wake;
        for write in &change.write {
            if matches!(write.says, Says::Question | Says::Reminder | Says::Warning) {
                self.truth.newest_warns = write.says == Says::Warning;
                self.rung =
                    vec![if engine.waits_for_acceptance { Heard::NotYet } else { Heard::Accepted(self.now) }];
            }
        }
        if self.life.is_released() {
            self.released(engine);
        }
    }

    /// She has been let go: it is asked whether all of it is true.
    fn released(&mut self, engine: &Engine) {
        let days = |since: Observed| (self.now.0 - since.0) / DAY;
        let quorum = self.truth.died.len() >= 2;
        let silent_long = self.truth.climbed.is_some_and(|climbed| days(climbed) >= 180);
        let wrong = if self.truth.stopped {
            Some("let go after a stop")
        } else if self.truth.warnings < 3 || self.truth.warned.is_none_or(|warned| days(warned) < 30) {
            Some("the grace was skipped")
        } else if engine.policy == Policy::Both && self.truth.questions < 5 {
            Some("the ladder was skipped")
        } else if !(quorum || silent_long) {
            Some("no quorum of distinct keepers since her last sign")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            self.wrong.get_or_insert(wrong);
        }
    }

    fn sign(&mut self) {
        let (signs, words, stopped, slow) =
            (self.truth.signs, self.truth.words, self.truth.stopped, self.truth.slow);
        self.truth = Truth { sign: self.now, signs, words, stopped, slow, ..Truth::default() };
        if !matches!(self.life.stage, Stage::Present | Stage::Stopped { .. }) {
            self.wrong.get_or_insert("a sign of life did not set back");
        }
    }
}

impl Model for Engine {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        let plan = Plan { policy: self.policy, ..Plan::default() };
        let change = accept::arm(AccountId([1; 16]), None, plan, at(Observed(0))).expect("it may be chosen");
        vec![World {
            life: change.life,
            votes: Vec::new(),
            rung: Vec::new(),
            wake: change.wake,
            now: Observed(0),
            hand: None,
            stale: false,
            truth: Truth::default(),
            wrong: None,
        }]
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        if world.life.is_released() {
            return;
        }
        let waits = world.rung.contains(&Heard::NotYet);
        match (&world.hand, world.comes()) {
            (Some(_), _) => acts.push(Act::Commits),
            (None, Some(comes)) if comes <= world.now => acts.push(Act::Reads),
            (None, Some(_)) if !waits || world.truth.slow < self.slow => acts.push(Act::Passes),
            _ => {}
        }
        if waits {
            acts.push(Act::Accepted);
        }
        // After a stop it is enough to see that nothing goes on.
        if world.truth.stopped {
            return;
        }
        acts.push(Act::Stops);
        if world.truth.signs < self.signs {
            acts.push(Act::Signs(Strength::Weak));
        }
        if world.truth.words < self.words {
            acts.extend([1, 2].map(|keeper| Act::Says(keeper, Word::Died)));
            if self.signs == 0 {
                acts.push(Act::Says(1, Word::Well));
            }
        }
    }

    fn next_state(&self, before: &World, act: Act) -> Option<World> {
        let mut world = before.clone();
        let (facts, now) = (world.facts(), at(world.now));
        match act {
            Act::Passes => {
                world.truth.slow += u8::from(world.rung.contains(&Heard::NotYet));
                world.now = world.comes()?;
            }
            Act::Reads => {
                world.hand = Some(Box::new(decide(&world.life, &facts, now)));
                world.stale = false;
            }
            Act::Commits => {
                let change = world.hand.take()?;
                if !world.stale || !self.compares_rev {
                    world.commit(self, &change);
                }
            }
            Act::Accepted => {
                world.rung = vec![Heard::Accepted(world.now)];
                if world.truth.newest_warns {
                    world.truth.warnings += 1;
                    world.truth.warned.get_or_insert(world.now);
                } else {
                    world.truth.questions += 1;
                    world.truth.climbed = Some(world.now);
                }
                world.wake = Some(Wake::Observed(world.now));
                world.stale = world.hand.is_some();
            }
            Act::Signs(strength) => {
                world.truth.signs += 1;
                let Armed::Recorded(change) = accept::sign(&world.life, strength, &facts, now) else {
                    return Some(world);
                };
                world.commit(self, &change);
                world.sign();
            }
            Act::Says(keeper, word) => {
                world.truth.words += 1;
                let id = KeeperId([keeper; 16]);
                let change = accept::vote(&world.life, id, word, &facts, now).ok()?;
                world.votes = voted(&world.votes, Vote { keeper: id, word });
                world.commit(self, &change);
                if word == Word::Died {
                    world.truth.died.insert(keeper);
                } else {
                    world.truth.died.remove(&keeper);
                }
            }
            Act::Stops => {
                let change = accept::stop(&world.life, &facts, now);
                world.commit(self, &change);
                world.truth.stopped = true;
                world.sign();
                if !matches!(world.life.stage, Stage::Stopped { .. }) {
                    world.wrong.get_or_insert("a stop did not stop");
                }
            }
        }
        Some(world)
    }

    fn within_boundary(&self, world: &World) -> bool {
        world.now.0 <= self.longest_days * DAY
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NEVER_WRONG, |_, world: &World| world.wrong.is_none()),
            Property::always("what may move has a wake", |_, world: &World| {
                world.life.is_released() || world.wake.is_some() || world.hand.is_some()
            }),
            Property::sometimes("she is let go", |_, world: &World| world.life.is_released()),
            Property::sometimes("a sign comes late", |_, world: &World| {
                world.truth.signs > 0 && world.truth.sign > Observed(60 * DAY)
            }),
        ]
    }
}

const NEVER_WRONG: &str =
    "nobody is let go but after all that was promised, and a sign and a stop always count";

fn explore(engine: Engine, until: HasDiscoveries) -> (usize, Vec<(&'static str, String)>) {
    let checked = engine.checker().finish_when(until).spawn_bfs().join();
    let found = checked.discoveries().into_iter().map(|(name, path)| {
        let wrong = path.last_state().wrong;
        (name, format!("{wrong:?}: {:?}", path.into_actions()))
    });
    (checked.unique_state_count(), found.collect())
}

#[track_caller]
fn is_sound(engine: Engine) {
    let (states, found) = explore(engine, HasDiscoveries::AnyFailures);
    eprintln!("{states} states");
    let names: BTreeSet<&str> = found.iter().map(|(name, _)| *name).collect();
    let mut expected = BTreeSet::from(["she is let go"]);
    expected.extend((engine.signs > 0).then_some("a sign comes late"));
    assert_eq!(names, expected, "{found:#?}");
    assert!(states > 2_000, "{states} states are fewer than there were");
}

#[track_caller]
fn is_found(engine: Engine) {
    let (_, found) = explore(engine, HasDiscoveries::AnyOf([NEVER_WRONG].into()));
    assert!(found.iter().any(|(name, _)| *name == NEVER_WRONG), "not found; only {found:#?}");
}

#[test]
fn with_both_nobody_is_let_go_without_her_silence_their_word_and_the_grace() {
    is_sound(OURS);
}

#[test]
fn with_keepers_only_nobody_skips_the_grace() {
    is_sound(Engine { policy: Policy::KeepersOnly, ..OURS });
}

#[test]
fn a_keeper_who_says_it_three_times_is_one_and_one_who_says_that_she_is_well_holds_it() {
    is_sound(Engine { signs: 0, words: 3, slow: 1, policy: Policy::KeepersOnly, ..OURS });
}

#[test]
fn a_worker_that_commits_over_a_sign_is_found() {
    is_found(Engine { compares_rev: false, policy: Policy::KeepersOnly, ..OURS });
}

#[test]
fn words_that_outlive_a_sign_are_found() {
    is_found(Engine { voids_votes: false, policy: Policy::KeepersOnly, ..OURS });
}

#[test]
fn messages_that_count_before_they_are_accepted_are_found() {
    is_found(Engine { waits_for_acceptance: false, slow: 1, policy: Policy::KeepersOnly, ..OURS });
}
