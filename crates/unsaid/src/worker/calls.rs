//! Calling the host: whatever the host alone can mend is said to them by mail, once a day at most for each reason, and past whatever stands in the way of the house. The store knows when they were
//! called last, so that a restart and a second node call nobody twice; this worker remembers it too, so as not to ask at every turn.

use super::Worker;
use std::collections::BTreeMap;
use std::sync::PoisonError;
use unsaid_delivery::clock::DAY;
use unsaid_delivery::message::Call;
use unsaid_delivery::{MessageId, Now};
use unsaid_store::StoreError;

/// At most so many hosts are called.
const HOSTS: usize = 16;

/// For what a host is to be called, and was.
#[derive(Default)]
pub(super) struct Calls(std::sync::Mutex<BTreeMap<Call, Called>>);

enum Called {
    Wanted,
    At(jiff::Timestamp),
}

impl Calls {
    /// The host has to look. Said to them at the end of the turn.
    pub(super) fn want(&self, call: Call, now: Now) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = |at: &jiff::Timestamp| now.trusted.duration_since(*at).as_secs() < DAY;
        if !matches!(calls.get(&call), Some(Called::At(at)) if lately(at)) {
            calls.insert(call, Called::Wanted);
        }
    }

    fn wanted(&self) -> Vec<Call> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = calls.iter().filter(|(_, called)| matches!(called, Called::Wanted));
        wanted.map(|(call, _)| *call).collect()
    }

    fn done(&self, call: Call, now: Now) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(call, Called::At(now.trusted));
    }
}

impl Worker {
    /// Writes to the hosts what they have to look at.
    pub(super) async fn call_hosts(&self, now: Now) -> Result<(), StoreError> {
        if self.holds.standing().iter().any(|one| one.what.calls_host()) {
            self.calls.want(Call::Holds, now);
        }
        for call in self.calls.wanted() {
            let notices: Vec<MessageId> =
                (0..HOSTS).map(|_| MessageId(self.tools.chance.id_bytes())).collect();
            let called = self.tools.store.call_host(call, &notices, now).await?;
            self.calls.done(call, now);
            if called > 0 {
                tracing::warn!(why = call.key(), hosts = called, "the host is called");
            }
        }
        Ok(())
    }
}
