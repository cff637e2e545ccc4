//! The cookies, by name and scheme (RFC 6265bis): `__Host-` and Secure over https, plain names over http on loopback. They hold tokens of 32 bytes
//! in base64url, whose hashes the store has; one holds a text that only this house can open. Knows no rows.

use super::problem::Problem;
use crate::app::App;
use crate::secrets::hashed;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use unsaid_store::rows::{Keyed, SealedText};

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// An author's session. Strict: it comes with no link from elsewhere.
    Session,
    /// The browser that asked for a code. Strict.
    Browser,
    /// A person's session. Lax: people come from a link in a mail.
    Reader,
    /// A new sign-in address that waits for its code, sealed by this house. Strict.
    Address,
}

impl Cookie {
    /// What it is called in this house.
    pub fn name(self, app: &App) -> String {
        let plain = match self {
            Self::Session => "session",
            Self::Browser => "browser",
            Self::Reader => "reader",
            Self::Address => "address",
        };
        if app.settings.public_url.secure { format!("__Host-{plain}") } else { plain.to_owned() }
    }

    fn same_site(self) -> &'static str {
        match self {
            Self::Session | Self::Browser | Self::Address => "Strict",
            Self::Reader => "Lax",
        }
    }

    /// Seconds after which the browser forgets it; the store has an end of its own.
    fn max_age(self) -> u32 {
        const DAY: u32 = 86_400;
        match self {
            Self::Session => 90 * DAY,
            Self::Browser => DAY,
            Self::Reader => 30 * DAY,
            // As long as the code that it waits for.
            Self::Address => 600,
        }
    }

    /// The token that a request carries; none if there is none or it is not one of ours. Twice the same name is refused: which of
    /// the two would be meant?
    pub fn token(self, app: &App, headers: &HeaderMap) -> Result<Option<[u8; 32]>, Problem> {
        Ok(self.value(app, headers)?.and_then(read_token))
    }

    /// The sealed text that a request carries in the cookie of a new address.
    pub fn sealed(self, app: &App, headers: &HeaderMap) -> Result<Option<SealedText>, Problem> {
        let text = self.value(app, headers)?;
        Ok(text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).map(SealedText))
    }

    fn value<'a>(self, app: &App, headers: &'a HeaderMap) -> Result<Option<&'a [u8]>, Problem> {
        let name = self.name(app);
        let mut found = None;
        for value in headers.get_all(header::COOKIE) {
            for pair in value.as_bytes().split(|b| *b == b';') {
                let pair = pair.trim_ascii();
                let Some(rest) = pair.strip_prefix(name.as_bytes()) else { continue };
                let Some(text) = rest.strip_prefix(b"=") else { continue };
                if found.replace(text).is_some() {
                    return Err(Problem::of("malformed"));
                }
            }
        }
        Ok(found)
    }

    /// The hash of that token, as the store keeps it.
    pub fn hash(self, app: &App, headers: &HeaderMap) -> Result<Option<Keyed>, Problem> {
        Ok(self.token(app, headers)?.map(|token| hashed(&token)))
    }

    /// The header that gives a browser this cookie.
    pub fn set(self, app: &App, token: &[u8]) -> HeaderValue {
        self.header(app, &URL_SAFE_NO_PAD.encode(token), self.max_age())
    }

    /// The header that makes a browser forget it.
    pub fn forget(self, app: &App) -> HeaderValue {
        self.header(app, "", 0)
    }

    fn header(self, app: &App, value: &str, max_age: u32) -> HeaderValue {
        let secure = if app.settings.public_url.secure { "; Secure" } else { "" };
        let text = format!(
            "{}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite={}{secure}",
            self.name(app),
            self.same_site()
        );
        // Names, base64url and figures are always a header value.
        let mut header = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }
}

/// 32 bytes in base64url without padding, and nothing else.
pub fn read_token(text: &[u8]) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
