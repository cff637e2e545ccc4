//! From the knock to the words, and what must not happen on the way.

use super::house::*;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use unsaid_delivery::id::{DeliveryId, LetterId};
use unsaid_delivery::state::{Parked, State};
use unsaid_seal::read::read_letter;
use unsaid_store::EngineStore;

async fn state(house: &House, sent: &Sent) -> State {
    house.store.delivery(sent.delivery).await.unwrap().unwrap().delivery.state
}

#[tokio::test]
async fn from_the_knock_to_the_words() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();

    let knock = dan.get(&link).await.page(StatusCode::OK);
    assert!(!knock.contains("Helen"), "the name is shown after the click");
    assert!(dan.cookie.is_none(), "looking gives no cookie");
    let who = dan.come(&link).await;
    assert!(who.contains("Helen Marlow has written to you.") && who.contains("Thursday 12 March 2037"));
    assert!(who.contains("Whoever reads this mailbox can open it."));
    assert_eq!(state(&house, &sent).await, State::Sending, "seeing the name opens nothing");

    let open = format!("/waiting/{}/open", sent.delivery);
    assert_eq!(dan.post(&open, "").await.on_to(), format!("/waiting/{}", sent.delivery));
    assert_eq!(state(&house, &sent).await, State::Opened);
    let page = dan.get(&format!("/waiting/{}", sent.delivery)).await.page(StatusCode::OK);
    assert!(!page.contains("AGE-SECRET-KEY") && !page.contains("no shift"));

    let given = dan.ask_key(sent.delivery).await;
    assert_eq!(given.status, StatusCode::OK);
    assert_eq!(given.header("cache-control"), "no-store");
    let given: serde_json::Value = serde_json::from_slice(&given.body).unwrap();
    assert_eq!(given["letter"], sent.letter.to_string());
    assert_eq!(given["version"], 1);
    let file = dan.get(&format!("/waiting/{}/letter.age", sent.delivery)).await;
    assert_eq!(file.header("content-type"), "application/octet-stream");
    let key = given["key"].as_str().unwrap();
    let letter = read_letter(key.as_bytes(), &file.body, &sent.letter.to_string(), 1).ok().unwrap();
    assert_eq!(letter.text, WORDS);
}

#[tokio::test]
async fn opening_again_is_opening_once() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    let open = format!("/waiting/{}/open", sent.delivery);
    dan.post(&open, "").await.on_to();
    let once = house.fingerprint(&sent).await;
    for _ in 0..3 {
        dan.post(&open, "").await.on_to();
        assert_eq!(dan.ask_key(sent.delivery).await.status, StatusCode::OK);
    }
    assert_eq!(house.fingerprint(&sent).await, once);
    assert!(dan.get("/waiting").await.page(StatusCode::OK).contains("Read it again"));
}

#[tokio::test]
async fn looking_changes_nothing() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    let mut paths =
        vec![link.clone(), "/waiting".into(), "/refuse".into(), "/refused".into(), "/away".into()];
    paths.push(format!("/refuse?letter={}", sent.delivery));
    paths.extend(["/come", "/here", "/help/together", "/is-this-real", "/"].map(str::to_owned));
    paths.push(format!("/quiet/{}", house.quiet_token(&link).await));
    for rest in ["", "/open", "/key", "/letter.age", "/later", "/reply", "/words"] {
        paths.push(format!("/waiting/{}{rest}", sent.delivery));
    }
    paths.extend(["/lift".to_owned(), "/leave".to_owned()]);
    for came in [false, true] {
        if came {
            dan.come(&link).await;
        }
        let before = house.fingerprint(&sent).await;
        for path in &paths {
            for method in [Method::GET, Method::HEAD] {
                let request = dan.request(method, path).body(Body::empty()).unwrap();
                let answer = dan.send(request).await;
                assert!(answer.status.as_u16() < 500, "{path}");
                assert!(!answer.headers.contains_key(header::SET_COOKIE), "{path}");
            }
        }
        assert_eq!(house.fingerprint(&sent).await, before);
    }
    assert_eq!(state(&house, &sent).await, State::Sending);
}

#[tokio::test]
async fn what_is_closed_gives_no_key_and_no_bytes() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    assert_eq!(dan.ask_key(sent.delivery).await.status, StatusCode::NOT_FOUND);
    let file = format!("/waiting/{}/letter.age", sent.delivery);
    assert_eq!(dan.get(&file).await.status, StatusCode::NOT_FOUND);
    let page = dan.get(&format!("/waiting/{}", sent.delivery)).await.page(StatusCode::OK);
    assert!(page.contains("This letter is still closed.") && !page.contains("data-key-url"));
}

#[tokio::test]
async fn nobody_comes_to_a_letter_of_somebody_else() {
    let mut house = House::new().await;
    let (his, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    dan.post(&format!("/waiting/{}/open", his.delivery), "").await.on_to();
    house.write_to("mara@example.org").await;
    let (_, hers) = house.knocked().await;
    let mut mara = house.browser();
    assert!(!mara.come(&hers).await.contains(&his.delivery.to_string()));

    let missing = DeliveryId([9; 16]);
    let before = house.fingerprint(&his).await;
    for rest in ["", "/letter.age"] {
        let foreign = mara.get(&format!("/waiting/{}{rest}", his.delivery)).await;
        let nowhere = mara.get(&format!("/waiting/{missing}{rest}")).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{rest}");
        assert_eq!(foreign.body, nowhere.body, "{rest}: one answer for foreign and missing");
    }
    assert_eq!(mara.ask_key(his.delivery).await.body, mara.ask_key(missing).await.body);
    let open = mara.post(&format!("/waiting/{}/open", his.delivery), "").await;
    assert_eq!(open.status, StatusCode::NOT_FOUND);
    let refuse = mara.post("/refuse", &format!("scope=letter&delivery={}", his.delivery)).await;
    assert_eq!(refuse.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.fingerprint(&his).await, before);

    let mut stranger = house.browser();
    for path in ["/waiting".to_owned(), format!("/waiting/{}", his.delivery), "/refuse".to_owned()] {
        let page = stranger.get(&path).await.page(StatusCode::UNAUTHORIZED);
        assert!(!page.contains("Helen"), "{path}");
    }
    assert_eq!(stranger.ask_key(his.delivery).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_link_that_is_unknown_says_one_thing() {
    let mut house = House::new().await;
    house.knocked().await;
    let mut dan = house.browser();
    let mut pages = Vec::new();
    for token in [base64url(&[3; 32]), "x".into(), "A".repeat(2000), base64url(&[3; 31]), "%00".into()] {
        let path = format!("/k/{token}");
        pages.push(dan.get(&path).await.page(StatusCode::NOT_FOUND));
        pages.push(dan.post(&path, "do=who").await.page(StatusCode::NOT_FOUND));
        assert!(dan.cookie.is_none());
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
    assert!(pages[0].contains("This link opens nothing, or nothing any more."));
}

#[tokio::test]
async fn leaving_forgets_who_is_here() {
    let mut house = House::new().await;
    let (_, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    let mut copy = dan.clone();
    let left = dan.post("/leave", "").await;
    assert_eq!(left.on_to(), "/away");
    assert!(left.header("set-cookie").contains("Max-Age=0"));
    assert!(dan.cookie.is_none());
    // The cookie that a copy of the browser still has opens nothing either.
    copy.get("/waiting").await.page(StatusCode::UNAUTHORIZED);
    let away = dan.get("/away").await.page(StatusCode::OK);
    assert!(away.contains("<title>New page</title>") && !away.contains("Unsaid"));
    // Leaving works for those who were never here.
    assert_eq!(house.browser().post("/leave", "").await.on_to(), "/away");
}

#[tokio::test]
async fn one_browser_has_one_reader() {
    let mut house = House::new().await;
    let (_, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    let mut before = dan.clone();
    dan.come(&link).await;
    assert_ne!(before.cookie, dan.cookie);
    before.get("/waiting").await.page(StatusCode::UNAUTHORIZED);
    let set = dan.post(&link, "do=who").await;
    let set = set.header("set-cookie");
    for part in ["reader=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(set.contains(part), "{set}");
    }
}

#[tokio::test]
async fn a_wrap_of_another_letter_is_not_peeled_and_the_host_is_called() {
    let mut house = House::new().await;
    let other = LetterId([8; 16]);
    let sent = house.seal_as(LetterId([6; 16]), DeliveryId([5; 16]), &other.to_string(), WORDS).await;
    let link = house.knock().await.unwrap();
    let mut dan = house.browser();
    dan.come(&link).await;
    dan.post(&format!("/waiting/{}/open", sent.delivery), "").await.on_to();
    let refused = dan.ask_key(sent.delivery).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.text().contains("letter-held") && !refused.text().contains("AGE-SECRET-KEY"));
    assert_eq!(state(&house, &sent).await, State::Parked { why: Parked::WrongBinding, left: true });
    assert_ne!(dan.ask_key(sent.delivery).await.status, StatusCode::OK);
    assert!(dan.get("/waiting").await.status.is_success());
}

#[tokio::test]
async fn a_range_of_the_sealed_bytes_is_honoured() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    dan.post(&format!("/waiting/{}/open", sent.delivery), "").await.on_to();
    let path = format!("/waiting/{}/letter.age", sent.delivery);
    let whole = dan.get(&path).await.body;
    let request = dan.request(Method::GET, &path).header("range", "bytes=10-19").body(Body::empty()).unwrap();
    let some = dan.send(request).await;
    assert_eq!(some.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(some.header("content-range"), format!("bytes 10-19/{}", whole.len()));
    assert_eq!(some.body, whole[10..20]);
    let request =
        dan.request(Method::GET, &path).header("range", "bytes=9999999-").body(Body::empty()).unwrap();
    let none = dan.send(request).await;
    assert_eq!(none.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(none.header("content-range"), format!("bytes */{}", whole.len()));
}

#[tokio::test]
async fn what_was_opened_stays_theirs_and_what_was_withdrawn_is_gone() {
    let mut house = House::new().await;
    let opened = house.seal(WORDS).await;
    let closed = house.seal("Another one.").await;
    let link = house.knock().await.unwrap();
    let mut dan = house.browser();
    dan.come(&link).await;
    dan.post(&format!("/waiting/{}/open", opened.delivery), "").await.on_to();
    for sent in [&opened, &closed] {
        let view = house.store.delivery(sent.delivery).await.unwrap().unwrap();
        let granted = unsaid_delivery::accept::withdraw(&view.delivery).unwrap();
        let now = house.app.time.now();
        house.app.store.commit_author(&house.author, &view.delivery, &granted, now).await.unwrap();
    }
    assert_eq!(dan.ask_key(opened.delivery).await.status, StatusCode::OK);
    assert_eq!(
        dan.post(&format!("/waiting/{}/open", closed.delivery), "").await.status,
        StatusCode::NOT_FOUND
    );
    assert!(!dan.get("/waiting").await.page(StatusCode::OK).contains(&closed.delivery.to_string()));
}
