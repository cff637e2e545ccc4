//! Other addresses at which she can be reached, beside the one that she signs in with, handles for the host's own way where there is one, and browsers that take notices where the host lets them: a
//! code goes there, and when it comes back she is written to at each of them. Nobody signs in with one. Between the two requests the address lies sealed in the browser that asked, so that nothing has to be kept here that came to nothing.

use super::code_sent::{Asking, CameBack, forgotten, over, wrong};
use super::described::shape;
use super::gate::SignedIn;
use super::notice;
use super::persons::of_somebody;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Taken, Told};
use crate::address::EmailAddress;
use crate::app::App;
use crate::subscription::{self, Subscription};
use axum::extract::State;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::calendar;
use unsaid_delivery::id::{ChannelId, MessageId};
use unsaid_delivery::message::{Notice, Way};
use unsaid_store::StoreError;
use unsaid_store::lives::{CHANNELS, ChannelTried, NewChannel};
use unsaid_store::rows::{Author, Keyed};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/channels", Policy::Unlocked, Face::Api, all),
        Route::post("/api/channels", Policy::Fresh, Face::Api, Body::Json, ask)
            .refuses(&["channel-there", "channels-full", "codes-too-many"])
            .reads_address(),
        Route::post("/api/channels/handle", Policy::Fresh, Face::Api, Body::Json, ask_by_host).refuses(&[
            "missing",
            "handle-wrong",
            "handle-there",
            "channels-full",
            "codes-too-many",
        ]),
        Route::post("/api/channels/browser", Policy::Fresh, Face::Api, Body::Json, ask_by_push).refuses(&[
            "missing",
            "browser-wrong",
            "browser-there",
            "channels-full",
            "codes-too-many",
        ]),
        Route::post("/api/channels/confirm", Policy::Fresh, Face::Api, Body::Json, confirm).refuses(&[
            "code-wrong",
            "code-over",
            "channels-full",
            "channel-there",
            "handle-there",
            "browser-there",
        ]),
        Route::post("/api/channels/{channel}/remove", Policy::Fresh, Face::Api, Body::Json, remove),
        Route::post("/api/channels/{channel}/trial", Policy::Unlocked, Face::Api, Body::Json, trial)
            .refuses(&["trials-too-many"]),
    ]
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Channel")]
struct View {
    #[schemars(schema_with = "shape::id")]
    id: String,
    /// An address, a handle that the host understands, or the name of the push service of a browser.
    address: String,
    /// It is reached by the host's own way, and not by mail.
    by_host: bool,
    /// It is a browser, and not a mailbox: the SHA-256 of its address at its push service, by which it finds itself here.
    browser: Option<String>,
    /// The day on which a code came back from there, in her zone.
    #[schemars(schema_with = "shape::day")]
    proved: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Channels {
    channels: Vec<View>,
    /// Whether the host has a way of its own, to which one can be added.
    host_reaches: bool,
    /// The key (P-256) for which a browser asks its push service for notices of this house; none: the host does not let them be.
    push_key: Option<String>,
}

async fn told(app: &App, author: &Author) -> Result<Told<Channels>, Problem> {
    let zone = app.store.account(author).await?.zone;
    let mut channels = Vec::new();
    for row in app.store.channels(author.account()).await? {
        let id = row.id.to_string();
        let kept = app.keys.open_text(&id, &row.sealed).ok_or(StoreError::Damaged)?;
        let (address, browser) = match row.way {
            Way::Mail | Way::Hook => (kept.to_string(), None),
            Way::Push => {
                let service = subscription::service_of(&kept).ok_or(StoreError::Damaged)?;
                (service, Some(subscription::mark_of(&kept)))
            }
        };
        let proved =
            calendar::day_in(row.added, &zone).map_err(|_| Problem::field("zone", "zone-unknown"))?;
        let (by_host, proved) = (row.way == Way::Hook, proved.to_string());
        channels.push(View { id, address, by_host, browser, proved });
    }
    let push_key = app.settings.push.then(|| app.keys.push_public()).flatten();
    Ok(Told::new(Channels { channels, host_reaches: app.settings.webhook.is_some(), push_key }))
}

async fn all(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<Channels>, Problem> {
    told(&app, &author).await
}

/// Which of her channels are at the address of this key.
pub(super) async fn at(app: &App, author: &Author, key: Keyed) -> Result<Vec<ChannelId>, Problem> {
    let mut found = Vec::new();
    for row in app.store.channels(author.account()).await? {
        let text = app.keys.open_text(&row.id.to_string(), &row.sealed).ok_or(StoreError::Damaged)?;
        if key_of(app, row.way, &text) == Some(key) {
            found.push(row.id);
        }
    }
    Ok(found)
}

fn key_of(app: &App, way: Way, text: &str) -> Option<Keyed> {
    match way {
        Way::Mail => {
            EmailAddress::read(text).ok().map(|address| app.keys.sign_in_index(&address.sign_in_form()))
        }
        Way::Hook => Handle::read(text).map(|handle| handle.key(app)),
        // Whichever keys it came with: one browser is told once.
        Way::Push => Some(app.keys.sign_in_index(&format!("browser\n{}", subscription::mark_of(text)))),
    }
}

/// One at which she is reached already makes nothing surer; and there is room for so many.
async fn another(app: &App, author: &Author, way: Way, text: &str) -> Result<Keyed, Problem> {
    let key = key_of(app, way, text).ok_or(StoreError::Damaged)?;
    let account = app.store.account(author).await?;
    let present = app.keys.open_text(&account.id.to_string(), &account.email).ok_or(StoreError::Damaged)?;
    if key_of(app, Way::Mail, &present) == Some(key) || !at(app, author, key).await?.is_empty() {
        return Err(match way {
            Way::Mail => Problem::field("email", "channel-there"),
            Way::Hook => Problem::field("handle", "handle-there"),
            Way::Push => Problem::of("browser-there"),
        });
    }
    if app.store.channels(author.account()).await?.len() >= CHANNELS {
        return Err(Problem::of("channels-full"));
    }
    Ok(key)
}

/// A telephone number or a name that the host understands, on one line. What it means is the host's business alone.
struct Handle(String);

/// So many letters has a handle at most.
const LONGEST_HANDLE: usize = 64;

impl Handle {
    fn read(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        let fits = |c: char| {
            c.is_alphanumeric()
                || matches!(c, '+' | '-' | '.' | '_' | '@' | '(' | ')' | '/' | '#' | ':' | ' ')
        };
        let some = typed.chars().filter(|c| c.is_alphanumeric()).count() >= 2;
        let short = typed.chars().count() <= LONGEST_HANDLE;
        (some && short && typed.chars().all(fits)).then(|| Self(typed.to_owned()))
    }

    /// However it is spaced and written: no address has a line break in it, so none has this key.
    fn key(&self, app: &App) -> Keyed {
        let plain: String = self.0.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
        app.keys.sign_in_index(&format!("handle\n{plain}"))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewHandle")]
struct AskedByHost {
    #[schemars(length(min = 2, max = 64))]
    handle: String,
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
    let address = of_somebody(&app, "email", &asked.email)?;
    send_code(&app, &author, &headers, Way::Mail, &address.to_text()).await
}

async fn ask_by_host(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    headers: HeaderMap,
    Json(asked): Json<AskedByHost>,
) -> Result<Taken<Done>, Problem> {
    if app.settings.webhook.is_none() {
        return Err(Problem::missing());
    }
    let handle = Handle::read(&asked.handle).ok_or_else(|| Problem::field("handle", "handle-wrong"))?;
    send_code(&app, &author, &headers, Way::Hook, &handle.0).await
}

/// What a browser gives (the Push API's `PushSubscription`).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewBrowser")]
struct AskedByPush {
    /// Its address at its push service (RFC 8030).
    #[schemars(length(max = 1024))]
    endpoint: String,
    /// Its key, 65 bytes in base64url (RFC 8291).
    #[schemars(length(equal = 87))]
    p256dh: String,
    /// Its secret, 16 bytes in base64url.
    #[schemars(length(equal = 22))]
    auth: String,
}

async fn ask_by_push(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    headers: HeaderMap,
    Json(asked): Json<AskedByPush>,
) -> Result<Taken<Done>, Problem> {
    if !app.settings.push {
        return Err(Problem::missing());
    }
    let services = &app.settings.push_services;
    let browser = Subscription::read(&asked.endpoint, &asked.p256dh, &asked.auth, services)
        .ok_or_else(|| Problem::of("browser-wrong"))?;
    send_code(&app, &author, &headers, Way::Push, &browser.to_text()).await
}

/// A code goes there, and where that is stays sealed in this browser.
async fn send_code(
    app: &App,
    author: &Author,
    headers: &HeaderMap,
    way: Way,
    text: &str,
) -> Result<Taken<Done>, Problem> {
    let new_key = another(app, author, way, text).await?;
    let (asking, now) = (Asking::read(app, headers)?, app.time.now());
    let ask = asking.code_to(app, text, new_key, now);
    let became = app.store.ask_channel(author, ask, way, now).await?;
    asking.asked(app, became, text, &in_cookie(author, way))
}

/// What the sealed address in a cookie is bound to: it is good for this account, for being written to, and for nothing else.
fn in_cookie(author: &Author, way: Way) -> String {
    match way {
        Way::Mail => format!("{}|channel", author.account()),
        Way::Hook => format!("{}|handle", author.account()),
        Way::Push => format!("{}|browser", author.account()),
    }
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
    let back = CameBack::read(&app, &headers, &typed.code)?;
    let opened = [Way::Mail, Way::Hook, Way::Push]
        .into_iter()
        .find_map(|way| Some((way, back.place(&app, &in_cookie(&author, way))?)));
    let (way, text) = opened.ok_or_else(over)?;
    let key = another(&app, &author, way, &text).await?;
    let id = ChannelId(app.chance.id_bytes());
    let channel = NewChannel {
        id,
        way,
        sealed: app.keys.seal_text(&id.to_string(), &text, &*app.chance),
        key,
        told: MessageId(app.chance.id_bytes()),
    };
    match app.store.prove_channel(&author, back.browser, back.code, channel, app.time.now()).await? {
        ChannelTried::Proved => {}
        ChannelTried::Wrong => return Err(wrong()),
        ChannelTried::Over => return Err(over()),
        ChannelTried::Full => return Err(Problem::of("channels-full")),
    }
    app.nudge.nudge();
    Ok(told(&app, &author).await?.with_cookies(forgotten(&app)))
}

async fn remove(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(channel): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Channels>, Problem> {
    let channel: ChannelId = read::id(&channel)?;
    let rows = app.store.channels(author.account()).await?;
    let row = rows.into_iter().find(|row| row.id == channel).ok_or_else(Problem::missing)?;
    notice::tell(&app, &author, Notice::ChannelRemoved).await?;
    // Whoever reads there may be the one who should know.
    if row.way == Way::Mail
        && let Some(address) = app.keys.open_text(&channel.to_string(), &row.sealed)
    {
        let message = MessageId(app.chance.id_bytes());
        let to = app.keys.seal_text(&message.to_string(), &address, &*app.chance);
        app.store.notify_at(&author, Notice::ChannelRemoved, message, to, app.time.now()).await?;
    }
    app.store.remove_channel(&author, channel, app.time.now()).await?;
    told(&app, &author).await
}

/// A test message to one of her channels, to see that it reaches her.
async fn trial(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(channel): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Done>, Problem> {
    notice::send_trial(&app, &author, Some(read::id(&channel)?)).await
}
