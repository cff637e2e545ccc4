//! The host's page: what waits for them, why the house holds its letters when it does, what is held by itself and why, what comes, both clocks, and how it does. A host lets a letter go here or
//! keeps it, and holds the whole house. It knows no name, no address and no word of anybody: letters stand here as what they are called inside. What is shown is drawn in `shown`.

mod shown;

use super::gate::{SignedIn, is_unlocked};
use super::page::{For, refusal_page, say};
use super::problem::Problem;
use super::read::Form;
use super::route::{Body, Face, Policy, Route};
use crate::app::App;
use crate::holding::{self, Held};
use crate::matters::Seen;
use crate::words::Words;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::parking::NotNow;
use unsaid_delivery::state::{Parked, State as Where};
use unsaid_store::StoreError;
use unsaid_store::rows::Role;

/// Where it is.
const PAGE: &str = "/house";
/// What a form says that means all that wait for a look.
const ALL: &str = "all-unforeseen";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(PAGE, Policy::Locked, Face::Page, show),
        Route::post("/house/hold", Policy::Unlocked, Face::Page, Body::Form, hold),
        Route::post("/house/go-on", Policy::Unlocked, Face::Page, Body::Form, go_on),
        Route::post("/house/park", Policy::Unlocked, Face::Page, Body::Form, park),
        Route::post("/house/release", Policy::Unlocked, Face::Page, Body::Form, release),
    ]
}

/// Whoever is no host is told for whom this is, and nothing else.
fn host(SignedIn(_, role, _): &SignedIn) -> Result<(), Problem> {
    if *role == Role::Host { Ok(()) } else { Err(Problem::of("not-the-host")) }
}

/// Which letter: its name, or all that wait for a look.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    delivery: String,
}

/// What was done by the press that led here. It is said once, on the page that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    GoesOn,
    Kept,
    LetGo,
}

impl Done {
    const ALL: [Self; 3] = [Self::GoesOn, Self::Kept, Self::LetGo];

    fn word(self) -> &'static str {
        match self {
            Self::GoesOn => "go-on",
            Self::Kept => "kept",
            Self::LetGo => "let-go",
        }
    }

    fn of(query: &str) -> Option<Self> {
        let word = query.strip_prefix("done=")?;
        Self::ALL.into_iter().find(|done| done.word() == word)
    }
}

async fn hold(
    State(app): State<App>,
    who: SignedIn,
    Form(_): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    host(&who)?;
    app.store.hold(Hold::ByHost, app.time.now()).await?;
    app.holds.look(&*app.store).await?;
    tracing::warn!(by = %who.0.account(), "a host holds all letters");
    Ok(Redirect::to(PAGE).into_response())
}

async fn go_on(
    State(app): State<App>,
    who: SignedIn,
    Form(_): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    host(&who)?;
    app.store.unhold(Hold::ByHost).await?;
    app.holds.look(&*app.store).await?;
    app.nudge.nudge();
    tracing::warn!(by = %who.0.account(), "a host lets the letters go again");
    Ok(back(Done::GoesOn))
}

async fn park(State(app): State<App>, who: SignedIn, Form(which): Form<Which>) -> Result<Response, Problem> {
    host(&who)?;
    for id in named(&app, &which).await? {
        // A host may be an author, too: of a letter that has left this page says nothing, whatever became of it.
        let waits = app.store.delivery(id).await?.map(|view| view.delivery.state);
        if !matches!(waits, Some(Where::Parked { why: Parked::Unforeseen, .. })) {
            if which.delivery != ALL {
                return Ok(older(&app));
            }
            continue;
        }
        if let (Held::Not(_), false) =
            (holding::park(&*app.store, id, app.time.now()).await?, which.delivery == ALL)
        {
            return Ok(older(&app));
        }
    }
    Ok(back(Done::Kept))
}

async fn release(
    State(app): State<App>,
    who: SignedIn,
    Form(which): Form<Which>,
) -> Result<Response, Problem> {
    host(&who)?;
    for id in named(&app, &which).await? {
        let held = match holding::release(&*app.store, id, app.time.now()).await {
            Err(StoreError::Missing) => Held::Not(NotNow::NotParked),
            held => held?,
        };
        // Of one letter it is said when the page was older than what it shows; of many, those that went on by themselves are passed over.
        if matches!(held, Held::Not(_)) && which.delivery != ALL {
            return Ok(older(&app));
        }
    }
    app.nudge.nudge();
    Ok(back(Done::LetGo))
}

async fn named(app: &App, which: &Which) -> Result<Vec<DeliveryId>, Problem> {
    if which.delivery == ALL {
        return Ok(holding::unforeseen(&*app.store).await?);
    }
    which.delivery.parse().map(|id| vec![id]).map_err(|_| Problem::missing())
}

fn back(done: Done) -> Response {
    Redirect::to(&format!("{PAGE}?done={}", done.word())).into_response()
}

/// What was pressed is not so any more.
fn older(app: &App) -> Response {
    let (what, todo) = (say("host.older", &[]), say("host.older_do", &[]));
    let to_page = say("host.to_page", &[]);
    refusal_page(app, StatusCode::CONFLICT, For::Host, &what, &todo, (PAGE, &to_page))
}

async fn show(State(app): State<App>, who: SignedIn, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    host(&who)?;
    // In the language in which the house writes to them.
    let language = app.store.account(&who.0).await?.language;
    let words = Words::spoken(&language).unwrap_or(Words::now());
    let seen = Seen::of(&app).await?;
    let figures = shown::Figures {
        counts: app.store.counts().await?,
        ahead: app.store.forecast(seen.now).await?,
        round: app.store.round().await?,
    };
    let said = shown::Beside {
        done: query.as_deref().and_then(Done::of),
        locked: !is_unlocked(&who.2, seen.now.trusted),
    };
    Ok(words.answering(async move { shown::page(&app, &seen, &figures, said) }).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_done_here_is_said() {
        for done in Done::ALL {
            assert_eq!(Done::of(&format!("done={}", done.word())), Some(done));
        }
        assert_eq!(Done::of("done=erased"), None);
    }
}
