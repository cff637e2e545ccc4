//! The rehearsal: all that would be written if nothing more were heard of her, to whom, on which day, and in which words. Shown to her alone; looking writes nothing down and sends nothing.

use super::ahead::day;
use super::described::shape;
use super::gate::SignedIn;
use super::problem::Problem;
use super::route::{Face, Policy, Route};
use super::tell::Told;
use crate::app::{App, Worded};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::KeeperId;
use unsaid_delivery::life::To;
use unsaid_delivery::life::ahead::{REHEARSED, Written, rehearsed};
use unsaid_store::lives::{KeeperRow, LifeView};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/life/rehearsal", Policy::Unlocked, Face::Api, show).refuses(&["life-unarmed"])]
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rehearsal")]
#[serde(rename_all = "camelCase")]
struct View {
    /// In the order in which they would leave.
    messages: Vec<MessageView>,
    /// What each person would be told on the day of their letter.
    knock: Option<WordedView>,
    /// The same for whoever looks after one of them; none where nobody does.
    knock_guardian: Option<WordedView>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rehearsed")]
struct MessageView {
    /// At the earliest.
    #[schemars(schema_with = "shape::day")]
    day: String,
    /// To which keeper; none for her.
    keeper: Option<String>,
    #[serde(flatten)]
    worded: WordedView,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RehearsedWords")]
struct WordedView {
    subject: String,
    text: String,
}

impl WordedView {
    fn of(worded: Worded) -> Self {
        Self { subject: worded.subject, text: worded.text }
    }
}

async fn show(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<View>, Problem> {
    let unarmed = || Problem::of("life-unarmed");
    let LifeView { life, facts } = app.store.life(author.account()).await?.ok_or_else(unarmed)?;
    let hers = app.store.account(&author).await?;
    let keepers = app.store.keepers(author.account()).await?;
    let keepers: BTreeMap<KeeperId, KeeperRow> = keepers.into_iter().map(|one| (one.id, one)).collect();
    let now = app.time.now();
    let mut messages = Vec::new();
    for Written { at, life, write } in rehearsed(&life, &facts, now).into_iter().take(REHEARSED) {
        let (keeper, language) = match write.to {
            To::SignIn => (None, hers.language.as_str()),
            To::Keeper(id) => match keepers.get(&id) {
                // Paper alone: nobody can write there.
                None | Some(KeeperRow { address: None, .. }) => continue,
                Some(keeper) => (Some(id.to_string()), keeper.language.as_str()),
            },
            // The same words go to each channel of hers; what goes to a host is none of hers.
            To::Channel(_) | To::Host(_) => continue,
        };
        let seconds = at.duration_since(now.trusted).as_secs();
        let then = Now { trusted: at, observed: Observed(now.observed.0 + seconds) };
        let view = LifeView { life, facts: facts.clone() };
        let Some(worded) = app.rehearsal.life(language, &view, &write, then) else { continue };
        messages.push(MessageView { day: day(at, &hers.zone)?, keeper, worded: WordedView::of(worded) });
    }
    let knock = |guardian| app.rehearsal.knock(&hers.language, guardian).map(WordedView::of);
    let guarded = app.store.persons(&author).await?.iter().any(|person| person.looked_after.is_some());
    let knock_guardian = if guarded { knock(true) } else { None };
    Ok(Told::new(View { messages, knock: knock(false), knock_guardian }))
}
