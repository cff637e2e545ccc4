//! Letters as their author may see them, from the first reserved id on; what she takes back. Sealing itself is in [`super::seal`], uploads
//! in [`super::uploads`].

use super::map::{self, delivery_columns};
use super::tx::{Mode, Tx, values};
use super::{
    SqlStore, alive, amends, care, limits, notes, pair, proofs, replies, seal, transaction, uploads,
};
use crate::notes::Note;
use crate::rows::*;
use crate::{LetterStore, Result, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use unsaid_delivery::Fact;
use unsaid_delivery::accept::{Corrected, Granted};
use unsaid_delivery::calendar;
use unsaid_delivery::clock::Now;
use unsaid_delivery::forecast::{By, Forecast};
use unsaid_delivery::id::{BlobId, DeliveryId, LetterId, ReplyId};
use unsaid_delivery::rule::Rule;
use unsaid_delivery::state::{Amending, Delivery, Rest, State};

#[async_trait]
impl LetterStore for SqlStore {
    async fn reserve_letter(&self, author: &Author, letter: LetterId, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            limits::lock(&mut tx, author).await?;
            limits::letter(&mut tx, author, now).await?;
            tx.exec(
                "insert into letters (id, account, reserved, withdrew, rev) values ($1, $2, $3, 0, 0)",
                values![letter, author.account, now.trusted],
            )
            .await?;
            tx.exec("insert into versions (letter, number) values ($1, 1)", values![letter]).await.map(drop)
        })
    }

    async fn reserve_version(&self, author: &Author, letter: LetterId, _now: Now) -> Result<u32> {
        transaction!(self, Mode::Write, |tx| {
            hers(&mut tx, author, letter).await?;
            let mut row = tx
                .need(
                    "select number, case when sealed is null then 0 else 1 end from versions
                     where letter = $1 order by number desc limit 1",
                    values![letter],
                )
                .await?;
            let (number, sealed): (u32, bool) = (row.next()?, row.next()?);
            if sealed {
                limits::version(&mut tx, letter).await?;
                let next = number + 1;
                tx.exec("insert into versions (letter, number) values ($1, $2)", values![letter, next])
                    .await?;
                return Ok(next);
            }
            for sql in [
                "insert into orphans (blob) select blob from uploads where letter = $1 and version = $2",
                "delete from parts where letter = $1 and version = $2",
                "delete from uploads where letter = $1 and version = $2",
                "delete from wraps where subject = $1 and version = $2",
            ] {
                tx.exec(sql, values![letter, number]).await?;
            }
            Ok(number)
        })
    }

    async fn begin_upload(&self, author: &Author, ask: UploadAsk, now: Now) -> Result<Upload> {
        transaction!(self, Mode::Write, |tx| uploads::begin(&mut tx, author, &ask, now).await)
    }

    async fn upload(&self, author: &Author, blob: BlobId) -> Result<Upload> {
        transaction!(self, Mode::Read, |tx| uploads::find(&mut tx, author, blob).await)
    }

    async fn upload_grew(&self, author: &Author, blob: BlobId, offset: u64) -> Result<()> {
        transaction!(self, Mode::Write, |tx| uploads::grew(&mut tx, author, blob, offset).await)
    }

    async fn upload_ended(&self, author: &Author, blob: BlobId, complete: bool) -> Result<()> {
        transaction!(self, Mode::Write, |tx| uploads::ended(&mut tx, author, blob, complete).await)
    }

    async fn part(&self, author: &Author, letter: LetterId, version: u32, name: &str) -> Result<Part> {
        transaction!(self, Mode::Read, |tx| {
            looks_hers(&mut tx, author, letter).await?;
            uploads::one(&mut tx, letter, version, name).await
        })
    }

    async fn put_wrap(
        &self,
        author: &Author,
        letter: LetterId,
        version: u32,
        kind: WrapKind,
        bytes: Vec<u8>,
        host_generation: u32,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            uploads::open_version(&mut tx, author, letter, version).await?;
            if matches!(kind, WrapKind::Unlock | WrapKind::Keepers) {
                return Err(StoreError::Conflict);
            }
            tx.exec(
                "insert into wraps (subject, version, kind, bytes, host_generation) values ($1, $2, $3, $4, $5)
                 on conflict (subject, version, kind) do update
                 set bytes = excluded.bytes, host_generation = excluded.host_generation",
                values![letter, version, kind, bytes.clone(), host_generation],
            )
            .await
            .map(drop)
        })
    }

    async fn author_wrap(&self, author: &Author, letter: LetterId, version: u32) -> Result<Vec<u8>> {
        transaction!(self, Mode::Read, |tx| {
            looks_hers(&mut tx, author, letter).await?;
            wrap(&mut tx, letter, version, WrapKind::Author).await?.ok_or(StoreError::Missing)
        })
    }

    async fn unproven(&self, author: &Author, letter: LetterId, version: u32) -> Result<Unproven> {
        transaction!(self, Mode::Read, |tx| {
            looks_hers(&mut tx, author, letter).await?;
            tx.need("select 1 from versions where letter = $1 and number = $2", values![letter, version])
                .await?;
            Ok(Unproven {
                parts: uploads::parts(&mut tx, letter, version).await?,
                has_author_wrap: wrap(&mut tx, letter, version, WrapKind::Author).await?.is_some(),
                host_wrap: wrap(&mut tx, letter, version, WrapKind::Host).await?,
                words_wrap: wrap(&mut tx, letter, version, WrapKind::Words).await?,
                keepers_wrap: wrap(&mut tx, letter, version, WrapKind::Keepers).await?,
            })
        })
    }

    async fn seal(&self, author: &Author, seal: Seal, now: Now) -> Result<Letter> {
        transaction!(self, Mode::Write, |tx| {
            seal::seal(&mut tx, author, &seal, now).await?;
            one(&mut tx, seal.letter).await
        })
    }

    async fn letters(&self, author: &Author) -> Result<Vec<Letter>> {
        transaction!(self, Mode::Read, |tx| all(&mut tx, author).await)
    }

    async fn letter(&self, author: &Author, letter: LetterId) -> Result<Letter> {
        transaction!(self, Mode::Read, |tx| {
            looks_hers(&mut tx, author, letter).await?;
            one(&mut tx, letter).await
        })
    }

    async fn history(&self, author: &Author, letter: LetterId) -> Result<Vec<Note>> {
        transaction!(self, Mode::Read, |tx| {
            looks_hers(&mut tx, author, letter).await?;
            let letter = one(&mut tx, letter).await?;
            notes::of_letter(&mut tx, &letter).await
        })
    }

    async fn commit_author(
        &self,
        author: &Author,
        delivery: &Delivery,
        granted: &Granted,
        _now: Now,
    ) -> Result<Letter> {
        transaction!(self, Mode::Write, |tx| {
            let rev = hers(&mut tx, author, delivery.letter).await?;
            pair::lock_delivery(&mut tx, delivery).await?;
            match &granted.fact {
                fact @ (Fact::Withdrawn { letter } | Fact::Undone { letter })
                    if *letter == delivery.letter =>
                {
                    let withdrew = matches!(fact, Fact::Withdrawn { .. });
                    said(&mut tx, delivery.letter, withdrew).await?;
                    tx.fact(delivery.letter, rev + 1, fact.clone());
                }
                fact => tx.fact(delivery.id, delivery.rev + 1, fact.clone()),
            }
            if matches!(granted.fact, Fact::Withdrawn { .. }) {
                withdraw_others(&mut tx, delivery.letter, Some(delivery.id)).await?;
            }
            move_by_her(&mut tx, delivery, granted.state, granted.wake).await?;
            one(&mut tx, delivery.letter).await
        })
    }

    async fn amend(&self, author: &Author, amend: Amend, now: Now) -> Result<Letter> {
        transaction!(self, Mode::Write, |tx| {
            amends::amend(&mut tx, author, &amend, now).await?;
            one(&mut tx, amend.letter).await
        })
    }

    async fn undo_amend(&self, author: &Author, letter: LetterId, version: u32, _now: Now) -> Result<Letter> {
        transaction!(self, Mode::Write, |tx| {
            amends::undo(&mut tx, author, letter, version).await?;
            one(&mut tx, letter).await
        })
    }

    async fn replies(&self, author: &Author, now: Now) -> Result<Vec<Reply>> {
        transaction!(self, Mode::Read, |tx| replies::all(&mut tx, author, now).await)
    }

    async fn reply_named(&self, author: &Author, reply: ReplyId, now: Now) -> Result<Reply> {
        transaction!(self, Mode::Read, |tx| replies::one(&mut tx, author, reply, now).await)
    }

    async fn reply_seen(&self, author: &Author, reply: ReplyId, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| replies::seen(&mut tx, author, reply, now).await)
    }

    async fn correct_proof(
        &self,
        author: &Author,
        letter: LetterId,
        proof: NewProof,
        _now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| proofs::correct(&mut tx, author, letter, &proof).await)
    }

    async fn correct_rule(
        &self,
        author: &Author,
        delivery: &Delivery,
        corrected: &Corrected,
        now: Now,
    ) -> Result<Letter> {
        transaction!(self, Mode::Write, |tx| {
            hers(&mut tx, author, delivery.letter).await?;
            pair::lock_delivery(&mut tx, delivery).await?;
            set_rule(&mut tx, delivery.id, &corrected.rule, corrected.occurrence).await?;
            pair::set_due(&mut tx, delivery.id, Some(corrected.due), calendar::tzdb_version()).await?;
            let leaves = corrected.due.max(delivery.rest.until);
            pair::foresee(&mut tx, delivery.id, Forecast::of(leaves, By::Act, now)).await?;
            pair::move_to(&mut tx, delivery.id, delivery.state, Some(corrected.wake)).await?;
            tx.fact(delivery.id, delivery.rev + 1, corrected.fact.clone());
            one(&mut tx, delivery.letter).await
        })
    }
}

/// Another moment for a promise. Also at a replay.
pub(super) async fn set_rule(tx: &mut Tx, id: DeliveryId, rule: &Rule, occurrence: i16) -> Result<()> {
    let [_, _, _, _, moment, date, time, zone, number, _, _] = map::rule_values(rule);
    tx.exec(
        "update deliveries set moment = $1, moment_date = $2, moment_time = $3, moment_zone = $4, moment_number = $5,
             occurrence = $6 where id = $7",
        &[moment, date, time, zone, number, i64::from(occurrence).into(), id.into()],
    )
    .await
    .map(drop)
}

/// Withdrawing is of the whole letter: every other occurrence that nobody has opened, and new words in their rest. Also at a replay.
pub(super) async fn withdraw_others(tx: &mut Tx, letter: LetterId, but: Option<DeliveryId>) -> Result<()> {
    if let Some(new) = amends::resting(tx, letter).await? {
        amends::take_back(tx, letter, new.version).await?;
    }
    let all = pair::of_letter(tx, letter).await?;
    alive::withdrawing(tx, &all).await?;
    for other in all {
        if Some(other.id) != but
            && !other.pinned
            && !matches!(other.state, State::Opened | State::Withdrawn { .. })
        {
            pair::move_to(tx, other.id, State::Withdrawn { undone: false }, None).await?;
        }
    }
    pair::remove_wraps(tx, letter).await
}

/// What she said about a letter raises its rev. Also at a replay.
pub(super) async fn said(tx: &mut Tx, letter: LetterId, withdrew: bool) -> Result<()> {
    tx.exec(
        "update letters set rev = rev + 1, withdrew = case when $1 = 1 then 1 else withdrew end where id = $2",
        values![i64::from(withdrew), letter],
    )
    .await
    .map(drop)
}

/// What her word does to a promise: its state, and at an end that is not an opening nothing but her own wraps stays. Also at a replay.
pub(super) async fn move_by_her(
    tx: &mut Tx,
    delivery: &Delivery,
    state: State,
    wake: Option<unsaid_delivery::state::Wake>,
) -> Result<()> {
    pair::move_to(tx, delivery.id, state, wake).await?;
    if state.is_end() && state != State::Opened {
        pair::remove_wraps(tx, delivery.letter).await?;
    }
    Ok(())
}

/// A letter of hers, locked; gives its rev.
async fn hers(tx: &mut Tx, author: &Author, letter: LetterId) -> Result<i64> {
    tx.need(
        "select rev from letters where id = $1 and account = $2 /*lock*/",
        values![letter, author.account],
    )
    .await?
    .next()
}

async fn looks_hers(tx: &mut Tx, author: &Author, letter: LetterId) -> Result<()> {
    tx.need("select 1 from letters where id = $1 and account = $2", values![letter, author.account])
        .await
        .map(drop)
}

/// A wrap, if it is there.
pub(super) async fn wrap(
    tx: &mut Tx,
    letter: LetterId,
    version: u32,
    kind: WrapKind,
) -> Result<Option<Vec<u8>>> {
    let row = tx
        .one(
            "select bytes from wraps where subject = $1 and version = $2 and kind = $3",
            values![letter, version, kind],
        )
        .await?;
    row.map(|mut row| row.next()).transpose()
}

async fn one(tx: &mut Tx, id: LetterId) -> Result<Letter> {
    let withdrew = tx.need("select withdrew from letters where id = $1", values![id]).await?.next()?;
    let mut letter = blank(id, withdrew);
    let rows = tx
        .query(
            "select number, sealed, kept from versions
             where letter = $1 and sealed is not null and coalesce(amends, '') <> 'undone' order by number",
            values![id],
        )
        .await?;
    for mut row in rows {
        add(&mut letter, row.next()?, row.next()?, row.next()?);
    }
    letter.deliveries = pair::of_letter(tx, id).await?;
    letter.amending = amends::resting(tx, id).await?;
    letter.delivery = shown(&letter.deliveries);
    letter.asks = proofs::newest(tx, id).await?.map(|proof| proof.asks);
    Ok(letter)
}

fn blank(id: LetterId, withdrew: bool) -> Letter {
    Letter {
        id,
        version: 0,
        versions: Vec::new(),
        withdrew,
        asks: None,
        delivery: None,
        deliveries: Vec::new(),
        amending: None,
        kept: Kept::Nobody,
    }
}

fn add(letter: &mut Letter, number: u32, sealed: Timestamp, kept: Kept) {
    letter.version = number;
    letter.versions.push((number, sealed));
    letter.kept = kept;
}

/// Of several occurrences the earliest that has not left; if all have, the last.
fn shown(deliveries: &[Delivery]) -> Option<Delivery> {
    deliveries.iter().find(|d| !d.state.has_left()).or(deliveries.last()).cloned()
}

async fn all(tx: &mut Tx, author: &Author) -> Result<Vec<Letter>> {
    let rows = tx
        .query(
            "select l.id, l.withdrew, v.number, v.sealed, v.kept, v.nr
             from letters l join versions v on v.letter = l.id and v.sealed is not null and coalesce(v.amends, '') <> 'undone'
             where l.account = $1 order by l.id, v.number",
            values![author.account],
        )
        .await?;
    let mut letters: Vec<Letter> = Vec::new();
    let mut newest: std::collections::BTreeMap<LetterId, (Timestamp, i64)> = Default::default();
    // One version that does not read hides no other, and no other letter.
    let rows = care::readable(rows, "version", |row| {
        Ok((row.next()?, row.next()?, row.next()?, row.next()?, row.next()?, row.next()?))
    });
    for (id, withdrew, number, sealed, kept, nr) in rows {
        if letters.last().is_none_or(|l| l.id != id) {
            letters.push(blank(id, withdrew));
        }
        if let Some(letter) = letters.last_mut() {
            add(letter, number, sealed, kept);
            newest.insert(id, (sealed, nr));
        }
    }
    let place: std::collections::BTreeMap<LetterId, usize> =
        letters.iter().enumerate().map(|(at, letter)| (letter.id, at)).collect();
    let rows = tx
        .query(
            concat!(
                "select ",
                delivery_columns!(),
                " from deliveries d join letters l on l.id = d.letter where l.account = $1 order by d.letter, d.occurrence"
            ),
            values![author.account],
        )
        .await?;
    for delivery in care::readable(rows, "promise", map::delivery) {
        if let Some(at) = place.get(&delivery.letter) {
            letters[*at].deliveries.push(delivery);
        }
    }
    let rows = tx
        .query(
            "select p.letter, p.question, p.with_year from proofs p join letters l on l.id = p.letter
             where l.account = $1 order by p.letter, p.nr",
            values![author.account],
        )
        .await?;
    for mut row in rows {
        let id: LetterId = row.next()?;
        let asks = Asks { question: row.next()?, with_year: row.next()? };
        if let Some(at) = place.get(&id) {
            letters[*at].asks = Some(asks);
        }
    }
    let rows = tx
        .query(
            "select v.letter, v.number, v.rest_until, v.rest_observed from versions v join letters l on l.id = v.letter
             where l.account = $1 and v.amends = 'resting'",
            values![author.account],
        )
        .await?;
    for mut row in rows {
        let (id, version): (LetterId, u32) = (row.next()?, row.next()?);
        let rest = Rest { until: row.next()?, observed: row.next()? };
        if let Some(at) = place.get(&id) {
            letters[*at].amending = Some(Amending { letter: id, version, rest });
        }
    }
    for letter in &mut letters {
        letter.delivery = shown(&letter.deliveries);
    }
    letters.sort_by_key(|letter| std::cmp::Reverse(newest.get(&letter.id).copied()));
    Ok(letters)
}
