//! `unsaid sessions end`: signs one account out everywhere, or everybody. The house may be open meanwhile. Nothing that is kept is touched, and nobody's letters are opened or held by it.

use super::{Said, say, settings, wait_for};
use crate::address::EmailAddress;
use crate::assemble::visit;
use crate::secrets::HouseKeys;
use std::process::ExitCode;

/// The word that means everybody. No address is written without an @.
const EVERYBODY: &str = "all";

pub(super) fn end(who: &str) -> Result<ExitCode, Said> {
    let settings = settings()?;
    wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        let account = if who == EVERYBODY {
            None
        } else {
            let address = EmailAddress::read(who).map_err(|_| {
                "This is neither an address nor the word all. Write the address that they sign in with, as in ana@example.org.".to_owned()
            })?;
            let keys = HouseKeys::read(&settings.keys).map_err(|e| e.to_string())?;
            let key = keys.sign_in_index(&address.sign_in_form());
            let account = store.account_of(key).await.map_err(|e| e.to_string())?;
            Some(account.ok_or_else(|| {
                "Nobody signs in with this address here. Look at how it is written; nothing was changed."
                    .to_owned()
            })?)
        };
        let ended = store.end_all_sessions(account).await.map_err(|e| e.to_string())?;
        say(&match ended {
            0 => "Nobody was signed in. Nothing had to be done.".to_owned(),
            1 => "One sign-in was ended. Who comes again needs a code or the paper kit.".to_owned(),
            many => format!("{many} sign-ins were ended. Who comes again needs a code or the paper kit."),
        });
        Ok(ExitCode::SUCCESS)
    })
}
