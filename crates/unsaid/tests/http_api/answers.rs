//! What people answer: from the reader's browser into the house, and from the next morning on to its author alone.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};
use unsaid_delivery::Fact;
use unsaid_store::rows::REPLIES_A_DAY;

const OK: StatusCode = StatusCode::OK;
const SEALED: &[u8] = b"age-encryption.org/v1\n-> mlkem768x25519 x\nsealed to her";
/// Names that a browser gives to answers.
const ONE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaae";
const TWO: &str = "aaaaaaaaaaaaaaaaaaaaaaaaai";

/// A letter that was knocked for and opened, and the browser of whoever opened it.
struct Opened {
    letter: String,
    person: String,
    path: String,
    dan: Browser,
}

async fn opened(house: &House, helen: &mut Writer, address: &str) -> Opened {
    let person = helen.person(address).await;
    let letter = helen.sealed(house, &person, json!("none")).await;
    house.pass(60);
    let links = house.turn().await;
    let (reader, mut dan) = house.reader(&links[0]).await;
    let delivery = house.app.store.waiting(&reader).await.unwrap()[0].delivery.id;
    let path = format!("/waiting/{delivery}");
    assert_eq!(dan.form(&format!("{path}/open"), "").await.status, StatusCode::SEE_OTHER);
    Opened { letter, person, path, dan }
}

fn answered(house: &House) -> usize {
    house.store.facts().iter().filter(|fact| matches!(fact, Fact::Answered { .. })).count()
}

async fn replies(helen: &mut Writer) -> Vec<Value> {
    helen.browser.get("/api/replies").await.is(OK)["replies"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_answer_is_shown_to_its_author_from_the_next_morning_on_and_says_a_day() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let Opened { letter, person, path, mut dan } = opened(&house, &mut helen, "dan@example.org").await;
    let to = format!("{path}/reply?id={ONE}");
    for _ in 0..3 {
        assert_eq!(dan.post_bytes(&to, SEALED).await.is(OK), json!({}));
    }
    assert_eq!(answered(&house), 1, "the same sent again is kept once");
    assert!(replies(&mut helen).await.is_empty(), "it was written at half past nine");
    let early = helen.browser.get(&format!("/api/replies/{ONE}")).await;
    early.says_no(404, "missing");

    house.pass(24 * 3600);
    let mut locked = house.browser();
    locked.get("/api/replies").await.says_no(401, "signed-out");
    helen.browser.get(&format!("/api/replies/{ONE}")).await.says_no(403, "locked");
    let row = json!({
        "id": ONE, "letter": letter, "person": person, "day": "2037-03-13", "seen": false, "size": SEALED.len(),
    });
    assert_eq!(replies(&mut helen).await, [row], "a day in her zone, and nothing finer");
    helen.unlock().await;
    let bytes = helen.browser.get(&format!("/api/replies/{ONE}")).await;
    assert_eq!((bytes.status, bytes.header("content-type")), (OK, "application/octet-stream"));
    assert_eq!(bytes.body, SEALED);
    assert_eq!(bytes.header("cache-control"), "no-store");
    assert_eq!(replies(&mut helen).await[0]["seen"], false, "looking changes nothing");
    for _ in 0..2 {
        helen.browser.post(&format!("/api/replies/{ONE}/seen"), &json!({})).await.is(OK);
    }
    assert_eq!(replies(&mut helen).await[0]["seen"], true);
}

#[tokio::test]
async fn what_is_no_answer_to_an_open_letter_of_theirs_is_not_kept() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let Opened { path, mut dan, .. } = opened(&house, &mut helen, "dan@example.org").await;
    let Opened { path: other, dan: mut mara, .. } = opened(&house, &mut helen, "mara@example.org").await;
    let to = format!("{path}/reply?id={ONE}");
    // Not theirs, and never was: one answer.
    let foreign = mara.post_bytes(&to, SEALED).await;
    let missing =
        mara.post_bytes(&format!("/waiting/zzzzzzzzzzzzzzzzzzzzzzzzza/reply?id={ONE}"), SEALED).await;
    foreign.says_no(404, "missing");
    assert_eq!(foreign.body, missing.body);
    house.browser().post_bytes(&to, SEALED).await.says_no(401, "reader-unknown");
    for (bytes, status, key) in [
        (&b""[..], 422, "bytes-unknown"),
        (b"Dear mother,", 422, "bytes-unknown"),
        (b"age-encryption.org/v2\nx", 422, "bytes-unknown"),
        (b" age-encryption.org/v1\nx", 422, "bytes-unknown"),
        (&[SEALED, &vec![0; 8 * 1024 * 1024]].concat(), 413, "too-large"),
    ] {
        dan.post_bytes(&to, bytes).await.says_no(status, key);
    }
    for query in ["", "?id=", "?id=x", "?id=aaaaaaaaaaaaaaaaaaaaaaaaae&id=x", "?id=x&more=y"] {
        dan.post_bytes(&format!("{path}/reply{query}"), SEALED).await.says_no(400, "query-unknown");
    }
    assert_eq!(answered(&house), 0);
    // The largest that is taken.
    let mut large = vec![7; 8 * 1024 * 1024];
    large[..SEALED.len()].copy_from_slice(SEALED);
    dan.post_bytes(&to, &large).await.is(OK);
    // A name that is taken by other bytes, and one that is taken by somebody else.
    dan.post_bytes(&to, SEALED).await.says_no(409, "changed-meanwhile");
    mara.post_bytes(&format!("{other}/reply?id={ONE}"), SEALED).await.says_no(409, "changed-meanwhile");
    assert_eq!(answered(&house), 1);
    // Whoever says that it is not for them answers nothing.
    dan.form("/refuse", "scope=not-me").await;
    dan.post_bytes(&format!("{path}/reply?id={TWO}"), SEALED).await.says_no(404, "missing");
    assert_eq!(answered(&house), 1);
}

#[tokio::test]
async fn a_closed_letter_is_not_answered() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    helen.sealed(&house, &dan, json!("none")).await;
    house.pass(60);
    let links = house.turn().await;
    let (reader, mut dan) = house.reader(&links[0]).await;
    let delivery = house.app.store.waiting(&reader).await.unwrap()[0].delivery.id;
    dan.post_bytes(&format!("/waiting/{delivery}/reply?id={ONE}"), SEALED).await.says_no(404, "missing");
}

#[tokio::test]
async fn twenty_answers_are_taken_in_a_day_and_more_on_the_next() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let Opened { path, mut dan, .. } = opened(&house, &mut helen, "dan@example.org").await;
    let name = || unsaid::chance::Chance::id(&*house.chance);
    for _ in 0..REPLIES_A_DAY {
        dan.post_bytes(&format!("{path}/reply?id={}", name()), SEALED).await.is(OK);
    }
    let answer = dan.post_bytes(&format!("{path}/reply?id={}", name()), SEALED).await;
    answer.says_no(429, "replies-too-many");
    assert_eq!(answer.header("retry-after"), "86400");
    house.pass(25 * 3600);
    dan.post_bytes(&format!("{path}/reply?id={}", name()), SEALED).await.is(OK);
    assert_eq!(answered(&house), REPLIES_A_DAY + 1);
    // Nobody else sees them.
    let mut mallory = house.author("mallory@example.org").await;
    assert!(replies(&mut mallory).await.is_empty());
}
