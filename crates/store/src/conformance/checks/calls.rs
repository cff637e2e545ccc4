//! Calling the hosts, and what left lately.

use super::ok;
use super::sending::{LATE, started, written};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::message::{Call, Kind, Notice, Subject};
use unsaid_delivery::record::{self, Answer};

/// An account of this role.
async fn somebody(scene: &Scene<'_>, role: Role) -> Author {
    let (invitation, token, key) = (scene.keyed(), scene.keyed(), scene.keyed());
    ok!(scene.store.invite(invitation, role, trusted(DAY), None));
    let id = scene.account_id();
    ok!(scene.store.open_newcomer(token, id, key, scene.sealed_text(), Some(invitation), now(0)));
    ok!(scene.store.create_account(token, scene.new_account(id, key), false, now(0)))
}

/// Each host gets a notice that leaves at once, past whatever is held; nobody else does; once a day for each reason.
pub async fn call_host(scene: &Scene<'_>) {
    let notices = [scene.message_id(), scene.message_id(), scene.message_id()];
    assert_eq!(ok!(scene.store.call_host(Call::Relay, &notices, now(0))), 0, "nobody is here");
    somebody(scene, Role::Author).await;
    let (one, other) = (somebody(scene, Role::Host).await, somebody(scene, Role::Host).await);
    assert_eq!(ok!(scene.store.call_host(Call::Holds, &notices, now(9))), 2);
    let mut called = Vec::new();
    for notice in &notices[..2] {
        let view = ok!(scene.store.message(*notice)).expect("a notice");
        assert_eq!(view.message.kind, Kind::Notice(Notice::HostCalled(Call::Holds)));
        assert_eq!(view.message.expires, Some(trusted(9 + 3 * DAY)));
        let Subject::Account(account) = view.message.subject else { panic!("{:?}", view.message) };
        called.push(account);
    }
    called.sort();
    let mut hosts = [one.account(), other.account()];
    hosts.sort();
    assert_eq!(called, hosts);
    assert_eq!(ok!(scene.store.message(notices[2])), None);
    let taken = ok!(scene.store.take(scene.boot_id(), Lane::Codes, now(9), 9));
    assert_eq!(taken.len(), 2, "in the lane of codes");

    let again = [scene.message_id(), scene.message_id()];
    assert_eq!(ok!(scene.store.call_host(Call::Holds, &again, now(9 + DAY - 1))), 0);
    assert_eq!(
        ok!(scene.store.call_host(Call::Unforeseen, &again[..1], now(10))),
        1,
        "another reason, one name"
    );
    let again = [scene.message_id(), scene.message_id()];
    assert_eq!(ok!(scene.store.call_host(Call::Holds, &again, now(9 + DAY))), 2);
    // For what only may become a misfortune, once a week.
    for (at, called) in [(20, 1), (20 + DAY, 0), (19 + 7 * DAY, 0), (20 + 7 * DAY, 1)] {
        let notice = [scene.message_id()];
        assert_eq!(ok!(scene.store.call_host(Call::Backup, &notice, now(at))), called, "{at}");
    }
    // Every reason is kept by its own name, and read as what it was.
    for call in Call::ALL {
        let notice = [scene.message_id()];
        assert_eq!(ok!(scene.store.call_host(call, &notice, now(90 * DAY))), 1);
        let view = ok!(scene.store.message(notice[0])).expect("a notice");
        assert_eq!(view.message.kind, Kind::Notice(Notice::HostCalled(call)));
    }
}

/// When it was last, for each reason.
pub async fn called(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.called(Call::Relay)), None);
    ok!(scene.store.call_host(Call::Relay, &[], now(70)));
    ok!(scene.store.call_host(Call::Relay, &[], now(80)));
    assert_eq!(ok!(scene.store.called(Call::Relay)), Some(trusted(70)));
    assert_eq!(ok!(scene.store.called(Call::Holds)), None);
    ok!(scene.store.call_host(Call::Relay, &[], now(70 + DAY)));
    assert_eq!(ok!(scene.store.called(Call::Relay)), Some(trusted(70 + DAY)));
}

/// Knocks that were accepted lately, the newest first; no other message, and nothing that was not accepted.
pub async fn knocks_left(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.knocks_left(observed(0), 9)), []);
    for (seconds, answer) in [(0, Answer::Accepted), (60, Answer::Later), (120, Answer::Accepted)] {
        let one = written(scene).await;
        let row = started(scene, &one, LATE + seconds).await;
        let at = now(LATE + seconds);
        ok!(scene.store.recorded(&one.taken, &row, &record::answered(&row, answer, at), at));
    }
    let left = ok!(scene.store.knocks_left(observed(0), 9));
    assert_eq!(left, [observed(LATE + 120), observed(LATE)]);
    assert_eq!(ok!(scene.store.knocks_left(observed(LATE), 9)), [observed(LATE + 120)]);
    assert_eq!(ok!(scene.store.knocks_left(observed(0), 1)), [observed(LATE + 120)]);
}
