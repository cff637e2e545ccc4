//! The hosts that a town asks for the time (UNSAID_TIME_HOSTS): they answer from memory, by the town's true time, and each can be made to lie or to fall silent. Nobody outside is asked.

use crate::clock::TownClock;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use unsaid::outward::{NotHeard, Said, Told};

/// How far from the truth each host is, in seconds; none: it is silent. Who is not named tells the truth.
type Lies = BTreeMap<String, Option<i64>>;

/// The hosts, and the port by which the house asks them.
pub(crate) struct Hosts {
    lies: Arc<Mutex<Lies>>,
    /// The port.
    pub(crate) told: Arc<Told>,
}

impl Hosts {
    /// Honest ones.
    pub(crate) fn of(names: &[String], clock: &Arc<TownClock>) -> Self {
        let lies: Arc<Mutex<Lies>> = Arc::default();
        let told = Arc::new(Told::default());
        for name in names {
            let (lies, clock, host) = (lies.clone(), clock.clone(), name.clone());
            told.tell(&format!("https://{name}/"), move || {
                let lie = lies
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get(&host)
                    .copied()
                    .unwrap_or(Some(0));
                let away = SignedDuration::from_secs(lie.ok_or(NotHeard::Silent)?);
                let date = clock.truth().checked_add(away).map_err(|_| NotHeard::Garbled)?;
                Ok(Said { status: 200, date: Some(date), body: Vec::new() })
            });
        }
        Self { lies, told }
    }

    /// From now on this host is so many seconds away from the truth, or silent.
    pub(crate) fn set(&self, host: &str, away_seconds: Option<i64>) {
        self.lies.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned(), away_seconds);
    }
}
