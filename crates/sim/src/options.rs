//! What is to be run: everything that a run depends on beside the code, so that a line of it says how to see the same again.

use std::fmt;
use std::str::FromStr;
use unsaid_delivery::planted::Planted;

/// Over which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Over {
    /// Rows in memory.
    #[default]
    Memory,
    /// SQLite, in memory.
    Sqlite,
    /// PostgreSQL, a database of its own for each run.
    Postgres,
}

impl Over {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

impl FromStr for Over {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "memory" => Ok(Self::Memory),
            "sqlite" => Ok(Self::Sqlite),
            "postgres" => Ok(Self::Postgres),
            _ => Err(format!("There is no store named {text}. There are memory, sqlite and postgres.")),
        }
    }
}

/// One run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Everything is drawn from it.
    pub seed: u64,
    /// How many write.
    pub authors: u64,
    /// How long the faulty part is.
    pub years: u64,
    /// Over which store.
    pub over: Over,
    /// One author in so many lets letters wait for her end, of many authors fewer; 0: nobody does.
    pub one_in: u64,
    /// A fault of the engine's, planted on purpose.
    pub planted: Option<Planted>,
    /// Says each event as it comes.
    pub aloud: bool,
    /// Nothing breaks.
    pub calm: bool,
    /// Nobody who is written to does anything.
    pub silent: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            authors: 8,
            years: 3,
            over: Over::Memory,
            one_in: 0,
            planted: None,
            aloud: false,
            calm: false,
            silent: false,
        }
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "--from {} --seeds 1 --authors {} --years {} --one-in {} --store {}",
            self.seed,
            self.authors,
            self.years,
            self.one_in,
            self.over.name()
        )
    }
}
