//! 'Leave this page at once': the browser is no longer known here, and shows an empty page of ours that names nobody. Not a link to some
//! other site: that would tell the other site, and leave the cookie behind.

use super::on_to;
use crate::app::App;
use crate::http::cookies::Cookie;
use crate::http::page::{blank, say};
use crate::http::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;

/// POST /leave. Works for everybody, known or not.
pub(super) async fn leave(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(token) = Cookie::Reader.hash(&app, &headers)? {
        app.store.end_reader(token).await?;
    }
    let mut response = on_to("/away");
    response.headers_mut().insert(header::SET_COOKIE, Cookie::Reader.forget(&app));
    Ok(response)
}

/// GET /away: an empty page.
pub(super) async fn away() -> Response {
    blank(&say("person.away.title", &[]))
}
