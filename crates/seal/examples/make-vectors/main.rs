//! Makes the Rust half of `vectors/v1` and `vectors/v2` (the other half comes from `vectors/make-vectors.mjs`): once, for a
//! new case. What lies there is frozen; this refuses to write over a file. No test runs it.
//!
//!     cargo run -p unsaid-seal --example make-vectors

mod v2;

use hkdf::Hkdf;
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    error::Error,
    fs,
    io::Write,
    path::{Path, PathBuf},
};
use unsaid_seal::{
    Binding, HostKey, Kind,
    letter::{LetterToCompose, compose_letter},
    manifest::sha256_hex,
    pq,
    seal::seal_letter,
    unlock::make_unlock,
    wrap::{open_wrap, wrap_bound},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const OPENING_ROOT: [u8; 32] = [0x11; 32];
const AUTHOR_SEED: [u8; 32] = [0x22; 32];
const OTHER_HOUSE_ROOT: [u8; 32] = [0x33; 32];
const SHORT_ID: &str = "ruststaaaaaaaaaaaaaaaaaaa2";
const LONG_ID: &str = "rustlongaaaaaaaaaaaaaaaaa3";
const REPLAY_ID: &str = "replayaaaaaaaaaaaaaaaaaaa4";
const ACCOUNT_ID: &str = "rustaccountaaaaaaaaaaaaaa5";

fn main() -> Outcome<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/v1");
    let house = HostKey::from_opening_root(&OPENING_ROOT);
    // Derived here by hand: the vectors must not take the crate's word for its own derivation.
    let mut seed = [0u8; 32];
    Hkdf::<Sha256>::new(None, &OPENING_ROOT)
        .expand(b"unsaid host key v1", &mut seed)
        .map_err(|e| e.to_string())?;
    let house_identity = pq::Identity::from_seed(&seed);
    let author = pq::Identity::from_seed(&AUTHOR_SEED);

    let keys = root.join("keys");
    if !keys.exists() {
        write(&keys.join("opening-root.hex"), format!("{}\n", hex(&OPENING_ROOT)).as_bytes())?;
        write(&keys.join("house.txt"), format!("{}\n", *house_identity.expose_text()).as_bytes())?;
        write(&keys.join("house.pub"), format!("{}\n", house.recipient()).as_bytes())?;
        write(&keys.join("author.txt"), format!("{}\n", *author.expose_text()).as_bytes())?;
        write(&keys.join("author.pub"), format!("{}\n", author.to_recipient()).as_bytes())?;
    }

    let short =
        "Dear Mara,\n\nthe one with the blue door. = ten, and a blank at the end: \n\nŽofie ♥ 日本語 😀\n";
    let long = (1..=1500)
        .map(|n| format!("{n}. You asked, and I never said. Жаль. Now I do.\n"))
        .collect::<String>();
    letter(
        &root,
        "rust-short",
        SHORT_ID,
        1,
        ["Ana", "Mara"],
        1_795_212_000,
        short,
        &author,
        &house,
        &house_identity,
    )?;
    letter(
        &root,
        "rust-long",
        LONG_ID,
        4_294_967_295,
        ["Žofie \"Žo\" O'Hara, née Müller", "Мара, with a name that is long enough for two encoded words"],
        253_402_300_799,
        &long,
        &author,
        &house,
        &house_identity,
    )?;
    unlock(&root, &author, &house)?;
    refused(&root, &author, &house)?;
    v2::make(&root.with_file_name("v2"), &author, &house)
}

#[expect(clippy::too_many_arguments, reason = "a list of facts, written down once")]
fn letter(
    root: &Path,
    case: &str,
    id: &str,
    version: u32,
    [from, to]: [&str; 2],
    unix_seconds: i64,
    text: &str,
    author: &pq::Identity,
    house: &HostKey,
    house_identity: &pq::Identity,
) -> Outcome<()> {
    let folder = root.join(case);
    if folder.exists() {
        return Ok(());
    }
    let letter = LetterToCompose { letter_id: id, version, from, to, unix_seconds, text };
    let sealed =
        seal_letter(&letter, &author.to_recipient(), Some(&house.recipient()), &mut rand_core::OsRng)?;
    let host_wrap = sealed.host_wrap.ok_or("a host wrap was asked for")?;
    let key = open_wrap(author, &sealed.author_wrap)?;
    let under_the_layer = open_wrap(house_identity, &host_wrap)?;
    assert!(under_the_layer.ends_with(&key));
    let part = &sealed.parts[0];
    write(&folder.join("letter.eml"), &compose_letter(&letter)?)?;
    write(&folder.join("text.txt"), text.as_bytes())?;
    write(&folder.join("letter.age"), &sealed.letter_age)?;
    write(&folder.join("letter.key"), &key)?;
    write(&folder.join("wraps/author.age"), &sealed.author_wrap)?;
    write(&folder.join("wraps/host.age"), &host_wrap)?;
    about(
        &folder,
        json!({
            "format": "unsaid letter 1", "madeBy": "crates/seal", "letterId": id, "version": version,
            "from": from, "to": to, "unixSeconds": unix_seconds, "keyKind": "X25519",
            "parts": [{ "name": part.name, "size": part.size, "sha256": hex(&part.sha256) }],
            "manifestHash": sealed.manifest_hash, "emlSha256": sha256_hex(&compose_letter(&letter)?),
        }),
    )
}

fn unlock(root: &Path, author: &pq::Identity, house: &HostKey) -> Outcome<()> {
    let folder = root.join("rust-unlock");
    if folder.exists() {
        return Ok(());
    }
    let salt: [u8; 16] = std::array::from_fn(|i| i as u8);
    let new = make_unlock(author, ACCOUNT_ID, 2, &salt, &house.recipient(), &mut rand_core::OsRng)?;
    let file = house.peel(&new.wrap, &Binding::new(ACCOUNT_ID, 2, Kind::Unlock)?)?;
    write(&folder.join("passphrase.age"), &file)?;
    write(&folder.join("wraps/unlock.age"), &new.wrap)?;
    about(
        &folder,
        json!({
            "format": "unsaid unlock 1", "madeBy": "crates/seal", "accountId": ACCOUNT_ID, "number": 2,
            "salt": hex(&salt), "words": *new.words, "token": *new.secrets.expose_token_text(),
            "filePassphrase": *new.secrets.file_passphrase,
        }),
    )
}

/// Files that must not open, each with the reason.
fn refused(root: &Path, author: &pq::Identity, house: &HostKey) -> Outcome<()> {
    let folder = root.join("refused");
    if folder.exists() {
        return Ok(());
    }
    let stolen = fs::read(root.join("rust-short/wraps/host.age"))?;
    let sealed = fs::read(root.join("rust-short/letter.age"))?;
    let inner = house.peel(&stolen, &Binding::new(SHORT_ID, 1, Kind::Host)?)?;
    let mut plain = Binding::new(SHORT_ID, 1, Kind::Host)?.line().into_bytes();
    plain.extend_from_slice(&inner);
    let flipped = |file: &[u8], from_end: usize| {
        let mut changed = file.to_vec();
        let at = changed.len() - from_end;
        changed[at] ^= 1;
        changed
    };
    let other = HostKey::from_opening_root(&OTHER_HOUSE_ROOT);
    let ours = house.recipient();
    let classic = age::x25519::Identity::generate().to_public();
    let binding = |id, version, kind| Binding::new(id, version, kind);
    let mut unbound = stolen.clone();
    unbound.clear();
    unbound.extend(unsaid_seal::wrap::wrap(&ours, &inner)?);

    let mut cases: Vec<Value> = Vec::new();
    let mut wrap =
        |name: &str, id: &str, version: u32, kind: Kind, expect: &str, bytes: &[u8]| -> Outcome<()> {
            cases.push(json!({ "file": name, "what": "wrap", "letterId": id, "version": version,
            "kind": kind.word(), "expect": expect }));
            write(&folder.join(name), bytes)
        };
    wrap("replayed-letter.age", REPLAY_ID, 1, Kind::Host, "wrong-binding", &stolen)?;
    wrap("replayed-version.age", SHORT_ID, 2, Kind::Host, "wrong-binding", &stolen)?;
    wrap("replayed-kind.age", SHORT_ID, 1, Kind::Unlock, "wrong-binding", &stolen)?;
    wrap("unbound.age", SHORT_ID, 1, Kind::Host, "wrong-binding", &unbound)?;
    wrap("truncated.age", SHORT_ID, 1, Kind::Host, "damaged", &stolen[..stolen.len() - 1])?;
    wrap("header-only.age", SHORT_ID, 1, Kind::Host, "damaged", &stolen[..200])?;
    wrap("flipped.age", SHORT_ID, 1, Kind::Host, "damaged", &flipped(&stolen, 5))?;
    wrap(
        "two-recipients.age",
        SHORT_ID,
        1,
        Kind::Host,
        "not-a-wrap",
        &mixed(&[&ours, &author.to_recipient()], &plain)?,
    )?;
    wrap("plain-x25519.age", SHORT_ID, 1, Kind::Host, "not-a-wrap", &mixed(&[&classic], &plain)?)?;
    let binding_here = binding(SHORT_ID, 1, Kind::Host)?;
    wrap(
        "other-house.age",
        SHORT_ID,
        1,
        Kind::Host,
        "wrong-key",
        &wrap_bound(&other.recipient(), &binding_here, &inner)?,
    )?;

    let mut letter = |name: &str, expect: &str, bytes: &[u8]| -> Outcome<()> {
        cases.push(json!({ "file": name, "what": "letter", "key": "rust-short/letter.key",
            "letterId": SHORT_ID, "version": 1, "expect": expect }));
        write(&folder.join(name), bytes)
    };
    letter("letter-truncated.age", "damaged", &sealed[..sealed.len() - 20])?;
    letter("letter-flipped.age", "damaged", &flipped(&sealed, 100))?;
    let long = fs::read(root.join("rust-long/letter.age"))?;
    letter("letter-of-another-key.age", "wrong-key", &long)?;
    about(&folder, Value::Array(cases))
}

fn mixed(recipients: &[&dyn age::Recipient], plain: &[u8]) -> Outcome<Vec<u8>> {
    let encryptor = age::Encryptor::with_recipients(recipients.iter().copied())?;
    let mut file = Vec::new();
    let mut writer = encryptor.wrap_output(&mut file)?;
    writer.write_all(plain)?;
    writer.finish()?;
    Ok(file)
}

fn about(folder: &Path, value: Value) -> Outcome<()> {
    write(&folder.join("about.json"), format!("{value:#}\n").as_bytes())
}

fn write(path: &PathBuf, bytes: &[u8]) -> Outcome<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // `create_new` refuses an existing file: what is frozen stays.
    Ok(fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
