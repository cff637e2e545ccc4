//! The host's page: both clocks, why the house holds its letters when it does, what is held by itself and why, what comes, and what is wrong. A host lets a letter go here or keeps it, and holds the
//! whole house. It knows no name, no address and no word of anybody: letters stand here as what they are called inside.

use super::gate::SignedIn;
use super::page::{For, Page, opening, say};
use super::problem::Problem;
use super::read::Form;
use super::route::{Body, Face, Policy, Route};
use super::say_date::{full_day, time};
use crate::app::App;
use crate::holding::{self, Held};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use unsaid_delivery::clock::{DAY, Doubt};
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::message::Call;
use unsaid_delivery::parking::NotNow;
use unsaid_delivery::state::{Delivery, Parked, State as Where};
use unsaid_store::rows::{Foreseen, House, Role, Standing};

/// Where it is.
const PAGE: &str = "/house";
/// So many held letters are shown.
const SHOWN: usize = 200;
/// What a form says that means all that wait for a look.
const ALL: &str = "all-unforeseen";
/// The mail server counts as well when it has not called the host for so long, in seconds.
const WELL_AGAIN: i64 = 7 * DAY;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(PAGE, Policy::Locked, Face::Page, show),
        Route::post("/house/hold", Policy::Unlocked, Face::Page, Body::Form, hold),
        Route::post("/house/go-on", Policy::Unlocked, Face::Page, Body::Form, go_on),
        Route::post("/house/park", Policy::Unlocked, Face::Page, Body::Form, park),
        Route::post("/house/release", Policy::Unlocked, Face::Page, Body::Form, release),
    ]
}

/// Whoever is no host learns nothing of this page.
fn host(SignedIn(_, role, _): &SignedIn) -> Result<(), Problem> {
    if *role == Role::Host { Ok(()) } else { Err(Problem::missing()) }
}

/// Which letter: its name, or all that wait for a look.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    delivery: String,
}

async fn hold(
    State(app): State<App>,
    who: SignedIn,
    Form(_): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    host(&who)?;
    app.store.hold(Hold::ByHost, app.time.now()).await?;
    app.holds.look(&*app.store).await?;
    Ok(back())
}

async fn go_on(
    State(app): State<App>,
    who: SignedIn,
    Form(_): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    host(&who)?;
    app.store.unhold(Hold::ByHost).await?;
    app.nudge.nudge();
    Ok(back())
}

async fn park(State(app): State<App>, who: SignedIn, Form(which): Form<Which>) -> Result<Response, Problem> {
    host(&who)?;
    for id in named(&app, &which).await? {
        // A host may be an author, too: of a letter that has left this page says nothing, whatever became of it.
        let waits = app.store.delivery(id).await?.and_then(|view| why(&view.delivery));
        if waits != Some(Parked::Unforeseen) {
            decided(Held::Not(NotNow::NotParked), &which)?;
            continue;
        }
        decided(holding::park(&*app.store, id, app.time.now()).await?, &which)?;
    }
    Ok(back())
}

async fn release(
    State(app): State<App>,
    who: SignedIn,
    Form(which): Form<Which>,
) -> Result<Response, Problem> {
    host(&who)?;
    for id in named(&app, &which).await? {
        decided(holding::release(&*app.store, id, app.time.now()).await?, &which)?;
    }
    app.nudge.nudge();
    Ok(back())
}

async fn named(app: &App, which: &Which) -> Result<Vec<DeliveryId>, Problem> {
    if which.delivery == ALL {
        return Ok(holding::unforeseen(&*app.store).await?);
    }
    which.delivery.parse().map(|id| vec![id]).map_err(|_| Problem::missing())
}

/// Of one letter it is said when the page was older than what it shows; of many, those that went on by themselves are passed over.
fn decided(held: Held, which: &Which) -> Result<(), Problem> {
    match held {
        Held::Not(_) if which.delivery != ALL => Err(Problem::of("changed-meanwhile")),
        _ => Ok(()),
    }
}

fn back() -> Response {
    Redirect::to(PAGE).into_response()
}

async fn show(State(app): State<App>, who: SignedIn) -> Result<Response, Problem> {
    host(&who)?;
    let now = app.time.now();
    let store = &app.store;
    let standing = store.holds().await?;
    let parked = store.parked(SHOWN + 1).await?;
    let counts = store.counts().await?;
    let foreseen = store.forecast(now).await?;
    let house = store.house().await?;
    let relay = store.called(Call::Relay).await?;
    let relay = relay.filter(|at| now.trusted.duration_since(*at).as_secs() < WELL_AGAIN);
    let doubt = app.time.doubt();
    let many = waits_for_a_look(&parked) > 0;
    let waits = standing.len()
        + usize::from(many)
        + usize::from(parked.len() > waits_for_a_look(&parked))
        + usize::from(doubt.is_some())
        + usize::from(!house.keys_confirmed)
        + usize::from(relay.is_some());
    let main = html! {
        (opening(&waiting(waits), &say("host.lede", &[])))
        @for one in &standing { (standing_notice(&app, one)) }
        @if many { (many_notice()) }
        (parked_table(&app, &parked))
        h2.beside { (say("host.counts", &[])) }
        (letters(&counts))
        h2.beside { (say("host.ahead", &[])) }
        (ahead(foreseen))
        h2.beside { (say("host.health", &[])) }
        (health(&app, &house, doubt, relay))
        @if standing.iter().all(|one| one.what != Hold::ByHost) {
            form.prose method="post" action="/house/hold" {
                p { (say("host.hold_all_says", &[])) }
                div.acts { button.button type="submit" { (say("host.hold_all", &[])) } }
            }
        }
    };
    let page = Page { title: &say("host.title", &[]), reader: For::Anyone, script: None, main };
    let mut response = page.answer(&app, StatusCode::OK);
    // What is held is nobody else's business who sits at this browser later.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn waits_for_a_look(parked: &[Delivery]) -> usize {
    parked.iter().filter(|d| why(d) == Some(Parked::Unforeseen)).count()
}

fn why(delivery: &Delivery) -> Option<Parked> {
    if let Where::Parked { why, .. } = delivery.state { Some(why) } else { None }
}

fn waiting(many: usize) -> String {
    match many {
        0 => say("host.well", &[]),
        1 => say("host.waits.one", &[]),
        many => say("host.waits.other", &[("number", &many.to_string())]),
    }
}

fn standing_notice(app: &App, one: &Standing) -> Markup {
    let (means, to_do) = match one.what {
        Hold::NotAdopted => ("host.hold.not_adopted", "host.hold.not_adopted_do"),
        Hold::AnotherHouse => ("host.hold.another_house", "host.hold.another_house_do"),
        Hold::TwoGenerations => ("host.hold.two_generations", "host.hold.two_generations_do"),
        Hold::JournalMissing => ("host.hold.journal_missing", "host.hold.journal_missing_do"),
        Hold::NoTrustedTime => ("host.hold.no_trusted_time", "host.hold.no_trusted_time_do"),
        Hold::ByHost => ("host.hold.by_host", "host.hold.by_host_do"),
    };
    let day = full_day(one.since.to_zoned(app.settings.zone.clone()).date());
    html! {
        section.notice.notice--wait {
            h2 { (say(means, &[])) }
            p { (say(to_do, &[])) " " (say("host.hold.since", &[("day", &day)])) }
            @if one.what == Hold::ByHost {
                form.acts method="post" action="/house/go-on" {
                    button.button.button--main type="submit" { (say("host.go_on", &[])) }
                }
            }
        }
    }
}

/// A form with one button, about one letter or all that wait for a look.
fn act(action: &str, delivery: &str, says: &str) -> Markup {
    html! {
        form method="post" action=(action) {
            input type="hidden" name="delivery" value=(delivery);
            button.button.button--quiet type="submit" { (say(says, &[])) }
        }
    }
}

fn many_notice() -> Markup {
    html! {
        section.notice.notice--wait {
            h2 { (say("host.parked.many", &[])) }
            p { (say("host.parked.many_says", &[])) }
            div.acts {
                (act("/house/park", ALL, "host.parked.all_keep"))
                (act("/house/release", ALL, "host.parked.all_release"))
            }
        }
    }
}

fn parked_table(app: &App, parked: &[Delivery]) -> Markup {
    let head = |key: &str| html! { th scope="col" { (say(key, &[])) } };
    html! {
        h2.beside #held { (say("host.parked", &[])) }
        @if parked.is_empty() {
            p { (say("host.parked.none", &[])) }
        } @else {
            div.table-frame {
                table.stack {
                    caption.unseen { (say("host.parked", &[])) }
                    thead { tr {
                        (head("host.parked.what")) (head("host.parked.why")) (head("host.parked.since"))
                        (head("host.parked.left")) (head("host.parked.do"))
                    } }
                    tbody { @for delivery in parked.iter().take(SHOWN) { (parked_row(app, delivery)) } }
                }
            }
            @if parked.len() > SHOWN { p.note { (say("host.parked.more", &[])) } }
        }
    }
}

fn parked_row(app: &App, delivery: &Delivery) -> Markup {
    let id = delivery.id.to_string();
    let Where::Parked { why, left } = delivery.state else { return html! {} };
    let because = match why {
        Parked::RuleUnknown => "host.why.rule_unknown",
        Parked::WrongBinding => "host.why.wrong_binding",
        Parked::Damaged => "host.why.damaged",
        Parked::ZoneUnknown => "host.why.zone_unknown",
        Parked::ByHost => "host.why.by_host",
        Parked::Unforeseen => "host.why.unforeseen",
        Parked::Internal => "host.why.internal",
    };
    let left = if left { "host.parked.left_yes" } else { "host.parked.left_no" };
    html! {
        tr {
            th scope="row" { code { (id) } }
            td data-th=(say("host.parked.why", &[])) { (say(because, &[])) }
            td data-th=(say("host.parked.since", &[])) {
                @if let Some(parking) = delivery.parked { (time(parking.since, &app.settings.zone)) } @else { "–" }
            }
            td data-th=(say("host.parked.left", &[])) { (say(left, &[])) }
            td data-th=(say("host.parked.do", &[])) {
                @if why == Parked::Unforeseen { (act("/house/park", &id, "host.parked.keep")) }
                (act("/house/release", &id, "host.parked.release"))
            }
        }
    }
}

fn counted(says: String, count: u64) -> Markup {
    html! { div { dt { (says) } dd { (count) } } }
}

/// What became of what has left is one number, with what was taken back: a host may be an author, and learns here no more than she does from her own pages.
fn letters(counts: &[(String, u64)]) -> Markup {
    let of = |states: &[&str]| -> u64 {
        counts.iter().filter(|(state, _)| states.contains(&state.as_str())).map(|(_, many)| many).sum()
    };
    let before = ["resting", "waiting", "due", "parked"];
    let after = counts.iter().filter(|(state, _)| !before.contains(&state.as_str()));
    html! {
        dl.counts {
            (counted(say("host.state.resting", &[]), of(&["resting"])))
            (counted(say("host.state.waiting", &[]), of(&["waiting", "due"])))
            (counted(say("host.state.parked", &[]), of(&["parked"])))
            (counted(say("host.state.left", &[]), after.map(|(_, many)| many).sum()))
        }
    }
}

fn ahead(foreseen: Foreseen) -> Markup {
    html! {
        dl.counts {
            (counted(say("host.ahead.week", &[]), foreseen.within_a_week))
            (counted(say("host.ahead.unforeseen", &[]), foreseen.unforeseen))
            (counted(say("host.ahead.horizon", &[]), foreseen.within_horizon))
        }
    }
}

fn health(app: &App, house: &House, doubt: Option<Doubt>, relay: Option<Timestamp>) -> Markup {
    let now = app.time.now();
    let here = now.trusted.to_zoned(app.settings.zone.clone());
    let clock = say(
        "host.health.clock_at",
        &[("day", &full_day(here.date())), ("time", &here.strftime("%H:%M").to_string())],
    );
    let served = say("host.health.served_days", &[("days", &(now.observed.0 / DAY).to_string())]);
    let machine = match doubt {
        None => "host.health.clock_well",
        Some(Doubt::Settling { .. }) => "host.health.clock_settling",
        Some(Doubt::NeedsConfirming { .. }) => "host.health.clock_confirm",
        Some(Doubt::Behind { .. }) => "host.health.clock_behind",
        Some(Doubt::Alone { .. }) => "host.health.clock_alone",
        Some(Doubt::Apart { .. }) => "host.health.clock_apart",
        Some(Doubt::Ahead { .. }) => "host.health.clock_ahead",
    };
    let keys = if house.keys_confirmed { "host.health.keys_well" } else { "host.health.keys_not" };
    let mail = match relay {
        None => say("host.health.mail_well", &[]),
        Some(at) => {
            let day = full_day(at.to_zoned(app.settings.zone.clone()).date());
            say("host.health.mail_trouble", &[("day", &day)])
        }
    };
    let row = |name: &str, well: bool, says: String| {
        let status = if well { "status status--good" } else { "status status--problem" };
        html! {
            tr {
                th scope="row" { (say(name, &[])) }
                td data-th=(say("host.health.how", &[])) { span class=(status) { (says) } }
            }
        }
    };
    html! {
        div.table-frame {
            table.stack {
                caption.unseen { (say("host.health", &[])) }
                thead { tr {
                    th scope="col" { (say("host.health.what", &[])) }
                    th scope="col" { (say("host.health.how", &[])) }
                } }
                tbody {
                    (row("host.health.clock", true, clock))
                    (row("host.health.served", true, served))
                    (row("host.health.doubt", doubt.is_none(), say(machine, &[])))
                    (row("host.health.keys", house.keys_confirmed, say(keys, &[])))
                    (row("host.health.mail", relay.is_none(), mail))
                }
            }
        }
    }
}
