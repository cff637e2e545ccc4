//! Asking for a sign-in code. Known and unknown addresses get the same answer after the same work; whether a mail goes out is nobody's business but its reader's.
//! The code itself is made when the mail is sent, elsewhere.

use super::cookies::{Cookie, read_token};
use super::described::shape;
use super::persons::of_somebody;
use super::problem::Problem;
use super::read::Json;
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Taken, Told};
use crate::app::App;
use crate::secrets::hashed;
use crate::settings::Registration;
use crate::words::Words;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::id::MessageId;
use unsaid_store::rows::{CodeAsk, CodeAsked, Keyed, Role};

/// How long a code can be typed.
pub(super) const CODE_LASTS: SignedDuration = SignedDuration::from_mins(10);
/// After so long somebody whose ten codes of a day are used up may ask again, at the latest.
const DAY_SECONDS: u64 = 86_400;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/invitation", Policy::Anyone, Face::Api, Body::Json, invitation)
            .refuses(&["invitation-unknown"]),
        Route::post("/api/codes", Policy::Anyone, Face::Api, Body::Json, ask)
            .refuses(&["codes-too-many"])
            .reads_address(),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Invited {
    #[schemars(schema_with = "shape::token")]
    token: String,
}

#[derive(Serialize, JsonSchema)]
struct GoodFor {
    #[schemars(extend("enum" = ["author", "host"]))]
    role: &'static str,
}

/// What an invitation is good for. Used, over and wrong are one answer. It is used up when the account is made, not by looking.
async fn invitation(State(app): State<App>, Json(given): Json<Invited>) -> Result<Told<GoodFor>, Problem> {
    let unknown = || Problem::of("invitation-unknown");
    let token = read_token(given.token.as_bytes()).ok_or_else(unknown)?;
    let role = app.store.invitation(hashed(&token), app.time.now()).await?.ok_or_else(unknown)?;
    let role = match role {
        Role::Author => "author",
        Role::Host => "host",
    };
    Ok(Told::new(GoodFor { role }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CodeAsked")]
struct Asked {
    #[schemars(schema_with = "shape::email")]
    email: String,
    invitation: Option<String>,
}

async fn ask(
    State(app): State<App>,
    headers: HeaderMap,
    Json(asked): Json<Asked>,
) -> Result<Taken<Done>, Problem> {
    let address = of_somebody(&app, "email", &asked.email)?;
    let now = app.time.now();
    // Nothing below may depend on whether the address is known before the answer is written: the same questions to the store, the same
    // hashes, the same seal, and one write.
    let email_key = app.keys.sign_in_index(&address.sign_in_form());
    let given = asked.invitation.and_then(|text| read_token(text.as_bytes())).map(|token| hashed(&token));
    let known = app.store.account_of(email_key).await?.is_some();
    let invited = app.store.invitation(given.unwrap_or(Keyed([0; 32])), now).await?.is_some();
    let open = app.settings.registration == Registration::Open;
    let browser = Cookie::Browser.token(&app, &headers)?.unwrap_or_else(|| app.chance.token());
    let message = MessageId(app.chance.id_bytes());
    let spoken = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    let ask = CodeAsk {
        message,
        browser: hashed(&browser),
        email_key,
        to: app.keys.seal_text(&message.to_string(), &address.to_text(), &*app.chance),
        invitation: given.filter(|_| invited),
        write: known || invited || open,
        known,
        expires: now.trusted + CODE_LASTS,
        language: Words::wanted(spoken.unwrap_or_default()).tag().to_owned(),
    };
    match app.store.ask_code(ask, now).await? {
        asked @ (CodeAsked::Taken | CodeAsked::Held) => {
            if asked == CodeAsked::Held {
                tracing::warn!(
                    "a code was not written: the house has written as many as it may for now (UNSAID_CODES_HOURLY)"
                );
            }
            app.nudge.nudge();
            Ok(Taken::new(Done {}).with_cookies([Cookie::Browser.set(&app, &browser)]))
        }
        CodeAsked::TooMany => Err(too_many()),
    }
}

/// Ten codes were asked for this address within a day.
pub(super) fn too_many() -> Problem {
    Problem { retry_after: Some(DAY_SECONDS), ..Problem::of("codes-too-many") }
}
