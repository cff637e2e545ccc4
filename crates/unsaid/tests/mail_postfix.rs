//! The same client against a real Postfix, which `scripts/with-postfix` starts and names in the environment.
//! Without one these tests pass by doing nothing, unless UNSAID_TEST_REQUIRE=1 says that there must be one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use unsaid::mail::compose::{KnockTo, Letterhead, Message, Particulars, compose};
use unsaid::mail::relay::{Relay, RelayConfig, Tls};
use unsaid::mail::{Answer, Mail, Outgoing, Permission, Reach};
use unsaid::words::Words;
use unsaid_delivery::message::{Kind, MessageState, Subject};
use unsaid_delivery::record;
use unsaid_delivery::state::Wake;
use unsaid_delivery::{MessageId, Now, Observed, PersonId};

struct Yes(usize);

#[async_trait]
impl Permission for Yes {
    async fn still_allowed(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0
    }
}

#[expect(clippy::disallowed_methods, reason = "where the test's own mail server is")]
fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The relay and the folder where its mail lands.
fn postfix() -> Option<(Relay, PathBuf)> {
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
        to: KnockTo::Person(None),
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
    assert_eq!(relay.check().await, Ok(Reach::Everybody));
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

/// Over a handful of connections that are used again and again, each of many arrives, and once.
#[tokio::test]
async fn many_arrive_once_each() {
    use futures_util::StreamExt as _;
    let Some((relay, maildir)) = postfix() else { return };
    let many: Vec<Outgoing> = (0..40).map(|nr| message("anna@example.org", &format!("many{nr}"))).collect();
    let answers: Vec<Answer> = futures_util::stream::iter(&many)
        .map(|message| {
            let relay = &relay;
            async move { relay.send(message, &mut Yes(9)).await }
        })
        .buffer_unordered(4)
        .collect()
        .await;
    assert!(answers.iter().all(|answer| *answer == Answer::Accepted), "{answers:?}");
    for message in &many {
        arrives(&maildir, message).await;
        assert_eq!(found(&maildir, &message.message_id).len(), 1, "{}", message.message_id);
    }
}

#[tokio::test]
async fn an_address_in_another_script_is_reached() {
    let Some((relay, maildir)) = postfix() else { return };
    let message = message("анна@example.org", "script");
    assert!(!message.bytes.is_ascii());
    assert_eq!(relay.send(&message, &mut Yes(9)).await, Answer::Accepted);
    let arrived = arrives(&maildir, &message).await.replace('\n', "\r\n");
    assert!(arrived.ends_with(&String::from_utf8(message.bytes).unwrap()), "{arrived}");
}

/// The same Postfix at a port where it does not offer SMTPUTF8.
fn without_other_scripts() -> Relay {
    let url = set("UNSAID_TEST_SMTP_ASCII").expect("scripts/with-postfix names it");
    let port = url.rsplit_once(':').and_then(|(_, port)| port.strip_suffix("?tls=none")).unwrap();
    Relay::new(RelayConfig {
        host: "127.0.0.1".into(),
        port: port.parse().unwrap(),
        tls: Tls::None,
        user: None,
        password: None,
    })
    .unwrap()
}

/// What a human typed goes as far as Postfix and no further changed: a domain in another script, a name in quotation marks, and one as long as may be.
#[tokio::test]
async fn every_address_that_is_accepted_is_brought_to() {
    let Some((relay, maildir)) = postfix() else { return };
    let longest =
        format!("{}@{}.{}.{}.example.org", "a".repeat(64), "a".repeat(63), "b".repeat(63), "c".repeat(49));
    assert_eq!(longest.len(), 254);
    let all = [
        ("idn", "hans@bücher.example", "hans@xn--bcher-kva.example"),
        ("quoted", "\"anna maria\"@example.org", "\"anna maria\"@example.org"),
        ("dots", "\"anna..m.\"@example.org", "\"anna..m.\"@example.org"),
        ("plain", "\"anna\"@example.org", "anna@example.org"),
        ("script", "Анна@example.org", "Анна@example.org"),
        ("longest", &longest, &longest),
    ];
    for (name, typed, at) in all {
        let address = unsaid::address::EmailAddress::read(typed).ok().unwrap();
        let message = message(&address.to_text(), &format!("typed-{name}"));
        assert_eq!(relay.send(&message, &mut Yes(9)).await, Answer::Accepted, "{name}");
        let arrived = arrives(&maildir, &message).await;
        assert!(arrived.contains(&format!("X-Original-To: {at}\n")), "{name}: {arrived}");
        let to = if at.starts_with('"') { format!("<{at}>") } else { at.to_owned() };
        assert!(arrived.contains(&format!("\nTo: {to}\n")), "{name}: {arrived}");
    }
}

/// A relay that takes no letters of another script before the @ is told no such address; everything else goes through it, on the same connection.
#[tokio::test]
async fn a_relay_without_smtputf8_is_not_asked_for_what_it_cannot() {
    let Some((_, maildir)) = postfix() else { return };
    let relay = without_other_scripts();
    assert_eq!(relay.check().await, Ok(Reach::AsciiAlone));
    let mut permission = Yes(9);
    let script = message("анна@example.org", "no-script");
    assert_eq!(relay.send(&script, &mut permission).await, Answer::OtherScript);
    assert_eq!(permission.0, 9, "nobody was asked whether it may leave");
    let idn = message("hans@xn--bcher-kva.example", "idn-without");
    assert_eq!(relay.send(&idn, &mut Yes(9)).await, Answer::Accepted);
    arrives(&maildir, &idn).await;
    assert!(found(&maildir, &script.message_id).is_empty());
}

/// An alias cannot be told from a mailbox, nor can a list: each of its readers gets the same knock. What stands in it is no more than that something
/// waits, and who opens it is whoever opens it first; docs/operating.md says so.
#[tokio::test]
async fn an_alias_is_brought_to_and_a_list_brings_it_to_all_of_its_readers() {
    let Some((relay, maildir)) = postfix() else { return };
    let alias = message("alias@example.org", "alias");
    let list = message("list@example.org", "list");
    assert_eq!(relay.send(&alias, &mut Yes(9)).await, Answer::Accepted);
    assert_eq!(relay.send(&list, &mut Yes(9)).await, Answer::Accepted);
    let arrived = arrives(&maildir, &alias).await;
    assert!(arrived.contains("X-Original-To: alias@example.org\n"), "{arrived}");
    assert!(arrived.contains("Delivered-To: anna@example.org\n"), "{arrived}");
    let mut at = Vec::new();
    for _ in 0..300 {
        at = found(&maildir.join("new"), &list.message_id);
        if at.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let to = |who: &str| {
        at.iter().filter(|mail| mail.contains(&format!("Delivered-To: {who}@example.org\n"))).count()
    };
    assert_eq!((at.len(), to("anna"), to("karl")), (2, 1, 1));
    // Its programs are told not to answer, and how to stop it.
    assert!(
        at.iter().all(|mail| mail.contains("\nAuto-Submitted: auto-generated\n")
            && mail.contains("\nList-Unsubscribe: <"))
    );
}

/// What a greylisting server keeps: who wrote to whom for the first time, and when, by the test's own clock.
#[derive(Default)]
struct Grey {
    seconds: i64,
    first: BTreeMap<(String, String, String), i64>,
    asked: usize,
}

/// Whoever comes for the first time is asked to come again, and not before five minutes are over.
const GREY_SECONDS: i64 = 300;

impl Grey {
    /// The answer to one request (Postfix, SMTPD_POLICY_README).
    fn decide(&mut self, asked: &BTreeMap<String, String>) -> &'static str {
        self.asked += 1;
        let named = |name: &str| asked.get(name).cloned().unwrap_or_default();
        let who = (named("client_address"), named("sender"), named("recipient"));
        let first = *self.first.entry(who).or_insert(self.seconds);
        if self.seconds - first < GREY_SECONDS { "defer_if_permit greylisted, come again" } else { "dunno" }
    }
}

/// The policy service: answers until the test is over.
async fn greylisting(place: &str, grey: Arc<Mutex<Grey>>) {
    let listener = TcpListener::bind(place).await.unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let grey = Arc::clone(&grey);
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                let mut asked = BTreeMap::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if let Some((name, value)) = line.split_once('=') {
                        asked.insert(name.to_owned(), value.to_owned());
                        continue;
                    }
                    let action = grey.lock().unwrap().decide(&asked);
                    asked.clear();
                    if write.write_all(format!("action={action}\n\n").as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
}

/// faults.md 14. The pauses are the rules' own; the greylisting counts by them.
#[tokio::test]
async fn greylisted_and_later_accepted_once() {
    let Some((relay, maildir)) = postfix() else { return };
    let grey = Arc::new(Mutex::new(Grey::default()));
    greylisting(&set("UNSAID_TEST_POLICY").expect("scripts/with-postfix names it"), Arc::clone(&grey)).await;
    let sent = message(&format!("grey{}@example.org", std::process::id()), "grey");
    let mut row = unsaid_delivery::message::Message {
        id: MessageId([1; 16]),
        kind: Kind::Knock,
        subject: Subject::Person(PersonId([2; 16])),
        nth: 1,
        address: None,
        state: MessageState::Waiting,
        tries: 0,
        since: Observed(0),
        date: None,
        expires: None,
        foreseen: true,
        rev: 1,
    };
    let mut answers = Vec::new();
    loop {
        let answer = relay.send(&sent, &mut Yes(9)).await;
        let now = grey.lock().unwrap().seconds;
        answers.push((now, answer.clone()));
        assert!(found(&maildir.join("new"), &sent.message_id).is_empty() || answer == Answer::Accepted);
        if answer
            != (Answer::Later { reply: unsaid::mail::Reply { code: 450, enhanced: Some("4.7.1".into()) } })
        {
            break;
        }
        let trusted = sent_at();
        let recorded =
            record::answered(&row, record::Answer::Later, Now { trusted, observed: Observed(now) });
        let Some(Wake::Observed(next)) = recorded.wake else { panic!("{recorded:?}") };
        row.tries += 1;
        grey.lock().unwrap().seconds = next.0;
    }
    let times: Vec<i64> = answers.iter().map(|(at, _)| *at).collect();
    assert_eq!(answers.last().map(|(_, answer)| answer), Some(&Answer::Accepted), "{answers:?}");
    assert_eq!(times, [0, 60, 360], "a minute, then five");
    arrives(&maildir, &sent).await;
    assert_eq!(found(&maildir, &sent.message_id).len(), 1);
    let grey = grey.lock().unwrap();
    assert_eq!((grey.first.len(), grey.asked), (1, 3), "each time the same sender to the same recipient");
}

fn sent_at() -> jiff::Timestamp {
    "2037-03-12T09:00:00Z".parse().unwrap()
}
