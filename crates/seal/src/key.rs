//! The letter key K, as a file that any age tool takes with -i. A new one for every sealed version; who may hold it is no
//! concern of this file.

use crate::{
    bech32,
    binding::{check_id, check_version},
    errors::SealError,
};
use zeroize::Zeroizing;

const IDENTITY_PREFIX: &str = "age-secret-key-";

/// A key file is two short lines; more than this is not one.
const MAX_KEY_BYTES: usize = 4096;

/// A fresh K, as the text of an age identity, from the given randomness.
pub(crate) fn fresh_key(chance: &mut impl crate::Chance) -> Zeroizing<String> {
    let mut secret = Zeroizing::new([0u8; 32]);
    chance.fill_bytes(&mut *secret);
    bech32::secret(IDENTITY_PREFIX, &secret)
}

/// The key file: a comment that says what to do with it, then the identity.
pub fn key_file(letter_id: &str, version: u32, identity: &str) -> Result<Zeroizing<String>, SealError> {
    check_id(letter_id)?;
    check_version(version)?;
    Ok(Zeroizing::new(format!(
        "# Unsaid letter key: {letter_id} version {version}. \
         age -d -i THIS_FILE -o letter.eml letter.age\n{identity}\n"
    )))
}

/// The one X25519 identity in a key file; comments and empty lines are passed over, anything else is refused.
pub fn read_key_file(file: &[u8]) -> Result<age::x25519::Identity, SealError> {
    if file.len() > MAX_KEY_BYTES {
        return Err(SealError::Damaged);
    }
    let text = std::str::from_utf8(file).map_err(|_| SealError::Damaged)?;
    let mut lines = text
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (Some(identity), None) = (lines.next(), lines.next()) else { return Err(SealError::Damaged) };
    bech32::read_secret(IDENTITY_PREFIX, identity).ok_or(SealError::Damaged)?;
    identity.parse().map_err(|_| SealError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::repeatable;

    const ID: &str = "abcdefghijklmnopqrstuvwxyz";

    #[test]
    fn a_key_file_reads_back_with_either_line_end() {
        let identity = fresh_key(&mut repeatable(1));
        let file = key_file(ID, 1, &identity).unwrap();
        assert!(read_key_file(file.as_bytes()).is_ok());
        assert!(read_key_file(file.replace('\n', "\r\n").as_bytes()).is_ok());
    }

    #[test]
    fn a_file_with_two_keys_no_key_or_anything_else_is_refused() {
        let identity = fresh_key(&mut repeatable(1));
        for file in [
            String::new(),
            "# nothing\n".to_owned(),
            format!("{}\n{}\n", *identity, *identity),
            format!("{} \n", *identity),
            identity.to_lowercase(),
            format!("{}\nhello\n", *identity),
            format!("#{}\n{}\n", "x".repeat(5000), *identity),
        ] {
            assert_eq!(read_key_file(file.as_bytes()).err(), Some(SealError::Damaged), "{file:?}");
        }
    }
}
