//! Sealing a letter and opening one's own, for the command line and the vectors; in the browser it is done there. K, the
//! letter's key, and R, its recipient, live inside one call: R is used once and forgotten, so no stored file names a
//! public key that could be attacked later. Does no request and asks no clock.

use crate::{
    binding::{Binding, Kind},
    container,
    errors::SealError,
    key::{fresh_key, key_file, read_key_file},
    letter::{Letter, LetterToCompose, compose_letter},
    manifest::{ManifestPart, manifest_hash},
    pq,
    read::read_letter,
    wrap::{open_wrap, wrap, wrap_bound},
};
use sha2::{Digest, Sha256};

/// The name of the part that every version has.
pub const LETTER_PART: &str = "letter.age";

/// Everything that goes to the house.
pub struct SealedLetter {
    /// The letter under its own key.
    pub letter_age: Vec<u8>,
    /// The canonical list of parts, here of one.
    pub parts: Vec<ManifestPart>,
    /// SHA-256 of that list, in hexadecimal.
    pub manifest_hash: String,
    /// `author{ K }`
    pub author_wrap: Vec<u8>,
    /// `host{ binding line, K }`; none for a letter that stays with the author.
    pub host_wrap: Option<Vec<u8>>,
}

/// Seals one version under a fresh key from the given randomness.
pub fn seal_letter(
    letter: &LetterToCompose<'_>,
    author: &pq::Recipient,
    host: Option<&pq::Recipient>,
    chance: &mut impl crate::Chance,
) -> Result<SealedLetter, SealError> {
    let plain = compose_letter(letter)?;
    let identity = fresh_key(chance);
    let file = key_file(letter.letter_id, letter.version, &identity)?;
    let key = read_key_file(file.as_bytes())?;
    let letter_age = container::encrypt(&key.to_public(), &plain)?;

    let part = ManifestPart {
        name: LETTER_PART.to_owned(),
        size: letter_age.len() as u64,
        sha256: Sha256::digest(&letter_age).into(),
    };
    let binding = Binding::new(letter.letter_id, letter.version, Kind::Host)?;
    let host_wrap = host.map(|host| wrap_bound(host, &binding, file.as_bytes())).transpose()?;
    Ok(SealedLetter {
        manifest_hash: manifest_hash(std::slice::from_ref(&part))?,
        parts: vec![part],
        author_wrap: wrap(author, file.as_bytes())?,
        host_wrap,
        letter_age,
    })
}

/// Opens a letter of one's own. Refuses another letter or version than the one named.
pub fn open_sealed(
    identity: &pq::Identity,
    author_wrap: &[u8],
    letter_age: &[u8],
    letter_id: &str,
    version: u32,
) -> Result<Letter, SealError> {
    let key_file = open_wrap(identity, author_wrap)?;
    read_letter(&key_file, letter_age, letter_id, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::repeatable;

    const ID: &str = "abcdefghijklmnopqrstuvwxyz";

    fn letter(text: &str) -> LetterToCompose<'_> {
        LetterToCompose { letter_id: ID, version: 1, from: "Ana", to: "Mara", unix_seconds: 0, text }
    }

    #[test]
    fn a_sealed_letter_opens_for_its_author_and_for_nobody_else() {
        let mut chance = repeatable(1);
        let ana = pq::Identity::generate(&mut chance);
        let eve = pq::Identity::generate(&mut chance);
        let sealed = seal_letter(&letter("Dear Mara"), &ana.to_recipient(), None, &mut chance).unwrap();
        let open = |who, id, version| open_sealed(who, &sealed.author_wrap, &sealed.letter_age, id, version);
        assert_eq!(open(&ana, ID, 1).ok().unwrap().text, "Dear Mara");
        assert_eq!(open(&eve, ID, 1).err(), Some(SealError::WrongKey));
        assert_eq!(open(&ana, ID, 2).err(), Some(SealError::WrongLetter));
        assert_eq!(open(&ana, "bbcdefghijklmnopqrstuvwxyz", 1).err(), Some(SealError::WrongLetter));
        assert!(sealed.host_wrap.is_none());
    }

    #[test]
    fn every_version_has_a_key_of_its_own() {
        let mut chance = repeatable(1);
        let ana = pq::Identity::generate(&mut chance);
        let [one, two] =
            [0, 1].map(|_| seal_letter(&letter("x"), &ana.to_recipient(), None, &mut chance).unwrap());
        assert_eq!(
            open_sealed(&ana, &two.author_wrap, &one.letter_age, ID, 1).err(),
            Some(SealError::WrongKey)
        );
    }

    #[test]
    fn nothing_stored_names_the_recipient_of_the_letter() {
        let mut chance = repeatable(1);
        let ana = pq::Identity::generate(&mut chance);
        let sealed =
            seal_letter(&letter("x"), &ana.to_recipient(), Some(&ana.to_recipient()), &mut chance).unwrap();
        let key = open_wrap(&ana, &sealed.author_wrap).unwrap();
        let recipient = read_key_file(&key).unwrap().to_public().to_string();
        assert!(recipient.starts_with("age1"));
        let host = sealed.host_wrap.unwrap();
        for file in [&sealed.letter_age[..], &sealed.author_wrap, &host, &key] {
            assert!(!file.windows(recipient.len()).any(|window| window == recipient.as_bytes()));
        }
    }
}
