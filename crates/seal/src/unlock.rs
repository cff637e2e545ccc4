//! From six words to the account, and back. Two things are derived from the words: a token that the host knows only as an
//! HMAC, and the passphrase of a file that the host keeps under its own layer. Neither tells the other.

use crate::{
    binding::{Binding, Kind},
    container,
    errors::SealError,
    header::parse_header,
    manifest::hex,
    pq,
    words::{UNLOCK_WORDS, normalise_words, six_words},
    wrap::wrap_bound,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use secrecy::SecretString;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of the account's scrypt salt, which the host gives out after sign-in.
pub const SALT_BYTES: usize = 16;

/// log2 of scrypt's N for the words (RFC 7914), with r = 8 and p = 1: 64 MiB.
const WORDS_WORK_FACTOR: u8 = 16;

/// The age file's passphrase is random already: more work would protect nothing. Never left to age, which would measure
/// the machine and choose by itself.
const FILE_WORK_FACTOR: u8 = 10;

/// What the words give.
pub struct UnlockSecrets {
    /// 32 bytes: the host peels the unlock wrap for whoever shows it, as base64url.
    pub token: Zeroizing<[u8; 32]>,
    /// 64 hexadecimal digits: opens passphrase.age.
    pub file_passphrase: Zeroizing<String>,
}

impl UnlockSecrets {
    /// The token as it travels: base64url without padding, 43 characters.
    pub fn expose_token_text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(*self.token))
    }
}

/// Reads a token that came over the wire.
pub fn read_token(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?);
    let token: &[u8; 32] = bytes.as_slice().try_into().ok()?;
    Some(Zeroizing::new(*token))
}

/// What the database keeps of a token: HMAC-SHA256 under a pepper that lies beside the host key and never in it.
pub fn token_row(pepper: &[u8; 32], token: &[u8; 32]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(pepper).expect("HMAC takes keys of every length");
    mac.update(token);
    mac.finalize().into_bytes().into()
}

/// Whether the token is the one that the row was made of; takes the same time either way.
pub fn token_matches(pepper: &[u8; 32], token: &[u8; 32], row: &[u8; 32]) -> bool {
    token_row(pepper, token).ct_eq(row).into()
}

/// Derives token and passphrase from words as typed. Takes about half a second and 64 MiB.
pub fn derive_unlock(typed_words: &str, salt: &[u8; SALT_BYTES]) -> Result<UnlockSecrets, SealError> {
    let words = normalise_words(typed_words, UNLOCK_WORDS)?;
    let params = scrypt::Params::new(WORDS_WORK_FACTOR, 8, 1, 32).expect("parameters of RFC 7914");
    let mut root = Zeroizing::new([0u8; 32]);
    scrypt::scrypt(words.as_bytes(), salt, &params, &mut *root).expect("32 bytes are a valid length");
    let file = derive(&root, b"unsaid unlock file v1");
    Ok(UnlockSecrets {
        token: derive(&root, b"unsaid unlock token v1"),
        file_passphrase: Zeroizing::new(hex(&*file)),
    })
}

/// HKDF-SHA256 (RFC 5869) without salt.
pub(crate) fn derive(root: &[u8; 32], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0u8; 32]);
    Hkdf::<Sha256>::new(None, root).expand(info, &mut *out).expect("32 bytes are a valid length");
    out
}

/// passphrase.age: the account's identity under the derived passphrase.
pub fn seal_passphrase_file(identity: &pq::Identity, file_passphrase: &str) -> Result<Vec<u8>, SealError> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(file_passphrase.to_owned()));
    recipient.set_work_factor(FILE_WORK_FACTOR);
    let plain = Zeroizing::new(format!("# Unsaid account\n{}\n", *identity.expose_text()));
    container::encrypt(&recipient, plain.as_bytes())
}

/// Opens passphrase.age, as the host gave it out for the token.
pub fn open_passphrase_file(file: &[u8], file_passphrase: &str) -> Result<pq::Identity, SealError> {
    let (stanzas, _) = parse_header(file)?;
    // A hostile file could ask for gigabytes of scrypt; ours asks for very little.
    let ours = matches!(&stanzas[..], [only] if only.kind == "scrypt"
        && only.args.get(1) == Some(&FILE_WORK_FACTOR.to_string().as_str()));
    if !ours {
        return Err(SealError::Damaged);
    }
    let mut identity = age::scrypt::Identity::new(SecretString::from(file_passphrase.to_owned()));
    identity.set_max_work_factor(FILE_WORK_FACTOR);
    let plain = container::decrypt(&identity, file).map_err(|error| match error {
        SealError::WrongKey => SealError::WordsWrong,
        other => other,
    })?;
    pq::Identity::in_file(&plain)
}

/// What the host stores and what the author writes down, when words are made or made anew.
pub struct NewUnlock {
    /// Six words, shown to the author and to nobody else.
    pub words: Zeroizing<String>,
    /// Token and file passphrase.
    pub secrets: UnlockSecrets,
    /// `host{ binding line, passphrase.age }`
    pub wrap: Vec<u8>,
}

/// Makes six new words that open `identity`. `number` counts how often words were made for this account, from 1.
pub fn make_unlock(
    identity: &pq::Identity,
    account_id: &str,
    number: u32,
    salt: &[u8; SALT_BYTES],
    host: &pq::Recipient,
    chance: &mut impl crate::Chance,
) -> Result<NewUnlock, SealError> {
    let mut random = Zeroizing::new([0u8; 9]);
    chance.fill_bytes(&mut *random);
    let words = six_words(&random);
    let secrets = derive_unlock(&words, salt)?;
    let file = seal_passphrase_file(identity, &secrets.file_passphrase)?;
    let wrap = wrap_bound(host, &Binding::new(account_id, number, Kind::Unlock)?, &file)?;
    Ok(NewUnlock { words, secrets, wrap })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{host::HostKey, tests::repeatable};

    const ID: &str = "abcdefghijklmnopqrstuvwxyz";

    #[test]
    fn six_words_lead_back_to_the_account_and_other_words_do_not() {
        let account = pq::Identity::generate(&mut repeatable(1));
        let host = HostKey::from_seed(&[7; 32]);
        let new = make_unlock(&account, ID, 1, &[3; 16], &host.recipient(), &mut repeatable(2)).unwrap();
        let binding = Binding::new(ID, 1, Kind::Unlock).unwrap();
        let file = host.peel(&new.wrap, &binding).unwrap();
        let secrets = derive_unlock(&new.words.to_uppercase(), &[3; 16]).unwrap();
        assert!(secrets.token == new.secrets.token);
        let opened = open_passphrase_file(&file, &secrets.file_passphrase).unwrap();
        assert_eq!(*opened.expose_text(), *account.expose_text());

        let other_salt = derive_unlock(&new.words, &[4; 16]).unwrap();
        assert!(other_salt.token != secrets.token);
        assert_eq!(
            open_passphrase_file(&file, &other_salt.file_passphrase).err(),
            Some(SealError::WordsWrong)
        );
    }

    #[test]
    fn a_token_is_kept_as_an_hmac_and_read_strictly() {
        let (token, pepper) = ([1; 32], [2; 32]);
        let row = token_row(&pepper, &token);
        assert!(token_matches(&pepper, &token, &row));
        assert!(!token_matches(&pepper, &[3; 32], &row));
        assert!(!token_matches(&[3; 32], &token, &row));
        let text = BASE64_URL_SAFE_NO_PAD.encode(token);
        assert_eq!(*read_token(&text).unwrap(), token);
        for wrong in [&text[..42], &format!("{text}="), &format!("{text}A"), "", "é"] {
            assert!(read_token(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn a_passphrase_file_that_asks_for_much_work_is_refused_before_any_is_done() {
        let mut recipient = age::scrypt::Recipient::new(SecretString::from("x".to_owned()));
        recipient.set_work_factor(11);
        let file = container::encrypt(&recipient, b"x").unwrap();
        assert_eq!(open_passphrase_file(&file, "x").err(), Some(SealError::Damaged));
    }
}
