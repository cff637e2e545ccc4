//! What a keeper does, behind the link of a message or of their paper: accepts or declines, and says one of three words, each said back before it counts. Looking changes nothing. Who is
//! a keeper no more, and whoever never was one, get one answer. Knows no rule: `accept` does; how it looks stands beside this (keeper_page.rs).

use super::cookies::read_token;
use super::keeper_card;
use super::keeper_event as event;
use super::keeper_gives as gives;
use super::keeper_page::{self as page, Seen};
use super::lives::commit;
use super::problem::Problem;
use super::read::{Form, Path};
use super::route::{Body, Face, Policy, Route};
use crate::app::App;
use crate::secrets::hashed;
use axum::extract::State;
use axum::response::Response;
use unsaid_delivery::id::MessageId;
use unsaid_delivery::life::{LifeRefused, NoVote, To, Word, accept};
use unsaid_store::lives::{KeeperRow, KeeperStanding};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/keeper/{token}", Policy::Anyone, Face::Page, show),
        Route::post("/keeper/{token}", Policy::Anyone, Face::Page, Body::Form, answer),
        Route::post("/keeper/{token}/card", Policy::Anyone, Face::Api, Body::Json, keeper_card::give)
            .refuses(&["keeper-unknown", "card-not-asked", "ask-replaced", "bytes-unknown"]),
    ]
}

/// Who has this link, by their paper or by a message to them. One who was removed is nobody here.
pub(super) async fn find(app: &App, token: &str) -> Result<Option<KeeperRow>, Problem> {
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
    Ok(if find(&app, &token).await?.is_some() { page::door(&app) } else { page::unknown(&app) })
}

/// POST /keeper/{token}: `do=who`, `do=accept`, `do=decline`, `do=say` with `word=`, and the same with `sure=yes`.
async fn answer(
    State(app): State<App>,
    Path(token): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let Some(keeper) = find(&app, &token).await? else { return Ok(page::unknown(&app)) };
    let field = |name: &str| {
        let mut found = fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.next().filter(|_| found.next().is_none())
    };
    let word = field("word").and_then(page::read_word);
    match (field("do"), word) {
        (Some("who"), _) => Ok(page::whole(&app, &seen(&app, keeper).await?, None)),
        (Some("accept"), _) => stands(&app, &keeper, true).await,
        (Some("decline"), _) => stands(&app, &keeper, false).await,
        (Some("move"), _) => gives::moves(&app, keeper, field("address"), field("sure") == Some("yes")).await,
        (Some("give"), _) => {
            let typed = gives::Typed { person: field("person"), address: field("address") };
            gives::gives(&app, keeper, typed, field("sure") == Some("yes")).await
        }
        (Some("happened"), _) => {
            let said =
                event::Said { letter: field("letter"), answer: field("answer"), address: field("address") };
            event::says(&app, keeper, said, field("sure") == Some("yes")).await
        }
        (Some("say"), Some(word)) if field("sure") == Some("yes") => speak(&app, keeper, word).await,
        (Some("say"), Some(word)) => Ok(page::sure(&app, &seen(&app, keeper).await?, word)),
        _ => {
            let unclear = super::page::say("house.keeper.unclear", &[]);
            Ok(page::whole(&app, &seen(&app, keeper).await?, Some(("answer", &unclear))))
        }
    }
}

/// Whether they may be asked. She is told in the same breath.
async fn stands(app: &App, keeper: &KeeperRow, enrolled: bool) -> Result<Response, Problem> {
    let told = MessageId(app.chance.id_bytes());
    app.store.keeper_answers(keeper.id, enrolled, told, app.time.now()).await?;
    app.nudge.nudge();
    let name = name_of(app, keeper).await?;
    if enrolled && keeper.standing == KeeperStanding::Enrolled {
        // Once a year, or whenever they like: nothing is new, and nobody has to be told.
        return Ok(page::still_right(app));
    }
    Ok(page::answered(app, &name, enrolled))
}

/// What they say is written down before they are thanked, and told to her with it. Somebody who had declined says it as well as anybody who was named.
async fn speak(app: &App, keeper: KeeperRow, word: Word) -> Result<Response, Problem> {
    if keeper.standing == KeeperStanding::Declined {
        let told = MessageId(app.chance.id_bytes());
        app.store.keeper_answers(keeper.id, true, told, app.time.now()).await?;
    }
    let said = commit(app, keeper.account, |view, now| {
        accept::vote(&view.life, keeper.id, word, &view.facts, now)
            .map(Some)
            .map_err(|why| Problem::of(why.key()))
    })
    .await;
    match said {
        Ok(()) => Ok(page::said(app, &seen(app, keeper).await?, word)),
        Err(problem) if problem.key == "life-unarmed" || problem.key == NoVote::NotAsked.key() => {
            Ok(page::nothing_to_note(app, "house.keeper.not_asked"))
        }
        Err(problem) if problem.key == NoVote::Over.key() || problem.key == LifeRefused::Ended.key() => {
            Ok(page::nothing_to_note(app, "house.keeper.over"))
        }
        // Removed while the page lay open: they are nobody here any more.
        Err(problem) if problem.key == NoVote::NotAKeeper.key() => Ok(page::unknown(app)),
        Err(problem) => Err(problem),
    }
}

/// Whose keeper they are, and where she stands. Said on pages alone, after a press.
pub(super) async fn seen(app: &App, keeper: KeeperRow) -> Result<Seen, Problem> {
    let name = name_of(app, &keeper).await?;
    let view = app.store.life(keeper.account).await?;
    let lost = app.store.lost_persons(keeper.id).await?;
    let cards = keeper_card::wanted(app, keeper.id).await?;
    let now = app.time.now();
    let events = event::asked(app, app.store.events_asked(keeper.id, now).await?)?;
    // Of whom an address is asked with their word it is not asked twice.
    let mut lost = gives::opened(app, lost)?;
    lost.retain(|lost| !events.iter().any(|event| event.person == lost.person));
    Ok(Seen { name, keeper, view, lost, cards, events, now })
}

async fn name_of(app: &App, keeper: &KeeperRow) -> Result<String, Problem> {
    let named = app.store.named().await?;
    let hers = named.into_iter().find(|one| one.account == keeper.account);
    let name = hers.and_then(|one| app.keys.open_text(&keeper.account.to_string(), &one.name));
    Ok(name.map_or_else(|| super::page::say("person.somebody", &[]), |name| name.to_string()))
}
