//! The frozen letters of `vectors/v1`, whoever made them, open here; and the letters open with the stock `age` tool, which
//! must be installed. `web/src/seal/vectors.check.ts` opens the same ones in Node and in a browser.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use unsaid_seal::{
    Binding, HostKey, InspectError, Kind, PeelError, SealError,
    letter::{LetterToCompose, compose_letter},
    manifest::{ManifestPart, manifest_hash, sha256_hex},
    pq,
    read::read_letter,
    seal::open_sealed,
    unlock::{derive_unlock, open_passphrase_file},
    wrap::open_wrap,
};

const LETTERS: [&str; 4] = ["rust-short", "rust-long", "ts-short", "ts-long"];
const UNLOCKS: [&str; 2] = ["rust-unlock", "ts-unlock"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/v1").join(name)
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
    value[name].as_str().unwrap_or_else(|| panic!("{name} is missing"))
}

fn version(value: &Value, name: &str) -> u32 {
    value[name].as_u64().unwrap().try_into().unwrap()
}

fn unhex<const N: usize>(digits: &str) -> [u8; N] {
    assert_eq!(digits.len(), 2 * N);
    std::array::from_fn(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap())
}

fn house() -> HostKey {
    HostKey::from_opening_root(&unhex(&line("keys/opening-root.hex")))
}

fn author() -> pq::Identity {
    line("keys/author.txt").parse().unwrap()
}

#[test]
fn the_keys_are_derived_as_the_protocol_says() {
    assert_eq!(house().recipient().to_string(), line("keys/house.pub"));
    let written: pq::Identity = line("keys/house.txt").parse().unwrap();
    assert_eq!(written.to_recipient(), house().recipient());
    assert_eq!(author().to_recipient().to_string(), line("keys/author.pub"));
}

#[test]
fn every_frozen_letter_opens_for_author_host_and_reader() {
    for folder in LETTERS {
        let about = about(folder);
        let file = |name: &str| bytes(&format!("{folder}/{name}"));
        let (id, version) = (text(&about, "letterId"), version(&about, "version"));
        let words = String::from_utf8(file("text.txt")).unwrap();
        let (eml, sealed, key) = (file("letter.eml"), file("letter.age"), file("letter.key"));

        let composed = compose_letter(&LetterToCompose {
            letter_id: id,
            version,
            from: text(&about, "from"),
            to: text(&about, "to"),
            unix_seconds: about["unixSeconds"].as_i64().unwrap(),
            text: &words,
        });
        assert!(*composed.unwrap() == eml, "{folder}: the letter composes to other bytes");
        assert_eq!(sha256_hex(&eml), text(&about, "emlSha256"));

        let opened = open_sealed(&author(), &file("wraps/author.age"), &sealed, id, version).ok().unwrap();
        assert!(
            opened.text == words && opened.from == text(&about, "from") && opened.to == text(&about, "to")
        );
        assert_eq!(Some(opened.unix_seconds), about["unixSeconds"].as_i64());
        assert!(*open_wrap(&author(), &file("wraps/author.age")).unwrap() == key);

        let binding = Binding::new(id, version, Kind::Host).unwrap();
        let wrap = file("wraps/host.age");
        assert!(*house().peel(&wrap, &binding).unwrap() == key);
        assert_eq!(house().inspect(&wrap, &binding, Some(&sealed)), Ok(()));
        assert!(read_letter(&key, &sealed, id, version).ok().unwrap().text == words);

        let part = &about["parts"][0];
        assert_eq!(sha256_hex(&sealed), text(part, "sha256"));
        let listed = ManifestPart {
            name: text(part, "name").to_owned(),
            size: sealed.len() as u64,
            sha256: unhex(text(part, "sha256")),
        };
        assert_eq!(part["size"].as_u64(), Some(listed.size));
        assert_eq!(manifest_hash(&[listed]).unwrap(), text(&about, "manifestHash"));
    }
}

#[test]
fn every_frozen_unlock_leads_from_words_to_the_account() {
    for folder in UNLOCKS {
        let about = about(folder);
        let secrets = derive_unlock(text(&about, "words"), &unhex(text(&about, "salt"))).ok().unwrap();
        assert_eq!(*secrets.expose_token_text(), text(&about, "token"));
        assert_eq!(*secrets.file_passphrase, text(&about, "filePassphrase"));
        let binding =
            Binding::new(text(&about, "accountId"), version(&about, "number"), Kind::Unlock).unwrap();
        let wrap = bytes(&format!("{folder}/wraps/unlock.age"));
        let file = house().peel(&wrap, &binding).unwrap();
        assert_eq!(house().inspect(&wrap, &binding, None), Ok(()));
        assert!(*file == bytes(&format!("{folder}/passphrase.age")));
        let account = open_passphrase_file(&file, &secrets.file_passphrase).ok().unwrap();
        assert_eq!(*account.expose_text(), line("keys/author.txt"));
    }
}

#[test]
fn what_must_not_open_is_refused_for_the_reason_that_is_written_down() {
    let cases = about("refused");
    let cases = cases.as_array().unwrap();
    assert!(cases.len() >= 13);
    for case in cases {
        let file = bytes(&format!("refused/{}", text(case, "file")));
        let (id, version) = (text(case, "letterId"), version(case, "version"));
        let expected = text(case, "expect");
        if text(case, "what") == "letter" {
            let reason = match read_letter(&bytes(text(case, "key")), &file, id, version).err() {
                Some(SealError::Damaged) => "damaged",
                Some(SealError::WrongKey) => "wrong-key",
                other => panic!("{case}: {other:?}"),
            };
            assert_eq!(reason, expected, "{case}");
            continue;
        }
        let binding = Binding::new(id, version, text(case, "kind").parse().unwrap()).unwrap();
        let peeled = match expected {
            "wrong-binding" => PeelError::WrongBinding,
            "wrong-key" => PeelError::NotOurs,
            "damaged" | "not-a-wrap" => PeelError::Damaged,
            other => panic!("unknown reason {other}"),
        };
        assert_eq!(house().peel(&file, &binding).err(), Some(peeled), "{case}");
        let letter = bytes("rust-short/letter.age");
        assert_eq!(
            house().inspect(&file, &binding, Some(&letter)),
            Err(InspectError::Peel(peeled)),
            "{case}"
        );
        assert!(house().rewrap(&file, &binding, &house().recipient()).is_err(), "{case}");
        if expected == "not-a-wrap" {
            let written: pq::Identity = line("keys/house.txt").parse().unwrap();
            assert_eq!(open_wrap(&written, &file).err(), Some(SealError::NotAWrap), "{case}");
        }
    }
}

/// Thirty years from now there may be no Unsaid, but there will be age.
#[test]
fn the_stock_age_tool_opens_every_letter_with_its_key_file() {
    for folder in LETTERS {
        let opened =
            stock_age(&path(&format!("{folder}/letter.key")), &path(&format!("{folder}/letter.age")));
        assert!(opened.status.success(), "{folder}: {}", String::from_utf8_lossy(&opened.stderr));
        assert!(opened.stdout == bytes(&format!("{folder}/letter.eml")), "{folder}");
    }
}

#[test]
fn the_stock_age_tool_notices_damage_and_other_keys() {
    for case in about("refused").as_array().unwrap().iter().filter(|case| text(case, "what") == "letter") {
        let file = path(&format!("refused/{}", text(case, "file")));
        assert!(!stock_age(&path(text(case, "key")), &file).status.success(), "{case}");
    }
}

fn stock_age(key: &Path, file: &Path) -> std::process::Output {
    Command::new("age").arg("-d").arg("-i").arg(key).arg(file).output().unwrap_or_else(|error| {
        panic!("the age tool did not start ({error}); install it: apt install age, or `make test` does it")
    })
}
