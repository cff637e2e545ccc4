//! The engine's side: what wakes, and what becomes of it.

use super::groups::{self, Told};
use super::map::{self, delivery_columns};
use super::tx::{Mode, Tx, not_before, values};
use super::{
    SqlStore, amends, breaker, calls, care, door, letters, messages, notes, pair, rederive, transaction,
    wakes,
};
use crate::notes::{About, Noted};
use crate::rows::*;
use crate::{EngineStore, Result, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use unsaid_delivery::Fact;
use unsaid_delivery::accept::Granted;
use unsaid_delivery::breaker::Weighed;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::decide::{AmendDecision, Decision, NextOccurrence};
use unsaid_delivery::forecast::{self, By, Forecast};
use unsaid_delivery::id::{BootId, DeliveryId, LetterId, MessageId};
use unsaid_delivery::message::{Call, Message};
use unsaid_delivery::parking::ParkedBy;
use unsaid_delivery::record::{Bounce, CameBack, Recorded};
use unsaid_delivery::state::{Amending, Delivery, State, Wake};

#[async_trait]
impl EngineStore for SqlStore {
    async fn take(&self, boot: BootId, lane: Lane, now: Now, limit: usize) -> Result<Vec<Taken>> {
        transaction!(self, Mode::Write, |tx| wakes::take(&mut tx, boot, lane, false, now, limit).await)
    }

    async fn take_messages(&self, boot: BootId, lane: Lane, now: Now, limit: usize) -> Result<Vec<Taken>> {
        transaction!(self, Mode::Write, |tx| wakes::take(&mut tx, boot, lane, true, now, limit).await)
    }

    async fn held(&self, boot: BootId, lane: Lane, now: Now, limit: usize) -> Result<Vec<Held>> {
        transaction!(self, Mode::Read, |tx| wakes::held(&mut tx, boot, lane, now, limit).await)
    }

    async fn take_over(&self, boot: BootId, held: &Held) -> Result<Option<Taken>> {
        transaction!(self, Mode::Write, |tx| wakes::take_over(&mut tx, boot, held).await)
    }

    async fn give_back(&self, taken: &Taken) -> Result<()> {
        transaction!(self, Mode::Write, |tx| wakes::give_back(&mut tx, taken).await)
    }

    async fn next_wakes(&self, lane: Lane) -> Result<NextWakes> {
        transaction!(self, Mode::Read, |tx| wakes::next(&mut tx, lane).await)
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryView>> {
        transaction!(self, Mode::Read, |tx| {
            let Some(delivery) = pair::delivery(&mut tx, id).await? else { return Ok(None) };
            let pair = pair::of(&mut tx, &delivery).await?;
            Ok(Some(DeliveryView { delivery, pair }))
        })
    }

    async fn decided(
        &self,
        taken: &Taken,
        delivery: &Delivery,
        decision: &Decision,
        knock: Option<(MessageId, Keyed)>,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| decided(&mut tx, taken, delivery, decision, knock, now).await)
    }

    async fn message(&self, id: MessageId) -> Result<Option<MessageView>> {
        transaction!(self, Mode::Read, |tx| messages::view(&mut tx, id).await)
    }

    async fn start(
        &self,
        taken: &Taken,
        message: &Message,
        date: Timestamp,
        now: Now,
    ) -> Result<StartAnswer> {
        transaction!(self, Mode::Write, |tx| messages::start(&mut tx, taken, message, date, now).await)
    }

    async fn start_many(&self, group: &[Starting], now: Now) -> Vec<Result<StartAnswer>> {
        let together = transaction!(self, Mode::Write, |tx| groups::start(&mut tx, group, now).await);
        match groups::told(together, group.len()) {
            Told::Answers(answers) => answers,
            Told::Singly => {
                let mut answers = Vec::with_capacity(group.len());
                for one in group {
                    answers.push(self.start(&one.taken, &one.message, one.date, now).await);
                }
                answers
            }
        }
    }

    async fn still_allowed(&self, taken: &Taken, message: &Message, now: Now) -> Result<bool> {
        transaction!(self, Mode::Read, |tx| messages::still_allowed(&mut tx, taken, message, now).await)
    }

    async fn recorded(&self, taken: &Taken, message: &Message, recorded: &Recorded, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            messages::recorded(&mut tx, taken, message, recorded, now).await
        })
    }

    async fn recorded_many(&self, group: &[Recording], now: Now) -> Vec<Result<()>> {
        let together = transaction!(self, Mode::Write, |tx| groups::recorded(&mut tx, group, now).await);
        match groups::told(together, group.len()) {
            Told::Answers(answers) => answers,
            Told::Singly => {
                let mut answers = Vec::with_capacity(group.len());
                for one in group {
                    answers.push(self.recorded(&one.taken, &one.message, &one.recorded, now).await);
                }
                answers
            }
        }
    }

    async fn dropped(&self, taken: &Taken, message: &Message, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| messages::dropped(&mut tx, taken, message, now).await)
    }

    async fn bounced(&self, message: MessageId, bounce: Bounce, now: Now) -> Result<CameBack> {
        transaction!(self, Mode::Write, |tx| messages::bounced(&mut tx, message, bounce, now).await)
    }

    async fn asked_at_door(&self, limit: usize) -> Result<Vec<Keyed>> {
        transaction!(self, Mode::Read, |tx| door::waiting(&mut tx, limit).await)
    }

    async fn answer_at_door(&self, address: Keyed, notices: &[(MessageId, Keyed)], now: Now) -> Result<u64> {
        transaction!(self, Mode::Write, |tx| door::answer(&mut tx, address, notices, now).await)
    }

    async fn nobody_reads(&self, knock: MessageId, notice: MessageId, now: Now) -> Result<bool> {
        transaction!(self, Mode::Write, |tx| messages::nobody_reads(&mut tx, knock, notice, now).await)
    }

    async fn counts(&self) -> Result<Vec<(String, u64)>> {
        transaction!(self, Mode::Read, |tx| {
            let rows = tx.query("select state, count(*) from deliveries group by state", &[]).await?;
            let mut counts: Vec<(String, u64)> =
                rows.into_iter().map(|mut row| Ok((row.next()?, row.next()?))).collect::<Result<_>>()?;
            counts.sort();
            Ok(counts)
        })
    }

    async fn foresee(&self, now: Now, limit: usize) -> Result<u64> {
        transaction!(self, Mode::Write, |tx| {
            let rows = tx
                .query(
                    concat!(
                        "select ",
                        delivery_columns!(),
                        " from deliveries d where d.foreseen is null and d.state in ('resting', 'waiting') and d.due <= $1
                          order by d.due limit $2 /*skip*/"
                    ),
                    values![forecast::horizon(now), i64::try_from(limit).unwrap_or(i64::MAX)],
                )
                .await?;
            let mut many = 0;
            for delivery in care::readable(rows, "promise", map::delivery) {
                let foreseen = forecast::foresee(&delivery, now);
                pair::foresee(&mut tx, delivery.id, foreseen).await?;
                many += u64::from(foreseen.is_some());
            }
            Ok(many)
        })
    }

    async fn rederive(&self, limit: usize) -> Result<Rederived> {
        transaction!(self, Mode::Write, |tx| rederive::rederive(&mut tx, limit).await)
    }

    async fn forecast(&self, now: Now) -> Result<Foreseen> {
        transaction!(self, Mode::Read, |tx| {
            let mut foreseen = Foreseen::default();
            let rows = tx
                .query(
                    concat!(
                        "select ",
                        delivery_columns!(),
                        " from deliveries d where d.state in ('resting', 'waiting') and d.due <= $1 and (d.gate <> 'gone'
                              or exists (select 1 from lives l where l.account = d.account and l.released is not null))
                              and (d.gate <> 'word' or exists (select 1 from events e where e.letter = d.letter and e.spoken is not null))"
                    ),
                    values![in_a_week(now)],
                )
                .await?;
            for delivery in care::readable(rows, "promise", map::delivery) {
                foreseen.count(&delivery);
            }
            for Month { first, from, to } in months(now) {
                let many: u64 = tx
                    .need(
                        "select count(*) from deliveries d
                         where d.state in ('resting', 'waiting') and d.due >= $1 and d.due < $2 and (d.gate <> 'gone'
                             or exists (select 1 from lives l where l.account = d.account and l.released is not null))
                              and (d.gate <> 'word' or exists (select 1 from events e where e.letter = d.letter and e.spoken is not null))",
                        &[not_before(from), not_before(to)],
                    )
                    .await?
                    .next()?;
                foreseen.within_horizon += many;
                foreseen.months.push((first, many));
            }
            Ok(foreseen)
        })
    }

    async fn call_host(&self, call: Call, notices: &[MessageId], now: Now) -> Result<u64> {
        transaction!(self, Mode::Write, |tx| calls::call(&mut tx, call, notices, now).await)
    }

    async fn called(&self, call: Call) -> Result<Option<Timestamp>> {
        transaction!(self, Mode::Read, |tx| calls::called(&mut tx, call).await)
    }

    async fn knocks_left(&self, since: Observed, limit: usize) -> Result<Vec<Observed>> {
        transaction!(self, Mode::Read, |tx| calls::knocks_left(&mut tx, since, limit).await)
    }

    async fn look(&self, now: Now) -> Result<u64> {
        transaction!(self, Mode::Write, |tx| breaker::look(&mut tx, now).await)
    }

    async fn weigh(&self, now: Now) -> Result<Weighed> {
        transaction!(self, Mode::Read, |tx| breaker::weigh(&mut tx, now).await)
    }

    async fn parked(&self, limit: usize) -> Result<Vec<Delivery>> {
        transaction!(self, Mode::Read, |tx| breaker::parked(&mut tx, limit).await)
    }

    async fn commit_parking(
        &self,
        delivery: &Delivery,
        granted: &Granted,
        forecast: Option<Forecast>,
        now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            breaker::commit_parking(&mut tx, delivery, granted, forecast, now).await
        })
    }

    async fn amending(&self, letter: LetterId) -> Result<Option<Amending>> {
        transaction!(self, Mode::Read, |tx| amends::resting(&mut tx, letter).await)
    }

    async fn amended(
        &self,
        taken: &Taken,
        amending: &Amending,
        decision: AmendDecision,
        _now: Now,
    ) -> Result<()> {
        transaction!(self, Mode::Write, |tx| amends::amended(&mut tx, taken, amending, decision).await)
    }

    async fn wraps_to_rewrap(&self, below: u32, limit: usize) -> Result<Vec<StoredWrap>> {
        transaction!(self, Mode::Read, |tx| {
            let rows = tx
                .query(
                    "select subject, version, kind, bytes, host_generation from wraps
                     where kind <> 'author' and host_generation < $1
                     order by host_generation, subject, version, kind limit $2",
                    values![below, i64::try_from(limit).unwrap_or(i64::MAX)],
                )
                .await?;
            Ok(care::readable(rows, "wrap", |row| {
                Ok(StoredWrap {
                    subject: row.next()?,
                    version: row.next()?,
                    kind: row.next()?,
                    bytes: row.next()?,
                    generation: row.next()?,
                })
            }))
        })
    }

    async fn rewrapped(&self, old: &StoredWrap, bytes: Vec<u8>, generation: u32) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            amends::rewrapped(&mut tx, old, bytes.clone(), generation).await
        })
    }

    async fn wraps_by_generation(&self) -> Result<Vec<(u32, u64)>> {
        transaction!(self, Mode::Read, |tx| {
            let rows = tx
                .query(
                    "select host_generation, count(*) from wraps where kind <> 'author'
                     group by host_generation order by host_generation",
                    &[],
                )
                .await?;
            rows.into_iter().map(|mut row| Ok((row.next()?, row.next()?))).collect()
        })
    }
}

/// The row of the next occurrence. One that is there already stays. Also at a replay.
pub(super) async fn foresee(
    tx: &mut Tx,
    from: &Delivery,
    next: NextOccurrence,
    tzdb: &str,
    now: Now,
) -> Result<()> {
    let id = occurrence_id(from.letter, next.occurrence);
    if insert_occurrence(tx, id, from.id, next.occurrence, next.due, tzdb).await? {
        pair::made(tx, id, now).await?;
        let leaves = next.due.max(from.rest.until);
        pair::foresee(tx, id, Forecast::of(leaves, By::Time, now)).await?;
        wakes::set(tx, WakeOf::Delivery(id), Lane::Letters, Wake::Trusted(next.due)).await?;
    }
    Ok(())
}

/// A row that waits for another time of the same promise. False: there is one already. Also at a replay.
pub(super) async fn insert_occurrence(
    tx: &mut Tx,
    id: DeliveryId,
    from: DeliveryId,
    occurrence: i16,
    due: Timestamp,
    tzdb: &str,
) -> Result<bool> {
    let made = tx
        .exec(
            "insert into deliveries (id, letter, account, person, occurrence, gate, gate_event, gate_keepers, gate_quorum,
                 moment, moment_date, moment_time, moment_zone, moment_number, reach, proof, version, pinned,
                 state, rest_until, rest_observed, due, tzdb, rev)
             select $1, letter, account, person, $2, gate, gate_event, gate_keepers, gate_quorum,
                 moment, moment_date, moment_time, moment_zone, moment_number, reach, proof, version, 0,
                 'waiting', rest_until, rest_observed, $3, $4, 1 from deliveries where id = $5
             on conflict (letter, occurrence) do nothing",
            &[id.into(), i64::from(occurrence).into(), not_before(due), tzdb.into(), from.into()],
        )
        .await?;
    Ok(made == 1)
}

async fn decided(
    tx: &mut Tx,
    taken: &Taken,
    delivery: &Delivery,
    decision: &Decision,
    knock: Option<(MessageId, Keyed)>,
    now: Now,
) -> Result<()> {
    if taken.of != WakeOf::Delivery(delivery.id) {
        return Err(StoreError::Conflict);
    }
    let (_, series) = pair::lock(tx, delivery.person).await?;
    pair::lock_delivery(tx, delivery).await?;
    if !wakes::is_ours(tx, taken).await? {
        return Err(StoreError::Conflict);
    }
    if matches!(decision.state, State::Parked { .. }) {
        pair::park(tx, delivery.id, decision.state, ParkedBy::Engine, now, decision.wake).await?;
    } else {
        if matches!(delivery.state, State::Parked { .. }) {
            notes::of(tx, About::Delivery(delivery.id), Noted::LetGo).await?;
        }
        pair::move_to(tx, delivery.id, decision.state, decision.wake).await?;
    }
    if decision.unforeseen {
        breaker::left(tx, delivery.id, now).await?;
    }
    if decision.forecast.is_some() {
        pair::foresee(tx, delivery.id, decision.forecast).await?;
    }
    pair::set_due(tx, delivery.id, decision.due, &decision.tzdb).await?;
    wakes::settle(tx, taken.of, decision.wake).await?;
    if decision.occurrence != delivery.occurrence {
        letters::set_rule(tx, delivery.id, &delivery.rule, decision.occurrence).await?;
    }
    if let Some(next) = decision.next {
        foresee(tx, delivery, next, &decision.tzdb, now).await?;
    }
    let series = if decision.anew {
        pair::begin_anew(tx, delivery.person).await?;
        series + 1
    } else {
        series
    };
    if let Some(new) = decision.knock {
        let named = knock.ok_or(StoreError::Conflict)?;
        messages::knock(tx, delivery.person, series, new, named, now).await?;
    }
    if decision.state == State::Unreachable {
        tx.fact(delivery.id, delivery.rev + 1, Fact::Unreachable { delivery: delivery.id });
        super::given::nowhere(tx, delivery.account, now).await?;
    }
    Ok(())
}
