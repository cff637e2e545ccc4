//! What the reader's browser needs to open a letter: its key, peeled by the house for this one reading, and the sealed bytes. The key goes into
//! the answer and nowhere else. A wrap that names another letter, or is damaged, is not given: the delivery is parked and the host called.

use super::{is_not_me, letter_of};
use crate::app::App;
use crate::http::gate::ReaderIn;
use crate::http::problem::Problem;
use crate::http::range;
use crate::http::range::Ranged;
use crate::http::read::{self, Json, Nothing, Path};
use crate::http::tell::Told;
use crate::peel::NotPeeled;
use axum::extract::State;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::state::{Parked, State as Where};
use unsaid_store::StoreError;
use unsaid_store::rows::{Reader, Released, Waiting, WrapKind};
use zeroize::Zeroizing;

/// The part that holds the words.
const LETTER: &str = "letter.age";
/// How an age identity begins (C2SP age, Bech32 in capitals).
const IDENTITY: &str = "AGE-SECRET-KEY-1";

#[derive(Serialize, JsonSchema)]
pub(super) struct Key {
    /// An age identity.
    key: String,
    letter: String,
    version: u32,
}

/// POST /waiting/{delivery}/key
pub(super) async fn give(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Key>, Problem> {
    let id: DeliveryId = read::id(&named)?;
    let (letter, released, inner) = peeled(&app, &reader, id).await?;
    if released.kind() != WrapKind::Host {
        return Err(Problem::missing());
    }
    // K stands in the wrap as an identity file: comments are allowed around it.
    let key =
        std::str::from_utf8(&inner).ok().and_then(|text| text.lines().find(|l| l.starts_with(IDENTITY)));
    let Some(key) = key else { return Err(park(&app, id, Parked::Damaged).await) };
    let answer = Key {
        key: key.trim_end().to_owned(),
        letter: letter.delivery.letter.to_string(),
        version: released.version(),
    };
    Ok(Told::new(answer).kept_nowhere())
}

/// What lies under the house's layer of a letter that they have opened, with the wrap that it came from.
pub(super) async fn peeled(
    app: &App,
    reader: &Reader,
    id: DeliveryId,
) -> Result<(Waiting, Released, Zeroizing<Vec<u8>>), Problem> {
    let letter = opened(app, reader, id).await?;
    let released = match app.store.release(reader, id).await {
        Err(StoreError::Damaged) => return Err(park(app, id, Parked::Damaged).await),
        released => released?,
    };
    match app.peel.give(&released) {
        Ok(inner) => Ok((letter, released, inner)),
        Err(NotPeeled::WrongBinding) => Err(park(app, id, Parked::WrongBinding).await),
        Err(NotPeeled::Damaged) => Err(park(app, id, Parked::Damaged).await),
        Err(NotPeeled::NotOurs) => {
            // Nothing is wrong with the letter: this house was started with other keys than it was sealed for.
            tracing::error!(delivery = %id, "a wrap is for another host key than this house holds; the host has to put the right keys back");
            Err(Problem::of("letter-held"))
        }
    }
}

/// GET /waiting/{delivery}/letter.age
pub(super) async fn bytes(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
    headers: HeaderMap,
) -> Result<Ranged, Problem> {
    give_part(&app, &reader, &named, LETTER, &headers).await
}

/// GET /waiting/{delivery}/parts/{*name}: the letter, its signature, its pictures.
pub(super) async fn part(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path((named, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Ranged, Problem> {
    give_part(&app, &reader, &named, &name, &headers).await
}

async fn give_part(
    app: &App,
    reader: &Reader,
    named: &str,
    name: &str,
    headers: &HeaderMap,
) -> Result<Ranged, Problem> {
    let id: DeliveryId = read::id(named)?;
    opened(app, reader, id).await?;
    let part = app.store.reader_part(reader, id, name).await?;
    match range::part(app, &part, name, headers).await {
        Ok(response) => Ok(response),
        Err(StoreError::Damaged | StoreError::Missing) => Err(park(app, id, Parked::Damaged).await),
        Err(other) => Err(other.into()),
    }
}

/// A letter of theirs that they have opened, and may read. Foreign, missing and closed are one answer.
async fn opened(app: &App, reader: &Reader, id: DeliveryId) -> Result<Waiting, Problem> {
    if is_not_me(app, reader).await? {
        return Err(Problem::missing());
    }
    let letter = letter_of(app, reader, id).await?;
    match letter.delivery.state {
        Where::Parked { .. } => Err(Problem::of("letter-held")),
        _ if !letter.delivery.pinned || letter.asks.is_some() => Err(Problem::missing()),
        _ => Ok(letter),
    }
}

/// Holds the delivery and calls the host, through the log that he reads; the person is told in two calm sentences.
async fn park(app: &App, delivery: DeliveryId, why: Parked) -> Problem {
    tracing::error!(%delivery, why = ?why, "a letter could not be given to its reader and is parked; the host has to look at it");
    match app.store.park(delivery, why).await {
        Ok(()) => Problem::of("letter-held"),
        Err(e) => e.into(),
    }
}
