//! From nothing to a connection on which an envelope may be said: looked up, connected, greeted, closed to others, signed in.
//!
//! It knows what must be true before a name or a password is said, and never falls back to less: no TLS where it is asked for is no connection,
//! and a password goes over TLS or stays on this machine. It refuses to know messages.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use zeroize::Zeroizing;

use super::judge::{Halt, Step};
use super::terms::{RelayConfig, Timeouts, Tls};
use super::wire::{Said, Stream, Wire};

/// The way to the relay.
pub(super) struct Dial {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// TLS from the first byte, rather than after STARTTLS.
    implicit: bool,
    sign_in: Option<(String, Zeroizing<String>)>,
    pub(super) timeouts: Timeouts,
}

/// A connection that is open and signed in, and what the relay offers on it.
pub(super) struct Line {
    pub(super) wire: Wire,
    /// Several commands may be written at once (RFC 2920).
    pub(super) pipelining: bool,
    /// Content with bytes above 127 is taken (RFC 6152).
    pub(super) eight_bit: bool,
    /// Addresses and headers in any script are taken (RFC 6531).
    pub(super) utf8: bool,
    /// How many messages were begun on it.
    pub(super) brought: u32,
    /// The envelope of an earlier message is still open: RSET comes before the next.
    pub(super) needs_reset: bool,
}

impl Line {
    /// One command and its reply, which must be one of these.
    pub(super) async fn ask(
        &mut self,
        step: Step,
        line: &str,
        want: &[u16],
        within: Duration,
    ) -> Result<Said, Halt> {
        ask(&mut self.wire, step, line, want, within).await
    }

    /// The reply to a command that was written before.
    pub(super) async fn hear(&mut self, step: Step, want: &[u16], within: Duration) -> Result<Said, Halt> {
        hear(&mut self.wire, step, want, within).await
    }

    /// Says goodbye if that is possible at once, and hangs up.
    pub(super) fn leave(self) {
        self.wire.leave();
    }
}

impl Dial {
    /// Reads the settings.
    ///
    /// # Errors
    /// Two sentences: what is wrong with the settings or the machine, and what to do.
    pub(super) fn new(config: RelayConfig, roots: RootCertStore, timeouts: Timeouts) -> Result<Self, String> {
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
        let named_here = match host.parse::<IpAddr>() {
            Ok(ip) => ip.is_loopback(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        };
        if tls == Tls::None && sign_in.is_some() && !named_here {
            return Err("A password would go to the relay without TLS. \
                 Leave ?tls=none away in UNSAID_MAIL; it is for a relay on this machine."
                .to_owned());
        }
        let implicit = tls == Tls::Implicit;
        let tls = match tls {
            Tls::None => None,
            Tls::Required | Tls::Implicit => Some((connector(roots)?, server_name(&host)?)),
        };
        Ok(Self { host, port, tls, implicit, sign_in, timeouts })
    }

    /// Where it leads, for the host.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Connects, greets, closes the way to others and signs in.
    pub(super) async fn open(&self) -> Result<Line, Halt> {
        let within = self.timeouts.reply;
        let (tcp, me, stays_here) = self.connect().await?;
        let mut stream: Box<dyn Stream> = Box::new(tcp);
        if self.implicit {
            stream = self.close_to_others(stream).await?;
        }
        let mut wire = Wire::new(stream);
        hear(&mut wire, Step::Greeting, &[220], within).await?;
        let hello = format!("EHLO {me}");
        let mut offer = ask(&mut wire, Step::Hello, &hello, &[250], within).await?;
        if self.tls.is_some() && !self.implicit {
            if offer.offers("STARTTLS").is_none() {
                return Err(Halt::Trouble(Step::StartTls, "the relay offers no STARTTLS"));
            }
            ask(&mut wire, Step::StartTls, "STARTTLS", &[220], within).await?;
            let bare = wire.into_stream().map_err(|why| Halt::Trouble(Step::StartTls, why))?;
            wire = Wire::new(self.close_to_others(bare).await?);
            // What was offered before TLS counts for nothing after it (RFC 3207, 4.2).
            offer = ask(&mut wire, Step::Hello, &hello, &[250], within).await?;
        }
        if let Some((user, password)) = &self.sign_in {
            // `localhost` is a name like any other to whoever wrote this machine's list of names.
            if self.tls.is_none() && !stays_here {
                return Err(Halt::InTheClear);
            }
            self.sign_in(&mut wire, &offer, user, password).await?;
        }
        Ok(Line {
            wire,
            pipelining: offer.offers("PIPELINING").is_some(),
            eight_bit: offer.offers("8BITMIME").is_some(),
            utf8: offer.offers("SMTPUTF8").is_some(),
            brought: 0,
            needs_reset: false,
        })
    }

    /// TCP to the first address that answers; the name that we give ourselves in EHLO: our own address as a literal (RFC 5321,
    /// 4.1.3), because a machine's host name is rarely one that others can look up; and whether the other side is this machine.
    async fn connect(&self) -> Result<(TcpStream, String, bool), Halt> {
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
                        IpAddr::V4(ip) => format!("[{ip}]"),
                        IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
                    };
                    return Ok((tcp, me, address.ip().is_loopback()));
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

    /// PLAIN (RFC 4616), or LOGIN, which has no RFC but is the only one that some relays have.
    async fn sign_in(&self, wire: &mut Wire, offer: &Said, user: &str, password: &str) -> Result<(), Halt> {
        let within = self.timeouts.reply;
        let ways = offer.offers("AUTH").unwrap_or_default();
        if ways.iter().any(|way| way == "PLAIN") {
            let both = Zeroizing::new(format!("\0{user}\0{password}"));
            let line = Zeroizing::new(format!("AUTH PLAIN {}", *base64(&both)));
            ask(wire, Step::Auth, &line, &[235], within).await?;
        } else if ways.iter().any(|way| way == "LOGIN") {
            ask(wire, Step::Auth, "AUTH LOGIN", &[334], within).await?;
            ask(wire, Step::Auth, &base64(user), &[334], within).await?;
            ask(wire, Step::Auth, &base64(password), &[235], within).await?;
        } else {
            return Err(Halt::NoWayToSignIn);
        }
        Ok(())
    }
}

async fn ask(wire: &mut Wire, step: Step, line: &str, want: &[u16], within: Duration) -> Result<Said, Halt> {
    let said = wire.ask(line, within).await.map_err(|why| Halt::Trouble(step, why))?;
    wanted(step, want, said)
}

async fn hear(wire: &mut Wire, step: Step, want: &[u16], within: Duration) -> Result<Said, Halt> {
    let said = wire.hear(within).await.map_err(|why| Halt::Trouble(step, why))?;
    wanted(step, want, said)
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
