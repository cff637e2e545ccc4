//! The author's vault: bytes that the house keeps and cannot read, with a revision, so that two windows do not write over each other. They are put together
//! in her browser.

use super::gate::{SignedIn, one};
use super::problem::Problem;
use super::route::{Body, Face, Policy, Route};
use crate::app::App;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use unsaid_store::StoreError;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/vault", Policy::Unlocked, Face::Api, look),
        Route::put("/api/vault", Policy::Unlocked, Face::Api, Body::Bytes, replace),
    ]
}

async fn look(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Response, Problem> {
    let (vault, rev) = app.store.vault(&author).await?;
    let kind = HeaderValue::from_static("application/octet-stream");
    Ok(([(header::CONTENT_TYPE, kind), (header::ETAG, etag(rev))], vault).into_response())
}

#[derive(Serialize)]
struct Replaced {
    rev: i64,
}

async fn replace(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    headers: HeaderMap,
    vault: Bytes,
) -> Result<Response, Problem> {
    let rev = named_rev(&headers)?;
    if vault.is_empty() {
        return Err(Problem::field("vault", "bytes-unknown"));
    }
    let rev = rev.ok_or_else(changed)?;
    let replaced = app.store.put_vault(&author, rev, vault.to_vec()).await.map_err(|e| match e {
        StoreError::Conflict => changed(),
        e => e.into(),
    })?;
    Ok(([(header::ETAG, etag(replaced))], axum::Json(Replaced { rev: replaced })).into_response())
}

/// The revision that If-Match names; none inside for what is no tag of ours, which matches no copy of ours (RFC 9110, 13.1.1).
pub(super) fn named_rev(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(named) = one(headers, &header::IF_MATCH)? else { return Err(Problem::of("if-match")) };
    let figures = named.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    Ok(figures.and_then(|figures| figures.parse().ok()))
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
