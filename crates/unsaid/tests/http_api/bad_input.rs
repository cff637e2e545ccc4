//! What strangers and broken pages send: a clear refusal in two sentences, nothing changed, never a 5xx. And what is somebody else's is exactly as
//! missing as what never was.

use super::house::*;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::json;

#[tokio::test]
async fn what_is_somebody_elses_is_missing_byte_for_byte() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &dan, json!("morning")).await;
    let (draft, sealed) = helen.write(&house, true).await;
    let path = format!("/api/letters/{draft}/versions/1/uploads");
    let begun = helen.browser.post(&path, &upload_of(&sealed.letter_age)).await.is(StatusCode::OK);
    let upload = begun["upload"].as_str().unwrap();
    let persons = helen.browser.get("/api/persons").await.is(StatusCode::OK);
    let address = persons["persons"][0]["addresses"][0]["id"].as_str().unwrap().to_owned();
    let mut mallory = house.author("mallory@example.org").await;
    let missing = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
    let before = house.fingerprint(&helen).await;
    let seal = sealing(&dan, &sealed.manifest_hash, json!("none"));
    for (method, path, body) in [
        ("GET", format!("/api/letters/{letter}"), None),
        ("GET", format!("/api/letters/{letter}/versions/1/parts/letter.age"), None),
        ("GET", format!("/api/letters/{letter}/versions/1/wraps/author"), None),
        ("POST", format!("/api/letters/{letter}/versions"), Some(json!({}))),
        ("POST", format!("/api/letters/{letter}/undo"), Some(json!({}))),
        ("POST", format!("/api/letters/{letter}/withdraw"), Some(json!({}))),
        ("POST", format!("/api/letters/{draft}/versions/1/seal"), Some(seal.clone())),
        ("POST", format!("/api/letters/{letter}/versions/1/seal"), Some(seal.clone())),
        ("POST", format!("/api/letters/{draft}/versions/1/uploads"), Some(upload_of(b"x"))),
        ("GET", format!("/api/uploads/{upload}"), None),
        ("POST", format!("/api/persons/{dan}/addresses"), Some(json!({ "address": "x@example.org" }))),
        ("POST", format!("/api/persons/{dan}/addresses/{address}/remove"), Some(json!({}))),
    ] {
        let mut answers = Vec::new();
        let nowhere =
            [&letter, &draft, &dan, upload].iter().fold(path.clone(), |p, id| p.replace(*id, missing));
        let malformed = nowhere.replace(missing, "Nothing-of-ours");
        for path in [path.clone(), nowhere, malformed] {
            let answer = match &body {
                None => mallory.browser.get(&path).await,
                Some(body) => mallory.browser.post(&path, body).await,
            };
            answer.says_no(404, "missing");
            answers.push((format!("{:?}", answer.headers), answer.body));
        }
        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{method} {path}");
    }
    for (path, kind) in [
        (format!("/api/letters/{draft}/versions/1/wraps/author"), "wrap"),
        (format!("/api/letters/{draft}/versions/1/wraps/host"), "wrap"),
        (format!("/api/uploads/{upload}?offset=0"), "chunk"),
    ] {
        let bytes = if kind == "wrap" { sealed.author_wrap.clone() } else { vec![1] };
        for bytes in [bytes, b"garbage".to_vec()] {
            mallory.browser.put(&path, &bytes, &[]).await.says_no(404, "missing");
        }
    }
    // A letter to somebody else's person is a letter to nobody.
    let (hers, words) = mallory.write(&house, true).await;
    mallory.bring(&hers, 1, &words).await;
    let asked = sealing(&dan, &words.manifest_hash, json!("none"));
    let answer = mallory.browser.post(&format!("/api/letters/{hers}/versions/1/seal"), &asked).await;
    answer.says_no(422, "person-missing");
    assert_eq!(count(&before, "Sealed"), count(&house.fingerprint(&helen).await, "Sealed"));
}

fn count(text: &str, word: &str) -> usize {
    text.matches(word).count()
}

#[tokio::test]
async fn hostile_bodies_get_a_clear_no() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let before = house.fingerprint(&helen).await;
    let deep = "[".repeat(100_000);
    let long = format!("{{\"address\":\"{}@example.org\"}}", "x".repeat(200_000));
    let huge = format!("{{\"address\":\"{}\"}}", "x".repeat(300_000));
    for (body, status, key) in [
        ("", 400, "not-json"),
        ("{", 400, "not-json"),
        ("null", 422, "not-understood"),
        ("[]", 422, "not-understood"),
        ("[null,null,null]", 422, "not-understood"),
        ("{} {}", 400, "not-json"),
        ("{\"address\":7}", 422, "not-understood"),
        ("{\"address\":\"a@b.org\",\"addres\":1}", 422, "not-understood"),
        ("{\"address\":\"a@b.org\",\"address\":\"c@d.org\"}", 422, "not-understood"),
        ("{\"zone\":\"../../etc/passwd\"}", 422, "zone-unknown"),
        ("{\"zone\":\"\\u0000\"}", 422, "zone-unknown"),
        ("{\"language\":\"en\\r\\nX: y\"}", 422, "language-unknown"),
        ("{\"address\":\"a@b.org\\r\\nBcc: c@d.org\"}", 422, "address-two-ats"),
        ("{\"address\":\"\\ud800\"}", 400, "not-json"),
        (&deep, 422, "not-understood"),
        (&long, 422, "address-too-long"),
        (&huge, 413, "too-large"),
    ] {
        let answer = helen.browser.post_text("/api/persons", body).await;
        assert_eq!(
            (answer.status.as_u16(), &body[..body.len().min(60)]),
            (status, &body[..body.len().min(60)])
        );
        answer.says_no(status, key);
        assert!(answer.body.len() < 600, "nothing of what was sent is repeated");
    }
    let request =
        helen.browser.request(Method::POST, "/api/persons").header("content-type", "application/json");
    let answer = helen.browser.send(request.body(Body::from(&b"{\"zone\":\"\xff\xfe\"}"[..])).unwrap()).await;
    assert!(answer.status.is_client_error());
    assert_eq!(house.fingerprint(&helen).await, before);
}

#[tokio::test]
async fn repeated_and_broken_headers_get_a_clear_no() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let before = house.fingerprint(&helen).await;
    let cookie = base64url(&helen.browser.token("session").unwrap());
    let twice = format!("session={cookie}; session={cookie}");
    let bad = axum::http::HeaderValue::from_bytes(b"\xff\xfe").unwrap();
    let table: Vec<(&str, axum::http::HeaderValue, u16)> = vec![
        ("origin", ORIGIN.parse().unwrap(), 400),
        ("content-type", "application/json".parse().unwrap(), 400),
        ("unsaid-request", "1".parse().unwrap(), 400),
        ("sec-fetch-site", "same-origin".parse().unwrap(), 400),
        ("cookie", format!("session={cookie}").parse().unwrap(), 400),
        ("origin", bad.clone(), 400),
        ("content-encoding", "gzip".parse().unwrap(), 415),
        ("content-length", "99999999".parse().unwrap(), 413),
    ];
    for (name, value, status) in table {
        let request =
            helen.browser.request(Method::POST, "/api/letters").header("content-type", "application/json");
        let request = request.header(name, value);
        let answer = helen.browser.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{name}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{name}");
    }
    for (cookie, status) in [
        (twice.as_str(), 400),
        ("session=", 401),
        ("session=AAAA", 401),
        ("session=\"quoted\"", 401),
        ("session", 401),
        (";;;=;", 401),
    ] {
        let request = axum::http::Request::get("/api/account").header(header::COOKIE, cookie);
        let answer = house.browser().send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{cookie}");
    }
    assert_eq!(house.fingerprint(&helen).await, before);
}

#[tokio::test]
async fn a_list_is_never_read_as_the_fields_in_their_order() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let person = helen.person("dan@example.org").await;
    let (letter, _) = helen.write(&house, true).await;
    let before = house.fingerprint(&helen).await;
    let token = base64url(&[7; 32]);
    let lists = json!([letter, 1, "AAAA"]);
    for (path, body) in [
        ("/api/letters".to_owned(), json!([])),
        ("/api/lock".to_owned(), json!([])),
        ("/api/language".to_owned(), json!(["es", "Europe/Madrid"])),
        ("/api/kit".to_owned(), json!([token])),
        (format!("/api/persons/{person}/card/replace"), json!([token, []])),
        (format!("/api/persons/{person}/card/replace"), json!({ "token": token, "wraps": [lists] })),
        (
            format!("/api/letters/{letter}/versions/1/seal"),
            json!({
                "person": person, "manifestHash": "00".repeat(32), "rest": "none",
                "rule": ["none", { "kind": "at-once" }, "send", "none"],
            }),
        ),
    ] {
        helen.browser.post(&path, &body).await.says_no(422, "not-understood");
    }
    assert_eq!(house.fingerprint(&helen).await, before);
}
