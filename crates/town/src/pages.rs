//! The town's own page and its one verb. Without script, in the house's look; only here can time be moved, and only from this machine.

use crate::town::{As, NotMoved, Town};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// What is asked of the clock.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// Seconds.
    by: u64,
    /// How they pass.
    #[serde(rename = "as")]
    how: As,
}

/// What a host that the house asks for the time is to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Host {
    /// Its name.
    host: String,
    /// So many seconds more than is true; none: nothing.
    away: Option<i64>,
}

/// What a push service answers from now on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PushService {
    /// The address of one browser there.
    endpoint: String,
    /// The status.
    status: u16,
}

/// The town's routes, beside the house's.
pub(crate) fn routes(town: Arc<Town>) -> Router {
    Router::new()
        .route("/town", get(page))
        .route("/town/advance", post(advance_json))
        .route("/town/host", post(host))
        .route("/town/push", get(pushed).post(push))
        .route("/town/advance-form", post(advance_form))
        .layer(middleware::from_fn_with_state(town.clone(), ours_alone))
        .with_state(town)
}

/// Another page in the same browser must not move the clock.
async fn ours_alone(State(town): State<Arc<Town>>, request: Request, next: Next) -> Response {
    let public = &town.app.settings.public_url;
    let host = request.headers().get(header::HOST).and_then(|h| h.to_str().ok());
    let origin = request.headers().get(header::ORIGIN).and_then(|h| h.to_str().ok());
    if host != Some(public.authority.as_str()) || origin.is_some_and(|o| o != public.origin) {
        return (StatusCode::NOT_FOUND, "This is not here. Open the town at the address that it printed.")
            .into_response();
    }
    next.run(request).await
}

async fn advance_json(State(town): State<Arc<Town>>, Json(asked): Json<Advance>) -> Response {
    match town.advance(asked.by, asked.how).await {
        Ok(()) => Json(serde_json::json!({ "trusted": town.app.time.now().trusted.to_string(), "observed": town.app.time.now().observed.0 })).into_response(),
        Err(NotMoved(said)) => (StatusCode::CONFLICT, said).into_response(),
    }
}

async fn advance_form(State(town): State<Arc<Town>>, Form(asked): Form<Advance>) -> Response {
    match town.advance(asked.by, asked.how).await {
        Ok(()) => Redirect::to("/town").into_response(),
        Err(NotMoved(said)) => (StatusCode::CONFLICT, said).into_response(),
    }
}

async fn host(State(town): State<Arc<Town>>, Json(asked): Json<Host>) -> Response {
    town.set_host(&asked.host, asked.away).await;
    StatusCode::NO_CONTENT.into_response()
}

async fn push(State(town): State<Arc<Town>>, Json(asked): Json<PushService>) -> Response {
    town.set_push(&asked.endpoint, asked.status);
    StatusCode::NO_CONTENT.into_response()
}

/// What push services were brought, sealed as it is: only the browser that it is for can read it.
async fn pushed(State(town): State<Arc<Town>>) -> Response {
    let all: Vec<_> = town
        .pushed()
        .into_iter()
        .map(|one| {
            let body: String = one.body.iter().map(|byte| format!("{byte:02x}")).collect();
            serde_json::json!({ "endpoint": one.url, "body": body })
        })
        .collect();
    Json(all).into_response()
}

async fn page(State(town): State<Arc<Town>>) -> Html<String> {
    Html(written(&town).into_string())
}

fn written(town: &Town) -> Markup {
    let now = town.app.time.now();
    let steps = [
        ("Six hours", 6 * 3_600u64),
        ("One day", 86_400),
        ("One month", 30 * 86_400),
        ("One year", 365 * 86_400),
        ("Five years", 1_826 * 86_400),
    ];
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "The town" }
                @for css in unsaid::http::stylesheets() { link rel="stylesheet" href=(css); }
            }
            body {
                main class="main" id="main" {
                    div class="opening" {
                        h1 { "The town" }
                        p class="lede" { "Here time can be moved. It is " strong { (now.trusted.strftime("%A %-d %B %Y, %H:%M UTC")) } "." }
                    }
                    @for (says, how) in [("Let time pass", "lived"), ("Switch the house off for", "off"), ("Set only the wall clock ahead by", "wall-only")] {
                        form class="form" method="post" action="/town/advance-form" {
                            h2 { (says) }
                            input type="hidden" name="as" value=(how);
                            div class="acts" {
                                @for (name, seconds) in steps {
                                    button class="button" type="submit" name="by" value=(seconds) { (name) }
                                }
                            }
                        }
                    }
                    ul {
                        li { a href="/" { "The house" } }
                        li { a href="/outbox" { "The outbox: every message that left" } }
                    }
                }
            }
        }
    }
}
