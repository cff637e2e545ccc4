//! Sources of time beyond this machine: hosts of the web, by the Date of their answers, and a database server on another machine. They are asked seldom; what one said is
//! carried on by the monotonic clock until it is asked again. Nobody is asked whom the host has not named. What is believed of it is not decided here.

use crate::clock::{Clock, Source};
use crate::outward::{NotHeard, Outward};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use unsaid_store::Store;

/// The name of a database server among the sources: no host can have it.
pub const DATABASE: &str = "the database";
/// They are asked so often.
const EVERY: Duration = Duration::from_secs(3_600);
/// And so often while something about the time is in doubt.
const IN_DOUBT: Duration = Duration::from_secs(5 * 60);
/// So many times; a doubt that this has not mended waits for somebody, and the hosts are asked as calmly as ever.
const IN_DOUBT_TIMES: u32 = 12;
/// What was heard counts for so long: twice asked in vain, and a source is silent.
const HEARD_FOR: Duration = Duration::from_secs(2 * 3_600 + 1_800);

/// The sources beyond this machine.
#[derive(Default)]
pub struct Others {
    /// Hosts by name, each asked over https.
    hosts: Vec<String>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// What each source said last; the hosts first, in their order.
    heard: Vec<Heard>,
    /// The database stands on another machine.
    database: bool,
    /// When they were asked last, by the monotonic clock.
    asked: Option<Duration>,
    /// How often in a row they were asked because of a doubt.
    in_doubt: u32,
}

struct Heard {
    name: String,
    /// The earliest that it can have been, and when it was heard.
    said: Option<(Timestamp, Duration)>,
    /// Why nothing was heard when it was asked last.
    silent: Option<NotHeard>,
}

/// A source that says nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// Which.
    pub name: String,
    /// Why; none: it was not asked yet.
    pub why: Option<NotHeard>,
}

impl Others {
    /// None: this machine's clock is the one source.
    pub fn none() -> Self {
        Self::default()
    }

    /// These hosts, and the database should it stand on another machine. `database`: it is known to.
    pub fn new(hosts: Vec<String>, database: bool) -> Self {
        let known = Known { database, ..Known::default() };
        Self { hosts, known: Mutex::new(known) }
    }

    /// Whether there is any, whether it answers or not.
    pub fn any(&self) -> bool {
        !self.hosts.is_empty() || self.known().database
    }

    /// What was heard and is not too old, carried on to this moment of the monotonic clock.
    pub fn sources(&self, monotonic: Duration) -> Vec<Source> {
        self.known()
            .heard
            .iter()
            .filter_map(|heard| {
                let (at, when) = heard.said?;
                let since = monotonic.saturating_sub(when);
                let since = (since <= HEARD_FOR).then(|| SignedDuration::try_from(since).ok())??;
                Some(Source { name: heard.name.clone(), at: at.checked_add(since).ok()? })
            })
            .collect()
    }

    /// Those that say nothing now.
    pub fn silent(&self, monotonic: Duration) -> Vec<Silent> {
        let speaks = self.sources(monotonic);
        let known = self.known();
        let database = known.database.then_some(DATABASE);
        let names = self.hosts.iter().map(String::as_str).chain(database);
        names
            .filter(|name| speaks.iter().all(|source| source.name != *name))
            .map(|name| Silent {
                name: name.to_owned(),
                why: known.heard.iter().find(|heard| heard.name == name).and_then(|heard| heard.silent),
            })
            .collect()
    }

    /// Whether it is time to ask: at the start, hourly, and sooner while something is in doubt.
    pub(super) fn due(&self, monotonic: Duration, in_doubt: bool) -> bool {
        if !self.any() {
            return false;
        }
        let mut known = self.known();
        let since = known.asked.map(|asked| monotonic.saturating_sub(asked));
        if !in_doubt {
            known.in_doubt = 0;
        }
        if since.is_none_or(|since| since >= EVERY) {
            return true;
        }
        let again =
            in_doubt && known.in_doubt < IN_DOUBT_TIMES && since.is_some_and(|since| since >= IN_DOUBT);
        known.in_doubt += u32::from(again);
        again
    }

    /// What was heard before the power went says nothing about how long it was away.
    pub(super) fn forget(&self) {
        let mut known = self.known();
        *known = Known { database: known.database, ..Known::default() };
    }

    /// Asks all of them at once. Who says nothing is remembered as silent; what was heard from it before counts on until it is too old.
    pub async fn ask(&self, clock: &dyn Clock, outward: &dyn Outward, store: &dyn Store) {
        self.known().asked = Some(clock.monotonic());
        let hosts = join_all(self.hosts.iter().map(|host| async move {
            let begun = clock.monotonic();
            let said = outward.get(&format!("https://{host}/")).await;
            // A host that answers without a date is as good as silent.
            let said = said.and_then(|said| said.date.ok_or(NotHeard::Garbled));
            (host.clone(), said.map(|date| heard_at(date, begun, clock.monotonic())))
        }))
        .await;
        let mut answers = hosts;
        let begun = clock.monotonic();
        match store.server_time().await {
            Ok(Some(at)) => answers.push((DATABASE.to_owned(), Ok(heard_at(at, begun, clock.monotonic())))),
            Ok(None) => {}
            Err(_) => answers.push((DATABASE.to_owned(), Err(NotHeard::Closed))),
        }
        let mut known = self.known();
        for (name, said) in answers {
            let new = Heard { said: said.ok(), silent: said.err(), name };
            known.database |= new.name == DATABASE && new.said.is_some();
            if new.name == DATABASE && !known.database {
                continue;
            }
            match known.heard.iter_mut().find(|heard| heard.name == new.name) {
                Some(before) if new.said.is_none() => before.silent = new.silent,
                Some(before) => *before = new,
                None => known.heard.push(new),
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an answer is worth. It was written between the question and its arrival, so what it says had certainly been reached by then; that the round trip is taken away
/// besides leaves room for a clock over there that is a little ahead.
fn heard_at(said: Timestamp, asked: Duration, heard: Duration) -> (Timestamp, Duration) {
    let round = SignedDuration::try_from(heard.saturating_sub(asked)).unwrap_or(SignedDuration::ZERO);
    (said.checked_sub(round).unwrap_or(Timestamp::MIN), heard)
}
