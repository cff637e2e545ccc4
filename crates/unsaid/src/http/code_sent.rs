//! What lies between two requests: a code was sent to where somebody says that she can be reached, and it comes back from there. Meanwhile that place lies sealed in the browser that asked, so that
//! nothing has to be kept here that came to nothing. It does not know what is proved by it.

use super::cookies::Cookie;
use super::problem::Problem;
use super::sessions::read_code;
use super::tell::{Done, Taken};
use crate::app::App;
use crate::secrets::hashed;
use axum::http::{HeaderMap, HeaderValue};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::MessageId;
use unsaid_store::rows::{CodeAsked, EmailChangeAsk, Keyed, SealedText};
use zeroize::Zeroizing;

/// The browser that asks for a code. One that has a mark already keeps it.
pub(super) struct Asking([u8; 32]);

impl Asking {
    pub(super) fn read(app: &App, headers: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self(Cookie::Browser.token(app, headers)?.unwrap_or_else(|| app.chance.token())))
    }

    /// For the store: a code goes to this place, which is found by this key.
    pub(super) fn code_to(&self, app: &App, place: &str, new_key: Keyed, now: Now) -> EmailChangeAsk {
        let message = MessageId(app.chance.id_bytes());
        EmailChangeAsk {
            message,
            browser: hashed(&self.0),
            new_key,
            to: app.keys.seal_text(&message.to_string(), place, &*app.chance),
            expires: now.trusted + super::codes::CODE_LASTS,
        }
    }

    /// The answer to whoever asked: the place goes along, sealed and bound to what alone it is good for.
    pub(super) fn asked(
        &self,
        app: &App,
        became: CodeAsked,
        place: &str,
        bound_to: &str,
    ) -> Result<Taken<Done>, Problem> {
        match became {
            CodeAsked::Taken | CodeAsked::Held => {
                app.nudge.nudge();
                let sealed = app.keys.seal_text(bound_to, place, &*app.chance);
                let cookies = [Cookie::Browser.set(app, &self.0), Cookie::Address.set(app, &sealed.0)];
                Ok(Taken::new(Done {}).with_cookies(cookies))
            }
            CodeAsked::TooMany => Err(super::codes::too_many()),
        }
    }
}

/// A code that came back, with what its browser has kept meanwhile.
pub(super) struct CameBack {
    pub(super) code: Keyed,
    pub(super) browser: Keyed,
    sealed: SealedText,
}

impl CameBack {
    pub(super) fn read(app: &App, headers: &HeaderMap, typed: &str) -> Result<Self, Problem> {
        // What cannot be a code is a slip of the finger, and costs no try.
        let code = read_code(typed).ok_or_else(wrong)?;
        Ok(Self {
            code: app.keys.peppered("code", code.as_bytes()),
            browser: Cookie::Browser.hash(app, headers)?.ok_or_else(over)?,
            sealed: Cookie::Address.sealed(app, headers)?.ok_or_else(over)?,
        })
    }

    /// The place that was kept, if it was bound to this.
    pub(super) fn place(&self, app: &App, bound_to: &str) -> Option<Zeroizing<String>> {
        app.keys.open_text(bound_to, &self.sealed)
    }
}

/// It is proved: the browser keeps nothing of it any more.
pub(super) fn forgotten(app: &App) -> [HeaderValue; 2] {
    [Cookie::Browser.forget(app), Cookie::Address.forget(app)]
}

pub(super) fn wrong() -> Problem {
    Problem::field("code", "code-wrong")
}

pub(super) fn over() -> Problem {
    Problem::of("code-over")
}
