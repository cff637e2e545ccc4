//! The journal on a disk: one file for each node, appended and flushed, and a folder of manifests. A torn tail (a frame that a power cut
//! left unfinished, so never acknowledged) is put aside and cut off at the start; damage before the last frame is an error that names its
//! place. After a flush that failed nothing more is written: trying again could lose what the disk has already forgotten (the PostgreSQL
//! fsync reports of 2018).

use super::code::{self, Frame, HEADER, MAGIC, MAGIC_OF_ANY, Said};
use super::{Entry, Journal, JournalError, Record, Seq, folder};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The folder of manifests beside the nodes' files.
const MANIFESTS: &str = "manifests";

/// A torn tail that was cut off at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Where the file ends now.
    pub at: u64,
    /// The copy of what stood behind.
    pub kept: PathBuf,
}

/// A node's journal in a folder.
pub struct FileJournal {
    folder: PathBuf,
    path: PathBuf,
    node: String,
    cut: Option<Cut>,
    /// Whoever appends holds it; two at once would tear the chain.
    tail: Mutex<Tail>,
}

struct Tail {
    file: File,
    length: u64,
    last: Seq,
    before: [u8; 32],
    /// What the disk said when a flush failed.
    broken: Option<String>,
}

impl FileJournal {
    /// Opens `<folder>/<node>.log`, makes it at the first start, checks all of it, and cuts a torn tail. `node` is a plain file name.
    pub fn open(folder: &Path, node: &str) -> Result<Self, JournalError> {
        let plain = !node.is_empty()
            && node.len() <= 64
            && node.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !plain {
            return Err(JournalError::Broken("the node's name has to be letters, digits and hyphens".into()));
        }
        fs::create_dir_all(folder.join(MANIFESTS)).map_err(broken)?;
        let path = folder.join(format!("{node}.log"));
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(broken)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(JournalError::InUse { file: path }),
            Err(fs::TryLockError::Error(error)) => return Err(broken(error)),
        }
        let mut cut = None;
        let mut tail = begin(&mut file, &path)?;
        if let Scan::Torn = scan(&mut file, &path, &mut tail, |_, _| {})? {
            cut = Some(put_aside(&mut file, &path, tail.0)?);
        }
        flush_folder(folder)?;
        let (length, last, before) = tail;
        let tail = Tail { file, length, last, before, broken: None };
        Ok(Self { folder: folder.into(), path, node: node.into(), cut, tail: Mutex::new(tail) })
    }

    /// What was cut off when it was opened; it was never acknowledged.
    pub fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }

    fn write(&self, generation: u32, said: Vec<Said>) -> Result<RangeInclusive<Seq>, JournalError> {
        // A panic while it was held leaves the file as `length` says or longer; the length is restored below before anything is written.
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &tail.broken {
            return Err(JournalError::Broken(why.clone()));
        }
        let first = tail.last + 1;
        let last = tail.last + said.len() as u64;
        let frame = Frame { seq: first, before: tail.before, generation, node: self.node.clone(), said };
        let bytes =
            code::write(&frame).ok_or_else(|| JournalError::Broken("a record cannot be written".into()))?;
        let length = tail.length;
        if let Err(error) = tail.file.write_all(&bytes) {
            // Half a frame must not stay in front of the next one.
            if let Err(error) = tail.file.set_len(length).and_then(|()| tail.file.sync_all()) {
                tail.broken = Some(error.kind().to_string());
                return Err(broken(error));
            }
            return Err(match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => JournalError::Full,
                _ => broken(error),
            });
        }
        if let Err(error) = tail.file.sync_data() {
            tail.broken = Some(error.kind().to_string());
            return Err(broken(error));
        }
        tail.length += bytes.len() as u64;
        tail.last = last;
        tail.before = code::hash(&bytes[HEADER..]);
        Ok(first..=last)
    }
}

impl Journal for FileJournal {
    fn node(&self) -> &str {
        &self.node
    }

    fn append(&self, generation: u32, entries: &[Entry]) -> Result<RangeInclusive<Seq>, JournalError> {
        self.write(generation, entries.iter().cloned().map(Said::Kept).collect())
    }

    fn void(&self, generation: u32, records: RangeInclusive<Seq>) -> Result<(), JournalError> {
        self.write(generation, vec![Said::Void(records)]).map(drop)
    }

    fn replay(&self, after: Seq) -> Result<Vec<Record>, JournalError> {
        // Nobody appends while it is read.
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = File::open(&self.path).map_err(broken)?;
        let mut place = begin(&mut file, &self.path)?;
        let (mut records, mut voided) = (Vec::new(), Vec::new());
        let end = scan(&mut file, &self.path, &mut place, |frame, _| {
            for (seq, said) in (frame.seq..).zip(frame.said) {
                match said {
                    Said::Void(range) => voided.push(range),
                    Said::Kept(entry) if seq > after => {
                        records.push(Record { seq, group: frame.seq, generation: frame.generation, entry });
                    }
                    Said::Kept(_) => {}
                }
            }
        })?;
        if !matches!(end, Scan::Whole) || place.0 != tail.length {
            return Err(JournalError::Damaged { file: self.path.clone(), at: place.0 });
        }
        records.retain(|record| !voided.iter().any(|range| range.contains(&record.seq)));
        Ok(records)
    }

    fn keep_manifest(&self, name: &str, text: &str) -> Result<(), JournalError> {
        let folder = self.folder.join(MANIFESTS);
        let (path, half) = (folder.join(format!("{name}.txt")), folder.join(format!("{name}.half")));
        let written = File::create(&half)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&half, &path));
        if let Err(error) = written {
            // What is left of it is in nobody's way: the next one of this name is written over it.
            let _ = fs::remove_file(&half);
            return Err(match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => JournalError::Full,
                _ => broken(error),
            });
        }
        flush_folder(&folder)
    }

    fn drop_manifest(&self, name: &str) -> Result<(), JournalError> {
        let folder = self.folder.join(MANIFESTS);
        match fs::remove_file(folder.join(format!("{name}.txt"))) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(broken(error)),
            _ => flush_folder(&folder),
        }
    }

    fn manifest(&self, name: &str) -> Result<Option<String>, JournalError> {
        match fs::read_to_string(self.folder.join(MANIFESTS).join(format!("{name}.txt"))) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            // What is no text is as good as not there, and what was meant is in nobody's hands: it is said where it is missed.
            Err(error) if error.kind() == ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(broken(error)),
        }
    }

    fn manifests(&self) -> Result<Vec<String>, JournalError> {
        folder::names(&self.folder.join(MANIFESTS), ".txt")
    }

    fn last(&self) -> Result<Seq, JournalError> {
        Ok(self.tail.lock().unwrap_or_else(PoisonError::into_inner).last)
    }

    fn beside(&self) -> Result<Option<Vec<(String, Seq)>>, JournalError> {
        let mut beside = Vec::new();
        for node in folder::nodes(&self.folder)? {
            if node != self.node {
                let end = folder::salvage(&self.folder, &node)?.last;
                beside.push((node, end));
            }
        }
        Ok(Some(beside))
    }

    fn generation(&self) -> Result<Option<u32>, JournalError> {
        folder::generation(&self.folder)
    }

    fn raise(&self, from: Option<u32>, to: u32) -> Result<bool, JournalError> {
        folder::raise(&self.folder, from, to)
    }
}

/// How far a scan came.
pub(super) enum Scan {
    /// To the end.
    Whole,
    /// To a last frame that is not whole.
    Torn,
}

/// Length, last place and last hash of what has been read so far.
pub(super) type Place = (u64, Seq, [u8; 32]);

/// Reads the magic, or writes it into a file that holds nothing (or only a torn beginning of it).
fn begin(file: &mut File, path: &Path) -> Result<Place, JournalError> {
    let mut start = Vec::with_capacity(MAGIC.len());
    file.seek(SeekFrom::Start(0)).map_err(broken)?;
    (&mut *file).take(MAGIC.len() as u64).read_to_end(&mut start).map_err(broken)?;
    if start != MAGIC {
        if start.len() == MAGIC.len() && start.starts_with(MAGIC_OF_ANY) {
            return Err(JournalError::Newer { file: path.into() });
        }
        if !MAGIC.starts_with(&start) {
            return Err(JournalError::Damaged { file: path.into(), at: 0 });
        }
        file.set_len(0)
            .and_then(|()| file.write_all(MAGIC))
            .and_then(|()| file.sync_all())
            .map_err(broken)?;
    }
    Ok((MAGIC.len() as u64, 0, [0; 32]))
}

/// Reads frame after frame from the magic on, checking sums, places and the chain.
pub(super) fn scan(
    file: &mut File,
    path: &Path,
    place: &mut Place,
    mut each: impl FnMut(Frame, u64),
) -> Result<Scan, JournalError> {
    file.seek(SeekFrom::Start(place.0)).map_err(broken)?;
    let mut reader = BufReader::with_capacity(1 << 20, &mut *file);
    loop {
        let mut head = Vec::with_capacity(HEADER);
        (&mut reader).take(HEADER as u64).read_to_end(&mut head).map_err(broken)?;
        if head.is_empty() {
            return Ok(Scan::Whole);
        }
        let mut body = Vec::new();
        let good = match code::header(&head) {
            Some((length, sum)) => {
                (&mut reader).take(length as u64).read_to_end(&mut body).map_err(broken)?;
                body.len() == length && crc32c::crc32c(&body) == sum
            }
            None => false,
        };
        if !good {
            drop(reader);
            return torn_or_damaged(file, path, place.0);
        }
        let damaged = || JournalError::Damaged { file: path.into(), at: place.0 };
        // Sums that hold around words that do not read were written so: it is not a torn tail, and where a kind is not known here a newer program wrote it.
        let frame = match code::read(&body) {
            Some(frame) => frame,
            None if code::is_newer(&body) => return Err(JournalError::Newer { file: path.into() }),
            None => return Err(damaged()),
        };
        if frame.seq != place.1 + 1 || frame.before != place.2 {
            return Err(damaged());
        }
        let (count, at) = (frame.said.len() as u64, place.0);
        *place = (at + (HEADER + body.len()) as u64, place.1 + count, code::hash(&body));
        each(frame, at);
    }
}

/// A frame that does not read is a torn tail only if no whole frame stands behind it: what stands behind was flushed later.
fn torn_or_damaged(file: &mut File, path: &Path, at: u64) -> Result<Scan, JournalError> {
    let mut rest = Vec::new();
    file.seek(SeekFrom::Start(at)).and_then(|_| file.read_to_end(&mut rest)).map_err(broken)?;
    if (1..rest.len()).any(|from| code::whole(&rest[from..])) {
        return Err(JournalError::Damaged { file: path.into(), at });
    }
    Ok(Scan::Torn)
}

/// Copies what stands behind `at` into a file beside, then cuts it off.
fn put_aside(file: &mut File, path: &Path, at: u64) -> Result<Cut, JournalError> {
    let mut rest = Vec::new();
    file.seek(SeekFrom::Start(at)).and_then(|_| file.read_to_end(&mut rest)).map_err(broken)?;
    // An earlier copy of the same place is kept too.
    let kept = (0..)
        .map(|n| path.with_extension(if n == 0 { format!("torn-{at}") } else { format!("torn-{at}-{n}") }))
        .find(|p| !p.exists())
        .unwrap_or_else(|| path.with_extension("torn"));
    File::create_new(&kept)
        .and_then(|mut copy| copy.write_all(&rest).and_then(|()| copy.sync_all()))
        .map_err(broken)?;
    if let Some(folder) = path.parent() {
        flush_folder(folder)?;
    }
    file.set_len(at).and_then(|()| file.sync_all()).map_err(broken)?;
    tracing::warn!(
        at,
        bytes = rest.len(),
        "the journal had a torn tail; it was never acknowledged and is put aside"
    );
    Ok(Cut { at, kept })
}

/// A new name in a folder is durable only when the folder is flushed.
pub(super) fn flush_folder(folder: &Path) -> Result<(), JournalError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(broken)
}

pub(super) fn broken(error: io::Error) -> JournalError {
    JournalError::Broken(error.kind().to_string())
}
