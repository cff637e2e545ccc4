//! What a letter is, it stays: every text and every name comes back, nothing can add a header or end a part early,
//! and lengths tell little.

use super::*;
use proptest::prelude::*;

const ID: &str = "abcdefghijklmnopqrstuvwxyz";

fn letter<'a>(from: &'a str, to: &'a str, text: &'a str) -> LetterToCompose<'a> {
    LetterToCompose { letter_id: ID, version: 2, from, to, unix_seconds: 1_795_212_000, text }
}

fn composed(letter: &LetterToCompose<'_>) -> Vec<u8> {
    compose_letter(letter).unwrap().to_vec()
}

#[test]
fn a_letter_is_an_email_file() {
    let file = String::from_utf8(composed(&letter("Ana", "Mara Ž.", "Dear Mara,\nten = 10 \n"))).unwrap();
    let expected = "From: Ana <author@unsaid.invalid>\r\n\
        To: =?utf-8?B?TWFyYSDFvS4=?=\r\n <reader@unsaid.invalid>\r\n\
        Date: Fri, 20 Nov 2026 22:00:00 +0000\r\n\
        Message-ID: <abcdefghijklmnopqrstuvwxyz.2@unsaid>\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed;\r\n boundary=\"=_unsaid_abcdefghijklmnopqrstuvwxyz_2\"\r\n\
        \r\n\
        --=_unsaid_abcdefghijklmnopqrstuvwxyz_2\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\
        \r\n\
        Dear Mara,\r\nten =3D 10=20\r\n\r\n\
        --=_unsaid_abcdefghijklmnopqrstuvwxyz_2--\r\n";
    assert_eq!(&file[..expected.len()], expected);
    assert!(file[expected.len()..].bytes().all(|b| b"~\r\n".contains(&b)));
    assert_eq!(file.len(), 4096);
}

#[test]
fn no_name_adds_a_header() {
    for name in [
        "Ana\r\nBcc: all@example.org",
        "Ana\nX: y",
        "Ana\u{2028}X: y",
        "a\u{0}b",
        "Ana <x@y>",
        "\"Ana\"",
        "a, b",
    ] {
        let file = composed(&letter(name, name, "x"));
        let text = String::from_utf8(file.clone()).unwrap();
        let head = &text[..text.find("\r\n\r\n").unwrap()];
        let names: Vec<_> = head
            .split("\r\n")
            .filter(|l| !l.starts_with(' '))
            .map(|l| l.split(':').next().unwrap())
            .collect();
        assert_eq!(names, ["From", "To", "Date", "Message-ID", "MIME-Version", "Content-Type"], "{name:?}");
        assert_eq!(parse_letter(&file).unwrap().to, clean_name(name).unwrap());
    }
    for name in ["", " \r\n ", &"a".repeat(201)] {
        assert_eq!(compose_letter(&letter("Ana", name, "x")).err(), Some(SealError::BadName));
    }
}

#[test]
fn no_text_ends_its_part_early() {
    let text = format!("one\n--=_unsaid_{ID}_2--\n\nTo: Dan\n.\nFrom me\n=_");
    let read = parse_letter(&composed(&letter("Ana", "Mara", &text))).unwrap();
    assert_eq!(read.text, text);
    assert_eq!(read.to, "Mara");
}

#[test]
fn no_line_is_longer_than_mail_allows() {
    let name = "Žofie ".repeat(30);
    let file = composed(&letter(&name, &name, &"word ".repeat(5000)));
    for line in String::from_utf8(file).unwrap().split("\r\n") {
        assert!(line.len() <= 78, "{line}");
    }
}

#[test]
fn lengths_are_those_of_padme() {
    for (size, padded) in
        [(1, 4096), (4096, 4096), (4097, 4352), (65_536, 65_536), (65_537, 67_584), (1_000_000, 1_015_808)]
    {
        assert_eq!(padded_size(size), padded);
    }
}

#[test]
fn other_programs_ways_of_writing_it_are_read() {
    let file = format!(
        "message-id: <{ID}.7@unsaid>\nFROM: \"Ana \\\"A.\\\"\" <a@b>\nTo: =?UTF-8?q?Mara_=C5=BD?=\n =?utf-8?b?aQ==?= <c@d>\n\
         Date: 20 Nov 2026 23:30 +0130\nContent-Type: multipart/alternative;\n boundary=x\n\npreamble\n--x\n\
         Content-Type: text/html\n\n<p>no\n--x \nContent-Type: text/plain;charset=\"UTF-8\"\nContent-Transfer-Encoding: BASE64\n\n\
         RGVhciBN\nYXJhCg==\n--x--\n"
    );
    let read = parse_letter(file.as_bytes()).unwrap();
    assert_eq!((read.from.as_str(), read.to.as_str()), ("Ana \"A.\"", "Mara Ži"));
    assert_eq!((read.version, read.unix_seconds, read.text.as_str()), (7, 1_795_212_000, "Dear Mara\n"));
}

#[test]
fn files_that_are_no_letters_are_refused() {
    let good = String::from_utf8(composed(&letter("Ana", "Mara", "x"))).unwrap();
    assert!(parse_letter(good.as_bytes()).is_ok());
    for wrong in [
        String::new(),
        good.replace("@unsaid>", "@unsaid.example>"),
        good.replace(".2@", ".02@"),
        good.replace(".2@", ".0@"),
        good.replace("To: ", "Too: "),
        good.replace("To: ", "To: Dan\r\nTo: "),
        good.replace("Nov", "Foo"),
        good.replace("--\r\n~", "\r\n~"),
        good.replace("text/plain", "text/html"),
        good.replace("utf-8", "utf-16"),
        good.replace("\r\nx\r\n", "\r\n=FF\r\n"),
    ] {
        assert!(parse_letter(wrong.as_bytes()).err() == Some(SealError::Damaged), "{wrong}");
    }
}

#[test]
fn headers_without_end_and_text_without_end_are_refused() {
    let good = String::from_utf8(composed(&letter("Ana", "Mara", "Dear"))).unwrap();
    let more = |line: &str| {
        parse_letter(good.replacen("MIME-Version", &format!("{line}MIME-Version"), 1).as_bytes())
    };
    assert!(more(&format!("X-Y: {}\r\n", "y".repeat(50_000))).is_ok());
    assert!(more(&format!("X-Y: {}\r\n", "y".repeat(64 * 1024))).is_err());
    assert!(more(&(0..20_000).map(|i| format!("x{i}:\r\n")).collect::<String>()).is_err());
    let text = |size: usize| parse_letter(good.replacen("Dear", &"x".repeat(size), 1).as_bytes());
    assert!(text(MAX_TEXT_BYTES).is_ok());
    assert_eq!(text(MAX_TEXT_BYTES + 1).err(), Some(SealError::Damaged));
}

#[test]
fn no_name_that_is_read_changes_the_line_in_which_it_stands() {
    let good = String::from_utf8(composed(&letter("Ana", "Mara", "Dear"))).unwrap();
    let named = |name: &str| {
        let coded = BASE64_STANDARD.encode(name);
        parse_letter(good.replace("From: Ana", &format!("From: =?utf-8?B?{coded}?=")).as_bytes())
    };
    assert_eq!(named("Ana\r\n\0Bcc: x").unwrap().from, "Ana Bcc: x");
    assert_eq!(named("\u{202e}anA\u{202c}").unwrap().from, "anA");
    assert!(named("\n").is_err());
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    assert!(compose_letter(&letter("A", "B", &"x".repeat(MAX_TEXT_BYTES))).is_ok());
    let long = "x".repeat(MAX_TEXT_BYTES + 1);
    assert_eq!(compose_letter(&letter("A", "B", &long)).err(), Some(SealError::TextTooLong));
}

proptest! {
    #[test]
    fn every_letter_reads_back(
        from in "\\PC{1,60}", to in "[A-Za-zŽé \"<>=?,;:.@_-]{1,80}", text in "(?s).{0,400}", when in 0..=LAST_SECOND,
    ) {
        prop_assume!(clean_name(&from).is_ok() && clean_name(&to).is_ok());
        let letter = LetterToCompose { unix_seconds: when, ..letter(&from, &to, &text) };
        let file = composed(&letter);
        prop_assert_eq!(file.len(), padded_size(file.len()));
        let read = parse_letter(&file).unwrap();
        prop_assert_eq!(read.from, clean_name(&from).unwrap());
        prop_assert_eq!(read.to, clean_name(&to).unwrap());
        prop_assert_eq!(read.text, normalise_text(&text));
        prop_assert_eq!(read.unix_seconds, when);
    }

    #[test]
    fn padding_costs_at_most_an_eighth(size in 4096usize..100_000_000) {
        let padded = padded_size(size);
        prop_assert!(padded >= size && padded - size <= size / 8);
        prop_assert_eq!(padded_size(padded), padded);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse_letter(&bytes);
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0usize..700, byte: u8) {
        let mut file = composed(&letter("Ana Ž", "Mara", "Dear Mara\n"));
        file[at] = byte;
        let _ = parse_letter(&file);
    }
}
