//! Comes in: every route, its policy, and the pages and answers behind it. Asks `accept`, commits the answer, decides nothing; never calls worker or
//! mail: it writes messages and nudges.
//!
//! A request passes the log, the headers and the gate of its row, and then reaches one handler. One file a verb, so that the list of files is the list
//! of what can be asked.

mod ahead;
pub mod cookies;
pub mod described;
pub mod gate;
pub mod headers;
pub mod limits;
pub mod log;
pub mod openapi;
mod patient;
pub mod problem;
pub mod range;
pub mod read;
mod rehearsal;
mod rehearsal_sent;
pub mod route;
pub mod rule;
pub mod serve;
mod tell;

// The author's side, JSON: one file for each thing that she can do.
mod account;
mod address;
mod address_undo;
mod alive;
mod birthday;
mod cards;
mod channels;
mod code_sent;
mod codes;
mod drafts;
mod events;
mod host_wrap;
mod house;
mod keeper_sets;
mod keepers;
mod kit;
mod language;
mod letters;
mod lives;
mod new_words;
mod nonce;
mod notice;
mod persons;
mod proof;
mod replies;
mod seal;
mod sessions;
mod undo;
mod unlock;
mod uploads;
mod vault;
mod way;
mod when;
mod whole;
mod withdraw;

// The pages that the server writes, and the files that they need.
mod asks;
mod assets;
mod host;
mod house_pages;
mod keeper;
mod keeper_address_page;
mod keeper_card;
mod keeper_event;
mod keeper_gives;
mod keeper_page;
mod offers;
mod outbox;
mod page;
mod person;
mod say_date;
mod stop;
mod well;

use crate::app::App;
use crate::words::Words;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router, extract::DefaultBodyLimit};
use problem::Problem;
use route::{Face, Route};

/// The addresses of the look's style sheets, for pages beside the house's (the town's).
pub fn stylesheets() -> &'static [&'static str] {
    assets::entry(assets::LOOK).map_or(&[], |look| look.css)
}

/// The longest path with what stands behind its `?`, in bytes. The longest of ours, a link with its token, has some eighty.
const LONGEST_PATH: usize = 2048;

/// Every row of the table. The router has no other routes.
pub fn routes() -> Vec<Route> {
    let author = [
        house::routes(),
        nonce::routes(),
        openapi::routes(),
        codes::routes(),
        sessions::routes(),
        account::routes(),
        unlock::routes(),
        new_words::routes(),
        kit::routes(),
        address::routes(),
        channels::routes(),
        language::routes(),
        drafts::routes(),
        vault::routes(),
        persons::routes(),
        offers::routes(),
        cards::routes(),
        notice::routes(),
        letters::routes(),
        events::routes(),
        alive::routes(),
        way::routes(),
        uploads::routes(),
        when::routes(),
        seal::routes(),
        birthday::routes(),
        undo::routes(),
        withdraw::routes(),
        replies::routes(),
        ahead::routes(),
        rehearsal::routes(),
        rehearsal_sent::routes(),
        lives::routes(),
        keeper_sets::routes(),
        keepers::routes(),
    ];
    let pages = [
        house_pages::routes(),
        host::routes(),
        address_undo::routes(),
        person::routes(),
        well::routes(),
        keeper::routes(),
        stop::routes(),
        outbox::routes(),
        assets::routes(),
    ];
    author.into_iter().chain(pages).flatten().collect()
}

/// The router, built from the rows alone.
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    let limits = limits::Limits::new(app.clone());
    for route in routes() {
        let gate = gate::Gate::of(&route, &app);
        let handler = limits.guard(route.path, &route.method, route.handler);
        router = router.route(route.path, handler.route_layer(from_fn_with_state(gate, gate::gate)));
    }
    let (lost, wrong_method) = (app.clone(), app.clone());
    router
        .fallback(move |request: Request| refuse(lost, request, "missing"))
        .method_not_allowed_fallback(move |request: Request| refuse(wrong_method, request, "method"))
        .layer(Extension(openapi::Written::default()))
        // The gate has already bounded the body, by its row.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), short_paths))
        .layer(axum::middleware::from_fn(answer_as_wanted))
        .layer(from_fn_with_state(app.clone(), headers::headers))
        .layer(from_fn_with_state(app.clone(), log::log))
        .with_state(app)
}

/// What cannot be an address of ours is not looked up.
async fn short_paths(State(app): State<App>, request: Request, next: Next) -> Response {
    let length = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if length > LONGEST_PATH { refuse(app, request, "path-too-long").await } else { next.run(request).await }
}

/// Every page and every refusal speaks the language that the browser asks for; the author's pages ask for the one that she chose.
async fn answer_as_wanted(request: Request, next: Next) -> Response {
    let wanted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let words = Words::wanted(wanted.unwrap_or_default());
    let mut response = words.answering(next.run(request)).await;
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-language"));
    response
}

/// What no row answers.
async fn refuse(app: App, request: Request, key: &'static str) -> Response {
    let face = if request.uri().path().starts_with("/api/") { Face::Api } else { Face::Page };
    gate::faced(&app, face, Problem::of(key).into_response())
}
