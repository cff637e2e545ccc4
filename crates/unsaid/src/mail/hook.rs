//! The host's own way to an author, beside mail: one POST to the address that the host has set (UNSAID_WEBHOOK), from which the host makes an SMS or whatever reaches her. What is said is
//! what a mail would say; to whom is a handle that the host understands.
//!
//! It asks for permission as often as the relay does, right before the content. It refuses to know what the other side answers beyond its status, and no author has a say in where it asks.

use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use serde::Serialize;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::compose::{Letterhead, Message, Unfit, worded_with_link};
use super::{Answer, Permission, Reply};
use crate::outward::{NotHeard, Outward, Posted};
use crate::words::Words;

/// The header that proves who asks: `sha256=` and the HMAC-SHA-256 of the body under the host's secret, in hexadecimal.
pub const SIGNATURE: &str = "x-unsaid-signature";

/// The one configured webhook.
pub struct Hook {
    outward: Arc<dyn Outward>,
    /// It may hold a token of the host's.
    url: Zeroizing<String>,
    secret: Option<Zeroizing<String>>,
}

/// What is said, in the order in which it is written.
#[derive(Serialize)]
struct Said<'a> {
    /// The same for the same message, however often it comes: whoever has it already need not tell it twice.
    id: &'a str,
    to: &'a str,
    kind: &'a str,
    text: &'a str,
    link: Option<&'a str>,
}

/// One message, whole. It has no `Debug` on purpose: it holds a handle and, in its link, a key.
pub struct HookLetter(Vec<u8>);

impl HookLetter {
    /// Writes it.
    ///
    /// # Errors
    /// [`Unfit`], when what is given would give a message that must not be sent.
    pub fn compose(
        words: &Words,
        head: &Letterhead,
        (id, to): (&str, &str),
        message: &Message<'_>,
    ) -> Result<Self, Unfit> {
        let (subject, text, link) = worded_with_link(words, head, message)?;
        let text = Zeroizing::new(format!("{subject}\n\n{text}"));
        let said = Said { id, to, kind: message.kind(), text: &text, link: link.as_deref() };
        serde_json::to_vec(&said).map(Self).map_err(|_| Unfit::Address)
    }
}

impl Hook {
    /// Its address, and what it is signed with.
    pub fn new(outward: Arc<dyn Outward>, url: &str, secret: Option<&str>) -> Self {
        let secret = secret.map(|secret| Zeroizing::new(secret.to_owned()));
        Self { outward, url: Zeroizing::new(url.to_owned()), secret }
    }

    /// Sends one message and waits for the final answer.
    pub async fn send(&self, letter: &HookLetter, permission: &mut dyn Permission) -> Answer {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(self.signed(&letter.0).map(|signed| (SIGNATURE, signed)));
        match self.outward.post(&self.url, &headers, &letter.0, permission).await {
            Posted::Said(200..300) => Answer::Accepted,
            Posted::Said(code) => Answer::Later { reply: Reply { code, enhanced: None } },
            Posted::NotReached(why) => {
                tracing::info!(why = told(why), "webhook: not reached");
                Answer::NotReached { reply: Reply::silence() }
            }
            Posted::NotAllowed => Answer::Forbidden,
            Posted::Unknown => Answer::Unknown { why: "the webhook gave no answer that can be read" },
        }
    }

    fn signed(&self, body: &[u8]) -> Option<String> {
        let secret = self.secret.as_ref()?;
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes()).ok()?;
        mac.update(body);
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        Some(format!("sha256={hex}"))
    }
}

/// Why nobody was there, in a word for a log.
fn told(why: NotHeard) -> &'static str {
    match why {
        NotHeard::Address => "address",
        NotHeard::Name => "name",
        NotHeard::Closed => "closed",
        NotHeard::Stranger => "stranger",
        NotHeard::Garbled => "garbled",
        NotHeard::Silent => "silent",
    }
}
