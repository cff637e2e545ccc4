//! What is remembered of a letter's way, in memory: as sql/notes.rs does.

use super::*;
use crate::notes::{self, About, Note, Noted};
use unsaid_delivery::message::Subject;

impl World {
    /// One line, at the time that the house has written down last; nothing before it has any.
    pub(super) fn note(&mut self, about: About, what: Noted) {
        let Some(at) = self.mark.map(|mark| mark.trusted) else { return };
        let subject = match about {
            About::Letter(id) => Some(id.to_string()),
            About::Person(id) => Some(id.to_string()),
            About::Account(id) => Some(id.to_string()),
            About::Delivery(id) => self.deliveries.get(&id).map(|row| row.letter.to_string()),
            About::Message(id) => match self.messages.get(&id).map(|row| row.message.subject) {
                Some(Subject::Person(person)) => Some(person.to_string()),
                _ => None,
            },
        };
        if let Some(subject) = subject {
            self.notes.entry(subject).or_default().push(Note { at, what });
        }
    }

    pub(super) fn history(&self, letter: &Letter) -> Vec<Note> {
        let subjects = notes::subjects(letter).into_iter().enumerate();
        let notes_of = |subject: &str| self.notes.get(subject).cloned().unwrap_or_default();
        let found = subjects
            .flat_map(|(place, subject)| notes_of(&subject).into_iter().map(move |note| (place, note)));
        notes::of_letter(letter, found.collect())
    }
}
