//! What left or would leave although nobody foresaw it, counted; what is parked, and what a host decided about it; and when somebody looked ahead last. What is many is not known here.

use super::map::{self, delivery_columns};
use super::tx::{Tx, values};
use super::{care, house, pair};
use crate::rows::in_a_week;
use crate::{Result, StoreError};
use unsaid_delivery::accept::Granted;
use unsaid_delivery::breaker::{Weighed, counted_since};
use unsaid_delivery::clock::{DAY, HOUR, Now, Observed};
use unsaid_delivery::forecast::{Forecast, Leap, SETTLED_DAYS, SHIFT_HOURS};
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::parking::ParkedBy;
use unsaid_delivery::state::{Delivery, State};

/// Microseconds in a second, as instants are stored.
const MICROS: i64 = 1_000_000;

/// It leaves now, and nobody foresaw it.
pub(super) async fn left(tx: &mut Tx, id: DeliveryId, now: Now) -> Result<()> {
    tx.exec("update deliveries set left_unforeseen = $1 where id = $2", values![now.observed, id])
        .await
        .map(drop)
}

/// Somebody looks ahead now. What a leap since the last look brought near is not foreseen any more. How many those are.
pub(super) async fn look(tx: &mut Tx, now: Now) -> Result<u64> {
    // Locks the clock, so that of two nodes one looks after the other.
    if house::house_mark(tx).await?.is_none() {
        return Ok(0);
    }
    let mut row = tx.need("select looked_trusted, looked_observed from clock where id = 1", &[]).await?;
    let (trusted, observed) = (row.next()?, row.next::<Option<Observed>>()?);
    let looked = Option::zip(trusted, observed).map(|(trusted, observed)| Now { trusted, observed });
    let mut undone = 0;
    if let Some(leap) = looked.and_then(|looked| Leap::since(looked, now)) {
        undone = tx
            .exec(
                "update deliveries set foreseen = null, foreseen_since = null, foreseen_by = null
                 where state in ('resting', 'waiting') and due <= $1 and foreseen > $2 and foreseen <= $1
                     and not (foreseen_by = 'act' and foreseen_since >= $3)",
                values![leap.until, leap.after, leap.asked],
            )
            .await?;
    }
    // Of two nodes the one that knows more of the time counts.
    let looked = looked.unwrap_or(now);
    tx.exec(
        "update clock set looked_trusted = $1, looked_observed = $2 where id = 1",
        values![looked.trusted.max(now.trusted), looked.observed.max(now.observed)],
    )
    .await?;
    Ok(undone)
}

pub(super) async fn weigh(tx: &mut Tx, now: Now) -> Result<Weighed> {
    let ahead: u64 = tx
        .need(
            "select count(*) from deliveries d left join lives l on l.account = d.account and d.gate = 'gone'
                 left join events e on e.letter = d.letter and d.gate = 'word'
             where d.state in ('resting', 'waiting') and d.due <= $1 and (d.gate <> 'gone' or l.released is not null)
                 and (d.gate <> 'word' or e.spoken_at is not null)
                 and (d.foreseen is null
                     or (d.foreseen - d.due > $2 and d.foreseen - d.rest_until > $2 and d.foreseen - $3 > $2)
                     or (d.foreseen_by = 'time' and d.foreseen - d.foreseen_since < $4)
                     or (d.gate = 'gone' and (l.confirmed is null or l.released - l.confirmed < $4)
                         and not (d.foreseen_by = 'act' and d.foreseen_since >= l.released))
                     or (d.gate = 'word' and e.grace = 0 and not (d.foreseen_by = 'act' and d.foreseen_since >= e.spoken_at)))",
            values![in_a_week(now), SHIFT_HOURS * HOUR * MICROS, now.trusted, SETTLED_DAYS * DAY * MICROS],
        )
        .await?
        .next()?;
    let parked: u64 = tx
        .need("select count(*) from deliveries where state = 'parked' and state_word = 'unforeseen'", &[])
        .await?
        .next()?;
    let left: u64 = tx
        .need(
            "select count(*) from deliveries where left_unforeseen > $1",
            values![counted_since(now.observed)],
        )
        .await?
        .next()?;
    let waiting: u64 = tx
        .need(
            "select (select count(*) from deliveries where state in ('resting', 'waiting'))
                 + (select count(*) from deliveries where state = 'parked' and state_number = 0)",
            &[],
        )
        .await?
        .next()?;
    Ok(Weighed { unforeseen: ahead + parked + left, waiting })
}

/// The longest parked first.
pub(super) async fn parked(tx: &mut Tx, limit: usize) -> Result<Vec<Delivery>> {
    let rows = tx
        .query(
            concat!(
                "select ",
                delivery_columns!(),
                " from deliveries d where d.state = 'parked' order by coalesce(d.parked_since, 0), d.id limit $1"
            ),
            values![i64::try_from(limit).unwrap_or(i64::MAX)],
        )
        .await?;
    Ok(care::readable(rows, "promise", map::delivery))
}

pub(super) async fn commit_parking(
    tx: &mut Tx,
    delivery: &Delivery,
    granted: &Granted,
    forecast: Option<Forecast>,
    now: Now,
) -> Result<()> {
    if pair::delivery(tx, delivery.id).await?.is_none() {
        return Err(StoreError::Missing);
    }
    pair::lock_delivery(tx, delivery).await?;
    tx.fact(delivery.id, delivery.rev + 1, granted.fact.clone());
    if matches!(granted.state, State::Parked { .. }) {
        return pair::park(tx, delivery.id, granted.state, ParkedBy::Host, now, granted.wake).await;
    }
    if forecast.is_some() {
        pair::foresee(tx, delivery.id, forecast).await?;
    }
    pair::move_to(tx, delivery.id, granted.state, granted.wake).await
}
