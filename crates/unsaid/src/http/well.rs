//! The page behind the link of a question to an author: one button. Looking at it is no sign of life, because mail programs and scanners look; a press is one, a weak one, because
//! whoever reads her mail can press. It names nobody.

use super::cookies::read_token;
use super::lives::sign;
use super::page::{opening, private, say};
use super::problem::Problem;
use super::read::{Form, Path};
use super::route::{Body, Face, Policy, Route};
use super::say_date::full_day;
use crate::app::App;
use crate::secrets::hashed;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use unsaid_delivery::calendar::not_before;
use unsaid_delivery::clock::Now;
use unsaid_delivery::life::{Doubt, Stage, Strength, To};
use unsaid_store::lives::{AskedBy, GoneLetters, LifeView};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/well/{token}", Policy::Anyone, Face::Page, show),
        Route::post("/well/{token}", Policy::Anyone, Face::Page, Body::Form, press),
    ]
}

/// The message that was written to her, and her row. A link to a channel that she has given up says nothing of her.
async fn find(app: &App, token: &str) -> Result<Option<(AskedBy, LifeView)>, Problem> {
    let Some(token) = read_token(token.as_bytes()) else { return Ok(None) };
    let Some(asked) = app.store.asked_by(hashed(&token)).await? else { return Ok(None) };
    let Some(view) = app.store.life(asked.account).await? else { return Ok(None) };
    let hers = matches!(asked.to, To::SignIn | To::Channel(_)) && view.facts.channels.contains(&asked.to);
    Ok(hers.then_some((asked, view)))
}

/// GET /well/{token}
async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Problem> {
    let Some((_, view)) = find(&app, &token).await? else { return Ok(unknown(&app)) };
    if view.life.weak.doubt == Doubt::Confirmed {
        return Ok(unlock(&app));
    }
    let main = html! {
        (opening(&say("house.well.heading", &[]), &say("house.well.lede", &[])))
        // The form goes to the address of this page, so that the token stands in no text of it.
        form.acts method="post" {
            button.button.button--main type="submit" { (say("house.well.press", &[])) }
        }
        @if view.life.wants_unlock() {
            div.prose {
                p { (say("house.well.unlock_too", &[])) }
                p { a href="/sign-in" { (say("house.sign_in", &[])) } }
            }
        }
    };
    Ok(private(&app, &say("house.well.title", &[]), StatusCode::OK, main))
}

/// POST /well/{token}
async fn press(
    State(app): State<App>,
    Path(token): Path<String>,
    Form(_): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let Some((asked, before)) = find(&app, &token).await? else { return Ok(unknown(&app)) };
    match sign(&app, asked.account, Strength::Weak).await {
        Err(problem) if problem.key == "unlock-first" => return Ok(unlock(&app)),
        // She ended it: nothing waits for her silence, and the press is as welcome.
        Err(problem) if problem.key == "life-ended" => {}
        signed => signed?,
    }
    let letters = app.store.gone_letters(asked.account).await?;
    let after = app.store.life(asked.account).await?;
    let asks_more = after.as_ref().is_some_and(|view| view.life.wants_unlock());
    let day = after.as_ref().and_then(|view| goes_on(view, app.time.now()));
    let lede = match (&before.life.stage, &day) {
        (Stage::Ended, _) => say("house.well.done_ended", &[]),
        (_, Some(day)) => say("house.well.done_stopped", &[("day", day)]),
        _ => say("house.well.done_lede", &[]),
    };
    let main = html! {
        (opening(&say("house.well.done_heading", &[]), &lede))
        (what_was_under_way(&before, letters))
        @if asks_more {
            div.prose {
                p { (say("house.well.unlock_too", &[])) }
                p { a href="/sign-in" { (say("house.sign_in", &[])) } }
            }
        }
    };
    Ok(private(&app, &say("house.well.done_title", &[]), StatusCode::OK, main))
}

/// What had begun before she pressed, and what of it cannot be taken back.
fn what_was_under_way(before: &LifeView, letters: GoneLetters) -> Markup {
    let life = &before.life;
    let asked = life.open && (life.keepers_asked.is_some() || !before.facts.votes.is_empty());
    let told = asked || life.is_released();
    html! {
        @match letters.left {
            0 => @if matches!(life.stage, Stage::Grace(_) | Stage::Gone { .. } | Stage::Released) {
                div.notice.notice--good { p { (say("house.well.nothing_left", &[])) } }
            },
            1 => div.notice {
                p { (say("house.well.one_left", &[])) }
                p { (say("house.well.can_tell", &[])) }
            },
            many => div.notice {
                p { (say("house.well.left", &[("many", &many.to_string())])) }
                p { (say("house.well.can_tell", &[])) }
            },
        }
        @if told { div.prose { p { (say("house.well.keepers_told", &[])) } } }
    }
}

/// Everything is stopped, until this day at the earliest.
fn goes_on(view: &LifeView, now: Now) -> Option<String> {
    let Stage::Stopped { until, resumes } = view.life.stage else { return None };
    let ends = resumes.map_or(until, |resumes| resumes.min(until));
    Some(full_day(not_before(now.trusted, (ends.0 - now.observed.0).max(0) / 3_600)))
}

/// Her keepers say that she has died: a button proves nothing any more.
fn unlock(app: &App) -> Response {
    let main = html! {
        (opening(&say("house.well.unlock_heading", &[]), &say("house.well.unlock_lede", &[])))
        div.acts {
            a.button.button--main href="/sign-in" { (say("house.sign_in", &[])) }
            a.button href="/stop" { (say("house.stop.title", &[])) }
        }
    };
    private(app, &say("house.well.title", &[]), StatusCode::OK, main)
}

/// Unknown, mistyped, and no longer good: one answer.
fn unknown(app: &App) -> Response {
    let main = html! {
        (opening(&say("house.well.unknown_heading", &[]), &say("house.well.unknown_lede", &[])))
        div.acts { a.button href="/sign-in" { (say("house.sign_in", &[])) } }
    };
    private(app, &say("house.well.title", &[]), StatusCode::NOT_FOUND, main)
}
