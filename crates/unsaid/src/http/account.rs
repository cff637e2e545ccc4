//! Making an account, and what its author is told of it. Her words, her kit and her keys were made in her browser; what arrives here is locked already, and
//! the host looks once whether it could give it back.

use super::described::shape;
use super::gate::{NewcomerIn, SessionToken, SignedIn, is_fresh, is_unlocked};
use super::host_wrap;
use super::problem::Problem;
use super::read::{self, Json};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Made, Told};
use crate::app::App;
use crate::name;
use crate::secrets::hashed;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::calendar;
use unsaid_seal::pq;
use unsaid_store::StoreError;
use unsaid_store::rows::{Author, NewAccount, Role, Session, SessionOf, WrapKind};

/// Bytes of salt for scrypt.
pub(super) const SALT_BYTES: usize = 16;
/// Bytes of an unlock token.
pub(super) const TOKEN_BYTES: usize = 32;
/// The number in the line of an account's first unlock wrap.
const FIRST_UNLOCK: u32 = 1;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/account", Policy::Newcomer, Face::Api, Body::Json, make).refuses(&[
            "account-there",
            "accounts-too-many",
            "invitation-unknown",
            "name-empty",
            "name-length",
            "name-letters",
            "language-unknown",
            "zone-unknown",
            "recipient-unknown",
            "bytes-unknown",
            "host-cannot-open",
            "missing",
        ]),
        Route::get("/api/account", Policy::Locked, Face::Api, look).refuses(&["missing"]),
    ]
}

/// What an author is told of her account.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Account")]
pub(super) struct View {
    #[schemars(schema_with = "shape::id")]
    id: String,
    email: String,
    name: String,
    #[schemars(extend("items" = { "enum": ["host", "author"] }))]
    roles: Vec<&'static str>,
    language: String,
    zone: String,
    recipient: String,
    salt: String,
    unlock_number: u32,
    session: SessionView,
    keys_confirmed: Option<bool>,
    /// A paper kit is known to the house.
    kit: bool,
    /// The host, or whoever invited her, approved this name for mails to those she writes to.
    name_in_mails: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Session")]
struct SessionView {
    unlocked: bool,
    fresh: bool,
    mine: bool,
}

/// Her account as she is told of it, with the state of this session.
pub(super) async fn view(app: &App, author: &Author, role: Role, session: &Session) -> Result<View, Problem> {
    let account = app.store.account(author).await?;
    let row = account.id.to_string();
    let open =
        |sealed| app.keys.open_text(&row, sealed).map(|text| text.to_string()).ok_or(StoreError::Damaged);
    let now = app.time.now().trusted;
    Ok(View {
        email: open(&account.email)?,
        name_in_mails: account.approved_name == Some(app.keys.name_mark(&open(&account.name)?)),
        name: open(&account.name)?,
        roles: match role {
            Role::Author => vec!["author"],
            Role::Host => vec!["host", "author"],
        },
        language: account.language,
        zone: account.zone,
        recipient: account.recipient,
        salt: URL_SAFE_NO_PAD.encode(&account.salt),
        unlock_number: account.unlock_number,
        session: SessionView {
            unlocked: is_unlocked(session, now),
            fresh: is_fresh(session, now),
            mine: session.mine,
        },
        keys_confirmed: match role {
            Role::Author => None,
            Role::Host => Some(app.store.house().await?.keys_confirmed),
        },
        kit: app.store.has_kit(author).await?,
        id: row,
    })
}

#[derive(Serialize, JsonSchema)]
pub(super) struct MyAccount {
    pub(super) account: View,
}

async fn look(
    State(app): State<App>,
    SignedIn(author, role, session): SignedIn,
) -> Result<Told<MyAccount>, Problem> {
    Ok(Told::new(MyAccount { account: view(&app, &author, role, &session).await? }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "NewAccount")]
struct Given {
    #[schemars(schema_with = "shape::id")]
    account_id: String,
    invitation: Option<String>,
    name: String,
    #[schemars(schema_with = "shape::language")]
    language: String,
    zone: String,
    recipient: String,
    salt: String,
    #[schemars(schema_with = "shape::token")]
    unlock_token: String,
    #[schemars(schema_with = "shape::bytes")]
    unlock_file: String,
    #[schemars(schema_with = "shape::bytes")]
    vault: String,
    mine: bool,
}

async fn make(
    State(app): State<App>,
    NewcomerIn(session): NewcomerIn,
    SessionToken(token): SessionToken,
    Json(given): Json<Given>,
) -> Result<Made<MyAccount>, Problem> {
    let SessionOf::Newcomer { account, email_key, email, invitation } = session.who else {
        return Err(Problem::of("account-there"));
    };
    if given.account_id != account.to_string() {
        return Err(Problem::of("changed-meanwhile"));
    }
    // The invitation came with the code; one that is named again must be that one.
    if let Some(text) = given.invitation {
        let named = super::cookies::read_token(text.as_bytes()).map(|token| hashed(&token));
        if named.is_none() || named != invitation {
            return Err(Problem::of("invitation-unknown"));
        }
    }
    let name = name::read(&given.name).map_err(|key| Problem::field("name", key))?;
    let language = read_language(&given.language)?;
    calendar::zone(&given.zone).map_err(|_| Problem::field("zone", "zone-unknown"))?;
    given.recipient.parse::<pq::Recipient>().map_err(|_| Problem::field("recipient", "recipient-unknown"))?;
    let salt = exactly("salt", &given.salt, SALT_BYTES)?;
    let unlock_token = exactly("unlockToken", &given.unlock_token, TOKEN_BYTES)?;
    let unlock_wrap = read::bytes("unlockFile", &given.unlock_file)?;
    let vault = read::bytes("vault", &given.vault)?;
    if vault.is_empty() {
        return Err(Problem::field("vault", "bytes-unknown"));
    }
    let row = account.to_string();
    let (unlock_wrap, host_generation) =
        host_wrap::inspected(&app, unlock_wrap, &row, FIRST_UNLOCK, WrapKind::Unlock, None)
            .map_err(|_| Problem::field("unlockFile", "host-cannot-open"))?;
    let new = NewAccount {
        id: account,
        email,
        email_key,
        name: app.keys.seal_text(&row, &name, &*app.chance),
        language,
        zone: given.zone,
        recipient: given.recipient,
        salt,
        unlock_key: app.keys.peppered("unlock", &unlock_token),
        unlock_wrap,
        vault,
        host_generation,
    };
    let now = app.time.now();
    let author = app.store.create_account(token, new, given.mine, now).await.map_err(|e| match e {
        StoreError::Conflict => Problem::of("account-there"),
        e => e.into(),
    })?;
    app.nudge.nudge();
    let session = app.store.session(token, now).await?.ok_or(StoreError::Missing)?;
    let role = match session.who {
        SessionOf::Author(_, role) => role,
        SessionOf::Newcomer { .. } => Role::Author,
    };
    Ok(Made::new(MyAccount { account: view(&app, &author, role, &session).await? }))
}

pub(super) fn exactly(field: &'static str, text: &str, length: usize) -> Result<Vec<u8>, Problem> {
    let bytes = read::bytes(field, text)?;
    if bytes.len() == length { Ok(bytes) } else { Err(Problem::field(field, "bytes-unknown")) }
}

/// The shape of a BCP 47 language with perhaps a region, as UNSAID_LANGUAGE has it.
pub(super) fn read_language(tag: &str) -> Result<String, Problem> {
    let (language, region) = tag.split_once('-').map_or((tag, None), |(l, r)| (l, Some(r)));
    let fits = (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && region.is_none_or(|r| r.len() == 2 && r.bytes().all(|b| b.is_ascii_uppercase()));
    if fits { Ok(tag.to_owned()) } else { Err(Problem::field("language", "language-unknown")) }
}
