//! Coming without card and without message: somebody types an address of theirs, and if something was left for it, a mail with a link goes there. The page says the same in any case, after the same
//! work; what is found is looked for elsewhere, later, and told to the address alone.

use super::{Fields, field};
use crate::address::EmailAddress;
use crate::app::App;
use crate::http::page::{For, Page, opening, say, wrong_at};
use crate::http::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

/// What was typed is shown again as far as this.
const LONGEST: usize = 320;

/// GET /come/address
pub(super) async fn show(State(app): State<App>) -> Response {
    page(&app, "", None)
}

/// POST /come/address, `address=`
pub(super) async fn ask(State(app): State<App>, fields: Fields) -> Result<Response, Problem> {
    let typed: String = field(&fields, "address").unwrap_or_default().chars().take(LONGEST).collect();
    let address = match EmailAddress::read(&typed) {
        Ok(address) => address,
        Err(e) => return Ok(page(&app, &typed, Some(e.key()))),
    };
    let key = app.keys.address_index(&address.normal_form());
    app.store.ask_at_door(key, app.time.now()).await?;
    app.nudge.nudge();
    Ok(said(&app))
}

fn page(app: &App, typed: &str, wrong: Option<&'static str>) -> Response {
    let title = say("person.asked.title", &[]);
    let (status, title) = match wrong {
        None => (StatusCode::OK, title),
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, say("house.error_title", &[("page", &title)])),
    };
    let says = wrong.map(|key| {
        let problem = Problem::of(key);
        format!("{} {}", problem.title(), problem.detail())
    });
    let described = if wrong.is_some() { "address-help address-wrong" } else { "address-help" };
    let main = html! {
        @if let Some(says) = &says { (wrong_at("#address", says)) }
        (opening(&say("person.asked.heading", &[]), &say("person.asked.lede", &[])))
        form.form method="post" action="/come/address" novalidate {
            div.field.field--wrong[wrong.is_some()] {
                label for="address" { (say("person.asked.address", &[])) }
                p.help #address-help { (say("person.asked.address_help", &[])) }
                @if let Some(says) = &says { p.wrong #address-wrong { (says) } }
                input.input #address name="address" type="email" inputmode="email" autocomplete="email"
                    autocapitalize="none" spellcheck="false" maxlength="320" value=(typed)
                    aria-describedby=(described) aria-invalid=[wrong.map(|_| "true")];
            }
            div.acts { button.button.button--main type="submit" { (say("person.asked.press", &[])) } }
        }
        div.prose {
            p.note { (say("person.asked.kept", &[])) }
            p { a href="/words" { (say("person.come.card", &[])) } }
        }
    };
    Page { title: &title, reader: For::Person, script: None, main }.answer(app, status)
}

/// One page for every address: that of somebody for whom something waits, of nobody, of somebody who has said no.
fn said(app: &App) -> Response {
    let title = say("person.asked.said_title", &[]);
    let main = html! {
        (opening(&say("person.asked.said", &[]), &say("person.asked.said_lede", &[])))
        div.prose {
            h2 { (say("person.asked.nothing", &[])) }
            p { (say("person.asked.nothing_says", &[])) }
            p { (say("person.asked.refused_says", &[])) " " a href="/come" { (say("person.asked.digits", &[])) } }
            p { a href="/words" { (say("person.come.card", &[])) } }
        }
    };
    Page { title: &title, reader: For::Person, script: None, main }.answer(app, StatusCode::OK)
}
