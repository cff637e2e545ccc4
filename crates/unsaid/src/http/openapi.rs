//! GET /api/openapi.json: the description of everything that this house answers to programs (OpenAPI 3.1). It is made from the table of routes and from the signatures of their
//! handlers, and from nothing else. Pages are for people and are not in it. Tells nothing about this house but its address, and is the same for everybody.

use super::described::{Answers, Content, Operation, Schemas, shape};
use super::limits::class_of;
use super::problem::{Document, Problem};
use super::route::{Body, Effect, Face, Policy, Route};
use super::{cookies::Cookie, gate, routes as all_routes};
use crate::address::AddressError;
use crate::app::App;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::sync::{Arc, OnceLock};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/openapi.json", Policy::Anyone, Face::Api, look)]
}

/// The description, once somebody has asked for it.
#[derive(Clone, Default)]
pub(super) struct Written(Arc<OnceLock<String>>);

async fn look(
    State(app): State<App>,
    Extension(written): Extension<Written>,
) -> Result<Description, Problem> {
    Ok(Description(written.0.get_or_init(|| document(&app).to_string()).clone()))
}

struct Description(String);

impl IntoResponse for Description {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], self.0).into_response()
    }
}

impl Answers for Description {
    fn answers(operation: &mut Operation<'_>) {
        let document = json!({ "type": "object", "required": ["openapi", "info", "paths", "components"] });
        operation.answers.insert(200, Some(Content::Json(document)));
    }
}

/// Everything that programs may ask here.
pub fn document(app: &App) -> Value {
    let mut schemas = Schemas::default();
    let problem = schemas.told::<Document>();
    let mut paths: Map<String, Value> = Map::new();
    for route in all_routes().iter().filter(|route| route.face == Face::Api) {
        let operation = operation(app, route, &mut schemas, &problem);
        let path = paths.entry(path_of(route.path)).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation;
    }
    let cookie = |cookie: Cookie| json!({ "type": "apiKey", "in": "cookie", "name": cookie.name(app) });
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Unsaid",
            // Of the description. Which version of the program answers is told to nobody.
            "version": "1",
            "license": { "name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later" },
        },
        "servers": [{ "url": app.settings.public_url.origin }],
        "paths": paths,
        "components": {
            "schemas": schemas.by_name(),
            "securitySchemes": {
                "session": cookie(Cookie::Session),
                "reader": cookie(Cookie::Reader),
            },
        },
    })
}

/// `{*name}` is a place as any other, in which `/` may stand.
fn path_of(path: &str) -> String {
    path.replace("{*", "{")
}

fn operation(app: &App, route: &Route, schemas: &mut Schemas, problem: &Value) -> Value {
    let mut operation = Operation::new(schemas);
    (route.describe)(&mut operation);
    gate::refusals(route, &mut operation);
    if let Some(class) = class_of(route.path, &route.method) {
        operation.refuses(class.problem());
    }
    let of_addresses = AddressError::ALL.iter().map(|wrong| wrong.key()).chain(["address-of-house"]);
    let of_addresses: Vec<&str> = of_addresses.filter(|_| route.reads_address).collect();
    for key in route.refusals.iter().chain(&of_addresses) {
        operation.refuses(key);
    }
    let mut parameters: Vec<Value> = places(route.path).map(place).collect();
    parameters.append(&mut operation.parameters);
    if route.effect == Effect::Mutate && route.policy != Policy::Anywhere {
        let always = |name: &str, value: &str| json!({ "name": name, "in": "header", "required": true, "schema": { "type": "string", "const": value } });
        parameters.push(always("Origin", &app.settings.public_url.origin));
        parameters.push(always("Unsaid-Request", "1"));
    }
    let mut described = json!({
        "operationId": operation_id(route),
        "parameters": parameters,
        "security": security(route.policy),
        "responses": responses(&operation, problem),
    });
    if let Some(content) = &operation.reads {
        described["requestBody"] = json!({ "required": true, "content": media(content) });
        if let Some(most) = gate::most_bytes(app, route.body) {
            described["requestBody"]["x-max-bytes"] = json!(most);
        }
    }
    described
}

/// The names of the places in a path.
fn places(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn place(name: &str) -> Value {
    let (name, rest) = name.strip_prefix('*').map_or((name, false), |name| (name, true));
    let schema = match name {
        _ if rest => json!({ "type": "string", "minLength": 1 }),
        "number" | "rev" => json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX }),
        "kind" => json!({ "type": "string", "enum": ["author", "host", "words"] }),
        _ => json!({ "type": "string", "pattern": shape::ID }),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

/// In OpenAPI 3.1 (4.8.30) the names in a requirement of a scheme without scopes are roles.
fn security(policy: Policy) -> Value {
    match policy {
        Policy::Anyone | Policy::Anywhere | Policy::Outbox => json!([]),
        Policy::Newcomer => json!([{ "session": ["newcomer"] }]),
        Policy::Locked => json!([{ "session": ["locked"] }]),
        Policy::Unlocked => json!([{ "session": ["unlocked"] }]),
        Policy::Fresh => json!([{ "session": ["fresh"] }]),
        Policy::Reader => json!([{ "reader": [] }]),
    }
}

fn responses(operation: &Operation<'_>, problem: &Value) -> Value {
    let mut responses = Map::new();
    for (status, keys) in &operation.refusals {
        let keys: Vec<&str> = keys.iter().copied().collect();
        let schema = json!({ "allOf": [problem, { "properties": { "key": { "enum": keys } } }] });
        responses.insert(
            status.to_string(),
            json!({ "description": keys.join(", "), "content": { "application/problem+json": { "schema": schema } } }),
        );
    }
    for (status, content) in &operation.answers {
        let said = responses.entry(status.to_string()).or_insert_with(|| json!({ "description": "" }));
        if let Some(content) = content {
            for (kind, schema) in media(content).as_object().into_iter().flatten() {
                said["content"][kind] = schema.clone();
            }
        }
    }
    responses.into()
}

fn media(content: &Content) -> Value {
    match content {
        Content::Json(schema) => json!({ "application/json": { "schema": schema } }),
        Content::Bytes => {
            json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } })
        }
        Content::Text => json!({ "text/plain": { "schema": { "type": "string" } } }),
    }
}

/// The method and the path, as one word.
fn operation_id(route: &Route) -> String {
    let mut id = route.method.as_str().to_ascii_lowercase();
    for part in route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        id.push('-');
        id.push_str(part);
    }
    id
}

/// Bodies of routes that programs ask are described by what their handlers read; this is how the table says it.
pub fn reads_bytes(body: Body) -> bool {
    matches!(body, Body::Bytes | Body::Chunk | Body::Draft | Body::Photo | Body::Reply)
}
