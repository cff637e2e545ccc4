//! The paper that stops everything: eight words, typed by whoever has it, on any device, without an account and without a mailbox. Known and unknown words have one answer; what is done is told
//! to everybody whom it concerns, by mail. Knows no rule: `accept` does.

use super::lives::commit;
use super::page::{opening, private, say, wrong_at};
use super::problem::Problem;
use super::read::Form;
use super::route::{Body, Face, Policy, Route};
use crate::app::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use unsaid_delivery::life::accept;
use unsaid_seal::SealError;
use unsaid_seal::claim::read_claim_words;
use unsaid_seal::stop::stop_token;

/// So many words a paper has.
const WORDS: usize = 8;
/// What was typed is looked at as far as this.
const LONGEST: usize = 400;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/stop", Policy::Anyone, Face::Page, show),
        Route::post("/stop", Policy::Anyone, Face::Page, Body::Form, stop),
    ]
}

async fn show(State(app): State<App>) -> Response {
    page(&app, None, "")
}

async fn stop(
    State(app): State<App>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let typed = fields.iter().find(|(name, _)| name == "words").map_or("", |(_, words)| words.as_str());
    // Words that are none, or that were misread, are told apart by the words alone: nothing is looked up.
    let read = if typed.len() <= LONGEST { read_claim_words(typed) } else { Err(SealError::WordsWrong) };
    let words = match read {
        Ok(words) => words,
        Err(wrong) => return Ok(page(&app, Some(&wrong), typed.get(..LONGEST).unwrap_or(typed))),
    };
    let code = app.keys.peppered("stop", &*stop_token(&words));
    if let Some(account) = app.store.account_of_stop_code(code).await? {
        let stopped =
            commit(&app, account, |view, now| Ok(Some(accept::stop(&view.life, &view.facts, now)))).await;
        match stopped {
            // A paper was made, and nothing was ever asked for: there is nothing to stop.
            Err(problem) if problem.key == "life-unarmed" => {}
            stopped => stopped?,
        }
    }
    let main = html! {
        (opening(&say("house.stop.done_heading", &[]), &say("house.stop.done_lede", &[])))
        div.prose { p { (say("house.stop.done_told", &[])) } p { (say("house.stop.undone", &[])) } }
        div.acts { a.button href="/stop" { (say("house.stop.again", &[])) } }
    };
    Ok(private(&app, &say("house.stop.title", &[]), StatusCode::OK, main))
}

/// Which word is wrong, where the words themselves tell it.
fn what_is_wrong(wrong: &SealError) -> String {
    let at = |index: &usize| say(&format!("author.ordinal.{}", index + 1), &[]);
    match wrong {
        SealError::WordUnknown { index } if *index < WORDS => {
            say("author.words.unknown", &[("position", &at(index))])
        }
        SealError::WordsChecksum { index: Some(index) } if *index < WORDS => {
            say("house.stop.misread", &[("position", &at(index))])
        }
        SealError::WordCount { typed, needed } if typed < needed => say("house.stop.too_few", &[]),
        SealError::WordCount { .. } => say("house.stop.too_many", &[]),
        _ => say("house.stop.wrong", &[]),
    }
}

/// What was typed wrongly stands there again, for eight words are long to type: the answer is kept nowhere, and whoever sees it has typed them.
fn page(app: &App, wrong: Option<&SealError>, typed: &str) -> Response {
    let title = say("house.stop.title", &[]);
    let (status, title) = if wrong.is_some() {
        (StatusCode::UNPROCESSABLE_ENTITY, say("house.error_title", &[("page", &title)]))
    } else {
        (StatusCode::OK, title)
    };
    let main = html! {
        @if let Some(wrong) = wrong { (wrong_at("#words", &what_is_wrong(wrong))) }
        (opening(&say("house.stop.heading", &[]), &say("house.stop.lede", &[])))
        form.form method="post" action="/stop" {
            div.field.field--wrong[wrong.is_some()] {
                label for="words" { (say("house.stop.words", &[])) }
                p.help #words-help { (say("house.stop.words_help", &[])) }
                textarea.input.input--words #words name="words" rows="3" autocomplete="off" autocapitalize="none"
                    spellcheck="false" aria-describedby="words-help" aria-invalid=[wrong.map(|_| "true")] { (typed) }
            }
            div.acts { button.button.button--main type="submit" { (say("house.stop.press", &[])) } }
        }
        div.prose { p { (say("house.stop.effect", &[])) } p { (say("house.stop.undone", &[])) } }
    };
    private(app, &title, status, main)
}
