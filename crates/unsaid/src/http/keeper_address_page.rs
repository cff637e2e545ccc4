//! How the parts of a keeper's page look in which an address is typed: another one of their own, and one of somebody whom letters cannot reach. Each is said back before it counts. What another
//! keeper has given is not shown.

use super::keeper_page::{Seen, answer, number};
use super::page::{opening, say};
use crate::app::App;
use axum::response::Response;
use maud::{Markup, html};
use unsaid_delivery::id::PersonId;

/// Somebody whom her letters cannot reach.
pub(super) struct Lost {
    pub(super) person: PersonId,
    /// What keepers may be told of them.
    pub(super) name: String,
    /// The address that this keeper has given.
    pub(super) given: Option<String>,
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
        @for lost in &seen.lost {
            @let id = format!("lost-{}", lost.person);
            h2 id=(id) { (say("house.keeper.lost", &[("who", &lost.name)])) }
            @if let Some(given) = &lost.given {
                div.notice.notice--good { p { (say("house.keeper.lost_given", &[("address", given)])) } }
            }
            form.form method="post" {
                input type="hidden" name="person" value=(lost.person.to_string());
                div.field {
                    label for=(format!("{id}-address")) { (say("house.keeper.lost_where", &[("who", &lost.name)])) }
                    p.help id=(format!("{id}-address-help")) { (needed_for_an_address(seen)) }
                    (address_field(&format!("{id}-address")))
                }
                div.acts {
                    button.button type="submit" name="do" value="give" { (say("house.keeper.lost_give", &[])) }
                }
            }
            p.note { (say("house.keeper.lost_note", &[])) }
        }
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
