//! The canonical list of a version's parts, and its hash. It says what was sealed; the ways of opening (wraps) may change
//! later and stand outside of it.

use crate::errors::SealError;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// One file of a sealed version, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestPart {
    /// `letter.age`, later also `sig.age` and `media/001.age`.
    pub name: String,
    /// Bytes of the age file.
    pub size: u64,
    /// SHA-256 of the age file.
    pub sha256: [u8; 32],
}

/// One line `<name> <size> <sha256>` and a line feed for each part, sorted by name as bytes.
pub fn manifest_text(parts: &[ManifestPart]) -> Result<String, SealError> {
    let wrong = SealError::BadInput("not a list of parts");
    let mut sorted: Vec<&ManifestPart> = parts.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    if sorted.is_empty() || sorted.windows(2).any(|pair| pair[0].name == pair[1].name) {
        return Err(wrong);
    }
    let mut text = String::new();
    for part in sorted {
        if !is_name(&part.name) {
            return Err(wrong);
        }
        writeln!(text, "{} {} {}", part.name, part.size, hex(&part.sha256)).map_err(|_| wrong)?;
    }
    Ok(text)
}

/// SHA-256 of the manifest's text, in lower-case hexadecimal.
pub fn manifest_hash(parts: &[ManifestPart]) -> Result<String, SealError> {
    Ok(sha256_hex(manifest_text(parts)?.as_bytes()))
}

/// SHA-256 (FIPS 180-4) in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // Writing to a String cannot fail.
        text
    })
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() <= 100
        && name.bytes().next().is_some_and(plain)
        && name.bytes().all(|b| plain(b) || b"._/-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str) -> ManifestPart {
        ManifestPart { name: name.to_owned(), size: 7, sha256: [0xab; 32] }
    }

    #[test]
    fn parts_are_sorted_and_written_one_a_line() {
        let text = manifest_text(&[part("media/001.age"), part("letter.age")]).unwrap();
        let digest = "ab".repeat(32);
        assert_eq!(text, format!("letter.age 7 {digest}\nmedia/001.age 7 {digest}\n"));
        assert_eq!(manifest_hash(&[part("letter.age")]).unwrap().len(), 64);
    }

    #[test]
    fn names_that_could_forge_a_line_or_stand_twice_are_refused() {
        for name in ["", "a b", "a\n", "A", "../x", "é", &"a".repeat(101)] {
            assert!(manifest_text(&[part(name)]).is_err(), "{name:?}");
        }
        assert!(manifest_text(&[part("a"), part("a")]).is_err());
        assert!(manifest_text(&[]).is_err());
    }
}
