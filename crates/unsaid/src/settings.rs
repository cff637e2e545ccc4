//! What the host sets: one table. Each row gives a variable's name, its kind, its default, its meaning, how it is
//! read and how it is shown; parsing, `unsaid config` and the table in docs/operating.md all come from it.
//!
//! It refuses to know what the settings are used for, and it is the only file that reads the environment. It
//! touches no folder: making one is the business of `serve`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use unsaid_store::limits::Limits;
use zeroize::Zeroizing;

mod network;
mod table;
mod url;

pub use network::Network;
pub use table::{Row, operating_table, print_config, table};

/// Everything that the host has set, parsed. There is no Debug and no Clone: two fields hold secrets.
pub struct Settings {
    /// UNSAID_DATA: the folder of the store, the journal and the outbox.
    pub data: PathBuf,
    /// UNSAID_KEYS: the folder of `host.secrets`.
    pub keys: PathBuf,
    /// UNSAID_LISTEN: where `serve` listens.
    pub listen: SocketAddr,
    /// UNSAID_PUBLIC_URL: the address that people and mails see.
    pub public_url: PublicUrl,
    /// UNSAID_TRUSTED_PROXIES: who is believed when they say for whom they ask; empty unless set.
    pub trusted_proxies: Vec<Network>,
    /// UNSAID_DATABASE: where rows are kept.
    pub database: Database,
    /// UNSAID_MAIL: how mail leaves.
    pub mail: Mail,
    /// UNSAID_MAIL_FROM: the bare address that mails come from, in ASCII.
    pub mail_from: String,
    /// UNSAID_BOUNCES: whether mail that comes back is heard of.
    pub bounces: Bounces,
    /// UNSAID_REGISTRATION: who may make an account.
    pub registration: Registration,
    /// UNSAID_HOUSE_NAME: how the house calls itself in mails and on pages; 1 to 80 characters, no control characters.
    pub house_name: String,
    /// UNSAID_HOST_CONTACT: whom to ask 'is this real?', shown in each knock; may be empty.
    pub host_contact: String,
    /// UNSAID_HOURLY: the most knocks that may leave in an hour.
    pub hourly: u32,
    /// UNSAID_TIME_HOSTS: names of hosts that are asked what time it is, over https; empty unless set.
    pub time_hosts: Vec<String>,
    /// UNSAID_WEBHOOK: where messages to authors go who chose the host's own way; none: there is no such way.
    pub webhook: Option<Webhook>,
    /// UNSAID_WEBHOOK_SECRET: what they are signed with.
    pub webhook_secret: Option<Secret>,
    /// UNSAID_PUSH: notices go to browsers of authors who ask for it.
    pub push: bool,
    /// UNSAID_PUSH_SERVICES: names of the push services that may be called, `*.` before a name for any below it.
    pub push_services: Vec<String>,
    /// UNSAID_LANGUAGE: a tag such as `en`, for which web/src/words has a file.
    pub language: String,
    /// UNSAID_ZONE: the zone in which the house writes dates; always one with an IANA name.
    pub zone: TimeZone,
    /// UNSAID_MAX_UPLOAD_MIB: the largest sealed part, in MiB.
    pub max_upload_mib: u64,
    /// UNSAID_MAX_BODY_KIB: the largest body of a request that is not an upload, in KiB.
    pub max_body_kib: u64,
    /// UNSAID_MAX_DEPTH: how many things may stand in each other in JSON. serde_json itself stops at 128, which is more stack than a stranger should have.
    pub max_depth: u64,
    /// UNSAID_CODES_HOURLY to UNSAID_ACCOUNT_GIB: what the store counts; 0 is no limit.
    pub limits: Limits,
    /// UNSAID_CONNECTIONS: how many are open at once.
    pub connections: usize,
    /// UNSAID_CONNECTIONS_SHARE: how many of them one network may hold.
    pub connections_share: usize,
    /// A file of so many MiB that is given up when the disk is full; 0 for none.
    pub reserve_mib: u64,
    /// New sealed bytes are taken while so much of the disk in a hundred is free; 0 for always.
    pub least_free_percent: u64,
    /// The host is told when no backup was made for so many days; 0 for never.
    pub backup_days: u32,
}

/// The address under which people see the house. It has no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// Scheme, host and port as a browser's Origin header has them (RFC 6454), without a closing slash.
    pub origin: String,
    /// Host and port as a browser's Host header has them.
    pub authority: String,
    /// The host alone, in ASCII; an IPv6 address without its brackets.
    pub host: String,
    /// Whether it is https.
    pub secure: bool,
    /// Whether the host can only be this machine.
    pub loopback: bool,
}

/// Where rows are kept.
pub enum Database {
    /// A file; its folder is made by `serve`.
    Sqlite(PathBuf),
    /// A `postgres://` URL, which may hold a password.
    Postgres(Secret),
}

/// How mail leaves.
pub enum Mail {
    /// Caught in a folder, for looking at. Nobody gets it.
    Outbox,
    /// Given to one relay.
    Relay(RelaySettings),
}

/// The one relay.
pub struct RelaySettings {
    /// A name in ASCII or an address; IPv6 without brackets.
    pub host: String,
    /// From the URL; else 587 for smtp, 465 for smtps.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// The name to sign in with. `password` is there exactly when this is.
    pub user: Option<String>,
    /// The password to sign in with.
    pub password: Option<Secret>,
}

/// The host's own way to an author.
pub struct Webhook {
    /// Where to ask; it may hold a token.
    pub url: Secret,
    /// Its scheme and host, which may be seen.
    pub shown: String,
}

/// How a connection to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS (RFC 3207), and nothing is said before it.
    Required,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// None; only on this machine.
    None,
}

/// Whether mail that comes back is heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounces {
    /// It goes to UNSAID_MAIL_FROM, and nobody here reads it.
    None,
    /// The mail server hands it to `unsaid receive`: each message has a return path of its own.
    Pipe,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Whoever holds an invitation.
    Invite,
    /// Everybody.
    Open,
}

/// A value that must not be seen: no Debug, no Display, no Clone, wiped when dropped.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a value in.
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The one way out. Whoever calls this hands the value to the other side of a connection and keeps no copy.
    pub fn expose_to_the_other_side(&self) -> &str {
        &self.0
    }
}

/// What is wrong with one setting, in two sentences. It never repeats the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {todo}")]
pub struct SettingsError {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub todo: String,
}

impl SettingsError {
    fn new(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { what: what.into(), todo: todo.into() }
    }
}

/// Longer than any value can be; a file that is longer is not the file that was meant.
const LONGEST_FILE: u64 = 64 * 1024;

/// Variables that tests and tools use and that set nothing here.
const NOT_OURS_TO_READ: [&str; 3] = ["UNSAID_TEST_", "UNSAID_TOWN_", "UNSAID_BLESS"];

impl Settings {
    /// Reads the settings from this process's environment.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once.
    #[expect(clippy::disallowed_methods, reason = "this is the one file that reads the environment")]
    pub fn from_process() -> Result<Self, Vec<SettingsError>> {
        let mut pairs = Vec::new();
        let mut wrong = Vec::new();
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            match value.into_string() {
                Ok(value) => pairs.push((name, value)),
                Err(_) if name.starts_with("UNSAID_") => wrong.push(SettingsError::new(
                    format!("{name} is not UTF-8."),
                    "Set it again from a shell that writes UTF-8.",
                )),
                Err(_) => {}
            }
        }
        match Self::from_env(pairs) {
            Ok(settings) if wrong.is_empty() => Ok(settings),
            Ok(_) => Err(wrong),
            Err(more) => {
                wrong.extend(more);
                Err(wrong)
            }
        }
    }

    /// Reads the settings from pairs of name and value; what does not begin with UNSAID_ is passed over. An empty value is the
    /// same as none. A secret may stand in a file instead, named by its variable with `_FILE` behind.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once.
    pub fn from_env(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<SettingsError>> {
        let given: BTreeMap<String, String> = pairs
            .into_iter()
            .filter(|(name, value)| {
                name.starts_with("UNSAID_")
                    && !value.is_empty()
                    && !NOT_OURS_TO_READ.iter().any(|prefix| name.starts_with(prefix))
            })
            .collect();
        let mut wrong = Vec::new();
        let mut draft = table::Draft::default();
        for name in given.keys() {
            if !table().iter().any(|row| row.reads(name)) {
                wrong.push(unknown(name));
            }
        }
        for row in table() {
            match value_of(row, &given) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    if let Err([what, todo]) = row.take(&value, &mut draft) {
                        wrong.push(SettingsError::new(format!("{} {what}", row.name), todo));
                    }
                }
                Err(error) => wrong.push(error),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(draft.finish())
    }

    /// Whether a house may be opened with these settings, beyond each of them being right alone.
    ///
    /// # Errors
    ///
    /// Everything that stands against it, at once.
    pub fn may_serve(&self) -> Result<(), Vec<SettingsError>> {
        let mut wrong = Vec::new();
        if matches!(self.mail, Mail::Outbox) && !self.public_url.loopback {
            wrong.push(SettingsError::new(
                format!(
                    "UNSAID_MAIL is outbox, which sends nothing to anybody, but UNSAID_PUBLIC_URL ({}) is an address for others.",
                    self.public_url.origin
                ),
                "Set UNSAID_MAIL to your relay, as in smtps://user:password@mail.example.org, or leave UNSAID_PUBLIC_URL at http://localhost:7070 while you try it.",
            ));
        }
        if self.webhook.is_none() && self.webhook_secret.is_some() {
            wrong.push(SettingsError::new(
                "UNSAID_WEBHOOK_SECRET is set, and UNSAID_WEBHOOK is not.",
                "Set the address too, or unset the secret.",
            ));
        }
        if self.time_hosts.contains(&self.public_url.host) {
            wrong.push(SettingsError::new(
                format!("UNSAID_TIME_HOSTS names {}, which is this house.", self.public_url.host),
                "Name hosts elsewhere: this house would agree with itself.",
            ));
        }
        if !self.public_url.secure && !self.public_url.loopback {
            wrong.push(SettingsError::new(
                format!(
                    "UNSAID_PUBLIC_URL ({}) is http, and letters would cross the network in the open.",
                    self.public_url.origin
                ),
                "Put a proxy with a certificate in front and write https://.",
            ));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// The folder of the database file and the sealed bytes: what a backup takes.
    pub fn store_folder(&self) -> PathBuf {
        self.data.join("store")
    }

    /// The folder of the journal.
    pub fn journal_folder(&self) -> PathBuf {
        self.data.join("journal")
    }

    /// The folder in which mail is caught when `mail` is the outbox.
    pub fn outbox_folder(&self) -> PathBuf {
        self.data.join("outbox")
    }
}

/// A row's value, from its variable or from the file that its `_FILE` twin names.
fn value_of(row: &Row, given: &BTreeMap<String, String>) -> Result<Option<Zeroizing<String>>, SettingsError> {
    let plain = given.get(row.name);
    let twin = row.file_twin().and_then(|twin| given.get(&twin));
    match (plain, twin) {
        (None, None) => Ok(None),
        (Some(value), None) => Ok(Some(Zeroizing::new(value.clone()))),
        (Some(_), Some(_)) => {
            Err(SettingsError::new(format!("{0} and {0}_FILE are both set.", row.name), "Keep one of them."))
        }
        (None, Some(path)) => read_twin(row.name, Path::new(path)).map(Some),
    }
}

fn read_twin(name: &str, path: &Path) -> Result<Zeroizing<String>, SettingsError> {
    let shown = path.display();
    let length = std::fs::metadata(path).map(|data| data.len());
    if length.is_ok_and(|length| length > LONGEST_FILE) {
        return Err(SettingsError::new(
            format!("{name}_FILE names {shown}, which is larger than 64 KiB."),
            "Name a file that holds the value and nothing else.",
        ));
    }
    match std::fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) if text.trim_end_matches(['\r', '\n']).is_empty() => Err(SettingsError::new(
            format!("{name}_FILE names {shown}, which is empty."),
            "Write the value into it.",
        )),
        // The line break that editors and `echo` leave behind is not part of a password.
        Ok(text) => Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())),
        Err(why) => Err(SettingsError::new(
            format!("{name}_FILE names {shown}, which cannot be read: {why}."),
            "Give the file to the account that runs Unsaid, or name another.",
        )),
    }
}

/// A variable that looks like ours and is none: a slip of the pen must not be passed over in silence.
fn unknown(name: &str) -> SettingsError {
    let twins = table().iter().filter_map(Row::file_twin);
    let nearest = table()
        .iter()
        .map(|row| row.name.to_owned())
        .chain(twins)
        .min_by_key(|known| distance(known, name))
        .unwrap_or_default();
    let todo = if distance(&nearest, name) <= 4 {
        format!("Did you mean {nearest}?")
    } else {
        "Unset it, or look at `unsaid config` for the names there are.".to_owned()
    };
    SettingsError::new(format!("{name} is not a setting of Unsaid."), todo)
}

/// How many letters have to be put in, taken out or changed to make one name of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}
