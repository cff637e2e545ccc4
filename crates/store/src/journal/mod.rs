//! The journal: facts that were acknowledged, written and flushed before the rows that follow from them are committed. It outlives the
//! database: what a restored or crashed store does not know, it learns here. It knows no rows and no SQL; when to append, to void and to
//! replay is the store's business.
//!
//! One append is one frame, and stands whole or not at all. Its format is described in [`code`].

pub mod code;
mod file;
mod folder;
#[cfg(test)]
mod tests;

pub use file::{Cut, FileJournal};
pub use folder::{Salvaged, nodes, quarantine, salvage};

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use unsaid_delivery::Fact;

/// The place of a record in its node's journal, from 1.
pub type Seq = u64;

/// A fact that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The id of the row that it changes.
    pub subject: String,
    /// The rev that the row has once this is committed.
    pub rev: i64,
    /// What happened.
    pub fact: Fact,
}

/// A fact as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place.
    pub seq: Seq,
    /// The place of the first record of the same append: they were committed together.
    pub group: Seq,
    /// The generation of the house in which it was written.
    pub generation: u32,
    /// What was kept.
    pub entry: Entry,
}

/// Why the journal could not.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Nothing was written.
    #[error("The disk has no room left for the journal. Make room; nothing was acknowledged meanwhile.")]
    Full,
    /// Whether something was written is not known: the process has to end, and the next start finds out.
    #[error("The journal could not be flushed ({0}). Look at the disk, then start the program again.")]
    Broken(String),
    /// Bytes that were flushed once are not what they were.
    #[error(
        "The journal {} is damaged at byte {at}, so this house does not open. Put the file back from a copy and start again; where there is none, run: unsaid adopt --without-journal",
        file.display()
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where the first frame begins that does not read.
        at: u64,
    },
    /// Another process has it open.
    #[error("The journal {} is in use. Stop the other program that works on this folder first.", file.display())]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// A newer program wrote it.
    #[error("The journal {} was written by a newer version of the program. Start that version or a newer one.", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
    },
}

/// Where facts are kept.
pub trait Journal: Send + Sync {
    /// Which node's it is: each node writes its own file and chain.
    fn node(&self) -> &str;
    /// Keeps these, all or none; durable when it returns. Gives their places. Full: none was kept.
    fn append(&self, generation: u32, entries: &[Entry]) -> Result<RangeInclusive<Seq>, JournalError>;
    /// These were kept and never committed; durable when it returns. If it fails, the process has to end.
    fn void(&self, generation: u32, records: RangeInclusive<Seq>) -> Result<(), JournalError>;
    /// What was kept after this place and not voided, in order.
    fn replay(&self, after: Seq) -> Result<Vec<Record>, JournalError>;
    /// Keeps a manifest of recovery under this name; durable when it returns. An earlier one is replaced whole.
    fn keep_manifest(&self, name: &str, text: &str) -> Result<(), JournalError>;
    /// Takes a manifest away whose commit never was. One that is not there is no error.
    fn drop_manifest(&self, _name: &str) -> Result<(), JournalError> {
        Ok(())
    }
    /// The manifest of this name, if there is one.
    fn manifest(&self, _name: &str) -> Result<Option<String>, JournalError> {
        Ok(None)
    }
    /// The names of all manifests.
    fn manifests(&self) -> Result<Vec<String>, JournalError> {
        Ok(Vec::new())
    }
    /// The place of the newest frame's last record, voids included; 0 in an empty journal.
    fn last(&self) -> Result<Seq, JournalError> {
        Ok(self.replay(0)?.last().map_or(0, |record| record.seq))
    }
    /// The other nodes whose journals stand beside this one, and where each ends; none where nothing can be said of that.
    fn beside(&self) -> Result<Option<Vec<(String, Seq)>>, JournalError> {
        Ok(None)
    }
    /// The generation of the house to which its folder was raised; none if it never was.
    fn generation(&self) -> Result<Option<u32>, JournalError> {
        Ok(None)
    }
    /// Raises its folder from this generation to that one; durable when it returns. False: it is not at `from`, and nothing was changed.
    fn raise(&self, _from: Option<u32>, _to: u32) -> Result<bool, JournalError> {
        Ok(true)
    }
}

/// A journal for tests and the simulator: it lasts as long as it is held.
#[derive(Default)]
pub struct MemoryJournal {
    inner: Mutex<Inner>,
}

#[derive(Default, Clone)]
struct Inner {
    last: Seq,
    records: Vec<Record>,
    manifests: BTreeMap<String, String>,
    generation: Option<u32>,
}

impl MemoryJournal {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything that stands in it.
    pub fn records(&self) -> Vec<Record> {
        self.lock().records.clone()
    }

    /// The manifest of this name.
    pub fn manifest(&self, name: &str) -> Option<String> {
        self.lock().manifests.get(name).cloned()
    }

    /// Another one with the same records and manifests: as if its folder had been copied.
    pub fn copy(&self) -> Self {
        Self { inner: Mutex::new(self.lock().clone()) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Every change below is whole before the lock is let go, whatever panicked elsewhere.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    fn node(&self) -> &str {
        "memory"
    }

    fn append(&self, generation: u32, entries: &[Entry]) -> Result<RangeInclusive<Seq>, JournalError> {
        let mut inner = self.lock();
        let group = inner.last + 1;
        for entry in entries {
            inner.last += 1;
            let seq = inner.last;
            inner.records.push(Record { seq, group, generation, entry: entry.clone() });
        }
        Ok(group..=inner.last)
    }

    fn void(&self, _generation: u32, records: RangeInclusive<Seq>) -> Result<(), JournalError> {
        let mut inner = self.lock();
        inner.last += 1;
        inner.records.retain(|r| !records.contains(&r.seq));
        Ok(())
    }

    fn replay(&self, after: Seq) -> Result<Vec<Record>, JournalError> {
        Ok(self.lock().records.iter().filter(|r| r.seq > after).cloned().collect())
    }

    fn keep_manifest(&self, name: &str, text: &str) -> Result<(), JournalError> {
        self.lock().manifests.insert(name.into(), text.into());
        Ok(())
    }

    fn drop_manifest(&self, name: &str) -> Result<(), JournalError> {
        self.lock().manifests.remove(name);
        Ok(())
    }

    fn manifest(&self, name: &str) -> Result<Option<String>, JournalError> {
        Ok(self.lock().manifests.get(name).cloned())
    }

    fn manifests(&self) -> Result<Vec<String>, JournalError> {
        Ok(self.lock().manifests.keys().cloned().collect())
    }

    fn last(&self) -> Result<Seq, JournalError> {
        Ok(self.lock().last)
    }

    fn generation(&self) -> Result<Option<u32>, JournalError> {
        Ok(self.lock().generation)
    }

    fn raise(&self, from: Option<u32>, to: u32) -> Result<bool, JournalError> {
        let mut inner = self.lock();
        let stands = inner.generation == from;
        if stands {
            inner.generation = Some(to);
        }
        Ok(stands)
    }
}
