//! The page of a keeper, behind the link of a message or of their paper. It says who it is about after a press, asks to reach her first, and takes one of three answers, each said back
//! before it counts. It never shows what others have said, and nothing of her letters. Looking changes nothing.

use super::cookies::read_token;
use super::lives::commit;
use super::page::{opening, private, say, wrong_at};
use super::problem::Problem;
use super::read::{Form, Path};
use super::route::{Body, Face, Policy, Route};
use crate::app::App;
use crate::secrets::hashed;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use unsaid_delivery::life::{LifeRefused, NoVote, Stage, To, Word, accept};
use unsaid_store::lives::{KeeperRow, KeeperStanding};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/keeper/{token}", Policy::Anyone, Face::Page, show),
        Route::post("/keeper/{token}", Policy::Anyone, Face::Page, Body::Form, answer),
    ]
}

/// Who has this link, by their paper or by a message to them. One who was removed is nobody here.
async fn find(app: &App, token: &str) -> Result<Option<KeeperRow>, Problem> {
    let Some(token) = read_token(token.as_bytes()) else { return Ok(None) };
    let link = hashed(&token);
    let found = match app.store.keeper_of(link).await? {
        Some(keeper) => Some(keeper),
        None => match app.store.asked_by(link).await? {
            Some(asked) => {
                let keepers = app.store.keepers(asked.account).await?;
                keepers.into_iter().find(|keeper| asked.to == To::Keeper(keeper.id))
            }
            None => None,
        },
    };
    Ok(found.filter(|keeper| keeper.standing != KeeperStanding::Removed))
}

/// GET /keeper/{token}: names nobody, since mail programs look too.
async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Problem> {
    if find(&app, &token).await?.is_none() {
        return Ok(unknown(&app));
    }
    let main = html! {
        (opening(&say("house.keeper.heading", &[]), &say("house.keeper.lede", &[])))
        form.acts method="post" {
            button.button.button--main type="submit" name="do" value="who" { (say("house.keeper.who", &[])) }
        }
    };
    Ok(private(&app, &say("house.keeper.title", &[]), StatusCode::OK, main))
}

/// POST /keeper/{token}: `do=who`, `do=accept`, `do=decline`, `do=say` with `word=`, and the same with `sure=yes`.
async fn answer(
    State(app): State<App>,
    Path(token): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let Some(keeper) = find(&app, &token).await? else { return Ok(unknown(&app)) };
    let field = |name: &str| {
        let mut found = fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.next().filter(|_| found.next().is_none())
    };
    let word = field("word").and_then(read_word);
    match (field("do"), word) {
        (Some("who"), _) => about(&app, &keeper, false).await,
        (Some("accept"), _) => {
            app.store.keeper_answers(keeper.id, true, app.time.now()).await?;
            app.nudge.nudge();
            Ok(thanks(&app, "house.keeper.accepted"))
        }
        (Some("decline"), _) => {
            app.store.keeper_answers(keeper.id, false, app.time.now()).await?;
            app.nudge.nudge();
            Ok(thanks(&app, "house.keeper.declined"))
        }
        (Some("say"), Some(word)) if field("sure") == Some("yes") => speak(&app, &keeper, word).await,
        (Some("say"), Some(word)) => Ok(sure(&app, word)),
        _ => about(&app, &keeper, true).await,
    }
}

/// What they say is written down before they are thanked. Somebody who had declined says it as well as anybody who was named.
async fn speak(app: &App, keeper: &KeeperRow, word: Word) -> Result<Response, Problem> {
    if keeper.standing == KeeperStanding::Declined {
        app.store.keeper_answers(keeper.id, true, app.time.now()).await?;
    }
    let said = commit(app, keeper.account, |view, now| {
        accept::vote(&view.life, keeper.id, word, &view.facts, now)
            .map(Some)
            .map_err(|why| Problem::of(why.key()))
    })
    .await;
    match said {
        Ok(()) => Ok(thanks(app, "house.keeper.said")),
        Err(problem) if problem.key == "life-unarmed" || problem.key == NoVote::NotAsked.key() => {
            Ok(thanks(app, "house.keeper.not_asked"))
        }
        Err(problem) if problem.key == NoVote::Over.key() || problem.key == LifeRefused::Ended.key() => {
            Ok(thanks(app, "house.keeper.over"))
        }
        Err(problem) => Err(problem),
    }
}

fn read_word(text: &str) -> Option<Word> {
    [Word::Well, Word::Unknown, Word::Died].into_iter().find(|word| value(*word) == text)
}

fn value(word: Word) -> &'static str {
    match word {
        Word::Well => "well",
        Word::Unknown => "unknown",
        Word::Died => "died",
    }
}

/// Whose keeper they are. Said on pages alone, after a press.
async fn name_of(app: &App, keeper: &KeeperRow) -> Result<String, Problem> {
    let named = app.store.named().await?;
    let hers = named.into_iter().find(|one| one.account == keeper.account);
    let name = hers.and_then(|one| app.keys.open_text(&keeper.account.to_string(), &one.name));
    Ok(name.map_or_else(|| say("person.somebody", &[]), |name| name.to_string()))
}

/// Who it is about, and what may be answered.
async fn about(app: &App, keeper: &KeeperRow, unclear: bool) -> Result<Response, Problem> {
    let name = name_of(app, keeper).await?;
    let view = app.store.life(keeper.account).await?;
    let asks = view.is_some_and(|view| {
        let stage = view.life.stage;
        view.life.plan.policy.has_keepers() && !matches!(stage, Stage::Released | Stage::Ended)
    });
    let title = say("house.keeper.title", &[]);
    let (status, title) = if unclear {
        (StatusCode::UNPROCESSABLE_ENTITY, say("house.error_title", &[("page", &title)]))
    } else {
        (StatusCode::OK, title)
    };
    let main = html! {
        @if unclear { (wrong_at("#answer", &say("house.keeper.unclear", &[]))) }
        (opening(&say("house.keeper.about", &[("name", &name)]), &say("house.keeper.reach", &[])))
        @if keeper.standing == KeeperStanding::Invited {
            form.acts method="post" {
                button.button.button--main type="submit" name="do" value="accept" { (say("house.keeper.accept", &[])) }
                button.button type="submit" name="do" value="decline" { (say("house.keeper.decline", &[])) }
            }
        }
        @if asks {
            form.form #answer method="post" {
                fieldset {
                    legend { h2 { (say("house.keeper.what", &[])) } }
                    div.choices {
                        @for word in [Word::Well, Word::Unknown, Word::Died] { (choice(word)) }
                    }
                }
                div.acts { button.button type="submit" name="do" value="say" { (say("house.keeper.give", &[])) } }
            }
        } @else {
            p #answer { (say("house.keeper.quiet", &[])) }
        }
        div.prose { p { (say("house.keeper.alone", &[])) } p { (say("house.keeper.never_read", &[])) } }
        @if keeper.standing == KeeperStanding::Enrolled {
            form.acts method="post" {
                button.button.button--quiet type="submit" name="do" value="decline" { (say("house.keeper.decline", &[])) }
            }
        }
    };
    Ok(private(app, &title, status, main))
}

/// No answer is set in advance.
fn choice(word: Word) -> Markup {
    let (id, name, says) = match word {
        Word::Well => ("well", "house.keeper.well", "house.keeper.well_says"),
        Word::Unknown => ("unknown", "house.keeper.unknown", "house.keeper.unknown_says"),
        Word::Died => ("died", "house.keeper.died", "house.keeper.died_says"),
    };
    html! {
        div.choice {
            input type="radio" name="word" id=(id) value=(value(word)) required;
            label for=(id) {
                span.choice-name { (say(name, &[])) }
                span.choice-says { (say(says, &[])) }
            }
        }
    }
}

/// What was chosen, said back. Nothing counts before this is pressed.
fn sure(app: &App, word: Word) -> Response {
    let (heading, lede) = match word {
        Word::Well => ("house.keeper.sure_well", "house.keeper.well_says"),
        Word::Unknown => ("house.keeper.sure_unknown", "house.keeper.unknown_says"),
        Word::Died => ("house.keeper.sure_died", "house.keeper.died_says"),
    };
    let main = html! {
        (opening(&say(heading, &[]), &say(lede, &[])))
        form.acts method="post" {
            input type="hidden" name="word" value=(value(word));
            input type="hidden" name="sure" value="yes";
            button.button.button--main type="submit" name="do" value="say" { (say("house.keeper.sure_press", &[])) }
        }
        form.acts method="post" {
            button.button.button--quiet type="submit" name="do" value="who" { (say("house.keeper.back", &[])) }
        }
    };
    private(app, &say("house.keeper.title", &[]), StatusCode::OK, main)
}

fn thanks(app: &App, lede: &str) -> Response {
    let main = html! {
        (opening(&say("house.keeper.thanks", &[]), &say(lede, &[])))
        div.prose { p { (say("house.keeper.change", &[])) } }
    };
    private(app, &say("house.keeper.title", &[]), StatusCode::OK, main)
}

/// Unknown, mistyped, and no longer good: one answer.
fn unknown(app: &App) -> Response {
    let main = html! {
        (opening(&say("house.keeper.unknown_heading", &[]), &say("house.keeper.unknown_lede", &[])))
        div.acts { a.button href="/" { (say("house.to_front", &[])) } }
    };
    private(app, &say("house.keeper.title", &[]), StatusCode::NOT_FOUND, main)
}
