//! What a start does first: it compares this node's journal with the rows. A record whose place is not in `facts` was flushed, and the
//! transaction that belongs to it never committed here. What protects somebody (withdrawn, refused, opened, accepted …) is applied now. What only
//! makes something possible (sealed, an address, an unlock wrap) was never acknowledged, and its rows never came to be: it is voided.
//!
//! That holds for what was in flight when a process died: the last append of SQLite, the last few of PostgreSQL. If more is missing, this
//! database is older than its journal, restored from a backup. Then what protects is applied all the same, and nothing is voided: those
//! letters were acknowledged, and their manifests of recovery are what they can be rebuilt from.

use super::letters::{self, move_by_her, said};
use super::refusals::{self, About};
use super::tx::{Mode, Tx, values};
use super::{SqlStore, amends, house, messages, pair, persons, readers, replies, transaction};
use crate::journal::{JournalError, Record, Seq};
use crate::rows::Keyed;
use crate::{Result, StoreError};
use std::collections::BTreeSet;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::forecast::{By, Forecast};
use unsaid_delivery::id::{AccountId, DeliveryId, LetterId, PersonId};
use unsaid_delivery::message::{Message, MessageState};
use unsaid_delivery::parking::{self, ParkedBy};
use unsaid_delivery::state::{Delivery, State};

/// Replays what is newer than the rows.
pub(super) async fn replay(store: &SqlStore) -> Result<()> {
    let journal = &store.journal;
    let node = journal.node();
    let (before, committed) = transaction!(store, Mode::Read, |tx| {
        let row = tx.one("select seq from replayed where node = $1", values![node]).await?;
        let before: Seq = row.map_or(Ok(0), |mut row| row.next())?;
        let rows =
            tx.query("select seq from facts where node = $1 and seq > $2", values![node, before]).await?;
        let committed: BTreeSet<Seq> = rows.into_iter().map(|mut row| row.next()).collect::<Result<_>>()?;
        Ok((before, committed))
    })?;
    let records = journal.replay(before).map_err(|error| cannot(&error))?;
    let Some(last) = records.last().map(|record| record.seq) else { return Ok(()) };
    let missing: Vec<Record> = records.into_iter().filter(|r| !committed.contains(&r.seq)).collect();
    let groups: BTreeSet<Seq> = missing.iter().map(|record| record.group).collect();
    let in_flight = groups.len() <= store.in_flight();
    if !in_flight {
        tracing::error!(
            facts = missing.len(),
            "this database is older than its journal: it was restored from a backup. What was taken back, refused, opened or sent is \
             applied; what was sealed since has to be adopted"
        );
    }
    let unmade: Vec<Record> = transaction!(store, Mode::Write, |tx| {
        let now = match house::house_mark(&mut tx).await? {
            Some(mark) => Now { trusted: mark.trusted, observed: mark.observed },
            // A house whose clock never ran has sent nothing; what is woken, is woken at the first turn.
            None => Now { trusted: jiff::Timestamp::UNIX_EPOCH, observed: Observed(0) },
        };
        let mut unmade = Vec::new();
        for record in &missing {
            match apply(&mut tx, record, now).await? {
                Found::Unmade => unmade.push(record.clone()),
                found => {
                    tracing::warn!(seq = record.seq, ?found, "a fact of the journal was not in the rows")
                }
            }
        }
        tx.exec(
            "insert into replayed (node, seq) values ($1, $2)
             on conflict (node) do update set seq = excluded.seq where replayed.seq < excluded.seq",
            values![node, last],
        )
        .await?;
        tx.exec("delete from facts where node = $1 and seq <= $2", values![node, last]).await?;
        Ok(unmade)
    })?;
    if in_flight {
        for record in unmade {
            journal.void(store.generation, record.seq..=record.seq).map_err(|error| cannot(&error))?;
        }
    }
    Ok(())
}

fn cannot(error: &JournalError) -> StoreError {
    tracing::error!(%error, "the journal cannot be replayed");
    match error {
        JournalError::Full => StoreError::Full,
        JournalError::Damaged { .. } => StoreError::Damaged,
        _ => StoreError::Unavailable("the journal cannot be replayed".into()),
    }
}

/// What became of a record that the rows did not have.
#[derive(Debug)]
enum Found {
    /// It is in the rows now.
    Applied,
    /// The rows say it already, or something newer; or what it is about is not here.
    Known,
    /// Its rows were never made.
    Unmade,
}

async fn apply(tx: &mut Tx, record: &Record, now: Now) -> Result<Found> {
    let rev = record.entry.rev;
    match &record.entry.fact {
        Fact::Sealed { letter, version, manifest } => {
            let row = tx
                .one(
                    "select 1 from versions where letter = $1 and number = $2 and manifest = $3",
                    values![*letter, *version, *manifest],
                )
                .await?;
            Ok(row.map_or(Found::Unmade, |_| Found::Known))
        }
        Fact::AddressGiven { address, .. } => {
            let row = tx.one("select 1 from addresses where id = $1", values![*address]).await?;
            Ok(row.map_or(Found::Unmade, |_| Found::Known))
        }
        Fact::UnlockReplaced { account, number } => {
            let row = tx
                .one(
                    "select 1 from accounts where id = $1 and unlock_number >= $2",
                    values![*account, *number],
                )
                .await?;
            Ok(row.map_or(Found::Unmade, |_| Found::Known))
        }
        Fact::Undone { letter } => taken_back(tx, *letter, rev, true).await,
        Fact::Withdrawn { letter } => taken_back(tx, *letter, rev, false).await,
        Fact::Accepted { message, .. } => {
            let row: Option<Message> = messages::read(tx, *message).await?;
            match row {
                Some(message) if matches!(message.state, MessageState::Waiting | MessageState::Started) => {
                    messages::accepted_after_all(tx, &message, now).await?;
                    Ok(Found::Applied)
                }
                _ => Ok(Found::Known),
            }
        }
        Fact::Opened { delivery, version } => {
            let Some(row) = older(tx, *delivery, rev).await? else { return Ok(Found::Known) };
            if row.pinned || row.version != *version {
                return Ok(Found::Known);
            }
            pair::move_to(tx, row.id, State::Opened, None).await?;
            readers::pin(tx, row.id, row.person).await?;
            Ok(Found::Applied)
        }
        Fact::KeptForLater { delivery, day } => {
            let Some(row) = older(tx, *delivery, rev).await? else { return Ok(Found::Known) };
            // When its day comes is reckoned at its next wake, which is now.
            let wake = unsaid_delivery::state::Wake::Trusted(now.trusted);
            pair::move_to(tx, row.id, State::Later(*day), Some(wake)).await?;
            pair::begin_anew(tx, row.person).await?;
            Ok(Found::Applied)
        }
        Fact::Answered { reply, delivery, blob, size, sha256, seen_from } => {
            replies::kept_after_all(tx, *reply, *delivery, (*blob, *size, *sha256), *seen_from, now)
                .await
                .map(|made| if made { Found::Applied } else { Found::Known })
        }
        Fact::Bounced { message } => match messages::read(tx, *message).await? {
            Some(row) if row.rev < rev && row.state != MessageState::Refused => {
                messages::bounced_after_all(tx, &row, now).await?;
                Ok(Found::Applied)
            }
            _ => Ok(Found::Known),
        },
        Fact::Parked { delivery } => {
            let Some(row) = older(tx, *delivery, rev).await? else { return Ok(Found::Known) };
            let Ok(granted) = parking::park(&row) else { return Ok(Found::Known) };
            pair::park(tx, row.id, granted.state, ParkedBy::Host, now, granted.wake).await?;
            Ok(Found::Applied)
        }
        Fact::Released { delivery } => {
            let Some(row) = older(tx, *delivery, rev).await? else { return Ok(Found::Known) };
            let Ok((granted, forecast)) = parking::release(&row, now) else { return Ok(Found::Known) };
            if forecast.is_some() {
                pair::foresee(tx, row.id, forecast).await?;
            }
            pair::move_to(tx, row.id, granted.state, granted.wake).await?;
            Ok(Found::Applied)
        }
        Fact::Unreachable { delivery } => {
            let Some(row) = older(tx, *delivery, rev).await? else { return Ok(Found::Known) };
            pair::move_to(tx, row.id, State::Unreachable, None).await?;
            Ok(Found::Applied)
        }
        Fact::Refused { person, address, scope } => {
            let Some(about) = about(tx, *person, *address).await? else { return Ok(Found::Known) };
            refusals::keep(tx, about, *scope, rev).await?;
            raise(tx, rev).await?;
            if let Some(person) = *person {
                for delivery in pair::deliveries(tx, person).await? {
                    if let Some(state) = unsaid_delivery::accept::refuse(&delivery, *scope) {
                        pair::move_to(tx, delivery.id, state, None).await?;
                    }
                }
                pair::wake_knocking(tx, person, now).await?;
            }
            Ok(Found::Applied)
        }
        Fact::Lifted { person, address, scope } => {
            let Some(about) = about(tx, *person, *address).await? else { return Ok(Found::Known) };
            refusals::take_back(tx, about, *scope, rev).await?;
            raise(tx, rev).await?;
            if let Some(person) = *person {
                refusals::lifted(tx, person, *scope, now).await?;
            }
            Ok(Found::Applied)
        }
        Fact::AmendUndone { letter, version } => {
            if !rests(tx, *letter, *version).await? {
                return Ok(Found::Known);
            }
            amends::take_back(tx, *letter, *version).await?;
            raise_letter(tx, *letter, rev).await?;
            Ok(Found::Applied)
        }
        Fact::Unwrapped { letter, version } => {
            if !rests(tx, *letter, *version).await? {
                return Ok(Found::Known);
            }
            amends::counts(tx, *letter, *version).await?;
            super::wakes::remove(tx, crate::rows::WakeOf::Letter(*letter)).await?;
            raise_letter(tx, *letter, rev).await?;
            Ok(Found::Applied)
        }
        Fact::RuleChanged { delivery, year, birthday } => {
            let Some(row) = older(tx, *delivery, rev).await? else { return Ok(Found::Known) };
            // As it was decided then; the instant is derived again at its next wake, which is now.
            let corrected = unsaid_delivery::accept::correct_birthday(&row, *year, *birthday, now);
            if let Ok(Some(corrected)) = corrected {
                letters::set_rule(tx, row.id, &corrected.rule, corrected.occurrence).await?;
                pair::set_due(tx, row.id, Some(corrected.due), &row.tzdb).await?;
                let leaves = corrected.due.max(row.rest.until);
                pair::foresee(tx, row.id, Forecast::of(leaves, By::Act, now)).await?;
                pair::move_to(tx, row.id, row.state, Some(corrected.wake)).await?;
            }
            Ok(Found::Applied)
        }
        Fact::ProofChanged { letter, with_year, answer } => {
            super::proofs::correct_after_all(tx, *letter, (*with_year, Keyed(*answer)), rev)
                .await
                .map(|made| if made { Found::Applied } else { Found::Known })
        }
        // Nobody was told of these three: whoever asked for them asks again, and what stood before still opens.
        Fact::CardReplaced { claim, .. } => {
            let row = tx.one("select 1 from cards where claim = $1", values![*claim]).await?;
            Ok(row.map_or(Found::Unmade, |_| Found::Known))
        }
        Fact::Rewrapped { subject, version, generation } => {
            let row = tx
                .one(
                    "select 1 from wraps where subject = $1 and version = $2 and host_generation < $3 and kind <> 'author'",
                    values![subject.as_str(), *version, *generation],
                )
                .await?;
            Ok(row.map_or(Found::Known, |_| Found::Unmade))
        }
        Fact::SignInChanged { account, email_key, .. } => {
            let row = tx
                .one("select 1 from accounts where id = $1 and email_key = $2", values![*account, *email_key])
                .await?;
            Ok(row.map_or(Found::Unmade, |_| Found::Known))
        }
        // Which generation lives is compared with the journal's own file, at every start.
        Fact::Adopted { .. } => Ok(Found::Known),
        Fact::AddressRemoved { person, address } => {
            let removed = tx
                .exec("update addresses set removed = 1 where id = $1 and removed = 0", values![*address])
                .await?;
            if removed == 0 {
                return Ok(Found::Known);
            }
            persons::take_back(tx, *person, now).await?;
            Ok(Found::Applied)
        }
    }
}

/// What she took back is taken back, as `accept` would have it.
async fn taken_back(tx: &mut Tx, letter: LetterId, rev: i64, undone: bool) -> Result<Found> {
    let row = tx.one("select rev from letters where id = $1 /*lock*/", values![letter]).await?;
    let Some(mut row) = row else { return Ok(Found::Known) };
    let stored: i64 = row.next()?;
    if stored >= rev {
        return Ok(Found::Known);
    }
    said(tx, letter, !undone).await?;
    if !undone {
        // What was read stays the reader's.
        letters::withdraw_others(tx, letter, None).await?;
        return Ok(Found::Applied);
    }
    for delivery in pair::of_letter(tx, letter).await? {
        if !delivery.pinned && delivery.state != State::Opened {
            move_by_her(tx, &delivery, State::Withdrawn { undone }, None).await?;
        }
    }
    Ok(Found::Applied)
}

/// Whether this version still rests.
async fn rests(tx: &mut Tx, letter: LetterId, version: u32) -> Result<bool> {
    Ok(amends::resting(tx, letter).await?.is_some_and(|new| new.version == version))
}

async fn raise_letter(tx: &mut Tx, letter: LetterId, rev: i64) -> Result<()> {
    tx.exec("update letters set rev = $1 where id = $2 and rev < $1", values![rev, letter]).await.map(drop)
}

/// A promise whose row is older than a record.
async fn older(tx: &mut Tx, id: DeliveryId, rev: i64) -> Result<Option<Delivery>> {
    Ok(pair::delivery(tx, id).await?.filter(|delivery| delivery.rev < rev))
}

/// Whom a no of the journal is about; none if that person is not here.
async fn about(tx: &mut Tx, person: Option<PersonId>, address: [u8; 32]) -> Result<Option<About>> {
    let address = Keyed(address);
    let Some(person) = person else { return Ok(Some(About { account: None, person: None, address })) };
    let row = tx.one("select account from persons where id = $1", values![person]).await?;
    let Some(mut row) = row else { return Ok(None) };
    let account: AccountId = row.next()?;
    Ok(Some(About { account: Some(account), person: Some(person), address }))
}

async fn raise(tx: &mut Tx, rev: i64) -> Result<()> {
    tx.exec("update house set refusals = $1 where id = 1 and refusals < $1", values![rev]).await.map(drop)
}
