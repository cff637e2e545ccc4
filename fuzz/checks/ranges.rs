//! The range of a stored part that somebody asks for (RFC 9110, 14): what is given lies within the part, and is what was asked.

use axum::http::{HeaderMap, HeaderValue, header};
use unsaid::http::range::{Wanted, wanted};

/// Eight bytes of the part's size, then the header, then If-Range where there is one.
pub(crate) fn check(data: &[u8]) -> bool {
    let Some((size, rest)) = data.split_first_chunk::<8>() else { return false };
    let size = u64::from_le_bytes(*size);
    let [range, if_range] = super::pieces::<2>(rest);
    let mut headers = HeaderMap::new();
    let Ok(value) = HeaderValue::from_bytes(range.as_bytes()) else { return false };
    headers.insert(header::RANGE, value);
    let again = wanted(&headers, size, "\"tag\"");
    if let (false, Ok(value)) = (if_range.is_empty(), HeaderValue::from_bytes(if_range.as_bytes())) {
        headers.insert(header::IF_RANGE, value);
        if if_range != "\"tag\"" {
            assert_eq!(wanted(&headers, size, "\"tag\""), Wanted::Whole, "another version's range");
        }
    }
    match again {
        Wanted::Whole | Wanted::Nothing => false,
        Wanted::Some(given) => {
            assert!(given.start < given.end && given.end <= size, "{given:?} of {size}");
            // As the RFC writes it: both ends inclusive, so that what is given can be asked for again, and is the same.
            let exact = format!("bytes={}-{}", given.start, given.end - 1);
            let mut asked = HeaderMap::new();
            asked.insert(header::RANGE, HeaderValue::from_str(&exact).expect("a header"));
            assert_eq!(wanted(&asked, size, "\"tag\""), Wanted::Some(given));
            true
        }
    }
}
