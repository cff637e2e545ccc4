//! Keepers' cards after the release, in a database: what a reader asks with, and what keepers give. Whoever asks locks the pair first; whoever gives locks the ask, so that nothing is kept for a key that
//! was replaced.

use super::tx::{Mode, Tx, Value, not_before, values};
use super::{SqlStore, keeper_sets, pair, readers, sessions, transaction, wakes};
use crate::asks::*;
use crate::keeper_sets::KeeperSetRow;
use crate::limits::DAY;
use crate::lives::Names;
use crate::rows::{Keyed, Lane, Reader, SealedText, WakeOf};
use crate::{Result, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, DeliveryId, KeeperId, MessageId};
use unsaid_delivery::message::{Kind, Notice};
use unsaid_delivery::state::Delivery;

#[async_trait]
impl AskStore for SqlStore {
    async fn gathering(&self, reader: &Reader, delivery: DeliveryId, now: Now) -> Result<Gathering> {
        transaction!(self, Mode::Read, |tx| {
            let delivery = theirs(&mut tx, reader, delivery).await?;
            gathering(&mut tx, &delivery, now).await
        })
    }

    async fn ask_keepers(
        &self,
        reader: &Reader,
        delivery: DeliveryId,
        recipient: &str,
        names: &Names,
        now: Now,
    ) -> Result<AskedKeepers> {
        transaction!(self, Mode::Write, |tx| {
            pair::lock(&mut tx, reader.person()).await?;
            let delivery = theirs(&mut tx, reader, delivery).await?;
            needed(&mut tx, &delivery).await?;
            ask(&mut tx, &delivery, (recipient, names), now).await
        })
    }

    async fn shares(&self, reader: &Reader, delivery: DeliveryId, now: Now) -> Result<Vec<Share>> {
        transaction!(self, Mode::Read, |tx| {
            let delivery = theirs(&mut tx, reader, delivery).await?;
            needed(&mut tx, &delivery).await?;
            let rows = tx
                .query(
                    "select k.id, k.name, s.bytes from shares s join asks a on a.delivery = s.delivery
                     join keepers k on k.id = s.keeper
                     where s.delivery = $1 and a.until > $2 and k.standing <> 'removed' order by k.nr",
                    values![delivery.id, now.trusted],
                )
                .await?;
            rows.into_iter()
                .map(|mut row| Ok(Share { keeper: row.next()?, name: row.next()?, bytes: row.next()? }))
                .collect()
        })
    }

    async fn cards_asked(&self, keeper: KeeperId, now: Now) -> Result<Vec<CardAsked>> {
        transaction!(self, Mode::Read, |tx| {
            let rows = tx
                .query(
                    "select a.delivery, p.told from keepers k join deliveries d on d.account = k.account
                     join asks a on a.delivery = d.id join persons p on p.id = d.person
                     where k.id = $1 and k.standing <> 'removed' and a.until > $2 order by a.until, a.delivery",
                    values![keeper, now.trusted],
                )
                .await?;
            let mut asked = Vec::new();
            for mut row in rows {
                let (id, told): (DeliveryId, Option<SealedText>) = (row.next()?, row.next()?);
                let Some(delivery) = openable(&mut tx, id).await? else { continue };
                if set_of(&mut tx, &delivery).await?.is_none() {
                    continue;
                }
                let found = gathering(&mut tx, &delivery, now).await?;
                let Some(ask) = found.ask.clone() else { continue };
                asked.push(CardAsked {
                    delivery: id,
                    person: delivery.person,
                    told,
                    recipient: ask.recipient,
                    needed: found.needed,
                    given: given(&found),
                    gave: gave(&mut tx, id, keeper).await?,
                    sets: sets_of_others(&mut tx, id, keeper).await?,
                });
            }
            Ok(asked)
        })
    }

    async fn give_share(&self, keeper: KeeperId, share: NewShare, now: Now) -> Result<Gave> {
        transaction!(self, Mode::Write, |tx| {
            let mut row = tx
                .need("select account from keepers where id = $1 and standing <> 'removed'", values![keeper])
                .await?;
            let account: AccountId = row.next()?;
            let row = tx
                .one(
                    "select recipient, until from asks where delivery = $1 /*lock*/",
                    values![share.delivery],
                )
                .await?;
            let Some(mut row) = row else { return Ok(Gave::NotAsked) };
            let (recipient, until): (String, Timestamp) = (row.next()?, row.next()?);
            let delivery = openable(&mut tx, share.delivery).await?.filter(|d| d.account == account);
            let Some(delivery) = delivery.filter(|_| now.trusted < until) else {
                return Ok(Gave::NotAsked);
            };
            if set_of(&mut tx, &delivery).await?.is_none() {
                return Ok(Gave::NotAsked);
            }
            if recipient != share.recipient {
                return Ok(Gave::Replaced);
            }
            tx.exec(
                "insert into shares (delivery, keeper, bytes, card_set) values ($1, $2, $3, $4)
                 on conflict (delivery, keeper) do update set bytes = excluded.bytes, card_set = excluded.card_set",
                values![delivery.id, keeper, share.bytes.clone(), i64::from(share.set)],
            )
            .await?;
            let found = gathering(&mut tx, &delivery, now).await?;
            Ok(Gave::Kept { given: given(&found), needed: found.needed })
        })
    }
}

/// A letter of theirs that may be opened.
async fn theirs(tx: &mut Tx, reader: &Reader, delivery: DeliveryId) -> Result<Delivery> {
    let all = readers::openable(tx, reader).await?;
    let found = all.into_iter().find(|d| d.id == delivery && !reader.has_older_card());
    found.ok_or(StoreError::Missing)
}

/// A letter that may be opened, whoever asks.
async fn openable(tx: &mut Tx, delivery: DeliveryId) -> Result<Option<Delivery>> {
    Ok(pair::delivery(tx, delivery).await?.filter(|d| d.state.may_be_opened()))
}

/// The set whose cards open it; none where it is kept otherwise.
async fn set_of(tx: &mut Tx, delivery: &Delivery) -> Result<Option<KeeperSetRow>> {
    match keeper_sets::of_version(tx, delivery.letter, delivery.version).await? {
        Some(set) => keeper_sets::read(tx, set).await,
        None => Ok(None),
    }
}

/// How many cards open it. Missing: it is not kept by keepers.
async fn needed(tx: &mut Tx, delivery: &Delivery) -> Result<u8> {
    Ok(set_of(tx, delivery).await?.ok_or(StoreError::Missing)?.needed)
}

async fn gathering(tx: &mut Tx, delivery: &Delivery, now: Now) -> Result<Gathering> {
    let needed = needed(tx, delivery).await?;
    let row = tx
        .one(
            "select recipient, until, rev from asks where delivery = $1 and until > $2",
            values![delivery.id, now.trusted],
        )
        .await?;
    let ask = match row {
        Some(mut row) => Some(Ask { recipient: row.next()?, until: row.next()?, rev: row.next()? }),
        None => None,
    };
    let rows = tx
        .query(
            "select k.id, k.name, case when k.standing in ('invited', 'enrolled') then 1 else 0 end,
                 case when s.keeper is null then 0 else 1 end from keepers k
             left join shares s on s.keeper = k.id and s.delivery = $1
             where k.account = $2 and k.standing <> 'removed' order by k.nr",
            values![delivery.id, delivery.account],
        )
        .await?;
    let mut holders = Vec::new();
    for mut row in rows {
        let (keeper, name): (KeeperId, SealedText) = (row.next()?, row.next()?);
        let (stands, gave): (bool, bool) = (row.next()?, row.next()?);
        let gave = gave && ask.is_some();
        // Who declined is not asked; if they give their card all the same, it counts.
        if stands || gave {
            holders.push(Holder { keeper, name, gave });
        }
    }
    Ok(Gathering { needed, holders, ask })
}

fn given(found: &Gathering) -> u8 {
    found.holders.iter().filter(|holder| holder.gave).count().try_into().unwrap_or(u8::MAX)
}

async fn gave(tx: &mut Tx, delivery: DeliveryId, keeper: KeeperId) -> Result<bool> {
    let row =
        tx.one("select 1 from shares where delivery = $1 and keeper = $2", values![delivery, keeper]).await?;
    Ok(row.is_some())
}

async fn sets_of_others(tx: &mut Tx, delivery: DeliveryId, keeper: KeeperId) -> Result<Vec<u16>> {
    let rows = tx
        .query(
            "select distinct card_set from shares where delivery = $1 and keeper <> $2 order by card_set",
            values![delivery, keeper],
        )
        .await?;
    rows.into_iter().map(|mut row| row.next()).collect()
}

async fn ask(
    tx: &mut Tx,
    delivery: &Delivery,
    (recipient, names): (&str, &Names),
    now: Now,
) -> Result<AskedKeepers> {
    let row = tx
        .one(
            "select recipient, until, made, keys, written, rev from asks where delivery = $1 /*lock*/",
            values![delivery.id],
        )
        .await?;
    let (mut made, mut keys, mut written, mut rev) = (now.trusted, 0, None, 0);
    let mut same = false;
    if let Some(mut row) = row {
        let (before, until): (String, Timestamp) = (row.next()?, row.next()?);
        let since: Timestamp = row.next()?;
        let counted: i64 = row.next()?;
        if since > sessions::ago(now, DAY) {
            (made, keys) = (since, counted);
        }
        (written, rev) = (row.next::<Option<Timestamp>>()?, row.next()?);
        same = before == recipient && now.trusted < until;
    }
    if !same {
        if keys >= ASKS_A_DAY {
            return Ok(AskedKeepers::TooOften);
        }
        tx.exec("delete from shares where delivery = $1", values![delivery.id]).await?;
        tx.exec("delete from asks where delivery = $1", values![delivery.id]).await?;
        tx.exec(
            "insert into asks (delivery, recipient, until, made, keys, written, rev) values ($1, $2, $3, $4, $5, $6, $7)",
            &[
                delivery.id.into(),
                recipient.into(),
                not_before(days_after(now.trusted, ASK_DAYS)),
                made.into(),
                Value::Int(keys + 1),
                written.into(),
                Value::Int(rev + 1),
            ],
        )
        .await?;
    }
    if written.is_none_or(|at| days_after(at, WRITTEN_AGAIN_DAYS) <= now.trusted) {
        write(tx, delivery, names, now).await?;
        tx.exec("update asks set written = $1 where delivery = $2", values![now.trusted, delivery.id])
            .await?;
    }
    Ok(AskedKeepers::Asked)
}

/// Each keeper who stands and has an address is told.
async fn write(tx: &mut Tx, delivery: &Delivery, names: &Names, now: Now) -> Result<()> {
    let rows = tx
        .query(
            "select id from keepers where account = $1 and standing in ('invited', 'enrolled') and address is not null order by nr",
            values![delivery.account],
        )
        .await?;
    let expires = not_before(days_after(now.trusted, ASK_DAYS));
    for (mut row, (id, link)) in rows.into_iter().zip(names) {
        let (keeper, id, link): (KeeperId, MessageId, Keyed) = (row.next()?, *id, *link);
        tx.exec(
            "insert into messages (id, kind, subject, account, whom, series, nr, nth, state, tries, since, expires, foreseen, rev)
             values ($1, $2, 'keeper', $3, $4, 0, 0, 1, 'waiting', 0, $5, $6, 1, 1)",
            &[
                id.into(),
                Kind::Notice(Notice::CardAsked).into(),
                delivery.account.into(),
                keeper.into(),
                now.observed.into(),
                expires.clone(),
            ],
        )
        .await?;
        tx.exec("insert into links (hash, message) values ($1, $2)", values![link, id]).await?;
        wakes::at_once(tx, WakeOf::Message(id), Lane::Letters, now).await?;
    }
    Ok(())
}

/// Whether as many cards were given for a letter as open it; no question where it is kept otherwise.
pub(super) async fn are_enough(tx: &mut Tx, delivery: &Delivery, now: Option<Now>) -> Result<bool> {
    let Some(set) = set_of(tx, delivery).await? else { return Ok(true) };
    let from = now.map_or(Timestamp::MIN, |now| now.trusted);
    let many: i64 = tx
        .need(
            "select count(*) from shares s join asks a on a.delivery = s.delivery join keepers k on k.id = s.keeper
             where s.delivery = $1 and a.until > $2 and k.standing <> 'removed'",
            values![delivery.id, from],
        )
        .await?
        .next()?;
    Ok(many >= i64::from(set.needed))
}

/// What is over is forgotten.
pub(super) async fn prune(tx: &mut Tx, now: Now) -> Result<()> {
    for sql in [
        "delete from shares where exists (select 1 from asks a where a.delivery = shares.delivery and a.until <= $1)",
        "delete from asks where until <= $1",
    ] {
        tx.exec(sql, values![now.trusted]).await?;
    }
    Ok(())
}

/// Whose link a message that asked for a card came with.
pub(super) async fn keeper_asked_by(tx: &mut Tx, link: Keyed) -> Result<Option<(KeeperId, AccountId)>> {
    let row = tx
        .one(
            "select m.whom, m.account from links l join messages m on m.id = l.message
             where l.hash = $1 and m.kind in ('notice-card-asked', 'notice-event-asked')",
            values![link],
        )
        .await?;
    row.map(|mut row| Ok((row.next()?, row.next()?))).transpose()
}
