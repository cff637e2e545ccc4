//! Unlocking with what the words gave: the browser shows a token, the host takes its layer off the account's passphrase file and hands that out. Locking again.
//! The words themselves never come here.

use super::cookies::read_token;
use super::described::shape;
use super::gate::{SessionToken, SignedIn};
use super::lives::sign_beside;
use super::problem::Problem;
use super::read::{Json, Nothing};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Told, done};
use crate::app::App;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::life::Strength;
use unsaid_store::rows::UnlockTried;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/unlock", Policy::Locked, Face::Api, Body::Json, unlock).refuses(&[
            "words-wrong",
            "unlocks-too-many",
            "missing",
        ]),
        Route::post("/api/lock", Policy::Locked, Face::Api, Body::Json, lock),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UnlockShown")]
struct Shown {
    #[schemars(schema_with = "shape::token")]
    token: String,
    mine: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PassphraseFile")]
struct Given {
    #[schemars(schema_with = "shape::bytes")]
    file: String,
}

async fn unlock(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    SessionToken(session): SessionToken,
    Json(shown): Json<Shown>,
) -> Result<Told<Given>, Problem> {
    // What cannot be a token did not come from words, and costs no try.
    let token = read_token(shown.token.as_bytes()).ok_or_else(|| Problem::of("words-wrong"))?;
    let now = app.time.now();
    let released = match app.store.try_unlock(&author, app.keys.peppered("unlock", &token), now).await? {
        UnlockTried::Right(released) => released,
        UnlockTried::Wrong => return Err(Problem::of("words-wrong")),
        UnlockTried::TooMany { until } => {
            let seconds = until.duration_since(now.trusted).as_secs().max(1);
            return Err(Problem {
                retry_after: Some(seconds.unsigned_abs()),
                ..Problem::of("unlocks-too-many")
            });
        }
    };
    let file = app.peel.give(&released).map_err(|why| {
        tracing::error!(account = released.subject(), error = %why, "an unlock wrap cannot be peeled any more");
        Problem::of("bytes-damaged")
    })?;
    app.store.unlock_session(session, shown.mine, now).await?;
    // Words were given by hand: the strongest sign of life that there is, written down before she is let in.
    sign_beside(&app, author.account(), Strength::Strong).await?;
    Ok(Told::new(Given { file: URL_SAFE_NO_PAD.encode(&*file) }))
}

async fn lock(
    State(app): State<App>,
    SessionToken(session): SessionToken,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    app.store.lock_session(session).await?;
    Ok(done())
}
