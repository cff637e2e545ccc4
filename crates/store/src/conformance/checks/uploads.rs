//! Reserving, uploading, wrapping: what comes before the seal.

use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::id::LetterId;

/// A reserved letter of hers.
async fn reserved(scene: &Scene<'_>, author: &Author) -> LetterId {
    let letter = scene.letter_id();
    ok!(scene.store.reserve_letter(author, letter, now(0)));
    letter
}

/// A sealed letter of hers, version 1.
async fn sealed(scene: &Scene<'_>, author: &Author) -> LetterId {
    let (person, _) = scene.person(author, &[scene.keyed()]).await;
    scene.sealed(author, person, now(0)).await.id
}

/// A reserved letter is hers, is empty, is in no list, and its name is taken.
pub async fn reserve_letter(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let letter = reserved(scene, &author).await;
    let expected = Letter {
        id: letter,
        version: 0,
        versions: Vec::new(),
        withdrew: false,
        delivery: None,
        deliveries: Vec::new(),
        amending: None,
        kept: Kept::Nobody,
        asks: None,
    };
    assert_eq!(ok!(scene.store.letter(&author, letter)), expected);
    assert_eq!(ok!(scene.store.letters(&author)), []);
    conflict!(scene.store.reserve_letter(&author, letter, now(1)));
    conflict!(scene.store.reserve_letter(&stranger, letter, now(1)));
    missing!(scene.store.letter(&stranger, letter));
}

/// An unsealed version is given again and emptied; a sealed one is followed by the next, and stays what it is.
pub async fn reserve_version(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let letter = reserved(scene, &author).await;
    missing!(scene.store.reserve_version(&stranger, letter, now(0)));
    missing!(scene.store.reserve_version(&author, scene.letter_id(), now(0)));
    scene.fill(&author, letter, 1).await;
    assert_eq!(ok!(scene.store.reserve_version(&author, letter, now(1))), 1);
    let empty = Unproven {
        parts: Vec::new(),
        has_author_wrap: false,
        host_wrap: None,
        words_wrap: None,
        keepers_wrap: None,
    };
    assert_eq!(ok!(scene.store.unproven(&author, letter, 1)), empty);
    missing!(scene.store.part(&author, letter, 1, "letter.age"));

    let letter = sealed(scene, &author).await;
    assert_eq!(ok!(scene.store.reserve_version(&author, letter, now(1))), 2);
    assert_eq!(ok!(scene.store.unproven(&author, letter, 2)), empty);
    scene.fill(&author, letter, 2).await;
    assert_eq!(ok!(scene.store.reserve_version(&author, letter, now(2))), 2);
    assert_eq!(ok!(scene.store.unproven(&author, letter, 2)), empty);
    assert_eq!(ok!(scene.store.part(&author, letter, 1, "letter.age")).size, 1_001);
    assert!(ok!(scene.store.unproven(&author, letter, 1)).host_wrap.is_some());
    assert_eq!(ok!(scene.store.letter(&author, letter)).version, 1);
}

/// The same is found again, another of the same name takes its place, and a sealed version takes nothing.
pub async fn begin_upload(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let letter = reserved(scene, &author).await;
    let ask = scene.ask(letter, 1, "letter.age", 100);
    missing!(scene.store.begin_upload(&stranger, ask.clone(), now(0)));
    missing!(scene.store.begin_upload(&author, UploadAsk { version: 2, ..ask.clone() }, now(0)));
    missing!(scene.store.begin_upload(&author, scene.ask(scene.letter_id(), 1, "letter.age", 1), now(0)));
    let begun = ok!(scene.store.begin_upload(&author, ask.clone(), now(0)));
    let expected = Upload { blob: ask.blob, offset: 0, size: 100, sha256: ask.sha256, complete: false };
    assert_eq!(begun, expected);
    ok!(scene.store.upload_grew(&author, ask.blob, 40));

    // The browser comes back with a new name for the blob: the one that grew is found.
    let resumed = UploadAsk { blob: scene.blob_id(), ..ask.clone() };
    let found = ok!(scene.store.begin_upload(&author, resumed.clone(), now(1)));
    assert_eq!(found, Upload { offset: 40, ..expected });
    missing!(scene.store.upload(&author, resumed.blob));

    // Other bytes of the same name.
    let other = scene.ask(letter, 1, "letter.age", 50);
    let begun = ok!(scene.store.begin_upload(&author, other.clone(), now(2)));
    assert_eq!((begun.blob, begun.offset, begun.size), (other.blob, 0, 50));
    missing!(scene.store.upload(&author, ask.blob));
    conflict!(scene.store.begin_upload(
        &author,
        UploadAsk { blob: other.blob, ..scene.ask(letter, 1, "sig.age", 5) },
        now(2)
    ));
    let beside = scene.ask(letter, 1, "media/001.age", 7);
    ok!(scene.store.begin_upload(&author, beside.clone(), now(3)));
    assert_eq!(ok!(scene.store.upload(&author, other.blob)).size, 50);

    let letter = sealed(scene, &author).await;
    conflict!(scene.store.begin_upload(&author, scene.ask(letter, 1, "letter.age", 5), now(4)));
    conflict!(scene.store.begin_upload(&author, scene.ask(letter, 1, "media/009.age", 5), now(4)));
}

/// An upload is seen as it stands, by its account alone.
pub async fn upload(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let letter = reserved(scene, &author).await;
    let ask = scene.ask(letter, 1, "letter.age", 100);
    missing!(scene.store.upload(&author, ask.blob));
    let begun = ok!(scene.store.begin_upload(&author, ask.clone(), now(0)));
    assert_eq!(ok!(scene.store.upload(&author, ask.blob)), begun);
    missing!(scene.store.upload(&stranger, ask.blob));
    ok!(scene.store.upload_grew(&author, ask.blob, 100));
    ok!(scene.store.upload_ended(&author, ask.blob, true));
    let whole = Upload { offset: 100, complete: true, ..begun };
    assert_eq!(ok!(scene.store.upload(&author, ask.blob)), whole);
}

/// Bytes only become more, and not more than there are.
pub async fn upload_grew(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let letter = reserved(scene, &author).await;
    let ask = scene.ask(letter, 1, "letter.age", 5_000_000_000);
    ok!(scene.store.begin_upload(&author, ask.clone(), now(0)));
    missing!(scene.store.upload_grew(&stranger, ask.blob, 10));
    missing!(scene.store.upload_grew(&author, scene.blob_id(), 10));
    ok!(scene.store.upload_grew(&author, ask.blob, 4_900_000_000));
    ok!(scene.store.upload_grew(&author, ask.blob, 4_900_000_000));
    conflict!(scene.store.upload_grew(&author, ask.blob, 4_899_999_999));
    conflict!(scene.store.upload_grew(&author, ask.blob, 5_000_000_001));
    assert_eq!(ok!(scene.store.upload(&author, ask.blob)).offset, 4_900_000_000);
    ok!(scene.store.upload_grew(&author, ask.blob, 5_000_000_000));
}

/// Whole is said of all bytes only; a wrong hash empties it; a sealed version does not change any more.
pub async fn upload_ended(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let letter = reserved(scene, &author).await;
    let ask = scene.ask(letter, 1, "letter.age", 10);
    ok!(scene.store.begin_upload(&author, ask.clone(), now(0)));
    ok!(scene.store.upload_grew(&author, ask.blob, 9));
    conflict!(scene.store.upload_ended(&author, ask.blob, true));
    missing!(scene.store.upload_ended(&stranger, ask.blob, false));
    ok!(scene.store.upload_grew(&author, ask.blob, 10));
    ok!(scene.store.upload_ended(&author, ask.blob, false));
    let upload = ok!(scene.store.upload(&author, ask.blob));
    assert_eq!((upload.offset, upload.complete), (0, false));
    missing!(scene.store.part(&author, letter, 1, "letter.age"));
    ok!(scene.store.upload_grew(&author, ask.blob, 10));
    ok!(scene.store.upload_ended(&author, ask.blob, true));
    ok!(scene.store.upload_ended(&author, ask.blob, true));
    assert!(ok!(scene.store.upload(&author, ask.blob)).complete);

    // One part was still on its way when the version was sealed: it never becomes part of it, and what is part of it stays.
    let half = scene.ask(letter, 1, "media/001.age", 10);
    ok!(scene.store.begin_upload(&author, half.clone(), now(0)));
    ok!(scene.store.upload_grew(&author, half.blob, 10));
    ok!(scene.store.put_wrap(&author, letter, 1, WrapKind::Author, b"author".to_vec(), 1));
    let seal = Seal { letter, version: 1, manifest: [7; 32], promise: None };
    ok!(scene.store.seal(&author, seal, now(1)));
    conflict!(scene.store.upload_ended(&author, half.blob, true));
    missing!(scene.store.part(&author, letter, 1, "media/001.age"));
    conflict!(scene.store.upload_ended(&author, ask.blob, false));
    assert_eq!(ok!(scene.store.part(&author, letter, 1, "letter.age")).blob, ask.blob);
}

/// A part is given when it is whole, by its name, to its author.
pub async fn part(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let letter = reserved(scene, &author).await;
    let ask = scene.ask(letter, 1, "media/001.age", 3);
    ok!(scene.store.begin_upload(&author, ask.clone(), now(0)));
    missing!(scene.store.part(&author, letter, 1, "media/001.age"));
    ok!(scene.store.upload_grew(&author, ask.blob, 3));
    ok!(scene.store.upload_ended(&author, ask.blob, true));
    let expected = Part { name: ask.name, kind: "media".into(), blob: ask.blob, size: 3, sha256: ask.sha256 };
    assert_eq!(ok!(scene.store.part(&author, letter, 1, "media/001.age")), expected);
    missing!(scene.store.part(&stranger, letter, 1, "media/001.age"));
    missing!(scene.store.part(&author, letter, 2, "media/001.age"));
    missing!(scene.store.part(&author, letter, 1, "media/002.age"));
    missing!(scene.store.part(&author, scene.letter_id(), 1, "media/001.age"));
}

/// A wrap is kept until the version is sealed, and then not changed any more.
pub async fn put_wrap(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let letter = reserved(scene, &author).await;
    let put = |author, version, kind, bytes: &[u8]| {
        scene.store.put_wrap(author, letter, version, kind, bytes.to_vec(), 1)
    };
    missing!(put(&stranger, 1, WrapKind::Author, b"theirs"));
    missing!(put(&author, 2, WrapKind::Author, b"early"));
    conflict!(put(&author, 1, WrapKind::Unlock, b"not a letter's"));
    ok!(put(&author, 1, WrapKind::Author, b"first"));
    ok!(put(&author, 1, WrapKind::Author, b"second"));
    ok!(put(&author, 1, WrapKind::Host, b"host"));
    assert_eq!(ok!(scene.store.author_wrap(&author, letter, 1)), b"second");
    let host_wrap = ok!(scene.store.unproven(&author, letter, 1)).host_wrap;
    assert_eq!(host_wrap.as_deref(), Some(&b"host"[..]));
    ok!(scene.store.seal(&author, Seal { letter, version: 1, manifest: [7; 32], promise: None }, now(1)));
    for kind in [WrapKind::Author, WrapKind::Host] {
        conflict!(put(&author, 1, kind, b"late"));
    }
    assert_eq!(ok!(scene.store.author_wrap(&author, letter, 1)), b"second");
}

/// The author's wrap is given to her, sealed or not.
pub async fn author_wrap(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let letter = reserved(scene, &author).await;
    missing!(scene.store.author_wrap(&author, letter, 1));
    ok!(scene.store.put_wrap(&author, letter, 1, WrapKind::Host, b"host".to_vec(), 1));
    missing!(scene.store.author_wrap(&author, letter, 1));
    scene.fill(&author, letter, 1).await;
    assert_eq!(ok!(scene.store.author_wrap(&author, letter, 1)), b"author 1");
    missing!(scene.store.author_wrap(&stranger, letter, 1));
    missing!(scene.store.author_wrap(&author, letter, 2));
    let letter = sealed(scene, &author).await;
    assert_eq!(ok!(scene.store.author_wrap(&author, letter, 1)), b"author 1");
}

/// What a version holds: whole parts sorted by name, and which wraps.
pub async fn unproven(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let letter = reserved(scene, &author).await;
    for name in ["sig.age", "media/002.age", "letter.age", "media/001.age"] {
        scene.part(&author, letter, 1, name, 9).await;
    }
    ok!(scene.store.begin_upload(&author, scene.ask(letter, 1, "media/003.age", 9), now(0)));
    let held = ok!(scene.store.unproven(&author, letter, 1));
    let names: Vec<_> = held.parts.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["letter.age", "media/001.age", "media/002.age", "sig.age"]);
    assert_eq!((held.has_author_wrap, held.host_wrap), (false, None));
    assert_eq!(held.parts[0], ok!(scene.store.part(&author, letter, 1, "letter.age")));
    missing!(scene.store.unproven(&stranger, letter, 1));
    missing!(scene.store.unproven(&author, letter, 2));
    let letter = sealed(scene, &author).await;
    let held = ok!(scene.store.unproven(&author, letter, 1));
    assert_eq!((held.parts.len(), held.has_author_wrap), (1, true));
    assert_eq!(held.host_wrap.as_deref(), Some(&b"host 1"[..]));
}
