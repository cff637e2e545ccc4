//! What people answer to letters, and what is typed at the house's door: a mail address with its eight digits. An answer is one sealed file that its
//! author alone opens; she may see it from the morning after, so that nobody learns at what hour it was written.

use super::tx::{Row, Tx, not_before, values};
use super::{keys, pair, readers, sessions};
use crate::rows::*;
use crate::{Result, StoreError};
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, BlobId, DeliveryId, PersonId, ReplyId};
use unsaid_delivery::message::Notice;
use unsaid_delivery::{Fact, accept};

/// In which both limits here count.
const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) async fn keep(tx: &mut Tx, reader: &Reader, reply: &NewReply, now: Now) -> Result<Replied> {
    pair::lock(tx, reader.person).await?;
    readers::opened(tx, reader, reply.delivery).await?;
    let row = tx.one("select delivery, sha256, blob from replies where id = $1", values![reply.id]).await?;
    if let Some(mut row) = row {
        let (delivery, sha256, blob): (DeliveryId, [u8; 32], BlobId) =
            (row.next()?, row.next()?, row.next()?);
        if delivery != reply.delivery || sha256 != reply.sha256 {
            return Err(StoreError::Conflict);
        }
        if blob != reply.blob {
            orphan(tx, reply.blob).await?;
        }
        return Ok(Replied::Kept);
    }
    let mut row = tx
        .need(
            "select count(*) from replies r join deliveries d on d.id = r.delivery where d.person = $1 and r.at > $2",
            values![reader.person, sessions::ago(now, DAY)],
        )
        .await?;
    let today: i64 = row.next()?;
    if usize::try_from(today).unwrap_or(usize::MAX) >= REPLIES_A_DAY {
        orphan(tx, reply.blob).await?;
        return Ok(Replied::TooMany);
    }
    let seen_from = seen_from(tx, reader.account, now).await?;
    insert(
        tx,
        (reply.id, reader.account, reply.delivery),
        (reply.blob, reply.size, reply.sha256),
        seen_from,
        now,
    )
    .await?;
    keys::notice_from(tx, reader.account, Notice::Answered, reply.notice, seen_from, now).await?;
    tx.fact(
        reply.id,
        1,
        Fact::Answered {
            reply: reply.id,
            delivery: reply.delivery,
            blob: reply.blob,
            size: reply.size,
            sha256: reply.sha256,
            seen_from,
        },
    );
    Ok(Replied::Kept)
}

/// The morning from which she may see it. Her zone was checked when it was stored; should it mean nothing by now, it is the next hour but one.
async fn seen_from(tx: &mut Tx, account: AccountId, now: Now) -> Result<Timestamp> {
    let zone: String = tx.need("select zone from accounts where id = $1", values![account]).await?.next()?;
    Ok(accept::answer_is_seen(&zone, now)
        .unwrap_or_else(|_| now.trusted.checked_add(DAY).unwrap_or(now.trusted)))
}

async fn insert(
    tx: &mut Tx,
    (id, account, delivery): (ReplyId, AccountId, DeliveryId),
    (blob, size, sha256): (BlobId, u64, [u8; 32]),
    seen_from: Timestamp,
    now: Now,
) -> Result<()> {
    tx.exec(
        "insert into replies (id, account, delivery, blob, size, sha256, at, seen_from, seen)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
        &[
            id.into(),
            account.into(),
            delivery.into(),
            blob.into(),
            size.into(),
            sha256.into(),
            now.trusted.into(),
            not_before(seen_from),
        ],
    )
    .await
    .map(drop)
}

/// An answer that the journal knows and the rows did not. False: it is there, or its letter is not.
pub(super) async fn kept_after_all(
    tx: &mut Tx,
    id: ReplyId,
    delivery: DeliveryId,
    bytes: (BlobId, u64, [u8; 32]),
    seen_from: Timestamp,
    now: Now,
) -> Result<bool> {
    let there = tx.one("select 1 from replies where id = $1", values![id]).await?;
    let row = pair::delivery(tx, delivery).await?;
    let (None, Some(row)) = (there, row) else { return Ok(false) };
    insert(tx, (id, row.account, delivery), bytes, seen_from, now).await?;
    Ok(true)
}

async fn orphan(tx: &mut Tx, blob: BlobId) -> Result<()> {
    tx.exec("insert into orphans (blob) values ($1) on conflict (blob) do nothing", values![blob])
        .await
        .map(drop)
}

/// What she may see by now, the newest first.
pub(super) async fn all(tx: &mut Tx, author: &Author, now: Now) -> Result<Vec<Reply>> {
    let rows = tx
        .query(
            "select r.id, d.letter, d.person, r.seen_from, r.seen, r.blob, r.size, r.sha256
             from replies r join deliveries d on d.id = r.delivery
             where r.account = $1 and r.seen_from <= $2",
            values![author.account, now.trusted],
        )
        .await?;
    let mut replies = rows.into_iter().map(reply).collect::<Result<Vec<_>>>()?;
    // Here and not in the question: databases sort text by rules of their own.
    replies.sort_by_key(|r| (std::cmp::Reverse(r.seen_from), r.id));
    Ok(replies)
}

pub(super) async fn one(tx: &mut Tx, author: &Author, id: ReplyId, now: Now) -> Result<Reply> {
    let row = tx
        .need(
            "select r.id, d.letter, d.person, r.seen_from, r.seen, r.blob, r.size, r.sha256
             from replies r join deliveries d on d.id = r.delivery
             where r.account = $1 and r.seen_from <= $2 and r.id = $3",
            values![author.account, now.trusted, id],
        )
        .await?;
    reply(row)
}

fn reply(mut row: Row) -> Result<Reply> {
    Ok(Reply {
        id: row.next()?,
        letter: row.next()?,
        person: row.next::<PersonId>()?,
        seen_from: row.next()?,
        seen: row.next()?,
        blob: row.next()?,
        size: row.next()?,
        sha256: row.next()?,
    })
}

pub(super) async fn seen(tx: &mut Tx, author: &Author, id: ReplyId, now: Now) -> Result<()> {
    let seen = tx
        .exec(
            "update replies set seen = 1 where account = $1 and seen_from <= $2 and id = $3",
            values![author.account, now.trusted, id],
        )
        .await?;
    if seen == 1 { Ok(()) } else { Err(StoreError::Missing) }
}

pub(super) async fn try_digits(tx: &mut Tx, address: Keyed, now: Now) -> Result<DigitsTried> {
    let since = sessions::ago(now, DAY);
    tx.exec("delete from digit_tries where at <= $1", values![since]).await?;
    let mut row = tx.need("select count(*) from digit_tries where address = $1", values![address]).await?;
    let tries: i64 = row.next()?;
    if usize::try_from(tries).unwrap_or(usize::MAX) >= DIGITS_A_DAY {
        return Ok(DigitsTried::TooMany);
    }
    tx.exec("insert into digit_tries (address, at) values ($1, $2)", values![address, now.trusted]).await?;
    let rows = tx
        .query(
            "select m.id from messages m join addresses a on a.id = m.address
             where a.key = $1 and m.kind = 'knock' and m.state in ('started', 'accepted')
             order by m.since desc, m.id limit $2",
            values![address, KNOCKS_COMPARED as i64],
        )
        .await?;
    rows.into_iter().map(|mut row| row.next()).collect::<Result<_>>().map(DigitsTried::Knocks)
}
