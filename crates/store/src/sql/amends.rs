//! New words of a sealed letter: their rest, taking them back, and the moment from which they count.

use super::tx::{Tx, Value, not_before, values};
use super::{pair, recovery, seal, wakes};
use crate::rows::{Amend, Author, Keyed, Lane, Taken, WakeOf};
use crate::{Result, StoreError};
use unsaid_delivery::Fact;
use unsaid_delivery::accept;
use unsaid_delivery::clock::Now;
use unsaid_delivery::decide::AmendDecision;
use unsaid_delivery::id::LetterId;
use unsaid_delivery::state::{Amending, Rest, Wake};

/// New words in their rest.
pub(super) async fn resting(tx: &mut Tx, letter: LetterId) -> Result<Option<Amending>> {
    let row = tx
        .one(
            "select number, rest_until, rest_observed from versions where letter = $1 and amends = 'resting'",
            values![letter],
        )
        .await?;
    row.map(|mut row| {
        Ok(Amending {
            letter,
            version: row.next()?,
            rest: Rest { until: row.next()?, observed: row.next()? },
        })
    })
    .transpose()
}

pub(super) async fn amend(tx: &mut Tx, author: &Author, amend: &Amend, now: Now) -> Result<()> {
    let letter = amend.letter;
    let mut row = tx
        .need(
            "select rev, withdrew from letters where id = $1 and account = $2 /*lock*/",
            values![letter, author.account],
        )
        .await?;
    let (rev, withdrew): (i64, bool) = (row.next()?, row.next()?);
    let mut row = tx
        .need(
            "select manifest, amends from versions where letter = $1 and number = $2",
            values![letter, amend.version],
        )
        .await?;
    let (stored, amends): (Option<[u8; 32]>, Option<String>) = (row.next()?, row.next()?);
    if let Some(stored) = stored {
        // Perhaps the answer was lost on its way.
        let same = stored == amend.manifest && amends.is_some_and(|word| word != "undone");
        return if same { Ok(()) } else { Err(StoreError::Conflict) };
    }
    let sealed =
        tx.one("select 1 from versions where letter = $1 and sealed is not null", values![letter]).await?;
    let deliveries = pair::of_letter(tx, letter).await?;
    if sealed.is_none() || accept::amend(&deliveries, withdrew).is_err() {
        return Err(StoreError::Conflict);
    }
    if let Some(before) = resting(tx, letter).await? {
        take_back(tx, letter, before.version).await?;
    }
    let never = deliveries.is_empty();
    let kept = seal::kept(tx, letter, amend.version).await?;
    seal::still_there(tx, letter, amend.version, kept, !never).await?;
    tx.exec(
        "update versions set manifest = $1, sealed = $2, kept = $3, amends = $4, rest_until = $5, rest_observed = $6, nr = (
             select coalesce(max(v.nr), 0) + 1 from versions v join letters l on l.id = v.letter where l.account = $7)
         where letter = $8 and number = $9",
        &[
            amend.manifest.into(),
            now.trusted.into(),
            kept.into(),
            if never { "counts" } else { "resting" }.into(),
            if never { Value::Null } else { not_before(amend.rest.until) },
            if never { Value::Null } else { amend.rest.observed.into() },
            author.account.into(),
            letter.into(),
            amend.version.into(),
        ],
    )
    .await?;
    tx.exec("update letters set rev = rev + 1 where id = $1", values![letter]).await?;
    if !never {
        wakes::set(tx, WakeOf::Letter(letter), Lane::Letters, Wake::Trusted(amend.rest.until)).await?;
    }
    let manifest = seal::recovery(tx, letter, amend.version).await?;
    tx.manifests.push(manifest);
    recovery::keep_account(tx, author.account).await?;
    tx.fact(letter, rev + 1, Fact::Sealed { letter, version: amend.version, manifest: amend.manifest });
    Ok(())
}

pub(super) async fn undo(tx: &mut Tx, author: &Author, letter: LetterId, version: u32) -> Result<()> {
    let rev: i64 = tx
        .need(
            "select rev from letters where id = $1 and account = $2 /*lock*/",
            values![letter, author.account],
        )
        .await?
        .next()?;
    if resting(tx, letter).await?.is_none_or(|there| there.version != version) {
        return Err(StoreError::Conflict);
    }
    take_back(tx, letter, version).await?;
    tx.exec("update letters set rev = rev + 1 where id = $1", values![letter]).await?;
    tx.fact(letter, rev + 1, Fact::AmendUndone { letter, version });
    Ok(())
}

/// New words that rest never count: nothing opens them but her own wrap. Also at a replay, and when the letter is withdrawn.
pub(super) async fn take_back(tx: &mut Tx, letter: LetterId, version: u32) -> Result<()> {
    tx.exec(
        "update versions set amends = 'undone' where letter = $1 and number = $2",
        values![letter, version],
    )
    .await?;
    wakes::remove(tx, WakeOf::Letter(letter)).await?;
    strip(tx, letter, version).await
}

/// Nothing but the author's wrap stays of a version, in the rows and in its manifest of recovery.
async fn strip(tx: &mut Tx, letter: LetterId, version: u32) -> Result<()> {
    tx.exec(
        "delete from wraps where subject = $1 and version = $2 and kind <> 'author'",
        values![letter, version],
    )
    .await?;
    let manifest = seal::recovery(tx, letter, version).await?;
    tx.thinned.push(manifest);
    Ok(())
}

pub(super) async fn amended(
    tx: &mut Tx,
    taken: &Taken,
    as_read: &Amending,
    decision: AmendDecision,
) -> Result<()> {
    let letter = as_read.letter;
    let of = WakeOf::Letter(letter);
    if taken.of != of {
        return Err(StoreError::Conflict);
    }
    let row = tx.one("select rev from letters where id = $1 /*lock*/", values![letter]).await?;
    let Some(mut row) = row else { return Err(StoreError::Conflict) };
    let rev: i64 = row.next()?;
    for delivery in pair::of_letter(tx, letter).await? {
        pair::lock(tx, delivery.person).await?;
    }
    if resting(tx, letter).await?.is_none_or(|there| there.version != as_read.version)
        || !wakes::is_ours(tx, taken).await?
    {
        return Err(StoreError::Conflict);
    }
    match decision {
        AmendDecision::Rests(wake) => wakes::settle(tx, of, Some(wake)).await,
        AmendDecision::Counts => {
            counts(tx, letter, as_read.version).await?;
            tx.exec("update letters set rev = rev + 1 where id = $1", values![letter]).await?;
            tx.fact(letter, rev + 1, Fact::Unwrapped { letter, version: as_read.version });
            wakes::settle(tx, of, None).await
        }
    }
}

/// New words count: everything that nobody has opened takes them, and other versions that nobody has opened keep her wrap alone. Also at a replay.
pub(super) async fn counts(tx: &mut Tx, letter: LetterId, version: u32) -> Result<()> {
    tx.exec(
        "update versions set amends = 'counts' where letter = $1 and number = $2",
        values![letter, version],
    )
    .await?;
    tx.exec(
        "update deliveries set version = $1, rev = rev + 1 where letter = $2 and pinned = 0",
        values![version, letter],
    )
    .await?;
    let rows = tx
        .query(
            "select v.number from versions v
             where v.letter = $1 and v.number <> $2 and v.sealed is not null and not exists
                 (select 1 from deliveries d where d.letter = v.letter and d.version = v.number and d.pinned = 1)
             order by v.number",
            values![letter, version],
        )
        .await?;
    for mut row in rows {
        strip(tx, letter, row.next()?).await?;
    }
    let manifest = seal::recovery(tx, letter, version).await?;
    tx.thinned.push(manifest);
    Ok(())
}

/// A wrap under a newer host key takes the place of an older one.
pub(super) async fn rewrapped(
    tx: &mut Tx,
    old: &crate::rows::StoredWrap,
    bytes: Vec<u8>,
    generation: u32,
) -> Result<()> {
    let changed = tx
        .exec(
            "update wraps set bytes = $1, host_generation = $2
             where subject = $3 and version = $4 and kind = $5 and host_generation = $6 and bytes = $7",
            values![
                bytes,
                generation,
                old.subject.as_str(),
                old.version,
                old.kind,
                old.generation,
                old.bytes.clone()
            ],
        )
        .await?;
    if changed != 1 {
        return Err(StoreError::Conflict);
    }
    let letter = old.subject.parse::<LetterId>().map_err(|_| StoreError::Damaged)?;
    let sealed = tx
        .one(
            "select 1 from versions where letter = $1 and number = $2 and sealed is not null",
            values![letter, old.version],
        )
        .await?;
    if sealed.is_some() {
        let manifest = seal::recovery(tx, letter, old.version).await?;
        tx.manifests.push(manifest);
    } else if let Ok(account) = old.subject.parse() {
        recovery::keep_account(tx, account).await?;
    }
    let fact = Fact::Rewrapped { subject: old.subject.clone(), version: old.version, generation };
    tx.fact(format!("{} {}", old.subject, old.kind.name()), generation.into(), fact);
    Ok(())
}

/// Keeps a card's reader session.
pub(super) async fn open_reader(
    tx: &mut Tx,
    token: Keyed,
    claim: Keyed,
    person: unsaid_delivery::PersonId,
    now: Now,
) -> Result<()> {
    tx.exec(
        "insert into claim_readers (token, claim, person, opened) values ($1, $2, $3, $4)",
        values![token, claim, person, now.trusted],
    )
    .await?;
    tx.exec(
        "delete from claim_readers where claim = $1 and token <> $2 and token not in (
             select token from claim_readers where claim = $1 order by opened desc, token limit $3)",
        values![claim, token, crate::limits::READERS_OF_A_LINK],
    )
    .await
    .map(drop)
}
