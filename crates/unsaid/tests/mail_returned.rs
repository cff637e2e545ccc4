//! Mail that comes back, by what it says: reports in the shapes that mail servers give them (tests/bounces, written for this test), and what somebody
//! might send instead. Nothing panics, and nothing that is cut off or contradicts itself takes an address away.

use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use unsaid::mail::returned::{Report, automatic, delivered_to, report};
use unsaid_delivery::record::Bounce;

const DEAD: Report = Report::Bounce(Bounce::Dead);
const LOST: Report = Report::Bounce(Bounce::Lost);
const BLOCKED: Report = Report::Bounce(Bounce::Blocked);
const NO_REPORT: Report = Report::Nothing("is-no-report");
const NOT_THE_END: Report = Report::Nothing("is-not-the-end");
const BACK: &str = "bounce+mzxw6ytboi4dsmzrgq2tinzwga.qcjttkko6a7nlv45jgp5@letters.example.org";

/// Each file of tests/bounces, and what it says.
const SAID: &[(&str, Report)] = &[
    ("a-report-inside-a-message", NO_REPORT),
    ("a-report-that-names-nobody", Report::Nothing("names-nobody")),
    ("a-report-without-a-report", Report::Nothing("holds-no-report")),
    ("alias-nobody-anywhere", DEAD),
    ("alias-one-has-it", NOT_THE_END),
    ("alias-one-is-full", LOST),
    ("alias-one-waits", NOT_THE_END),
    ("exchange-in-a-circle", LOST),
    ("exchange-mailbox-full", LOST),
    ("exchange-no-answer", LOST),
    ("exchange-no-such-domain", DEAD),
    ("exchange-nobody-there", DEAD),
    ("exchange-only-for-members", BLOCKED),
    ("exchange-turned-away-at-the-edge", DEAD),
    ("exim-no-reason", LOST),
    ("exim-nobody-in-words", DEAD),
    ("exim-nobody-there", DEAD),
    ("exim-on-a-blacklist", BLOCKED),
    ("exim-retried-too-long", LOST),
    ("exim-without-report", NO_REPORT),
    ("gmail-account-disabled", DEAD),
    ("gmail-later", NOT_THE_END),
    ("gmail-mailbox-full", LOST),
    ("gmail-nobody-there", DEAD),
    ("gmail-not-authenticated", BLOCKED),
    ("holiday-notice", NO_REPORT),
    ("in-base64-and-in-a-mailbox", DEAD),
    ("outlook-com-nobody-there", DEAD),
    ("postfix-contradicts-itself", LOST),
    ("postfix-given-up", LOST),
    ("postfix-handed-on", NOT_THE_END),
    ("postfix-later", NOT_THE_END),
    ("postfix-mailbox-full", LOST),
    ("postfix-no-such-domain", DEAD),
    ("postfix-nobody-there", DEAD),
    ("postfix-null-mx", DEAD),
    ("postfix-refused-by-policy", BLOCKED),
    ("postfix-says-it-twice", Report::Nothing("contradicts-itself")),
    ("postfix-sender-refused", BLOCKED),
    ("postfix-too-large", LOST),
    ("postfix-utf8", DEAD),
    ("qmail", NO_REPORT),
    ("read-receipt", Report::Nothing("is-a-report-about-something-else")),
    ("sendmail-calls-every-no-unknown", BLOCKED),
    ("sendmail-nobody-there", DEAD),
    ("spam-complaint", Report::Nothing("is-a-report-about-something-else")),
    ("two-reports-in-one", Report::Nothing("holds-two-reports")),
    ("yahoo-mailbox-disabled", DEAD),
    ("yahoo-no-account", DEAD),
    ("yahoo-not-us", BLOCKED),
    ("yahoo-over-quota", LOST),
    ("yahoo-without-report", NO_REPORT),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bounces")
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.eml"))).unwrap()
}

/// The same with the other line ends.
fn other_line_ends(message: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(message).unwrap();
    let bare = text.replace("\r\n", "\n");
    if bare == text { text.replace('\n', "\r\n").into_bytes() } else { bare.into_bytes() }
}

fn nobody_is_ours(_: &str) -> bool {
    false
}

#[test]
fn each_report_says_what_became_of_the_message() {
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        there,
        SAID.iter().map(|(name, _)| (*name).to_owned()).collect(),
        "the table has each file once"
    );
    for (name, said) in SAID {
        assert_eq!(report(&file(name)), *said, "{name}");
        assert_eq!(report(&other_line_ends(&file(name))), *said, "{name}, with other line ends");
    }
}

#[test]
fn no_report_is_taken_for_a_humans_answer() {
    for (name, _) in SAID {
        // These two were sent on by Anna herself, and one of them asks something.
        if *name != "a-report-inside-a-message" {
            assert!(automatic(&file(name), nobody_is_ours).is_some(), "{name}");
        }
    }
    assert_eq!(automatic(&file("a-report-inside-a-message"), nobody_is_ours), None);
}

#[test]
fn a_report_that_is_cut_off_never_takes_an_address_away() {
    for (name, whole) in SAID {
        let message = file(name);
        for end in (0..message.len()).step_by(97).chain(message.len().saturating_sub(3)..message.len()) {
            let said = report(&message[..end]);
            let _also_calm = (automatic(&message[..end], nobody_is_ours), delivered_to(&message[..end]));
            // Nobody is dead who was not in the whole of it, and no report that goes on says less than the whole.
            assert!(matches!(said, Report::Nothing(_)) || said == *whole, "{name} until {end}: {said:?}");
        }
    }
}

/// The report about one address, with a status, an action and the words of a server.
fn said(action: &str, status: &str, diagnostic: &str) -> Report {
    let message = format!(
        "From: mailer-daemon@example.net\nTo: {BACK}\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; example.net\n\n\
         Final-Recipient: rfc822; anna@example.net\nAction: {action}\nStatus: {status}\nDiagnostic-Code: {diagnostic}\n\n--b--\n"
    );
    report(message.as_bytes())
}

#[test]
fn a_status_means_what_its_standard_says() {
    let table = [
        ("5.1.1", DEAD),
        ("5.1.2", DEAD),
        ("5.1.3", DEAD),
        ("5.1.6", DEAD),
        ("5.1.10", DEAD),
        ("5.2.1", DEAD),
        ("5.4.4", DEAD),
        ("5.1.7", BLOCKED),
        ("5.1.8", BLOCKED),
        ("5.7.0", BLOCKED),
        ("5.7.1", BLOCKED),
        ("5.7.509", BLOCKED),
        ("5.2.2", LOST),
        ("5.2.0", LOST),
        ("5.3.0", LOST),
        ("5.3.4", LOST),
        ("5.4.7", LOST),
        ("5.6.0", LOST),
        ("4.1.1", LOST),
        ("4.2.1", LOST),
        ("4.7.1", LOST),
        ("4.4.7", LOST),
        ("5.0.0", LOST),
        ("2.1.5", LOST),
        ("5.1.1 (really)", DEAD),
        ("", LOST),
        ("5", LOST),
        ("5.1", LOST),
        ("5.1.", LOST),
        ("5.1.1.1", LOST),
        ("15.1.1", LOST),
        ("5.1.+1", LOST),
        ("5.1.0001", LOST),
        ("550", LOST),
        ("five", LOST),
    ];
    for (status, meaning) in table {
        assert_eq!(said("failed", status, ""), meaning, "{status}");
        for action in ["delayed", "delivered", "relayed", "expanded", "", "failing"] {
            assert_eq!(said(action, status, ""), NOT_THE_END, "{action} {status}");
        }
    }
}

#[test]
fn what_the_last_server_wrote_itself_weighs_more() {
    let table = [
        ("5.0.0", "smtp; 550 5.1.1 nobody", DEAD),
        ("5.0.0", "smtp;550-5.1.1 nobody", DEAD),
        ("5.0.0", "SMTP; 550 #5.1.0 Address rejected.", DEAD),
        ("5.1.0", "smtp; 550 5.1.0 <unsaid@example.org> sender rejected", BLOCKED),
        ("5.1.1", "smtp; 550 5.7.1 not from you", BLOCKED),
        ("5.7.1", "smtp; 550 5.1.1 nobody", DEAD),
        ("5.1.1", "smtp; 452 4.2.2 full", LOST),
        ("4.0.0", "smtp; 550 5.1.1 nobody", LOST),
        ("5.0.0", "smtp; 550 Unrouteable address", DEAD),
        ("5.0.0", "smtp; 550 <anna@example.net>: User unknown", DEAD),
        ("", "smtp; 550 user unknown", DEAD),
        ("", "smtp; 450 user unknown", LOST),
        ("", "user unknown", LOST),
        ("5.0.0", "smtp; 550 spam, and user unknown", BLOCKED),
        ("5.0.0", "smtp; 550 Mailbox does not exist or is full", LOST),
        ("5.0.0", "smtp; 5505.1.1 nobody", LOST),
        // The words of somebody's name are no words of a server: they stand between others.
        ("5.0.0", "smtp; 550 unknownuser nosuchuser", LOST),
        ("5.1.1", "X-Postfix; unknown user: \"anna\"", DEAD),
    ];
    for (status, diagnostic, meaning) in table {
        assert_eq!(said("failed", status, diagnostic), meaning, "{status} {diagnostic}");
    }
}

/// Built by hand, since nobody's mail looks like this.
fn report_in(before: &str, depth: usize, body: &str) -> Vec<u8> {
    let mut message = String::from("From: a@example.net\nMIME-Version: 1.0\n");
    message.push_str(before);
    for level in 0..depth {
        message.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
    }
    message.push_str(body);
    message.into_bytes()
}

#[test]
fn however_deep_it_is_nested_it_is_read_in_little_time_and_says_nothing() {
    let dead = "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\n\
                Content-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1\n--r--\n";
    assert_eq!(report(&report_in("", 0, dead)), DEAD, "it is a report where it stands on top");
    let messages = "Content-Type: message/rfc822\n\n".repeat(30_000);
    let reports =
        "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\n".repeat(10_000);
    let delimiters = format!("Content-Type: multipart/report; boundary=r\n\n{}", "--r\n\n".repeat(180_000));
    for hostile in [
        report_in("", 1, dead),
        report_in("", 20_000, dead),
        report_in(&messages, 0, dead),
        report_in("", 0, &reports),
        report_in("", 0, &delimiters),
        report_in(&"X-Long: a\n".repeat(90_000), 0, ""),
        report_in(&format!("Subject: {}\n", "=?utf-8?B?".repeat(90_000)), 0, ""),
        report_in(&format!("Content-Type: multipart/report{}\n", "; a=\"b".repeat(120_000)), 0, ""),
        report_in(&format!("Content-Type: multipart/report; boundary={}\n", "(".repeat(900_000)), 0, ""),
        vec![b'('; 1 << 20],
        vec![b'\n'; 1 << 20],
        vec![0; 1 << 20],
        b"From ".to_vec(),
    ] {
        let (began, all) = (started(), hostile.len());
        assert!(matches!(report(&hostile), Report::Nothing(_)));
        let _calm = automatic(&hostile, nobody_is_ours);
        let _too = delivered_to(&hostile);
        assert!(began.elapsed() < Duration::from_secs(20), "{all} bytes took {:?}", began.elapsed());
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a reading takes is what is tested")]
fn started() -> std::time::Instant {
    std::time::Instant::now()
}

#[test]
fn a_million_recipients_are_too_many() {
    let each = "\nFinal-Recipient: rfc822; anna@example.net\nAction: failed\nStatus: 5.1.1\n";
    let message = |count: usize| {
        format!(
            "From: a@example.net\nContent-Type: multipart/report; boundary=r\n\n--r\nContent-Type: message/delivery-status\n{}\n--r--\n",
            each.repeat(count)
        )
    };
    assert_eq!(report(message(64).as_bytes()), DEAD);
    assert_eq!(report(message(65).as_bytes()), Report::Nothing("names-too-many"));
    assert_eq!(report(message(12_000).as_bytes()), Report::Nothing("names-too-many"));
}

/// An answer to a knock, with more headers.
fn answer(headers: &str, text: &str) -> Vec<u8> {
    format!(
        "Return-Path: <anna@example.net>\nFrom: Anna <anna@example.net>\nTo: reply+x@example.org\nSubject: Re: Somebody wrote to you\n{headers}\n{text}\n"
    )
    .into_bytes()
}

#[test]
fn a_human_who_answers_is_told() {
    for (headers, text) in [
        ("", "Who is this? I do not open links."),
        ("Auto-Submitted: no\n", "Is it really from Papa?"),
        ("Auto-Submitted: No (a human)\n", "Is it really from Papa?"),
        ("Precedence: normal\n", "Thank you."),
        ("Content-Type: text/html; charset=utf-8\n", "<p>Danke, aber ich kann das nicht öffnen.</p>"),
        (
            "Content-Type: multipart/alternative; boundary=b\n",
            "--b\nContent-Type: text/plain\n\nHello?\n--b\nContent-Type: text/html\n\n<p>Hello?</p>\n--b--",
        ),
        ("", "Hello?\n\n> This message was automatically generated. Do not reply to this address."),
        ("Content-Transfer-Encoding: base64\n", "SGVsbG8/"),
        ("", ""),
    ] {
        assert_eq!(automatic(&answer(headers, text), nobody_is_ours), None, "{headers}{text}");
    }
}

#[test]
fn a_machine_that_answers_gets_nothing() {
    for (headers, text) in [
        ("Auto-Submitted: auto-replied\n", "I am away."),
        ("Auto-Submitted: auto-generated; owner-email=\"a@b\"\n", "x"),
        ("Auto-Submitted: nothing-known\n", "x"),
        ("List-Id: <family.example.net>\n", "x"),
        ("LIST-UNSUBSCRIBE: <mailto:x@example.net>\n", "x"),
        ("Precedence: bulk\n", "x"),
        ("precedence:   LIST \n", "x"),
        ("X-Auto-Response-Suppress: All\n", "x"),
        ("X-Autoreply: yes\n", "x"),
        ("Feedback-ID: 1:2\n", "x"),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n", "--b--"),
        ("", "This is an\nautomatic\nreply. I am in the mountains."),
        ("", "Dies ist eine automatische Antwort."),
        ("Content-Transfer-Encoding: quoted-printable\n", "R=C3=A9ponse auto=\nmatique"),
        ("Content-Transfer-Encoding: base64\n", "VGhpcyBpcyBhbiBhdXRvbWF0ZWQgbWVzc2FnZS4="),
        (
            "Content-Type: multipart/mixed; boundary=m\n",
            "--m\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nOut of office\n--b--\n--m--",
        ),
    ] {
        assert!(automatic(&answer(headers, text), nobody_is_ours).is_some(), "{headers}{text}");
    }
    for (before, after) in [
        ("Return-Path: <anna@example.net>", "Return-Path: <>"),
        ("Return-Path: <anna@example.net>", "Return-Path: <MAILER-DAEMON>"),
        ("Return-Path: <anna@example.net>", "Return-Path: <family-bounces@example.net>"),
        ("From: Anna <anna@example.net>", "From: noreply@example.net"),
        ("From: Anna <anna@example.net>", "From: owner-family@example.net"),
        ("From: Anna <anna@example.net>", "X-From: nobody"),
        ("Subject: Re:", "Subject: Automatic reply:"),
        ("Subject: Re:", "Subject: =?utf-8?Q?R=C3=A9ponse_automatique?=:"),
        ("Subject: Re:", "Subject: =?utf-8?B?QWJ3ZXNlbmhlaXRzbm90aXo=?=:"),
    ] {
        let message = String::from_utf8(answer("", "x")).unwrap().replace(before, after);
        assert!(automatic(message.as_bytes(), nobody_is_ours).is_some(), "{after}");
    }
    // Mail of our own that came round.
    assert_eq!(automatic(&answer("", "x"), |address| address == "anna@example.net"), Some("comes-from-us"));
    assert!(automatic(b"", nobody_is_ours).is_some());
}

#[test]
fn a_server_says_in_its_headers_to_whom_it_brought_it() {
    let message = format!(
        "From host Sat Nov 21 07:33:17 2026\nX-Original-To: {BACK}\nDelivered-To: host@\n example.org\nTo: x@y\nenvelope-to: a@b\n\nX-Original-To: c@d\n"
    );
    assert_eq!(delivered_to(message.as_bytes()), [BACK, "host@ example.org", "a@b"]);
    assert!(delivered_to(b"").is_empty());
    assert_eq!(delivered_to("Delivered-To: a@b\n".repeat(99).as_bytes()).len(), 16);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn anything_can_come(bytes in prop::collection::vec(any::<u8>(), 0..4_000)) {
        prop_assert!(matches!(report(&bytes), Report::Nothing(_)));
        let _calm = (automatic(&bytes, nobody_is_ours), delivered_to(&bytes));
    }

    /// Bytes of a real report, changed, cut and put together anew: nobody is dead of whom it was not said.
    #[test]
    fn a_report_that_was_damaged_says_no_more_than_before(
        which in 0..SAID.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        pasted in any::<prop::sample::Index>(),
    ) {
        let (name, whole) = SAID[which];
        let mut message = file(name);
        for (at, byte) in changes {
            let at = at.index(message.len());
            message[at] = byte;
        }
        let piece = message[cut.index(message.len())..].iter().copied().take(300).collect::<Vec<_>>();
        let at = pasted.index(message.len());
        message.splice(at..at, piece);
        let said = report(&message);
        let _calm = (automatic(&message, nobody_is_ours), delivered_to(&message));
        // One digit that was changed may make another status of it, and a delimiter that was changed may lift a report out of the message that it was
        // inside; where there never was a report, none comes to be.
        let holds_one = file(name).windows(15).any(|some| some.eq_ignore_ascii_case(b"delivery-status"));
        if !holds_one && matches!(whole, Report::Nothing("is-no-report" | "names-nobody")) {
            prop_assert!(matches!(said, Report::Nothing(_)), "{}: {:?}", name, said);
        }
    }
}
