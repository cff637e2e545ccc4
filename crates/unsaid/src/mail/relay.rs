//! One letter's way to the one configured relay, command by command (RFC 5321).
//!
//! It knows how to connect, sign in and hand a message over, and asks for permission right before DATA and again
//! before the content. It refuses to know why a message is sent and never tries again by itself: one call is one
//! attempt on a connection of its own.
//!
//! Why this is not a library's client: between 354 and the content nothing may be written unless permission still
//! holds; after the content began, a lost answer is 'unknown' and not 'later'; a reply may be neither long nor early
//! without end. lettre 0.11 writes the content and reads the answer in one call, reads a line of any length into
//! memory, keeps what was said before TLS as if said inside it, and sets no TCP_NODELAY.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use zeroize::Zeroizing;

use super::address::is_plain;
use super::judge::{Halt, Step, explain, judge, log};
pub use super::terms::{RelayConfig, Timeouts, Tls};
use super::wire::{Said, Stream, Wire};
use super::{Answer, Mail, Outgoing, Permission, Reply};

/// The one configured relay.
pub struct Relay {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// TLS from the first byte, rather than after STARTTLS.
    implicit: bool,
    sign_in: Option<(String, Zeroizing<String>)>,
    timeouts: Timeouts,
}

/// A way to sign in (RFC 4616; LOGIN has no RFC but is the only one that some relays have).
enum SignIn {
    Plain,
    Login,
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
        let RelayConfig { host, port, tls, user, password } = config;
        let sign_in = match (user, password.map(Zeroizing::new)) {
            (Some(user), Some(password)) if !user.contains('\0') && !password.contains('\0') => {
                Some((user, password))
            }
            (None, None) => None,
            _ => {
                return Err("The relay's user name and password do not belong together. \
                     Set both, or neither."
                    .to_owned());
            }
        };
        let implicit = tls == Tls::Implicit;
        let tls = match tls {
            Tls::None => None,
            Tls::Required | Tls::Implicit => Some((connector(roots)?, server_name(&host)?)),
        };
        Ok(Self { host, port, tls, implicit, sign_in, timeouts })
    }

    /// Connects, greets, closes the way to others and signs in. Returns the connection and what EHLO offered last.
    async fn open(&self) -> Result<(Wire, Said), Halt> {
        let within = self.timeouts.reply;
        let (tcp, me) = self.connect().await?;
        let mut stream: Box<dyn Stream> = Box::new(tcp);
        if self.implicit {
            stream = self.close_to_others(stream).await?;
        }
        let mut wire = Wire::new(stream);
        let said = wire.hear(within).await.map_err(|why| Halt::Trouble(Step::Greeting, why))?;
        wanted(Step::Greeting, &[220], said)?;
        let hello = format!("EHLO {me}");
        let mut offer = self.ask(&mut wire, Step::Hello, &hello, &[250]).await?;
        if self.tls.is_some() && !self.implicit {
            if offer.offers("STARTTLS").is_none() {
                return Err(Halt::Trouble(Step::StartTls, "the relay offers no STARTTLS"));
            }
            self.ask(&mut wire, Step::StartTls, "STARTTLS", &[220]).await?;
            let bare = wire.into_stream().map_err(|why| Halt::Trouble(Step::StartTls, why))?;
            wire = Wire::new(self.close_to_others(bare).await?);
            // What was offered before TLS counts for nothing after it (RFC 3207, 4.2).
            offer = self.ask(&mut wire, Step::Hello, &hello, &[250]).await?;
        }
        if let Some((user, password)) = &self.sign_in {
            self.sign_in(&mut wire, &offer, user, password).await?;
        }
        Ok((wire, offer))
    }

    /// TCP to the first address that answers, and the name that we give ourselves in EHLO: our own address as a
    /// literal (RFC 5321, 4.1.3), because a machine's host name is rarely one that others can look up.
    async fn connect(&self) -> Result<(TcpStream, String), Halt> {
        let trouble = |why| Halt::Trouble(Step::Connect, why);
        let within = self.timeouts.connect;
        let addresses: Vec<_> = match timeout(within / 3, lookup_host((self.host.as_str(), self.port))).await
        {
            Ok(Ok(found)) => found.take(4).collect(),
            Ok(Err(_)) => return Err(trouble("the relay's name could not be looked up")),
            Err(_) => return Err(trouble("the relay's name was not looked up in time")),
        };
        // One address that swallows everything must not eat the time of the next.
        let share = (within - within / 3) / u32::try_from(addresses.len().max(1)).unwrap_or(1);
        let mut last = "the relay's name has no address";
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Err(_) => last = "the relay did not answer in time",
                Ok(Err(_)) => last = "the relay does not take connections",
                Ok(Ok(tcp)) => {
                    // Without it each small command waits for the acknowledgement of the one before (limits.md).
                    tcp.set_nodelay(true).map_err(|_| trouble("the connection broke"))?;
                    let me = match tcp.local_addr().map_err(|_| trouble("the connection broke"))?.ip() {
                        std::net::IpAddr::V4(ip) => format!("[{ip}]"),
                        std::net::IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
                    };
                    return Ok((tcp, me));
                }
            }
        }
        Err(trouble(last))
    }

    async fn close_to_others(&self, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, Halt> {
        let trouble = |why| Halt::Trouble(Step::Handshake, why);
        let Some((connector, name)) = &self.tls else {
            return Err(trouble("TLS is not set up"));
        };
        match timeout(self.timeouts.connect, connector.connect(name.clone(), stream)).await {
            Ok(Ok(tls)) => Ok(Box::new(tls)),
            Ok(Err(_)) => Err(trouble("TLS failed, or the certificate is not the relay's")),
            Err(_) => Err(trouble("TLS was not ready in time")),
        }
    }

    async fn sign_in(&self, wire: &mut Wire, offer: &Said, user: &str, password: &str) -> Result<(), Halt> {
        let ways = offer.offers("AUTH").unwrap_or_default();
        let way = if ways.iter().any(|way| way == "PLAIN") {
            SignIn::Plain
        } else if ways.iter().any(|way| way == "LOGIN") {
            SignIn::Login
        } else {
            return Err(Halt::NoWayToSignIn);
        };
        match way {
            SignIn::Plain => {
                let both = Zeroizing::new(format!("\0{user}\0{password}"));
                let line = Zeroizing::new(format!("AUTH PLAIN {}", *base64(&both)));
                self.ask(wire, Step::Auth, &line, &[235]).await?;
            }
            SignIn::Login => {
                self.ask(wire, Step::Auth, "AUTH LOGIN", &[334]).await?;
                self.ask(wire, Step::Auth, &base64(user), &[334]).await?;
                self.ask(wire, Step::Auth, &base64(password), &[235]).await?;
            }
        }
        Ok(())
    }

    /// One command and its reply, which must be one of these.
    async fn ask(&self, wire: &mut Wire, step: Step, line: &str, want: &[u16]) -> Result<Said, Halt> {
        let within = if step == Step::Data { self.timeouts.data } else { self.timeouts.reply };
        let said = wire.ask(line, within).await.map_err(|why| Halt::Trouble(step, why))?;
        wanted(step, want, said)
    }

    /// The whole conversation. `Ok` is 'accepted'.
    async fn hand_over(&self, message: &Outgoing, permission: &mut dyn Permission) -> Result<(), Halt> {
        let (mut wire, offer) = self.open().await?;
        let offered = offer.offers("SMTPUTF8").is_some();
        let done = self.hand_over_on(&mut wire, offered, message, permission).await;
        match &done {
            // A connection that is dropped after DATA and before the final dot sends nothing; QUIT would be content.
            Err(Halt::Forbidden | Halt::Trouble(..)) => drop(wire),
            Ok(()) | Err(_) => wire.leave().await,
        }
        done
    }

    async fn hand_over_on(
        &self,
        wire: &mut Wire,
        utf8_offered: bool,
        message: &Outgoing,
        permission: &mut dyn Permission,
    ) -> Result<(), Halt> {
        let utf8 = if message.is_ascii() {
            ""
        } else if utf8_offered {
            " BODY=8BITMIME SMTPUTF8"
        } else {
            // RFC 6531, 3.5: this address cannot be reached through this relay.
            return Err(Halt::Said(Step::Rcpt, Reply::own(550, "5.6.7")));
        };
        let mail = format!("MAIL FROM:<{}>{utf8}", message.return_path);
        self.ask(wire, Step::Mail, &mail, &[250]).await?;
        let rcpt = format!("RCPT TO:<{}>", message.to);
        self.ask(wire, Step::Rcpt, &rcpt, &[250, 251, 252]).await?;
        if !permission.still_allowed().await {
            return Err(Halt::Forbidden);
        }
        self.ask(wire, Step::Data, "DATA", &[354]).await?;
        if !permission.still_allowed().await {
            return Err(Halt::Forbidden);
        }
        // An answer that is already here is not the answer to what we have not said.
        wire.must_be_quiet().map_err(|why| Halt::Trouble(Step::Data, why))?;
        let content = |why| Halt::Trouble(Step::Content, why);
        wire.tell(&message.bytes, self.timeouts.content).await.map_err(content)?;
        let said = wire.hear(self.timeouts.dot).await.map_err(content)?;
        wanted(Step::Content, &[250], said).map(drop)
    }
}

impl Outgoing {
    fn is_ascii(&self) -> bool {
        self.to.is_ascii() && self.return_path.is_ascii() && self.bytes.is_ascii()
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

    async fn check(&self) -> Result<(), String> {
        let place = format!("{}:{}", self.host, self.port);
        let (mut wire, _) = self.open().await.map_err(|halt| explain(&place, &halt))?;
        let quit = self.ask(&mut wire, Step::Hello, "QUIT", &[221]).await;
        quit.map(drop).map_err(|halt| explain(&place, &halt))
    }
}

fn wanted(step: Step, want: &[u16], said: Said) -> Result<Said, Halt> {
    if want.contains(&said.code) { Ok(said) } else { Err(Halt::Said(step, said.reply())) }
}

fn base64(text: &str) -> Zeroizing<String> {
    Zeroizing::new(BASE64_STANDARD.encode(text))
}

fn connector(roots: RootCertStore) -> Result<TlsConnector, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| "TLS cannot be set up on this machine. Report it: this is a fault of the program.")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn server_name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|_| {
        format!("The relay's name ‘{host}’ is not a host name, so its certificate cannot be checked. Look at UNSAID_MAIL.")
    })
}
