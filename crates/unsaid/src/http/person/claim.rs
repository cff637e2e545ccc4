//! The words of a card. They are typed in the reader's own browser and never come here: a token that was made from them does. The page for whoever has no
//! link, only a card; and the opening of a letter that is kept by words. Unknown words, words whose letter's time has not come, and words of somebody else are one answer,
//! after the same work.

use super::{is_not_me, key, letter_of, open};
use crate::app::App;
use crate::http::assets;
use crate::http::cards::claim;
use crate::http::cookies::Cookie;
use crate::http::described::shape;
use crate::http::gate::ReaderIn;
use crate::http::page::{For, Page, opening, say};
use crate::http::problem::Problem;
use crate::http::read::{self, Json, Path};
use crate::http::tell::Told;
use crate::secrets::hashed;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::Date;
use maud::html;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::calendar;
use unsaid_delivery::rule::{Gate, Moment};
use unsaid_delivery::state::{Delivery, State as Where};
use unsaid_store::rows::{Early, Kept, WrapKind};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CardShown")]
pub(super) struct Words {
    #[schemars(schema_with = "shape::token")]
    token: String,
}

/// That something is there for these words.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CardFound")]
pub(super) struct Found {
    /// Its time has not come: nothing opens, and no session was begun.
    early: bool,
    /// From this day on, where its author allowed it to be said.
    day: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WordsFile")]
pub(super) struct Opened {
    #[schemars(schema_with = "shape::bytes")]
    words_file: String,
    #[schemars(schema_with = "shape::id")]
    letter: String,
    version: u32,
}

/// GET /words
pub(super) async fn show(State(app): State<App>) -> Response {
    let title = say("person.words.title", &[]);
    let main = html! {
        (opening(&say("person.words.heading", &[]), &say("person.words.lede", &[])))
        // The reader's script puts the field in here.
        noscript { div.notice { p { (say("person.words.without_script", &[])) } } }
        @if assets::entry(assets::READER).is_none() {
            p { (say("house.not_built", &[])) }
        }
        // It sends nothing by itself: the reader's script works on the words in their own browser.
        form.form #claim data-claim-url="/api/claim" {
            div.field {
                label for="words" { (say("person.script.words-label", &[])) }
                p.help #words-help { (say("person.script.words-help", &[])) }
                textarea.input.input--words #words rows="3" autocomplete="off" autocapitalize="none"
                    spellcheck="false" aria-describedby="words-help" disabled {}
            }
            div.acts {
                button.button.button--main type="submit" disabled { (say("person.words.look", &[])) }
            }
            p.note { (say("person.script.words-stay", &[])) }
        }
        h2 { (say("person.words.no_card", &[])) }
        ul.ways {
            li {
                a href="/come/address" {
                    span { (say("person.words.address", &[])) }
                    span.note { (say("person.words.address_says", &[])) }
                }
            }
            li {
                a href="/come" {
                    span { (say("person.words.digits", &[])) }
                    span.note { (say("person.words.digits_says", &[])) }
                }
            }
        }
        div.notice {
            h2 { (say("person.words.nothing", &[])) }
            p { (say("person.words.nothing_proves", &[])) }
        }
        div.prose {
            h2 { (say("person.words.what", &[])) }
            p { (say("person.words.what_says", &[])) }
            p { a href="/is-this-real" { (say("person.foot.what", &[])) } }
        }
    };
    Page { title: &title, reader: For::Person, script: Some(assets::READER), main }
        .answer(&app, StatusCode::OK)
}

/// POST /api/claim
pub(super) async fn look(
    State(app): State<App>,
    headers: HeaderMap,
    Json(words): Json<Words>,
) -> Result<Told<Found>, Problem> {
    let claim = claim(&app, &words.token)?;
    let cookie = app.chance.token();
    if !app.store.open_reader_by_claim(hashed(&cookie), claim, app.time.now()).await? {
        // Asked of every token, so that words of nobody and words that come too early are the same work. What is said is what their author chose.
        return match app.store.early_by_claim(claim).await? {
            None => Err(Problem::of("nothing-here")),
            Some((early, waits)) => {
                let day = match early {
                    Early::Day => {
                        waits.iter().filter_map(|delivery| from(delivery, app.time.now().trusted)).min()
                    }
                    Early::Nothing | Early::Waits => None,
                };
                Ok(Told::new(Found { early: true, day: day.map(|day| day.to_string()) }).kept_nowhere())
            }
        };
    }
    // One browser, one reader: what another link opened here before ends.
    if let Some(before) = Cookie::Reader.hash(&app, &headers)? {
        app.store.end_reader(before).await?;
    }
    let found = Told::new(Found { early: false, day: None });
    Ok(found.with_cookies([Cookie::Reader.set(&app, &cookie)]).kept_nowhere())
}

/// From which day on a letter can be asked for, where nothing but that day is waited for.
fn from(delivery: &Delivery, now: Timestamp) -> Option<Date> {
    let moment = &delivery.rule.moment;
    let (Moment::On { zone, .. } | Moment::Birthday { zone, .. } | Moment::EachBirthday { zone, .. }) =
        moment
    else {
        return None;
    };
    let due = delivery.due.filter(|_| delivery.rule.gate == Gate::None)?;
    calendar::day_in(due.max(delivery.rest.until).max(now), zone).ok()
}

/// POST /waiting/{delivery}/words: opens a letter that is kept by words, when they are the right ones.
pub(super) async fn open(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
    Json(words): Json<Words>,
) -> Result<Told<Opened>, Problem> {
    let id = read::id(&named)?;
    let claim = claim(&app, &words.token)?;
    if is_not_me(&app, &reader).await? {
        return Err(Problem::missing());
    }
    let letter = letter_of(&app, &reader, id).await?;
    if matches!(letter.delivery.state, Where::Parked { .. }) {
        return Err(Problem::of("letter-held"));
    }
    if letter.kept != Kept::Words {
        return Err(Problem::missing());
    }
    for tried in 1.. {
        if !app.store.claim_opens(&reader, id, claim).await? {
            // Whoever knows the words of a card that was replaced learns that it was, and nobody else does.
            let older = app.store.card_is_older(&reader, claim).await?;
            return Err(Problem::of(if older { "words-older" } else { "words-unknown" }));
        }
        let letter = letter_of(&app, &reader, id).await?;
        if open::opens(&app, &reader, &letter, tried).await? {
            break;
        }
    }
    let (letter, released, inner) = key::peeled(&app, &reader, id).await?;
    if released.kind() != WrapKind::Words {
        return Err(Problem::missing());
    }
    let answer = Opened {
        words_file: URL_SAFE_NO_PAD.encode(&*inner),
        letter: letter.delivery.letter.to_string(),
        version: released.version(),
    };
    Ok(Told::new(answer).kept_nowhere())
}
