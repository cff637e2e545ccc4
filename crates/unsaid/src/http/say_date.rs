//! Days as they are said: 'Thursday 12 March 2037'. The names of days and months stand in web/src/words. Knows no clock: the instant and
//! the zone in which it is said are given.

use crate::words::Words;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html};

/// Weekday, day, month and year.
pub(super) fn full_day(date: Date) -> String {
    Words::now().day(date)
}

/// The day of an instant in a zone, with the exact one for machines.
pub(super) fn time(at: Timestamp, zone: &TimeZone) -> Markup {
    let date = at.to_zoned(zone.clone()).date();
    html! { time datetime=(date.to_string()) { (full_day(date)) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;

    #[test]
    fn a_day_is_said_in_full() {
        assert_eq!(full_day(jiff::civil::date(2037, 3, 12)), "Thursday 12 March 2037");
        assert_eq!(full_day(jiff::civil::date(2028, 2, 29)), "Tuesday 29 February 2028");
    }

    #[test]
    fn every_day_and_month_has_a_name() {
        let first = jiff::civil::date(2026, 1, 1);
        let said: std::collections::BTreeSet<String> = (0..366).map(|n| full_day(first + n.days())).collect();
        assert_eq!(said.len(), 366);
        assert!(said.iter().all(|day| day.split(' ').count() == 4));
    }

    #[test]
    fn the_day_is_the_zones() {
        let at: Timestamp = "2031-12-31T23:30:00Z".parse().unwrap();
        let zone = |name: &str| TimeZone::get(name).unwrap();
        assert!(time(at, &zone("UTC")).into_string().contains("datetime=\"2031-12-31\""));
        assert!(time(at, &zone("Europe/Lisbon")).into_string().contains("Wednesday 31 December 2031"));
        assert!(time(at, &zone("Europe/Paris")).into_string().contains("Thursday 1 January 2032"));
    }
}
