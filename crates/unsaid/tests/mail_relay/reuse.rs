//! Stories of connections that bring more than one message: what is said on them, when they are left, and what a stale one costs (nothing).

use std::time::Duration;

use tokio::time::timeout;
use unsaid::mail::relay::{Relay, Tls};
use unsaid::mail::{Answer, Mail, Outgoing};

use crate::script::{Act, Heard, Relays, relays, say};
use crate::{GOOD, PLAIN, Yes, always, closed, message, patient, plain, reply, starttls, to};

fn offer(at_once: bool) -> &'static str {
    if at_once { "250-relay.example\r\n250 PIPELINING" } else { GOOD[1] }
}

fn begin(at_once: bool) -> Vec<Act> {
    vec![say(GOOD[0]), Act::Hear("EHLO"), say(offer(at_once))]
}

/// One message that is taken.
fn takes() -> Vec<Act> {
    vec![
        Act::Hear("MAIL"),
        say(GOOD[2]),
        Act::Hear("RCPT"),
        say(GOOD[3]),
        Act::Hear("DATA"),
        say(GOOD[4]),
        Act::HearContent,
        say(GOOD[5]),
    ]
}

/// Sends so many, one after the other.
async fn send(relay: &Relay, count: usize) {
    for nr in 0..count {
        assert_eq!(relay.send(&message(), &mut always()).await, Answer::Accepted, "number {nr}");
    }
}

async fn with(scripts: Vec<Vec<Act>>) -> (Relay, Relays) {
    let relays = relays(scripts).await;
    (to(plain(relays.port), patient()), relays)
}

async fn heard(relay: Relay, relays: Relays) -> Vec<Heard> {
    drop(relay);
    relays.heard().await
}

#[tokio::test]
async fn several_messages_go_over_one_connection() {
    for at_once in [false, true] {
        let (relay, relays) = with(vec![[begin(at_once), takes(), takes(), takes()].concat()]).await;
        send(&relay, 3).await;
        let heard = heard(relay, relays).await;
        assert_eq!(heard.len(), 1);
        let heard = &heard[0];
        assert_eq!((heard.times("EHLO"), heard.times("RSET")), (1, 0));
        assert_eq!(heard.times("\r\n.\r\n"), 3);
        assert!(heard.bytes.ends_with(b"\r\n.\r\nQUIT\r\n"), "left with a goodbye");
    }
}

#[tokio::test]
async fn envelope_and_data_are_one_write_where_the_relay_takes_that() {
    let script = vec![
        say(GOOD[0]),
        Act::Hear("EHLO"),
        say(offer(true)),
        // All three are here before any of them is answered.
        Act::Hear("MAIL"),
        Act::Hear("RCPT"),
        Act::Hear("DATA"),
        say(&format!("{}\r\n{}\r\n{}", GOOD[2], GOOD[3], GOOD[4])),
        Act::HearContent,
        say(GOOD[5]),
    ];
    let (relay, relays) = with(vec![script]).await;
    let sent = timeout(Duration::from_secs(20), send(&relay, 1)).await;
    sent.expect("the commands were not written at once");
    assert!(heard(relay, relays).await[0].saw_a_whole_message());
}

#[tokio::test]
async fn signed_in_once_for_all() {
    let hello = vec![Act::Hear("EHLO"), say("250-relay.example\r\n250 AUTH PLAIN")];
    let signed = vec![Act::Hear(PLAIN), say("235 ok")];
    let relays = relays(vec![[starttls(), hello, signed, takes(), takes()].concat()]).await;
    let relay = to(closed(relays.port, Tls::Required), patient());
    send(&relay, 2).await;
    let heard = heard(relay, relays).await;
    assert_eq!((heard.len(), heard[0].times("AUTH"), heard[0].times("MAIL")), (1, 1, 2));
}

#[tokio::test]
async fn a_no_to_one_message_does_not_end_the_connection_for_the_next() {
    let no = "550 5.1.1 nobody";
    let refused = Answer::Refused { reply: reply(550, "5.1.1") };
    let reset = || vec![Act::Hear("RSET"), say("250 2.0.0 forgotten")];
    let until_rcpt = || vec![Act::Hear("MAIL"), say(GOOD[2]), Act::Hear("RCPT"), say(no)];
    let data = |line: &str| vec![Act::Hear("DATA"), say(line)];
    let until_data =
        || vec![Act::Hear("MAIL"), say(GOOD[2]), Act::Hear("RCPT"), say(GOOD[3]), Act::Hear("DATA"), say(no)];
    let content = [takes()[..7].to_vec(), vec![say(no)]].concat();
    let stories = [
        (false, [until_rcpt(), reset()].concat(), "at rcpt"),
        (true, [until_rcpt(), data("554 5.5.1 no valid recipients"), reset()].concat(), "at rcpt, at once"),
        (false, [until_data(), reset()].concat(), "at data"),
        (true, [until_data(), reset()].concat(), "at data, at once"),
        (false, content.clone(), "at the content"),
        (true, content, "at the content, at once"),
    ];
    for (at_once, acts, name) in stories {
        let (relay, relays) = with(vec![[begin(at_once), acts, takes(), takes()].concat()]).await;
        assert_eq!(relay.send(&message(), &mut always()).await, refused, "{name}");
        send(&relay, 2).await;
        let heard = heard(relay, relays).await;
        assert_eq!(heard.len(), 1, "{name}");
        assert_eq!(heard[0].times("RSET"), usize::from(!name.contains("content")), "{name}");
    }
}

/// RFC 2920 asks for a dot then, which would be a message of nothing; hanging up sends nothing at all.
#[tokio::test]
async fn a_relay_that_wants_the_content_for_nobody_does_not_get_it() {
    let muddled = vec![Act::Hear("MAIL"), say(GOOD[2]), Act::Hear("RCPT"), say("550 5.1.1 nobody")];
    let muddled = [begin(true), muddled, vec![Act::Hear("DATA"), say(GOOD[4]), Act::Silence]].concat();
    let (relay, relays) = with(vec![muddled, [begin(true), takes()].concat()]).await;
    let mut permission = always();
    let answer = relay.send(&message(), &mut permission).await;
    assert_eq!((answer, permission.asked), (Answer::Refused { reply: reply(550, "5.1.1") }, 0));
    send(&relay, 1).await;
    let heard = heard(relay, relays).await;
    assert!(heard[0].bytes.ends_with(b"DATA\r\n"), "not one byte after DATA");
    assert!(heard[1].saw_a_whole_message());
}

#[tokio::test]
async fn a_stale_connection_is_tried_anew_without_counting() {
    let stories: Vec<(&str, Vec<Act>)> = vec![
        ("closed meanwhile", vec![Act::Drop]),
        ("421 meanwhile", vec![say("421 4.4.2 you were silent too long"), Act::Drop]),
        ("closed at MAIL", vec![Act::HearLine, Act::Drop]),
        ("421 at MAIL", vec![Act::HearLine, say("421 4.7.0 enough for one connection"), Act::Drop]),
        ("451 at MAIL", vec![Act::HearLine, say("451 4.7.1 enough for one connection"), Act::Silence]),
        ("503 at MAIL", vec![Act::HearLine, say("503 5.5.1 you again"), Act::Silence]),
        ("530 at MAIL", vec![Act::HearLine, say("530 5.7.0 sign in again"), Act::Silence]),
    ];
    for at_once in [false, true] {
        for (name, then) in &stories {
            let first = [begin(at_once), takes(), then.clone()].concat();
            let (relay, relays) = with(vec![first, [begin(at_once), takes(), takes()].concat()]).await;
            send(&relay, 1).await;
            let mut permission = always();
            assert_eq!(relay.send(&message(), &mut permission).await, Answer::Accepted, "{name}");
            assert_eq!(permission.asked, 2, "{name}");
            // The stale one is forgotten.
            send(&relay, 1).await;
            let heard = heard(relay, relays).await;
            let whole: Vec<usize> = heard.iter().map(|heard| heard.times("\r\n.\r\n")).collect();
            assert_eq!(whole, [1, 2], "{name}");
        }
    }
}

#[tokio::test]
async fn what_a_fresh_connection_says_counts() {
    let first = [begin(true), takes(), vec![Act::Drop]].concat();
    let second =
        [begin(true), vec![Act::Hear("MAIL"), say("550 5.7.1 not from here"), Act::Silence]].concat();
    let (relay, relays) = with(vec![first, second]).await;
    send(&relay, 1).await;
    let answer = relay.send(&message(), &mut always()).await;
    assert_eq!(answer, Answer::Blocked { reply: reply(550, "5.7.1") });
    assert_eq!(heard(relay, relays).await.len(), 2, "and is not tried a third time");
}

#[tokio::test]
async fn what_is_forbidden_at_once_gets_no_content_and_the_line_is_cut() {
    for times in [0, 1] {
        let forbids = [begin(true), takes()[..6].to_vec(), vec![Act::Silence]].concat();
        let (relay, relays) = with(vec![forbids, [begin(true), takes()].concat()]).await;
        let mut permission = Yes { times, asked: 0 };
        assert_eq!(relay.send(&message(), &mut permission).await, Answer::Forbidden);
        assert_eq!(permission.asked, times + 1);
        send(&relay, 1).await;
        let heard = heard(relay, relays).await;
        assert!(heard[0].bytes.ends_with(b"DATA\r\n"), "not one byte after DATA");
        assert!(heard[1].saw_a_whole_message());
    }
}

#[tokio::test]
async fn forbidden_before_data_the_envelope_is_taken_back_and_the_next_may_follow() {
    let forbids = vec![Act::Hear("MAIL"), say(GOOD[2]), Act::Hear("RCPT"), say(GOOD[3])];
    let reset = vec![Act::Hear("RSET"), say("250 ok")];
    let (relay, relays) = with(vec![[begin(false), forbids, reset, takes()].concat()]).await;
    let mut permission = Yes { times: 0, asked: 0 };
    assert_eq!(relay.send(&message(), &mut permission).await, Answer::Forbidden);
    send(&relay, 1).await;
    let heard = heard(relay, relays).await;
    assert_eq!((heard.len(), heard[0].times("DATA\r\n")), (1, 1));
}

#[tokio::test]
async fn an_address_that_this_relay_cannot_take_costs_no_connection() {
    let (relay, relays) = with(vec![[begin(true), takes()].concat()]).await;
    let other = Outgoing { to: "анна@example.org".into(), ..message() };
    let mut permission = always();
    let answer = relay.send(&other, &mut permission).await;
    assert_eq!((answer, permission.asked), (Answer::OtherScript, 0));
    send(&relay, 1).await;
    assert_eq!(heard(relay, relays).await.len(), 1);
}

#[tokio::test]
async fn after_a_hundred_messages_a_connection_is_left() {
    let hundred = [begin(true), std::iter::repeat_n(takes(), 100).flatten().collect()].concat();
    let (relay, relays) = with(vec![hundred, [begin(true), takes()].concat()]).await;
    send(&relay, 101).await;
    let heard = heard(relay, relays).await;
    assert_eq!([heard[0].times("MAIL"), heard[1].times("MAIL")], [100, 1]);
    assert!(heard[0].bytes.ends_with(b"QUIT\r\n"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_used_is_left_after_two_seconds() {
    let (relay, relays) = with(vec![[begin(true), takes(), vec![Act::Hear("QUIT")]].concat()]).await;
    send(&relay, 1).await;
    // The relay is still there: it is the connection that ends.
    let heard = timeout(Duration::from_millis(2500), relays.heard()).await.expect("still connected");
    assert!(heard[0].bytes.ends_with(b"QUIT\r\n"));
    drop(relay);
}

#[tokio::test]
async fn side_by_side_each_has_its_own_and_all_are_used_again() {
    let script = [begin(true), takes(), takes()].concat();
    let (relay, relays) = with(vec![script.clone(), script.clone(), script]).await;
    for _ in 0..2 {
        let (one, two, three) = (message(), message(), message());
        let (mut a, mut b, mut c) = (always(), always(), always());
        let answers =
            tokio::join!(relay.send(&one, &mut a), relay.send(&two, &mut b), relay.send(&three, &mut c));
        assert_eq!(answers, (Answer::Accepted, Answer::Accepted, Answer::Accepted));
        assert_eq!(relays.come(), 3);
    }
    let heard = heard(relay, relays).await;
    assert!(heard.iter().all(|heard| heard.times("MAIL") == 2));
}
