//! New six words for an account: another passphrase file, locked for the house, under the next number. The old one is erased, her
//! other sessions end, and her mailbox is told.

use super::account::{SALT_BYTES, TOKEN_BYTES, exactly};
use super::described::shape;
use super::gate::{SessionToken, SignedIn};
use super::host_wrap;
use super::problem::Problem;
use super::read::{self, Json};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Told, done};
use crate::app::App;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use unsaid_delivery::id::MessageId;
use unsaid_store::rows::{NewUnlock, WrapKind};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/unlock-file", Policy::Fresh, Face::Api, Body::Json, replace)
            .refuses(&["bytes-unknown", "host-cannot-open"]),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "NewWords")]
struct Given {
    salt: String,
    #[schemars(schema_with = "shape::token")]
    unlock_token: String,
    #[schemars(schema_with = "shape::bytes")]
    unlock_file: String,
    number: u32,
}

async fn replace(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    SessionToken(session): SessionToken,
    Json(given): Json<Given>,
) -> Result<Told<Done>, Problem> {
    let salt = exactly("salt", &given.salt, SALT_BYTES)?;
    let token = exactly("unlockToken", &given.unlock_token, TOKEN_BYTES)?;
    let wrap = read::bytes("unlockFile", &given.unlock_file)?;
    let account = author.account().to_string();
    let (wrap, host_generation) =
        host_wrap::inspected(&app, wrap, &account, given.number, WrapKind::Unlock, None)
            .map_err(|_| Problem::field("unlockFile", "host-cannot-open"))?;
    let key = app.keys.peppered("unlock", &token);
    let new = NewUnlock { salt, key, wrap, number: given.number, host_generation, session };
    app.store.replace_unlock(&author, new, MessageId(app.chance.id_bytes()), app.time.now()).await?;
    app.nudge.nudge();
    Ok(done())
}
