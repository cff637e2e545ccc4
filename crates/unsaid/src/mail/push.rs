//! A way to a browser of an author's, beside mail: one POST to the push service of that browser (RFC 8030), which hands it on. What the browser shows is that something needs her, and the link: no name, no
//! word and no address. It is sealed for the browser, and as long as every other; the service learns that this house had something for this browser at this time.
//!
//! It asks for permission as often as the relay does, right before anything is said. It calls no service that the host has not named, and refuses to know what is answered beyond the status.

mod sealed;
mod vapid;

use std::sync::Arc;

use jiff::Timestamp;
use p256::SecretKey;
use serde::Serialize;
use zeroize::Zeroizing;

use super::compose::{Letterhead, Message, Unfit};
use super::wording::{Block, write};
use super::{Answer, Permission, Reply};
use crate::chance::Chance;
use crate::outward::{Outward, Posted};
use crate::subscription::Subscription;
use crate::words::Words;

/// Every notice is filled up to so many bytes, or to as many more.
const STEP: usize = 1_024;
/// So long a service keeps a notice for a browser that is not running: four weeks, in seconds. A code is good for less, and nothing is lost by it.
const KEPT: &str = "2419200";

/// Its name, and what stands behind it.
type Header = (&'static str, String);

/// The way to browsers.
pub struct Push {
    outward: Arc<dyn Outward>,
    chance: Arc<dyn Chance>,
    key: SecretKey,
    /// Where the host can be found: the house's own address.
    subscriber: String,
    services: Vec<String>,
}

/// What the browser is told, in the order in which it is written.
#[derive(Serialize)]
struct Said<'a> {
    /// The same for the same message, however often it comes: it is shown once.
    id: &'a str,
    lang: &'a str,
    title: &'a str,
    text: &'a str,
    link: &'a str,
}

/// One notice, whole. It has no `Debug` on purpose: it holds, in its link, a key.
pub struct PushLetter {
    /// What [`Subscription::to_text`] wrote.
    to: Zeroizing<String>,
    said: Zeroizing<Vec<u8>>,
    urgency: &'static str,
}

impl PushLetter {
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
        let written = write(words, head, message)?;
        let (mut title, mut link) = (words.say("mail.push.title", &[]), None);
        for block in &written.blocks {
            match (message, block) {
                // What would be written one day needs nobody today.
                (Message::Rehearsed { .. }, _) => {}
                (_, Block::Way { link: way, .. }) => link = Some(way.clone()),
                // Not a secret: it is good for the page that asked, and for nothing else.
                (Message::Code { .. }, Block::Figures { figures, .. }) => title.clone_from(figures),
                (_, Block::Figures { .. } | Block::Say(_) | Block::Leads { .. }) => {}
            }
        }
        let text = words.say(
            match (message, &link) {
                (Message::Code { .. }, _) => "mail.push.code",
                (Message::Test, _) => "mail.push.test",
                (Message::Rehearsed { .. }, _) => "mail.push.rehearsal",
                (_, Some(_)) => "mail.push.needs_you",
                (_, None) => "mail.push.news",
            },
            &[],
        );
        let link = Zeroizing::new(link.unwrap_or_else(|| format!("{}/", head.public_origin)));
        let said = Said { id, lang: words.tag(), title: &title, text: &text, link: &link };
        Ok(Self {
            to: Zeroizing::new(to.to_owned()),
            said: Zeroizing::new(serde_json::to_vec(&said).map_err(|_| Unfit::Address)?),
            urgency: if matches!(message, Message::Code { .. }) { "high" } else { "normal" },
        })
    }
}

impl Push {
    /// Its key, and whom it may call.
    pub fn new(
        outward: Arc<dyn Outward>,
        chance: Arc<dyn Chance>,
        key: SecretKey,
        subscriber: &str,
        services: &[String],
    ) -> Self {
        Self { outward, chance, key, subscriber: subscriber.to_owned(), services: services.to_owned() }
    }

    /// Sends one notice and waits for the final answer. Refused: the service has no such browser any more.
    pub async fn send(&self, letter: &PushLetter, now: Timestamp, permission: &mut dyn Permission) -> Answer {
        let Some(to) = Subscription::of_text(&letter.to, &self.services) else {
            tracing::warn!("push: the service of a browser is not among UNSAID_PUSH_SERVICES");
            return Answer::NotReached { reply: Reply::silence() };
        };
        let Some((headers, body)) = self.sealed(&to, letter, now) else {
            tracing::error!("push: a notice cannot be sealed; report it");
            return Answer::NotReached { reply: Reply::silence() };
        };
        match self.outward.post(to.endpoint(), &headers, &body, permission).await {
            Posted::Said(200..300) => Answer::Accepted,
            Posted::Said(code @ (404 | 410)) => Answer::Refused { reply: Reply { code, enhanced: None } },
            Posted::Said(code) => {
                tracing::info!(code, "push: not taken");
                Answer::Later { reply: Reply { code, enhanced: None } }
            }
            Posted::NotReached(why) => {
                tracing::info!(%why, "push: its service");
                Answer::NotReached { reply: Reply::silence() }
            }
            Posted::NotAllowed => Answer::Forbidden,
            Posted::Unknown => Answer::Unknown { why: "the push service gave no answer that can be read" },
        }
    }

    fn sealed(
        &self,
        to: &Subscription,
        letter: &PushLetter,
        now: Timestamp,
    ) -> Option<([Header; 5], Vec<u8>)> {
        let mut salt = [0; 16];
        self.chance.fill(&mut salt);
        let ours = (0..8).find_map(|_| SecretKey::from_slice(&*Zeroizing::new(self.chance.token())).ok())?;
        let zeros = (letter.said.len() + 1).next_multiple_of(STEP) - letter.said.len() - 1;
        let body = sealed::seal(to, &ours, &salt, &letter.said, zeros)?;
        let headers = [
            ("authorization", vapid::authorization(&self.key, &to.origin(), &self.subscriber, now)?),
            ("content-type", "application/octet-stream".to_owned()),
            ("content-encoding", "aes128gcm".to_owned()),
            ("ttl", KEPT.to_owned()),
            ("urgency", letter.urgency.to_owned()),
        ];
        Some((headers, body))
    }
}
