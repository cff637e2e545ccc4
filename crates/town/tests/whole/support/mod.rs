//! What the stories of the whole program need: the town as a process, a browser that keeps cookies, an author who seals with real keys, and a relay. Knows no
//! inner part of the program but the sealing that a browser does itself.

#![allow(dead_code, reason = "each story needs a part of it")]

pub(crate) mod author;
pub(crate) mod browser;
pub(crate) mod falls;
pub(crate) mod relay;

use browser::Browser;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Longer than anything takes on a slow machine; then it is a fault.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const DAY: u64 = 86_400;

/// Where a town keeps its things, and the doors it uses. It outlives the process.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    port: u16,
    mail: String,
    database: Option<String>,
    /// Settings beside those that every house of these tests has.
    more: Vec<(&'static str, String)>,
    network: Option<&'static str>,
}

impl Place {
    pub(crate) fn new(mail: String, database: Option<String>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder: tempfile::tempdir().unwrap(), port, mail, database, more: Vec::new(), network: None }
    }

    /// With one more setting.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    /// Without any settings beside those that every house of these tests has.
    pub(crate) fn without_more(mut self) -> Self {
        self.more.clear();
        self
    }

    /// Another place with what stands in this one, which is closed, and another door.
    pub(crate) fn copied(&self, mail: String, database: Option<String>) -> Self {
        let copy = Self::new(mail, database);
        let copied = Command::new("cp").arg("-a").arg(self.data()).arg(copy.data()).status().unwrap();
        assert!(copied.success());
        copy
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Browsers come by a proxy, from this network.
    pub(crate) fn seen_from(self, network: &'static str) -> Self {
        Self { network: Some(network), ..self }
    }

    /// Where it is found from outside.
    pub(crate) fn origin(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The program starts. What it logs goes into one file for all starts.
    pub(crate) fn start(&self) -> Town {
        self.opened(self.start_if_it_can())
    }

    /// `unsaid serve`, on the clock of this machine.
    pub(crate) fn serve(&self) -> Town {
        self.opened(self.start_with(&["command", "serve"]))
    }

    fn opened(&self, started: Result<Town, ExitStatus>) -> Town {
        started.unwrap_or_else(|ended| {
            panic!("the town ended with {ended}: {}", std::fs::read_to_string(self.log()).unwrap())
        })
    }

    /// The program starts, or ends before it is open.
    pub(crate) fn start_if_it_can(&self) -> Result<Town, ExitStatus> {
        self.start_with(&["--empty"])
    }

    fn start_with(&self, words: &[&str]) -> Result<Town, ExitStatus> {
        let log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_unsaid-town"));
        command
            .args(words)
            .env_clear()
            .env("UNSAID_DATA", self.folder.path().join("data"))
            .env("UNSAID_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("UNSAID_PUBLIC_URL", self.origin())
            .env("UNSAID_MAIL", &self.mail)
            // However full the disk is that the tests run on.
            .env("UNSAID_LEAST_FREE", "0")
            // No story but that of the backups is about them.
            .env("UNSAID_BACKUP_DAYS", "0")
            .env("UNSAID_RESERVE_MIB", "0")
            .env("UNSAID_MAIL_FROM", "unsaid@example.net")
            .stdout(File::create(self.folder.path().join("printed")).unwrap())
            .stderr(log);
        command.envs(self.more.iter().map(|(name, value)| (name, value)));
        if let Some(database) = &self.database {
            command.env("UNSAID_DATABASE", database);
        }
        let mut town = Town { process: command.stdin(Stdio::null()).spawn().unwrap(), port: self.port };
        for _ in 0..600 {
            if self.browser().try_get("/healthz").is_some_and(|answer| answer.status == 200) {
                return Ok(town);
            }
            if let Some(ended) = town.process.try_wait().unwrap() {
                return Err(ended);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the town did not open within a minute");
    }

    /// `unsaid` with these words, in this place, with this typed to it. Gives its exit code and all that it said.
    pub(crate) fn command(&self, words: &[&str], typed: &str) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unsaid-town"));
        command
            .arg("command")
            .args(words)
            .env_clear()
            .env("UNSAID_DATA", self.folder.path().join("data"))
            .env("UNSAID_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("UNSAID_PUBLIC_URL", self.origin())
            .env("UNSAID_MAIL", &self.mail)
            .env("UNSAID_MAIL_FROM", "unsaid@example.net")
            .envs(self.more.iter().map(|(name, value)| (name, value)));
        if let Some(database) = &self.database {
            command.env("UNSAID_DATABASE", database);
        }
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = process.stdin.take().unwrap();
        // Whoever asks nothing does not read it.
        let _typed = stdin.write_all(typed.as_bytes());
        drop(stdin);
        let done = process.wait_with_output().unwrap();
        let said = [done.stdout, done.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (done.status.code(), said)
    }

    /// The token of the link that the first start printed.
    pub(crate) fn first_link(&self) -> String {
        for _ in 0..300 {
            let printed = File::open(self.folder.path().join("printed")).unwrap();
            let token = BufReader::new(printed)
                .lines()
                .map_while(Result::ok)
                .find_map(|line| line.split_once("/begin/").map(|(_, token)| token.trim().to_owned()));
            if let Some(token) = token.filter(|token| token.len() == 43) {
                return token;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("no first link was printed within thirty seconds");
    }

    pub(crate) fn browser(&self) -> Browser {
        let browser = Browser::new(self.port);
        self.network.map_or(browser.clone(), |network| browser.at_network(network))
    }
}

/// A running program.
pub(crate) struct Town {
    process: Child,
    port: u16,
}

impl Town {
    /// Time passes in this way; gives the trusted and the observed time then.
    pub(crate) fn pass(&self, seconds: u64, how: &str) -> Value {
        let answer = Browser::new(self.port).post("/town/advance", &json!({ "by": seconds, "as": how }));
        answer.is(200)
    }

    pub(crate) fn live(&self, seconds: u64) {
        self.pass(seconds, "lived");
    }

    /// Time passes beside the test; whether it came to an end is not asked.
    pub(crate) fn live_beside(&self, seconds: u64) -> std::thread::JoinHandle<()> {
        let port = self.port;
        std::thread::spawn(move || {
            let asked = json!({ "by": seconds, "as": "lived" }).to_string();
            let _answer =
                Browser::new(port).try_send("POST", "/town/advance", "application/json", asked.as_bytes());
        })
    }

    /// Time passes until it is over, or until the process dies of it.
    pub(crate) fn live_if_it_can(&self, seconds: u64) {
        let asked = json!({ "by": seconds, "as": "lived" }).to_string();
        let _answer =
            Browser::new(self.port).try_send("POST", "/town/advance", "application/json", asked.as_bytes());
    }

    /// Whether it has ended by itself, and how; waits a little for one that is about to.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        for _ in 0..20 {
            if let Some(status) = self.process.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// SIGTERM, as whoever runs it would. What comes of that: [`Self::closed`].
    pub(crate) fn is_asked_to_stop(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(asked.unwrap().success());
    }

    /// Waits for the end of the process; gives its exit code.
    pub(crate) fn closed(mut self) -> Option<i32> {
        for _ in 0..PATIENCE.as_secs() * 10 {
            if let Some(ended) = self.process.try_wait().unwrap() {
                return ended.code();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the program did not end");
    }

    pub(crate) fn is_open(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// SIGKILL, as a power cut would.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        let _killed = self.process.kill();
        let _waited = self.process.wait();
    }
}
