//! What the house says about itself to anybody, and the one shell in which all pages of authors run. The texts stand in web/src/words under
//! `house.`; each page here is its headings and paragraphs in order. Knows no letter and nobody who looks.

use super::assets;
use super::page::{For, Page, opening, say};
use super::route::{Face, Policy, Route};
use crate::app::App;
use crate::settings::Registration;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

/// Pages of the author's app (web/src/pages/author/router.ts): one shell for all of them.
const AUTHORS: [&str; 26] = [
    "/begin/{token}",
    "/sign-in",
    "/unlock",
    "/write",
    "/write/{draft}",
    "/write/{draft}/for",
    "/write/{draft}/key",
    "/write/{draft}/preview",
    "/write/{draft}/history",
    "/write/{draft}/beside/{other}",
    "/letters",
    "/letters/{id}",
    "/answers",
    "/answers/{id}",
    "/gone",
    "/gone/cards",
    "/gone/paper",
    "/gone/rehearsal",
    "/people",
    "/people/new",
    "/people/{id}",
    "/people/{id}/card",
    "/account",
    "/account/words",
    "/account/address",
    "/paper-kit",
];

/// The welcome, the pages that explain, and the author's shell.
pub(super) fn routes() -> Vec<Route> {
    let row = |path, handler: fn(State<App>) -> std::future::Ready<Response>| {
        Route::get(path, Policy::Anyone, Face::Page, handler)
    };
    let mut rows = vec![
        row("/", |State(app)| ready(welcome(&app))),
        row("/is-this-real", |State(app)| ready(is_this_real(&app))),
        row("/how-a-letter-is-kept", |State(app)| ready(how_kept(&app))),
        row("/what-we-cannot-do", |State(app)| ready(limits(&app))),
        row("/help/living", |State(app)| ready(living(&app))),
        row("/help/kept", |_| ready(Redirect::permanent("/how-a-letter-is-kept").into_response())),
        row("/help/limits", |_| ready(Redirect::permanent("/what-we-cannot-do").into_response())),
    ];
    rows.extend(AUTHORS.map(|path| row(path, |_| ready(shell()))));
    rows
}

fn ready(response: Response) -> std::future::Ready<Response> {
    std::future::ready(response)
}

fn tell(app: &App, title: &str, main: Markup) -> Response {
    Page { title, reader: For::Anyone, script: None, main }.answer(app, StatusCode::OK)
}

/// A heading and its paragraphs.
fn part(heading: &str, paragraphs: &[&str]) -> Markup {
    html! {
        h2 { (say(heading, &[])) }
        @for paragraph in paragraphs { p { (say(paragraph, &[])) } }
    }
}

fn welcome(app: &App) -> Response {
    let promise =
        |heading: &str, says: &str| html! { div { h3 { (say(heading, &[])) } p { (say(says, &[])) } } };
    let way = |href: &str, name: &str, note: &str| {
        html! { li { a href=(href) { span { (say(name, &[])) } span.note { (say(note, &[])) } } } }
    };
    let start = match app.settings.registration {
        Registration::Open => "house.welcome.start_open",
        Registration::Invite => "house.welcome.start_invite",
    };
    let main = html! {
        div.welcome.across {
            div.opening {
                h1 { (say("house.welcome.heading", &[])) }
                p.lede { (say("house.welcome.lede", &[])) }
                div.acts {
                    a.button.button--main href="/write" { (say("house.welcome.write", &[])) }
                    a.button.button--quiet href="/sign-in" { (say("house.welcome.back", &[])) }
                }
                p.note { (say(start, &[])) }
                @if app.outbox.is_some() {
                    p.note {
                        (say("house.welcome.outbox", &[])) " "
                        a href="/outbox" { (say("house.welcome.outbox_link", &[])) }
                    }
                }
            }
            figure {
                div.sheet.sheet--sealed {
                    div.letter {
                        p { (say("house.welcome.letter_to", &[])) }
                        p { (say("house.welcome.letter", &[])) }
                    }
                    p.seal role="img" aria-label=(say("house.welcome.seal", &[])) { (say("house.welcome.initial", &[])) }
                }
                figcaption { (say("house.welcome.caption", &[])) }
            }
        }
        h2.beside { (say("house.welcome.sent_here", &[])) }
        ul.ways {
            (way("/come", "house.welcome.message", "house.welcome.message_note"))
            (way("/is-this-real", "house.welcome.real", "house.welcome.real_note"))
            (way("/is-this-real#no", "house.welcome.no", "house.welcome.no_note"))
        }
        h2.beside { (say("house.welcome.count_on", &[])) }
        div.promises {
            (promise("house.welcome.sealed", "house.welcome.sealed_says"))
            (promise("house.welcome.mind", "house.welcome.mind_says"))
            (promise("house.welcome.waits", "house.welcome.waits_says"))
            (promise("house.welcome.nobody", "house.welcome.nobody_says"))
        }
    };
    tell(app, &say("house.welcome.title", &[]), main)
}

fn is_this_real(app: &App) -> Response {
    let origin = app.settings.public_url.origin.as_str();
    let contact = app.settings.host_contact.as_str();
    let main = html! {
        (opening(&say("house.real.heading", &[]), &say("house.real.lede", &[])))
        div.sheet {
            dl.facts {
                div { dt { (say("house.real.name", &[])) } dd { (app.settings.house_name) } }
                div { dt { (say("house.real.address", &[])) } dd { (origin) } }
                div {
                    dt { (say("house.real.ask", &[])) }
                    dd {
                        @if contact.is_empty() { (say("house.real.no_contact", &[])) } @else { (contact) }
                    }
                }
            }
        }
        @if !contact.is_empty() { p.note { (say("house.real.ask_note", &[])) } }
        div.prose {
            (part("house.real.what", &["house.real.what_1", "house.real.what_2"]))
            h2 #link { (say("house.real.knock", &[])) }
            ul {
                li { (say("house.real.knock_1", &[])) }
                li { (say("house.real.knock_2", &[("origin", origin)])) }
                li { (say("house.real.knock_3", &[])) }
                li { (say("house.real.knock_4", &[])) }
            }
            p { (say("house.real.link", &[])) }
            p { a href="/come" { (say("house.real.come", &[])) } }
            (part("house.real.fraud", &["house.real.fraud_1", "house.real.fraud_2"]))
            h2 #no { (say("house.real.no", &[])) }
            p { (say("house.real.no_1", &[])) }
            p { (say("house.real.no_2", &[])) }
            p { a href="/help/together" { (say("person.together.title", &[])) } }
        }
    };
    tell(app, &say("house.real.title", &[]), main)
}

fn how_kept(app: &App) -> Response {
    let main = html! {
        (opening(&say("house.kept.heading", &[]), &say("house.kept.lede", &[])))
        div.prose {
            (part("house.kept.sealing", &["house.kept.sealing_1", "house.kept.sealing_2"]))
            (part("house.kept.who", &["house.kept.who_1", "house.kept.who_2", "house.kept.who_3"]))
            (part("house.kept.knows", &["house.kept.knows_1", "house.kept.knows_2"]))
            (part("house.kept.rest", &["house.kept.rest_1", "house.kept.rest_2"]))
            (part("house.kept.leaves", &["house.kept.leaves_1", "house.kept.leaves_2"]))
            p { a href="/what-we-cannot-do" { (say("house.foot.limits", &[])) } }
        }
    };
    tell(app, &say("house.kept.heading", &[]), main)
}

fn limits(app: &App) -> Response {
    let main = html! {
        (opening(&say("house.limits.heading", &[]), &say("house.limits.lede", &[])))
        div.prose {
            (part("house.limits.mail", &["house.limits.mail_1"]))
            (part("house.limits.mailbox", &["house.limits.mailbox_1"]))
            (part("house.limits.house", &["house.limits.house_1", "house.limits.house_2"]))
            (part("house.limits.words", &["house.limits.words_1"]))
            (part("house.limits.back", &["house.limits.back_1"]))
            (part("house.limits.not_yet", &["house.limits.not_yet_1"]))
            (part("house.limits.not_for", &["house.limits.not_for_1"]))
            p { a href="/how-a-letter-is-kept" { (say("house.foot.kept", &[])) } }
        }
    };
    tell(app, &say("house.limits.heading", &[]), main)
}

/// Numbers that can be called: where, which, and the words beside each. Whoever changes one looks it up at the service itself, and changes the
/// day of looking in `house.living.looked`.
const LINES: [(&str, &[(&str, &str)]); 4] = [
    ("house.living.eu", &[("112", "house.living.n112")]),
    (
        "house.living.uk",
        &[("999", "house.living.n999"), ("116 123", "house.living.n116123"), ("111", "house.living.n111")],
    ),
    ("house.living.us", &[("988", "house.living.n988"), ("911", "house.living.n911")]),
    ("house.living.au", &[("000", "house.living.n000"), ("13 11 14", "house.living.n131114")]),
];

/// A number as a telephone dials it (RFC 3966).
fn dialled(number: &str) -> String {
    format!("tel:{}", number.replace(' ', ""))
}

/// The numbers, each as a button that dials it.
pub(super) fn numbers() -> Markup {
    html! {
        section.sheet aria-label=(say("house.living.numbers", &[])) {
            dl.facts {
                @for (place, numbers) in LINES {
                    div {
                        dt { (say(place, &[])) }
                        dd.acts {
                            @for (number, says) in numbers {
                                a.button href=(dialled(number)) {
                                    // One text: a button sets its parts side by side.
                                    span { span.nowrap { (number) } ": " (say(says, &[])) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn living(app: &App) -> Response {
    let main = html! {
        (opening(&say("house.living.heading", &[]), &say("house.living.lede", &[])))
        (numbers())
        div.prose {
            p { (say("house.living.elsewhere", &[])) }
            (part("house.living.now", &["house.living.now_1", "house.living.now_2", "house.living.now_3"]))
            (part("house.living.somebody", &["house.living.somebody_1"]))
            (part("house.living.letter", &["house.living.letter_1", "house.living.letter_2"]))
            p.note { (say("house.living.looked", &[])) }
        }
    };
    tell(app, &say("house.living.title", &[]), main)
}

/// The author's pages, all of them: the script draws what the address means.
fn shell() -> Response {
    let built = assets::entry(assets::AUTHOR);
    let main = html! {
        div #app {
            noscript {
                main.main { div.opening { h1 { (say("house.mark", &[])) } p.lede { (say("house.shell.without_script", &[])) } } }
            }
            @if built.is_none() { p.notice { (say("house.not_built", &[])) } }
        }
    };
    let page = super::page::bare(&say("house.mark", &[]), built, main);
    let mut response = (StatusCode::OK, page.into_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_serves_every_page_of_the_authors_router() {
        let router = include_str!("../../../../web/src/pages/author/router.ts");
        for path in AUTHORS {
            let first = path.split('/').nth(1).unwrap_or_default();
            assert!(router.contains(&format!("/{first}")), "{path}");
        }
    }

    #[test]
    fn what_is_dialled_is_what_is_shown() {
        assert_eq!(dialled("116 123"), "tel:116123");
        let numbers = LINES.iter().flat_map(|(_, numbers)| *numbers);
        assert!(numbers.clone().count() >= 8);
        for (number, _) in numbers {
            assert!(number.bytes().all(|b| b.is_ascii_digit() || b == b' '), "{number}");
        }
    }
}
