//! Ways back in, and what her own mailbox is told: the paper kit, new words, another sign-in address and its undoing, notices; and a device that is not hers.

use super::house::*;
use axum::http::{Method, StatusCode};
use serde_json::json;
use unsaid_seal::{Binding, Kind, pq};

const OK: StatusCode = StatusCode::OK;
const NEW: &str = "helen.new@example.org";

/// Subjects of all mails that went out, sorted.
async fn told(house: &House, outbox: &tempfile::TempDir) -> Vec<String> {
    house.work(outbox.path()).await;
    let mut subjects: Vec<String> = House::mails(outbox.path())
        .iter()
        .map(|mail| {
            let line = mail.lines().find(|line| line.starts_with("Subject: ")).unwrap();
            let to = mail.lines().find(|line| line.starts_with("To: ")).unwrap();
            format!("{} {}", to.trim_end(), line.trim_end())
        })
        .collect();
    subjects.sort();
    subjects
}

#[tokio::test]
async fn the_kit_alone_lets_her_in_and_her_mailbox_is_told() {
    let house = House::new();
    let outbox = tempfile::tempdir().unwrap();
    let mut helen = house.author(HELEN).await;
    told(&house, &outbox).await;
    assert_eq!(helen.browser.get("/api/account").await.is(OK)["account"]["kit"], false);
    let token = base64url(&*unsaid_seal::kit::kit_token(&helen.identity));
    helen.browser.post("/api/kit", &json!({ "token": "x" })).await.says_no(422, "bytes-unknown");
    helen.browser.post("/api/kit", &json!({ "token": token })).await.is(OK);
    assert_eq!(helen.browser.get("/api/account").await.is(OK)["account"]["kit"], true);
    let mut elsewhere = house.browser();
    for wrong in ["", "x", &base64url(&[1; 32])] {
        let answer = elsewhere.post("/api/kit-session", &json!({ "token": wrong, "mine": false })).await;
        answer.says_no(404, "kit-unknown");
        assert_eq!(answer.header("set-cookie"), "");
    }
    let came = elsewhere.post("/api/kit-session", &json!({ "token": token, "mine": false })).await.is(OK);
    assert_eq!(came["account"]["email"], HELEN);
    assert_eq!(came["account"]["session"], json!({ "unlocked": true, "fresh": true, "mine": false }));
    let mails = told(&house, &outbox).await;
    assert!(mails.iter().any(|m| m.contains("paper kit") && m.contains(HELEN)), "{mails:?}");

    // And there she makes new words: the old ones open nothing any more.
    let host: pq::Recipient = house.app.peel.recipient().parse().unwrap();
    let new = base64url(&[77; 32]);
    let wrap = |number: u32| {
        let binding = Binding::new(&helen.id, number, Kind::Unlock).unwrap();
        let file = unsaid_seal::unlock::seal_passphrase_file(&helen.identity, &"cd".repeat(32)).unwrap();
        base64url(&unsaid_seal::wrap::wrap_bound(&host, &binding, &file).unwrap())
    };
    let file = |number: u32, wrap: String| json!({ "salt": base64url(&[8; 16]), "unlockToken": new, "unlockFile": wrap, "number": number });
    elsewhere.post("/api/unlock-file", &file(2, wrap(1))).await.says_no(422, "host-cannot-open");
    elsewhere.post("/api/unlock-file", &file(3, wrap(3))).await.says_no(409, "changed-meanwhile");
    elsewhere.post("/api/unlock-file", &file(2, wrap(2))).await.is(OK);
    let account = elsewhere.get("/api/account").await.is(OK);
    assert_eq!(
        (&account["account"]["unlockNumber"], &account["account"]["salt"]),
        (&json!(2), &json!(base64url(&[8; 16])))
    );
    elsewhere.post("/api/lock", &json!({})).await.is(OK);
    let old = json!({ "token": helen.token, "mine": false });
    elsewhere.post("/api/unlock", &old).await.says_no(422, "words-wrong");
    elsewhere.post("/api/unlock", &json!({ "token": new, "mine": false })).await.is(OK);
    assert!(told(&house, &outbox).await.iter().any(|m| m.contains("six words")));
}

#[tokio::test]
async fn another_address_needs_its_own_mail_and_the_old_one_can_undo_it_without_a_script() {
    let house = House::new();
    let outbox = tempfile::tempdir().unwrap();
    let mut helen = house.author(HELEN).await;
    house.author("taken@example.org").await;
    told(&house, &outbox).await;
    for (typed, key) in [("x", "address-without-at"), ("HELEN@example.org", "address-same")] {
        helen.browser.post("/api/address", &json!({ "email": typed })).await.says_no(422, key);
    }
    // A code for another address is good for nothing else, and in no other browser.
    helen.browser.post("/api/address", &json!({ "email": NEW })).await.is(StatusCode::ACCEPTED);
    assert_eq!(house.send_codes(CODE).await, 1);
    let confirm = json!({ "code": CODE });
    helen
        .browser
        .post("/api/address/confirm", &json!({ "code": "00000000" }))
        .await
        .says_no(422, "code-wrong");
    helen.browser.post("/api/address/confirm", &json!({ "code": "?" })).await.says_no(422, "code-wrong");
    let mut other = helen.browser.clone();
    other.forget_cookie("browser");
    other.post("/api/address/confirm", &confirm).await.says_no(410, "code-over");
    let mut other = helen.browser.clone();
    other.forget_cookie("address");
    other.post("/api/address/confirm", &confirm).await.says_no(410, "code-over");
    let changed = helen.browser.post("/api/address/confirm", &confirm).await.is(OK);
    assert_eq!(changed["account"]["email"], NEW);
    helen.browser.post("/api/address/confirm", &confirm).await.says_no(410, "code-over");
    let mails = told(&house, &outbox).await;
    assert!(mails.iter().any(|m| m.contains(HELEN) && m.contains("Another address")), "{mails:?}");

    // She signs in with the new one, and not with the old one.
    let mut again = house.browser();
    again.post("/api/codes", &json!({ "email": HELEN })).await.is(StatusCode::ACCEPTED);
    assert_eq!(house.send_codes(CODE).await, 0);
    again.post("/api/codes", &json!({ "email": NEW })).await.is(StatusCode::ACCEPTED);
    assert_eq!(house.send_codes(CODE).await, 1);

    // The old mailbox looks, which changes nothing, and puts it back, which ends every session.
    let link = House::mails(outbox.path()).iter().find_map(|mail| link_in(mail, "address")).unwrap();
    let path = format!("/address/{}", base64url(&link));
    let mut reader = house.browser();
    house.pass(13 * 86_400);
    for _ in 0..2 {
        let page = reader.get(&path).await;
        assert_eq!(page.status, OK);
        let text = String::from_utf8(page.body).unwrap();
        assert!(text.contains("method=\"post\"") && !text.contains("<script"), "{text}");
        assert!(!text.contains(&base64url(&link)), "the token stands in no text of the page");
    }
    helen.browser.get("/api/account").await.is(OK);
    let press = |browser: &Browser| {
        let request = browser.request(Method::POST, &path);
        request.header("content-type", "application/x-www-form-urlencoded").body("".into()).unwrap()
    };
    let done = reader.send(press(&reader)).await;
    assert_eq!(done.status, OK, "{}", String::from_utf8_lossy(&done.body));
    helen.browser.get("/api/account").await.says_no(401, "signed-out");
    assert_eq!(reader.send(press(&reader)).await.status, StatusCode::NOT_FOUND, "once");
    assert_eq!(reader.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(reader.get("/address/nothing").await.status, StatusCode::NOT_FOUND);
    helen.come_back(&house, HELEN).await;
    assert_eq!(helen.browser.get("/api/account").await.is(OK)["account"]["email"], HELEN);
}

#[tokio::test]
async fn an_address_of_somebody_elses_account_is_not_taken_over_and_the_undo_ends_after_a_fortnight() {
    let house = House::new();
    let outbox = tempfile::tempdir().unwrap();
    let mut helen = house.author(HELEN).await;
    house.author("taken@example.org").await;
    let known = helen.browser.post("/api/address", &json!({ "email": "taken@example.org" })).await;
    known.is(StatusCode::ACCEPTED);
    house.send_codes(CODE).await;
    let confirm = json!({ "code": CODE });
    helen.browser.post("/api/address/confirm", &confirm).await.says_no(409, "address-taken");
    assert_eq!(helen.browser.get("/api/account").await.is(OK)["account"]["email"], HELEN);
    helen.browser.post("/api/address", &json!({ "email": NEW })).await.is(StatusCode::ACCEPTED);
    house.send_codes(CODE).await;
    helen.browser.post("/api/address/confirm", &confirm).await.is(OK);
    told(&house, &outbox).await;
    let link = House::mails(outbox.path()).iter().find_map(|mail| link_in(mail, "address")).unwrap();
    house.pass(15 * 86_400);
    let answer = house.browser().get(&format!("/address/{}", base64url(&link))).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn each_deed_of_weight_is_told_to_her_own_mailbox() {
    let house = House::new();
    let outbox = tempfile::tempdir().unwrap();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &dan, json!("morning")).await;
    let mut before = told(&house, &outbox).await.len();
    let nothing = json!({});
    let address = json!({ "address": "dan2@example.org" });
    for (path, body, said) in [
        (format!("/api/persons/{dan}/addresses"), &address, "An address was changed"),
        (format!("/api/persons/{dan}/card/printed"), &nothing, "A card was shown"),
        (format!("/api/letters/{letter}/exported"), &nothing, "A letter was taken out"),
        ("/api/trial".to_owned(), &nothing, "A test from"),
    ] {
        helen.browser.post(&path, body).await.is(OK);
        let mails = told(&house, &outbox).await;
        before += 1;
        assert_eq!(mails.len(), before, "{path}: {mails:?}");
        assert!(mails.iter().any(|m| m.contains(said) && m.contains(HELEN)), "{path}: {mails:?}");
    }
    // What is not hers tells nobody anything, her least of all.
    let mut mallory = house.author("mallory@example.org").await;
    let with_welcome = told(&house, &outbox).await.len();
    for path in [
        format!("/api/persons/{dan}/card/printed"),
        format!("/api/letters/{letter}/exported"),
        format!("/api/persons/{dan}/addresses"),
    ] {
        let body = if path.ends_with("addresses") { &address } else { &nothing };
        mallory.browser.post(&path, body).await.says_no(404, "missing");
    }
    assert_eq!(told(&house, &outbox).await.len(), with_welcome);
}

#[tokio::test]
async fn ten_test_messages_are_enough_for_a_day() {
    let house = House::new();
    let outbox = tempfile::tempdir().unwrap();
    let mut helen = house.author(HELEN).await;
    for _ in 0..10 {
        helen.browser.post("/api/trial", &json!({})).await.is(OK);
    }
    let before = told(&house, &outbox).await.len();
    assert!(before >= 10);
    let answer = helen.browser.post("/api/trial", &json!({})).await;
    answer.says_no(429, "trials-too-many");
    assert_eq!(answer.header("retry-after"), "86400");
    assert_eq!(told(&house, &outbox).await.len(), before, "and no mail went");
    let mut other = house.author("other@example.org").await;
    other.browser.post("/api/trial", &json!({})).await.is(OK);
    house.pass(86_400);
    helen.come_back(&house, HELEN).await;
    helen.unlock().await;
    helen.browser.post("/api/trial", &json!({})).await.is(OK);
}

#[tokio::test]
async fn language_and_zone_are_hers_to_choose_and_a_persons_too() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    helen.browser.post("/api/lock", &json!({})).await.is(OK);
    let path = "/api/language";
    for (language, zone, key) in
        [("Spanish", "Europe/Madrid", "language-unknown"), ("es", "Mars/Olympus", "zone-unknown")]
    {
        let wrong = json!({ "language": language, "zone": zone });
        helen.browser.post(path, &wrong).await.says_no(422, key);
    }
    helen.browser.post(path, &json!({ "language": "es", "zone": "Europe/Madrid" })).await.is(OK);
    let account = helen.browser.get("/api/account").await.is(OK);
    assert_eq!(
        (&account["account"]["language"], &account["account"]["zone"]),
        (&json!("es"), &json!("Europe/Madrid"))
    );
    assert_eq!(helen.browser.get("/api/house").await.is(OK)["languages"], json!(["en", "es"]));
    helen.unlock().await;
    let path = format!("/api/persons/{dan}");
    let person = json!({ "zone": "America/Lima", "language": "es" });
    let changed = helen.browser.put_json(&path, &person).await.is(OK);
    assert_eq!(
        (&changed["person"]["zone"], &changed["person"]["language"]),
        (&json!("America/Lima"), &json!("es"))
    );
    helen
        .browser
        .put_json(&path, &json!({ "zone": "x", "language": "es" }))
        .await
        .says_no(422, "zone-unknown");
    let mut mallory = house.author("mallory@example.org").await;
    mallory.browser.put_json(&path, &person).await.says_no(404, "missing");
}

#[tokio::test]
async fn a_device_that_is_not_hers_keeps_nothing_and_hers_keeps_her_drafts() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let end = helen.browser.post("/api/sessions/end", &json!({})).await;
    end.is(OK);
    assert_eq!(end.header("clear-site-data"), "", "it is her own");
    // Signed in, and no words given: whose device it is is not known, and drafts may lie there alone.
    helen.browser.post("/api/codes", &json!({ "email": HELEN })).await.is(StatusCode::ACCEPTED);
    house.send_codes(CODE).await;
    helen.browser.post("/api/sessions", &json!({ "code": CODE })).await.is(OK);
    let end = helen.browser.post("/api/sessions/end", &json!({})).await;
    assert_eq!(end.header("clear-site-data"), "");
    helen.browser.post("/api/codes", &json!({ "email": HELEN })).await.is(StatusCode::ACCEPTED);
    house.send_codes(CODE).await;
    helen.browser.post("/api/sessions", &json!({ "code": CODE })).await.is(OK);
    helen.browser.post("/api/unlock", &json!({ "token": helen.token, "mine": false })).await.is(OK);
    let end = helen.browser.post("/api/sessions/end", &json!({})).await;
    assert_eq!(end.header("clear-site-data"), "\"cache\", \"storage\"");
    let nobody = helen.browser.post("/api/sessions/end", &json!({})).await;
    assert_eq!(nobody.header("clear-site-data"), "");
}
