//! Whatever a host calls the house, and whatever comes out of a store that somebody has been at: a message has the headers that it should have and no
//! other, one sender and one to whom it goes. Read back by a reader that is not ours.

use mail_parser::{Address, MessageParser};
use proptest::prelude::*;
use unsaid::mail::compose::{KnockTo, Letterhead, Message, Particulars, Unfit, compose};
use unsaid::words::Words;

use super::headers::names;
use super::kinds::{LINK, QUIET, all_spoken, head, knock, particulars, text, written};

/// What a text becomes before it is used: one line, nothing hidden.
fn on_one_line(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let plain: String = text.chars().map(|c| if hidden(c) { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What somebody would type who wants to be in the headers, among anything else.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-zA-Z0-9 .'-]{0,40}",
        "(House|\r\n|\n|\r| |Bcc: eve@example.com|Subject: hello|--=_mzxw6ytboi|<script>|\"|<|>|,|;|=\\?utf-8\\?Q\\?|\\?=|\u{2028}|\0|é|🕊️){0,12}",
    ]
}

fn one_address(address: Option<&Address<'_>>) -> Option<(String, String)> {
    let list = address?.as_list()?;
    let [one] = list else { return None };
    Some((one.name().unwrap_or_default().to_owned(), one.address()?.to_owned()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_that_a_host_types_gets_out_of_its_place(
        from_name in hostile(),
        house_name in hostile(),
        host_contact in proptest::option::of(hostile()),
        which in 0..all_spoken().len(),
    ) {
        let (words, kind, plain, message) = all_spoken().swap_remove(which);
        let wanted = String::from_utf8(compose(words, &plain, &particulars(), &message).unwrap().bytes).unwrap();
        let head = Letterhead { from_name: from_name.clone(), house_name: house_name.clone(), host_contact, ..plain };
        let whole = String::from_utf8(compose(words, &head, &particulars(), &message).unwrap().bytes).unwrap();
        prop_assert!(whole.is_ascii());
        for line in whole.split("\r\n") {
            prop_assert!(line.len() < 78 || line.starts_with("List-Unsubscribe: <"), "{}", line);
            prop_assert!(!line.contains(['\r', '\n']));
        }
        prop_assert_eq!(names(&whole), names(&wanted));
        let read = MessageParser::default().parse(whole.as_bytes()).unwrap();
        let reads: Vec<_> = read.headers().iter().map(|header| header.name().to_lowercase()).collect();
        let wanted: Vec<_> = names(&wanted).iter().map(|name| name.to_lowercase()).collect();
        prop_assert_eq!(reads, wanted);
        let to = one_address(read.to());
        prop_assert_eq!(to, Some((String::new(), "anna@example.com".to_owned())));
        let from = one_address(read.from());
        prop_assert_eq!(from.as_ref().map(|(_, address)| address.as_str()), Some("letters@example.org"), "{}", whole);
        prop_assert!(read.cc().is_none() && read.bcc().is_none() && read.sender().is_none());
        // The two parts and what holds them; nothing attached.
        prop_assert_eq!(read.parts.len(), 3, "{}: {}", kind, whole);
        prop_assert_eq!(read.attachment_count(), 0);
        let page = read.html_part(0).and_then(|part| part.text_contents()).unwrap();
        prop_assert!(!page.contains("<script"));
        let house = on_one_line(&house_name);
        let text = read.text_part(0).and_then(|part| part.text_contents()).unwrap();
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert!(flat.contains(&house), "{:?} is not in {}", house, flat);
    }

    /// An address, a link, a number: written as it is, or not at all.
    #[test]
    fn what_is_not_an_address_or_a_link_is_not_written(
        to in prop_oneof!["[a-z.+=']{1,12}@[a-z.]{1,12}", hostile()],
        reply_to in proptest::option::of(prop_oneof!["[a-z+]{1,9}@[a-z]{1,9}", hostile()]),
        return_path in prop_oneof!["[a-z+]{1,9}@[a-z]{1,9}", Just(String::new()), hostile()],
        message_id in prop_oneof!["[a-z2-7]{26}@[a-z]{1,9}", hostile()],
        link in prop_oneof![Just(LINK.to_owned()), hostile().prop_map(|tail| format!("https://letters.example.org/k/{tail}"))],
        quiet in prop_oneof![Just(QUIET.to_owned()), hostile().prop_map(|tail| format!("https://letters.example.org/quiet/{tail}"))],
    ) {
        let particulars = Particulars { to: to.clone(), return_path, reply_to: reply_to.clone(), message_id: message_id.clone(), date: particulars().date };
        let knock = Message::Knock { link: &link, digits: "27182818", quiet: &quiet, to: KnockTo::Person(None) };
        let Ok(outgoing) = compose(Words::english(), &head(), &particulars, &knock) else { return Ok(()) };
        let mut wanted = names(&written(&head(), &self::knock()));
        if reply_to.is_some() {
            wanted.insert(2, "Reply-To".to_owned());
        }
        let whole = String::from_utf8(outgoing.bytes).unwrap();
        prop_assert_eq!(names(&whole), wanted);
        let read = MessageParser::default().parse(whole.as_bytes()).unwrap();
        prop_assert_eq!(one_address(read.to()).map(|(_, address)| address), Some(to));
        prop_assert_eq!(one_address(read.reply_to()).map(|(_, address)| address), reply_to);
        prop_assert_eq!(read.message_id(), Some(message_id.as_str()));
        let unsubscribe = one_address(read.list_unsubscribe().as_address()).map(|(_, address)| address);
        prop_assert_eq!(unsubscribe, Some(quiet));
        let page = read.html_part(0).and_then(|part| part.text_contents()).unwrap();
        let href = format!("href=\"{}\"", link.replace('&', "&amp;"));
        prop_assert!(page.contains(&href));
        prop_assert_eq!(read.parts.len(), 3);
    }
}

/// faults.md 28. A host may call the house what they like; it stays one line, in one header, and in one place.
#[test]
fn a_name_cannot_become_a_header() {
    for bad in [
        "House\r\nBcc: eve@example.com",
        "House\nBcc: eve@example.com\n\nhello",
        "House\rBcc: eve@example.com",
        "House\u{2028}Bcc: eve@example.com",
        "House\0\u{b}\u{c}\u{85}Bcc: eve@example.com",
        "\" <eve@example.com>, \"",
        "=?utf-8?Q?x=0D=0ABcc:_eve@example.com?=",
        "\u{202e}esuoH",
    ] {
        let mut head = head();
        head.from_name = bad.into();
        head.house_name = bad.into();
        head.host_contact = Some(bad.into());
        for message in [Message::Test, Message::AccountMade, knock()] {
            let whole = written(&head, &message);
            assert_eq!(names(&whole), names(&written(&self::head(), &message)), "{bad:?}\n{whole}");
            assert!(
                whole.split("\r\n").all(|line| (line.len() < 78 || line.starts_with("List-Unsubscribe: <"))
                    && !line.contains(['\r', '\n'])),
                "{bad:?}"
            );
            assert_eq!(whole.matches("<letters@example.org>").count(), 1);
            let from = whole.split("\r\nTo:").next().unwrap();
            assert!(
                !from.contains("<eve") || from.starts_with("From: \"\\\" <eve@example.com>, \\\"\""),
                "{from}"
            );
        }
    }
}

#[test]
fn a_house_may_have_any_name() {
    for name in ["Haus 🕊️ Lindenhof", "بيت الرسائل", "手紙の家", "Ö", &"Sehr lange Häuser ".repeat(12)]
    {
        let mut head = head();
        head.house_name = name.into();
        head.from_name = name.into();
        let whole = written(&head, &knock());
        assert!(whole.is_ascii() && whole.starts_with("From: =?utf-8?B?"));
        assert!(text(&whole).contains(name.trim()), "{name}");
    }
}

#[test]
fn what_cannot_be_written_is_not_written() {
    let no = |head: &Letterhead, particulars: &Particulars, message: &Message<'_>| {
        compose(Words::english(), head, particulars, message).err()
    };
    for link in [
        "https://elsewhere.example/k/abc",
        "https://letters.example.org.evil.example/k/abc",
        "https://letters.example.org",
        "https://letters.example.org/k/a b",
        "https://letters.example.org/k/a\r\nb",
        "https://letters.example.org/k/a>,<https://elsewhere.example/",
        "https://letters.example.org/k/\u{fc}",
        "javascript:alert(1)",
        "",
    ] {
        let message = Message::Knock { link, digits: "27182818", quiet: QUIET, to: KnockTo::Person(None) };
        assert_eq!(no(&head(), &particulars(), &message), Some(Unfit::Link), "{link}");
        let message =
            Message::Knock { link: LINK, digits: "27182818", quiet: link, to: KnockTo::Person(None) };
        assert_eq!(no(&head(), &particulars(), &message), Some(Unfit::Link), "{link}");
    }
    for digits in ["", "1234567", "123456789", "1234 678", "１２３４５６７８", "abcdefgh"] {
        assert_eq!(no(&head(), &particulars(), &Message::Code { digits }), Some(Unfit::Digits), "{digits}");
        let message = Message::Knock { link: LINK, digits, quiet: QUIET, to: KnockTo::Person(None) };
        assert_eq!(no(&head(), &particulars(), &message), Some(Unfit::Digits), "{digits}");
    }
    for name in [
        "",
        "A",
        "Anna\r\nBcc: eve@example.com",
        "Anna  Berg",
        " Anna",
        "https://x.example",
        "anna@example.com",
        "Anna\u{202e}",
    ] {
        let message =
            Message::Knock { link: LINK, digits: "27182818", quiet: QUIET, to: KnockTo::Person(Some(name)) };
        assert_eq!(no(&head(), &particulars(), &message), Some(Unfit::Name), "{name:?}");
    }
    type Change = fn(&mut Particulars);
    let changes: [(Change, Unfit); 7] = [
        (|p| p.to = "anna@example.com\r\nBcc: eve@example.com".into(), Unfit::Address),
        (|p| p.to = "anna@example.com, eve@example.com".into(), Unfit::Address),
        (|p| p.return_path = "bounce".into(), Unfit::Address),
        (|p| p.reply_to = Some("reply@example.org\r\nBcc: eve@example.com".into()), Unfit::Address),
        (|p| p.reply_to = Some(String::new()), Unfit::Address),
        (|p| p.message_id = "a@b>\r\nX: y".into(), Unfit::MessageId),
        (|p| p.message_id = String::new(), Unfit::MessageId),
    ];
    for (change, unfit) in changes {
        let mut particulars = particulars();
        change(&mut particulars);
        assert_eq!(no(&head(), &particulars, &Message::Test), Some(unfit));
    }
    let mut strange = head();
    strange.from_address = "House <house@example.org>".into();
    assert_eq!(no(&strange, &particulars(), &Message::Test), Some(Unfit::Address));
}
