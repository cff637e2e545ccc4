//! The Rust half of `vectors/v2`: a letter with everything, the words of cards, and what must be refused. The account and the
//! house are those of v1. It refuses to write over a file.

use super::{Outcome, REPLAY_ID, about, hex, write};
use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::Signer;
use flate2::{Compression, Crc, write::ZlibEncoder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};
use std::{fs, io::Write, path::Path};
use unsaid_seal::{
    Binding, HostKey, Kind, SealError,
    claim::{claim_token, claim_words, expose_token_text, read_claim_words, seal_words_file},
    keeper_set::{lock_keeper_set, make_keeper_set},
    key::read_key_file,
    kit::kit_token,
    letter::{LetterToCompose, Picture, PictureKind, RichLetter, compose_rich},
    manifest::{manifest_hash, sha256_hex},
    pq,
    seal::{LETTER_PART, SIGNATURE_PART, Sealing, media_part, medium},
    slip39::make_cards,
    sshsig::Hand,
    wrap::open_wrap,
};

const SEED: [u8; 32] = [0x44; 32];
const OTHER_SEED: [u8; 32] = [0x55; 32];
const RICH_ID: &str = "rustrichaaaaaaaaaaaaaaaaa6";
const KEEPERS_ID: &str = "rustkeepersaaaaaaaaaaaaaa2";
const WITHOUT_HOUSE_ID: &str = "rustwithouthouseaaaaaaaaa2";
const CARD: [u8; 10] = [0x66; 10];
const OTHER_CARD: [u8; 10] = [0x77; 10];
/// The smallest JPEG and WebP that browsers show: one point each.
const JPEG: &str = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=";
const WEBP: &str = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA";
const TEXT: &str = "The one with the blue door\n\nDear Mara, = ten, and a blank at the end: \nŽofie ♥ 日本語 😀\n\n> it was never you\n\n[photo: the door]\n\n[photo: the key]\n\n[photo: the sea]";
const HTML: &str = concat!(
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"></head><body>\n",
    "<h2 dir=\"auto\">The one with the blue door</h2>\n",
    "<p dir=\"auto\">Dear <strong>Mara</strong>, = ten, and a blank at the end: <br>Žofie ♥ 日本語 😀</p>\n",
    "<blockquote dir=\"auto\"><p dir=\"auto\">it was <em>never</em> you</p></blockquote>\n",
    "<figure dir=\"auto\"><img src=\"cid:001\" alt=\"the door\" width=\"1\" height=\"1\"></figure>\n",
    "<figure dir=\"auto\"><img src=\"cid:002\" alt=\"the key\" width=\"1\" height=\"1\"></figure>\n",
    "<figure dir=\"auto\"><img src=\"cid:003\" alt=\"the sea\" width=\"200\" height=\"120\"></figure>\n",
    "</body></html>\n",
);

pub(super) fn make(root: &Path, author: &pq::Identity, house: &HostKey) -> Outcome<()> {
    let hand = Hand::from_seed(&SEED);
    let keys = root.join("keys");
    if !keys.exists() {
        write(&keys.join("signing-seed.hex"), format!("{}\n", hex(&SEED)).as_bytes())?;
        write(&keys.join("author.ssh.pub"), format!("{}\n", hand.public().line()).as_bytes())?;
        let line = format!("{}\n", hand.public().allowed_signers_line());
        write(&keys.join("allowed_signers"), line.as_bytes())?;
    }
    rich(root, author, house, &hand)?;
    words(root, author)?;
    keepers(root, house)?;
    without_house(root)?;
    refused(root, author)
}

fn rich(root: &Path, author: &pq::Identity, house: &HostKey, hand: &Hand) -> Outcome<()> {
    let folder = root.join("rust-rich");
    if folder.exists() {
        return Ok(());
    }
    let letter = LetterToCompose {
        letter_id: RICH_ID,
        version: 3,
        from: "Ana",
        to: "Мара",
        unix_seconds: 1_826_748_000,
        text: TEXT,
    };
    let (jpeg, webp, png) = (BASE64_STANDARD.decode(JPEG)?, BASE64_STANDARD.decode(WEBP)?, sea(200, 120)?);
    let inside = [
        Picture { name: "001", kind: PictureKind::Jpeg, bytes: &jpeg },
        Picture { name: "002", kind: PictureKind::Webp, bytes: &webp },
    ];
    let beside = Picture { name: "003", kind: PictureKind::Png, bytes: &png };
    let reply_to = author.to_recipient().to_string();
    let media = [medium(&beside)];
    let eml = compose_rich(&RichLetter {
        letter,
        html: Some(HTML),
        reply_to: Some(&reply_to),
        pictures: &inside,
        media: &media,
    })?;
    let signature = hand.sign(&eml);

    let mut sealing = Sealing::begin(RICH_ID, 3, &mut rand_core::OsRng)?;
    let media_name = media_part("003");
    for (name, mut plain) in
        [(LETTER_PART, &eml[..]), (SIGNATURE_PART, signature.as_bytes()), (&media_name, &png)]
    {
        let mut file = Vec::new();
        sealing.part(name, &mut plain, &mut file)?;
        write(&folder.join(name), &file)?;
    }
    let words = claim_words(&CARD);
    let author_wrap = sealing.author_wrap(&author.to_recipient())?;
    let words_wrap = sealing.words_wrap(&house.recipient(), &words)?;
    write(&folder.join("letter.key"), &open_wrap(author, &author_wrap)?)?;
    write(&folder.join("words.age"), &house.peel(&words_wrap, &Binding::new(RICH_ID, 3, Kind::Words)?)?)?;
    write(&folder.join("wraps/author.age"), &author_wrap)?;
    write(&folder.join("wraps/host.age"), &sealing.host_wrap(&house.recipient())?)?;
    write(&folder.join("wraps/words.age"), &words_wrap)?;
    write(&folder.join("letter.eml"), &eml)?;
    write(&folder.join("letter.eml.sig"), signature.as_bytes())?;
    write(&folder.join("text.txt"), TEXT.as_bytes())?;
    write(&folder.join("letter.html"), HTML.as_bytes())?;
    for picture in inside.iter().chain([&beside]) {
        write(&folder.join(format!("plain/{}.{}", picture.name, picture.kind.extension())), picture.bytes)?;
    }
    let listed = |picture: &Picture<'_>| json!({ "name": picture.name, "type": picture.kind.media_type(), "size": picture.bytes.len(), "sha256": sha256_hex(picture.bytes) });
    let parts = sealing.into_parts();
    about(
        &folder,
        json!({
            "format": "unsaid letter 2", "madeBy": "crates/seal", "letterId": RICH_ID, "version": 3,
            "from": "Ana", "to": "Мара", "unixSeconds": 1_826_748_000, "keyKind": "X25519", "replyTo": reply_to,
            "pictures": inside.iter().map(listed).collect::<Vec<_>>(), "media": [listed(&beside)],
            "words": *words, "signer": hand.public().line(), "fingerprint": hand.public().fingerprint(),
            "parts": parts.iter().map(|part| json!({ "name": part.name, "size": part.size, "sha256": hex(&part.sha256) })).collect::<Vec<_>>(),
            "manifestHash": manifest_hash(&parts)?, "emlSha256": sha256_hex(&eml),
        }),
    )
}

/// A picture of three chunks: a sea of dots that no compression makes small.
fn sea(width: u32, height: u32) -> Outcome<Vec<u8>> {
    let mut rows = Vec::new();
    let mut dot = Sha256::digest(b"the sea");
    for y in 0..height {
        rows.push(0);
        for _ in 0..width {
            dot = Sha256::digest(dot);
            rows.extend([dot[0] / 4, dot[1] / 2 + (y / 2) as u8, 128 + dot[2] / 2]);
        }
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&rows)?;
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    for (kind, data) in [(b"IHDR", head), (b"IDAT", packed.finish()?), (b"IEND", Vec::new())] {
        file.extend((data.len() as u32).to_be_bytes());
        let mut crc = Crc::new();
        crc.update(kind);
        crc.update(&data);
        file.extend(kind);
        file.extend(data);
        file.extend(crc.sum().to_be_bytes());
    }
    Ok(file)
}

fn words(root: &Path, author: &pq::Identity) -> Outcome<()> {
    let folder = root.join("rust-words");
    if folder.exists() {
        return Ok(());
    }
    let counting: [u8; 10] = std::array::from_fn(|i| i as u8);
    let card = |random: &[u8; 10]| {
        let words = claim_words(random);
        json!({ "random": hex(random), "words": *words, "token": *expose_token_text(&claim_token(&words)) })
    };
    let words = claim_words(&CARD);
    let list: Vec<&str> = words.split(' ').collect();
    let with = |index: usize, word: &str| {
        let mut changed = list.clone();
        changed[index] = word;
        changed.join(" ")
    };
    let short: Vec<&str> = list.iter().map(|word| &word[..word.len().min(4)]).collect();
    let typed = [
        words.to_uppercase(),
        short.join("  "),
        list.join(", ") + ".",
        list.iter().enumerate().map(|(at, word)| format!("{}. {word}\r\n", at + 1)).collect(),
    ];
    let mut swapped = list.clone();
    swapped.swap(1, 6);
    let mut wrong = vec![
        with(2, "qqqq"),
        list[..7].join(" "),
        format!("{} abbey", *words),
        String::new(),
        swapped.join(" "),
    ];
    // One misread word in each place, whether or not it can be told which.
    for (index, right) in list.iter().enumerate() {
        let alike = unsaid_seal::words::english()
            .iter()
            .filter(|word| *word != right && word.len() >= 3 && right.len() >= 3 && word[..3] == right[..3]);
        wrong.extend(alike.take(2).map(|word| with(index, word)));
    }
    wrong.push(with(3, "zucchini"));
    let wrong = wrong
        .iter()
        .map(|typed| {
            let (code, index) = match read_claim_words(typed) {
                Err(SealError::WordUnknown { index }) => ("word-unknown", Some(index)),
                Err(SealError::WordsChecksum { index }) => ("words-checksum", index),
                Err(SealError::WordCount { .. }) => ("word-count", None),
                _ => return Err(format!("{typed} was not refused as it should")),
            };
            Ok(json!({ "typed": typed, "code": code, "index": index }))
        })
        .collect::<Result<Vec<_>, _>>()?;
    about(
        &folder,
        json!({
            "format": "unsaid words 1", "madeBy": "crates/seal",
            "cards": [card(&[0; 10]), card(&[0xff; 10]), card(&CARD), card(&counting)],
            "typed": typed.iter().map(|typed| json!({ "typed": typed, "words": *words })).collect::<Vec<_>>(),
            "wrong": wrong,
            "kit": { "identity": *author.expose_text(), "token": *expose_token_text(&kit_token(author)) },
        }),
    )
}

/// What must not open or be believed, each with the reason.
fn refused(root: &Path, author: &pq::Identity) -> Outcome<()> {
    let folder = root.join("refused");
    if folder.exists() {
        return Ok(());
    }
    let of = |name: &str| fs::read(root.join("rust-rich").join(name));
    let flipped = |file: &[u8], from_end: usize| {
        let mut changed = file.to_vec();
        let at = changed.len() - from_end;
        changed[at] ^= 1;
        changed
    };
    let mut cases: Vec<Value> = Vec::new();
    let mut case = |name: &str, more: Value, bytes: &[u8]| -> Outcome<()> {
        let mut entry = json!({ "file": name });
        if let (Some(entry), Value::Object(more)) = (entry.as_object_mut(), more) {
            entry.extend(more);
        }
        cases.push(entry);
        write(&folder.join(name), bytes)
    };

    let stolen = of("wraps/words.age")?;
    let wrap = |id: &str, version: u32, kind: &str, expect: &str| json!({ "what": "wrap", "letterId": id, "version": version, "kind": kind, "expect": expect });
    case("words-of-another-letter.age", wrap(REPLAY_ID, 3, "words", "wrong-binding"), &stolen)?;
    case("words-of-another-version.age", wrap(RICH_ID, 4, "words", "wrong-binding"), &stolen)?;
    case("words-as-host.age", wrap(RICH_ID, 3, "host", "wrong-binding"), &stolen)?;
    case("host-as-words.age", wrap(RICH_ID, 3, "words", "wrong-binding"), &of("wraps/host.age")?)?;

    let words_file =
        |expect: &str| json!({ "what": "words", "words": *claim_words(&CARD), "expect": expect });
    let key = of("letter.key")?;
    case(
        "words-of-another-card.age",
        words_file("wrong-key"),
        &seal_words_file(&claim_words(&OTHER_CARD), &key)?,
    )?;
    case("words-truncated.age", words_file("damaged"), &of("words.age")?[..250])?;

    let eml = of("letter.eml")?;
    let signature = |letter: &str| json!({ "what": "signature", "letter": letter, "signer": Hand::from_seed(&SEED).public().line(), "expect": "bad-signature" });
    let over = "rust-rich/letter.eml";
    let good = String::from_utf8(of("letter.eml.sig")?)?;
    let mut tampered = good.clone().into_bytes();
    let at = good.find("\n-----END").ok_or("a signature has an end")? - 20;
    tampered[at] = if tampered[at] == b'A' { b'B' } else { b'A' };
    case("signature-tampered.sig", signature(over), &tampered)?;
    case(
        "signature-of-another-hand.sig",
        signature(over),
        Hand::from_seed(&OTHER_SEED).sign(&eml).as_bytes(),
    )?;
    case("signature-for-another-purpose.sig", signature(over), signed_for("file", &eml).as_bytes())?;
    case(
        "signature-of-another-letter.sig",
        signature(over),
        Hand::from_seed(&SEED).sign(b"Dear Dan").as_bytes(),
    )?;
    case("signature-cut.sig", signature(over), &good.as_bytes()[..good.len() / 2])?;

    let part = |expect: &str| json!({ "what": "media", "key": "rust-rich/letter.key", "letter": "rust-rich/letter.age", "name": "003", "expect": expect });
    let media = of("media/003.age")?;
    case("media-flipped.age", part("damaged"), &flipped(&media, 30_000))?;
    case("media-truncated.age", part("damaged"), &media[..media.len() - 20])?;
    // Sealed to the same R, as somebody who holds K could do; but the signed letter names another hash.
    let recipient = unsaid_seal::key::read_key_file(&key)?.to_public();
    case("media-replaced.age", part("damaged"), &super::mixed(&[&recipient], &sea(200, 121)?)?)?;
    let foreign = Sealing::begin(RICH_ID, 3, &mut rand_core::OsRng)?;
    let foreign = open_wrap(author, &foreign.author_wrap(&author.to_recipient())?)?;
    let other = unsaid_seal::key::read_key_file(&foreign)?.to_public();
    case("media-of-another-key.age", part("wrong-key"), &super::mixed(&[&other], &sea(200, 120)?)?)?;
    about(&folder, Value::Array(cases))
}

/// A set of keepers: its file under a master, the cards that hold it, and a letter key that was wrapped to it.
fn keepers(root: &Path, house: &HostKey) -> Outcome<()> {
    let folder = root.join("rust-keepers");
    if folder.exists() {
        return Ok(());
    }
    let chance = &mut rand_core::OsRng;
    let set = make_keeper_set(chance);
    let mut masters = [[0u8; 16]; 2];
    for master in &mut masters {
        rand_core::RngCore::fill_bytes(chance, master);
    }
    let [master, newer] = masters;
    let cards = |master: &[u8], needed, of| -> Outcome<Vec<String>> {
        let made = make_cards(master, needed, of, &mut rand_core::OsRng)?;
        Ok(made.iter().map(|card| card.to_string()).collect())
    };
    let sealing = Sealing::begin(KEEPERS_ID, 2, chance)?;
    let author = pq::Identity::generate(chance);
    let key = open_wrap(&author, &sealing.author_wrap(&author.to_recipient())?)?;
    read_key_file(&key)?;
    let wrap = sealing.keepers_wrap(&house.recipient(), &set.recipient)?;
    let binding = Binding::new(KEEPERS_ID, 2, Kind::Keepers)?;
    write(&folder.join("keeper-set.age"), &lock_keeper_set(&set.identity, &master)?)?;
    write(&folder.join("newer-set.age"), &lock_keeper_set(&set.identity, &newer)?)?;
    write(&folder.join("letter.key"), &key)?;
    write(&folder.join("keepers.age"), &house.peel(&wrap, &binding)?)?;
    write(&folder.join("wraps/keepers.age"), &wrap)?;
    let facts = json!({
        "format": "unsaid keepers 1",
        "madeBy": "crates/seal",
        "letterId": KEEPERS_ID,
        "version": 2,
        "needed": 2,
        "of": 3,
        "master": hex(&master),
        "cards": cards(&master, 2, 3)?,
        "newerMaster": hex(&newer),
        "newerCards": cards(&newer, 3, 3)?,
        "identity": *set.identity.expose_text(),
        "recipient": set.recipient.to_string(),
    });
    about(&folder, facts)
}

/// A letter as the exported folder holds it for keepers who open it without a house: every one of their cards is needed, and nothing of a house.
fn without_house(root: &Path) -> Outcome<()> {
    let place = root.join("rust-without-house");
    if place.exists() {
        return Ok(());
    }
    let chance = &mut rand_core::OsRng;
    let (set, mut master) = (make_keeper_set(chance), [0u8; 16]);
    rand_core::RngCore::fill_bytes(chance, &mut master);
    let cards = make_cards(&master, 3, 3, chance)?;
    let letter = LetterToCompose {
        letter_id: WITHOUT_HOUSE_ID,
        version: 2,
        from: "Ana",
        to: "Leo",
        unix_seconds: 1_826_748_000,
        text: "Dear Leo,\n\nnow all three of you sit at one table.",
    };
    let eml = compose_rich(&RichLetter { letter, html: None, reply_to: None, pictures: &[], media: &[] })?;
    let mut sealing = Sealing::begin(WITHOUT_HOUSE_ID, 2, chance)?;
    let mut sealed = Vec::new();
    sealing.part(LETTER_PART, &mut &eml[..], &mut sealed)?;
    let files = [
        ("letter.age", sealed),
        ("keys/keepers.age", sealing.keepers_file(&set.recipient)?),
        ("keys/keeper-set.age", lock_keeper_set(&set.identity, &master)?),
    ];
    let listed: Vec<Value> = files
        .iter()
        .map(|(name, bytes)| json!({ "name": name, "size": bytes.len(), "sha256": sha256_hex(bytes) }))
        .collect();
    for (name, bytes) in &files {
        write(&place.join("folder").join(name), bytes)?;
    }
    let exported = json!({
        "format": "unsaid export 1", "letterId": WITHOUT_HOUSE_ID, "version": 2, "keyKind": "X25519", "files": listed,
    });
    about(&place.join("folder"), exported)?;
    write(&place.join("letter.eml"), &eml)?;
    let cards: Vec<String> = cards.iter().map(|card| card.to_string()).collect();
    about(
        &place,
        json!({
            "format": "unsaid keepers without a house 1", "madeBy": "crates/seal", "letterId": WITHOUT_HOUSE_ID,
            "version": 2, "needed": 3, "of": 3, "master": hex(&master), "cards": cards,
        }),
    )
}

/// A right signature by the right hand, but for another namespace.
fn signed_for(namespace: &str, message: &[u8]) -> String {
    let strings = |pieces: &[&[u8]]| {
        pieces
            .iter()
            .flat_map(|piece| [&(piece.len() as u32).to_be_bytes()[..], piece].concat())
            .collect::<Vec<u8>>()
    };
    let key = ed25519_dalek::SigningKey::from_bytes(&SEED);
    let mut data = b"SSHSIG".to_vec();
    data.extend(strings(&[namespace.as_bytes(), b"", b"sha512", &Sha512::digest(message)]));
    let signature = strings(&[b"ssh-ed25519", &key.sign(&data).to_bytes()]);
    let public = strings(&[b"ssh-ed25519", key.verifying_key().as_bytes()]);
    let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
    blob.extend(strings(&[&public, namespace.as_bytes(), b"", b"sha512", &signature]));
    format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", BASE64_STANDARD.encode(blob))
}
