//! The real program on an empty folder: what it prints, what it refuses in two sentences, and that it stops when it is asked to. Loopback only.

#![expect(clippy::disallowed_methods, reason = "a real process is waited for")]

#[path = "support/door.rs"]
mod door;

use door::{free_port, get};
use rand_core::SeedableRng;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use unsaid_delivery::id::AccountId;
use unsaid_delivery::{Now, Observed};
use unsaid_store::rows::{Keyed, NewAccount, SealedText};

/// The program, with a folder and a door of its own and nothing else in its environment.
fn unsaid(folder: &Path, port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unsaid"));
    command
        .env_clear()
        .env("UNSAID_DATA", folder.join("data"))
        .env("UNSAID_LISTEN", format!("127.0.0.1:{port}"))
        .env("UNSAID_PUBLIC_URL", format!("http://localhost:{port}"));
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A refusal: not 0, and what happened and what to do, in at least two sentences.
#[track_caller]
fn refused(output: &Output, about: &str) {
    let said = said(output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains(about), "{said}");
    assert!(said.matches(['.', ':', '?']).count() >= 2, "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

/// An open house; it is closed when the test ends.
struct House(Child);

impl House {
    fn open(folder: &Path, port: u16) -> Self {
        let child =
            unsaid(folder, port).arg("serve").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let house = Self(child);
        for _ in 0..300 {
            if get(port, "/healthz").is_some_and(|a| a.starts_with("HTTP/1.1 200")) {
                return house;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the house did not open within thirty seconds");
    }

    /// SIGTERM; gives what was printed, when it ended well.
    fn close(mut self) -> String {
        let asked = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        assert!(asked.success());
        for _ in 0..300 {
            if let Some(status) = self.0.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                let mut printed = String::new();
                self.0.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
                return printed;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("SIGTERM did not close the house within thirty seconds");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _waited = self.0.wait();
    }
}

#[test]
fn a_house_opens_on_an_empty_folder_says_where_to_look_and_closes_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let house = House::open(folder.path(), port);
    assert!(get(port, "/readyz").unwrap().contains("keys: not-confirmed"));
    // A second process on the same folder would be a second house.
    let second = unsaid(folder.path(), free_port()).arg("serve").output().unwrap();
    refused(&second, "already serves");
    // Beside the running house a host may invite.
    let invited = unsaid(folder.path(), port).args(["invite", "--host"]).output().unwrap();
    assert!(invited.status.success(), "{}", said(&invited));
    assert!(said(&invited).contains(&format!("http://localhost:{port}/begin/")));
    let printed = house.close();
    assert!(printed.contains(&format!("Unsaid is open at http://localhost:{port}")), "{printed}");
    assert!(
        printed.contains("/begin/") && printed.contains("host.secrets") && printed.contains("/outbox"),
        "{printed}"
    );
    // And opens again on what is there, with the same secrets.
    let secrets = std::fs::read(folder.path().join("data/keys/host.secrets")).unwrap();
    House::open(folder.path(), port).close();
    assert_eq!(std::fs::read(folder.path().join("data/keys/host.secrets")).unwrap(), secrets);
}

#[test]
fn two_words_of_the_paper_confirm_the_keys_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    House::open(folder.path(), port).close();
    let before = unsaid(folder.path(), port).arg("doctor").output().unwrap();
    refused(&before, "LOOK   keys");
    let paper = std::fs::read_to_string(folder.path().join("data/keys/host.secrets")).unwrap();
    let words = |line: &str, skip: usize| {
        let line = paper.lines().find(|l| l.starts_with(line)).unwrap();
        line.split_whitespace().skip(skip).map(str::to_owned).collect::<Vec<_>>()
    };
    let (index, opening) = (words("index", 1), words("opening", 2));
    assert_eq!((index.len(), opening.len()), (24, 24));
    // The places are drawn by chance, so the answers follow the questions.
    let confirm = |right: bool| {
        let mut child = unsaid(folder.path(), port)
            .args(["keys", "confirm"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut ask, mut answer) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
        let mut heard = String::new();
        let mut byte = [0];
        let mut answered = 0;
        while ask.read(&mut byte).unwrap() == 1 {
            heard.push(char::from(byte[0]));
            if heard.ends_with("(on the paper):\n") && answered < 2 {
                let question = heard.lines().last().unwrap();
                let place: usize = question.split_whitespace().nth(1).unwrap().parse().unwrap();
                let list = if question.contains("'index'") { &index } else { &opening };
                let word = if right { list[place - 1].as_str() } else { "nonsense" };
                if writeln!(answer, "{word}").is_err() {
                    break;
                }
                answered += 1;
            }
        }
        drop(answer);
        child.wait_with_output().unwrap().status.success()
    };
    assert!(!confirm(false));
    refused(&unsaid(folder.path(), port).arg("doctor").output().unwrap(), "LOOK   keys");
    assert!(confirm(true));
    let after = unsaid(folder.path(), port).arg("doctor").output().unwrap();
    assert!(said(&after).contains("well   keys"), "{}", said(&after));
    let ahead = "0 letters leave within the next seven days, 0 within 400";
    assert!(said(&after).contains(ahead), "{}", said(&after));
}

/// The generation of the key that an open house opens with, and its recipient.
fn recipient(port: u16) -> (u64, String) {
    let house = get(port, "/api/house").unwrap();
    let body: serde_json::Value = serde_json::from_str(house.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    (body["hostGeneration"].as_u64().unwrap(), body["hostRecipient"].as_str().unwrap().to_owned())
}

#[test]
fn a_key_is_replaced_beside_an_open_house_and_the_old_one_goes_when_nothing_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    refused(&unsaid(folder.path(), port).args(["keys", "rotate"]).output().unwrap(), "cannot be read");
    let house = House::open(folder.path(), port);
    let (first, old) = recipient(port);
    assert_eq!(first, 1);
    let run = |args: &[&str]| unsaid(folder.path(), port).args(args).output().unwrap();
    let file = folder.path().join("data/keys/host.secrets");
    let before = std::fs::read_to_string(&file).unwrap();
    refused(&run(&["keys", "rotate"]), "not known to be on paper");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before, "nothing was made");
    let rotated = run(&["keys", "rotate", "--yes"]);
    assert!(rotated.status.success(), "{}", said(&rotated));
    for part in ["generation 2", "'opening 2'", "unsaid keys confirm", "unsaid keys retire 1"] {
        assert!(said(&rotated).contains(part), "{part}: {}", said(&rotated));
    }
    let after = std::fs::read_to_string(&file).unwrap();
    assert!(after.starts_with(&before) && after.contains("\nopening 2 "), "the old key is kept");
    let secret = after.lines().last().unwrap().split_whitespace().skip(2).collect::<Vec<_>>().join(" ");
    assert!(!said(&rotated).contains(&secret), "no secret on a screen");
    // The open house picks it up by itself.
    let picked_up = (0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        recipient(port).0 == 2
    });
    assert!(picked_up, "the house did not pick the new key up within forty seconds");
    assert_ne!(recipient(port).1, old);
    refused(&run(&["keys", "retire", "1"]), "already serves");
    house.close();
    let doctor = run(&["doctor"]);
    assert!(said(&doctor).contains("unsaid keys retire 1"), "{}", said(&doctor));
    refused(&run(&["keys", "retire", "2"]), "opens with now");
    refused(&run(&["keys", "retire", "7"]), "no opening root");
    // An account whose file is locked for the old key: it needs that key, until an open house has renewed it.
    account_locked_for(folder.path(), &old);
    refused(&run(&["keys", "retire", "1"]), "still need the key of generation 1");
    assert!(said(&run(&["doctor"])).contains("1 of 1 are locked for an older key"));
    let house = House::open(folder.path(), port);
    let renewed = (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        said(&run(&["doctor"])).contains("all 1 are locked for the present key")
    });
    assert!(renewed, "the house did not renew it within thirty seconds");
    house.close();
    let retired = run(&["keys", "retire", "1"]);
    assert!(retired.status.success(), "{}", said(&retired));
    let left = std::fs::read_to_string(&file).unwrap();
    assert!(!left.contains("opening 1 ") && left.contains("opening 2 "));
    House::open(folder.path(), port).close();
}

/// Puts an account into a closed house, with an unlock file for this key of the house, which is its first.
fn account_locked_for(folder: &Path, host: &str) {
    let data = folder.join("data").display().to_string();
    let settings = unsaid::settings::Settings::from_env([("UNSAID_DATA".to_owned(), data)]);
    let settings = settings.unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([9; 32]);
    let identity = unsaid_seal::account::make_account(&mut rng);
    let keys = unsaid::secrets::HouseKeys::read(&settings.keys).unwrap();
    let (id, host) = (AccountId([7; 16]), host.parse().unwrap());
    let unlock =
        unsaid_seal::unlock::make_unlock(&identity, &id.to_string(), 1, &[1; 16], &host, &mut rng).unwrap();
    let now = Now { trusted: "2026-11-21T00:00:00Z".parse().unwrap(), observed: Observed(0) };
    let account = NewAccount {
        id,
        email: SealedText(vec![1]),
        email_key: Keyed([2; 32]),
        name: keys.seal_text(&id.to_string(), "Anna O’Neill", &unsaid::chance::SeededChance::new(3)),
        language: "en".to_owned(),
        zone: "UTC".to_owned(),
        recipient: identity.to_recipient().to_string(),
        salt: vec![1; 16],
        unlock_key: Keyed([4; 32]),
        unlock_wrap: unlock.wrap,
        vault: vec![5],
        host_generation: 1,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = unsaid::assemble::come_in(&settings).await.unwrap();
        let token = Keyed([6; 32]);
        store.open_newcomer(token, id, Keyed([2; 32]), SealedText(vec![1]), None, now).await.unwrap();
        store.create_account(token, account, true, now).await.unwrap();
    });
}

#[test]
fn a_name_is_approved_as_it_is_written_and_the_approval_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let house = House::open(folder.path(), port);
    let host = recipient(port).1;
    house.close();
    let run = |args: &[&str]| unsaid(folder.path(), port).args(args).output().unwrap();
    assert!(said(&run(&["names"])).contains("unsaid invite"), "nobody is there yet");
    account_locked_for(folder.path(), &host);
    let id = AccountId([7; 16]).to_string();
    let listed = |word: &str| {
        let said = said(&run(&["names"]));
        assert!(said.contains(&format!("{id}  {word:<12}  Anna O’Neill")), "{said}");
    };
    listed("not approved");
    let approved = run(&["names", "approve", &id]);
    assert!(approved.status.success() && said(&approved).contains("Anna O’Neill"), "{}", said(&approved));
    listed("approved");
    assert!(run(&["names", "withdraw", &id]).status.success());
    listed("not approved");
    refused(&run(&["names", "approve", "aaaaaaaaaaaaaaaaaaaaaaaaae"]), "no such account");
    refused(&run(&["names", "withdraw", "Anna"]), "no such account");
    refused(&run(&["invite", "--name", "https://x.example"]), "cannot stand in a message");
    let invited = run(&["invite", "--name", "Dan  Berg"]);
    assert!(invited.status.success() && said(&invited).contains("the name Dan Berg"), "{}", said(&invited));
}

#[test]
fn what_is_wrong_is_said_before_anything_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let run =
        |name: &str, value: &str| unsaid(folder.path(), port).env(name, value).arg("serve").output().unwrap();
    refused(&run("UNSAID_DATABSE", "x"), "UNSAID_DATABASE");
    refused(&run("UNSAID_PUBLIC_URL", "https://letters.example.org"), "outbox");
    refused(&run("UNSAID_ZONE", "Mars/Olympus"), "UNSAID_ZONE");
    assert!(!folder.path().join("data").exists(), "nothing was made");
    refused(&unsaid(folder.path(), port).arg("invite").output().unwrap(), "there is no house here yet");
    // A door that is taken.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = taken.local_addr().unwrap().port();
    refused(&unsaid(folder.path(), busy).arg("serve").output().unwrap(), "cannot be listened on");
    // Secrets that are not whole.
    let secrets = folder.path().join("data/keys/host.secrets");
    let whole = std::fs::read_to_string(&secrets).unwrap();
    std::fs::remove_file(&secrets).unwrap();
    std::fs::write(&secrets, whole.replacen(' ', " abbey ", 3)).unwrap();
    refused(&unsaid(folder.path(), port).arg("serve").output().unwrap(), "damaged");
}

#[test]
fn doctor_says_whether_mail_that_comes_back_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    House::open(folder.path(), port).close();
    let doctor = |pairs: &[(&str, &str)]| {
        let output = unsaid(folder.path(), port).envs(pairs.iter().copied()).arg("doctor").output().unwrap();
        let said = said(&output);
        let line = said.lines().find(|line| line.contains(" bounces "));
        line.unwrap_or_else(|| panic!("{said}")).to_owned()
    };
    let relay = ("UNSAID_MAIL", "smtp://127.0.0.1:9?tls=none");
    let deaf = doctor(&[relay]);
    assert!(deaf.starts_with("note   bounces   bounces are not heard: "), "{deaf}");
    assert!(deaf.contains("UNSAID_BOUNCES=pipe"), "{deaf}");
    assert!(doctor(&[relay, ("UNSAID_BOUNCES", "pipe")]).contains("unsaid receive"));
    assert!(doctor(&[]).starts_with("well   bounces   nothing leaves"));
}

#[test]
fn settings_are_printed_and_secrets_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let config = unsaid(folder.path(), free_port())
        .env("UNSAID_MAIL", "smtps://helen:heronfeather@mail.example.org")
        .arg("config")
        .output()
        .unwrap();
    assert!(config.status.success(), "{}", said(&config));
    assert!(
        said(&config).contains("UNSAID_HOURLY") && !said(&config).contains("heronfeather"),
        "{}",
        said(&config)
    );
}
