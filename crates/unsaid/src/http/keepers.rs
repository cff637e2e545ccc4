//! The people whom she trusts to say whether she is alive: named, listed and removed by her. Their names and addresses are under the address key. What they have said is hers to see.

use super::account::read_language;
use super::described::shape;
use super::gate::SignedIn;
use super::persons::of_somebody;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Made, Told, done};
use crate::app::App;
use crate::name;
use crate::secrets::hashed;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::calendar;
use unsaid_delivery::id::KeeperId;
use unsaid_delivery::life::Word;
use unsaid_store::StoreError;
use unsaid_store::lives::{KeeperRow, KeeperStanding, NewKeeper};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/life/keepers", Policy::Unlocked, Face::Api, all),
        Route::post("/api/life/keepers", Policy::Fresh, Face::Api, Body::Json, add)
            .refuses(&["keepers-full", "language-unknown", "name-empty", "name-length", "name-letters"])
            .reads_address(),
        Route::post("/api/life/keepers/{keeper}/remove", Policy::Fresh, Face::Api, Body::Json, remove),
    ]
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Keeper")]
struct View {
    #[schemars(schema_with = "shape::id")]
    id: String,
    name: String,
    /// None for one who was told on paper.
    address: Option<String>,
    language: String,
    #[schemars(extend("enum" = ["invited", "enrolled", "declined", "removed"]))]
    standing: &'static str,
    /// The day on which they last did anything here, in her zone.
    heard: Option<String>,
    /// The last word that they said about her.
    said: Option<Said>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeepersWord")]
struct Said {
    #[schemars(extend("enum" = ["well", "unknown", "died"]))]
    word: &'static str,
    /// It counts now: no sign of hers has come since.
    counts: bool,
}

#[derive(Serialize, JsonSchema)]
struct Keepers {
    keepers: Vec<View>,
}

async fn all(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<Keepers>, Problem> {
    let keepers = app.store.keepers(author.account()).await?;
    let zone = app.store.account(&author).await?.zone;
    let episode = app.store.life(author.account()).await?.map(|view| view.life.episode);
    let one = |keeper| view(&app, keeper, &zone, episode);
    let keepers = keepers.into_iter().map(one).collect::<Result<_, _>>()?;
    Ok(Told::new(Keepers { keepers }))
}

fn view(app: &App, keeper: KeeperRow, zone: &str, episode: Option<u32>) -> Result<View, Problem> {
    let id = keeper.id.to_string();
    let open = |sealed| app.keys.open_text(&id, sealed).ok_or(StoreError::Damaged);
    let name = open(&keeper.name)?.to_string();
    let address = keeper.address.as_ref().map(open).transpose()?.map(|address| address.to_string());
    let standing = match keeper.standing {
        KeeperStanding::Invited => "invited",
        KeeperStanding::Enrolled => "enrolled",
        KeeperStanding::Declined => "declined",
        KeeperStanding::Removed => "removed",
    };
    let day = |at| calendar::day_in(at, zone).map_err(|_| Problem::field("zone", "zone-unknown"));
    let heard = keeper.heard.map(day).transpose()?.map(|day| day.to_string());
    let said = keeper.said.map(|(said_in, word)| Said {
        word: match word {
            Word::Well => "well",
            Word::Unknown => "unknown",
            Word::Died => "died",
        },
        counts: Some(said_in) == episode,
    });
    Ok(View { id, name, address, language: keeper.language, standing, heard, said })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewKeeper")]
struct New {
    name: String,
    /// None for one who is told on paper.
    address: Option<String>,
    #[schemars(extend("pattern" = shape::LANGUAGE))]
    language: Option<String>,
}

/// The way in of a keeper, for their paper. It is said once, and kept here as a hash.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeeperNamed")]
struct Named {
    #[schemars(schema_with = "shape::id")]
    id: String,
    link: String,
}

async fn add(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(new): Json<New>,
) -> Result<Made<Named>, Problem> {
    let name = name::read(&new.name).map_err(|key| Problem::field("name", key))?;
    let language = match new.language {
        Some(tag) => read_language(&tag)?,
        None => app.store.account(&author).await?.language,
    };
    let address = new.address.map(|typed| of_somebody(&app, "address", &typed)).transpose()?;
    let keeper = KeeperId(app.chance.id_bytes());
    let (id, token) = (keeper.to_string(), app.chance.token());
    let sealed = |text: &str| app.keys.seal_text(&id, text, &*app.chance);
    let row = NewKeeper {
        id: keeper,
        name: sealed(&name),
        address: address.map(|address| sealed(&address.to_text())),
        language,
        link: hashed(&token),
    };
    app.store.add_keeper(&author, row, app.time.now()).await.map_err(|e| match e {
        StoreError::Conflict => Problem::of("keepers-full"),
        e => e.into(),
    })?;
    app.nudge.nudge();
    let origin = &app.settings.public_url.origin;
    let link = format!("{origin}/keeper/{}", URL_SAFE_NO_PAD.encode(token));
    Ok(Made::new(Named { id, link }).kept_nowhere())
}

async fn remove(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(keeper): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    let keeper: KeeperId = read::id(&keeper)?;
    app.store.remove_keeper(&author, keeper, app.time.now()).await?;
    app.nudge.nudge();
    Ok(done())
}
