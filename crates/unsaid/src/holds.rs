//! What stands in the way of the whole house, as it was read last: shared by the loops, which credit no service while anything stands, and by the workers, which read it anew before
//! each turn. The store is what counts: it is asked again before each message begins.

use std::sync::{PoisonError, RwLock};
use unsaid_delivery::hold::{self, Hold};
use unsaid_delivery::message::Kind;
use unsaid_store::rows::Standing;
use unsaid_store::{Store, StoreError};

/// What stands.
#[derive(Debug, Default)]
pub struct Holds(RwLock<Vec<Standing>>);

impl Holds {
    /// Reads it anew.
    ///
    /// # Errors
    /// When the store does not answer; then what stood before stands on.
    pub async fn look(&self, store: &dyn Store) -> Result<(), StoreError> {
        let standing = store.holds().await?;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for new in standing.iter().filter(|one| !known.iter().any(|before| before.what == one.what)) {
            tracing::error!(why = new.what.key(), "{} {}", new.what.means(), new.what.to_do());
        }
        for over in known.iter().filter(|one| !standing.iter().any(|now| now.what == one.what)) {
            tracing::warn!(why = over.what.key(), "what stood in the way of this house's letters is over");
        }
        *known = standing;
        Ok(())
    }

    /// Whether anything stands: then no letter moves, and no time of service counts.
    pub fn any(&self) -> bool {
        !self.known().is_empty()
    }

    /// All that stands, the gravest first.
    pub fn standing(&self) -> Vec<Standing> {
        self.known()
    }

    /// Whether messages of this kind leave.
    pub fn let_go(&self, kind: Kind) -> bool {
        let reasons: Vec<Hold> = self.known().iter().map(|one| one.what).collect();
        hold::all_let(&reasons, kind)
    }

    /// Whether the house is itself, and may write what time alone asks for.
    pub fn let_keep(&self) -> bool {
        self.known().iter().all(|one| one.what.lets_keep())
    }

    fn known(&self) -> Vec<Standing> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
