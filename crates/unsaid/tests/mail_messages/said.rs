//! What the messages say: all that somebody needs who did not expect one, and nothing in a tone that is not this house's.

use unsaid::words::Words;

use super::kinds::{LINK, all, all_spoken, head, in_words, knock, text, written};

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
            "2718 2818",
            "3141 5926",
            "/come",
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
