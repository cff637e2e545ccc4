//! What keepers say of what a letter waits for, in a database. The pair is locked first, then the keeper, then the event; the rev of the event orders its facts.

use super::apply::Found;
use super::lives::{self, KeeperOf, locked_keeper};
use super::tx::{Mode, Row, Tx, Value, not_before, values};
use super::{SqlStore, keys, pair, transaction, wakes};
use crate::asks::days_after;
use crate::events::*;
use crate::lives::{KeeperStanding, Names};
use crate::rows::{Author, Keyed, Lane, SealedText, WakeOf};
use crate::{Result, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::event::{Event, Gateway, Heard, NoWord, Opening, Said, Spoken, Told};
use unsaid_delivery::id::{AccountId, AddressId, KeeperId, LetterId, MessageId, PersonId};
use unsaid_delivery::message::{Kind, MessageState, Notice};
use unsaid_delivery::rule::Gate;
use unsaid_delivery::state::{Delivery, State};

#[async_trait]
impl EventStore for SqlStore {
    async fn event(&self, author: &Author, letter: LetterId) -> Result<Option<Event>> {
        transaction!(self, Mode::Read, |tx| {
            tx.need("select 1 from letters where id = $1 and account = $2", values![letter, author.account])
                .await?;
            Ok(read(&mut tx, letter).await?.map(|known| known.event))
        })
    }

    async fn events_asked(&self, keeper: KeeperId, now: Now) -> Result<Vec<EventAsked>> {
        transaction!(self, Mode::Read, |tx| {
            let rows = tx
                .query(
                    "select d.letter, d.person, d.gate_event, p.told, g.address, g.sealed,
                         case when exists (select 1 from addresses a where a.person = p.id and a.removed = 0 and a.good = 1) then 0 else 1 end
                     from keepers k join deliveries d on d.account = k.account join persons p on p.id = d.person
                     left join given_addresses g on g.person = p.id and g.keeper = k.id
                     where k.id = $1 and k.standing in ('invited', 'enrolled') and d.gate = 'word' and d.state = 'waiting'
                     order by d.occurrence",
                    values![keeper],
                )
                .await?;
            let mut asked: Vec<EventAsked> = Vec::new();
            for mut row in rows {
                let letter: LetterId = row.next()?;
                let Some(known) = read(&mut tx, letter).await? else { continue };
                let open = matches!(known.event.gateway(now), Gateway::Open(_));
                if open || asked.iter().any(|one| one.letter == letter) {
                    continue;
                }
                asked.push(one_asked(&mut row, letter, keeper, known.event)?);
            }
            // Here and not in the question: databases sort text by rules of their own.
            asked.sort_by_key(|one| one.letter);
            Ok(asked)
        })
    }

    async fn say_event(
        &self,
        keeper: KeeperId,
        word: NewWord,
        names: &Names,
        now: Now,
    ) -> Result<std::result::Result<Said, NoWord>> {
        transaction!(self, Mode::Write, |tx| {
            let row =
                tx.one("select d.person from deliveries d where d.letter = $1", values![word.letter]).await?;
            let person: PersonId = row.ok_or(StoreError::Missing)?.next()?;
            let (hers, _) = pair::lock(&mut tx, person).await?;
            let KeeperOf { account, standing, .. } = locked_keeper(&mut tx, keeper).await?;
            if account != hers {
                return Err(StoreError::Missing);
            }
            if !standing.counts() {
                return Ok(Err(NoWord::NotAKeeper));
            }
            let Some(known) = locked(&mut tx, word.letter).await? else { return Ok(Err(NoWord::Over)) };
            let (event, said) = match known.event.say(keeper, word.happened, now) {
                Ok(said) => said,
                Err(no) => return Ok(Err(no)),
            };
            let fact = Fact::EventSaid { letter: word.letter, keeper, happened: word.happened };
            tx.fact(subject(word.letter), known.rev + 1, fact);
            keep_word(&mut tx, word.letter, keeper, word.happened).await?;
            tx.exec("update keepers set heard = $1 where id = $2", values![now.trusted, keeper]).await?;
            keys::notice(&mut tx, account, Notice::EventSaid, word.told, now).await?;
            let mut told = known.told.filter(|_| event.spoken.is_some());
            if said.begins && event.spoken.is_some_and(|spoken| spoken.grace) {
                keys::notice(&mut tx, account, Notice::EventOpens, word.opens, now).await?;
                told = Some(word.opens);
            }
            let mut asked = known.asked;
            if word.happened && asked.is_none_or(|at| days_after(at, ASKED_AGAIN_DAYS) <= now.trusted) {
                ask_others(&mut tx, account, word.letter, names, now).await?;
                asked = Some(now.trusted);
            }
            let rev = known.rev + 1;
            keep(&mut tx, word.letter, &Stored { spoken: event.spoken, told, asked, rev }, now).await?;
            Ok(Ok(said))
        })
    }

    async fn stop_event(&self, author: &Author, letter: LetterId, now: Now) -> Result<bool> {
        transaction!(self, Mode::Write, |tx| {
            tx.need("select 1 from letters where id = $1 and account = $2", values![letter, author.account])
                .await?;
            if let Some(mut row) =
                tx.one("select person from deliveries where letter = $1", values![letter]).await?
            {
                pair::lock(&mut tx, row.next()?).await?;
            }
            let Some(known) = locked(&mut tx, letter).await? else { return Ok(false) };
            if known.event.stop(now).is_none() {
                return Ok(false);
            }
            tx.fact(subject(letter), known.rev + 1, Fact::EventStopped { letter });
            stop(&mut tx, letter, &known, known.rev + 1, now).await?;
            Ok(true)
        })
    }
}

/// What stands in the rows of one event, and what is known beside it.
pub(super) struct Known {
    event: Event,
    told: Option<MessageId>,
    asked: Option<Timestamp>,
    rev: i64,
}

/// The row itself.
struct Stored {
    spoken: Option<Spoken>,
    told: Option<MessageId>,
    asked: Option<Timestamp>,
    rev: i64,
}

fn subject(letter: LetterId) -> String {
    format!("{letter} event")
}

fn one_asked(row: &mut Row, letter: LetterId, keeper: KeeperId, known: Event) -> Result<EventAsked> {
    let (person, event) = (row.next()?, row.next::<Option<String>>()?.ok_or(StoreError::Damaged)?);
    let told = row.next()?;
    let (address, sealed): (Option<AddressId>, Option<SealedText>) = (row.next()?, row.next()?);
    let own = known.heard.iter().find(|heard| heard.keeper == keeper).map(|heard| heard.happened);
    Ok(EventAsked {
        letter,
        person,
        event,
        told,
        wants_address: row.next()?,
        given: address.zip(sealed),
        own,
        known,
    })
}

/// None: the letter does not wait for keepers' word.
async fn read(tx: &mut Tx, letter: LetterId) -> Result<Option<Known>> {
    let all = pair::of_letter(tx, letter).await?;
    let Some((account, quorum)) = all.iter().find_map(|d| match d.rule.gate {
        Gate::Word { quorum, .. } => Some((d.account, quorum)),
        _ => None,
    }) else {
        return Ok(None);
    };
    let waits = all.iter().any(|d| d.state == State::Waiting);
    let row = tx
        .one(
            "select spoken, spoken_at, grace, told, asked, rev from events where letter = $1",
            values![letter],
        )
        .await?;
    let (mut spoken, mut told, mut asked, mut rev) = (None, None, None, 0);
    if let Some(mut row) = row {
        let (since, at): (Option<Observed>, Option<Timestamp>) = (row.next()?, row.next()?);
        let grace: Option<bool> = row.next()?;
        spoken = since.zip(at).map(|(since, at)| Spoken { since, at, grace: grace != Some(false) });
        told = row.next::<Option<MessageId>>()?;
        (asked, rev) = (row.next()?, row.next()?);
    }
    let knows = match (spoken, told) {
        (Some(spoken), Some(told)) if spoken.grace => Some(knows(tx, told, spoken.since).await?),
        (Some(spoken), None) if spoken.grace => Some(Told::Since(spoken.since)),
        _ => None,
    };
    let keepers = tx
        .query(
            "select id from keepers where account = $1 and standing in ('invited', 'enrolled') order by nr",
            values![account],
        )
        .await?;
    let heard = tx
        .query("select keeper, happened from event_words where letter = $1 order by keeper", values![letter])
        .await?;
    let released = tx
        .one("select 1 from lives where account = $1 and stage = 'released'", values![account])
        .await?
        .is_some();
    let event = Event {
        quorum,
        keepers: keepers.into_iter().map(|mut row| row.next()).collect::<Result<_>>()?,
        heard: heard
            .into_iter()
            .map(|mut row| Ok(Heard { keeper: row.next()?, happened: row.next()? }))
            .collect::<Result<_>>()?,
        spoken,
        told: knows,
        waits,
        released,
    };
    Ok(Some(Known { event, told, asked, rev }))
}

/// Whether the message that tells her has left.
async fn knows(tx: &mut Tx, message: MessageId, since: Observed) -> Result<Told> {
    let row = tx.one("select state, ended from messages where id = $1", values![message]).await?;
    let Some(mut row) = row else { return Ok(Told::Since(since)) };
    let (state, ended): (MessageState, Option<Observed>) = (row.next()?, row.next()?);
    Ok(match state {
        MessageState::Waiting | MessageState::Started => Told::Waits,
        _ => Told::Since(ended.unwrap_or(since)),
    })
}

async fn locked(tx: &mut Tx, letter: LetterId) -> Result<Option<Known>> {
    tx.one("select 1 from events where letter = $1 /*lock*/", values![letter]).await?;
    read(tx, letter).await
}

/// Of a promise that waits for keepers' word: that enough of them have said it.
pub(super) async fn opening(tx: &mut Tx, delivery: &Delivery) -> Result<Option<Opening>> {
    if !matches!(delivery.rule.gate, Gate::Word { .. }) {
        return Ok(None);
    }
    Ok(read(tx, delivery.letter).await?.and_then(|known| known.event.opening()))
}

async fn keep_word(tx: &mut Tx, letter: LetterId, keeper: KeeperId, happened: bool) -> Result<()> {
    tx.exec(
        "insert into event_words (letter, keeper, happened) values ($1, $2, $3)
         on conflict (letter, keeper) do update set happened = excluded.happened",
        values![letter, keeper, i64::from(happened)],
    )
    .await
    .map(drop)
}

/// The row, and everything that waits for it is looked at again: its rev moves, so that whoever has one in hand reads the gate anew.
async fn keep(tx: &mut Tx, letter: LetterId, row: &Stored, now: Now) -> Result<()> {
    let spoken = row.spoken;
    tx.exec(
        "insert into events (letter, spoken, spoken_at, grace, told, asked, rev) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (letter) do update set spoken = excluded.spoken, spoken_at = excluded.spoken_at, grace = excluded.grace,
             told = excluded.told, asked = excluded.asked, rev = excluded.rev",
        &[
            letter.into(),
            spoken.map(|spoken| spoken.since).into(),
            spoken.map_or(Value::Null, |spoken| not_before(spoken.at)),
            spoken.map(|spoken| i64::from(spoken.grace)).into(),
            row.told.into(),
            row.asked.into(),
            row.rev.into(),
        ],
    )
    .await?;
    let rows = tx
        .query(
            "update deliveries set rev = rev + 1 where letter = $1 and gate = 'word' and state = 'waiting' returning id",
            values![letter],
        )
        .await?;
    for mut row in rows {
        wakes::at_once(tx, WakeOf::Delivery(row.next()?), Lane::Letters, now).await?;
    }
    Ok(())
}

async fn stop(tx: &mut Tx, letter: LetterId, known: &Known, rev: i64, now: Now) -> Result<()> {
    tx.exec("delete from event_words where letter = $1", values![letter]).await?;
    keep(tx, letter, &Stored { spoken: None, told: None, asked: known.asked, rev }, now).await
}

/// A keeper stands otherwise: what was said comes to something else, perhaps.
pub(super) async fn recount(tx: &mut Tx, account: AccountId, now: Now) -> Result<()> {
    let rows = tx
        .query(
            "select e.letter from events e join letters l on l.id = e.letter
             where l.account = $1 and e.spoken is not null order by e.letter",
            values![account],
        )
        .await?;
    for mut row in rows {
        let letter: LetterId = row.next()?;
        let Some(known) = locked(tx, letter).await? else { continue };
        let (event, said) = known.event.clone().counted(now);
        if event.spoken.is_none() && said.why == "word-of-keepers-taken-back" {
            let row = Stored { spoken: None, told: None, asked: known.asked, rev: known.rev };
            keep(tx, letter, &row, now).await?;
        }
    }
    Ok(())
}

async fn ask_others(
    tx: &mut Tx,
    account: AccountId,
    letter: LetterId,
    names: &Names,
    now: Now,
) -> Result<()> {
    let rows = tx
        .query(
            "select k.id from keepers k where k.account = $1 and k.standing in ('invited', 'enrolled') and k.address is not null
             and not exists (select 1 from event_words w where w.keeper = k.id and w.letter = $2 and w.happened = 1) order by k.nr",
            values![account, letter],
        )
        .await?;
    let expires = not_before(days_after(now.trusted, 30));
    for (mut row, (id, link)) in rows.into_iter().zip(names) {
        let (keeper, id, link): (KeeperId, MessageId, Keyed) = (row.next()?, *id, *link);
        tx.exec(
            "insert into messages (id, kind, subject, account, whom, series, nr, nth, state, tries, since, expires, foreseen, rev)
             values ($1, $2, 'keeper', $3, $4, 0, 0, 1, 'waiting', 0, $5, $6, 1, 1)",
            &[
                id.into(),
                Kind::Notice(Notice::EventAsked).into(),
                account.into(),
                keeper.into(),
                now.observed.into(),
                expires.clone(),
            ],
        )
        .await?;
        tx.exec("insert into links (hash, message) values ($1, $2)", values![link, id]).await?;
        wakes::at_once(tx, WakeOf::Message(id), Lane::Letters, now).await?;
    }
    Ok(())
}

/// At a replay: a word that the rows have not. Its days begin anew, and nobody is told twice.
pub(super) async fn said_after_all(
    tx: &mut Tx,
    (letter, keeper, happened): (LetterId, KeeperId, bool),
    rev: i64,
    now: Now,
) -> Result<Found> {
    let stands = tx.one("select standing from keepers where id = $1", values![keeper]).await?;
    let Some(mut stands) = stands else { return Ok(Found::Absent) };
    let standing: KeeperStanding = stands.next()?;
    let Some(known) = locked(tx, letter).await? else { return absent_or_known(tx, letter).await };
    if known.rev >= rev {
        return Ok(Found::Known);
    }
    keep_word(tx, letter, keeper, happened).await?;
    let (mut event, mut told) = (known.event, known.told);
    if standing.counts() {
        event.heard.retain(|heard| heard.keeper != keeper);
        event.heard.push(Heard { keeper, happened });
        // Whether she was let go meanwhile is not known here: she has her days in any case.
        event.released = false;
        event = event.counted(now).0;
    }
    told = told.filter(|_| event.spoken.is_some());
    keep(tx, letter, &Stored { spoken: event.spoken, told, asked: known.asked, rev }, now).await?;
    Ok(Found::Applied)
}

/// The same, of what she stopped.
pub(super) async fn stopped_after_all(tx: &mut Tx, letter: LetterId, rev: i64, now: Now) -> Result<Found> {
    let Some(known) = locked(tx, letter).await? else { return absent_or_known(tx, letter).await };
    if known.rev >= rev {
        return Ok(Found::Known);
    }
    stop(tx, letter, &known, rev, now).await?;
    Ok(Found::Applied)
}

async fn absent_or_known(tx: &mut Tx, letter: LetterId) -> Result<Found> {
    let there = tx.one("select 1 from letters where id = $1", values![letter]).await?;
    Ok(there.map_or(Found::Absent, |_| Found::Known))
}

/// How many must give the same address while she was not let go.
pub(super) async fn needed(tx: &mut Tx, account: AccountId, keepers: usize) -> Result<Option<u8>> {
    let quorum = lives::read(tx, account).await?.map_or(2, |life| life.plan.quorum);
    Ok(unsaid_delivery::event::needed(quorum, keepers))
}
