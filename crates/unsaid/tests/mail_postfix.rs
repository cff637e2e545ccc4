//! The same client against a real Postfix, which `scripts/with-postfix` starts and names in the environment.
//! Without one these tests pass by doing nothing, unless UNSAID_TEST_REQUIRE=1 says that there must be one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use unsaid::mail::compose::{Letterhead, Message, Particulars, compose};
use unsaid::mail::relay::{Relay, RelayConfig, Tls};
use unsaid::mail::{Answer, Mail, Outgoing, Permission};
use unsaid::words::Words;

struct Yes(usize);

#[async_trait]
impl Permission for Yes {
    async fn still_allowed(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0
    }
}

/// The relay and the folder where its mail lands.
#[expect(clippy::disallowed_methods, reason = "where the test's own mail server is")]
fn postfix() -> Option<(Relay, PathBuf)> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(url), Some(maildir)) = (set("UNSAID_TEST_SMTP"), set("UNSAID_TEST_MAILDIR")) else {
        assert!(
            set("UNSAID_TEST_REQUIRE").as_deref() != Some("1"),
            "UNSAID_TEST_SMTP and UNSAID_TEST_MAILDIR are not set. Run this through scripts/with-postfix."
        );
        return None;
    };
    let place = url.strip_prefix("smtp://").and_then(|rest| rest.strip_suffix("?tls=none"));
    let (host, port) = place.and_then(|place| place.rsplit_once(':')).expect("smtp://HOST:PORT?tls=none");
    let relay = Relay::new(RelayConfig {
        host: host.to_owned(),
        port: port.parse().unwrap(),
        tls: Tls::None,
        user: None,
        password: None,
    });
    Some((relay.unwrap(), PathBuf::from(maildir)))
}

/// A message of this test alone; its number holds the test's name and the process, so that runs do not meet.
fn message(to: &str, name: &str) -> Outgoing {
    let head = Letterhead {
        from_name: "Haus 🕊️ Lindenhof".into(),
        from_address: "letters@example.org".into(),
        house_name: "Haus 🕊️ Lindenhof".into(),
        host_contact: Some(". a dot in front".into()),
        public_origin: "https://letters.example.org".into(),
    };
    let particulars = Particulars {
        to: to.into(),
        return_path: "bounce@example.com".into(),
        reply_to: None,
        message_id: format!("{name}.{}@letters.example.org", std::process::id()),
        date: "2037-03-12T09:00:00Z".parse().unwrap(),
    };
    let knock = Message::Knock {
        link: "https://letters.example.org/k/Zm9yIG15IGdyYW5kY2hpbGQgd2hlbiBzaGUgaXMgb2xk",
        digits: "27182818",
        quiet: "https://letters.example.org/quiet/mzxw6ytboi4dsmzrgq2tinzwga.Zm9yIG15IGdyYW5kY2hpbGQgd2hlbiBzaGUgaXM",
    };
    compose(Words::english(), &head, &particulars, &knock).unwrap()
}

/// Every message under this folder with this number.
fn found(folder: &Path, message_id: &str) -> Vec<String> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(found(&path, message_id));
        } else if let Ok(text) = std::fs::read_to_string(&path)
            && text.contains(&format!("Message-ID: <{message_id}>"))
        {
            all.push(text);
        }
    }
    all
}

async fn arrives(folder: &Path, message: &Outgoing) -> String {
    for _ in 0..300 {
        if let Some(text) = found(&folder.join("new"), &message.message_id).pop() {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{} did not arrive in {}", message.message_id, folder.display());
}

#[tokio::test]
async fn a_message_arrives_byte_for_byte() {
    let Some((relay, maildir)) = postfix() else { return };
    assert_eq!(relay.check().await, Ok(()));
    let message = message("anna@example.org", "arrives");
    assert_eq!(relay.send(&message, &mut Yes(9)).await, Answer::Accepted);
    let arrived = arrives(&maildir, &message).await.replace('\n', "\r\n");
    // Postfix writes Return-Path, Delivered-To and Received above ours and changes nothing below.
    let sent = String::from_utf8(message.bytes.clone()).unwrap();
    assert!(arrived.ends_with(&sent), "{arrived}");
    assert!(arrived.contains("Return-Path: <bounce@example.com>"), "{arrived}");
    assert!(arrived.contains("X-Original-To: anna@example.org"), "{arrived}");
}

#[tokio::test]
async fn its_three_ways_of_saying_no_are_told_apart() {
    let Some((relay, maildir)) = postfix() else { return };
    let no = |to: &'static str| {
        let relay = &relay;
        let maildir = &maildir;
        async move {
            let message = message(&format!("{to}@example.org"), to);
            let answer = relay.send(&message, &mut Yes(9)).await;
            assert!(found(maildir, &message.message_id).is_empty());
            answer
        }
    };
    let numbers = |code, enhanced: &str| unsaid::mail::Reply { code, enhanced: Some(enhanced.to_owned()) };
    assert_eq!(no("gone").await, Answer::Refused { reply: numbers(550, "5.1.1") });
    assert_eq!(no("later").await, Answer::Later { reply: numbers(450, "4.2.1") });
    assert_eq!(no("refused").await, Answer::Unwelcome { reply: numbers(550, "5.7.1") });
}

#[tokio::test]
async fn what_is_forbidden_at_either_moment_never_arrives() {
    let Some((relay, maildir)) = postfix() else { return };
    let forbidden = [message("anna@example.org", "no1"), message("anna@example.org", "no2")];
    assert_eq!(relay.send(&forbidden[0], &mut Yes(1)).await, Answer::Forbidden);
    assert_eq!(relay.send(&forbidden[1], &mut Yes(2)).await, Answer::Forbidden);
    // One that is allowed and sent after them: when it is there, they would be too.
    let allowed = message("anna@example.org", "yes");
    assert_eq!(relay.send(&allowed, &mut Yes(3)).await, Answer::Accepted);
    arrives(&maildir, &allowed).await;
    for message in forbidden {
        assert!(found(&maildir, &message.message_id).is_empty());
    }
}
