//! What is agreed with the relay before anything is said: where it is, how to sign in there, how long each step may take.
//!
//! Values only. They come from the settings by way of whoever builds the program; nothing here reads them.

use std::time::Duration;

/// How the way to the relay is closed to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS (RFC 3207), and nothing is said without it.
    Required,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// None: for a relay on the same machine or wire.
    None,
}

/// Where the relay is and how to sign in there. No `Debug` and no `Clone`: it holds a password.
pub struct RelayConfig {
    /// Name or address; the name that its certificate must have.
    pub host: String,
    /// TCP port: 587 for STARTTLS, 465 for implicit TLS, as a rule.
    pub port: u16,
    /// How the way there is closed to others.
    pub tls: Tls,
    /// Who we are there, if it wants to know.
    pub user: Option<String>,
    /// The password that goes with it.
    pub password: Option<String>,
}

/// How long each step may take (RFC 5321, 4.5.3.2). A lease on a message must be longer than [`Timeouts::sum`].
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Looking up the name and connecting, all addresses together; also the TLS handshake.
    pub connect: Duration,
    /// Each of greeting, EHLO, STARTTLS, AUTH, MAIL and RCPT, the whole reply included.
    pub reply: Duration,
    /// DATA, until 354.
    pub data: Duration,
    /// Writing the content.
    pub content: Duration,
    /// RSET and MAIL on a connection that has brought a message before: one that says nothing now is left for a fresh one.
    pub used: Duration,
    /// From the final dot to the final answer. Shorter than ten minutes makes duplicates (RFC 1047).
    pub dot: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            reply: Duration::from_secs(5 * 60),
            data: Duration::from_secs(2 * 60),
            content: Duration::from_secs(3 * 60),
            used: Duration::from_secs(60),
            dot: Duration::from_secs(10 * 60),
        }
    }
}

impl Timeouts {
    /// The longest that one attempt can take, but for the two questions for permission.
    pub fn sum(&self) -> Duration {
        // RSET and MAIL in vain on a connection that was used before, then all of it on a fresh one: greeting, EHLO twice, STARTTLS,
        // three lines of AUTH, MAIL, RCPT. After a no at RCPT an answer to DATA that was asked at once is waited for instead.
        self.used * 2 + self.connect * 2 + self.reply * 9 + self.data + self.content + self.dot
    }
}
