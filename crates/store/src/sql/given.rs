//! What keepers give beside their word: a newer address of their own, and one of somebody whom letters cannot reach; and what they may be told of that person, in a database. An address
//! counts when as many give the same as must agree on a death. The rules of the ladder stand elsewhere.

use super::apply::Found;
use super::lives::{self, KeeperOf, locked_keeper, look};
use super::tx::{Mode, Tx, values};
use super::{SqlStore, events, keys, life_manifest, pair, persons, transaction};
use crate::lives::{KeeperStanding, LostPerson, Offered};
use crate::rows::{Author, NewAddress, SealedText};
use crate::{Result, StoreError};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, AddressId, KeeperId, MessageId, PersonId};
use unsaid_delivery::message::Notice;

impl SqlStore {
    pub(super) async fn moves(
        &self,
        keeper: KeeperId,
        address: SealedText,
        told: MessageId,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            let KeeperOf { account, standing, rev } = locked_keeper(&mut tx, keeper).await?;
            if standing == KeeperStanding::Removed {
                return Err(StoreError::Missing);
            }
            tx.fact(keeper, rev + 1, Fact::KeeperMoved { keeper, address: address.0.clone() });
            moves(&mut tx, account, keeper, &address, now).await?;
            keys::notice(&mut tx, account, Notice::KeeperMoved, told, now).await?;
            life_manifest::keep(&mut tx, account).await
        })
    }

    pub(super) async fn lost(&self, keeper: KeeperId) -> Result<Vec<LostPerson>> {
        transaction!(self, Mode::Read, |tx| lost_of(&mut tx, keeper).await)
    }

    pub(super) async fn offered(
        &self,
        keeper: KeeperId,
        person: PersonId,
        address: NewAddress,
        told: MessageId,
        now: Now,
    ) -> Result<Offered> {
        transaction!(self, Mode::Write, |tx| {
            pair::lock(&mut tx, person).await?;
            let KeeperOf { account, rev, .. } = locked_keeper(&mut tx, keeper).await?;
            if !lost_of(&mut tx, keeper).await?.iter().any(|lost| lost.person == person) {
                return Err(StoreError::Missing);
            }
            let fact = Fact::AddressOffered {
                person,
                keeper,
                address: address.id,
                sealed: address.sealed.0.clone(),
                key: address.key.0,
            };
            tx.fact(keeper, rev + 1, fact);
            note(&mut tx, person, keeper, &address).await?;
            tx.exec(
                "update keepers set heard = $1, rev = rev + 1 where id = $2",
                values![now.trusted, keeper],
            )
            .await?;
            let agree: i64 = tx
                .need(
                    "select count(*) from given_addresses g join keepers k on k.id = g.keeper
                     where g.person = $1 and g.key = $2 and k.standing in ('invited', 'enrolled')",
                    values![person, address.key],
                )
                .await?
                .next()?;
            let stand: i64 = tx
                .need(
                    "select count(*) from keepers where account = $1 and standing in ('invited', 'enrolled')",
                    values![account],
                )
                .await?
                .next()?;
            let many = usize::try_from(stand).unwrap_or(usize::MAX);
            let needed = match lives::read(&mut tx, account).await?.filter(|life| life.is_released()) {
                Some(life) => life.plan.quorum_of(many),
                None => events::needed(&mut tx, account, many).await?,
            };
            let needed = needed.ok_or(StoreError::Missing)?;
            if agree < i64::from(needed) {
                return Ok(Offered::Noted);
            }
            persons::give(&mut tx, &Author { account }, person, &address, now).await?;
            tx.exec("delete from given_addresses where person = $1", values![person]).await?;
            keys::notice(&mut tx, account, Notice::KeeperGaveAddress, told, now).await?;
            look(&mut tx, account, now).await?;
            Ok(Offered::Counts)
        })
    }

    pub(super) async fn tells_of(
        &self,
        author: &Author,
        person: PersonId,
        name: Option<SealedText>,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            persons::hers(&mut tx, author, person).await?;
            let text = name.clone().map(|name| name.0).unwrap_or_default();
            tx.fact(format!("{person} told"), 0, Fact::PersonTold { person, name: text });
            tell(&mut tx, person, name.clone()).await
        })
    }

    pub(super) async fn told(&self, author: &Author, person: PersonId) -> Result<Option<SealedText>> {
        transaction!(self, Mode::Read, |tx| {
            let row = tx
                .need(
                    "select told from persons where id = $1 and account = $2",
                    values![person, author.account],
                )
                .await;
            row?.next()
        })
    }
}

/// Whom her letters cannot reach, once she was let go; and to whom a letter waits for their word, and there is no address.
async fn lost_of(tx: &mut Tx, keeper: KeeperId) -> Result<Vec<LostPerson>> {
    let rows = tx
        .query(
            "select p.id, p.told, g.address, g.sealed from keepers k
             join persons p on p.account = k.account
             left join lives l on l.account = k.account and l.stage = 'released'
             left join given_addresses g on g.person = p.id and g.keeper = k.id
             where k.id = $1 and k.standing in ('invited', 'enrolled') and p.told is not null
             and (exists (select 1 from deliveries d where d.person = p.id and d.state = 'unreachable' and l.account is not null)
                 or (exists (select 1 from deliveries d where d.person = p.id and d.gate = 'word' and d.state in ('waiting', 'unreachable'))
                     and not exists (select 1 from addresses a where a.person = p.id and a.removed = 0 and a.good = 1)))
             order by p.nr",
            values![keeper],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| {
            let (person, told) = (row.next()?, row.next()?);
            let (address, sealed): (Option<AddressId>, Option<SealedText>) = (row.next()?, row.next()?);
            Ok(LostPerson { person, told, given: address.zip(sealed) })
        })
        .collect()
}

/// How many people her letters cannot reach of whom her keepers may be told: whoever does not know for whom it is could only guess.
pub(super) async fn how_many_lost(tx: &mut Tx, account: AccountId) -> Result<u64> {
    tx.need(
        "select count(distinct d.person) from deliveries d join persons p on p.id = d.person
         where d.account = $1 and d.state = 'unreachable' and p.told is not null",
        values![account],
    )
    .await?
    .next()
}

/// A letter of hers could not be brought anywhere: where she was let go, her life is looked at again.
pub(super) async fn nowhere(tx: &mut Tx, account: AccountId, now: Now) -> Result<()> {
    let released =
        tx.one("select 1 from lives where account = $1 and stage = 'released'", values![account]).await?;
    match released {
        Some(_) => look(tx, account, now).await,
        None => Ok(()),
    }
}

async fn note(tx: &mut Tx, person: PersonId, keeper: KeeperId, address: &NewAddress) -> Result<()> {
    tx.exec(
        "insert into given_addresses (person, keeper, address, sealed, key) values ($1, $2, $3, $4, $5)
         on conflict (person, keeper) do update set address = excluded.address, sealed = excluded.sealed, key = excluded.key",
        values![person, keeper, address.id, address.sealed.clone(), address.key],
    )
    .await
    .map(drop)
}

async fn tell(tx: &mut Tx, person: PersonId, name: Option<SealedText>) -> Result<()> {
    tx.exec("update persons set told = $1 where id = $2", values![name, person]).await.map(drop)
}

/// Their address from now on. Also at a replay.
pub(super) async fn moves(
    tx: &mut Tx,
    account: AccountId,
    keeper: KeeperId,
    address: &SealedText,
    now: Now,
) -> Result<()> {
    tx.exec(
        "update keepers set address = $1, heard = $2, rev = rev + 1 where id = $3",
        values![address.clone(), now.trusted, keeper],
    )
    .await?;
    look(tx, account, now).await
}

/// At a replay.
pub(super) async fn offered_after_all(
    tx: &mut Tx,
    person: PersonId,
    keeper: KeeperId,
    address: &NewAddress,
) -> Result<Found> {
    let there = tx
        .one(
            "select 1 from persons p, keepers k where p.id = $1 and k.id = $2 and k.account = p.account",
            values![person, keeper],
        )
        .await?;
    if there.is_none() {
        return Ok(Found::Absent);
    }
    let known = tx
        .one(
            "select 1 from given_addresses where person = $1 and keeper = $2
             union all select 1 from addresses where person = $1 and key = $3",
            values![person, keeper, address.key],
        )
        .await?;
    if known.is_some() {
        return Ok(Found::Known);
    }
    note(tx, person, keeper, address).await?;
    Ok(Found::Applied)
}

/// At a replay. What the rows have already was told after it, or is the same.
pub(super) async fn told_after_all(tx: &mut Tx, person: PersonId, name: Option<SealedText>) -> Result<Found> {
    let row = tx.one("select told from persons where id = $1", values![person]).await?;
    let Some(mut row) = row else { return Ok(Found::Absent) };
    let stands: Option<SealedText> = row.next()?;
    if stands.is_some() || name.is_none() {
        return Ok(Found::Known);
    }
    tell(tx, person, name).await?;
    Ok(Found::Applied)
}
