//! The set of an author's keepers: one age1pq pair, whose secret lies in keeper-set.age under a master of 16 random bytes, and the master on
//! their cards ([`crate::slip39`]). A letter that the keepers open together is K, wrapped to the set. The set's recipient stays when a keeper
//! leaves: then the file alone is locked anew, with a new master. It knows no keeper and no house.

use crate::{
    Chance,
    claim::{is_passphrase_file, open_passphrase, seal_passphrase},
    errors::SealError,
    key::read_key_file,
    manifest::hex,
    pq,
    wrap::{open_wrap, wrap},
};
use zeroize::Zeroizing;

/// Bytes of the master that the cards of a set hold.
pub const MASTER_BYTES: usize = 16;
/// keeper-set.age is never larger, in bytes.
pub const MOST_SET_BYTES: usize = 4096;

/// log2 of scrypt's N (RFC 7914). The master is random already: more work would protect nothing.
const WORK_FACTOR: u8 = 10;

/// A new set: the secret half, which goes into keeper-set.age, and the half that letters are wrapped to.
pub struct KeeperSet {
    /// Opens every letter that was wrapped to the set.
    pub identity: pq::Identity,
    /// What letters are wrapped to.
    pub recipient: pq::Recipient,
}

/// A new set from the given randomness.
pub fn make_keeper_set(chance: &mut impl Chance) -> KeeperSet {
    let identity = pq::Identity::generate(chance);
    let recipient = identity.to_recipient();
    KeeperSet { identity, recipient }
}

/// keeper-set.age: an age file whose passphrase is the master in hexadecimal, so that any age tool opens it.
///
/// # Errors
/// `BadInput` for a master of another length.
pub fn lock_keeper_set(identity: &pq::Identity, master: &[u8]) -> Result<Vec<u8>, SealError> {
    let plain = Zeroizing::new(format!("# Unsaid keepers\n{}\n", *identity.expose_text()));
    seal_passphrase(&passphrase(master)?, plain.as_bytes(), WORK_FACTOR)
}

/// The set in keeper-set.age.
///
/// # Errors
/// `CardsOther` for the master of other cards, `BadInput` for what is no master of a set, `Damaged` for what is no such file.
pub fn open_keeper_set(file: &[u8], master: &[u8]) -> Result<pq::Identity, SealError> {
    let passphrase = passphrase(master)?;
    if !is_keeper_set_file(file) {
        return Err(SealError::Damaged);
    }
    let plain = open_passphrase(file, &passphrase, WORK_FACTOR).map_err(|error| match error {
        SealError::WrongKey => SealError::CardsOther,
        other => other,
    })?;
    pq::Identity::in_file(&plain)
}

/// Whether the head is that of such a file: all that can be seen without the cards.
pub fn is_keeper_set_file(file: &[u8]) -> bool {
    file.len() <= MOST_SET_BYTES && is_passphrase_file(file, WORK_FACTOR)
}

/// `set{ K }`: the key file under the set. It goes under the host's layer ([`crate::wrap::wrap_bound`], kind `keepers`), and into an exported
/// folder as it is.
pub fn seal_keepers_file(set: &pq::Recipient, key_file: &[u8]) -> Result<Vec<u8>, SealError> {
    read_key_file(key_file)?;
    wrap(set, key_file)
}

/// The key file in `set{ K }`.
pub fn open_keepers_file(set: &pq::Identity, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let key = open_wrap(set, file)?;
    read_key_file(&key)?;
    Ok(key)
}

fn passphrase(master: &[u8]) -> Result<Zeroizing<String>, SealError> {
    if master.len() == MASTER_BYTES {
        Ok(Zeroizing::new(hex(master)))
    } else {
        Err(SealError::BadInput("the master of a set has 16 bytes"))
    }
}

#[cfg(test)]
mod tests;
