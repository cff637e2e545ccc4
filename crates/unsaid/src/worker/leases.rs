//! Taking over. A lease is (holder, fence, beat): a node takes over only what it has itself seen with the same three for a whole lease, in time
//! that it has itself lived. A pause of this process therefore never makes another's lease look old.

use super::{GROUP, Worker};
use std::collections::HashMap;
use unsaid_delivery::{Now, Observed};
use unsaid_store::StoreError;
use unsaid_store::rows::{Held, Lane, Taken};

/// Longer than the sum of all time-outs of sending one message (mail::relay::Timeouts), in seconds lived.
const LEASE_SECONDS: i64 = 75 * 60;
/// A code is sent within seconds or is pointless; nobody waits 75 minutes for one.
const CODE_LEASE_SECONDS: i64 = 75 * 60;

/// What this node has seen in other hands, and since when.
#[derive(Default)]
pub(super) struct Seen {
    since: HashMap<Held, Observed>,
    lease_seconds: i64,
}

impl Seen {
    /// When the first of them may be taken over.
    pub(super) fn next(&self) -> Option<Observed> {
        self.since.values().min().map(|since| since.plus_seconds(self.lease_seconds))
    }
}

impl Worker {
    pub(super) async fn take_over(&mut self, now: Now) -> Result<Vec<Taken>, StoreError> {
        self.seen.lease_seconds = match self.lane {
            Lane::Letters => LEASE_SECONDS,
            Lane::Codes => CODE_LEASE_SECONDS,
        };
        let lived = self.lived(now);
        let held = self.tools.store.held(self.boot, self.lane, now, GROUP).await?;
        // What moved, or was given back, is seen for the first time again.
        let since: HashMap<Held, Observed> =
            held.iter().map(|h| (*h, self.seen.since.get(h).copied().unwrap_or(lived))).collect();
        self.seen.since = since;
        let old: Vec<Held> = self
            .seen
            .since
            .iter()
            .filter(|(_, since)| lived >= since.plus_seconds(self.seen.lease_seconds))
            .map(|(held, _)| *held)
            .collect();
        let mut taken = Vec::new();
        for one in old {
            self.seen.since.remove(&one);
            if let Some(ours) = self.tools.store.take_over(self.boot, &one).await? {
                tracing::warn!(of = ?one.of, "took over what an earlier holder left");
                taken.push(ours);
            }
        }
        Ok(taken)
    }
}
