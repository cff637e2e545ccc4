//! Everything that people can do from the knock on, each with a text of its own; and then every byte that the house has written: database with its side files, journal,
//! sealed bytes, and the log. None of these texts is in them in any form. Each form of each text is planted first, and found.
//!
//! Mail is taken by a relay, which is not the house. What the browser seals itself (letters as the editor writes them, answers, photos) is looked for by the stories in web/e2e.

use crate::canary::{Haystack, files, planted};
use crate::support::author::{ADDRESS, Author, NAME, at_once, base64url};
use crate::support::relay::Relay;
use crate::support::{DAY, Place};
use crate::{link_in, who_has_written};
use serde_json::json;
use std::path::Path;

/// Her network, and theirs.
const HERS: &str = "203.0.113.117";
const THEIRS: &str = "198.51.100.224";
const QUESTION: &str = "Where did the otter live, by the osier beds?";
const ANSWER: &str = "Wychcombe Bottoms";
const NOT_IT: &str = "Nightjar Cottage";

/// A message in one piece, as its reader sees it.
fn unfolded(message: &str) -> String {
    message.replace("=\r\n", "")
}

/// The eight digits of a knock, in two groups of four.
fn digits_in(knock: &str) -> String {
    let text = unfolded(knock);
    let (_, rest) = text.split_once("these eight digits: ").expect("eight digits");
    rest[..9].to_owned()
}

/// The link with which a mail provider ends these messages.
fn quiet_in(knock: &str) -> String {
    let text = unfolded(knock);
    let (_, rest) = text.split_once("List-Unsubscribe: <http").expect("a link");
    let (_, rest) = rest.split_once("/quiet/").expect("a link");
    rest.split('>').next().unwrap().to_owned()
}

/// What is there under the house's folder, but the file that holds its own keys; and the log.
fn written(place: &Place) -> Vec<(String, Haystack)> {
    let named = |path: &Path| path.strip_prefix(place.folder()).unwrap().display().to_string();
    let mut written: Vec<(String, Haystack)> = files(&place.folder().join("data"))
        .into_iter()
        .chain([place.log()])
        .map(|path| (named(&path), Haystack::new(&std::fs::read(&path).unwrap())))
        .collect();
    written.retain(|(name, _)| !name.starts_with("data/keys/"));
    written
}

#[test]
fn nothing_that_people_type_send_or_come_from_stands_in_anything_the_house_writes() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None).with("UNSAID_TRUSTED_PROXIES", "127.0.0.1").seen_from(HERS);
    let town = place.start();
    let invitation = place.first_link();
    let mut helen = Author::begin(&place, &relay);
    let stranger = || place.browser().at_network(THEIRS);

    // The first address is none, the second one gets the knock; he comes by his digits, keeps the letter for a day of his, opens it, and answers.
    relay.does_not_know("old.kestrel@example.org");
    let dan = helen.person(&["old.kestrel@example.org", "new.kestrel@example.org"]);
    helen.seal(&dan, &at_once(), "none");
    let knock = relay.wait_for("new.kestrel@example.org", 1)[0].text.clone();
    let (link, digits) = (link_in(&knock), digits_in(&knock));
    let coming =
        |digits: &str| format!("address=new.kestrel%40example.org&digits={}", digits.replace(' ', "+"));
    let mut by_digits = stranger();
    let wrong = by_digits.try_send(
        "POST",
        "/come",
        "application/x-www-form-urlencoded",
        coming("9876 5432").as_bytes(),
    );
    assert_eq!(wrong.unwrap().status, 422);
    assert_eq!(by_digits.press("/come", &coming(&digits)), "/waiting");
    let (mut reader, path) = who_has_written(stranger(), &link);
    reader.press(&format!("{path}/later"), "when=day&day=5&month=4&year=2031");
    reader.press(&format!("{path}/open"), "");
    let key = reader.post(&format!("{path}/key"), &json!({})).is(200)["key"].as_str().unwrap().to_owned();
    let answer = [b"age-encryption.org/v1\n".as_slice(), &[7; 400]].concat();
    let reply = format!("{path}/reply?id={}", "a".repeat(26));
    reader.try_send("POST", &reply, "application/octet-stream", &answer).unwrap().is(200);

    // Somebody is asked something before her letter opens: one wrong answer, and the right one.
    let mara = helen.person(&["mara.nuthatch@example.org"]);
    let asks = json!({ "kind": "question", "question": QUESTION, "answer": ANSWER });
    helen.seal_asking(&mara, &at_once(), "none", &asks);
    let asked = link_in(&relay.wait_for("mara.nuthatch@example.org", 1)[0].text);
    let mut second = stranger();
    assert_eq!(second.press(&format!("/k/{asked}"), "do=who"), "/waiting");
    let page = second.get("/waiting").text();
    let at = page.find("/waiting/").expect("a letter waits") + 9;
    let proof = format!("/waiting/{}/proof", &page[at..at + 26]);
    let form = |answer: &str| format!("answer={}", answer.replace(' ', "+"));
    let wrong = second.try_send("POST", &proof, "application/x-www-form-urlencoded", form(NOT_IT).as_bytes());
    assert_eq!(wrong.unwrap().status, 422);
    second.press(&proof, &form(ANSWER));

    // Somebody has the words of a card, and another one wants no more of these messages.
    let nan = helen.person(&["nan.dabchick@example.org"]);
    let words = unsaid_seal::claim::claim_words(&[3; 10]).to_string();
    helen.seal_by_words(&nan, &words);
    let token = base64url(&*unsaid_seal::claim::claim_token(&words));
    let mut with_card = stranger();
    with_card.post("/api/claim", &json!({ "token": token })).is(200);
    let quiet = quiet_in(&relay.wait_for("nan.dabchick@example.org", 1)[0].text);
    let one_click = "List-Unsubscribe=One-Click";
    let pressed = stranger().try_send(
        "POST",
        &format!("/quiet/{quiet}"),
        "application/x-www-form-urlencoded",
        one_click.as_bytes(),
    );
    assert_eq!(pressed.unwrap().status, 200);

    // The next day she is told of the answer; the house ends as by a power cut, and begins again.
    town.live(2 * DAY);
    relay.wait_for(ADDRESS, 2);
    town.kill();
    let _town = place.start();
    let code = relay.taken_for(ADDRESS)[0]
        .text
        .lines()
        .find_map(|line| line.strip_prefix("Subject: Your code is ").map(str::to_owned))
        .unwrap();
    let cookies = [helen.browser.cookie("session"), reader.cookie("reader"), with_card.cookie("reader")];
    let joined = digits.replace(' ', "");
    let mut secrets = vec![
        ADDRESS,
        "helen.quillfeather",
        "old.kestrel",
        "new.kestrel",
        "mara.nuthatch",
        "nan.dabchick",
        NAME,
        "Larkspur",
        "at the heronry",
        QUESTION,
        "osier beds",
        ANSWER,
        "wychcombe",
        NOT_IT,
        HERS,
        THEIRS,
        &invitation,
        &link,
        &asked,
        &quiet[27..],
        &digits,
        &joined,
        &words,
        &token,
        &key,
        &helen.unlock_token,
        code.trim(),
    ];
    secrets.extend(cookies.iter().map(String::as_str));
    let written = written(&place);
    for part in ["data/store/", "data/journal/", "log"] {
        assert!(written.iter().any(|(name, _)| name.starts_with(part)), "{part} is looked at");
    }
    // The search goes through what is there: the log says what was done, and the database who is kept how.
    let finds = |text: &str| written.iter().any(|(_, bytes)| bytes.holds(text).is_some());
    assert!(finds("kind=Knock") && finds("create table"), "what stands there is found");
    for secret in secrets {
        assert!(secret.len() >= 8, "shorter ones would be found by chance");
        for form in planted(secret) {
            assert!(Haystack::new(&form).holds(secret).is_some(), "{secret} is found as {form:?}");
        }
        for (name, bytes) in &written {
            assert_eq!(bytes.holds(secret), None, "{secret} is in {name}");
        }
    }
}
