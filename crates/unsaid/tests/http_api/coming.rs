//! Ways in and out that need no link: the eight digits of a message, and the one click of a mail provider. Neither tells a stranger anything.

use super::house::*;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::json;
use unsaid::secrets::hashed;
use unsaid_delivery::id::MessageId;
use unsaid_delivery::{Fact, Scope};
use unsaid_store::ReaderStore;

/// The message of a knock that has left.
async fn knocked(house: &House, helen: &mut Writer, address: &str) -> MessageId {
    let person = helen.person(address).await;
    helen.sealed(house, &person, json!("none")).await;
    house.pass(60);
    let outbox = tempfile::tempdir().unwrap();
    house.work(outbox.path()).await;
    let mails = House::mails(outbox.path());
    let (mail, link) = mails.iter().find_map(|mail| Some((mail, link_in(mail, "k")?))).unwrap();
    let message = house.store.knock(hashed(&link)).await.unwrap().unwrap().message;
    // What these tests type and press stands in the message itself.
    let (id, mail) = (message.to_string(), mail.replace("=\r\n", "").replace("=\n", ""));
    let digits = house.app.keys.knock_digits(&id).to_string();
    assert!(mail.contains(&format!("{} {}", &digits[..4], &digits[4..])), "{mail}");
    let quiet = format!("List-Unsubscribe: <{ORIGIN}/quiet/{id}.{}>", house.app.keys.quiet_token(&id));
    assert!(mail.contains(&quiet), "{mail}");
    message
}

fn form(address: &str, digits: &str) -> String {
    format!("address={}&digits={}", address.replace('+', "%2B"), digits.replace(' ', "+"))
}

fn other_than(digits: &str) -> String {
    let last = if digits.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &digits[..7])
}

#[tokio::test]
async fn the_address_and_its_digits_open_the_door_as_the_link_does() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let message = knocked(&house, &mut helen, "Dan@example.org").await;
    let digits = house.app.keys.knock_digits(&message.to_string()).to_string();
    let spaced = format!("{} {}", &digits[..4], &digits[4..]);
    for typed in [form("dan@example.org", &digits), form(" DAN+x@example.org ", &spaced)] {
        let mut dan = house.browser();
        let answer = dan.form("/come", &typed).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/waiting"));
        for part in ["reader=", "HttpOnly", "SameSite=Lax"] {
            assert!(answer.header("set-cookie").contains(part), "{part}");
        }
        let waiting = dan.get("/waiting").await;
        assert!(String::from_utf8_lossy(&waiting.body).contains("Helen Marlow has written to you."));
    }
}

#[tokio::test]
async fn wrong_digits_and_an_unknown_address_are_one_answer_and_five_a_day_are_taken_of_each() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let message = knocked(&house, &mut helen, "dan@example.org").await;
    let digits = house.app.keys.knock_digits(&message.to_string()).to_string();
    let wrong = other_than(&digits);
    let mut answers = Vec::new();
    for address in ["dan@example.org", "nan@example.org"] {
        let mut stranger = house.browser();
        let mut heard = Vec::new();
        for _ in 0..5 {
            let answer = stranger.form("/come", &form(address, &wrong)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.header("set-cookie").is_empty());
            heard.push((format!("{:?}", answer.headers), answer.body));
        }
        let answer = stranger.form("/come", &form(address, &digits)).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "the right ones come too late");
        assert_eq!(answer.header("retry-after"), "86400");
        heard.push((format!("{:?}", answer.headers), answer.body));
        answers.push(heard);
    }
    // What was typed stands there again; else they are the same to the byte.
    let said = |heard: &[(String, Vec<u8>)]| {
        let text = |body: &[u8]| String::from_utf8_lossy(body).replace("nan@", "dan@");
        heard.iter().map(|(headers, body)| (headers.clone(), text(body))).collect::<Vec<_>>()
    };
    assert_eq!(said(&answers[0]), said(&answers[1]));
    assert!(said(&answers[0])[0].1.contains("value=\"dan@example.org\""), "what was typed stays");
    house.pass(25 * 3600);
    let answer = house.browser().form("/come", &form("dan@example.org", &digits)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "tomorrow is another day");
}

#[tokio::test]
async fn the_digits_of_one_do_not_open_the_door_of_another() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let his = knocked(&house, &mut helen, "dan@example.org").await;
    knocked(&house, &mut helen, "mara@example.org").await;
    let digits = house.app.keys.knock_digits(&his.to_string()).to_string();
    // What fills the empty places of a comparison opens nothing either.
    let nobody = house.app.keys.knock_digits(&MessageId([0; 16]).to_string()).to_string();
    for (address, digits) in
        [("mara@example.org", &digits), ("dan@example.org", &nobody), ("nan@example.org", &nobody)]
    {
        let answer = house.browser().form("/come", &form(address, digits)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{address}");
    }
}

#[tokio::test]
async fn a_slip_of_the_pen_is_said_and_costs_no_try() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let message = knocked(&house, &mut helen, "dan@example.org").await;
    let digits = house.app.keys.knock_digits(&message.to_string()).to_string();
    let mut dan = house.browser();
    for (typed, said) in [
        ("", "There is no address yet."),
        ("address=dan&digits=12345678", "There is no @ in this address."),
        ("address=dan@example.org", "These are not eight digits."),
        ("address=dan@example.org&digits=1234567", "These are not eight digits."),
        ("address=dan@example.org&digits=12345678&digits=12345678", "These are not eight digits."),
        ("address=%22%3E%3Cscript%3E&digits=1", "&quot;&gt;&lt;script&gt;"),
    ] {
        let answer = dan.form("/come", typed).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        let page = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(page.contains("<title>Error: Somebody wrote to me</title>"), "{typed}");
        assert!(page.contains(said) && !page.contains("<script>"), "{typed}: {page}");
    }
    let answer = dan.form("/come", &form("dan@example.org", &digits)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

fn quieted(house: &House) -> usize {
    let facts = house.store.facts();
    facts.iter().filter(|fact| matches!(fact, Fact::Refused { scope: Scope::Quiet, .. })).count()
}

/// What a mail provider sends: from nowhere, with no cookie and none of our headers.
async fn one_click(house: &House, path: &str, kind: &str, body: &str) -> Answer {
    let mut provider = house.browser();
    let request = axum::http::Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::HOST, "localhost:7070")
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body.to_owned()))
        .unwrap();
    provider.send(request).await
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn the_one_click_of_a_mail_provider_is_honoured_once_and_lifted_like_any_no() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let message = knocked(&house, &mut helen, "dan@example.org").await;
    let path = format!("/quiet/{message}.{}", house.app.keys.quiet_token(&message.to_string()));
    let mut scanner = house.browser();
    for method in [Method::GET, Method::HEAD] {
        let request = scanner.request(method, &path).body(Body::empty()).unwrap();
        assert_eq!(scanner.send(request).await.status, StatusCode::OK);
    }
    for body in ["", "quiet=no", "x=y"] {
        let answer = one_click(&house, &path, FORM, body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    assert_eq!(quieted(&house), 0, "who only looks changes nothing");
    let parts =
        "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    for (kind, body) in [
        (FORM, "List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=b", parts),
        (FORM, "quiet=yes"),
    ] {
        let answer = one_click(&house, &path, kind, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{body}");
        assert!(String::from_utf8_lossy(&answer.body).contains("That is done."));
        assert!(answer.header("set-cookie").is_empty());
    }
    assert_eq!(quieted(&house), 1, "again is no second no");
    // It is no wider than it says: what waits can be opened, and the no taken back.
    let token = house.app.keys.link_token(&message.to_string());
    let (_, mut dan) = house.reader(&token).await;
    let refused = dan.get("/refused").await;
    assert!(String::from_utf8_lossy(&refused.body).contains("No more messages about this person"));
    dan.form("/lift", "no=quiet").await;
    let lifted = house.store.facts().iter().filter(|f| matches!(f, Fact::Lifted { .. })).count();
    assert_eq!(lifted, 1);
}

#[tokio::test]
async fn a_click_on_nothing_gets_the_answer_of_a_click_on_something() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let message = knocked(&house, &mut helen, "dan@example.org").await;
    let right = house.app.keys.quiet_token(&message.to_string());
    let nobody = MessageId([9; 16]).to_string();
    let known = one_click(&house, &format!("/quiet/{message}.{right}"), FORM, "quiet=yes").await;
    assert_eq!(quieted(&house), 1);
    for token in [
        format!("{message}.{}", house.app.keys.quiet_token(&nobody)),
        format!("{nobody}.{}", house.app.keys.quiet_token(&nobody)),
        format!("{nobody}.{right}"),
        format!("{message}.{}", &right[..42]),
        format!("{message}.{right}x"),
        format!("{message}.{}", right.to_uppercase()),
        message.to_string(),
        format!(".{right}"),
        "x".to_owned(),
        "%00.%00".to_owned(),
    ] {
        let answer = one_click(&house, &format!("/quiet/{token}"), FORM, "List-Unsubscribe=One-Click").await;
        assert_eq!(answer.status, StatusCode::OK, "{token}");
        assert_eq!(answer.body, known.body, "{token}");
        assert_eq!(format!("{:?}", answer.headers), format!("{:?}", known.headers), "{token}");
    }
    assert_eq!(quieted(&house), 1);
    let long = "x".repeat(5000);
    let answer = one_click(&house, &format!("/quiet/{message}.{right}"), FORM, &long).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let answer = one_click(&house, &format!("/quiet/{message}.{right}"), "application/json", "{}").await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
