//! Sessions of authors and of newcomers, by the hash of their token.

use super::tx::{Tx, values};
use crate::rows::{Author, Keyed, Role, SealedText, Session, SessionOf};
use crate::{Result, StoreError};
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::AccountId;

/// A session ends after so much trusted time without an act.
const SESSION: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A newcomer's, after so much since it was opened.
const NEWCOMER: SignedDuration = SignedDuration::from_hours(1);
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
    .await
    .map(drop)
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
             where s.token = $1 and s.last_act > $2 and (s.newcomer = 0 or s.made > $3)",
            values![token, ago(now, SESSION), ago(now, NEWCOMER)],
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
             unlocked_at = $1, fresh_at = $1, last_act = $1, mine = $2 where token = $3",
        values![now.trusted, mine, token],
    )
    .await
    .map(drop)
}
