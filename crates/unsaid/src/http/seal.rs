//! Sealing: said only after the proof. The author's browser has fetched every stored part and compared; here the house does its half: everything is there, the hash
//! of the whole is the one she proved, and the host has peeled its layer once and thrown the key away. Then, and not before, `accept` is asked and
//! the promise committed.

use super::gate::SignedIn;
use super::letters;
use super::persons::of_hers;
use super::problem::Problem;
use super::read::{self, Json, Path};
use super::route::{Body, Face, Policy, Route};
use super::rule::{Given as RuleGiven, RestGiven};
use super::uploads::read_hash;
use crate::app::App;
use crate::peel::LETTER_HEAD_BYTES;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use unsaid_delivery::accept;
use unsaid_delivery::calendar;
use unsaid_delivery::id::{DeliveryId, LetterId, PersonId};
use unsaid_delivery::rule::{RestAsked, Rule};
use unsaid_seal::manifest::{ManifestPart, manifest_hash};
use unsaid_store::StoreError;
use unsaid_store::rows::{Author, Part, Promise, Seal, WrapKind};

/// How often it is read again when something moved in between.
const TRIES: usize = 3;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post(
        "/api/letters/{id}/versions/{number}/seal",
        Policy::Unlocked,
        Face::Api,
        Body::Json,
        seal,
    )]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Given {
    person: Option<String>,
    /// Addresses of the author's choice among the person's: not yet, so nothing may stand here.
    #[serde(default)]
    to: Value,
    manifest_hash: String,
    rule: Option<RuleGiven>,
    rest: RestGiven,
}

/// What was asked, read.
struct Asked {
    letter: LetterId,
    version: u32,
    manifest: [u8; 32],
    rest: RestAsked,
    promise: Option<(PersonId, Rule)>,
}

async fn seal(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, number)): Path<(String, String)>,
    Json(given): Json<Given>,
) -> Result<Response, Problem> {
    let (id, number) = (read::id(&id)?, read::number(&number)?);
    // Whose letter it is comes before what is wrong with the rest.
    app.store.letter(&author, id).await?;
    let asked = read_asked(id, number, given)?;
    for _ in 0..TRIES {
        match once(&app, &author, &asked).await? {
            Ok(letter) => {
                app.nudge.nudge();
                return Ok(axum::Json(letters::told(&app, &author, &letter).await?).into_response());
            }
            Err(StoreError::Conflict) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(Problem::of("changed-meanwhile"))
}

fn read_asked(letter: LetterId, version: u32, given: Given) -> Result<Asked, Problem> {
    if !given.to.is_null() {
        return Err(Problem::field("to", "not-yet"));
    }
    let unknown = || Problem::field("manifestHash", "bytes-unknown");
    let manifest = read_hash(&given.manifest_hash).ok_or_else(unknown)?;
    let rest = given.rest.read()?;
    let person_missing = || Problem::field("person", "person-missing");
    let promise = match given.rule {
        // An unsent letter is for whomever she likes; her vault knows, the house need not.
        None => None,
        Some(rule) => {
            let person = given.person.ok_or_else(person_missing)?;
            Some((person.parse().map_err(|_| person_missing())?, rule.read()?))
        }
    };
    Ok(Asked { letter, version, manifest, rest, promise })
}

/// One attempt. The inner error is the store's, when it was asked to seal.
async fn once(
    app: &App,
    author: &Author,
    asked: &Asked,
) -> Result<Result<unsaid_store::rows::Letter, StoreError>, Problem> {
    let now = app.time.now();
    let letter = app.store.letter(author, asked.letter).await?;
    let zone = app.store.account(author).await?.zone;
    let sealed_already = letter.versions.iter().any(|(number, _)| *number == asked.version);
    let promise = match &asked.promise {
        None => {
            if !sealed_already {
                accept::may_seal(letter.delivery.as_ref(), true)?;
            }
            None
        }
        Some((person, rule)) => {
            let hers = of_hers(app, author, *person).await.map_err(|e| match e.key {
                "missing" => Problem::field("person", "person-missing"),
                _ => e,
            })?;
            let plan = accept::plan(rule, asked.rest, &zone, now)?;
            if !sealed_already {
                accept::may_seal(letter.delivery.as_ref(), hers.addresses.iter().any(|a| a.good))?;
            }
            Some(Promise {
                delivery: DeliveryId(app.chance.id_bytes()),
                person: *person,
                rule: rule.clone(),
                rest: plan.rest,
                due: plan.due,
                tzdb: calendar::tzdb_version().to_owned(),
            })
        }
    };
    // Asked again after an answer that got lost: the store says the same again, or that it is sealed with something else.
    if !sealed_already {
        prove(app, author, asked).await?;
    }
    let seal = Seal { letter: asked.letter, version: asked.version, manifest: asked.manifest, promise };
    match app.store.seal(author, seal, now).await {
        Err(StoreError::Conflict) if sealed_already => Err(Problem::of("already-sealed")),
        sealed => Ok(sealed),
    }
}

/// The house's half of the proof.
async fn prove(app: &App, author: &Author, asked: &Asked) -> Result<(), Problem> {
    let held = app.store.unproven(author, asked.letter, asked.version).await?;
    let mut letters = held.parts.iter().filter(|part| part.kind == "letter" && part.name == "letter.age");
    let (Some(letter), None) = (letters.next(), letters.next()) else {
        return Err(Problem::of("parts-missing"));
    };
    if held.parts.iter().filter(|part| part.kind == "letter").count() != 1 {
        return Err(Problem::of("parts-missing"));
    }
    let parts: Vec<ManifestPart> = held
        .parts
        .iter()
        .map(|part| ManifestPart { name: part.name.clone(), size: part.size, sha256: part.sha256 })
        .collect();
    let manifest = manifest_hash(&parts).ok().and_then(|hash| read_hash(&hash));
    if manifest != Some(asked.manifest) {
        return Err(Problem::of("parts-changed"));
    }
    for part in &held.parts {
        app.blobs.verify(part.blob, part.size, part.sha256).await?;
    }
    if !held.has_author_wrap {
        return Err(Problem::of("wrap-missing"));
    }
    match (&held.host_wrap, &asked.promise) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Problem::of("wrap-missing")),
        (Some(_), None) => Err(Problem::of("wrap-not-wanted")),
        (Some(wrap), Some(_)) => inspect(app, asked, letter, wrap).await,
    }
}

/// The host peels its layer once, and opens the first chunk with what is under it.
async fn inspect(app: &App, asked: &Asked, letter: &Part, wrap: &[u8]) -> Result<(), Problem> {
    let head = 0..letter.size.min(LETTER_HEAD_BYTES as u64);
    let head = app.blobs.read(letter.blob, head, letter.size, letter.sha256).await?;
    let subject = asked.letter.to_string();
    app.peel.inspect(wrap, &subject, asked.version, WrapKind::Host, Some(&head)).map(drop).map_err(|why| {
        tracing::warn!(letter = subject, version = asked.version, error = %why, "a wrap does not open its letter");
        Problem::of("host-cannot-open")
    })
}
