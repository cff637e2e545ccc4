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

/// The features with which cargo would build our own crates for this package.
fn features_of(package: &str) -> Vec<String> {
    let cargo = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal,build", "--prefix", "none", "--format", "{p} has {f}"])
        .args(["--package", package])
        .output()
        .expect("cargo runs");
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let said = String::from_utf8(cargo.stdout).expect("cargo writes UTF-8");
    said.lines().filter(|line| line.starts_with("unsaid")).map(str::to_owned).collect()
}

#[test]
fn the_program_is_built_without_planted_faults() {
    let planted = |package: &str| {
        let ours = features_of(package);
        assert!(ours.iter().any(|line| line.starts_with("unsaid-delivery ")), "{ours:?}");
        ours.into_iter().filter(|line| line.contains("planted")).collect::<Vec<_>>()
    };
    assert_eq!(planted("unsaid"), Vec::<String>::new());
    assert_eq!(planted("unsaid-town"), Vec::<String>::new());
    assert!(planted("unsaid-sim").len() >= 3, "the search finds what is there");
    // Whoever builds everything at once gets no program, instead of one that has them.
    assert!(include_str!("../../unsaid/src/main.rs").contains("compile_error!"));
}

#[test]
fn the_program_is_built_without_the_town_and_the_simulator() {
    let manifest = include_str!("../../unsaid/Cargo.toml");
    assert!(!manifest.contains("unsaid-town") && !manifest.contains("unsaid-sim"));
}
