//! Stories of a house that holds its letters back: what leaves all the same, and what changes by it.

use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::Observed;
use unsaid_delivery::clock::Now;
use unsaid_delivery::hold::{Hold, all_let};
use unsaid_delivery::id::{AccountId, MessageId};
use unsaid_delivery::message::{Call, Kind, Ladder, Message, MessageState, Notice, Says, Subject};
use unsaid_delivery::permit::{Facts, Permit, still_allowed};
use unsaid_delivery::record::{self, Answer};
use unsaid_delivery::state::Wake;

/// A confirmation, which leaves however she stands.
const LADDER: Kind = Kind::Ladder(Ladder { says: Says::Stopped, episode: 1, rung: 0 });
const KINDS: [Kind; 4] = [Kind::Code, Kind::Notice(Notice::KitUsed), LADDER, Kind::Knock];

fn now() -> Now {
    Now { trusted: "2027-01-01T00:00:00Z".parse().unwrap(), observed: Observed(1_000) }
}

fn message(kind: Kind) -> Message {
    Message {
        id: MessageId([1; 16]),
        kind,
        subject: Subject::Account(AccountId([2; 16])),
        nth: 1,
        address: None,
        state: MessageState::Waiting,
        tries: 0,
        since: Observed(0),
        date: None,
        expires: None,
        foreseen: true,
        rev: 1,
    }
}

/// What leaves while this stands.
fn let_by(hold: Hold) -> Vec<Kind> {
    KINDS.into_iter().filter(|kind| hold.lets(*kind)).collect()
}

#[test]
fn house_holds() {
    for hold in Hold::ALL {
        let asked = |kind, holds: &[Hold]| {
            still_allowed(&message(kind), Facts { address: None, deliveries: &[], holds, life: None }, now())
        };
        assert_eq!(asked(Kind::Knock, &[hold]), Permit::Wait("house-holds"), "{hold:?}");
        assert_eq!(asked(Kind::Code, &[hold]), Permit::Go, "{hold:?}: somebody has to come in and mend it");
        for call in Call::ALL {
            assert_eq!(
                asked(Kind::Notice(Notice::HostCalled(call)), &[hold]),
                Permit::Go,
                "{hold:?} {call:?}"
            );
        }
    }
    // The gravest that stands decides.
    assert!(all_let(&[Hold::ByHost], LADDER) && !all_let(&[Hold::ByHost, Hold::NotAdopted], LADDER));
    // A message that is pointless by now ends, held or not.
    let late = Message { expires: Some(now().trusted), ..message(LADDER) };
    let facts = Facts { address: None, deliveries: &[], holds: &[Hold::NotAdopted], life: None };
    assert_eq!(still_allowed(&late, facts, now()), Permit::Drop("pointless-now"));
}

#[test]
fn a_house_that_only_waits_goes_on_with_confirmations_and_check_ins() {
    for hold in [Hold::ByHost, Hold::NoTrustedTime] {
        assert_eq!(let_by(hold), KINDS[..3], "{hold:?}");
        assert!(hold.lets_keep());
    }
}

#[test]
fn a_house_that_may_be_another_says_nothing_to_anybody() {
    for hold in [Hold::NotAdopted, Hold::AnotherHouse, Hold::TwoGenerations, Hold::JournalMissing] {
        assert_eq!(let_by(hold), [Kind::Code], "{hold:?}");
        assert!(!hold.lets_keep());
    }
}

#[test]
fn every_hold_has_a_name_of_its_own_and_says_what_to_do() {
    for hold in Hold::ALL {
        assert_eq!(Hold::of(hold.key()), Some(hold));
        assert!(hold.means().ends_with('.') && hold.means().matches(". ").count() == 0, "{}", hold.means());
        assert!(!hold.to_do().is_empty());
    }
    assert_eq!(Hold::of("breakfast"), None);
}

#[test]
fn what_is_never_held_is_tried_again_although_no_service_counts() {
    // While the house holds its letters back, observed time stands still: a code that met a busy relay must not wait for it.
    let at = |seconds| -> Timestamp { now().trusted + SignedDuration::from_secs(seconds) };
    let again = |kind| record::answered(&message(kind), Answer::Later, now()).wake;
    assert_eq!(again(Kind::Code), Some(Wake::Trusted(at(5))));
    assert_eq!(again(Kind::Notice(Notice::KitUsed)), Some(Wake::Trusted(at(60))));
    assert_eq!(again(Kind::Knock), Some(Wake::Observed(Observed(1_060))));
}
