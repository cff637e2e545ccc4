//! What keepers give beside their word: a newer address of their own, and one of somebody whom letters cannot reach; and what they may be told of that person, in a database. An address
//! counts when as many give the same as must agree on a death. The rules of the ladder stand elsewhere.

use super::apply::Found;
use super::lives::{self, KeeperOf, locked_keeper, look};
use super::tx::{Mode, Tx, values};
use super::{SqlStore, events, keys, life_manifest, messages, pair, persons, transaction, wakes};
use crate::lives::{KeeperStanding, LostPerson, Offered, OfferedAddress, elsewhere};
use crate::rows::{Author, Keyed, Lane, NewAddress, SealedText, WakeOf};
use crate::{Result, StoreError};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, AddressId, KeeperId, MessageId, PersonId};
use unsaid_delivery::life::Life;
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
            let lost = lost_of(&mut tx, keeper).await?.into_iter().find(|lost| lost.person == person);
            let lost = lost.ok_or(StoreError::Missing)?;
            let again = tx
                .one(
                    "select 1 from given_addresses where person = $1 and keeper = $2 and key = $3
                     union all select 1 from addresses where person = $1 and key = $3 and removed = 0 and good = 1",
                    values![person, keeper, address.key],
                )
                .await?;
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
            if !lost.unreachable {
                if again.is_none() {
                    keys::notice(&mut tx, account, Notice::KeeperKnowsAddress, told, now).await?;
                    look(&mut tx, account, now).await?;
                }
                return Ok(Offered::Noted);
            }
            let many = how_many_stand(&mut tx, account).await?;
            let needed = match lives::read(&mut tx, account).await?.filter(|life| life.is_released()) {
                Some(life) => life.plan.quorum_of(many),
                None => events::needed(&mut tx, account, many).await?,
            };
            let needed = needed.ok_or(StoreError::Missing)?;
            if agree(&mut tx, person, address.key).await? < i64::from(needed) {
                return Ok(Offered::Noted);
            }
            take_up(&mut tx, account, person, &address, now).await?;
            keys::notice(&mut tx, account, Notice::KeeperGaveAddress, told, now).await?;
            look(&mut tx, account, now).await?;
            Ok(Offered::Counts)
        })
    }

    pub(super) async fn offers(&self, author: &Author, person: PersonId) -> Result<Vec<OfferedAddress>> {
        transaction!(self, Mode::Read, |tx| {
            tx.need("select 1 from persons where id = $1 and account = $2", values![person, author.account])
                .await?;
            let rows = tx
                .query(
                    "select g.keeper, g.address, g.sealed from given_addresses g join keepers k on k.id = g.keeper
                     where g.person = $1 and k.standing in ('invited', 'enrolled') and not exists
                         (select 1 from addresses a where a.person = g.person and a.key = g.key and a.removed = 0 and a.good = 1)
                     order by k.nr",
                    values![person],
                )
                .await?;
            let one = |mut row: super::tx::Row| {
                let (keeper, address) = (row.next()?, row.next()?);
                Ok(OfferedAddress { person, keeper, address, sealed: row.next()? })
            };
            rows.into_iter().map(one).collect()
        })
    }

    pub(super) async fn answer(
        &self,
        author: &Author,
        person: PersonId,
        address: AddressId,
        takes: bool,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            pair::lock(&mut tx, person).await?;
            persons::hers(&mut tx, author, person).await?;
            let found = tx
                .one(
                    "select keeper, sealed, key from given_addresses where person = $1 and address = $2",
                    values![person, address],
                )
                .await?;
            let mut found = found.ok_or(StoreError::Missing)?;
            let (keeper, sealed, key): (KeeperId, SealedText, Keyed) =
                (found.next()?, found.next()?, found.next()?);
            if takes {
                persons::room_for_address(&mut tx, person).await?;
                let new = NewAddress { id: address, sealed, key };
                persons::give(&mut tx, author, person, &new, now).await?;
                return tx
                    .exec("delete from given_addresses where person = $1 and key = $2", values![person, key])
                    .await
                    .map(drop);
            }
            let KeeperOf { rev, .. } = locked_keeper(&mut tx, keeper).await?;
            tx.fact(keeper, rev + 1, Fact::AddressDeclined { person, keeper, address });
            tx.exec("update keepers set rev = rev + 1 where id = $1", values![keeper]).await?;
            declined(&mut tx, person, keeper, address).await.map(drop)
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

async fn how_many_stand(tx: &mut Tx, account: AccountId) -> Result<usize> {
    let stand: i64 = tx
        .need(
            "select count(*) from keepers where account = $1 and standing in ('invited', 'enrolled')",
            values![account],
        )
        .await?
        .next()?;
    Ok(usize::try_from(stand).unwrap_or(usize::MAX))
}

/// How many keepers who stand have given the address of this key.
async fn agree(tx: &mut Tx, person: PersonId, key: Keyed) -> Result<i64> {
    tx.need(
        "select count(*) from given_addresses g join keepers k on k.id = g.keeper
         where g.person = $1 and g.key = $2 and k.standing in ('invited', 'enrolled')",
        values![person, key],
    )
    .await?
    .next()
}

/// What keepers have given is an address from now on, and the first that is tried. Those that were there before are told.
async fn take_up(
    tx: &mut Tx,
    account: AccountId,
    person: PersonId,
    new: &NewAddress,
    now: Now,
) -> Result<()> {
    let old = tx
        .query(
            "select id from addresses where person = $1 and removed = 0 and good = 1 order by nr",
            values![person],
        )
        .await?;
    persons::give(tx, &Author { account }, person, new, now).await?;
    tx.exec("delete from given_addresses where person = $1", values![person]).await?;
    for mut row in old {
        let old: AddressId = row.next()?;
        let message = elsewhere(old, new.id);
        let what = (message, Notice::GoesElsewhere);
        messages::put_notice_to(tx, what, (person, old), Some(messages::notice_ends(now)), now).await?;
        wakes::at_once(tx, WakeOf::Message(message), Lane::Letters, now).await?;
    }
    Ok(())
}

/// She is let go: what enough of her keepers have given before counts now.
pub(super) async fn count_offers(tx: &mut Tx, life: &Life, now: Now) -> Result<()> {
    let many = how_many_stand(tx, life.account).await?;
    let Some(needed) = life.plan.quorum_of(many) else { return Ok(()) };
    let given = tx
        .query(
            "select g.person, g.address, g.sealed, g.key from given_addresses g
                 join keepers k on k.id = g.keeper join persons p on p.id = g.person
             where k.account = $1 and k.standing in ('invited', 'enrolled') and p.told is not null
                 and exists (select 1 from deliveries d where d.person = p.id and d.gate = 'gone' and d.state = 'waiting')
                 and not exists
                     (select 1 from addresses a where a.person = g.person and a.key = g.key and a.removed = 0 and a.good = 1)
             order by p.nr, k.nr",
            values![life.account],
        )
        .await?;
    let mut done = Vec::new();
    for mut row in given {
        let person: PersonId = row.next()?;
        let new = NewAddress { id: row.next()?, sealed: row.next()?, key: row.next()? };
        if !done.contains(&person) && agree(tx, person, new.key).await? >= i64::from(needed) {
            pair::lock(tx, person).await?;
            take_up(tx, life.account, person, &new, now).await?;
            done.push(person);
        }
    }
    Ok(())
}

/// Of whom this keeper may give an address: whom her letters cannot reach, once she was let go; to whom a letter waits for their word, and there is no address; and while they are asked how she is, for
/// whom something waits for her end.
async fn lost_of(tx: &mut Tx, keeper: KeeperId) -> Result<Vec<LostPerson>> {
    let row = tx.one("select account from keepers where id = $1", values![keeper]).await?;
    let Some(mut row) = row else { return Ok(Vec::new()) };
    let life = lives::read(tx, row.next()?).await?;
    let released = life.as_ref().is_some_and(Life::is_released);
    let asking = life.as_ref().is_some_and(Life::is_asking_keepers);
    let rows = tx
        .query(
            "select o.id, o.told, g.address, g.sealed, o.lost from (
                 select p.id, p.told, p.nr,
                     case when $1 = 1 and exists (select 1 from deliveries d where d.person = p.id and d.state = 'unreachable')
                         or (exists (select 1 from deliveries d where d.person = p.id and d.gate = 'word' and d.state in ('waiting', 'unreachable'))
                             and not exists (select 1 from addresses a where a.person = p.id and a.removed = 0 and a.good = 1))
                         then 1 else 0 end as lost,
                     case when $2 = 1 and exists (select 1 from deliveries d where d.person = p.id and d.gate = 'gone' and d.state = 'waiting')
                         then 1 else 0 end as waits
                 from keepers k join persons p on p.account = k.account
                 where k.id = $3 and k.standing in ('invited', 'enrolled') and p.told is not null) o
             left join given_addresses g on g.person = o.id and g.keeper = $3
             where o.lost = 1 or o.waits = 1
             order by o.nr",
            values![released, asking, keeper],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| {
            let (person, told) = (row.next()?, row.next()?);
            let (address, sealed): (Option<AddressId>, Option<SealedText>) = (row.next()?, row.next()?);
            let lost: i64 = row.next()?;
            Ok(LostPerson { person, told, given: address.zip(sealed), unreachable: lost == 1 })
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

async fn declined(tx: &mut Tx, person: PersonId, keeper: KeeperId, address: AddressId) -> Result<bool> {
    tx.exec(
        "delete from given_addresses where person = $1 and keeper = $2 and address = $3",
        values![person, keeper, address],
    )
    .await
    .map(|gone| gone > 0)
}

/// At a replay.
pub(super) async fn declined_after_all(
    tx: &mut Tx,
    person: PersonId,
    keeper: KeeperId,
    address: AddressId,
) -> Result<Found> {
    Ok(if declined(tx, person, keeper, address).await? { Found::Applied } else { Found::Known })
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
