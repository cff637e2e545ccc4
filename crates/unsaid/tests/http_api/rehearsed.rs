//! The rehearsal, sent: every message that would go, to herself alone, marked, with links on which nothing can be done; once an hour, and it can be stopped.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};

const OK: StatusCode = StatusCode::OK;
const SEND: &str = "/api/life/rehearsal/send";

async fn with_a_keeper(house: &House) -> Writer {
    let mut helen = house.author(HELEN).await;
    let joan = json!({ "name": "Joan Pryce", "address": "joan@example.org" });
    helen.browser.post("/api/life/keepers", &joan).await.is(StatusCode::CREATED);
    let plan = json!({ "policy": "both", "everyDays": 60, "pauseDays": 7, "quorum": 2, "warningDays": 10, "fallbackDays": 180 });
    helen.browser.put_json("/api/life", &plan).await.is(OK);
    // What arming and naming have written leaves first.
    house.work(tempfile::tempdir().unwrap().path()).await;
    helen
}

/// Subject and text of a mail, decoded as far as these tests look.
fn plain(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=\n", "").replace("\r\n", "\n")
}

async fn sent(helen: &mut Writer) -> Value {
    helen.browser.get("/api/life/rehearsal/sent").await.is(OK)["sent"].clone()
}

#[tokio::test]
async fn it_goes_to_herself_alone_marked_and_leads_nowhere() {
    let house = House::new();
    let mut helen = house.author("anna@example.org").await;
    helen.browser.post(SEND, &json!({})).await.says_no(422, "life-unarmed");
    let mut helen = with_a_keeper(&house).await;
    assert_eq!(sent(&mut helen).await, Value::Null);
    let shown = helen.browser.get("/api/life/rehearsal").await.is(OK);
    let shown: Vec<&Value> = shown["messages"].as_array().unwrap().iter().collect();
    let to_keepers = shown.iter().filter(|one| !one["keeper"].is_null()).count();
    assert!(to_keepers > 0 && shown.len() > 8, "{shown:?}");
    let facts = house.store.facts().len();

    let asked = helen.browser.post(SEND, &json!({})).await.is(OK);
    // And what a person would be told.
    let of = shown.len() as u64 + 1;
    assert_eq!(asked["sent"], json!({ "of": of, "accepted": 0, "waiting": of }));
    let outbox = tempfile::tempdir().unwrap();
    house.work(outbox.path()).await;
    assert_eq!(sent(&mut helen).await, json!({ "of": of, "accepted": of, "waiting": 0 }));
    let mails = House::mails(outbox.path());
    assert_eq!(mails.len() as u64, of);
    for mail in &mails {
        let text = plain(mail);
        assert!(text.contains(&format!("To: {HELEN}")) || text.contains(&format!("To: <{HELEN}>")), "{text}");
        assert!(
            !text.contains("joan@example.org") && !text.contains("Joan") && !text.contains("Pryce"),
            "{text}"
        );
        assert!(text.contains("Subject: Rehearsal: "), "{text}");
        assert!(text.contains("This is a rehearsal, and you asked for it."), "{text}");
        assert!(!text.contains("List-Unsubscribe"), "{text}");
        for page in ["/well/", "/keeper/", "/k/", "/stop/", "/quiet/"] {
            assert!(!text.contains(&format!("{ORIGIN}{page}")), "{page} in {text}");
        }
    }
    let leads = mails.iter().filter(|mail| plain(mail).contains(&format!("{ORIGIN}/rehearsal"))).count();
    assert!(leads > 8, "what has a link leads to the page of the rehearsal: {leads}");
    // Only acceptances are facts of it: nobody has spoken, and nothing has moved.
    let new: Vec<_> = house.store.facts()[facts..].iter().map(unsaid_delivery::Fact::name).collect();
    assert!(new.iter().all(|name| *name == "accepted"), "{new:?}");
    assert_eq!(helen.browser.get("/api/life").await.is(OK)["life"]["stage"], "present");

    let page = house.browser().get("/rehearsal").await;
    assert_eq!(page.status, OK);
    let text = String::from_utf8(page.body).unwrap();
    assert!(text.contains("This was a rehearsal.") && !text.contains("<form"), "{text}");
}

#[tokio::test]
async fn once_an_hour_and_what_has_not_left_can_be_stopped() {
    let house = House::new();
    let mut helen = with_a_keeper(&house).await;
    let of = helen.browser.post(SEND, &json!({})).await.is(OK)["sent"]["of"].clone();
    let stopped = helen.browser.post("/api/life/rehearsal/stop", &json!({})).await.is(OK);
    assert_eq!(stopped["sent"], json!({ "of": of, "accepted": 0, "waiting": 0 }));
    let outbox = tempfile::tempdir().unwrap();
    house.work(outbox.path()).await;
    assert_eq!(House::mails(outbox.path()), Vec::<String>::new());
    house.pass(3_500);
    helen.browser.post(SEND, &json!({})).await.says_no(429, "rehearsal-too-soon");
    house.pass(200);
    helen.browser.post(SEND, &json!({})).await.is(OK);
    // Three days later nothing is said of it any more.
    house.pass(3 * 86_400);
    helen.come_back(&house, HELEN).await;
    assert_eq!(sent(&mut helen).await, Value::Null);
}
