//! Writes changed vectors with what this half says of them, one a line, to standard output: `make-alike SEED HOW_MANY`. What
//! changes them knows what a letter is made of, so that many of them are nearly right. It changes no vector.

#![allow(clippy::print_stdout, reason = "what it makes goes to standard output")]

#[path = "../tests/alike/verdict.rs"]
mod verdict;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// What is changed, with how often: a key costs nothing, and a letter that is opened some milliseconds.
const BASES: &[(&str, &str, usize)] = &[
    ("letter", "v1/ts-short/letter.eml", 20),
    ("letter", "v2/rust-rich/letter.eml", 30),
    ("letter", "v2/ts-rich/letter.eml", 15),
    ("age", "v1/rust-short/letter.age", 3),
    ("age", "v2/ts-rich/sig.age", 5),
    ("media", "v2/rust-rich/media/003.age", 1),
    ("key", "v2/rust-rich/letter.key", 4),
    ("signature", "v2/rust-rich/letter.eml.sig", 4),
    ("wrap", "v2/rust-rich/wraps/author.age", 4),
    ("six-words", "alike/six-words.txt", 5),
    ("eight-words", "alike/eight-words.txt", 5),
    ("binding", "alike/binding.txt", 3),
    ("kit", "alike/kit.txt", 3),
];

/// Pieces that somebody might put into such a file.
const PIECES: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\r\r\n",
    " ",
    "\t",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{a0}",
    "\u{feff}",
    "\u{3000}",
    "\u{2028}",
    "\0",
    "=",
    "==",
    "=\r\n",
    "=3D",
    "=e9",
    "=C3=A9",
    "=0A",
    "=0D",
    "=ZZ",
    "= \r\n",
    "--",
    "---",
    ";",
    ":",
    ",",
    "\"",
    "\\",
    "\\\"",
    "<",
    ">",
    "<>",
    "@",
    "(",
    ")",
    "?=",
    "=?",
    "=?utf-8?B?QW5h?=",
    "=?utf-8?Q?An_a=20?=",
    "=?UTF-8?b?QW5h?= =?utf-8?B?w6k=?=",
    "=?utf-8?B?QW5h?= x =?utf-8?B?QW5h?=",
    "=?utf-8?B?QQ?=",
    "=?utf-8?B?QR==?=",
    "=?iso-8859-1?Q?=E9?=",
    "=?utf-8?X?QQ==?=",
    "=?utf-8?B?4oCu?=",
    "=?utf-8?B?Cg==?=",
    "=?utf-8?Q?a?b?=",
    "?= =?",
    "\"Ana\"",
    "\"A\\\"n\"",
    "\u{202e}",
    "é",
    "e\u{301}",
    "\u{212a}",
    "İ",
    "ß",
    "ﬁ",
    "😀",
    "000",
    "0",
    "01",
    "1",
    "061",
    "99999999999999999999",
    "4294967296",
    "-1",
    "+1",
    "GMT",
    "UT",
    "Z",
    "EST",
    "+0100",
    "-0030",
    "+0060",
    "+2400",
    "30 Feb 2026 10:00:00 +0000",
    "1 Jan 1900 00:00 +0000",
    "2026-11-20",
    "2026-11-20T10:00:00Z",
    "Fri, 20 Nov 2026 22:00:00 +0000",
    "31 Dec 9999 23:59:60 -2359",
    "60",
    "24:00:00",
    "20 nov 26 22:00:00 +0000",
    "base64",
    "BASE64",
    "7bit",
    "8bit",
    "binary",
    "x-none",
    "quoted-printable",
    "us-ascii",
    "utf-8",
    "UTF-8",
    "iso-8859-1",
    "text/plain",
    "text/html",
    "TEXT/PLAIN",
    "multipart/mixed",
    "image/png",
    "image/svg+xml",
    "image/jpeg",
    "boundary=x",
    "boundary=\"x\"",
    "boundary=\"a;b\"",
    "charset=utf-8",
    "; charset=\"utf-8\"",
    " ; Charset = utf-8",
    "\r\n X",
    "\r\n\tX",
    "\r\nX: y",
    "\r\n\r\n",
    "\n\n",
    "\r\nContent-Type: text/plain\r\n",
    "\r\nContent-ID: <001>",
    "\r\nContent-Transfer-Encoding: base64\r\n",
    "\r\nUnsaid-Media: 009 image/png 3 ",
    "\r\nUnsaid-Reply-To: age1pq1x\r\n x",
    "Content-Type: text/plain; charset=utf-8\r\n\r\n",
    "003 image/jpeg 12 ",
    "AA==",
    "AA",
    "AB==",
    "A",
    "AAA",
    "AAA=",
    "====",
    "age-encryption.org/v1\n",
    "-> ",
    "-> X25519 ",
    "-> scrypt ",
    "-> a-grease b\n\n",
    "--- ",
    "\n---",
    "# x\n",
    "\n\n",
    "AGE-SECRET-KEY-1",
    "AGE-SECRET-KEY-PQ-1",
    "age-secret-key-1",
    "-----BEGIN SSH SIGNATURE-----",
    "abbey",
    "abbe",
    "abb",
    "zucchini",
    " zucchini",
    " abbey",
    "1. ",
    ", ",
    "Abbey",
    "ABBEY ",
    "unsaid-wrap 1 ",
    " 1 ",
    " host",
    "words\n",
    "unlock",
];

/// Changes that somebody thought of, which always stand at the beginning: what goes, and what comes instead. The first that is
/// found is changed; an empty one stands for nothing changed at all.
const THOUGHT_OF: &[(&str, &str, &str, &str)] = &[
    // The hand has a part of order eight: verifiers that multiply by it take the signature, and nobody else does.
    ("signature", "alike/eighth/letter.eml.sig", "", ""),
    ("signature", "v2/rust-rich/letter.eml.sig", "", ""),
    ("signature", "v2/rust-rich/letter.eml.sig", "-----BEGIN", "\u{a0}-----BEGIN"),
    ("signature", "v2/rust-rich/letter.eml.sig", "-----BEGIN", "\n \t-----BEGIN"),
    ("age", "v2/ts-rich/sig.age", "", ""),
    ("age", "v2/ts-rich/sig.age", "\n---", "\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 22\n\n---"),
    ("age", "v2/ts-rich/sig.age", "\n---", "\n-> x-grease\nAB\n---"),
    ("age", "v1/rust-short/letter.age", "age-encryption.org/v1", "age-encryption.org/v2"),
    ("media", "v2/rust-rich/media/003.age", "", ""),
    ("wrap", "v2/rust-rich/wraps/author.age", "", ""),
    ("key", "v2/rust-rich/letter.key", "", ""),
    ("key", "v2/rust-rich/letter.key", "# Unsaid", "\u{feff}# Unsaid"),
    ("binding", "alike/binding.txt", "", ""),
    ("binding", "alike/binding.txt", "3 host", "4294967295 host"),
    ("binding", "alike/binding.txt", "3 host", "4294967296 host"),
    ("kit", "alike/kit.txt", "", ""),
    ("six-words", "alike/six-words.txt", "", ""),
    ("six-words", "alike/six-words.txt", " ", "\u{85}"),
    ("six-words", "alike/six-words.txt", " ", "\u{3000}\u{feff}"),
    ("six-words", "alike/six-words.txt", "honey", "\u{212a}iss"),
    ("six-words", "alike/six-words.txt", "zucchini", "ZUCCH\u{130}NI"),
    ("eight-words", "alike/eight-words.txt", "", ""),
    ("eight-words", "alike/eight-words.txt", "hawk", "hand"),
    ("letter", "v1/ts-short/letter.eml", "", ""),
    ("letter", "v1/rust-long/letter.eml", "", ""),
    ("letter", "v2/rust-rich/letter.eml", "", ""),
    ("letter", "v2/ts-rich/letter.eml", "", ""),
    ("letter", "v1/ts-short/letter.eml", "Date: ", "Date: 2026-11-20\r\nX-Date: "),
    ("letter", "v1/ts-short/letter.eml", "Date: ", "Date: 20 Nov 2026 10:00\r\nX-Date: "),
    ("letter", "v1/ts-short/letter.eml", "Date: ", "Date: 30 Feb 2026 10:00:00 +0000\r\nX-Date: "),
    ("letter", "v1/ts-short/letter.eml", "Date: ", "Date: 29 feb 2028 10:00 -0130\r\nX-Date: "),
    ("letter", "v1/ts-short/letter.eml", "Date: ", "Date: 1 Jan 2026 10:00:00 EST\r\nX-Date: "),
    ("letter", "v1/ts-short/letter.eml", "Date: ", "Date: 1 Jan 2026 10:00:00:99 +0000\r\nX-Date: "),
    ("letter", "v1/ts-short/letter.eml", "Date: ", "Date: 31 Dec 9999 23:59:59 -0001\r\nX-Date: "),
    ("letter", "v1/ts-short/letter.eml", "Date: ", "Date: 1 Jan 1970 00:00:00 +0001\r\nX-Date: "),
    ("letter", "v1/ts-short/letter.eml", "Date: ", "Date: 31 Dec 1969 23:59:60 GMT\r\nX-Date: "),
    ("letter", "v1/ts-short/letter.eml", "From: ", "From: Voil\u{e0}\r\nX-From: "),
    ("letter", "v1/ts-short/letter.eml", "From: ", "From: \u{a0}Ana\u{a0}\r\nX-From: "),
    ("letter", "v1/ts-short/letter.eml", "From: ", "From: \"An\\\"a\\\\\" <a@b>\r\nX-From: "),
    ("letter", "v1/ts-short/letter.eml", "From: ", "From: \"Ana\\\"\r\nX-From: "),
    ("letter", "v1/ts-short/letter.eml", "From: ", "From: \"\r\nX-From: "),
    ("letter", "v1/ts-short/letter.eml", "From: ", "From: <a@b>\r\nX-From: "),
    ("letter", "v1/ts-short/letter.eml", "From: ", "From: a <b>c> <d>\r\nX-From: "),
    ("letter", "v1/ts-short/letter.eml", "From: ", "From: a?= =?b <d>\r\nX-From: "),
    (
        "letter",
        "v1/ts-short/letter.eml",
        "From: ",
        "From: =?utf-8?B?4oCu?= =?utf-8?Q?=0D=0Aabc?= <d>\r\nX-From: ",
    ),
    ("letter", "v1/ts-short/letter.eml", "From: ", "From: =?utf-8?B?w6?= <d>\r\nX-From: "),
    ("letter", "v1/ts-short/letter.eml", "From: ", "From: =?utf-8?B?ww==?= =?utf-8?B?qQ==?= <d>\r\nX-From: "),
    (
        "letter",
        "v1/ts-short/letter.eml",
        "From: ",
        "From: =?utf-8?B?QQ==?= =?iso-8859-1?B?QQ==?= <d>\r\nX-From: ",
    ),
    ("letter", "v1/ts-short/letter.eml", "From: ", "From: Ana\rBcc: x\r\nX-From: "),
    ("letter", "v1/ts-short/letter.eml", "From: ", " x: y\r\nFrom: "),
    ("letter", "v1/ts-short/letter.eml", "From: ", "x y: z\r\nFrom: "),
    ("letter", "v1/ts-short/letter.eml", "quoted-printable", "x-uuencode"),
    ("letter", "v1/ts-short/letter.eml", "quoted-printable", "base64"),
    ("letter", "v1/ts-short/letter.eml", "quoted-printable", "Binary"),
    ("letter", "v2/rust-rich/letter.eml", "boundary=\"=_a", "x=\"; boundary=y\"; boundary=\"=_a"),
    ("letter", "v2/rust-rich/letter.eml", "boundary=\"=_a", "Boundary = \"=_a"),
    ("letter", "v2/rust-rich/letter.eml", "Content-ID: <001>", "Content-ID: <000>"),
    ("letter", "v2/rust-rich/letter.eml", "Content-ID: <002>", "Content-ID: <001>"),
    ("letter", "v2/rust-rich/letter.eml", "image/jpeg\r\nContent-ID", "image/svg+xml\r\nContent-ID"),
    ("letter", "v2/rust-rich/letter.eml", "--\r\n~", "-- \t\n~"),
    ("letter", "v2/rust-rich/letter.eml", "--\r\n~", "--\u{c}\r\n~"),
    (
        "letter",
        "v2/rust-rich/letter.eml",
        "Unsaid-Media: ",
        "Unsaid-Media: 003 image/jpeg 00000000000000001 x,\r\n ",
    ),
];

struct Dice(u64);

impl Dice {
    /// SplitMix64 (Steele, Lea and Flood, 2014).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`; 0 when there is nothing.
    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }
}

/// One change of what is there: where, how much goes, and what comes.
fn change(dice: &mut Dice, bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    // Most of what matters stands before the padding, and much of it in the first lines.
    let busy = bytes.windows(3).position(|three| three == b"~~~").unwrap_or(bytes.len());
    let ends = [bytes.len(), busy, busy.min(900), busy.min(300)];
    let end = ends[dice.below(4)].max(1);
    let at = dice.below(end).min(bytes.len());
    let left = bytes.len() - at;
    let line_start = bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |found| found + 1);
    let line_end = bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |found| at + found + 1);
    let word_end =
        bytes[at..].iter().position(|b| b" ;:=,\r\n\"<>".contains(b)).map_or(left, |found| found.max(1));
    let piece = PIECES[dice.below(PIECES.len())].as_bytes().to_vec();
    match dice.below(13) {
        0 => (at, left.min(1), vec![bytes.get(at).copied().unwrap_or_default() ^ (1 << dice.below(8))]),
        1 => (at, left.min(1), vec![dice.below(256) as u8]),
        2 => (at, left.min(1 + dice.below(4)), Vec::new()),
        3 => (line_start, line_end - line_start, Vec::new()),
        4 => (line_start, 0, bytes[line_start..line_end].to_vec()),
        5 => (at, left, Vec::new()),
        6 | 7 => (at, 0, piece),
        8 | 9 => (at, word_end.min(left), piece),
        // A whole value of a header.
        10 => {
            let from = bytes[line_start..line_end]
                .iter()
                .position(|b| *b == b' ')
                .map_or(at, |f| line_start + f + 1);
            (from, line_end.saturating_sub(2).max(from) - from, piece)
        }
        11 => (line_end.min(bytes.len()), 0, piece),
        _ => {
            let from = dice.below(end);
            let to = (from + 1 + dice.below(60)).min(bytes.len());
            (at, 0, bytes[from.min(to)..to].to_vec())
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("SEED HOW_MANY"));
    let (seed, many) = (arguments.next().expect("SEED"), arguments.next().expect("HOW_MANY"));
    for (kind, of, gone, put) in THOUGHT_OF {
        let bytes = verdict::vector(of);
        let at = bytes.windows(gone.len().max(1)).position(|piece| piece.starts_with(gone.as_bytes()));
        let case = match at {
            Some(at) => {
                json!({ "kind": kind, "of": of, "changes": [[at, gone.len(), BASE64_STANDARD.encode(put)]] })
            }
            None => panic!("{gone:?} does not stand in {of}"),
        };
        let bytes = verdict::changed(&case, &bytes);
        println!("{}", with_verdict(case, kind, of, &bytes));
    }
    let mut dice = Dice(seed);
    let bases: Vec<Vec<u8>> = BASES.iter().map(|(_, of, _)| verdict::vector(of)).collect();
    let tickets: Vec<usize> =
        BASES.iter().enumerate().flat_map(|(at, (_, _, often))| vec![at; *often]).collect();
    for _ in 0..many {
        let which = tickets[dice.below(tickets.len())];
        let (kind, of, _) = BASES[which];
        let mut bytes = bases[which].clone();
        let mut changes: Vec<Value> = Vec::new();
        for _ in 0..1 + dice.below(3) {
            let (at, remove, put) = change(&mut dice, &bytes);
            changes.push(json!([at, remove, BASE64_STANDARD.encode(&put)]));
            bytes.splice(at..at + remove, put);
        }
        let case = json!({ "kind": kind, "of": of, "changes": changes });
        println!("{}", with_verdict(case, kind, of, &bytes));
    }
}

fn with_verdict(mut case: Value, kind: &str, of: &str, bytes: &[u8]) -> Value {
    case["said"] = verdict::verdict(kind, of, bytes).into();
    case
}
