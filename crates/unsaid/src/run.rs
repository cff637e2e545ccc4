//! An open house: http and the workers around one store, until it is asked to stop. The loops that a `Worker` must not have itself are here: they read
//! the clock, call the turn, and wait for its wake or a nudge.

use crate::app::App;
use crate::assemble::{Assembled, KeysWatch};
use crate::http;
use crate::matters;
use crate::own_address;
use crate::worker::{NextWake, Worker};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use unsaid_delivery::{Hold, Now};
use unsaid_store::StoreError;
use unsaid_store::rows::Lane;

/// A worker is called at least this often, so that time is credited, the mark is stored and other nodes' leases are watched.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// After the store did not answer.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);
/// So long may a turn go on after the house was asked to stop; what is then unfinished is found again at the next start.
const LAST_TURN: Duration = Duration::from_secs(120);

/// The wish that the house should close. Clones share it.
#[derive(Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::channel(false).0))
    }
}

impl Stop {
    /// Asks the house to close.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives in `self`, so this only ends when it is true.
        let _asked = receiver.wait_for(|stop| *stop).await;
    }
}

/// Opens the house and keeps it open. Ends when asked to, after the requests and turns that are under way.
///
/// # Errors
/// When the listener fails, or a worker ended by a fault of the program: a house that answers and sends nothing would look well and be dead.
pub async fn open(house: Assembled, listener: TcpListener, stop: Stop) -> io::Result<()> {
    let (app, stop_too) = (house.app.clone(), stop.clone());
    let codes = watched(work(house.worker(Lane::Codes), Lane::Codes, app.clone(), None, stop.clone()), &stop);
    let keys = Some(house.keys_watch());
    let letters = {
        let (worker, app, stop) = (house.worker(Lane::Letters), app.clone(), stop.clone());
        // The listener is bound already: what is asked now waits until the house is open, a moment from now.
        let ours = async move {
            own_address::look(&app).await;
            tokio::select! {
                () = work(worker, Lane::Letters, app.clone(), keys, stop) => {}
                () = ask_again(app) => {}
            }
        };
        watched(ours, &stop_too)
    };
    let time = tokio::spawn(keep_time(app.clone(), stop.clone()));
    let served = {
        let stop = stop.clone();
        let places = http::serve::Places {
            most: app.settings.connections,
            share: app.settings.connections_share,
            trusted: app.settings.trusted_proxies.clone(),
        };
        http::serve::serve(listener, http::router(app.clone()), places, async move { stop.asked().await })
            .await
    };
    stop.stop();
    // An answer about the time that is still waited for is wanted by nobody any more.
    time.abort();
    let mut fell = time.await.is_err_and(|ended| ended.is_panic());
    for worker in [codes, letters] {
        match tokio::time::timeout(LAST_TURN, worker).await {
            Ok(ended) => fell |= ended.is_err(),
            Err(_) => tracing::warn!(
                "a turn was still under way when the house closed; its work is found again at the next start"
            ),
        }
    }
    // What was served until now counts.
    app.time.read(!app.holds.any());
    let stored = app.store.beat(house.boot, app.time.mark()).await;
    // Whoever beats next need not wait until this one's silence is old enough.
    if stored.is_err() || app.store.leave_ticker(house.boot).await.is_err() {
        tracing::warn!("the time could not be stored at the end; the last half minute will be counted again");
    }
    // Whoever fell is to be known as fallen by the next start.
    if !fell && app.store.closed(house.boot).await.is_err() {
        tracing::warn!(
            "that the house closed by itself could not be stored; the next start takes it for a death"
        );
    }
    drop(house);
    if fell {
        return Err(io::Error::other(
            "A worker ended by a fault of the program, so the house was closed and nothing is lost. Start it again, and report it.",
        ));
    }
    served
}

/// Starts a worker's loop. Should it ever end by a fault, the house closes.
fn watched(work: impl Future<Output = ()> + Send + 'static, stop: &Stop) -> JoinHandle<()> {
    let stop = stop.clone();
    tokio::spawn(async move {
        if let Err(fault) = tokio::spawn(work).await {
            stop.stop();
            std::panic::resume_unwind(fault.into_panic());
        }
    })
}

/// As long as another house answers at our address, it is asked again and again whether it is still there.
async fn ask_again(app: App) {
    loop {
        tokio::time::sleep(own_address::AGAIN).await;
        if app.holds.standing().iter().any(|one| one.what == Hold::AnotherHouse) {
            own_address::look(&app).await;
        }
    }
}

/// One lane's loop. `keys`: this one looks whether the secrets were written anew, and how much room is left, before each turn.
async fn work(mut worker: Worker, lane: Lane, app: App, mut keys: Option<KeysWatch>, stop: Stop) {
    let asked = stop.asked();
    tokio::pin!(asked);
    loop {
        if let Some(keys) = &mut keys {
            keys.look();
            app.room.look();
        }
        let now = app.time.read(!app.holds.any());
        worker.lives(app.time.lived());
        let pause = match worker.turn(now).await {
            Ok(next) => {
                if let Some(beaten) = next.beaten {
                    app.time.heard(beaten);
                }
                pause(next, now)
            }
            Err(error) => {
                tracing::error!(?lane, %error, "the store does not answer");
                app.time.unheard();
                if matches!(error, StoreError::Full) {
                    app.room.was_full();
                }
                AFTER_TROUBLE
            }
        };
        tokio::select! {
            () = &mut asked => return,
            () = app.nudge.tapped(lane) => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Looks at the time and for what waits for the host, beside the workers, who wait for neither.
async fn keep_time(app: App, stop: Stop) {
    let asked = stop.asked();
    tokio::pin!(asked);
    loop {
        look_around(&app).await;
        tokio::select! {
            () = &mut asked => return,
            () = tokio::time::sleep(LONGEST_PAUSE) => {}
        }
    }
}

/// What a house looks at beside its letters: the time, and whether a host has to be called.
pub async fn look_around(app: &App) {
    look_at_the_time(app).await;
    if let Err(error) = matters::call_hosts(app).await {
        tracing::error!(%error, "it could not be seen what waits for the host; it is tried again");
    }
}

/// Asks the other sources of time, if one should, and holds letters back while two of them agree that this house is ahead of true time.
async fn look_at_the_time(app: &App) {
    app.time.ask_if_due(&*app.outward, &*app.store).await;
    let stands = app.holds.standing().iter().any(|one| one.what == Hold::NoTrustedTime);
    let done = if app.time.is_ahead() && !stands {
        app.store.hold(Hold::NoTrustedTime, app.time.now()).await.map(drop)
    } else if stands && app.time.is_certain() {
        app.store.unhold(Hold::NoTrustedTime).await.map(drop)
    } else {
        return;
    };
    if let Err(error) = done {
        tracing::error!(%error, "what stands in the way of letters could not be stored; it is tried again");
    }
    app.nudge.nudge();
}

/// How long a worker may sleep.
pub fn pause(next: NextWake, now: Now) -> Duration {
    if next.again {
        return Duration::ZERO;
    }
    let trusted =
        next.trusted.map(|at| Duration::try_from(at.duration_since(now.trusted)).unwrap_or_default());
    let observed =
        next.observed.map(|at| Duration::from_secs(u64::try_from(at.0 - now.observed.0).unwrap_or(0)));
    let first = trusted.into_iter().chain(observed).min().unwrap_or(LONGEST_PAUSE);
    // A wake that has come but could not be taken is not asked for without a breath.
    first.clamp(Duration::from_millis(50), LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_that_falls_closes_the_house() {
        let stop = Stop::default();
        let well = watched(async {}, &stop);
        assert!(well.await.is_ok());
        assert!(tokio::time::timeout(Duration::from_millis(50), stop.asked()).await.is_err());
        let falls = watched(async { panic!("planted") }, &stop);
        assert!(falls.await.is_err());
        stop.asked().await;
    }
}
