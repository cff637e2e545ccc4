//! What handlers tell: JSON of a known type and status, sealed bytes, a line of text. The type says what the answer is, and the description of the API is made from
//! it (`described.rs`). Nothing here decides what is told.

use super::described::{Answers, Content, Operation};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

/// JSON with this status.
pub(super) struct Told<T, const STATUS: u16 = 200> {
    body: T,
    headers: HeaderMap,
}

/// Something new is there: 201.
pub(super) type Made<T> = Told<T, 201>;
/// It has been taken on, and what comes of it is not said here: 202.
pub(super) type Taken<T> = Told<T, 202>;

impl<T, const STATUS: u16> Told<T, STATUS> {
    pub(super) fn new(body: T) -> Self {
        Self { body, headers: HeaderMap::new() }
    }

    /// With one more header; a cookie may come beside another.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// With these cookies, set or forgotten.
    pub(super) fn with_cookies(self, cookies: impl IntoIterator<Item = HeaderValue>) -> Self {
        cookies.into_iter().fold(self, |told, cookie| told.with(header::SET_COOKIE, cookie))
    }

    /// Kept nowhere, whatever stands between.
    pub(super) fn kept_nowhere(self) -> Self {
        self.with(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }
}

impl<T: Serialize, const STATUS: u16> IntoResponse for Told<T, STATUS> {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(STATUS).unwrap_or(StatusCode::OK);
        let mut response = (status, axum::Json(self.body)).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

impl<T: JsonSchema, const STATUS: u16> Answers for Told<T, STATUS> {
    fn answers(operation: &mut Operation<'_>) {
        operation.tells::<T>(STATUS);
    }
}

/// It is done, and there is nothing more to say: `{}`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Done {}

/// `{}`
pub(super) fn done() -> Told<Done> {
    Told::new(Done {})
}

/// A sentence about what was done, which tells nothing else.
#[derive(Serialize, JsonSchema)]
pub(super) struct Said {
    pub(super) said: String,
}

/// Sealed bytes, whole.
pub(super) struct Octets {
    bytes: axum::body::Body,
    tag: Option<HeaderValue>,
}

impl Octets {
    pub(super) fn new(bytes: impl Into<axum::body::Body>) -> Self {
        Self { bytes: bytes.into(), tag: None }
    }

    /// With the tag by which they are named when something replaces them.
    pub(super) fn tagged(self, tag: HeaderValue) -> Self {
        Self { tag: Some(tag), ..self }
    }
}

impl IntoResponse for Octets {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/octet-stream");
        let mut response = ([(header::CONTENT_TYPE, kind)], self.bytes).into_response();
        if let Some(tag) = self.tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

impl Answers for Octets {
    fn answers(operation: &mut Operation<'_>) {
        operation.answers.insert(200, Some(Content::Bytes));
    }
}

/// Lines for scripts. `BAD` is the status with which it says that something is wrong.
pub(super) struct Plain<const BAD: u16 = 503> {
    well: bool,
    lines: String,
}

impl<const BAD: u16> Plain<BAD> {
    pub(super) fn new(well: bool, lines: impl Into<String>) -> Self {
        Self { well, lines: lines.into() }
    }
}

impl<const BAD: u16> IntoResponse for Plain<BAD> {
    fn into_response(self) -> Response {
        let status = if self.well { StatusCode::OK } else { StatusCode::from_u16(BAD).unwrap_or_default() };
        (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], self.lines).into_response()
    }
}

impl<const BAD: u16> Answers for Plain<BAD> {
    fn answers(operation: &mut Operation<'_>) {
        operation.answers.insert(200, Some(Content::Text));
        operation.answers.insert(BAD, Some(Content::Text));
    }
}
