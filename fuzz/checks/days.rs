//! Civil days: whatever an author means by a day, it comes on that day where it was meant, never before, and each of its years once.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use unsaid_delivery::calendar;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::rule::{Birthday, LeapDay, Moment, RestAsked};

/// With gaps and folds at midnight, with a day that was left out, and with offsets of half and quarter hours.
const ZONES: [&str; 10] = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Beirut",
    "Pacific/Kiritimati",
];
/// The years that `accept` could ever let in, with room around.
const YEARS: std::ops::RangeInclusive<i16> = 1..=9990;

/// The fields of a moment, then an instant.
pub(crate) fn check(data: &[u8]) -> bool {
    let Some((fields, rest)) = data.split_first_chunk::<12>() else { return false };
    let number = |at: usize| i16::from_le_bytes([fields[at], fields[at + 1]]);
    let (first, second, month, day) = (number(0), number(2), fields[4] as i8, fields[5] as i8);
    let leap = if fields[6] & 1 == 0 { LeapDay::February28 } else { LeapDay::March1 };
    let birthday = Birthday { month, day, leap };
    let Ok(time) = Time::new(fields[7] as i8, fields[8] as i8, 0, 0) else { return false };
    let zone = ZONES[usize::from(fields[9]) % ZONES.len()].to_owned();
    let moment = match fields[10] % 3 {
        0 => match Date::new(first, month, day) {
            Ok(date) => Moment::On { date, time, zone },
            Err(_) => return false,
        },
        1 => Moment::Birthday { age: second.unsigned_abs(), year: first, birthday, time, zone },
        _ => Moment::EachBirthday { until: first, birthday, time, zone },
    };
    holds(&moment);
    let Some(seconds) = rest.first_chunk::<8>().map(|bytes| i64::from_le_bytes(*bytes)) else { return true };
    // From 1970 to about 9000: what a clock may say.
    let Ok(now) = Timestamp::from_second(seconds.rem_euclid(221_845_392_000)) else { return true };
    years(&moment, now);
    rest_holds(fields[11], moment_zone(&moment), now);
    true
}

fn moment_zone(moment: &Moment) -> &str {
    match moment {
        Moment::On { zone, .. } | Moment::Birthday { zone, .. } | Moment::EachBirthday { zone, .. } => zone,
        Moment::AtOnce | Moment::After { .. } => "UTC",
    }
}

/// The day is the one that was meant, and it comes not before its time there.
pub(crate) fn holds(moment: &Moment) {
    let occurrence = match moment {
        Moment::EachBirthday { until, .. } => *until,
        _ => 0,
    };
    let day = calendar::day_of(moment, occurrence);
    let ready = Timestamp::UNIX_EPOCH;
    let comes = calendar::comes_at(moment, occurrence, ready);
    let (Moment::On { time, zone, .. }
    | Moment::Birthday { time, zone, .. }
    | Moment::EachBirthday { time, zone, .. }) = moment
    else {
        return;
    };
    if let (Some(day), Moment::Birthday { birthday, .. } | Moment::EachBirthday { birthday, .. }) =
        (day, moment)
    {
        let meant = (birthday.month, birthday.day);
        let stands_for = [(2, 28), (3, 1)].contains(&(day.month(), day.day())) && meant == (2, 29);
        assert!(
            (day.month(), day.day()) == meant || stands_for && !day.in_leap_year(),
            "{day} for {meant:?}"
        );
    }
    let Ok(comes) = comes else { return };
    assert_eq!(comes.is_some(), day.is_some());
    let (Some(day), Some(comes)) = (day, comes) else { return };
    if !YEARS.contains(&day.year()) {
        return;
    }
    let there = comes.to_zoned(calendar::zone(zone).expect("it was known before")).datetime();
    let meant = day.to_datetime(*time);
    assert!(there >= meant, "{there} is before {meant} in {zone}");
    let late = there.duration_since(meant).as_hours();
    assert!(late <= 24, "{there} is long after {meant} in {zone}");
}

/// The years of a birthday that recurs go up, each once, and end.
fn years(moment: &Moment, now: Timestamp) {
    let zone = moment_zone(moment);
    let Ok(Some(first)) = calendar::first_occurrence(moment, now) else { return };
    let Moment::EachBirthday { until, birthday, .. } = moment else { return };
    let today = calendar::day_in(now, zone).expect("it was known before");
    assert!(first >= today.year() && first <= *until);
    assert!(calendar::birthday_in(first, *birthday).is_none_or(|day| day >= today));
    let mut before = None;
    for day in calendar::days(moment, first).take(300) {
        assert!(before < Some(day), "{day} comes twice");
        before = Some(day);
    }
    for from in [first, 1970, *until] {
        let newest = calendar::newest_missed(moment, from, now).expect("it was known before");
        let due = calendar::comes_at(moment, newest, now).expect("it was known before");
        assert!(newest == from || newest > from && newest <= *until && due.is_some_and(|due| due <= now));
        assert!(
            calendar::next_occurrence(moment, from).is_none_or(|next| next == from + 1 && next <= *until)
        );
    }
}

/// A rest is never shorter than it says, and ends at nine or at the next moment that exists there.
fn rest_holds(asked: u8, zone: &str, now: Timestamp) {
    let asked = match asked % 32 {
        0 => RestAsked::None,
        31 => RestAsked::Morning,
        nights => RestAsked::Mornings(nights),
    };
    let clocks = Now { trusted: now, observed: Observed(0) };
    let rest = calendar::rest(asked, zone, clocks).expect("it was known before");
    if asked == RestAsked::None {
        assert_eq!(rest.until, now);
        return;
    }
    let hours = calendar::SHORTEST_REST_HOURS;
    assert!(rest.until >= now + jiff::SignedDuration::from_hours(hours), "{asked:?} in {zone} at {now}");
    assert!(rest.until <= now + jiff::SignedDuration::from_hours(24 * 33), "{asked:?} in {zone} at {now}");
}
