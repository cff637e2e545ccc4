//! Who has written, and what waits: the first page after the click. It opens nothing, and says plainly who could.

use super::{called, guardian, is_not_me, later, looks_after, name_of_author, on_to};
use crate::app::App;
use crate::http::gate::ReaderIn;
use crate::http::page::{For, Page, opening, say};
use crate::http::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use unsaid_delivery::state::State as Where;
use unsaid_store::rows::{Kept, Reader, Waiting};

/// GET /waiting
pub(super) async fn show(State(app): State<App>, ReaderIn(reader): ReaderIn) -> Result<Response, Problem> {
    if is_not_me(&app, &reader).await? {
        return Ok(on_to("/refused"));
    }
    let letters = app.store.waiting(&reader).await?;
    let refused = !app.store.refusals(&reader).await?.is_empty();
    let mut named = true;
    let whom = looks_after(&app, &reader).await?;
    let main = if letters.is_empty() {
        nothing(&reader)
    } else {
        let name = name_of_author(&app, &reader).await?;
        named = name.is_some();
        match &whom {
            Some(whom) => guardian::waits(&app, (name.as_deref(), whom), &letters, refused),
            None => some(&app, &reader, name.as_deref(), &letters, refused),
        }
    };
    let title = match (letters.is_empty(), named) {
        (false, _) if whom.is_some() => "person.guardian.waiting_title",
        (true, _) => "person.gone.title",
        (false, true) => "person.waiting.title",
        (false, false) => "person.waiting.title_unnamed",
    };
    let title = say(title, &[]);
    Ok(Page { title: &title, reader: For::Person, script: None, main }.answer(&app, StatusCode::OK))
}

fn nothing(reader: &Reader) -> Markup {
    html! {
        (newer_card(reader))
        (opening(&say("person.gone.heading", &[]), &say("person.gone.lede", &[])))
        @if !reader.has_older_card() {
            div.acts { a.button href="/refuse" { (say("person.gone.no", &[])) } }
        }
    }
}

/// Said to whoever came with a card that was replaced, whether anything else waits or not.
fn newer_card(reader: &Reader) -> Markup {
    html! {
        @if reader.has_older_card() {
            div.notice {
                p { (say("person.waiting.newer_card", &[])) }
                p { a href="/words" { (say("person.waiting.newer_card_use", &[])) } }
            }
        }
    }
}

/// Something here was refused, and how that is taken back.
pub(super) fn said_no(says: &str) -> Markup {
    html! {
        div.notice {
            p { (say(says, &[])) }
            p { a href="/refused" { (say("person.waiting.see_refused", &[])) } }
        }
    }
}

fn some(app: &App, reader: &Reader, name: Option<&str>, letters: &[Waiting], refused: bool) -> Markup {
    let older = reader.has_older_card();
    let closed = letters.iter().filter(|letter| !letter.delivery.pinned).count();
    let lede = match (closed, letters.len()) {
        (0, _) => "person.waiting.lede_opened",
        (1, 1) => "person.waiting.lede_one",
        (1.., _) => "person.waiting.lede_many",
    };
    let heading = match name {
        Some(name) => say("person.waiting.heading", &[("name", name)]),
        None => say("person.waiting.heading_unnamed", &[]),
    };
    // Said of what is closed and asks nothing: the house keeps its key.
    let by_mailbox = letters.iter().any(|l| l.asks.is_none() && l.kept == Kept::House);
    html! {
        (opening(&heading, &say(lede, &[])))
        (newer_card(reader))
        @if refused && !older { (said_no("person.waiting.refused")) }
        ul.letters {
            @for letter in letters { (line(app, letters, letter)) }
        }
        div.prose {
            @if by_mailbox { p { (say("person.waiting.mailbox", &[])) } }
            @match name {
                Some(name) => p { (say("person.waiting.not_told", &[("name", name)])) },
                None => {
                    p { (say("person.ask.unnamed", &[])) }
                    p { (say("person.ask.not_told", &[])) }
                }
            }
            @if !older { p { (say("person.waiting.or_not", &[])) } }
            @if closed > 0 { p { a href="/help/together" { (say("person.together.title", &[])) } } }
        }
        @if !older { div.acts { a.button href="/refuse" { (say("person.waiting.refuse", &[])) } } }
    }
}

fn line(app: &App, letters: &[Waiting], letter: &Waiting) -> Markup {
    // One page, one main button.
    let alone = letters.len() == 1;
    let delivery = &letter.delivery;
    let path = format!("/waiting/{}", delivery.id);
    html! {
        li {
            h2 { (called(app, letters, letter)) }
            @if matches!(delivery.state, Where::Parked { .. }) {
                p.status.status--wait { (say("person.waiting.held", &[])) }
            } @else if letter.asks.is_some() {
                @if delivery.state == Where::Refused {
                    p.status.status--away { (say("person.waiting.letter_refused", &[])) }
                } @else {
                    p.status.status--open { (say("person.ask.status", &[])) }
                    @if let Some(until) = later::quiet_until(delivery) {
                        p { (until) " " (say("person.later.open_meanwhile", &[])) }
                    }
                }
                div.acts {
                    a.button.button--main[alone] href=(path) { (say("person.ask.go", &[])) }
                    (later::way_to(delivery))
                    a.button.button--quiet href={ "/refuse?letter=" (delivery.id) } { (say("person.waiting.refuse_letter", &[])) }
                }
            } @else if delivery.pinned {
                p.status.status--open { (say("person.waiting.opened", &[])) }
                div.acts { a.button href=(path) { (say("person.waiting.read_again", &[])) } }
            } @else {
                @if delivery.state == Where::Refused {
                    p.status.status--away { (say("person.waiting.letter_refused", &[])) }
                } @else {
                    p.status.status--open { (say("person.waiting.closed", &[])) }
                    @if let Some(until) = later::quiet_until(delivery) {
                        p { (until) " " (say("person.later.open_meanwhile", &[])) }
                    }
                }
                @if matches!(letter.kept, Kept::Words | Kept::Keepers) {
                    @let (says, press) = if letter.kept == Kept::Words {
                        ("person.waiting.by_words", "person.waiting.with_words")
                    } else {
                        ("person.waiting.by_keepers", "person.waiting.with_keepers")
                    };
                    p { (say(says, &[])) }
                    div.acts {
                        a.button.button--main[alone] href=(path) { (say(press, &[])) }
                        (later::way_to(delivery))
                        a.button.button--quiet href={ "/refuse?letter=" (delivery.id) } { (say("person.waiting.refuse_letter", &[])) }
                    }
                } @else {
                form.acts method="post" action={ (path) "/open" } {
                    button.button.button--main[alone] type="submit" { (say("person.open", &[])) }
                    (later::way_to(delivery))
                    a.button.button--quiet href={ "/refuse?letter=" (delivery.id) } { (say("person.waiting.refuse_letter", &[])) }
                }
                }
            }
        }
    }
}
