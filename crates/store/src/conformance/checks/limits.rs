//! The numbers of the house: the last that has room passes, the next does not and changes nothing; and where an author is signed in.

use super::{missing, ok};
use crate::StoreError;
use crate::conformance::scene::*;
use crate::limits::{
    CODES_OF_AN_ACCOUNT, CODES_OF_AN_INVITATION, Limit, Limits, READERS_OF_A_LINK, SESSIONS_OF_AN_ACCOUNT,
};
use crate::rows::*;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::DraftId;
use unsaid_delivery::message::MessageState;

/// The call answers that this number was reached.
macro_rules! reached {
    ($limit:ident, $call:expr) => {
        match $call.await {
            Err(StoreError::Limit(limit)) => assert_eq!(limit, Limit::$limit),
            other => panic!("not Limit::{}: {other:?}", stringify!($limit)),
        }
    };
}

/// Each number of an account, one after the other; what is another author's does not count, and what was there before stays.
pub async fn keep_within(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let none = Limits::default();
    let keep = async |limits: Limits| ok!(scene.store.keep_within(limits));
    let someone = || NewPerson { id: scene.person_id(), zone: None, language: "fr".into(), address: None };

    // Persons: in all, and in thirty days.
    keep(Limits { persons: 2, ..none }).await;
    ok!(scene.store.add_person(&author, someone(), now(0)));
    ok!(scene.store.add_person(&author, someone(), now(1)));
    reached!(Persons, scene.store.add_person(&author, someone(), now(2)));
    assert_eq!(ok!(scene.store.persons(&author)).len(), 2, "nothing came of it");
    ok!(scene.store.add_person(&other, someone(), now(2)));
    keep(Limits { persons_a_month: 3, ..none }).await;
    ok!(scene.store.add_person(&author, someone(), now(2)));
    reached!(PersonsOfMonth, scene.store.add_person(&author, someone(), now(30 * DAY - 1)));
    ok!(scene.store.add_person(&author, someone(), now(30 * DAY)));
    reached!(PersonsOfMonth, scene.store.add_person(&author, someone(), now(30 * DAY)));

    // Cards that one person ever had.
    keep(Limits { cards: 2, ..none }).await;
    let (person, _) = scene.person(&author, &[]).await;
    let first = scene.keyed();
    ok!(scene.store.put_card(&author, person, first, now(0)));
    ok!(scene.store.put_card(&author, person, first, now(0)));
    let second = scene.keyed();
    ok!(scene.store.replace_card(&author, person, second, Vec::new(), now(0)));
    reached!(Cards, scene.store.replace_card(&author, person, scene.keyed(), Vec::new(), now(0)));
    ok!(scene.store.put_card(&author, person, second, now(0)));

    // Drafts, their photos, and letters.
    let draft = |n| DraftId([n; 16]);
    // An hour apart, so that each earlier saving is kept.
    let save = async |n: u8, rev: i64| {
        scene.store.put_draft(&author, draft(n), rev, vec![n; 10], now(rev * HOUR)).await
    };
    keep(Limits { drafts: 2, photos: 2, letters: 1, reserved: 2, versions: 2, ..none }).await;
    assert_eq!(ok!(save(1, 0)), 1);
    assert_eq!(ok!(save(2, 0)), 1);
    reached!(Drafts, save(3, 0));
    assert_eq!(ok!(save(2, 1)), 2, "what is there goes on being saved");
    let photo = |name: &str| Part {
        name: name.into(),
        kind: "photo".into(),
        blob: scene.blob_id(),
        size: 5,
        sha256: [9; 32],
    };
    ok!(scene.store.put_draft_part(&author, draft(1), photo("a")));
    ok!(scene.store.put_draft_part(&author, draft(1), photo("b")));
    reached!(Photos, scene.store.put_draft_part(&author, draft(1), photo("c")));
    ok!(scene.store.put_draft_part(&author, draft(1), photo("b")));
    ok!(scene.store.put_draft_part(&author, draft(2), photo("c")));
    let (one, two) = (scene.letter_id(), scene.letter_id());
    ok!(scene.store.reserve_letter(&author, one, now(0)));
    ok!(scene.store.reserve_letter(&author, two, now(1)));
    reached!(Reserved, scene.store.reserve_letter(&author, scene.letter_id(), now(DAY - 1)));
    let next_day = scene.letter_id();
    ok!(scene.store.reserve_letter(&author, next_day, now(DAY)));
    keep(Limits { letters: 1, versions: 2, ..none }).await;
    let (person, _) = scene.person(&other, &[]).await;
    let sealed = scene.sealed(&other, person, now(0)).await;
    reached!(Letters, scene.store.reserve_letter(&other, scene.letter_id(), now(0)));
    assert_eq!(ok!(scene.store.reserve_version(&other, sealed.id, now(0))), 2);
    assert_eq!(ok!(scene.store.reserve_version(&other, sealed.id, now(0))), 2, "it is not sealed yet");

    // Parts on their way, and bytes.
    keep(Limits { uploads: 2, ..none }).await;
    let ask = |name: &str, size| scene.ask(one, 1, name, size);
    let begun = ok!(scene.store.begin_upload(&author, ask("letter.age", 10), now(0)));
    ok!(scene.store.begin_upload(&author, ask("media/001.age", 10), now(0)));
    reached!(Uploads, scene.store.begin_upload(&author, ask("media/002.age", 10), now(DAY - 1)));
    ok!(scene.store.begin_upload(&author, ask("media/001.age", 20), now(0)));
    ok!(scene.store.upload_grew(&author, begun.blob, 10));
    ok!(scene.store.upload_ended(&author, begun.blob, true));
    ok!(scene.store.begin_upload(&author, ask("media/002.age", 10), now(0)));
    // Uploads of 10, 20 and 10; drafts of 10, 10 and 10 before; photos of 5, 5 and 5.
    keep(Limits { bytes: 100, ..none }).await;
    reached!(Bytes, scene.store.begin_upload(&author, ask("media/003.age", 16), now(0)));
    ok!(scene.store.begin_upload(&author, ask("media/003.age", 5), now(0)));
    ok!(save(2, 2));
    reached!(Bytes, save(2, 3));
    reached!(Bytes, save(4, 0));
    reached!(Bytes, scene.store.put_draft_part(&author, draft(2), photo("d")));
    assert_eq!(ok!(scene.store.draft(&author, draft(2))), (vec![2; 10], 3), "what is kept is kept");
    let another = scene.author().await;
    ok!(scene.store.put_draft(&another, draft(9), 0, vec![1; 100], now(0)));
    keep(none).await;
    ok!(save(2, 3));

    // Accounts without an invitation; a newcomer is told before she chooses her words.
    keep(Limits { accounts_a_day: 4, ..none }).await;
    let newcomer = async |invitation, at| {
        let (token, id, email) = (scene.keyed(), scene.account_id(), scene.keyed());
        let text = scene.sealed_text();
        scene
            .store
            .open_newcomer(token, id, email, text, invitation, now(at))
            .await
            .map(|()| (token, id, email))
    };
    let (early, id, email) = ok!(newcomer(None, 0));
    let third = ok!(newcomer(None, 0));
    let new = scene.new_account(third.1, third.2);
    ok!(scene.store.create_account(third.0, new, true, now(0)));
    reached!(Accounts, newcomer(None, 1));
    reached!(Accounts, scene.store.create_account(early, scene.new_account(id, email), true, now(1)));
    let invitation = scene.keyed();
    ok!(scene.store.invite(invitation, Role::Author, trusted(DAY), None));
    let guest = ok!(newcomer(Some(invitation), 1));
    ok!(scene.store.create_account(guest.0, scene.new_account(guest.1, guest.2), true, now(1)));
    ok!(newcomer(None, DAY + 1));
}

/// A request for a code.
fn asked(scene: &Scene<'_>, known: bool, email_key: Keyed, now: Now) -> CodeAsk {
    CodeAsk {
        message: scene.message_id(),
        browser: scene.keyed(),
        email_key,
        to: scene.sealed_text(),
        invitation: None,
        write: true,
        known,
        expires: now.trusted + jiff::SignedDuration::from_mins(10),
        language: "es".into(),
    }
}

/// Strangers cannot use up what those with an account need; what is held is counted for its address all the same, and looks like what was written.
pub async fn codes_of_the_house_are_counted_and_nobody_with_an_account_waits_long(scene: &Scene<'_>) {
    ok!(scene.store.keep_within(Limits { codes_an_hour: 4, ..Limits::default() }));
    let ask = async |known, email, at| {
        let ask = asked(scene, known, email, now(at));
        let (message, browser) = (ask.message, ask.browser);
        (ok!(scene.store.ask_code(ask, now(at))), message, browser)
    };
    assert_eq!(ask(false, scene.keyed(), 0).await.0, CodeAsked::Taken);
    assert_eq!(ask(false, scene.keyed(), 1).await.0, CodeAsked::Taken);
    let stranger = scene.keyed();
    let (held, message, browser) = ask(false, stranger, 2).await;
    assert_eq!(held, CodeAsked::Held, "strangers have half of it");
    assert_eq!(ok!(scene.store.message(message)), None);
    assert_eq!(ok!(scene.store.try_code(browser, scene.keyed(), now(3))), CodeTried::Wrong, "as any other");
    missing!(scene.store.set_code(message, scene.keyed()));
    let (hers, others) = (scene.keyed(), scene.keyed());
    assert_eq!(ask(true, hers, 4).await.0, CodeAsked::Taken);
    assert_eq!(ask(true, hers, 5).await.0, CodeAsked::Taken);
    assert_eq!(ask(true, hers, 6).await.0, CodeAsked::Held, "the house has written four");
    let (taken, message, _) = ask(true, others, 7).await;
    assert_eq!(taken, CodeAsked::Taken, "somebody with an account who has none yet gets one");
    assert_eq!(scene.row(message).await.state, MessageState::Waiting);
    assert_eq!(ask(true, others, 8).await.0, CodeAsked::Held);
    assert_eq!(ask(false, scene.keyed(), 9).await.0, CodeAsked::Held);
    // An hour later there is room again.
    assert_eq!(ask(false, scene.keyed(), HOUR + 1).await.0, CodeAsked::Taken);
    assert_eq!(ask(true, hers, HOUR + 4).await.0, CodeAsked::Taken);
    // One that nobody waits for is not written and takes no room.
    let unwritten = CodeAsk { write: false, ..asked(scene, false, scene.keyed(), now(2 * HOUR + 5)) };
    assert_eq!(ok!(scene.store.ask_code(unwritten, now(2 * HOUR + 5))), CodeAsked::Taken);
    // Ten a day of an address are ten, held or not.
    for i in 0..9 {
        ask(false, stranger, 3 * HOUR + i).await;
    }
    assert_eq!(ask(false, stranger, 3 * HOUR + 10).await.0, CodeAsked::TooMany);
}

/// One invitation and one account write to a few addresses a day and no more.
pub async fn nobody_makes_the_house_write_to_strangers(scene: &Scene<'_>) {
    let invitation = Some(scene.keyed());
    for i in 0..CODES_OF_AN_INVITATION as i64 {
        let ask = CodeAsk { invitation, ..asked(scene, false, scene.keyed(), now(i)) };
        assert_eq!(ok!(scene.store.ask_code(ask, now(i))), CodeAsked::Taken);
    }
    let ask = CodeAsk { invitation, ..asked(scene, false, scene.keyed(), now(30)) };
    assert_eq!(ok!(scene.store.ask_code(ask, now(30))), CodeAsked::Held);
    let known = CodeAsk { invitation, ..asked(scene, true, scene.keyed(), now(30)) };
    assert_eq!(ok!(scene.store.ask_code(known, now(30))), CodeAsked::Taken, "an account is not held for it");
    let ask = CodeAsk { invitation, ..asked(scene, false, scene.keyed(), now(DAY + 30)) };
    assert_eq!(ok!(scene.store.ask_code(ask, now(DAY + 30))), CodeAsked::Taken);

    let (author, other) = (scene.author().await, scene.author().await);
    let change = async |author: &Author, at| {
        let message = scene.message_id();
        let ask = EmailChangeAsk {
            message,
            browser: scene.keyed(),
            new_key: scene.keyed(),
            to: scene.sealed_text(),
            expires: trusted(at + 600),
        };
        ok!(scene.store.ask_email_change(author, ask, now(at)))
    };
    for i in 0..CODES_OF_AN_ACCOUNT as i64 {
        assert_eq!(change(&author, i).await, CodeAsked::Taken);
    }
    assert_eq!(change(&author, 20).await, CodeAsked::TooMany);
    assert_eq!(change(&other, 20).await, CodeAsked::Taken);
    assert_eq!(change(&author, DAY).await, CodeAsked::Taken, "the first is a day old");
}

/// Nobody is turned away for having come too often: the oldest session makes room.
pub async fn so_many_browsers_are_remembered_and_the_oldest_makes_room(scene: &Scene<'_>) {
    let author = scene.author().await;
    let tokens: Vec<Keyed> = (0..SESSIONS_OF_AN_ACCOUNT).map(|_| scene.keyed()).collect();
    for (i, token) in tokens.iter().enumerate() {
        ok!(scene.store.open_session(*token, author.account(), now(100 + i as i64)));
        if i == 1 {
            // The first acts after the second: the second is the one that was silent longest.
            ok!(scene.store.act(tokens[0], now(50_000)));
        }
    }
    let at = now(60_000);
    assert_eq!(ok!(scene.store.sessions(&author, at)).len() as u64, SESSIONS_OF_AN_ACCOUNT);
    assert!(ok!(scene.store.session(tokens[0], at)).is_some());
    assert!(
        ok!(scene.store.session(tokens[1], at)).is_some(),
        "the one in which the account was made went first"
    );
    ok!(scene.store.open_session(scene.keyed(), author.account(), at));
    assert_eq!(ok!(scene.store.session(tokens[1], at)), None);
    assert!(ok!(scene.store.session(tokens[2], at)).is_some());

    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let readers: Vec<Keyed> = (0..=READERS_OF_A_LINK).map(|_| scene.keyed()).collect();
    for (i, token) in readers.iter().enumerate() {
        ok!(scene.store.open_reader(*token, arrived.message, now(50_000 + i as i64)));
    }
    let last = now(60_000);
    assert_eq!(ok!(scene.store.reader(readers[0], last)), None);
    assert!(ok!(scene.store.reader(readers[1], last)).is_some());
    let newest = ok!(scene.store.reader(readers[READERS_OF_A_LINK as usize], last));
    assert_eq!(newest.map(|reader| reader.person()), Some(person));
}

/// Where she is signed in, by days; another's are not among them, and a session ends when it is old, however much it is used.
pub async fn sessions(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let made = ok!(scene.store.sessions(&author, now(0)));
    assert_eq!(made.len(), 1, "the one in which the account was made");
    let (here, there) = (scene.keyed(), scene.keyed());
    ok!(scene.store.open_session(here, author.account(), now(DAY)));
    ok!(scene.store.open_session(there, author.account(), now(2 * DAY)));
    ok!(scene.store.unlock_session(here, true, now(3 * DAY)));
    let found = ok!(scene.store.sessions(&author, now(3 * DAY)));
    let expected = |token, made, last_act, mine| SignedInOn {
        name: SessionName::of(token),
        made: trusted(made),
        last_act: trusted(last_act),
        mine,
    };
    assert_eq!(found[..2], [expected(here, DAY, 3 * DAY, true), expected(there, 2 * DAY, 2 * DAY, false)]);
    assert_eq!(found[2..], made);
    assert_eq!(ok!(scene.store.sessions(&other, now(3 * DAY))).len(), 1);
    // 90 days without an act, as everywhere.
    let late = ok!(scene.store.sessions(&author, now(92 * DAY)));
    assert_eq!(late.iter().map(|s| s.name).collect::<Vec<_>>(), [SessionName::of(here)]);

    ok!(scene.store.keep_within(Limits { session_days: 100, ..Limits::default() }));
    for day in [60, 100] {
        ok!(scene.store.act(here, now(day * DAY)));
    }
    assert!(ok!(scene.store.session(here, now(101 * DAY - 1))).is_some());
    assert_eq!(ok!(scene.store.session(here, now(101 * DAY))), None, "however much it is used");
    missing!(scene.store.act(here, now(101 * DAY)));
    missing!(scene.store.unlock_session(here, true, now(101 * DAY)));
    assert_eq!(ok!(scene.store.sessions(&author, now(101 * DAY))), []);
    ok!(scene.store.keep_within(Limits::default()));
    assert!(ok!(scene.store.session(here, now(101 * DAY))).is_some());
}

/// One of hers ends by its name, once; another's is missing.
pub async fn end_session_named(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let (here, there) = (scene.keyed(), scene.keyed());
    for token in [here, there] {
        ok!(scene.store.open_session(token, author.account(), now(0)));
    }
    missing!(scene.store.end_session_named(&other, SessionName::of(there)));
    missing!(scene.store.end_session_named(&author, SessionName::of(scene.keyed())));
    ok!(scene.store.end_session_named(&author, SessionName::of(there)));
    assert_eq!(ok!(scene.store.session(there, now(1))), None);
    assert!(ok!(scene.store.session(here, now(1))).is_some());
    missing!(scene.store.end_session_named(&author, SessionName::of(there)));
}

/// All but this one; nobody else's.
pub async fn end_other_sessions(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let (here, there, theirs) = (scene.keyed(), scene.keyed(), scene.keyed());
    for token in [here, there] {
        ok!(scene.store.open_session(token, author.account(), now(0)));
    }
    ok!(scene.store.open_session(theirs, other.account(), now(0)));
    assert_eq!(ok!(scene.store.end_other_sessions(&author, here)), 2, "and the one of the first day");
    assert_eq!(ok!(scene.store.end_other_sessions(&author, here)), 0);
    let left = ok!(scene.store.sessions(&author, now(1)));
    assert_eq!(left.iter().map(|s| s.name).collect::<Vec<_>>(), [SessionName::of(here)]);
    assert!(ok!(scene.store.session(theirs, now(1))).is_some());
}

/// The host ends those of one account, or everybody's, newcomers too.
pub async fn end_all_sessions(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let (hers, theirs, newcomer) = (scene.keyed(), scene.keyed(), scene.keyed());
    ok!(scene.store.open_session(hers, author.account(), now(0)));
    ok!(scene.store.open_session(theirs, other.account(), now(0)));
    let (id, email) = (scene.account_id(), scene.keyed());
    ok!(scene.store.open_newcomer(newcomer, id, email, scene.sealed_text(), None, now(0)));
    assert_eq!(ok!(scene.store.end_all_sessions(Some(author.account()))), 2);
    assert_eq!(ok!(scene.store.session(hers, now(1))), None);
    assert!(ok!(scene.store.session(theirs, now(1))).is_some());
    assert_eq!(ok!(scene.store.end_all_sessions(None)), 3);
    for token in [theirs, newcomer] {
        assert_eq!(ok!(scene.store.session(token, now(1))), None);
    }
    assert_eq!(ok!(scene.store.end_all_sessions(None)), 0);
}
