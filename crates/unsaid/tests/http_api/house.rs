//! A house for these tests, with a clock that is moved by hand and chance that repeats; and a browser with a jar of cookies, which sends what the
//! author's pages send.

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::ServiceExt;
use unsaid::app::{App, Nudge};
use unsaid::chance::{Chance, SeededChance};
use unsaid::clock::{Clock, Source, WALL};
use unsaid::peel::HostPeel;
use unsaid::secrets::{HouseKeys, hashed};
use unsaid::settings::Settings;
use unsaid::time::HouseTime;
use unsaid_delivery::decide::decide;
use unsaid_delivery::id::*;
use unsaid_seal::letter::LetterToCompose;
use unsaid_seal::seal::{SealedLetter, seal_letter};
use unsaid_seal::{Binding, Kind, pq};
use unsaid_store::blobs::Blobs;
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::*;
use unsaid_store::{AccountStore, EngineStore, LetterStore, PersonStore};

pub(super) const ORIGIN: &str = "http://localhost:7070";
pub(super) const CODE: &str = "12345678";
pub(super) const HELEN: &str = "helen@example.org";

struct HandClock(Mutex<Duration>);

impl Clock for HandClock {
    fn wall(&self) -> jiff::Timestamp {
        let begin: jiff::Timestamp = "2037-03-12T09:30:00Z".parse().unwrap();
        begin + *self.0.lock().unwrap()
    }
    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    fn sources(&self) -> Vec<Source> {
        vec![Source { name: WALL.to_owned(), at: self.wall() }]
    }
}

pub(super) struct House {
    pub(super) app: App,
    pub(super) store: Arc<MemoryStore>,
    clock: Arc<HandClock>,
    pub(super) chance: Arc<SeededChance>,
    boot: BootId,
}

impl House {
    pub(super) fn new() -> Self {
        Self::with(&[])
    }

    pub(super) fn with(settings: &[(&str, &str)]) -> Self {
        let pairs = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::from_env(pairs).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let chance = Arc::new(SeededChance::new(1));
        let keys = Arc::new(HouseKeys::new(&*chance));
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(HandClock(Mutex::new(Duration::from_secs(1000))));
        let app = App {
            settings: Arc::new(settings),
            store: store.clone(),
            blobs: Arc::new(Blobs::in_memory()),
            peel: Arc::new(HostPeel::new(&keys)),
            keys,
            time: Arc::new(HouseTime::start(clock.clone(), None).unwrap()),
            chance: chance.clone(),
            nudge: Arc::new(Nudge::default()),
            outbox: None,
            town: false,
        };
        let boot = BootId(chance.id_bytes());
        Self { app, store, clock, chance, boot }
    }

    /// Time goes on, and the house serves all the while.
    pub(super) fn pass(&self, seconds: u64) {
        let mut left = seconds;
        while left > 0 {
            let step = left.min(600);
            *self.clock.0.lock().unwrap() += Duration::from_secs(step);
            self.app.time.read(true);
            left -= step;
        }
    }

    /// An invitation, as `unsaid invite` prints one.
    pub(super) async fn invitation(&self, role: Role) -> String {
        let (token, now) = (self.chance.token(), self.app.time.now());
        self.store.invite(hashed(&token), role, now.trusted + Duration::from_secs(86_400)).await.unwrap();
        base64url(&token)
    }

    /// What the worker does with codes: gives each message that is to go out its code. Tells how many went out.
    pub(super) async fn send_codes(&self, code: &str) -> usize {
        let now = self.app.time.now();
        let taken = self.store.take(self.boot, Lane::Codes, now, 100).await.unwrap();
        for taken in &taken {
            let WakeOf::Message(message) = taken.of else { panic!("a delivery in the lane of codes") };
            let code = self.app.keys.peppered("code", code.as_bytes());
            self.store.set_code(message, code).await.unwrap();
            let view = self.store.message(message).await.unwrap().unwrap();
            self.store.dropped(taken, &view.message, now).await.unwrap();
        }
        taken.len()
    }

    /// What the worker decides about everything that wakes. Gives the token of each knock that was written.
    pub(super) async fn turn(&self) -> Vec<[u8; 32]> {
        let now = self.app.time.now();
        let mut links = Vec::new();
        for _ in 0..4 {
            for taken in self.store.take(self.boot, Lane::Letters, now, 100).await.unwrap() {
                let WakeOf::Delivery(id) = taken.of else { continue };
                let view = self.store.delivery(id).await.unwrap().unwrap();
                let Some(decision) = decide(&view.delivery, &view.pair, now) else { continue };
                let knock = decision.knock.map(|_| {
                    let message = MessageId(self.chance.id_bytes());
                    let token = self.app.keys.link_token(&message.to_string());
                    links.push(*token);
                    (message, hashed(&*token))
                });
                self.store.decided(&taken, &view.delivery, &decision, knock, now).await.unwrap();
            }
        }
        links
    }

    pub(super) fn browser(&self) -> Browser {
        Browser { app: self.app.clone(), cookies: BTreeMap::new() }
    }

    /// Somebody with an account, made as the pages make it, in a browser that is unlocked.
    pub(super) async fn author(&self, email: &str) -> Writer {
        let invitation = self.invitation(Role::Author).await;
        let mut browser = self.browser();
        let asked = json!({ "email": email, "invitation": invitation });
        browser.post("/api/codes", &asked).await.is(StatusCode::ACCEPTED);
        self.send_codes(CODE).await;
        let came = browser.post("/api/sessions", &json!({ "code": CODE })).await.is(StatusCode::OK);
        let id = came["newcomer"]["accountId"].as_str().unwrap().to_owned();
        let mut rng = ChaCha20Rng::from_seed(self.chance.token());
        let identity = pq::Identity::generate(&mut rng);
        let token = base64url(&self.chance.token());
        let new = self.new_account(&id, &invitation, &identity, &token);
        browser.post("/api/account", &new).await.is(StatusCode::CREATED);
        Writer { browser, id, identity, token, rng }
    }

    /// What the page sends to make an account.
    pub(super) fn new_account(
        &self,
        id: &str,
        invitation: &str,
        identity: &pq::Identity,
        token: &str,
    ) -> Value {
        let host: pq::Recipient = self.app.peel.recipient().parse().unwrap();
        let binding = Binding::new(id, 1, Kind::Unlock).unwrap();
        let file = unsaid_seal::unlock::seal_passphrase_file(identity, &"ab".repeat(32)).unwrap();
        let wrap = unsaid_seal::wrap::wrap_bound(&host, &binding, &file).unwrap();
        json!({
            "accountId": id, "invitation": invitation, "name": "Helen Marlow", "language": "en",
            "zone": "Europe/London", "recipient": identity.to_recipient().to_string(),
            "salt": base64url(&[7; 16]), "unlockToken": token, "unlockFile": base64url(&wrap),
            "vault": base64url(b"vault"), "mine": true,
        })
    }

    /// Everything that is stored and that these tests can see.
    pub(super) async fn fingerprint(&self, author: &Writer) -> String {
        let counts = self.store.counts().await.unwrap();
        let (letters, codes) = (
            self.store.next_wakes(Lane::Letters).await.unwrap(),
            self.store.next_wakes(Lane::Codes).await.unwrap(),
        );
        let session = match author.browser.token("session") {
            Some(token) => self.store.session(hashed(&token), self.app.time.now()).await.unwrap(),
            None => None,
        };
        let mut seen = format!("{:?} {counts:?} {letters:?} {codes:?} {session:?}", self.store.facts());
        if let Some(Session { who: SessionOf::Author(who, _), .. }) = session {
            let persons = self.store.persons(&who).await.unwrap();
            let letters = self.store.letters(&who).await.unwrap();
            seen += &format!("{persons:?} {letters:?} {:?}", self.store.vault(&who).await.unwrap());
        }
        seen
    }
}

/// An author with her browser and her keys.
pub(super) struct Writer {
    pub(super) browser: Browser,
    pub(super) id: String,
    pub(super) identity: pq::Identity,
    pub(super) token: String,
    pub(super) rng: ChaCha20Rng,
}

impl Writer {
    /// Somebody to write to. Gives her name in the house.
    pub(super) async fn person(&mut self, address: &str) -> String {
        let answer = self.browser.post("/api/persons", &json!({ "address": address })).await;
        answer.is(StatusCode::CREATED)["person"]["id"].as_str().unwrap().to_owned()
    }

    /// Reserves a letter and seals its words in the browser. Nothing of it has left the browser yet.
    pub(super) async fn write(&mut self, house: &House, kept: bool) -> (String, SealedLetter) {
        let reserved = self.browser.post("/api/letters", &json!({})).await.is(StatusCode::CREATED);
        let id = reserved["id"].as_str().unwrap().to_owned();
        let sealed = self.seal_words(house, &id, 1, kept);
        (id, sealed)
    }

    pub(super) fn seal_words(&mut self, house: &House, id: &str, version: u32, kept: bool) -> SealedLetter {
        let host: pq::Recipient = house.app.peel.recipient().parse().unwrap();
        let letter = LetterToCompose {
            letter_id: id,
            version,
            from: "Helen",
            to: "Dan",
            unix_seconds: 0,
            text: "Dear Dan,\n\nthere was no shift.",
        };
        seal_letter(&letter, &self.identity.to_recipient(), kept.then_some(&host), &mut self.rng).unwrap()
    }

    /// Brings parts and wraps to the house.
    pub(super) async fn bring(&mut self, id: &str, version: u32, sealed: &SealedLetter) {
        let base = format!("/api/letters/{id}/versions/{version}");
        let bytes = &sealed.letter_age;
        let ask = upload_of(bytes);
        let begun = self.browser.post(&format!("{base}/uploads"), &ask).await.is(StatusCode::OK);
        let upload = begun["upload"].as_str().unwrap();
        let path = format!("/api/uploads/{upload}?offset={}", begun["offset"]);
        self.browser.put(&path, bytes, &[]).await.is(StatusCode::OK);
        self.browser.put(&format!("{base}/wraps/author"), &sealed.author_wrap, &[]).await.is(StatusCode::OK);
        if let Some(wrap) = &sealed.host_wrap {
            self.browser.put(&format!("{base}/wraps/host"), wrap, &[]).await.is(StatusCode::OK);
        }
    }

    /// A letter that is sealed for a person, at once, without a rest unless one is named.
    pub(super) async fn sealed(&mut self, house: &House, person: &str, rest: Value) -> String {
        let (id, sealed) = self.write(house, true).await;
        self.bring(&id, 1, &sealed).await;
        let asked = sealing(person, &sealed.manifest_hash, rest);
        self.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await.is(StatusCode::OK);
        id
    }

    pub(super) async fn state(&mut self, letter: &str) -> String {
        let answer = self.browser.get(&format!("/api/letters/{letter}")).await.is(StatusCode::OK);
        answer["letter"]["state"].as_str().unwrap().to_owned()
    }
}

pub(super) fn sealing(person: &str, manifest: &str, rest: Value) -> Value {
    json!({
        "person": person, "to": null, "manifestHash": manifest, "rest": rest,
        "rule": { "gate": "none", "moment": { "kind": "at-once" }, "reach": "send", "proof": "none" },
    })
}

pub(super) fn upload_of(bytes: &[u8]) -> Value {
    let hash = unsaid_seal::manifest::sha256_hex(bytes);
    json!({ "name": "letter.age", "kind": "letter", "size": bytes.len(), "sha256": hash })
}

pub(super) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A browser: it sends what the author's pages send, and keeps cookies.
#[derive(Clone)]
pub(super) struct Browser {
    app: App,
    cookies: BTreeMap<String, String>,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The JSON of an answer of this status.
    #[track_caller]
    pub(super) fn is(&self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A refusal with this key, said in two sentences. Gives the document.
    #[track_caller]
    pub(super) fn says_no(&self, status: u16, key: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.is(StatusCode::from_u16(status).unwrap());
        assert_eq!(problem["key"], key, "{problem}");
        assert_eq!(problem["status"], status);
        for part in ["title", "detail"] {
            assert!(problem[part].as_str().unwrap().ends_with(['.', '?']), "{problem}");
        }
        problem
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Browser {
    pub(super) async fn send(&mut self, request: Request<Body>) -> Answer {
        let response = unsaid::http::router(self.app.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default().to_vec();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(super) fn set_cookie(&mut self, name: &str, token: &[u8; 32]) {
        self.cookies.insert(name.to_owned(), base64url(token));
    }

    /// The token of a cookie.
    pub(super) fn token(&self, name: &str) -> Option<[u8; 32]> {
        URL_SAFE_NO_PAD.decode(self.cookies.get(name)?).unwrap().try_into().ok()
    }

    /// A request as pages of ours make it, of any method and kind.
    pub(super) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request =
            Request::builder().method(method.clone()).uri(path).header(header::HOST, "localhost:7070");
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if method != Method::GET && method != Method::HEAD {
            request = request.header(header::ORIGIN, ORIGIN).header("sec-fetch-site", "same-origin");
        }
        request.header("unsaid-request", "1")
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    pub(super) async fn post(&mut self, path: &str, json: &Value) -> Answer {
        self.post_text(path, &json.to_string()).await
    }

    pub(super) async fn post_text(&mut self, path: &str, text: &str) -> Answer {
        let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(text.to_owned())).unwrap()).await
    }

    pub(super) async fn put(&mut self, path: &str, bytes: &[u8], headers: &[(&str, &str)]) -> Answer {
        let mut request =
            self.request(Method::PUT, path).header(header::CONTENT_TYPE, "application/octet-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(bytes.to_vec())).unwrap()).await
    }
}
