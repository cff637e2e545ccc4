//! 17, when nothing has broken for a long time: what was promised was told of, or has ended in a state that says why.

use crate::DAY;
use crate::truth::Promised;
use crate::world::World;
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::state::{Parked, State};
use unsaid_store::rows::occurrence_id;

/// What has become due so long before the end has left by then: a letter may wait half a year for the next knock of an earlier one.
const SLACK: i64 = 400 * DAY;

/// Looks at every letter.
pub(crate) fn look(world: &World) {
    let count = world.truth().letters.len();
    for letter in 0..count {
        let Some((delivery, year, due)) = owed(world, letter) else { continue };
        let told = {
            let truth = world.truth();
            let promised = &truth.letters[letter];
            let person = &truth.persons[promised.person];
            person.last_taken >= due
        };
        if told {
            continue;
        }
        let state =
            world.hand.ask(world.hand.store.delivery(delivery)).ok().flatten().map(|v| v.delivery.state);
        let state = state.or_else(|| row_of(world, letter, year));
        // What waits for somebody to look at it does so for three days.
        let looked_at = |why: Parked| why != Parked::Unforeseen;
        let says_why = match state {
            Some(State::Parked { why, .. }) => looked_at(why),
            state => matches!(state, Some(State::Unreachable | State::Unanswered)),
        };
        let lives = {
            let truth = world.truth();
            let person = &truth.persons[truth.letters[letter].person];
            person.mailboxes.iter().any(|m| truth.mailboxes[*m].dead_from > truth.now)
        };
        if lives || !says_why {
            let due = crate::stamp(due);
            world.truth().broken(17, format_args!("letter {letter} was owed since {due}, and is {state:?}"));
        }
    }
}

/// The newest occurrence of a letter that must have been told of by now, and since when.
fn owed(world: &World, letter: usize) -> Option<(DeliveryId, i16, i64)> {
    let truth = world.truth();
    let promised: &Promised = &truth.letters[letter];
    let person = &truth.persons[promised.person];
    if promised.stopped || person.ever_refused {
        return None;
    }
    // She has come back since, and what had not left waits again.
    let let_go = || truth.mortals.of.get(&promised.author).is_some_and(|mortal| mortal.released);
    if promised.gone && !let_go() {
        return None;
    }
    let late = truth.now - SLACK;
    let come = promised.occurrences.iter().rev().find(|o| o.not_before <= late)?;
    let due = come.not_before.max(come.quiet_until);
    if come.opened || due > late {
        return None;
    }
    let first = world.deliveries[letter]?;
    let is_first = promised.occurrences.first().is_some_and(|o| o.year == come.year);
    let delivery = if is_first { first } else { occurrence_id(promised.id, come.year) };
    Some((delivery, come.year, due))
}

/// The state of the row that has become this occurrence: where older ones were missed it is the one of the first.
fn row_of(world: &World, letter: usize, year: i16) -> Option<State> {
    let (id, author) = {
        let truth = world.truth();
        (truth.letters[letter].id, truth.letters[letter].author)
    };
    let found = world.hand.ask(world.hand.store.letter(&world.writers[author].author, id)).ok()?;
    found.deliveries.iter().find(|row| row.occurrence == year).map(|row| row.state)
}
