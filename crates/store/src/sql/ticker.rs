//! Who credits the time of service: one row. Its fence goes up each time that it changes hands, and it is taken over only from a holder whose beat stands still. How long a beat
//! has to stand still is not known here.

use super::tx::{Tx, values};
use crate::Result;
use crate::rows::Ticker;
use unsaid_delivery::id::BootId;

/// Whether this boot holds the ticker, which it takes where nobody does; locked until the end of the transaction.
pub(super) async fn claim(tx: &mut Tx, boot: BootId) -> Result<bool> {
    let taken = tx
        .exec(
            "insert into ticker (id, holder, fence) values (1, $1, 1)
             on conflict (id) do update set holder = excluded.holder, fence = ticker.fence + 1 where ticker.holder is null",
            values![boot],
        )
        .await?;
    if taken == 1 {
        return Ok(true);
    }
    Ok(tx.one("select 1 from ticker where id = 1 and holder = $1 /*lock*/", values![boot]).await?.is_some())
}

pub(super) async fn held(tx: &mut Tx) -> Result<Option<Ticker>> {
    let row = tx
        .one(
            "select t.holder, t.fence, coalesce(n.beat, 0) from ticker t left join nodes n on n.boot = t.holder
             where t.id = 1 and t.holder is not null",
            &[],
        )
        .await?;
    row.map(|mut row| Ok(Ticker { holder: row.next()?, fence: row.next()?, beat: row.next()? })).transpose()
}

pub(super) async fn take(tx: &mut Tx, boot: BootId, seen: Ticker) -> Result<bool> {
    let taken = tx
        .exec(
            "update ticker set holder = $1, fence = fence + 1
             where id = 1 and holder = $2 and fence = $3
                 and coalesce((select n.beat from nodes n where n.boot = ticker.holder), 0) = $4",
            values![boot, seen.holder, seen.fence, seen.beat],
        )
        .await?;
    Ok(taken == 1)
}

pub(super) async fn leave(tx: &mut Tx, boot: BootId) -> Result<()> {
    tx.exec("update ticker set holder = null where id = 1 and holder = $1", values![boot]).await.map(drop)
}
