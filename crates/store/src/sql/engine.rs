//! The engine's side: what wakes, and what becomes of it.

use super::tx::{Mode, Tx};
use super::{SqlStore, messages, pair, transaction, wakes};
use crate::rows::*;
use crate::{EngineStore, Result, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::decide::Decision;
use unsaid_delivery::id::{BootId, DeliveryId, MessageId};
use unsaid_delivery::message::Message;
use unsaid_delivery::record::Recorded;
use unsaid_delivery::state::{Delivery, State};

#[async_trait]
impl EngineStore for SqlStore {
    async fn take(&self, boot: BootId, lane: Lane, now: Now, limit: usize) -> Result<Vec<Taken>> {
        transaction!(self, Mode::Write, |tx| wakes::take(&mut tx, boot, lane, now, limit).await)
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
            let pair = pair::read(&mut tx, delivery.person).await?;
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

    async fn still_allowed(&self, taken: &Taken, message: &Message, now: Now) -> Result<bool> {
        transaction!(self, Mode::Read, |tx| messages::still_allowed(&mut tx, taken, message, now).await)
    }

    async fn recorded(&self, taken: &Taken, message: &Message, recorded: &Recorded, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            messages::recorded(&mut tx, taken, message, recorded, now).await
        })
    }

    async fn dropped(&self, taken: &Taken, message: &Message, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| messages::dropped(&mut tx, taken, message, now).await)
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
    pair::move_to(tx, delivery.id, decision.state, decision.wake).await?;
    pair::set_due(tx, delivery.id, decision.due, &decision.tzdb).await?;
    wakes::settle(tx, taken.of, decision.wake).await?;
    if let Some(new) = decision.knock {
        let named = knock.ok_or(StoreError::Conflict)?;
        messages::knock(tx, delivery.person, series, new, named, now).await?;
    }
    if decision.state == State::Unreachable {
        tx.fact(delivery.id, delivery.rev + 1, Fact::Unreachable { delivery: delivery.id });
    }
    Ok(())
}
