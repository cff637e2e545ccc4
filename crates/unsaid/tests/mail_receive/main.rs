//! `unsaid receive` beside a house that is open: the real program, called as a mail server calls it, once by a real Postfix. The house's lock and its
//! journal are held all the while.

#![expect(clippy::disallowed_methods, reason = "a real process is waited for")]

#[path = "../canary/mod.rs"]
mod canary;

mod canaries;
mod house;
mod postfix;

use house::{DOMAIN, House, answer, begin, environment, line, receive, report};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use unsaid::chance::MachineChance;
use unsaid::secrets::{HouseKeys, ReturnKind, hashed};
use unsaid_delivery::MessageId;
use unsaid_delivery::state::State;
use unsaid_store::journal::FileJournal;

const DEAD: &str = "its address is dead; what waits is looked at again";

#[tokio::test]
async fn what_came_back_for_good_makes_an_open_house_try_the_next_address() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(folder.path(), Arc::default(), "outbox").await;
    let (author, knock, delivery) = house.knocked(&["anna@old.example.net", "anna@example.com"]).await;
    let (bounce, reply) = (house.address(knock, ReturnKind::Bounce), house.address(knock, ReturnKind::Reply));
    assert_eq!(house.sent_to("anna@old.example.net"), 1);
    assert!(house.outbox()[0].contains(&format!("\r\nReply-To: {reply}\r\n")), "{}", house.outbox()[0]);

    // What changes nothing: not the end, not about the address, forged, another house's, for nobody, no message at all.
    let other = HouseKeys::new(&MachineChance).return_address(&knock.to_string(), ReturnKind::Bounce, DOMAIN);
    let forged = bounce.replacen('.', ".a", 1);
    for (to, name) in [
        (bounce.as_str(), "postfix-later"),
        (&bounce, "postfix-mailbox-full"),
        (&bounce, "postfix-refused-by-policy"),
        (&bounce, "qmail"),
        (&bounce, "holiday-notice"),
        (&bounce, "postfix-contradicts-itself"),
        (&reply, "postfix-nobody-there"),
        (&other, "postfix-nobody-there"),
        (&forged, "postfix-nobody-there"),
        (&format!("unsaid@{DOMAIN}"), "postfix-nobody-there"),
        ("", "postfix-nobody-there"),
    ] {
        assert!(line(&receive(folder.path(), to, &report(name))).contains("nothing changes"), "{to} {name}");
    }
    let whole = report("postfix-nobody-there");
    for cut in [0, 1, 200, 900, 1_400] {
        assert!(line(&receive(folder.path(), &bounce, &whole[..cut])).contains("nothing changes"), "{cut}");
    }
    let unknown = house.address(MessageId([7; 16]), ReturnKind::Bounce);
    assert!(line(&receive(folder.path(), &unknown, &whole)).ends_with("there-is-no-such-message"));
    house.turn().await;
    assert_eq!(house.good(&author).await, [true, true]);
    assert_eq!(house.state(delivery).await, State::Knocked(1));
    assert_eq!(house.outbox().len(), 1);

    // Six mail servers at once, and megabytes behind the report: it is dead once.
    let long = [&whole[..], &vec![b'a'; 3 << 20]].concat();
    let children: Vec<Child> = (0..6).map(|_| begin(folder.path(), &["--to", &bounce], &long)).collect();
    let lines: Vec<String> =
        children.into_iter().map(|child| line(&child.wait_with_output().unwrap())).collect();
    assert_eq!(lines.iter().filter(|l| **l == format!("{knock}: {DEAD}")).count(), 1, "{lines:?}");
    assert_eq!(lines.iter().filter(|l| l.contains("is-no-knock-that-left")).count(), 5, "{lines:?}");
    house.turn().await;
    assert_eq!(house.good(&author).await, [false, true]);
    assert_eq!(house.sent_to("anna@example.com"), 1);
    assert_eq!(house.state(delivery).await, State::Knocked(1));

    // The next one comes back too, this time to whom a header says, as from a .forward; the house is closed meanwhile.
    let second = house.assembled.app.store.delivery(delivery).await.unwrap().unwrap().pair.knocks[1].id;
    let bounce = house.address(second, ReturnKind::Bounce);
    let by_header =
        [format!("Delivered-To: {bounce}\n").as_bytes(), &report("exchange-nobody-there")].concat();
    let mut house = house
        .again(|folder| {
            let output = begin(folder, &[], &by_header).wait_with_output().unwrap();
            assert_eq!(line(&output), format!("{second}: {DEAD}"));
        })
        .await;
    house.turn().await;
    assert_eq!(house.good(&author).await, [false, false]);
    assert_eq!(house.state(delivery).await, State::Unreachable);
}

#[tokio::test]
async fn a_house_from_a_backup_knows_what_came_back_after_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(folder.path(), Arc::default(), "outbox").await;
    let (author, knock, delivery) = house.knocked(&["anna@old.example.net", "anna@example.com"]).await;
    let (store, backup) = (folder.path().join("data/store"), folder.path().join("backup"));
    let copy = |from: &Path, to: &Path| {
        std::fs::create_dir_all(to).unwrap();
        for name in std::fs::read_dir(to).unwrap().map(|entry| entry.unwrap().path()).filter(|p| p.is_file())
        {
            std::fs::remove_file(name).unwrap();
        }
        for file in
            std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).filter(|p| p.is_file())
        {
            std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
        }
    };
    let house = house.again(|_| copy(&store, &backup)).await;
    let bounce = house.address(knock, ReturnKind::Bounce);
    assert!(line(&receive(folder.path(), &bounce, &report("gmail-nobody-there"))).ends_with(DEAD));
    assert_eq!(house.good(&author).await, [false, true]);
    let mut house = house.again(|_| copy(&backup, &store)).await;
    assert_eq!(house.good(&author).await, [false, true], "the journal of what came in is replayed");
    house.turn().await;
    assert_eq!(house.sent_to("anna@example.com"), 1);
    assert_eq!(house.state(delivery).await, State::Knocked(1));
    // And it is heard beside the house as before.
    assert!(
        line(&receive(folder.path(), &bounce, &report("gmail-nobody-there"))).contains("nothing changes")
    );
}

#[tokio::test]
async fn who_answers_a_knock_is_told_once_a_week_and_a_machine_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(folder.path(), Arc::default(), "outbox").await;
    let (_, knock, delivery) = house.knocked(&["anna@example.net"]).await;
    let (bounce, reply) = (house.address(knock, ReturnKind::Bounce), house.address(knock, ReturnKind::Reply));
    let ours = answer("").to_vec();
    let ours =
        String::from_utf8(ours).unwrap().replace("Anna <anna@example.net>", &format!("unsaid@{DOMAIN}"));
    for (to, message) in [
        (&reply, answer("Auto-Submitted: auto-replied\n")),
        (&reply, answer("List-Id: <a.example>\n")),
        (&reply, report("holiday-notice")),
        (&reply, ours.into_bytes()),
        (&reply, Vec::new()),
        (&bounce, answer("")),
    ] {
        assert!(line(&receive(folder.path(), to, &message)).contains("nothing changes"));
    }
    house.turn().await;
    assert_eq!(house.outbox().len(), 1, "the knock alone");
    let told = line(&receive(folder.path(), &reply, &answer("")));
    assert!(told.starts_with(&format!("{knock}: was answered; ")), "{told}");
    assert!(line(&receive(folder.path(), &reply, &answer(""))).ends_with("was-told-this-week-or-is-gone"));
    house.turn().await;
    assert_eq!(house.sent_to("anna@example.net"), 2);
    let words = house.outbox().concat();
    assert!(
        !words.contains("sesame") && !words.contains("Is it really from Papa?"),
        "nothing of it goes back"
    );
    house.pass(24 * 8).await;
    assert!(line(&receive(folder.path(), &reply, &answer(""))).contains("was answered"));
    assert_eq!(house.state(delivery).await, State::Knocked(1));
    // What was said is nowhere in the house.
    let phrases = ["-rlaiF", "-e", "sesame", "-e", "Is it really from Papa?"];
    let kept = Command::new("grep").args(phrases).arg(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&kept.stdout), "");
}

#[tokio::test]
async fn a_house_that_hears_of_nothing_writes_no_addresses_that_nobody_hears() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open_with(folder.path(), Arc::default(), "outbox", "none").await;
    house.knocked(&["anna@example.net"]).await;
    let knock = house.outbox().concat();
    assert!(knock.contains("\r\nTo: anna@example.net\r\n") && !knock.contains("Reply-To"), "{knock}");
    assert!(!knock.contains("reply+") && !knock.contains("bounce+"), "{knock}");
}

#[tokio::test]
async fn what_comes_back_late_does_not_close_what_was_opened() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(folder.path(), Arc::default(), "outbox").await;
    let (author, knock, delivery) = house.knocked(&["anna@old.example.net", "anna@example.com"]).await;
    let store = house.assembled.app.store.clone();
    let token = house.keys().link_token(&knock.to_string());
    let reader = store.knock(hashed(&*token)).await.unwrap().unwrap().reader;
    let view = store.delivery(delivery).await.unwrap().unwrap();
    let granted = unsaid_delivery::accept::open(&view.delivery).unwrap().unwrap();
    store.open(&reader, &view.delivery, &granted, house.now()).await.unwrap();
    let bounce = house.address(knock, ReturnKind::Bounce);
    receive(folder.path(), &bounce, &report("postfix-nobody-there"));
    house.turn().await;
    assert_eq!(house.state(delivery).await, State::Opened);
    assert_eq!(house.outbox().len(), 1, "nobody is knocked at for what was read");
    assert_eq!(house.good(&author).await, [false, true], "but nothing more is sent there");
}

#[tokio::test]
async fn a_house_that_is_busy_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(folder.path(), Arc::default(), "outbox").await;
    let (author, knock, _) = house.knocked(&["anna@old.example.net", "anna@example.com"]).await;
    let bounce = house.address(knock, ReturnKind::Bounce);
    let journal = folder.path().join("data/journal");
    let name = std::fs::read_to_string(journal.join("node")).unwrap();
    // Another `receive` has the journal of what came in, then somebody holds the rows for longer than SQLite itself waits.
    let held = FileJournal::open(&journal, &format!("{}-in", name.trim())).unwrap();
    let mut child = begin(folder.path(), &["--to", &bounce], &report("exim-nobody-there"));
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(child.try_wait().unwrap().is_none(), "it waits for the journal");
    let rows = rusqlite::Connection::open(folder.path().join("data/store/unsaid.sqlite")).unwrap();
    rows.busy_timeout(Duration::from_secs(5)).unwrap();
    rows.execute_batch("begin immediate").unwrap();
    drop(held);
    std::thread::sleep(Duration::from_millis(6_000));
    assert!(child.try_wait().unwrap().is_none(), "it waits for the rows");
    rows.execute_batch("rollback").unwrap();
    assert!(line(&child.wait_with_output().unwrap()).ends_with(DEAD));
    assert_eq!(house.good(&author).await, [false, true]);
}

/// The same beside a house that keeps its rows in PostgreSQL, in a database of its own on the server that the environment names.
#[tokio::test]
async fn a_house_in_postgresql_hears_of_it_too() {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(server) = set("UNSAID_TEST_POSTGRES") else {
        let must = set("UNSAID_TEST_REQUIRE").as_deref() == Some("1");
        assert!(!must, "There is no PostgreSQL here. Run this through scripts/with-postgres.");
        return;
    };
    let command = async |text: String| {
        let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        client.batch_execute(&text).await.unwrap();
        drop(client);
        driver.await.unwrap().unwrap();
    };
    let name = format!("unsaid_receive_{}", std::process::id());
    command(format!("create database {name}")).await;
    let folder = tempfile::tempdir().unwrap();
    let url = server.rsplit_once('/').map(|(server, _)| format!("{server}/{name}")).unwrap();
    std::fs::write(folder.path().join("database"), url).unwrap();
    let mut house = House::open(folder.path(), Arc::default(), "outbox").await;
    let (author, knock, delivery) = house.knocked(&["anna@old.example.net", "anna@example.com"]).await;
    let bounce = house.address(knock, ReturnKind::Bounce);
    let children: Vec<Child> =
        (0..3).map(|_| begin(folder.path(), &["--to", &bounce], &report("yahoo-no-account"))).collect();
    let lines: Vec<String> =
        children.into_iter().map(|child| line(&child.wait_with_output().unwrap())).collect();
    assert_eq!(lines.iter().filter(|l| l.ends_with(DEAD)).count(), 1, "{lines:?}");
    let reply = house.address(knock, ReturnKind::Reply);
    assert!(line(&receive(folder.path(), &reply, &answer(""))).contains("was answered"));
    let mut house = house.again(|_| {}).await;
    house.turn().await;
    assert_eq!(house.good(&author).await, [false, true]);
    assert_eq!(house.state(delivery).await, State::Knocked(1));
    // To the old one the knock, and the answer to what came from there.
    assert_eq!((house.sent_to("anna@old.example.net"), house.sent_to("anna@example.com")), (2, 1));
    drop(house);
    command(format!("drop database {name} with (force)")).await;
}

/// The mail server keeps the message: exit 75, and what a human should do.
#[track_caller]
fn kept(output: &Output) {
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(75), "{said}");
    assert!(output.stdout.is_empty() && said.matches(['.', ':']).count() >= 2, "{said}");
    assert!(!said.contains("panicked") && !said.contains("sesame"), "{said}");
}

#[tokio::test]
async fn what_cannot_be_taken_now_is_kept_by_the_mail_server() {
    let folder = tempfile::tempdir().unwrap();
    let whole = report("postfix-nobody-there");
    kept(&receive(folder.path(), "bounce+x@example.org", &whole));
    let mut house = House::open(folder.path(), Arc::default(), "outbox").await;
    let (author, knock, _) = house.knocked(&["anna@old.example.net", "anna@example.com"]).await;
    let bounce = house.address(knock, ReturnKind::Bounce);
    // Called wrongly, or with settings that are none.
    kept(&begin(folder.path(), &["--from", "sesame"], &whole).wait_with_output().unwrap());
    let wrong = Command::new(env!("CARGO_BIN_EXE_unsaid"))
        .env_clear()
        .envs(environment(folder.path()))
        .env("UNSAID_BOUNCES", "imap")
        .args(["receive", "--to", &bounce])
        .stdin(Stdio::null())
        .output();
    kept(&wrong.unwrap());
    let rows = || rusqlite::Connection::open(folder.path().join("data/store/unsaid.sqlite")).unwrap();
    // The tables of a newer program, and those of an older one that still keeps the house open: nothing is stepped forward under it.
    let step = |by: i64| rows().execute("update schema_step set number = number + ?1", [by]).unwrap();
    for by in [1_000, -1] {
        step(by);
        kept(&receive(folder.path(), &bounce, &whole));
        kept(&receive(folder.path(), &house.address(knock, ReturnKind::Reply), &answer("")));
        step(-by);
    }
    let keys = folder.path().join("data/keys/host.secrets");
    std::fs::rename(&keys, keys.with_extension("away")).unwrap();
    kept(&receive(folder.path(), &bounce, &whole));
    std::fs::rename(keys.with_extension("away"), &keys).unwrap();
    let journal = folder.path().join("data/journal/node");
    std::fs::rename(&journal, journal.with_extension("away")).unwrap();
    kept(&receive(folder.path(), &bounce, &whole));
    std::fs::rename(journal.with_extension("away"), &journal).unwrap();
    assert_eq!(house.good(&author).await, [true, true], "nothing of it was taken");
    assert!(line(&receive(folder.path(), &bounce, &whole)).ends_with(DEAD), "brought again, it is");
}
