//! What is asked before a letter opens, and how an answer is compared: not as it was typed, but in a form that a tired hand and an old telephone still
//! reach. Knows no letter and no store; the keyed hash is made in `secrets.rs`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A question has so many characters at most.
pub const LONGEST_QUESTION: usize = 200;
/// And an answer, as it is typed.
pub const LONGEST_ANSWER: usize = 100;

/// What is wrong with a question or an answer. Each has words under `error.<key>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing is asked.
    QuestionEmpty,
    /// It is longer than [`LONGEST_QUESTION`].
    QuestionTooLong,
    /// Nothing is left of it in the form in which answers are compared.
    AnswerEmpty,
    /// It is longer than [`LONGEST_ANSWER`].
    AnswerTooLong,
}

impl Unfit {
    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::QuestionEmpty => "question-empty",
            Self::QuestionTooLong => "question-too-long",
            Self::AnswerEmpty => "answer-empty",
            Self::AnswerTooLong => "answer-too-long",
        }
    }
}

/// A question as it is kept: one line, without what nobody sees.
pub fn question(typed: &str) -> Result<String, Unfit> {
    let line = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control() && !unseen(*c)).collect();
    if !line.chars().any(char::is_alphanumeric) {
        return Err(Unfit::QuestionEmpty);
    }
    if line.chars().count() > LONGEST_QUESTION {
        return Err(Unfit::QuestionTooLong);
    }
    Ok(line)
}

/// What turns or hides text, and would let a question look like something else.
fn unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The form in which answers are compared: letters and digits alone, without accents, all small (UAX 15, NFKD; full case mapping, so that ß is ss).
/// An answer in a script whose marks are letters keeps what makes it another word.
pub fn form(typed: &str) -> Result<String, Unfit> {
    // Accents may come apart from their letters; together they are what was typed.
    if typed.nfc().count() > LONGEST_ANSWER {
        return Err(Unfit::AnswerTooLong);
    }
    let compared: String = typed
        .to_uppercase()
        .to_lowercase()
        .nfkd()
        // Whether a sigma ends a word depends on its neighbours, and spaces make no difference.
        .map(|c| if c == 'ς' { 'σ' } else { c })
        .filter(|c| c.is_alphanumeric() || (is_combining_mark(*c) && !is_accent(*c)))
        .nfc()
        .collect();
    if compared.is_empty() { Err(Unfit::AnswerEmpty) } else { Ok(compared) }
}

/// Accents of the scripts of Europe: with and without them it is the same word to whoever has only an old keyboard.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}')
}

/// A birthday in the form in which it is compared: `1951-05-04`, or `05-04` where the year is not known.
pub fn birthday(year: Option<i16>, month: i8, day: i8) -> String {
    match year {
        Some(year) => format!("{year:04}-{month:02}-{day:02}"),
        None => format!("{month:02}-{day:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_the_same_however_it_is_typed() {
        for (typed, same) in [
            ("Plätzchen", "platzchen"),
            ("  PLÄTZCHEN! ", "Plätzchen"),
            ("Pla\u{308}tzchen", "Plätzchen"),
            ("straße 7", "Strasse 7"),
            ("the old oak-tree", "The Old Oak Tree"),
            ("O’Neill", "O'Neill"),
            ("½", "1⁄2"),
            ("ＢＥＮＮＩ", "Benni"),
            ("ΟΔΟΣ", "οδός"),
            ("οδός μου", "οδοσμου"),
            ("İzmir", "izmir"),
            ("мотоцикл", "МОТОЦИКЛ"),
            ("高雄", "高 雄"),
        ] {
            assert_eq!(form(typed), form(same), "{typed:?} {same:?}");
            assert!(form(typed).is_ok());
        }
    }

    #[test]
    fn another_answer_is_another() {
        for (one, other) in
            [("Benni", "Benno"), ("7", "17"), ("कमल", "कमला"), ("מלך", "מלכה"), ("a1", "a 11"), ("は", "ば")]
        {
            assert_ne!(form(one), form(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn an_answer_that_is_none_is_said_to_be_none() {
        for typed in ["", "  ", "?!", "…", "\u{301}", "🙂"] {
            assert_eq!(form(typed), Err(Unfit::AnswerEmpty), "{typed:?}");
        }
        assert_eq!(form(&"a".repeat(101)), Err(Unfit::AnswerTooLong));
        assert!(form(&"ä".repeat(100)).is_ok());
        assert!(form(&"a\u{308}".repeat(100)).is_ok(), "the same with accents apart");
    }

    #[test]
    fn a_question_is_one_line_of_what_can_be_seen() {
        assert_eq!(question(" What was\nthe dog's  name?").as_deref(), Ok("What was the dog's name?"));
        assert_eq!(question("Name\u{202e}?").as_deref(), Ok("Name?"));
        assert_eq!(question("?"), Err(Unfit::QuestionEmpty));
        assert_eq!(question(""), Err(Unfit::QuestionEmpty));
        assert_eq!(question(&"a".repeat(201)), Err(Unfit::QuestionTooLong));
        assert!(question(&"é".repeat(200)).is_ok());
    }

    #[test]
    fn a_birthday_has_one_form() {
        assert_eq!(birthday(Some(1951), 5, 4), "1951-05-04");
        assert_eq!(birthday(None, 12, 31), "12-31");
    }
}
