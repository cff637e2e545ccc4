//! Mail goes out here. One port, `Mail`, with two sides behind it: one relay (relay.rs) and, for trying the
//! house out, a folder (outbox.rs). Messages are put together in compose.rs from what wording.rs and
//! lives.rs say and layout.rs sets. What comes back is read in returned.rs.
//!
//! Beside the port stand the host's own way to an author (hook.rs) and the way to a browser of hers (push.rs).
//!
//! This room is given whole messages and says what became of each. It never learns why something is sent, never
//! decides whether to try again, and refuses to know the store and http. Before anything can arrive it asks
//! `Permission`, twice; a message that was not allowed at either moment is never whole on the other side.

mod address;
pub mod compose;
mod dial;
mod encode;
pub mod hook;
mod judge;
mod layout;
pub mod lives;
pub mod outbox;
mod parse;
mod pool;
pub mod push;
pub mod relay;
pub mod returned;
mod terms;
mod wire;
mod wording;

use async_trait::async_trait;

/// One message, whole, ready for the wire; built again identically after a crash.
///
/// It has no `Debug` on purpose: it holds an address and, in its link, a key.
pub struct Outgoing {
    /// The bare address it goes to, already validated.
    pub to: String,
    /// The envelope's sender, where bounces go; empty for none (RFC 5321, 4.5.5).
    pub return_path: String,
    /// The Message-ID, without its angle brackets.
    pub message_id: String,
    /// The message itself: RFC 5322, lines ended by CRLF.
    pub bytes: Vec<u8>,
}

/// What the other side answered by number; never its text, which may hold addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The SMTP code (RFC 5321, 4.2), or 0 when no reply came at all: no connection, no TLS, silence.
    pub code: u16,
    /// The enhanced status code (RFC 3463), such as `5.1.1`, if there was one.
    pub enhanced: Option<String>,
}

impl Reply {
    /// Nothing was said: there was no connection, no TLS, no answer in time, or none that makes sense.
    pub fn silence() -> Self {
        Self { code: 0, enhanced: None }
    }

    /// A reply that we give to ourselves before anything is sent, with the numbers that a server would use.
    pub(crate) fn own(code: u16, enhanced: &str) -> Self {
        Self { code, enhanced: Some(enhanced.to_owned()) }
    }
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 250 after the content: the other side has it now.
    Accepted,
    /// The relay itself was not there for us: no connection, no TLS, silence, or a 4xx before an address was named. It says nothing about
    /// the address. Nothing was sent.
    NotReached {
        /// What was said, or [`Reply::silence`].
        reply: Reply,
    },
    /// Not now: a 4xx about this address or this message.
    Later {
        /// What was said.
        reply: Reply,
    },
    /// A 5xx about this address or this message.
    Refused {
        /// What was said.
        reply: Reply,
    },
    /// 5.7.x once the address was named: whoever receives for it does not want this house, or our own relay does not want it to go there.
    /// Which of the two, one message alone does not tell.
    Unwelcome {
        /// What was said.
        reply: Reply,
    },
    /// A 5xx before an address was named, or one about how we speak or sign in: our own reputation, credentials or manners.
    Blocked {
        /// What was said, or [`Reply::silence`] where we do not sign in.
        reply: Reply,
    },
    /// The content began to be written and no answer that can be read came: it may have arrived.
    Unknown {
        /// Why, in words for a log.
        why: &'static str,
    },
    /// The address has letters of another script before the @, and the relay takes no such addresses (RFC 6531): it was named to nobody. The host can
    /// change that, and only the host.
    OtherScript,
    /// Permission was not given; nothing was sent.
    Forbidden,
}

/// To whom mail could go out now, as far as the relay says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To every address.
    Everybody,
    /// To addresses with nothing but ASCII before the @: the relay does not offer SMTPUTF8 (RFC 6531).
    AsciiAlone,
}

/// Asked when the address was taken, and again right before the content; `false` means do not send.
///
/// The first question comes before DATA, or, where the relay takes commands at once (RFC 2920) and DATA has been said with them, as soon as it is
/// ready for the content. Either way nothing has been sent until the final dot, and nothing of the content is written before the second yes.
#[async_trait]
pub trait Permission: Send {
    /// May this message still go out? The answer is read anew each time.
    async fn still_allowed(&mut self) -> bool;
}

/// The way out.
#[async_trait]
pub trait Mail: Send + Sync {
    /// Sends one message and waits for the final answer.
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer;

    /// Looks whether mail could go out now, without sending any: for doctor.
    ///
    /// # Errors
    /// Two sentences: what happened, and what to do.
    async fn check(&self) -> Result<Reach, String>;
}
