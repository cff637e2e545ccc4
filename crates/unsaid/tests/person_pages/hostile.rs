//! What strangers, scanners and broken browsers send: always a calm page, the right status, nothing changed, nothing of theirs repeated as markup.

use super::house::*;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};

const XSS: &str = "\"><script>alert(1)</script>";

#[tokio::test]
async fn forms_that_say_nothing_we_know_change_nothing() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    let long = "x".repeat(100_000);
    let before = house.fingerprint(&sent).await;
    let forms = [
        "",
        "do=",
        "do=WHO",
        "do=who&do=no",
        "scope=",
        "scope=everything",
        "scope=letter",
        "scope=letter&delivery=",
        "scope=letter&delivery=nobody",
        "scope=letter&delivery=aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "scope=author&scope=all",
        "scope%00=author",
        "SCOPE=author",
        "scope=%FF%FE",
        "scope=author%00",
        "&&&===",
        long.as_str(),
        "scope=\"><script>alert(1)</script>",
    ];
    for form in forms {
        let page = dan.post("/refuse", form).await.page(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("<title>Error: ") && page.contains("There is a problem"), "{form}");
        assert!(!page.contains("<script>alert"), "{form}");
        let page = dan.post(&link, form).await.page(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("<title>Error: "), "{form}");
    }
    let lift = dan.post("/lift", "").await;
    assert_eq!(lift.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(dan.post("/lift", "no=nothing").await.on_to(), "/waiting");
    assert_eq!(house.fingerprint(&sent).await, before);
}

#[tokio::test]
async fn what_is_no_form_of_ours_is_refused_before_it_is_read() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    let before = house.fingerprint(&sent).await;
    let form = "application/x-www-form-urlencoded";
    let too_large = "scope=author&x=".to_owned() + &"y".repeat(300 * 1024);
    let table = [
        ("no origin", None, Some(form), "scope=author", StatusCode::FORBIDDEN),
        ("another origin", Some("https://evil.example"), Some(form), "scope=author", StatusCode::FORBIDDEN),
        ("no origin to speak of", Some("null"), Some(form), "scope=author", StatusCode::FORBIDDEN),
        (
            "JSON",
            Some(ORIGIN),
            Some("application/json"),
            "{\"scope\":\"author\"}",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        ("plain text", Some(ORIGIN), Some("text/plain"), "scope=author", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("no type", Some(ORIGIN), None, "scope=author", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("too large", Some(ORIGIN), Some(form), too_large.as_str(), StatusCode::PAYLOAD_TOO_LARGE),
    ];
    for (what, origin, kind, body, status) in table {
        let waiting = format!("/waiting/{}", sent.delivery);
        for path in ["/refuse", "/lift", "/leave", "/come", link.as_str()]
            .map(str::to_owned)
            .into_iter()
            .chain(["open", "later"].map(|verb| format!("{waiting}/{verb}")))
        {
            let path = path.as_str();
            let mut request = dan.request(Method::POST, path);
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin);
            }
            if let Some(kind) = kind {
                request = request.header(header::CONTENT_TYPE, kind);
            }
            let mut browser = dan.clone();
            let answer = browser.send(request.body(Body::from(body.to_owned())).unwrap()).await;
            assert_eq!(answer.status, status, "{what} to {path}");
            assert!(answer.text().contains("<h1>"), "{what} to {path} is no page");
        }
    }
    assert_eq!(house.fingerprint(&sent).await, before);
}

#[tokio::test]
async fn a_page_that_only_takes_a_press_says_so_to_a_link() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    let open = format!("/waiting/{}/open", sent.delivery);
    for path in [open.as_str(), "/lift", "/leave"] {
        let page = dan.get(path).await.page(StatusCode::METHOD_NOT_ALLOWED);
        assert!(page.contains("href=\"/\""), "{path} has no way back");
    }
}

#[tokio::test]
async fn addresses_of_nothing_are_a_page_of_nothing() {
    let mut house = House::new().await;
    let (_, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    for path in [
        "/waiting/x",
        "/waiting/%2e%2e",
        "/waiting/aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/waiting/%FF",
        "/assets/../Cargo.toml",
        "/assets/nothing.js",
        "/outbox",
        "/outbox/m1",
        "/nothing",
    ] {
        let page = dan.get(path).await.page(StatusCode::NOT_FOUND);
        assert!(page.contains("<h1>"), "{path}");
    }
}

#[tokio::test]
async fn names_are_text_wherever_they_stand() {
    let house_name = format!("House {XSS}");
    let settings = [("UNSAID_HOUSE_NAME", house_name.as_str()), ("UNSAID_HOST_CONTACT", XSS)];
    let mut house = House::with(&settings, "O’Hara <b onclick=x>{house}</b>").await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    let mut pages = vec![dan.get("/waiting").await.page(StatusCode::OK)];
    let path = format!("/waiting/{}", sent.delivery);
    pages.push(dan.get(&path).await.page(StatusCode::OK));
    dan.post(&format!("{path}/open"), "").await.on_to();
    pages.push(dan.get(&path).await.page(StatusCode::OK));
    for path in ["/", "/is-this-real", "/refuse", "/refused", link.as_str()] {
        pages.push(dan.get(path).await.page(StatusCode::OK));
    }
    for page in &pages {
        assert!(!page.contains("<script>alert") && !page.contains("<b onclick"), "{page}");
        assert!(page.contains("&lt;script&gt;alert"), "the house's name stands in every foot");
    }
    assert!(pages[0].contains("{house}"), "a name is not filled in again");
}
