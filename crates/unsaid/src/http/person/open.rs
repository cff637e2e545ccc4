//! Opening: the person's own press. It pins the version, and what was opened stays theirs. Nobody is told.

use super::{is_not_me, letter_of, on_to};
use crate::app::App;
use crate::http::gate::ReaderIn;
use crate::http::problem::Problem;
use crate::http::read::{self, Path};
use axum::extract::State;
use axum::response::Response;
use unsaid_delivery::accept;
use unsaid_store::StoreError;
use unsaid_store::rows::{Kept, Reader, Waiting};

/// How often another hand (the worker's knock, a second press) may come between looking and opening before we give up.
const TRIES: usize = 4;

/// Opens a letter as it was looked at, unless it was open already. False when another hand came between: it is to be looked at again.
///
/// # Errors
/// What the rules or the store say against it, and [`StoreError::Conflict`] after as many tries as are made.
pub(super) async fn opens(
    app: &App,
    reader: &Reader,
    letter: &Waiting,
    tried: usize,
) -> Result<bool, Problem> {
    let Some(granted) = accept::open(&letter.delivery)? else { return Ok(true) };
    match app.store.open(reader, &letter.delivery, &granted, app.time.now()).await {
        Ok(()) => {
            app.nudge.nudge();
            Ok(true)
        }
        Err(StoreError::Conflict) if tried < TRIES => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// POST /waiting/{delivery}/open
pub(super) async fn open(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
) -> Result<Response, Problem> {
    let id = read::id(&named)?;
    if is_not_me(&app, &reader).await? {
        return Ok(on_to("/refused"));
    }
    let path = format!("/waiting/{id}");
    for tried in 1.. {
        let letter = letter_of(&app, &reader, id).await?;
        // One that asks something opens after the answer.
        if letter.asks.is_some() {
            break;
        }
        // A letter that is kept by words opens with them alone, and one that keepers open with their cards: nothing is pinned before they are there.
        if matches!(letter.kept, Kept::Words | Kept::Keepers) || opens(&app, &reader, &letter, tried).await? {
            break;
        }
    }
    Ok(on_to(&path))
}
