//! The host's page: what it shows and to whom, and what a host may do there. Nothing on it names anybody, and nothing tells what became of a letter that has left.

use super::house::*;
use axum::http::StatusCode;
use serde_json::json;
use unsaid_delivery::hold::Hold;
use unsaid_delivery::state::{Parked, State};
use unsaid_store::{EngineStore, HouseStore, LetterStore, ReaderStore};

const HOST: &str = "host@example.org";

async fn page(who: &mut Writer) -> String {
    let answer = who.browser.get("/house").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[tokio::test]
async fn whoever_is_no_host_is_told_for_whom_it_is_and_nothing_else() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let answer = helen.browser.get("/house").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let said = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(said.contains("for whoever runs this house") && said.contains("href=\"/letters\""), "{said}");
    assert!(!said.contains("Health") && !said.contains("held"), "{said}");
    for act in ["hold", "go-on", "park", "release"] {
        let form = if ["park", "release"].contains(&act) { "delivery=all-unforeseen" } else { "" };
        let answer = helen.browser.form(&format!("/house/{act}"), form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{act}");
    }
    assert_eq!(house.store.holds().await.unwrap(), []);
    let stranger = house.browser().get("/house").await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let said = String::from_utf8(stranger.body.to_vec()).unwrap();
    assert!(said.contains("/sign-in?back=%2Fhouse"), "there is a way in: {said}");
}

#[tokio::test]
async fn a_host_holds_the_house_and_lets_it_go() {
    let house = House::new();
    let mut host = house.host(HOST).await;
    let calm = page(&mut host).await;
    assert!(calm.contains("Hold all letters") && !calm.contains("id=\"held\""), "{calm}");
    assert_eq!(host.browser.form("/house/hold", "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.store.holds().await.unwrap()[0].what, Hold::ByHost);
    assert!(house.app.holds.any(), "no service counts from now on");
    let held = page(&mut host).await;
    assert!(held.contains("A host holds all letters") && !held.contains(">Hold all letters<"), "{held}");
    // What others set, a host does not take back here.
    house.store.hold(Hold::NotAdopted, house.app.time.now()).await.unwrap();
    assert_eq!(host.browser.form("/house/go-on", "").await.status, StatusCode::SEE_OTHER);
    let standing: Vec<Hold> = house.store.holds().await.unwrap().iter().map(|one| one.what).collect();
    assert_eq!(standing, [Hold::NotAdopted]);
    assert!(page(&mut host).await.contains("unsaid adopt"));
}

#[tokio::test]
async fn a_host_lets_a_held_letter_go() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &dan, json!("none")).await;
    let author = helen.author(&house).await;
    let delivery = house.store.letter(&author, letter.parse().unwrap()).await.unwrap().delivery.unwrap();
    house.store.park(delivery.id, Parked::ZoneUnknown).await.unwrap();
    let mut host = house.host(HOST).await;
    let shown = page(&mut host).await;
    assert!(shown.contains(&delivery.id.to_string()) && shown.contains("zone means nothing"), "{shown}");
    assert!(shown.contains("unsaid release ID"), "{shown}");
    for private in ["dan@example.org", HELEN, HOST, "Helen", &letter] {
        assert!(!shown.contains(private), "{private}");
    }
    let form = format!("delivery={}", delivery.id);
    assert_eq!(host.browser.form("/house/release", &form).await.status, StatusCode::SEE_OTHER);
    let now = house.store.delivery(delivery.id).await.unwrap().unwrap().delivery.state;
    assert!(!matches!(now, State::Parked { .. }), "{now:?}");
}

#[tokio::test]
async fn nothing_tells_a_host_what_became_of_a_letter_that_has_left() {
    // A host may be an author. Two worlds: in one the letter was opened, in the other it was not.
    let mut pages = Vec::new();
    for opens in [false, true] {
        let house = House::new();
        let mut helen = house.author(HELEN).await;
        let dan = helen.person("dan@example.org").await;
        helen.sealed(&house, &dan, json!("none")).await;
        house.pass(60);
        let links = house.turn().await;
        let (reader, mut dan) = house.reader(&links[0]).await;
        let delivery = house.store.waiting(&reader).await.unwrap()[0].delivery.id;
        if opens {
            let opened = dan.form(&format!("/waiting/{delivery}/open"), "").await;
            assert_eq!(opened.status, StatusCode::SEE_OTHER);
        }
        let mut host = house.host(HOST).await;
        let mut seen = vec![page(&mut host).await];
        for act in ["park", "release"] {
            let answer = host.browser.form(&format!("/house/{act}"), &format!("delivery={delivery}")).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{act}");
            seen.push(String::from_utf8(answer.body.to_vec()).unwrap());
        }
        pages.push(seen);
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn the_page_shows_both_clocks_why_the_house_holds_and_what_comes_month_by_month() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    helen.sealed(&house, &dan, json!("none")).await;
    let mut host = house.host(HOST).await;
    let shown = page(&mut host).await;
    for words in ["Time of service", "never ahead of the true time", "Month by month", "1970"] {
        assert_eq!(shown.contains(words), words != "1970", "{words}: {shown}");
    }
    assert!(shown.contains("keys confirm"), "the keys of a new house are not on paper: {shown}");
    assert!(shown.contains("One thing waits for you."), "{shown}");
    assert!(!shown.contains("It does not count now"), "{shown}");
    house.store.hold(Hold::TwoGenerations, house.app.time.now()).await.unwrap();
    let shown = page(&mut host).await;
    assert!(
        shown.contains("Two things wait for you.") && shown.contains("continued in two places"),
        "{shown}"
    );
    assert!(shown.contains("It does not count now"), "{shown}");
}

#[tokio::test]
async fn whatever_is_found_wrong_stands_on_the_page_and_calls_the_host_once_a_day() {
    let house = House::new();
    let mut host = house.host(HOST).await;
    let blob = unsaid_delivery::id::BlobId([7; 16]);
    let finding = unsaid_store::care::Finding::of_blob(blob);
    unsaid_store::CareStore::found(&*house.store, &finding, house.app.time.now()).await.unwrap();
    let shown = page(&mut host).await;
    assert!(shown.contains("damaged or missing") && shown.contains(&blob.to_string()), "{shown}");
    let called = async || house.store.called(unsaid_delivery::message::Call::Found).await.unwrap();
    assert_eq!(called().await, None);
    unsaid::run::look_around(&house.app).await;
    let first = called().await.expect("the host is called");
    house.pass(60);
    unsaid::run::look_around(&house.app).await;
    assert_eq!(called().await, Some(first), "once a day");
}

#[tokio::test]
async fn what_was_pressed_is_said_and_an_older_page_changes_nothing() {
    let house = House::new();
    let mut host = house.host(HOST).await;
    let held = host.browser.form("/house/hold", "").await;
    assert_eq!(held.header("location"), "/house");
    let free = host.browser.form("/house/go-on", "").await;
    assert_eq!(free.header("location"), "/house?done=go-on");
    let said = String::from_utf8(host.browser.get("/house?done=go-on").await.body.to_vec()).unwrap();
    assert!(said.contains("Letters leave again"), "{said}");
    // Said only while it is so, and nothing else is said of what somebody writes there.
    house.store.hold(Hold::ByHost, house.app.time.now()).await.unwrap();
    for query in ["done=go-on", "done=%3Cb%3E", "x"] {
        let page =
            String::from_utf8(host.browser.get(&format!("/house?{query}")).await.body.to_vec()).unwrap();
        assert!(!page.contains("Letters leave again") && !page.contains("<b>"), "{query}");
    }
    let nobody = unsaid_delivery::id::DeliveryId([9; 16]);
    let older = host.browser.form("/house/release", &format!("delivery={nobody}")).await;
    assert_eq!(older.status, StatusCode::CONFLICT);
    let said = String::from_utf8(older.body.to_vec()).unwrap();
    assert!(said.contains("older than what it shows") && said.contains("href=\"/house\""), "{said}");
}
