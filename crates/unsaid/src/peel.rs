//! The peel port: the only caller of `unsaid_seal::host`, and the only place where the host keys are used. Three doors: `give` hands out what lies
//! under the host's layer, against a `Released` that only the store makes; `inspect` says yes or why not; `rewrap` gives a new wrap. The last
//! two let no key out. All three check the binding line (docs/protocol.md). After a rotation there are several keys: what is stored opens with whichever it was
//! made for, and everything new is made for the newest. Knows no rows and no requests.

use crate::secrets::HouseKeys;
use std::sync::{Arc, PoisonError, RwLock};
pub use unsaid_seal::host::LETTER_HEAD_BYTES;
use unsaid_seal::host::{HostKey, InspectError, PeelError};
use unsaid_seal::{Binding, Kind};
use unsaid_store::rows::{Released, WrapKind};
use zeroize::Zeroizing;

/// Why a wrap was not peeled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPeeled {
    /// It was not wrapped to this house.
    #[error("This letter was locked for another house. Ask the host which of the keys it was sealed with.")]
    NotOurs,
    /// Its line names another letter: somebody else's wrap was put in its place.
    #[error("What opens this letter belongs to another one. Its host has been called.")]
    WrongBinding,
    /// It is damaged, or does not open the letter.
    #[error("What opens this letter is damaged. The host has to restore it from a backup.")]
    Damaged,
}

impl From<PeelError> for NotPeeled {
    fn from(e: PeelError) -> Self {
        match e {
            PeelError::NotOurs => Self::NotOurs,
            PeelError::WrongBinding => Self::WrongBinding,
            PeelError::Damaged => Self::Damaged,
        }
    }
}

impl From<InspectError> for NotPeeled {
    fn from(e: InspectError) -> Self {
        match e {
            InspectError::Peel(e) => e.into(),
            InspectError::NoKey
            | InspectError::LetterMissing
            | InspectError::KeyDoesNotOpen
            | InspectError::LetterDamaged => Self::Damaged,
        }
    }
}

/// The line that a wrap must carry. An author's wrap has no layer of ours, so asking for one is asking for the wrong wrap.
fn binding(subject: &str, version: u32, kind: WrapKind) -> Result<Binding, NotPeeled> {
    let kind = match kind {
        WrapKind::Host => Kind::Host,
        WrapKind::Words => Kind::Words,
        WrapKind::Keepers => Kind::Keepers,
        WrapKind::Unlock => Kind::Unlock,
        WrapKind::Author => return Err(NotPeeled::WrongBinding),
    };
    Binding::new(subject, version, kind).map_err(|_| NotPeeled::WrongBinding)
}

/// The port.
pub trait Peel: Send + Sync {
    /// The host's present age1pq recipient, which every browser seals to.
    fn recipient(&self) -> String;
    /// Which opening root that is.
    fn generation(&self) -> u32;
    /// Which of the house's keys takes the outer layer off a wrap, if any does. Says nothing of what is under it.
    fn made_for(&self, wrap: &[u8]) -> Option<u32>;
    /// What lies under the host's layer.
    fn give(&self, released: &Released) -> Result<Zeroizing<Vec<u8>>, NotPeeled>;
    /// Whether a wrap is ours, carries this line, and (for a letter kept by this house) opens the beginning of `letter_age`. A wrap of words or of keepers is locked
    /// again under our layer, so that its line and its outer form are all that is seen. Gives the generation of the key that it is for.
    fn inspect(
        &self,
        wrap: &[u8],
        subject: &str,
        version: u32,
        kind: WrapKind,
        letter_age: Option<&[u8]>,
    ) -> Result<u32, NotPeeled>;
    /// The same content, with the same line, under the present host key; and that key's generation.
    fn rewrap(
        &self,
        wrap: &[u8],
        subject: &str,
        version: u32,
        kind: WrapKind,
    ) -> Result<(Vec<u8>, u32), NotPeeled>;
}

/// The port with the house's own keys.
pub struct HostPeel {
    /// Replaced whole when the secrets on disk are: whoever is peeling goes on with what they hold.
    ring: RwLock<Arc<Ring>>,
}

/// All host keys that are kept, the newest first; never empty.
struct Ring {
    keys: Vec<(u32, HostKey)>,
    recipient: String,
    generation: u32,
}

impl Ring {
    fn of(keys: &HouseKeys) -> Arc<Self> {
        let seeds = keys.host_key_seeds();
        let keys: Vec<(u32, HostKey)> =
            seeds.iter().rev().map(|(number, seed)| (*number, HostKey::from_seed(seed))).collect();
        let (generation, recipient) =
            keys.first().map(|(number, key)| (*number, key.recipient().to_string())).unwrap_or_default();
        Arc::new(Self { keys, recipient, generation })
    }

    /// Tries the keys, the newest first, until one fits. Every other fault than 'not mine' ends it.
    fn with_each<T, E: Into<NotPeeled>>(
        &self,
        try_one: impl Fn(&HostKey) -> Result<T, E>,
    ) -> Result<(T, u32), NotPeeled> {
        for (generation, key) in &self.keys {
            match try_one(key).map_err(Into::into) {
                Ok(found) => return Ok((found, *generation)),
                Err(NotPeeled::NotOurs) => {}
                Err(why) => return Err(why),
            }
        }
        Err(NotPeeled::NotOurs)
    }
}

impl HostPeel {
    /// With the keys of all opening roots that are kept.
    pub fn new(keys: &HouseKeys) -> Self {
        Self { ring: RwLock::new(Ring::of(keys)) }
    }

    /// The secrets on disk were replaced: from now on with these.
    pub fn replace(&self, keys: &HouseKeys) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Ring::of(keys);
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Peel for HostPeel {
    fn recipient(&self) -> String {
        self.ring().recipient.clone()
    }

    fn generation(&self) -> u32 {
        self.ring().generation
    }

    fn made_for(&self, wrap: &[u8]) -> Option<u32> {
        // A line that no wrap carries: whether the layer came off is all that is asked, and what lay under it is dropped in `peel`.
        let nobodys = Binding::new("aaaaaaaaaaaaaaaaaaaaaaaaaa", u32::MAX, Kind::Unlock).ok()?;
        let fits = self.ring().with_each(|key| match key.peel(wrap, &nobodys) {
            Err(PeelError::NotOurs) => Err(NotPeeled::NotOurs),
            Err(PeelError::Damaged) => Err(NotPeeled::Damaged),
            Err(PeelError::WrongBinding) | Ok(_) => Ok(()),
        });
        fits.ok().map(|((), generation)| generation)
    }

    fn give(&self, released: &Released) -> Result<Zeroizing<Vec<u8>>, NotPeeled> {
        let binding = binding(released.subject(), released.version(), released.kind())?;
        Ok(self.ring().with_each(|key| key.peel(released.wrap(), &binding))?.0)
    }

    fn inspect(
        &self,
        wrap: &[u8],
        subject: &str,
        version: u32,
        kind: WrapKind,
        letter_age: Option<&[u8]>,
    ) -> Result<u32, NotPeeled> {
        let binding = binding(subject, version, kind)?;
        Ok(self.ring().with_each(|key| key.inspect(wrap, &binding, letter_age))?.1)
    }

    fn rewrap(
        &self,
        wrap: &[u8],
        subject: &str,
        version: u32,
        kind: WrapKind,
    ) -> Result<(Vec<u8>, u32), NotPeeled> {
        let binding = binding(subject, version, kind)?;
        let ring = self.ring();
        let (_, present) = ring.keys.first().ok_or(NotPeeled::NotOurs)?;
        let to = present.recipient();
        let (bytes, _) = ring.with_each(|key| key.rewrap(wrap, &binding, &to))?;
        Ok((bytes, ring.generation))
    }
}
