//! What is held, and by whom: `unsaid parked` shows it, `park` holds a delivery, `release` lets one go, `hold` and `go-on` hold the whole house. Beside an open house or while it is closed.
//! Shows no name, no address and no word: a host decides by reasons and days.

use super::{Said, say, settings, wait_for};
use crate::assemble::{come_in, visit};
use crate::holding::{self, Held};
use crate::matters::{plain, word_of};
use crate::words::Words;
use std::process::ExitCode;
use std::sync::Arc;
use unsaid_delivery::Now;
use unsaid_delivery::hold::Hold;
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::parking::NotNow;
use unsaid_delivery::state::{Delivery, Parked, State};
use unsaid_store::Store;

/// The word that means all that wait for a look. No delivery is called so.
const ALL_UNFORESEEN: &str = "all-unforeseen";
/// So many are shown.
const SHOWN: usize = 1_000;

pub(super) fn list() -> Result<ExitCode, Said> {
    let settings = settings()?;
    wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        for standing in store.holds().await.map_err(|e| e.to_string())? {
            say(&format!("The whole house, since {}: {}", day(standing.since), standing.what.means()));
            say(standing.what.to_do());
        }
        let parked = store.parked(SHOWN).await.map_err(|e| e.to_string())?;
        if parked.is_empty() {
            say("No letter is held by itself.");
        }
        for delivery in &parked {
            say(&line(delivery));
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn line(delivery: &Delivery) -> String {
    let State::Parked { why, left } = delivery.state else { return delivery.id.to_string() };
    let since = delivery.parked.map_or_else(|| "-".to_owned(), |parking| day(parking.since));
    let left = if left { "had left" } else { "has not left" };
    format!("{}  since {since:<10}  {left:<12}  {}", delivery.id, because(why))
}

/// Why, in one sentence.
fn because(why: Parked) -> String {
    plain(&Words::english().say(&format!("host.why.{}", word_of(why)), &[]))
}

fn day(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

pub(super) fn park(which: &str) -> Result<ExitCode, Said> {
    each(which, async |store, id, now| holding::park(store, id, now).await)
}

pub(super) fn release(which: &str) -> Result<ExitCode, Said> {
    each(which, async |store, id, now| holding::release(store, id, now).await)
}

fn each(
    which: &str,
    act: impl AsyncFn(&dyn Store, DeliveryId, Now) -> Result<Held, unsaid_store::StoreError>,
) -> Result<ExitCode, Said> {
    let settings = settings()?;
    wait_for(async {
        let unknown = "This is neither the name of a delivery nor the word all-unforeseen. Look at the list with: unsaid parked";
        let store: Arc<dyn Store> = come_in(&settings).await.map_err(|e| e.to_string())?;
        let now = now(&*store).await?;
        let ids = if which == ALL_UNFORESEEN {
            holding::unforeseen(&*store).await.map_err(|e| e.to_string())?
        } else {
            vec![which.parse::<DeliveryId>().map_err(|_| unknown.to_owned())?]
        };
        let mut changed = 0;
        for id in &ids {
            match act(&*store, *id, now).await {
                Ok(Held::Done) => changed += 1,
                Ok(Held::Not(why)) if ids.len() == 1 => return Err(not_now(why).to_owned()),
                Ok(Held::Not(_)) => {}
                Err(unsaid_store::StoreError::Missing) => {
                    return Err(
                        "There is no such delivery here. Look at the list with: unsaid parked".to_owned()
                    );
                }
                Err(e) => return Err(e.to_string()),
            }
        }
        say(&match changed {
            0 => "Nothing waits for a look. Nothing was changed.".to_owned(),
            1 => "Done for one letter. An open house sees it within half a minute.".to_owned(),
            many => format!("Done for {many} letters. An open house sees it within half a minute."),
        });
        Ok(ExitCode::SUCCESS)
    })
}

fn not_now(why: NotNow) -> &'static str {
    match why {
        NotNow::Ended => {
            "This delivery is at an end, and nothing more is done about it. Nothing was changed."
        }
        NotNow::Parked => {
            "It is held already, and for a reason that comes first. Look at the list with: unsaid parked"
        }
        NotNow::NotParked => "It is not held. Nothing was changed; look at the list with: unsaid parked",
    }
}

pub(super) fn hold() -> Result<ExitCode, Said> {
    whole(async |store, now| {
        let new = store.hold(Hold::ByHost, now).await.map_err(|e| e.to_string())?;
        say(if new {
            "No letter leaves from now on; codes, confirmations and check-ins do. Let them go again with: unsaid go-on"
        } else {
            "All letters are held already. Let them go again with: unsaid go-on"
        });
        Ok(())
    })
}

pub(super) fn go_on() -> Result<ExitCode, Said> {
    whole(async |store, _| {
        let held = store.unhold(Hold::ByHost).await.map_err(|e| e.to_string())?;
        say(if held {
            "Letters leave again; an open house sees it within half a minute."
        } else {
            "No host holds this house back. Nothing was changed."
        });
        for standing in store.holds().await.map_err(|e| e.to_string())? {
            say(&format!("Something else does: {} {}", standing.what.means(), standing.what.to_do()));
        }
        Ok(())
    })
}

fn whole(work: impl AsyncFnOnce(&dyn Store, Now) -> Result<(), Said>) -> Result<ExitCode, Said> {
    let settings = settings()?;
    wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        let now = now(&*store).await?;
        work(&*store, now).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// The house's time as it was stored last.
async fn now(store: &dyn Store) -> Result<Now, Said> {
    let house = store.house().await.map_err(|e| e.to_string())?;
    let mark = house.mark.ok_or("This house has never been opened. Open it with: unsaid serve")?;
    Ok(Now { trusted: mark.trusted, observed: mark.observed })
}
