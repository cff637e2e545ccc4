//! Saying no: each refusal is two sentences (what happened, what to do) under a key, as application/problem+json (RFC 9457) or, on a page's
//! route, as a page. The sentences stand in web/src/words under `error.<key>.title` and `error.<key>.detail`. Nothing that was sent is
//! repeated here, so that an answer never carries what a stranger typed.

use crate::words::Words;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use unsaid_delivery::accept::Refusal;
use unsaid_store::StoreError;
use unsaid_store::limits::Limit;

/// A refusal, ready to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The key of its words.
    pub key: &'static str,
    /// What is wrong with single fields: the field's name, and the key of its words.
    pub fields: Vec<(&'static str, &'static str)>,
    /// What its words have places for.
    pub values: Vec<(&'static str, String)>,
    /// After how many seconds it is worth trying again.
    pub retry_after: Option<u64>,
    /// How far an upload really is.
    pub offset: Option<u64>,
    /// Which revision stands here, when another was meant.
    pub rev: Option<i64>,
}

/// After so long there is room again where something is counted by the day, at the latest; what is counted by the month is worth a look then, too.
const DAY_SECONDS: u64 = 86_400;

/// Every key with its status. A test compares it with the words, both ways.
pub const KEYS: &[(&str, u16)] = &[
    ("malformed", 400),
    ("not-json", 400),
    ("query-unknown", 400),
    ("signed-out", 401),
    ("reader-unknown", 401),
    ("locked", 403),
    ("not-fresh", 403),
    ("other-site", 403),
    ("not-the-host", 403),
    ("missing", 404),
    ("invitation-unknown", 404),
    ("kit-unknown", 404),
    ("address-undo-over", 404),
    ("nothing-here", 404),
    ("keeper-unknown", 404),
    ("card-not-asked", 409),
    ("ask-replaced", 409),
    ("cards-too-few", 409),
    ("method", 405),
    ("too-slow", 408),
    ("changed-meanwhile", 409),
    ("account-there", 409),
    ("addresses-full", 409),
    ("address-taken", 409),
    ("persons-full", 409),
    ("cards-full", 409),
    ("drafts-full", 409),
    ("photos-full", 409),
    ("letters-full", 409),
    ("versions-full", 409),
    ("card-there", 409),
    ("life-ended", 409),
    ("unlock-first", 409),
    ("keeper-set-cannot-be", 409),
    ("keepers-full", 409),
    ("channels-full", 409),
    ("browser-there", 409),
    ("not-a-keeper", 409),
    ("keepers-not-asked", 409),
    ("keepers-too-late", 409),
    ("rested", 409),
    ("still-resting", 409),
    ("already-sealed", 409),
    ("nothing-sealed", 409),
    ("not-here", 409),
    ("upload-elsewhere", 409),
    ("parts-changed", 409),
    ("code-over", 410),
    ("too-large", 413),
    ("path-too-long", 414),
    ("part-too-large", 413),
    ("wrong-type", 415),
    ("not-understood", 422),
    ("code-wrong", 422),
    ("words-wrong", 422),
    ("words-unknown", 422),
    ("words-older", 422),
    ("address-empty", 422),
    ("address-without-at", 422),
    ("address-two-ats", 422),
    ("address-before-at", 422),
    ("address-after-at", 422),
    ("address-too-long", 422),
    ("address-of-house", 422),
    ("address-quoted", 422),
    ("address-unseen", 422),
    ("address-same", 422),
    ("channel-there", 422),
    ("handle-there", 422),
    ("handle-wrong", 422),
    ("browser-wrong", 422),
    ("name-empty", 422),
    ("name-length", 422),
    ("name-letters", 422),
    ("language-unknown", 422),
    ("zone-unknown", 422),
    ("recipient-unknown", 422),
    ("bytes-unknown", 422),
    ("damaged-on-the-way", 422),
    ("upload-too-long", 422),
    ("part-name", 422),
    ("parts-missing", 422),
    ("wrap-missing", 422),
    ("wrap-not-wanted", 422),
    ("host-cannot-open", 422),
    ("person-missing", 422),
    ("no-address", 422),
    ("no-way", 422),
    ("card-missing", 422),
    ("date-missing", 422),
    ("birthday-unknown", 422),
    ("question-empty", 422),
    ("question-too-long", 422),
    ("answer-empty", 422),
    ("answer-too-long", 422),
    ("until-unknown", 422),
    ("age-unknown", 422),
    ("day-passed", 422),
    ("day-too-far", 422),
    ("rest-unknown", 422),
    ("not-yet", 422),
    ("life-unarmed", 422),
    ("keepers-missing", 422),
    ("name-for-keepers", 422),
    ("event-empty", 422),
    ("event-too-long", 422),
    ("event-over", 409),
    ("alive-not-well", 409),
    ("alive-nothing-left", 409),
    ("alive-left", 409),
    ("life-every", 422),
    ("life-pause", 422),
    ("life-warning", 422),
    ("life-quorum", 422),
    ("life-fallback", 422),
    ("pause-passed", 422),
    ("pause-too-long", 422),
    ("if-match", 428),
    ("codes-too-many", 429),
    ("unlocks-too-many", 429),
    ("trials-too-many", 429),
    ("rehearsal-too-soon", 429),
    ("digits-too-many", 429),
    ("replies-too-many", 429),
    ("asks-too-many", 429),
    ("persons-too-many", 429),
    ("reserved-too-many", 429),
    ("uploads-too-many", 429),
    ("accounts-too-many", 429),
    ("account-too-often", 429),
    ("reading-too-often", 429),
    ("network-too-many", 429),
    ("our-mistake", 500),
    ("bytes-damaged", 500),
    ("store-away", 503),
    ("letter-held", 503),
    ("account-full", 507),
    ("house-full", 507),
];

impl Problem {
    /// The refusal of this key, with the status that the table gives it.
    pub fn of(key: &'static str) -> Self {
        let status = KEYS.iter().find(|(known, _)| *known == key).map(|(_, status)| *status);
        debug_assert!(status.is_some(), "{key} is not in the table of problems");
        let status = status.and_then(|s| StatusCode::from_u16(s).ok()).unwrap_or(StatusCode::BAD_REQUEST);
        Self {
            status,
            key,
            fields: Vec::new(),
            values: Vec::new(),
            retry_after: None,
            offset: None,
            rev: None,
        }
    }

    /// The refusal of one field: its words are said beside that field too.
    pub fn field(name: &'static str, key: &'static str) -> Self {
        Self { fields: vec![(name, key)], ..Self::of(key) }
    }

    /// With something that its words have a place for.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// Not there, or not yours: one answer for both.
    pub fn missing() -> Self {
        Self::of("missing")
    }

    /// What happened. It has no places to fill in.
    pub fn title(&self) -> String {
        Words::now().say(&format!("error.{}.title", self.key), &[])
    }

    /// What to do.
    pub fn detail(&self) -> String {
        let values: Vec<(&str, &str)> = self.values.iter().map(|(n, v)| (*n, v.as_str())).collect();
        Words::now().say(&format!("error.{}.detail", self.key), &values)
    }

    fn document(&self) -> Document {
        let said = |key| {
            let said = Self::of(key);
            format!("{} {}", said.title(), said.detail())
        };
        let fields: BTreeMap<&str, String> =
            self.fields.iter().map(|(name, key)| (*name, said(*key))).collect();
        Document {
            detail: self.detail(),
            fields: (!fields.is_empty()).then_some(fields),
            key: self.key,
            offset: self.offset,
            rev: self.rev,
            status: self.status.as_u16(),
            title: self.title(),
        }
    }
}

/// A refusal as it is sent (RFC 9457), in the order of the alphabet.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Document {
    /// What to do.
    detail: String,
    /// What is wrong with single fields, by their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<BTreeMap<&'static str, String>>,
    /// Which refusal it is.
    key: &'static str,
    /// How far an upload really is.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    /// Which revision stands here, when another was meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    rev: Option<i64>,
    status: u16,
    /// What happened.
    title: String,
}

/// As problem+json. The gate makes a page of it where the route has a page's face.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/problem+json");
        // Texts and numbers are always JSON.
        let document = serde_json::to_string(&self.document()).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, kind)], document).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Missing => Self::missing(),
            StoreError::Conflict => Self::of("changed-meanwhile"),
            StoreError::Full => {
                tracing::error!("the store is full");
                Self::of("house-full")
            }
            StoreError::Damaged => {
                tracing::error!("stored bytes are damaged");
                Self::of("bytes-damaged")
            }
            StoreError::Limit(limit) => reached(limit),
            // Which of the two it is, and why, is for the log; it holds no values of rows.
            e @ (StoreError::Unavailable(_) | StoreError::Newer { .. }) => {
                tracing::error!(why = ?e, "the store does not answer");
                Self { retry_after: Some(60), ..Self::of("store-away") }
            }
        }
    }
}

/// A number of the house's was reached: what to do about it, and after how long it is worth trying again where time alone helps.
fn reached(limit: Limit) -> Problem {
    let (key, seconds) = match limit {
        Limit::Accounts => ("accounts-too-many", Some(DAY_SECONDS)),
        Limit::Persons => ("persons-full", None),
        Limit::PersonsOfMonth => ("persons-too-many", Some(DAY_SECONDS)),
        Limit::Cards => ("cards-full", None),
        Limit::Drafts => ("drafts-full", None),
        Limit::Photos => ("photos-full", None),
        Limit::Letters => ("letters-full", None),
        Limit::Reserved => ("reserved-too-many", Some(DAY_SECONDS)),
        Limit::Versions => ("versions-full", None),
        Limit::Uploads => ("uploads-too-many", Some(DAY_SECONDS)),
        Limit::Bytes => ("account-full", None),
    };
    tracing::warn!(limit = key, "an account or the house has reached one of its numbers");
    Problem { retry_after: seconds, ..Problem::of(key) }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotYet => Self::field("rule", "not-yet"),
            Refusal::DayPassed | Refusal::DayTooFar => Self::field("date", refusal.key()),
            Refusal::BirthdayUnknown => Self::field("birthday", refusal.key()),
            Refusal::ZoneUnknown => Self::field("zone", "zone-unknown"),
            Refusal::NoAddress => Self::field("person", "no-address"),
            Refusal::NoWay => Self::field("person", "no-way"),
            Refusal::Rested
            | Refusal::StillResting
            | Refusal::AlreadySealed
            | Refusal::NothingSealed
            | Refusal::NotHere => Self::of(refusal.key()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_has_its_words_and_every_refusals_words_have_a_key() {
        let words: Value = serde_json::from_str(include_str!("../../../../web/src/words/en.json")).unwrap();
        let said = |part: &str| -> BTreeSet<String> {
            let keys = words.as_object().unwrap().keys();
            keys.filter_map(|k| Some(k.strip_prefix("error.")?.strip_suffix(part)?.to_owned())).collect()
        };
        let known: BTreeSet<String> = KEYS.iter().map(|(key, _)| (*key).to_owned()).collect();
        assert_eq!(known.len(), KEYS.len(), "each key stands there once");
        assert_eq!(said(".title"), known);
        assert_eq!(said(".detail"), known);
    }
}
