//! Whole age files in memory, in and out: letters, wraps and passphrase files are small. Knows keys only as age's traits
//! and gives every refusal of age the name that this room uses.

use crate::{errors::SealError, header::parse_header};
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// Encrypts to one recipient. age draws the file key and the nonce from the operating system.
pub(crate) fn encrypt(recipient: &dyn age::Recipient, plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let refused = || SealError::BadInput("age refused the recipient");
    let encryptor = age::Encryptor::with_recipients(std::iter::once(recipient)).map_err(|_| refused())?;
    let mut file = Vec::with_capacity(plain.len() + 4096);
    let mut writer = encryptor.wrap_output(&mut file).map_err(|_| refused())?;
    writer.write_all(plain).map_err(|_| refused())?;
    writer.finish().map_err(|_| refused())?;
    Ok(file)
}

/// Decrypts a whole file.
pub(crate) fn decrypt(identity: &dyn age::Identity, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut reader = reader(identity, file)?;
    // Large enough from the start: a growing vector would leave copies of the secret behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(file.len()));
    reader.read_to_end(&mut plain).map_err(|_| SealError::Damaged)?;
    Ok(plain)
}

/// Whether the key opens the first chunk (64 KiB) of a file of which at least that much is given, or all of it.
pub(crate) fn opens_first_chunk(identity: &dyn age::Identity, head: &[u8]) -> Result<(), SealError> {
    let mut first = Zeroizing::new([0u8; 1]);
    match reader(identity, head)?.read(&mut *first) {
        Ok(1) => Ok(()),
        _ => Err(SealError::Damaged),
    }
}

fn reader<'a>(
    identity: &dyn age::Identity,
    file: &'a [u8],
) -> Result<age::stream::StreamReader<&'a [u8]>, SealError> {
    // What age forgives in old files, ours never had; the browser's half does not forgive it either.
    parse_header(file)?;
    let decryptor = age::Decryptor::new_buffered(file).map_err(|_| SealError::Damaged)?;
    decryptor.decrypt(std::iter::once(identity)).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys | age::DecryptError::DecryptionFailed => SealError::WrongKey,
        _ => SealError::Damaged,
    })
}
