//! Birthdays: said in days before anything is sealed, kept as rules, corrected as long as they have not left.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};
use unsaid_delivery::accept;
use unsaid_store::{EngineStore, ReaderStore};

const OK: StatusCode = StatusCode::OK;

async fn sealed(house: &House, helen: &mut Writer, person: &str, moment: Value) -> (String, Answer) {
    let (id, sealed) = helen.write(house, true).await;
    helen.bring(&id, 1, &sealed).await;
    let mut asked = sealing(person, &sealed.manifest_hash, json!("none"));
    asked["rule"]["moment"] = moment;
    let answer = helen.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await;
    (id, answer)
}

fn each(until: i16, month: i8, day: i8) -> Value {
    json!({
        "kind": "each-birthday", "until": until, "month": month, "day": day, "leap": "feb28",
        "time": "09:00", "zone": "Europe/Lisbon",
    })
}

#[tokio::test]
async fn every_day_is_said_before_anything_is_sealed() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let at = "time=09:00&zone=Europe/Lisbon&rest=none";
    let query = format!("/api/when?moment=birthday&age=18&year=2020&month=2&day=29&leap=mar1&{at}");
    let when = helen.browser.get(&query).await.is(OK);
    assert_eq!((&when["occurrences"], &when["days"]), (&json!(1), &json!(["2038-03-01"])));
    assert_eq!(when["arrives"], "2038-03-01T09:00:00Z");
    assert_eq!(when["arrivesZone"], "Europe/Lisbon");
    let query = format!("/api/when?moment=each-birthday&until=2060&month=5&day=4&{at}");
    let when = helen.browser.get(&query).await.is(OK);
    assert_eq!(when["occurrences"], 24);
    assert_eq!(when["days"], json!(["2037-05-04", "2038-05-04", "2039-05-04", "2060-05-04"]));
    let query = format!("/api/when?moment=each-birthday&until=2037&month=3&day=12&{at}&rest=");
    let _twice = helen.browser.get(&query).await.says_no(400, "query-unknown");
    // Today's is over by the time that it has rested: it goes at the end of the rest.
    let query =
        "/api/when?moment=each-birthday&until=2038&month=3&day=12&time=18:00&zone=Europe/Lisbon&rest=morning";
    let when = helen.browser.get(query).await.is(OK);
    assert_eq!((&when["early"], &when["days"]), (&json!(true), &json!(["2037-03-13", "2038-03-12"])));
    let when = helen.browser.get("/api/when?moment=at-once&rest=none").await.is(OK);
    assert_eq!((&when["occurrences"], &when["days"]), (&json!(1), &json!(["2037-03-12"])));
    for (query, key) in [
        ("moment=birthday&age=18&year=2019&month=2&day=28", "day-passed"),
        ("moment=birthday&age=190&year=2020&month=2&day=28", "day-too-far"),
        ("moment=birthday&age=18&year=2020&month=2&day=30", "birthday-unknown"),
        ("moment=birthday&age=18&year=2020&month=13&day=1", "birthday-unknown"),
        ("moment=birthday&age=18&month=2&day=1", "birthday-unknown"),
        ("moment=birthday&year=2020&month=2&day=1", "age-unknown"),
        ("moment=each-birthday&month=2&day=1", "until-unknown"),
        ("moment=each-birthday&until=2036&month=2&day=1", "day-passed"),
        ("moment=each-birthday&until=2400&month=2&day=1", "day-too-far"),
        ("moment=each-birthday&until=2040&month=2&day=29&leap=never", "birthday-unknown"),
    ] {
        let answer = helen.browser.get(&format!("/api/when?{query}&{at}")).await;
        assert_eq!(answer.status.as_u16(), 422, "{query}");
        answer.says_no(422, key);
    }
}

#[tokio::test]
async fn every_birthday_comes_until_the_last_and_then_no_more() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let (id, answer) = sealed(&house, &mut helen, &dan, each(2038, 5, 4)).await;
    let letter = &answer.is(OK)["letter"];
    assert_eq!(letter["occurrences"], json!(["2037-05-04", "2038-05-04"]));
    assert_eq!(letter["rule"]["moment"]["kind"], "each-birthday");
    let outbox = tempfile::tempdir().unwrap();
    house.pass(3700);
    house.work(outbox.path()).await;
    let begun = House::mails(outbox.path()).len();
    house.pass(54 * 86_400);
    house.work(outbox.path()).await;
    assert_eq!(House::mails(outbox.path()).len(), begun + 1, "the first");
    let letter = helen.letter(&id).await;
    assert_eq!((&letter["state"], &letter["occurrences"]), (&json!("waiting"), &json!(["2038-05-04"])));
    house.pass(360 * 86_400);
    house.work(outbox.path()).await;
    helen.come_back(&house, HELEN).await;
    assert_eq!(helen.letter(&id).await["state"], "waiting");
    house.pass(6 * 86_400);
    house.work(outbox.path()).await;
    let letter = helen.letter(&id).await;
    assert_eq!((&letter["state"], &letter["occurrences"]), (&json!("left"), &json!([])));
}

#[tokio::test]
async fn taking_it_back_ends_every_birthday_that_was_not_opened_and_those_to_come() {
    for opened in [false, true] {
        let house = House::new();
        let mut helen = house.author(HELEN).await;
        let dan = helen.person("dan@example.org").await;
        let (id, answer) = sealed(&house, &mut helen, &dan, each(2040, 5, 4)).await;
        answer.is(OK);
        house.pass(60 * 86_400);
        let links = house.turn().await;
        assert_eq!(links.len(), 1);
        let (reader, _) = house.reader(&links[0]).await;
        let first = house.store.waiting(&reader).await.unwrap().remove(0).delivery;
        if opened {
            let granted = accept::open(&first).unwrap().unwrap();
            house.store.open(&reader, &first, &granted, house.app.time.now()).await.unwrap();
        }
        helen.unlock().await;
        helen.browser.post(&format!("/api/letters/{id}/withdraw"), &json!({})).await.is(OK);
        assert_eq!(helen.letter(&id).await["state"], "withdrawn");
        let counts = house.store.counts().await.unwrap();
        let left: Vec<_> = counts.iter().filter(|(state, _)| state != "withdrawn").collect();
        if opened {
            assert_eq!(left, [&("opened".to_owned(), 1)], "what was read stays the reader's");
        } else {
            assert!(left.is_empty(), "{left:?}");
            assert!(house.store.waiting(&reader).await.unwrap().is_empty());
        }
        house.pass(400 * 86_400);
        assert!(house.turn().await.is_empty(), "nothing more ever goes");
        let wraps = house.store.wraps_by_generation().await.unwrap();
        assert_eq!(wraps, [(1, if opened { 2 } else { 1 })], "her account's, and what was read");
    }
}

#[tokio::test]
async fn a_corrected_birthday_reaches_what_has_not_left_and_nothing_else() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let (id, answer) = sealed(&house, &mut helen, &dan, each(2038, 5, 4)).await;
    answer.is(OK);
    let path = format!("/api/letters/{id}/birthday");
    let right = json!({ "year": null, "month": 6, "day": 5, "leap": "feb28" });
    let letter = helen.browser.post(&path, &right).await.is(OK);
    assert_eq!(letter["letter"]["occurrences"], json!(["2037-06-05", "2038-06-05"]));
    house.pass(60 * 86_400);
    assert!(house.turn().await.is_empty(), "4 May is nobody's birthday any more");
    house.pass(31 * 86_400);
    assert_eq!(house.turn().await.len(), 1);
    helen.come_back(&house, HELEN).await;
    for (wrong, key) in [
        (json!({ "year": null, "month": 6, "day": 31, "leap": "feb28" }), "birthday-unknown"),
        (json!({ "year": null, "month": 600, "day": 1, "leap": "feb28" }), "birthday-unknown"),
        (json!({ "year": null, "month": 6, "day": 1, "leap": "soon" }), "birthday-unknown"),
    ] {
        helen.browser.post(&path, &wrong).await.says_no(422, key);
    }
    let mut mallory = house.author("mallory@example.org").await;
    mallory.browser.post(&path, &right).await.says_no(404, "missing");
    // All of it has left: nothing changes, and nothing is said about it.
    house.pass(366 * 86_400);
    house.turn().await;
    helen.come_back(&house, HELEN).await;
    let before = helen.letter(&id).await;
    let again = json!({ "year": null, "month": 7, "day": 7, "leap": "feb28" });
    assert_eq!(helen.browser.post(&path, &again).await.is(OK)["letter"], before);
}
