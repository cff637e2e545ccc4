//! Uploads and the parts that they become. The bytes are in the blob store; here stands whose they are and how many are durable.

use super::limits;
use super::tx::{Tx, values};
use crate::rows::{Author, Part, Upload, UploadAsk};
use crate::{Result, StoreError};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{BlobId, LetterId};

/// Locks a version of hers with its letter. Gives whether it is sealed.
async fn lock_version(tx: &mut Tx, author: &Author, letter: LetterId, version: u32) -> Result<bool> {
    tx.need("select 1 from letters where id = $1 and account = $2 /*lock*/", values![letter, author.account])
        .await?;
    tx.need(
        "select case when sealed is null then 0 else 1 end from versions where letter = $1 and number = $2",
        values![letter, version],
    )
    .await?
    .next()
}

/// A version of hers that is not sealed yet, locked with its letter.
pub(super) async fn open_version(tx: &mut Tx, author: &Author, letter: LetterId, version: u32) -> Result<()> {
    if lock_version(tx, author, letter, version).await? { Err(StoreError::Conflict) } else { Ok(()) }
}

pub(super) async fn begin(tx: &mut Tx, author: &Author, ask: &UploadAsk, now: Now) -> Result<Upload> {
    limits::lock(tx, author).await?;
    open_version(tx, author, ask.letter, ask.version).await?;
    let there = tx
        .one(
            "select blob, stored, size, sha256, complete from uploads
             where letter = $1 and version = $2 and name = $3 and kind = $4 and size = $5 and sha256 = $6",
            values![ask.letter, ask.version, ask.name.as_str(), ask.kind.as_str(), ask.size, ask.sha256],
        )
        .await?;
    if let Some(mut row) = there {
        return upload(&mut row);
    }
    for sql in [
        "insert into orphans (blob) select blob from uploads where letter = $1 and version = $2 and name = $3",
        "delete from parts where letter = $1 and version = $2 and name = $3",
        "delete from uploads where letter = $1 and version = $2 and name = $3",
    ] {
        tx.exec(sql, values![ask.letter, ask.version, ask.name.as_str()]).await?;
    }
    // Behind the deletion: what takes another's place is no further one.
    limits::upload(tx, author, ask.size, now).await?;
    tx.exec(
        "insert into uploads (blob, account, letter, version, name, kind, size, sha256, begun, stored, complete)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)",
        values![
            ask.blob,
            author.account,
            ask.letter,
            ask.version,
            ask.name.as_str(),
            ask.kind.as_str(),
            ask.size,
            ask.sha256,
            now.trusted
        ],
    )
    .await?;
    Ok(Upload { blob: ask.blob, offset: 0, size: ask.size, sha256: ask.sha256, complete: false })
}

fn upload(row: &mut super::tx::Row) -> Result<Upload> {
    Ok(Upload {
        blob: row.next()?,
        offset: row.next()?,
        size: row.next()?,
        sha256: row.next()?,
        complete: row.next()?,
    })
}

pub(super) async fn find(tx: &mut Tx, author: &Author, blob: BlobId) -> Result<Upload> {
    let mut row = tx
        .need(
            "select blob, stored, size, sha256, complete from uploads where blob = $1 and account = $2",
            values![blob, author.account],
        )
        .await?;
    upload(&mut row)
}

/// An upload of hers, and whether its version is sealed; locked.
async fn lock_upload(tx: &mut Tx, author: &Author, blob: BlobId) -> Result<(Upload, bool)> {
    let mut row = tx
        .need(
            "select letter, version from uploads where blob = $1 and account = $2",
            values![blob, author.account],
        )
        .await?;
    let sealed = lock_version(tx, author, row.next()?, row.next()?).await?;
    Ok((find(tx, author, blob).await?, sealed))
}

pub(super) async fn grew(tx: &mut Tx, author: &Author, blob: BlobId, offset: u64) -> Result<()> {
    let (upload, sealed) = lock_upload(tx, author, blob).await?;
    if offset < upload.offset || offset > upload.size || (sealed && offset != upload.offset) {
        return Err(StoreError::Conflict);
    }
    tx.exec("update uploads set stored = $1 where blob = $2", values![offset, blob]).await.map(drop)
}

pub(super) async fn ended(tx: &mut Tx, author: &Author, blob: BlobId, complete: bool) -> Result<()> {
    let (upload, sealed) = lock_upload(tx, author, blob).await?;
    if (complete && upload.offset != upload.size) || (sealed && complete != upload.complete) {
        return Err(StoreError::Conflict);
    }
    if complete == upload.complete && (complete || sealed) {
        return Ok(());
    }
    tx.exec("delete from parts where blob = $1", values![blob]).await?;
    if !complete {
        tx.exec("update uploads set stored = 0, complete = 0 where blob = $1", values![blob]).await?;
        return Ok(());
    }
    tx.exec("update uploads set complete = 1 where blob = $1", values![blob]).await?;
    tx.exec(
        "insert into parts (letter, version, name, kind, blob, size, sha256)
         select letter, version, name, kind, blob, size, sha256 from uploads where blob = $1",
        values![blob],
    )
    .await
    .map(drop)
}

/// The complete parts of a version, sorted by name.
pub(super) async fn parts(tx: &mut Tx, letter: LetterId, version: u32) -> Result<Vec<Part>> {
    let rows = tx
        .query(
            "select name, kind, blob, size, sha256 from parts where letter = $1 and version = $2",
            values![letter, version],
        )
        .await?;
    let mut parts: Vec<Part> = rows.into_iter().map(|mut row| part(&mut row)).collect::<Result<_>>()?;
    // Here and not in the question: databases sort text by rules of their own.
    parts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(parts)
}

/// One complete part.
pub(super) async fn one(tx: &mut Tx, letter: LetterId, version: u32, name: &str) -> Result<Part> {
    let mut row = tx
        .need(
            "select name, kind, blob, size, sha256 from parts where letter = $1 and version = $2 and name = $3",
            values![letter, version, name],
        )
        .await?;
    part(&mut row)
}

fn part(row: &mut super::tx::Row) -> Result<Part> {
    Ok(Part {
        name: row.next()?,
        kind: row.next()?,
        blob: row.next()?,
        size: row.next()?,
        sha256: row.next()?,
    })
}
