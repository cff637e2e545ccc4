//! Notices in a browser: proved by the digits of the first one, told whatever her mailboxes are told without saying what, over when the push service says so. The push service is the port's twin; what it was
//! brought is opened as the browser would, and nobody else is ever called.

use super::house::*;
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{PublicKey, SecretKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::sync::{Arc, Mutex};
use unsaid::outward::{Brought, NotHeard, Said};
use unsaid_store::rows::Lane;

const OK: StatusCode = StatusCode::OK;
const DAY: u64 = 86_400;
const ENDPOINT: &str = "https://updates.push.services.mozilla.com/wpush/v2/hidden-browser-of-helen";

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A browser's half: what it gives, and how it opens what comes (RFC 8291, written down a second time).
struct Phone {
    key: SecretKey,
    auth: [u8; 16],
}

impl Phone {
    fn new() -> Self {
        Self { key: SecretKey::from_slice(&[3; 32]).unwrap(), auth: [4; 16] }
    }

    fn point(&self) -> Vec<u8> {
        self.key.public_key().to_encoded_point(false).as_bytes().to_vec()
    }

    fn gives(&self, endpoint: &str) -> Value {
        json!({ "endpoint": endpoint, "p256dh": text(&self.point()), "auth": text(&self.auth) })
    }

    fn opens(&self, body: &[u8]) -> Value {
        let (salt, rest) = body.split_at(16);
        let (record, rest) = rest.split_at(4);
        assert_eq!(record, 4_096u32.to_be_bytes());
        assert_eq!(rest[0], 65);
        let (point, sealed) = rest[1..].split_at(65);
        let theirs = PublicKey::from_sec1_bytes(point).unwrap();
        let shared = p256::ecdh::diffie_hellman(self.key.to_nonzero_scalar(), theirs.as_affine());
        let expand = |salt: &[u8], secret: &[u8], info: &[u8], length: usize| {
            let mut out = vec![0; length];
            Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut out).unwrap();
            out
        };
        let info = [b"WebPush: info\0", &*self.point(), point].concat();
        let secret = expand(&self.auth, shared.raw_secret_bytes(), &info, 32);
        let key = expand(salt, &secret, b"Content-Encoding: aes128gcm\0", 16);
        let nonce = expand(salt, &secret, b"Content-Encoding: nonce\0", 12);
        let plain = Aes128Gcm::new_from_slice(&key)
            .unwrap()
            .decrypt(Nonce::from_slice(&nonce), sealed)
            .expect("sealed for this browser");
        let end = plain.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!(plain[end], 2, "the last record");
        serde_json::from_slice(&plain[..end]).unwrap()
    }
}

/// What was brought since the last time, whoever it was brought to.
fn brought(house: &House, seen: &mut usize) -> Vec<Brought> {
    let all = house.told.brought();
    let new = all[*seen..].to_vec();
    *seen = all.len();
    assert!(new.iter().all(|one| one.url == ENDPOINT), "nobody else is called");
    new
}

fn answers(house: &House, status: u16) {
    house.told.tell(ENDPOINT, move || Ok(Said { status, ..Said::default() }));
}

/// To whom mail went since the last time, and its subject.
async fn mailed(house: &House) -> Vec<(String, String)> {
    let outbox = tempfile::tempdir().unwrap();
    house.work(outbox.path()).await;
    let line = |mail: &str, name: &str| {
        let line = mail.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_matches(['<', '>']).to_owned()
    };
    let mails = House::mails(outbox.path());
    mails.iter().map(|mail| (line(mail, "To: "), line(mail, "Subject: "))).collect()
}

/// Asks for notices in this browser, and gives the digits of the first one. Gives the list.
async fn add(house: &House, helen: &mut Writer, phone: &Phone, seen: &mut usize) -> Value {
    helen.browser.post("/api/channels/browser", &phone.gives(ENDPOINT)).await.is(StatusCode::ACCEPTED);
    let outbox = tempfile::tempdir().unwrap();
    house.work_in(Lane::Codes, outbox.path()).await;
    assert!(House::mails(outbox.path()).is_empty(), "the code goes that way alone");
    let code = phone.opens(&brought(house, seen)[0].body);
    let digits: String = code["title"].as_str().unwrap().split_whitespace().collect();
    helen.browser.post("/api/channels/confirm", &json!({ "code": digits })).await.is(OK)
}

/// What another implementation makes of the token (RFC 8292).
fn believed(sent: &Brought, push_key: &str, now: i64) {
    let of = |name: &str| sent.headers.iter().find(|(n, _)| *n == name).map_or("", |(_, v)| v);
    assert_eq!((of("content-encoding"), of("content-type")), ("aes128gcm", "application/octet-stream"));
    assert!(of("ttl").parse::<u32>().unwrap() > 0);
    let (token, key) = of("authorization").strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(key, push_key, "the key that the browser was given");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
    ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, bytes(key))
        .verify(signed.as_bytes(), &bytes(signature))
        .unwrap();
    let claims: Value = serde_json::from_slice(&bytes(signed.split_once('.').unwrap().1)).unwrap();
    assert_eq!(claims["aud"], "https://updates.push.services.mozilla.com");
    assert_eq!(claims["sub"], ORIGIN, "where the host can be found, and nothing of hers");
    let lasts = claims["exp"].as_i64().unwrap() - now;
    assert!((1..=86_400).contains(&lasts), "{lasts}");
}

#[tokio::test]
async fn a_browser_is_proved_by_the_digits_of_its_first_notice_and_told_that_something_needs_her() {
    let house = House::with(&[("UNSAID_PUSH", "on")]);
    answers(&house, 201);
    let (phone, mut seen) = (Phone::new(), 0);
    let mut helen = house.author(HELEN).await;
    mailed(&house).await;
    let push_key = helen.browser.get("/api/channels").await.is(OK)["pushKey"].as_str().unwrap().to_owned();
    helen.browser.post("/api/channels/browser", &phone.gives(ENDPOINT)).await.is(StatusCode::ACCEPTED);
    let outbox = tempfile::tempdir().unwrap();
    house.work_in(Lane::Codes, outbox.path()).await;
    assert!(House::mails(outbox.path()).is_empty(), "the code goes that way alone");
    let sent = brought(&house, &mut seen);
    assert_eq!(sent.len(), 1);
    believed(&sent[0], &push_key, house.app.time.now().trusted.as_second());
    let code = phone.opens(&sent[0].body);
    let digits: String = code["title"].as_str().unwrap().split_whitespace().collect();
    assert_eq!((digits.len(), code["link"].as_str().unwrap()), (8, &*format!("{ORIGIN}/")));
    assert_eq!(helen.browser.get("/api/channels").await.is(OK)["channels"], json!([]));
    let confirm = "/api/channels/confirm";
    helen.browser.post(confirm, &json!({ "code": "00000000" })).await.says_no(422, "code-wrong");
    let list = helen.browser.post(confirm, &json!({ "code": digits })).await.is(OK);
    let channel = &list["channels"][0];
    assert_eq!(channel["browser"], text(&Sha256::digest(ENDPOINT)), "by which it finds itself");
    assert_eq!(
        (&channel["address"], &channel["byHost"]),
        (&json!("updates.push.services.mozilla.com"), &json!(false)),
        "where it lies is nobody's to read"
    );
    let again = helen.browser.post("/api/channels/browser", &phone.gives(ENDPOINT)).await;
    again.says_no(409, "browser-there");

    // Word of it goes to her mailbox and to the browser, which is not told what.
    assert_eq!(mailed(&house).await.len(), 1);
    let told = brought(&house, &mut seen);
    assert_eq!((told.len(), told[0].body.len()), (1, sent[0].body.len()), "each is as long as the other");
    let news = phone.opens(&told[0].body);
    assert!(news["text"].as_str().unwrap().starts_with("There is news"), "{news}");

    // Whether she is well is asked at both, and the link of either answers with one more press.
    let plan = json!({ "policy": "check-ins", "everyDays": 60, "pauseDays": 7, "quorum": 2, "warningDays": 10, "fallbackDays": 180 });
    helen.browser.put_json("/api/life", &plan).await.is(OK);
    // A rehearsal says that it is one, and leads to nothing.
    helen.browser.post("/api/life/rehearsal/send", &json!({})).await.is(OK);
    mailed(&house).await;
    let rehearsed: Vec<_> = brought(&house, &mut seen).iter().map(|one| phone.opens(&one.body)).collect();
    assert!(!rehearsed.is_empty());
    for one in &rehearsed {
        assert!(one["text"].as_str().unwrap().starts_with("A rehearsal"), "{one}");
        assert_eq!((&one["title"], &one["link"]), (&json!("Unsaid"), &json!(format!("{ORIGIN}/"))));
    }
    house.pass(62 * DAY);
    assert_eq!(mailed(&house).await.len(), 1);
    let asked = brought(&house, &mut seen);
    assert_eq!(asked.len(), 1);
    let asked = phone.opens(&asked[0].body);
    assert_eq!(asked["text"], "Something from Unsaid needs you. Open it.");
    assert_eq!(asked["title"], "Unsaid");
    let said = asked.to_string();
    for never in ["Helen", "Marlow", HELEN, "well?"] {
        assert!(!said.contains(never), "{said}");
    }
    let link = asked["link"].as_str().unwrap().strip_prefix(&format!("{ORIGIN}/well/")).unwrap().to_owned();
    let page = house.browser().get(&format!("/well/{link}")).await;
    assert_eq!(page.status, OK);
    assert_eq!(house.browser().form(&format!("/well/{link}"), "").await.status, OK);
    helen.come_back(&house, HELEN).await;
    assert_eq!(helen.browser.get("/api/life").await.is(OK)["life"]["stage"], "present");

    // A test goes there alone, and is counted as every other.
    let path = |what: &str| format!("/api/channels/{}/{what}", channel["id"].as_str().unwrap());
    house
        .author("dan@example.org")
        .await
        .browser
        .post(&path("trial"), &json!({}))
        .await
        .says_no(404, "missing");
    mailed(&house).await;
    brought(&house, &mut seen);
    helen.browser.post(&path("trial"), &json!({})).await.is(OK);
    assert_eq!(mailed(&house).await, []);
    let test = phone.opens(&brought(&house, &mut seen)[0].body);
    assert!(test["text"].as_str().unwrap().starts_with("A test"), "{test}");
    for _ in 1..10 {
        helen.browser.post(&path("trial"), &json!({})).await.is(OK);
    }
    helen.browser.post(&path("trial"), &json!({})).await.says_no(429, "trials-too-many");

    // Taken away, and nothing goes there any more.
    mailed(&house).await;
    helen.browser.post(&path("remove"), &json!({})).await.is(OK);
    brought(&house, &mut seen);
    mailed(&house).await;
    helen.browser.post("/api/kit", &json!({})).await;
    mailed(&house).await;
    assert_eq!(brought(&house, &mut seen).len(), 0);
}

#[tokio::test]
async fn a_push_service_that_is_busy_is_asked_again_and_one_that_knows_her_no_more_is_told_to_her() {
    let house = House::with(&[("UNSAID_PUSH", "on")]);
    answers(&house, 201);
    let (phone, mut seen) = (Phone::new(), 0);
    let mut helen = house.author(HELEN).await;
    let list = add(&house, &mut helen, &phone, &mut seen).await;
    let path = format!("/api/channels/{}/trial", list["channels"][0]["id"].as_str().unwrap());
    mailed(&house).await;
    brought(&house, &mut seen);
    helen.browser.post(&path, &json!({})).await.is(OK);
    let mut names = Vec::new();
    for status in [429, 500, 301, 401] {
        answers(&house, status);
        mailed(&house).await;
        names.extend(brought(&house, &mut seen).iter().map(|one| phone.opens(&one.body)["id"].clone()));
        house.pass(DAY / 4);
    }
    house.told.hush(ENDPOINT);
    mailed(&house).await;
    house.pass(DAY / 4);
    answers(&house, 201);
    mailed(&house).await;
    names.extend(brought(&house, &mut seen).iter().map(|one| phone.opens(&one.body)["id"].clone()));
    assert!(names.len() >= 3, "{names:?}");
    assert!(names.iter().all(|name| *name == names[0]), "the same notice each time: {names:?}");

    // 404 and 410 say that there is no such browser: the channel is over, and her mailbox is told, once.
    helen.come_back(&house, HELEN).await;
    helen.browser.post(&path, &json!({})).await.is(OK);
    helen.browser.post(&path, &json!({})).await.is(OK);
    answers(&house, 410);
    let mails = mailed(&house).await;
    let said: Vec<_> = mails.iter().filter(|(_, what)| what.contains("no notices to one of your")).collect();
    assert_eq!(said.len(), 1, "{mails:?}");
    assert_eq!(said[0].0, HELEN);
    let facts = house.store.facts();
    let over =
        facts.iter().filter(|fact| matches!(fact, unsaid_delivery::Fact::ChannelRemoved { .. })).count();
    assert_eq!(over, 1, "the channel is over, once: {facts:?}");
    helen.come_back(&house, HELEN).await;
    assert_eq!(helen.browser.get("/api/channels").await.is(OK)["channels"], json!([]));
    brought(&house, &mut seen);
    house.pass(DAY);
    mailed(&house).await;
    assert_eq!(brought(&house, &mut seen).len(), 0);

    // She may begin anew with the same browser.
    answers(&house, 201);
    helen.come_back(&house, HELEN).await;
    let list = add(&house, &mut helen, &phone, &mut seen).await;
    assert_eq!(list["channels"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn no_browser_leads_this_house_elsewhere() {
    let house = House::with(&[("UNSAID_PUSH", "on"), ("UNSAID_PUSH_SERVICES", "push.example.org")]);
    let phone = Phone::new();
    let mut helen = house.author(HELEN).await;
    let asked = "/api/channels/browser";
    for elsewhere in [
        // One of the well-known, which this host has not named.
        ENDPOINT,
        "http://push.example.org/a",
        "https://push.example.org:8080/a",
        "https://a.push.example.org/a",
        "https://push.example.org@127.0.0.1/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/a",
        "gopher://push.example.org/a",
        "",
    ] {
        helen.browser.post(asked, &phone.gives(elsewhere)).await.says_no(422, "browser-wrong");
    }
    let there = "https://push.example.org/a";
    for (p256dh, auth) in [("", ""), (&*text(&[4; 65]), &*text(&[4; 16])), (&*text(&phone.point()), "AAAA")] {
        let given = json!({ "endpoint": there, "p256dh": p256dh, "auth": auth });
        helen.browser.post(asked, &given).await.says_no(422, "browser-wrong");
    }
    let outbox = tempfile::tempdir().unwrap();
    house.work_in(Lane::Codes, outbox.path()).await;
    assert_eq!((house.told.brought().len(), house.told.asked().len()), (0, 0));
    helen.browser.post(asked, &phone.gives(there)).await.is(StatusCode::ACCEPTED);
    house.told.tell(there, || Err(NotHeard::Closed));
    house.work_in(Lane::Codes, outbox.path()).await;
}

#[tokio::test]
async fn unless_the_host_says_so_there_are_no_notices() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    assert_eq!(helen.browser.get("/api/channels").await.is(OK)["pushKey"], Value::Null);
    let given = Phone::new().gives(ENDPOINT);
    helen.browser.post("/api/channels/browser", &given).await.says_no(404, "missing");
}

/// Where a log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_holds_where_a_browser_is_reached() {
    let log = Log::default();
    let into = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || into.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let house = House::with(&[("UNSAID_PUSH", "on")]);
    answers(&house, 201);
    let (phone, mut seen) = (Phone::new(), 0);
    let mut helen = house.author(HELEN).await;
    let list = add(&house, &mut helen, &phone, &mut seen).await;
    let path = format!("/api/channels/{}/trial", list["channels"][0]["id"].as_str().unwrap());
    for status in [500, 410] {
        helen.come_back(&house, HELEN).await;
        helen.browser.post(&path, &json!({})).await.is(OK);
        answers(&house, status);
        mailed(&house).await;
        house.told.hush(ENDPOINT);
        house.pass(DAY / 4);
        mailed(&house).await;
        house.pass(DAY / 4);
    }
    let said = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(said.contains("push: "), "{said}");
    for never in ["hidden-browser-of-helen", "mozilla", &text(&phone.point()), &text(&phone.auth), HELEN] {
        assert!(!said.contains(never), "{never}: {said}");
    }
}
