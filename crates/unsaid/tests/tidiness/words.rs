//! All words that a human reads on a page or in a mail stand in web/src/words. Here texts are found that stand elsewhere: in the markup of
//! Svelte and maud, and as sentences in code that makes pages and mails. It refuses to know what the words say.
//!
//! Sentences for developers (errors that are thrown, logs, expectations) are not for those humans and may stand where they are.

use crate::lexing::{Class, Language, only, without_test_modules};
use crate::{Complaint, File};

const SAID: &str = "stands here, but all words of pages and mails stand in web/src/words.";

pub(crate) fn outside(file: &File) -> Vec<Complaint> {
    if file.is_test() {
        return Vec::new();
    }
    let page = file.path.starts_with("crates/unsaid/src/http/");
    match file.extension() {
        "svelte" if file.path.starts_with("web/src/") => {
            let (scripts, markup) = halves(&file.text);
            let mut complaints = in_markup(file, &markup);
            complaints.extend(sentences(file, &scripts, Language::Script));
            complaints
        }
        "ts" if ["web/src/pages/", "web/src/ui/", "web/src/api/", "web/src/draft/"]
            .iter()
            .any(|room| file.path.starts_with(room)) =>
        {
            sentences(file, &file.text, Language::Script)
        }
        "rs" if page || file.path == "crates/unsaid/src/mail/compose.rs" => {
            let mut complaints = sentences(file, &without_test_modules(&file.text), Language::Rust);
            complaints.extend(in_maud(file));
            complaints
        }
        _ => Vec::new(),
    }
}

/// Text between tags, and in the attributes that are read aloud or shown.
fn in_markup(file: &File, markup: &str) -> Vec<Complaint> {
    let shown = ["aria-label", "aria-description", "title", "alt", "placeholder", "label", "help"];
    let c: Vec<char> = markup.chars().collect();
    let (mut line, mut i, mut text) = (1, 0, String::new());
    let mut complaints = Vec::new();
    let mut tell = |line: usize, text: &mut String| {
        if is_speech(text) {
            complaints.push(file.at(line, format!("'{}' {SAID}", text.trim())));
        }
        text.clear();
    };
    while i < c.len() {
        if c[i..].starts_with(&['<', '!', '-', '-']) {
            let end = (i..c.len()).find(|j| c[*j..].starts_with(&['-', '-', '>'])).unwrap_or(c.len());
            line += c[i..end].iter().filter(|c| **c == '\n').count();
            i = end + 3;
        } else if c[i] == '{' {
            let end = behind_braces(&c, i);
            line += c[i..end].iter().filter(|c| **c == '\n').count();
            i = end;
        } else if c[i] == '<' {
            tell(line, &mut text);
            // The tag, with its expressions left out.
            let mut tag = String::new();
            while i < c.len() && c[i] != '>' {
                let end = if c[i] == '{' { behind_braces(&c, i) } else { i + 1 };
                if end == i + 1 {
                    tag.push(c[i]);
                }
                line += c[i..end].iter().filter(|c| **c == '\n').count();
                i = end;
            }
            for name in shown {
                let value =
                    tag.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split('"').next());
                if let Some(value) = value {
                    tell(line, &mut value.to_owned());
                }
            }
            i += 1;
        } else {
            if c[i] == '\n' {
                tell(line, &mut text);
                line += 1;
            }
            text.push(c[i]);
            i += 1;
        }
    }
    tell(line, &mut text);
    complaints
}

/// Texts in maud's `html!` that are no attribute's value and no argument.
fn in_maud(file: &File) -> Vec<Complaint> {
    let code: Vec<char> = only(&file.text, Language::Rust, Class::Code).chars().collect();
    let text: Vec<char> = only(&file.text, Language::Rust, Class::Text).chars().collect();
    let mark: Vec<char> = "html! {".chars().collect();
    let mut complaints = Vec::new();
    let mut i = 0;
    while i < code.len() {
        if !code[i..].starts_with(&mark) {
            i += 1;
            continue;
        }
        let end = behind_braces(&code, i + mark.len() - 1);
        let mut before = '{';
        while i < end {
            if text[i] == '"' {
                let close = (i + 1..end).find(|j| text[*j] == '"').unwrap_or(end);
                let words: String = text[(i + 1).min(close)..close].iter().collect();
                // The end of a path, put behind a value, is an attribute's.
                if "{});".contains(before) && is_speech(&words) && !words.starts_with(['/', '?', '#']) {
                    let line = 1 + code[..i].iter().filter(|c| **c == '\n').count();
                    complaints.push(file.at(line, format!("'{words}' {SAID}")));
                }
                i = close;
                before = ';';
            } else if !code[i].is_whitespace() {
                before = code[i];
            }
            i += 1;
        }
    }
    complaints
}

/// Quoted texts that read like a sentence: a capital, and three words at least.
fn sentences(file: &File, text: &str, language: Language) -> Vec<Complaint> {
    let for_developers =
        ["Error(", "error(", "console.", "tracing::", "expect(", "panic!", "assert", "reason ="];
    let quoted = only(text, language, Class::Text);
    let mut complaints = Vec::new();
    let mut before = "";
    for (number, (line, whole)) in quoted.lines().zip(text.lines()).enumerate() {
        // `#[error(` and its like often stand alone on the line before. A line of a mail's header is not speech.
        let exempt = |run: &str| {
            for_developers.iter().any(|mark| whole.contains(mark) || before.trim_end().ends_with(mark))
                || run.contains("\\r\\n")
        };
        for run in line.split(['"', '\'', '`']).map(str::trim) {
            let words: Vec<&str> = run.split_whitespace().collect();
            let capital = run.chars().next().is_some_and(char::is_uppercase);
            let spoken = words.iter().filter(|w| w.chars().filter(|c| c.is_lowercase()).count() > 1).count();
            if capital && spoken >= 3 && !exempt(run) {
                complaints.push(file.at(number + 1, format!("'{run}' {SAID}")));
            }
        }
        before = whole;
    }
    complaints
}

/// Two letters in a row are speech; a dot, a dash or a single sign is not. Entities are signs.
fn is_speech(text: &str) -> bool {
    let plain: String = text
        .split('&')
        .enumerate()
        .map(|(n, part)| if n == 0 { part } else { part.split_once(';').map_or(part, |(_, after)| after) })
        .collect();
    plain.chars().zip(plain.chars().skip(1)).any(|(a, b)| a.is_alphabetic() && b.is_alphabetic())
}

fn behind_braces(c: &[char], open: usize) -> usize {
    let mut depth = 0;
    for (i, c) in c.iter().enumerate().skip(open) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    c.len()
}

/// A Svelte file's scripts, and the rest without its styles; lines keep their numbers in both.
fn halves(text: &str) -> (String, String) {
    let (mut scripts, mut markup) = (String::new(), String::new());
    let mut inside = "";
    for line in text.lines() {
        let opens =
            ["script", "style"].into_iter().find(|tag| line.trim_start().starts_with(&format!("<{tag}")));
        if let Some(tag) = opens {
            inside = tag;
        }
        match (inside, opens) {
            ("script", None) => scripts.push_str(line),
            ("", None) => markup.push_str(line),
            _ => {}
        }
        if !inside.is_empty() && line.contains(&format!("</{inside}>")) {
            inside = "";
        }
        scripts.push('\n');
        markup.push('\n');
    }
    (scripts, markup)
}
