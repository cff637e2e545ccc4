//! Copies of a SQLite file while a house is open on it, and what stands in such a copy. It knows no folder of blobs, no keys and no journal; whoever makes or
//! takes back a backup puts these together.

use super::sqlite::cannot;
use crate::{Result, StoreError};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;
use unsaid_delivery::id::BlobId;

/// So many pages are copied at a time: 4 MiB of the usual ones.
const PAGES: i32 = 1_024;

/// Sealed bytes that some row names: where they are, how many, and SHA-256 of them.
pub type NamedBlob = (BlobId, u64, [u8; 32]);

/// Copies the database as it is at this moment. A house may be open on it, and goes on writing: all pages are of one moment. `progress`: pages copied, of how many.
///
/// # Errors
/// Unavailable: it cannot be read, or the other place cannot be written. Damaged: the copy is not whole.
#[expect(
    clippy::disallowed_methods,
    reason = "a copy is made by a command or on a thread of its own, and waits for whoever writes"
)]
pub fn copy(from: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
    let source = open(from)?;
    // One view until the end: without it every write of an open house would begin the copy anew.
    source.execute_batch("begin").map_err(cannot)?;
    source.query_row("select count(*) from schema_step", [], |_| Ok(())).map_err(cannot)?;
    let mut target = Connection::open(to).map_err(cannot)?;
    {
        let backup = Backup::new(&source, &mut target).map_err(cannot)?;
        loop {
            let step = backup.step(PAGES).map_err(cannot)?;
            let at = backup.progress();
            let total = u64::try_from(at.pagecount).unwrap_or(0);
            progress(total.saturating_sub(u64::try_from(at.remaining).unwrap_or(0)), total);
            match step {
                StepResult::Done => break,
                StepResult::Busy | StepResult::Locked => std::thread::sleep(Duration::from_millis(50)),
                _ => {}
            }
        }
    }
    // One file, with nothing beside it.
    target.execute_batch("pragma journal_mode = delete; pragma synchronous = full;").map_err(cannot)?;
    drop(target);
    std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(|error| {
        StoreError::Unavailable(format!("the copy could not be flushed: {}", error.kind()))
    })?;
    let wrong = integrity(to)?;
    if wrong.is_empty() { Ok(()) } else { Err(StoreError::Damaged) }
}

/// What SQLite finds wrong in a database; nothing, where it is whole.
///
/// # Errors
/// Unavailable: it cannot be read.
pub fn integrity(path: &Path) -> Result<Vec<String>> {
    let found = |sql: &str| -> Result<Vec<String>> {
        let database = open(path)?;
        let mut statement = database.prepare(sql).map_err(cannot)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(cannot)?;
        rows.collect::<std::result::Result<_, _>>().map_err(cannot)
    };
    let mut wrong = found("pragma integrity_check")?;
    wrong.retain(|line| line != "ok");
    // Rows that name what is not there; the name of the table is enough for whoever looks.
    wrong.extend(found("select distinct \"table\" from pragma_foreign_key_check")?);
    Ok(wrong)
}

/// Every blob that a row names, once, and the generation of the house.
///
/// # Errors
/// Unavailable or Damaged, as the database answers.
pub fn contents(path: &Path) -> Result<(u32, Vec<NamedBlob>)> {
    let database = open(path)?;
    let generation = database
        .query_row("select generation from house where id = 1", [], |row| row.get(0))
        .map_err(cannot)?;
    let mut statement = database.prepare(NAMED).map_err(cannot)?;
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?)))
        .map_err(cannot)?;
    let mut named = Vec::new();
    for row in rows {
        let (blob, size, sha256) = row.map_err(cannot)?;
        named.push((
            blob.parse().map_err(|_| StoreError::Damaged)?,
            u64::try_from(size).map_err(|_| StoreError::Damaged)?,
            sha256.try_into().map_err(|_| StoreError::Damaged)?,
        ));
    }
    Ok((generation, named))
}

/// The question for every blob that a row names, for both databases.
pub(super) const NAMED: &str =
    "select blob, size, sha256 from parts union select blob, size, sha256 from replies
     union select blob, size, sha256 from draft_parts order by 1";

fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags).map_err(cannot)?;
    database.busy_timeout(Duration::from_secs(5)).map_err(cannot)?;
    Ok(database)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Place, sealed};
    use super::*;
    use crate::HouseStore;

    #[tokio::test]
    async fn a_copy_is_of_one_moment_while_the_house_writes_on() {
        let place = Place::new();
        let store = place.open().await;
        sealed(&store).await;
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("copy");
        let mut steps = 0;
        copy(&place.database(), &to, &mut |done, total| {
            steps += 1;
            assert!(done <= total);
        })
        .unwrap();
        store.confirm_keys().await.unwrap();
        assert!(steps > 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "one file, and nothing beside it");
        let (generation, blobs) = contents(&to).unwrap();
        assert_eq!((generation, blobs.len()), (1, 0));
        assert!(integrity(&to).unwrap().is_empty());
        // A bit that flipped in the middle is found.
        let mut bytes = std::fs::read(&to).unwrap();
        for at in (4_096..bytes.len()).step_by(4_096) {
            bytes[at] ^= 0xff;
        }
        std::fs::write(&to, &bytes).unwrap();
        assert!(integrity(&to).map_or(true, |wrong| !wrong.is_empty()));
        assert!(copy(&folder.path().join("nothing"), &to, &mut |_, _| {}).is_err());
    }
}
