//! One delivery: reads it with its pair, asks `decide`, commits the answer. Never sends: a knock is written as a row in the same transaction.

use super::scrub::Whole;
use super::{AFTER_FAULT_SECONDS, Done, Worker, trouble};
use crate::secrets::hashed;
use unsaid_delivery::decide::{Decision, decide};
use unsaid_delivery::state::{Parked, State};
use unsaid_delivery::{DeliveryId, MessageId, Now};
use unsaid_store::StoreError;
use unsaid_store::care::Wrong;
use unsaid_store::rows::Taken;

/// So often a delivery that changes under our hands is read again within one turn.
const TRIES: usize = 4;

impl Worker {
    pub(super) async fn deliver(&self, taken: Taken, id: DeliveryId, now: Now) -> Done {
        for _ in 0..TRIES {
            match self.deliver_once(taken, id, now).await {
                Ok(done) => return done,
                Err(StoreError::Conflict) => {}
                Err(error) => return trouble(taken.of, &error),
            }
        }
        trouble(taken.of, &StoreError::Conflict)
    }

    async fn deliver_once(&self, taken: Taken, id: DeliveryId, now: Now) -> Result<Done, StoreError> {
        let Some(view) = self.tools.store.delivery(id).await? else {
            return Ok(Done::Hopeless(Wrong::RowGone));
        };
        let decided = decide(&view.delivery, &view.pair, now);
        let nothing_to_do = decided.is_none();
        // `what-cannot-be-is-held`: the store reads it as held, and nobody has written that down yet.
        if nothing_to_do && matches!(view.delivery.state, State::Parked { why: Parked::Internal, .. }) {
            return Ok(Done::Hopeless(Wrong::Unreadable));
        }
        let decision = decided.unwrap_or_else(|| Decision {
            state: view.delivery.state,
            wake: None,
            due: view.delivery.due,
            tzdb: view.delivery.tzdb.clone(),
            knock: None,
            occurrence: view.delivery.occurrence,
            next: None,
            anew: false,
            unforeseen: false,
            forecast: None,
            why: "at-an-end",
        });
        let decision = self.weigh(&view.delivery, decision, now).await?;
        // `whole-before-it-leaves`: what it leaves with is compared once more.
        if (decision.state.is_knocking() || decision.state == State::Askable)
            && !view.delivery.state.has_left()
            && let Some(kept) = &self.kept
        {
            match self.is_whole(&view.delivery, kept.ports(), now).await? {
                Whole::Yes => {}
                Whole::Held => return Ok(Done::Well),
                Whole::NothingThere => return Ok(Done::Hopeless(Wrong::VersionMissing)),
                Whole::NotNow => return Ok(Done::Trouble(AFTER_FAULT_SECONDS)),
            }
        }
        let knock = decision.knock.map(|_| {
            let message = MessageId(self.tools.chance.id_bytes());
            let link = hashed(&*self.tools.keys.link_token(&message.to_string()));
            (message, link)
        });
        match self.tools.store.decided(&taken, &view.delivery, &decision, knock, now).await {
            // Whoever ended or parked it meanwhile took its wake away with that.
            Err(StoreError::Conflict) if nothing_to_do => return Ok(Done::Well),
            committed => committed?,
        }
        tracing::info!(
            delivery = %id,
            state = ?decision.state,
            why = decision.why,
            knock = ?knock.map(|(message, _)| message),
            "decided"
        );
        Ok(Done::Well)
    }
}
