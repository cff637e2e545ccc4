//! The outbox's pages: there for whoever sits at this machine, and nowhere else.

use super::house::*;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use std::sync::Arc;
use unsaid::app::CaughtMail;

fn caught() -> CaughtMail {
    CaughtMail {
        name: "m1".into(),
        copy: 2,
        to: "dan@example.org".into(),
        subject: "Something <waits> for you".into(),
        date: "Thu, 12 Mar 2037 09:00:00 +0000".into(),
        text: format!("Look:\n{ORIGIN}/k/abc\n\nNot https://evil.example/ though.\n"),
        page: Some("<!DOCTYPE html><p style=\"margin:0\">Look</p><script>alert(1)</script>".into()),
    }
}

async fn house(settings: &[(&str, &str)]) -> House {
    let mut house = House::with(settings, "Helen").await;
    house.app.outbox = Some(Arc::new(Shelf(vec![caught()])));
    house
}

#[tokio::test]
async fn the_one_at_this_machine_sees_what_was_caught() {
    let house = house(&[]).await;
    let mut browser = house.browser();
    let list = browser.get("/outbox").await.page(StatusCode::OK);
    assert!(list.contains("Something &lt;waits&gt; for you") && list.contains("href=\"/outbox/m1\""));
    let message = browser.get("/outbox/m1").await;
    assert_eq!(message.header("cache-control"), "no-store");
    let message = message.page(StatusCode::OK);
    assert!(message.contains(&format!("<a href=\"{ORIGIN}/k/abc\">")));
    assert!(!message.contains("href=\"https://evil"));
    browser.get("/outbox/m2").await.page(StatusCode::NOT_FOUND);
    browser.get("/outbox/..%2F..%2Fetc%2Fpasswd").await.page(StatusCode::NOT_FOUND);
}

/// The page of a message has its own styles, and nothing of it can run; of nothing else in the house the policy is another.
#[tokio::test]
async fn a_message_is_seen_as_a_mail_program_shows_it() {
    let house = house(&[]).await;
    let mut browser = house.browser();
    let message = browser.get("/outbox/m1").await.page(StatusCode::OK);
    assert!(message.contains("href=\"/outbox/m1/page\""));
    let page = browser.get("/outbox/m1/page").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");
    let policy = page.header("content-security-policy").to_owned();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'unsafe-inline'; form-action 'none';"),
        "{policy}"
    );
    assert!(!policy.contains("script-src") && !policy.contains("img-src"), "{policy}");
    assert_eq!(page.text(), caught().page.unwrap());
    assert_eq!(
        browser.get("/outbox/m1").await.header("content-security-policy"),
        unsaid::http::headers::POLICY
    );
    browser.get("/outbox/m2/page").await.page(StatusCode::NOT_FOUND);

    // A file that somebody laid there, without a page.
    let mut plain = House::with(&[], "Helen").await;
    plain.app.outbox = Some(Arc::new(Shelf(vec![CaughtMail { page: None, ..caught() }])));
    let message = plain.browser().get("/outbox/m1").await.page(StatusCode::OK);
    assert!(!message.contains("/page\""));
    plain.browser().get("/outbox/m1/page").await.page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn through_a_proxy_or_by_another_name_there_is_no_outbox() {
    let house = house(&[]).await;
    let unknown = house.browser().get("/nothing-is-here").await.page(StatusCode::NOT_FOUND);
    for (name, value) in [
        ("host", "letters.example.org"),
        ("host", "127.0.0.1:7070"),
        ("host", "localhost:7071"),
        ("forwarded", "for=192.0.2.1"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-host", "localhost:7070"),
        ("x-forwarded-proto", "https"),
    ] {
        for path in ["/outbox", "/outbox/m1", "/outbox/m1/page"] {
            let mut request = axum::http::Request::builder().method(Method::GET).uri(path);
            if name != "host" {
                request = request.header(header::HOST, "localhost:7070");
            }
            let request = request.header(name, value).body(Body::empty()).unwrap();
            let page = house.browser().send(request).await.page(StatusCode::NOT_FOUND);
            assert_eq!(page, unknown, "{name}: {value} is answered like any page that is not there");
        }
    }
}

#[tokio::test]
async fn a_house_that_sends_has_no_outbox() {
    let relay = ("UNSAID_MAIL", "smtps://a:b@mail.example.org");
    let mut public = house(&[("UNSAID_PUBLIC_URL", "https://letters.example.org"), relay]).await;
    public.browser().get("/outbox").await.page(StatusCode::NOT_FOUND);
    public.app.outbox = None;
    public.browser().get("/outbox").await.page(StatusCode::NOT_FOUND);
    let local = House::new().await;
    local.browser().get("/outbox").await.page(StatusCode::NOT_FOUND);
}
