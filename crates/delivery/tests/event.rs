//! The stories of a gate that keepers' word opens: each test is named for the rule that it defends (docs/delivery.md).

use jiff::Timestamp;
use unsaid_delivery::decide::Gone;
use unsaid_delivery::event::{Event, GRACE_DAYS, Gateway, NoWord, Told, needed};
use unsaid_delivery::id::KeeperId;
use unsaid_delivery::state::Wake;
use unsaid_delivery::{Now, Observed};

const ANN: KeeperId = KeeperId([1; 16]);
const BEN: KeeperId = KeeperId([2; 16]);
const CAM: KeeperId = KeeperId([3; 16]);
const STRANGER: KeeperId = KeeperId([9; 16]);

fn day(days: i64) -> Now {
    let start: Timestamp = "2030-01-01T09:00:00Z".parse().unwrap();
    let trusted = start.checked_add(jiff::SignedDuration::from_hours(24 * days)).unwrap();
    Now { trusted, observed: Observed(0).plus_days(days) }
}

fn event(keepers: &[KeeperId]) -> Event {
    Event { quorum: 2, keepers: keepers.to_vec(), waits: true, ..Event::default() }
}

fn said(event: &Event, keeper: KeeperId, happened: bool, now: Now) -> Event {
    event.say(keeper, happened, now).unwrap().0
}

fn open(event: &Event, now: Now) -> bool {
    matches!(event.gateway(now), Gateway::Open(_))
}

/// Two of three have said it on the first day, and she was told of it then.
fn spoken() -> Event {
    let event = said(&said(&event(&[ANN, BEN, CAM]), ANN, true, day(0)), BEN, true, day(0));
    Event { told: Some(Told::Since(day(0).observed)), ..event }
}

#[test]
fn at_least_two() {
    assert_eq!(needed(1, 0), None);
    assert_eq!(needed(3, 1), Some(1));
    for quorum in 0..=2 {
        assert_eq!(needed(quorum, 2), Some(2));
        assert_eq!(needed(quorum, 5), Some(2));
    }
    assert_eq!(needed(3, 5), Some(3));
    assert_eq!(needed(5, 4), Some(4));
    // One of one is enough; one of two is not, however few the rule asks for.
    let alone = said(&event(&[ANN]), ANN, true, day(0));
    assert!(alone.spoken.is_some());
    let two = Event { quorum: 1, ..event(&[ANN, BEN]) };
    assert!(said(&two, ANN, true, day(0)).spoken.is_none());
}

#[test]
fn word_of_keepers() {
    let one = said(&event(&[ANN, BEN, CAM]), ANN, true, day(0));
    assert_eq!((one.count(), one.spoken), ((1, 0), None));
    let (two, what) = one.say(BEN, true, day(1)).unwrap();
    assert!(what.begins && two.spoken.is_some_and(|spoken| spoken.grace));
    // Who says it third changes nothing of the days.
    let (three, what) = two.say(CAM, true, day(5)).unwrap();
    assert_eq!((what.begins, three.spoken), (false, two.spoken));
    // Twice the same, a stranger, one who was removed, and a letter that does not wait: clear answers.
    assert_eq!(one.say(ANN, true, day(1)).unwrap_err(), NoWord::Same);
    assert_eq!(one.say(STRANGER, true, day(1)).unwrap_err(), NoWord::NotAKeeper);
    let removed = Event { keepers: vec![BEN, CAM], ..one.clone() };
    assert_eq!(removed.say(ANN, true, day(1)).unwrap_err(), NoWord::NotAKeeper);
    assert!(said(&removed, BEN, true, day(1)).spoken.is_none(), "the word of who was removed does not count");
    let over = Event { waits: false, ..one };
    assert_eq!(over.say(BEN, true, day(1)).unwrap_err(), NoWord::Over);
}

#[test]
fn nothing_by_silence() {
    let silent = event(&[ANN, BEN]);
    assert_eq!(silent.gateway(day(90_000)), Gateway::Shut(None));
    let one = said(&silent, ANN, true, day(0));
    assert_eq!(one.gateway(day(90_000)), Gateway::Shut(None));
    let disagree = said(&one, BEN, false, day(1));
    assert_eq!((disagree.count(), disagree.gateway(day(90_000))), ((1, 1), Gateway::Shut(None)));
    assert_eq!(Event { quorum: 2, ..Event::default() }.gateway(day(90_000)), Gateway::Shut(None));
}

#[test]
fn word_grace() {
    let event = spoken();
    assert_eq!(event.gateway(day(13)), Gateway::Shut(Some(Wake::Observed(day(GRACE_DAYS).observed))));
    assert_eq!(event.gateway(day(14)), Gateway::Open(Gone { at: day(GRACE_DAYS).trusted, foreseen: true }));
    // It is counted from when she was told, and what only waits to leave has told her nothing.
    let late = Event { told: Some(Told::Since(day(5).observed)), ..event.clone() };
    assert!(!open(&late, day(18)) && open(&late, day(19)));
    let waits = Event { told: Some(Told::Waits), ..event.clone() };
    assert_eq!(waits.gateway(day(400)), Gateway::Shut(Some(Wake::Observed(day(401).observed))));
    // Neither clock alone is enough.
    let slept = Now { observed: day(3).observed, ..day(400) };
    assert!(!open(&event, slept));
    let early = Now { trusted: day(3).trusted, ..day(400) };
    assert_eq!(event.gateway(early), Gateway::Shut(Some(Wake::Trusted(day(GRACE_DAYS).trusted))));
    // After her release there is nobody to be told: at once, and nobody has foreseen it.
    let after = Event { released: true, ..three() };
    let after = said(&said(&after, ANN, true, day(0)), BEN, true, day(1));
    assert_eq!(after.gateway(day(1)), Gateway::Open(Gone { at: day(1).trusted, foreseen: false }));
}

fn three() -> Event {
    event(&[ANN, BEN, CAM])
}

#[test]
fn word_of_keepers_taken_back() {
    let (doubt, what) = spoken().say(BEN, false, day(13)).unwrap();
    assert_eq!((doubt.spoken, doubt.told, what.why), (None, None, "word-of-keepers-taken-back"));
    assert!(!open(&doubt, day(400)));
    // With the next quorum the days begin anew.
    let again = said(&doubt, CAM, true, day(20));
    assert_eq!(again.spoken.map(|spoken| spoken.since), Some(day(20).observed));
    // Once the gate has opened it stays open.
    assert_eq!(spoken().say(BEN, false, day(14)).unwrap_err(), NoWord::Over);
    // A keeper who is one no more takes their word along.
    let (gone, _) = Event { keepers: vec![ANN, CAM], ..spoken() }.counted(day(3));
    assert_eq!(gone.spoken, None);
    let (stays, _) = Event { keepers: vec![ANN, CAM], ..spoken() }.counted(day(14));
    assert!(open(&stays, day(14)));
}

#[test]
fn word_stopped() {
    let stopped = spoken().stop(day(13)).unwrap();
    assert_eq!((stopped.heard.len(), stopped.spoken, stopped.told), (0, None, None));
    // They may say it anew, all of them, and everything begins anew.
    let one = said(&stopped, ANN, true, day(14));
    assert_eq!(one.spoken, None);
    assert!(said(&one, BEN, true, day(15)).spoken.is_some());
    assert!(spoken().stop(day(14)).is_none(), "it has opened");
    assert!(three().stop(day(0)).is_none(), "nothing was said");
}
