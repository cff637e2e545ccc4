//! The house: its clock, its keys, the beats of its nodes.

use super::{conflict, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::clock::Mark;

fn mark(trusted_seconds: i64, observed_seconds: i64) -> Mark {
    Mark { trusted: trusted(trusted_seconds), observed: observed(observed_seconds) }
}

/// A new house has no clock, no account, unconfirmed keys and generation 1; and it counts its accounts.
pub async fn house(scene: &Scene<'_>) {
    let house = ok!(scene.store.house());
    assert_eq!(house, House { generation: 1, keys_confirmed: false, accounts: 0, mark: None });
    scene.author().await;
    scene.author().await;
    assert_eq!(ok!(scene.store.house()).accounts, 2);
}

/// Confirming is remembered, and once is as good as twice.
pub async fn confirm_keys(scene: &Scene<'_>) {
    ok!(scene.store.confirm_keys());
    assert!(ok!(scene.store.house()).keys_confirmed);
    ok!(scene.store.confirm_keys());
    assert!(ok!(scene.store.house()).keys_confirmed);
}

/// After a rotation the new words have to be typed back, and until then nobody is told that they are on paper.
pub async fn unconfirm_keys(scene: &Scene<'_>) {
    ok!(scene.store.unconfirm_keys());
    assert!(!ok!(scene.store.house()).keys_confirmed);
    ok!(scene.store.confirm_keys());
    ok!(scene.store.unconfirm_keys());
    assert!(!ok!(scene.store.house()).keys_confirmed);
    ok!(scene.store.confirm_keys());
    assert!(ok!(scene.store.house()).keys_confirmed);
}

/// The first beat sets the mark, later ones move it; neither clock ever goes back, and observed time is one node's alone; each node has beats of its own.
pub async fn beat(scene: &Scene<'_>) {
    let (one, other) = (scene.boot_id(), scene.boot_id());
    let told = ok!(scene.store.beat(one, mark(100, 100)));
    assert_eq!(told, Beaten { mark: mark(100, 100), ticks: true });
    assert_eq!(ok!(scene.store.house()).mark, Some(mark(100, 100)));
    ok!(scene.store.beat(one, mark(200, 150)));
    assert_eq!(ok!(scene.store.house()).mark, Some(mark(200, 150)));
    // A node that was asleep brings an old time, for one clock or both; and one that does not hold the ticker credits no service, whatever it says.
    let told = ok!(scene.store.beat(other, mark(120, 160)));
    assert_eq!(told, Beaten { mark: mark(200, 150), ticks: false });
    ok!(scene.store.beat(other, mark(300, 10)));
    assert_eq!(ok!(scene.store.house()).mark, Some(mark(300, 150)));
    let told = ok!(scene.store.beat(one, mark(210, 10)));
    assert_eq!(told, Beaten { mark: mark(300, 150), ticks: true });

    // Each beat is seen by whoever looks at what the node holds: by one, for that node alone.
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    scene.sealed(&author, person, now(0)).await;
    let later = now(9 * HOUR);
    assert_eq!(ok!(scene.store.take(one, Lane::Letters, later, 10)).len(), 1);
    let seen = ok!(scene.store.held(other, Lane::Letters, later, 10));
    assert_eq!((seen[0].holder, seen[0].beat), (one, 3));
    ok!(scene.store.beat(other, mark(301, 161)));
    assert_eq!(ok!(scene.store.held(other, Lane::Letters, later, 10))[0].beat, 3);
    ok!(scene.store.beat(one, mark(302, 162)));
    assert_eq!(ok!(scene.store.held(other, Lane::Letters, later, 10))[0].beat, 4);
}

/// Nobody's, until somebody beats; then theirs, with their beat, and another's beat changes nothing.
pub async fn ticker(scene: &Scene<'_>) {
    let (one, other) = (scene.boot_id(), scene.boot_id());
    assert_eq!(ok!(scene.store.ticker()), None);
    ok!(scene.store.beat(one, mark(1, 1)));
    let first = Ticker { holder: one, fence: 1, beat: 1 };
    assert_eq!(ok!(scene.store.ticker()), Some(first));
    ok!(scene.store.beat(other, mark(2, 2)));
    assert_eq!(ok!(scene.store.ticker()), Some(first));
    ok!(scene.store.beat(one, mark(3, 3)));
    assert_eq!(ok!(scene.store.ticker()), Some(Ticker { beat: 2, ..first }));
}

/// From whoever is as they were seen, and from nobody else; the one who lost it credits nothing from then on, whatever they had credited themselves meanwhile.
pub async fn take_ticker(scene: &Scene<'_>) {
    let (one, other, third) = (scene.boot_id(), scene.boot_id(), scene.boot_id());
    let unheard = Ticker { holder: one, fence: 0, beat: 0 };
    assert!(!ok!(scene.store.take_ticker(other, unheard)), "nobody holds it");
    ok!(scene.store.beat(one, mark(100, 100)));
    let seen = ok!(scene.store.ticker()).expect("a holder");
    ok!(scene.store.beat(one, mark(130, 130)));
    assert!(!ok!(scene.store.take_ticker(other, seen)), "it lives");
    let seen = ok!(scene.store.ticker()).expect("a holder");
    for wrong in [
        Ticker { holder: third, ..seen },
        Ticker { fence: seen.fence + 1, ..seen },
        Ticker { beat: seen.beat + 1, ..seen },
    ] {
        assert!(!ok!(scene.store.take_ticker(other, wrong)));
    }
    assert!(ok!(scene.store.take_ticker(other, seen)));
    assert!(!ok!(scene.store.take_ticker(third, seen)), "of two who saw it fall silent one has it");
    let held = ok!(scene.store.ticker()).expect("a holder");
    assert_eq!((held.holder, held.fence), (other, seen.fence + 1));

    // It goes on from what was stored, once: the first one wakes from a pause that it took for ten minutes.
    assert_eq!(ok!(scene.store.beat(other, mark(200, 140))), Beaten { mark: mark(200, 140), ticks: true });
    assert_eq!(ok!(scene.store.beat(one, mark(730, 730))), Beaten { mark: mark(730, 140), ticks: false });
    assert_eq!(ok!(scene.store.beat(other, mark(740, 170))), Beaten { mark: mark(740, 170), ticks: true });
}

/// Whoever closes leaves it to whoever beats next; nobody leaves what is another's.
pub async fn leave_ticker(scene: &Scene<'_>) {
    let (one, other) = (scene.boot_id(), scene.boot_id());
    ok!(scene.store.leave_ticker(one));
    ok!(scene.store.beat(one, mark(10, 10)));
    let held = ok!(scene.store.ticker());
    ok!(scene.store.leave_ticker(other));
    assert_eq!(ok!(scene.store.ticker()), held);
    ok!(scene.store.leave_ticker(one));
    assert_eq!(ok!(scene.store.ticker()), None);
    assert_eq!(ok!(scene.store.beat(other, mark(20, 20))), Beaten { mark: mark(20, 20), ticks: true });
    let held = ok!(scene.store.ticker()).expect("a holder");
    assert_eq!((held.holder, held.fence), (other, 2));
    assert!(!ok!(scene.store.beat(one, mark(30, 30))).ticks, "what was left is not taken back");
}

/// The stores of these checks are on this machine, where a server's time is this machine's by another door.
pub async fn server_time(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.server_time()), None);
}

/// A human may move trusted time forward, never back, and observed time not at all.
pub async fn confirm_clock(scene: &Scene<'_>) {
    let boot = scene.boot_id();
    ok!(scene.store.beat(boot, mark(1_000, 500)));
    ok!(scene.store.confirm_clock(trusted(90 * DAY)));
    assert_eq!(ok!(scene.store.house()).mark, Some(mark(90 * DAY, 500)));
    ok!(scene.store.confirm_clock(trusted(90 * DAY)));
    conflict!(scene.store.confirm_clock(trusted(90 * DAY - 1)));
    assert_eq!(ok!(scene.store.house()).mark, Some(mark(90 * DAY, 500)));
    // A node that has not heard of it does not take it back.
    ok!(scene.store.beat(boot, mark(1_010, 510)));
    assert_eq!(ok!(scene.store.house()).mark, Some(mark(90 * DAY, 510)));
}

/// A nonce is known until it is over, and to nobody before it was kept.
pub async fn keep_nonce(scene: &Scene<'_>) {
    let (one, other) = (scene.keyed(), scene.keyed());
    ok!(scene.store.keep_nonce(one, trusted(600), now(0)));
    conflict!(scene.store.keep_nonce(one, trusted(900), now(0)));
    assert!(ok!(scene.store.knows_nonce(one, now(599))));
    assert!(!ok!(scene.store.knows_nonce(other, now(1))));
    // What is over makes room.
    ok!(scene.store.keep_nonce(other, trusted(1_200), now(600)));
    ok!(scene.store.keep_nonce(one, trusted(1_200), now(600)));
    assert!(ok!(scene.store.knows_nonce(one, now(1_199))));
}

/// Asking changes nothing, and at its end nobody knows it.
pub async fn knows_nonce(scene: &Scene<'_>) {
    let nonce = scene.keyed();
    ok!(scene.store.keep_nonce(nonce, trusted(60), now(0)));
    for _ in 0..2 {
        assert!(ok!(scene.store.knows_nonce(nonce, now(59))));
    }
    assert!(!ok!(scene.store.knows_nonce(nonce, now(60))));
}
