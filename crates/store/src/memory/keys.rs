//! The ways back in, in memory: the paper kit, new words, another sign-in address; and the notices of them.

use super::*;
use crate::KeyStore;
use crate::lives::copy_for;
use async_trait::async_trait;
use unsaid_delivery::message::{Kind, Notice, Subject};
use unsaid_delivery::record::NOTICE_DAYS;

impl World {
    /// Writes a notice to an account, to leave at once; where each address of hers is told, to those too.
    pub(super) fn notice(
        &mut self,
        account: AccountId,
        what: Notice,
        id: MessageId,
        to: Option<SealedText>,
        now: Now,
    ) {
        self.notice_from(account, what, id, now.trusted, now);
        if let Some(row) = self.messages.get_mut(&id) {
            row.notice_to = to;
        }
    }

    /// The same, to leave at an instant and to be pointless three days after it.
    pub(super) fn notice_from(
        &mut self,
        account: AccountId,
        what: Notice,
        id: MessageId,
        from: Timestamp,
        now: Now,
    ) {
        self.put_notice(Subject::Account(account), what, id, from, now);
        if what.is_for_every_channel() {
            for channel in self.channels_of(account) {
                let copy = copy_for(id, channel.id);
                self.put_notice(Subject::Channel(channel.id), what, copy, from, now);
            }
        }
    }

    pub(super) fn put_notice(
        &mut self,
        subject: Subject,
        what: Notice,
        id: MessageId,
        from: Timestamp,
        now: Now,
    ) {
        // What she may still stop does not go before she was told of it, however long that takes.
        let expires = (what != Notice::EventOpens).then(|| hours_after(from, NOTICE_DAYS * 24));
        let mut row = MessageRow::new(id, Kind::Notice(what), subject, expires, now);
        row.way = self.way_to(subject);
        self.messages.insert(id, row);
        self.wakes.set(WakeOf::Message(id), Lane::Letters, Wake::Trusted(from));
    }

    /// Ends every session of an account but one.
    pub(super) fn end_others(&mut self, account: AccountId, session: Keyed) {
        self.sessions.retain(|token, s| {
            *token == session || !matches!(s.who, SessionRowOf::Account(of) if of == account)
        });
    }

    /// Changes an account's address; every change has the next rev.
    fn set_email(&mut self, account: AccountId, email: &SealedText, key: Keyed) -> Result<()> {
        let changes = self.email_undos.values().filter(|u| u.account == account).count() as i64;
        let fact = Fact::SignInChanged { account, email_key: key.0, email: email.0.clone() };
        self.record(account, changes + 2, fact)?;
        let row = self.accounts.get_mut(&account).ok_or(StoreError::Missing)?;
        let old = std::mem::replace(&mut row.email_key, key);
        row.account.email = email.clone();
        self.account_of.remove(&old);
        self.account_of.insert(key, account);
        Ok(())
    }
}

impl MemoryStore {
    /// A code to an address that is to be hers: for signing in with, or for being written to.
    pub(super) async fn ask_for_address(
        &self,
        author: &Author,
        ask: EmailChangeAsk,
        channel: Option<Way>,
        now: Now,
    ) -> Result<CodeAsked> {
        if !self.world().may_ask_strangers(author.account, now) {
            return Ok(CodeAsked::TooMany);
        }
        let code = CodeAsk {
            message: ask.message,
            browser: ask.browser,
            email_key: ask.new_key,
            to: ask.to,
            invitation: None,
            write: true,
            known: true,
            expires: ask.expires,
            // The account's own language goes before it.
            language: String::new(),
        };
        let asked = crate::AccountStore::ask_code(self, code, now).await?;
        if asked != CodeAsked::TooMany {
            let mut world = self.world();
            if let Some(count) = world.code_counts.last_mut() {
                count.account = Some(author.account);
            }
            if let Some(row) = world.codes.get_mut(&ask.browser) {
                row.account = Some(author.account);
                row.channel = channel;
            }
            if let Some(row) = world.messages.get_mut(&ask.message) {
                row.way = channel.unwrap_or_default();
            }
        }
        Ok(asked)
    }
}

#[async_trait]
impl KeyStore for MemoryStore {
    async fn put_kit(&self, author: &Author, kit: Keyed, notice: MessageId, now: Now) -> Result<()> {
        let mut world = self.world();
        if world.account(author)?.kit == Some(kit) {
            return Ok(());
        }
        expect(!world.account_of_kit.contains_key(&kit) && !world.messages.contains_key(&notice))?;
        let old = world.account_mut(author)?.kit.replace(kit);
        if let Some(old) = old {
            world.account_of_kit.remove(&old);
        }
        world.account_of_kit.insert(kit, author.account);
        world.notice(author.account, Notice::KitMade, notice, None, now);
        Ok(())
    }

    async fn has_kit(&self, author: &Author) -> Result<bool> {
        Ok(self.world().account(author)?.kit.is_some())
    }

    async fn account_of_kit(&self, kit: Keyed) -> Result<Option<AccountId>> {
        Ok(self.world().account_of_kit.get(&kit).copied())
    }

    async fn open_kit_session(
        &self,
        token: Keyed,
        account: AccountId,
        mine: bool,
        notice: MessageId,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        world.accounts.get(&account).ok_or(StoreError::Missing)?;
        expect(!world.sessions.contains_key(&token) && !world.messages.contains_key(&notice))?;
        let mut session = SessionRow::new(SessionRowOf::Account(account), now);
        session.unlocked_at = Some(now.trusted);
        session.fresh_at = Some(now.trusted);
        session.mine = mine;
        world.sessions.insert(token, session);
        world.only_so_many_sessions(account, token);
        world.notice(account, Notice::KitUsed, notice, None, now);
        Ok(())
    }

    async fn replace_unlock(
        &self,
        author: &Author,
        new: NewUnlock,
        notice: MessageId,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        let Ok(row) = world.account(author) else { return Err(StoreError::Conflict) };
        expect(row.account.unlock_number + 1 == new.number && !world.messages.contains_key(&notice))?;
        let fact = Fact::UnlockReplaced { account: author.account, number: new.number };
        world.record(author.account, new.number.into(), fact)?;
        let row = world.account_mut(author)?;
        row.account.salt = new.salt;
        row.account.unlock_number = new.number;
        row.unlock_key = new.key;
        row.unlock_wrap = Wrap { bytes: new.wrap, generation: new.host_generation };
        row.wrong.clear();
        world.end_others(author.account, new.session);
        world.notice(author.account, Notice::WordsReplaced, notice, None, now);
        Ok(())
    }

    async fn notify(&self, author: &Author, what: Notice, message: MessageId, now: Now) -> Result<()> {
        let mut world = self.world();
        world.account(author)?;
        expect(!world.messages.contains_key(&message))?;
        world.notice(author.account, what, message, None, now);
        Ok(())
    }

    async fn notify_at(
        &self,
        author: &Author,
        what: Notice,
        message: MessageId,
        to: SealedText,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        world.account(author)?;
        expect(!world.messages.contains_key(&message))?;
        world.put_notice(Subject::Account(author.account), what, message, now.trusted, now);
        if let Some(row) = world.messages.get_mut(&message) {
            row.notice_to = Some(to);
        }
        Ok(())
    }

    async fn ask_trial(
        &self,
        author: &Author,
        channel: Option<ChannelId>,
        message: MessageId,
        now: Now,
    ) -> Result<CodeAsked> {
        let mut world = self.world();
        world.account(author)?;
        expect(!world.messages.contains_key(&message))?;
        let a_day_ago = hours_after(now.trusted, (NOTICE_DAYS - 1) * 24);
        let of_today = |m: &Message| {
            m.kind == Kind::Notice(Notice::Trial)
                && match m.subject {
                    Subject::Account(account) => account == author.account,
                    Subject::Channel(id) => {
                        world.channels.get(&id).is_some_and(|c| c.account == author.account)
                    }
                    _ => false,
                }
                && m.expires.is_some_and(|expires| expires > a_day_ago)
        };
        if world.messages.values().filter(|row| of_today(&row.message)).count() >= TRIALS_A_DAY {
            return Ok(CodeAsked::TooMany);
        }
        let hers = world.channels_of(author.account);
        if channel.is_some_and(|channel| !hers.iter().any(|row| row.id == channel)) {
            return Err(StoreError::Missing);
        }
        let subject = channel.map_or(Subject::Account(author.account), Subject::Channel);
        world.put_notice(subject, Notice::Trial, message, now.trusted, now);
        Ok(CodeAsked::Taken)
    }

    async fn ask_email_change(&self, author: &Author, ask: EmailChangeAsk, now: Now) -> Result<CodeAsked> {
        self.ask_for_address(author, ask, None, now).await
    }

    async fn change_email(
        &self,
        author: &Author,
        browser: Keyed,
        code: Keyed,
        change: EmailChange,
        now: Now,
    ) -> Result<EmailChanged> {
        let mut world = self.world();
        let row = world.account(author)?;
        let (old, old_key) = (row.account.email.clone(), row.email_key);
        match world.try_code(browser, code, Some(author.account), None, now) {
            CodeTried::Over => return Ok(EmailChanged::Over),
            CodeTried::Wrong => return Ok(EmailChanged::Wrong),
            CodeTried::Right { email_key, account, .. } => {
                if email_key != change.new_key {
                    return Ok(EmailChanged::Over);
                }
                if account.is_some_and(|other| other != author.account) {
                    return Ok(EmailChanged::Taken);
                }
            }
        }
        expect(
            !world.messages.contains_key(&change.notice) && !world.email_undos.contains_key(&change.undo),
        )?;
        world.set_email(author.account, &change.email, change.new_key)?;
        world.end_others(author.account, change.session);
        let until = hours_after(now.trusted, EMAIL_UNDO_DAYS * 24);
        let undo =
            EmailUndoRow { account: author.account, email: old, email_key: old_key, until, used: false };
        world.email_undos.insert(change.undo, undo);
        world.notice(
            author.account,
            Notice::SignInChanged,
            change.notice,
            Some(change.notice_to.clone()),
            now,
        );
        Ok(EmailChanged::Changed)
    }

    async fn email_undo(&self, undo: Keyed, now: Now) -> Result<bool> {
        Ok(self.world().email_undos.get(&undo).is_some_and(|u| !u.used && now.trusted < u.until))
    }

    async fn undo_email(&self, undo: Keyed, now: Now) -> Result<bool> {
        let mut world = self.world();
        let row = world.email_undos.get_mut(&undo).filter(|u| !u.used && now.trusted < u.until);
        let Some(row) = row else { return Ok(false) };
        row.used = true;
        let (account, email, key, until) = (row.account, row.email.clone(), row.email_key, row.until);
        if world.account_of.get(&key).is_some_and(|other| *other != account) {
            return Ok(false);
        }
        world.set_email(account, &email, key)?;
        for later in world.email_undos.values_mut().filter(|u| u.account == account && until <= u.until) {
            later.used = true;
        }
        world.sessions.retain(|_, s| !matches!(s.who, SessionRowOf::Account(of) if of == account));
        Ok(true)
    }
}
