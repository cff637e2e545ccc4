//! Calling the hosts: once a day (or a week) at most for each reason, by a notice to every host's address. And what left lately, for the hourly ceiling. For what they are called is not known here.

use super::keys::notice_to_leave;
use super::tx::{Tx, values};
use crate::care::Health;
use crate::rows::Lane;
use crate::{Result, StoreError};
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::{AccountId, MessageId};
use unsaid_delivery::message::{Call, Notice};

pub(super) async fn call(tx: &mut Tx, call: Call, notices: &[MessageId], now: Now) -> Result<u64> {
    let pause = SignedDuration::from_hours(call.pause_hours());
    let before = now.trusted.checked_sub(pause).unwrap_or(Timestamp::MIN);
    // Whoever changes the row calls: of two nodes it is one.
    let calls = tx
        .exec(
            "insert into calls (what, at) values ($1, $2)
             on conflict (what) do update set at = excluded.at where calls.at <= $3",
            values![call.key(), now.trusted, before],
        )
        .await?;
    if calls == 0 {
        return Ok(0);
    }
    let rows = tx.query("select id from accounts where role = 'host' order by made, id", &[]).await?;
    let mut called = 0;
    for (mut row, notice) in rows.into_iter().zip(notices) {
        let account: AccountId = row.next()?;
        let what = Notice::HostCalled(call);
        notice_to_leave(tx, account, what, *notice, now.trusted, Lane::Codes, now).await?;
        called += 1;
    }
    Ok(called)
}

pub(super) async fn called(tx: &mut Tx, call: Call) -> Result<Option<Timestamp>> {
    let row = tx.one("select at from calls where what = $1", values![call.key()]).await?;
    row.map(|mut row| row.next()).transpose()
}

/// How the house does: what waits for the relay, what it took last, and when the rows and the backups were looked after.
pub(super) async fn health(tx: &mut Tx) -> Result<Health> {
    let mut row = tx
        .need(
            "select (select count(*) from messages where state = 'waiting' and kind <> 'code' and way is null),
                 (select min(since) from messages where state = 'waiting' and kind <> 'code' and way is null),
                 (select min(since) from messages where way = 'hook' and state = 'waiting' and kind <> 'code' and tries > 0),
                 (select max(ended) from messages where ended is not null and state = 'accepted'),
                 (select max(day) from balances), (select backed_up from house where id = 1)",
            &[],
        )
        .await?;
    let (waiting, waits_since, hook_waits_since) = (row.next()?, row.next()?, row.next()?);
    let accepted = row.next()?;
    let balanced: Option<String> = row.next()?;
    let balanced = balanced.map(|day| day.parse().map_err(|_| StoreError::Damaged)).transpose()?;
    Ok(Health { balanced, backed_up: row.next()?, waiting, waits_since, hook_waits_since, accepted })
}

/// The newest first.
pub(super) async fn knocks_left(tx: &mut Tx, since: Observed, limit: usize) -> Result<Vec<Observed>> {
    let rows = tx
        .query(
            "select ended from messages where kind = 'knock' and ended is not null and ended > $1 order by ended desc limit $2",
            values![since, i64::try_from(limit).unwrap_or(i64::MAX)],
        )
        .await?;
    rows.into_iter().map(|mut row| row.next()).collect()
}
