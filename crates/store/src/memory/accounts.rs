//! Coming in, in memory: invitations, codes, sessions, accounts, unlocking, the vault.

use super::*;
use crate::AccountStore;
use crate::limits::SESSIONS_OF_AN_ACCOUNT;
use async_trait::async_trait;
use unsaid_delivery::message::{Kind, MessageState, Subject};

/// A code is tried so often.
const CODE_TRIES: u8 = 5;
/// So many codes are asked for one address within a day.
const CODES_A_DAY: usize = 10;
/// So many wrong unlock tokens, within a quarter of an hour.
const UNLOCK_TRIES: usize = 5;
const UNLOCK_MINUTES: i64 = 15;
/// A session ends after so long without an act.
const SESSION_HOURS: i64 = 90 * 24;
/// A newcomer's session lasts so long.
const NEWCOMER_HOURS: i64 = 1;

impl SessionRow {
    pub(super) fn new(who: SessionRowOf, now: Now) -> Self {
        Self {
            who,
            opened: now.trusted,
            last_act: now.trusted,
            unlocked_at: None,
            fresh_at: None,
            mine: false,
        }
    }

    fn is_over(&self, now: Now) -> bool {
        now.trusted
            >= match self.who {
                SessionRowOf::Account(_) => hours_after(self.last_act, SESSION_HOURS),
                SessionRowOf::Newcomer { .. } => hours_after(self.opened, NEWCOMER_HOURS),
            }
    }
}

impl World {
    /// A session that is not over.
    fn session(&mut self, token: Keyed, now: Now) -> Result<&mut SessionRow> {
        let made_after = self.made_after(now);
        let good = |s: &&mut SessionRow| !s.is_over(now) && s.opened > made_after;
        self.sessions.get_mut(&token).filter(good).ok_or(StoreError::Missing)
    }

    /// Where an account is signed in, with what orders them: whoever acted last first.
    fn sessions_of(&self, account: AccountId) -> Vec<(Keyed, &SessionRow)> {
        let is_hers = |s: &SessionRow| matches!(s.who, SessionRowOf::Account(of) if of == account);
        let mut found: Vec<_> =
            self.sessions.iter().filter(|(_, s)| is_hers(s)).map(|(t, s)| (*t, s)).collect();
        found.sort_by_key(|(token, s)| (std::cmp::Reverse(s.last_act), std::cmp::Reverse(s.opened), *token));
        found
    }

    /// One more than there may be: whoever was silent longest is signed out.
    pub(super) fn only_so_many_sessions(&mut self, account: AccountId, newest: Keyed) {
        let over: Vec<Keyed> = self
            .sessions_of(account)
            .into_iter()
            .map(|(token, _)| token)
            .skip(SESSIONS_OF_AN_ACCOUNT as usize)
            .filter(|token| *token != newest)
            .collect();
        for token in over {
            self.sessions.remove(&token);
        }
    }

    /// Tries a code: each is good for what it was asked for alone.
    pub(super) fn try_code(
        &mut self,
        browser: Keyed,
        code: Keyed,
        of: Option<AccountId>,
        channel: Option<Way>,
        now: Now,
    ) -> CodeTried {
        let fits = |row: &&mut CodeRow| (row.account, row.channel) == (of, channel);
        let Some(row) = self.codes.get_mut(&browser).filter(fits) else {
            return CodeTried::Over;
        };
        if now.trusted >= row.expires || row.tries >= CODE_TRIES {
            return CodeTried::Over;
        }
        if row.code != Some(code) {
            row.tries += 1;
            return CodeTried::Wrong;
        }
        let Some(row) = self.codes.remove(&browser) else { return CodeTried::Over };
        CodeTried::Right {
            account: self.account_of.get(&row.email_key).copied(),
            email_key: row.email_key,
            to: row.to,
            message: row.message,
            invitation: row.invitation,
        }
    }

    pub(super) fn account(&self, author: &Author) -> Result<&AccountRow> {
        self.accounts.get(&author.account).ok_or(StoreError::Missing)
    }

    pub(super) fn account_mut(&mut self, author: &Author) -> Result<&mut AccountRow> {
        self.accounts.get_mut(&author.account).ok_or(StoreError::Missing)
    }
}

#[async_trait]
impl AccountStore for MemoryStore {
    async fn invite(
        &self,
        token: Keyed,
        role: Role,
        expires: Timestamp,
        approved_name: Option<Keyed>,
    ) -> Result<()> {
        let mut world = self.world();
        expect(!world.invitations.contains_key(&token))?;
        world.invitations.insert(token, InvitationRow { role, expires, approved_name, used: false });
        Ok(())
    }

    async fn named(&self) -> Result<Vec<NamedAccount>> {
        let world = self.world();
        let mut rows: Vec<&AccountRow> = world.accounts.values().collect();
        rows.sort_by_key(|row| (row.made, row.account.id));
        let named = |row: &AccountRow| NamedAccount {
            account: row.account.id,
            name: row.account.name.clone(),
            approved: row.account.approved_name,
        };
        Ok(rows.into_iter().map(named).collect())
    }

    async fn approve_name(&self, account: AccountId, name: Option<Keyed>) -> Result<()> {
        let mut world = self.world();
        let row = world.accounts.get_mut(&account).ok_or(StoreError::Missing)?;
        row.account.approved_name = name;
        Ok(())
    }

    async fn invitation(&self, token: Keyed, now: Now) -> Result<Option<Role>> {
        Ok(self.world().invitations.get(&token).filter(|i| i.is_good(now)).map(|i| i.role))
    }

    async fn ask_code(&self, ask: CodeAsk, now: Now) -> Result<CodeAsked> {
        let mut world = self.world();
        expect(!world.messages.contains_key(&ask.message))?;
        let asks = world.code_asks.entry(ask.email_key).or_default();
        asks.retain(|at| now.trusted < hours_after(*at, 24));
        if asks.len() >= CODES_A_DAY {
            return Ok(CodeAsked::TooMany);
        }
        asks.push(now.trusted);
        let written = world.may_be_written(&ask, now);
        world.code_counts.retain(|c| now.trusted < hours_after(c.at, 24));
        world.code_counts.push(limits::CodeCount {
            at: now.trusted,
            email_key: ask.email_key,
            invitation: ask.invitation,
            account: None,
            known: ask.known,
            written: ask.write && written,
        });
        if let Some(earlier) = world.codes.remove(&ask.browser)
            && let Some(row) = world.messages.get_mut(&earlier.message)
            && row.message.state == MessageState::Waiting
        {
            row.message.state = MessageState::Dropped;
            row.message.rev += 1;
            world.wakes.remove(WakeOf::Message(earlier.message));
        }
        let held = ask.write && !written;
        if ask.write && written {
            let mut row =
                MessageRow::new(ask.message, Kind::Code, Subject::SigningIn, Some(ask.expires), now);
            row.to = Some((ask.to.clone(), ask.email_key, ask.language.clone()));
            row.newcomer = ask.invitation.is_some();
            world.messages.insert(ask.message, row);
            world.wakes.set(WakeOf::Message(ask.message), Lane::Codes, at_once(now));
        }
        world.codes.insert(
            ask.browser,
            CodeRow {
                message: ask.message,
                email_key: ask.email_key,
                to: ask.to,
                invitation: ask.invitation,
                expires: ask.expires,
                code: None,
                tries: 0,
                written: ask.write && written,
                account: None,
                channel: None,
            },
        );
        Ok(if held { CodeAsked::Held } else { CodeAsked::Taken })
    }

    async fn account_of(&self, email_key: Keyed) -> Result<Option<AccountId>> {
        Ok(self.world().account_of.get(&email_key).copied())
    }

    async fn set_code(&self, message: MessageId, code: Keyed) -> Result<()> {
        let mut world = self.world();
        let row = world
            .codes
            .values_mut()
            .find(|c| c.written && c.message == message)
            .ok_or(StoreError::Missing)?;
        row.code = Some(code);
        Ok(())
    }

    async fn try_code(&self, browser: Keyed, code: Keyed, now: Now) -> Result<CodeTried> {
        Ok(self.world().try_code(browser, code, None, None, now))
    }

    async fn open_session(&self, token: Keyed, account: AccountId, now: Now) -> Result<()> {
        let mut world = self.world();
        world.accounts.get(&account).ok_or(StoreError::Missing)?;
        expect(!world.sessions.contains_key(&token))?;
        world.sessions.insert(token, SessionRow::new(SessionRowOf::Account(account), now));
        world.only_so_many_sessions(account, token);
        Ok(())
    }

    async fn open_newcomer(
        &self,
        token: Keyed,
        account: AccountId,
        email_key: Keyed,
        email: SealedText,
        invitation: Option<Keyed>,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        if invitation.is_none() {
            world.room_for_account(now)?;
        }
        expect(!world.sessions.contains_key(&token))?;
        let who = SessionRowOf::Newcomer { account, email_key, email, invitation };
        world.sessions.insert(token, SessionRow::new(who, now));
        Ok(())
    }

    async fn session(&self, token: Keyed, now: Now) -> Result<Option<Session>> {
        let world = self.world();
        let made_after = world.made_after(now);
        let good = |s: &&SessionRow| !s.is_over(now) && s.opened > made_after;
        let Some(row) = world.sessions.get(&token).filter(good) else { return Ok(None) };
        let who = match &row.who {
            SessionRowOf::Account(account) => match world.accounts.get(account) {
                Some(a) => SessionOf::Author(Author { account: *account }, a.account.role),
                None => return Ok(None),
            },
            SessionRowOf::Newcomer { account, email_key, email, invitation } => SessionOf::Newcomer {
                account: *account,
                email_key: *email_key,
                email: email.clone(),
                invitation: *invitation,
            },
        };
        Ok(Some(Session {
            who,
            last_act: row.last_act,
            unlocked_at: row.unlocked_at,
            fresh_at: row.fresh_at,
            mine: row.mine,
        }))
    }

    async fn act(&self, token: Keyed, now: Now) -> Result<()> {
        let mut world = self.world();
        let row = world.session(token, now)?;
        if now.trusted >= minutes_after(row.last_act, 1) {
            row.last_act = now.trusted;
        }
        Ok(())
    }

    async fn unlock_session(&self, token: Keyed, mine: bool, now: Now) -> Result<()> {
        let mut world = self.world();
        let row = world.session(token, now)?;
        if matches!(row.who, SessionRowOf::Newcomer { .. }) {
            return Err(StoreError::Missing);
        }
        row.unlocked_at = Some(now.trusted);
        row.fresh_at = Some(now.trusted);
        row.last_act = row.last_act.max(now.trusted);
        row.mine = mine;
        Ok(())
    }

    async fn lock_session(&self, token: Keyed) -> Result<()> {
        if let Some(row) = self.world().sessions.get_mut(&token) {
            row.unlocked_at = None;
            row.fresh_at = None;
        }
        Ok(())
    }

    async fn end_session(&self, token: Keyed) -> Result<()> {
        self.world().sessions.remove(&token);
        Ok(())
    }

    async fn sessions(&self, author: &Author, now: Now) -> Result<Vec<SignedInOn>> {
        let world = self.world();
        let made_after = world.made_after(now);
        let mut found: Vec<SignedInOn> = world
            .sessions_of(author.account)
            .into_iter()
            .filter(|(_, s)| !s.is_over(now) && s.opened > made_after)
            .map(|(token, s)| SignedInOn {
                name: SessionName::of(token),
                made: s.opened,
                last_act: s.last_act,
                mine: s.mine,
            })
            .collect();
        found.sort_by_key(|session| (std::cmp::Reverse(session.last_act), session.name));
        Ok(found)
    }

    async fn end_session_named(&self, author: &Author, name: SessionName) -> Result<()> {
        let mut world = self.world();
        let found = world.sessions_of(author.account).into_iter().map(|(token, _)| token);
        let token = found.into_iter().find(|token| SessionName::of(*token) == name);
        world.sessions.remove(&token.ok_or(StoreError::Missing)?);
        Ok(())
    }

    async fn end_other_sessions(&self, author: &Author, session: Keyed) -> Result<u64> {
        let mut world = self.world();
        let before = world.sessions.len();
        world.end_others(author.account, session);
        Ok((before - world.sessions.len()) as u64)
    }

    async fn end_all_sessions(&self, of: Option<AccountId>) -> Result<u64> {
        let mut world = self.world();
        let before = world.sessions.len();
        world.sessions.retain(|_, s| match (of, &s.who) {
            (None, _) => false,
            (Some(account), SessionRowOf::Account(of)) => *of != account,
            (Some(_), SessionRowOf::Newcomer { .. }) => true,
        });
        Ok((before - world.sessions.len()) as u64)
    }

    async fn create_account(&self, token: Keyed, new: NewAccount, mine: bool, now: Now) -> Result<Author> {
        let mut world = self.world();
        let SessionRowOf::Newcomer { account, email_key, invitation, .. } = &world.session(token, now)?.who
        else {
            return Err(StoreError::Missing);
        };
        expect(*account == new.id && *email_key == new.email_key)?;
        let invitation = *invitation;
        let (role, approved_name) = match invitation {
            None => {
                world.room_for_account(now)?;
                (Role::Author, None)
            }
            Some(invitation) => {
                let row = world.invitations.get(&invitation).filter(|i| i.is_good(now));
                let row = row.ok_or(StoreError::Conflict)?;
                (row.role, row.approved_name)
            }
        };
        expect(!world.accounts.contains_key(&new.id) && !world.account_of.contains_key(&new.email_key))?;
        world.record(new.id, 1, Fact::UnlockReplaced { account: new.id, number: 1 })?;
        if let Some(row) = invitation.and_then(|i| world.invitations.get_mut(&i)) {
            row.used = true;
        }
        let author = Author { account: new.id };
        if role == Role::Host {
            world.hosts.insert((now.trusted, new.id));
        }
        world.account_of.insert(new.email_key, new.id);
        world.accounts.insert(
            new.id,
            AccountRow {
                account: Account {
                    id: new.id,
                    email: new.email,
                    name: new.name,
                    role,
                    language: new.language,
                    zone: new.zone,
                    recipient: new.recipient,
                    salt: new.salt,
                    unlock_number: 1,
                    approved_name,
                },
                made: now.trusted,
                email_key: new.email_key,
                kit: None,
                unlock_key: new.unlock_key,
                unlock_wrap: Wrap { bytes: new.unlock_wrap, generation: new.host_generation },
                wrong: Vec::new(),
                vault: new.vault,
                vault_rev: 1,
            },
        );
        let mut session = SessionRow::new(SessionRowOf::Account(author.account), now);
        session.unlocked_at = Some(now.trusted);
        session.fresh_at = Some(now.trusted);
        session.mine = mine;
        world.sessions.insert(token, session);
        Ok(author)
    }

    async fn account(&self, author: &Author) -> Result<Account> {
        Ok(self.world().account(author)?.account.clone())
    }

    async fn try_unlock(&self, author: &Author, token: Keyed, now: Now) -> Result<UnlockTried> {
        let mut world = self.world();
        let row = world.account_mut(author)?;
        row.wrong.retain(|at| now.trusted < minutes_after(*at, UNLOCK_MINUTES));
        if row.wrong.len() >= UNLOCK_TRIES {
            let first = row.wrong[row.wrong.len() - UNLOCK_TRIES];
            return Ok(UnlockTried::TooMany { until: minutes_after(first, UNLOCK_MINUTES) });
        }
        if row.unlock_key != token {
            row.wrong.push(now.trusted);
            return Ok(UnlockTried::Wrong);
        }
        Ok(UnlockTried::Right(Released {
            wrap: row.unlock_wrap.bytes.clone(),
            subject: row.account.id.to_string(),
            version: row.account.unlock_number,
            kind: WrapKind::Unlock,
        }))
    }

    async fn vault(&self, author: &Author) -> Result<(Vec<u8>, i64)> {
        let world = self.world();
        let row = world.account(author)?;
        Ok((row.vault.clone(), row.vault_rev))
    }

    async fn put_vault(&self, author: &Author, rev: i64, vault: Vec<u8>) -> Result<i64> {
        let mut world = self.world();
        let row = world.account_mut(author)?;
        expect(row.vault_rev == rev)?;
        row.vault = vault;
        row.vault_rev += 1;
        Ok(row.vault_rev)
    }

    async fn put_language(&self, author: &Author, language: String, zone: String) -> Result<()> {
        let mut world = self.world();
        let account = &mut world.account_mut(author)?.account;
        account.language = language;
        account.zone = zone;
        Ok(())
    }
}
