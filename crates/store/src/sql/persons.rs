//! The people an author writes to, and their addresses. Names are not here: they are in her vault.

use super::tx::{Mode, Tx, Value, values};
use super::{SqlStore, cards, limits, pair, transaction};
use crate::rows::{
    Author, Early, Keyed, NewAddress, NewPerson, NewWordsWrap, Person, PersonAddress, SealedText,
};
use crate::{PersonStore, Result, StoreError};
use async_trait::async_trait;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AddressId, PersonId};
use unsaid_delivery::state::{State, Wake};

/// A person has so many addresses at most.
const ADDRESSES: i64 = 5;

#[async_trait]
impl PersonStore for SqlStore {
    async fn add_person(&self, author: &Author, person: NewPerson, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            // Locked, so that two who come at once get two places in the order.
            tx.need("select 1 from accounts where id = $1 /*lock*/", values![author.account]).await?;
            limits::person(&mut tx, author, now).await?;
            let nr: i64 = tx
                .need(
                    "select coalesce(max(nr), 0) + 1 from persons where account = $1",
                    values![author.account],
                )
                .await?
                .next()?;
            tx.exec(
                "insert into persons (id, account, nr, zone, language, series, made) values ($1, $2, $3, $4, $5, 1, $6)",
                values![
                    person.id,
                    author.account,
                    nr,
                    person.zone.clone(),
                    person.language.as_str(),
                    now.trusted
                ],
            )
            .await?;
            match &person.address {
                Some(address) => give(&mut tx, author, person.id, address, now).await,
                None => Ok(()),
            }
        })
    }

    async fn persons(&self, author: &Author) -> Result<Vec<Person>> {
        transaction!(self, Mode::Read, |tx| {
            let rows = tx
                .query(
                    "select p.id, p.zone, p.language, p.told_early, p.looked_after, a.id, a.sealed, a.good, a.given
                     from persons p left join addresses a on a.person = p.id and a.removed = 0
                     where p.account = $1 order by p.nr, a.nr",
                    values![author.account],
                )
                .await?;
            let mut persons: Vec<Person> = Vec::new();
            for mut row in rows {
                let (id, zone, language) = (row.next()?, row.next()?, row.next()?);
                let (early, looked_after): (Option<Early>, Option<SealedText>) = (row.next()?, row.next()?);
                if persons.last().is_none_or(|p| p.id != id) {
                    persons.push(Person {
                        id,
                        zone,
                        language,
                        addresses: Vec::new(),
                        early: early.unwrap_or_default(),
                        looked_after,
                    });
                }
                let address: Option<AddressId> = row.next()?;
                if let (Some(id), Some(person)) = (address, persons.last_mut()) {
                    person.addresses.push(PersonAddress {
                        id,
                        sealed: row.next()?,
                        good: row.next()?,
                        given: row.next()?,
                    });
                }
            }
            Ok(persons)
        })
    }

    async fn add_address(
        &self,
        author: &Author,
        person: PersonId,
        address: NewAddress,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            hers(&mut tx, author, person).await?;
            room_for_address(&mut tx, person).await?;
            give(&mut tx, author, person, &address, now).await
        })
    }

    async fn remove_address(
        &self,
        author: &Author,
        person: PersonId,
        address: AddressId,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            hers(&mut tx, author, person).await?;
            let removed = tx
                .exec(
                    "update addresses set removed = 1 where id = $1 and person = $2 and removed = 0",
                    values![address, person],
                )
                .await?;
            if removed == 0 {
                return Err(StoreError::Missing);
            }
            tx.fact(address, 2, Fact::AddressRemoved { person, address });
            take_back(&mut tx, person, now).await
        })
    }

    async fn update_person(
        &self,
        author: &Author,
        person: PersonId,
        zone: Option<String>,
        language: String,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            hers(&mut tx, author, person).await?;
            tx.exec(
                "update persons set zone = $1, language = $2 where id = $3",
                values![zone.clone(), language.as_str(), person],
            )
            .await
            .map(drop)
        })
    }

    async fn tell_early(&self, author: &Author, person: PersonId, early: Early) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            hers(&mut tx, author, person).await?;
            let early = (early != Early::Nothing).then_some(early);
            tx.exec(
                "update persons set told_early = $1 where id = $2",
                &[early.map_or(Value::Null, Into::into), person.into()],
            )
            .await
            .map(drop)
        })
    }

    async fn look_after(&self, author: &Author, person: PersonId, name: Option<SealedText>) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            hers(&mut tx, author, person).await?;
            let rev: i64 = tx
                .need("select looked_after_rev from persons where id = $1", values![person])
                .await?
                .next()?;
            let text = name.clone().map(|name| name.0).unwrap_or_default();
            let fact = Fact::LookedAfter { account: author.account, person, name: text };
            tx.fact(format!("{person} looked after"), rev + 1, fact);
            looked_after(&mut tx, person, name.clone(), rev + 1).await
        })
    }

    async fn put_card(&self, author: &Author, person: PersonId, claim: Keyed, _now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            hers(&mut tx, author, person).await?;
            cards::put(&mut tx, person, claim).await
        })
    }

    async fn has_card(&self, author: &Author, person: PersonId) -> Result<bool> {
        transaction!(self, Mode::Read, |tx| {
            tx.need("select 1 from persons where id = $1 and account = $2", values![person, author.account])
                .await?;
            cards::has(&mut tx, person).await
        })
    }

    async fn replace_card(
        &self,
        author: &Author,
        person: PersonId,
        claim: Keyed,
        wraps: Vec<NewWordsWrap>,
        _now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            // Her letters first, as a sealing locks them: what is sealed at this moment is seen here, or sees what is done here.
            tx.query(
                "select id from letters where account = $1 order by id /*lock*/",
                values![author.account],
            )
            .await?;
            hers(&mut tx, author, person).await?;
            cards::replace(&mut tx, author, person, claim, &wraps).await
        })
    }
}

/// As it was chosen for the so-manieth time. Also at a replay.
pub(super) async fn looked_after(
    tx: &mut Tx,
    person: PersonId,
    name: Option<SealedText>,
    rev: i64,
) -> Result<()> {
    tx.exec(
        "update persons set looked_after = $1, looked_after_rev = $2 where id = $3",
        values![name, rev, person],
    )
    .await
    .map(drop)
}

/// Her person, locked.
pub(super) async fn hers(tx: &mut Tx, author: &Author, person: PersonId) -> Result<()> {
    let (account, _) = pair::lock(tx, person).await?;
    if account == author.account { Ok(()) } else { Err(StoreError::Missing) }
}

pub(super) async fn give(
    tx: &mut Tx,
    author: &Author,
    person: PersonId,
    address: &NewAddress,
    now: Now,
) -> Result<()> {
    if !put_address(tx, person, address, now).await? {
        return Err(StoreError::Conflict);
    }
    has_another(tx, person, now).await?;
    let (sealed, of) = (address.sealed.0.clone(), Some((author.account, address.key.0)));
    tx.fact(address.id, 1, Fact::AddressGiven { person, address: address.id, sealed, of });
    Ok(())
}

/// Conflict: a person has five addresses at most.
pub(super) async fn room_for_address(tx: &mut Tx, person: PersonId) -> Result<()> {
    let count: i64 = tx
        .need("select count(*) from addresses where person = $1 and removed = 0", values![person])
        .await?
        .next()?;
    if count >= ADDRESSES { Err(StoreError::Conflict) } else { Ok(()) }
}

/// Its row: the last that is tried, or the first where keepers have given it. Gives whether it was not there. Also at a replay.
pub(super) async fn put_address(
    tx: &mut Tx,
    person: PersonId,
    address: &NewAddress,
    now: Now,
) -> Result<bool> {
    tx.exec(
        "insert into addresses (id, person, nr, sealed, key, good, removed, given)
         values ($1, $2,
             case when exists (select 1 from given_addresses g where g.person = $2 and g.address = $1)
                 then (select coalesce(min(a.nr), 1) - 1 from addresses a where a.person = $2)
                 else (select coalesce(max(a.nr), 0) + 1 from addresses a where a.person = $2) end,
             $3, $4, 1, 0, $5)
         on conflict (id) do nothing",
        values![address.id, person, address.sealed.clone(), address.key, now.trusted],
    )
    .await
    .map(|put| put == 1)
}

/// What could not be brought anywhere goes to an address that came later. Also at a replay.
pub(super) async fn has_another(tx: &mut Tx, person: PersonId, now: Now) -> Result<()> {
    // They had left before, so they are Sending and nothing earlier: the author is shown what she was shown.
    let deliveries = pair::deliveries(tx, person).await?;
    for delivery in deliveries.iter().filter(|d| d.state == State::Unreachable) {
        // Of several birthdays that could not be brought the newest alone goes now.
        let newer = |d: &&unsaid_delivery::Delivery| {
            d.letter == delivery.letter && d.occurrence > delivery.occurrence && d.state.has_left()
        };
        if deliveries.iter().find(newer).is_none() {
            pair::move_to(tx, delivery.id, State::Sending, Some(Wake::Trusted(now.trusted))).await?;
        }
    }
    pair::wake_knocking(tx, person, now).await
}

/// What waits to be sent to an address that was taken away ends at its next look. Also at a replay.
pub(super) async fn take_back(tx: &mut Tx, person: PersonId, now: Now) -> Result<()> {
    pair::wake_messages(tx, person, now).await?;
    pair::wake_knocking(tx, person, now).await
}
