//! What a letter waits for that her keepers say: its words under the address key, and on its author's page what each of them has said, from which day it may go, and the button that stops it.

use super::gate::SignedIn;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Told, done};
use crate::app::App;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::Serialize;
use unsaid_delivery::calendar;
use unsaid_delivery::event::{self, LEAST};
use unsaid_delivery::id::LetterId;
use unsaid_delivery::rule::{Gate, Rule};
use unsaid_store::StoreError;
use unsaid_store::rows::{Author, SealedText};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/letters/{id}/event", Policy::Unlocked, Face::Api, show),
        Route::post("/api/letters/{id}/event/stop", Policy::Unlocked, Face::Api, Body::Json, stop)
            .refuses(&["event-over"]),
    ]
}

fn row(letter: LetterId) -> String {
    format!("{letter} event")
}

/// The rule as it is kept: what must have happened is read by nobody who has the rows alone.
pub(super) async fn kept(app: &App, author: &Author, rule: &Rule, letter: LetterId) -> Result<Rule, Problem> {
    let Gate::Word { event, keepers, .. } = &rule.gate else { return Ok(rule.clone()) };
    let sealed = app.keys.seal_text(&row(letter), event, &*app.chance);
    let life = app.store.life(author.account()).await?;
    let gate = Gate::Word {
        event: URL_SAFE_NO_PAD.encode(&sealed.0),
        keepers: keepers.clone(),
        quorum: life.map_or(LEAST, |view| view.life.plan.quorum).max(LEAST),
    };
    Ok(Rule { gate, ..rule.clone() })
}

/// What must have happened, in her words.
pub(super) fn open(app: &App, letter: LetterId, event: &str) -> Option<String> {
    let sealed = SealedText(URL_SAFE_NO_PAD.decode(event).ok()?);
    app.keys.open_text(&row(letter), &sealed).map(|text| text.to_string())
}

/// The same of a rule; none where it waits for nothing that keepers say. What cannot be read stands there as nothing, and no list stops at it.
pub(super) fn text_of(app: &App, rule: &Rule, letter: LetterId) -> Option<String> {
    match &rule.gate {
        Gate::Word { event, .. } => Some(open(app, letter, event).unwrap_or_default()),
        Gate::None | Gate::Gone => None,
    }
}

/// What keepers have said of what a letter waits for.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Event")]
struct View {
    /// How many must say that it has happened; none where no keeper stands.
    needed: Option<u8>,
    said: Vec<Said>,
    /// Enough have said so: the day before which it does not go. Until then she may stop it.
    opens: Option<String>,
    can: Vec<&'static str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SaidOfEvent")]
struct Said {
    /// What she calls them.
    name: String,
    happened: bool,
}

async fn show(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
) -> Result<Told<View>, Problem> {
    let id: LetterId = read::id(&id)?;
    let known = app.store.event(&author, id).await?.ok_or(StoreError::Missing)?;
    let zone = app.store.account(&author).await?.zone;
    let keepers = app.store.keepers(author.account()).await?;
    let mut said = Vec::new();
    for keeper in keepers.iter().filter(|keeper| keeper.standing.counts()) {
        let Some(heard) = known.heard.iter().find(|heard| heard.keeper == keeper.id) else { continue };
        let name = app.keys.open_text(&keeper.id.to_string(), &keeper.name).ok_or(StoreError::Damaged)?;
        said.push(Said { name: name.to_string(), happened: heard.happened });
    }
    let day = |at| calendar::day_in(at, &zone).map_err(|_| Problem::field("zone", "zone-unknown"));
    let opens = known.opens().map(day).transpose()?.map(|day| day.to_string());
    let can = if known.stop(app.time.now()).is_some() { vec!["stop"] } else { Vec::new() };
    let needed = event::needed(known.quorum, known.keepers.len());
    Ok(Told::new(View { needed, said, opens, can }))
}

async fn stop(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    let id: LetterId = read::id(&id)?;
    if !app.store.stop_event(&author, id, app.time.now()).await? {
        return Err(Problem::of("event-over"));
    }
    app.nudge.nudge();
    Ok(done())
}
