//! Whether she is alive, as she asks for it: her plan, a sign by hand, a pause, an end, the stop paper; and the sign that is in other acts of hers. `accept` decides; this commits, again if
//! somebody was quicker. No GET is a sign, and nothing that a page sends by itself.

use super::ahead;
use super::cookies::read_token;
use super::described::shape;
use super::gate::{SignedIn, is_fresh, is_unlocked};
use super::problem::Problem;
use super::read::{Json, Nothing};
use super::route::{Body, Face, Policy, Route};
use super::rule::read_date;
use super::tell::{Done, Told, done};
use crate::app::App;
use crate::links;
use axum::extract::State;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::calendar;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::AccountId;
use unsaid_delivery::life::{
    Armed, Change, Fallback, LifeRefused, Plan, Policy as Asks, Stage, Strength, accept,
};
use unsaid_store::StoreError;
use unsaid_store::lives::LifeView;
use unsaid_store::rows::Author;

/// How often a row is read again when the worker, or another act, was quicker.
const TRIES: usize = 5;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/life", Policy::Locked, Face::Api, show),
        Route::put("/api/life", Policy::Fresh, Face::Api, Body::Json, ask).refuses(&[
            "life-every",
            "life-pause",
            "life-warning",
            "life-quorum",
            "life-fallback",
        ]),
        Route::post("/api/life/well", Policy::Locked, Face::Api, Body::Json, well).refuses(&[
            "life-unarmed",
            "life-ended",
            "unlock-first",
        ]),
        Route::post("/api/life/pause", Policy::Locked, Face::Api, Body::Json, pause).refuses(&[
            "life-unarmed",
            "life-ended",
            "unlock-first",
            "pause-passed",
            "pause-too-long",
            "date-missing",
        ]),
        Route::post("/api/life/resume", Policy::Unlocked, Face::Api, Body::Json, resume)
            .refuses(&["life-unarmed", "life-ended"]),
        Route::post("/api/life/end", Policy::Fresh, Face::Api, Body::Json, end).refuses(&["life-unarmed"]),
        Route::post("/api/life/stop-code", Policy::Fresh, Face::Api, Body::Json, stop_code)
            .refuses(&["bytes-unknown"]),
    ]
}

/// What she asked for. Days are days in which this house was there.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "LifePlan")]
struct PlanView {
    policy: PolicyView,
    every_days: u16,
    pause_days: u16,
    quorum: u8,
    warning_days: u16,
    /// Where no keeper answers; none for never.
    fallback_days: Option<u16>,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "LifePolicy")]
enum PolicyView {
    Both,
    KeepersOnly,
    Either,
    CheckIns,
}

impl PlanView {
    fn of(plan: &Plan) -> Self {
        Self {
            policy: match plan.policy {
                Asks::Both => PolicyView::Both,
                Asks::KeepersOnly => PolicyView::KeepersOnly,
                Asks::Either => PolicyView::Either,
                Asks::CheckIns => PolicyView::CheckIns,
            },
            every_days: plan.every_days,
            pause_days: plan.pause_days,
            quorum: plan.quorum,
            warning_days: plan.warning_days,
            fallback_days: match plan.fallback {
                Fallback::After(days) => Some(days),
                Fallback::Never => None,
            },
        }
    }
}

/// The same as it comes in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "LifePlanGiven")]
pub(super) struct PlanGiven {
    policy: PolicyView,
    every_days: u16,
    pause_days: u16,
    quorum: u8,
    warning_days: u16,
    /// Where no keeper answers; none for never.
    fallback_days: Option<u16>,
}

impl PlanGiven {
    pub(super) fn plan(&self) -> Plan {
        Plan {
            policy: match self.policy {
                PolicyView::Both => Asks::Both,
                PolicyView::KeepersOnly => Asks::KeepersOnly,
                PolicyView::Either => Asks::Either,
                PolicyView::CheckIns => Asks::CheckIns,
            },
            every_days: self.every_days,
            pause_days: self.pause_days,
            quorum: self.quorum,
            warning_days: self.warning_days,
            fallback: self.fallback_days.map_or(Fallback::Never, Fallback::After),
        }
    }
}

/// Where she stands. What her keepers have said is not in it: she is told when one says that she has died.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Life")]
struct View {
    plan: PlanView,
    /// A plan that could let letters go sooner, and counts only after the whole time of the one before.
    coming: Option<PlanView>,
    #[schemars(extend("enum" = STAGES))]
    stage: &'static str,
    /// Reminders, or warnings, that were written.
    nth: u8,
    /// The civil day, in her zone, until which she is away.
    paused: Option<String>,
    /// In so many days of service she is asked, if nothing is heard of her.
    asks_in_days: i64,
    /// A button is not enough any more.
    unlock_wanted: bool,
    out_of_reach: bool,
    /// People who stand as her keepers.
    keepers: usize,
    /// Letters that wait for her end.
    wait: u64,
    /// Of those, what has left our hands.
    left: u64,
    /// What would come if nothing more were heard of her.
    ahead: ahead::View,
    /// Each letter that waits for her end and has not left.
    letters: Vec<ahead::LetterView>,
}

const STAGES: [&str; 9] =
    ["present", "asked", "reminded", "silent", "grace", "gone", "released", "stopped", "ended"];

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MyLife")]
struct Mine {
    life: Option<View>,
}

async fn mine(app: &App, author: &Author) -> Result<Told<Mine>, Problem> {
    let Some(LifeView { life, facts }) = app.store.life(author.account()).await? else {
        return Ok(Told::new(Mine { life: None }));
    };
    let (stage, nth) = match life.stage {
        Stage::Present => (STAGES[0], 0),
        Stage::Asked => (STAGES[1], 0),
        Stage::Reminded(nth) => (STAGES[2], nth),
        Stage::Silent => (STAGES[3], 0),
        Stage::Grace(grace) => (STAGES[4], grace.warning),
        Stage::Gone { .. } => (STAGES[5], 0),
        Stage::Released => (STAGES[6], 0),
        Stage::Stopped { .. } => (STAGES[7], 0),
        Stage::Ended => (STAGES[8], 0),
    };
    let letters = app.store.gone_letters(author.account()).await?;
    let zone = app.store.account(author).await?.zone;
    let day = |at| calendar::day_in(at, &zone).map_err(|_| Problem::field("zone", "zone-unknown"));
    let now = app.time.now();
    let paused = life.paused.filter(|until| *until > now.trusted);
    let days = ahead::days(app, &life, &facts, &zone, now)?;
    let each = ahead::letters(app, author, &days, &zone).await?;
    Ok(Told::new(Mine {
        life: Some(View {
            plan: PlanView::of(&life.plan),
            coming: life.coming.as_ref().map(|(plan, _)| PlanView::of(plan)),
            stage,
            nth,
            paused: paused.map(day).transpose()?.map(|day| day.to_string()),
            asks_in_days: (life.asks.0 - now.observed.0).max(0) / 86_400,
            unlock_wanted: life.wants_unlock(),
            out_of_reach: life.out_of_reach,
            keepers: facts.keepers.len(),
            wait: letters.wait,
            left: letters.left,
            ahead: days.view,
            letters: each,
        }),
    }))
}

async fn show(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<Mine>, Problem> {
    mine(&app, &author).await
}

/// She begins, or asks for something else.
async fn ask(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(given): Json<PlanGiven>,
) -> Result<Told<Mine>, Problem> {
    let (account, plan) = (author.account(), given.plan());
    for _ in 0..TRIES {
        let now = app.time.now();
        let before = app.store.life(account).await?;
        let change = match &before {
            Some(view) if view.life.stage != Stage::Ended => {
                accept::change_plan(&view.life, plan, &view.facts, now).map_err(refused)?
            }
            over => {
                let over = over.as_ref().map(|view| &view.life);
                accept::arm(account, over, plan, now).map_err(|why| Problem::of(why.key()))?
            }
        };
        match write(&app, before.as_ref(), &change, now).await {
            Ok(()) => return mine(&app, &author).await,
            Err(StoreError::Conflict) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(Problem::of("changed-meanwhile"))
}

fn refused(why: LifeRefused) -> Problem {
    Problem::of(why.key())
}

async fn write(app: &App, before: Option<&LifeView>, change: &Change, now: Now) -> Result<(), StoreError> {
    let names = links::names(&app.keys, &*app.chance, change.write.len());
    app.store.commit_life(before.map(|view| &view.life), change, &names, now).await?;
    app.nudge.nudge();
    Ok(())
}

/// Asks `accept` about her row as it stands, and commits what was granted; nothing, where there was nothing to write down.
pub(super) async fn commit(
    app: &App,
    account: AccountId,
    ask: impl Fn(&LifeView, Now) -> Result<Option<Change>, Problem>,
) -> Result<(), Problem> {
    for _ in 0..TRIES {
        let view = app.store.life(account).await?.ok_or_else(|| Problem::of("life-unarmed"))?;
        let now = app.time.now();
        let Some(change) = ask(&view, now)? else { return Ok(()) };
        match write(app, Some(&view), &change, now).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Conflict) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(Problem::of("changed-meanwhile"))
}

/// A sign of life that was meant as one. It is written down before anybody is thanked for it.
pub(super) async fn sign(app: &App, account: AccountId, strength: Strength) -> Result<(), Problem> {
    commit(app, account, |view, now| match accept::sign(&view.life, strength, &view.facts, now) {
        Armed::Recorded(change) => Ok(Some(*change)),
        Armed::Already => Ok(None),
        Armed::UnlockWanted => Err(Problem::of("unlock-first")),
        Armed::Ended => Err(Problem::of("life-ended")),
    })
    .await
}

/// The sign that is in another act of hers: coming in, or unlocking. Where there is nothing to set back, that act is as good as before.
pub(super) async fn sign_beside(app: &App, account: AccountId, strength: Strength) -> Result<(), Problem> {
    match sign(app, account, strength).await {
        Err(problem) if ["life-unarmed", "life-ended", "unlock-first"].contains(&problem.key) => Ok(()),
        signed => signed,
    }
}

/// A letter waits for her end only where somebody asks whether it has come: else it would be promised, and never leave.
pub(super) async fn is_armed(app: &App, author: &Author) -> Result<bool, Problem> {
    let view = app.store.life(author.account()).await?;
    Ok(view.is_some_and(|view| view.life.stage != Stage::Ended))
}

async fn well(
    State(app): State<App>,
    SignedIn(author, _, session): SignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Mine>, Problem> {
    let fresh = is_fresh(&session, app.time.now().trusted);
    sign(&app, author.account(), if fresh { Strength::Strong } else { Strength::Weak }).await?;
    mine(&app, &author).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LifePause")]
struct Away {
    /// She is back on this civil day, in her zone.
    #[schemars(schema_with = "shape::day")]
    until: String,
}

async fn pause(
    State(app): State<App>,
    SignedIn(author, _, session): SignedIn,
    Json(away): Json<Away>,
) -> Result<Told<Mine>, Problem> {
    let until = back_on(&app, &author, &away.until).await?;
    let locked = !is_unlocked(&session, app.time.now().trusted);
    commit(&app, author.account(), |view, now| {
        accept::pause(&view.life, until, locked, &view.facts, now).map(Some).map_err(refused)
    })
    .await?;
    mine(&app, &author).await
}

async fn back_on(app: &App, author: &Author, day: &str) -> Result<Timestamp, Problem> {
    let missing = || Problem::field("until", "date-missing");
    let day = read_date(day).ok_or_else(missing)?;
    let zone = app.store.account(author).await?.zone;
    let zone = calendar::zone(&zone).map_err(|_| Problem::field("zone", "zone-unknown"))?;
    let at = day.to_datetime(calendar::NINE).to_zoned(zone).map_err(|_| missing())?;
    Ok(at.timestamp())
}

async fn resume(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Mine>, Problem> {
    commit(&app, author.account(), |view, now| {
        accept::resume(&view.life, &view.facts, now).map(Some).map_err(refused)
    })
    .await?;
    mine(&app, &author).await
}

async fn end(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<Mine>, Problem> {
    commit(&app, author.account(), |view, now| Ok(Some(accept::end(&view.life, &view.facts, now)))).await?;
    mine(&app, &author).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StopCode")]
struct Stop {
    /// Made in her browser from eight words, which never come here before they are meant.
    #[schemars(schema_with = "shape::token")]
    token: String,
}

async fn stop_code(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(stop): Json<Stop>,
) -> Result<Told<Done>, Problem> {
    let token = read_token(stop.token.as_bytes()).ok_or_else(|| Problem::field("token", "bytes-unknown"))?;
    app.store.put_stop_code(&author, app.keys.peppered("stop", &token)).await?;
    Ok(done())
}
