//! The list of a backup, which may have been on anybody's disk: it is read as a whole or not at all, no name leads out of its folder, and what is read is written as it was.

use std::path::{Component, Path};
use unsaid::cli::backup::contents::Contents;

/// One such list.
pub(crate) fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let Some(contents) = Contents::parse(text) else { return false };
    let written = contents.text();
    assert_eq!(Contents::parse(&written).as_ref(), Some(&contents), "it reads as another one:\n{written}");
    if let Some((name, _, _)) = &contents.database {
        let parts: Vec<Component<'_>> = Path::new(name).components().collect();
        assert!(matches!(parts[..], [Component::Normal(_)]), "{name:?} leads out");
    }
    // Without its last line it is not whole.
    let torn = &written[..written.len() - 2];
    let torn = torn.rfind('\n').map_or("", |at| &torn[..at]);
    assert!(Contents::parse(torn).is_none(), "a torn list is taken for a whole one");
    true
}
