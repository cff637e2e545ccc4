//! What an author does, from the first code to the letter that she takes back.

use super::house::*;
use axum::http::StatusCode;
use rand_core::SeedableRng;
use serde_json::json;
use unsaid::secrets::ReturnKind;
use unsaid_seal::pq;
use unsaid_seal::seal::open_sealed;
use unsaid_store::rows::Role;

const OK: StatusCode = StatusCode::OK;

#[tokio::test]
async fn a_known_and_an_unknown_address_get_the_same_answer_and_only_one_gets_a_mail() {
    let house = House::new();
    house.author(HELEN).await;
    let (mut one, mut other) = (house.browser(), house.browser());
    let known = one.post("/api/codes", &json!({ "email": HELEN })).await;
    assert_eq!(house.send_codes(CODE).await, 1, "she has an account");
    let unknown = other.post("/api/codes", &json!({ "email": "nobody@example.org" })).await;
    assert_eq!(house.send_codes(CODE).await, 0, "nobody was invited");
    assert_eq!((known.status, &known.body), (StatusCode::ACCEPTED, &unknown.body));
    assert_eq!(unknown.status, StatusCode::ACCEPTED);
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&known), names(&unknown));
    assert_eq!(known.header("set-cookie").len(), unknown.header("set-cookie").len());
    // Ten a day, for both alike.
    for (browser, email, asked) in [(&mut one, HELEN, 2), (&mut other, "nobody@example.org", 1)] {
        for _ in asked..10 {
            browser.post("/api/codes", &json!({ "email": email })).await.is(StatusCode::ACCEPTED);
        }
        let answer = browser.post("/api/codes", &json!({ "email": email })).await;
        answer.says_no(429, "codes-too-many");
        assert!(!answer.header("retry-after").is_empty());
    }
}

#[tokio::test]
async fn a_code_works_once_in_its_browser_for_ten_minutes_and_five_tries() {
    let house = House::new();
    house.author(HELEN).await;
    let mut browser = house.browser();
    browser.post("/api/codes", &json!({ "email": HELEN })).await.is(StatusCode::ACCEPTED);
    house.send_codes(CODE).await;
    house.browser().post("/api/sessions", &json!({ "code": CODE })).await.says_no(410, "code-over");
    browser.post("/api/sessions", &json!({ "code": "00000000" })).await.says_no(422, "code-wrong");
    browser.post("/api/sessions", &json!({ "code": "nonsense" })).await.says_no(422, "code-wrong");
    let account = browser.clone().post("/api/sessions", &json!({ "code": " 1234 5678 " })).await.is(OK);
    assert_eq!(account["account"]["email"], HELEN);
    assert_eq!(account["account"]["session"], json!({ "unlocked": false, "fresh": false, "mine": false }));
    browser.post("/api/sessions", &json!({ "code": CODE })).await.says_no(410, "code-over");

    browser.post("/api/codes", &json!({ "email": HELEN })).await.is(StatusCode::ACCEPTED);
    house.send_codes(CODE).await;
    house.pass(601);
    browser.post("/api/sessions", &json!({ "code": CODE })).await.says_no(410, "code-over");

    browser.post("/api/codes", &json!({ "email": HELEN })).await.is(StatusCode::ACCEPTED);
    house.send_codes(CODE).await;
    for _ in 0..5 {
        browser.post("/api/sessions", &json!({ "code": "00000000" })).await.says_no(422, "code-wrong");
    }
    browser.post("/api/sessions", &json!({ "code": CODE })).await.says_no(410, "code-over");
}

#[tokio::test]
async fn an_invitation_makes_one_account_and_then_opens_nothing() {
    let house = House::new();
    let invitation = house.invitation(Role::Host).await;
    let mut browser = house.browser();
    for _ in 0..2 {
        let good = browser.post("/api/invitation", &json!({ "token": invitation })).await.is(OK);
        assert_eq!(good, json!({ "role": "host" }), "looking does not use it up");
    }
    let asked = json!({ "email": HELEN, "invitation": invitation });
    browser.post("/api/codes", &asked).await.is(StatusCode::ACCEPTED);
    house.send_codes(CODE).await;
    let came = browser.post("/api/sessions", &json!({ "code": CODE })).await.is(OK);
    let id = came["newcomer"]["accountId"].as_str().unwrap();
    browser.get("/api/account").await.says_no(401, "signed-out");
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(4);
    let identity = pq::Identity::generate(&mut rng);
    let new = house.new_account(id, &invitation, &identity, &base64url(&[9; 32]));
    // What cannot stand is said beside its field, and nothing is made.
    for (field, value, key) in [
        ("name", json!("http://x"), "name-letters"),
        ("zone", json!("Mars/Olympus"), "zone-unknown"),
        ("language", json!("English"), "language-unknown"),
        ("recipient", json!("age1pq1x"), "recipient-unknown"),
        ("salt", json!("AA"), "bytes-unknown"),
        ("unlockToken", json!("*"), "bytes-unknown"),
        ("unlockFile", json!("AAAA"), "host-cannot-open"),
        ("vault", json!(""), "bytes-unknown"),
    ] {
        let mut wrong = new.clone();
        wrong[field] = value;
        let problem = browser.post("/api/account", &wrong).await.says_no(422, key);
        assert!(problem["fields"][field].is_string(), "{problem}");
    }
    let made = browser.post("/api/account", &new).await.is(StatusCode::CREATED);
    assert_eq!(made["account"]["roles"], json!(["host", "author"]));
    assert_eq!(made["account"]["name"], "Helen Marlow");
    assert_eq!(made["account"]["keysConfirmed"], false);
    assert_eq!(made["account"]["session"], json!({ "unlocked": true, "fresh": true, "mine": true }));
    browser.post("/api/account", &new).await.says_no(409, "account-there");
    let over = browser.post("/api/invitation", &json!({ "token": invitation })).await;
    let never = browser.post("/api/invitation", &json!({ "token": "nothing" })).await;
    over.says_no(404, "invitation-unknown");
    assert_eq!(over.body, never.body);
}

#[tokio::test]
async fn the_words_unlock_for_as_long_as_something_is_done() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let token = helen.token.clone();
    let browser = &mut helen.browser;
    browser.post("/api/lock", &json!({})).await.is(OK);
    browser.get("/api/vault").await.says_no(403, "locked");
    browser.get("/api/letters").await.is(OK);
    let wrong = json!({ "token": base64url(&[1; 32]), "mine": false });
    browser.post("/api/unlock", &wrong).await.says_no(422, "words-wrong");
    let right = json!({ "token": token, "mine": false });
    let given = browser.post("/api/unlock", &right).await.is(OK);
    assert!(given["file"].as_str().unwrap().len() > 100);
    assert_eq!(browser.get("/api/vault").await.status, OK);
    // Fresh for a quarter of an hour from the words, unlocked for a quarter of an hour from the last act.
    for _ in 0..3 {
        house.pass(600);
        browser.post("/api/letters", &json!({})).await.is(StatusCode::CREATED);
    }
    let path = "/api/persons/aaaaaaaaaaaaaaaaaaaaaaaaaa/addresses";
    browser.post(path, &json!({ "address": "a@example.org" })).await.says_no(403, "not-fresh");
    // Looking is no act.
    for _ in 0..2 {
        house.pass(400);
        browser.get("/api/letters").await.is(OK);
    }
    house.pass(400);
    browser.post("/api/letters", &json!({})).await.says_no(403, "locked");
    for _ in 0..5 {
        browser.post("/api/unlock", &wrong).await.says_no(422, "words-wrong");
    }
    let answer = browser.post("/api/unlock", &right).await;
    answer.says_no(429, "unlocks-too-many");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() <= 900);
    house.pass(901);
    browser.post("/api/unlock", &right).await.is(OK);
    browser.post("/api/sessions/end", &json!({})).await.is(OK);
    browser.get("/api/account").await.says_no(401, "signed-out");
    browser.post("/api/sessions/end", &json!({})).await.is(OK);
}

#[tokio::test]
async fn two_windows_do_not_write_over_each_others_vault() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let first = helen.browser.get("/api/vault").await;
    assert_eq!(first.body, b"vault");
    let tag = first.header("etag").to_owned();
    helen.browser.put("/api/vault", b"one", &[]).await.says_no(428, "if-match");
    helen.browser.put("/api/vault", b"one", &[("if-match", &tag)]).await.is(OK);
    helen.browser.put("/api/vault", b"two", &[("if-match", &tag)]).await.says_no(412, "changed-meanwhile");
    helen.browser.put("/api/vault", b"two", &[("if-match", "*")]).await.says_no(412, "changed-meanwhile");
    let now = helen.browser.get("/api/vault").await;
    assert_eq!(now.body, b"one");
    helen.browser.put("/api/vault", b"three", &[("if-match", now.header("etag"))]).await.is(OK);
}

#[tokio::test]
async fn addresses_are_given_and_taken_and_said_part_by_part() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("Dan@Example.org").await;
    let path = format!("/api/persons/{dan}/addresses");
    for (typed, key) in [
        ("", "address-empty"),
        ("dan.example.org", "address-without-at"),
        ("a@b@example.org", "address-two-ats"),
        ("d an@example.org", "address-before-at"),
        ("dan@example", "address-after-at"),
        ("unsaid@localhost", "address-after-at"),
    ] {
        let problem = helen.browser.post(&path, &json!({ "address": typed })).await.says_no(422, key);
        assert!(problem["fields"]["address"].is_string());
    }
    for n in 2..=5 {
        let typed = json!({ "address": format!("dan{n}@example.org") });
        let person = helen.browser.post(&path, &typed).await.is(OK);
        assert_eq!(person["person"]["addresses"].as_array().unwrap().len(), n);
    }
    helen.browser.post(&path, &json!({ "address": "dan6@example.org" })).await.says_no(409, "addresses-full");
    let persons = helen.browser.get("/api/persons").await.is(OK);
    let first = &persons["persons"][0]["addresses"][0];
    assert_eq!((first["address"].as_str(), first["good"].as_bool()), (Some("Dan@example.org"), Some(true)));
    let remove = format!("{path}/{}/remove", first["id"].as_str().unwrap());
    let left = helen.browser.post(&remove, &json!({})).await.is(OK);
    assert_eq!(left["person"]["addresses"].as_array().unwrap().len(), 4);
    helen.browser.post(&remove, &json!({})).await.says_no(404, "missing");
}

#[tokio::test]
async fn the_house_itself_is_nobody_to_write_to() {
    let house = House::with(&[("UNSAID_MAIL_FROM", "letters@house.example.org")]);
    let mut helen = house.author(HELEN).await;
    // A return path of ours is ours at whatever name a mail server knows us by; bounce@ elsewhere is anybody's.
    let marked = |kind| house.app.keys.return_address("mzxw6ytboi4dsmzrgq2tinzwga", kind, "mx.example.net");
    for ours in [
        "Letters+x@house.example.org".to_owned(),
        "letters@HOUSE.example.org".to_owned(),
        "\"letters\"@house.example.org".to_owned(),
        "\u{ff4c}etters@house.example.org".to_owned(),
        "bounce@house.example.org".to_owned(),
        "Reply+anything@house.example.org".to_owned(),
        marked(ReturnKind::Bounce),
        marked(ReturnKind::Reply).to_uppercase(),
    ] {
        let typed = json!({ "address": ours });
        helen.browser.post("/api/persons", &typed).await.says_no(422, "address-of-house");
        let email = json!({ "email": ours });
        house.browser().post("/api/codes", &email).await.says_no(422, "address-of-house");
    }
    for other in ["bounce@example.org", "somebody@house.example.org"] {
        let typed = json!({ "address": other });
        assert_eq!(helen.browser.post("/api/persons", &typed).await.status, 201, "{other}");
    }
}

#[tokio::test]
async fn an_upload_goes_on_where_it_stopped_and_damage_is_noticed() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let (id, sealed) = helen.write(&house, true).await;
    let bytes = &sealed.letter_age;
    let path = format!("/api/letters/{id}/versions/1/uploads");
    let begun = helen.browser.post(&path, &upload_of(bytes)).await.is(OK);
    let upload = format!("/api/uploads/{}", begun["upload"].as_str().unwrap());
    assert_eq!(begun["offset"], 0);
    helen.browser.put(&format!("{upload}?offset=0"), &bytes[..100], &[]).await.is(OK);
    let problem = helen.browser.put(&format!("{upload}?offset=0"), &bytes[..100], &[]).await;
    assert_eq!(problem.says_no(409, "upload-elsewhere")["offset"], 100);
    let again = helen.browser.post(&path, &upload_of(bytes)).await.is(OK);
    assert_eq!((&again["upload"], &again["offset"]), (&begun["upload"], &json!(100)));
    assert_eq!(helen.browser.get(&upload).await.is(OK), json!({ "offset": 100, "size": bytes.len() }));
    let mut damaged = bytes[100..].to_vec();
    damaged[0] ^= 1;
    helen
        .browser
        .put(&format!("{upload}?offset=100"), &damaged, &[])
        .await
        .says_no(422, "damaged-on-the-way");
    assert_eq!(helen.browser.get(&upload).await.is(OK)["offset"], 0, "it is empty again");
    let longer = [bytes.as_slice(), b"x"].concat();
    helen.browser.put(&format!("{upload}?offset=0"), &longer, &[]).await.says_no(422, "upload-too-long");
    helen.browser.put(&format!("{upload}?offset=0"), bytes, &[]).await.is(OK);
    let again = helen.browser.post(&path, &upload_of(bytes)).await.is(OK);
    assert_eq!(again["offset"], bytes.len());
    let part = format!("/api/letters/{id}/versions/1/parts/letter.age");
    assert_eq!(&helen.browser.get(&part).await.body, bytes);
    let mut request = helen.browser.request(axum::http::Method::GET, &part);
    request = request.header("range", "bytes=3-9");
    let piece = helen.browser.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((piece.status, piece.body.as_slice()), (StatusCode::PARTIAL_CONTENT, &bytes[3..10]));
}

#[tokio::test]
async fn a_letter_is_sealed_after_the_proof_and_undone_with_one_click() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let (id, sealed) = helen.write(&house, true).await;
    let seal = format!("/api/letters/{id}/versions/1/seal");
    let asked = sealing(&dan, &sealed.manifest_hash, json!("morning"));
    helen.browser.post(&seal, &asked).await.says_no(422, "parts-missing");
    helen.bring(&id, 1, &sealed).await;
    // The proof is hers: bytes and wrap come back, and open.
    let wrap = helen.browser.get(&format!("/api/letters/{id}/versions/1/wraps/author")).await;
    let part = helen.browser.get(&format!("/api/letters/{id}/versions/1/parts/letter.age")).await;
    open_sealed(&helen.identity, &wrap.body, &part.body, &id, 1).unwrap();
    let host = helen.browser.get(&format!("/api/letters/{id}/versions/1/wraps/host")).await;
    host.says_no(404, "missing");
    let mut wrong = asked.clone();
    wrong["manifestHash"] = json!("00".repeat(32));
    helen.browser.post(&seal, &wrong).await.says_no(409, "parts-changed");
    let done = helen.browser.post(&seal, &asked).await.is(OK);
    assert_eq!(done["letter"]["state"], "resting");
    assert_eq!(done["letter"]["restUntil"], "2037-03-13T09:00:00Z");
    assert_eq!(done["letter"]["can"], json!(["undo", "export"]));
    // An answer that got lost: asking again says the same.
    assert_eq!(helen.browser.post(&seal, &asked).await.is(OK), done);
    helen.browser.post("/api/lock", &json!({})).await.is(OK);
    let undone = helen.browser.post(&format!("/api/letters/{id}/undo"), &json!({})).await.is(OK);
    assert_eq!(
        (&undone["letter"]["state"], &undone["letter"]["arrives"]),
        (&json!("reserved"), &json!(null))
    );
    helen.browser.post(&format!("/api/letters/{id}/undo"), &json!({})).await.says_no(409, "nothing-sealed");
    house.pass(100 * 3600);
    assert!(house.turn().await.is_empty(), "what was undone never leaves");
}

#[tokio::test]
async fn a_wrap_that_the_host_cannot_open_seals_nothing() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let (id, sealed) = helen.write(&house, true).await;
    let (other, foreign) = helen.write(&house, true).await;
    helen.bring(&id, 1, &sealed).await;
    helen.bring(&other, 1, &foreign).await;
    let put = format!("/api/letters/{id}/versions/1/wraps/host");
    helen.browser.put(&put, b"no wrap at all", &[]).await.says_no(422, "bytes-unknown");
    // The wrap of another letter, and one that is not the house's at all, are not even kept.
    let asked = sealing(&dan, &sealed.manifest_hash, json!("none"));
    for wrap in [foreign.host_wrap.as_ref().unwrap(), &sealed.author_wrap] {
        helen.browser.put(&put, wrap, &[]).await.says_no(422, "host-cannot-open");
    }
    // The right line around another letter's key seals nothing.
    let again = helen.seal_words(&house, &id, 1, true);
    helen.browser.put(&put, again.host_wrap.as_ref().unwrap(), &[]).await.is(OK);
    let seal = format!("/api/letters/{id}/versions/1/seal");
    helen.browser.post(&seal, &asked).await.says_no(422, "host-cannot-open");
    assert_eq!(helen.state(&id).await, "reserved");
}

#[tokio::test]
async fn an_unsent_letter_has_no_key_of_the_house() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let (id, sealed) = helen.write(&house, true).await;
    helen.bring(&id, 1, &sealed).await;
    let seal = format!("/api/letters/{id}/versions/1/seal");
    let asked = json!({ "person": null, "to": null, "manifestHash": sealed.manifest_hash, "rule": null, "rest": "none" });
    helen.browser.post(&seal, &asked).await.says_no(422, "wrap-not-wanted");
    let (id, sealed) = helen.write(&house, false).await;
    helen.bring(&id, 1, &sealed).await;
    let mut asked = asked.clone();
    asked["manifestHash"] = json!(sealed.manifest_hash);
    let done = helen.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await.is(OK);
    assert_eq!(
        (&done["letter"]["state"], &done["letter"]["can"]),
        (&json!("unsent"), &json!(["amend", "export"]))
    );
    house.pass(1000 * 3600);
    assert!(house.turn().await.is_empty());
    helen.browser.post("/api/unlock", &json!({ "token": helen.token, "mine": true })).await.is(OK);
    let back = helen.browser.post(&format!("/api/letters/{id}/withdraw"), &json!({})).await;
    back.says_no(409, "nothing-sealed");
}

#[tokio::test]
async fn what_cannot_be_promised_is_refused_before_it_is_promised() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let nobody = helen.browser.post("/api/persons", &json!({})).await.is(StatusCode::CREATED);
    let (id, sealed) = helen.write(&house, true).await;
    helen.bring(&id, 1, &sealed).await;
    let seal = format!("/api/letters/{id}/versions/1/seal");
    let asked = sealing(&dan, &sealed.manifest_hash, json!("morning"));
    let with = |pointer: &str, value: serde_json::Value| {
        let mut asked = asked.clone();
        *asked.pointer_mut(pointer).unwrap() = value;
        asked
    };
    let on = |date: &str, zone: &str| json!({ "kind": "on", "date": date, "time": "09:00", "zone": zone });
    for (asked, key) in [
        (with("/rule/gate", json!("gone")), "life-unarmed"),
        (with("/rule/gate", json!({ "word": 1 })), "not-yet"),
        (with("/rule/reach", json!("pigeon")), "not-yet"),
        (with("/rule/proof", json!("birthday")), "not-yet"),
        (with("/rule/moment", json!({ "kind": "after", "days": 3 })), "not-yet"),
        (with("/rule/moment", json!({ "kind": "birthday", "age": 18 })), "birthday-unknown"),
        (with("/rule/moment", json!(7)), "not-yet"),
        (with("/to", json!([])), "not-yet"),
        (with("/rule/moment", on("2037-03-11", "Europe/London")), "day-passed"),
        (with("/rule/moment", on("2187-03-13", "Europe/London")), "day-too-far"),
        (with("/rule/moment", on("2037-02-30", "Europe/London")), "date-missing"),
        (with("/rule/moment", on("2038-01-01", "Europe/Atlantis")), "zone-unknown"),
        (with("/person", json!(null)), "person-missing"),
        (with("/person", json!("aaaaaaaaaaaaaaaaaaaaaaaaaa")), "person-missing"),
        (with("/person", nobody["person"]["id"].clone()), "no-address"),
        (with("/rest", json!(31)), "rest-unknown"),
        (with("/rest", json!("evening")), "rest-unknown"),
        (with("/rest", json!(-1)), "not-understood"),
        (with("/manifestHash", json!("xyz")), "bytes-unknown"),
    ] {
        helen.browser.post(&seal, &asked).await.says_no(422, key);
    }
    assert_eq!(helen.state(&id).await, "reserved");
    assert!(house.store.facts().iter().all(|fact| !matches!(fact, unsaid_delivery::Fact::Sealed { .. })));
}

#[tokio::test]
async fn the_day_is_said_before_anything_is_sealed() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let when = helen.browser.get("/api/when?moment=at-once&rest=morning").await.is(OK);
    assert_eq!(when["arrives"], "2037-03-13T09:00:00Z");
    assert_eq!((&when["restZone"], &when["early"]), (&json!("Europe/London"), &json!(false)));
    let early = "/api/when?moment=on&date=2037-03-12&time=18:00&zone=America/New_York&rest=3";
    let when = helen.browser.get(early).await.is(OK);
    assert_eq!((&when["early"], &when["arrives"]), (&json!(true), &json!("2037-03-15T09:00:00Z")));
    for (query, status, key) in [
        ("moment=on&date=2037-03-11&zone=UTC&rest=none", 422, "day-passed"),
        ("moment=on&rest=none", 422, "date-missing"),
        ("moment=on&date=2037-03-20&rest=none", 422, "zone-unknown"),
        ("moment=birthday&rest=none", 422, "age-unknown"),
        ("moment=after&rest=none", 422, "not-yet"),
        ("moment=at-once&rest=0", 422, "rest-unknown"),
        ("moment=at-once", 400, "query-unknown"),
        ("moment=at-once&rest=none&rest=none", 400, "query-unknown"),
        ("moment=at-once&rest=none&speed=fast", 400, "query-unknown"),
        ("moment=%FF&rest=none", 400, "query-unknown"),
    ] {
        let answer = helen.browser.get(&format!("/api/when?{query}")).await;
        assert!(answer.status.is_client_error(), "{query}");
        if !query.contains("%FF") {
            answer.says_no(status, key);
        }
    }
}
