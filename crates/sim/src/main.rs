//! `unsaid-sim`: runs seeds and says what they came to, or plants one fault after the other and says which property found it; as many side by side as there are processors, told in their order.
//! Ends with an error when a property was broken, or a planted fault survived.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use unsaid_sim::mutants::{self, Ended, MUTANTS};
use unsaid_sim::{LEGEND, Options, Outcome, Over, differ, name, run};

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "\
unsaid-sim [mutants] [--seeds N] [--from SEED] [--authors N] [--years N] [--one-in N] [--store memory|sqlite|postgres] [--only FAULT] [--jobs N] [--verbose]
  mutants    plants each fault in turn, for at most so many seeds, and says which property found it; --only: this one
  --one-in   one author in so many lets letters wait for her end
  --jobs     so many seeds at once; as many as there are processors otherwise
  --verbose  a line for each event, with a legend before it";

/// Of so many seeds one is also lived in two worlds.
const WORLDS: u64 = 10;

/// What was asked for.
struct Asked {
    options: Options,
    seeds: u64,
    mutants: bool,
    only: Option<String>,
    jobs: u64,
}

/// What one seed came to, and what two worlds of it differ in.
struct Lived {
    outcome: Outcome,
    differs: Option<String>,
}

/// The stack of the first thread of a program; others get less.
const STACK: usize = 8 << 20;

/// Does so many pieces of work, some of them at once: nothing that they do is seen by another thread. What came of each is heard in its order, as soon as all before it are done.
fn side_by_side<T: Send>(
    many: u64,
    jobs: u64,
    work: impl Fn(u64) -> Result<T, String> + Sync,
    mut hear: impl FnMut(u64, T),
) -> Result<(), String> {
    let next = &AtomicU64::new(0);
    let work = &work;
    std::thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        for _ in 0..jobs.clamp(1, many.max(1)) {
            let tell = tell.clone();
            let thread = move || loop {
                let piece = next.fetch_add(1, Ordering::Relaxed);
                if piece >= many || tell.send((piece, work(piece))).is_err() {
                    return;
                }
            };
            let started = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, thread);
            started.map_err(|error| {
                format!("No thread could be started ({error}). Ask for fewer with: --jobs 1")
            })?;
        }
        drop(tell);
        let (mut waiting, mut due) = (BTreeMap::new(), 0);
        for (piece, came) in told {
            waiting.insert(piece, came);
            while let Some(came) = waiting.remove(&due) {
                hear(due, came?);
                due += 1;
            }
        }
        Ok(())
    })
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

/// One seed after the other. Whether nothing was broken.
#[expect(clippy::print_stdout, reason = "a program for the terminal")]
fn live(asked: &Asked) -> Result<bool, String> {
    let mut sum = Outcome::default();
    let of = |nth: u64| Options { seed: asked.options.seed + nth, ..asked.options };
    let lived = |nth: u64| {
        let options = of(nth);
        let outcome = run(options)?;
        let small = Options { authors: options.authors.min(8), years: options.years.min(3), ..options };
        let differs = if nth.is_multiple_of(WORLDS) { differ(small)? } else { None };
        Ok(Lived { outcome, differs })
    };
    side_by_side(asked.seeds, asked.jobs, lived, |nth, Lived { outcome, differs }| {
        let options = of(nth);
        if !outcome.violations.is_empty() {
            println!("seed {} broke what must always hold, at commit {}:", options.seed, commit());
            outcome.log.iter().for_each(|line| println!("  {line}"));
            outcome.violations.iter().for_each(|line| println!("! {line}"));
            println!("again: unsaid-sim {options} --verbose");
        }
        sum.add(&outcome);
        if let Some(told) = differs {
            println!("! {} at seed {}: {told}", name(15), options.seed);
            sum.violations.push(told);
        }
    })?;
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
    let asked_for = |planted: &str| asked.only.as_ref().is_none_or(|only| only == planted);
    let hunted: Vec<_> =
        MUTANTS.iter().filter(|mutant| asked_for(&format!("{:?}", mutant.planted))).collect();
    let mut all = true;
    let many = u64::try_from(hunted.len()).unwrap_or(u64::MAX);
    let at = |nth: u64| hunted[usize::try_from(nth).unwrap_or(usize::MAX)];
    let hunt = |nth: u64| mutants::hunt(*at(nth), asked.options, asked.seeds);
    side_by_side(many, asked.jobs, hunt, |nth, ended| {
        let mutant = at(nth);
        let property = format!("{} {}", mutant.property, name(mutant.property));
        let said = match ended {
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
        println!("{:<22} {property:<58} {said}", format!("{:?}", mutant.planted));
    })?;
    if hunted.is_empty() {
        return Err("No fault has this name. Their names come with: unsaid-sim mutants --seeds 1".to_owned());
    }
    println!("planted: {many}  {}", if all { "all of them found" } else { "NOT all of them found" });
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
    let jobs = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut asked = Asked {
        options: Options { one_in: 3, ..Options::default() },
        seeds: 20,
        mutants: false,
        only: None,
        jobs: u64::try_from(jobs).unwrap_or(1),
    };
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        match word.as_str() {
            "mutants" => asked.mutants = true,
            "--only" => asked.only = Some(words.next().unwrap_or_default()),
            "--jobs" => asked.jobs = number(&word, words.next())?,
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
    if asked.options.aloud {
        // Each event is told as it happens.
        asked.jobs = 1;
    }
    Ok(asked)
}

fn number(word: &str, value: Option<String>) -> Result<u64, String> {
    let said = || format!("{word} wants a whole number. For example: --seeds 20 --authors 10 --years 3");
    value.and_then(|v| v.parse().ok()).ok_or_else(said)
}
