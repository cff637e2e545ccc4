//! `unsaid adopt`: this store is the living one from now on. It opens the closed house with every journal that is there, which brings the rows up to date; then it
//! raises the generation, and says what was found, what is missing, and what leaves next. Nothing is sent by it.

use super::{Said, say, settings, wait_for};
use crate::assemble::{journals, keep_closed, open_house};
use crate::chance::{Chance, MachineChance};
use crate::clock::{Clock, MachineClock};
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::{LetterId, MessageId};
use unsaid_store::HouseStore;
use unsaid_store::blobs::Blobs;
use unsaid_store::journal::{FileJournal, Journal, JournalError, nodes, quarantine, salvage};
use unsaid_store::sql::SqlStore;
use unsaid_store::sql::adopt::{Adopting, Adoption};

/// What has to be typed where nobody can know what left.
const TYPED: &str = "without the journal";

pub(super) fn adopt(folders: &[PathBuf], without_journal: bool) -> Result<ExitCode, Said> {
    let settings = settings()?;
    let _closed = keep_closed(&settings).map_err(|e| e.to_string())?;
    let damaged = put_damaged_aside(&settings, without_journal)?;
    if without_journal {
        warned()?;
    }
    wait_for(async {
        let others = others(&settings, folders)?;
        let beside = highest(&others)?;
        let mut store = open_house(&settings, &MachineChance, &others).await.map_err(|e| e.to_string())?;
        let holds = store.holds().await.map_err(|e| e.to_string())?;
        if holds.iter().any(|one| one.what == Hold::JournalMissing) && !without_journal {
            return Err(format!(
                "A journal that this house has written is not in {}, or is older than it was. Bring it back from a copy (or name its folder: unsaid adopt --journal FOLDER); where there is none left: unsaid adopt --without-journal",
                settings.journal_folder().display()
            ));
        }
        let how = Adopting { beside, without_journal: without_journal.then(|| MachineClock.wall()) };
        let done = store.adopt(how).await.map_err(|e| e.to_string())?;
        for journal in &others {
            // From now on its folder, too, belongs to this generation: what it was copied from is not the living house any more.
            let at = journal.generation().map_err(|e| e.to_string())?;
            journal.raise(at, done.generation).map_err(|e| e.to_string())?;
        }
        let missing = look_for_bytes(&settings, &store).await?;
        report(&done, &damaged, &missing);
        Ok(if missing.is_empty() && done.unmade.is_empty() && damaged.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        })
    })
}

/// The journals of other nodes that stand in this house's folder, and all in the folders that were named.
fn others(settings: &Settings, folders: &[PathBuf]) -> Result<Vec<Arc<dyn Journal>>, Said> {
    let mut others = journals(settings, &MachineChance).map_err(|e| e.to_string())?;
    for folder in folders {
        let names = nodes(folder).map_err(|e| e.to_string())?;
        if names.is_empty() {
            return Err(format!(
                "{} holds no journal. Name the folder journal of the other node (or of the copy of it).",
                folder.display()
            ));
        }
        for name in names {
            if others.iter().any(|journal| journal.node() == name) {
                continue;
            }
            let journal = FileJournal::open(folder, &name).map_err(|e| e.to_string())?;
            others.push(Arc::new(journal));
        }
    }
    Ok(others)
}

fn highest(journals: &[Arc<dyn Journal>]) -> Result<u32, Said> {
    let mut highest = 0;
    for journal in journals {
        highest = highest.max(journal.generation().map_err(|e| e.to_string())?.unwrap_or(0));
    }
    Ok(highest)
}

/// A journal that is damaged keeps the house closed. Where there is no copy, what reads of it stays a journal under a new name, and the file is put aside whole.
fn put_damaged_aside(settings: &Settings, without_journal: bool) -> Result<Vec<String>, Said> {
    let folder = settings.journal_folder();
    let mut said = Vec::new();
    for node in nodes(&folder).map_err(|e| e.to_string())? {
        match FileJournal::open(&folder, &node) {
            Err(damaged @ JournalError::Damaged { .. }) if !without_journal => {
                return Err(damaged.to_string());
            }
            Err(JournalError::Damaged { .. }) => {
                let found = salvage(&folder, &node).map_err(|e| e.to_string())?;
                let name = MachineChance.id();
                let kept = FileJournal::open(&folder, &name).map_err(|e| e.to_string())?;
                for record in &found.records {
                    kept.append(record.generation, std::slice::from_ref(&record.entry))
                        .map_err(|e| e.to_string())?;
                }
                let aside = quarantine(&folder, &node).map_err(|e| e.to_string())?;
                said.push(format!(
                    "{} facts of a damaged journal could be read; the file is kept as {}",
                    found.records.len(),
                    aside.display()
                ));
            }
            Err(other) => return Err(other.to_string()),
            Ok(_) => {}
        }
    }
    Ok(said)
}

/// Plain words, typed back.
fn warned() -> Result<(), Said> {
    say(
        "Without its journal nobody knows what this house did after its store was written: who said no, what was taken back, and which letters have left.",
    );
    say(
        "What can have left by now is parked and waits for you. But whoever refused letters since then is not known to have refused,",
    );
    say(
        "and a letter that its author took back since then, and whose day is still to come, will be sent on that day.",
    );
    say(&format!("If there really is no copy of the journal, type: {TYPED}"));
    let mut typed = String::new();
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        say("");
    }
    stdin
        .lock()
        .read_line(&mut typed)
        .map_err(|e| format!("Nothing could be read: {e}. Type the words in a terminal."))?;
    if typed.trim() == TYPED {
        Ok(())
    } else {
        Err("These are not the words, so nothing was changed. Look for a copy of the journal first."
            .to_owned())
    }
}

/// Versions whose bytes are not here: their promises are parked, and their authors are told.
async fn look_for_bytes(settings: &Settings, store: &SqlStore) -> Result<Vec<(LetterId, u32)>, Said> {
    let blobs = Blobs::local(&settings.store_folder().join("blobs")).map_err(|e| e.to_string())?;
    let mut missing: BTreeMap<(LetterId, u32), ()> = BTreeMap::new();
    for stored in store.sealed_parts().await.map_err(|e| e.to_string())? {
        let there = blobs.stands(stored.part.blob, stored.part.size).await.map_err(|e| e.to_string())?;
        if !there {
            missing.insert((stored.letter, stored.version), ());
        }
    }
    for (letter, version) in missing.keys() {
        store
            .bytes_are_missing(*letter, *version, MessageId(MachineChance.id_bytes()))
            .await
            .map_err(|e| e.to_string())?;
    }
    Ok(missing.into_keys().collect())
}

/// Everything that the host should know, and what to do next.
fn report(done: &Adoption, damaged: &[String], missing: &[(LetterId, u32)]) {
    say(&format!("This house is the living one now: generation {}.", done.generation));
    for hold in &done.released {
        say(&format!("  No longer in the way: {}", hold.means()));
    }
    for line in damaged {
        say(&format!("  {line}"));
    }
    let total = |became: &str| -> u64 {
        done.found.iter().filter(|(_, there, _)| there == became).map(|(_, _, many)| many).sum()
    };
    let listed = |became: &str| -> String {
        let each = done.found.iter().filter(|(_, there, _)| there == became);
        each.map(|(kind, _, many)| format!("{kind} {many}")).collect::<Vec<_>>().join(", ")
    };
    for (became, what) in [
        ("applied", "facts of the journal were applied that this store did not have"),
        ("rebuilt", "were made again, of which this store had never heard"),
        ("known", "were known already"),
    ] {
        if total(became) > 0 {
            say(&format!("  {} {what}: {}", total(became), listed(became)));
        }
    }
    if done.found.is_empty() {
        say("  The journal knew nothing that this store did not have.");
    }
    for (letter, version) in &done.rebuilt {
        say(&format!("  rebuilt   letter {letter}, version {version}"));
    }
    for (node, seq, kind, subject) in &done.unmade {
        say(&format!("  MISSING   {kind} of {subject} ({node}, {seq}): it could not be made again."));
    }
    for (letter, version) in missing {
        say(&format!(
            "  MISSING   the bytes of letter {letter}, version {version}: it is held, and its author is told."
        ));
    }
    if done.may_have_left > 0 {
        say(&format!(
            "  {} messages were about to leave when this store was written, and may have: they go again, the same to the byte, after an hour.",
            done.may_have_left
        ));
    }
    if done.parked > 0 {
        say(&format!(
            "  {} letters may have left by now, and nobody knows: they are parked. Look at the host's page, and let go what the relay's log does not show.",
            done.parked
        ));
    }
    if done.lives > 0 {
        say(&format!(
            "  {} authors may have said since that they are well, and nobody knows: they are taken to be, and asked from the beginning.",
            done.lives
        ));
    }
    if done.sessions > 0 {
        say(&format!("  {} people have to sign in again.", done.sessions));
    }
    say("Keep every other copy of this house closed. Then open this one: unsaid serve");
}
