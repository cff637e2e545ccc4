//! Drafts at the house, with what was saved before, and their photos. All bytes are sealed to the author; nothing here can be read.

use super::tx::{Mode, Row, Tx, values};
use super::{SqlStore, limits, sessions, transaction};
use crate::rows::*;
use crate::{DraftStore, Result, StoreError};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{BlobId, DraftId};

/// A node that was not heard of for so long is gone.
const NODE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Sessions that are over are kept for so long, in which nobody can use them.
const SESSION: SignedDuration = SignedDuration::from_hours(100 * 24);

#[async_trait]
impl DraftStore for SqlStore {
    async fn put_draft(
        &self,
        author: &Author,
        draft: DraftId,
        rev: i64,
        bytes: Vec<u8>,
        now: Now,
    ) -> Result<i64> {
        transaction!(self, Mode::Write, |tx| put(&mut tx, author, draft, rev, &bytes, now).await)
    }

    async fn drafts(&self, author: &Author) -> Result<Vec<DraftRow>> {
        transaction!(self, Mode::Read, |tx| {
            let rows = tx
                .query(
                    "select id, rev, saved, length(bytes), discarded from drafts where account = $1",
                    values![author.account],
                )
                .await?;
            let mut drafts = rows.into_iter().map(|mut row| draft(&mut row)).collect::<Result<Vec<_>>>()?;
            drafts.sort_by_key(|draft| (std::cmp::Reverse(draft.saved), draft.id));
            Ok(drafts)
        })
    }

    async fn draft(&self, author: &Author, draft: DraftId) -> Result<(Vec<u8>, i64)> {
        transaction!(self, Mode::Read, |tx| {
            let mut row = tx
                .need(
                    "select bytes, rev from drafts where id = $1 and account = $2",
                    values![draft, author.account],
                )
                .await?;
            Ok((row.next()?, row.next()?))
        })
    }

    async fn draft_history(&self, author: &Author, draft: DraftId) -> Result<Vec<(i64, Timestamp)>> {
        transaction!(self, Mode::Read, |tx| {
            hers(&mut tx, author, draft).await?;
            history(&mut tx, draft).await
        })
    }

    async fn draft_at(&self, author: &Author, draft: DraftId, rev: i64) -> Result<Vec<u8>> {
        transaction!(self, Mode::Read, |tx| {
            hers(&mut tx, author, draft).await?;
            tx.need("select bytes from draft_history where draft = $1 and rev = $2", values![draft, rev])
                .await?
                .next()
        })
    }

    async fn discard_draft(&self, author: &Author, draft: DraftId, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            hers(&mut tx, author, draft).await?;
            tx.exec(
                "update drafts set discarded = $1 where id = $2 and discarded is null",
                values![now.trusted, draft],
            )
            .await
            .map(drop)
        })
    }

    async fn restore_draft(&self, author: &Author, draft: DraftId) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            // In one step with looking: what is forgotten at this moment is missing, and nobody is told that it is back.
            let restored = tx
                .exec(
                    "update drafts set discarded = null where id = $1 and account = $2",
                    values![draft, author.account],
                )
                .await?;
            if restored == 1 { Ok(()) } else { Err(StoreError::Missing) }
        })
    }

    async fn put_draft_part(&self, author: &Author, draft: DraftId, part: Part) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            limits::lock(&mut tx, author).await?;
            tx.need(
                "select 1 from drafts where id = $1 and account = $2 /*lock*/",
                values![draft, author.account],
            )
            .await?;
            limits::photo(&mut tx, draft, &part.name).await?;
            limits::bytes(&mut tx, author.account, part.size).await?;
            tx.exec(
                "insert into orphans (blob)
                 select blob from draft_parts where draft = $1 and name = $2 and blob <> $3",
                values![draft, part.name.as_str(), part.blob],
            )
            .await?;
            tx.exec(
                "insert into draft_parts (draft, name, kind, blob, size, sha256) values ($1, $2, $3, $4, $5, $6)
                 on conflict (draft, name) do update
                 set kind = excluded.kind, blob = excluded.blob, size = excluded.size, sha256 = excluded.sha256",
                values![draft, part.name.as_str(), part.kind.as_str(), part.blob, part.size, part.sha256],
            )
            .await?;
            // Named again, it is nobody's to erase.
            tx.exec("delete from orphans where blob = $1", values![part.blob]).await.map(drop)
        })
    }

    async fn draft_part(&self, author: &Author, draft: DraftId, name: &str) -> Result<Part> {
        transaction!(self, Mode::Read, |tx| {
            hers(&mut tx, author, draft).await?;
            let mut row = tx
                .need(
                    "select name, kind, blob, size, sha256 from draft_parts where draft = $1 and name = $2",
                    values![draft, name],
                )
                .await?;
            Ok(Part {
                name: row.next()?,
                kind: row.next()?,
                blob: row.next()?,
                size: row.next()?,
                sha256: row.next()?,
            })
        })
    }

    async fn prune(&self, now: Now) -> Result<u64> {
        transaction!(self, Mode::Write, |tx| prune(&mut tx, now).await)
    }

    async fn orphans(&self, limit: usize) -> Result<Vec<BlobId>> {
        transaction!(self, Mode::Read, |tx| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = tx.query("select blob from orphans order by blob limit $1", values![limit]).await?;
            rows.into_iter().map(|mut row| row.next()).collect()
        })
    }

    async fn orphan_erased(&self, blob: BlobId) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.exec("delete from orphans where blob = $1", values![blob]).await.map(drop)
        })
    }
}

fn draft(row: &mut Row) -> Result<DraftRow> {
    Ok(DraftRow {
        id: row.next()?,
        rev: row.next()?,
        saved: row.next()?,
        size: row.next()?,
        discarded: row.next()?,
    })
}

async fn hers(tx: &mut Tx, author: &Author, draft: DraftId) -> Result<()> {
    tx.need("select 1 from drafts where id = $1 and account = $2", values![draft, author.account])
        .await
        .map(drop)
}

/// The earlier savings, the newest first.
async fn history(tx: &mut Tx, draft: DraftId) -> Result<Vec<(i64, Timestamp)>> {
    let rows = tx
        .query("select rev, saved from draft_history where draft = $1 order by rev desc", values![draft])
        .await?;
    rows.into_iter().map(|mut row| Ok((row.next()?, row.next()?))).collect()
}

async fn put(tx: &mut Tx, author: &Author, draft: DraftId, rev: i64, bytes: &[u8], now: Now) -> Result<i64> {
    // Her account is locked, so that two windows that save a new draft at once come one after the other.
    tx.need("select 1 from accounts where id = $1 /*lock*/", values![author.account]).await?;
    let row = tx.one("select account, rev from drafts where id = $1", values![draft]).await?;
    let Some(mut row) = row else {
        if rev != 0 {
            return Err(StoreError::Conflict);
        }
        limits::draft(tx, author).await?;
        limits::bytes(tx, author.account, bytes.len() as u64).await?;
        tx.exec(
            "insert into drafts (id, account, rev, bytes, saved) values ($1, $2, 1, $3, $4)",
            values![draft, author.account, bytes.to_vec(), now.trusted],
        )
        .await?;
        return Ok(1);
    };
    let (account, stored): (unsaid_delivery::AccountId, i64) = (row.next()?, row.next()?);
    if account != author.account {
        return Err(StoreError::Missing);
    }
    if stored != rev {
        return Err(StoreError::Conflict);
    }
    limits::bytes(tx, author.account, bytes.len() as u64).await?;
    tx.exec(
        "insert into draft_history (draft, rev, bytes, saved) select id, rev, bytes, saved from drafts where id = $1",
        values![draft],
    )
    .await?;
    for gone in thinned(&history(tx, draft).await?, now.trusted) {
        tx.exec("delete from draft_history where draft = $1 and rev = $2", values![draft, gone]).await?;
    }
    tx.exec(
        "update drafts set rev = rev + 1, bytes = $1, saved = $2, discarded = null where id = $3",
        values![bytes.to_vec(), now.trusted, draft],
    )
    .await?;
    Ok(rev + 1)
}

async fn prune(tx: &mut Tx, now: Now) -> Result<u64> {
    let long_ago = sessions::ago(now, SignedDuration::from_hours(DISCARDED_DAYS * 24));
    // Locked: one that is restored at this moment is not among them.
    let gone = tx
        .query("select id from drafts where discarded <= $1 order by id /*lock*/", values![long_ago])
        .await?;
    let count = gone.len() as u64;
    for mut row in gone {
        let draft: DraftId = row.next()?;
        for sql in [
            "insert into orphans (blob) select blob from draft_parts where draft = $1",
            "delete from draft_parts where draft = $1",
            "delete from draft_history where draft = $1",
            "delete from drafts where id = $1",
        ] {
            tx.exec(sql, values![draft]).await?;
        }
    }
    super::asks::prune(tx, now).await?;
    for sql in [
        "delete from sessions where last_act <= $1",
        "delete from proved where not exists (select 1 from readers r where r.token = proved.reader and r.opened > $1)",
        "delete from readers where opened <= $1",
        "delete from claim_readers where opened <= $1",
    ] {
        tx.exec(sql, values![sessions::ago(now, SESSION)]).await?;
    }
    tx.exec(
        "delete from nodes where seen <= $1 and not exists (select 1 from wakes w where w.holder = nodes.boot)",
        values![sessions::ago(now, NODE)],
    )
    .await?;
    Ok(count)
}
