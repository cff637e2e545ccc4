//! What others have answered lately, held against the next knock: a domain that does not want this house is left alone for a day, and where it is
//! this house that nobody wants, every knock waits. Where nobody answers at all, everything waits but for a few that ask. The rules are `record::Welcome`'s and `record::Silence`'s; here is only who
//! remembers it: this worker, in memory.

use super::Worker;
use super::messages::Answered;
use crate::mail::{Answer, Reply};
use std::sync::PoisonError;
use unsaid_delivery::Now;
use unsaid_delivery::message::{Kind, Message};
use unsaid_delivery::record::{self, Answer as Means};
use unsaid_store::StoreError;
use unsaid_store::rows::{Recording, Taken};

impl Worker {
    /// `knocks-wait`: puts a knock off that is not to be begun now, and says whether it did. Its wake is stored, so that it waits through a restart.
    pub(super) async fn put_off(
        &self,
        taken: &Taken,
        message: &Message,
        to: &str,
        now: Now,
    ) -> Result<bool, StoreError> {
        if message.kind != Kind::Knock {
            return Ok(false);
        }
        let until = {
            let welcome = self.welcome.lock().unwrap_or_else(PoisonError::into_inner);
            welcome.knock_waits(domain(to), now.observed)
        };
        let Some(until) = until else { return Ok(false) };
        let waits = record::waits(message, until);
        self.tools.store.recorded(taken, message, &waits, now).await?;
        tracing::info!(id = %message.id, why = waits.why, "put off");
        Ok(true)
    }

    /// `a-silent-relay-is-asked-by-few`: what is to be recorded of a message that is not begun, because the relay answers nobody.
    pub(super) fn waits_for_the_relay(&self, taken: Taken, message: &Message, now: Now) -> Option<Answered> {
        let silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = silence.waits(message, now)?;
        let recorded = record::waits_for_the_relay(message, seconds, now);
        let recording = Recording { taken, message: message.clone(), recorded };
        Some(Answered { recording, answer: Answer::NotReached { reply: Reply::silence() } })
    }

    /// What the relay's answer means to the rules, beside what others have answered. None: nothing was sent, for a reason that permission knows.
    pub(super) fn heard(&self, to: &str, answer: &Answer, now: Now) -> Option<Means> {
        let means = meant(answer)?;
        self.silence.lock().unwrap_or_else(PoisonError::into_inner).heard(means, now.observed);
        let mut welcome = self.welcome.lock().unwrap_or_else(PoisonError::into_inner);
        Some(welcome.heard(domain(to), means, now.observed))
    }
}

/// What comes after the @.
fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

fn meant(answer: &Answer) -> Option<Means> {
    match answer {
        Answer::Accepted => Some(Means::Accepted),
        Answer::NotReached { .. } => Some(Means::NotReached),
        // No code: nobody answered.
        Answer::Later { reply } if reply.code == 0 => Some(Means::NotReached),
        Answer::Later { .. } => Some(Means::Later),
        Answer::Refused { .. } => Some(Means::Refused),
        Answer::Unwelcome { .. } => Some(Means::Unwelcome),
        Answer::Blocked { .. } => Some(Means::Blocked),
        Answer::Unknown { .. } => Some(Means::Unknown),
        Answer::OtherScript => Some(Means::OtherScript),
        Answer::Forbidden => None,
    }
}
