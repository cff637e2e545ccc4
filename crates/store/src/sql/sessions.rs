//! Sessions of authors and of newcomers, by the hash of their token.

use super::tx::{Tx, values};
use crate::limits::SESSIONS_OF_AN_ACCOUNT;
use crate::rows::{Author, Keyed, Role, SealedText, Session, SessionName, SessionOf, SignedInOn};
use crate::{Result, StoreError};
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::AccountId;

/// A session ends after so much trusted time without an act.
const SESSION: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A newcomer's, after so much since it was opened.
const NEWCOMER: SignedDuration = SignedDuration::from_hours(1);
/// Longer than that no session can be.
const MOST_HOURS: i64 = 24 * 366 * 200;
/// `last_act` is written at most so often.
const ACT: SignedDuration = SignedDuration::from_secs(60);

/// A time ago; the beginning of all times where there is none.
pub(super) fn ago(now: Now, time: SignedDuration) -> Timestamp {
    now.trusted.checked_sub(time).unwrap_or(Timestamp::MIN)
}

pub(super) async fn open(tx: &mut Tx, token: Keyed, account: AccountId, now: Now) -> Result<()> {
    tx.need("select 1 from accounts where id = $1", values![account]).await?;
    tx.exec(
        "insert into sessions (token, account, newcomer, made, last_act, mine) values ($1, $2, 0, $3, $3, 0)",
        values![token, account, now.trusted],
    )
    .await?;
    // One more than there may be: whichever was silent longest is signed out.
    tx.exec(
        "delete from sessions where account = $1 and newcomer = 0 and token <> $2 and token not in (
             select token from sessions where account = $1 and newcomer = 0
             order by last_act desc, made desc, token limit $3)",
        values![account, token, SESSIONS_OF_AN_ACCOUNT],
    )
    .await
    .map(drop)
}

/// Until when a session has to have been made to be good still; the beginning of all times where it may get as old as it will.
fn made_after(tx: &Tx, now: Now) -> Timestamp {
    match i64::try_from(tx.limits.session_days) {
        Ok(0) | Err(_) => Timestamp::MIN,
        Ok(days) => ago(now, SignedDuration::from_hours(days.saturating_mul(24).min(MOST_HOURS))),
    }
}

/// Where she is signed in.
pub(super) async fn of_account(tx: &mut Tx, account: AccountId, now: Now) -> Result<Vec<SignedInOn>> {
    let rows = tx
        .query(
            "select token, made, last_act, mine from sessions
             where account = $1 and newcomer = 0 and last_act > $2 and made > $3",
            values![account, ago(now, SESSION), made_after(tx, now)],
        )
        .await?;
    let mut sessions = rows
        .into_iter()
        .map(|mut row| {
            let token: Keyed = row.next()?;
            let name = SessionName::of(token);
            Ok(SignedInOn { name, made: row.next()?, last_act: row.next()?, mine: row.next()? })
        })
        .collect::<Result<Vec<_>>>()?;
    sessions.sort_by_key(|session| (std::cmp::Reverse(session.last_act), session.name));
    Ok(sessions)
}

/// Ends the one of this name, if it is hers.
pub(super) async fn end_named(tx: &mut Tx, account: AccountId, name: SessionName) -> Result<()> {
    let tokens =
        tx.query("select token from sessions where account = $1 and newcomer = 0", values![account]).await?;
    for mut row in tokens {
        let token: Keyed = row.next()?;
        if SessionName::of(token) == name {
            return end(tx, token).await;
        }
    }
    Err(StoreError::Missing)
}

/// Ends every session of an account but one. Gives how many.
pub(super) async fn end_others(tx: &mut Tx, account: AccountId, session: Keyed) -> Result<u64> {
    tx.exec(
        "delete from sessions where account = $1 and newcomer = 0 and token <> $2",
        values![account, session],
    )
    .await
}

/// Ends all sessions of an account, or of everybody. Gives how many.
pub(super) async fn end_all(tx: &mut Tx, of: Option<AccountId>) -> Result<u64> {
    match of {
        Some(account) => {
            tx.exec("delete from sessions where account = $1 and newcomer = 0", values![account]).await
        }
        None => tx.exec("delete from sessions", &[]).await,
    }
}

pub(super) async fn open_newcomer(
    tx: &mut Tx,
    token: Keyed,
    account: AccountId,
    email_key: Keyed,
    email: &SealedText,
    invitation: Option<Keyed>,
    now: Now,
) -> Result<()> {
    tx.exec(
        "insert into sessions (token, account, newcomer, email_key, email, invitation, made, last_act, mine)
         values ($1, $2, 1, $3, $4, $5, $6, $6, 0)",
        values![token, account, email_key, email.clone(), invitation, now.trusted],
    )
    .await
    .map(drop)
}

/// A living session.
pub(super) async fn find(tx: &mut Tx, token: Keyed, now: Now) -> Result<Option<Session>> {
    let row = tx
        .one(
            "select s.newcomer, s.account, a.role, s.email_key, s.email, s.invitation, s.last_act, s.unlocked_at, s.fresh_at, s.mine
             from sessions s left join accounts a on a.id = s.account
             where s.token = $1 and s.last_act > $2 and (s.newcomer = 0 or s.made > $3) and s.made > $4",
            values![token, ago(now, SESSION), ago(now, NEWCOMER), made_after(tx, now)],
        )
        .await?;
    let Some(mut row) = row else { return Ok(None) };
    let (newcomer, account): (bool, AccountId) = (row.next()?, row.next()?);
    let role: Option<Role> = row.next()?;
    let (email_key, email): (Option<Keyed>, Option<SealedText>) = (row.next()?, row.next()?);
    let invitation = row.next()?;
    let who = if newcomer {
        let (Some(email_key), Some(email)) = (email_key, email) else { return Err(StoreError::Damaged) };
        SessionOf::Newcomer { account, email_key, email, invitation }
    } else {
        SessionOf::Author(Author { account }, role.ok_or(StoreError::Damaged)?)
    };
    Ok(Some(Session {
        who,
        last_act: row.next()?,
        unlocked_at: row.next()?,
        fresh_at: row.next()?,
        mine: row.next()?,
    }))
}

pub(super) async fn act(tx: &mut Tx, token: Keyed, now: Now) -> Result<()> {
    find(tx, token, now).await?.ok_or(StoreError::Missing)?;
    tx.exec(
        "update sessions set last_act = $1 where token = $2 and last_act <= $3",
        values![now.trusted, token, ago(now, ACT)],
    )
    .await
    .map(drop)
}

pub(super) async fn unlock(tx: &mut Tx, token: Keyed, mine: bool, now: Now) -> Result<()> {
    find(tx, token, now).await?.ok_or(StoreError::Missing)?;
    let changed = tx
        .exec(
            "update sessions set unlocked_at = $1, fresh_at = $1, mine = $2,
                 last_act = case when last_act < $1 then $1 else last_act end where token = $3 and newcomer = 0",
            values![now.trusted, mine, token],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Missing) }
}

pub(super) async fn lock(tx: &mut Tx, token: Keyed) -> Result<()> {
    tx.exec("update sessions set unlocked_at = null, fresh_at = null where token = $1", values![token])
        .await
        .map(drop)
}

pub(super) async fn end(tx: &mut Tx, token: Keyed) -> Result<()> {
    tx.exec("delete from sessions where token = $1", values![token]).await.map(drop)
}

/// A newcomer's session becomes hers, unlocked and fresh.
pub(super) async fn become_hers(tx: &mut Tx, token: Keyed, mine: bool, now: Now) -> Result<()> {
    tx.exec(
        "update sessions set newcomer = 0, email_key = null, email = null, invitation = null,
             made = $1, unlocked_at = $1, fresh_at = $1, last_act = $1, mine = $2 where token = $3",
        values![now.trusted, mine, token],
    )
    .await
    .map(drop)
}
