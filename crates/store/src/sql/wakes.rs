//! The narrow table of what wakes: who may work on what, and when. A row is free (no holder) or taken; its fence goes up by one each time
//! it is taken, so that whoever lost it can be told from whoever has it.

use super::care;
use super::tx::{Tx, Value, not_before, values};
use crate::rows::{Held, Lane, NextWakes, Taken, WakeOf};
use crate::{Result, StoreError};
use jiff::Timestamp;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::{AccountId, BootId, DeliveryId, LetterId, MessageId};
use unsaid_delivery::state::Wake;

impl From<Lane> for Value {
    fn from(lane: Lane) -> Self {
        Self::Int(match lane {
            Lane::Codes => 0,
            Lane::Letters => 1,
        })
    }
}

/// The key of a wake: the columns what and id.
pub(super) fn key(of: WakeOf) -> [Value; 2] {
    match of {
        WakeOf::Delivery(id) => ["d".into(), id.0.to_vec().into()],
        WakeOf::Message(id) => ["m".into(), id.0.to_vec().into()],
        WakeOf::Letter(id) => ["l".into(), id.0.to_vec().into()],
        WakeOf::Life(id) => ["a".into(), id.0.to_vec().into()],
    }
}

fn of(row: &mut super::tx::Row) -> Result<WakeOf> {
    let (what, id): (String, Vec<u8>) = (row.next()?, row.next()?);
    named(&what, id)
}

/// What these columns name.
pub(super) fn named(what: &str, id: Vec<u8>) -> Result<WakeOf> {
    let id: [u8; 16] = id.try_into().map_err(|_| StoreError::Damaged)?;
    match what {
        "d" => Ok(WakeOf::Delivery(DeliveryId(id))),
        "m" => Ok(WakeOf::Message(MessageId(id))),
        "l" => Ok(WakeOf::Letter(LetterId(id))),
        "a" => Ok(WakeOf::Life(AccountId(id))),
        _ => Err(StoreError::Damaged),
    }
}

/// Whether somebody has it in hand.
pub(super) async fn is_held(tx: &mut Tx, of: WakeOf) -> Result<bool> {
    let [what, id] = key(of);
    let row =
        tx.one("select 1 from wakes where what = $1 and id = $2 and holder is not null", &[what, id]).await?;
    Ok(row.is_some())
}

/// Makes a wake or moves it. Whoever has it in hand keeps it: they meet the new rev of what they hold, read it again and decide again.
pub(super) async fn set(tx: &mut Tx, of: WakeOf, lane: Lane, wake: Wake) -> Result<()> {
    let (clock, at) = columns(wake);
    put(tx, of, lane, clock, at).await
}

/// Wakes it now. As [`set`], but on this side of the microsecond.
pub(super) async fn at_once(tx: &mut Tx, of: WakeOf, lane: Lane, now: Now) -> Result<()> {
    put(tx, of, lane, "t", now.trusted.into()).await
}

fn columns(wake: Wake) -> (&'static str, Value) {
    match wake {
        Wake::Trusted(at) => ("t", not_before(at)),
        Wake::Observed(at) => ("o", at.into()),
    }
}

async fn put(tx: &mut Tx, of: WakeOf, lane: Lane, clock: &str, at: Value) -> Result<()> {
    let [what, id] = key(of);
    tx.exec(
        "insert into wakes (what, id, lane, clock, at, holder, fence) values ($1, $2, $3, $4, $5, null, 0)
         on conflict (what, id) do update set clock = excluded.clock, at = excluded.at",
        &[what, id, lane.into(), clock.into(), at],
    )
    .await
    .map(drop)
}

/// Its holder is done with it: it is given back with its next time, or removed.
pub(super) async fn settle(tx: &mut Tx, of: WakeOf, wake: Option<Wake>) -> Result<()> {
    let Some(wake) = wake else { return remove(tx, of).await };
    let ([what, id], (clock, at)) = (key(of), columns(wake));
    tx.exec(
        "update wakes set clock = $1, at = $2, holder = null where what = $3 and id = $4",
        &[clock.into(), at, what, id],
    )
    .await
    .map(drop)
}

/// Wakes it now if nobody has it in hand: a message that is being sent stays with its sender.
pub(super) async fn at_once_if_free(tx: &mut Tx, of: WakeOf, now: Now) -> Result<()> {
    let [what, id] = key(of);
    tx.exec(
        "update wakes set clock = 't', at = $1 where what = $2 and id = $3 and holder is null",
        &[now.trusted.into(), what, id],
    )
    .await
    .map(drop)
}

/// Nothing wakes it any more.
pub(super) async fn remove(tx: &mut Tx, of: WakeOf) -> Result<()> {
    tx.exec("delete from wakes where what = $1 and id = $2", &key(of)).await.map(drop)
}

/// Whether it is still ours; locked until the end of the transaction.
pub(super) async fn is_ours(tx: &mut Tx, taken: &Taken) -> Result<bool> {
    let [what, id] = key(taken.of);
    let row = tx
        .one(
            "select 1 from wakes where what = $1 and id = $2 and holder = $3 and fence = $4 /*lock*/",
            &[what, id, taken.boot.into(), taken.fence.into()],
        )
        .await?;
    Ok(row.is_some())
}

/// As [`is_ours`], for those who only look.
pub(super) async fn looks_ours(tx: &mut Tx, taken: &Taken) -> Result<bool> {
    let [what, id] = key(taken.of);
    let row = tx
        .one(
            "select 1 from wakes where what = $1 and id = $2 and holder = $3 and fence = $4",
            &[what, id, taken.boot.into(), taken.fence.into()],
        )
        .await?;
    Ok(row.is_some())
}

/// By trusted time first, then by observed time, the earliest first. `messages`: those alone.
pub(super) async fn take(
    tx: &mut Tx,
    boot: BootId,
    lane: Lane,
    messages: bool,
    now: Now,
    limit: usize,
) -> Result<Vec<Taken>> {
    let mut taken = Vec::new();
    for (clock, upto) in [("t", Value::from(now.trusted)), ("o", Value::from(now.observed))] {
        let room = i64::try_from(limit - taken.len()).unwrap_or(i64::MAX);
        if room == 0 {
            break;
        }
        let question = if messages {
            "update wakes set holder = $1, fence = fence + 1
             where (what, id) in (
                 select what, id from wakes
                 where lane = $2 and clock = $3 and holder is null and at <= $4 and what = 'm'
                 order by at, what, id limit $5 /*skip*/)
             returning at, what, id, fence"
        } else {
            "update wakes set holder = $1, fence = fence + 1
             where (what, id) in (
                 select what, id from wakes
                 where lane = $2 and clock = $3 and holder is null and at <= $4
                 order by at, what, id limit $5 /*skip*/)
             returning at, what, id, fence"
        };
        let rows = tx.query(question, &[boot.into(), lane.into(), clock.into(), upto, room.into()]).await?;
        // One that does not read is ours from now on, and stands in nobody's way.
        let mut come: Vec<(i64, Taken)> = care::readable(rows, "wake", |row| {
            Ok((row.next()?, Taken { of: of(row)?, fence: row.next()?, boot }))
        });
        // What a change gives back has no order.
        come.sort_by_key(|(at, one)| (*at, one.of));
        taken.extend(come.into_iter().map(|(_, one)| one));
    }
    Ok(taken)
}

pub(super) async fn held(tx: &mut Tx, boot: BootId, lane: Lane, now: Now, limit: usize) -> Result<Vec<Held>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx
        .query(
            "select w.what, w.id, w.holder, w.fence, coalesce(n.beat, 0)
             from wakes w left join nodes n on n.boot = w.holder
             where w.lane = $1 and w.holder is not null and w.holder <> $2
                 and ((w.clock = 't' and w.at <= $3) or (w.clock = 'o' and w.at <= $4))
             order by w.clock desc, w.at, w.what, w.id limit $5",
            &[lane.into(), boot.into(), now.trusted.into(), now.observed.into(), limit.into()],
        )
        .await?;
    Ok(care::readable(rows, "wake", |row| {
        Ok(Held { of: of(row)?, holder: row.next()?, fence: row.next()?, beat: row.next()? })
    }))
}

pub(super) async fn take_over(tx: &mut Tx, boot: BootId, held: &Held) -> Result<Option<Taken>> {
    let [what, id] = key(held.of);
    let row = tx
        .one(
            "update wakes set holder = $1, fence = fence + 1
             where what = $2 and id = $3 and holder = $4 and fence = $5
                 and coalesce((select n.beat from nodes n where n.boot = wakes.holder), 0) = $6
             returning fence",
            &[boot.into(), what, id, held.holder.into(), held.fence.into(), held.beat.into()],
        )
        .await?;
    row.map(|mut row| Ok(Taken { of: held.of, fence: row.next()?, boot })).transpose()
}

pub(super) async fn give_back(tx: &mut Tx, taken: &Taken) -> Result<()> {
    let [what, id] = key(taken.of);
    tx.exec(
        "update wakes set holder = null where what = $1 and id = $2 and holder = $3 and fence = $4",
        &[what, id, taken.boot.into(), taken.fence.into()],
    )
    .await
    .map(drop)
}

pub(super) async fn next(tx: &mut Tx, lane: Lane) -> Result<NextWakes> {
    let trusted: Option<i64> = tx
        .need("select min(at) from wakes where lane = $1 and clock = 't' and holder is null", values![lane])
        .await?
        .next()?;
    // An instant that is none of the calendar's has long come, or never will.
    let never = |at: i64| if at < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let trusted = trusted.map(|at| Timestamp::from_microsecond(at).unwrap_or_else(|_| never(at)));
    let observed: Option<Observed> = tx
        .need("select min(at) from wakes where lane = $1 and clock = 'o' and holder is null", values![lane])
        .await?
        .next()?;
    Ok(NextWakes { trusted, observed })
}
