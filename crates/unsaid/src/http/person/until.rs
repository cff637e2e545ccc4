//! Until when a letter is kept for later: what was chosen and typed, which day that is, and in which two sentences we say that it is none. It reads a form and a
//! calendar; whether the day may be, `accept` says.

use super::{Fields, day_fields, field};
use crate::http::page::say;
use crate::http::say_date;
use jiff::ToSpan;
use jiff::civil::Date;
use unsaid_delivery::accept::FARTHEST_LATER_YEARS;

/// The three large choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Month,
    Year,
    Day,
}

impl When {
    pub(super) const ALL: [Self; 3] = [Self::Month, Self::Year, Self::Day];

    pub(super) fn value(self) -> &'static str {
        match self {
            Self::Month => "in-a-month",
            Self::Year => "in-a-year",
            Self::Day => "day",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Month => "person.later.in_a_month",
            Self::Year => "person.later.in_a_year",
            Self::Day => "person.later.day_of_mine",
        }
    }
}

/// What was chosen and typed, as it came.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) not_today: bool,
    pub(super) when: Option<When>,
    pub(super) day: String,
    pub(super) month: String,
    pub(super) year: String,
    pub(super) others: bool,
}

/// Longer than any day of ours, and short enough to be shown again.
const LONGEST: usize = 16;

impl Typed {
    pub(super) fn read(fields: &Fields) -> Self {
        let typed = |name| field(fields, name).unwrap_or_default().trim().chars().take(LONGEST).collect();
        let when = field(fields, "when");
        let (day, month, year): (String, String, String) = (typed("day"), typed("month"), typed("year"));
        // A day that was typed is a choice too.
        let of_mine = when.is_none() && [&day, &month, &year].iter().any(|part| !part.is_empty());
        Self {
            not_today: when == Some("not-today"),
            when: When::ALL
                .into_iter()
                .find(|known| when == Some(known.value()))
                .or_else(|| of_mine.then_some(When::Day)),
            day,
            month,
            year,
            others: field(fields, "others") == Some("yes"),
        }
    }

    /// The day that is meant; none for 'not today'.
    pub(super) fn day(&self, today: Date) -> Result<Option<Date>, Wrong> {
        if self.not_today {
            return Ok(None);
        }
        let after = |span: jiff::Span| today.checked_add(span).map(Some).map_err(|_| Wrong::NotADay);
        match self.when {
            None => Err(Wrong::Nothing),
            Some(When::Month) => after(1.month()),
            Some(When::Year) => after(1.year()),
            Some(When::Day) => self.of_mine().map(Some),
        }
    }

    fn of_mine(&self) -> Result<Date, Wrong> {
        // As a browser's own field for days writes it.
        if self.month.is_empty() && self.year.is_empty() && self.day.contains('-') {
            return self.day.parse().map_err(|_| Wrong::NotADay);
        }
        if [&self.day, &self.month, &self.year].iter().any(|part| part.is_empty()) {
            return Err(Wrong::Missing);
        }
        let figures = |text: &str, most| day_fields::figures(text, most).ok_or(Wrong::NotADay);
        let (day, month) = (figures(&self.day, 2)?, figures(&self.month, 2)?);
        let year = figures(&self.year, 4)?;
        // '31' is a slip, and not the year in which Tiberius reigned.
        if self.year.len() < 4 {
            return Err(Wrong::NotADay);
        }
        let month = i8::try_from(month).map_err(|_| Wrong::NotADay)?;
        let first = Date::new(year, month, 1).map_err(|_| Wrong::NotADay)?;
        i8::try_from(day)
            .ok()
            .and_then(|day| Date::new(year, month, day).ok())
            .ok_or(Wrong::NotInMonth(first))
    }
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Nothing was chosen.
    Nothing,
    /// A part of the day is not there.
    Missing,
    /// No calendar has it.
    NotADay,
    /// The month that begins here has no such day.
    NotInMonth(Date),
    /// It is over, or it is today.
    Passed,
    /// It is more than ten years away.
    TooFar,
}

impl Wrong {
    pub(super) fn says(self, today: Date) -> String {
        match self {
            Self::Nothing => say("person.later.wrong_nothing", &[]),
            Self::Missing => say("person.later.wrong_missing", &[]),
            Self::NotADay => say("person.later.wrong_not_a_day", &[]),
            Self::NotInMonth(first) => {
                let month = say(&format!("house.month.{}", first.month()), &[]);
                let (year, number) = (first.year().to_string(), first.days_in_month().to_string());
                let values = [("month", month.as_str()), ("year", &year), ("number", &number)];
                say("person.later.wrong_not_in_month", &values)
            }
            Self::Passed => say("person.later.wrong_passed", &[]),
            Self::TooFar => {
                let last = today.checked_add(FARTHEST_LATER_YEARS.years()).unwrap_or(today);
                say("person.later.wrong_too_far", &[("day", &say_date::full_day(last))])
            }
        }
    }

    /// Where it is mended.
    pub(super) fn at(self) -> &'static str {
        match self {
            Self::Nothing => "#when-in-a-month",
            _ => "#day",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn typed(day: &str, month: &str, year: &str) -> Result<Date, Wrong> {
        Typed { day: day.into(), month: month.into(), year: year.into(), ..Typed::default() }.of_mine()
    }

    #[test]
    fn a_day_is_read_as_people_type_it_and_what_is_none_is_said() {
        assert_eq!(typed("4", "5", "2031"), Ok(date(2031, 5, 4)));
        assert_eq!(typed("04", "05", "2031"), Ok(date(2031, 5, 4)));
        assert_eq!(typed("2031-05-04", "", ""), Ok(date(2031, 5, 4)));
        assert_eq!(typed("29", "2", "2032"), Ok(date(2032, 2, 29)));
        assert_eq!(typed("29", "2", "2031"), Err(Wrong::NotInMonth(date(2031, 2, 1))));
        assert_eq!(typed("31", "4", "2031"), Err(Wrong::NotInMonth(date(2031, 4, 1))));
        assert_eq!(typed("0", "4", "2031"), Err(Wrong::NotInMonth(date(2031, 4, 1))));
        for (day, month, year) in [("", "5", "2031"), ("4", "", "2031"), ("4", "5", ""), ("", "", "")] {
            assert_eq!(typed(day, month, year), Err(Wrong::Missing));
        }
        for (day, month, year) in [
            ("4", "13", "2031"),
            ("4", "0", "2031"),
            ("4", "5", "31"),
            ("4", "5", "20310"),
            ("+4", "5", "2031"),
            ("4.", "5", "2031"),
            ("four", "5", "2031"),
            ("4", "May", "2031"),
            ("2031-02-30", "", ""),
            ("2031-5-4", "5", "2031"),
            ("٤", "5", "2031"),
        ] {
            assert_eq!(typed(day, month, year), Err(Wrong::NotADay), "{day} {month} {year}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_two_sentences() {
        let today = date(2037, 3, 12);
        let first = date(2037, 4, 1);
        for wrong in [
            Wrong::Nothing,
            Wrong::Missing,
            Wrong::NotADay,
            Wrong::NotInMonth(first),
            Wrong::Passed,
            Wrong::TooFar,
        ] {
            let said = wrong.says(today);
            assert_eq!(said.matches(". ").count(), 1, "{said}");
            assert!(said.ends_with('.'), "{said}");
        }
        assert!(Wrong::NotInMonth(first).says(today).contains("30"));
        assert!(Wrong::TooFar.says(today).contains("Tuesday 12 March 2047"));
    }
}
