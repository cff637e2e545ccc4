//! What once failed, kept for ever: seeds.txt, a line each, with the options, the commit at which it failed, and what it was.

use crate::{Options, Over};

/// The file.
const KEPT: &str = include_str!("../seeds.txt");

/// One of them.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What to run.
    pub options: Options,
    /// At which commit it failed, and what it was.
    pub what: &'static str,
}

/// All that were kept.
///
/// # Errors
/// A line does not read as: seed authors years store commit what; the store may be followed by `/` and one author in how many.
pub fn kept() -> Result<Vec<Kept>, String> {
    let lines = KEPT.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| read(line).ok_or_else(|| format!("seeds.txt has a line that does not read: {line}")))
        .collect()
}

fn read(line: &'static str) -> Option<Kept> {
    let mut words = line.splitn(5, ' ');
    let mut number = || words.next()?.parse().ok();
    let (seed, authors, years) = (number()?, number()?, number()?);
    let (over, one_in) = words.next().map(|over| over.split_once('/').unwrap_or((over, "0")))?;
    let (over, one_in): (Over, u64) = (over.parse().ok()?, one_in.parse().ok()?);
    let what = words.next()?;
    Some(Kept { options: Options { seed, authors, years, over, one_in, ..Options::default() }, what })
}
