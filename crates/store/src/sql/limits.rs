//! Counting what is there, in the transaction that would add one more. Whoever counts has locked the account first, so that two windows are counted one after the other.

use super::sessions::ago;
use super::tx::{Tx, Value, values};
use crate::limits::{DAY, Limit, Limits, MONTH};
use crate::rows::Author;
use crate::{Result, StoreError};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, DraftId, LetterId, PersonId};

/// How many there are.
pub(super) async fn count(tx: &mut Tx, sql: &'static str, values: &[Value]) -> Result<u64> {
    tx.need(sql, values).await?.next()
}

/// Whether one more has room. Nothing is counted where there is no limit.
async fn room(tx: &mut Tx, limit: Limit, sql: &'static str, values: &[Value]) -> Result<()> {
    let most = tx.limits.of(limit);
    if most == 0 || Limits::room(most, count(tx, sql, values).await?) {
        return Ok(());
    }
    Err(StoreError::Limit(limit))
}

/// Her account, locked.
pub(super) async fn lock(tx: &mut Tx, author: &Author) -> Result<()> {
    tx.need("select 1 from accounts where id = $1 /*lock*/", values![author.account]).await.map(drop)
}

pub(super) async fn account(tx: &mut Tx, now: Now) -> Result<()> {
    let sql = "select count(*) from accounts where made > $1";
    room(tx, Limit::Accounts, sql, values![ago(now, DAY)]).await
}

pub(super) async fn person(tx: &mut Tx, author: &Author, now: Now) -> Result<()> {
    let sql = "select count(*) from persons where account = $1";
    room(tx, Limit::Persons, sql, values![author.account]).await?;
    let sql = "select count(*) from persons where account = $1 and made > $2";
    let values = values![author.account, ago(now, MONTH)];
    room(tx, Limit::PersonsOfMonth, sql, values).await
}

pub(super) async fn card(tx: &mut Tx, person: PersonId) -> Result<()> {
    let sql = "select count(*) from cards where person = $1";
    room(tx, Limit::Cards, sql, values![person]).await
}

pub(super) async fn draft(tx: &mut Tx, author: &Author) -> Result<()> {
    let sql = "select count(*) from drafts where account = $1";
    room(tx, Limit::Drafts, sql, values![author.account]).await
}

/// One that takes another's place is no further one.
pub(super) async fn photo(tx: &mut Tx, draft: DraftId, name: &str) -> Result<()> {
    let sql = "select count(*) from draft_parts where draft = $1 and name <> $2";
    room(tx, Limit::Photos, sql, values![draft, name]).await
}

/// Said before she seals: at the seal itself nobody is turned away.
pub(super) async fn letter(tx: &mut Tx, author: &Author, now: Now) -> Result<()> {
    let sql = "select count(*) from letters l where account = $1
               and exists (select 1 from versions v where v.letter = l.id and v.sealed is not null)";
    room(tx, Limit::Letters, sql, values![author.account]).await?;
    let sql = "select count(*) from letters l where account = $1 and reserved > $2
               and not exists (select 1 from versions v where v.letter = l.id and v.sealed is not null)";
    let values = values![author.account, ago(now, DAY)];
    room(tx, Limit::Reserved, sql, values).await
}

pub(super) async fn version(tx: &mut Tx, letter: LetterId) -> Result<()> {
    let sql = "select count(*) from versions where letter = $1";
    room(tx, Limit::Versions, sql, values![letter]).await
}

pub(super) async fn upload(tx: &mut Tx, author: &Author, size: u64, now: Now) -> Result<()> {
    let sql = "select count(*) from uploads where account = $1 and complete = 0 and begun > $2";
    let values = values![author.account, ago(now, DAY)];
    room(tx, Limit::Uploads, sql, values).await?;
    bytes(tx, author.account, size).await
}

/// Whether so many bytes more have room.
pub(super) async fn bytes(tx: &mut Tx, account: AccountId, more: u64) -> Result<()> {
    let most = tx.limits.bytes;
    if most == 0 {
        return Ok(());
    }
    let mut there = 0_u64;
    for sql in [
        "select cast(coalesce(sum(size), 0) as bigint) from uploads where account = $1",
        "select cast(coalesce(sum(length(bytes)), 0) as bigint) from drafts where account = $1",
        "select cast(coalesce(sum(length(h.bytes)), 0) as bigint) from draft_history h join drafts d on d.id = h.draft where d.account = $1",
        "select cast(coalesce(sum(p.size), 0) as bigint) from draft_parts p join drafts d on d.id = p.draft where d.account = $1",
    ] {
        there = there.saturating_add(count(tx, sql, values![account]).await?);
    }
    if there.saturating_add(more) <= most { Ok(()) } else { Err(StoreError::Limit(Limit::Bytes)) }
}
