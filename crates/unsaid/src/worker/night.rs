//! Every night (a day of service) the rows are looked at, a piece at a turn, and counted: each letter has its wake, what the journal says stands in the rows, and nothing vanished since
//! the night before. What does not balance is named to the host. What balances is the store's to say; here is only when it is asked.

use super::Worker;
use unsaid_delivery::{Now, Observed};
use unsaid_store::StoreError;
use unsaid_store::care::{PIECES, Piece};

/// From so many promises on, the rows are looked at in pieces.
const MANY: u64 = 20_000;
/// So many pieces are looked at in one turn.
const AT_ONCE: u16 = 8;

/// How far this night is.
#[derive(Default)]
pub(super) struct Night {
    /// When the next one is.
    pub(super) next: Option<Observed>,
    /// The next piece, while it goes on.
    at: Option<Piece>,
}

impl Worker {
    /// As much of a night as one turn does. Whether there is more to do at once.
    pub(super) async fn balance(&self, night: &mut Night, now: Now) -> Result<bool, StoreError> {
        let store = &self.tools.store;
        if night.at.is_none() {
            if night.next.is_some_and(|at| now.observed < at) {
                return Ok(false);
            }
            let balanced = store.balance(now).await?;
            let many: u64 = balanced.today.counts.iter().map(|(_, many)| many).sum();
            if balanced.lost > 0 {
                tracing::error!(
                    lost = balanced.lost,
                    "promises have vanished since the night before; restore the newest backup and adopt it"
                );
            }
            tracing::info!(promises = many, entered = balanced.entered(), counts = ?balanced.today.counts, "counted");
            night.at = Some(Piece { nth: 0, of: if many < MANY { 1 } else { PIECES } });
            // Once a day, whatever comes of the pieces.
            night.next = Some(now.observed.plus_days(1));
        }
        for _ in 0..AT_ONCE {
            let Some(piece) = night.at else { break };
            for finding in store.unbalanced(piece, now).await? {
                tracing::error!(
                    thing = finding.thing.name(),
                    name = finding.name,
                    wrong = finding.wrong.name(),
                    "the host has to look: {}",
                    finding.wrong.says()
                );
            }
            night.at = (piece.nth + 1 < piece.of).then(|| Piece { nth: piece.nth + 1, ..piece });
        }
        Ok(night.at.is_some())
    }
}
