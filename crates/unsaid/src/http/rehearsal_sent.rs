//! The rehearsal, sent: every message that would go, to herself alone, each marked as a rehearsal; how far it has come; and its end. Also the page to which every link in it leads, where nothing can be done.

use super::gate::SignedIn;
use super::page::{For, Page, opening, say};
use super::problem::Problem;
use super::read::{Json, Nothing};
use super::route::{Body, Face, Policy, Route};
use super::tell::Told;
use crate::app::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use schemars::JsonSchema;
use serde::Serialize;
use unsaid_delivery::id::MessageId;
use unsaid_delivery::life::To;
use unsaid_delivery::life::ahead::{REHEARSED, rehearsed};
use unsaid_delivery::message::{REHEARSED_KNOCK, REHEARSED_KNOCK_GUARDIAN};
use unsaid_store::lives::{LifeView, ToSend};
use unsaid_store::rows::Author;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/life/rehearsal/sent", Policy::Locked, Face::Api, show),
        Route::post("/api/life/rehearsal/send", Policy::Unlocked, Face::Api, Body::Json, send)
            .refuses(&["life-unarmed", "rehearsal-too-soon"]),
        Route::post("/api/life/rehearsal/stop", Policy::Locked, Face::Api, Body::Json, stop),
        Route::get("/rehearsal", Policy::Anyone, Face::Page, page),
    ]
}

/// After so long there may be another one, at the latest.
const HOUR_SECONDS: u64 = 3_600;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RehearsalSent")]
struct View {
    /// So many messages there are.
    of: u64,
    /// So many the relay has taken.
    accepted: u64,
    /// So many are still to leave.
    waiting: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NewestRehearsal")]
struct Newest {
    /// The newest that was sent, for three days.
    sent: Option<View>,
}

async fn newest(app: &App, author: &Author) -> Result<Told<Newest>, Problem> {
    let now = app.time.now().trusted;
    let sent = app.store.rehearsal_sent(author.account()).await?.filter(|sent| now < sent.expires);
    let sent = sent.map(|s| View { of: s.of, accepted: s.accepted, waiting: s.waiting });
    Ok(Told::new(Newest { sent }))
}

async fn show(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<Newest>, Problem> {
    newest(&app, &author).await
}

/// Every message that would go, as the page of the rehearsal shows it: what would go to a keeper or to a person goes to the address that she signs in with.
async fn send(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Newest>, Problem> {
    let (account, now) = (author.account(), app.time.now());
    let unarmed = || Problem::of("life-unarmed");
    let LifeView { life, facts } = app.store.life(account).await?.ok_or_else(unarmed)?;
    let keepers = app.store.keepers(account).await?;
    let mut messages = Vec::new();
    for (nth, one) in (1..).zip(rehearsed(&life, &facts, now).iter().take(REHEARSED)) {
        let channel = match one.write.to {
            To::SignIn => None,
            To::Channel(channel) => Some(channel),
            To::Keeper(id) if keepers.iter().any(|keeper| keeper.id == id && keeper.address.is_some()) => {
                None
            }
            // Paper alone: nobody can write there. What goes to a host is none of hers.
            To::Keeper(_) | To::Host(_) => continue,
        };
        messages.push(ToSend { id: MessageId(app.chance.id_bytes()), channel, nth });
    }
    let persons = app.store.persons(&author).await?;
    let guarded = persons.iter().filter(|person| person.looked_after.is_some()).count();
    let knocks = [
        (guarded < persons.len() || persons.is_empty(), REHEARSED_KNOCK),
        (guarded > 0, REHEARSED_KNOCK_GUARDIAN),
    ];
    for (_, nth) in knocks.into_iter().filter(|(goes, _)| *goes) {
        messages.push(ToSend { id: MessageId(app.chance.id_bytes()), channel: None, nth });
    }
    if !app.store.send_rehearsal(&author, &messages, now).await? {
        return Err(Problem { retry_after: Some(HOUR_SECONDS), ..Problem::of("rehearsal-too-soon") });
    }
    app.nudge.nudge();
    newest(&app, &author).await
}

/// What has not left stays here.
async fn stop(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Newest>, Problem> {
    app.store.stop_rehearsal(&author).await?;
    newest(&app, &author).await
}

/// Where each link in a rehearsal leads. It knows nobody, and nothing can be done here.
async fn page(State(app): State<App>) -> Response {
    let main = html! {
        (opening(&say("house.rehearsal.heading", &[]), &say("house.rehearsal.lede", &[])))
        div.prose { p { (say("house.rehearsal.really", &[])) } }
        div.acts { a.button href="/gone/rehearsal" { (say("house.rehearsal.back", &[])) } }
    };
    let title = say("house.rehearsal.title", &[]);
    Page { title: &title, reader: For::Anyone, script: None, main }.answer(&app, StatusCode::OK)
}
