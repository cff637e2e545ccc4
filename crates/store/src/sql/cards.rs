//! Cards with words: which claim belongs to which person, and what it opens. The words themselves are never here, only HMAC of a token made from them.

use super::tx::{Tx, values};
use super::{limits, map::openable_states, pair, seal};
use crate::rows::{Author, Early, Keyed, NewWordsWrap, Reader};
use crate::{Result, StoreError};
use unsaid_delivery::Fact;
use unsaid_delivery::id::{DeliveryId, LetterId, PersonId};
use unsaid_delivery::state::{Delivery, State};

/// The person's present card.
async fn present(tx: &mut Tx, person: PersonId) -> Result<Option<Keyed>> {
    let row = tx.one("select claim from cards where person = $1 and present = 1", values![person]).await?;
    row.map(|mut row| row.next()).transpose()
}

pub(super) async fn has(tx: &mut Tx, person: PersonId) -> Result<bool> {
    Ok(present(tx, person).await?.is_some())
}

pub(super) async fn put(tx: &mut Tx, person: PersonId, claim: Keyed) -> Result<()> {
    match present(tx, person).await? {
        Some(there) if there == claim => Ok(()),
        Some(_) => Err(StoreError::Conflict),
        None => add(tx, person, claim).await,
    }
}

async fn add(tx: &mut Tx, person: PersonId, claim: Keyed) -> Result<()> {
    limits::card(tx, person).await?;
    tx.exec("insert into cards (claim, person, present) values ($1, $2, 1)", values![claim, person]).await?;
    let nr: i64 = tx.need("select count(*) from cards where person = $1", values![person]).await?.next()?;
    tx.fact(format!("{person} card"), nr, Fact::CardReplaced { person, claim: claim.0 });
    Ok(())
}

pub(super) async fn replace(
    tx: &mut Tx,
    author: &Author,
    person: PersonId,
    claim: Keyed,
    wraps: &[NewWordsWrap],
) -> Result<()> {
    // What counts, and what will when its rest is over; whether it was opened has no part in what she has to bring.
    let rows = tx
        .query(
            "select l.id, v.number from letters l join versions v on v.letter = l.id
             where l.account = $1 and l.withdrew = 0 and v.sealed is not null and v.kept = 'words'
                 and (v.amends = 'resting' or v.number = (
                     select max(o.number) from versions o
                     where o.letter = l.id and o.sealed is not null and coalesce(o.amends, 'counts') = 'counts'))
                 and exists (select 1 from deliveries d
                     where d.letter = l.id and d.person = $2
                         and not (d.state = 'withdrawn' and coalesce(d.state_number, 0) = 1))
             order by l.id, v.number",
            values![author.account, person],
        )
        .await?;
    for mut row in rows {
        let (letter, version): (LetterId, u32) = (row.next()?, row.next()?);
        let new = wraps.iter().find(|w| w.letter == letter && w.version == version);
        let new = new.ok_or(StoreError::Conflict)?;
        if !all_opened(tx, letter, version).await? {
            tx.exec(
                "update wraps set bytes = $1, host_generation = $2 where subject = $3 and version = $4 and kind = 'words'",
                values![new.bytes.clone(), new.generation, letter, version],
            )
            .await?;
        }
        // Of what was opened too, unchanged: writing takes time, and time would tell.
        let manifest = seal::recovery(tx, letter, version).await?;
        tx.manifests.push(manifest);
    }
    // What she has begun to seal with the old words would open to nobody.
    tx.exec(
        "delete from wraps where kind = 'words' and exists (
             select 1 from letters l join versions v on v.letter = l.id
             where l.account = $1 and l.id = wraps.subject and v.number = wraps.version and v.sealed is null)",
        values![author.account],
    )
    .await?;
    tx.exec("update cards set present = 0 where person = $1", values![person]).await?;
    add(tx, person, claim).await
}

/// Whether this version was opened and nothing that waits is to open with it: of several birthdays one may be read, and the next still to come.
async fn all_opened(tx: &mut Tx, letter: LetterId, version: u32) -> Result<bool> {
    let row = tx
        .one(
            "select 1 from deliveries d where d.letter = $1 and d.version = $2 and d.pinned = 1 and not exists
                 (select 1 from deliveries o where o.letter = $1 and o.version = $2 and o.pinned = 0)",
            values![letter, version],
        )
        .await?;
    Ok(row.is_some())
}

/// Whose card this is, and whether it is the present one.
async fn of(tx: &mut Tx, claim: Keyed) -> Result<Option<(PersonId, bool)>> {
    let row = tx.one("select person, present from cards where claim = $1", values![claim]).await?;
    row.map(|mut row| Ok((row.next()?, row.next()?))).transpose()
}

/// Whether a card leads to this delivery of its person: the present one to all, an older one to what was opened with words.
pub(super) async fn leads_to(tx: &mut Tx, older_card: bool, d: &Delivery) -> Result<bool> {
    if !older_card || !d.pinned {
        return Ok(!older_card);
    }
    let row = tx
        .one(
            "select 1 from versions where letter = $1 and number = $2 and kept = 'words'",
            values![d.letter, d.version],
        )
        .await?;
    Ok(row.is_some())
}

/// The person for whom these words open something now. One question, whatever there is: words that nobody has, and words whose letter's time has not come, are the
/// same work.
pub(super) async fn person_of(tx: &mut Tx, claim: Keyed) -> Result<Option<PersonId>> {
    let row = tx
        .one(
            concat!(
                "select c.person from cards c where c.claim = $1 and exists (
                     select 1 from deliveries d left join versions v on v.letter = d.letter and v.number = d.version
                     where d.person = c.person and d.state in (",
                openable_states!(),
                ") and (c.present = 1 or (d.pinned = 1 and v.kept = 'words')))"
            ),
            values![claim],
        )
        .await?;
    row.map(|mut row| row.next()).transpose()
}

/// What may be said to whoever has these words before the time. One question, whatever there is, unless there is something to say.
pub(super) async fn early(tx: &mut Tx, claim: Keyed) -> Result<Option<(Early, Vec<Delivery>)>> {
    let row = tx
        .one(
            "select c.person, p.told_early from cards c join persons p on p.id = c.person
             where c.claim = $1 and c.present = 1 and p.told_early is not null and exists (
                 select 1 from deliveries d where d.person = c.person and d.state in ('waiting', 'due'))",
            values![claim],
        )
        .await?;
    let Some(mut row) = row else { return Ok(None) };
    let (person, early): (PersonId, Early) = (row.next()?, row.next()?);
    let mut deliveries = pair::deliveries(tx, person).await?;
    deliveries.retain(|d| matches!(d.state, State::Waiting | State::Due));
    Ok(Some((early, deliveries)))
}

pub(super) async fn opens(tx: &mut Tx, reader: &Reader, delivery: DeliveryId, claim: Keyed) -> Result<bool> {
    let Some((person, present)) = of(tx, claim).await? else { return Ok(false) };
    let Some(found) = pair::delivery(tx, delivery).await? else { return Ok(false) };
    Ok(found.person == reader.person
        && person == reader.person
        && found.state.may_be_opened()
        && leads_to(tx, !present, &found).await?)
}

/// Whether another card has taken the place of this one of theirs.
pub(super) async fn is_older(tx: &mut Tx, reader: &Reader, claim: Keyed) -> Result<bool> {
    Ok(of(tx, claim).await?.is_some_and(|(person, present)| person == reader.person && !present))
}
