//! A host's word about one delivery, from the command line or the host's page: reads it, asks `parking`, commits the answer. Knows no letter and nobody's name.

use unsaid_delivery::Now;
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::parking::{self, NotNow};
use unsaid_delivery::state::{Delivery, Parked, State};
use unsaid_store::{Store, StoreError};

/// So often a delivery that changes under our hands is read again.
const TRIES: usize = 4;
/// So many that wait for a look are decided about at once.
const MOST: usize = 1_000_000;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It is so.
    Done,
    /// It cannot be.
    Not(NotNow),
}

/// Holds one delivery.
///
/// # Errors
/// [`StoreError`]; Missing where there is no such delivery.
pub async fn park(store: &dyn Store, id: DeliveryId, now: Now) -> Result<Held, StoreError> {
    commit(store, id, now, |delivery| parking::park(delivery).map(|granted| (granted, None))).await
}

/// Lets one go, to where it was.
///
/// # Errors
/// [`StoreError`]; Missing where there is no such delivery.
pub async fn release(store: &dyn Store, id: DeliveryId, now: Now) -> Result<Held, StoreError> {
    commit(store, id, now, |delivery| parking::release(delivery, now)).await
}

/// All that wait for a look because nobody foresaw them.
///
/// # Errors
/// [`StoreError`].
pub async fn unforeseen(store: &dyn Store) -> Result<Vec<DeliveryId>, StoreError> {
    let parked = store.parked(MOST).await?;
    let waits = |d: &&Delivery| matches!(d.state, State::Parked { why: Parked::Unforeseen, .. });
    Ok(parked.iter().filter(waits).map(|d| d.id).collect())
}

type Answer = Result<(unsaid_delivery::accept::Granted, Option<unsaid_delivery::forecast::Forecast>), NotNow>;

async fn commit(
    store: &dyn Store,
    id: DeliveryId,
    now: Now,
    ask: impl Fn(&Delivery) -> Answer + Send + Sync,
) -> Result<Held, StoreError> {
    for _ in 0..TRIES {
        let view = store.delivery(id).await?.ok_or(StoreError::Missing)?;
        let (granted, forecast) = match ask(&view.delivery) {
            Ok(answer) => answer,
            Err(why) => return Ok(Held::Not(why)),
        };
        match store.commit_parking(&view.delivery, &granted, forecast, now).await {
            Ok(()) => {
                tracing::info!(delivery = %id, why = granted.why, "a host decided");
                return Ok(Held::Done);
            }
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}
