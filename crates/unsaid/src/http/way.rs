//! The way of a letter, as its author may read it up to the first knock: what was decided, on which day, and by whom. From then on there is one answer, whatever the person did; and what she has taken back has
//! none, whether it had left or not.

use super::described::shape;
use super::gate::SignedIn;
use super::problem::Problem;
use super::read::{self, Path};
use super::route::{Face, Policy, Route};
use super::tell::Told;
use crate::app::App;
use axum::extract::State;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use unsaid_delivery::calendar;
use unsaid_delivery::state::{Shown, State as At, shown};
use unsaid_store::notes::{Note, Noted};
use unsaid_store::rows::Letter;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/letters/{id}/way", Policy::Locked, Face::Api, show)]
}

/// What stands in a letter's way beside its notes.
const SEALED: &str = "sealed";
const NEW_WORDS: &str = "new-words";
const RESTED: &str = "rested";

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LettersWay")]
struct View {
    /// It has left our hands, or waits to be asked for: nothing more is told.
    left: bool,
    /// The newest first.
    steps: Vec<StepView>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StepOfWay")]
struct StepView {
    /// By the calendar of her own zone.
    #[schemars(schema_with = "shape::day")]
    day: String,
    what: &'static str,
    /// Of a sealing: which version.
    number: Option<u32>,
}

async fn show(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
) -> Result<Told<View>, Problem> {
    let id = read::id(&id)?;
    let letter = app.store.letter(&author, id).await?;
    let told = letter.delivery.as_ref().map(|delivery| shown(delivery.state, letter.withdrew));
    if let Some(Shown::Left | Shown::Withdrawn) = told {
        return Ok(Told::new(View { left: told == Some(Shown::Left), steps: Vec::new() }));
    }
    let zone = app.store.account(&author).await?.zone;
    let sealed = letter.versions.first().map(|(_, at)| *at);
    // The house writes down what time it is once in a while: what followed the sealing is not told as if it had come before.
    let after = |note: &Note| match sealed {
        Some(sealed) if note.what != Noted::PlanChosen => note.at.max(sealed),
        _ => note.at,
    };
    let notes = app.store.history(&author, id).await?;
    let mut steps: Vec<_> = notes.iter().map(|note| (after(note), note.what.key(), None)).collect();
    steps.extend(sealings(&letter, app.time.now().trusted));
    steps.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let day = |at| calendar::day_in(at, &zone).map_err(|_| Problem::field("zone", "zone-unknown"));
    let steps = steps
        .into_iter()
        .map(|(at, what, number)| Ok(StepView { day: day(at)?.to_string(), what, number }))
        .collect::<Result<_, Problem>>()?;
    Ok(Told::new(View { left: false, steps }))
}

/// Each sealing, and the end of the first rest.
fn sealings(letter: &Letter, now: Timestamp) -> Vec<(Timestamp, &'static str, Option<u32>)> {
    let mut steps = Vec::new();
    if let Some(delivery) = &letter.delivery
        && delivery.state != At::Resting
        && delivery.rest.until <= now
    {
        steps.push((delivery.rest.until, RESTED, None));
    }
    for (at, (number, sealed)) in letter.versions.iter().enumerate().rev() {
        steps.push((*sealed, if at == 0 { SEALED } else { NEW_WORDS }, Some(*number)));
    }
    steps
}
