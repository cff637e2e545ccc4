//! Drafts at the house: saved while the page is locked, never written over, with a history, thrown away and brought back.

use super::house::*;
use axum::http::StatusCode;
use serde_json::json;
use unsaid_store::DraftStore;

const OK: StatusCode = StatusCode::OK;
const ID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaae";
const PHOTO: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbe";

fn age(words: &str) -> Vec<u8> {
    format!("age-encryption.org/v1\n{words}").into_bytes()
}

#[tokio::test]
async fn saving_goes_on_while_the_page_is_locked_and_reading_does_not() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    helen.browser.post("/api/lock", &json!({})).await.is(OK);
    let path = format!("/api/drafts/{ID}");
    helen.browser.put(&path, &age("one"), &[]).await.says_no(428, "if-match");
    let first = helen.browser.put(&path, &age("one"), &[("if-match", "\"0\"")]).await;
    assert_eq!(first.is(OK)["rev"], 1);
    assert_eq!(first.header("etag"), "\"1\"");
    let photo = format!("{path}/photos/{PHOTO}");
    let large = age(&"p".repeat(3 * 1024 * 1024));
    helen.browser.put(&photo, &large, &[]).await.is(OK);
    let rows = helen.browser.get("/api/drafts").await.is(OK);
    assert_eq!(rows["drafts"][0]["id"], ID);
    assert_eq!((&rows["drafts"][0]["rev"], &rows["drafts"][0]["discarded"]), (&json!(1), &json!(false)));
    for path in [path.clone(), format!("{path}/history"), format!("{path}/history/1"), photo.clone()] {
        helen.browser.get(&path).await.says_no(403, "locked");
    }
    helen.unlock().await;
    let read = helen.browser.get(&path).await;
    assert_eq!((read.body.clone(), read.header("etag")), (age("one"), "\"1\""));
    assert_eq!(helen.browser.get(&photo).await.body, large);
}

#[tokio::test]
async fn two_windows_do_not_write_over_each_others_words_and_each_saving_can_be_read_again() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let path = format!("/api/drafts/{ID}");
    helen.browser.put(&path, &age("one"), &[("if-match", "\"0\"")]).await.is(OK);
    house.pass(120);
    helen.browser.put(&path, &age("two"), &[("if-match", "\"1\"")]).await.is(OK);
    for named in ["\"1\"", "\"0\"", "*", "W/\"2\""] {
        let late = helen.browser.put(&path, &age("other"), &[("if-match", named)]).await;
        assert_eq!(late.says_no(412, "changed-meanwhile")["rev"], 2, "which one stands here is said");
    }
    let history = helen.browser.get(&format!("{path}/history")).await.is(OK);
    assert_eq!(history["versions"][0]["rev"], 1);
    assert_eq!(helen.browser.get(&format!("{path}/history/1")).await.body, age("one"));
    helen.browser.get(&format!("{path}/history/9")).await.says_no(404, "missing");
    helen.browser.get(&format!("{path}/history/x")).await.says_no(404, "missing");
    assert_eq!(helen.browser.get(&path).await.body, age("two"));
}

#[tokio::test]
async fn what_was_thrown_away_can_be_brought_back_for_thirty_days_and_is_then_gone_with_its_photos() {
    let house = House::new();
    let outbox = tempfile::tempdir().unwrap();
    let mut helen = house.author(HELEN).await;
    let path = format!("/api/drafts/{ID}");
    helen.browser.put(&path, &age("one"), &[("if-match", "\"0\"")]).await.is(OK);
    helen.browser.put(&format!("{path}/photos/{PHOTO}"), &age("photo"), &[]).await.is(OK);
    for _ in 0..2 {
        helen.browser.post(&format!("{path}/discard"), &json!({})).await.is(OK);
    }
    assert_eq!(helen.browser.get("/api/drafts").await.is(OK)["drafts"][0]["discarded"], true);
    house.pass(29 * 86_400);
    helen.unlock().await;
    house.work(outbox.path()).await;
    helen.browser.post(&format!("{path}/restore"), &json!({})).await.is(OK);
    house.pass(10 * 86_400);
    house.work(outbox.path()).await;
    helen.unlock().await;
    assert_eq!(helen.browser.get(&path).await.body, age("one"), "it was brought back");
    helen.browser.post(&format!("{path}/discard"), &json!({})).await.is(OK);
    let author = helen.author(&house).await;
    let photo = house.store.draft_part(&author, ID.parse().unwrap(), PHOTO).await.unwrap();
    house.pass(31 * 86_400);
    house.work(outbox.path()).await;
    helen.unlock().await;
    helen.browser.get(&path).await.says_no(404, "missing");
    assert!(house.app.blobs.verify(photo.blob, photo.size, photo.sha256).await.is_err(), "its bytes too");
}

#[tokio::test]
async fn nothing_that_is_not_sealed_is_kept_and_nothing_that_is_too_large() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let path = format!("/api/drafts/{ID}");
    let zero = [("if-match", "\"0\"")];
    for bytes in [&b""[..], b"Dear Dan", b"{\"format\":\"unsaid-draft 1\"}"] {
        helen.browser.put(&path, bytes, &zero).await.says_no(422, "bytes-unknown");
    }
    helen.browser.put(&path, &age(&"x".repeat(2 * 1024 * 1024)), &zero).await.says_no(413, "too-large");
    helen.browser.put("/api/drafts/Nothing", &age("x"), &zero).await.says_no(404, "missing");
    // A photo needs a draft of hers, and bounds.
    helen.browser.put(&format!("{path}/photos/{PHOTO}"), &age("x"), &[]).await.says_no(404, "missing");
    helen.browser.put(&path, &age("one"), &zero).await.is(OK);
    let photo = format!("{path}/photos/{PHOTO}");
    helen.browser.put(&photo, b"\xff\xd8\xff", &[]).await.says_no(422, "bytes-unknown");
    helen.browser.put(&photo, &age(&"x".repeat(9 * 1024 * 1024)), &[]).await.says_no(413, "too-large");
    helen.browser.put(&format!("{path}/photos/..%2Fx"), &age("x"), &[]).await.says_no(404, "missing");
    // Somebody else's draft is as missing as one that never was.
    let mut mallory = house.author("mallory@example.org").await;
    for path in [path.clone(), format!("{path}/history"), photo.clone()] {
        mallory.browser.get(&path).await.says_no(404, "missing");
    }
    mallory.browser.put(&path, &age("x"), &[("if-match", "\"1\"")]).await.says_no(404, "missing");
    mallory.browser.put(&path, &age("x"), &zero).await.says_no(404, "missing");
    mallory.browser.put(&photo, &age("x"), &[]).await.says_no(404, "missing");
    mallory.browser.post(&format!("{path}/discard"), &json!({})).await.says_no(404, "missing");
    assert_eq!(helen.browser.get(&path).await.body, age("one"));
}

#[tokio::test]
async fn an_act_on_a_locked_page_does_not_open_it_again() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let path = format!("/api/drafts/{ID}");
    helen.browser.put(&path, &age("one"), &[("if-match", "\"0\"")]).await.is(OK);
    // Writing keeps it open; without an act it locks by itself.
    house.pass(3 * 3600);
    helen.browser.put(&path, &age("two"), &[("if-match", "\"1\"")]).await.is(OK);
    house.pass(3 * 3600);
    assert_eq!(helen.browser.get(&path).await.status, OK);
    house.pass(2 * 3600);
    helen.browser.get(&path).await.says_no(403, "locked");
    helen.browser.put(&path, &age("three"), &[("if-match", "\"2\"")]).await.is(OK);
    helen.browser.get(&path).await.says_no(403, "locked");
    helen.browser.get("/api/vault").await.says_no(403, "locked");
    helen.unlock().await;
    assert_eq!(helen.browser.get(&path).await.body, age("three"));
}
