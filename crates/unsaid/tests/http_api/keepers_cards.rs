//! Keepers' cards after the release, from both doors: a reader asks, keepers give, the letter opens with enough of them and with no fewer; what strangers, the removed and the late are answered; what the
//! house never sees; and that its author is shown none of it.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};
use unsaid::secrets::hashed;
use unsaid_delivery::id::{DeliveryId, KeeperId, KeeperSetId, LetterId};
use unsaid_seal::keeper_set::{
    KeeperSet, lock_keeper_set, make_keeper_set, open_keeper_set, open_keepers_file,
};
use unsaid_seal::letter::LetterToCompose;
use unsaid_seal::pq;
use unsaid_seal::seal::{Kept as Sealing, LetterToSeal, seal_whole_letter};
use unsaid_seal::slip39::{Card, join_cards, make_cards};
use unsaid_seal::wrap::{open_wrap, wrap};
use unsaid_store::keeper_sets::{KeeperSetStore, NewKeeperSet};
use unsaid_store::lives::{LifeStore, NewKeeper};
use unsaid_store::rows::{Author, Seal};
use unsaid_store::{LetterStore, ReaderStore};

const OK: StatusCode = StatusCode::OK;

/// A letter of Helen's that two of three keepers open, and has arrived.
struct Story {
    house: House,
    helen: Writer,
    author: Author,
    dan: String,
    letter: String,
    /// Each keeper, with the path of their page.
    keepers: Vec<(KeeperId, String)>,
    cards: Vec<String>,
    reader: Browser,
    path: String,
    keys: pq::Identity,
}

impl Story {
    async fn new() -> Self {
        let house = House::new();
        let mut helen = house.author(HELEN).await;
        let dan = helen.person("dan@example.org").await;
        let author = helen.author(&house).await;
        let mut keepers = Vec::new();
        for n in 1..=3u8 {
            let (id, token) = (KeeperId([n; 16]), [n; 32]);
            let sealed = |text: &str| house.app.keys.seal_text(&id.to_string(), text, &*house.app.chance);
            let keeper = NewKeeper {
                id,
                name: sealed(["Joan", "Amir", "Bea"][usize::from(n) - 1]),
                address: Some(sealed(&format!("keeper-{n}@example.org"))),
                language: "en".into(),
                link: hashed(&token),
            };
            house.store.add_keeper(&author, keeper, house.app.time.now()).await.unwrap();
            keepers.push((id, format!("/keeper/{}", base64url(&token))));
        }
        let master = [42; 16];
        let set = make_keeper_set(&mut helen.rng);
        let cards = make_cards(&master, 2, 3, &mut helen.rng).unwrap();
        let cards = cards.iter().map(|card| card.to_string()).collect();
        let letter = sealed(&house, &mut helen, &author, &dan, (&set, &master)).await;
        let links = house.turn().await;
        let (reader, browser) = house.reader(&links[0]).await;
        let delivery = house.store.waiting(&reader).await.unwrap()[0].delivery.id;
        let keys = pq::Identity::generate(&mut helen.rng);
        let path = format!("/waiting/{delivery}");
        Self { house, helen, author, dan, letter, keepers, cards, reader: browser, path, keys }
    }

    fn delivery(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    fn recipient(&self) -> String {
        self.keys.to_recipient().to_string()
    }

    async fn ask(&mut self) -> Answer {
        let recipient = json!({ "recipient": self.recipient() });
        self.reader.post(&format!("{}/keepers/ask", self.path), &recipient).await
    }

    /// What a keeper's browser sends for a card, locked to this recipient.
    fn locked(&self, card: &str, to: &str) -> Value {
        let plain = format!("unsaid-card 1 {}\n{card}\n", self.delivery());
        let file = wrap(&to.parse().unwrap(), plain.as_bytes()).unwrap();
        json!({ "delivery": self.delivery(), "recipient": to, "card": base64url(&file), "set": 7 })
    }

    async fn gives(&mut self, who: usize) -> Answer {
        let card = self.locked(&self.cards[who], &self.recipient());
        let path = format!("{}/card", self.keepers[who].1);
        self.house.browser().post(&path, &card).await
    }

    async fn opens(&mut self) -> Answer {
        self.reader.post(&format!("{}/keepers/open", self.path), &json!({})).await
    }

    async fn looks(&self, who: usize) -> String {
        let answer = self.house.browser().form(&self.keepers[who].1, "do=who").await;
        assert_eq!(answer.status, OK);
        String::from_utf8(answer.body).unwrap()
    }
}

async fn sealed(
    house: &House,
    helen: &mut Writer,
    author: &Author,
    dan: &str,
    (set, master): (&KeeperSet, &[u8]),
) -> String {
    let now = house.app.time.now();
    let id = KeeperSetId([9; 16]);
    let file = lock_keeper_set(&set.identity, master).unwrap();
    let new = NewKeeperSet { id, person: None, needed: 2, of: 3, file };
    house.store.put_keeper_set(author, new, now).await.unwrap();
    let reserved = helen.browser.post("/api/letters", &json!({})).await.is(StatusCode::CREATED);
    let letter = reserved["id"].as_str().unwrap().to_owned();
    let host: pq::Recipient = house.app.peel.recipient().parse().unwrap();
    let to_seal = LetterToSeal {
        letter: LetterToCompose {
            letter_id: &letter,
            version: 1,
            from: "Helen",
            to: "Dan",
            unix_seconds: 0,
            text: "There was no shift.",
        },
        html: None,
        reply_to: None,
        pictures: &[],
        hand: None,
        author: &helen.identity.to_recipient(),
        kept: Sealing::ByKeepers { host: &host, set: &set.recipient },
    };
    let whole = seal_whole_letter(&to_seal, &mut helen.rng).unwrap();
    helen.bring(&letter, 1, &whole).await;
    let letter_id: LetterId = letter.parse().unwrap();
    let wrap = whole.keepers_wrap.clone().unwrap();
    house.store.put_keepers_wrap(author, letter_id, 1, id, wrap, house.app.peel.generation()).await.unwrap();
    let promise = unsaid_store::rows::Promise {
        delivery: DeliveryId(house.app.chance.id_bytes()),
        person: dan.parse().unwrap(),
        rule: unsaid_delivery::rule::Rule {
            gate: unsaid_delivery::rule::Gate::None,
            moment: unsaid_delivery::rule::Moment::AtOnce,
            reach: unsaid_delivery::rule::Reach::Send,
            proof: unsaid_delivery::rule::Proof::None,
        },
        occurrence: 0,
        rest: unsaid_delivery::state::Rest { until: now.trusted, observed: now.observed },
        due: now.trusted,
        tzdb: "2026a".into(),
        proof: None,
    };
    let seal = Seal { letter: letter_id, version: 1, manifest: [1; 32], promise: Some(promise) };
    house.store.seal(author, seal, now).await.unwrap();
    letter
}

fn unbase64url(value: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn two_of_three_keepers_open_it_and_the_house_sees_no_card() {
    let mut story = Story::new().await;
    let page = story.reader.get(&story.path).await;
    let page = String::from_utf8(page.body).unwrap();
    assert!(page.contains("data-kept=\"keepers\"") && page.contains("/keepers\""), "{page}");
    let before = story.reader.get(&format!("{}/keepers", story.path)).await.is(OK);
    assert_eq!((&before["needed"], &before["asked"]), (&json!(2), &Value::Null));
    let names: Vec<_> = before["keepers"].as_array().unwrap().iter().map(|k| k["name"].clone()).collect();
    assert_eq!(names, ["Joan", "Amir", "Bea"]);
    assert!(!story.looks(0).await.contains("data-card-for"), "nobody has asked");
    story.opens().await.says_no(409, "cards-too-few");

    let asked = story.ask().await.is(OK);
    assert_eq!(asked["asked"]["recipient"], story.recipient());
    let page = story.looks(0).await;
    assert!(page.contains("data-card-for") && page.contains(&story.recipient()), "{page}");
    assert!(page.contains("Somebody has a letter from Helen"), "no name that she did not allow: {page}");
    assert_eq!(story.gives(0).await.is(OK), json!({ "given": 1, "needed": 2 }));
    story.opens().await.says_no(409, "cards-too-few");
    story.reader.post(&format!("{}/key", story.path), &json!({})).await.says_no(404, "missing");
    story.gives(2).await.is(OK);
    assert!(story.looks(1).await.contains("Enough cards have been given."));
    assert!(story.looks(0).await.contains("Your card is here"));

    let opened = story.opens().await.is(OK);
    let given = story.reader.get(&format!("{}/keepers/cards", story.path)).await.is(OK);
    let cards: Vec<Card> = given["shares"]
        .as_array()
        .unwrap()
        .iter()
        .map(|share| {
            let plain = open_wrap(&story.keys, &unbase64url(&share["card"])).unwrap();
            let text = String::from_utf8(plain.to_vec()).unwrap();
            Card::read(text.split_once('\n').unwrap().1).unwrap()
        })
        .collect();
    let master = join_cards(&cards, "").unwrap();
    let set = open_keeper_set(&unbase64url(&opened["setFile"]), &master).unwrap();
    let key = open_keepers_file(&set, &unbase64url(&opened["keepersFile"])).unwrap();
    assert!(String::from_utf8_lossy(&key).contains("AGE-SECRET-KEY-1"));
    story.reader.get(&format!("{}/parts/letter.age", story.path)).await;
    // Opening again needs nobody.
    assert_eq!(story.opens().await.is(OK)["letter"], story.letter);
    // With another key it does, although it was opened.
    story.keys = pq::Identity::generate(&mut story.helen.rng);
    story.ask().await.is(OK);
    story.opens().await.says_no(409, "cards-too-few");
}

#[tokio::test]
async fn a_keeper_is_told_plainly_why_a_card_is_not_taken() {
    let mut story = Story::new().await;
    story.gives(0).await.says_no(409, "card-not-asked");
    story.ask().await.is(OK);
    // A key of somebody in the middle is not the one that was asked with.
    let stranger = pq::Identity::generate(&mut story.helen.rng).to_recipient().to_string();
    let path = format!("{}/card", story.keepers[0].1);
    let mut joan = story.house.browser();
    let other = story.locked(&story.cards[0], &stranger);
    joan.post(&path, &other).await.says_no(409, "ask-replaced");
    // What is no age file to one age1pq key, or is larger than a card can be.
    let good = story.locked(&story.cards[0], &story.recipient());
    for bytes in [b"twenty words in clear".to_vec(), vec![7; 5000], Vec::new()] {
        let mut bad = good.clone();
        bad["card"] = json!(base64url(&bytes));
        joan.post(&path, &bad).await.says_no(422, "bytes-unknown");
    }
    let large = wrap(&story.recipient().parse().unwrap(), &[7; 4000]).unwrap();
    let mut bad = good.clone();
    bad["card"] = json!(base64url(&large));
    joan.post(&path, &bad).await.says_no(422, "bytes-unknown");
    let huge =
        json!({ "delivery": story.delivery(), "recipient": "x".repeat(400_000), "card": "", "set": 1 });
    joan.post(&path, &huge).await.says_no(413, "too-large");
    // Twice is once.
    for _ in 0..2 {
        assert_eq!(story.gives(0).await.is(OK)["given"], 1);
    }
    // An older ask's card, played again.
    let older = story.locked(&story.cards[1], &story.recipient());
    story.keys = pq::Identity::generate(&mut story.helen.rng);
    story.ask().await.is(OK);
    let amir = format!("{}/card", story.keepers[1].1);
    story.house.browser().post(&amir, &older).await.says_no(409, "ask-replaced");
    let now = story.reader.get(&format!("{}/keepers", story.path)).await.is(OK);
    assert!(now["keepers"].as_array().unwrap().iter().all(|keeper| keeper["gave"] == false), "{now}");
    // Somebody with a link of their own making, and a keeper who was removed.
    let nobody = format!("/keeper/{}/card", base64url(&[77; 32]));
    story.house.browser().post(&nobody, &good).await.says_no(404, "keeper-unknown");
    let at = story.house.app.time.now();
    story.house.store.remove_keeper(&story.author, story.keepers[2].0, at).await.unwrap();
    story.gives(2).await.says_no(404, "keeper-unknown");
    // Taken back: nothing is asked any more, and it says no more than that.
    story.helen.browser.post(&format!("/api/letters/{}/withdraw", story.letter), &json!({})).await.is(OK);
    story.gives(1).await.says_no(409, "card-not-asked");
    assert!(!story.looks(1).await.contains("data-card-for"));
    story.opens().await.says_no(404, "missing");
}

#[tokio::test]
async fn a_stranger_asks_for_nothing_and_nobody_asks_without_end() {
    let mut story = Story::new().await;
    let ask = format!("{}/keepers/ask", story.path);
    let mut nobody = story.house.browser();
    nobody.post(&ask, &json!({ "recipient": story.recipient() })).await.says_no(401, "reader-unknown");
    for wrong in ["", "age1pq1x", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"] {
        story.reader.post(&ask, &json!({ "recipient": wrong })).await.says_no(422, "recipient-unknown");
    }
    for _ in 0..6 {
        story.keys = pq::Identity::generate(&mut story.helen.rng);
        story.ask().await.is(OK);
    }
    story.keys = pq::Identity::generate(&mut story.helen.rng);
    story.ask().await.says_no(429, "asks-too-many");
    story.house.pass(24 * 3600);
    story.ask().await.is(OK);
    story.helen.unlock().await;
    // Another letter of theirs, which the house keeps, has no such door.
    let other = story.helen.sealed(&story.house, &story.dan, json!("none")).await;
    story.house.pass(60);
    story.house.turn().await;
    let other = story.house.store.letter(&story.author, other.parse().unwrap()).await.unwrap();
    let other = format!("/waiting/{}", other.delivery.unwrap().id);
    story.reader.get(&format!("{other}/keepers")).await.says_no(404, "missing");
}

#[tokio::test]
async fn each_keeper_is_written_to_once_a_week_and_the_link_leads_to_their_page() {
    let mut story = Story::new().await;
    let outbox = tempfile::tempdir().unwrap();
    story.ask().await.is(OK);
    story.house.work(outbox.path()).await;
    let about =
        |mails: Vec<String>| mails.into_iter().filter(|mail| mail.contains("card-asked")).collect::<Vec<_>>();
    let mails = about(House::mails(outbox.path()));
    assert_eq!(mails.len(), 3);
    for mail in &mails {
        for told in ["Helen", "Dan", "dan@example.org", "Joan"] {
            assert!(!mail.contains(told), "{told}: {mail}");
        }
    }
    let joan = mails.iter().find(|mail| mail.contains("keeper-1@example.org")).unwrap();
    let link = link_in(joan, "keeper").expect("a link");
    let answer = story.house.browser().form(&format!("/keeper/{}", base64url(&link)), "do=who").await;
    assert!(String::from_utf8_lossy(&answer.body).contains("data-card-for"));
    story.keys = pq::Identity::generate(&mut story.helen.rng);
    story.ask().await.is(OK);
    story.house.work(outbox.path()).await;
    assert_eq!(about(House::mails(outbox.path())).len(), 3, "another key is no reason to write again");
    story.house.pass(7 * 24 * 3600);
    story.ask().await.is(OK);
    story.house.work(outbox.path()).await;
    assert_eq!(about(House::mails(outbox.path())).len(), 6);
}

/// Everything that the author is told, in order, when so much was done.
async fn told(steps: usize) -> Vec<(StatusCode, String, String)> {
    let mut story = Story::new().await;
    if steps > 0 {
        story.ask().await.is(OK);
    }
    if steps > 1 {
        story.gives(0).await.is(OK);
        story.gives(1).await.is(OK);
    }
    if steps > 2 {
        story.opens().await.is(OK);
    }
    let outbox = tempfile::tempdir().unwrap();
    story.house.work(outbox.path()).await;
    story.house.pass(600);
    let mails = House::mails(outbox.path());
    assert!(mails.iter().all(|mail| !mail.contains(HELEN) || !mail.contains("card-asked")), "{mails:?}");
    let one = format!("/api/letters/{}", story.letter);
    let mut heard = Vec::new();
    let paths = [
        "/api/letters",
        &one,
        "/api/persons",
        "/api/account",
        "/api/replies",
        "/api/life",
        "/api/life/keepers",
    ];
    for path in paths.iter().chain(&paths) {
        let answer = story.helen.browser.get(path).await;
        heard.push((answer.status, format!("{:?}", answer.headers), String::from_utf8(answer.body).unwrap()));
        if heard.len() == paths.len() {
            let answer = story.helen.browser.post(&format!("{one}/withdraw"), &json!({})).await;
            heard.push((
                answer.status,
                format!("{:?}", answer.headers),
                String::from_utf8(answer.body).unwrap(),
            ));
        }
    }
    heard
}

#[tokio::test]
async fn what_came_of_an_ask_appears_nowhere_for_the_author() {
    let quiet = told(0).await;
    assert!(quiet.iter().any(|(_, _, body)| body.contains("do not say whether it was")));
    for steps in 1..=3 {
        assert_eq!(told(steps).await, quiet, "{steps}");
    }
}
