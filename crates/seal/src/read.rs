//! The reader's way into a letter: the key file that the house gave out or that words opened, letter.age, and what lies beside
//! it. It cannot seal, and knows no author, no account and no wrap.

use crate::{
    container,
    errors::SealError,
    key::read_key_file,
    letter::{Letter, Medium, parse_letter},
    stream::{Sealed, StreamError},
};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

/// letter.eml, to the byte: what a signature is over.
pub fn open_letter_file(key_file: &[u8], letter_age: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    container::decrypt(&read_key_file(key_file)?, letter_age)
}

/// Opens a letter with its key file, as the reader does. Refuses another letter or version than the one named.
pub fn read_letter(
    key_file: &[u8],
    letter_age: &[u8],
    letter_id: &str,
    version: u32,
) -> Result<Letter, SealError> {
    let letter = parse_letter(&open_letter_file(key_file, letter_age)?)?;
    if letter.letter_id == letter_id && letter.version == version {
        Ok(letter)
    } else {
        Err(SealError::WrongLetter)
    }
}

/// Opens a file that lies beside the letter, as a stream, and refuses it unless it is the one that the letter names by size and
/// hash. That is known only at its end: whoever writes to a file gives it its name last.
pub fn open_medium(
    key_file: &[u8],
    medium: &Medium,
    from: &mut dyn Read,
    to: &mut dyn Write,
) -> Result<(), StreamError> {
    let key = read_key_file(key_file).map_err(StreamError::from)?;
    let mut hashed = Hashed { to, left: medium.size, hash: Sha256::new() };
    let opened = Sealed::read_part(from)?.open_part(&key, &mut hashed);
    match opened {
        Err(StreamError::Write(_)) if hashed.left == 0 => return Err(StreamError::Damaged),
        other => other?,
    };
    let same = hashed.left == 0 && hashed.hash.finalize()[..] == medium.sha256[..];
    if same { Ok(()) } else { Err(StreamError::Damaged) }
}

/// Hashes what it passes on, and takes no more than was promised.
struct Hashed<'a> {
    to: &'a mut dyn Write,
    left: u64,
    hash: Sha256,
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.left {
            self.left = 0;
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let written = self.to.write(bytes)?;
        self.left -= written as u64;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
