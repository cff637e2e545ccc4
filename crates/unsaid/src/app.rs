//! The one value that joins the rooms: what every request and every turn is given. Holds ports and nothing that changes by itself.
//! It decides nothing.

use crate::chance::Chance;
use crate::holds::Holds;
use crate::matters::Looked;
use crate::outward::Outward;
use crate::peel::Peel;
use crate::room::Room;
use crate::secrets::HouseKeys;
use crate::settings::Settings;
use crate::time::HouseTime;
use async_trait::async_trait;
use std::io;
use std::sync::Arc;
use tokio::sync::Notify;
use unsaid_delivery::clock::Now;
use unsaid_delivery::life::Write;
use unsaid_store::Store;
use unsaid_store::blobs::Blobs;
use unsaid_store::lives::LifeView;

/// What http is given. The worker has its own ports (mail, clock) beside it; the two meet in the store, and in `nudge`.
#[derive(Clone)]
pub struct App {
    /// As read at the start.
    pub settings: Arc<Settings>,
    /// Rows.
    pub store: Arc<dyn Store>,
    /// Sealed bytes.
    pub blobs: Arc<Blobs>,
    /// Room on the disk, as it stood when it was looked at last.
    pub room: Arc<Room>,
    /// The keys that hash, index and seal short texts.
    pub keys: Arc<HouseKeys>,
    /// The one place where the host key is used.
    pub peel: Arc<dyn Peel>,
    /// Both clocks.
    pub time: Arc<HouseTime>,
    /// The machine's chance, or a town's.
    pub chance: Arc<dyn Chance>,
    /// What stands in the way of the whole house.
    pub holds: Arc<Holds>,
    /// When it looked last for what waits for its host.
    pub looked: Arc<Looked>,
    /// So many starts died right before this one.
    pub crashes: u32,
    /// For the few questions that the house asks of others.
    pub outward: Arc<dyn Outward>,
    /// Wakes the worker after something was written that it should see.
    pub nudge: Arc<Nudge>,
    /// The mail that was caught, when its page may be shown (data.md).
    pub outbox: Option<Arc<dyn OutboxShelf>>,
    /// Words what would be written, for whoever looks beforehand.
    pub rehearsal: Arc<dyn Rehearses>,
    /// The program runs in the town: its pages may say so and link to it.
    pub town: bool,
}

/// A message in words.
pub struct Worded {
    /// Its subject.
    pub subject: String,
    /// What it says, an empty line between two paragraphs.
    pub text: String,
}

/// What a message would say, without its being written. The rooms http and mail meet here and do not know each other (rehearsal.rs).
pub trait Rehearses: Send + Sync {
    /// A message about the author's life, were it written at `now` with her row as `view` has it. None: it could not be written.
    fn life(&self, language: &str, view: &LifeView, write: &Write, now: Now) -> Option<Worded>;

    /// The message that tells a person, or whoever looks after them, that something waits.
    fn knock(&self, language: &str, guardian: bool) -> Option<Worded>;
}

/// Looking at mail that was caught instead of sent. The rooms http and mail meet here and do not know each other (outbox_shelf.rs).
#[async_trait]
pub trait OutboxShelf: Send + Sync {
    /// All of it, the newest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    async fn list(&self) -> io::Result<Vec<CaughtMail>>;
    /// One message by its name; none if there is none.
    ///
    /// # Errors
    /// When the folder cannot be read.
    async fn read(&self, name: &str) -> io::Result<Option<CaughtMail>>;
}

/// A message that was caught, as whoever it is for would have seen it.
#[derive(Clone, PartialEq, Eq)]
pub struct CaughtMail {
    /// Its name on the shelf.
    pub name: String,
    /// 1, or more when the same message was caught before.
    pub copy: u32,
    /// To whom.
    pub to: String,
    /// What it says it is about.
    pub subject: String,
    /// Its Date header, as it stands there.
    pub date: String,
    /// Its text, decoded.
    pub text: String,
    /// The same as a page, decoded, where the message has one.
    pub page: Option<String>,
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
