//! A day in two or three fields: they work on every telephone without script, and nobody has to turn the pages of a calendar. What is wrong with a day is for whoever asks
//! for it to say.

use crate::http::page::say;
use maud::{Markup, html};

/// Day, month and, where it is asked for, year, as they were typed; and how the fields are marked when something is wrong with them.
pub(super) fn day_fields(
    (day, month, year): (&str, &str, Option<&str>),
    (invalid, by): (Option<&str>, Option<&str>),
) -> Markup {
    let months = (1..=12).map(|n| (n.to_string(), say(&format!("house.month.{n}"), &[])));
    html! {
        div.date-parts {
            div.field {
                label for="day" { (say("person.later.day", &[])) }
                input.input #day name="day" inputmode="numeric" autocomplete="off" maxlength="10"
                    value=(day) aria-invalid=[invalid] aria-describedby=[by];
            }
            div.field {
                label for="month" { (say("person.later.month", &[])) }
                select.input.input--month #month name="month" aria-invalid=[invalid] {
                    option value="" selected[month.is_empty()] { (say("person.later.choose_month", &[])) }
                    @for (number, name) in months {
                        option value=(number) selected[month.trim_start_matches('0') == number] { (name) }
                    }
                }
            }
            @if let Some(year) = year {
                div.field {
                    label for="year" { (say("person.later.year", &[])) }
                    input.input.input--year #year name="year" inputmode="numeric" autocomplete="off" maxlength="4"
                        value=(year) aria-invalid=[invalid];
                }
            }
        }
    }
}

/// A part of a day that is a number, in at most so many plain figures.
pub(super) fn figures(text: &str, most: usize) -> Option<i16> {
    let plain = text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}
