//! What must hold for any bytes that somebody else wrote: one check for each door that they come in by. The fuzz targets call these functions under
//! libFuzzer, and crates/unsaid/tests/corpora.rs calls the same ones with what was found and kept.
//!
//! A check panics where something does not hold, and says whether the bytes were taken for what they would be. It refuses to know who calls it.

pub(crate) mod addresses;
pub(crate) mod backups;
pub(crate) mod days;
pub(crate) mod envelope;
pub(crate) mod folders;
pub(crate) mod journal;
pub(crate) mod manifests;
pub(crate) mod messages;
pub(crate) mod ranges;
pub(crate) mod returned;
pub(crate) mod rules;

/// A door, its check, and where further examples of what comes in by it lie, from the root of the project.
pub(crate) struct Target {
    /// As it is called on the command line and in `fuzz/corpus`.
    pub(crate) name: &'static str,
    /// The check.
    pub(crate) check: fn(&[u8]) -> bool,
    /// Folders of tests and vectors that hold such bytes too.
    pub(crate) also: &'static [&'static str],
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "addresses", check: addresses::check, also: &[] },
    Target { name: "backups", check: backups::check, also: &[] },
    Target { name: "days", check: days::check, also: &[] },
    Target { name: "envelope", check: envelope::check, also: &["vectors/v1", "vectors/v2"] },
    Target { name: "folders", check: folders::check, also: &["vectors/v1/keys", "vectors/v2/keys"] },
    Target { name: "journal", check: journal::check, also: &["crates/store/src/journal/frozen"] },
    Target { name: "manifests", check: manifests::check, also: &[] },
    Target { name: "messages", check: messages::check, also: &[] },
    Target { name: "ranges", check: ranges::check, also: &[] },
    Target { name: "returned", check: returned::check, also: &["crates/unsaid/tests/bounces"] },
    Target { name: "rules", check: rules::check, also: &[] },
];

/// The bytes as text, in as many pieces as are wanted: they are set apart by a byte that no text holds.
pub(crate) fn pieces<const N: usize>(data: &[u8]) -> [String; N] {
    let mut pieces = data.splitn(N, |byte| *byte == 0xff);
    std::array::from_fn(|_| String::from_utf8_lossy(pieces.next().unwrap_or_default()).into_owned())
}
