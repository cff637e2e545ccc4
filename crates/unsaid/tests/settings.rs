//! The settings table: what it takes, what it refuses and in which words, and that docs/operating.md says the same.

use std::path::Path;

use unsaid::settings::{Database, Mail, Registration, Settings, Tls, operating_table, print_config, table};
use unsaid_store::limits::Limits;

fn read(pairs: &[(&str, &str)]) -> Result<Settings, String> {
    Settings::from_env(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn good(pairs: &[(&str, &str)]) -> Settings {
    read(pairs).unwrap_or_else(|errors| panic!("{pairs:?} is refused:\n{errors}"))
}

fn refusal(pairs: &[(&str, &str)]) -> String {
    match read(pairs) {
        Ok(_) => panic!("{pairs:?} is taken"),
        Err(errors) => errors,
    }
}

#[test]
fn with_nothing_set_the_house_is_for_trying_out_on_this_machine() {
    let settings = good(&[]);
    assert_eq!(
        print_config(&settings),
        "\
UNSAID_DATA              = ./data
UNSAID_KEYS              = ./data/keys
UNSAID_LISTEN            = 127.0.0.1:7070
UNSAID_PUBLIC_URL        = http://localhost:7070
UNSAID_TRUSTED_PROXIES   = 
UNSAID_DATABASE          = ./data/store/unsaid.sqlite
UNSAID_MAIL              = outbox
UNSAID_MAIL_FROM         = unsaid@localhost
UNSAID_BOUNCES           = none
UNSAID_REGISTRATION      = invite
UNSAID_HOUSE_NAME        = this house
UNSAID_HOST_CONTACT      = 
UNSAID_HOURLY            = 200
UNSAID_TIME_HOSTS        = 
UNSAID_WEBHOOK           = 
UNSAID_WEBHOOK_SECRET    = 
UNSAID_PUSH              = off
UNSAID_PUSH_SERVICES     = fcm.googleapis.com, updates.push.services.mozilla.com, *.push.services.mozilla.com, web.push.apple.com, *.push.apple.com, *.notify.windows.com
UNSAID_LANGUAGE          = en
UNSAID_ZONE              = UTC
UNSAID_MAX_UPLOAD_MIB    = 64
UNSAID_MAX_BODY_KIB      = 256
UNSAID_MAX_DEPTH         = 8
UNSAID_CODES_HOURLY      = 300
UNSAID_ACCOUNTS_DAILY    = 50
UNSAID_SESSION_DAYS      = 365
UNSAID_MOST_PERSONS      = 1000
UNSAID_PERSONS_MONTHLY   = 0
UNSAID_MOST_CARDS        = 100
UNSAID_MOST_DRAFTS       = 1000
UNSAID_MOST_PHOTOS       = 200
UNSAID_MOST_LETTERS      = 5000
UNSAID_RESERVED_DAILY    = 500
UNSAID_MOST_VERSIONS     = 500
UNSAID_UPLOADS_DAILY     = 2000
UNSAID_ACCOUNT_GIB       = 1024
UNSAID_CONNECTIONS       = 1024
UNSAID_CONNECTIONS_SHARE = 128
UNSAID_RESERVE_MIB       = 64
UNSAID_LEAST_FREE        = 10
UNSAID_BACKUP_DAYS       = 10
"
    );
    assert!(settings.may_serve().is_ok());
}

#[test]
fn every_row_changes_its_own_field() {
    let settings = good(&[
        ("UNSAID_DATA", "/srv/unsaid"),
        ("UNSAID_KEYS", "/etc/unsaid/keys"),
        ("UNSAID_LISTEN", "[::1]:8080"),
        ("UNSAID_PUBLIC_URL", "https://Letters.Example.org:443/"),
        ("UNSAID_TRUSTED_PROXIES", "127.0.0.1,fd00::/8"),
        ("UNSAID_DATABASE", "postgres://unsaid:hidden-words@/unsaid"),
        ("UNSAID_MAIL", "smtps://house:hidden%3Awords@mail.example.org"),
        ("UNSAID_MAIL_FROM", "letters@example.org"),
        ("UNSAID_BOUNCES", "pipe"),
        ("UNSAID_REGISTRATION", "open"),
        ("UNSAID_HOUSE_NAME", "the house of the Moreno family"),
        ("UNSAID_HOST_CONTACT", "+44 20 7946 0000"),
        ("UNSAID_HOURLY", "50"),
        ("UNSAID_TIME_HOSTS", "www.example.org, Example.NET"),
        ("UNSAID_WEBHOOK", "https://SMS.example.org:8443/hidden-token?house=1"),
        ("UNSAID_WEBHOOK_SECRET", "hidden-and-long-enough"),
        ("UNSAID_PUSH", "on"),
        ("UNSAID_PUSH_SERVICES", "push.example.org, *.Push.example.net"),
        ("UNSAID_LANGUAGE", "pt-BR"),
        ("UNSAID_ZONE", "Europe/London"),
        ("UNSAID_MAX_UPLOAD_MIB", "512"),
        ("UNSAID_MAX_BODY_KIB", "1024"),
        ("UNSAID_MAX_DEPTH", "5"),
        ("UNSAID_CODES_HOURLY", "1"),
        ("UNSAID_ACCOUNTS_DAILY", "2"),
        ("UNSAID_SESSION_DAYS", "3"),
        ("UNSAID_MOST_PERSONS", "4"),
        ("UNSAID_PERSONS_MONTHLY", "5"),
        ("UNSAID_MOST_CARDS", "6"),
        ("UNSAID_MOST_DRAFTS", "7"),
        ("UNSAID_MOST_PHOTOS", "8"),
        ("UNSAID_MOST_LETTERS", "9"),
        ("UNSAID_RESERVED_DAILY", "10"),
        ("UNSAID_MOST_VERSIONS", "11"),
        ("UNSAID_UPLOADS_DAILY", "12"),
        ("UNSAID_ACCOUNT_GIB", "13"),
        ("UNSAID_CONNECTIONS", "1000"),
        ("UNSAID_CONNECTIONS_SHARE", "15"),
        ("UNSAID_RESERVE_MIB", "16"),
        ("UNSAID_LEAST_FREE", "15"),
        ("UNSAID_BACKUP_DAYS", "30"),
    ]);
    let shown = print_config(&settings);
    let defaults = print_config(&good(&[]));
    for (line, default) in shown.lines().zip(defaults.lines()) {
        assert_ne!(line, default, "a row that is set and shows nothing of it");
    }
    assert!(!shown.contains("hidden"), "a secret is shown:\n{shown}");
    assert_eq!(settings.public_url.origin, "https://letters.example.org");
    assert_eq!(settings.public_url.authority, "letters.example.org");
    assert!(settings.public_url.secure && !settings.public_url.loopback);
    assert_eq!(settings.store_folder(), Path::new("/srv/unsaid/store"));
    assert_eq!(settings.registration, Registration::Open);
    let limits = Limits {
        codes_an_hour: 1,
        accounts_a_day: 2,
        session_days: 3,
        persons: 4,
        persons_a_month: 5,
        cards: 6,
        drafts: 7,
        photos: 8,
        letters: 9,
        reserved: 10,
        versions: 11,
        uploads: 12,
        bytes: 13 << 30,
    };
    assert_eq!(settings.limits, limits);
    assert_eq!((settings.connections, settings.connections_share), (1000, 15));
    assert_eq!(settings.zone.iana_name(), Some("Europe/London"));
    let Database::Postgres(url) = &settings.database else { panic!("a file") };
    assert_eq!(url.expose_to_the_other_side(), "postgres://unsaid:hidden-words@/unsaid");
    assert!(settings.may_serve().is_ok());
}

#[test]
fn where_anybody_may_come_an_account_has_narrower_numbers_unless_the_host_says_otherwise() {
    let open = good(&[("UNSAID_REGISTRATION", "open")]).limits;
    assert_eq!((open.persons_a_month, open.bytes >> 30), (30, 20));
    let said =
        [("UNSAID_REGISTRATION", "open"), ("UNSAID_PERSONS_MONTHLY", "0"), ("UNSAID_ACCOUNT_GIB", "0")];
    let said = good(&said).limits;
    assert_eq!((said.persons_a_month, said.bytes), (0, 0));
    assert_eq!(good(&[]).limits, Limits { persons_a_month: 0, bytes: 1024 << 30, ..open });
}

#[test]
fn a_relay_is_reached_with_tls_unless_it_is_on_this_machine() {
    let relay = |url: &str| match good(&[("UNSAID_MAIL", url)]).mail {
        Mail::Relay(relay) => relay,
        Mail::Outbox => panic!("{url} is the outbox"),
    };
    let one = relay("smtp://house:p%40ss@mail.example.org");
    assert_eq!((one.host.as_str(), one.port, one.tls), ("mail.example.org", 587, Tls::Required));
    assert_eq!(one.user.as_deref(), Some("house"));
    assert_eq!(one.password.expect("a password").expose_to_the_other_side(), "p@ss");
    let two = relay("smtps://mail.example.org:4465");
    assert_eq!((two.port, two.tls), (4465, Tls::Implicit));
    assert!(two.user.is_none() && two.password.is_none());
    let three = relay("smtp://[::1]:25?tls=none");
    assert_eq!((three.host.as_str(), three.port, three.tls), ("::1", 25, Tls::None));
    assert_eq!(relay("smtp://bücher.example").host, "xn--bcher-kva.example");
    assert!(refusal(&[("UNSAID_MAIL", "smtp://mail.example.org?tls=none")]).contains("on another machine"));
}

#[test]
fn what_is_wrong_is_said_in_two_sentences_and_all_at_once() {
    let said = refusal(&[
        ("UNSAID_LISTEN", "7070"),
        ("UNSAID_PUBLIC_URL", "letters.example.org"),
        ("UNSAID_MAIL", "smtp://house@mail.example.org"),
        ("UNSAID_MAIL_FROM", "Unsaid <unsaid@example.org>"),
        ("UNSAID_BOUNCES", "imap"),
        ("UNSAID_REGISTRATION", "closed"),
        ("UNSAID_HOURLY", "0"),
        ("UNSAID_LANGUAGE", "English"),
        ("UNSAID_ZONE", "Europe/Atlantis"),
        ("UNSAID_HOURYL", "12"),
        ("HOME", "/root"),
    ]);
    assert_eq!(
        said,
        "\
UNSAID_HOURYL is not a setting of Unsaid. Did you mean UNSAID_HOURLY?
UNSAID_LISTEN is not an address and a port. Write it as 127.0.0.1:7070 or [::1]:7070.
UNSAID_PUBLIC_URL has no :// in it. Write it with its scheme, as in https://letters.example.org.
UNSAID_MAIL has a user without a password, or a password without a user. Write both before the @ with a colon between, or neither.
UNSAID_MAIL_FROM is not a mail address. Write the address alone, as in unsaid@example.org.
UNSAID_BOUNCES is neither of its two words. Write none or pipe.
UNSAID_REGISTRATION is neither of its two words. Write invite or open.
UNSAID_HOURLY is not a number that can stand there. Write one from 1 to 1000000, in figures.
UNSAID_LANGUAGE is not a language tag. Write two or three small letters, as in en or pt-BR.
UNSAID_ZONE is not a zone that the bundled time-zone data knows. Write its IANA name, as in Europe/London."
    );
}

#[test]
fn hostile_values_are_refused_and_no_secret_is_repeated() {
    for (name, value) in [
        ("UNSAID_PUBLIC_URL", "ftp://example.org"),
        ("UNSAID_PUBLIC_URL", "https://example.org/letters"),
        ("UNSAID_PUBLIC_URL", "https://me:hunter2@example.org"),
        ("UNSAID_PUBLIC_URL", "https://"),
        ("UNSAID_PUBLIC_URL", "https://-.example"),
        ("UNSAID_PUBLIC_URL", "https://example..org"),
        ("UNSAID_PUBLIC_URL", "https://exa mple.org"),
        ("UNSAID_PUBLIC_URL", "https://example.org:0"),
        ("UNSAID_PUBLIC_URL", "https://example.org:65536"),
        ("UNSAID_PUBLIC_URL", "https://[::1"),
        ("UNSAID_PUBLIC_URL", "https://[::1]x"),
        ("UNSAID_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("UNSAID_TRUSTED_PROXIES", "127.0.0.1,,::1"),
        ("UNSAID_TRUSTED_PROXIES", "proxy.example.org"),
        ("UNSAID_DATABASE", "mysql://root:hunter2@localhost/unsaid"),
        ("UNSAID_MAIL", "smtp://u:hunter2@mail.example.org/path"),
        ("UNSAID_MAIL", "smtps://u:hunter2@mail.example.org?tls=none"),
        ("UNSAID_MAIL", "smtp://u:hunter2%zz@mail.example.org"),
        ("UNSAID_MAIL", "smtp://u:hunter2%ff@mail.example.org"),
        ("UNSAID_MAIL", "http://u:hunter2@mail.example.org"),
        ("UNSAID_MAIL", "hunter2"),
        ("UNSAID_MAIL_FROM", "unsaid@example.org\r\nBcc: all@example.org"),
        ("UNSAID_MAIL_FROM", ".unsaid@example.org"),
        ("UNSAID_HOUSE_NAME", "the house\r\nBcc: all@example.org"),
        ("UNSAID_HOUSE_NAME", " "),
        ("UNSAID_MAX_UPLOAD_MIB", "18446744073709551616"),
        ("UNSAID_MAX_BODY_KIB", "-1"),
        ("UNSAID_MAX_DEPTH", "3"),
        ("UNSAID_HOURLY", "1e3"),
        ("UNSAID_TIME_HOSTS", "https://www.example.org/"),
        ("UNSAID_TIME_HOSTS", "www.example.org,,example.net"),
        ("UNSAID_TIME_HOSTS", "time"),
        ("UNSAID_TIME_HOSTS", "a.localhost"),
        ("UNSAID_TIME_HOSTS", "192.0.2.1"),
        ("UNSAID_TIME_HOSTS", "www.example.org, WWW.example.org"),
        ("UNSAID_WEBHOOK", "http://sms.example.org/hunter2"),
        ("UNSAID_WEBHOOK", "http://localhost.example.org/hunter2"),
        ("UNSAID_WEBHOOK", "ftp://127.0.0.1/hunter2"),
        ("UNSAID_WEBHOOK", "https://me:hunter2@sms.example.org/"),
        ("UNSAID_WEBHOOK", "https://sms.example.org/#hunter2"),
        ("UNSAID_WEBHOOK", "hunter2"),
        ("UNSAID_WEBHOOK_SECRET", "hunter2"),
        ("UNSAID_PUSH", "hunter2"),
        ("UNSAID_PUSH_SERVICES", "https://hunter2.example.org/"),
        ("UNSAID_PUSH_SERVICES", "*"),
        ("UNSAID_PUSH_SERVICES", "*.org"),
        ("UNSAID_PUSH_SERVICES", "a.example.org,,b.example.org"),
        ("UNSAID_PUSH_SERVICES", "127.0.0.1"),
        ("UNSAID_PUSH_SERVICES", "[::1]"),
        ("UNSAID_PUSH_SERVICES", "push.localhost"),
        ("UNSAID_PUSH_SERVICES", "push.example.org:8080"),
        ("UNSAID_PUSH_SERVICES", "a.*.example.org"),
    ] {
        let said = refusal(&[(name, value)]);
        assert!(said.starts_with(name), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mail");
    std::fs::write(&file, "smtps://house:word@mail.example.org\n").expect("written");
    let path = file.to_str().expect("UTF-8");
    let Mail::Relay(relay) = good(&[("UNSAID_MAIL_FILE", path)]).mail else { panic!("the outbox") };
    assert_eq!(relay.password.expect("a password").expose_to_the_other_side(), "word");

    let both = refusal(&[("UNSAID_MAIL_FILE", path), ("UNSAID_MAIL", "outbox")]);
    assert_eq!(both, "UNSAID_MAIL and UNSAID_MAIL_FILE are both set. Keep one of them.");
    std::fs::write(&file, "\n").expect("written");
    assert!(refusal(&[("UNSAID_MAIL_FILE", path)]).contains("which is empty"));
    std::fs::write(&file, vec![b'x'; 65 * 1024]).expect("written");
    assert!(refusal(&[("UNSAID_MAIL_FILE", path)]).contains("larger than 64 KiB"));
    std::fs::remove_file(&file).expect("removed");
    assert!(refusal(&[("UNSAID_MAIL_FILE", path)]).contains("cannot be read"));
    assert!(refusal(&[("UNSAID_ZONE_FILE", path)]).contains("is not a setting"), "only secrets have a twin");
}

#[test]
fn an_empty_value_is_none_and_what_tests_use_is_not_ours() {
    let settings = good(&[
        ("UNSAID_HOURLY", ""),
        ("UNSAID_MAIL_FILE", ""),
        ("UNSAID_TEST_REQUIRE", "1"),
        ("UNSAID_BLESS", "1"),
    ]);
    assert_eq!(settings.hourly, 200);
}

#[test]
fn a_house_for_others_is_not_opened_with_an_outbox_or_without_tls() {
    let refused = |pairs: &[(&str, &str)]| {
        let errors = good(pairs).may_serve().expect_err("it may serve");
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let relay = ("UNSAID_MAIL", "smtps://mail.example.org");
    let outbox = refused(&[("UNSAID_PUBLIC_URL", "https://letters.example.org")]);
    assert_eq!(outbox.len(), 1);
    assert!(outbox[0].starts_with("UNSAID_MAIL is outbox"), "{outbox:?}");
    let open = refused(&[("UNSAID_PUBLIC_URL", "http://letters.example.org"), relay]);
    assert_eq!(open.len(), 1);
    assert!(open[0].contains("in the open"), "{open:?}");
    assert_eq!(refused(&[("UNSAID_PUBLIC_URL", "http://192.0.2.1:7070")]).len(), 2);
    // A name that only begins like this machine is another machine.
    assert_eq!(refused(&[("UNSAID_PUBLIC_URL", "http://localhost.example.org")]).len(), 2);
    for here in ["http://localhost:7070", "http://127.0.0.9", "http://[::1]:7070", "http://a.localhost"] {
        assert!(good(&[("UNSAID_PUBLIC_URL", here)]).may_serve().is_ok(), "{here}");
    }
}

#[test]
fn a_house_does_not_ask_itself_what_time_it_is() {
    let ask = |hosts: &str| {
        good(&[
            ("UNSAID_PUBLIC_URL", "https://Letters.Example.org"),
            ("UNSAID_MAIL", "smtps://mail.example.org"),
            ("UNSAID_TIME_HOSTS", hosts),
        ])
    };
    assert_eq!(ask("www.example.org,example.net").time_hosts, ["www.example.org", "example.net"]);
    assert!(ask("www.example.org,example.net").may_serve().is_ok());
    let errors = ask("www.example.org,letters.example.org").may_serve().expect_err("it may serve");
    assert!(errors.len() == 1 && errors[0].what.contains("which is this house"), "{errors:?}");
}

#[test]
fn a_webhook_is_on_this_machine_or_proves_its_name() {
    let asked = |value: &str| {
        let hook = good(&[("UNSAID_WEBHOOK", value)]).webhook.expect("a webhook");
        (hook.url.expose_to_the_other_side().to_owned(), hook.shown)
    };
    let there = asked("https://SMS.example.org:8443/a/token?b=c");
    assert_eq!(there.0, "https://sms.example.org:8443/a/token?b=c");
    assert_eq!(there.1, "https://sms.example.org:8443");
    assert_eq!(asked("http://[::1]:9000").0, "http://[::1]:9000/");
    assert_eq!(asked("http://localhost?a").0, "http://localhost?a");
    let lonely = good(&[("UNSAID_WEBHOOK_SECRET", "0123456789abcdef")]);
    let errors = lonely.may_serve().expect_err("it may serve");
    assert!(errors.len() == 1 && errors[0].what.starts_with("UNSAID_WEBHOOK_SECRET is set"), "{errors:?}");
}

#[test]
fn a_house_that_is_tried_out_on_another_port_is_found_there() {
    let at = |listen: &str| good(&[("UNSAID_LISTEN", listen)]).public_url;
    assert_eq!(at("127.0.0.1:8080").origin, "http://localhost:8080");
    assert_eq!(at("127.0.0.1:80").origin, "http://localhost");
    assert_eq!(at("127.0.0.1:80").authority, "localhost");
}

#[test]
fn mails_come_from_the_house_unless_it_is_said_otherwise() {
    let from = |url: &str| good(&[("UNSAID_PUBLIC_URL", url)]).mail_from;
    assert_eq!(from("https://letters.example.org"), "unsaid@letters.example.org");
    assert_eq!(from("http://127.0.0.1:7070"), "unsaid@localhost");
    assert_eq!(from("http://[::1]:7070"), "unsaid@localhost");
}

#[test]
fn the_operating_guide_holds_the_table() {
    const BEGIN: &str = "<!-- settings: made from the table in crates/unsaid/src/settings/table.rs -->\n";
    const END: &str = "<!-- settings end -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operating.md");
    let page = std::fs::read_to_string(&path).expect("docs/operating.md");
    let (before, rest) = page.split_once(BEGIN).expect("the first marker");
    let (inside, after) = rest.split_once(END).expect("the last marker");
    let wanted = format!("\n{}\n", operating_table());
    #[expect(clippy::disallowed_methods, reason = "a test's own switch, not a setting")]
    let bless = std::env::var_os("UNSAID_BLESS").is_some();
    if bless {
        std::fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).expect("written");
    } else {
        assert_eq!(
            inside, wanted,
            "docs/operating.md is behind the table. Refresh it: UNSAID_BLESS=1 cargo test -p unsaid --test settings"
        );
    }
}

#[test]
fn every_row_can_stand_in_a_table_of_markdown() {
    for row in table() {
        for text in [row.name, row.kind, row.default, row.meaning] {
            assert!(!text.contains(['|', '\n']) && !text.is_empty(), "{}: {text}", row.name);
        }
        assert!(row.name.starts_with("UNSAID_"));
    }
}
