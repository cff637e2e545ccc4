//! The sets of keepers' cards: whose they are, what takes their place, and what is sealed to them.

use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::keeper_sets::*;
use crate::rows::*;
use unsaid_delivery::accept;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::{KeeperSetId, LetterId, PersonId};
use unsaid_delivery::record::Answer;

const DAY: i64 = 24 * HOUR;

fn set_of(scene: &Scene<'_>, person: Option<PersonId>) -> NewKeeperSet {
    let file = scene.keyed().0.to_vec();
    NewKeeperSet { id: KeeperSetId(scene.letter_id().0), person, needed: 2, of: 3, file }
}

/// A version with its letter, the author's wrap, and one to this set.
async fn fill(scene: &Scene<'_>, author: &Author, letter: LetterId, version: u32, set: KeeperSetId) {
    scene.part(author, letter, version, "letter.age", 1_000).await;
    ok!(scene.store.put_wrap(author, letter, version, WrapKind::Author, b"author".to_vec(), 1));
    let bytes = format!("keepers {version}").into_bytes();
    ok!(scene.store.put_keepers_wrap(author, letter, version, set, bytes, 1));
}

/// A letter that the keepers of this set open, sealed at `at`.
async fn sealed(scene: &Scene<'_>, author: &Author, person: PersonId, set: KeeperSetId, at: i64) -> Letter {
    let letter = scene.letter_id();
    ok!(scene.store.reserve_letter(author, letter, now(at)));
    fill(scene, author, letter, 1, set).await;
    let promise = Some(scene.promise(person, now(at)));
    ok!(scene.store.seal(author, Seal { letter, version: 1, manifest: scene.keyed().0, promise }, now(at)))
}

/// Hers alone; a newer file takes the place of the older one, of which nothing stays; the fact has all of it.
pub async fn put_keeper_set(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[]).await;
    let for_all = set_of(scene, None);
    let row = ok!(scene.store.put_keeper_set(&author, for_all.clone(), now(5)));
    let expected = KeeperSetRow {
        id: for_all.id,
        account: author.account(),
        person: None,
        needed: 2,
        of: 3,
        file: for_all.file.clone(),
        made: now(5).trusted,
        rev: 1,
    };
    assert_eq!(row, expected);
    let fact = |row: &KeeperSetRow| Fact::KeeperSetMade {
        account: row.account,
        set: row.id,
        person: row.person,
        needed: row.needed,
        of: row.of,
        file: row.file.clone(),
        made: row.made,
    };
    assert_eq!(scene.facts().last(), Some(&fact(&row)));
    let own = ok!(scene.store.put_keeper_set(&author, set_of(scene, Some(person)), now(6)));
    assert_eq!(own.person, Some(person));

    let anew = NewKeeperSet { needed: 3, of: 4, file: vec![7; SET_BYTES], ..for_all.clone() };
    let newer = ok!(scene.store.put_keeper_set(&author, anew.clone(), now(7)));
    assert_eq!((newer.rev, newer.needed, newer.of, newer.made), (2, 3, 4, now(7).trusted));
    assert_eq!(newer.file, vec![7; SET_BYTES]);
    assert_eq!(scene.facts().last(), Some(&fact(&newer)));
    assert_eq!(ok!(scene.store.keeper_sets(author.account())), [newer.clone(), own]);

    missing!(scene.store.put_keeper_set(&stranger, anew.clone(), now(8)));
    missing!(scene.store.put_keeper_set(&stranger, set_of(scene, Some(person)), now(8)));
    conflict!(scene.store.put_keeper_set(
        &author,
        NewKeeperSet { person: Some(person), ..anew.clone() },
        now(8)
    ));
    for (needed, of, file) in [
        (1, 3, vec![1]),
        (4, 3, vec![1]),
        (0, 0, vec![1]),
        (2, 17, vec![1]),
        (2, 3, vec![]),
        (2, 3, vec![1; SET_BYTES + 1]),
    ] {
        conflict!(scene.store.put_keeper_set(
            &author,
            NewKeeperSet { needed, of, file, ..anew.clone() },
            now(8)
        ));
    }
    assert_eq!(ok!(scene.store.keeper_set(for_all.id)), Some(newer));
}

/// In the order in which she made them, and nobody else's.
pub async fn keeper_sets(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(ok!(scene.store.put_keeper_set(&author, set_of(scene, None), now(1))));
        ok!(scene.store.put_keeper_set(&other, set_of(scene, None), now(1)));
    }
    assert_eq!(ok!(scene.store.keeper_sets(author.account())), made);
}

/// By its name.
pub async fn keeper_set(scene: &Scene<'_>) {
    let author = scene.author().await;
    assert_eq!(ok!(scene.store.keeper_set(KeeperSetId([1; 16]))), None);
    let row = ok!(scene.store.put_keeper_set(&author, set_of(scene, None), now(1)));
    assert_eq!(ok!(scene.store.keeper_set(row.id)), Some(row));
}

/// A letter that her keepers open together: to a set of hers alone, as what it was sealed, and not without a set.
pub async fn put_keepers_wrap(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let set = ok!(scene.store.put_keeper_set(&author, set_of(scene, None), now(0))).id;
    let theirs = ok!(scene.store.put_keeper_set(&stranger, set_of(scene, None), now(0))).id;
    let letter = scene.letter_id();
    ok!(scene.store.reserve_letter(&author, letter, now(0)));
    missing!(scene.store.put_keepers_wrap(&stranger, letter, 1, theirs, vec![1], 1));
    missing!(scene.store.put_keepers_wrap(&author, letter, 1, theirs, vec![1], 1));
    missing!(scene.store.put_keepers_wrap(&author, letter, 2, set, vec![1], 1));
    conflict!(scene.store.put_wrap(&author, letter, 1, WrapKind::Keepers, vec![1], 1));
    fill(scene, &author, letter, 1, set).await;
    let held = ok!(scene.store.unproven(&author, letter, 1));
    assert_eq!(held.keepers_wrap.as_deref(), Some(&b"keepers 1"[..]));
    assert_eq!((held.host_wrap, held.words_wrap), (None, None));
    let promise = Some(scene.promise(person, now(0)));
    let seal = Seal { letter, version: 1, manifest: scene.keyed().0, promise };
    assert_eq!(ok!(scene.store.seal(&author, seal, now(0))).kept, Kept::Keepers);
    conflict!(scene.store.put_keepers_wrap(&author, letter, 1, set, vec![2], 1));

    // The house's key is rotated: the wrap is another, and its set is the same.
    let old =
        ok!(scene.store.wraps_to_rewrap(2, 100)).into_iter().find(|wrap| wrap.kind == WrapKind::Keepers);
    ok!(scene.store.rewrapped(&old.expect("the wrap"), b"anew".to_vec(), 2));
    assert_eq!(ok!(scene.store.keeper_set_of(letter, 1)), Some(set));
    scene.turn(now(9 * HOUR), Answer::Accepted).await;
    let looked_at = ok!(scene.store.to_be_sent(letter, 1)).1;
    assert_eq!(
        looked_at.iter().map(|one| (one.wrap.kind, one.wrap.bytes.clone())).collect::<Vec<_>>(),
        [(WrapKind::Keepers, b"anew".to_vec())]
    );
}

/// The version's own; new words may be sealed to another one, and what was taken back has none any more.
pub async fn keeper_set_of(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let set = ok!(scene.store.put_keeper_set(&author, set_of(scene, None), now(0))).id;
    let own = ok!(scene.store.put_keeper_set(&author, set_of(scene, Some(person)), now(0))).id;
    let letter = sealed(scene, &author, person, set, 0).await;
    let by_house = scene.sealed(&author, person, now(0)).await;
    assert_eq!(ok!(scene.store.keeper_set_of(letter.id, 1)), Some(set));
    assert_eq!(ok!(scene.store.keeper_set_of(letter.id, 2)), None);
    assert_eq!(ok!(scene.store.keeper_set_of(by_house.id, 1)), None);

    scene.turn(now(9 * HOUR), Answer::Accepted).await;
    assert_eq!(ok!(scene.store.reserve_version(&author, letter.id, now(DAY))), 2);
    fill(scene, &author, letter.id, 2, own).await;
    assert_eq!(ok!(scene.store.keeper_set_of(letter.id, 2)), Some(own));
    // Begun anew it has nothing.
    assert_eq!(ok!(scene.store.reserve_version(&author, letter.id, now(DAY))), 2);
    assert_eq!(ok!(scene.store.keeper_set_of(letter.id, 2)), None);

    let read = scene.promised(&author, letter.id).await;
    let withdrawn = accept::withdraw(&read).expect("always accepted");
    ok!(scene.store.commit_author(&author, &read, &withdrawn, now(DAY)));
    assert_eq!(ok!(scene.store.keeper_set_of(letter.id, 1)), None, "it opens to nobody");
}
