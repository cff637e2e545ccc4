//! What her keepers open together: the sets of their cards, as her browser has made them, and the wrap of a letter that is sealed to one. The cards never come here, and neither does
//! what is on them: a set's file opens with enough of them, and the house cannot open it.

use super::described::shape;
use super::gate::SignedIn;
use super::letters::sealed_already;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Told, done};
use super::{host_wrap, notice};
use crate::app::App;
use axum::body::Bytes;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::calendar;
use unsaid_delivery::id::{KeeperSetId, LetterId};
use unsaid_delivery::message::Notice;
use unsaid_seal::keeper_set::is_keeper_set_file;
use unsaid_store::StoreError;
use unsaid_store::keeper_sets::{KeeperSetRow, NewKeeperSet};
use unsaid_store::rows::WrapKind;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/life/keeper-sets", Policy::Unlocked, Face::Api, all),
        Route::post("/api/life/keeper-sets", Policy::Fresh, Face::Api, Body::Json, put).refuses(&[
            "bytes-unknown",
            "keeper-set-cannot-be",
            "person-missing",
        ]),
        Route::post("/api/life/keeper-sets/{set}/printed", Policy::Fresh, Face::Api, Body::Json, printed),
        Route::put(
            "/api/letters/{id}/versions/{number}/keepers/{set}",
            Policy::Unlocked,
            Face::Api,
            Body::Bytes,
            put_wrap,
        )
        .refuses(&["bytes-unknown", "host-cannot-open", "already-sealed"]),
    ]
}

/// A set of cards.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeeperSet")]
struct View {
    #[schemars(schema_with = "shape::id")]
    id: String,
    /// For whom alone it is; none: for all.
    person: Option<String>,
    /// So many cards open it, of so many.
    needed: u8,
    of: u8,
    /// keeper-set.age, in base64url.
    #[schemars(schema_with = "shape::bytes")]
    file: String,
    /// The day on which this file was made, in her zone.
    made: String,
    /// How often its cards were made.
    rev: i64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeeperSets")]
struct Views {
    sets: Vec<View>,
}

fn view(row: KeeperSetRow, zone: &str) -> Result<View, Problem> {
    let made = calendar::day_in(row.made, zone).map_err(|_| Problem::field("zone", "zone-unknown"))?;
    Ok(View {
        id: row.id.to_string(),
        person: row.person.map(|person| person.to_string()),
        needed: row.needed,
        of: row.of,
        file: URL_SAFE_NO_PAD.encode(row.file),
        made: made.to_string(),
        rev: row.rev,
    })
}

async fn all(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<Views>, Problem> {
    let zone = app.store.account(&author).await?.zone;
    let sets = app.store.keeper_sets(author.account()).await?;
    let sets = sets.into_iter().map(|row| view(row, &zone)).collect::<Result<_, _>>()?;
    Ok(Told::new(Views { sets }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewKeeperSet")]
struct New {
    /// Its name, which the page has chosen by lot and keeps in the vault before the house hears of it.
    #[schemars(schema_with = "shape::id")]
    id: String,
    /// For whom alone it is; none: for all.
    person: Option<String>,
    needed: u8,
    of: u8,
    #[schemars(schema_with = "shape::bytes")]
    file: String,
}

/// A new set, or the newer file of one whose cards were made anew: from then on the older file is not here.
async fn put(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(new): Json<New>,
) -> Result<Told<View>, Problem> {
    let id: KeeperSetId = new.id.parse().map_err(|_| Problem::of("keeper-set-cannot-be"))?;
    let person_missing = || Problem::field("person", "person-missing");
    let person = new.person.map(|person| person.parse()).transpose().map_err(|_| person_missing())?;
    let file = read::bytes("file", &new.file)?;
    if !is_keeper_set_file(&file) {
        return Err(Problem::field("file", "bytes-unknown"));
    }
    // Her mailboxes hear of it before it counts: whoever holds these cards and this house opens her letters.
    notice::tell(&app, &author, Notice::KeepersCards).await?;
    let set = NewKeeperSet { id, person, needed: new.needed, of: new.of, file };
    let row = app.store.put_keeper_set(&author, set, app.time.now()).await.map_err(|e| match e {
        // One answer for what is somebody else's and for what does not fit: a name chosen by lot is never another's.
        StoreError::Conflict | StoreError::Missing => Problem::of("keeper-set-cannot-be"),
        e => e.into(),
    })?;
    let zone = app.store.account(&author).await?.zone;
    Ok(Told::new(view(row, &zone)?))
}

/// Cards are shown for printing once more.
async fn printed(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(set): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    let id: KeeperSetId = read::id(&set)?;
    let hers = app.store.keeper_set(id).await?.is_some_and(|row| row.account == author.account());
    if !hers {
        return Err(Problem::missing());
    }
    notice::tell(&app, &author, Notice::KeepersCards).await?;
    Ok(done())
}

/// The wrap of a letter that the keepers of this set open together.
async fn put_wrap(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, number, set)): Path<(String, String, String)>,
    wrap: Bytes,
) -> Result<Told<Done>, Problem> {
    let (id, number) = (read::id::<LetterId>(&id)?, read::number(&number)?);
    let set: KeeperSetId = read::id(&set)?;
    // A letter of somebody else's stays missing, whatever was sent for it.
    app.store.letter(&author, id).await?;
    if unsaid_seal::wrap::check_wrap(&wrap).is_err() {
        return Err(Problem::field("wrap", "bytes-unknown"));
    }
    let (wrap, generation) =
        host_wrap::bound(&app, wrap.to_vec(), &id.to_string(), number, WrapKind::Keepers)
            .map_err(|_| Problem::field("wrap", "host-cannot-open"))?;
    let kept = app.store.put_keepers_wrap(&author, id, number, set, wrap, generation).await;
    kept.map_err(sealed_already)?;
    Ok(done())
}
