//! What the browser half built, packed into the program by build.rs: scripts, style sheets, fonts. Their names carry a hash, so a browser
//! may keep them for ever. Knows nothing of pages, and reads no file.

use super::problem::Problem;
use super::route::{Face, Policy, Route};
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A packed file.
struct File {
    url: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

/// What an entry of web/vite.config.ts became.
pub(super) struct Entry {
    name: &'static str,
    /// Its script, or its style sheet.
    pub(super) file: &'static str,
    /// Its style sheets, those of its imports first.
    pub(super) css: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/packed_assets.rs"));

/// The author's pages.
pub(super) const AUTHOR: &str = "src/pages/author/main.ts";
/// What locks a card in its keeper's browser.
pub(super) const KEEPER: &str = "src/pages/keeper/main.ts";
/// What shows a notice in an author's browser while no page of this house is open.
const NOTICES: &str = "src/pages/author/notices/worker.ts";
/// What unlocks a letter in its reader's browser.
pub(super) const READER: &str = "src/pages/reader/main.ts";
/// The look of pages without script.
pub(super) const LOOK: &str = "src/ui/look.css";

/// An entry; none if web/ was not built before the program was.
pub(super) fn entry(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

/// Whether there is an icon to show beside the page's title.
pub(super) fn has_icon() -> bool {
    file("/favicon.svg").is_some()
}

fn file(url: &str) -> Option<&'static File> {
    FILES.binary_search_by(|file| file.url.cmp(url)).ok().map(|at| &FILES[at])
}

/// Files under /assets, the icon, and what shows notices.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/assets/{*path}", Policy::Anyone, Face::Page, asset),
        Route::get("/favicon.svg", Policy::Anyone, Face::Page, icon),
        Route::get("/notices.js", Policy::Anyone, Face::Page, notices),
    ]
}

async fn asset(Path(path): Path<String>) -> Result<Response, Problem> {
    let file = file(&format!("/assets/{path}")).ok_or_else(Problem::missing)?;
    Ok(answer(file, "public, max-age=31536000, immutable"))
}

async fn icon() -> Result<Response, Problem> {
    let file = file("/favicon.svg").ok_or_else(Problem::missing)?;
    Ok(answer(file, "public, max-age=86400"))
}

/// Under a name that stays, for a browser asks for it again by this name; and kept by nobody, so that it is never an older one.
async fn notices() -> Result<Response, Problem> {
    let file = entry(NOTICES).and_then(|entry| file(entry.file)).ok_or_else(Problem::missing)?;
    Ok(answer(file, "no-store"))
}

fn answer(file: &File, keep: &'static str) -> Response {
    ([(header::CONTENT_TYPE, file.kind), (header::CACHE_CONTROL, keep)], file.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_entry_is_in_it() {
        assert!(FILES.windows(2).all(|pair| pair[0].url < pair[1].url));
        for entry in ENTRIES {
            for url in entry.css.iter().chain([&entry.file]) {
                assert!(file(url).is_some(), "{url}");
            }
        }
    }
}
