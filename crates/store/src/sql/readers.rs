//! The person's side: links, what waits, opening, saying no.

use super::map::{self, delivery_columns};
use super::tx::{Mode, Tx, values};
use super::{
    SqlStore, amends, asks, cards, care, door, letters, pair, proofs, refusals, replies, sessions,
    transaction, uploads,
};
use crate::limits::READERS_OF_A_LINK;
use crate::rows::*;
use crate::{ReaderStore, Result, StoreError};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::Scope;
use unsaid_delivery::accept::Granted;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::{DeliveryId, MessageId, PersonId};
use unsaid_delivery::parking::ParkedBy;
use unsaid_delivery::state::{Delivery, Parked, State};

/// A reader's session ends after so much trusted time.
const SESSION: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The part whose size a reader is shown.
const LETTER: &str = "letter.age";
/// The part that holds the signature.
const SIGNATURE: &str = "sig.age";

#[async_trait]
impl ReaderStore for SqlStore {
    async fn knock(&self, link: Keyed) -> Result<Option<Knock>> {
        transaction!(self, Mode::Read, |tx| {
            let row = tx.one("select message from links where hash = $1", values![link]).await?;
            let Some(mut row) = row else { return Ok(None) };
            knock(&mut tx, row.next()?).await
        })
    }

    async fn knock_named(&self, message: MessageId) -> Result<Option<Knock>> {
        transaction!(self, Mode::Read, |tx| knock(&mut tx, message).await)
    }

    async fn keep_for_later(
        &self,
        reader: &Reader,
        delivery: &Delivery,
        granted: &Granted,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            theirs(&mut tx, reader, delivery).await?;
            pair::move_to(&mut tx, delivery.id, granted.state, granted.wake).await?;
            pair::begin_anew(&mut tx, reader.person).await?;
            pair::wake_messages(&mut tx, reader.person, now).await?;
            tx.fact(delivery.id, delivery.rev + 1, granted.fact.clone());
            Ok(())
        })
    }

    async fn reply(&self, reader: &Reader, reply: NewReply, now: Now) -> Result<Replied> {
        transaction!(self, Mode::Write, |tx| replies::keep(&mut tx, reader, &reply, now).await)
    }

    async fn try_digits(&self, address: Keyed, now: Now) -> Result<DigitsTried> {
        transaction!(self, Mode::Serial, |tx| replies::try_digits(&mut tx, address, now).await)
    }

    async fn open_reader(&self, token: Keyed, message: MessageId, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            reader_of(&mut tx, message).await?.ok_or(StoreError::Missing)?;
            tx.exec(
                "insert into readers (token, message, opened) values ($1, $2, $3)",
                values![token, message, now.trusted],
            )
            .await?;
            // One more than there may be: the oldest opens its link again.
            tx.exec(
                "delete from readers where message = $1 and token <> $2 and token not in (
                     select token from readers where message = $1 order by opened desc, token limit $3)",
                values![message, token, READERS_OF_A_LINK],
            )
            .await
            .map(drop)
        })
    }

    async fn reader(&self, token: Keyed, now: Now) -> Result<Option<Reader>> {
        transaction!(self, Mode::Read, |tx| {
            let row = tx
                .one(
                    "select message from readers where token = $1 and opened > $2",
                    values![token, sessions::ago(now, SESSION)],
                )
                .await?;
            if let Some(mut row) = row {
                let reader = reader_of(&mut tx, row.next()?).await?;
                return Ok(reader.map(|reader| Reader { session: Some(token), ..reader }));
            }
            let row = tx
                .one(
                    "select p.account, p.id, case when c.present = 1 then 0 else 1 end
                     from claim_readers r join persons p on p.id = r.person left join cards c on c.claim = r.claim
                     where r.token = $1 and r.opened > $2",
                    values![token, sessions::ago(now, SESSION)],
                )
                .await?;
            row.map(|mut row| {
                let (account, person, older_card) = (row.next()?, row.next()?, row.next()?);
                Ok(Reader { account, person, at: None, older_card, session: Some(token) })
            })
            .transpose()
        })
    }

    async fn end_reader(&self, token: Keyed) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.exec("delete from proved where reader = $1", values![token]).await?;
            tx.exec("delete from readers where token = $1", values![token]).await?;
            tx.exec("delete from claim_readers where token = $1", values![token]).await.map(drop)
        })
    }

    async fn waiting(&self, reader: &Reader) -> Result<Vec<Waiting>> {
        transaction!(self, Mode::Read, |tx| {
            if refusals::is_not_me(&mut tx, reader).await? {
                return Ok(Vec::new());
            }
            let rows = tx
                .query(
                    concat!(
                        "select v.sealed, coalesce(p.size, 0), v.kept, case when s.name is null then 0 else 1 end, ",
                        delivery_columns!(),
                        " from deliveries d
                             join versions v on v.letter = d.letter and v.number = d.version and v.sealed is not null
                             left join parts p on p.letter = d.letter and p.version = d.version and p.name = $1
                             left join parts s on s.letter = d.letter and s.version = d.version and s.name = $2
                         where d.person = $3 order by v.sealed desc, v.nr desc, d.occurrence desc"
                    ),
                    values![LETTER, SIGNATURE, reader.person],
                )
                .await?;
            let mut waiting = Vec::with_capacity(rows.len());
            // One that does not read hides no other.
            let rows = care::readable(rows, "letter", |row| {
                Ok((row.next()?, row.next()?, row.next()?, row.next()?, map::delivery(row)?))
            });
            for (sealed_at, size, kept, signed, delivery) in rows {
                let leads = !reader.older_card || (delivery.pinned && kept == Kept::Words);
                if leads && delivery.state.is_there_for_person() {
                    let asks = proofs::asks(&mut tx, reader, &delivery).await?;
                    waiting.push(Waiting { delivery, sealed_at, size, kept, signed, asks });
                }
            }
            Ok(waiting)
        })
    }

    async fn sender(&self, reader: &Reader) -> Result<Sender> {
        transaction!(self, Mode::Read, |tx| {
            let name =
                tx.need("select name from accounts where id = $1", values![reader.account]).await?.next()?;
            let zone = pair::zone(&mut tx, reader.person).await?;
            let may_be_named = proofs::may_be_named(&mut tx, reader).await?;
            let mut row = tx
                .need("select allowed_name, looked_after from persons where id = $1", values![reader.person])
                .await?;
            let allowed_name = row.next()?;
            let looked_after: Option<SealedText> = row.next()?;
            let by_mail = looked_after.filter(|_| !reader.came_with_words());
            let looks_after = by_mail.map(|name| (reader.person, name));
            Ok(Sender { account: reader.account, name, zone, may_be_named, allowed_name, looks_after })
        })
    }

    async fn own_address(&self, reader: &Reader) -> Result<Option<SealedText>> {
        let Some((address, _)) = reader.at else { return Ok(None) };
        transaction!(self, Mode::Read, |tx| {
            let row = tx
                .one(
                    "select sealed from addresses where id = $1 and person = $2 and removed = 0",
                    values![address, reader.person],
                )
                .await?;
            row.map(|mut row| row.next()).transpose()
        })
    }

    async fn open(&self, reader: &Reader, delivery: &Delivery, granted: &Granted, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            theirs(&mut tx, reader, delivery).await?;
            proofs::answered(&mut tx, reader, delivery).await?;
            if !asks::are_enough(&mut tx, delivery, Some(now)).await? {
                return Err(StoreError::Missing);
            }
            pair::move_to(&mut tx, delivery.id, granted.state, granted.wake).await?;
            pin(&mut tx, delivery.id, reader.person).await?;
            tx.fact(delivery.id, delivery.rev + 1, granted.fact.clone());
            Ok(())
        })
    }

    async fn release(&self, reader: &Reader, delivery: DeliveryId) -> Result<Released> {
        transaction!(self, Mode::Read, |tx| {
            let delivery = opened(&mut tx, reader, delivery).await?;
            if !asks::are_enough(&mut tx, &delivery, None).await? {
                return Err(StoreError::Missing);
            }
            for kind in WrapKind::OF_LETTERS {
                if let Some(wrap) = letters::wrap(&mut tx, delivery.letter, delivery.version, kind).await? {
                    let (subject, version) = (delivery.letter.to_string(), delivery.version);
                    return Ok(Released { wrap, subject, version, kind });
                }
            }
            Err(StoreError::Missing)
        })
    }

    async fn try_proof(
        &self,
        reader: &Reader,
        delivery: DeliveryId,
        answer: Answered,
        now: Now,
    ) -> Result<ProofTried> {
        transaction!(self, Mode::Serial, |tx| {
            if refusals::is_not_me(&mut tx, reader).await? {
                return Err(StoreError::Missing);
            }
            pair::lock(&mut tx, reader.person).await?;
            let found = pair::delivery(&mut tx, delivery).await?.ok_or(StoreError::Missing)?;
            if found.person != reader.person || !found.state.is_there_for_person() {
                return Err(StoreError::Missing);
            }
            proofs::attempt(&mut tx, reader, &found, answer, now).await
        })
    }

    async fn allow_name(&self, reader: &Reader, name: Option<Keyed>) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            if refusals::is_not_me(&mut tx, reader).await? {
                return Err(StoreError::Missing);
            }
            tx.exec("update persons set allowed_name = $1 where id = $2", values![name, reader.person])
                .await
                .map(drop)
        })
    }

    async fn open_reader_by_claim(&self, token: Keyed, claim: Keyed, now: Now) -> Result<bool> {
        transaction!(self, Mode::Write, |tx| {
            let Some(person) = cards::person_of(&mut tx, claim).await? else { return Ok(false) };
            amends::open_reader(&mut tx, token, claim, person, now).await?;
            Ok(true)
        })
    }

    async fn early_by_claim(&self, claim: Keyed) -> Result<Option<(Early, Vec<Delivery>)>> {
        transaction!(self, Mode::Read, |tx| cards::early(&mut tx, claim).await)
    }

    async fn ask_at_door(&self, address: Keyed, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| door::ask(&mut tx, address, now).await)
    }

    async fn claim_opens(&self, reader: &Reader, delivery: DeliveryId, claim: Keyed) -> Result<bool> {
        transaction!(self, Mode::Read, |tx| cards::opens(&mut tx, reader, delivery, claim).await)
    }

    async fn card_is_older(&self, reader: &Reader, claim: Keyed) -> Result<bool> {
        transaction!(self, Mode::Read, |tx| cards::is_older(&mut tx, reader, claim).await)
    }

    async fn reader_part(&self, reader: &Reader, delivery: DeliveryId, name: &str) -> Result<Part> {
        transaction!(self, Mode::Read, |tx| {
            let delivery = opened(&mut tx, reader, delivery).await?;
            uploads::one(&mut tx, delivery.letter, delivery.version, name).await
        })
    }

    async fn refuse(&self, reader: &Reader, scope: Scope, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| refusals::refuse(&mut tx, reader, scope, now).await)
    }

    async fn lift(&self, reader: &Reader, scope: Scope, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| refusals::lift(&mut tx, reader, scope, now).await)
    }

    async fn refusals(&self, reader: &Reader) -> Result<Vec<StandingRefusal>> {
        transaction!(self, Mode::Read, |tx| {
            let scopes = refusals::standing(&mut tx, reader).await?;
            Ok(scopes.into_iter().map(|scope| StandingRefusal { scope }).collect())
        })
    }

    async fn park(&self, delivery: DeliveryId, why: Parked) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            let as_read = pair::delivery(&mut tx, delivery).await?.ok_or(StoreError::Missing)?;
            pair::lock(&mut tx, as_read.person).await?;
            let state = pair::delivery(&mut tx, delivery).await?.ok_or(StoreError::Missing)?.state;
            if matches!(state, State::Parked { .. } | State::Withdrawn { .. }) {
                return Ok(());
            }
            let parked = State::Parked { why, left: state.has_left() };
            let mark = super::house::house_mark(&mut tx).await?;
            let now = mark.map_or(Now { trusted: Timestamp::UNIX_EPOCH, observed: Observed(0) }, |mark| {
                Now { trusted: mark.trusted, observed: mark.observed }
            });
            pair::park(&mut tx, delivery, parked, ParkedBy::Engine, now, None).await
        })
    }
}

/// The version can never change again, and the knocks to this person begin a new series. Also at a replay.
pub(super) async fn pin(tx: &mut Tx, delivery: DeliveryId, person: PersonId) -> Result<()> {
    tx.exec("update deliveries set pinned = 1 where id = $1", values![delivery]).await?;
    pair::begin_anew(tx, person).await
}

/// Locks what a reader asks something of, as it was read. Missing unless it is theirs and has left.
async fn theirs(tx: &mut Tx, reader: &Reader, delivery: &Delivery) -> Result<()> {
    if delivery.person != reader.person || refusals::is_not_me(tx, reader).await? {
        return Err(StoreError::Missing);
    }
    pair::lock_delivery(tx, delivery).await?;
    let stored = pair::delivery(tx, delivery.id).await?.ok_or(StoreError::Missing)?;
    if stored.account != reader.account
        || !stored.state.has_left()
        || !cards::leads_to(tx, reader.older_card, &stored).await?
    {
        return Err(StoreError::Missing);
    }
    Ok(())
}

/// A knock with whom it went to, and whether something of it can be opened.
async fn knock(tx: &mut Tx, message: MessageId) -> Result<Option<Knock>> {
    let Some(reader) = reader_of(tx, message).await? else { return Ok(None) };
    let waits = !openable(tx, &reader).await?.is_empty();
    let looked_after = is_looked_after(tx, reader.person).await?;
    Ok(Some(Knock { message, reader, waits, looked_after }))
}

/// Whether somebody else reads their mail.
pub(super) async fn is_looked_after(tx: &mut Tx, person: PersonId) -> Result<bool> {
    let row =
        tx.one("select 1 from persons where id = $1 and looked_after is not null", values![person]).await?;
    Ok(row.is_some())
}

/// Whom a knock went to.
async fn reader_of(tx: &mut Tx, message: MessageId) -> Result<Option<Reader>> {
    let row = tx
        .one(
            "select p.account, p.id, a.id, a.key
             from messages m join persons p on p.id = m.person join addresses a on a.id = m.address
             where m.id = $1 and m.kind in ('knock', 'notice-at-the-door')",
            values![message],
        )
        .await?;
    row.map(|mut row| {
        let (account, person) = (row.next()?, row.next()?);
        let at = Some((row.next()?, row.next()?));
        Ok(Reader { account, person, at, older_card: false, session: None })
    })
    .transpose()
}

/// What this reader may open: nothing while they say that this address is not the person's.
pub(super) async fn openable(tx: &mut Tx, reader: &Reader) -> Result<Vec<Delivery>> {
    if refusals::is_not_me(tx, reader).await? {
        return Ok(Vec::new());
    }
    let mut deliveries = pair::deliveries(tx, reader.person).await?;
    deliveries.retain(|d| d.state.may_be_opened());
    Ok(deliveries)
}

/// A delivery of theirs that was opened and can be opened again.
pub(super) async fn opened(tx: &mut Tx, reader: &Reader, delivery: DeliveryId) -> Result<Delivery> {
    let openable = openable(tx, reader).await?;
    let found = openable.into_iter().find(|d| d.id == delivery && d.pinned).ok_or(StoreError::Missing)?;
    proofs::answered(tx, reader, &found).await?;
    if cards::leads_to(tx, reader.older_card, &found).await? { Ok(found) } else { Err(StoreError::Missing) }
}
