//! Taking over. A lease is (holder, fence, beat): a node takes over only what it has itself seen with the same three for a whole lease, in time
//! that it has itself lived. A pause of this process therefore never makes another's lease look old.

use super::{GROUP, Worker};
use std::collections::{HashMap, HashSet};
use unsaid_delivery::{BootId, Now, Observed};
use unsaid_store::StoreError;
use unsaid_store::rows::{Held, Lane, Taken, WakeOf};

/// Longer than the sum of all time-outs of sending one message (mail::relay::Timeouts), in seconds lived.
const LEASE_SECONDS: i64 = 75 * 60;
/// A code is sent within seconds or is pointless; nobody waits 75 minutes for one.
const CODE_LEASE_SECONDS: i64 = 75 * 60;

/// The name of no start.
const NOBODY: BootId = BootId([0; 16]);
/// So many are looked at for what is ours and was never heard of.
const MOST_HELD: usize = 100_000;

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
    /// Takes up what stands under our own name and was never heard of: a commit whose answer was lost. No lease has to run out for it, because nobody else has our name; but
    /// nobody else would take it up either, as long as this process lives. Nothing of ours runs meanwhile, and what is in hand is left as it is. Says whether it saw all of it.
    pub(super) async fn take_up(&self, work: &mut Vec<Taken>, now: Now) -> Result<bool, StoreError> {
        let held = self.tools.store.held(NOBODY, self.lane, now, MOST_HELD).await?;
        let unrecorded = self.unrecorded.iter().map(|one| one.recording.taken);
        let troubled = self.troubled.iter().map(|(_, taken)| *taken);
        let known: HashSet<(WakeOf, i64)> = work
            .iter()
            .copied()
            .chain(troubled)
            .chain(self.held.iter().copied())
            .chain(unrecorded)
            .map(|taken| (taken.of, taken.fence))
            .collect();
        let mut saw_all = held.len() < MOST_HELD;
        for one in held.iter().filter(|one| one.holder == self.boot && !known.contains(&(one.of, one.fence)))
        {
            match self.tools.store.take_over(self.boot, one).await? {
                Some(ours) => {
                    tracing::warn!(of = ?one.of, "took up what was handed out when the store did not answer");
                    work.push(ours);
                }
                // Stopped meanwhile, or our own other worker has raised the beat: to be looked at again.
                None => saw_all = false,
            }
        }
        Ok(saw_all)
    }

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
        // In the order in which the store tells of them, so that the same house does the same again.
        let is_old = |since: &Observed| lived >= since.plus_seconds(self.seen.lease_seconds);
        let old: Vec<&Held> = held.iter().filter(|h| self.seen.since.get(*h).is_some_and(is_old)).collect();
        let mut taken = Vec::new();
        for one in old {
            self.seen.since.remove(one);
            if let Some(ours) = self.tools.store.take_over(self.boot, one).await? {
                tracing::warn!(of = ?one.of, "took over what an earlier holder left");
                taken.push(ours);
            }
        }
        Ok(taken)
    }
}
