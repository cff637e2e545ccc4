//! Whole pages as they are, in snapshots/person/. `UNSAID_BLESS=1` writes the files anew; then they are read, aloud, before they are committed.
//! Names of built files change with each build of web/, so what points to them is left out.

use super::house::*;
use axum::http::StatusCode;
use std::path::Path;

/// One tag a line, without what the browser half's build decides.
fn readable(page: &str) -> String {
    let lines = page.replace("><", ">\n<");
    let built = |line: &&str| {
        line.starts_with("<link rel=\"stylesheet\"")
            || line.starts_with("<link rel=\"icon\"")
            || line.starts_with("<script type=\"module\"")
            || *line == "</script>"
            || line.contains("‘make run’")
    };
    lines.lines().filter(|line| !built(line)).map(|line| format!("{line}\n")).collect()
}

#[expect(clippy::disallowed_methods, reason = "UNSAID_BLESS asks for new snapshots")]
pub(super) fn compare(name: &str, page: &str) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/person").join(format!("{name}.html"));
    let page = readable(page);
    if std::env::var_os("UNSAID_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(page == expected, "{name} differs from its snapshot; look at it, then UNSAID_BLESS=1:\n{page}");
}

#[tokio::test]
async fn the_pages_are_as_they_were_read_and_agreed_to() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    compare("knock", &dan.get(&link).await.page(StatusCode::OK));
    compare("link-unknown", &dan.get("/k/x").await.page(StatusCode::NOT_FOUND));
    compare("reader-unknown", &dan.get("/waiting").await.page(StatusCode::UNAUTHORIZED));
    compare("waiting", &dan.come(&link).await);
    let path = format!("/waiting/{}", sent.delivery);
    compare("come", &dan.get("/come").await.page(StatusCode::OK));
    let wrong = dan.post("/come", "address=dan@example.org&digits=0000+0000").await;
    compare("come-wrong", &wrong.page(StatusCode::UNPROCESSABLE_ENTITY));
    compare("together", &dan.get("/help/together").await.page(StatusCode::OK));
    let quiet = format!("/quiet/{}", house.quiet_token(&link).await);
    compare("quiet", &dan.get(&quiet).await.page(StatusCode::OK));
    compare("later", &dan.get(&format!("{path}/later")).await.page(StatusCode::OK));
    let error = dan.post(&format!("{path}/later"), "when=day&day=31&month=4&year=2041").await;
    compare("later-error", &error.page(StatusCode::UNPROCESSABLE_ENTITY));
    compare("here", &dan.get("/here").await.page(StatusCode::OK));
    compare("closed", &dan.get(&path).await.page(StatusCode::OK));
    compare("refuse", &dan.get("/refuse").await.page(StatusCode::OK));
    compare("refuse-error", &dan.post("/refuse", "").await.page(StatusCode::UNPROCESSABLE_ENTITY));
    dan.post("/refuse", "scope=author").await.on_to();
    compare("here-refused", &dan.get("/here").await.page(StatusCode::OK));
    compare("refused", &dan.get("/refused").await.page(StatusCode::OK));
    compare("waiting-refused", &dan.get("/waiting").await.page(StatusCode::OK));
    dan.post(&format!("{path}/open"), "").await.on_to();
    compare("read", &dan.get(&path).await.page(StatusCode::OK));
    compare("waiting-opened", &dan.get("/waiting").await.page(StatusCode::OK));
    dan.post("/lift", "no=author").await.on_to();
    let (kept, _) = house.knocked().await;
    let path = format!("/waiting/{}/later", kept.delivery);
    dan.post(&path, "when=in-a-year").await.on_to();
    compare("later-kept", &dan.get(&path).await.page(StatusCode::OK));
    compare("waiting-later", &dan.get("/waiting").await.page(StatusCode::OK));
    compare("quiet-done", &dan.post(&quiet, "quiet=yes").await.page(StatusCode::OK));
    compare("away", &dan.get("/away").await.page(StatusCode::OK));
}

#[tokio::test]
async fn the_pages_that_ask_are_as_they_were_read_and_agreed_to() {
    let mut house = House::new().await;
    house.asks = Some((Some("What was the dog’s name, the one before <Bello>?"), "benni"));
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    compare("waiting-asks", &dan.come(&link).await);
    let path = format!("/waiting/{}", sent.delivery);
    compare("ask", &dan.get(&path).await.page(StatusCode::OK));
    let answer = format!("{path}/proof");
    let wrong = dan.post(&answer, "answer=Bello+%3Cb%3E").await;
    compare("ask-wrong", &wrong.page(StatusCode::UNPROCESSABLE_ENTITY));
    for _ in 0..4 {
        dan.post(&answer, "answer=Bello").await.page(StatusCode::UNPROCESSABLE_ENTITY);
    }
    compare("ask-today", &dan.post(&answer, "answer=Benni").await.page(StatusCode::TOO_MANY_REQUESTS));

    house.write_to("mara@example.org").await;
    house.asks = Some((None, "1951-05-04"));
    let (sent, link) = house.knocked().await;
    let mut mara = house.browser();
    mara.come(&link).await;
    let path = format!("/waiting/{}", sent.delivery);
    compare("ask-birthday", &mara.get(&path).await.page(StatusCode::OK));
    let wrong = mara.post(&format!("{path}/proof"), "day=31&month=4&year=1951").await;
    compare("ask-birthday-wrong", &wrong.page(StatusCode::UNPROCESSABLE_ENTITY));
    mara.post(&format!("{path}/proof"), "day=4&month=5&year=1951").await.on_to();
    compare("ask-answered", &mara.get(&path).await.page(StatusCode::OK));
}

#[tokio::test]
async fn the_house_says_what_it_is() {
    let contact = ("UNSAID_HOST_CONTACT", "Ruth Adeyemi, 01632 960 144");
    let house = House::with(&[("UNSAID_HOUSE_NAME", "St Aldhelm’s Hospice"), contact], "Helen").await;
    let mut anybody = house.browser();
    for (name, path) in [
        ("welcome", "/"),
        ("is-this-real", "/is-this-real"),
        ("how-a-letter-is-kept", "/how-a-letter-is-kept"),
        ("what-we-cannot-do", "/what-we-cannot-do"),
        ("living", "/help/living"),
        ("shell", "/write"),
    ] {
        compare(name, &anybody.get(path).await.page(StatusCode::OK));
    }
}

/// What holds for every page, without looking at its words.
#[tokio::test]
async fn every_page_has_its_frame_and_asks_nobody_else() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    let (kept, _) = (house.seal("Another one.").await, house.knock().await);
    let later = format!("/waiting/{}/later", kept.delivery);
    dan.post(&format!("/waiting/{}/open", sent.delivery), "").await.on_to();
    let letter = format!("/waiting/{}", sent.delivery);
    for (path, private) in [
        (link.as_str(), true),
        ("/waiting", true),
        (letter.as_str(), true),
        ("/refuse", true),
        ("/refused", true),
        (later.as_str(), true),
        ("/come", true),
        ("/here", true),
        ("/help/together", true),
        ("/quiet/x", true),
        ("/", false),
        ("/is-this-real", false),
        ("/how-a-letter-is-kept", false),
        ("/what-we-cannot-do", false),
        ("/help/living", false),
    ] {
        let answer = dan.get(path).await;
        assert_eq!(
            answer.header("referrer-policy"),
            "same-origin",
            "{path}: forms would come with Origin: null"
        );
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert_eq!(answer.header("cache-control") == "no-store", private, "{path}");
        assert_eq!(answer.header("x-robots-tag").contains("noindex"), private, "{path}");
        let page = answer.page(StatusCode::OK);
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{path}");
        assert_eq!(page.matches("<h1").count(), 1, "{path}: one h1");
        assert_eq!(page.matches("<main").count(), 1, "{path}: one main");
        assert!(page.contains("class=\"skip\" href=\"#main\"") && page.contains("id=\"main\""), "{path}");
        assert_eq!(page.contains("action=\"/leave\""), private, "{path}: a way out at once");
        for never in [" style=", "<style", " onclick", "javascript:", "<iframe", "<img"] {
            assert!(!page.contains(never), "{path} has {never}");
        }
        for start in ["href=\"", "src=\"", "action=\""] {
            for target in page.split(start).skip(1).filter_map(|rest| rest.split('"').next()) {
                let ours = target.starts_with('/') || target.starts_with('#') || target.starts_with("tel:");
                assert!(ours, "{path} leads to {target}");
            }
        }
    }
}

#[tokio::test]
async fn old_addresses_of_help_lead_on() {
    let house = House::new().await;
    let answer = house.browser().get("/help/kept").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::PERMANENT_REDIRECT, "/how-a-letter-is-kept")
    );
}
