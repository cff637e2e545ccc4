//! What is held until it is asked for: nobody is written to, the words of a card open it once its time has come, and its author is told one thing for ever.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};
use unsaid::secrets::hashed;
use unsaid_delivery::record::{Bounce, CameBack};
use unsaid_seal::claim::{claim_token, claim_words};
use unsaid_store::rows::Kept;
use unsaid_store::{EngineStore, LetterStore, ReaderStore};

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

#[tokio::test]
async fn who_comes_too_early_is_told_what_the_author_allowed_and_nothing_else() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = nobody_knows_where(&mut helen).await;
    helen.card(&dan).await;
    let (id, _) = helen.write(&house, false).await;
    let whole = helen.seal_whole(&house, &id, 1, Kept::Words, "There was no shift.");
    helen.bring(&id, 1, &whole).await;
    let mut asked = held(&dan, &whole.manifest_hash, Kept::Words, json!("morning"));
    asked["rule"]["moment"] = json!({ "kind": "on", "date": "2060-05-04", "zone": "Pacific/Kiritimati" });
    helen.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await.is(OK);
    let mut finder = house.browser();
    let mut early = async |words: &str| finder.post("/api/claim", &token_of(words)).await;
    let path = format!("/api/persons/{dan}/card/early");
    helen.browser.put_json(&path, &json!({ "told": "day" })).await.is(OK);
    early(&card_words()).await.says_no(404, "nothing-here");
    house.pass(A_NIGHT);
    house.turn().await;
    helen.come_back(&house, HELEN).await;
    let unknown = early(&claim_words(&[5; 10])).await;
    for (told, day) in [("day", json!("2060-05-04")), ("waits", json!(null))] {
        helen.browser.put_json(&path, &json!({ "told": told })).await.is(OK);
        let found = early(&card_words()).await.is(OK);
        assert_eq!(found, json!({ "early": true, "day": day }));
        early(&claim_words(&[5; 10])).await.says_no(404, "nothing-here");
    }
    helen.browser.put_json(&path, &json!({ "told": "nothing" })).await.is(OK);
    let nothing = early(&card_words()).await;
    assert_eq!(
        (&nothing.body, format!("{:?}", nothing.headers)),
        (&unknown.body, format!("{:?}", unknown.headers))
    );
    assert_eq!(finder.token("reader"), None, "nobody is let in too early");
    // Another author's person is nobody's business.
    let mut mallory = house.author("mallory@example.org").await;
    mallory.browser.put_json(&path, &json!({ "told": "day" })).await.says_no(404, "missing");
    helen.browser.put_json(&path, &json!({ "told": "all" })).await.says_no(422, "not-understood");
}

/// Everything that whoever typed an address hears.
async fn asks(house: &House, address: &str) -> (StatusCode, String, Vec<u8>) {
    let answer = house.browser().form("/come/address", &format!("address={address}")).await;
    assert!(answer.header("set-cookie").is_empty());
    (answer.status, format!("{:?}", answer.headers), answer.body)
}

#[tokio::test]
async fn whoever_types_an_address_hears_the_same_and_only_its_mailbox_hears_more() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let letter = sealed(&house, &mut helen, &dan, Kept::House, json!("morning")).await;
    let outbox = tempfile::tempdir().unwrap();
    let mails = async || {
        house.work(outbox.path()).await;
        House::mails(outbox.path())
            .into_iter()
            .filter(|mail| mail.contains("at-the-door"))
            .collect::<Vec<_>>()
    };
    // Its time has not come; nobody; somebody who writes here.
    let early = asks(&house, "dan@example.org").await;
    assert_eq!(early.0, OK);
    for other in ["nan@example.org", HELEN] {
        assert_eq!(asks(&house, other).await, early);
    }
    assert!(mails().await.is_empty());
    house.pass(A_NIGHT);
    house.work(outbox.path()).await;
    assert_eq!(asks(&house, "%20DAN%2Bhome@example.org").await, early);
    assert_eq!(asks(&house, "nan@example.org").await, early);
    let got = mails().await;
    assert_eq!(got.len(), 1);
    assert!(got[0].contains("To: dan@example.org") && !got[0].contains("Helen"), "{}", got[0]);

    // The link leads to what waits, and can be followed again; by somebody else too: so the message says.
    let link = link_in(&got[0], "k").unwrap();
    let token = base64url(&link);
    for _ in 0..2 {
        let mut dans = house.browser();
        let page = String::from_utf8(dans.get(&format!("/k/{token}")).await.body).unwrap();
        assert!(!page.contains("Helen"), "looking tells nothing");
        assert_eq!(dans.form(&format!("/k/{token}"), "do=who").await.header("location"), "/waiting");
        let waiting = String::from_utf8(dans.get("/waiting").await.body).unwrap();
        assert!(waiting.contains("Helen Marlow has written to you."), "{waiting}");
        let at = delivery(&house, &mut helen, &letter).await;
        assert_eq!(dans.form(&format!("/waiting/{at}/open"), "").await.status, StatusCode::SEE_OTHER);
        let key = dans.post(&format!("/waiting/{at}/key"), &json!({})).await.is(OK);
        assert_eq!(key["letter"], letter);
    }

    // More than three a day are not answered, and nobody is told so.
    for _ in 0..4 {
        assert_eq!(asks(&house, "dan@example.org").await, early);
        house.work(outbox.path()).await;
    }
    assert_eq!(mails().await.len(), 3, "the two of this day that were left");

    // 'This is not for me': from then on this address proves nothing, whoever types it; the old link says so.
    let mut owner = house.browser();
    owner.form(&format!("/k/{token}"), "do=no").await;
    assert_eq!(owner.form("/refuse", "scope=not-me").await.header("location"), "/refused");
    house.pass(2 * 86_400);
    assert_eq!(asks(&house, "dan@example.org").await, early);
    assert_eq!(mails().await.len(), 3);
    let mut again = house.browser();
    again.form(&format!("/k/{token}"), "do=who").await;
    assert_eq!(again.get("/waiting").await.header("location"), "/refused");
    assert_eq!(helen.state(&letter).await, "askable", "and its author is told nothing of it");
}

#[tokio::test]
async fn an_address_that_is_none_is_said_and_nothing_is_asked() {
    let house = House::new();
    let wrong = house.browser().form("/come/address", "address=dan+at+home").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = String::from_utf8(wrong.body).unwrap();
    assert!(page.contains("aria-invalid") && page.contains("dan at home"), "{page}");
    assert_eq!(house.browser().form("/come/address", "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_letter_whose_addresses_all_came_back_waits_to_be_asked_for() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let letter = helen.sealed(&house, &dan, json!("none")).await;
    house.pass(60);
    let outbox = tempfile::tempdir().unwrap();
    house.work(outbox.path()).await;
    let mails = House::mails(outbox.path());
    let link = mails.iter().find_map(|mail| link_in(mail, "k")).unwrap();
    let knock = house.store.knock(hashed(&link)).await.unwrap().unwrap();
    let now = house.app.time.now();
    assert_eq!(house.store.bounced(knock.message, Bounce::Dead, now).await.unwrap(), CameBack::AddressIsDead);
    house.work(outbox.path()).await;
    let counts = house.store.counts().await.unwrap();
    assert!(counts.contains(&("unreachable".to_owned(), 1)), "{counts:?}");
    assert_eq!(helen.state(&letter).await, "left");
    // It is never dropped: a card that is made now leads to it, and so does the address, should somebody read it again.
    helen.card(&dan).await;
    let at = delivery(&house, &mut helen, &letter).await;
    house.pass(9 * 365 * 86_400);
    let mut dans = house.browser();
    dans.post("/api/claim", &token_of(&card_words())).await.is(OK);
    let before = House::mails(outbox.path()).len();
    asks(&house, "dan@example.org").await;
    house.work(outbox.path()).await;
    assert_eq!(House::mails(outbox.path()).len(), before + 1);
    assert_eq!(dans.form(&format!("/waiting/{at}/open"), "").await.status, StatusCode::SEE_OTHER);
    let key = dans.post(&format!("/waiting/{at}/key"), &json!({})).await.is(OK);
    assert_eq!(key["letter"], letter);
}

#[tokio::test]
async fn whoever_finds_a_card_that_is_not_theirs_says_so_and_nothing_changes_for_whose_it_is() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    helen.card(&dan).await;
    let letter = sealed(&house, &mut helen, &dan, Kept::House, json!("none")).await;
    house.pass(2 * 3_600);
    house.turn().await;
    let mut finder = house.browser();
    finder.post("/api/claim", &token_of(&card_words())).await.is(OK);
    let page = String::from_utf8(finder.get("/refuse").await.body).unwrap();
    assert!(page.contains("value=\"not-me\""), "{page}");
    let facts = house.store.facts().len();
    assert_eq!(finder.form("/refuse", "scope=not-me").await.header("location"), "/away");
    assert_eq!(house.store.facts().len(), facts, "nobody's no was written down");
    assert_ne!(finder.get("/waiting").await.status, OK);
    // Whose card it is comes as ever.
    let mut dans = house.browser();
    dans.post("/api/claim", &token_of(&card_words())).await.is(OK);
    let at = delivery(&house, &mut helen, &letter).await;
    assert_eq!(dans.form(&format!("/waiting/{at}/open"), "").await.status, StatusCode::SEE_OTHER);
}
