//! How a file looks: what it opens with, how long it is, what it is called, and what it must not leave behind.
//! It refuses to know who imports whom; that is imports.rs.

use std::collections::BTreeSet;

use crate::lexing::{Class, Language, has_word, only};
use crate::{Complaint, File};

/// Fewer letters cannot say what a file is for and what it refuses to know.
const SHORTEST_OPENING: usize = 40;

/// Past this many lines a file says why it is one thing.
const LONG: usize = 500;

pub(crate) fn opening(file: &File) -> Vec<Complaint> {
    // A snapshot is what a browser was given, to the byte.
    if file.path.contains("/snapshots/") {
        return Vec::new();
    }
    let marks: &[&str] = match file.extension() {
        "rs" => &["//!"],
        "ts" | "js" | "mjs" => &["//", "/*"],
        "svelte" | "html" => &["<!--"],
        "css" => &["/*"],
        "sql" => &["--"],
        "toml" if file.path.ends_with("Cargo.toml") => return Vec::new(),
        "toml" => &["#"],
        "" if file.path.starts_with("scripts/") || file.path == "Makefile" => &["#", "//"],
        _ => return Vec::new(),
    };
    let mut lines = file.text.lines().map(str::trim).filter(|line| {
        !line.is_empty() && !line.starts_with("#!") && !line.to_ascii_lowercase().starts_with("<!doctype")
    });
    let first = lines.next().unwrap_or("");
    if !marks.iter().any(|mark| first.starts_with(mark)) {
        return vec![
            file.at(1, "the file does not open with what it is for and what it refuses to know.".to_owned()),
        ];
    }
    let block = marks.iter().any(|mark| matches!(*mark, "/*" | "<!--") && first.starts_with(mark));
    let mut said = first.chars().count();
    for line in lines {
        let goes_on = block || marks.iter().any(|mark| line.starts_with(mark));
        if !goes_on || said >= SHORTEST_OPENING {
            break;
        }
        said += line.chars().count();
    }
    if said < SHORTEST_OPENING {
        return vec![file.at(1, "the opening comment is too short to say what the file is for.".to_owned())];
    }
    Vec::new()
}

pub(crate) fn length(file: &File) -> Vec<Complaint> {
    if !["rs", "ts", "mjs", "svelte", "css", "sql"].contains(&file.extension()) {
        return Vec::new();
    }
    let lines = file.text.lines().count();
    let says_why = file.text.lines().take(20).any(|line| line.to_lowercase().contains("one thing because"));
    if lines > LONG && !says_why {
        return vec![
            file.at(
                1,
                format!("{lines} lines. Split it, or say at its top that it is 'one thing because …'."),
            ),
        ];
    }
    Vec::new()
}

pub(crate) fn names(file: &File) -> Vec<Complaint> {
    const NO_ROOMS: [&str; 10] =
        ["util", "utils", "common", "manager", "managers", "helper", "helpers", "misc", "new", "stuff"];
    let parts = file.path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    let mut bad: Vec<String> = parts.filter(|part| NO_ROOMS.contains(part)).map(str::to_owned).collect();
    if file.is("rs") {
        let code = only(&file.text, Language::Rust, Class::Code);
        bad.extend(
            code.lines()
                .filter_map(|line| line.trim_start().trim_start_matches("pub ").strip_prefix("mod "))
                .filter_map(|rest| rest.split([' ', ';', '{']).next())
                .filter(|name| NO_ROOMS.contains(name))
                .map(str::to_owned),
        );
    }
    bad.into_iter()
        .map(|name| file.at(1, format!("a room called {name} says nothing. Name it for what it does.")))
        .collect()
}

pub(crate) fn left_behind(file: &File) -> Vec<Complaint> {
    // Put together here, so that this file does not hold what it looks for.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("to", "do!"),
        concat!("unimple", "mented!"),
        concat!("#[ig", "nore"),
        concat!(".ski", "p("),
        concat!("test.on", "ly"),
        concat!("describe.on", "ly"),
        concat!("it.on", "ly("),
    ];
    if !["rs", "ts", "mjs", "svelte", "css", "sql", ""].contains(&file.extension()) {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for mark in marks {
            // An iterator's `skip` in Rust is not a test that is passed over.
            let test_only = mark.starts_with(".ski") || mark.contains("on");
            if has_word(line, mark)
                && !(test_only && file.is("rs"))
                && !is_slice_of_iterator(file, line, mark)
            {
                complaints
                    .push(file.at(number + 1, format!("{mark} is left here. Do it, or say it in an issue.")));
            }
        }
    }
    complaints
}

/// In a script `.skip(` is a test passed over only behind `test`, `it` or `describe`.
fn is_slice_of_iterator(file: &File, line: &str, mark: &str) -> bool {
    let tests = ["test", "it", "describe"];
    !file.is("rs")
        && mark.starts_with(".ski")
        && !tests.iter().any(|name| has_word(line, &format!("{name}{mark}")))
}

/// SQL is in lower case, and never asks the database for the time or for chance.
pub(crate) fn sql(file: &File) -> Vec<Complaint> {
    const WORDS: [&str; 34] = [
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "FROM",
        "WHERE",
        "CREATE",
        "ALTER",
        "DROP",
        "TABLE",
        "INDEX",
        "VALUES",
        "RETURNING",
        "PRAGMA",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "JOIN",
        "LIMIT",
        "ORDER",
        "GROUP",
        "UNION",
        "CONFLICT",
        "PRIMARY",
        "FOREIGN",
        "REFERENCES",
        "UNIQUE",
        "NULL",
        "AND",
        "COUNT",
        "EXISTS",
        "DISTINCT",
        "INTO",
        "SET",
    ];
    const NOT_ASKED: [&str; 7] = [
        "now()",
        "current_timestamp",
        "current_date",
        "clock_timestamp",
        "random()",
        "gen_random_uuid",
        "julianday",
    ];
    let text = match file.extension() {
        _ if !file.path.starts_with("crates/store/") => return Vec::new(),
        "rs" => only(&file.text, Language::Rust, Class::Text),
        "sql" => file.text.lines().map(|l| l.split("--").next().unwrap_or("")).collect::<Vec<_>>().join("\n"),
        _ => return Vec::new(),
    };
    let mut complaints = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if let Some(word) = WORDS.iter().find(|word| has_word(line, word)) {
            complaints.push(file.at(number + 1, format!("{word} shouts. SQL is written in lower case.")));
        }
        // One question about the time is asked, of a server with a clock of its own, and says why; what it answers is one voice among others.
        let voice = file.path == "crates/store/src/sql/server_time.rs";
        let asked = NOT_ASKED.iter().find(|word| has_word(line, word));
        if let Some(word) = asked.filter(|word| !voice || **word != "clock_timestamp") {
            complaints.push(
                file.at(number + 1, format!("{word} asks the database. Time and chance are given to it.")),
            );
        }
    }
    complaints
}

/// Each dependency says why it is here.
pub(crate) fn reasons(file: &File) -> Vec<Complaint> {
    match file.path.as_str() {
        "Cargo.toml" => reasons_in_cargo(file),
        "web/package.json" => reasons_in_package(file),
        _ => Vec::new(),
    }
}

fn reasons_in_cargo(file: &File) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let (mut inside, mut before) = (false, "");
    for (number, line) in file.text.lines().enumerate() {
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        } else if inside && line.contains('=') && !line.starts_with('#') && !line.contains("path = ") {
            let behind = line.rsplit_once('#').is_some_and(|(_, why)| why.trim().len() >= 4);
            if !behind && !before.starts_with("# ") {
                let name = line.split([' ', '=']).next().unwrap_or(line);
                complaints.push(file.at(number + 1, format!("{name} does not say why it is here.")));
            }
        }
        before = line;
    }
    complaints
}

fn reasons_in_package(file: &File) -> Vec<Complaint> {
    let Ok(package) = serde_json::from_str::<serde_json::Value>(&file.text) else {
        return vec![file.at(1, "this is not JSON.".to_owned())];
    };
    let keys = |name: &str| -> BTreeSet<String> {
        let of = package.get(name).and_then(serde_json::Value::as_object);
        of.map(|map| map.keys().cloned().collect()).unwrap_or_default()
    };
    let guests: BTreeSet<String> = &keys("dependencies") | &keys("devDependencies");
    let said = keys("why");
    let mut complaints: Vec<Complaint> = (&guests - &said)
        .into_iter()
        .map(|name| file.at(1, format!("{name} does not say under \"why\" why it is here.")))
        .collect();
    complaints.extend(
        (&said - &guests)
            .into_iter()
            .map(|name| file.at(1, format!("{name} has a reason under \"why\" but is not here."))),
    );
    for name in guests {
        let versions =
            ["dependencies", "devDependencies"].map(|of| package[of][&name].as_str().unwrap_or(""));
        if versions.iter().any(|v| v.starts_with(['^', '~', '*', '>'])) {
            complaints.push(file.at(1, format!("{name} has no exact version.")));
        }
    }
    complaints
}

/// No page asks anybody but this house for anything.
pub(crate) fn third_parties(file: &File) -> Vec<Complaint> {
    if !file.path.starts_with("web/src/") && !file.path.starts_with("crates/unsaid/src/http") {
        return Vec::new();
    }
    let asks = [
        "src=\"http",
        "src='http",
        "url(http",
        "url(\"http",
        "url('http",
        "@import \"http",
        "@import url(",
        "src=\"//",
    ];
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let link = line.contains("<link") && line.contains("href=\"http");
        if link || asks.iter().any(|ask| line.contains(ask)) {
            complaints.push(
                file.at(
                    number + 1,
                    "a page would ask somebody else for this. Keep it in the house.".to_owned(),
                ),
            );
        }
    }
    complaints
}

/// What is read from a request refuses fields that it does not know, so that a slip of the pen, or of a stranger, is not passed over.
pub(crate) fn strict_reading(file: &File) -> Vec<Complaint> {
    if !file.path.starts_with("crates/unsaid/src/http/") || !file.is("rs") {
        return Vec::new();
    }
    let code = only(&file.text, Language::Rust, Class::Code);
    let lines: Vec<&str> = code.lines().collect();
    let mut complaints = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        if !line.contains("#[derive(") || !has_word(line, "Deserialize") {
            continue;
        }
        let behind: Vec<&str> =
            lines[number + 1..].iter().copied().take_while(|l| l.trim().starts_with("#[")).collect();
        let item = lines.get(number + 1 + behind.len()).copied().unwrap_or("");
        let strict = behind.iter().any(|line| line.contains("deny_unknown_fields"));
        if has_word(item, "struct") && !strict {
            complaints.push(
                file.at(
                    number + 1,
                    "it would pass over fields that it does not know. Write #[serde(deny_unknown_fields)]."
                        .to_owned(),
                ),
            );
        }
    }
    complaints
}
