//! What a handler's own signature tells about its route: what it reads, from the types of its arguments, and what it answers, from the type that it gives back. The
//! description of the API (`openapi.rs`) is made from this and from the table of routes, so that it cannot say anything else than the code does. Knows no route
//! by name.

use super::gate::{NewcomerIn, ReaderIn, SessionToken, SignedIn};
use super::problem::{KEYS, Problem};
use super::read;
use crate::app::App;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

/// What goes into a request or an answer, by its media type.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// application/json with this schema.
    Json(Value),
    /// application/octet-stream.
    Bytes,
    /// text/plain.
    Text,
}

/// One route while it is described.
pub struct Operation<'a> {
    schemas: &'a mut Schemas,
    /// Parameters besides the places of the path (OpenAPI 3.1, 4.8.12).
    pub parameters: Vec<Value>,
    /// What it reads.
    pub reads: Option<Content>,
    /// What it answers, by status.
    pub answers: BTreeMap<u16, Option<Content>>,
    /// Why it says no: statuses, and the keys that come with each.
    pub refusals: BTreeMap<u16, BTreeSet<&'static str>>,
}

impl<'a> Operation<'a> {
    /// Nothing is known yet.
    pub fn new(schemas: &'a mut Schemas) -> Self {
        Self {
            schemas,
            parameters: Vec::new(),
            reads: None,
            answers: BTreeMap::new(),
            refusals: BTreeMap::new(),
        }
    }

    /// It may say no with this key, with the status of the table.
    pub fn refuses(&mut self, key: &'static str) {
        let status = KEYS.iter().find(|(known, _)| *known == key).map(|(_, status)| *status);
        debug_assert!(status.is_some(), "{key} is not in the table of problems");
        self.refuses_with(status.unwrap_or(500), key);
    }

    /// The same with a status of its own.
    pub fn refuses_with(&mut self, status: u16, key: &'static str) {
        self.refusals.entry(status).or_default().insert(key);
    }

    /// A header that is read.
    pub fn reads_header(&mut self, name: &str, required: bool, schema: Value) {
        self.parameters.push(json!({ "name": name, "in": "header", "required": required, "schema": schema }));
    }
}

/// The schemas of everything that is described, in both directions: what is read may leave out what is answered always.
pub struct Schemas {
    read: SchemaGenerator,
    told: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
                settings.transforms.push(Box::new(RecursiveTransform(within_bounds)));
            })
        };
        Self {
            read: settings().for_deserialize().into_generator(),
            told: settings().for_serialize().into_generator(),
        }
    }
}

/// A number says how large it may be, and not its kind alone.
fn within_bounds(schema: &mut Schema) {
    let bounds: (Value, Value) = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => (0.into(), u32::MAX.into()),
        Some("uint64") => (0.into(), u64::MAX.into()),
        Some("int64") => (i64::MIN.into(), i64::MAX.into()),
        _ => return,
    };
    schema.insert("minimum".to_owned(), bounds.0);
    schema.insert("maximum".to_owned(), bounds.1);
}

impl Schemas {
    /// A schema of something that comes in. It stands in the document by its name.
    pub fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().to_value()
    }

    /// A schema of something that goes out.
    pub fn told<T: JsonSchema>(&mut self) -> Value {
        self.told.subschema_for::<T>().to_value()
    }

    /// Every schema by its name; those that come in and those that go out have names of their own.
    pub fn by_name(mut self) -> Map<String, Value> {
        let mut all = self.told.take_definitions(true);
        for (name, schema) in self.read.take_definitions(true) {
            let before = all.insert(name.clone(), schema.clone());
            debug_assert!(before.is_none_or(|b| b == schema), "two schemas are called {name}");
        }
        all
    }
}

/// What an argument of a handler reads of a request.
pub trait Takes {
    /// Writes it down.
    fn takes(operation: &mut Operation<'_>);
}

/// What a handler answers, when its arguments are those of `T`.
pub trait Gives<T> {
    /// Writes it down.
    fn gives(operation: &mut Operation<'_>);
}

/// An answer.
pub trait Answers {
    /// Writes down its status and its content.
    fn answers(operation: &mut Operation<'_>);
}

macro_rules! reads_nothing {
    ($($name:ty),*) => {$(
        impl Takes for $name {
            fn takes(_: &mut Operation<'_>) {}
        }
    )*};
}

reads_nothing!((), State<App>, SignedIn, NewcomerIn, SessionToken, ReaderIn, HeaderMap, Uri);

/// The place of a file, which is read as it stands.
impl<T> Takes for axum::extract::Path<T> {
    fn takes(operation: &mut Operation<'_>) {
        operation.refuses("missing");
    }
}

impl<T> Takes for Extension<T> {
    fn takes(_: &mut Operation<'_>) {}
}

impl<T: JsonSchema> Takes for read::Json<T> {
    fn takes(operation: &mut Operation<'_>) {
        operation.reads = Some(Content::Json(operation.schemas.read::<T>()));
        operation.refuses("not-json");
        operation.refuses("not-understood");
    }
}

impl Takes for Bytes {
    fn takes(operation: &mut Operation<'_>) {
        operation.reads = Some(Content::Bytes);
    }
}

/// Forms belong to pages, which are not described.
impl<T> Takes for read::Form<T> {
    fn takes(_: &mut Operation<'_>) {}
}

impl<T> Takes for read::Path<T> {
    fn takes(operation: &mut Operation<'_>) {
        operation.refuses("missing");
    }
}

impl<T: JsonSchema> Takes for read::Query<T> {
    fn takes(operation: &mut Operation<'_>) {
        operation.refuses("query-unknown");
        let mut schema = T::json_schema(&mut operation.schemas.read);
        RecursiveTransform(within_bounds).transform(&mut schema);
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let required = required.iter().any(|r| r == name);
            operation.parameters.push(
                json!({ "name": name, "in": "query", "required": required, "schema": without_null(schema) }),
            );
        }
    }
}

/// What stands behind the `?` of a page, which may be anything and is not described.
impl Takes for axum::extract::RawQuery {
    fn takes(_: &mut Operation<'_>) {}
}

/// What stands behind a `?` is there or not; it is never null.
fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
    }
    schema
}

impl Takes for read::IfMatch {
    fn takes(operation: &mut Operation<'_>) {
        operation.reads_header("If-Match", true, json!({ "type": "string", "pattern": "^\"[0-9]{1,18}\"$" }));
        operation.refuses("if-match");
        operation.refuses_with(412, "changed-meanwhile");
    }
}

impl<A: Answers> Answers for Result<A, Problem> {
    fn answers(operation: &mut Operation<'_>) {
        A::answers(operation);
    }
}

/// A page, or something else that is not described.
impl Answers for Response {
    fn answers(_: &mut Operation<'_>) {}
}

impl Operation<'_> {
    /// It answers JSON.
    pub fn tells<T: JsonSchema>(&mut self, status: u16) {
        let schema = self.schemas.told::<T>();
        self.answers.insert(status, Some(Content::Json(schema)));
    }
}

macro_rules! handlers {
    ($(($($argument:ident),*)),*) => {$(
        // The first of the tuple is axum's own mark (axum::handler::Handler).
        impl<M, $($argument: Takes),*> Takes for (M, $($argument,)*) {
            fn takes(operation: &mut Operation<'_>) {
                $($argument::takes(operation);)*
            }
        }

        impl<F, Fut, R, M, $($argument),*> Gives<(M, $($argument,)*)> for F
        where
            F: FnOnce($($argument),*) -> Fut,
            Fut: Future<Output = R>,
            R: Answers,
        {
            fn gives(operation: &mut Operation<'_>) {
                R::answers(operation);
            }
        }
    )*};
}

handlers!((A), (A, B), (A, B, C), (A, B, C, D), (A, B, C, D, E), (A, B, C, D, E, G));

impl Takes for ((),) {
    fn takes(_: &mut Operation<'_>) {}
}

impl<F, Fut, R> Gives<((),)> for F
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = R>,
    R: Answers,
{
    fn gives(operation: &mut Operation<'_>) {
        R::answers(operation);
    }
}

/// Shapes of texts that are more than texts, for fields whose type does not say so.
pub(super) mod shape {
    use super::{Schema, SchemaGenerator, json_schema};

    /// 128 random bits (data.md): 26 characters of base32.
    pub(crate) fn id(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": ID })
    }

    /// 32 bytes in base64url, as tokens are.
    pub(crate) fn token(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": TOKEN })
    }

    /// SHA-256 in 64 figures.
    pub(crate) fn sha256(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }

    /// Bytes in base64url without padding.
    pub(crate) fn bytes(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_-]*$" })
    }

    /// A code of eight figures, however it is spaced.
    pub(crate) fn code(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[ -]*([0-9][ -]*){8}$" })
    }

    /// An address that mail goes to.
    pub(crate) fn email(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^.+@.+$" })
    }

    /// A language with perhaps a region (BCP 47).
    pub(crate) fn language(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": LANGUAGE })
    }

    /// How long a sealing rests, in words or figures: until the morning, not at all, or so many nights.
    pub(crate) fn rest(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(morning|none|0?[1-9]|[12][0-9]|30)$" })
    }

    /// How many nights a sealing rests.
    pub(crate) fn nights(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": 30 })
    }

    /// A civil day.
    pub(crate) fn day(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }

    /// A civil day, or none.
    pub(crate) fn day_or_none(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "null"], "format": "date" })
    }

    /// Civil days.
    pub(crate) fn days(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "type": "string", "format": "date" } })
    }

    /// An instant.
    pub(crate) fn instant(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }

    /// An instant, or none.
    pub(crate) fn instant_or_none(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "null"], "format": "date-time" })
    }

    /// As `unsaid_delivery::id` writes and reads it; the last character holds three bits.
    pub(crate) const ID: &str = "^[a-z2-7]{25}[aeimquy4]$";
    /// A time of day.
    pub(crate) const TIME: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";
    /// A language with perhaps a region (BCP 47).
    pub(crate) const LANGUAGE: &str = "^[a-z]{2,3}(-[A-Z]{2})?$";
    const TOKEN: &str = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$";
}
