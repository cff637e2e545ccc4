//! A keeper's card, where a reader asks for it: how the place looks in which it is typed, and how it comes in. It is locked in the keeper's browser to the reader's key; what comes here is an age file
//! that this house cannot open, and no word of a card ever does. Nothing of it counts as a word about her, and she is told nothing of it.

use super::described::shape;
use super::keeper::find;
use super::keeper_page::{Seen, number};
use super::page::say;
use super::problem::Problem;
use super::read::{self, Json, Path};
use super::tell::Told;
use crate::app::App;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::{Markup, html};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::id::{DeliveryId, KeeperId};
use unsaid_seal::wrap;
use unsaid_store::StoreError;
use unsaid_store::asks::{CardAsked, Gave, NewShare, SHARE_BYTES};

/// A card that is asked for, with what its keeper may be told.
pub(super) struct Wanted {
    asked: CardAsked,
    /// What the author lets her keepers be told of whoever asks.
    who: Option<String>,
}

impl Wanted {
    fn who(&self) -> String {
        self.who.clone().unwrap_or_else(|| say("house.keeper.card_somebody", &[]))
    }
}

/// What this keeper is asked for.
pub(super) async fn wanted(app: &App, keeper: KeeperId) -> Result<Vec<Wanted>, Problem> {
    let asked = app.store.cards_asked(keeper, app.time.now()).await?;
    let one = |asked: CardAsked| {
        let told = asked.told.as_ref();
        let who =
            told.map(|told| app.keys.open_text(&asked.person.to_string(), told).ok_or(StoreError::Damaged));
        let who = who.transpose()?.map(|who| who.to_string());
        Ok(Wanted { asked, who })
    };
    asked.into_iter().map(one).collect::<Result<_, StoreError>>().map_err(Problem::from)
}

/// Each letter for which a card is asked.
pub(super) fn asked_for(seen: &Seen) -> Markup {
    html! { @for wanted in &seen.cards { (one(seen, wanted)) } }
}

fn one(seen: &Seen, wanted: &Wanted) -> Markup {
    let CardAsked { delivery, recipient, needed, given, gave, sets, .. } = &wanted.asked;
    let (who, name) = (wanted.who(), seen.name.as_str());
    let cards = number(usize::from(*needed));
    let sets: Vec<String> = sets.iter().map(u16::to_string).collect();
    let enough = given >= needed;
    let heading = match &wanted.who {
        Some(who) => say("house.keeper.card_heading", &[("who", who), ("name", name)]),
        None => say("house.keeper.card_heading_somebody", &[("name", name)]),
    };
    html! {
        h2 { (heading) }
        @if *gave {
            div.notice.notice--good { p { (say("house.keeper.card_gave", &[("who", &who)])) } }
        } @else if enough {
            div.notice.notice--good { p { (say("house.keeper.card_enough", &[("who", &who)])) } }
        }
        @if *gave || enough {
            details {
                summary { (say("house.keeper.card_again", &[])) }
                (place(*delivery, recipient, *needed, (&who, &sets.join(" "))))
            }
        } @else {
            div.prose {
                p { (say("house.keeper.card_what", &[("name", name), ("needed", &cards)])) }
                p { (say("house.keeper.card_voice", &[("who", &who)])) }
            }
            (place(*delivery, recipient, *needed, (&who, &sets.join(" "))))
            details {
                summary { (say("house.keeper.card_lost", &[])) }
                p { (say("house.keeper.card_lost_says", &[("who", &who)])) }
            }
        }
    }
}

/// Where the script puts the six words, the tick and the field.
fn place(delivery: DeliveryId, recipient: &str, needed: u8, (who, sets): (&str, &str)) -> Markup {
    html! {
        // data-*: what web/src/pages/keeper needs; the recipient is public, and nothing else here opens anything.
        div.card-place data-card-for=(delivery) data-recipient=(recipient) data-needed=(needed) data-who=(who) data-sets=(sets) {
            noscript { div.notice { p { (say("house.keeper.card_without_script", &[])) } } }
        }
    }
}

/// A card, locked to the reader.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CardFromKeeper")]
pub(super) struct Card {
    #[schemars(schema_with = "shape::id")]
    delivery: String,
    /// The age1pq recipient that it is locked to.
    recipient: String,
    /// An age file.
    #[schemars(schema_with = "shape::bytes")]
    card: String,
    /// To which set of cards it belongs.
    set: u16,
}

/// How many keepers have given theirs.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CardKept")]
pub(super) struct Kept {
    given: u8,
    needed: u8,
}

/// POST /keeper/{token}/card
pub(super) async fn give(
    State(app): State<App>,
    Path(token): Path<String>,
    Json(card): Json<Card>,
) -> Result<Told<Kept>, Problem> {
    let keeper = find(&app, &token).await?.ok_or_else(|| Problem::of("keeper-unknown"))?;
    let delivery: DeliveryId = read::id(&card.delivery)?;
    let bytes = URL_SAFE_NO_PAD.decode(&card.card).map_err(|_| Problem::of("bytes-unknown"))?;
    if bytes.len() > SHARE_BYTES || wrap::check_wrap(&bytes).is_err() {
        return Err(Problem::of("bytes-unknown"));
    }
    let share = NewShare { delivery, recipient: card.recipient, bytes, set: card.set };
    match app.store.give_share(keeper.id, share, app.time.now()).await {
        Ok(Gave::Kept { given, needed }) => Ok(Told::new(Kept { given, needed }).kept_nowhere()),
        Ok(Gave::NotAsked) => Err(Problem::of("card-not-asked")),
        Ok(Gave::Replaced) => Err(Problem::of("ask-replaced")),
        // Removed while the page lay open.
        Err(StoreError::Missing) => Err(Problem::of("keeper-unknown")),
        Err(other) => Err(other.into()),
    }
}
