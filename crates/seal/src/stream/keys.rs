//! Recipients and identities as the age tool writes them, one a line, of the two kinds that Unsaid has. Keys of ssh and of
//! plugins are refused by their name, so that nobody wonders. It opens no file.

use crate::pq;
use std::str::FromStr;

/// Whom a file is sealed to.
#[derive(Clone)]
pub struct Recipient(Public);

#[derive(Clone)]
enum Public {
    X25519(age::x25519::Recipient),
    PostQuantum(Box<pq::Recipient>),
}

/// A secret key. It has no Debug, no Clone and no text.
pub struct Identity(Secret);

enum Secret {
    X25519(age::x25519::Identity),
    PostQuantum(Box<pq::Identity>),
}

/// Why a line is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// A secret key where a recipient was expected. It is not shown again.
    #[error(
        "This is a secret key, and not a recipient. Keep it to yourself, and name its public half, which begins with age1."
    )]
    SecretGiven,
    /// A recipient where a secret key was expected.
    #[error(
        "This is a recipient, and not a secret key. Give the file with the line that begins with AGE-SECRET-KEY-."
    )]
    PublicGiven,
    /// A key of ssh.
    #[error(
        "Keys of ssh are not taken here. Use the age tool for them, or a recipient that begins with age1."
    )]
    Ssh,
    /// A key that was copied with a mistake, or of a plugin.
    #[error(
        "This is not a whole key that Unsaid knows. Copy it again, from age1 or AGE-SECRET-KEY- to its end."
    )]
    Unknown,
    /// A file without any key.
    #[error("There is no key in this file. Give the one that age-keygen or Unsaid made.")]
    Empty,
}

impl Recipient {
    /// Whether a quantum computer would not open what is sealed to it.
    pub fn is_post_quantum(&self) -> bool {
        matches!(self.0, Public::PostQuantum(_))
    }

    pub(super) fn as_age(&self) -> &dyn age::Recipient {
        match &self.0 {
            Public::X25519(recipient) => recipient,
            Public::PostQuantum(recipient) => &**recipient,
        }
    }
}

impl FromStr for Recipient {
    type Err = KeyTextError;
    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            return Err(KeyTextError::SecretGiven);
        }
        if text.starts_with("ssh-") {
            return Err(KeyTextError::Ssh);
        }
        if text.starts_with("age1pq1") {
            let recipient = text.parse().map_err(|_| KeyTextError::Unknown)?;
            return Ok(Self(Public::PostQuantum(Box::new(recipient))));
        }
        text.parse().map(|recipient| Self(Public::X25519(recipient))).map_err(|_| KeyTextError::Unknown)
    }
}

impl Identity {
    pub(super) fn as_age(&self) -> &dyn age::Identity {
        match &self.0 {
            Secret::X25519(identity) => identity,
            Secret::PostQuantum(identity) => &**identity,
        }
    }
}

impl FromStr for Identity {
    type Err = KeyTextError;
    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        if text.starts_with("-----BEGIN OPENSSH") || text.starts_with("-----BEGIN RSA") {
            return Err(KeyTextError::Ssh);
        }
        if text.starts_with("age1") || text.starts_with("ssh-") {
            return Err(KeyTextError::PublicGiven);
        }
        if text.starts_with("AGE-SECRET-KEY-PQ-1") {
            let identity = text.parse().map_err(|_| KeyTextError::Unknown)?;
            return Ok(Self(Secret::PostQuantum(Box::new(identity))));
        }
        text.parse().map(|identity| Self(Secret::X25519(identity))).map_err(|_| KeyTextError::Unknown)
    }
}

/// All recipients of a file: one a line; empty lines and those that begin with `#` are passed over. An error comes with the
/// number of its line, from 1.
pub fn read_recipients(file: &[u8]) -> Result<Vec<Recipient>, (usize, KeyTextError)> {
    read_lines(file)
}

/// All identities of a file, in the same way.
pub fn read_identities(file: &[u8]) -> Result<Vec<Identity>, (usize, KeyTextError)> {
    read_lines(file)
}

fn read_lines<K: FromStr<Err = KeyTextError>>(file: &[u8]) -> Result<Vec<K>, (usize, KeyTextError)> {
    let text = std::str::from_utf8(file).map_err(|_| (1, KeyTextError::Unknown))?;
    let mut keys = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            keys.push(line.parse().map_err(|error| (number + 1, error))?);
        }
    }
    if keys.is_empty() { Err((1, KeyTextError::Empty)) } else { Ok(keys) }
}
