//! The card of a person: eight words that only the two know. The words never come here; a token that was made from them does, and is kept as its HMAC. A card that
//! somebody has seen is replaced in one go: another token, and new wraps for everything that the old words would have opened.

use super::cookies::read_token;
use super::described::shape;
use super::gate::SignedIn;
use super::persons::of_hers;
use super::problem::Problem;
use super::read::{self, Json, Object, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Told, done};
use super::{host_wrap, notice};
use crate::app::App;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use unsaid_delivery::id::{LetterId, PersonId};
use unsaid_delivery::message::Notice;
use unsaid_store::StoreError;
use unsaid_store::rows::{Early, Keyed, NewWordsWrap, WrapKind};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::put("/api/persons/{id}/card", Policy::Fresh, Face::Api, Body::Json, put).refuses(&[
            "bytes-unknown",
            "card-there",
            "cards-full",
        ]),
        Route::put("/api/persons/{id}/card/early", Policy::Unlocked, Face::Api, Body::Json, early),
        Route::post("/api/persons/{id}/card/replace", Policy::Fresh, Face::Api, Body::Wraps, replace)
            .refuses(&["bytes-unknown", "host-cannot-open", "cards-full"]),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Card {
    #[schemars(schema_with = "shape::token")]
    token: String,
}

async fn put(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(card): Json<Card>,
) -> Result<Told<Done>, Problem> {
    let id: PersonId = read::id(&id)?;
    of_hers(&app, &author, id).await?;
    let claim = claim(&app, &card.token)?;
    app.store.put_card(&author, id, claim, app.time.now()).await.map_err(|e| match e {
        StoreError::Conflict => Problem::of("card-there"),
        e => e.into(),
    })?;
    Ok(done())
}

/// What somebody who comes with the card before the time may be told.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum EarlyGiven {
    Nothing,
    Waits,
    Day,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EarlyTold")]
struct EarlyTold {
    told: EarlyGiven,
}

async fn early(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(given): Json<EarlyTold>,
) -> Result<Told<Done>, Problem> {
    let early = match given.told {
        EarlyGiven::Nothing => Early::Nothing,
        EarlyGiven::Waits => Early::Waits,
        EarlyGiven::Day => Early::Day,
    };
    app.store.tell_early(&author, read::id(&id)?, early).await?;
    Ok(done())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Replacement {
    #[schemars(schema_with = "shape::token")]
    token: String,
    #[schemars(with = "Vec<Wrapped>")]
    wraps: Vec<Object<Wrapped>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    #[schemars(schema_with = "shape::id")]
    letter: String,
    version: u32,
    #[schemars(schema_with = "shape::bytes")]
    wrap: String,
}

async fn replace(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(given): Json<Replacement>,
) -> Result<Told<Done>, Problem> {
    let id: PersonId = read::id(&id)?;
    of_hers(&app, &author, id).await?;
    let claim = claim(&app, &given.token)?;
    let mut wraps = Vec::with_capacity(given.wraps.len());
    for Object(wrapped) in given.wraps {
        let letter: LetterId = read::id(&wrapped.letter)?;
        // A line is only as good as the letter that it names: hers, and no other.
        app.store.letter(&author, letter).await?;
        let bytes = read::bytes("wraps", &wrapped.wrap)?;
        let subject = letter.to_string();
        let (bytes, generation) =
            host_wrap::inspected(&app, bytes, &subject, wrapped.version, WrapKind::Words, None)
                .map_err(|_| Problem::field("wraps", "host-cannot-open"))?;
        wraps.push(NewWordsWrap { letter, version: wrapped.version, bytes, generation });
    }
    notice::tell(&app, &author, Notice::CardReplaced).await?;
    app.store.replace_card(&author, id, claim, wraps, app.time.now()).await?;
    Ok(done())
}

/// HMAC of a claim token, as the store keeps it.
pub(super) fn claim(app: &App, token: &str) -> Result<Keyed, Problem> {
    let token = read_token(token.as_bytes()).ok_or_else(|| Problem::field("token", "bytes-unknown"))?;
    Ok(app.keys.peppered("claim", &token))
}
