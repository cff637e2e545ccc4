//! Other zone rules than those of the program, for the tests and the simulator: a rule that is abolished in a year to come, a zone that is gone, under a version of its own.
//! They are in force in the thread that put them there alone. Compiled only with the feature `planted`, which the simulator alone turns on.

use super::ZoneUnknown;
use jiff::tz::TimeZone;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Rules that take the place of the bundled ones.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The version under which instants are cached; none: that of the bundled data.
    pub version: Option<&'static str>,
    /// By name: a zone with other rules, or none for one that means nothing any more. What is not named stays as it is bundled.
    pub zones: BTreeMap<String, Option<TimeZone>>,
}

impl Rules {
    /// No rule but those of the bundled data, under another version.
    pub fn of(version: &'static str) -> Self {
        Self { version: Some(version), zones: BTreeMap::new() }
    }

    /// This zone goes by a POSIX rule (POSIX.1, 8.3: `CET-1CEST,M3.5.0,M10.5.0/3`) from the beginning of time on. A text that is no such rule makes the zone unknown.
    #[must_use]
    pub fn with(mut self, zone: &str, posix: &str) -> Self {
        self.zones.insert(zone.to_owned(), TimeZone::posix(posix).ok());
        self
    }

    /// This zone is gone.
    #[must_use]
    pub fn without(mut self, zone: &str) -> Self {
        self.zones.insert(zone.to_owned(), None);
        self
    }
}

thread_local! {
    static IN_FORCE: RefCell<Rules> = RefCell::default();
}

/// From now on these rules are in force in this thread. Gives those that were.
pub fn put(rules: Rules) -> Rules {
    IN_FORCE.with_borrow_mut(|now| std::mem::replace(now, rules))
}

pub(super) fn version() -> Option<&'static str> {
    IN_FORCE.with_borrow(|rules| rules.version)
}

/// What is in force for this zone; none: what is bundled.
pub(super) fn zone(name: &str) -> Option<Result<TimeZone, ZoneUnknown>> {
    IN_FORCE.with_borrow(|rules| rules.zones.get(name).map(|zone| zone.clone().ok_or(ZoneUnknown)))
}
