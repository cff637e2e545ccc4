//! The house's half of the proof before a sealing: every part that was brought is there and whole, the hash of them all is the one that the author's browser proved, and the
//! wraps are those of the chosen keeping and no others. The house's own layer comes off once, in memory. What lies under a wrap of words or of keepers is locked again: its line and its form are all that
//! is seen.

use super::host_wrap;
use super::problem::Problem;
use super::uploads::read_hash;
use crate::app::App;
use crate::peel::LETTER_HEAD_BYTES;
use unsaid_delivery::id::LetterId;
use unsaid_seal::manifest::{ManifestPart, manifest_hash};
use unsaid_store::rows::{Author, Kept, Part, WrapKind};

/// What is to be proved.
pub(super) struct Proving {
    pub(super) letter: LetterId,
    pub(super) version: u32,
    /// What the author's browser has proved.
    pub(super) manifest: [u8; 32],
    /// Whose wrap has to be there.
    pub(super) kept: Kept,
}

/// Proves it, or says what is wrong.
pub(super) async fn prove(app: &App, author: &Author, proving: &Proving) -> Result<(), Problem> {
    let held = app.store.unproven(author, proving.letter, proving.version).await?;
    let letter = the_letter(&held.parts)?;
    let parts: Vec<ManifestPart> = held
        .parts
        .iter()
        .map(|part| ManifestPart { name: part.name.clone(), size: part.size, sha256: part.sha256 })
        .collect();
    // Of everything that was brought: a part that is there and that she does not know of is a fault as much as one that is missing.
    let manifest = manifest_hash(&parts).ok().and_then(|hash| read_hash(&hash));
    if manifest != Some(proving.manifest) {
        return Err(Problem::of("parts-changed"));
    }
    for part in &held.parts {
        app.blobs.verify(part.blob, part.size, part.sha256).await?;
    }
    if !held.has_author_wrap {
        return Err(Problem::of("wrap-missing"));
    }
    let (mut wanted, mut others) = (None, false);
    for (kept, kind, wrap) in [
        (Kept::House, WrapKind::Host, held.host_wrap),
        (Kept::Words, WrapKind::Words, held.words_wrap),
        (Kept::Keepers, WrapKind::Keepers, held.keepers_wrap),
    ] {
        match wrap {
            Some(wrap) if kept == proving.kept => wanted = Some((kind, wrap)),
            other => others |= other.is_some(),
        }
    }
    match (proving.kept, wanted) {
        (Kept::Words | Kept::Keepers, None) => Err(Problem::of("wrap-missing")),
        _ if others => Err(Problem::of("wrap-not-wanted")),
        (_, Some((kind, wrap))) => inspect(app, author, proving, letter, wrap, kind).await,
        (Kept::House, None) => Err(Problem::of("wrap-missing")),
        (Kept::Nobody, None) => Ok(()),
    }
}

/// The one part that holds the words.
fn the_letter(parts: &[Part]) -> Result<&Part, Problem> {
    let mut letters = parts.iter().filter(|part| part.kind == "letter");
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.name == "letter.age" => Ok(letter),
        _ => Err(Problem::of("parts-missing")),
    }
}

/// The house takes its layer off once; a key that lies under it has to open the first chunk of the letter. A wrap for an older key of the house is kept under the present one.
async fn inspect(
    app: &App,
    author: &Author,
    proving: &Proving,
    letter: &Part,
    wrap: Vec<u8>,
    kind: WrapKind,
) -> Result<(), Problem> {
    let head = 0..letter.size.min(LETTER_HEAD_BYTES as u64);
    let head = app.blobs.read(letter.blob, head, letter.size, letter.sha256).await?;
    let subject = proving.letter.to_string();
    let (kept, generation) =
        host_wrap::inspected(app, wrap.clone(), &subject, proving.version, kind, Some(&head))
            .map_err(|_| Problem::of("host-cannot-open"))?;
    if kept == wrap {
        return Ok(());
    }
    if kind == WrapKind::Keepers {
        let set =
            app.store.keeper_set_of(proving.letter, proving.version).await?.ok_or_else(Problem::missing)?;
        let (letter, version) = (proving.letter, proving.version);
        app.store.put_keepers_wrap(author, letter, version, set, kept, generation).await?;
    } else {
        app.store.put_wrap(author, proving.letter, proving.version, kind, kept, generation).await?;
    }
    Ok(())
}
