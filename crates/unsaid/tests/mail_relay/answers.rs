//! Each step of the conversation and each way to misbehave there, against the table answers.tsv: what the sender is told. Minutes pass on a clock
//! that leaps.
//!
//! Beside the table it holds what must be true of every row: nothing is accepted that was not heard whole, nothing is heard whole twice, and nothing
//! outlasts the time that a lease is reckoned with.

use std::time::Duration;

use unsaid::mail::relay::{Timeouts, Tls};
use unsaid::mail::{Answer, Mail, Outgoing, Reply};

use crate::script::{Act, Heard, relays, say};
use crate::{GOOD, PLAIN, always, closed, message, plain, to};

const TABLE: &str = include_str!("answers.tsv");

/// How the envelope is said, and whether the connection has brought a message before.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    at_once: bool,
    used: bool,
}

/// In the order of the table's columns.
const WAYS: [Way; 4] = [
    Way { name: "one by one", at_once: false, used: false },
    Way { name: "at once", at_once: true, used: false },
    Way { name: "one by one, used", at_once: false, used: true },
    Way { name: "at once, used", at_once: true, used: true },
];

/// What the relay waits for at a step, and its good reply. TLS has none.
struct Turn {
    step: &'static str,
    hears: Option<Act>,
    says: Option<String>,
}

fn turn(step: &'static str, hears: Option<Act>, says: &str) -> Turn {
    Turn { step, hears, says: Some(says.to_owned()) }
}

/// The four turns of a message.
fn envelope() -> Vec<Turn> {
    vec![
        turn("mail", Some(Act::HearLine), GOOD[2]),
        turn("rcpt", Some(Act::HearLine), GOOD[3]),
        turn("data", Some(Act::HearLine), GOOD[4]),
        turn("content", Some(Act::HearContent), GOOD[5]),
    ]
}

/// A whole good conversation, with TLS and a password where the step belongs to those.
fn conversation(way: Way, closed: bool) -> Vec<Turn> {
    let offer = |more: &str| {
        let pipelining = if way.at_once { "250-PIPELINING\r\n" } else { "" };
        format!("250-relay.example\r\n{pipelining}250 {more}")
    };
    let mut turns = vec![turn("greeting", None, GOOD[0])];
    if closed {
        turns.push(turn("ehlo", Some(Act::Hear("EHLO")), &offer("STARTTLS")));
        turns.push(turn("starttls", Some(Act::Hear("STARTTLS")), "220 2.0.0 go ahead"));
        turns.push(Turn { step: "tls", hears: None, says: None });
        turns.push(turn("ehlo in tls", Some(Act::Hear("EHLO")), &offer("AUTH PLAIN")));
        turns.push(turn("auth", Some(Act::Hear(PLAIN)), "235 2.7.0 welcome"));
    } else {
        turns.push(turn("ehlo", Some(Act::Hear("EHLO")), &offer("8BITMIME")));
    }
    if way.used {
        turns.extend(envelope().into_iter().map(|turn| Turn { step: "the message before", ..turn }));
    }
    turns.extend(envelope());
    turns
}

/// The steps at which a relay speaks, and whether they need TLS and a password.
const STEPS: [(&str, bool); 10] = [
    ("greeting", false),
    ("ehlo", false),
    ("starttls", true),
    ("tls", true),
    ("ehlo in tls", true),
    ("auth", true),
    ("mail", false),
    ("rcpt", false),
    ("data", false),
    ("content", false),
];

/// What it does instead of its good reply there, and whether the good conversation goes on after it.
fn faults(good: &str) -> Vec<(&'static str, Vec<Act>, bool)> {
    let minutes = |minutes: u64| Act::Pause(Duration::from_secs(60 * minutes));
    let half = || Act::Say(good.as_bytes()[..good.len() / 2].to_vec());
    let mut megabyte = b"250 ".to_vec();
    megabyte.resize(1024 * 1024, b'a');
    vec![
        ("4xx", vec![say("451 4.3.0 not now")], true),
        ("5xx", vec![say("550 5.1.1 nobody of that name")], true),
        ("5xx without more", vec![say("554 no")], true),
        ("5.7.x", vec![say("550 5.7.1 not from you")], true),
        ("421 and closed", vec![say("421 4.3.2 closing down"), Act::Drop], false),
        ("garbage", vec![say("hello there")], true),
        ("bytes", vec![Act::Say(vec![0xff; 300]), say("")], true),
        ("an empty line", vec![say("")], true),
        ("a code from nowhere", vec![say("650 ok")], true),
        ("two codes", vec![say("250-ok\r\n550 no")], true),
        ("half a line, closed", vec![half(), Act::Drop], false),
        ("half a line, then nothing", vec![half(), Act::Silence], false),
        ("half a reply, closed", vec![say("250-2.0.0 ok"), Act::Drop], false),
        ("nothing for nine minutes", vec![minutes(9), say(good)], true),
        ("nothing for eleven minutes", vec![minutes(11), say(good)], true),
        ("closed", vec![Act::Drop], false),
        ("a second greeting", vec![say(GOOD[0]), say(good)], true),
        ("the reply twice", vec![Act::Say(format!("{good}\r\n{good}\r\n").into_bytes())], true),
        ("a yes too early", vec![Act::Say(format!("{good}\r\n250 2.0.0 queued\r\n").into_bytes())], true),
        ("a line of a megabyte", vec![Act::Say(megabyte)], true),
        ("a line too long by one", vec![say(&format!("250 {}", "a".repeat(2048 - 4)))], true),
        ("lines without end", vec![Act::Say("250-ok\r\n".repeat(1000).into_bytes())], true),
        ("a drip without end", vec![Act::Drip("250-ok\r\n")], false),
    ]
}

/// The script of one row: good until the step, then the fault, then good again where that goes on.
fn script(way: Way, closed: bool, step: &str, fault: &str) -> Vec<Act> {
    let mut script = Vec::new();
    let mut turns = conversation(way, closed).into_iter();
    for turn in turns.by_ref() {
        script.extend(turn.hears);
        let good = turn.says.unwrap_or_else(|| "220 not TLS at all".into());
        if turn.step == step {
            let (_, acts, goes_on) = faults(&good).into_iter().find(|(name, ..)| *name == fault).unwrap();
            script.extend(acts);
            if !goes_on {
                return script;
            }
            break;
        }
        script.push(if turn.step == "tls" { Act::Tls } else { say(&good) });
    }
    for turn in turns {
        // Whatever is said now is taken as it comes.
        script.extend(turn.hears.map(|act| if matches!(act, Act::Hear(_)) { Act::HearLine } else { act }));
        script.push(turn.says.map_or(Act::Tls, |good| say(&good)));
    }
    script
}

fn named(id: &str) -> Outgoing {
    let text = format!("Subject: Something waits for you\r\nMessage-ID: <{id}@house.example>\r\n\r\nend\r\n");
    Outgoing { message_id: format!("{id}@house.example"), bytes: text.into_bytes(), ..message() }
}

fn told(answer: &Answer) -> String {
    let with = |name: &str, Reply { code, enhanced }: &Reply| match (code, enhanced) {
        (0, _) => name.to_owned(),
        (code, None) => format!("{name} {code}"),
        (code, Some(enhanced)) => format!("{name} {code} {enhanced}"),
    };
    match answer {
        Answer::Accepted => "accepted".into(),
        Answer::NotReached { reply } => with("not reached", reply),
        Answer::Later { reply } => with("later", reply),
        Answer::Refused { reply } => with("refused", reply),
        Answer::Unwelcome { reply } => with("unwelcome", reply),
        Answer::Blocked { reply } => with("blocked", reply),
        Answer::Unknown { .. } => "unknown".into(),
        Answer::OtherScript => "other script".into(),
        Answer::Forbidden => "forbidden".into(),
    }
}

/// The clock leaps whenever nothing is ready, and what the kernel is just carrying from one socket to the other is not ready. So every five seconds
/// that it leaps take a thousandth of a real one, and no answer that was given comes too late.
fn slow_leaps() -> tokio::task::JoinHandle<()> {
    #[expect(clippy::disallowed_methods, reason = "real time, for the kernel")]
    tokio::spawn(async {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            let breath = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(1)));
            breath.await.unwrap();
        }
    })
}

/// One row in one column.
#[expect(clippy::disallowed_methods, reason = "the clock that leaps")]
async fn row(way: Way, needs_closed: bool, step: &str, fault: &str) -> String {
    let place = format!("{fault} at {step}, {}", way.name);
    let fresh = Way { used: false, ..way };
    // The second connection, for whoever dares: everything goes well there.
    let good = script(fresh, needs_closed, "none", "none");
    let relays = relays(vec![script(way, needs_closed, step, fault), good]).await;
    let config = if needs_closed { closed(relays.port, Tls::Required) } else { plain(relays.port) };
    let relay = to(config, Timeouts::default());
    if way.used {
        assert_eq!(relay.send(&named("before"), &mut always()).await, Answer::Accepted, "{place}");
    }
    let begun = tokio::time::Instant::now();
    let mut permission = always();
    let answer = relay.send(&named("this"), &mut permission).await;
    assert!(begun.elapsed() <= Timeouts::default().sum(), "{place} took {:?}", begun.elapsed());
    drop(relay);
    let heard = relays.heard().await;
    let whole: usize = heard.iter().map(heard_whole).sum();
    assert!(whole <= 1, "{place}: heard whole {whole} times");
    let at_the_end = matches!(
        answer,
        Answer::Accepted
            | Answer::Unknown { .. }
            | Answer::Later { .. }
            | Answer::Refused { .. }
            | Answer::Unwelcome { .. }
    );
    assert!(whole == 0 || at_the_end, "{place}: heard whole, and {answer:?}");
    assert_eq!(
        whole == 1,
        permission.asked == 2 && step == "content" || answer == Answer::Accepted,
        "{place}"
    );
    if answer == Answer::Accepted {
        assert_eq!((whole, permission.asked), (1, 2), "{place}");
    }
    // A fresh connection is tried once, and only where a used one failed before an address was named.
    let expected = if way.used && step == "mail" && heard.len() == 2 { 2 } else { 1 };
    assert_eq!(heard.len(), expected, "{place}");
    told(&answer)
}

/// How often the message came whole: its content, and after it the dot.
fn heard_whole(heard: &Heard) -> usize {
    heard.times("Message-ID: <this@house.example>\r\n\r\nend\r\n.\r\n")
}

/// Runs one column and compares it.
async fn column(nr: usize) {
    let leaps = slow_leaps();
    let way = WAYS[nr];
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let head: Vec<&str> = lines.next().unwrap().split('\t').collect();
    assert_eq!(head[2 + nr], way.name);
    let table: Vec<Vec<&str>> = lines.map(|line| line.split('\t').collect()).collect();
    let mut rows = table.iter();
    let mut is = String::new();
    let mut same = true;
    for (step, needs_closed) in STEPS {
        for (fault, ..) in faults("220 x") {
            // A connection that was used before is past its greeting.
            let got = if way.used && !["mail", "rcpt", "data", "content"].contains(&step) {
                "-".to_owned()
            } else {
                row(way, needs_closed, step, fault).await
            };
            let due = rows.next();
            same &= due.is_some_and(|due| due[0] == step && due[1] == fault && due[2 + nr] == got);
            is += &format!("{step}\t{fault}\t{got}\n");
        }
    }
    leaps.abort();
    assert!(same && rows.next().is_none(), "answers.tsv says something else than, {}:\n{is}", way.name);
}

#[tokio::test(start_paused = true)]
async fn whatever_a_relay_does_one_by_one() {
    column(0).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_a_relay_does_at_once() {
    column(1).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_a_relay_does_one_by_one_on_a_used_connection() {
    column(2).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_a_relay_does_at_once_on_a_used_connection() {
    column(3).await;
}
