//! The one value that joins the rooms: what every request and every turn is given. Holds ports and nothing that changes by itself.
//! It decides nothing.

use crate::chance::Chance;
use crate::peel::Peel;
use crate::secrets::HouseKeys;
use crate::settings::Settings;
use crate::time::HouseTime;
use std::sync::Arc;
use tokio::sync::Notify;
use unsaid_store::Store;
use unsaid_store::blobs::Blobs;

/// What http is given. The worker has its own ports (mail, clock) beside it; the two meet in the store, and in `nudge`.
#[derive(Clone)]
pub struct App {
    /// As read at the start.
    pub settings: Arc<Settings>,
    /// Rows.
    pub store: Arc<dyn Store>,
    /// Sealed bytes.
    pub blobs: Arc<Blobs>,
    /// The keys that hash, index and seal short texts.
    pub keys: Arc<HouseKeys>,
    /// The one place where the host key is used.
    pub peel: Arc<dyn Peel>,
    /// Both clocks.
    pub time: Arc<HouseTime>,
    /// The machine's chance, or a town's.
    pub chance: Arc<dyn Chance>,
    /// Wakes the worker after something was written that it should see.
    pub nudge: Arc<Nudge>,
    /// The outbox's folder, when its page may be shown (data.md).
    pub outbox: Option<std::path::PathBuf>,
    /// The program runs in the town: its pages may say so and link to it.
    pub town: bool,
}

/// A tap on the worker's shoulder: it loses nothing if nobody listens, since the wake is in the store.
#[derive(Default)]
pub struct Nudge {
    codes: Notify,
    letters: Notify,
}

impl Nudge {
    /// Something may be due now.
    pub fn nudge(&self) {
        self.codes.notify_one();
        self.letters.notify_one();
    }

    /// Waits for a tap on a lane.
    pub async fn tapped(&self, lane: unsaid_store::rows::Lane) {
        match lane {
            unsaid_store::rows::Lane::Codes => self.codes.notified().await,
            unsaid_store::rows::Lane::Letters => self.letters.notified().await,
        }
    }
}
