//! What people answer, what is typed at the house's door, and what somebody is told who answers a knock by mail; in memory.

use super::*;
use unsaid_delivery::accept;
use unsaid_delivery::message::{Kind, MessageState, Notice, Subject};
use unsaid_delivery::record::NOTICE_DAYS;

/// In which both limits here count, in hours.
const DAY_HOURS: i64 = 24;

impl World {
    pub(super) fn keep_reply(&mut self, reader: &Reader, reply: NewReply, now: Now) -> Result<Replied> {
        self.opened(reader, reply.delivery)?;
        if let Some(there) = self.replies.get(&reply.id).map(|row| row.reply.clone()) {
            expect(there.delivery == reply.delivery && there.sha256 == reply.sha256)?;
            if there.blob != reply.blob {
                self.orphans.insert(reply.blob);
            }
            return Ok(Replied::Kept);
        }
        let today =
            |row: &&ReplyRow| row.person == reader.person && hours_after(row.at, DAY_HOURS) > now.trusted;
        if self.replies.values().filter(today).count() >= REPLIES_A_DAY {
            self.orphans.insert(reply.blob);
            return Ok(Replied::TooMany);
        }
        expect(!self.messages.contains_key(&reply.notice))?;
        let zone = &self.accounts.get(&reader.account).ok_or(StoreError::Missing)?.account.zone;
        let seen_from =
            accept::answer_is_seen(zone, now).unwrap_or_else(|_| hours_after(now.trusted, DAY_HOURS));
        let fact = Fact::Answered {
            reply: reply.id,
            delivery: reply.delivery,
            blob: reply.blob,
            size: reply.size,
            sha256: reply.sha256,
            seen_from,
        };
        self.record(reply.id, 1, fact)?;
        self.notice_from(reader.account, Notice::Answered, reply.notice, seen_from, now);
        let (account, person) = (reader.account, reader.person);
        let row = ReplyRow { account, person, at: now.trusted, seen_from, seen: false, reply };
        self.replies.insert(row.reply.id, row);
        Ok(Replied::Kept)
    }

    /// What she may see by now, the newest first.
    pub(super) fn replies(&self, author: &Author, now: Now) -> Vec<Reply> {
        let hers =
            self.replies.values().filter(|r| r.account == author.account && r.seen_from <= now.trusted);
        let mut replies: Vec<Reply> = hers
            .filter_map(|row| {
                let NewReply { id, delivery, blob, size, sha256, .. } = row.reply;
                let letter = self.deliveries.get(&delivery)?.letter;
                let (person, seen_from, seen) = (row.person, row.seen_from, row.seen);
                Some(Reply { id, letter, person, seen_from, seen, blob, size, sha256 })
            })
            .collect();
        replies.sort_by_key(|r| (std::cmp::Reverse(r.seen_from), r.id));
        replies
    }

    pub(super) fn try_digits(&mut self, address: Keyed, now: Now) -> DigitsTried {
        let tries = self.digit_tries.entry(address).or_default();
        tries.retain(|at| hours_after(*at, DAY_HOURS) > now.trusted);
        if tries.len() >= DIGITS_A_DAY {
            return DigitsTried::TooMany;
        }
        tries.push(now.trusted);
        let went_there = |row: &&MessageRow| {
            let to = row.message.address.and_then(|id| self.addresses.get(&id));
            let left = matches!(row.message.state, MessageState::Started | MessageState::Accepted);
            row.message.kind == Kind::Knock && left && to.is_some_and(|a| a.key == address)
        };
        let mut knocks: Vec<&Message> =
            self.messages.values().filter(went_there).map(|r| &r.message).collect();
        knocks.sort_by_key(|m| (std::cmp::Reverse(m.since), m.id));
        DigitsTried::Knocks(knocks.into_iter().take(KNOCKS_COMPARED).map(|m| m.id).collect())
    }

    pub(super) fn nobody_reads(&mut self, knock: MessageId, notice: MessageId, now: Now) -> bool {
        let Some(row) = self.messages.get(&knock).map(|row| row.message.clone()) else { return false };
        let there = row.address.and_then(|id| self.addresses.get(&id)).is_some_and(|a| !a.removed);
        let kind = Kind::Notice(Notice::NobodyReads);
        let told = self.messages.values().any(|m| {
            m.message.kind == kind
                && m.message.address == row.address
                && m.message.since.plus_days(TOLD_AGAIN_DAYS) > now.observed
        });
        if row.kind != Kind::Knock || !there || told || !matches!(row.subject, Subject::Person(_)) {
            return false;
        }
        let expires = Some(hours_after(now.trusted, NOTICE_DAYS * 24));
        let mut answer = MessageRow::new(notice, kind, row.subject, expires, now);
        answer.message.address = row.address;
        self.messages.insert(notice, answer);
        self.wakes.set(WakeOf::Message(notice), Lane::Letters, at_once(now));
        true
    }
}
