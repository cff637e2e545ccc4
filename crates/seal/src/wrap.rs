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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{binding::Kind, host::HostKey};
    use proptest::prelude::*;

    const ID: &str = "abcdefghijklmnopqrstuvwxyz";

    #[test]
    fn what_is_too_large_for_a_wrap_is_refused_when_it_is_made() {
        let house = HostKey::from_seed(&[1; 32]).recipient();
        assert!(wrap(&house, &[0; 60_000]).is_ok());
        assert!(wrap(&house, &[0; MAX_WRAP_BYTES]).is_err());
    }

    #[test]
    fn the_line_is_taken_off_whole_or_not_at_all() {
        let binding = Binding::new(ID, 1, Kind::Host).unwrap();
        let line = binding.line();
        assert_eq!(unbind(format!("{line}K").as_bytes(), &binding), Ok(&b"K"[..]));
        for plain in ["", "K", &line[..line.len() - 1], &format!(" {line}K"), &line.replace('\n', "\r\n")] {
            assert_eq!(unbind(plain.as_bytes(), &binding), Err(SealError::WrongBinding), "{plain:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(
            lines in proptest::collection::vec("(-> ?|--- ?|age-encryption.org/v1)?[ -~]{0,70}", 0..8),
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let mut file = b"age-encryption.org/v1\n".to_vec();
            file.extend(lines.join("\n").into_bytes());
            file.extend(&bytes);
            let _ = check_wrap(&file);
            let _ = check_wrap(&bytes);
            let binding = Binding::new(ID, 1, Kind::Host).unwrap();
            prop_assert!(HostKey::from_seed(&[1; 32]).peel(&file, &binding).is_err());
        }
    }
}
