//! The pages of whoever a letter is for: no account, no script up to the reading itself, and no is as easy as yes. One file for each thing
//! that they can do. A GET changes nothing here; what changes something is a press of a button. Decides nothing: it asks `accept`
//! and commits the answer. What is done here is told to nobody.

mod ask;
mod asked;
mod claim;
mod come;
mod day_fields;
mod guardian;
mod here;
mod keepers;
mod key;
mod knock;
mod later;
mod leave;
mod letters;
mod lift;
mod open;
mod quiet;
mod read;
mod refuse;
mod reply;
mod say_name;
mod together;
mod until;

use super::page::say;
use super::persons::looked_after_of;
use super::problem::Problem;
use super::route::{Body, Face, Policy, Route};
use super::say_date;
use crate::app::App;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::refusal::Scope;
use unsaid_store::rows::{Reader, Waiting};

/// Everything under /k, /waiting, /refuse, and the ways out.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/k/{token}", Policy::Anyone, Face::Page, knock::show),
        Route::post("/k/{token}", Policy::Anyone, Face::Page, Body::Form, knock::answer),
        Route::get("/waiting", Policy::Reader, Face::Page, letters::show),
        Route::post("/waiting/{delivery}/open", Policy::Reader, Face::Page, Body::Form, open::open),
        Route::get("/waiting/{delivery}", Policy::Reader, Face::Page, read::show),
        Route::post("/waiting/{delivery}/key", Policy::Reader, Face::Api, Body::Json, key::give)
            .refuses(&["letter-held"]),
        Route::get("/waiting/{delivery}/letter.age", Policy::Reader, Face::Api, key::bytes)
            .refuses(&["letter-held"]),
        Route::get("/waiting/{delivery}/parts/{*name}", Policy::Reader, Face::Api, key::part)
            .refuses(&["letter-held"]),
        Route::post("/waiting/{delivery}/words", Policy::Reader, Face::Api, Body::Json, claim::open)
            .refuses(&["letter-held", "bytes-unknown", "words-unknown", "words-older", "not-here"]),
        Route::get("/waiting/{delivery}/keepers", Policy::Reader, Face::Api, keepers::show)
            .refuses(&["letter-held"]),
        Route::post("/waiting/{delivery}/keepers/ask", Policy::Reader, Face::Api, Body::Json, keepers::ask)
            .refuses(&["letter-held", "recipient-unknown", "asks-too-many"]),
        Route::get("/waiting/{delivery}/keepers/cards", Policy::Reader, Face::Api, keepers::cards)
            .refuses(&["letter-held"]),
        Route::post("/waiting/{delivery}/keepers/open", Policy::Reader, Face::Api, Body::Json, keepers::open)
            .refuses(&["letter-held", "cards-too-few"]),
        Route::get("/come/address", Policy::Anyone, Face::Page, asked::show),
        Route::post("/come/address", Policy::Anyone, Face::Page, Body::Form, asked::ask),
        Route::get("/words", Policy::Anyone, Face::Page, claim::show),
        Route::post("/api/claim", Policy::Anyone, Face::Api, Body::Json, claim::look)
            .refuses(&["bytes-unknown", "nothing-here"]),
        Route::get("/waiting/{delivery}/later", Policy::Reader, Face::Page, later::show),
        Route::post("/waiting/{delivery}/later", Policy::Reader, Face::Page, Body::Form, later::keep),
        Route::post("/waiting/{delivery}/reply", Policy::Reader, Face::Api, Body::Reply, reply::reply)
            .refuses(&["bytes-unknown", "replies-too-many", "damaged-on-the-way"])
            .with_query(),
        Route::get("/come", Policy::Anyone, Face::Page, come::show),
        Route::post("/come", Policy::Anyone, Face::Page, Body::Form, come::come),
        Route::post("/waiting/{delivery}/name", Policy::Reader, Face::Page, Body::Form, say_name::choose),
        Route::post("/waiting/{delivery}/proof", Policy::Reader, Face::Page, Body::Form, ask::answer),
        Route::get("/quiet/{token}", Policy::Anywhere, Face::Page, quiet::show),
        Route::post("/quiet/{token}", Policy::Anywhere, Face::Page, Body::OneClick, quiet::quiet),
        Route::get("/help/together", Policy::Anyone, Face::Page, together::show),
        Route::get("/refuse", Policy::Reader, Face::Page, refuse::show).with_query(),
        Route::post("/refuse", Policy::Reader, Face::Page, Body::Form, refuse::refuse),
        Route::get("/here", Policy::Reader, Face::Page, here::show),
        Route::get("/refused", Policy::Reader, Face::Page, lift::show),
        Route::post("/lift", Policy::Reader, Face::Page, Body::Form, lift::lift),
        Route::post("/leave", Policy::Anyone, Face::Page, Body::Form, leave::leave),
        Route::get("/away", Policy::Anyone, Face::Page, leave::away),
    ]
}

/// The fields of a form, in the order in which they came.
type Fields = super::read::Form<Vec<(String, String)>>;

/// The value of a field that may stand there once; none if it is missing or given twice.
fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let mut found = fields.0.iter().filter(|(key, _)| key == name);
    let value = found.next().map(|(_, value)| value.as_str());
    if found.next().is_some() { None } else { value }
}

/// On to another page after something was done, so that loading again does not do it again.
fn on_to(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // Paths of ours are ids and letters.
    let to = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/waiting"));
    response.headers_mut().insert(header::LOCATION, to);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// One letter of theirs by its delivery. Foreign and missing are one answer.
async fn letter_of(app: &App, reader: &Reader, id: DeliveryId) -> Result<Waiting, Problem> {
    let all = app.store.waiting(reader).await?;
    all.into_iter().find(|letter| letter.delivery.id == id).ok_or_else(Problem::missing)
}

/// How a letter is called that nobody has read yet: by the day of its sealing, and among several by its number too, the oldest being the first.
fn called(app: &App, letters: &[Waiting], letter: &Waiting) -> String {
    let day = say_date::full_day(letter.sealed_at.to_zoned(app.settings.zone.clone()).date());
    let newest_first = letters.iter().position(|other| other.delivery.id == letter.delivery.id);
    match newest_first {
        Some(at) if letters.len() > 1 => {
            let number = (letters.len() - at).to_string();
            say("person.waiting.letter_of_several", &[("number", &number), ("day", &day)])
        }
        _ => say("person.waiting.letter", &[("day", &day)]),
    }
}

/// Who has written. Said after the first click only, and on pages alone; to nobody while everything that came asks something that was not answered.
async fn name_of_author(app: &App, reader: &Reader) -> Result<Option<String>, Problem> {
    let sender = app.store.sender(reader).await?;
    if !sender.may_be_named {
        return Ok(None);
    }
    let name = match app.keys.open_text(&sender.account.to_string(), &sender.name) {
        Some(name) => name.to_string(),
        None => {
            tracing::error!(account = %sender.account, "an author's name cannot be opened with the address key");
            say("person.somebody", &[])
        }
    };
    Ok(Some(name))
}

/// Whom a reader looks after who came by mail: the name that its author chose for that, on pages alone, and while the author may be named. None: they are whom it is for, or came with the words of a card.
async fn looks_after(app: &App, reader: &Reader) -> Result<Option<String>, Problem> {
    let sender = app.store.sender(reader).await?;
    let Some((person, name)) = sender.looks_after else { return Ok(None) };
    let somebody = || say("person.guardian.somebody", &[]);
    if !sender.may_be_named {
        return Ok(Some(somebody()));
    }
    let name = app.keys.open_text(&looked_after_of(person), &name);
    if name.is_none() {
        tracing::error!(person = %person, "the name of somebody who is looked after cannot be opened with the address key");
    }
    Ok(Some(name.map_or_else(somebody, |name| name.to_string())))
}

/// `not-me-proves-nothing`: whoever said 'this is not for me' at this address sees no name and no letter until they take it back.
async fn is_not_me(app: &App, reader: &Reader) -> Result<bool, Problem> {
    Ok(app.store.refusals(reader).await?.iter().any(|refusal| refusal.scope == Scope::NotMe))
}
