//! Whom somebody looks after: said by their author, shown to her, rehearsed as it would be written, and gone again when she says so.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};

const OK: StatusCode = StatusCode::OK;

async fn shown(helen: &mut Writer, person: &str) -> Value {
    let persons = helen.browser.get("/api/persons").await.is(OK);
    let found = persons["persons"].as_array().unwrap().iter().find(|one| one["id"] == *person);
    found.unwrap()["lookedAfter"].clone()
}

#[tokio::test]
async fn the_name_is_hers_to_choose_and_to_take_back() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let ada = helen.person("mother@example.org").await;
    let path = format!("/api/persons/{ada}/looked-after");
    assert_eq!(shown(&mut helen, &ada).await, Value::Null);
    for name in ["", "A", "Ada <ada@example.org>", "https://example.org", &"a".repeat(41)] {
        let key = match name.len() {
            0 => "name-empty",
            1 | 41 => "name-length",
            _ => "name-letters",
        };
        helen.browser.put_json(&path, &json!({ "name": name })).await.says_no(422, key);
        assert_eq!(shown(&mut helen, &ada).await, Value::Null, "{name}");
    }
    // Somebody new whose name cannot be told is not there at all.
    let new = |name: &str| json!({ "address": "aunt@example.org", "lookedAfter": name });
    helen.browser.post("/api/persons", &new("My 1st grandchild")).await.says_no(422, "name-letters");
    assert_eq!(helen.browser.get("/api/persons").await.is(OK)["persons"].as_array().unwrap().len(), 1);
    let added = helen.browser.post("/api/persons", &new("Ben")).await.is(StatusCode::CREATED);
    assert_eq!(added["person"]["lookedAfter"], "Ben");
    let told = helen.browser.put_json(&path, &json!({ "name": "  Ada " })).await.is(OK);
    assert_eq!(told["person"]["lookedAfter"], "Ada");
    assert_eq!(shown(&mut helen, &ada).await, "Ada");
    helen.browser.put_json(&path, &json!({ "name": null })).await.is(OK);
    assert_eq!(shown(&mut helen, &ada).await, Value::Null);
}

#[tokio::test]
async fn what_would_be_written_to_a_guardian_is_rehearsed_word_for_word() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let ada = helen.person("mother@example.org").await;
    let joan = json!({ "name": "Joan Pryce", "address": "joan@example.org" });
    helen.browser.post("/api/life/keepers", &joan).await.is(StatusCode::CREATED);
    let plan = json!({ "policy": "both", "everyDays": 60, "pauseDays": 7, "quorum": 2, "warningDays": 10, "fallbackDays": 180 });
    helen.browser.put_json("/api/life", &plan).await.is(OK);
    house.work(tempfile::tempdir().unwrap().path()).await;
    let looked_after = format!("/api/persons/{ada}/looked-after");
    // Of one who reads her mail herself, of one who does not, and of both.
    for (name, of_person, of_guardian) in
        [(Value::Null, true, false), (json!("Ada"), false, true), (json!("Ada"), true, true)]
    {
        helen.browser.put_json(&looked_after, &json!({ "name": name })).await.is(OK);
        if of_person && of_guardian {
            helen.person("dan@example.org").await;
        }
        let shown = helen.browser.get("/api/life/rehearsal").await.is(OK);
        assert_eq!(shown["knockGuardian"].is_null(), !of_guardian);
        helen.browser.post("/api/life/rehearsal/send", &json!({})).await.is(OK);
        let outbox = tempfile::tempdir().unwrap();
        house.work(outbox.path()).await;
        let mails = House::mails(outbox.path()).join("\n");
        assert!(!mails.contains("Ada"), "the name is behind the click");
        assert_eq!(mails.contains("Rehearsal: Something waits for you"), of_person);
        assert_eq!(mails.contains("Rehearsal: Something waits for somebody"), of_guardian);
        house.pass(3_700);
    }
}
