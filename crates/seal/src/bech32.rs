//! Bech32 (BIP-173) without its limit on length, as age writes its keys. Knows only texts and bytes.

use ::bech32::Hrp;
use age_core::primitives::{bech32_decode, bech32_encode};
use zeroize::Zeroizing;

/// Lower-case text of public bytes.
pub(crate) fn public(prefix: &str, bytes: &[u8]) -> String {
    bech32_encode(Hrp::parse_unchecked(prefix), bytes)
}

/// Upper-case text of a secret, as every age identity has it.
pub(crate) fn secret(prefix: &str, bytes: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(bech32_encode(Hrp::parse_unchecked(prefix), bytes));
    text.make_ascii_uppercase();
    text
}

/// The bytes of a lower-case text with this prefix.
pub(crate) fn read_public(prefix: &str, text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    decode(prefix, text).map(|mut bytes| std::mem::take(&mut *bytes))
}

/// The 32 bytes of an upper-case text with this prefix.
pub(crate) fn read_secret(prefix: &str, text: &str) -> Option<Zeroizing<[u8; 32]>> {
    if text.bytes().any(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let bytes = decode(prefix, text)?;
    let array: &[u8; 32] = bytes.as_slice().try_into().ok()?;
    Some(Zeroizing::new(*array))
}

fn decode(prefix: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let wanted = Hrp::parse_unchecked(prefix);
    bech32_decode(
        text,
        |_| (),
        |found| if found == wanted { Ok(()) } else { Err(()) },
        |_, bytes| Ok(Zeroizing::new(bytes.collect::<Vec<u8>>())),
    )
    .ok()
}
