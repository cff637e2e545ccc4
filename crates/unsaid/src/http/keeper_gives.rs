//! What a keeper gives beside their word: another address of their own, one of somebody whom letters cannot reach, and, while they are asked after her, one of somebody who has moved. Each is said back before
//! it counts, for a letter that goes to a wrong address is read by somebody else. Nobody sees what another keeper gave.

use super::keeper::seen;
use super::keeper_address_page::{self as typed_page, Lost};
use super::keeper_page as page;
use super::page::say;
use super::persons::is_the_house;
use super::problem::Problem;
use crate::address::EmailAddress;
use crate::app::App;
use axum::response::Response;
use unsaid_delivery::id::{AddressId, MessageId, PersonId};
use unsaid_store::StoreError;
use unsaid_store::lives::{KeeperRow, LostPerson, Offered};
use unsaid_store::rows::{NewAddress, SealedText};

/// As their page shows them.
pub(super) fn opened(app: &App, lost: Vec<LostPerson>) -> Result<Vec<Lost>, Problem> {
    let open =
        |bound: String, sealed: &SealedText| app.keys.open_text(&bound, sealed).ok_or(StoreError::Damaged);
    let one = |lost: LostPerson| {
        let name = open(lost.person.to_string(), &lost.told)?.to_string();
        let given = match &lost.given {
            Some((id, sealed)) => Some(open(id.to_string(), sealed)?.to_string()),
            None => None,
        };
        Ok(Lost { person: lost.person, name, given, unreachable: lost.unreachable })
    };
    lost.into_iter().map(one).collect::<Result<_, StoreError>>().map_err(Problem::from)
}

/// An address as it was typed, or what is wrong with it.
pub(super) fn read_address(app: &App, typed: Option<&str>) -> Result<EmailAddress, String> {
    let said = |key| {
        let problem = Problem::of(key);
        format!("{} {}", problem.title(), problem.detail())
    };
    let address = EmailAddress::read(typed.unwrap_or_default()).map_err(|wrong| said(wrong.key()))?;
    if is_the_house(app, &address) { Err(said("address-of-house")) } else { Ok(address) }
}

/// `do=move`: another address of their own.
pub(super) async fn moves(
    app: &App,
    keeper: KeeperRow,
    typed: Option<&str>,
    sure: bool,
) -> Result<Response, Problem> {
    let seen = seen(app, keeper).await?;
    let address = match read_address(app, typed) {
        Ok(address) => address.to_text(),
        Err(wrong) => return Ok(page::whole(app, &seen, Some(("their-address", &wrong)))),
    };
    if !sure {
        let said = (
            say("house.keeper.sure_moved", &[]),
            say("house.keeper.sure_moved_says", &[("name", &seen.name)]),
        );
        return Ok(typed_page::sure_of_address(app, (&said.0, &said.1), ("move", None), &address));
    }
    let keeper = seen.keeper.id;
    let sealed = app.keys.seal_text(&keeper.to_string(), &address, &*app.chance);
    let told = MessageId(app.chance.id_bytes());
    app.store.keeper_moves(keeper, sealed, told, app.time.now()).await?;
    app.nudge.nudge();
    let lede = say("house.keeper.moved_kept", &[("address", &address)]);
    Ok(typed_page::address_kept(app, &lede, &say("house.keeper.told_now", &[("name", &seen.name)])))
}

/// What was sent of somebody who cannot be reached.
pub(super) struct Typed<'a> {
    pub(super) person: Option<&'a str>,
    pub(super) address: Option<&'a str>,
}

/// `do=give`: an address of somebody whom her letters cannot reach.
pub(super) async fn gives(
    app: &App,
    keeper: KeeperRow,
    typed: Typed<'_>,
    sure: bool,
) -> Result<Response, Problem> {
    let seen = seen(app, keeper).await?;
    let person = typed.person.and_then(|person| person.parse::<PersonId>().ok());
    let Some(lost) = seen.lost.iter().find(|lost| Some(lost.person) == person) else {
        // Another has been quicker, or nobody was ever asked.
        return Ok(page::nothing_to_note(app, "house.keeper.lost_no_more"));
    };
    let address = match read_address(app, typed.address) {
        Ok(address) => address,
        Err(wrong) => {
            let place = format!("lost-{}", lost.person);
            return Ok(page::whole(app, &seen, Some((&place, &wrong))));
        }
    };
    let text = address.to_text();
    if !sure {
        let heading = say("house.keeper.sure_lost", &[("who", &lost.name)]);
        let lede = if lost.unreachable {
            say("house.keeper.sure_lost_says", &[("who", &lost.name)])
        } else {
            say("house.keeper.sure_moved_other", &[("who", &lost.name), ("name", &seen.name)])
        };
        let person = lost.person.to_string();
        return Ok(typed_page::sure_of_address(app, (&heading, &lede), ("give", Some(&person)), &text));
    }
    let id = AddressId(app.chance.id_bytes());
    let new = NewAddress {
        id,
        sealed: app.keys.seal_text(&id.to_string(), &text, &*app.chance),
        key: app.keys.address_index(&address.normal_form()),
    };
    let told = MessageId(app.chance.id_bytes());
    let offered = app.store.offer_address(seen.keeper.id, lost.person, new, told, app.time.now()).await;
    app.nudge.nudge();
    Ok(match offered {
        Ok(Offered::Counts) => {
            let lede = say("house.keeper.lost_counts", &[("who", &lost.name)]);
            typed_page::address_kept(app, &lede, &say("house.keeper.lost_counts_then", &[]))
        }
        Ok(Offered::Noted) if !lost.unreachable => {
            let lede = say("house.keeper.lost_noted", &[]);
            typed_page::address_kept(app, &lede, &seen.say("house.keeper.others_noted_then"))
        }
        Ok(Offered::Noted) => {
            let lede = say("house.keeper.lost_noted", &[]);
            typed_page::address_kept(app, &lede, &say("house.keeper.lost_noted_then", &[]))
        }
        Err(StoreError::Missing) => page::nothing_to_note(app, "house.keeper.lost_no_more"),
        Err(error) => return Err(error.into()),
    })
}
