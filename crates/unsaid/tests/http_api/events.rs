//! Letters that wait for the word of keepers, from both doors: what is refused before it is promised, what keepers are asked and say, what their author is shown and may stop, and that strangers and the removed
//! change nothing.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};
use unsaid::secrets::hashed;
use unsaid_delivery::id::{KeeperId, LetterId};
use unsaid_store::LetterStore;
use unsaid_store::lives::{LifeStore, NewKeeper};
use unsaid_store::rows::Author;

const OK: StatusCode = StatusCode::OK;
const DAY: u64 = 24 * 3600;

async fn name_keepers(house: &House, author: &Author) -> Vec<(KeeperId, String)> {
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
        house.store.add_keeper(author, keeper, house.app.time.now()).await.unwrap();
        keepers.push((id, format!("/keeper/{}", base64url(&token))));
    }
    keepers
}

/// A letter of Helen's to somebody who is only a name, and waits for the word of three keepers.
struct Story {
    house: House,
    helen: Writer,
    author: Author,
    letter: String,
    keepers: Vec<(KeeperId, String)>,
}

impl Story {
    async fn new() -> Self {
        let house = House::new();
        let mut helen = house.author(HELEN).await;
        let added = helen.browser.post("/api/persons", &json!({})).await.is(StatusCode::CREATED);
        let child = added["person"]["id"].as_str().unwrap().to_owned();
        let (id, sealed) = helen.write(&house, true).await;
        helen.bring(&id, 1, &sealed).await;
        let seal = format!("/api/letters/{id}/versions/1/seal");
        let mut asked = sealing(&child, &sealed.manifest_hash, json!("none"));
        asked["rule"]["gate"] = json!("word");
        helen.browser.post(&seal, &asked).await.says_no(422, "event-empty");
        asked["rule"]["event"] = json!("x".repeat(121));
        helen.browser.post(&seal, &asked).await.says_no(422, "event-too-long");
        asked["rule"]["event"] = json!("  There is   a grandchild ");
        helen.browser.post(&seal, &asked).await.says_no(422, "keepers-missing");
        let author = helen.author(&house).await;
        let keepers = name_keepers(&house, &author).await;
        helen.browser.post(&seal, &asked).await.says_no(422, "name-for-keepers");
        let told = format!("/api/persons/{child}/told");
        helen.browser.put_json(&told, &json!({ "name": "My first grandchild" })).await.is(OK);
        let mut claim = asked.clone();
        claim["rule"]["reach"] = json!("claim");
        helen.browser.post(&seal, &claim).await.says_no(422, "not-yet");
        helen.browser.post(&seal, &asked).await.is(OK);
        house.turn().await;
        assert_eq!(helen.state(&id).await, "waiting");
        Self { house, helen, author, letter: id, keepers }
    }

    async fn form(&self, who: usize, body: &str) -> String {
        let answer = self.house.browser().form(&self.keepers[who].1, body).await;
        String::from_utf8(answer.body).unwrap()
    }

    /// A keeper says this, having read what follows.
    async fn says(&self, who: usize, answer: &str, address: &str) -> String {
        let body = format!("do=happened&letter={}&answer={answer}&address={address}", self.letter);
        let back = self.form(who, &body).await;
        assert!(back.contains("name=\"sure\"") && back.contains("There is a grandchild"), "{back}");
        self.form(who, &format!("{body}&sure=yes")).await
    }

    async fn event(&mut self) -> Value {
        self.helen.browser.get(&format!("/api/letters/{}/event", self.letter)).await.is(OK)
    }
}

#[tokio::test]
async fn two_of_three_say_it_and_the_letter_goes_when_she_has_had_her_days() {
    let mut story = Story::new().await;
    // What must have happened is read by nobody who has the rows alone.
    let kept = story.house.store.letter(&story.author, story.letter.parse().unwrap()).await.unwrap();
    assert!(!format!("{kept:?}").contains("grandchild"));
    let shown = story.helen.browser.get(&format!("/api/letters/{}", story.letter)).await.is(OK);
    assert_eq!(shown["letter"]["rule"]["event"], "There is a grandchild");
    let page = story.form(0, "do=who").await;
    for said in ["Has it happened?", "There is a grandchild", "My first grandchild", "name=\"address\""] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("checked"), "no answer is set in advance");
    let said = story.says(0, "yes", "mother@example.org").await;
    assert!(said.contains("Nobody else has said anything yet"), "{said}");
    assert!(!story.form(1, "do=who").await.contains("mother@example.org"), "nobody sees what others gave");
    let event = story.event().await;
    assert_eq!(event["said"], json!([{ "name": "Joan", "happened": true }]));
    assert_eq!((&event["needed"], &event["opens"]), (&json!(2), &Value::Null));
    story.says(1, "yes", "mother@example.org").await;
    assert_eq!(story.event().await["can"], json!(["stop"]));
    let outbox = tempfile::tempdir().unwrap();
    story.house.work(outbox.path()).await;
    let mails = House::mails(outbox.path());
    for (kind, many) in [("event-said", 2), ("event-asked", 2), ("event-opens", 1)] {
        let of = mails.iter().filter(|mail| mail.contains(kind)).count();
        assert_eq!(of, many, "{kind}");
    }
    for mail in &mails {
        assert!(!mail.contains("grandchild") && !mail.contains("mother@example.org"), "{mail}");
    }
    story.house.pass(13 * DAY);
    assert!(story.house.turn().await.is_empty(), "not before");
    story.house.pass(2 * DAY);
    assert_eq!(story.house.turn().await.len(), 1);
    assert_eq!(story.helen.state(&story.letter).await, "left");
    let late = story.form(2, &format!("do=happened&letter={}&answer=no", story.letter)).await;
    assert!(late.contains("Nothing waits for that any more"), "{late}");
}

#[tokio::test]
async fn she_stops_it_and_keepers_think_again() {
    let mut story = Story::new().await;
    let stop = format!("/api/letters/{}/event/stop", story.letter);
    story.helen.browser.post(&stop, &json!({})).await.says_no(409, "event-over");
    story.says(0, "yes", "").await;
    story.says(1, "yes", "").await;
    assert!(story.event().await["opens"].is_string());
    story.helen.browser.post(&stop, &json!({})).await.is(OK);
    let event = story.event().await;
    assert_eq!((&event["said"], &event["opens"], &event["can"]), (&json!([]), &Value::Null, &json!([])));
    // One takes it back: it has never begun.
    story.says(0, "yes", "").await;
    story.says(1, "yes", "").await;
    story.says(1, "no", "").await;
    assert_eq!(story.event().await["opens"], Value::Null);
    story.house.pass(40 * DAY);
    story.helen.unlock().await;
    assert!(story.house.turn().await.is_empty());
    assert_eq!(story.helen.state(&story.letter).await, "waiting");
    // What is no answer, another's letter, and one who was removed.
    let unclear =
        story.form(0, &format!("do=happened&letter={}&answer=perhaps&sure=yes", story.letter)).await;
    assert!(unclear.contains("Has it happened?"), "{unclear}");
    let other = LetterId([7; 16]);
    let nothing = story.form(0, &format!("do=happened&letter={other}&answer=yes&sure=yes")).await;
    assert!(nothing.contains("Nothing waits for that any more"), "{nothing}");
    story
        .house
        .store
        .remove_keeper(&story.author, story.keepers[0].0, story.house.app.time.now())
        .await
        .unwrap();
    let nobody = story.form(0, &format!("do=happened&letter={}&answer=yes&sure=yes", story.letter)).await;
    assert!(!nobody.contains("grandchild"), "{nobody}");
    assert_eq!(story.event().await["said"], json!([{ "name": "Amir", "happened": false }]));
}

#[tokio::test]
async fn a_letter_that_waits_for_nobodys_word_has_no_event_and_a_stranger_sees_none() {
    let story = Story::new().await;
    let mut stranger = story.house.author("dan@example.org").await;
    let path = format!("/api/letters/{}/event", story.letter);
    stranger.browser.get(&path).await.says_no(404, "missing");
    stranger.browser.post(&format!("{path}/stop"), &json!({})).await.says_no(404, "missing");
    let person = stranger.person("somebody@example.org").await;
    let other = stranger.sealed(&story.house, &person, json!("none")).await;
    stranger.browser.get(&format!("/api/letters/{other}/event")).await.says_no(404, "missing");
}
