//! `unsaid clock show`: what time it is by this house, and by whom. `unsaid clock confirm`: a human says that the wall clock is right. Without a second source of time the only way in which trusted
//! time steps by more than forty days.

use super::{Said, say, settings, wait_for};
use crate::assemble::visit;
use crate::clock::{Clock, MachineClock};
use crate::outward::Network;
use crate::settings::Settings;
use crate::time::others::Others;
use crate::time::standing::{Clocks, shown};
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;
use unsaid_delivery::clock::{DAY, HOUR, Mark};
use unsaid_store::{Store, StoreError};

const NOT_BEGUN: &str = "This house has never been opened, so it has no time yet. Open it with: unsaid serve";

/// The clocks as this command finds them. Asks the hosts of UNSAID_TIME_HOSTS, and nobody else.
pub(super) async fn found(settings: &Settings, store: &dyn Store, mark: Mark) -> Clocks {
    let elsewhere = matches!(store.server_time().await, Ok(Some(_)));
    let others = Others::new(settings.time_hosts.clone(), elsewhere);
    if others.any() {
        others.ask(&MachineClock, &Network::new(), store).await;
    }
    Clocks::found(&MachineClock, &others, mark)
}

pub(super) fn show() -> Result<ExitCode, Said> {
    let settings = settings()?;
    wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        let house = store.house().await.map_err(|e| e.to_string())?;
        let Some(mark) = house.mark else { return Err(NOT_BEGUN.to_owned()) };
        say(&format!("Trusted time, as it was stored last:  {}", shown(mark.trusted)));
        let (days, hours) = (mark.observed.0 / DAY, mark.observed.0 % DAY / HOUR);
        say(&format!("Observed time, in which it served:    {days} days and {hours} hours"));
        let ticker = store.ticker().await.map_err(|e| e.to_string())?;
        say(&match ticker {
            Some(ticker) => format!("Credited by one start of one node:    {}", ticker.holder),
            None => "Credited by one start of one node:    none now; the house is closed".to_owned(),
        });
        let clocks = found(&settings, &*store, mark).await;
        say("Sources of time:");
        for line in clocks.lines() {
            say(&format!("  {line}"));
        }
        for finding in clocks.findings() {
            say(&finding);
        }
        let holds = store.holds().await.map_err(|e| e.to_string())?;
        for standing in &holds {
            say(&format!("{} {}", standing.what.means(), standing.what.to_do()));
        }
        if clocks.findings().is_empty() && holds.is_empty() {
            say("Nothing is in doubt, and nothing holds letters back.");
        }
        Ok(if clocks.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

pub(super) fn confirm() -> Result<ExitCode, Said> {
    let settings = settings()?;
    wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        let house = store.house().await.map_err(|e| e.to_string())?;
        let Some(mark) = house.mark else {
            return Err(NOT_BEGUN.to_owned());
        };
        let wall = MachineClock.wall();
        say(&format!(
            "This house has certainly reached: {}",
            mark.trusted.strftime("%A %-d %B %Y, %H:%M UTC")
        ));
        say(&format!("This machine's clock says:        {}", wall.strftime("%A %-d %B %Y, %H:%M UTC")));
        say(
            "If the second line is the true time, type its year; everything that fell due meanwhile then goes out.",
        );
        let mut typed = String::new();
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            say("Year:");
        }
        stdin
            .lock()
            .read_line(&mut typed)
            .map_err(|e| format!("Nothing could be read: {e}. Type the year in a terminal."))?;
        if typed.trim() != wall.strftime("%Y").to_string() {
            return Err("That is not the year of this machine's clock, so nothing was changed. Set the clock right and try again.".to_owned());
        }
        match store.confirm_clock(wall).await {
            Ok(()) => {
                say("The house takes this time as true: an open one within a minute, a closed one from its next start on.");
                Ok(ExitCode::SUCCESS)
            }
            Err(StoreError::Conflict) => {
                Err("This machine's clock is behind what has certainly passed, and time does not go back. Set the clock right and try again.".to_owned())
            }
            Err(e) => Err(e.to_string()),
        }
    })
}
