//! The house's secrets on the command line. `confirm`: two words of the paper, typed back. `rotate`: a new key that the house opens with, beside the old ones. `retire`: forgetting an
//! old one that nothing needs. The words themselves are never printed here: they stand in the file, and on paper.

use super::{Said, say, settings, wait_for};
use crate::assemble::{keep_closed, visit};
use crate::chance::{Chance, MachineChance};
use crate::secrets::{FILE, HouseKeys, Root, SecretsError};
use crate::settings::Settings;
use std::io::BufRead;
use std::process::ExitCode;

pub(super) fn read(settings: &Settings) -> Result<HouseKeys, Said> {
    HouseKeys::read(&settings.keys).map_err(|e| match e {
        SecretsError::File(path, e) => {
            format!("{} cannot be read: {e}. Open the house once with: unsaid serve", path.display())
        }
        e => e.to_string(),
    })
}

pub(super) fn confirm() -> Result<ExitCode, Said> {
    let settings = settings()?;
    let path = settings.keys.join(FILE);
    let keys = read(&settings)?;
    say(&format!(
        "The lines of words in {} are the house's secrets. Write all of them down on paper, keep them away from this machine,",
        path.display()
    ));
    say(
        "and never in a backup of the data. Without them nobody can open what this house keeps, and every refusal is forgotten.",
    );
    say("");
    let mut lines = std::io::stdin().lock().lines();
    let opening = format!("opening {}", keys.opening_generation());
    for (name, root) in [("index", keys.index_root()), (opening.as_str(), keys.opening_root())] {
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

/// A house may be open meanwhile: it picks the new key up by itself.
pub(super) fn rotate(yes: bool) -> Result<ExitCode, Said> {
    let settings = settings()?;
    let keys = read(&settings)?;
    let before = keys.opening_generation();
    let keys = wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        let house = store.house().await.map_err(|e| e.to_string())?;
        if !house.keys_confirmed && !yes {
            return Err(
                "The present secrets are not known to be on paper, so no new key was made: with this disk both would be lost. Write them down and run: unsaid keys confirm (or rotate with --yes)"
                    .to_owned(),
            );
        }
        // First this, then the file: a crash between the two asks for words once too often, never once too little.
        store.unconfirm_keys().await.map_err(|e| e.to_string())?;
        match keys.rotate(&settings.keys, &MachineChance) {
            Ok(keys) => Ok(keys),
            Err(why) => {
                // Nothing was written, so what was confirmed before still is.
                if house.keys_confirmed {
                    store.confirm_keys().await.map_err(|e| e.to_string())?;
                }
                Err(why.to_string())
            }
        }
    })?;
    let (now, path) = (keys.opening_generation(), settings.keys.join(FILE));
    say(&format!("There is a new key: generation {now}. Everything new is locked for it from now on."));
    say("");
    say(&format!(
        "1. Write the line that begins with 'opening {now}' in {} down on the paper, with the others.",
        path.display()
    ));
    say("   Keep the old lines on paper: what is stored now, and every backup made until now, needs them.");
    say("2. Run: unsaid keys confirm");
    say(
        "3. An open house picks the new key up by itself within a minute, and locks what it keeps anew. unsaid doctor shows how far it is.",
    );
    say(&format!(
        "4. When doctor says that nothing needs generation {before} any more: unsaid keys retire {before}. Its line on paper may go when the oldest backup from before has expired."
    ));
    Ok(ExitCode::SUCCESS)
}

/// The house has to be closed: an open one could be keeping a letter for that key at this very moment.
pub(super) fn retire(generation: u32) -> Result<ExitCode, Said> {
    let settings = settings()?;
    let _closed = keep_closed(&settings).map_err(|e| e.to_string())?;
    let keys = read(&settings)?;
    let needed = wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        let counts = store.wraps_by_generation().await.map_err(|e| e.to_string())?;
        Ok(counts.iter().filter(|(g, _)| *g == generation).map(|(_, count)| count).sum::<u64>())
    })?;
    if needed > 0 && generation != keys.opening_generation() {
        return Err(format!(
            "{needed} letters or accounts still need the key of generation {generation}, so it stays. Open the house, wait until unsaid doctor says that nothing needs it, and run this again."
        ));
    }
    let keys = keys.retire(&settings.keys, generation).map_err(|e| e.to_string())?;
    let left: Vec<String> = keys.generations().map(|g| g.to_string()).collect();
    say(&format!(
        "The key of generation {generation} is gone from this machine. Here are now: {}.",
        left.join(", ")
    ));
    say(
        "Keep its line on paper until the oldest backup from before the rotation has expired: only with it can such a backup be opened.",
    );
    Ok(ExitCode::SUCCESS)
}
