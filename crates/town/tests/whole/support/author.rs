//! An author with her keys: what her browser does and sends, from the first link to the seal.

use super::Place;
use super::browser::Browser;
use super::relay::Relay;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use serde_json::{Value, json};
use unsaid_seal::letter::LetterToCompose;
use unsaid_seal::seal::{SealedLetter, seal_letter};
use unsaid_seal::{Binding, Kind, pq};

pub(crate) const ADDRESS: &str = "helen.quillfeather@example.org";
pub(crate) const NAME: &str = "Helen Larkspur";
pub(crate) const WORDS: &str = "Dear Dan,\n\nthere was no shift at the heronry.";

pub(crate) struct Author {
    pub(crate) browser: Browser,
    identity: pq::Identity,
    pub(crate) unlock_token: String,
    host: pq::Recipient,
    rng: ChaCha20Rng,
}

impl Author {
    /// Comes in by the first link and makes the account.
    pub(crate) fn begin(place: &Place, relay: &Relay) -> Self {
        let mut browser = place.browser();
        let invitation = place.first_link();
        browser.post("/api/codes", &json!({ "email": ADDRESS, "invitation": invitation })).is(202);
        let code = code_in(&relay.wait_for(ADDRESS, 1)[0].text);
        let came = browser.post("/api/sessions", &json!({ "code": code })).is(200);
        let id = came["newcomer"]["accountId"].as_str().unwrap().to_owned();
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
        Self { browser, identity, unlock_token, host, rng }
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
        let id = self.browser.post("/api/letters", &json!({})).is(201)["id"].as_str().unwrap().to_owned();
        let sealed = self.close(&id);
        let base = format!("/api/letters/{id}/versions/1");
        let bytes = &sealed.letter_age;
        let hash = unsaid_seal::manifest::sha256_hex(bytes);
        let upload = json!({ "name": "letter.age", "kind": "letter", "size": bytes.len(), "sha256": hash });
        let begun = self.browser.post(&format!("{base}/uploads"), &upload).is(200);
        self.browser
            .put(&format!("/api/uploads/{}?offset=0", begun["upload"].as_str().unwrap()), bytes)
            .is(200);
        self.browser.put(&format!("{base}/wraps/author"), &sealed.author_wrap).is(200);
        self.browser.put(&format!("{base}/wraps/host"), sealed.host_wrap.as_ref().unwrap()).is(200);
        let asked = json!({
            "person": person, "to": null, "manifestHash": sealed.manifest_hash, "rest": rest,
            "rule": { "gate": "none", "moment": moment, "reach": "send", "proof": "none" },
        });
        self.browser.post(&format!("{base}/seal"), &asked).is(200);
        id
    }

    fn close(&mut self, id: &str) -> SealedLetter {
        let letter = LetterToCompose {
            letter_id: id,
            version: 1,
            from: NAME,
            to: "Dan",
            unix_seconds: 0,
            text: WORDS,
        };
        seal_letter(&letter, &self.identity.to_recipient(), Some(&self.host), &mut self.rng).unwrap()
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
        let before = relay.taken_for(ADDRESS).len();
        self.browser.forget_everything();
        self.browser.post("/api/codes", &json!({ "email": ADDRESS })).is(202);
        let code = relay.wait_for(ADDRESS, before + 1).last().map(|taken| code_in(&taken.text)).unwrap();
        self.browser.post("/api/sessions", &json!({ "code": code })).is(200);
        self.browser.post("/api/unlock", &json!({ "token": self.unlock_token, "mine": true })).is(200);
        self
    }

    pub(crate) fn state(&mut self, id: &str) -> String {
        let answer = self.browser.get(&format!("/api/letters/{id}")).is(200);
        answer["letter"]["state"].as_str().unwrap().to_owned()
    }
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
