//! The house, looked at from outside: whether its counts balance, whether every row has a wake, whether it still knows what was acknowledged, and whether what left had been foreseen.

use crate::node::Node;
use crate::world::World;
use std::collections::BTreeSet;
use unsaid_delivery::state::State;
use unsaid_store::care::Piece;
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::Letter;

/// With so many authors or fewer, everything is looked at each time; of more, some.
const FEW: usize = 30;

/// Looks. `all`: at everything, whatever it costs.
pub(crate) fn look(world: &World, all: bool) {
    every_row_has_a_wake(world);
    if all || world.writers.len() <= FEW {
        night(world);
    }
    let few = all || world.writers.len() <= FEW;
    let mut rows = 0;
    let looked: Vec<usize> = if few {
        (0..world.deliveries.len()).collect()
    } else {
        (0..200)
            .map(|_| world.ids.place(world.deliveries.len()))
            .filter(|l| *l < world.deliveries.len())
            .collect()
    };
    for letter in looked {
        rows += at_letter(world, letter);
    }
    if few {
        balances(world, rows);
    }
}

/// 14: what the house itself looks at every night, finds nothing.
fn night(world: &World) {
    let runs = world.nodes.iter().flatten().find(|node| node.paused_until.is_none() && !node.is_busy());
    let Some(now) = runs.map(Node::now).filter(|_| !world.truth().inert) else { return };
    let store = &world.hand.store;
    let lost = world.hand.ask(store.balance(now)).map_or(0, |balanced| balanced.lost);
    if lost > 0 {
        world.truth().broken(14, format_args!("{lost} promises have vanished since the night before"));
    }
    let found = world.hand.ask(store.unbalanced(Piece::ALL, now)).unwrap_or_default();
    let stands = world.hand.ask(store.findings()).unwrap_or_default();
    if let Some(finding) = found.first().or(stands.first()) {
        world.truth().broken(14, format_args!("at night it was found: {finding:?}"));
    }
}

/// 11: whoever only looks changes nothing. Of a house with many authors one look in five hundred is held against everything that is stored.
pub(crate) fn unchanged(world: &World, looks: impl FnOnce()) {
    let everything = |memory: &MemoryStore| memory.looks();
    let few = world.writers.len() <= FEW || world.readers.once_in(500);
    let memory = world.hand.memory.as_deref().filter(|_| few);
    let before = memory.map(everything);
    looks();
    if memory.map(everything) != before {
        world.truth().broken(11, "a program looked at a link, and that changed something");
    }
}

/// 14: as many deliveries are counted as there are.
fn balances(world: &World, rows: usize) {
    let counts = world.hand.ask(world.hand.store.counts()).unwrap_or_default();
    let counted: u64 = counts.iter().map(|(_, count)| count).sum();
    if counted != rows as u64 {
        world
            .truth()
            .broken(14, format_args!("{counted} deliveries are counted, and {rows} are there: {counts:?}"));
    }
}

/// 11, 14: one letter with its deliveries. How many there are.
fn at_letter(world: &World, index: usize) -> usize {
    let (id, author) = {
        let truth = world.truth();
        let promised = &truth.letters[index];
        (promised.id, world.writers[promised.author].author)
    };
    let Ok(letter) = world.hand.ask(world.hand.store.letter(&author, id)) else {
        world.truth().broken(11, format_args!("letter {index} is not there any more"));
        return 0;
    };
    let years: BTreeSet<i16> = letter.deliveries.iter().map(|d| d.occurrence).collect();
    let mut truth = world.truth();
    if years.len() != letter.deliveries.len() {
        truth.broken(14, format_args!("letter {index} has an occurrence twice"));
    }
    if let Some(forgotten) = forgotten(&truth.letters[index], &letter) {
        truth.broken(11, format_args!("letter {index}: {forgotten}"));
    }
    letter.deliveries.len()
}

/// What was acknowledged and is not known any more.
fn forgotten(promised: &crate::truth::Promised, letter: &Letter) -> Option<&'static str> {
    let gone = |s: State| matches!(s, State::Withdrawn { .. });
    if promised.stopped && !letter.withdrew && !letter.deliveries.iter().all(|d| gone(d.state)) {
        return Some("it was taken back, and that is forgotten");
    }
    for occurrence in promised.occurrences.iter().filter(|o| o.opened) {
        let pinned = letter.deliveries.iter().any(|d| d.occurrence == occurrence.year && d.pinned);
        if !pinned {
            return Some("it was opened, and that is forgotten");
        }
    }
    // Taking a letter back takes back new words that rest.
    let sealed = promised.words.iter().filter(|w| w.sealed && !w.undone && !promised.stopped);
    for words in sealed {
        if !letter.versions.iter().any(|(number, _)| *number == words.number) {
            return Some("sealed words are forgotten");
        }
    }
    None
}

/// 18: in memory each row can be looked at.
fn every_row_has_a_wake(world: &World) {
    let Some(memory) = &world.hand.memory else { return };
    if let Some(sleeper) = memory.without_a_wake() {
        world.truth().broken(18, sleeper);
    }
}
