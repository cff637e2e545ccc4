//! Messages that begin, or whose answers are recorded, many in one transaction: one flush of the database, and one of the journal. Each has its own
//! answer. What is asked of one message is [`messages`]'s; here is only what being many changes.
//!
//! A message that is not ours is found by reading, before anything of it is written, so it leaves neither a row nor a fact behind, and in PostgreSQL,
//! where one statement that fails ends a whole transaction, no statement has failed. Whatever else goes wrong takes the whole group back.

use super::tx::Tx;
use super::{messages, pair};
use crate::rows::*;
use crate::{Result, StoreError};
use std::collections::BTreeSet;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::PersonId;
use unsaid_delivery::message::{Message, Subject};

/// Begins each, in their order.
pub(super) async fn start(tx: &mut Tx, group: &[Starting], now: Now) -> Result<Vec<Result<StartAnswer>>> {
    lock_pairs(tx, group.iter().map(|one| &one.message)).await?;
    let mut answers = Vec::with_capacity(group.len());
    for one in group {
        answers.push(match ours(tx, &one.taken, &one.message).await? {
            Ok(Some(row)) => Ok(messages::begin(tx, &row, one.date, now).await?),
            Ok(None) => Ok(StartAnswer::NotOurs),
            Err(gone) => Err(gone),
        });
    }
    Ok(answers)
}

/// Records each, in their order.
pub(super) async fn recorded(tx: &mut Tx, group: &[Recording], now: Now) -> Result<Vec<Result<()>>> {
    lock_pairs(tx, group.iter().map(|one| &one.message)).await?;
    let mut answers = Vec::with_capacity(group.len());
    for one in group {
        answers.push(match ours(tx, &one.taken, &one.message).await? {
            Ok(Some(row)) => {
                messages::keep(tx, &row, &one.recorded, now).await?;
                Ok(())
            }
            Ok(None) => Err(StoreError::Conflict),
            Err(gone) => Err(gone),
        });
    }
    Ok(answers)
}

/// The row, if it is still ours. The inner error is this message's alone: what it belongs to is gone.
async fn ours(tx: &mut Tx, taken: &Taken, message: &Message) -> Result<Result<Option<Message>>> {
    match messages::ours(tx, taken, message).await {
        Ok(row) => Ok(Ok(row)),
        Err(gone @ StoreError::Missing) => Ok(Err(gone)),
        Err(error) => Err(error),
    }
}

/// All pairs of a group first, in the order of their names: two groups, or a group and somebody who refuses for two persons, never wait for each
/// other crosswise. A pair that is not there is found again when its message's turn comes.
async fn lock_pairs(tx: &mut Tx, messages: impl Iterator<Item = &Message>) -> Result<()> {
    let persons: BTreeSet<PersonId> = messages
        .filter_map(|message| match message.subject {
            Subject::Person(person) => Some(person),
            _ => None,
        })
        .collect();
    for person in persons {
        match pair::lock(tx, person).await {
            Ok(_) | Err(StoreError::Missing) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What became of the transaction, told to each. An error of the rows (they are damaged, something is there twice) has one message as its reason, and
/// `singly` finds out which; one of the database or the disk is every one's, and asking it again for each would help nobody.
pub(super) fn told<T>(together: Result<Vec<Result<T>>>, many: usize) -> Told<T> {
    match together {
        Ok(answers) => Told::Answers(answers),
        Err(StoreError::Unavailable(why)) => {
            Told::Answers((0..many).map(|_| Err(StoreError::Unavailable(why.clone()))).collect())
        }
        Err(StoreError::Full) => Told::Answers((0..many).map(|_| Err(StoreError::Full)).collect()),
        Err(error) if many == 1 => Told::Answers(vec![Err(error)]),
        Err(_) => Told::Singly,
    }
}

/// What is to be told.
pub(super) enum Told<T> {
    /// This.
    Answers(Vec<Result<T>>),
    /// Nothing stands; each is to be asked alone.
    Singly,
}
