//! `unsaid invite`: a link, good once and for a day, that makes an account.

use super::{Said, say, settings, wait_for};
use crate::assemble::visit;
use crate::chance::{Chance, MachineChance};
use crate::clock::{Clock, MachineClock};
use crate::secrets::hashed;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use std::process::ExitCode;
use unsaid_store::rows::{Keyed, Role};
use unsaid_store::{Store, StoreError};

/// How long an invitation is good, in hours.
const GOOD_FOR_HOURS: i64 = 24;

pub(super) fn invite(host: bool, name: Option<&str>) -> Result<ExitCode, Said> {
    let settings = settings()?;
    let name = name.map(super::names::read).transpose()?;
    // A new house has no keys yet, and is no house to invite into.
    let approved = match &name {
        Some(name) => Some(super::keys::read(&settings)?.name_mark(name)),
        None => None,
    };
    wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        let house = store.house().await.map_err(|e| e.to_string())?;
        // A house that was off for long counts its time from its mark; the later of both lets the link live its whole day.
        let wall = MachineClock.wall();
        let from = house.mark.map_or(wall, |mark| mark.trusted.max(wall));
        let role = if host { Role::Host } else { Role::Author };
        let link = invitation(&*store, &settings.public_url.origin, (role, approved), from, &MachineChance)
            .await
            .map_err(|e| e.to_string())?;
        say("This link makes one account, within a day. Give it to nobody but whom it is for.");
        say(&link);
        if let Some(name) = &name {
            say(&format!(
                "If the account is made with the name {name}, our messages to those it writes to say that name."
            ));
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Keeps a new invitation, perhaps with a name that its account may be called by in mails, and gives its link.
pub async fn invitation(
    store: &dyn Store,
    origin: &str,
    (role, approved_name): (Role, Option<Keyed>),
    from: Timestamp,
    chance: &dyn Chance,
) -> Result<String, StoreError> {
    let token = chance.token();
    let expires = from.checked_add(SignedDuration::from_hours(GOOD_FOR_HOURS)).unwrap_or(Timestamp::MAX);
    store.invite(hashed(&token), role, expires, approved_name).await?;
    Ok(format!("{origin}/begin/{}", BASE64_URL_SAFE_NO_PAD.encode(token)))
}
