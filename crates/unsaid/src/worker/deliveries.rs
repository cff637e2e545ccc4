//! One delivery: reads it with its pair, asks `decide`, commits the answer. Never sends: a knock is written as a row in the same transaction.

use super::{Done, Worker, trouble};
use crate::secrets::hashed;
use unsaid_delivery::decide::{Decision, decide};
use unsaid_delivery::{DeliveryId, MessageId, Now};
use unsaid_store::StoreError;
use unsaid_store::rows::Taken;

/// So often a delivery that changes under our hands is read again within one turn.
const TRIES: usize = 4;

impl Worker {
    pub(super) async fn deliver(&self, taken: Taken, id: DeliveryId, now: Now) -> Done {
        for _ in 0..TRIES {
            match self.deliver_once(taken, id, now).await {
                Ok(()) => return Done::Well,
                Err(StoreError::Conflict) => {}
                Err(error) => return trouble(taken.of, &error),
            }
        }
        trouble(taken.of, &StoreError::Conflict)
    }

    async fn deliver_once(&self, taken: Taken, id: DeliveryId, now: Now) -> Result<(), StoreError> {
        let Some(view) = self.tools.store.delivery(id).await? else {
            // Gone with its letter; its wake has nothing to wake.
            return self.tools.store.give_back(&taken).await;
        };
        let decision = decide(&view.delivery, &view.pair, now).unwrap_or_else(|| Decision {
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
        let knock = decision.knock.map(|_| {
            let message = MessageId(self.tools.chance.id_bytes());
            let link = hashed(&*self.tools.keys.link_token(&message.to_string()));
            (message, link)
        });
        self.tools.store.decided(&taken, &view.delivery, &decision, knock, now).await?;
        tracing::info!(
            delivery = %id,
            state = ?decision.state,
            why = decision.why,
            knock = ?knock.map(|(message, _)| message),
            "decided"
        );
        Ok(())
    }
}
