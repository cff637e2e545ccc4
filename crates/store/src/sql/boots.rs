//! Starts of a node, and what they died over. A start that did not say that it closed has died; if it had said what it was working on, that is perhaps why.

use super::care::hold;
use super::tx::{Row, Tx, Value, values};
use super::wakes;
use crate::Result;
use crate::care::{DEATHS, LOOP_SECONDS, Wrong};
use crate::rows::WakeOf;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::BootId;

/// A start begins.
pub(super) async fn begun(tx: &mut Tx, node: &str, boot: BootId, now: Now) -> Result<u32> {
    let rows = tx
        .query(
            "select boot, began, closed, working_what, working_id from nodes
             where node = $1 and boot <> $2 and began is not null order by nr desc",
            values![node, boot],
        )
        .await?;
    let (mut crashes, mut in_a_row) = (0, true);
    for mut row in rows {
        let (earlier, began, closed): (String, Observed, bool) = (row.next()?, row.next()?, row.next()?);
        in_a_row &= !closed && began.0 >= now.observed.0 - LOOP_SECONDS;
        crashes += u32::from(in_a_row);
        if let Some(of) = of(&mut row) {
            died_over(tx, of, now).await?;
            tx.exec(
                "update nodes set working_what = null, working_id = null where boot = $1",
                values![earlier.as_str()],
            )
            .await?;
        }
    }
    tx.exec(
        "insert into nodes (boot, beat, seen, node, nr, began, closed)
         values ($1, 0, $2, $3, (select coalesce(max(n.nr), 0) + 1 from nodes n), $4, 0)
         on conflict (boot) do update set node = excluded.node, nr = excluded.nr, began = excluded.began, closed = 0",
        values![boot, now.trusted, node, now.observed],
    )
    .await?;
    Ok(crashes)
}

fn of(row: &mut Row) -> Option<WakeOf> {
    let (what, id): (Option<String>, Option<Vec<u8>>) = (row.next().ok()?, row.next().ok()?);
    wakes::named(&what?, id?).ok()
}

async fn died_over(tx: &mut Tx, of: WakeOf, now: Now) -> Result<()> {
    tx.exec(
        "insert into deaths (what, id, many) values ($1, $2, 1) on conflict (what, id) do update set many = deaths.many + 1",
        &wakes::key(of),
    )
    .await?;
    let many: i64 =
        tx.need("select many from deaths where what = $1 and id = $2", &wakes::key(of)).await?.next()?;
    if many >= DEATHS {
        tracing::error!(
            ?of,
            many,
            "the program died over this again and again; it is held, and everything else goes on. Report it"
        );
        hold(tx, of, Wrong::Fault, now).await?;
        forget(tx, of).await?;
    }
    Ok(())
}

async fn forget(tx: &mut Tx, of: WakeOf) -> Result<()> {
    tx.exec("delete from deaths where what = $1 and id = $2", &wakes::key(of)).await.map(drop)
}

/// What this start works on.
pub(super) async fn working_on(tx: &mut Tx, boot: BootId, of: Option<WakeOf>) -> Result<()> {
    let (what, id) = match of {
        Some(of) => {
            let [what, id] = wakes::key(of);
            (what, id)
        }
        None => {
            let row =
                tx.one("select working_what, working_id from nodes where boot = $1", values![boot]).await?;
            if let Some(done) = row.and_then(|mut row| self::of(&mut row)) {
                forget(tx, done).await?;
            }
            (Value::Null, Value::Null)
        }
    };
    tx.exec("update nodes set working_what = $1, working_id = $2 where boot = $3", &[what, id, boot.into()])
        .await
        .map(drop)
}

/// A start closes by itself.
pub(super) async fn closed(tx: &mut Tx, boot: BootId) -> Result<()> {
    tx.exec(
        "update nodes set closed = 1, working_what = null, working_id = null where boot = $1",
        values![boot],
    )
    .await
    .map(drop)
}
