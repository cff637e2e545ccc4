//! A rehearsal that an author sends to herself, in memory: as sql/rehearsed.rs does.

use super::*;
use crate::lives::{RehearsalSent, ToSend, just_rehearsed};
use unsaid_delivery::message::{Kind, MessageState, Notice, Subject};

impl World {
    /// Whose rehearsal a message belongs to.
    pub(super) fn rehearsed_by(&self, message: &Message) -> Option<AccountId> {
        match message.subject {
            _ if message.kind != Kind::Notice(Notice::Rehearsal) => None,
            Subject::Account(account) => Some(account),
            Subject::Channel(channel) => self.channels.get(&channel).map(|row| row.account),
            _ => None,
        }
    }

    fn rehearsal_of(&self, account: AccountId) -> impl Iterator<Item = &Message> {
        let messages = self.messages.values().map(|row| &row.message);
        messages.filter(move |message| self.rehearsed_by(message) == Some(account))
    }

    pub(super) fn send_rehearsal(&mut self, author: &Author, messages: &[ToSend], now: Now) -> Result<bool> {
        self.account(author)?;
        let account = author.account;
        let newest = self.rehearsal_of(account).filter_map(|message| message.expires).max();
        if newest.is_some_and(|expires| just_rehearsed(expires, now)) {
            return Ok(false);
        }
        let hers = self.channels_of(account);
        for one in messages {
            expect(one.channel.is_none_or(|channel| hers.iter().any(|row| row.id == channel)))?;
            expect(!self.messages.contains_key(&one.id))?;
        }
        for ToSend { id, channel, nth } in messages {
            let subject = channel.map_or(Subject::Account(account), Subject::Channel);
            self.put_notice(subject, Notice::Rehearsal, *id, now.trusted, now);
            if let Some(row) = self.messages.get_mut(id) {
                row.message.nth = *nth;
            }
        }
        Ok(true)
    }

    pub(super) fn rehearsal_sent(&self, account: AccountId) -> Option<RehearsalSent> {
        let expires = self.rehearsal_of(account).filter_map(|message| message.expires).max()?;
        let newest: Vec<&Message> =
            self.rehearsal_of(account).filter(|message| message.expires == Some(expires)).collect();
        let waits = |state| matches!(state, MessageState::Waiting | MessageState::Started);
        Some(RehearsalSent {
            expires,
            of: newest.len() as u64,
            accepted: newest.iter().filter(|m| m.state == MessageState::Accepted).count() as u64,
            waiting: newest.iter().filter(|m| waits(m.state)).count() as u64,
        })
    }

    pub(super) fn stop_rehearsal(&mut self, account: AccountId) -> u64 {
        let waiting = self.rehearsal_of(account).filter(|message| message.state == MessageState::Waiting);
        let waiting: Vec<MessageId> = waiting.map(|message| message.id).collect();
        for id in &waiting {
            if let Some(row) = self.messages.get_mut(id) {
                row.message.state = MessageState::Dropped;
                row.message.rev += 1;
            }
            self.wakes.remove(WakeOf::Message(*id));
        }
        waiting.len() as u64
    }
}
