//! Our own messages, with whatever a host or a person is called: another reader than ours finds the same headers in them, each once, and in each what
//! was meant. Nothing that is typed begins a header, ends one early, or adds somebody to whom it goes (faults.md 28).

use mail_parser::{Message as Read, MessageParser};
use unsaid::mail::Outgoing;
use unsaid::mail::compose::{KnockTo, Letterhead, Message, Particulars, Unfit, compose};
use unsaid::words::Words;

const ORIGIN: &str = "https://letters.example.org";
const QUIET: &str = "https://letters.example.org/quiet/mzxw6ytboi.Zm9y";
const LINK: &str = "https://letters.example.org/k/Zm9yIG15IGdyYW5kY2hpbGQ";

/// Whose paper it is, and what is on it.
struct Paper<'a> {
    from: &'a str,
    house: &'a str,
    contact: &'a str,
    to: &'a str,
    link: &'a str,
    author: Option<&'a str>,
}

const PLAIN: Paper<'_> = Paper {
    from: "A house",
    house: "A house",
    contact: "1234",
    to: "ana@example.org",
    link: LINK,
    author: None,
};

fn knock(paper: &Paper<'_>) -> Result<Outgoing, Unfit> {
    let head = Letterhead {
        from_name: paper.from.to_owned(),
        from_address: "unsaid@letters.example.org".to_owned(),
        house_name: paper.house.to_owned(),
        host_contact: Some(paper.contact.to_owned()),
        public_origin: ORIGIN.to_owned(),
    };
    let particulars = Particulars {
        to: paper.to.to_owned(),
        return_path: "bounce@letters.example.org".to_owned(),
        reply_to: Some("reply@letters.example.org".to_owned()),
        message_id: "mzxw6ytboi@letters.example.org".to_owned(),
        date: "2037-03-12T09:00:00Z".parse().expect("a day"),
    };
    let said = Message::Knock {
        link: paper.link,
        digits: "27182818",
        quiet: QUIET,
        to: KnockTo::Person(paper.author),
    };
    compose(Words::english(), &head, &particulars, &said)
}

/// A knock to this address.
pub(crate) fn to(address: &str) -> Result<Outgoing, Unfit> {
    knock(&Paper { to: address, ..PLAIN })
}

fn read(message: &Outgoing) -> Read<'_> {
    MessageParser::default().parse(&message.bytes).expect("what we write is a message")
}

fn names(message: &Read<'_>) -> Vec<String> {
    message.headers().iter().map(|header| header.name().to_owned()).collect()
}

/// Letters that are seen, without what stands between them: a name is put on one line, and nothing else is changed in it.
fn seen(text: &str) -> String {
    let hidden = |c: char| matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !hidden(*c)).collect()
}

/// The name of the sender, the name of the house, how a human there is reached, the address it goes to, the link, and who has written.
pub(crate) fn check(data: &[u8]) -> bool {
    let [from, house, contact, to, link, author] = super::pieces::<6>(data);
    let to = if to.is_empty() { PLAIN.to.to_owned() } else { to };
    let link = if link.is_empty() { LINK.to_owned() } else { link };
    let author = Some(author.as_str()).filter(|name| !name.is_empty());
    let paper = Paper { from: &from, house: &house, contact: &contact, to: &to, link: &link, author };
    let Ok(message) = knock(&paper) else { return false };
    let plain = knock(&PLAIN).expect("a plain knock is written");
    let (found, wanted) = (read(&message), read(&plain));
    assert_eq!(names(&found), names(&wanted), "a header was smuggled in or lost");
    assert_eq!(found.parts.len(), wanted.parts.len(), "a part was smuggled in or lost");
    let sender = found.from().and_then(|from| from.first()).expect("a sender");
    assert_eq!(sender.address(), Some("unsaid@letters.example.org"));
    assert_eq!(seen(sender.name().unwrap_or_default()), seen(&from));
    let recipients: Vec<&str> = found.to().expect("a recipient").iter().filter_map(|a| a.address()).collect();
    assert_eq!(recipients.len(), 1, "{recipients:?}");
    assert_eq!(recipients[0].replace('"', ""), to.replace('"', ""));
    assert_eq!(found.message_id(), Some("mzxw6ytboi@letters.example.org"));
    // The wire takes whole lines of less than a thousand bytes, and a header in ASCII unless the address itself is not.
    let text = std::str::from_utf8(&message.bytes).expect("we write UTF-8");
    assert!(text.split("\r\n").all(|line| line.len() < 998 && !line.contains(['\r', '\n', '\0'])));
    assert_eq!(text.is_ascii(), to.is_ascii());
    // The same message can be built again.
    assert!(knock(&paper).is_ok_and(|again| again.bytes == message.bytes));
    true
}
