//! Puts a house together from its settings and its ports: folders, keys, journal, store, mail, clocks. `serve` does it with the machine's clock and
//! chance, the town with movable ones; nothing else differs between them.

use crate::app::{App, Nudge};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::holds::Holds;
use crate::mail::Mail;
use crate::mail::hook::Hook;
use crate::mail::outbox::Outbox;
use crate::mail::push::Push;
use crate::mail::relay::{self, Relay, RelayConfig};
use crate::outward::Outward;
use crate::peel::HostPeel;
use crate::rehearsal::{Rehearsal, letterhead};
use crate::room::{FolderDisk, Room};
use crate::secrets::{HouseKeys, KeysFile, SecretsError};
use crate::settings::{Bounces, Database, Mail as MailSetting, Secret, Settings, Tls};
use crate::time::HouseTime;
use crate::time::others::Others;
use crate::worker::{Keeping, Tools, Worker};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use unsaid_delivery::BootId;
use unsaid_store::blobs::Blobs;
use unsaid_store::journal::{FileJournal, Journal, JournalError, MemoryJournal, nodes};
use unsaid_store::rows::Lane;
use unsaid_store::sql::SqlStore;
use unsaid_store::{Store, StoreError};

/// Why a house could not be put together. Each is two sentences.
#[derive(Debug, thiserror::Error)]
pub enum CannotOpen {
    /// A folder or file.
    #[error("{0} cannot be used: {1}. Look at its place, its rights and the room on its disk.")]
    Folder(PathBuf, io::Error),
    /// Another process has it.
    #[error(
        "Another process already serves {0}. Stop it first, or give this one a folder of its own (UNSAID_DATA)."
    )]
    InUse(PathBuf),
    /// The secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The store.
    #[error("The store cannot be opened: {0}")]
    Store(StoreError),
    /// The journal.
    #[error(transparent)]
    Journal(JournalError),
    /// Mail.
    #[error("{0}")]
    Mail(String),
    /// No clock at all.
    #[error("This machine tells no time. Set its clock, then start again.")]
    NoClock,
}

/// A house that is put together and not yet open.
pub struct Assembled {
    /// What http is given.
    pub app: App,
    /// The way out.
    pub mail: Arc<dyn Mail>,
    /// The host's own way to authors, where there is one.
    pub hook: Option<Arc<Hook>>,
    /// The way to browsers of authors, where the host lets it be.
    pub push: Option<Arc<Push>>,
    /// This start.
    pub boot: BootId,
    /// So many starts died right before this one.
    crashes: u32,
    /// The keys were made just now: the first start.
    pub keys_are_new: bool,
    /// The peel port again, to be given the keys of a rotation.
    peel: Arc<HostPeel>,
    /// Held as long as the house stands: one process for each data folder.
    _lock: std::fs::File,
}

/// Puts the house together.
///
/// # Errors
/// [`CannotOpen`], before anything is served.
pub async fn assemble(
    settings: Settings,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    outward: Arc<dyn Outward>,
    town: bool,
) -> Result<Assembled, CannotOpen> {
    for folder in [settings.data.clone(), settings.store_folder(), settings.journal_folder()] {
        make_folder(&folder)?;
    }
    let lock = lock(&settings.data)?;
    let (keys, keys_are_new) = HouseKeys::open(&settings.keys, &*chance)?;
    let keys = Arc::new(keys);
    let others = journals(&settings, &*chance)?;
    let store: Arc<dyn Store> = Arc::new(open_house(&settings, &*chance, &others).await?);
    // `receive` may write its own again.
    drop(others);
    store.keep_within(settings.limits).await.map_err(CannotOpen::Store)?;
    let blobs = Blobs::local(&settings.store_folder().join("blobs")).map_err(CannotOpen::Store)?;
    let house = store.house().await.map_err(CannotOpen::Store)?;
    let elsewhere = store.server_time().await.map_err(CannotOpen::Store)?.is_some();
    let others = Others::new(settings.time_hosts.clone(), elsewhere);
    if house.mark.is_none() && others.any() {
        // Where the house begins is what it will never go back behind: it is not left to one clock.
        others.ask(&*clock, &*outward, &*store).await;
    }
    let time = HouseTime::start_with(clock, others, house.mark).ok_or(CannotOpen::NoClock)?;
    let boot = BootId(chance.id_bytes());
    if let Some(before) = predecessor(&settings.journal_folder(), boot)? {
        succeed(&*store, before, boot).await.map_err(CannotOpen::Store)?;
    }
    // The first mark is stored before anything is promised by it.
    time.heard(store.beat(boot, time.mark()).await.map_err(CannotOpen::Store)?);
    let holds = Arc::new(Holds::default());
    holds.look(&*store).await.map_err(CannotOpen::Store)?;
    let crashes = store.begun(boot, time.now()).await.map_err(CannotOpen::Store)?;
    let mail = open_mail(&settings)?;
    let hook = settings.webhook.as_ref().map(|hook| {
        let secret = settings.webhook_secret.as_ref().map(Secret::expose_to_the_other_side);
        Arc::new(Hook::new(outward.clone(), hook.url.expose_to_the_other_side(), secret))
    });
    let push = push_of(&settings, &keys, outward.clone(), chance.clone());
    let outbox = matches!(settings.mail, MailSetting::Outbox)
        .then(|| Arc::new(Outbox::new(settings.outbox_folder())) as Arc<dyn crate::app::OutboxShelf>);
    let peel = Arc::new(HostPeel::new(&keys));
    let disk = Box::new(FolderDisk::new(&settings.data));
    let room = Arc::new(Room::new(disk, settings.reserve_mib << 20, settings.least_free_percent));
    let rehearsal = Arc::new(Rehearsal::of(&settings));
    let app = App {
        room,
        peel: peel.clone(),
        settings: Arc::new(settings),
        store,
        blobs: Arc::new(blobs),
        keys,
        time: Arc::new(time),
        holds,
        looked: Arc::default(),
        crashes,
        chance,
        outward,
        nudge: Arc::new(Nudge::default()),
        outbox,
        rehearsal,
        town,
    };
    Ok(Assembled { app, mail, hook, push, boot, crashes, keys_are_new, peel, _lock: lock })
}

impl Assembled {
    /// As if the house had been switched off and on again: another boot, and the clocks begin with their mark.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn switch_off_and_on(&mut self) -> Result<(), StoreError> {
        let before = std::mem::replace(&mut self.boot, BootId(self.app.chance.id_bytes()));
        self.crashes = 0;
        self.app.time.restart();
        succeed(&*self.app.store, before, self.boot).await
    }

    /// Follows the file of the secrets while the house is open.
    pub fn keys_watch(&self) -> KeysWatch {
        KeysWatch {
            file: KeysFile::watch(&self.app.settings.keys),
            keys: self.app.keys.clone(),
            peel: self.peel.clone(),
        }
    }

    /// A worker for one lane.
    pub fn worker(&self, lane: Lane) -> Worker {
        let settings = &self.app.settings;
        let tools = Tools {
            store: self.app.store.clone(),
            mail: self.mail.clone(),
            hook: self.hook.clone(),
            push: self.push.clone(),
            keys: self.app.keys.clone(),
            chance: self.app.chance.clone(),
            letterhead: letterhead(settings),
            return_path: settings.mail_from.clone(),
            hears_bounces: settings.bounces == Bounces::Pipe,
            domain: mail_domain(&settings.mail_from).to_owned(),
            hourly: settings.hourly,
        };
        let worker =
            Worker::new(tools, self.boot, lane).sharing(self.app.holds.clone()).after_crashes(self.crashes);
        match lane {
            Lane::Codes => worker,
            Lane::Letters => {
                worker.keeping(Keeping { peel: self.app.peel.clone(), blobs: self.app.blobs.clone() })
            }
        }
    }
}

/// Gives an open house the keys that `unsaid keys rotate` and `retire` wrote beside it.
pub struct KeysWatch {
    file: KeysFile,
    keys: Arc<HouseKeys>,
    peel: Arc<HostPeel>,
}

impl KeysWatch {
    /// Looks once. Cheap as long as nothing was written.
    pub fn look(&mut self) {
        let Some(keys) = self.file.replaced(&self.keys) else { return };
        self.peel.replace(&keys);
        let kept: Vec<u32> = keys.generations().collect();
        tracing::info!(
            present = keys.opening_generation(),
            ?kept,
            "the house opens with the keys that were written just now"
        );
    }
}

/// The way to browsers; none where the host has not said that there is one.
pub fn push_of(
    settings: &Settings,
    keys: &HouseKeys,
    outward: Arc<dyn Outward>,
    chance: Arc<dyn Chance>,
) -> Option<Arc<Push>> {
    let key = settings.push.then(|| keys.push_key()).flatten()?;
    let services = &settings.push_services;
    Some(Arc::new(Push::new(outward, chance, key, &settings.public_url.origin, services)))
}

/// What comes after the @ of our own address.
fn mail_domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("localhost", |(_, domain)| domain)
}

/// Opens the store for a command that commits no fact (`invite`, `keys confirm`, `doctor`) while `serve` may be running beside it. It is given
/// an empty journal, so that nothing of the real one is replayed or voided under the running house.
///
/// # Errors
/// [`CannotOpen`] where there is no house yet, or it does not answer.
pub async fn visit(settings: &Settings) -> Result<Arc<dyn Store>, CannotOpen> {
    Ok(Arc::new(visit_sql(settings).await?))
}

/// How often, and with which pause between, the journal of what came in is asked for: half a minute.
const ASKED: u16 = 300;
const BETWEEN: Duration = Duration::from_millis(100);

/// Opens the store for `receive`, which commits facts while `serve` may be running beside it. The house's journal is in use then, so these facts
/// have one of their own, beside it; another `receive` that writes it just now is waited for.
///
/// # Errors
/// [`CannotOpen`] where there is no house yet, or it does not answer in time.
pub async fn come_in(settings: &Settings) -> Result<Arc<dyn Store>, CannotOpen> {
    let folder = settings.journal_folder();
    let node = folder.join("node");
    let name = std::fs::read_to_string(&node).map_err(|e| CannotOpen::Folder(node, e))?;
    let name = of_what_came_in(name.trim());
    let mut asked = 0;
    let journal = loop {
        match FileJournal::open(&folder, &name) {
            Err(JournalError::InUse { .. }) if asked < ASKED => {
                asked += 1;
                tokio::time::sleep(BETWEEN).await;
            }
            other => break other.map_err(CannotOpen::Journal)?,
        }
    };
    let journal: Arc<dyn Journal> = Arc::new(journal);
    let store = match &settings.database {
        Database::Sqlite(path) if !path.exists() => {
            let none = io::Error::new(io::ErrorKind::NotFound, "there is no house here yet");
            return Err(CannotOpen::Folder(path.clone(), none));
        }
        Database::Sqlite(path) => SqlStore::sqlite_beside(path, journal).await,
        Database::Postgres(url) => SqlStore::postgres_beside(url.expose_to_the_other_side(), journal).await,
    };
    Ok(Arc::new(store.map_err(CannotOpen::Store)?))
}

/// The journals that stand beside this node's own (what `receive` writes is one of them), so that what they know is replayed at the start like everything else. One that is in use just
/// now is left to whoever uses it.
///
/// # Errors
/// [`CannotOpen::Journal`]: one of them is damaged, or cannot be read.
pub fn journals(settings: &Settings, chance: &dyn Chance) -> Result<Vec<Arc<dyn Journal>>, CannotOpen> {
    let folder = settings.journal_folder();
    make_folder(&folder)?;
    let own = node_name(&folder, chance)?;
    let mut journals: Vec<Arc<dyn Journal>> = Vec::new();
    for node in nodes(&folder).map_err(CannotOpen::Journal)? {
        if node == own {
            continue;
        }
        match FileJournal::open(&folder, &node) {
            Ok(journal) => journals.push(Arc::new(journal)),
            Err(JournalError::InUse { .. }) => {}
            Err(error) => return Err(CannotOpen::Journal(error)),
        }
    }
    Ok(journals)
}

/// Opens the store of the house itself, with its own journal and what others know, and finds out whether it is the living one. Where its journal is older than what the store knows of it,
/// this node writes another one from now on: two that count on from different ends would look like one.
///
/// # Errors
/// [`CannotOpen`].
pub async fn open_house(
    settings: &Settings,
    chance: &dyn Chance,
    others: &[Arc<dyn Journal>],
) -> Result<SqlStore, CannotOpen> {
    let folder = settings.journal_folder();
    for folder in [settings.store_folder(), folder.clone()] {
        make_folder(&folder)?;
    }
    loop {
        let node = node_name(&folder, chance)?;
        let others: Vec<Arc<dyn Journal>> =
            others.iter().filter(|journal| journal.node() != node).cloned().collect();
        let journal = Arc::new(FileJournal::open(&folder, &node).map_err(CannotOpen::Journal)?);
        let store = match &settings.database {
            Database::Sqlite(path) => {
                if let Some(folder) = path.parent() {
                    make_folder(folder)?;
                }
                SqlStore::sqlite_with(path, journal, &others).await
            }
            Database::Postgres(url) => {
                SqlStore::postgres_with(url.expose_to_the_other_side(), journal, &others).await
            }
        };
        let store = store.map_err(CannotOpen::Store)?;
        if !store.begins().await.map_err(CannotOpen::Store)?.journal_is_older {
            return Ok(store);
        }
        drop(store);
        let path = folder.join("node");
        std::fs::rename(&path, folder.join(format!("node.before-{}", chance.id())))
            .map_err(|e| CannotOpen::Folder(path, e))?;
    }
}

/// As [`visit`], for commands that ask what only a database knows.
///
/// # Errors
/// As [`visit`].
pub async fn visit_sql(settings: &Settings) -> Result<SqlStore, CannotOpen> {
    there_is_one(settings)?;
    let journal = Arc::new(MemoryJournal::default());
    let store = match &settings.database {
        Database::Sqlite(path) => SqlStore::sqlite(path, journal).await,
        Database::Postgres(url) => SqlStore::postgres(url.expose_to_the_other_side(), journal).await,
    };
    store.map_err(CannotOpen::Store)
}

fn there_is_one(settings: &Settings) -> Result<(), CannotOpen> {
    match &settings.database {
        Database::Sqlite(path) if !path.exists() => {
            let none = io::Error::new(io::ErrorKind::NotFound, "there is no house here yet");
            Err(CannotOpen::Folder(path.clone(), none))
        }
        _ => Ok(()),
    }
}

fn of_what_came_in(node: &str) -> String {
    format!("{node}-in")
}

/// For a command that needs the house closed: as long as what this gives is held, `serve` does not open it.
///
/// # Errors
/// [`CannotOpen::InUse`] while it is open.
pub fn keep_closed(settings: &Settings) -> Result<std::fs::File, CannotOpen> {
    lock(&settings.data)
}

/// The way out that the settings name.
///
/// # Errors
/// [`CannotOpen::Mail`] where a relay's settings do not belong together.
pub fn open_mail(settings: &Settings) -> Result<Arc<dyn Mail>, CannotOpen> {
    Ok(match &settings.mail {
        MailSetting::Outbox => Arc::new(Outbox::new(settings.outbox_folder())),
        MailSetting::Relay(relay) => {
            let config = RelayConfig {
                host: relay.host.clone(),
                port: relay.port,
                tls: match relay.tls {
                    Tls::Required => relay::Tls::Required,
                    Tls::Implicit => relay::Tls::Implicit,
                    Tls::None => relay::Tls::None,
                },
                user: relay.user.clone(),
                password: relay.password.as_ref().map(|p| p.expose_to_the_other_side().to_owned()),
            };
            Arc::new(Relay::new(config).map_err(CannotOpen::Mail)?)
        }
    })
}

fn make_folder(folder: &Path) -> Result<(), CannotOpen> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|e| CannotOpen::Folder(folder.to_owned(), e))
}

fn lock(data: &Path) -> Result<std::fs::File, CannotOpen> {
    let path = data.join("lock");
    let file = std::fs::File::create(&path).map_err(|e| CannotOpen::Folder(path, e))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| CannotOpen::InUse(data.to_owned()))?;
    Ok(file)
}

/// Which start of this node was the one before, which has certainly ended: whoever holds the lock of the data folder is alone. From now on it is `boot`.
fn predecessor(journal: &Path, boot: BootId) -> Result<Option<BootId>, CannotOpen> {
    let path = journal.join("boot");
    let before = match std::fs::read_to_string(&path) {
        Ok(name) => name.trim().parse().ok(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(CannotOpen::Folder(path, e)),
    };
    std::fs::write(&path, format!("{boot}\n")).map_err(|e| CannotOpen::Folder(path, e))?;
    Ok(before)
}

/// What an ended start of this node credited, this one goes on crediting, without waiting until that one's silence is old enough.
async fn succeed(store: &dyn Store, before: BootId, boot: BootId) -> Result<(), StoreError> {
    if let Some(ticker) = store.ticker().await?.filter(|ticker| ticker.holder == before) {
        store.take_ticker(boot, ticker).await?;
    }
    Ok(())
}

/// The name under which this node writes its journal: drawn once, kept beside it.
fn node_name(journal: &Path, chance: &dyn Chance) -> Result<String, CannotOpen> {
    let path = journal.join("node");
    match std::fs::read_to_string(&path) {
        Ok(name) => Ok(name.trim().to_owned()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let name = chance.id();
            std::fs::write(&path, format!("{name}\n")).map_err(|e| CannotOpen::Folder(path, e))?;
            Ok(name)
        }
        Err(e) => Err(CannotOpen::Folder(path, e)),
    }
}
