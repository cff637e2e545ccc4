//! The real process, killed at the worst moments with a real relay on the other side, and started again on the same folder: nothing is lost, and what is repeated is
//! the same to the byte. The letter is the one that the town's family has resting. Everything listens on loopback and ends with its test.

#![expect(clippy::disallowed_methods, reason = "a real process is waited for")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// What the relay does once the content has come.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    /// Says 250.
    Accepts,
    /// Says nothing, and tells the test that it could.
    HoldsBack,
    /// Says 250 and kills the sender in the same moment.
    AcceptsAndKills,
}

/// A relay that takes whole messages.
struct Relay {
    port: u16,
    mood: Arc<Mutex<Mood>>,
    victim: Arc<AtomicU32>,
    taken: Arc<Mutex<Vec<String>>>,
    holding: Receiver<()>,
}

impl Relay {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mood = Arc::new(Mutex::new(Mood::Accepts));
        let (victim, taken) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (tell, holding) = channel();
        let parts = (mood.clone(), victim.clone(), taken.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (mood, victim, taken) = parts.clone();
                let tell = tell.clone();
                std::thread::spawn(move || serve(stream, &mood, &victim, &taken, &tell));
            }
        });
        Self { port, mood, victim, taken, holding }
    }

    fn become_(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

fn serve(
    stream: TcpStream,
    mood: &Mutex<Mood>,
    victim: &AtomicU32,
    taken: &Mutex<Vec<String>>,
    tell: &Sender<()>,
) -> Option<()> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut out = stream.try_clone().ok()?;
    let mut lines = BufReader::new(stream);
    let mut say = |line: &str| out.write_all(format!("{line}\r\n").as_bytes()).ok();
    say("220 relay.example.net")?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                say("354 go on")?;
                let mut whole = String::new();
                loop {
                    let mut line = String::new();
                    if lines.read_line(&mut line).ok()? == 0 {
                        return None;
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    whole += &line;
                }
                taken.lock().unwrap().push(whole);
                let mood = *mood.lock().unwrap();
                match mood {
                    Mood::Accepts => say("250 taken")?,
                    Mood::HoldsBack => {
                        tell.send(()).ok()?;
                        // Until the other side is dead.
                        let mut rest = [0];
                        let _closed = lines.read(&mut rest);
                        return None;
                    }
                    Mood::AcceptsAndKills => {
                        say("250 taken")?;
                        kill(victim.load(Ordering::SeqCst));
                        tell.send(()).ok()?;
                        return None;
                    }
                }
            }
            "QUIT" => {
                say("221 bye")?;
                return None;
            }
            _ => say("250 relay.example.net")?,
        }
    }
}

/// SIGKILL, as a power cut would.
fn kill(pid: u32) {
    let _killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
}

struct Town {
    process: Child,
    port: u16,
}

impl Town {
    fn start(folder: &Path, port: u16, mail: &str) -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_unsaid-town"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("UNSAID_DATA", folder)
            .env("UNSAID_LISTEN", format!("127.0.0.1:{port}"))
            .env("UNSAID_PUBLIC_URL", format!("http://localhost:{port}"))
            .env("UNSAID_MAIL", mail)
            .env("UNSAID_MAIL_FROM", "unsaid@example.net")
            // What a host is called for (a full disk, no backup) would stand among the messages that are counted.
            .env("UNSAID_LEAST_FREE", "0")
            .env("UNSAID_RESERVE_MIB", "0")
            .env("UNSAID_BACKUP_DAYS", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let town = Self { process, port };
        for _ in 0..600 {
            if town.ask("GET", "/healthz", "").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                return town;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the town did not open within a minute");
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Option<String> {
        ask(self.port, method, path, body)
    }

    fn live(&self, seconds: u64) {
        let answer =
            self.ask("POST", "/town/advance", &format!("{{\"by\":{seconds},\"as\":\"lived\"}}")).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

fn ask(port: u16, method: &str, path: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost:{port}\r\norigin: http://localhost:{port}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

impl Drop for Town {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _waited = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn message_id(message: &str) -> &str {
    message.lines().find(|line| line.starts_with("Message-ID:")).unwrap_or_default()
}

/// The knock for Daniel is sent while the process is killed in this mood of the relay; then a new process lives on.
fn killed_while(mood: Mood) {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::open();
    let mail = format!("smtp://127.0.0.1:{}?tls=none", relay.port);
    let port = free_port();
    let town = Town::start(folder.path(), port, &mail);
    relay.victim.store(town.process.id(), Ordering::SeqCst);
    relay.become_(mood);
    // The request dies with the process.
    let advancing =
        std::thread::spawn(move || ask(port, "POST", "/town/advance", "{\"by\":172800,\"as\":\"lived\"}"));
    relay.holding.recv_timeout(PATIENCE).expect("the knock was sent within a minute");
    drop(town);
    let _died = advancing.join();
    assert_eq!(relay.taken().len(), 1);

    relay.become_(Mood::Accepts);
    let town = Town::start(folder.path(), port, &mail);
    // A lease is taken over after 75 minutes of service, and an answer that was not read is waited for an hour.
    town.live(6 * 3_600);
    town.live(3 * 86_400);
    let taken = relay.taken();
    assert!((1..=2).contains(&taken.len()), "{} copies", taken.len());
    assert_eq!(
        message_id(&taken[0]),
        message_id(&taken[taken.len() - 1]),
        "a second knock would be another message"
    );
    assert_eq!(taken[0], taken[taken.len() - 1], "a repeat is the same to the byte");
    // And what was recorded now is not sent a third time: the next knock is another one, two weeks later.
    town.live(10 * 86_400);
    assert_eq!(relay.taken().len(), taken.len());
    town.live(6 * 86_400);
    let all = relay.taken();
    assert_eq!(all.len(), taken.len() + 1);
    assert_ne!(message_id(&all[0]), message_id(&all[all.len() - 1]));
}

#[test]
fn killed_between_data_and_its_answer_the_letter_is_not_lost_and_at_most_repeated_to_the_byte() {
    killed_while(Mood::HoldsBack);
}

#[test]
fn killed_in_the_moment_of_the_answer_the_letter_is_not_lost_and_at_most_repeated_to_the_byte() {
    killed_while(Mood::AcceptsAndKills);
}

#[test]
fn a_relay_that_is_down_for_days_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let closed = free_port();
    let port = free_port();
    let town = Town::start(folder.path(), port, &format!("smtp://127.0.0.1:{closed}?tls=none"));
    town.live(5 * 86_400);
    drop(town);
    let relay = Relay::open();
    let town = Town::start(folder.path(), port, &format!("smtp://127.0.0.1:{}?tls=none", relay.port));
    town.live(2 * 86_400);
    assert_eq!(relay.taken().len(), 1);
}
