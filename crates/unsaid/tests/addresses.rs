//! What humans type as addresses, row by row in addresses.tsv: what each is taken for, by which forms it is found, and in which words it is refused.
//! The keys under which addresses are kept are held here too: what was hashed cannot be hashed anew.

use proptest::prelude::*;
use std::collections::BTreeSet;
use unsaid::address::EmailAddress;
use unsaid::chance::SeededChance;
use unsaid::mail::compose::{KnockTo, Letterhead, Message, Particulars, compose};
use unsaid::mail::returned;
use unsaid::secrets::{HouseKeys, ReturnKind};
use unsaid::words::Words;

/// One row: what is typed, and what is expected.
struct Row {
    line: usize,
    typed: String,
    said: String,
    normal: String,
    sign_in: String,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("addresses.tsv").lines().enumerate();
    let rows = lines.filter(|(_, line)| !line.starts_with('#'));
    rows.map(|(at, line)| {
        let cells: Vec<String> = line.split('\t').map(unescaped).collect();
        let cell = |place: usize| cells.get(place).cloned().unwrap_or_default();
        let or_said = |place: usize| Some(cell(place)).filter(|c| !c.is_empty()).unwrap_or_else(|| cell(1));
        Row { line: at + 1, typed: cell(0), said: cell(1), normal: or_said(2), sign_in: or_said(3) }
    })
    .collect()
}

/// `\u{…}` is the letter of that number.
fn unescaped(cell: &str) -> String {
    let mut pieces = cell.split("\\u{");
    let mut text = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (number, rest) = piece.split_once('}').unwrap();
        text.push(char::from_u32(u32::from_str_radix(number, 16).unwrap()).unwrap());
        text.push_str(rest);
    }
    text
}

#[test]
fn each_is_taken_for_what_the_table_says() {
    let rows = rows();
    assert!(rows.len() >= 60);
    for row in &rows {
        let found = match EmailAddress::read(&row.typed) {
            Ok(address) => [address.to_text(), address.normal_form(), address.sign_in_form()],
            Err(error) => [format!("!{}", error.key()), String::new(), String::new()],
        };
        let mut wanted = [row.said.clone(), row.normal.clone(), row.sign_in.clone()];
        if row.said.starts_with("!address") {
            wanted[1..].fill(String::new());
        }
        assert_eq!(found, wanted, "addresses.tsv, line {}", row.line);
    }
}

/// A form that is read as an address has the same form again, so that a look-up finds what was kept.
#[test]
fn every_form_is_found_again_by_itself() {
    for row in rows() {
        let Ok(address) = EmailAddress::read(&row.typed) else { continue };
        let again = |form: &str| EmailAddress::read(form).ok().unwrap();
        assert_eq!(again(&address.normal_form()).normal_form(), address.normal_form(), "{}", row.line);
        assert_eq!(again(&address.sign_in_form()).sign_in_form(), address.sign_in_form(), "{}", row.line);
        assert!(again(&address.to_text()) == address, "{}", row.line);
        assert_eq!(again(&address.sign_in_form()).normal_form(), address.normal_form(), "{}", row.line);
    }
}

#[test]
fn every_error_has_words_in_every_language_and_a_row() {
    let keys: BTreeSet<String> = rows()
        .iter()
        .filter_map(|row| row.said.strip_prefix('!').map(str::to_owned))
        .filter(|k| k.starts_with("address"))
        .collect();
    assert_eq!(keys.len(), 8);
    for words in [Words::of("en"), Words::of("es")] {
        for key in &keys {
            for half in ["title", "detail"] {
                assert!(!words.say(&format!("error.{key}.{half}"), &[]).is_empty(), "{key}");
            }
        }
    }
}

fn knock(to: &str, keys: &HouseKeys, id: &str) -> unsaid::mail::Outgoing {
    let head = Letterhead {
        from_name: "Haus Lindenhof".into(),
        from_address: "unsaid@letters.example.org".into(),
        house_name: "Haus Lindenhof".into(),
        host_contact: None,
        public_origin: "https://letters.example.org".into(),
    };
    let particulars = Particulars {
        to: to.into(),
        return_path: keys.return_address(id, ReturnKind::Bounce, "letters.example.org"),
        reply_to: Some(keys.return_address(id, ReturnKind::Reply, "letters.example.org")),
        message_id: "mzxw6ytboi@letters.example.org".into(),
        date: "2037-03-12T09:00:00Z".parse().unwrap(),
    };
    let knock = Message::Knock {
        link: "https://letters.example.org/k/Zm9yIG15IGdyYW5kY2hpbGQ",
        digits: "27182818",
        to: KnockTo::Person(None),
        quiet: "https://letters.example.org/quiet/mzxw6ytboi.Zm9y",
    };
    compose(Words::english(), &head, &particulars, &knock).unwrap()
}

/// What is accepted where it is typed is accepted where it is sent, and stands in the message as it is: nothing after it and nothing else.
#[test]
fn what_is_accepted_can_be_written_and_is_read_back_by_another_reader() {
    let keys = HouseKeys::new(&SeededChance::new(1));
    for row in rows() {
        let Ok(address) = EmailAddress::read(&row.typed) else { continue };
        let message = knock(&address.to_text(), &keys, "mzxw6ytboi4dsmzrgq2tinzwga");
        let plain = knock("ana@example.org", &keys, "mzxw6ytboi4dsmzrgq2tinzwga");
        let [one, other] =
            [&message, &plain].map(|m| mail_parser::MessageParser::default().parse(&m.bytes).unwrap());
        let names = |m: &mail_parser::Message<'_>| {
            m.headers().iter().map(|h| h.name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&one), names(&other), "addresses.tsv, line {}", row.line);
        let text = String::from_utf8(message.bytes.clone()).unwrap();
        assert!(
            ["", "<"].iter().any(|o| text.contains(&format!(
                "\r\nTo: {o}{}{}\r\n",
                address.to_text(),
                if o.is_empty() { "" } else { ">" }
            ))),
            "{text}"
        );
        let to: Vec<_> = one.to().unwrap().iter().filter_map(|a| a.address()).collect();
        assert_eq!(to.len(), 1, "addresses.tsv, line {}", row.line);
        assert_eq!(to[0].replace('"', ""), address.to_text().replace('"', ""));
        // A header in ASCII where the address is: only where it is not does the relay have to know more.
        let head = text.split("\r\n\r\n").next().unwrap();
        assert_eq!(head.is_ascii(), address.to_text().is_ascii());
    }
}

/// Our own knock, brought to our own door by a forwarding that goes in a circle, by an alias or by a list: nothing follows from it, and nobody is answered.
#[test]
fn our_own_knock_that_comes_back_changes_nothing() {
    let keys = HouseKeys::new(&SeededChance::new(1));
    let id = "mzxw6ytboi4dsmzrgq2tinzwga";
    let ours = |address: &str| keys.returned_to(address).is_some();
    let whole = knock("ana@example.org", &keys, id);
    let on_its_way = [b"Received: from a by b; 1 Jan\r\n".to_vec(), whole.bytes.clone()].concat();
    for bytes in [whole.bytes, on_its_way] {
        assert!(matches!(returned::report(&bytes), returned::Report::Nothing(_)));
        assert_eq!(returned::automatic(&bytes, ours), Some("says-that-it-is-automatic"));
    }
    // As a list hands it on: it says so itself.
    let listed = b"From: ana@example.org\r\nList-Id: <family.example.org>\r\nPrecedence: list\r\nSubject: Re: a letter\r\n\r\nIs that from you?\r\n";
    assert!(returned::automatic(listed, ours).is_some());
}

/// The normal form as it was before letters of other scripts were taken. Refusals and addresses are kept by hashes of it.
fn normal_form_of_old(local: &str, domain: &str) -> String {
    let lower = local.to_ascii_lowercase();
    let base = lower.split_once('+').map_or(lower.as_str(), |(base, _)| base);
    let base = base.trim_end_matches('.');
    let base = if base.is_empty() { lower.as_str() } else { base };
    if ["gmail.com", "googlemail.com"].contains(&domain) {
        format!("{}@gmail.com", base.replace('.', ""))
    } else {
        format!("{base}@{domain}")
    }
}

proptest! {
    #[test]
    fn the_keys_of_addresses_in_ascii_stay_as_they_are(
        local in "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,9}(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,9}){0,3}",
        domain in "(gmail\\.com|googlemail\\.com|[a-z0-9]{1,9}\\.[a-z]{2,5})",
    ) {
        let address = EmailAddress::read(&format!("{local}@{domain}")).ok().unwrap();
        prop_assert_eq!(address.normal_form(), normal_form_of_old(&local, &domain));
        prop_assert_eq!(address.sign_in_form(), format!("{}@{domain}", local.to_lowercase()));
        prop_assert_eq!(address.to_text(), format!("{local}@{domain}"));
    }
}

/// Two keys, written down: of the roots that a seed gives, and of addresses as they were typed in the first year.
#[test]
fn a_hash_that_was_kept_is_found_again() {
    let keys = HouseKeys::new(&SeededChance::new(1));
    let hex = |typed: &str| {
        let address = EmailAddress::read(typed).ok().unwrap();
        keys.address_index(&address.normal_form())
            .0
            .iter()
            .take(8)
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    };
    assert_eq!(hex("Leo.Marlow+letters@GMAIL.com"), "b6a19c5d2e67f91f");
    assert_eq!(hex("hans@bücher.example"), "d05c77620ab8c1b0");
}
