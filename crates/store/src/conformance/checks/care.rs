//! Looking after what is stored: what is to be looked at, what is held for what was found, and whether it all balances.

use super::{conflict, ok};
use crate::care::*;
use crate::conformance::scene::*;
use crate::rows::*;
use std::collections::BTreeSet;
use unsaid_delivery::id::{BlobId, DeliveryId};
use unsaid_delivery::record::Answer;
use unsaid_delivery::state::{Parked, State};

const DAMAGED: State = State::Parked { why: Parked::Damaged, left: false };

async fn all_blobs(scene: &Scene<'_>, limit: usize) -> Vec<StoredBlob> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let some = ok!(scene.store.blobs_after(after, limit));
        let Some(last) = some.last() else { return all };
        assert!(some.len() <= limit);
        after = Some(last.blob);
        all.extend(some);
    }
}

async fn state(scene: &Scene<'_>, delivery: DeliveryId) -> State {
    scene.view(delivery).await.delivery.state
}

fn promised(letter: &Letter) -> DeliveryId {
    letter.delivery.as_ref().expect("a promise").id
}

async fn letter_blob(scene: &Scene<'_>, letter: &Letter) -> BlobId {
    let (parts, _) = ok!(scene.store.to_be_sent(letter.id, letter.version));
    parts.iter().find(|part| part.name == "letter.age").expect("a letter").blob
}

/// Each whole blob once, however few are asked for at a time; what is still on its way is not among them.
pub async fn blobs_after(scene: &Scene<'_>) {
    assert_eq!(all_blobs(scene, 3).await, []);
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let mut whole = BTreeSet::new();
    for nth in 0..7 {
        let letter = scene.sealed(&author, person, now(nth)).await;
        whole.insert(letter_blob(scene, &letter).await);
    }
    let letter = scene.letter_id();
    ok!(scene.store.reserve_letter(&author, letter, now(9)));
    let begun = scene.ask(letter, 1, "letter.age", 10);
    ok!(scene.store.begin_upload(&author, begun, now(9)));
    let photo =
        Part { name: "a.age".into(), kind: "media".into(), blob: scene.blob_id(), size: 5, sha256: [3; 32] };
    let draft = unsaid_delivery::DraftId([7; 16]);
    ok!(scene.store.put_draft(&author, draft, 0, vec![1], now(9)));
    ok!(scene.store.put_draft_part(&author, draft, photo.clone()));
    whole.insert(photo.blob);
    for limit in [1, 3, 100] {
        let all = all_blobs(scene, limit).await;
        assert_eq!(all.len(), 8, "each once");
        assert_eq!(all.iter().map(|one| one.blob).collect::<BTreeSet<_>>(), whole);
        assert_eq!(all, all_blobs(scene, 2).await, "always in the same order");
        assert!(all.contains(&StoredBlob { blob: photo.blob, size: 5, sha256: [3; 32] }));
    }
}

/// Wraps of what is sealed and of accounts, each with what it opens; an author's own are not the house's.
pub async fn wraps_after(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let one = scene.sealed(&author, person, now(0)).await;
    let other = scene.sealed(&author, person, now(1)).await;
    // Not sealed: perhaps its letter comes only now.
    scene.ready_to_seal(&author, person, now(2)).await;
    for limit in [1, 2, 10] {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let some = ok!(scene.store.wraps_after(after.as_ref(), limit));
            let Some(last) = some.last() else { break };
            after = Some(last.name());
            all.extend(some);
        }
        let names: BTreeSet<WrapName> = all.iter().map(WrapToLookAt::name).collect();
        let of_letter =
            |letter: &Letter| WrapName { subject: letter.id.to_string(), version: 1, kind: WrapKind::Host };
        let of_account =
            WrapName { subject: author.account().to_string(), version: 1, kind: WrapKind::Unlock };
        assert_eq!(
            (all.len(), names),
            (3, BTreeSet::from([of_letter(&one), of_letter(&other), of_account.clone()]))
        );
        for wrap in &all {
            assert_eq!(wrap.letter.is_none(), wrap.name() == of_account);
            assert!(wrap.letter.as_ref().is_none_or(|part| part.name == "letter.age"));
        }
    }
}

/// Bytes and wraps are found again by what was found about them, as long as a row names them.
pub async fn looked_for(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let letter = scene.sealed(&author, person, now(0)).await;
    let (parts, wraps) = ok!(scene.store.to_be_sent(letter.id, 1));
    let stored = StoredBlob { blob: parts[0].blob, size: parts[0].size, sha256: parts[0].sha256 };
    assert_eq!(ok!(scene.store.looked_for(&Finding::of_blob(stored.blob))), Some(ToLookAt::Blob(stored)));
    let of_wrap = Finding::of_wrap(&wraps[0].name(), Wrong::Damaged);
    assert_eq!(ok!(scene.store.looked_for(&of_wrap)), Some(ToLookAt::Wrap(Box::new(wraps[0].clone()))));
    assert_eq!(ok!(scene.store.looked_for(&Finding::of_blob(scene.blob_id()))), None);
    let gone = WrapName { version: 9, ..wraps[0].name() };
    assert_eq!(ok!(scene.store.looked_for(&Finding::of_wrap(&gone, Wrong::Damaged))), None);
}

/// There is none before the first.
pub async fn round(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.round()), None);
    let begun = ok!(scene.store.begin_round(now(5)));
    assert_eq!(ok!(scene.store.round()), Some(begun));
}

/// It counts what there is to look at, and begins at the beginning.
pub async fn begin_round(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    scene.sealed(&author, person, now(0)).await;
    // Its letter, its wrap, and the account's.
    let begun = ok!(scene.store.begin_round(now(5)));
    assert_eq!(begun, Round { began: observed(5), total: 3, done: 0, place: Place::Blobs(None) });
    ok!(scene.store.keep_round(&Round { done: 3, place: Place::Through, ..begun.clone() }));
    assert_eq!(ok!(scene.store.begin_round(now(5))), begun);
}

/// Every place reads back as it was.
pub async fn keep_round(scene: &Scene<'_>) {
    let name = WrapName { subject: scene.letter_id().to_string(), version: 7, kind: WrapKind::Words };
    for place in [
        Place::Blobs(None),
        Place::Blobs(Some(scene.blob_id())),
        Place::Wraps(None),
        Place::Wraps(Some(name)),
        Place::Through,
    ] {
        let round = Round { began: observed(9), total: 12, done: 4, place };
        ok!(scene.store.keep_round(&round));
        assert_eq!(ok!(scene.store.round()), Some(round));
    }
}

/// What goes with a version: its parts, and what of it lies under the house's layer.
pub async fn to_be_sent(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let letter = scene.sealed(&author, person, now(0)).await;
    let (parts, wraps) = ok!(scene.store.to_be_sent(letter.id, 1));
    assert_eq!(parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>(), ["letter.age"]);
    assert_eq!(wraps.iter().map(|one| one.wrap.kind).collect::<Vec<_>>(), [WrapKind::Host]);
    assert_eq!(wraps[0].letter.as_ref(), parts.first());
    assert_eq!(ok!(scene.store.to_be_sent(scene.letter_id(), 1)), (Vec::new(), Vec::new()));
    let unsealed = scene.ready_to_seal(&author, person, now(1)).await;
    assert_eq!(ok!(scene.store.to_be_sent(unsealed.letter, 1)), (Vec::new(), Vec::new()));
    let arrived = scene.arrived(&author, person, 0).await;
    let as_read = scene.view(arrived.delivery).await.delivery;
    let granted = unsaid_delivery::accept::withdraw(&as_read).expect("it is taken back");
    ok!(scene.store.commit_author(&author, &as_read, &granted, now(DAY)));
    assert_eq!(ok!(scene.store.to_be_sent(arrived.letter.id, 1)), (Vec::new(), Vec::new()));
}

/// What has not left is parked and wakes no more; what has left, and everybody else's, goes on; again is no second finding.
pub async fn found(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let left = scene.arrived(&author, person, 0).await;
    let damaged = scene.sealed(&author, person, now(DAY)).await;
    let whole = scene.sealed(&author, person, now(DAY)).await;
    let finding = Finding::of_blob(letter_blob(scene, &damaged).await);
    assert_eq!(ok!(scene.store.found(&finding, now(DAY))), [promised(&damaged)]);
    assert_eq!(ok!(scene.store.found(&finding, now(DAY))), []);
    assert_eq!(ok!(scene.store.findings()), [finding]);
    assert_eq!(state(scene, promised(&damaged)).await, DAMAGED);
    assert_eq!(state(scene, promised(&whole)).await, State::Resting);
    assert!(!scene.has_come(WakeOf::Delivery(promised(&damaged)), now(9_000 * DAY)).await);
    assert!(scene.has_come(WakeOf::Delivery(promised(&whole)), now(9_000 * DAY)).await);

    let of_left = Finding::of_blob(letter_blob(scene, &left.letter).await);
    assert_eq!(ok!(scene.store.found(&of_left, now(DAY))), []);
    assert_eq!(state(scene, left.delivery).await, State::Knocked(1), "it has left: whoever opens it is told");
    let of_wrap =
        |letter: &Letter| WrapName { subject: letter.id.to_string(), version: 1, kind: WrapKind::Host };
    let bound = Finding::of_wrap(&of_wrap(&whole), Wrong::WrongBinding);
    assert_eq!(ok!(scene.store.found(&bound, now(DAY))), [promised(&whole)]);
}

/// What was parked for it goes on from where it was, when nothing else of it is wrong; what the host or anything else holds stays held.
pub async fn right_again(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let resting = scene.sealed(&author, person, now(0)).await;
    let waits = scene.sealed(&author, person, now(0)).await;
    let by_host = scene.sealed(&author, person, now(0)).await;
    let mut findings = Vec::new();
    for letter in [&resting, &waits, &by_host] {
        findings.push(Finding::of_blob(letter_blob(scene, letter).await));
    }
    ok!(scene.store.park(promised(&by_host), Parked::ByHost));
    assert_eq!(ok!(scene.store.right_again(&findings[0], now(1))), [], "nothing was wrong");
    for finding in &findings {
        ok!(scene.store.found(finding, now(1)));
    }
    // Two things are wrong with one of them.
    let name = WrapName { subject: waits.id.to_string(), version: 1, kind: WrapKind::Host };
    let of_wrap = Finding::of_wrap(&name, Wrong::Damaged);
    ok!(scene.store.found(&of_wrap, now(1)));

    assert_eq!(ok!(scene.store.right_again(&findings[0], now(2))), [promised(&resting)]);
    assert_eq!(state(scene, promised(&resting)).await, State::Resting, "it rests on");
    let (before, decision) = scene.decision(promised(&resting), now(2)).await;
    assert_eq!((before.state, decision.state), (State::Resting, State::Resting));
    let later = now(20 * HOUR);
    assert_eq!(ok!(scene.store.right_again(&findings[1], later)), []);
    assert_eq!(state(scene, promised(&waits)).await, DAMAGED);
    assert_eq!(ok!(scene.store.right_again(&of_wrap, later)), [promised(&waits)]);
    assert_eq!(state(scene, promised(&waits)).await, State::Resting, "where it was");
    assert!(scene.has_come(WakeOf::Delivery(promised(&waits)), later).await);
    assert_eq!(ok!(scene.store.right_again(&findings[2], later)), []);
    let held = State::Parked { why: Parked::ByHost, left: false };
    assert_eq!((state(scene, promised(&by_host)).await, ok!(scene.store.findings())), (held, Vec::new()));

    // What was opened, and could not be given again for a while, is theirs again.
    let opened = scene.arrived(&author, person, 30 * HOUR).await;
    let granted = unsaid_delivery::accept::open(&scene.view(opened.delivery).await.delivery);
    let granted = granted.expect("it opens").expect("for the first time");
    let as_read = scene.view(opened.delivery).await.delivery;
    ok!(scene.store.open(&opened.reader, &as_read, &granted, now(41 * HOUR)));
    ok!(scene.store.park(opened.delivery, Parked::Damaged));
    let finding = Finding::of_blob(letter_blob(scene, &opened.letter).await);
    ok!(scene.store.found(&finding, now(41 * HOUR)));
    assert_eq!(ok!(scene.store.right_again(&finding, now(42 * HOUR))), [opened.delivery]);
    assert_eq!(state(scene, opened.delivery).await, State::Opened);
}

/// In one order, each once.
pub async fn findings(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.findings()), []);
    let mut all: Vec<Finding> = (0..5).map(|_| Finding::of_blob(scene.blob_id())).collect();
    all.push(Finding::of_delivery(scene.delivery_id(), Wrong::Unreadable));
    for finding in &all {
        assert_eq!(ok!(scene.store.found(finding, now(0))), []);
    }
    all.sort();
    assert_eq!(ok!(scene.store.findings()), all);
}

/// A promise, a message and what points at nothing: each is held or ended alone, its wake is gone, and it stands as found.
pub async fn hold_back(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (falls, goes) =
        (scene.sealed(&author, person, now(0)).await, scene.sealed(&author, person, now(0)).await);
    let (falls, goes) = (promised(&falls), promised(&goes));
    let boot = scene.boot_id();
    let at = now(9 * HOUR);
    let taken = scene.take(boot, WakeOf::Delivery(falls), at).await.expect("it has come");
    let stranger = Taken { boot: scene.boot_id(), ..taken };
    conflict!(scene.store.hold_back(&stranger, Wrong::Fault, at));
    ok!(scene.store.hold_back(&taken, Wrong::Fault, at));
    conflict!(scene.store.hold_back(&taken, Wrong::Fault, at));
    let held = State::Parked { why: Parked::Internal, left: false };
    assert_eq!(state(scene, falls).await, held);
    let of_falls = Finding::of_delivery(falls, Wrong::Fault);
    assert_eq!(ok!(scene.store.findings()), std::slice::from_ref(&of_falls));
    assert!(!scene.has_come(WakeOf::Delivery(falls), now(9_000 * DAY)).await);

    // The other one knocks, and its knock is what the program falls over.
    let taken = scene.take(boot, WakeOf::Delivery(goes), at).await.expect("it has come");
    let (as_read, decision) = scene.decision(goes, at).await;
    let message = scene.message_id();
    ok!(scene.store.decided(&taken, &as_read, &decision, Some((message, scene.keyed())), at));
    let taken = scene.take(boot, WakeOf::Message(message), at).await.expect("it has come");
    ok!(scene.store.hold_back(&taken, Wrong::Fault, at));
    assert_eq!(scene.row(message).await.state, unsaid_delivery::MessageState::Dropped);
    assert_eq!(state(scene, goes).await, State::Parked { why: Parked::Internal, left: true });
    let mut all = vec![
        of_falls,
        Finding::of_delivery(goes, Wrong::Fault),
        Finding { thing: Thing::Message, name: message.to_string(), wrong: Wrong::Fault },
    ];
    all.sort();
    assert_eq!(ok!(scene.store.findings()), all);
    assert!(ok!(scene.store.take(boot, Lane::Letters, now(9_000 * DAY), 9)).is_empty());
}

/// A house to which nothing happened balances, in one piece and in many, whatever its letters are doing.
pub async fn unbalanced(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed(), scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let mut rests = scene.sealed(&author, person, now(DAY)).await;
    let amended = scene.arrived(&author, person, DAY).await;
    let version = ok!(scene.store.reserve_version(&author, amended.letter.id, now(DAY)));
    scene.fill(&author, amended.letter.id, version).await;
    let rest = scene.promise(person, now(40 * HOUR)).rest;
    let amend = Amend { letter: amended.letter.id, version, manifest: scene.keyed().0, rest };
    ok!(scene.store.amend(&author, amend, now(40 * HOUR)));
    ok!(scene.store.notify(
        &author,
        unsaid_delivery::message::Notice::Trial,
        scene.message_id(),
        now(41 * HOUR)
    ));
    let look = async |at| {
        assert_eq!(ok!(scene.store.unbalanced(Piece::ALL, now(at))), []);
        for nth in 0..PIECES {
            assert_eq!(ok!(scene.store.unbalanced(Piece { nth, of: PIECES }, now(at))), []);
        }
        assert_eq!(ok!(scene.store.findings()), []);
    };
    look(41 * HOUR).await;
    // In somebody's hands, parked, taken back, opened.
    let boot = scene.boot_id();
    assert!(!ok!(scene.store.take(boot, Lane::Letters, now(41 * HOUR), 2)).is_empty());
    look(41 * HOUR).await;
    let as_read = scene.view(arrived.delivery).await.delivery;
    let granted = unsaid_delivery::accept::open(&as_read).expect("it opens").expect("for the first time");
    ok!(scene.store.open(&arrived.reader, &as_read, &granted, now(42 * HOUR)));
    rests = ok!(scene.store.letter(&author, rests.id));
    ok!(scene.store.park(promised(&rests), Parked::ByHost));
    look(42 * HOUR).await;
    let as_read = scene.view(amended.delivery).await.delivery;
    let granted = unsaid_delivery::accept::withdraw(&as_read).expect("it is taken back");
    ok!(scene.store.commit_author(&author, &as_read, &granted, now(43 * HOUR)));
    look(43 * HOUR).await;
}

/// Each night is kept beside the one before; nothing is lost by anything that people and time do.
pub async fn balance(scene: &Scene<'_>) {
    let empty = ok!(scene.store.balance(now(0)));
    assert_eq!((empty.before, empty.lost, empty.today.until_then), (None, 0, 0));
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let first = scene.arrived(&author, person, 0).await;
    let second = scene.sealed(&author, person, now(20 * HOUR)).await;
    let night = ok!(scene.store.balance(now(DAY)));
    assert_eq!(night.before.as_ref(), Some(&empty.today));
    assert_eq!((night.lost, night.entered(), night.today.until_then), (0, 2, 2));
    assert_eq!(night.today.counts, [("knocked".to_owned(), 1), ("resting".to_owned(), 1)]);
    assert_eq!(night.today.day, now(DAY).trusted.to_zoned(jiff::tz::TimeZone::UTC).date());

    let as_read = scene.view(first.delivery).await.delivery;
    let granted = unsaid_delivery::accept::open(&as_read).expect("it opens").expect("for the first time");
    ok!(scene.store.open(&first.reader, &as_read, &granted, now(DAY + HOUR)));
    let as_read = scene.promised(&author, second.id).await;
    let granted = unsaid_delivery::accept::undo(&as_read, now(DAY + HOUR))
        .or_else(|_| unsaid_delivery::accept::withdraw(&as_read));
    ok!(scene.store.commit_author(&author, &as_read, &granted.expect("taken back"), now(DAY + HOUR)));
    // Sealed at this moment: perhaps not committed for everybody to see, and counted the next night.
    scene.sealed(&author, person, now(2 * DAY)).await;
    let next = ok!(scene.store.balance(now(2 * DAY)));
    assert_eq!(next.before, Some(night.today));
    assert_eq!((next.lost, next.entered(), next.today.until_then), (0, 0, 2));
    let many: u64 = next.today.counts.iter().map(|(_, many)| many).sum();
    assert_eq!(many, 3);
    // Asked again on the same day it is the same day's.
    let again = ok!(scene.store.balance(now(2 * DAY + HOUR)));
    assert_eq!((again.lost, again.entered()), (0, 1));
    assert_eq!(ok!(scene.store.findings()), []);
}

/// Starts that died one after the other within ten minutes of service are counted; one that closed, or longer service, ends the row.
pub async fn begun(scene: &Scene<'_>) {
    let mut boot = scene.boot_id();
    assert_eq!(ok!(scene.store.begun(boot, now(0))), 0);
    for (nth, at) in [100, 200, 599].into_iter().enumerate() {
        boot = scene.boot_id();
        assert_eq!(ok!(scene.store.begun(boot, now(at))), nth as u32 + 1);
    }
    assert_eq!(ok!(scene.store.begun(boot, now(599))), 3, "the same again is no other start");
    boot = scene.boot_id();
    assert_eq!(ok!(scene.store.begun(boot, now(601))), 3, "the first was more than ten minutes ago");
    ok!(scene.store.closed(boot));
    assert_eq!(ok!(scene.store.begun(scene.boot_id(), now(602))), 0);
    assert_eq!(ok!(scene.store.begun(scene.boot_id(), now(603))), 1);
    assert_eq!(ok!(scene.store.begun(scene.boot_id(), now(9 * HOUR))), 0);
}

/// What three starts died over, each while it said that it was working on it, is held; everything else, and what was worked on well meanwhile, is not.
pub async fn working_on(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (falls, goes) =
        (scene.sealed(&author, person, now(0)).await, scene.sealed(&author, person, now(0)).await);
    let (falls, goes) = (promised(&falls), promised(&goes));
    let mut boot = scene.boot_id();
    ok!(scene.store.begun(boot, now(0)));
    // Twice, and then it went well: that counts no more.
    for _ in 0..2 {
        ok!(scene.store.working_on(boot, Some(WakeOf::Delivery(goes))));
        boot = scene.boot_id();
        ok!(scene.store.begun(boot, now(1)));
    }
    ok!(scene.store.working_on(boot, Some(WakeOf::Delivery(goes))));
    ok!(scene.store.working_on(boot, None));
    for nth in 0..3 {
        assert_eq!(
            (state(scene, falls).await, ok!(scene.store.findings())),
            (State::Resting, Vec::new()),
            "{nth}"
        );
        ok!(scene.store.working_on(boot, Some(WakeOf::Delivery(falls))));
        boot = scene.boot_id();
        ok!(scene.store.begun(boot, now(2)));
    }
    assert_eq!(state(scene, falls).await, State::Parked { why: Parked::Internal, left: false });
    assert_eq!(ok!(scene.store.findings()), [Finding::of_delivery(falls, Wrong::Fault)]);
    ok!(scene.store.working_on(boot, Some(WakeOf::Delivery(goes))));
    ok!(scene.store.begun(scene.boot_id(), now(3)));
    assert_eq!(state(scene, goes).await, State::Resting);
    // A start that nobody knows of says nothing.
    ok!(scene.store.working_on(scene.boot_id(), Some(WakeOf::Delivery(goes))));
}

/// A start that closed died over nothing.
pub async fn closed(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let letter = scene.sealed(&author, person, now(0)).await;
    for nth in 0..5 {
        let boot = scene.boot_id();
        assert_eq!(ok!(scene.store.begun(boot, now(nth))), 0);
        ok!(scene.store.working_on(boot, Some(WakeOf::Delivery(promised(&letter)))));
        ok!(scene.store.closed(boot));
    }
    assert_eq!(state(scene, promised(&letter)).await, State::Resting);
}

/// What waits to leave and since when, what the relay took last, and the last day that was counted. A code is nobody's letter.
pub async fn health(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.health()), Health::default());
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    scene.sealed(&author, person, now(0)).await;
    assert_eq!(ok!(scene.store.health()).waiting, 0, "it rests");
    scene.turn(now(9 * HOUR), Answer::NotReached).await;
    let waits = ok!(scene.store.health());
    assert_eq!(
        (waits.waiting, waits.waits_since, waits.accepted),
        (1, Some(observed(9 * HOUR)), None),
        "the relay does not answer"
    );
    scene.turn(now(11 * HOUR), Answer::Accepted).await;
    let left = ok!(scene.store.health());
    assert_eq!((left.waiting, left.waits_since, left.accepted), (0, None, Some(observed(11 * HOUR))));
    ok!(scene.store.balance(now(30 * HOUR)));
    let day = now(30 * HOUR).trusted.to_zoned(jiff::tz::TimeZone::UTC).date();
    assert_eq!(ok!(scene.store.health()).balanced, Some(day));
}

/// The newest backup is the one that counts.
pub async fn backed_up(scene: &Scene<'_>) {
    for day in [3, 9] {
        ok!(scene.store.backed_up(trusted(day * DAY)));
        assert_eq!(ok!(scene.store.health()).backed_up, Some(trusted(day * DAY)));
    }
}
