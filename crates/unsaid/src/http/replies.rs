//! What people answered, as its author may see it: from the morning of a day on, and never finer than that day. The bytes are sealed to her; what is in
//! them is between the two. Whether an answer is on its way that she may not see yet, nothing here tells.

use super::described::shape;
use super::gate::SignedIn;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Octets, Told, done};
use crate::app::App;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use unsaid_delivery::calendar;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/replies", Policy::Locked, Face::Api, all),
        Route::get("/api/replies/{id}", Policy::Unlocked, Face::Api, one),
        Route::post("/api/replies/{id}/seen", Policy::Unlocked, Face::Api, Body::Json, seen),
    ]
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Reply")]
struct Row {
    #[schemars(schema_with = "shape::id")]
    id: String,
    #[schemars(schema_with = "shape::id")]
    letter: String,
    #[schemars(schema_with = "shape::id")]
    person: String,
    /// The civil day in her zone from which she may see it, and nothing of when it was written.
    #[schemars(schema_with = "shape::day")]
    day: String,
    seen: bool,
    size: u64,
}

#[derive(Serialize, JsonSchema)]
struct Replies {
    replies: Vec<Row>,
}

/// GET /api/replies
async fn all(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<Replies>, Problem> {
    let account = app.store.account(&author).await?;
    let zone = calendar::zone(&account.zone).unwrap_or_else(|_| app.settings.zone.clone());
    let replies = app.store.replies(&author, app.time.now()).await?;
    let replies = replies
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
    Ok(Told::new(Replies { replies }))
}

/// GET /api/replies/{id}: the sealed bytes, whole.
async fn one(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
) -> Result<Octets, Problem> {
    let reply = app.store.reply_named(&author, read::id(&id)?, app.time.now()).await?;
    let bytes = app.blobs.read(reply.blob, 0..reply.size, reply.size, reply.sha256).await?;
    Ok(Octets::new(bytes))
}

/// POST /api/replies/{id}/seen
async fn seen(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    app.store.reply_seen(&author, read::id(&id)?, app.time.now()).await?;
    Ok(done())
}
