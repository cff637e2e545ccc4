//! Connections that have brought a message and may bring the next: signing in again for each costs more than the message itself.
//!
//! It keeps few, for a moment, and never hands out one on which the relay has spoken or hung up meanwhile. It refuses to know what is said on
//! them: relay.rs does, and tries anew on a fresh one what goes wrong here before an address was named.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::sleep;

use super::dial::Line;

/// What was not used between two looks, so far apart, is left: after one to two seconds, as Postfix's own client does
/// (`smtp_connection_cache_time_limit`). Longer would leave the relay with clients that say nothing, and us with connections that it has closed.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// How many messages go over one: relays count, and one that moved must be found where it is now.
pub(super) const MOST_MESSAGES: u32 = 100;
/// How many are kept: as many as messages stand in front of the relay at once.
const MOST_LINES: usize = 8;

/// The connections that are kept. When it is dropped they are left with a QUIT.
#[derive(Default)]
pub(super) struct Pool(Arc<Mutex<Shelf>>);

#[derive(Default)]
struct Shelf {
    /// The youngest last.
    lines: Vec<Kept>,
    /// A task looks after them.
    watched: bool,
}

struct Kept {
    line: Line,
    /// It was here at the last look already.
    seen: bool,
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.lines.drain(..).for_each(|kept| kept.line.leave());
    }
}

impl Pool {
    /// One on which the relay has been quiet, the youngest first.
    pub(super) fn take(&self) -> Option<Line> {
        loop {
            let mut line = shelf(&self.0).lines.pop()?.line;
            if line.wire.must_be_quiet().is_ok() {
                return Some(line);
            }
        }
    }

    /// Keeps one for the next message, or leaves it where it has done enough.
    pub(super) fn keep(&self, line: Line) {
        let mut shelf = shelf(&self.0);
        if line.brought >= MOST_MESSAGES || shelf.lines.len() >= MOST_LINES {
            return line.leave();
        }
        shelf.lines.push(Kept { line, seen: false });
        if !shelf.watched {
            shelf.watched = true;
            tokio::spawn(watch(Arc::downgrade(&self.0)));
        }
    }
}

/// Looks again and again until nothing is kept any more.
async fn watch(pool: Weak<Mutex<Shelf>>) {
    loop {
        sleep(BETWEEN_LOOKS).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut shelf = shelf(&pool);
        // Lines are taken and put back at the end alone, so those that were seen stand at the front.
        let young = shelf.lines.partition_point(|kept| kept.seen);
        shelf.lines.drain(..young).for_each(|kept| kept.line.leave());
        shelf.lines.iter_mut().for_each(|kept| kept.seen = true);
        if shelf.lines.is_empty() {
            shelf.watched = false;
            return;
        }
    }
}

fn shelf(pool: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}
