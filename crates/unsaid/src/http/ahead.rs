//! The days to come, if nothing more were heard of her: what she asked for, walked forward by the rules themselves, as days of the calendar. Each is the earliest on which it can be. Changes
//! nothing and promises nothing.

use super::described::shape;
use super::gate::SignedIn;
use super::lives::PlanGiven;
use super::problem::Problem;
use super::read::Query;
use super::route::{Face, Policy, Route};
use super::tell::Told;
use crate::app::App;
use crate::settings::Bounces;
use axum::extract::State;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use unsaid_delivery::calendar;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::KeeperId;
use unsaid_delivery::life::ahead::{self, Ahead, They, What, walk};
use unsaid_delivery::life::{Facts, Life, Stage, To, accept};
use unsaid_delivery::rule::Gate;
use unsaid_delivery::state::{Delivery, Shown, shown};
use unsaid_store::lives::LifeView;
use unsaid_store::rows::Author;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/life/ahead", Policy::Locked, Face::Api, show)
            .refuses(&["life-every", "life-pause", "life-warning", "life-quorum", "life-fallback"])
            .with_query(),
    ]
}

/// The days to come, by the calendar of her own zone.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DaysAhead")]
pub(super) struct View {
    /// Day by day, where her keepers speak when they are asked; where they never are, as if they spoke today.
    steps: Vec<StepView>,
    /// These days begin with the word of her keepers.
    spoken: bool,
    /// What waits for her end leaves then at the earliest. None: never.
    #[schemars(schema_with = "shape::day_or_none")]
    leaves: Option<String>,
    /// The same if all her keepers said today that she had died: nothing leaves before this day, whatever anybody says.
    #[schemars(schema_with = "shape::day_or_none")]
    soonest: Option<String>,
    /// The same if none of them ever answers. None: never.
    #[schemars(schema_with = "shape::day_or_none")]
    unanswered: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DayAhead")]
struct StepView {
    #[schemars(schema_with = "shape::day")]
    day: String,
    #[schemars(extend("enum" = ["question", "reminder", "keepers", "warning", "hold-off", "goes-on", "released"]))]
    what: &'static str,
    /// The how-manieth of its kind.
    nth: u8,
}

impl StepView {
    fn of(ahead: &Ahead, zone: &str) -> Result<Self, Problem> {
        let (what, nth) = match ahead.what {
            What::Question => ("question", 1),
            What::Reminder(nth) => ("reminder", nth),
            What::KeepersAsked => ("keepers", 1),
            What::Warning { nth, .. } => ("warning", nth),
            What::HoldOff => ("hold-off", 1),
            What::GoesOn => ("goes-on", 1),
            What::Released => ("released", 1),
        };
        Ok(Self { day: day(ahead.at, zone)?, what, nth })
    }
}

pub(super) fn day(at: Timestamp, zone: &str) -> Result<String, Problem> {
    let day = calendar::day_in(at, zone).map_err(|_| Problem::field("zone", "zone-unknown"))?;
    Ok(day.to_string())
}

/// One of her letters that waits for her end.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LetterAhead")]
pub(super) struct LetterView {
    #[schemars(schema_with = "shape::id")]
    id: String,
    /// It leaves then at the earliest, by the calendar of its own zone: the later one of its moment and of hers. None: never.
    #[schemars(schema_with = "shape::day_or_none")]
    leaves: Option<String>,
}

/// Her life, and when her letters would leave.
pub(super) struct Days {
    pub(super) view: View,
    leaves: Option<Timestamp>,
}

/// Walks her row forward. What keepers are supposed to say is never what they have said.
pub(super) fn days(app: &App, life: &Life, facts: &Facts, zone: &str, now: Now) -> Result<Days, Problem> {
    let facts = Facts { hears_bounces: app.settings.bounces == Bounces::Pipe, ..facts.clone() };
    let keepers = life.plan.policy.has_keepers() && !facts.keepers.is_empty();
    let soonest = walk(life, &facts, They::SpeakToday, now);
    let asked = walk(life, &facts, They::SpeakWhenAsked, now);
    let unanswered = walk(life, &facts, They::SayNothing, now);
    let spoken = keepers && ahead::released(&asked).is_none();
    let shown = if spoken { &soonest } else { &asked };
    let day = |at: Option<Timestamp>| at.map(|at| day(at, zone)).transpose();
    let leaves = ahead::released(shown);
    Ok(Days {
        view: View {
            steps: shown.iter().map(|one| StepView::of(one, zone)).collect::<Result<_, _>>()?,
            spoken,
            leaves: day(leaves)?,
            soonest: day(ahead::released(&soonest))?,
            unanswered: day(ahead::released(&unanswered))?,
        },
        leaves,
    })
}

/// Her letters that wait for her end, and have not left.
pub(super) async fn letters(
    app: &App,
    author: &Author,
    days: &Days,
    zone: &str,
) -> Result<Vec<LetterView>, Problem> {
    let mut views = Vec::new();
    for letter in app.store.letters(author).await? {
        let Some(delivery) = letter.delivery.as_ref().filter(|one| one.rule.gate == Gate::Gone) else {
            continue;
        };
        if matches!(shown(delivery.state, letter.withdrew), Shown::Left | Shown::Withdrawn) {
            continue;
        }
        views.push(LetterView { id: letter.id.to_string(), leaves: leaves(delivery, days, zone)? });
    }
    Ok(views)
}

/// `gate-and-moment`: of both the later one.
fn leaves(delivery: &Delivery, days: &Days, hers: &str) -> Result<Option<String>, Problem> {
    let Some(gone) = days.leaves else { return Ok(None) };
    let moment = &delivery.rule.moment;
    let at = calendar::comes_at(moment, delivery.occurrence, delivery.rest.until)
        .map_err(|_| Problem::field("zone", "zone-unknown"))?;
    let zone = moment.zone().unwrap_or(hers);
    at.map(|at| day(at.max(gone), zone)).transpose()
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlanAhead")]
struct Asked {
    ahead: View,
    /// It could let letters go sooner than what she asked for before: it counts only when the whole time of that is over.
    later: bool,
}

/// The same for what she thinks of asking for.
async fn show(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Query(given): Query<PlanGiven>,
) -> Result<Told<Asked>, Problem> {
    let (account, plan, now) = (author.account(), given.plan(), app.time.now());
    let zone = app.store.account(&author).await?.zone;
    let view = app.store.life(account).await?;
    let (life, facts) = match view {
        Some(LifeView { life, facts }) if life.stage != Stage::Ended => {
            let change =
                accept::change_plan(&life, plan, &facts, now).map_err(|why| Problem::of(why.key()))?;
            (change.life, Facts { rung: Vec::new(), votes: Vec::new(), ..facts })
        }
        over => {
            let life = over.as_ref().map(|view| &view.life);
            let change = accept::arm(account, life, plan, now).map_err(|why| Problem::of(why.key()))?;
            let facts = match &over {
                Some(view) => view.facts.clone(),
                None => unarmed(&app, &author).await?,
            };
            (change.life, facts)
        }
    };
    let later = life.coming.is_some();
    let life = match life.coming {
        // Shown as it will be once it counts.
        Some((plan, _)) => accept::arm(account, None, plan, now).map_or(life, |change| change.life),
        None => life,
    };
    Ok(Told::new(Asked { ahead: days(&app, &life, &facts, &zone, now)?.view, later }))
}

/// What is known of somebody who has asked for nothing yet.
async fn unarmed(app: &App, author: &Author) -> Result<Facts, Problem> {
    let keepers = app.store.keepers(author.account()).await?;
    let keepers: Vec<KeeperId> =
        keepers.iter().filter(|keeper| keeper.standing.counts()).map(|keeper| keeper.id).collect();
    Ok(Facts { channels: vec![To::SignIn], keepers, ..Facts::default() })
}
