//! Addresses that her keepers have given of somebody, while she lives: she takes one or does not, and none counts before that.

use super::described::shape;
use super::gate::SignedIn;
use super::notice;
use super::persons::of_hers;
use super::problem::Problem;
use super::read::{self, Json, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::Told;
use crate::app::App;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::id::{AddressId, PersonId};
use unsaid_delivery::message::Notice;
use unsaid_store::StoreError;
use unsaid_store::rows::{Author, SealedText};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/persons/{id}/offers", Policy::Unlocked, Face::Api, all),
        Route::post("/api/persons/{id}/offers/{address}", Policy::Fresh, Face::Api, Body::Json, answer)
            .refuses(&["addresses-full"]),
    ]
}

#[derive(Serialize, JsonSchema)]
struct Offers {
    offers: Vec<Offer>,
}

#[derive(Serialize, JsonSchema)]
struct Offer {
    #[schemars(schema_with = "shape::id")]
    id: String,
    address: String,
    /// The keeper who gave it, as she named them.
    keeper: String,
}

async fn told(app: &App, author: &Author, person: PersonId) -> Result<Told<Offers>, Problem> {
    let keepers = app.store.keepers(author.account()).await?;
    let open =
        |bound: String, sealed: &SealedText| app.keys.open_text(&bound, sealed).ok_or(StoreError::Damaged);
    let mut offers = Vec::new();
    for offer in app.store.offered_addresses(author, person).await? {
        let Some(keeper) = keepers.iter().find(|keeper| keeper.id == offer.keeper) else { continue };
        let id = offer.address.to_string();
        offers.push(Offer {
            address: open(id.clone(), &offer.sealed)?.to_string(),
            keeper: open(keeper.id.to_string(), &keeper.name)?.to_string(),
            id,
        });
    }
    Ok(Told::new(Offers { offers }))
}

async fn all(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
) -> Result<Told<Offers>, Problem> {
    told(&app, &author, read::id(&id)?).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OfferAnswered")]
struct Answered {
    /// It is an address of theirs from now on, and the first that is tried; else it counts no more.
    takes: bool,
}

async fn answer(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, address)): Path<(String, String)>,
    Json(answered): Json<Answered>,
) -> Result<Told<Offers>, Problem> {
    let (id, address) = (read::id::<PersonId>(&id)?, read::id::<AddressId>(&address)?);
    of_hers(&app, &author, id).await?;
    if !app.store.offered_addresses(&author, id).await?.iter().any(|offer| offer.address == address) {
        return Err(Problem::missing());
    }
    if answered.takes {
        notice::tell(&app, &author, Notice::AddressesChanged).await?;
    }
    let now = app.time.now();
    app.store.answer_offer(&author, id, address, answered.takes, now).await.map_err(|e| match e {
        StoreError::Conflict => Problem::of("addresses-full"),
        e => e.into(),
    })?;
    app.nudge.nudge();
    told(&app, &author, id).await
}
