//! 'Somebody will read it with me': how to read together, on whose telephone, and who else can be called. It keeps nothing, changes nothing, and can be
//! read before anything is opened.

use crate::app::App;
use crate::http::house_pages::numbers;
use crate::http::page::{For, Page, opening, say};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

/// GET /help/together
pub(super) async fn show(State(app): State<App>) -> Response {
    let main = html! {
        (opening(&say("person.together.heading", &[]), &say("person.together.lede", &[])))
        div.prose {
            p { (say("person.together.how", &[])) }
            p { (say("person.together.device", &[])) }
            p { a href="/come" { (say("person.together.come", &[])) } }
            h2 { (say("person.together.numbers", &[])) }
            p { (say("person.together.numbers_says", &[])) }
        }
        (numbers())
        div.prose { p { a href="/help/living" { (say("house.living.title", &[])) } } }
    };
    let title = say("person.together.title", &[]);
    Page { title: &title, reader: For::Person, script: None, main }.answer(&app, StatusCode::OK)
}
