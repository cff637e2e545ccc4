//! The headers, which programs read: each that must be there is there once, in the form that its RFC asks for, and none names a person.

use unsaid::mail::compose::{Message, compose};
use unsaid::words::Words;

use super::kinds::{LINK, QUIET, all, all_spoken, head, in_words, knock, particulars, written};

/// Folded lines joined, by name.
pub(super) fn header(whole: &str, name: &str) -> Option<String> {
    let head = whole.split_once("\r\n\r\n").unwrap().0.replace("\r\n ", " ");
    let mut found = head.split("\r\n").filter_map(|line| line.strip_prefix(&format!("{name}: ")));
    let value = found.next().map(|value| value.trim().to_owned());
    assert!(found.next().is_none(), "{name} is there twice");
    value
}

pub(super) fn names(whole: &str) -> Vec<String> {
    let head = whole.split_once("\r\n\r\n").unwrap().0;
    head.split("\r\n")
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_message_is_short_lines_of_ascii_with_the_headers_that_it_must_have() {
    for (words, name, head, message) in all_spoken() {
        let whole = in_words(words, &head, &message);
        assert!(whole.is_ascii(), "{name}");
        assert!(whole.ends_with("--\r\n"), "{name}");
        for line in whole.split("\r\n") {
            // A link in a header is not folded, because not everybody joins it again; no line may have more than 998 letters (RFC 5322, 2.1.1).
            let most = if line.starts_with("List-Unsubscribe: <") { 998 } else { 78 };
            assert!(line.len() < most && !line.contains(['\r', '\n']), "{name}: {line}");
        }
        let set = |name: &str| header(&whole, name).unwrap_or_else(|| panic!("no {name}"));
        assert!(set("From").ends_with("<letters@example.org>"));
        assert_eq!(set("To"), "anna@example.com");
        assert!(!set("Subject").is_empty());
        assert_eq!(set("Date"), "Thu, 12 Mar 2037 09:00:00 +0000");
        assert_eq!(set("Message-ID"), "<mzxw6ytboi4dsmzrgq2tinzwga@letters.example.org>");
        assert_eq!(set("MIME-Version"), "1.0");
        assert_eq!(set("Content-Language"), words.tag());
        assert!(set("Content-Type").starts_with("multipart/alternative; boundary="));
        let answers = matches!(message, Message::NobodyReads);
        assert_eq!(set("Auto-Submitted"), if answers { "auto-replied" } else { "auto-generated" });
        assert_eq!(set("X-Auto-Response-Suppress"), "OOF, AutoReply");
        assert_eq!(header(&whole, "Precedence"), None);
        assert_eq!(header(&whole, "Reply-To"), None);
    }
}

/// RFC 2369 and RFC 8058: whoever does not want these presses one button in their mail program. Only a knock comes unasked and again.
#[test]
fn a_knock_can_be_ended_by_the_button_of_a_mail_program_and_nothing_else_can() {
    for (name, head, message) in all() {
        let whole = written(&head, &message);
        let (address, post) = (header(&whole, "List-Unsubscribe"), header(&whole, "List-Unsubscribe-Post"));
        match name {
            "knock" | "knock-with-a-name" | "knock-to-a-guardian" => {
                assert_eq!(address.as_deref(), Some(format!("<{QUIET}>").as_str()));
                assert_eq!(post.as_deref(), Some("List-Unsubscribe=One-Click"));
            }
            // The one-click POST is for HTTPS alone.
            "knock-at-home" => {
                assert_eq!(address.as_deref(), Some("<http://127.0.0.1:8080/quiet/abc.def>"));
                assert_eq!(post, None);
            }
            _ => assert_eq!((address, post), (None, None), "{name}"),
        }
        let body = whole.split_once("\r\n\r\n").unwrap().1;
        assert!(!body.contains("/quiet/"), "{name}: the press of that button is for whoever looks for it");
    }
}

/// A large provider counts complaints by this header. It says the kind and the house, and is the same for everybody.
#[test]
fn the_feedback_header_names_no_person() {
    let mut seen = Vec::new();
    for (name, head, message) in all() {
        let one = header(&written(&head, &message), "Feedback-ID").unwrap();
        let mut other = particulars();
        other.to = "somebody.else@example.net".into();
        other.message_id = "another@letters.example.org".into();
        other.date = "2041-01-01T00:00:00Z".parse().unwrap();
        let other = compose(Words::of("es"), &head, &other, &message).unwrap();
        assert_eq!(header(&String::from_utf8(other.bytes).unwrap(), "Feedback-ID").as_ref(), Some(&one));
        let (kind, house) = one.split_once(':').unwrap();
        assert_eq!(kind, super::kinds::name(&message), "{name}");
        assert!((5..=15).contains(&house.len()) && house.bytes().all(|b| b.is_ascii_alphanumeric()));
        seen.push(house.to_owned());
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 2, "one for each house");
}

#[test]
fn an_answer_by_mail_goes_where_it_should() {
    let mut marked = particulars();
    marked.reply_to = Some("reply+mzxw6ytboi4dsmzrgq2tinzwga.me46gl75vfhrru6qshxb@example.org".into());
    let whole = compose(Words::english(), &head(), &marked, &knock()).unwrap();
    let whole = String::from_utf8(whole.bytes).unwrap();
    assert_eq!(header(&whole, "Reply-To"), marked.reply_to);
}

#[test]
fn a_knocks_link_is_in_its_body_alone() {
    let whole = written(&head(), &knock());
    let (head, _) = whole.split_once("\r\n\r\n").unwrap();
    let token = LINK.rsplit('/').next().unwrap();
    assert!(!head.contains(token));
    assert!(!head.contains("2718"), "nor the digits in its subject");
}
