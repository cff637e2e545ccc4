//! A place whose process falls at the N-th thing that it does to the world: a file that is written or flushed, a name that changes, words to the relay, a commit
//! of PostgreSQL, an answer to a browser. What counts and kills is `falls.c`, loaded under the very program that is shipped; the program knows nothing of it.

use super::Place;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// What happens at that point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// SIGKILL, before it is done.
    Kill,
    /// The disk says EIO.
    Broken,
    /// The disk says ENOSPC.
    Full,
    /// Half of it is written, then EIO.
    Half,
}

/// The library, made once for each run of the tests.
fn library() -> &'static PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/whole/support/falls.c");
        let made =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("falls-{}.so", std::process::id()));
        let status = Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .arg(&made)
            .args([source, "-ldl", "-lpthread"])
            .status()
            .expect("a C compiler, which SQLite needs too");
        assert!(status.success(), "falls.c does not compile");
        made
    })
}

impl Place {
    /// From its next start on it falls at this point, once [`Place::arm`] was said.
    pub(crate) fn falls(self, at: usize, how: How, relay: u16) -> Self {
        let how = match how {
            How::Kill => "kill",
            How::Broken => "eio",
            How::Full => "full",
            How::Half => "short",
        };
        let base = self.database.as_deref().and_then(port_of).unwrap_or(0);
        let (data, armed, log) = (self.data(), self.folder().join("armed"), self.folder().join("points"));
        let door = self.port().to_string();
        self.with("LD_PRELOAD", library().display().to_string())
            .with("FALLS_FOLDER", data.display().to_string())
            .with("FALLS_ARMED", armed.display().to_string())
            .with("FALLS_LOG", log.display().to_string())
            .with("FALLS_AT", at.to_string())
            .with("FALLS_HOW", how)
            .with("FALLS_RELAY", relay.to_string())
            .with("FALLS_BASE", base.to_string())
            .with("FALLS_DOOR", door)
    }

    /// From now on it is counted.
    pub(crate) fn arm(&self) {
        fs::write(self.folder().join("armed"), "").unwrap();
    }

    /// What was counted, in order; what it fell at is the last.
    pub(crate) fn points(&self) -> Vec<String> {
        let text = fs::read(self.folder().join("points")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines()
            .map(|line| line.split_once(' ').map_or(line, |(_, what)| what).trim().to_owned())
            .collect()
    }
}

/// The port in a URL of PostgreSQL.
fn port_of(url: &str) -> Option<u16> {
    let host = url.split_once("://")?.1.split(['/', '?']).next()?;
    host.rsplit_once(':')?.1.parse().ok()
}
