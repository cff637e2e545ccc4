//! A machine with states (proptest-state-machine): two nodes take, beat, overtake and come too late with what they have in hand, while people and the host do what they do. The
//! reference is the memory store in which the steps so far were taken; the system is SQLite, which answers the same after each, and of both it holds that no fence of a message is given twice
//! and nothing is begun again that was recorded as accepted. What does not fit the state is never drawn, so what fails shrinks to the few steps that it needs.

use crate::alike::{House, Step, pick, step};
use crate::places::at_once;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::collections::BTreeSet;
use std::sync::Arc;
use unsaid_delivery::clock::{Mark, Now};
use unsaid_delivery::decide::decide;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::hold::Hold;
use unsaid_delivery::life::accept::Armed;
use unsaid_delivery::life::{self, Plan, Strength};
use unsaid_delivery::message::Message;
use unsaid_delivery::record::{self, Answer};
use unsaid_delivery::{BootId, MessageId, MessageState, parking};
use unsaid_store::conformance::scene::{HOUR, link_of, now};
use unsaid_store::journal::MemoryJournal;
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::*;
use unsaid_store::sql::SqlStore;

/// The two nodes.
const NODES: [BootId; 2] = [BootId([1; 16]), BootId([2; 16])];

/// One thing that happens. `hand` is what was taken, the newest last; it may have been taken over since.
#[derive(Debug, Clone)]
enum Move {
    People(Step),
    Beat { node: usize },
    Take { node: usize },
    Overtake { node: usize, nth: usize },
    Decide { hand: usize },
    Begin { hand: usize },
    Ask { hand: usize },
    Record { hand: usize, answer: Answer },
    GiveBack { hand: usize },
    HostParks { letter: usize },
    HostReleases { letter: usize },
    HostHolds,
    HostLetsGo,
    Arm,
    Sign { strong: bool },
    Stop,
}

/// Something that fits what is there; what is in hand is gone on with more often than not.
fn a_move(there: &There) -> BoxedStrategy<Move> {
    let node = || 0..2usize;
    let answer = prop_oneof![
        3 => Just(Answer::Accepted),
        1 => Just(Answer::Later),
        1 => Just(Answer::Refused),
        1 => Just(Answer::Unknown),
    ];
    let mut moves = vec![
        (7, step().prop_map(Move::People).boxed()),
        (3, (0..3usize).prop_map(|person| Move::People(Step::Seal { person })).boxed()),
        (3, (1..30i64).prop_map(|hours| Move::People(Step::Wait { hours })).boxed()),
        (1, node().prop_map(|node| Move::Beat { node }).boxed()),
        (8, node().prop_map(|node| Move::Take { node }).boxed()),
        (2, (node(), 0..3usize).prop_map(|(node, nth)| Move::Overtake { node, nth }).boxed()),
        (1, Just(Move::HostHolds).boxed()),
        (3, Just(Move::HostLetsGo).boxed()),
        (1, Just(Move::Arm).boxed()),
        (1, any::<bool>().prop_map(|strong| Move::Sign { strong }).boxed()),
        (1, Just(Move::Stop).boxed()),
    ];
    if there.letters > 0 {
        let letter = || 0..there.letters;
        moves.push((1, letter().prop_map(|letter| Move::HostParks { letter }).boxed()));
        moves.push((1, letter().prop_map(|letter| Move::HostReleases { letter }).boxed()));
    }
    let of = |what: &dyn Fn(usize) -> Move| -> Vec<usize> {
        (0..there.hands.len()).filter(|hand| there.has(&what(*hand))).collect()
    };
    let decide = of(&|hand| Move::Decide { hand });
    if !decide.is_empty() {
        moves.push((8, select(decide).prop_map(|hand| Move::Decide { hand }).boxed()));
    }
    let begin = of(&|hand| Move::Begin { hand });
    if !begin.is_empty() {
        moves.push((8, select(begin).prop_map(|hand| Move::Begin { hand }).boxed()));
    }
    let begun = of(&|hand| Move::Ask { hand });
    if !begun.is_empty() {
        // While a message is on its way it is taken over, and whoever began it asks and records all the same.
        moves.push((8, (node(), 0..2usize).prop_map(|(node, nth)| Move::Overtake { node, nth }).boxed()));
        moves.push((12, select(begun.clone()).prop_map(|hand| Move::Ask { hand }).boxed()));
        let recorded = (select(begun), answer).prop_map(|(hand, answer)| Move::Record { hand, answer });
        moves.push((5, recorded.boxed()));
    }
    if !there.hands.is_empty() {
        moves.push((1, (0..there.hands.len()).prop_map(|hand| Move::GiveBack { hand }).boxed()));
    }
    Union::new_weighted(moves).boxed()
}

/// What somebody has in hand, and the message that they have begun.
#[derive(Clone)]
struct Hand {
    taken: Taken,
    begun: Option<Message>,
}

/// A house, and what its two nodes have in hand.
struct Worked<'a> {
    house: House<'a>,
    hands: Vec<Hand>,
    fences: BTreeSet<(WakeOf, i64)>,
    accepted: BTreeSet<MessageId>,
}

impl<'a> Worked<'a> {
    async fn new(store: &'a dyn unsaid_store::Store, facts: &'a dyn Fn() -> Vec<Fact>) -> Self {
        let mut house = House::new(store, facts).await;
        // Two letters to two people have come.
        for person in 0..2 {
            house.take(&Step::Seal { person }).await;
        }
        house.hours = 9;
        Self { house, hands: Vec::new(), fences: BTreeSet::new(), accepted: BTreeSet::new() }
    }

    /// Does this, and gives what was answered.
    async fn answers(&mut self, what: &Move) -> Vec<String> {
        self.house.said.clear();
        self.go(what).await;
        std::mem::take(&mut self.house.said)
    }

    /// Everything that can be seen.
    async fn sight(&mut self) -> Vec<String> {
        self.house.said.clear();
        self.house.look().await;
        let facts = self.house.scene.facts();
        self.house.say(facts);
        std::mem::take(&mut self.house.said)
    }

    fn there(&self) -> There {
        There {
            letters: self.house.letters.len(),
            knocks: self.house.knocks.len(),
            hands: self.hands.iter().map(|hand| (hand.taken.of, hand.begun.is_some())).collect(),
        }
    }

    fn in_hand(&mut self, taken: Taken) {
        // The wake of a delivery that was parked and let go begins anew; its revision keeps out who had it in hand before.
        if let WakeOf::Message(_) = taken.of {
            assert!(self.fences.insert((taken.of, taken.fence)), "{taken:?}: this fence was given before");
        }
        self.hands.push(Hand { taken, begun: None });
    }

    async fn go(&mut self, what: &Move) -> Option<()> {
        let at = now(self.house.hours * HOUR);
        let store = self.house.scene.store;
        match what {
            Move::People(step) => drop(self.house.take(step).await),
            Move::Beat { node } => {
                let mark = Mark { trusted: at.trusted, observed: at.observed };
                let beaten = store.beat(NODES[*node], mark).await;
                self.house.answer("beat", beaten);
            }
            Move::Take { node } => {
                let mut come = store.take(NODES[*node], Lane::Letters, at, 1_000).await.expect("wakes");
                // Of wakes at the same instant no order is promised, so the order is ours.
                come.sort_by_key(|taken| taken.of);
                self.house.say(&come);
                for rest in come.iter().skip(1) {
                    store.give_back(rest).await.expect("given back");
                }
                self.in_hand(come.first().copied()?);
            }
            Move::Overtake { node, nth } => {
                let mut held = store.held(NODES[*node], Lane::Letters, at, 1_000).await.expect("held ones");
                held.sort_by_key(|held| held.of);
                let held = pick(&held, *nth)?;
                let taken = store.take_over(NODES[*node], &held).await;
                let taken = self.house.answer("overtake", taken)??;
                self.in_hand(taken);
            }
            Move::GiveBack { hand } => {
                let hand = self.hands.remove(*hand);
                let back = store.give_back(&hand.taken).await;
                self.house.answer("give back", back);
            }
            Move::Decide { hand } => {
                let taken = self.hands.remove(*hand).taken;
                self.decide(taken, at).await?;
            }
            Move::Begin { hand } => self.begin(*hand, at).await?,
            Move::Ask { hand } => {
                let Hand { taken, begun } = self.hands.get(*hand)?.clone();
                let allowed = store.still_allowed(&taken, &begun?, at).await;
                self.house.answer("still allowed", allowed);
            }
            Move::Record { hand, answer } => {
                let Hand { taken, begun } = self.hands.remove(*hand);
                let begun = begun?;
                let recorded = record::answered(&begun, *answer, at);
                let done = store.recorded(&taken, &begun, &recorded, at).await;
                self.house.answer("recorded", done)?;
                if recorded.state == MessageState::Accepted {
                    assert!(self.accepted.insert(begun.id), "{begun:?} was accepted before");
                }
            }
            _ => self.host_or_her(what, at).await?,
        }
        Some(())
    }

    async fn decide(&mut self, taken: Taken, at: Now) -> Option<()> {
        let store = self.house.scene.store;
        match taken.of {
            WakeOf::Delivery(id) => {
                let view = self.house.scene.view(id).await;
                let decision = decide(&view.delivery, &view.pair, at)?;
                let message = self.house.scene.message_id();
                let knock = Some((message, link_of(message)));
                let done = store.decided(&taken, &view.delivery, &decision, knock, at).await;
                self.house.answer(decision.why, done)?;
                if decision.knock.is_some() {
                    self.house.knocks.push(message);
                }
            }
            WakeOf::Life(account) => self.house.live(&taken, account, at).await,
            _ => {}
        }
        Some(())
    }

    async fn begin(&mut self, hand: usize, at: Now) -> Option<()> {
        let store = self.house.scene.store;
        let taken = self.hands.get(hand)?.taken;
        let WakeOf::Message(id) = taken.of else { return None };
        let row = self.house.scene.row(id).await;
        let started = store.start(&taken, &row, at.trusted, at).await;
        if let StartAnswer::Started(row) = self.house.answer("start", started)? {
            assert!(!self.accepted.contains(&row.id), "{row:?}: begun again after it was accepted");
            self.hands.get_mut(hand)?.begun = Some(row);
        }
        Some(())
    }

    async fn host_or_her(&mut self, what: &Move, at: Now) -> Option<()> {
        let store = self.house.scene.store;
        let account = self.house.author.account();
        match what {
            Move::HostParks { letter } | Move::HostReleases { letter } => {
                let letter = pick(&self.house.letters, *letter)?.id;
                let delivery = self.house.scene.promised(&self.house.author, letter).await;
                let (granted, forecast) = match what {
                    Move::HostParks { .. } => (parking::park(&delivery).ok()?, None),
                    _ => parking::release(&delivery, at).ok()?,
                };
                let done = store.commit_parking(&delivery, &granted, forecast, at).await;
                self.house.answer("parking", done);
            }
            Move::HostHolds => {
                let held = store.hold(Hold::ByHost, at).await;
                self.house.answer("hold", held);
            }
            Move::HostLetsGo => {
                let held = store.unhold(Hold::ByHost).await;
                self.house.answer("unhold", held);
            }
            _ => {
                let seen = store.life(account).await.expect("an answer");
                let change = match (what, &seen) {
                    (Move::Arm, _) => {
                        let before = seen.as_ref().map(|seen| &seen.life);
                        life::accept::arm(account, before, Plan::default(), at).ok()?
                    }
                    (Move::Sign { strong }, Some(seen)) => {
                        let strength = if *strong { Strength::Strong } else { Strength::Weak };
                        match life::accept::sign(&seen.life, strength, &seen.facts, at) {
                            Armed::Recorded(change) => *change,
                            _ => return None,
                        }
                    }
                    (_, Some(seen)) => life::accept::stop(&seen.life, &seen.facts, at),
                    (_, None) => return None,
                };
                let names = self.house.names_of(&change);
                let before = seen.as_ref().map(|seen| &seen.life);
                let done = store.commit_life(before, &change, &names, at).await;
                self.house.answer(change.why, done);
            }
        }
        Some(())
    }
}

/// What there is to do something with.
#[derive(Debug, Clone, Default)]
struct There {
    letters: usize,
    knocks: usize,
    hands: Vec<(WakeOf, bool)>,
}

impl There {
    /// Whether this can be done at all.
    fn has(&self, what: &Move) -> bool {
        let begun = |hand: usize| self.hands.get(hand).is_some_and(|(_, begun)| *begun);
        let is = |hand: usize, message: bool| {
            self.hands.get(hand).is_some_and(|(of, _)| matches!(of, WakeOf::Message(_)) == message)
        };
        match what {
            Move::Decide { hand } => is(*hand, false),
            Move::Begin { hand } => is(*hand, true),
            Move::Ask { hand } | Move::Record { hand, .. } => begun(*hand),
            Move::GiveBack { hand } => *hand < self.hands.len(),
            Move::HostParks { letter } | Move::HostReleases { letter } => *letter < self.letters,
            Move::People(step) => self.has_for(step),
            _ => true,
        }
    }

    fn has_for(&self, step: &Step) -> bool {
        match step {
            Step::SealAgain { letter }
            | Step::Undo { letter }
            | Step::Withdraw { letter }
            | Step::Park { letter }
            | Step::Amend { letter, .. }
            | Step::UndoAmend { letter }
            | Step::Correct { letter, .. } => *letter < self.letters,
            Step::Open { letter, knock } => *letter < self.letters && *knock < self.knocks,
            Step::Refuse { knock, .. } | Step::Lift { knock, .. } | Step::Bounce { knock, .. } => {
                *knock < self.knocks
            }
            // Numbers of a house that is full are none of this machine's matters.
            Step::KeepWithin { .. } => false,
            _ => true,
        }
    }
}

/// What was done so far, and what the memory store answered to the last of it.
#[derive(Debug, Clone, Default)]
struct Remembered {
    moves: Vec<Move>,
    there: There,
    said: Vec<String>,
    sight: Vec<String>,
}

struct InMemory;

impl ReferenceStateMachine for InMemory {
    type State = Remembered;
    type Transition = Move;

    fn init_state() -> BoxedStrategy<Self::State> {
        Just(Remembered::default()).boxed()
    }

    fn transitions(state: &Self::State) -> BoxedStrategy<Self::Transition> {
        a_move(&state.there)
    }

    fn preconditions(state: &Self::State, what: &Self::Transition) -> bool {
        state.there.has(what)
    }

    fn apply(state: Self::State, what: &Self::Transition) -> Self::State {
        let mut moves = state.moves;
        moves.push(what.clone());
        let memory = MemoryStore::new();
        let facts = || memory.facts();
        let (said, sight, there) = at_once(async {
            let mut worked = Worked::new(&memory, &facts).await;
            let mut said = Vec::new();
            for what in &moves {
                said = worked.answers(what).await;
            }
            (said, worked.sight().await, worked.there())
        });
        Remembered { moves, there, said, sight }
    }
}

/// SQLite lives as long as the test: what is worked on borrows it.
struct InSqlite;

impl StateMachineTest for InSqlite {
    type SystemUnderTest = Worked<'static>;
    type Reference = InMemory;

    fn init_test(_: &Remembered) -> Self::SystemUnderTest {
        let journal = Arc::new(MemoryJournal::new());
        let sqlite = at_once(SqlStore::sqlite_in_memory(journal.clone())).expect("a store");
        let facts = move || journal.records().into_iter().map(|r| r.entry.fact).collect();
        at_once(Worked::new(Box::leak(Box::new(sqlite)), Box::leak(Box::new(facts))))
    }

    fn apply(mut worked: Self::SystemUnderTest, memory: &Remembered, what: Move) -> Self::SystemUnderTest {
        assert_eq!(at_once(worked.answers(&what)), memory.said, "{what:?}");
        let sight = at_once(worked.sight());
        if let Some((given, expected)) = sight.iter().zip(&memory.sight).find(|(given, said)| given != said) {
            assert_eq!(given, expected, "after {what:?}");
        }
        assert_eq!(sight.len(), memory.sight.len(), "after {what:?}");
        worked
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        rng_seed: proptest::test_runner::RngSeed::Fixed(0x0075_6e73_6169_6401),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    })]

    #[test]
    fn two_nodes_over_sqlite_answer_as_over_memory(sequential 10..40 => InSqlite);
}
