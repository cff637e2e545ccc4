//! Counting what is there, in memory: as sql/limits.rs does.

use super::*;
use crate::limits::{CODES_OF_AN_ACCOUNT, CODES_OF_AN_INVITATION, DAY, HOUR, Limit, Limits, MONTH};

/// A request for a code, as long as somebody counts it.
pub(super) struct CodeCount {
    pub(super) at: Timestamp,
    pub(super) email_key: Keyed,
    pub(super) invitation: Option<Keyed>,
    pub(super) account: Option<AccountId>,
    pub(super) known: bool,
    pub(super) written: bool,
}

fn since(now: Now, time: SignedDuration) -> Timestamp {
    now.trusted.checked_sub(time).unwrap_or(Timestamp::MIN)
}

impl World {
    fn room(&self, limit: Limit, there: usize) -> Result<()> {
        if Limits::room(self.limits.of(limit), there as u64) { Ok(()) } else { Err(StoreError::Limit(limit)) }
    }

    /// Whether the mail of a request for a code goes out.
    pub(super) fn may_be_written(&self, ask: &CodeAsk, now: Now) -> bool {
        let (hour, day) = (since(now, HOUR), since(now, DAY));
        let written = || self.code_counts.iter().filter(move |c| c.written && c.at > hour);
        let to_new = written().filter(|c| !c.known).count() as u64;
        let to_this = written().filter(|c| c.email_key == ask.email_key).count() as u64;
        let of_invitation = |c: &&CodeCount| c.at > day && c.invitation == ask.invitation;
        let invited = match ask.invitation {
            Some(_) => self.code_counts.iter().filter(of_invitation).count() as u64,
            None => 0,
        };
        self.limits.may_write(ask.known, written().count() as u64, to_new, to_this)
            && (ask.known || Limits::room(CODES_OF_AN_INVITATION, invited))
    }

    /// Whether an account may ask a stranger's address for a code.
    pub(super) fn may_ask_strangers(&self, account: AccountId, now: Now) -> bool {
        let day = since(now, DAY);
        let asked = self.code_counts.iter().filter(|c| c.account == Some(account) && c.at > day).count();
        Limits::room(CODES_OF_AN_ACCOUNT, asked as u64)
    }

    pub(super) fn room_for_account(&self, now: Now) -> Result<()> {
        let day = since(now, DAY);
        self.room(Limit::Accounts, self.accounts.values().filter(|a| a.made > day).count())
    }

    pub(super) fn room_for_person(&self, author: &Author, now: Now) -> Result<()> {
        let of_hers = || self.persons.values().filter(|p| p.account == author.account);
        self.room(Limit::Persons, of_hers().count())?;
        let month = since(now, MONTH);
        self.room(Limit::PersonsOfMonth, of_hers().filter(|p| p.made > month).count())
    }

    pub(super) fn room_for_card(&self, person: PersonId) -> Result<()> {
        self.room(Limit::Cards, self.cards.values().filter(|card| card.person == person).count())
    }

    pub(super) fn room_for_draft(&self, author: &Author) -> Result<()> {
        let of_hers = self.drafts.values().filter(|d| d.account == author.account);
        self.room(Limit::Drafts, of_hers.count())
    }

    pub(super) fn room_for_photo(&self, draft: DraftId, name: &str) -> Result<()> {
        let parts = self.drafts.get(&draft).map(|d| d.parts.keys().filter(|other| *other != name).count());
        self.room(Limit::Photos, parts.unwrap_or(0))
    }

    pub(super) fn room_for_letter(&self, author: &Author, now: Now) -> Result<()> {
        let hers = || {
            let names = self.letters_of.get(&author.account).into_iter().flatten();
            names.filter_map(|id| self.letters.get(id))
        };
        let is_sealed = |l: &&LetterRow| l.versions.values().any(|v| v.sealed.is_some());
        self.room(Limit::Letters, hers().filter(is_sealed).count())?;
        let day = since(now, DAY);
        let reserved = hers().filter(|l| l.reserved > day && !is_sealed(l));
        self.room(Limit::Reserved, reserved.count())
    }

    pub(super) fn room_for_version(&self, letter: LetterId) -> Result<()> {
        self.room(Limit::Versions, self.letters.get(&letter).map_or(0, |l| l.versions.len()))
    }

    /// `instead`: what this one takes the place of is no other one.
    pub(super) fn room_for_upload(
        &self,
        author: &Author,
        size: u64,
        instead: Option<BlobId>,
        now: Now,
    ) -> Result<()> {
        let day = since(now, DAY);
        let others = self.uploads_of(author.account).filter(|u| Some(u.upload.blob) != instead);
        let on_their_way = others.filter(|u| !u.upload.complete && u.begun > day);
        self.room(Limit::Uploads, on_their_way.count())?;
        let gone = instead.and_then(|blob| self.uploads.get(&blob)).map_or(0, |u| u.upload.size);
        self.room_for_bytes(author, size, gone)
    }

    fn uploads_of(&self, account: AccountId) -> impl Iterator<Item = &UploadRow> {
        let names = self.uploads_of.get(&account).into_iter().flatten();
        names.filter_map(|blob| self.uploads.get(blob))
    }

    /// Whether so many bytes more have room, when so many go.
    pub(super) fn room_for_bytes(&self, author: &Author, more: u64, gone: u64) -> Result<()> {
        if self.limits.bytes == 0 {
            return Ok(());
        }
        let uploads = self.uploads_of(author.account).map(|u| u.upload.size);
        let drafts = self.drafts.values().filter(|d| d.account == author.account).map(|d| {
            let before: usize = d.history.values().map(|(_, bytes)| bytes.len()).sum();
            let photos: u64 = d.parts.values().map(|part| part.size).sum();
            (before + d.bytes.len()) as u64 + photos
        });
        let there = uploads.chain(drafts).fold(0, u64::saturating_add).saturating_sub(gone);
        if there.saturating_add(more) <= self.limits.bytes {
            Ok(())
        } else {
            Err(StoreError::Limit(Limit::Bytes))
        }
    }

    /// The house's numbers, and until when a session has to have been made to be good still.
    pub(super) fn made_after(&self, now: Now) -> Timestamp {
        match i64::try_from(self.limits.session_days) {
            Ok(0) | Err(_) => Timestamp::MIN,
            Ok(days) => since(now, SignedDuration::from_hours(days.min(73_200) * 24)),
        }
    }
}
