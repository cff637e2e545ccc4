//! The rows in memory as the simulator looks at them: from outside, for what no row may be. Not a part of any program that is shipped.

use super::*;
use std::hash::{DefaultHasher, Hash, Hasher};
use unsaid_delivery::message::MessageState;
use unsaid_delivery::state::State;

impl MemoryStore {
    /// A number that is another as soon as anything is that reading may not change: what was promised, written, refused, said and recorded, and what wakes.
    pub fn looks(&self) -> u64 {
        let world = self.world();
        let mut hasher = DefaultHasher::new();
        let mut add = |row: std::fmt::Arguments<'_>| row.to_string().hash(&mut hasher);
        world.deliveries.values().for_each(|row| add(format_args!("{row:?}")));
        for row in world.messages.values() {
            add(format_args!("{:?} {} {:?}", row.message, row.series, row.accepted_at));
        }
        for (id, row) in &world.persons {
            add(format_args!("{id} {} {:?} {:?}", row.series, row.addresses, row.allowed_name));
            add(format_args!("{:?}", row.looked_after));
        }
        for (id, row) in &world.addresses {
            add(format_args!("{id} {} {}", row.good, row.removed));
        }
        for (id, row) in &world.letters {
            add(format_args!("{id} {} {} {:?}", row.rev, row.withdrew, row.versions.keys()));
        }
        for of in world.wakes.all() {
            add(format_args!("{of:?} {:?}", world.wakes.free(of)));
        }
        add(format_args!("{} {} {}", world.facts.len(), world.refusals_rev, world.readers.len()));
        add(format_args!("{:?} {:?} {:?}", world.mark, world.holds, world.left_unforeseen));
        hasher.finish()
    }

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
