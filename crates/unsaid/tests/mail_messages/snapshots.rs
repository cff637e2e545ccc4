//! Every message, whole, as a file in snapshots/mail/: what is compared is what arrives, byte for byte.
//! `UNSAID_BLESS=1` writes the files anew; then they are read, aloud, before they are committed.

use std::collections::BTreeSet;
use std::path::Path;

use super::kinds::{all, all_spoken, in_words, written};

#[test]
#[expect(clippy::disallowed_methods, reason = "one variable, for whoever changes the words")]
fn whole_messages_are_what_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/mail");
    let bless = std::env::var("UNSAID_BLESS").is_ok();
    let mut known = BTreeSet::new();
    for (words, name, head, message) in all_spoken() {
        let path = folder.join(words.tag()).join(format!("{name}.eml"));
        let whole = in_words(words, &head, &message);
        if bless {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &whole).unwrap();
        }
        let before = std::fs::read(&path)
            .unwrap_or_else(|_| panic!("{} is not there: UNSAID_BLESS=1 writes it", path.display()));
        assert!(
            before == whole.as_bytes(),
            "{} is not what is written now. If that is meant, UNSAID_BLESS=1.\n{whole}",
            path.display()
        );
        known.insert(path);
    }
    for language in ["en", "es"] {
        for entry in std::fs::read_dir(folder.join(language)).unwrap() {
            let path = entry.unwrap().path();
            assert!(known.contains(&path), "{} is of no message that is written", path.display());
        }
    }
}

#[test]
fn the_same_message_is_the_same_bytes() {
    for ((_, head, message), (_, again, repeated)) in all().into_iter().zip(all()) {
        assert_eq!(written(&head, &message), written(&again, &repeated));
    }
}
