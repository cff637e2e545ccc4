//! Where a letter comes in: reserved here, its sealed parts and wraps brought here, and shown to its author here. What she is shown of a delivery
//! comes from [`shown`] alone: from the first knock on one answer, whatever the person did. What was sealed cannot be read here.

use super::described::shape;
use super::gate::SignedIn;
use super::host_wrap;
use super::problem::Problem;
use super::range::{self, Ranged};
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Done, Made, Octets, Told, done};
use super::{asks, events, rule};
use crate::app::App;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use unsaid_delivery::calendar;
use unsaid_delivery::id::LetterId;
use unsaid_delivery::rule::{Gate, Moment, Reach};
use unsaid_delivery::state::{Delivery, Parked, Shown, State as At, shown};
use unsaid_store::StoreError;
use unsaid_store::rows::{Author, Kept, Letter, WrapKind};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/letters", Policy::Locked, Face::Api, all),
        Route::post("/api/letters", Policy::Unlocked, Face::Api, Body::Json, reserve)
            .refuses(&["letters-full", "reserved-too-many"]),
        Route::get("/api/letters/{id}", Policy::Locked, Face::Api, one),
        Route::post("/api/letters/{id}/versions", Policy::Unlocked, Face::Api, Body::Json, reserve_version)
            .refuses(&["versions-full"]),
        Route::get("/api/letters/{id}/versions/{number}/parts/{*name}", Policy::Unlocked, Face::Api, part),
        Route::get("/api/letters/{id}/versions/{number}/wraps/{kind}", Policy::Unlocked, Face::Api, wrap),
        Route::put(
            "/api/letters/{id}/versions/{number}/wraps/{kind}",
            Policy::Unlocked,
            Face::Api,
            Body::Bytes,
            put_wrap,
        )
        .refuses(&["bytes-unknown", "host-cannot-open", "already-sealed"]),
    ]
}

/// What an author is told of a letter.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Letter")]
pub(super) struct View {
    #[schemars(schema_with = "shape::id")]
    id: String,
    person: Option<String>,
    version: u32,
    versions: Vec<VersionView>,
    #[schemars(extend("enum" = ["reserved", "unsent", "resting", "waiting", "held", "askable", "left", "withdrawn"]))]
    state: &'static str,
    /// Why it is held, before it has left.
    #[schemars(extend("enum" = ["by-host", "unforeseen", "damaged", "not-understood", null]))]
    held: Option<&'static str>,
    #[schemars(schema_with = "shape::instant_or_none")]
    sealed_at: Option<String>,
    #[schemars(schema_with = "shape::instant_or_none")]
    rest_until: Option<String>,
    #[schemars(schema_with = "shape::instant_or_none")]
    arrives: Option<String>,
    rule: Option<rule::View>,
    /// Who keeps the key beside her.
    #[schemars(extend("enum" = ["house", "words", "keepers", null]))]
    kept: Option<&'static str>,
    /// Civil days that are still to come, the first of them.
    #[schemars(schema_with = "shape::days")]
    occurrences: Vec<String>,
    amending: Option<AmendingView>,
    #[schemars(extend("items" = { "enum": ["amend", "undo-amend", "undo", "withdraw", "export"] }))]
    can: Vec<&'static str>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Version")]
struct VersionView {
    number: u32,
    #[schemars(schema_with = "shape::day")]
    sealed_on: String,
    /// Whether it is this one that goes. Said to nobody once the letter has left: which one was read would say that it was.
    counts: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Amending")]
struct AmendingView {
    version: u32,
    #[schemars(schema_with = "shape::instant")]
    until: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OneLetter")]
pub(super) struct One {
    pub(super) letter: View,
}

/// How many days that are still to come are told at once.
const DAYS_TOLD: usize = 3;

/// A letter as its author may see it. `zone` is hers.
pub(super) fn view(app: &App, letter: &Letter, zone: &str, now: Timestamp) -> Result<View, Problem> {
    let day = |at| calendar::day_in(at, zone).map_err(|_| Problem::field("zone", "zone-unknown"));
    let amending = letter.amending.as_ref();
    // Until the rest of new words is over the version before them is the one that goes.
    let counts = |number: u32| match amending {
        None => number == letter.version,
        Some(amending) => {
            let before = letter.versions.iter().map(|(n, _)| *n).filter(|n| *n < amending.version).max();
            Some(number) == before
        }
    };
    let has_left = shown_of(letter) == Some(Shown::Left);
    let versions = letter
        .versions
        .iter()
        .map(|(number, at)| {
            let counts = (!has_left).then(|| counts(*number));
            Ok(VersionView { number: *number, sealed_on: day(*at)?.to_string(), counts })
        })
        .collect::<Result<_, Problem>>()?;
    let mut view = View {
        id: letter.id.to_string(),
        person: None,
        version: letter.version,
        versions,
        state: if letter.versions.is_empty() { "reserved" } else { "unsent" },
        held: None,
        sealed_at: letter.versions.iter().find(|(n, _)| *n == letter.version).map(|(_, at)| at.to_string()),
        rest_until: None,
        arrives: None,
        rule: None,
        kept: match letter.kept {
            Kept::Nobody => None,
            Kept::House => Some("house"),
            Kept::Words => Some("words"),
            Kept::Keepers => Some("keepers"),
        },
        occurrences: Vec::new(),
        amending: amending.map(|a| AmendingView { version: a.version, until: a.rest.until.to_string() }),
        can: if letter.versions.is_empty() { Vec::new() } else { vec!["amend", "export"] },
    };
    let Some(delivery) = &letter.delivery else { return Ok(view) };
    view.person = Some(delivery.person.to_string());
    // What was undone in its rest is a draft again, and stands there as if it had never been promised.
    if delivery.state == (At::Withdrawn { undone: true }) {
        view.state = "reserved";
        view.can = Vec::new();
        return Ok(view);
    }
    let shown = shown(delivery.state, letter.withdrew);
    (view.state, view.can) = match shown {
        Shown::Resting => ("resting", vec!["undo", "export"]),
        Shown::Waiting => ("waiting", vec!["amend", "withdraw", "export"]),
        Shown::Held => ("held", vec!["amend", "withdraw", "export"]),
        // Once anybody could ask for it there is one state for ever, whoever came and whatever they did.
        Shown::Left if delivery.rule.reach == Reach::Claim => {
            ("askable", vec!["amend", "withdraw", "export"])
        }
        Shown::Left => ("left", vec!["amend", "withdraw", "export"]),
        Shown::Withdrawn => ("withdrawn", vec!["export"]),
    };
    view.held = (shown == Shown::Held).then(|| held_because(delivery.state));
    let event = events::text_of(app, &delivery.rule, letter.id);
    view.rule = Some(rule::View::of(&delivery.rule, event, asks::View::of(app, letter)?));
    if shown == Shown::Withdrawn {
        view.amending = None;
        return Ok(view);
    }
    if amending.is_some_and(|amending| now < amending.rest.until) {
        view.can.insert(0, "undo-amend");
    }
    view.rest_until = Some(delivery.rest.until.to_string());
    // What waits for nothing but her end, or a word, has no day before that.
    let dayless = delivery.rule.gate != Gate::None && delivery.rule.moment == Moment::AtOnce;
    if !dayless || shown == Shown::Left {
        view.arrives = delivery.due.map(|due| due.max(delivery.rest.until).to_string());
    }
    if shown != Shown::Left {
        view.occurrences = days_to_come(delivery, now);
    }
    Ok(view)
}

/// Before the first knock an author is shown all of it: why this house holds her letter, too.
fn held_because(state: At) -> &'static str {
    match state {
        At::Parked { why: Parked::ByHost, .. } => "by-host",
        At::Parked { why: Parked::Unforeseen, .. } => "unforeseen",
        At::Parked { why: Parked::RuleUnknown | Parked::ZoneUnknown, .. } => "not-understood",
        _ => "damaged",
    }
}

fn shown_of(letter: &Letter) -> Option<Shown> {
    letter.delivery.as_ref().map(|delivery| shown(delivery.state, letter.withdrew))
}

/// The first days on which it still arrives, by the calendar of its own zone. One that goes as soon as it has rested has none.
fn days_to_come(delivery: &Delivery, now: Timestamp) -> Vec<String> {
    let moment = &delivery.rule.moment;
    let (Moment::On { zone, .. } | Moment::Birthday { zone, .. } | Moment::EachBirthday { zone, .. }) =
        moment
    else {
        return Vec::new();
    };
    let Ok(today) = calendar::day_in(now, zone) else { return Vec::new() };
    calendar::days(moment, delivery.occurrence)
        .skip_while(|day| *day < today)
        .take(DAYS_TOLD)
        .map(|day| day.to_string())
        .collect()
}

/// The answer about one letter.
pub(super) async fn told(app: &App, author: &Author, letter: &Letter) -> Result<One, Problem> {
    let zone = app.store.account(author).await?.zone;
    Ok(One { letter: view(app, letter, &zone, app.time.now().trusted)? })
}

#[derive(Serialize, JsonSchema)]
struct Letters {
    letters: Vec<View>,
}

async fn all(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<Letters>, Problem> {
    let zone = app.store.account(&author).await?.zone;
    let letters = app.store.letters(&author).await?;
    let now = app.time.now().trusted;
    let letters =
        letters.iter().map(|letter| view(&app, letter, &zone, now)).collect::<Result<Vec<_>, _>>()?;
    Ok(Told::new(Letters { letters }))
}

async fn one(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
) -> Result<Told<One>, Problem> {
    let letter = app.store.letter(&author, read::id(&id)?).await?;
    Ok(Told::new(told(&app, &author, &letter).await?))
}

#[derive(Serialize, JsonSchema)]
struct Reserved {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    version: u32,
}

/// Ids are given out before sealing: they stand in what is sealed.
async fn reserve(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Made<Reserved>, Problem> {
    let id = LetterId(app.chance.id_bytes());
    app.store.reserve_letter(&author, id, app.time.now()).await?;
    let reserved = Reserved { id: Some(id.to_string()), version: 1 };
    Ok(Made::new(reserved))
}

async fn reserve_version(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Made<Reserved>, Problem> {
    let version = app.store.reserve_version(&author, read::id(&id)?, app.time.now()).await?;
    Ok(Made::new(Reserved { id: None, version }))
}

/// A sealed part, for the proof and for reading again.
async fn part(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, number, name)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Ranged, Problem> {
    let (id, number) = (read::id(&id)?, read::number(&number)?);
    let part = app.store.part(&author, id, number, &name).await?;
    Ok(range::part(&app, &part, "part.age", &headers).await?)
}

/// The author's own way to a letter of hers. The host's is given to nobody who writes.
async fn wrap(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, number, kind)): Path<(String, String, String)>,
) -> Result<Octets, Problem> {
    let (id, number) = (read::id(&id)?, read::number(&number)?);
    if kind != WrapKind::Author.name() {
        return Err(Problem::missing());
    }
    let wrap = app.store.author_wrap(&author, id, number).await?;
    Ok(Octets::new(wrap))
}

async fn put_wrap(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, number, kind)): Path<(String, String, String)>,
    wrap: Bytes,
) -> Result<Told<Done>, Problem> {
    let (id, number) = (read::id::<LetterId>(&id)?, read::number(&number)?);
    let kind = [WrapKind::Author, WrapKind::Host, WrapKind::Words].into_iter().find(|k| k.name() == kind);
    let kind = kind.ok_or_else(Problem::missing)?;
    if wrap.len() > unsaid_seal::wrap::MAX_WRAP_BYTES {
        return Err(Problem::of("too-large"));
    }
    if unsaid_seal::wrap::check_wrap(&wrap).is_err() {
        // A letter of somebody else's stays missing, whatever was sent for it.
        app.store.letter(&author, id).await?;
        return Err(Problem::field("wrap", "bytes-unknown"));
    }
    let (wrap, generation) = match kind {
        WrapKind::Author => (wrap.to_vec(), app.peel.generation()),
        _ => {
            app.store.letter(&author, id).await?;
            host_wrap::bound(&app, wrap.to_vec(), &id.to_string(), number, kind)
                .map_err(|_| Problem::field("wrap", "host-cannot-open"))?
        }
    };
    app.store.put_wrap(&author, id, number, kind, wrap, generation).await.map_err(sealed_already)?;
    Ok(done())
}

/// A version that is sealed takes nothing more.
pub(super) fn sealed_already(e: StoreError) -> Problem {
    match e {
        StoreError::Conflict => Problem::of("already-sealed"),
        e => e.into(),
    }
}
