//! The ways back in: the paper kit, new words, another sign-in address; and the notices that tell the author of it.

use super::limits::count;
use super::tx::{Mode, Tx, Value, not_before, values};
use super::{SqlStore, codes, lives, recovery, sessions, transaction, wakes};
use crate::limits::{CODES_OF_AN_ACCOUNT, DAY, Limits};
use crate::lives::copy_for;
use crate::rows::*;
use crate::{KeyStore, Result, StoreError};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, ChannelId, MessageId};
use unsaid_delivery::message::{Kind, Notice, Way};
use unsaid_delivery::record::NOTICE_DAYS;
use unsaid_delivery::state::Wake;

#[async_trait]
impl KeyStore for SqlStore {
    async fn put_kit(&self, author: &Author, kit: Keyed, message: MessageId, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            let mut row =
                tx.need("select kit from accounts where id = $1 /*lock*/", values![author.account]).await?;
            let there: Option<Keyed> = row.next()?;
            if there == Some(kit) {
                return Ok(());
            }
            tx.exec("update accounts set kit = $1 where id = $2", values![kit, author.account]).await?;
            recovery::keep_account(&mut tx, author.account).await?;
            notice(&mut tx, author.account, Notice::KitMade, message, now).await
        })
    }

    async fn has_kit(&self, author: &Author) -> Result<bool> {
        transaction!(self, Mode::Read, |tx| {
            tx.need(
                "select case when kit is null then 0 else 1 end from accounts where id = $1",
                values![author.account],
            )
            .await?
            .next()
        })
    }

    async fn account_of_kit(&self, kit: Keyed) -> Result<Option<AccountId>> {
        transaction!(self, Mode::Read, |tx| {
            let row = tx.one("select id from accounts where kit = $1", values![kit]).await?;
            row.map(|mut row| row.next()).transpose()
        })
    }

    async fn open_kit_session(
        &self,
        token: Keyed,
        account: AccountId,
        mine: bool,
        message: MessageId,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            sessions::open(&mut tx, token, account, now).await?;
            sessions::unlock(&mut tx, token, mine, now).await?;
            notice(&mut tx, account, Notice::KitUsed, message, now).await
        })
    }

    async fn replace_unlock(
        &self,
        author: &Author,
        new: NewUnlock,
        message: MessageId,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            let changed = tx
                .exec(
                    "update accounts set salt = $1, unlock_key = $2, unlock_number = $3
                     where id = $4 and unlock_number + 1 = $3",
                    values![new.salt.clone(), new.key, new.number, author.account],
                )
                .await?;
            if changed != 1 {
                return Err(StoreError::Conflict);
            }
            for sql in [
                "delete from wraps where subject = $1 and kind = 'unlock'",
                "delete from unlock_tries where account = $1",
            ] {
                tx.exec(sql, values![author.account]).await?;
            }
            tx.exec(
                "insert into wraps (subject, version, kind, bytes, host_generation) values ($1, $2, 'unlock', $3, $4)",
                values![author.account, new.number, new.wrap.clone(), new.host_generation],
            )
            .await?;
            sessions::end_others(&mut tx, author.account, new.session).await?;
            notice(&mut tx, author.account, Notice::WordsReplaced, message, now).await?;
            recovery::keep_account(&mut tx, author.account).await?;
            let fact = Fact::UnlockReplaced { account: author.account, number: new.number };
            tx.fact(author.account, new.number.into(), fact);
            Ok(())
        })
    }

    async fn notify(&self, author: &Author, what: Notice, message: MessageId, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.need("select 1 from accounts where id = $1", values![author.account]).await?;
            notice(&mut tx, author.account, what, message, now).await
        })
    }

    async fn notify_at(
        &self,
        author: &Author,
        what: Notice,
        message: MessageId,
        to: SealedText,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.need("select 1 from accounts where id = $1", values![author.account]).await?;
            put_notice(&mut tx, author.account, None, (what, 1), message, now.trusted, Lane::Letters, now)
                .await?;
            goes_to(&mut tx, message, &to).await
        })
    }

    async fn ask_trial(
        &self,
        author: &Author,
        channel: Option<ChannelId>,
        message: MessageId,
        now: Now,
    ) -> Result<CodeAsked> {
        transaction!(self, Mode::Write, |tx| {
            // Her account is locked, so that two that are asked for at once are counted one after the other.
            tx.need("select 1 from accounts where id = $1 /*lock*/", values![author.account]).await?;
            // Each says when it will be pointless, and so when it was written.
            let a_day_ago = now.trusted.checked_add(SignedDuration::from_hours((NOTICE_DAYS - 1) * 24));
            let asked: i64 = tx
                .need(
                    "select count(*) from messages where kind = 'notice-trial' and account = $1 and expires > $2",
                    values![author.account, a_day_ago.unwrap_or(Timestamp::MAX)],
                )
                .await?
                .next()?;
            if asked >= TRIALS_A_DAY as i64 {
                return Ok(CodeAsked::TooMany);
            }
            let hers = lives::channels(&mut tx, author.account).await?;
            if channel.is_some_and(|channel| !hers.iter().any(|row| row.id == channel)) {
                return Err(StoreError::Missing);
            }
            let (what, lane) = ((Notice::Trial, 1), Lane::Letters);
            put_notice(&mut tx, author.account, channel, what, message, now.trusted, lane, now).await?;
            Ok(CodeAsked::Taken)
        })
    }

    async fn ask_email_change(&self, author: &Author, ask: EmailChangeAsk, now: Now) -> Result<CodeAsked> {
        transaction!(self, Mode::Write, |tx| ask_for_address(&mut tx, author, &ask, None, now).await)
    }

    async fn change_email(
        &self,
        author: &Author,
        browser: Keyed,
        code: Keyed,
        change: EmailChange,
        now: Now,
    ) -> Result<EmailChanged> {
        transaction!(self, Mode::Write, |tx| {
            change_email(&mut tx, author, browser, code, &change, now).await
        })
    }

    async fn email_undo(&self, undo: Keyed, now: Now) -> Result<bool> {
        transaction!(self, Mode::Read, |tx| {
            let row = tx
                .one(
                    "select 1 from email_undos where undo = $1 and used = 0 and until > $2",
                    values![undo, now.trusted],
                )
                .await?;
            Ok(row.is_some())
        })
    }

    async fn undo_email(&self, undo: Keyed, now: Now) -> Result<bool> {
        transaction!(self, Mode::Write, |tx| undo_email(&mut tx, undo, now).await)
    }
}

/// A code to an address that is to be hers: for signing in with, or for the purpose that is named.
pub(super) async fn ask_for_address(
    tx: &mut Tx,
    author: &Author,
    ask: &EmailChangeAsk,
    channel: Option<Way>,
    now: Now,
) -> Result<CodeAsked> {
    // One after the other with every other request for a code; and no account asks strangers for more than a few a day.
    codes::in_turn(tx).await?;
    let asked = count(
        tx,
        "select count(*) from codes where account = $1 and asked > $2",
        values![author.account, sessions::ago(now, DAY)],
    )
    .await?;
    if !Limits::room(CODES_OF_AN_ACCOUNT, asked) {
        return Ok(CodeAsked::TooMany);
    }
    let code = CodeAsk {
        message: ask.message,
        browser: ask.browser,
        email_key: ask.new_key,
        to: ask.to.clone(),
        invitation: None,
        write: true,
        known: true,
        expires: ask.expires,
        // The account's own language goes before it.
        language: String::new(),
    };
    let asked = codes::ask(tx, &code, now).await?;
    if asked != CodeAsked::TooMany {
        tx.exec(
            "update codes set account = $1, purpose = $2 where message = $3",
            values![author.account, channel.map(|way| codes::purpose_of(way).to_owned()), ask.message],
        )
        .await?;
        if let Some(way) = channel {
            tx.exec("update messages set way = $1 where id = $2", values![way, ask.message]).await?;
        }
    }
    Ok(asked)
}

/// Writes a notice to an account, to leave at once; where each address of hers is told, to those too.
pub(super) async fn notice(
    tx: &mut Tx,
    account: AccountId,
    what: Notice,
    message: MessageId,
    now: Now,
) -> Result<()> {
    notice_from(tx, account, what, message, now.trusted, now).await
}

/// The same, to leave at an instant and to be pointless three days after it.
pub(super) async fn notice_from(
    tx: &mut Tx,
    account: AccountId,
    what: Notice,
    message: MessageId,
    from: Timestamp,
    now: Now,
) -> Result<()> {
    notice_to_leave(tx, account, what, message, from, Lane::Letters, now).await
}

/// The same, in one of the lanes.
pub(super) async fn notice_to_leave(
    tx: &mut Tx,
    account: AccountId,
    what: Notice,
    message: MessageId,
    from: Timestamp,
    lane: Lane,
    now: Now,
) -> Result<()> {
    put_notice(tx, account, None, (what, 1), message, from, lane, now).await?;
    if what.is_for_every_channel() {
        for channel in lives::channels(tx, account).await? {
            let copy = copy_for(message, channel.id);
            put_notice(tx, account, Some(channel.id), (what, 1), copy, from, lane, now).await?;
        }
    }
    Ok(())
}

/// A notice goes to this address, and not to the one that she signs in with.
async fn goes_to(tx: &mut Tx, message: MessageId, to: &SealedText) -> Result<()> {
    tx.exec("insert into notice_to (message, sealed) values ($1, $2)", values![message, to.clone()])
        .await
        .map(drop)
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
pub(super) async fn put_notice(
    tx: &mut Tx,
    account: AccountId,
    channel: Option<ChannelId>,
    (what, nth): (Notice, u8),
    message: MessageId,
    from: Timestamp,
    lane: Lane,
    now: Now,
) -> Result<()> {
    let expires = from.checked_add(SignedDuration::from_hours(NOTICE_DAYS * 24)).unwrap_or(Timestamp::MAX);
    // What she may still stop does not go before she was told of it, however long that takes.
    let expires = if what == Notice::EventOpens { Value::Null } else { not_before(expires) };
    tx.exec(
        "insert into messages (id, kind, subject, account, whom, series, nr, nth, state, tries, since, expires, foreseen, rev, way)
         values ($1, $2, $3, $4, $5, 0, 0, $6, 'waiting', 0, $7, $8, 1, 1, (select c.way from channels c where c.id = $5))",
        &[
            message.into(),
            Kind::Notice(what).into(),
            if channel.is_some() { "channel" } else { "account" }.into(),
            account.into(),
            channel.map_or(Value::Null, Value::from),
            i64::from(nth).into(),
            now.observed.into(),
            expires,
        ],
    )
    .await?;
    wakes::set(tx, WakeOf::Message(message), lane, Wake::Trusted(from)).await
}

async fn change_email(
    tx: &mut Tx,
    author: &Author,
    browser: Keyed,
    code: Keyed,
    change: &EmailChange,
    now: Now,
) -> Result<EmailChanged> {
    let mut row = tx
        .need("select email, email_key from accounts where id = $1 /*lock*/", values![author.account])
        .await?;
    let (old, old_key): (SealedText, Keyed) = (row.next()?, row.next()?);
    match codes::try_for(tx, browser, code, Some(author.account), "", now).await? {
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
    let rev = set_email(tx, author.account, &change.email, change.new_key).await?;
    sessions::end_others(tx, author.account, change.session).await?;
    let until = now.trusted.checked_add(SignedDuration::from_hours(EMAIL_UNDO_DAYS * 24));
    tx.exec(
        "insert into email_undos (undo, account, email, email_key, until, used) values ($1, $2, $3, $4, $5, 0)",
        values![change.undo, author.account, old, old_key, until.unwrap_or(Timestamp::MAX)],
    )
    .await?;
    notice(tx, author.account, Notice::SignInChanged, change.notice, now).await?;
    goes_to(tx, change.notice, &change.notice_to).await?;
    recovery::keep_account(tx, author.account).await?;
    told(tx, author.account, rev, &change.email, change.new_key);
    Ok(EmailChanged::Changed)
}

async fn undo_email(tx: &mut Tx, undo: Keyed, now: Now) -> Result<bool> {
    let row = tx
        .one(
            "update email_undos set used = 1 where undo = $1 and used = 0 and until > $2
             returning account, email, email_key, until",
            values![undo, now.trusted],
        )
        .await?;
    let Some(mut row) = row else { return Ok(false) };
    let (account, email, key): (AccountId, SealedText, Keyed) = (row.next()?, row.next()?, row.next()?);
    let other =
        tx.one("select 1 from accounts where email_key = $1 and id <> $2", values![key, account]).await?;
    if other.is_some() {
        return Ok(false);
    }
    let until: Timestamp = row.next()?;
    let rev = set_email(tx, account, &email, key).await?;
    // The links of later changes went to addresses that were never hers.
    tx.exec("update email_undos set used = 1 where account = $1 and until >= $2", values![account, until])
        .await?;
    tx.exec("delete from sessions where account = $1", values![account]).await?;
    recovery::keep_account(tx, account).await?;
    told(tx, account, rev, &email, key);
    Ok(true)
}

/// Changes the address. Gives the rev of the fact: one for each change.
async fn set_email(tx: &mut Tx, account: AccountId, email: &SealedText, key: Keyed) -> Result<i64> {
    tx.exec(
        "update accounts set email = $1, email_key = $2 where id = $3",
        values![email.clone(), key, account],
    )
    .await?;
    tx.need("select count(*) + 2 from email_undos where account = $1", values![account]).await?.next()
}

fn told(tx: &mut Tx, account: AccountId, rev: i64, email: &SealedText, key: Keyed) {
    let fact = Fact::SignInChanged { account, email_key: key.0, email: email.0.clone() };
    tx.fact(account, rev, fact);
}
