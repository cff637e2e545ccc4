//! The secrets of the house: one file, `host.secrets`, with two roots of 32 bytes, each written as 24 words, and the keys that come from
//! them. The *index root* is never replaced: what is hashed with its keys cannot be hashed anew. The *opening root* gives the host key; after a
//! rotation the file holds the older ones too, until nothing needs them. Knows nothing of rows and letters. No secret here has Debug, Serialize or Clone.

mod file;
mod marks;
mod push;
mod returns;

pub use file::KeysFile;
pub use marks::{ReturnKind, same};

use crate::chance::Chance;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::io;
use std::path::PathBuf;
use unsaid_seal::words;
use unsaid_store::rows::{Keyed, SealedText};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The name of the file in UNSAID_KEYS.
pub const FILE: &str = "host.secrets";
const FIRST_LINE: &str = "unsaid host.secrets 1";
/// 256 bits and a checksum of 8, at 11 bits a word.
const WORDS_IN_A_ROOT: usize = 24;

/// A root: 32 bytes from which keys are derived.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Root([u8; 32]);

impl Root {
    /// The 24 words that write it down.
    pub fn words(&self) -> Zeroizing<String> {
        let mut text = String::with_capacity(WORDS_IN_A_ROOT * 9);
        for i in 0..WORDS_IN_A_ROOT {
            if i > 0 {
                text.push(' ');
            }
            text.push_str(words::english()[usize::from(self.eleven_bits(i))]);
        }
        Zeroizing::new(text)
    }

    /// The word at a place, 1 to 24.
    pub fn word(&self, place: usize) -> Option<&'static str> {
        (1..=WORDS_IN_A_ROOT)
            .contains(&place)
            .then(|| words::english()[usize::from(self.eleven_bits(place - 1))])
    }

    fn eleven_bits(&self, i: usize) -> u16 {
        let mut value = 0;
        for bit in i * 11..(i + 1) * 11 {
            let byte = if bit / 8 < 32 { self.0[bit / 8] } else { Sha256::digest(self.0)[0] };
            value = (value << 1) | u16::from((byte >> (7 - bit % 8)) & 1);
        }
        value
    }

    fn from_words(text: &str) -> Result<Self, SecretsError> {
        let mut bits = Vec::with_capacity(WORDS_IN_A_ROOT * 11);
        let mut count = 0;
        for (i, word) in text.split_whitespace().enumerate() {
            let index = words::english().binary_search(&word).map_err(|_| SecretsError::Word(i + 1))?;
            bits.extend((0..11).rev().map(|b| (index >> b) & 1 == 1));
            count = i + 1;
        }
        if count != WORDS_IN_A_ROOT {
            return Err(SecretsError::Damaged);
        }
        let byte = |n: usize| bits[n * 8..(n + 1) * 8].iter().fold(0u8, |a, b| (a << 1) | u8::from(*b));
        let mut root = Self([0; 32]);
        for (n, slot) in root.0.iter_mut().enumerate() {
            *slot = byte(n);
        }
        let checksum = byte(32);
        bits.fill(false);
        if Sha256::digest(root.0)[0] != checksum {
            return Err(SecretsError::Damaged);
        }
        Ok(root)
    }

    fn derive(&self, info: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        // 32 bytes is always a length that HKDF-SHA256 can give (RFC 5869, at most 255 * 32).
        Hkdf::<Sha256>::new(None, &self.0).expand(info.as_bytes(), &mut *key).unwrap_or_default();
        key
    }
}

/// Why the secrets could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file could not be read or written.
    #[error("{0} cannot be read or written: {1}. Look at its place and its rights, then start again.")]
    File(PathBuf, io::Error),
    /// A word is not one of ours.
    #[error("Word {0} of a root is not one of ours. Compare it with the words on paper.")]
    Word(usize),
    /// The words do not make a root.
    #[error("The house's secrets are damaged or not complete. Write them anew from the words on paper.")]
    Damaged,
    /// The file is no longer the one that was read.
    #[error(
        "{0} was changed by somebody else meanwhile, so nothing was written. Look at it and run this again."
    )]
    ChangedMeanwhile(PathBuf),
    /// The present opening root is not to be forgotten.
    #[error(
        "Generation {0} is the key that this house opens with now, so it stays. Rotate first: unsaid keys rotate"
    )]
    StillPresent(u32),
    /// There is no such opening root.
    #[error(
        "There is no opening root of generation {0} here, so nothing was changed. unsaid doctor lists those that there are."
    )]
    NoSuchGeneration(u32),
    /// Generations are counted in 32 bits.
    #[error(
        "This house has had as many opening roots as can be counted. Nothing was changed; ask those who write the program."
    )]
    NoMoreGenerations,
}

/// All roots and the keys that come from them.
pub struct HouseKeys {
    index: Root,
    /// The opening roots by generation, the oldest first; never empty. The last is the present one: everything new is locked for it.
    openings: Vec<(u32, Root)>,
    pepper: Zeroizing<[u8; 32]>,
    link: Zeroizing<[u8; 32]>,
    address: Zeroizing<[u8; 32]>,
    lookup: Zeroizing<[u8; 32]>,
}

impl HouseKeys {
    /// New roots, for a house that begins.
    pub fn new(chance: &dyn Chance) -> Self {
        Self::from_roots(Root(chance.token()), vec![(1, Root(chance.token()))])
    }

    /// `openings` is not empty, and in order.
    fn from_roots(index: Root, openings: Vec<(u32, Root)>) -> Self {
        Self {
            pepper: index.derive("unsaid pepper v1"),
            link: index.derive("unsaid link key v1"),
            address: index.derive("unsaid address key v1"),
            lookup: index.derive("unsaid index key v1"),
            index,
            openings,
        }
    }

    /// Reads what `write` wrote, or what somebody typed from paper.
    pub fn parse(text: &str) -> Result<Self, SecretsError> {
        let mut lines = text.lines().filter(|l| !l.trim().is_empty());
        if lines.next().map(str::trim) != Some(FIRST_LINE) {
            return Err(SecretsError::Damaged);
        }
        let mut index = None;
        let mut openings: Vec<(u32, Root)> = Vec::new();
        for line in lines {
            match line.trim().split_once(' ') {
                Some(("index", words)) if index.is_none() => index = Some(Root::from_words(words)?),
                Some(("opening", rest)) => {
                    let (number, words) = rest.trim().split_once(' ').ok_or(SecretsError::Damaged)?;
                    let number: u32 = number.parse().map_err(|_| SecretsError::Damaged)?;
                    if number == 0 || openings.iter().any(|(known, _)| *known == number) {
                        return Err(SecretsError::Damaged);
                    }
                    openings.push((number, Root::from_words(words)?));
                }
                _ => return Err(SecretsError::Damaged),
            }
        }
        // On paper the lines may stand in any order.
        openings.sort_by_key(|(number, _)| *number);
        let (Some(index), false) = (index, openings.is_empty()) else { return Err(SecretsError::Damaged) };
        Ok(Self::from_roots(index, openings))
    }

    /// The file's text: also what is written down on paper. The present opening root stands last, so that a program from before rotation,
    /// which kept the last line that it read, locks for the present one too.
    pub fn to_text(&self) -> Zeroizing<String> {
        // Long enough from the start, so that no copy of the words is left behind by growing.
        let mut text =
            Zeroizing::new(String::with_capacity((self.openings.len() + 2) * (WORDS_IN_A_ROOT + 2) * 10));
        for part in [FIRST_LINE, "\nindex ", &self.index.words(), "\n"] {
            text.push_str(part);
        }
        for (number, root) in &self.openings {
            for part in ["opening ", &number.to_string(), " ", &root.words(), "\n"] {
                text.push_str(part);
            }
        }
        text
    }

    /// The generation of the present opening root; goes up by one at each rotation.
    pub fn opening_generation(&self) -> u32 {
        self.openings.last().map_or(1, |(number, _)| *number)
    }

    /// The generations of all opening roots that are kept, the oldest first.
    pub fn generations(&self) -> impl Iterator<Item = u32> + '_ {
        self.openings.iter().map(|(number, _)| *number)
    }

    /// The same house: the root that is never replaced is the same.
    pub fn is_same_house(&self, other: &Self) -> bool {
        // Not a question that an attacker can ask; time does not matter.
        self.index.0 == other.index.0
    }

    /// The root that is never replaced, for `keys confirm`.
    pub fn index_root(&self) -> &Root {
        &self.index
    }

    /// The root of the present host key, for `keys confirm`.
    pub fn opening_root(&self) -> &Root {
        // There is always one; the other arm is never taken.
        self.openings.last().map_or(&self.index, |(_, root)| root)
    }

    /// The seeds of all host keys (age1pq) by generation, the oldest first; for the peel port alone.
    pub fn host_key_seeds(&self) -> Vec<(u32, Zeroizing<[u8; 32]>)> {
        self.openings.iter().map(|(number, root)| (*number, root.derive("unsaid host key v1"))).collect()
    }

    /// What the database keeps of a code or an unlock token: without the pepper it cannot be guessed at.
    pub fn peppered(&self, what: &str, secret: &[u8]) -> Keyed {
        Keyed(mac(&self.pepper, &[what.as_bytes(), b"|", secret]))
    }

    /// What is kept of a name that somebody approved: it says of a name whether it is exactly that one.
    pub fn name_mark(&self, name: &str) -> Keyed {
        self.peppered("name", name.as_bytes())
    }

    /// By which an address is found without being readable.
    pub fn address_index(&self, normal_form: &str) -> Keyed {
        Keyed(mac(&self.lookup, &[b"address|", normal_form.as_bytes()]))
    }

    /// By which an account is found from its sign-in address.
    pub fn sign_in_index(&self, sign_in_form: &str) -> Keyed {
        Keyed(mac(&self.lookup, &[b"sign-in|", sign_in_form.as_bytes()]))
    }

    /// The part before the @ of a message's Message-ID: the same for the same message, for ever.
    pub fn message_id(&self, message: &str) -> String {
        let tag = mac(&self.link, &[message.as_bytes()]);
        let mut first = [0; 16];
        first.copy_from_slice(&tag[..16]);
        unsaid_delivery::MessageId(first).to_string()
    }

    /// The token of the link in a knock.
    pub fn link_token(&self, message: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(mac(&self.link, &[message.as_bytes(), b"|link"]))
    }

    /// Seals a short text (an address, a name) so that only this row can hold it. XChaCha20-Poly1305.
    pub fn seal_text(&self, row: &str, text: &str, chance: &dyn Chance) -> SealedText {
        let mut nonce = [0; 24];
        chance.fill(&mut nonce);
        let cipher = XChaCha20Poly1305::new((&*self.address).into());
        let sealed = cipher
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: text.as_bytes(), aad: row.as_bytes() })
            .unwrap_or_default();
        SealedText([&nonce[..], &sealed].concat())
    }

    /// Opens what `seal_text` sealed for the same row; none if it is another row's or damaged.
    pub fn open_text(&self, row: &str, sealed: &SealedText) -> Option<Zeroizing<String>> {
        let (nonce, sealed) = sealed.0.split_at_checked(24)?;
        let cipher = XChaCha20Poly1305::new((&*self.address).into());
        let text =
            cipher.decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: row.as_bytes() }).ok()?;
        String::from_utf8(text).ok().map(Zeroizing::new)
    }
}

/// SHA-256 of a token: what the database keeps of links, cookies and invitations.
pub fn hashed(token: &[u8]) -> Keyed {
    Keyed(Sha256::digest(token).into())
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of every length (RFC 2104), so this cannot fail.
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|p| mac.update(p));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededChance;

    #[test]
    fn the_secrets_come_back_from_paper() {
        let keys = HouseKeys::new(&SeededChance::new(1));
        let typed = keys.to_text().to_string();
        let again = HouseKeys::parse(&typed).unwrap_or_else(|e| panic!("{e}"));
        assert!(same_openings(&again, &keys));
        assert_eq!(again.address_index("a@example.org"), keys.address_index("a@example.org"));
    }

    #[test]
    fn two_words_swapped_on_paper_are_noticed() {
        let keys = HouseKeys::new(&SeededChance::new(2));
        let text = keys.to_text().to_string();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut words: Vec<&str> = lines[1].split(' ').collect();
        words.swap(2, 9);
        lines[1] = words.join(" ");
        assert!(HouseKeys::parse(&lines.join("\n")).is_err());
        assert!(HouseKeys::parse("unsaid host.secrets 1\n").is_err());
        assert!(HouseKeys::parse("").is_err());
    }

    #[test]
    fn a_sealed_address_opens_in_its_own_row_alone() {
        let chance = SeededChance::new(3);
        let keys = HouseKeys::new(&chance);
        let sealed = keys.seal_text("row-a", "ana@example.org", &chance);
        assert_eq!(keys.open_text("row-a", &sealed).as_deref().map(String::as_str), Some("ana@example.org"));
        assert!(keys.open_text("row-b", &sealed).is_none());
        assert!(keys.open_text("row-a", &SealedText(vec![1, 2, 3])).is_none());
    }

    pub(super) fn same_openings(one: &HouseKeys, other: &HouseKeys) -> bool {
        let seeds = |keys: &HouseKeys| {
            keys.host_key_seeds().iter().map(|(number, seed)| (*number, **seed)).collect::<Vec<_>>()
        };
        seeds(one) == seeds(other)
    }

    #[test]
    fn lines_of_openings_are_read_in_any_order_and_none_twice() {
        let (one, two) = (HouseKeys::new(&SeededChance::new(6)), HouseKeys::new(&SeededChance::new(7)));
        let words = |keys: &HouseKeys| keys.opening_root().words().to_string();
        let index = one.index_root().words().to_string();
        let text = |lines: &[String]| format!("{FIRST_LINE}\nindex {index}\n{}\n", lines.join("\n"));
        let (first, second) = (format!("opening 1 {}", words(&one)), format!("opening 2 {}", words(&two)));
        let read = |lines: &[String]| HouseKeys::parse(&text(lines));
        let keys = read(&[second.clone(), first.clone()]).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(keys.opening_generation(), 2);
        assert_eq!(keys.generations().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(*keys.to_text(), text(&[first.clone(), second]));
        assert!(read(&[first.clone(), first.clone()]).is_err(), "twice the same number");
        assert!(read(&[first.replace("opening 1", "opening 0")]).is_err());
        assert!(read(&[format!("index {index}"), first]).is_err(), "two index roots");
        assert!(read(&[]).is_err());
    }
}
