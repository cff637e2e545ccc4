//! The words of a card. They are typed in the reader's own browser and never come here: a token that was made from them does. The page for whoever has no
//! link, only a card; and the opening of a letter that is kept by words. Unknown words, words whose letter's time has not come, and words of somebody else are one answer,
//! after the same work.

use super::{is_not_me, key, letter_of};
use crate::app::App;
use crate::http::assets;
use crate::http::cards::claim;
use crate::http::cookies::Cookie;
use crate::http::described::shape;
use crate::http::gate::ReaderIn;
use crate::http::page::{For, Page, opening, say};
use crate::http::problem::Problem;
use crate::http::read::{self, Json, Path};
use crate::http::tell::{Done, Told, done};
use crate::secrets::hashed;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::html;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::accept;
use unsaid_delivery::state::State as Where;
use unsaid_store::StoreError;
use unsaid_store::rows::{Kept, WrapKind};

/// How often another hand may come between looking and opening before we give up.
const TRIES: usize = 4;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CardShown")]
pub(super) struct Words {
    #[schemars(schema_with = "shape::token")]
    token: String,
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
        div.prose {
            h2 { (say("person.words.what", &[])) }
            p { (say("person.words.what_says", &[])) }
            p { (say("person.words.nothing_proves", &[])) }
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
) -> Result<Told<Done>, Problem> {
    let claim = claim(&app, &words.token)?;
    let cookie = app.chance.token();
    if !app.store.open_reader_by_claim(hashed(&cookie), claim, app.time.now()).await? {
        return Err(Problem::of("nothing-here"));
    }
    // One browser, one reader: what another link opened here before ends.
    if let Some(before) = Cookie::Reader.hash(&app, &headers)? {
        app.store.end_reader(before).await?;
    }
    Ok(done().with_cookies([Cookie::Reader.set(&app, &cookie)]).kept_nowhere())
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
        let Some(granted) = accept::open(&letter.delivery)? else { break };
        match app.store.open(&reader, &letter.delivery, &granted, app.time.now()).await {
            Ok(()) => {
                app.nudge.nudge();
                break;
            }
            Err(StoreError::Conflict) if tried < TRIES => {}
            Err(other) => return Err(other.into()),
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
