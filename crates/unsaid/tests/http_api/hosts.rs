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
async fn nobody_but_a_host_learns_of_it() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    assert_eq!(helen.browser.get("/house").await.status, StatusCode::NOT_FOUND);
    for act in ["hold", "go-on", "park", "release"] {
        let form = if ["park", "release"].contains(&act) { "delivery=all-unforeseen" } else { "" };
        let answer = helen.browser.form(&format!("/house/{act}"), form).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{act}");
    }
    assert_eq!(house.store.holds().await.unwrap(), []);
    assert_eq!(house.browser().get("/house").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_host_holds_the_house_and_lets_it_go() {
    let house = House::new();
    let mut host = house.host(HOST).await;
    let calm = page(&mut host).await;
    assert!(calm.contains("Hold all letters") && calm.contains("No letter is held by itself."), "{calm}");
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
    assert!(shown.contains(&delivery.id.to_string()) && shown.contains("time zone"), "{shown}");
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
