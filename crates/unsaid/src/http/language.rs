//! In which language and zone her pages and mails speak. Nothing of weight: a locked session may choose.

use super::account::read_language;
use super::described::shape;
use super::gate::SignedIn;
use super::problem::Problem;
use super::read::Json;
use super::route::{Body, Face, Policy, Route};
use super::rule::zone_of;
use super::tell::{Done, Told, done};
use crate::app::App;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/language", Policy::Locked, Face::Api, Body::Json, choose)
            .refuses(&["language-unknown", "zone-unknown"]),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Language")]
struct Chosen {
    #[schemars(schema_with = "shape::language")]
    language: String,
    zone: String,
}

async fn choose(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(chosen): Json<Chosen>,
) -> Result<Told<Done>, Problem> {
    let language = read_language(&chosen.language)?;
    let zone = zone_of(Some(&chosen.zone))?;
    app.store.put_language(&author, language, zone).await?;
    Ok(done())
}
