//! What stands refused, and taking it back: only whoever refused can, here, and nobody is told of either. Lifting twice is lifting once.

use super::{Fields, called, field, is_not_me, on_to};
use crate::app::App;
use crate::http::gate::ReaderIn;
use crate::http::page::{For, Page, opening, say};
use crate::http::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use unsaid_delivery::refusal::Scope;
use unsaid_store::rows::{StandingRefusal, Waiting};

/// GET /refused
pub(super) async fn show(State(app): State<App>, ReaderIn(reader): ReaderIn) -> Result<Response, Problem> {
    // A card that was replaced says neither yes nor no.
    if reader.has_older_card() {
        return Ok(on_to("/waiting"));
    }
    let refusals = app.store.refusals(&reader).await?;
    let not_me = is_not_me(&app, &reader).await?;
    let letters = if not_me { Vec::new() } else { app.store.waiting(&reader).await? };
    let (title, main) = if refusals.is_empty() {
        ("person.refused.none_title", nothing())
    } else {
        ("person.refused.title", standing(&app, &refusals, &letters, not_me))
    };
    Ok(Page { title: &say(title, &[]), reader: For::Person, script: None, main }.answer(&app, StatusCode::OK))
}

/// POST /lift, `no=` as the page gave it
pub(super) async fn lift(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    fields: Fields,
) -> Result<Response, Problem> {
    if reader.has_older_card() {
        return Ok(on_to("/waiting"));
    }
    let refusals = app.store.refusals(&reader).await?;
    let Some(named) = field(&fields, "no") else { return Err(Problem::of("not-understood")) };
    if let Some(refusal) = refusals.iter().find(|refusal| name_of(refusal.scope) == named) {
        app.store.lift(&reader, refusal.scope, app.time.now()).await?;
        app.nudge.nudge();
    }
    let still = refusals.iter().filter(|refusal| name_of(refusal.scope) != named).count();
    Ok(on_to(if still == 0 { "/waiting" } else { "/refused" }))
}

/// How a no is named in a form.
fn name_of(scope: Scope) -> String {
    match scope {
        Scope::NotMe => "not-me".to_owned(),
        Scope::Letter(letter) => letter.to_string(),
        Scope::Author => "author".to_owned(),
        Scope::House => "all".to_owned(),
        Scope::Quiet => "quiet".to_owned(),
    }
}

fn nothing() -> Markup {
    html! {
        (opening(&say("person.refused.none_heading", &[]), &say("person.refused.none_lede", &[])))
        div.acts {
            a.button href="/waiting" { (say("person.refused.to_waiting", &[])) }
            a.button href="/refuse" { (say("person.gone.no", &[])) }
        }
    }
}

fn standing(app: &App, refusals: &[StandingRefusal], letters: &[Waiting], not_me: bool) -> Markup {
    html! {
        (opening(&say("person.refused.heading", &[]), &say("person.refused.lede", &[])))
        (standing_list(app, refusals, letters, 2))
        div.prose {
            p { (say("person.refused.yours", &[])) }
            @if !not_me { p { a href="/waiting" { (say("person.refused.to_waiting", &[])) } } }
            p { (say("person.refused.leave", &[])) }
        }
    }
}

/// Each no with the button that takes it back, under headings of this level.
pub(super) fn standing_list(
    app: &App,
    refusals: &[StandingRefusal],
    letters: &[Waiting],
    level: u8,
) -> Markup {
    html! {
        ul.letters {
            @for refusal in refusals {
                li {
                    (says(app, refusal.scope, letters, level))
                    form.acts method="post" action="/lift" {
                        input type="hidden" name="no" value=(name_of(refusal.scope));
                        button.button type="submit" { (say("person.refused.lift", &[])) }
                    }
                }
            }
        }
    }
}

fn says(app: &App, scope: Scope, letters: &[Waiting], level: u8) -> Markup {
    let (heading, effect) = match scope {
        Scope::NotMe => (say("person.refuse.not_me", &[]), "person.refused.not_me"),
        Scope::Author => (say("person.refuse.author", &[]), "person.refused.author"),
        Scope::House => (say("person.refuse.all", &[]), "person.refused.all"),
        Scope::Quiet => (say("person.refused.quiet_name", &[]), "person.refused.quiet"),
        Scope::Letter(id) => {
            let sealed = letters.iter().find(|letter| letter.delivery.letter == id);
            let heading = match sealed {
                Some(letter) => called(app, letters, letter),
                None => say("person.refuse.letter", &[]),
            };
            (heading, "person.refused.letter")
        }
    };
    html! {
        @if level == 2 { h2 { (heading) } } @else { h3 { (heading) } }
        p { (say(effect, &[])) }
    }
}
