//! 15: two worlds with the same authors, in which nothing breaks. In one of them everybody who is written to opens, keeps for later, answers wrongly and says no; in the other nobody ever does
//! anything. What their authors are shown is the same, at every look, to the last byte.

use crate::check::opening;
use crate::options::Options;
use crate::world::{World, told};
use unsaid_store::rows::Letter;

/// What an author saw at some time, in words.
pub(crate) type Seen = (crate::Secs, usize, String);

/// Everything that an author can find out about each of her letters.
pub(crate) fn look(world: &mut World) {
    let now = world.now();
    let count = world.truth().letters.len();
    for index in 0..count {
        let (id, author) = {
            let truth = world.truth();
            (truth.letters[index].id, world.writers[truth.letters[index].author].author)
        };
        let Ok(letter) = world.hand.ask(world.hand.store.letter(&author, id)) else { continue };
        let (state, back, amend) = opening::seen(&letter);
        let Letter { version, versions, withdrew, amending, kept, asks, .. } = letter;
        let said = format!(
            "{state:?}, takes it back: {back}, new words: {amend}; {version} of {versions:?}, withdrew: {withdrew}, resting: {amending:?}, {kept:?}, asks: {asks:?}"
        );
        world.seen.push((now, index, said));
    }
}

/// Where the two differ, first.
///
/// # Errors
/// The store cannot be opened.
pub fn differ(options: Options) -> Result<Option<String>, String> {
    let lives = |silent| told(Options { calm: true, silent, aloud: false, ..options });
    let ((one, acted), (_, silent)) = (lives(false)?, lives(true)?);
    if let Some(broken) = one.violations.first() {
        return Ok(Some(broken.clone()));
    }
    if acted.len() != silent.len() {
        return Ok(Some(format!(
            "in one world authors have {} looks, in the other {}",
            acted.len(),
            silent.len()
        )));
    }
    let other = acted.iter().zip(&silent).find(|(a, s)| a != s);
    Ok(other.map(|((at, letter, acted), (_, _, silent))| {
        format!(
            "at {} of letter {letter}: {acted}\n  and where nobody did anything: {silent}",
            crate::stamp(*at)
        )
    }))
}
