//! The identities that -i names: files of keys, as they are or under a passphrase (`keys/mara.age` of an exported letter). It
//! opens nothing else.

use super::super::files::{self, Input};
use super::super::{Said, terminal};
use super::{OpenArgs, passphrase};
use std::path::Path;
use unsaid_seal::claim::read_claim_words;
use unsaid_seal::stream::{Identity, Sealed, StreamError, open_small_with_passphrase, read_identities};
use zeroize::Zeroizing;

/// All of them, and the files that they came from.
pub(super) fn identities(args: &OpenArgs) -> Result<(Vec<Identity>, Vec<Input>), Said> {
    let (mut all, mut lists) = (Vec::new(), Vec::new());
    for path in &args.identities {
        let (bytes, input) = files::small(path)?;
        let plain = key_text(args, path, &input.name, bytes)?;
        let found = read_identities(&plain)
            .map_err(|(line, error)| format!("{}, line {line}: {error}", input.name))?;
        all.extend(found);
        lists.push(input);
    }
    Ok((all, lists))
}

/// The text with the keys, out of its passphrase file when it lies in one.
pub(super) fn key_text(
    args: &OpenArgs,
    path: &Path,
    name: &str,
    bytes: Zeroizing<Vec<u8>>,
) -> Result<Zeroizing<Vec<u8>>, Said> {
    match Sealed::read(&bytes[..]).map(|sealed| sealed.wants_passphrase()) {
        Ok(true) => {}
        Ok(false) => {
            return Err(format!(
                "{name} is itself sealed to a key. Open it first, and name the file that comes out."
            ));
        }
        Err(StreamError::NotSealed) => return Ok(bytes),
        Err(error) => return Err(format!("{name}: {error}")),
    }
    let typed = if files::is_standard(Some(path)) && args.passphrase_file.is_none() {
        terminal::ask_unseen("Passphrase for the key file:")?
    } else {
        passphrase(args, &format!("Passphrase or words for {name}:"))?
    };
    open_with(&bytes, &typed).map_err(|error| format!("{name}: {error}"))
}

/// As it was typed, and as the words of a card when it can be those.
pub(super) fn open_with(file: &[u8], typed: &str) -> Result<Zeroizing<Vec<u8>>, StreamError> {
    match (open_small_with_passphrase(file, typed), read_claim_words(typed)) {
        (Err(StreamError::WrongPassphrase), Ok(words)) if *words != *typed => {
            open_small_with_passphrase(file, &words)
        }
        (opened, _) => opened,
    }
}
