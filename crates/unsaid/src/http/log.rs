//! One line in the log for each request: method, the route's pattern, status, duration. Never the path itself (it may hold a token), never an address of the
//! network, a cookie, or anything that was sent.

use crate::app::App;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

/// The middleware.
pub async fn log(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let began = app.time.now().trusted;
    let response = next.run(request).await;
    let took = app.time.now().trusted.duration_since(began);
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    // A method may be any word that a stranger chose.
    let method = if method.as_str().len() <= 7 { method.as_str() } else { "-" };
    tracing::info!(
        method,
        route,
        status = response.status().as_u16(),
        ms = took.as_millis() as u64,
        "answered"
    );
    response
}
