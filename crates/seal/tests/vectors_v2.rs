//! The frozen letters of `vectors/v2`, whoever made them, open here: by the author, by the house, by words, by the key file; with
//! their signatures and their pictures, and with the stock `age` and `ssh-keygen`. What must be refused is refused.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use unsaid_seal::{
    Binding, HostKey, InspectError, Kind, PeelError, SealError,
    claim::{claim_token, claim_words, expose_token_text, open_words_file, read_claim_words},
    keeper_set::{open_keeper_set, open_keepers_file},
    kit::{kit_token, read_kit},
    letter::{LetterToCompose, Medium, Picture, PictureKind, RichLetter, compose_rich},
    manifest::{ManifestPart, manifest_hash, sha256_hex},
    pq,
    read::{open_letter_file, open_medium, read_letter},
    seal::{media_part, open_sealed},
    slip39::{Card, join_cards},
    sshsig::{Hand, NAMESPACE, PRINCIPAL, PublicHand, claimed_hand, read_hands},
    stream::{StreamError, open_small_part},
    wrap::open_wrap,
};

/// All folders of a kind, whoever made them; ours is always there.
fn cases(kind: &str) -> Vec<String> {
    let entries =
        fs::read_dir(path("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<String> = entries.filter(|name| name.ends_with(kind)).collect();
    found.sort();
    assert!(found.contains(&format!("rust{kind}")), "{found:?}");
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn path(name: &str) -> PathBuf {
    root().join("v2").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn line(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap().trim().to_owned()
}

fn about(folder: &str) -> Value {
    serde_json::from_slice(&bytes(&format!("{folder}/about.json"))).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is missing in {value}"))
}

fn number(value: &Value, name: &str) -> u32 {
    value[name].as_u64().unwrap().try_into().unwrap()
}

fn unhex<const N: usize>(digits: &str) -> [u8; N] {
    assert_eq!(digits.len(), 2 * N);
    std::array::from_fn(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap())
}

fn house() -> HostKey {
    HostKey::from_opening_root(&unhex(&line("../v1/keys/opening-root.hex")))
}

fn author() -> pq::Identity {
    line("../v1/keys/author.txt").parse().unwrap()
}

fn hand() -> PublicHand {
    read_hands(&line("keys/author.ssh.pub"))[0]
}

#[test]
fn the_hand_is_that_of_the_seed() {
    assert_eq!(Hand::from_seed(&unhex(&line("keys/signing-seed.hex"))).public(), hand());
    assert_eq!(hand().line(), line("keys/author.ssh.pub"));
    assert_eq!(hand().allowed_signers_line(), line("keys/allowed_signers"));
}

#[test]
fn every_rich_letter_opens_in_every_way_that_it_has() {
    for folder in &cases("-rich") {
        let about = about(folder);
        let file = |name: &str| bytes(&format!("{folder}/{name}"));
        let string = |name: &str| String::from_utf8(file(name)).unwrap();
        let (id, version) = (text(&about, "letterId"), number(&about, "version"));
        let (eml, sealed, key) = (file("letter.eml"), file("letter.age"), file("letter.key"));
        let (words, html) = (string("text.txt"), string("letter.html"));

        // The same input gives the same bytes, whichever language composed it.
        let listed = |name: &str| about[name].as_array().unwrap().clone();
        let kind = |entry: &Value| PictureKind::of(text(entry, "type")).unwrap();
        let plain =
            |entry: &Value| file(&format!("plain/{}.{}", text(entry, "name"), kind(entry).extension()));
        let inside: Vec<(Value, Vec<u8>)> =
            listed("pictures").into_iter().map(|entry| (entry.clone(), plain(&entry))).collect();
        let pictures: Vec<Picture<'_>> = inside
            .iter()
            .map(|(entry, bytes)| Picture { name: text(entry, "name"), kind: kind(entry), bytes })
            .collect();
        let media: Vec<Medium> = listed("media")
            .iter()
            .map(|entry| Medium {
                name: text(entry, "name").to_owned(),
                media_type: text(entry, "type").to_owned(),
                size: entry["size"].as_u64().unwrap(),
                sha256: unhex(text(entry, "sha256")),
            })
            .collect();
        let composed = compose_rich(&RichLetter {
            letter: LetterToCompose {
                letter_id: id,
                version,
                from: text(&about, "from"),
                to: text(&about, "to"),
                unix_seconds: about["unixSeconds"].as_i64().unwrap(),
                text: &words,
            },
            html: Some(&html),
            reply_to: about["replyTo"].as_str(),
            pictures: &pictures,
            media: &media,
        });
        assert!(*composed.unwrap() == eml, "{folder}: the letter composes to other bytes");
        assert_eq!(sha256_hex(&eml), text(&about, "emlSha256"));
        assert!(!inside.is_empty() && !media.is_empty());

        // The author, the house, and the card lead to the same key.
        let opened = open_sealed(&author(), &file("wraps/author.age"), &sealed, id, version)
            .unwrap_or_else(|e| panic!("{e}"));
        assert!(*open_wrap(&author(), &file("wraps/author.age")).unwrap() == key);
        let binding = |kind| Binding::new(id, version, kind).unwrap();
        assert!(*house().peel(&file("wraps/host.age"), &binding(Kind::Host)).unwrap() == key);
        assert_eq!(house().inspect(&file("wraps/host.age"), &binding(Kind::Host), Some(&sealed)), Ok(()));
        let words_wrap = file("wraps/words.age");
        assert_eq!(house().inspect(&words_wrap, &binding(Kind::Words), None), Ok(()));
        let words_file = house().peel(&words_wrap, &binding(Kind::Words)).unwrap();
        assert!(*words_file == file("words.age"));
        assert!(*open_words_file(&words_file, text(&about, "words")).unwrap() == key);

        // What stands in it is what was written.
        let read = read_letter(&key, &sealed, id, version).unwrap_or_else(|e| panic!("{e}"));
        assert!(read == opened && read.text == words && read.html.as_ref() == Some(&html));
        assert_eq!((read.from.as_str(), read.to.as_str()), (text(&about, "from"), text(&about, "to")));
        assert_eq!(read.reply_to.as_deref(), about["replyTo"].as_str());
        assert_eq!(read.media, media);
        assert!(read.pictures.iter().map(|p| &p.bytes).eq(inside.iter().map(|(_, bytes)| bytes)));
        for (medium, entry) in read.media.iter().zip(listed("media")) {
            let mut out = Vec::new();
            open_medium(&key, medium, &mut &file(&media_part(&medium.name))[..], &mut out).unwrap();
            assert!(out == plain(&entry));
        }

        // The hand.
        let signature = open_small_part(&key, &file("sig.age")).unwrap();
        assert!(*signature == file("letter.eml.sig"));
        let signature = std::str::from_utf8(&signature).unwrap();
        let hand = read_hands(text(&about, "signer"))[0];
        assert_eq!(hand.verify(signature, &eml), Ok(()));
        assert_eq!(claimed_hand(signature), Ok(hand));
        assert_eq!(hand.fingerprint(), text(&about, "fingerprint"));
        assert!(*open_letter_file(&key, &sealed).unwrap() == eml);

        // The manifest.
        let parts: Vec<ManifestPart> = listed("parts")
            .iter()
            .map(|part| ManifestPart {
                name: text(part, "name").to_owned(),
                size: part["size"].as_u64().unwrap(),
                sha256: unhex(text(part, "sha256")),
            })
            .collect();
        for part in &parts {
            let stored = file(&part.name);
            assert_eq!(
                (stored.len() as u64, sha256_hex(&stored)),
                (part.size, sha256_text(part)),
                "{}",
                part.name
            );
        }
        assert_eq!(parts.len(), 2 + media.len());
        assert_eq!(manifest_hash(&parts).unwrap(), text(&about, "manifestHash"));
    }
}

fn sha256_text(part: &ManifestPart) -> String {
    part.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_card_gives_its_words_and_its_token_and_misread_words_are_named() {
    for folder in &cases("-words") {
        let about = about(folder);
        let list = |name: &str| about[name].as_array().unwrap().clone();
        for card in list("cards") {
            let words = claim_words(&unhex(text(&card, "random")));
            assert_eq!(*words, text(&card, "words"));
            assert_eq!(*expose_token_text(&claim_token(&words)), text(&card, "token"));
        }
        for case in list("typed") {
            assert_eq!(*read_claim_words(text(&case, "typed")).unwrap(), text(&case, "words"), "{case}");
        }
        for case in list("wrong") {
            let index = case["index"].as_u64().map(|index| index as usize);
            let expected = match text(&case, "code") {
                "word-unknown" => SealError::WordUnknown { index: index.unwrap() },
                "words-checksum" => SealError::WordsChecksum { index },
                "word-count" => {
                    assert!(matches!(
                        read_claim_words(text(&case, "typed")),
                        Err(SealError::WordCount { .. })
                    ));
                    continue;
                }
                other => panic!("{other}"),
            };
            assert_eq!(read_claim_words(text(&case, "typed")).err(), Some(expected), "{case}");
        }
        let kit = &about["kit"];
        let token = kit_token(&read_kit(text(kit, "identity")).unwrap());
        assert_eq!(*expose_token_text(&token), text(kit, "token"));
        assert!(!list("cards").is_empty() && !list("typed").is_empty() && list("wrong").len() >= 3);
    }
}

#[test]
fn keepers_cards_open_their_set_and_what_was_wrapped_to_it_whoever_made_them() {
    for folder in &cases("-keepers") {
        let about = about(folder);
        let file = |name: &str| bytes(&format!("{folder}/{name}"));
        let join = |name: &str, last: bool| {
            let mut cards: Vec<Card> = about[name]
                .as_array()
                .unwrap()
                .iter()
                .map(|card| Card::read(card.as_str().unwrap()).unwrap())
                .collect();
            let needed = usize::from(cards[0].needed);
            let cards = if last { cards.split_off(cards.len() - needed) } else { cards };
            join_cards(&cards[..needed], "").unwrap()
        };
        let set: pq::Identity = text(&about, "identity").parse().unwrap();
        assert_eq!(set.to_recipient().to_string(), text(&about, "recipient"));
        let binding =
            Binding::new(text(&about, "letterId"), number(&about, "version"), Kind::Keepers).unwrap();
        assert_eq!(house().inspect(&file("wraps/keepers.age"), &binding, None), Ok(()));
        let inner = house().peel(&file("wraps/keepers.age"), &binding).unwrap();
        assert!(*inner == file("keepers.age"));
        for (cards, master, locked, other) in [
            ("cards", "master", "keeper-set.age", "newer-set.age"),
            ("newerCards", "newerMaster", "newer-set.age", "keeper-set.age"),
        ] {
            for last in [false, true] {
                let joined = join(cards, last);
                assert_eq!(*joined, unhex::<16>(text(&about, master)));
                let opened = open_keeper_set(&file(locked), &joined).unwrap();
                assert!(*open_keepers_file(&opened, &inner).unwrap() == file("letter.key"));
                assert_eq!(open_keeper_set(&file(other), &joined).err(), Some(SealError::CardsOther));
            }
        }
    }
}

#[test]
fn all_cards_together_open_an_exported_folder_without_a_house_whoever_made_it() {
    for place in &cases("-without-house") {
        let about = about(place);
        let file = |name: &str| bytes(&format!("{place}/{name}"));
        let cards: Vec<Card> = about["cards"]
            .as_array()
            .unwrap()
            .iter()
            .map(|card| Card::read(card.as_str().unwrap()).unwrap())
            .collect();
        assert_eq!(usize::from(cards[0].needed), cards.len(), "all of them");
        let without_the_last = join_cards(&cards[1..], "").err();
        assert_eq!(without_the_last, Some(SealError::CardsTooFew { more: 1 }));
        let master = join_cards(&cards, "").unwrap();
        assert_eq!(*master, unhex::<16>(text(&about, "master")));
        let set = open_keeper_set(&file("folder/keys/keeper-set.age"), &master).unwrap();
        let key = open_keepers_file(&set, &file("folder/keys/keepers.age")).unwrap();
        assert_eq!(*open_letter_file(&key, &file("folder/letter.age")).unwrap(), file("letter.eml"));
        // No house has a layer on it, so none can hold it back, and none is needed.
        let binding =
            Binding::new(text(&about, "letterId"), number(&about, "version"), Kind::Keepers).unwrap();
        assert_eq!(house().peel(&file("folder/keys/keepers.age"), &binding).err(), Some(PeelError::NotOurs));
    }
}

#[test]
fn what_must_not_be_opened_or_believed_is_refused_for_the_reason_that_is_written_down() {
    let cases = about("refused");
    let cases = cases.as_array().unwrap();
    assert!(cases.len() >= 15);
    for case in cases {
        let file = bytes(&format!("refused/{}", text(case, "file")));
        let expected = text(case, "expect");
        let reason = match text(case, "what") {
            "wrap" => {
                let kind: Kind = text(case, "kind").parse().unwrap();
                let binding = Binding::new(text(case, "letterId"), number(case, "version"), kind).unwrap();
                let refused = house().peel(&file, &binding).err();
                assert_eq!(house().inspect(&file, &binding, None).err(), refused.map(InspectError::Peel));
                assert!(house().rewrap(&file, &binding, &house().recipient()).is_err());
                match refused {
                    Some(PeelError::WrongBinding) => "wrong-binding",
                    other => panic!("{case}: {other:?}"),
                }
            }
            "words" => match open_words_file(&file, text(case, "words")).err() {
                Some(SealError::WrongKey) => "wrong-key",
                Some(SealError::Damaged) => "damaged",
                other => panic!("{case}: {other:?}"),
            },
            "signature" => {
                let signature = String::from_utf8(file).unwrap();
                match read_hands(text(case, "signer"))[0].verify(&signature, &bytes(text(case, "letter"))) {
                    Err(SealError::BadSignature) => "bad-signature",
                    other => panic!("{case}: {other:?}"),
                }
            }
            "media" => {
                let key = bytes(text(case, "key"));
                let eml = open_letter_file(&key, &bytes(text(case, "letter"))).unwrap();
                let letter = unsaid_seal::letter::parse_letter(&eml).unwrap_or_else(|e| panic!("{e}"));
                let medium = letter.media.iter().find(|medium| medium.name == text(case, "name")).unwrap();
                match open_medium(&key, medium, &mut &file[..], &mut Vec::new()) {
                    Err(StreamError::Damaged) => "damaged",
                    Err(StreamError::WrongKey) => "wrong-key",
                    other => panic!("{case}: {other:?}"),
                }
            }
            other => panic!("{other}"),
        };
        assert_eq!(reason, expected, "{case}");
    }
}

/// Thirty years from now there may be no Unsaid, but there will be age, and ssh-keygen.
#[test]
fn the_stock_tools_open_every_part_and_know_the_hand() {
    for folder in &cases("-rich") {
        let key = path(&format!("{folder}/letter.key"));
        let mut parts = vec![("letter.age".to_owned(), "letter.eml".to_owned())];
        parts.push(("sig.age".to_owned(), "letter.eml.sig".to_owned()));
        for entry in about(folder)["media"].as_array().unwrap() {
            let kind = PictureKind::of(text(entry, "type")).unwrap();
            let name = text(entry, "name");
            parts.push((media_part(name), format!("plain/{name}.{}", kind.extension())));
        }
        for (sealed, plain) in parts {
            let opened = Command::new("age")
                .arg("-d")
                .arg("-i")
                .arg(&key)
                .arg(path(&format!("{folder}/{sealed}")))
                .output()
                .unwrap_or_else(|error| {
                    panic!("the age tool did not start ({error}); install it: apt install age")
                });
            assert!(opened.status.success(), "{sealed}: {}", String::from_utf8_lossy(&opened.stderr));
            assert!(opened.stdout == bytes(&format!("{folder}/{plain}")), "{sealed}");
        }
        let verified = Command::new("ssh-keygen")
            .args(["-Y", "verify", "-I", PRINCIPAL, "-n", NAMESPACE, "-f"])
            .arg(path("keys/allowed_signers"))
            .arg("-s")
            .arg(path(&format!("{folder}/letter.eml.sig")))
            .stdin(Stdio::from(fs::File::open(path(&format!("{folder}/letter.eml"))).unwrap()))
            .output()
            .unwrap();
        assert!(verified.status.success(), "{verified:?}");
    }
}
