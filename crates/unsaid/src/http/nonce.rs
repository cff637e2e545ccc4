//! Whether this house knows a nonce: how a house finds out that it is itself who answers at its public address. It says yes or no and nothing else, changes nothing, and is
//! counted by network like every other try of strangers.

use super::problem::Problem;
use super::route::{Face, Policy, Route};
use super::tell::Plain;
use crate::app::App;
use crate::own_address::{MINE, NOT_MINE, kept};
use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where it is asked.
pub(super) const PATH: &str = "/house/nonce/{nonce}";

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(PATH, Policy::Anyone, Face::Api, knows)]
}

async fn knows(State(app): State<App>, Path(nonce): Path<String>) -> Result<Plain<200>, Problem> {
    let nonce = URL_SAFE_NO_PAD.decode(nonce).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    // What no house would ever ask has no answer here.
    let nonce = nonce.ok_or_else(Problem::missing)?;
    let mine = app.store.knows_nonce(kept(&nonce), app.time.now()).await?;
    Ok(Plain::new(true, if mine { MINE } else { NOT_MINE }))
}
