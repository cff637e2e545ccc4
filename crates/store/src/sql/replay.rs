//! What a start does first: it compares the journals with the rows. A record whose place is not in `facts` was flushed, and the transaction that belongs to
//! it never committed here. What protects somebody (withdrawn, refused, opened, accepted …) is applied. What makes something possible (sealed, an address,
//! an unlock wrap) is made from its values and the manifests of recovery; where these are not there it was never acknowledged, and is voided.
//!
//! That holds for what was in flight when a process died: the last append of SQLite, the last few of PostgreSQL. If more is missing, or a fact is about
//! something of which the rows have never heard, this database is older than its journal: it was restored, copied back or failed over. Then everything is
//! applied and made all the same, nothing is voided, and the house holds its letters back until it is adopted ([`super::adopt`]). What could not be made is
//! kept in `unmade`, for the host.

use super::apply::{Found, apply};
use super::rebuild::Manifests;
use super::tx::{Mode, Tx, values};
use super::{SqlStore, holds, house, life_manifest, rebuild, transaction};
use crate::journal::{Journal, JournalError, Record, Seq};
use crate::{Result, StoreError};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::hold::Hold;

/// One node's records that the rows do not have.
struct Behind {
    node: String,
    /// So far its journal reaches.
    last: Seq,
    records: VecDeque<Record>,
}

/// Replays what is newer than the rows: of this node's journal, and of these others.
pub(super) async fn replay(store: &SqlStore, others: &[Arc<dyn Journal>]) -> Result<()> {
    if unsaid_delivery::planted::is(unsaid_delivery::planted::Planted::RestoreNoJournal) {
        return Ok(());
    }
    let journals: Vec<&dyn Journal> =
        std::iter::once(&store.journal).chain(others).map(|journal| &**journal).collect();
    // A standby that took over lacks what was acknowledged in its last seconds, and that is no crash however little it is.
    let (mut all, mut more_than_a_crash, mut older) = (Vec::new(), store.stands_elsewhere().await?, false);
    for journal in &journals {
        let node = journal.node();
        let (before, committed) = known(store, node).await?;
        let last = journal.last().map_err(|error| cannot(&error))?;
        let newest = committed.last().copied().unwrap_or(0).max(before);
        if last < newest {
            tracing::error!(node, last, newest, "this journal ends before what its database knows of it");
            older = true;
        }
        let records = journal.replay(before).map_err(|error| cannot(&error))?;
        let missing: VecDeque<Record> =
            records.into_iter().filter(|record| !committed.contains(&record.seq)).collect();
        let groups: BTreeSet<Seq> = missing.iter().map(|record| record.group).collect();
        more_than_a_crash |= groups.len() > store.in_flight();
        if last > before || older {
            all.push(Behind { node: node.to_owned(), last: last.max(before), records: missing });
        }
    }
    if all.is_empty() {
        return Ok(());
    }
    let ends: Vec<(String, Seq)> = all.iter().map(|one| (one.node.clone(), one.last)).collect();
    let records = in_order(all.into_iter().map(|one| (one.node, one.records)).collect());
    let manifests = Manifests::of(&journals);
    let compared = Compared { records, ends, older };
    let unmade = match bring_up(store, &manifests, &compared, more_than_a_crash).await {
        // Found out on the way: what was looked at as after a crash is looked at once more.
        Err(StoreError::Conflict) if !more_than_a_crash => {
            bring_up(store, &manifests, &compared, true).await?
        }
        other => other?,
    };
    for (node, record) in unmade {
        let Some(journal) = journals.iter().find(|journal| journal.node() == node) else { continue };
        journal.void(store.generation, record.seq..=record.seq).map_err(|error| cannot(&error))?;
        rebuild::put_back(store, &record).await?;
    }
    Ok(())
}

/// What the journals know that the rows do not have.
struct Compared {
    /// In an order in which they can have happened, each with its node.
    records: Vec<(String, Record)>,
    /// So far each node's journal was compared.
    ends: Vec<(String, Seq)>,
    /// This node's journal ends before what the rows know of it.
    older: bool,
}

/// Brings the rows up to their journals. Gives what was never acknowledged and is to be voided. Conflict: it was taken for a crash, and is none; nothing was changed.
async fn bring_up(
    store: &SqlStore,
    manifests: &Manifests<'_>,
    compared: &Compared,
    restored: bool,
) -> Result<Vec<(String, Record)>> {
    let Compared { records, ends, older } = compared;
    transaction!(store, Mode::Write, |tx| {
        let now = now(&mut tx).await?;
        let sure = restored || holds::reasons(&mut tx).await?.contains(&Hold::NotAdopted);
        let (mut unmade, mut never_heard_of) = (Vec::new(), false);
        let mut found: BTreeMap<(&'static str, &'static str), i64> = BTreeMap::new();
        for (node, record) in records {
            let became = apply(&mut tx, manifests, record, sure, now).await?;
            never_heard_of |= matches!(became, Found::Rebuilt | Found::Absent);
            *found.entry((record.entry.fact.name(), became.name())).or_default() += 1;
            match became {
                Found::Unmade | Found::Absent => unmade.push((node.clone(), record.clone())),
                _ => tracing::warn!(
                    node,
                    seq = record.seq,
                    ?became,
                    "a fact of the journal was not in the rows"
                ),
            }
        }
        if never_heard_of && !sure {
            return Err(StoreError::Conflict);
        }
        if sure {
            rebuild::newer_vaults(&mut tx, manifests).await?;
            life_manifest::learn_from(&mut tx, manifests, now).await?;
            if holds::hold(&mut tx, Hold::NotAdopted, now).await? {
                tracing::error!(
                    facts = records.len(),
                    "this database is older than its journal: it was restored, copied back or failed over. What it lacked is applied; no letter leaves until: unsaid adopt"
                );
            }
            for ((kind, became), many) in found {
                tx.exec(
                    "insert into replay_found (kind, became, many) values ($1, $2, $3)
                     on conflict (kind, became) do update set many = replay_found.many + excluded.many",
                    values![kind, became, many],
                )
                .await?;
            }
            for (node, record) in &unmade {
                tx.exec(
                    "insert into unmade (node, seq, kind, subject) values ($1, $2, $3, $4)
                     on conflict (node, seq) do nothing",
                    values![
                        node.as_str(),
                        record.seq,
                        record.entry.fact.name(),
                        record.entry.subject.as_str()
                    ],
                )
                .await?;
            }
            unmade.clear();
        }
        if *older {
            holds::hold(&mut tx, Hold::JournalMissing, now).await?;
        }
        for (node, last) in ends {
            tx.exec(
                "insert into replayed (node, seq) values ($1, $2)
                 on conflict (node) do update set seq = excluded.seq where replayed.seq < excluded.seq",
                values![node.as_str(), *last],
            )
            .await?;
            tx.exec("delete from facts where node = $1 and seq <= $2", values![node.as_str(), *last]).await?;
        }
        Ok(unmade)
    })
}

/// How far a node's journal was compared with the rows, and which of its later records were committed.
async fn known(store: &SqlStore, node: &str) -> Result<(Seq, BTreeSet<Seq>)> {
    transaction!(store, Mode::Read, |tx| {
        let row = tx.one("select seq from replayed where node = $1", values![node]).await?;
        let before: Seq = row.map_or(Ok(0), |mut row| row.next())?;
        let rows =
            tx.query("select seq from facts where node = $1 and seq > $2", values![node, before]).await?;
        let committed: BTreeSet<Seq> = rows.into_iter().map(|mut row| row.next()).collect::<Result<_>>()?;
        Ok((before, committed))
    })
}

/// The house's time as it was stored last.
pub(super) async fn now(tx: &mut Tx) -> Result<Now> {
    Ok(match house::house_mark(tx).await? {
        Some(mark) => Now { trusted: mark.trusted, observed: mark.observed },
        // A house whose clock never ran has sent nothing; what is woken, is woken at the first turn.
        None => Now { trusted: jiff::Timestamp::UNIX_EPOCH, observed: Observed(0) },
    })
}

/// The records of several nodes as they can have happened: each node's in its order, and those about one subject by its rev. Nodes write no times.
fn in_order(mut queues: Vec<(String, VecDeque<Record>)>) -> Vec<(String, Record)> {
    let mut waiting: BTreeMap<String, BTreeMap<i64, usize>> = BTreeMap::new();
    for record in queues.iter().flat_map(|(_, records)| records) {
        *waiting.entry(record.entry.subject.clone()).or_default().entry(record.entry.rev).or_default() += 1;
    }
    let mut ordered = Vec::new();
    loop {
        let first = |record: &Record| {
            let revs = waiting.get(&record.entry.subject).and_then(|revs| revs.keys().next());
            revs.is_none_or(|rev| *rev >= record.entry.rev)
        };
        let next = queues
            .iter()
            .position(|(_, records)| records.front().is_some_and(first))
            // Two nodes that wrote beside each other without knowing of it: there is no right order, and both are kept.
            .or_else(|| queues.iter().position(|(_, records)| !records.is_empty()));
        let Some(at) = next else { return ordered };
        let (node, records) = &mut queues[at];
        let Some(record) = records.pop_front() else { return ordered };
        if let Some(revs) = waiting.get_mut(&record.entry.subject) {
            let left = revs.get_mut(&record.entry.rev).map_or(0, |many| {
                *many -= 1;
                *many
            });
            if left == 0 {
                revs.remove(&record.entry.rev);
            }
        }
        ordered.push((node.clone(), record));
    }
}

pub(super) fn cannot(error: &JournalError) -> StoreError {
    tracing::error!(%error, "the journal cannot be replayed");
    match error {
        JournalError::Full => StoreError::Full,
        JournalError::Damaged { .. } => StoreError::Damaged,
        _ => StoreError::Unavailable("the journal cannot be replayed".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Entry;
    use unsaid_delivery::{Fact, LetterId};

    fn record(seq: Seq, subject: &str, rev: i64) -> Record {
        let fact = Fact::Undone { letter: LetterId([1; 16]) };
        Record { seq, group: seq, generation: 1, entry: Entry { subject: subject.into(), rev, fact } }
    }

    #[test]
    fn facts_of_several_nodes_come_in_an_order_that_can_have_been() {
        let one = [record(1, "a", 1), record(2, "b", 2), record(3, "a", 3)];
        let two = [record(1, "b", 1), record(2, "a", 2), record(3, "c", 1)];
        let queues = vec![("one".to_owned(), one.into()), ("two".to_owned(), two.into())];
        let ordered = in_order(queues);
        let mut revs: BTreeMap<String, i64> = BTreeMap::new();
        let mut seqs: BTreeMap<String, Seq> = BTreeMap::new();
        for (node, record) in &ordered {
            let rev = revs.insert(record.entry.subject.clone(), record.entry.rev).unwrap_or(0);
            assert!(rev < record.entry.rev, "{ordered:?}");
            assert!(seqs.insert(node.clone(), record.seq).unwrap_or(0) < record.seq);
        }
        assert_eq!(ordered.len(), 6);
        // Both wrote the same rev: nothing is left out, and it ends.
        let queues = vec![
            ("one".to_owned(), [record(1, "a", 2), record(2, "b", 1)].into()),
            ("two".to_owned(), [record(1, "b", 2), record(2, "a", 1)].into()),
        ];
        assert_eq!(in_order(queues).len(), 4);
    }
}
