//! The way of a letter, as its author may read it: each thing that was decided, with its day, up to the first knock. That one answer is given from then on, whatever the person did, is told in two_worlds.rs.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};
use unsaid_delivery::id::LetterId;
use unsaid_delivery::parking;
use unsaid_store::rows::SessionOf;
use unsaid_store::{AccountStore, EngineStore, LetterStore};

const OK: StatusCode = StatusCode::OK;

async fn way(helen: &mut Writer, letter: &str) -> Value {
    helen.browser.get(&format!("/api/letters/{letter}/way")).await.is(OK)
}

fn whats(way: &Value) -> Vec<&str> {
    way["steps"].as_array().unwrap().iter().map(|step| step["what"].as_str().unwrap()).collect()
}

/// A turn of the worker, which writes down what time it is.
async fn time_is_written_down(house: &House) {
    house.work(tempfile::tempdir().unwrap().path()).await;
}

#[tokio::test]
async fn each_thing_that_is_decided_stands_there_with_its_day() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &dan, json!("morning")).await;
    let told = way(&mut helen, &letter).await;
    assert_eq!((whats(&told), &told["left"]), (vec!["sealed"], &json!(false)));
    assert_eq!(told["steps"][0], json!({ "day": "2037-03-12", "what": "sealed", "number": 1 }));
    house
        .author("anna@example.org")
        .await
        .browser
        .get(&format!("/api/letters/{letter}/way"))
        .await
        .says_no(404, "missing");

    // A host holds it, and lets it go two days later; meanwhile he gets another address.
    time_is_written_down(&house).await;
    let id: LetterId = letter.parse().unwrap();
    let token = unsaid::secrets::hashed(&helen.browser.token("session").unwrap());
    let session = house.store.session(token, house.app.time.now()).await.unwrap().unwrap();
    let SessionOf::Author(author, _) = session.who else { panic!("she is signed in") };
    let delivery = house.store.letter(&author, id).await.unwrap().delivery.unwrap();
    let now = house.app.time.now();
    let granted = parking::park(&delivery).unwrap();
    house.store.commit_parking(&delivery, &granted, None, now).await.unwrap();
    assert_eq!(whats(&way(&mut helen, &letter).await), ["held-by-host", "sealed"]);
    house.pass(2 * 86_400);
    time_is_written_down(&house).await;
    helen.come_back(&house, HELEN).await;
    let other = json!({ "address": "dan@second.example" });
    helen.browser.post(&format!("/api/persons/{dan}/addresses"), &other).await.is(OK);
    let delivery = house.store.letter(&author, id).await.unwrap().delivery.unwrap();
    let (granted, forecast) = parking::release(&delivery, house.app.time.now()).unwrap();
    house.store.commit_parking(&delivery, &granted, forecast, house.app.time.now()).await.unwrap();
    let told = way(&mut helen, &letter).await;
    let mut of_that_day = whats(&told)[..2].to_vec();
    of_that_day.sort_unstable();
    assert_eq!(of_that_day, ["address-given", "let-go"], "{told}");
    assert_eq!(told["steps"][0]["day"], "2037-03-14");
}
