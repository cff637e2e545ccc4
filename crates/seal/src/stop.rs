//! Eight words on a paper that stops everything: words as on a card ([`crate::claim`]), which the house hears when somebody types them, and before that knows as an HMAC alone. They open
//! nothing, so they cost no work: eighty random bits are enough against guessing at a house. It knows no account.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The words of no other paper give the same token.
const LABEL: &[u8] = b"unsaid-stop-v1";

/// The token of the canonical form of the words ([`crate::claim::read_claim_words`]).
pub fn stop_token(words: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(Sha256::new().chain_update(LABEL).chain_update(words).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_its_words_and_of_no_other_paper() {
        let words = crate::claim::claim_words(&[7; 10]);
        assert_eq!(stop_token(&words), stop_token(&words));
        assert_ne!(stop_token(&words), stop_token(&crate::claim::claim_words(&[8; 10])));
        assert_ne!(stop_token(&words).as_slice(), Sha256::digest(words.as_bytes()).as_slice());
    }
}
