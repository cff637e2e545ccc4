//! Where the command line's bytes come from and go to, with the age tool's manners: `-` is standard input or output, a file is
//! never written over itself, and a file that is not whole never gets its name. It knows nothing of keys.

use super::Said;
use crate::chance::{Chance, MachineChance};
use std::fs::{File, Metadata};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How much is gathered before it is written: a chunk of an age file goes through as it comes.
const BUFFER_BYTES: usize = 64 * 1024;
/// The largest file of keys.
const MOST_KEYS: u64 = 16 * 1024 * 1024;

/// Something to read, with what may be said of it.
pub(super) struct Input {
    pub(super) from: File,
    /// How it is called in sentences.
    pub(super) name: String,
    /// Bytes, where that is known.
    pub(super) size: Option<u64>,
    /// Whether it can be opened a second time.
    pub(super) again: bool,
    place: Option<(u64, u64)>,
}

/// Whether a path means standard input or output.
pub(super) fn is_standard(path: Option<&Path>) -> bool {
    path.is_none_or(|path| path == Path::new("-"))
}

/// Opens a file, or standard input.
pub(super) fn input(path: Option<&Path>) -> Result<Input, Said> {
    if is_standard(path) {
        let from = io::stdin()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|e| format!("Standard input is closed: {e}. Name a file instead."))?;
        let from = File::from(from);
        let (size, place) = from.metadata().map_or((None, None), |about| (size(&about), Some(place(&about))));
        return Ok(Input { from, name: "standard input".to_owned(), size, again: false, place });
    }
    let path = path.unwrap_or(Path::new("-"));
    let name = path.display().to_string();
    let from = File::open(path).map_err(|e| unread(path, &e))?;
    let about = from.metadata().map_err(|e| unread(path, &e))?;
    if about.is_dir() {
        return Err(format!("{name} is a folder. Name a file in it, or pack it into one first, with tar."));
    }
    Ok(Input { from, name, size: size(&about), again: about.is_file(), place: Some(place(&about)) })
}

/// A file of a folder that came from somebody else, when it is one: no link, no device, nothing without end.
pub(super) fn regular(path: &Path) -> io::Result<File> {
    if !path.symlink_metadata()?.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    File::open(path)
}

/// A whole small file, such as one with keys.
pub(super) fn small(path: &Path) -> Result<(zeroize::Zeroizing<Vec<u8>>, Input), Said> {
    let input = input(Some(path))?;
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(64 * 1024));
    (&input.from).take(MOST_KEYS + 1).read_to_end(&mut bytes).map_err(|e| unread(path, &e))?;
    if bytes.len() as u64 > MOST_KEYS {
        return Err(format!("{} is much too large to be a file of keys. Check its name.", input.name));
    }
    Ok((bytes, input))
}

fn unread(path: &Path, e: &io::Error) -> Said {
    let name = path.display();
    match e.kind() {
        io::ErrorKind::NotFound => {
            format!("There is no file {name}. Check its name, and the folder you are in.")
        }
        io::ErrorKind::PermissionDenied => {
            format!("{name} may not be read by you. Ask whoever owns it, or copy it to where you may.")
        }
        _ => format!("{name} cannot be read: {e}. Look at the disk, or take another copy."),
    }
}

fn size(about: &Metadata) -> Option<u64> {
    about.is_file().then_some(about.len())
}

fn place(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}

/// Somewhere to write. Unless it is finished, no file keeps its name.
pub(super) struct Output {
    to: Option<BufWriter<File>>,
    kind: Kind,
    standard: bool,
    wrote: bool,
}

enum Kind {
    /// Standard output, a terminal, a pipe or a device: what was written cannot be taken back.
    Stream,
    /// A file beside the one that it will be.
    Beside { temporary: PathBuf, target: PathBuf },
}

/// What may go to a terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Text: it does no harm there.
    Text,
    /// Bytes: a terminal would take them for commands.
    Bytes,
}

impl Output {
    /// Opens it, and refuses to write over any of the files that are read, or bytes to a terminal that was not named.
    pub(super) fn open(path: Option<&Path>, what: Shown, reads: &[&Input]) -> Result<Self, Said> {
        if let Some(path) = path.filter(|path| *path != Path::new("-")) {
            return Self::file(path, reads);
        }
        if path.is_none() && what == Shown::Bytes && io::stdout().is_terminal() {
            return Err(
                "Sealed bytes would only make a mess of the terminal. Name a file with -o, or ask for text with -a; -o - writes here all the same."
                    .to_owned(),
            );
        }
        let to = io::stdout()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|e| format!("Standard output is closed: {e}. Name a file with -o."))?;
        Ok(Self::stream(File::from(to), true))
    }

    fn stream(to: File, standard: bool) -> Self {
        Self {
            to: Some(BufWriter::with_capacity(BUFFER_BYTES, to)),
            kind: Kind::Stream,
            standard,
            wrote: false,
        }
    }

    /// A file in a folder that came from somebody else: what lies under its name is replaced and never followed, because a link
    /// could lead to any file of whoever opens the folder.
    pub(super) fn in_folder(folder: &Path, name: &str) -> Result<Self, Said> {
        let target = folder.join(name);
        if target.symlink_metadata().is_ok_and(|about| !about.is_file() && !about.is_symlink()) {
            return Err(format!(
                "{} is in the way, and it is no file. Move it elsewhere, or name another folder with -o.",
                target.display()
            ));
        }
        Self::beside(target, None)
    }

    fn file(path: &Path, reads: &[&Input]) -> Result<Self, Said> {
        let name = path.display();
        // A link stays a link: what it points to is replaced.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let cannot = |e: io::Error| cannot_write(path, &e);
        let about = match std::fs::metadata(&target) {
            Ok(about) => Some(about),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(cannot(e)),
        };
        if let Some(about) = &about {
            if about.is_dir() {
                return Err(format!("{name} is a folder. Name a file in it after -o."));
            }
            if reads.iter().any(|input| input.place == Some(place(about))) {
                return Err(format!(
                    "{name} is read and would be written over. Name another file after -o; nothing was changed."
                ));
            }
            if !about.is_file() {
                return Ok(Self::stream(File::options().write(true).open(&target).map_err(cannot)?, false));
            }
        }
        Self::beside(target, about)
    }

    fn beside(target: PathBuf, replaced: Option<Metadata>) -> Result<Self, Said> {
        let temporary = name_beside(&target)
            .ok_or_else(|| format!("{} is no name for a file. Give another after -o.", target.display()))?;
        let cannot = |e: io::Error| cannot_write(&target, &e);
        let to = File::options().write(true).create_new(true).open(&temporary).map_err(cannot)?;
        if let Some(about) = replaced {
            // Who could read the file that is replaced may read the new one, and nobody else.
            to.set_permissions(about.permissions()).map_err(cannot)?;
        }
        let kind = Kind::Beside { temporary, target };
        Ok(Self { to: Some(BufWriter::with_capacity(BUFFER_BYTES, to)), kind, standard: false, wrote: false })
    }

    /// Whether it goes to the terminal at which somebody sits.
    pub(super) fn on_screen(&self) -> bool {
        self.standard && io::stdout().is_terminal()
    }

    /// Whether something was written that cannot be taken back.
    pub(super) fn left_something(&self) -> bool {
        self.wrote && matches!(self.kind, Kind::Stream)
    }

    /// Everything is there: a file is made durable and gets its name.
    pub(super) fn finish(mut self) -> Result<(), Said> {
        let cannot = |e: io::Error| {
            format!(
                "Writing failed at the end: {e}. Nothing whole was left behind; look at the space on the disk, and try again."
            )
        };
        let Some(mut to) = self.to.take() else { return Ok(()) };
        to.flush().map_err(cannot)?;
        let Kind::Beside { temporary, target } = &self.kind else { return Ok(()) };
        to.get_ref().sync_all().map_err(cannot)?;
        std::fs::rename(temporary, target).map_err(cannot)?;
        sync_folder(target);
        self.kind = Kind::Stream;
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wrote |= !bytes.is_empty();
        self.to.as_mut().map_or(Ok(0), |to| to.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(to) = self.to.take() {
            // What was gathered is not wanted any more.
            let _gone = to.into_parts();
        }
        if let Kind::Beside { temporary, .. } = &self.kind {
            // If it cannot be removed it stays under a name that nobody takes for the file.
            let _removed = std::fs::remove_file(temporary);
        }
    }
}

fn cannot_write(path: &Path, e: &io::Error) -> Said {
    format!("{} cannot be written: {e}. Check the folder, and whether you may write there.", path.display())
}

/// A name beside the target that says what it is.
fn name_beside(target: &Path) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name()?);
    name.push(format!(".{}.not-whole", &MachineChance.id()[..8]));
    Some(target.with_file_name(name))
}

/// The new name itself must outlive a power cut; where folders cannot be synced, nothing can be done about it.
fn sync_folder(target: &Path) {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _synced = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Lets text through to a terminal, and refuses what a terminal would take for commands.
pub(super) struct TextOnly<W>(pub(super) W);

impl<W: Write> Write for TextOnly<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let commands = |b: &u8| (*b < b' ' && !b"\t\n\r".contains(b)) || *b == 0x7f;
        let hidden = bytes.windows(2).any(|pair| pair[0] == 0xc2 && (0x80..0xa0).contains(&pair[1]));
        if hidden || bytes.iter().any(commands) {
            return Err(io::Error::other("this is not text, and a terminal would take it for commands"));
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
