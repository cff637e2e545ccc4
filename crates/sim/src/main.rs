//! `unsaid-sim`: runs seeds one after the other and says what they came to, or plants one fault after the other and says which property found it. Ends with an error when a property was
//! broken, or a planted fault survived.

use std::process::ExitCode;
use unsaid_sim::mutants::{self, Ended, MUTANTS};
use unsaid_sim::{LEGEND, Options, Outcome, Over, differ, name, run};

const HELP: &str = "\
unsaid-sim [mutants] [--seeds N] [--from SEED] [--authors N] [--years N] [--one-in N] [--store memory|sqlite|postgres] [--only FAULT] [--verbose]
  mutants    plants each fault in turn, for at most so many seeds, and says which property found it; --only: this one
  --one-in   one author in so many lets letters wait for her end
  --verbose  a line for each event, with a legend before it";

/// Of so many seeds one is also lived in two worlds.
const WORLDS: u64 = 10;

/// What was asked for.
struct Asked {
    options: Options,
    seeds: u64,
    mutants: bool,
    only: Option<String>,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]
fn main() -> ExitCode {
    let asked = match read(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(said) => {
            eprintln!("{said}");
            return ExitCode::FAILURE;
        }
    };
    if asked.options.aloud {
        println!("{LEGEND}");
    }
    let ended = if asked.mutants { hunt(&asked) } else { live(&asked) };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(said) => {
            eprintln!("{said}");
            ExitCode::FAILURE
        }
    }
}

/// Seeds one after the other. Whether nothing was broken.
#[expect(clippy::print_stdout, reason = "a program for the terminal")]
fn live(asked: &Asked) -> Result<bool, String> {
    let mut sum = Outcome::default();
    for seed in asked.options.seed..asked.options.seed + asked.seeds {
        let options = Options { seed, ..asked.options };
        let outcome = run(options)?;
        if !outcome.violations.is_empty() {
            println!("seed {seed} broke what must always hold, at commit {}:", commit());
            outcome.log.iter().for_each(|line| println!("  {line}"));
            outcome.violations.iter().for_each(|line| println!("! {line}"));
            println!("again: unsaid-sim {options} --verbose");
        }
        sum.add(&outcome);
        if (seed - asked.options.seed).is_multiple_of(WORLDS) {
            let small = Options { authors: options.authors.min(8), years: options.years.min(3), ..options };
            if let Some(told) = differ(small)? {
                println!("! {} at seed {seed}: {told}", name(15));
                sum.violations.push(told);
            }
        }
    }
    if sum.let_go > 0 {
        println!("authors whose letters were let go: {}", sum.let_go);
    }
    println!(
        "seeds: {}  authors: {}  years: {}  events: {}  crashes: {}  restores: {}  duplicates: {}  violations: {}",
        asked.seeds,
        asked.options.authors,
        asked.options.years,
        sum.events,
        sum.crashes,
        sum.restores,
        sum.duplicates,
        sum.violations.len()
    );
    Ok(sum.violations.is_empty())
}

/// One planted fault after the other. Whether each was found by its own property.
#[expect(clippy::print_stdout, reason = "a program for the terminal")]
fn hunt(asked: &Asked) -> Result<bool, String> {
    let (mut all, mut hunted) = (true, 0);
    for mutant in MUTANTS {
        let planted = format!("{:?}", mutant.planted);
        if asked.only.as_ref().is_some_and(|only| *only != planted) {
            continue;
        }
        hunted += 1;
        let property = format!("{} {}", mutant.property, name(mutant.property));
        let said = match mutants::hunt(*mutant, asked.options, asked.seeds)? {
            Ended::Found(seed) => format!("found at seed {seed}"),
            Ended::FoundByAnother(seed, first) => {
                all = false;
                format!("FOUND BY ANOTHER at seed {seed}: {first}")
            }
            Ended::Survived => {
                all = false;
                "SURVIVED".to_owned()
            }
        };
        println!("{planted:<22} {property:<58} {said}");
    }
    if hunted == 0 {
        return Err("No fault has this name. Their names come with: unsaid-sim mutants --seeds 1".to_owned());
    }
    println!("planted: {hunted}  {}", if all { "all of them found" } else { "NOT all of them found" });
    Ok(all)
}

/// Of which commit this is, where a repository is beside it.
fn commit() -> String {
    let said = std::process::Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    said.ok()
        .and_then(|out| String::from_utf8(out.stdout).ok())
        .map_or_else(String::new, |s| s.trim().to_owned())
}

fn read(words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked =
        Asked { options: Options { one_in: 3, ..Options::default() }, seeds: 20, mutants: false, only: None };
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        match word.as_str() {
            "mutants" => asked.mutants = true,
            "--only" => asked.only = Some(words.next().unwrap_or_default()),
            "--verbose" => asked.options.aloud = true,
            "--seeds" => asked.seeds = number(&word, words.next())?,
            "--from" => asked.options.seed = number(&word, words.next())?,
            "--authors" => asked.options.authors = number(&word, words.next())?,
            "--store" => {
                asked.options.over = words.next().unwrap_or_default().parse()?;
                // What a restored copy makes of lives is asked for by hand (--one-in).
                if asked.options.over == Over::Sqlite {
                    asked.options.one_in = 0;
                }
            }
            "--one-in" => asked.options.one_in = number(&word, words.next())?,
            "--years" => asked.options.years = number(&word, words.next())?,
            _ => return Err(format!("{word} means nothing here.\n{HELP}")),
        }
    }
    Ok(asked)
}

fn number(word: &str, value: Option<String>) -> Result<u64, String> {
    let said = || format!("{word} wants a whole number. For example: --seeds 20 --authors 10 --years 3");
    value.and_then(|v| v.parse().ok()).ok_or_else(said)
}
