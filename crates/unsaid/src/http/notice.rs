//! What her own mailbox is told, so that nothing of weight is done with an account in silence. It is written before the deed where the store does not write both
//! in one: a notice of what then failed is a small thing, a deed that nobody was told of is not. Also the test message, and the deeds that are done in
//! her browser alone and are only reported here.

use super::gate::SignedIn;
use super::persons::of_hers;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Told, done};
use crate::app::App;
use axum::extract::State;
use unsaid_delivery::id::{ChannelId, MessageId};
use unsaid_delivery::message::Notice;
use unsaid_store::rows::{Author, CodeAsked};

/// After so long somebody whose ten test messages of a day are used up may ask again, at the latest.
const DAY_SECONDS: u64 = 86_400;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/trial", Policy::Unlocked, Face::Api, Body::Json, trial)
            .refuses(&["trials-too-many"]),
        Route::post("/api/letters/{id}/exported", Policy::Fresh, Face::Api, Body::Json, exported),
        Route::post("/api/persons/{id}/card/printed", Policy::Fresh, Face::Api, Body::Json, printed),
    ]
}

/// Writes a notice to her address and wakes whoever sends.
pub(super) async fn tell(app: &App, author: &Author, notice: Notice) -> Result<(), Problem> {
    app.store.notify(author, notice, MessageId(app.chance.id_bytes()), app.time.now()).await?;
    app.nudge.nudge();
    Ok(())
}

/// A message to herself, to see that mail from this house reaches her.
async fn trial(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    send_trial(&app, &author, None).await
}

/// The same to one of her channels.
pub(super) async fn send_trial(
    app: &App,
    author: &Author,
    channel: Option<ChannelId>,
) -> Result<Told<Done>, Problem> {
    let message = MessageId(app.chance.id_bytes());
    match app.store.ask_trial(author, channel, message, app.time.now()).await? {
        CodeAsked::Taken | CodeAsked::Held => app.nudge.nudge(),
        CodeAsked::TooMany => {
            return Err(Problem { retry_after: Some(DAY_SECONDS), ..Problem::of("trials-too-many") });
        }
    }
    Ok(done())
}

/// She takes a letter out as a folder. Its bytes were hers to fetch before; that they left is what she is told.
async fn exported(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    app.store.letter(&author, read::id(&id)?).await?;
    tell(&app, &author, Notice::Exported).await?;
    Ok(done())
}

/// A card with words is shown for printing.
async fn printed(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    of_hers(&app, &author, read::id(&id)?).await?;
    tell(&app, &author, Notice::CardPrinted).await?;
    Ok(done())
}
