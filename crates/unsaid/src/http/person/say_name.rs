//! Whether our messages may say who writes. Asked of somebody who has opened a letter of theirs, and kept for exactly that name.

use super::{Fields, field, is_not_me, letter_of, name_of_author, on_to};
use crate::app::App;
use crate::http::gate::ReaderIn;
use crate::http::page::say;
use crate::http::problem::Problem;
use crate::http::read::{self, Path};
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use unsaid_delivery::id::DeliveryId;
use unsaid_store::rows::{Reader, Sender};

/// POST /waiting/{delivery}/name, `say=yes` or `say=no`
pub(super) async fn choose(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id: DeliveryId = read::id(&named)?;
    if is_not_me(&app, &reader).await? {
        return Ok(on_to("/refused"));
    }
    let letter = letter_of(&app, &reader, id).await?;
    let path = format!("/waiting/{id}");
    // Only who has read a letter knows whose name it is.
    if !letter.delivery.pinned || letter.asks.is_some() || reader.has_older_card() {
        return Ok(on_to(&path));
    }
    let allowed = match (field(&fields, "say"), name_of_author(&app, &reader).await?) {
        (Some("yes"), Some(name)) => Some(app.keys.name_mark(&name)),
        (Some("no"), _) => None,
        _ => return Err(Problem::of("not-understood")),
    };
    app.store.allow_name(&reader, allowed).await?;
    Ok(on_to(&format!("{path}#name")))
}

/// The choice, folded, on the page of a letter that they have opened.
pub(super) fn choice(app: &App, reader: &Reader, id: DeliveryId, (name, sender): (&str, &Sender)) -> Markup {
    if reader.has_older_card() {
        return html! {};
    }
    let allowed = sender.allowed_name == Some(app.keys.name_mark(name));
    let (says, press, value) = match allowed {
        false => ("person.name.says", "person.name.allow", "yes"),
        true => ("person.name.allowed", "person.name.forbid", "no"),
    };
    html! {
        details #name {
            summary { (say("person.name.title", &[])) }
            p { (say(says, &[("name", name)])) }
            form.acts method="post" action={ "/waiting/" (id) "/name" } {
                button.button type="submit" name="say" value=(value) { (say(press, &[])) }
            }
        }
    }
}
