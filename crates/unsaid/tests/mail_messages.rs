//! Every message that this house writes, whole, as a file in snapshots/: what is compared is what arrives, byte for byte.
//! `UNSAID_BLESS=1` writes the files anew; then they are read, aloud, before they are committed.

use std::path::Path;

use unsaid::mail::compose::{Letterhead, Message, Particulars, Unfit, compose};
use unsaid::words::Words;

const LINK: &str = "https://letters.example.org/k/Zm9yIG15IGdyYW5kY2hpbGQgd2hlbiBzaGUgaXMgb2xk";
const UNDO: &str = "https://letters.example.org/address/Zm9yIG15IGdyYW5kY2hpbGQgd2hlbiBzaGUgaXMgb2xk";

fn head() -> Letterhead {
    Letterhead {
        from_name: "St Aldhelm’s Hospice".into(),
        from_address: "letters@example.org".into(),
        house_name: "St Aldhelm’s Hospice".into(),
        host_contact: Some("Ruth Adeyemi, 01632 960 144".into()),
        public_origin: "https://letters.example.org".into(),
    }
}

fn particulars() -> Particulars {
    Particulars {
        to: "anna@example.com".into(),
        return_path: "bounce+mzxw6ytboi@example.org".into(),
        message_id: "mzxw6ytboi4dsmzrgq2tinzwga@letters.example.org".into(),
        date: "2037-03-12T09:00:00Z".parse().unwrap(),
    }
}

fn knock() -> Message<'static> {
    Message::Knock { link: LINK, digits: None }
}

fn all() -> Vec<(&'static str, Letterhead, Message<'static>)> {
    let mut quiet = head();
    quiet.house_name = "Papa's house".into();
    quiet.from_name = "Papa's house".into();
    quiet.public_origin = "http://127.0.0.1:8080".into();
    quiet.host_contact = None;
    let with_digits = Message::Knock { link: LINK, digits: Some("27182818") };
    let local = Message::Knock { link: "http://127.0.0.1:8080/k/abc", digits: None };
    vec![
        ("code", head(), Message::Code { digits: "31415926" }),
        (
            "invitation",
            head(),
            Message::Invitation {
                link: "https://letters.example.org/i/Zm9yIG15IGdyYW5kY2hpbGQgd2hlbiBzaGUgaXMgb2xk",
            },
        ),
        ("account-made", head(), Message::AccountMade),
        ("address-changed", head(), Message::SignInAddressChanged { undo: UNDO }),
        ("kit-used", head(), Message::KitUsed),
        ("words-replaced", head(), Message::WordsReplaced),
        ("card-printed", head(), Message::CardPrinted),
        ("exported", head(), Message::Exported),
        ("addresses-changed", head(), Message::AddressesChanged),
        ("test", head(), Message::Test),
        ("knock", head(), knock()),
        ("knock-with-digits", head(), with_digits),
        ("knock-without-contact", quiet, local),
    ]
}

fn written(head: &Letterhead, message: &Message<'_>) -> String {
    let outgoing = compose(Words::english(), head, &particulars(), message).unwrap();
    String::from_utf8(outgoing.bytes).unwrap()
}

/// The text as it is read, quoted-printable undone.
fn text(whole: &str) -> String {
    let body = whole.split_once("\r\n\r\n").unwrap().1;
    let joined = body.replace("=\r\n", "").replace("\r\n", "\n");
    let mut bytes = Vec::new();
    let mut rest = joined.as_str();
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "one variable, for whoever changes the words")]
fn whole_messages_are_what_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let bless = std::env::var("UNSAID_BLESS").is_ok();
    for (name, head, message) in all() {
        let path = folder.join(format!("{name}.eml"));
        let whole = written(&head, &message);
        if bless {
            std::fs::write(&path, &whole).unwrap();
        }
        let before = std::fs::read(&path)
            .unwrap_or_else(|_| panic!("{name}.eml is not there: UNSAID_BLESS=1 writes it"));
        assert!(
            before == whole.as_bytes(),
            "{name}.eml is not what is written now. If that is meant, UNSAID_BLESS=1.\n{whole}"
        );
    }
}

#[test]
fn the_same_message_is_the_same_bytes() {
    for ((_, head, message), (_, again, repeated)) in all().into_iter().zip(all()) {
        assert_eq!(written(&head, &message), written(&again, &repeated));
    }
}

#[test]
fn every_message_is_short_lines_of_ascii_with_the_headers_that_it_must_have() {
    for (name, head, message) in all() {
        let whole = written(&head, &message);
        assert!(whole.is_ascii(), "{name}");
        assert!(whole.ends_with("\r\n"), "{name}");
        assert!(whole.split("\r\n").all(|line| line.len() < 78 && !line.contains(['\r', '\n'])), "{name}");
        for header in [
            "From: ",
            "To: anna@example.com\r\n",
            "Subject: ",
            "Date: Thu, 12 Mar 2037 09:00:00 +0000\r\n",
            "Message-ID: <mzxw6ytboi4dsmzrgq2tinzwga@letters.example.org>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "MIME-Version: 1.0\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Transfer-Encoding: ",
        ] {
            let at_line_start = format!("\r\n{header}");
            assert_eq!(format!("\r\n{whole}").matches(&at_line_start).count(), 1, "{name}: {header}");
        }
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
        let plain = written(&self::head(), &Message::Test);
        let wanted: Vec<_> = names(&plain);
        for message in [Message::Test, Message::AccountMade, knock()] {
            let whole = written(&head, &message);
            assert_eq!(names(&whole), wanted, "{bad:?}\n{whole}");
            assert!(
                whole.split("\r\n").all(|line| line.len() < 78 && !line.contains(['\r', '\n'])),
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

fn names(whole: &str) -> Vec<String> {
    let head = whole.split_once("\r\n\r\n").unwrap().0;
    head.split("\r\n")
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect()
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
        assert!(text(&whole).replace('\n', " ").contains(name.trim()), "{name}");
    }
}

/// delivery.md: a knock holds no byte that an author typed, and offers what it must.
#[test]
fn a_knock_says_what_a_stranger_needs_and_no_more() {
    let said = text(&written(&head(), &knock())).replace('\n', " ");
    for needed in [
        LINK,
        "St Aldhelm’s Hospice",
        "Ruth Adeyemi, 01632 960 144",
        "leads to https://letters.example.org and nowhere else",
        "say no",
        "no account",
        "three times",
        "at most once a year",
        "never ask for money, and never for a password",
    ] {
        assert!(said.contains(needed), "{needed}");
    }
    assert!(!said.contains("eight digits"), "there is no page for them yet");
    let with_digits = Message::Knock { link: LINK, digits: Some("27182818") };
    let said = text(&written(&head(), &with_digits)).replace('\n', " ");
    assert!(said.contains("eight digits: 2718 2818"), "{said}");
    assert!(said.contains("Type https://letters.example.org into your browser"));

    let mut alone = head();
    alone.host_contact = Some(" \r\n ".into());
    assert!(text(&written(&alone, &knock())).contains("somebody you trust"));
    assert!(written(&head(), &knock()).contains("Subject: Something waits for you\r\n"));
}

/// look.md, 'Avoid'.
#[test]
fn mails_speak_as_the_house_does() {
    for (name, head, message) in all() {
        let whole = written(&head, &message);
        let said = text(&whole).to_lowercase();
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
        "javascript:alert(1)",
        "",
    ] {
        let message = Message::Knock { link, digits: None };
        assert_eq!(no(&head(), &particulars(), &message), Some(Unfit::Link), "{link}");
    }
    for digits in ["", "1234567", "123456789", "1234 678", "１２３４５６７８", "abcdefgh"] {
        assert_eq!(no(&head(), &particulars(), &Message::Code { digits }), Some(Unfit::Digits), "{digits}");
    }
    type Change = fn(&mut Particulars);
    let changes: [(Change, Unfit); 5] = [
        (|p| p.to = "anna@example.com\r\nBcc: eve@example.com".into(), Unfit::Address),
        (|p| p.to = "anna@example.com, eve@example.com".into(), Unfit::Address),
        (|p| p.return_path = "bounce".into(), Unfit::Address),
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
