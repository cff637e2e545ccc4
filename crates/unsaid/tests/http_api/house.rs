//! A house for these tests, with a clock that is moved by hand and chance that repeats; and a browser with a jar of cookies, which sends what the
//! author's pages send. One thing because each story needs all three: the house, whoever writes in it, and the browser between them.

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
use unsaid::mail::compose::Letterhead;
use unsaid::mail::hook::Hook;
use unsaid::mail::outbox::Outbox;
use unsaid::outward::Told;
use unsaid::peel::HostPeel;
use unsaid::rehearsal::Rehearsal;
use unsaid::secrets::{HouseKeys, hashed};
use unsaid::settings::Settings;
use unsaid::time::HouseTime;
use unsaid::worker::{Keeping, Tools, Worker};
use unsaid_delivery::decide::{amended, decide};
use unsaid_delivery::id::*;
use unsaid_seal::letter::{LetterToCompose, Picture, PictureKind};
use unsaid_seal::seal::{Kept as Sealing, LetterToSeal, SealedLetter, seal_letter, seal_whole_letter};
use unsaid_seal::sshsig::Hand;
use unsaid_seal::{Binding, Kind, pq};
use unsaid_store::blobs::Blobs;
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::*;
use unsaid_store::{
    AccountStore, DraftStore, EngineStore, HouseStore, LetterStore, PersonStore, ReaderStore,
};

pub(super) const ORIGIN: &str = "http://localhost:7070";
pub(super) const CODE: &str = "12345678";
/// Eight words on a card.
pub(super) fn card_words() -> String {
    unsaid_seal::claim::claim_words(&[3; 10]).to_string()
}

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
    pub(super) peel: Arc<HostPeel>,
    clock: Arc<HandClock>,
    pub(super) chance: Arc<SeededChance>,
    boot: BootId,
    /// What it asks of others.
    pub(super) told: Arc<Told>,
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
        let kept = futures_util::FutureExt::now_or_never(HouseStore::keep_within(&*store, settings.limits));
        assert!(matches!(kept, Some(Ok(()))));
        let clock = Arc::new(HandClock(Mutex::new(Duration::from_secs(1000))));
        let peel = Arc::new(HostPeel::new(&keys));
        let rehearsal = Arc::new(Rehearsal::of(&settings));
        let told = Arc::new(Told::default());
        let app = App {
            room: Arc::new(unsaid::room::Room::plenty()),
            settings: Arc::new(settings),
            store: store.clone(),
            blobs: Arc::new(Blobs::in_memory()),
            peel: peel.clone(),
            keys,
            time: Arc::new(HouseTime::start(clock.clone(), None).unwrap()),
            chance: chance.clone(),
            holds: Arc::default(),
            looked: Arc::default(),
            crashes: 0,
            outward: told.clone(),
            nudge: Arc::new(Nudge::default()),
            outbox: None,
            rehearsal,
            town: false,
        };
        let boot = BootId(chance.id_bytes());
        Self { app, store, peel, clock, chance, boot, told }
    }

    /// Time goes on, and the house serves all the while.
    pub(super) fn pass(&self, seconds: u64) {
        let mut left = seconds;
        while left > 0 {
            let step = left.min(600);
            *self.clock.0.lock().unwrap() += Duration::from_secs(step);
            self.app.time.read(!self.app.holds.any());
            left -= step;
        }
    }

    /// An invitation, as `unsaid invite` prints one.
    pub(super) async fn invitation(&self, role: Role) -> String {
        let (token, now) = (self.chance.token(), self.app.time.now());
        self.store
            .invite(hashed(&token), role, now.trusted + Duration::from_secs(86_400), None)
            .await
            .unwrap();
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
                if let WakeOf::Letter(letter) = taken.of {
                    let amending = self.store.amending(letter).await.unwrap().unwrap();
                    let decision = amended(&amending, now);
                    self.store.amended(&taken, &amending, decision, now).await.unwrap();
                    continue;
                }
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

    /// One turn of a real worker, which also keeps the house in order. Mail goes into `outbox`.
    pub(super) async fn work(&self, outbox: &std::path::Path) {
        self.work_in(Lane::Letters, outbox).await;
    }

    /// The same, in one of the lanes. What goes by the host's own way is brought to `told`.
    pub(super) async fn work_in(&self, lane: Lane, outbox: &std::path::Path) {
        let hook = self.app.settings.webhook.as_ref();
        let hook = hook.map(|hook| Hook::new(self.told.clone(), hook.url.expose_to_the_other_side(), None));
        let tools = Tools {
            store: self.store.clone(),
            mail: Arc::new(Outbox::new(outbox.to_owned())),
            hook: hook.map(Arc::new),
            push: unsaid::assemble::push_of(
                &self.app.settings,
                &self.app.keys,
                self.told.clone(),
                self.chance.clone(),
            ),
            keys: self.app.keys.clone(),
            chance: self.chance.clone(),
            letterhead: Letterhead {
                from_name: "this house".to_owned(),
                from_address: "unsaid@example.net".to_owned(),
                house_name: "this house".to_owned(),
                host_contact: None,
                public_origin: ORIGIN.to_owned(),
            },
            return_path: String::new(),
            hears_bounces: false,
            domain: "example.net".to_owned(),
            hourly: 200,
        };
        let keeping = Keeping { peel: self.app.peel.clone(), blobs: self.app.blobs.clone() };
        let worker = Worker::new(tools, self.boot, lane);
        let mut worker = if lane == Lane::Letters { worker.keeping(keeping) } else { worker };
        for _ in 0..20 {
            if !worker.turn(self.app.time.now()).await.unwrap().again {
                break;
            }
        }
    }

    /// Everything that lies in the outbox: to whom, and the whole message.
    pub(super) fn mails(outbox: &std::path::Path) -> Vec<String> {
        let mut files: Vec<_> = match std::fs::read_dir(outbox.join("new")) {
            Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
            Err(_) => Vec::new(),
        };
        files.sort();
        files.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect()
    }

    /// The person behind a knock, in a browser of theirs.
    pub(super) async fn reader(&self, link: &[u8; 32]) -> (Reader, Browser) {
        let knock = self.store.knock(hashed(link)).await.unwrap().unwrap();
        let token = self.chance.token();
        self.store.open_reader(hashed(&token), knock.message, self.app.time.now()).await.unwrap();
        let mut browser = self.browser();
        browser.set_cookie("reader", &token);
        (knock.reader, browser)
    }

    pub(super) fn browser(&self) -> Browser {
        Browser { app: self.app.clone(), cookies: BTreeMap::new() }
    }

    /// Somebody with an account, made as the pages make it, in a browser that is unlocked.
    pub(super) async fn author(&self, email: &str) -> Writer {
        self.somebody(email, Role::Author).await
    }

    /// A host, signed in and unlocked a moment ago.
    pub(super) async fn host(&self, email: &str) -> Writer {
        self.somebody(email, Role::Host).await
    }

    async fn somebody(&self, email: &str, role: Role) -> Writer {
        let invitation = self.invitation(role).await;
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
            let account = self.store.account(&who).await.unwrap();
            seen += &format!("{account:?} {:?}", self.store.drafts(&who).await.unwrap());
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
        self.bring_part(id, version, "letter.age", "letter", &sealed.letter_age).await;
        if let Some(bytes) = &sealed.sig_age {
            self.bring_part(id, version, "sig.age", "signature", bytes).await;
        }
        for (name, bytes) in &sealed.media {
            self.bring_part(id, version, name, "media", bytes).await;
        }
        self.browser.put(&format!("{base}/wraps/author"), &sealed.author_wrap, &[]).await.is(StatusCode::OK);
        if let Some(wrap) = &sealed.keepers_wrap {
            let set = keepers_set_id(0);
            let made = self.browser.post("/api/life/keeper-sets", &keeper_set(0, 2, 3, None)).await;
            made.is(StatusCode::OK);
            self.browser.put(&format!("{base}/keepers/{set}"), wrap, &[]).await.is(StatusCode::OK);
        }
        for (kind, wrap) in [("host", &sealed.host_wrap), ("words", &sealed.words_wrap)] {
            if let Some(wrap) = wrap {
                self.browser.put(&format!("{base}/wraps/{kind}"), wrap, &[]).await.is(StatusCode::OK);
            }
        }
    }

    /// Brings one part, whole.
    pub(super) async fn bring_part(&mut self, id: &str, version: u32, name: &str, kind: &str, bytes: &[u8]) {
        let mut ask = upload_of(bytes);
        ask["name"] = json!(name);
        ask["kind"] = json!(kind);
        let path = format!("/api/letters/{id}/versions/{version}/uploads");
        let begun = self.browser.post(&path, &ask).await.is(StatusCode::OK);
        if begun["offset"] == bytes.len() {
            return;
        }
        let upload = begun["upload"].as_str().unwrap();
        let path = format!("/api/uploads/{upload}?offset={}", begun["offset"]);
        self.browser.put(&path, bytes, &[]).await.is(StatusCode::OK);
    }

    /// Seals words for a version, to be kept as named, signed, with a picture that is too large to lie inside.
    pub(super) fn seal_whole(
        &mut self,
        house: &House,
        id: &str,
        version: u32,
        kept: Kept,
        text: &str,
    ) -> SealedLetter {
        let host: pq::Recipient = house.app.peel.recipient().parse().unwrap();
        let words = card_words();
        let picture = [&b"\xff\xd8\xff"[..], &vec![7; 1_200_000]].concat();
        let keepers_set = keepers_set().to_recipient();
        let to_seal = LetterToSeal {
            letter: LetterToCompose {
                letter_id: id,
                version,
                from: "Helen",
                to: "Dan",
                unix_seconds: 0,
                text,
            },
            html: Some(
                "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"></head><body>\n<p dir=\"auto\">x</p>\n</body></html>\n",
            ),
            reply_to: None,
            pictures: &[Picture { name: "001", kind: PictureKind::Jpeg, bytes: &picture }],
            hand: Some(&Hand::from_seed(&[5; 32])),
            author: &self.identity.to_recipient(),
            kept: match kept {
                Kept::Nobody => Sealing::ByNobody,
                Kept::House => Sealing::ByHouse(&host),
                Kept::Words => Sealing::ByWords { host: &host, words: &words },
                Kept::Keepers => Sealing::ByKeepers { host: &host, set: &keepers_set },
            },
        };
        seal_whole_letter(&to_seal, &mut self.rng).unwrap()
    }

    /// A card for a person: its token, as the page makes it from the words.
    pub(super) async fn card(&mut self, person: &str) {
        self.card_of(person, &card_words()).await;
    }

    pub(super) async fn card_of(&mut self, person: &str, words: &str) {
        let token = unsaid_seal::claim::claim_token(words);
        let card = json!({ "token": base64url(&*token) });
        self.browser.put_json(&format!("/api/persons/{person}/card"), &card).await.is(StatusCode::OK);
    }

    /// New words for a sealed letter. Gives the answer.
    pub(super) async fn amend(&mut self, house: &House, letter: &str, kept: Kept, rest: Value) -> Answer {
        let path = format!("/api/letters/{letter}/versions");
        let version = self.browser.post(&path, &json!({})).await.is(StatusCode::CREATED);
        let version = u32::try_from(version["version"].as_u64().unwrap()).unwrap();
        let sealed = self.seal_whole(house, letter, version, kept, "New words.");
        self.bring(letter, version, &sealed).await;
        let asked = amending(&sealed.manifest_hash, kept, rest);
        self.browser.post(&format!("{path}/{version}/seal"), &asked).await
    }

    /// What the house tells of a letter.
    pub(super) async fn letter(&mut self, letter: &str) -> Value {
        self.browser.get(&format!("/api/letters/{letter}")).await.is(StatusCode::OK)["letter"].clone()
    }

    /// The ids of all her sealed letters.
    pub(super) async fn letters(&mut self) -> Vec<String> {
        let all = self.browser.get("/api/letters").await.is(StatusCode::OK);
        let id = |letter: &Value| letter["id"].as_str().unwrap().to_owned();
        all["letters"].as_array().unwrap().iter().map(id).collect()
    }

    /// Her authority, as her session has it.
    pub(super) async fn author(&self, house: &House) -> Author {
        let token = hashed(&self.browser.token("session").unwrap());
        let session = house.store.session(token, house.app.time.now()).await.unwrap().unwrap();
        let SessionOf::Author(author, _) = session.who else { panic!("a newcomer") };
        author
    }

    /// Signs in again with a code, and unlocks.
    pub(super) async fn come_back(&mut self, house: &House, email: &str) {
        self.browser.post("/api/codes", &json!({ "email": email })).await.is(StatusCode::ACCEPTED);
        house.send_codes(CODE).await;
        self.browser.post("/api/sessions", &json!({ "code": CODE })).await.is(StatusCode::OK);
        self.unlock().await;
    }

    /// Typed the six words again.
    pub(super) async fn unlock(&mut self) {
        let words = json!({ "token": self.token, "mine": true });
        self.browser.post("/api/unlock", &words).await.is(StatusCode::OK);
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

/// What the page sends to seal new words for a letter that lives.
pub(super) fn amending(manifest: &str, kept: Kept, rest: Value) -> Value {
    let kept = kept_given(kept);
    json!({
        "person": null, "to": null, "manifestHash": manifest, "rule": null, "rest": rest, "kept": kept,
        "amend": true,
    })
}

pub(super) fn upload_of(bytes: &[u8]) -> Value {
    let hash = unsaid_seal::manifest::sha256_hex(bytes);
    json!({ "name": "letter.age", "kind": "letter", "size": bytes.len(), "sha256": hash })
}

/// The token of the link to a page of ours in a mail.
pub(super) fn link_in(mail: &str, page: &str) -> Option<[u8; 32]> {
    let text = mail.replace("=\r\n", "").replace("=\n", "");
    let (_, rest) = text.split_once(&format!("{ORIGIN}/{page}/"))?;
    URL_SAFE_NO_PAD.decode(rest.get(..43)?).ok()?.try_into().ok()
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
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
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
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        super::described::fits(&self.app, &method, &path, &answer);
        answer
    }

    pub(super) fn set_cookie(&mut self, name: &str, token: &[u8; 32]) {
        self.cookies.insert(name.to_owned(), base64url(token));
    }

    pub(super) fn forget_cookie(&mut self, name: &str) {
        self.cookies.remove(name);
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

    /// A form of a page of ours.
    pub(super) async fn form(&mut self, path: &str, form: &str) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Sealed bytes, as the reader's script sends an answer.
    pub(super) async fn post_bytes(&mut self, path: &str, bytes: &[u8]) -> Answer {
        let request =
            self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/octet-stream");
        self.send(request.body(Body::from(bytes.to_vec())).unwrap()).await
    }

    pub(super) async fn post_text(&mut self, path: &str, text: &str) -> Answer {
        let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(text.to_owned())).unwrap()).await
    }

    pub(super) async fn put_json(&mut self, path: &str, json: &Value) -> Answer {
        let request = self.request(Method::PUT, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(json.to_string())).unwrap()).await
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

/// The set of every author's keepers in these tests: the house cannot tell one from another.
pub(super) fn keepers_set() -> unsaid_seal::pq::Identity {
    unsaid_seal::pq::Identity::from_seed(&[77; 32])
}

/// A set of keepers by number, as a page names it.
pub(super) fn keepers_set_id(n: u8) -> String {
    unsaid_delivery::id::KeeperSetId([n; 16]).to_string()
}

/// What a page tells of a set whose cards it has made.
pub(super) fn keeper_set(n: u8, needed: u8, of: u8, person: Option<&str>) -> Value {
    let file = unsaid_seal::keeper_set::lock_keeper_set(&keepers_set(), &[needed; 16]).unwrap();
    json!({ "id": keepers_set_id(n), "person": person, "needed": needed, "of": of, "file": base64url(&file) })
}

/// Who keeps the key, as a page says it.
pub(super) fn kept_given(kept: Kept) -> &'static str {
    if kept == Kept::Nobody { "house" } else { kept.name() }
}
