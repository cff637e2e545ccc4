//! The names of messages that are written with a change: each from chance, and its link from its name. Knows nothing of what they say.

use crate::chance::Chance;
use crate::secrets::{HouseKeys, hashed};
use unsaid_delivery::MessageId;
use unsaid_store::rows::Keyed;

/// So many messages that were never written before, each with the hash of the link that it will carry.
pub fn names(keys: &HouseKeys, chance: &dyn Chance, count: usize) -> Vec<(MessageId, Keyed)> {
    (0..count)
        .map(|_| {
            let message = MessageId(chance.id_bytes());
            (message, hashed(&*keys.link_token(&message.to_string())))
        })
        .collect()
}
