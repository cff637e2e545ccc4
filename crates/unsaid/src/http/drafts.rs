//! What is written and not sealed yet, as her browser keeps it here: bytes that only she can read, with a revision, so that two windows do not write over each
//! other, and with their history. Saving needs no words, so that it goes on while the page is locked; reading does. Knows nothing of what is in them.

use super::described::shape;
use super::gate::SignedIn;
use super::problem::Problem;
use super::range::{self, Ranged};
use super::read::{self, IfMatch, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Octets, Told, done};
use super::vault::{changed, etag};
use super::whole::{self, AGE};
use crate::app::App;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use schemars::JsonSchema;
use serde::Serialize;
use unsaid_delivery::id::{BlobId, DraftId};
use unsaid_store::StoreError;
use unsaid_store::rows::{Author, Part};

/// The kind of a part that is a draft's photo.
const PHOTO: &str = "photo";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/drafts", Policy::Locked, Face::Api, all),
        Route::put("/api/drafts/{id}", Policy::Locked, Face::Api, Body::Draft, save).refuses(&[
            "bytes-unknown",
            "drafts-full",
            "account-full",
        ]),
        Route::get("/api/drafts/{id}", Policy::Unlocked, Face::Api, one),
        Route::get("/api/drafts/{id}/history", Policy::Unlocked, Face::Api, history),
        Route::get("/api/drafts/{id}/history/{rev}", Policy::Unlocked, Face::Api, earlier),
        Route::post("/api/drafts/{id}/discard", Policy::Unlocked, Face::Api, Body::Json, discard),
        Route::post("/api/drafts/{id}/restore", Policy::Unlocked, Face::Api, Body::Json, restore),
        Route::put("/api/drafts/{id}/photos/{photo}", Policy::Locked, Face::Api, Body::Photo, put_photo)
            .refuses(&["bytes-unknown", "damaged-on-the-way", "photos-full", "account-full"]),
        Route::get("/api/drafts/{id}/photos/{photo}", Policy::Unlocked, Face::Api, photo),
    ]
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Draft")]
struct Row {
    #[schemars(schema_with = "shape::id")]
    id: String,
    rev: i64,
    #[schemars(schema_with = "shape::instant")]
    saved_on: String,
    size: u64,
    discarded: bool,
}

#[derive(Serialize, JsonSchema)]
struct Drafts {
    drafts: Vec<Row>,
}

async fn all(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<Drafts>, Problem> {
    let drafts = app
        .store
        .drafts(&author)
        .await?
        .into_iter()
        .map(|row| Row {
            id: row.id.to_string(),
            rev: row.rev,
            saved_on: row.saved.to_string(),
            size: row.size,
            discarded: row.discarded.is_some(),
        })
        .collect();
    Ok(Told::new(Drafts { drafts }))
}

#[derive(Serialize, JsonSchema)]
struct Saved {
    rev: i64,
}

async fn save(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    IfMatch(rev): IfMatch,
    bytes: Bytes,
) -> Result<Told<Saved>, Problem> {
    let id: DraftId = read::id(&id)?;
    only_age(&bytes)?;
    let saved = match rev {
        Some(rev) => app.store.put_draft(&author, id, rev, bytes.to_vec(), app.time.now()).await,
        None => Err(StoreError::Conflict),
    };
    match saved {
        Ok(rev) => Ok(Told::new(Saved { rev }).with(header::ETAG, etag(rev))),
        Err(StoreError::Conflict) => Err(elsewhere(&app, &author, id).await?),
        Err(e) => Err(e.into()),
    }
}

/// Another window has saved since: 412, with the revision that stands here now. One that is not here (any more) is missing.
async fn elsewhere(app: &App, author: &Author, id: DraftId) -> Result<Problem, Problem> {
    let rows = app.store.drafts(author).await?;
    let row = rows.iter().find(|row| row.id == id).ok_or_else(Problem::missing)?;
    Ok(Problem { rev: Some(row.rev), ..changed() })
}

async fn one(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
) -> Result<Octets, Problem> {
    let (bytes, rev) = app.store.draft(&author, read::id(&id)?).await?;
    Ok(Octets::new(bytes).tagged(etag(rev)))
}

#[derive(Serialize, JsonSchema)]
struct Earlier {
    rev: i64,
    #[schemars(schema_with = "shape::instant")]
    at: String,
}

#[derive(Serialize, JsonSchema)]
struct History {
    versions: Vec<Earlier>,
}

async fn history(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
) -> Result<Told<History>, Problem> {
    let versions = app.store.draft_history(&author, read::id(&id)?).await?;
    let versions = versions.into_iter().map(|(rev, at)| Earlier { rev, at: at.to_string() }).collect();
    Ok(Told::new(History { versions }))
}

async fn earlier(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, rev)): Path<(String, String)>,
) -> Result<Octets, Problem> {
    let rev = i64::from(read::number(&rev)?);
    let bytes = app.store.draft_at(&author, read::id(&id)?, rev).await?;
    Ok(Octets::new(bytes).tagged(etag(rev)))
}

async fn discard(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    app.store.discard_draft(&author, read::id(&id)?, app.time.now()).await?;
    Ok(done())
}

async fn restore(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    app.store.restore_draft(&author, read::id(&id)?).await?;
    Ok(done())
}

async fn put_photo(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, photo)): Path<(String, String)>,
    bytes: Bytes,
) -> Result<Told<Done>, Problem> {
    let id: DraftId = read::id(&id)?;
    let name = read_photo(&photo)?;
    only_age(&bytes)?;
    // Whose draft it is comes before anything is written for it.
    if !app.store.drafts(&author).await?.iter().any(|row| row.id == id) {
        return Err(Problem::missing());
    }
    super::uploads::room_for_more(&app)?;
    let kept = whole::keep(&app, &bytes).await?;
    let part = Part { name, kind: PHOTO.to_owned(), blob: kept.blob, size: kept.size, sha256: kept.sha256 };
    if let Err(e) = app.store.put_draft_part(&author, id, part).await {
        whole::forget(&app, &kept, &e).await;
        return Err(e.into());
    }
    Ok(done())
}

async fn photo(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, photo)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Ranged, Problem> {
    let name = read_photo(&photo)?;
    let part = app.store.draft_part(&author, read::id(&id)?, &name).await?;
    Ok(range::part(&app, &part, "photo.age", &headers).await?)
}

/// A photo's name is an id as all others are.
fn read_photo(text: &str) -> Result<String, Problem> {
    read::id::<BlobId>(text).map(|_| text.to_owned())
}

fn only_age(bytes: &[u8]) -> Result<(), Problem> {
    if bytes.starts_with(AGE) { Ok(()) } else { Err(Problem::field("draft", "bytes-unknown")) }
}
