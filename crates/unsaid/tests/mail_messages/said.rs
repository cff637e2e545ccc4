//! What the messages say: all that somebody needs who did not expect one, and nothing in a tone that is not this house's.

use unsaid::words::Words;

use super::kinds::{KEEPER, LINK, WELL, all, all_spoken, head, in_words, knock, text, written};

/// delivery.md: a knock holds no byte that an author typed, and offers what it must.
#[test]
fn a_knock_says_what_a_stranger_needs_and_no_more() {
    let said = text(&written(&head(), &knock()));
    for needed in [
        LINK,
        "St Aldhelm’s Hospice",
        "Ruth Adeyemi, 01632 960 144",
        "leads to https://letters.example.org and nowhere else",
        "Type https://letters.example.org/come into your browser",
        "eight digits: 2718 2818",
        "say no",
        "no account",
        "three times",
        "at most once a year",
        "never ask for money, and never for a password",
    ] {
        assert!(said.contains(needed), "{needed}");
    }
    let mut alone = head();
    alone.host_contact = Some(" \r\n ".into());
    assert!(text(&written(&alone, &knock())).contains("somebody you trust"));
    assert!(written(&head(), &knock()).contains("Subject: Something waits for you\r\n"));
}

/// look.md, 'Avoid'.
#[test]
fn mails_speak_as_the_house_does() {
    for (name, head, message) in all() {
        let said = text(&written(&head, &message)).to_lowercase();
        for avoided in [
            "user",
            "recipient",
            "content",
            "submit",
            "confirm",
            "cancel",
            " ok ",
            "invalid",
            "failed",
            "oops",
            "please",
            "legacy",
            "passed away",
            "loved one",
            "memories",
            "journey",
            "secure",
            "magic",
            "simply",
            "click",
            "!",
        ] {
            assert!(!said.contains(avoided), "{name} says {avoided:?}");
        }
    }
}

/// A knock of another language has the same in it.
#[test]
fn nothing_is_lost_in_another_language() {
    for (words, name, head, message) in all_spoken() {
        let (english, said) = (text(&written(&head, &message)), text(&in_words(words, &head, &message)));
        let needed = [
            LINK,
            WELL,
            KEEPER,
            "2718 2818",
            "3141 5926",
            "/come",
            "/stop",
            "01632 960 144",
            "St Aldhelm’s Hospice",
            &head.public_origin,
        ];
        for needed in needed {
            assert_eq!(said.contains(needed), english.contains(needed), "{name}, {}: {needed}", words.tag());
        }
        assert!(!said.contains(['{', '}']), "{name}");
    }
    assert_eq!(Words::of("es").tag(), "es");
}

/// What was asked of one author is found by its name in [`all`].
fn said(which: &str) -> String {
    let (_, head, message) = all().into_iter().find(|(name, ..)| *name == which).unwrap();
    text(&written(&head, &message))
}

/// delivery.md: the question says what happens if nothing is heard, in days; a reminder, the how-manieth it is; a warning, the day.
#[test]
fn what_comes_of_silence_is_said_in_days() {
    let question = said("question");
    for needed in [
        WELL,
        "four times more, 7 days apart",
        "ask the people whom you have named",
        "Nothing leaves before 66 days more",
        "any sign sets everything back to the beginning",
        "Type https://letters.example.org into your browser",
    ] {
        assert!(question.contains(needed), "{needed}: {question}");
    }
    assert!(!question.contains("your paper kit"), "a button is enough");
    let unlock = said("question-with-an-unlock");
    assert!(unlock.contains("with your words or your paper kit") && unlock.contains(WELL));
    assert!(said("question-alone").contains("Nothing leaves before 331 days more"));
    assert!(said("question-that-nothing-follows").contains("without the word of people whom you have named"));
    assert!(said("reminder").contains("This is the second of four reminders"));
    assert!(said("reminder-last").contains("This is the last of four reminders"));
    let warning = said("warning");
    for needed in [
        "On Sunday 22 March 2037 or later, the letters that wait until you are gone would leave, unless",
        "This is warning 1 of 3",
        "Type https://letters.example.org/stop into a browser",
        WELL,
    ] {
        assert!(warning.contains(needed), "{needed}: {warning}");
    }
    assert!(!said("warning-with-an-unlock").contains("/well/"), "a button that does nothing is not offered");
}

/// A keeper is asked to reach her before they say anything, and is told that they can do no harm alone.
#[test]
fn a_keeper_is_asked_to_reach_her_first() {
    let asked = said("keeper-asked");
    let at = |needle: &str| asked.find(needle).unwrap_or_else(|| panic!("{needle}: {asked}"));
    assert!(at("First try to reach them") < at(KEEPER) && at(KEEPER) < at("that they have died"));
    assert!(asked.contains("Not knowing is a good answer too"));
    assert!(asked.contains("one sign from them ends it"));
    assert!(said("keeper-asked-again").contains("We have asked you before"));
}
