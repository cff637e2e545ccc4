//! The author's vault: bytes that the house keeps and cannot read, with a revision, so that two windows do not write over each other. They are put together
//! in her browser.

use super::gate::SignedIn;
use super::problem::Problem;
use super::read::IfMatch;
use super::route::{Body, Face, Policy, Route};
use super::tell::{Octets, Told};
use crate::app::App;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;
use unsaid_store::StoreError;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/vault", Policy::Unlocked, Face::Api, look),
        Route::put("/api/vault", Policy::Unlocked, Face::Api, Body::Bytes, replace)
            .refuses(&["bytes-unknown"]),
    ]
}

async fn look(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Octets, Problem> {
    let (vault, rev) = app.store.vault(&author).await?;
    Ok(Octets::new(vault).tagged(etag(rev)))
}

#[derive(Serialize, JsonSchema)]
struct Replaced {
    rev: i64,
}

async fn replace(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    IfMatch(rev): IfMatch,
    vault: Bytes,
) -> Result<Told<Replaced>, Problem> {
    if vault.is_empty() {
        return Err(Problem::field("vault", "bytes-unknown"));
    }
    let rev = rev.ok_or_else(changed)?;
    let replaced = app.store.put_vault(&author, rev, vault.to_vec()).await.map_err(|e| match e {
        StoreError::Conflict => changed(),
        e => e.into(),
    })?;
    Ok(Told::new(Replaced { rev: replaced }).with(header::ETAG, etag(replaced)))
}

/// Somebody else has written since: 412, as If-Match wants it.
pub(super) fn changed() -> Problem {
    Problem { status: StatusCode::PRECONDITION_FAILED, ..Problem::of("changed-meanwhile") }
}

/// The revision as a tag.
pub(super) fn etag(rev: i64) -> HeaderValue {
    // A number between quotes is always a header value.
    HeaderValue::from_str(&format!("\"{rev}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}
