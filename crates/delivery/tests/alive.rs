//! Who may be told that she lives, after a release that was false (docs/delivery.md, `a-sign-after-the-release`). The pure rules alone.

use unsaid_delivery::Observed;
use unsaid_delivery::clock::Now;
use unsaid_delivery::decide::Address;
use unsaid_delivery::id::{AccountId, AddressId, LetterId, PersonId};
use unsaid_delivery::life::alive::{
    NotTold, Told, Waited, can_be_taken_back, leaves, reached, still_allowed, tell,
};
use unsaid_delivery::life::{Life, Plan, Stage, accept};
use unsaid_delivery::message::MessageState;
use unsaid_delivery::permit::Permit;
use unsaid_delivery::refusal::{Refused, Scope};
use unsaid_delivery::state::{Parked, State};

const DAN: PersonId = PersonId([1; 16]);
const MARA: PersonId = PersonId([2; 16]);

fn life(stage: Stage) -> Life {
    let now = Now { trusted: "2026-11-22T12:00:00Z".parse().unwrap(), observed: Observed(0) };
    Life { stage, ..accept::arm(AccountId([9; 16]), None, Plan::default(), now).unwrap().life }
}

fn letter(person: PersonId, state: State) -> Waited {
    Waited { person, state, withdrew: false }
}

fn told(person: PersonId, state: MessageState, taken_back: bool) -> Told {
    Told { person, state, taken_back }
}

fn address(refused: &[Scope]) -> Address {
    let refused = refused.iter().map(|scope| Refused { scope: *scope }).collect();
    Address { id: AddressId([1; 16]), good: true, refused }
}

#[test]
fn whatever_was_done_with_a_letter_that_has_left_the_same_person_is_listed() {
    for state in [
        State::Knocked(1),
        State::Later("2027-01-01".parse().unwrap()),
        State::Opened,
        State::Refused,
        State::Unanswered,
        State::Unreachable,
        State::Parked { why: Parked::ByHost, left: true },
    ] {
        assert_eq!(reached(&[letter(DAN, state), letter(DAN, State::Knocked(2))]), [DAN], "{state:?}");
        assert_eq!(
            tell(&life(Stage::Present), &[letter(DAN, state)], &[], &[DAN]),
            Ok(vec![DAN]),
            "{state:?}"
        );
    }
}

#[test]
fn nobody_is_told_to_whom_nothing_has_left_or_while_she_is_not_believed_to_be_well() {
    let letters = [letter(DAN, State::Knocked(1)), letter(MARA, State::Waiting)];
    assert_eq!(reached(&letters), [DAN]);
    assert_eq!(tell(&life(Stage::Present), &letters, &[], &[DAN, MARA]), Err(NotTold::NothingLeft));
    let withdrawn = Waited { withdrew: true, ..letters[0] };
    assert_eq!(tell(&life(Stage::Present), &[withdrawn], &[], &[DAN]), Err(NotTold::NothingLeft));
    let stopped = Stage::Stopped { until: Observed(9), resumes: None };
    for stage in [Stage::Released, Stage::Asked, Stage::Silent, Stage::Ended, stopped] {
        assert_eq!(tell(&life(stage), &letters, &[], &[DAN]), Err(NotTold::NotPresent), "{stage:?}");
    }
}

#[test]
fn once_to_each_and_asked_for_again_only_after_she_took_it_back() {
    let letters = [letter(MARA, State::Opened), letter(DAN, State::Knocked(1))];
    let well = life(Stage::Present);
    assert_eq!(tell(&well, &letters, &[], &[DAN, MARA, DAN]), Ok(vec![MARA, DAN]));
    for state in [
        MessageState::Waiting,
        MessageState::Started,
        MessageState::Accepted,
        MessageState::Refused,
        MessageState::Dropped,
    ] {
        let before = told(DAN, state, false);
        assert_eq!(tell(&well, &letters, &[before], &[DAN, MARA]), Ok(vec![MARA]), "{state:?}");
        assert_eq!(can_be_taken_back(&before), state == MessageState::Waiting, "{state:?}");
    }
    let back = told(DAN, MessageState::Dropped, true);
    assert_eq!(tell(&well, &letters, &[back], &[DAN]), Ok(vec![DAN]));
    assert_eq!(leaves(Observed(10)).0, 10 + 3_600);
}

#[test]
fn right_before_it_leaves_she_must_be_well_and_they_must_not_have_said_no() {
    let well = life(Stage::Present);
    assert_eq!(still_allowed(Some(&well), Some(&address(&[]))), Permit::Go);
    assert_eq!(still_allowed(Some(&well), Some(&address(&[Scope::Letter(LetterId([1; 16]))]))), Permit::Go);
    for scope in [Scope::Author, Scope::House, Scope::NotMe, Scope::Quiet] {
        assert_eq!(
            still_allowed(Some(&well), Some(&address(&[scope]))),
            Permit::Drop("refused-is-not-contacted"),
            "{scope:?}"
        );
    }
    let dead = Address { good: false, ..address(&[]) };
    assert_eq!(still_allowed(Some(&well), Some(&dead)), Permit::Drop("address-is-dead"));
    assert_eq!(still_allowed(Some(&well), None), Permit::Drop("address-removed"));
    for gone in [Stage::Asked, Stage::Released, Stage::Ended] {
        assert_eq!(
            still_allowed(Some(&life(gone)), Some(&address(&[]))),
            Permit::Drop("alive-while-present"),
            "{gone:?}"
        );
    }
    assert_eq!(still_allowed(None, Some(&address(&[]))), Permit::Drop("alive-while-present"));
}
