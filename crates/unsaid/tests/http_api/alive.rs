//! Telling people that she lives, by the door of the API: to whom it may be said, what the one mail says to whom, that a refusal shows in nothing that she sees, and what is said no to.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};
use unsaid_delivery::Scope;
use unsaid_delivery::accept;
use unsaid_delivery::life::{Change, GateMoves, Stage};
use unsaid_store::ReaderStore;
use unsaid_store::lives::{LifeStore, Names};
use unsaid_store::rows::Author;

const OK: StatusCode = StatusCode::OK;
const HOUR: u64 = 3_600;
const HERS: &str = "/api/life/alive";

/// Helen's letters have left because she was thought gone: one knock to each of these.
struct Story {
    house: House,
    helen: Writer,
    author: Author,
    people: Vec<String>,
    letters: Vec<String>,
    links: Vec<[u8; 32]>,
}

impl Story {
    async fn new(addresses: &[&str]) -> Self {
        let house = House::new();
        let mut helen = house.author(HELEN).await;
        let plan = json!({
            "policy": "check-ins", "everyDays": 60, "pauseDays": 7, "quorum": 2, "warningDays": 10, "fallbackDays": 180,
        });
        helen.browser.put_json("/api/life", &plan).await.is(OK);
        let (mut people, mut letters) = (Vec::new(), Vec::new());
        for address in addresses {
            let person = helen.person(address).await;
            let (id, sealed) = helen.write(&house, true).await;
            helen.bring(&id, 1, &sealed).await;
            let mut asked = sealing(&person, &sealed.manifest_hash, json!("none"));
            asked["rule"]["gate"] = json!("gone");
            helen.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await.is(OK);
            people.push(person);
            letters.push(id);
        }
        house.turn().await;
        let author = helen.author(&house).await;
        let mut story = Self { house, helen, author, people, letters, links: Vec::new() };
        assert_eq!(story.seen().await["people"], json!([]), "nothing has left");
        story.let_go().await;
        let outbox = tempfile::tempdir().unwrap();
        story.house.work(outbox.path()).await;
        let mails = House::mails(outbox.path());
        for address in addresses {
            let knock = mails.iter().find(|mail| mail.contains(address)).expect("a knock");
            story.links.push(link_in(knock, "k").unwrap());
        }
        story
    }

    async fn let_go(&self) {
        let view = self.house.store.life(self.author.account()).await.unwrap().unwrap();
        let now = self.house.app.time.now();
        let mut life = view.life.clone();
        (life.stage, life.open, life.released) = (Stage::Released, true, Some(now.trusted));
        let gate = Some(GateMoves::Opens);
        let change = Change { life, wake: None, write: vec![], gate, fact: None, why: "" };
        self.house.store.commit_life(Some(&view.life), &change, &Names::new(), now).await.unwrap();
    }

    async fn is_here(&mut self) {
        self.helen.browser.post("/api/life/well", &json!({})).await.is(OK);
    }

    async fn seen(&mut self) -> Value {
        self.helen.browser.get(HERS).await.is(OK)
    }

    async fn tell(&mut self, nth: usize) -> Value {
        self.helen.browser.post(HERS, &json!({ "person": self.people[nth] })).await.is(OK)
    }

    /// The mails that leave now.
    async fn leaves(&self) -> Vec<String> {
        let outbox = tempfile::tempdir().unwrap();
        self.house.work(outbox.path()).await;
        let mails = House::mails(outbox.path());
        mails.into_iter().map(|mail| mail.replace("=\r\n", "").replace("=\n", "")).collect()
    }
}

fn of<'a>(seen: &'a Value, person: &str) -> &'a Value {
    seen["people"].as_array().unwrap().iter().find(|one| one["person"] == person).unwrap()
}

#[tokio::test]
async fn she_comes_back_and_each_of_them_is_told_once_where_the_knock_went() {
    let mut story = Story::new(&["dan@example.org", "mia@example.org", "leo@example.org"]).await;
    let seen = story.seen().await;
    assert_eq!((&seen["well"], seen["people"].as_array().unwrap().len()), (&json!(false), 3));
    assert_eq!(of(&seen, &story.people[0])["can"], json!([]));
    let asked = json!({ "person": story.people[0] });
    story.helen.browser.post(HERS, &asked).await.says_no(409, "alive-not-well");
    story.is_here().await;
    // Dan has opened it and let her name be said; Mia has done nothing, and the letter is taken back; Leo says no.
    let now = story.house.app.time.now();
    let (dan, _) = story.house.reader(&story.links[0]).await;
    let waiting = story.house.store.waiting(&dan).await.unwrap();
    let granted = accept::open(&waiting[0].delivery).unwrap().unwrap();
    story.house.store.open(&dan, &waiting[0].delivery, &granted, now).await.unwrap();
    let mark = story.house.app.keys.name_mark("Helen Marlow");
    story.house.store.allow_name(&dan, Some(mark)).await.unwrap();
    let back = format!("/api/letters/{}/withdraw", story.letters[1]);
    story.helen.browser.post(&back, &json!({})).await.is(OK);
    let (leo, _) = story.house.reader(&story.links[2]).await;
    story.house.store.refuse(&leo, Scope::Author, now).await.unwrap();
    let seen = story.seen().await;
    for person in &story.people {
        let one = of(&seen, person);
        assert_eq!((&one["asked"], &one["can"]), (&Value::Null, &json!(["tell"])), "nobody differs");
    }
    for nth in 0..3 {
        story.tell(nth).await;
    }
    let seen = story.tell(0).await;
    let first = of(&seen, &story.people[0]).clone();
    assert_eq!(first["can"], json!(["undo"]));
    for person in &story.people {
        let one = of(&seen, person);
        assert_eq!((&one["asked"], &one["can"]), (&first["asked"], &first["can"]), "nor now");
    }
    assert_eq!(story.leaves().await, Vec::<String>::new(), "it rests");
    story.house.pass(HOUR + 60);
    let mails = story.leaves().await;
    assert_eq!(mails.len(), 2, "one to each, and none to who has said no: {mails:?}");
    let to = |address: &str| mails.iter().find(|mail| mail.contains(address)).expect("a mail");
    let (to_dan, to_mia) = (to("dan@example.org"), to("mia@example.org"));
    assert!(to_dan.contains("Helen Marlow is alive"), "{to_dan}");
    assert!(to_dan.contains("The letter stays yours"), "{to_dan}");
    assert!(!to_mia.contains("Helen") && !to_mia.contains("Marlow"), "she has never been told who: {to_mia}");
    assert!(to_mia.contains("was taken back"), "{to_mia}");
    for mail in &mails {
        assert!(
            link_in(mail, "k").is_none() && !mail.contains("List-Unsubscribe"),
            "nothing to follow: {mail}"
        );
    }
    let seen = story.seen().await;
    for person in &story.people {
        let one = of(&seen, person);
        assert!(one["asked"].is_string() && one["can"] == json!([]), "{one}");
    }
    story.tell(1).await;
    story.house.pass(24 * HOUR);
    assert_eq!(story.leaves().await.iter().filter(|mail| mail.contains("is alive")).count(), 0);
}

#[tokio::test]
async fn within_the_hour_it_is_taken_back_and_nobody_else_asks_for_it() {
    let mut story = Story::new(&["dan@example.org"]).await;
    story.is_here().await;
    let (person, undo) = (story.people[0].clone(), format!("{HERS}/{}/undo", story.people[0]));
    story.helen.browser.post(&undo, &json!({})).await.says_no(409, "alive-left");
    story.tell(0).await;
    let mut stranger = story.house.author("other@example.org").await;
    stranger.browser.post(&undo, &json!({})).await.says_no(404, "missing");
    stranger.browser.post(HERS, &json!({ "person": person })).await.says_no(409, "alive-not-well");
    let plan = json!({
        "policy": "check-ins", "everyDays": 60, "pauseDays": 7, "quorum": 2, "warningDays": 10, "fallbackDays": 180,
    });
    stranger.browser.put_json("/api/life", &plan).await.is(OK);
    stranger.browser.post(HERS, &json!({ "person": person })).await.says_no(409, "alive-nothing-left");
    assert_eq!(stranger.browser.get(HERS).await.is(OK)["people"], json!([]));
    story.helen.browser.post(HERS, &json!({ "person": "nobody" })).await.says_no(404, "missing");
    let seen = story.helen.browser.post(&undo, &json!({})).await.is(OK);
    assert_eq!(of(&seen, &person)["can"], json!(["tell"]));
    story.house.pass(2 * HOUR);
    assert_eq!(story.leaves().await, Vec::<String>::new());
    story.tell(0).await;
    story.house.pass(HOUR + 60);
    story.helen.browser.post(&undo, &json!({})).await.says_no(409, "alive-left");
    assert_eq!(story.leaves().await.len(), 1);
}
