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
use unsaid_store::rows::Role;
use unsaid_store::{Store, StoreError};

/// How long an invitation is good, in hours.
const GOOD_FOR_HOURS: i64 = 24;

pub(super) fn invite(host: bool) -> Result<ExitCode, Said> {
    let settings = settings()?;
    wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        let house = store.house().await.map_err(|e| e.to_string())?;
        // A house that was off for long counts its time from its mark; the later of both lets the link live its whole day.
        let wall = MachineClock.wall();
        let from = house.mark.map_or(wall, |mark| mark.trusted.max(wall));
        let role = if host { Role::Host } else { Role::Author };
        let link = invitation(&*store, &settings.public_url.origin, role, from, &MachineChance)
            .await
            .map_err(|e| e.to_string())?;
        say("This link makes one account, within a day. Give it to nobody but whom it is for.");
        say(&link);
        Ok(ExitCode::SUCCESS)
    })
}

/// Keeps a new invitation and gives its link.
pub async fn invitation(
    store: &dyn Store,
    origin: &str,
    role: Role,
    from: Timestamp,
    chance: &dyn Chance,
) -> Result<String, StoreError> {
    let token = chance.token();
    let expires = from.checked_add(SignedDuration::from_hours(GOOD_FOR_HOURS)).unwrap_or(Timestamp::MAX);
    store.invite(hashed(&token), role, expires, None).await?;
    Ok(format!("{origin}/begin/{}", BASE64_URL_SAFE_NO_PAD.encode(token)))
}
