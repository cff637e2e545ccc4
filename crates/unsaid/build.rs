//! Packs what the browser half built (web/dist) into the program: a table of files and a table of entries, found through Vite's manifest.
//! Without web/dist it packs nothing, and the program builds all the same. It knows nothing of what the files are for.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The entries that pages ask for by name (web/vite.config.ts).
const ENTRIES: [&str; 5] = [
    "src/pages/author/main.ts",
    "src/pages/author/notices/worker.ts",
    "src/pages/keeper/main.ts",
    "src/pages/reader/main.ts",
    "src/ui/look.css",
];

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script where to write through the environment"
)]
fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    // Cargo would build the program anew every time while a folder that it watches is not there.
    fs::create_dir_all(&dist)?;
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");

    let mut files = Vec::new();
    collect(&dist, &dist, &mut files)?;
    // By address, as the program searches.
    files.sort();
    let mut packed = String::from("static FILES: &[File] = &[\n");
    for (url, path) in &files {
        let path = fs::canonicalize(path)?;
        // Writing into a String cannot fail.
        let _ = writeln!(
            packed,
            "    File {{ url: {:?}, kind: {:?}, bytes: include_bytes!({:?}) }},",
            url,
            kind_of(url),
            path.to_string_lossy()
        );
    }
    packed.push_str("];\n\npub(super) static ENTRIES: &[Entry] = &[\n");
    for (name, file, css) in entries(&dist) {
        let _ = writeln!(packed, "    Entry {{ name: {name:?}, file: {file:?}, css: &{css:?} }},");
    }
    packed.push_str("];\n");

    let out = PathBuf::from(std::env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(out.join("packed_assets.rs"), packed)
}

/// Address and path of all files under a folder but Vite's own notes.
fn collect(dist: &Path, folder: &Path, into: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_dir() {
            collect(dist, &path, into)?;
        } else {
            let below = path.strip_prefix(dist).map_err(io::Error::other)?;
            into.push((format!("/{}", below.to_string_lossy()), path));
        }
    }
    Ok(())
}

/// Name, path and style sheets of each entry that the manifest has.
fn entries(dist: &Path) -> Vec<(&'static str, String, Vec<String>)> {
    let Ok(manifest) = fs::read(dist.join(".vite/manifest.json")) else { return Vec::new() };
    let Ok(manifest) = serde_json::from_slice::<serde_json::Value>(&manifest) else { return Vec::new() };
    let text = |value: &serde_json::Value| value.as_str().map(|path| format!("/{path}"));
    ENTRIES
        .iter()
        .filter_map(|name| {
            let entry = manifest.get(name)?;
            let file = text(entry.get("file")?)?;
            let mut css = Vec::new();
            styles(&manifest, name, &mut Vec::new(), &mut css);
            if file.ends_with(".css") && !css.contains(&file) {
                css.push(file.clone());
            }
            Some((*name, file, css))
        })
        .collect()
}

/// The style sheets of an entry and of what it imports at once, each of them once.
fn styles(manifest: &serde_json::Value, name: &str, seen: &mut Vec<String>, css: &mut Vec<String>) {
    if seen.iter().any(|other| other == name) {
        return;
    }
    seen.push(name.to_owned());
    let Some(entry) = manifest.get(name) else { return };
    let list = |key: &str| entry.get(key).and_then(|list| list.as_array()).cloned().unwrap_or_default();
    for import in list("imports").iter().filter_map(|import| import.as_str()) {
        styles(manifest, import, seen, css);
    }
    for sheet in list("css").iter().filter_map(|sheet| sheet.as_str()) {
        let sheet = format!("/{sheet}");
        if !css.contains(&sheet) {
            css.push(sheet);
        }
    }
}

/// The media type by the end of a name (RFC 9239 for scripts, RFC 8081 for fonts).
fn kind_of(url: &str) -> &'static str {
    match url.rsplit('.').next().unwrap_or_default() {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "woff2" => "font/woff2",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}
