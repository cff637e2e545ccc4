//! What the house says about itself, to pages and to whoever watches over it. Knows no letter and no account.

use super::described::shape;
use super::problem::Problem;
use super::route::{Face, Policy, Route};
use super::tell::{Plain, Told};
use crate::app::App;
use crate::settings::Registration;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/house", Policy::Anyone, Face::Api, house),
        Route::get("/healthz", Policy::Anyone, Face::Api, alive),
        Route::get("/readyz", Policy::Anyone, Face::Api, ready),
    ]
}

/// Languages in which pages and mails can speak: those that web/src/words has whole.
const LANGUAGES: [&str; 2] = ["en", "es"];

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct House {
    name: String,
    contact: String,
    #[schemars(extend("enum" = ["invite", "open"]))]
    registration: &'static str,
    language: String,
    languages: [&'static str; 2],
    zone: String,
    host_recipient: String,
    host_generation: u32,
    #[schemars(schema_with = "shape::day")]
    today: String,
    outbox: bool,
    town: bool,
}

async fn house(State(app): State<App>) -> Result<Told<House>, Problem> {
    let settings = &app.settings;
    let today = app.time.now().trusted.to_zoned(settings.zone.clone()).date();
    Ok(Told::new(House {
        name: settings.house_name.clone(),
        contact: settings.host_contact.clone(),
        registration: match settings.registration {
            Registration::Invite => "invite",
            Registration::Open => "open",
        },
        language: settings.language.clone(),
        languages: LANGUAGES,
        zone: settings.zone.iana_name().unwrap_or("UTC").to_owned(),
        host_recipient: app.peel.recipient().to_owned(),
        host_generation: app.peel.generation(),
        today: today.to_string(),
        outbox: app.outbox.is_some(),
        town: app.town,
    }))
}

/// The process answers. Asks nobody else.
async fn alive() -> Plain<200> {
    Plain::new(true, "alive\n")
}

/// Whether letters can come in and go out: the store answers. The text lists what its host should look at, in words that scripts can read.
async fn ready(State(app): State<App>) -> Plain<503> {
    let (well, store, keys) = match app.store.house().await {
        Ok(house) => (true, "ok", if house.keys_confirmed { "confirmed" } else { "not-confirmed" }),
        Err(e) => {
            tracing::error!(error = %e, "not ready");
            (false, "away", "unknown")
        }
    };
    let clock = app.time.doubt().map_or("ok", |doubt| doubt.word());
    Plain::new(well, format!("store: {store}\nkeys: {keys}\nclock: {clock}\n"))
}
