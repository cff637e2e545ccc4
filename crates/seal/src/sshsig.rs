//! The author's hand: an Ed25519 signature over the exact bytes of letter.eml, in the form that OpenSSH writes and verifies
//! (PROTOCOL.sshsig), so that `ssh-keygen -Y verify` tells in thirty years whether two letters are by the same hand. It
//! knows no letter and no account; whose key is to be trusted is the reader's to say.

use crate::errors::SealError;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD},
};
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

/// What the signatures are for: one that was made for another purpose is refused.
pub const NAMESPACE: &str = "letter@unsaid";

/// The name under which the author stands in her allowed_signers file.
pub const PRINCIPAL: &str = "author@unsaid.invalid";

const KIND: &str = "ssh-ed25519";
const HASH: &str = "sha512";
const MAGIC: &[u8] = b"SSHSIG";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
/// As many letters of base64 as ssh-keygen writes on a line.
const LINE: usize = 70;
/// Ours have 296 bytes; more than this is no signature of a letter.
const MAX_SIGNATURE_BYTES: usize = 8 * 1024;

/// The secret half, from the seed in the author's vault. It has no Debug, no Clone and no text.
pub struct Hand(ed25519_dalek::SigningKey);

/// The public half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicHand([u8; 32]);

impl Hand {
    /// The hand that belongs to 32 secret bytes (RFC 8032).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn public(&self) -> PublicHand {
        PublicHand(self.0.verifying_key().to_bytes())
    }

    /// An armoured signature over the bytes, as `ssh-keygen -Y sign -n letter@unsaid` would write it, to the byte.
    pub fn sign(&self, message: &[u8]) -> String {
        let signature = self.0.sign(&signed_data(message)).to_bytes();
        let mut blob = MAGIC.to_vec();
        blob.extend(1u32.to_be_bytes());
        let pieces: [&[u8]; 5] = [
            &self.public().blob(),
            NAMESPACE.as_bytes(),
            b"",
            HASH.as_bytes(),
            &strings(&[KIND.as_bytes(), &signature]),
        ];
        blob.extend(strings(&pieces));
        let mut text = format!("{BEGIN}\n");
        for line in BASE64_STANDARD.encode(blob).as_bytes().chunks(LINE) {
            text.extend(line.iter().map(|byte| char::from(*byte)));
            text.push('\n');
        }
        text.push_str(END);
        text.push('\n');
        text
    }
}

impl PublicHand {
    /// The key of 32 bytes, when it is one.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SealError> {
        VerifyingKey::from_bytes(bytes).map(|_| Self(*bytes)).map_err(|_| SealError::BadSignature)
    }

    /// The 32 bytes (RFC 8032).
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// `ssh-ed25519 AAAA… unsaid`, the content of a .pub file, without a line end.
    pub fn line(&self) -> String {
        format!("{} unsaid", self.words())
    }

    /// The line of an allowed_signers file (ssh-keygen(1), 'ALLOWED SIGNERS'), without a line end.
    pub fn allowed_signers_line(&self) -> String {
        format!("{PRINCIPAL} namespaces=\"{NAMESPACE}\" {}", self.words())
    }

    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(Sha256::digest(self.blob())))
    }

    /// Refuses unless this hand made the signature over exactly these bytes, for letters.
    pub fn verify(&self, armoured: &str, message: &[u8]) -> Result<(), SealError> {
        let (signer, signature) = read_signature(armoured).ok_or(SealError::BadSignature)?;
        let ours: bool = signer.0.ct_eq(&self.0).into();
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| SealError::BadSignature)?;
        match key.verify_strict(&signed_data(message), &signature) {
            Ok(()) if ours => Ok(()),
            _ => Err(SealError::BadSignature),
        }
    }

    fn words(&self) -> String {
        format!("{KIND} {}", BASE64_STANDARD.encode(self.blob()))
    }

    fn blob(&self) -> Vec<u8> {
        strings(&[KIND.as_bytes(), &self.0])
    }
}

/// The hand of which a signature claims to be. Whether it is, only [`PublicHand::verify`] says.
pub fn claimed_hand(armoured: &str) -> Result<PublicHand, SealError> {
    read_signature(armoured).map(|(hand, _)| hand).ok_or(SealError::BadSignature)
}

/// The hands that an allowed_signers file (or a .pub file) names. Lines of other kinds of keys are passed over.
pub fn read_hands(text: &str) -> Vec<PublicHand> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).take(100);
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip_while(|word| *word != KIND);
            let blob = BASE64_STANDARD.decode(words.nth(1)?).ok()?;
            read_blob(&blob)
        })
        .collect()
}

/// What is signed: not the bytes themselves, but their SHA-512 in a frame that says what for.
fn signed_data(message: &[u8]) -> Vec<u8> {
    let mut data = MAGIC.to_vec();
    data.extend(strings(&[NAMESPACE.as_bytes(), b"", HASH.as_bytes(), &Sha512::digest(message)]));
    data
}

fn read_signature(armoured: &str) -> Option<(PublicHand, Signature)> {
    if armoured.len() > MAX_SIGNATURE_BYTES {
        return None;
    }
    let blanks = [' ', '\t', '\r', '\n'];
    let inner = armoured.trim_matches(blanks).strip_prefix(BEGIN)?.strip_suffix(END)?;
    let bare: String = inner.chars().filter(|c| !blanks.contains(c)).collect();
    let blob = BASE64_STANDARD.decode(bare).ok()?;
    let mut rest = blob.strip_prefix(MAGIC)?.strip_prefix(&1u32.to_be_bytes())?;
    let [key, namespace, _reserved, hash, signature] = [(); 5].map(|()| take_string(&mut rest));
    if !rest.is_empty() || namespace? != NAMESPACE.as_bytes() || hash? != HASH.as_bytes() {
        return None;
    }
    let mut signature = signature?;
    let kind = take_string(&mut signature)?;
    let bytes: &[u8; 64] = take_string(&mut signature)?.try_into().ok()?;
    if kind != KIND.as_bytes() || !signature.is_empty() {
        return None;
    }
    Some((read_blob(key?)?, Signature::from_bytes(bytes)))
}

fn read_blob(mut blob: &[u8]) -> Option<PublicHand> {
    let kind = take_string(&mut blob)?;
    let key: &[u8; 32] = take_string(&mut blob)?.try_into().ok()?;
    if kind != KIND.as_bytes() || !blob.is_empty() {
        return None;
    }
    PublicHand::from_bytes(key).ok()
}

/// Strings of SSH (RFC 4251, 5): a length of four bytes, then the bytes.
fn strings(pieces: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        out.extend((piece.len() as u32).to_be_bytes());
        out.extend_from_slice(piece);
    }
    out
}

fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (string, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LETTER: &[u8] = b"From: Ana\r\n\r\nDear Mara\r\n";

    fn hand() -> Hand {
        Hand::from_seed(&[5; 32])
    }

    #[test]
    fn a_signature_is_of_this_hand_over_these_bytes() {
        let signature = hand().sign(LETTER);
        assert_eq!(hand().public().verify(&signature, LETTER), Ok(()));
        assert_eq!(claimed_hand(&signature), Ok(hand().public()));
        let wrong = Err(SealError::BadSignature);
        assert_eq!(hand().public().verify(&signature, b"Dear Dan"), wrong);
        assert_eq!(Hand::from_seed(&[6; 32]).public().verify(&signature, LETTER), wrong);
        for text in ["", BEGIN, "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n"] {
            assert_eq!(hand().public().verify(text, LETTER), wrong, "{text:?}");
        }
    }

    #[test]
    fn a_signature_for_another_purpose_is_refused() {
        let blob = |namespace: &str| {
            let mut data = MAGIC.to_vec();
            data.extend(strings(&[namespace.as_bytes(), b"", HASH.as_bytes(), &Sha512::digest(LETTER)]));
            let signature = hand().0.sign(&data).to_bytes();
            let mut blob = MAGIC.to_vec();
            blob.extend(1u32.to_be_bytes());
            let pieces: [&[u8]; 5] = [
                &hand().public().blob(),
                namespace.as_bytes(),
                b"",
                HASH.as_bytes(),
                &strings(&[KIND.as_bytes(), &signature]),
            ];
            blob.extend(strings(&pieces));
            format!("{BEGIN}\n{}\n{END}\n", BASE64_STANDARD.encode(blob))
        };
        assert_eq!(hand().public().verify(&blob(NAMESPACE), LETTER), Ok(()));
        assert_eq!(hand().public().verify(&blob("file"), LETTER), Err(SealError::BadSignature));
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let signature = hand().sign(LETTER);
        let inner: String = signature.lines().filter(|line| !line.starts_with('-')).collect();
        let blob = BASE64_STANDARD.decode(inner).unwrap();
        // The reserved field lies under the signature's frame as an empty one; its length bytes are compared by the parser.
        for bit in 0..blob.len() * 8 {
            let mut changed = blob.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let text = format!("{BEGIN}\n{}\n{END}\n", BASE64_STANDARD.encode(changed));
            assert!(hand().public().verify(&text, LETTER).is_err(), "{bit}");
        }
    }

    #[test]
    fn lines_of_keys_read_back() {
        let hand = hand().public();
        assert_eq!(read_hands(&hand.line()), [hand]);
        assert_eq!(read_hands(&format!("# Ana\n{}\n\n", hand.allowed_signers_line())), [hand]);
        assert!(read_hands("ssh-rsa AAAA x\nssh-ed25519\nssh-ed25519 AAAA\n").is_empty());
        assert!(hand.fingerprint().starts_with("SHA256:") && hand.fingerprint().len() == 50);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = claimed_hand(&text);
            let _ = read_hands(&text);
            let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
            blob.extend(&bytes);
            let _ = claimed_hand(&format!("{BEGIN}\n{}\n{END}\n", BASE64_STANDARD.encode(blob)));
        }
    }
}
