//! What waits, for somebody who looks after whom it is for and reads their mail: that it is there, for whom and from whom, and what to do until the right day. What it
//! says is not theirs to read: it opens with the card, unless its author left it to them.

use super::letters::said_no;
use super::{called, later};
use crate::app::App;
use crate::http::page::{opening, say};
use maud::{Markup, html};
use unsaid_delivery::state::State as Where;
use unsaid_store::rows::{Kept, Waiting};

/// `author`: who wrote, where that may be said. `whom`: whom they look after.
pub(super) fn waits(
    app: &App,
    (author, whom): (Option<&str>, &str),
    letters: &[Waiting],
    refused: bool,
) -> Markup {
    let heading = match author {
        Some(name) => say("person.guardian.heading_for", &[("name", name), ("whom", whom)]),
        None => say("person.guardian.heading_unnamed", &[("whom", whom)]),
    };
    let lede = match letters.len() {
        1 => "person.guardian.lede_one",
        _ => "person.guardian.lede_many",
    };
    let by_card = letters.iter().any(|letter| letter.kept == Kept::Words && !letter.delivery.pinned);
    html! {
        (opening(&heading, &say(lede, &[("whom", whom)])))
        @if refused { (said_no("person.guardian.refused")) }
        ul.letters {
            @for letter in letters { (line(app, letters, letter, whom)) }
        }
        div.prose {
            @if by_card {
                h2 { (say("person.guardian.when", &[])) }
                p { (say("person.guardian.when_says", &[("whom", whom), ("words", &format!("{}/words", app.settings.public_url.origin))])) }
                p { (say("person.guardian.no_card", &[])) }
            }
            @match author {
                Some(name) => p { (say("person.guardian.not_told", &[("name", name)])) },
                None => p { (say("person.guardian.not_told_unnamed", &[])) },
            }
            p { (say("person.waiting.or_not", &[])) }
        }
        div.acts { a.button href="/refuse" { (say("person.guardian.no", &[])) } }
    }
}

fn line(app: &App, letters: &[Waiting], letter: &Waiting, whom: &str) -> Markup {
    // One page, one main button.
    let alone = letters.len() == 1;
    let delivery = &letter.delivery;
    let path = format!("/waiting/{}", delivery.id);
    // Who can open it, and what the press is called that leads there.
    let (says, press) = match (&letter.asks, letter.kept) {
        (Some(_), _) => ("person.guardian.asks", "person.ask.go"),
        (None, Kept::Words) => ("person.guardian.by_words", "person.guardian.with_words"),
        (None, Kept::Keepers) => ("person.guardian.by_keepers", "person.waiting.with_keepers"),
        // What only its author can open is never sent.
        (None, Kept::House | Kept::Nobody) => ("person.guardian.by_house", "person.guardian.open"),
    };
    let again = if letter.kept == Kept::House { "person.waiting.read_again" } else { press };
    let keeps = later::may_be_kept(delivery);
    html! {
        li {
            h2 { (called(app, letters, letter)) }
            @if matches!(delivery.state, Where::Parked { .. }) {
                p.status.status--wait { (say("person.waiting.held", &[])) }
            } @else if delivery.pinned {
                p.status.status--open { (say("person.guardian.opened", &[])) }
                div.acts { a.button href=(path) { (say(again, &[])) } }
            } @else {
                @if delivery.state == Where::Refused {
                    p.status.status--away { (say("person.guardian.letter_refused", &[])) }
                } @else {
                    p.status.status--open { (say("person.waiting.closed", &[])) }
                    @if let Some(until) = later::quiet_until(delivery) { p { (until) } }
                }
                p { (say(says, &[("whom", whom)])) }
                div.acts {
                    @if keeps {
                        a.button.button--main[alone] href=(later::path_of(delivery.id)) { (say("person.later.title", &[])) }
                    }
                    a.button.button--main[alone && !keeps] href=(path) { (say(press, &[])) }
                    a.button.button--quiet href={ "/refuse?letter=" (delivery.id) } { (say("person.guardian.refuse_letter", &[])) }
                }
            }
        }
    }
}
