//! The house's own layer: peeled when the rule fires, looked at after sealing, renewed when the key is rotated. Only
//! `unsaid::peel` calls this. It decides nothing: whoever asks must hold the right to ask.

use crate::{
    binding::{Binding, Kind},
    claim::is_words_file,
    container,
    errors::SealError,
    key::read_key_file,
    pq, unlock,
    wrap::{check_wrap, open_wrap, unbind, wrap_bound},
};
use zeroize::Zeroizing;

/// How much of the beginning of letter.age [`HostKey::inspect`] needs, in bytes: a header, a nonce, and one chunk of
/// 64 KiB with its tag. A shorter file is given whole.
pub const LETTER_HEAD_BYTES: usize = 8 * 1024 + 16 + 64 * 1024 + 16;

/// The host key. It has no Debug, no Clone and no text: it comes from the house's roots and goes nowhere.
pub struct HostKey {
    identity: pq::Identity,
    recipient: pq::Recipient,
}

/// Why a layer was not peeled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeelError {
    /// Not encrypted to this host key.
    #[error(
        "This wrap was made for another key of the house. Look for the older key on paper, or restore it."
    )]
    NotOurs,
    /// Made for another letter, version or purpose: somebody may be replaying a stolen wrap.
    #[error("This wrap belongs to another letter. Nothing was given out; look into how it came here.")]
    WrongBinding,
    /// Changed, cut short, or no wrap at all.
    #[error("This wrap is damaged. Restore it from a backup, or ask the author to seal the letter again.")]
    Damaged,
}

/// Why an inspection found fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// The layer does not come off.
    #[error(transparent)]
    Peel(#[from] PeelError),
    /// What lies under the layer is not what this kind of wrap holds.
    #[error("Under the house's layer lies no key. Seal the letter again.")]
    NoKey,
    /// For 'kept by this house' the beginning of letter.age is needed, and was not given.
    #[error("The letter itself is missing. Upload it before asking for the proof.")]
    LetterMissing,
    /// K is not the key of this letter.
    #[error("The key in this wrap does not open the letter. Seal the letter again.")]
    KeyDoesNotOpen,
    /// The letter's beginning is damaged.
    #[error("The letter arrived damaged. Upload it again.")]
    LetterDamaged,
}

impl HostKey {
    /// The key that belongs to the opening root (data.md, 'Secrets of the house').
    pub fn from_opening_root(root: &[u8; 32]) -> Self {
        Self::from_seed(&unlock::derive(root, b"unsaid host key v1"))
    }

    /// The key that belongs to a seed of 32 secret bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let identity = pq::Identity::from_seed(seed);
        Self { recipient: identity.to_recipient(), identity }
    }

    /// The public half, which every browser that seals is given.
    pub fn recipient(&self) -> pq::Recipient {
        self.recipient.clone()
    }

    /// Takes the house's layer off, when the wrap was made for exactly this. What comes out opens a letter or leads to it.
    pub fn peel(&self, wrap: &[u8], expected: &Binding) -> Result<Zeroizing<Vec<u8>>, PeelError> {
        let plain = open_wrap(&self.identity, wrap).map_err(|error| match error {
            SealError::WrongKey => PeelError::NotOurs,
            _ => PeelError::Damaged,
        })?;
        let inner = unbind(&plain, expected).map_err(|_| PeelError::WrongBinding)?;
        Ok(Zeroizing::new(inner.to_vec()))
    }

    /// Whether the wrap would open when its time comes. For [`Kind::Host`] that includes opening the first chunk of
    /// letter.age, of which [`LETTER_HEAD_BYTES`] or the whole file are given. Keys are dropped here; none comes out.
    pub fn inspect(
        &self,
        wrap: &[u8],
        expected: &Binding,
        letter_head: Option<&[u8]>,
    ) -> Result<(), InspectError> {
        let inner = self.peel(wrap, expected)?;
        match expected.kind() {
            Kind::Host => {
                let key = read_key_file(&inner).map_err(|_| InspectError::NoKey)?;
                let head = letter_head.ok_or(InspectError::LetterMissing)?;
                container::opens_first_chunk(&key, head).map_err(|error| match error {
                    SealError::WrongKey => InspectError::KeyDoesNotOpen,
                    _ => InspectError::LetterDamaged,
                })
            }
            // What lies here is locked again: its head is all that can be seen.
            Kind::Words if is_words_file(&inner) => Ok(()),
            Kind::Words => Err(InspectError::NoKey),
            Kind::Keepers => check_wrap(&inner).map_err(|_| InspectError::NoKey),
            Kind::Unlock => crate::header::parse_header(&inner).map(drop).map_err(|_| InspectError::NoKey),
        }
    }

    /// The same content under another host key, with the same binding line.
    pub fn rewrap(&self, wrap: &[u8], expected: &Binding, new: &pq::Recipient) -> Result<Vec<u8>, PeelError> {
        let inner = self.peel(wrap, expected)?;
        wrap_bound(new, expected, &inner).map_err(|_| PeelError::Damaged)
    }
}

#[cfg(test)]
mod tests;
