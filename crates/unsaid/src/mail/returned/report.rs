//! A delivery status notification (RFC 3464): what became of one message, from the report that its server sends to its return path. It refuses to
//! guess: what is cut off, contradicts itself or is said in words alone changes nothing.

use super::parts::Head;
use super::said;
use unsaid_delivery::record::Bounce;

/// What a message that came back says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It did not arrive.
    Bounce(Bounce),
    /// Nothing that changes anything, and why, in words for a log.
    Nothing(&'static str),
}

/// A message of ours has one recipient. Behind an alias or a list there may be some more.
const MOST_RECIPIENTS: usize = 64;

pub(super) fn read(message: &[u8]) -> Report {
    let Some(head) = Head::of(message) else { return Report::Nothing("has-no-headers") };
    if head.kind() != "multipart/report" {
        // Servers from before 1996, and some since, say it in words. The next knock comes in its time, and comes back too.
        return Report::Nothing("is-no-report");
    }
    let about = head.parameter("report-type").unwrap_or("delivery-status");
    if !about.eq_ignore_ascii_case("delivery-status") {
        // It was read, or somebody said that it is spam.
        return Report::Nothing("is-a-report-about-something-else");
    }
    let parts = head.parts();
    let mut reports = parts.iter().filter(|part| {
        ["message/delivery-status", "message/global-delivery-status"].contains(&part.head.kind().as_str())
    });
    match (reports.next(), reports.next()) {
        (Some(report), None) if report.is_whole => judge(&report.head.text()),
        (Some(_), None) => Report::Nothing("is-cut-off"),
        (Some(_), Some(_)) => Report::Nothing("holds-two-reports"),
        (None, _) => Report::Nothing("holds-no-report"),
    }
}

/// What it says of one recipient.
struct Recipient {
    action: String,
    status: Option<String>,
    diagnostic: Option<String>,
}

fn judge(text: &str) -> Report {
    let Some(recipients) = recipients(text) else { return Report::Nothing("contradicts-itself") };
    if recipients.is_empty() {
        return Report::Nothing("names-nobody");
    }
    if recipients.len() > MOST_RECIPIENTS {
        return Report::Nothing("names-too-many");
    }
    if recipients.iter().any(|r| r.action != "failed") {
        // Somebody behind that address has it, or may have it yet.
        return Report::Nothing("is-not-the-end");
    }
    let each = recipients.iter().map(|r| said::bounce(r.status.as_deref(), r.diagnostic.as_deref()));
    // Of several the mildest: an address is dead when it is so for everybody behind it.
    let mildness = |bounce: &Bounce| match bounce {
        Bounce::Lost => 0,
        Bounce::Blocked => 1,
        Bounce::Dead => 2,
    };
    each.min_by_key(mildness).map_or(Report::Nothing("names-nobody"), Report::Bounce)
}

/// The groups of fields that speak of a recipient (RFC 3464, 2.3), in whatever order. None: one of them says something twice.
fn recipients(text: &str) -> Option<Vec<Recipient>> {
    let mut all = Vec::new();
    for group in groups(text) {
        let named = |wanted: &str| {
            let mut values = group.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value);
            (values.next().cloned(), values.next().is_some())
        };
        let (action, twice) = named("action");
        let (status, again) = named("status");
        let (diagnostic, _) = named("diagnostic-code");
        let (recipient, _) = named("final-recipient");
        if twice || again {
            return None;
        }
        if action.is_some() || recipient.is_some() {
            let action = said::without_comment(&action.unwrap_or_default()).to_ascii_lowercase();
            all.push(Recipient { action, status, diagnostic });
        }
    }
    Some(all)
}

/// Fields by groups, which empty lines divide; names in small letters, values on one line.
fn groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups = vec![Vec::<(String, String)>::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            groups.push(Vec::new());
            continue;
        }
        let Some(group) = groups.last_mut() else { continue };
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups
}
