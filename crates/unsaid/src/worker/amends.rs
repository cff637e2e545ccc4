//! New words of a letter whose rest ends: reads them, asks `decide::amended`, commits the answer. Knows nothing of who has opened what: the store leaves alone what is pinned.

use super::{Done, Worker, trouble};
use unsaid_delivery::decide::{AmendDecision, amended};
use unsaid_delivery::{LetterId, Now};
use unsaid_store::StoreError;
use unsaid_store::care::Wrong;
use unsaid_store::rows::Taken;

/// So often new words that change under our hands are read again within one turn.
const TRIES: usize = 4;

impl Worker {
    pub(super) async fn amend(&self, taken: Taken, id: LetterId, now: Now) -> Done {
        for _ in 0..TRIES {
            match self.amend_once(taken, id, now).await {
                Ok(done) => return done,
                Err(StoreError::Conflict) => {}
                Err(error) => return trouble(taken.of, &error),
            }
        }
        trouble(taken.of, &StoreError::Conflict)
    }

    async fn amend_once(&self, taken: Taken, id: LetterId, now: Now) -> Result<Done, StoreError> {
        let Some(amending) = self.tools.store.amending(id).await? else {
            // Taken back, or counted already: then it is not ours any more. If it still is, it wakes for nothing.
            return Ok(Done::Hopeless(Wrong::RowGone));
        };
        let decision = amended(&amending, now);
        self.tools.store.amended(&taken, &amending, decision, now).await?;
        let why = match decision {
            AmendDecision::Rests(_) => "rest-first",
            AmendDecision::Counts => "amend-rests-too",
        };
        tracing::info!(letter = %id, version = amending.version, why, "decided about new words");
        Ok(Done::Well)
    }
}
