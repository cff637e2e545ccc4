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
use unsaid_store::rows::Kept;

/// How often another hand (the worker's knock, a second press) may come between looking and opening before we give up.
const TRIES: usize = 4;

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
    for _ in 0..TRIES {
        let letter = letter_of(&app, &reader, id).await?;
        // One that asks something opens after the answer.
        if letter.asks.is_some() {
            return Ok(on_to(&path));
        }
        // A letter that is kept by words opens with them alone, and one that keepers open with their cards: nothing is pinned before they are there.
        if matches!(letter.kept, Kept::Words | Kept::Keepers) {
            return Ok(on_to(&path));
        }
        let Some(granted) = accept::open(&letter.delivery)? else { return Ok(on_to(&path)) };
        match app.store.open(&reader, &letter.delivery, &granted, app.time.now()).await {
            Ok(()) => {
                app.nudge.nudge();
                return Ok(on_to(&path));
            }
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(StoreError::Conflict.into())
}
