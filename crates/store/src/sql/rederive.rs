//! What was derived with other zone data than this program's, a batch at a time. What it is derived to be is `unsaid_delivery::anew`'s; here are only rows.

use super::map::{self, delivery_columns};
use super::tx::{Tx, values};
use super::{care, notes, pair, wakes};
use crate::Result;
use crate::notes::{About, Noted};
use crate::rows::{Lane, Rederived, WakeOf};
use unsaid_delivery::state::Wake;
use unsaid_delivery::{anew, calendar};

pub(super) async fn rederive(tx: &mut Tx, limit: usize) -> Result<Rederived> {
    let present = calendar::tzdb_version();
    let mut done = Rederived::default();
    // Two questions, so that each goes along the index: what was derived with another version is little or nothing among millions.
    for sql in [
        concat!(
            "select ",
            delivery_columns!(),
            ", (select coalesce(p.zone, a.zone) from persons p join accounts a on a.id = p.account where p.id = d.person)
              from deliveries d where d.state in ('resting', 'waiting', 'later') and d.tzdb < $1
              order by d.tzdb, d.due limit $2 /*skip*/"
        ),
        concat!(
            "select ",
            delivery_columns!(),
            ", (select coalesce(p.zone, a.zone) from persons p join accounts a on a.id = p.account where p.id = d.person)
              from deliveries d where d.state in ('resting', 'waiting', 'later') and d.tzdb > $1
              order by d.tzdb, d.due limit $2 /*skip*/"
        ),
    ] {
        let room = i64::try_from(limit).unwrap_or(i64::MAX) - i64::try_from(done.looked).unwrap_or(i64::MAX);
        let rows = tx.query(sql, values![present, room.max(0)]).await?;
        for (delivery, zone) in care::readable(rows, "promise", |row| Ok((map::delivery(row)?, row.next::<String>()?))) {
            let Some(anew) = anew::derived(&delivery, &zone) else { continue };
            pair::set_due(tx, delivery.id, anew.due, present).await?;
            if let Some(at) = anew.wake {
                wakes::set(tx, WakeOf::Delivery(delivery.id), Lane::Letters, Wake::Trusted(at)).await?;
            }
            if anew.shifted {
                notes::of(tx, About::Delivery(delivery.id), Noted::DayMoved).await?;
            }
            done.looked += 1;
            done.shifted += u64::from(anew.shifted);
        }
    }
    Ok(done)
}
