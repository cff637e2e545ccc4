//! Sealed parts on their way in: chunk by chunk, each durable before it is acknowledged, to be taken up again from wherever an earlier attempt ended. How
//! far an upload is, the bytes themselves say; the row follows them. Knows nothing of what is in them.

use super::described::shape;
use super::gate::SignedIn;
use super::letters::sealed_already;
use super::problem::Problem;
use super::read::{self, Json, Path, Query};
use super::route::{Body, Face, Policy, Route};
use super::tell::Told;
use crate::app::App;
use axum::body::Bytes;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::id::BlobId;
use unsaid_store::StoreError;
use unsaid_store::rows::{Author, Upload, UploadAsk};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/letters/{id}/versions/{number}/uploads",
            Policy::Unlocked,
            Face::Api,
            Body::Json,
            begin,
        )
        .refuses(&[
            "part-name",
            "bytes-unknown",
            "part-too-large",
            "already-sealed",
            "uploads-too-many",
            "account-full",
        ]),
        Route::get("/api/uploads/{upload}", Policy::Locked, Face::Api, look),
        // A long upload goes on while the page is locked: bytes that are sealed already need no words.
        Route::put("/api/uploads/{upload}", Policy::Locked, Face::Api, Body::Chunk, chunk)
            .refuses(&["upload-elsewhere", "upload-too-long", "damaged-on-the-way"])
            .with_query(),
    ]
}

/// At most so many pictures and other media lie beside a letter (docs/protocol.md).
const MOST_MEDIA: u16 = 60;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UploadAsked")]
struct Asked {
    name: String,
    #[schemars(extend("enum" = ["letter", "signature", "media"]))]
    kind: String,
    size: u64,
    #[schemars(schema_with = "shape::sha256")]
    sha256: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UploadBegun")]
struct Begun {
    #[schemars(schema_with = "shape::id")]
    upload: String,
    offset: u64,
}

#[derive(Serialize, JsonSchema)]
struct Offset {
    offset: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Upload")]
struct Looked {
    offset: u64,
    size: u64,
}

async fn begin(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, number)): Path<(String, String)>,
    Json(asked): Json<Asked>,
) -> Result<Told<Begun>, Problem> {
    let (letter, version) = (read::id(&id)?, read::number(&number)?);
    // Whose letter it is comes before what is wrong with the part.
    app.store.letter(&author, letter).await?;
    if !is_a_part(&asked.kind, &asked.name) {
        return Err(Problem::field("name", "part-name"));
    }
    let sha256 = read_hash(&asked.sha256).ok_or_else(|| Problem::field("sha256", "bytes-unknown"))?;
    if asked.size == 0 {
        return Err(Problem::field("size", "bytes-unknown"));
    }
    if asked.size > app.settings.max_upload_mib * 1024 * 1024 {
        return Err(Problem::field("size", "part-too-large"));
    }
    let ask = UploadAsk {
        blob: BlobId(app.chance.id_bytes()),
        letter,
        version,
        name: asked.name,
        kind: asked.kind,
        size: asked.size,
        sha256,
    };
    room_for_more(&app)?;
    let upload = app.store.begin_upload(&author, ask, app.time.now()).await.map_err(sealed_already)?;
    let offset = settle(&app, &author, &upload).await?;
    Ok(Told::new(Begun { upload: upload.blob.to_string(), offset }))
}

/// New sealed bytes are turned away before the disk is full, and nothing else is.
pub(super) fn room_for_more(app: &App) -> Result<(), Problem> {
    if app.room.takes_more() { Ok(()) } else { Err(Problem::of("house-full")) }
}

/// Brings row and bytes together after a crash between the two, and gives the offset at which to go on. `size` means: it is whole and right.
async fn settle(app: &App, author: &Author, upload: &Upload) -> Result<u64, Problem> {
    let (blob, size) = (upload.blob, upload.size);
    if upload.complete {
        return Ok(size);
    }
    if upload.offset == size && app.blobs.verify(blob, size, upload.sha256).await.is_ok() {
        app.store.upload_ended(author, blob, true).await?;
        return Ok(size);
    }
    let length = app.blobs.length(blob).await?;
    if length >= size {
        return if finish(app, author, upload).await? { Ok(size) } else { Ok(0) };
    }
    if length < upload.offset {
        // The folder is older than the rows: what was acknowledged is gone, so it is asked for again from the beginning.
        app.blobs.forget_upload(blob).await?;
        app.store.upload_ended(author, blob, false).await?;
        return Ok(0);
    }
    if length > upload.offset {
        app.store.upload_grew(author, blob, length).await?;
    }
    Ok(length)
}

/// Compares the hash of what is whole. `false`: it was damaged on its way, and the upload is empty again.
async fn finish(app: &App, author: &Author, upload: &Upload) -> Result<bool, Problem> {
    let right = app.blobs.finish(upload.blob, upload.size, upload.sha256).await?;
    app.store.upload_ended(author, upload.blob, right).await?;
    Ok(right)
}

async fn look(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(upload): Path<String>,
) -> Result<Told<Looked>, Problem> {
    let upload = app.store.upload(&author, read::id(&upload)?).await?;
    let offset = reached(&app, &upload).await?;
    Ok(Told::new(Looked { offset, size: upload.size }))
}

/// How many bytes of it are durable.
async fn reached(app: &App, upload: &Upload) -> Result<u64, Problem> {
    if upload.complete { Ok(upload.size) } else { Ok(app.blobs.length(upload.blob).await?) }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct At {
    offset: u64,
}

async fn chunk(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(upload): Path<String>,
    Query(at): Query<At>,
    bytes: Bytes,
) -> Result<Told<Offset>, Problem> {
    let upload = app.store.upload(&author, read::id(&upload)?).await?;
    let elsewhere = |offset| Problem { offset: Some(offset), ..Problem::of("upload-elsewhere") };
    let offset = reached(&app, &upload).await?;
    if at.offset != offset {
        return Err(elsewhere(offset));
    }
    let left = upload.size - offset.min(upload.size);
    if bytes.len() as u64 > left {
        return Err(Problem::of("upload-too-long"));
    }
    if bytes.is_empty() {
        return Ok(Told::new(Offset { offset }));
    }
    room_for_more(&app)?;
    let offset = match app.blobs.append(upload.blob, at.offset, bytes).await {
        Ok(offset) => offset,
        // Another window was quicker.
        Err(StoreError::Conflict) => return Err(elsewhere(reached(&app, &upload).await?)),
        Err(e) => return Err(e.into()),
    };
    app.store.upload_grew(&author, upload.blob, offset).await?;
    if offset == upload.size && !finish(&app, &author, &upload).await? {
        return Err(Problem::of("damaged-on-the-way"));
    }
    Ok(Told::new(Offset { offset }))
}

/// The parts that a version may have (docs/protocol.md), each by its kind.
fn is_a_part(kind: &str, name: &str) -> bool {
    match kind {
        "letter" => name == "letter.age",
        "signature" => name == "sig.age",
        "media" => name
            .strip_prefix("media/")
            .and_then(|rest| rest.strip_suffix(".age"))
            .filter(|n| n.len() == 3 && n.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|n| n.parse::<u16>().ok())
            .is_some_and(|n| (1..=MOST_MEDIA).contains(&n)),
        _ => false,
    }
}

/// 64 figures of lower-case hexadecimal.
pub(super) fn read_hash(text: &str) -> Option<[u8; 32]> {
    let figure = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let text = text.as_bytes();
    if text.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(text.chunks_exact(2)) {
        *byte = (figure(pair[0])? << 4) | figure(pair[1])?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_the_parts_of_the_protocol_and_no_others() {
        for (kind, name) in [
            ("letter", "letter.age"),
            ("signature", "sig.age"),
            ("media", "media/001.age"),
            ("media", "media/060.age"),
        ] {
            assert!(is_a_part(kind, name));
        }
        for (kind, name) in [
            ("letter", "sig.age"),
            ("letter", "Letter.age"),
            ("media", "media/000.age"),
            ("media", "media/061.age"),
            ("media", "media/+01.age"),
            ("media", "media/1.age"),
            ("media", "media/../x.age"),
            ("media", "../media/001.age"),
            ("", ""),
            ("wrap", "author.age"),
        ] {
            assert!(!is_a_part(kind, name), "{kind} {name}");
        }
    }

    #[test]
    fn a_hash_is_64_lower_case_figures() {
        assert_eq!(read_hash(&"0f".repeat(32)), Some([15; 32]));
        for text in ["", "0f", &"0F".repeat(32), &"zz".repeat(32), &"0f".repeat(33), &"é".repeat(32)] {
            assert_eq!(read_hash(text), None);
        }
    }
}
