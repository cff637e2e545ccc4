//! A whole story, and then every line that was logged: no address, no token, no name, no word. What is planted is found first.

use crate::support::author::{ADDRESS, Author, NAME, at_once, base64url};
use crate::support::relay::Relay;
use crate::support::{DAY, Place};
use crate::{link_in, who_has_written};
use serde_json::json;

/// As it is, and as a mail or a header would write it.
fn holds(log: &str, secret: &str) -> bool {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    // A base64 text stands whole in a longer one only at its own third; the middle of it is the same in each.
    let inner = (0..3).map(|skip| {
        let text = base64url(&secret.as_bytes()[skip.min(secret.len() - 1)..]);
        text[..text.len().saturating_sub(3)].to_owned()
    });
    let percent = secret.replace('@', "%40").replace(' ', "%20");
    let log = log.to_lowercase();
    [secret.to_owned(), hex, percent]
        .into_iter()
        .chain(inner)
        .any(|form| !form.is_empty() && log.contains(&form.to_lowercase()))
}

#[test]
fn logs_hold_no_address_token_name_or_word() {
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None);
    let town = place.start();
    let invitation = place.first_link();
    let mut helen = Author::begin(&place, &relay);
    relay.does_not_know("old.kestrel@example.org");
    let dan = helen.person(&["old.kestrel@example.org", "new.kestrel@example.org"]);
    helen.seal(&dan, &at_once(), "none");
    let link = link_in(&relay.wait_for("new.kestrel@example.org", 1)[0].text);
    let (mut reader, path) = who_has_written(place.browser(), &link);
    reader.press(&format!("{path}/open"), "");
    let key = reader.post(&format!("{path}/key"), &json!({})).is(200)["key"].as_str().unwrap().to_owned();
    place.browser().get(&format!("/k/{link}x"));
    place.browser().get(&format!("/api/{NAME}").replace(' ', "%20"));
    helen.browser.post("/api/persons", &json!({ "address": "wrong.kestrel@" })).is(422);
    helen.browser.post("/api/unlock", &json!({ "token": base64url(&[9; 32]), "mine": true })).is(422);
    town.live(DAY);
    town.kill();
    let _town = place.start();
    let cookies = [helen.browser.cookie("session"), reader.cookie("reader")];

    let log = std::fs::read_to_string(place.log()).unwrap();
    assert!(!log.contains('\u{1b}'), "a file is given no colours");
    assert!(log.contains("answered") && log.contains("kind=Knock"), "the story is in the log: {log}");
    let code = relay.taken_for(ADDRESS)[0]
        .text
        .lines()
        .find_map(|l| l.strip_prefix("Subject: Your code is ").map(str::to_owned))
        .unwrap();
    let mut secrets = vec![
        ADDRESS,
        "helen.quillfeather",
        "old.kestrel",
        "new.kestrel",
        "wrong.kestrel",
        NAME,
        "Larkspur",
        "at the heronry",
        &invitation,
        &link,
        &key,
        &helen.unlock_token,
        code.trim(),
    ];
    secrets.extend(cookies.iter().map(String::as_str));
    for secret in secrets {
        assert!(secret.len() >= 8, "shorter ones would be found by chance");
        for planted in
            [secret.to_owned(), base64url(secret.as_bytes()), base64url(format!("x{secret}y").as_bytes())]
        {
            assert!(holds(&format!("{log}\n{planted}\n"), secret), "what is planted is found");
        }
        assert!(!holds(&log, secret), "{secret} is in the log:\n{log}");
    }
}
