//! The account's key pair: age1pq. The identity is the one secret of an author; words and kit are two ways back to it.
//! In the browser it is made there; here for the command line. Knows nothing of letters.

use crate::{errors::SealError, pq};

/// A new account from the given randomness.
pub fn make_account(chance: &mut impl crate::Chance) -> pq::Identity {
    pq::Identity::generate(chance)
}

/// The account that belongs to the text of an identity.
pub fn account_of(identity: &str) -> Result<pq::Identity, SealError> {
    identity.parse()
}
