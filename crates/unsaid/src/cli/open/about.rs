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
pub(super) struct About {
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
    let damaged = || {
        format!(
            "{} is damaged. Take another copy of the folder, or move this file away to open it all the same.",
            path.display()
        )
    };
    let value: Value = serde_json::from_str(&text).map_err(|_| damaged())?;
    if value["format"].as_str() != Some(FORMAT) {
        return Err(format!(
            "{} is of a newer format than this program knows. Open the folder with a newer program, or with the age tool as the page to read first says.",
            path.display()
        ));
    }
    let files = value["files"].as_array().filter(|files| files.len() <= MOST_FILES).ok_or_else(damaged)?;
    let files = files
        .iter()
        .map(|file| Some((file["name"].as_str()?.to_owned(), file["sha256"].as_str()?.to_owned())))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(damaged)?;
    let version = value["version"].as_u64().and_then(|version| version.try_into().ok());
    Ok(Some(About { letter_id: value["letterId"].as_str().map(str::to_owned), version, files }))
}

impl About {
    /// What is not as it was when the letter was exported, a sentence for each file.
    pub(super) fn damages(&self, folder: &Path) -> Vec<Said> {
        let mut found = Vec::new();
        for (name, expected) in &self.files {
            if !stays_inside(Path::new(name)) {
                continue;
            }
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
