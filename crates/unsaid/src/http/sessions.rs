//! Coming in with a code, and going out. A code that is right opens a session for the account of its address, or one that may only make an account.
//! It opens no letter: the words do that.

use super::account;
use super::cookies::Cookie;
use super::described::shape;
use super::gate::{SessionToken, SignedIn};
use super::lives::sign_beside;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Told, done};
use crate::app::App;
use crate::secrets::hashed;
use crate::settings::Registration;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::calendar;
use unsaid_delivery::id::{AccountId, BlobId};
use unsaid_delivery::life::Strength;
use unsaid_store::StoreError;
use unsaid_store::rows::{CodeTried, Session, SessionName, SessionOf};

const CODE_DIGITS: usize = 8;
/// Clear Site Data (W3C): what a device keeps of this house is gone with the session.
const CLEAR_SITE_DATA: header::HeaderName = header::HeaderName::from_static("clear-site-data");

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/sessions", Policy::Anyone, Face::Api, Body::Json, begin).refuses(&[
            "code-wrong",
            "code-over",
            "accounts-too-many",
            "missing",
        ]),
        Route::post("/api/sessions/end", Policy::Anyone, Face::Api, Body::Json, end),
        Route::get("/api/sessions", Policy::Locked, Face::Api, all),
        Route::post("/api/sessions/{session}/end", Policy::Unlocked, Face::Api, Body::Json, end_one),
        Route::post("/api/sessions/others/end", Policy::Unlocked, Face::Api, Body::Json, end_others),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CodeTyped")]
struct Typed {
    #[schemars(schema_with = "shape::code")]
    code: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Newcomer {
    #[schemars(schema_with = "shape::id")]
    account_id: String,
}

/// Whose code it was.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Begun {
    Account(account::View),
    Newcomer(Newcomer),
}

async fn begin(
    State(app): State<App>,
    headers: HeaderMap,
    Json(typed): Json<Typed>,
) -> Result<Told<Begun>, Problem> {
    // What cannot be a code is a slip of the finger, and costs no try.
    let code = read_code(&typed.code).ok_or_else(|| Problem::field("code", "code-wrong"))?;
    let over = || Problem::of("code-over");
    let browser = Cookie::Browser.hash(&app, &headers)?.ok_or_else(over)?;
    let now = app.time.now();
    let code = app.keys.peppered("code", code.as_bytes());
    let (email_key, to, message, account, invitation) = match app.store.try_code(browser, code, now).await? {
        CodeTried::Right { email_key, to, message, account, invitation } => {
            (email_key, to, message, account, invitation)
        }
        CodeTried::Wrong => return Err(Problem::field("code", "code-wrong")),
        CodeTried::Over => return Err(over()),
    };
    let token = app.chance.token();
    let body = match account {
        Some(account) => {
            app.store.open_session(hashed(&token), account, now).await?;
            let session = app.store.session(hashed(&token), now).await?.ok_or(StoreError::Missing)?;
            let SessionOf::Author(author, role) = session.who else { return Err(over()) };
            // Whoever reads her mail can do this: a weak sign.
            sign_beside(&app, author.account(), Strength::Weak).await?;
            Begun::Account(account::view(&app, &author, role, &session).await?)
        }
        // In a house of invitations no mail went out without one, so that this cannot be; it is looked at all the same.
        None if invitation.is_none() && app.settings.registration == Registration::Invite => {
            return Err(over());
        }
        None => {
            let id = AccountId(app.chance.id_bytes());
            let address = app.keys.open_text(&message.to_string(), &to).ok_or(StoreError::Damaged)?;
            let email = app.keys.seal_text(&id.to_string(), &address, &*app.chance);
            app.store.open_newcomer(hashed(&token), id, email_key, email, invitation, now).await?;
            Begun::Newcomer(Newcomer { account_id: id.to_string() })
        }
    };
    // Whoever was signed in on this browser before is not any more.
    if let Some(before) = Cookie::Session.hash(&app, &headers)? {
        forget(&app, before).await?;
    }
    let cookies = [Cookie::Session.set(&app, &token), Cookie::Browser.forget(&app)];
    Ok(Told::new(body).with_cookies(cookies))
}

/// Signed out. Saying it twice is no mistake.
async fn end(
    State(app): State<App>,
    headers: HeaderMap,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    let mut elsewhere = false;
    if let Some(token) = Cookie::Session.hash(&app, &headers)? {
        let session = app.store.session(token, app.time.now()).await?;
        elsewhere = session.is_some_and(|session| was_opened_elsewhere(&session));
        forget(&app, token).await?;
    }
    let ended = done().with_cookies([Cookie::Session.forget(&app)]);
    let cleared = HeaderValue::from_static("\"cache\", \"storage\"");
    Ok(if elsewhere { ended.with(CLEAR_SITE_DATA, cleared) } else { ended })
}

/// A browser in which she is signed in. No address and no program's name: the house knows neither.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SignedInOn {
    #[schemars(schema_with = "shape::id")]
    id: String,
    /// This very browser.
    here: bool,
    /// She said that the device is hers.
    mine: bool,
    /// The civil day on which she came in there, in her zone.
    since: String,
    /// The last day on which she did something there.
    last: String,
}

#[derive(Serialize, JsonSchema)]
struct Sessions {
    sessions: Vec<SignedInOn>,
}

async fn all(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    SessionToken(token): SessionToken,
) -> Result<Told<Sessions>, Problem> {
    let zone = app.store.account(&author).await?.zone;
    let day = |at| calendar::day_in(at, &zone).map_err(|_| Problem::field("zone", "zone-unknown"));
    let here = SessionName::of(token);
    let found = app.store.sessions(&author, app.time.now()).await?;
    let sessions = found
        .into_iter()
        .map(|session| {
            Ok(SignedInOn {
                // The form of all ids.
                id: BlobId(session.name.0).to_string(),
                here: session.name == here,
                mine: session.mine,
                since: day(session.made)?.to_string(),
                last: day(session.last_act)?.to_string(),
            })
        })
        .collect::<Result<Vec<_>, Problem>>()?;
    Ok(Told::new(Sessions { sessions }))
}

/// Signed out there. One that has ended meanwhile is as missing as another author's.
async fn end_one(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(session): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    let BlobId(name) = read::id(&session)?;
    app.store.end_session_named(&author, SessionName(name)).await?;
    Ok(done())
}

/// Signed out everywhere but here.
async fn end_others(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    SessionToken(token): SessionToken,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    app.store.end_other_sessions(&author, token).await?;
    Ok(done())
}

/// Her letters were open on a device that is not hers. A session in which no words were ever given tells nothing about the device: it may be hers, with drafts on it that
/// are nowhere else, so nothing is cleared there.
fn was_opened_elsewhere(session: &Session) -> bool {
    matches!(session.who, SessionOf::Author(..)) && session.unlocked_at.is_some() && !session.mine
}

pub(super) async fn forget(app: &App, token: unsaid_store::rows::Keyed) -> Result<(), Problem> {
    match app.store.end_session(token).await {
        Ok(()) | Err(StoreError::Missing) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

/// Eight figures, however they were spaced. None if it cannot be a code.
pub(super) fn read_code(typed: &str) -> Option<String> {
    if typed.len() > 100 {
        return None;
    }
    let figures: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    (figures.len() == CODE_DIGITS && figures.bytes().all(|b| b.is_ascii_digit())).then_some(figures)
}

#[cfg(test)]
mod tests {
    use super::read_code;

    #[test]
    fn a_code_is_read_however_it_was_spaced() {
        for typed in ["12345678", " 1234 5678\n", "12 34 56 78", "1234\u{a0}5678", "1234-5678"] {
            assert_eq!(read_code(typed).as_deref(), Some("12345678"), "{typed:?}");
        }
        for typed in
            ["", "1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨", "12345678; drop table", &"1".repeat(9999)]
        {
            assert_eq!(read_code(typed), None, "{typed:?}");
        }
    }
}
