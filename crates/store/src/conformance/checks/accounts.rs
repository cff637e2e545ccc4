//! Coming in: invitations, codes, sessions, accounts, unlocking, the vault. This is one file because each of them needs the ones before.

use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::clock::Now;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::MessageId;
use unsaid_delivery::message::{Kind, MessageState, Subject};

/// An invitation is kept, and its token belongs to it alone.
pub async fn invite(scene: &Scene<'_>) {
    let (host, author) = (scene.keyed(), scene.keyed());
    ok!(scene.store.invite(host, Role::Host, trusted(DAY), None));
    ok!(scene.store.invite(author, Role::Author, trusted(DAY), None));
    assert_eq!(ok!(scene.store.invitation(host, now(0))), Some(Role::Host));
    assert_eq!(ok!(scene.store.invitation(author, now(0))), Some(Role::Author));
    conflict!(scene.store.invite(author, Role::Host, trusted(DAY), None));
    assert_eq!(ok!(scene.store.invitation(author, now(0))), Some(Role::Author));
}

/// An invitation ends with its time and with its use, and an unknown one is none.
pub async fn invitation(scene: &Scene<'_>) {
    let token = scene.keyed();
    assert_eq!(ok!(scene.store.invitation(token, now(0))), None);
    ok!(scene.store.invite(token, Role::Host, trusted(DAY), None));
    assert_eq!(ok!(scene.store.invitation(token, now(DAY - 1))), Some(Role::Host));
    assert_eq!(ok!(scene.store.invitation(token, now(DAY))), None);
    let (session, id, email) = (scene.keyed(), scene.account_id(), scene.keyed());
    ok!(scene.store.open_newcomer(session, id, email, scene.sealed_text(), Some(token), now(0)));
    assert_eq!(ok!(scene.store.invitation(token, now(0))), Some(Role::Host), "looking is not using");
    ok!(scene.store.create_account(session, scene.new_account(id, email), false, now(0)));
    assert_eq!(ok!(scene.store.invitation(token, now(0))), None);
}

/// A request for a code of this browser and address.
fn asked(scene: &Scene<'_>, browser: Keyed, email_key: Keyed, write: bool, now: Now) -> CodeAsk {
    CodeAsk {
        message: scene.message_id(),
        browser,
        email_key,
        to: scene.sealed_text(),
        invitation: None,
        write,
        known: false,
        expires: now.trusted + jiff::SignedDuration::from_mins(10),
        language: "es".into(),
    }
}

/// A code that was asked for and is on its way.
async fn code(scene: &Scene<'_>, browser: Keyed, email_key: Keyed, code: Keyed) -> MessageId {
    let ask = asked(scene, browser, email_key, true, now(0));
    let message = ask.message;
    assert_eq!(ok!(scene.store.ask_code(ask, now(0))), CodeAsked::Taken);
    ok!(scene.store.set_code(message, code));
    message
}

/// A written request becomes a message in the lane of codes; ten a day for an address; a browser has one request.
pub async fn ask_code(scene: &Scene<'_>) {
    let boot = scene.boot_id();
    let (browser, known) = (scene.keyed(), scene.keyed());
    let ask = CodeAsk { invitation: Some(scene.keyed()), ..asked(scene, browser, known, true, now(0)) };
    let first = ask.message;
    assert_eq!(ok!(scene.store.ask_code(ask.clone(), now(0))), CodeAsked::Taken);
    let view = ok!(scene.store.message(first)).expect("a message");
    assert_eq!((view.message.kind, view.message.subject), (Kind::Code, Subject::SigningIn));
    assert_eq!((view.message.state, view.message.tries), (MessageState::Waiting, 0));
    assert_eq!((view.message.expires, view.message.date), (Some(ask.expires), None));
    assert_eq!((view.message.since, view.message.address), (observed(0), None));
    assert!(view.message.foreseen);
    assert_eq!((&view.to, view.to_bound_to), (&ask.to, first.to_string()));
    assert!(
        ok!(scene.store.take(boot, Lane::Letters, now(0), 10)).is_empty(),
        "letters do not wait for codes"
    );
    assert_eq!(ok!(scene.store.next_wakes(Lane::Codes)).trusted, Some(trusted(0)));

    // The same browser again: only the newer one goes out, and only the newer one works.
    let again = asked(scene, browser, known, true, now(1));
    let second = again.message;
    ok!(scene.store.ask_code(again, now(1)));
    let taken = ok!(scene.store.take(boot, Lane::Codes, now(1), 10));
    assert_eq!(taken.iter().map(|t| t.of).collect::<Vec<_>>(), [WakeOf::Message(second)]);
    assert_eq!(scene.row(first).await.state, MessageState::Dropped);
    missing!(scene.store.set_code(first, scene.keyed()));

    // Known or not, the eleventh in a day is too many, and nothing comes of it: the tenth stays good.
    for write in [true, false] {
        let (address, right) = (scene.keyed(), scene.keyed());
        let browser = scene.keyed();
        for i in 0..10 {
            let ask = asked(scene, browser, address, write, now(i));
            let message = ask.message;
            assert_eq!(ok!(scene.store.ask_code(ask, now(i))), CodeAsked::Taken, "{i}");
            if write && i == 9 {
                ok!(scene.store.set_code(message, right));
            }
        }
        let eleventh = asked(scene, browser, address, write, now(10));
        let message = eleventh.message;
        assert_eq!(ok!(scene.store.ask_code(eleventh, now(10))), CodeAsked::TooMany);
        assert_eq!(ok!(scene.store.message(message)), None);
        let tried = ok!(scene.store.try_code(browser, right, now(11)));
        assert_eq!(matches!(tried, CodeTried::Right { .. }), write);
        let elsewhere = asked(scene, scene.keyed(), scene.keyed(), write, now(12));
        assert_eq!(ok!(scene.store.ask_code(elsewhere, now(12))), CodeAsked::Taken, "another address");
        let almost = asked(scene, scene.keyed(), address, write, now(DAY - 1));
        assert_eq!(ok!(scene.store.ask_code(almost, now(DAY - 1))), CodeAsked::TooMany);
        let next_day = asked(scene, scene.keyed(), address, write, now(DAY));
        assert_eq!(ok!(scene.store.ask_code(next_day, now(DAY))), CodeAsked::Taken, "the first is a day old");
        let full = asked(scene, scene.keyed(), address, write, now(DAY));
        assert_eq!(ok!(scene.store.ask_code(full, now(DAY))), CodeAsked::TooMany, "the second is not");
    }
}

/// An address is found by its keyed hash, and only once there is an account.
pub async fn account_of(scene: &Scene<'_>) {
    let email = scene.keyed();
    assert_eq!(ok!(scene.store.account_of(email)), None);
    let author = scene.author_with(email, scene.keyed()).await;
    assert_eq!(ok!(scene.store.account_of(email)), Some(author.account()));
    assert_eq!(ok!(scene.store.account_of(scene.keyed())), None);
}

/// A later try of the message replaces the code of the earlier one; an unknown message has no request.
pub async fn set_code(scene: &Scene<'_>) {
    let (browser, early, late) = (scene.keyed(), scene.keyed(), scene.keyed());
    let message = code(scene, browser, scene.keyed(), early).await;
    ok!(scene.store.set_code(message, late));
    assert_eq!(ok!(scene.store.try_code(browser, early, now(1))), CodeTried::Wrong);
    assert!(matches!(ok!(scene.store.try_code(browser, late, now(1))), CodeTried::Right { .. }));
    missing!(scene.store.set_code(message, late));
    missing!(scene.store.set_code(scene.message_id(), late));
}

/// Right once; wrong four times is forgiven, five times not; over by time, by use, and in any other browser.
pub async fn try_code(scene: &Scene<'_>) {
    let (browser, email, right, wrong) = (scene.keyed(), scene.keyed(), scene.keyed(), scene.keyed());
    assert_eq!(ok!(scene.store.try_code(browser, right, now(0))), CodeTried::Over, "nothing was asked");

    // The fifth try may still be right, and then it is used up.
    let invitation = Some(scene.keyed());
    let ask = CodeAsk { invitation, ..asked(scene, browser, email, true, now(0)) };
    ok!(scene.store.ask_code(ask.clone(), now(0)));
    assert_eq!(ok!(scene.store.try_code(browser, right, now(1))), CodeTried::Wrong, "no code was set yet");
    ok!(scene.store.set_code(ask.message, right));
    for _ in 0..3 {
        assert_eq!(ok!(scene.store.try_code(browser, wrong, now(1))), CodeTried::Wrong);
    }
    assert_eq!(ok!(scene.store.try_code(scene.keyed(), right, now(1))), CodeTried::Over, "another browser");
    let expected =
        CodeTried::Right { email_key: email, to: ask.to, message: ask.message, account: None, invitation };
    assert_eq!(ok!(scene.store.try_code(browser, right, now(599))), expected);
    assert_eq!(ok!(scene.store.try_code(browser, right, now(599))), CodeTried::Over, "used");

    // Five wrong ones, and it is over even for the right one.
    code(scene, browser, email, right).await;
    for _ in 0..5 {
        assert_eq!(ok!(scene.store.try_code(browser, wrong, now(1))), CodeTried::Wrong);
    }
    assert_eq!(ok!(scene.store.try_code(browser, right, now(1))), CodeTried::Over);

    // A new request brings five new tries; its time ends it.
    code(scene, browser, email, right).await;
    assert_eq!(ok!(scene.store.try_code(browser, right, now(600))), CodeTried::Over, "ten minutes");

    // Who is known is found; who is not written to is answered alike.
    let author = scene.author_with(email, scene.keyed()).await;
    let message = code(scene, browser, email, right).await;
    match ok!(scene.store.try_code(browser, right, now(1))) {
        CodeTried::Right { account, message: of, invitation, .. } => {
            assert_eq!((account, of, invitation), (Some(author.account()), message, None));
        }
        other => panic!("{other:?}"),
    }
    let unknown = scene.keyed();
    ok!(scene.store.ask_code(asked(scene, unknown, scene.keyed(), false, now(0)), now(0)));
    for _ in 0..5 {
        assert_eq!(ok!(scene.store.try_code(unknown, wrong, now(1))), CodeTried::Wrong);
    }
    assert_eq!(ok!(scene.store.try_code(unknown, wrong, now(1))), CodeTried::Over);
}

/// A session of an account begins locked. There is none without an account, and no token opens two.
pub async fn open_session(scene: &Scene<'_>) {
    let token = scene.keyed();
    missing!(scene.store.open_session(token, scene.account_id(), now(0)));
    let (one, other) = (scene.author().await, scene.author().await);
    ok!(scene.store.open_session(token, one.account(), now(7)));
    let expected = Session {
        who: SessionOf::Author(one, Role::Author),
        last_act: trusted(7),
        unlocked_at: None,
        fresh_at: None,
        mine: false,
    };
    assert_eq!(ok!(scene.store.session(token, now(8))), Some(expected));
    conflict!(scene.store.open_session(token, other.account(), now(8)));
}

/// A newcomer's session says what it may make, and ends after an hour whatever is done in it.
pub async fn open_newcomer(scene: &Scene<'_>) {
    let (token, account, email_key) = (scene.keyed(), scene.account_id(), scene.keyed());
    let (email, invitation) = (scene.sealed_text(), Some(scene.keyed()));
    ok!(scene.store.open_newcomer(token, account, email_key, email.clone(), invitation, now(0)));
    let session = ok!(scene.store.session(token, now(1))).expect("a session");
    assert_eq!(session.who, SessionOf::Newcomer { account, email_key, email: email.clone(), invitation });
    assert_eq!((session.last_act, session.unlocked_at, session.fresh_at), (trusted(0), None, None));
    conflict!(scene.store.open_newcomer(token, account, email_key, email, None, now(0)));
    missing!(scene.store.unlock_session(token, true, now(1)));
    ok!(scene.store.act(token, now(30 * MINUTE)));
    assert!(ok!(scene.store.session(token, now(HOUR - 1))).is_some());
    assert_eq!(ok!(scene.store.session(token, now(HOUR))), None);
    missing!(scene.store.create_account(token, scene.new_account(account, email_key), false, now(HOUR)));
    assert_eq!(ok!(scene.store.account_of(email_key)), None);
}

/// A session lives for 90 days after the last act, on the trusted clock alone.
pub async fn session(scene: &Scene<'_>) {
    let (author, token) = (scene.author().await, scene.keyed());
    assert_eq!(ok!(scene.store.session(token, now(0))), None);
    ok!(scene.store.open_session(token, author.account(), now(0)));
    assert!(ok!(scene.store.session(token, now(90 * DAY - 1))).is_some());
    assert_eq!(ok!(scene.store.session(token, now(90 * DAY))), None);
    let served_long = Now { trusted: trusted(5), observed: observed(900 * DAY) };
    assert!(ok!(scene.store.session(token, served_long)).is_some());
    ok!(scene.store.act(token, now(DAY)));
    assert!(ok!(scene.store.session(token, now(91 * DAY - 1))).is_some());
    assert_eq!(ok!(scene.store.session(token, now(91 * DAY))), None);
}

/// An act is written at most once a minute, and never back; what is over stays over.
pub async fn act(scene: &Scene<'_>) {
    let (author, token) = (scene.author().await, scene.keyed());
    missing!(scene.store.act(token, now(0)));
    ok!(scene.store.open_session(token, author.account(), now(0)));
    ok!(scene.store.act(token, now(59)));
    let last = async |at| ok!(scene.store.session(token, now(at))).expect("a session").last_act;
    assert_eq!(last(59).await, trusted(0));
    ok!(scene.store.act(token, now(60)));
    assert_eq!(last(60).await, trusted(60));
    ok!(scene.store.act(token, now(10)));
    assert_eq!(last(60).await, trusted(60));
    missing!(scene.store.act(token, now(60 + 90 * DAY)));
    assert_eq!(ok!(scene.store.session(token, now(60 + 90 * DAY))), None);
}

/// Unlocking is fresh from now, is an act, and remembers whose device it is. Again makes it fresh again.
pub async fn unlock_session(scene: &Scene<'_>) {
    let (author, token) = (scene.author().await, scene.keyed());
    missing!(scene.store.unlock_session(token, true, now(0)));
    ok!(scene.store.open_session(token, author.account(), now(0)));
    for (at, mine) in [(5, true), (20, false)] {
        ok!(scene.store.unlock_session(token, mine, now(at)));
        let session = ok!(scene.store.session(token, now(at))).expect("a session");
        assert_eq!((session.unlocked_at, session.fresh_at), (Some(trusted(at)), Some(trusted(at))));
        assert_eq!((session.last_act, session.mine), (trusted(at), mine));
    }
    missing!(scene.store.unlock_session(token, true, now(20 + 90 * DAY)));
}

/// Locking ends unlocked and fresh, of this session alone; locking nothing is no error.
pub async fn lock_session(scene: &Scene<'_>) {
    let (author, here, there) = (scene.author().await, scene.keyed(), scene.keyed());
    for token in [here, there] {
        ok!(scene.store.open_session(token, author.account(), now(0)));
        ok!(scene.store.unlock_session(token, true, now(1)));
    }
    ok!(scene.store.lock_session(here));
    let locked = ok!(scene.store.session(here, now(2))).expect("a session");
    assert_eq!((locked.unlocked_at, locked.fresh_at, locked.last_act), (None, None, trusted(1)));
    assert!(ok!(scene.store.session(there, now(2))).is_some_and(|s| s.unlocked_at.is_some()));
    ok!(scene.store.lock_session(here));
    ok!(scene.store.lock_session(scene.keyed()));
}

/// Signing out ends this session alone; signing out of nothing is no error.
pub async fn end_session(scene: &Scene<'_>) {
    let (author, here, there) = (scene.author().await, scene.keyed(), scene.keyed());
    for token in [here, there] {
        ok!(scene.store.open_session(token, author.account(), now(0)));
    }
    ok!(scene.store.end_session(here));
    assert_eq!(ok!(scene.store.session(here, now(1))), None);
    assert!(ok!(scene.store.session(there, now(1))).is_some());
    ok!(scene.store.end_session(here));
    missing!(scene.store.unlock_session(here, true, now(1)));
}

/// The account is made once, of the newcomer's id and address, with the invitation's role; the session becomes hers; the fact is written.
pub async fn create_account(scene: &Scene<'_>) {
    let (invitation, token, id, email) = (scene.keyed(), scene.keyed(), scene.account_id(), scene.keyed());
    let new = scene.new_account(id, email);
    missing!(scene.store.create_account(token, new.clone(), true, now(0)));
    ok!(scene.store.invite(invitation, Role::Host, trusted(DAY), None));
    ok!(scene.store.open_newcomer(token, id, email, scene.sealed_text(), Some(invitation), now(0)));
    // Not under another name, and not for another address.
    conflict!(scene.store.create_account(token, scene.new_account(scene.account_id(), email), true, now(1)));
    conflict!(scene.store.create_account(token, scene.new_account(id, scene.keyed()), true, now(1)));
    assert_eq!(scene.facts(), []);
    let author = ok!(scene.store.create_account(token, new.clone(), true, now(2)));
    assert_eq!(author.account(), id);
    assert_eq!(scene.facts(), [Fact::UnlockReplaced { account: id, number: 1 }]);
    let session = ok!(scene.store.session(token, now(2))).expect("a session");
    let expected = Session {
        who: SessionOf::Author(author, Role::Host),
        last_act: trusted(2),
        unlocked_at: Some(trusted(2)),
        fresh_at: Some(trusted(2)),
        mine: true,
    };
    assert_eq!(session, expected);
    assert!(ok!(scene.store.session(token, now(2 + 89 * DAY))).is_some(), "no longer a newcomer's hour");
    missing!(scene.store.create_account(token, new.clone(), true, now(3)));

    // The invitation is gone, the address has an account, the id has one.
    let other = scene.keyed();
    let fresh = scene.account_id();
    let elsewhere = scene.keyed();
    ok!(scene.store.open_newcomer(other, fresh, elsewhere, scene.sealed_text(), Some(invitation), now(3)));
    conflict!(scene.store.create_account(other, scene.new_account(fresh, elsewhere), true, now(3)));
    for (id, email) in [(scene.account_id(), email), (id, scene.keyed())] {
        let token = scene.keyed();
        ok!(scene.store.open_newcomer(token, id, email, scene.sealed_text(), None, now(3)));
        conflict!(scene.store.create_account(token, scene.new_account(id, email), true, now(3)));
        let session = ok!(scene.store.session(token, now(4))).expect("a session");
        assert!(matches!(session.who, SessionOf::Newcomer { .. }));
    }
    assert_eq!(scene.facts().len(), 1);
    assert_eq!(ok!(scene.store.house()).accounts, 1);
    // Without an invitation (open registration) she is an author.
    let token = scene.keyed();
    scene.author_with(scene.keyed(), token).await;
    let session = ok!(scene.store.session(token, now(4))).expect("a session");
    assert!(matches!(session.who, SessionOf::Author(_, Role::Author)));
}

/// What was given is what is there.
pub async fn account(scene: &Scene<'_>) {
    let (token, id, email_key) = (scene.keyed(), scene.account_id(), scene.keyed());
    let new = scene.new_account(id, email_key);
    ok!(scene.store.open_newcomer(token, id, email_key, new.email.clone(), None, now(0)));
    let author = ok!(scene.store.create_account(token, new.clone(), true, now(0)));
    scene.author().await;
    let expected = Account {
        id,
        email: new.email,
        name: new.name,
        role: Role::Author,
        language: new.language,
        zone: new.zone,
        recipient: new.recipient,
        salt: new.salt,
        unlock_number: 1,
        approved_name: None,
    };
    assert_eq!(ok!(scene.store.account(&author)), expected);
}

/// The right token releases her wrap and no other; five wrong ones in a quarter of an hour close the door for both.
pub async fn try_unlock(scene: &Scene<'_>) {
    let (token, id, email_key) = (scene.keyed(), scene.account_id(), scene.keyed());
    let new = scene.new_account(id, email_key);
    let (right, wrong) = (new.unlock_key, scene.keyed());
    ok!(scene.store.open_newcomer(token, id, email_key, new.email.clone(), None, now(0)));
    let author = ok!(scene.store.create_account(token, new, true, now(0)));
    let other = scene.author().await;
    match ok!(scene.store.try_unlock(&author, right, now(0))) {
        UnlockTried::Right(released) => {
            assert_eq!(released.wrap(), b"host{line, passphrase}");
            assert_eq!((released.subject(), released.version()), (id.to_string().as_str(), 1));
            assert_eq!(released.kind(), WrapKind::Unlock);
        }
        _ => panic!("it was right"),
    }
    assert!(matches!(ok!(scene.store.try_unlock(&other, right, now(0))), UnlockTried::Wrong), "not hers");
    for i in 0..4 {
        assert!(matches!(ok!(scene.store.try_unlock(&author, wrong, now(i * MINUTE))), UnlockTried::Wrong));
    }
    let tried = ok!(scene.store.try_unlock(&author, right, now(4 * MINUTE)));
    assert!(matches!(tried, UnlockTried::Right(_)), "four are forgiven");
    assert!(matches!(ok!(scene.store.try_unlock(&author, wrong, now(5 * MINUTE))), UnlockTried::Wrong));
    for token in [right, wrong] {
        match ok!(scene.store.try_unlock(&author, token, now(15 * MINUTE - 1))) {
            UnlockTried::TooMany { until } => assert_eq!(until, trusted(15 * MINUTE)),
            _ => panic!("five were wrong"),
        }
    }
    assert!(!matches!(
        ok!(scene.store.try_unlock(&other, wrong, now(15 * MINUTE - 1))),
        UnlockTried::TooMany { .. }
    ));
    let tried = ok!(scene.store.try_unlock(&author, right, now(15 * MINUTE)));
    assert!(matches!(tried, UnlockTried::Right(_)), "the first is a quarter of an hour old");
    assert!(matches!(ok!(scene.store.try_unlock(&author, wrong, now(15 * MINUTE))), UnlockTried::Wrong));
    match ok!(scene.store.try_unlock(&author, right, now(15 * MINUTE))) {
        UnlockTried::TooMany { until } => assert_eq!(until, trusted(16 * MINUTE), "the second ends next"),
        _ => panic!("five within a quarter of an hour again"),
    }
}

/// The vault begins at revision 1 and is its author's alone.
pub async fn vault(scene: &Scene<'_>) {
    let (one, other) = (scene.author().await, scene.author().await);
    assert_eq!(ok!(scene.store.vault(&one)), (b"vault 1".to_vec(), 1));
    ok!(scene.store.put_vault(&one, 1, b"vault 2".to_vec()));
    assert_eq!(ok!(scene.store.vault(&one)), (b"vault 2".to_vec(), 2));
    assert_eq!(ok!(scene.store.vault(&other)), (b"vault 1".to_vec(), 1));
}

/// Only the revision that is there can be replaced: nobody's words are written over.
pub async fn put_vault(scene: &Scene<'_>) {
    let author = scene.author().await;
    assert_eq!(ok!(scene.store.put_vault(&author, 1, b"mine".to_vec())), 2);
    for rev in [1, 3, 0] {
        conflict!(scene.store.put_vault(&author, rev, b"theirs".to_vec()));
    }
    assert_eq!(ok!(scene.store.vault(&author)), (b"mine".to_vec(), 2));
    assert_eq!(ok!(scene.store.put_vault(&author, 2, Vec::new())), 3);
    assert_eq!(ok!(scene.store.vault(&author)), (Vec::new(), 3));
}
