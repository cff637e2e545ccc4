//! The folder of an exported letter: finds the key or asks for the words, looks at the sums, opens the letter and what lies
//! beside it, and says whose hand it is. Every file gets its name only when it is whole; what is damaged is named, and the rest is
//! opened all the same, because these may be somebody's last words.

use super::super::files::{Output, Shown};
use super::super::progress::Progress;
use super::super::{Said, complain, say, terminal};
use super::{OpenArgs, about, keys, shown_path};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use unsaid_seal::SealError;
use unsaid_seal::claim::read_claim_words;
use unsaid_seal::key::read_key_file;
use unsaid_seal::letter::{Letter, extension_of, parse_letter};
use unsaid_seal::read::{open_letter_file, open_medium};
use unsaid_seal::seal::media_part;
use unsaid_seal::sshsig::{PublicHand, read_hands};
use unsaid_seal::stream::{StreamError, open_small_part};
use zeroize::Zeroizing;

/// The largest letter.age: text, HTML and a mebibyte of pictures are far below.
const LARGEST_LETTER: u64 = 32 * 1024 * 1024;
/// How often words are asked for before the program gives up.
const TRIES: usize = 3;

pub(super) fn open(args: &OpenArgs, folder: &Path) -> Result<ExitCode, Said> {
    if args.identities.len() > 1 {
        return Err(
            "A letter has one key. Name one after -i, or none, when it lies in the folder.".to_owned()
        );
    }
    let sealed = letter_age(folder)?;
    let about = about::read(folder)?;
    let mut wrong: Vec<Said> = Vec::new();
    match &about {
        Some(about) => wrong.extend(about.damages(folder)),
        None => complain(
            "There is no about.json, so nobody can say whether files are missing. The letter is opened all the same.",
        ),
    }
    // At once, because the words may not open what is damaged.
    wrong.iter().for_each(|said| complain(said));
    let key = key(args, folder)?;
    if read_key_file(&key).is_err() {
        return Err("What lies there as the key is not the key of a letter. Take another copy of the folder, or name the key with -i.".to_owned());
    }
    let eml = open_letter_file(&key, &sealed).map_err(|error| match error {
        SealError::WrongKey => "This key does not open letter.age. Look for the key that lies in the same folder.".to_owned(),
        _ => "letter.age is damaged, so the letter cannot be opened from this copy. Take another copy of the folder.".to_owned(),
    })?;
    let letter = parse_letter(&eml).map_err(|_| {
        "letter.age opens, and holds no letter of Unsaid. Open it with the age tool and look at it."
            .to_owned()
    })?;
    if let Some(about) = &about {
        let other = about.letter_id.as_ref().is_some_and(|id| *id != letter.letter_id)
            || about.version.is_some_and(|version| version != letter.version);
        if other {
            find(
                &mut wrong,
                "letter.age is another letter than the one that about.json names. Be careful: files may have been exchanged.",
            );
        }
    }
    let into = args.output.clone().unwrap_or_else(|| folder.join("opened"));
    std::fs::create_dir_all(&into)
        .map_err(|e| format!("{} cannot be made: {e}. Name another folder with -o.", shown_path(&into)))?;
    write(&into.join("letter.eml"), &eml)?;
    write(&into.join("letter.txt"), letter.text.as_bytes())?;
    for picture in &letter.pictures {
        write(&into.join(format!("{}.{}", picture.name, picture.kind.extension())), &picture.bytes)?;
    }
    for said in media(folder, &into, &key, &letter)? {
        find(&mut wrong, &said);
    }
    say(&format!("From {} to {}. Opened into {}", letter.from, letter.to, shown_path(&into)));
    match signature(folder, &into, &key, &eml)? {
        Hand::Known(hand) => say(&format!(
            "It is signed by the hand {}. Compare that with the card, or with her other letters.",
            hand.fingerprint()
        )),
        Hand::None => say("It is not signed: be careful. Anybody who had the key could have written it."),
        Hand::Wrong(said) => find(&mut wrong, &said),
    }
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says what is wrong, once.
fn find(wrong: &mut Vec<Said>, said: &str) {
    if !wrong.iter().any(|known| known == said) {
        complain(said);
        wrong.push(said.to_owned());
    }
}

fn letter_age(folder: &Path) -> Result<Vec<u8>, Said> {
    let path = folder.join("letter.age");
    let about = std::fs::metadata(&path).map_err(|_| {
        format!("{} is a folder without a letter.age, so it is no exported letter. Name the right folder, or a file.", shown_path(folder))
    })?;
    if about.len() > LARGEST_LETTER {
        return Err(
            "letter.age is larger than any letter. Open it as a file: unsaid open -i KEY -o OUT letter.age"
                .to_owned(),
        );
    }
    std::fs::read(&path)
        .map_err(|e| format!("{} cannot be read: {e}. Take another copy of it.", shown_path(&path)))
}

/// K as a key file: named with -i, lying there in clear, or under the words of a card.
fn key(args: &OpenArgs, folder: &Path) -> Result<Zeroizing<Vec<u8>>, Said> {
    let read = |path: &Path| {
        std::fs::read(path)
            .map(Zeroizing::new)
            .map_err(|e| format!("{} cannot be read: {e}. Take another copy of it.", shown_path(path)))
    };
    if let Some(path) = args.identities.first() {
        return keys::key_text(args, path, &shown_path(path), read(path)?);
    }
    let clear = folder.join("keys/letter.key");
    if clear.exists() {
        return read(&clear);
    }
    let mut locked: Vec<PathBuf> = std::fs::read_dir(folder.join("keys"))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    locked.retain(|path| path.extension().is_some_and(|end| end == "age"));
    locked.sort();
    if locked.is_empty() {
        return Err("There is no key in this folder's keys. Copy the folder again, with everything in it, or name the key with -i.".to_owned());
    }
    let files = locked.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    by_words(args, &files)
}

/// Words may be typed in any case, by their beginnings, and again when one was misread.
fn by_words(args: &OpenArgs, files: &[Zeroizing<Vec<u8>>]) -> Result<Zeroizing<Vec<u8>>, Said> {
    let mut said = String::new();
    for _ in 0..TRIES {
        let typed = match &args.passphrase_file {
            Some(path) => terminal::first_line(path)?,
            None => terminal::ask_seen("The eight words on the card:")?,
        };
        let (as_card, mut opened) = (read_claim_words(&typed), Err(StreamError::WrongPassphrase));
        for file in files {
            opened = match &as_card {
                Ok(words) => keys::open_with(file, words),
                Err(_) => Err(StreamError::WrongPassphrase),
            };
            if opened.is_ok() {
                break;
            }
        }
        said = match (as_card, opened) {
            (_, Ok(key)) => return Ok(key),
            (Err(error), _) => error.to_string(),
            (Ok(_), Err(StreamError::WrongPassphrase)) => {
                "These are the words of another card. Look for the one that belongs to this letter."
                    .to_owned()
            }
            (Ok(_), Err(error)) => return Err(error.to_string()),
        };
        if args.passphrase_file.is_some() {
            break;
        }
        terminal::tell(&said);
    }
    Err(said)
}

/// Opens what lies beside the letter; a sentence for each file that is not whole.
fn media(folder: &Path, into: &Path, key: &[u8], letter: &Letter) -> Result<Vec<Said>, Said> {
    let mut wrong = Vec::new();
    for medium in &letter.media {
        let name = media_part(&medium.name);
        let Ok(file) = File::open(folder.join(&name)) else {
            wrong.push(format!("{name} is missing. Copy the folder again, with everything in it."));
            continue;
        };
        let target = into.join(format!("{}.{}", medium.name, extension_of(&medium.media_type)));
        let mut output = Output::open(Some(&target), Shown::Bytes, &[])?;
        let size = file.metadata().ok().map(|about| about.len());
        match open_medium(key, medium, &mut Progress::of(file, size, false), &mut output) {
            Ok(()) => output.finish()?,
            Err(error @ StreamError::Write(_)) => return Err(error.to_string()),
            Err(_) => wrong.push(format!("{name} is damaged. Take another copy of it.")),
        }
    }
    Ok(wrong)
}

/// Whose hand it is.
enum Hand {
    Known(PublicHand),
    None,
    Wrong(Said),
}

fn signature(folder: &Path, into: &Path, key: &[u8], eml: &[u8]) -> Result<Hand, Said> {
    let path = folder.join("signatures/letter.sig.age");
    if !path.exists() {
        return Ok(Hand::None);
    }
    let damaged = || {
        Hand::Wrong("signatures/letter.sig.age is damaged, so nobody can say who wrote this. Take another copy of it.".to_owned())
    };
    let Ok(text) =
        std::fs::read(&path).map_err(drop).and_then(|file| open_small_part(key, &file).map_err(drop))
    else {
        return Ok(damaged());
    };
    let Ok(text) = std::str::from_utf8(&text) else { return Ok(damaged()) };
    write(&into.join("letter.eml.sig"), text.as_bytes())?;
    let signers = std::fs::read_to_string(folder.join("author/allowed_signers")).unwrap_or_default();
    let hands = read_hands(&signers);
    if hands.is_empty() {
        return Ok(Hand::Wrong("author/allowed_signers is missing, so nobody can say whose signature this is. Copy the folder again, with everything in it.".to_owned()));
    }
    Ok(match hands.into_iter().find(|hand| hand.verify(text, eml).is_ok()) {
        Some(hand) => Hand::Known(hand),
        None => Hand::Wrong(SealError::BadSignature.to_string()),
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Said> {
    let mut output = Output::open(Some(path), Shown::Bytes, &[])?;
    output.write_all(bytes).map_err(|e| {
        format!("{} cannot be written: {e}. Look at the space on the disk.", shown_path(path))
    })?;
    output.finish()
}
