//! The paper kit: its token alone lets its owner in, unlocked, for it is the account's own key that lies on the paper; her mailbox is told each time. The key never comes
//! here, the token that was made from it does, and is kept as its HMAC.

use super::account;
use super::account::MyAccount;
use super::cookies::{Cookie, read_token};
use super::described::shape;
use super::gate::SignedIn;
use super::lives::sign_beside;
use super::problem::Problem;
use super::read::Json;
use super::route::{Body, Face, Policy, Route};
use super::sessions::forget;
use super::tell::{Done, Told, done};
use crate::app::App;
use crate::secrets::hashed;
use axum::extract::State;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use unsaid_delivery::id::MessageId;
use unsaid_delivery::life::Strength;
use unsaid_store::StoreError;
use unsaid_store::rows::{Keyed, SessionOf};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/kit", Policy::Unlocked, Face::Api, Body::Json, register)
            .refuses(&["bytes-unknown"]),
        Route::post("/api/kit-session", Policy::Anyone, Face::Api, Body::Json, come_in)
            .refuses(&["kit-unknown", "missing"]),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Kit")]
struct Registered {
    #[schemars(schema_with = "shape::token")]
    token: String,
}

async fn register(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(given): Json<Registered>,
) -> Result<Told<Done>, Problem> {
    let kit = kit(&app, &given.token).ok_or_else(|| Problem::field("token", "bytes-unknown"))?;
    app.store.put_kit(&author, kit, MessageId(app.chance.id_bytes()), app.time.now()).await?;
    app.nudge.nudge();
    Ok(done())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KitShown")]
struct Shown {
    #[schemars(schema_with = "shape::token")]
    token: String,
    mine: bool,
}

async fn come_in(
    State(app): State<App>,
    headers: HeaderMap,
    Json(shown): Json<Shown>,
) -> Result<Told<MyAccount>, Problem> {
    // 256 bits cannot be guessed at, so tries are counted by network alone (limits.rs); what is no token at all is as unknown as one that is nobody's.
    let unknown = || Problem::of("kit-unknown");
    let kit = kit(&app, &shown.token).ok_or_else(unknown)?;
    let account = app.store.account_of_kit(kit).await?.ok_or_else(unknown)?;
    let (token, now) = (app.chance.token(), app.time.now());
    let notice = MessageId(app.chance.id_bytes());
    app.store.open_kit_session(hashed(&token), account, shown.mine, notice, now).await?;
    app.nudge.nudge();
    let session = app.store.session(hashed(&token), now).await?.ok_or(StoreError::Missing)?;
    let SessionOf::Author(author, role) = session.who else { return Err(unknown()) };
    sign_beside(&app, author.account(), Strength::Strong).await?;
    let account = account::view(&app, &author, role, &session).await?;
    // Whoever was signed in on this browser before is not any more.
    if let Some(before) = Cookie::Session.hash(&app, &headers)? {
        forget(&app, before).await?;
    }
    let cookies = [Cookie::Session.set(&app, &token)];
    Ok(Told::new(MyAccount { account }).with_cookies(cookies))
}

/// HMAC of a kit token, as the store keeps it.
fn kit(app: &App, token: &str) -> Option<Keyed> {
    Some(app.keys.peppered("kit", &read_token(token.as_bytes())?))
}
