//! What is asked before a letter opens: a page without a name on it, and what becomes of an answer. Whoever wrote the letter never learns of either. A wrong answer and one to a
//! question that cannot be answered any more are told as far as the person needs it: again, tomorrow, or with words.

use super::day_fields::{self, day_fields};
use super::{Fields, field, is_not_me, later, letter_of, on_to};
use crate::answer;
use crate::app::App;
use crate::http::asks;
use crate::http::gate::ReaderIn;
use crate::http::page::{For, Page, opening, say, wrong_at};
use crate::http::problem::Problem;
use crate::http::read::{self, Path};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use jiff::civil::Date;
use maud::{Markup, html};
use unsaid_delivery::state::State as Where;
use unsaid_store::rows::{Answered, Asks, ProofTried, Waiting};

/// After so long somebody whose tries of a day are used up may try again, at the latest.
const DAY_SECONDS: u64 = 86_400;

/// What was typed as a part of a day is shown again as far as this.
const DAY_LETTERS: usize = 10;

/// What was typed. It stands there again when it did not fit: a slip is easier to see than to guess.
#[derive(Default)]
struct Typed {
    answer: String,
    day: String,
    month: String,
    year: String,
}

/// Why the letter is still closed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// Nothing that could be compared was typed.
    Nothing,
    /// No calendar has this day.
    NotADay,
    /// It does not fit.
    NotIt,
    /// And not today any more.
    Today,
    /// And never again.
    Ever,
}

impl Wrong {
    fn says(self) -> String {
        say(
            match self {
                Self::Nothing => "person.ask.wrong_nothing",
                Self::NotADay => "person.ask.wrong_day",
                Self::NotIt => "person.ask.wrong",
                Self::Today => "person.ask.wrong_today",
                Self::Ever => "person.ask.wrong_ever",
            },
            &[],
        )
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Today | Self::Ever => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// Whether there is still something to type.
    fn goes_on(self) -> bool {
        !matches!(self, Self::Today | Self::Ever)
    }
}

/// POST /waiting/{delivery}/proof: `answer=`, or `day=`, `month=` and perhaps `year=`
pub(super) async fn answer(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id = read::id(&named)?;
    if is_not_me(&app, &reader).await? {
        return Ok(on_to("/refused"));
    }
    let letter = letter_of(&app, &reader, id).await?;
    let path = format!("/waiting/{id}");
    let Some(asks) = &letter.asks else { return Ok(on_to(&path)) };
    if matches!(letter.delivery.state, Where::Parked { .. }) {
        return Ok(on_to(&path));
    }
    let typed = |name| field(&fields, name).unwrap_or_default().trim();
    let short = |name, most| typed(name).chars().take(most).collect::<String>();
    let typed = Typed {
        // Accents may come apart from their letters, several to one.
        answer: short("answer", 4 * answer::LONGEST_ANSWER),
        day: short("day", DAY_LETTERS),
        month: short("month", DAY_LETTERS),
        year: short("year", DAY_LETTERS),
    };
    let forms = match &asks.question {
        Some(_) => answer::form(&typed.answer).map(|form| (form, None)).map_err(|_| Wrong::Nothing),
        None => birthday(&typed, asks.with_year),
    };
    let (plain, with_year) = match forms {
        Ok(forms) => forms,
        Err(wrong) => return Ok(page(&app, &letter, asks, &typed, Some(wrong))),
    };
    let hash = |form: &str| asks::hash(&app, letter.delivery.letter, form);
    let answered = Answered { plain: hash(&plain), with_year: with_year.as_deref().map(hash) };
    let wrong = match app.store.try_proof(&reader, id, answered, app.time.now()).await? {
        ProofTried::Right => return Ok(on_to(&path)),
        ProofTried::Wrong => Wrong::NotIt,
        ProofTried::TooManyToday => Wrong::Today,
        ProofTried::NoMore => Wrong::Ever,
    };
    Ok(page(&app, &letter, asks, &typed, Some(wrong)))
}

/// A birthday in the forms in which it is compared: day and month, and where it is asked for the whole.
fn birthday(typed: &Typed, with_year: bool) -> Result<(String, Option<String>), Wrong> {
    let year = with_year.then_some(typed.year.as_str());
    if typed.day.is_empty() || typed.month.is_empty() || year.is_some_and(str::is_empty) {
        return Err(Wrong::Nothing);
    }
    let figures = |text: &str, most| day_fields::figures(text, most).ok_or(Wrong::NotADay);
    let (day, month) = (figures(&typed.day, 2)?, figures(&typed.month, 2)?);
    let year = match year {
        Some(text) if text.len() < 4 => return Err(Wrong::NotADay),
        Some(text) => Some(figures(text, 4)?),
        None => None,
    };
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else { return Err(Wrong::NotADay) };
    // Without a year any day that some year has.
    let day = Date::new(year.unwrap_or(2000), month, day).map_err(|_| Wrong::NotADay)?;
    let form = |year| answer::birthday(year, day.month(), day.day());
    Ok((form(None), year.map(|year| form(Some(year)))))
}

/// GET /waiting/{delivery}, of a letter that asks.
pub(super) fn show(app: &App, letter: &Waiting, asks: &Asks) -> Response {
    page(app, letter, asks, &Typed::default(), None)
}

fn page(app: &App, letter: &Waiting, asks: &Asks, typed: &Typed, wrong: Option<Wrong>) -> Response {
    let title = say("person.ask.title", &[]);
    let (status, title) = match wrong {
        None => (StatusCode::OK, title),
        Some(wrong) => (wrong.status(), say("house.error_title", &[("page", &title)])),
    };
    let goes_on = wrong.is_none_or(Wrong::goes_on);
    let question = asks.question.as_ref();
    let at = if question.is_some() { "#answer" } else { "#day" };
    let delivery = &letter.delivery;
    let main = html! {
        @match wrong {
            Some(wrong) if wrong.goes_on() => (wrong_at(at, &wrong.says())),
            Some(wrong) => div.notice.notice--wait role="alert" { p { (wrong.says()) } },
            None => {}
        }
        (opening(&say("person.ask.heading", &[]), &say("person.ask.lede", &[])))
        @if goes_on {
            form.form method="post" action={ "/waiting/" (delivery.id) "/proof" } novalidate {
                @match question {
                    Some(_) => (question_field(app, letter, asks, typed, wrong)),
                    None => (birthday_fields(asks, typed, wrong)),
                }
                div.acts { button.button.button--main type="submit" { (say("person.ask.press", &[])) } }
            }
        }
        div.acts {
            (later::way_to(delivery))
            a.button.button--quiet href={ "/refuse?letter=" (delivery.id) } { (say("person.waiting.refuse_letter", &[])) }
        }
        div.prose {
            p { (say("person.ask.not_told", &[])) }
            p { (say("person.ask.card", &[])) " " a href="/words" { (say("person.ask.card_link", &[])) } }
            p { (say("person.ask.not_me", &[])) " " a href="/refuse" { (say("person.ask.not_me_link", &[])) } }
            p { a href="/help/together" { (say("person.together.title", &[])) } }
            p { a href="/waiting" { (say("person.read.back", &[])) } }
        }
    };
    let mut response = Page { title: &title, reader: For::Person, script: None, main }.answer(app, status);
    if wrong == Some(Wrong::Today) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(DAY_SECONDS));
    }
    response
}

fn question_field(app: &App, letter: &Waiting, asks: &Asks, typed: &Typed, wrong: Option<Wrong>) -> Markup {
    let row = letter.delivery.letter.to_string();
    let question = asks.question.as_ref().and_then(|sealed| app.keys.open_text(&row, sealed));
    let question = question.map_or_else(
        || {
            tracing::error!(delivery = %letter.delivery.id, "a question cannot be opened with the address key");
            say("person.ask.question_unreadable", &[])
        },
        |text| text.to_string(),
    );
    html! {
        div.field.field--wrong[wrong.is_some()] {
            // dir: whatever language it was asked in.
            label for="answer" dir="auto" { (question) }
            p.help #answer-help { (say("person.ask.answer_help", &[])) }
            @if let Some(wrong) = wrong { p.wrong #answer-wrong { (wrong.says()) } }
            input.input #answer name="answer" type="text" autocomplete="off" autocapitalize="none" spellcheck="false"
                maxlength=(answer::LONGEST_ANSWER) dir="auto" value=(typed.answer)
                aria-describedby=(described(wrong.is_some()))
                aria-invalid=[wrong.map(|_| "true")];
        }
    }
}

/// What is read aloud with the field.
fn described(is_wrong: bool) -> &'static str {
    if is_wrong { "answer-help answer-wrong" } else { "answer-help" }
}

fn birthday_fields(asks: &Asks, typed: &Typed, wrong: Option<Wrong>) -> Markup {
    let year = asks.with_year.then_some(typed.year.as_str());
    let (invalid, by) = (wrong.map(|_| "true"), wrong.map(|_| "day-wrong"));
    html! {
        fieldset class=[wrong.map(|_| "field--wrong")] {
            legend { h2 { (say("person.ask.birthday", &[])) } }
            @if let Some(wrong) = wrong { p.wrong #day-wrong { (wrong.says()) } }
            (day_fields((&typed.day, &typed.month, year), (invalid, by)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(day: &str, month: &str, year: &str, with_year: bool) -> Result<String, Wrong> {
        let typed = Typed { day: day.into(), month: month.into(), year: year.into(), ..Typed::default() };
        birthday(&typed, with_year).map(|(plain, whole)| whole.unwrap_or(plain))
    }

    #[test]
    fn a_birthday_is_read_as_people_type_it() {
        assert_eq!(form("4", "5", "1951", true).ok().as_deref(), Some("1951-05-04"));
        assert_eq!(form("04", "05", "1951", true).ok().as_deref(), Some("1951-05-04"));
        assert_eq!(form("29", "2", "", false).ok().as_deref(), Some("02-29"));
        assert_eq!(form("29", "2", "1952", true).ok().as_deref(), Some("1952-02-29"));
        // A year that nobody asked for has no part in it.
        assert_eq!(form("4", "5", "1951", false).ok().as_deref(), Some("05-04"));
        for (day, month, year, with_year) in
            [("", "5", "1951", true), ("4", "", "1951", true), ("4", "5", "", true)]
        {
            assert!(form(day, month, year, with_year) == Err(Wrong::Nothing));
        }
        for (day, month, year) in [
            ("31", "4", "1951"),
            ("29", "2", "1951"),
            ("4", "5", "51"),
            ("+4", "5", "1951"),
            ("4", "May", "1951"),
            ("٤", "5", "1951"),
        ] {
            assert!(form(day, month, year, true) == Err(Wrong::NotADay), "{day} {month} {year}");
        }
    }
}
