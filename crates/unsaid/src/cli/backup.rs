//! `unsaid backup` and `unsaid restore`: the store alone, never keys and never the journal. A backup is a folder that is whole at every moment: what is new is put
//! beside what is there, and the file that names it all is replaced last. A restored store says of itself that it was restored, and sends nothing until it is adopted.

pub mod contents;

use self::contents::Contents;
use super::{Said, complain, say, settings, wait_for};
use crate::assemble::{keep_closed, visit, visit_sql};
use crate::clock::{Clock, MachineClock};
use crate::settings::{Database, Settings};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::BlobId;
use unsaid_store::HouseStore;
use unsaid_store::journal::MemoryJournal;
use unsaid_store::sql::{SqlStore, backup as base};

/// The file that names everything of a backup.
const NAMES: &str = "unsaid-backup.txt";

pub(super) fn backup(to: &Path) -> Result<ExitCode, Said> {
    let settings = settings()?;
    let data = fs::canonicalize(&settings.data).map_err(|e| cannot(&settings.data, &e))?;
    fs::create_dir_all(to).map_err(|e| cannot(to, &e))?;
    let to = fs::canonicalize(to).map_err(|e| cannot(to, &e))?;
    if to.starts_with(&data) {
        return Err("A backup inside of the data it is of would be lost with it. Name a folder elsewhere, best on another disk.".to_owned());
    }
    let before = match read(&to) {
        Ok(contents) => contents,
        Err(e) if to.join(NAMES).exists() => return Err(e),
        Err(_) if fs::read_dir(&to).map_err(|e| cannot(&to, &e))?.next().is_some() && !began(&to) => {
            return Err(format!(
                "{} holds something that is no backup of a house. Name an empty folder, or one with an earlier backup of this house.",
                to.display()
            ));
        }
        Err(_) => Contents::default(),
    };
    File::create(to.join("begun")).map_err(|e| cannot(&to, &e))?;
    let made = MachineClock.wall().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (generation, database, named) = match &settings.database {
        Database::Sqlite(path) => {
            let name = format!("store-{}.sqlite", made.replace(':', ""));
            let half = to.join(format!("{name}.half"));
            // Of a copy that was broken off.
            let _gone = fs::remove_file(&half);
            let mut shown = Shown::new("database", "pages");
            base::copy(path, &half, &mut |done, total| shown.show(done, total)).map_err(|e| e.to_string())?;
            drop(shown);
            let (generation, named) = base::contents(&half).map_err(|e| e.to_string())?;
            let (size, sha256) = sum(&half)?;
            fs::rename(&half, to.join(&name)).map_err(|e| cannot(&half, &e))?;
            (generation, Some((name, size, sha256)), named)
        }
        Database::Postgres(_) => {
            say(
                "The database of this house is in PostgreSQL, which has tools of its own: take a copy with pg_dump, or keep its WAL (PITR), before this one and together with it.",
            );
            say("Here only the sealed bytes are copied, which PostgreSQL does not hold.");
            wait_for(async {
                let store = visit_sql(&settings).await.map_err(|e| e.to_string())?;
                let house = store.house().await.map_err(|e| e.to_string())?;
                let named = store.named_blobs().await.map_err(|e| e.to_string())?;
                Ok((house.generation, None, named))
            })?
        }
    };
    let mut contents = Contents { made, generation, database, blobs: BTreeMap::new() };
    let mut damaged = Vec::new();
    let (mut copied, total) = (0_u64, named.len() as u64);
    let mut shown = Shown::new("sealed bytes", "files");
    for (at, (blob, size, sha256)) in named.into_iter().enumerate() {
        let there = to.join(place(blob));
        let stands = before.blobs.get(&blob) == Some(&(size, sha256))
            && fs::metadata(&there).is_ok_and(|file| file.len() == size);
        if !stands {
            let from = settings.store_folder().join("blobs").join("sealed").join(blob_place(blob));
            match copy_blob(&from, &there, size, sha256) {
                Ok(true) => copied += 1,
                Ok(false) => {
                    damaged.push(blob);
                    continue;
                }
                Err(e) => return Err(cannot(&there, &e)),
            }
        }
        contents.blobs.insert(blob, (size, sha256));
        shown.show(at as u64 + 1, total);
    }
    drop(shown);
    write(&to, &contents)?;
    tidy(&to, &contents);
    say(&format!(
        "Backup of {}: generation {generation}, {} sealed files ({copied} new). Keys and journal are not in it, and must not be kept with it.",
        contents.made,
        contents.blobs.len()
    ));
    if let Err(e) = noted(&settings) {
        complain(&format!("The backup is whole, but the house could not be told of it: {e}"));
    }
    if damaged.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for blob in &damaged {
        complain(&format!("DAMAGED   {blob}: missing or not what it was, so it is not in this backup."));
    }
    complain(
        "The rest is in the backup. Bring these files back from an earlier one, and look at the disk: unsaid verify",
    );
    Ok(ExitCode::from(2))
}

/// The house knows from now on that it was backed up, by its own time.
fn noted(settings: &Settings) -> Result<(), Said> {
    wait_for(async {
        let store = visit(settings).await.map_err(|e| e.to_string())?;
        let Some(mark) = store.house().await.map_err(|e| e.to_string())?.mark else { return Ok(()) };
        store.backed_up(mark.trusted).await.map_err(|e| e.to_string())
    })
}

pub(super) fn restore(from: &Path) -> Result<ExitCode, Said> {
    let settings = settings()?;
    fs::create_dir_all(&settings.data).map_err(|e| cannot(&settings.data, &e))?;
    let _closed = keep_closed(&settings).map_err(|e| e.to_string())?;
    let contents = read(from)?;
    let store = settings.store_folder();
    if is_something(&store) {
        return Err(format!(
            "{} is not empty, and nothing is overwritten. Move it away (do not delete it yet), then run this again.",
            store.display()
        ));
    }
    let database = match (&settings.database, &contents.database) {
        (Database::Sqlite(path), Some(_)) if path.exists() => {
            return Err(format!(
                "{} is there, and nothing is overwritten. Move it away first.",
                path.display()
            ));
        }
        (Database::Sqlite(path), Some(_)) => Some(path.clone()),
        (Database::Postgres(_), None) => None,
        _ => {
            return Err("This backup is of a house with another kind of database. Set UNSAID_DATABASE as it was there.".to_owned());
        }
    };
    verify_all(from, &contents)?;
    let half = settings.data.join("store.half");
    if half.exists() {
        // Of a restore that was broken off: all of it stands in the backup.
        fs::remove_dir_all(&half).map_err(|e| cannot(&half, &e))?;
    }
    let sealed = half.join("blobs").join("sealed");
    fs::create_dir_all(&sealed).map_err(|e| cannot(&sealed, &e))?;
    let mut shown = Shown::new("sealed bytes", "files");
    let total = contents.blobs.len() as u64;
    for (at, (blob, (size, sha256))) in contents.blobs.iter().enumerate() {
        let to = sealed.join(blob_place(*blob));
        match copy_blob(&from.join(place(*blob)), &to, *size, *sha256) {
            Ok(true) => shown.show(at as u64 + 1, total),
            Ok(false) => return Err(changed(blob)),
            Err(e) => return Err(cannot(&to, &e)),
        }
    }
    drop(shown);
    if let (Some(path), Some((name, _, _))) = (&database, &contents.database) {
        let inside = path.strip_prefix(&store).map_or_else(|_| path.with_extension("half"), |p| half.join(p));
        if let Some(folder) = inside.parent() {
            fs::create_dir_all(folder).map_err(|e| cannot(folder, &e))?;
        }
        // Copied by SQLite itself, which looks at every page once more.
        let _gone = fs::remove_file(&inside);
        base::copy(&from.join(name), &inside, &mut |_, _| {}).map_err(|e| e.to_string())?;
        mark_restored(&inside)?;
        if !inside.starts_with(&half) {
            fs::rename(&inside, path).map_err(|e| cannot(path, &e))?;
        }
    }
    // An empty folder may be there.
    let _gone = fs::remove_dir(&store);
    fs::rename(&half, &store).map_err(|e| cannot(&store, &e))?;
    flush(&settings.data).map_err(|e| cannot(&settings.data, &e))?;
    say(&format!("Restored from the backup of {} ({} sealed files).", contents.made, contents.blobs.len()));
    if database.is_none() {
        say(
            "The database is not in it: bring that back with PostgreSQL's own tools, of the same day or later.",
        );
    }
    next_steps(&settings);
    Ok(ExitCode::SUCCESS)
}

fn next_steps(settings: &Settings) {
    say("It sends no letter yet. What comes next:");
    if !settings.keys.join(crate::secrets::FILE).exists() {
        say(&format!(
            "  1. Write the lines of words from the paper into {}",
            settings.keys.join(crate::secrets::FILE).display()
        ));
    }
    if !is_something(&settings.journal_folder()) {
        say(&format!(
            "  2. Bring the folder journal of the house back to {}: it knows what happened since this backup.",
            settings.journal_folder().display()
        ));
    }
    say("  3. See that no other copy of this house is running, and run: unsaid adopt");
}

/// The restored database says of itself that it is one.
fn mark_restored(path: &Path) -> Result<(), Said> {
    wait_for(async {
        let store =
            SqlStore::sqlite(path, Arc::new(MemoryJournal::new())).await.map_err(|e| e.to_string())?;
        let mark = store.house().await.map_err(|e| e.to_string())?.mark;
        let now = mark.map_or(Now { trusted: jiff::Timestamp::UNIX_EPOCH, observed: Observed(0) }, |mark| {
            Now { trusted: mark.trusted, observed: mark.observed }
        });
        store.hold(Hold::NotAdopted, now).await.map(drop).map_err(|e| e.to_string())
    })
}

/// Everything is read before anything is written.
fn verify_all(from: &Path, contents: &Contents) -> Result<(), Said> {
    if let Some((name, size, sha256)) = &contents.database
        && sum(&from.join(name))? != (*size, *sha256)
    {
        return Err(format!(
            "{name} is not what it was when the backup was made. Nothing was changed; take another backup."
        ));
    }
    let mut shown = Shown::new("looking at the backup", "files");
    let total = contents.blobs.len() as u64;
    for (at, (blob, (size, sha256))) in contents.blobs.iter().enumerate() {
        match sum(&from.join(place(*blob))) {
            Ok(found) if found == (*size, *sha256) => shown.show(at as u64 + 1, total),
            _ => return Err(changed(blob)),
        }
    }
    Ok(())
}

fn changed(blob: &BlobId) -> Said {
    format!(
        "{blob} is missing in this backup or not what it was. Nothing was changed; take another backup, or bring this file back into it."
    )
}

fn read(folder: &Path) -> Result<Contents, Said> {
    let path = folder.join(NAMES);
    let text = fs::read_to_string(&path).map_err(|e| {
        format!("{} cannot be read: {e}. Name the folder that unsaid backup has written.", path.display())
    })?;
    Contents::parse(&text).ok_or_else(|| format!("{} is not whole. Take another backup.", path.display()))
}

fn write(folder: &Path, contents: &Contents) -> Result<(), Said> {
    let text = contents.text();
    let half = folder.join(format!("{NAMES}.half"));
    File::create(&half)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| flush(folder))
        .and_then(|()| fs::rename(&half, folder.join(NAMES)))
        .and_then(|()| flush(folder))
        .map_err(|e| cannot(&half, &e))
}

/// What no backup names any more: databases of earlier ones, halves. Sealed bytes stay: they cost little, and an older copy of the list may need them.
fn tidy(folder: &Path, contents: &Contents) {
    let named: BTreeSet<&str> = contents.database.iter().map(|(name, _, _)| name.as_str()).collect();
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let ours = name.starts_with("store-") && (name.ends_with(".sqlite") || name.ends_with(".half"));
        if ours && !named.contains(name) {
            // What stays is in nobody's way.
            let _gone = fs::remove_file(entry.path());
        }
    }
}

/// A backup was begun here once, and never finished.
fn began(folder: &Path) -> bool {
    folder.join("begun").exists()
}

/// False: what stands there is not what it should be.
fn copy_blob(from: &Path, to: &Path, size: u64, sha256: [u8; 32]) -> io::Result<bool> {
    let Ok(mut source) = File::open(from) else { return Ok(false) };
    let folder = to.parent().unwrap_or(to);
    if !folder.exists() {
        fs::create_dir_all(folder)?;
    }
    let half = to.with_extension("half");
    let mut target = File::create(&half)?;
    let (mut hash, mut copied, mut piece) = (Sha256::new(), 0_u64, vec![0; 1 << 20]);
    loop {
        let many = source.read(&mut piece)?;
        if many == 0 {
            break;
        }
        hash.update(&piece[..many]);
        target.write_all(&piece[..many])?;
        copied += many as u64;
    }
    if copied != size || <[u8; 32]>::from(hash.finalize()) != sha256 {
        drop(target);
        fs::remove_file(&half)?;
        return Ok(false);
    }
    target.sync_all()?;
    fs::rename(&half, to)?;
    flush(folder)?;
    Ok(true)
}

fn sum(path: &Path) -> Result<(u64, [u8; 32]), Said> {
    let read = || -> io::Result<(u64, [u8; 32])> {
        let (mut file, mut hash, mut piece, mut size) =
            (File::open(path)?, Sha256::new(), vec![0; 1 << 20], 0_u64);
        loop {
            match file.read(&mut piece)? {
                0 => return Ok((size, hash.finalize().into())),
                many => {
                    hash.update(&piece[..many]);
                    size += many as u64;
                }
            }
        }
    };
    read().map_err(|e| cannot(path, &e))
}

fn flush(folder: &Path) -> io::Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all())
}

fn place(blob: BlobId) -> PathBuf {
    Path::new("blobs").join(blob_place(blob))
}

/// As the house itself places them.
fn blob_place(blob: BlobId) -> PathBuf {
    let name = blob.to_string();
    Path::new(&name[..2]).join(&name)
}

/// Whether there is anything in a folder but empty folders.
fn is_something(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return folder.exists() };
    entries.flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => is_something(&entry.path()),
        _ => true,
    })
}

fn cannot(path: &Path, error: &io::Error) -> Said {
    format!(
        "{} cannot be used: {error}. Look at its place, its rights and the room on its disk.",
        path.display()
    )
}

/// How far it has come, where somebody watches.
pub(super) struct Shown {
    what: &'static str,
    of: &'static str,
    watched: bool,
    next: std::time::Duration,
}

impl Shown {
    pub(super) fn new(what: &'static str, of: &'static str) -> Self {
        Self { what, of, watched: io::stderr().is_terminal(), next: MachineClock.monotonic() }
    }

    #[expect(clippy::print_stderr, reason = "the command line speaks")]
    pub(super) fn show(&mut self, done: u64, total: u64) {
        let now = MachineClock.monotonic();
        if self.watched && now >= self.next {
            self.next = now + std::time::Duration::from_millis(250);
            eprint!("\r{}: {done} of {total} {}\x1b[K", self.what, self.of);
        }
    }
}

impl Drop for Shown {
    #[expect(clippy::print_stderr, reason = "the command line speaks")]
    fn drop(&mut self) {
        if self.watched {
            eprint!("\r\x1b[K");
        }
    }
}
