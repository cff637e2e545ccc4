//! Another sign-in address: a code goes to the new one, and when it comes back from there the account is found by that address. The old one is told, with a link that undoes it. Between
//! the two requests the new address lies sealed in the browser that asked, so that nothing has to be kept here that came to nothing.

use super::account;
use super::account::MyAccount;
use super::channels;
use super::code_sent::{Asking, CameBack, forgotten, over, wrong};
use super::described::shape;
use super::gate::{SessionToken, SignedIn};
use super::persons::of_somebody;
use super::problem::Problem;
use super::read::Json;
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Taken, Told};
use crate::address::EmailAddress;
use crate::app::App;
use crate::secrets::hashed;
use axum::extract::State;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use unsaid_delivery::id::MessageId;
use unsaid_store::StoreError;
use unsaid_store::rows::{EmailChange, EmailChanged};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/address", Policy::Fresh, Face::Api, Body::Json, ask)
            .refuses(&["address-same", "codes-too-many", "missing"])
            .reads_address(),
        Route::post("/api/address/confirm", Policy::Fresh, Face::Api, Body::Json, confirm).refuses(&[
            "code-wrong",
            "code-over",
            "address-taken",
            "missing",
        ]),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewSignInAddress")]
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
    let row = author.account().to_string();
    let present = app.store.account(&author).await?;
    let present = app.keys.open_text(&row, &present.email).ok_or(StoreError::Damaged)?;
    let new_key = app.keys.sign_in_index(&address.sign_in_form());
    if EmailAddress::read(&present).is_ok_and(|a| app.keys.sign_in_index(&a.sign_in_form()) == new_key) {
        return Err(Problem::field("email", "address-same"));
    }
    // Whether somebody else has an account with this address is said to whoever reads its mail, and to nobody before.
    let (asking, now) = (Asking::read(&app, &headers)?, app.time.now());
    let ask = asking.code_to(&app, &address.to_text(), new_key, now);
    let became = app.store.ask_email_change(&author, ask, now).await?;
    asking.asked(&app, became, &address.to_text(), &in_cookie(&row))
}

/// What the sealed address in a cookie is bound to: it is good for this account and for nothing else.
fn in_cookie(account: &str) -> String {
    format!("{account}|new-address")
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CodeOfAddress")]
struct Typed {
    #[schemars(schema_with = "shape::code")]
    code: String,
}

async fn confirm(
    State(app): State<App>,
    SignedIn(author, role, _): SignedIn,
    SessionToken(token): SessionToken,
    headers: HeaderMap,
    Json(typed): Json<Typed>,
) -> Result<Told<MyAccount>, Problem> {
    let back = CameBack::read(&app, &headers, &typed.code)?;
    let row = author.account().to_string();
    let address = back.place(&app, &in_cookie(&row)).ok_or_else(over)?;
    let address = EmailAddress::read(&address).map_err(|_| over())?;
    let old = app.store.account(&author).await?.email;
    let old = app.keys.open_text(&row, &old).ok_or(StoreError::Damaged)?;
    let notice = MessageId(app.chance.id_bytes());
    let change = EmailChange {
        email: app.keys.seal_text(&row, &address.to_text(), &*app.chance),
        new_key: app.keys.sign_in_index(&address.sign_in_form()),
        notice,
        notice_to: app.keys.seal_text(&notice.to_string(), &old, &*app.chance),
        undo: hashed(&*app.keys.link_token(&notice.to_string())),
        session: token,
    };
    let now = app.time.now();
    match app.store.change_email(&author, back.browser, back.code, change, now).await? {
        EmailChanged::Changed => {}
        EmailChanged::Wrong => return Err(wrong()),
        EmailChanged::Over => return Err(over()),
        EmailChanged::Taken => return Err(Problem::of("address-taken")),
    }
    // Two messages to one mailbox would be taken for two mailboxes.
    for channel in channels::at(&app, &author, app.keys.sign_in_index(&address.sign_in_form())).await? {
        app.store.remove_channel(&author, channel, now).await?;
    }
    app.nudge.nudge();
    let session = app.store.session(token, now).await?.ok_or(StoreError::Missing)?;
    let account = account::view(&app, &author, role, &session).await?;
    Ok(Told::new(MyAccount { account }).with_cookies(forgotten(&app)))
}
