//! Who asks at the door whether something waits for an address of theirs. Asking is the same work for every address; what comes of it goes to the address alone, and is written by the worker.

use super::tx::{Tx, values};
use super::{messages, pair, sessions, wakes};
use crate::Result;
use crate::limits::DAY;
use crate::rows::{Keyed, Lane, WakeOf};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AddressId, MessageId, PersonId};
use unsaid_delivery::message::Notice;
use unsaid_delivery::permit::leads_somewhere;

/// So often a day somebody may ask for one address: a stranger who does it makes three mails.
const ASKED_A_DAY: i64 = 3;

pub(super) async fn ask(tx: &mut Tx, address: Keyed, now: Now) -> Result<()> {
    let since = sessions::ago(now, DAY);
    tx.exec("delete from asked_at_door where at <= $1 and answered = 1", values![since]).await?;
    let asked: i64 = tx
        .need("select count(*) from asked_at_door where address = $1 and at > $2", values![address, since])
        .await?
        .next()?;
    if asked < ASKED_A_DAY {
        tx.exec(
            "insert into asked_at_door (address, at, answered) values ($1, $2, 0)",
            values![address, now.trusted],
        )
        .await?;
    }
    Ok(())
}

pub(super) async fn waiting(tx: &mut Tx, limit: usize) -> Result<Vec<Keyed>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx
        .query(
            "select distinct address from asked_at_door where answered = 0 order by address limit $1",
            values![limit],
        )
        .await?;
    rows.into_iter().map(|mut row| row.next()).collect()
}

pub(super) async fn answer(
    tx: &mut Tx,
    address: Keyed,
    notices: &[(MessageId, Keyed)],
    now: Now,
) -> Result<u64> {
    let looked = tx
        .exec("update asked_at_door set answered = 1 where address = $1 and answered = 0", values![address])
        .await?;
    if looked == 0 {
        return Ok(0);
    }
    let rows = tx
        .query(
            "select a.id, a.person from addresses a where a.key = $1 and a.removed = 0 order by a.id",
            values![address],
        )
        .await?;
    let mut written = 0;
    let mut notices = notices.iter();
    for mut row in rows {
        let (id, person): (AddressId, PersonId) = (row.next()?, row.next()?);
        pair::lock(tx, person).await?;
        let addresses = pair::addresses(tx, person).await?;
        let Some(found) = addresses.iter().find(|a| a.id == id) else { continue };
        let deliveries: Vec<_> =
            pair::deliveries(tx, person).await?.into_iter().map(|d| (d.id, d.letter, d.state)).collect();
        if !leads_somewhere(found, &deliveries) {
            continue;
        }
        let Some((message, link)) = notices.next() else { break };
        let what = (*message, Notice::AtTheDoor);
        messages::put_notice_to(tx, what, (person, id), Some(messages::notice_ends(now)), now).await?;
        tx.exec("insert into links (hash, message) values ($1, $2)", values![*link, *message]).await?;
        wakes::at_once(tx, WakeOf::Message(*message), Lane::Letters, now).await?;
        written += 1;
    }
    Ok(written)
}
