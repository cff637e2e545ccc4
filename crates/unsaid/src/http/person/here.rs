//! What is here for somebody, and about them: what waits, what they said no to, which address we have, what we note, and how to be forgotten. Whoever came
//! with a link or with words may ask; it names nobody who wrote, and changes nothing.

use super::{called, is_not_me, later, lift, looks_after};
use crate::app::App;
use crate::http::gate::ReaderIn;
use crate::http::page::{For, Page, opening, say};
use crate::http::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::state::State as Where;
use unsaid_store::rows::{Reader, StandingRefusal, Waiting};

/// GET /here
pub(super) async fn show(State(app): State<App>, ReaderIn(reader): ReaderIn) -> Result<Response, Problem> {
    let not_me = is_not_me(&app, &reader).await?;
    let letters = if not_me { Vec::new() } else { app.store.waiting(&reader).await? };
    let refusals = app.store.refusals(&reader).await?;
    let address = masked_address(&app, &reader).await?;
    let whom = if not_me { None } else { looks_after(&app, &reader).await? };
    let for_whom = if whom.is_some() { "person.guardian.for_them" } else { "person.here.for_you" };
    let everything = refusals.iter().any(|refusal| refusal.scope == Scope::House);
    let main = html! {
        (opening(&say("person.here.heading", &[]), &say("person.here.lede", &[])))
        h2 { (say(for_whom, &[])) }
        (what_waits(&app, &letters, not_me, whom.is_some()))
        h2 { (say("person.here.refused", &[])) }
        (what_is_refused(&app, &refusals, &letters))
        h2 { (say("person.here.about_you", &[])) }
        div.sheet {
            dl.facts {
                div { dt { (say("person.here.address", &[])) } dd { (said_of_address(&reader, address.as_deref())) } }
                @if let Some(whom) = &whom {
                    div { dt { (say("person.guardian.here", &[])) } dd { (say("person.guardian.here_says", &[("whom", whom)])) } }
                }
                div { dt { (say("person.here.from_author", &[])) } dd { (say("person.here.from_author_says", &[])) } }
                div { dt { (say("person.here.noted", &[])) } dd { (say("person.here.noted_says", &[])) } }
                div { dt { (say("person.here.browser", &[])) } dd { (say("person.here.browser_says", &[])) } }
            }
        }
        div.prose {
            h2 { (say("person.here.answers", &[])) }
            p { (say("person.here.answers_says", &[])) }
            h2 { (say("person.here.forget", &[])) }
            @if everything {
                p { (say("person.here.forget_done", &[])) }
            } @else {
                p { (say("person.here.forget_says", &[])) }
            }
            p { (say("person.here.forget_rest", &[])) " " a href="/is-this-real" { (say("person.knock.real", &[])) } }
        }
        @if !everything {
            div.acts { a.button href="/refuse" { (say("person.foot.refuse", &[])) } }
        }
    };
    let title = say("person.here.title", &[]);
    Ok(Page { title: &title, reader: For::Person, script: None, main }.answer(&app, StatusCode::OK))
}

/// Each letter by its day, and how it stands.
fn what_waits(app: &App, letters: &[Waiting], not_me: bool, guardian: bool) -> Markup {
    html! {
        @if not_me {
            p { (say("person.here.not_me", &[])) }
        } @else if letters.is_empty() {
            p { (say("person.here.nothing", &[])) }
        } @else {
            ul {
                @for letter in letters { li { (called(app, letters, letter)) ": " (stands(letter, guardian)) } }
            }
            p { a href="/waiting" { (say("person.refused.to_waiting", &[])) } }
        }
    }
}

fn stands(letter: &Waiting, guardian: bool) -> Markup {
    let delivery = &letter.delivery;
    let of = |theirs, guardians| say(if guardian { guardians } else { theirs }, &[]);
    html! {
        @if let Some(until) = later::quiet_until(delivery) {
            (until)
        } @else if matches!(delivery.state, Where::Parked { .. }) {
            (say("person.here.held", &[]))
        } @else if delivery.pinned {
            (of("person.here.opened", "person.guardian.here_opened"))
        } @else if delivery.state == Where::Refused {
            (say("person.here.letter_refused", &[]))
        } @else {
            (of("person.here.closed", "person.guardian.here_closed"))
        }
    }
}

fn what_is_refused(app: &App, refusals: &[StandingRefusal], letters: &[Waiting]) -> Markup {
    html! {
        @if refusals.is_empty() {
            p { (say("person.here.none_refused", &[])) }
        } @else {
            (lift::standing_list(app, refusals, letters, 3))
        }
    }
}

fn said_of_address(reader: &Reader, address: Option<&str>) -> String {
    match (address, reader.address()) {
        (Some(address), _) => say("person.here.address_says", &[("address", address)]),
        (None, Some(_)) => say("person.here.address_gone", &[]),
        (None, None) => say("person.here.address_none", &[]),
    }
}

/// Enough of it to know it again by, for whoever knows it.
async fn masked_address(app: &App, reader: &Reader) -> Result<Option<String>, Problem> {
    let (Some(id), Some(sealed)) = (reader.address(), app.store.own_address(reader).await?) else {
        return Ok(None);
    };
    let Some(text) = app.keys.open_text(&id.to_string(), &sealed) else {
        tracing::error!(address = %id, "an address cannot be opened with the address key");
        return Ok(None);
    };
    Ok(Some(masked(&text)))
}

/// 'd…@example.org': the first letter, and where the mailbox is.
fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}…@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_the_first_letter_stays() {
        assert_eq!(masked("dan@example.org"), "d…@example.org");
        assert_eq!(masked("d@example.org"), "d…@example.org");
        assert_eq!(masked("dan+x@sub.example.org"), "d…@sub.example.org");
    }
}
