//! `unsaid verify`: everything that is stored, read and compared with what it should be: the database, every sealed file, every part of every letter, the journals, the
//! manifests beside them, and where the keys are here, what opens each letter. Changes nothing. The checks of one file and of one wrap are those of the scrubber.

use super::backup::Shown;
use super::{Said, say, settings, wait_for};
use crate::assemble::visit_sql;
use crate::peel::{HostPeel, LETTER_HEAD_BYTES, Peel};
use crate::secrets::HouseKeys;
use crate::settings::{Database, Settings};
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use unsaid_delivery::id::LetterId;
use unsaid_store::EngineStore;
use unsaid_store::StoreError;
use unsaid_store::blobs::Blobs;
use unsaid_store::journal::{nodes, salvage};
use unsaid_store::rows::{Part, StoredWrap, WrapKind};
use unsaid_store::sql::SqlStore;
use unsaid_store::sql::backup as base;
use unsaid_store::sql::recovery::LetterManifest;

/// What was looked at, and what is wrong with it.
struct Looked {
    what: &'static str,
    many: u64,
    wrong: Vec<String>,
}

pub(super) fn verify() -> Result<ExitCode, Said> {
    let settings = settings()?;
    let looked = wait_for(async {
        let store = visit_sql(&settings).await.map_err(|e| e.to_string())?;
        let mut looked = vec![database(&settings)?];
        looked.push(sealed_files(&settings, &store).await?);
        looked.push(journals(&settings)?);
        looked.push(manifests(&settings, &store).await?);
        looked.extend(wraps(&settings, &store).await?);
        Ok(looked)
    })?;
    let mut well = true;
    for Looked { what, many, wrong } in looked {
        well &= wrong.is_empty();
        let word = if wrong.is_empty() { "well" } else { "LOOK" };
        say(&format!("{word}   {what:<12} {many} looked at, {} not as they should be", wrong.len()));
        for line in wrong {
            say(&format!("       {line}"));
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn database(settings: &Settings) -> Result<Looked, Said> {
    let wrong = match &settings.database {
        Database::Sqlite(path) => base::integrity(path).map_err(|e| e.to_string())?,
        // PostgreSQL looks at its own pages (data_checksums, pg_amcheck).
        Database::Postgres(_) => Vec::new(),
    };
    Ok(Looked { what: "database", many: 1, wrong })
}

async fn sealed_files(settings: &Settings, store: &SqlStore) -> Result<Looked, Said> {
    let blobs = Blobs::local(&settings.store_folder().join("blobs")).map_err(|e| e.to_string())?;
    let named = store.named_blobs().await.map_err(|e| e.to_string())?;
    let parts = store.sealed_parts().await.map_err(|e| e.to_string())?;
    let letters: BTreeMap<_, _> = parts.iter().map(|p| (p.part.blob, (p.letter, p.version))).collect();
    let (total, mut wrong) = (named.len() as u64, Vec::new());
    let mut shown = Shown::new("sealed bytes", "files");
    for (at, (blob, size, sha256)) in named.into_iter().enumerate() {
        match blobs.verify(blob, size, sha256).await {
            Ok(()) => {}
            Err(StoreError::Damaged) => wrong.push(match letters.get(&blob) {
                Some((letter, version)) => {
                    format!("{blob}: missing or not what it was (letter {letter}, version {version})")
                }
                None => format!("{blob}: missing or not what it was"),
            }),
            Err(e) => return Err(e.to_string()),
        }
        shown.show(at as u64 + 1, total);
    }
    Ok(Looked { what: "sealed bytes", many: total, wrong })
}

fn journals(settings: &Settings) -> Result<Looked, Said> {
    let folder = settings.journal_folder();
    let (mut many, mut wrong) = (0, Vec::new());
    for node in nodes(&folder).map_err(|e| e.to_string())? {
        let found = salvage(&folder, &node).map_err(|e| e.to_string())?;
        many += found.last;
        if let Some(at) = found.damaged {
            // An open house may be writing its last frame at this moment; what was torn by a power cut is put aside at its next start.
            wrong.push(format!("{node}: does not read from byte {at} on, after {} records", found.last));
        }
    }
    Ok(Looked { what: "journal", many, wrong })
}

/// Each manifest that belongs to a sealed version says what the rows say, so that it could be rebuilt; and each sealed version has one.
async fn manifests(settings: &Settings, store: &SqlStore) -> Result<Looked, Said> {
    let folder = settings.journal_folder().join("manifests");
    let mut parts: BTreeMap<(LetterId, u32), BTreeSet<String>> = BTreeMap::new();
    for stored in store.sealed_parts().await.map_err(|e| e.to_string())? {
        parts.entry((stored.letter, stored.version)).or_default().insert(stored.part.name);
    }
    let (many, mut wrong) = (parts.len() as u64, Vec::new());
    for ((letter, version), names) in parts {
        let path = folder.join(format!("{letter}-{version}.txt"));
        match std::fs::read_to_string(&path).ok().and_then(|text| LetterManifest::read(&text)) {
            None => {
                wrong.push(format!("letter {letter}, version {version}: no manifest of recovery that reads"))
            }
            Some(found) => {
                let written: BTreeSet<String> = found.parts.into_iter().map(|part| part.name).collect();
                if (found.letter, found.version) != (letter, version) || written != names {
                    wrong.push(format!(
                        "letter {letter}, version {version}: its manifest of recovery is another's"
                    ));
                }
            }
        }
    }
    Ok(Looked { what: "manifests", many, wrong })
}

/// Whether what opens a letter or an account is for a key that is here, and carries its own line.
async fn wraps(settings: &Settings, store: &SqlStore) -> Result<Option<Looked>, Said> {
    let Ok(keys) = HouseKeys::read(&settings.keys) else {
        say("note   wraps        the keys are not here, so what opens each letter was not looked at");
        return Ok(None);
    };
    let peel = HostPeel::new(&keys);
    let blobs = Blobs::local(&settings.store_folder().join("blobs")).map_err(|e| e.to_string())?;
    let letters: BTreeMap<(String, u32), Part> = store
        .sealed_parts()
        .await
        .map_err(|e| e.to_string())?
        .into_iter()
        .filter(|stored| stored.part.kind == "letter")
        .map(|stored| ((stored.letter.to_string(), stored.version), stored.part))
        .collect();
    let wraps = store.wraps_to_rewrap(u32::MAX, usize::MAX >> 1).await.map_err(|e| e.to_string())?;
    let (total, mut wrong) = (wraps.len() as u64, Vec::new());
    let mut shown = Shown::new("what opens letters", "wraps");
    for (at, wrap) in wraps.into_iter().enumerate() {
        let head = match letters.get(&(wrap.subject.clone(), wrap.version)) {
            // What is not sealed yet may have no letter; what is missing was said above.
            None if wrap.kind == WrapKind::Host => continue,
            None => None,
            Some(part) => {
                let upto = part.size.min(LETTER_HEAD_BYTES as u64);
                blobs.read(part.blob, 0..upto, part.size, part.sha256).await.ok()
            }
        };
        if let Err(why) = inspect(&peel, &wrap, head.as_deref()) {
            wrong.push(format!("{} of {}, {}: {why}", wrap.kind.name(), wrap.subject, wrap.version));
        }
        shown.show(at as u64 + 1, total);
    }
    Ok(Some(Looked { what: "wraps", many: total, wrong }))
}

fn inspect(peel: &HostPeel, wrap: &StoredWrap, head: Option<&[u8]>) -> Result<(), String> {
    if wrap.kind == WrapKind::Author {
        return Ok(());
    }
    peel.inspect(&wrap.bytes, &wrap.subject, wrap.version, wrap.kind, head)
        .map(drop)
        .map_err(|e| e.to_string())
}
