//! Taking, fences, both questions before a message is whole, recording, and a no at any moment: one knock of one letter, and three workers.

mod world;

use stateright::{Checker, HasDiscoveries, Model, Property};
use std::hash::{DefaultHasher, Hash, Hasher};
use unsaid_delivery::accept;
use unsaid_delivery::message::MessageState;
use unsaid_delivery::record::{Bounce, CameBack, bounced};
use unsaid_delivery::refusal::Scope;
use world::{Hand, Said, World, delivery, now};

/// What is read anew at one of the two questions.
#[derive(Clone, Copy)]
struct Asked {
    /// Holder, fence and revision are still those that were taken.
    ours: bool,
    /// [`still_allowed`], with everything read again.
    allowed: bool,
}

const BOTH: Asked = Asked { ours: true, allowed: true };
const NEITHER: Asked = Asked { ours: false, allowed: false };

/// An engine: which of its questions it asks. Ours asks all of them.
#[derive(Clone, Copy)]
struct Engine {
    workers: usize,
    /// Before DATA, in the transaction that stores `started`.
    before_data: Asked,
    /// `started` is stored there at all.
    begins: bool,
    before_content: Asked,
    /// When the answer is recorded: holder, fence and revision.
    when_recording: bool,
    /// What was flushed and never committed is applied by the next start.
    replays: bool,
    /// How often a process may die, a lease be taken over, and a relay give another answer than 250.
    deaths: u8,
    lapses: u8,
    noes: u8,
}

const OURS: Engine = Engine {
    workers: 3,
    before_data: BOTH,
    begins: true,
    before_content: BOTH,
    when_recording: true,
    replays: true,
    deaths: 1,
    lapses: 2,
    noes: 1,
};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
    Take(usize),
    TakeOver(usize),
    Read(usize),
    AskBeforeData(usize),
    Drop(usize),
    AskBeforeContent(usize),
    /// Before DATA.
    Turned(usize, Said),
    Hear(usize, Said),
    Record(usize),
    Commit(usize),
    Die(usize),
    Replay,
    Withdraw,
    Refuse(Scope),
    Lift,
    Open,
    RemoveAddress,
    ComesBack,
}

impl Model for Engine {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self.workers)]
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        // Whoever has flushed holds the locks of its rows: everybody else waits, or it dies.
        let flushed = world.hands.iter().position(|hand| matches!(hand, Hand::Flushed { .. }));
        if let Some(i) = flushed {
            acts.push(Act::Commit(i));
            if world.deaths < self.deaths {
                acts.push(Act::Die(i));
            }
            return;
        }
        for (i, hand) in world.hands.iter().enumerate() {
            // Two that are in the same place would do the same.
            if i > 0 && world.hands[i - 1] == *hand {
                continue;
            }
            match hand {
                Hand::Idle if world.wake == Some(None) => acts.push(Act::Take(i)),
                Hand::Idle if world.wake.is_some() && world.lapses < self.lapses => {
                    acts.push(Act::TakeOver(i));
                }
                Hand::Idle => {}
                Hand::Taken { .. } => acts.push(Act::Read(i)),
                Hand::Read { .. } => {
                    acts.push(Act::AskBeforeData(i));
                    if world.noes < self.noes {
                        acts.push(Act::Turned(i, Said::Later));
                    }
                }
                Hand::Dropping { .. } => acts.push(Act::Drop(i)),
                Hand::Begun { .. } => acts.push(Act::AskBeforeContent(i)),
                Hand::Writing { .. } => {
                    acts.push(Act::Hear(i, Said::Accepted));
                    if world.noes < self.noes {
                        let others = [Said::Later, Said::Refused, Said::LostHavingTaken, Said::Lost];
                        acts.extend(others.map(|said| Act::Hear(i, said)));
                    }
                }
                Hand::Answered { .. } => acts.push(Act::Record(i)),
                Hand::Flushed { .. } => unreachable!("looked for above"),
            }
            if *hand != Hand::Idle && world.deaths < self.deaths {
                acts.push(Act::Die(i));
            }
        }
        if world.journal {
            acts.push(Act::Replay);
        }
        // One human says one thing, and may think better of it: what two of them do one after the other is no other protocol.
        if !world.refused.is_empty() {
            acts.push(Act::Lift);
        } else if !world.ever_no {
            acts.extend([
                Act::Withdraw,
                Act::RemoveAddress,
                Act::Refuse(Scope::NotMe),
                Act::Refuse(Scope::Author),
            ]);
            if !world.copies.is_empty() && world.delivery.may_be_opened() {
                acts.push(Act::Open);
            }
        }
        if !world.copies.is_empty() && world.good {
            acts.push(Act::ComesBack);
        }
    }

    fn next_state(&self, before: &World, act: Act) -> Option<World> {
        let mut world = before.clone();
        match act {
            Act::Take(i) | Act::TakeOver(i) => {
                if matches!(act, Act::TakeOver(_)) {
                    world.lapses += 1;
                    world.cut_off();
                }
                world.fence += 1;
                world.wake = Some(Some(world.fence));
                world.hands[i] = Hand::Taken { fence: world.fence };
            }
            Act::Read(i) => {
                let Hand::Taken { fence } = world.hands[i] else { return None };
                world.hands[i] = Hand::Read { fence, row: world.message.clone() };
            }
            Act::AskBeforeData(i) => {
                let Hand::Read { fence, row } = world.hands[i].clone() else { return None };
                world.hands[i] = if self.before_data.ours && !world.ours(fence, &row) {
                    Hand::Idle
                } else if self.before_data.allowed && !world.allowed(&world.message) {
                    Hand::Dropping { fence, row }
                } else {
                    if world.recorded {
                        world.faulty(AFTER_ACCEPTANCE);
                    }
                    if self.begins {
                        world.message.state = MessageState::Started;
                        world.message.date = world.message.date.or(Some(now(fence).trusted));
                        world.message.rev += 1;
                    }
                    Hand::Begun { fence, row: world.message.clone() }
                };
            }
            Act::Drop(i) => {
                let Hand::Dropping { fence, row } = world.hands[i].clone() else { return None };
                world.hands[i] = if world.ours(fence, &row) {
                    world.message.state = MessageState::Dropped;
                    world.message.rev += 1;
                    world.wake = None;
                    world.tell();
                    Hand::Idle
                } else {
                    // A conflict is trouble for a second: it is read again.
                    Hand::Taken { fence }
                };
            }
            Act::AskBeforeContent(i) => {
                let Hand::Begun { fence, row } = world.hands[i].clone() else { return None };
                let ours = !self.before_content.ours || world.ours(fence, &row);
                let allowed = !self.before_content.allowed || world.allowed(&world.message);
                world.hands[i] = if ours && allowed {
                    if world.said_no {
                        world.faulty(AFTER_A_NO);
                    }
                    Hand::Writing { fence, row, cut: false }
                } else {
                    Hand::Dropping { fence, row }
                };
            }
            Act::Turned(i, answer) => {
                let Hand::Read { fence, row } = world.hands[i].clone() else { return None };
                world.noes += 1;
                world.hands[i] = Hand::Answered { fence, row, answer, cut: false };
            }
            Act::Hear(i, answer) => {
                let Hand::Writing { fence, row, cut } = world.hands[i].clone() else { return None };
                world.noes += u8::from(answer != Said::Accepted);
                if answer.took_it() {
                    world.copies.push(row.date.or(Some(now(fence).trusted)));
                }
                world.hands[i] = Hand::Answered { fence, row, answer, cut };
            }
            Act::Record(i) => {
                let Hand::Answered { fence, row, answer, cut } = world.hands[i].clone() else { return None };
                world.hands[i] = if self.when_recording && !world.ours(fence, &row) {
                    Hand::Taken { fence }
                } else if answer == Said::Accepted {
                    Hand::Flushed { row }
                } else {
                    // An unknown answer goes again, and whoever reads the log knows.
                    world.cuts += u8::from(answer == Said::LostHavingTaken && !cut);
                    world.keep(&row, answer);
                    Hand::Idle
                };
            }
            Act::Commit(i) => {
                let Hand::Flushed { row } = world.hands[i].clone() else { return None };
                world.keep(&row, Said::Accepted);
                world.hands[i] = Hand::Idle;
            }
            Act::Die(i) => {
                world.deaths += 1;
                match std::mem::replace(&mut world.hands[i], Hand::Idle) {
                    Hand::Flushed { .. } => world.journal = true,
                    Hand::Answered { answer, cut: false, .. } if answer.took_it() => world.cuts += 1,
                    _ => {}
                }
            }
            Act::Replay => {
                world.journal = false;
                if self.replays
                    && matches!(world.message.state, MessageState::Waiting | MessageState::Started)
                {
                    world.message.state = MessageState::Accepted;
                    world.message.rev += 1;
                    world.recorded = true;
                    world.wake = None;
                    world.tell();
                }
            }
            Act::Withdraw => {
                let granted = accept::withdraw(&delivery(world.delivery)).ok()?;
                world.delivery = granted.state;
                world.says_no();
            }
            Act::Refuse(scope) => {
                world.refused.push(scope);
                if let Some(state) = accept::refuse(&delivery(world.delivery), scope) {
                    world.delivery = state;
                }
                world.says_no();
            }
            Act::Lift => {
                let scope = world.refused.pop()?;
                if let Some(state) = accept::lift(&delivery(world.delivery), scope) {
                    // It wakes again when the pause after a first knock is over.
                    world.delivery_woken = true;
                    world.delivery = state;
                }
                world.said_no = !world.delivery.is_knocking();
            }
            Act::Open => {
                world.delivery = accept::open(&delivery(world.delivery)).ok()??.state;
                world.says_no();
            }
            Act::RemoveAddress => {
                world.there = false;
                world.says_no();
            }
            Act::ComesBack => {
                if bounced(&world.message, Bounce::Dead) != CameBack::AddressIsDead {
                    return None;
                }
                world.good = false;
                world.message.state = MessageState::Refused;
                world.message.rev += 1;
                world.wake = None;
                world.ever_no = true;
                world.tell();
            }
        }
        world.hands.sort_by_cached_key(|hand| {
            let mut hasher = DefaultHasher::new();
            hand.hash(&mut hasher);
            hasher.finish()
        });
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NEVER_WRONG, |_, world: &World| world.wrong.is_none()),
            Property::always(ONE_COPY, |_, world: &World| world.copies.len() <= 1 + usize::from(world.cuts)),
            Property::always(THE_SAME, |_, world: &World| {
                world.copies.windows(2).all(|two| two[0] == two[1])
            }),
            Property::always(STAYS_RECORDED, |_, world: &World| {
                let stays = matches!(world.message.state, MessageState::Accepted | MessageState::Refused);
                !world.recorded || stays
            }),
            Property::always(NOT_LOST, |_, world: &World| match world.message.state {
                MessageState::Waiting | MessageState::Started => world.wake.is_some(),
                MessageState::Accepted => !world.copies.is_empty(),
                MessageState::Refused => world.delivery_woken || !world.delivery.is_knocking(),
                MessageState::Dropped => {
                    world.ever_no && (world.delivery_woken || !world.delivery.is_knocking())
                }
            }),
            Property::sometimes("it arrives", |_, world: &World| world.recorded && world.copies.len() == 1),
            Property::sometimes("a crash in the window repeats it", |_, world: &World| {
                world.copies.len() == 2
            }),
            Property::sometimes("a no comes in time", |_, world: &World| {
                world.message.state == MessageState::Dropped && world.copies.is_empty()
            }),
            Property::sometimes("a no comes while it leaves", |_, world: &World| {
                world.said_no && world.hands.iter().any(|hand| matches!(hand, Hand::Writing { .. }))
            }),
        ]
    }
}

const NEVER_WRONG: &str = "nothing begins after a no, or after the relay's 250 was recorded";
const AFTER_A_NO: &str = "the content was allowed after a no";
const AFTER_ACCEPTANCE: &str = "an attempt began after the 250 was recorded";
const ONE_COPY: &str = "one copy, but for what was cut off between the second question and the commit";
const THE_SAME: &str = "a repeated copy is the same to the byte";
const STAYS_RECORDED: &str = "what was recorded as accepted stays so";
const NOT_LOST: &str = "what is owed has a wake, and what ended has a reason";

/// Goes through everything, or until this is found; gives how many states there are, and what was found.
fn explore(engine: Engine, until: HasDiscoveries) -> (usize, Vec<(&'static str, String)>) {
    let checked = engine.checker().finish_when(until).spawn_bfs().join();
    let mut found: Vec<(&'static str, String)> = checked
        .discoveries()
        .into_iter()
        .map(|(name, path)| (name, format!("{:?}", path.into_actions())))
        .collect();
    found.sort();
    (checked.unique_state_count(), found)
}

#[track_caller]
fn is_sound(engine: Engine, at_least: usize) {
    let sometimes = [
        "a crash in the window repeats it",
        "a no comes in time",
        "a no comes while it leaves",
        "it arrives",
    ];
    let (states, found) = explore(engine, HasDiscoveries::AnyFailures);
    eprintln!("{states} states");
    let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, sometimes, "{found:#?}");
    assert!(states > at_least, "{states} states are fewer than there were");
}

/// An engine that leaves a question out. What goes wrong is what that question is for.
#[track_caller]
fn is_found(engine: Engine, what: &'static str) {
    let small = Engine { workers: 2, lapses: 1, ..engine };
    let (_, found) = explore(small, HasDiscoveries::AnyOf([what].into()));
    assert!(found.iter().any(|(name, _)| *name == what), "not found: {what}; only {found:#?}");
}

#[test]
fn three_workers_never_send_what_was_stopped_nor_twice_outside_the_window() {
    is_sound(Engine { lapses: 1, ..OURS }, 40_000);
}

#[test]
fn two_workers_that_are_taken_over_again_and_again_neither() {
    is_sound(Engine { workers: 2, ..OURS }, 100_000);
}

#[test]
fn without_the_question_before_the_content_a_no_comes_too_late() {
    let forgets = Engine { before_content: Asked { allowed: false, ..BOTH }, ..OURS };
    is_found(forgets, NEVER_WRONG);
}

#[test]
fn without_the_fence_before_the_content_whoever_was_taken_over_sends_a_second_copy() {
    let forgets = Engine { before_content: Asked { ours: false, ..BOTH }, ..OURS };
    is_found(forgets, ONE_COPY);
}

#[test]
fn without_the_question_before_data_an_attempt_begins_after_the_250() {
    is_found(Engine { before_data: NEITHER, ..OURS }, NEVER_WRONG);
}

#[test]
fn without_the_fence_before_data_whoever_was_taken_over_sends_a_second_copy() {
    is_found(Engine { before_data: Asked { ours: false, ..BOTH }, ..OURS }, ONE_COPY);
}

#[test]
fn without_started_a_repeat_is_another_message() {
    is_found(Engine { begins: false, ..OURS }, THE_SAME);
}

#[test]
fn without_the_fence_when_recording_a_late_answer_undoes_an_acceptance() {
    is_found(Engine { when_recording: false, ..OURS }, STAYS_RECORDED);
}

#[test]
fn without_a_replay_what_was_flushed_goes_again() {
    is_found(Engine { replays: false, ..OURS }, ONE_COPY);
}
