//! What several sources of time agree on. One that lies is outvoted: nothing is believed that only one source says. This file is given what they said; it does not
//! know who they are, beyond their names.

use super::Source;
use jiff::Timestamp;

/// Sources agree that say the same instant within so many seconds. A Date header has whole seconds and may be ten seconds old when it is read (the patience of
/// outward.rs), and what was heard an hour ago was carried on by a clock that may be two seconds off since.
pub const SOURCES_AGREE_SECONDS: i64 = 30;

/// What at least two sources say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// The earliest that one of them says: what has certainly been reached.
    pub lowest: Timestamp,
    /// The latest that one of them says.
    pub highest: Timestamp,
    /// How many they are.
    pub sources: usize,
}

/// `two-sources-agree`: what the largest number of sources say within [`SOURCES_AGREE_SECONDS`]; of two groups alike in number, the earlier. None: no two
/// agree. A name that is heard twice is one source.
pub fn agreed(sources: &[Source]) -> Option<Agreed> {
    if sources.len() < 2 {
        return None;
    }
    let mut said: Vec<&Source> = sources.iter().collect();
    said.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    let mut best: Option<Agreed> = None;
    for (i, first) in said.iter().enumerate() {
        let mut names = Vec::new();
        let mut highest = first.at;
        for source in &said[i..] {
            if source.at.as_second() - first.at.as_second() > SOURCES_AGREE_SECONDS {
                break;
            }
            if !names.contains(&&source.name) {
                names.push(&source.name);
                highest = source.at;
            }
        }
        let enough = names.len() >= 2 && best.is_none_or(|best| names.len() > best.sources);
        if enough {
            best = Some(Agreed { lowest: first.at, highest, sources: names.len() });
        }
    }
    best
}

/// How many different sources answered.
pub fn answered(sources: &[Source]) -> usize {
    sources.iter().enumerate().filter(|(i, s)| sources[..*i].iter().all(|other| other.name != s.name)).count()
}
