//! What is asked before a letter opens: who has the link alone learns no name and opens nothing; the right answer opens, however it is typed; what went wrong is counted, and its
//! author sees nothing of it.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};
use unsaid_store::rows::Kept;

const OK: StatusCode = StatusCode::OK;
const NAME: &str = "Helen Marlow";

fn sealing_that_asks(person: &str, manifest: &str, proof: Value) -> Value {
    let mut asked = sealing(person, manifest, json!("none"));
    asked["rule"]["proof"] = proof;
    asked
}

fn question() -> Value {
    json!({ "kind": "question", "question": "What was\nthe dog’s name?", "answer": "Señor  Plätzchen!" })
}

/// A letter that asks, and has arrived: its name, its path, and a browser that came with its link.
struct Arrived {
    letter: String,
    path: String,
    link: [u8; 32],
    dan: Browser,
}

async fn arrived(house: &House, helen: &mut Writer, address: &str, proof: Value) -> Arrived {
    let person = helen.person(address).await;
    let (letter, sealed) = helen.write(house, true).await;
    helen.bring(&letter, 1, &sealed).await;
    let asked = sealing_that_asks(&person, &sealed.manifest_hash, proof);
    helen.browser.post(&format!("/api/letters/{letter}/versions/1/seal"), &asked).await.is(OK);
    house.pass(60);
    let link = house.turn().await[0];
    let (reader, dan) = house.reader(&link).await;
    let delivery = house.app.store.waiting(&reader).await.unwrap()[0].delivery.id;
    Arrived { letter, path: format!("/waiting/{delivery}"), link, dan }
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Every way in: nothing is given there before the answer.
async fn is_closed(dan: &mut Browser, path: &str) {
    assert_eq!(
        dan.form(&format!("{path}/open"), "").await.header("location"),
        path,
        "it leads back to the question"
    );
    for way in ["letter.age", "parts/letter.age", "parts/sig.age"] {
        dan.get(&format!("{path}/{way}")).await.says_no(404, "missing");
    }
    dan.post(&format!("{path}/key"), &json!({})).await.says_no(404, "missing");
    let reply = format!("{path}/reply?id=aaaaaaaaaaaaaaaaaaaaaaaaae");
    dan.post_bytes(&reply, b"age-encryption.org/v1\nx").await.says_no(404, "missing");
    let later = format!("{path}/later");
    for page in ["/waiting", path, "/here", "/refuse", &later] {
        let answer = dan.get(page).await;
        // What was opened is not kept for later any more.
        assert!(answer.status == OK || page == later, "{page}");
        assert!(!text(&answer).contains(NAME), "{page} names its author");
        assert!(!text(&answer).contains("Plätzchen") && !text(&answer).contains("platzchen"), "{page}");
    }
}

#[tokio::test]
async fn a_question_is_asked_before_anything_is_told_and_its_answer_opens_however_it_is_typed() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let Arrived { letter, path, link, mut dan } =
        arrived(&house, &mut helen, "dan@example.org", question()).await;
    let shown = helen.letter(&letter).await;
    let asks = json!({ "kind": "question", "question": "What was the dog’s name?" });
    assert_eq!(shown["rule"]["proof"], asks, "the answer is given back to nobody");
    is_closed(&mut dan, &path).await;
    let page = text(&dan.get(&path).await);
    assert!(page.contains("What was the dog’s name?") && page.contains("name=\"answer\""), "{page}");
    assert!(text(&dan.get("/waiting").await).contains("Somebody has written to you."));

    let proof = format!("{path}/proof");
    for (typed, status) in [("answer=", 422), ("answer=%3F%21", 422), ("", 422), ("answer=Benni", 422)] {
        let answer = dan.form(&proof, typed).await;
        assert_eq!(answer.status.as_u16(), status, "{typed}");
        assert!(!text(&answer).contains(NAME));
    }
    assert!(text(&dan.form(&proof, "answer=Benni").await).contains("value=\"Benni\""), "a slip can be seen");
    is_closed(&mut dan, &path).await;
    let right = dan.form(&proof, "answer=senor+PLATZCHEN").await;
    assert_eq!((right.status, right.header("location")), (StatusCode::SEE_OTHER, path.as_str()));
    let page = text(&dan.get(&path).await);
    assert!(page.contains(NAME) && page.contains("/open"), "{page}");
    assert_eq!(dan.form(&format!("{path}/open"), "").await.status, StatusCode::SEE_OTHER);
    dan.post(&format!("{path}/key"), &json!({})).await.is(OK);
    assert_eq!(dan.get(&format!("{path}/letter.age")).await.status, OK);

    // Whoever reads that mailbox tomorrow has the link and not the answer.
    let (_, mut stranger) = house.reader(&link).await;
    is_closed(&mut stranger, &path).await;
    // For its author it has left, as it had.
    let after = helen.letter(&letter).await;
    assert_eq!((&after["state"], &after["rule"]), (&json!("left"), &shown["rule"]));
}

#[tokio::test]
async fn a_birthday_is_asked_with_its_year_where_it_is_known() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let with_year = json!({ "kind": "birthday", "year": 1951, "month": 2, "day": 28 });
    let Arrived { letter, path, mut dan, .. } =
        arrived(&house, &mut helen, "dan@example.org", with_year).await;
    assert_eq!(helen.letter(&letter).await["rule"]["proof"], json!({ "kind": "birthday", "year": true }));
    is_closed(&mut dan, &path).await;
    let page = text(&dan.get(&path).await);
    assert!(page.contains("When were you born?") && page.contains("name=\"year\""));
    let proof = format!("{path}/proof");
    // What no calendar has is no answer, and is not counted.
    for _ in 0..6 {
        let none = dan.form(&proof, "day=30&month=2&year=1951").await;
        assert!(text(&none).contains("No calendar has this day."), "{}", text(&none));
    }
    let wrong = dan.form(&proof, "day=28&month=2&year=1952").await;
    assert!(text(&wrong).contains("This is not the answer"));
    let right = dan.form(&proof, "day=28&month=02&year=1951").await;
    assert_eq!((right.status, right.header("location")), (StatusCode::SEE_OTHER, path.as_str()));

    let without = json!({ "kind": "birthday", "year": null, "month": 2, "day": 29 });
    let Arrived { path, mut dan, .. } = arrived(&house, &mut helen, "mara@example.org", without).await;
    assert!(!text(&dan.get(&path).await).contains("name=\"year\""));
    let right = dan.form(&format!("{path}/proof"), "day=29&month=2").await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn five_a_day_and_twenty_in_all_then_the_right_answer_comes_too_late() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let Arrived { path, mut dan, link, .. } =
        arrived(&house, &mut helen, "dan@example.org", question()).await;
    let (proof, right) = (format!("{path}/proof"), "answer=senor+platzchen");
    for _ in 0..4 {
        for _ in 0..5 {
            assert_eq!(dan.form(&proof, "answer=Benni").await.status.as_u16(), 422);
        }
        let late = dan.form(&proof, right).await;
        assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS);
        house.pass(25 * 3600);
    }
    let (_, mut elsewhere) = house.reader(&link).await;
    for browser in [&mut dan, &mut elsewhere] {
        let late = browser.form(&proof, right).await;
        assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(late.header("retry-after").is_empty(), "there is no use in waiting");
        let said = text(&late);
        assert!(said.contains("Too many answers did not fit") && !said.contains("name=\"answer\""), "{said}");
    }
    is_closed(&mut elsewhere, &path).await;
    // Saying no, and keeping it for later, need no answer.
    assert_eq!(dan.form(&format!("{path}/later"), "when=not-today").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_corrected_birthday_is_what_is_asked_from_then_on_also_after_it_has_left() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let wrong = json!({ "kind": "birthday", "year": 1951, "month": 5, "day": 4 });
    let Arrived { letter, path, mut dan, .. } = arrived(&house, &mut helen, "dan@example.org", wrong).await;
    helen.unlock().await;
    // Nothing that nobody can type, and nothing that is easier to guess.
    for (year, month, day) in
        [(json!(null), 5, 14), (json!(51), 5, 14), (json!(1951), 2, 29), (json!(12345), 5, 4)]
    {
        let wrong = json!({ "year": year, "month": month, "day": day, "leap": null });
        let said = helen.browser.post(&format!("/api/letters/{letter}/birthday"), &wrong).await;
        said.says_no(422, "birthday-unknown");
    }
    let right = json!({ "year": 1952, "month": 5, "day": 14, "leap": null });
    let told = helen.browser.post(&format!("/api/letters/{letter}/birthday"), &right).await.is(OK);
    assert_eq!(told["letter"], helen.letter(&letter).await);
    let proof = format!("{path}/proof");
    assert_eq!(dan.form(&proof, "day=4&month=5&year=1951").await.status.as_u16(), 422);
    assert_eq!(dan.form(&proof, "day=14&month=5&year=1952").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_is_asked_is_read_strictly_and_nothing_is_sealed_otherwise() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let person = helen.person("dan@example.org").await;
    let (letter, sealed) = helen.write(&house, true).await;
    helen.bring(&letter, 1, &sealed).await;
    let seal = format!("/api/letters/{letter}/versions/1/seal");
    for (proof, field, key) in [
        (json!("birthday"), "rule", "not-yet"),
        (json!({ "kind": "question", "question": "?", "answer": "a" }), "question", "question-empty"),
        (
            json!({ "kind": "question", "question": "a".repeat(201), "answer": "a" }),
            "question",
            "question-too-long",
        ),
        (json!({ "kind": "question", "question": "Who?", "answer": " - " }), "answer", "answer-empty"),
        (
            json!({ "kind": "question", "question": "Who?", "answer": "a".repeat(101) }),
            "answer",
            "answer-too-long",
        ),
        (json!({ "kind": "birthday", "year": 1951, "month": 2, "day": 30 }), "birthday", "birthday-unknown"),
    ] {
        let asked = sealing_that_asks(&person, &sealed.manifest_hash, proof.clone());
        let said = helen.browser.post(&seal, &asked).await.says_no(422, key);
        assert!(said["fields"][field].is_string(), "{proof} {said}");
    }
    // Who has the words has proved enough.
    let mut by_words = sealing_that_asks(&person, &sealed.manifest_hash, question());
    by_words["kept"] = json!("words");
    helen.browser.post(&seal, &by_words).await.says_no(422, "not-yet");
    assert_eq!(helen.state(&letter).await, "reserved");
    // The same again after a lost answer is one sealing.
    let asked = sealing_that_asks(&person, &sealed.manifest_hash, question());
    for _ in 0..2 {
        helen.browser.post(&seal, &asked).await.is(OK);
    }
    // New words leave what is asked as it is.
    house.pass(60);
    let links = house.turn().await;
    helen.amend(&house, &letter, Kept::House, json!("none")).await.is(OK);
    let (_, mut dan) = house.reader(&links[0]).await;
    assert!(!text(&dan.get("/waiting").await).contains(NAME));
}

/// What was answered, in worlds that differ in nothing else.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Did {
    Nothing,
    WrongOnce,
    WrongUntilTomorrow,
    WrongForEver,
    Answered,
    OpenedAndNamed,
}

/// Everything that the author is told in one world, in order.
async fn told(did: Did) -> Vec<(StatusCode, String, String)> {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let asks = json!({ "kind": "birthday", "year": null, "month": 5, "day": 4 });
    let Arrived { letter, path, mut dan, .. } = arrived(&house, &mut helen, "dan@example.org", asks).await;
    let proof = format!("{path}/proof");
    let wrong = match did {
        Did::WrongOnce => 1,
        Did::WrongUntilTomorrow => 5,
        Did::WrongForEver => 20,
        _ => 0,
    };
    for n in 0..20 {
        if n < wrong {
            assert_eq!(dan.form(&proof, "day=5&month=5").await.status.as_u16(), 422, "{did:?} {n}");
        }
        if n % 5 == 4 {
            house.pass(25 * 3600);
        }
    }
    if matches!(did, Did::Answered | Did::OpenedAndNamed) {
        assert_eq!(dan.form(&proof, "day=4&month=5").await.header("location"), path);
    }
    if did == Did::OpenedAndNamed {
        assert_eq!(dan.form(&format!("{path}/open"), "").await.header("location"), path);
        assert!(dan.form(&format!("{path}/name"), "say=yes").await.header("location").starts_with(&path));
    }
    house.turn().await;
    house.pass(1_200);
    helen.come_back(&house, HELEN).await;
    helen.unlock().await;
    let mut heard = Vec::new();
    let one = format!("/api/letters/{letter}");
    let mut keep = |answer: Answer| {
        // The token of the session is new in each world; nothing else may differ.
        heard.push((answer.status, format!("{:?}", answer.headers), text(&answer)));
    };
    for _ in 0..2 {
        for path in ["/api/letters", &one, "/api/persons", "/api/account", "/api/replies"] {
            keep(helen.browser.get(path).await);
        }
        let corrected = json!({ "year": null, "month": 5, "day": 6, "leap": null });
        keep(helen.browser.post(&format!("{one}/birthday"), &corrected).await);
        keep(helen.amend(&house, &letter, Kept::House, json!("none")).await);
        keep(helen.browser.post(&format!("{one}/withdraw"), &json!({})).await);
    }
    heard
}

#[tokio::test]
async fn its_author_is_told_the_same_whatever_was_answered() {
    let quiet = told(Did::Nothing).await;
    assert!(
        quiet[1].2.contains("\"left\"") && quiet[1].2.contains("\"kind\":\"birthday\""),
        "{}",
        quiet[1].2
    );
    for did in
        [Did::WrongOnce, Did::WrongUntilTomorrow, Did::WrongForEver, Did::Answered, Did::OpenedAndNamed]
    {
        let world = told(did).await;
        assert_eq!(world.len(), quiet.len());
        for (n, (one, other)) in world.iter().zip(&quiet).enumerate() {
            assert_eq!(one, other, "{did:?}, answer {n}");
        }
    }
}
