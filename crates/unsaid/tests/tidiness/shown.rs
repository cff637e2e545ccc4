//! docs/threat-model.md and docs/asvs.csv say by which tests each promise is shown. Here the names are looked up among the tests that there are: in Rust, in the
//! store's conformance, in the browser half and in the browser stories. It refuses to know whether a test shows what it is said to show.

use crate::File;
use crate::lexing::{Class, Language, only};
use std::collections::BTreeSet;

/// The columns of docs/asvs.csv.
const COLUMNS: &str = "requirement,level,about,status,test,note";
const STATUSES: [&str; 4] = ["met", "partly", "not yet", "does not apply"];
/// Between two tests in one field; no name has it in it.
const BETWEEN: &str = " | ";
/// How the point of the threat model begins that names tests, each between backquotes.
const SHOWN_BY: &str = "- Shown by: ";

/// The names of all tests.
pub(crate) fn tests(files: &[File]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files {
        if file.is("rs") {
            names.extend(rust(&file.text));
            if file.path.starts_with("crates/store/src/conformance/checks/") {
                names.extend(checks(&file.text));
            }
        } else if file.path.ends_with(".test.ts") {
            names.extend(script(&file.text));
        }
    }
    names
}

/// Functions behind `#[test]` or `#[tokio::test]`, whatever other marks stand between.
fn rust(text: &str) -> Vec<String> {
    let code = only(text, Language::Rust, Class::Code);
    let mut names = Vec::new();
    for mark in ["#[test]", "#[tokio::test]", "#[tokio::test("] {
        for (at, _) in code.match_indices(mark) {
            let behind = &code[at..];
            let name = behind.split_once("fn ").map_or("", |(_, rest)| rest);
            let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            names.push(name);
        }
    }
    names
}

/// The checks of the conformance suite, each of which runs on every store.
fn checks(text: &str) -> Vec<String> {
    let code = only(text, Language::Rust, Class::Code);
    let named = |rest: &str| rest.split('(').next().unwrap_or("").to_owned();
    code.lines().filter_map(|line| line.strip_prefix("pub async fn ")).map(named).collect()
}

/// The titles of `test(…)`, `it(…)` and their `.each(…)(…)`, as they are written.
fn script(text: &str) -> Vec<String> {
    let code: Vec<char> = only(text, Language::Script, Class::Code).chars().collect();
    let text: Vec<char> = text.chars().collect();
    let mut titles = Vec::new();
    for at in 0..code.len() {
        let starts = |word: &str| {
            let word: Vec<char> = word.chars().collect();
            code[at..].starts_with(&word).then_some(at + word.len())
        };
        let alone = at == 0 || !(code[at - 1].is_alphanumeric() || "_.$".contains(code[at - 1]));
        let Some(mut i) = starts("test").or_else(|| starts("it")).filter(|_| alone) else { continue };
        let each: Vec<char> = ".each(".chars().collect();
        if code[i..].starts_with(&each) {
            i = behind_parentheses(&code, i + each.len() - 1);
        }
        if code.get(i) != Some(&'(') {
            continue;
        }
        let Some(open) = (i + 1..text.len()).find(|i| !text[*i].is_whitespace()) else { continue };
        let quote = text[open];
        if !matches!(quote, '\'' | '"' | '`') {
            continue;
        }
        let mut title = String::new();
        let mut i = open + 1;
        while i < text.len() && text[i] != quote {
            if text[i] == '\\' {
                i += 1;
            }
            title.extend(text.get(i));
            i += 1;
        }
        titles.push(title);
    }
    titles
}

/// The place behind the parenthesis that closes the one at `open`.
fn behind_parentheses(code: &[char], open: usize) -> usize {
    let mut depth = 0;
    for (i, c) in code.iter().enumerate().skip(open) {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    code.len()
}

/// What is wrong with the table of requirements.
pub(crate) fn requirements(table: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut lines = table.lines();
    if lines.next() != Some(COLUMNS) {
        return vec![format!("the columns are not {COLUMNS}")];
    }
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for line in lines {
        let fields = fields(line);
        let [requirement, level, about, status, named, note] = &fields[..] else {
            wrong.push(format!("this line has not six fields: {line}"));
            continue;
        };
        if !is_requirement(requirement) || !matches!(level.as_str(), "1" | "2" | "3") {
            wrong.push(format!("{requirement} at level {level} is no requirement"));
        }
        if !seen.insert(requirement.clone()) {
            wrong.push(format!("{requirement} stands there twice"));
        }
        if about.is_empty() {
            wrong.push(format!("{requirement} does not say what it is about"));
        }
        if !STATUSES.contains(&status.as_str()) {
            wrong.push(format!("{requirement} has a status that there is not: {status}"));
        }
        if status == "met" && named.is_empty() {
            wrong.push(format!("{requirement} is met, and no test shows it"));
        }
        if status != "met" && note.is_empty() {
            wrong.push(format!("{requirement} is {status}, and the note does not say why"));
        }
        for name in named.split(BETWEEN).filter(|name| !name.is_empty() && !tests.contains(*name)) {
            wrong.push(format!("{requirement} names a test that there is not: {name}"));
        }
    }
    wrong
}

/// `V2.3.5`: a chapter, a section and a number.
fn is_requirement(text: &str) -> bool {
    let parts: Vec<&str> = text.strip_prefix('V').unwrap_or("").split('.').collect();
    let number = |part: &&str| part.bytes().all(|b| b.is_ascii_digit()) && matches!(part.len(), 1 | 2);
    parts.len() == 3 && parts.iter().all(number)
}

/// The fields of one line, RFC 4180: quoted ones may hold commas, and a quote twice.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        let field = fields.last_mut().expect("there is always one");
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => field.push(c),
        }
    }
    fields
}

/// What is wrong with the threat model: a test that there is not, or somebody in it against whom nothing is shown.
pub(crate) fn threats(text: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for section in text.split("\n## ").skip(1) {
        let who = section.lines().next().unwrap_or("");
        let named = named_in(section);
        if named.is_empty() {
            wrong.push(format!("'{who}' names no test"));
        }
        for name in named.into_iter().filter(|name| !tests.contains(*name)) {
            wrong.push(format!("'{who}' names a test that there is not: {name}"));
        }
        if !section.contains("\n- Left open: ") {
            wrong.push(format!("'{who}' does not say what is left open"));
        }
    }
    wrong
}

/// What stands between backquotes from 'Shown by' to the end of that point of the list.
fn named_in(section: &str) -> Vec<&str> {
    let Some((_, rest)) = section.split_once(&format!("\n{SHOWN_BY}")) else { return Vec::new() };
    let point = rest.split("\n- ").next().unwrap_or(rest);
    let point = point.split("\n\n").next().unwrap_or(point);
    point.split('`').skip(1).step_by(2).collect()
}

#[test]
fn names_of_tests_are_found_however_they_are_written() {
    let rust_text = "#[test]\nfn one() {}\n#[tokio::test(start_paused = true)]\n#[expect(x, reason = \"fn no\")]\nasync fn two() {}\n\
        // #[test]\nfn three() {}\nconst A: &str = \"#[test] fn four\";\n    #[tokio::test]\n    async fn five() {}";
    let found: BTreeSet<String> = rust(rust_text).into_iter().collect();
    assert_eq!(found, ["one", "two", "five"].map(str::to_owned).into());
    let script_text = "test('one', () => {});\n  it(\n    \"two, it's\",\n f);\ntest.each([1, (2)])('three %i', f);\n\
        // test('four')\nconst a = \"test('five')\";\ndescribe('six', f);\nlatest('seven');\nx.test('eight');\ntest('nine\\'s', f);";
    let found: BTreeSet<String> = script(script_text).into_iter().collect();
    assert_eq!(found, ["one", "two, it's", "three %i", "nine's"].map(str::to_owned).into());
    assert_eq!(checks("pub async fn one(a: &Scene) {\n// pub async fn two(\nasync fn three() {}"), ["one"]);
}

#[test]
fn each_fault_in_what_is_promised_is_found() {
    let tests: BTreeSet<String> = ["a_test", "a title, with a comma"].map(str::to_owned).into();
    let table = |line: &str| requirements(&format!("{COLUMNS}\n{line}\n"), &tests);
    for good in [
        "V1.2.3,1,Words,met,a_test,",
        "V1.2.3,2,\"Words, \"\"and\"\" more\",met,\"a_test | a title, with a comma\",A note",
        "V1.2.10,3,Words,not yet,,What is missing",
        "V1.2.3,1,Words,partly,a_test,What is missing",
    ] {
        assert_eq!(table(good), [""; 0], "{good}");
    }
    for bad in [
        "V1.2.3,1,Words,met,,",
        "V1.2.3,1,Words,met,no_test,",
        "V1.2.3,1,Words,met,a_test | no_test,",
        "V1.2.3,1,Words,partly,no_test,A note",
        "V1.2.3,1,Words,not yet,,",
        "V1.2.3,1,Words,almost,a_test,A note",
        "V1.2,1,Words,met,a_test,",
        "1.2.3,1,Words,met,a_test,",
        "V1.2.3,4,Words,met,a_test,",
        "V1.2.3,1,,met,a_test,",
        "V1.2.3,1,Words,met,a_test",
        "V1.2.3,1,Words,met,a_test,\nV1.2.3,1,Words,met,a_test,",
        "",
    ] {
        assert!(!table(bad).is_empty(), "not found: {bad}");
    }
    assert!(!requirements("requirement,status\n", &tests).is_empty());
    let good = "# A\n\n## Somebody\n\n- Against it: `x`.\n- Shown by: `a title, with a comma`,\n  `a_test`.\n- Left open: `y`.\n";
    assert_eq!(threats(good, &tests), [""; 0]);
    for (from, to) in [("`a_test`", "`no_test`"), ("- Shown by: ", "- By: "), ("- Left open", "- Left")] {
        assert!(!threats(&good.replace(from, to), &tests).is_empty(), "not found without {from}");
    }
}

#[test]
fn every_test_that_is_named_as_a_proof_is_there() {
    let files = crate::tree();
    let tests = tests(&files);
    assert!(tests.len() > 500, "only {} tests were found", tests.len());
    let text = |path: &str| {
        let file = files.iter().find(|file| file.path == path);
        file.unwrap_or_else(|| panic!("{path} was not read")).text.as_str()
    };
    let mut wrong = requirements(text("docs/asvs.csv"), &tests);
    wrong.extend(threats(text("docs/threat-model.md"), &tests));
    assert!(
        text("docs/asvs.csv").lines().count() > 150
            && text("docs/threat-model.md").matches("\n## ").count() > 12
    );
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
