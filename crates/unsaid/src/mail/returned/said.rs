//! What a server's no means for an address: its status (RFC 3463), and where that says nothing, the words behind it. The words are looked at and
//! forgotten. In doubt a message is lost and its address lives: the next knock finds out, and a wrong 'dead' could leave nobody to write to.

use unsaid_delivery::record::Bounce;

/// An enhanced status code: class, subject, detail.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Status(u16, u16, u16);

/// There is nobody. Each stands between spaces in small letters, with everything that is no letter or digit made a space.
const NOBODY: &[&str] = &[
    "user unknown",
    "unknown user",
    "unknown recipient",
    "recipient unknown",
    "unknown address",
    "address unknown",
    "unknown mailbox",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "no such address",
    "no such account",
    "no such person",
    "no mailbox here",
    "not a valid mailbox",
    "user not found",
    "recipient not found",
    "mailbox not found",
    "address not found",
    "mailbox unavailable",
    "invalid recipient",
    "invalid mailbox",
    "unrouteable address",
    "does not exist",
    "doesn t exist",
    "no longer exists",
    "no longer valid",
    "doesn t have a yahoo com account",
    "account has been disabled",
    "account is disabled",
    "mailbox is disabled",
    "mailbox disabled",
    "account that you tried to reach is disabled",
    "account closed",
];

/// There is somebody, whose mailbox takes nothing more.
const FULL: &[&str] =
    &["full", "quota", "overquota", "exceeded storage", "storage allocation", "too large", "too big"];

/// It is we who are not wanted.
const NOT_US: &[&str] = &[
    "blocked",
    "blacklist",
    "blacklisted",
    "blocklist",
    "blocklisted",
    "denylist",
    "listed",
    "spam",
    "policy",
    "reputation",
    "dmarc",
    "spf",
    "dkim",
    "relay",
    "relaying",
    "denied",
    "banned",
    "suspicious",
    "unauthenticated",
    "unsolicited",
    "rate limit",
    "sender",
    "reverse dns",
    "ptr",
];

/// What failed means: `status` as the report gives it, `diagnostic` as the last server said it.
pub(super) fn bounce(status: Option<&str>, diagnostic: Option<&str>) -> Bounce {
    let reported = status.map(without_comment).and_then(Status::of);
    let words = diagnostic.map(plain_words).unwrap_or_default();
    // What the last server wrote itself weighs more than what another one made of it: some write 5.0.0 or 5.1.1 over every no.
    let remote = diagnostic.and_then(in_diagnostic);
    match (remote, reported) {
        (Some(remote), Some(reported)) if remote.0 != reported.0 => Bounce::Lost,
        (Some(remote), _) if remote.says_something() => remote.bounce(&words),
        (Some(_), reported) | (None, reported) => match reported {
            Some(reported) if reported.says_something() => match reported.bounce(&words) {
                Bounce::Dead if remote.is_none() && holds(&words, NOT_US) && !holds(&words, NOBODY) => {
                    Bounce::Blocked
                }
                bounce => bounce,
            },
            Some(Status(5, ..)) => by_words(&words),
            None if reply_code(diagnostic).is_some_and(|code| code.starts_with('5')) => by_words(&words),
            _ => Bounce::Lost,
        },
    }
}

/// What stands before a comment (RFC 5322, 3.2.2).
pub(super) fn without_comment(value: &str) -> &str {
    value.split('(').next().unwrap_or_default().trim()
}

impl Status {
    fn of(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|n| {
            let plain = (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
            n.parse::<u16>().ok().filter(|_| plain)
        });
        let status = Self(numbers.next()??, numbers.next()??, numbers.next()??);
        (numbers.next().is_none() && matches!(status.0, 2 | 4 | 5)).then_some(status)
    }

    /// Whether it says more than yes or no.
    fn says_something(self) -> bool {
        !matches!(self, Self(_, 0, _) | Self(_, 2 | 3 | 5, 0))
    }

    fn bounce(self, words: &str) -> Bounce {
        match self {
            // Our own address, or the way that it is written (7, 8); a yes in disguise (5, 9).
            Self(5, 1, 7 | 8) => Bounce::Blocked,
            Self(5, 1, 5 | 9) => Bounce::Lost,
            // Some write it of the sender's address too.
            Self(5, 1, 0) if holds(words, NOT_US) && !holds(words, NOBODY) => Bounce::Blocked,
            Self(5, 1, _) | Self(5, 2, 1) => Bounce::Dead,
            // There is no way to that domain. 5.4.310 is Exchange Online's word for it.
            Self(5, 4, 4 | 310) => Bounce::Dead,
            // 'No answer from host' by the standard; Exchange Online says it of addresses that it does not have.
            Self(5, 4, 1) if words.contains(" recipient address rejected ") => Bounce::Dead,
            Self(5, 7, _) => Bounce::Blocked,
            _ => Bounce::Lost,
        }
    }
}

fn by_words(words: &str) -> Bounce {
    if holds(words, FULL) {
        Bounce::Lost
    } else if holds(words, NOT_US) {
        Bounce::Blocked
    } else if holds(words, NOBODY) {
        Bounce::Dead
    } else {
        Bounce::Lost
    }
}

fn holds(words: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| words.contains(&format!(" {phrase} ")))
}

/// Small letters and digits, one space between and around them.
fn plain_words(text: &str) -> String {
    let mut words = String::from(" ");
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        words.push_str(word);
        words.push(' ');
    }
    words
}

/// The enhanced code that the last server wrote behind its reply code: `smtp; 550-5.1.1 …` (RFC 2034).
fn in_diagnostic(diagnostic: &str) -> Option<Status> {
    let (_, code) = reply(diagnostic)?;
    let first = code.trim_start_matches(['-', ' ']).split_whitespace().next()?;
    Status::of(first.trim_start_matches('#').trim_end_matches([':', ',', ';']))
}

fn reply_code(diagnostic: Option<&str>) -> Option<&str> {
    diagnostic.and_then(reply).map(|(code, _)| code)
}

/// The reply code and what stands behind it; the type before the semicolon must be smtp's.
fn reply(diagnostic: &str) -> Option<(&str, &str)> {
    let (kind, rest) = diagnostic.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("smtp") {
        return None;
    }
    let rest = rest.trim_start();
    let (code, behind) = rest.split_at_checked(3)?;
    let is_code =
        code.bytes().all(|b| b.is_ascii_digit()) && !behind.starts_with(|c: char| c.is_ascii_alphanumeric());
    is_code.then_some((code, behind))
}
