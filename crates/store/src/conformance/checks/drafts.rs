//! Drafts at the house: nobody's words are overwritten, what was saved before is kept, and what was thrown away is gone in its time.

use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::clock::Mark;
use unsaid_delivery::id::DraftId;

fn name(scene: &Scene<'_>) -> DraftId {
    DraftId(scene.letter_id().0)
}

/// A draft saved at these times; its bytes say which saving they are.
async fn saved(scene: &Scene<'_>, author: &Author, times: &[i64]) -> DraftId {
    let draft = name(scene);
    for (rev, at) in (0..).zip(times) {
        let bytes = format!("saving {}", rev + 1).into_bytes();
        assert_eq!(ok!(scene.store.put_draft(author, draft, rev, bytes, now(*at))), rev + 1);
    }
    draft
}

/// Whoever saves says what they have read; the second of two is told, and nothing is overwritten.
pub async fn put_draft(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let draft = name(scene);
    conflict!(scene.store.put_draft(&author, draft, 1, b"of nothing".to_vec(), now(0)));
    assert_eq!(ok!(scene.store.put_draft(&author, draft, 0, b"one".to_vec(), now(0))), 1);
    conflict!(scene.store.put_draft(&author, draft, 0, b"another window".to_vec(), now(1)));
    missing!(scene.store.put_draft(&stranger, draft, 1, b"not hers".to_vec(), now(1)));
    missing!(scene.store.put_draft(&stranger, draft, 0, b"not hers".to_vec(), now(1)));
    assert_eq!(ok!(scene.store.put_draft(&author, draft, 1, b"two".to_vec(), now(60))), 2);
    conflict!(scene.store.put_draft(&author, draft, 1, b"late".to_vec(), now(61)));
    conflict!(scene.store.put_draft(&author, draft, 3, b"early".to_vec(), now(61)));
    assert_eq!(ok!(scene.store.draft(&author, draft)), (b"two".to_vec(), 2));
    assert_eq!(ok!(scene.store.draft_history(&author, draft)), [(1, trusted(0))]);
    // What is written again is wanted again.
    ok!(scene.store.discard_draft(&author, draft, now(62)));
    ok!(scene.store.put_draft(&author, draft, 2, b"three".to_vec(), now(120)));
    assert_eq!(ok!(scene.store.drafts(&author))[0].discarded, None);
}

/// All of hers, the newest saving first.
pub async fn drafts(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    assert_eq!(ok!(scene.store.drafts(&author)), []);
    let first = saved(scene, &author, &[0]).await;
    let second = saved(scene, &author, &[10]).await;
    saved(scene, &stranger, &[20]).await;
    ok!(scene.store.put_draft(&author, first, 1, vec![7; 3_000], now(30)));
    ok!(scene.store.discard_draft(&author, second, now(40)));
    let row = |id, rev, saved, size, discarded| DraftRow { id, rev, saved, size, discarded };
    let expected =
        [row(first, 2, trusted(30), 3_000, None), row(second, 1, trusted(10), 8, Some(trusted(40)))];
    assert_eq!(ok!(scene.store.drafts(&author)), expected);
}

/// Hers alone; also what was thrown away can be read until it is gone.
pub async fn draft(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let draft = saved(scene, &author, &[0, 60]).await;
    assert_eq!(ok!(scene.store.draft(&author, draft)), (b"saving 2".to_vec(), 2));
    missing!(scene.store.draft(&stranger, draft));
    missing!(scene.store.draft(&author, name(scene)));
    ok!(scene.store.discard_draft(&author, draft, now(70)));
    assert_eq!(ok!(scene.store.draft(&author, draft)), (b"saving 2".to_vec(), 2));
}

/// Close together of late, further apart long ago, sixty at most; and hours of writing without a pause do not wash away the days before.
pub async fn draft_history(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let draft = saved(scene, &author, &[0, 5, 10, 70, 130]).await;
    let history = ok!(scene.store.draft_history(&author, draft));
    assert_eq!(history, [(4, trusted(70)), (3, trusted(10))], "of one minute the last one stays");
    missing!(scene.store.draft_history(&stranger, draft));
    missing!(scene.store.draft_history(&author, name(scene)));

    // Three days, each with a saving; then two hours in which something is saved every ten seconds.
    let long = 3 * DAY;
    let mut times: Vec<i64> = (0..3).map(|day| day * DAY).collect();
    times.extend((0..720).map(|i| long + i * 10));
    let draft = saved(scene, &author, &times).await;
    let history = ok!(scene.store.draft_history(&author, draft));
    assert!(history.len() <= 60, "{}", history.len());
    assert!(history.is_sorted_by(|a, b| a.0 > b.0 && a.1 >= b.1), "the newest first");
    let kept = |from: i64, to: i64| {
        history.iter().filter(|(_, at)| (trusted(from)..trusted(to)).contains(at)).count()
    };
    for day in 0..3 {
        assert_eq!(kept(day * DAY, day * DAY + 1), 1, "day {day} is there still");
    }
    assert!(kept(long + HOUR, long + 2 * HOUR) >= 30, "the last hour, minute by minute");
    assert!(kept(long, long + HOUR) >= 1, "the hour before");
}

/// An earlier saving reads as it was.
pub async fn draft_at(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let draft = saved(scene, &author, &[0, 60, 120]).await;
    assert_eq!(ok!(scene.store.draft_at(&author, draft, 1)), b"saving 1");
    assert_eq!(ok!(scene.store.draft_at(&author, draft, 2)), b"saving 2");
    missing!(scene.store.draft_at(&author, draft, 9));
    missing!(scene.store.draft_at(&stranger, draft, 1));
}

/// Thrown away twice is thrown away once: the thirty days run from the first time.
pub async fn discard_draft(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let draft = saved(scene, &author, &[0]).await;
    missing!(scene.store.discard_draft(&stranger, draft, now(1)));
    missing!(scene.store.discard_draft(&author, name(scene), now(1)));
    ok!(scene.store.discard_draft(&author, draft, now(1)));
    ok!(scene.store.discard_draft(&author, draft, now(DAY)));
    assert_eq!(ok!(scene.store.drafts(&author))[0].discarded, Some(trusted(1)));
}

/// What was thrown away comes back whole.
pub async fn restore_draft(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let draft = saved(scene, &author, &[0, 60]).await;
    ok!(scene.store.discard_draft(&author, draft, now(100)));
    missing!(scene.store.restore_draft(&stranger, draft));
    ok!(scene.store.restore_draft(&author, draft));
    ok!(scene.store.restore_draft(&author, draft));
    assert_eq!(ok!(scene.store.prune(now(400 * DAY))), 0);
    assert_eq!(ok!(scene.store.draft(&author, draft)), (b"saving 2".to_vec(), 2));
    assert_eq!(ok!(scene.store.draft_history(&author, draft)).len(), 1);
    missing!(scene.store.restore_draft(&author, name(scene)));
}

fn photo(scene: &Scene<'_>, name: &str) -> Part {
    Part {
        name: name.into(),
        kind: "media".into(),
        blob: scene.blob_id(),
        size: 70_000,
        sha256: scene.keyed().0,
    }
}

/// A photo is kept under its name; one that takes its place leaves the old bytes to be erased, and never its own.
pub async fn put_draft_part(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let draft = saved(scene, &author, &[0]).await;
    let (first, second) = (photo(scene, "a"), photo(scene, "a"));
    missing!(scene.store.put_draft_part(&stranger, draft, first.clone()));
    missing!(scene.store.put_draft_part(&author, name(scene), first.clone()));
    ok!(scene.store.put_draft_part(&author, draft, first.clone()));
    ok!(scene.store.put_draft_part(&author, draft, first.clone()));
    assert_eq!(ok!(scene.store.orphans(10)), []);
    ok!(scene.store.put_draft_part(&author, draft, second.clone()));
    assert_eq!(ok!(scene.store.draft_part(&author, draft, "a")), second);
    assert_eq!(ok!(scene.store.orphans(10)), [first.blob]);
    ok!(scene.store.put_draft_part(&author, draft, first.clone()));
    assert_eq!(ok!(scene.store.draft_part(&author, draft, "a")), first);
    assert_eq!(ok!(scene.store.orphans(10)), [second.blob], "what is named again is not erased");
}

/// Hers alone, by its name.
pub async fn draft_part(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (draft, other) = (saved(scene, &author, &[0]).await, saved(scene, &author, &[0]).await);
    let (one, two) = (photo(scene, "one"), photo(scene, "two"));
    for part in [&one, &two] {
        ok!(scene.store.put_draft_part(&author, draft, part.clone()));
    }
    assert_eq!(ok!(scene.store.draft_part(&author, draft, "one")), one);
    assert_eq!(ok!(scene.store.draft_part(&author, draft, "two")), two);
    missing!(scene.store.draft_part(&author, draft, "three"));
    missing!(scene.store.draft_part(&author, other, "one"));
    missing!(scene.store.draft_part(&stranger, draft, "one"));
}

/// After thirty days what was thrown away is gone with its photos, and nothing else; a node that was not heard of for 90 days is forgotten, unless it holds something.
pub async fn prune(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (gone, kept) = (saved(scene, &author, &[0, 60]).await, saved(scene, &author, &[0, 60]).await);
    let (lost, stays) = (photo(scene, "a"), photo(scene, "a"));
    ok!(scene.store.put_draft_part(&author, gone, lost.clone()));
    ok!(scene.store.put_draft_part(&author, kept, stays.clone()));
    ok!(scene.store.discard_draft(&author, gone, now(100)));
    assert_eq!(ok!(scene.store.prune(now(100 + 30 * DAY - 1))), 0);
    assert_eq!(ok!(scene.store.draft(&author, gone)).1, 2);
    assert_eq!(ok!(scene.store.prune(now(100 + 30 * DAY))), 1);
    missing!(scene.store.draft(&author, gone));
    missing!(scene.store.draft_history(&author, gone));
    missing!(scene.store.draft_part(&author, gone, "a"));
    assert_eq!(ok!(scene.store.orphans(10)), [lost.blob]);
    assert_eq!(ok!(scene.store.draft_part(&author, kept, "a")), stays);
    assert_eq!(ok!(scene.store.draft_history(&author, kept)).len(), 1);
    assert_eq!(ok!(scene.store.prune(now(100 + 30 * DAY))), 0);

    // Two nodes fell silent, and one of them holds a wake: its beat is still what it was.
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    scene.sealed(&author, person, now(0)).await;
    let (silent, holder, looker) = (scene.boot_id(), scene.boot_id(), scene.boot_id());
    for boot in [silent, holder, holder] {
        ok!(scene.store.beat(boot, Mark { trusted: trusted(0), observed: observed(0) }));
    }
    assert_eq!(ok!(scene.store.take(holder, Lane::Letters, now(DAY), 5)).len(), 1);
    ok!(scene.store.prune(now(200 * DAY)));
    let held = ok!(scene.store.held(looker, Lane::Letters, now(DAY), 5));
    assert_eq!(held.iter().map(|h| (h.holder, h.beat)).collect::<Vec<_>>(), [(holder, 2)]);
}

/// A replaced upload and a replaced photo are found, a few at a time, and a whole one that is wanted never is.
pub async fn orphans(scene: &Scene<'_>) {
    let author = scene.author().await;
    let letter = scene.letter_id();
    ok!(scene.store.reserve_letter(&author, letter, now(0)));
    let first = scene.part(&author, letter, 1, "letter.age", 10).await;
    assert_eq!(ok!(scene.store.orphans(10)), []);
    let second = scene.part(&author, letter, 1, "letter.age", 20).await;
    assert_ne!(first, second);
    assert_eq!(ok!(scene.store.orphans(10)), [first], "its place was taken");
    // Reserved anew, the version is empty, and what lay there is nobody's.
    assert_eq!(ok!(scene.store.reserve_version(&author, letter, now(1))), 1);
    let mut both = [first, second];
    both.sort();
    let mut found = ok!(scene.store.orphans(10));
    found.sort();
    assert_eq!(found, both);
    assert_eq!(ok!(scene.store.orphans(1)).len(), 1);
}

/// Once its bytes are erased nobody is asked again; an unknown one is no error.
pub async fn orphan_erased(scene: &Scene<'_>) {
    let author = scene.author().await;
    let draft = saved(scene, &author, &[0]).await;
    let parts = [photo(scene, "a"), photo(scene, "a"), photo(scene, "a")];
    for part in &parts {
        ok!(scene.store.put_draft_part(&author, draft, part.clone()));
    }
    ok!(scene.store.orphan_erased(parts[0].blob));
    ok!(scene.store.orphan_erased(parts[0].blob));
    assert_eq!(ok!(scene.store.orphans(10)), [parts[1].blob]);
}
