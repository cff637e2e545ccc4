//! Calling the hosts: once a day at most for each reason, by a notice to every host's address. And what left lately, for the hourly ceiling. For what they are called is not known here.

use super::keys::notice_to_leave;
use super::tx::{Tx, values};
use crate::Result;
use crate::rows::Lane;
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::{AccountId, MessageId};
use unsaid_delivery::message::{Call, Notice};

pub(super) async fn call(tx: &mut Tx, call: Call, notices: &[MessageId], now: Now) -> Result<u64> {
    let day_before = now.trusted.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
    // Whoever changes the row calls: of two nodes it is one.
    let calls = tx
        .exec(
            "insert into calls (what, at) values ($1, $2)
             on conflict (what) do update set at = excluded.at where calls.at <= $3",
            values![call.key(), now.trusted, day_before],
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
