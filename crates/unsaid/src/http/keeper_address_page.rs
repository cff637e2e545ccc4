//! How the parts of a keeper's page look in which an address is typed: another one of their own, one of somebody whom letters cannot reach, and one of somebody who has moved. Each is said back before it counts. What another
//! keeper has given is not shown.

use super::keeper_page::{Seen, answer, number};
use super::page::{opening, say};
use crate::app::App;
use axum::response::Response;
use maud::{Markup, html};
use unsaid_delivery::id::PersonId;

/// Somebody of whom an address may be given.
pub(super) struct Lost {
    pub(super) person: PersonId,
    /// What keepers may be told of them.
    pub(super) name: String,
    /// The address that this keeper has given.
    pub(super) given: Option<String>,
    /// Her letters cannot reach them; otherwise they may have moved.
    pub(super) unreachable: bool,
}

/// Another address of their own.
pub(super) fn their_address(seen: &Seen) -> Markup {
    html! {
        details #their-address {
            summary { (say("house.keeper.moved", &[])) }
            form.form method="post" {
                div.field {
                    label for="address" { (say("house.keeper.moved_to", &[])) }
                    p.help #address-help { (seen.say("house.keeper.moved_help")) }
                    (address_field("address"))
                }
                div.acts { button.button type="submit" name="do" value="move" { (say("house.keeper.moved_give", &[])) } }
            }
        }
    }
}

fn address_field(id: &str) -> Markup {
    html! {
        input.input id=(id) name="address" type="email" inputmode="email" autocomplete="off" maxlength="254"
            aria-describedby=(format!("{id}-help")) required;
    }
}

/// Whom her letters cannot reach, and where they may be.
pub(super) fn whom_we_cannot_reach(seen: &Seen) -> Markup {
    html! {
        @for lost in seen.lost.iter().filter(|lost| lost.unreachable) {
            h2 id=(format!("lost-{}", lost.person)) { (say("house.keeper.lost", &[("who", &lost.name)])) }
            (where_they_read(lost, &needed_for_an_address(seen)))
            p.note { (say("house.keeper.lost_note", &[])) }
        }
    }
}

/// While she is asked after: for whom something waits may have moved, and they know where to.
pub(super) fn somebody_has_moved(seen: &Seen) -> Markup {
    let known: Vec<&Lost> = seen.lost.iter().filter(|lost| !lost.unreachable).collect();
    html! {
        @if !known.is_empty() {
            details open[known.iter().any(|lost| lost.given.is_some())] {
                summary { (seen.say("house.keeper.others_moved")) }
                div.prose { p { (seen.say("house.keeper.others_moved_says")) } }
                @for lost in known {
                    h2 id=(format!("lost-{}", lost.person)) { (lost.name) }
                    (where_they_read(lost, &needed_while_she_lives(seen)))
                }
            }
        }
    }
}

/// One of them, with what was given and a place for another; `help` says when it counts.
fn where_they_read(lost: &Lost, help: &str) -> Markup {
    let id = format!("lost-{}", lost.person);
    html! {
        @if let Some(given) = &lost.given {
            div.notice.notice--good { p { (say("house.keeper.lost_given", &[("address", given)])) } }
        }
        form.form method="post" {
            input type="hidden" name="person" value=(lost.person.to_string());
            div.field {
                label for=(format!("{id}-address")) { (say("house.keeper.lost_where", &[("who", &lost.name)])) }
                p.help id=(format!("{id}-address-help")) { (help) }
                (address_field(&format!("{id}-address")))
            }
            div.acts {
                button.button type="submit" name="do" value="give" { (say("house.keeper.lost_give", &[])) }
            }
        }
    }
}

/// She decides; if she does not answer any more, so many must have given the same.
fn needed_while_she_lives(seen: &Seen) -> String {
    match seen.quorum() {
        Some((needed, _)) if needed > 1 => {
            say("house.keeper.others_need", &[("name", &seen.name), ("needed", &number(needed))])
        }
        _ => seen.say("house.keeper.others_need_one"),
    }
}

/// How many must give the same.
fn needed_for_an_address(seen: &Seen) -> String {
    match seen.quorum() {
        Some((needed, _)) if needed > 1 => say("house.keeper.lost_needs", &[("needed", &number(needed))]),
        // While she lives and was never asked how she is: as for the word that something has happened.
        None => say("house.keeper.lost_needs", &[("needed", &number(2))]),
        _ => say("house.keeper.lost_needs_one", &[]),
    }
}

/// An address that was typed, said back: a letter for a wrong one is read by somebody else.
pub(super) fn sure_of_address(
    app: &App,
    (heading, lede): (&str, &str),
    (act, person): (&str, Option<&str>),
    address: &str,
) -> Response {
    answer(
        app,
        html! {
            (opening(heading, lede))
            p.address { strong { (address) } }
            form.acts method="post" {
                @if let Some(person) = person { input type="hidden" name="person" value=(person); }
                input type="hidden" name="address" value=(address);
                input type="hidden" name="sure" value="yes";
                button.button.button--main type="submit" name="do" value=(act) { (say("house.keeper.sure_address", &[])) }
            }
            form.acts method="post" {
                button.button.button--quiet type="submit" name="do" value="who" { (say("house.keeper.back", &[])) }
            }
        },
    )
}

/// What was given is kept.
pub(super) fn address_kept(app: &App, lede: &str, then: &str) -> Response {
    answer(
        app,
        html! {
            (opening(&say("house.keeper.thanks", &[]), lede))
            div.prose { p { (then) } }
        },
    )
}
