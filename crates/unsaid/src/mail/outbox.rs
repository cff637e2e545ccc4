//! A folder instead of a relay: for trying the house out, for the town and for tests. A Maildir, so that any mail
//! reader can look at it too.
//!
//! It knows how to write a message so that it is there whole or not at all, and asks for permission as often as the
//! relay does. It refuses to hide a repeat: the same message written again is a second file. Who may look at
//! these messages is decided in http.

use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::fs;
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;

use super::parse::parse;
use super::{Answer, Mail, Outgoing, Permission, Reach, Reply};

/// A message larger than this is not read back; ours have a few kilobytes.
const LARGEST: u64 = 1024 * 1024;

/// A Maildir: `tmp`, where a message is while it is written, `new` and `cur`, where it is whole.
pub struct Outbox {
    dir: PathBuf,
    /// Held while a message is written, so that two with one name do not take each other's place.
    writing: Mutex<()>,
}

/// A message in the folder, as somebody sees it who would have received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// Its file's name, for [`Outbox::read`].
    pub name: String,
    /// 1, or more when the same message was written before: then something sent it twice.
    pub copy: u32,
    /// To whom.
    pub to: String,
    /// What it says it is about.
    pub subject: String,
    /// Its Date header, as it stands there.
    pub date: String,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// Its text, decoded.
    pub text: String,
    /// The same as HTML, decoded, where it is there.
    pub page: Option<String>,
}

impl Outbox {
    /// An outbox in this folder, which need not exist yet. Nothing is touched before the first message.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), writing: Mutex::new(()) }
    }

    /// All messages, the newest first by their own date, then by when they were written.
    ///
    /// # Errors
    /// When the folder cannot be read; a folder that is not there is empty.
    pub async fn list(&self) -> io::Result<Vec<Caught>> {
        let mut found = Vec::new();
        for place in ["new", "cur"] {
            let mut entries = match fs::read_dir(self.dir.join(place)).await {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            while let Some(entry) = entries.next_entry().await? {
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                // A mail reader may move or remove a file between these lines.
                let Some(bytes) = read_small(&entry.path()).await? else {
                    continue;
                };
                let written = entry.metadata().await.and_then(|data| data.modified()).ok();
                if is_name(&name) {
                    let caught = Caught::from(name, &bytes);
                    let date = jiff::fmt::rfc2822::parse(&caught.date).ok().map(|at| at.timestamp());
                    found.push((date, written, caught));
                }
            }
        }
        found.sort_by(|(a, a_written, a_caught), (b, b_written, b_caught)| {
            (b, b_written, &b_caught.name).cmp(&(a, a_written, &a_caught.name))
        });
        Ok(found.into_iter().map(|(_, _, caught)| caught).collect())
    }

    /// One message by its file's name, read, with its bytes; `None` when there is none, or the name is not one of ours.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn read(&self, name: &str) -> io::Result<Option<(Caught, Vec<u8>)>> {
        if !is_name(name) {
            return Ok(None);
        }
        for place in ["new", "cur"] {
            if let Some(bytes) = read_small(&self.dir.join(place).join(name)).await? {
                return Ok(Some((Caught::from(name.to_owned(), &bytes), bytes)));
            }
        }
        Ok(None)
    }

    /// Writes, flushes, renames, and flushes the folder: after that it survives a power cut.
    async fn put(&self, message: &Outgoing) -> Result<(), Halt> {
        let _one_at_a_time = self.writing.lock().await;
        for place in ["tmp", "new", "cur"] {
            fs::create_dir_all(self.dir.join(place)).await.map_err(|_| Halt::Before)?;
        }
        let name = self.free_name(&message.message_id).await.map_err(|_| Halt::Before)?;
        let (unfinished, whole) = (self.dir.join("tmp").join(&name), self.dir.join("new").join(&name));
        let written = async {
            let mut file = fs::File::create(&unfinished).await?;
            file.write_all(&message.bytes).await?;
            file.sync_all().await?;
            fs::rename(&unfinished, &whole).await
        };
        if written.await.is_err() {
            // What is left in tmp is nobody's message; the next try writes over it.
            let _ = fs::remove_file(&unfinished).await;
            return Err(Halt::Before);
        }
        let flushed = async { fs::File::open(self.dir.join("new")).await?.sync_all().await };
        flushed.await.map_err(|_| Halt::After)
    }

    /// The message's own name, or with `.2`, `.3` after it when it is there already, read or not.
    async fn free_name(&self, message_id: &str) -> io::Result<String> {
        let stem = stem(message_id);
        let mut taken = Vec::new();
        for place in ["new", "cur"] {
            let mut entries = fs::read_dir(self.dir.join(place)).await?;
            while let Some(entry) = entries.next_entry().await? {
                if let Ok(name) = entry.file_name().into_string() {
                    // A mail reader adds flags after a colon.
                    taken.push(name.split(':').next().unwrap_or_default().to_owned());
                }
            }
        }
        let names = std::iter::once(stem.clone()).chain((2_u32..).map(|copy| format!("{stem}.{copy}")));
        let free = names.into_iter().find(|name| !taken.contains(name));
        free.ok_or_else(|| io::Error::other("no name is free"))
    }
}

/// When writing broke off: before the message was there, or when it may have been.
enum Halt {
    Before,
    After,
}

impl Caught {
    fn from(name: String, bytes: &[u8]) -> Self {
        let parsed = parse(bytes);
        let bare = name.split(':').next().unwrap_or_default();
        let copy = bare.rsplit_once('.').and_then(|(_, copy)| copy.parse().ok());
        Self {
            copy: copy.unwrap_or(1),
            to: parsed.header("To").to_owned(),
            subject: parsed.header("Subject").to_owned(),
            date: parsed.header("Date").to_owned(),
            message_id: parsed.header("Message-ID").trim_matches(['<', '>', ' ']).to_owned(),
            text: parsed.text,
            page: parsed.page,
            name,
        }
    }
}

/// A Message-ID as the first part of a file's name: `@` and dots become `-`, so that a dot only ever counts copies.
fn stem(message_id: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }
    };
    let stem: String = message_id.chars().take(120).map(plain).collect();
    format!("m{stem}")
}

/// Is this the name of a file that [`stem`] could have made, with a copy's number and a mail reader's flags?
/// No name with a slash, a dot in front or two in a row gets past this.
fn is_name(name: &str) -> bool {
    let (bare, flags) = name.split_once(':').unwrap_or((name, "2,"));
    let (stem, copy) = bare.split_once('.').unwrap_or((bare, "2"));
    let letters = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    (1..=130).contains(&stem.len())
        && stem.starts_with('m')
        && letters(stem)
        && (1..=9).contains(&copy.len())
        && copy.bytes().all(|b| b.is_ascii_digit())
        && flags
            .strip_prefix("2,")
            .is_some_and(|f| f.len() < 10 && f.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// A file that is one, not a link or a folder, and small; `None` otherwise.
async fn read_small(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match fs::symlink_metadata(path).await {
        Ok(data) if data.is_file() && data.len() <= LARGEST => {}
        Ok(_) => return Ok(None),
        Err(error) if gone(&error) => return Ok(None),
        Err(error) => return Err(error),
    }
    match fs::read(path).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl Mail for Outbox {
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        // Twice, as on the way to a relay: whoever counts the questions sees the same here.
        if !permission.still_allowed().await || !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        match self.put(message).await {
            Ok(()) => Answer::Accepted,
            Err(Halt::Before) => {
                tracing::warn!("mail: the outbox folder cannot be written");
                Answer::NotReached { reply: Reply::own(452, "4.3.1") }
            }
            Err(Halt::After) => Answer::Unknown { why: "the outbox folder could not be flushed" },
        }
    }

    async fn check(&self) -> Result<Reach, String> {
        let dir = self.dir.join("tmp");
        let probe = dir.join("check");
        let written = async {
            fs::create_dir_all(&dir).await?;
            fs::write(&probe, b"").await?;
            fs::remove_file(&probe).await
        };
        written.await.map(|()| Reach::Everybody).map_err(|error| {
            format!(
                "The outbox folder {} cannot be written: {error}. Look at who owns it, and whether the disk is full.",
                self.dir.display()
            )
        })
    }
}
