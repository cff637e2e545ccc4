//! The house's half of the proof before a sealing: every part that was brought is there and whole, the hash of them all is the one that the author's browser proved, and the
//! wraps are those of the chosen keeping and no others. The house's own layer comes off once, in memory. What lies under a wrap of words is locked again: its line is all that
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
    match (proving.kept, held.host_wrap, held.words_wrap) {
        (Kept::Nobody, None, None) => Ok(()),
        (Kept::House, Some(wrap), None) => inspect(app, author, proving, letter, wrap, WrapKind::Host).await,
        (Kept::Words, None, Some(wrap)) => inspect(app, author, proving, letter, wrap, WrapKind::Words).await,
        (Kept::House, None, None) | (Kept::Words, _, None) => Err(Problem::of("wrap-missing")),
        (Kept::Nobody | Kept::House, _, Some(_)) | (Kept::Nobody | Kept::Words, Some(_), _) => {
            Err(Problem::of("wrap-not-wanted"))
        }
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
    if kept != wrap {
        app.store.put_wrap(author, proving.letter, proving.version, kind, kept, generation).await?;
    }
    Ok(())
}
