//! Age files of any size, from a reader to a writer, in the same memory however long they are: photographs and films, and the
//! command line's files. It reads the keys that the age tool reads (X25519 and age1pq), and knows no letters and no paths.
//!
//! Plain bytes are written as they are proved, chunk by chunk; that the end is there is known only at the end. Whoever writes
//! to a file must therefore give it its name last.

mod keys;

use crate::{container, errors::SealError, header::parse_header};
use age::{
    Decryptor,
    armor::{ArmoredReader, ArmoredWriter, Format},
    stream::StreamWriter,
};
use secrecy::SecretString;
use std::io::{self, Cursor, Read, Write};
use zeroize::Zeroizing;

pub use keys::{Identity, KeyTextError, Recipient, read_identities, read_recipients};

/// log2 of scrypt's N for a passphrase that somebody chose: 256 MiB. It is what the age tool takes.
const PASSPHRASE_WORK_FACTOR: u8 = 18;
/// The most work that is done for somebody else's file, as in the age tool: 4 GiB, and a minute.
const MAX_WORK_FACTOR: u8 = 22;
/// A header comes near this only with a thousand recipients; a hostile one must not cost memory.
const MAX_HEAD_BYTES: usize = 1024 * 1024;
/// How much is read and written at a time.
const BUFFER_BYTES: usize = 64 * 1024;

const ARMOUR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const INTRO: &[u8] = b"age-encryption.org/";
/// The first line of a file of the version that is read here (C2SP age).
const KNOWN: &[u8] = b"age-encryption.org/v1\n";

/// Why a stream was not sealed or not opened.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The source could not be read.
    #[error("Reading failed: {0}. Look at the disk or the connection, and try again.")]
    Read(io::Error),
    /// The destination could not be written.
    #[error("Writing failed: {0}. Look at the disk and the space that is left, and try again.")]
    Write(io::Error),
    /// Nobody to seal to.
    #[error("Nobody is named who could open it. Give a recipient.")]
    NobodyNamed,
    /// Post-quantum recipients beside others: the file would be as weak as the weaker.
    #[error(
        "Post-quantum recipients (age1pq1…) and others (age1…) cannot open the same file. Seal it twice, or name recipients of one kind."
    )]
    Mixed,
    /// Not an age file at all.
    #[error("This is not a sealed file. Check that it is the right one, and that nothing was put before it.")]
    NotSealed,
    /// A text that went through a redirection of an old Windows.
    #[error(
        "This file was changed by a redirection in PowerShell. Make it again, and let the program write the file itself, with -o."
    )]
    Mangled,
    /// A later version of the format.
    #[error("This file is of a newer format than this program knows. Open it with a newer program.")]
    Newer,
    /// None of the keys is the file's.
    #[error("None of these keys opens the file. Look for the key that was made with it.")]
    WrongKey,
    /// The passphrase is not the file's.
    #[error("This passphrase does not open the file. Compare it letter by letter, and try again.")]
    WrongPassphrase,
    /// The passphrase file asks for hours of work.
    #[error(
        "Opening this file would take this machine very long, as nobody means it to. It may be meant to do harm; leave it."
    )]
    TooMuchWork,
    /// Changed or cut.
    #[error("The file is damaged or its end is missing. Fetch it again, or take another copy.")]
    Damaged,
}

impl From<SealError> for StreamError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::WrongKey => Self::WrongKey,
            _ => Self::Damaged,
        }
    }
}

/// How the sealed bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As bytes.
    Binary,
    /// As text, a third longer, that survives a mail or a chat.
    Armoured,
}

/// Seals to one or more recipients of one kind. Gives the number of plain bytes.
pub fn seal_stream(
    recipients: &[Recipient],
    form: Form,
    from: &mut dyn Read,
    to: &mut dyn Write,
) -> Result<u64, StreamError> {
    let quantum_safe = recipients.iter().filter(|recipient| recipient.is_post_quantum()).count();
    if recipients.is_empty() {
        return Err(StreamError::NobodyNamed);
    }
    if quantum_safe != 0 && quantum_safe != recipients.len() {
        return Err(StreamError::Mixed);
    }
    seal_to(recipients.iter().map(Recipient::as_age), form, from, to)
}

/// Seals under a passphrase. Takes about a second and 256 MiB before the first byte.
pub fn seal_stream_with_passphrase(
    passphrase: &str,
    form: Form,
    from: &mut dyn Read,
    to: &mut dyn Write,
) -> Result<u64, StreamError> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(PASSPHRASE_WORK_FACTOR);
    seal_to(std::iter::once(&recipient as &dyn age::Recipient), form, from, to)
}

/// Seals a part of a letter to its own recipient.
pub(crate) fn seal_part(
    recipient: &age::x25519::Recipient,
    from: &mut dyn Read,
    to: &mut dyn Write,
) -> Result<u64, StreamError> {
    seal_to(std::iter::once(recipient as &dyn age::Recipient), Form::Binary, from, to)
}

fn seal_to<'a>(
    recipients: impl Iterator<Item = &'a dyn age::Recipient>,
    form: Form,
    from: &mut dyn Read,
    to: &mut dyn Write,
) -> Result<u64, StreamError> {
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(|error| match error {
        age::EncryptError::Io(error) => StreamError::Write(error),
        age::EncryptError::MissingRecipients => StreamError::NobodyNamed,
        _ => StreamError::Mixed,
    })?;
    let format = match form {
        Form::Binary => Format::Binary,
        Form::Armoured => Format::AsciiArmor,
    };
    let armour = ArmoredWriter::wrap_output(to, format).map_err(StreamError::Write)?;
    let mut writer = encryptor.wrap_output(armour).map_err(StreamError::Write)?;
    let size = copy(from, &mut writer, StreamError::Read)?;
    let finish = |writer: StreamWriter<ArmoredWriter<&mut dyn Write>>| writer.finish()?.finish()?.flush();
    finish(writer).map_err(StreamError::Write)?;
    Ok(size)
}

/// A sealed stream whose head was read: what kind of key it wants is known, and nothing else.
pub struct Sealed<'a>(Decryptor<Source<'a>>);

type Source<'a> = io::Chain<Cursor<Vec<u8>>, Box<dyn Read + 'a>>;

impl<'a> Sealed<'a> {
    /// Reads the head of an age file, armoured or not.
    pub fn read(from: impl Read + 'a) -> Result<Self, StreamError> {
        Self::read_as(from, false)
    }

    /// Reads the head of a part of a letter, as strictly as that of any part.
    pub(crate) fn read_part(from: impl Read + 'a) -> Result<Self, StreamError> {
        Self::read_as(from, true)
    }

    fn read_as(from: impl Read + 'a, part: bool) -> Result<Self, StreamError> {
        let mut source: Box<dyn Read + 'a> = Box::new(from);
        let first = take_up_to(&mut *source, ARMOUR.len())?;
        let armoured = first == ARMOUR;
        if first.starts_with(b"\xff\xfea\0g\0e") || first.starts_with(b"\xff\xfe-\0-\0") {
            return Err(StreamError::Mangled);
        }
        if part && armoured {
            return Err(StreamError::Damaged);
        }
        if !armoured && !first.starts_with(INTRO) {
            return Err(StreamError::NotSealed);
        }
        let whole = Cursor::new(first).chain(source);
        let mut source: Box<dyn Read + 'a> =
            if armoured { Box::new(ArmoredReader::new(whole)) } else { Box::new(whole) };
        let head = read_head(&mut *source)?;
        if part {
            parse_header(&head)?;
        }
        // A header that says that it is of this version, and cannot be read, is a damaged one and not a newer one.
        let known = head.starts_with(KNOWN);
        let decryptor =
            Decryptor::new(Cursor::new(head).chain(source)).map_err(|error| match refusal(error) {
                StreamError::Newer if known => StreamError::Damaged,
                other => other,
            })?;
        Ok(Self(decryptor))
    }

    /// Whether it opens with a passphrase, and not with keys.
    pub fn wants_passphrase(&self) -> bool {
        self.0.is_scrypt()
    }

    /// Opens with the first key that fits, and gives the number of plain bytes. What was written before an error is true,
    /// but not all.
    pub fn open(self, identities: &[Identity], to: &mut dyn Write) -> Result<u64, StreamError> {
        let reader = self.0.decrypt(identities.iter().map(Identity::as_age)).map_err(refusal)?;
        copy_opened(reader, to)
    }

    /// Opens with a passphrase.
    pub fn open_with_passphrase(self, passphrase: &str, to: &mut dyn Write) -> Result<u64, StreamError> {
        let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
        identity.set_max_work_factor(MAX_WORK_FACTOR);
        let identity: &dyn age::Identity = &identity;
        let reader = self.0.decrypt(std::iter::once(identity)).map_err(|error| match refusal(error) {
            StreamError::WrongKey => StreamError::WrongPassphrase,
            other => other,
        })?;
        copy_opened(reader, to)
    }

    /// Opens a part of a letter with its key.
    pub(crate) fn open_part(
        self,
        key: &age::x25519::Identity,
        to: &mut dyn Write,
    ) -> Result<u64, StreamError> {
        let reader = self.0.decrypt(std::iter::once(key as &dyn age::Identity)).map_err(refusal)?;
        copy_opened(reader, to)
    }
}

/// As much as is there, up to `size`.
fn take_up_to(from: &mut dyn Read, size: usize) -> Result<Vec<u8>, StreamError> {
    let mut bytes = Vec::with_capacity(size);
    from.take(size as u64).read_to_end(&mut bytes).map_err(broken)?;
    Ok(bytes)
}

/// Everything up to the end of the header, or what comes within its largest size.
fn read_head(from: &mut dyn Read) -> Result<Vec<u8>, StreamError> {
    let mut head = Vec::new();
    let mut seen = 0;
    loop {
        let piece = take_up_to(from, 4096)?;
        head.extend_from_slice(&piece);
        // The end of the header, "\n---", may lie across two pieces.
        if head[seen..].windows(4).any(|window| window == b"\n---") || piece.is_empty() {
            return Ok(head);
        }
        if head.len() > MAX_HEAD_BYTES {
            return Err(StreamError::Damaged);
        }
        seen = head.len().saturating_sub(3);
    }
}

fn refusal(error: age::DecryptError) -> StreamError {
    match error {
        age::DecryptError::NoMatchingKeys | age::DecryptError::DecryptionFailed => StreamError::WrongKey,
        age::DecryptError::ExcessiveWork { .. } => StreamError::TooMuchWork,
        age::DecryptError::UnknownFormat => StreamError::Newer,
        age::DecryptError::Io(error) => broken(error),
        _ => StreamError::Damaged,
    }
}

/// Files do not fail with these two kinds by themselves: age says by them that the bytes are not as they were sealed.
fn broken(error: io::Error) -> StreamError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => StreamError::Damaged,
        _ => StreamError::Read(error),
    }
}

fn copy_opened(mut from: impl Read, to: &mut dyn Write) -> Result<u64, StreamError> {
    let size = copy(&mut from, to, broken)?;
    to.flush().map_err(StreamError::Write)?;
    Ok(size)
}

fn copy(
    from: &mut dyn Read,
    to: &mut dyn Write,
    unread: fn(io::Error) -> StreamError,
) -> Result<u64, StreamError> {
    let mut buffer = Zeroizing::new(vec![0; BUFFER_BYTES]);
    let mut size = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(size),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unread(error)),
        };
        to.write_all(&buffer[..read]).map_err(StreamError::Write)?;
        size += read as u64;
    }
}

/// Opens a small sealed text, such as an identity file under a passphrase, into memory that is wiped.
pub fn open_small_with_passphrase(file: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, StreamError> {
    // Large enough from the start: a growing vector would leave copies of the secret behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(file.len()));
    Sealed::read(file)?.open_with_passphrase(passphrase, &mut *plain)?;
    Ok(plain)
}

/// Opens a small part of a letter, such as its signature.
pub fn open_small_part(key_file: &[u8], file: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    container::decrypt(&crate::key::read_key_file(key_file)?, file)
}

#[cfg(test)]
mod tests;
