//! `unsaid names`: whose names may stand in the messages that tell somebody that a letter waits. Nobody's may until the host, or whoever invited them, has approved exactly
//! that name: a name is the only thing of an author's that ever stands in a mail.

use super::{Said, say, settings, wait_for};
use crate::assemble::visit;
use crate::secrets::HouseKeys;
use std::process::ExitCode;
use unsaid_delivery::id::AccountId;
use unsaid_store::Store;
use unsaid_store::rows::NamedAccount;

/// A name that somebody typed, or what is wrong with it.
pub(super) fn read(typed: &str) -> Result<String, Said> {
    crate::name::read(typed).map_err(|_| {
        "This name cannot stand in a message. Take 2 to 40 letters, with spaces, hyphens and apostrophes between them.".to_owned()
    })
}

pub(super) fn list() -> Result<ExitCode, Said> {
    with_house(async |store, keys| {
        let all = store.named().await.map_err(|e| e.to_string())?;
        if all.is_empty() {
            say("Nobody has an account here yet. Invite somebody with: unsaid invite");
        }
        for named in &all {
            let name = name_of(keys, named)?;
            let approved =
                if named.approved == Some(keys.name_mark(&name)) { "approved" } else { "not approved" };
            say(&format!("{}  {approved:<12}  {name}", named.account));
        }
        Ok(())
    })
}

pub(super) fn approve(account: &str) -> Result<ExitCode, Said> {
    with_house(async |store, keys| {
        let named = find(store, account).await?;
        let name = name_of(keys, &named)?;
        store.approve_name(named.account, Some(keys.name_mark(&name))).await.map_err(|e| e.to_string())?;
        say(&format!("Our messages to those whom {name} writes to say that name from now on."));
        say("Where a letter asks something before it opens, they say none. If the name changes, this ends.");
        Ok(())
    })
}

pub(super) fn withdraw(account: &str) -> Result<ExitCode, Said> {
    with_house(async |store, keys| {
        let named = find(store, account).await?;
        let name = name_of(keys, &named)?;
        store.approve_name(named.account, None).await.map_err(|e| e.to_string())?;
        say(&format!(
            "Our messages do not say the name {name} any more, unless whoever gets them has allowed it."
        ));
        Ok(())
    })
}

async fn find(store: &dyn Store, account: &str) -> Result<NamedAccount, Said> {
    let unknown = || "There is no such account here. Look at the list with: unsaid names".to_owned();
    let account: AccountId = account.parse().map_err(|_| unknown())?;
    let all = store.named().await.map_err(|e| e.to_string())?;
    all.into_iter().find(|named| named.account == account).ok_or_else(unknown)
}

fn name_of(keys: &HouseKeys, named: &NamedAccount) -> Result<String, Said> {
    let name = keys.open_text(&named.account.to_string(), &named.name);
    name.map(|name| name.to_string()).ok_or_else(|| {
        "A name does not open with this house's keys. Compare UNSAID_KEYS with the paper.".to_owned()
    })
}

/// Beside a house that is open, or while it is closed.
fn with_house(work: impl AsyncFnOnce(&dyn Store, &HouseKeys) -> Result<(), Said>) -> Result<ExitCode, Said> {
    let settings = settings()?;
    let keys = super::keys::read(&settings)?;
    wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        work(&*store, &keys).await?;
        Ok(ExitCode::SUCCESS)
    })
}
