//! Cards with words at the reader's door: one answer for all words that lead nowhere, a stolen wrap that is peeled for nobody, a card that was replaced, and a no that is said with a card.

use super::house::*;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use unsaid_seal::claim::{claim_token, claim_words, open_words_file};
use unsaid_store::rows::{Kept, WrapKind};
use unsaid_store::{EngineStore, LetterStore};

const OK: StatusCode = StatusCode::OK;

fn token_of(words: &str) -> Value {
    json!({ "token": base64url(&*claim_token(words)) })
}

fn unbase64url(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// A letter that leaves at once; gives its id.
async fn sealed(house: &House, helen: &mut Writer, dan: &str, kept: Kept) -> String {
    let (id, _) = helen.write(house, false).await;
    let whole = helen.seal_whole(house, &id, 1, kept, "There was no shift.");
    helen.bring(&id, 1, &whole).await;
    let mut asked = sealing(dan, &whole.manifest_hash, json!("none"));
    asked["kept"] = json!(if kept == Kept::Words { "words" } else { "house" });
    helen.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await.is(OK);
    id
}

/// The delivery of a letter.
async fn delivery(house: &House, writer: &mut Writer, letter: &str) -> String {
    let author = writer.author(house).await;
    let letter = house.store.letter(&author, letter.parse().unwrap()).await.unwrap();
    letter.delivery.unwrap().id.to_string()
}

/// A form, as a page without script sends it; gives status, where it leads, and the page.
async fn form(browser: &mut Browser, path: &str, fields: &str) -> (StatusCode, String, String) {
    let request = browser
        .request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(fields.to_owned()))
        .unwrap();
    let answer = browser.send(request).await;
    let to = answer.header("location").to_owned();
    (answer.status, to, String::from_utf8(answer.body).unwrap())
}

async fn page(browser: &mut Browser, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, OK, "{path} {}", answer.header("location"));
    String::from_utf8(answer.body).unwrap()
}

#[tokio::test]
async fn words_that_lead_nowhere_have_one_answer() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    helen.card(&dan).await;
    let mut nobody = house.browser();
    let unknown = nobody.post("/api/claim", &token_of(&claim_words(&[5; 10]))).await;
    unknown.says_no(404, "nothing-here");
    let too_early = nobody.post("/api/claim", &token_of(&card_words())).await;
    assert_eq!((unknown.status, &unknown.body), (too_early.status, &too_early.body));
    assert_eq!(format!("{:?}", unknown.headers), format!("{:?}", too_early.headers));
    assert_eq!(nobody.token("reader"), None);

    // With a link: words of nobody and words of somebody else are one answer too, and pin nothing.
    let letter = sealed(&house, &mut helen, &dan, Kept::Words).await;
    let moe = helen.person("moe@example.org").await;
    helen.card_of(&moe, &claim_words(&[6; 10])).await;
    let links = house.turn().await;
    let (_, mut browser) = house.reader(&links[0]).await;
    let path = format!("/waiting/{}/words", delivery(&house, &mut helen, &letter).await);
    let mut bodies = Vec::new();
    for words in [claim_words(&[5; 10]), claim_words(&[6; 10])] {
        let answer = browser.post(&path, &token_of(&words)).await;
        answer.says_no(422, "words-unknown");
        bodies.push(answer.body);
    }
    assert_eq!(bodies[0], bodies[1]);
    let opened = browser.post(&path, &token_of(&card_words())).await.is(OK);
    assert_eq!(opened["letter"], letter);
}

#[tokio::test]
async fn a_stolen_wrap_of_words_is_not_peeled_at_the_readers_door() {
    let (bait_token, card_token) = (token_of(&claim_words(&[9; 10])), token_of(&card_words()));
    for with_link in [true, false] {
        let house = House::new();
        let mut helen = house.author(HELEN).await;
        let dan = helen.person("dan@example.org").await;
        helen.card(&dan).await;
        let hers = sealed(&house, &mut helen, &dan, Kept::Words).await;
        // Mallory knows what is stored, and has a person, a card and a letter of their own, all of it in order.
        let mut mallory = house.author("mallory@example.org").await;
        let moe = mallory.person("moe@example.org").await;
        let bait_words = claim_words(&[9; 10]);
        mallory.card_of(&moe, &bait_words).await;
        let bait = sealed(&house, &mut mallory, &moe, Kept::Words).await;
        let bait_delivery = delivery(&house, &mut mallory, &bait).await;
        let links = house.turn().await;
        let all = house.store.wraps_to_rewrap(u32::MAX, 100).await.unwrap();
        let words_of = |letter: &str| {
            all.iter().find(|w| w.subject == letter && w.kind == WrapKind::Words).unwrap().clone()
        };
        // In the database itself, where no door is.
        house.store.rewrapped(&words_of(&bait), words_of(&hers).bytes, 1).await.unwrap();

        let mut moes = house.browser();
        if with_link {
            for link in &links {
                let (reader, browser) = house.reader(link).await;
                if reader.person().to_string() == moe {
                    moes = browser;
                }
            }
        } else {
            moes.post("/api/claim", &bait_token).await.is(OK);
        }
        let path = format!("/waiting/{bait_delivery}/words");
        let answer = moes.post(&path, &bait_token).await;
        answer.says_no(503, "letter-held");
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        for tell in ["wordsFile", &*hers, "binding", "another"] {
            assert!(!said.contains(tell), "{said}");
        }
        let counts = house.store.counts().await.unwrap();
        assert!(counts.iter().any(|(state, n)| state == "parked" && *n == 1), "{counts:?}");
        // Held, it stays held, whatever is tried.
        moes.post(&path, &bait_token).await.says_no(503, "letter-held");
        moes.post(&path, &card_token).await.says_no(503, "letter-held");
        let page = page(&mut moes, &format!("/waiting/{bait_delivery}")).await;
        assert!(!page.contains(&hers) && !page.contains("data-words-url"));

        // Whose wrap it is opens theirs as ever.
        let mut dans = house.browser();
        dans.post("/api/claim", &card_token).await.is(OK);
        let path = format!("/waiting/{}/words", delivery(&house, &mut helen, &hers).await);
        let opened = dans.post(&path, &card_token).await.is(OK);
        let file = unbase64url(opened["wordsFile"].as_str().unwrap());
        assert!(open_words_file(&file, &card_words()).is_ok());
    }
}

#[tokio::test]
async fn whoever_has_a_card_that_was_replaced_is_told_of_the_new_one_and_of_nothing_else() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    helen.card(&dan).await;
    let read = sealed(&house, &mut helen, &dan, Kept::Words).await;
    let unread = sealed(&house, &mut helen, &dan, Kept::Words).await;
    let by_house = sealed(&house, &mut helen, &dan, Kept::House).await;
    let links = house.turn().await;
    let (read_at, unread_at, house_at) = (
        delivery(&house, &mut helen, &read).await,
        delivery(&house, &mut helen, &unread).await,
        delivery(&house, &mut helen, &by_house).await,
    );
    let old_token = token_of(&card_words());
    let mut finder = house.browser();
    finder.post("/api/claim", &old_token).await.is(OK);
    finder.post(&format!("/waiting/{read_at}/words"), &old_token).await.is(OK);
    assert!(!page(&mut finder, "/waiting").await.contains("newer card"));

    let new = claim_words(&[8; 10]);
    let new_token = token_of(&new);
    let wraps: Vec<Value> = [&read, &unread]
        .into_iter()
        .map(|id| {
            let wrap = helen.seal_whole(&house, id, 1, Kept::Words, "x").words_wrap.unwrap();
            json!({ "letter": id, "version": 1, "wrap": base64url(&wrap) })
        })
        .collect();
    let with = |wraps: &[Value]| json!({ "token": new_token["token"], "wraps": wraps });
    let path = format!("/api/persons/{dan}/card/replace");
    // That one of them was opened is not told: both are asked for.
    helen.browser.post(&path, &with(&wraps[1..])).await.says_no(409, "changed-meanwhile");
    helen.browser.post(&path, &with(&wraps)).await.is(OK);

    // The session that the old card opened, and one that it opens now.
    let mut again = house.browser();
    again.post("/api/claim", &old_token).await.is(OK);
    for browser in [&mut finder, &mut again] {
        let list = page(browser, "/waiting").await;
        assert!(list.contains("There is a newer card."), "{list}");
        assert!(list.contains(&read_at) && !list.contains(&unread_at) && !list.contains(&house_at), "{list}");
        assert!(!list.contains("class=\"button\" href=\"/refuse"), "{list}");
        for id in [&unread_at, &house_at] {
            assert_eq!(browser.get(&format!("/waiting/{id}")).await.status, StatusCode::NOT_FOUND);
            let (status, ..) = form(browser, &format!("/waiting/{id}/open"), "").await;
            assert_eq!(status, StatusCode::NOT_FOUND);
            browser.post(&format!("/waiting/{id}/key"), &json!({})).await.says_no(404, "missing");
            let words = format!("/waiting/{id}/words");
            browser.post(&words, &old_token).await.says_no(404, "missing");
        }
        for (path, fields) in [("/refuse", "scope=author"), ("/lift", "no=author")] {
            assert_eq!(form(browser, path, fields).await.1, "/waiting", "{path}");
        }
        browser.post(&format!("/waiting/{read_at}/words"), &old_token).await.is(OK);
    }

    // With the link, which is as good as it was: the page says plainly which card it is that opens.
    let (_, mut dans) = house.reader(&links[0]).await;
    let path = format!("/waiting/{unread_at}/words");
    let said = dans.post(&path, &old_token).await.says_no(422, "words-older");
    assert!(said["detail"].as_str().unwrap().contains("new card"), "{said}");
    let opened = dans.post(&path, &new_token).await.is(OK);
    assert_eq!(opened["letter"], unread);
    // In Spanish too.
    let spanish = finder.request(Method::GET, "/waiting").header("accept-language", "es");
    let answer = finder.send(spanish.body(Body::empty()).unwrap()).await;
    assert!(String::from_utf8(answer.body).unwrap().contains("Hay una tarjeta más nueva."));
}

#[tokio::test]
async fn who_came_with_a_card_can_say_no_for_themselves() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    helen.card(&dan).await;
    sealed(&house, &mut helen, &dan, Kept::Words).await;
    house.turn().await;
    let mut dans = house.browser();
    dans.post("/api/claim", &token_of(&card_words())).await.is(OK);
    // No address is here that a no could be about, so none is offered; whoever found the card by chance leaves with 'this is not for me', and says no for nobody.
    let asked = page(&mut dans, "/refuse").await;
    assert!(
        asked.contains("no-author") && asked.contains("no-letter") && asked.contains("no-not-me"),
        "{asked}"
    );
    assert!(!asked.contains("no-all"), "{asked}");
    for scope in ["all", ""] {
        let (status, _, page) = form(&mut dans, "/refuse", &format!("scope={scope}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{scope}");
        assert!(page.contains("href=\"#no-not-me\""), "{page}");
    }
    let (status, to, _) = form(&mut dans, "/refuse", "scope=author").await;
    assert_eq!((status, &*to), (StatusCode::SEE_OTHER, "/refused"));
    assert!(page(&mut dans, "/refused").await.contains("Take this no back"));
}
