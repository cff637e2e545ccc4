//! What somebody reads, held against what was sealed; and what its author is shown before and after.

use crate::truth::Truth;
use crate::world::World;
use unsaid_delivery::accept;
use unsaid_delivery::id::PersonId;
use unsaid_delivery::state::{Delivery, Shown, shown};
use unsaid_store::rows::Letter;

/// 1, 2, 4: a letter was opened for the first time. `unproved`: it asks something, and that was not answered.
pub(crate) fn opened(world: &World, delivery: &Delivery, unproved: bool) {
    let mut truth = world.truth();
    let Some(letter) = truth.letter_of.get(&delivery.letter).copied() else { return };
    let now = truth.now + truth.slack;
    if unproved {
        truth.broken(2, format_args!("letter {letter} opened without its answer"));
    }
    let promised = &truth.letters[letter];
    let stopped = promised.stopped;
    let occurrence = promised.occurrences.iter().position(|o| o.year == delivery.occurrence);
    // What two liars brought near is 13's.
    let early =
        occurrence.is_none_or(|o| promised.occurrences[o].not_before > now && truth.believed.is_none());
    if stopped {
        truth.broken(4, format_args!("letter {letter} opened after it was taken back"));
    } else if early {
        truth.broken(1, format_args!("letter {letter} opened before its time"));
    }
    if let Some(occurrence) = occurrence {
        truth.letters[letter].occurrences[occurrence].opened = true;
    }
    truth.note('o', letter, delivery.occurrence.into());
}

/// 2, 10: what is read are sealed words that count, and the same ones for ever.
pub(crate) fn read(world: &World, delivery: &Delivery, bytes: &[u8], unproved: bool) {
    let mut truth = world.truth();
    let Some(letter) = truth.letter_of.get(&delivery.letter).copied() else { return };
    if unproved {
        truth.broken(2, format_args!("letter {letter} read without its answer"));
    }
    let number = bytes.first_chunk().map(|first| u32::from_le_bytes(*first));
    if let Some(wrong) = wrong_words(&truth, letter, delivery.occurrence, number) {
        truth.broken(10, format_args!("letter {letter}: {wrong}"));
    }
    let promised = &mut truth.letters[letter];
    if let Some(one) = promised.occurrences.iter_mut().find(|o| o.year == delivery.occurrence) {
        one.read = one.read.or(number);
    }
}

fn wrong_words(truth: &Truth, letter: usize, year: i16, number: Option<u32>) -> Option<&'static str> {
    let promised = &truth.letters[letter];
    let words = promised.words.iter().find(|w| Some(w.number) == number);
    let before = promised.occurrences.iter().find(|o| o.year == year).and_then(|o| o.read);
    match words {
        None => Some("words that nobody wrote were read"),
        Some(words) if !words.sealed => Some("a draft was read"),
        Some(words) if words.undone => Some("words were read that had been taken back"),
        Some(words) if words.from > truth.now + truth.slack && truth.believed.is_none() => {
            Some("words were read that still rest")
        }
        Some(_) if before.is_some() && before != number => {
            Some("other words were read than at the first time")
        }
        Some(_) => None,
    }
}

/// What an author can find out about a letter: how it is shown, and what she is answered if she wants it back or other words for it.
pub(crate) type Seen = (Option<Shown>, bool, bool);

/// 15: everything that she sees of what goes to a person.
pub(crate) fn as_author_sees(world: &World, person: PersonId) -> Vec<Seen> {
    let (author, letters) = {
        let truth = world.truth();
        let Some(person) = truth.person_of.get(&person) else { return Vec::new() };
        let somebody = &truth.persons[*person];
        let letters: Vec<_> = somebody.letters.iter().map(|l| truth.letters[*l].id).collect();
        (world.writers[somebody.author].author, letters)
    };
    let hers = letters.into_iter().filter_map(|id| world.hand.ask(world.hand.store.letter(&author, id)).ok());
    hers.map(|letter| seen(&letter)).collect()
}

/// The same of one letter.
pub(crate) fn seen(letter: &Letter) -> Seen {
    let state = letter.delivery.as_ref().map(|d| shown(d.state, letter.withdrew));
    let back = letter.delivery.as_ref().is_some_and(|d| accept::withdraw(d).is_ok());
    (state, back, accept::amend(&letter.deliveries, letter.withdrew).is_ok())
}

/// 15: she sees the same as before, whatever the person did.
pub(crate) fn unchanged(world: &World, person: PersonId, before: Vec<Seen>) {
    let after = as_author_sees(world, person);
    if after != before {
        let told = before.iter().zip(&after).find(|(b, a)| b != a);
        let told = format!("{told:?}");
        world.truth().broken(15, format_args!("an author was shown what a person did: {told}"));
    }
}
