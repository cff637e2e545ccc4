//! `unsaid doctor`: keys, mail, disk, clock and store, one line each, and two sentences where something is wrong. Changes nothing.

use super::{Said, say, settings, wait_for};
use crate::assemble::{open_mail, visit};
use crate::mail::Reach;
use crate::matters::{self, Beside, Matter, Seen, plain};
use crate::room::{Disk, DiskSeen, FolderDisk, Standing};
use crate::secrets::{FILE, HouseKeys, SecretsError};
use crate::settings::{Bounces, Mail, Settings};
use crate::time::standing::{Clocks, shown, span};
use crate::words::Words;
use std::path::Path;
use std::process::ExitCode;
use unsaid_delivery::Now;
use unsaid_delivery::clock::DAY;
use unsaid_delivery::forecast::FORECAST_DAYS;
use unsaid_delivery::state::Parked;
use unsaid_store::rows::Foreseen;

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
    let mark = house.as_ref().ok().and_then(|house| house.mark);
    let clocks = match (&store, mark) {
        (Ok(store), Some(mark)) => Some(super::clock::found(settings, &**store, mark).await),
        _ => None,
    };
    if let Ok(store) = &store
        && house.is_ok()
    {
        let counts = store.wraps_by_generation().await.map_err(|e| e.to_string());
        let said = counts.and_then(|counts| wraps(&settings.keys, &counts));
        findings.push(Finding { name: "wraps", said });
        if let Some(mark) = mark {
            let now = Now { trusted: mark.trusted, observed: mark.observed };
            let beside = Beside { clocks: clocks.clone(), disk: disk_seen(settings), crashes: 0 };
            match Seen::read(&**store, beside, now).await {
                Ok(seen) => findings.extend(waiting(settings, &seen)),
                Err(e) => findings.push(Finding { name: "stored", said: Err(e.to_string()) }),
            }
            let foreseen = store.forecast(now).await.map_err(|e| e.to_string());
            findings.push(Finding { name: "ahead", said: foreseen.map(ahead) });
        }
    }
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
        Err(Matter::Keys.says(Words::english()).plain())
    }
}

/// What leaves next, for a host who wants to know whether a relay or a holiday is in the way. Not a fault, whatever it says.
fn ahead(foreseen: Foreseen) -> String {
    let Foreseen { within_a_week, unforeseen, within_horizon, months } = foreseen;
    let letters = if within_a_week == 1 { "letter leaves" } else { "letters leave" };
    let mut said = format!(
        "{within_a_week} {letters} within the next seven days, {within_horizon} within {FORECAST_DAYS}"
    );
    if unforeseen > 0 {
        said.push_str(&format!("; {unforeseen} of the next seven days' had not been foreseen a week before"));
    }
    let busy: Vec<String> = months
        .iter()
        .filter(|(_, many)| *many > 0)
        .map(|(first, many)| format!("{} {many}", first.strftime("%Y-%m")))
        .collect();
    if !busy.is_empty() {
        said.push_str(&format!("; by month: {}", busy.join(", ")));
    }
    said
}

/// What waits for the host, in the words of the host's page: one line for each thing that was looked at. Keys, disk and clock are said above and below, with more.
fn waiting(settings: &Settings, seen: &Seen) -> Vec<Finding> {
    let matters = seen.matters(settings);
    let well = [
        ("holds", "nothing stands in the way of this house's letters".to_owned()),
        ("parked", held(seen)),
        ("stored", "nothing was found wrong".to_owned()),
        ("backup", backup(seen)),
        ("waits", waits(seen)),
    ];
    let mut lines = Vec::new();
    for (name, said) in well {
        let about = if name == "waits" { "mail" } else { name };
        let wrong: Vec<String> =
            matters.iter().filter(|matter| matter.about() == about).map(with_names).collect();
        if wrong.is_empty() {
            lines.push(Finding { name, said: Ok(said) });
        }
        lines.extend(wrong.into_iter().map(|said| Finding { name, said: Err(said) }));
    }
    lines
}

/// Two sentences, and after them which ones.
fn with_names(matter: &Matter) -> String {
    let said = matter.says(Words::english()).plain();
    match matter {
        Matter::Found(wrong, names) => format!("{said} Found {}: {}.", wrong.name(), names.join(", ")),
        Matter::Parked(..) | Matter::Unforeseen(_) => format!("{said} (All that is held: unsaid parked)"),
        _ => said,
    }
}

/// What hosts hold is no fault.
fn held(seen: &Seen) -> String {
    match seen.reasons().get(&Parked::ByHost) {
        Some(many) => plain(&matters::held(Words::english(), Parked::ByHost, *many)),
        None => "no letter is held by itself".to_owned(),
    }
}

fn backup(seen: &Seen) -> String {
    match seen.health.backed_up {
        Some(at) => match seen.now.trusted.duration_since(at).as_secs() / DAY {
            0 => "made within the last day".to_owned(),
            1 => "made a day ago".to_owned(),
            days => format!("made {days} days ago"),
        },
        None => "none yet: unsaid backup FOLDER".to_owned(),
    }
}

fn waits(seen: &Seen) -> String {
    match seen.health.waits_since {
        Some(since) => {
            let span = span(Words::english(), seen.now.observed.0 - since.0);
            format!("{} messages wait to leave, the first for {span}", seen.health.waiting)
        }
        None => "no message waits to leave".to_owned(),
    }
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

/// The disk as an open house would see it.
fn disk_seen(settings: &Settings) -> Option<DiskSeen> {
    let disk = FolderDisk::new(&settings.data);
    let (left, reserve) = (disk.left()?, disk.reserve());
    let tight = left.percent() < settings.least_free_percent;
    let standing = match tight {
        true if settings.reserve_mib > 0 && reserve == 0 => Standing::Full,
        true => Standing::Tight,
        false => Standing::Room,
    };
    Some(DiskSeen { left, reserve, standing })
}

fn disk(settings: &Settings) -> Result<String, String> {
    let seen = disk_seen(settings).ok_or_else(|| {
        format!("{} cannot be looked at. Look at its place and its rights.", settings.data.display())
    })?;
    let (free, gigabytes) = (seen.left.percent(), seen.left.free / 1_000_000_000);
    let matter = match seen.standing {
        Standing::Full => Some(Matter::Full),
        Standing::Tight => Some(Matter::Tight(free)),
        // Whoever wants no limit is told all the same before nothing can be written.
        Standing::Room if free == 0 => Some(Matter::Tight(0)),
        Standing::Room => None,
    };
    if let Some(matter) = matter {
        let said = matter.says(Words::english());
        return Err(format!("{} ({}: {gigabytes} GB)", said.plain(), settings.data.display()));
    }
    let mut said = format!("{free} % free ({gigabytes} GB)");
    if settings.reserve_mib > 0 && seen.reserve == 0 {
        said.push_str("; no room is set aside for a full disk yet, an open house does that");
    }
    Ok(said)
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
