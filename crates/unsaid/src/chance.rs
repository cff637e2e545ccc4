//! The machine's chance. This is the only file of the project that reads randomness; everybody else is given it.
//!
//! It refuses to know what the bytes become: keys, links and codes are made by those who ask. The age crate draws
//! its own file keys from the operating system, inside itself, and so does our age1pq recipient within it.

use std::sync::{Mutex, PoisonError};

use rand_chacha::ChaCha20Rng;
#[expect(clippy::disallowed_types, reason = "this is the one file that reads randomness")]
use rand_core::OsRng;
use rand_core::{RngCore, SeedableRng};
use unsaid_delivery::MessageId;

/// The port through which chance comes in.
pub trait Chance: Send + Sync {
    /// Fills all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);

    /// 32 bytes for a link, a session or a key.
    fn token(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.fill(&mut bytes);
        bytes
    }

    /// The 128 bits of a new id, for one of `unsaid_delivery::id`'s types.
    fn id_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes
    }

    /// A new id as text: 26 letters and figures of `[a-z2-7]`, for what has no type of its own in `unsaid_delivery::id`.
    fn id(&self) -> String {
        // Every id is written alike; which of the types writes it makes no difference.
        MessageId(self.id_bytes()).to_string()
    }

    /// Eight digits for somebody to type, each of the hundred million equally likely.
    fn digits8(&self) -> String {
        loop {
            let mut bytes = [0; 4];
            self.fill(&mut bytes);
            if let Some(digits) = digits8_from(u32::from_le_bytes(bytes)) {
                return digits;
            }
        }
    }
}

/// The digits that a drawn number stands for, or nothing when it lies in the uneven rest above 42 times a hundred
/// million: with that rest some codes would be likelier than others.
fn digits8_from(drawn: u32) -> Option<String> {
    const CODES: u32 = 100_000_000;
    const EVEN: u32 = CODES * (u32::MAX / CODES);
    (drawn < EVEN).then(|| format!("{:08}", drawn % CODES))
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineChance;

impl Chance for MachineChance {
    /// # Panics
    ///
    /// When the operating system has no randomness to give. Nothing may be sealed or signed then, so the process
    /// ends rather than go on with guessable keys.
    fn fill(&self, bytes: &mut [u8]) {
        OsRng.try_fill_bytes(bytes).expect("the operating system gives randomness");
    }
}

/// Chance that can be repeated, for tests, the town and the simulator. The program itself never makes one, and the
/// tidiness test sees to that.
pub struct SeededChance(Mutex<ChaCha20Rng>);

impl SeededChance {
    /// The same seed always gives the same bytes.
    pub fn new(seed: u64) -> Self {
        Self::stream(seed, 0)
    }

    /// One of many independent streams of a seed, so that a draw more in one (the faults) does not reshuffle
    /// another (the world).
    pub fn stream(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(Mutex::new(rng))
    }
}

impl Chance for SeededChance {
    fn fill(&self, bytes: &mut [u8]) {
        // A panic elsewhere while the lock was held leaves the generator whole: each draw is complete in itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_id_is_26_characters_that_need_no_quoting() {
        let ids: HashSet<String> = (0..200).map(|_| MachineChance.id()).collect();
        assert_eq!(ids.len(), 200, "no id came twice");
        for id in ids {
            assert_eq!(id.len(), 26);
            assert!(id.chars().all(|c| matches!(c, 'a'..='z' | '2'..='7')));
        }
    }

    #[test]
    fn a_code_has_eight_digits_and_the_uneven_rest_is_drawn_again() {
        assert_eq!(digits8_from(0).as_deref(), Some("00000000"));
        assert_eq!(digits8_from(4_199_999_999).as_deref(), Some("99999999"));
        assert_eq!(digits8_from(4_200_000_000), None);
        assert_eq!(digits8_from(u32::MAX), None);
        let code = MachineChance.digits8();
        assert_eq!(code.len(), 8);
        assert!(code.chars().all(|c| c.is_ascii_digit()));
    }

    #[test]
    fn a_seed_repeats_itself_and_its_streams_are_independent() {
        assert_eq!(SeededChance::new(7).token(), SeededChance::new(7).token());
        assert_ne!(SeededChance::new(7).token(), SeededChance::new(8).token());
        let (world, faults) = (SeededChance::stream(7, 1), SeededChance::stream(7, 2));
        let quiet = SeededChance::stream(7, 1);
        faults.id();
        assert_eq!(world.token(), quiet.token());
        assert_ne!(SeededChance::stream(7, 1).token(), SeededChance::stream(7, 2).token());
    }
}
