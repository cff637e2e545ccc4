//! Letters as their author may see them, from the first reserved id on; what she takes back. Sealing itself is in [`super::seal`], uploads
//! in [`super::uploads`].

use super::map::{self, delivery_columns};
use super::tx::{Mode, Tx, values};
use super::{SqlStore, pair, seal, transaction, uploads};
use crate::rows::*;
use crate::{LetterStore, Result, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use unsaid_delivery::Fact;
use unsaid_delivery::accept::Granted;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{BlobId, LetterId};
use unsaid_delivery::state::{Delivery, State};

#[async_trait]
impl LetterStore for SqlStore {
    async fn reserve_letter(&self, author: &Author, letter: LetterId, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.exec(
                "insert into letters (id, account, reserved, withdrew, rev) values ($1, $2, $3, 0, 0)",
                values![letter, author.account, now.trusted],
            )
            .await?;
            tx.exec("insert into versions (letter, number) values ($1, 1)", values![letter]).await.map(drop)
        })
    }

    async fn reserve_version(&self, author: &Author, letter: LetterId, _now: Now) -> Result<u32> {
        transaction!(self, Mode::Write, |tx| {
            hers(&mut tx, author, letter).await?;
            let mut row = tx
                .need(
                    "select number, case when sealed is null then 0 else 1 end from versions
                     where letter = $1 order by number desc limit 1",
                    values![letter],
                )
                .await?;
            let (number, sealed): (u32, bool) = (row.next()?, row.next()?);
            if sealed {
                let next = number + 1;
                tx.exec("insert into versions (letter, number) values ($1, $2)", values![letter, next])
                    .await?;
                return Ok(next);
            }
            for sql in [
                "delete from parts where letter = $1 and version = $2",
                "delete from uploads where letter = $1 and version = $2",
                "delete from wraps where subject = $1 and version = $2",
            ] {
                tx.exec(sql, values![letter, number]).await?;
            }
            Ok(number)
        })
    }

    async fn begin_upload(&self, author: &Author, ask: UploadAsk, _now: Now) -> Result<Upload> {
        transaction!(self, Mode::Write, |tx| uploads::begin(&mut tx, author, &ask).await)
    }

    async fn upload(&self, author: &Author, blob: BlobId) -> Result<Upload> {
        transaction!(self, Mode::Read, |tx| uploads::find(&mut tx, author, blob).await)
    }

    async fn upload_grew(&self, author: &Author, blob: BlobId, offset: u64) -> Result<()> {
        transaction!(self, Mode::Write, |tx| uploads::grew(&mut tx, author, blob, offset).await)
    }

    async fn upload_ended(&self, author: &Author, blob: BlobId, complete: bool) -> Result<()> {
        transaction!(self, Mode::Write, |tx| uploads::ended(&mut tx, author, blob, complete).await)
    }

    async fn part(&self, author: &Author, letter: LetterId, version: u32, name: &str) -> Result<Part> {
        transaction!(self, Mode::Read, |tx| {
            looks_hers(&mut tx, author, letter).await?;
            uploads::one(&mut tx, letter, version, name).await
        })
    }

    async fn put_wrap(
        &self,
        author: &Author,
        letter: LetterId,
        version: u32,
        kind: WrapKind,
        bytes: Vec<u8>,
        host_generation: u32,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            uploads::open_version(&mut tx, author, letter, version).await?;
            if kind == WrapKind::Unlock {
                return Err(StoreError::Conflict);
            }
            tx.exec(
                "insert into wraps (subject, version, kind, bytes, host_generation) values ($1, $2, $3, $4, $5)
                 on conflict (subject, version, kind) do update
                 set bytes = excluded.bytes, host_generation = excluded.host_generation",
                values![letter, version, kind, bytes.clone(), host_generation],
            )
            .await
            .map(drop)
        })
    }

    async fn author_wrap(&self, author: &Author, letter: LetterId, version: u32) -> Result<Vec<u8>> {
        transaction!(self, Mode::Read, |tx| {
            looks_hers(&mut tx, author, letter).await?;
            wrap(&mut tx, letter, version, WrapKind::Author).await?.ok_or(StoreError::Missing)
        })
    }

    async fn unproven(&self, author: &Author, letter: LetterId, version: u32) -> Result<Unproven> {
        transaction!(self, Mode::Read, |tx| {
            looks_hers(&mut tx, author, letter).await?;
            tx.need("select 1 from versions where letter = $1 and number = $2", values![letter, version])
                .await?;
            Ok(Unproven {
                parts: uploads::parts(&mut tx, letter, version).await?,
                has_author_wrap: wrap(&mut tx, letter, version, WrapKind::Author).await?.is_some(),
                host_wrap: wrap(&mut tx, letter, version, WrapKind::Host).await?,
            })
        })
    }

    async fn seal(&self, author: &Author, seal: Seal, now: Now) -> Result<Letter> {
        transaction!(self, Mode::Write, |tx| {
            seal::seal(&mut tx, author, &seal, now).await?;
            one(&mut tx, seal.letter).await
        })
    }

    async fn letters(&self, author: &Author) -> Result<Vec<Letter>> {
        transaction!(self, Mode::Read, |tx| all(&mut tx, author).await)
    }

    async fn letter(&self, author: &Author, letter: LetterId) -> Result<Letter> {
        transaction!(self, Mode::Read, |tx| {
            looks_hers(&mut tx, author, letter).await?;
            one(&mut tx, letter).await
        })
    }

    async fn commit_author(
        &self,
        author: &Author,
        delivery: &Delivery,
        granted: &Granted,
        _now: Now,
    ) -> Result<Letter> {
        transaction!(self, Mode::Write, |tx| {
            let rev = hers(&mut tx, author, delivery.letter).await?;
            pair::lock_delivery(&mut tx, delivery).await?;
            match &granted.fact {
                fact @ (Fact::Withdrawn { letter } | Fact::Undone { letter })
                    if *letter == delivery.letter =>
                {
                    let withdrew = matches!(fact, Fact::Withdrawn { .. });
                    said(&mut tx, delivery.letter, withdrew).await?;
                    tx.fact(delivery.letter, rev + 1, fact.clone());
                }
                fact => tx.fact(delivery.id, delivery.rev + 1, fact.clone()),
            }
            move_by_her(&mut tx, delivery, granted.state, granted.wake).await?;
            one(&mut tx, delivery.letter).await
        })
    }
}

/// What she said about a letter raises its rev. Also at a replay.
pub(super) async fn said(tx: &mut Tx, letter: LetterId, withdrew: bool) -> Result<()> {
    tx.exec(
        "update letters set rev = rev + 1, withdrew = case when $1 = 1 then 1 else withdrew end where id = $2",
        values![i64::from(withdrew), letter],
    )
    .await
    .map(drop)
}

/// What her word does to a promise: its state, and at an end that is not an opening nothing but her own wraps stays. Also at a replay.
pub(super) async fn move_by_her(
    tx: &mut Tx,
    delivery: &Delivery,
    state: State,
    wake: Option<unsaid_delivery::state::Wake>,
) -> Result<()> {
    pair::move_to(tx, delivery.id, state, wake).await?;
    if state.is_end() && state != State::Opened {
        pair::remove_wraps(tx, delivery.letter).await?;
    }
    Ok(())
}

/// A letter of hers, locked; gives its rev.
async fn hers(tx: &mut Tx, author: &Author, letter: LetterId) -> Result<i64> {
    tx.need(
        "select rev from letters where id = $1 and account = $2 /*lock*/",
        values![letter, author.account],
    )
    .await?
    .next()
}

async fn looks_hers(tx: &mut Tx, author: &Author, letter: LetterId) -> Result<()> {
    tx.need("select 1 from letters where id = $1 and account = $2", values![letter, author.account])
        .await
        .map(drop)
}

/// A wrap, if it is there.
pub(super) async fn wrap(
    tx: &mut Tx,
    letter: LetterId,
    version: u32,
    kind: WrapKind,
) -> Result<Option<Vec<u8>>> {
    let row = tx
        .one(
            "select bytes from wraps where subject = $1 and version = $2 and kind = $3",
            values![letter, version, kind],
        )
        .await?;
    row.map(|mut row| row.next()).transpose()
}

async fn one(tx: &mut Tx, id: LetterId) -> Result<Letter> {
    let withdrew = tx.need("select withdrew from letters where id = $1", values![id]).await?.next()?;
    let mut letter = Letter { id, version: 0, versions: Vec::new(), withdrew, delivery: None };
    let rows = tx
        .query(
            "select number, sealed from versions where letter = $1 and sealed is not null order by number",
            values![id],
        )
        .await?;
    for mut row in rows {
        add(&mut letter, row.next()?, row.next()?);
    }
    let row = tx
        .one(
            concat!(
                "select ",
                delivery_columns!(),
                " from deliveries d where d.letter = $1 order by d.occurrence desc limit 1"
            ),
            values![id],
        )
        .await?;
    letter.delivery = row.map(|mut row| map::delivery(&mut row)).transpose()?;
    Ok(letter)
}

fn add(letter: &mut Letter, number: u32, sealed: Timestamp) {
    letter.version = number;
    letter.versions.push((number, sealed));
}

async fn all(tx: &mut Tx, author: &Author) -> Result<Vec<Letter>> {
    let rows = tx
        .query(
            "select l.id, l.withdrew, v.number, v.sealed, v.nr
             from letters l join versions v on v.letter = l.id and v.sealed is not null
             where l.account = $1 order by l.id, v.number",
            values![author.account],
        )
        .await?;
    let mut letters: Vec<Letter> = Vec::new();
    let mut newest: std::collections::BTreeMap<LetterId, (Timestamp, i64)> = Default::default();
    for mut row in rows {
        let (id, withdrew): (LetterId, bool) = (row.next()?, row.next()?);
        if letters.last().is_none_or(|l| l.id != id) {
            letters.push(Letter { id, version: 0, versions: Vec::new(), withdrew, delivery: None });
        }
        if let Some(letter) = letters.last_mut() {
            let (number, sealed) = (row.next()?, row.next()?);
            add(letter, number, sealed);
            newest.insert(id, (sealed, row.next()?));
        }
    }
    let rows = tx
        .query(
            concat!(
                "select ",
                delivery_columns!(),
                " from deliveries d join letters l on l.id = d.letter where l.account = $1 order by d.letter, d.occurrence"
            ),
            values![author.account],
        )
        .await?;
    let place: std::collections::BTreeMap<LetterId, usize> =
        letters.iter().enumerate().map(|(at, letter)| (letter.id, at)).collect();
    for mut row in rows {
        let delivery = map::delivery(&mut row)?;
        // Of several occurrences the newest stays.
        if let Some(at) = place.get(&delivery.letter) {
            letters[*at].delivery = Some(delivery);
        }
    }
    letters.sort_by_key(|letter| std::cmp::Reverse(newest.get(&letter.id).copied()));
    Ok(letters)
}
