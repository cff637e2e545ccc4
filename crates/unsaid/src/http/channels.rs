//! Other addresses at which she can be reached, beside the one that she signs in with: a code goes there, and when it comes back she is written to at each of them. Nobody signs in
//! with one. Between the two requests the address lies sealed in the browser that asked, so that nothing has to be kept here that came to nothing.

use super::cookies::Cookie;
use super::described::shape;
use super::gate::SignedIn;
use super::notice;
use super::persons::is_the_house;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::sessions::read_code;
use super::tell::{Done, Taken, Told};
use crate::address::EmailAddress;
use crate::app::App;
use crate::secrets::hashed;
use axum::extract::State;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::calendar;
use unsaid_delivery::id::{ChannelId, MessageId};
use unsaid_delivery::message::Notice;
use unsaid_store::StoreError;
use unsaid_store::lives::{CHANNELS, ChannelTried, NewChannel};
use unsaid_store::rows::{Author, CodeAsked, EmailChangeAsk, Keyed};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/channels", Policy::Unlocked, Face::Api, all),
        Route::post("/api/channels", Policy::Fresh, Face::Api, Body::Json, ask)
            .refuses(&["channel-there", "channels-full", "codes-too-many"])
            .reads_address(),
        Route::post("/api/channels/confirm", Policy::Fresh, Face::Api, Body::Json, confirm).refuses(&[
            "code-wrong",
            "code-over",
            "channels-full",
            "channel-there",
        ]),
        Route::post("/api/channels/{channel}/remove", Policy::Fresh, Face::Api, Body::Json, remove),
    ]
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Channel")]
struct View {
    #[schemars(schema_with = "shape::id")]
    id: String,
    address: String,
    /// The day on which a code came back from there, in her zone.
    #[schemars(schema_with = "shape::day")]
    proved: String,
}

#[derive(Serialize, JsonSchema)]
struct Channels {
    channels: Vec<View>,
}

async fn told(app: &App, author: &Author) -> Result<Told<Channels>, Problem> {
    let zone = app.store.account(author).await?.zone;
    let mut channels = Vec::new();
    for row in app.store.channels(author.account()).await? {
        let id = row.id.to_string();
        let address = app.keys.open_text(&id, &row.sealed).ok_or(StoreError::Damaged)?.to_string();
        let proved =
            calendar::day_in(row.added, &zone).map_err(|_| Problem::field("zone", "zone-unknown"))?;
        channels.push(View { id, address, proved: proved.to_string() });
    }
    Ok(Told::new(Channels { channels }))
}

async fn all(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<Channels>, Problem> {
    told(&app, &author).await
}

/// Which of her channels are at the address of this key.
pub(super) async fn at(app: &App, author: &Author, key: Keyed) -> Result<Vec<ChannelId>, Problem> {
    let mut found = Vec::new();
    for row in app.store.channels(author.account()).await? {
        let text = app.keys.open_text(&row.id.to_string(), &row.sealed).ok_or(StoreError::Damaged)?;
        if key_of(app, &text) == Some(key) {
            found.push(row.id);
        }
    }
    Ok(found)
}

fn key_of(app: &App, text: &str) -> Option<Keyed> {
    EmailAddress::read(text).ok().map(|address| app.keys.sign_in_index(&address.sign_in_form()))
}

/// An address at which she is written to already makes nothing surer; and there is room for so many.
async fn another(app: &App, author: &Author, address: &EmailAddress) -> Result<Keyed, Problem> {
    let key = app.keys.sign_in_index(&address.sign_in_form());
    let account = app.store.account(author).await?;
    let present = app.keys.open_text(&account.id.to_string(), &account.email).ok_or(StoreError::Damaged)?;
    if key_of(app, &present) == Some(key) || !at(app, author, key).await?.is_empty() {
        return Err(Problem::field("email", "channel-there"));
    }
    if app.store.channels(author.account()).await?.len() >= CHANNELS {
        return Err(Problem::of("channels-full"));
    }
    Ok(key)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewChannel")]
struct Asked {
    #[schemars(schema_with = "shape::email")]
    email: String,
}

async fn ask(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    headers: HeaderMap,
    Json(asked): Json<Asked>,
) -> Result<Taken<Done>, Problem> {
    let address = EmailAddress::read(&asked.email).map_err(|e| Problem::field("email", e.key()))?;
    if is_the_house(&app, &address) {
        return Err(Problem::field("email", "address-of-house"));
    }
    let new_key = another(&app, &author, &address).await?;
    let browser = Cookie::Browser.token(&app, &headers)?.unwrap_or_else(|| app.chance.token());
    let (message, now) = (MessageId(app.chance.id_bytes()), app.time.now());
    let ask = EmailChangeAsk {
        message,
        browser: hashed(&browser),
        new_key,
        to: app.keys.seal_text(&message.to_string(), &address.to_text(), &*app.chance),
        expires: now.trusted + super::codes::CODE_LASTS,
    };
    match app.store.ask_channel(&author, ask, now).await? {
        CodeAsked::Taken | CodeAsked::Held => {
            app.nudge.nudge();
            let sealed = app.keys.seal_text(&in_cookie(&author), &address.to_text(), &*app.chance);
            let cookies = [Cookie::Browser.set(&app, &browser), Cookie::Address.set(&app, &sealed.0)];
            Ok(Taken::new(Done {}).with_cookies(cookies))
        }
        CodeAsked::TooMany => Err(super::codes::too_many()),
    }
}

/// What the sealed address in a cookie is bound to: it is good for this account, for being written to, and for nothing else.
fn in_cookie(author: &Author) -> String {
    format!("{}|channel", author.account())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CodeOfChannel")]
struct Typed {
    #[schemars(schema_with = "shape::code")]
    code: String,
}

async fn confirm(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    headers: HeaderMap,
    Json(typed): Json<Typed>,
) -> Result<Told<Channels>, Problem> {
    // What cannot be a code is a slip of the finger, and costs no try.
    let wrong = || Problem::field("code", "code-wrong");
    let over = || Problem::of("code-over");
    let code = read_code(&typed.code).ok_or_else(wrong)?;
    let browser = Cookie::Browser.hash(&app, &headers)?.ok_or_else(over)?;
    let sealed = Cookie::Address.sealed(&app, &headers)?.ok_or_else(over)?;
    let address = app.keys.open_text(&in_cookie(&author), &sealed).ok_or_else(over)?;
    let address = EmailAddress::read(&address).map_err(|_| over())?;
    let key = another(&app, &author, &address).await?;
    let id = ChannelId(app.chance.id_bytes());
    let channel = NewChannel {
        id,
        sealed: app.keys.seal_text(&id.to_string(), &address.to_text(), &*app.chance),
        key,
        told: MessageId(app.chance.id_bytes()),
    };
    let code = app.keys.peppered("code", code.as_bytes());
    match app.store.prove_channel(&author, browser, code, channel, app.time.now()).await? {
        ChannelTried::Proved => {}
        ChannelTried::Wrong => return Err(wrong()),
        ChannelTried::Over => return Err(over()),
        ChannelTried::Full => return Err(Problem::of("channels-full")),
    }
    app.nudge.nudge();
    let cookies = [Cookie::Browser.forget(&app), Cookie::Address.forget(&app)];
    Ok(told(&app, &author).await?.with_cookies(cookies))
}

async fn remove(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(channel): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Channels>, Problem> {
    let channel: ChannelId = read::id(&channel)?;
    if !app.store.channels(author.account()).await?.iter().any(|row| row.id == channel) {
        return Err(Problem::missing());
    }
    notice::tell(&app, &author, Notice::ChannelRemoved).await?;
    app.store.remove_channel(&author, channel, app.time.now()).await?;
    told(&app, &author).await
}
