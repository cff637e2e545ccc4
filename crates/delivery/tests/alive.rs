//! Who may be told that she lives, after a release that was false (docs/delivery.md, `told-that-she-lives`). The pure rules alone.

use unsaid_delivery::Observed;
use unsaid_delivery::clock::Now;
use unsaid_delivery::decide::Address;
use unsaid_delivery::id::{AccountId, AddressId, LetterId, PersonId};
use unsaid_delivery::life::alive::{
    NotTold, Told, Waited, can_be_taken_back, goes_to, leaves, reached, still_allowed, tell,
};
use unsaid_delivery::life::{Life, Plan, Stage, accept};
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
    Waited { person, state, late: false }
}

fn told(person: PersonId, taken_back: bool) -> Told {
    Told { person, leaves: Observed(3_600), taken_back }
}

fn address(id: u8, refused: &[Scope]) -> Address {
    let refused = refused.iter().map(|scope| Refused { scope: *scope }).collect();
    Address { id: AddressId([id; 16]), good: true, refused }
}

#[test]
fn told_that_she_lives_whoever_a_letter_has_left_to_whatever_they_did_with_it() {
    for state in [
        State::Knocked(1),
        State::Later("2027-01-01".parse().unwrap()),
        State::Opened,
        State::Refused,
        State::Unanswered,
        State::Unreachable,
        State::Parked { why: Parked::ByHost, left: true },
    ] {
        let well = life(Stage::Present);
        assert_eq!(reached(&[letter(DAN, state), letter(DAN, State::Knocked(2))]), [DAN], "{state:?}");
        assert_eq!(tell(Some(&well), &[letter(DAN, state)], &[], &[DAN]), Ok(vec![DAN]), "{state:?}");
    }
}

#[test]
fn also_where_she_took_the_letter_back_after_it_had_left() {
    let back = Waited { late: true, ..letter(DAN, State::Withdrawn { undone: false }) };
    assert_eq!(tell(Some(&life(Stage::Present)), &[back], &[], &[DAN]), Ok(vec![DAN]));
    let in_time = Waited { late: false, ..back };
    assert_eq!(
        tell(Some(&life(Stage::Present)), &[in_time], &[], &[DAN]),
        Err(NotTold::NothingLeft),
        "nobody was knocked for"
    );
}

#[test]
fn nobody_is_told_to_whom_nothing_has_left_or_while_she_is_not_believed_to_be_well() {
    let letters = [letter(DAN, State::Knocked(1)), letter(MARA, State::Waiting)];
    let well = life(Stage::Present);
    assert_eq!(reached(&letters), [DAN]);
    assert_eq!(tell(Some(&well), &letters, &[], &[DAN, MARA]), Err(NotTold::NothingLeft));
    for state in [State::Resting, State::Due, State::Sending, State::Askable] {
        assert_eq!(reached(&[letter(DAN, state)]), [], "{state:?}");
    }
    let resumes = Stage::Stopped { until: Observed(9), resumes: Some(Observed(5)) };
    for stage in [Stage::Released, Stage::Asked, Stage::Reminded(1), Stage::Silent, resumes] {
        assert_eq!(tell(Some(&life(stage)), &letters, &[], &[DAN]), Err(NotTold::NotWell), "{stage:?}");
    }
    assert_eq!(tell(None, &letters, &[], &[DAN]), Err(NotTold::NotWell));
    // With the stop paper, or by ending all of it, she has said herself that she lives.
    let stopped = Stage::Stopped { until: Observed(9), resumes: None };
    for stage in [stopped, Stage::Ended] {
        assert_eq!(tell(Some(&life(stage)), &letters, &[], &[DAN]), Ok(vec![DAN]), "{stage:?}");
    }
}

#[test]
fn once_to_each_and_asked_for_again_only_after_she_took_it_back() {
    let letters = [letter(MARA, State::Opened), letter(DAN, State::Knocked(1))];
    let well = life(Stage::Present);
    assert_eq!(tell(Some(&well), &letters, &[], &[DAN, MARA, DAN]), Ok(vec![MARA, DAN]));
    let before = told(DAN, false);
    assert_eq!(tell(Some(&well), &letters, &[before], &[DAN, MARA]), Ok(vec![MARA]));
    assert_eq!(tell(Some(&well), &letters, &[before], &[DAN]), Ok(vec![]));
    let back = told(DAN, true);
    assert_eq!(tell(Some(&well), &letters, &[back], &[DAN]), Ok(vec![DAN]));
}

#[test]
fn for_an_hour_it_can_be_taken_back_and_then_never() {
    assert_eq!(leaves(Observed(10)).0, 10 + 3_600);
    assert!(can_be_taken_back(&told(DAN, false), Observed(3_599)));
    assert!(!can_be_taken_back(&told(DAN, false), Observed(3_600)));
    assert!(!can_be_taken_back(&told(DAN, true), Observed(0)), "it was");
}

#[test]
fn it_goes_where_a_knock_went_and_nowhere_else() {
    let (old, new, third) = (address(1, &[]), address(2, &[]), address(3, &[]));
    let all = [old.clone(), new.clone(), third.clone()];
    assert_eq!(goes_to(&all, &[new.id, old.id]), Some(new.id), "the newest first");
    assert_eq!(goes_to(&all, &[]), None, "nobody was told anything");
    assert_eq!(goes_to(&[old.clone(), third.clone()], &[new.id, old.id]), Some(old.id), "it was taken away");
    let not_me = address(2, &[Scope::NotMe]);
    assert_eq!(goes_to(&[old.clone(), not_me, third.clone()], &[new.id, old.id]), Some(old.id));
    let dead = Address { good: false, ..old };
    assert_eq!(
        goes_to(&[dead, third], &[AddressId([1; 16])]),
        None,
        "to no address that was never knocked at"
    );
}

#[test]
fn right_before_it_leaves_she_must_not_be_thought_gone_and_they_must_not_have_said_no() {
    let well = life(Stage::Present);
    assert_eq!(still_allowed(Some(&well), Some(&address(1, &[]))), Permit::Go);
    let letter = Scope::Letter(LetterId([1; 16]));
    assert_eq!(still_allowed(Some(&well), Some(&address(1, &[letter]))), Permit::Go);
    for scope in [Scope::Author, Scope::House, Scope::NotMe, Scope::Quiet] {
        assert_eq!(
            still_allowed(Some(&well), Some(&address(1, &[scope]))),
            Permit::Drop("refused-is-not-contacted"),
            "{scope:?}"
        );
    }
    let dead = Address { good: false, ..address(1, &[]) };
    assert_eq!(still_allowed(Some(&well), Some(&dead)), Permit::Drop("address-is-dead"));
    assert_eq!(still_allowed(Some(&well), None), Permit::Drop("address-removed"));
    for fine in [Stage::Asked, Stage::Ended] {
        assert_eq!(still_allowed(Some(&life(fine)), Some(&address(1, &[]))), Permit::Go, "{fine:?}");
    }
    for gone in [Stage::Silent, Stage::Released] {
        assert_eq!(
            still_allowed(Some(&life(gone)), Some(&address(1, &[]))),
            Permit::Drop("told-while-well"),
            "{gone:?}"
        );
    }
    assert_eq!(still_allowed(None, Some(&address(1, &[]))), Permit::Drop("told-while-well"));
}
