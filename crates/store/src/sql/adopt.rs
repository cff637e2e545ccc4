//! Which store lives. A house has one living generation: the number stands in the store and in the folder of its journals, and both were raised together by the
//! last `unsaid adopt`, the folder first. A store that was restored, copied back or failed over is found out by what it lacks ([`super::replay`]), by the
//! number, by the journals that it knows and that are not there, or (PostgreSQL) by where it stands; until it is adopted it sends no letter. It decides
//! nothing about one letter: what adopting does to all of them is here.

use super::tx::{Mode, Tx, values};
use super::{Base, SqlStore, holds, keys, pair, replay, transaction, wakes};
use crate::journal::Seq;
use crate::rows::*;
use crate::{Result, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::{DeliveryId, LetterId, MessageId};
use unsaid_delivery::message::Notice;
use unsaid_delivery::parking::{self, ParkedBy};
use unsaid_delivery::record::UNKNOWN_WAIT_SECONDS;
use unsaid_delivery::state::{Parked, State, Wake};

/// What holds a house that nobody has said to be the one.
const OURS: [Hold; 4] = [Hold::NotAdopted, Hold::AnotherHouse, Hold::TwoGenerations, Hold::JournalMissing];

/// What a start found about the store itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begins {
    /// This node's journal ends before what the store knows of it: it must write another one from now on.
    pub journal_is_older: bool,
}

/// How a store is adopted.
#[derive(Debug, Clone, Copy)]
pub struct Adopting {
    /// The highest generation that stands in a folder of another node's journals.
    pub beside: u32,
    /// There is no journal, and the host has said so: whatever can have left by this instant is parked.
    pub without_journal: Option<Timestamp>,
}

/// What adopting did.
#[derive(Debug, Clone, Default)]
pub struct Adoption {
    /// The generation from now on.
    pub generation: u32,
    /// What stood in the way and does not any more.
    pub released: Vec<Hold>,
    /// Facts that the rows did not have: kind, what became of them (`applied`, `rebuilt`, `known`, `missing`), how many.
    pub found: Vec<(String, String, u64)>,
    /// Facts that could not be made: node, place, kind, subject.
    pub unmade: Vec<(String, Seq, String, String)>,
    /// Versions of letters that were made again.
    pub rebuilt: Vec<(LetterId, u32)>,
    /// Messages that were about to leave and may have: they go again, the same to the byte, after the pause of an unknown answer.
    pub may_have_left: u64,
    /// Promises that were parked because nobody knows whether they were kept.
    pub parked: u64,
    /// Authors whose signs of life may be forgotten: they are taken to be well, and are asked from the beginning.
    pub lives: u64,
    /// People who have to sign in again.
    pub sessions: u64,
}

/// A part of a sealed version.
#[derive(Debug, Clone)]
pub struct SealedPart {
    /// Of which letter.
    pub letter: LetterId,
    /// Of which version.
    pub version: u32,
    /// The part.
    pub part: Part,
}

impl SqlStore {
    /// What a house does before its door opens, and a visitor does not: is this the living store? Sets the holds that say no, and takes those back whose reason is gone.
    ///
    /// # Errors
    /// Of the store or its journal.
    pub async fn begins(&self) -> Result<Begins> {
        let cannot = |error| replay::cannot(&error);
        let (raised, last) =
            (self.journal.generation().map_err(cannot)?, self.journal.last().map_err(cannot)?);
        let beside = self.journal.beside().map_err(cannot)?;
        let (place, node, alone) =
            (self.place().await, self.journal.node(), matches!(self.base, Base::Sqlite(_)));
        let (begins, missing) = transaction!(self, Mode::Write, |tx| {
            let now = replay::now(&mut tx).await?;
            let known = known(&mut tx).await?;
            let journal_is_older = known.get(node).is_some_and(|seq| *seq > last);
            let missing = journal_is_older
                || beside.as_ref().is_some_and(|beside| {
                    let beside: BTreeMap<&str, Seq> =
                        beside.iter().map(|(node, end)| (node.as_str(), *end)).collect();
                    known.iter().filter(|(other, _)| other.as_str() != node).any(|(other, seq)| {
                        // Beside PostgreSQL another machine may keep it.
                        beside.get(other.as_str()).map_or(alone, |end| end < seq)
                    })
                });
            stands(&mut tx, Hold::JournalMissing, missing, now).await?;
            let two = raised.is_some_and(|raised| raised > self.generation);
            stands(&mut tx, Hold::TwoGenerations, two, now).await?;
            if let Some(place) = &place {
                let row = tx.one("select place from house_place where id = 1", &[]).await?;
                match row.map(|mut row| row.next::<String>()).transpose()? {
                    Some(stored) if stored != *place => {
                        if holds::hold(&mut tx, Hold::NotAdopted, now).await? {
                            tracing::error!(
                                "this database stands elsewhere than at the last start (another server, another database, or a standby that took over); no letter leaves until: unsaid adopt"
                            );
                        }
                    }
                    Some(_) => {}
                    None => set_place(&mut tx, place).await?,
                }
            }
            Ok((Begins { journal_is_older }, missing))
        })?;
        if missing {
            tracing::error!(
                "a journal that this house has written is not here, or older; no letter leaves until it is back, or: unsaid adopt --without-journal"
            );
        }
        if !missing && raised.is_none_or(|raised| raised < self.generation) {
            self.journal.raise(raised, self.generation).map_err(cannot)?;
        }
        Ok(begins)
    }

    /// Says that this store is the living one: everything of the journals is in the rows by now (opening it has seen to that).
    ///
    /// # Errors
    /// Conflict: another one adopts at this moment. Otherwise of the store or its journal; then the house stays held, and it is asked for again.
    pub async fn adopt(&mut self, how: Adopting) -> Result<Adoption> {
        let raised = self.journal.generation().map_err(|error| replay::cannot(&error))?;
        let next = raised.unwrap_or(0).max(self.generation).max(how.beside) + 1;
        // The folder first: should this process die now, the store is behind it, and stays inert.
        if !self.journal.raise(raised, next).map_err(|error| replay::cannot(&error))? {
            return Err(StoreError::Conflict);
        }
        self.generation = next;
        let beside = self.journal.beside().map_err(|error| replay::cannot(&error))?;
        let (place, own) = (self.place().await, self.journal.node().to_owned());
        transaction!(&*self, Mode::Write, |tx| {
            let now = replay::now(&mut tx).await?;
            let mut done = Adoption { generation: next, ..Adoption::default() };
            for hold in OURS {
                if holds::unhold(&mut tx, hold).await? {
                    done.released.push(hold);
                }
            }
            tx.exec("update house set generation = $1 where id = 1", values![next]).await?;
            if let Some(place) = &place {
                set_place(&mut tx, place).await?;
            }
            // A session that was ended since would be open again.
            done.sessions = tx.exec("delete from sessions", &[]).await?;
            // Whoever had something in hand was another house.
            tx.exec("update wakes set holder = null, fence = fence + 1 where holder is not null", &[])
                .await?;
            tx.exec(
                "update messages set tries = 0, since = $1, rev = rev + 1 where state in ('waiting', 'started') and kind <> 'code'",
                values![now.observed],
            )
            .await?;
            done.may_have_left = pause_what_began(&mut tx, now).await?;
            if let Some(by) = how.without_journal {
                done.parked = park_what_may_have_left(&mut tx, by.max(now.trusted), now).await?;
                done.lives = super::lives_replay::forgotten(&mut tx, now).await?;
                forget_journals(&mut tx, beside.as_deref().unwrap_or(&[]), &own).await?;
            }
            tell(&mut tx, &mut done).await?;
            tx.fact("house", next.into(), Fact::Adopted { generation: next });
            Ok(done)
        })
    }

    /// Every part of every sealed version.
    ///
    /// # Errors
    /// Of the store.
    pub async fn sealed_parts(&self) -> Result<Vec<SealedPart>> {
        transaction!(self, Mode::Read, |tx| {
            let rows = tx
                .query(
                    "select p.letter, p.version, p.name, p.kind, p.blob, p.size, p.sha256
                     from parts p join versions v on v.letter = p.letter and v.number = p.version
                     where v.sealed is not null order by p.letter, p.version, p.name",
                    &[],
                )
                .await?;
            rows.into_iter()
                .map(|mut row| {
                    Ok(SealedPart {
                        letter: row.next()?,
                        version: row.next()?,
                        part: Part {
                            name: row.next()?,
                            kind: row.next()?,
                            blob: row.next()?,
                            size: row.next()?,
                            sha256: row.next()?,
                        },
                    })
                })
                .collect()
        })
    }

    /// Every blob that a row names.
    ///
    /// # Errors
    /// Of the store.
    pub async fn named_blobs(&self) -> Result<Vec<super::backup::NamedBlob>> {
        transaction!(self, Mode::Read, |tx| {
            let rows = tx.query(super::backup::NAMED, &[]).await?;
            rows.into_iter().map(|mut row| Ok((row.next()?, row.next()?, row.next()?))).collect()
        })
    }

    /// The bytes of this version are not here. What was promised with it and is not over is parked; new words in their rest are given up, and those before them
    /// count on; and its author is told. False: there was nothing (more) to park.
    ///
    /// # Errors
    /// Of the store.
    pub async fn bytes_are_missing(&self, letter: LetterId, version: u32, notice: MessageId) -> Result<bool> {
        transaction!(self, Mode::Write, |tx| {
            let mut row =
                tx.need("select account from letters where id = $1 /*lock*/", values![letter]).await?;
            let account = row.next()?;
            let mut changed = false;
            if super::amends::resting(&mut tx, letter).await?.is_some_and(|new| new.version == version) {
                super::amends::take_back(&mut tx, letter, version).await?;
                changed = true;
            }
            for delivery in pair::of_letter(&mut tx, letter).await? {
                if delivery.version == version
                    && !delivery.state.is_end()
                    && !matches!(delivery.state, State::Parked { .. })
                {
                    let parked = State::Parked { why: Parked::Damaged, left: delivery.state.has_left() };
                    let now = replay::now(&mut tx).await?;
                    pair::park(&mut tx, delivery.id, parked, ParkedBy::Engine, now, None).await?;
                    changed = true;
                }
            }
            if changed {
                let now = replay::now(&mut tx).await?;
                keys::notice(&mut tx, account, Notice::BytesMissing, notice, now).await?;
            }
            Ok(changed)
        })
    }

    /// Whether this database stands elsewhere than at its last start.
    pub(super) async fn stands_elsewhere(&self) -> Result<bool> {
        let Some(place) = self.place().await else { return Ok(false) };
        let stored = transaction!(self, Mode::Read, |tx| {
            let row = tx.one("select place from house_place where id = 1", &[]).await?;
            row.map(|mut row| row.next::<String>()).transpose()
        })?;
        Ok(stored.is_some_and(|stored| stored != place))
    }

    /// Where a PostgreSQL database stands: which cluster, which database of it, which timeline. None for SQLite, and where the server does not say.
    async fn place(&self) -> Option<String> {
        if matches!(self.base, Base::Sqlite(_)) {
            return None;
        }
        let asked: Result<String> = transaction!(self, Mode::Read, |tx| {
            tx.need(
                "select concat_ws(' ', (select cast(system_identifier as text) from pg_control_system()),
                     (select cast(oid as text) from pg_database where datname = current_database()),
                     substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))",
                &[],
            )
            .await?
            .next()
        });
        match asked {
            Ok(place) => Some(place),
            Err(_) => {
                tracing::warn!(
                    "PostgreSQL does not say which cluster and timeline this is; a restored or failed-over database is known by its journal alone"
                );
                None
            }
        }
    }
}

/// How far the store knows each node's journal.
async fn known(tx: &mut Tx) -> Result<BTreeMap<String, Seq>> {
    let rows = tx
        .query(
            "select k.node, max(k.seq) from (select node, seq from replayed union all select node, seq from facts) k group by k.node",
            &[],
        )
        .await?;
    rows.into_iter().map(|mut row| Ok((row.next()?, row.next()?))).collect()
}

async fn stands(tx: &mut Tx, hold: Hold, it_does: bool, now: Now) -> Result<()> {
    if it_does { holds::hold(tx, hold, now).await.map(drop) } else { holds::unhold(tx, hold).await.map(drop) }
}

async fn set_place(tx: &mut Tx, place: &str) -> Result<()> {
    tx.exec(
        "insert into house_place (id, place) values (1, $1) on conflict (id) do update set place = excluded.place",
        values![place],
    )
    .await
    .map(drop)
}

/// What was begun and of which no answer is known may have been accepted: it is the same message again, and not before the pause that any unknown answer has.
async fn pause_what_began(tx: &mut Tx, now: Now) -> Result<u64> {
    let rows = tx.query("select id from messages where state = 'started' and kind <> 'code'", &[]).await?;
    let many = rows.len() as u64;
    for mut row in rows {
        let id: MessageId = row.next()?;
        let wake = Wake::Observed(unsaid_delivery::Observed(now.observed.0 + UNKNOWN_WAIT_SECONDS));
        wakes::set(tx, WakeOf::Message(id), Lane::Letters, wake).await?;
    }
    Ok(many)
}

/// Without a journal nobody knows what left since this store was written. What can have, waits for its host.
async fn park_what_may_have_left(tx: &mut Tx, by: Timestamp, now: Now) -> Result<u64> {
    let rows = tx
        .query(
            "select d.id from deliveries d
             where d.state in ('due', 'sending', 'knocked', 'later')
                or (d.state in ('resting', 'waiting') and d.rest_until <= $1 and coalesce(d.due, d.rest_until) <= $1)",
            values![by],
        )
        .await?;
    let many = rows.len() as u64;
    for mut row in rows {
        let id: DeliveryId = row.next()?;
        let Some(delivery) = pair::delivery(tx, id).await? else { continue };
        // A host parks what waits for them, and lets it go where it was.
        if let Ok(granted) = parking::park(&delivery) {
            pair::park(tx, id, granted.state, ParkedBy::Host, now, granted.wake).await?;
        }
    }
    Ok(many)
}

/// Journals that are gone for good are not missed at the next start.
async fn forget_journals(tx: &mut Tx, beside: &[(String, Seq)], own: &str) -> Result<()> {
    let known = known(tx).await?;
    let whole: BTreeSet<&str> = beside
        .iter()
        .filter(|(node, end)| known.get(node).is_none_or(|seq| seq <= end))
        .map(|(node, _)| node.as_str())
        .collect();
    for node in known.keys().filter(|node| *node != own && !whole.contains(node.as_str())) {
        tx.exec("delete from replayed where node = $1", values![node.as_str()]).await?;
        tx.exec("delete from facts where node = $1", values![node.as_str()]).await?;
    }
    Ok(())
}

/// What the replays found since the last adoption.
async fn tell(tx: &mut Tx, done: &mut Adoption) -> Result<()> {
    for mut row in tx.query("select kind, became, many from replay_found order by kind, became", &[]).await? {
        done.found.push((row.next()?, row.next()?, row.next()?));
    }
    for mut row in tx.query("select node, seq, kind, subject from unmade order by node, seq", &[]).await? {
        done.unmade.push((row.next()?, row.next()?, row.next()?, row.next()?));
    }
    for mut row in tx.query("select letter, version from rebuilt order by letter, version", &[]).await? {
        done.rebuilt.push((row.next()?, row.next()?));
    }
    for sql in ["delete from replay_found", "delete from unmade", "delete from rebuilt"] {
        tx.exec(sql, &[]).await?;
    }
    Ok(())
}
