//! The people an author writes to, as the house knows them: an id, a zone, a language, addresses. Their names live in her vault, but for those by which she lets
//! her keepers, or whoever looks after somebody, be told of them. What a person has refused is not known here.

use super::account::read_language;
use super::described::shape;
use super::gate::SignedIn;
use super::notice;
use super::problem::Problem;
use super::read::{self, Json, Nothing, Path};
use super::route::{Body, Face, Policy, Route};
use super::tell::{Made, Told};
use crate::address::EmailAddress;
use crate::app::App;
use crate::name;
use crate::secrets::ReturnKind;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::calendar;
use unsaid_delivery::id::{AddressId, PersonId};
use unsaid_delivery::message::Notice;
use unsaid_store::StoreError;
use unsaid_store::rows::{Author, Early, NewAddress, NewPerson, Person, SealedText};

/// A person has at most so many addresses; the store holds to it too.
const MOST_ADDRESSES: usize = 5;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/persons", Policy::Unlocked, Face::Api, all),
        Route::post("/api/persons", Policy::Unlocked, Face::Api, Body::Json, add)
            .refuses(&[
                "persons-full",
                "persons-too-many",
                "language-unknown",
                "zone-unknown",
                "missing",
                "name-empty",
                "name-length",
                "name-letters",
            ])
            .reads_address(),
        Route::put("/api/persons/{id}", Policy::Unlocked, Face::Api, Body::Json, change)
            .refuses(&["language-unknown", "zone-unknown"]),
        Route::get("/api/persons/{id}/told", Policy::Unlocked, Face::Api, told_to_keepers),
        Route::put("/api/persons/{id}/told", Policy::Unlocked, Face::Api, Body::Json, tell_keepers)
            .refuses(&["name-empty", "name-length", "name-letters"]),
        Route::put("/api/persons/{id}/looked-after", Policy::Unlocked, Face::Api, Body::Json, look_after)
            .refuses(&["name-empty", "name-length", "name-letters"]),
        Route::post("/api/persons/{id}/addresses", Policy::Fresh, Face::Api, Body::Json, add_address)
            .refuses(&["addresses-full"])
            .reads_address(),
        Route::post(
            "/api/persons/{id}/addresses/{address}/remove",
            Policy::Fresh,
            Face::Api,
            Body::Json,
            remove_address,
        ),
    ]
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Person")]
struct PersonView {
    #[schemars(schema_with = "shape::id")]
    id: String,
    zone: Option<String>,
    language: String,
    addresses: Vec<AddressView>,
    /// What somebody who comes with their card before the time is told.
    #[schemars(extend("enum" = ["nothing", "waits", "day"]))]
    early: &'static str,
    /// The name by which whoever looks after them, and reads their mail, is told of them; none: they read it themselves.
    looked_after: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Address")]
struct AddressView {
    #[schemars(schema_with = "shape::id")]
    id: String,
    address: String,
    good: bool,
    /// The day on which the house got it; none of those that were there before that was written down.
    given: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OnePerson")]
struct One {
    person: PersonView,
}

/// `zone` is hers.
fn view(app: &App, person: Person, zone: &str) -> Result<PersonView, Problem> {
    let mut addresses = Vec::with_capacity(person.addresses.len());
    for address in person.addresses {
        let id = address.id.to_string();
        let text = app.keys.open_text(&id, &address.sealed).ok_or(StoreError::Damaged)?;
        let given = address.given.map(|at| calendar::day_in(at, zone).map(|day| day.to_string()));
        let given = given.transpose().map_err(|_| Problem::field("zone", "zone-unknown"))?;
        addresses.push(AddressView { address: text.to_string(), good: address.good, given, id });
    }
    let early = match person.early {
        Early::Nothing => "nothing",
        Early::Waits => "waits",
        Early::Day => "day",
    };
    let looked_after = person.looked_after.as_ref().map(|name| {
        let name = app.keys.open_text(&looked_after_of(person.id), name).ok_or(StoreError::Damaged)?;
        Ok::<_, Problem>(name.to_string())
    });
    Ok(PersonView {
        id: person.id.to_string(),
        zone: person.zone,
        language: person.language,
        addresses,
        early,
        looked_after: looked_after.transpose()?,
    })
}

#[derive(Serialize, JsonSchema)]
struct Persons {
    persons: Vec<PersonView>,
}

async fn all(State(app): State<App>, SignedIn(author, ..): SignedIn) -> Result<Told<Persons>, Problem> {
    let zone = app.store.account(&author).await?.zone;
    let persons = app.store.persons(&author).await?;
    let persons = persons.into_iter().map(|p| view(&app, p, &zone)).collect::<Result<Vec<_>, _>>()?;
    Ok(Told::new(Persons { persons }))
}

/// One of hers; foreign and missing are one answer.
pub(super) async fn of_hers(app: &App, author: &Author, id: PersonId) -> Result<Person, Problem> {
    let persons = app.store.persons(author).await?;
    persons.into_iter().find(|person| person.id == id).ok_or_else(Problem::missing)
}

async fn told(app: &App, author: &Author, id: PersonId) -> Result<One, Problem> {
    let zone = app.store.account(author).await?.zone;
    Ok(One { person: view(app, of_hers(app, author, id).await?, &zone)? })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "NewPerson")]
struct New {
    address: Option<String>,
    zone: Option<String>,
    #[schemars(extend("pattern" = shape::LANGUAGE))]
    language: Option<String>,
    /// The name by which whoever looks after them, and reads their mail, is told of them; none: they read it themselves.
    looked_after: Option<String>,
}

async fn add(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Json(new): Json<New>,
) -> Result<Made<One>, Problem> {
    let language = match new.language {
        Some(tag) => read_language(&tag)?,
        None => app.store.account(&author).await?.language,
    };
    if let Some(zone) = &new.zone {
        calendar::zone(zone).map_err(|_| Problem::field("zone", "zone-unknown"))?;
    }
    let address = new.address.map(|typed| new_address(&app, &typed)).transpose()?;
    let id = PersonId(app.chance.id_bytes());
    let looked_after = sealed_name(&app, id, new.looked_after)?;
    let person = NewPerson { id, zone: new.zone, language, address };
    app.store.add_person(&author, person, app.time.now()).await?;
    if looked_after.is_some() {
        app.store.look_after(&author, id, looked_after).await?;
    }
    Ok(Made::new(told(&app, &author, id).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PersonChanged")]
struct Changed {
    zone: Option<String>,
    #[schemars(schema_with = "shape::language")]
    language: String,
}

/// Where they live by the clock, and in which language they are spoken to. Neither says where a letter goes.
async fn change(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(changed): Json<Changed>,
) -> Result<Told<One>, Problem> {
    let id = read::id(&id)?;
    of_hers(&app, &author, id).await?;
    let language = read_language(&changed.language)?;
    if let Some(zone) = &changed.zone {
        calendar::zone(zone).map_err(|_| Problem::field("zone", "zone-unknown"))?;
    }
    app.store.update_person(&author, id, changed.zone, language).await?;
    Ok(Told::new(told(&app, &author, id).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAddress")]
struct Typed {
    #[schemars(schema_with = "shape::email")]
    address: String,
}

async fn add_address(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(typed): Json<Typed>,
) -> Result<Told<One>, Problem> {
    let id = read::id(&id)?;
    // Whose person it is comes before what was typed, so that nothing is told about a stranger's.
    let person = of_hers(&app, &author, id).await?;
    let address = new_address(&app, &typed.address)?;
    if person.addresses.len() >= MOST_ADDRESSES {
        return Err(Problem::of("addresses-full"));
    }
    notice::tell(&app, &author, Notice::AddressesChanged).await?;
    app.store.add_address(&author, id, address, app.time.now()).await.map_err(|e| match e {
        StoreError::Conflict => Problem::of("addresses-full"),
        e => e.into(),
    })?;
    app.nudge.nudge();
    Ok(Told::new(told(&app, &author, id).await?))
}

/// What her keepers may be told of a person whom her letters cannot reach, so that they can give a newer address.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ToldToKeepers")]
struct ToldToKeepers {
    /// A name; none: nothing, and they are not asked.
    name: Option<String>,
}

/// The same as it comes in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ToldToKeepersGiven")]
struct TellKeepers {
    /// A name; none: nothing, and they are not asked.
    name: Option<String>,
}

async fn told_to_keepers(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
) -> Result<Told<ToldToKeepers>, Problem> {
    let id: PersonId = read::id(&id)?;
    let sealed = app.store.told_of_person(&author, id).await?;
    let open = |sealed| app.keys.open_text(&id.to_string(), sealed).ok_or(StoreError::Damaged);
    let name = sealed.as_ref().map(open).transpose()?.map(|name| name.to_string());
    Ok(Told::new(ToldToKeepers { name }))
}

/// A name by which somebody is told of a person, as it was typed.
fn name_to_tell(typed: Option<String>) -> Result<Option<String>, Problem> {
    let name = typed.map(|name| name::read(&name)).transpose();
    name.map_err(|key| Problem::field("name", key))
}

async fn tell_keepers(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(asked): Json<TellKeepers>,
) -> Result<Told<ToldToKeepers>, Problem> {
    let id: PersonId = read::id(&id)?;
    of_hers(&app, &author, id).await?;
    let name = name_to_tell(asked.name)?;
    let sealed = name.as_ref().map(|name| app.keys.seal_text(&id.to_string(), name, &*app.chance));
    app.store.tell_of_person(&author, id, sealed).await?;
    Ok(Told::new(ToldToKeepers { name: name.map(|name| name.to_string()) }))
}

/// To what the name is bound by which whoever looks after this person is told of them.
pub(super) fn looked_after_of(person: PersonId) -> String {
    format!("{person} looked after")
}

/// The name as it is kept, if it is one.
fn sealed_name(app: &App, person: PersonId, typed: Option<String>) -> Result<Option<SealedText>, Problem> {
    Ok(name_to_tell(typed)?.map(|name| app.keys.seal_text(&looked_after_of(person), &name, &*app.chance)))
}

/// Who reads what is sent to this person.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LookedAfter")]
struct LookedAfter {
    /// The name by which whoever looks after them is told of them; none: they read it themselves.
    name: Option<String>,
}

async fn look_after(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path(id): Path<String>,
    Json(asked): Json<LookedAfter>,
) -> Result<Told<One>, Problem> {
    let id: PersonId = read::id(&id)?;
    of_hers(&app, &author, id).await?;
    app.store.look_after(&author, id, sealed_name(&app, id, asked.name)?).await?;
    Ok(Told::new(told(&app, &author, id).await?))
}

async fn remove_address(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Path((id, address)): Path<(String, String)>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Told<One>, Problem> {
    let (id, address) = (read::id::<PersonId>(&id)?, read::id::<AddressId>(&address)?);
    if !of_hers(&app, &author, id).await?.addresses.iter().any(|known| known.id == address) {
        return Err(Problem::missing());
    }
    notice::tell(&app, &author, Notice::AddressesChanged).await?;
    app.store.remove_address(&author, id, address, app.time.now()).await?;
    app.nudge.nudge();
    Ok(Told::new(told(&app, &author, id).await?))
}

fn new_address(app: &App, typed: &str) -> Result<NewAddress, Problem> {
    let address = of_somebody(app, "address", typed)?;
    let id = AddressId(app.chance.id_bytes());
    Ok(NewAddress {
        id,
        sealed: app.keys.seal_text(&id.to_string(), &address.to_text(), &*app.chance),
        key: app.keys.address_index(&address.normal_form()),
    })
}

/// An address that was typed into this field, of somebody and not of this house.
pub(super) fn of_somebody(app: &App, field: &'static str, typed: &str) -> Result<EmailAddress, Problem> {
    let address = EmailAddress::read(typed).map_err(|e| Problem::field(field, e.key()))?;
    if is_the_house(app, &address) { Err(Problem::field(field, "address-of-house")) } else { Ok(address) }
}

/// An address of ours: the one that mails come from, or one that mail comes back to, with our mark or without one, at the domain that they are at.
/// Writing to it would be writing to ourselves.
pub(super) fn is_the_house(app: &App, address: &EmailAddress) -> bool {
    let normal = address.normal_form();
    let marked = app.keys.returned_to(&address.to_text()).is_some();
    marked
        || EmailAddress::read(&app.settings.mail_from).is_ok_and(|house| {
            let comes_back = [ReturnKind::Bounce, ReturnKind::Reply].map(ReturnKind::word);
            normal == house.normal_form()
                || comes_back.iter().any(|word| normal == format!("{word}@{}", house.domain()))
        })
}
