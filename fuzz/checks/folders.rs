//! What `unsaid open` takes from a folder that came from anybody: about.json with the names of files, and the texts that hold keys, hands and words.
//! Nothing else is imported by this version. No name leads out of the folder, and what is read of a key is written as it was.

use unsaid::cli::open::about;
use unsaid_seal::claim::read_claim_words;
use unsaid_seal::key::read_key_file;
use unsaid_seal::kit::{kit_text, read_kit};
use unsaid_seal::stream::{read_identities, read_recipients};
use unsaid_seal::words::normalise_words;

/// One small file of such a folder, or what is typed to open it.
pub(crate) fn check(data: &[u8]) -> bool {
    let _ = read_key_file(data);
    let _ = read_recipients(data);
    let _ = read_identities(data);
    let Ok(text) = std::str::from_utf8(data) else { return false };
    if let Ok(words) = read_claim_words(text) {
        assert!(read_claim_words(&words).is_ok_and(|again| again == words));
        assert_eq!(words.split(' ').count(), 8);
    }
    if let Ok(words) = normalise_words(text, 6) {
        assert!(normalise_words(&words, 6).is_ok_and(|again| again == words));
    }
    if let Ok(identity) = read_kit(text) {
        let printed = kit_text(&identity, "https://letters.example.org", "2037-03-12");
        let again = read_kit(&printed).unwrap_or_else(|e| panic!("our own paper is not read: {e}"));
        assert!(*kit_text(&again, "https://letters.example.org", "2037-03-12") == *printed);
    }
    let Ok(about) = about::parse(text) else { return false };
    for name in about.looked_at() {
        let path = std::path::Path::new(name);
        assert!(path.is_relative() && !name.split('/').any(|part| part == ".."), "{name:?} leads out");
    }
    // None of these files is there: each is said to be missing, in a sentence that a terminal can show.
    let nowhere = std::path::Path::new("/nonexistent/folder");
    let missing = about.damages(nowhere);
    assert_eq!(missing.len(), about.looked_at().count());
    assert!(missing.iter().all(|said| !said.chars().any(char::is_control)), "{missing:?}");
    true
}
