//! A stored part as an answer, whole or the range that was asked for (RFC 9110, 14). It reads in pieces, so that a large part never
//! stands in memory whole, and verifies what it gives out whole. Who may have the part was decided before.

use super::described::{Answers, Content, Operation};
use crate::app::App;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use std::ops::Range;
use unsaid_store::StoreError;
use unsaid_store::rows::Part;

/// What is read at once.
const PIECE: u64 = 1024 * 1024;

/// The part, or the range of it that these headers ask for. `name` is what a browser would call the file.
pub(super) async fn part(
    app: &App,
    part: &Part,
    name: &str,
    headers: &HeaderMap,
) -> Result<Ranged, StoreError> {
    let tag = tag_of(part);
    let (status, range) = match wanted(headers, part.size, &tag) {
        Wanted::Whole => (StatusCode::OK, 0..part.size),
        Wanted::Some(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => return Ok(Ranged(unsatisfiable(part.size))),
    };
    let length = range.end - range.start;
    let body = if length <= PIECE {
        // All of a part in one reading is verified by the blob store.
        Body::from(app.blobs.read(part.blob, range.clone(), part.size, part.sha256).await?)
    } else {
        if status == StatusCode::OK {
            app.blobs.verify(part.blob, part.size, part.sha256).await?;
        }
        pieces(app, part, range.clone())
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    insert(headers, header::ETAG, &tag);
    insert(headers, header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    if status == StatusCode::PARTIAL_CONTENT {
        let (first, last) = (range.start, range.end - 1);
        insert(headers, header::CONTENT_RANGE, &format!("bytes {first}-{last}/{}", part.size));
    }
    Ok(Ranged(response))
}

/// The part, or a range of it, or that there is no such range.
pub(super) struct Ranged(Response);

impl IntoResponse for Ranged {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Answers for Ranged {
    fn answers(operation: &mut Operation<'_>) {
        let text = json!({ "type": "string" });
        operation.reads_header(header::RANGE.as_str(), false, text.clone());
        operation.reads_header(header::IF_RANGE.as_str(), false, text);
        operation.answers.insert(200, Some(Content::Bytes));
        operation.answers.insert(206, Some(Content::Bytes));
        operation.answers.insert(416, None);
    }
}

/// Which bytes are wanted.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    Whole,
    /// These.
    Some(Range<u64>),
    /// Some that are not there.
    Nothing,
}

/// One range of bytes is honoured. Several, another unit, or what cannot be read is passed over and the whole is given, as the RFC allows.
pub fn wanted(headers: &HeaderMap, size: u64, tag: &str) -> Wanted {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(spec) = text(header::RANGE).and_then(|range| range.trim().strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    if headers.get_all(header::RANGE).iter().count() > 1
        || headers.contains_key(header::IF_RANGE) && text(header::IF_RANGE) != Some(tag)
    {
        return Wanted::Whole;
    }
    let Some((first, last)) = spec.trim().split_once('-') else { return Wanted::Whole };
    let figures = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok());
    let range = match (first, last) {
        ("", "") => return Wanted::Whole,
        ("", last) => match figures(last) {
            Some(Some(count)) => size.saturating_sub(count)..size,
            // More than a u64 from the end is all of it.
            Some(None) => 0..size,
            None => return Wanted::Whole,
        },
        (first, last) => {
            let (Some(first), Some(end)) = (figures(first), figures(last)) else { return Wanted::Whole };
            let end = match end {
                Some(end) if !last.is_empty() => end.saturating_add(1).min(size),
                _ => size,
            };
            let Some(first) = first else { return Wanted::Nothing };
            if !last.is_empty() && last.parse::<u64>().is_ok_and(|last| last < first) {
                return Wanted::Whole;
            }
            first..end
        }
    };
    if range.start >= range.end { Wanted::Nothing } else { Wanted::Some(range) }
}

/// Machines alone ask for ranges, so there are no words for it.
fn unsatisfiable(size: u64) -> Response {
    let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
    insert(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{size}"));
    response
}

/// A strong tag: the hash of the sealed bytes.
fn tag_of(part: &Part) -> String {
    let hex: String = part.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    // Figures, hexadecimal digits and names of parts are always a header value.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Piece after piece. A piece that cannot be read ends the answer short of its length, which every browser notices.
fn pieces(app: &App, part: &Part, range: Range<u64>) -> Body {
    let (blobs, part) = (app.blobs.clone(), part.clone());
    Body::from_stream(stream::try_unfold(range, move |left| {
        let (blobs, part) = (blobs.clone(), part.clone());
        async move {
            if left.is_empty() {
                return Ok(None);
            }
            let next = left.start..left.end.min(left.start + PIECE);
            let rest = next.end..left.end;
            match blobs.read(part.blob, next, part.size, part.sha256).await {
                Ok(bytes) => Ok(Some((bytes, rest))),
                Err(e) => {
                    tracing::error!(blob = %part.blob, error = %e, "a part broke off while it was read");
                    Err(std::io::Error::other("the part broke off"))
                }
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ask(range: &str) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(range).unwrap());
        wanted(&headers, 1000, "\"tag\"")
    }

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        assert_eq!(ask("bytes=0-0"), Wanted::Some(0..1));
        assert_eq!(ask("bytes=0-999"), Wanted::Some(0..1000));
        assert_eq!(ask("bytes=500-"), Wanted::Some(500..1000));
        assert_eq!(ask("bytes=-1"), Wanted::Some(999..1000));
        assert_eq!(ask("bytes=-5000"), Wanted::Some(0..1000));
        assert_eq!(ask("bytes=900-99999999999999999999"), Wanted::Some(900..1000));
        assert_eq!(ask("bytes=1000-"), Wanted::Nothing);
        assert_eq!(ask("bytes=99999999999999999999-"), Wanted::Nothing);
        assert_eq!(ask("bytes=-0"), Wanted::Nothing);
        for whole in
            ["bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,5-6", "lines=1-2", "bytes=+1-2", "5-7"]
        {
            assert_eq!(ask(whole), Wanted::Whole, "{whole}");
        }
    }

    #[test]
    fn a_range_of_another_version_gives_the_whole() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=1-2"));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"tag\""));
        assert_eq!(wanted(&headers, 10, "\"tag\""), Wanted::Some(1..3));
        assert_eq!(wanted(&headers, 10, "\"other\""), Wanted::Whole);
    }

    proptest! {
        #[test]
        fn no_range_leaves_the_part(text in "bytes=[0-9]{0,21}-[0-9]{0,21}", size in 0_u64..5000) {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_str(&text).unwrap());
            if let Wanted::Some(range) = wanted(&headers, size, "") {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }
    }
}
