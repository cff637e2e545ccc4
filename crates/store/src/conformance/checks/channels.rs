//! The other addresses at which an author is written to: proved by a code, told of by a notice to each, and written to by her ladder.

use super::lives::{arm, view};
use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::lives::*;
use crate::rows::*;
use unsaid_delivery::Fact;
use unsaid_delivery::id::ChannelId;
use unsaid_delivery::life::{Heard, Plan, To};
use unsaid_delivery::message::{Kind, Notice, Subject, Way};
use unsaid_delivery::record::Answer;

/// Oldest first, and only those that she still has.
pub async fn channels(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (one, two) = (ChannelId(scene.message_id().0), ChannelId(scene.message_id().0));
    let sealed = scene.sealed_text();
    ok!(scene.store.add_channel(&author, one, Way::Mail, sealed.clone(), now(1)));
    ok!(scene.store.add_channel(&author, two, Way::Mail, scene.sealed_text(), now(2)));
    let hers = ok!(scene.store.channels(author.account()));
    assert_eq!(hers.iter().map(|c| c.id).collect::<Vec<_>>(), [one, two]);
    assert_eq!((&hers[0].sealed, hers[0].added), (&sealed, trusted(1)));
    assert!(ok!(scene.store.channels(scene.account_id())).is_empty());
}

fn asks_there(scene: &Scene<'_>, browser: Keyed, new_key: Keyed, at: i64) -> EmailChangeAsk {
    let (message, to) = (scene.message_id(), scene.sealed_text());
    EmailChangeAsk { message, browser, new_key, to, expires: trusted(at + 600) }
}

fn proved_there(scene: &Scene<'_>, key: Keyed) -> NewChannel {
    let (id, sealed) = (ChannelId(scene.message_id().0), scene.sealed_text());
    NewChannel { id, way: Way::Mail, sealed, key, told: scene.message_id() }
}

/// A code goes to the other address, counted with all that an account asks for, and neither signs anybody in nor changes where anybody signs in.
pub async fn ask_channel(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (browser, there, code) = (scene.keyed(), scene.keyed(), scene.keyed());
    let ask = asks_there(scene, browser, there, 0);
    assert_eq!(ok!(scene.store.ask_channel(&author, ask.clone(), Way::Mail, now(0))), CodeAsked::Taken);
    let view = ok!(scene.store.message(ask.message)).expect("a message");
    assert_eq!((view.message.kind, view.message.expires), (Kind::Code, Some(ask.expires)));
    assert_eq!((&view.to, view.to_bound_to, &*view.language), (&ask.to, ask.message.to_string(), "de"));
    ok!(scene.store.set_code(ask.message, code));
    assert_eq!(ok!(scene.store.try_code(browser, code, now(1))), CodeTried::Over, "it signs nobody in");
    let change = EmailChange {
        email: scene.sealed_text(),
        new_key: there,
        notice: scene.message_id(),
        notice_to: scene.sealed_text(),
        undo: scene.keyed(),
        session: scene.keyed(),
    };
    let changed = ok!(scene.store.change_email(&author, browser, code, change, now(1)));
    assert_eq!(changed, EmailChanged::Over, "nor with another address");
    let wanted = proved_there(scene, there);
    let tried = ok!(scene.store.prove_channel(&author, browser, code, wanted, now(1)));
    assert_eq!(tried, ChannelTried::Proved, "and neither was a try");
    // A code for signing in proves no channel either.
    let ask = asks_there(scene, browser, there, 2);
    let message = ask.message;
    assert_eq!(ok!(scene.store.ask_email_change(&author, ask, now(2))), CodeAsked::Taken);
    ok!(scene.store.set_code(message, code));
    let wanted = proved_there(scene, there);
    let tried = ok!(scene.store.prove_channel(&author, browser, code, wanted, now(2)));
    assert_eq!(tried, ChannelTried::Over);
    for at in 3..11 {
        let ask = asks_there(scene, browser, scene.keyed(), at);
        assert_eq!(ok!(scene.store.ask_channel(&author, ask, Way::Mail, now(at))), CodeAsked::Taken);
    }
    let ask = asks_there(scene, browser, scene.keyed(), 11);
    assert_eq!(ok!(scene.store.ask_channel(&author, ask, Way::Mail, now(11))), CodeAsked::TooMany);
}

/// The right code in this browser, for this account and address, and no other, makes it one of hers; each of her addresses is told, that one too.
pub async fn prove_channel(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let (browser, there, code) = (scene.keyed(), scene.keyed(), scene.keyed());
    let ask = asks_there(scene, browser, there, 0);
    ok!(scene.store.ask_channel(&author, ask.clone(), Way::Mail, now(0)));
    ok!(scene.store.set_code(ask.message, code));
    let facts = scene.facts().len();
    let tries = [
        (&author, browser, scene.keyed(), there, ChannelTried::Wrong),
        (&author, scene.keyed(), code, there, ChannelTried::Over),
        (&other, browser, code, there, ChannelTried::Over),
    ];
    for (who, browser, code, key, expected) in tries {
        let tried = scene.store.prove_channel(who, browser, code, proved_there(scene, key), now(1));
        assert_eq!(ok!(tried), expected);
    }
    assert_eq!(scene.facts().len(), facts);
    assert!(ok!(scene.store.channels(author.account())).is_empty());
    let wanted = proved_there(scene, there);
    let (id, told) = (wanted.id, wanted.told);
    let tried = ok!(scene.store.prove_channel(&author, browser, code, wanted.clone(), now(2)));
    assert_eq!(tried, ChannelTried::Proved);
    let fact = Fact::ChannelAdded { account: author.account(), channel: id, sealed: wanted.sealed.0.clone() };
    assert_eq!(scene.facts().last(), Some(&fact));
    let hers = ok!(scene.store.channels(author.account()));
    assert_eq!(hers, [ChannelRow { id, sealed: wanted.sealed.clone(), way: Way::Mail, added: trusted(2) }]);
    let tried = scene.store.prove_channel(&author, browser, code, proved_there(scene, there), now(3));
    assert_eq!(ok!(tried), ChannelTried::Over, "a code works once");
    let view = ok!(scene.store.message(told)).expect("a notice");
    assert_eq!(view.message.subject, Subject::Account(author.account()));
    let copy = ok!(scene.store.message(copy_for(told, id))).expect("a copy of it");
    assert_eq!((copy.message.kind, copy.message.subject), (view.message.kind, Subject::Channel(id)));
    assert_eq!((copy.to, copy.to_bound_to), (wanted.sealed, id.to_string()));
    let mut sent: Vec<_> =
        scene.turn(now(5), Answer::Accepted).await.into_iter().map(|m| m.subject).collect();
    sent.retain(|subject| *subject != Subject::SigningIn);
    assert_eq!(sent.len(), 2, "{sent:?}");
    // Whatever is done to her account is told there too; what only answers her is not, and nothing goes where she is not written to any more.
    ok!(scene.store.notify(&author, Notice::Exported, scene.message_id(), now(6)));
    ok!(scene.store.ask_trial(&author, None, scene.message_id(), now(6)));
    let mut sent: Vec<_> =
        scene.turn(now(7), Answer::Accepted).await.into_iter().map(|m| m.subject).collect();
    sent.sort_by_key(|subject| matches!(subject, Subject::Channel(_)));
    let hers = Subject::Account(author.account());
    assert_eq!(sent, [hers, hers, Subject::Channel(id)]);
    ok!(scene.store.notify(&author, Notice::ChannelRemoved, scene.message_id(), now(8)));
    ok!(scene.store.remove_channel(&author, id, now(8)));
    let sent: Vec<_> = scene.turn(now(9), Answer::Accepted).await.into_iter().map(|m| m.subject).collect();
    assert_eq!(sent, [hers]);
    // Three at most.
    for at in 10..14 {
        let there = scene.keyed();
        let ask = asks_there(scene, browser, there, at);
        ok!(scene.store.ask_channel(&author, ask.clone(), Way::Mail, now(at)));
        ok!(scene.store.set_code(ask.message, code));
        let tried = scene.store.prove_channel(&author, browser, code, proved_there(scene, there), now(at));
        assert_eq!(ok!(tried), if at < 13 { ChannelTried::Proved } else { ChannelTried::Full });
    }
    assert_eq!(ok!(scene.store.channels(author.account())).len(), CHANNELS);
}

/// Three at most; questions go to each.
pub async fn add_channel(scene: &Scene<'_>) {
    let author = scene.author().await;
    let account = author.account();
    arm(scene, account, Plan::default(), now(0)).await;
    let channel = ChannelId(scene.message_id().0);
    let sealed = scene.sealed_text();
    ok!(scene.store.add_channel(&author, channel, Way::Mail, sealed.clone(), now(1)));
    assert_eq!(
        scene.facts().last(),
        Some(&Fact::ChannelAdded { account, channel, sealed: sealed.0.clone() })
    );
    conflict!(scene.store.add_channel(&author, channel, Way::Mail, sealed.clone(), now(1)));
    assert_eq!(view(scene, account).await.facts.channels, [To::SignIn, To::Channel(channel)]);
    let sent = scene.turn(now(62 * DAY), Answer::Accepted).await;
    let asked: Vec<Subject> = sent.iter().map(|m| m.subject).collect();
    assert!(
        asked.contains(&Subject::Channel(channel)) && asked.contains(&Subject::Account(account)),
        "{asked:?}"
    );
    let question = sent.iter().find(|m| m.subject == Subject::Channel(channel)).expect("a question");
    let seen = ok!(scene.store.message(question.id)).expect("a message");
    assert_eq!((seen.to, seen.to_bound_to, seen.language), (sealed, channel.to_string(), "de".to_owned()));
    for _ in 1..CHANNELS {
        ok!(scene.store.add_channel(
            &author,
            ChannelId(scene.message_id().0),
            Way::Mail,
            scene.sealed_text(),
            now(2)
        ));
    }
    let more = ChannelId(scene.message_id().0);
    conflict!(scene.store.add_channel(&author, more, Way::Mail, scene.sealed_text(), now(2)));
}

/// Nothing is sent there again, not even what waits.
pub async fn remove_channel(scene: &Scene<'_>) {
    let author = scene.author().await;
    let account = author.account();
    arm(scene, account, Plan::default(), now(0)).await;
    let channel = ChannelId(scene.message_id().0);
    ok!(scene.store.add_channel(&author, channel, Way::Mail, scene.sealed_text(), now(1)));
    scene.turn(now(62 * DAY), Answer::NotReached).await;
    let stranger = scene.author().await;
    missing!(scene.store.remove_channel(&stranger, channel, now(62 * DAY)));
    ok!(scene.store.remove_channel(&author, channel, now(62 * DAY)));
    assert_eq!(scene.facts().last(), Some(&Fact::ChannelRemoved { account, channel }));
    missing!(scene.store.remove_channel(&author, channel, now(62 * DAY)));
    assert_eq!(view(scene, account).await.facts.channels, [To::SignIn]);
    let sent = scene.turn(now(63 * DAY), Answer::Accepted).await;
    assert!(!sent.iter().any(|m| m.subject == Subject::Channel(channel)), "{sent:?}");
    assert!(sent.iter().any(|m| m.subject == Subject::Account(account)), "{sent:?}");
    assert_eq!(view(scene, account).await.facts.rung.len(), 1, "what was dropped has no part in the rung");
}

/// A way of the host's: a code that came by it proves it and no address; what goes there leaves by it, and neither that it was taken nor that it waits says anything about mail.
pub async fn by_the_webhook(scene: &Scene<'_>) {
    let author = scene.author().await;
    let account = author.account();
    arm(scene, account, Plan::default(), now(0)).await;
    let (browser, there, code) = (scene.keyed(), scene.keyed(), scene.keyed());
    let ask = asks_there(scene, browser, there, 0);
    ok!(scene.store.ask_channel(&author, ask.clone(), Way::Hook, now(0)));
    assert_eq!(ok!(scene.store.message(ask.message)).expect("a code").way, Way::Hook);
    ok!(scene.store.set_code(ask.message, code));
    let wanted = NewChannel { way: Way::Hook, ..proved_there(scene, there) };
    let by_mail = NewChannel { way: Way::Mail, ..wanted.clone() };
    let tried = ok!(scene.store.prove_channel(&author, browser, code, by_mail, now(1)));
    assert_eq!(tried, ChannelTried::Over, "it proves no address");
    let tried = ok!(scene.store.prove_channel(&author, browser, code, wanted.clone(), now(1)));
    assert_eq!(tried, ChannelTried::Proved);
    let (channel, sealed) = (wanted.id, wanted.sealed.0.clone());
    assert_eq!(scene.facts().last(), Some(&Fact::HandleAdded { account, channel, sealed }));
    let hers = ok!(scene.store.channels(account));
    assert_eq!(
        hers,
        [ChannelRow { id: channel, sealed: wanted.sealed.clone(), way: Way::Hook, added: trusted(1) }]
    );
    assert_eq!(view(scene, account).await.facts.channels, [To::SignIn, To::Channel(channel)]);
    let copy = ok!(scene.store.message(copy_for(wanted.told, channel))).expect("a copy of it");
    assert_eq!((copy.way, copy.to), (Way::Hook, wanted.sealed));
    scene.turn(now(2), Answer::Later).await;
    assert_eq!(ok!(scene.store.health()).hook_waits_since, Some(observed(1)));
    scene.turn(now(2 * DAY), Answer::Accepted).await;
    assert_eq!(ok!(scene.store.health()).hook_waits_since, None);
    let asked = scene.turn(now(62 * DAY), Answer::Accepted).await;
    let question = asked.iter().find(|m| m.subject == Subject::Channel(channel)).expect("a question");
    assert_eq!(ok!(scene.store.message(question.id)).expect("a question").way, Way::Hook);
    let rung = view(scene, account).await.facts.rung;
    assert_eq!(rung.iter().filter(|heard| **heard == Heard::Beside).count(), 1, "{rung:?}");
    assert!(rung.contains(&Heard::Accepted(observed(62 * DAY))), "{rung:?}");
}

/// What the webhook took says nothing about whether mail leaves.
pub async fn the_webhook_is_no_mail(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    arm(scene, other.account(), Plan::default(), now(0)).await;
    scene.turn(now(1), Answer::Accepted).await;
    let left = view(scene, other.account()).await.facts.mail_left;
    let taken = ok!(scene.store.health()).accepted;
    let channel = ChannelId(scene.message_id().0);
    ok!(scene.store.add_channel(&author, channel, Way::Hook, scene.sealed_text(), now(2)));
    let one = ToSend { id: scene.message_id(), channel: Some(channel), nth: 1 };
    assert!(ok!(scene.store.send_rehearsal(&author, &[one], now(2))));
    let sent = scene.turn(now(3), Answer::Accepted).await;
    assert_eq!(sent.iter().map(|m| m.subject).collect::<Vec<_>>(), [Subject::Channel(channel)]);
    assert_eq!(view(scene, other.account()).await.facts.mail_left, left);
    assert_eq!(ok!(scene.store.health()).accepted, taken);
}

/// A browser: a code that came by its push service proves it and neither an address nor a handle; what goes there leaves by it, and whatever becomes of that says nothing about mail.
pub async fn by_a_push_service(scene: &Scene<'_>) {
    let author = scene.author().await;
    let account = author.account();
    arm(scene, account, Plan::default(), now(0)).await;
    let (browser, there, code) = (scene.keyed(), scene.keyed(), scene.keyed());
    let ask = asks_there(scene, browser, there, 0);
    ok!(scene.store.ask_channel(&author, ask.clone(), Way::Push, now(0)));
    assert_eq!(ok!(scene.store.message(ask.message)).expect("a code").way, Way::Push);
    ok!(scene.store.set_code(ask.message, code));
    let wanted = NewChannel { way: Way::Push, ..proved_there(scene, there) };
    for other in [Way::Mail, Way::Hook] {
        let other = NewChannel { way: other, ..wanted.clone() };
        let tried = ok!(scene.store.prove_channel(&author, browser, code, other, now(1)));
        assert_eq!(tried, ChannelTried::Over, "it proves nothing else");
    }
    let tried = ok!(scene.store.prove_channel(&author, browser, code, wanted.clone(), now(1)));
    assert_eq!(tried, ChannelTried::Proved);
    let (channel, sealed) = (wanted.id, wanted.sealed.0.clone());
    assert_eq!(scene.facts().last(), Some(&Fact::BrowserAdded { account, channel, sealed }));
    let hers = ok!(scene.store.channels(account));
    assert_eq!(
        hers,
        [ChannelRow { id: channel, sealed: wanted.sealed.clone(), way: Way::Push, added: trusted(1) }]
    );
    let copy = ok!(scene.store.message(copy_for(wanted.told, channel))).expect("a copy of it");
    assert_eq!((copy.way, copy.to), (Way::Push, wanted.sealed));
    scene.turn(now(2), Answer::Later).await;
    assert_eq!(ok!(scene.store.health()).hook_waits_since, None, "it is no webhook");
    scene.turn(now(2 * DAY), Answer::Accepted).await;
    let asked = scene.turn(now(62 * DAY), Answer::Refused).await;
    let question = asked.iter().find(|m| m.subject == Subject::Channel(channel)).expect("a question");
    assert_eq!(ok!(scene.store.message(question.id)).expect("a question").way, Way::Push);
    let rung = view(scene, account).await.facts.rung;
    assert_eq!(rung.iter().filter(|heard| **heard == Heard::Beside).count(), 1, "{rung:?}");
    assert!(rung.contains(&Heard::Refused(observed(62 * DAY))), "her address has refused: {rung:?}");
}

/// A browser that takes nothing any more is none of her channels from then on; the others are told once, and what waits for it is dropped.
pub async fn browser_over(scene: &Scene<'_>) {
    let author = scene.author().await;
    let account = author.account();
    arm(scene, account, Plan::default(), now(0)).await;
    let (other, gone) = (ChannelId(scene.message_id().0), ChannelId(scene.message_id().0));
    ok!(scene.store.add_channel(&author, other, Way::Mail, scene.sealed_text(), now(1)));
    ok!(scene.store.add_channel(&author, gone, Way::Push, scene.sealed_text(), now(1)));
    scene.turn(now(62 * DAY), Answer::NotReached).await;
    let told = scene.message_id();
    assert!(!ok!(scene.store.browser_over(ChannelId(told.0), told, now(62 * DAY))), "nobody has it");
    assert!(ok!(scene.store.browser_over(gone, told, now(62 * DAY))));
    assert_eq!(scene.facts().last(), Some(&Fact::ChannelRemoved { account, channel: gone }));
    let facts = scene.facts().len();
    assert!(!ok!(scene.store.browser_over(gone, scene.message_id(), now(62 * DAY))), "once");
    missing!(scene.store.remove_channel(&author, gone, now(62 * DAY)));
    assert_eq!(scene.facts().len(), facts);
    assert_eq!(view(scene, account).await.facts.channels, [To::SignIn, To::Channel(other)]);
    for (id, to) in [(told, Subject::Account(account)), (copy_for(told, other), Subject::Channel(other))] {
        let told = ok!(scene.store.message(id)).expect("word of it");
        assert_eq!((told.message.kind, told.message.subject), (Kind::Notice(Notice::BrowserOver), to));
    }
    assert!(ok!(scene.store.message(copy_for(told, gone))).is_none());
    let sent = scene.turn(now(63 * DAY), Answer::Accepted).await;
    assert!(!sent.iter().any(|m| m.subject == Subject::Channel(gone)), "{sent:?}");
}

/// A test message to one of her channels goes there alone, and is counted with those to her address.
pub async fn trial_to_a_channel(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let channel = ChannelId(scene.message_id().0);
    ok!(scene.store.add_channel(&author, channel, Way::Push, scene.sealed_text(), now(0)));
    missing!(scene.store.ask_trial(&stranger, Some(channel), scene.message_id(), now(0)));
    for at in 0..TRIALS_A_DAY as i64 {
        let to = (at % 2 == 0).then_some(channel);
        let message = scene.message_id();
        assert_eq!(ok!(scene.store.ask_trial(&author, to, message, now(at))), CodeAsked::Taken);
        let view = ok!(scene.store.message(message)).expect("a test message");
        let expected = match to {
            Some(channel) => (Subject::Channel(channel), Way::Push),
            None => (Subject::Account(author.account()), Way::Mail),
        };
        assert_eq!((view.message.subject, view.way), expected);
    }
    for to in [None, Some(channel)] {
        let asked = ok!(scene.store.ask_trial(&author, to, scene.message_id(), now(100)));
        assert_eq!(asked, CodeAsked::TooMany);
    }
    ok!(scene.store.remove_channel(&author, channel, now(2 * DAY)));
    missing!(scene.store.ask_trial(&author, Some(channel), scene.message_id(), now(2 * DAY)));
}
