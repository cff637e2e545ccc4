//! What fuzzing has found worth keeping, and what else comes in by the same doors in other tests, through the checks that the fuzz targets call
//! (fuzz/checks). It needs no fuzzer: `make fuzz` looks for more, this holds what is known.

#![expect(clippy::disallowed_methods, reason = "bytes that hang are seen on this machine's own clock")]

#[path = "../../../fuzz/checks/mod.rs"]
mod checks;

use checks::{TARGETS, Target};
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// No bytes of this size may hold the house up for longer, on a slow and busy machine.
const LONGEST: Duration = Duration::from_secs(20);
/// All corpora together stay this small.
const MOST_BYTES: u64 = 1 << 20;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file under this folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn kept(target: &Target) -> Vec<PathBuf> {
    files(&root().join("fuzz/corpus").join(target.name))
}

/// A fault that somebody catches on the way is one all the same.
static FAULTS: AtomicUsize = AtomicUsize::new(0);

#[test]
fn what_is_kept_holds() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |fault| {
        FAULTS.fetch_add(1, Ordering::Relaxed);
        usual(fault);
    }));
    for target in TARGETS {
        let mut known = kept(target);
        known.extend(target.also.iter().flat_map(|folder| files(&root().join(folder))));
        let (mut taken, mut refused) = (0, 0);
        for path in &known {
            let bytes = fs::read(path).unwrap();
            let (began, faults) = (Instant::now(), FAULTS.load(Ordering::Relaxed));
            let said = catch_unwind(AssertUnwindSafe(|| (target.check)(&bytes)));
            assert!(
                said.is_ok() && FAULTS.load(Ordering::Relaxed) == faults,
                "{} does not hold for {}",
                target.name,
                path.display()
            );
            assert!(began.elapsed() < LONGEST, "{} takes too long over {}", target.name, path.display());
            *if said.unwrap_or(false) { &mut taken } else { &mut refused } += 1;
        }
        // A corpus that is refused as a whole, or taken as a whole, looks at one half of its door.
        assert!(taken >= 3 && refused >= 3, "{}: {taken} taken, {refused} refused", target.name);
    }
}

/// How many spoiled copies of each kept file are looked at.
const SPOILED: u64 = 4;
/// Larger files are slow to go through, and say nothing that small ones do not.
const LARGEST_SPOILED: usize = 16 << 10;

/// What a bad line, a slip of a finger or ill will makes of bytes that somebody wrote: the same for the same number.
fn spoiled(bytes: &[u8], other: &[u8], number: u64) -> Vec<u8> {
    // A multiplicative congruence (Knuth, MMIX): it needs to be the same everywhere, and to be nothing more.
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut up_to = |most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % most.max(1)
    };
    let mut bytes = bytes.to_vec();
    for _ in 0..=up_to(4) {
        let (at, length) = (up_to(bytes.len()), 1 + up_to(16));
        let end = (at + length).min(bytes.len());
        match up_to(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            3 => {
                let from = up_to(other.len());
                let piece = other[from..(from + length).min(other.len())].to_vec();
                bytes.splice(at..end, piece);
            }
            4 => {
                const SIGNS: [&[u8]; 16] = [
                    b"\r\n",
                    b"\n",
                    b"\0",
                    b"\"",
                    b"\\",
                    b"@",
                    b".",
                    b"+",
                    b"=?",
                    b"-",
                    b"\xff",
                    "\u{202e}".as_bytes(),
                    "\u{130}".as_bytes(),
                    "\u{301}".as_bytes(),
                    b"99999999999999999999",
                    b"<>",
                ];
                bytes.splice(at..at, SIGNS[up_to(SIGNS.len())].iter().copied());
            }
            5 if at < bytes.len() => bytes[at] = [0, 0x7f, 0x80, 0xff, b'0', b' '][up_to(6)],
            _ if at < bytes.len() => bytes[at] ^= 1 << up_to(8),
            _ => bytes.push(b'a'),
        }
    }
    bytes
}

/// The same spoiled bytes each time, so that what breaks here breaks everywhere.
#[test]
fn what_is_spoiled_holds_too() {
    for target in TARGETS {
        let mut known = kept(target);
        known.extend(target.also.iter().flat_map(|folder| files(&root().join(folder))));
        let known: Vec<Vec<u8>> =
            known.iter().map(|path| fs::read(path).unwrap()).filter(|b| b.len() <= LARGEST_SPOILED).collect();
        for (place, bytes) in known.iter().enumerate() {
            for number in 0..SPOILED {
                let number = number + SPOILED * place as u64;
                let other = &known[(place * 7 + 1) % known.len()];
                let spoiled = spoiled(bytes, other, number);
                if catch_unwind(AssertUnwindSafe(|| (target.check)(&spoiled))).is_err() {
                    panic!(
                        "{} does not hold for number {number}: {:?}",
                        target.name,
                        String::from_utf8_lossy(&spoiled)
                    );
                }
            }
        }
    }
}

#[test]
fn every_target_has_a_corpus_and_a_binary_and_every_folder_a_target() {
    let named: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let entries = |folder: &str| -> BTreeSet<String> {
        let there = fs::read_dir(root().join(folder)).unwrap().flatten();
        there.map(|entry| entry.file_name().to_string_lossy().trim_end_matches(".rs").to_owned()).collect()
    };
    assert_eq!(entries("fuzz/corpus"), named);
    assert_eq!(entries("fuzz/fuzz_targets"), named);
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let script = fs::read_to_string(root().join("scripts/fuzz")).unwrap();
    for target in TARGETS {
        assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{}", target.name);
        // The script hands the same folders to the fuzzer.
        let line = [&[target.name], target.also].concat().join(" ");
        assert!(script.lines().any(|l| l.trim() == line), "scripts/fuzz has no line: {line}");
        assert!(!kept(target).is_empty());
        for folder in target.also {
            assert!(!files(&root().join(folder)).is_empty(), "{folder}");
        }
    }
    let bytes: u64 = TARGETS.iter().flat_map(kept).map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(bytes < MOST_BYTES, "{bytes} bytes are too many to carry along");
}
