//! Telling people that she lives, in a database. The pair is locked first; the rev of its row orders its facts.

use super::apply::Found;
use super::map::{self, delivery_columns};
use super::tx::{Mode, Tx, values};
use super::{SqlStore, care, lives, messages, pair, transaction, wakes};
use crate::alive::*;
use crate::rows::{Author, Lane, WakeOf};
use crate::{Result, StoreError};
use async_trait::async_trait;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::{AccountId, AddressId, DeliveryId, LetterId, MessageId, PersonId};
use unsaid_delivery::life::alive::{self, NotTold, Told, Waited};
use unsaid_delivery::message::Notice;
use unsaid_delivery::rule::Proof;
use unsaid_delivery::state::{Delivery, State, Wake};

#[async_trait]
impl AliveStore for SqlStore {
    async fn reached(&self, author: &Author) -> Result<Vec<Reached>> {
        transaction!(self, Mode::Read, |tx| {
            let letters = waited(&mut tx, author.account).await?;
            let mut reached = Vec::new();
            for person in alive::reached(&letters) {
                let row = row(&mut tx, person).await?.filter(|row| !row.told.taken_back);
                let asked = row.map(|row| AliveAsked { leaves: row.told.leaves, at: row.asked });
                reached.push(Reached { person, asked });
            }
            Ok(reached)
        })
    }

    async fn tell_alive(
        &self,
        author: &Author,
        whom: &[PersonId],
        names: &[MessageId],
        now: Now,
    ) -> Result<std::result::Result<(), NotTold>> {
        transaction!(self, Mode::Write, |tx| {
            // Two presses at once go one after the other.
            tx.need("select 1 from accounts where id = $1 /*lock*/", values![author.account]).await?;
            let life = lives::read(&mut tx, author.account).await?;
            let letters = waited(&mut tx, author.account).await?;
            let mut told = Vec::new();
            for person in alive::reached(&letters) {
                told.extend(row(&mut tx, person).await?.map(|row| row.told));
            }
            let people = match alive::tell(life.as_ref(), &letters, &told, whom) {
                Ok(people) => people,
                Err(no) => return Ok(Err(no)),
            };
            for person in people {
                let place = whom.iter().position(|one| *one == person);
                let message = *place.and_then(|place| names.get(place)).ok_or(StoreError::Conflict)?;
                pair::lock(&mut tx, person).await?;
                let rev = row(&mut tx, person).await?.map_or(0, |row| row.rev) + 1;
                tx.fact(subject(person), rev, Fact::SheLives { person, message, tell: true });
                tell(&mut tx, person, message, rev, now).await?;
            }
            Ok(Ok(()))
        })
    }

    async fn untell_alive(&self, author: &Author, person: PersonId, now: Now) -> Result<bool> {
        transaction!(self, Mode::Write, |tx| {
            if pair::lock(&mut tx, person).await?.0 != author.account {
                return Err(StoreError::Missing);
            }
            let Some(row) = row(&mut tx, person).await? else { return Ok(false) };
            if !alive::can_be_taken_back(&row.told, now.observed) {
                return Ok(false);
            }
            let message = row.message;
            // Another node may have lived a little longer: what has begun to leave is said.
            let begun = tx
                .one("select 1 from messages where id = $1 and state <> 'waiting'", values![message])
                .await?;
            if begun.is_some() {
                return Ok(false);
            }
            tx.fact(subject(person), row.rev + 1, Fact::SheLives { person, message, tell: false });
            untell(&mut tx, person, message, row.rev + 1).await?;
            Ok(true)
        })
    }
}

struct Row {
    told: Told,
    message: MessageId,
    asked: jiff::Timestamp,
    rev: i64,
}

fn subject(person: PersonId) -> String {
    format!("{person} alive")
}

async fn row(tx: &mut Tx, person: PersonId) -> Result<Option<Row>> {
    let row = tx
        .one(
            "select message, leaves, asked, taken_back, rev from told_alive where person = $1",
            values![person],
        )
        .await?;
    row.map(|mut row| {
        let (message, leaves, asked): (MessageId, Observed, jiff::Timestamp) =
            (row.next()?, row.next()?, row.next()?);
        let told = Told { person, leaves, taken_back: row.next()? };
        Ok(Row { told, message, asked, rev: row.next()? })
    })
    .transpose()
}

async fn was_late(tx: &mut Tx, letter: LetterId) -> Result<bool> {
    Ok(tx.one("select 1 from taken_back_late where letter = $1", values![letter]).await?.is_some())
}

/// Her letters that were to be sent when she is gone, by person.
async fn waited(tx: &mut Tx, account: AccountId) -> Result<Vec<Waited>> {
    let rows = tx
        .query(
            concat!(
                "select ",
                delivery_columns!(),
                " from deliveries d where d.account = $1 and d.gate = 'gone' and d.reach = 'send'"
            ),
            values![account],
        )
        .await?;
    let mut letters = Vec::new();
    for delivery in care::readable(rows, "promise", map::delivery).iter().filter(|d| alive::concerns(d)) {
        let late = was_late(tx, delivery.letter).await?;
        letters.push(Waited { person: delivery.person, state: delivery.state, late });
    }
    // Here and not in the question: databases sort text by rules of their own.
    letters.sort_by_key(|letter: &Waited| letter.person);
    Ok(letters)
}

/// What a person was told of, because she was thought gone.
async fn told_of(tx: &mut Tx, person: PersonId) -> Result<Vec<Delivery>> {
    let mut told = Vec::new();
    for delivery in pair::deliveries(tx, person).await?.into_iter().filter(alive::concerns) {
        let late = was_late(tx, delivery.letter).await?;
        if alive::was_told_of(&delivery, late) {
            told.push(delivery);
        }
    }
    Ok(told)
}

/// The same, as the message that says that she lives reads it.
pub(super) async fn facts(tx: &mut Tx, person: PersonId) -> Result<Vec<(DeliveryId, LetterId, State)>> {
    Ok(told_of(tx, person).await?.into_iter().map(|d| (d.id, d.letter, d.state)).collect())
}

/// Whether her name may stand in what says that she lives, as far as the letters go: whoever has opened one of hers was told it, and nothing that they were told of and have not opened asks for a proof.
pub(super) async fn knows_her(tx: &mut Tx, person: PersonId) -> Result<bool> {
    let asks = |d: &Delivery| d.rule.proof != Proof::None && !d.pinned;
    let opened = pair::deliveries(tx, person).await?.iter().any(|d| d.pinned);
    Ok(opened && !told_of(tx, person).await?.iter().any(asks))
}

/// Whose person this is.
pub(super) async fn author_of(tx: &mut Tx, person: PersonId) -> Result<AccountId> {
    tx.need("select account from persons where id = $1", values![person]).await?.next()
}

/// A letter is taken back: whether it had left by then is not known afterwards. Also at a replay.
pub(super) async fn withdrawing(tx: &mut Tx, all: &[Delivery]) -> Result<()> {
    let late = all.iter().find(|d| alive::concerns(d) && alive::has_left(d.state));
    let Some(delivery) = late else { return Ok(()) };
    tx.exec(
        "insert into taken_back_late (letter) values ($1) on conflict (letter) do nothing",
        values![delivery.letter],
    )
    .await
    .map(drop)
}

/// The row, and the message if there is an address to which it may go. The pair is locked.
async fn tell(tx: &mut Tx, person: PersonId, message: MessageId, rev: i64, now: Now) -> Result<()> {
    let leaves = alive::leaves(now.observed);
    tx.exec(
        "insert into told_alive (person, message, leaves, asked, taken_back, rev) values ($1, $2, $3, $4, 0, $5)
         on conflict (person) do update set message = excluded.message, leaves = excluded.leaves, asked = excluded.asked,
             taken_back = 0, rev = excluded.rev",
        values![person, message, leaves, now.trusted, rev],
    )
    .await?;
    let Some(address) = goes_to(tx, person).await? else { return Ok(()) };
    messages::put_notice_to(tx, (message, Notice::SheLives), (person, address), None, now).await?;
    wakes::set(tx, WakeOf::Message(message), Lane::Letters, Wake::Observed(leaves)).await
}

async fn goes_to(tx: &mut Tx, person: PersonId) -> Result<Option<AddressId>> {
    if told_of(tx, person).await?.is_empty() {
        return Ok(None);
    }
    let rows = tx
        .query(
            "select address from messages where person = $1 and kind = 'knock' and state = 'accepted' and address is not null
             order by ended desc, nr desc",
            values![person],
        )
        .await?;
    let knocked: Vec<AddressId> = rows.into_iter().map(|mut row| row.next()).collect::<Result<_>>()?;
    Ok(alive::goes_to(&pair::addresses(tx, person).await?, &knocked))
}

async fn untell(tx: &mut Tx, person: PersonId, message: MessageId, rev: i64) -> Result<()> {
    tx.exec("update told_alive set taken_back = 1, rev = $1 where person = $2", values![rev, person]).await?;
    let dropped = tx
        .exec(
            "update messages set state = 'dropped', rev = rev + 1 where id = $1 and state = 'waiting'",
            values![message],
        )
        .await?;
    if dropped > 0 { wakes::remove(tx, WakeOf::Message(message)).await } else { Ok(()) }
}

/// At a replay: what she asked for rests anew, and whether it has left is said by the facts that follow.
pub(super) async fn after_all(
    tx: &mut Tx,
    (person, message, tells): (PersonId, MessageId, bool),
    rev: i64,
    now: Now,
) -> Result<Found> {
    if tx.one("select 1 from persons where id = $1 /*lock*/", values![person]).await?.is_none() {
        return Ok(Found::Absent);
    }
    match row(tx, person).await? {
        Some(row) if row.rev >= rev => return Ok(Found::Known),
        None if !tells => return Ok(Found::Unmade),
        _ if tells => tell(tx, person, message, rev, now).await?,
        _ => untell(tx, person, message, rev).await?,
    }
    Ok(Found::Applied)
}
