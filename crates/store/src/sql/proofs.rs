//! What is asked before a letter opens. The answer is a keyed hash that nobody here can turn back; wrong ones are counted for each delivery, and the author never
//! learns of them. Words need none of it.

use super::tx::{Tx, values};
use super::{pair, seal, sessions};
use crate::rows::*;
use crate::{Result, StoreError};
use jiff::SignedDuration;
use unsaid_delivery::Fact;
use unsaid_delivery::accept::{self, NoAnswer};
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{DeliveryId, LetterId};
use unsaid_delivery::rule::Proof;
use unsaid_delivery::state::{Delivery, State};

/// In which wrong answers are counted together.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Keeps what is asked of a letter that is sealed for the first time, or anew: nothing of before stands any more.
pub(super) async fn begin(
    tx: &mut Tx,
    letter: LetterId,
    delivery: DeliveryId,
    proof: Option<&NewProof>,
) -> Result<()> {
    tx.exec("delete from proofs where letter = $1", values![letter]).await?;
    tx.exec("delete from proof_tries where delivery = $1", values![delivery]).await?;
    tx.exec("delete from proved where delivery = $1", values![delivery]).await?;
    match proof {
        Some(proof) => add(tx, letter, proof).await,
        None => Ok(()),
    }
}

async fn add(tx: &mut Tx, letter: LetterId, proof: &NewProof) -> Result<()> {
    tx.exec(
        "insert into proofs (letter, nr, question, with_year, answer)
         values ($1, (select coalesce(max(p.nr), 0) + 1 from proofs p where p.letter = $1), $2, $3, $4)",
        values![letter, proof.asks.question.clone(), proof.asks.with_year, proof.answer],
    )
    .await
    .map(drop)
}

/// What is asked of a letter now, with the hash of its answer.
pub(super) async fn newest(tx: &mut Tx, letter: LetterId) -> Result<Option<NewProof>> {
    let row = tx
        .one(
            "select question, with_year, answer from proofs where letter = $1 order by nr desc limit 1",
            values![letter],
        )
        .await?;
    row.map(|mut row| {
        let asks = Asks { question: row.next()?, with_year: row.next()? };
        Ok(NewProof { asks, answer: row.next()? })
    })
    .transpose()
}

/// What this reader has to answer before the letter opens for them.
pub(super) async fn asks(tx: &mut Tx, reader: &Reader, delivery: &Delivery) -> Result<Option<Asks>> {
    if delivery.rule.proof == Proof::None || reader.came_with_words() {
        return Ok(None);
    }
    if let Some(session) = reader.session {
        let proved = tx
            .one("select 1 from proved where reader = $1 and delivery = $2", values![session, delivery.id])
            .await?;
        if proved.is_some() {
            return Ok(None);
        }
    }
    // A rule that asks, of which nothing is known, lets nobody in.
    let asked = newest(tx, delivery.letter).await?.map(|proof| proof.asks);
    let mut asked = asked.unwrap_or(Asks { question: None, with_year: true });
    if delivery.pinned && !asked.with_year {
        // It opens with what was asked when it was opened, too: perhaps a day with its year.
        let row = tx
            .one("select 1 from proofs where letter = $1 and with_year = 1", values![delivery.letter])
            .await?;
        asked.with_year = row.is_some();
    }
    Ok(Some(asked))
}

/// Missing while something is still to be answered.
pub(super) async fn answered(tx: &mut Tx, reader: &Reader, delivery: &Delivery) -> Result<()> {
    match asks(tx, reader, delivery).await? {
        Some(_) => Err(StoreError::Missing),
        None => Ok(()),
    }
}

/// Whether they may be told who has written: something that came to them asks nothing (any more); or nothing is here any more, and nothing that was asks. What was taken back
/// may never have come, so that it asked nothing says nothing.
pub(super) async fn may_be_named(tx: &mut Tx, reader: &Reader) -> Result<bool> {
    let mut all_ask_nothing = true;
    for delivery in pair::deliveries(tx, reader.person).await? {
        let left = delivery.state.has_left();
        if !left && delivery.state != (State::Withdrawn { undone: false }) {
            continue;
        }
        match asks(tx, reader, &delivery).await? {
            None if left => return Ok(true),
            None => {}
            Some(_) => all_ask_nothing = false,
        }
    }
    Ok(all_ask_nothing)
}

pub(super) async fn attempt(
    tx: &mut Tx,
    reader: &Reader,
    delivery: &Delivery,
    answer: Answered,
    now: Now,
) -> Result<ProofTried> {
    let Some(session) = reader.session else { return Err(StoreError::Missing) };
    if asks(tx, reader, delivery).await?.is_none() {
        return Ok(ProofTried::Right);
    }
    let mut row = tx
        .need(
            "select count(*), coalesce(sum(case when at > $1 then 1 else 0 end), 0) from proof_tries where delivery = $2",
            values![sessions::ago(now, DAY), delivery.id],
        )
        .await?;
    let (all, today): (i64, i64) = (row.next()?, row.next()?);
    match accept::may_answer(counted(all), counted(today)) {
        Err(NoAnswer::Ever) => return Ok(ProofTried::NoMore),
        Err(NoAnswer::Today) => return Ok(ProofTried::TooManyToday),
        Ok(()) => {}
    }
    // What was opened stays theirs: it opens with what was asked then, too.
    let stood = tx
        .query(
            "select with_year, answer from proofs where letter = $1 order by nr desc limit $2",
            values![delivery.letter, if delivery.pinned { i64::MAX } else { 1 }],
        )
        .await?;
    let mut right = false;
    for mut row in stood {
        let (with_year, known): (bool, Keyed) = (row.next()?, row.next()?);
        right |= answer.is(with_year, known);
    }
    if right {
        tx.exec("delete from proof_tries where delivery = $1 and reader = $2", values![delivery.id, session])
            .await?;
        tx.exec("insert into proved (reader, delivery) values ($1, $2)", values![session, delivery.id])
            .await?;
        return Ok(ProofTried::Right);
    }
    tx.exec(
        "insert into proof_tries (delivery, reader, at) values ($1, $2, $3)",
        values![delivery.id, session, now.trusted],
    )
    .await?;
    Ok(ProofTried::Wrong)
}

fn counted(rows: i64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

/// Another answer from now on. Conflict where no birthday is asked for.
pub(super) async fn correct(tx: &mut Tx, author: &Author, letter: LetterId, new: &NewProof) -> Result<()> {
    let mut row = tx
        .need(
            "select rev from letters where id = $1 and account = $2 /*lock*/",
            values![letter, author.account],
        )
        .await?;
    let rev: i64 = row.next()?;
    let stands = newest(tx, letter).await?.ok_or(StoreError::Conflict)?;
    if stands.asks.question.is_some() || new.asks.question.is_some() {
        return Err(StoreError::Conflict);
    }
    if stands == *new {
        return Ok(());
    }
    add(tx, letter, new).await?;
    forgive(tx, letter).await?;
    tx.exec("update letters set rev = rev + 1 where id = $1", values![letter]).await?;
    manifests(tx, letter).await?;
    let with_year = new.asks.with_year;
    tx.fact(letter, rev + 1, Fact::ProofChanged { letter, with_year, answer: new.answer.0 });
    Ok(())
}

/// The same, of a journal that knows more than the rows. False: it is known, or what it is about is not here.
pub(super) async fn correct_after_all(
    tx: &mut Tx,
    letter: LetterId,
    (with_year, answer): (bool, Keyed),
    rev: i64,
) -> Result<bool> {
    let row = tx.one("select rev from letters where id = $1 /*lock*/", values![letter]).await?;
    let Some(mut row) = row else { return Ok(false) };
    let stored: i64 = row.next()?;
    if stored >= rev || newest(tx, letter).await?.is_none() {
        return Ok(false);
    }
    add(tx, letter, &NewProof { asks: Asks { question: None, with_year }, answer }).await?;
    forgive(tx, letter).await?;
    tx.exec("update letters set rev = $1 where id = $2", values![rev, letter]).await?;
    manifests(tx, letter).await?;
    Ok(true)
}

/// What was wrong was compared with another answer: whoever gave the right one all the while is not shut out by it.
async fn forgive(tx: &mut Tx, letter: LetterId) -> Result<()> {
    tx.exec(
        "delete from proof_tries where delivery in (select id from deliveries where letter = $1)",
        values![letter],
    )
    .await
    .map(drop)
}

async fn manifests(tx: &mut Tx, letter: LetterId) -> Result<()> {
    let sealed = tx
        .query(
            "select number from versions where letter = $1 and sealed is not null order by number",
            values![letter],
        )
        .await?;
    for mut row in sealed {
        let manifest = seal::recovery(tx, letter, row.next()?).await?;
        tx.manifests.push(manifest);
    }
    Ok(())
}
