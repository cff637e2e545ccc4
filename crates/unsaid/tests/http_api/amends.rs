//! New words for a sealed letter: they rest, can be taken back with one click, count when their rest is over, and open to nobody who has read the old ones. What the person did appears
//! nowhere.

use super::house::*;
use axum::http::StatusCode;
use serde_json::json;
use unsaid_delivery::accept;
use unsaid_store::ReaderStore;
use unsaid_store::rows::Kept;

const OK: StatusCode = StatusCode::OK;

/// A letter that waits for a day far off.
async fn waits(house: &House, helen: &mut Writer, dan: &str) -> String {
    let (id, sealed) = helen.write(house, true).await;
    helen.bring(&id, 1, &sealed).await;
    let mut asked = sealing(dan, &sealed.manifest_hash, json!("none"));
    asked["rule"]["moment"] =
        json!({ "kind": "on", "date": "2037-06-01", "time": "09:00", "zone": "Europe/London" });
    helen.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await.is(OK);
    house.pass(3700);
    house.turn().await;
    id
}

#[tokio::test]
async fn new_words_rest_first_and_can_be_taken_back_until_then() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let id = waits(&house, &mut helen, &dan).await;
    let before = helen.letter(&id).await;
    assert_eq!(before["can"], json!(["amend", "withdraw", "export"]));
    assert_eq!(before["versions"][0]["counts"], true);
    assert_eq!((&before["kept"], &before["amending"]), (&json!("house"), &json!(null)));

    let answer = helen.amend(&house, &id, Kept::House, json!(2)).await.is(OK);
    assert!(answer.get("said").is_none(), "it has not left: there is nothing to keep still about");
    let letter = &answer["letter"];
    assert_eq!(letter["state"], "waiting");
    assert_eq!(letter["amending"], json!({ "version": 2, "until": "2037-03-14T09:00:00Z" }));
    assert_eq!(letter["can"], json!(["undo-amend", "amend", "withdraw", "export"]));
    let counts = |letter: &serde_json::Value| {
        letter["versions"].as_array().unwrap().iter().map(|v| v["counts"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(counts(letter), [json!(true), json!(false)]);

    // A locked page may take it back: on the morning after, the card with the words is not at hand.
    helen.browser.post("/api/lock", &json!({})).await.is(OK);
    let undone = helen.browser.post(&format!("/api/letters/{id}/undo"), &json!({})).await.is(OK);
    assert_eq!(undone["letter"], before, "as if nothing had been changed");
    helen.browser.post(&format!("/api/letters/{id}/undo"), &json!({})).await.says_no(409, "rested");
    helen.unlock().await;

    // Again, and this time they count when their rest is over.
    helen.amend(&house, &id, Kept::House, json!(2)).await.is(OK);
    house.pass(3 * 86_400);
    helen.unlock().await;
    let outbox = tempfile::tempdir().unwrap();
    house.work(outbox.path()).await;
    let letter = helen.letter(&id).await;
    assert_eq!(letter["amending"], json!(null));
    assert_eq!(counts(&letter), [json!(false), json!(true)]);
    helen.browser.post(&format!("/api/letters/{id}/undo"), &json!({})).await.says_no(409, "rested");
    let version = letter["version"].as_u64().unwrap();
    house.pass(80 * 86_400);
    let links = house.turn().await;
    let (reader, mut browser) = house.reader(&links[0]).await;
    let waiting = house.store.waiting(&reader).await.unwrap();
    let granted = accept::open(&waiting[0].delivery).unwrap().unwrap();
    house.store.open(&reader, &waiting[0].delivery, &granted, house.app.time.now()).await.unwrap();
    let key = format!("/waiting/{}/key", waiting[0].delivery.id);
    assert_eq!(browser.post(&key, &json!({})).await.is(OK)["version"], version);
}

#[tokio::test]
async fn new_words_are_proved_as_the_first_ones_were() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let id = waits(&house, &mut helen, &dan).await;
    let path = format!("/api/letters/{id}/versions");
    helen.browser.post(&path, &json!({})).await.is(StatusCode::CREATED);
    let sealed = helen.seal_whole(&house, &id, 2, Kept::House, "New words.");
    let seal = format!("{path}/2/seal");
    let asked = amending(&sealed.manifest_hash, Kept::House, json!("none"));
    helen.browser.post(&seal, &asked).await.says_no(422, "parts-missing");
    helen.bring_part(&id, 2, "letter.age", "letter", &sealed.letter_age).await;
    helen.browser.post(&seal, &asked).await.says_no(409, "parts-changed");
    helen.bring(&id, 2, &sealed).await;
    // A part that she does not know of is a fault, too.
    helen.bring_part(&id, 2, "media/002.age", "media", b"age-encryption.org/v1 stranger").await;
    helen.browser.post(&seal, &asked).await.says_no(409, "parts-changed");
    helen.browser.post(&path, &json!({})).await.is(StatusCode::CREATED);
    helen.bring(&id, 2, &sealed).await;
    // Words need somebody who has them, and the wrap of the chosen keeping.
    let words = amending(&sealed.manifest_hash, Kept::Words, json!("none"));
    helen.browser.post(&seal, &words).await.says_no(422, "card-missing");
    helen.unlock().await;
    helen.card(&dan).await;
    helen.browser.post(&seal, &words).await.says_no(422, "wrap-missing");
    let asked_again = helen.browser.post(&seal, &asked).await.is(OK);
    assert_eq!(helen.browser.post(&seal, &asked).await.is(OK), asked_again, "an answer that got lost");
    let mut other = asked.clone();
    other["manifestHash"] = json!("00".repeat(32));
    helen.browser.post(&seal, &other).await.says_no(409, "already-sealed");
    // What was never sealed, or taken back, is not amended.
    let (draft, whole) = helen.write(&house, true).await;
    helen.bring(&draft, 1, &whole).await;
    let new = amending(&whole.manifest_hash, Kept::House, json!("none"));
    let seal = format!("/api/letters/{draft}/versions/1/seal");
    helen.browser.post(&seal, &new).await.says_no(409, "nothing-sealed");
    helen.browser.post(&format!("/api/letters/{id}/withdraw"), &json!({})).await.is(OK);
    helen.amend(&house, &id, Kept::House, json!("none")).await.says_no(409, "nothing-sealed");
}

#[tokio::test]
async fn while_the_first_version_rests_undoing_is_simpler() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let id = helen.sealed(&house, &dan, json!("morning")).await;
    helen.amend(&house, &id, Kept::House, json!("none")).await.says_no(409, "still-resting");
}

#[tokio::test]
async fn a_letter_kept_by_words_needs_a_card_and_no_key_of_the_house() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let (id, _) = helen.write(&house, false).await;
    let whole = helen.seal_whole(&house, &id, 1, Kept::Words, "Between us.");
    helen.bring(&id, 1, &whole).await;
    let seal = format!("/api/letters/{id}/versions/1/seal");
    let mut asked = sealing(&dan, &whole.manifest_hash, json!("none"));
    helen.browser.post(&seal, &asked).await.says_no(422, "wrap-not-wanted");
    asked["kept"] = json!("words");
    helen.browser.post(&seal, &asked).await.says_no(422, "card-missing");
    helen.card(&dan).await;
    helen.card(&dan).await;
    let another = unsaid_seal::claim::claim_token(&unsaid_seal::claim::claim_words(&[8; 10]));
    let another = json!({ "token": base64url(&*another) });
    helen.browser.put_json(&format!("/api/persons/{dan}/card"), &another).await.says_no(409, "card-there");
    // A key of the house beside the words would make the words a show.
    let host = helen.seal_whole(&house, &id, 1, Kept::House, "x").host_wrap.unwrap();
    let (_, other) = (id.clone(), helen.write(&house, true).await);
    helen
        .browser
        .put(&format!("/api/letters/{}/versions/1/wraps/words", other.0), &host, &[])
        .await
        .says_no(422, "host-cannot-open");
    helen.browser.put(&format!("/api/letters/{id}/versions/1/wraps/host"), &host, &[]).await.is(OK);
    helen.browser.post(&seal, &asked).await.says_no(422, "wrap-not-wanted");
    let reserved = helen.browser.post(&format!("/api/letters/{id}/versions"), &json!({})).await;
    assert_eq!(reserved.is(StatusCode::CREATED)["version"], 1, "emptied");
    helen.bring(&id, 1, &whole).await;
    let letter = helen.browser.post(&seal, &asked).await.is(OK);
    assert_eq!(letter["letter"]["kept"], "words");
}

#[tokio::test]
async fn a_card_that_was_seen_is_replaced_whole() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    helen.card(&dan).await;
    let (id, _) = helen.write(&house, false).await;
    let whole = helen.seal_whole(&house, &id, 1, Kept::Words, "Between us.");
    helen.bring(&id, 1, &whole).await;
    let mut asked = sealing(&dan, &whole.manifest_hash, json!("morning"));
    asked["kept"] = json!("words");
    helen.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await.is(OK);
    let words = unsaid_seal::claim::claim_words(&[8; 10]);
    let token = base64url(&*unsaid_seal::claim::claim_token(&words));
    let path = format!("/api/persons/{dan}/card/replace");
    let again = helen.seal_whole(&house, &id, 1, Kept::Words, "x").words_wrap.unwrap();
    let with = |wraps: serde_json::Value| json!({ "token": token, "wraps": wraps });
    // A letter that is left out would open to nobody.
    helen.browser.post(&path, &with(json!([]))).await.says_no(409, "changed-meanwhile");
    let wrap = |bytes: &[u8]| json!([{ "letter": id, "version": 1, "wrap": base64url(bytes) }]);
    helen.browser.post(&path, &with(wrap(&whole.author_wrap))).await.says_no(422, "host-cannot-open");
    helen.browser.post(&path, &with(wrap(&again))).await.is(OK);
    let mut mallory = house.author("mallory@example.org").await;
    mallory.browser.post(&path, &with(wrap(&again))).await.says_no(404, "missing");
    let moe = mallory.person("moe@example.org").await;
    let path = format!("/api/persons/{moe}/card/replace");
    mallory.browser.post(&path, &with(wrap(&again))).await.says_no(404, "missing");
}
