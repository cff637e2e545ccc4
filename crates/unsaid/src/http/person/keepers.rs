//! A letter that its author's keepers open together. The reader's browser makes a key for it and asks with that; what keepers give is locked to it in their browsers, and this house cannot read it.
//! The house's layer comes off only when as many cards were given as are needed. Who has not given theirs is told to nobody but this reader, and nothing of it to the author.

use super::{is_not_me, key, letter_of, open};
use crate::app::App;
use crate::http::described::shape;
use crate::http::gate::ReaderIn;
use crate::http::problem::Problem;
use crate::http::read::{self, Json, Nothing, Path};
use crate::http::tell::Told;
use crate::secrets::hashed;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::id::{DeliveryId, KeeperId, MessageId};
use unsaid_delivery::state::State as Where;
use unsaid_seal::pq;
use unsaid_store::StoreError;
use unsaid_store::asks::AskedKeepers;
use unsaid_store::lives::{KEEPERS, Names};
use unsaid_store::rows::{Kept, Reader, SealedText, Waiting, WrapKind};

/// After so long a new key may be asked with again.
const DAY_SECONDS: u64 = 86_400;

/// How far the cards have come.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeepersAsked")]
pub(super) struct Gathering {
    /// So many cards open it.
    needed: u8,
    /// Who may have one.
    keepers: Vec<Holder>,
    /// What stands.
    asked: Option<Asked>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CardHolder")]
struct Holder {
    name: String,
    /// They have given theirs.
    gave: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeepersAskedWith")]
struct Asked {
    /// age1pq.
    recipient: String,
    /// Until this day.
    #[schemars(schema_with = "shape::day")]
    until: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AskKeepers")]
pub(super) struct Ask {
    /// age1pq, of a key that was made for this letter alone.
    recipient: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CardsGiven")]
pub(super) struct Cards {
    shares: Vec<Card>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CardGiven")]
struct Card {
    /// Whose.
    name: String,
    /// An age file to the reader's key.
    #[schemars(schema_with = "shape::bytes")]
    card: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KeepersFile")]
pub(super) struct Opened {
    #[schemars(schema_with = "shape::bytes")]
    keepers_file: String,
    #[schemars(schema_with = "shape::bytes")]
    set_file: String,
    #[schemars(schema_with = "shape::id")]
    letter: String,
    version: u32,
}

/// GET /waiting/{delivery}/keepers
pub(super) async fn show(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
) -> Result<Told<Gathering>, Problem> {
    let id: DeliveryId = read::id(&named)?;
    theirs(&app, &reader, id).await?;
    told(&app, &reader, id).await
}

/// POST /waiting/{delivery}/keepers/ask
pub(super) async fn ask(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
    Json(ask): Json<Ask>,
) -> Result<Told<Gathering>, Problem> {
    let id: DeliveryId = read::id(&named)?;
    theirs(&app, &reader, id).await?;
    let recipient: pq::Recipient =
        ask.recipient.parse().map_err(|_| Problem::field("recipient", "recipient-unknown"))?;
    let names: Names = (0..KEEPERS)
        .map(|_| {
            let message = MessageId(app.chance.id_bytes());
            (message, hashed(&*app.keys.link_token(&message.to_string())))
        })
        .collect();
    let recipient = recipient.to_string();
    match app.store.ask_keepers(&reader, id, &recipient, &names, app.time.now()).await? {
        AskedKeepers::Asked => app.nudge.nudge(),
        AskedKeepers::TooOften => {
            return Err(Problem { retry_after: Some(DAY_SECONDS), ..Problem::of("asks-too-many") });
        }
    }
    told(&app, &reader, id).await
}

/// GET /waiting/{delivery}/keepers/cards
pub(super) async fn cards(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
) -> Result<Told<Cards>, Problem> {
    let id: DeliveryId = read::id(&named)?;
    theirs(&app, &reader, id).await?;
    let shares = app.store.shares(&reader, id, app.time.now()).await?;
    let one = |share: unsaid_store::asks::Share| {
        Ok(Card { name: name(&app, share.keeper, &share.name)?, card: URL_SAFE_NO_PAD.encode(share.bytes) })
    };
    let shares = shares.into_iter().map(one).collect::<Result<_, Problem>>()?;
    Ok(Told::new(Cards { shares }).kept_nowhere())
}

/// POST /waiting/{delivery}/keepers/open
pub(super) async fn open(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Opened>, Problem> {
    let id: DeliveryId = read::id(&named)?;
    for tried in 1.. {
        let letter = theirs(&app, &reader, id).await?;
        let gathered = app.store.gathering(&reader, id, app.time.now()).await?;
        if !gathered.is_enough() {
            return Err(Problem::of("cards-too-few"));
        }
        if open::opens(&app, &reader, &letter, tried).await? {
            break;
        }
    }
    let (letter, released, inner) = key::peeled(&app, &reader, id).await?;
    if released.kind() != WrapKind::Keepers {
        return Err(Problem::missing());
    }
    let set = match app.store.keeper_set_of(letter.delivery.letter, released.version()).await? {
        Some(set) => app.store.keeper_set(set).await?,
        None => None,
    };
    let set = set.ok_or(StoreError::Damaged)?;
    let answer = Opened {
        keepers_file: URL_SAFE_NO_PAD.encode(&*inner),
        set_file: URL_SAFE_NO_PAD.encode(&set.file),
        letter: letter.delivery.letter.to_string(),
        version: released.version(),
    };
    Ok(Told::new(answer).kept_nowhere())
}

/// A letter of theirs that keepers open. Foreign, missing and kept otherwise are one answer.
async fn theirs(app: &App, reader: &Reader, id: DeliveryId) -> Result<Waiting, Problem> {
    if is_not_me(app, reader).await? {
        return Err(Problem::missing());
    }
    let letter = letter_of(app, reader, id).await?;
    if letter.kept != Kept::Keepers || letter.asks.is_some() {
        return Err(Problem::missing());
    }
    if matches!(letter.delivery.state, Where::Parked { .. }) {
        return Err(Problem::of("letter-held"));
    }
    Ok(letter)
}

async fn told(app: &App, reader: &Reader, id: DeliveryId) -> Result<Told<Gathering>, Problem> {
    let found = app.store.gathering(reader, id, app.time.now()).await?;
    let holder = |holder: unsaid_store::asks::Holder| {
        Ok(Holder { name: name(app, holder.keeper, &holder.name)?, gave: holder.gave })
    };
    let keepers = found.holders.into_iter().map(holder).collect::<Result<_, Problem>>()?;
    let asked = found.ask.map(|ask| Asked {
        recipient: ask.recipient,
        until: ask.until.to_zoned(TimeZone::UTC).date().to_string(),
    });
    Ok(Told::new(Gathering { needed: found.needed, keepers, asked }).kept_nowhere())
}

/// What the author calls a keeper of hers.
fn name(app: &App, keeper: KeeperId, sealed: &SealedText) -> Result<String, Problem> {
    let name = app.keys.open_text(&keeper.to_string(), sealed);
    name.map(|name| name.to_string()).ok_or_else(|| StoreError::Damaged.into())
}
