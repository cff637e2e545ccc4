//! Coming without the link: the address that our message came to, and the eight digits in it. Known and unknown addresses, right and wrong digits cost the
//! same work; what is wrong with them has one answer, and tells nobody whether somebody wrote to that address.

use super::knock::let_in;
use super::{Fields, field};
use crate::address::EmailAddress;
use crate::app::App;
use crate::http::page::{For, Page, opening, say, wrong_at};
use crate::http::problem::Problem;
use crate::secrets::same;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use maud::{Markup, html};
use unsaid_delivery::id::MessageId;
use unsaid_store::rows::{DigitsTried, KNOCKS_COMPARED};

/// How many digits stand in a message.
const DIGITS: usize = 8;
/// After so long somebody whose tries of a day are used up may try again, at the latest.
const DAY_SECONDS: u64 = 86_400;
/// What was typed is shown again as far as this.
const LONGEST: usize = 320;

/// What was typed.
#[derive(Default)]
struct Typed {
    address: String,
    digits: String,
}

/// What is wrong with it.
enum Wrong {
    /// It is no mail address; the key of the words.
    Address(&'static str),
    /// They are not eight digits.
    Digits,
    /// The two do not belong together, or the address is unknown.
    NotTogether,
    /// Too many tries of this address today.
    TooMany,
}

impl Wrong {
    fn says(&self) -> String {
        let key = match self {
            Self::Address(key) => key,
            Self::Digits => return say("person.come.wrong_digits", &[]),
            Self::NotTogether => return say("person.come.wrong", &[]),
            Self::TooMany => "digits-too-many",
        };
        let problem = Problem::of(key);
        format!("{} {}", problem.title(), problem.detail())
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    fn at(&self) -> &'static str {
        match self {
            Self::Digits => "#digits",
            _ => "#address",
        }
    }
}

/// GET /come
pub(super) async fn show(State(app): State<App>) -> Response {
    page(&app, &Typed::default(), None)
}

/// POST /come, `address=` and `digits=`
pub(super) async fn come(
    State(app): State<App>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let typed = |name| field(&fields, name).unwrap_or_default().chars().take(LONGEST).collect::<String>();
    let typed = Typed { address: typed("address"), digits: typed("digits") };
    let address = match EmailAddress::read(&typed.address) {
        Ok(address) => address,
        Err(e) => return Ok(page(&app, &typed, Some(Wrong::Address(e.key())))),
    };
    let Some(digits) = read_digits(&typed.digits) else {
        return Ok(page(&app, &typed, Some(Wrong::Digits)));
    };
    let key = app.keys.address_index(&address.normal_form());
    let knocks = match app.store.try_digits(key, app.time.now()).await? {
        DigitsTried::Knocks(knocks) => knocks,
        DigitsTried::TooMany => return Ok(page(&app, &typed, Some(Wrong::TooMany))),
    };
    match right_one(&app, &knocks, &digits) {
        Some(message) => let_in(&app, &headers, message, "/waiting").await,
        None => Ok(page(&app, &typed, Some(Wrong::NotTogether))),
    }
}

/// The newest knock whose digits these are. As many are computed whether there are none or sixteen.
fn right_one(app: &App, knocks: &[MessageId], digits: &str) -> Option<MessageId> {
    let mut right = None;
    for place in 0..KNOCKS_COMPARED {
        let knock = knocks.get(place).copied();
        let ours = app.keys.knock_digits(&knock.unwrap_or(MessageId([0; 16])).to_string());
        if same(digits, &ours) {
            right = right.or(knock);
        }
    }
    right
}

/// Eight digits, however they are set apart.
fn read_digits(typed: &str) -> Option<String> {
    let digits: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}' | '.'))
        .collect();
    (digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

fn page(app: &App, typed: &Typed, wrong: Option<Wrong>) -> Response {
    let title = say("person.come.title", &[]);
    let (status, title) = match &wrong {
        None => (StatusCode::OK, title),
        Some(wrong) => (wrong.status(), say("house.error_title", &[("page", &title)])),
    };
    let wrong = wrong.as_ref();
    let of_digits = wrong.filter(|wrong| matches!(wrong, Wrong::Digits));
    let of_address = wrong.filter(|wrong| matches!(wrong, Wrong::Address(_)));
    let main = html! {
        @if let Some(wrong) = wrong {
            (wrong_at(wrong.at(), &wrong.says()))
        }
        (opening(&say("person.come.heading", &[]), &say("person.come.lede", &[])))
        form.form method="post" action="/come" novalidate {
            div.field.field--wrong[of_address.is_some()] {
                label for="address" { (say("person.come.address", &[])) }
                p.help #address-help { (say("person.come.address_help", &[])) }
                (mend("address-wrong", of_address))
                input.input #address name="address" type="email" inputmode="email" autocomplete="email"
                    autocapitalize="none" spellcheck="false" maxlength="320" value=(typed.address)
                    aria-describedby=(described("address", of_address.is_some()))
                    aria-invalid=[of_address.map(|_| "true")];
            }
            div.field.field--wrong[of_digits.is_some()] {
                label for="digits" { (say("person.come.digits", &[])) }
                p.help #digits-help { (say("person.come.digits_help", &[])) }
                (mend("digits-wrong", of_digits))
                input.input.input--middle #digits name="digits" inputmode="numeric" autocomplete="off" maxlength="24"
                    value=(typed.digits)
                    aria-describedby=(described("digits", of_digits.is_some()))
                    aria-invalid=[of_digits.map(|_| "true")];
            }
            div.acts { button.button.button--main type="submit" { (say("person.come.press", &[])) } }
        }
        div.prose {
            p { (say("person.come.proves_nothing", &[])) }
            p { a href="/words" { (say("person.come.card", &[])) } }
            p { a href="/is-this-real" { (say("person.knock.real", &[])) } }
        }
    };
    let too_many = matches!(wrong, Some(Wrong::TooMany));
    let mut response = Page { title: &title, reader: For::Person, script: None, main }.answer(app, status);
    if too_many {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(DAY_SECONDS));
    }
    response
}

fn mend(id: &str, wrong: Option<&Wrong>) -> Markup {
    html! { @if let Some(wrong) = wrong { p.wrong id=(id) { (wrong.says()) } } }
}

fn described(field: &str, wrong: bool) -> String {
    if wrong { format!("{field}-help {field}-wrong") } else { format!("{field}-help") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_however_they_are_set_apart() {
        for typed in ["27182818", "2718 2818", " 2718-2818 ", "27 18 28 18", "2718\u{a0}2818", "2718–2818"]
        {
            assert_eq!(read_digits(typed).as_deref(), Some("27182818"), "{typed}");
        }
        for typed in ["", "2718281", "271828181", "2718281x", "２７１８２８１８", "+27182818"] {
            assert_eq!(read_digits(typed), None, "{typed}");
        }
    }
}
