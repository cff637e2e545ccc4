//! A real Postfix, which `scripts/with-postfix` starts with the lines of docs/operating.md and names in the environment. Without one this passes by doing
//! nothing, unless UNSAID_TEST_REQUIRE=1 says that there must be one.

use super::house::{House, environment};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use unsaid::mail::relay::{Relay, RelayConfig, Tls};
use unsaid::mail::{Answer, Mail, Outgoing, Permission};
use unsaid::secrets::ReturnKind;
use unsaid_delivery::state::State;

struct Yes;

#[async_trait::async_trait]
impl Permission for Yes {
    async fn still_allowed(&mut self) -> bool {
        true
    }
}

/// Postfix takes a knock for somebody who is not there, and sends a report to our return path, which it pipes into the program.
#[tokio::test]
async fn a_real_postfix_hands_over_what_came_back_and_the_next_address_is_knocked_at() {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(url), Some(inbox), Some(script)) =
        (set("UNSAID_TEST_SMTP"), set("UNSAID_TEST_MAILDIR"), set("UNSAID_TEST_RECEIVE"))
    else {
        let must = set("UNSAID_TEST_REQUIRE").as_deref() == Some("1");
        assert!(!must, "There is no Postfix here. Run this through scripts/with-postfix.");
        return;
    };
    // Postfix does not run programs as root: whoever it is has to reach the program and the house.
    let folder = tempfile::tempdir().unwrap();
    let everybody = |what: &Path| {
        let done = Command::new("chmod").args(["-R", "a+rwX"]).arg(what).status().unwrap();
        assert!(done.success());
    };
    let program = folder.path().join("unsaid");
    std::fs::copy(env!("CARGO_BIN_EXE_unsaid"), &program).unwrap();
    let mut house = House::open(folder.path(), Default::default(), &url).await;
    everybody(folder.path());
    let exports: String =
        environment(folder.path()).iter().map(|(n, v)| format!("export {n}='{v}'\n")).collect();
    let text = format!("#!/bin/sh\n{exports}exec '{}' receive --to \"$1\"\n", program.display());
    std::fs::write(&script, text).unwrap();

    let second = format!("anna.{}@example.com", std::process::id());
    let (author, knock, delivery) = house.knocked(&["dead@example.org", &second]).await;
    // The report is on its way; beside it this process does what the open house's loop does.
    let arrived = |needle: String| {
        let inbox = PathBuf::from(&inbox);
        move || {
            let there = std::fs::read_dir(inbox.join("new")).into_iter().flatten().flatten();
            let mut mails = there.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
            mails.find(|mail| mail.contains(&needle))
        }
    };
    let knocked = arrived(format!("X-Original-To: {second}"));
    let mut at_second = None;
    for _ in 0..250 {
        house.turn().await;
        at_second = knocked();
        if at_second.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let at_second = at_second.expect("the next address was knocked at within 25 seconds");
    assert_eq!(house.good(&author).await, [false, true]);
    assert_eq!(house.state(delivery).await, State::Knocked(1));
    let again = house.assembled.app.store.delivery(delivery).await.unwrap().unwrap().pair.knocks;
    let again = again.iter().find(|m| m.id != knock).unwrap().id;
    let (bounce, reply) = (house.address(again, ReturnKind::Bounce), house.address(again, ReturnKind::Reply));
    assert!(at_second.contains(&format!("Return-Path: <{bounce}>")), "{at_second}");
    assert!(at_second.contains(&format!("Reply-To: {reply}")), "{at_second}");

    // And she answers it.
    let place = url.strip_prefix("smtp://").and_then(|rest| rest.strip_suffix("?tls=none")).unwrap();
    let (host, port) = place.rsplit_once(':').unwrap();
    let relay = RelayConfig {
        host: host.to_owned(),
        port: port.parse().unwrap(),
        tls: Tls::None,
        user: None,
        password: None,
    };
    let text = format!(
        "From: Anna <{second}>\r\nTo: {reply}\r\nSubject: Re: sesame\r\n\r\nIs it really from Papa?\r\n"
    );
    let message = Outgoing {
        to: reply,
        return_path: second.clone(),
        message_id: "re@example.com".into(),
        bytes: text.into(),
    };
    assert_eq!(Relay::new(relay).unwrap().send(&message, &mut Yes).await, Answer::Accepted);
    let mails = || {
        let there = std::fs::read_dir(Path::new(&inbox).join("new")).into_iter().flatten().flatten();
        let read = there.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
        read.filter(|mail| mail.contains(&format!("X-Original-To: {second}"))).count()
    };
    for _ in 0..250 {
        house.turn().await;
        if mails() == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody told her that nobody reads it");
}

/// What the guide says is what was tried: its lines stand in `scripts/with-postfix`, but for names of folders and accounts.
#[test]
fn the_guide_says_what_was_tried() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let (guide, tried) = (read("docs/operating.md"), read("scripts/with-postfix"));
    for line in [
        "/^(bounce|reply)\\+[a-z2-7]{26}\\.[a-z2-7]{20}@letters\\.example\\.org$/ unsaid:",
        "unsaid_destination_recipient_limit = 1",
        "unsaid    unix  - n n -     1 pipe",
    ] {
        assert!(guide.contains(&format!("    {line}\n")), "{line}");
        assert!(tried.contains(&format!("\n{line}\n")), "{line}");
    }
    for (said, done) in [
        (
            "virtual_mailbox_maps = regexp:/etc/postfix/unsaid\n",
            "virtual_mailbox_maps = regexp:$dir/etc/unsaid,",
        ),
        ("transport_maps = regexp:/etc/postfix/unsaid\n", "transport_maps = regexp:$dir/etc/unsaid,"),
        (
            "flags=R user=unsaid argv=/usr/local/bin/unsaid-receive ${original_recipient}",
            "flags=R user=$(id -nu",
        ),
        ("exec /usr/local/bin/unsaid receive --to \"$1\"", "unsaid-receive \\${original_recipient}"),
    ] {
        assert!(guide.contains(said), "{said}");
        assert!(tried.contains(done), "{done}");
    }
}
