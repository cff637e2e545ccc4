//! The page on which a letter is read. The server writes who it is from and since when; the words come from the reader's own browser, which
//! fetches the sealed letter and its key and unlocks the one with the other. The server never sees them.

use super::{ask, is_not_me, later, letter_of, name_of_author, on_to, say_name};
use crate::app::App;
use crate::http::gate::ReaderIn;
use crate::http::page::{For, Page, opening, say, say_with};
use crate::http::problem::Problem;
use crate::http::read::{self, Path};
use crate::http::{assets, say_date};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde::Serialize;
use unsaid_delivery::calendar;
use unsaid_delivery::state::State as Where;
use unsaid_store::rows::{Kept, Reader, Waiting};

/// GET /waiting/{delivery}
pub(super) async fn show(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
) -> Result<Response, Problem> {
    let id = read::id(&named)?;
    if is_not_me(&app, &reader).await? {
        return Ok(on_to("/refused"));
    }
    let letter = letter_of(&app, &reader, id).await?;
    let held = matches!(letter.delivery.state, Where::Parked { .. });
    if let (Some(asks), false) = (&letter.asks, held) {
        return Ok(ask::show(&app, &letter, asks));
    }
    let name = name_of_author(&app, &reader).await?.unwrap_or_else(|| say("person.somebody_unnamed", &[]));
    let title = say("person.read.title", &[("name", &name)]);
    let opened = letter.delivery.pinned;
    let others = others(&app, &reader, &letter).await?;
    let (script, main) = match (opened || matches!(letter.kept, Kept::Words | Kept::Keepers), held) {
        (_, true) => (None, held_back()),
        (true, false) => {
            let sender = app.store.sender(&reader).await?;
            let named = say_name::choice(&app, &reader, id, (&name, &sender));
            (Some(assets::READER), opened_letter(&app, &reader, &letter, (&name, &title), (others, named)))
        }
        (false, false) => (None, closed(&app, &letter, &name)),
    };
    Ok(Page { title: &title, reader: For::Person, script, main }.answer(&app, StatusCode::OK))
}

/// A letter of the same author that this person has opened too, and whose key this house keeps: the page holds the hands beside each other. Which day
/// it was sealed on says which letter is meant.
#[derive(Serialize)]
struct Other {
    delivery: String,
    letter: String,
    version: u32,
    day: String,
}

/// Those of them that are signed, the oldest first, as JSON; None when there is none.
async fn others(app: &App, reader: &Reader, letter: &Waiting) -> Result<Option<String>, Problem> {
    let mut all = app.store.waiting(reader).await?;
    all.retain(|other| {
        let delivery = &other.delivery;
        let open = delivery.pinned && !matches!(delivery.state, Where::Parked { .. });
        open && other.asks.is_none()
            && other.signed
            && other.kept == Kept::House
            && delivery.letter != letter.delivery.letter
    });
    all.sort_by_key(|other| other.sealed_at);
    let others: Vec<Other> = all
        .iter()
        .map(|other| Other {
            delivery: other.delivery.id.to_string(),
            letter: other.delivery.letter.to_string(),
            version: other.delivery.version,
            day: other.sealed_at.to_zoned(app.settings.zone.clone()).date().to_string(),
        })
        .collect();
    Ok(if others.is_empty() { None } else { serde_json::to_string(&others).ok() })
}

fn opened_letter(
    app: &App,
    reader: &Reader,
    letter: &Waiting,
    (name, title): (&str, &str),
    (others, named): (Option<String>, Markup),
) -> Markup {
    let delivery = &letter.delivery;
    let path = format!("/waiting/{}", delivery.id);
    html! {
        (margin(app, letter, name))
        // data-*: what web/src/pages/reader needs to find its way; no key and no word is among it.
        article.sheet.sheet--full.sheet--folded #letter
            data-delivery=(delivery.id)
            data-letter=(delivery.letter)
            data-version=(delivery.version)
            data-kept=(letter.kept.name())
            data-signed=(letter.signed)
            data-from=(name)
            data-key-url={ (path) "/key" }
            data-words-url={ (path) "/words" }
            data-keepers-url={ (path) "/keepers" }
            data-part-url={ (path) "/letter.age" }
            data-parts-url={ (path) "/parts" }
            data-reply-url={ (path) "/reply" }
            data-others=[others]
        {
            h1.unseen { (title) }
            noscript {
                p { (say("person.read.without_script", &[])) }
            }
            @if assets::entry(assets::READER).is_none() {
                p { (say("house.not_built", &[])) }
            }
        }
        div.prose.screen-only {
            p { a href="/waiting" { (say("person.read.back", &[])) } }
            (named)
            @if !reader.has_older_card() {
                details {
                    summary { (say("person.read.no_more", &[])) }
                    p { (say("person.read.no_more_says", &[])) " " a href="/refuse" { (say("person.read.no_more_link", &[])) } }
                }
            }
        }
    }
}

fn closed(app: &App, letter: &Waiting, name: &str) -> Markup {
    let path = format!("/waiting/{}", letter.delivery.id);
    html! {
        (margin(app, letter, name))
        (opening(&say("person.closed.heading", &[]), &say("person.closed.lede", &[])))
        @if let Some(until) = later::quiet_until(&letter.delivery) {
            p { (until) " " (say("person.later.open_meanwhile", &[])) }
        }
        form.acts method="post" action={ (path) "/open" } {
            button.button.button--main type="submit" { (say("person.open", &[])) }
            (later::way_to(&letter.delivery))
            a.button href={ "/refuse?letter=" (letter.delivery.id) } { (say("person.waiting.refuse_letter", &[])) }
        }
        div.prose {
            p { (say("person.waiting.mailbox", &[])) }
            p { (say("person.waiting.not_told", &[("name", name)])) }
            p { a href="/help/together" { (say("person.together.title", &[])) } }
        }
    }
}

/// Parked: something about its stored bytes is wrong, and the host has been called.
fn held_back() -> Markup {
    html! {
        (opening(&say("error.letter-held.title", &[]), &say("error.letter-held.detail", &[])))
        div.acts { a.button href="/waiting" { (say("person.read.back", &[])) } }
    }
}

/// The day that a birthday's letter, or one that came late, was meant for.
fn meant_for(letter: &Waiting) -> Option<Markup> {
    let delivery = &letter.delivery;
    let day = calendar::day_of(&delivery.rule.moment, delivery.occurrence)?;
    Some(html! { time datetime=(day.to_string()) { (say_date::full_day(day)) } })
}

fn margin(app: &App, letter: &Waiting, name: &str) -> Markup {
    let day = say_date::time(letter.sealed_at, &app.settings.zone);
    html! {
        aside.margin aria-label=(say("person.read.about", &[])) {
            p { (say_with("person.read.from", "name", &html! { strong { (name) } })) }
            p { (say_with("person.read.sealed", "day", &day)) }
            @if let Some(day) = meant_for(letter) {
                p { (say_with("person.read.meant_for", "day", &day)) }
            }
        }
    }
}
