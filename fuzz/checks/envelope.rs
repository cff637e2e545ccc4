//! What opens a letter, in front of bytes that anybody may have put there: the file inside, the lines that bind, the outside of age, the house's layer.
//! What is refused is refused with a word of ours; what is read says what the file says and names nothing outside its folder.

use unsaid_seal::letter::{
    LetterToCompose, MAX_TEXT_BYTES, clean_name, compose_letter, message_id, normalise_text, parse_letter,
};
use unsaid_seal::manifest::{ManifestPart, manifest_text};
use unsaid_seal::read::open_letter_file;
use unsaid_seal::seal::media_part;
use unsaid_seal::sshsig::{claimed_hand, read_hands};
use unsaid_seal::stream::Sealed;
use unsaid_seal::wrap::{check_wrap, unbind};
use unsaid_seal::{Binding, HostKey, Kind};

const ID: &str = "abcdefghijklmnopqrstuvwxyz";
const KEY: &[u8] = include_bytes!("../../vectors/v1/rust-short/letter.key");

/// A file that somebody calls a letter, a wrap, a signature or a line that binds.
pub(crate) fn check(data: &[u8]) -> bool {
    outside(data);
    lines(data);
    composed(data);
    inside(data)
}

/// A letter's file: what is read of it was in it, and nothing of it is a path.
fn inside(data: &[u8]) -> bool {
    let Ok(letter) = parse_letter(data) else { return false };
    assert!(message_id(&letter.letter_id, letter.version).is_ok());
    assert!(letter.text.len() <= MAX_TEXT_BYTES.max(data.len()) && !letter.text.contains('\r'));
    let carried: usize = letter.pictures.iter().map(|picture| picture.bytes.len()).sum();
    assert!(carried <= data.len());
    let mut names: Vec<&str> = letter.pictures.iter().map(|picture| picture.name.as_str()).collect();
    names.extend(letter.media.iter().map(|medium| medium.name.as_str()));
    for name in &names {
        assert!(
            name.len() == 3 && name.bytes().all(|b| b.is_ascii_digit()),
            "{name:?} is no name of a picture"
        );
        let part = ManifestPart { name: media_part(name), size: 1, sha256: [0; 32] };
        assert!(manifest_text(&[part]).is_ok());
    }
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a name stands twice");
    assert!(parse_letter(data).is_ok_and(|again| again == letter));
    true
}

/// Age's outside, and the layer of a house that the file was not sealed to, or was.
fn outside(data: &[u8]) {
    let checked = check_wrap(data).is_ok();
    let read = Sealed::read(data);
    // The look at a wrap is a look at its head: what may be missing behind it is age's first sixteen bytes, and then nobody opens it.
    assert!(!checked || read.is_ok() || payload(data) < 16, "a wrap that looks well is no age file");
    let host = HostKey::from_seed(&[7; 32]);
    for kind in Kind::ALL {
        let binding = Binding::new(ID, 1, kind).expect("a binding");
        // Nobody can have sealed to this key but who writes these lines.
        assert!(host.peel(data, &binding).is_err());
        if let Ok(inner) = unbind(data, &binding) {
            assert_eq!([binding.line().as_bytes(), inner].concat(), data);
        }
    }
    if let Ok(file) = open_letter_file(KEY, data) {
        // With this key one file was sealed; it opens, and what a flipped bit would change does not.
        assert!(parse_letter(&file).is_ok());
    }
}

/// How many bytes stand behind the head of an age file.
fn payload(data: &[u8]) -> usize {
    let head = data.windows(5).position(|five| five == b"\n--- ").map_or(data.len(), |at| at + 5);
    let line = data[head..].iter().position(|byte| *byte == b'\n').map_or(data.len() - head, |at| at + 1);
    data.len() - head - line
}

/// The small texts: each is written in one way, so that whoever compares the bytes compares what they say.
fn lines(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(binding) = Binding::parse(text) {
        assert_eq!(binding.line(), text);
    }
    if let Ok(hand) = claimed_hand(text) {
        // A signature over something else is not one over this.
        assert!(hand.verify(text, b"words that nobody has signed").is_err());
    }
    for hand in read_hands(text) {
        assert!(
            read_hands(&hand.allowed_signers_line()).iter().any(|again| again.as_bytes() == hand.as_bytes())
        );
    }
    if let Ok(name) = clean_name(text) {
        assert!(!name.contains(['\r', '\n']));
        assert_eq!(clean_name(&name).as_deref(), Ok(name.as_str()));
    }
}

/// What is composed is read back as what was said, whatever somebody is called and writes.
fn composed(data: &[u8]) {
    let [from, to, text] = super::pieces::<3>(data);
    let letter = LetterToCompose {
        letter_id: ID,
        version: 3,
        from: &from,
        to: &to,
        unix_seconds: 2_000_000_000,
        text: &text,
    };
    let Ok(file) = compose_letter(&letter) else { return };
    let read = parse_letter(&file).unwrap_or_else(|e| panic!("what we compose is not read: {e}"));
    assert_eq!((read.letter_id.as_str(), read.version, read.unix_seconds), (ID, 3, 2_000_000_000));
    assert_eq!(Ok(read.from), clean_name(&from));
    assert_eq!(Ok(read.to), clean_name(&to));
    assert_eq!(read.text, normalise_text(&text));
    assert!(
        read.html.is_none() && read.pictures.is_empty() && read.media.is_empty() && read.reply_to.is_none()
    );
}
