//! The search for what must not be there: a planted text in whatever a house has written, as it stands and in every form in which programs write texts: base64 at each
//! of its three places, quoted-printable, percent, hexadecimal, UTF-16, folded over lines, and any of these within gzip. Knows no house; other tests use it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use flate2::read::GzDecoder;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest thing that is looked for within gzip.
const LARGEST: u64 = 64 << 20;

/// Bytes in which something is looked for, made ready once for many searches.
pub(crate) struct Haystack {
    texts: Vec<String>,
}

impl Haystack {
    /// These bytes, and what lies compressed in them.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut texts = vec![ready(bytes)];
        for at in bytes.windows(3).enumerate().filter(|(_, w)| *w == [0x1f, 0x8b, 0x08]).map(|(at, _)| at) {
            let mut inside = Vec::new();
            // Chance looks like gzip too: what comes out before it breaks off is looked at, and no more.
            let _whole = GzDecoder::new(&bytes[at..]).take(LARGEST).read_to_end(&mut inside);
            if !inside.is_empty() {
                texts.push(ready(&inside));
            }
        }
        Self { texts }
    }

    /// In which form a secret is there.
    pub(crate) fn holds(&self, secret: &str) -> Option<&'static str> {
        let forms = forms(secret);
        let there = |form: &String| self.texts.iter().any(|text| text.contains(form));
        forms.iter().find(|(_, form)| there(form)).map(|(name, _)| *name)
    }
}

/// Every file under a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map_while(Result::ok);
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.path()) {
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// One character for each byte, without the ends of lines, in small letters: then a text that was folded stands in one piece.
fn ready(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    text.replace("=\r\n", "").replace("=\n", "").replace(['\r', '\n'], "")
}

/// The forms of a secret, as they stand in a text that is ready.
pub(crate) fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let bytes = secret.as_bytes();
    let latin = |bytes: &[u8]| ready(bytes);
    let escaped = |mark: &str, all: bool| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || (!all && b"-._~".contains(&byte));
        bytes
            .iter()
            .map(|&byte| if plain(byte) { char::from(byte).to_string() } else { format!("{mark}{byte:02x}") })
            .collect()
    };
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { secret.encode_utf16().flat_map(bytes).collect() };
    let mut forms = vec![
        ("plain", latin(bytes)),
        ("percent", escaped("%", false).to_lowercase()),
        ("percent, all of it", escaped("%", true).to_lowercase()),
        ("a form's", escaped("%", false).to_lowercase().replace("%20", "+")),
        ("quoted-printable", escaped("=", true).to_lowercase()),
        ("quoted-printable, lightly", latin(&secret.replace('=', "=3d").into_bytes())),
        ("a header's", latin(&secret.replace(' ', "_").into_bytes())),
        ("hexadecimal", bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        ("UTF-16, little end first", latin(&utf16(u16::to_le_bytes))),
        ("UTF-16, big end first", latin(&utf16(u16::to_be_bytes))),
    ];
    // Of a base64 text only what does not hang on its neighbours is the same in each longer one.
    for skip in 0..3 {
        for alphabet in [STANDARD, URL_SAFE] {
            let whole = &bytes[skip..];
            let text = alphabet.encode(&whole[..whole.len() / 3 * 3]);
            forms.push(("base64", text.to_lowercase()));
        }
    }
    // What is too short would be found by chance.
    forms.retain(|(_, form)| form.chars().count() >= 6);
    forms
}

/// The forms in which a secret may be planted, to see that each is found.
pub(crate) fn planted(secret: &str) -> Vec<Vec<u8>> {
    let mut planted: Vec<Vec<u8>> = forms(secret)
        .into_iter()
        .map(|(_, form)| form.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect())
        .collect();
    for before in ["", "x", "xy"] {
        planted.push(STANDARD.encode(format!("{before}{secret}z")).into_bytes());
    }
    let folded = STANDARD.encode(secret);
    planted.push(folded.as_bytes().chunks(5).collect::<Vec<_>>().join(&b"\r\n"[..]));
    planted.push(secret.as_bytes().chunks(5).collect::<Vec<_>>().join(&b"=\r\n"[..]));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, format!("something {secret} something").as_bytes()).unwrap();
    planted.push(gzip.finish().unwrap());
    planted
}
