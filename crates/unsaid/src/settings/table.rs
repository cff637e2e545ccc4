//! The table itself: one row for each setting, with how it is read and how it is shown.
//!
//! It refuses to know where values come from. A new setting is one row here and one field in `Settings`; help, docs and
//! `unsaid config` follow. It is one thing because a row and the reading of its value are looked at together.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use jiff::tz::TimeZone;
use unsaid_store::limits::Limits;

use super::url::{Parts, is_loopback, name_of};
use super::{
    Bounces, Database, Mail, Network, PublicUrl, Registration, RelaySettings, Secret, Settings, Tls, Webhook,
};
use crate::subscription;

/// What is wrong (to be read after the variable's name) and what to do.
type Wrong = [String; 2];

/// One setting.
pub struct Row {
    /// The name of the variable.
    pub name: &'static str,
    /// What may stand in it.
    pub kind: &'static str,
    /// What it is when nobody sets it, in words where it depends on another.
    pub default: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// Whether it may hold a password: then a `_FILE` twin is read too, and it is never shown whole.
    pub secret: bool,
    take: fn(&str, &mut Draft) -> Result<(), Wrong>,
    show: fn(&Settings) -> String,
}

impl Row {
    /// The variable that names a file with this secret in it.
    pub fn file_twin(&self) -> Option<String> {
        self.secret.then(|| format!("{}_FILE", self.name))
    }

    /// The value as it may be seen by whoever looks over the host's shoulder.
    pub fn shown(&self, settings: &Settings) -> String {
        (self.show)(settings)
    }

    pub(super) fn reads(&self, name: &str) -> bool {
        self.name == name || self.file_twin().is_some_and(|twin| twin == name)
    }

    pub(super) fn take(&self, value: &str, draft: &mut Draft) -> Result<(), Wrong> {
        (self.take)(value, draft)
    }
}

/// What has been read so far; whatever is missing gets its default in `finish`.
#[derive(Default)]
pub(super) struct Draft {
    data: Option<PathBuf>,
    keys: Option<PathBuf>,
    listen: Option<SocketAddr>,
    public_url: Option<PublicUrl>,
    trusted_proxies: Option<Vec<Network>>,
    database: Option<Database>,
    mail: Option<Mail>,
    mail_from: Option<String>,
    bounces: Option<Bounces>,
    registration: Option<Registration>,
    house_name: Option<String>,
    host_contact: Option<String>,
    hourly: Option<u32>,
    time_hosts: Option<Vec<String>>,
    webhook: Option<Webhook>,
    webhook_secret: Option<Secret>,
    push: Option<bool>,
    push_services: Option<Vec<String>>,
    language: Option<String>,
    zone: Option<TimeZone>,
    max_upload_mib: Option<u64>,
    max_body_kib: Option<u64>,
    max_depth: Option<u64>,
    limits: Option<Limits>,
    persons_a_month: Option<u64>,
    account_gib: Option<u64>,
    connections: Option<usize>,
    connections_share: Option<usize>,
    reserve_mib: Option<u64>,
    least_free_percent: Option<u64>,
    backup_days: Option<u32>,
}

impl Draft {
    pub(super) fn finish(self) -> Settings {
        let data = self.data.unwrap_or_else(|| PathBuf::from("./data"));
        let listen = self.listen.unwrap_or(([127, 0, 0, 1], 7070).into());
        let public_url = self.public_url.unwrap_or_else(|| here(listen.port()));
        let registration = self.registration.unwrap_or(Registration::Invite);
        Settings {
            keys: self.keys.unwrap_or_else(|| data.join("keys")),
            listen,
            trusted_proxies: self.trusted_proxies.unwrap_or_default(),
            database: self
                .database
                .unwrap_or_else(|| Database::Sqlite(data.join("store").join("unsaid.sqlite"))),
            mail: self.mail.unwrap_or(Mail::Outbox),
            mail_from: self.mail_from.unwrap_or_else(|| default_from(&public_url)),
            bounces: self.bounces.unwrap_or(Bounces::None),
            registration,
            house_name: self.house_name.unwrap_or_else(|| "this house".to_owned()),
            host_contact: self.host_contact.unwrap_or_default(),
            hourly: self.hourly.unwrap_or(200),
            time_hosts: self.time_hosts.unwrap_or_default(),
            webhook: self.webhook,
            webhook_secret: self.webhook_secret,
            push: self.push.unwrap_or(false),
            push_services: self
                .push_services
                .unwrap_or_else(|| subscription::WELL_KNOWN.map(str::to_owned).to_vec()),
            language: self.language.unwrap_or_else(|| "en".to_owned()),
            zone: self.zone.unwrap_or(TimeZone::UTC),
            max_upload_mib: self.max_upload_mib.unwrap_or(64),
            max_body_kib: self.max_body_kib.unwrap_or(256),
            max_depth: self.max_depth.unwrap_or(8),
            limits: Limits {
                persons_a_month: self.persons_a_month.unwrap_or(by_registration(registration, 0, 30)),
                bytes: self.account_gib.unwrap_or(by_registration(registration, 1024, 20)) << 30,
                ..self.limits.unwrap_or(LIMITS)
            },
            connections: self.connections.unwrap_or(1024),
            connections_share: self.connections_share.unwrap_or(128),
            reserve_mib: self.reserve_mib.unwrap_or(64),
            least_free_percent: self.least_free_percent.unwrap_or(10),
            backup_days: self.backup_days.unwrap_or(10),
            public_url,
            data,
        }
    }
}

/// What one account may keep, and one house may write, where nobody has said otherwise: more than a human being will ever meet, and less than a program that was set on
/// filling a house needs. Those that depend on who may make an account are not here.
const LIMITS: Limits = Limits {
    codes_an_hour: 300,
    accounts_a_day: 50,
    session_days: 365,
    persons: 1000,
    persons_a_month: 0,
    cards: 100,
    drafts: 1000,
    photos: 200,
    letters: 5000,
    reserved: 500,
    versions: 500,
    uploads: 2000,
    bytes: 0,
};

/// One of two defaults: where the host invites everybody, and where anybody may come.
fn by_registration<T>(registration: Registration, invited: T, anybody: T) -> T {
    match registration {
        Registration::Invite => invited,
        Registration::Open => anybody,
    }
}

/// A row about a number of [`Limits`].
macro_rules! limit {
    ($name:literal, $field:ident, $default:literal, $meaning:literal) => {
        Row {
            name: $name,
            kind: "a number from 0 to 1000000",
            default: concat!("`", $default, "`"),
            meaning: $meaning,
            secret: false,
            take: |value, draft| {
                draft.limits.get_or_insert(LIMITS).$field = number(value, 0, 1_000_000)?;
                Ok(())
            },
            show: |s| s.limits.$field.to_string(),
        }
    };
}

/// All settings, in the order in which a host meets them.
pub fn table() -> &'static [Row] {
    &TABLE
}

static TABLE: [Row; 41] = [
    Row {
        name: "UNSAID_DATA",
        kind: "a folder",
        default: "`./data`",
        meaning: "Where the store, the journal and the outbox are kept. A backup takes its `store` folder.",
        secret: false,
        take: |value, draft| {
            draft.data = Some(PathBuf::from(value));
            Ok(())
        },
        show: |s| s.data.display().to_string(),
    },
    Row {
        name: "UNSAID_KEYS",
        kind: "a folder",
        default: "`keys` in UNSAID_DATA",
        meaning: "Where `host.secrets` is kept. Put it on another disk than the store: who has both can read what is kept by this house.",
        secret: false,
        take: |value, draft| {
            draft.keys = Some(PathBuf::from(value));
            Ok(())
        },
        show: |s| s.keys.display().to_string(),
    },
    Row {
        name: "UNSAID_LISTEN",
        kind: "an address and a port",
        default: "`127.0.0.1:7070`",
        meaning: "Where the program listens for the proxy in front of it.",
        secret: false,
        take: |value, draft| {
            draft.listen = Some(value.parse().map_err(|_| {
                wrong("is not an address and a port.", "Write it as 127.0.0.1:7070 or [::1]:7070.")
            })?);
            Ok(())
        },
        show: |s| s.listen.to_string(),
    },
    Row {
        name: "UNSAID_PUBLIC_URL",
        kind: "an https:// URL without a path; http:// for this machine alone",
        default: "`http://localhost:7070`, with the port of UNSAID_LISTEN",
        meaning: "The address of the house as people see it. It stands in every mail and on every card, so choose one that can stay for decades.",
        secret: false,
        take: |value, draft| {
            draft.public_url = Some(public_url(value)?);
            Ok(())
        },
        show: |s| s.public_url.origin.clone(),
    },
    Row {
        name: "UNSAID_TRUSTED_PROXIES",
        kind: "addresses or networks, with commas between",
        default: "empty: nobody",
        meaning: "The proxies in front, as the program sees them, as in `127.0.0.1` or `10.0.0.0/8, ::1`. What they write into X-Forwarded-For is believed, and nobody else's. Without it, tries that come through a proxy are not counted by network.",
        secret: false,
        take: |value, draft| {
            draft.trusted_proxies = Some(networks(value)?);
            Ok(())
        },
        show: |s| s.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    },
    Row {
        name: "UNSAID_DATABASE",
        kind: "a file, or a postgres:// URL",
        default: "`store/unsaid.sqlite` in UNSAID_DATA",
        meaning: "Where the rows are kept: SQLite in a file, or PostgreSQL.",
        secret: true,
        take: |value, draft| {
            draft.database = Some(database(value)?);
            Ok(())
        },
        show: |s| match &s.database {
            Database::Sqlite(path) => path.display().to_string(),
            Database::Postgres(_) => "a postgres:// URL (not shown)".to_owned(),
        },
    },
    Row {
        name: "UNSAID_MAIL",
        kind: "`outbox`, or an smtp:// or smtps:// URL",
        default: "`outbox`",
        meaning: "How mail leaves. `outbox` catches it in a folder, for trying things out. `smtp://user:password@host:587` uses STARTTLS and goes no further without it, `smtps://user:password@host:465` uses TLS from the start, `smtp://127.0.0.1:25?tls=none` is for a relay on this machine.",
        secret: true,
        take: |value, draft| {
            draft.mail = Some(mail(value)?);
            Ok(())
        },
        show: |s| match &s.mail {
            Mail::Outbox => "outbox".to_owned(),
            Mail::Relay(relay) => relay_shown(relay),
        },
    },
    Row {
        name: "UNSAID_MAIL_FROM",
        kind: "a mail address",
        default: "`unsaid@` and the host of UNSAID_PUBLIC_URL",
        meaning: "The address that mails come from. The relay must be allowed to send for it (SPF, DKIM, DMARC).",
        secret: false,
        take: |value, draft| {
            draft.mail_from = Some(mail_address(value)?);
            Ok(())
        },
        show: |s| s.mail_from.clone(),
    },
    Row {
        name: "UNSAID_BOUNCES",
        kind: "`none` or `pipe`",
        default: "`none`",
        meaning: "Whether the house hears of mail that comes back. With `pipe` each message has a return path of its own at the domain of UNSAID_MAIL_FROM (`bounce+…@`), a knock also a Reply-To (`reply+…@`), and your mail server hands what comes there to `unsaid receive`: see 'Mail that comes back'. With `none` an address that has died looks as if the letter had arrived.",
        secret: false,
        take: |value, draft| {
            draft.bounces = Some(match value {
                "none" => Bounces::None,
                "pipe" => Bounces::Pipe,
                _ => return Err(one_of("none or pipe")),
            });
            Ok(())
        },
        show: |s| match s.bounces {
            Bounces::None => "none".to_owned(),
            Bounces::Pipe => "pipe".to_owned(),
        },
    },
    Row {
        name: "UNSAID_REGISTRATION",
        kind: "`invite` or `open`",
        default: "`invite`",
        meaning: "Who may make an account: whoever you invite, or everybody. A new house is safe with `invite`.",
        secret: false,
        take: |value, draft| {
            draft.registration = Some(match value {
                "invite" => Registration::Invite,
                "open" => Registration::Open,
                _ => return Err(one_of("invite or open")),
            });
            Ok(())
        },
        show: |s| match s.registration {
            Registration::Invite => "invite".to_owned(),
            Registration::Open => "open".to_owned(),
        },
    },
    Row {
        name: "UNSAID_HOUSE_NAME",
        kind: "1 to 80 characters",
        default: "`this house`",
        meaning: "How the house calls itself in mails and on pages, as in `the house of the Moreno family`.",
        secret: false,
        take: |value, draft| {
            draft.house_name = Some(words(value, 80)?);
            Ok(())
        },
        show: |s| s.house_name.clone(),
    },
    Row {
        name: "UNSAID_HOST_CONTACT",
        kind: "at most 200 characters",
        default: "empty",
        meaning: "Whom to ask `is this real?`: your telephone number, or words. It stands in each knock. Without it a frightened person has nobody to call.",
        secret: false,
        take: |value, draft| {
            draft.host_contact = Some(words(value, 200)?);
            Ok(())
        },
        show: |s| s.host_contact.clone(),
    },
    Row {
        name: "UNSAID_HOURLY",
        kind: "a number from 1 to 1000000",
        default: "`200`",
        meaning: "The most knocks that leave in an hour. What is more waits for the next one.",
        secret: false,
        take: |value, draft| {
            draft.hourly = Some(number(value, 1, 1_000_000)?);
            Ok(())
        },
        show: |s| s.hourly.to_string(),
    },
    Row {
        name: "UNSAID_TIME_HOSTS",
        kind: "names of hosts, with commas between",
        default: "empty: nobody is asked",
        meaning: "Who is asked over https, at the start and then hourly, what time it is, as in `www.example.org, example.net`. Only the date of the answer is read. With two the house no longer depends on this machine's clock, and one that is wrong is outvoted.",
        secret: false,
        take: |value, draft| {
            draft.time_hosts = Some(time_hosts(value)?);
            Ok(())
        },
        show: |s| s.time_hosts.join(", "),
    },
    Row {
        name: "UNSAID_WEBHOOK",
        kind: "an https:// URL; http:// for this machine alone",
        default: "empty: there is no such way",
        meaning: "A second way to authors, made by you: what is written to them also goes there as a POST of JSON, for a program of yours that makes an SMS or a Telegram message of it. See 'A second way to your authors'.",
        secret: true,
        take: |value, draft| {
            draft.webhook = Some(webhook(value)?);
            Ok(())
        },
        show: |s| {
            s.webhook
                .as_ref()
                .map_or_else(String::new, |hook| format!("{} (the rest is not shown)", hook.shown))
        },
    },
    Row {
        name: "UNSAID_WEBHOOK_SECRET",
        kind: "16 to 200 characters",
        default: "empty: nothing is signed",
        meaning: "With it each of these is signed: the header `X-Unsaid-Signature` is `sha256=` and the HMAC-SHA-256 of the body, in hexadecimal. Your program compares it and knows that it is this house that asks.",
        secret: true,
        take: |value, draft| {
            draft.webhook_secret = Some(webhook_secret(value)?);
            Ok(())
        },
        show: |s| s.webhook_secret.as_ref().map_or_else(String::new, |_| "(not shown)".to_owned()),
    },
    Row {
        name: "UNSAID_PUSH",
        kind: "`on` or `off`",
        default: "`off`",
        meaning: "With `on` authors can have notices in a browser of theirs, by the push service of whoever makes it. That service learns that this house had something for that browser at that time, and no more. See 'Notices in a browser'.",
        secret: false,
        take: |value, draft| {
            draft.push = Some(match value {
                "on" => true,
                "off" => false,
                _ => return Err(wrong("is neither on nor off.", "Write on, or leave it out.")),
            });
            Ok(())
        },
        show: |s| if s.push { "on" } else { "off" }.to_owned(),
    },
    Row {
        name: "UNSAID_PUSH_SERVICES",
        kind: "names of hosts, with commas between; `*.` before one for every name below it",
        default: "those of Chrome, Firefox, Safari and Edge",
        meaning: "The push services that this house may call, and nobody else whatever a browser says. Default: `fcm.googleapis.com, updates.push.services.mozilla.com, *.push.services.mozilla.com, web.push.apple.com, *.push.apple.com, *.notify.windows.com`.",
        secret: false,
        take: |value, draft| {
            draft.push_services = Some(push_services(value)?);
            Ok(())
        },
        show: |s| s.push_services.join(", "),
    },
    Row {
        name: "UNSAID_LANGUAGE",
        kind: "a language tag",
        default: "`en`",
        meaning: "The language of pages and mails for people who have not chosen one. Each file in `web/src/words` is one that there is.",
        secret: false,
        take: |value, draft| {
            draft.language = Some(language(value)?);
            Ok(())
        },
        show: |s| s.language.clone(),
    },
    Row {
        name: "UNSAID_ZONE",
        kind: "an IANA zone",
        default: "`UTC`",
        meaning: "The zone in which the house writes dates when it knows no better one, as in `Europe/London`.",
        secret: false,
        take: |value, draft| {
            draft.zone = Some(zone(value)?);
            Ok(())
        },
        show: |s| s.zone.iana_name().unwrap_or("UTC").to_owned(),
    },
    Row {
        name: "UNSAID_MAX_UPLOAD_MIB",
        kind: "a number from 1 to 1048576",
        default: "`64`",
        meaning: "The largest sealed part of a letter, in MiB.",
        secret: false,
        take: |value, draft| {
            draft.max_upload_mib = Some(number(value, 1, 1_048_576)?);
            Ok(())
        },
        show: |s| s.max_upload_mib.to_string(),
    },
    Row {
        name: "UNSAID_MAX_BODY_KIB",
        kind: "a number from 16 to 16384",
        default: "`256`",
        meaning: "The largest request that is not an upload, in KiB.",
        secret: false,
        take: |value, draft| {
            draft.max_body_kib = Some(number(value, 16, 16_384)?);
            Ok(())
        },
        show: |s| s.max_body_kib.to_string(),
    },
    Row {
        name: "UNSAID_MAX_DEPTH",
        kind: "a number from 4 to 64",
        default: "`8`",
        meaning: "How many things may stand in each other in a request of JSON. No page of ours needs more than four.",
        secret: false,
        take: |value, draft| {
            draft.max_depth = Some(number(value, 4, 64)?);
            Ok(())
        },
        show: |s| s.max_depth.to_string(),
    },
    limit!(
        "UNSAID_CODES_HOURLY",
        codes_an_hour,
        300,
        "The most sign-in codes that leave in an hour. At most half of them go to addresses that have no account, and who has an account and got none within the hour gets one even beyond: strangers cannot shut anybody out. 0 is no limit, here and in all rows below."
    ),
    limit!(
        "UNSAID_ACCOUNTS_DAILY",
        accounts_a_day,
        50,
        "The most accounts that are made in a day without an invitation (`UNSAID_REGISTRATION=open`). Whoever is invited is never turned away."
    ),
    limit!(
        "UNSAID_SESSION_DAYS",
        session_days,
        365,
        "After so many days an author signs in anew, also where she writes every day. Without an act a sign-in ends after 90 days in any case."
    ),
    limit!("UNSAID_MOST_PERSONS", persons, 1000, "To how many people one account may write."),
    Row {
        name: "UNSAID_PERSONS_MONTHLY",
        kind: "a number from 0 to 1000000",
        default: "`0`, or `30` where anybody may make an account",
        meaning: "How many people one account may add within thirty days.",
        secret: false,
        take: |value, draft| {
            draft.persons_a_month = Some(number(value, 0, 1_000_000)?);
            Ok(())
        },
        show: |s| s.limits.persons_a_month.to_string(),
    },
    limit!(
        "UNSAID_MOST_CARDS",
        cards,
        100,
        "How many cards with words one person may have had, the replaced ones too."
    ),
    limit!(
        "UNSAID_MOST_DRAFTS",
        drafts,
        1000,
        "How many letters that are not sealed one account may keep here. What is more stays on its device."
    ),
    limit!("UNSAID_MOST_PHOTOS", photos, 200, "How many photos may lie beside one draft."),
    limit!(
        "UNSAID_MOST_LETTERS",
        letters,
        5000,
        "How many sealed letters one account may keep. It is told before it seals one more, never at the seal itself."
    ),
    limit!(
        "UNSAID_RESERVED_DAILY",
        reserved,
        500,
        "How many letters one account may begin to seal within a day and leave unsealed."
    ),
    limit!("UNSAID_MOST_VERSIONS", versions, 500, "How often one letter may be written anew."),
    limit!(
        "UNSAID_UPLOADS_DAILY",
        uploads,
        2000,
        "How many parts of letters one account may begin to bring within a day that are not here whole."
    ),
    Row {
        name: "UNSAID_ACCOUNT_GIB",
        kind: "a number from 0 to 1048576",
        default: "`1024`, or `20` where anybody may make an account",
        meaning: "How much one account may keep, in GiB: its letters with everything beside them, its drafts and what was saved before.",
        secret: false,
        take: |value, draft| {
            draft.account_gib = Some(number(value, 0, 1_048_576)?);
            Ok(())
        },
        show: |s| (s.limits.bytes >> 30).to_string(),
    },
    Row {
        name: "UNSAID_CONNECTIONS",
        kind: "a number from 16 to 65536",
        default: "`1024`",
        meaning: "How many connections are open at once. The next ones wait. The system's limit on open files has to be larger.",
        secret: false,
        take: |value, draft| {
            draft.connections = Some(number(value, 16, 65_536)?);
            Ok(())
        },
        show: |s| s.connections.to_string(),
    },
    Row {
        name: "UNSAID_CONNECTIONS_SHARE",
        kind: "a number from 1 to 65536",
        default: "`128`",
        meaning: "How many of them one network (/24 or /48) may hold; the next one from there is closed. It does not hold for the proxies of UNSAID_TRUSTED_PROXIES, nor for this machine and private networks: there the share is the proxy's to give.",
        secret: false,
        take: |value, draft| {
            draft.connections_share = Some(number(value, 1, 65_536)?);
            Ok(())
        },
        show: |s| s.connections_share.to_string(),
    },
    Row {
        name: "UNSAID_RESERVE_MIB",
        kind: "a number from 0 to 65536",
        default: "`64`",
        meaning: "Room that is set aside in UNSAID_DATA, as the file `reserve`, in MiB. When the disk is full it is given up, so that a no, a stop, an opening and what the relay answered can still be written. 0 is none.",
        secret: false,
        take: |value, draft| {
            draft.reserve_mib = Some(number(value, 0, 65_536)?);
            Ok(())
        },
        show: |s| s.reserve_mib.to_string(),
    },
    Row {
        name: "UNSAID_LEAST_FREE",
        kind: "a number from 0 to 90",
        default: "`10`",
        meaning: "While less of the disk than this is free, in a hundred, no new letters and photos are taken; everything else goes on. 0 is no limit.",
        secret: false,
        take: |value, draft| {
            draft.least_free_percent = Some(number(value, 0, 90)?);
            Ok(())
        },
        show: |s| s.least_free_percent.to_string(),
    },
    Row {
        name: "UNSAID_BACKUP_DAYS",
        kind: "a number from 0 to 3650",
        default: "`10`",
        meaning: "When `unsaid backup` was not run for so many days, the host is told, on their page and once a week by mail. 0 is never: for a host who keeps copies by other means.",
        secret: false,
        take: |value, draft| {
            draft.backup_days = Some(number(value, 0, 3_650)?);
            Ok(())
        },
        show: |s| s.backup_days.to_string(),
    },
];

/// What `unsaid config` prints: each setting as it stands, secrets not shown.
pub fn print_config(settings: &Settings) -> String {
    let width = TABLE.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for row in table() {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{:width$} = {}", row.name, row.shown(settings));
    }
    text
}

/// The table in docs/operating.md.
pub fn operating_table() -> String {
    let mut text =
        String::from("| variable | what stands in it | default | meaning |\n| --- | --- | --- | --- |\n");
    for row in table() {
        let twin = row.file_twin().map(|twin| format!(" or `{twin}`")).unwrap_or_default();
        let _ = writeln!(text, "| `{}`{twin} | {} | {} | {} |", row.name, row.kind, row.default, row.meaning);
    }
    text
}

fn wrong(what: &str, todo: &str) -> Wrong {
    [what.to_owned(), todo.to_owned()]
}

fn one_of(words: &str) -> Wrong {
    ["is neither of its two words.".to_owned(), format!("Write {words}.")]
}

fn number<T: TryFrom<u64>>(value: &str, least: u64, most: u64) -> Result<T, Wrong> {
    value
        .parse::<u64>()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| {
            [
                "is not a number that can stand there.".to_owned(),
                format!("Write one from {least} to {most}, in figures."),
            ]
        })
}

/// Words for mails and pages. A line break would end a header, other control characters upset a terminal.
fn words(value: &str, most: usize) -> Result<String, Wrong> {
    let value = value.trim();
    if value.is_empty() || value.chars().any(char::is_control) || value.chars().count() > most {
        return Err([
            format!("is empty, longer than {most} characters, or has a line break in it."),
            "Write it on one line.".to_owned(),
        ]);
    }
    Ok(value.to_owned())
}

/// The shape of a BCP 47 language with perhaps a region. Whether its words exist is found out when they are read.
fn language(value: &str) -> Result<String, Wrong> {
    let (language, region) = match value.split_once('-') {
        Some((language, region)) => (language, Some(region)),
        None => (value, None),
    };
    let fits = (2..=3).contains(&language.len())
        && language.chars().all(|c| c.is_ascii_lowercase())
        && region.is_none_or(|r| r.len() == 2 && r.chars().all(|c| c.is_ascii_uppercase()));
    if fits {
        Ok(value.to_owned())
    } else {
        Err(wrong("is not a language tag.", "Write two or three small letters, as in en or pt-BR."))
    }
}

fn zone(value: &str) -> Result<TimeZone, Wrong> {
    TimeZone::get(value).ok().filter(|zone| zone.iana_name().is_some()).ok_or_else(|| {
        wrong(
            "is not a zone that the bundled time-zone data knows.",
            "Write its IANA name, as in Europe/London.",
        )
    })
}

/// Hosts that can be asked over https. None of them is this machine, which would be the same clock by another door, and none counts twice.
fn time_hosts(value: &str) -> Result<Vec<String>, Wrong> {
    let mut hosts: Vec<String> = Vec::new();
    for text in value.split(',').map(str::trim) {
        let name = name_of(text).filter(|name| name.contains('.')).ok_or_else(|| {
            wrong(
                "has a name in it that is none of a host.",
                "Write names alone, as in www.example.org, with commas between.",
            )
        })?;
        if is_loopback(&name) || name.parse::<IpAddr>().is_ok() {
            return Err(wrong(
                "names this machine, or an address instead of a name.",
                "Write the names of hosts elsewhere, each of which can prove its own.",
            ));
        }
        if hosts.contains(&name) {
            return Err(wrong("names a host twice.", "Name each one once: two voices of one host are one."));
        }
        hosts.push(name);
    }
    if hosts.len() > 8 {
        return Err(wrong(
            "names more than eight hosts.",
            "Two or three that have nothing to do with each other are enough.",
        ));
    }
    Ok(hosts)
}

/// Names that can prove themselves over https, none of them of this machine. What stands behind `*.` has a dot itself: nobody means a whole country.
fn push_services(value: &str) -> Result<Vec<String>, Wrong> {
    let example =
        "Write names alone, as in fcm.googleapis.com, *.push.apple.com, with commas between; 32 at most.";
    let mut services = Vec::new();
    for text in value.split(',').map(str::trim) {
        let (star, name) = text.strip_prefix("*.").map_or(("", text), |name| ("*.", name));
        let name = name_of(name)
            .filter(|name| name.contains('.') && !is_loopback(name) && name.parse::<IpAddr>().is_err())
            .ok_or_else(|| wrong("has something in it that is no name of a push service.", example))?;
        services.push(format!("{star}{name}"));
    }
    if services.len() > 32 {
        return Err(wrong("names more than 32 push services.", example));
    }
    Ok(services)
}

/// At most 64 of them: a list that is longer is a list of something else.
fn networks(value: &str) -> Result<Vec<Network>, Wrong> {
    let read: Option<Vec<Network>> = value.split(',').map(|text| Network::read(text.trim())).collect();
    read.filter(|networks| networks.len() <= 64).ok_or_else(|| {
        wrong(
            "is not a list of addresses and networks.",
            "Write the addresses that your proxy comes from, as in 127.0.0.1, ::1 or 10.0.0.0/8.",
        )
    })
}

fn public_url(value: &str) -> Result<PublicUrl, Wrong> {
    let parts = Parts::of(value).map_err(|[what, todo]| wrong(what, todo))?;
    let (secure, usual_port) = match parts.scheme.as_str() {
        "https" => (true, 443),
        "http" => (false, 80),
        _ => {
            return Err(wrong(
                "is neither http:// nor https://.",
                "Write the address that people will see, as in https://letters.example.org.",
            ));
        }
    };
    if parts.user.is_some() || !matches!(parts.rest.as_str(), "" | "/") {
        return Err(wrong(
            "has more in it than a host and a port.",
            "Give the house a name of its own, as in https://letters.example.org, without a path.",
        ));
    }
    let host = parts.host_in_url();
    // Browsers leave the usual port out of Origin and Host, and so does every comparison with them.
    let authority = match parts.port.filter(|port| *port != usual_port) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    };
    Ok(PublicUrl {
        origin: format!("{}://{authority}", parts.scheme),
        authority,
        secure,
        loopback: is_loopback(&parts.host),
        host: parts.host,
    })
}

/// This machine, as somebody who tries the house out on another port finds it.
fn here(port: u16) -> PublicUrl {
    let authority = if port == 80 { "localhost".to_owned() } else { format!("localhost:{port}") };
    PublicUrl {
        origin: format!("http://{authority}"),
        authority,
        host: "localhost".to_owned(),
        secure: false,
        loopback: true,
    }
}

fn default_from(url: &PublicUrl) -> String {
    match url.host.parse::<IpAddr>() {
        // `unsaid@[127.0.0.1]` would be an address by RFC 5321, 4.1.3, and one that few relays and no reader take for one.
        Ok(_) => "unsaid@localhost".to_owned(),
        Err(_) => format!("unsaid@{}", url.host),
    }
}

/// A bare address whose part before the @ is a dot-atom (RFC 5322, 3.2.3): what every relay takes from a sender. Not
/// crate::address, which is for people: a house that is tried out may well send from a host without a dot.
fn mail_address(value: &str) -> Result<String, Wrong> {
    let atom = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    };
    value
        .rsplit_once('@')
        .filter(|(local, _)| local.len() <= 64 && local.split('.').all(atom))
        .and_then(|(local, domain)| name_of(domain).map(|domain| format!("{local}@{domain}")))
        .ok_or_else(|| wrong("is not a mail address.", "Write the address alone, as in unsaid@example.org."))
}

fn database(value: &str) -> Result<Database, Wrong> {
    if value.starts_with("postgres://") || value.starts_with("postgresql://") {
        return Ok(Database::Postgres(Secret::new(value.to_owned())));
    }
    if value.contains("://") || value.starts_with("sqlite:") {
        return Err(wrong(
            "is an URL that is not postgres://.",
            "Write the path of a file for SQLite, or a postgres:// URL.",
        ));
    }
    Ok(Database::Sqlite(PathBuf::from(value)))
}

/// Where the host's own way begins. What it holds behind its host is never repeated: there may be a token in it.
fn webhook(value: &str) -> Result<Webhook, Wrong> {
    let example = "Write it as https://sms.example.org/unsaid, or as http://127.0.0.1:9000/ for a program on this machine.";
    let parts = Parts::of(value).map_err(|[what, _]| wrong(what, example))?;
    let near = is_loopback(&parts.host);
    if !(parts.scheme == "https" || (parts.scheme == "http" && near)) {
        return Err(wrong("is neither https:// nor http:// on this machine.", example));
    }
    if parts.user.is_some() || parts.rest.contains('#') {
        return Err(wrong("has a name before an @ in it, or something behind a #.", example));
    }
    let port = parts.port.map_or_else(String::new, |port| format!(":{port}"));
    let shown = format!("{}://{}{port}", parts.scheme, parts.host_in_url());
    let rest = if parts.rest.is_empty() { "/" } else { &parts.rest };
    Ok(Webhook { url: Secret::new(format!("{shown}{rest}")), shown })
}

fn webhook_secret(value: &str) -> Result<Secret, Wrong> {
    if value.chars().any(char::is_control) || !(16..=200).contains(&value.chars().count()) {
        return Err(wrong(
            "is shorter than 16 characters, longer than 200, or has a line break in it.",
            "Make one with: openssl rand -hex 32",
        ));
    }
    Ok(Secret::new(value.to_owned()))
}

fn mail(value: &str) -> Result<Mail, Wrong> {
    if value == "outbox" {
        return Ok(Mail::Outbox);
    }
    let example = "Write outbox, or your relay as smtps://user:password@mail.example.org.";
    let parts = Parts::of(value).map_err(|[what, todo]| wrong(what, todo))?;
    let (tls, usual_port) = match (parts.scheme.as_str(), parts.rest.as_str()) {
        ("smtp", "" | "/") => (Tls::Required, 587),
        ("smtp", "?tls=none" | "/?tls=none") => (Tls::None, 587),
        ("smtps", "" | "/") => (Tls::Implicit, 465),
        ("smtp" | "smtps", _) => {
            return Err(wrong(
                "has something behind the host that is not understood.",
                "Only ?tls=none may stand there, behind smtp:// and for this machine.",
            ));
        }
        _ => {
            return Err(wrong("is neither outbox nor smtp:// nor smtps://.", example));
        }
    };
    if tls == Tls::None && !is_loopback(&parts.host) {
        return Err(wrong(
            "asks for no TLS to a relay on another machine.",
            "Leave ?tls=none away; it is for 127.0.0.1, ::1 and localhost.",
        ));
    }
    let (user, password) = match (parts.user, parts.password) {
        (None, None) => (None, None),
        (Some(user), Some(password)) if !user.is_empty() && !password.is_empty() => {
            (Some(user), Some(Secret::new(password)))
        }
        _ => {
            return Err(wrong(
                "has a user without a password, or a password without a user.",
                "Write both before the @ with a colon between, or neither.",
            ));
        }
    };
    Ok(Mail::Relay(RelaySettings {
        host: parts.host,
        port: parts.port.unwrap_or(usual_port),
        tls,
        user,
        password,
    }))
}

fn relay_shown(relay: &RelaySettings) -> String {
    let (scheme, after) = match relay.tls {
        Tls::Required => ("smtp", ""),
        Tls::Implicit => ("smtps", ""),
        Tls::None => ("smtp", "?tls=none"),
    };
    let who = match relay.user {
        Some(_) => "…:…@",
        None => "",
    };
    let host = if relay.host.contains(':') { format!("[{}]", relay.host) } else { relay.host.clone() };
    format!("{scheme}://{who}{host}:{}{after}", relay.port)
}
