//! The letters of a local part, and its forms. Knows nothing of domains, and refuses nothing by itself: address.rs does.
//!
//! Why the normal form folds so much: it is what a refusal is kept by, and a refusal that misses one spelling of a mailbox lets a letter through to
//! somebody who said no. Case is a server's own affair (RFC 5321, 2.4), and so is whether it takes two ways of writing a letter for one (RFC 6530, 10.1),
//! so both are folded for everybody: a house that folds more than that server does treats two mailboxes as one and holds a knock back, which is the
//! smaller harm. For addresses in ASCII it is what it always was, since what was hashed cannot be hashed anew.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// One or more atoms with single dots between them (RFC 5322, 3.2.3, with letters of every script: RFC 6531, 3.3).
pub(super) fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(is_atom)
}

/// What may stand in quotation marks here: atoms with dots anywhere, and single spaces inside.
pub(super) fn is_quotable(local: &str) -> bool {
    let letters =
        |word: &str| !word.is_empty() && word.split('.').filter(|part| !part.is_empty()).all(is_atom);
    local.split(' ').all(letters)
}

/// As it stands before the @.
pub(super) fn written(local: &str) -> String {
    if is_dot_atom(local) { local.to_owned() } else { format!("\"{local}\"") }
}

fn is_atom(part: &str) -> bool {
    // A mark belongs to the letter before it.
    part.chars().next().is_some_and(|first| !is_combining_mark(first)) && part.chars().all(is_letter)
}

/// `atext`, and letters, marks and figures of every script, with the dots that stand inside words in Catalan and Japanese.
fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    }
    (c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '·' | '・')) && !is_unseen(c)
}

/// What is not seen, turns the direction of what follows, or says how to draw the letter before it: two addresses that differ in such alone look the same
/// (Unicode, Default_Ignorable_Code_Point).
pub(super) fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// ASCII that an input method for Chinese or Japanese wrote as wide as an ideograph: nobody means another letter by it (RFC 8265, 3.3, maps it too).
pub(super) fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// Small letters, and otherwise as it is.
pub(super) fn case_folded(local: &str) -> String {
    local.to_lowercase().nfc().collect()
}

/// What looks or sounds like one letter is one: compatibility forms (UAX 15, NFKC), case in full, by way of the capitals, since `ß` and `ss`, `ς` and `σ`, `ſ` and `s`
/// meet there, and an i that kept its dot from a Turkish capital, or lost it on the way to one.
pub(super) fn folded(local: &str) -> String {
    /// More turns than any letter needs to come to rest.
    const TURNS: usize = 8;
    let mut form: String = local.nfkc().collect();
    for _ in 0..TURNS {
        let next: String =
            form.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect();
        let next = next.replace("i\u{307}", "i");
        if next == form {
            break;
        }
        form = next;
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_comes_to_rest() {
        for c in '\0'..='\u{2ffff}' {
            let once = folded(&format!("a{c}b"));
            assert_eq!(folded(&once), once, "{c:?}");
            if c.is_ascii() {
                assert_eq!(folded(&c.to_string()), c.to_ascii_lowercase().to_string());
            }
        }
    }

    #[test]
    fn a_letter_and_its_capital_are_one() {
        for c in '\0'..='\u{2ffff}' {
            let (upper, lower): (String, String) = (c.to_uppercase().collect(), c.to_lowercase().collect());
            let forms = [c.to_string(), upper, lower].map(|form| folded(&form));
            assert!(forms.iter().all(|form| *form == forms[0]), "{c:?} {forms:?}");
        }
    }
}
