//! After a release that was false: to whom her letters have left, and telling each of them, once and only if she wishes, that she lives. What she is shown does not depend on what anybody did: whether there was
//! an address to write to is not said.

use super::described::shape;
use super::gate::SignedIn;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::Told;
use crate::app::App;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::calendar;
use unsaid_delivery::id::{MessageId, PersonId};
use unsaid_delivery::life::alive::may_ask;
use unsaid_store::rows::Author;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/life/alive", Policy::Unlocked, Face::Api, show),
        Route::post("/api/life/alive", Policy::Unlocked, Face::Api, Body::Json, tell).refuses(&[
            "alive-not-well",
            "alive-nothing-left",
            "missing",
        ]),
        Route::post("/api/life/alive/{person}/undo", Policy::Unlocked, Face::Api, Body::Json, take_back)
            .refuses(&["alive-left"]),
    ]
}

/// To whom her letters have left because she was thought gone.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Alive")]
struct View {
    /// She may have it said now; else a sign of life comes first.
    well: bool,
    people: Vec<Reached>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Reached")]
struct Reached {
    #[schemars(schema_with = "shape::id")]
    person: String,
    /// The civil day, in her zone, on which she asked that they be told; none: she has not, or took it back.
    asked: Option<String>,
    can: Vec<&'static str>,
}

async fn view(app: &App, author: &Author) -> Result<Told<View>, Problem> {
    let zone = app.store.account(author).await?.zone;
    let life = app.store.life(author.account()).await?;
    let well = life.is_some_and(|view| may_ask(&view.life));
    let observed = app.time.now().observed;
    let mut people = Vec::new();
    for one in app.store.reached(author).await? {
        let day = |at| calendar::day_in(at, &zone).map_err(|_| Problem::field("zone", "zone-unknown"));
        let can = match &one.asked {
            None if well => vec!["tell"],
            Some(_) if one.can_be_taken_back(observed) => vec!["undo"],
            _ => Vec::new(),
        };
        let asked = one.asked.map(|asked| day(asked.at)).transpose()?.map(|day| day.to_string());
        people.push(Reached { person: one.person.to_string(), asked, can });
    }
    Ok(Told::new(View { well, people }))
}

async fn show(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<View>, Problem> {
    view(&app, &author).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TellAlive")]
struct Whom {
    #[schemars(schema_with = "shape::id")]
    person: String,
}

async fn tell(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(whom): Json<Whom>,
) -> Result<Told<View>, Problem> {
    let person: PersonId = read::id(&whom.person)?;
    let message = MessageId(app.chance.id_bytes());
    let told = app.store.tell_alive(&author, &[person], &[message], app.time.now()).await?;
    told.map_err(|why| Problem::of(why.key()))?;
    app.nudge.nudge();
    view(&app, &author).await
}

async fn take_back(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(person): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<View>, Problem> {
    let person: PersonId = read::id(&person)?;
    if !app.store.untell_alive(&author, person, app.time.now()).await? {
        return Err(Problem::of("alive-left"));
    }
    view(&app, &author).await
}
