//! The sets of keepers' cards, in a database, and what the journal and a manifest make of one that the rows have not.

use super::apply::Found;
use super::tx::{Mode, Row, Tx, values};
use super::{SqlStore, life_manifest, persons, transaction, uploads};
use crate::keeper_sets::*;
use crate::rows::{Author, WrapKind};
use crate::{Result, StoreError};
use async_trait::async_trait;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, KeeperSetId, LetterId};

#[async_trait]
impl KeeperSetStore for SqlStore {
    async fn put_keeper_set(&self, author: &Author, set: NewKeeperSet, now: Now) -> Result<KeeperSetRow> {
        transaction!(self, Mode::Write, |tx| {
            tx.need("select 1 from accounts where id = $1 /*lock*/", values![author.account]).await?;
            if let Some(person) = set.person {
                persons::hers(&mut tx, author, person).await?;
            }
            let before = read(&mut tx, set.id).await?;
            match &before {
                Some(row) if row.account != author.account => return Err(StoreError::Missing),
                Some(row) if row.person != set.person => return Err(StoreError::Conflict),
                Some(_) => {}
                None if of_account(&mut tx, author.account).await?.len() >= SETS => {
                    return Err(StoreError::Conflict);
                }
                None => {}
            }
            if !can_be(&set) {
                return Err(StoreError::Conflict);
            }
            let row = KeeperSetRow {
                id: set.id,
                account: author.account,
                person: set.person,
                needed: set.needed,
                of: set.of,
                file: set.file.clone(),
                made: now.trusted,
                rev: before.map_or(0, |row| row.rev) + 1,
            };
            tx.fact(row.id, row.rev, row.fact());
            keep(&mut tx, &row).await?;
            life_manifest::keep(&mut tx, author.account).await?;
            Ok(row)
        })
    }

    async fn keeper_sets(&self, account: AccountId) -> Result<Vec<KeeperSetRow>> {
        transaction!(self, Mode::Read, |tx| of_account(&mut tx, account).await)
    }

    async fn keeper_set(&self, id: KeeperSetId) -> Result<Option<KeeperSetRow>> {
        transaction!(self, Mode::Read, |tx| read(&mut tx, id).await)
    }

    async fn put_keepers_wrap(
        &self,
        author: &Author,
        letter: LetterId,
        version: u32,
        set: KeeperSetId,
        bytes: Vec<u8>,
        host_generation: u32,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            uploads::open_version(&mut tx, author, letter, version).await?;
            let hers = read(&mut tx, set).await?.is_some_and(|row| row.account == author.account);
            if !hers {
                return Err(StoreError::Missing);
            }
            tx.exec(
                "insert into wraps (subject, version, kind, bytes, host_generation, keeper_set) values ($1, $2, $3, $4, $5, $6)
                 on conflict (subject, version, kind) do update
                 set bytes = excluded.bytes, host_generation = excluded.host_generation, keeper_set = excluded.keeper_set",
                values![letter, version, WrapKind::Keepers, bytes.clone(), host_generation, set],
            )
            .await
            .map(drop)
        })
    }

    async fn keeper_set_of(&self, letter: LetterId, version: u32) -> Result<Option<KeeperSetId>> {
        transaction!(self, Mode::Read, |tx| of_version(&mut tx, letter, version).await)
    }
}

/// The columns of a set, in the order in which [`row`] reads them.
macro_rules! set_columns {
    () => {
        "id, account, person, needed, of_cards, file, made, rev"
    };
}

fn row(row: &mut Row) -> Result<KeeperSetRow> {
    Ok(KeeperSetRow {
        id: row.next()?,
        account: row.next()?,
        person: row.next()?,
        needed: row.next()?,
        of: row.next()?,
        file: row.next()?,
        made: row.next()?,
        rev: row.next()?,
    })
}

pub(super) async fn read(tx: &mut Tx, id: KeeperSetId) -> Result<Option<KeeperSetRow>> {
    let found =
        tx.one(concat!("select ", set_columns!(), " from keeper_sets where id = $1"), values![id]).await?;
    found.map(|mut found| row(&mut found)).transpose()
}

/// Her sets, oldest first.
pub(super) async fn of_account(tx: &mut Tx, account: AccountId) -> Result<Vec<KeeperSetRow>> {
    let sql = concat!("select ", set_columns!(), " from keeper_sets where account = $1 order by nr");
    tx.query(sql, values![account]).await?.into_iter().map(|mut found| row(&mut found)).collect()
}

/// To which set a version's wrap is.
pub(super) async fn of_version(tx: &mut Tx, letter: LetterId, version: u32) -> Result<Option<KeeperSetId>> {
    let found = tx
        .one(
            "select keeper_set from wraps where subject = $1 and version = $2 and kind = 'keepers'",
            values![letter, version],
        )
        .await?;
    Ok(found.map(|mut found| found.next()).transpose()?.flatten())
}

async fn keep(tx: &mut Tx, set: &KeeperSetRow) -> Result<()> {
    tx.exec(
        "insert into keeper_sets (id, account, person, needed, of_cards, file, made, nr, rev)
         values ($1, $2, $3, $4, $5, $6, $7, (select coalesce(max(k.nr), 0) + 1 from keeper_sets k where k.account = $2), $8)
         on conflict (id) do update set needed = excluded.needed, of_cards = excluded.of_cards, file = excluded.file,
             made = excluded.made, rev = excluded.rev",
        values![
            set.id,
            set.account,
            set.person,
            i64::from(set.needed),
            i64::from(set.of),
            set.file.clone(),
            set.made,
            set.rev
        ],
    )
    .await
    .map(drop)
}

/// At a replay, and from a manifest: the newest file is the one that the cards of today open.
pub(super) async fn learn(tx: &mut Tx, set: &KeeperSetRow) -> Result<Found> {
    if read(tx, set.id).await?.is_some_and(|there| there.rev >= set.rev) {
        return Ok(Found::Known);
    }
    keep(tx, set).await?;
    Ok(Found::Applied)
}
