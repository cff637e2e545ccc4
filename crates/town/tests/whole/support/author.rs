//! An author with her keys: what her browser does and sends, from the first link to the seal.

use super::Place;
use super::browser::Browser;
use super::relay::Relay;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use serde_json::{Value, json};
use unsaid_seal::letter::LetterToCompose;
use unsaid_seal::seal::{Kept, LetterToSeal, SealedLetter, seal_letter, seal_whole_letter};
use unsaid_seal::sshsig::Hand;
use unsaid_seal::{Binding, Kind, pq};

pub(crate) const ADDRESS: &str = "helen.quillfeather@example.org";
pub(crate) const NAME: &str = "Helen Larkspur";
pub(crate) const WORDS: &str = "Dear Dan,\n\nthere was no shift at the heronry.";

pub(crate) struct Author {
    pub(crate) browser: Browser,
    address: String,
    identity: pq::Identity,
    pub(crate) unlock_token: String,
    host: pq::Recipient,
    rng: ChaCha20Rng,
}

impl Author {
    /// Comes in by the first link and makes the account.
    pub(crate) fn begin(place: &Place, relay: &Relay) -> Self {
        Self::with_account(place, relay, ADDRESS, Some(&place.first_link()))
    }

    /// Makes an account for an address; without an invitation where the house is open to all.
    pub(crate) fn with_account(
        place: &Place,
        relay: &Relay,
        address: &str,
        invitation: Option<&str>,
    ) -> Self {
        let (mut browser, id) = newcomer(place, relay, address, invitation);
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        let identity = unsaid_seal::account::make_account(&mut rng);
        let host = browser.get("/api/house").is(200)["hostRecipient"].as_str().unwrap().to_owned();
        let host: pq::Recipient = host.parse().unwrap();
        let mut token = [0; 32];
        rng.fill_bytes(&mut token);
        let unlock_token = base64url(&token);
        let binding = Binding::new(&id, 1, Kind::Unlock).unwrap();
        let file = unsaid_seal::unlock::seal_passphrase_file(&identity, &"ab".repeat(32)).unwrap();
        let wrap = unsaid_seal::wrap::wrap_bound(&host, &binding, &file).unwrap();
        let account = json!({
            "accountId": id, "invitation": invitation, "name": NAME, "language": "en", "zone": "Europe/London",
            "recipient": identity.to_recipient().to_string(), "salt": base64url(&[7; 16]), "unlockToken": unlock_token,
            "unlockFile": base64url(&wrap), "vault": base64url(b"vault"), "mine": true,
        });
        browser.post("/api/account", &account).is(201);
        Self { browser, address: address.to_owned(), identity, unlock_token, host, rng }
    }

    /// The author of [`Author::begin`], in a house that an older program kept: her keys are drawn alike each time. She signs in by a code, and unlocks.
    pub(crate) fn who_was_here(place: &Place, relay: &Relay) -> Self {
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        let identity = unsaid_seal::account::make_account(&mut rng);
        let mut browser = place.browser();
        let host = browser.get("/api/house").is(200)["hostRecipient"].as_str().unwrap().parse().unwrap();
        let mut token = [0; 32];
        rng.fill_bytes(&mut token);
        let unlock_token = base64url(&token);
        let helen = Self { browser, address: ADDRESS.to_owned(), identity, unlock_token, host, rng };
        helen.back(relay)
    }

    /// Somebody to write to, with this address and perhaps more. Gives the person's id.
    pub(crate) fn person(&mut self, addresses: &[&str]) -> String {
        let person = self.browser.post("/api/persons", &json!({ "address": addresses[0] })).is(201);
        let id = person["person"]["id"].as_str().unwrap().to_owned();
        for more in &addresses[1..] {
            self.browser.post(&format!("/api/persons/{id}/addresses"), &json!({ "address": more })).is(200);
        }
        id
    }

    /// Writes and seals a letter. When this returns, the seal was acknowledged.
    pub(crate) fn seal(&mut self, person: &str, moment: &Value, rest: &str) -> String {
        self.seal_asking(person, moment, rest, &json!("none"))
    }

    /// The same, and something is asked before it opens.
    pub(crate) fn seal_asking(&mut self, person: &str, moment: &Value, rest: &str, proof: &Value) -> String {
        let rule = json!({ "gate": "none", "moment": moment, "reach": "send", "proof": proof });
        self.seal_by(person, &rule, rest)
    }

    /// The same for a letter that waits until she has died, and for this moment.
    pub(crate) fn seal_for_her_end(&mut self, person: &str, moment: &Value) -> String {
        let rule = json!({ "gate": "gone", "moment": moment, "reach": "send", "proof": "none" });
        self.seal_by(person, &rule, "none")
    }

    fn seal_by(&mut self, person: &str, rule: &Value, rest: &str) -> String {
        let id = self.reserve();
        let sealed = self.close(&id);
        self.bring(&id, &sealed);
        let asked = json!({
            "person": person, "to": null, "manifestHash": sealed.manifest_hash, "rest": rest, "rule": rule,
        });
        self.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).is(200);
        id
    }

    /// A letter that has a name and nothing else.
    pub(crate) fn reserve(&mut self) -> String {
        self.browser.post("/api/letters", &json!({})).is(201)["id"].as_str().unwrap().to_owned()
    }

    /// Begins to bring a part. Gives the upload's name.
    pub(crate) fn upload(&mut self, id: &str, name: &str, kind: &str, bytes: &[u8]) -> String {
        let hash = unsaid_seal::manifest::sha256_hex(bytes);
        let upload = json!({ "name": name, "kind": kind, "size": bytes.len(), "sha256": hash });
        let begun = self.browser.post(&format!("/api/letters/{id}/versions/1/uploads"), &upload).is(200);
        begun["upload"].as_str().unwrap().to_owned()
    }

    fn bring(&mut self, id: &str, sealed: &SealedLetter) {
        let mut parts = vec![("letter.age".to_owned(), "letter", &sealed.letter_age)];
        parts.extend(sealed.sig_age.iter().map(|bytes| ("sig.age".to_owned(), "signature", bytes)));
        parts.extend(sealed.media.iter().map(|(name, bytes)| (name.clone(), "media", bytes)));
        for (name, kind, bytes) in parts {
            let upload = self.upload(id, &name, kind, bytes);
            self.browser.put(&format!("/api/uploads/{upload}?offset=0"), bytes).is(200);
        }
        let wraps = [("host", &sealed.host_wrap), ("words", &sealed.words_wrap)];
        let wraps = wraps.into_iter().filter_map(|(kind, wrap)| Some((kind, wrap.as_ref()?)));
        for (kind, wrap) in [("author", &sealed.author_wrap)].into_iter().chain(wraps) {
            self.browser.put(&format!("/api/letters/{id}/versions/1/wraps/{kind}"), wrap).is(200);
        }
    }

    /// Prints a card for a person and seals a letter that its words open, without a rest.
    pub(crate) fn seal_by_words(&mut self, person: &str, words: &str) -> String {
        let token = unsaid_seal::claim::claim_token(words);
        let card = json!({ "token": base64url(&*token) }).to_string();
        let path = format!("/api/persons/{person}/card");
        self.browser.try_send("PUT", &path, "application/json", card.as_bytes()).expect("an answer").is(200);
        let id = self.reserve();
        let to_seal = LetterToSeal {
            letter: letter(&id),
            html: None,
            reply_to: None,
            pictures: &[],
            hand: Some(&Hand::from_seed(&[5; 32])),
            author: &self.identity.to_recipient(),
            kept: Kept::ByWords { host: &self.host, words },
        };
        let sealed = seal_whole_letter(&to_seal, &mut self.rng).unwrap();
        self.bring(&id, &sealed);
        let asked = json!({
            "person": person, "to": null, "manifestHash": sealed.manifest_hash, "rest": "none", "kept": "words",
            "rule": { "gate": "none", "moment": at_once(), "reach": "send", "proof": "none" },
        });
        self.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).is(200);
        id
    }

    fn close(&mut self, id: &str) -> SealedLetter {
        seal_letter(&letter(id), &self.identity.to_recipient(), Some(&self.host), &mut self.rng).unwrap()
    }

    /// Her letter comes back from the house as she sealed it.
    pub(crate) fn reads_her_own(&mut self, id: &str) {
        let base = format!("/api/letters/{id}/versions/1");
        let wrap = self.browser.get(&format!("{base}/wraps/author")).body;
        let bytes = self.browser.get(&format!("{base}/parts/letter.age")).body;
        let letter = unsaid_seal::seal::open_sealed(&self.identity, &wrap, &bytes, id, 1).unwrap();
        assert_eq!(letter.text, WORDS);
    }

    /// Signs in anew by a code and unlocks: time that passes ends sessions.
    pub(crate) fn back(mut self, relay: &Relay) -> Self {
        self.browser.forget_everything();
        self.browser = self.signs_in(self.browser.clone(), relay);
        self.unlocks(self.browser.clone());
        self
    }

    /// Signs in by a code, in this browser too. It is locked.
    pub(crate) fn signs_in(&self, mut browser: Browser, relay: &Relay) -> Browser {
        let before = relay.taken_for(&self.address).len();
        browser.post("/api/codes", &json!({ "email": self.address })).is(202);
        let code =
            relay.wait_for(&self.address, before + 1).last().map(|taken| code_in(&taken.text)).unwrap();
        browser.post("/api/sessions", &json!({ "code": code })).is(200);
        browser
    }

    /// Gives the words by hand.
    pub(crate) fn unlocks(&self, mut browser: Browser) {
        browser.post("/api/unlock", &json!({ "token": self.unlock_token, "mine": true })).is(200);
    }

    pub(crate) fn state(&mut self, id: &str) -> String {
        let answer = self.browser.get(&format!("/api/letters/{id}")).is(200);
        answer["letter"]["state"].as_str().unwrap().to_owned()
    }
}

fn letter(id: &str) -> LetterToCompose<'_> {
    LetterToCompose { letter_id: id, version: 1, from: NAME, to: "Dan", unix_seconds: 0, text: WORDS }
}

/// Somebody whose code was right, and the id of the account that they may make.
pub(crate) fn newcomer(
    place: &Place,
    relay: &Relay,
    address: &str,
    invitation: Option<&str>,
) -> (Browser, String) {
    let mut browser = place.browser();
    browser.post("/api/codes", &json!({ "email": address, "invitation": invitation })).is(202);
    let code = code_in(&relay.wait_for(address, 1)[0].text);
    let came = browser.post("/api/sessions", &json!({ "code": code })).is(200);
    let id = came["newcomer"]["accountId"].as_str().unwrap().to_owned();
    (browser, id)
}

/// As soon as may be.
pub(crate) fn at_once() -> Value {
    json!({ "kind": "at-once" })
}

fn code_in(message: &str) -> String {
    let line = message.lines().find_map(|line| line.strip_prefix("Subject: Your code is ")).expect("a code");
    line.trim().to_owned()
}

/// RFC 4648, section 5, without padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for at in 0..=three.len() {
            text.push(char::from(letters[(bits >> (18 - 6 * at)) as usize & 63]));
        }
    }
    text
}
