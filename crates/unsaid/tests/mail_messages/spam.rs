//! SpamAssassin's own rules over each kind of message: what a stranger's mail server thinks of us before it knows us. With rules on this machine alone, and
//! without anything learned. Without SpamAssassin this test passes by doing nothing, unless CI=true or UNSAID_TEST_REQUIRE=1 says that it must be there.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::kinds::{all_spoken, in_words};

/// Spam begins at 5. More than this is said to be ours to mend.
const MOST: f64 = 1.0;

#[expect(clippy::disallowed_methods, reason = "what the machine is for")]
fn is_required() -> bool {
    let set = |name: &str, to: &str| std::env::var(name).is_ok_and(|value| value == to);
    set("CI", "true") || set("UNSAID_TEST_REQUIRE", "1")
}

/// As it lies in a mailbox: what a server adds on the way makes more of its rules look. Its name is written in, because SpamAssassin
/// gives no word on the order of its answers. The network address is a root server's, of which nothing is asked: one that is kept for examples counts against
/// a message.
fn arrived(name: &str, whole: &str) -> String {
    let way = "Return-Path: <bounce+mzxw6ytboi@example.org>\n\
        Received: from mail.example.org (mail.example.org [198.41.0.4])\n\
        \tby mx.example.com (Postfix) with ESMTPS id 4RkX2p1Yz3z9sT\n\
        \tfor <anna@example.com>; Thu, 12 Mar 2037 09:00:04 +0000 (UTC)\n";
    let whole = whole.replace("\r\n", "\n");
    format!("From bounce@example.org Thu Mar 12 09:00:04 2037\nX-Which: {name}\n{way}{whole}\n")
}

/// The score of each message by its name, with the rules that were met.
fn judged(mailbox: String) -> Option<BTreeMap<String, (f64, String)>> {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("spamassassin");
    command
        .args(["--local", "--test-mode", "--nocreate-prefs", "--prefspath=/dev/null", "--mbox"])
        .args(["--cf=use_bayes 0", "--cf=use_auto_welcomelist 0", "--cf=report_safe 0"])
        .arg("--cf=add_header all Status _YESNO_, score=_SCORE_ tests=_TESTSSCORES(,)_ end")
        // It would make a folder of its own in the home of whoever runs the tests.
        .env("HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(_) if !is_required() => return None,
        Err(error) => panic!("SpamAssassin cannot be run: {error}. Install it: apt-get install spamassassin"),
    };
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(mailbox.as_bytes()));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "SpamAssassin gave up: {}", output.status);
    writer.join().unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).replace("\n\t", "").replace("\n ", "");
    let mut judged = BTreeMap::new();
    let mut score = None;
    // Of each message its verdict is written above its own headers.
    for line in said.lines() {
        if let Some(verdict) = line.strip_prefix("X-Spam-Status: ") {
            let (_, rest) = verdict.split_once("score=").unwrap();
            let (points, tests) = rest.split_once(" tests=").unwrap();
            score = Some((points.trim().parse().unwrap(), tests.trim_end_matches(" end").to_owned()));
        } else if let Some(which) = line.strip_prefix("X-Which: ") {
            let before = judged.insert(which.to_owned(), score.take().unwrap());
            assert!(before.is_none(), "{which} is judged twice");
        }
    }
    Some(judged)
}

#[test]
fn no_message_looks_like_spam() {
    let all: Vec<_> = all_spoken()
        .into_iter()
        .map(|(words, name, head, message)| {
            arrived(&format!("{}/{name}", words.tag()), &in_words(words, &head, &message))
        })
        .collect();
    let count = all.len();
    // One more shows that the rules are there at all: GTUBE, which every SpamAssassin knows.
    let gtube = "From: eve@example.net\r\nTo: anna@example.com\r\nSubject: x\r\n\r\n\
        XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n";
    let Some(mut judged) = judged(all.concat() + &arrived("gtube", gtube)) else { return };
    let (spam, _) = judged.remove("gtube").unwrap();
    assert!(spam > 100.0, "the rules are not at work: {spam}");
    assert_eq!(judged.len(), count, "as many verdicts as messages");
    let bad: Vec<_> = judged.iter().filter(|(_, (score, _))| *score >= MOST).collect();
    assert!(bad.is_empty(), "these look like spam: {bad:#?}");
}
