//! Sealed here: the Rust half of the envelope. Container: age v1 (C2SP age), so that any age tool opens an exported
//! letter in thirty years. The files have the names of those in `web/src/seal`, and do the same.
//!
//! This room never learns of deliveries, addresses, accounts' rows, networks, files or clocks. Randomness for keys
//! comes in as an argument; only age itself, and our recipient inside it, draws file keys, nonces and ephemeral keys
//! from the operating system, because age's interface leaves no other way.

mod bech32;
mod container;
mod header;
mod quoted_printable;
mod xwing;

pub mod account;
pub mod binding;
pub mod claim;
pub mod errors;
pub mod host;
pub mod keeper_set;
pub mod key;
pub mod kit;
pub mod letter;
pub mod manifest;
pub mod pq;
pub mod read;
pub mod seal;
pub mod slip39;
pub mod sshsig;
pub mod stop;
pub mod stream;
pub mod unlock;
pub mod words;
pub mod wrap;

pub use binding::{Binding, Kind};
pub use errors::SealError;
pub use host::{HostKey, InspectError, PeelError};

/// A source of randomness fit for keys. `unsaid::chance` has the real one; tests bring one that repeats.
pub trait Chance: rand_core::RngCore + rand_core::CryptoRng {}
impl<T: rand_core::RngCore + rand_core::CryptoRng> Chance for T {}

#[cfg(test)]
mod tests {
    use rand_core::{CryptoRng, Error, RngCore, impls};

    /// Chance that repeats, for tests: a counter under SHA-256.
    pub(crate) struct Repeatable(u64, u64);

    pub(crate) fn repeatable(seed: u64) -> Repeatable {
        Repeatable(seed, 0)
    }

    impl RngCore for Repeatable {
        fn next_u32(&mut self) -> u32 {
            self.next_u64() as u32
        }
        fn next_u64(&mut self) -> u64 {
            use sha2::{Digest, Sha256};
            self.1 += 1;
            let hash = Sha256::new().chain_update(self.0.to_le_bytes()).chain_update(self.1.to_le_bytes());
            u64::from_le_bytes(hash.finalize()[..8].try_into().unwrap())
        }
        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            impls::fill_bytes_via_next(self, bytes);
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
            self.fill_bytes(bytes);
            Ok(())
        }
    }
    impl CryptoRng for Repeatable {}
}
