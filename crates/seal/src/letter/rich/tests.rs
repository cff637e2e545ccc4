//! What a letter with pictures is, it stays; other people's mail tools read it; nothing in it can end a part early.

use super::*;
use crate::letter::{Letter, parse_letter};
use proptest::prelude::*;

const ID: &str = "abcdefghijklmnopqrstuvwxyz";
const HTML: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"></head><body>\n<p dir=\"auto\">Dear Mara</p>\n</body></html>\n";

fn rich<'a>(html: &'a str, pictures: &'a [Picture<'a>], media: &'a [Medium]) -> RichLetter<'a> {
    let letter = LetterToCompose {
        letter_id: ID,
        version: 2,
        from: "Ana",
        to: "Mara",
        unix_seconds: 1_795_212_000,
        text: "Dear Mara\n",
    };
    RichLetter { letter, html: Some(html), reply_to: None, pictures, media }
}

fn picture<'a>(name: &'a str, bytes: &'a [u8]) -> Picture<'a> {
    Picture { name, kind: PictureKind::Png, bytes }
}

fn medium(name: &str) -> Medium {
    Medium { name: name.to_owned(), media_type: "image/jpeg".to_owned(), size: 482_113, sha256: [0xab; 32] }
}

fn read(letter: &RichLetter<'_>) -> Letter {
    parse_letter(&compose_rich(letter).unwrap()).unwrap()
}

#[test]
fn a_rich_letter_is_an_email_file_with_everything_in_its_place() {
    let reply = format!("age1pq1{}", "q".repeat(100));
    let (media, bytes) = ([medium("003"), medium("004")], [0xfb; 60]);
    let pictures = [picture("001", &bytes)];
    let letter = RichLetter { reply_to: Some(&reply), ..rich("<p>ten = 10</p>\n", &pictures, &media) };
    let file = String::from_utf8(compose_rich(&letter).unwrap().to_vec()).unwrap();
    let (b, hash) = ("=_unsaid_abcdefghijklmnopqrstuvwxyz_2", "ab".repeat(32));
    let (a, r) = ("=_a_unsaid_abcdefghijklmnopqrstuvwxyz_2", "=_r_unsaid_abcdefghijklmnopqrstuvwxyz_2");
    // A reader may take a line for a boundary that only begins like one (RFC 2046, 5.1.1).
    let all = [a, b, r];
    assert!(all.iter().all(|one| all.iter().all(|other| one == other || !one.starts_with(other))));
    let expected = format!(
        "From: Ana <author@unsaid.invalid>\r\n\
         To: Mara <reader@unsaid.invalid>\r\n\
         Date: Fri, 20 Nov 2026 22:00:00 +0000\r\n\
         Message-ID: <abcdefghijklmnopqrstuvwxyz.2@unsaid>\r\n\
         Unsaid-Reply-To: {}\r\n {}\r\n\
         Unsaid-Media: 003 image/jpeg 482113 {hash},\r\n 004 image/jpeg 482113 {hash}\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed;\r\n boundary=\"{b}\"\r\n\r\n\
         --{b}\r\nContent-Type: multipart/alternative;\r\n boundary=\"{a}\"\r\n\r\n\
         --{a}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\nDear Mara\r\n\r\n\
         --{a}\r\nContent-Type: multipart/related;\r\n boundary=\"{r}\"\r\n\r\n\
         --{r}\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>ten =3D 10</p>\r\n\r\n\
         --{r}\r\nContent-Type: image/png\r\nContent-ID: <001>\r\n\
         Content-Disposition: inline; filename=\"001.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         {}\r\n{}\r\n\
         --{r}--\r\n--{a}--\r\n--{b}--\r\n",
        &reply[..64],
        &reply[64..],
        "+/v7".repeat(19),
        "+/v7",
    );
    assert_eq!(&file[..expected.len()], expected);
    assert!(file[expected.len()..].bytes().all(|b| b"~\r\n".contains(&b)));
    assert_eq!(file.len(), padded_size(expected.len()));
    let read = read(&letter);
    assert_eq!(read.html.as_deref(), Some("<p>ten = 10</p>\n"));
    assert_eq!((read.text.as_str(), read.reply_to), ("Dear Mara\n", Some(reply)));
    assert_eq!(read.media, media);
    assert!(read.pictures[0].bytes == bytes && read.pictures[0].name == "001");
    assert_eq!(read.pictures[0].kind, PictureKind::Png);
}

#[test]
fn pictures_lie_inside_in_their_order_until_a_mebibyte_is_full() {
    let half = MAX_INSIDE_BYTES / 2;
    assert_eq!(how_many_inside([half, half]), 2);
    assert_eq!(how_many_inside([half, half, 1]), 2);
    // What comes after the first that does not fit stays outside, too, so that their order can be told from their names.
    assert_eq!(how_many_inside([half, half + 1, 1]), 1);
    assert_eq!(how_many_inside([MAX_INSIDE_BYTES + 1, 1]), 0);
    assert_eq!(how_many_inside([usize::MAX, usize::MAX]), 0);
}

#[test]
fn pictures_that_a_letter_cannot_hold_are_refused() {
    let large = vec![0; MAX_INSIDE_BYTES + 1];
    let bad = |pictures: &[Picture<'_>], media: &[Medium]| compose_rich(&rich(HTML, pictures, media)).err();
    assert_eq!(bad(&[picture("001", &large)], &[]), Some(SealError::BadPicture));
    assert_eq!(bad(&[picture("001", b"")], &[]), Some(SealError::BadPicture));
    for media_type in ["", "image", "image/", "image/p ng", "IMAGE/PNG", "a,b/c"] {
        let media = [Medium { media_type: media_type.to_owned(), ..medium("001") }];
        assert_eq!(bad(&[], &media), Some(SealError::BadPicture), "{media_type}");
    }
    let media = [Medium { size: MAX_PICTURE_BYTES as u64 + 1, ..medium("001") }];
    assert_eq!(bad(&[], &media), Some(SealError::BadPicture));
    let many: Vec<Medium> = (1..=61).map(|n| medium(&format!("{n:03}"))).collect();
    assert_eq!(bad(&[], &many), Some(SealError::BadPicture));
    assert!(bad(&[], &many[..60]).is_none());
    for name in ["1", "0001", "000", "00a", "../", "00\n"] {
        assert!(matches!(bad(&[picture(name, b"x")], &[]), Some(SealError::BadInput(_))), "{name:?}");
    }
    assert!(matches!(bad(&[picture("001", b"x")], &[medium("001")]), Some(SealError::BadInput(_))));
    let without = RichLetter { html: None, ..rich(HTML, &[], &many[..1]) };
    assert!(matches!(compose_rich(&without).err(), Some(SealError::BadInput(_))));
    let long = "x".repeat(MAX_HTML_BYTES + 1);
    assert_eq!(compose_rich(&rich(&long, &[], &[])).err(), Some(SealError::TextTooLong));
    for recipient in ["age1xyz", "age1pq1\r\nBcc: x", "age1pq1Q", ""] {
        let letter = RichLetter { reply_to: Some(recipient), ..rich(HTML, &[], &[]) };
        assert!(matches!(compose_rich(&letter).err(), Some(SealError::BadInput(_))), "{recipient:?}");
    }
}

#[test]
fn a_rich_letter_that_was_tampered_with_is_refused() {
    let pictures = [picture("001", b"one"), picture("002", b"two")];
    let media = [medium("003")];
    let good = String::from_utf8(compose_rich(&rich(HTML, &pictures, &media)).unwrap().to_vec()).unwrap();
    assert!(parse_letter(good.as_bytes()).is_ok());
    let without_end = |of: char| {
        let end = format!("--=_{of}_unsaid_abcdefghijklmnopqrstuvwxyz_2");
        good.replace(&format!("{end}--\r\n"), &format!("{end}\r\n"))
    };
    for (what, wrong) in [
        ("no inner end", without_end('r')),
        ("no middle end", without_end('a')),
        ("one name twice", good.replace("<002>", "<001>")),
        ("broken base64", good.replace(&BASE64_STANDARD.encode("one"), "b25l=X")),
        ("a header twice", good.replace("Unsaid-Media", "Unsaid-Media: x\r\nUnsaid-Media")),
        ("a short hash", good.replace(&"ab".repeat(32), &"ab".repeat(31))),
        ("a hash in capitals", good.replace(&"ab".repeat(32), &"AB".repeat(32))),
        ("a size of minus one", good.replace("482113", "-1")),
        ("a size of plus one", good.replace("482113", "+1")),
        ("a size beyond all", good.replace("482113", "99999999999999999999999")),
        ("a name that leads away", good.replace(" 003 image", " ../ image")),
        (
            "one medium twice",
            good.replace("Unsaid-Media: ", &format!("Unsaid-Media: 003 image/png 1 {},", "ab".repeat(32))),
        ),
        ("another charset", good.replace("text/html; charset=utf-8", "text/html; charset=utf-16")),
    ] {
        assert_ne!(wrong, good, "{what}");
        assert!(parse_letter(wrong.as_bytes()).err() == Some(SealError::Damaged), "{what}");
    }
}

#[test]
fn parts_in_parts_without_end_are_refused_soon() {
    let head =
        format!("Message-ID: <{ID}.1@unsaid>\nFrom: a <b>\nTo: c <d>\nDate: 20 Nov 2026 22:00 +0000\n");
    let mut deep = head.clone();
    for n in 0..2000 {
        deep.push_str(&format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"));
    }
    deep.push_str("\nx\n");
    for n in (0..2000).rev() {
        deep.push_str(&format!("--b{n}--\n"));
    }
    assert!(parse_letter(deep.as_bytes()).err() == Some(SealError::Damaged));
    let many =
        format!("{head}Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n", "--b\n\nx\n".repeat(100_000));
    assert!(parse_letter(many.as_bytes()).err() == Some(SealError::Damaged));
    assert!(parse_letter(&vec![b'a'; crate::letter::MAX_LETTER_BYTES + 1]).err() == Some(SealError::Damaged));
}

/// The longest letter that can be composed is still one that is read.
#[test]
fn the_largest_letter_reads_back() {
    let (text, bytes) = ("\u{1f600}".repeat(MAX_HTML_BYTES / 4), vec![0xff; MAX_INSIDE_BYTES]);
    let pictures = [picture("001", &bytes)];
    let mut letter = rich(&text, &pictures, &[]);
    letter.letter.text = &text;
    assert!(read(&letter).html == Some(text.clone()));
}

/// Python's mail package is a stranger to us: what it finds, others will find.
#[test]
fn another_mail_tool_finds_the_same_parts() {
    let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let pictures = [picture("001", &bytes), picture("002", b"second")];
    let file = compose_rich(&rich(HTML, &pictures, &[])).unwrap();
    let script = "import sys, email, email.policy\n\
        m = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)\n\
        assert not m.defects, m.defects\n\
        for p in m.walk():\n    assert not p.defects, p.defects\n    \
        print(p.get_content_type(), p.get('Content-ID', ''), len(p.get_payload(decode=True) or b''))\n\
        print(m.get_body(('html',)).get_content_type(), m.get_body(('plain',)).get_content().strip())";
    let mut child = std::process::Command::new("python3")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &file).unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(
        said.lines().map(str::trim_end).collect::<Vec<_>>(),
        [
            "multipart/mixed  0",
            "multipart/alternative  0",
            "text/plain  10",
            "multipart/related  0",
            &format!("text/html  {}", HTML.len()),
            "image/png <001> 5000",
            "image/png <002> 6",
            "text/html Dear Mara",
        ]
    );
}

proptest! {
    #[test]
    fn every_rich_letter_reads_back(
        html in "(?s).{0,400}", first in proptest::collection::vec(any::<u8>(), 1..300),
        second in proptest::collection::vec(any::<u8>(), 1..300), sizes in proptest::collection::vec(1u64..8_000_000, 0..5),
        sha256: [u8; 32],
    ) {
        let pictures = [picture("001", &first), Picture { kind: PictureKind::Webp, ..picture("002", &second) }];
        let media: Vec<Medium> = sizes
            .iter()
            .enumerate()
            .map(|(at, size)| Medium { size: *size, sha256, ..medium(&format!("{:03}", at + 3)) })
            .collect();
        let letter = rich(&html, &pictures, &media);
        let file = compose_rich(&letter).unwrap();
        prop_assert_eq!(file.len(), padded_size(file.len()));
        let read = parse_letter(&file).unwrap();
        prop_assert_eq!(read.html, Some(normalise_text(&html)));
        prop_assert_eq!(&read.media, &media);
        prop_assert!(read.pictures.iter().map(|p| &p.bytes).eq([&first, &second]));
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0usize..3000, byte: u8, cut in 0usize..3000) {
        let pictures = [picture("001", b"one"), picture("002", b"two")];
        let mut file = compose_rich(&rich(HTML, &pictures, &[medium("003")])).unwrap();
        file[at] = byte;
        let _ = parse_letter(&file);
        let _ = parse_letter(&file[..cut]);
    }

    #[test]
    fn no_arrangement_of_lines_makes_it_panic(picked in proptest::collection::vec(0usize..16, 0..60)) {
        const LINES: [&str; 16] = [
            "Message-ID: <abcdefghijklmnopqrstuvwxyz.2@unsaid>", "From: a <b>", "To: =?utf-8?B?////?=",
            "Date: 1 Jan 1970 00:00 +0000", "Content-Type: multipart/mixed; boundary=a",
            "Content-Type: multipart/related; boundary=\"\"", "Content-Type: text/html; charset=utf-8",
            "Content-Type: image/png", "Content-ID: <001>", "Content-Transfer-Encoding: base64", "", "--a", "--a--",
            "--", " folded", "Unsaid-Media: 001 image/png 1 ab, ",
        ];
        let text: String = picked.iter().flat_map(|at| [LINES[*at], "\r\n"]).collect();
        let _ = parse_letter(text.as_bytes());
    }
}
