//! The house: its keys, its clock, the signs of life of its nodes.

use super::tx::{Mode, Tx, not_before, values};
use super::{SqlStore, holds, server_time, ticker, transaction};
use crate::limits::Limits;
use crate::rows::{Beaten, House, Keyed, Standing, Ticker};
use crate::{HouseStore, Result, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::PoisonError;
use unsaid_delivery::clock::{Mark, Now, Observed};
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::BootId;

/// Which generation of the house this is.
pub(super) async fn generation(store: &SqlStore) -> Result<u32> {
    transaction!(store, Mode::Read, |tx| {
        tx.need("select generation from house where id = 1", &[]).await?.next()
    })
}

/// The clock as it was stored last; locked until the end of the transaction.
pub(super) async fn house_mark(tx: &mut Tx) -> Result<Option<Mark>> {
    let row = tx.one("select trusted, observed from clock where id = 1 /*lock*/", &[]).await?;
    row.map(|mut row| Ok(Mark { trusted: row.next()?, observed: row.next()? })).transpose()
}

async fn set_mark(tx: &mut Tx, mark: Mark) -> Result<()> {
    tx.exec(
        "insert into clock (id, trusted, observed) values (1, $1, $2)
         on conflict (id) do update set trusted = excluded.trusted, observed = excluded.observed",
        values![mark.trusted, mark.observed],
    )
    .await
    .map(drop)
}

#[async_trait]
impl HouseStore for SqlStore {
    async fn house(&self) -> Result<House> {
        transaction!(self, Mode::Read, |tx| {
            let mut row = tx
                .need(
                    "select h.generation, h.keys_confirmed, (select count(*) from accounts), c.trusted, c.observed
                     from house h left join clock c on c.id = 1 where h.id = 1",
                    &[],
                )
                .await?;
            let (generation, keys_confirmed, accounts) = (row.next()?, row.next()?, row.next()?);
            let (trusted, observed): (Option<Timestamp>, Option<Observed>) = (row.next()?, row.next()?);
            let mark = trusted.zip(observed).map(|(trusted, observed)| Mark { trusted, observed });
            Ok(House { generation, keys_confirmed, accounts, mark })
        })
    }

    async fn keep_nonce(&self, nonce: Keyed, expires: Timestamp, now: Now) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.exec("delete from nonces where expires <= $1", values![now.trusted]).await?;
            tx.exec(
                "insert into nonces (nonce, expires) values ($1, $2)",
                &[nonce.into(), not_before(expires)],
            )
            .await
            .map(drop)
        })
    }

    async fn knows_nonce(&self, nonce: Keyed, now: Now) -> Result<bool> {
        transaction!(self, Mode::Read, |tx| {
            let row = tx
                .one("select 1 from nonces where nonce = $1 and expires > $2", values![nonce, now.trusted])
                .await?;
            Ok(row.is_some())
        })
    }

    async fn keep_within(&self, limits: Limits) -> Result<()> {
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = limits;
        Ok(())
    }

    async fn confirm_keys(&self) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.exec("update house set keys_confirmed = 1 where id = 1", &[]).await.map(drop)
        })
    }

    async fn unconfirm_keys(&self) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            tx.exec("update house set keys_confirmed = 0 where id = 1", &[]).await.map(drop)
        })
    }

    async fn beat(&self, boot: BootId, mark: Mark) -> Result<Beaten> {
        transaction!(self, Mode::Write, |tx| {
            let stored = house_mark(&mut tx).await?;
            let ticks = ticker::claim(&mut tx, boot).await?;
            let mark = match stored {
                Some(stored) => Mark {
                    trusted: stored.trusted.max(mark.trusted),
                    observed: if ticks { stored.observed.max(mark.observed) } else { stored.observed },
                },
                None => mark,
            };
            set_mark(&mut tx, mark).await?;
            tx.exec(
                "insert into nodes (boot, beat, seen) values ($1, 1, $2)
                 on conflict (boot) do update set beat = nodes.beat + 1, seen = excluded.seen",
                values![boot, mark.trusted],
            )
            .await?;
            Ok(Beaten { mark, ticks })
        })
    }

    async fn ticker(&self) -> Result<Option<Ticker>> {
        transaction!(self, Mode::Read, |tx| ticker::held(&mut tx).await)
    }

    async fn take_ticker(&self, boot: BootId, seen: Ticker) -> Result<bool> {
        transaction!(self, Mode::Write, |tx| ticker::take(&mut tx, boot, seen).await)
    }

    async fn leave_ticker(&self, boot: BootId) -> Result<()> {
        transaction!(self, Mode::Write, |tx| ticker::leave(&mut tx, boot).await)
    }

    async fn server_time(&self) -> Result<Option<Timestamp>> {
        server_time::ask(self).await
    }

    async fn hold(&self, what: Hold, now: Now) -> Result<bool> {
        transaction!(self, Mode::Write, |tx| holds::hold(&mut tx, what, now).await)
    }

    async fn unhold(&self, what: Hold) -> Result<bool> {
        transaction!(self, Mode::Write, |tx| holds::unhold(&mut tx, what).await)
    }

    async fn holds(&self) -> Result<Vec<Standing>> {
        transaction!(self, Mode::Read, |tx| holds::standing(&mut tx).await)
    }

    async fn confirm_clock(&self, to: Timestamp) -> Result<()> {
        transaction!(self, Mode::Write, |tx| {
            let stored = house_mark(&mut tx).await?;
            if stored.is_some_and(|stored| to < stored.trusted) {
                return Err(StoreError::Conflict);
            }
            let observed = stored.map_or(Observed(0), |stored| stored.observed);
            set_mark(&mut tx, Mark { trusted: to, observed }).await?;
            // A human has looked: what comes near by this step was brought by no leap.
            tx.exec("update clock set looked_trusted = $1 where id = 1 and looked_trusted < $1", values![to])
                .await
                .map(drop)
        })
    }
}
