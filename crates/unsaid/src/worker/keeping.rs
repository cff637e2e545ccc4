//! Keeping the house in order beside its letters: wraps that are under an older key of the house are peeled and wrapped anew, in small batches that hold up no letter; and what
//! was thrown away long enough ago is forgotten. Each is looked at again after an hour, or at once after a rotation.

use super::night::Night;
use super::scrub::Scrub;
use super::{NextWake, Worker};
use crate::peel::Peel;
use std::collections::HashSet;
use std::sync::Arc;
use unsaid_delivery::clock::HOUR;
use unsaid_delivery::{Now, Observed};
use unsaid_store::StoreError;
use unsaid_store::blobs::Blobs;
use unsaid_store::rows::{StoredWrap, WrapKind};

/// So many wraps are renewed, and so many blobs erased, in one turn.
const BATCH: usize = 50;

/// What this needs beside the worker's tools.
pub struct Keeping {
    /// The host's keys.
    pub peel: Arc<dyn Peel>,
    /// Sealed bytes.
    pub blobs: Arc<Blobs>,
}

/// How far it is.
pub(super) struct Kept {
    ports: Keeping,
    /// The present generation when the wraps were last looked through to the end.
    done_for: Option<u32>,
    /// When to look again, whatever happens.
    again: Option<Observed>,
    /// Renewed since the last end, for the log.
    renewed: u64,
    /// What goes round everything that is stored.
    scrub: Scrub,
    /// Whether it balances.
    night: Night,
    /// Wraps that no key opens, or that carry another letter's line. They are said once, left as they are, and stand in nobody's way.
    hopeless: HashSet<(String, u32, WrapKind)>,
}

impl Kept {
    pub(super) fn new(ports: Keeping) -> Self {
        Self {
            ports,
            done_for: None,
            again: None,
            renewed: 0,
            scrub: Scrub::default(),
            night: Night::default(),
            hopeless: HashSet::new(),
        }
    }

    pub(super) fn ports(&self) -> &Keeping {
        &self.ports
    }
}

impl Worker {
    /// One batch, if it is time for one. Says in `next` when to come again.
    pub(super) async fn keep_in_order(&mut self, now: Now, next: &mut NextWake) -> Result<(), StoreError> {
        let Some(mut kept) = self.kept.take() else { return Ok(()) };
        let done = self.keep_all(&mut kept, now).await;
        if let Ok(more) = done {
            next.again |= more;
            let others = [kept.again, kept.night.next, kept.scrub.next()];
            next.observed = others.into_iter().chain([next.observed]).flatten().min();
        }
        self.kept = Some(kept);
        done.map(drop)
    }

    /// Whether there is more to do at once. Balancing comes first: what it wakes is a letter that nothing else would have woken.
    async fn keep_all(&self, kept: &mut Kept, now: Now) -> Result<bool, StoreError> {
        let mut more = self.balance(&mut kept.night, now).await?;
        more |= self.keep(kept, now).await?;
        let Kept { scrub, ports, .. } = kept;
        more |= self.scrub(scrub, ports, now).await?;
        Ok(more)
    }

    /// Whether there is more to do at once.
    async fn keep(&self, kept: &mut Kept, now: Now) -> Result<bool, StoreError> {
        let present = kept.ports.peel.generation();
        if kept.done_for == Some(present) && kept.again.is_some_and(|again| now.observed < again) {
            return Ok(false);
        }
        if self.renew(kept, present).await? {
            return Ok(true);
        }
        self.say_end(kept, present).await?;
        let forgotten = self.tools.store.prune(now).await?;
        if forgotten > 0 {
            tracing::info!(drafts = forgotten, "forgot what was thrown away");
        }
        let more = self.erase_orphans(kept).await?;
        kept.done_for = Some(present);
        // With more to erase, this end is not yet the end.
        kept.again = Some(if more { now.observed } else { now.observed.plus_seconds(HOUR) });
        Ok(more)
    }

    /// Peels and wraps anew; the line stays. Whether there may be more.
    async fn renew(&self, kept: &mut Kept, present: u32) -> Result<bool, StoreError> {
        // Those that cannot be renewed are among the first each time, and are asked for beside the batch.
        let limit = BATCH + kept.hopeless.len();
        let wraps = self.tools.store.wraps_to_rewrap(present, limit).await?;
        let more = wraps.len() == limit;
        for wrap in wraps {
            let name = (wrap.subject.clone(), wrap.version, wrap.kind);
            if kept.hopeless.contains(&name) {
                continue;
            }
            if self.renew_one(kept, &wrap).await? {
                kept.renewed += 1;
            } else {
                kept.hopeless.insert(name);
            }
        }
        Ok(more)
    }

    async fn renew_one(&self, kept: &Kept, wrap: &StoredWrap) -> Result<bool, StoreError> {
        let (bytes, generation) =
            match kept.ports.peel.rewrap(&wrap.bytes, &wrap.subject, wrap.version, wrap.kind) {
                Ok(renewed) => renewed,
                Err(error) => {
                    tracing::error!(
                        subject = wrap.subject, version = wrap.version, kind = wrap.kind.name(),
                        generation = wrap.generation, %error,
                        "a wrap cannot be renewed; the key that it is for must be kept"
                    );
                    return Ok(false);
                }
            };
        match self.tools.store.rewrapped(wrap, bytes, generation).await {
            // It was replaced or erased meanwhile: then it is not ours to renew.
            Ok(()) | Err(StoreError::Conflict | StoreError::Missing) => Ok(true),
            Err(e) => Err(e),
        }
    }

    async fn say_end(&self, kept: &mut Kept, present: u32) -> Result<(), StoreError> {
        if kept.renewed > 0 {
            let by_generation = self.tools.store.wraps_by_generation().await?;
            tracing::info!(
                renewed = kept.renewed,
                hopeless = kept.hopeless.len(),
                present,
                ?by_generation,
                "all wraps were looked through"
            );
            kept.renewed = 0;
        }
        Ok(())
    }

    /// Bytes that no row names any more. Whether there may be more.
    async fn erase_orphans(&self, kept: &Kept) -> Result<bool, StoreError> {
        let orphans = self.tools.store.orphans(BATCH).await?;
        let more = orphans.len() == BATCH;
        for blob in orphans {
            kept.ports.blobs.erase(blob).await?;
            self.tools.store.orphan_erased(blob).await?;
        }
        Ok(more)
    }
}
