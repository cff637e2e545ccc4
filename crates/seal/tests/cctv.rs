//! The 143 test vectors of C2SP for age v1: 19 of them hold our own age1pq to the standard, the others hold the age crate,
//! on which everything sealed here rests.

use sha2::{Digest, Sha256};
use std::{fs, io::Read, path::Path};
use unsaid_seal::pq;

/// Where rage's own test kit says that it differs: an old stanza form that it forgives, and white space around armour.
const KNOWN_DEVIATIONS: [&str; 3] =
    ["stanza_missing_body", "stanza_missing_final_line", "armor_whitespace_outside"];

#[derive(Default)]
struct Vector {
    expect: String,
    payload: String,
    identities: Vec<Box<dyn age::Identity>>,
    armored: bool,
    file: Vec<u8>,
}

fn read(path: &Path) -> Vector {
    let raw = fs::read(path).unwrap();
    let end = raw.windows(2).position(|pair| pair == b"\n\n").unwrap();
    let mut vector = Vector { file: raw[end + 2..].to_vec(), ..Vector::default() };
    for line in std::str::from_utf8(&raw[..end]).unwrap().lines() {
        let (name, value) = line.split_once(": ").unwrap();
        match name {
            "expect" => vector.expect = value.to_owned(),
            "payload" => vector.payload = value.to_owned(),
            "armored" => vector.armored = true,
            "compressed" => {
                let mut whole = Vec::new();
                flate2::read::ZlibDecoder::new(&vector.file[..]).read_to_end(&mut whole).unwrap();
                vector.file = whole;
            }
            "identity" if value.starts_with("AGE-SECRET-KEY-PQ-") => {
                vector.identities.push(Box::new(value.parse::<pq::Identity>().unwrap()));
            }
            "identity" => vector.identities.push(Box::new(value.parse::<age::x25519::Identity>().unwrap())),
            "passphrase" => {
                let mut identity = age::scrypt::Identity::new(value.to_owned().into());
                identity.set_max_work_factor(22);
                vector.identities.push(Box::new(identity));
            }
            _ => {}
        }
    }
    vector
}

/// What came out before the end or the failure, and the failure.
fn open(vector: &Vector) -> (Vec<u8>, Result<(), String>) {
    let mut plain = Vec::new();
    let identities = || vector.identities.iter().map(|identity| &**identity);
    let outcome = if vector.armored {
        age::Decryptor::new_buffered(age::armor::ArmoredReader::new(&vector.file[..]))
            .and_then(|decryptor| decryptor.decrypt(identities()))
            .map_err(|error| format!("{error:?}"))
            .and_then(|mut reader| reader.read_to_end(&mut plain).map_err(|error| format!("payload {error}")))
    } else {
        age::Decryptor::new_buffered(&vector.file[..])
            .and_then(|decryptor| decryptor.decrypt(identities()))
            .map_err(|error| format!("{error:?}"))
            .and_then(|mut reader| reader.read_to_end(&mut plain).map_err(|error| format!("payload {error}")))
    };
    (plain, outcome.map(drop))
}

fn as_expected(vector: &Vector, plain: &[u8], outcome: &Result<(), String>) -> bool {
    let digest: String = Sha256::digest(plain).iter().map(|byte| format!("{byte:02x}")).collect();
    let released = vector.payload.is_empty() || digest == vector.payload;
    match (vector.expect.as_str(), outcome) {
        ("success", Ok(())) => released,
        ("success", Err(_)) | (_, Ok(())) => false,
        ("no match", Err(error)) => error == "NoMatchingKeys" || error == "DecryptionFailed",
        ("payload failure", Err(error)) => error.starts_with("payload") && released,
        ("header failure" | "HMAC failure", Err(error)) => !error.starts_with("payload"),
        ("armor failure", Err(_)) => true,
        (other, _) => panic!("unknown expectation {other}"),
    }
}

#[test]
fn every_vector_opens_or_is_refused_as_the_standard_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cctv");
    let (mut all, mut hybrid, mut wrong) = (0, 0, Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "README.md" || name == ".gitattributes" {
            continue;
        }
        let vector = read(&path);
        let (plain, outcome) = open(&vector);
        all += 1;
        hybrid += usize::from(name.contains("hybrid"));
        if as_expected(&vector, &plain, &outcome) == KNOWN_DEVIATIONS.contains(&name.as_str()) {
            wrong.push(format!("{name}: expected {}, got {outcome:?}", vector.expect));
        }
    }
    assert_eq!((all, hybrid), (143, 19));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
