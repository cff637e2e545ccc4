//! A relay (SMTP, RFC 5321) that keeps what it was given whole, and that the test can stop in the middle of a conversation. Knows nothing of letters.

use super::PATIENCE;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// Where a conversation is held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Before the answer to RCPT.
    Rcpt,
    /// Before the answer to DATA.
    Data,
    /// After the whole content, before its answer.
    Content,
}

/// A message that came whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) to: String,
    pub(crate) text: String,
}

#[derive(Default)]
struct Plan {
    taken: Vec<Taken>,
    /// Every address that was named, refused ones too.
    named: Vec<String>,
    /// Answered 550 5.1.1.
    unknown: Vec<String>,
    /// RCPT to these domains is answered 550 5.7.1.
    unwelcome: Vec<String>,
    /// MAIL FROM is answered 550 5.7.1.
    blocked: bool,
    hold: Option<(Step, String)>,
    /// How often a conversation came to where it is held up.
    held: usize,
    /// How many conversations that were held up have ended since.
    ended: usize,
    /// How many conversations there are.
    open: usize,
}

/// The relay. It listens as long as the test runs.
pub(crate) struct Relay {
    pub(crate) port: u16,
    shared: Arc<(Mutex<Plan>, Condvar)>,
}

impl Relay {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new((Mutex::new(Plan::default()), Condvar::new()));
        let theirs = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = theirs.clone();
                shared.0.lock().unwrap().open += 1;
                std::thread::spawn(move || {
                    let mut held = false;
                    let _ended = converse(stream, &shared, &mut held);
                    let mut plan = shared.0.lock().unwrap();
                    plan.ended += usize::from(held);
                    plan.open -= 1;
                    shared.1.notify_all();
                });
            }
        });
        Self { port, shared }
    }

    pub(crate) fn setting(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=none", self.port)
    }

    /// From now on whatever is for this address is held up at this step.
    pub(crate) fn hold(&self, step: Step, address: &str) {
        self.change(|plan| plan.hold = Some((step, address.to_owned())));
    }

    /// Lets go on what is held up.
    pub(crate) fn let_go(&self) {
        self.change(|plan| plan.hold = None);
    }

    pub(crate) fn block(&self, blocked: bool) {
        self.change(|plan| plan.blocked = blocked);
    }

    pub(crate) fn does_not_know(&self, address: &str) {
        self.change(|plan| plan.unknown.push(address.to_owned()));
    }

    /// From now on no mail of this house goes to these domains; none: to all again.
    pub(crate) fn not_welcome_at(&self, domains: &[&str]) {
        self.change(|plan| plan.unwelcome = domains.iter().map(|name| (*name).to_owned()).collect());
    }

    /// Waits until an address was named so many times.
    pub(crate) fn wait_until_named(&self, address: &str, times: usize) {
        self.wait("the address was not named", |plan| {
            plan.named.iter().filter(|named| *named == address).count() >= times
        });
    }

    /// Waits until something is held up.
    pub(crate) fn wait_until_held(&self) {
        self.wait("nothing came to where it is held up", |plan| plan.held > 0);
    }

    /// How often something was held up.
    pub(crate) fn held(&self) -> usize {
        self.shared.0.lock().unwrap().held
    }

    /// Waits until every conversation that was held up is over.
    pub(crate) fn wait_until_ended(&self) {
        self.wait("what was held up did not end", |plan| plan.ended == plan.held);
    }

    /// Waits until nobody talks to it, as after a death: what was on its way has come, or never will.
    pub(crate) fn wait_until_quiet(&self) {
        // Who had connected and not been let in yet is let in first.
        std::thread::sleep(std::time::Duration::from_millis(30));
        self.wait("somebody still talks", |plan| plan.open == 0);
    }

    /// Waits for so many whole messages to an address and gives all of them.
    pub(crate) fn wait_for(&self, address: &str, count: usize) -> Vec<Taken> {
        self.wait("too few messages came", |plan| {
            plan.taken.iter().filter(|t| t.to == address).count() >= count
        });
        self.taken_for(address)
    }

    pub(crate) fn taken_for(&self, address: &str) -> Vec<Taken> {
        self.shared.0.lock().unwrap().taken.iter().filter(|taken| taken.to == address).cloned().collect()
    }

    pub(crate) fn named(&self, address: &str) -> usize {
        self.shared.0.lock().unwrap().named.iter().filter(|named| *named == address).count()
    }

    fn change(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut self.shared.0.lock().unwrap());
        self.shared.1.notify_all();
    }

    #[track_caller]
    fn wait(&self, otherwise: &str, until: impl Fn(&Plan) -> bool) {
        let plan = self.shared.0.lock().unwrap();
        let (_plan, over) = self.shared.1.wait_timeout_while(plan, PATIENCE, |plan| !until(plan)).unwrap();
        assert!(!over.timed_out(), "{otherwise}");
    }
}

fn converse(stream: TcpStream, shared: &(Mutex<Plan>, Condvar), held: &mut bool) -> Option<()> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut out = stream.try_clone().ok()?;
    let mut lines = BufReader::new(stream);
    let mut say = |line: &str| out.write_all(format!("{line}\r\n").as_bytes()).ok();
    let mut hold = |step: Step, to: &str| {
        let mut plan = shared.0.lock().unwrap();
        let ours = (step, to.to_owned());
        if plan.hold.as_ref() == Some(&ours) {
            *held = true;
            plan.held += 1;
            shared.1.notify_all();
            let _let_go = shared
                .1
                .wait_timeout_while(plan, PATIENCE, |plan| plan.hold.as_ref() == Some(&ours))
                .unwrap();
        }
    };
    let mut to = String::new();
    say("220 relay.example.net")?;
    loop {
        let line = read(&mut lines)?;
        match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "MAIL" if shared.0.lock().unwrap().blocked => say("550 5.7.1 not from here")?,
            "RCPT" => {
                to = line.split(['<', '>']).nth(1)?.to_owned();
                let answer = {
                    let mut plan = shared.0.lock().unwrap();
                    plan.named.push(to.clone());
                    shared.1.notify_all();
                    let domain = to.rsplit('@').next().unwrap_or_default();
                    if plan.unknown.contains(&to) {
                        "550 5.1.1 nobody here"
                    } else if plan.unwelcome.iter().any(|name| name == domain) {
                        "550 5.7.1 not from you"
                    } else {
                        "250 2.1.5 known"
                    }
                };
                hold(Step::Rcpt, &to);
                say(answer)?;
            }
            "DATA" => {
                hold(Step::Data, &to);
                say("354 go on")?;
                let mut text = String::new();
                loop {
                    let line = read(&mut lines)?;
                    if line == ".\r\n" {
                        break;
                    }
                    text += &line;
                }
                shared.0.lock().unwrap().taken.push(Taken { to: to.clone(), text });
                shared.1.notify_all();
                hold(Step::Content, &to);
                say("250 2.0.0 taken")?;
            }
            "QUIT" => {
                say("221 bye")?;
                return None;
            }
            _ => say("250 relay.example.net")?,
        }
    }
}

/// A line; none at the end of the conversation.
fn read(lines: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    (lines.read_line(&mut line).ok()? > 0).then_some(line)
}
