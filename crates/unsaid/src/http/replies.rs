//! What people answered, as its author may see it: from the morning of a day on, and never finer than that day. The bytes are sealed to her; what is in
//! them is between the two. Whether an answer is on its way that she may not see yet, nothing here tells.

use super::gate::SignedIn;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use crate::app::App;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use unsaid_delivery::calendar;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/replies", Policy::Locked, Face::Api, all),
        Route::get("/api/replies/{id}", Policy::Unlocked, Face::Api, one),
        Route::post("/api/replies/{id}/seen", Policy::Unlocked, Face::Api, Body::Json, seen),
    ]
}

#[derive(Serialize)]
struct Row {
    id: String,
    letter: String,
    person: String,
    /// The civil day in her zone from which she may see it, and nothing of when it was written.
    day: String,
    seen: bool,
    size: u64,
}

/// GET /api/replies
async fn all(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Response, Problem> {
    let account = app.store.account(&author).await?;
    let zone = calendar::zone(&account.zone).unwrap_or_else(|_| app.settings.zone.clone());
    let replies = app.store.replies(&author, app.time.now()).await?;
    let rows: Vec<Row> = replies
        .into_iter()
        .map(|reply| Row {
            id: reply.id.to_string(),
            letter: reply.letter.to_string(),
            person: reply.person.to_string(),
            day: reply.seen_from.to_zoned(zone.clone()).date().to_string(),
            seen: reply.seen,
            size: reply.size,
        })
        .collect();
    Ok(axum::Json(serde_json::json!({ "replies": rows })).into_response())
}

/// GET /api/replies/{id}: the sealed bytes, whole.
async fn one(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let reply = app.store.reply_named(&author, read::id(&id)?, app.time.now()).await?;
    let bytes = app.blobs.read(reply.blob, 0..reply.size, reply.size, reply.sha256).await?;
    let kind = HeaderValue::from_static("application/octet-stream");
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

/// POST /api/replies/{id}/seen
async fn seen(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Response, Problem> {
    app.store.reply_seen(&author, read::id(&id)?, app.time.now()).await?;
    Ok(axum::Json(serde_json::json!({})).into_response())
}
