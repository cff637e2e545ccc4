//! Tidiness, as a test: the rules of the house that the compiler does not know. Each rule has bad samples that it must complain about
//! and good ones that it must not, so that none can go blind.
//!
//! It reads the working tree and refuses to know what the code does.

mod faults;
mod files;
mod imports;
mod lexing;
mod shown;
mod words;

use std::path::Path;

/// One file of the tree, by its path from the root with `/` between.
struct File {
    path: String,
    text: String,
}

/// One sentence about one line.
type Complaint = String;

impl File {
    fn at(&self, line: usize, what: String) -> Complaint {
        format!("{}:{line}: {what}", self.path)
    }

    fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or("");
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    fn is(&self, extension: &str) -> bool {
        self.extension() == extension
    }

    /// Whether it only tests or shows how: it may know more than the room that it stands in.
    fn is_test(&self) -> bool {
        ["/tests/", "/examples/", ".test."].iter().any(|part| self.path.contains(part))
            || self.path.ends_with("/tests.rs")
            || self.path.starts_with("fuzz/")
    }
}

struct Rule {
    name: &'static str,
    check: fn(&File) -> Vec<Complaint>,
    bad: &'static [(&'static str, &'static str)],
    good: &'static [(&'static str, &'static str)],
}

const RULES: &[Rule] = &[
    Rule {
        name: "a room names only the rooms that it may",
        check: imports::rooms,
        bad: &[
            ("crates/delivery/src/a.rs", "use std::fs::File;"),
            ("crates/delivery/src/a.rs", "fn a() { let t = std::time::Instant::now(); }"),
            ("crates/delivery/src/a.rs", "use std::{time::SystemTime, fmt};"),
            ("crates/delivery/src/a.rs", "async fn a() {}"),
            ("crates/delivery/src/a.rs", "use serde::Serialize;"),
            ("crates/seal/src/a.rs", "use unsaid_store::Store;"),
            ("crates/seal/src/a.rs", "fn a() { tokio::spawn(b); }"),
            ("crates/store/src/a.rs", "use std::time::{Duration, Instant};"),
            ("crates/unsaid/src/http/a.rs", "use crate::mail::compose;"),
            ("crates/unsaid/src/http.rs", "use crate::{keys, worker::Worker};"),
            ("crates/unsaid/src/http/a.rs", "use super::super::worker;"),
            ("crates/unsaid/src/worker/a.rs", "use tokio::{sync::Notify, time::sleep};"),
            ("crates/unsaid/src/worker/mod.rs", "use super::http::routes;"),
            ("crates/unsaid/src/worker/a.rs", "fn a() { tokio::spawn(b()); }"),
            ("crates/unsaid/src/mail/a.rs", "use unsaid_store::Store;"),
            ("crates/sim/src/a.rs", "use std::net::TcpStream;"),
        ],
        good: &[
            ("crates/delivery/src/a.rs", "use std::time::Duration; // not std::fs"),
            ("crates/delivery/src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests { use std::fs; }"),
            ("crates/unsaid/src/http/a.rs", "use crate::keys; use super::worker_page; // crate::mail"),
            ("crates/unsaid/src/httpish.rs", "use crate::mail::compose;"),
            ("crates/unsaid/src/worker/a.rs", "use tokio::sync::Notify; const A: &str = \"tokio::spawn\";"),
            ("crates/unsaid/tests/a.rs", "use unsaid::mail; fn a() { tokio::spawn(b); }"),
        ],
    },
    Rule {
        name: "time, chance, the host's key and the command line have one door",
        check: imports::single_doors,
        bad: &[
            ("crates/seal/src/a.rs", "use rand_core::OsRng;"),
            ("crates/unsaid/src/http/a.rs", "let a = rand_core::OsRng;"),
            ("crates/unsaid/src/app.rs", "let a = SeededChance::new(1);"),
            ("crates/unsaid/src/app.rs", "let a = std::time::SystemTime::now();"),
            ("crates/unsaid/src/http/a.rs", "use unsaid_seal::{host::peel, words};"),
            ("crates/unsaid/src/app.rs", "use crate::cli::serve;"),
        ],
        good: &[
            ("crates/unsaid/src/chance.rs", "use rand_core::OsRng; struct SeededChance;"),
            ("crates/town/src/main.rs", "let a = SeededChance::new(1);"),
            ("fuzz/checks/a.rs", "let a = SeededChance::new(1);"),
            ("crates/unsaid/src/peel.rs", "use unsaid_seal::host;"),
            ("crates/unsaid/src/cli/mod.rs", "use crate::cli::serve;"),
            ("crates/unsaid/src/app.rs", "#[cfg(test)]\nmod tests { fn a() { SeededChance::new(1); } }"),
        ],
    },
    Rule {
        name: "a crate uses only the crates that it may",
        check: imports::crates,
        bad: &[
            (
                "crates/delivery/Cargo.toml",
                "[dependencies]\nserde.workspace = true\n[lints]\nworkspace = true\n",
            ),
            (
                "crates/delivery/Cargo.toml",
                "[dev-dependencies]\nunsaid.workspace = true\n[lints]\nworkspace = true\n",
            ),
            ("crates/seal/Cargo.toml", "[dependencies]\ntokio.workspace = true\n[lints]\nworkspace = true\n"),
            (
                "crates/store/Cargo.toml",
                "[dependencies]\nunsaid-seal.workspace = true\n[lints]\nworkspace = true\n",
            ),
            (
                "crates/unsaid/Cargo.toml",
                "[dependencies]\nunsaid-sim.workspace = true\n[lints]\nworkspace = true\n",
            ),
            ("crates/unsaid/Cargo.toml", "[dependencies]\nserde = \"1\"\n[lints]\nworkspace = true\n"),
            ("crates/unsaid/Cargo.toml", "[dependencies]\nserde.workspace = true\n"),
            ("crates/seventh/Cargo.toml", "[lints]\nworkspace = true\n"),
        ],
        good: &[
            (
                "crates/delivery/Cargo.toml",
                "[dependencies]\njiff.workspace = true\n\n[lints]\nworkspace = true\n",
            ),
            (
                "crates/unsaid/Cargo.toml",
                "[dependencies]\n# why\nserde = { workspace = true }\n[lints]\nworkspace = true\n",
            ),
        ],
    },
    Rule {
        name: "in the browser seal knows no page, and only api asks the house",
        check: imports::browser,
        bad: &[
            ("web/src/seal/a.ts", "import { b } from '../api/b';"),
            ("web/src/seal/a.ts", "const a = window.crypto;"),
            ("web/src/seal/a.ts", "localStorage.setItem('a', 'b');"),
            ("web/src/pages/a.ts", "await fetch('/api');"),
            ("web/src/pages/A.svelte", "<!-- A. -->\n<script lang=\"ts\">\n  void fetch(b);\n</script>"),
            ("web/src/draft/a.ts", "navigator.sendBeacon('/a');"),
        ],
        good: &[
            ("web/src/seal/a.ts", "// no window, no fetch(\nimport { b } from './b';\nconst c = 'document';"),
            ("web/src/api/a.ts", "await fetch('/api');"),
            (
                "web/src/pages/A.svelte",
                "<!-- A. -->\n<p>You don't fetch( here</p>\n<script>\n  prefetch(a);\n</script>",
            ),
            ("web/src/seal/a.test.ts", "import { b } from '../api/b';"),
        ],
    },
    Rule {
        name: "a file opens with what it is for",
        check: files::opening,
        bad: &[
            ("crates/seal/src/a.rs", "use a::b;\n"),
            ("crates/seal/src/a.rs", "// Not a comment of the file, only of what follows it here.\n"),
            ("crates/seal/src/lib.rs", "//! Placeholder.\n"),
            ("web/src/ui/a.ts", "export {};\n"),
            ("web/src/pages/A.svelte", "<script>\n</script>\n"),
            ("web/src/ui/a.css", "p { margin: 0 }\n"),
            ("crates/store/src/a.sql", "select 1;\n"),
            ("scripts/a", "#!/bin/sh\nset -e\n"),
            ("web/src/a.html", "<!doctype html>\n<html lang=\"en\">\n"),
        ],
        good: &[
            ("crates/seal/src/a.rs", "//! What opens an envelope. It refuses to know whose it is.\n"),
            ("web/src/ui/a.ts", "// Short lines\n// that together say what this is for.\nexport {};\n"),
            ("web/src/pages/A.svelte", "<!-- The page on which one\n     writes a letter. -->\n<script>\n"),
            ("web/src/a.json", "{}"),
            ("scripts/a", "#!/bin/sh\n# Says what this does, in a sentence or two.\n"),
        ],
    },
    Rule {
        name: "a long file says why it is one thing",
        check: files::length,
        bad: &[("crates/seal/src/a.rs", LONG)],
        good: &[("web/package-lock.json", LONG)],
    },
    Rule {
        name: "no room is called for nothing",
        check: files::names,
        bad: &[
            ("crates/seal/src/util.rs", ""),
            ("web/src/helpers/a.ts", ""),
            ("crates/seal/src/lib.rs", "pub mod common;\n"),
        ],
        good: &[("crates/seal/src/utility_bill.rs", "mod commonplace;"), ("web/src/ui/news.ts", "")],
    },
    Rule {
        name: "nothing is left for later in the code",
        check: files::left_behind,
        bad: &[
            ("crates/seal/src/a.rs", concat!("// TO", "DO: later")),
            ("crates/seal/src/a.rs", concat!("to", "do!()")),
            ("crates/seal/src/a.rs", concat!("#[ig", "nore]")),
            ("web/src/a.test.ts", concat!("test.ski", "p('a')")),
            ("web/src/a.test.ts", concat!("it.on", "ly('a')")),
        ],
        good: &[("crates/seal/src/a.rs", "a.iter().skip(1)"), ("web/src/a.ts", "list.skip(1)")],
    },
    Rule {
        name: "SQL is quiet and asks for neither time nor chance",
        check: files::sql,
        bad: &[
            ("crates/store/src/a.rs", "let a = \"SELECT 1\";"),
            ("crates/store/src/a.rs", "let a = r#\"\n  insert into a values (now())\"#;"),
            ("crates/store/migrations/a.sql", "-- A.\nCREATE TABLE a (b text);"),
            ("crates/store/src/sql/house.rs", "let a = \"select clock_timestamp()\";"),
            ("crates/store/src/sql/server_time.rs", "let a = \"select now()\";"),
        ],
        good: &[
            ("crates/store/src/sql/server_time.rs", "let a = \"select clock_timestamp()\";"),
            (
                "crates/store/src/a.rs",
                "// SELECT\nlet a = \"select a from b where now = $1\"; const SET: u8 = 1;",
            ),
            ("crates/store/migrations/a.sql", "-- SELECT\ncreate table a (b text);"),
            ("crates/unsaid/src/a.rs", "let a = \"SELECT\";"),
        ],
    },
    Rule {
        name: "a dependency says why it is here",
        check: files::reasons,
        bad: &[
            ("Cargo.toml", "[workspace.dependencies]\n\nserde = \"1\"\n"),
            ("web/package.json", "{\"dependencies\": {\"a\": \"1.0.0\"}}"),
            (
                "web/package.json",
                "{\"devDependencies\": {\"a\": \"^1.0.0\"}, \"why\": {\"a\": \"it is good\"}}",
            ),
            ("web/package.json", "{\"why\": {\"a\": \"it was good\"}}"),
        ],
        good: &[
            (
                "Cargo.toml",
                "[workspace.dependencies]\nserde = \"1\" # JSON of the API\n# Time.\njiff = \"1\"\n",
            ),
            ("web/package.json", "{\"dependencies\": {\"a\": \"1.0.0\"}, \"why\": {\"a\": \"it is good\"}}"),
        ],
    },
    Rule {
        name: "all words of pages and mails stand in web/src/words",
        check: words::outside,
        bad: &[
            ("web/src/pages/A.svelte", "<!-- A. -->\n<p class=\"lede\">Write it down.</p>"),
            (
                "web/src/pages/A.svelte",
                "<button aria-label=\"Close\" onclick={() => { go(); }}>{say('a')}</button>",
            ),
            ("web/src/pages/a.ts", "notice = 'The house cannot be reached.';"),
            ("crates/unsaid/src/http/a.rs", "html! { h1 { \"A letter\" } }"),
            ("crates/unsaid/src/http/a.rs", "let said = \"Somebody has written to you.\";"),
            ("crates/unsaid/src/mail/compose.rs", "text.push_str(\"Somebody has written to you.\");"),
        ],
        good: &[
            (
                "web/src/pages/A.svelte",
                "<!-- Words for builders. -->\n<script>\n  const a = say('letter.rests');\n</script>\n<p class=\"lede wide\">{a}&nbsp;·</p>\n<style>\n  p { color: red }\n</style>",
            ),
            (
                "web/src/pages/a.ts",
                "// The house cannot be reached.\nthrow new Error('The key is not one of ours.');",
            ),
            (
                "crates/unsaid/src/http/a.rs",
                "html! { h1 class=\"wide title\" { (w.say(\"knock.title\")) \"·\" } }",
            ),
            ("crates/unsaid/src/mail/relay.rs", "let said = \"Look at the host in UNSAID_MAIL.\";"),
        ],
    },
    Rule {
        name: "a request is read strictly",
        check: files::strict_reading,
        bad: &[
            ("crates/unsaid/src/http/a.rs", "#[derive(Deserialize)]\nstruct A { b: u8 }"),
            (
                "crates/unsaid/src/http/a.rs",
                "#[derive(Debug, Deserialize)]\n#[serde(rename_all = \"camelCase\")]\npub struct A;",
            ),
        ],
        good: &[
            (
                "crates/unsaid/src/http/a.rs",
                "#[derive(Deserialize)]\n#[serde(deny_unknown_fields)]\nstruct A { b: u8 }",
            ),
            (
                "crates/unsaid/src/http/a.rs",
                "#[derive(Deserialize)]\n#[serde(untagged)]\nenum A { B(u8) }\n#[derive(Serialize)]\nstruct C;",
            ),
            ("crates/unsaid/src/cli/a.rs", "#[derive(Deserialize)]\nstruct A;"),
        ],
    },
    Rule {
        name: "no page asks a third party",
        check: files::third_parties,
        bad: &[
            ("web/src/ui/a.css", "@font-face { src: url(https://fonts.example/a) }"),
            ("web/src/pages/A.svelte", "<img src=\"https://img.example/a.png\">"),
        ],
        good: &[("web/src/pages/A.svelte", "<a href=\"https://example.org\">somewhere else</a>")],
    },
];

/// A line more than a file may have without saying why.
const LONG: &str = match std::str::from_utf8(&[b'\n'; 501]) {
    Ok(lines) => lines,
    Err(_) => "",
};

/// Folders that are not the project's own text.
const PASSED_OVER: [&str; 8] =
    ["node_modules", "target", "dist", "data", "town", "vectors", "test-output", "fonts"];

#[test]
fn each_rule_can_fail() {
    let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
    for rule in RULES {
        assert!(!rule.bad.is_empty() && !rule.good.is_empty());
        for sample in rule.bad {
            let said = (rule.check)(&file(sample));
            assert!(!said.is_empty(), "'{}' is blind to {}:\n{}", rule.name, sample.0, sample.1);
        }
        for sample in rule.good {
            let said = (rule.check)(&file(sample));
            assert!(said.is_empty(), "'{}' complains without reason: {said:?}", rule.name);
        }
    }
    let reasoned = format!("//! One thing because a table is read best in one piece.\n{LONG}");
    assert!(files::length(&file(&("crates/seal/src/a.rs", &reasoned))).is_empty());
}

#[test]
fn the_tree_is_tidy() {
    let files = tree();
    // A walk that finds nothing would find everything tidy.
    for room in ["delivery", "seal", "store", "unsaid", "sim", "town"] {
        let prefix = format!("crates/{room}/src/");
        assert!(files.iter().any(|file| file.path.starts_with(&prefix)), "nothing was read of {prefix}");
    }
    assert!(files.iter().any(|file| file.path.starts_with("web/src/")), "nothing was read of web/src");
    for path in ["Cargo.toml", "crates/seal/Cargo.toml", "web/package.json", "Makefile", "scripts/test"] {
        assert!(files.iter().any(|file| file.path == path), "{path} was not read");
    }
    let mut said = String::new();
    for rule in RULES {
        let complaints: Vec<Complaint> = files.iter().flat_map(rule.check).collect();
        if !complaints.is_empty() {
            said += &format!("\n{}:\n  {}\n", rule.name, complaints.join("\n  "));
        }
    }
    assert!(said.is_empty(), "{said}");
}

/// Folders that are gone must not live on in the documents.
#[test]
fn documents_name_only_what_is_there() {
    assert_eq!(
        named_paths("see `crates/a/b.rs` and `web/c`, not `make x` or `crates/*`"),
        ["crates/a/b.rs", "web/c"]
    );
    assert_eq!(linked_paths("[a](b.md#c), ![d](e/f.png) and [g](https://h) or [i](#j)"), ["b.md", "e/f.png"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut gone = Vec::new();
    let mut read = 0;
    for file in tree().iter().filter(|file| file.is("md") && file.path != "CHANGELOG.md") {
        read += 1;
        for path in named_paths(&file.text) {
            if !root.join(&path).exists() {
                gone.push(format!("{} speaks of {path}, which is not there", file.path));
            }
        }
        let folder = root.join(&file.path);
        for path in linked_paths(&file.text) {
            if !folder.with_file_name("").join(&path).exists() {
                gone.push(format!("{} links to {path}, which is not there", file.path));
            }
        }
    }
    assert!(read >= 4, "only {read} documents were read");
    assert!(gone.is_empty(), "\n{}", gone.join("\n"));
}

/// The paths of this project that stand between backquotes.
fn named_paths(text: &str) -> Vec<String> {
    let rooms = ["crates/", "web/", "docs/", "scripts/", "vectors/"];
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|words| rooms.iter().any(|room| words.starts_with(room)))
        .filter(|words| !words.contains([' ', '*', '<', '{', '\n']))
        // A test is named behind its file.
        .filter_map(|words| words.split("::").next())
        // What the build makes is not in a fresh clone.
        .filter(|words| !words.starts_with("web/dist") && !words.starts_with("web/node_modules"))
        .map(str::to_owned)
        .collect()
}

/// The targets of links and pictures that lie beside the document.
fn linked_paths(text: &str) -> Vec<String> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .map(str::to_owned)
        .collect()
}

fn tree() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    walk(&root, "", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<File>) {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|why| panic!("{} cannot be read: {why}", folder.display()));
    for entry in entries {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("names are UTF-8");
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type().expect("a kind");
        let passed_over =
            PASSED_OVER.contains(&name.as_str()) && (prefix.is_empty() || name != "town" && name != "data");
        if name.starts_with('.') || passed_over {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), &path, files);
        } else if kind.is_file()
            && let Ok(text) = std::fs::read_to_string(entry.path())
        {
            files.push(File { path, text });
        }
    }
}
