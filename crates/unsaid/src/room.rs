//! Room on the disk: looked at once in a while, so that new sealed bytes are turned away long before there is none, and what is about people (a no, a stop, an opening, a fact of the journal)
//! can always still be written. A reserve is kept for that: a file of nothing, given up when the disk is full and made anew when there is room. The disk is asked through a port, so that
//! a test can lie. Knows no request and no row.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};

/// What is left of a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// For this program.
    pub free: u64,
    /// Of so many in all.
    pub of: u64,
}

impl Left {
    /// The share that is free, in a hundred.
    pub fn percent(self) -> u64 {
        u64::try_from(u128::from(self.free) * 100 / u128::from(self.of.max(1))).unwrap_or(100)
    }
}

/// The disk that the house's folder lies on.
pub trait Disk: Send + Sync {
    /// What is left of it; none where it does not say.
    fn left(&self) -> Option<Left>;
    /// How large the reserve is; 0 for none.
    fn reserve(&self) -> u64;
    /// Makes the reserve, whole or not at all.
    ///
    /// # Errors
    /// There is no room for it, or the folder cannot be written.
    fn make_reserve(&self, bytes: u64) -> io::Result<()>;
    /// Gives it up.
    ///
    /// # Errors
    /// The folder cannot be written.
    fn give_up_reserve(&self) -> io::Result<()>;
}

/// The disk as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSeen {
    /// What is left.
    pub left: Left,
    /// How large the reserve is, in bytes.
    pub reserve: u64,
    /// What the house makes of it.
    pub standing: Standing,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is room.
    Room = 0,
    /// New sealed bytes are turned away; everything else goes on.
    Tight = 1,
    /// The reserve was given up, so that what is about people can still be written.
    Full = 2,
}

/// What the house goes by.
pub struct Room {
    disk: Box<dyn Disk>,
    reserve: u64,
    least_percent: u64,
    standing: AtomicU8,
}

impl Room {
    /// Goes by this disk: a reserve of so many bytes (0: none), and new sealed bytes only while so much in a hundred is free (0: always).
    pub fn new(disk: Box<dyn Disk>, reserve: u64, least_percent: u64) -> Self {
        let room = Self { disk, reserve, least_percent, standing: AtomicU8::new(Standing::Room as u8) };
        room.look();
        room
    }

    /// There is always room: for a house without a disk.
    pub fn plenty() -> Self {
        Self::new(Box::new(Nowhere), 0, 0)
    }

    /// As it stood when it was looked at last.
    pub fn standing(&self) -> Standing {
        match self.standing.load(Ordering::Relaxed) {
            0 => Standing::Room,
            1 => Standing::Tight,
            _ => Standing::Full,
        }
    }

    /// The disk as it is now, for its host; none where it does not say.
    pub fn seen(&self) -> Option<DiskSeen> {
        let left = self.disk.left()?;
        Some(DiskSeen { left, reserve: self.disk.reserve(), standing: self.standing() })
    }

    /// Whether new sealed bytes are taken: the beginning of an upload, a piece of one, a photo of a draft.
    pub fn takes_more(&self) -> bool {
        self.standing() == Standing::Room
    }

    /// Looks at the disk: makes the reserve, or gives it up. Says in the log when something changed, which calls the host.
    pub fn look(&self) {
        let Some(left) = self.disk.left() else { return };
        let kept = self.disk.reserve();
        // What is left after the reserve is what there is.
        let tight = left.percent() < self.least_percent;
        let missing = self.reserve.saturating_sub(kept);
        let after = Left { free: left.free.saturating_sub(missing), ..left };
        let has_room_for_it = left.free > missing.saturating_mul(2) && after.percent() >= self.least_percent;
        if missing > 0 && has_room_for_it {
            match self.disk.make_reserve(self.reserve) {
                Ok(()) => tracing::info!(bytes = self.reserve, "room was set aside for a full disk"),
                Err(e) => tracing::warn!(kind = %e.kind(), "no room could be set aside for a full disk"),
            }
        }
        if kept > 0 && left.free < kept / 4 {
            self.was_full();
        } else {
            let full = self.reserve > 0 && self.disk.reserve() == 0 && tight;
            self.now(if full {
                Standing::Full
            } else if tight {
                Standing::Tight
            } else {
                Standing::Room
            });
        }
    }

    /// Something could not be written: the reserve is given up at once.
    pub fn was_full(&self) {
        if self.disk.reserve() > 0
            && let Err(e) = self.disk.give_up_reserve()
        {
            tracing::error!(kind = %e.kind(), "the room that was set aside could not be given up");
        }
        self.now(Standing::Full);
    }

    fn now(&self, standing: Standing) {
        if self.standing.swap(standing as u8, Ordering::Relaxed) == standing as u8 {
            return;
        }
        match standing {
            Standing::Room => tracing::info!("there is room on the disk again"),
            Standing::Tight => tracing::error!(
                "the disk is nearly full: no new letters and photos are taken, everything else goes on. The host has to make room"
            ),
            Standing::Full => tracing::error!(
                "the disk is full: the room that was set aside was given up, so that what people say can still be kept. The host has to make room now"
            ),
        }
    }
}

/// No disk at all.
struct Nowhere;

impl Disk for Nowhere {
    fn left(&self) -> Option<Left> {
        None
    }
    fn reserve(&self) -> u64 {
        0
    }
    fn make_reserve(&self, _: u64) -> io::Result<()> {
        Ok(())
    }
    fn give_up_reserve(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The name of the reserve in the house's folder.
pub const RESERVE: &str = "reserve";

/// A folder of this machine.
pub struct FolderDisk(PathBuf);

impl FolderDisk {
    /// The disk that this folder lies on; the reserve lies in it.
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    fn file(&self) -> PathBuf {
        self.0.join(RESERVE)
    }
}

impl Disk for FolderDisk {
    fn left(&self) -> Option<Left> {
        let stat = rustix::fs::statvfs(&self.0).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        Some(Left { free: bytes(stat.f_bavail), of: bytes(stat.f_blocks) })
    }

    fn reserve(&self) -> u64 {
        fs::metadata(self.file()).map_or(0, |file| file.len())
    }

    fn make_reserve(&self, bytes: u64) -> io::Result<()> {
        let made = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.file())
            .and_then(|file| fill(&file, bytes));
        if made.is_err() {
            // Half a reserve would be taken for one.
            let _ = fs::remove_file(self.file());
        }
        made
    }

    fn give_up_reserve(&self) -> io::Result<()> {
        match fs::remove_file(self.file()) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }
}

/// Room that is really there: a file with a hole in it would hold none.
fn fill(mut file: &File, bytes: u64) -> io::Result<()> {
    if rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, bytes).is_err() {
        let piece = vec![0x55; 1 << 20];
        let mut left = bytes;
        while left > 0 {
            let now = left.min(piece.len() as u64);
            file.write_all(&piece[..usize::try_from(now).unwrap_or(0)])?;
            left -= now;
        }
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    const MIB: u64 = 1 << 20;

    /// A disk of 1,000 MiB that says what it is told to.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<(u64, u64)>>);

    impl Told {
        fn taken_by_others(&self, mib: u64) {
            self.0.lock().unwrap().0 = mib * MIB;
        }
    }

    impl Disk for Told {
        fn left(&self) -> Option<Left> {
            let (others, reserve) = *self.0.lock().unwrap();
            Some(Left { free: (1_000 * MIB).saturating_sub(others + reserve), of: 1_000 * MIB })
        }
        fn reserve(&self) -> u64 {
            self.0.lock().unwrap().1
        }
        fn make_reserve(&self, bytes: u64) -> io::Result<()> {
            self.0.lock().unwrap().1 = bytes;
            Ok(())
        }
        fn give_up_reserve(&self) -> io::Result<()> {
            self.0.lock().unwrap().1 = 0;
            Ok(())
        }
    }

    #[test]
    fn the_reserve_is_made_given_up_when_the_disk_is_full_and_made_anew_when_there_is_room() {
        let disk = Told::default();
        let room = Room::new(Box::new(disk.clone()), 64 * MIB, 10);
        assert_eq!((disk.reserve(), room.standing()), (64 * MIB, Standing::Room));
        // Nearly full: nothing new is taken, and the reserve stays.
        disk.taken_by_others(850);
        room.look();
        assert_eq!((disk.reserve(), room.standing(), room.takes_more()), (64 * MIB, Standing::Tight, false));
        disk.taken_by_others(935);
        room.look();
        assert_eq!((disk.reserve(), room.standing()), (0, Standing::Full));
        // As long as there is no room, it is not made again.
        room.look();
        assert_eq!((disk.reserve(), room.standing()), (0, Standing::Full));
        disk.taken_by_others(880);
        room.look();
        assert_eq!(
            (disk.reserve(), room.takes_more()),
            (0, true),
            "with its reserve the disk would be nearly full"
        );
        disk.taken_by_others(100);
        room.look();
        assert_eq!((disk.reserve(), room.standing()), (64 * MIB, Standing::Room));
        // Told by somebody who could not write, whatever the disk says.
        room.was_full();
        assert_eq!((disk.reserve(), room.takes_more()), (0, false));
    }

    #[test]
    fn a_host_who_wants_neither_has_neither() {
        let disk = Told::default();
        disk.taken_by_others(999);
        let room = Room::new(Box::new(disk.clone()), 0, 0);
        assert!(room.takes_more() && disk.reserve() == 0);
        assert!(Room::plenty().takes_more());
    }

    #[test]
    fn a_reserve_on_this_machine_takes_the_room_that_it_says() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let disk = FolderDisk::new(folder.path());
        assert!(disk.left().is_some_and(|left| left.of > 0) && disk.reserve() == 0);
        disk.make_reserve(3 * MIB).unwrap();
        disk.make_reserve(3 * MIB).unwrap();
        let file = fs::metadata(folder.path().join(RESERVE)).unwrap();
        assert_eq!(disk.reserve(), 3 * MIB);
        assert!(file.blocks() * 512 >= 3 * MIB, "no hole: {}", file.blocks());
        disk.give_up_reserve().unwrap();
        disk.give_up_reserve().unwrap();
        assert_eq!(disk.reserve(), 0);
    }
}
