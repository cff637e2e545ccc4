//! Whose name a knock says: nobody's, until the host has approved exactly that name, or whoever gets it has read a letter and allowed it; never where something is asked first.

use super::house::*;
use axum::http::StatusCode;
use serde_json::json;
use unsaid_store::{AccountStore, ReaderStore};

const NAME: &str = "Helen Marlow";

/// The knock that leaves now, as its text reads, and its link.
async fn knocked(
    house: &House,
    helen: &mut Writer,
    person: &str,
    proof: serde_json::Value,
) -> (String, [u8; 32]) {
    let (letter, sealed) = helen.write(house, true).await;
    helen.bring(&letter, 1, &sealed).await;
    let mut asked = sealing(person, &sealed.manifest_hash, json!("none"));
    asked["rule"]["proof"] = proof;
    helen.browser.post(&format!("/api/letters/{letter}/versions/1/seal"), &asked).await.is(StatusCode::OK);
    house.pass(60);
    let outbox = tempfile::tempdir().unwrap();
    house.work(outbox.path()).await;
    let mails = House::mails(outbox.path());
    let (mail, link) = mails.iter().find_map(|mail| Some((mail, link_in(mail, "k")?))).unwrap();
    (mail.replace("=\r\n", "").replace("=\n", "").replace(['\r', '\n'], " "), link)
}

#[tokio::test]
async fn a_knock_says_no_name_until_the_host_has_approved_exactly_that_one() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let account = helen.author(&house).await.account();
    let told = |answer: serde_json::Value| answer["account"]["nameInMails"].clone();
    assert_eq!(told(helen.browser.get("/api/account").await.is(StatusCode::OK)), json!(false));
    let dan = helen.person("dan@example.org").await;
    assert!(!knocked(&house, &mut helen, &dan, json!("none")).await.0.contains("Helen"));
    for (approved, said) in [("Helen Marlowe", false), ("helen marlow", false), (NAME, true)] {
        house.store.approve_name(account, Some(house.app.keys.name_mark(approved))).await.unwrap();
        assert_eq!(told(helen.browser.get("/api/account").await.is(StatusCode::OK)), json!(said));
        let person = helen.person(&format!("{}@example.org", approved.len())).await;
        let (mail, _) = knocked(&house, &mut helen, &person, json!("none")).await;
        assert_eq!(mail.contains("Helen Marlow has written to you."), said, "{approved}: {mail}");
        assert!(!mail.lines().next().unwrap_or_default().contains("Subject: Helen"));
        house.pass(60);
    }
    // Where something is asked first, the name is a part of what it protects.
    let mara = helen.person("mara@example.org").await;
    let proof = json!({ "kind": "question", "question": "Who?", "answer": "Benni" });
    assert!(!knocked(&house, &mut helen, &mara, proof).await.0.contains("Helen"));
}

#[tokio::test]
async fn whoever_has_read_a_letter_may_allow_the_name_and_take_it_back() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let person = helen.person("dan@example.org").await;
    let (mail, link) = knocked(&house, &mut helen, &person, json!("none")).await;
    assert!(!mail.contains("Helen"));
    let (reader, mut dan) = house.reader(&link).await;
    let path = format!("/waiting/{}", house.store.waiting(&reader).await.unwrap()[0].delivery.id);
    let choose = format!("{path}/name");
    // Before it is opened nobody can allow anything.
    dan.form(&choose, "say=yes").await;
    assert_eq!(house.store.sender(&reader).await.unwrap().allowed_name, None);
    dan.form(&format!("{path}/open"), "").await;
    assert_eq!(dan.form(&choose, "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(dan.form(&choose, "say=yes").await.status, StatusCode::SEE_OTHER);
    let page = String::from_utf8(dan.get(&path).await.body).unwrap();
    assert!(page.contains("Do not say the name any more"), "{page}");
    let (mail, _) = knocked(&house, &mut helen, &person, json!("none")).await;
    assert!(mail.contains("Helen Marlow has written to you."), "{mail}");
    // Another person of hers has allowed nothing.
    let mara = helen.person("mara@example.org").await;
    assert!(!knocked(&house, &mut helen, &mara, json!("none")).await.0.contains("Helen"));
    assert_eq!(dan.form(&choose, "say=no").await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.store.sender(&reader).await.unwrap().allowed_name, None);
}
