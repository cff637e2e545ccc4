//! A wrap: one small age file to exactly one age1pq recipient, which holds a letter key or another wrap. Refuses every
//! other recipient and every mixture.

use crate::{binding::Binding, container, errors::SealError, header::parse_header, pq};
use zeroize::Zeroizing;

/// The largest wrap that is made or opened: a key file under three layers is a tenth of it.
pub const MAX_WRAP_BYTES: usize = 64 * 1024;

/// Encrypts to one age1pq recipient and to nobody else.
pub fn wrap(recipient: &pq::Recipient, inner: &[u8]) -> Result<Vec<u8>, SealError> {
    let file = container::encrypt(recipient, inner)?;
    if file.len() > MAX_WRAP_BYTES {
        return Err(SealError::BadInput("too large for a wrap"));
    }
    check_wrap(&file)?;
    Ok(file)
}

/// Encrypts to the host, with the binding line before `inner`.
pub fn wrap_bound(host: &pq::Recipient, binding: &Binding, inner: &[u8]) -> Result<Vec<u8>, SealError> {
    let line = binding.line();
    let mut plain = Zeroizing::new(Vec::with_capacity(line.len() + inner.len()));
    plain.extend_from_slice(line.as_bytes());
    plain.extend_from_slice(inner);
    wrap(host, &plain)
}

/// Opens a wrap with an age1pq identity.
pub fn open_wrap(identity: &pq::Identity, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    check_wrap(file)?;
    container::decrypt(identity, file)
}

/// Takes the binding line off what lay under a host layer, when it is the expected one.
pub fn unbind<'a>(plain: &'a [u8], expected: &Binding) -> Result<&'a [u8], SealError> {
    plain.strip_prefix(expected.line().as_bytes()).ok_or(SealError::WrongBinding)
}

/// Refuses unless the file has one age1pq stanza and, at most, the grease that age tools of Rust add.
pub fn check_wrap(file: &[u8]) -> Result<(), SealError> {
    if file.len() > MAX_WRAP_BYTES {
        return Err(SealError::NotAWrap);
    }
    let (stanzas, _) = parse_header(file)?;
    let mut real = stanzas.iter().map(|stanza| stanza.kind).filter(|kind| !kind.ends_with("-grease"));
    match (real.next(), real.next()) {
        (Some(pq::STANZA), None) => Ok(()),
        _ => Err(SealError::NotAWrap),
    }
}
