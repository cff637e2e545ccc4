//! The person's side: coming with a link, seeing what waits, opening.

use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::accept;
use unsaid_delivery::clock::Now;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::record::Answer;
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::state::{Delivery, Parked, State};

/// Opens a delivery as it stands.
pub(super) async fn open_it(scene: &Scene<'_>, arrived: &Arrived, at: i64) -> Delivery {
    let delivery = scene.view(arrived.delivery).await.delivery;
    let granted = accept::open(&delivery).expect("it waits").expect("not opened before");
    ok!(scene.store.open(&arrived.reader, &delivery, &granted, now(at)));
    scene.view(arrived.delivery).await.delivery
}

/// Withdraws a letter as it stands.
pub(super) async fn withdraw_it(scene: &Scene<'_>, author: &Author, arrived: &Arrived, at: i64) {
    let delivery = scene.promised(author, arrived.letter.id).await;
    let granted = accept::withdraw(&delivery).expect("always accepted");
    ok!(scene.store.commit_author(author, &delivery, &granted, now(at)));
}

/// A link leads to its knock, to whom it went, and says whether anything of it can be opened.
pub async fn knock(scene: &Scene<'_>) {
    let author = scene.author().await;
    let key = scene.keyed();
    let (person, addresses) = scene.person(&author, &[key]).await;
    assert_eq!(ok!(scene.store.knock(scene.keyed())), None);
    let arrived = scene.arrived(&author, person, 0).await;
    let found = ok!(scene.store.knock(link_of(arrived.message))).expect("a knock");
    assert_eq!((found.message, found.waits), (arrived.message, true));
    assert_eq!((found.reader.account(), found.reader.person()), (author.account(), person));
    assert_eq!((found.reader.address(), found.reader.address_key()), (Some(addresses[0]), key));
    open_it(scene, &arrived, DAY).await;
    assert!(ok!(scene.store.knock(link_of(arrived.message))).is_some_and(|k| k.waits), "it opens again");

    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    withdraw_it(scene, &author, &arrived, DAY).await;
    assert!(ok!(scene.store.knock(link_of(arrived.message))).is_some_and(|k| !k.waits));
    // The same link speaks for a later letter too.
    scene.arrived(&author, person, 2 * DAY).await;
    assert!(ok!(scene.store.knock(link_of(arrived.message))).is_some_and(|k| k.waits));
}

/// A session is opened for a knock that exists, and for nothing else.
pub async fn open_reader(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let token = scene.keyed();
    missing!(scene.store.open_reader(token, scene.message_id(), now(DAY)));
    let ask = CodeAsk {
        message: scene.message_id(),
        browser: scene.keyed(),
        email_key: scene.keyed(),
        to: scene.sealed_text(),
        invitation: None,
        write: true,
        known: false,
        expires: trusted(2 * DAY),
        language: "es".into(),
    };
    let code = ask.message;
    ok!(scene.store.ask_code(ask, now(DAY)));
    missing!(scene.store.open_reader(token, code, now(DAY)));
    ok!(scene.store.open_reader(token, arrived.message, now(DAY)));
    let came = Some(Reader { session: Some(token), ..arrived.reader });
    assert_eq!(ok!(scene.store.reader(token, now(DAY))), came);
    conflict!(scene.store.open_reader(token, arrived.message, now(DAY)));
}

/// A reader's session lasts for 30 days of trusted time.
pub async fn reader(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let token = scene.keyed();
    assert_eq!(ok!(scene.store.reader(token, now(DAY))), None);
    ok!(scene.store.open_reader(token, arrived.message, now(DAY)));
    let came = Some(Reader { session: Some(token), ..arrived.reader });
    assert_eq!(ok!(scene.store.reader(token, now(31 * DAY - 1))), came);
    let served_long = Now { trusted: trusted(DAY), observed: observed(900 * DAY) };
    assert_eq!(ok!(scene.store.reader(token, served_long)), came);
    assert_eq!(ok!(scene.store.reader(token, now(31 * DAY))), None);
}

/// Leaving ends this session alone; leaving twice is no error.
pub async fn end_reader(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let (here, there) = (scene.keyed(), scene.keyed());
    for token in [here, there] {
        ok!(scene.store.open_reader(token, arrived.message, now(DAY)));
    }
    ok!(scene.store.end_reader(here));
    ok!(scene.store.end_reader(here));
    assert_eq!(ok!(scene.store.reader(here, now(DAY))), None);
    assert!(ok!(scene.store.reader(there, now(DAY))).is_some());
}

/// What has left is there, the newest sealing first; what rests, was withdrawn, is held, or is somebody else's is not.
pub async fn waiting(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let key = scene.keyed();
    let (person, _) = scene.person(&author, &[key]).await;
    let (theirs, _) = scene.person(&stranger, &[key]).await;
    let first = scene.arrived(&author, person, 0).await;
    let second = scene.arrived(&author, person, DAY).await;
    let gone = scene.arrived(&author, person, 2 * DAY).await;
    let other = scene.arrived(&stranger, theirs, 2 * DAY).await;
    let resting = scene.sealed(&author, person, now(3 * DAY)).await;
    withdraw_it(scene, &author, &gone, 3 * DAY).await;
    open_it(scene, &first, 3 * DAY).await;
    let waiting = ok!(scene.store.waiting(&first.reader));
    let ids = |waiting: &[Waiting]| waiting.iter().map(|w| w.delivery.id).collect::<Vec<_>>();
    assert_eq!(ids(&waiting), [second.delivery, first.delivery]);
    assert_eq!(waiting[0].delivery, scene.view(second.delivery).await.delivery);
    assert_eq!((waiting[0].sealed_at, waiting[0].size), (trusted(DAY), 1_001));
    assert!(waiting[1].delivery.pinned);
    let theirs = ok!(scene.store.waiting(&other.reader));
    assert_eq!(ids(&theirs), [other.delivery], "the same mailbox, another author");
    scene.turn(now(4 * DAY), Answer::Accepted).await;
    let waiting = ok!(scene.store.waiting(&first.reader));
    assert_eq!(waiting[0].delivery.id, resting.delivery.expect("a promise").id);
    // Whoever says that the address is not theirs sees nothing, and may take it back.
    ok!(scene.store.refuse(&first.reader, Scope::NotMe, now(5 * DAY)));
    assert_eq!(ok!(scene.store.waiting(&first.reader)), []);
    assert_eq!(ok!(scene.store.waiting(&other.reader)).len(), 1, "said of one person");
    ok!(scene.store.lift(&first.reader, Scope::NotMe, now(5 * DAY)));
    assert_eq!(ok!(scene.store.waiting(&first.reader)).len(), 3);
    // What is held is still there, so that its page can say so; it does not open (see `park`).
    ok!(scene.store.park(second.delivery, Parked::Damaged));
    assert_eq!(ok!(scene.store.waiting(&first.reader)).len(), 3);
}

/// The author's name is bound to her account.
pub async fn sender(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let name = ok!(scene.store.account(&author)).name;
    assert_ne!(name, ok!(scene.store.account(&other)).name);
    let zone = ok!(scene.store.account(&author)).zone;
    let account = author.account();
    let sender = Sender { account, name, zone, may_be_named: true, allowed_name: None, looks_after: None };
    assert_eq!(ok!(scene.store.sender(&arrived.reader)), sender, "their zone is not known: hers");
    let theirs = Some("Asia/Kolkata".to_owned());
    ok!(scene.store.update_person(&author, person, theirs.clone(), "fr".into()));
    assert_eq!(Some(ok!(scene.store.sender(&arrived.reader)).zone), theirs);
}

/// Whoever came with a link finds the address that it went to; after its author took it away, or with words, there is none.
pub async fn own_address(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, addresses) = scene.person(&author, &[scene.keyed(), scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let at = arrived.reader.address().expect("they came with a link");
    let persons = ok!(scene.store.persons(&author));
    let known = persons.iter().find(|p| p.id == person).expect("hers");
    let kept = known.addresses.iter().find(|a| a.id == at).expect("theirs").sealed.clone();
    assert_eq!(ok!(scene.store.own_address(&arrived.reader)), Some(kept));
    ok!(scene.store.remove_address(&author, person, at, now(DAY)));
    assert_eq!(addresses.len(), 2, "the other one is not what they came with");
    assert_eq!(ok!(scene.store.own_address(&arrived.reader)), None);
    let by_card = Reader { at: None, ..arrived.reader };
    assert_eq!(ok!(scene.store.own_address(&by_card)), None);
}

/// Opening pins the version, is a fact, ends the wake, and begins the pair's series of knocks anew.
pub async fn open(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (theirs, _) = scene.person(&stranger, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let beside = scene.arrived(&author, person, DAY).await;
    let other = scene.arrived(&stranger, theirs, DAY).await;
    let read = scene.view(arrived.delivery).await;
    assert_eq!(read.pair.knocks.len(), 1);
    assert_eq!(read.pair.last_accepted, Some(observed(9 * HOUR)));
    let granted = accept::open(&read.delivery).expect("it waits").expect("not opened before");
    missing!(scene.store.open(&other.reader, &read.delivery, &granted, now(2 * DAY)));
    let stale = Delivery { rev: read.delivery.rev + 1, ..read.delivery.clone() };
    conflict!(scene.store.open(&arrived.reader, &stale, &granted, now(2 * DAY)));
    let before = scene.facts().len();
    ok!(scene.store.open(&arrived.reader, &read.delivery, &granted, now(2 * DAY)));
    let fact = Fact::Opened { delivery: arrived.delivery, version: 1 };
    assert_eq!(scene.facts()[before..], [fact]);
    let opened = scene.view(arrived.delivery).await;
    assert_eq!((opened.delivery.state, opened.delivery.pinned), (State::Opened, true));
    assert!(opened.delivery.rev > read.delivery.rev);
    assert!(opened.pair.knocks.is_empty() && opened.pair.last_accepted.is_none());
    conflict!(scene.store.open(&arrived.reader, &read.delivery, &granted, now(2 * DAY)));
    assert!(!scene.has_come(WakeOf::Delivery(arrived.delivery), now(9_000 * DAY)).await);
    // The other letter still waits, and the other pair has its own series.
    let waits = scene.view(beside.delivery).await;
    assert_eq!((waits.delivery.state, waits.delivery.pinned), (State::Sending, false));
    assert!(waits.pair.knocks.is_empty());
    assert_eq!(scene.view(other.delivery).await.pair.knocks.len(), 1);
    assert!(accept::open(&opened.delivery).is_ok_and(|granted| granted.is_none()));

    // Refused is not locked: who comes may still open. What rests is not there, whoever asks.
    ok!(scene.store.refuse(&arrived.reader, Scope::Letter(beside.letter.id), now(3 * DAY)));
    assert_eq!(open_it(scene, &beside, 3 * DAY).await.state, State::Opened);
    let resting = scene.sealed(&author, person, now(3 * DAY)).await.delivery.expect("a promise");
    assert!(scene.store.open(&arrived.reader, &resting, &granted, now(3 * DAY)).await.is_err());
    assert_eq!(scene.view(resting.id).await.delivery, resting);
    // Where the address is said not to be theirs, it proves nothing.
    ok!(scene.store.refuse(&other.reader, Scope::NotMe, now(3 * DAY)));
    let read = scene.view(other.delivery).await.delivery;
    missing!(scene.store.open(&other.reader, &read, &granted, now(3 * DAY)));
}

/// The host's wrap is released for what was opened, to the reader whose it is.
pub async fn release(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (other_person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let other = scene.arrived(&author, other_person, 0).await;
    missing!(scene.store.release(&arrived.reader, arrived.delivery));
    open_it(scene, &arrived, DAY).await;
    let released = ok!(scene.store.release(&arrived.reader, arrived.delivery));
    assert_eq!((released.wrap(), released.kind()), (&b"host 1"[..], WrapKind::Host));
    assert_eq!((released.subject(), released.version()), (arrived.letter.id.to_string().as_str(), 1));
    missing!(scene.store.release(&other.reader, arrived.delivery));
    missing!(scene.store.release(&arrived.reader, scene.delivery_id()));
    withdraw_it(scene, &author, &arrived, 2 * DAY).await;
    assert!(scene.store.release(&arrived.reader, arrived.delivery).await.is_ok(), "it stays the reader's");
    ok!(scene.store.refuse(&arrived.reader, Scope::NotMe, now(2 * DAY)));
    missing!(scene.store.release(&arrived.reader, arrived.delivery));
    ok!(scene.store.lift(&arrived.reader, Scope::NotMe, now(2 * DAY)));
    assert!(scene.store.release(&arrived.reader, arrived.delivery).await.is_ok());
    ok!(scene.store.park(arrived.delivery, Parked::WrongBinding));
    missing!(scene.store.release(&arrived.reader, arrived.delivery));
}

/// Parts of the pinned version are given after the opening, and of no other version.
pub async fn reader_part(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (other_person, _) = scene.person(&author, &[scene.keyed()]).await;
    // Version 1 is undone, version 2 goes.
    let first = scene.sealed(&author, person, now(0)).await;
    let delivery = first.delivery.clone().expect("a promise");
    let granted = accept::undo(&delivery, now(1)).expect("it rests");
    ok!(scene.store.commit_author(&author, &delivery, &granted, now(1)));
    assert_eq!(ok!(scene.store.reserve_version(&author, first.id, now(2))), 2);
    scene.fill(&author, first.id, 2).await;
    let promise = Some(scene.promise(person, now(2)));
    let seal = Seal { letter: first.id, version: 2, manifest: [2; 32], promise };
    let letter = ok!(scene.store.seal(&author, seal, now(2)));
    let sent = scene.turn(now(9 * HOUR), Answer::Accepted).await;
    let reader = scene.reader(sent[0].id).await;
    let arrived = Arrived { letter, delivery: delivery.id, message: sent[0].id, reader };
    let other = scene.arrived(&author, other_person, 0).await;
    missing!(scene.store.reader_part(&reader, delivery.id, "letter.age"));
    open_it(scene, &arrived, DAY).await;
    let part = ok!(scene.store.reader_part(&reader, delivery.id, "letter.age"));
    assert_eq!(part, ok!(scene.store.part(&author, first.id, 2, "letter.age")));
    assert_eq!(part.size, 1_002);
    missing!(scene.store.reader_part(&reader, delivery.id, "media/001.age"));
    missing!(scene.store.reader_part(&other.reader, delivery.id, "letter.age"));
    // She begins a third version: the reader's stays the second.
    assert_eq!(ok!(scene.store.reserve_version(&author, first.id, now(DAY))), 3);
    scene.fill(&author, first.id, 3).await;
    assert_eq!(ok!(scene.store.reader_part(&reader, delivery.id, "letter.age")), part);
    assert_eq!(ok!(scene.store.release(&reader, delivery.id)).version(), 2);
}

/// What cannot be opened is held and says so; nothing wakes it; what was taken back stays taken back.
pub async fn park(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    missing!(scene.store.park(scene.delivery_id(), Parked::Damaged));
    let opened = scene.arrived(&author, person, 0).await;
    let before = open_it(scene, &opened, DAY).await;
    ok!(scene.store.park(opened.delivery, Parked::WrongBinding));
    let parked = scene.view(opened.delivery).await.delivery;
    let state = State::Parked { why: Parked::WrongBinding, left: true };
    assert_eq!((parked.state, parked.pinned), (state, true));
    assert!(parked.rev > before.rev);
    ok!(scene.store.park(opened.delivery, Parked::Damaged));
    assert_eq!(scene.view(opened.delivery).await.delivery.state, state);
    assert_eq!(ok!(scene.store.counts()), [("parked".to_owned(), 1)]);

    let resting = scene.sealed(&author, person, now(DAY)).await.delivery.expect("a promise").id;
    ok!(scene.store.park(resting, Parked::ByHost));
    let state = State::Parked { why: Parked::ByHost, left: false };
    assert_eq!(scene.view(resting).await.delivery.state, state);
    assert!(!scene.has_come(WakeOf::Delivery(resting), now(9_000 * DAY)).await);

    let gone = scene.arrived(&author, person, 2 * DAY).await;
    withdraw_it(scene, &author, &gone, 3 * DAY).await;
    ok!(scene.store.park(gone.delivery, Parked::Damaged));
    assert_eq!(scene.view(gone.delivery).await.delivery.state, State::Withdrawn { undone: false });
}

/// That somebody else reads their mail is hers to say, changes nothing else of the person, and is known where a knock leads; who came with the words of a card is nobody's guardian.
pub async fn look_after(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let before = ok!(scene.store.persons(&author));
    missing!(scene.store.look_after(&stranger, person, Some(scene.sealed_text())));
    missing!(scene.store.look_after(&author, scene.person_id(), None));
    assert_eq!(ok!(scene.store.persons(&author)), before);
    let knock =
        async || ok!(scene.store.knock_named(arrived.message)).expect("it leads to them").looked_after;
    for (at, name) in [Some(scene.sealed_text()), Some(scene.sealed_text()), None].into_iter().enumerate() {
        ok!(scene.store.look_after(&author, person, name.clone()));
        let looked_after = name.clone();
        assert_eq!(ok!(scene.store.persons(&author)), [Person { looked_after, ..before[0].clone() }]);
        let facts = scene.facts();
        let text = name.clone().map(|name| name.0).unwrap_or_default();
        let fact = Fact::LookedAfter { account: author.account(), person, name: text };
        assert_eq!(facts.last(), Some(&fact), "{at}");
        assert_eq!(knock().await, name.is_some());
        let view = ok!(scene.store.message(arrived.message)).expect("it is there");
        assert_eq!(view.looked_after, name.is_some());
        let of = name.map(|name| (person, name));
        assert_eq!(ok!(scene.store.sender(&arrived.reader)).looks_after, of);
        let by_card = Reader { at: None, ..arrived.reader };
        assert_eq!(ok!(scene.store.sender(&by_card)).looks_after, None);
    }
}
