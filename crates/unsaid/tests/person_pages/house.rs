//! A house for these tests: one author, the person she writes to, letters that are really sealed and really knocked for, and a browser that
//! keeps its cookie. Time stands still and chance repeats, so that every page is the same each time.

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;
use unsaid::app::{App, CaughtMail, Nudge, OutboxShelf};
use unsaid::chance::{Chance, SeededChance};
use unsaid::clock::{Clock, Source, WALL};
use unsaid::outward::Told;
use unsaid::peel::HostPeel;
use unsaid::rehearsal::Rehearsal;
use unsaid::secrets::{HouseKeys, hashed};
use unsaid::settings::Settings;
use unsaid::time::HouseTime;
use unsaid_delivery::decide::decide;
use unsaid_delivery::id::*;
use unsaid_delivery::{Gate, Moment, Observed, Proof, Reach, Rest, Rule};
use unsaid_seal::letter::LetterToCompose;
use unsaid_seal::{pq, seal::seal_letter};
use unsaid_store::blobs::Blobs;
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::*;

pub(super) const ORIGIN: &str = "http://localhost:7070";
pub(super) const WORDS: &str = "Dear Dan,\n\nthere was no shift.";

struct StoppedClock;

impl Clock for StoppedClock {
    fn wall(&self) -> jiff::Timestamp {
        "2037-03-12T09:30:00Z".parse().unwrap()
    }
    fn monotonic(&self) -> Duration {
        Duration::from_secs(1000)
    }
    fn sources(&self) -> Vec<Source> {
        vec![Source { name: WALL.to_owned(), at: self.wall() }]
    }
}

pub(super) struct House {
    pub(super) app: App,
    pub(super) store: Arc<MemoryStore>,
    pub(super) author: Author,
    pub(super) person: PersonId,
    chance: Arc<SeededChance>,
    browser: ChaCha20Rng,
    boot: BootId,
    /// What is asked before the next letters open: a question (none: their birthday with its year), and the answer in the form in which it is compared.
    pub(super) asks: Option<(Option<&'static str>, &'static str)>,
    /// What the next letter waits for.
    pub(super) gate: Gate,
}

/// What a test needs to know of a letter that it sealed.
pub(super) struct Sent {
    pub(super) letter: LetterId,
    pub(super) delivery: DeliveryId,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(&[("UNSAID_HOUSE_NAME", "St Aldhelm’s Hospice")], "Helen Marlow").await
    }

    pub(super) async fn with(settings: &[(&str, &str)], author_name: &str) -> Self {
        let pairs = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::from_env(pairs).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let chance = Arc::new(SeededChance::new(1));
        let keys = Arc::new(HouseKeys::new(&*chance));
        let store = Arc::new(MemoryStore::new());
        let rehearsal = Arc::new(Rehearsal::of(&settings));
        let app = App {
            room: Arc::new(unsaid::room::Room::plenty()),
            settings: Arc::new(settings),
            store: store.clone(),
            blobs: Arc::new(Blobs::in_memory()),
            peel: Arc::new(HostPeel::new(&keys)),
            keys,
            time: Arc::new(HouseTime::start(Arc::new(StoppedClock), None).unwrap()),
            chance: chance.clone(),
            holds: Arc::default(),
            looked: Arc::default(),
            crashes: 0,
            outward: Arc::new(Told::default()),
            nudge: Arc::new(Nudge::default()),
            outbox: None,
            rehearsal,
            town: false,
        };
        let author = new_author(&app, author_name).await;
        let boot = BootId(chance.id_bytes());
        let browser = ChaCha20Rng::seed_from_u64(2);
        let person = PersonId([0; 16]);
        let mut house =
            Self { app, store, author, person, chance, browser, boot, asks: None, gate: Gate::None };
        house.write_to("dan@example.org").await;
        house
    }

    /// Somebody new, to whom letters go from now on.
    pub(super) async fn write_to(&mut self, email: &str) {
        let (app, chance) = (&self.app, &*self.chance);
        let (person, address) = (PersonId(chance.id_bytes()), AddressId(chance.id_bytes()));
        let sealed = app.keys.seal_text(&address.to_string(), email, chance);
        let address = NewAddress { id: address, sealed, key: app.keys.address_index(email) };
        let new = NewPerson { id: person, zone: None, language: "en".into(), address: Some(address) };
        app.store.add_person(&self.author, new, app.time.now()).await.unwrap();
        self.person = person;
    }

    /// Seals a letter as her browser does, and lets its rest end. It waits until [`House::knock`].
    pub(super) async fn seal(&mut self, text: &str) -> Sent {
        let (letter, delivery) = (LetterId(self.chance.id_bytes()), DeliveryId(self.chance.id_bytes()));
        self.seal_as(letter, delivery, &letter.to_string(), text).await
    }

    /// The same with a host wrap that names `bound_to`.
    pub(super) async fn seal_as(
        &mut self,
        letter: LetterId,
        delivery: DeliveryId,
        bound_to: &str,
        text: &str,
    ) -> Sent {
        let (app, author, now) = (&self.app, &self.author, self.app.time.now());
        let host: pq::Recipient = app.peel.recipient().parse().unwrap();
        let her = pq::Identity::generate(&mut self.browser).to_recipient();
        let mut compose = |id: &str| {
            let letter = LetterToCompose {
                letter_id: id,
                version: 1,
                from: "Helen",
                to: "Dan",
                unix_seconds: 0,
                text,
            };
            seal_letter(&letter, &her, Some(&host), &mut self.browser).unwrap()
        };
        let sealed = compose(&letter.to_string());
        let host_wrap = compose(bound_to).host_wrap.unwrap();
        let host_wrap =
            if bound_to == letter.to_string() { sealed.host_wrap.clone().unwrap() } else { host_wrap };
        app.store.reserve_letter(author, letter, now).await.unwrap();
        let bytes = bytes::Bytes::from(sealed.letter_age.clone());
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        let size = bytes.len() as u64;
        let blob = BlobId(self.chance.id_bytes());
        let ask = UploadAsk {
            blob,
            letter,
            version: 1,
            name: "letter.age".into(),
            kind: "letter".into(),
            size,
            sha256,
        };
        app.store.begin_upload(author, ask, now).await.unwrap();
        app.blobs.append(blob, 0, bytes).await.unwrap();
        app.store.upload_grew(author, blob, size).await.unwrap();
        assert!(app.blobs.finish(blob, size, sha256).await.unwrap());
        app.store.upload_ended(author, blob, true).await.unwrap();
        for (kind, wrap) in [(WrapKind::Author, sealed.author_wrap), (WrapKind::Host, host_wrap)] {
            app.store.put_wrap(author, letter, 1, kind, wrap, 1).await.unwrap();
        }
        let proof = self.asks.map(|(question, form)| {
            let question = question.map(|text| app.keys.seal_text(&letter.to_string(), text, &*self.chance));
            let answer = app.keys.peppered("answer", format!("{letter}|{form}").as_bytes());
            NewProof { asks: Asks { with_year: question.is_none(), question }, answer }
        });
        let kind = match self.asks {
            None => Proof::None,
            Some((None, _)) => Proof::Birthday,
            Some((Some(_), _)) => Proof::Question,
        };
        let rule = Rule { gate: self.gate.clone(), moment: Moment::AtOnce, reach: Reach::Send, proof: kind };
        let promise = Promise {
            delivery,
            person: self.person,
            rule,
            occurrence: 0,
            rest: Rest { until: now.trusted, observed: Observed(0) },
            due: now.trusted,
            tzdb: "test".into(),
            proof,
        };
        let seal = Seal { letter, version: 1, manifest: [7; 32], promise: Some(promise) };
        app.store.seal(author, seal, now).await.unwrap();
        Sent { letter, delivery }
    }

    /// Decides about everything that wakes, as the worker does, and gives the link of the knock that was written, if one was.
    pub(super) async fn knock(&self) -> Option<String> {
        let (app, now) = (&self.app, self.app.time.now());
        let mut link = None;
        for _ in 0..4 {
            for taken in app.store.take(self.boot, Lane::Letters, now, 100).await.unwrap() {
                let WakeOf::Delivery(id) = taken.of else { continue };
                let view = app.store.delivery(id).await.unwrap().unwrap();
                let Some(decision) = decide(&view.delivery, &view.pair, now) else { continue };
                let knock = decision.knock.map(|_| {
                    let message = MessageId(self.chance.id_bytes());
                    let token = app.keys.link_token(&message.to_string());
                    link = Some(format!("/k/{}", base64url(&*token)));
                    (message, hashed(&*token))
                });
                app.store.decided(&taken, &view.delivery, &decision, knock, now).await.unwrap();
            }
        }
        link
    }

    /// A letter that has been knocked for, and the link to it.
    pub(super) async fn knocked(&mut self) -> (Sent, String) {
        let sent = self.seal(WORDS).await;
        let link = self.knock().await.expect("a knock was written");
        (sent, link)
    }

    /// What stands after `/quiet/` in the header of the knock with this link.
    pub(super) async fn quiet_token(&self, link: &str) -> String {
        let token = unbase64url(link.trim_start_matches("/k/"));
        let knock = self.app.store.knock(hashed(&token)).await.unwrap().unwrap();
        let message = knock.message.to_string();
        format!("{message}.{}", self.app.keys.quiet_token(&message))
    }

    pub(super) fn browser(&self) -> Browser {
        Browser { app: self.app.clone(), cookie: None }
    }

    /// Everything of the store that a person's page could have changed.
    pub(super) async fn fingerprint(&self, sent: &Sent) -> String {
        let view = self.app.store.delivery(sent.delivery).await.unwrap();
        let counts = self.app.store.counts().await.unwrap();
        let wakes = self.app.store.next_wakes(Lane::Letters).await.unwrap();
        format!("{:?} {view:?} {counts:?} {wakes:?}", self.store.facts())
    }
}

async fn new_author(app: &App, name: &str) -> Author {
    let (now, chance) = (app.time.now(), &*app.chance);
    let (account, token) = (AccountId(chance.id_bytes()), Keyed(chance.token()));
    let email = app.keys.seal_text(&account.to_string(), "helen@example.org", chance);
    let email_key = app.keys.sign_in_index("helen@example.org");
    app.store.open_newcomer(token, account, email_key, email.clone(), None, now).await.unwrap();
    let new = NewAccount {
        id: account,
        email,
        email_key,
        name: app.keys.seal_text(&account.to_string(), name, chance),
        language: "en".into(),
        zone: "Europe/London".into(),
        recipient: "age1pq1".into(),
        salt: vec![0; 16],
        unlock_key: Keyed([1; 32]),
        unlock_wrap: vec![],
        vault: vec![],
        host_generation: 1,
    };
    app.store.create_account(token, new, true, now).await.unwrap()
}

pub(super) fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn unbase64url(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// A browser: it sends what browsers send, and keeps the cookie that it is given.
#[derive(Clone)]
pub(super) struct Browser {
    app: App,
    pub(super) cookie: Option<String>,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where it leads, after something was done.
    pub(super) fn on_to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", String::from_utf8_lossy(&self.body));
        self.header("location")
    }

    pub(super) fn page(self, status: StatusCode) -> String {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        String::from_utf8(self.body).unwrap()
    }
}

impl Browser {
    pub(super) async fn send(&mut self, request: Request<Body>) -> Answer {
        let response = unsaid::http::router(self.app.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default().to_vec();
        if let Some(set) = parts.headers.get(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(super) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:7070");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        request
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// A form of a page of ours.
    pub(super) async fn post(&mut self, path: &str, form: &str) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(header::ORIGIN, ORIGIN)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.send(request).await
    }

    /// What the reader's script asks.
    pub(super) async fn ask_key(&mut self, delivery: DeliveryId) -> Answer {
        let request = self
            .request(Method::POST, &format!("/waiting/{delivery}/key"))
            .header(header::ORIGIN, ORIGIN)
            .header("unsaid-request", "1")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from("{}"))
            .unwrap();
        self.send(request).await
    }

    /// Follows a link of a knock up to the page that names the author.
    pub(super) async fn come(&mut self, link: &str) -> String {
        assert_eq!(self.post(link, "do=who").await.on_to(), "/waiting");
        self.get("/waiting").await.page(StatusCode::OK)
    }
}

/// A shelf with what a test puts on it.
pub(super) struct Shelf(pub(super) Vec<CaughtMail>);

#[async_trait::async_trait]
impl OutboxShelf for Shelf {
    async fn list(&self) -> std::io::Result<Vec<CaughtMail>> {
        Ok(self.0.clone())
    }
    async fn read(&self, name: &str) -> std::io::Result<Option<CaughtMail>> {
        Ok(self.0.iter().find(|mail| mail.name == name).cloned())
    }
}
