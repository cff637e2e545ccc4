//! The few shapes of URL that the settings take: where the house is seen, and where its relay is.
//!
//! It refuses to know defaults and rules; it takes text apart and says in two sentences why it cannot. What it is given may
//! hold a password, so no error repeats the text.

use std::net::IpAddr;

/// Scheme, the part before `@`, host, port and the rest of an URL.
#[derive(PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) scheme: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    /// Lower case, in the ASCII form of UTS 46; an IPv6 address stands without its brackets.
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// Everything after the port, with its first `/`, `?` or `#`.
    pub(super) rest: String,
}

impl Parts {
    /// Takes an URL apart, or says what is wrong and what to write.
    pub(super) fn of(text: &str) -> Result<Self, [&'static str; 2]> {
        let Some((scheme, after)) = text.split_once("://") else {
            return Err([
                "has no :// in it.",
                "Write it with its scheme, as in https://letters.example.org.",
            ]);
        };
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(["has a space in it.", "Write it without one; inside a password a space is %20."]);
        }
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, rest) = after.split_at(end);
        let (userinfo, address) = match authority.rsplit_once('@') {
            Some((userinfo, address)) => (Some(userinfo), address),
            None => (None, authority),
        };
        let (host, port) = host_and_port(address)?;
        let (user, password) = match userinfo.map(|info| info.split_once(':').unwrap_or((info, ""))) {
            None => (None, None),
            Some((user, password)) => (Some(decoded(user)?), Some(decoded(password)?)),
        };
        Ok(Self { scheme: scheme.to_ascii_lowercase(), user, password, host, port, rest: rest.to_owned() })
    }

    /// The host as it stands in an URL and in a Host header: an IPv6 address in brackets.
    pub(super) fn host_in_url(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

/// Whether a host can only be this machine: `localhost`, a name below it, 127.0.0.0/8 or ::1.
pub(super) fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn host_and_port(address: &str) -> Result<(String, Option<u16>), [&'static str; 2]> {
    const NO_HOST: [&str; 2] = [
        "has no host in it, or one that cannot be.",
        "Write a name or an address after the ://, as in https://letters.example.org.",
    ];
    let (host, port) = if let Some(inner) = address.strip_prefix('[') {
        let (inner, after) = inner.split_once(']').ok_or(NO_HOST)?;
        let address: std::net::Ipv6Addr = inner.parse().map_err(|_| NO_HOST)?;
        let port = match after.strip_prefix(':') {
            Some(port) => Some(port),
            None if after.is_empty() => None,
            None => return Err(NO_HOST),
        };
        (address.to_string(), port)
    } else {
        let (name, port) = match address.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (address, None),
        };
        (name_of(name).ok_or(NO_HOST)?, port)
    };
    let port = match port {
        None => None,
        Some(text) => match text.parse::<u16>() {
            Ok(port) if port > 0 => Some(port),
            _ => {
                return Err([
                    "has a port that cannot be.",
                    "Write a number from 1 to 65535 after the colon.",
                ]);
            }
        },
    };
    Ok((host, port))
}

/// The ASCII form of a name, if it is one that mail and web can use.
pub(super) fn name_of(name: &str) -> Option<String> {
    let name = idna::domain_to_ascii(name).ok()?;
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    (name.len() <= 253 && name.split('.').all(fits)).then_some(name)
}

/// Undoes percent-encoding (RFC 3986, 2.1).
fn decoded(text: &str) -> Result<String, [&'static str; 2]> {
    const BROKEN: [&str; 2] = [
        "has a % in its user or password that is not followed by two hexadecimal digits, or does not give UTF-8.",
        "Write a % itself as %25, an @ as %40 and a / as %2F.",
    ];
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16)).ok_or(BROKEN);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| BROKEN)?);
    }
    String::from_utf8(bytes).map_err(|_| BROKEN)
}
