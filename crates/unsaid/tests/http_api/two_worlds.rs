//! Worlds that differ only in what the person did. Their author must not be able to tell them apart: not in a list, not in a letter, not in the answer to
//! taking it back, not in the length of any of them.

use super::house::*;
use axum::http::StatusCode;
use serde_json::json;
use unsaid::secrets::hashed;
use unsaid_delivery::{Scope, accept};
use unsaid_store::ReaderStore;
use unsaid_store::rows::{Kept, Reader};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Did {
    Nothing,
    Opened,
    RefusedLetter,
    RefusedAuthor,
    RefusedHouse,
    NotMe,
    Quiet,
    KeptForLater,
    OpenedLater,
    Answered,
}

/// Everything that the author is told in one world, in order.
async fn told(did: Did) -> Vec<(StatusCode, String, Vec<u8>)> {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &dan, json!("none")).await;
    house.pass(60);
    let links = house.turn().await;
    assert_eq!(links.len(), 1, "it was knocked for");
    let reader = reader(&house, &links[0]).await;
    let now = house.app.time.now();
    match did {
        Did::Nothing => {}
        Did::Opened => {
            let waiting = house.store.waiting(&reader).await.unwrap();
            let granted = accept::open(&waiting[0].delivery).unwrap().unwrap();
            house.store.open(&reader, &waiting[0].delivery, &granted, now).await.unwrap();
        }
        Did::RefusedLetter => {
            house.store.refuse(&reader, Scope::Letter(letter.parse().unwrap()), now).await.unwrap();
        }
        Did::RefusedAuthor => house.store.refuse(&reader, Scope::Author, now).await.unwrap(),
        Did::RefusedHouse => house.store.refuse(&reader, Scope::House, now).await.unwrap(),
        Did::NotMe => house.store.refuse(&reader, Scope::NotMe, now).await.unwrap(),
        Did::Quiet => house.store.refuse(&reader, Scope::Quiet, now).await.unwrap(),
        Did::KeptForLater | Did::OpenedLater | Did::Answered => on_pages(&house, &links[0], did).await,
    }
    house.turn().await;
    house.pass(1200);
    let mut heard = Vec::new();
    let one = format!("/api/letters/{letter}");
    let way = format!("{one}/way");
    // New words: first without a rest, so that they count; then with one, and taken back below.
    for rest in [json!("none"), json!(3)] {
        let answer = helen.amend(&house, &letter, Kept::House, rest).await;
        heard.push((answer.status, format!("{:?}", answer.headers), answer.body));
        house.pass(60);
        house.turn().await;
        for path in ["/api/letters", &one] {
            let answer = helen.browser.get(path).await;
            heard.push((answer.status, format!("{:?}", answer.headers), answer.body));
        }
    }
    for _ in 0..2 {
        for path in ["/api/letters", &one, &way, "/api/persons", "/api/account", "/api/replies"] {
            let answer = helen.browser.get(path).await;
            heard.push((answer.status, format!("{:?}", answer.headers), answer.body));
        }
        for verb in ["undo", "withdraw", "withdraw", "versions", "versions/1/seal"] {
            let body = if verb.ends_with("seal") {
                sealing(&dan, &"00".repeat(32), json!("none"))
            } else {
                json!({})
            };
            let answer = helen.browser.post(&format!("{one}/{verb}"), &body).await;
            heard.push((answer.status, format!("{:?}", answer.headers), answer.body));
        }
    }
    heard
}

/// What is done on the pages of the person.
async fn on_pages(house: &House, link: &[u8; 32], did: Did) {
    let (reader, mut dan) = house.reader(link).await;
    let delivery = house.store.waiting(&reader).await.unwrap()[0].delivery.id;
    let path = format!("/waiting/{delivery}");
    if did != Did::Answered {
        let kept = dan.form(&format!("{path}/later"), "when=not-today").await;
        assert_eq!(kept.header("location"), format!("{path}/later"));
    }
    if did != Did::KeptForLater {
        assert_eq!(dan.form(&format!("{path}/open"), "").await.header("location"), path);
    }
    if did == Did::Answered {
        let answer = b"age-encryption.org/v1\nsealed to her";
        let to = format!("{path}/reply?id=aaaaaaaaaaaaaaaaaaaaaaaaae");
        dan.post_bytes(&to, answer).await.is(StatusCode::OK);
    }
}

async fn reader(house: &House, link: &[u8; 32]) -> Reader {
    let knock = house.store.knock(hashed(link)).await.unwrap().unwrap();
    knock.reader
}

#[tokio::test]
async fn what_the_person_did_appears_nowhere_for_the_author() {
    let quiet = told(Did::Nothing).await;
    let said = quiet.iter().filter(|(_, _, body)| String::from_utf8_lossy(body).contains("said"));
    assert_eq!(said.count(), 6, "taking it back has its one answer, and so have new words");
    let first = String::from_utf8_lossy(&quiet[0].2);
    assert!(
        first.contains("\"left\"") && first.contains("\"counts\":null"),
        "it has left our hands: {first}"
    );
    let undone = quiet.iter().find(|(status, _, body)| {
        *status == StatusCode::OK && String::from_utf8_lossy(body).contains("\"amending\":{")
    });
    assert!(undone.is_some(), "new words rested once");
    for did in [
        Did::Opened,
        Did::RefusedLetter,
        Did::RefusedAuthor,
        Did::RefusedHouse,
        Did::NotMe,
        Did::Quiet,
        Did::KeptForLater,
        Did::OpenedLater,
        // Told on the next morning, and not before.
        Did::Answered,
    ] {
        let world = told(did).await;
        assert_eq!(world.len(), quiet.len());
        for (n, (one, other)) in world.iter().zip(&quiet).enumerate() {
            let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
            assert_eq!(
                (one.0, &one.1, text(&one.2)),
                (other.0, &other.1, text(&other.2)),
                "{did:?}, answer {n}"
            );
        }
    }
}

#[tokio::test]
async fn a_rest_that_is_over_can_only_be_withdrawn_and_then_never_leaves() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &dan, json!(1)).await;
    assert_eq!(helen.state(&letter).await, "resting");
    house.pass(24 * 3600);
    // The worker has not looked yet: over is over.
    let undo = helen.browser.post(&format!("/api/letters/{letter}/undo"), &json!({})).await;
    undo.says_no(409, "rested");
    helen.browser.post(&format!("/api/letters/{letter}/withdraw"), &json!({})).await.says_no(403, "locked");
    let words = json!({ "token": helen.token, "mine": true });
    helen.browser.post("/api/unlock", &words).await.is(StatusCode::OK);
    let withdraw = helen.browser.post(&format!("/api/letters/{letter}/withdraw"), &json!({})).await;
    assert!(withdraw.is(StatusCode::OK)["said"].as_str().unwrap().contains("do not say whether it was"));
    assert_eq!(helen.state(&letter).await, "withdrawn");
    house.pass(48 * 3600);
    assert!(house.turn().await.is_empty());
}
