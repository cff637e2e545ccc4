//! On which day something would arrive if it were sealed now. Promises nothing.

use super::gate::SignedIn;
use super::problem::Problem;
use super::read::Query;
use super::route::{Face, Policy, Route};
use super::rule;
use crate::app::App;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use unsaid_delivery::accept;
use unsaid_delivery::rule::{Gate, Moment, Proof, Reach, Rule};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/when", Policy::Locked, Face::Api, when).with_query()]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    moment: String,
    date: Option<String>,
    time: Option<String>,
    zone: Option<String>,
    rest: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct When {
    rest_until: String,
    rest_zone: String,
    arrives: String,
    arrives_zone: String,
    early: bool,
}

async fn when(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let moment = match asked.moment.as_str() {
        "at-once" => Moment::AtOnce,
        "on" => rule::on(asked.date.as_deref(), asked.time.as_deref(), asked.zone.as_deref())?,
        _ => return Err(Problem::field("rule", "not-yet")),
    };
    let rest = rule::read_rest(&asked.rest)?;
    let zone = app.store.account(&author).await?.zone;
    let arrives_zone = match &moment {
        Moment::On { zone, .. } => zone.clone(),
        _ => zone.clone(),
    };
    let rule = Rule { gate: Gate::None, moment, reach: Reach::Send, proof: Proof::None };
    let plan = accept::plan(&rule, rest, &zone, app.time.now())?;
    Ok(axum::Json(When {
        rest_until: plan.rest.until.to_string(),
        rest_zone: zone,
        arrives: plan.leaves.to_string(),
        arrives_zone,
        early: plan.early,
    })
    .into_response())
}
