//! What handlers read: JSON, forms, queries and places in the path, each of them strictly. What cannot be read is said as a problem, never as axum's plain
//! text, and never with what was sent in it. Types say `deny_unknown_fields`, so that a slip of the pen is not passed over.

use super::problem::Problem;
use crate::app::App;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, app).await.map_err(|_| Problem::of("malformed"))?;
        if is_too_deep(&bytes, app.settings.max_depth) {
            return Err(Problem::of("not-understood"));
        }
        serde_json::from_slice(&bytes)
            .map(|Object(read)| Self(read))
            .map_err(|e| Problem::of(if e.is_data() { "not-understood" } else { "not-json" }))
    }
}

/// What is read of an object, and of nothing else: by itself serde takes a list too, as the fields in their order, in which a name that is wrong cannot be noticed.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfObject(PhantomData)).map(Self)
    }
}

struct OfObject<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OfObject<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

/// Counts what is open in JSON, things in things, without reading what it means; brackets inside words do not count.
fn is_too_deep(bytes: &[u8], deepest: u64) -> bool {
    let (mut depth, mut in_words, mut escaped) = (0_u64, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_words => escaped = true,
            b'"' => in_words = !in_words,
            b'{' | b'[' if !in_words => {
                depth += 1;
                if depth > deepest {
                    return true;
                }
            }
            b'}' | b']' if !in_words => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The fields of a form.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let form = axum::extract::Form::<T>::from_request(request, state).await;
        form.map(|axum::extract::Form(form)| Self(form)).map_err(|_| Problem::of("not-understood"))
    }
}

/// What stands behind the `?`.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(query)| Self(query)).map_err(|_| Problem::of("query-unknown"))
    }
}

/// The places of a path. What cannot be read is not there.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(path)| Self(path)).map_err(|_| Problem::missing())
    }
}

/// The revision that If-Match names; none inside for what is no tag of ours, which matches no copy of ours (RFC 9110, 13.1.1).
pub struct IfMatch(pub Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let named = super::gate::one(&parts.headers, &header::IF_MATCH)?;
        let named = named.ok_or_else(|| Problem::of("if-match"))?;
        let figures = named.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        Ok(Self(figures.and_then(|figures| figures.parse().ok())))
    }
}

/// An id from a path. One that is malformed is as missing as one that is nobody's.
pub fn id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::missing())
}

/// A version's number from a path.
pub fn number(text: &str) -> Result<u32, Problem> {
    let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain).ok_or_else(Problem::missing)
}

/// Bytes in JSON: base64url without padding.
pub fn bytes(field: &'static str, text: &str) -> Result<Vec<u8>, Problem> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Problem::field(field, "bytes-unknown"))
}

/// An empty JSON object: what a POST carries that says everything by its path.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[cfg(test)]
mod tests {
    fn is_too_deep(bytes: &[u8]) -> bool {
        super::is_too_deep(bytes, 8)
    }

    #[test]
    fn so_deep_and_no_deeper_and_words_are_words() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(!is_too_deep(nested(8).as_bytes()) && is_too_deep(nested(9).as_bytes()));
        assert!(!super::is_too_deep(nested(9).as_bytes(), 9), "as deep as the host says");
        assert!(is_too_deep("[".repeat(100_000).as_bytes()));
        assert!(!is_too_deep("[],".repeat(100_000).as_bytes()), "one beside the other is not deep");
        let brackets = "[".repeat(100);
        assert!(!is_too_deep(format!(r#"{{"a":"{brackets}"}}"#).as_bytes()));
        assert!(!is_too_deep(format!(r#"{{"a":"\"{brackets}"}}"#).as_bytes()), "a quoted quote ends no word");
        assert!(is_too_deep(format!(r#"{{"a":"\\",{brackets}"#).as_bytes()));
    }
}
