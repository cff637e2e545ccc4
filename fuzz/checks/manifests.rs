//! Manifests of recovery that were written by anybody: none is taken for another kind, that of a life is whole or not there, and what is read of it is written as it was.

use unsaid_store::sql::life_manifest::LifeManifest;
use unsaid_store::sql::recovery::{LetterManifest, account_in};

/// One such text.
pub(crate) fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let letter = LetterManifest::read(text);
    let account = account_in(text);
    let life = LifeManifest::read(text);
    let read = [letter.is_some(), account.is_some(), life.is_some()];
    assert!(read.into_iter().filter(|read| *read).count() <= 1, "it is taken for two things");
    if let Some(letter) = letter {
        assert!(
            !letter.parts.iter().any(|part| part.name.is_empty() || part.name.contains(char::is_whitespace))
        );
        assert!(letter.promised.is_none_or(|promised| !promised.language.is_empty()));
    }
    if let Some(life) = life {
        let written = life.text();
        assert_eq!(LifeManifest::read(&written), Some(life), "it reads as another one:\n{written}");
    }
    read.contains(&true)
}
