//! Has it happened? What a keeper is asked of what a letter waits for: whether it has, and the address of whom the letter is for, where nobody knows one. Each is said back before it counts, and what
//! the others have said is shown after one's own word alone. Knows no rule: the store asks the core.

use super::events::open;
use super::keeper::seen;
use super::keeper_gives::read_address;
use super::keeper_page::{self as page, Seen, answer, number};
use super::page::{opening, say};
use super::problem::Problem;
use super::say_date::full_day;
use crate::app::App;
use crate::secrets::hashed;
use axum::response::Response;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use unsaid_delivery::event::{self, NoWord};
use unsaid_delivery::id::{AddressId, LetterId, MessageId, PersonId};
use unsaid_store::StoreError;
use unsaid_store::events::{EventAsked, NewWord};
use unsaid_store::lives::{KEEPERS, KeeperRow, Names, Offered};
use unsaid_store::rows::NewAddress;

/// What they are asked, opened.
pub(super) struct Happening {
    pub(super) letter: LetterId,
    pub(super) person: PersonId,
    /// In her words.
    what: String,
    /// What keepers may be told of whom it is for.
    whom: Option<String>,
    wants_address: bool,
    /// The address that this keeper has given.
    given: Option<String>,
    own: Option<bool>,
    /// How many have said that it has, and not yet, without this one.
    others: (usize, usize),
    /// How many must say it, of how many.
    needed: (usize, usize),
    /// While enough have said it, and she may still stop it: the earliest day.
    opens: Option<jiff::civil::Date>,
}

/// As their page shows them.
pub(super) fn asked(app: &App, asked: Vec<EventAsked>) -> Result<Vec<Happening>, Problem> {
    let one = |asked: EventAsked| {
        let text = |bound: String, sealed: &unsaid_store::rows::SealedText| {
            app.keys.open_text(&bound, sealed).map(|text| text.to_string()).ok_or(StoreError::Damaged)
        };
        let (yes, not_yet) = asked.known.count();
        let all = asked.known.keepers.len();
        let needed = event::needed(asked.known.quorum, all).map_or(0, usize::from);
        Ok(Happening {
            letter: asked.letter,
            person: asked.person,
            what: open(app, asked.letter, &asked.event).unwrap_or_default(),
            whom: asked.told.as_ref().map(|told| text(asked.person.to_string(), told)).transpose()?,
            wants_address: asked.wants_address,
            given: asked.given.as_ref().map(|(id, sealed)| text(id.to_string(), sealed)).transpose()?,
            own: asked.own,
            others: (
                yes - usize::from(asked.own == Some(true)),
                not_yet - usize::from(asked.own == Some(false)),
            ),
            needed: (needed, all),
            opens: asked.known.opens().map(|at| at.to_zoned(TimeZone::UTC).date()),
        })
    };
    asked.into_iter().map(one).collect::<Result<_, StoreError>>().map_err(Problem::from)
}

/// What was sent.
pub(super) struct Said<'a> {
    pub(super) letter: Option<&'a str>,
    pub(super) answer: Option<&'a str>,
    pub(super) address: Option<&'a str>,
}

/// `do=happened` with `letter=`, `answer=yes` or `no`, and an address where one is asked for; and the same with `sure=yes`.
pub(super) async fn says(
    app: &App,
    keeper: KeeperRow,
    said: Said<'_>,
    sure: bool,
) -> Result<Response, Problem> {
    let seen = seen(app, keeper).await?;
    let letter = said.letter.and_then(|letter| letter.parse::<LetterId>().ok());
    let Some(event) = seen.events.iter().find(|event| Some(event.letter) == letter) else {
        return Ok(page::nothing_to_note(app, "house.keeper.event_over"));
    };
    let place = format!("event-{}", event.letter);
    let happened = match said.answer {
        Some("yes") => true,
        Some("no") => false,
        _ => {
            let unclear = say("house.keeper.unclear", &[]);
            return Ok(page::whole(app, &seen, Some((&place, &unclear))));
        }
    };
    let typed =
        said.address.map(str::trim).filter(|typed| happened && event.wants_address && !typed.is_empty());
    let address = match typed.map(|typed| read_address(app, Some(typed))).transpose() {
        Ok(address) => address,
        Err(wrong) => return Ok(page::whole(app, &seen, Some((&place, &wrong)))),
    };
    if !sure {
        return Ok(sure_of_it(app, &seen, event, happened, address.map(|address| address.to_text())));
    }
    let (keeper, now) = (seen.keeper.id, app.time.now());
    let name = |_| {
        let message = MessageId(app.chance.id_bytes());
        (message, hashed(&*app.keys.link_token(&message.to_string())))
    };
    // First the address: whoever is thanked for a word has given both.
    let mut counts = None;
    if let Some(address) = address {
        let id = AddressId(app.chance.id_bytes());
        let sealed = app.keys.seal_text(&id.to_string(), &address.to_text(), &*app.chance);
        let new = NewAddress { id, sealed, key: app.keys.address_index(&address.normal_form()) };
        let told = MessageId(app.chance.id_bytes());
        counts = match app.store.offer_address(keeper, event.person, new, told, now).await {
            Ok(offered) => Some(offered),
            // Another has been quicker.
            Err(StoreError::Missing) => None,
            Err(error) => return Err(error.into()),
        };
    }
    let word = NewWord {
        letter: event.letter,
        happened,
        told: MessageId(app.chance.id_bytes()),
        opens: MessageId(app.chance.id_bytes()),
    };
    let names: Names = (0..KEEPERS).map(name).collect();
    let said = app.store.say_event(keeper, word, &names, now).await?;
    app.nudge.nudge();
    let (letter, keeper) = (event.letter, seen.keeper.clone());
    match said {
        Ok(_) | Err(NoWord::Same) => {
            let seen = self::seen(app, keeper).await?;
            let event = seen.events.iter().find(|event| event.letter == letter);
            Ok(thanked(app, &seen, event, counts))
        }
        Err(NoWord::Over) => Ok(page::nothing_to_note(app, "house.keeper.event_over")),
        Err(NoWord::NotAKeeper) => Ok(page::unknown(app)),
    }
}

/// The part of their page.
pub(super) fn has_it_happened(seen: &Seen) -> Markup {
    html! {
        @for event in &seen.events {
            @let id = format!("event-{}", event.letter);
            section.form aria-labelledby=(format!("{id}-title")) id=(id) {
                h2 id=(format!("{id}-title")) { (say("house.keeper.event", &[])) }
                div.prose {
                    p { (seen.say("house.keeper.event_says")) }
                    p { strong { (event.what) } }
                    @if let Some(whom) = &event.whom {
                        p { (say("house.keeper.event_whom", &[("who", whom)])) }
                    }
                }
                (own_word(event))
                form.form method="post" {
                    input type="hidden" name="letter" value=(event.letter.to_string());
                    div.choices role="radiogroup" aria-labelledby=(format!("{id}-title")) {
                        (choice(&id, true))
                        (choice(&id, false))
                    }
                    @if event.wants_address {
                        div.field {
                            label for=(format!("{id}-address")) { (say("house.keeper.event_address", &[])) }
                            p.help id=(format!("{id}-address-help")) { (say("house.keeper.event_address_help", &[])) }
                            input.input id=(format!("{id}-address")) name="address" type="email" inputmode="email"
                                autocomplete="off" maxlength="254" value=[event.given.as_deref()]
                                aria-describedby=(format!("{id}-address-help"));
                        }
                    }
                    div.acts {
                        button.button.button--main type="submit" name="do" value="happened" { (say("house.keeper.event_give", &[])) }
                    }
                }
                p.note { (needs(event)) " " (seen.say("house.keeper.told")) }
            }
        }
    }
}

/// What an answer is called in a form.
fn value(happened: bool) -> &'static str {
    if happened { "yes" } else { "no" }
}

fn choice(id: &str, happened: bool) -> Markup {
    let (name, says) = if happened {
        ("house.keeper.event_yes", "house.keeper.event_yes_says")
    } else {
        ("house.keeper.event_no", "house.keeper.event_no_says")
    };
    let value = value(happened);
    let id = format!("{id}-{value}");
    html! {
        div.choice {
            input type="radio" name="answer" id=(id) value=(value) required;
            label for=(id) {
                span.choice-name { (say(name, &[])) }
                span.choice-says { (say(says, &[])) }
            }
        }
    }
}

fn needs(event: &Happening) -> String {
    match event.needed {
        (needed, _) if needed > 1 => say("house.keeper.event_needs", &[("needed", &number(needed))]),
        _ => say("house.keeper.event_needs_one", &[]),
    }
}

/// What they have said themselves, and only then what the others have.
fn own_word(event: &Happening) -> Markup {
    let Some(own) = event.own else { return html! {} };
    let said = if own { "house.keeper.event_own_yes" } else { "house.keeper.event_own_no" };
    let others = match event.others {
        (0, 0) => say("house.keeper.event_others_silent", &[]),
        (yes, not_yet) => {
            let (yes, not_yet) = (yes.to_string(), not_yet.to_string());
            say("house.keeper.event_others", &[("yes", &yes), ("no", &not_yet)])
        }
    };
    html! {
        div.notice.notice--good {
            p { (say(said, &[])) " " (others) }
            @if let Some(given) = &event.given { p { (say("house.keeper.lost_given", &[("address", given)])) } }
            @if let Some(day) = event.opens { p { (say("house.keeper.event_opens", &[("day", &full_day(day))])) } }
        }
    }
}

/// What was chosen, said back. Nothing counts before this is pressed.
fn sure_of_it(
    app: &App,
    seen: &Seen,
    event: &Happening,
    happened: bool,
    address: Option<String>,
) -> Response {
    let (heading, says) = if happened {
        ("house.keeper.event_sure_yes", "house.keeper.event_yes_says")
    } else {
        ("house.keeper.event_sure_no", "house.keeper.event_no_says")
    };
    answer(
        app,
        html! {
            (opening(&say(heading, &[]), &event.what))
            div.prose {
                p { (say(says, &[])) }
                @if happened { p { (needs(event)) } }
                @if happened && event.wants_address && address.is_none() {
                    p { (say("house.keeper.event_no_address", &[])) }
                }
                p { (seen.say("house.keeper.told")) }
            }
            @if let Some(address) = &address { p.address { strong { (address) } } }
            form.acts method="post" {
                input type="hidden" name="letter" value=(event.letter.to_string());
                input type="hidden" name="answer" value=(value(happened));
                @if let Some(address) = &address { input type="hidden" name="address" value=(address); }
                input type="hidden" name="sure" value="yes";
                button.button.button--main type="submit" name="do" value="happened" { (say("house.keeper.sure_press", &[])) }
            }
            form.acts method="post" {
                button.button.button--quiet type="submit" name="do" value="who" { (say("house.keeper.back", &[])) }
            }
        },
    )
}

/// What they said stands, and what comes now. None: the gate has opened by it.
fn thanked(app: &App, seen: &Seen, event: Option<&Happening>, counts: Option<Offered>) -> Response {
    answer(
        app,
        html! {
            (opening(&say("house.keeper.thanks", &[]), &say("house.keeper.said", &[])))
            div.prose {
                p { (seen.say("house.keeper.told_now")) }
                @if counts == Some(Offered::Noted) { p { (say("house.keeper.lost_noted", &[])) } }
                @if event.is_none() { p { (say("house.keeper.event_opened", &[])) } }
            }
            @if let Some(event) = event {
                (own_word(event))
                div.prose { p { (say("house.keeper.event_change", &[])) } }
            }
        },
    )
}
