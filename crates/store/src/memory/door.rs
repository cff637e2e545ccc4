//! Who asks at the door, in memory: whether something waits for an address of theirs.

use super::*;
use unsaid_delivery::message::{Kind, Notice, Subject};
use unsaid_delivery::permit::leads_somewhere;
use unsaid_delivery::record::NOTICE_DAYS;

/// So often a day somebody may ask for one address.
const ASKED_A_DAY: usize = 3;

impl World {
    pub(super) fn ask_at_door(&mut self, address: Keyed, now: Now) {
        let asked = self.asked_at_door.entry(address).or_default();
        asked.retain(|(at, answered)| !answered || hours_after(*at, 24) > now.trusted);
        if asked.iter().filter(|(at, _)| hours_after(*at, 24) > now.trusted).count() < ASKED_A_DAY {
            asked.push((now.trusted, false));
        }
    }

    pub(super) fn who_asked_at_door(&self, limit: usize) -> Vec<Keyed> {
        let waits =
            self.asked_at_door.iter().filter(|(_, asked)| asked.iter().any(|(_, answered)| !answered));
        waits.map(|(address, _)| *address).take(limit).collect()
    }

    pub(super) fn answer_at_door(&mut self, address: Keyed, notices: &[(MessageId, Keyed)], now: Now) -> u64 {
        let Some(asked) = self.asked_at_door.get_mut(&address) else { return 0 };
        if !asked.iter().any(|(_, answered)| !answered) {
            return 0;
        }
        asked.iter_mut().for_each(|(_, answered)| *answered = true);
        let found: Vec<(AddressId, PersonId)> = self
            .addresses
            .iter()
            .filter(|(_, row)| row.key == address && !row.removed)
            .map(|(id, row)| (*id, row.person))
            .collect();
        let mut written = 0;
        let mut notices = notices.iter();
        for (id, person) in found {
            let leads = self.address(id).is_some_and(|found| leads_somewhere(&found, &self.of_pair(person)));
            if !leads {
                continue;
            }
            let Some((message, link)) = notices.next() else { break };
            let (kind, expires) =
                (Kind::Notice(Notice::AtTheDoor), hours_after(now.trusted, NOTICE_DAYS * 24));
            let mut row = MessageRow::new(*message, kind, Subject::Person(person), Some(expires), now);
            (row.message.address, row.link) = (Some(id), Some(*link));
            self.messages.insert(*message, row);
            self.links.insert(*link, *message);
            self.wakes.set(WakeOf::Message(*message), Lane::Letters, at_once(now));
            written += 1;
        }
        written
    }
}
