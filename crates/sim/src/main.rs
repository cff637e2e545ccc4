//! `unsaid-sim --seeds N --authors N --years N [--from SEED]`: runs seeds one after the other and says what they came to. Ends with an error when a property
//! was broken, after printing the seed and the last events.

use std::process::ExitCode;
use unsaid_sim::{Options, Outcome, Planted, run};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]
fn main() -> ExitCode {
    let asked = match read(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(said) => {
            eprintln!("{said}");
            return ExitCode::FAILURE;
        }
    };
    let mut sum = Outcome::default();
    for seed in asked.from..asked.from + asked.seeds {
        let outcome =
            run(Options { seed, authors: asked.authors, years: asked.years, planted: Planted::Nothing });
        sum.events += outcome.events;
        sum.crashes += outcome.crashes;
        sum.duplicates += outcome.duplicates;
        if !outcome.violations.is_empty() {
            println!(
                "seed {seed} with {} authors and {} years broke what must always hold:",
                asked.authors, asked.years
            );
            outcome.log.iter().for_each(|line| println!("  {line}"));
            outcome.violations.iter().take(10).for_each(|line| println!("! {line}"));
            sum.violations.extend(outcome.violations);
        }
    }
    println!(
        "seeds: {}  authors: {}  years: {}  events: {}  crashes: {}  duplicates: {}  violations: {}",
        asked.seeds,
        asked.authors,
        asked.years,
        sum.events,
        sum.crashes,
        sum.duplicates,
        sum.violations.len()
    );
    if sum.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Asked {
    seeds: u64,
    authors: u64,
    years: u64,
    from: u64,
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked { seeds: 20, authors: 10, years: 3, from: 0 };
    while let Some(word) = words.next() {
        let value = words.next().and_then(|v| v.parse().ok()).ok_or_else(|| {
            format!("{word} wants a whole number. For example: --seeds 20 --authors 10 --years 3")
        })?;
        match word.as_str() {
            "--seeds" => asked.seeds = value,
            "--authors" => asked.authors = value,
            "--years" => asked.years = value,
            "--from" => asked.from = value,
            _ => {
                return Err(format!(
                    "{word} means nothing here. There are --seeds, --authors, --years and --from."
                ));
            }
        }
    }
    Ok(asked)
}
