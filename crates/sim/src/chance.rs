//! The simulator's chance: whole numbers from a seed, in separate streams for the world, for people who act at the worst moment, for faults and for the engine, so that a draw more in
//! one does not reshuffle another.

use unsaid::chance::{Chance, SeededChance};

/// One stream.
pub(crate) struct Draw(SeededChance);

impl Draw {
    /// A stream of a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(SeededChance::stream(seed, stream))
    }

    /// A number below `n`; 0 if `n` is 0.
    pub(crate) fn below(&self, n: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes).checked_rem(n).unwrap_or(0)
    }

    /// Once in `n` times.
    pub(crate) fn once_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// In so many of a hundred cases.
    pub(crate) fn percent(&self, n: u64) -> bool {
        self.below(100) < n
    }

    /// A number of seconds from `least` up to, and not including, `most`.
    pub(crate) fn between(&self, least: i64, most: i64) -> i64 {
        let room = u64::try_from(most.saturating_sub(least)).unwrap_or(0);
        least.saturating_add(i64::try_from(self.below(room)).unwrap_or(0))
    }

    /// A place in a list of this length.
    pub(crate) fn place(&self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// 128 bits for an id.
    pub(crate) fn id(&self) -> [u8; 16] {
        self.0.id_bytes()
    }

    /// 32 bytes for a hash.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.0.token()
    }
}
