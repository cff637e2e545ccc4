//! What somebody can do with nothing but the message that came: each way that it names is there, and does what it says.

use super::house::*;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use mail_parser::MessageParser;
use serde_json::json;
use unsaid_delivery::{Fact, Scope};

/// Letters that go at once to each of these, and what has left a minute later.
async fn knocks(house: &House, addresses: &[&str]) -> Vec<String> {
    let mut helen = house.author(HELEN).await;
    for address in addresses {
        let person = helen.person(address).await;
        helen.sealed(house, &person, json!("none")).await;
    }
    house.pass(60);
    left(house).await
}

/// The knocks that leave now.
async fn left(house: &House) -> Vec<String> {
    let outbox = tempfile::tempdir().unwrap();
    house.work(outbox.path()).await;
    let mails = House::mails(outbox.path());
    mails.into_iter().filter(|mail| mail.contains("\r\nList-Unsubscribe: <")).collect()
}

fn to(mail: &str) -> &str {
    mail.split("\r\n").find_map(|line| line.strip_prefix("To: ")).unwrap()
}

#[tokio::test]
async fn who_types_what_the_message_says_comes_in() {
    let house = House::new();
    let mail = knocks(&house, &["dan@example.org"]).await.remove(0);
    let read = MessageParser::default().parse(mail.as_bytes()).unwrap();
    let text = read.body_text(0).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, rest) = text.split_once("Type ").unwrap();
    let (page, rest) = rest.split_once(" into your browser").unwrap();
    let page = page.strip_prefix(ORIGIN).unwrap();
    let (_, rest) = rest.split_once("these eight digits: ").unwrap();
    let digits = &rest[..9];
    let mut dan = house.browser();
    let form = dan.get(page).await;
    assert_eq!(form.status, StatusCode::OK);
    assert!(String::from_utf8_lossy(&form.body).contains("name=\"digits\""));
    let answer =
        dan.form(page, &format!("address=dan@example.org&digits={}", digits.replace(' ', "+"))).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/waiting"));
}

#[tokio::test]
async fn the_button_of_a_mail_program_ends_these_messages_and_no_others() {
    let house = House::new();
    let mails = knocks(&house, &["dan@example.org", "mara@example.org"]).await;
    let mail = mails.iter().find(|mail| to(mail) == "dan@example.org").unwrap();
    let read = MessageParser::default().parse(mail.as_bytes()).unwrap();
    let button = read.list_unsubscribe().as_address().unwrap().first().unwrap().address().unwrap().to_owned();
    let request = axum::http::Request::builder()
        .method(Method::POST)
        .uri(button.strip_prefix(ORIGIN).unwrap())
        .header(header::HOST, "localhost:7070")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("List-Unsubscribe=One-Click"))
        .unwrap();
    assert_eq!(house.browser().send(request).await.status, StatusCode::OK);
    let quiet = |fact: &&Fact| matches!(fact, Fact::Refused { scope: Scope::Quiet, .. });
    assert_eq!(house.store.facts().iter().filter(quiet).count(), 1);

    // Two weeks later the second knock goes to her alone.
    let mut second = Vec::new();
    for _ in 0..16 {
        house.pass(24 * 3600);
        second.extend(left(&house).await.iter().map(|mail| to(mail).to_owned()));
    }
    assert_eq!(second, ["mara@example.org"]);
}
