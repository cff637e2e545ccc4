//! `unsaid doctor`: keys, mail, disk, clock and store, one line each, and two sentences where something is wrong. Changes nothing.

use super::parked::because;
use super::{Said, say, settings, wait_for};
use crate::assemble::{open_mail, visit};
use crate::mail::Reach;
use crate::room::{Disk, FolderDisk};
use crate::secrets::{FILE, HouseKeys, SecretsError};
use crate::settings::{Bounces, Mail, Settings};
use crate::time::standing::{Clocks, shown};
use std::path::Path;
use std::process::ExitCode;
use unsaid_delivery::Now;
use unsaid_delivery::forecast::FORECAST_DAYS;
use unsaid_delivery::state::{Delivery, Parked, State};
use unsaid_store::rows::{Foreseen, Standing};

/// So many letters that are held are counted.
const SHOWN: usize = 1_000_000;

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
    say(&bounces(&settings));
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
        Finding { name: "disk", said: disk(settings) },
    ];
    if !settings.public_url.loopback {
        findings.push(Finding { name: "proxy", said: proxy(settings) });
    }
    findings.push(match &house {
        Ok(house) => Finding { name: "store", said: Ok(format!("answers; {} accounts", house.accounts)) },
        Err(e) => Finding { name: "store", said: Err(e.clone()) },
    });
    if let Ok(store) = &store
        && house.is_ok()
    {
        let counts = store.wraps_by_generation().await.map_err(|e| e.to_string());
        let said = counts.and_then(|counts| wraps(&settings.keys, &counts));
        findings.push(Finding { name: "wraps", said });
        let found = store.findings().await.map_err(|e| e.to_string());
        findings.push(Finding { name: "stored", said: found.and_then(|found| cared_for(&found)) });
        if let Some(mark) = house.as_ref().ok().and_then(|house| house.mark) {
            let now = Now { trusted: mark.trusted, observed: mark.observed };
            let foreseen = store.forecast(now).await.map_err(|e| e.to_string());
            findings.push(Finding { name: "ahead", said: foreseen.map(ahead) });
        }
    }
    if let Ok(store) = &store
        && house.is_ok()
    {
        let standing = store.holds().await.map_err(|e| e.to_string());
        findings.push(Finding { name: "holds", said: standing.and_then(|standing| holds(&standing)) });
        let held = store.parked(SHOWN).await.map_err(|e| e.to_string());
        findings.push(Finding { name: "parked", said: held.and_then(|held| parked(&held)) });
    }
    let mark = house.as_ref().ok().and_then(|house| house.mark);
    let clocks = match (&store, mark) {
        (Ok(store), Some(mark)) => Some(super::clock::found(settings, &**store, mark).await),
        _ => None,
    };
    findings.push(Finding { name: "clock", said: clock(clocks.as_ref()) });
    let mail = match open_mail(settings) {
        Ok(mail) => mail.check().await.map(|reach| could_go_to(reach).to_owned()),
        Err(e) => Err(e.to_string()),
    };
    findings.push(Finding { name: "mail", said: mail });
    findings
}

/// What the relay said, for the host.
fn could_go_to(reach: Reach) -> &'static str {
    match reach {
        Reach::Everybody => "a message could go out now",
        Reach::AsciiAlone => {
            "a message could go out now, but to no address with letters of another script before the @, for which the relay has to offer SMTPUTF8"
        }
    }
}

/// Whether the house can tell one network from another.
fn proxy(settings: &Settings) -> Result<String, String> {
    if settings.trusted_proxies.is_empty() {
        return Err("UNSAID_TRUSTED_PROXIES is not set, so tries of strangers that come through a proxy are not counted by network. Set it to the address that your proxy comes from, as in 127.0.0.1, and let the proxy write X-Forwarded-For.".to_owned());
    }
    let named: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    Ok(format!("what {} says about who asks is believed, and nobody else", named.join(", ")))
}

/// Not a fault: many a relay cannot hand mail over to us. But the host should know.
fn bounces(settings: &Settings) -> String {
    match (settings.bounces, &settings.mail) {
        (Bounces::Pipe, _) => "well   bounces   come to unsaid receive, if the mail server hands them over".to_owned(),
        (Bounces::None, Mail::Outbox) => "well   bounces   nothing leaves, so nothing comes back".to_owned(),
        (Bounces::None, Mail::Relay(_)) => "note   bounces   bounces are not heard: mail to an address that has died looks as if it had arrived, the next address is not tried, and a question to an author counts only after seven days. Set UNSAID_BOUNCES=pipe, as docs/operating.md says under 'Mail that comes back'.".to_owned(),
    }
}

fn keys(folder: &Path, confirmed: Option<bool>) -> Result<String, String> {
    let keys = HouseKeys::read(folder).map_err(|e| match e {
        SecretsError::File(path, e) => format!(
            "{} cannot be read: {e}. Without it nothing that this house keeps can be opened; bring it back from paper.",
            path.display()
        ),
        e => e.to_string(),
    })?;
    if confirmed == Some(true) {
        Ok(format!("whole, and on paper; opens with generation {}", keys.opening_generation()))
    } else {
        Err("The house's secrets are not known to be on paper; with this disk every letter kept by the house would be lost. Write them down and run: unsaid keys confirm".to_owned())
    }
}

/// What leaves next, for a host who wants to know whether a relay or a holiday is in the way. Not a fault, whatever it says.
fn ahead(foreseen: Foreseen) -> String {
    let Foreseen { within_a_week, unforeseen, within_horizon } = foreseen;
    let letters = if within_a_week == 1 { "letter leaves" } else { "letters leave" };
    let mut said = format!(
        "{within_a_week} {letters} within the next seven days, {within_horizon} within {FORECAST_DAYS}"
    );
    if unforeseen > 0 {
        said.push_str(&format!("; {unforeseen} of the next seven days' had not been foreseen a week before"));
    }
    said
}

/// What stands in the way of every letter.
fn holds(standing: &[Standing]) -> Result<String, String> {
    if standing.is_empty() {
        return Ok("nothing stands in the way of this house's letters".to_owned());
    }
    let said = standing.iter().map(|one| format!("{} {}", one.what.means(), one.what.to_do()));
    Err(said.collect::<Vec<_>>().join(" "))
}

/// Letters that are held by themselves, by reason.
fn parked(held: &[Delivery]) -> Result<String, String> {
    if held.is_empty() {
        return Ok("no letter is held by itself".to_owned());
    }
    let mut reasons: Vec<(Parked, u64)> = Vec::new();
    for delivery in held {
        let State::Parked { why, .. } = delivery.state else { continue };
        match reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, many)) => *many += 1,
            None => reasons.push((why, 1)),
        }
    }
    let said: Vec<String> = reasons.iter().map(|(why, many)| format!("{many}: {}", because(*why))).collect();
    Err(format!("Letters are held. {} Look at them with: unsaid parked", said.join(" ")))
}

/// Which keys of the house are needed still, by what is stored.
fn wraps(folder: &Path, counts: &[(u32, u64)]) -> Result<String, String> {
    let keys = HouseKeys::read(folder).map_err(|e| e.to_string())?;
    let kept: Vec<u32> = keys.generations().collect();
    let lost: Vec<String> = counts
        .iter()
        .filter(|(generation, count)| *count > 0 && !kept.contains(generation))
        .map(|(generation, count)| format!("{count} of generation {generation}"))
        .collect();
    if !lost.is_empty() {
        return Err(format!(
            "Letters and accounts are locked for keys that are not here: {}. Put the lines of those generations back from paper, in {}.",
            lost.join(", "),
            folder.join(FILE).display()
        ));
    }
    let present = keys.opening_generation();
    let old: u64 =
        counts.iter().filter(|(generation, _)| *generation < present).map(|(_, count)| count).sum();
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let mut said = match old {
        0 => format!("all {all} are locked for the present key"),
        _ => format!("{old} of {all} are locked for an older key; an open house renews them"),
    };
    let unneeded =
        kept.iter().filter(|g| **g < present && counts.iter().all(|(used, n)| used != *g || *n == 0));
    for generation in unneeded {
        said.push_str(&format!(
            "; nothing here needs generation {generation} (unsaid keys retire {generation})"
        ));
    }
    Ok(said)
}

fn disk(settings: &Settings) -> Result<String, String> {
    let data = &settings.data;
    let disk = FolderDisk::new(data);
    let left = disk.left().ok_or_else(|| {
        format!("{} cannot be looked at. Look at its place and its rights.", data.display())
    })?;
    let (free, gigabytes) = (left.percent(), left.free / 1_000_000_000);
    if free < settings.least_free_percent.max(1) {
        return Err(format!(
            "Only {free} % of the disk of {} are free ({gigabytes} GB), so no new letters and photos are taken. Make room; until then everything else goes on.",
            data.display()
        ));
    }
    let mut said = format!("{free} % free ({gigabytes} GB)");
    if settings.reserve_mib > 0 && disk.reserve() == 0 {
        said.push_str("; no room is set aside for a full disk yet, an open house does that");
    }
    Ok(said)
}

/// What was found wrong with what is stored, each by its name.
fn cared_for(found: &[unsaid_store::care::Finding]) -> Result<String, String> {
    let Some(first) = found.first() else { return Ok("nothing was found wrong".to_owned()) };
    let named: Vec<String> =
        found.iter().map(|f| format!("{} {} ({})", f.thing.name(), f.name, f.wrong.name())).collect();
    Err(format!("{} Found wrong: {}.", first.wrong.says(), named.join(", ")))
}

/// What the clocks say, and all of what is in doubt.
fn clock(clocks: Option<&Clocks>) -> Result<String, String> {
    let Some(clocks) = clocks else { return Ok("not begun yet".to_owned()) };
    let findings = clocks.findings().join(" ");
    if !clocks.is_well() {
        return Err(findings);
    }
    let stored = format!("the house's time was last stored at {}", shown(clocks.now.trusted));
    let sources = clocks.said.len();
    let said = if sources > 1 { format!("{stored}; {sources} sources of time answer") } else { stored };
    let silent: Vec<String> = clocks.silent.iter().map(|s| s.name.clone()).collect();
    let said =
        if silent.is_empty() { said } else { format!("{said}; {} cannot be reached", silent.join(", ")) };
    Ok(if findings.is_empty() { said } else { format!("{said}. {findings}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_for_others_is_told_when_it_cannot_tell_networks_apart() {
        let with = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Settings::from_env(pairs).unwrap_or_else(|wrong| panic!("{wrong:?}"))
        };
        let said = proxy(&with(&[])).unwrap_err();
        assert!(
            said.contains("UNSAID_TRUSTED_PROXIES is not set") && said.matches(". ").count() == 1,
            "{said}"
        );
        let said = proxy(&with(&[("UNSAID_TRUSTED_PROXIES", "127.0.0.1, 10.1.0.0/16")])).unwrap();
        assert_eq!(said, "what 127.0.0.1, 10.1.0.0/16 says about who asks is believed, and nobody else");
    }
}
