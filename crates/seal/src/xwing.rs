//! X-Wing (draft-connolly-cfrg-xwing-kem; HPKE's MLKEM768-X25519, KEM id 0x647a): ML-KEM-768 (FIPS 203) and X25519
//! (RFC 7748) in one key, so that either alone keeps the secret. Only what `pq.rs` needs, on the traits of hpke 0.12;
//! knows nothing of age. To be dropped when the age crate brings its own.

use hpke::{Deserializable, HpkeError, Serializable, generic_array::typenum, kem::SharedSecret};
use ml_kem::{
    Ciphertext, EncodedSizeUser, KemCore, MlKem768,
    kem::{Decapsulate, Encapsulate},
};
use rand_core::{CryptoRng, RngCore};
use sha3::{
    Digest, Sha3_256, Shake256,
    digest::{ExtendableOutput, Update, XofReader},
};
use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey as XPublic, StaticSecret as XSecret};
use zeroize::Zeroizing;

type DecapsulationKey = <MlKem768 as KemCore>::DecapsulationKey;
type EncapsulationKey = <MlKem768 as KemCore>::EncapsulationKey;

/// Bytes of an ML-KEM-768 encapsulation key (FIPS 203, table 3).
const ML_KEM_KEY_BYTES: usize = 1184;
/// Bytes of an ML-KEM-768 ciphertext.
const ML_KEM_CIPHERTEXT_BYTES: usize = 1088;
/// The label at the end of the combiner's input; a small drawing of an X-wing.
const LABEL: &[u8; 6] = br"\.//^\";

/// The seed and what is expanded from it. Clone and Eq are demanded by hpke's trait; neither leaves this crate.
#[derive(Clone)]
pub(crate) struct PrivateKey {
    seed: Zeroizing<[u8; 32]>,
    ml_kem: Box<DecapsulationKey>,
    x25519: XSecret,
}

impl PartialEq for PrivateKey {
    fn eq(&self, other: &Self) -> bool {
        self.seed[..].ct_eq(&other.seed[..]).into()
    }
}
impl Eq for PrivateKey {}

/// SHAKE-256 stretches the seed to the two seeds of ML-KEM and the X25519 scalar.
fn expand(seed: &[u8; 32]) -> (DecapsulationKey, EncapsulationKey, XSecret) {
    let mut stretched = Zeroizing::new([0u8; 96]);
    let mut shake = Shake256::default();
    Update::update(&mut shake, seed);
    shake.finalize_xof().read(&mut *stretched);
    let mut d = Zeroizing::new([0u8; 32]);
    let mut z = Zeroizing::new([0u8; 32]);
    let mut scalar = Zeroizing::new([0u8; 32]);
    d.copy_from_slice(&stretched[..32]);
    z.copy_from_slice(&stretched[32..64]);
    scalar.copy_from_slice(&stretched[64..]);
    let (private, public) = MlKem768::generate_deterministic(&(*d).into(), &(*z).into());
    (private, public, XSecret::from(*scalar))
}

impl PrivateKey {
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        let (private, _, x25519) = expand(seed);
        Self { seed: Zeroizing::new(*seed), ml_kem: Box::new(private), x25519 }
    }

    pub(crate) fn seed(&self) -> &[u8; 32] {
        &self.seed
    }
}

impl Deserializable for PrivateKey {
    fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError> {
        let seed =
            Zeroizing::new(bytes.try_into().map_err(|_| HpkeError::IncorrectInputLength(32, bytes.len()))?);
        Ok(Self::from_seed(&seed))
    }
}

impl Serializable for PrivateKey {
    type OutputSize = typenum::U32;
    fn write_exact(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.seed[..]);
    }
}

/// Both public halves.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PublicKey {
    ml_kem: EncapsulationKey,
    x25519: XPublic,
}
impl Eq for PublicKey {}

impl Deserializable for PublicKey {
    fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError> {
        let wrong_length = || HpkeError::IncorrectInputLength(ML_KEM_KEY_BYTES + 32, bytes.len());
        let (ml_kem, x25519) = bytes.split_at_checked(ML_KEM_KEY_BYTES).ok_or_else(wrong_length)?;
        let x25519: [u8; 32] = x25519.try_into().map_err(|_| wrong_length())?;
        let key = EncapsulationKey::from_bytes(ml_kem.try_into().map_err(|_| wrong_length())?);
        // FIPS 203, 7.2: a key whose numbers are out of range does not encode to itself.
        if key.as_bytes().as_slice() != ml_kem {
            return Err(HpkeError::ValidationError);
        }
        Ok(Self { ml_kem: key, x25519: XPublic::from(x25519) })
    }
}

impl Serializable for PublicKey {
    type OutputSize = typenum::Sum<typenum::U1024, typenum::U192>;
    fn write_exact(&self, buffer: &mut [u8]) {
        buffer[..ML_KEM_KEY_BYTES].copy_from_slice(&self.ml_kem.as_bytes());
        buffer[ML_KEM_KEY_BYTES..].copy_from_slice(self.x25519.as_bytes());
    }
}

/// What travels in the stanza: an ML-KEM ciphertext and an ephemeral X25519 key.
#[derive(Clone)]
pub(crate) struct EncappedKey {
    ml_kem: Ciphertext<MlKem768>,
    x25519: [u8; 32],
}

impl Deserializable for EncappedKey {
    fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError> {
        let wrong_length = || HpkeError::IncorrectInputLength(ML_KEM_CIPHERTEXT_BYTES + 32, bytes.len());
        let (ml_kem, x25519) = bytes.split_at_checked(ML_KEM_CIPHERTEXT_BYTES).ok_or_else(wrong_length)?;
        Ok(Self {
            ml_kem: ml_kem.try_into().map_err(|_| wrong_length())?,
            x25519: x25519.try_into().map_err(|_| wrong_length())?,
        })
    }
}

impl Serializable for EncappedKey {
    type OutputSize = typenum::Sum<typenum::U1024, typenum::U96>;
    fn write_exact(&self, buffer: &mut [u8]) {
        buffer[..ML_KEM_CIPHERTEXT_BYTES].copy_from_slice(&self.ml_kem);
        buffer[ML_KEM_CIPHERTEXT_BYTES..].copy_from_slice(&self.x25519);
    }
}

/// SHA3-256 over both secrets, the X25519 transcript and the label.
fn combine(
    ml_kem: &[u8],
    x25519: &[u8],
    ephemeral: &[u8; 32],
    recipient: &[u8; 32],
) -> sha3::digest::Output<Sha3_256> {
    let mut hash = Sha3_256::new();
    for piece in [ml_kem, x25519, ephemeral, recipient, LABEL] {
        Digest::update(&mut hash, piece);
    }
    hash.finalize()
}

/// The key encapsulation mechanism, as hpke wants it.
pub(crate) struct XWing;

impl hpke::Kem for XWing {
    type PublicKey = PublicKey;
    type PrivateKey = PrivateKey;
    type EncappedKey = EncappedKey;
    type NSecret = typenum::U32;
    const KEM_ID: u16 = 0x647a;

    fn sk_to_pk(private: &PrivateKey) -> PublicKey {
        let (_, ml_kem, _) = expand(&private.seed);
        PublicKey { ml_kem, x25519: XPublic::from(&private.x25519) }
    }

    fn derive_keypair(ikm: &[u8]) -> (PrivateKey, PublicKey) {
        // draft-ietf-hpke-pq: DeriveKeyPair of this KEM is SHAKE-256 of the input to a seed.
        let mut seed = Zeroizing::new([0u8; 32]);
        let mut shake = Shake256::default();
        Update::update(&mut shake, ikm);
        shake.finalize_xof().read(&mut *seed);
        let private = PrivateKey::from_seed(&seed);
        let public = Self::sk_to_pk(&private);
        (private, public)
    }

    fn decap(
        private: &PrivateKey,
        sender: Option<&PublicKey>,
        encapped: &EncappedKey,
    ) -> Result<SharedSecret<Self>, HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::DecapError); // X-Wing has no authenticated mode.
        }
        let ml_kem = private.ml_kem.decapsulate(&encapped.ml_kem).map_err(|()| HpkeError::DecapError)?;
        let x25519 = private.x25519.diffie_hellman(&XPublic::from(encapped.x25519));
        // RFC 7748, 6.1: an all-zero result says that the other side chose a point of low order.
        if !x25519.was_contributory() {
            return Err(HpkeError::ValidationError);
        }
        let own = XPublic::from(&private.x25519);
        Ok(SharedSecret(combine(&ml_kem, x25519.as_bytes(), &encapped.x25519, own.as_bytes())))
    }

    fn encap<R: CryptoRng + RngCore>(
        public: &PublicKey,
        sender: Option<(&PrivateKey, &PublicKey)>,
        chance: &mut R,
    ) -> Result<(SharedSecret<Self>, EncappedKey), HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::EncapError);
        }
        let (ciphertext, ml_kem) = public.ml_kem.encapsulate(chance).map_err(|()| HpkeError::EncapError)?;
        let secret = XSecret::random_from_rng(&mut *chance);
        let ephemeral = XPublic::from(&secret);
        let x25519 = secret.diffie_hellman(&public.x25519);
        if !x25519.was_contributory() {
            return Err(HpkeError::ValidationError);
        }
        let combined = combine(&ml_kem, x25519.as_bytes(), ephemeral.as_bytes(), public.x25519.as_bytes());
        Ok((SharedSecret(combined), EncappedKey { ml_kem: ciphertext, x25519: *ephemeral.as_bytes() }))
    }
}
