//! The frame of every page that the server writes: head, masthead, main, foot, in the look of web/src/ui. No style and no script stands inside
//! a page, and each can be read and used without either. Knows words and the house's name; knows no rows.

use super::assets;
use super::problem::Problem;
use crate::app::App;
use crate::words::Words;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

/// For whom a page is, which decides what stands around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// Anybody who looks at the house.
    Anyone,
    /// Somebody whom a letter is for. Nothing is kept by browsers or found by search engines, and there is a way out at once.
    Person,
    /// Somebody who is signed in, on a page that is not for them.
    Member,
    /// Whoever runs the house. What stands there is nobody else's business who sits at this browser later.
    Host,
}

/// A page, before its frame.
pub(super) struct Page<'a> {
    /// The window's name.
    pub(super) title: &'a str,
    /// For whom.
    pub(super) reader: For,
    /// An entry of web/ whose script it needs beside the look.
    pub(super) script: Option<&'static str>,
    /// What stands between head and foot.
    pub(super) main: Markup,
}

/// A sentence in the language of the request.
pub(super) fn say(key: &str, values: &[(&str, &str)]) -> String {
    Words::now().say(key, values)
}

/// A sentence in which one place is filled with something set differently, such as a name in bold.
pub(super) fn say_with(key: &str, place: &str, filling: &Markup) -> Markup {
    // A mark that no sentence has, so that the rest is escaped as it stands.
    const MARK: &str = "\u{fffc}";
    let said = say(key, &[(place, MARK)]);
    let (before, after) = said.split_once(MARK).unwrap_or((&said, ""));
    html! { (before) (filling) (after) }
}

impl Page<'_> {
    /// The page as an answer.
    pub(super) fn answer(self, app: &App, status: StatusCode) -> Response {
        let reader = self.reader;
        let mut response = (status, self.frame(app).into_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(Words::now().tag()));
        // Not `no-referrer`: with it browsers send the Origin of a form as `null` (Fetch, 'append a request Origin header'), and a form
        // of ours could not be told from another site's. This tells other sites nothing, and us what we know.
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        match reader {
            For::Anyone => headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            For::Person | For::Member | For::Host => {
                headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow, noarchive"));
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
            }
        };
        response
    }

    fn frame(self, app: &App) -> Markup {
        let private = self.reader != For::Anyone;
        let body = html! {
            a.skip href="#main" { (say("house.skip", &[])) }
            (masthead(self.reader))
            main.main #main {
                @if assets::entry(assets::LOOK).is_none() { p.notice { (say("house.not_built", &[])) } }
                (self.main)
            }
            (foot(app, self.reader))
        };
        document(self.title, private, self.script.and_then(assets::entry), body)
    }
}

/// A page without head and foot of ours: the author's app draws its own.
pub(super) fn bare(title: &str, script: Option<&'static assets::Entry>, body: Markup) -> Markup {
    document(title, false, script, body)
}

fn document(title: &str, private: bool, script: Option<&'static assets::Entry>, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(Words::now().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if private { meta name="robots" content="noindex, nofollow, noarchive"; }
                title { (title) }
                // The address of this page may hold a token: it goes nowhere with what the page fetches.
                @for sheet in styles(assets::entry(assets::LOOK), script) {
                    link rel="stylesheet" href=(sheet) referrerpolicy="no-referrer";
                }
                @if assets::has_icon() {
                    link rel="icon" href="/favicon.svg" type="image/svg+xml" referrerpolicy="no-referrer";
                }
                @if let Some(script) = script {
                    script type="module" src=(script.file) {}
                }
            }
            body { (body) }
        }
    }
}

/// The style sheets of a page, each once: the look first, then what its script brings.
fn styles(look: Option<&assets::Entry>, script: Option<&assets::Entry>) -> Vec<&'static str> {
    let mut sheets: Vec<&'static str> = Vec::new();
    for sheet in [look, script].into_iter().flatten().flat_map(|entry| entry.css) {
        if !sheets.contains(sheet) {
            sheets.push(sheet);
        }
    }
    sheets
}

fn masthead(reader: For) -> Markup {
    html! {
        header.masthead {
            a.mark href="/" { (say("house.mark", &[])) }
            @match reader {
                For::Anyone => {
                    nav aria-label=(say("house.mark", &[])) {
                        ul { li { a href="/sign-in" { (say("house.sign_in", &[])) } } }
                    }
                }
                For::Member | For::Host => {
                    nav aria-label=(say("house.mark", &[])) {
                        ul {
                            li { a href="/letters" { (say("author.places.letters", &[])) } }
                            li { a href="/people" { (say("author.places.people", &[])) } }
                            li { a href="/account" { (say("author.places.account", &[])) } }
                            @if reader == For::Host {
                                li { a href="/house" aria-current="page" { (say("author.places.house", &[])) } }
                            }
                        }
                    }
                }
                // A form and not a link to somewhere else: it forgets who is here, and no other site learns where they came from.
                For::Person => {
                    form method="post" action="/leave" {
                        button.button.button--quiet type="submit" { (say("person.leave", &[])) }
                    }
                }
            }
        }
    }
}

fn foot(app: &App, reader: For) -> Markup {
    let link = |href: &str, key: &str| html! { li { a href=(href) { (say(key, &[])) } } };
    html! {
        footer.foot {
            ul {
                @match reader {
                    For::Anyone | For::Member | For::Host => {
                        (link("/how-a-letter-is-kept", "house.foot.kept"))
                        (link("/what-we-cannot-do", "house.foot.limits"))
                        (link("/help/living", "house.foot.living"))
                    }
                    For::Person => {
                        (link("/is-this-real", "person.foot.what"))
                        (link("/here", "person.foot.here"))
                        (link("/refuse", "person.foot.refuse"))
                    }
                }
            }
            p { (say("house.foot.by", &[("house", &app.settings.house_name)])) }
        }
    }
}

/// Lede, then paragraphs: the shape of most pages that only tell something.
pub(super) fn opening(title: &str, lede: &str) -> Markup {
    html! {
        div.opening {
            h1 { (title) }
            p.lede { (lede) }
        }
    }
}

/// What is wrong with what was sent, at the top of its page: read out at once, and a way to the place where it can be mended.
pub(super) fn wrong_at(place: &str, says: &str) -> Markup {
    html! {
        div.notice.notice--problem role="alert" aria-labelledby="problem" {
            h2 #problem { (say("house.problem", &[])) }
            ul { li { a href=(place) { (says) } } }
        }
    }
}

/// Kept by no browser, found by no search engine: the address of this page is a key, or what is done there is nobody else's business.
pub(super) fn private(app: &App, title: &str, status: StatusCode, main: Markup) -> Response {
    private_with(app, title, status, None, main)
}

/// The same, with a script of its own.
pub(super) fn private_with(
    app: &App,
    title: &str,
    status: StatusCode,
    script: Option<&'static str>,
    main: Markup,
) -> Response {
    let mut response = Page { title, reader: For::Anyone, script, main }.answer(app, status);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow, noarchive"));
    response
}

/// Something that cannot be, as a page: what happened, what to do, and a way back.
pub(super) fn error_page(app: &App, problem: Problem) -> Response {
    let (reader, back, back_says) = match problem.key {
        "reader-unknown" => (For::Person, "/come", say("house.real.come", &[])),
        // Of the pages that the server draws, the host's alone ask who is signed in.
        "signed-out" => (For::Anyone, "/sign-in?back=%2Fhouse", say("house.sign_in", &[])),
        "locked" => (For::Host, "/unlock?back=%2Fhouse", say("host.unlock", &[])),
        "not-the-host" => (For::Member, "/letters", say("host.to_letters", &[])),
        _ => (For::Anyone, "/", say("house.to_front", &[])),
    };
    refusal_page(app, problem.status, reader, &problem.title(), &problem.detail(), (back, &back_says))
}

/// The same for whoever a letter is for, with another way back.
pub(super) fn refusal_page(
    app: &App,
    status: StatusCode,
    reader: For,
    what: &str,
    todo: &str,
    (back, back_says): (&str, &str),
) -> Response {
    let main = html! {
        (opening(what, todo))
        div.acts { a.button href=(back) { (back_says) } }
    };
    Page { title: &window_title(what), reader, script: None, main }.answer(app, status)
}

/// What stands in the window's name: a sentence of a page, without its full stop.
pub(super) fn window_title(sentence: &str) -> String {
    sentence.trim_end_matches('.').to_owned()
}

/// Nothing at all: no head, no foot, no name of ours.
pub(super) fn blank(title: &str) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang=(Words::now().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) }
            }
            body {}
        }
    };
    let mut response = page.into_string().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}
