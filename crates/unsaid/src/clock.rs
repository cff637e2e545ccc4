//! The machine's clocks. This is the only file of the project that reads the time; everybody else is given it.
//!
//! It refuses to know what time is *for*: it does not step the trusted clock and does not judge its sources.
//! Those rules are values in, values out, and stand in `unsaid_delivery::clock`.

use std::time::Duration;

use jiff::Timestamp;
pub use unsaid_delivery::clock::{Reading, Source};

/// The port through which time comes in.
///
/// The program holds one, the town and the simulator hold movable ones, and a test holds whatever it needs.
pub trait Clock: Send + Sync {
    /// The wall clock, in UTC. It may be wrong by years and may jump: show it, sign a log line with it, never
    /// let a letter go because of it.
    fn wall(&self) -> Timestamp;

    /// Time since a start that means nothing, never backwards, counting while the machine is suspended.
    /// Only the difference between two readings in one process says anything.
    fn monotonic(&self) -> Duration;

    /// Everything that claims to know the time just now, the wall clock among them. It may be empty.
    fn sources(&self) -> Vec<Source>;

    /// All that the rules about time are given, read at one moment.
    fn reading(&self) -> Reading {
        Reading { monotonic: self.monotonic(), sources: self.sources() }
    }
}

/// The name under which the wall clock stands among the sources.
pub const WALL: &str = "wall";

/// The clocks of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineClock;

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one file that reads the time")]
    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        let reading = rustix::time::clock_gettime(MONOTONIC);
        // The kernel never gives a negative time since boot; if one did, zero is the reading that moves nothing.
        Duration::new(u64::try_from(reading.tv_sec).unwrap_or(0), u32::try_from(reading.tv_nsec).unwrap_or(0))
    }

    fn sources(&self) -> Vec<Source> {
        vec![Source { name: WALL.to_owned(), at: self.wall() }]
    }
}

/// CLOCK_BOOTTIME goes on while a laptop sleeps, so a nap is not taken for time that did not pass.
#[cfg(any(target_os = "linux", target_os = "android"))]
const MONOTONIC: rustix::time::ClockId = rustix::time::ClockId::Boottime;

/// Elsewhere the plain monotonic clock; on macOS it, too, may stand still in sleep, which only delays letters.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const MONOTONIC: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monotonic_time_never_goes_back() {
        let clock = MachineClock;
        let readings: Vec<Duration> = (0..1000).map(|_| clock.monotonic()).collect();
        assert!(readings.is_sorted());
        assert!(readings[999] > readings[0], "a thousand readings take some time");
    }

    #[test]
    fn the_wall_clock_is_the_machines_one_source() {
        let clock = MachineClock;
        let before = clock.wall();
        let sources = clock.sources();
        let after = clock.wall();
        assert_eq!(sources.len(), 1);
        assert_eq!(sources[0].name, WALL);
        assert!(before <= sources[0].at && sources[0].at <= after);
    }
}
