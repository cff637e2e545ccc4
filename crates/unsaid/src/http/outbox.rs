//! The mail that was caught instead of sent, as pages for whoever tries the house out on their own machine. The gate lets nobody else here
//! (`Policy::Outbox`). The text of a message is shown as a page of the house, on which links lead only to this house; its page is given as it is, as a
//! mail program would show it. Reads a shelf; knows no mail.

use super::headers::IsMail;
use super::page::{For, Page, opening, say};
use super::problem::Problem;
use super::read::Path;
use super::route::{Face, Policy, Route};
use crate::app::{App, CaughtMail, OutboxShelf};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use std::io;

/// The list, one message, and its page.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/outbox", Policy::Outbox, Face::Page, list),
        Route::get("/outbox/{name}", Policy::Outbox, Face::Page, message),
        Route::get("/outbox/{name}/page", Policy::Outbox, Face::Page, as_shown),
    ]
}

async fn list(State(app): State<App>) -> Result<Response, Problem> {
    let caught = shelf(&app)?.list().await.map_err(unreadable)?;
    let main = html! {
        (opening(&say("outbox.heading", &[]), &say("outbox.lede", &[])))
        @if caught.is_empty() {
            p { (say("outbox.empty", &[])) }
        } @else {
            ul.letters {
                @for mail in &caught {
                    li {
                        h2 { a href={ "/outbox/" (mail.name) } { (mail.subject) } }
                        (particulars(mail))
                    }
                }
            }
        }
    };
    Ok(answer(&app, &say("outbox.heading", &[]), main))
}

async fn message(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Problem> {
    let mail = shelf(&app)?.read(&name).await.map_err(unreadable)?.ok_or_else(Problem::missing)?;
    let main = html! {
        aside.margin aria-label=(say("outbox.where", &[])) {
            p { a href="/outbox" { (say("outbox.back", &[])) } }
            @if mail.page.is_some() {
                p { a href={ "/outbox/" (mail.name) "/page" } { (say("outbox.as_shown", &[])) } }
            }
        }
        article.sheet {
            div.opening {
                h1 { (mail.subject) }
                (particulars(&mail))
            }
            hr;
            div.letter { (text(&mail.text, &app.settings.public_url.origin)) }
        }
    };
    Ok(answer(&app, &mail.subject, main))
}

/// The page of a message: nothing of ours around it, and nothing in it can run.
async fn as_shown(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Problem> {
    let mail = shelf(&app)?.read(&name).await.map_err(unreadable)?;
    let page = mail.and_then(|mail| mail.page).ok_or_else(Problem::missing)?;
    Ok((Extension(IsMail), [(header::CACHE_CONTROL, "no-store")], Html(page)).into_response())
}

fn answer(app: &App, title: &str, main: Markup) -> Response {
    let mut response = Page { title, reader: For::Anyone, script: None, main }.answer(app, StatusCode::OK);
    // It holds addresses, codes and links.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The gate has looked already; without a shelf there is no page.
fn shelf(app: &App) -> Result<&dyn OutboxShelf, Problem> {
    app.outbox.as_deref().ok_or_else(Problem::missing)
}

fn unreadable(error: io::Error) -> Problem {
    tracing::error!(%error, "the outbox folder cannot be read");
    Problem::of("store-away")
}

fn particulars(mail: &CaughtMail) -> Markup {
    html! {
        dl.facts {
            div { dt { (say("outbox.to", &[])) } dd { (mail.to) } }
            div { dt { (say("outbox.date", &[])) } dd { (mail.date) } }
            @if mail.copy > 1 {
                div { dt { (say("outbox.copy", &[])) } dd { (say("outbox.copy_says", &[("copy", &mail.copy.to_string())])) } }
            }
        }
    }
}

/// Paragraphs as they were written; what leads to this house can be pressed. Lines that were only broken because a message is
/// narrow are one line again, for a page has its own width; a break that somebody meant stays.
fn text(text: &str, origin: &str) -> Markup {
    html! {
        @for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
            p {
                @for (at, line) in rejoined(paragraph).iter().enumerate() {
                    @if at > 0 { br; }
                    @for piece in pieces(line, origin) {
                        @match piece {
                            Piece::Text(text) => (text),
                            Piece::Link(url) => a href=(url) { (url) },
                        }
                    }
                }
            }
        }
    }
}

/// How many characters a line of our messages has at most.
const WIDTH: usize = 76;

/// The lines of a paragraph before they were broken to [`WIDTH`]: a line that had no room for the first word of the next one goes
/// on with it. A link on a line of its own stays there.
fn rejoined(paragraph: &str) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    let mut last = 0;
    for line in paragraph.lines() {
        let first = line.split_whitespace().next().map_or(0, |word| word.chars().count());
        let alone = line.contains("://") && !line.trim().contains(' ');
        match whole.last_mut() {
            Some(before) if last + 1 + first > WIDTH && !alone => {
                before.push(' ');
                before.push_str(line);
            }
            _ => whole.push(line.to_owned()),
        }
        last = line.chars().count();
    }
    whole
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Link(&'a str),
}

/// A line, taken apart at the links that lead to this house and nowhere else.
fn pieces<'a>(line: &'a str, origin: &str) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut rest = line;
    let mut from = 0;
    while let Some(found) = rest[from..].find(origin).map(|at| at + from) {
        let end = rest[found..].find(char::is_whitespace).map_or(rest.len(), |length| found + length);
        // A full stop after a link belongs to the sentence.
        let url = rest[found..end].trim_end_matches(['.', ',', ')', ':', ';']);
        let path = &url[origin.len()..];
        let starts_a_word =
            rest[..found].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '/');
        if !starts_a_word || !(path.is_empty() || path.starts_with('/')) {
            from = found + origin.len();
            continue;
        }
        if found > 0 {
            pieces.push(Piece::Text(&rest[..found]));
        }
        pieces.push(Piece::Link(url));
        rest = &rest[found + url.len()..];
        from = 0;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: &str = "http://localhost:7070";

    #[test]
    fn links_to_this_house_can_be_pressed_and_others_cannot() {
        assert_eq!(
            pieces("Look: http://localhost:7070/k/abc. Or not.", HOUSE),
            [Piece::Text("Look: "), Piece::Link("http://localhost:7070/k/abc"), Piece::Text(". Or not.")]
        );
        assert_eq!(pieces(HOUSE, HOUSE), [Piece::Link(HOUSE)]);
        for line in [
            "http://localhost:70701/k/abc",
            "http://localhost:7070@evil.example/",
            "http://localhost:7070.evil.example/",
            "https://evil.example/http://localhost:7070/",
            "xhttp://localhost:7070/",
            "javascript:alert(1)",
            "https://evil.example/",
        ] {
            assert_eq!(pieces(line, HOUSE), [Piece::Text(line)], "{line}");
        }
    }

    #[test]
    fn a_line_that_was_broken_for_its_width_is_whole_again_and_a_meant_break_stays() {
        let narrow = "If you would rather not follow a link from a message, look at it first: it\nleads to this house.\nthe house\nhttp://localhost:7070";
        assert_eq!(
            rejoined(narrow),
            [
                "If you would rather not follow a link from a message, look at it first: it leads to this house.",
                "the house",
                "http://localhost:7070"
            ]
        );
        let long = "x".repeat(70);
        let link = format!("{HOUSE}/k/{}", "A".repeat(43));
        assert_eq!(rejoined(&format!("{long}\n{link}")), [long, link]);
    }

    #[test]
    fn nothing_in_a_message_is_markup() {
        let shown = text("<script>alert(1)</script>\n\nhttp://localhost:7070/\"><b>", HOUSE).into_string();
        assert!(!shown.contains("<script") && !shown.contains("<b>"), "{shown}");
    }
}
