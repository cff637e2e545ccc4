//! Taking a letter back after its rest, until it has been opened. The answer is one and the same whatever came of it, so that it tells nothing about the person.

use super::gate::SignedIn;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Said, Told};
use super::undo::commit;
use crate::app::App;
use crate::words::Words;
use axum::extract::State;
use unsaid_delivery::accept;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/letters/{id}/withdraw", Policy::Unlocked, Face::Api, Body::Json, withdraw)
            .refuses(&["rested", "still-resting", "already-sealed", "nothing-sealed", "not-here"]),
    ]
}

async fn withdraw(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Said>, Problem> {
    // Nothing of the letter is in the answer: not its state, not its rev, not its length.
    let id = read::id(&id)?;
    if !app.store.letter(&author, id).await?.withdrew {
        commit(&app, &author, id, |delivery, _| accept::withdraw(delivery)).await?;
    }
    let said = Words::now().say("author.withdraw.said", &[]);
    Ok(Told::new(Said { said }))
}
