//! The name that people see: short, of letters, and no message. Knows nothing of accounts; who has approved it for a mail is the store's.

/// A name has so many letters.
const NAME_LETTERS: std::ops::RangeInclusive<usize> = 2..=40;

/// A name that may stand in a mail: letters, spaces, hyphens and apostrophes, and the marks that letters of some scripts need.
/// Errors are keys of words.
pub fn read(typed: &str) -> Result<String, &'static str> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err("name-empty");
    }
    if name.len() > 400 || !NAME_LETTERS.contains(&name.chars().count()) {
        return Err("name-length");
    }
    let mut before = ' ';
    for c in name.chars() {
        let between = |c: char| matches!(c, ' ' | '-' | '\'' | '\u{2019}');
        // One accent on a letter; the sign that joins letters in scripts of India. Two in a row would be a drawing.
        let mark = matches!(
            c,
            '\u{300}'
                ..='\u{36f}'
                    | '\u{94d}'
                    | '\u{9cd}'
                    | '\u{a4d}'
                    | '\u{acd}'
                    | '\u{b4d}'
                    | '\u{bcd}'
                    | '\u{c4d}'
                    | '\u{ccd}'
                    | '\u{d4d}'
        );
        let fits = c.is_alphabetic()
            || (between(c) && (before.is_alphabetic() || (c != ' ' && before == ' ')))
            || (between(c) && !between(before))
            || (mark && before.is_alphabetic());
        if !fits {
            return Err("name-letters");
        }
        before = c;
    }
    if name.chars().filter(|c| c.is_alphabetic()).count() < 2 {
        return Err("name-length");
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_name_is_letters_spaces_hyphens_and_apostrophes() {
        for (typed, name) in [
            ("Ana", "Ana"),
            ("  Mary  Jane ", "Mary Jane"),
            ("O'Brien", "O'Brien"),
            ("Anne-Marie d\u{2019}Arc", "Anne-Marie d\u{2019}Arc"),
            ("e\u{301}lodie", "e\u{301}lodie"),
            ("Ng", "Ng"),
            ("山田 太郎", "山田 太郎"),
            ("प्रिया", "प्रिया"),
        ] {
            assert_eq!(read(typed).as_deref(), Ok(name), "{typed:?}");
        }
    }

    #[test]
    fn a_name_carries_no_message() {
        for (typed, key) in [
            ("", "name-empty"),
            ("   ", "name-empty"),
            ("A", "name-length"),
            (&*"a".repeat(41), "name-length"),
            ("call 0171", "name-letters"),
            ("http://x.example", "name-letters"),
            ("a@b", "name-letters"),
            ("Ana\u{202e}x", "name-letters"),
            ("Ana\u{0}", "name-letters"),
            ("a\u{301}\u{302}b", "name-letters"),
            ("---", "name-letters"),
            ("A--B", "name-letters"),
            ("I miss you!", "name-letters"),
        ] {
            assert_eq!(read(typed), Err(key), "{typed:?}");
        }
    }
}
