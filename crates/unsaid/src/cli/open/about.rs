//! about.json of an exported folder: which letter it is, and the sums of its files, so that damage is found by name before
//! anything is opened. It opens nothing and trusts nothing: a file that it names outside the folder is not looked at.

use super::super::{Said, files};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::path::{Component, Path};

const FORMAT: &str = "unsaid export 1";
const LARGEST: u64 = 1024 * 1024;
/// How many files a letter's folder lists: sixty pictures, the letter, its signature and its key are far fewer. Each is read
/// whole, and a hostile list could name one large file ten thousand times.
const MOST_FILES: usize = 200;

/// What it says.
pub struct About {
    pub(super) letter_id: Option<String>,
    pub(super) version: Option<u32>,
    files: Vec<(String, String)>,
}

/// Reads it; None when the folder has none.
pub(super) fn read(folder: &Path) -> Result<Option<About>, Said> {
    let path = folder.join("about.json");
    let mut text = String::new();
    match files::regular(&path).and_then(|file| file.take(LARGEST).read_to_string(&mut text)) {
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => {
            return Err(format!("{} cannot be read: {e}. Take another copy of the folder.", path.display()));
        }
    }
    parse(&text).map(Some).map_err(|wrong| match wrong {
        Wrong::Damaged => format!(
            "{} is damaged. Take another copy of the folder, or move this file away to open it all the same.",
            path.display()
        ),
        Wrong::Newer => format!(
            "{} is of a newer format than this program knows. Open the folder with a newer program, or with the age tool as the page to read first says.",
            path.display()
        ),
    })
}

/// Why it cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It is not what was written.
    Damaged,
    /// It is of a format that this program does not know.
    Newer,
}

/// Reads the text of one.
///
/// # Errors
/// [`Wrong`], when it says nothing that can be relied on.
pub fn parse(text: &str) -> Result<About, Wrong> {
    let value: Value = serde_json::from_str(text).map_err(|_| Wrong::Damaged)?;
    if value["format"].as_str() != Some(FORMAT) {
        return Err(Wrong::Newer);
    }
    let files = value["files"].as_array().filter(|files| files.len() <= MOST_FILES).ok_or(Wrong::Damaged)?;
    let files = files
        .iter()
        .map(|file| Some((file["name"].as_str()?.to_owned(), file["sha256"].as_str()?.to_owned())))
        .collect::<Option<Vec<_>>>()
        .ok_or(Wrong::Damaged)?;
    let version = value["version"].as_u64().and_then(|version| version.try_into().ok());
    Ok(About { letter_id: value["letterId"].as_str().map(str::to_owned), version, files })
}

impl About {
    /// What is not as it was when the letter was exported, a sentence for each file.
    pub fn damages(&self, folder: &Path) -> Vec<Said> {
        let mut found = Vec::new();
        for (name, expected) in self.inside() {
            // A name may hold what a terminal would take for commands.
            let shown = name.escape_debug();
            let said = match sum(&folder.join(name)) {
                Ok(sum) if sum == *expected => continue,
                Ok(_) => format!("{shown} is damaged. Take another copy of it."),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    format!("{shown} is missing. Copy the folder again, with everything in it.")
                }
                Err(e) => format!("{shown} cannot be read: {e}. Take another copy of it."),
            };
            found.push(said);
        }
        found
    }

    /// The names of the files that are looked at: those that lie in the folder.
    pub fn looked_at(&self) -> impl Iterator<Item = &str> {
        self.inside().map(|(name, _)| name.as_str())
    }

    fn inside(&self) -> impl Iterator<Item = &(String, String)> {
        self.files.iter().filter(|(name, _)| stays_inside(Path::new(name)))
    }
}

fn stays_inside(name: &Path) -> bool {
    name.components().all(|part| matches!(part, Component::Normal(_)))
}

/// SHA-256 of a file of any size, in lower-case hexadecimal.
fn sum(path: &Path) -> io::Result<String> {
    let mut file = files::regular(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
