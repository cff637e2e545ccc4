//! The file of the secrets: made once, replaced whole and flushed, and looked at again by a house that is open while `unsaid keys rotate` or `retire` writes it
//! anew. It is the only file that these words stand in. Knows nothing of what the keys open.

use super::{FILE, HouseKeys, Root, SecretsError};
use crate::chance::Chance;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

impl HouseKeys {
    /// Reads the file in `folder`, or makes it (0400, flushed) at the first start. The flag tells whether it was made.
    pub fn open(folder: &Path, chance: &dyn Chance) -> Result<(Self, bool), SecretsError> {
        match Self::read(folder) {
            Ok(keys) => Ok((keys, false)),
            Err(SecretsError::File(path, e)) if e.kind() == io::ErrorKind::NotFound => {
                let keys = Self::new(chance);
                keys.write(folder).map_err(|e| SecretsError::File(path, e))?;
                Ok((keys, true))
            }
            Err(e) => Err(e),
        }
    }

    /// Reads the file in `folder`.
    pub fn read(folder: &Path) -> Result<Self, SecretsError> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|e| SecretsError::File(path, e))?;
        Self::parse(&Zeroizing::new(text))
    }

    /// `unsaid keys rotate`: a new opening root with the next generation, beside all that there were. The file is replaced whole, or not at all.
    pub fn rotate(self, folder: &Path, chance: &dyn Chance) -> Result<Self, SecretsError> {
        let next = self.opening_generation().checked_add(1).ok_or(SecretsError::NoMoreGenerations)?;
        let mut openings = self.openings;
        openings.push((next, Root(chance.token())));
        Self::from_roots(self.index, openings).replace(folder, |now| now.opening_generation() + 1 == next)
    }

    /// `unsaid keys retire`: forgets an older opening root. Whether anything needs it still is asked before, by whoever calls this.
    pub fn retire(self, folder: &Path, generation: u32) -> Result<Self, SecretsError> {
        let present = self.opening_generation();
        if generation == present {
            return Err(SecretsError::StillPresent(generation));
        }
        let mut openings = self.openings;
        let before = openings.len();
        openings.retain(|(number, _)| *number != generation);
        if openings.len() == before {
            return Err(SecretsError::NoSuchGeneration(generation));
        }
        Self::from_roots(self.index, openings).replace(folder, |now| now.opening_generation() == present)
    }

    /// Writes these in the place of what stands in the file, if that is still what was read (`fits`) and of the same house.
    fn replace(self, folder: &Path, fits: impl Fn(&Self) -> bool) -> Result<Self, SecretsError> {
        let path = folder.join(FILE);
        let now = Self::read(folder)?;
        if !now.is_same_house(&self) || !fits(&now) {
            return Err(SecretsError::ChangedMeanwhile(path));
        }
        self.write(folder).map_err(|e| SecretsError::File(path, e))?;
        Ok(self)
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let part = folder.join(format!("{FILE}.new"));
        // What an earlier attempt left is not written into: its rights may be others.
        match std::fs::remove_file(&part) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o400).open(&part)?;
        file.write_all(self.to_text().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&part, folder.join(FILE))?;
        std::fs::File::open(folder)?.sync_all()
    }
}

/// Watches the file of an open house: a rotation is picked up without a restart.
pub struct KeysFile {
    folder: PathBuf,
    /// Which file it was when it was read last: one that is replaced whole has another inode or another time.
    seen: Option<Stamp>,
}

#[derive(PartialEq, Eq, Clone, Copy)]
struct Stamp {
    inode: u64,
    seconds: i64,
    nanoseconds: i64,
    length: u64,
}

impl KeysFile {
    /// Of a house whose keys were just read from `folder`.
    pub fn watch(folder: &Path) -> Self {
        let mut watch = Self { folder: folder.to_owned(), seen: None };
        watch.seen = watch.stamp();
        watch
    }

    /// The keys, if the file was replaced since it was read last by somebody who knows this house. What cannot be read, or is another house's, is said in the
    /// log and changes nothing: the house goes on with the keys that it has.
    pub fn replaced(&mut self, present: &HouseKeys) -> Option<HouseKeys> {
        let stamp = self.stamp()?;
        if self.seen == Some(stamp) {
            return None;
        }
        self.seen = Some(stamp);
        match HouseKeys::read(&self.folder) {
            Ok(keys) if keys.is_same_house(present) => Some(keys),
            Ok(_) => {
                tracing::error!(
                    "the secrets on disk are another house's; this one goes on with its own. Put its file back"
                );
                None
            }
            Err(error) => {
                tracing::error!(%error, "the secrets on disk were replaced by something that cannot be read; the house goes on with those that it has");
                None
            }
        }
    }

    fn stamp(&self) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let file = std::fs::metadata(self.folder.join(FILE)).ok()?;
        Some(Stamp {
            inode: file.ino(),
            seconds: file.mtime(),
            nanoseconds: file.mtime_nsec(),
            length: file.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::same_openings;
    use super::*;
    use crate::chance::SeededChance;

    fn made(seed: u64) -> (tempfile::TempDir, HouseKeys) {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let (keys, new) =
            HouseKeys::open(folder.path(), &SeededChance::new(seed)).unwrap_or_else(|e| panic!("{e}"));
        assert!(new);
        (folder, keys)
    }

    #[test]
    fn the_file_is_made_once_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, first) = made(4);
        let (second, new) =
            HouseKeys::open(folder.path(), &SeededChance::new(5)).unwrap_or_else(|e| panic!("{e}"));
        assert!(!new);
        assert!(same_openings(&first, &second));
        let mode = std::fs::metadata(folder.path().join(FILE)).map(|m| m.permissions().mode() & 0o777);
        assert_eq!(mode.ok(), Some(0o400));
    }

    #[test]
    fn a_rotation_adds_a_generation_and_keeps_the_others_until_they_are_retired() {
        let (folder, first) = made(6);
        let index = first.index_root().words().to_string();
        let old = first.opening_root().words().to_string();
        let second = first.rotate(folder.path(), &SeededChance::new(7)).unwrap_or_else(|e| panic!("{e}"));
        let read = HouseKeys::read(folder.path()).unwrap_or_else(|e| panic!("{e}"));
        assert!(same_openings(&second, &read));
        assert_eq!(read.generations().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(*read.index_root().words(), index, "the index root is never replaced");
        assert!(read.to_text().contains(&old));
        assert_ne!(*read.opening_root().words(), old);
        assert!(matches!(read.retire(folder.path(), 2), Err(SecretsError::StillPresent(2))));
        let read = || HouseKeys::read(folder.path()).unwrap_or_else(|e| panic!("{e}"));
        assert!(matches!(read().retire(folder.path(), 9), Err(SecretsError::NoSuchGeneration(9))));
        let left = read().retire(folder.path(), 1).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(left.generations().collect::<Vec<_>>(), [2]);
        assert!(!read().to_text().contains(&old));
    }

    #[test]
    fn two_who_rotate_at_once_do_not_lose_a_key() {
        let (folder, first) = made(8);
        let other = HouseKeys::read(folder.path()).unwrap_or_else(|e| panic!("{e}"));
        assert!(first.rotate(folder.path(), &SeededChance::new(9)).is_ok());
        let late = other.rotate(folder.path(), &SeededChance::new(10));
        assert!(matches!(late, Err(SecretsError::ChangedMeanwhile(_))));
    }

    #[test]
    fn an_open_house_sees_a_rotation_and_nobody_elses_file() {
        let (folder, first) = made(11);
        let mut watch = KeysFile::watch(folder.path());
        assert!(watch.replaced(&first).is_none(), "nothing was written");
        let on_disk = HouseKeys::read(folder.path()).unwrap_or_else(|e| panic!("{e}"));
        let second = on_disk.rotate(folder.path(), &SeededChance::new(12)).unwrap_or_else(|e| panic!("{e}"));
        assert!(watch.replaced(&first).is_some_and(|keys| same_openings(&keys, &second)));
        assert!(watch.replaced(&first).is_none(), "once");
        let (elsewhere, _) = made(13);
        std::fs::copy(elsewhere.path().join(FILE), folder.path().join("copy"))
            .unwrap_or_else(|e| panic!("{e}"));
        std::fs::rename(folder.path().join("copy"), folder.path().join(FILE))
            .unwrap_or_else(|e| panic!("{e}"));
        assert!(watch.replaced(&second).is_none(), "another house's");
    }
}
