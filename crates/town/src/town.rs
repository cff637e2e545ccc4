//! The town: a house, its two workers, and the hand that moves its clock. `lived` runs the engine every six hours, and of many quiet days once a day; `off`
//! is a power cut; `wall-only` is a clock that somebody set wrong.

use crate::clock::TownClock;
use crate::hosts::Hosts;
use jiff::SignedDuration;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use unsaid::app::App;
use unsaid::assemble::Assembled;
use unsaid::outward::{Brought, Said};
use unsaid::run::{Stop, look_around, pause};
use unsaid::worker::{NextWake, Worker};
use unsaid_delivery::Now;
use unsaid_delivery::clock::LONGEST_CREDIT_SECONDS;
use unsaid_store::StoreError;
use unsaid_store::rows::Lane;

/// The engine is run this often while time is lived. What is due within it is done at its end, as after a pause of the program's own loop.
const STEP_SECONDS: u64 = 6 * 3_600;
/// Where nothing is due sooner, and many days are to be lived: what it does by the day is done each day.
const QUIET_STEP_SECONDS: u32 = 86_400;
/// So many seconds are many days.
const MANY_SECONDS: u64 = 10 * 86_400;
/// A step that is not done after so many turns has a fault that must be seen, not waited for.
const MOST_TURNS: usize = 10_000;
/// The longest time that may pass in one go: ten years.
const LONGEST_SECONDS: u64 = 3_660 * 86_400;

/// How time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum As {
    /// Everything runs.
    Lived,
    /// The power is off.
    Off,
    /// Only the wall clock moves.
    WallOnly,
    /// Only the wall clock moves, back.
    WallBack,
}

/// Why the clock was not moved, in two sentences.
#[derive(Debug)]
pub(crate) struct NotMoved(pub(crate) String);

impl From<io::Error> for NotMoved {
    fn from(e: io::Error) -> Self {
        Self(format!("The town's clock cannot be kept: {e}. Look at the town's folder."))
    }
}

impl From<StoreError> for NotMoved {
    fn from(e: StoreError) -> Self {
        Self(e.to_string())
    }
}

/// The town.
pub(crate) struct Town {
    /// What its pages are given.
    pub(crate) app: App,
    clock: Arc<TownClock>,
    hosts: Hosts,
    house: Mutex<(Assembled, [(Lane, Worker); 2])>,
}

impl Town {
    /// A town around a house.
    pub(crate) fn new(house: Assembled, clock: Arc<TownClock>, hosts: Hosts) -> Self {
        let app = house.app.clone();
        let workers = workers(&house);
        Self { app, clock, hosts, house: Mutex::new((house, workers)) }
    }

    /// Runs the workers in real time, until asked to stop; while somebody moves the clock they wait.
    pub(crate) async fn keep_working(&self, stop: Stop) {
        loop {
            let rest = {
                let mut house = self.house.lock().await;
                let mut rest = Duration::from_secs(20);
                look_around(&self.app).await;
                for (_, worker) in &mut house.1 {
                    match turn(&self.app, worker).await {
                        Ok((next, now)) => rest = rest.min(pause(next, now)),
                        Err(_) => rest = rest.min(Duration::from_secs(1)),
                    }
                }
                rest
            };
            tokio::select! {
                () = stop.asked() => return,
                () = self.app.nudge.tapped(Lane::Codes) => {}
                () = self.app.nudge.tapped(Lane::Letters) => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// A host that the house asks for the time lies from now on by so many seconds, or is silent. The house asks at once.
    pub(crate) async fn set_host(&self, host: &str, away_seconds: Option<i64>) {
        self.hosts.set(host, away_seconds);
        self.app.time.ask(&*self.app.outward, &*self.app.store).await;
    }

    /// The push service of a browser answers so from now on. Nobody outside is called.
    pub(crate) fn set_push(&self, endpoint: &str, status: u16) {
        self.hosts.told.tell(endpoint, move || Ok(Said { status, ..Said::default() }));
    }

    /// What push services were brought, in order.
    pub(crate) fn pushed(&self) -> Vec<Brought> {
        self.hosts.told.brought()
    }

    /// Moves the clock, and with `lived` runs the engine until it is idle after every step.
    ///
    /// # Errors
    /// [`NotMoved`], as far as it came.
    pub(crate) async fn advance(&self, seconds: u64, how: As) -> Result<(), NotMoved> {
        if seconds > LONGEST_SECONDS {
            return Err(NotMoved(
                "The town moves ten years at most in one go. Move it more than once.".to_owned(),
            ));
        }
        let mut house = self.house.lock().await;
        match how {
            As::WallOnly => self.clock.set_wall_ahead(i64::try_from(seconds).unwrap_or(i64::MAX))?,
            As::WallBack => self.clock.set_wall_ahead(-i64::try_from(seconds).unwrap_or(i64::MAX))?,
            As::Off => {
                self.clock.sleep(seconds)?;
                house.0.switch_off_and_on().await?;
                house.1 = workers(&house.0);
            }
            As::Lived => {
                let mut left = seconds;
                until_idle(&self.app, &mut house.1).await?;
                while left > 0 {
                    let quiet = left > MANY_SECONDS && self.is_quiet().await?;
                    let step = left.min(if quiet { u64::from(QUIET_STEP_SECONDS) } else { STEP_SECONDS });
                    self.live(step)?;
                    until_idle(&self.app, &mut house.1).await?;
                    left -= step;
                }
            }
        }
        until_idle(&self.app, &mut house.1).await
    }

    /// Service is credited for short times only, so a long step is lived in short ones.
    fn live(&self, seconds: u64) -> io::Result<()> {
        let mut left = seconds;
        while left > 0 {
            let short = left.min(LONGEST_CREDIT_SECONDS.unsigned_abs());
            self.clock.live(short);
            self.app.time.read(!self.app.holds.any());
            left -= short;
        }
        self.clock.keep()
    }

    /// Nothing is due within a quiet step.
    async fn is_quiet(&self) -> Result<bool, StoreError> {
        let now = self.app.time.now();
        let step = i64::from(QUIET_STEP_SECONDS);
        for lane in [Lane::Codes, Lane::Letters] {
            let next = self.app.store.next_wakes(lane).await?;
            if next.trusted.is_some_and(|at| at.duration_since(now.trusted) < SignedDuration::from_secs(step))
                || next.observed.is_some_and(|at| at < now.observed.plus_seconds(step))
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn workers(house: &Assembled) -> [(Lane, Worker); 2] {
    [Lane::Codes, Lane::Letters].map(|lane| (lane, house.worker(lane)))
}

/// One turn, as the program's own loop takes it.
async fn turn(app: &App, worker: &mut Worker) -> Result<(NextWake, Now), StoreError> {
    let now = app.time.read(!app.holds.any());
    worker.lives(app.time.lived());
    let next = worker.turn(now).await?;
    if let Some(beaten) = next.beaten {
        app.time.heard(beaten);
    }
    Ok((next, now))
}

/// Turns until nothing is to be done at this time.
async fn until_idle(app: &App, workers: &mut [(Lane, Worker); 2]) -> Result<(), NotMoved> {
    look_around(app).await;
    for (_, worker) in workers {
        for turns in 0.. {
            let (next, now) = turn(app, worker).await?;
            let more = next.again
                || next.trusted.is_some_and(|at| at <= now.trusted)
                || next.observed.is_some_and(|at| at <= now.observed);
            if !more {
                break;
            }
            if turns >= MOST_TURNS {
                return Err(NotMoved("The engine does not come to rest. This is a fault of the program: keep the town's folder and report it.".to_owned()));
            }
        }
    }
    Ok(())
}
