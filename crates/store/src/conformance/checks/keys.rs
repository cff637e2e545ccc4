//! The ways back in: the paper kit, new words, another sign-in address; and that her mailbox is told of each.

use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::{ChannelId, MessageId};
use unsaid_delivery::message::{Kind, MessageState, Notice, Subject, Way};
use unsaid_delivery::record::Answer;

/// What was written is a notice of this kind to the account's own address, which leaves at once and is pointless after three days.
async fn told(scene: &Scene<'_>, author: &Author, message: MessageId, notice: Notice, at: i64) {
    let view = ok!(scene.store.message(message)).expect("a notice");
    assert_eq!((view.message.kind, view.message.nth), (Kind::Notice(notice), 1));
    assert_eq!(view.message.subject, Subject::Account(author.account()));
    assert_eq!((view.message.state, view.message.tries), (MessageState::Waiting, 0));
    assert_eq!((view.message.since, view.message.address), (observed(at), None));
    assert_eq!(view.message.expires, Some(trusted(at + 3 * DAY)));
    assert!(view.message.foreseen);
    assert_eq!((view.language.as_str(), view.newcomer), ("de", false));
    if notice != Notice::SignInChanged {
        let account = ok!(scene.store.account(author));
        assert_eq!((&view.to, view.to_bound_to), (&account.email, author.account().to_string()));
    }
    assert!(scene.has_come(WakeOf::Message(message), now(at)).await, "at once");
    assert!(!scene.has_come(WakeOf::Message(message), now(at - 1)).await, "and not before");
}

/// A kit's token is one account's; another kit takes its place.
pub async fn put_kit(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let (first, second) = (scene.keyed(), scene.keyed());
    let notice = scene.message_id();
    ok!(scene.store.put_kit(&author, first, notice, now(5)));
    told(scene, &author, notice, Notice::KitMade, 5).await;
    let again = scene.message_id();
    ok!(scene.store.put_kit(&author, first, again, now(6)));
    assert_eq!(ok!(scene.store.message(again)), None, "it is the same kit");
    conflict!(scene.store.put_kit(&other, first, scene.message_id(), now(6)));
    assert!(!ok!(scene.store.has_kit(&other)));
    ok!(scene.store.put_kit(&author, second, scene.message_id(), now(0)));
    assert_eq!(ok!(scene.store.account_of_kit(first)), None, "the old paper opens nothing");
    assert_eq!(ok!(scene.store.account_of_kit(second)), Some(author.account()));
    ok!(scene.store.put_kit(&other, first, scene.message_id(), now(0)));
}

/// Whether there is one is hers to know.
pub async fn has_kit(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    assert!(!ok!(scene.store.has_kit(&author)));
    ok!(scene.store.put_kit(&author, scene.keyed(), scene.message_id(), now(0)));
    assert!(ok!(scene.store.has_kit(&author)));
    assert!(!ok!(scene.store.has_kit(&other)));
}

/// A token leads to its account; an unknown one leads nowhere.
pub async fn account_of_kit(scene: &Scene<'_>) {
    let author = scene.author().await;
    let kit = scene.keyed();
    assert_eq!(ok!(scene.store.account_of_kit(kit)), None);
    ok!(scene.store.put_kit(&author, kit, scene.message_id(), now(0)));
    assert_eq!(ok!(scene.store.account_of_kit(kit)), Some(author.account()));
    assert_eq!(ok!(scene.store.account_of_kit(scene.keyed())), None);
}

/// The kit opens a session that is unlocked and fresh, and her mailbox is told in the same transaction.
pub async fn open_kit_session(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (token, notice) = (scene.keyed(), scene.message_id());
    missing!(scene.store.open_kit_session(token, scene.account_id(), true, notice, now(5)));
    assert_eq!(ok!(scene.store.message(notice)), None);
    ok!(scene.store.open_kit_session(token, author.account(), true, notice, now(5)));
    let session = ok!(scene.store.session(token, now(6))).expect("a session");
    assert_eq!(session.who, SessionOf::Author(author, Role::Author));
    assert_eq!((session.unlocked_at, session.fresh_at), (Some(trusted(5)), Some(trusted(5))));
    assert!(session.mine);
    told(scene, &author, notice, Notice::KitUsed, 5).await;
    let another = scene.message_id();
    conflict!(scene.store.open_kit_session(token, author.account(), false, another, now(7)));
    assert_eq!(ok!(scene.store.message(another)), None, "nothing is told of what was not done");
    let elsewhere = scene.keyed();
    ok!(scene.store.open_kit_session(elsewhere, author.account(), false, another, now(7)));
    assert!(!ok!(scene.store.session(elsewhere, now(7))).expect("a session").mine);
}

/// New words open, the old ones do not; numbers go up by one; wrong tries are forgiven; she is told.
pub async fn replace_unlock(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (here, elsewhere) = two_sessions(scene, &author).await;
    let (_, of_another) = two_sessions(scene, &scene.author().await).await;
    for _ in 0..5 {
        assert!(matches!(ok!(scene.store.try_unlock(&author, scene.keyed(), now(0))), UnlockTried::Wrong));
    }
    let new = |number| NewUnlock {
        salt: vec![number as u8; 16],
        key: scene.keyed(),
        wrap: vec![0xF0, number as u8],
        number,
        host_generation: 3,
        session: here,
    };
    let facts = scene.facts().len();
    for wrong in [1, 3] {
        conflict!(scene.store.replace_unlock(&author, new(wrong), scene.message_id(), now(1)));
    }
    assert_eq!(scene.facts().len(), facts);
    let (second, notice) = (new(2), scene.message_id());
    ok!(scene.store.replace_unlock(&author, second.clone(), notice, now(1)));
    let fact = Fact::UnlockReplaced { account: author.account(), number: 2 };
    assert_eq!(scene.facts().last(), Some(&fact));
    told(scene, &author, notice, Notice::WordsReplaced, 1).await;
    let session = |token| scene.store.session(token, now(2));
    assert!(ok!(session(here)).is_some() && ok!(session(of_another)).is_some());
    assert!(ok!(session(elsewhere)).is_none(), "it may be somebody else's");
    let account = ok!(scene.store.account(&author));
    assert_eq!((account.unlock_number, account.salt), (2, vec![2; 16]));
    let UnlockTried::Right(released) = ok!(scene.store.try_unlock(&author, second.key, now(2))) else {
        panic!("the new words open")
    };
    assert_eq!((released.wrap(), released.version()), (&[0xF0, 2][..], 2));
    assert_eq!((released.kind(), released.subject()), (WrapKind::Unlock, &*author.account().to_string()));
    conflict!(scene.store.replace_unlock(&author, second.clone(), scene.message_id(), now(2)));
    let third = new(3);
    ok!(scene.store.replace_unlock(&author, third, scene.message_id(), now(3)));
    assert!(matches!(ok!(scene.store.try_unlock(&author, second.key, now(4))), UnlockTried::Wrong));
    let wraps = ok!(scene.store.wraps_by_generation());
    assert_eq!(wraps, [(1, 1), (3, 1)], "the wraps of her old words are erased");
}

/// Every notice that an author may be given goes to her own address, leaves, and stays in its own lane.
pub async fn notify(scene: &Scene<'_>) {
    let author = scene.author().await;
    let all = [
        Notice::AddressesChanged,
        Notice::CardPrinted,
        Notice::KeepersCards,
        Notice::Exported,
        Notice::Trial,
    ];
    for (notice, at) in all.into_iter().zip(10..) {
        let message = scene.message_id();
        ok!(scene.store.notify(&author, notice, message, now(at)));
        told(scene, &author, message, notice, at).await;
        conflict!(scene.store.notify(&author, notice, message, now(at)));
    }
    let sent = scene.turn(now(60), Answer::Accepted).await;
    let mut kinds: Vec<_> = sent.iter().map(|m| format!("{:?}", m.kind)).collect();
    kinds.sort();
    let mut expected: Vec<_> = all.iter().map(|n| format!("{:?}", Kind::Notice(*n))).collect();
    expected.sort();
    assert_eq!(kinds, expected);
    assert_eq!(scene.turn(now(4 * DAY), Answer::Accepted).await, []);

    let late = scene.message_id();
    ok!(scene.store.notify(&author, Notice::Trial, late, now(5 * DAY)));
    assert_eq!(scene.turn(now(8 * DAY), Answer::Accepted).await, [], "pointless after three days");
    assert_eq!(scene.row(late).await.state, MessageState::Dropped);
}

/// One message, to the address that was hers, also where each of her addresses is told of other things.
pub async fn notify_at(scene: &Scene<'_>) {
    let author = scene.author().await;
    let channel = ChannelId(scene.message_id().0);
    ok!(scene.store.add_channel(&author, channel, Way::Mail, scene.sealed_text(), now(1)));
    let (message, to) = (scene.message_id(), scene.sealed_text());
    ok!(scene.store.notify_at(&author, Notice::ChannelRemoved, message, to.clone(), now(10)));
    conflict!(scene.store.notify_at(&author, Notice::ChannelRemoved, message, to.clone(), now(10)));
    let view = ok!(scene.store.message(message)).expect("it was written");
    assert_eq!((view.to, view.to_bound_to), (to, message.to_string()));
    let sent = scene.turn(now(60), Answer::Accepted).await;
    let told: Vec<_> = sent.iter().filter(|m| m.kind == Kind::Notice(Notice::ChannelRemoved)).collect();
    assert_eq!(told.iter().map(|m| m.id).collect::<Vec<_>>(), [message]);
}

/// Ten test messages within a day, and no more; other notices and other authors are not counted.
pub async fn ask_trial(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    ok!(scene.store.notify(&author, Notice::Exported, scene.message_id(), now(0)));
    for at in 0..TRIALS_A_DAY as i64 {
        let message = scene.message_id();
        assert_eq!(ok!(scene.store.ask_trial(&author, None, message, now(at))), CodeAsked::Taken);
        told(scene, &author, message, Notice::Trial, at).await;
    }
    let late = scene.message_id();
    assert_eq!(ok!(scene.store.ask_trial(&author, None, late, now(DAY - 1))), CodeAsked::TooMany);
    assert!(ok!(scene.store.message(late)).is_none());
    assert_eq!(ok!(scene.store.ask_trial(&other, None, scene.message_id(), now(DAY - 1))), CodeAsked::Taken);
    // What has left is counted as well; a day after the first one there is room for one.
    assert_eq!(scene.turn(now(DAY - 1), Answer::Accepted).await.len(), TRIALS_A_DAY + 2);
    assert_eq!(ok!(scene.store.ask_trial(&author, None, late, now(DAY - 1))), CodeAsked::TooMany);
    assert_eq!(ok!(scene.store.ask_trial(&author, None, late, now(DAY))), CodeAsked::Taken);
    assert_eq!(ok!(scene.store.ask_trial(&author, None, scene.message_id(), now(DAY))), CodeAsked::TooMany);
    conflict!(scene.store.ask_trial(&author, None, late, now(3 * DAY)));
}

fn ask(scene: &Scene<'_>, browser: Keyed, new_key: Keyed, at: i64) -> EmailChangeAsk {
    EmailChangeAsk {
        message: scene.message_id(),
        browser,
        new_key,
        to: scene.sealed_text(),
        expires: trusted(at + 600),
    }
}

/// Two sessions of hers, on two devices.
async fn two_sessions(scene: &Scene<'_>, author: &Author) -> (Keyed, Keyed) {
    let tokens = (scene.keyed(), scene.keyed());
    for token in [tokens.0, tokens.1] {
        ok!(scene.store.open_session(token, author.account(), now(0)));
    }
    tokens
}

fn change(scene: &Scene<'_>, new_key: Keyed) -> EmailChange {
    EmailChange {
        email: scene.sealed_text(),
        new_key,
        notice: scene.message_id(),
        notice_to: scene.sealed_text(),
        undo: scene.keyed(),
        session: scene.keyed(),
    }
}

/// A code goes to the new address, is counted with the others, and signs nobody in.
pub async fn ask_email_change(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (browser, new_key, code) = (scene.keyed(), scene.keyed(), scene.keyed());
    let first = ask(scene, browser, new_key, 0);
    assert_eq!(ok!(scene.store.ask_email_change(&author, first.clone(), now(0))), CodeAsked::Taken);
    let view = ok!(scene.store.message(first.message)).expect("a message");
    assert_eq!((view.message.kind, view.message.expires), (Kind::Code, Some(first.expires)));
    assert_eq!((&view.to, view.to_bound_to), (&first.to, first.message.to_string()));
    let taken = ok!(scene.store.take(scene.boot_id(), Lane::Codes, now(0), 5));
    assert_eq!(taken.iter().map(|t| t.of).collect::<Vec<_>>(), [WakeOf::Message(first.message)]);
    ok!(scene.store.set_code(first.message, code));
    assert_eq!(ok!(scene.store.try_code(browser, code, now(1))), CodeTried::Over, "it signs nobody in");
    let wanted = change(scene, new_key);
    let changed = ok!(scene.store.change_email(&author, browser, code, wanted, now(1)));
    assert_eq!(changed, EmailChanged::Changed, "and that was no try");
    let crowded = scene.keyed();
    let author = scene.author().await;
    for i in 0..10 {
        let more = ask(scene, browser, crowded, i);
        assert_eq!(ok!(scene.store.ask_email_change(&author, more, now(i))), CodeAsked::Taken);
    }
    let more = ask(scene, browser, crowded, 10);
    assert_eq!(ok!(scene.store.ask_email_change(&author, more, now(10))), CodeAsked::TooMany);
}

/// The right code of this account and browser changes the address; the old address is told and keeps a link.
pub async fn change_email(scene: &Scene<'_>) {
    let (old_key, token) = (scene.keyed(), scene.keyed());
    let author = scene.author_with(old_key, token).await;
    let other_key = scene.keyed();
    let other = scene.author_with(other_key, scene.keyed()).await;
    let (browser, new_key, code) = (scene.keyed(), scene.keyed(), scene.keyed());
    let asked = ask(scene, browser, new_key, 0);
    ok!(scene.store.ask_email_change(&author, asked.clone(), now(0)));
    ok!(scene.store.set_code(asked.message, code));
    let (elsewhere, _) = two_sessions(scene, &author).await;
    let wanted = EmailChange { session: token, ..change(scene, new_key) };
    let tries = [
        (
            scene.store.change_email(&author, browser, scene.keyed(), wanted.clone(), now(1)).await,
            EmailChanged::Wrong,
        ),
        (
            scene.store.change_email(&author, scene.keyed(), code, wanted.clone(), now(1)).await,
            EmailChanged::Over,
        ),
        (scene.store.change_email(&other, browser, code, wanted.clone(), now(1)).await, EmailChanged::Over),
    ];
    for (tried, expected) in tries {
        assert_eq!(tried.expect("an answer"), expected);
    }
    assert!(ok!(scene.store.session(elsewhere, now(2))).is_some());
    assert_eq!(ok!(scene.store.account_of(old_key)), Some(author.account()), "nothing has changed");
    assert_eq!(ok!(scene.store.account_of(new_key)), None);
    let before = ok!(scene.store.account(&author)).email;
    assert_eq!(
        ok!(scene.store.change_email(&author, browser, code, wanted.clone(), now(2))),
        EmailChanged::Changed
    );
    assert!(ok!(scene.store.session(elsewhere, now(2))).is_none(), "it may be somebody else's");
    let fact = Fact::SignInChanged {
        account: author.account(),
        email_key: new_key.0,
        email: wanted.email.0.clone(),
    };
    assert_eq!(scene.facts().last(), Some(&fact));
    assert_eq!(ok!(scene.store.account_of(new_key)), Some(author.account()));
    assert_eq!(ok!(scene.store.account_of(old_key)), None);
    assert_eq!(ok!(scene.store.account(&author)).email, wanted.email);
    assert_ne!(before, wanted.email);
    told(scene, &author, wanted.notice, Notice::SignInChanged, 2).await;
    let view = ok!(scene.store.message(wanted.notice)).expect("a notice");
    assert_eq!((view.to, view.to_bound_to), (wanted.notice_to.clone(), wanted.notice.to_string()));
    assert!(ok!(scene.store.session(token, now(3))).is_some(), "she stays signed in");
    assert_eq!(
        ok!(scene.store.change_email(&author, browser, code, wanted, now(3))),
        EmailChanged::Over,
        "a code works once"
    );

    // An address that became another's meanwhile is not taken over.
    let asked = ask(scene, browser, other_key, 4);
    ok!(scene.store.ask_email_change(&author, asked.clone(), now(4)));
    ok!(scene.store.set_code(asked.message, code));
    let taken = change(scene, other_key);
    assert_eq!(
        ok!(scene.store.change_email(&author, browser, code, taken.clone(), now(5))),
        EmailChanged::Taken
    );
    assert_eq!(ok!(scene.store.account_of(other_key)), Some(other.account()));
    assert!(!ok!(scene.store.email_undo(taken.undo, now(5))));

    // Five tries, and no more.
    let asked = ask(scene, browser, scene.keyed(), 6);
    ok!(scene.store.ask_email_change(&author, asked.clone(), now(6)));
    ok!(scene.store.set_code(asked.message, code));
    let wanted = change(scene, asked.new_key);
    for _ in 0..5 {
        let tried = scene.store.change_email(&author, browser, scene.keyed(), wanted.clone(), now(7));
        assert_eq!(ok!(tried), EmailChanged::Wrong);
    }
    assert_eq!(ok!(scene.store.change_email(&author, browser, code, wanted, now(7))), EmailChanged::Over);
}

/// Changes the address of an author. Gives what was kept.
async fn changed(scene: &Scene<'_>, author: &Author, at: i64) -> EmailChange {
    let (browser, new_key, code) = (scene.keyed(), scene.keyed(), scene.keyed());
    let asked = ask(scene, browser, new_key, at);
    ok!(scene.store.ask_email_change(author, asked.clone(), now(at)));
    ok!(scene.store.set_code(asked.message, code));
    let wanted = change(scene, new_key);
    let answer = ok!(scene.store.change_email(author, browser, code, wanted.clone(), now(at)));
    assert_eq!(answer, EmailChanged::Changed);
    wanted
}

/// Looking changes nothing, and after fourteen days there is nothing to see.
pub async fn email_undo(scene: &Scene<'_>) {
    let author = scene.author().await;
    assert!(!ok!(scene.store.email_undo(scene.keyed(), now(0))));
    let kept = changed(scene, &author, 0).await;
    for _ in 0..2 {
        assert!(ok!(scene.store.email_undo(kept.undo, now(14 * DAY - 1))));
    }
    assert!(!ok!(scene.store.email_undo(kept.undo, now(14 * DAY))));
    assert_eq!(ok!(scene.store.account_of(kept.new_key)), Some(author.account()));
}

/// The old address takes the account back, once, and whoever is signed in is signed out.
pub async fn undo_email(scene: &Scene<'_>) {
    let (old_key, token) = (scene.keyed(), scene.keyed());
    let author = scene.author_with(old_key, token).await;
    let (bystander, elsewhere) = (scene.keyed(), scene.keyed());
    let other = scene.author_with(bystander, elsewhere).await;
    let old = ok!(scene.store.account(&author)).email;
    assert!(!ok!(scene.store.undo_email(scene.keyed(), now(0))));
    let kept = changed(scene, &author, 0).await;
    assert!(!ok!(scene.store.undo_email(kept.undo, now(14 * DAY))), "too late");
    assert!(ok!(scene.store.undo_email(kept.undo, now(DAY))));
    let fact = Fact::SignInChanged { account: author.account(), email_key: old_key.0, email: old.0.clone() };
    assert_eq!(scene.facts().last(), Some(&fact));
    assert_eq!(ok!(scene.store.account_of(old_key)), Some(author.account()));
    assert_eq!(ok!(scene.store.account_of(kept.new_key)), None);
    assert_eq!(ok!(scene.store.account(&author)).email, old);
    assert_eq!(ok!(scene.store.session(token, now(DAY))), None);
    assert!(ok!(scene.store.session(elsewhere, now(DAY))).is_some(), "nobody else is signed out");
    assert!(!ok!(scene.store.undo_email(kept.undo, now(DAY))), "once");
    assert!(!ok!(scene.store.email_undo(kept.undo, now(DAY))));

    // If the old address has another account by now, it stays that account's.
    let kept = changed(scene, &author, 2 * DAY).await;
    let newcomer = scene.author_with(old_key, scene.keyed()).await;
    let facts = scene.facts().len();
    assert!(!ok!(scene.store.undo_email(kept.undo, now(3 * DAY))));
    assert_eq!(ok!(scene.store.account_of(old_key)), Some(newcomer.account()));
    assert_eq!(ok!(scene.store.account_of(kept.new_key)), Some(author.account()));
    assert_eq!(scene.facts().len(), facts);
    assert_eq!(ok!(scene.store.account_of(bystander)), Some(other.account()));
}

/// Who changed the address twice has had the second link sent to an address of their own: when the first change is undone, the later ones are undone with it, and no link of theirs puts them
/// back. A link from before the undone change is good as long as it ever was.
pub async fn an_undone_address_takes_later_changes_with_it(scene: &Scene<'_>) {
    let first = scene.keyed();
    let author = scene.author_with(first, scene.keyed()).await;
    let hers = changed(scene, &author, 0).await;
    let thief = changed(scene, &author, DAY).await;
    let again = changed(scene, &author, 2 * DAY).await;
    assert!(ok!(scene.store.undo_email(thief.undo, now(3 * DAY))));
    assert_eq!(ok!(scene.store.account_of(hers.new_key)), Some(author.account()));
    assert!(!ok!(scene.store.email_undo(again.undo, now(3 * DAY))));
    assert!(!ok!(scene.store.undo_email(again.undo, now(3 * DAY))));
    assert_eq!(ok!(scene.store.account_of(hers.new_key)), Some(author.account()));
    assert!(ok!(scene.store.undo_email(hers.undo, now(3 * DAY))));
    assert_eq!(ok!(scene.store.account_of(first)), Some(author.account()));
}

/// Language and zone are hers, and change nobody else's.
pub async fn put_language(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    ok!(scene.store.put_language(&author, "es".into(), "America/Bogota".into()));
    let account = ok!(scene.store.account(&author));
    assert_eq!((&*account.language, &*account.zone), ("es", "America/Bogota"));
    let account = ok!(scene.store.account(&other));
    assert_eq!((&*account.language, &*account.zone), ("de", "Europe/Berlin"));
}
