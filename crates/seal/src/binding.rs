//! The line that ties a wrap to one letter, one version and one way of opening. The host compares it before it gives
//! anything out; without it, a stolen wrap could be peeled under another account.

use crate::errors::SealError;
use std::{fmt, str::FromStr};

/// The ways of opening under a host layer. An author's wrap has no host layer and no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Kept by this house: under the layer lies K itself.
    Host,
    /// Words only the two know: under the layer lies a passphrase file with K.
    Words,
    /// The keepers together: under the layer lies a wrap to their set.
    Keepers,
    /// An account's passphrase file.
    Unlock,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Host, Self::Words, Self::Keepers, Self::Unlock];

    /// The word that stands in the line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Words => "words",
            Self::Keepers => "keepers",
            Self::Unlock => "unlock",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Kind {
    type Err = SealError;
    fn from_str(word: &str) -> Result<Self, SealError> {
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or(SealError::WrongBinding)
    }
}

/// What a wrap is for. For [`Kind::Unlock`] the id is the account's, and the version counts its passphrases.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Binding {
    id: String,
    version: u32,
    kind: Kind,
}

impl Binding {
    /// Refuses an id that is not 26 letters of base32 and the version 0.
    pub fn new(id: &str, version: u32, kind: Kind) -> Result<Self, SealError> {
        check_id(id)?;
        check_version(version)?;
        Ok(Self { id: id.to_owned(), version, kind })
    }

    /// The letter's id, or the account's.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version, from 1.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The way of opening.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// `unsaid-wrap 1 <id> <version> <kind>` and a line feed.
    pub fn line(&self) -> String {
        format!("unsaid-wrap 1 {} {} {}\n", self.id, self.version, self.kind)
    }

    /// Reads such a line, strictly: one space each, no leading zero, the line feed at its end.
    pub fn parse(line: &str) -> Result<Self, SealError> {
        let wrong = SealError::WrongBinding;
        let words: Vec<&str> = line.strip_suffix('\n').ok_or(wrong)?.split(' ').collect();
        let ["unsaid-wrap", "1", id, version, kind] = words[..] else { return Err(wrong) };
        let binding = Self::new(id, version.parse().map_err(|_| wrong)?, kind.parse()?).map_err(|_| wrong)?;
        if binding.line() == line { Ok(binding) } else { Err(wrong) }
    }
}

/// 128 random bits in lower-case base32 without padding (RFC 4648).
pub(crate) fn check_id(id: &str) -> Result<(), SealError> {
    let base32 = |b: u8| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b);
    if id.len() == 26 && id.bytes().all(base32) {
        Ok(())
    } else {
        Err(SealError::BadInput("an id is 26 letters of base32"))
    }
}

pub(crate) fn check_version(version: u32) -> Result<(), SealError> {
    if version == 0 { Err(SealError::BadInput("versions count from 1")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "abcdefghijklmnopqrstuvwxyz";

    #[test]
    fn the_line_is_as_the_protocol_says() {
        let binding = Binding::new(ID, 3, Kind::Host).unwrap();
        assert_eq!(binding.line(), "unsaid-wrap 1 abcdefghijklmnopqrstuvwxyz 3 host\n");
        assert_eq!(Binding::parse(&binding.line()).unwrap(), binding);
    }

    #[test]
    fn nothing_but_the_exact_line_is_read() {
        for line in [
            format!("unsaid-wrap 1 {ID} 3 host"),
            format!("unsaid-wrap 1 {ID} 03 host\n"),
            format!("unsaid-wrap 1 {ID} +3 host\n"),
            format!("unsaid-wrap 1 {ID} 0 host\n"),
            format!("unsaid-wrap 1 {ID} 4294967296 host\n"),
            format!("unsaid-wrap 2 {ID} 3 host\n"),
            format!("unsaid-wrap 1 {ID} 3 author\n"),
            format!("unsaid-wrap 1  {ID} 3 host\n"),
            format!("unsaid-wrap 1 {ID} 3 host \n"),
            format!("unsaid-wrap 1 {ID} 3 host\r\n"),
            format!("unsaid-wrap 1 {} 3 host\n", ID.to_uppercase()),
            format!("unsaid-wrap 1 {}1 3 host\n", &ID[..25]),
            String::new(),
        ] {
            assert_eq!(Binding::parse(&line), Err(SealError::WrongBinding), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn every_binding_reads_back(id in "[a-z2-7]{26}", version in 1u32.., kind in 0usize..4) {
            let binding = Binding::new(&id, version, Kind::ALL[kind]).unwrap();
            prop_assert_eq!(Binding::parse(&binding.line()).unwrap(), binding);
        }

        #[test]
        fn no_text_makes_it_panic(line in "\\PC*") {
            let _ = Binding::parse(&line);
        }
    }
}
