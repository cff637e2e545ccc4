//! The host's page as it is drawn: what waits first, each with what happened, what to do and the command for it; then what is held, what comes, how the house does, and both clocks. Everything that
//! is shown is handed in; nothing is asked and nothing is decided here.

use super::super::page::{For, Page, opening, say};
use super::super::say_date::{full_day, time};
use super::{ALL, Done};
use crate::app::App;
use crate::matters::{Matter, Said, Seen, counted, held, word_of};
use crate::room::Standing as Room;
use crate::settings::Bounces;
use crate::time::standing::{away, called, span};
use crate::words::Words;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};
use unsaid_delivery::clock::{AGREEMENT_SLACK_SECONDS, DAY};
use unsaid_delivery::hold::Hold;
use unsaid_delivery::state::{Delivery, Parked, State as Where};
use unsaid_store::care::{Place, Round};
use unsaid_store::rows::{Foreseen, Standing};

/// So many held letters are shown.
const SHOWN: usize = 200;
/// So many of one reason stand open; more are folded.
const OPEN: usize = 8;
/// What was so few seconds ago was just now.
const JUST_NOW: i64 = 120;
/// So many names of what was found wrong are shown.
const NAMES: usize = 50;

/// What is counted, beside what waits.
pub(super) struct Figures {
    /// Letters by state.
    pub(super) counts: Vec<(String, u64)>,
    /// What leaves within the forecast.
    pub(super) ahead: Foreseen,
    /// How far the scrubber is.
    pub(super) round: Option<Round>,
}

/// What is said of this visit.
pub(super) struct Beside {
    /// What was pressed before.
    pub(super) done: Option<Done>,
    /// Nothing can be decided before the words are given.
    pub(super) locked: bool,
}

/// The whole page.
pub(super) fn page(app: &App, seen: &Seen, figures: &Figures, said: Beside) -> Response {
    let matters = seen.matters(&app.settings);
    let lede = if matters.is_empty() { "host.lede" } else { "host.lede_waits" };
    let held_by_host = seen.standing.iter().any(|one| one.what == Hold::ByHost);
    let main = html! {
        (about(app, seen))
        (opening(&waiting(matters.len()), &say(lede, &[])))
        (was_done(seen, said.done))
        @if said.locked {
            p.note { (say("host.locked", &[])) " " a href="/unlock?back=%2Fhouse" { (say("host.unlock", &[])) } }
        }
        @for (nth, matter) in matters.iter().enumerate() { (notice(app, seen, matter, nth)) }
        @if !seen.parked.is_empty() {
            h2.beside #held { (say("host.parked", &[])) }
            (parked(app, seen))
        }
        h2.beside { (say("host.counts", &[])) }
        (letters(&figures.counts))
        h2.beside { (say("host.ahead", &[])) }
        (ahead(&figures.ahead))
        h2.beside { (say("host.health", &[])) }
        (health(app, seen, figures, &matters))
        h2.beside { (say("host.clocks", &[])) }
        (clocks(app, seen))
        @if !held_by_host {
            h2.beside { (say("host.doubt", &[])) }
            form.prose method="post" action="/house/hold" {
                p { (to_do(&say("host.hold_all_says", &[]))) }
                div.acts { button.button type="submit" { (say("host.hold_all", &[])) } }
            }
        }
    };
    Page { title: &say("host.title", &[]), reader: For::Host, script: None, main }.answer(app, StatusCode::OK)
}

fn at(app: &App, at: Timestamp) -> (String, String) {
    let here = at.to_zoned(app.settings.zone.clone());
    (full_day(here.date()), here.strftime("%H:%M").to_string())
}

fn zone(app: &App) -> String {
    app.settings.zone.iana_name().unwrap_or("UTC").to_owned()
}

fn about(app: &App, seen: &Seen) -> Markup {
    let ((day, time), zone) = (at(app, seen.now.trusted), zone(app));
    html! {
        aside.margin aria-label=(say("host.about", &[])) {
            p { (app.settings.house_name) }
            p { (say("host.looked", &[("day", &day), ("time", &time), ("zone", &zone)])) }
        }
    }
}

fn waiting(many: usize) -> String {
    match many {
        0 => say("host.well", &[]),
        1 => say("host.waits.one", &[]),
        2..=12 => say("host.waits.other", &[("number", &say(&format!("host.number.{many}"), &[]))]),
        many => say("host.waits.other", &[("number", &many.to_string())]),
    }
}

/// What the press before this page did. Not said where it is not so any more.
fn was_done(seen: &Seen, done: Option<Done>) -> Markup {
    let held = seen.standing.iter().any(|one| one.what == Hold::ByHost);
    let Some(done) = done.filter(|done| !(held && *done == Done::GoesOn)) else { return html! {} };
    html! { p.notice.notice--good role="status" { (say(&format!("host.done.{}", done.word()), &[])) } }
}

/// A sentence, and the command at its end on a line of its own.
fn to_do(sentence: &str) -> Markup {
    let said = Said { what: String::new(), to_do: sentence.to_owned() };
    let (sentence, command) = said.command();
    html! {
        (sentence)
        @if let Some(command) = command { code.typed.typed--line { (command) } }
    }
}

/// One thing that waits.
fn notice(app: &App, seen: &Seen, matter: &Matter, nth: usize) -> Markup {
    let said = matter.says(Words::now());
    let id = format!("waits-{nth}");
    html! {
        section.notice.notice--wait aria-labelledby=(id) {
            h2 id=(id) { (said.what) }
            @if let Matter::Unforeseen(_) = matter { p { (say("host.parked.many_says", &[])) } }
            p { (to_do(&said.to_do)) }
            @if let Matter::Holds(what) = matter { (since(app, &seen.standing, *what)) }
            @if let Matter::Found(_, names) = matter { (which(names)) }
            @match matter {
                Matter::Holds(Hold::ByHost) => {
                    form.acts method="post" action="/house/go-on" {
                        button.button.button--main type="submit" { (say("host.go_on", &[])) }
                    }
                }
                Matter::Unforeseen(_) => {
                    div.acts { (act("/house/park", ALL, "host.parked.all_keep", None, "button button--main")) }
                    details {
                        summary { (say("host.parked.all_release_ask", &[])) }
                        p { (say("host.parked.all_release_says", &[])) }
                        (act("/house/release", ALL, "host.parked.all_release", None, "button"))
                    }
                }
                _ => {}
            }
        }
    }
}

fn since(app: &App, standing: &[Standing], what: Hold) -> Markup {
    let since = standing.iter().find(|one| one.what == what).map(|one| one.since);
    html! { @if let Some(since) = since {
        p.note { (say("host.hold.since", &[("day", &at(app, since).0)])) }
    } }
}

/// What things are called inside, for whoever looks for them on the machine.
fn which(names: &[String]) -> Markup {
    html! {
        details {
            summary { (say("host.which", &[])) }
            ul { @for name in names.iter().take(NAMES) { li { code.typed { (name) } } } }
        }
    }
}

/// A form with one button, about one letter or all that wait for a look.
fn act(action: &str, delivery: &str, says: &str, about: Option<&str>, button: &str) -> Markup {
    html! {
        form method="post" action=(action) {
            input type="hidden" name="delivery" value=(delivery);
            button class=(button) type="submit" aria-describedby=[about] { (say(says, &[])) }
        }
    }
}

/// What is held by itself, each reason for itself.
fn parked(app: &App, seen: &Seen) -> Markup {
    let shown = &seen.parked[..seen.parked.len().min(SHOWN)];
    let all = seen.reasons();
    html! {
        div {
            @for (why, many) in &all {
                @let group: Vec<&Delivery> = shown.iter().filter(|delivery| reason(delivery) == Some(*why)).collect();
                @if !group.is_empty() {
                    details open[group.len() <= OPEN] {
                        summary { (held(Words::now(), *why, *many)) }
                        p { (to_do(&say(&format!("host.why.{}_do", word_of(*why)), &[]))) }
                        (table(app, *why, &group))
                    }
                }
            }
            @if seen.parked.len() > SHOWN { p { (to_do(&say("host.parked.more", &[]))) } }
        }
    }
}

fn reason(delivery: &Delivery) -> Option<Parked> {
    if let Where::Parked { why, .. } = delivery.state { Some(why) } else { None }
}

fn table(app: &App, why: Parked, group: &[&Delivery]) -> Markup {
    let head = |key: &str| html! { th scope="col" { (say(key, &[])) } };
    html! {
        div.table-frame {
            table.stack {
                caption.unseen { (say(&format!("host.why.{}", word_of(why)), &[])) }
                thead { tr {
                    (head("host.parked.what")) (head("host.parked.since"))
                    (head("host.parked.left")) (head("host.parked.do"))
                } }
                tbody { @for delivery in group { (row(app, why, delivery)) } }
            }
        }
    }
}

fn row(app: &App, why: Parked, delivery: &Delivery) -> Markup {
    let id = delivery.id.to_string();
    let about = format!("letter-{id}");
    let left = matches!(delivery.state, Where::Parked { left: true, .. });
    let left = if left { "host.parked.left_yes" } else { "host.parked.left_no" };
    html! {
        tr {
            th scope="row" { code.typed.name id=(about) { (id) } }
            td data-th=(say("host.parked.since", &[])) {
                @if let Some(parking) = delivery.parked { (time(parking.since, &app.settings.zone)) } @else { "–" }
            }
            td data-th=(say("host.parked.left", &[])) { (say(left, &[])) }
            td {
                @if why == Parked::Unforeseen {
                    (act("/house/park", &id, "host.parked.keep", Some(&about), "button button--quiet"))
                }
                (act("/house/release", &id, "host.parked.release", Some(&about), "button button--quiet"))
            }
        }
    }
}

fn counts(of: &[(String, u64)]) -> Markup {
    html! { dl.counts { @for (says, count) in of { div { dt { (says) } dd { (count) } } } } }
}

/// What became of what has left is one number, with what was taken back: a host may be an author, and learns here no more than she does from her own pages.
fn letters(by_state: &[(String, u64)]) -> Markup {
    let of = |states: &[&str]| -> u64 {
        by_state.iter().filter(|(state, _)| states.contains(&state.as_str())).map(|(_, many)| many).sum()
    };
    let before = ["resting", "waiting", "due", "parked"];
    let after = by_state.iter().filter(|(state, _)| !before.contains(&state.as_str()));
    counts(&[
        (say("host.state.resting", &[]), of(&["resting"])),
        (say("host.state.waiting", &[]), of(&["waiting", "due"])),
        (say("host.state.parked", &[]), of(&["parked"])),
        (say("host.state.left", &[]), after.map(|(_, many)| many).sum()),
    ])
}

fn ahead(foreseen: &Foreseen) -> Markup {
    let mut numbers = vec![(say("host.ahead.week", &[]), foreseen.within_a_week)];
    if foreseen.unforeseen > 0 {
        numbers.push((say("host.ahead.unforeseen", &[]), foreseen.unforeseen));
    }
    numbers.push((say("host.ahead.horizon", &[]), foreseen.within_horizon));
    html! {
        (counts(&numbers))
        @if foreseen.within_horizon > 0 { (months(foreseen)) }
    }
}

fn months(foreseen: &Foreseen) -> Markup {
    let month_named = |nth: usize, first: jiff::civil::Date| {
        let month = say(&format!("house.month.{}", first.month()), &[]);
        let key = if nth == 0 { "host.ahead.late" } else { "host.ahead.month_named" };
        say(key, &[("month", &month), ("year", &first.year().to_string())])
    };
    html! {
        details {
            summary { (say("host.ahead.months", &[])) }
            p { (say("host.ahead.gone", &[])) }
            div.table-frame {
                table {
                    caption.unseen { (say("host.ahead.months", &[])) }
                    thead { tr {
                        th scope="col" { (say("host.ahead.month", &[])) }
                        th.number scope="col" { (say("host.ahead.letters", &[])) }
                    } }
                    tbody { @for (nth, (first, many)) in foreseen.months.iter().enumerate() {
                        tr { th scope="row" { (month_named(nth, *first)) } td.number { (many) } }
                    } }
                }
            }
        }
    }
}

/// A row of health: its name, the class of its sign, and how it is.
type Row = (&'static str, &'static str, Vec<String>);

const GOOD: &str = "status status--good";
const OPEN_YET: &str = "status status--open";
const WAIT: &str = "status status--wait";

fn health(app: &App, seen: &Seen, figures: &Figures, matters: &[Matter]) -> Markup {
    let wrong = |about: &str| matters.iter().any(|matter| matter.about() == about);
    let sign = |about: &str, well: &'static str| if wrong(about) { WAIT } else { well };
    let keys = if seen.house.keys_confirmed { "host.health.keys_well" } else { "host.health.keys_not" };
    let (mail_sign, mail) = mail(app, seen);
    let (bounces_sign, bounces) = match app.settings.bounces {
        Bounces::Pipe => (GOOD, "host.health.bounces_pipe"),
        Bounces::None => (OPEN_YET, "host.health.bounces_none"),
    };
    let (stored_sign, stored) = stored(figures.round.as_ref(), wrong("stored"));
    let (rows_sign, rows) = match seen.health.balanced {
        Some(day) => (GOOD, say("host.health.rows_at", &[("day", &full_day(day))])),
        None => (OPEN_YET, say("host.health.rows_none", &[])),
    };
    let (backup_well, backup) = backup(seen);
    let rows: [Row; 7] = [
        ("host.health.mail", sign("mail", mail_sign), mail),
        ("host.health.bounces", bounces_sign, vec![say(bounces, &[])]),
        ("host.health.backup", sign("backup", backup_well), vec![backup]),
        ("host.health.disk", sign("disk", GOOD), vec![disk(seen)]),
        ("host.health.stored", stored_sign, vec![stored]),
        ("host.health.rows", rows_sign, vec![rows]),
        ("host.health.keys", sign("keys", GOOD), vec![say(keys, &[])]),
    ];
    html! {
        div.table-frame {
            table.stack {
                caption.unseen { (say("host.health", &[])) }
                thead { tr {
                    th scope="col" { (say("host.health.what", &[])) }
                    th scope="col" { (say("host.health.how", &[])) }
                } }
                tbody { @for (name, sign, says) in rows {
                    tr {
                        th scope="row" { (say(name, &[])) }
                        td { span class=(sign) { span { @for one in &says { (one) " " } } } }
                    }
                } }
            }
        }
    }
}

fn mail(app: &App, seen: &Seen) -> (&'static str, Vec<String>) {
    let words = Words::now();
    let ago = |since: unsaid_delivery::Observed| span(words, seen.now.observed.0 - since.0);
    let mut says = vec![match seen.health.accepted {
        Some(accepted) if seen.now.observed.0 - accepted.0 < JUST_NOW => say("host.health.mail_now", &[]),
        Some(accepted) => say("host.health.mail_at", &[("span", &ago(accepted))]),
        None => say("host.health.mail_none", &[]),
    }];
    if let Some(since) = seen.health.waits_since {
        let number = seen.health.waiting.to_string();
        says.push(say("host.health.mail_waits", &[("number", &number), ("span", &ago(since))]));
    }
    if let Some(refused) = seen.relay {
        says.push(say("host.health.mail_refused", &[("day", &at(app, refused).0)]));
    }
    (if seen.health.accepted.is_some() { GOOD } else { OPEN_YET }, says)
}

fn backup(seen: &Seen) -> (&'static str, String) {
    let Some(made) = seen.health.backed_up else { return (OPEN_YET, say("host.health.backup_none", &[])) };
    let days = seen.now.trusted.duration_since(made).as_secs() / DAY;
    match u64::try_from(days) {
        Ok(days) if days > 0 => (GOOD, counted(Words::now(), "host.health.backup_days", days)),
        _ => (GOOD, say("host.health.backup_today", &[])),
    }
}

fn disk(seen: &Seen) -> String {
    let Some(disk) = seen.beside.disk else { return say("host.health.disk_unknown", &[]) };
    let percent = disk.left.percent().to_string();
    if disk.standing == Room::Full || disk.reserve == 0 {
        return say("host.health.disk_bare", &[("percent", &percent)]);
    }
    let reserve = (disk.reserve >> 20).to_string();
    say("host.health.disk_free", &[("percent", &percent), ("reserve", &reserve)])
}

fn stored(round: Option<&Round>, wrong: bool) -> (&'static str, String) {
    match round {
        _ if wrong => (WAIT, say("host.health.stored_wrong", &[])),
        None => (OPEN_YET, say("host.health.stored_none", &[])),
        Some(Round { place: Place::Through, .. }) => (GOOD, say("host.health.stored_through", &[])),
        Some(Round { done, total, .. }) => {
            let percent = (done * 100 / (*total).max(1)).min(100).to_string();
            (GOOD, say("host.health.stored_round", &[("percent", &percent)]))
        }
    }
}

/// Both clocks of the house, and what each source of time says.
fn clocks(app: &App, seen: &Seen) -> Markup {
    let words = Words::now();
    let ((day, hour), zone) = (at(app, seen.now.trusted), zone(app));
    let observed = say("host.clocks.observed_says", &[("span", &span(words, seen.now.observed.0))]);
    let stands = !seen.standing.is_empty();
    let said = seen.beside.clocks.iter().flat_map(|clocks| &clocks.said).map(|source| {
        let agrees = source.ahead_seconds.abs() <= AGREEMENT_SLACK_SECONDS;
        let says = if agrees {
            say("host.clocks.as_trusted", &[])
        } else {
            let (day, hour) = at(app, source.at);
            let away = away(words, source.ahead_seconds);
            say("host.clocks.away", &[("time", &format!("{day}, {hour}")), ("away", &away)])
        };
        (called(words, &source.name), if agrees { GOOD } else { WAIT }, says)
    });
    let silent = seen.beside.clocks.iter().flat_map(|clocks| &clocks.silent).map(|silent| match silent.why {
        Some(_) => (called(words, &silent.name), WAIT, say("host.clocks.silent", &[])),
        None => (called(words, &silent.name), OPEN_YET, say("host.clocks.not_asked", &[])),
    });
    html! {
        div.table-frame {
            table.stack {
                caption.unseen { (say("host.clocks", &[])) }
                thead { tr {
                    th scope="col" { (say("host.clocks.which", &[])) }
                    th scope="col" { (say("host.clocks.says", &[])) }
                } }
                tbody {
                    tr {
                        th scope="row" { (say("host.clocks.trusted", &[])) }
                        td { (say("host.clocks.trusted_says", &[("day", &day), ("time", &hour), ("zone", &zone)])) }
                    }
                    tr {
                        th scope="row" { (say("host.clocks.observed", &[])) }
                        td {
                            (observed)
                            @if stands { " " strong { (say("host.clocks.stands", &[])) } }
                        }
                    }
                    @for (name, sign, says) in said.chain(silent) {
                        tr {
                            th scope="row" { span.capital { (name) } }
                            td { span class=(sign) { (says) } }
                        }
                    }
                }
            }
        }
    }
}
