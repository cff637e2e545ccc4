//! What waits for a host, said: the same words on the page, in the terminal and in the code that logs them; two sentences each; and nothing waits that is well.

use super::*;
use crate::room::{DiskSeen, Left, Standing as Room};
use unsaid_delivery::Observed;
use unsaid_delivery::clock::{DAY, HOUR, Mark};
use unsaid_store::care::Thing;

/// A house that is a hundred days old by every clock, in which all is well.
fn seen() -> Seen {
    let trusted: jiff::Timestamp = "2027-03-01T12:00:00Z".parse().unwrap();
    let now = Now { trusted, observed: Observed(100 * DAY) };
    let mark = Some(Mark { trusted, observed: now.observed });
    Seen {
        now,
        house: House { generation: 1, keys_confirmed: true, accounts: 3, mark },
        standing: Vec::new(),
        parked: Vec::new(),
        findings: Vec::new(),
        health: Health {
            backed_up: Some(trusted),
            accepted: Some(Observed(100 * DAY - HOUR)),
            ..Health::default()
        },
        relay: None,
        beside: Beside::default(),
    }
}

fn settings() -> Settings {
    Settings::from_env(std::iter::empty()).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

fn matters(seen: &Seen) -> Vec<Matter> {
    seen.matters(&settings())
}

/// Everything that can wait.
fn all() -> Vec<Matter> {
    let reasons =
        [Parked::RuleUnknown, Parked::WrongBinding, Parked::Damaged, Parked::ZoneUnknown, Parked::Internal];
    let doubts = [
        Doubt::Settling { ahead_seconds: 700 },
        Doubt::NeedsConfirming { ahead_seconds: 50 * DAY },
        Doubt::Behind { behind_seconds: 7_300 },
        Doubt::Alone { ahead_seconds: -7_300 },
        Doubt::Apart { between_seconds: 100 },
        Doubt::Ahead { ahead_seconds: 3_601 },
    ];
    let mut all: Vec<Matter> = Hold::ALL.into_iter().map(Matter::Holds).collect();
    all.extend(reasons.into_iter().flat_map(|why| [Matter::Parked(why, 1), Matter::Parked(why, 7)]));
    all.extend(doubts.map(Matter::Clock));
    all.extend(Wrong::ALL.map(|wrong| Matter::Found(wrong, vec!["blob x".into()])));
    all.extend([
        Matter::Unforeseen(1),
        Matter::Unforeseen(40),
        Matter::Crashes(3),
        Matter::Outvoted("one.example".into(), 9 * DAY),
        Matter::Outvoted(crate::clock::WALL.into(), -9 * DAY),
        Matter::Silent,
        Matter::Relay,
        Matter::NoMail(7 * HOUR, 12),
        Matter::Hook(30 * HOUR),
        Matter::Tight(4),
        Matter::Full,
        Matter::Backup(None),
        Matter::Backup(Some(30)),
        Matter::Keys,
    ]);
    all
}

#[test]
fn everything_that_waits_is_two_sentences_in_each_language_and_a_command_is_one_that_there_is() {
    for words in ["en", "es"].map(Words::of) {
        for matter in all() {
            let said = matter.says(words);
            assert!(said.what.ends_with('.') && !said.what.contains(". "), "{matter:?}: {}", said.what);
            assert!(
                said.what.starts_with(|c: char| c.is_uppercase() || c.is_numeric() || c == 'o'),
                "{}",
                said.what
            );
            assert!(!said.to_do.contains(". ") && !said.to_do.is_empty(), "{matter:?}: {}", said.to_do);
            let (sentence, command) = said.command();
            match command {
                Some(command) => {
                    assert!(sentence.ends_with(':') && !command.ends_with('.'), "{}", said.to_do)
                }
                None => assert!(said.to_do.ends_with('.'), "{matter:?}: {}", said.to_do),
            }
        }
    }
}

#[test]
fn a_host_reads_the_same_words_on_the_page_in_the_terminal_and_in_the_log() {
    for hold in Hold::ALL {
        let said = Matter::Holds(hold).says(Words::english());
        assert_eq!((plain(&said.what), plain(&said.to_do)), (hold.means().into(), hold.to_do().into()));
    }
    for wrong in Wrong::ALL {
        assert_eq!(Matter::Found(wrong, Vec::new()).says(Words::english()).plain(), wrong.says());
    }
}

#[test]
fn nothing_waits_in_a_house_that_is_well() {
    assert_eq!(matters(&seen()), []);
}

#[test]
fn a_backup_is_asked_for_after_the_days_that_the_host_named() {
    let aged = |days: i64| {
        let made = seen().now.trusted - jiff::SignedDuration::from_hours(days * 24);
        Seen { health: Health { backed_up: Some(made), ..seen().health }, ..seen() }
    };
    assert_eq!(matters(&aged(9)), []);
    assert_eq!(matters(&aged(10)), [Matter::Backup(Some(10))]);
    let never = |days: i64, accounts| Seen {
        now: Now { observed: Observed(days * DAY), ..seen().now },
        house: House { accounts, ..seen().house },
        health: Health { accepted: Some(Observed(days * DAY)), ..Health::default() },
        ..seen()
    };
    assert_eq!(matters(&never(9, 1)), [], "a house that has just begun");
    assert_eq!(matters(&never(10, 1)), [Matter::Backup(None)]);
    assert_eq!(matters(&never(10, 0)), [], "there is nobody whose letters could be lost");
    let other = Settings { backup_days: 0, ..settings() };
    assert_eq!(aged(900).matters(&other), [], "a host who keeps copies by other means");
}

#[test]
fn a_webhook_that_takes_nothing_for_a_day_is_a_matter_and_calls_nobody() {
    let since = |hours: i64| {
        let at = Some(Observed(100 * DAY - hours * HOUR));
        matters(&Seen { health: Health { hook_waits_since: at, ..seen().health }, ..seen() })
    };
    assert_eq!(since(23), []);
    assert_eq!(since(24), [Matter::Hook(DAY)]);
    assert_eq!(Matter::Hook(DAY).call(), None);
}

#[test]
fn mail_that_does_not_leave_is_a_matter_and_a_relay_that_has_nothing_to_do_is_none() {
    let since = |waits: i64, accepted: Option<i64>| {
        let at = |hours: i64| Observed(100 * DAY - hours * HOUR);
        let health =
            Health { waiting: 2, waits_since: Some(at(waits)), accepted: accepted.map(at), ..seen().health };
        matters(&Seen { health, ..seen() })
    };
    assert_eq!(since(5, Some(40)), [], "it is tried again every ten minutes");
    assert_eq!(since(6, Some(40)), [Matter::NoMail(6 * HOUR, 2)]);
    assert_eq!(since(6, None), [Matter::NoMail(6 * HOUR, 2)]);
    assert_eq!(since(900, Some(1)), [], "others leave: one address says 'not now' for weeks");
    assert_eq!(
        matters(&Seen { health: Health { accepted: Some(Observed(0)), ..seen().health }, ..seen() }),
        []
    );
}

#[test]
fn what_is_found_is_told_once_and_by_what_is_the_same_in_it() {
    let found = |thing, name: &str, wrong| Finding { thing, name: name.into(), wrong };
    let findings = vec![
        found(Thing::Blob, "a", Wrong::Damaged),
        found(Thing::Blob, "b", Wrong::Damaged),
        found(Thing::House, "2 since yesterday", Wrong::Fewer),
    ];
    let damaged = Matter::Found(Wrong::Damaged, vec!["blob a".into(), "blob b".into()]);
    let fewer = Matter::Found(Wrong::Fewer, vec!["house 2 since yesterday".into()]);
    assert_eq!(matters(&Seen { findings, ..seen() }), [damaged, fewer]);
}

#[test]
fn a_full_disk_a_house_that_dies_and_keys_that_are_nowhere_on_paper_wait_for_the_host() {
    let left = Left { free: 3, of: 100 };
    let disk = |standing| Beside { disk: Some(DiskSeen { left, reserve: 0, standing }), ..Beside::default() };
    let on = |beside| matters(&Seen { beside, ..seen() });
    assert_eq!(on(disk(Room::Room)), []);
    assert_eq!(on(disk(Room::Tight)), [Matter::Tight(3)]);
    assert_eq!(on(disk(Room::Full)), [Matter::Full]);
    assert_eq!(on(Beside { crashes: 2, ..Beside::default() }), []);
    assert_eq!(on(Beside { crashes: 3, ..Beside::default() }), [Matter::Crashes(3)]);
    let house = House { keys_confirmed: false, ..seen().house };
    assert_eq!(matters(&Seen { house, ..seen() }), [Matter::Keys]);
}

#[test]
fn what_a_host_has_done_calls_nobody_and_what_a_host_alone_can_mend_does() {
    let silent: Vec<Matter> = all().into_iter().filter(|matter| matter.call().is_none()).collect();
    assert_eq!(
        silent,
        [
            Matter::Holds(Hold::NotAdopted),
            Matter::Holds(Hold::ByHost),
            Matter::Clock(Doubt::Settling { ahead_seconds: 700 }),
            // It holds the whole house, and calls for that.
            Matter::Clock(Doubt::Ahead { ahead_seconds: 3_601 }),
            Matter::NoMail(7 * HOUR, 12),
            Matter::Hook(30 * HOUR),
            Matter::Keys,
        ]
    );
    let called: BTreeSet<Call> = all().iter().filter_map(Matter::call).collect();
    assert_eq!(called.len(), Call::ALL.len(), "no reason is there that nothing gives");
}
