//! Sealing: said only after the proof. The author's browser has fetched every stored part and compared; the house does its half (`proof.rs`). Then, and not
//! before, `accept` is asked and the promise committed. New words for a letter that lives are sealed here too: they rest, and person and rule stay.

use super::asks::Asked;
use super::described::shape;
use super::events;
use super::gate::SignedIn;
use super::letters;
use super::lives::is_armed;
use super::persons::of_hers;
use super::problem::Problem;
use super::proof::{Proving, prove};
use super::read::{self, Json, Object, Path};
use super::route::{Body, Face, Policy, Route};
use super::rule::{Given as RuleGiven, RestGiven};
use super::tell::Told;
use super::uploads::read_hash;
use crate::app::App;
use crate::words::Words;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unsaid_delivery::accept::{self, Refusal};
use unsaid_delivery::calendar;
use unsaid_delivery::id::{DeliveryId, LetterId, PersonId};
use unsaid_delivery::rule::{Gate, Proof, Reach, RestAsked, Rule};
use unsaid_delivery::state::{Shown, shown};
use unsaid_store::StoreError;
use unsaid_store::rows::{Amend, Author, Kept, Letter, Promise, Seal};

/// How often it is read again when something moved in between.
const TRIES: usize = 3;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/letters/{id}/versions/{number}/seal",
            Policy::Unlocked,
            Face::Api,
            Body::Json,
            seal,
        )
        .refuses(&[
            "not-yet",
            "life-unarmed",
            "keepers-missing",
            "event-empty",
            "event-too-long",
            "name-for-keepers",
            "bytes-unknown",
            "rest-unknown",
            "person-missing",
            "date-missing",
            "zone-unknown",
            "birthday-unknown",
            "until-unknown",
            "question-empty",
            "question-too-long",
            "answer-empty",
            "answer-too-long",
            "age-unknown",
            "day-passed",
            "day-too-far",
            "no-address",
            "no-way",
            "card-missing",
            "rested",
            "still-resting",
            "already-sealed",
            "nothing-sealed",
            "not-here",
            "parts-missing",
            "parts-changed",
            "wrap-missing",
            "wrap-not-wanted",
            "host-cannot-open",
        ]),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "Sealing")]
struct Given {
    person: Option<String>,
    /// Addresses of the author's choice among the person's: not yet, so nothing may stand here.
    #[serde(default)]
    #[schemars(with = "()")]
    to: Value,
    #[schemars(schema_with = "shape::sha256")]
    manifest_hash: String,
    #[schemars(with = "Option<RuleGiven>")]
    rule: Option<Object<RuleGiven>>,
    rest: RestGiven,
    #[serde(default)]
    kept: KeptGiven,
    /// New words for a letter that lives: whom it is for, and when it goes, stay.
    #[serde(default)]
    amend: bool,
}

/// Who is to keep the key beside her. Of no meaning for a letter that is never delivered.
#[derive(Deserialize, JsonSchema, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "KeptBy")]
enum KeptGiven {
    #[default]
    House,
    Words,
    Keepers,
}

/// The letter that is sealed; and of new words for one that has left, a sentence.
#[derive(Serialize, JsonSchema)]
struct Sealed {
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<String>,
    letter: letters::View,
}

/// What was asked, read.
struct Ask {
    letter: LetterId,
    version: u32,
    manifest: [u8; 32],
    rest: RestAsked,
    kept: Kept,
    what: What,
}

enum What {
    /// A letter that is never delivered.
    Unsent,
    Promise(PersonId, Rule, Asked),
    Amend,
}

async fn seal(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, number)): Path<(String, String)>,
    Json(given): Json<Given>,
) -> Result<Told<Sealed>, Problem> {
    let (id, number) = (read::id(&id)?, read::number(&number)?);
    // Whose letter it is comes before what is wrong with the rest.
    app.store.letter(&author, id).await?;
    let asked = read_asked(id, number, given)?;
    for _ in 0..TRIES {
        let done = match &asked.what {
            What::Amend => amend(&app, &author, &asked).await?,
            What::Promise(..) | What::Unsent => once(&app, &author, &asked).await?,
        };
        match done {
            Ok(letter) => {
                app.nudge.nudge();
                return answer(&app, &author, &asked, &letter).await;
            }
            Err(StoreError::Conflict) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(Problem::of("changed-meanwhile"))
}

/// New words of a letter that has left are answered with one sentence, whatever became of it: whether they will be read is not known here.
async fn answer(app: &App, author: &Author, asked: &Ask, letter: &Letter) -> Result<Told<Sealed>, Problem> {
    let told = letters::told(app, author, letter).await?;
    let has_left = letter.delivery.as_ref().is_some_and(|d| shown(d.state, letter.withdrew) == Shown::Left);
    if matches!(asked.what, What::Amend) && has_left {
        let said = Words::now().say("author.amend.said", &[]);
        return Ok(Told::new(Sealed { said: Some(said), letter: told.letter }));
    }
    Ok(Told::new(Sealed { said: None, letter: told.letter }))
}

/// A letter for her end, or for something that keepers say, may be to somebody who has no address yet, or is not born: of whom her keepers may be told, and whom they are asked for then.
async fn keepers_will_be_asked(
    app: &App,
    author: &Author,
    person: PersonId,
    rule: &Rule,
) -> Result<bool, Problem> {
    Ok(rule.gate != Gate::None && app.store.told_of_person(author, person).await?.is_some())
}

/// What waits for her end is promised only where somebody asks whether it has come.
async fn may_wait_for_her_end(app: &App, author: &Author, rule: &Rule) -> Result<(), Problem> {
    if rule.gate == Gate::Gone && !is_armed(app, author).await? {
        return Err(Problem::field("rule", "life-unarmed"));
    }
    Ok(())
}

/// What waits for the word of keepers is promised only where there are any; and of whom nothing leads to, they have to be told.
async fn may_wait_for_a_word(
    app: &App,
    author: &Author,
    (person, rule): (PersonId, &Rule),
    has_address: bool,
) -> Result<(), Problem> {
    if !matches!(rule.gate, Gate::Word { .. }) {
        return Ok(());
    }
    let keepers = app.store.keepers(author.account()).await?;
    if !keepers.iter().any(|keeper| keeper.standing.counts()) {
        return Err(Problem::field("rule", "keepers-missing"));
    }
    if !has_address && app.store.told_of_person(author, person).await?.is_none() {
        return Err(Problem::field("person", "name-for-keepers"));
    }
    Ok(())
}

fn read_asked(letter: LetterId, version: u32, given: Given) -> Result<Ask, Problem> {
    if !given.to.is_null() {
        return Err(Problem::field("to", "not-yet"));
    }
    let unknown = || Problem::field("manifestHash", "bytes-unknown");
    let manifest = read_hash(&given.manifest_hash).ok_or_else(unknown)?;
    let rest = given.rest.read()?;
    let person_missing = || Problem::field("person", "person-missing");
    let what = match given.rule {
        _ if given.amend => What::Amend,
        // An unsent letter is for whomever she likes; her vault knows, the house need not.
        None => What::Unsent,
        Some(Object(rule)) => {
            let person = given.person.ok_or_else(person_missing)?;
            let person = person.parse().map_err(|_| person_missing())?;
            let (rule, asks) = rule.read()?;
            // Who has the words, or her keepers beside them, has proved enough: nothing else is asked.
            if matches!(given.kept, KeptGiven::Words | KeptGiven::Keepers) && rule.proof != Proof::None {
                return Err(Problem::field("rule", "not-yet"));
            }
            What::Promise(person, rule, asks)
        }
    };
    let kept = match (&what, given.kept) {
        (What::Unsent, _) => Kept::Nobody,
        (_, KeptGiven::House) => Kept::House,
        (_, KeptGiven::Words) => Kept::Words,
        (_, KeptGiven::Keepers) => Kept::Keepers,
    };
    Ok(Ask { letter, version, manifest, rest, kept, what })
}

impl Ask {
    fn proving(&self, kept: Kept) -> Proving {
        Proving { letter: self.letter, version: self.version, manifest: self.manifest, kept }
    }
}

fn is_sealed(letter: &Letter, version: u32) -> bool {
    letter.versions.iter().any(|(number, _)| *number == version)
}

/// One attempt at a first sealing. The inner error is the store's, when it was asked to seal.
async fn once(app: &App, author: &Author, asked: &Ask) -> Result<Result<Letter, StoreError>, Problem> {
    let now = app.time.now();
    let letter = app.store.letter(author, asked.letter).await?;
    let zone = app.store.account(author).await?.zone;
    let sealed_already = is_sealed(&letter, asked.version);
    let promise = match &asked.what {
        What::Promise(person, rule, asks) => {
            let hers = of_hers(app, author, *person).await.map_err(|e| match e.key {
                "missing" => Problem::field("person", "person-missing"),
                _ => e,
            })?;
            let plan = accept::plan(rule, asked.rest, &zone, now)?;
            if !sealed_already {
                may_wait_for_her_end(app, author, rule).await?;
                let has_address = hers.addresses.iter().any(|a| a.good);
                may_wait_for_a_word(app, author, (*person, rule), has_address).await?;
                let has_way = match rule.reach {
                    Reach::Send => {
                        hers.addresses.iter().any(|a| a.good)
                            || keepers_will_be_asked(app, author, *person, rule).await?
                    }
                    Reach::Claim => !hers.addresses.is_empty() || app.store.has_card(author, *person).await?,
                };
                accept::may_seal(letter.delivery.as_ref(), rule.reach, has_way)?;
                has_card(app, author, *person, asked.kept).await?;
            }
            Some(Promise {
                delivery: DeliveryId(app.chance.id_bytes()),
                person: *person,
                rule: events::kept(app, author, rule, asked.letter).await?,
                occurrence: plan.occurrence,
                rest: plan.rest,
                due: plan.due,
                tzdb: calendar::tzdb_version().to_owned(),
                proof: asks.kept(app, asked.letter),
            })
        }
        What::Unsent | What::Amend => {
            if !sealed_already {
                accept::may_seal(letter.delivery.as_ref(), Reach::Claim, true)?;
            }
            None
        }
    };
    // Asked again after an answer that got lost: the store says the same again, or that it is sealed with something else.
    if !sealed_already {
        prove(app, author, &asked.proving(asked.kept)).await?;
    }
    let seal = Seal { letter: asked.letter, version: asked.version, manifest: asked.manifest, promise };
    match app.store.seal(author, seal, now).await {
        Err(StoreError::Conflict) if sealed_already => Err(Problem::of("already-sealed")),
        sealed => Ok(sealed),
    }
}

/// One attempt at new words. Nothing that the person did has a part in it.
async fn amend(app: &App, author: &Author, asked: &Ask) -> Result<Result<Letter, StoreError>, Problem> {
    let now = app.time.now();
    let letter = app.store.letter(author, asked.letter).await?;
    let zone = app.store.account(author).await?.zone;
    let sealed_already = is_sealed(&letter, asked.version);
    if !sealed_already {
        if letter.versions.is_empty() {
            return Err(Refusal::NothingSealed.into());
        }
        accept::amend(&letter.deliveries, letter.withdrew)?;
        let kept = match &letter.delivery {
            None => Kept::Nobody,
            Some(delivery) => {
                has_card(app, author, delivery.person, asked.kept).await?;
                asked.kept
            }
        };
        prove(app, author, &asked.proving(kept)).await?;
    }
    let rest = calendar::rest(asked.rest, &zone, now).map_err(Refusal::from)?;
    let amend = Amend { letter: asked.letter, version: asked.version, manifest: asked.manifest, rest };
    match app.store.amend(author, amend, now).await {
        Err(StoreError::Conflict) if sealed_already => Err(Problem::of("already-sealed")),
        amended => Ok(amended),
    }
}

/// A letter that is kept by words needs somebody who has them.
async fn has_card(app: &App, author: &Author, person: PersonId, kept: Kept) -> Result<(), Problem> {
    if kept == Kept::Words && !app.store.has_card(author, person).await? {
        return Err(Problem::field("person", "card-missing"));
    }
    Ok(())
}
