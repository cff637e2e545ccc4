//! One click while it rests: a letter is a draft again, and new words of a sealed one were never kept. `accept` says whether it still rests.

use super::gate::SignedIn;
use super::letters;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::Told;
use crate::app::App;
use axum::extract::State;
use unsaid_delivery::accept::{self, Granted, Refusal};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::LetterId;
use unsaid_delivery::state::Delivery;
use unsaid_store::StoreError;
use unsaid_store::rows::{Author, Letter};

/// How often something is read again when the worker was quicker.
const TRIES: usize = 3;

pub(super) fn routes() -> Vec<Route> {
    // A locked session may undo: on the morning after, the phone is at hand and the card with the words is not.
    vec![Route::post("/api/letters/{id}/undo", Policy::Locked, Face::Api, Body::Json, undo).refuses(&[
        "rested",
        "still-resting",
        "already-sealed",
        "nothing-sealed",
        "not-here",
    ])]
}

async fn undo(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<letters::One>, Problem> {
    let id = read::id(&id)?;
    let letter = match undo_amend(&app, &author, id).await? {
        Some(letter) => letter,
        None => commit(&app, &author, id, accept::undo).await?,
    };
    Ok(Told::new(letters::told(&app, &author, &letter).await?))
}

/// Takes back new words in their rest. None: there are none.
async fn undo_amend(app: &App, author: &Author, id: LetterId) -> Result<Option<Letter>, Problem> {
    for _ in 0..TRIES {
        let letter = app.store.letter(author, id).await?;
        let Some(amending) = &letter.amending else { return Ok(None) };
        let now = app.time.now();
        accept::undo_amend(Some(amending), now)?;
        match app.store.undo_amend(author, id, amending.version, now).await {
            Ok(letter) => {
                app.nudge.nudge();
                return Ok(Some(letter));
            }
            Err(StoreError::Conflict) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(Problem::of("changed-meanwhile"))
}

/// Asks `accept` about the letter as it stands, and commits what was granted. If somebody else was quicker, it is asked again about what
/// stands there then.
pub(super) async fn commit(
    app: &App,
    author: &Author,
    id: LetterId,
    ask: impl Fn(&Delivery, Now) -> Result<Granted, Refusal>,
) -> Result<Letter, Problem> {
    for _ in 0..TRIES {
        let letter = app.store.letter(author, id).await?;
        let Some(delivery) = &letter.delivery else { return Err(Refusal::NothingSealed.into()) };
        let now = app.time.now();
        let granted = ask(delivery, now)?;
        match app.store.commit_author(author, delivery, &granted, now).await {
            Ok(letter) => {
                app.nudge.nudge();
                return Ok(letter);
            }
            Err(StoreError::Conflict) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(Problem::of("changed-meanwhile"))
}
