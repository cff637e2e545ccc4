//! Who asked at the door whether something waits for an address of theirs: looked for here, away from their request, so that asking takes the same time whatever is found; and what is found goes
//! to the address alone.

use super::Worker;
use crate::secrets::hashed;
use unsaid_delivery::{MessageId, Now};
use unsaid_store::StoreError;

/// For so many addresses it is looked at once.
const AT_ONCE: usize = 50;
/// So many authors can have something for one address and be found at once.
const AUTHORS: usize = 8;

impl Worker {
    /// Answers everybody who has asked.
    pub(super) async fn answer_at_door(&self, now: Now) -> Result<(), StoreError> {
        let tools = &self.tools;
        for address in tools.store.asked_at_door(AT_ONCE).await? {
            let notices: Vec<_> = (0..AUTHORS)
                .map(|_| {
                    let message = MessageId(tools.chance.id_bytes());
                    (message, hashed(&*tools.keys.link_token(&message.to_string())))
                })
                .collect();
            let written = tools.store.answer_at_door(address, &notices, now).await?;
            // How many were asked for and how many were found says nothing of anybody.
            tracing::debug!(written, "somebody asked at the door");
        }
        Ok(())
    }
}
