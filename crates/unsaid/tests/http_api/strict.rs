//! What holds on every route and in every session, whoever asks: cookies are bound to this house, no other site is let in, methods that there are not are refused, no answer says
//! what it was made by or repeats what was sent, and what is for one person alone is kept by no browser.

use super::house::*;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;
use unsaid::http::cookies::Cookie;
use unsaid::http::route::Face;
use unsaid::http::routes;
use unsaid_store::ReaderStore;
use unsaid_store::rows::Role;

/// A path of ours with this in each of its places.
fn filled(path: &str, with: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { with } else { part }).collect::<Vec<_>>().join("/")
}

#[test]
fn every_cookie_over_https_is_bound_to_the_host() {
    for (url, secure) in [("https://letters.example.org", true), ("http://localhost:7070", false)] {
        let house = House::with(&[("UNSAID_PUBLIC_URL", url)]);
        // The longest address there is, sealed.
        let sealed = house.app.keys.seal_text("row", &"a".repeat(254), &*house.chance).0;
        for (cookie, name, same_site, value) in [
            (Cookie::Session, "session", "Strict", &[7; 32][..]),
            (Cookie::Browser, "browser", "Strict", &[7; 32]),
            (Cookie::Reader, "reader", "Lax", &[7; 32]),
            (Cookie::Address, "address", "Strict", &sealed),
        ] {
            for header in [cookie.set(&house.app, value), cookie.forget(&house.app)] {
                let text = header.to_str().unwrap();
                let prefix = if secure { "__Host-" } else { "" };
                assert!(text.starts_with(&format!("{prefix}{name}=")), "{text}");
                let marks: Vec<&str> = text.split("; ").skip(1).collect();
                for mark in ["Path=/", "HttpOnly", &format!("SameSite={same_site}")] {
                    assert!(marks.contains(&mark), "{text} lacks {mark}");
                }
                assert_eq!(marks.contains(&"Secure"), secure, "{text}");
                assert!(!text.contains("Domain"), "{text}");
                assert!(header.is_sensitive() && text.len() < 4096, "{text}");
            }
        }
    }
}

#[test]
fn a_cookie_that_stands_there_twice_is_nobodys() {
    let house = House::new();
    let read = |lines: &[&str]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, line.parse().unwrap());
        }
        Cookie::Session.token(&house.app, &headers)
    };
    let (one, other) =
        (format!("session={}", base64url(&[1; 32])), format!("session={}", base64url(&[2; 32])));
    assert_eq!(read(&[&one]), Ok(Some([1; 32])));
    assert_eq!(read(&[&format!("x=y;{one} ; sessions=no")]), Ok(Some([1; 32])));
    for twice in [&[one.as_str(), other.as_str()][..], &[&format!("{one}; {other}")], &[&one, &one]] {
        assert!(read(twice).is_err(), "{twice:?}");
    }
    for none in ["", "session", "session=", "session=short", "Session=x", "__Host-session=x"] {
        assert_eq!(read(&[none]), Ok(None), "{none:?}");
    }
}

#[tokio::test]
async fn no_other_site_is_let_in_by_any_route_and_methods_that_there_are_not_are_refused() {
    let house = House::new();
    let mut browser = house.browser();
    for route in routes() {
        let path = filled(route.path, "x");
        for method in ["GET", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "DELETE"] {
            let asked = Request::builder()
                .method(method)
                .uri(&path)
                .header(header::ORIGIN, "https://evil.example")
                .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
                .body(Body::empty())
                .unwrap();
            let answer = browser.send(asked).await;
            if method != "GET" {
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            }
            let told = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(told, None, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn no_answer_names_a_program_or_its_version_or_repeats_what_was_sent() {
    const SENT: &str = "kestrel-9";
    let house = House::new();
    let helen = house.author(HELEN).await;
    for route in routes() {
        let path = filled(route.path, SENT);
        let mut browser = helen.browser.clone();
        for kind in
            ["application/json", "application/octet-stream", "application/x-www-form-urlencoded", SENT]
        {
            let asked = browser.request(route.method.clone(), &path).header(header::CONTENT_TYPE, kind);
            let body = json!({ SENT: SENT }).to_string();
            let answer = browser.send(asked.body(Body::from(body)).unwrap()).await;
            let what = format!("{} {path} as {kind}", route.method);
            for name in ["server", "x-powered-by", "via"] {
                assert!(!answer.headers.contains_key(name), "{what}: {name}");
            }
            if route.face == Face::Api {
                let said = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
                assert!(!said.contains(SENT), "{what}: {said}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_said_to_one_person_alone_is_kept_by_no_browser() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let person = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &person, json!("none")).await;
    house.pass(60);
    let link = house.turn().await[0];
    let knock = house.store.knock(unsaid::secrets::hashed(&link)).await.unwrap().unwrap().message.to_string();
    let (reader, mut dan) = house.reader(&link).await;
    let delivery = house.store.waiting(&reader).await.unwrap()[0].delivery.id;
    let waiting = format!("/waiting/{delivery}");
    let his = [
        format!("/k/{}", base64url(&link)),
        format!("/quiet/{knock}.{}", house.app.keys.quiet_token(&knock)),
        "/waiting".into(),
        waiting.clone(),
        format!("{waiting}/later"),
        "/here".into(),
        "/refuse".into(),
        "/refused".into(),
    ];
    for path in his {
        let answer = dan.get(&path).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{path}");
        assert!(answer.header("x-robots-tag").contains("noindex"), "{path}");
    }
    assert_eq!(dan.form(&format!("{waiting}/open"), "").await.status, StatusCode::SEE_OTHER);
    for path in [waiting.clone(), format!("{waiting}/letter.age")] {
        let answer = dan.get(&path).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{path}");
    }
    let key = dan.post(&format!("{waiting}/key"), &json!({})).await;
    assert_eq!((key.status, key.header("cache-control")), (StatusCode::OK, "no-store"));
    for path in
        ["/api/account", "/api/letters", "/api/persons", "/api/vault", &format!("/api/letters/{letter}")]
    {
        let answer = helen.browser.get(path).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{path}");
    }
    let invitation = house.invitation(Role::Author).await;
    let asked = json!({ "token": invitation });
    assert_eq!(house.browser().post("/api/invitation", &asked).await.header("cache-control"), "no-store");
}

/// Trusted Types and the rest of the policy, part by part: a change of one is seen here and not only as a change of the whole.
#[test]
fn the_policy_lets_in_what_is_ours_and_names_every_kind() {
    let policy: Vec<&str> = unsaid::http::headers::POLICY.split(';').map(str::trim).collect();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(&part), "{part}");
    }
    let kinds: Vec<&str> = policy.iter().filter_map(|part| part.split(' ').next()).collect();
    assert!(!kinds.contains(&"object-src"), "it is left to default-src, which lets in nothing");
    for loose in ["unsafe-inline", "unsafe-eval", "http", "*", "data:", "strict-dynamic"] {
        assert!(!policy.iter().any(|part| part.contains(loose)), "{loose}");
    }
}

#[tokio::test]
async fn whoever_signs_in_ends_what_was_open_in_that_browser() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let before = helen.browser.clone();
    helen.browser.clone().get("/api/account").await.is(StatusCode::OK);
    helen.browser.post("/api/codes", &json!({ "email": HELEN })).await.is(StatusCode::ACCEPTED);
    house.send_codes(CODE).await;
    helen.browser.post("/api/sessions", &json!({ "code": CODE })).await.is(StatusCode::OK);
    assert_ne!(helen.browser.token("session"), before.token("session"));
    before.clone().get("/api/account").await.says_no(401, "signed-out");
    helen.browser.get("/api/account").await.is(StatusCode::OK);
}

/// A body that stands still is given up after twenty seconds, one that trickles after five minutes, whoever sends it. The clock of this test leaps.
#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "how far the clock of this test leapt is what is asked")]
async fn a_body_that_stands_still_or_trickles_is_given_up() {
    let house = House::new();
    let trickle = |seconds: u64| {
        futures_util::stream::unfold((), move |()| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Some((Ok::<_, Infallible>(" "), ()))
        })
    };
    for (seconds, after) in [(3600, 20), (10, 300)] {
        let mut browser = house.browser();
        let began = tokio::time::Instant::now();
        let asked =
            browser.request(Method::POST, "/api/codes").header(header::CONTENT_TYPE, "application/json");
        let answer = browser.send(asked.body(Body::from_stream(trickle(seconds))).unwrap()).await;
        answer.says_no(408, "too-slow");
        assert_eq!(began.elapsed().as_secs(), after);
    }
}
