//! What this half says of a changed vector, in one line: a refusal by its code, or a digest of everything that it read. The
//! other half (web/src/seal/alike.test.ts) writes the same line of the same bytes, or one of the two is wrong.

use serde_json::Value;
use std::{fs, path::PathBuf};
use unsaid_seal::{
    Binding, SealError, claim,
    key::read_key_file,
    kit::{kit_token, read_kit},
    letter::parse_letter,
    manifest::sha256_hex,
    read::{open_letter_file, open_medium},
    sshsig::claimed_hand,
    words::normalise_words,
    wrap::check_wrap,
};

/// A file of vectors/.
pub(crate) fn vector(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(path);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The file of a case, changed as it says: each change takes `remove` bytes away at `at` and puts others there.
pub(crate) fn changed(case: &Value, base: &[u8]) -> Vec<u8> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let mut bytes = base.to_vec();
    for change in case["changes"].as_array().expect("a list of changes") {
        let number = |at: usize| change[at].as_u64().expect("a number") as usize;
        let put = BASE64_STANDARD.decode(change[2].as_str().expect("base64")).expect("base64");
        bytes.splice(number(0)..number(0) + number(1), put);
    }
    bytes
}

/// The line.
pub(crate) fn verdict(kind: &str, of: &str, bytes: &[u8]) -> String {
    // The first two pieces of the path are the folder of one letter.
    let folder = of.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
    let beside = |name: &str| vector(&format!("{folder}/{name}"));
    let read = match kind {
        "letter" => parse_letter(bytes).map(|letter| {
            let mut all = fields(&[
                letter.letter_id.as_bytes(),
                letter.version.to_string().as_bytes(),
                letter.from.as_bytes(),
                letter.to.as_bytes(),
                letter.unix_seconds.to_string().as_bytes(),
                letter.text.as_bytes(),
                letter.html.map_or("-".to_owned(), |html| format!("+{html}")).as_bytes(),
                letter.reply_to.unwrap_or_default().as_bytes(),
            ]);
            for picture in &letter.pictures {
                let kind = picture.kind.media_type();
                all.extend(fields(&[picture.name.as_bytes(), kind.as_bytes(), &picture.bytes]));
            }
            for medium in &letter.media {
                let size = medium.size.to_string();
                let kind = medium.media_type.as_bytes();
                all.extend(fields(&[medium.name.as_bytes(), kind, size.as_bytes(), &medium.sha256]));
            }
            all
        }),
        "age" => open_letter_file(&beside("letter.key"), bytes).map(|plain| plain.to_vec()),
        "key" => read_key_file(bytes).map(|key| key.to_public().to_string().into_bytes()),
        "media" => {
            let letter = parse_letter(&beside("letter.eml")).expect("a frozen letter");
            let mut plain = Vec::new();
            open_medium(&beside("letter.key"), &letter.media[0], &mut &*bytes, &mut plain)
                .map(|()| plain)
                .map_err(|error| match error {
                    unsaid_seal::stream::StreamError::WrongKey => SealError::WrongKey,
                    _ => SealError::Damaged,
                })
        }
        "wrap" => check_wrap(bytes).map(|()| Vec::new()),
        // What is read as text begins as UTF-8 on both sides.
        _ => match std::str::from_utf8(bytes) {
            Err(_) => Err(SealError::Damaged),
            Ok(text) => of_text(kind, text, &beside),
        },
    };
    match read {
        Ok(all) => sha256_hex(&all)[..16].to_owned(),
        Err(error) => code(error),
    }
}

fn of_text(kind: &str, text: &str, beside: &dyn Fn(&str) -> Vec<u8>) -> Result<Vec<u8>, SealError> {
    match kind {
        "signature" => {
            let hand = claimed_hand(text)?;
            hand.verify(text, &beside("letter.eml"))?;
            Ok(hand.fingerprint().into_bytes())
        }
        "six-words" => normalise_words(text, 6).map(|words| words.as_bytes().to_vec()),
        "eight-words" => claim::read_claim_words(text).map(|words| words.as_bytes().to_vec()),
        "binding" => Binding::parse(text).map(|binding| binding.line().into_bytes()),
        "kit" => read_kit(text).map(|identity| kit_token(&identity).to_vec()),
        other => panic!("no such kind: {other}"),
    }
}

/// Each with its length before it, so that nothing can move from one into the next.
fn fields(pieces: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        out.extend(format!("{}:", piece.len()).into_bytes());
        out.extend_from_slice(piece);
    }
    out
}

fn code(error: SealError) -> String {
    match error {
        SealError::WordUnknown { index } => format!("word-unknown {index}"),
        SealError::WordCount { typed, .. } => format!("word-count {typed}"),
        SealError::WordsChecksum { index: Some(index) } => format!("words-checksum {index}"),
        SealError::WordsChecksum { index: None } => "words-checksum".to_owned(),
        SealError::KitMissing => "kit-missing".to_owned(),
        SealError::KitMisread => "kit-misread".to_owned(),
        SealError::WrongKey => "wrong-key".to_owned(),
        SealError::Damaged => "damaged".to_owned(),
        SealError::NotAWrap => "not-a-wrap".to_owned(),
        SealError::WrongBinding => "wrong-binding".to_owned(),
        SealError::BadSignature => "bad-signature".to_owned(),
        other => format!("{other:?}"),
    }
}
