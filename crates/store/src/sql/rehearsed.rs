//! A rehearsal that an author sends to herself, in a database: written in one go, counted, and ended. What its messages say is not known here.

use super::tx::{Tx, values};
use super::{keys, lives, wakes};
use crate::lives::{RehearsalSent, ToSend, just_rehearsed};
use crate::rows::{Author, Lane, WakeOf};
use crate::{Result, StoreError};
use jiff::Timestamp;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, MessageId};
use unsaid_delivery::message::Notice;

async fn newest(tx: &mut Tx, account: AccountId) -> Result<Option<Timestamp>> {
    tx.need(
        "select max(expires) from messages where kind = 'notice-rehearsal' and account = $1",
        values![account],
    )
    .await?
    .next()
}

pub(super) async fn send(tx: &mut Tx, author: &Author, messages: &[ToSend], now: Now) -> Result<bool> {
    let account = author.account;
    // Two that are asked for at once are written one after the other.
    tx.need("select 1 from accounts where id = $1 /*lock*/", values![account]).await?;
    if newest(tx, account).await?.is_some_and(|expires| just_rehearsed(expires, now)) {
        return Ok(false);
    }
    let hers = lives::channels(tx, account).await?;
    for ToSend { id, channel, nth } in messages {
        if channel.is_some_and(|channel| !hers.iter().any(|row| row.id == channel)) {
            return Err(StoreError::Conflict);
        }
        let what = (Notice::Rehearsal, *nth);
        keys::put_notice(tx, account, *channel, what, *id, now.trusted, Lane::Letters, now).await?;
    }
    Ok(true)
}

pub(super) async fn sent(tx: &mut Tx, account: AccountId) -> Result<Option<RehearsalSent>> {
    let Some(expires) = newest(tx, account).await? else { return Ok(None) };
    let mut row = tx
        .need(
            "select count(*), count(case when state = 'accepted' then 1 end),
                 count(case when state in ('waiting', 'started') then 1 end)
             from messages where kind = 'notice-rehearsal' and account = $1 and expires = $2",
            values![account, expires],
        )
        .await?;
    let (of, accepted, waiting): (i64, i64, i64) = (row.next()?, row.next()?, row.next()?);
    Ok(Some(RehearsalSent { expires, of: of as u64, accepted: accepted as u64, waiting: waiting as u64 }))
}

pub(super) async fn stop(tx: &mut Tx, author: &Author) -> Result<u64> {
    let rows = tx
        .query(
            "update messages set state = 'dropped', rev = rev + 1
             where kind = 'notice-rehearsal' and account = $1 and state = 'waiting' returning id",
            values![author.account],
        )
        .await?;
    let stopped = rows.len() as u64;
    for mut row in rows {
        let id: MessageId = row.next()?;
        wakes::remove(tx, WakeOf::Message(id)).await?;
    }
    Ok(stopped)
}
