//! The numbers of the house as an author meets them: a clear no that says what to do, and nothing lost; where she is signed in, and how she ends it; how long a
//! request may be and how deep.

use super::house::*;
use axum::http::{Method, StatusCode, header};
use serde_json::json;
use unsaid_store::rows::Role;
use unsaid_store::{AccountStore, HouseStore};

const OK: StatusCode = StatusCode::OK;
const AGE: &[u8] = b"age-encryption.org/v1\nwords";
const DRAFT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaae";
const OTHER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaai";

#[tokio::test]
async fn at_a_number_of_the_house_the_author_is_told_what_to_do_and_what_is_there_stays() {
    let house = House::with(&[
        ("UNSAID_MOST_PERSONS", "1"),
        ("UNSAID_MOST_DRAFTS", "1"),
        ("UNSAID_MOST_PHOTOS", "1"),
        ("UNSAID_RESERVED_DAILY", "1"),
        ("UNSAID_MOST_CARDS", "1"),
    ]);
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let another = json!({ "address": "mara@example.org", "zone": null, "language": "en" });
    let said = helen.browser.post("/api/persons", &another).await.says_no(409, "persons-full");
    assert_eq!(said["detail"], "Nothing was lost; ask the people who keep this house to make room.");
    helen.browser.get("/api/persons").await.is(OK);

    let draft = |id: &str| format!("/api/drafts/{id}");
    helen.browser.put(&draft(DRAFT), AGE, &[("if-match", "\"0\"")]).await.is(OK);
    let refused = helen.browser.put(&draft(OTHER), AGE, &[("if-match", "\"0\"")]).await;
    let said = refused.says_no(409, "drafts-full");
    assert!(said["detail"].as_str().unwrap().starts_with("This one stays on this device"), "{said}");
    helen.browser.put(&draft(DRAFT), AGE, &[("if-match", "\"1\"")]).await.is(OK);
    let photo = |id: &str| format!("/api/drafts/{DRAFT}/photos/{id}");
    helen.browser.put(&photo(DRAFT), AGE, &[]).await.is(OK);
    helen.browser.put(&photo(OTHER), AGE, &[]).await.says_no(409, "photos-full");
    helen.browser.put(&photo(DRAFT), AGE, &[]).await.is(OK);

    helen.browser.post("/api/letters", &json!({})).await.is(StatusCode::CREATED);
    let refused = helen.browser.post("/api/letters", &json!({})).await;
    refused.says_no(429, "reserved-too-many");
    assert_eq!(refused.header("retry-after"), "86400");

    helen.card(&dan).await;
    let replace = json!({ "token": base64url(&[7; 32]), "wraps": [] });
    let path = format!("/api/persons/{dan}/card/replace");
    helen.browser.post(&path, &replace).await.says_no(409, "cards-full");
}

#[tokio::test]
async fn bytes_are_refused_before_they_are_brought_and_versions_before_they_are_written() {
    let house = House::with(&[("UNSAID_MOST_VERSIONS", "1")]);
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &dan, json!("none")).await;
    let path = format!("/api/letters/{letter}/versions");
    helen.browser.post(&path, &json!({})).await.says_no(409, "versions-full");

    let full = unsaid_store::limits::Limits { bytes: 1000, letters: 1, ..Default::default() };
    house.store.keep_within(full).await.unwrap();
    helen.browser.post("/api/letters", &json!({})).await.says_no(409, "letters-full");
    house.store.keep_within(unsaid_store::limits::Limits { letters: 0, ..full }).await.unwrap();
    let begun = helen.browser.post("/api/letters", &json!({})).await.is(StatusCode::CREATED);
    let path = format!("/api/letters/{}/versions/1/uploads", begun["id"].as_str().unwrap());
    let refused = helen.browser.post(&path, &upload_of(&[1; 1001])).await;
    let said = refused.says_no(507, "account-full");
    assert!(said["detail"].as_str().unwrap().starts_with("What you wrote stays on this device"), "{said}");
    let path = format!("/api/drafts/{DRAFT}");
    let long = [AGE, &[b'x'; 1000]].concat();
    helen.browser.put(&path, &long, &[("if-match", "\"0\"")]).await.says_no(507, "account-full");
    // What is sealed opens, and is taken back as ever.
    helen.browser.get(&format!("/api/letters/{letter}")).await.is(OK);
    helen.browser.post(&format!("/api/letters/{letter}/withdraw"), &json!({})).await.is(OK);
}

#[tokio::test]
async fn strangers_are_answered_alike_when_the_house_has_written_enough_and_an_account_gets_its_code() {
    let house = House::with(&[("UNSAID_REGISTRATION", "open"), ("UNSAID_CODES_HOURLY", "4")]);
    house.author(HELEN).await;
    house.pass(2 * 3600);
    let mut answers = Vec::new();
    let mut written = 0;
    for number in 0..6 {
        let mut browser = house.browser();
        let answer =
            browser.post("/api/codes", &json!({ "email": format!("stranger{number}@example.org") })).await;
        let mut headers = answer.headers.clone();
        headers.remove(header::SET_COOKIE);
        answers.push((answer.status, format!("{headers:?}"), answer.body));
        written += house.send_codes("12345678").await;
    }
    assert_eq!(written, 2, "strangers have half");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    for (number, sent) in [(0, 1), (1, 1), (2, 0)] {
        let answer = house.browser().post("/api/codes", &json!({ "email": HELEN })).await;
        answer.is(StatusCode::ACCEPTED);
        assert_eq!(house.send_codes("12345678").await, sent, "number {number}");
    }
    house.pass(3601);
    house.browser().post("/api/codes", &json!({ "email": HELEN })).await.is(StatusCode::ACCEPTED);
    assert_eq!(house.send_codes("12345678").await, 1);
}

#[tokio::test]
async fn she_sees_where_she_is_signed_in_by_days_and_ends_it() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let mut mallory = house.author("mallory@example.org").await;
    let first = helen.browser.get("/api/sessions").await.is(OK);
    let first = &first["sessions"];
    assert_eq!(first.as_array().unwrap().len(), 1);
    assert_eq!((&first[0]["here"], &first[0]["mine"]), (&json!(true), &json!(true)));
    assert_eq!((&first[0]["since"], &first[0]["last"]), (&json!("2037-03-12"), &json!("2037-03-12")));
    let keys: Vec<&String> = first[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["here", "id", "last", "mine", "since"], "no address, no name of a program");

    // She comes in on two more devices.
    house.pass(2 * 86_400);
    let account: unsaid_delivery::id::AccountId = helen.id.parse().unwrap();
    let mut elsewhere = Vec::new();
    for _ in 0..2 {
        let mut browser = house.browser();
        let token = unsaid::chance::Chance::token(&*house.chance);
        let now = house.app.time.now();
        house.store.open_session(unsaid::secrets::hashed(&token), account, now).await.unwrap();
        browser.set_cookie("session", &token);
        elsewhere.push(browser);
    }
    helen.unlock().await;
    let seen = helen.browser.get("/api/sessions").await.is(OK);
    let others: Vec<String> = seen["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|session| session["here"] == false)
        .map(|session| session["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(others.len(), 2);
    // From a locked session it can be seen, and nothing ended.
    elsewhere[0].get("/api/sessions").await.is(OK);
    let end = |id: &str| format!("/api/sessions/{id}/end");
    elsewhere[0].post(&end(&others[0]), &json!({})).await.says_no(403, "locked");
    elsewhere[0].post("/api/sessions/others/end", &json!({})).await.says_no(403, "locked");
    // Another author's are as missing as none.
    mallory.unlock().await;
    mallory.browser.post(&end(&others[0]), &json!({})).await.says_no(404, "missing");
    mallory.browser.post("/api/sessions/others/end", &json!({})).await.is(OK);
    helen.browser.post(&end(&others[0]), &json!({})).await.is(OK);
    helen.browser.post(&end(&others[0]), &json!({})).await.says_no(404, "missing");
    let mut left = 0;
    for browser in &mut elsewhere {
        left += usize::from(browser.get("/api/account").await.status == OK);
    }
    assert_eq!(left, 1);
    helen.browser.post("/api/sessions/others/end", &json!({})).await.is(OK);
    for browser in &mut elsewhere {
        browser.get("/api/account").await.says_no(401, "signed-out");
    }
    helen.browser.get("/api/account").await.is(OK);
}

#[tokio::test]
async fn a_sign_in_that_is_used_every_day_ends_after_its_longest_life() {
    let house = House::with(&[("UNSAID_SESSION_DAYS", "3")]);
    let mut helen = house.author(HELEN).await;
    for _ in 0..2 {
        house.pass(86_400);
        helen.browser.post("/api/lock", &json!({})).await.is(OK);
    }
    helen.browser.get("/api/account").await.is(OK);
    house.pass(86_400);
    helen.browser.get("/api/account").await.says_no(401, "signed-out");
}

#[tokio::test]
async fn a_kit_and_a_new_card_are_told_to_her_mailbox() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    helen.card(&dan).await;
    let outbox = std::env::temp_dir().join(format!("unsaid-numbers-{}", std::process::id()));
    std::fs::create_dir_all(&outbox).unwrap();
    house.work(&outbox).await;
    let before = House::mails(&outbox).len();
    helen.browser.post("/api/kit", &json!({ "token": base64url(&[5; 32]) })).await.is(OK);
    let replace = json!({ "token": base64url(&[7; 32]), "wraps": [] });
    helen.browser.post(&format!("/api/persons/{dan}/card/replace"), &replace).await.is(OK);
    house.work(&outbox).await;
    let mails = House::mails(&outbox);
    let _ = std::fs::remove_dir_all(&outbox);
    assert_eq!(mails.len(), before + 2);
    for subject in ["A paper kit was made for your letters", "A card was replaced"] {
        assert!(mails.iter().any(|mail| mail.contains(subject)), "{subject}: {mails:?}");
    }
}

#[tokio::test]
async fn in_open_registration_so_many_accounts_are_made_in_a_day_and_who_is_invited_comes_in() {
    let house = House::with(&[("UNSAID_REGISTRATION", "open"), ("UNSAID_ACCOUNTS_DAILY", "1")]);
    house.author(HELEN).await;
    let mut browser = house.browser();
    browser.post("/api/codes", &json!({ "email": "new@example.org" })).await.is(StatusCode::ACCEPTED);
    house.send_codes("12345678").await;
    let refused = browser.post("/api/sessions", &json!({ "code": "12345678" })).await;
    let said = refused.says_no(429, "accounts-too-many");
    assert!(said["detail"].as_str().unwrap().starts_with("What you wrote stays on this device"), "{said}");
    let mut guest = house.browser();
    let invitation = house.invitation(Role::Author).await;
    let asked = json!({ "email": "guest@example.org", "invitation": invitation });
    guest.post("/api/codes", &asked).await.is(StatusCode::ACCEPTED);
    house.send_codes("87654321").await;
    guest.post("/api/sessions", &json!({ "code": "87654321" })).await.is(OK);
}

#[tokio::test]
async fn a_path_that_is_too_long_and_json_that_is_too_deep_are_refused_in_our_words_and_with_our_headers() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let long = format!("/api/letters/{}", "a".repeat(2100));
    let answer = helen.browser.get(&long).await;
    answer.says_no(414, "path-too-long");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-security-policy").contains("default-src"));
    let page = house.browser().get(&format!("/{}", "a".repeat(2100))).await;
    assert_eq!(page.status, StatusCode::URI_TOO_LONG);
    assert!(String::from_utf8_lossy(&page.body).contains("This address is longer than any of this house."));
    let deep = format!("{{\"address\":{}{}}}", "[".repeat(20), "]".repeat(20));
    let request = helen
        .browser
        .request(Method::POST, "/api/persons")
        .header(header::CONTENT_TYPE, "application/json")
        .body(axum::body::Body::from(deep))
        .unwrap();
    helen.browser.send(request).await.says_no(422, "not-understood");
}
