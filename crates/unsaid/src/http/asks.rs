//! What is asked before a letter opens, as it comes in with the sealing and as its author is shown it. The answer is turned into a keyed hash here, and is nowhere
//! after that. Wrong answers and right ones are no business of this file: they are the person's (`person/answer.rs`).

use super::problem::Problem;
use super::rule;
use crate::answer::{self, Unfit};
use crate::app::App;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unsaid_delivery::id::LetterId;
use unsaid_delivery::rule::Proof;
use unsaid_store::StoreError;
use unsaid_store::rows::{Asks, Keyed, Letter, NewProof};

/// What is asked, as it comes in. Kinds that nobody knows are said to be not yet kept.
#[derive(Clone)]
pub(super) enum Asked {
    Nothing,
    Birthday { year: Option<i16>, month: i8, day: i8 },
    Question { question: String, answer: String },
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "ProofGiven")]
pub(super) enum Given {
    Birthday { year: Option<i64>, month: Option<i64>, day: Option<i64> },
    Question { question: String, answer: String },
}

/// What `rule.proof` may be.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what is read by hand below")]
pub(super) enum Described {
    Nothing(Nothing),
    Asks(Given),
}

/// The word for nothing.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "NothingAsked")]
pub(super) enum Nothing {
    None,
}

impl Asked {
    /// Reads `rule.proof`.
    pub(super) fn read(given: &Value) -> Result<Self, Problem> {
        let not_yet = || Problem::field("rule", "not-yet");
        match given {
            Value::String(word) if word == "none" => Ok(Self::Nothing),
            Value::Object(_) => match Given::deserialize(given).map_err(|_| not_yet())? {
                Given::Birthday { year, month, day } => Self::birthday(year, month, day),
                Given::Question { question, answer } => {
                    let question = answer::question(&question).map_err(of_question)?;
                    let answer = answer::form(&answer).map_err(of_answer)?;
                    Ok(Self::Question { question, answer })
                }
            },
            _ => Err(not_yet()),
        }
    }

    fn birthday(year: Option<i64>, month: Option<i64>, day: Option<i64>) -> Result<Self, Problem> {
        let there = rule::birthday(month, day, None)?;
        let year = year.map(|year| i16::try_from(year).map_err(|_| unknown())).transpose()?;
        let (year, month, day) = can_be_typed((year, there.month, there.day))?;
        Ok(Self::Birthday { year, month, day })
    }

    /// The kind in the rule.
    pub(super) fn kind(&self) -> Proof {
        match self {
            Self::Nothing => Proof::None,
            Self::Birthday { .. } => Proof::Birthday,
            Self::Question { .. } => Proof::Question,
        }
    }

    /// What is kept of it.
    pub(super) fn kept(&self, app: &App, letter: LetterId) -> Option<NewProof> {
        match self {
            Self::Nothing => None,
            Self::Birthday { year, month, day } => Some(birthday(app, letter, (*year, *month, *day))),
            Self::Question { question, answer } => {
                let sealed = app.keys.seal_text(&letter.to_string(), question, &*app.chance);
                let asks = Asks { question: Some(sealed), with_year: false };
                Some(NewProof { asks, answer: hash(app, letter, answer) })
            }
        }
    }
}

fn unknown() -> Problem {
    Problem::field("birthday", "birthday-unknown")
}

/// A birthday that somebody can type as an answer: a day of its year (without a year one that some year has), and a year of four figures.
pub(super) fn can_be_typed(
    (year, month, day): (Option<i16>, i8, i8),
) -> Result<(Option<i16>, i8, i8), Problem> {
    if year.is_some_and(|year| !(1000..=9999).contains(&year)) {
        return Err(unknown());
    }
    jiff::civil::Date::new(year.unwrap_or(2000), month, day).map_err(|_| unknown())?;
    Ok((year, month, day))
}

/// A birthday that is asked for, as it is kept.
pub(super) fn birthday(app: &App, letter: LetterId, (year, month, day): (Option<i16>, i8, i8)) -> NewProof {
    let answer = hash(app, letter, &answer::birthday(year, month, day));
    NewProof { asks: Asks { question: None, with_year: year.is_some() }, answer }
}

/// The keyed hash of an answer in the form in which answers are compared, for this letter alone.
pub(super) fn hash(app: &App, letter: LetterId, form: &str) -> Keyed {
    app.keys.peppered("answer", format!("{letter}|{form}").as_bytes())
}

fn of_question(unfit: Unfit) -> Problem {
    Problem::field("question", unfit.key())
}

fn of_answer(unfit: Unfit) -> Problem {
    Problem::field("answer", unfit.key())
}

/// What is asked, as its author is shown it: never the answer.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Proof")]
pub(super) enum View {
    Nothing(Nothing),
    Asks(AsksView),
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[schemars(rename = "ProofAsked")]
pub(super) enum AsksView {
    /// `year`: whether the year of birth is asked for too.
    Birthday {
        year: bool,
    },
    Question {
        question: String,
    },
}

impl View {
    /// Of a letter of hers.
    pub(super) fn of(app: &App, letter: &Letter) -> Result<Self, Problem> {
        Ok(match &letter.asks {
            None => Self::Nothing(Nothing::None),
            Some(Asks { question: None, with_year }) => Self::Asks(AsksView::Birthday { year: *with_year }),
            Some(Asks { question: Some(sealed), .. }) => {
                let question = app.keys.open_text(&letter.id.to_string(), sealed);
                let question = question.ok_or(StoreError::Damaged)?.to_string();
                Self::Asks(AsksView::Question { question })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(given: &Value) -> Vec<(&'static str, &'static str)> {
        Asked::read(given).err().expect("refused").fields
    }

    #[test]
    fn what_is_asked_is_read_strictly() {
        assert!(matches!(Asked::read(&json!("none")), Ok(Asked::Nothing)));
        let birthday = json!({ "kind": "birthday", "year": 1951, "month": 5, "day": 4 });
        assert!(matches!(Asked::read(&birthday), Ok(Asked::Birthday { year: Some(1951), month: 5, day: 4 })));
        let leap = json!({ "kind": "birthday", "year": null, "month": 2, "day": 29 });
        assert!(matches!(Asked::read(&leap), Ok(Asked::Birthday { year: None, month: 2, day: 29 })));
        let question = json!({ "kind": "question", "question": "The dog?", "answer": "Benni!" });
        match Asked::read(&question) {
            Ok(Asked::Question { question, answer }) => {
                assert_eq!((&*question, &*answer), ("The dog?", "benni"));
            }
            _ => panic!("it is a question"),
        }
        for (given, fields) in [
            (json!("birthday"), [("rule", "not-yet")]),
            (json!(null), [("rule", "not-yet")]),
            (json!({ "kind": "riddle" }), [("rule", "not-yet")]),
            (json!({ "kind": "question", "question": "a", "answer": "b", "more": 1 }), [("rule", "not-yet")]),
            (
                json!({ "kind": "birthday", "year": 2001, "month": 2, "day": 29 }),
                [("birthday", "birthday-unknown")],
            ),
            (
                json!({ "kind": "birthday", "year": 99999, "month": 2, "day": 2 }),
                [("birthday", "birthday-unknown")],
            ),
            (
                json!({ "kind": "birthday", "year": null, "month": 13, "day": 2 }),
                [("birthday", "birthday-unknown")],
            ),
            (json!({ "kind": "birthday", "year": 1951 }), [("birthday", "birthday-unknown")]),
            (
                json!({ "kind": "birthday", "year": 51, "month": 2, "day": 2 }),
                [("birthday", "birthday-unknown")],
            ),
            (json!({ "kind": "question", "question": " ", "answer": "b" }), [("question", "question-empty")]),
            (json!({ "kind": "question", "question": "a?", "answer": "!" }), [("answer", "answer-empty")]),
        ] {
            assert_eq!(refused(&given), fields, "{given}");
        }
    }
}
