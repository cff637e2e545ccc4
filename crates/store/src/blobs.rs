//! Sealed bytes: uploads that grow chunk by chunk, and what they become: immutable objects, verified when read. Knows no letters and no
//! accounts; who may read what is decided by the rows that name a blob.
//!
//! In a folder an upload is one growing file, flushed after each chunk. When it is whole and its hash is right, it is renamed into the place
//! that object_store's `LocalFileSystem` would give it, and the folders are flushed: nothing is copied, and there is never half an object.
//! (object_store's own `put` takes all bytes at once and flushes nothing unless it is told to.) Objects are read through object_store, in
//! large ranges: its stream is ten times slower (limits.md). One thing because what is written here is what is compared here.

use crate::{Result, StoreError};
use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use unsaid_delivery::id::BlobId;

/// Objects are read in pieces of so many bytes.
const PIECE: u64 = 8 << 20;

/// The blob store.
pub struct Blobs {
    uploads: Uploads,
    sealed: Arc<dyn ObjectStore>,
}

enum Uploads {
    Folder(Arc<Folder>),
    Memory(Mutex<BTreeMap<BlobId, Vec<u8>>>),
}

/// Where files stand.
struct Folder {
    uploads: PathBuf,
    sealed: PathBuf,
}

/// A blob that is being compared with its hash, from its beginning, as far as it was read.
pub struct Looking {
    blob: BlobId,
    size: u64,
    sha256: [u8; 32],
    sum: Sha256,
    at: u64,
}

impl Looking {
    /// At its beginning.
    pub fn at(blob: BlobId, size: u64, sha256: [u8; 32]) -> Self {
        Self { blob, size, sha256, sum: Sha256::new(), at: 0 }
    }

    /// Which one.
    pub fn blob(&self) -> BlobId {
        self.blob
    }

    /// So many bytes of it were read.
    pub fn read(&self) -> u64 {
        self.at
    }
}

impl Blobs {
    /// In a folder: `uploads/` for what grows, `sealed/` for what is whole. Both stand in one file system, so that renaming is enough.
    /// Needs a tokio runtime: its waiting for the disk is done on threads for that.
    pub fn local(folder: &Path) -> Result<Self> {
        let folder = Folder { uploads: folder.join("uploads"), sealed: folder.join("sealed") };
        for path in [&folder.uploads, &folder.sealed] {
            fs::create_dir_all(path).map_err(cannot)?;
            flush_folder_of(path)?;
        }
        let sealed = LocalFileSystem::new_with_prefix(&folder.sealed)
            .map_err(|_| StoreError::Unavailable("the folder of sealed bytes cannot be opened".into()))?;
        Ok(Self { uploads: Uploads::Folder(Arc::new(folder)), sealed: Arc::new(sealed) })
    }

    /// In memory, for tests and the simulator.
    pub fn in_memory() -> Self {
        Self { uploads: Uploads::Memory(Mutex::new(BTreeMap::new())), sealed: Arc::new(InMemory::new()) }
    }

    /// Adds bytes at `offset`; durable (flushed) when it returns. Gives the new length. Conflict if `offset` is not the present length, or if
    /// somebody else adds to it at this moment.
    pub async fn append(&self, blob: BlobId, offset: u64, bytes: Bytes) -> Result<u64> {
        match &self.uploads {
            Uploads::Folder(folder) => {
                let folder = Arc::clone(folder);
                on_a_thread(move || folder.append(blob, offset, &bytes)).await
            }
            Uploads::Memory(uploads) => {
                let mut uploads = uploads.lock().unwrap_or_else(PoisonError::into_inner);
                let upload = uploads.entry(blob).or_default();
                if upload.len() as u64 != offset {
                    return Err(StoreError::Conflict);
                }
                upload.extend_from_slice(&bytes);
                Ok(upload.len() as u64)
            }
        }
    }

    /// The durable length of an upload; 0 if nothing has come. (After a crash it may be more than was ever acknowledged: those bytes came
    /// too, and the hash of the whole decides about them.)
    pub async fn length(&self, blob: BlobId) -> Result<u64> {
        match &self.uploads {
            Uploads::Folder(folder) => {
                let folder = Arc::clone(folder);
                on_a_thread(move || folder.length(blob)).await
            }
            Uploads::Memory(uploads) => {
                let uploads = uploads.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(uploads.get(&blob).map_or(0, |upload| upload.len() as u64))
            }
        }
    }

    /// Checks the hash of a whole upload and puts it in place (write, flush, rename, flush the folder). `false`: the hash was wrong, the upload
    /// is empty again. Conflict while bytes are missing. Asked again after a crash it finds the object in its place and checks that.
    pub async fn finish(&self, blob: BlobId, size: u64, sha256: [u8; 32]) -> Result<bool> {
        let placed = match &self.uploads {
            Uploads::Folder(folder) => {
                let folder = Arc::clone(folder);
                on_a_thread(move || folder.finish(blob, size, sha256)).await?
            }
            Uploads::Memory(uploads) => {
                let found = uploads.lock().unwrap_or_else(PoisonError::into_inner).get(&blob).cloned();
                match found {
                    None => None,
                    Some(upload) if (upload.len() as u64) < size => return Err(StoreError::Conflict),
                    Some(upload) => {
                        let right = upload.len() as u64 == size && hash(&upload) == sha256;
                        if right {
                            self.sealed.put(&place(blob), upload.into()).await.map_err(|e| unreadable(&e))?;
                        }
                        let mut uploads = uploads.lock().unwrap_or_else(PoisonError::into_inner);
                        if right {
                            uploads.remove(&blob);
                        } else {
                            uploads.insert(blob, Vec::new());
                        }
                        Some(right)
                    }
                }
            }
        };
        match placed {
            Some(right) => Ok(right),
            None => match self.sealed.head(&place(blob)).await {
                Ok(_) => self.verify(blob, size, sha256).await.map(|()| true),
                // Nothing has come at all: that is whole only if nothing was to come.
                Err(object_store::Error::NotFound { .. }) if size == 0 => {
                    self.append(blob, 0, Bytes::new()).await?;
                    Box::pin(self.finish(blob, size, sha256)).await
                }
                Err(object_store::Error::NotFound { .. }) => Err(StoreError::Conflict),
                Err(error) => Err(unreadable(&error)),
            },
        }
    }

    /// A range of a whole blob. Reading all of it verifies its hash: Damaged; so is what is missing or too short. Conflict: there is no such
    /// range in `size` bytes.
    pub async fn read(&self, blob: BlobId, range: Range<u64>, size: u64, sha256: [u8; 32]) -> Result<Bytes> {
        if range.start > range.end || range.end > size {
            return Err(StoreError::Conflict);
        }
        let bytes = self.piece(blob, range.clone()).await?;
        if range == (0..size) {
            let whole = bytes.clone();
            if self.hashing(move || hash(&whole)).await? != sha256 {
                return Err(StoreError::Damaged);
            }
        }
        Ok(bytes)
    }

    /// Reads all of it in pieces and compares size and hash.
    pub async fn verify(&self, blob: BlobId, size: u64, sha256: [u8; 32]) -> Result<()> {
        let mut looking = Looking::at(blob, size, sha256);
        while !self.look_on(&mut looking, u64::MAX).await? {}
        Ok(())
    }

    /// Goes on comparing, `most` bytes and a piece at the most. Whether it was looked at to its end, and is what it was; else Damaged.
    pub async fn look_on(&self, looking: &mut Looking, most: u64) -> Result<bool> {
        let Looking { blob, size, sha256, .. } = *looking;
        if looking.at == 0 {
            let stored = self.sealed.head(&place(blob)).await.map_err(|e| unreadable(&e))?;
            if stored.size != size {
                return Err(StoreError::Damaged);
            }
        }
        let until = size.min(looking.at.saturating_add(most.max(1)));
        while looking.at < until {
            let to = size.min(looking.at + PIECE);
            let bytes = self.piece(blob, looking.at..to).await?;
            let sum = std::mem::take(&mut looking.sum);
            looking.sum = self.hashing(move || sum.chain_update(&bytes)).await?;
            looking.at = to;
        }
        if looking.at < size {
            return Ok(false);
        }
        let sum = std::mem::take(&mut looking.sum);
        if <[u8; 32]>::from(sum.finalize()) == sha256 { Ok(true) } else { Err(StoreError::Damaged) }
    }

    /// Whether something of this size stands there, without reading it.
    pub async fn stands(&self, blob: BlobId, size: u64) -> Result<bool> {
        match self.sealed.head(&place(blob)).await {
            Ok(stored) => Ok(stored.size == size),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(unreadable(&error)),
        }
    }

    /// Forgets an upload that was never finished.
    pub async fn forget_upload(&self, blob: BlobId) -> Result<()> {
        match &self.uploads {
            Uploads::Folder(folder) => {
                let folder = Arc::clone(folder);
                on_a_thread(move || match fs::remove_file(folder.upload(blob)) {
                    Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot(error)),
                    _ => Ok(()),
                })
                .await
            }
            Uploads::Memory(uploads) => {
                uploads.lock().unwrap_or_else(PoisonError::into_inner).remove(&blob);
                Ok(())
            }
        }
    }

    /// Erases what no row names any more, whole or on its way. What is gone already is no error.
    pub async fn erase(&self, blob: BlobId) -> Result<()> {
        self.forget_upload(blob).await?;
        match self.sealed.delete(&place(blob)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unreadable(&error)),
        }
    }

    async fn piece(&self, blob: BlobId, range: Range<u64>) -> Result<Bytes> {
        let count = range.end - range.start;
        if count == 0 {
            return Ok(Bytes::new());
        }
        let bytes = self.sealed.get_range(&place(blob), range).await.map_err(|e| unreadable(&e))?;
        if bytes.len() as u64 == count { Ok(bytes) } else { Err(StoreError::Damaged) }
    }

    /// Hashing many bytes takes as long as reading them: beside a disk it is done on a thread for that, in memory at once.
    async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        match self.uploads {
            Uploads::Folder(_) => on_a_thread(move || Ok(work())).await,
            Uploads::Memory(_) => Ok(work()),
        }
    }
}

/// Where an object stands: in one of a thousand folders, so that none holds too many.
fn place(blob: BlobId) -> object_store::path::Path {
    let name = blob.to_string();
    object_store::path::Path::from(format!("{}/{name}", &name[..2]))
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Folder {
    fn upload(&self, blob: BlobId) -> PathBuf {
        self.uploads.join(blob.to_string())
    }

    fn append(&self, blob: BlobId, offset: u64, bytes: &[u8]) -> Result<u64> {
        let path = self.upload(blob);
        let (mut file, new) = match OpenOptions::new().append(true).open(&path) {
            Ok(file) => (file, false),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                (OpenOptions::new().append(true).create(true).open(&path).map_err(cannot)?, true)
            }
            Err(error) => return Err(cannot(error)),
        };
        locked(&file)?;
        let length = file.metadata().map_err(cannot)?.len();
        if length != offset {
            return Err(StoreError::Conflict);
        }
        if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_data()) {
            // What was not flushed must not be counted. If even that fails, the hash of the whole will say so.
            if let Err(error) = file.set_len(offset).and_then(|()| file.sync_data()) {
                tracing::error!(kind = %error.kind(), "an upload could not be cut back to what is durable");
            }
            return Err(cannot(error));
        }
        if new {
            flush(&self.uploads)?;
        }
        Ok(offset + bytes.len() as u64)
    }

    fn length(&self, blob: BlobId) -> Result<u64> {
        match File::open(self.upload(blob)) {
            // Flushed first: a process may have died between writing and flushing.
            Ok(file) => file.sync_data().and_then(|()| file.metadata()).map(|m| m.len()).map_err(cannot),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(cannot(error)),
        }
    }

    /// None: there is no such upload (any more).
    fn finish(&self, blob: BlobId, size: u64, sha256: [u8; 32]) -> Result<Option<bool>> {
        let path = self.upload(blob);
        let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot(error)),
        };
        locked(&file)?;
        let length = file.metadata().map_err(cannot)?.len();
        if length < size {
            return Err(StoreError::Conflict);
        }
        if length > size || hash_of(&mut file).map_err(cannot)? != sha256 {
            file.set_len(0).and_then(|()| file.sync_all()).map_err(cannot)?;
            return Ok(Some(false));
        }
        file.sync_all().map_err(cannot)?;
        let to = self.sealed.join(place(blob).as_ref());
        let folder = to.parent().unwrap_or(&self.sealed);
        if !folder.exists() {
            fs::create_dir_all(folder).map_err(cannot)?;
            flush(&self.sealed)?;
        }
        fs::rename(&path, &to).map_err(cannot)?;
        flush(folder)?;
        flush(&self.uploads)?;
        Ok(Some(true))
    }
}

fn hash_of(file: &mut File) -> io::Result<[u8; 32]> {
    let mut sum = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(sum.finalize().into()),
            count => sum.update(&piece[..count]),
        }
    }
}

/// One at a time: two that append at the same offset would both find it right.
fn locked(file: &File) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StoreError::Conflict),
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}

/// A new name in a folder is durable only when the folder is flushed.
fn flush(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)
}

fn flush_folder_of(path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), flush)
}

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable("a thread of the blob store ended".into())))
}

fn cannot(error: io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full,
        kind => StoreError::Unavailable(format!("the folder of sealed bytes: {kind}")),
    }
}

/// What a row names and the blob store has not, or has too short, is damage.
fn unreadable(error: &object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::Damaged,
        // A range behind the end of a file that is too short; its text names the place, which is the blob's name.
        object_store::Error::Generic { .. } => StoreError::Damaged,
        _ => StoreError::Unavailable("the folder of sealed bytes does not answer".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB: BlobId = BlobId([7; 16]);

    fn bytes() -> Vec<u8> {
        (0..10_000u32).flat_map(u32::to_le_bytes).collect()
    }

    async fn fill(blobs: &Blobs, bytes: &[u8]) {
        let mut at = 0;
        for chunk in bytes.chunks(1_000) {
            at = blobs.append(BLOB, at, Bytes::copy_from_slice(chunk)).await.unwrap();
        }
    }

    /// Both places, one after the other.
    async fn everywhere(story: impl AsyncFn(Blobs)) {
        let folder = tempfile::tempdir().unwrap();
        story(Blobs::local(folder.path()).unwrap()).await;
        story(Blobs::in_memory()).await;
    }

    #[tokio::test]
    async fn what_was_uploaded_in_chunks_is_read_whole_and_in_ranges() {
        everywhere(async |blobs| {
            let all = bytes();
            let (size, sum) = (all.len() as u64, hash(&all));
            assert_eq!(blobs.length(BLOB).await.unwrap(), 0);
            fill(&blobs, &all[..1_500]).await;
            assert!(
                matches!(blobs.finish(BLOB, size, sum).await, Err(StoreError::Conflict)),
                "not whole yet"
            );
            assert!(matches!(
                blobs.append(BLOB, 1_000, Bytes::from_static(b"x")).await,
                Err(StoreError::Conflict)
            ));
            assert_eq!(blobs.length(BLOB).await.unwrap(), 1_500);
            blobs.append(BLOB, 1_500, Bytes::copy_from_slice(&all[1_500..])).await.unwrap();
            assert!(blobs.finish(BLOB, size, sum).await.unwrap());
            assert!(blobs.finish(BLOB, size, sum).await.unwrap(), "asked again after a crash");
            assert_eq!(blobs.read(BLOB, 0..size, size, sum).await.unwrap(), all);
            assert_eq!(blobs.read(BLOB, 5..4_321, size, sum).await.unwrap(), all[5..4_321]);
            assert!(blobs.read(BLOB, 3..3, size, sum).await.unwrap().is_empty());
            assert!(matches!(blobs.read(BLOB, 0..size + 1, size, sum).await, Err(StoreError::Conflict)));
            blobs.verify(BLOB, size, sum).await.unwrap();
            assert_eq!(blobs.length(BLOB).await.unwrap(), 0, "it is no upload any more");
            blobs.erase(BLOB).await.unwrap();
            blobs.erase(BLOB).await.unwrap();
            assert!(matches!(blobs.verify(BLOB, size, sum).await, Err(StoreError::Damaged)), "it is erased");
        })
        .await;
    }

    #[tokio::test]
    async fn a_wrong_hash_empties_the_upload_and_it_can_begin_again() {
        everywhere(async |blobs| {
            let all = bytes();
            let size = all.len() as u64;
            fill(&blobs, &all).await;
            assert!(!blobs.finish(BLOB, size, [0; 32]).await.unwrap());
            assert_eq!(blobs.length(BLOB).await.unwrap(), 0);
            assert!(matches!(blobs.verify(BLOB, size, hash(&all)).await, Err(StoreError::Damaged)));
            fill(&blobs, &all).await;
            assert!(blobs.finish(BLOB, size, hash(&all)).await.unwrap());
            blobs.forget_upload(BLOB).await.unwrap();
            blobs.verify(BLOB, size, hash(&all)).await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn after_a_crash_between_chunks_it_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let all = bytes();
        fill(&Blobs::local(folder.path()).unwrap(), &all[..2_000]).await;
        let blobs = Blobs::local(folder.path()).unwrap();
        assert_eq!(blobs.length(BLOB).await.unwrap(), 2_000);
        blobs.append(BLOB, 2_000, Bytes::copy_from_slice(&all[2_000..])).await.unwrap();
        assert!(blobs.finish(BLOB, all.len() as u64, hash(&all)).await.unwrap());
    }

    #[tokio::test]
    async fn a_flipped_byte_and_a_missing_end_are_damage() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let all = bytes();
        let (size, sum) = (all.len() as u64, hash(&all));
        fill(&blobs, &all).await;
        assert!(blobs.finish(BLOB, size, sum).await.unwrap());
        let file = folder.path().join("sealed").join(place(BLOB).as_ref());
        assert_eq!(fs::read(&file).unwrap(), all, "it stands where object_store looks for it");
        for at in [0, 777, all.len() - 1] {
            let mut flipped = all.clone();
            flipped[at] ^= 1;
            fs::write(&file, &flipped).unwrap();
            assert!(matches!(blobs.read(BLOB, 0..size, size, sum).await, Err(StoreError::Damaged)));
            assert!(matches!(blobs.verify(BLOB, size, sum).await, Err(StoreError::Damaged)));
        }
        fs::write(&file, &all[..all.len() - 1]).unwrap();
        assert!(matches!(blobs.verify(BLOB, size, sum).await, Err(StoreError::Damaged)));
        assert!(matches!(blobs.read(BLOB, size - 1..size, size, sum).await, Err(StoreError::Damaged)));
        fs::remove_file(&file).unwrap();
        assert!(matches!(blobs.read(BLOB, 0..1, size, sum).await, Err(StoreError::Damaged)));
    }

    #[tokio::test]
    async fn only_one_of_two_who_append_at_the_same_place_is_told_yes() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let (a, b) = tokio::join!(
            blobs.append(BLOB, 0, Bytes::from(vec![1; 100_000])),
            blobs.append(BLOB, 0, Bytes::from(vec![2; 100_000])),
        );
        assert!(a.is_ok() != b.is_ok());
        assert_eq!(blobs.length(BLOB).await.unwrap(), 100_000);
    }
}
