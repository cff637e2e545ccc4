//! Stories of one message and a scripted relay that does everything wrong. Each says what the sender is told, and what
//! the other side had really heard. (A real Postfix: mail_postfix.rs.) `answers.rs` holds each step and each misbehaviour against a table;
//! `reuse.rs` tells of connections that bring more than one message.
//!
//! It is one thing because every story is the same good conversation until the moment at which it goes wrong.

mod answers;
mod reuse;
mod script;

use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::rustls::RootCertStore;
use unsaid::mail::relay::{Relay, RelayConfig, Timeouts, Tls};
use unsaid::mail::{Answer, Mail, Outgoing, Permission, Reach, Reply};

use script::{Act, Heard, authority, relay, say};

/// Permission that says yes this many times, then no; and counts how often it was asked.
struct Yes {
    times: usize,
    asked: usize,
}

#[async_trait]
impl Permission for Yes {
    async fn still_allowed(&mut self) -> bool {
        self.asked += 1;
        self.asked <= self.times
    }
}

fn always() -> Yes {
    Yes { times: usize::MAX, asked: 0 }
}

fn message() -> Outgoing {
    Outgoing {
        to: "anna@example.org".into(),
        return_path: "bounce+abc@house.example".into(),
        message_id: "abc@house.example".into(),
        bytes: b"Subject: Something waits for you\r\nMessage-ID: <abc@house.example>\r\n\r\n.\r\n..dots\r\nend\r\n".to_vec(),
    }
}

/// Long enough for everything that is meant to succeed on a busy machine.
fn patient() -> Timeouts {
    let long = Duration::from_secs(60);
    Timeouts { connect: long, reply: long, data: long, content: long, used: long, dot: long }
}

/// Short where a silence is waited for.
fn hasty() -> Timeouts {
    let short = Duration::from_millis(300);
    Timeouts {
        connect: Duration::from_secs(60),
        reply: short,
        data: short,
        content: short,
        used: short,
        dot: short,
    }
}

fn plain(port: u16) -> RelayConfig {
    RelayConfig { host: "127.0.0.1".into(), port, tls: Tls::None, user: None, password: None }
}

fn to(config: RelayConfig, timeouts: Timeouts) -> Relay {
    Relay::with(config, authority(), timeouts).unwrap()
}

fn not_reached() -> Answer {
    Answer::NotReached { reply: Reply::silence() }
}

fn reply(code: u16, enhanced: &str) -> Reply {
    Reply { code, enhanced: (!enhanced.is_empty()).then(|| enhanced.to_owned()) }
}

/// The six moments at which a plain relay speaks: greeting, EHLO, MAIL, RCPT, DATA, the end of the content.
const GOOD: [&str; 6] = [
    "220 relay.example ESMTP",
    "250-relay.example\r\n250 ENHANCEDSTATUSCODES",
    "250 2.1.0 ok",
    "250 2.1.5 ok",
    "354 go on",
    "250 2.0.0 queued as 1",
];
const NAMES: [&str; 6] = ["greeting", "ehlo", "mail", "rcpt", "data", "content"];
const LAST: usize = 5;

/// The good script up to this moment, then something else.
fn good_until(moment: usize, then: Vec<Act>) -> Vec<Act> {
    let hears = [
        Act::Hear("EHLO [127.0.0.1]"),
        Act::Hear("MAIL FROM:<bounce+abc@house.example>"),
        Act::Hear("RCPT TO:<anna@example.org>"),
        Act::Hear("DATA"),
        Act::HearContent,
    ];
    let mut script = Vec::new();
    for at in 0..moment {
        script.push(say(GOOD[at]));
        script.push(hears[at].clone());
    }
    script.extend(then);
    script
}

async fn send_to(script: Vec<Act>, timeouts: Timeouts, permission: &mut Yes) -> (Answer, Heard) {
    let (port, task) = relay(script).await;
    let answer = to(plain(port), timeouts).send(&message(), permission).await;
    (answer, task.await.unwrap())
}

#[tokio::test]
async fn accepted_means_that_the_whole_message_arrived_and_permission_was_asked_twice() {
    let mut permission = always();
    let (answer, heard) = send_to(good_until(LAST, vec![say(GOOD[LAST])]), patient(), &mut permission).await;
    assert_eq!(answer, Answer::Accepted);
    assert_eq!(permission.asked, 2);
    let content = String::from_utf8(heard.content.clone().unwrap()).unwrap();
    let arrived = content.replace("\r\n.", "\r\n") + "\r\n";
    assert_eq!(arrived.as_bytes(), message().bytes);
    assert!(heard.bytes.ends_with(b"\r\n.\r\nQUIT\r\n"));
}

#[tokio::test]
async fn every_no_is_told_with_its_numbers_and_nothing_arrives_before_the_content() {
    let blocked = |code, enhanced| Answer::Blocked { reply: reply(code, enhanced) };
    let refused = |code, enhanced| Answer::Refused { reply: reply(code, enhanced) };
    let later = |code, enhanced| Answer::Later { reply: reply(code, enhanced) };
    let not_reached = |code, enhanced| Answer::NotReached { reply: reply(code, enhanced) };
    let unwelcome = |code, enhanced| Answer::Unwelcome { reply: reply(code, enhanced) };
    let table = [
        (0, "421 4.3.2 too busy", not_reached(421, "4.3.2")),
        (0, "554 5.7.1 no service for you", blocked(554, "5.7.1")),
        (0, "554-no\r\n554 service", blocked(554, "")),
        (1, "502 what is EHLO", blocked(502, "")),
        (2, "451 4.3.0 later", not_reached(451, "4.3.0")),
        (2, "530 5.7.0 sign in first", blocked(530, "5.7.0")),
        (2, "550 5.1.8 bad sender", blocked(550, "5.1.8")),
        (3, "451 4.7.1 greylisted", later(451, "4.7.1")),
        (3, "452 4.2.2 full", later(452, "4.2.2")),
        (3, "550-5.1.1 <anna@example.org>\r\n550 5.1.1 no such mailbox", refused(550, "5.1.1")),
        (3, "550 nobody of that name", refused(550, "")),
        (3, "554 5.7.1 listed", unwelcome(554, "5.7.1")),
        (4, "451 4.3.0 not now", later(451, "4.3.0")),
        (4, "554 5.5.1 no valid recipients", refused(554, "5.5.1")),
        (4, "250 2.0.0 a yes to the wrong question", not_reached(250, "2.0.0")),
        (5, "452 4.3.1 disk full", later(452, "4.3.1")),
        (5, "554 5.6.0 I do not like it", refused(554, "5.6.0")),
        (5, "550 5.7.26 not signed", unwelcome(550, "5.7.26")),
    ];
    for (moment, line, meaning) in table {
        let (answer, heard) = send_to(good_until(moment, vec![say(line)]), patient(), &mut always()).await;
        assert_eq!(answer, meaning, "{} at {}", line, NAMES[moment]);
        assert_eq!(heard.saw_a_whole_message(), moment == LAST, "{line}");
        let out_of_step = line.starts_with("250");
        assert_eq!(heard.saw("QUIT\r\n"), moment > 1 && !out_of_step, "{line}");
    }
}

#[tokio::test]
async fn the_longest_reply_that_is_allowed_is_read() {
    let line = format!("250-{}\r\n", "a".repeat(2047 - 5));
    let long = line.repeat(99) + "250 end";
    let (answer, _) = send_to(good_until(LAST, vec![say(&long)]), patient(), &mut always()).await;
    assert_eq!(answer, Answer::Accepted);
}

#[tokio::test]
async fn closed_while_the_content_is_written_is_unknown() {
    let mut big = message();
    big.bytes = [b"Subject: x\r\n\r\n".to_vec(), b"a line\r\n".repeat(2_000_000)].concat();
    let (port, task) = relay(good_until(4, vec![say("354 go on"), Act::HearSome, Act::Drop])).await;
    let answer = to(plain(port), patient()).send(&big, &mut always()).await;
    assert!(matches!(answer, Answer::Unknown { .. }), "{answer:?}");
    assert!(!task.await.unwrap().saw_a_whole_message());
}

#[tokio::test]
async fn a_relay_that_reads_no_content_does_not_hold_us() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut space = [0; 512];
        for line in GOOD.iter().take(5) {
            stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
            if *line != GOOD[4] {
                assert!(stream.read(&mut space).await.unwrap() > 0);
            }
        }
        stream
    });
    let mut big = message();
    big.bytes = [b"Subject: x\r\n\r\n".to_vec(), b"a line\r\n".repeat(4_000_000)].concat();
    let answer = to(plain(port), hasty()).send(&big, &mut always()).await;
    assert_eq!(answer, Answer::Unknown { why: "the content could not be written in time" });
    drop(task.await.unwrap());
}

#[tokio::test]
async fn not_allowed_before_data_and_no_data_is_said() {
    let mut permission = Yes { times: 0, asked: 0 };
    let (answer, heard) =
        send_to(good_until(3, vec![say(GOOD[3]), Act::Silence]), patient(), &mut permission).await;
    assert_eq!(answer, Answer::Forbidden);
    assert_eq!(permission.asked, 1);
    assert!(!heard.saw("DATA"));
    assert!(heard.saw("RCPT"));
}

#[tokio::test]
async fn not_allowed_before_the_content_and_the_line_is_cut_without_a_dot() {
    let mut permission = Yes { times: 1, asked: 0 };
    let (answer, heard) =
        send_to(good_until(4, vec![say(GOOD[4]), Act::HearContent]), patient(), &mut permission).await;
    assert_eq!(answer, Answer::Forbidden);
    assert_eq!(permission.asked, 2);
    assert!(heard.content.is_none());
    // After DATA not one byte came, QUIT neither: it would have been content.
    assert!(heard.bytes.ends_with(b"DATA\r\n"));
}

#[tokio::test]
async fn goodbye_does_not_delay_the_result() {
    // The relay reads QUIT and never answers it; sixty seconds would be waited for any reply.
    let script = good_until(LAST, vec![say(GOOD[LAST]), Act::Hear("QUIT"), Act::Silence]);
    let sent = timeout(Duration::from_secs(20), send_to(script, patient(), &mut always())).await;
    assert_eq!(sent.unwrap().0, Answer::Accepted);
}

#[tokio::test]
async fn nobody_there_is_not_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut permission = always();
    let relay = to(plain(port), patient());
    assert_eq!(relay.send(&message(), &mut permission).await, not_reached());
    assert_eq!(permission.asked, 0);
    let said = relay.check().await.unwrap_err();
    assert!(said.contains("does not take connections") && said.contains("UNSAID_MAIL"), "{said}");

    let mut nowhere = plain(port);
    nowhere.host = "no-such-host.invalid".into();
    assert_eq!(to(nowhere, patient()).send(&message(), &mut always()).await, not_reached());
}

#[tokio::test]
async fn a_message_that_would_break_the_conversation_is_never_begun() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = to(plain(listener.local_addr().unwrap().port()), patient());
    type Change = fn(&mut Outgoing);
    let refused: [(Change, u16, &str); 8] = [
        (|m| m.to = "anna@example.org>\r\nRCPT TO:<eve@example.org".into(), 501, "5.1.3"),
        (|m| m.to = "anna@example.org\n".into(), 501, "5.1.3"),
        (|m| m.to = String::new(), 501, "5.1.3"),
        (|m| m.bytes = b"Subject: x\r\n\r\nbare\n.\nline\r\n".to_vec(), 554, "5.6.0"),
        (|m| m.bytes = b"Subject: x\r\n\r\nbare\rline\r\n".to_vec(), 554, "5.6.0"),
        (|m| m.bytes = b"Subject: x\r\n\r\nno end".to_vec(), 554, "5.6.0"),
        (|m| m.bytes = b"Subject: \0\r\n\r\n".to_vec(), 554, "5.6.0"),
        (|m| m.bytes = [b"a".repeat(999), b"\r\n".to_vec()].concat(), 554, "5.6.0"),
    ];
    for (change, code, enhanced) in refused {
        let mut message = message();
        change(&mut message);
        let answer = relay.send(&message, &mut always()).await;
        assert_eq!(answer, Answer::Refused { reply: reply(code, enhanced) });
    }
    let mut message = message();
    message.return_path = "a b@house.example\r\n".into();
    assert_eq!(relay.send(&message, &mut always()).await, Answer::Blocked { reply: reply(501, "5.1.7") });
    assert!(timeout(Duration::from_millis(50), listener.accept()).await.is_err(), "a connection was made");
}

#[tokio::test]
async fn no_return_path_is_written_as_the_empty_one() {
    let script = vec![
        say(GOOD[0]),
        Act::Hear("EHLO"),
        say(GOOD[1]),
        Act::Hear("MAIL FROM:<>"),
        say(GOOD[2]),
        Act::Hear("RCPT"),
        say(GOOD[3]),
        Act::Hear("DATA"),
        say(GOOD[4]),
        Act::HearContent,
        say(GOOD[5]),
    ];
    let (port, task) = relay(script).await;
    let mut message = message();
    message.return_path.clear();
    assert_eq!(to(plain(port), patient()).send(&message, &mut always()).await, Answer::Accepted);
    assert!(task.await.unwrap().lines.contains(&"MAIL FROM:<>".to_owned()));
}

#[tokio::test]
async fn an_address_in_another_script_needs_a_relay_that_knows_it() {
    let mut message = message();
    message.to = "анна@example.org".into();
    let (port, task) = relay(good_until(1, vec![say(GOOD[1]), Act::Silence])).await;
    let answer = to(plain(port), patient()).send(&message, &mut always()).await;
    assert_eq!(answer, Answer::OtherScript);
    assert!(!task.await.unwrap().saw("MAIL"));

    let script = vec![
        say(GOOD[0]),
        Act::Hear("EHLO"),
        say("250-relay.example\r\n250-8BITMIME\r\n250 SMTPUTF8"),
        Act::Hear("MAIL FROM:<bounce+abc@house.example> BODY=8BITMIME SMTPUTF8"),
        say(GOOD[2]),
        Act::Hear("RCPT TO:<анна@example.org>"),
        say(GOOD[3]),
        Act::Hear("DATA"),
        say(GOOD[4]),
        Act::HearContent,
        say(GOOD[5]),
    ];
    let (port, task) = relay(script).await;
    assert_eq!(to(plain(port), patient()).send(&message, &mut always()).await, Answer::Accepted);
    assert!(task.await.unwrap().content.is_some());
}

fn closed(port: u16, tls: Tls) -> RelayConfig {
    RelayConfig {
        host: "localhost".into(),
        port,
        tls,
        user: Some("house".into()),
        password: Some("päss wörd".into()),
    }
}

/// `\0house\0päss wörd` and its halves.
const PLAIN: &str = "AUTH PLAIN AGhvdXNlAHDDpHNzIHfDtnJk";
const USER: &str = "aG91c2U=";
const PASSWORD: &str = "cMOkc3Mgd8O2cmQ=";

fn starttls() -> Vec<Act> {
    vec![
        say(GOOD[0]),
        Act::Hear("EHLO"),
        say("250-relay.example\r\n250 STARTTLS"),
        Act::Hear("STARTTLS"),
        say("220 2.0.0 go ahead"),
        Act::Tls,
    ]
}

/// Inside TLS from EHLO on, signed in, to the end.
fn inside(auth: &str, talk: Vec<Act>) -> Vec<Act> {
    let mut script = vec![Act::Hear("EHLO"), say(&format!("250-relay.example\r\n250 {auth}"))];
    script.extend(talk);
    script.extend([
        Act::Hear("MAIL"),
        say(GOOD[2]),
        Act::Hear("RCPT"),
        say(GOOD[3]),
        Act::Hear("DATA"),
        say(GOOD[4]),
        Act::HearContent,
        say(GOOD[5]),
    ]);
    script
}

#[tokio::test]
async fn with_starttls_only_the_greetings_are_said_in_the_clear() {
    let talk = vec![Act::Hear(PLAIN), say("235 2.7.0 welcome")];
    let script = [starttls(), inside("AUTH LOGIN PLAIN", talk)].concat();
    let (port, task) = relay(script).await;
    let answer = to(closed(port, Tls::Required), patient()).send(&message(), &mut always()).await;
    let heard = task.await.unwrap();
    assert_eq!(answer, Answer::Accepted);
    assert!(heard.content.is_some());
    assert_eq!(heard.in_the_clear, b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n");
    assert!(heard.lines.contains(&PLAIN.to_owned()));
}

#[tokio::test]
async fn with_implicit_tls_nothing_is_said_in_the_clear() {
    let talk = vec![
        Act::Hear("AUTH LOGIN"),
        say("334 VXNlcm5hbWU6"),
        Act::Hear(USER),
        say("334 UGFzc3dvcmQ6"),
        Act::Hear(PASSWORD),
        say("235 2.7.0 welcome"),
    ];
    let script = [vec![Act::Tls, say(GOOD[0])], inside("AUTH LOGIN", talk)].concat();
    let (port, task) = relay(script).await;
    let answer = to(closed(port, Tls::Implicit), patient()).send(&message(), &mut always()).await;
    let heard = task.await.unwrap();
    assert_eq!(answer, Answer::Accepted);
    assert!(heard.content.is_some() && heard.in_the_clear.is_empty());
}

/// faults.md 22: never falls back silently.
#[tokio::test]
async fn without_tls_nothing_leaves() {
    let hello = "250-relay.example\r\n250 STARTTLS";
    let rest = || inside("AUTH PLAIN", vec![Act::Hear("AUTH"), say("235 ok")]);
    let stripped = vec![say(GOOD[0]), Act::Hear("EHLO"), say("250-relay.example\r\n250 AUTH PLAIN")];
    let until =
        |line: &str| vec![say(GOOD[0]), Act::Hear("EHLO"), say(hello), Act::Hear("STARTTLS"), say(line)];
    let stories: Vec<(&str, Vec<Act>, Answer)> = vec![
        ("not offered", stripped, not_reached()),
        (
            "refused for now",
            until("454 4.7.0 no TLS today"),
            Answer::NotReached { reply: reply(454, "4.7.0") },
        ),
        ("refused", until("502 5.5.1 no"), Answer::NotReached { reply: reply(502, "5.5.1") }),
        (
            "a voice before TLS",
            [until("220 go ahead\r\n250 AUTH PLAIN"), vec![Act::Tls], rest()].concat(),
            not_reached(),
        ),
        ("not TLS at all", [until("220 go ahead"), vec![say("hello")]].concat(), not_reached()),
        ("hangs up", [until("220 go ahead"), vec![Act::Drop]].concat(), not_reached()),
    ];
    for (name, script, meaning) in stories {
        let (port, task) = relay(script).await;
        let answer = to(closed(port, Tls::Required), patient()).send(&message(), &mut always()).await;
        let heard = task.await.unwrap();
        assert_eq!(answer, meaning, "{name}");
        assert!(!heard.saw("AUTH") && !heard.saw("MAIL"), "{name}");
    }

    // A certificate for another name, and one that nobody vouches for.
    let script = [starttls(), rest()].concat();
    let (port, task) = relay(script.clone()).await;
    let mut other_name = closed(port, Tls::Required);
    other_name.host = "127.0.0.1".into();
    assert_eq!(to(other_name, patient()).send(&message(), &mut always()).await, not_reached());
    assert!(!task.await.unwrap().saw("MAIL"));

    let (port, task) = relay(script).await;
    let stranger = Relay::with(closed(port, Tls::Required), RootCertStore::empty(), patient()).unwrap();
    assert_eq!(stranger.send(&message(), &mut always()).await, not_reached());
    assert!(!task.await.unwrap().saw("MAIL"));
}

#[tokio::test]
async fn a_sign_in_that_fails_calls_the_host() {
    let silence = || Answer::Blocked { reply: Reply::silence() };
    let stories = [
        // Offered before TLS only: what was said in the clear counts for nothing.
        ("250-relay.example\r\n250 STARTTLS", None, silence()),
        ("250-relay.example\r\n250 AUTH CRAM-MD5", None, silence()),
        (
            "250-relay.example\r\n250 AUTH PLAIN",
            Some("535 5.7.8 no"),
            Answer::Blocked { reply: reply(535, "5.7.8") },
        ),
        (
            "250-relay.example\r\n250 AUTH PLAIN",
            Some("454 4.7.0 not now"),
            Answer::NotReached { reply: reply(454, "4.7.0") },
        ),
    ];
    for (offer, auth, meaning) in stories {
        let mut script = [starttls(), vec![Act::Hear("EHLO"), say(offer)]].concat();
        script.extend(auth.into_iter().flat_map(|line| [Act::Hear(PLAIN), say(line)]));
        let (port, task) = relay(script).await;
        let relay = to(closed(port, Tls::Required), patient());
        assert_eq!(relay.send(&message(), &mut always()).await, meaning, "{offer}");
        assert!(!task.await.unwrap().saw("MAIL"), "{offer}");
    }
}

#[tokio::test]
async fn doctor_is_told_what_to_do_and_never_the_password() {
    let hello = vec![say(GOOD[0]), Act::Hear("EHLO"), say(GOOD[1]), Act::Hear("QUIT"), say("221 bye")];
    let (port, task) = relay(hello).await;
    assert_eq!(to(plain(port), patient()).check().await, Ok(Reach::AsciiAlone));
    assert!(!task.await.unwrap().saw("MAIL"));

    let mut script = [starttls(), vec![Act::Hear("EHLO"), say("250-x\r\n250 AUTH PLAIN")]].concat();
    script.extend([Act::Hear(PLAIN), say("535 5.7.8 house, päss wörd: no")]);
    let (port, _task) = relay(script).await;
    let said = to(closed(port, Tls::Required), patient()).check().await.unwrap_err();
    assert_eq!(
        said,
        format!(
            "The relay at localhost:{port} cannot be used: it answered 535 at auth. \
             Look at the user name and the password in UNSAID_MAIL."
        )
    );
    assert!(!said.contains("päss"));
}

#[test]
fn a_password_goes_over_tls_or_stays_on_this_machine() {
    for (host, fine) in [
        ("127.0.0.1", true),
        ("::1", true),
        ("localhost", true),
        ("relay.localhost", true),
        ("192.0.2.1", false),
        ("mail.example.org", false),
        ("localhost.example.org", false),
    ] {
        let config = |user: Option<&str>| RelayConfig {
            host: host.into(),
            user: user.map(Into::into),
            password: user.map(Into::into),
            ..plain(25)
        };
        let with = Relay::with(config(Some("house")), authority(), patient()).err();
        assert_eq!(with.is_none(), fine, "{host}");
        assert!(with.is_none_or(|said| said.contains("without TLS") && said.contains("UNSAID_MAIL")));
        assert!(Relay::with(config(None), authority(), patient()).is_ok(), "{host}");
    }
}

#[tokio::test]
async fn on_this_machine_a_password_may_go_without_tls() {
    let script = [vec![say(GOOD[0])], inside("AUTH PLAIN", vec![Act::Hear(PLAIN), say("235 ok")])].concat();
    let (port, task) = relay(script).await;
    let config = RelayConfig { tls: Tls::None, ..closed(port, Tls::None) };
    assert_eq!(to(config, patient()).send(&message(), &mut always()).await, Answer::Accepted);
    assert!(task.await.unwrap().content.is_some());
}

#[tokio::test]
async fn content_in_eight_bits_is_announced_or_not_sent() {
    let mut message = message();
    message.bytes = "Subject: x\r\n\r\nschöne Grüße\r\n".into();
    let (port, task) = relay(good_until(1, vec![say(GOOD[1]), Act::Silence])).await;
    let answer = to(plain(port), patient()).send(&message, &mut always()).await;
    assert_eq!(answer, Answer::Refused { reply: reply(554, "5.6.3") });
    assert!(!task.await.unwrap().saw("MAIL"));

    let mut script = good_until(1, vec![say("250-relay.example\r\n250 8BITMIME")]);
    script.push(Act::Hear("MAIL FROM:<bounce+abc@house.example> BODY=8BITMIME"));
    script.extend([say(GOOD[2]), Act::Hear("RCPT"), say(GOOD[3]), Act::Hear("DATA"), say(GOOD[4])]);
    script.extend([Act::HearContent, say(GOOD[5])]);
    let (port, task) = relay(script).await;
    assert_eq!(to(plain(port), patient()).send(&message, &mut always()).await, Answer::Accepted);
    assert_eq!(task.await.unwrap().lines[1], "MAIL FROM:<bounce+abc@house.example> BODY=8BITMIME");
}

#[test]
fn half_of_a_sign_in_is_no_setting() {
    let mut half = plain(25);
    half.user = Some("house".into());
    assert!(Relay::with(half, authority(), patient()).is_err());
}

#[test]
fn the_time_outs_are_those_of_the_rfc() {
    let times = Timeouts::default();
    assert_eq!(times.connect, Duration::from_secs(30));
    assert_eq!(times.reply, Duration::from_secs(300));
    assert_eq!(times.data, Duration::from_secs(120));
    assert_eq!(times.dot, Duration::from_secs(600));
    assert_eq!(times.sum(), Duration::from_secs(2 * 60 + 60 + 9 * 300 + 120 + 180 + 600));
    // Shorter than the lease on a message (worker/leases.rs).
    assert!(times.sum() < Duration::from_secs(75 * 60));
}
