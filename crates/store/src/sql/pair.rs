//! The pair of an author and a person: addresses with what was refused there, the knocks of the present series, and the deliveries between
//! them. Whoever changes any of it locks the person first.

use super::map::{self, delivery_columns, message_columns};
use super::tx::{Tx, Value, not_before, values};
use super::{care, events, lives, notes, wakes};
use crate::notes::{About, Noted};
use crate::rows::{Lane, WakeOf};
use crate::{Result, StoreError};
use unsaid_delivery::clock::Now;
use unsaid_delivery::decide::{Address, Gone, Pair};
use unsaid_delivery::forecast::{By, Forecast};
use unsaid_delivery::id::{AccountId, AddressId, DeliveryId, PersonId};
use unsaid_delivery::parking::ParkedBy;
use unsaid_delivery::refusal::Refused;
use unsaid_delivery::rule::Moment;
use unsaid_delivery::state::{Delivery, State, Wake};

/// Locks the pair. Gives whose person it is, and the present series of knocks.
pub(super) async fn lock(tx: &mut Tx, person: PersonId) -> Result<(AccountId, i64)> {
    let mut row =
        tx.need("select account, series from persons where id = $1 /*lock*/", values![person]).await?;
    Ok((row.next()?, row.next()?))
}

/// What wakes or moves in a pair; read under its lock, or in one view.
pub(super) async fn read(tx: &mut Tx, person: PersonId) -> Result<Pair> {
    let addresses = addresses(tx, person).await?;
    let rows = tx
        .query(
            concat!(
                "select m.ended, ",
                message_columns!(),
                " from messages m join persons p on p.id = m.person
                 where m.person = $1 and m.kind = 'knock' and m.series = p.series
                 order by m.nr"
            ),
            values![person],
        )
        .await?;
    let (zone, gone) = (zone(tx, person).await?, gone(tx, person).await?);
    let mut pair = Pair { addresses, zone, gone, ..Pair::default() };
    for mut row in rows {
        let ended = row.next()?;
        let message = map::message(&mut row)?;
        // Only what was accepted has an end that is kept.
        pair.last_accepted = pair.last_accepted.max(ended);
        pair.knocks.push(message);
    }
    Ok(pair)
}

/// The same, for whoever decides about this delivery.
pub(super) async fn of(tx: &mut Tx, delivery: &Delivery) -> Result<Pair> {
    let mut pair = read(tx, delivery.person).await?;
    pair.word = events::opening(tx, delivery).await?;
    if matches!(delivery.rule.moment, Moment::EachBirthday { .. }) {
        let later = tx
            .one(
                "select occurrence from deliveries where letter = $1 and occurrence > $2 order by occurrence limit 1",
                values![delivery.letter, i64::from(delivery.occurrence)],
            )
            .await?;
        pair.later = later.map(|mut row| row.next()).transpose()?;
    }
    Ok(pair)
}

/// In which zone the days of a person fall: theirs, or their author's where theirs is not known.
pub(super) async fn zone(tx: &mut Tx, person: PersonId) -> Result<String> {
    tx.need(
        "select coalesce(p.zone, a.zone) from persons p join accounts a on a.id = p.account where p.id = $1",
        values![person],
    )
    .await?
    .next()
}

/// Whether the author of this person has gone, and her letters were let go.
pub(super) async fn gone(tx: &mut Tx, person: PersonId) -> Result<Option<Gone>> {
    let row = tx
        .one(
            "select l.account from persons p join lives l on l.account = p.account
             where p.id = $1 and l.released is not null",
            values![person],
        )
        .await?;
    let Some(mut row) = row else { return Ok(None) };
    Ok(lives::read(tx, row.next()?).await?.and_then(|life| life.gate()))
}

/// The knocks to a person begin a new series.
pub(super) async fn begin_anew(tx: &mut Tx, person: PersonId) -> Result<()> {
    tx.exec("update persons set series = series + 1 where id = $1", values![person]).await.map(drop)
}

/// The addresses of a person in the order in which they are tried, each with every no that concerns it.
pub(super) async fn addresses(tx: &mut Tx, person: PersonId) -> Result<Vec<Address>> {
    let rows = tx
        .query(
            "select a.id, a.good from addresses a where a.person = $1 and a.removed = 0 order by a.nr",
            values![person],
        )
        .await?;
    let mut addresses: Vec<Address> = Vec::with_capacity(rows.len());
    for mut row in rows {
        addresses.push(Address { id: row.next()?, good: row.next()?, refused: Vec::new() });
    }
    let rows = tx
        .query(
            "select distinct a.id, r.scope, r.letter
             from addresses a join persons p on p.id = a.person
                 join refusals r on r.address = a.key or r.person = p.id
             where a.person = $1 and a.removed = 0 and r.standing = 1
                 and (case r.scope
                     when 'house' then r.address = a.key
                     when 'not-me' then r.address = a.key and r.person = p.id
                     when 'quiet' then r.address = a.key and r.account = p.account
                     when 'letter' then r.person = p.id
                     else r.account = p.account and (r.person = p.id or r.address = a.key) end)
             order by a.id, r.scope, r.letter",
            values![person],
        )
        .await?;
    for mut row in rows {
        let id: AddressId = row.next()?;
        let scope = map::scope(&mut row)?;
        if let Some(address) = addresses.iter_mut().find(|a| a.id == id) {
            address.refused.push(Refused { scope });
        }
    }
    Ok(addresses)
}

/// Everything promised to a person, in the order of their names.
pub(super) async fn deliveries(tx: &mut Tx, person: PersonId) -> Result<Vec<Delivery>> {
    let rows = tx
        .query(
            concat!("select ", delivery_columns!(), " from deliveries d where d.person = $1"),
            values![person],
        )
        .await?;
    let mut deliveries: Vec<Delivery> = care::readable(rows, "promise", map::delivery);
    // Here and not in the question: databases sort text by rules of their own.
    deliveries.sort_by_key(|delivery| delivery.id);
    Ok(deliveries)
}

/// All occurrences of a letter, the earliest first.
pub(super) async fn of_letter(tx: &mut Tx, letter: unsaid_delivery::LetterId) -> Result<Vec<Delivery>> {
    let rows = tx
        .query(
            concat!(
                "select ",
                delivery_columns!(),
                " from deliveries d where d.letter = $1 order by d.occurrence"
            ),
            values![letter],
        )
        .await?;
    Ok(care::readable(rows, "promise", map::delivery))
}

/// One promise.
pub(super) async fn delivery(tx: &mut Tx, id: DeliveryId) -> Result<Option<Delivery>> {
    let row = tx
        .one(concat!("select ", delivery_columns!(), " from deliveries d where d.id = $1"), values![id])
        .await?;
    row.map(|mut row| map::delivery(&mut row)).transpose()
}

/// Locks the pair of a promise and then the promise. Conflict if it is no longer as it was read.
pub(super) async fn lock_delivery(tx: &mut Tx, as_read: &Delivery) -> Result<()> {
    lock(tx, as_read.person).await?;
    let mut row =
        tx.need("select rev, person from deliveries where id = $1 /*lock*/", values![as_read.id]).await?;
    let (rev, person): (i64, PersonId) = (row.next()?, row.next()?);
    if rev == as_read.rev && person == as_read.person { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Moves a promise: its state, its rev, and its wake (none: it has none any more).
pub(super) async fn move_to(tx: &mut Tx, id: DeliveryId, state: State, wake: Option<Wake>) -> Result<()> {
    let [name, number, word] = map::state_values(state);
    let question = if matches!(state, State::Parked { .. }) {
        "update deliveries set state = $1, state_number = $2, state_word = $3, rev = rev + 1 where id = $4"
    } else {
        "update deliveries set state = $1, state_number = $2, state_word = $3, rev = rev + 1,
             parked_state = null, parked_number = null, parked_word = null, parked_by = null, parked_since = null, parked_observed = null
         where id = $4"
    };
    tx.exec(question, &[name, number, word, id.into()]).await?;
    set_wake(tx, id, wake).await
}

async fn set_wake(tx: &mut Tx, id: DeliveryId, wake: Option<Wake>) -> Result<()> {
    match wake {
        Some(wake) => wakes::set(tx, WakeOf::Delivery(id), Lane::Letters, wake).await,
        None => wakes::remove(tx, WakeOf::Delivery(id)).await,
    }
}

/// Parks a promise: its state is `state`, which is parked, and where it was is kept beside it. One that is parked already keeps where it was, and since when.
pub(super) async fn park(
    tx: &mut Tx,
    id: DeliveryId,
    state: State,
    by: ParkedBy,
    now: Now,
    wake: Option<Wake>,
) -> Result<()> {
    if let (ParkedBy::Engine, State::Parked { why, .. }) = (by, state) {
        let free =
            tx.one("select 1 from deliveries where id = $1 and state <> 'parked'", values![id]).await?;
        if free.is_some() {
            notes::of(tx, About::Delivery(id), Noted::held(why)).await?;
        }
    }
    let [name, number, word] = map::state_values(state);
    tx.exec(
        "update deliveries set
             parked_state = case when state = 'parked' then parked_state else state end,
             parked_number = case when state = 'parked' then parked_number else state_number end,
             parked_word = case when state = 'parked' then parked_word else state_word end,
             parked_since = case when state = 'parked' then parked_since else $1 end,
             parked_observed = case when state = 'parked' then parked_observed else $2 end,
             parked_by = case when state = 'parked' and parked_state is null then null else $3 end,
             state = $4, state_number = $5, state_word = $6, rev = rev + 1
         where id = $7",
        &[now.trusted.into(), now.observed.into(), by.into(), name, number, word, id.into()],
    )
    .await?;
    set_wake(tx, id, wake).await
}

/// A promise was made now: so it is counted among what came since the night before.
pub(super) async fn made(tx: &mut Tx, id: DeliveryId, now: Now) -> Result<()> {
    tx.exec("update deliveries set made = $1 where id = $2", values![now.trusted, id]).await.map(drop)
}

/// The instant of a promise's moment, and the zone data it was derived with.
pub(super) async fn set_due(
    tx: &mut Tx,
    id: DeliveryId,
    due: Option<jiff::Timestamp>,
    tzdb: &str,
) -> Result<()> {
    tx.exec(
        "update deliveries set due = $1, tzdb = $2 where id = $3",
        &[due.map_or(Value::Null, not_before), tzdb.into(), id.into()],
    )
    .await
    .map(drop)
}

/// When a promise is foreseen to leave; none while that is too far away. What is merely foreseen is no change that anybody could have read, so the rev stays.
pub(super) async fn foresee(tx: &mut Tx, id: DeliveryId, forecast: Option<Forecast>) -> Result<()> {
    let [leaves, since, by] = match forecast {
        None => [Value::Null, Value::Null, Value::Null],
        Some(Forecast { leaves, since, by: By::Act }) => [not_before(leaves), since.into(), "act".into()],
        Some(Forecast { leaves, since, by: By::Time }) => [not_before(leaves), since.into(), "time".into()],
    };
    tx.exec(
        "update deliveries set foreseen = $1, foreseen_since = $2, foreseen_by = $3 where id = $4",
        &[leaves, since, by, id.into()],
    )
    .await
    .map(drop)
}

/// Everything that still knocks is looked at now. Whoever has one of them in hand has read what is no longer so: its rev moves, and they
/// read again.
pub(super) async fn wake_knocking(tx: &mut Tx, person: PersonId, now: Now) -> Result<()> {
    for id in knocking(tx, person).await? {
        if wakes::is_held(tx, WakeOf::Delivery(id)).await? {
            tx.exec("update deliveries set rev = rev + 1 where id = $1", values![id]).await?;
        }
        wakes::at_once(tx, WakeOf::Delivery(id), Lane::Letters, now).await?;
    }
    Ok(())
}

/// Everything about which a knock may be written.
pub(super) async fn knocking(tx: &mut Tx, person: PersonId) -> Result<Vec<DeliveryId>> {
    let rows = tx
        .query(
            "select id from deliveries where person = $1 and state in ('sending', 'knocked') order by id",
            values![person],
        )
        .await?;
    rows.into_iter().map(|mut row| row.next()).collect()
}

/// Knocks that wait and that nobody has in hand are looked at now, so that what may no longer leave ends. One whose answer could not be
/// read keeps its pause.
pub(super) async fn wake_messages(tx: &mut Tx, person: PersonId, now: Now) -> Result<()> {
    let rows = tx
        .query(
            "select id from messages where person = $1 and kind = 'knock' and state = 'waiting' order by id",
            values![person],
        )
        .await?;
    for mut row in rows {
        wakes::at_once_if_free(tx, WakeOf::Message(row.next()?), now).await?;
    }
    Ok(())
}

/// Removes everything that opens a letter but its author's own wraps, from the rows and from the manifests of recovery. A version that somebody has opened
/// stays theirs.
pub(super) async fn remove_wraps(tx: &mut Tx, letter: unsaid_delivery::LetterId) -> Result<()> {
    let removed = tx
        .exec(
            "delete from wraps where subject = $1 and kind <> 'author' and not exists
                 (select 1 from deliveries d where d.letter = wraps.subject and d.version = wraps.version and d.pinned = 1)",
            values![letter],
        )
        .await?;
    if removed > 0 {
        let sealed = tx
            .query(
                "select number from versions where letter = $1 and sealed is not null order by number",
                values![letter],
            )
            .await?;
        for mut row in sealed {
            let manifest = super::seal::recovery(tx, letter, row.next()?).await?;
            tx.thinned.push(manifest);
        }
    }
    Ok(())
}
