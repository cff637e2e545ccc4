//! age1pq, the post-quantum recipient of age (C2SP age, "mlkem768x25519"), on the traits of age 0.12, which has none of
//! its own yet. Every wrap goes to one of these. Knows nothing of letters. All 19 hybrid vectors of CCTV must pass.

use crate::{
    bech32,
    errors::SealError,
    xwing::{EncappedKey, PrivateKey, PublicKey, XWing},
};
use age_core::{
    format::{FILE_KEY_BYTES, FileKey, Stanza},
    primitives::{hpke_open, hpke_seal},
    secrecy::ExposeSecret,
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use hpke::{Deserializable, Kem, Serializable};
use std::{collections::HashSet, fmt, str::FromStr};
use zeroize::Zeroizing;

pub(crate) const STANZA: &str = "mlkem768x25519";
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";
const RECIPIENT_PREFIX: &str = "age1pq";
const IDENTITY_PREFIX: &str = "age-secret-key-pq-";
const ENCAPPED_BYTES: usize = 1120;
const TAG_BYTES: usize = 16;

/// The public half: what is wrapped to. Its text is `age1pq1…`, about 1,960 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient(PublicKey);

/// The secret half. Its text leaves through [`Identity::expose_text`] alone.
pub struct Identity(PrivateKey);

impl Identity {
    /// A new identity from the given randomness.
    pub fn generate(chance: &mut impl crate::Chance) -> Self {
        let mut seed = Zeroizing::new([0u8; 32]);
        chance.fill_bytes(&mut *seed);
        Self::from_seed(&seed)
    }

    /// The identity that belongs to a seed of 32 secret bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(PrivateKey::from_seed(seed))
    }

    /// The identity in the plain text of an identity file: one line of it, and comments.
    ///
    /// # Errors
    /// `Damaged` for anything else.
    pub(crate) fn in_file(plain: &[u8]) -> Result<Self, SealError> {
        let text = std::str::from_utf8(plain).map_err(|_| SealError::Damaged)?;
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        match (lines.next(), lines.next()) {
            (Some(line), None) => line.parse().map_err(|_| SealError::Damaged),
            _ => Err(SealError::Damaged),
        }
    }

    /// The 32 secret bytes from which everything else follows.
    pub(crate) fn secret_bytes(&self) -> &[u8; 32] {
        self.0.seed()
    }

    /// The public half.
    pub fn to_recipient(&self) -> Recipient {
        Recipient(XWing::sk_to_pk(&self.0))
    }

    /// `AGE-SECRET-KEY-PQ-1…`: whoever sees this text can open everything that was wrapped to it.
    pub fn expose_text(&self) -> Zeroizing<String> {
        bech32::secret(IDENTITY_PREFIX, self.0.seed())
    }
}

impl FromStr for Identity {
    type Err = SealError;
    fn from_str(text: &str) -> Result<Self, SealError> {
        let seed = bech32::read_secret(IDENTITY_PREFIX, text)
            .ok_or(SealError::BadInput("an age1pq identity is expected"))?;
        Ok(Self::from_seed(&seed))
    }
}

impl FromStr for Recipient {
    type Err = SealError;
    fn from_str(text: &str) -> Result<Self, SealError> {
        bech32::read_public(RECIPIENT_PREFIX, text)
            .and_then(|bytes| PublicKey::from_bytes(&bytes).ok())
            .map(Self)
            .ok_or(SealError::BadInput("an age1pq recipient is expected"))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32::public(RECIPIENT_PREFIX, &self.0.to_bytes()))
    }
}

impl age::Recipient for Recipient {
    // age's trait hands over no randomness, and age draws the file key from the same source.
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
        let (encapped, body) =
            hpke_seal::<XWing, _>(&self.0, INFO, file_key.expose_secret(), &mut rand_core::OsRng);
        let args = vec![BASE64_STANDARD_NO_PAD.encode(encapped.to_bytes())];
        // The label of age (Go) 1.3: age then refuses to mix us with recipients that a quantum computer opens.
        let labels = HashSet::from(["postquantum".to_owned()]);
        Ok((vec![Stanza { tag: STANZA.to_owned(), args, body }], labels))
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, age::DecryptError>> {
        if stanza.tag != STANZA {
            return None;
        }
        let malformed = || Some(Err(age::DecryptError::InvalidHeader));
        let [encapped] = &stanza.args[..] else { return malformed() };
        let Ok(encapped) = BASE64_STANDARD_NO_PAD.decode(encapped) else { return malformed() };
        if encapped.len() != ENCAPPED_BYTES || stanza.body.len() != FILE_KEY_BYTES + TAG_BYTES {
            return malformed();
        }
        let Ok(encapped) = EncappedKey::from_bytes(&encapped) else { return malformed() };
        match hpke_open::<XWing>(&encapped, &self.0, INFO, &stanza.body) {
            Ok(plain) => {
                let plain = Zeroizing::new(plain);
                Some(Ok(FileKey::init_with_mut(|file_key| file_key.copy_from_slice(&plain))))
            }
            // Somebody else's stanza looks just like this: another one may be ours.
            Err(hpke::HpkeError::OpenError) => None,
            Err(_) => malformed(),
        }
    }
}
