//! The folder of an exported letter: finds the key or asks for the words of a card, or of all keepers' cards, looks at the sums, opens the letter and what lies
//! beside it, and says whose hand it is. Every file gets its name only when it is whole; what is damaged is named, and the rest is
//! opened all the same, because these may be somebody's last words.

use super::super::files::{self, Output};
use super::super::progress::Progress;
use super::super::{Said, complain, say, terminal};
use super::{OpenArgs, about, cards, keys, shown_path};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use unsaid_seal::SealError;
use unsaid_seal::claim::{open_words_file, read_claim_words};
use unsaid_seal::keeper_set::is_keeper_set_file;
use unsaid_seal::key::read_key_file;
use unsaid_seal::letter::{Letter, clean_name, extension_of, parse_letter};
use unsaid_seal::read::{open_letter_file, open_medium};
use unsaid_seal::seal::media_part;
use unsaid_seal::sshsig::{PublicHand, read_hands};
use unsaid_seal::stream::{StreamError, open_small_part};
use unsaid_seal::wrap::check_wrap;
use zeroize::Zeroizing;

/// The largest letter.age: text, HTML and a mebibyte of pictures are far below.
const LARGEST_LETTER: u64 = 32 * 1024 * 1024;
/// How often words are asked for before the program gives up.
const TRIES: usize = 3;
/// How many keys are tried: each costs a moment and 64 MiB.
const MOST_KEYS: usize = 8;
/// What keepers' cards open, and what that opens.
const SET_FILE: &str = "keys/keeper-set.age";
const KEEPERS_FILE: &str = "keys/keepers.age";
/// The largest key, signature or list of signers.
const LARGEST_KEY: u64 = 64 * 1024;

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
    if args.output.is_none() && into.is_symlink() {
        return Err("The folder's 'opened' leads somewhere else, and was not made by this program. Name another folder with -o.".to_owned());
    }
    std::fs::create_dir_all(&into)
        .map_err(|e| format!("{} cannot be made: {e}. Name another folder with -o.", shown_path(&into)))?;
    write(&into, "letter.eml", &eml)?;
    write(&into, "letter.txt", letter.text.as_bytes())?;
    for picture in &letter.pictures {
        write(&into, &format!("{}.{}", picture.name, picture.kind.extension()), &picture.bytes)?;
    }
    for said in media(folder, &into, &key, &letter)? {
        find(&mut wrong, &said);
    }
    say(&format!("From {} to {}. Opened into {}", name(&letter.from), name(&letter.to), shown_path(&into)));
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
    if path.symlink_metadata().is_err() {
        return Err(format!(
            "{} is a folder without a letter.age, so it is no exported letter. Name the right folder, or a file.",
            shown_path(folder)
        ));
    }
    small(&path, LARGEST_LETTER)
}

/// A file of the folder, which may come from anybody: no link, no device, and not larger than it can be.
fn small(path: &Path, largest: u64) -> Result<Vec<u8>, Said> {
    let mut bytes = Vec::new();
    files::regular(path)
        .and_then(|file| file.take(largest + 1).read_to_end(&mut bytes))
        .map_err(|e| format!("{} cannot be read: {e}. Take another copy of it.", shown_path(path)))?;
    if bytes.len() as u64 > largest {
        return Err(format!("{} is larger than it can be. Take another copy of it.", shown_path(path)));
    }
    Ok(bytes)
}

/// K as a key file: named with -i, lying there in clear, under the words of a card, or under keepers' cards.
fn key(args: &OpenArgs, folder: &Path) -> Result<Zeroizing<Vec<u8>>, Said> {
    let read = |path: &Path| small(path, LARGEST_KEY).map(Zeroizing::new);
    if let Some(path) = args.identities.first() {
        let (bytes, input) = files::small(path)?;
        return keys::key_text(args, path, &input.name, bytes);
    }
    let clear = folder.join("keys/letter.key");
    if clear.symlink_metadata().is_ok() {
        return read(&clear);
    }
    if let Some(key) = by_keepers(args, folder)? {
        return Ok(key);
    }
    let mut locked: Vec<PathBuf> = std::fs::read_dir(folder.join("keys"))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    locked.retain(|path| path.extension().is_some_and(|end| end == "age"));
    locked.sort();
    locked.truncate(MOST_KEYS);
    if locked.is_empty() {
        return Err("There is no key in this folder's keys. Copy the folder again, with everything in it, or name the key with -i.".to_owned());
    }
    let files = locked.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    by_words(args, &files)
}

/// Where the folder is one for keepers' cards: two files, of which one opens with the cards and the other with what is in it.
fn by_keepers(args: &OpenArgs, folder: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Said> {
    let found = |name: &str| {
        let path = folder.join(name);
        if path.symlink_metadata().is_ok() { small(&path, LARGEST_KEY).map(Some) } else { Ok(None) }
    };
    // What only has such a name is somebody's file under words.
    let missing = |name: &str| {
        format!(
            "{name} is missing, and keepers' cards open nothing without it. Copy the folder again, with everything in it."
        )
    };
    match (found(SET_FILE)?, found(KEEPERS_FILE)?) {
        (Some(set), Some(keepers)) => cards::key(args, &set, &keepers).map(Some),
        (Some(set), None) if is_keeper_set_file(&set) => Err(missing(KEEPERS_FILE)),
        (None, Some(keepers)) if check_wrap(&keepers).is_ok() => Err(missing(SET_FILE)),
        _ => Ok(None),
    }
}

/// Words may be typed in any case, by their beginnings, and again when one was misread.
fn by_words(args: &OpenArgs, files: &[Zeroizing<Vec<u8>>]) -> Result<Zeroizing<Vec<u8>>, Said> {
    let mut said = String::new();
    for _ in 0..TRIES {
        let typed = match &args.passphrase_file {
            Some(path) => terminal::first_line(path)?,
            None => terminal::ask_seen("The eight words on the card:")?,
        };
        said = match read_claim_words(&typed) {
            Err(error) => error.to_string(),
            Ok(words) => {
                let mut opened = Err(SealError::WrongKey);
                for file in files {
                    opened = open_words_file(file, &words);
                    if opened.is_ok() {
                        break;
                    }
                }
                match opened {
                    Ok(key) => return Ok(key),
                    Err(SealError::WrongKey) => {
                        "These are the words of another card. Look for the one that belongs to this letter."
                            .to_owned()
                    }
                    Err(error) => return Err(format!("The key in this folder's keys: {error}")),
                }
            }
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
        let path = folder.join(&name);
        if path.symlink_metadata().is_err() {
            wrong.push(format!("{name} is missing. Copy the folder again, with everything in it."));
            continue;
        }
        let damaged = format!("{name} is damaged. Take another copy of it.");
        let Ok(file) = files::regular(&path) else {
            wrong.push(damaged);
            continue;
        };
        let target = format!("{}.{}", medium.name, extension_of(&medium.media_type));
        let mut output = Output::in_folder(into, &target)?;
        let size = file.metadata().ok().map(|about| about.len());
        match open_medium(key, medium, &mut Progress::of(file, size, false), &mut output) {
            Ok(()) => output.finish()?,
            Err(error @ StreamError::Write(_)) => return Err(error.to_string()),
            Err(_) => wrong.push(damaged),
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
    if path.symlink_metadata().is_err() {
        return Ok(Hand::None);
    }
    let damaged = || {
        Hand::Wrong("signatures/letter.sig.age is damaged, so nobody can say who wrote this. Take another copy of it.".to_owned())
    };
    let Ok(text) =
        small(&path, LARGEST_KEY).and_then(|file| open_small_part(key, &file).map_err(|e| e.to_string()))
    else {
        return Ok(damaged());
    };
    let Ok(text) = std::str::from_utf8(&text) else { return Ok(damaged()) };
    write(into, "letter.eml.sig", text.as_bytes())?;
    let signers = small(&folder.join("author/allowed_signers"), LARGEST_KEY).unwrap_or_default();
    let hands = read_hands(&String::from_utf8_lossy(&signers));
    if hands.is_empty() {
        return Ok(Hand::Wrong("author/allowed_signers is missing, so nobody can say whose signature this is. Copy the folder again, with everything in it.".to_owned()));
    }
    Ok(match hands.into_iter().find(|hand| hand.verify(text, eml).is_ok()) {
        Some(hand) => Hand::Known(hand),
        None => Hand::Wrong(SealError::BadSignature.to_string()),
    })
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Said> {
    let mut output = Output::in_folder(folder, name)?;
    output.write_all(bytes).map_err(|e| {
        format!("{} cannot be written: {e}. Look at the space on the disk.", shown_path(&folder.join(name)))
    })?;
    output.finish()
}

/// A name as it may stand on a terminal: whoever wrote the letter chose it.
fn name(text: &str) -> String {
    clean_name(text).unwrap_or_else(|_| "somebody".to_owned())
}
