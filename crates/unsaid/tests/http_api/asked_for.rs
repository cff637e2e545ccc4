//! What is held until it is asked for: nobody is written to, the words of a card open it once its time has come, and its author is told one thing for ever.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};
use unsaid_seal::claim::{claim_token, claim_words};
use unsaid_store::LetterStore;
use unsaid_store::rows::Kept;

const OK: StatusCode = StatusCode::OK;
/// Until the first nine in the morning after a sealing, at the most.
const A_NIGHT: u64 = 40 * 3_600;

fn token_of(words: &str) -> Value {
    json!({ "token": base64url(&*claim_token(words)) })
}

/// What the page sends to seal a letter that is held until it is asked for.
fn held(person: &str, manifest: &str, kept: Kept, rest: Value) -> Value {
    let mut asked = sealing(person, manifest, rest);
    asked["rule"]["reach"] = json!("claim");
    asked["kept"] = json!(if kept == Kept::Words { "words" } else { "house" });
    asked
}

/// A letter that waits until it is asked for. Gives its id.
async fn sealed(house: &House, helen: &mut Writer, person: &str, kept: Kept, rest: Value) -> String {
    let (id, _) = helen.write(house, false).await;
    let whole = helen.seal_whole(house, &id, 1, kept, "There was no shift.");
    helen.bring(&id, 1, &whole).await;
    let asked = held(person, &whole.manifest_hash, kept, rest);
    helen.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await.is(OK);
    id
}

async fn delivery(house: &House, writer: &mut Writer, letter: &str) -> String {
    let author = writer.author(house).await;
    let letter = house.store.letter(&author, letter.parse().unwrap()).await.unwrap();
    letter.delivery.unwrap().id.to_string()
}

/// Somebody whom the author knows by name alone.
async fn nobody_knows_where(helen: &mut Writer) -> String {
    let made = helen.browser.post("/api/persons", &json!({})).await.is(StatusCode::CREATED);
    made["person"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn it_is_there_for_the_words_of_a_card_and_nobody_is_written_to() {
    for kept in [Kept::Words, Kept::House] {
        let house = House::new();
        let mut helen = house.author(HELEN).await;
        let dan = nobody_knows_where(&mut helen).await;
        helen.card(&dan).await;
        let letter = sealed(&house, &mut helen, &dan, kept, json!("morning")).await;
        assert_eq!(helen.state(&letter).await, "resting");
        // Words that nobody has, and words whose letter's time has not come, have one answer.
        let mut dans = house.browser();
        let early = dans.post("/api/claim", &token_of(&card_words())).await;
        let unknown = dans.post("/api/claim", &token_of(&claim_words(&[5; 10]))).await;
        early.says_no(404, "nothing-here");
        assert_eq!(
            (&early.body, format!("{:?}", early.headers)),
            (&unknown.body, format!("{:?}", unknown.headers))
        );
        assert_eq!(dans.token("reader"), None);

        house.pass(A_NIGHT);
        assert!(house.turn().await.is_empty(), "nobody is written to");
        assert_eq!(helen.state(&letter).await, "askable");
        dans.post("/api/claim", &token_of(&card_words())).await.is(OK);
        let at = delivery(&house, &mut helen, &letter).await;
        let waiting = dans.get("/waiting").await;
        let page = String::from_utf8(waiting.body).unwrap();
        // Nothing is ever sent of it: there is no day for which it would be kept.
        assert!(page.contains(&at) && !page.contains("/later"), "{page}");
        match kept {
            Kept::Words => {
                let opened =
                    dans.post(&format!("/waiting/{at}/words"), &token_of(&card_words())).await.is(OK);
                assert_eq!(opened["letter"], letter);
            }
            _ => {
                // The card was asked for at the door.
                let open = dans.form(&format!("/waiting/{at}/open"), "").await;
                assert_eq!(open.status, StatusCode::SEE_OTHER);
                let key = dans.post(&format!("/waiting/{at}/key"), &json!({})).await.is(OK);
                assert_eq!(key["letter"], letter);
            }
        }
        house.pass(400 * 86_400);
        assert!(house.turn().await.is_empty());
    }
}

#[tokio::test]
async fn its_author_is_told_the_same_whoever_came_and_whatever_they_did() {
    let mut told = Vec::new();
    for did in ["nothing", "opened", "refused", "refused and took it back"] {
        let house = House::new();
        let mut helen = house.author(HELEN).await;
        let dan = helen.person("dan@example.org").await;
        helen.card(&dan).await;
        let letter = sealed(&house, &mut helen, &dan, Kept::Words, json!("none")).await;
        house.pass(2 * 3_600);
        assert!(house.turn().await.is_empty());
        if did != "nothing" {
            let mut dans = house.browser();
            dans.post("/api/claim", &token_of(&card_words())).await.is(OK);
            let at = delivery(&house, &mut helen, &letter).await;
            if did == "opened" {
                dans.post(&format!("/waiting/{at}/words"), &token_of(&card_words())).await.is(OK);
            } else {
                let no = dans.form("/refuse", &format!("scope=letter&delivery={at}")).await;
                assert_eq!(no.header("location"), "/refused");
            }
            if did == "refused and took it back" {
                let lift = dans.form("/lift", &format!("no={letter}")).await;
                assert_eq!(lift.status, StatusCode::SEE_OTHER, "{}", String::from_utf8_lossy(&lift.body));
            }
        }
        // One who came is never written to either, whatever they did.
        house.pass(500 * 86_400);
        assert!(house.turn().await.is_empty(), "{did}");
        helen.come_back(&house, HELEN).await;
        let mut shown = vec![helen.letter(&letter).await];
        assert_eq!(shown[0]["state"], "askable");
        let amended = helen.amend(&house, &letter, Kept::Words, json!("none")).await.is(OK);
        shown.push(amended);
        shown.push(helen.browser.post(&format!("/api/letters/{letter}/withdraw"), &json!({})).await.is(OK));
        let person = helen.browser.get("/api/persons").await.is(OK);
        shown.push(person);
        // Ids are drawn by chance in the same order in each world.
        told.push(serde_json::to_string(&shown).unwrap().replace(&letter, "the letter").replace(&dan, "Dan"));
    }
    for other in &told[1..] {
        assert_eq!(&told[0], other);
    }
}

#[tokio::test]
async fn what_nothing_leads_to_is_not_sealed() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = nobody_knows_where(&mut helen).await;
    let (id, _) = helen.write(&house, false).await;
    let whole = helen.seal_whole(&house, &id, 1, Kept::House, "There was no shift.");
    helen.bring(&id, 1, &whole).await;
    let path = format!("/api/letters/{id}/versions/1/seal");
    let asked = held(&dan, &whole.manifest_hash, Kept::House, json!("none"));
    helen.browser.post(&path, &asked).await.says_no(422, "no-way");
    // For each year of somebody who may never come nothing is promised.
    let mut yearly = asked.clone();
    yearly["rule"]["moment"] =
        json!({ "kind": "each-birthday", "until": 2050, "month": 5, "day": 4, "zone": "Europe/London" });
    helen.browser.post(&path, &yearly).await.says_no(422, "not-yet");
    helen.card(&dan).await;
    helen.browser.post(&path, &asked).await.is(OK);
}
