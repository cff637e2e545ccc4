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
        for path in ["/outbox", "/outbox/m1"] {
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
