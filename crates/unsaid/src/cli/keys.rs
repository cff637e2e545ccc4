//! `unsaid keys confirm`: two words of the paper, typed back, one of each root. Until then doctor and the host's page say what would be lost.

use super::{Said, say, settings, wait_for};
use crate::assemble::visit;
use crate::chance::{Chance, MachineChance};
use crate::secrets::{FILE, HouseKeys, Root};
use std::io::BufRead;
use std::process::ExitCode;

pub(super) fn confirm() -> Result<ExitCode, Said> {
    let settings = settings()?;
    let path = settings.keys.join(FILE);
    let text = std::fs::read_to_string(&path).map_err(|e| {
        format!("{} cannot be read: {e}. Open the house once with: unsaid serve", path.display())
    })?;
    let keys = HouseKeys::parse(&zeroize::Zeroizing::new(text)).map_err(|e| e.to_string())?;
    say(&format!(
        "The two lines of words in {} are the house's secrets. Write both down on paper, keep them away from this machine,",
        path.display()
    ));
    say(
        "and never in a backup of the data. Without them nobody can open what this house keeps, and every refusal is forgotten.",
    );
    say("");
    let mut lines = std::io::stdin().lock().lines();
    for (name, root) in [("index", keys.index_root()), ("opening", keys.opening_root())] {
        let place = usize::from(MachineChance.id_bytes()[0] % 24) + 1;
        say(&format!("Word {place} of 24 in the line that begins with '{name}' (on the paper):"));
        let typed = lines.next().and_then(Result::ok).ok_or_else(|| {
            "Nothing was typed, so nothing was confirmed. Take the paper and run this again.".to_owned()
        })?;
        if !is_word(root, place, &typed) {
            return Err(format!(
                "This is not word {place} of the '{name}' line, so nothing was confirmed. Compare the paper with {} and run this again.",
                path.display()
            ));
        }
    }
    wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        store.confirm_keys().await.map_err(|e| e.to_string())
    })?;
    say("Both words are right. The house knows now that its secrets are on paper.");
    Ok(ExitCode::SUCCESS)
}

fn is_word(root: &Root, place: usize, typed: &str) -> bool {
    root.word(place).is_some_and(|word| word.eq_ignore_ascii_case(typed.trim()))
}
