//! A folder of journals: which nodes wrote here, what can still be read of a journal that is damaged, and to which generation of the house the folder was raised.
//! Nothing here deletes: what is damaged is put aside under another name.

use super::code::{self, HEADER, MAGIC, Said};
use super::file::{broken, flush_folder};
use super::{JournalError, Record, Seq};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The file that says to which generation the folder was raised.
const GENERATION: &str = "generation";

/// What could be read of a journal.
#[derive(Debug, Default)]
pub struct Salvaged {
    /// What was kept and not voided, as far as it reads.
    pub records: Vec<Record>,
    /// The place of the last record that reads.
    pub last: Seq,
    /// Where the first frame begins that does not read; none if all of it does.
    pub damaged: Option<u64>,
}

/// The nodes whose journals stand in this folder, in the order of their names.
///
/// # Errors
/// [`JournalError::Broken`]: the folder cannot be read.
pub fn nodes(folder: &Path) -> Result<Vec<String>, JournalError> {
    names(folder, ".log")
}

pub(super) fn names(folder: &Path, ending: &str) -> Result<Vec<String>, JournalError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(broken(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(broken)?.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(ending)).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Reads a journal as far as it goes, without opening it for writing: a torn tail, or damage, ends it.
///
/// # Errors
/// [`JournalError::Broken`]: the file cannot be read at all.
pub fn salvage(folder: &Path, node: &str) -> Result<Salvaged, JournalError> {
    let bytes = fs::read(folder.join(format!("{node}.log"))).map_err(broken)?;
    let mut found = Salvaged::default();
    if !bytes.starts_with(MAGIC) {
        found.damaged = (!MAGIC.starts_with(&bytes)).then_some(0);
        return Ok(found);
    }
    let (mut at, mut before, mut voided) = (MAGIC.len(), [0; 32], Vec::new());
    while at < bytes.len() {
        let rest = &bytes[at..];
        let frame = code::header(rest).filter(|_| code::whole(rest)).and_then(|(length, _)| {
            let body = rest.get(HEADER..HEADER + length)?;
            code::read(body).filter(|f| f.seq == found.last + 1 && f.before == before).map(|f| (f, body))
        });
        let Some((frame, body)) = frame else {
            found.damaged = Some(at as u64);
            break;
        };
        before = code::hash(body);
        at += HEADER + body.len();
        for (seq, said) in (frame.seq..).zip(frame.said) {
            found.last = seq;
            match said {
                Said::Void(range) => voided.push(range),
                Said::Kept(entry) => {
                    let (group, generation) = (frame.seq, frame.generation);
                    found.records.push(Record { seq, group, generation, entry });
                }
            }
        }
    }
    found.records.retain(|record| !voided.iter().any(|range| range.contains(&record.seq)));
    Ok(found)
}

/// Puts a damaged journal aside, under a name that nobody reads. Gives where it is.
///
/// # Errors
/// [`JournalError::Broken`]: it could not be renamed, and stands where it stood.
pub fn quarantine(folder: &Path, node: &str) -> Result<PathBuf, JournalError> {
    let from = folder.join(format!("{node}.log"));
    let aside = (0..)
        .map(|n| folder.join(if n == 0 { format!("{node}.damaged") } else { format!("{node}.damaged-{n}") }))
        .find(|path| !path.exists())
        .unwrap_or_else(|| folder.join(format!("{node}.damaged")));
    fs::rename(&from, &aside).map_err(broken)?;
    flush_folder(folder)?;
    Ok(aside)
}

pub(super) fn generation(folder: &Path) -> Result<Option<u32>, JournalError> {
    let path = folder.join(GENERATION);
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(JournalError::Damaged { file: path, at: 0 }),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(broken(error)),
    }
}

/// One at a time, also of two processes: whoever holds the lock compares and writes.
pub(super) fn raise(folder: &Path, from: Option<u32>, to: u32) -> Result<bool, JournalError> {
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join("generation.lock"))
        .map_err(broken)?;
    lock.lock().map_err(broken)?;
    if generation(folder)? != from {
        return Ok(false);
    }
    let half = folder.join("generation.half");
    File::create(&half)
        .and_then(|mut file| writeln!(file, "{to}").and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&half, folder.join(GENERATION)))
        .map_err(broken)?;
    flush_folder(folder)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Entry, FileJournal, Journal};
    use unsaid_delivery::{Fact, LetterId};

    #[test]
    fn a_folder_is_raised_by_one_of_two_who_saw_the_same() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(generation(folder.path()).unwrap(), None);
        assert!(raise(folder.path(), None, 1).unwrap());
        assert!(!raise(folder.path(), None, 2).unwrap(), "somebody was first");
        assert!(raise(folder.path(), Some(1), 2).unwrap());
        assert!(!raise(folder.path(), Some(1), 3).unwrap());
        assert_eq!(generation(folder.path()).unwrap(), Some(2));
        fs::write(folder.path().join(GENERATION), "two").unwrap();
        assert!(matches!(generation(folder.path()), Err(JournalError::Damaged { .. })));
    }

    #[test]
    fn what_stands_before_a_damage_is_read_and_the_file_is_put_aside_whole() {
        let folder = tempfile::tempdir().unwrap();
        let entry = |n: u8| Entry {
            subject: n.to_string(),
            rev: 1,
            fact: Fact::Undone { letter: LetterId([n; 16]) },
        };
        {
            let journal = FileJournal::open(folder.path(), "one").unwrap();
            for n in 1..=3 {
                journal.append(1, &[entry(n)]).unwrap();
            }
            journal.void(1, 1..=1).unwrap();
        }
        let whole = salvage(folder.path(), "one").unwrap();
        assert_eq!((whole.records.len(), whole.last, whole.damaged), (2, 4, None));
        let path = folder.path().join("one.log");
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(FileJournal::open(folder.path(), "one"), Err(JournalError::Damaged { .. })));
        let found = salvage(folder.path(), "one").unwrap();
        assert!(found.damaged.is_some() && found.records[0].entry == entry(1), "{found:?}");
        for n in ["one.damaged", "one.damaged-1"] {
            let aside = quarantine(folder.path(), "one").unwrap();
            assert_eq!((aside.clone(), fs::read(aside).unwrap()), (folder.path().join(n), bytes.clone()));
            fs::write(&path, &bytes).unwrap();
        }
    }
}
