//! The whole program, asked by schemathesis what its description (/api/openapi.json) says it can be asked, and what it says it cannot: as everybody who may come. Nothing
//! may be answered that is not described, nothing wrong may be taken, and nothing may be our mistake.
//!
//! `scripts/with-schemathesis` says where it is, in UNSAID_TEST_SCHEMATHESIS. Without it this test passes by doing nothing, unless UNSAID_TEST_REQUIRE=1 says that it
//! must be there. It asks by loopback, where nobody is counted by network: what is counted by address or account may answer 429, which is described.

use crate::support::author::{self, Author, at_once, base64url};
use crate::support::browser::Browser;
use crate::support::relay::Relay;
use crate::support::{DAY, Place, Town};
use crate::{link_in, who_has_written};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Somebody who may come: what they are called, the cookie that says so, and whose routes they ask about at length.
struct Role {
    name: &'static str,
    cookie: Option<(&'static str, String)>,
    /// The role in the description's `security`; `none` stands for what anybody may ask.
    at_length: &'static str,
}

/// What there is in the house, by the template of the path that it stands in and the name of its place there.
struct Things(Vec<(&'static str, &'static str, Vec<String>)>);

fn schemathesis() -> Option<PathBuf> {
    let set = std::env::var_os("UNSAID_TEST_SCHEMATHESIS").map(PathBuf::from);
    let required = std::env::var("UNSAID_TEST_REQUIRE").is_ok_and(|value| value == "1");
    assert!(
        set.is_some() || !required,
        "UNSAID_TEST_REQUIRE=1, but UNSAID_TEST_SCHEMATHESIS does not say where schemathesis is"
    );
    set
}

/// An author with something of everything, and whoever is about her letters.
fn people(place: &Place, town: &Town, relay: &Relay) -> (Vec<Role>, Things) {
    let host = Author::begin(place, relay);
    let mut helen = Author::with_account(place, relay, "helen.kestrel@example.org", None);
    let person = helen.person(&["dan@example.org", "dan.kestrel@example.org"]);
    let left = helen.seal(&person, &at_once(), "none");
    let link = link_in(&relay.wait_for("dan@example.org", 1)[0].text);
    let (mut dan, letter) = who_has_written(place.browser(), &link);
    dan.press(&format!("{letter}/open"), "");
    let reply = "a".repeat(26);
    let sealed = [b"age-encryption.org/v1\n".as_slice(), &[7; 400]].concat();
    let path = format!("{letter}/reply?id={reply}");
    dan.try_send("POST", &path, "application/octet-stream", &sealed).unwrap().is(200);
    // She may see it from the next morning on.
    town.live(2 * DAY);
    let mut helen = helen.back(relay);
    let words = unsaid_seal::claim::claim_words(&[3; 10]);
    let mara = helen.person(&["mara@example.org"]);
    let by_words = helen.seal_by_words(&mara, &words);
    relay.wait_for("mara@example.org", 1);
    let mut with_card = place.browser();
    let token = base64url(&*unsaid_seal::claim::claim_token(&words));
    with_card.post("/api/claim", &json!({ "token": token })).is(200);
    let page = with_card.get("/waiting").text();
    let at = page.find("/waiting/").expect("a letter waits") + 9;
    let of_card = page[at..at + 26].to_owned();
    let later = json!({ "kind": "on", "date": "2090-05-04", "zone": "Europe/London" });
    let waits = helen.seal(&mara, &later, "none");
    let rests = helen.seal(&mara, &later, "morning");
    let reserved = helen.reserve();
    let upload = helen.upload(&reserved, "letter.age", "letter", &sealed);
    let (draft, photo) = (format!("{}a", "b".repeat(25)), format!("{}a", "c".repeat(25)));
    let save = |browser: &Browser, path: &str| {
        let mut browser = browser.clone();
        browser.put_over(path, &sealed, "\"0\"").is(200);
    };
    save(&helen.browser, &format!("/api/drafts/{draft}"));
    save(&helen.browser, &format!("/api/drafts/{draft}/photos/{photo}"));
    let persons = helen.browser.get("/api/persons").is(200);
    let address = persons["persons"][0]["addresses"][0]["id"].as_str().unwrap().to_owned();

    let others = Author::with_account(place, relay, "other.kestrel@example.org", None);
    let locked = helen.signs_in(place.browser(), relay);
    let (newcomer, _) = author::newcomer(place, relay, "new.kestrel@example.org", None);
    // Longer than words count as just given, and shorter than a page stays open.
    town.live(1200);
    let fresh = helen.signs_in(place.browser(), relay);
    helen.unlocks(fresh.clone());
    others.unlocks(others.browser.clone());
    host.unlocks(host.signs_in(place.browser(), relay));

    let session = |browser: &Browser| Some(("session", browser.cookie("session")));
    let reader = |browser: &Browser| Some(("reader", browser.cookie("reader")));
    let role = |name, cookie, at_length| Role { name, cookie, at_length };
    let roles = vec![
        role("stranger", None, "none"),
        role("newcomer", session(&newcomer), "newcomer"),
        role("locked", session(&locked), "locked"),
        role("unlocked", session(&helen.browser), "unlocked"),
        role("fresh", session(&fresh), "fresh"),
        role("another-author", session(&others.browser), ""),
        role("host", session(&host.browser), ""),
        role("reader-by-link", reader(&dan), "reader"),
        role("reader-by-words", reader(&with_card), "reader"),
    ];
    let delivery = letter.trim_start_matches("/waiting/").to_owned();
    let things = Things(vec![
        ("/api/letters/", "id", vec![left, waits, rests, reserved, by_words]),
        ("/api/drafts/", "id", vec![draft]),
        ("/api/drafts/", "photo", vec![photo]),
        ("/api/persons/", "id", vec![person, mara]),
        ("/api/persons/", "address", vec![address]),
        ("/api/replies/", "id", vec![reply]),
        ("/api/uploads/", "upload", vec![upload]),
        ("/waiting/", "delivery", vec![delivery, of_card]),
    ]);
    (roles, things)
}

/// What is held against every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
    response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,allow_header_conformance,ignored_auth";
/// How something wrong may be answered: by any no of ours.
const NO: &str = "[400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428, 429]";
/// These end the session with which everything else is asked; what one is called, schemathesis reads in an answer.
const ENDS: [&str; 3] = ["/api/sessions/end", "/api/sessions/{session}/end", "/api/lock"];
/// This ends all other sessions of an author, and these three are one author's.
const ENDS_OTHERS: &str = "/api/sessions/others/end";
const ONE_AUTHOR: [&str; 3] = ["locked", "unlocked", "fresh"];

impl Things {
    /// The places of a path for which there is something, with the number of the list that it is in.
    fn in_path<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'static str, usize)> + 'a {
        let lists = self.0.iter().enumerate();
        let here = lists.filter(|(_, (template, ..))| path.starts_with(template));
        here.filter(|(_, (_, name, _))| path.contains(&format!("{{{name}}}")))
            .map(|(at, (_, name, _))| (*name, at))
    }
}

/// How schemathesis asks as somebody (schemathesis.toml). What a role may ask it asks at length; of everything else a little, for the answer is mostly a no.
fn settings(role: &Role, things: &Things, document: &Value) -> String {
    let mut text = format!(
        "seed = 1\ncontinue-on-failure = true\nwarnings = false\n[cache]\nenabled = false\n\
         [generation]\ndatabase = \"none\"\n[phases]\nexamples.enabled = false\nstateful.enabled = false\n\
         [checks]\nnegative_data_rejection.expected-statuses = {NO}\n\
         missing_required_header.expected-statuses = {NO}\n"
    );
    if let Some((cookie, value)) = &role.cookie {
        writeln!(text, "[auth.openapi.{cookie}]\napi_key = \"{value}\"").unwrap();
    }
    for (at, (_, _, ids)) in things.0.iter().enumerate() {
        writeln!(text, "[dictionaries.list{at}]\nvalues = {ids:?}").unwrap();
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let needs = match operation["security"].as_array().unwrap().first().and_then(Value::as_object) {
                None => "none",
                Some(needs) if needs.contains_key("reader") => "reader",
                Some(needs) => needs["session"][0].as_str().unwrap(),
            };
            let ends = role.cookie.is_some() && ENDS.contains(&path.as_str())
                || ONE_AUTHOR.contains(&role.name) && path == ENDS_OTHERS;
            let at_length = needs == role.at_length;
            let examples = if at_length { 12 } else { 2 };
            writeln!(
                text,
                "[[operations]]\ninclude-operation-id = {}\nenabled = {}\n\
                 generation.max-examples = {examples}\nphases.coverage.enabled = {at_length}",
                operation["operationId"], !ends,
            )
            .unwrap();
            for (name, list) in things.in_path(path) {
                writeln!(
                    text,
                    "parameters.\"path.{name}\" = {{ dictionary = \"list{list}\", probability = 0.8 }}"
                )
                .unwrap();
            }
        }
    }
    text
}

/// Runs it. Gives whether everything was well, and what it said.
fn ask(program: &Path, folder: &Path, name: &str, settings: &str, what: &[&str]) -> (bool, String) {
    let file = folder.join(format!("{name}.toml"));
    std::fs::write(&file, settings).unwrap();
    let output = Command::new(program)
        .arg("--config-file")
        .arg(&file)
        .args(["run", "--no-color", "--request-timeout", "10", "--checks", CHECKS])
        .args(what)
        .current_dir(folder)
        .env("NO_PROXY", "localhost,127.0.0.1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

/// How many requests it says it made.
fn asked(said: &str) -> usize {
    let line = said.lines().find_map(|line| line.split_once(" generated")).map_or("0", |(before, _)| before);
    line.trim().replace(',', "").parse().unwrap_or(0)
}

#[test]
fn nothing_is_answered_to_anybody_that_is_not_described() {
    let Some(program) = schemathesis() else { return };
    let relay = Relay::open();
    let place = Place::new(relay.setting(), None).with("UNSAID_REGISTRATION", "open");
    let town = place.start();
    let (roles, things) = people(&place, &town, &relay);
    let description = place.browser().get("/api/openapi.json").is(200);
    let address = format!("{}/api/openapi.json", place.origin());
    let folder = tempfile::tempdir().unwrap();
    let wrong = lies_are_found(&program, folder.path(), &place, &description);
    assert_eq!(wrong, None);
    let (next, told) = (Mutex::new(roles.iter()), Mutex::new(String::new()));
    // Two at a time: while the one waits for the house, the other invents.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(role) = next.lock().unwrap().next() else { break };
                    let settings = settings(role, &things, &description);
                    let (well, said) = ask(&program, folder.path(), role.name, &settings, &[&address]);
                    println!("{}: {} requests", role.name, asked(&said));
                    if !well || asked(&said) < 100 {
                        told.lock().unwrap().push_str(&format!("\n== as {}\n{said}", role.name));
                    }
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    assert!(told.is_empty(), "{told}");
    // Whoever came with a session had it to the end, so that it was they who were answered.
    for role in &roles {
        let Some((cookie, value)) = &role.cookie else { continue };
        let path = match (role.name, *cookie) {
            ("newcomer", _) => continue,
            (_, "reader") => "/waiting",
            _ => "/api/account",
        };
        assert_eq!(place.browser().with_cookie(cookie, value).get(path).status, 200, "{}", role.name);
    }
}

/// A description that says what is not so. None when every lie is found.
fn lies_are_found(program: &Path, folder: &Path, place: &Place, description: &Value) -> Option<String> {
    let name = "/components/schemas/House/properties/name";
    let answers = "/paths/~1api~1house/get/responses";
    for (lie, at, instead, found) in [
        ("a-number", name, json!({ "type": "integer" }), "Response violates schema"),
        ("a-status", answers, json!({ "204": { "description": "" } }), "Undocumented status code"),
    ] {
        let mut lied = description.clone();
        *lied.pointer_mut(at).unwrap() = instead;
        let file = folder.join(format!("{lie}.json"));
        std::fs::write(&file, lied.to_string()).unwrap();
        let settings = "seed = 1\nwarnings = false\n[phases]\nstateful.enabled = false\n";
        let what = [file.to_str().unwrap(), "--url", &place.origin(), "--include-path", "/api/house"];
        let (well, said) = ask(program, folder, lie, settings, &what);
        if well || !said.contains(found) {
            return Some(format!("{lie} was not found:\n{said}"));
        }
    }
    None
}
