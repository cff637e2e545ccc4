//! The pages of somebody who looks after whom a letter is for: told that it waits, from whom and for whom after a press and not before, and left to do no harm to it.

use super::house::*;
use super::pages::compare;
use axum::http::StatusCode;
use unsaid_delivery::state::State;
use unsaid_store::{EngineStore, PersonStore};

/// Somebody looks after Ada, to whom a letter has come: the house, the letter, and the link of its knock.
async fn looked_after() -> (House, Sent, String) {
    let mut house = House::new().await;
    let of = format!("{} looked after", house.person);
    let name = house.app.keys.seal_text(&of, "Ada", &*house.app.chance);
    house.store.look_after(&house.author, house.person, Some(name)).await.unwrap();
    let (sent, link) = house.knocked().await;
    (house, sent, link)
}

#[tokio::test]
async fn the_pages_of_a_guardian_are_as_they_were_read_and_agreed_to() {
    let (house, sent, link) = looked_after().await;
    let mut mother = house.browser();
    compare("guardian-knock", &mother.get(&link).await.page(StatusCode::OK));
    compare("guardian-waiting", &mother.come(&link).await);
    compare("guardian-refuse", &mother.get("/refuse").await.page(StatusCode::OK));
    compare("guardian-here", &mother.get("/here").await.page(StatusCode::OK));
    let path = format!("/waiting/{}", sent.delivery);
    compare("guardian-keeps", &mother.get(&format!("{path}/later")).await.page(StatusCode::OK));
    mother.post(&format!("{path}/later"), "when=in-a-year").await.on_to();
    compare("guardian-later", &mother.get("/waiting").await.page(StatusCode::OK));
}

#[tokio::test]
async fn a_guardian_is_told_names_after_the_press_and_not_before() {
    let (house, _, link) = looked_after().await;
    let mut mother = house.browser();
    let knock = mother.get(&link).await.page(StatusCode::OK);
    assert!(knock.contains("somebody you look after"));
    assert!(!knock.contains("Ada") && !knock.contains("Helen"));
    assert!(mother.come(&link).await.contains("Helen Marlow has written to Ada."));
}

#[tokio::test]
async fn a_guardians_no_ends_the_messages_and_not_the_letter() {
    let (house, sent, link) = looked_after().await;
    let mut mother = house.browser();
    mother.come(&link).await;
    mother.post("/refuse", "scope=author").await.on_to();
    let state = house.store.delivery(sent.delivery).await.unwrap().unwrap().delivery.state;
    assert!(state.may_be_opened(), "{state:?}: it is there for whoever comes");
    assert_ne!(state, State::Opened);
    assert!(mother.get("/waiting").await.page(StatusCode::OK).contains("it waits all the same"));
}

#[tokio::test]
async fn whoever_is_grown_up_is_spoken_to_themselves() {
    let (house, _, link) = looked_after().await;
    house.store.look_after(&house.author, house.person, None).await.unwrap();
    let mut ada = house.browser();
    assert!(ada.get(&link).await.page(StatusCode::OK).contains("Somebody has left you a letter."));
    assert!(ada.come(&link).await.contains("Helen Marlow has written to you."));
}
