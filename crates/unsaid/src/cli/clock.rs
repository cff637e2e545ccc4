//! `unsaid clock confirm`: a human says that the wall clock is right. The only way in which trusted time steps by more than forty days.

use super::{Said, say, settings, wait_for};
use crate::assemble::visit;
use crate::clock::{Clock, MachineClock};
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;
use unsaid_store::StoreError;

pub(super) fn confirm() -> Result<ExitCode, Said> {
    let settings = settings()?;
    wait_for(async {
        let store = visit(&settings).await.map_err(|e| e.to_string())?;
        let house = store.house().await.map_err(|e| e.to_string())?;
        let Some(mark) = house.mark else {
            return Err(
                "This house has never been opened, so it has no time yet. Open it with: unsaid serve"
                    .to_owned(),
            );
        };
        let wall = MachineClock.wall();
        say(&format!(
            "This house has certainly reached: {}",
            mark.trusted.strftime("%A %-d %B %Y, %H:%M UTC")
        ));
        say(&format!("This machine's clock says:        {}", wall.strftime("%A %-d %B %Y, %H:%M UTC")));
        say(
            "If the second line is the true time, type its year; everything that fell due meanwhile then goes out. Stop the house first if it is running.",
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
                say("The house takes this time as true from its next start on.");
                Ok(ExitCode::SUCCESS)
            }
            Err(StoreError::Conflict) => {
                Err("This machine's clock is behind what has certainly passed, and time does not go back. Set the clock right and try again.".to_owned())
            }
            Err(e) => Err(e.to_string()),
        }
    })
}
