//! How often one network may ask what anybody may ask: to the last one that passes and to the second at which the next one does; and that nothing that
//! ends something is ever counted. The router of these tests is kept, because the buckets live in it.

use super::house::*;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::{Router, body::to_bytes};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::IpAddr;
use tower::ServiceExt;
use unsaid::http::limits::{COUNTED, Class, Peer};
use unsaid::http::route::{Effect, Policy};
use unsaid::http::routes;
use unsaid::secrets::hashed;
use unsaid_store::ReaderStore;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A house that stays open, so that it remembers who asked.
struct Open {
    router: Router,
}

impl Open {
    fn new(house: &House) -> Self {
        Self { router: unsaid::http::router(house.app.clone()) }
    }

    async fn send(&self, mut request: Request, peer: &str) -> Answer {
        let peer: IpAddr = peer.parse().unwrap();
        request.extensions_mut().insert(Peer(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn post(&self, browser: &Browser, peer: &str, path: &str, kind: &str, body: &str) -> Answer {
        let request = browser.request(Method::POST, path).header(header::CONTENT_TYPE, kind);
        self.send(request.body(Body::from(body.to_owned())).unwrap(), peer).await
    }

    /// A stranger asks for a code.
    async fn code(&self, house: &House, peer: &str, number: usize) -> Answer {
        let asked = json!({ "email": format!("stranger{number}@example.org") }).to_string();
        self.post(&house.browser(), peer, "/api/codes", JSON, &asked).await
    }

    /// A stranger tries the door number so and so. Gives what they get while they may.
    async fn door(&self, house: &House, peer: &str, number: usize) -> (Answer, u16) {
        let token = base64url(&[9; 32]);
        let (path, kind, body, status) = match number % 5 {
            0 => ("/api/sessions", JSON, json!({ "code": "12345678" }).to_string(), 410),
            1 => ("/api/kit-session", JSON, json!({ "token": token, "mine": false }).to_string(), 404),
            2 => ("/api/claim", JSON, json!({ "token": token }).to_string(), 404),
            3 => ("/api/invitation", JSON, json!({ "token": token }).to_string(), 404),
            _ => ("/come", FORM, format!("address=nobody{number}%40example.org&digits=12345678"), 422),
        };
        (self.post(&house.browser(), peer, path, kind, &body).await, status)
    }
}

#[test]
fn where_a_stranger_may_change_something_they_are_counted_unless_it_ends_something() {
    let ends = ["/api/sessions/end", "/leave", "/address/{token}", "/quiet/{token}", "/stop"];
    let counted: BTreeSet<&str> = COUNTED.iter().map(|(path, _)| *path).collect();
    assert_eq!(counted.len(), COUNTED.len());
    let strangers: BTreeSet<&str> = routes()
        .iter()
        .filter(|r| r.effect == Effect::Mutate && matches!(r.policy, Policy::Anyone | Policy::Anywhere))
        .map(|r| r.path)
        .collect();
    assert_eq!(strangers, counted.into_iter().chain(ends).collect());
}

#[tokio::test]
async fn the_thirtieth_code_passes_the_next_does_not_and_one_more_does_to_the_second() {
    let house = House::new();
    let open = Open::new(&house);
    for number in 0..30 {
        open.code(&house, "203.0.113.9", number).await.is(StatusCode::ACCEPTED);
    }
    let refused = open.code(&house, "203.0.113.9", 30).await;
    refused.says_no(429, "network-too-many");
    assert_eq!(refused.header("retry-after"), "120");
    assert_eq!(refused.header("cache-control"), "no-store");
    open.code(&house, "203.0.113.250", 31).await.says_no(429, "network-too-many");
    open.code(&house, "203.0.114.9", 32).await.is(StatusCode::ACCEPTED);
    house.pass(119);
    let refused = open.code(&house, "203.0.113.9", 33).await;
    refused.says_no(429, "network-too-many");
    assert_eq!(refused.header("retry-after"), "1");
    house.pass(1);
    open.code(&house, "203.0.113.9", 34).await.is(StatusCode::ACCEPTED);
    open.code(&house, "203.0.113.9", 35).await.says_no(429, "network-too-many");
    // Nobody saves up more than there was.
    house.pass(86_400);
    for number in 0..30 {
        open.code(&house, "203.0.113.9", 100 + number).await.is(StatusCode::ACCEPTED);
    }
    open.code(&house, "203.0.113.9", 130).await.says_no(429, "network-too-many");
}

#[tokio::test]
async fn all_doors_are_one_count_and_a_network_of_the_new_kind_is_its_first_48_bits() {
    let house = House::new();
    let open = Open::new(&house);
    for number in 0..60 {
        let (answer, status) = open.door(&house, &format!("2001:db8:7::{number:x}"), number).await;
        assert_eq!(answer.status.as_u16(), status, "{}", String::from_utf8_lossy(&answer.body));
    }
    for number in 0..5 {
        let (answer, _) = open.door(&house, "2001:db8:7:ffff::1", number).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.header("retry-after"), "30");
        if number == 4 {
            let page = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(page.contains("Too many tries have come from your network."), "{page}");
        } else {
            answer.says_no(429, "network-too-many");
        }
    }
    let (answer, status) = open.door(&house, "2001:db8:8::1", 0).await;
    assert_eq!(answer.status.as_u16(), status, "a neighbour is somebody else");
    open.code(&house, "2001:db8:7::1", 0).await.is(StatusCode::ACCEPTED);
    house.pass(30);
    let (answer, status) = open.door(&house, "2001:db8:7::1", 0).await;
    assert_eq!(answer.status.as_u16(), status);
}

#[tokio::test]
async fn what_ends_something_and_a_good_link_pass_from_a_network_that_has_used_everything_up() {
    let house = House::new();
    let open = Open::new(&house);
    let peer = "203.0.113.9";
    let mut helen = house.author(HELEN).await;
    let person = helen.person("dan@example.org").await;
    let resting = helen.sealed(&house, &person, json!("morning")).await;
    let left = helen.sealed(&house, &person, json!("none")).await;
    house.pass(60);
    let link = house.turn().await[0];
    let knock = house.store.knock(hashed(&link)).await.unwrap().unwrap().message.to_string();
    for number in 0..60 {
        open.code(&house, peer, number).await;
        open.door(&house, peer, number).await;
        let unknown = format!("/k/{}", base64url(&[7; 32]));
        let answer = open.post(&house.browser(), peer, &unknown, FORM, "do=who").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "unknown link {number}");
    }
    let unknown = format!("/k/{}", base64url(&[7; 32]));
    let answer = open.post(&house.browser(), peer, &unknown, FORM, "do=who").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(open.code(&house, peer, 99).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(open.door(&house, peer, 99).await.0.status, StatusCode::TOO_MANY_REQUESTS);

    // The link that is good, again and again, and the no behind it.
    let good = format!("/k/{}", base64url(&link));
    for _ in 0..100 {
        let answer = open.post(&house.browser(), peer, &good, FORM, "do=no").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let (_, dan) = house.reader(&link).await;
    let answer = open.post(&dan, peer, "/refuse", FORM, "scope=author").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", String::from_utf8_lossy(&answer.body));
    let quiet = format!("/quiet/{knock}.{}", house.app.keys.quiet_token(&knock));
    for _ in 0..100 {
        let answer = open.post(&house.browser(), peer, &quiet, FORM, "List-Unsubscribe=One-Click").await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    let answer = open.post(&dan, peer, "/leave", FORM, "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    // The author takes back, and goes out.
    for (letter, verb) in [(resting, "undo"), (left, "withdraw")] {
        let path = format!("/api/letters/{letter}/{verb}");
        open.post(&helen.browser, peer, &path, JSON, "{}").await.is(StatusCode::OK);
    }
    let undo = format!("/address/{}", base64url(&[8; 32]));
    for _ in 0..100 {
        let answer = open.post(&house.browser(), peer, &undo, FORM, "").await;
        assert_ne!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        open.post(&helen.browser, peer, "/api/sessions/end", JSON, "{}").await.is(StatusCode::OK);
    }
}

#[tokio::test]
async fn behind_a_named_proxy_the_forwarded_network_is_counted_and_without_one_nobody_near_is() {
    let named = House::with(&[("UNSAID_TRUSTED_PROXIES", "127.0.0.1")]);
    let unnamed = House::new();
    for (house, proxied) in [(&named, true), (&unnamed, false)] {
        let open = Open::new(house);
        let ask = async |number: usize, forwarded: &str| {
            let asked: Value = json!({ "email": format!("stranger{number}@example.org") });
            let request = house
                .browser()
                .request(Method::POST, "/api/codes")
                .header(header::CONTENT_TYPE, JSON)
                .header("x-forwarded-for", forwarded)
                .body(Body::from(asked.to_string()))
                .unwrap();
            open.send(request, "127.0.0.1").await.status
        };
        for number in 0..30 {
            // What somebody wrote before it came to the proxy changes nothing.
            assert_eq!(ask(number, &format!("192.0.2.{number}, 203.0.113.9")).await, StatusCode::ACCEPTED);
        }
        let next = ask(30, "198.51.100.1, 203.0.113.9").await;
        let other = ask(31, "203.0.114.9").await;
        let too_many = StatusCode::TOO_MANY_REQUESTS;
        assert_eq!(next, if proxied { too_many } else { StatusCode::ACCEPTED });
        assert_eq!(other, StatusCode::ACCEPTED);
    }
}

#[tokio::test]
async fn one_account_and_one_reading_are_counted_and_a_first_reading_never_meets_it() {
    let house = House::new();
    let open = Open::new(&house);
    let peer = "203.0.113.9";
    let mut helen = house.author(HELEN).await;
    let person = helen.person("dan@example.org").await;
    let kit = json!({ "token": base64url(&[5; 32]) }).to_string();
    for _ in 0..Class::Work.rate().most {
        open.post(&helen.browser, peer, "/api/kit", JSON, &kit).await.is(StatusCode::OK);
    }
    let refused = open.post(&helen.browser, peer, "/api/kit", JSON, &kit).await;
    refused.says_no(429, "account-too-often");
    assert_eq!(refused.header("retry-after"), "6");
    house.pass(6);
    open.post(&helen.browser, peer, "/api/kit", JSON, &kit).await.is(StatusCode::OK);
    // Another account has its own, and what ends something is not counted.
    let ada = house.author("ada@example.org").await;
    let other = json!({ "token": base64url(&[6; 32]) }).to_string();
    open.post(&ada.browser, peer, "/api/kit", JSON, &other).await.is(StatusCode::OK);

    helen.unlock().await;
    let letter = helen.sealed(&house, &person, json!("none")).await;
    house.pass(60);
    let link = house.turn().await[0];
    let (reader, dan) = house.reader(&link).await;
    let delivery = house.store.waiting(&reader).await.unwrap()[0].delivery.id.to_string();
    let waiting = format!("/waiting/{delivery}");
    let opened = open.post(&dan, peer, &format!("{waiting}/open"), FORM, "").await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
    let fetch = async || {
        let request = dan.request(Method::GET, &format!("{waiting}/letter.age"));
        open.send(request.body(Body::empty()).unwrap(), peer).await
    };
    for _ in 0..Class::Reading.rate().most {
        assert_eq!(fetch().await.status, StatusCode::OK);
    }
    fetch().await.says_no(429, "reading-too-often");
    house.pass(2);
    assert_eq!(fetch().await.status, StatusCode::OK);
    fetch().await.says_no(429, "reading-too-often");
    let answer = open.post(&dan, peer, "/refuse", FORM, "scope=author").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "a no is never counted");
    open.post(&helen.browser, peer, &format!("/api/letters/{letter}/withdraw"), JSON, "{}")
        .await
        .is(StatusCode::OK);
}

#[tokio::test]
async fn what_another_site_makes_a_browser_send_uses_nothing_up() {
    let house = House::new();
    let open = Open::new(&house);
    for number in 0..100 {
        let asked = json!({ "email": format!("stranger{number}@example.org") });
        let mut request = house
            .browser()
            .request(Method::POST, "/api/codes")
            .header(header::CONTENT_TYPE, JSON)
            .body(Body::from(asked.to_string()))
            .unwrap();
        request.headers_mut().insert(header::ORIGIN, "https://evil.example".parse().unwrap());
        request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        open.send(request, "203.0.113.9").await.says_no(403, "other-site");
    }
    for number in 0..usize::try_from(Class::Codes.rate().most).unwrap() {
        open.code(&house, "203.0.113.9", number).await.is(StatusCode::ACCEPTED);
    }
    open.code(&house, "203.0.113.9", 99).await.says_no(429, "network-too-many");
}
