//! The rows in memory as the simulator looks at them: from outside, for what no row may be. Not a part of any program that is shipped.

use super::*;
use unsaid_delivery::message::MessageState;
use unsaid_delivery::state::State;

impl MemoryStore {
    /// The first row that is not at an end, and that nothing wakes.
    pub fn without_a_wake(&self) -> Option<String> {
        let world = self.world();
        let sleeps = |delivery: &&Delivery| {
            let asked = delivery.state.is_end() || matches!(delivery.state, State::Parked { .. });
            !asked && !world.wakes.has(WakeOf::Delivery(delivery.id))
        };
        if let Some(delivery) = world.deliveries.values().find(sleeps) {
            return Some(format!("delivery {} is {:?}, and nothing wakes it", delivery.id, delivery.state));
        }
        let sleeps = |row: &&MessageRow| {
            let waits = matches!(row.message.state, MessageState::Waiting | MessageState::Started);
            waits && !world.wakes.has(WakeOf::Message(row.message.id))
        };
        let row = world.messages.values().find(sleeps)?;
        Some(format!("message {} is {:?}, and nothing wakes it", row.message.id, row.message.state))
    }
}
