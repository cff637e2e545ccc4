//! A birthday that was corrected, meant for a letter that is sealed already. It reaches only what has not left; for what has, nothing changes and nothing is said.

use super::gate::SignedIn;
use super::problem::Problem;
use super::read::{self, Json, Path};
use super::route::{Body, Face, Policy, Route};
use super::rule;
use super::tell::Told;
use super::{asks, letters};
use crate::app::App;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use unsaid_delivery::accept::{self, Refusal};
use unsaid_delivery::id::LetterId;
use unsaid_store::StoreError;
use unsaid_store::rows::{Letter, NewProof};

/// How often something is read again when the worker was quicker.
const TRIES: usize = 3;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/api/letters/{id}/birthday", Policy::Fresh, Face::Api, Body::Json, correct).refuses(&[
        "birthday-unknown",
        "nothing-sealed",
        "not-here",
        "not-yet",
        "day-passed",
        "day-too-far",
        "zone-unknown",
        "rested",
        "still-resting",
        "already-sealed",
    ])]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Birthday")]
struct Given {
    year: Option<i16>,
    month: i64,
    day: i64,
    #[schemars(with = "Option<rule::Leap>")]
    leap: Option<String>,
}

/// Where a birthday is asked for before it opens, the right one is asked for from now on, whether the letter has left or not: nobody could open it with a day that
/// is not theirs. Whoever has opened it already opens it with either. None: nothing is asked, or a question.
fn asked_from_now_on(
    app: &App,
    letter: &Letter,
    birthday: (Option<i16>, i8, i8),
) -> Result<Option<NewProof>, Problem> {
    let Some(asks) = letter.asks.as_ref().filter(|asks| asks.question.is_none()) else { return Ok(None) };
    let birthday = asks::can_be_typed(birthday)?;
    // What was asked with its year is not made easier to guess by leaving it out.
    if asks.with_year && birthday.0.is_none() {
        return Err(Problem::field("birthday", "birthday-unknown"));
    }
    Ok(Some(asks::birthday(app, letter.id, birthday)))
}

async fn correct(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(given): Json<Given>,
) -> Result<Told<letters::One>, Problem> {
    let id: LetterId = read::id(&id)?;
    // Whose letter it is comes before what is wrong with the day.
    app.store.letter(&author, id).await?;
    let birthday = rule::birthday(Some(given.month), Some(given.day), given.leap.as_deref())?;
    for _ in 0..TRIES {
        let letter = app.store.letter(&author, id).await?;
        let Some(delivery) = &letter.delivery else { return Err(Refusal::NothingSealed.into()) };
        let now = app.time.now();
        // Everything is looked at before anything is changed.
        let corrected = accept::correct_birthday(delivery, given.year, birthday, now)?;
        let days = (given.year, birthday.month, birthday.day);
        if let Some(proof) = asked_from_now_on(&app, &letter, days)? {
            app.store.correct_proof(&author, id, proof, now).await?;
        }
        let Some(corrected) = corrected else {
            let letter = app.store.letter(&author, id).await?;
            return Ok(Told::new(letters::told(&app, &author, &letter).await?));
        };
        match app.store.correct_rule(&author, delivery, &corrected, now).await {
            Ok(letter) => {
                app.nudge.nudge();
                return Ok(Told::new(letters::told(&app, &author, &letter).await?));
            }
            Err(StoreError::Conflict) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(Problem::of("changed-meanwhile"))
}
