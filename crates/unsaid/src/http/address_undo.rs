//! 'This was not me': the page behind the link that goes to an old sign-in address when an account got another one. It works without script and without signing in, since whoever needs
//! it may be locked out by then. Looking changes nothing; one press puts the old address back and ends every session of the account.

use super::cookies::read_token;
use super::page::{opening, private, say};
use super::problem::Problem;
use super::read::{Form, Path};
use super::route::{Body, Face, Policy, Route};
use crate::app::App;
use crate::secrets::hashed;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use unsaid_store::rows::Keyed;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/address/{token}", Policy::Anyone, Face::Page, show),
        Route::post("/address/{token}", Policy::Anyone, Face::Page, Body::Form, put_back),
    ]
}

/// Unknown, used and over are one answer.
fn over() -> Problem {
    Problem::of("address-undo-over")
}

fn undo(token: &str) -> Result<Keyed, Problem> {
    read_token(token.as_bytes()).map(|token| hashed(&token)).ok_or_else(over)
}

async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Problem> {
    if !app.store.email_undo(undo(&token)?, app.time.now()).await? {
        return Err(over());
    }
    let main = html! {
        (opening(&say("house.address.heading", &[]), &say("house.address.lede", &[])))
        // The form has no address of its own: it goes where this page is, so that the token stands in no text of it.
        form.acts method="post" {
            button.button.button--main type="submit" { (say("house.address.put_back", &[])) }
        }
        div.prose {
            p { (say("house.address.effect", &[])) }
            p { (say("house.address.was_me", &[])) }
        }
    };
    Ok(private(&app, &say("house.address.title", &[]), StatusCode::OK, main))
}

async fn put_back(
    State(app): State<App>,
    Path(token): Path<String>,
    Form(_): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    if !app.store.undo_email(undo(&token)?, app.time.now()).await? {
        return Err(over());
    }
    let main = html! {
        (opening(&say("house.address.done_heading", &[]), &say("house.address.done_lede", &[])))
        div.prose { p { (say("house.address.done_words", &[])) } }
        div.acts { a.button.button--main href="/sign-in" { (say("house.address.sign_in", &[])) } }
    };
    Ok(private(&app, &say("house.address.done_title", &[]), StatusCode::OK, main))
}
