//! Whether the rows balance: each living row has its wake, each wake its row, each promise its version; what the journal says stands in the rows; and nothing
//! vanished between two nights. A wake at once is the one thing that is mended here, because it can do no harm: whatever is woken is decided anew.

use super::care::{is_a_state, park_unread, readable, stands};
use super::tx::{Mode, Row, Tx, Value, values};
use super::{Base, SqlStore, transaction, wakes};
use crate::care::*;
use crate::journal::JournalError;
use crate::rows::{Lane, WakeOf};
use crate::{Result, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::{DAY, Now};
use unsaid_delivery::id::{BootId, DeliveryId, LetterId, MessageId};

/// What was begun less than so long ago may still be on its way to being committed, and is counted the next night.
const SETTLED: SignedDuration = SignedDuration::from_mins(15);
/// A wake so long after its time is a wake that somebody forgot.
const OVERSLEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Between two knocks there is a year.
const LONGEST_SLEEP_DAYS: i64 = 400;
/// So many facts are held against the rows in one transaction.
const FACTS: usize = 500;

/// A wake as it stands.
struct Woken {
    trusted: bool,
    at: i64,
    held: bool,
}

/// A living promise, as far as it can be read.
struct Living {
    id: DeliveryId,
    state: String,
    pinned: i64,
    due: Option<i64>,
    gate: String,
    sealed: bool,
    withdrew: bool,
}

/// Looks at one piece.
pub(super) async fn piece(tx: &mut Tx, piece: Piece, now: Now) -> Result<Vec<Finding>> {
    forget(tx, piece).await?;
    let mut found = deliveries(tx, piece, now).await?;
    found.extend(messages(tx, piece, now).await?);
    found.extend(letters(tx, piece, now).await?);
    for finding in &found {
        stands(tx, finding, now).await?;
    }
    found.sort();
    Ok(found)
}

/// What was mended the night before, and what is not held any more, stands no longer.
async fn forget(tx: &mut Tx, piece: Piece) -> Result<()> {
    let (.., from, to) = ends(piece);
    tx.exec(
        "delete from findings where name >= $1 and name <= $2 and (wrong in ('no-wake', 'sleeps-too-long')
             or (thing = 'delivery' and exists (select 1 from deliveries d where d.id = findings.name and d.state <> 'parked')))",
        values![from.as_str(), to.as_str()],
    )
    .await
    .map(drop)
}

fn ends(piece: Piece) -> ([u8; 16], [u8; 16], String, String) {
    let (first, last) = piece.ends();
    let (mut from, mut to) = (DeliveryId(first).to_string(), DeliveryId(last).to_string());
    // Text is ordered by its letters, where figures stand before them; the piece is its first two of them, or everything.
    let prefix = if piece.of == 1 { 0 } else { 2 };
    from.truncate(prefix);
    to.truncate(prefix);
    (first, last, from, to + &"z".repeat(26 - prefix))
}

/// The wakes of one kind in a piece. Who holds one under a name that is nobody's holds it no more.
async fn woken(tx: &mut Tx, what: &'static str, piece: Piece) -> Result<BTreeMap<[u8; 16], Woken>> {
    let (first, last, ..) = ends(piece);
    let rows = tx
        .query(
            "select id, clock, at, holder from wakes where what = $1 and id >= $2 and id <= $3",
            &[what.into(), first.to_vec().into(), last.to_vec().into()],
        )
        .await?;
    let wake = |row: &mut Row| {
        let id: Vec<u8> = row.next()?;
        let id: [u8; 16] = id.try_into().map_err(|_| StoreError::Damaged)?;
        let (clock, at, holder): (String, i64, Option<String>) = (row.next()?, row.next()?, row.next()?);
        Ok((id, clock, at, holder))
    };
    let mut wakes = BTreeMap::new();
    for (id, clock, at, holder) in readable(rows, "wake", wake) {
        let named = holder.as_ref().is_none_or(|name| name.parse::<BootId>().is_ok());
        if !named {
            tracing::error!("a wake was held under a name that is nobody's; it is free again");
            tx.exec(
                "update wakes set holder = null where what = $1 and id = $2",
                &[what.into(), id.to_vec().into()],
            )
            .await?;
        }
        wakes.insert(id, Woken { trusted: clock == "t", at, held: named && holder.is_some() });
    }
    Ok(wakes)
}

async fn deliveries(tx: &mut Tx, piece: Piece, now: Now) -> Result<Vec<Finding>> {
    let (.., from, to) = ends(piece);
    let rows = tx
        .query(
            "select d.id, d.state, d.pinned, d.due, d.gate, case when v.sealed is null then 0 else 1 end, coalesce(l.withdrew, 0)
             from deliveries d left join versions v on v.letter = d.letter and v.number = d.version
                 left join letters l on l.id = d.letter
             where d.id >= $1 and d.id <= $2 and d.state not in ('opened', 'withdrawn', 'refused', 'unanswered', 'unreachable')",
            values![from.as_str(), to.as_str()],
        )
        .await?;
    let living = |row: &mut Row| {
        Ok(Living {
            id: row.next()?,
            state: row.next()?,
            pinned: row.next()?,
            due: row.next()?,
            gate: row.next()?,
            sealed: row.next()?,
            withdrew: row.next()?,
        })
    };
    let rows = readable(rows, "delivery", living);
    let mut wakes = woken(tx, "d", piece).await?;
    let mut found = Vec::new();
    for row in rows {
        let wake = wakes.remove(&row.id.0);
        if row.state == "parked" {
            continue;
        }
        if let Some(wrong) = cannot_be(&row) {
            park_unread(tx, row.id, now).await?;
            found.push(Finding::of_delivery(row.id, wrong));
            continue;
        }
        let wrong = match &wake {
            // What waits for a gate is woken by whatever opens it.
            None if row.gate != "none" => continue,
            None => Wrong::NoWake,
            Some(wake) if oversleeps(&row, wake, now) => Wrong::SleepsTooLong,
            Some(_) => continue,
        };
        wakes::at_once(tx, WakeOf::Delivery(row.id), Lane::Letters, now).await?;
        found.push(Finding::of_delivery(row.id, wrong));
    }
    // What is left wakes something that has ended, or nothing at all.
    for id in wakes.into_keys().map(DeliveryId) {
        if tx.one("select 1 from deliveries where id = $1", values![id]).await?.is_none() {
            found.push(Finding::of_delivery(id, Wrong::RowGone));
        }
    }
    Ok(found)
}

/// What no row of a promise may say, and what therefore must not leave.
fn cannot_be(row: &Living) -> Option<Wrong> {
    let waits = matches!(row.state.as_str(), "resting" | "waiting" | "due");
    if !is_a_state(&row.state) || !matches!(row.pinned, 0 | 1) {
        Some(Wrong::Unreadable)
    } else if row.pinned == 1 && waits {
        Some(Wrong::OpenedButWaits)
    } else if row.withdrew && row.pinned == 0 {
        Some(Wrong::WithdrawnButWaits)
    } else if !row.sealed {
        Some(Wrong::VersionMissing)
    } else {
        None
    }
}

fn oversleeps(row: &Living, wake: &Woken, now: Now) -> bool {
    if wake.held {
        return false;
    }
    match (row.state.as_str(), row.due, wake.trusted) {
        ("waiting", Some(due), true) => {
            wake.at.saturating_sub(due) > OVERSLEPT.as_micros().try_into().unwrap_or(i64::MAX)
        }
        ("due" | "sending" | "knocked", _, false) => {
            wake.at.saturating_sub(now.observed.0) > LONGEST_SLEEP_DAYS * DAY
        }
        _ => false,
    }
}

async fn messages(tx: &mut Tx, piece: Piece, now: Now) -> Result<Vec<Finding>> {
    let (.., from, to) = ends(piece);
    let rows = tx
        .query(
            "select id, kind from messages where id >= $1 and id <= $2 and state in ('waiting', 'started')",
            values![from.as_str(), to.as_str()],
        )
        .await?;
    let living: Vec<(MessageId, String)> = readable(rows, "message", |row| Ok((row.next()?, row.next()?)));
    let mut wakes = woken(tx, "m", piece).await?;
    let of = |id: MessageId, wrong| Finding { thing: Thing::Message, name: id.to_string(), wrong };
    let mut found = Vec::new();
    for (id, kind) in living {
        if wakes.remove(&id.0).is_none() {
            let lane = if kind == "code" { Lane::Codes } else { Lane::Letters };
            wakes::at_once(tx, WakeOf::Message(id), lane, now).await?;
            found.push(of(id, Wrong::NoWake));
        }
    }
    for id in wakes.into_keys().map(MessageId) {
        if tx.one("select 1 from messages where id = $1", values![id]).await?.is_none() {
            found.push(of(id, Wrong::RowGone));
        }
    }
    Ok(found)
}

async fn letters(tx: &mut Tx, piece: Piece, now: Now) -> Result<Vec<Finding>> {
    let (.., from, to) = ends(piece);
    let rows = tx
        .query(
            "select distinct v.letter from versions v where v.letter >= $1 and v.letter <= $2 and v.amends = 'resting'
                 and not exists (select 1 from findings f where f.thing = 'letter' and f.name = v.letter)",
            values![from.as_str(), to.as_str()],
        )
        .await?;
    let living: Vec<LetterId> = readable(rows, "letter", |row| row.next());
    let wakes = woken(tx, "l", piece).await?;
    let mut found = Vec::new();
    for id in living.iter().filter(|id| !wakes.contains_key(&id.0)) {
        wakes::at_once(tx, WakeOf::Letter(*id), Lane::Letters, now).await?;
        found.push(Finding { thing: Thing::Letter, name: id.to_string(), wrong: Wrong::NoWake });
    }
    Ok(found)
}

/// Counts a night.
pub(super) async fn night(store: &SqlStore, now: Now) -> Result<Balanced> {
    hold_against_journal(store, now).await?;
    transaction!(store, Mode::Write, |tx| {
        let before = newest(&mut tx).await?;
        let rows = tx.query("select state, count(*) from deliveries group by state", &[]).await?;
        let mut counts: Vec<(String, u64)> =
            rows.into_iter().map(|mut row| Ok((row.next()?, row.next()?))).collect::<Result<_>>()?;
        counts.sort();
        let until = now.trusted.checked_sub(SETTLED).unwrap_or(Timestamp::MIN);
        let until_then = made_until(&mut tx, until).await?;
        let lost = match &before {
            Some(before) => before.until_then.saturating_sub(made_until(&mut tx, before.until).await?),
            None => 0,
        };
        if lost > 0 {
            let night = before.as_ref().map_or_else(String::new, |before| before.day.to_string());
            let fewer =
                Finding { thing: Thing::House, name: format!("{lost} since {night}"), wrong: Wrong::Fewer };
            stands(&mut tx, &fewer, now).await?;
        }
        let day = now.trusted.to_zoned(jiff::tz::TimeZone::UTC).date();
        let today = Balance { day, counts, until, until_then };
        keep(&mut tx, &today, now).await?;
        Ok(Balanced { before, today, lost })
    })
}

async fn made_until(tx: &mut Tx, until: Timestamp) -> Result<u64> {
    tx.need("select count(*) from deliveries where coalesce(made, 0) <= $1", values![until]).await?.next()
}

async fn newest(tx: &mut Tx) -> Result<Option<Balance>> {
    let row =
        tx.one("select day, until, until_then from balances order by at desc, day desc limit 1", &[]).await?;
    let Some(mut row) = row else { return Ok(None) };
    let (day, until, until_then): (String, Timestamp, u64) = (row.next()?, row.next()?, row.next()?);
    let rows =
        tx.query("select state, many from balance_counts where day = $1", values![day.as_str()]).await?;
    let mut counts: Vec<(String, u64)> =
        rows.into_iter().map(|mut row| Ok((row.next()?, row.next()?))).collect::<Result<_>>()?;
    counts.sort();
    let Ok(day) = day.parse() else { return Err(StoreError::Damaged) };
    Ok(Some(Balance { day, counts, until, until_then }))
}

async fn keep(tx: &mut Tx, balance: &Balance, now: Now) -> Result<()> {
    let day = balance.day.to_string();
    tx.exec("delete from balance_counts where day = $1", values![day.as_str()]).await?;
    tx.exec(
        "insert into balances (day, at, until, until_then) values ($1, $2, $3, $4)
         on conflict (day) do update set at = excluded.at, until = excluded.until, until_then = excluded.until_then",
        values![day.as_str(), now.trusted, balance.until, balance.until_then],
    )
    .await?;
    for (state, many) in &balance.counts {
        tx.exec(
            "insert into balance_counts (day, state, many) values ($1, $2, $3)",
            values![day.as_str(), state.as_str(), *many],
        )
        .await?;
    }
    Ok(())
}

/// Every fact that was kept since the time before stands in the rows.
async fn hold_against_journal(store: &SqlStore, now: Now) -> Result<()> {
    let node = store.journal.node();
    let after: u64 = transaction!(store, Mode::Read, |tx| {
        let row = tx.one("select seq from balanced where node = $1", values![node]).await?;
        row.map_or(Ok(0), |mut row| row.next())
    })?;
    let read = match store.base {
        Base::Sqlite(_) => store.journal.replay(after),
        Base::Postgres(_) => {
            let journal = std::sync::Arc::clone(&store.journal);
            tokio::task::spawn_blocking(move || journal.replay(after))
                .await
                .unwrap_or_else(|_| Err(JournalError::Broken("its thread ended".into())))
        }
    };
    let mut records = read.map_err(|error| {
        tracing::error!(%error, "the journal cannot be held against the rows");
        StoreError::Unavailable("the journal cannot be read".into())
    })?;
    if matches!(store.base, Base::Postgres(_)) {
        // What is flushed and not committed yet is looked at the next night. (SQLite has one writer, which our transaction waits for.)
        let groups: BTreeSet<u64> = records.iter().map(|record| record.group).collect();
        let in_flight: BTreeSet<u64> = groups.into_iter().rev().take(store.in_flight()).collect();
        records.retain(|record| !in_flight.contains(&record.group));
    }
    for group in records.chunks(FACTS) {
        let last = group.last().map_or(after, |record| record.seq);
        transaction!(store, Mode::Write, |tx| {
            for record in group {
                if !stands_in_rows(&mut tx, &record.entry.fact).await? {
                    let name = format!("fact {} of {node}", record.seq);
                    let finding = Finding { thing: Thing::House, name, wrong: Wrong::FactWithoutRow };
                    stands(&mut tx, &finding, now).await?;
                }
            }
            tx.exec(
                "insert into balanced (node, seq) values ($1, $2) on conflict (node) do update set seq = excluded.seq",
                values![node, last],
            )
            .await
            .map(drop)
        })?;
    }
    Ok(())
}

async fn stands_in_rows(tx: &mut Tx, fact: &Fact) -> Result<bool> {
    let row = match fact {
        Fact::Sealed { letter, version, .. } => {
            tx.one(
                "select 1 from versions where letter = $1 and number = $2 and sealed is not null",
                values![*letter, *version],
            )
            .await?
        }
        // What was no knock is not rebuilt in a restored house: there is nothing of it that could be sent again.
        Fact::Accepted { message, knock: Some(_) } => {
            // Accepted first, it may have come back since.
            tx.one(
                "select 1 from messages where id = $1 and state in ('accepted', 'refused')",
                values![*message],
            )
            .await?
        }
        Fact::Opened { delivery, .. } => {
            tx.one("select 1 from deliveries where id = $1 and pinned = 1", values![*delivery]).await?
        }
        Fact::Withdrawn { letter } => {
            tx.one("select 1 from letters where id = $1 and withdrew = 1", values![*letter]).await?
        }
        Fact::Refused { address, .. } => {
            let address: Value = (*address).into();
            // It may have been taken back since; then its row says so.
            tx.one("select 1 from refusals where address = $1 limit 1", &[address]).await?
        }
        _ => return Ok(true),
    };
    Ok(row.is_some())
}
