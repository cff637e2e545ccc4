//! Just enough reading of Rust and TypeScript to tell code from comments and from text in quotes, and to list the
//! paths that code names. It refuses to know any rule; a rule asks it and decides.

/// What a character belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Code,
    Comment,
    Text,
}

/// How comments and quotes are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Rust,
    Script,
}

/// The same text with everything blanked that is not of this class; lines keep their numbers.
pub(crate) fn only(text: &str, language: Language, class: Class) -> String {
    text.chars()
        .zip(classes(text, language))
        .map(|(c, of)| if of == class || c == '\n' { c } else { ' ' })
        .collect()
}

/// The same text with its comments blanked, text in quotes kept.
pub(crate) fn without_comments(text: &str, language: Language) -> String {
    text.chars()
        .zip(classes(text, language))
        .map(|(c, of)| if of != Class::Comment || c == '\n' { c } else { ' ' })
        .collect()
}

fn classes(text: &str, language: Language) -> Vec<Class> {
    let c: Vec<char> = text.chars().collect();
    let mut out = vec![Class::Code; c.len()];
    let at = |i: usize| c.get(i).copied().unwrap_or('\0');
    let mut fill = |from: usize, to: usize, class: Class| {
        let to = to.min(out.len());
        out[from.min(to)..to].fill(class);
        to
    };
    let mut i = 0;
    while i < c.len() {
        i = if at(i) == '/' && at(i + 1) == '/' {
            let end = (i..c.len()).find(|j| c[*j] == '\n').unwrap_or(c.len());
            fill(i, end, Class::Comment)
        } else if at(i) == '/' && at(i + 1) == '*' {
            let end = end_of_block(&c, i, language);
            fill(i, end, Class::Comment)
        } else if let Some(end) = end_of_text(&c, i, language) {
            fill(i, end, Class::Text)
        } else {
            i + 1
        };
    }
    out
}

fn end_of_block(c: &[char], start: usize, language: Language) -> usize {
    let (mut depth, mut i) = (0, start);
    while i + 1 < c.len() {
        match (c[i], c[i + 1]) {
            ('/', '*') if depth == 0 || language == Language::Rust => (depth, i) = (depth + 1, i + 2),
            ('*', '/') => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    c.len()
}

fn end_of_text(c: &[char], i: usize, language: Language) -> Option<usize> {
    let at = |i: usize| c.get(i).copied().unwrap_or('\0');
    let before = if i == 0 { '\n' } else { c[i - 1] };
    let quoted = |open: usize, close: char| {
        let mut j = open + 1;
        while j < c.len() && c[j] != close {
            j += if c[j] == '\\' { 2 } else { 1 };
        }
        (j + 1).min(c.len())
    };
    match (language, at(i)) {
        (_, '"') => Some(quoted(i, '"')),
        (Language::Script, '\'' | '`') => Some(quoted(i, at(i))),
        (Language::Script, '/') if starts_a_pattern(c, i) => Some(quoted(i, '/')),
        (Language::Rust, 'r') if !is_word(before) || matches!(before, 'b' | 'c') => {
            let hashes = (i + 1..).take_while(|j| at(*j) == '#').count();
            if at(i + 1 + hashes) != '"' {
                return None;
            }
            let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            let body = i + 2 + hashes;
            let end = (body..c.len()).find(|j| c[*j..].starts_with(&close));
            Some(end.map_or(c.len(), |end| end + close.len()))
        }
        // A quote in Rust opens a character or names a lifetime.
        (Language::Rust, '\'') if at(i + 1) == '\\' || at(i + 2) == '\'' => Some(quoted(i, '\'')),
        _ => None,
    }
}

/// Whether this slash opens a regular expression: it stands where a value is expected.
fn starts_a_pattern(c: &[char], i: usize) -> bool {
    let before = c[..i].iter().rev().find(|c| !c.is_whitespace());
    before.is_none_or(|c| "(=:[!&|?{};,".contains(*c))
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `word` stands in `line` with no letter, figure or underscore on either side.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let edge = |c: Option<char>| c.is_none_or(|c| !is_word(c));
        let first = word.chars().next().is_none_or(|c| !is_word(c));
        let last = word.chars().last().is_none_or(|c| !is_word(c));
        (first || edge(line[..start].chars().last()))
            && (last || edge(line[start + word.len()..].chars().next()))
    })
}

/// Rust code without its `#[cfg(test)] mod … { }` blocks; lines keep their numbers.
pub(crate) fn without_test_modules(code: &str) -> String {
    let mut code: Vec<char> = code.chars().collect();
    let mark: Vec<char> = "#[cfg(test)]".chars().collect();
    let mut i = 0;
    while i < code.len() {
        if !code[i..].starts_with(&mark) {
            i += 1;
            continue;
        }
        let open = (i..code.len()).find(|j| matches!(code[*j], '{' | ';')).unwrap_or(code.len());
        let mut end = open;
        let mut depth = 0;
        while end < code.len() {
            match code[end] {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            end += 1;
            if depth == 0 {
                break;
            }
        }
        for c in &mut code[i..end] {
            if *c != '\n' {
                *c = ' ';
            }
        }
        i = end;
    }
    code.into_iter().collect()
}

/// Every path of two or more parts that Rust code names, with its line; `use a::{b, c::d}` names `a::b` and `a::c::d`.
pub(crate) fn paths(code: &str) -> Vec<(usize, String)> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let starts = tokens[i].1.chars().all(is_word)
            && tokens.get(i + 1).is_some_and(|(_, t)| t == "::")
            && (i == 0 || tokens[i - 1].1 != "::");
        i = if starts { tree(&tokens, i, "", &mut found) } else { i + 1 };
    }
    found
}

/// Reads one path, or one branch of a group, and returns the place behind it.
fn tree(tokens: &[(usize, String)], start: usize, prefix: &str, found: &mut Vec<(usize, String)>) -> usize {
    let join = |path: &str, part: &str| {
        if path.is_empty() { part.to_owned() } else { format!("{path}::{part}") }
    };
    let mut path = prefix.to_owned();
    let mut i = start;
    while let Some((line, token)) = tokens.get(i) {
        match token.as_str() {
            "{" if tokens.get(i.wrapping_sub(1)).is_some_and(|(_, t)| t == "::") || i == start => {
                i += 1;
                while tokens.get(i).is_some_and(|(_, t)| t != "}") {
                    let next = tree(tokens, i, &path, found);
                    i = next.max(i + 1);
                    // What follows a branch (`as name`, a comma) is passed over.
                    while tokens.get(i).is_some_and(|(_, t)| t != "," && t != "}") {
                        i += 1;
                    }
                    if tokens.get(i).is_some_and(|(_, t)| t == ",") {
                        i += 1;
                    }
                }
                return i + 1;
            }
            "*" => {
                found.push((*line, join(&path, "*")));
                return i + 1;
            }
            part if part.chars().all(is_word) => {
                if part != "self" || path.is_empty() {
                    path = join(&path, part);
                }
                if tokens.get(i + 1).is_some_and(|(_, t)| t == "::") {
                    i += 2;
                    continue;
                }
                found.push((*line, path));
                return i + 1;
            }
            // `Vec::<u8>::new`: the path ends here for our purposes.
            _ => {
                found.push((*line, path));
                return i + 1;
            }
        }
    }
    i
}

fn tokens(code: &str) -> Vec<(usize, String)> {
    let c: Vec<char> = code.chars().collect();
    let mut out = Vec::new();
    let (mut i, mut line) = (0, 1);
    while i < c.len() {
        if c[i] == '\n' {
            line += 1;
        }
        let length = if is_word(c[i]) {
            c[i..].iter().take_while(|c| is_word(**c)).count()
        } else if c[i..].starts_with(&[':', ':']) {
            2
        } else {
            1
        };
        if !c[i].is_whitespace() {
            out.push((line, c[i..i + length].iter().collect()));
        }
        i += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comments_and_text_are_told_apart() {
        let rust = "let a = \"x // y\"; // note 'a\nlet b = r#\"say \"hi\" \"#; let c = '\"'; fn d<'a>() {} /* x /* y */ z */ e";
        let code = only(rust, Language::Rust, Class::Code);
        for kept in ["let a", "let b", "let c", "fn d<'a>() {}", "e"] {
            assert!(code.contains(kept), "{kept} is lost in {code}");
        }
        for gone in ["x", "note", "hi", "z"] {
            assert!(!has_word(&code, gone), "{gone} is left in {code}");
        }
        let script = "const a = 'it\\'s'; const b = /['\"]/; // c\nconst d = `//`; 4 / 2; e";
        let code = only(script, Language::Script, Class::Code);
        assert!(code.contains("const d") && code.contains("4 / 2; e"), "{code}");
        assert!(!has_word(&code, "c") && !has_word(&code, "it"), "{code}");
    }

    #[test]
    fn paths_are_found_however_they_are_written() {
        let code = "use crate::{http::letters, mail as m, worker::{self, turn}};\nfn a() { tokio::spawn(b::c::<u8>()); x.y(); }";
        let found: Vec<String> = paths(code).into_iter().map(|(_, path)| path).collect();
        assert_eq!(
            found,
            [
                "crate::http::letters",
                "crate::mail",
                "crate::worker",
                "crate::worker::turn",
                "tokio::spawn",
                "b::c"
            ]
        );
        assert_eq!(paths("a;\n\nb::*;"), [(3, "b::*".to_owned())]);
    }

    #[test]
    fn test_modules_are_left_out() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\nfn c() {}\n#[cfg(test)]\nmod d;\nfn e() {}";
        let left = without_test_modules(code);
        assert!(left.contains("fn a") && left.contains("fn c") && left.contains("fn e"));
        assert!(!left.contains("fn b") && !left.contains("mod d"));
        assert_eq!(left.lines().count(), code.lines().count());
    }
}
