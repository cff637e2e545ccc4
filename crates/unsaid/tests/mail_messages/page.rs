//! The page beside the text: it says the same, fetches nothing, leads nowhere else, and can be read by everybody.

use std::collections::BTreeSet;
use unsaid::mail::compose::Message;
use unsaid::mail::lives::About;
use unsaid::words::Words;

use super::kinds::{LINK, all_spoken, head, html, in_words, knock, plain, text, written};

/// The tags of a page, as they stand there, without the text between them.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|rest| rest.split_once('>').expect("a tag is closed").0).collect()
}

/// The words of a page, as they are read.
fn read(page: &str) -> String {
    let body = page.split_once("<body").unwrap().1.split_once('>').unwrap().1;
    let mut words = String::new();
    for (at, piece) in body.split('<').enumerate() {
        let text = if at == 0 { piece } else { piece.split_once('>').unwrap().1 };
        let tag = if at == 0 { "" } else { piece.split_once('>').unwrap().0 };
        // Only these end a line; a word goes on behind `strong` and `a`.
        if tag == "br" || tag.starts_with("p ") {
            words.push(' ');
        }
        words.push_str(text);
    }
    let words = words.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_page_says_what_the_text_says_and_only_names_its_button_besides() {
    for (words, name, head, message) in all_spoken() {
        let whole = in_words(words, &head, &message);
        let (text, mut page) = (plain(&whole), read(&html(&whole)));
        let button = match &message {
            Message::Life(about) => match about {
                About::KeeperAsked { .. } | About::StoppedForKeeper { .. } => {
                    Some(words.say("mail.life.who", &[]))
                }
                About::Warning { unlock: true, .. } => None,
                About::Question { .. }
                | About::Reminder { .. }
                | About::Warning { .. }
                | About::SaidDied { .. }
                | About::Resumes { .. } => Some(words.say("mail.life.press", &[])),
                _ => None,
            },
            _ => None,
        };
        let button = button.or_else(|| match name {
            "said-well" | "said-unknown" => Some(words.say("mail.life.press", &[])),
            "invited" | "still-right" | "address-asked" | "card-asked" | "event-asked" => {
                Some(words.say("mail.life.who", &[]))
            }
            "rehearsal" => Some(Words::english().say("mail.life.who", &[])),
            "invitation" => Some(words.say("mail.invitation.press", &[])),
            "address-changed" => Some(words.say("mail.address_changed.press", &[])),
            "at-the-door" => Some(words.say("mail.at_the_door.press", &[])),
            "knock" | "knock-at-home" => Some(words.say("mail.knock.press", &[])),
            "knock-to-a-guardian" => Some(words.say("mail.knock.press_guardian", &[])),
            "knock-with-a-name" => Some(words.say("mail.knock.press_from", &[])),
            _ => None,
        });
        if let Some(button) = button {
            let added = format!("{button} {} ", words.say("mail.whole_link", &[]));
            assert_eq!(page.matches(&added).count(), 1, "{name}: {page}");
            page = page.replace(&added, "");
        }
        assert_eq!(page, text.split_whitespace().collect::<Vec<_>>().join(" "), "{name}");
    }
}

#[test]
fn the_page_is_made_of_few_things_and_fetches_none() {
    const KNOWN: [&str; 11] =
        ["!DOCTYPE", "a", "body", "br", "div", "head", "html", "meta", "p", "strong", "title"];
    for (words, name, head, message) in all_spoken() {
        let page = html(&in_words(words, &head, &message));
        for tag in tags(&page) {
            let bare = tag.trim_start_matches('/').split(' ').next().unwrap();
            assert!(KNOWN.contains(&bare), "{name}: <{tag}>");
            for part in
                ["src", "url(", "@", " on", "class", "id=", "background=", "expression", "display:none"]
            {
                assert!(!tag.contains(part), "{name}: <{tag}>");
            }
            if let Some((_, href)) = tag.split_once("href=\"") {
                let address = href.split('"').next().unwrap();
                let inside = address.strip_prefix(head.public_origin.as_str());
                assert!(
                    inside.is_some_and(|path| path.is_empty() || path.starts_with('/')),
                    "{name}: {address}"
                );
            }
        }
        let opened = |tag: &str| tags(&page).iter().filter(|t| t.split(' ').next() == Some(tag)).count();
        for tag in ["html", "head", "title", "body", "div", "p", "a", "strong"] {
            assert_eq!(opened(tag), page.matches(&format!("</{tag}>")).count(), "{name}: {tag}");
        }
        // Said twice, because some programs keep only what stands inside the body.
        let said = format!("lang=\"{}\" dir=\"ltr\"", words.tag());
        assert_eq!(page.matches(&said).count(), 2, "{name}");
        assert!(page.starts_with("<!DOCTYPE html>") && page.len() < 8_000, "{name}: {}", page.len());
    }
}

/// Nobody has to trust a button: what it leads to stands under it, and is the same.
#[test]
fn a_button_and_the_words_under_it_lead_to_one_place() {
    let page = html(&written(&head(), &knock()));
    assert_eq!(page.matches(&format!("<a href=\"{LINK}\"")).count(), 2);
    assert_eq!(page.matches(&format!(">{LINK}</a>")).count(), 1);
    assert!(text(&written(&head(), &knock())).contains(LINK));
    // What somebody is told to type is no link; the house's own address at the end is one.
    assert!(page.contains("Type https://letters.example.org/come into"));
    assert!(page.contains("<strong style=\"font-size:24px;white-space:nowrap\">2718 2818</strong>"));
    let links: BTreeSet<_> = tags(&page)
        .into_iter()
        .filter_map(|tag| tag.split_once("href=\""))
        .map(|(_, rest)| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(links, BTreeSet::from([LINK, "https://letters.example.org"]));
}

/// WCAG 2.2, 1.4.3 and 1.4.11. Ink and paper are the reader's own; only the button brings colours, both of them, and they hold on any paper.
#[test]
fn the_button_can_be_read_in_the_light_and_in_the_dark() {
    fn light(colour: &str) -> f64 {
        let part = |at: usize| {
            let byte = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if byte <= 0.040_45 { byte / 12.92 } else { ((byte + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }
    let contrast = |a: &str, b: &str| {
        let (a, b) = (light(a), light(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    };
    let page = html(&written(&head(), &knock()));
    let colours: Vec<_> = page.match_indices('#').map(|(at, _)| &page[at..at + 7]).collect();
    let [fill, ink] = colours[..] else { panic!("more colours than the button's: {colours:?}") };
    assert!(page.contains(&format!("background-color:{fill};color:{ink}")));
    assert!(contrast(fill, ink) >= 4.5);
    assert!(contrast(fill, "#ffffff") >= 3.0 && contrast(fill, "#000000") >= 3.0);
}

/// Nothing smaller than what the house's own pages set (look.md: 19 px for running text).
#[test]
fn the_letters_are_large() {
    for (words, name, head, message) in all_spoken() {
        let page = html(&in_words(words, &head, &message));
        let sizes: Vec<u32> = page
            .split("font-size:")
            .skip(1)
            .map(|rest| rest.split_once("px").unwrap().0.parse().unwrap())
            .collect();
        assert!(!sizes.is_empty() && sizes.iter().all(|size| *size >= 19), "{name}: {sizes:?}");
    }
}
