//! The reader's way into a letter: the key file that the house gave out, and letter.age. It cannot seal, and knows no
//! author, no account and no wrap.

use crate::{
    container,
    errors::SealError,
    key::read_key_file,
    letter::{Letter, parse_letter},
};

/// Opens a letter with its key file, as the reader does. Refuses another letter or version than the one named.
pub fn read_letter(
    key_file: &[u8],
    letter_age: &[u8],
    letter_id: &str,
    version: u32,
) -> Result<Letter, SealError> {
    let letter = parse_letter(&container::decrypt(&read_key_file(key_file)?, letter_age)?)?;
    if letter.letter_id == letter_id && letter.version == version {
        Ok(letter)
    } else {
        Err(SealError::WrongLetter)
    }
}
