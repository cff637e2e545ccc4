//! Keeping it for later: a day of theirs, or 'not today'. Until then nothing is sent about it, and it can be opened all the while. It names no author: who does
//! not want to know now is not told. Whether a day can be is for `accept` to say; what was typed stays when it cannot.

use super::day_fields::day_fields;
use super::until::{Typed, When, Wrong};
use super::{Fields, called, is_not_me, on_to};
use crate::app::App;
use crate::http::gate::ReaderIn;
use crate::http::page::{For, Page, opening, say, say_with, window_title, wrong_at};
use crate::http::problem::Problem;
use crate::http::read::{self, Path};
use crate::http::say_date;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};
use unsaid_delivery::accept::{self, NOT_TODAY_DAYS, Refusal};
use unsaid_delivery::calendar;
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::rule::Reach;
use unsaid_delivery::state::{Delivery, State as Where};
use unsaid_store::StoreError;
use unsaid_store::rows::{Reader, Waiting};

/// How often another hand (the worker's knock, a second press) may come between looking and keeping before we give up.
const TRIES: usize = 4;

/// It is closed, and the person has not said no to it.
pub(super) fn may_be_kept(delivery: &Delivery) -> bool {
    delivery.state.may_be_opened()
        && delivery.rule.reach == Reach::Send
        && !delivery.pinned
        && !matches!(delivery.state, Where::Opened | Where::Refused)
}

/// The page on which a letter is kept for later.
pub(super) fn path_of(delivery: DeliveryId) -> String {
    format!("/waiting/{delivery}/later")
}

/// Until when it is quiet about a letter, in words.
pub(super) fn quiet_until(delivery: &Delivery) -> Option<Markup> {
    let Where::Later(day) = delivery.state else { return None };
    let day = html! { time datetime=(day.to_string()) { (say_date::full_day(day)) } };
    Some(say_with("person.later.quiet_until", "day", &day))
}

/// The way to that page, beside the way to open it.
pub(super) fn way_to(delivery: &Delivery) -> Markup {
    let key =
        if matches!(delivery.state, Where::Later(_)) { "person.later.another" } else { "person.later.title" };
    html! { @if may_be_kept(delivery) { a.button href=(path_of(delivery.id)) { (say(key, &[])) } } }
}

/// GET /waiting/{delivery}/later
pub(super) async fn show(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
) -> Result<Response, Problem> {
    let id = read::id(&named)?;
    let page = match LaterPage::about(&app, &reader, id).await? {
        Ok(page) => page,
        Err(elsewhere) => return Ok(elsewhere),
    };
    Ok(page.answer(&app, &Typed { others: true, ..Typed::default() }, None))
}

/// POST /waiting/{delivery}/later, `when=` and for a day of theirs `day=`, `month=`, `year=`
pub(super) async fn keep(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id = read::id(&named)?;
    let page = match LaterPage::about(&app, &reader, id).await? {
        Ok(page) => page,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let typed = Typed::read(&fields);
    let day = match typed.day(page.today) {
        Ok(day) => day,
        Err(wrong) => return Ok(page.answer(&app, &typed, Some(wrong))),
    };
    let mut ids = vec![id];
    if typed.others {
        ids.extend(page.others().map(|other| other.delivery.id));
    }
    for id in ids {
        if let Err(wrong) = keep_one(&app, &reader, id, day, &page.zone).await? {
            return Ok(page.answer(&app, &typed, Some(wrong)));
        }
    }
    app.nudge.nudge();
    Ok(on_to(&path_of(id)))
}

/// Keeps one letter until that day. What is no longer there to be kept is passed over: the page behind it says how it stands.
async fn keep_one(
    app: &App,
    reader: &Reader,
    id: DeliveryId,
    day: Option<Date>,
    zone: &str,
) -> Result<Result<(), Wrong>, Problem> {
    for _ in 0..TRIES {
        let letters = app.store.waiting(reader).await?;
        let Some(letter) = letters.iter().find(|letter| letter.delivery.id == id) else { return Ok(Ok(())) };
        let now = app.time.now();
        let granted = match accept::later(&letter.delivery, day, zone, now) {
            Ok(granted) => granted,
            Err(Refusal::DayPassed) => return Ok(Err(Wrong::Passed)),
            Err(Refusal::DayTooFar) => return Ok(Err(Wrong::TooFar)),
            Err(Refusal::NotHere) => return Ok(Ok(())),
            Err(other) => return Err(other.into()),
        };
        match app.store.keep_for_later(reader, &letter.delivery, &granted, now).await {
            Ok(()) => return Ok(Ok(())),
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

/// One letter that can be kept, with what stands around it.
struct LaterPage {
    letters: Vec<Waiting>,
    letter: Waiting,
    /// In which their days fall.
    zone: String,
    today: Date,
    /// For somebody who looks after whom it is for: it is not theirs to open.
    guardian: bool,
}

impl LaterPage {
    /// The page of a letter of theirs, or where they are led because it cannot be kept for later.
    async fn about(app: &App, reader: &Reader, id: DeliveryId) -> Result<Result<Self, Response>, Problem> {
        if is_not_me(app, reader).await? {
            return Ok(Err(on_to("/refused")));
        }
        let letters = app.store.waiting(reader).await?;
        let letter = letters.iter().find(|l| l.delivery.id == id).cloned().ok_or_else(Problem::missing)?;
        if letter.delivery.state == Where::Refused {
            return Ok(Err(on_to("/refused")));
        }
        if !may_be_kept(&letter.delivery) {
            return Ok(Err(on_to(&format!("/waiting/{id}"))));
        }
        let sender = app.store.sender(reader).await?;
        let (zone, guardian) = (sender.zone, sender.looks_after.is_some());
        let today = calendar::day_in(app.time.now().trusted, &zone).map_err(Refusal::from)?;
        Ok(Ok(Self { letters, letter, zone, today, guardian }))
    }

    /// As it is said to whom it is for, or to whoever looks after them.
    fn of(&self, theirs: &str, guardians: &str) -> String {
        say(if self.guardian { guardians } else { theirs }, &[])
    }

    /// What else of theirs is closed here.
    fn others(&self) -> impl Iterator<Item = &Waiting> {
        let this = self.letter.delivery.id;
        self.letters.iter().filter(move |other| other.delivery.id != this && may_be_kept(&other.delivery))
    }

    fn answer(&self, app: &App, typed: &Typed, wrong: Option<Wrong>) -> Response {
        let (kept, heading) = match self.letter.delivery.state {
            Where::Later(day) => {
                (true, say("person.later.quiet_until", &[("day", &say_date::full_day(day))]))
            }
            _ => (false, say("person.later.heading", &[])),
        };
        let title = window_title(&heading);
        let (status, title) = match wrong {
            None => (StatusCode::OK, title),
            Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, say("house.error_title", &[("page", &title)])),
        };
        let main = html! {
            @if let Some(wrong) = wrong {
                (wrong_at(wrong.at(), &wrong.says(self.today)))
            }
            @if kept {
                (opening(&heading, &self.of("person.later.kept_lede", "person.guardian.kept_lede")))
                @if self.others().any(|other| other.delivery.state != self.letter.delivery.state) {
                    p { (say("person.later.others_not", &[])) }
                }
                div.acts { a.button.button--main href="/waiting" { (say("person.refused.to_waiting", &[])) } }
                div.prose { p { (say("person.refused.leave", &[])) } }
                h2 { (say("person.later.another", &[])) }
            } @else {
                (opening(&heading, &self.of("person.later.lede", "person.guardian.later_lede")))
                @if self.letters.len() > 1 { p { (called(app, &self.letters, &self.letter)) } }
            }
            (self.not_today())
            (self.of_theirs(typed, wrong, !kept))
            div.prose {
                p.note { (say("person.later.not_told", &[])) }
                p { a href="/waiting" { (self.of("person.read.back", "person.guardian.back")) } }
            }
        };
        Page { title: &title, reader: For::Person, script: None, main }.answer(app, status)
    }

    /// Nothing to choose: it stands first, for whoever can decide nothing today.
    fn not_today(&self) -> Markup {
        let day = self.today.checked_add(NOT_TODAY_DAYS.days()).unwrap_or(self.today);
        html! {
            form.form method="post" action=(path_of(self.letter.delivery.id)) {
                @if self.others().next().is_some() { input type="hidden" name="others" value="yes"; }
                p { (say("person.later.not_today_says", &[("day", &say_date::full_day(day))])) }
                div.acts {
                    button.button type="submit" name="when" value="not-today" { (say("person.later.not_today", &[])) }
                }
            }
        }
    }

    fn of_theirs(&self, typed: &Typed, wrong: Option<Wrong>, main: bool) -> Markup {
        html! {
            form.form method="post" action=(path_of(self.letter.delivery.id)) novalidate {
                fieldset {
                    legend { h2 { (say("person.later.until_when", &[])) } }
                    div.choices {
                        @for when in When::ALL { (self.card(when, typed, wrong)) }
                    }
                }
                @if self.others().next().is_some() {
                    div.tick {
                        input #others type="checkbox" name="others" value="yes" checked[typed.others];
                        label for="others" { (say("person.later.others", &[])) }
                    }
                }
                div.acts {
                    button.button.button--main[main] type="submit" { (say("person.later.press", &[])) }
                }
            }
        }
    }

    fn card(&self, when: When, typed: &Typed, wrong: Option<Wrong>) -> Markup {
        let id = format!("when-{}", when.value());
        let comes = match when {
            When::Month => self.today.checked_add(1.month()).ok(),
            When::Year => self.today.checked_add(1.year()).ok(),
            When::Day => None,
        };
        html! {
            div.choice {
                // Nothing is chosen beforehand.
                input type="radio" name="when" id=(id) value=(when.value()) checked[typed.when == Some(when)];
                label for=(id) {
                    span.choice-name { (say(when.name(), &[])) }
                    span.choice-says {
                        @match comes {
                            Some(day) => (say("person.later.until", &[("day", &say_date::full_day(day))])),
                            None => (say("person.later.day_of_mine_says", &[])),
                        }
                    }
                }
                @if when == When::Day { div.choice-more { (self.parts(typed, wrong)) } }
            }
        }
    }

    /// A day in three fields: they work on every telephone, and nobody has to turn the pages of a calendar.
    fn parts(&self, typed: &Typed, wrong: Option<Wrong>) -> Markup {
        let wrong = wrong.filter(|wrong| *wrong != Wrong::Nothing);
        let (invalid, by) = (wrong.map(|_| "true"), wrong.map(|_| "day-wrong"));
        html! {
            div class=[wrong.map(|_| "field--wrong")] role="group" aria-label=(say("person.later.day_of_mine", &[])) {
                @if let Some(wrong) = wrong { p.wrong #day-wrong { (wrong.says(self.today)) } }
                (day_fields((&typed.day, &typed.month, Some(&typed.year)), (invalid, by)))
            }
        }
    }
}
