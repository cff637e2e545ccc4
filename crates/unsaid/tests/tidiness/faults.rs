//! docs/faults.md has a row for each fault that must be survived, with the tests that show it. Here each number is looked for, and each test in the file in which it
//! is said to stand. It refuses to know whether a test shows what it is said to show.

use crate::File;
use crate::shown;
use std::collections::BTreeSet;

/// So many faults are in the catalogue.
const MANY: u32 = 74;
const NOT_YET: &str = "not yet";

/// What is wrong with the table, and the numbers of what is not shown yet.
fn faults(table: &str, is_there: impl Fn(&str, &str) -> bool) -> (Vec<String>, Vec<u32>) {
    let (mut wrong, mut open) = (Vec::new(), Vec::new());
    let mut expected = 1..=MANY;
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let Ok(number) = cells[0].parse::<u32>() else { continue };
        if expected.next() != Some(number) {
            wrong.push(format!("{number} is not where it belongs"));
            break;
        }
        let [_, fault, right, shown] = cells[..] else {
            wrong.push(format!("{number} has not four cells"));
            continue;
        };
        if fault.is_empty() || right.is_empty() {
            wrong.push(format!("{number} does not say what happens"));
        }
        if shown == NOT_YET {
            open.push(number);
            continue;
        }
        let named: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            wrong.push(format!("{number} names no test, and does not say '{NOT_YET}'"));
        }
        for name in named {
            match name.split_once("::") {
                Some((path, test)) if is_there(path, test) => {}
                _ => wrong.push(format!("{number} names a test that there is not: {name}")),
            }
        }
    }
    wrong.extend(expected.next().map(|number| format!("{number} is missing")));
    (wrong, open)
}

/// Whether this file has this test.
fn is_there(files: &[File], path: &str, test: &str) -> bool {
    let Some(at) = files.iter().position(|file| file.path == path) else { return false };
    shown::tests(&files[at..=at]).contains(test)
}

#[test]
fn each_fault_in_the_table_of_faults_is_found() {
    let row =
        |number: u32| format!("| {number} | the disk is full | it waits | `a.rs::waits` `b.rs::stays` |\n");
    let good: String = (1..=MANY).map(row).collect();
    let there = |path: &str, test: &str| matches!((path, test), ("a.rs", "waits") | ("b.rs", "stays"));
    let said = |table: &str| faults(table, there);
    assert_eq!(said(&good), (vec![], vec![]));
    let open = good.replace("`a.rs::waits` `b.rs::stays` |\n| 8 ", "not yet |\n| 8 ");
    assert_eq!(said(&open), (vec![], vec![7]));
    for (from, to) in [
        ("| 7 |", "| 8 |"),
        (&*row(74), ""),
        (&*row(3), ""),
        ("a.rs::waits", "a.rs::goes"),
        ("a.rs::waits", "b.rs::waits"),
        ("`a.rs::waits` `b.rs::stays`", "some day"),
        ("`a.rs::waits`", "`waits`"),
        ("| it waits ", ""),
    ] {
        assert!(!said(&good.replacen(from, to, 1)).0.is_empty(), "not found: {from} as {to}");
    }
}

#[test]
fn every_fault_has_a_row_and_every_test_that_it_names_is_there() {
    let files = crate::tree();
    let table = &files.iter().find(|file| file.path == "docs/faults.md").expect("docs/faults.md").text;
    let (wrong, open) = faults(table, |path, test| is_there(&files, path, test));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let open: BTreeSet<u32> = open.into_iter().collect();
    eprintln!("{} of {MANY} faults are not shown yet: {open:?}", open.len());
}
