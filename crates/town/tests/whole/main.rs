//! The whole program as a process, with a relay that the test leads and a browser that seals with real keys: what was acknowledged stays true, and what was taken
//! back does not leave. Everything listens on loopback and ends with its test.

#![allow(
    clippy::disallowed_methods,
    reason = "whoever starts a process waits for it in real time, and is told by the environment where PostgreSQL is"
)]

#[path = "../../../unsaid/tests/canary/mod.rs"]
mod canary;

mod alive;
mod broken_disks;
mod canaries;
mod clocks;
mod described;
mod endings;
mod every_kill;
mod every_start;
mod holding;
mod kills;
mod lives;
mod logs;
mod museum;
mod permission;
mod postgres;
mod relays;
mod restore;
mod support;

use support::browser::Browser;

/// The token of the link in a knock.
fn link_in(knock: &str) -> String {
    // A long line is folded with '=' at its end (quoted-printable, RFC 2045).
    let text = knock.replace("=\r\n", "");
    let at = text.find("/k/").expect("a link") + 3;
    text[at..].chars().take(43).collect()
}

/// A person follows the link of a knock and presses 'who has written'. Gives the browser and the path of the one letter that waits, closed.
fn who_has_written(mut browser: Browser, token: &str) -> (Browser, String) {
    assert_eq!(browser.press(&format!("/k/{token}"), "do=who"), "/waiting");
    let page = browser.get("/waiting").text();
    let at = page.find("action=\"/waiting/").expect("a letter waits") + 8;
    let path = page[at..].split("/open\"").next().unwrap().to_owned();
    (browser, path)
}

/// Says no to everything of this author.
fn refuses_the_author(mut browser: Browser, token: &str) {
    assert_eq!(browser.press(&format!("/k/{token}"), "do=no"), "/refuse");
    assert_eq!(browser.press("/refuse", "scope=author"), "/refused");
}
