//! The description of the API against the table of routes, both ways; and against every answer that any story here was given: `Browser::send` brings them all past
//! [`fits`]. So a status, a refusal or a field that is not described fails the story in which it first happens.

use super::house::*;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use unsaid::app::App;
use unsaid::http::openapi::{document, reads_bytes};
use unsaid::http::route::{Body, Effect, Face, Policy, Route};
use unsaid::http::routes;

/// The description of the first house that was asked. Houses differ in their address alone.
fn description(app: &App) -> &'static Value {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    DESCRIPTION.get_or_init(|| document(app))
}

fn is_described(route: &Route) -> bool {
    route.face == Face::Api
}

/// Whether a path is one of this template, and how many of its parts are named by the template itself.
fn literal_parts(template: &str, path: &str) -> Option<usize> {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    let mut literal = 0;
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(literal),
            (Some(part), Some(_)) if part.starts_with("{*") => return Some(literal),
            (Some(part), Some(_)) if part.starts_with('{') => {}
            (Some(part), Some(text)) if part == text => literal += 1,
            _ => return None,
        }
    }
}

/// What the description says of a request, if it is one that programs make.
fn operation<'a>(description: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let best = routes()
        .into_iter()
        .filter(|route| route.method == *method)
        .filter_map(|route| Some((literal_parts(route.path, path)?, route)))
        .max_by_key(|(literal, _)| *literal)?;
    let route = Some(best.1).filter(is_described)?;
    let path = route.path.replace("{*", "{");
    Some(&description["paths"][path][method.as_str().to_ascii_lowercase()])
}

/// Nothing is answered that is not described.
#[track_caller]
pub(super) fn fits(app: &App, method: &Method, path: &str, answer: &Answer) {
    let description = description(app);
    let Some(operation) = operation(description, method, path) else { return };
    let status = answer.status.as_str();
    let said = String::from_utf8_lossy(&answer.body[..answer.body.len().min(400)]);
    let Some(described) = operation["responses"].get(status) else {
        panic!("{method} {path} answered {status}, which is not described: {said}");
    };
    let kind = answer.header("content-type").split(';').next().unwrap_or_default();
    let Some(content) = described.get("content") else {
        assert_eq!(said, "", "{method} {path} {status}");
        return;
    };
    let Some(content) = content.get(kind) else {
        panic!("{method} {path} answered {status} as {kind:?}, which is not described: {said}");
    };
    if kind.ends_with("json") {
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        if let Err(why) = is_of(description, &content["schema"], &body) {
            panic!("{method} {path} {status}: {why}: {said}");
        }
    }
}

/// Whether a value is of a schema; of JSON Schema as much as the description uses.
fn is_of(description: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let Some(schema) = schema.as_object() else { return Ok(()) };
    let is = |schema: &Value, value: &Value| is_of(description, schema, value);
    for (word, says) in schema {
        let wrong = || Err(format!("{value} is not {word} {says}"));
        let all = || says.as_array().into_iter().flatten();
        match word.as_str() {
            "$ref" => {
                let named = description.pointer(says.as_str().unwrap().trim_start_matches('#'));
                is(named.ok_or(format!("there is no {says}"))?, value)?;
            }
            "type" => {
                let kinds: Vec<&str> = match says {
                    Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
                    kind => kind.as_str().into_iter().collect(),
                };
                let kind = match value {
                    Value::Null => "null",
                    Value::Bool(_) => "boolean",
                    Value::Number(n) if n.is_f64() => "number",
                    Value::Number(_) => "integer",
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Object(_) => "object",
                };
                if !kinds.contains(&kind) {
                    return wrong();
                }
            }
            "enum" if !says.as_array().is_some_and(|all| all.contains(value)) => return wrong(),
            "const" if says != value => return wrong(),
            "allOf" => all().try_for_each(|schema| is(schema, value))?,
            "anyOf" if !all().any(|schema| is(schema, value).is_ok()) => return wrong(),
            "oneOf" if all().filter(|schema| is(schema, value).is_ok()).count() != 1 => return wrong(),
            "required" if !all().all(|name| value.get(name.as_str().unwrap()).is_some()) => return wrong(),
            "properties" => {
                for (name, schema) in says.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        is(schema, value)?;
                    }
                }
                // What has no name in the description is as wrong as what has another shape.
                let open = schema.contains_key("additionalProperties") || !schema.contains_key("type");
                let known = |name: &String| open || says.get(name).is_some();
                if !value.as_object().is_none_or(|fields| fields.keys().all(known)) {
                    return wrong();
                }
            }
            "items" => value.as_array().into_iter().flatten().try_for_each(|value| is(says, value))?,
            _ => {}
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_route_that_programs_ask_is_described_and_nothing_else_is() {
    let house = House::new();
    let answer = house.browser().get("/api/openapi.json").await;
    let described = answer.is(StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(described, document(&house.app));
    let mut seen = BTreeSet::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            seen.insert((method.to_ascii_uppercase(), path.clone()));
        }
    }
    let table: BTreeSet<_> = routes()
        .iter()
        .filter(|route| is_described(route))
        .map(|route| (route.method.to_string(), route.path.replace("{*", "{")))
        .collect();
    assert_eq!(seen, table);
    assert!(routes().iter().filter(|r| r.path.starts_with("/api/")).all(is_described));
}

#[tokio::test]
async fn a_route_that_reads_something_says_what_and_each_says_what_it_answers_and_who_may_ask() {
    let house = House::new();
    let described = document(&house.app);
    for route in routes().iter().filter(|route| is_described(route)) {
        let path = route.path.replace("{*", "{");
        let operation = &described["paths"][&path][route.method.as_str().to_ascii_lowercase()];
        let at = format!("{} {path}", route.method);
        let body = operation["requestBody"]["content"].as_object();
        let kinds: Vec<&str> = body.into_iter().flatten().map(|(kind, _)| kind.as_str()).collect();
        match route.body {
            Body::None => assert!(kinds.is_empty(), "{at}"),
            Body::Json | Body::Wraps => {
                assert_eq!(kinds, ["application/json"], "{at}");
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                let name = schema["$ref"].as_str().unwrap_or_else(|| panic!("{at}: {schema}"));
                let schema = described.pointer(name.trim_start_matches('#')).unwrap();
                assert_eq!(schema["additionalProperties"], json!(false), "{at}: more than is read may come");
            }
            body => {
                assert!(reads_bytes(body), "{at}");
                assert_eq!(kinds, ["application/octet-stream"], "{at}");
            }
        }
        let responses = operation["responses"].as_object().unwrap();
        let good = |status: &&String| status.starts_with('2');
        assert!(responses.keys().any(|status| good(&status)), "{at} does not say what it answers");
        for (status, response) in responses.iter().filter(|(status, _)| good(status)) {
            assert!(response["content"].is_object(), "{at} {status} has no content");
        }
        for (_, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
            for (kind, content) in response["content"].as_object().into_iter().flatten() {
                let keys = &content["schema"]["allOf"][1]["properties"]["key"]["enum"];
                assert!(kind == "text/plain" || !keys.as_array().unwrap().is_empty(), "{at}");
            }
        }
        let wanted = match route.policy {
            Policy::Anyone | Policy::Anywhere | Policy::Outbox => json!([]),
            Policy::Newcomer => json!([{ "session": ["newcomer"] }]),
            Policy::Locked => json!([{ "session": ["locked"] }]),
            Policy::Unlocked => json!([{ "session": ["unlocked"] }]),
            Policy::Fresh => json!([{ "session": ["fresh"] }]),
            Policy::Reader => json!([{ "reader": [] }]),
        };
        assert_eq!(operation["security"], wanted, "{at}");
        let parameters: BTreeMap<&str, &str> = operation["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (p["name"].as_str().unwrap(), p["in"].as_str().unwrap()))
            .collect();
        assert_eq!(parameters.contains_key("Origin"), route.effect == Effect::Mutate, "{at}");
        assert_eq!(parameters.values().any(|place| *place == "query"), route.query, "{at}");
        for place in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            assert_eq!(parameters.get(place), Some(&"path"), "{at}: {place}");
        }
    }
}

#[tokio::test]
async fn every_shape_that_is_named_is_there_under_a_name_that_says_what_it_is() {
    let house = House::new();
    let described = document(&house.app);
    let names: BTreeSet<&String> = described["components"]["schemas"].as_object().unwrap().keys().collect();
    let text = described.to_string();
    let mut named = BTreeSet::new();
    for rest in text.split("\"#/components/schemas/").skip(1) {
        named.insert(rest.split('"').next().unwrap().to_owned());
    }
    assert_eq!(named.iter().collect::<BTreeSet<_>>(), names);
    // Two types of one name become `View` and `View2`, which tells nobody anything.
    for name in names {
        assert!(!name.ends_with(|c: char| c.is_ascii_digit()), "{name}");
    }
    assert!(!text.contains("\"$defs\""));
}

#[test]
fn an_answer_of_another_shape_is_noticed() {
    let description = json!({ "components": { "schemas": { "A": {
        "type": "object", "required": ["a"], "properties": { "a": { "type": ["string", "null"] } },
    } } } });
    let schema = json!({ "$ref": "#/components/schemas/A" });
    for good in [json!({ "a": "x" }), json!({ "a": null })] {
        assert_eq!(is_of(&description, &schema, &good), Ok(()));
    }
    for bad in [json!({}), json!({ "a": 1 }), json!({ "a": "x", "b": 1 }), json!([]), json!(null)] {
        assert!(is_of(&description, &schema, &bad).is_err(), "{bad}");
    }
    let one = json!({ "enum": ["x"] });
    assert!(is_of(&description, &one, &json!("y")).is_err());
    assert!(is_of(&description, &json!({ "items": one }), &json!(["x", "y"])).is_err());
}
