//! One letter's way to the one configured relay (RFC 5321): the envelope, permission, the content, the answer.
//!
//! It asks for permission when the address was taken and again before the content, and says what became of the message. It refuses to know why
//! a message is sent and never tries again by itself, but for one case: a connection that has brought a message before and has gone stale is
//! left for a fresh one, before anything was asked or sent.
//!
//! Why this is not a library's client: between 354 and the content nothing may be written unless permission still
//! holds; after the content began, a lost answer is 'unknown' and not 'later'; a reply may be neither long nor early
//! without end. lettre 0.11 writes the content and reads the answer in one call, reads a line of any length into
//! memory, keeps what was said before TLS as if said inside it, and sets no TCP_NODELAY.

use async_trait::async_trait;
use tokio_rustls::rustls::RootCertStore;

use super::address::is_plain;
use super::dial::{Dial, Line};
use super::judge::{Halt, Step, explain, judge, log};
use super::pool::Pool;
pub use super::terms::{RelayConfig, Timeouts, Tls};
use super::{Answer, Mail, Outgoing, Permission, Reach, Reply};

/// The one configured relay.
pub struct Relay {
    dial: Dial,
    pool: Pool,
}

/// What may be done with a connection after a message.
enum After {
    /// The next message may follow.
    Keep,
    /// Nothing more; QUIT is good manners.
    Leave,
    /// Nothing more, and not a byte: QUIT might be taken for content.
    Cut,
}

impl Relay {
    /// A relay with the time-outs of the RFC and the certificate authorities that this machine trusts.
    ///
    /// # Errors
    /// Two sentences: what is wrong with the settings or the machine, and what to do.
    pub fn new(config: RelayConfig) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        if config.tls != Tls::None {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(
                    "This machine trusts no certificate authority, so no relay can prove who it is. \
                     Install the package ca-certificates, or name a file in SSL_CERT_FILE."
                        .to_owned(),
                );
            }
        }
        Self::with(config, roots, Timeouts::default())
    }

    /// The same with roots and time-outs of the caller's.
    ///
    /// # Errors
    /// As [`Relay::new`].
    pub fn with(config: RelayConfig, roots: RootCertStore, timeouts: Timeouts) -> Result<Self, String> {
        Ok(Self { dial: Dial::new(config, roots, timeouts)?, pool: Pool::default() })
    }

    /// The whole conversation. `Ok` is 'accepted'.
    async fn hand_over(&self, message: &Outgoing, permission: &mut dyn Permission) -> Result<(), Halt> {
        if let Some(line) = self.pool.take() {
            match self.hand_over_on(line, message, permission).await {
                // Whatever is wrong before an address was named may be this connection's age: only a fresh one says what counts.
                Err(halt) if halt.step() == Step::Mail => {
                    tracing::debug!("mail: a connection that was used before is stale");
                }
                done => return done,
            }
        }
        self.hand_over_on(self.dial.open().await?, message, permission).await
    }

    async fn hand_over_on(
        &self,
        mut line: Line,
        message: &Outgoing,
        permission: &mut dyn Permission,
    ) -> Result<(), Halt> {
        let mut after = After::Cut;
        let done = self.say_on(&mut line, &mut after, message, permission).await;
        match after {
            After::Keep => self.pool.keep(line),
            After::Leave => line.leave(),
            After::Cut => drop(line),
        }
        done
    }

    /// Every way out of here that is no `Halt::Trouble` says what the connection is good for.
    async fn say_on(
        &self,
        line: &mut Line,
        after: &mut After,
        message: &Outgoing,
        permission: &mut dyn Permission,
    ) -> Result<(), Halt> {
        let parameters = match message.parameters(line) {
            Ok(parameters) => parameters,
            Err(halt) => {
                *after = After::Keep;
                return Err(halt);
            }
        };
        line.brought += 1;
        if line.pipelining {
            self.envelope_at_once(line, after, message, parameters).await?;
            allowed(permission).await?;
        } else {
            self.envelope(line, after, message, parameters).await?;
            if !permission.still_allowed().await {
                // Nothing was said since RCPT, so the envelope can be taken back.
                *after = After::Keep;
                return Err(Halt::Forbidden);
            }
            let said = line.ask(Step::Data, "DATA", &[354], self.dial.timeouts.data).await;
            said.inspect_err(|halt| *after = after_a_no(halt))?;
        }
        allowed(permission).await?;
        // An answer that is already here is not the answer to what we have not said.
        line.wire.must_be_quiet().map_err(|why| Halt::Trouble(Step::Data, why))?;
        let content = |why| Halt::Trouble(Step::Content, why);
        line.wire.tell(&message.bytes, self.dial.timeouts.content).await.map_err(content)?;
        let done = line.hear(Step::Content, &[250], self.dial.timeouts.dot).await;
        line.needs_reset = false;
        *after = done.as_ref().map_or_else(after_a_no, |_| After::Keep);
        done.map(drop)
    }

    /// MAIL and RCPT, each with its answer before the next.
    async fn envelope(
        &self,
        line: &mut Line,
        after: &mut After,
        message: &Outgoing,
        parameters: &str,
    ) -> Result<(), Halt> {
        let times = &self.dial.timeouts;
        let used = line.brought > 1;
        let within = if used { times.used } else { times.reply };
        if std::mem::replace(&mut line.needs_reset, true) {
            let said = line.ask(Step::Mail, "RSET", &[250], within).await;
            said.inspect_err(|halt| *after = after_mail(halt))?;
        }
        let said = line.ask(Step::Mail, &mail(message, parameters), &[250], within).await;
        said.inspect_err(|halt| *after = after_mail(halt))?;
        let said = line.ask(Step::Rcpt, &rcpt(message), &[250, 251, 252], times.reply).await;
        said.inspect_err(|halt| *after = after_a_no(halt)).map(drop)
    }

    /// MAIL, RCPT and DATA in one write (RFC 2920). Where the relay is far away, round trips are everything (limits.md); DATA without a
    /// content sends nothing.
    async fn envelope_at_once(
        &self,
        line: &mut Line,
        after: &mut After,
        message: &Outgoing,
        parameters: &str,
    ) -> Result<(), Halt> {
        let times = &self.dial.timeouts;
        let used = line.brought > 1;
        let within = if used { times.used } else { times.reply };
        let (mail, rcpt) = (mail(message, parameters), rcpt(message));
        let all = ["RSET", &mail, &rcpt, "DATA"];
        let reset = std::mem::replace(&mut line.needs_reset, true);
        let said = line.wire.ask_at_once(&all[usize::from(!reset)..], within).await;
        said.map_err(|why| Halt::Trouble(Step::Mail, why))?;
        if reset {
            line.hear(Step::Mail, &[250], within).await?;
        }
        // After a no here DATA was said nonetheless, and only the drop of the connection is sure to send nothing.
        line.hear(Step::Mail, &[250], within).await?;
        if let Err(no) = line.hear(Step::Rcpt, &[250, 251, 252], times.reply).await {
            if let Halt::Said(..) = no {
                // DATA's answer is on its way too. If it is a no as well, the connection is as good as before.
                let data = line.hear(Step::Data, &[354], times.used).await;
                *after = data.as_ref().map_or_else(after_a_no, |_| After::Cut);
            }
            return Err(no);
        }
        let said = line.hear(Step::Data, &[354], times.data).await;
        said.inspect_err(|halt| *after = after_a_no(halt)).map(drop)
    }
}

/// The other side is ready for the content: whoever says no now has the line cut.
async fn allowed(permission: &mut dyn Permission) -> Result<(), Halt> {
    if permission.still_allowed().await { Ok(()) } else { Err(Halt::Forbidden) }
}

fn mail(message: &Outgoing, parameters: &str) -> String {
    format!("MAIL FROM:<{}>{parameters}", message.return_path)
}

fn rcpt(message: &Outgoing) -> String {
    format!("RCPT TO:<{}>", message.to)
}

/// A no in good order about one message leaves the connection good for the next; 421 says that it will be closed, and a yes where a no or
/// another yes was due that somebody is out of step.
fn after_a_no(halt: &Halt) -> After {
    match halt {
        Halt::Said(_, reply) if reply.code == 421 => After::Leave,
        Halt::Said(_, reply) if reply.code >= 400 => After::Keep,
        _ => After::Cut,
    }
}

/// Whoever does not want our MAIL is left.
fn after_mail(halt: &Halt) -> After {
    if matches!(halt, Halt::Said(..)) { After::Leave } else { After::Cut }
}

impl Outgoing {
    /// What MAIL must say for this message, if it can be said on this connection.
    fn parameters(&self, line: &Line) -> Result<&'static str, Halt> {
        let body = self.bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(self.bytes.len());
        let (head, body) = self.bytes.split_at(body);
        let another_script = !(self.to.is_ascii() && self.return_path.is_ascii() && head.is_ascii());
        match (another_script, another_script || !body.is_ascii()) {
            // RFC 6531, 3.5: this address cannot be reached through this relay.
            (true, _) if !line.utf8 => Err(Halt::NeedsUtf8),
            (true, _) if line.eight_bit => Ok(" BODY=8BITMIME SMTPUTF8"),
            (true, _) => Ok(" SMTPUTF8"),
            (false, true) if !line.eight_bit => Err(Halt::Said(Step::Content, Reply::own(554, "5.6.3"))),
            (false, true) => Ok(" BODY=8BITMIME"),
            (false, false) => Ok(""),
        }
    }

    /// Can this be said in SMTP at all? Bare CR and LF are not sent: relays differ in what they make of them.
    fn flaw(&self) -> Option<Halt> {
        let mut before = 0;
        let whole_lines = self.bytes.iter().all(|&byte| {
            let good = (before == b'\r') == (byte == b'\n') && byte != 0;
            before = byte;
            good
        }) && before == b'\n';
        let short_lines = self.bytes.split(|&byte| byte == b'\n').all(|line| line.len() < 1000);
        if !is_plain(&self.to) {
            Some(Halt::Said(Step::Rcpt, Reply::own(501, "5.1.3")))
        } else if !(self.return_path.is_empty() || is_plain(&self.return_path)) {
            Some(Halt::Said(Step::Mail, Reply::own(501, "5.1.7")))
        } else if !(whole_lines && short_lines) {
            Some(Halt::Said(Step::Content, Reply::own(554, "5.6.0")))
        } else {
            None
        }
    }
}

#[async_trait]
impl Mail for Relay {
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        let done = match message.flaw() {
            Some(flaw) => Err(flaw),
            None => self.hand_over(message, permission).await,
        };
        match done {
            Ok(()) => Answer::Accepted,
            Err(halt) => {
                log(&halt);
                judge(halt)
            }
        }
    }

    async fn check(&self) -> Result<Reach, String> {
        let said = async {
            let mut line = self.dial.open().await?;
            let reach = if line.utf8 { Reach::Everybody } else { Reach::AsciiAlone };
            line.ask(Step::Hello, "QUIT", &[221], self.dial.timeouts.reply).await.map(|_| reach)
        };
        said.await.map_err(|halt| explain(&self.dial.place(), &halt))
    }
}
