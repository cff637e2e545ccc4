//! Coming in, and what an author's account holds.

use super::tx::{Mode, Row, Tx, values};
use super::{SqlStore, codes, limits, recovery, sessions, transaction};
use crate::rows::*;
use crate::{AccountStore, Result, StoreError};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, MessageId};

/// Wrong unlock tokens are counted for so long.
const QUARTER: SignedDuration = SignedDuration::from_mins(15);
/// So many in that time.
const WRONG: usize = 5;

#[async_trait]
impl AccountStore for SqlStore {
    async fn invite(
        &self,
        token: Keyed,
        role: Role,
        expires: Timestamp,
        approved_name: Option<Keyed>,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.exec(
                "insert into invitations (token, role, expires, approved_name, used) values ($1, $2, $3, $4, 0)",
                values![token, role, expires, approved_name],
            )
            .await
            .map(drop)
        })
    }

    async fn named(&self) -> Result<Vec<NamedAccount>> {
        transaction!(self, Mode::Read, |tx| {
            let rows =
                tx.query("select id, name, approved_name from accounts order by made, id", &[]).await?;
            let read = |mut row: Row| {
                Ok(NamedAccount { account: row.next()?, name: row.next()?, approved: row.next()? })
            };
            rows.into_iter().map(read).collect()
        })
    }

    async fn approve_name(&self, account: AccountId, name: Option<Keyed>) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            let changed = tx
                .exec("update accounts set approved_name = $1 where id = $2", values![name, account])
                .await?;
            if changed == 1 { Ok(()) } else { Err(StoreError::Missing) }
        })
    }

    async fn invitation(&self, token: Keyed, now: Now) -> Result<Option<Role>> {
        transaction!(self, Mode::Read, |tx| {
            let row = tx
                .one(
                    "select role from invitations where token = $1 and used = 0 and expires > $2",
                    values![token, now.trusted],
                )
                .await?;
            row.map(|mut row| row.next()).transpose()
        })
    }

    async fn ask_code(&self, ask: CodeAsk, now: Now) -> Result<CodeAsked> {
        transaction!(self, Mode::Write, |tx| {
            codes::in_turn(&mut tx).await?;
            codes::ask(&mut tx, &ask, now).await
        })
    }

    async fn account_of(&self, email_key: Keyed) -> Result<Option<AccountId>> {
        transaction!(self, Mode::Read, |tx| codes::account_of(&mut tx, email_key).await)
    }

    async fn set_code(&self, message: MessageId, code: Keyed) -> Result<()> {
        transaction!(self, Mode::Write, |tx| codes::set(&mut tx, message, code).await)
    }

    async fn try_code(&self, browser: Keyed, code: Keyed, now: Now) -> Result<CodeTried> {
        transaction!(self, Mode::Write, |tx| codes::try_one(&mut tx, browser, code, now).await)
    }

    async fn open_session(&self, token: Keyed, account: AccountId, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| sessions::open(&mut tx, token, account, now).await)
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
        transaction!(self, Mode::Write, |tx| {
            if invitation.is_none() {
                limits::account(&mut tx, now).await?;
            }
            sessions::open_newcomer(&mut tx, token, account, email_key, &email, invitation, now).await
        })
    }

    async fn session(&self, token: Keyed, now: Now) -> Result<Option<Session>> {
        transaction!(self, Mode::Read, |tx| sessions::find(&mut tx, token, now).await)
    }

    async fn act(&self, token: Keyed, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| sessions::act(&mut tx, token, now).await)
    }

    async fn unlock_session(&self, token: Keyed, mine: bool, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| sessions::unlock(&mut tx, token, mine, now).await)
    }

    async fn lock_session(&self, token: Keyed) -> Result<()> {
        transaction!(self, Mode::Write, |tx| sessions::lock(&mut tx, token).await)
    }

    async fn end_session(&self, token: Keyed) -> Result<()> {
        transaction!(self, Mode::Write, |tx| sessions::end(&mut tx, token).await)
    }

    async fn sessions(&self, author: &Author, now: Now) -> Result<Vec<SignedInOn>> {
        transaction!(self, Mode::Read, |tx| sessions::of_account(&mut tx, author.account, now).await)
    }

    async fn end_session_named(&self, author: &Author, name: SessionName) -> Result<()> {
        transaction!(self, Mode::Write, |tx| sessions::end_named(&mut tx, author.account, name).await)
    }

    async fn end_other_sessions(&self, author: &Author, session: Keyed) -> Result<u64> {
        transaction!(self, Mode::Write, |tx| sessions::end_others(&mut tx, author.account, session).await)
    }

    async fn end_all_sessions(&self, of: Option<AccountId>) -> Result<u64> {
        transaction!(self, Mode::Write, |tx| sessions::end_all(&mut tx, of).await)
    }

    async fn create_account(
        &self,
        token: Keyed,
        account: NewAccount,
        mine: bool,
        now: Now,
    ) -> Result<Author> {
        transaction!(self, Mode::Write, |tx| create(&mut tx, token, &account, mine, now).await)
    }

    async fn account(&self, author: &Author) -> Result<Account> {
        transaction!(self, Mode::Read, |tx| {
            let mut row = tx
                .need(
                    "select id, email, name, role, language, zone, recipient, salt, unlock_number, approved_name
                     from accounts where id = $1",
                    values![author.account],
                )
                .await?;
            Ok(Account {
                id: row.next()?,
                email: row.next()?,
                name: row.next()?,
                role: row.next()?,
                language: row.next()?,
                zone: row.next()?,
                recipient: row.next()?,
                salt: row.next()?,
                unlock_number: row.next()?,
                approved_name: row.next()?,
            })
        })
    }

    async fn try_unlock(&self, author: &Author, token: Keyed, now: Now) -> Result<UnlockTried> {
        transaction!(self, Mode::Write, |tx| try_unlock(&mut tx, author, token, now).await)
    }

    async fn vault(&self, author: &Author) -> Result<(Vec<u8>, i64)> {
        transaction!(self, Mode::Read, |tx| {
            let mut row = tx
                .need("select vault, vault_rev from accounts where id = $1", values![author.account])
                .await?;
            Ok((row.next()?, row.next()?))
        })
    }

    async fn put_vault(&self, author: &Author, rev: i64, vault: Vec<u8>) -> Result<i64> {
        transaction!(self, Mode::Write, |tx| {
            let changed = tx
                .exec(
                    "update accounts set vault = $1, vault_rev = vault_rev + 1 where id = $2 and vault_rev = $3",
                    values![vault.clone(), author.account, rev],
                )
                .await?;
            if changed == 1 { Ok(rev + 1) } else { Err(StoreError::Conflict) }
        })
    }

    async fn put_language(&self, author: &Author, language: String, zone: String) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            let changed = tx
                .exec(
                    "update accounts set language = $1, zone = $2 where id = $3",
                    values![language.as_str(), zone.as_str(), author.account],
                )
                .await?;
            if changed == 1 { Ok(()) } else { Err(StoreError::Missing) }
        })
    }
}

async fn create(tx: &mut Tx, token: Keyed, new: &NewAccount, mine: bool, now: Now) -> Result<Author> {
    tx.one("select 1 from sessions where token = $1 /*lock*/", values![token]).await?;
    let session = sessions::find(tx, token, now).await?.ok_or(StoreError::Missing)?;
    let SessionOf::Newcomer { account, email_key, invitation, .. } = session.who else {
        return Err(StoreError::Missing);
    };
    if account != new.id || email_key != new.email_key {
        return Err(StoreError::Conflict);
    }
    let (role, approved_name): (Role, Option<Keyed>) = match invitation {
        None => {
            limits::account(tx, now).await?;
            (Role::Author, None)
        }
        Some(invitation) => {
            let row = tx
                .one(
                    "update invitations set used = 1 where token = $1 and used = 0 and expires > $2
                     returning role, approved_name",
                    values![invitation, now.trusted],
                )
                .await?;
            let mut row = row.ok_or(StoreError::Conflict)?;
            (row.next()?, row.next()?)
        }
    };
    tx.exec(
        "insert into accounts (id, email, email_key, name, role, language, zone, recipient, salt, unlock_key, unlock_number,
             vault, vault_rev, made, approved_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, 1, $12, $13)",
        values![
            new.id,
            new.email.clone(),
            new.email_key,
            new.name.clone(),
            role,
            new.language.as_str(),
            new.zone.as_str(),
            new.recipient.as_str(),
            new.salt.clone(),
            new.unlock_key,
            new.vault.clone(),
            now.trusted,
            approved_name
        ],
    )
    .await?;
    tx.exec(
        "insert into wraps (subject, version, kind, bytes, host_generation) values ($1, 1, 'unlock', $2, $3)",
        values![new.id, new.unlock_wrap.clone(), new.host_generation],
    )
    .await?;
    sessions::become_hers(tx, token, mine, now).await?;
    recovery::keep_account(tx, new.id).await?;
    tx.fact(new.id, 1, Fact::UnlockReplaced { account: new.id, number: 1 });
    Ok(Author { account: new.id })
}

async fn try_unlock(tx: &mut Tx, author: &Author, token: Keyed, now: Now) -> Result<UnlockTried> {
    // Locked: two tries at once are counted one after the other.
    let mut row = tx
        .need(
            "select unlock_key, unlock_number from accounts where id = $1 /*lock*/",
            values![author.account],
        )
        .await?;
    let (key, number): (Keyed, u32) = (row.next()?, row.next()?);
    tx.exec(
        "delete from unlock_tries where account = $1 and at <= $2",
        values![author.account, sessions::ago(now, QUARTER)],
    )
    .await?;
    let tries = tx
        .query("select at from unlock_tries where account = $1 order by at", values![author.account])
        .await?;
    if tries.len() >= WRONG {
        let nth = tries.len() - WRONG;
        let oldest: Timestamp = tries.into_iter().nth(nth).ok_or(StoreError::Damaged)?.next()?;
        return Ok(UnlockTried::TooMany { until: oldest.checked_add(QUARTER).unwrap_or(Timestamp::MAX) });
    }
    if key != token {
        tx.exec(
            "insert into unlock_tries (account, at) values ($1, $2)",
            values![author.account, now.trusted],
        )
        .await?;
        return Ok(UnlockTried::Wrong);
    }
    let wrap = tx
        .need(
            "select bytes from wraps where subject = $1 and version = $2 and kind = 'unlock'",
            values![author.account, number],
        )
        .await?
        .next()?;
    Ok(UnlockTried::Right(Released {
        wrap,
        subject: author.account.to_string(),
        version: number,
        kind: WrapKind::Unlock,
    }))
}
