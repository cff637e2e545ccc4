//! What a host may want to see of the clocks, as values, and as sentences for the command line. It decides nothing, and says nothing that the rules did not decide.

use super::others::{Others, Silent};
use crate::clock::{Clock, Reading};
use crate::matters::{self, Matter, plain};
use crate::words::Words;
use jiff::Timestamp;
use unsaid_delivery::Now;
use unsaid_delivery::clock::{AGREEMENT_SLACK_SECONDS, Doubt, Mark, Timekeeper, agreed};

/// The clocks as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clocks {
    /// Trusted and observed time.
    pub now: Now,
    /// What each source that answers says, this machine's clock first.
    pub said: Vec<SourceSaid>,
    /// The sources that say nothing.
    pub silent: Vec<Silent>,
    /// What is in doubt; none: all is well.
    pub doubt: Option<Doubt>,
}

/// What one source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSaid {
    /// Which.
    pub name: String,
    /// The time by what it said.
    pub at: Timestamp,
    /// How far it is ahead of trusted time, in seconds; behind where that is negative.
    pub ahead_seconds: i64,
    /// Others agree, and this one is somewhere else: it is outvoted.
    pub outvoted: bool,
}

impl Clocks {
    /// As somebody finds them who comes from outside: by what the house has stored last, and what its sources say now.
    pub fn found(clock: &dyn Clock, others: &Others, mark: Mark) -> Self {
        let reading = super::reading(clock, others);
        let mut keeper = super::keeper(mark, &reading, others);
        // What an open house would make of it, in which two sources step at once.
        keeper.read(&reading, false);
        Self::of(&keeper, &reading, &others.silent(reading.monotonic))
    }

    /// What a keeper of time makes of a reading.
    pub(crate) fn of(keeper: &Timekeeper, reading: &Reading, silent: &[Silent]) -> Self {
        let now = keeper.now();
        let agreed = agreed(&reading.sources);
        let said = reading
            .sources
            .iter()
            .map(|source| SourceSaid {
                name: source.name.clone(),
                at: source.at,
                ahead_seconds: source.at.as_second() - now.trusted.as_second(),
                outvoted: agreed.is_some_and(|agreed| {
                    source.at.as_second() > agreed.highest.as_second() + AGREEMENT_SLACK_SECONDS
                        || source.at.as_second() < agreed.lowest.as_second() - AGREEMENT_SLACK_SECONDS
                }),
            })
            .collect();
        Self { now, said, silent: silent.to_vec(), doubt: keeper.doubt(reading) }
    }

    /// Whether there is nothing that the host has to mend: a clock that is about to be believed mends itself.
    pub fn is_well(&self) -> bool {
        let mends_itself = |matter: &Matter| matches!(matter, Matter::Clock(Doubt::Settling { .. }));
        matters::of_clocks(self).iter().all(mends_itself)
    }

    /// What is in doubt, in two sentences each: what is so, and what to do.
    pub fn findings(&self) -> Vec<String> {
        let matters = matters::of_clocks(self);
        matters.iter().map(|matter| matter.says(Words::english()).plain()).collect()
    }

    /// One line for each source.
    pub fn lines(&self) -> Vec<String> {
        let english = Words::english();
        let said = self.said.iter().map(|source| {
            let trusted = if source.ahead_seconds.abs() <= AGREEMENT_SLACK_SECONDS {
                "as trusted time".to_owned()
            } else {
                format!("{} trusted time", away(english, source.ahead_seconds))
            };
            format!("{}: {}, {trusted}", plain(&called(english, &source.name)), shown(source.at))
        });
        let silent = self.silent.iter().map(|silent| {
            let name = plain(&called(english, &silent.name));
            match silent.why {
                Some(why) => format!("{name}: {why}"),
                None => format!("{name}: not asked yet"),
            }
        });
        said.chain(silent).collect()
    }
}

/// An instant as the command line shows it.
pub fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How far, and in which direction, to be read before what it is measured by.
pub fn away(words: &Words, ahead_seconds: i64) -> String {
    let direction = if ahead_seconds >= 0 { "host.clock.ahead_of" } else { "host.clock.behind_of" };
    words.say(direction, &[("span", &span(words, ahead_seconds))])
}

/// A span as one would say it, rounded down.
pub fn span(words: &Words, seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (many, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        172_800..63_072_000 => (seconds / 86_400, "day"),
        _ => (seconds / 31_557_600, "year"),
    };
    matters::counted(words, &format!("host.span.{unit}"), many)
}

/// A source as it is called: this machine's clock, the database, or a host by its name.
pub fn called(words: &Words, name: &str) -> String {
    match name {
        crate::clock::WALL => words.say("host.clock.machine", &[]),
        super::others::DATABASE => words.say("host.clocks.database", &[]),
        host => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(doubt: Doubt) -> String {
        matters::of_doubt(Words::english(), doubt).plain()
    }

    #[test]
    fn every_doubt_is_two_sentences() {
        let doubts = [
            Doubt::Settling { ahead_seconds: 700 },
            Doubt::NeedsConfirming { ahead_seconds: 50 * 86_400 },
            Doubt::Behind { behind_seconds: 7_300 },
            Doubt::Alone { ahead_seconds: -7_300 },
            Doubt::Apart { between_seconds: 100 },
            Doubt::Ahead { ahead_seconds: 3_601 },
        ];
        for doubt in doubts {
            let said = explained(doubt);
            assert_eq!(said.matches(". ").count(), 1, "{said}");
            assert!(!doubt.word().is_empty());
        }
        assert!(explained(doubts[0]).starts_with("This machine's clock is 11 minutes ahead of"));
        assert!(explained(doubts[2]).starts_with("This machine's clock is 2 hours behind what"));
    }

    #[test]
    fn a_span_is_said_as_one_would_say_it() {
        let said = [1, 119, 120, 7_199, 7_200, 172_799, 172_800, 63_071_999, 1_577_880_000];
        let said = said.map(|seconds| span(Words::english(), seconds));
        assert_eq!(
            said,
            [
                "1 second",
                "119 seconds",
                "2 minutes",
                "119 minutes",
                "2 hours",
                "47 hours",
                "2 days",
                "729 days",
                "50 years"
            ]
        );
    }
}
