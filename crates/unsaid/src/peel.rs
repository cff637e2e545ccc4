//! The peel port: the only caller of `unsaid_seal::host`, and the only place where the host key is used. Three doors: `give` hands out what lies
//! under the host's layer, against a `Released` that only the store makes; `inspect` says yes or why not; `rewrap` gives a new wrap. The last
//! two let no key out. All three check the binding line (docs/protocol.md). Knows no rows and no requests.

use crate::secrets::HouseKeys;
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
        WrapKind::Unlock => Kind::Unlock,
        WrapKind::Author => return Err(NotPeeled::WrongBinding),
    };
    Binding::new(subject, version, kind).map_err(|_| NotPeeled::WrongBinding)
}

/// The port.
pub trait Peel: Send + Sync {
    /// The host's age1pq recipient, which every browser seals to.
    fn recipient(&self) -> &str;
    /// Which opening root that is.
    fn generation(&self) -> u32;
    /// What lies under the host's layer.
    fn give(&self, released: &Released) -> Result<Zeroizing<Vec<u8>>, NotPeeled>;
    /// Whether a wrap is ours, carries this line, and (for a letter kept by this house) opens the beginning of `letter_age`.
    fn inspect(
        &self,
        wrap: &[u8],
        subject: &str,
        version: u32,
        kind: WrapKind,
        letter_age: Option<&[u8]>,
    ) -> Result<(), NotPeeled>;
    /// The same content under another host key.
    fn rewrap(
        &self,
        wrap: &[u8],
        subject: &str,
        version: u32,
        kind: WrapKind,
        to: &str,
    ) -> Result<Vec<u8>, NotPeeled>;
}

/// The port with the house's own key.
pub struct HostPeel {
    key: HostKey,
    recipient: String,
    generation: u32,
}

impl HostPeel {
    /// With the key of the present opening root.
    pub fn new(keys: &HouseKeys) -> Self {
        let key = HostKey::from_seed(&keys.host_key_seed());
        Self { recipient: key.recipient().to_string(), key, generation: keys.opening_generation }
    }
}

impl Peel for HostPeel {
    fn recipient(&self) -> &str {
        &self.recipient
    }

    fn generation(&self) -> u32 {
        self.generation
    }

    fn give(&self, released: &Released) -> Result<Zeroizing<Vec<u8>>, NotPeeled> {
        let binding = binding(released.subject(), released.version(), released.kind())?;
        Ok(self.key.peel(released.wrap(), &binding)?)
    }

    fn inspect(
        &self,
        wrap: &[u8],
        subject: &str,
        version: u32,
        kind: WrapKind,
        letter_age: Option<&[u8]>,
    ) -> Result<(), NotPeeled> {
        Ok(self.key.inspect(wrap, &binding(subject, version, kind)?, letter_age)?)
    }

    fn rewrap(
        &self,
        wrap: &[u8],
        subject: &str,
        version: u32,
        kind: WrapKind,
        to: &str,
    ) -> Result<Vec<u8>, NotPeeled> {
        let to = to.parse().map_err(|_| NotPeeled::NotOurs)?;
        Ok(self.key.rewrap(wrap, &binding(subject, version, kind)?, &to)?)
    }
}
