//! The beat, and with it the ticker: one node alone credits the time of service for the whole house. When its beat stands still for a whole lease, as seen by this node in time that this
//! node itself has lived, this one takes over; a holder that was only paused learns at its next beat that it credits nothing any more.

use super::Worker;
use unsaid_delivery::clock::{LONGEST_CREDIT_SECONDS, Mark};
use unsaid_delivery::{Now, Observed};
use unsaid_store::StoreError;
use unsaid_store::rows::{Beaten, Ticker};

/// How often the mark is stored and the beat raised, in seconds.
const BEAT_SECONDS: i64 = 30;
/// So long a beat has to stand still, in seconds lived. Nothing is sent under this lease, and its fence keeps a late holder out, so it is much shorter than that of a message: meanwhile
/// time of service stands. It is no shorter than what a pause may be credited for.
const LEASE_SECONDS: i64 = LONGEST_CREDIT_SECONDS;

/// The beats of one worker, and what it has seen of another holder.
#[derive(Default)]
pub(super) struct Beats {
    /// When the last one was, by the clocks and by what was lived.
    last: Option<(Now, Observed)>,
    /// Who holds the ticker, and since when that has been so.
    seen: Option<(Ticker, Observed)>,
}

impl Worker {
    /// A beat, if one is due. What it told.
    pub(super) async fn beat(&mut self, now: Now) -> Result<Option<Beaten>, StoreError> {
        let lived = self.lived(now);
        // By any of the clocks: while the house holds its letters back no service counts, and its time is stored all the same.
        let due = self.beats.last.is_none_or(|(last, last_lived)| {
            lived >= last_lived.plus_seconds(BEAT_SECONDS)
                || now.observed >= last.observed.plus_seconds(BEAT_SECONDS)
                || now.trusted.duration_since(last.trusted).as_secs() >= BEAT_SECONDS
        });
        if !due {
            return Ok(None);
        }
        let mark = Mark { trusted: now.trusted, observed: now.observed };
        let mut beaten = self.tools.store.beat(self.boot, mark).await?;
        self.beats.last = Some((now, lived));
        if beaten.ticks {
            self.beats.seen = None;
        } else {
            beaten.ticks = self.watch_the_ticker(lived).await?;
        }
        Ok(Some(beaten))
    }

    /// `served-once`: whether the ticker is ours now, because whoever held it has not moved for a whole lease.
    async fn watch_the_ticker(&mut self, lived: Observed) -> Result<bool, StoreError> {
        let store = &self.tools.store;
        let Some(held) = store.ticker().await? else { return Ok(false) };
        let since = match self.beats.seen {
            Some((seen, since)) if seen == held => since,
            _ => lived,
        };
        self.beats.seen = Some((held, since));
        if lived < since.plus_seconds(LEASE_SECONDS) || !store.take_ticker(self.boot, held).await? {
            return Ok(false);
        }
        tracing::warn!("took over crediting the time of service from a node that has fallen silent");
        self.beats.seen = None;
        Ok(true)
    }
}
