//! The walk: every row of the table of routes, by everybody, with everything that is wrong with a request. The table itself is checked in as
//! docs/routes.csv, so that a change of who may come in is seen by whoever reads a change. `UNSAID_BLESS=1` writes it anew.

use super::house::*;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::json;
use std::time::Duration;
use unsaid::http::route::{Body as Carries, Effect, Face, Policy, Route};
use unsaid::http::{problem, routes};
use unsaid::secrets::hashed;
use unsaid::words::Words;
use unsaid_delivery::id::AccountId;
use unsaid_store::rows::Kept;
use unsaid_store::{AccountStore, ReaderStore};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Stranger,
    Newcomer,
    Locked,
    Unlocked,
    Fresh,
}

const EVERYBODY: [Who; 5] = [Who::Stranger, Who::Newcomer, Who::Locked, Who::Unlocked, Who::Fresh];

/// A browser of this one: signed in a moment ago, in this state.
async fn browser_of(house: &House, account: AccountId, who: Who) -> Browser {
    let mut browser = house.browser();
    let (token, now) = (unsaid::chance::Chance::token(&*house.chance), house.app.time.now());
    let hash = hashed(&token);
    match who {
        Who::Stranger => return browser,
        Who::Newcomer => {
            let id = AccountId(unsaid::chance::Chance::id_bytes(&*house.chance));
            let email = house.app.keys.seal_text(&id.to_string(), "new@example.org", &*house.chance);
            let key = house.app.keys.sign_in_index("new@example.org");
            house.store.open_newcomer(hash, id, key, email, None, now).await.unwrap();
        }
        Who::Locked => house.store.open_session(hash, account, now).await.unwrap(),
        Who::Unlocked | Who::Fresh => {
            house.store.open_session(hash, account, now).await.unwrap();
            let mut then = now;
            if who == Who::Unlocked {
                then.trusted -= Duration::from_secs(16 * 60);
            }
            house.store.unlock_session(hash, true, then).await.unwrap();
        }
    }
    browser.set_cookie("session", &token);
    browser
}

/// How the gate answers this one, if it does not let them in.
fn refusal(policy: Policy, who: Who) -> Option<(u16, &'static str)> {
    match policy {
        Policy::Anyone | Policy::Anywhere => None,
        Policy::Outbox => Some((404, "missing")),
        Policy::Reader => Some((401, "reader-unknown")),
        Policy::Newcomer => (who == Who::Stranger).then_some((401, "signed-out")),
        Policy::Locked | Policy::Unlocked | Policy::Fresh if who <= Who::Newcomer => {
            Some((401, "signed-out"))
        }
        Policy::Locked => None,
        Policy::Unlocked => (who < Who::Unlocked).then_some((403, "locked")),
        Policy::Fresh if who == Who::Locked => Some((403, "locked")),
        Policy::Fresh => (who < Who::Fresh).then_some((403, "not-fresh")),
    }
}

fn kind_of(route: &Route) -> Option<&'static str> {
    match route.body {
        Carries::None => None,
        Carries::Json | Carries::Wraps => Some("application/json"),
        Carries::Form | Carries::OneClick => Some("application/x-www-form-urlencoded"),
        Carries::Bytes | Carries::Chunk | Carries::Draft | Carries::Photo | Carries::Reply => {
            Some("application/octet-stream")
        }
    }
}

/// A draft of hers.
const DRAFT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaae";

/// An answer to her.
const REPLY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaai";

/// The path with something of hers in each of its places.
fn path_of(route: &Route, letter: &str, person: &str) -> String {
    let of = match route.path {
        path if path.contains("persons") => person,
        path if path.contains("/api/drafts") => DRAFT,
        path if path.contains("/api/replies") => REPLY,
        _ => letter,
    };
    let path = route.path.replace("{number}", "1").replace("{kind}", "author").replace("{rev}", "1");
    let path = path.replace("{*name}", "letter.age");
    path.split('/').map(|part| if part.starts_with('{') { of } else { part }).collect::<Vec<_>>().join("/")
}

/// A draft with a photo, so that there is something of hers in each place.
async fn with_draft(helen: &mut Writer) {
    let path = format!("/api/drafts/{DRAFT}");
    let bytes = b"age-encryption.org/v1\nx";
    helen.browser.put(&path, bytes, &[("if-match", "\"0\"")]).await.is(StatusCode::OK);
    helen.browser.put(&format!("{path}/photos/{DRAFT}"), bytes, &[]).await.is(StatusCode::OK);
}

/// A letter that was opened and answered, so that there is an answer in its place: its name, its person's, and the browser that answered.
async fn with_answer(house: &House, helen: &mut Writer, address: &str, reply: &str) -> (String, Browser) {
    let person = helen.person(address).await;
    helen.sealed(house, &person, json!("none")).await;
    house.pass(60);
    let links = house.turn().await;
    let (reader, mut dan) = house.reader(&links[0]).await;
    let delivery = house.store.waiting(&reader).await.unwrap()[0].delivery.id;
    assert_eq!(dan.form(&format!("/waiting/{delivery}/open"), "").await.status, StatusCode::SEE_OTHER);
    let path = format!("/waiting/{delivery}/reply?id={reply}");
    dan.post_bytes(&path, b"age-encryption.org/v1\nx").await.is(StatusCode::OK);
    (delivery.to_string(), dan)
}

/// The request that a page of ours would make, with one thing about it changed.
fn request(
    browser: &Browser,
    route: &Route,
    path: &str,
    but: &[(&str, Option<&str>)],
) -> axum::http::Request<Body> {
    let mut request = browser.request(route.method.clone(), path);
    if let Some(kind) = kind_of(route) {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    let body = if route.body == Carries::Json { "{}" } else { "" };
    let mut request = request.body(Body::from(body)).unwrap();
    for (name, value) in but {
        let name: header::HeaderName = name.parse().unwrap();
        request.headers_mut().remove(&name);
        if let Some(value) = value {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
    }
    request
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "whether to write the table anew is asked of whoever runs the test"
)]
fn the_table_of_routes_is_the_one_that_is_checked_in() {
    let mut rows: Vec<String> = routes()
        .iter()
        .map(|r| {
            let row = format!("{},{},{:?},{:?},{:?}", r.method, r.path, r.policy, r.effect, r.face);
            row.to_lowercase().replacen(&r.path.to_lowercase(), r.path, 1)
        })
        .collect();
    rows.sort_by(|a, b| a.split(',').nth(1).cmp(&b.split(',').nth(1)).then(a.cmp(b)));
    let table = format!("method,path,policy,effect,face\n{}\n", rows.join("\n"));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/routes.csv");
    if std::env::var_os("UNSAID_BLESS").is_some() {
        std::fs::write(file, &table).unwrap();
    }
    let known = std::fs::read_to_string(file).unwrap_or_default();
    assert_eq!(known, table, "look at who may come in; if it is meant, run this test with UNSAID_BLESS=1");
}

#[test]
fn a_get_reads_and_everything_else_is_a_mutation() {
    for route in routes() {
        let reads = route.method == Method::GET;
        assert_eq!(route.effect == Effect::Read, reads, "{}", route.path);
        assert_eq!(route.body == Carries::None, reads, "{}", route.path);
    }
}

#[test]
fn every_refusal_has_its_two_sentences() {
    for (key, status) in problem::KEYS {
        assert!((400..600).contains(status), "{key}");
        for part in ["title", "detail"] {
            assert!(Words::english().has(&format!("error.{key}.{part}")), "error.{key}.{part}");
        }
    }
}

/// Headers of a request; none where one is left out.
type Sent<'a> = &'a [(&'a str, Option<&'a str>)];

#[tokio::test]
async fn everybody_meets_the_policy_of_every_route_and_no_get_changes_anything() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let account: AccountId = helen.id.parse().unwrap();
    let dan = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &dan, json!("morning")).await;
    with_draft(&mut helen).await;
    with_answer(&house, &mut helen, "mara@example.org", REPLY).await;
    house.pass(24 * 3600);
    helen.unlock().await;
    for route in routes() {
        let path = path_of(&route, &letter, &dan);
        for who in EVERYBODY {
            let what = format!("{} {} by {who:?}", route.method, route.path);
            let mut browser = browser_of(&house, account, who).await;
            let before = house.fingerprint(&helen).await;
            let answer = browser.send(request(&browser, &route, &path, &[])).await;
            assert!(!answer.status.is_server_error(), "{what}: {}", answer.status);
            let refused = refusal(route.policy, who);
            match refused {
                Some((status, key)) if route.face == Face::Api => {
                    assert_eq!(answer.status.as_u16(), status, "{what}");
                    answer.says_no(status, key);
                }
                Some((status, _)) => assert_eq!(answer.status.as_u16(), status, "{what}"),
                None => {
                    let said = String::from_utf8_lossy(&answer.body);
                    for key in ["signed-out", "locked", "not-fresh", "other-site"] {
                        assert!(!said.contains(&format!("\"key\":\"{key}\"")), "{what}: {said}");
                    }
                }
            }
            if refused.is_some() || route.effect == Effect::Read {
                assert_eq!(house.fingerprint(&helen).await, before, "{what}");
            }
            if route.method == Method::GET {
                let mut head = request(&browser, &route, &path, &[]);
                *head.method_mut() = Method::HEAD;
                let head = browser.send(head).await;
                assert_eq!((head.status, head.body.len()), (answer.status, 0), "HEAD of {what}");
                assert_eq!(house.fingerprint(&helen).await, before, "HEAD of {what}");
            }
        }
    }
}

/// A body that a route would take, where one is needed to come past the reading.
fn body_for(path: &str) -> serde_json::Value {
    let token = base64url(&[1; 32]);
    match path {
        "/api/persons/{id}" => json!({ "zone": null, "language": "en" }),
        "/api/persons/{id}/card" => json!({ "token": token }),
        "/api/persons/{id}/card/early" => json!({ "told": "waits" }),
        "/api/persons/{id}/card/replace" => json!({ "token": token, "wraps": [] }),
        "/api/persons/{id}/offers/{address}" => json!({ "takes": true }),
        "/api/persons/{id}/addresses" => json!({ "address": "x@example.org" }),
        "/api/letters/{id}/birthday" => json!({ "year": null, "month": 5, "day": 4, "leap": "feb28" }),
        "/api/letters/{id}/versions/{number}/uploads" => upload_of(b"x"),
        "/api/life/keeper-sets" => keeper_set(5, 2, 3, None),
        "/api/letters/{id}/versions/{number}/seal" => amending(&"00".repeat(32), Kept::House, json!("none")),
        _ => json!({}),
    }
}

/// Every route of authors with a place in its path: somebody else's, and what never was, are the same no to the byte, and nothing changes.
#[tokio::test]
async fn on_every_route_what_is_foreign_is_as_missing_as_what_never_was() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &dan, json!("morning")).await;
    with_draft(&mut helen).await;
    with_answer(&house, &mut helen, "mara@example.org", REPLY).await;
    house.pass(24 * 3600);
    helen.unlock().await;
    let theirs = helen.browser.get(&format!("/api/replies/{REPLY}")).await;
    assert_eq!(theirs.status, StatusCode::OK, "there is one to be kept from others");
    let mallory = house.author("mallory@example.org").await;
    let account: AccountId = mallory.id.parse().unwrap();
    let missing = "zzzzzzzzzzzzzzzzzzzzzzzzza";
    let of_authors = |route: &Route| {
        matches!(route.policy, Policy::Locked | Policy::Unlocked | Policy::Fresh) && route.path.contains('{')
    };
    let before = house.fingerprint(&helen).await;
    let mut seen = 0;
    for route in routes().into_iter().filter(of_authors) {
        let foreign = path_of(&route, &letter, &dan);
        let nowhere = [letter.as_str(), &dan, DRAFT, REPLY]
            .iter()
            .fold(foreign.clone(), |p, id| p.replace(*id, missing));
        assert_ne!(foreign, nowhere, "{}", route.path);
        let mut answers = Vec::new();
        for path in [foreign, nowhere] {
            let path = if route.path == "/api/uploads/{upload}" && route.query {
                format!("{path}?offset=0")
            } else {
                path
            };
            let mut browser = browser_of(&house, account, Who::Fresh).await;
            let mut asked = request(&browser, &route, &path, &[("if-match", Some("\"1\""))]);
            *asked.body_mut() = match route.body {
                Carries::None => Body::empty(),
                Carries::Json | Carries::Wraps => Body::from(body_for(route.path).to_string()),
                _ => Body::from(&b"age-encryption.org/v1\nx"[..]),
            };
            let answer = browser.send(asked).await;
            answer.says_no(404, "missing");
            answers.push((format!("{:?}", answer.headers), answer.body));
        }
        assert_eq!(answers[0], answers[1], "{} {}", route.method, route.path);
        seen += 1;
    }
    assert!(seen > 20, "the walk finds only {seen}");
    assert_eq!(house.fingerprint(&helen).await, before);
}

/// What a reader's page would send to a route, so that it comes past the reading.
fn sent_by_reader(route: &Route) -> String {
    let token = base64url(&[1; 32]);
    match route.path {
        _ if route.method == Method::GET => String::new(),
        "/waiting/{delivery}/words" => json!({ "token": token }).to_string(),
        "/waiting/{delivery}/keepers/ask" => json!({ "recipient": "age1pq1" }).to_string(),
        "/waiting/{delivery}/later" => "when=not-today".to_owned(),
        "/waiting/{delivery}/proof" => "answer=benni".to_owned(),
        "/waiting/{delivery}/name" => "say=yes".to_owned(),
        "/waiting/{delivery}/reply" => "age-encryption.org/v1\nx".to_owned(),
        _ if route.body == Carries::Json => "{}".to_owned(),
        _ => String::new(),
    }
}

/// Every route of readers with a letter in its path, by the one whom the letter is for, by another person of the same author, and about what never was.
#[tokio::test]
async fn on_every_route_of_readers_a_letter_of_somebody_else_is_as_missing_as_none() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let (his, dan) = with_answer(&house, &mut helen, "dan@example.org", REPLY).await;
    let (_, mara) = with_answer(&house, &mut helen, "mara@example.org", DRAFT).await;
    let missing = "zzzzzzzzzzzzzzzzzzzzzzzzza";
    let of_readers = |route: &Route| route.policy == Policy::Reader && route.path.contains("{delivery}");
    let mut seen = 0;
    for route in routes().into_iter().filter(of_readers) {
        let what = format!("{} {}", route.method, route.path);
        let ask = async |browser: &Browser, delivery: &str| {
            let query = if route.path.ends_with("/reply") { "?id=aaaaaaaaaaaaaaaaaaaaaaaaay" } else { "" };
            let path = route.path.replace("{delivery}", delivery).replace("{*name}", "letter.age") + query;
            let mut browser = browser.clone();
            let mut asked = request(&browser, &route, &path, &[]);
            *asked.body_mut() = Body::from(sent_by_reader(&route));
            browser.send(asked).await
        };
        let before = house.fingerprint(&helen).await;
        let (foreign, nowhere) = (ask(&mara, &his).await, ask(&mara, missing).await);
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{what}");
        let all = |answer: &Answer| (answer.status, format!("{:?}", answer.headers), answer.body.clone());
        assert_eq!(all(&foreign), all(&nowhere), "{what}");
        let stranger = ask(&house.browser(), &his).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "{what}");
        assert_eq!(house.fingerprint(&helen).await, before, "{what}");
        // Neither the words of a card nor keepers are what this letter opens with.
        let own = ask(&dan, &his).await;
        let otherwise = route.path.ends_with("/words") || route.path.contains("/keepers");
        let expected = if otherwise { 404 } else { 0 };
        assert!(
            own.status.as_u16() == expected || own.status.is_success() || own.status.is_redirection(),
            "{what}: {}",
            own.status
        );
        seen += 1;
    }
    assert!(seen >= 8, "the walk finds only {seen}");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_refused_on_every_route() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let account: AccountId = helen.id.parse().unwrap();
    let dan = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &dan, json!("morning")).await;
    // One for all of them: of too many sessions the oldest is signed out.
    let fresh = browser_of(&house, account, Who::Fresh).await;
    let before = house.fingerprint(&helen).await;
    for route in routes() {
        let path = path_of(&route, &letter, &dan);
        let mut browser = fresh.clone();
        let what = format!("{} {}", route.method, route.path);
        let mut other = request(&browser, &route, &path, &[]);
        *other.method_mut() = Method::DELETE;
        assert_eq!(browser.send(other).await.status, StatusCode::METHOD_NOT_ALLOWED, "{what}");
        if route.face == Face::Api && !route.query {
            let answer = browser.send(request(&browser, &route, &format!("{path}?x=1"), &[])).await;
            answer.says_no(400, "query-unknown");
        }
        if route.effect == Effect::Read {
            continue;
        }
        let mut table: Vec<(Sent<'_>, u16)> =
            vec![(&[("content-type", None)], 415), (&[("content-type", Some("text/plain"))], 415)];
        // The one route that is pressed from anywhere: its path is the proof, and it says no more than no.
        let anywhere = route.path == "/quiet/{token}";
        assert_eq!(route.policy == Policy::Anywhere, anywhere, "{what}");
        if !anywhere {
            table.extend::<[(Sent<'_>, u16); 7]>([
                (&[("origin", None)], 403),
                (&[("origin", Some("https://evil.example"))], 403),
                (&[("origin", Some("http://localhost:7071"))], 403),
                (&[("origin", Some("null")), ("sec-fetch-site", None)], 403),
                (&[("sec-fetch-site", Some("cross-site"))], 403),
                (&[("sec-fetch-site", Some("same-site"))], 403),
                (&[("content-type", Some("multipart/form-data"))], 415),
            ]);
        }
        if route.face == Face::Api {
            table.push((&[("unsaid-request", None)], 403));
            table.push((&[("unsaid-request", Some("2"))], 403));
        }
        for (but, status) in table {
            let answer = browser.send(request(&browser, &route, &path, but)).await;
            assert_eq!(answer.status.as_u16(), status, "{what} with {but:?}");
        }
    }
    assert_eq!(house.fingerprint(&helen).await, before);
}

#[tokio::test]
async fn every_answer_carries_the_strict_headers() {
    for (url, secure) in [("http://localhost:7070", false), ("https://letters.example.org", true)] {
        let house = House::with(&[("UNSAID_PUBLIC_URL", url)]);
        let mut browser = house.browser();
        let table = routes();
        let paths = table.iter().map(|r| path_of(r, "x", "x")).chain(["/api/nothing".into(), "/%FF".into()]);
        for path in paths.collect::<Vec<_>>() {
            let answer = browser.get(&path).await;
            assert_eq!(answer.header("content-security-policy"), unsaid::http::headers::POLICY, "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert!(["no-referrer", "same-origin"].contains(&answer.header("referrer-policy")), "{path}");
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
            assert!(answer.header("permissions-policy").contains("camera=(self), microphone=()"), "{path}");
            assert_eq!(!answer.header("strict-transport-security").is_empty(), secure, "{path}");
            assert!(!answer.header("cache-control").is_empty(), "{path}");
            if path.starts_with("/api/") {
                assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            }
        }
    }
}

#[tokio::test]
async fn over_https_cookies_are_bound_to_the_host() {
    let house =
        House::with(&[("UNSAID_PUBLIC_URL", "https://letters.example.org"), ("UNSAID_REGISTRATION", "open")]);
    let mut browser = house.browser();
    let asked = axum::http::Request::post("/api/codes")
        .header("origin", "https://letters.example.org")
        .header("unsaid-request", "1")
        .header("content-type", "application/json")
        .body(Body::from(json!({ "email": HELEN }).to_string()))
        .unwrap();
    let answer = browser.send(asked).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-browser="), "{cookie}");
    for part in ["; Path=/;", "; HttpOnly", "; SameSite=Strict", "; Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
}
