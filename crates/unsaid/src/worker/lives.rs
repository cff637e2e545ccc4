//! One author's life: reads her row with what is known beside it, asks `life::decide`, commits the answer. Never sends: questions, reminders and warnings are
//! written as rows in the same transaction, and what becomes of her letters is part of it.

use super::{Done, Worker, trouble};
use crate::links;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::AccountId;
use unsaid_delivery::life::{Facts, decide};
use unsaid_store::StoreError;
use unsaid_store::rows::Taken;

/// So often a life that changes under our hands is read again within one turn.
const TRIES: usize = 4;

impl Worker {
    pub(super) async fn live(&self, taken: Taken, account: AccountId, now: Now) -> Done {
        for _ in 0..TRIES {
            match self.live_once(taken, account, now).await {
                Ok(()) => return Done::Well,
                Err(StoreError::Conflict) => {}
                Err(error) => return trouble(taken.of, &error),
            }
        }
        trouble(taken.of, &StoreError::Conflict)
    }

    async fn live_once(&self, taken: Taken, account: AccountId, now: Now) -> Result<(), StoreError> {
        let Some(view) = self.tools.store.life(account).await? else {
            // Gone with its account; its wake has nothing to wake.
            return self.tools.store.give_back(&taken).await;
        };
        let facts = Facts { hears_bounces: self.tools.hears_bounces, ..view.facts };
        let change = decide(&view.life, &facts, now);
        let names = links::names(&self.tools.keys, &*self.tools.chance, change.write.len());
        self.tools.store.decided_life(&taken, &view.life, &change, &names, now).await?;
        tracing::info!(
            account = %account,
            stage = ?change.life.stage,
            why = change.why,
            written = change.write.len(),
            "decided"
        );
        Ok(())
    }
}
