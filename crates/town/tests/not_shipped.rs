//! The program does not contain the town: no movable clock can be reached in a house. The search is shown to find what is there.

use std::path::{Path, PathBuf};

fn beside_the_town(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_unsaid-town")).with_file_name(name)
}

fn contains(program: &Path, word: &str) -> bool {
    let bytes = std::fs::read(program)
        .unwrap_or_else(|e| panic!("{}: {e}. Build it with: cargo build -p unsaid", program.display()));
    bytes.windows(word.len()).any(|part| part == word.as_bytes())
}

#[test]
fn the_program_does_not_contain_the_town() {
    for word in ["/town/advance", "wall-only"] {
        assert!(contains(&beside_the_town("unsaid-town"), word), "the search finds what is there");
        assert!(!contains(&beside_the_town("unsaid"), word), "{word} stands in the program");
    }
    assert!(contains(&beside_the_town("unsaid"), "/readyz"), "and it is the program");
}

#[test]
fn the_program_is_built_without_the_town_and_the_simulator() {
    let manifest = include_str!("../../unsaid/Cargo.toml");
    assert!(!manifest.contains("unsaid-town") && !manifest.contains("unsaid-sim"));
}
