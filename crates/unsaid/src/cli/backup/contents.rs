//! The file that names everything of a backup. It may have been on anybody's disk: what it says is read as a whole or not at all, and no name leads out of its folder.
//!
//! ```text
//! unsaid-backup 1
//! made <instant>
//! generation <number>
//! database <name of its file> <bytes> <SHA-256>          not beside PostgreSQL
//! blob <id> <bytes> <SHA-256>                            each
//! end <how many blobs>
//! ```

use std::collections::BTreeMap;
use unsaid_delivery::id::BlobId;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// When it was made, as it is shown.
    pub made: String,
    /// Of which generation of the house.
    pub generation: u32,
    /// The database: its file, how many bytes, SHA-256 of them.
    pub database: Option<(String, u64, [u8; 32])>,
    /// Sealed bytes: how many, SHA-256 of them.
    pub blobs: BTreeMap<BlobId, (u64, [u8; 32])>,
}

impl Contents {
    /// Reads one; none if it is not whole.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        (lines.next()? == "unsaid-backup 1").then_some(())?;
        let mut contents = Self::default();
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["made", at] => contents.made = at.to_owned(),
                ["generation", n] => contents.generation = n.parse().ok()?,
                ["database", name, size, sum] if plain(name) => {
                    contents.database = Some((name.to_owned(), size.parse().ok()?, unhex(sum)?));
                }
                ["blob", id, size, sum] => {
                    contents.blobs.insert(id.parse().ok()?, (size.parse().ok()?, unhex(sum)?));
                }
                ["end", many] => return (many.parse() == Ok(contents.blobs.len())).then_some(contents),
                _ => return None,
            }
        }
        None
    }

    /// Its text.
    pub fn text(&self) -> String {
        let mut text = format!("unsaid-backup 1\nmade {}\ngeneration {}\n", self.made, self.generation);
        if let Some((name, size, sum)) = &self.database {
            text.push_str(&format!("database {name} {size} {}\n", hex(sum)));
        }
        for (blob, (size, sum)) in &self.blobs {
            text.push_str(&format!("blob {blob} {size} {}\n", hex(sum)));
        }
        text.push_str(&format!("end {}\n", self.blobs.len()));
        text
    }
}

/// A name in this folder and in no other.
fn plain(name: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    !name.is_empty() && name.bytes().all(known) && !name.starts_with('.')
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let pairs = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_was_cut_anywhere_is_no_backup() {
        let mut blobs = BTreeMap::new();
        blobs.insert(BlobId([1; 16]), (5, [2; 32]));
        blobs.insert(BlobId([3; 16]), (0, [4; 32]));
        let database = Some(("store-1.sqlite".to_owned(), 9, [5; 32]));
        let contents = Contents { made: "2027-01-02T03:04:05Z".into(), generation: 3, database, blobs };
        let text = contents.text();
        assert_eq!(Contents::parse(&text).as_ref(), Some(&contents));
        for at in 0..text.len() - 1 {
            assert!(Contents::parse(&text[..at]).is_none(), "{:?}", &text[..at]);
        }
        assert!(Contents::parse(&text.replace("store-1.sqlite", "../store.sqlite")).is_none());
    }
}
