//! Cards with words: what they open, for whom, and what becomes of a card that somebody has seen.

use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::accept;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::{DeliveryId, PersonId};
use unsaid_delivery::record::Answer;
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::state::State;

/// A letter that only words open, sealed at `at`.
pub(super) async fn sealed_by_words(scene: &Scene<'_>, author: &Author, person: PersonId, at: i64) -> Letter {
    let letter = scene.letter_id();
    ok!(scene.store.reserve_letter(author, letter, now(at)));
    fill_words(scene, author, &letter, 1).await;
    let promise = Some(scene.promise(person, now(at)));
    let seal = Seal { letter, version: 1, manifest: scene.keyed().0, promise };
    ok!(scene.store.seal(author, seal, now(at)))
}

/// A version with its letter, and the author's and the words wrap.
async fn fill_words(scene: &Scene<'_>, author: &Author, letter: &unsaid_delivery::LetterId, version: u32) {
    scene.part(author, *letter, version, "letter.age", 1_000).await;
    for kind in [WrapKind::Author, WrapKind::Words] {
        let bytes = format!("{} {version}", kind.name()).into_bytes();
        ok!(scene.store.put_wrap(author, *letter, version, kind, bytes, 1));
    }
}

/// Who comes with these words, at this time.
async fn comer(scene: &Scene<'_>, claim: Keyed, at: i64) -> Option<Reader> {
    let token = scene.keyed();
    if ok!(scene.store.open_reader_by_claim(token, claim, now(at))) {
        let reader = ok!(scene.store.reader(token, now(at)));
        assert!(reader.is_some());
        return reader;
    }
    assert_eq!(ok!(scene.store.reader(token, now(at))), None, "and no session was opened");
    None
}

async fn open_with(scene: &Scene<'_>, reader: &Reader, delivery: DeliveryId, at: i64) {
    let read = scene.view(delivery).await.delivery;
    let granted = accept::open(&read).expect("it waits").expect("not opened before");
    ok!(scene.store.open(reader, &read, &granted, now(at)));
}

/// Zone and language are changed for one person, and addresses and letters stay.
pub async fn update_person(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let before = ok!(scene.store.persons(&author));
    let zone = || Some("America/Lima".to_owned());
    missing!(scene.store.update_person(&stranger, person, zone(), "qu".into()));
    missing!(scene.store.update_person(&author, scene.person_id(), zone(), "qu".into()));
    assert_eq!(ok!(scene.store.persons(&author)), before);
    ok!(scene.store.update_person(&author, person, zone(), "qu".into()));
    let after = ok!(scene.store.persons(&author));
    assert_eq!(after[0], Person { zone: zone(), language: "qu".into(), ..before[0].clone() });
    assert_eq!((after[1].id, &after[1]), (other, &before[1]));
    ok!(scene.store.update_person(&author, person, None, "es".into()));
    assert_eq!(ok!(scene.store.persons(&author))[0].zone, None);
    let letter = scene.sealed(&author, person, now(0)).await;
    let sent = scene.turn(now(9 * HOUR), Answer::Accepted).await;
    let view = ok!(scene.store.message(sent[0].id)).expect("a knock");
    assert_eq!(view.language, "es", "{letter:?}");
}

/// A person has one card, and its claim is theirs alone.
pub async fn put_card(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[]).await;
    let (other, _) = scene.person(&author, &[]).await;
    let claim = scene.keyed();
    missing!(scene.store.put_card(&stranger, person, claim, now(0)));
    missing!(scene.store.put_card(&author, scene.person_id(), claim, now(0)));
    ok!(scene.store.put_card(&author, person, claim, now(0)));
    assert_eq!(scene.facts().last(), Some(&Fact::CardReplaced { person, claim: claim.0 }));
    let facts = scene.facts().len();
    ok!(scene.store.put_card(&author, person, claim, now(1)));
    assert_eq!(scene.facts().len(), facts, "the same again changes nothing");
    conflict!(scene.store.put_card(&author, person, scene.keyed(), now(1)));
    conflict!(scene.store.put_card(&author, other, claim, now(1)));
    assert_eq!(scene.facts().len(), facts);
    ok!(scene.store.put_card(&author, other, scene.keyed(), now(1)));
}

/// Whether a person has a card is their author's to know.
pub async fn has_card(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[]).await;
    let (other, _) = scene.person(&author, &[]).await;
    assert!(!ok!(scene.store.has_card(&author, person)));
    ok!(scene.store.put_card(&author, person, scene.keyed(), now(0)));
    assert!(ok!(scene.store.has_card(&author, person)));
    assert!(!ok!(scene.store.has_card(&author, other)));
    missing!(scene.store.has_card(&stranger, person));
    missing!(scene.store.has_card(&author, scene.person_id()));
}

/// A card that was seen opens nothing new: everything that nobody has opened gets new words at once, or nothing does; what was opened stays as it was read.
pub async fn replace_card(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let (old, new) = (scene.keyed(), scene.keyed());
    ok!(scene.store.put_card(&author, person, old, now(0)));
    let read = sealed_by_words(scene, &author, person, 0).await;
    let unread = sealed_by_words(scene, &author, person, 0).await;
    let theirs = sealed_by_words(scene, &author, other, 0).await;
    let by_house = scene.sealed(&author, person, now(0)).await;
    scene.turn(now(9 * HOUR), Answer::Accepted).await;
    let id = |letter: &Letter| letter.delivery.as_ref().expect("a promise").id;
    let reader = comer(scene, old, 10 * HOUR).await.expect("something waits");
    open_with(scene, &reader, id(&read), 10 * HOUR).await;

    let wrap = |letter: &Letter, bytes: &[u8]| NewWordsWrap {
        letter: letter.id,
        version: 1,
        bytes: bytes.to_vec(),
        generation: 2,
    };
    let all = vec![wrap(&unread, b"new"), wrap(&read, b"passed over"), wrap(&theirs, b"another's")];
    let facts = scene.facts().len();
    missing!(scene.store.replace_card(&stranger, person, new, all.clone(), now(DAY)));
    conflict!(scene.store.replace_card(&author, person, new, vec![wrap(&read, b"x")], now(DAY)));
    conflict!(scene.store.replace_card(&author, person, old, all.clone(), now(DAY)));
    assert_eq!(scene.facts().len(), facts);
    assert_eq!(comer(scene, new, DAY).await, None, "nothing of it was kept");
    ok!(scene.store.replace_card(&author, person, new, all, now(DAY)));
    assert_eq!(scene.facts().last(), Some(&Fact::CardReplaced { person, claim: new.0 }));

    let by_new = comer(scene, new, DAY).await.expect("something waits");
    let by_old = comer(scene, old, DAY).await.expect("what was opened");
    for (reader, claim, delivery, opens) in [
        (&by_new, new, id(&unread), true),
        (&by_new, new, id(&read), true),
        (&by_old, old, id(&read), true),
        (&by_old, old, id(&unread), false),
        (&by_new, old, id(&unread), false),
    ] {
        assert_eq!(ok!(scene.store.claim_opens(reader, delivery, claim)), opens, "{delivery}");
    }
    assert_eq!(ok!(scene.store.release(&by_old, id(&read))).wrap(), b"words 1", "as it was read");
    open_with(scene, &by_new, id(&unread), DAY).await;
    assert_eq!(ok!(scene.store.release(&by_new, id(&unread))).wrap(), b"new");
    let kept = ok!(scene.store.unproven(&author, theirs.id, 1));
    assert_eq!(kept.words_wrap.as_deref(), Some(&b"words 1"[..]), "nobody else's words are touched");
    let kept = ok!(scene.store.unproven(&author, by_house.id, 1));
    assert_eq!((kept.words_wrap, kept.host_wrap), (None, Some(b"host 1".to_vec())));
}

/// Words lead to their person if something may be opened with them now; otherwise to nothing, whatever the reason.
pub async fn open_reader_by_claim(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, addresses) = scene.person(&author, &[scene.keyed()]).await;
    let claim = scene.keyed();
    assert_eq!(comer(scene, claim, 0).await, None, "unknown");
    ok!(scene.store.put_card(&author, person, claim, now(0)));
    assert_eq!(comer(scene, claim, 0).await, None, "nothing is sealed");
    let letter = sealed_by_words(scene, &author, person, 0).await;
    let delivery = letter.delivery.as_ref().expect("a promise").id;
    assert_eq!(letter.kept, Kept::Words);
    assert_eq!(comer(scene, claim, HOUR).await, None, "it rests");
    let sent = scene.turn(now(9 * HOUR), Answer::Accepted).await;
    assert_eq!(sent.iter().map(|m| m.address).collect::<Vec<_>>(), [Some(addresses[0])]);
    let token = scene.keyed();
    assert!(ok!(scene.store.open_reader_by_claim(token, claim, now(9 * HOUR))));
    conflict!(scene.store.open_reader_by_claim(token, claim, now(9 * HOUR)));
    let reader = ok!(scene.store.reader(token, now(9 * HOUR))).expect("a session");
    assert_eq!((reader.account(), reader.person(), reader.address()), (author.account(), person, None));
    let over = 9 * HOUR + 30 * DAY;
    assert_eq!(ok!(scene.store.reader(token, now(over - 1))), Some(reader));
    assert_eq!(ok!(scene.store.reader(token, now(over))), None);
    let waiting = ok!(scene.store.waiting(&reader));
    assert_eq!(
        waiting.iter().map(|w| (w.delivery.id, w.kept)).collect::<Vec<_>>(),
        [(delivery, Kept::Words)]
    );
    ok!(scene.store.end_reader(token));
    assert_eq!(ok!(scene.store.reader(token, now(9 * HOUR))), None);

    // It opens with words, and gives the words wrap.
    let reader = comer(scene, claim, 10 * HOUR).await.expect("it waits");
    missing!(scene.store.release(&reader, delivery));
    open_with(scene, &reader, delivery, 10 * HOUR).await;
    let released = ok!(scene.store.release(&reader, delivery));
    assert_eq!((released.wrap(), released.kind()), (&b"words 1"[..], WrapKind::Words));
    assert_eq!((released.subject(), released.version()), (&*letter.id.to_string(), 1));
    assert_eq!(ok!(scene.store.reader_part(&reader, delivery, "letter.age")).size, 1_000);

    // Who came with words says no for themselves, and for no address.
    let second = sealed_by_words(scene, &author, person, DAY).await.delivery.expect("a promise").id;
    scene.turn(now(2 * DAY), Answer::Accepted).await;
    for scope in [Scope::NotMe, Scope::House, Scope::Quiet] {
        conflict!(scene.store.refuse(&reader, scope, now(2 * DAY)));
    }
    ok!(scene.store.refuse(&reader, Scope::Author, now(2 * DAY)));
    assert_eq!(scene.view(second).await.delivery.state, State::Refused);
    assert_eq!(ok!(scene.store.refusals(&reader)), [StandingRefusal { scope: Scope::Author }]);
    let third = sealed_by_words(scene, &author, person, 3 * DAY).await;
    assert_eq!(scene.turn(now(4 * DAY), Answer::Accepted).await, [], "with all addresses: nothing is sent");
    // It ends our contacting, never their coming.
    let again = comer(scene, claim, 5 * DAY).await.expect("they may come");
    ok!(scene.store.lift(&again, Scope::Author, now(5 * DAY)));
    assert_eq!(ok!(scene.store.refusals(&again)), []);
    assert!(third.delivery.is_some());
}

/// The present card opens what waits for its person, and nobody else's; nothing opens what rests or was taken back.
pub async fn claim_opens(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let (claim, others) = (scene.keyed(), scene.keyed());
    ok!(scene.store.put_card(&author, person, claim, now(0)));
    ok!(scene.store.put_card(&author, other, others, now(0)));
    let letter = sealed_by_words(scene, &author, person, 0).await;
    let theirs = sealed_by_words(scene, &author, other, 0).await;
    scene.turn(now(9 * HOUR), Answer::Accepted).await;
    let id = |letter: &Letter| letter.delivery.as_ref().expect("a promise").id;
    let resting = sealed_by_words(scene, &author, person, 9 * HOUR).await;
    let reader = comer(scene, claim, 10 * HOUR).await.expect("it waits");
    for (delivery, claim, opens) in [
        (id(&letter), claim, true),
        (id(&letter), others, false),
        (id(&letter), scene.keyed(), false),
        (id(&theirs), claim, false),
        (id(&theirs), others, false),
        (id(&resting), claim, false),
        (scene.delivery_id(), claim, false),
    ] {
        assert_eq!(ok!(scene.store.claim_opens(&reader, delivery, claim)), opens, "{delivery}");
    }
    let read = scene.promised(&author, letter.id).await;
    let withdrawn = accept::withdraw(&read).expect("always accepted");
    ok!(scene.store.commit_author(&author, &read, &withdrawn, now(11 * HOUR)));
    assert!(
        !ok!(scene.store.claim_opens(&reader, id(&letter), claim)),
        "a withdrawn sentence opens to nobody"
    );
    assert_eq!(comer(scene, claim, 12 * HOUR).await, None);
}

/// Which of a person's cards was replaced is told to whoever has its words, and to nobody else.
pub async fn card_is_older(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let (old, new, others) = (scene.keyed(), scene.keyed(), scene.keyed());
    ok!(scene.store.put_card(&author, person, old, now(0)));
    ok!(scene.store.put_card(&author, other, others, now(0)));
    sealed_by_words(scene, &author, other, 0).await;
    scene.turn(now(9 * HOUR), Answer::Accepted).await;
    let stranger = comer(scene, others, 10 * HOUR).await.expect("something waits");
    let waits = sealed_by_words(scene, &author, person, 10 * HOUR).await;
    scene.turn(now(DAY), Answer::Accepted).await;
    let reader = comer(scene, old, DAY).await.expect("something waits");
    assert!(!ok!(scene.store.card_is_older(&reader, old)));
    let wrap = NewWordsWrap { letter: waits.id, version: 1, bytes: b"new".to_vec(), generation: 2 };
    ok!(scene.store.replace_card(&author, person, new, vec![wrap], now(DAY)));
    for (reader, claim, older) in [
        (&reader, old, true),
        (&reader, new, false),
        (&reader, scene.keyed(), false),
        (&stranger, old, false),
    ] {
        assert_eq!(ok!(scene.store.card_is_older(reader, claim)), older);
    }
}

/// Whoever has the words of a card that was replaced reads again what was read with words, and nothing else: not what the house keeps, not what waits; and says no to nothing. A
/// session that the card opened before it was replaced is no wider.
pub async fn a_card_that_was_replaced_leads_to_what_was_read_with_words_alone(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (old, new) = (scene.keyed(), scene.keyed());
    ok!(scene.store.put_card(&author, person, old, now(0)));
    let read = sealed_by_words(scene, &author, person, 0).await;
    let unread = sealed_by_words(scene, &author, person, 0).await;
    let by_house = scene.sealed(&author, person, now(0)).await;
    let read_by_house = scene.sealed(&author, person, now(0)).await;
    scene.turn(now(9 * HOUR), Answer::Accepted).await;
    let id = |letter: &Letter| letter.delivery.as_ref().expect("a promise").id;
    let token = scene.keyed();
    assert!(ok!(scene.store.open_reader_by_claim(token, old, now(10 * HOUR))));
    let before = ok!(scene.store.reader(token, now(10 * HOUR))).expect("a session");
    assert!(!before.has_older_card());
    open_with(scene, &before, id(&read_by_house), 10 * HOUR).await;

    // Nothing was read with words yet: the old card leads nowhere.
    let wrap = |letter: &Letter| NewWordsWrap {
        letter: letter.id,
        version: 1,
        bytes: b"new".to_vec(),
        generation: 2,
    };
    let third = scene.keyed();
    ok!(scene.store.replace_card(&author, person, third, vec![wrap(&read), wrap(&unread)], now(11 * HOUR)));
    assert_eq!(
        comer(scene, old, 11 * HOUR).await,
        None,
        "what the house keeps is not opened by a card that was seen"
    );
    let by_third = comer(scene, third, 11 * HOUR).await.expect("something waits");
    open_with(scene, &by_third, id(&read), 11 * HOUR).await;
    ok!(scene.store.replace_card(&author, person, new, vec![wrap(&read), wrap(&unread)], now(12 * HOUR)));

    let by_old = comer(scene, third, 12 * HOUR).await.expect("what was read");
    let same = ok!(scene.store.reader(token, now(12 * HOUR))).expect("the session stays");
    for reader in [&by_old, &same] {
        assert!(reader.has_older_card());
        let seen: Vec<_> = ok!(scene.store.waiting(reader)).into_iter().map(|w| w.delivery.id).collect();
        assert_eq!(seen, [id(&read)]);
        ok!(scene.store.release(reader, id(&read)));
        missing!(scene.store.release(reader, id(&read_by_house)));
        missing!(scene.store.reader_part(reader, id(&read_by_house), "letter.age"));
        for closed in [id(&by_house), id(&unread)] {
            let view = scene.view(closed).await.delivery;
            let granted = accept::open(&view).expect("it waits").expect("not opened before");
            missing!(scene.store.open(reader, &view, &granted, now(13 * HOUR)));
            assert!(!ok!(scene.store.claim_opens(reader, closed, old)));
        }
        for scope in [Scope::Author, Scope::Letter(unread.id), Scope::Letter(read.id)] {
            conflict!(scene.store.refuse(reader, scope, now(13 * HOUR)));
        }
    }
    let by_new = comer(scene, new, 13 * HOUR).await.expect("everything");
    assert!(!by_new.has_older_card());
    assert_eq!(ok!(scene.store.waiting(&by_new)).len(), 4);
    ok!(scene.store.refuse(&by_new, Scope::Letter(unread.id), now(13 * HOUR)));
    conflict!(scene.store.lift(&by_old, Scope::Letter(unread.id), now(13 * HOUR)));
    assert_eq!(scene.view(id(&unread)).await.delivery.state, State::Refused);
}

/// What an author has to bring for a new card says nothing about what was opened; and what was brought with the old words and not sealed is not sealed with them any more.
pub async fn a_card_is_replaced_alike_whatever_was_opened(scene: &Scene<'_>) {
    let mut asked = Vec::new();
    for opened in [false, true] {
        let author = scene.author().await;
        let (person, _) = scene.person(&author, &[scene.keyed()]).await;
        let (old, new) = (scene.keyed(), scene.keyed());
        ok!(scene.store.put_card(&author, person, old, now(0)));
        let letter = sealed_by_words(scene, &author, person, 0).await;
        scene.turn(now(9 * HOUR), Answer::Accepted).await;
        if opened {
            let reader = comer(scene, old, 10 * HOUR).await.expect("something waits");
            open_with(scene, &reader, letter.delivery.as_ref().expect("a promise").id, 10 * HOUR).await;
        }
        // Two sealings that were begun with the old words and not ended: new words of this letter, and a new letter.
        assert_eq!(ok!(scene.store.reserve_version(&author, letter.id, now(DAY))), 2);
        fill_words(scene, &author, &letter.id, 2).await;
        let begun = scene.letter_id();
        ok!(scene.store.reserve_letter(&author, begun, now(DAY)));
        fill_words(scene, &author, &begun, 1).await;

        let nothing = scene.store.replace_card(&author, person, new, Vec::new(), now(DAY)).await;
        asked.push(format!("{nothing:?}"));
        assert!(matches!(nothing, Err(crate::StoreError::Conflict)), "opened: {opened}");
        let wrap = NewWordsWrap { letter: letter.id, version: 1, bytes: b"new".to_vec(), generation: 2 };
        ok!(scene.store.replace_card(&author, person, new, vec![wrap], now(DAY)));

        for (id, version) in [(letter.id, 2), (begun, 1)] {
            assert_eq!(ok!(scene.store.unproven(&author, id, version)).words_wrap, None);
        }
        let rest =
            unsaid_delivery::state::Rest { until: now(2 * DAY).trusted, observed: now(2 * DAY).observed };
        let amend = Amend { letter: letter.id, version: 2, manifest: scene.keyed().0, rest };
        conflict!(scene.store.amend(&author, amend, now(DAY)));
        let promise = Some(scene.promise(person, now(DAY)));
        let seal = Seal { letter: begun, version: 1, manifest: scene.keyed().0, promise };
        conflict!(scene.store.seal(&author, seal, now(DAY)));
    }
    assert_eq!(asked[0], asked[1]);
}
