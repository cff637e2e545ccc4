//! Sealing a letter and opening one's own, for the command line and the vectors; in the browser it is done there. K, the
//! letter's key, and R, its recipient, live inside one [`Sealing`]: R is used and forgotten with it, so no stored file names a
//! public key that could be attacked later. Does no request and asks no clock.

use crate::{
    binding::{Binding, Kind},
    claim,
    errors::SealError,
    keeper_set,
    key::{fresh_key, key_file, read_key_file},
    letter::{
        Letter, LetterToCompose, MAX_PICTURE_BYTES, Medium, Picture, RichLetter, compose_rich,
        how_many_inside,
    },
    manifest::{ManifestPart, manifest_hash},
    pq,
    read::read_letter,
    sshsig::Hand,
    stream::{StreamError, seal_part},
    wrap::{open_wrap, wrap, wrap_bound},
};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

/// The name of the part that every version has.
pub const LETTER_PART: &str = "letter.age";
/// The name of the part that holds the signature.
pub const SIGNATURE_PART: &str = "sig.age";

/// The name of the part that holds a picture of its own: `media/003.age`.
pub fn media_part(name: &str) -> String {
    format!("media/{name}.age")
}

/// One version while it is being sealed, under a fresh K. Parts go through it as streams, so that a film costs no memory.
pub struct Sealing {
    letter_id: String,
    version: u32,
    key_file: Zeroizing<String>,
    recipient: age::x25519::Recipient,
    parts: Vec<ManifestPart>,
}

impl Sealing {
    /// A fresh key from the given randomness.
    pub fn begin(letter_id: &str, version: u32, chance: &mut impl crate::Chance) -> Result<Self, SealError> {
        let file = key_file(letter_id, version, &fresh_key(chance))?;
        let recipient = read_key_file(file.as_bytes())?.to_public();
        Ok(Self { letter_id: letter_id.to_owned(), version, key_file: file, recipient, parts: Vec::new() })
    }

    /// Seals one part, and notes its size and hash for the manifest.
    pub fn part(
        &mut self,
        name: &str,
        from: &mut dyn Read,
        to: &mut dyn Write,
    ) -> Result<&ManifestPart, StreamError> {
        let mut counted = Counted { to, size: 0, hash: Sha256::new() };
        seal_part(&self.recipient, from, &mut counted)?;
        let Counted { size, hash, .. } = counted;
        self.parts.push(ManifestPart { name: name.to_owned(), size, sha256: hash.finalize().into() });
        Ok(&self.parts[self.parts.len() - 1])
    }

    /// `author{ K }`
    pub fn author_wrap(&self, author: &pq::Recipient) -> Result<Vec<u8>, SealError> {
        wrap(author, self.key_file.as_bytes())
    }

    /// `host{ binding line, K }`: kept by this house.
    pub fn host_wrap(&self, host: &pq::Recipient) -> Result<Vec<u8>, SealError> {
        wrap_bound(host, &self.binding(Kind::Host)?, self.key_file.as_bytes())
    }

    /// `words{ K }`, without any layer of a house: what an exported folder holds. The words are canonical.
    pub fn words_file(&self, words: &str) -> Result<Vec<u8>, SealError> {
        claim::seal_words_file(words, self.key_file.as_bytes())
    }

    /// `host{ binding line, words{ K } }`: words that only the two know, and the house's layer above.
    pub fn words_wrap(&self, host: &pq::Recipient, words: &str) -> Result<Vec<u8>, SealError> {
        wrap_bound(host, &self.binding(Kind::Words)?, &self.words_file(words)?)
    }

    /// `set{ K }`, without any layer of a house: what an exported folder holds.
    pub fn keepers_file(&self, set: &pq::Recipient) -> Result<Vec<u8>, SealError> {
        keeper_set::seal_keepers_file(set, self.key_file.as_bytes())
    }

    /// `host{ binding line, set{ K } }`: the keepers together, and the house's layer above.
    pub fn keepers_wrap(&self, host: &pq::Recipient, set: &pq::Recipient) -> Result<Vec<u8>, SealError> {
        wrap_bound(host, &self.binding(Kind::Keepers)?, &self.keepers_file(set)?)
    }

    /// The parts so far.
    pub fn into_parts(self) -> Vec<ManifestPart> {
        self.parts
    }

    fn binding(&self, kind: Kind) -> Result<Binding, SealError> {
        Binding::new(&self.letter_id, self.version, kind)
    }

    fn in_memory(&mut self, name: &str, mut plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut file = Vec::with_capacity(plain.len() + 4096);
        self.part(name, &mut plain, &mut file)
            .map_err(|_| SealError::BadInput("age refused the recipient"))?;
        Ok(file)
    }
}

/// Hashes what it passes on.
struct Counted<'a> {
    to: &'a mut dyn Write,
    size: u64,
    hash: Sha256,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.size += written as u64;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Who can open it before its time. The author always can.
#[derive(Clone, Copy)]
pub enum Kept<'a> {
    /// Unsent: the author alone.
    ByNobody,
    /// Whoever runs the house.
    ByHouse(&'a pq::Recipient),
    /// Nobody without the card and the house's key together. The words are canonical ([`claim::read_claim_words`]).
    ByWords {
        /// The house, whose layer lies above.
        host: &'a pq::Recipient,
        /// Eight words.
        words: &'a str,
    },
    /// Nobody without enough keepers' cards and the house's key together.
    ByKeepers {
        /// The house, whose layer lies above.
        host: &'a pq::Recipient,
        /// Their set.
        set: &'a pq::Recipient,
    },
}

/// What is sealed, and for whom it can be opened.
#[derive(Clone, Copy)]
pub struct LetterToSeal<'a> {
    /// Who writes to whom, when, and the words as plain text.
    pub letter: LetterToCompose<'a>,
    /// The same as canonical HTML; None for text alone.
    pub html: Option<&'a str>,
    /// The recipient of answers.
    pub reply_to: Option<&'a str>,
    /// All pictures in their order; those that do not fit inside become parts of their own.
    pub pictures: &'a [Picture<'a>],
    /// The author's hand, which signs the file.
    pub hand: Option<&'a Hand>,
    /// The account's recipient.
    pub author: &'a pq::Recipient,
    /// Who else can open it.
    pub kept: Kept<'a>,
}

/// Everything that goes to the house.
pub struct SealedLetter {
    /// The letter under its own key.
    pub letter_age: Vec<u8>,
    /// The signature over letter.eml, under the same key: the house must not see a hash of the words.
    pub sig_age: Option<Vec<u8>>,
    /// Each picture that did not fit inside: the name of its part, and the file.
    pub media: Vec<(String, Vec<u8>)>,
    /// The canonical list of all of them.
    pub parts: Vec<ManifestPart>,
    /// SHA-256 of that list, in hexadecimal.
    pub manifest_hash: String,
    /// `author{ K }`
    pub author_wrap: Vec<u8>,
    /// `host{ binding line, K }`, for a letter that is kept by the house.
    pub host_wrap: Option<Vec<u8>>,
    /// `host{ binding line, words{ K } }`, for one that is kept by words.
    pub words_wrap: Option<Vec<u8>>,
    /// `host{ binding line, set{ K } }`, for one that the keepers open together.
    pub keepers_wrap: Option<Vec<u8>>,
}

/// Seals one version of text alone, unsigned, under a fresh key from the given randomness.
pub fn seal_letter(
    letter: &LetterToCompose<'_>,
    author: &pq::Recipient,
    host: Option<&pq::Recipient>,
    chance: &mut impl crate::Chance,
) -> Result<SealedLetter, SealError> {
    let kept = host.map_or(Kept::ByNobody, Kept::ByHouse);
    let plain =
        LetterToSeal { letter: *letter, html: None, reply_to: None, pictures: &[], hand: None, author, kept };
    seal_whole_letter(&plain, chance)
}

/// Seals one version with all that it has, under a fresh key from the given randomness.
pub fn seal_whole_letter(
    to_seal: &LetterToSeal<'_>,
    chance: &mut impl crate::Chance,
) -> Result<SealedLetter, SealError> {
    let &LetterToSeal { letter, html, reply_to, pictures, hand, author, kept } = to_seal;
    if pictures.iter().any(|picture| picture.bytes.len() > MAX_PICTURE_BYTES) {
        return Err(SealError::BadPicture);
    }
    let (inside, beside) =
        pictures.split_at(how_many_inside(pictures.iter().map(|picture| picture.bytes.len())));
    let media: Vec<Medium> = beside.iter().map(medium).collect();
    let plain = compose_rich(&RichLetter { letter, html, reply_to, pictures: inside, media: &media })?;

    let mut sealing = Sealing::begin(letter.letter_id, letter.version, chance)?;
    let letter_age = sealing.in_memory(LETTER_PART, &plain)?;
    let sig_age =
        hand.map(|hand| sealing.in_memory(SIGNATURE_PART, hand.sign(&plain).as_bytes())).transpose()?;
    let media = beside
        .iter()
        .map(|picture| {
            let name = media_part(picture.name);
            let file = sealing.in_memory(&name, picture.bytes)?;
            Ok((name, file))
        })
        .collect::<Result<Vec<_>, SealError>>()?;
    let author_wrap = sealing.author_wrap(author)?;
    let (host_wrap, words_wrap, keepers_wrap) = match kept {
        Kept::ByNobody => (None, None, None),
        Kept::ByHouse(host) => (Some(sealing.host_wrap(host)?), None, None),
        Kept::ByWords { host, words } => (None, Some(sealing.words_wrap(host, words)?), None),
        Kept::ByKeepers { host, set } => (None, None, Some(sealing.keepers_wrap(host, set)?)),
    };
    let parts = sealing.into_parts();
    let manifest_hash = manifest_hash(&parts)?;
    Ok(SealedLetter {
        letter_age,
        sig_age,
        media,
        manifest_hash,
        parts,
        author_wrap,
        host_wrap,
        words_wrap,
        keepers_wrap,
    })
}

/// How a picture that lies beside the letter is named in it.
pub fn medium(picture: &Picture<'_>) -> Medium {
    Medium {
        name: picture.name.to_owned(),
        media_type: picture.kind.media_type().to_owned(),
        size: picture.bytes.len() as u64,
        sha256: Sha256::digest(picture.bytes).into(),
    }
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
    use crate::{
        host::{HostKey, PeelError},
        letter::PictureKind,
        read::{open_letter_file, open_medium},
        stream::open_small_part,
        tests::repeatable,
    };

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
    fn a_letter_with_everything_opens_by_words_with_its_signature_and_its_pictures() {
        let mut chance = repeatable(4);
        let (ana, house) = (pq::Identity::generate(&mut chance), HostKey::from_seed(&[6; 32]));
        let (hand, words) = (Hand::from_seed(&[5; 32]), claim::claim_words(&[3; 10]));
        let large = vec![7; 1024 * 1024 - 2];
        let picture = |name, bytes| Picture { name, kind: PictureKind::Jpeg, bytes };
        let pictures = [picture("001", b"one"), picture("002", &large), picture("003", b"three")];
        let (author, host, reply_to) =
            (ana.to_recipient(), house.recipient(), ana.to_recipient().to_string());
        let sealed = seal_whole_letter(
            &LetterToSeal {
                letter: letter("Dear Mara"),
                html: Some("<p>Dear Mara</p>"),
                reply_to: Some(&reply_to),
                pictures: &pictures,
                hand: Some(&hand),
                author: &author,
                kept: Kept::ByWords { host: &host, words: &words },
            },
            &mut chance,
        )
        .unwrap();
        assert!(sealed.host_wrap.is_none(), "the house alone must not open it");
        let names: Vec<_> = sealed.parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["letter.age", "sig.age", "media/002.age", "media/003.age"]);

        let wrap = sealed.words_wrap.unwrap();
        let binding = Binding::new(ID, 1, Kind::Words).unwrap();
        assert_eq!(house.inspect(&wrap, &binding, None), Ok(()));
        let kept = Binding::new(ID, 1, Kind::Host).unwrap();
        assert_eq!(house.peel(&wrap, &kept).err(), Some(PeelError::WrongBinding));
        let new = HostKey::from_seed(&[9; 32]);
        let rewrapped = house.rewrap(&wrap, &binding, &new.recipient()).unwrap();
        let key = claim::open_words_file(&new.peel(&rewrapped, &binding).unwrap(), &words).unwrap();

        let eml = open_letter_file(&key, &sealed.letter_age).unwrap();
        let signature = open_small_part(&key, &sealed.sig_age.unwrap()).unwrap();
        let signature = std::str::from_utf8(&signature).unwrap();
        assert_eq!(hand.public().verify(signature, &eml), Ok(()));
        let opened = read_letter(&key, &sealed.letter_age, ID, 1).unwrap();
        assert_eq!((opened.pictures.len(), opened.media.len()), (1, 2));
        assert_eq!(opened.reply_to, Some(reply_to));
        for (medium, (name, file)) in opened.media.iter().zip(&sealed.media) {
            assert_eq!(&media_part(&medium.name), name);
            let mut plain = Vec::new();
            open_medium(&key, medium, &mut &file[..], &mut plain).unwrap();
            assert_eq!(medium.size, plain.len() as u64);
        }
        // Another file under the same key is not the one that was signed.
        let mut plain = Vec::new();
        let swapped = open_medium(&key, &opened.media[0], &mut &sealed.media[1].1[..], &mut plain);
        assert!(matches!(swapped, Err(StreamError::Damaged)));
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
