//! `unsaid doctor`: keys, mail, disk, clock and store, one line each, and two sentences where something is wrong. Changes nothing.

use super::{Said, say, settings, wait_for};
use crate::assemble::{open_mail, visit};
use crate::clock::{Clock, MachineClock};
use crate::secrets::{FILE, HouseKeys};
use crate::settings::Settings;
use jiff::SignedDuration;
use std::path::Path;
use std::process::ExitCode;
use unsaid_delivery::clock::{DAY, LONGEST_STEP_DAYS, Mark};

/// Below this share of free space new uploads are at risk.
const LEAST_FREE_PERCENT: u64 = 10;

/// One thing that was looked at.
struct Finding {
    name: &'static str,
    /// What is well, or two sentences about what is not.
    said: Result<String, String>,
}

pub(super) fn doctor() -> Result<ExitCode, Said> {
    let settings = settings()?;
    let findings = wait_for(async { Ok(look(&settings).await) })?;
    let mut well = true;
    for finding in findings {
        match finding.said {
            Ok(said) => say(&format!("well   {:<9} {said}", finding.name)),
            Err(said) => {
                well = false;
                say(&format!("LOOK   {:<9} {said}", finding.name));
            }
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn look(settings: &Settings) -> Vec<Finding> {
    let store = visit(settings).await;
    let house = match &store {
        Ok(store) => store.house().await.map_err(|e| e.to_string()),
        Err(e) => Err(e.to_string()),
    };
    let confirmed = house.as_ref().map(|h| h.keys_confirmed);
    let mut findings = vec![
        Finding {
            name: "settings",
            said: settings
                .may_serve()
                .map(|()| settings.public_url.origin.clone())
                .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        },
        Finding { name: "keys", said: keys(&settings.keys, confirmed.ok()) },
        Finding { name: "disk", said: disk(&settings.data) },
    ];
    findings.push(match &house {
        Ok(house) => Finding { name: "store", said: Ok(format!("answers; {} accounts", house.accounts)) },
        Err(e) => Finding { name: "store", said: Err(e.clone()) },
    });
    findings.push(Finding { name: "clock", said: clock(house.ok().and_then(|h| h.mark)) });
    let mail = match open_mail(settings) {
        Ok(mail) => mail.check().await.map(|()| "a message could go out now".to_owned()),
        Err(e) => Err(e.to_string()),
    };
    findings.push(Finding { name: "mail", said: mail });
    findings
}

fn keys(folder: &Path, confirmed: Option<bool>) -> Result<String, String> {
    let path = folder.join(FILE);
    let text = std::fs::read_to_string(&path)
        .map_err(|e| format!("{} cannot be read: {e}. Without it nothing that this house keeps can be opened; bring it back from paper.", path.display()))?;
    HouseKeys::parse(&zeroize::Zeroizing::new(text)).map_err(|e| e.to_string())?;
    if confirmed == Some(true) {
        Ok("whole, and on paper".to_owned())
    } else {
        Err("The house's secrets are not known to be on paper; with this disk every letter kept by the house would be lost. Write them down and run: unsaid keys confirm".to_owned())
    }
}

fn disk(data: &Path) -> Result<String, String> {
    let stat = rustix::fs::statvfs(data).map_err(|e| {
        format!("{} cannot be looked at: {e}. Look at its place and its rights.", data.display())
    })?;
    let free = stat.f_bavail.saturating_mul(100) / stat.f_blocks.max(1);
    let gigabytes = stat.f_bavail.saturating_mul(stat.f_frsize) / 1_000_000_000;
    if free < LEAST_FREE_PERCENT {
        return Err(format!(
            "Only {free} % of the disk of {} are free ({gigabytes} GB). Make room before letters are turned away.",
            data.display()
        ));
    }
    Ok(format!("{free} % free ({gigabytes} GB)"))
}

fn clock(mark: Option<Mark>) -> Result<String, String> {
    let Some(mark) = mark else { return Ok("not begun yet".to_owned()) };
    let ahead = MachineClock.wall().duration_since(mark.trusted);
    if ahead > SignedDuration::from_secs(LONGEST_STEP_DAYS * DAY) {
        Err(format!(
            "This machine's clock is {} days ahead of what has certainly passed. If it is right, stop the house and run: unsaid clock confirm",
            ahead.as_hours() / 24
        ))
    } else if ahead < SignedDuration::from_secs(-300) {
        Err(format!(
            "This machine's clock is {} minutes behind what has certainly passed. Set it right; until then it is not believed.",
            -ahead.as_mins()
        ))
    } else {
        Ok(format!("the house's time was last stored at {}", mark.trusted.strftime("%Y-%m-%d %H:%M UTC")))
    }
}
