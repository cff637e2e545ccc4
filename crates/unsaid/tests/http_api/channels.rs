//! A second way to reach her: another address, proved by a code; told of everywhere, written to with everything that asks whether she is well, and taken away again.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};

const OK: StatusCode = StatusCode::OK;
const SECOND: &str = "helen@second.example";
const DAY: u64 = 86_400;

/// A message that went out.
#[derive(Debug)]
struct Mail {
    to: String,
    subject: String,
    whole: String,
}

/// What went out since the last time, by its address.
async fn told(house: &House) -> Vec<Mail> {
    let outbox = tempfile::tempdir().unwrap();
    house.work(outbox.path()).await;
    let line = |mail: &str, name: &str| {
        let line = mail.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_matches(['<', '>']).to_owned()
    };
    let mails = House::mails(outbox.path()).into_iter();
    let mail = |whole: String| Mail { to: line(&whole, "To: "), subject: line(&whole, "Subject: "), whole };
    let mut told: Vec<_> = mails.map(mail).collect();
    told.sort_by(|a, b| (&a.to, &a.subject).cmp(&(&b.to, &b.subject)));
    told
}

fn went_to<'a>(told: &'a [Mail], what: &str) -> Vec<&'a str> {
    told.iter().filter(|mail| mail.subject.contains(what)).map(|mail| &*mail.to).collect()
}

async fn add(house: &House, helen: &mut Writer, address: &str) -> Value {
    helen.browser.post("/api/channels", &json!({ "email": address })).await.is(StatusCode::ACCEPTED);
    assert_eq!(house.send_codes(CODE).await, 1);
    helen.browser.post("/api/channels/confirm", &json!({ "code": CODE })).await.is(OK)
}

#[tokio::test]
async fn a_second_address_is_proved_written_to_and_taken_away() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    told(&house).await;
    for (typed, key) in [("x", "address-without-at"), ("HELEN@example.org", "channel-there")] {
        helen.browser.post("/api/channels", &json!({ "email": typed })).await.says_no(422, key);
    }
    helen.browser.post("/api/channels", &json!({ "email": SECOND })).await.is(StatusCode::ACCEPTED);
    assert_eq!(house.send_codes(CODE).await, 1);
    let right = json!({ "code": CODE });
    let confirm = "/api/channels/confirm";
    helen.browser.post(confirm, &json!({ "code": "00000000" })).await.says_no(422, "code-wrong");
    helen.browser.post(confirm, &json!({ "code": "?" })).await.says_no(422, "code-wrong");
    for cookie in ["browser", "address"] {
        let mut other = helen.browser.clone();
        other.forget_cookie(cookie);
        other.post(confirm, &right).await.says_no(410, "code-over");
    }
    // What was asked for to write there changes nothing about where she signs in.
    helen.browser.post("/api/address/confirm", &right).await.says_no(410, "code-over");
    assert_eq!(helen.browser.get("/api/channels").await.is(OK)["channels"], json!([]));
    let list = helen.browser.post(confirm, &right).await.is(OK);
    assert_eq!(
        (&list["channels"][0]["address"], list["channels"].as_array().unwrap().len()),
        (&json!(SECOND), 1)
    );
    assert_eq!(list["channels"][0]["proved"].as_str().unwrap().len(), 10);
    helen.browser.post(confirm, &right).await.says_no(410, "code-over");
    helen.browser.post("/api/channels", &json!({ "email": SECOND })).await.says_no(422, "channel-there");
    assert_eq!(went_to(&told(&house).await, "one address more"), [HELEN, SECOND]);

    // Nobody signs in with it.
    let mut stranger = house.browser();
    stranger.post("/api/codes", &json!({ "email": SECOND })).await.is(StatusCode::ACCEPTED);
    assert_eq!(house.send_codes(CODE).await, 0);

    // Whether she is well is asked at both, and either answers.
    let plan = json!({ "policy": "check-ins", "everyDays": 60, "pauseDays": 7, "quorum": 2, "warningDays": 10, "fallbackDays": 180 });
    helen.browser.put_json("/api/life", &plan).await.is(OK);
    house.pass(62 * DAY);
    let asked = told(&house).await;
    assert_eq!(asked.iter().map(|mail| &*mail.to).collect::<Vec<_>>(), [HELEN, SECOND], "{asked:?}");
    helen.come_back(&house, HELEN).await;
    let stage =
        async |helen: &mut Writer| helen.browser.get("/api/life").await.is(OK)["life"]["stage"].clone();
    let link = base64url(&link_in(&asked[1].whole, "well").unwrap());
    let pressed = house.browser().form(&format!("/well/{link}"), "").await;
    assert_eq!(pressed.status, OK, "{}", String::from_utf8_lossy(&pressed.body));
    assert_eq!(stage(&mut helen).await, "present");

    // Taken away, only by somebody who gave her words a moment ago; both are told, and this one hears nothing after that.
    let path = format!("/api/channels/{}/remove", list["channels"][0]["id"].as_str().unwrap());
    house.author("dan@example.org").await.browser.post(&path, &json!({})).await.says_no(404, "missing");
    told(&house).await;
    let left = helen.browser.post(&path, &json!({})).await.is(OK);
    assert_eq!(left["channels"], json!([]));
    helen.browser.post(&path, &json!({})).await.says_no(404, "missing");
    let mails = told(&house).await;
    assert_eq!(went_to(&mails, "one address less"), [HELEN, SECOND], "once each");
    assert!(
        mails.iter().all(|mail| mail.to != SECOND || mail.whole.contains("one address less")),
        "{mails:?}"
    );
}

#[tokio::test]
async fn each_of_her_addresses_is_told_what_is_done_to_her_account() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    add(&house, &mut helen, SECOND).await;
    told(&house).await;
    helen
        .browser
        .post("/api/address", &json!({ "email": "helen.new@example.org" }))
        .await
        .is(StatusCode::ACCEPTED);
    house.send_codes(CODE).await;
    helen.browser.post("/api/address/confirm", &json!({ "code": CODE })).await.is(OK);
    let mails = told(&house).await;
    assert_eq!(went_to(&mails, "Another address signs in"), [HELEN, SECOND]);
    let of = |address: &str| mails.iter().find(|mail| mail.to == address).unwrap();
    assert!(link_in(&of(HELEN).whole, "address").is_some(), "the old address can undo it");
    assert!(!of(SECOND).whole.contains("/address/"), "the other one says where that link is, and has none");

    // An address that becomes the one to sign in with is no second one any more.
    helen.browser.post("/api/address", &json!({ "email": SECOND })).await.is(StatusCode::ACCEPTED);
    house.send_codes(CODE).await;
    helen.browser.post("/api/address/confirm", &json!({ "code": CODE })).await.is(OK);
    assert_eq!(helen.browser.get("/api/channels").await.is(OK)["channels"], json!([]));
}

#[tokio::test]
async fn three_more_at_most_and_ten_codes_a_day() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    for n in 0..3 {
        add(&house, &mut helen, &format!("helen{n}@second.example")).await;
    }
    let fourth = json!({ "email": "helen4@second.example" });
    helen.browser.post("/api/channels", &fourth).await.says_no(409, "channels-full");
    let mut anna = house.author("anna@example.org").await;
    for n in 0..10 {
        let asked = json!({ "email": format!("anna{n}@second.example") });
        anna.browser.post("/api/channels", &asked).await.is(StatusCode::ACCEPTED);
    }
    let asked = json!({ "email": "anna@third.example" });
    anna.browser.post("/api/channels", &asked).await.says_no(429, "codes-too-many");
}

const HOOK: &str = "https://sms.example.org/unsaid";
const NUMBER: &str = "+44 20 7946 0000";

/// What was brought to the webhook since the last time.
fn brought(house: &House, seen: &mut usize) -> Vec<Value> {
    let all = house.told.brought();
    let new = all[*seen..].iter().map(|one| {
        assert_eq!(one.url, HOOK, "nothing that she types leads anywhere else");
        serde_json::from_slice(&one.body).unwrap()
    });
    let new = new.collect();
    *seen = all.len();
    new
}

#[tokio::test]
async fn a_way_of_the_host_is_proved_by_its_code_and_told_all_that_her_mailboxes_are() {
    let house = House::with(&[("UNSAID_WEBHOOK", HOOK)]);
    house.told.tell(HOOK, || Ok(unsaid::outward::Said { status: 202, ..Default::default() }));
    let mut seen = 0;
    let outbox = tempfile::tempdir().unwrap();
    let mut helen = house.author(HELEN).await;
    told(&house).await;
    let list = helen.browser.get("/api/channels").await.is(OK);
    assert_eq!(list, json!({ "channels": [], "hostReaches": true, "pushKey": null }));
    let ask = "/api/channels/handle";
    for wrong in ["", "a", "++", "a\nb", "<b>bold</b>", &"9".repeat(65)] {
        helen.browser.post(ask, &json!({ "handle": wrong })).await.says_no(422, "handle-wrong");
    }
    helen.browser.post(ask, &json!({ "handle": format!(" {NUMBER} ") })).await.is(StatusCode::ACCEPTED);
    house.work_in(unsaid_store::rows::Lane::Codes, outbox.path()).await;
    assert!(House::mails(outbox.path()).is_empty(), "the code goes that way alone");
    let code = brought(&house, &mut seen);
    assert_eq!((code.len(), &code[0]["to"], &code[0]["kind"]), (1, &json!(NUMBER), &json!("code")));
    let text = code[0]["text"].as_str().unwrap();
    let digits: String = text.lines().next().unwrap().chars().filter(char::is_ascii_digit).collect();
    let list = helen.browser.post("/api/channels/confirm", &json!({ "code": digits })).await.is(OK);
    let channel = &list["channels"][0];
    assert_eq!((&channel["address"], &channel["byHost"]), (&json!(NUMBER), &json!(true)));
    let spaced = json!({ "handle": "+442079460000" });
    helen.browser.post(ask, &spaced).await.says_no(422, "handle-there");
    assert_eq!(went_to(&told(&house).await, "one address more"), [HELEN]);
    let news = brought(&house, &mut seen);
    assert_eq!((news.len(), &news[0]["kind"]), (1, &json!("channel-added")));

    // She is asked there too, with the link that answers.
    let plan = json!({ "policy": "check-ins", "everyDays": 60, "pauseDays": 7, "quorum": 2, "warningDays": 10, "fallbackDays": 180 });
    helen.browser.put_json("/api/life", &plan).await.is(OK);
    house.pass(62 * DAY);
    assert_eq!(told(&house).await.len(), 1);
    let asked = brought(&house, &mut seen);
    assert_eq!((asked.len(), &asked[0]["kind"]), (1, &json!("question")));
    let link = asked[0]["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(house.browser().form(&format!("/well/{link}"), "").await.status, OK);
    helen.come_back(&house, HELEN).await;
    assert_eq!(helen.browser.get("/api/life").await.is(OK)["life"]["stage"], "present");

    // Taken away, and nothing goes there any more.
    let path = format!("/api/channels/{}/remove", channel["id"].as_str().unwrap());
    helen.browser.post(&path, &json!({})).await.is(OK);
    told(&house).await;
    helen.browser.post("/api/kit", &json!({})).await;
    told(&house).await;
    assert_eq!(brought(&house, &mut seen).len(), 0);
}

#[tokio::test]
async fn without_a_webhook_there_is_no_such_way() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    assert_eq!(helen.browser.get("/api/channels").await.is(OK)["hostReaches"], false);
    helen.browser.post("/api/channels/handle", &json!({ "handle": NUMBER })).await.says_no(404, "missing");
}
